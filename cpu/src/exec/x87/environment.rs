//! The environment in memory, with and without the registers, in its four formats. SDM Vol.1 8.1.10 "Saving the x87
//! FPU's State with FSTENV/FNSTENV and FSAVE/FNSAVE", Figures 8-9 to 8-12; Vol.2A "FSTENV/FNSTENV", "FLDENV",
//! "FSAVE/FNSAVE", "FRSTOR".

use super::memory::{Unit, read_area, write_area};
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{Extended, Flags};
use crate::fpu::{FarPointer, Fpu};
use crate::insn::{Insn, OPERAND_32, OPERAND_64};
use crate::state::Mode;

/// Size and mode decide what an environment looks like.
#[derive(Clone, Copy)]
struct Layout {
    unit: Unit,
    /// Linear addresses in place of selectors and offsets: real and virtual-8086 mode.
    linear: bool,
}

/// Words or doublewords of an environment: control, status, tags, and two pointers of two each.
const FIELDS: usize = 7;
/// Bytes of the registers behind it.
const REGISTERS: usize = 80;
/// The longest image.
const LONGEST: usize = 4 * FIELDS + REGISTERS;

impl Layout {
    fn of(cx: &Exec<'_>, i: &Insn) -> Layout {
        let unit = if i.has(OPERAND_32) || i.has(OPERAND_64) { Unit::Dword } else { Unit::Word };
        Layout { unit, linear: cx.cpu.mode() != Mode::Protected }
    }

    fn bytes(self) -> usize {
        FIELDS * self.unit.bytes()
    }

    fn put(self, area: &mut [u8], fpu: &Fpu) {
        let [ip_low, ip_high] = self.pointer(fpu.instruction, fpu.opcode);
        let [dp_low, dp_high] = self.pointer(fpu.operand, 0);
        let dp_high = if self.linear { dp_high } else { dp_high | 0xFFFF_0000 };
        // Reserved halves are ones.
        let word = |value: u16| u32::from(value) | 0xFFFF_0000;
        let fields = [word(fpu.control), word(fpu.status), word(fpu.tag_word()), ip_low, ip_high, dp_low, dp_high];
        let bytes = self.unit.bytes();
        for (place, value) in area.chunks_exact_mut(bytes).zip(fields) {
            place.copy_from_slice(&value.to_le_bytes()[..bytes]);
        }
    }

    /// The two fields of a pointer; only the instruction's has an opcode.
    fn pointer(self, pointer: FarPointer, opcode: u16) -> [u32; 2] {
        let (offset, selector, opcode) = (pointer.offset as u32, u32::from(pointer.selector), u32::from(opcode));
        if !self.linear {
            // In the 16-bit format the opcode is cut off.
            return [offset, selector | opcode << 16];
        }
        let linear = offset.wrapping_add(selector << 4);
        match self.unit {
            Unit::Word => [linear, (linear >> 16 & 15) << 12 | opcode],
            Unit::Dword => [linear & 0xFFFF | 0xFFFF_0000, linear >> 16 << 12 | opcode],
        }
    }

    fn take(self, area: &[u8], fpu: &mut Fpu) {
        let bytes = self.unit.bytes();
        let mut fields = [0_u32; FIELDS];
        for (field, place) in fields.iter_mut().zip(area.chunks_exact(bytes)) {
            *field = place.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        }
        let [control, status, tags, ip_low, ip_high, dp_low, dp_high] = fields;
        fpu.load_words(control as u16, status as u16);
        fpu.set_tag_word(tags as u16);
        fpu.instruction = self.far_pointer(ip_low, ip_high);
        fpu.operand = self.far_pointer(dp_low, dp_high);
        match (self.linear, self.unit) {
            (false, Unit::Word) => (),
            (false, Unit::Dword) => fpu.opcode = (ip_high >> 16) as u16 & 0x7FF,
            (true, _) => fpu.opcode = ip_high as u16 & 0x7FF,
        }
    }

    fn far_pointer(self, low: u32, high: u32) -> FarPointer {
        if !self.linear {
            return FarPointer { offset: low.into(), selector: high as u16 };
        }
        let upper = match self.unit {
            Unit::Word => high >> 12 & 15,
            Unit::Dword => high >> 12 & 0xFFFF,
        };
        FarPointer { offset: u64::from(low & 0xFFFF | upper << 16), selector: 0 }
    }
}

/// FNSTENV: afterwards all exceptions are masked. Faults: operand access.
pub fn fnstenv(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let layout = Layout::of(cx, i);
    let mut area = [0; LONGEST];
    let area = &mut area[..layout.bytes()];
    layout.put(area, &cx.cpu.fpu);
    write_area(cx, i, layout.unit, area)?;
    let control = cx.cpu.fpu.control | Flags::EXCEPTIONS.0;
    cx.cpu.fpu.load_control(control);
    Ok(())
}

/// FLDENV. Faults: operand access.
pub fn fldenv(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let layout = Layout::of(cx, i);
    let mut area = [0; LONGEST];
    let area = &mut area[..layout.bytes()];
    read_area(cx, i, layout.unit, area)?;
    layout.take(area, &mut cx.cpu.fpu);
    Ok(())
}

/// FNSAVE: environment and registers, ST(0) first; afterwards as FNINIT. Faults: operand access.
pub fn fnsave(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let layout = Layout::of(cx, i);
    let mut area = [0; LONGEST];
    let area = &mut area[..layout.bytes() + REGISTERS];
    let (environment, registers) = area.split_at_mut(layout.bytes());
    layout.put(environment, &cx.cpu.fpu);
    for (number, place) in registers.chunks_exact_mut(10).enumerate() {
        place.copy_from_slice(&cx.cpu.fpu.st(number).to_bytes());
    }
    write_area(cx, i, layout.unit, area)?;
    cx.cpu.fpu.initialise();
    Ok(())
}

/// FRSTOR. Faults: operand access.
pub fn frstor(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let layout = Layout::of(cx, i);
    let mut area = [0; LONGEST];
    let area = &mut area[..layout.bytes() + REGISTERS];
    read_area(cx, i, layout.unit, area)?;
    let (environment, registers) = area.split_at(layout.bytes());
    let fpu = &mut cx.cpu.fpu;
    layout.take(environment, fpu);
    for (number, place) in registers.chunks_exact(10).enumerate() {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(place);
        let physical = fpu.physical(number);
        fpu.registers[physical] = Extended::from_bytes(bytes);
    }
    Ok(())
}
