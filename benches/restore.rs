//! What restoring a snapshot costs: eagerly, against reading, checking and unpacking its pages alone, and lazily, up to
//! the first instruction.
//!
//! `cargo bench --bench restore -- FILE [--rounds N] [--part NAME]..`, or `-- FILE --run CYCLES [--spacing CYCLES]`, which
//! only runs on from the snapshot, with a history whose checkpoints are so far apart: for callgrind. The snapshot must need
//! no image: `--kernel` was used, or no disk. Rounds are interleaved, and the best of each counts: the file is in the host's
//! cache. Parts are `alone`, `eager`, `lazy`, all unless some are named. The pages alone are read as restoring reads them,
//! so that the ratio is what the machine costs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ringwalk::machine::{Host, Machine, Media, NoHost, RunLimits, Saved, Stop, Tuning, Wake};
use ringwalk_snapshots::{Snapshot, info};

/// Stores that can hold pages.
const STORES: [&str; 9] = ["boot_image", "disk0", "disk1", "disk2", "disk3", "floppy0", "floppy1", "ram", "vram"];

/// Reads and checks the file, and unpacks every page. Answers how many there are.
fn pages_alone(file: &Path) -> u64 {
    let mut snapshot = Snapshot::open_lazily(file).expect("a snapshot");
    let mut count = 0;
    for store in STORES {
        let Ok(mut pages) = snapshot.pages(store) else { continue };
        while let Some((_, page)) = pages.next_page().expect("pages unpack") {
            // Nothing of it can be left out.
            std::hint::black_box(page);
            count += 1;
        }
    }
    count
}

fn eagerly(file: &Path) -> Machine {
    let saved = Saved::open(file).expect("a whole snapshot");
    saved.restore(Media::built_in(), Tuning::default()).expect("it needs no image")
}

/// Restores lazily and executes the first instruction, and no more: where the machine is halted, the one that wakes it.
fn lazily(file: &Path) -> Machine {
    let saved = Saved::open_lazily(file).expect("a snapshot");
    let mut machine = saved.restore(Media::built_in(), Tuning::default()).expect("it needs no image");
    let limits = RunLimits { retired: Some(machine.cpu.retired + 1), ..RunLimits::default() };
    assert_eq!(machine.run(&limits, &mut NoHost), Stop::Retired);
    machine
}

fn ms<T>(best: &mut f64, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    *best = best.min(begin.elapsed().as_secs_f64() * 1e3);
    done
}

/// Makes a checkpoint each time the machine has run so far.
struct Marking(u64);

impl Host for Marking {
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop> {
        if machine.since_checkpoint().is_some_and(|cycles| cycles >= self.0) {
            machine.checkpoint(20_000_000);
        }
        machine.take_output();
        None
    }

    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
    }
}

fn run_on(file: &Path, cycles: u64, spacing: u64) {
    let mut machine = eagerly(file);
    if spacing > 0 {
        machine.keep_history(256 << 20).expect("an overlay can go back");
    }
    let (position, retired) = (machine.position() + cycles, machine.cpu.retired);
    let limits = RunLimits { position: Some(position), ..RunLimits::default() };
    let stop = machine.run(&limits, &mut Marking(spacing));
    println!("{stop:?}: {} instructions, {:?}", machine.cpu.retired - retired, machine.past());
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut file, mut rounds, mut run, mut spacing) = (None, 10, 0, 0);
    let mut parts = Vec::new();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{word} N"));
        match word.as_str() {
            "--part" => parts.push(words.next().expect("--part NAME")),
            "--rounds" => rounds = number(),
            "--run" => run = number(),
            "--spacing" => spacing = number(),
            _ => file = Some(PathBuf::from(word)),
        }
    }
    let Some(file) = file else {
        println!("restore: name a snapshot to measure");
        return;
    };
    if run > 0 {
        return run_on(&file, run, spacing);
    }
    let told = info(&Snapshot::open(&file).expect("a whole snapshot"));
    let (bytes, distinct) = (told.file_len, told.distinct_pages * 4096);
    let part = bytes as f64 * 100.0 / distinct as f64;
    println!("{bytes} bytes, {part:.1} % of the {distinct} bytes of its distinct pages that are not zero");
    let (mut alone, mut eager, mut lazy) = (f64::MAX, f64::MAX, f64::MAX);
    let (mut pages, mut left) = (0, 0);
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    for _ in 0..rounds {
        if wanted("alone") {
            pages = ms(&mut alone, || pages_alone(&file));
        }
        if wanted("eager") {
            ms(&mut eager, || eagerly(&file));
        }
        if wanted("lazy") {
            left = ms(&mut lazy, || lazily(&file)).memory.frames.absent();
        }
    }
    println!("{pages} pages: read, checked and unpacked alone in {alone:.1} ms");
    println!("eager restore: {eager:.1} ms, {:.2} times that", eager / alone);
    println!("lazy restore up to the first instruction: {lazy:.1} ms, {left} pages have not come");
}
