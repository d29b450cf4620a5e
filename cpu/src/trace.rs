//! Decoded code: traces of slots inside one page, found by where their bytes lie in the arena.
//!
//! Derived. A trace begins wherever control arrives, ends behind a branch, at the end of the page, before a possible
//! breakpoint, or after [`LONGEST_TRACE`] instructions. Where it ends is invisible to the guest.

use ringwalk_mmu::{Frame, HostPages, Memory, PAGE_BYTES, code_lines, prefer};

use crate::decode::{Decoded, LONGEST, decode};
use crate::fast::{
    BRIDGES, CANONICAL, CodeMode, DEAD, END, Entry, FLAT_BRIDGES, FORWARD, Fast, LEAVE, LONG_BRIDGES, LOOSE_NEXT,
    LOOSE_TAKEN, Loose, MOST_TRACE_BYTES, OTHER_PAGE, OTHER_PAGE_TAKEN, Side, choose,
};
use crate::insn::Insn;
use crate::isa::{Map, row_number};
use crate::model::{Features, Model};
use crate::timing::Timing;
use crate::watch::Watches;

mod crossing;
mod overwriting;
mod renewal;

pub(crate) use crossing::Tail;
use overwriting::Points;

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
/// A trace takes no further instruction behind so many bytes, so that all of it stays within [`MOST_TRACE_BYTES`].
const LAST_START: u64 = MOST_TRACE_BYTES - LONGEST as u64;
/// Entries of the lookup table; a power of two.
const TABLE: usize = 1 << 16;
/// Links count bytes in 32 bits.
const MOST_SLOTS: usize = (i32::MAX as usize) / size_of::<Insn>();
/// Slots unless the configuration says otherwise: 16 MiB of them.
pub const DEFAULT_SLOTS: usize = 1 << 19;

/// Where code begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// The frame of its first byte.
    pub frame: Frame,
    /// The offset of its first byte in the page.
    pub offset: u64,
    /// What the code runs under.
    pub mode: CodeMode,
}

/// What a trace is looked up by: the place of its first byte in the arena, and what its code runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// No trace has it.
    const NONE: Key = Key(0);

    /// The key of code at a place.
    pub fn new(place: CodePlace) -> Key {
        Key::of(place.frame.start() as u64 + place.offset, place.mode.key_bits())
    }

    /// The key of code at an offset in the arena under a mode: see [`CodeMode::key_bits`].
    #[inline(always)]
    pub(crate) const fn of(start: u64, bits: u64) -> Key {
        Key(start << 4 | bits | 1)
    }

    fn frame(self) -> Frame {
        // The arena has fewer than 2^32 frames.
        Frame(((self.0 >> 4) / PAGE_BYTES) as u32)
    }

    fn mode(self) -> CodeMode {
        CodeMode::of_key_bits(self.0 & 0xF)
    }

    fn offset_in_page(self) -> usize {
        (self.0 >> 4) as usize % PAGE_BYTES as usize
    }

    #[inline(always)]
    pub(crate) const fn table_index(self) -> usize {
        (self.0 >> 4 ^ self.0 >> 18) as usize & (TABLE - 1)
    }
}

/// An entry of the lookup table.
#[derive(Clone, Copy)]
pub(crate) struct TableEntry {
    pub(crate) key: Key,
    id: TraceId,
    /// The trace's first slot.
    pub(crate) first: u32,
}

const NO_ENTRY: TableEntry = TableEntry { key: Key::NONE, id: 0, first: NO_SLOT };

