//! The checkpoints of a run: near ones close together, old ones far apart, all within a bound of memory.

use std::collections::BTreeMap;

use ringwalk_snapshots::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::versions::Versions;

/// Checkpoints closer than this to the next are thinned out once they are old, in nanoseconds of running.
pub(crate) const NEAR_NS: u64 = 20_000_000;
/// Farthest apart that thinning leaves them while memory has room.
pub(crate) const FAR_NS: u64 = 500_000_000;
/// A gap may be this part of its distance to the present.
const GAP_OF_AGE: u64 = 8;

/// Where a state is.
pub(crate) enum Held<S> {
    /// In memory.
    Memory(S),
    /// In these places of the file.
    Filed(Vec<u64>),
}

/// A moment that can be gone back to: all state but bulk memory.
pub(crate) struct Checkpoint<S> {
    /// The state.
    pub(crate) state: Held<S>,
    /// Instructions retired there.
    pub(crate) retired: u64,
    /// Arrivals behind it.
    pub(crate) passed: usize,
    /// What the way here from the one before took, in nanoseconds of the host.
    pub(crate) cost_ns: u64,
    /// It serves stepping back through one gap, and goes when that is left.
    pub(crate) fine: bool,
}

/// All checkpoints, by position.
pub(crate) struct Ring<S> {
    all: BTreeMap<u64, Checkpoint<S>>,
    /// What pages held.
    pub(crate) versions: Versions,
    /// Bytes that the state of one checkpoint takes.
    state_bytes: usize,
    /// States that lie in the file.
    filed: usize,
    limit: usize,
}

/// Bytes that a checkpoint takes whose state lies in the file, about.
const FILED_BYTES: usize = 512;
/// Where memory is short, so much of it is moved to the file at once.
const MOVED: usize = 4;

impl<S: Serialize + DeserializeOwned + Clone> Ring<S> {
    /// An empty ring that takes so many bytes at most.
    pub(crate) fn new(limit: usize, state_bytes: usize) -> Ring<S> {
        Ring { all: BTreeMap::new(), versions: Versions::default(), state_bytes, filed: 0, limit }
    }

