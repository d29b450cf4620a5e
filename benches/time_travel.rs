//! What going back in time costs, over a boot, as the user of the program feels it: commands go in by a pipe, and the
//! time until the answer counts.
//!
//! RINGWALK names another program to measure. `cargo bench --bench time_travel -- [--cycles N] [--positions N] [--rounds N] [--part NAME].. [MACHINE] [IMAGE]`.
//! What is not for the bench describes the machine as on the command line; without an image the built-in disk runs. Parts,
//! all unless some are named: `cost` (CPU seconds with and without a history), `present` (steps back after a forward run),
//! `past` (steps back from anywhere), `goto` (random positions, compared with a forward run's hashes), `writes`
//! (`last write`, held against `reverse-continue` to a write watch).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

/// What is measured, and of which machine.
struct Plan {
    cycles: u64,
    positions: usize,
    rounds: usize,
    parts: Vec<String>,
    machine: Vec<String>,
}

fn plan() -> Plan {
    let mut plan = Plan { cycles: 20_000_000, positions: 1000, rounds: 5, parts: Vec::new(), machine: Vec::new() };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--cycles" => plan.cycles = value().parse().expect("--cycles is a number"),
            "--positions" => plan.positions = value().parse().expect("--positions is a number"),
            "--rounds" => plan.rounds = value().parse().expect("--rounds is a number"),
            "--part" => plan.parts.push(value()),
            _ => plan.machine.push(word),
        }
    }
    plan
}

/// The program: the one that was built with the bench, unless RINGWALK names another.
fn program() -> String {
    std::env::var("RINGWALK").unwrap_or_else(|_| env!("CARGO_BIN_EXE_ringwalk").to_owned())
}

/// The program in its debugger.
struct Debugger {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Debugger {
    fn start(plan: &Plan, history: &str) -> Debugger {
        let mut child = Command::new(program())
            .args(["debug", "--json", "--history", history])
            .args(&plan.machine)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let commands = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Debugger { child, commands, answers }
    }

    /// The answer to a command.
    fn ask(&mut self, command: &str) -> Value {
        writeln!(self.commands, "{command}").expect("the program reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the program answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command}: {error}: {line}"));
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer["value"].clone()
    }

    /// Milliseconds until the answer.
    fn time(&mut self, command: &str) -> f64 {
        let begin = Instant::now();
        self.ask(command);
        begin.elapsed().as_secs_f64() * 1e3
    }

    fn position(&mut self) -> u64 {
        self.ask("print position")["value"].as_u64().expect("a position")
    }

    fn hash(&mut self) -> String {
        self.ask("hash").to_string()
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }
}

/// Half, 95 of a hundred, and the greatest, in milliseconds.
fn told(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).saturating_sub(1)];
    println!(
        "{what}: median {:.2} ms, 95th percentile {:.2} ms, at most {:.2} ms ({} times)",
        at(50),
        at(95),
        at(100),
        times.len()
    );
}

fn history_told(run: &mut Debugger) {
    println!("   history: {}", run.ask("timeline"));
}

/// Seconds of the run as the program counts them, without building the machine.
fn seconds(plan: &Plan, history: &str) -> f64 {
    let output = Command::new(program())
        .args(["run", "--serial", "null", "--display", "none", "--stats", "json", "--history", history, "--max-insns"])
        .arg(plan.cycles.to_string())
        .args(&plan.machine)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().last().unwrap_or_default();
    let stats: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {text}"));
    stats["host_seconds"].as_f64().expect("seconds")
}

fn cost(plan: &Plan) {
    let (mut off, mut on) = (f64::MAX, f64::MAX);
    for _ in 0..plan.rounds {
        off = off.min(seconds(plan, "0"));
        on = on.min(seconds(plan, "256M"));
    }
    println!(
        "forward, best of {}: {off:.2} s without a history, {on:.2} s with one ({:+.1} %)",
        plan.rounds,
        (on / off - 1.0) * 100.0
    );
}