/// A run of slots, and the one that ends it.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    key: Key,
    pub(crate) first: u32,
    /// Number of slots without the last, 1 to [`LONGEST_TRACE`].
    pub count: u8,
    /// Slots that it may take when it is decoded anew.
    room: u8,
    /// Bytes of code it covers.
    pub bytes: u16,
    /// A debugger breakpoint may stand at its first instruction.
    pub candidate: bool,
    /// Its code was not written over.
    live: bool,
    /// The next trace of the same frame, or [`NO_TRACE`].
    older: TraceId,
    /// What it goes on with in the next page, or [`NO_TAIL`].
    tail: u32,
    /// Where a copy of its bytes begins, and how many there may be.
    code: u32,
    code_room: u8,
    /// What its first slot holds while it is dropped: handler and immediate.
    first_slot: (Fast, i32),
}

/// Number of a trace.
pub type TraceId = u32;
/// No trace.
const NO_TRACE: TraceId = TraceId::MAX;
/// It ends in its page.
const NO_TAIL: u32 = u32::MAX;
/// The first slots belong to no trace. Links that are not tied lead there, and where the target must be looked up.
const TO_NEXT: usize = 0;
const TO_TAKEN: usize = 1;
const NEXT_TO_OTHER_PAGE: usize = 2;
const TAKEN_TO_OTHER_PAGE: usize = 3;
const OUTSIDE_TRACES: [Fast; 4] = [LOOSE_NEXT, LOOSE_TAKEN, OTHER_PAGE, OTHER_PAGE_TAKEN];
/// No trace begins there.
const NO_SLOT: u32 = 0;

/// What code is decoded by.
#[derive(Clone, Copy)]
pub(crate) struct Models {
    pub(crate) model: Model,
    pub(crate) features: Features,
    pub(crate) timing: Timing,
}

/// All decoded code.
pub struct TraceCache {
    /// Never moves: links and the fast tier's pointers lead into it.
    slots: Vec<Insn>,
    traces: Vec<Trace>,
    table: Box<[TableEntry]>,
    /// For each frame the trace decoded from it last, from which [`Trace::older`] leads on.
    newest: Vec<TraceId>,
    /// The bytes that traces were decoded from.
    code: Vec<u8>,
    /// What instructions that cross a page go on with.
    tails: Vec<Tail>,
    most_slots: usize,
    /// What is being decoded.
    fresh: Vec<Insn>,
    /// Counts the times everything was dropped.
    generation: u64,
    /// Counts the times slots were put where others had been.
    moved: u64,
    /// What is known of bytes that are written over.
    points: Points,
}

impl TraceCache {
    /// A cache of so many slots; it always holds at least one trace.
    pub fn new(most_slots: usize) -> TraceCache {
        let most_slots = most_slots.clamp(LONGEST_TRACE + 1 + OUTSIDE_TRACES.len(), MOST_SLOTS);
        let mut slots = Vec::with_capacity(most_slots);
        prefer(slots.spare_capacity_mut(), HostPages::Large);
        slots.extend(OUTSIDE_TRACES.map(outside_traces));
        let table = vec![NO_ENTRY; TABLE].into_boxed_slice();
        TraceCache {
            slots,
            traces: Vec::new(),
            table,
            newest: Vec::new(),
            code: Vec::new(),
            tails: Vec::new(),
            most_slots,
            fresh: Vec::new(),
            generation: 0,
            moved: 0,
            points: Points::default(),
        }
    }

    /// The trace with a key, if it is decoded.
    #[inline]
    pub fn find(&self, key: Key) -> Option<TraceId> {
        let entry = &self.table[key.table_index()];
        (entry.key == key && self.traces[entry.id as usize].live).then_some(entry.id)
    }

    /// The dropped trace with a key: the table may know it, or its first slot was met.
    fn dead_trace(&self, key: Key, dead: Option<u32>) -> Option<TraceId> {
        let entry = &self.table[key.table_index()];
        let met = || dead.and_then(|dead| self.slots.get(dead as usize)).map(|slot| slot.imm as TraceId);
        let id = if entry.key == key { entry.id } else { met()? };
        let trace = self.traces.get(id as usize)?;
        (!trace.live && trace.key == key).then_some(id)
    }

