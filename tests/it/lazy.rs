//! Lazy restore: pages come at their first touch, and the run is the one that an eager restore makes; what does not come
//! ends it before the guest sees anything else (R6).

use std::path::{Path, PathBuf};

use ringwalk::machine::{Machine, Media, NoHost, Saved, Stop, Tuning};

use crate::guest::{Random, machine, restored, run_to, saved, tour};
use crate::trail::assert_same;

/// Where the snapshot is taken: the tour is in protected mode, and paging, ring 3 and real mode again are still to come.
const TAKEN: u64 = 15_000_000;
const END: u64 = 20_000_000;

fn snapshot() -> Vec<u8> {
    let mut run = machine(&tour(), Tuning::default());
    assert_eq!(run_to(&mut run, TAKEN), Stop::Position);
    saved(&run)
}

/// A file of its own with these bytes.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lazy-{name}.snap"));
    std::fs::write(&path, bytes).expect("the test's folder takes files");
    path
}

fn open(path: &Path) -> Result<Machine, String> {
    let saved = Saved::open_lazily(path).map_err(|error| error.to_string())?;
    saved.restore(Media::with_disk(Box::new(tour())), Tuning::default()).map_err(|error| error.to_string())
}

fn lazily(path: &Path) -> Machine {
    open(path).expect("the snapshot is whole")
}

#[test]
fn a_lazy_run_has_the_hashes_of_an_eager_one() {
    let bytes = snapshot();
    let path = file("hashes", &bytes);
    let mut eager = restored(bytes.clone(), &tour(), Tuning::default());
    let mut positions: Vec<u64> = (1..8).map(|part| TAKEN + (END - TAKEN) * part / 7).collect();
    positions.insert(0, TAKEN + 1);
    for position in positions {
        run_to(&mut eager, position);
        // Each from the file: all pages that the hash looks at come by it, or by the guest before.
        let mut lazy = lazily(&path);
        let all = lazy.memory.frames.absent();
        run_to(&mut lazy, position);
        let left = lazy.memory.frames.absent();
        assert!(0 < left && left < all, "{left} of {all} pages have not come");
        assert_same(&mut lazy, eager.position(), &eager.hash_tree(), "lazily");
    }
    assert_eq!(saved(&lazily(&path)), bytes, "R2: what was not touched is saved, too");
}

#[test]
fn a_lazy_run_goes_back_and_is_followed_in_lockstep() {
    let bytes = snapshot();
    let path = file("back", &bytes);
    let mut eager = restored(bytes, &tour(), Tuning::default());
    run_to(&mut eager, TAKEN + 300_000);
    let (middle, there) = (eager.position(), eager.hash_tree());
    run_to(&mut eager, END);
    let mut lazy = lazily(&path);
    lazy.keep_history(64 << 20).expect("an overlay can go back");
    for _ in 0..2 {
        assert_eq!(lazy.go_to(END, &mut NoHost), Stop::Position);
        assert_eq!(lazy.go_to(middle, &mut NoHost), Stop::Position);
        assert_eq!(lazy.position(), middle);
    }
    assert_same(&mut lazy, middle, &there, "back over pages that came on the way");
    let saved = Saved::open_lazily(&path).expect("whole");
    let tuning = Tuning { verify_fast: true, ..Tuning::default() };
    let mut followed = saved.restore(Media::with_disk(Box::new(tour())), tuning).expect("whole");
    assert_eq!(run_to(&mut followed, TAKEN + 200_000), Stop::Position);
}

