//! Time travel: checkpoints, going back to one and running on from there, and what happens when the past is changed.
//!
//! Of bulk memory a checkpoint keeps only what is written later: the first write to a page keeps what it held.

use std::collections::BTreeSet;

use ringwalk_chipset::Board;
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{Backing, Disk, Frame, PhysAddr};
use ringwalk_snapshots::codec;

use super::media::{disks, drives_mut};
use super::{Error, Feed, Host, Machine, RunLimits, Sent, Stop};
use serde::{Deserialize, Serialize};

use crate::history::{Branches, Checkpoint, Content, Held, HistoryFile, Page, Ring};

/// All state but bulk memory, and where what lies beside the state stood.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Small {
    cpu: CpuState,
    board: Board,
    feed: Feed,
    /// Events of the journal behind it.
    noted: u64,
    sent: Sent,
}

/// The past of a machine. Beside the state.
pub(super) struct History {
    pub(super) ring: Ring<Small>,
    /// The checkpoint that pages were kept from on: what was written since is in the memory's care.
    base: u64,
    pub(super) branches: Branches,
}

impl History {
    /// Checkpoints that served stepping back go. Pages are then taken to be kept from the one before theirs on, which is
    /// more than need be put back.
    fn drop_fine(&mut self) {
        self.ring.drop_fine();
        if self.ring.get(self.base).is_none()
            && let Some((before, _)) = self.ring.before(self.base)
        {
            self.base = before;
        }
    }
}

/// The past as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The first position that can be gone back to.
    pub oldest: u64,
    /// The last position of the present branch.
    pub newest: u64,
    /// Checkpoints.
    pub checkpoints: usize,
    /// Memory that it takes, about.
    pub bytes: usize,
    /// The bound on that.
    pub limit: usize,
    /// Bytes of the history's file, if there is one.
    pub filed: Option<u64>,
}

/// Cycles between two looks for a boundary that is not inside of HLT.
const FINE: u64 = 4096;
/// Pages between the display adapter's window and 1 MiB, which the chipset can give to others than main memory.
const LEGACY: std::ops::Range<u64> = 0xA0..0x100;
/// The page of 3 GiB, where the hole for PCI begins.
const HOLE: u64 = 0xC_0000;
/// Pages of one question that are looked up.
const MOST_PAGES_LOOKED_UP: u64 = 16;
/// Parts that a gap between checkpoints is looked at in.
const PARTS: u64 = 64;
/// Of the parts every so many get a checkpoint.
const PARTS_MARKED: u64 = 8;

impl Machine {
    /// Keeps the past from now on, in so many bytes at most.
    pub fn keep_history(&mut self, limit: usize) -> Result<(), Error> {
        if let Some(name) = self.written_through {
            return Err(Error::Media(format!(
                "a machine whose disks are written through cannot go back ({name}): run it without --write, or with \
                 --history 0"
            )));
        }
        self.set_keeping(true);
        let state_bytes = size_of::<Checkpoint<Small>>()
            + codec::encode(&self.cpu).map_or(0, |bytes| bytes.len())
            + codec::encode(&self.board).map_or(0, |bytes| bytes.len());
        let position = self.cpu.position;
        let branches = Branches::new(position);
        self.history = Some(Box::new(History { ring: Ring::new(limit, state_bytes), base: position, branches }));
        self.mark(0, false);
        Ok(())
    }

    /// Lets the history move to a file what it would thin, from now on.
    pub fn file_history(&mut self, file: Box<dyn Backing>) {
        if let Some(history) = &mut self.history {
            history.ring.versions.file = Some(HistoryFile::new(file));
        }
    }

    /// Takes the file away from a machine that will not go back any more.
    pub fn take_history_file(&mut self) -> Option<Box<dyn Backing>> {
        Some(self.history.take()?.ring.versions.file?.into_backing())
    }

    fn set_keeping(&mut self, keeps: bool) {
        self.memory.frames.keep_before(keeps);
        for disk in drives_mut(&mut self.memory).into_iter().flatten() {
            disk.keep_before(keeps);
        }
        self.engine.flush_host_tlb();
    }

    /// The past; `None` if none is kept.
    pub fn past(&self) -> Option<Past> {
        let history = self.history.as_ref()?;
        let ring = &history.ring;
        let waiting = self.pages_waiting() * ringwalk_mmu::PAGE_BYTES as usize;
        Some(Past {
            oldest: ring.oldest()?,
            newest: history.branches.present().end.max(self.cpu.position),
            checkpoints: ring.len(),
            bytes: ring.bytes() + waiting + history.branches.present().arrivals.bytes(),
            limit: ring.limit(),
            filed: ring.versions.file.as_ref().map(HistoryFile::bytes),
        })
    }