    /// Lets a trace be found by its key and by its frame.
    fn index(&mut self, key: Key, id: TraceId, frame: Frame) {
        let place = frame.0 as usize;
        if self.newest.len() <= place {
            self.newest.resize(place + 1, NO_TRACE);
        }
        self.points.forget();
        let older = std::mem::replace(&mut self.newest[place], id);
        let trace = &mut self.traces[id as usize];
        trace.older = older;
        let first = trace.first;
        self.table[key.table_index()] = TableEntry { key, id, first };
    }

    /// A trace.
    #[inline]
    pub fn trace(&self, id: TraceId) -> &Trace {
        &self.traces[id as usize]
    }

    /// The slots of a trace, without the one that ends it.
    #[inline]
    pub fn slots(&self, id: TraceId) -> &[Insn] {
        let trace = &self.traces[id as usize];
        &self.slots[trace.first as usize..][..trace.count as usize]
    }

    /// The number of a trace's first slot, and its slots.
    pub(crate) fn slots_mut(&mut self, id: TraceId) -> (usize, &mut [Insn]) {
        let trace = &self.traces[id as usize];
        let first = trace.first as usize;
        (first, &mut self.slots[first..][..trace.count as usize])
    }

    /// How to enter a trace.
    pub(crate) fn entry(&mut self, id: TraceId) -> Entry<'_> {
        let first = self.traces[id as usize].first;
        let cache: *mut TraceCache = self;
        let moved = self.moved;
        Entry { first, slots: self.slots.as_mut_ptr(), table: &self.table, tails: &self.tails, cache, moved }
    }

    /// Where slots, table and tails begin.
    pub(crate) fn places(&mut self) -> (*mut Insn, *const TableEntry, *const Tail) {
        (self.slots.as_mut_ptr(), self.table.as_ptr(), self.tails.as_ptr())
    }

    /// Changes whenever everything was dropped: numbers of slots and traces from before mean nothing then.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Lets what was loose lead to a trace. A link inside the page holds for good, since both ends lie in one frame. Calls and
    /// returns lead over bridges anyway: their handlers cross them themselves.
    pub(crate) fn tie(&mut self, loose: Loose, id: TraceId, same_page: bool) {
        let first = self.traces[id as usize].first;
        if let Some((end, side)) = loose.link {
            let end = end as usize;
            let branch = &self.slots[end - 1];
            let target = match side {
                _ if is_call(branch) => self.bridge(id, side),
                Side::Taken if is_computed_jump(branch) => self.bridge(id, side),
                _ if same_page => first as usize,
                _ => self.bridge(id, side),
            };
            self.link(end, side, target);
        }
        if let Some(dead) = loose.dead.filter(|dead| *dead != first) {
            let dead = &mut self.slots[dead as usize];
            dead.fast = FORWARD;
            dead.imm = first as i32;
        }
    }

    /// A slot that leads to a trace if its offset in the page and the page's frame are those that they are now.
    fn bridge(&mut self, id: TraceId, side: Side) -> usize {
        if self.slots.len() >= self.most_slots {
            return match side {
                Side::Next => NEXT_TO_OTHER_PAGE,
                Side::Taken => TAKEN_TO_OTHER_PAGE,
            };
        }
        let bridges = match self.traces[id as usize].key.mode() {
            CodeMode { is_64: true, .. } => LONG_BRIDGES,
            CodeMode { is_32: true, flat: true, .. } => FLAT_BRIDGES,
            _ => BRIDGES,
        };
        self.add_bridge(bridges[side as usize], id)
    }

    fn add_bridge(&mut self, fast: Fast, id: TraceId) -> usize {
        let trace = &self.traces[id as usize];
        let number = self.slots.len();
        let disp = trace.key.frame().0 as i32;
        let mut slot = Insn { fast, imm: distance(number, trace.first as usize), disp, ..Insn::undefined() };
        slot.set_target(trace.key.offset_in_page() as u64);
        slot.set_stamp(0, 0);
        self.slots.push(slot);
        number
    }

    /// Lets a side of an end slot lead to another slot.
    fn link(&mut self, end: usize, side: Side, target: usize) {
        let distance = distance(end, target);
        let end = &mut self.slots[end];
        match side {
            Side::Next => end.imm = distance,
            Side::Taken => end.disp = distance,
        }
    }

    /// Lets both sides of an end slot lead to where somebody ties them.
    fn loosen(&mut self, end: usize) {
        self.link(end, Side::Next, TO_NEXT);
        self.link(end, Side::Taken, TO_TAKEN);
    }

    /// Decodes a trace from a frame. `None` if the first instruction leaves the page or is too long: it is then
    /// executed without the cache. A dropped trace of the same code gives up its place, so that links to it hold.
    pub(crate) fn build(
        &mut self,
        place: CodePlace,
        models: Models,
        memory: &mut Memory,
        watches: &Watches,
        dead: Option<u32>,
    ) -> Option<TraceId> {
        let mut fresh = std::mem::take(&mut self.fresh);
        let bytes = decode_run(&mut fresh, place, models, memory, watches);
        let id = self.keep(&mut fresh, bytes, place, memory, watches, dead);
        self.fresh = fresh;
        id
    }

    /// Keeps a run of decoded slots, the one that ends it behind them.
    fn keep(
        &mut self,
        decoded: &mut [Insn],
        bytes: u64,
        place: CodePlace,
        memory: &mut Memory,
        watches: &Watches,
        dead: Option<u32>,
    ) -> Option<TraceId> {
        let CodePlace { frame, offset, .. } = place;
        let count = decoded.len() - 1;
        if count == 0 {
            return None;
        }
        let taken = count + 1;
        if self.slots.len() + taken > self.most_slots {
            self.clear();
            memory.frames.forget_code();
        }
        let candidate = watches.is_marked(frame, offset);
        if candidate {
            decoded[0].fast = LEAVE;
        }
        memory.frames.mark_code(frame, offset as usize, bytes as usize);
        let key = Key::new(place);
        let trace = Trace {
            key,
            first: NO_SLOT,
            count: count as u8,
            room: taken as u8,
            bytes: bytes as u16,
            candidate,
            live: true,
            older: NO_TRACE,
            tail: NO_TAIL,
            code: 0,
            code_room: bytes as u8,
            first_slot: (CANONICAL, 0),
        };
        let code = &memory.frames.page(frame)[offset as usize..][..bytes as usize];
        let id = self.place(trace, decoded, code, dead);
        self.index(key, id, frame);
        Some(id)
    }

    /// Puts slots and bytes where a dropped trace of the same key has them, or behind all others.
    fn place(&mut self, trace: Trace, slots: &[Insn], code: &[u8], dead: Option<u32>) -> TraceId {
        if let Some(id) = self.dead_trace(trace.key, dead)
            && let old = &mut self.traces[id as usize]
            && usize::from(old.room) >= slots.len()
            && usize::from(old.code_room) >= code.len()
        {
            *old = Trace { first: old.first, room: old.room, code: old.code, code_room: old.code_room, ..trace };
            let first = old.first as usize;
            self.slots[first..][..slots.len()].copy_from_slice(slots);
            self.code[old.code as usize..][..code.len()].copy_from_slice(code);
            self.loosen(first + slots.len() - 1);
            self.moved += 1;
            return id;
        }
        let id = self.traces.len() as TraceId;
        let (first, start) = (self.slots.len() as u32, self.code.len() as u32);
        self.slots.extend_from_slice(slots);
        self.code.extend_from_slice(code);
        self.traces.push(Trace { first, code: start, ..trace });
        self.loosen(self.slots.len() - 1);
        id
    }

    /// Drops the traces of a frame.
    pub(crate) fn drop_frame(&mut self, frame: Frame) {
        self.drop_lines(frame, u64::MAX);
    }

    /// Drops the traces of a frame that touch any of these lines of 64 bytes.
    pub fn drop_lines(&mut self, frame: Frame, lines: u64) {
        let Some(newest) = self.newest.get_mut(frame.0 as usize) else { return };
        self.points.forget();
        let mut next = std::mem::replace(newest, NO_TRACE);
        let mut kept = NO_TRACE;
        while next != NO_TRACE {
            let id = next;
            let trace = &mut self.traces[id as usize];
            next = trace.older;
            if code_lines(trace.key.offset_in_page(), usize::from(trace.bytes)) & lines == 0 {
                trace.older = std::mem::replace(&mut kept, id);
                continue;
            }
            trace.live = false;
            // Links to it, and the table, lead to a slot that says so.
            let first = &mut self.slots[trace.first as usize];
            trace.first_slot = (first.fast, first.imm);
            first.fast = DEAD;
            first.imm = id as i32;
        }
        *newest = kept;
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.slots.truncate(OUTSIDE_TRACES.len());
        self.traces.clear();
        self.table.fill(NO_ENTRY);
        self.newest.fill(NO_TRACE);
        self.code.clear();
        self.tails.clear();
        self.generation += 1;
        self.moved += 1;
        self.points.forget();
    }
}

