//! Breakpoints on code, and at which offsets of which frames they end traces.
//!
//! A trace ends in front of every mark of its frame, and one that begins at a mark is looked at by the run loop. Marks
//! come to a frame when a page that leads to it is latched for fetching by a name (linear or physical) that a breakpoint
//! has. Nothing else asks for them: frames without a breakpoint have the traces that they always have. Who knows another
//! way to a frame than the run loop's (the HostTlb) learned it there, behind the marks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use ringwalk_mmu::{Frame, PAGE_BYTES, PhysAddr};

use super::Place;
use super::sieve::Sieve;
use crate::segment::SegReg;
use crate::state::{CpuState, FetchPage};

/// One bit for each offset in a page.
type Marks = [u64; 64];

/// What addresses of code by selector and offset mean: the selector, what is added to the offset, where the sum wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    selector: u16,
    base: u64,
    mask: u64,
}

impl Meaning {
    fn of(cpu: &CpuState) -> Meaning {
        let cs = cpu.seg(SegReg::Cs);
        let base = if cpu.code_is_64() { 0 } else { cs.base };
        Meaning { selector: cs.selector.0, base, mask: cpu.rip_mask() }
    }
}

/// Meanings that are kept; more make the oldest ones be learned again. A guest may change a base as often as it likes.
const MOST_MEANINGS: usize = 64;

/// Breakpoints by kind, each with its number and its place in the debugger's order.
#[derive(Clone, Debug, Default)]
pub(super) struct CodeWatches {
    linear: BTreeMap<u64, Named>,
    physical: BTreeMap<u64, Named>,
    logical: BTreeMap<(u16, u64), Named>,
    /// The meanings of CS that were met with a selector that has a breakpoint.
    meanings: Vec<Meaning>,
    /// Linear addresses of breakpoints by selector and offset under these meanings.
    resolved: BTreeSet<u64>,
    /// Pages of all the linear and physical addresses, these addresses, and the selectors.
    pages: Sieve,
    addresses: Sieve,
    selectors: Sieve,
    marks: BTreeMap<Frame, Box<Marks>>,
}

/// A breakpoint's place in the debugger's order, and its number.
type Named = (usize, u32);

impl CodeWatches {
    pub(super) fn new(code: &[(u32, Place)]) -> CodeWatches {
        let mut watches = CodeWatches::default();
        for (order, (id, place)) in code.iter().enumerate() {
            let named = (order, *id);
            // Of two at one place the first is told.
            let _told = match *place {
                Place::Linear(address) => *watches.linear.entry(address).or_insert(named),
                Place::Physical(address) => *watches.physical.entry(address).or_insert(named),
                Place::Logical(selector, offset) => *watches.logical.entry((selector, offset)).or_insert(named),
            };
            match *place {
                Place::Linear(address) | Place::Physical(address) => {
                    watches.pages.insert(address / PAGE_BYTES);
                    watches.addresses.insert(address);
                }
                Place::Logical(selector, _) => watches.selectors.insert(selector.into()),
            }
        }
        watches
    }

    pub(super) fn any(&self) -> bool {
        !(self.linear.is_empty() && self.physical.is_empty() && self.logical.is_empty())
    }

    /// The first breakpoint at the next instruction.
    pub(super) fn hit(&self, cpu: &CpuState, physical: Option<PhysAddr>) -> Option<u32> {
        let selector = cpu.seg(SegReg::Cs).selector.0;
        let linear = cpu.linear_rip();
        let may = |address: &u64| self.addresses.may_hold(*address);
        let linear = Some(linear).filter(may).and_then(|at| self.linear.get(&at));
        let physical = physical.map(|at| at.0).filter(may).and_then(|at| self.physical.get(&at));
        let logical = self.selectors.may_hold(selector.into()).then(|| self.logical.get(&(selector, cpu.rip)));
        let logical = logical.flatten();
        linear.into_iter().chain(physical).chain(logical).min().map(|(_, id)| *id)
    }

    /// True if CS means something that breakpoints by selector and offset were not resolved by.
    #[inline]
    pub(super) fn is_strange(&self, cpu: &CpuState) -> bool {
        self.selectors.may_hold(cpu.seg(SegReg::Cs).selector.0.into()) && self.is_unmet(Meaning::of(cpu))
    }

    fn is_unmet(&self, meaning: Meaning) -> bool {
        self.of_selector(meaning.selector).next().is_some() && !self.meanings.contains(&meaning)
    }

    fn of_selector(&self, selector: u16) -> impl Iterator<Item = u64> {
        self.logical.range((selector, 0)..=(selector, u64::MAX)).map(|((_, offset), _)| *offset)
    }

    /// Resolves breakpoints by what CS means now. What was latched before may lack marks: the caller drops it.
    pub(super) fn meet(&mut self, cpu: &CpuState) {
        let meaning = Meaning::of(cpu);
        if self.meanings.len() == MOST_MEANINGS {
            self.meanings.clear();
            self.resolved.clear();
        }
        self.meanings.push(meaning);
        let Meaning { selector, base, mask } = meaning;
        let resolved: Vec<_> = self.of_selector(selector).map(|offset| base.wrapping_add(offset) & mask).collect();
        resolved.iter().for_each(|address| self.pages.insert(address / PAGE_BYTES));
        self.resolved.extend(resolved);
    }

