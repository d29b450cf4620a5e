//! Breakpoints and watchpoints of the debugger, and notes on what the machine lacks. Derived: never saved or hashed.

use std::collections::BTreeMap;

use ringwalk_mmu::{Access, Frame, LinAddr, PhysAddr};

use crate::state::{CpuState, FetchPage};

mod code;
mod data;
mod sieve;

use code::CodeWatches;
use data::DataWatches;

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

impl DataWatch {
    fn last(&self) -> u64 {
        self.first.saturating_add(self.bytes.saturating_sub(1))
    }
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
    code: CodeWatches,
    data: DataWatches,
}

impl Watches {
    /// Replaces all breakpoints and watchpoints. The caller drops traces and derived translations.
    pub fn replace(&mut self, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
        self.code = CodeWatches::new(&code);
        self.data = DataWatches::new(data);
    }

    /// True if there is any watchpoint.
    #[inline]
    pub fn any_data(&self) -> bool {
        self.data.any()
    }

    /// True if there is any breakpoint.
    #[inline]
    pub fn any_code(&self) -> bool {
        self.code.any()
    }

    /// True if a breakpoint may stand at this offset of a frame: a trace must begin there.
    #[inline]
    pub(crate) fn is_marked(&self, frame: Frame, offset: u64) -> bool {
        self.code.is_marked(frame, offset)
    }

    /// True if a breakpoint may stand somewhere in these bytes of a frame.
    pub(crate) fn is_marked_within(&self, frame: Frame, offset: u64, bytes: u64) -> bool {
        self.code.any() && (offset..offset + bytes).any(|offset| self.code.is_marked(frame, offset))
    }

    /// A page is latched for fetching, at a physical address behind the A20 gate. True if traces of its frame must be
    /// decoded anew.
    pub(crate) fn mark(&mut self, frame: Frame, page: FetchPage, physical: PhysAddr) -> bool {
        self.code.mark(frame, page, physical)
    }

    /// False if [`Watches::mark`] would do nothing for a page, by its linear number and its physical address behind the A20
    /// gate.
    pub(crate) fn may_mark(&self, linear: u64, physical: PhysAddr) -> bool {
        self.code.any() && self.code.may_mark(linear, physical)
    }

    /// True if breakpoints by selector and offset mean something else under this CS than under all that were met: see
    /// [`Watches::meet`].
    #[inline]
    pub(crate) fn is_strange(&self, cpu: &CpuState) -> bool {
        self.code.is_strange(cpu)
    }

    /// This CS is met. What was latched for fetching before must be latched anew.
    pub(crate) fn meet(&mut self, cpu: &CpuState) {
        self.code.meet(cpu);
    }

    /// The breakpoint at the next instruction, if any.
    pub fn code_hit(&self, cpu: &CpuState, physical: Option<PhysAddr>) -> Option<u32> {
        self.code.hit(cpu, physical)
    }

    /// True if a watchpoint touches the page, by its linear or physical number.
    #[inline]
    pub fn covers_page(&self, linear: LinAddr, physical: PhysAddr) -> bool {
        self.any_data() && self.data.covers_page(linear, physical)
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
        self.data.hit(addr, bytes, access, value, cpu)
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