    /// True while what comes next has been already: what comes in now would change it.
    pub fn is_in_past(&self) -> bool {
        self.history.as_ref().is_some_and(|history| {
            let branch = history.branches.present();
            self.cpu.position < branch.end || branch.arrivals.next_position().is_some()
        })
    }

    /// Cycles that were run since the last checkpoint, if the machine is ahead of all.
    pub fn since_checkpoint(&self) -> Option<u64> {
        self.history.as_ref().and_then(|history| self.cpu.position.checked_sub(history.ring.newest()?))
    }

    /// The bound on the history's memory; 0 if none is kept.
    pub fn history_limit(&self) -> usize {
        self.history.as_ref().map_or(0, |history| history.ring.limit())
    }

    /// Pages that wait to be kept for the last checkpoint.
    pub fn pages_waiting(&self) -> usize {
        let overlays = disks(&self.memory).into_iter().flatten().map(Disk::kept_before);
        self.memory.frames.kept_before() + overlays.sum::<usize>()
    }

    /// Makes a checkpoint here, if the machine is ahead of all. `cost_ns`: what the way from the last one took.
    pub fn checkpoint(&mut self, cost_ns: u64) {
        if self.since_checkpoint().is_some_and(|cycles| cycles > 0) {
            if let Some(history) = &mut self.history {
                history.drop_fine();
            }
            self.mark(cost_ns, false);
        }
    }

    /// Makes a checkpoint on a way through the past, for steps back from where it leads. It goes with its gap, and where
    /// memory is short.
    pub fn mark_way(&mut self) {
        self.keep_fine_of_gap(self.cpu.position);
        self.mark(0, true);
        if let Some(history) = &mut self.history
            && history.ring.bytes() > history.ring.limit()
        {
            history.drop_fine();
        }
    }

    /// What going to a position takes, in nanoseconds of the host; `None` if nobody has been there or knows a way.
    pub fn time_to(&self, position: u64) -> Option<u64> {
        let ring = &self.history.as_ref()?.ring;
        let (at, _) = ring.at_or_before(position)?;
        let here = self.cpu.position;
        let from = if here <= position && here >= at { here } else { at };
        let coarse = |at: &u64| ring.get(*at).is_some_and(|found| !found.fine);
        let next = ring.positions().filter(coarse).find(|next| *next > position);
        let start = ring.positions().rev().filter(coarse).find(|at| *at <= position);
        let (Some(next), Some(start)) = (next, start) else { return (position <= self.past()?.newest).then_some(0) };
        let cost = ring.get(next)?.cost_ns;
        u64::try_from(u128::from(cost) * u128::from(position - from) / u128::from((next - start).max(1))).ok()
    }

    /// False if no page of this span of physical memory was written between two checkpoints. True is no promise.
    pub fn may_have_written(&self, first: PhysAddr, bytes: u64, from: u64, to: u64) -> bool {
        let Some(history) = &self.history else { return true };
        let ring = &history.ring;
        if ring.get(from).is_none() || ring.get(to).is_none() {
            return true;
        }
        let (first, last) = (first.page(), PhysAddr(first.0.saturating_add(bytes.max(1) - 1)).page());
        if last - first >= MOST_PAGES_LOOKED_UP {
            return true;
        }
        // Elsewhere what answers may have changed on the way.
        let plain = |page: u64| page < LEGACY.start || (LEGACY.end..HOLE).contains(&page);
        let frame = |page: u64| Some(Page::Frame(self.memory.ram.frame(page).filter(|_| plain(page))?.0));
        let Some(wanted) = (first..=last).map(frame).collect::<Option<BTreeSet<Page>>>() else { return true };
        ring.versions.changed(from, to).any(|page| wanted.contains(&page))
    }

    /// The checkpoint before a position.
    pub fn checkpoint_before(&self, position: u64) -> Option<u64> {
        self.history.as_ref()?.ring.before(position).map(|(at, _)| at)
    }

    /// All checkpoints' positions, ascending.
    pub fn checkpoints(&self) -> Vec<u64> {
        self.history.as_ref().map(|history| history.ring.positions().collect()).unwrap_or_default()
    }

