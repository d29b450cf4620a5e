//! Decoded code: traces of slots inside one page, found by where their bytes lie in the arena.
//!
//! Derived. A trace begins wherever control arrives, ends behind a branch, at the end of the page, before a possible
//! breakpoint, or after [`LONGEST_TRACE`] instructions. Where it ends is invisible to the guest.

use std::collections::BTreeMap;

use ringwalk_mmu::{Frame, Memory, PAGE_BYTES, code_lines};

use crate::decode::{Decoded, decode};
use crate::insn::Insn;
use crate::model::Model;
use crate::timing::Timing;
use crate::watch::Watches;

/// The frame of the page that code is being fetched from, as the physical map has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchFrame {
    /// To be asked again.
    Unknown,
    /// A frame.
    Frame(Frame),
    /// A device or nobody: no traces, bytes come over the bus.
    Bus,
}

/// Most instructions in a trace.
pub const LONGEST_TRACE: usize = 32;
/// Entries of the lookup table; a power of two.
const TABLE: usize = 1 << 14;
/// Slots unless the configuration says otherwise: 8 MiB of them.
pub const DEFAULT_SLOTS: usize = 1 << 18;

/// Where code begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// The frame of its first byte.
    pub frame: Frame,
    /// The offset of its first byte in the page.
    pub offset: u64,
    /// Its default size is 32 bits.
    pub is_32: bool,
}

/// What a trace is looked up by: the place of its first byte in the arena, and the default size of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// No trace has it.
    const NONE: Key = Key(0);

    /// The key of code at a place.
    pub fn new(place: CodePlace) -> Key {
        Key((place.frame.start() as u64 + place.offset) << 2 | u64::from(place.is_32) << 1 | 1)
    }

    fn offset_in_page(self) -> usize {
        (self.0 >> 2) as usize % PAGE_BYTES as usize
    }

    fn table_index(self) -> usize {
        (self.0 >> 2 ^ self.0 >> 16) as usize & (TABLE - 1)
    }
}

/// A run of slots.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    key: Key,
    first: u32,
    /// Number of slots, 1 to [`LONGEST_TRACE`].
    pub count: u8,
    /// Bytes of code it covers.
    pub bytes: u16,
    /// A debugger breakpoint may stand at its first instruction.
    pub candidate: bool,
    /// The trace that followed last time; a guess that its key proves.
    link: u32,
}

/// Number of a trace.
pub type TraceId = u32;
const NO_TRACE: TraceId = u32::MAX;

/// All decoded code.
pub struct TraceCache {
    slots: Vec<Insn>,
    traces: Vec<Trace>,
    table: Vec<(Key, TraceId)>,
    by_frame: BTreeMap<Frame, Vec<TraceId>>,
    most_slots: usize,
}

impl TraceCache {
    /// A cache of so many slots; it always holds at least one trace.
    pub fn new(most_slots: usize) -> TraceCache {
        TraceCache {
            slots: Vec::new(),
            traces: Vec::new(),
            table: vec![(Key::NONE, NO_TRACE); TABLE],
            by_frame: BTreeMap::new(),
            most_slots,
        }
    }

    /// The trace with a key, if it is decoded; `after` is the trace that led here.
    #[inline]
    pub fn find(&mut self, key: Key, after: Option<TraceId>) -> Option<TraceId> {
        if let Some(before) = after {
            let linked = self.traces[before as usize].link;
            if linked != NO_TRACE && self.traces[linked as usize].key == key {
                return Some(linked);
            }
        }
        let (found, id) = self.table[key.table_index()];
        if found != key {
            return None;
        }
        if let Some(before) = after {
            self.traces[before as usize].link = id;
        }
        Some(id)
    }

    /// A trace.
    #[inline]
    pub fn trace(&self, id: TraceId) -> &Trace {
        &self.traces[id as usize]
    }

    /// The slots of a trace.
    #[inline]
    pub fn slots(&self, id: TraceId) -> &[Insn] {
        let trace = &self.traces[id as usize];
        &self.slots[trace.first as usize..][..trace.count as usize]
    }

    /// Decodes a trace from a frame. `None` if the first instruction leaves the page or is too long: it is then
    /// executed without the cache.
    pub fn build(
        &mut self,
        place: CodePlace,
        (model, timing): (Model, Timing),
        memory: &mut Memory,
        watches: &Watches,
    ) -> Option<TraceId> {
        let CodePlace { frame, offset, is_32 } = place;
        if self.slots.len() + LONGEST_TRACE > self.most_slots.max(LONGEST_TRACE) {
            self.clear();
            memory.frames.forget_code();
        }
        let first = self.slots.len();
        let mut at = offset;
        let mut cycles = 0u16;
        while at < PAGE_BYTES && self.slots.len() - first < LONGEST_TRACE {
            if at != offset && watches.is_candidate(at) {
                break;
            }
            let bytes = &memory.frames.page(frame)[at as usize..];
            let Decoded::Insn(mut insn, ends) = decode(bytes, is_32, model) else {
                break;
            };
            insn.n = (self.slots.len() - first + 1) as u8;
            cycles = cycles.saturating_add(timing.prepare(&mut insn));
            insn.cycles = cycles;
            at += u64::from(insn.len);
            self.slots.push(insn);
            if ends {
                break;
            }
        }
        let count = self.slots.len() - first;
        if count == 0 {
            return None;
        }
        let bytes = at - offset;
        memory.frames.mark_code(frame, offset as usize, bytes as usize);
        let candidate = watches.is_candidate(offset);
        let trace = Trace {
            key: Key::new(place),
            first: first as u32,
            count: count as u8,
            bytes: bytes as u16,
            candidate,
            link: NO_TRACE,
        };
        Some(self.insert(trace, frame))
    }

    fn insert(&mut self, trace: Trace, frame: Frame) -> TraceId {
        let id = self.traces.len() as TraceId;
        self.table[trace.key.table_index()] = (trace.key, id);
        self.traces.push(trace);
        self.by_frame.entry(frame).or_default().push(id);
        id
    }

    /// Drops the traces of a frame that touch any of these lines of 64 bytes.
    pub fn drop_lines(&mut self, frame: Frame, lines: u64) {
        let Some(ids) = self.by_frame.get_mut(&frame) else { return };
        ids.retain(|id| {
            let trace = &mut self.traces[*id as usize];
            if code_lines(trace.key.offset_in_page(), usize::from(trace.bytes)) & lines == 0 {
                return true;
            }
            let entry = &mut self.table[trace.key.table_index()];
            if entry.1 == *id {
                *entry = (Key::NONE, NO_TRACE);
            }
            // Links to it fail by the key.
            trace.key = Key::NONE;
            false
        });
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.traces.clear();
        self.table.fill((Key::NONE, NO_TRACE));
        self.by_frame.clear();
    }
}
