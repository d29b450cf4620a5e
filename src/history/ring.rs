//! The checkpoints of a run: near ones close together, old ones far apart, all within a bound of memory.

use std::collections::BTreeMap;

use super::versions::Versions;

/// Checkpoints closer than this to the next are thinned out once they are old, in nanoseconds of running.
pub(crate) const NEAR_NS: u64 = 20_000_000;
/// Farthest apart that thinning leaves them while memory has room.
pub(crate) const FAR_NS: u64 = 500_000_000;
/// A gap may be this part of its distance to the present.
const GAP_OF_AGE: u64 = 8;

/// A moment that can be gone back to: all state but bulk memory.
pub(crate) struct Checkpoint<S> {
    /// The state.
    pub(crate) state: S,
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
    limit: usize,
}

impl<S> Ring<S> {
    /// An empty ring that takes so many bytes at most.
    pub(crate) fn new(limit: usize, state_bytes: usize) -> Ring<S> {
        Ring { all: BTreeMap::new(), versions: Versions::default(), state_bytes, limit }
    }

    /// Memory that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.versions.bytes() + self.all.len() * self.state_bytes
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

    /// Adds one. What pages held is the caller's to note.
    pub(crate) fn insert(&mut self, position: u64, checkpoint: Checkpoint<S>) {
        self.all.insert(position, checkpoint);
    }

    /// Removes one, with what only it needed.
    pub(crate) fn remove(&mut self, position: u64) {
        let Some(gone) = self.all.remove(&position) else { return };
        if let Some((_, next)) = self.all.range_mut(position..).find(|(_, next)| !next.fine) {
            next.cost_ns += gone.cost_ns;
        }
        let before = self.before(position).map(|(at, _)| at);
        self.versions.forget(position, before);
    }

    /// Removes all behind a position, at which the machine stands and a checkpoint is.
    pub(crate) fn cut(&mut self, position: u64) {
        self.all.split_off(&(position + 1));
        self.versions.cut(position);
    }

    /// Removes those that served stepping back.
    pub(crate) fn drop_fine(&mut self) {
        let fine: Vec<u64> = self.all.iter().filter(|(_, found)| found.fine).map(|(at, _)| *at).collect();
        fine.into_iter().for_each(|at| self.remove(at));
    }

    /// Thins the old ones, and more where memory is short; at last the past begins later. The newest stays.
    pub(crate) fn thin(&mut self) {
        loop {
            let short = self.bytes() > self.limit;
            match self.closest() {
                Some((at, crowded)) if crowded || short => self.remove(at),
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
    use super::super::versions::Page;
    use super::*;

    /// One each 20 ms.
    fn ring(count: u64, limit: usize, pages: u32) -> Ring<()> {
        let mut ring = Ring::new(limit, 1000);
        for number in 0..count {
            let before = ring.newest();
            ring.insert(number * 1_000_000, Checkpoint { state: (), cost_ns: NEAR_NS, fine: false });
            for page in 0..pages {
                let content = Some(Box::new([number as u8; 4096]));
                if let Some(before) = before {
                    ring.versions.add(Page::Frame(page), before, content);
                }
            }
            ring.thin();
        }
        ring
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
