//! An instruction that crosses a page: a trace of its own, good as long as the next page is the one that its last bytes
//! were fetched from, and those bytes are what they were.
//!
//! Its first bytes are looked after like those of any trace. The others may lie anywhere, so they are compared each time.

use ringwalk_mmu::{Frame, LinAddr, Memory, PAGE_BYTES};

use super::{CodePlace, Models, NO_TAIL, TraceCache, TraceId, code_lines, end_slot};
use crate::decode::LONGEST;
use crate::exec::Hot;
use crate::fast::{CROSSING, Fast, choose};
use crate::fetch::Fetched;
use crate::state::CpuState;
use crate::timing::Timing;
use crate::watch::Watches;

/// What an instruction goes on with in the next page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    frame: Frame,
    /// Bytes of the instruction in its own page.
    head: u8,
    /// The first bytes of the next page, and which bits of them are the instruction's.
    bytes: u128,
    mask: u128,
    /// The instruction's own fast handler.
    pub(crate) real: Fast,
}

/// The bytes of a tail, and more.
const BYTES: usize = size_of::<u128>();
const _: () = assert!(BYTES >= LONGEST, "a tail fits");

impl Tail {
    fn new(fetched: &Fetched, head: usize, frame: Frame, real: Fast) -> Tail {
        let len = usize::from(fetched.insn.len) - head;
        let mut bytes = [0; BYTES];
        bytes[..len].copy_from_slice(&fetched.bytes[head..][..len]);
        let mask = (1 << (8 * len)) - 1;
        Tail { frame, head: head as u8, bytes: u128::from_le_bytes(bytes), mask, real }
    }

    fn is_as(&self, other: &Tail) -> bool {
        (self.frame, self.head, self.bytes, self.mask) == (other.frame, other.head, other.bytes, other.mask)
    }

    /// True if the instruction at RIP still goes on with these bytes, where `first` gives the first bytes of a frame, the
    /// lowest first. What is hot must be up to date.
    #[inline(always)]
    pub(crate) fn follows(&self, cpu: &CpuState, hot: &Hot, first: impl FnOnce(Frame) -> u128) -> bool {
        let rip = cpu.rip.wrapping_add(u64::from(self.head));
        let Some(linear) = hot.fast.code_address(rip) else { return false };
        let place = hot.host_tlb.fetch(LinAddr(linear), cpu.class());
        place.is_some_and(|place| place.frame == self.frame) && first(self.frame) & self.mask == self.bytes
    }
}

impl TraceCache {
    /// True if a trace ends in its page, or its instruction still goes on as it was decoded.
    #[inline]
    pub(crate) fn follows(&self, id: TraceId, cpu: &CpuState, hot: &Hot, memory: &Memory) -> bool {
        let tail = self.traces[id as usize].tail;
        let first = |frame| memory.frames.page(frame).first_chunk().map_or(0, |first| u128::from_le_bytes(*first));
        tail == NO_TAIL || self.tails[tail as usize].follows(cpu, hot, first)
    }

    /// Keeps the instruction at a place that goes on in another frame.
    pub(crate) fn keep_crossing(
        &mut self,
        place: CodePlace,
        fetched: &Fetched,
        next: Frame,
        models: Models,
        memory: &mut Memory,
        watches: &Watches,
    ) -> Option<TraceId> {
        let head = PAGE_BYTES - place.offset;
        let mut slots = [fetched.insn, end_slot(&fetched.insn)];
        if models.timing == Timing::Flat {
            choose(&mut slots[..1], fetched.ends, place.mode, models.model);
        }
        let tail = Tail::new(fetched, head as usize, next, slots[0].fast);
        if let Some(id) = self.find(super::Key::new(place)) {
            let known = self.traces[id as usize].tail;
            if known != NO_TAIL && self.tails[known as usize].is_as(&tail) {
                return None;
            }
            self.drop_lines(place.frame, code_lines(place.offset as usize, head as usize));
        }
        slots[0].fast = CROSSING;
        if self.tails.len() >= self.most_slots {
            self.clear();
            memory.frames.forget_code();
        }
        let id = self.keep(&mut slots, head, place, memory, watches, None)?;
        let number = self.tails.len() as u32;
        self.tails.push(tail);
        let trace = &mut self.traces[id as usize];
        trace.tail = number;
        self.slots[trace.first as usize + 1].set_tail(number);
        Some(id)
    }
}
