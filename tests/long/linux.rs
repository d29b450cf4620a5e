//! The laws of reproducibility over a boot of Linux: setup code, unpacking, paging, interrupts, user space, what is typed
//! on the serial line. `tests/long/linux.sh` makes kernel and RAM disk and runs this. The whole boot runs once, with marks; R1
//! in small slices, and R2 to R4 by saving and restoring, go over all of it again, the rest over its last part. R5 and R6 look
//! at snapshots of its marks. R7 (`tests/it/cli_saving.rs`) asks nothing of the guest.

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
use ringwalk_bios::kernel::{Kernel, Module, boot_image};
use ringwalk_chipset::BootDevice;
use ringwalk_snapshots::Snapshot;

use guest::{Random, run_to, saved};
use trail::{Trail, assert_same, step_to, straight, watch_idly};

const SCRIPT: &str = "when serial \"/ #\" : serial \"sh /work\\n\"\n";
const LAST_WORDS: &str = "result forks";
const MEM: u64 = 192 << 20;
/// Between two marks.
const STEP: u64 = 1_500_000_000;

static IMAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = |name: &str| {
        let path = std::env::var(name).unwrap_or_else(|_| panic!("tests/long/linux.sh names a file in {name}"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let (kernel, initrd) = (file("RINGWALK_KERNEL"), file("RINGWALK_INITRD"));
    let modules = [Module { bytes: &initrd, text: "initrd" }];
    let command_line = "console=ttyS0,115200 quiet";
    let kernel = Kernel { bytes: &kernel, name: "vmlinuz", modules: &modules, command_line, ram_bytes: MEM };
    boot_image(&kernel).expect("a kernel")
});

static TRAIL: LazyLock<Trail> = LazyLock::new(|| {
    let mut trail = Trail::default();
    assert_eq!(trail.record(&mut start(Tuning::default()), STEP, Some(LAST_WORDS)), Stop::Serial);
    trail
});

fn start(tuning: Tuning) -> Machine {
    let mut config = MachineConfig::default();
    config.board.ram_pages = MEM / 4096;
    config.board.boot.insert(0, BootDevice::Kernel);
    let media = Media { boot_image: Some(IMAGE.clone()), ..Media::built_in() };
    let mut machine = Machine::new(config, media, tuning).expect("a machine can be made of this");
    machine.set_script(script::parse(SCRIPT).expect("the script is right"));
    machine
}

fn late(back: usize, tuning: Tuning) -> Machine {
    restored(TRAIL.before_end(back).snapshot.clone(), tuning)
}

fn restored(bytes: Vec<u8>, tuning: Tuning) -> Machine {
    try_restore(bytes, tuning).expect("the snapshot is whole")
}

fn try_restore(bytes: Vec<u8>, tuning: Tuning) -> Result<Machine, String> {
    let snapshot = Snapshot::from_bytes(bytes).map_err(|error| error.to_string())?;
    let saved = Saved::new(snapshot).map_err(|error| error.to_string())?;
    saved.restore(Media::built_in(), tuning).map_err(|error| error.to_string())
}

fn open_lazily(bytes: &[u8]) -> Result<Machine, String> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linux-lazy.snap");
    std::fs::write(&path, bytes).map_err(|error| error.to_string())?;
    let saved = Saved::open_lazily(&path).map_err(|error| error.to_string())?;
    saved.restore(Media::built_in(), Tuning::default()).map_err(|error| error.to_string())
}

#[test]
fn r1_slices_caches_and_flushes() {
    let mut random = Random(1);
    let tuning = Tuning { slice: 7919, trace_slots: 1 << 14, ..Tuning::default() };
    TRAIL.follow(start(tuning), "small slices and cache, flushes", |run, position| {
        while run.position() < position {
            let next = run.position() + random.below(3_000_000);
            run_to(run, next.min(position));
            match random.below(16) {
                0 => run.engine.forget(&mut run.memory),
                1 => run.wire(),
                _ => run.engine.flush_host_tlb(),
            }
        }
    });
}

#[test]
fn r1_stepping() {
    // Behind the last mark nothing is typed any more; before it, user space and the kernel's start.
    for back in [1, TRAIL.marks.len() / 2, TRAIL.marks.len() - 1] {
        let mut stepped = late(back, Tuning::default());
        let end = stepped.position() + 200_000;
        step_to(&mut stepped, end);
        let mut run = late(back, Tuning::default());
        run_to(&mut run, stepped.position());
        assert_same(&mut stepped, run.position(), &run.hash_tree(), "stepping");
    }
}

#[test]
fn r1_breakpoints_and_watchpoints_that_are_never_hit() {
    let mut run = late(1, Tuning::default());
    // In the last page of the BIOS's tables, which nothing reads again.
    watch_idly(&mut run, MEM - 64);
    TRAIL.follow(run, "idle breakpoints", straight);
}

#[test]
fn r2_r3_r4_saved_and_restored_again_and_again() {
    let mut random = Random(2);
    let run = TRAIL.follow(start(Tuning::default()), "restored", |run, position| {
        // Somewhere on the way, and at the mark.
        for stop in [position - random.below(STEP), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            *run = restored(bytes.clone(), Tuning { slice: 1000 + random.below(500_000), ..Tuning::default() });
            assert_eq!(saved(run), bytes, "R2: saving what was loaded gives the same bytes");
        }
    });
    assert_eq!(saved(&run), TRAIL.before_end(0).snapshot, "R4: the same state gives the same bytes");
}

#[test]
fn r5_sections_of_other_versions_are_refused_by_name_and_version() {
    for back in [0, TRAIL.marks.len() / 2, TRAIL.marks.len() - 1] {
        let whole = &TRAIL.before_end(back).snapshot;
        damage::other_versions_are_refused(whole, |bytes| try_restore(bytes, Tuning::default()));
    }
}

#[test]
fn r6_damage_is_refused() {
    for back in [0, TRAIL.marks.len() / 2, TRAIL.marks.len() - 1] {
        let whole = &TRAIL.before_end(back).snapshot;
        damage::damage_is_refused(whole, 100, |bytes| try_restore(bytes, Tuning::default()));
    }
}

#[test]
fn r6_damage_ends_a_lazy_run() {
    let from = TRAIL.before_end(1);
    let mut run = restored(from.snapshot.clone(), Tuning::default());
    run_to(&mut run, from.position + 20_000_000);
    let (end, wanted) = (run.position(), run.hash());
    damage::damage_ends_a_lazy_run(&from.snapshot, 40, open_lazily, end, wanted);
}
