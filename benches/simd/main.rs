//! Vector code on whole machines: ringwalk beside QEMU's TCG and Bochs, where they are found.
//!
//! `cargo bench --bench simd [-- [--json] [--runs N] [--scale FACTOR] [--kernel NAME]..]`. Each run is one process that
//! boots `roms/simdbench.img` and runs one kernel; runs are interleaved, and the best of each counts. On Linux the figures
//! are CPU seconds of the process from the guest's START to its end (sums of all threads), elsewhere seconds of the clock.
//! Every result is compared with `kernels.rs`. Compare ratios, not figures of two machines.
//!
//! `QEMU` and `BOCHS` may name the programs, `BOCHS_SHARE` the folder with BIOS-bochs-latest, `BOCHS_CPU` the model that
//! Bochs takes.

use std::process::ExitCode;

mod kernels;
mod peers;

use kernels::KERNELS;
use peers::{Peer, Run};

/// Units of each kernel, in the order of [`KERNELS`]: a second or two in Bochs.
const COUNTS: [u32; 12] = [1, 8_000, 12_000, 1_000, 6_000, 12_000, 40_000, 50_000, 5_000, 12_000, 40_000, 8_000];

/// What the command line asks for.
struct Choices {
    json: bool,
    runs: u32,
    scale: f64,
    kernels: Vec<String>,
}

impl Choices {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Choices, String> {
        let mut choices = Choices { json: false, runs: 5, scale: 1.0, kernels: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
            match argument.as_str() {
                "--json" => choices.json = true,
                "--runs" => choices.runs = value()?.parse().map_err(|_| "--runs wants a number".to_owned())?,
                "--scale" => choices.scale = value()?.parse().map_err(|_| "--scale wants a factor".to_owned())?,
                "--kernel" => choices.kernels.push(value()?),
                // Cargo's own.
                "--bench" => {}
                other => return Err(format!("{other}: unknown; --json, --runs N, --scale FACTOR, --kernel NAME")),
            }
        }
        let unknown = |name: &&String| KERNELS.iter().all(|kernel| kernel.name != **name);
        match choices.kernels.iter().find(unknown) {
            Some(name) => Err(format!("{name}: no such kernel; {}", KERNELS.map(|kernel| kernel.name).join(" "))),
            None => Ok(choices),
        }
    }

    fn wants(&self, name: &str) -> bool {
        // The empty kernel is there to see what a run costs beside its kernel.
        if self.kernels.is_empty() { name != "null" } else { self.kernels.iter().any(|wanted| wanted == name) }
    }
}

/// The best runs of one kernel, one a peer.
struct Row {
    name: &'static str,
    what: &'static str,
    instructions: u64,
    best: Vec<Option<f64>>,
}

fn measure(number: usize, choices: &Choices, peers: &[Peer]) -> Result<Row, String> {
    let kernel = &KERNELS[number];
    let count = ((f64::from(COUNTS[number]) * choices.scale) as u32).max(1);
    let expected = (kernel.expected)(count);
    let mut row = Row { name: kernel.name, what: kernel.what, instructions: 0, best: vec![None; peers.len()] };
    let mut lacking = vec![false; peers.len()];
    for _ in 0..choices.runs {
        for (place, peer) in peers.iter().enumerate() {
            if lacking[place] {
                continue;
            }
            match peer.run(number as u32, count).map_err(|error| format!("{}, {}: {error}", peer.name, kernel.name))? {
                Run::Lacks => lacking[place] = true,
                Run::Done { result, .. } if result != expected => {
                    return Err(format!("{}, {}: {result:016x}, not {expected:016x}", peer.name, kernel.name));
                }
                Run::Done { seconds, ticks, .. } => {
                    // The machine's clock counts instructions; the peers' clocks count something else.
                    row.instructions = if place == 0 { ticks } else { row.instructions };
                    row.best[place] = Some(row.best[place].map_or(seconds, |best: f64| best.min(seconds)));
                }
            }
        }
    }
    Ok(row)
}

fn print(row: &Row, json: bool, peers: &[Peer]) {
    let ours = row.best[0].filter(|ours| *ours > 0.0);
    let ratio = |place: usize| Some(row.best[place]? / ours?);
    if json {
        let mut line = serde_json::json!({ "kernel": row.name, "instructions": row.instructions });
        for (place, peer) in peers.iter().enumerate() {
            line[peer.name] = serde_json::json!({ "seconds": row.best[place], "times_ours": ratio(place) });
        }
        return println!("{line}");
    }
    print!("{:8} {:>13}", row.name, row.instructions);
    for place in 0..peers.len() {
        match (row.best[place], ratio(place)) {
            (Some(seconds), _) if place == 0 => print!(" {seconds:>10.2}"),
            (Some(seconds), Some(ratio)) => print!(" {seconds:>10.2} {ratio:>6.2}"),
            (Some(seconds), None) => print!(" {seconds:>10.2} {:>6}", "-"),
            (None, _) => print!(" {:>10} {:>6}", "lacks it", "-"),
        }
    }
    println!("  {}", row.what);
}

fn run() -> Result<(), String> {
    let choices = Choices::read(std::env::args().skip(1))?;
    let (peers, missing) = peers::found();
    for reason in missing {
        eprintln!("{reason}");
    }
    if !choices.json {
        print!("{:8} {:>13} {:>10}", "kernel", "instructions", "ringwalk s");
        peers.iter().skip(1).for_each(|peer| print!(" {:>8} s {:>6}", peer.name, "times"));
        println!("  what");
    }
    for number in (0..KERNELS.len()).filter(|number| choices.wants(KERNELS[*number].name)) {
        print(&measure(number, &choices, &peers)?, choices.json, &peers);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