    /// Makes a checkpoint of this moment unless there is one.
    pub(super) fn mark(&mut self, cost_ns: u64, fine: bool) {
        let Some(mut history) = self.history.take() else { return };
        let position = self.cpu.position;
        if history.ring.get(position).is_none() {
            let written = self.keep_written(&mut history.ring);
            let ring = &mut history.ring;
            if ring.after(position).is_some()
                && let Some((before, _)) = ring.before(position)
            {
                let now = |page| written.contains(&page).then(|| self.page_now(page));
                ring.versions.insert_behind(before, position, now);
            }
            let state = self.small();
            let (retired, passed) = (self.cpu.retired, history.branches.present().arrivals.passed());
            ring.insert(position, Checkpoint { state: Held::Memory(state), retired, passed, cost_ns, fine });
            history.base = position;
            if !fine {
                ring.thin();
            }
            if let Some(full) = ring.versions.file.as_mut().and_then(HistoryFile::full_now) {
                let line = format!("{full}; from here on old checkpoints are thinned out");
                self.engine.hot.notes.add(line);
            }
        }
        self.history = Some(history);
    }

    fn small(&self) -> Small {
        Small {
            cpu: self.cpu.clone(),
            board: self.board.clone(),
            feed: self.feed.clone(),
            noted: self.journal.noted(),
            sent: self.outlet.sent,
        }
    }

    /// Takes what written pages held into the ring, where that is not known; answers which were written.
    fn keep_written(&mut self, ring: &mut Ring<Small>) -> BTreeSet<Page> {
        let mut written: Vec<(Page, Content)> = Vec::new();
        for (frame, content) in self.memory.frames.take_before() {
            written.push((Page::Frame(frame.0), content));
        }
        for (drive, disk) in (0..).zip(drives_mut(&mut self.memory)) {
            let Some(disk) = disk else { continue };
            written.extend(disk.take_before().into_iter().map(|(page, content)| (Page::Overlay(drive, page), content)));
        }
        // The first write to a page must be seen again.
        self.engine.hot.host_tlb.flush_writes();
        let newest = ring.newest();
        let keep = |(page, content)| {
            if let Some(newest) = newest
                && !ring.versions.knows(page, newest)
            {
                ring.versions.add(page, newest, content);
            }
            page
        };
        written.into_iter().map(keep).collect()
    }

    fn page_now(&self, page: Page) -> Content {
        match page {
            Page::Frame(number) => {
                let frame = Frame(number);
                self.memory.frames.is_touched(frame).then(|| Box::new(*self.memory.frames.page(frame)))
            }
            Page::Overlay(drive, number) => {
                let disk = disks(&self.memory).into_iter().nth(usize::from(drive)).flatten();
                // A page that the host lost is told of when the guest reads it.
                disk.and_then(|disk| disk.present(number).ok().flatten())
            }
        }
    }

    fn put_page(&mut self, page: Page, content: &Content) {
        match page {
            Page::Frame(number) => self.memory.frames.replace(Frame(number), content.as_deref()),
            Page::Overlay(drive, number) => {
                let disk = drives_mut(&mut self.memory).into_iter().nth(usize::from(drive));
                let done = disk.and_then(Option::as_mut).map(|disk| disk.replace(number, content.as_deref()));
                if let Some(Err(trouble)) = done {
                    self.memory.host_trouble.get_or_insert(trouble);
                }
            }
        }
    }

    /// Becomes what it was at a checkpoint.
    pub(super) fn become_checkpoint(&mut self, at: u64) {
        let Some(mut history) = self.history.take() else { return };
        let mut pages = self.keep_written(&mut history.ring);
        let (low, high) = (at.min(history.base), at.max(history.base));
        pages.extend(history.ring.versions.changed(low, high));
        let newest = history.ring.newest().unwrap_or(at);
        let mut lost = None;
        for page in pages {
            let versions = &mut history.ring.versions;
            if !versions.knows(page, at) {
                continue;
            }
            if !versions.knows(page, newest) {
                versions.add(page, newest, self.page_now(page));
            }
            match versions.at(page, at) {
                Ok(Some(content)) => self.put_page(page, &content),
                Ok(None) => {}
                // Half of one moment and half of another is none: it cannot go on.
                Err(trouble) => lost = Some(trouble),
            }
        }
        let passed = history.ring.get(at).map_or(0, |found| found.passed);
        let state = history.ring.state(at).unwrap_or_else(|trouble| {
            lost = Some(trouble);
            None
        });
        if let Some(lost) = lost {
            self.memory.frames.lose(format!("the past cannot be read back: {lost}"));
        }
        if let Some(Small { cpu, board, feed, noted, sent }) = state {
            (self.cpu, self.board, self.feed) = (cpu, board, feed);
            if matches!(history.ring.get(at), Some(Checkpoint { state: Held::Filed(_), .. })) {
                self.board.wire();
            }
            history.branches.present_mut().arrivals.go_to(passed);
            self.journal.go_to(noted);
            self.outlet.go_back(sent);
            history.base = at;
        }
        self.history = Some(history);
        if let Some(events) = &mut self.engine.hot.events {
            events.forget_hit();
        }
        self.screen_watch.forget_hit();
        if self.engine.verifies() {
            // Who follows has memory of its own.
            self.engine.forget(&mut self.memory);
        }
        self.board.take_routes_changed();
        self.reroute_now();
    }

