//! Going back in time: whatever way leads to a position, the state there is the one that the first run had.

use std::cell::RefCell;
use std::rc::Rc;

use ringwalk::machine::{Host, Machine, NoHost, RunLimits, Stop, Tuning, Wake};
use ringwalk_chipset::Output;
use ringwalk_mmu::{Backing, PhysAddr};
use ringwalk_snapshots::HashTree;

use crate::guest::{Random, machine, run_to, tour};
use crate::trail::{assert_same, set_watches, watch_idly};

/// A bound that holds nothing up here.
const ROOM: usize = 256 << 20;

/// Makes a checkpoint each time the machine has run so far.
struct Marking(u64);

impl Host for Marking {
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop> {
        if machine.since_checkpoint().is_some_and(|cycles| cycles >= self.0) {
            machine.checkpoint(self.0 * 10);
        }
        None
    }

    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
    }
}

fn tuning() -> Tuning {
    Tuning { slice: 10_000, ..Tuning::default() }
}

/// The tour's machine with a history, run so far.
fn travelled(spacing: u64, end: u64, limit: usize) -> Machine {
    let mut run = machine(&tour(), tuning());
    run.keep_history(limit).expect("an overlay can go back");
    go_on(&mut run, spacing, end);
    run
}

fn go_on(run: &mut Machine, spacing: u64, end: u64) -> Stop {
    run.run(&RunLimits { position: Some(end), ..RunLimits::default() }, &mut Marking(spacing))
}

/// What an undisturbed run has at some positions, ascending.
fn truth(positions: &[u64]) -> Vec<(u64, HashTree)> {
    let mut run = machine(&tour(), tuning());
    let mut at = positions.to_vec();
    at.sort_unstable();
    let look = |position: u64| {
        run_to(&mut run, position);
        (run.position(), run.hash_tree())
    };
    at.into_iter().map(look).collect()
}

fn random_positions(seed: u64, count: usize, end: u64) -> Vec<u64> {
    let mut random = Random(seed);
    (0..count).map(|_| random.below(end)).collect()
}

/// Positions that the tour's run is looked at up to.
const END: u64 = 6_000_000;

#[test]
fn any_position_is_found_again_from_anywhere() {
    let truth = truth(&random_positions(1, 60, END));
    for (spacing, limit) in [(100_000, ROOM), (1_000_000, ROOM), (50_000, 3 << 20)] {
        let mut run = travelled(spacing, END, limit);
        let mut random = Random(spacing);
        for _ in 0..90 {
            let (position, tree) = random.one_of(&truth);
            let oldest = run.past().expect("a history").oldest;
            if *position < oldest {
                continue;
            }
            assert_eq!(run.go_to(*position, &mut NoHost), Stop::Position);
            assert_same(&mut run, *position, tree, &format!("spacing {spacing}"));
            let past = run.past().expect("a history");
            assert!(past.bytes <= limit, "{} of {limit}", past.bytes);
        }
    }
}

#[test]
fn stepping_back_goes_where_stepping_went() {
    let mut run = travelled(200_000, 3_000_000, ROOM);
    let mut random = Random(5);
    steps_back(&mut run, (0..12).map(|_| 100_000 + random.below(2_500_000)));
}

/// From the loader's first instruction to real mode again: protected mode, faults, paging, ring 3, gates.
const TOUR: std::ops::Range<u64> = 10_900_000..20_200_000;

#[test]
fn the_tours_modes_and_rings_are_found_again_and_stepped_back_through() {
    let within =
        |seed, count| random_positions(seed, count, TOUR.end - TOUR.start).into_iter().map(|at| TOUR.start + at);
    let truth = truth(&within(13, 40).collect::<Vec<_>>());
    let mut run = travelled(400_000, TOUR.end, ROOM);
    let mut random = Random(14);
    for _ in 0..60 {
        let (position, tree) = random.one_of(&truth);
        assert_eq!(run.go_to(*position, &mut NoHost), Stop::Position);
        assert_same(&mut run, *position, tree, "in the tour");
    }
    // Changes of mode and ring lie beside the events that the debugger tells of.
    let mut plain = machine(&tour(), tuning());
    run_to(&mut plain, TOUR.start);
    let mut changes = Vec::new();
    let mut before = (plain.cpu.cr0 & 1, plain.cpu.cpl);
    while plain.position() < TOUR.end && changes.len() < 12 {
        plain.step();
        let now = (plain.cpu.cr0 & 1, plain.cpu.cpl);
        if now != before {
            changes.push(plain.position() - 30);
        }
        before = now;
    }
    assert!(changes.len() >= 8, "{changes:?}");
    steps_back(&mut run, changes.into_iter());
}

