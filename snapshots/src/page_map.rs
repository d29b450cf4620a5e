//! Which page of a store has which content: page index -> slot in the file's page pool.

use crate::Error;

/// How the slots of a run follow from its first one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RunKind {
    /// Each page has the next slot.
    Successive,
    /// All pages share one slot.
    Repeated,
    /// Pages of zeros that are something else in the base. They have no slot.
    Zero,
}

/// Pages that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) first_page: u64,
    pub(crate) len: u32,
    pub(crate) first_slot: u32,
    pub(crate) kind: RunKind,
}

impl Run {
    /// The page index after the last one.
    pub(crate) fn end(&self) -> u64 {
        self.first_page.saturating_add(u64::from(self.len))
    }

    /// The slot after the highest one used.
    pub(crate) fn slot_end(&self) -> u64 {
        let slots = match self.kind {
            RunKind::Successive => self.len,
            RunKind::Repeated => 1,
            RunKind::Zero => 0,
        };
        u64::from(self.first_slot) + u64::from(slots)
    }

    /// The page at `offset` in this run, with its slot.
    pub(crate) fn at(&self, offset: u32) -> (u64, u32) {
        let slot = match self.kind {
            RunKind::Successive => self.first_slot + offset,
            RunKind::Repeated | RunKind::Zero => self.first_slot,
        };
        (self.first_page + u64::from(offset), slot)
    }

    /// Takes in the next page, if its slot goes on as this run does.
    fn extend(&mut self, page: u64, slot: u32) -> bool {
        if page != self.end() || self.len == u32::MAX {
            return false;
        }
        if self.len == 1 && slot == self.first_slot && self.kind != RunKind::Zero {
            self.kind = RunKind::Repeated;
        }
        let goes_on = match self.kind {
            RunKind::Successive => u64::from(slot) == self.slot_end(),
            RunKind::Repeated => slot == self.first_slot,
            RunKind::Zero => false,
        };
        self.len += u32::from(goes_on);
        goes_on
    }
}

/// The map of one store: ascending page indexes, each below `page_count`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PageMap {
    pub(crate) page_count: u64,
    runs: Vec<Run>,
}

impl PageMap {
    pub(crate) fn new(page_count: u64) -> Self {
        Self { page_count, runs: Vec::new() }
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The lowest page index that may be added.
    fn next_page(&self) -> u64 {
        self.runs.last().map_or(0, Run::end)
    }

    /// Whether `page` may be added; `store` is named in the refusal.
    pub(crate) fn check(&self, store: &str, page: u64) -> Result<(), Error> {
        let problem = if page >= self.page_count {
            "lies beyond the end of the store"
        } else if page < self.next_page() {
            "does not follow the page before it"
        } else {
            return Ok(());
        };
        Err(Error::PageIndex { store: store.to_owned(), index: page, problem })
    }

    /// Adds a page that [`PageMap::check`] allows.
    pub(crate) fn push(&mut self, page: u64, slot: u32) {
        if !self.runs.last_mut().is_some_and(|run| run.extend(page, slot)) {
            self.runs.push(Run { first_page: page, len: 1, first_slot: slot, kind: RunKind::Successive });
        }
    }

    /// Adds a page of zeros that [`PageMap::check`] allows.
    fn push_zero(&mut self, page: u64) {
        let next = |run: &&mut Run| run.kind == RunKind::Zero && run.end() == page && run.len < u32::MAX;
        match self.runs.last_mut().filter(next) {
            Some(run) => run.len += 1,
            None => self.runs.push(Run { first_page: page, len: 1, first_slot: 0, kind: RunKind::Zero }),
        }
    }

    /// This map with pages of zeros among its own; they ascend, and none is one of its own.
    pub(crate) fn with_zeros(&self, zeros: impl Iterator<Item = u64>) -> PageMap {
        let mut whole = PageMap::new(self.page_count);
        let mut zeros = zeros.peekable();
        for (page, slot) in self.iter() {
            while let Some(zero) = zeros.next_if(|zero| *zero < page) {
                whole.push_zero(zero);
            }
            whole.push(page, slot);
        }
        zeros.for_each(|zero| whole.push_zero(zero));
        whole
    }

    /// The map of what a file that keeps differences stands for: pages that are not in this map are the base's. Slots
    /// of this map begin at `first_slot`, those of the base at 0.
    pub(crate) fn over(&self, base: &PageMap, first_slot: u32) -> PageMap {
        let mut whole = PageMap::new(self.page_count);
        let mut below = base.iter().peekable();
        for run in &self.runs {
            while let Some((page, slot)) = below.next_if(|(page, _)| *page < run.first_page) {
                whole.push(page, slot);
            }
            while below.next_if(|(page, _)| *page < run.end()).is_some() {}
            if run.kind != RunKind::Zero {
                (0..run.len).map(|offset| run.at(offset)).for_each(|(page, slot)| whole.push(page, first_slot + slot));
            }
        }
        below.for_each(|(page, slot)| whole.push(page, slot));
        whole
    }

    /// Adds a run read from a file. `false` if it is empty, out of order or out of range.
    pub(crate) fn push_run(&mut self, run: Run) -> bool {
        let fits = run.len > 0
            && run.first_page >= self.next_page()
            && run.first_page < self.page_count
            && self.page_count - run.first_page >= u64::from(run.len);
        if fits {
            self.runs.push(run);
        }
        fits
    }

    /// The runs of pages that are not zero.
    fn contents(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.kind != RunKind::Zero)
    }