/// Decodes up to a whole trace, and puts behind it the slot that ends it; gives the number of its bytes.
fn decode_run(slots: &mut Vec<Insn>, place: CodePlace, models: Models, memory: &Memory, watches: &Watches) -> u64 {
    slots.clear();
    let page = memory.frames.page(place.frame);
    let (mut count, mut cycles, mut at, mut ended) = (0, 0u16, 0, false);
    while count < LONGEST_TRACE && at <= LAST_START && place.offset + at < PAGE_BYTES {
        if count > 0 && watches.is_marked(place.frame, place.offset + at) {
            break;
        }
        let bytes = &page[(place.offset + at) as usize..];
        let Decoded::Insn(mut insn, ends) = decode(bytes, place.mode.size(), models.features) else {
            break;
        };
        cycles = cycles.saturating_add(models.timing.prepare(&mut insn, bytes));
        insn.cycles = cycles;
        insn.at = at as u8;
        at += u64::from(insn.len);
        slots.push(insn);
        count += 1;
        if ends {
            ended = true;
            break;
        }
    }
    // The fast tier counts instructions as cycles.
    if count > 0 && models.timing == Timing::Flat {
        choose(&mut slots[..count], ended, place.mode, models.model);
    }
    slots.push(end_slot(slots.last().unwrap_or(&Insn::undefined())));
    at
}

