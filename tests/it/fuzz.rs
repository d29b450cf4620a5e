//! Random programs on the whole machine: random bytes as code, random page tables, random accesses to every device.
//! Nothing panics, and however a program is run, the machine ends in the same state.
//!
//! `RINGWALK_FUZZ=100000 cargo test random_programs_end` runs so many programs instead of a few hundred.

use ringwalk::machine::{Machine, Tuning};
use ringwalk_snapshots::{Snapshot, SnapshotWriter};

use crate::guest::{Random, run_to, saved};
use crate::random_program::{Program, SPAN, media};
use crate::trail::assert_same;

/// One program, by single steps, at one go, in small slices with derived data dropped, and with the least cache.
fn run_every_way(seed: u64, with_one_slot: bool) -> u64 {
    let program = Program::new(seed);
    let mut stepped = program.machine(Tuning::default());
    let start = stepped.position();
    program.drive(&mut stepped, start + SPAN, |machine, end| {
        while machine.position() < end {
            if let Some(stop) = machine.step() {
                return Some(stop);
            }
        }
        None
    });
    let (end, hash) = (stepped.position(), stepped.hash_tree());
    let how = |what: &str| format!("program {seed:#x} ({:?}, TLB {:?}), {what}", program.mode, program.tlb);
    let mut run = program.machine(Tuning::default());
    program.drive(&mut run, end, |machine, end| Some(run_to(machine, end)));
    assert_same(&mut run, end, &hash, &how("at one go"));

    let mut random = Random(seed);
    let mut dropped = program.machine(Tuning { slice: 37, trace_slots: 100, ..Tuning::default() });
    program.drive(&mut dropped, end, |machine, end| {
        // Idle spans may be long.
        let left = end.saturating_sub(machine.position());
        let next = machine.position() + (1 + random.below(300.max(left / 64))).min(left);
        let stop = run_to(machine, next);
        machine.engine.flush_host_tlb();
        Some(stop)
    });
    assert_same(&mut dropped, end, &hash, &how("with flushes"));
    if with_one_slot {
        let mut least = program.machine(Tuning { slice: 1 << 20, trace_slots: 1, ..Tuning::default() });
        program.drive(&mut least, end, |machine, end| Some(run_to(machine, end)));
        assert_same(&mut least, end, &hash, &how("with one slot"));
    }
    run.cpu.retired
}

fn run_many(first: u64, count: u64) {
    let retired: u64 = (first..first + count).map(|seed| run_every_way(seed, seed % 8 == 0)).sum();
    assert!(retired / count > SPAN / 8, "{} instructions a program are too few", retired / count);
}

#[test]
fn random_programs_end_alike_however_they_are_run() {
    let wanted = std::env::var("RINGWALK_FUZZ").ok().and_then(|count| count.parse().ok());
    run_many(1, wanted.unwrap_or(300));
}

/// In the middle of a random program, with devices in whatever state it left them.
#[test]
fn random_programs_go_on_alike_when_restored() {
    for seed in 10_000..10_060 {
        let program = Program::new(seed);
        let mut run = program.machine(Tuning::default());
        let (middle, end) = (run.position() + SPAN / 2, run.position() + SPAN);
        program.drive(&mut run, middle, |machine, end| Some(run_to(machine, end)));
        let bytes = saved(&run);
        let mut again = restore(Snapshot::from_bytes(bytes.clone()).expect("it is whole")).expect("it can be restored");
        assert_eq!(saved(&again), bytes, "program {seed:#x}: R2");
        program.drive(&mut run, end, |machine, end| Some(run_to(machine, end)));
        program.drive(&mut again, end, |machine, end| Some(run_to(machine, end)));
        assert_same(&mut again, run.position(), &run.hash_tree(), &format!("program {seed:#x}, restored"));
    }
}

fn restore(snapshot: Snapshot) -> Result<Machine, String> {
    let saved = ringwalk::machine::Saved::new(snapshot).map_err(|error| error.to_string())?;
    saved.restore(media(), Tuning::default()).map_err(|error| error.to_string())
}

/// Snapshots whose checks are right and whose contents are not: refused, or a machine that runs.
#[test]
fn forged_snapshots_are_refused_or_run() {
    let mut random = Random(7);
    let mut taken = 0;
    for seed in 20_000..20_400u64 {
        let program = Program::new(20_000 + seed % 8);
        let mut run = program.machine(Tuning::default());
        let middle = run.position() + SPAN / 4;
        program.drive(&mut run, middle, |machine, end| Some(run_to(machine, end)));
        let forged = forge(&saved(&run), &mut random);
        match restore(Snapshot::from_bytes(forged).expect("its checks are right")) {
            Err(words) => assert!(words.len() > 20, "{words:?} says too little"),
            Ok(mut machine) => {
                taken += 1;
                let end = machine.position().saturating_add(500);
                run_to(&mut machine, end);
                machine.hash();
            }
        }
    }
    assert!(taken > 50, "only {taken} forged snapshots were taken");
}

/// The same file with a few bytes of one section changed.
fn forge(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut snapshot = Snapshot::from_bytes(bytes.to_vec()).expect("it is whole");
    let mut writer = SnapshotWriter::new();
    let names = ["cpu0", "board", "machine", "disks"];
    let victim = *random.one_of(&["cpu0", "board", "board", "machine", "disks"]);
    for name in names {
        let (version, content) = snapshot.section(name).expect("every machine has it");
        let mut content = content.to_vec();
        if name == victim {
            for _ in 0..1 + random.below(3) {
                let at = random.below(content.len() as u64) as usize;
                content[at] = match random.below(3) {
                    0 => content[at] ^ 1 << random.below(8),
                    1 => 0xFF,
                    _ => random.next() as u8,
                };
            }
        }
        writer.section_bytes(name, version, content).expect("a name of its own");
    }
    for name in ["disk0", "ram", "vram"] {
        let mut pages = snapshot.pages(name).expect("every machine has it");
        let mut store = writer.store(name, pages.page_count()).expect("a name of its own");
        while let Some((number, page)) = pages.next_page().expect("it is whole") {
            store.page(number, page).expect("they ascend");
        }
    }
    writer.to_bytes()
}