    /// Before the machine leaves the present: that can be come back to.
    pub(super) fn leave_present(&mut self) {
        let Some(history) = &mut self.history else { return };
        let position = self.cpu.position;
        let branch = history.branches.present_mut();
        branch.end = branch.end.max(position);
        let newest = history.ring.newest().unwrap_or_default();
        if position > newest {
            // The way here took about what the same number of cycles took before.
            let oldest = history.ring.oldest().unwrap_or_default();
            let cost: u64 = history.ring.positions().filter_map(|at| Some(history.ring.get(at)?.cost_ns)).sum();
            let cost = u128::from(cost) * u128::from(position - newest) / u128::from((newest - oldest).max(1));
            self.mark(u64::try_from(cost).unwrap_or_default(), false);
        }
    }

    /// Goes to the first boundary at or after a position, in the past or ahead. Stops of the debugger are passed by;
    /// anything else than [`Stop::Position`] says why it is not reached.
    pub fn go_to(&mut self, position: u64, host: &mut dyn Host) -> Stop {
        self.leave_present();
        let here = self.cpu.position;
        let nearest = self.history.as_ref().and_then(|history| Some(history.ring.at_or_before(position)?.0));
        match nearest {
            Some(at) if here > position || here < at => self.become_checkpoint(at),
            None if here > position => return Stop::Host(self.no_way_back()),
            _ => {}
        }
        self.replay(position, host)
    }

    /// Goes to where so many instructions have retired, in the past.
    pub fn go_to_retired(&mut self, retired: u64, host: &mut dyn Host) -> Stop {
        self.leave_present();
        let ring = self.history.as_ref().map(|history| &history.ring);
        let before = |at: &u64| ring.and_then(|ring| ring.get(*at)).is_some_and(|found| found.retired <= retired);
        let at = ring.and_then(|ring| ring.positions().rev().find(before));
        let Some(at) = at else { return Stop::Host(self.no_way_back()) };
        self.become_checkpoint(at);
        let limits = RunLimits { retired: Some(retired), ..RunLimits::default() };
        let mut last = None;
        loop {
            let stop = self.run(&limits, host);
            let passed_by = matches!(
                stop,
                Stop::Breakpoint(_) | Stop::Watch(_) | Stop::Event(_) | Stop::Shown(_) | Stop::PowerOff | Stop::Exit(_)
            );
            if !passed_by || last == Some(self.cpu.position) {
                return stop;
            }
            last = Some(self.cpu.position);
        }
    }

    /// Runs from one checkpoint to the next again; answers the parts of the state that are not as they were.
    pub fn verify(&mut self, from: u64, to: u64, host: &mut dyn Host) -> Result<Vec<String>, String> {
        self.leave_present();
        let known = |at| self.history.as_ref().is_some_and(|history| history.ring.get(at).is_some());
        if !known(from) || !known(to) {
            return Err(format!("there are no checkpoints at {from} and {to}"));
        }
        self.become_checkpoint(to);
        let wanted = self.hash_tree();
        self.become_checkpoint(from);
        match self.replay(to, host) {
            Stop::Position if self.cpu.position == to => {}
            Stop::Position => return Ok(vec![format!("the position, {} instead of {to}", self.cpu.position)]),
            Stop::Host(trouble) => return Err(trouble),
            stop => return Err(format!("the run from {from} ended at {}: {stop:?}", self.cpu.position)),
        }
        // The arrivals at the very position are part of the checkpoint, if they came before it.
        let passed = self.history.as_ref().and_then(|history| Some(history.ring.get(to)?.passed));
        while passed.is_some_and(|passed| self.passed() < passed) && self.take_arrival() {}
        let found = self.hash_tree();
        Ok(found.parts().zip(wanted.parts()).filter(|(a, b)| a != b).map(|(part, _)| part.0.to_string()).collect())
    }

