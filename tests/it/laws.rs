//! The laws of reproducibility (ARCHITECTURE.md), over a boot of the built-in disk from power-on to power-off.

use std::sync::LazyLock;

use ringwalk::machine::{Machine, NoHost, RunLimits, Stop, Tuning};
use ringwalk_cpu::watch::{DataWatch, Place};
use ringwalk_snapshots::HashTree;

use crate::guest::{Random, machine, restored, run_to, saved, serial, tour, try_restore};

/// The hash of the tour's machine at its end, on every host and in every build profile (R1). It changes with the
/// machine's state, its ROMs and its disk, and with nothing else.
const TOUR_HASH: &str = "28d2a8aea9a50df3509994d5f75d3e305d40a407ff0f07cda6dbe6363cdbf47b";

/// The undisturbed run: what every other run must equal.
struct Reference {
    /// Where the boot sector has said its first words; the BIOS is done.
    booted: u64,
    /// Positions with the hashes of the machine there; the last is the end.
    marks: Vec<(u64, HashTree)>,
    /// The snapshot at each mark.
    snapshots: Vec<Vec<u8>>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let mut run = machine(&tour(), Tuning::default());
    let mut reference = Reference { booted: 0, marks: Vec::new(), snapshots: Vec::new() };
    loop {
        let step = if reference.booted == 0 { 700_000 } else { 600_000 };
        let mut limits = RunLimits { position: Some(run.position() + step), ..RunLimits::default() };
        limits.serial = (reference.booted == 0).then(|| "The ringwalk tour".into());
        let stop = run.run(&limits, &mut NoHost);
        // A run that another reason ended here must leave the same state as one that this position ends.
        reference.marks.push((run.position(), run.hash_tree()));
        reference.snapshots.push(saved(&run));
        match stop {
            Stop::Serial => reference.booted = run.position(),
            Stop::Position => assert!(run.position() < 100_000_000, "the tour ends"),
            Stop::PowerOff => break reference,
            stop => panic!("{stop:?}"),
        }
    }
});

/// Panics unless the machine is in the state of a mark, and names the parts that differ.
fn assert_equal(run: &mut Machine, position: u64, wanted: &HashTree, how: &str) {
    assert_eq!(run.position(), position, "{how}: the position");
    let found = run.hash_tree();
    if found != *wanted {
        let parts: Vec<_> = found.parts().zip(wanted.parts()).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect();
        panic!("{how}: at position {position} these parts of the state differ: {parts:?}");
    }
}

/// Brings a machine from mark to mark, by `go`, and compares at each that lies before it.
fn follow(mut run: Machine, how: &str, mut go: impl FnMut(&mut Machine, u64)) -> Machine {
    for (position, hash) in &REFERENCE.marks {
        if *position >= run.position() {
            go(&mut run, *position);
            assert_equal(&mut run, *position, hash, how);
        }
    }
    run
}

fn run_through(run: &mut Machine, position: u64) {
    run_to(run, position);
}

fn with_slots(trace_slots: usize) -> Tuning {
    Tuning { trace_slots, ..Tuning::default() }
}

fn with_slice(slice: u64) -> Tuning {
    Tuning { slice, ..Tuning::default() }
}

#[test]
fn the_tour_says_what_it_is_there_to_say() {
    let mut run = machine(&tour(), Tuning::default());
    assert_eq!(run_to(&mut run, u64::MAX), Stop::PowerOff);
    let said = serial(&mut run);
    // Each from the tour's source: what the manual says must happen.
    for line in [
        "0060:0000 reads 00A5",
        "A20 off: wrote 22 at FFFF:0510, 0000:0500 reads 0022",
        "A20 on: wrote 44 at FFFF:0510, 0000:0500 reads 0033",
        "Protected mode: CS 0008",
        "#GP(0048) at 00008400",
        "#DE at 00008500",
        "100 / 7 = 0000000E, remainder 0002",
        "Linear 00400000 reads 474E4952, stored at physical 00013000",
        "#PF(0002) at 00401000",
        "Ring 3: CS 001B, EFLAGS after POPF 00000002",
        "#GP(0000) at 00009200",
        "INT 30h: ring 0 prints this for a caller with CS 001B",
        "Call gate: ring 0 again, called from CS 001B",
        "back in real mode",
    ] {
        assert!(said.contains(line), "{line:?} is missing in:\n{said}");
    }
    assert!(!said.contains("Unexpected") && !said.contains("cannot"), "{said}");
    let screen = run.board.screen(&run.memory).expect("a text screen").text();
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let shown = lines(&screen);
    assert!(lines(&said).iter().all(|line| shown.contains(line)), "screen and serial line say the same:\n{screen}");
}

