//! The laws of reproducibility over a boot of Linux: setup code, unpacking, paging, interrupts, user space, what is typed
//! on the serial line. `tests/long/linux.sh` makes kernel and RAM disk and runs this. The whole boot runs once, with marks; the
//! laws are then tried over its last part, from a mark's snapshot on, so that the time stays bounded.

#[expect(dead_code, reason = "the tests of every day use more of it")]
#[path = "../it/guest.rs"]
mod guest;
#[path = "../it/trail.rs"]
mod trail;

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
    let snapshot = Snapshot::from_bytes(bytes).expect("the snapshot opens");
    Saved::new(snapshot).expect("it is whole").restore(Media::built_in(), tuning).expect("it can be restored")
}

#[test]
fn r1_slices_caches_and_flushes() {
    let mut random = Random(1);
    let tuning = Tuning { slice: 7919, trace_slots: 1 << 14, ..Tuning::default() };
    TRAIL.follow(late(1, tuning), "small slices and cache, flushes", |run, position| {
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
    let run = TRAIL.follow(late(2, Tuning::default()), "restored", |run, position| {
        run_to(run, position);
        let bytes = saved(run);
        *run = restored(bytes.clone(), Tuning::default());
        assert_eq!(saved(run), bytes, "R2: saving what was loaded gives the same bytes");
    });
    assert_eq!(saved(&run), TRAIL.before_end(0).snapshot, "R4: the same state gives the same bytes");
}
