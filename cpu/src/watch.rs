//! Breakpoints and watchpoints of the debugger, and notes on what the machine lacks. Derived: never saved or hashed.

use std::collections::BTreeMap;

use ringwalk_mmu::{Access, LinAddr, PhysAddr};

use crate::segment::SegReg;
use crate::state::CpuState;

/// Where a breakpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A selector and an offset, in whatever mode.
    Logical(u16, u64),
    /// A linear address.
    Linear(u64),
    /// A physical address.
    Physical(u64),
}

/// A watched span of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataWatch {
    /// Number the debugger gave it.
    pub id: u32,
    /// Physical if true, linear otherwise.
    pub physical: bool,
    /// First address.
    pub first: u64,
    /// Bytes, at least 1.
    pub bytes: u64,
    /// Stop at reads.
    pub read: bool,
    /// Stop at writes.
    pub write: bool,
}

/// An access under a watchpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchHit {
    /// The watchpoint.
    pub id: u32,
    /// Where the access began.
    pub linear: LinAddr,
    /// Bytes of the access.
    pub bytes: usize,
    /// A write.
    pub write: bool,
    /// The value read or written.
    pub value: u64,
    /// CS of the instruction.
    pub selector: u16,
    /// RIP of the instruction.
    pub rip: u64,
}

/// All stops the debugger asked for.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    code: Vec<(u32, Place)>,
    data: Vec<DataWatch>,
    /// One bit for each offset in a page at which a breakpoint may stand.
    offsets: Option<Box<[u64; 64]>>,
}

impl Watches {
    /// Replaces all breakpoints and watchpoints. The caller drops traces and derived translations.
    pub fn replace(&mut self, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
        self.offsets = None;
        if !code.is_empty() {
            let mut offsets = Box::new([0; 64]);
            for (_, place) in &code {
                mark(&mut offsets, *place);
            }
            self.offsets = Some(offsets);
        }
        self.code = code;
        self.data = data;
    }

    /// True if there is any watchpoint.
    #[inline]
    pub fn any_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// True if there is any breakpoint.
    #[inline]
    pub fn any_code(&self) -> bool {
        !self.code.is_empty()
    }

    /// True if a breakpoint may stand at this offset in a page: a trace must begin there.
    #[inline]
    pub fn is_candidate(&self, offset_in_page: u64) -> bool {
        self.offsets.as_ref().is_some_and(|bits| bits[(offset_in_page / 64) as usize] >> (offset_in_page % 64) & 1 != 0)
    }

    /// The breakpoint at the next instruction, if any.
    pub fn code_hit(&self, cpu: &CpuState, physical: Option<PhysAddr>) -> Option<u32> {
        let cs = cpu.seg(SegReg::Cs);
        let linear = cpu.linear_rip();
        let hits = |place: Place| match place {
            Place::Logical(selector, offset) => cs.selector.0 == selector && cpu.rip == offset,
            Place::Linear(address) => linear == address,
            Place::Physical(address) => physical.is_some_and(|at| at.0 == address),
        };
        self.code.iter().find(|(_, place)| hits(*place)).map(|(id, _)| *id)
    }

    /// True if a watchpoint touches the page, by its linear or physical number.
    pub fn covers_page(&self, linear: LinAddr, physical: PhysAddr) -> bool {
        self.data.iter().any(|watch| {
            let page = if watch.physical { physical.page() } else { linear.page() };
            page >= watch.first / 4096 && page <= (watch.first + watch.bytes - 1) / 4096
        })
    }

    /// The watchpoint that an access touches. Physical ones are compared through the TLB's present translation.
    pub fn data_hit(
        &self,
        addr: LinAddr,
        bytes: usize,
        access: Access,
        value: u64,
        cpu: &CpuState,
    ) -> Option<WatchHit> {
        let write = access == Access::Write;
        let touches = |watch: &&DataWatch| {
            let wanted = if write { watch.write } else { watch.read };
            let Some(first) = (if watch.physical { physical_of(cpu, addr) } else { Some(addr.0) }) else {
                return false;
            };
            wanted && first < watch.first + watch.bytes && watch.first < first + bytes as u64
        };
        let watch = self.data.iter().find(touches)?;
        let selector = cpu.seg(SegReg::Cs).selector.0;
        Some(WatchHit { id: watch.id, linear: addr, bytes, write, value, selector, rip: cpu.rip })
    }
}

fn physical_of(cpu: &CpuState, addr: LinAddr) -> Option<u64> {
    if !cpu.paging().enabled {
        return Some(addr.0);
    }
    let entry = cpu.tlb.find(addr, cpu.pcid())?;
    Some(entry.physical.0 | (addr.0 & ((1 << entry.size_bits) - 1)))
}

fn mark(offsets: &mut [u64; 64], place: Place) {
    let mut set = |offset: u64| offsets[(offset / 64) as usize] |= 1 << (offset % 64);
    match place {
        // Segment bases are multiples of 16 in real mode and anything in protected mode: every offset in the page
        // that agrees in no bit may be meant, so all are candidates.
        Place::Logical(..) => (0..4096).for_each(set),
        Place::Linear(address) | Place::Physical(address) => set(address % 4096),
    }
}

/// What the guest used that the machine lacks: one line a site, then a counter.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    counts: BTreeMap<String, u64>,
    fresh: Vec<String>,
}

/// Sites that are told apart; more share one line.
const MOST_NOTES: usize = 256;

impl Notes {
    /// Counts a site; its first time makes a line for the log.
    pub fn add(&mut self, line: String) {
        if let Some(count) = self.counts.get_mut(&line) {
            *count += 1;
        } else if self.counts.len() < MOST_NOTES {
            self.fresh.push(line.clone());
            self.counts.insert(line, 1);
        }
    }

    /// Lines that were not told yet.
    pub fn take_fresh(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fresh)
    }

    /// All lines with their counts.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(line, count)| (line.as_str(), *count))
    }
}