/// Steps on from each start, and finds the way back step by step.
fn steps_back(run: &mut Machine, starts: impl Iterator<Item = u64>) {
    for start in starts {
        run.go_to(start, &mut NoHost);
        let mut went = vec![(run.position(), run.hash())];
        for _ in 0..60 {
            run.step();
            went.push((run.position(), run.hash()));
        }
        // From the end of each step the one before it is found, and the same state there.
        for pair in went.windows(2).rev() {
            let near = run.go_before(pair[1].0, &mut NoHost).expect("nothing stops it").expect("not the beginning");
            assert!(near < pair[1].0);
            let mut last = near;
            while run.position() < pair[1].0 {
                last = run.position();
                run.step();
            }
            assert_eq!(run.position(), pair[1].0);
            run.go_to(last, &mut NoHost);
            assert_eq!((run.position(), run.hash()), pair[0]);
        }
    }
}

/// Checkpoints of one gap go when another is stepped back through, and the machine may stand on one of them.
#[test]
fn stepping_back_in_one_gap_and_then_in_a_later_one() {
    let mut run = travelled(300_000, END, ROOM);
    let mut random = Random(17);
    for _ in 0..20 {
        let (near, far) = (200_000 + random.below(2_000_000), 3_000_000 + random.below(2_500_000));
        run.go_before(near, &mut NoHost).expect("nothing stops it");
        run.mark_way();
        let at = run.go_before(far, &mut NoHost).expect("nothing stops it").expect("not the beginning");
        for (position, wanted) in truth(&[at]) {
            assert_eq!(position, at);
            assert_same(&mut run, at, &wanted, "before a later position");
        }
    }
}

#[test]
fn what_a_way_takes_is_known_and_what_was_not_written_too() {
    let mut run = travelled(100_000, END, ROOM);
    run.go_to(END / 2, &mut NoHost);
    let checkpoints = run.checkpoints();
    assert!(run.time_to(END - 1).is_some() && run.time_to(END + 1).is_none());
    let mut untouched = 0;
    for pair in checkpoints.windows(2) {
        // Whatever differs was written.
        let bytes = |run: &mut Machine, at: u64| {
            run.go_to(at, &mut NoHost);
            (0..64_u64).map(|page| run.memory.peek(PhysAddr(page * 4096 + 0x123))).collect::<Vec<_>>()
        };
        let (before, behind) = (bytes(&mut run, pair[0]), bytes(&mut run, pair[1]));
        for page in 0..64_u64 {
            let may = run.may_have_written(PhysAddr(page * 4096 + 0x123), 1, pair[0], pair[1]);
            untouched += u64::from(!may);
            assert!(may || before[page as usize] == behind[page as usize], "page {page} in {pair:?}");
        }
    }
    assert!(untouched > 64, "most pages are not written all the time");
}

#[test]
fn a_history_changes_nothing_and_neither_do_breakpoints_on_the_way() {
    let truth = truth(&random_positions(3, 12, END));
    let mut run = machine(&tour(), tuning());
    run.keep_history(ROOM).expect("an overlay can go back");
    watch_idly(&mut run, 0x10_0FE0);
    for (position, tree) in &truth {
        go_on(&mut run, 70_000, *position);
        assert_same(&mut run, *position, tree, "forward");
    }
    set_watches(&mut run, vec![(1, ringwalk_cpu::watch::Place::Linear(0x8400))], Vec::new());
    for (position, tree) in truth.iter().rev() {
        assert_eq!(run.go_to(*position, &mut NoHost), Stop::Position);
        assert_same(&mut run, *position, tree, "backward");
    }
}

