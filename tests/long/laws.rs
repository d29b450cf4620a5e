//! The laws of reproducibility over a boot of GRUB: BIOS, real and protected mode, its menu, commands on the serial
//! line and on the keyboard. `tests/long/grub.sh` makes the disk and runs this.

#[expect(dead_code, reason = "the tests of every day use more of it")]
#[path = "../it/guest.rs"]
mod guest;
#[expect(dead_code, reason = "the tests of every day use more of it")]
#[path = "../it/random.rs"]
mod random;
#[path = "../it/trail.rs"]
mod trail;

mod damage;

use std::path::Path;
use std::sync::LazyLock;

use ringwalk::machine::{Machine, MachineConfig, Media, Saved, Stop, Tuning};
use ringwalk::script;

use guest::{Image, Random, config_for, machine_of, restored, run_to, saved, try_restore};
use trail::{Trail, assert_same, step_to, straight, watch_idly};

/// What is typed; the menu takes its `c` from the keyboard, the command line its commands from COM1.
const SCRIPT: &str = r#"
when screen "for a command-line" : key c
when serial "grub>" : serial "set x=works\n"
when serial "grub>" : serial "ls\n"
when serial "grub>" : serial "echo typed-$x\n"
"#;
const LAST_WORDS: &str = "typed-works";

static DISK: LazyLock<Image> = LazyLock::new(|| {
    let path = std::env::var("RINGWALK_GRUB").expect("tests/long/grub.sh makes a disk and names it in RINGWALK_GRUB");
    Image(std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}")).into())
});

static TRAIL: LazyLock<Trail> = LazyLock::new(|| {
    let mut trail = Trail::default();
    assert_eq!(trail.record(&mut start(Tuning::default()), 4_000_000, Some(LAST_WORDS)), Stop::Serial);
    trail
});

fn config() -> MachineConfig {
    let mut config = config_for(&DISK);
    config.board.ram_pages = (64 << 20) / 4096;
    config
}

fn start(tuning: Tuning) -> Machine {
    let mut machine = machine_of(config(), &DISK, tuning);
    machine.set_script(script::parse(SCRIPT).expect("the script is right"));
    machine
}

fn late(back: usize, tuning: Tuning) -> Machine {
    restored(TRAIL.before_end(back).snapshot.clone(), &DISK, tuning)
}

#[test]
fn r1_slices_and_cache_sizes() {
    TRAIL.follow(
        start(Tuning { slice: 7919, trace_slots: 1 << 13, ..Tuning::default() }),
        "small slices and cache",
        straight,
    );
    TRAIL.follow(late(2, Tuning { slice: 11, trace_slots: 1 << 18, ..Tuning::default() }), "slices of 11", straight);
    let mut one_slot = late(0, Tuning { slice: 1 << 20, trace_slots: 1, ..Tuning::default() });
    let mut plain = late(0, Tuning::default());
    let end = plain.position() + 500_000;
    assert_eq!((run_to(&mut plain, end), run_to(&mut one_slot, end)), (Stop::Position, Stop::Position));
    assert_same(&mut one_slot, plain.position(), &plain.hash_tree(), "one slot");
}

#[test]
fn r1_derived_data_dropped_at_random() {
    let mut random = Random(1);
    TRAIL.follow(start(Tuning::default()), "flushes", |run, position| {
        while run.position() < position {
            let next = run.position() + random.below(30_000);
            run_to(run, next.min(position));
            match random.below(16) {
                0 => run.engine.forget(&mut run.memory),
                1 => run.wire(),
                2 => drop(run.hash()),
                _ => run.engine.flush_host_tlb(),
            }
        }
    });
}

#[test]
fn r1_stepping() {
    for back in [0, TRAIL.marks.len() / 2, TRAIL.marks.len() - 1] {
        let mut stepped = late(back, Tuning::default());
        let mut end = stepped.position() + 250_000;
        let farthest = end + 100_000_000;
        let mut steps = step_to(&mut stepped, end);
        // Firmware and menus halt for long: such a span is one step.
        while steps < 10_000 {
            end += 1_000_000;
            assert!(end < farthest, "most steps are one instruction");
            steps += step_to(&mut stepped, end);
        }
        let mut run = late(back, Tuning::default());
        run_to(&mut run, stepped.position());
        assert_same(&mut stepped, run.position(), &run.hash_tree(), "stepping");
    }
}

#[test]
fn r1_breakpoints_and_watchpoints_that_are_never_hit() {
    let mut run = start(Tuning::default());
    // Between GRUB's modules and what its loaders would use.
    watch_idly(&mut run, 0x0A0_0FE0);
    TRAIL.follow(run, "idle breakpoints", |run, position| assert_eq!(run_to(run, position), Stop::Position));
}

#[test]
fn r2_r3_saved_and_restored_again_and_again() {
    let mut random = Random(2);
    let run = TRAIL.follow(start(Tuning::default()), "restored", |run, position| {
        for stop in [position - random.below(3_000_000), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            let (slice, trace_slots) = (1000 + random.below(500_000), 8192 << random.below(6));
            let tuning = Tuning { slice, trace_slots, ..Tuning::default() };
            *run = restored(bytes.clone(), &DISK, tuning);
            assert_eq!(saved(run), bytes, "R2: saving what was loaded gives the same bytes");
        }
    });
    assert_eq!(saved(&run), TRAIL.before_end(0).snapshot, "R4: the same state gives the same bytes");
}

#[test]
fn r5_sections_of_other_versions_are_refused_by_name_and_version() {
    let whole = &TRAIL.before_end(0).snapshot;
    damage::other_versions_are_refused(whole, |bytes| try_restore(bytes, &DISK, Tuning::default()));
}

#[test]
fn r6_damage_is_refused() {
    for back in [0, TRAIL.marks.len() / 2, TRAIL.marks.len() - 1] {
        let whole = &TRAIL.before_end(back).snapshot;
        damage::damage_is_refused(whole, 200, |bytes| try_restore(bytes, &DISK, Tuning::default()));
    }
}

fn open_lazily(bytes: &[u8]) -> Result<Machine, String> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grub-lazy.snap");
    std::fs::write(&path, bytes).map_err(|error| error.to_string())?;
    let saved = Saved::open_lazily(&path).map_err(|error| error.to_string())?;
    saved.restore(Media::with_disk(Box::new(DISK.clone())), Tuning::default()).map_err(|error| error.to_string())
}

#[test]
fn r6_damage_ends_a_lazy_run() {
    let (from, to) = (TRAIL.before_end(1), TRAIL.before_end(0));
    damage::damage_ends_a_lazy_run(&from.snapshot, 40, open_lazily, to.position, to.hash.root());
}