    /// Memory that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let in_memory = self.all.len() - self.filed;
        self.versions.bytes() + in_memory * self.state_bytes + self.filed * FILED_BYTES
    }

    /// The bound.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Checkpoints.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Their positions, ascending.
    pub(crate) fn positions(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.all.keys().copied()
    }

    /// The first position that can be gone back to.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.positions().next()
    }

    /// The last.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.positions().next_back()
    }

    /// The last at or before a position.
    pub(crate) fn at_or_before(&self, position: u64) -> Option<(u64, &Checkpoint<S>)> {
        self.all.range(..=position).next_back().map(|(at, checkpoint)| (*at, checkpoint))
    }

    /// The last before a position.
    pub(crate) fn before(&self, position: u64) -> Option<(u64, &Checkpoint<S>)> {
        self.all.range(..position).next_back().map(|(at, checkpoint)| (*at, checkpoint))
    }

    /// The first behind a position.
    pub(crate) fn after(&self, position: u64) -> Option<(u64, &Checkpoint<S>)> {
        self.all.range(position + 1..).next().map(|(at, checkpoint)| (*at, checkpoint))
    }

    /// The one at a position.
    pub(crate) fn get(&self, position: u64) -> Option<&Checkpoint<S>> {
        self.all.get(&position)
    }

    /// The state of the one at a position, as it was; `None` if there is none. The error is a sentence about the file.
    pub(crate) fn state(&self, position: u64) -> Result<Option<S>, String> {
        match self.all.get(&position).map(|checkpoint| &checkpoint.state) {
            None => Ok(None),
            Some(Held::Memory(state)) => Ok(Some(state.clone())),
            Some(Held::Filed(places)) => {
                let file = self.versions.file.as_ref().ok_or("the history's file is gone")?;
                let bytes = file.get_bytes(places)?;
                let len = bytes.first_chunk().map_or(0, |len| u64::from_le_bytes(*len) as usize);
                let bytes = bytes.get(8..).and_then(|rest| rest.get(..len)).ok_or("the history's file is damaged")?;
                let state = codec::decode(bytes).map_err(|error| format!("the history's file is damaged: {error}"))?;
                Ok(Some(state))
            }
        }
    }

    /// Moves what is oldest to the file, if there is one and memory is short. The newest state stays.
    fn move_to_file(&mut self) {
        if self.bytes() <= self.limit || !self.versions.file.as_ref().is_some_and(|file| file.has_room()) {
            return;
        }
        let goal = self.limit - self.limit / MOVED;
        let newest = self.newest();
        for (at, checkpoint) in &mut self.all {
            let Held::Memory(state) = &checkpoint.state else { continue };
            if checkpoint.fine || Some(*at) == newest {
                continue;
            }
            let Some(file) = &mut self.versions.file else { return };
            let Ok(encoded) = codec::encode(state) else { continue };
            let bytes = [&(encoded.len() as u64).to_le_bytes()[..], &encoded].concat();
            let Some(places) = file.put_bytes(&bytes) else { return };
            checkpoint.state = Held::Filed(places);
            self.filed += 1;
        }
        let states = self.bytes() - self.versions.bytes();
        self.versions.move_to_file(goal.saturating_sub(states));
    }

    fn let_go(&mut self, gone: &Checkpoint<S>) {
        let Held::Filed(places) = &gone.state else { return };
        self.filed -= 1;
        if let Some(file) = &mut self.versions.file {
            places.iter().for_each(|place| file.free(*place));
        }
    }

    /// Adds one. What pages held is the caller's to note.
    pub(crate) fn insert(&mut self, position: u64, checkpoint: Checkpoint<S>) {
        self.all.insert(position, checkpoint);
    }

    /// Removes one, with what only it needed.
    pub(crate) fn remove(&mut self, position: u64) {
        let Some(gone) = self.all.remove(&position) else { return };
        self.let_go(&gone);
        if let Some((_, next)) = self.all.range_mut(position..).find(|(_, next)| !next.fine) {
            next.cost_ns += gone.cost_ns;
        }
        let before = self.before(position).map(|(at, _)| at);
        self.versions.forget(position, before);
    }

    /// Removes all behind a position, at which the machine stands and a checkpoint is.
    pub(crate) fn cut(&mut self, position: u64) {
        for gone in self.all.split_off(&(position + 1)).into_values() {
            self.let_go(&gone);
        }
        self.versions.cut(position);
    }

    /// Removes those that served stepping back.
    pub(crate) fn drop_fine(&mut self) {
        let fine: Vec<u64> = self.all.iter().filter(|(_, found)| found.fine).map(|(at, _)| *at).collect();
        fine.into_iter().for_each(|at| self.remove(at));
    }

    /// Thins the old ones, and more where memory is short; at last the past begins later. The newest stays. With a file
    /// that takes them none is thinned.
    pub(crate) fn thin(&mut self) {
        self.move_to_file();
        let kept = self.versions.file.as_ref().is_some_and(|file| file.has_room());
        loop {
            let short = self.bytes() > self.limit;
            if kept && !short {
                return;
            }
            match self.closest() {
                Some((at, crowded)) if crowded && !kept || short => self.remove(at),
                _ if short && self.all.len() > 1 => {
                    let oldest = self.oldest().unwrap_or_default();
                    self.remove(oldest);
                    if let Some(mut first) = self.all.first_entry() {
                        first.get_mut().cost_ns = 0;
                    }
                }
                _ => return,
            }
        }
    }

    /// The one whose neighbours would be closest together for their age without it, and whether that is close enough.
    fn closest(&self) -> Option<(u64, bool)> {
        let mut age = 0_u64;
        let mut next_cost: Option<u64> = None;
        let mut best: Option<(u64, u64, bool)> = None;
        for (at, checkpoint) in self.all.iter().rev().filter(|(_, found)| !found.fine) {
            if let Some(cost) = next_cost
                && Some(*at) != self.oldest()
            {
                age += cost;
                let gap = checkpoint.cost_ns + cost;
                let allowed = (age / GAP_OF_AGE).clamp(NEAR_NS, FAR_NS);
                let crowding = gap.saturating_mul(1000) / allowed;
                if best.is_none_or(|(_, least, _)| crowding < least) {
                    best = Some((*at, crowding, gap <= allowed));
                }
            }
            next_cost = Some(checkpoint.cost_ns);
        }
        best.map(|(at, _, crowded)| (at, crowded))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::file::HistoryFile;
    use super::super::file::tests::Small;
    use super::super::versions::Page;
    use super::*;

    fn checkpoint(number: u64) -> Checkpoint<u64> {
        Checkpoint { state: Held::Memory(number), retired: 0, passed: 0, cost_ns: NEAR_NS, fine: false }
    }

    /// With a file nothing is lost: states and pages of all checkpoints are there, and memory is bounded.
    #[test]
    fn a_file_keeps_what_memory_has_no_room_for() {
        let mut ring = Ring::new(1 << 20, 1000);
        ring.versions.file = Some(HistoryFile::new(Box::new(Small(Rc::default(), 1 << 30))));
        fill(&mut ring, 300, 20);
        assert_eq!((ring.len(), ring.oldest()), (300, Some(0)));
        assert!(ring.bytes() <= 1 << 20, "{}", ring.bytes());
        for number in [0, 1, 150, 298, 299] {
            let at = number * 1_000_000;
            assert_eq!(ring.state(at), Ok(Some(number)));
            let held = ring.versions.at(Page::Frame(3), at).map(|held| held.map(|content| content.map(|page| page[0])));
            let wanted = (number < 299).then_some(Some((number + 1) as u8));
            assert_eq!(held, Ok(wanted), "what the next one found is what was there");
        }
        let used = ring.versions.file.as_ref().map(HistoryFile::bytes);
        ring.cut(150_000_000);
        assert!(ring.versions.file.as_ref().map(HistoryFile::bytes) < used, "what is cut off makes room");
    }

    /// One each 20 ms.
    fn ring(count: u64, limit: usize, pages: u32) -> Ring<u64> {
        let mut ring = Ring::new(limit, 1000);
        fill(&mut ring, count, pages);
        ring
    }

    fn fill(ring: &mut Ring<u64>, count: u64, pages: u32) {
        for number in 0..count {
            let before = ring.newest();
            ring.insert(number * 1_000_000, checkpoint(number));
            for page in 0..pages {
                let content = Some(Box::new([number as u8; 4096]));
                if let Some(before) = before {
                    ring.versions.add(Page::Frame(page), before, content);
                }
            }
            ring.thin();
        }
    }

    #[test]
    fn old_ones_are_thinned_to_half_a_second_and_none_is_farther_than_its_age_allows() {
        let ring = ring(3000, usize::MAX, 0);
        let all: Vec<u64> = ring.positions().collect();
        assert!(all.len() < 250, "{}", all.len());
        assert_eq!((all[0], ring.newest()), (0, Some(2_999_000_000)));
        for pair in all.windows(2) {
            let gap_ns = (pair[1] - pair[0]) * 20;
            let age_ns = (2_999_000_000 - pair[0]) * 20;
            assert!(gap_ns <= FAR_NS && gap_ns <= (age_ns / 4).max(2 * NEAR_NS), "{gap_ns} at {age_ns}");
        }
    }

    #[test]
    fn memory_is_bounded_whatever_is_written() {
        let ring = ring(1000, 1 << 20, 20);
        assert!(ring.bytes() <= 1 << 20 && ring.len() > 5, "{} {}", ring.bytes(), ring.len());
        assert_eq!(ring.newest(), Some(999_000_000));
        let tight = self::ring(100, 10_000, 20);
        assert_eq!((tight.len(), tight.newest()), (1, Some(99_000_000)), "the past begins later");
    }

    #[test]
    fn costs_stay_with_the_way() {
        let mut ring = ring(3, usize::MAX, 0);
        ring.remove(1_000_000);
        assert_eq!(ring.get(2_000_000).map(|found| found.cost_ns), Some(2 * NEAR_NS));
    }
}