#[test]
fn what_came_in_comes_in_again() {
    let build = || {
        let mut run = machine(&tour(), tuning());
        run.keep_history(ROOM).expect("an overlay can go back");
        let mut random = Random(8);
        for round in 0..12_u8 {
            let next = run.position() + 200_000 + random.below(100_000);
            go_on(&mut run, 150_000, next);
            match round % 4 {
                0 => run.type_text("a\nB").expect("keys"),
                1 => drop(run.write_memory(PhysAddr(0x500 + u64::from(round)), &[round, 1, 2])),
                2 => run.feed(ringwalk::journal::Input::Serial(0, vec![round; 40])),
                _ if round == 7 => run.press_reset(),
                _ => run.type_text("x").expect("keys"),
            }
        }
        let next = run.position() + 1_000_000;
        go_on(&mut run, 150_000, next);
        run
    };
    let mut run = build();
    let end = run.position();
    let wanted = run.hash_tree();
    let events = |run: &Machine| {
        let mut events = Vec::new();
        run.journal.for_each(|event| events.push(event.clone())).expect("in memory");
        events
    };
    let journal = events(&run);
    let mut random = Random(9);
    for _ in 0..20 {
        let back = random.below(end);
        run.go_to(back, &mut NoHost);
        let (at, middle) = (run.position(), run.hash_tree());
        run.go_to(random.below(end), &mut NoHost);
        run.go_to(back, &mut NoHost);
        assert_same(&mut run, at, &middle, "there and back");
        run.go_to(end, &mut NoHost);
        assert_same(&mut run, end, &wanted, "the end again");
    }
    assert_eq!(events(&run), journal, "the journal tells it once");
    let checkpoints = run.checkpoints();
    for pair in checkpoints.windows(2) {
        assert_eq!(run.verify(pair[0], pair[1], &mut NoHost), Ok(Vec::new()), "{pair:?}");
    }
}

#[test]
fn a_changed_past_opens_a_branch_and_loses_none() {
    let mut run = travelled(100_000, 2_000_000, ROOM);
    let main = run.hash_tree();
    run.go_to(1_000_000, &mut NoHost);
    let before = run.hash_tree();
    assert!(run.is_in_past());
    run.write_memory(PhysAddr(0x7_0000), b"changed");
    assert!(!run.is_in_past(), "nothing is known of what comes now");
    go_on(&mut run, 100_000, 2_500_000);
    let other = run.hash_tree();
    assert_ne!(other, main);
    let names = |run: &Machine| run.branches().into_iter().map(|branch| (branch.name, branch.end)).collect::<Vec<_>>();
    assert_eq!(names(&run), [("main".to_owned(), 2_000_000), ("branch-1".to_owned(), 2_500_000)]);
    run.name_branch("changed").expect("the name is free");
    assert_eq!(run.go_to_branch("main", &mut Marking(100_000)), Ok(Stop::Position));
    assert_same(&mut run, 2_000_000, &main, "the first branch again");
    run.go_to(1_000_000, &mut NoHost);
    assert_same(&mut run, 1_000_000, &before, "before the change");
    assert_eq!(run.go_to_branch("changed", &mut Marking(100_000)), Ok(Stop::Position));
    assert_same(&mut run, 2_500_000, &other, "the other branch again");
    // A change at the very place of another one, twice.
    run.go_to(1_500_000, &mut NoHost);
    run.write_memory(PhysAddr(0x7_0000), b"a");
    run.write_memory(PhysAddr(0x7_1000), b"b");
    let twice = run.hash_tree();
    go_on(&mut run, 100_000, 1_800_000);
    let later = run.hash_tree();
    run.go_to(1_500_000, &mut NoHost);
    run.write_memory(PhysAddr(0x7_0000), b"a");
    run.write_memory(PhysAddr(0x7_1000), b"b");
    assert_same(&mut run, 1_500_000, &twice, "the same change again");
    assert_eq!(run.go_to_branch("branch-2", &mut NoHost), Ok(Stop::Position));
    assert_same(&mut run, 1_800_000, &later, "the branch that it was");
    assert!(run.go_to_branch("nowhere", &mut NoHost).is_err());
}

#[test]
fn what_was_sent_is_counted_once() {
    let mut run = machine(&tour(), tuning());
    run.keep_history(ROOM).expect("an overlay can go back");
    let serial = Some("The ringwalk tour".to_owned());
    assert_eq!(run.run(&RunLimits { serial, ..RunLimits::default() }, &mut Marking(1_000_000)), Stop::Serial);
    let (middle, half) = (run.position(), run.sent().com1);
    let end = middle + 500_000;
    go_on(&mut run, 100_000, end);
    let com1 = |run: &mut Machine| {
        let sent = run.take_output().into_iter();
        sent.filter(|output| matches!(output, Output::Serial(0, _))).count() as u64
    };
    assert_eq!(com1(&mut run), run.sent().com1);
    let all = run.sent();
    assert!(half > 0 && half < all.com1);
    let there = run.hash_tree();
    run.go_to(middle, &mut NoHost);
    assert_eq!(run.sent().com1, half);
    run.take_output();
    run.run(&RunLimits { position: Some(end), ..RunLimits::default() }, &mut NoHost);
    assert_eq!((run.sent(), com1(&mut run)), (all, all.com1 - half));
    assert_same(&mut run, end, &there, "through protected mode again");
}

