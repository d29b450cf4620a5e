//! What going back in time costs, over a boot: `cargo bench --bench time_travel -- IMAGE CYCLES [POSITIONS]`.
//!
//! IMAGE is a disk image; without one the built-in disk runs. Prints the price of keeping a history, the latency of a
//! first step back, of the next ones and of `goto`, and compares random positions with a forward run's hashes.

use std::time::Instant;

use ringwalk::host::{BuiltInImage, FileImage, Keeper};
use ringwalk::machine::{Host, Machine, MachineConfig, Media, NoHost, RunLimits, Stop, Tuning, Wake, add_drive};
use ringwalk_mmu::Backing;

const LIMIT: usize = 256 << 20;
const TOUR: &[u8] = include_bytes!("../roms/tour.img");

/// Keeps the history as the program does.
#[derive(Default)]
struct Keeping(Keeper);

impl Host for Keeping {
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop> {
        self.0.look(machine);
        machine.take_output();
        self.0.go_on();
        None
    }

    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
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

fn machine(image: Option<&str>) -> Machine {
    let disk: Box<dyn Backing> = match image {
        Some(path) => Box::new(FileImage::open(path.as_ref(), false).expect("the image opens")),
        None => Box::new(BuiltInImage(TOUR)),
    };
    let mut config = MachineConfig::default();
    add_drive(&mut config.board, 0, disk.len(), false);
    Machine::new(config, Media::with_disk(disk), Tuning::default()).expect("a machine can be made of this")
}

/// The value that so many of a hundred do not exceed, and the greatest, in milliseconds.
fn percentile(times: &mut [f64], percent: usize) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let last = times.len() - 1;
    (times[(times.len() * percent).div_ceil(100).saturating_sub(1)], times[last])
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn forward(image: Option<&str>, end: u64, limit: usize) -> (Machine, f64) {
    let mut run = machine(image);
    if limit > 0 {
        run.keep_history(limit).expect("it can go back");
    }
    let begin = Instant::now();
    let mut host = Keeping::default();
    host.0.go_on();
    run.run(&RunLimits { position: Some(end), ..RunLimits::default() }, &mut host);
    (run, ms(begin))
}

/// Goes one step back from where the machine stands; answers the boundaries that were found on the way.
fn step_back(run: &mut Machine) -> Vec<u64> {
    let here = run.position();
    let mut boundaries = Vec::new();
    if let Ok(Some(_)) = run.go_before(here, &mut NoHost) {
        while run.position() < here {
            boundaries.push(run.position());
            run.step();
        }
    }
    if let Some(last) = boundaries.last() {
        run.go_to(*last, &mut NoHost);
    }
    boundaries
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let image = arguments.first().map(String::as_str);
    let cycles: u64 = arguments.get(1).map_or(20_000_000, |text| text.parse().expect("cycles are a number"));
    let positions: usize = arguments.get(2).map_or(1000, |text| text.parse().expect("positions are a number"));

    let rounds = 5;
    let (mut off, mut on) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        off = off.min(forward(image, cycles, 0).1);
        on = on.min(forward(image, cycles, LIMIT).1);
    }
    println!(
        "forward, best of {rounds}: {off:.1} ms without a history, {on:.1} ms with one ({:.1} %)",
        (on / off - 1.0) * 100.0
    );

    let (mut run, _) = forward(image, cycles, LIMIT);
    let end = run.position();
    let past = run.past().expect("a history");
    println!("history: {} checkpoints, {:.1} MiB, {} cycles", past.checkpoints, past.bytes as f64 / 1048576.0, end);

    let mut random = Random(1);
    let (mut first, mut next) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        // A forward run ends somewhere, and the user steps back.
        let stop = end / 4 + random.below(end * 3 / 4);
        run.go_to(stop, &mut NoHost);
        let begin = Instant::now();
        let boundaries = step_back(&mut run);
        first.push(ms(begin));
        for position in boundaries.iter().rev().skip(1).take(20) {
            let begin = Instant::now();
            run.go_to(*position, &mut NoHost);
            next.push(ms(begin));
        }
    }
    let (p95, most) = percentile(&mut first, 95);
    println!("first step back from anywhere: {p95:.2} ms at the 95th percentile, at most {most:.2} ms");
    let (p95, most) = percentile(&mut next, 95);
    println!("next steps back: {p95:.3} ms at the 95th percentile, at most {most:.3} ms");

    let mut at_present = Vec::new();
    for part in 1..=40 {
        let (mut fresh, _) = forward(image, cycles * part / 40, LIMIT);
        let begin = Instant::now();
        step_back(&mut fresh);
        at_present.push(ms(begin));
    }
    let (p95, most) = percentile(&mut at_present, 95);
    println!("first step back after a forward run: {p95:.2} ms at the 95th percentile, at most {most:.2} ms");

    let wanted: Vec<u64> = (0..positions).map(|_| random.below(end)).collect();
    let mut sorted = wanted.clone();
    sorted.sort_unstable();
    let mut truth = machine(image);
    let mut hashes = std::collections::BTreeMap::new();
    for position in sorted {
        truth.run(&RunLimits { position: Some(position), ..RunLimits::default() }, &mut NoHost);
        hashes.insert(position, (truth.position(), truth.hash()));
    }
    let mut jumps = Vec::new();
    let mut wrong = 0;
    for position in wanted {
        let begin = Instant::now();
        run.go_to(position, &mut NoHost);
        jumps.push(ms(begin));
        wrong += usize::from((run.position(), run.hash()) != hashes[&position]);
    }
    let (p95, most) = percentile(&mut jumps, 95);
    println!("goto: {p95:.1} ms at the 95th percentile, at most {most:.1} ms");
    println!("{positions} random positions: {wrong} differ from the forward run");
    let past = run.past().expect("a history");
    println!("history then: {} checkpoints, {:.1} MiB", past.checkpoints, past.bytes as f64 / 1048576.0);
    assert_eq!(wrong, 0, "the past is what was");
}
