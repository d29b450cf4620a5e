//! Bytes of code that are written over while their traces live: values of instructions change in their slots, too. What is
//! written often is remembered.

use ringwalk_mmu::Frame;

use super::renewal::ends_with_immediate;
use super::{CodePlace, Models, NO_TAIL, NO_TRACE, TraceCache, TraceId};

/// Places of code that are remembered; a power of two.
const POINTS: usize = 64;
/// Traces that are looked at before the next change of any: beyond them it is cheaper to drop what is hit.
const MOST_LOOKED_AT: usize = 256;
/// Instructions that a point leads to: two traces may hold the same code.
const MOST_PLACES: usize = 2;
/// The longest store.
const MOST_BYTES: usize = 8;

/// Bytes in lines of code, and which immediates of 32 bits they are: a slot of each, and its copy in [`TraceCache::code`].
#[derive(Clone, Copy)]
pub(crate) struct Point {
    tag: u64,
    /// What [`Points::changes`] was.
    changes: u64,
    count: usize,
    places: [(u32, u32); MOST_PLACES],
}

impl Point {
    /// The slots, and where the copies begin.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[(u32, u32)] {
        &self.places[..self.count.min(MOST_PLACES)]
    }
}

/// Where stores hit lines of code. A point holds until any trace comes or goes.
pub(super) struct Points {
    table: Box<[Point; POINTS]>,
    changes: u64,
    looked_at: usize,
}

impl Default for Points {
    fn default() -> Points {
        let none = Point { tag: 0, changes: 0, count: 0, places: [(0, 0); MOST_PLACES] };
        Points { table: Box::new([none; POINTS]), changes: 1, looked_at: 0 }
    }
}

impl Points {
    /// A trace came or went.
    #[inline]
    pub(super) fn forget(&mut self) {
        self.changes += 1;
        self.looked_at = 0;
    }

    #[inline(always)]
    fn tag(at: u64, bytes: u64) -> u64 {
        at << 4 | bytes
    }

    #[inline(always)]
    fn index(tag: u64) -> usize {
        (tag >> 4 ^ tag >> 10) as usize % POINTS
    }

    fn remember(&mut self, at: u64, bytes: u64, places: &[(u32, u32)]) {
        let tag = Points::tag(at, bytes);
        let mut point = Point { tag, changes: self.changes, count: places.len(), places: [(0, 0); MOST_PLACES] };
        point.places[..places.len()].copy_from_slice(places);
        self.table[Points::index(tag)] = point;
    }
}

impl TraceCache {
    /// What is known of so many bytes at an offset in the arena: a store there does all that must be done if it gives its
    /// value to these places, too.
    #[inline(always)]
    pub(crate) fn point(&self, at: u64, bytes: u64) -> Option<&Point> {
        let tag = Points::tag(at, bytes);
        let point = &self.points.table[Points::index(tag)];
        (point.tag == tag && point.changes == self.points.changes).then_some(point)
    }

    /// Brings the copy of an immediate up to date.
    #[inline(always)]
    pub(crate) fn copy_to(&mut self, copy: u32, value: u32) {
        self.code[copy as usize..][..4].copy_from_slice(&value.to_le_bytes());
    }

    /// Lets the traces of a frame follow a store to it, if none of them gets more by it than other values. False if one
    /// would: the caller drops all that is hit. Some may have followed even then, which holds if they come back.
    pub(crate) fn overwrite(&mut self, frame: Frame, offset: usize, bytes: &[u8], models: Models) -> bool {
        let mut found = Found::default();
        let mut next = self.newest.get(frame.0 as usize).copied().unwrap_or(NO_TRACE);
        while next != NO_TRACE {
            let id = next;
            next = self.traces[id as usize].older;
            self.points.looked_at += 1;
            if self.points.looked_at > MOST_LOOKED_AT
                || !self.follow_store(id, frame, offset, bytes, models, &mut found)
            {
                return false;
            }
        }
        if let Some(places) = found.places() {
            self.points.remember((frame.start() + offset) as u64, bytes.len() as u64, places);
        }
        true
    }

    /// A trace that is written over takes over its new values; false if it is more than that.
    fn follow_store(
        &mut self,
        id: TraceId,
        frame: Frame,
        offset: usize,
        bytes: &[u8],
        models: Models,
        found: &mut Found,
    ) -> bool {
        let trace = self.traces[id as usize];
        let (start, len) = (trace.key.offset_in_page(), usize::from(trace.bytes));
        if offset + bytes.len() <= start || start + len <= offset {
            return true;
        }
        // What goes on in another page is compared with that as a whole.
        if trace.tail != NO_TAIL {
            return false;
        }
        let mut new = [0; u8::MAX as usize + 2 * MOST_BYTES];
        let code = &self.code[trace.code as usize..][..len];
        new[MOST_BYTES..][..len].copy_from_slice(code);
        new[MOST_BYTES + offset - start..][..bytes.len()].copy_from_slice(bytes);
        let place = CodePlace { frame, offset: start as u64, mode: trace.key.mode() };
        if !self.patch(id, &new[MOST_BYTES..][..len], place, models) {
            return false;
        }
        found.add(self.immediate_in(id, offset.wrapping_sub(start), bytes.len()));
        true
    }

    /// The slot whose immediate of 32 bits so many bytes at an offset in a trace are, and where its copy begins.
    /// The last slot has none that may be changed: see [`TraceCache::patch`].
    fn immediate_in(&self, id: TraceId, offset: usize, bytes: usize) -> Option<(u32, u32)> {
        let trace = &self.traces[id as usize];
        let end = offset.wrapping_add(bytes);
        let (_, slots) = self.slots(id).split_last()?;
        let number = slots.iter().position(|slot| usize::from(slot.at) + usize::from(slot.len) == end)?;
        let sure = bytes == 4 && ends_with_immediate(&slots[number]);
        sure.then(|| (trace.first + number as u32, trace.code + offset as u32))
    }
}

/// The instructions that a store gave values to.
#[derive(Default)]
struct Found {
    places: [(u32, u32); MOST_PLACES],
    count: usize,
    /// There are more, or others.
    others: bool,
}

impl Found {
    fn add(&mut self, place: Option<(u32, u32)>) {
        match place {
            Some(place) if self.count < MOST_PLACES => {
                self.places[self.count] = place;
                self.count += 1;
            }
            _ => self.others = true,
        }
    }

    fn places(&self) -> Option<&[(u32, u32)]> {
        (!self.others).then(|| &self.places[..self.count])
    }
}