/// A byte of each page's chunk in turn is another one. Whatever needs it says so and names file and pages; the machine
/// then stands where the eager run was, and neither goes on nor is saved.
#[test]
fn a_damaged_page_ends_the_run_where_it_is_needed() {
    let whole = snapshot();
    let mut eager = restored(whole.clone(), &tour(), Tuning::default());
    run_to(&mut eager, END);
    let wanted = eager.hash();
    let mut random = Random(6);
    let (mut at_once, mut late, mut never, mut by_instruction) = (0, 0, 0, 0);
    for round in 0..80 {
        let mut bytes = whole.clone();
        let place = random.below(bytes.len() as u64) as usize;
        bytes[place] ^= 1 << random.below(8);
        let path = file("damaged", &bytes);
        let mut lazy = match open(&path) {
            Ok(lazy) => lazy,
            Err(words) => {
                assert!(words.contains("take the snapshot again") || words.contains("byte"), "{words}");
                at_once += 1;
                continue;
            }
        };
        // Short runs need few of the pages.
        let end = if round % 2 == 0 { END } else { TAKEN + 2000 };
        match run_to(&mut lazy, end) {
            Stop::Host(words) => {
                late += 1;
                assert!(words.contains("lazy-damaged.snap") && words.contains("damaged; take"), "{words}");
                let again = run_to(&mut lazy, END);
                assert_eq!(again, Stop::Host(words), "round {round}: it does not go on");
                let mut run = restored(whole.clone(), &tour(), Tuning::default());
                run_to(&mut run, lazy.position());
                // Where a delivery needed the page it is half done, and its handler does not run.
                assert_eq!((run.position(), run.cpu.retired), (lazy.position(), lazy.cpu.retired));
                if run.cpu.rip == lazy.cpu.rip {
                    by_instruction += 1;
                    assert_eq!(run.cpu.gpr, lazy.cpu.gpr, "the instruction that needed it was not");
                }
            }
            Stop::Position => {
                never += 1;
                let hash = lazy.hash();
                let trouble = lazy.memory.host_trouble.take();
                assert!(trouble.is_some_and(|words| words.contains("damaged; take")), "the hash needed it");
                assert_ne!(hash, wanted);
            }
            stop => panic!("round {round}: {stop:?}"),
        }
        assert!(lazy.save().is_err(), "round {round}: what is lost is not saved");
    }
    let told = format!("{at_once} {late} {never} {by_instruction}");
    // Who follows in lockstep begins with a copy of all memory, so that no page is never needed.
    let ways =
        if cfg!(feature = "verify-fast") { vec![at_once, late] } else { vec![at_once, late, never, by_instruction] };
    assert!(ways.iter().all(|count| *count > 2), "{told}: each way was gone");
}

#[test]
fn a_file_cut_short_later_is_a_damaged_one() {
    let path = file("cut", &snapshot());
    let mut lazy = lazily(&path);
    std::fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(200)).expect("cuts");
    assert!(matches!(run_to(&mut lazy, END), Stop::Host(words) if words.contains("lazy-cut.snap: cannot be read")));
}

/// What was written to a disk comes like memory, and a damaged page of it ends the run before the guest reads it.
#[test]
fn written_sectors_come_when_they_are_read() {
    let mut run = machine(&tour(), Tuning::default());
    run_to(&mut run, TAKEN);
    let disk = run.memory.disks[0].as_mut().expect("a disk");
    let mut random = Random(8);
    for page in [1, 7, 8] {
        let bytes: Vec<u8> = (0..512).map(|_| random.below(256) as u8).collect();
        disk.write(page * 8 + 2, &bytes).expect("an overlay takes it");
    }
    let (bytes, wanted) = (saved(&run), run.hash());
    let path = file("disk", &bytes);
    let mut lazy = lazily(&path);
    let (mut eager, mut sector, mut expected) =
        (restored(bytes.clone(), &tour(), Tuning::default()), [0; 512], [0; 512]);
    for number in 0..80 {
        lazy.memory.disks[0].as_ref().expect("a disk").read(number, &mut sector).expect("it comes");
        eager.memory.disks[0].as_mut().expect("a disk").read(number, &mut expected).expect("it is there");
        assert_eq!(sector, expected, "sector {number}");
    }
    assert_eq!((lazily(&path).hash(), lazy.hash(), eager.hash()), (wanted, wanted, wanted));
    assert_eq!(saved(&lazily(&path)), bytes, "R2");
    // Its pages lie in the first chunk, behind the sections.
    let read_damaged = |place: usize| {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        let lazy = open(&file("disk-damaged", &damaged)).ok()?;
        let words = lazy.memory.disks[0].as_ref().expect("a disk").read(7 * 8 + 2, &mut [0; 512]).err()?;
        assert!(lazy.save().is_err(), "what is lost is not saved");
        Some(words)
    };
    let words = (2000..bytes.len()).step_by(997).find_map(read_damaged).expect("a place in the disk's pages");
    assert!(words.contains("lazy-disk-damaged.snap") && words.contains("restored lazily"), "{words}");
}