    pub(super) fn no_way_back(&self) -> String {
        match self.past() {
            Some(past) => {
                format!("the history begins at {}: give it more memory with --history, or start again", past.oldest)
            }
            None => "no history is kept: start with --history SIZE".to_owned(),
        }
    }

    /// Runs to a position, whatever stops it on the way.
    pub(super) fn replay(&mut self, position: u64, host: &mut dyn Host) -> Stop {
        let limits = RunLimits { position: Some(position), ..RunLimits::default() };
        let mut stuck = false;
        loop {
            let before = (self.cpu.position, self.passed());
            let stop = self.run(&limits, host);
            match stop {
                Stop::Position
                | Stop::Interrupted
                | Stop::TimedOut
                | Stop::Left
                | Stop::Host(_)
                | Stop::Diverged(_) => {
                    return stop;
                }
                _ if self.cpu.position >= position => return Stop::Position,
                _ if stuck && before == (self.cpu.position, self.passed()) => return stop,
                _ => stuck = before == (self.cpu.position, self.passed()),
            }
        }
    }

    pub(super) fn passed(&self) -> usize {
        self.history.as_ref().map_or(0, |history| history.branches.present().arrivals.passed())
    }

    /// Goes to a boundary not far before a position from which single steps lead there as they did: not into the middle
    /// of an idle span. Answers where it stands; `None` at the beginning of the history.
    pub fn go_before(&mut self, position: u64, host: &mut dyn Host) -> Result<Option<u64>, Stop> {
        self.leave_present();
        self.keep_fine_of_gap(position);
        let Some(first) = self.checkpoint_before(position) else {
            let why = self.no_way_back();
            return if self.history.is_some() { Ok(None) } else { Err(Stop::Host(why)) };
        };
        let mut from = first;
        loop {
            let part = ((position - from) / PARTS).max(FINE);
            if let Some(near) = self.last_awake(from, position, part, host)? {
                let best =
                    if part > FINE { self.last_awake(near, position, FINE, host)?.unwrap_or(near) } else { near };
                self.reach(best, host)?;
                self.mark(0, true);
                return Ok(Some(best));
            }
            match self.checkpoint_before(from) {
                Some(earlier) => from = earlier,
                // Halted since the beginning.
                None => {
                    self.reach(from, host)?;
                    return Ok(Some(from));
                }
            }
        }
    }

    /// The last place on the way where the processor does not stand in HLT or MWAIT, looked for once in `part` cycles.
    fn last_awake(&mut self, from: u64, to: u64, part: u64, host: &mut dyn Host) -> Result<Option<u64>, Stop> {
        self.reach(from, host)?;
        let mut found = None;
        for number in 1.. {
            if !self.cpu.activity.is_idle() {
                found = Some(self.cpu.position);
                if number % PARTS_MARKED == 0 {
                    self.mark(0, true);
                }
            }
            let next = self.cpu.position.saturating_add(part);
            if next >= to {
                break;
            }
            let before = self.cpu.position;
            match self.replay(next, host) {
                Stop::Position => {}
                stop @ (Stop::Interrupted | Stop::TimedOut | Stop::Left | Stop::Host(_)) => return Err(stop),
                _ if self.cpu.position > before => {}
                _ => break,
            }
            if self.cpu.position >= to {
                break;
            }
        }
        Ok(found)
    }

    fn reach(&mut self, position: u64, host: &mut dyn Host) -> Result<(), Stop> {
        match self.go_to(position, host) {
            Stop::Position => Ok(()),
            stop => Err(stop),
        }
    }

    /// Checkpoints that served stepping back through another gap go.
    fn keep_fine_of_gap(&mut self, position: u64) {
        let Some(history) = &mut self.history else { return };
        let ring = &mut history.ring;
        let coarse = ring.positions().rev().filter(|at| ring.get(*at).is_some_and(|found| !found.fine));
        let mut start = 0;
        let mut end = u64::MAX;
        for at in coarse {
            if at < position {
                start = at;
                break;
            }
            end = at;
        }
        let stray =
            ring.positions().any(|at| ring.get(at).is_some_and(|found| found.fine) && !(start..=end).contains(&at));
        if stray {
            history.drop_fine();
        }
    }
}
