//! The laws of reproducibility (ARCHITECTURE.md), over a boot of the built-in disk from power-on to power-off.

use std::sync::LazyLock;

use ringwalk::machine::{Machine, Stop, Tuning};
use ringwalk_cpu::watch::{DataWatch, Place};

use crate::guest::{Random, machine, restored, run_to, saved, serial, tour, try_restore};
use crate::trail::{Trail, assert_same, set_watches, step_to, straight, watch_idly};

/// The hash of the tour's machine at its end, on every host and in every build profile (R1). It changes with the
/// machine's state, its ROMs and its disk, and with nothing else.
const TOUR_HASH: &str = "bcd5f1bb078ec16df0c56de1167eefc6a84498e7a3c1ec08084a98a578829071";

/// The undisturbed run from power-on to power-off.
static TRAIL: LazyLock<Trail> = LazyLock::new(|| {
    let mut run = start(Tuning::default());
    let mut trail = Trail::default();
    assert_eq!(trail.record(&mut run, 700_000, Some("The ringwalk tour")), Stop::Serial);
    assert_eq!(trail.record(&mut run, 600_000, None), Stop::PowerOff);
    trail
});

fn start(tuning: Tuning) -> Machine {
    machine(&tour(), tuning)
}

/// The machine as it was so many marks before the end.
fn late(back: usize, tuning: Tuning) -> Machine {
    restored(TRAIL.before_end(back).snapshot.clone(), &tour(), tuning)
}

fn with_slots(trace_slots: usize) -> Tuning {
    Tuning { trace_slots, ..Tuning::default() }
}

fn with_slice(slice: u64) -> Tuning {
    Tuning { slice, ..Tuning::default() }
}

#[test]
fn the_tour_says_what_it_is_there_to_say() {
    let mut run = start(Tuning::default());
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
    let hash = TRAIL.before_end(0).hash.root().to_string();
    assert_eq!(hash, TOUR_HASH, "state, ROMs or disk changed on purpose? Then this is the new TOUR_HASH: {hash}");
}

#[test]
fn r1_running_twice() {
    TRAIL.follow(start(Tuning::default()), "a second run", straight);
}

#[test]
fn r1_any_cache_size() {
    TRAIL.follow(start(with_slots(3000)), "3000 slots", straight);
    // A cache of one slot holds one trace: every jump elsewhere decodes anew, so only the end of the run is taken.
    for (slots, back) in [(1, 1), (200, 3)] {
        TRAIL.follow(late(back, with_slots(slots)), &format!("{slots} slots"), straight);
    }
}

#[test]
fn r1_any_slice() {
    for slice in [641, 65_537] {
        TRAIL.follow(start(with_slice(slice)), &format!("slices of {slice}"), straight);
    }
    TRAIL.follow(late(2, with_slice(1)), "slices of 1", straight);
}

#[test]
fn r1_derived_data_dropped_at_random() {
    let mut random = Random(1);
    TRAIL.follow(start(Tuning::default()), "flushes", |run, position| {
        while run.position() < position {
            let next = run.position() + random.below(10_000);
            run_to(run, next.min(position));
            match random.below(16) {
                0..2 => run.engine.forget(&mut run.memory),
                2..4 => run.wire(),
                4 => drop(run.hash()),
                _ => run.engine.flush_host_tlb(),
            }
        }
    });
}

#[test]
fn r1_stepping() {
    let mut stepped = start(Tuning::default());
    step_to(&mut stepped, 100_000);
    let mut run = start(Tuning::default());
    run_to(&mut run, stepped.position());
    assert_same(&mut stepped, run.position(), &run.hash_tree(), "stepping from power-on");
    let mut steps = 0;
    TRAIL.follow(late(1, Tuning::default()), "stepping to the end", |run, position| steps += step_to(run, position));
    assert!(steps > 50_000, "{steps} steps are too few to say anything");
}

#[test]
fn r1_breakpoints_and_watchpoints_that_are_never_hit() {
    let mut run = start(Tuning::default());
    // The tour uses the page at 100000, but not its end.
    watch_idly(&mut run, 0x10_0FE0);
    TRAIL.follow(run, "idle breakpoints", |run, position| {
        let stop = run_to(run, position);
        assert!(matches!(stop, Stop::Position | Stop::PowerOff), "{stop:?}");
    });
}

#[test]
fn r1_a_breakpoint_that_is_hit_changes_nothing() {
    let mut run = start(Tuning::default());
    set_watches(&mut run, vec![(1, Place::Linear(0x8400)), (2, Place::Linear(0x9200))], Vec::new());
    let mut hits = 0;
    TRAIL.follow(run, "breakpoints", |run, position| {
        while let Stop::Breakpoint(_) = run_to(run, position) {
            hits += 1;
        }
    });
    // The bad selector is met twice, before and after its repair; CLI is stepped over by the handler.
    assert_eq!(hits, 3);
}

#[test]
fn r1_a_watchpoint_that_is_hit_changes_nothing() {
    let mut run = start(Tuning::default());
    // The BIOS's count of timer ticks, and a word that the tour writes through one name and reads through another.
    let watch = |id, first| DataWatch { id, physical: false, first, bytes: 2, read: true, write: true };
    set_watches(&mut run, Vec::new(), vec![watch(1, 0x46C), watch(2, 0x600)]);
    let mut hits = Vec::new();
    TRAIL.follow(run, "watchpoints", |run, position| {
        while let Stop::Watch(hit) = run_to(run, position) {
            hits.push((hit.id, hit.write));
        }
    });
    assert!([(1, true), (2, true), (2, false)].iter().all(|hit| hits.contains(hit)), "{hits:?}");
}

#[test]
fn r2_r3_saved_and_restored_again_and_again() {
    let mut random = Random(2);
    TRAIL.follow(start(Tuning::default()), "restored", |run, position| {
        for stop in [position - random.below(200_000), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            let (slice, trace_slots) = (1000 + random.below(50_000), 4096 << random.below(8));
            let tuning = Tuning { slice, trace_slots, ..Tuning::default() };
            *run = restored(bytes.clone(), &tour(), tuning);
            assert_eq!(saved(run), bytes, "R2: saving what was loaded gives the same bytes");
        }
    });
}

#[test]
fn r3_r4_from_marks_on() {
    let last = TRAIL.marks.len() - 1;
    for back in (1..=last).step_by(4) {
        let run = TRAIL.follow(late(back, Tuning::default()), "restored", straight);
        assert_eq!(saved(&run), TRAIL.before_end(0).snapshot, "R4: the same state gives the same bytes");
    }
}

#[test]
fn r6_a_cut_or_flipped_snapshot_is_refused_in_words() {
    let bytes = &TRAIL.before_end(0).snapshot;
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