    /// A page is latched: marks its frame where breakpoints stand in it. True if there are more marks than before.
    /// `physical` is behind the A20 gate.
    pub(super) fn mark(&mut self, frame: Frame, page: FetchPage, physical: PhysAddr) -> bool {
        if !self.may_mark(page.linear, physical) {
            return false;
        }
        let by_linear = self.linear.range(bytes_of(page.linear)).map(|(address, _)| address);
        let by_physical = self.physical.range(bytes_of(physical.page())).map(|(address, _)| address);
        let by_logical = self.resolved.range(bytes_of(page.linear));
        let mut addresses = by_linear.chain(by_physical).chain(by_logical).peekable();
        if addresses.peek().is_none() {
            return false;
        }
        let marks = self.marks.entry(frame).or_insert_with(|| Box::new([0; 64]));
        let before = **marks;
        for offset in addresses.map(|address| address % PAGE_BYTES) {
            marks[(offset / 64) as usize] |= 1 << (offset % 64);
        }
        **marks != before
    }

    /// False if nothing is marked when a page, by its linear number, is latched.
    pub(super) fn may_mark(&self, linear: u64, physical: PhysAddr) -> bool {
        self.pages.may_hold(linear) || self.pages.may_hold(physical.page())
    }

    /// True if a breakpoint may stand at this offset of the frame.
    pub(super) fn is_marked(&self, frame: Frame, offset: u64) -> bool {
        self.marks.get(&frame).is_some_and(|marks| marks[(offset / 64) as usize] >> (offset % 64) & 1 != 0)
    }
}

/// The addresses of a page.
fn bytes_of(page: u64) -> RangeInclusive<u64> {
    page * PAGE_BYTES..=page * PAGE_BYTES + (PAGE_BYTES - 1)
}

#[cfg(test)]
mod tests {
    use ringwalk_mmu::TlbPolicy;

    use super::*;
    use crate::model::Model;
    use crate::segment::Segment;

    fn page(linear: u64, physical: u64) -> FetchPage {
        FetchPage { linear, physical, user: false }
    }

    #[test]
    fn a_frame_is_marked_only_by_names_that_breakpoints_have() {
        let mut code = CodeWatches::new(&[(1, Place::Linear(0x5123)), (2, Place::Physical(0x9456))]);
        assert!(!code.mark(Frame(3), page(6, 6), PhysAddr(0x6000)));
        assert!(code.mark(Frame(3), page(5, 6), PhysAddr(0x6000)), "by its linear name");
        assert!(!code.mark(Frame(3), page(5, 6), PhysAddr(0x6000)), "there are no more marks than before");
        assert!(code.mark(Frame(3), page(7, 9), PhysAddr(0x9000)), "by its physical name");
        assert!(code.is_marked(Frame(3), 0x123) && code.is_marked(Frame(3), 0x456));
        assert!(!code.is_marked(Frame(3), 0x122) && !code.is_marked(Frame(4), 0x123));
    }

    #[test]
    fn a_selector_is_resolved_by_every_base_that_was_met() {
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        let mut code = CodeWatches::new(&[(1, Place::Logical(0x10, 0x123))]);
        cpu.segments[SegReg::Cs as usize] = Segment::real(0x11);
        assert!(!code.is_strange(&cpu), "no breakpoint has its selector");
        for number in 0..3 * MOST_MEANINGS as u64 {
            cpu.segments[SegReg::Cs as usize] = Segment { base: number << 12 | 0xFFF, ..Segment::real(0x10) };
            assert!(code.is_strange(&cpu));
            code.meet(&cpu);
            assert!(!code.is_strange(&cpu));
            let frame = Frame(number as u32);
            assert!(code.mark(frame, page(number + 1, 0), PhysAddr(0)));
            assert!(code.is_marked(frame, 0x122));
        }
        assert!(code.meanings.len() <= MOST_MEANINGS && code.resolved.len() <= MOST_MEANINGS);
    }

    #[test]
    fn of_two_breakpoints_at_one_place_the_first_is_told() {
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.segments[SegReg::Cs as usize] = Segment::real(0x100);
        cpu.rip = 0x20;
        let places = [(7, Place::Physical(0x1020)), (8, Place::Logical(0x100, 0x20)), (9, Place::Linear(0x1020))];
        assert_eq!(CodeWatches::new(&places).hit(&cpu, Some(PhysAddr(0x1020))), Some(7));
        assert_eq!(CodeWatches::new(&places).hit(&cpu, Some(PhysAddr(0x2020))), Some(8));
        assert_eq!(CodeWatches::new(&places[2..]).hit(&cpu, None), Some(9));
        cpu.rip = 0x21;
        assert_eq!(CodeWatches::new(&places).hit(&cpu, Some(PhysAddr(0x1021))), None);
    }
}
