//! Decoded code whose bytes were written, but hardly changed: data beside code, or one immediate in it.

use ringwalk_mmu::{Memory, PAGE_BYTES};

use super::{CodePlace, Key, Models, Trace, TraceCache, TraceId};
use crate::decode::{Decoded, decode};
use crate::insn::Insn;
use crate::isa::{Map, Operand, OperandSize, Row, row_number, row_of};
use crate::timing::Timing;
use crate::watch::Watches;

impl TraceCache {
    /// Brings a dropped trace back if its bytes are what they were, or differ in immediates and displacements alone. Not
    /// one that a breakpoint may stand in: it may have been decoded before its frame was marked.
    pub(crate) fn renew(
        &mut self,
        place: CodePlace,
        models: Models,
        memory: &mut Memory,
        watches: &Watches,
        dead: Option<u32>,
    ) -> Option<TraceId> {
        let key = Key::new(place);
        let id = self.dead_trace(key, dead)?;
        let trace = self.traces[id as usize];
        if watches.is_marked_within(place.frame, place.offset, trace.bytes.into()) {
            return None;
        }
        let span = place.offset as usize..place.offset as usize + usize::from(trace.bytes);
        debug_assert!(span.end <= PAGE_BYTES as usize, "a trace lies in one page");
        let bytes = &memory.frames.page(place.frame)[span];
        if *bytes != self.code[trace.code as usize..][..bytes.len()] && !self.patch(id, bytes, place, models) {
            return None;
        }
        self.revive(id, place, memory);
        Some(id)
    }

    /// Takes over what changed; false, and nothing is touched, if more than values changed.
    pub(super) fn patch(&mut self, id: TraceId, bytes: &[u8], place: CodePlace, models: Models) -> bool {
        let trace = self.traces[id as usize];
        // Its branch may be tied to where it led.
        let plain = usize::from(trace.count) - 1;
        let slots = trace.first as usize..trace.first as usize + plain;
        let code = trace.code as usize..trace.code as usize + bytes.len();
        if models.timing != Timing::Flat {
            return false;
        }
        let end = usize::from(self.slots[slots.end].at);
        if self.code[code.clone()][end..] != bytes[end..] {
            return false;
        }
        let mut values = [None; super::LONGEST_TRACE];
        for (slot, value) in self.slots[slots.clone()].iter().zip(&mut values) {
            let own = usize::from(slot.at)..usize::from(slot.at) + usize::from(slot.len);
            if self.code[code.clone()][own.clone()] == bytes[own.clone()] {
                continue;
            }
            *value = new_immediate(slot, &self.code[code.clone()][own.clone()], &bytes[own.clone()]);
            if value.is_some() {
                continue;
            }
            match decode(&bytes[own], place.mode.size(), models.features) {
                Decoded::Insn(new, false) if has_the_shape_of(&new, slot) => *value = Some((new.imm, new.disp)),
                _ => return false,
            }
        }
        let first = &mut self.traces[id as usize].first_slot;
        for (number, (slot, value)) in self.slots[slots].iter_mut().zip(values).enumerate() {
            let Some((imm, disp)) = value else { continue };
            (slot.imm, slot.disp) = (imm, disp);
            if number == 0 {
                first.1 = imm;
            }
        }
        self.code[code].copy_from_slice(bytes);
        true
    }

    fn revive(&mut self, id: TraceId, place: CodePlace, memory: &mut Memory) {
        let trace: &mut Trace = &mut self.traces[id as usize];
        trace.live = true;
        let (first, key) = (trace.first, trace.key);
        let slot = &mut self.slots[first as usize];
        (slot.fast, slot.imm) = trace.first_slot;
        memory.frames.mark_code(place.frame, place.offset as usize, usize::from(trace.bytes));
        self.index(key, id, place.frame);
    }
}

/// The values of an instruction of which nothing but its immediate of 32 bits, which comes last, was written.
fn new_immediate(slot: &Insn, was: &[u8], bytes: &[u8]) -> Option<(i32, i32)> {
    let (opcode, imm) = bytes.split_last_chunk()?;
    let sure = was.starts_with(opcode) && ends_with_immediate(slot);
    sure.then(|| (i32::from_le_bytes(*imm), slot.disp))
}

/// The last four bytes of the instruction are its immediate.
pub(super) fn ends_with_immediate(slot: &Insn) -> bool {
    let has_immediate = |row: &Row| row.operands.contains(&Operand::Iz);
    let is_moved = (row_number(Map::One, 0xB8, 0)..row_number(Map::One, 0xC0, 0)).contains(&slot.op);
    let narrow = match slot.operand_size() {
        OperandSize::Bits16 => true,
        OperandSize::Bits32 => false,
        OperandSize::Bits64 => is_moved,
    };
    !narrow && (is_moved || row_of(slot.op).is_some_and(has_immediate))
}

/// All that decides how a slot is executed agrees; its values may differ.
fn has_the_shape_of(new: &Insn, old: &Insn) -> bool {
    let shape = |i: &Insn| (i.op, i.canonical, i.dst, i.src, i.base, i.index, i.scale_segment, i.len, i.flags);
    // Whether a shift touches flags depends on its count.
    let is_shift = (row_number(Map::One, 0xC0, 0)..row_number(Map::One, 0xC2, 0)).contains(&old.op);
    shape(new) == shape(old) && !is_shift
}