#[test]
fn r1_every_host_and_profile_gives_one_hash() {
    let hash = REFERENCE.marks.last().expect("there are marks").1.root().to_string();
    assert_eq!(hash, TOUR_HASH, "state, ROMs or disk changed on purpose? Then this is the new TOUR_HASH: {hash}");
}

#[test]
fn r1_running_twice() {
    follow(machine(&tour(), Tuning::default()), "a second run", run_through);
}

#[test]
fn r1_any_cache_size() {
    follow(machine(&tour(), with_slots(3000)), "3000 slots", run_through);
    // A cache of one slot holds one trace: every jump elsewhere decodes anew, so only the end of the run is taken.
    for (slots, marks) in [(1, 2), (200, 4)] {
        let late = REFERENCE.snapshots[REFERENCE.snapshots.len() - marks].clone();
        follow(restored(late, &tour(), with_slots(slots)), &format!("{slots} slots"), run_through);
    }
}

#[test]
fn r1_any_slice() {
    for slice in [641, 65_537] {
        follow(machine(&tour(), with_slice(slice)), &format!("slices of {slice}"), run_through);
    }
    let late = REFERENCE.snapshots[REFERENCE.snapshots.len() - 3].clone();
    follow(restored(late, &tour(), with_slice(1)), "slices of 1", run_through);
}

#[test]
fn r1_derived_data_dropped_at_random() {
    let mut random = Random(1);
    follow(machine(&tour(), Tuning::default()), "flushes", |run, position| {
        while run.position() < position {
            let next = run.position() + random.below(10_000);
            run_to(run, next.min(position));
            match random.below(8) {
                0 => run.engine.forget(&mut run.memory),
                1 => run.wire(),
                2 if random.once_in(4) => drop(run.hash()),
                _ => run.engine.flush_host_tlb(),
            }
        }
    });
}

/// Steps to a position; answers how many steps it took.
fn step_to(run: &mut Machine, position: u64) -> u64 {
    let mut steps = 0;
    while run.position() < position {
        let before = run.position();
        let stop = run.step();
        assert!(run.position() > before || stop.is_some(), "a step takes time");
        steps += 1;
    }
    steps
}

#[test]
fn r1_stepping() {
    let mut stepped = machine(&tour(), Tuning::default());
    step_to(&mut stepped, 100_000);
    let mut run = machine(&tour(), Tuning::default());
    run_to(&mut run, stepped.position());
    assert_equal(&mut stepped, run.position(), &run.hash_tree(), "stepping from power-on");
    let mark = REFERENCE.marks.len() - 2;
    let mut steps = 0;
    let late = restored(REFERENCE.snapshots[mark].clone(), &tour(), Tuning::default());
    follow(late, "stepping to the end", |run, position| steps += step_to(run, position));
    assert!(steps > 50_000, "{steps} steps are too few to say anything");
}

/// Breakpoints and watchpoints that are never hit, some of them on pages that are in use.
fn watch_idly(run: &mut Machine) {
    let code = vec![
        (1, Place::Logical(0x1234, 0x7C00)),
        (2, Place::Linear(0x9FFF0)),
        (3, Place::Physical(0x3F_F000)),
        (4, Place::Linear(0x8401)),
    ];
    let watch = |id, physical, first, read| DataWatch { id, physical, first, bytes: 4, read, write: true };
    // Memory ends at 400000. The tour uses the page at 100000, but not its end.
    let data = vec![watch(5, true, 0x3F_F000, true), watch(6, false, 0x3F_FFF0, true), watch(7, true, 0x10_0FF0, true)];
    run.engine.hot.watches.replace(code, data);
    run.engine.forget(&mut run.memory);
}