/// A file in memory, which its owner can cut short.
#[derive(Clone, Default)]
struct InMemory(Rc<RefCell<Vec<u8>>>);

impl Backing for InMemory {
    fn len(&self) -> u64 {
        self.0.borrow().len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        let bytes = self.0.borrow();
        let bytes = bytes.get(offset as usize..).and_then(|rest| rest.get(..buf.len()));
        buf.copy_from_slice(bytes.ok_or("the file ends before")?);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
        let mut all = self.0.borrow_mut();
        let len = all.len().max(offset as usize + bytes.len());
        all.resize(len, 0);
        all[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// A machine with little memory for its history, and a file for the rest.
fn travelled_with_a_file(file: &InMemory) -> Machine {
    let mut run = machine(&tour(), tuning());
    run.keep_history(1 << 20).expect("an overlay can go back");
    run.file_history(Box::new(file.clone()));
    go_on(&mut run, 50_000, END);
    run
}

#[test]
fn with_a_file_nothing_is_thinned_and_any_position_is_found_again() {
    let file = InMemory::default();
    let mut run = travelled_with_a_file(&file);
    let past = run.past().expect("a history");
    assert_eq!(past.oldest, 0);
    assert!(past.checkpoints as u64 >= END / 60_000, "{past:?}");
    assert!(past.filed.is_some_and(|bytes| bytes > 1 << 19), "{past:?}");
    let without = travelled(50_000, END, 1 << 20).past().expect("a history");
    assert!(without.checkpoints < past.checkpoints, "memory alone would have thinned it: {without:?}");
    let truth = truth(&random_positions(11, 40, END));
    let mut random = Random(12);
    for _ in 0..60 {
        let (position, tree) = random.one_of(&truth);
        assert_eq!(run.go_to(*position, &mut NoHost), Stop::Position);
        assert_same(&mut run, *position, tree, "by the file");
        assert!(run.time_to(END / 3).is_some(), "how long it takes is known there, too");
    }
    let checkpoints = run.checkpoints();
    for pair in checkpoints.windows(2).step_by(7) {
        assert_eq!(run.verify(pair[0], pair[1], &mut NoHost), Ok(Vec::new()), "{pair:?}");
    }
}

#[test]
fn a_history_file_that_is_gone_leaves_no_wrong_state() {
    let file = InMemory::default();
    let mut run = travelled_with_a_file(&file);
    file.0.borrow_mut().truncate(100_000);
    let lost = |stop: Stop| matches!(stop, Stop::Host(words) if words.contains("the past cannot be read back"));
    assert!(lost(run.go_to(1_000_000, &mut NoHost)));
    assert!(lost(run.go_to(END, &mut NoHost)), "it does not go on");
    assert!(run.save().is_err());
}

/// What video memory and a disk's overlay held before counts like main memory, before a checkpoint takes it in and after.
#[test]
fn video_memory_and_overlays_are_counted() {
    let mut run = travelled(100_000, 2_000_000, ROOM);
    let spacing = 100_000;
    let before = run.past().expect("a history").bytes;
    let vram = run.memory.vram;
    for frame in vram.iter().take(3) {
        run.memory.frames.store(frame, 0, &[0x5A]);
        run.memory.frames.store(frame, 1, &[0xA5]);
    }
    let disk = run.memory.disks[0].as_mut().expect("a disk");
    (0..5).for_each(|page| disk.write(page * 8, &[page as u8; 512]).expect("an overlay takes it"));
    assert_eq!((run.past().expect("a history").bytes - before, run.pages_waiting()), (8 * 4096, 8));
    // Written once more, what they held by then is the ring's.
    go_on(&mut run, spacing, 2_500_000);
    for frame in vram.iter().take(3) {
        run.memory.frames.store(frame, 0, &[0]);
    }
    go_on(&mut run, spacing, 2_600_000);
    assert!(run.past().expect("a history").bytes >= before + 3 * 4096);
}

#[test]
fn memory_stays_bounded_and_the_present_is_always_there() {
    let mut run = travelled(20_000, END, 1 << 20);
    let past = run.past().expect("a history");
    assert!(past.bytes <= 1 << 20, "{}", past.bytes);
    assert_eq!(past.newest, END);
    let before = past.oldest.checked_sub(1);
    if let Some(before) = before {
        assert!(matches!(run.go_to(before, &mut NoHost), Stop::Host(words) if words.contains("--history")));
    }
}