/// Runs forward in pieces; behind each the user steps back.
fn present(plan: &Plan) {
    let mut run = Debugger::start(plan, "256M");
    let (mut first, mut next, mut over) = (Vec::new(), Vec::new(), Vec::new());
    let mut random = Random(2);
    let pieces = 100;
    for piece in 1..=pieces {
        let to = plan.cycles * piece / pieces - random.below(plan.cycles / pieces / 2);
        run.ask(&format!("goto {to}"));
        first.push(run.time("reverse-step"));
        next.extend((0..20).map(|_| run.time("reverse-step")));
        over.push(run.time("reverse-next"));
    }
    told("first step back after a forward run", &mut first);
    told("next steps back", &mut next);
    told("reverse-next then", &mut over);
    history_told(&mut run);
}

/// Steps back from random places of the past.
fn past(plan: &Plan, run: &mut Debugger, end: u64) {
    let mut random = Random(1);
    let (mut first, mut next) = (Vec::new(), Vec::new());
    for _ in 0..plan.positions.clamp(10, 200) {
        run.ask(&format!("goto {}", random.below(end)));
        first.push(run.time("reverse-step"));
        next.extend((0..20).map(|_| run.time("reverse-step")));
    }
    told("first step back from anywhere", &mut first);
    told("next steps back", &mut next);
}

/// Random positions, each with the hash that a forward run has there.
fn anywhere(plan: &Plan, run: &mut Debugger, end: u64) {
    let mut random = Random(3);
    let wanted: Vec<u64> = (0..plan.positions).map(|_| random.below(end)).collect();
    let mut sorted = wanted.clone();
    sorted.sort_unstable();
    let mut truth = Debugger::start(plan, "0");
    let mut hashes = BTreeMap::new();
    for position in sorted {
        truth.ask(&format!("goto {position}"));
        hashes.insert(position, (truth.position(), truth.hash()));
    }
    let (mut jumps, mut wrong) = (Vec::new(), 0);
    for position in wanted {
        jumps.push(run.time(&format!("goto {position}")));
        wrong += usize::from((run.position(), run.hash()) != hashes[&position]);
    }
    told("goto anywhere", &mut jumps);
    println!("   {} random positions: {wrong} differ from the forward run", plan.positions);
    history_told(run);
    assert_eq!(wrong, 0, "the past is what was");
}

/// `last write` of places that instructions near random positions write, and what `reverse-continue` says of them.
fn writes(plan: &Plan, run: &mut Debugger, end: u64) {
    let mut random = Random(4);
    let (mut near, mut far, mut other) = (Vec::new(), Vec::new(), 0);
    for _ in 0..plan.positions.clamp(5, 1000) {
        let from = random.below(end);
        run.ask(&format!("goto {from}"));
        let here = run.position();
        // What lies at the top of the stack was written some time before.
        let sp = run.ask("print ss:esp");
        let Some(place) = sp["address"]["physical"].as_u64().filter(|place| *place > 0) else { continue };
        let begin = Instant::now();
        let answer = run.ask(&format!("last write phys {place:#x} 4"));
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        let position = answer["writes"][0]["position"].as_u64();
        let close = position.is_some_and(|at| here - at <= 64_000_000);
        if close {
            near.push(ms)
        } else {
            far.push(ms)
        }
        run.ask(&format!("watch phys {place:#x} 4"));
        run.ask("reverse-continue");
        let found = run.position();
        other += usize::from(position.is_some_and(|at| at < here && at != found));
        run.ask("delete");
    }
    for (what, times) in [("last write within 64 M cycles", &mut near), ("last write farther back", &mut far)] {
        if !times.is_empty() {
            told(what, times);
        }
    }
    println!("   reverse-continue to a write watch: {other} differ");
    assert_eq!(other, 0, "both find the same write");
}

fn main() {
    let plan = plan();
    let wanted = |part: &str| plan.parts.is_empty() || plan.parts.iter().any(|named| named == part);
    if wanted("cost") {
        cost(&plan);
    }
    if wanted("present") {
        present(&plan);
    }
    if !["past", "goto", "writes"].into_iter().any(wanted) {
        return;
    }
    let mut run = Debugger::start(&plan, "256M");
    let begin = Instant::now();
    run.ask(&format!("goto {}", plan.cycles));
    let end = run.position();
    println!("forward in the debugger: {end} cycles in {:.2} s", begin.elapsed().as_secs_f64());
    history_told(&mut run);
    if wanted("past") {
        past(&plan, &mut run, end);
    }
    if wanted("goto") {
        anywhere(&plan, &mut run, end);
    }
    if wanted("writes") {
        writes(&plan, &mut run, end);
    }
}