#[test]
fn r1_breakpoints_and_watchpoints_that_are_never_hit() {
    let mut run = machine(&tour(), Tuning::default());
    watch_idly(&mut run);
    follow(run, "idle breakpoints", |run, position| {
        let stop = run_to(run, position);
        assert!(matches!(stop, Stop::Position | Stop::PowerOff), "{stop:?}");
    });
}

#[test]
fn r1_a_breakpoint_that_is_hit_changes_nothing() {
    let mut run = machine(&tour(), Tuning::default());
    run.engine.hot.watches.replace(vec![(1, Place::Linear(0x8400)), (2, Place::Linear(0x9200))], Vec::new());
    run.engine.forget(&mut run.memory);
    let mut hits = 0;
    follow(run, "breakpoints", |run, position| {
        while let Stop::Breakpoint(_) = run_to(run, position) {
            hits += 1;
        }
    });
    // The bad selector is met twice, before and after its repair; CLI is stepped over by the handler.
    assert_eq!(hits, 3);
}

#[test]
fn r1_a_watchpoint_that_is_hit_changes_nothing() {
    let mut run = machine(&tour(), Tuning::default());
    // The BIOS's count of timer ticks, and a word that the tour writes through one name and reads through another.
    let watch = |id, first| DataWatch { id, physical: false, first, bytes: 2, read: true, write: true };
    run.engine.hot.watches.replace(Vec::new(), vec![watch(1, 0x46C), watch(2, 0x600)]);
    run.engine.forget(&mut run.memory);
    let mut hits = Vec::new();
    follow(run, "watchpoints", |run, position| {
        while let Stop::Watch(hit) = run_to(run, position) {
            hits.push((hit.id, hit.write));
        }
    });
    assert!([(1, true), (2, true), (2, false)].iter().all(|hit| hits.contains(hit)), "{hits:?}");
}

#[test]
fn r2_r3_r4_saved_and_restored_again_and_again() {
    let mut random = Random(2);
    follow(machine(&tour(), Tuning::default()), "restored", |run, position| {
        for stop in [position - random.below(REFERENCE.booted / 8), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            let tuning = Tuning { slice: 1000 + random.below(50_000), trace_slots: 4096 << random.below(8) };
            *run = restored(bytes.clone(), &tour(), tuning);
            assert_eq!(saved(run), bytes, "R2: saving what was loaded gives the same bytes");
        }
    });
}

#[test]
fn r3_from_every_mark() {
    let last = REFERENCE.marks.len() - 1;
    for mark in (0..last).step_by(4) {
        let run = restored(REFERENCE.snapshots[mark].clone(), &tour(), Tuning::default());
        let how = format!("restored at {}", REFERENCE.marks[mark].0);
        let run = follow(run, &how, run_through);
        assert_eq!(saved(&run), REFERENCE.snapshots[last], "R4: the same state gives the same bytes");
    }
}

#[test]
fn r6_a_cut_or_flipped_snapshot_is_refused_in_words() {
    let bytes = REFERENCE.snapshots.last().expect("there are marks");
    let refused = |bytes: Vec<u8>, what: &str| {
        let words = try_restore(bytes, &tour(), Tuning::default()).err();
        let words = words.unwrap_or_else(|| panic!("{what}: the snapshot was taken"));
        assert!(words.len() > 20, "{what}: {words:?} says too little");
        words
    };
    for len in 0..bytes.len() {
        let words = refused(bytes[..len].to_vec(), &format!("cut at {len}"));
        assert!(len < 8 || words.contains("cut short") || words.contains("damaged"), "cut at {len}: {words}");
    }
    let mut random = Random(3);
    for _ in 0..4000 {
        let (place, bit) = (random.below(bytes.len() as u64) as usize, random.below(8));
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << bit;
        refused(flipped, &format!("bit {bit} of byte {place}"));
    }
    refused([&bytes[..], &[0]].concat(), "a byte too many");
}