/// A link from a slot to another: bytes between them.
fn distance(from: usize, to: usize) -> i32 {
    // There are no more than MOST_SLOTS.
    ((to as i64 - from as i64) * size_of::<Insn>() as i64) as i32
}

/// A near call.
fn is_call(i: &Insn) -> bool {
    const RELATIVE: u16 = row_number(Map::One, 0xE8, 0);
    const INDIRECT: u16 = row_number(Map::One, 0xFF, 2);
    matches!(i.op, RELATIVE | INDIRECT)
}

/// A slot that is no bridge, but stands where one may.
fn outside_traces(fast: Fast) -> Insn {
    let mut slot = Insn { fast, ..Insn::undefined() };
    slot.set_stamp(0, 0);
    slot
}

/// A near jump to where a register or memory says.
fn is_computed_jump(i: &Insn) -> bool {
    const JMP: u16 = row_number(Map::One, 0xFF, 4);
    i.op == JMP
}

/// A slot that ends a trace behind its last instruction; what it is linked to follows from where it is put.
fn end_slot(last: &Insn) -> Insn {
    let at = last.at + last.len;
    let mut slot = Insn { fast: END, at, cycles: last.cycles, ..Insn::undefined() };
    slot.set_way(i32::from(at).wrapping_add(last.imm));
    slot
}