    /// How many pages have a content.
    pub(crate) fn mapped(&self) -> u64 {
        self.contents().map(|run| u64::from(run.len)).sum()
    }

    /// The pages that have a content, as their first index and how many follow each other.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.contents().map(|run| (run.first_page, run.len))
    }

    /// The slot of a page that has a content.
    pub(crate) fn slot_of(&self, page: u64) -> Option<u32> {
        let behind = self.runs.partition_point(|run| run.first_page <= page);
        let run = self.runs[..behind].last().filter(|run| page < run.end() && run.kind != RunKind::Zero)?;
        u32::try_from(page - run.first_page).ok().map(|offset| run.at(offset).1)
    }

    /// Every page with its slot, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.contents().flat_map(|run| (0..run.len).map(|offset| run.at(offset)))
    }

    /// The first and last page whose slots lie in `slots`, if any does.
    pub(crate) fn pages_in(&self, slots: &std::ops::Range<u64>) -> Option<(u64, u64)> {
        let inside = self.contents().filter_map(|run| {
            let low = u64::from(run.first_slot).max(slots.start);
            let high = run.slot_end().min(slots.end);
            (low < high).then(|| match run.kind {
                RunKind::Successive => {
                    let base = u64::from(run.first_slot);
                    (run.first_page + (low - base), run.first_page + (high - 1 - base))
                }
                RunKind::Repeated | RunKind::Zero => (run.first_page, run.end() - 1),
            })
        });
        inside.reduce(|all, next| (all.0, next.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(u64, u32)]) -> PageMap {
        let mut map = PageMap::new(1 << 40);
        for &(page, slot) in pairs {
            map.check("ram", page).expect("in order");
            map.push(page, slot);
        }
        assert_eq!(map.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(map.mapped(), pairs.len() as u64);
        map
    }

    #[test]
    fn successive_and_repeated_slots_become_runs() {
        let successive = map(&[(5, 0), (6, 1), (7, 2), (9, 3), (10, 4)]);
        assert_eq!(successive.runs().len(), 2);
        let repeated = map(&[(0, 8), (1, 8), (2, 8), (3, 9), (4, 10)]);
        assert_eq!(repeated.runs().len(), 2);
        let mixed = map(&[(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (5, 0)]);
        assert_eq!(mixed.runs().len(), 4, "{:?}", mixed.runs());
    }

    #[test]
    fn pages_out_of_order_or_range_are_refused() {
        let mut map = PageMap::new(8);
        map.push(3, 0);
        for page in [0, 3, 8, u64::MAX] {
            assert!(map.check("ram", page).is_err(), "{page}");
        }
        map.check("ram", 4).expect("the next page");
    }

    #[test]
    fn hostile_runs_are_refused() {
        let run = |first_page, len| Run { first_page, len, first_slot: 0, kind: RunKind::Repeated };
        let mut map = PageMap::new(100);
        assert!(map.push_run(run(10, 20)));
        for hostile in [run(29, 1), run(30, 0), run(30, 71), run(100, 1), run(u64::MAX, u32::MAX)] {
            assert!(!map.push_run(hostile), "{hostile:?}");
        }
        assert!(map.push_run(run(30, 70)));
    }

    #[test]
    fn a_map_over_another_hides_what_it_names() {
        let base = map(&[(1, 0), (2, 1), (3, 2), (9, 3), (20, 4)]);
        let mut above = PageMap::new(1 << 40);
        above.push(2, 0);
        above.push(5, 1);
        let above = above.with_zeros([3, 20].into_iter());
        assert_eq!(above.mapped(), 2);
        let whole: Vec<(u64, u32)> = above.over(&base, 15).iter().collect();
        assert_eq!(whole, [(1, 0), (2, 15), (5, 16), (9, 3)]);
    }

    #[test]
    fn the_pages_of_a_chunk_are_found() {
        let map = map(&[(5, 0), (6, 1), (7, 2), (20, 1), (21, 1), (30, 3)]);
        assert_eq!(map.pages_in(&(0..1)), Some((5, 5)));
        assert_eq!(map.pages_in(&(1..3)), Some((6, 21)));
        assert_eq!(map.pages_in(&(3..9)), Some((30, 30)));
        assert_eq!(map.pages_in(&(4..9)), None);
    }
}
