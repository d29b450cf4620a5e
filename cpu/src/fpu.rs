//! The state of the floating-point unit: control and status word, registers, pointers. The MMX registers are the
//! significands of the same registers.
//! SDM Vol.1 8.1 "x87 FPU Execution Environment", 9.2.2 "MMX Registers".

use serde::{Deserialize, Serialize};

use crate::float::{Class, Env, Extended, Flags, Format};

/// An offset with its segment selector: where the last instruction stood, or its operand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarPointer {
    /// Offset; 64 bits only if it was set in 64-bit mode.
    pub offset: u64,
    /// Selector of CS or of the operand's segment.
    pub selector: u16,
}

/// The x87 unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fpu {
    /// Control word.
    pub control: u16,
    /// Status word.
    pub status: u16,
    /// A bit for each of R0 to R7, set unless it is empty. What else the tag word says follows from the contents:
    /// [`Fpu::tag_word`].
    pub occupied: u8,
    /// Opcode of the last instruction that is no control instruction, 11 bits.
    pub opcode: u16,
    /// Where it stands.
    pub instruction: FarPointer,
    /// Its memory operand, or that of the last one that had one.
    pub operand: FarPointer,
    /// R0 to R7.
    pub registers: [Extended; 8],
}

impl Default for Fpu {
    /// After power-on: SDM Vol.3A Table 9-1 gives 0040h, 0 and 5555h, which are eight zeros.
    fn default() -> Self {
        Fpu {
            control: 0x0040,
            status: 0,
            occupied: 0xFF,
            opcode: 0,
            instruction: FarPointer::default(),
            operand: FarPointer::default(),
            registers: [Extended::default(); 8],
        }
    }
}

/// Status bit 6: an invalid operation was a stack fault.
pub const STACK_FAULT: u16 = 1 << 6;
/// Status bit 7: an unmasked exception is pending.
pub const ERROR_SUMMARY: u16 = 1 << 7;
/// Condition code 0.
pub const C0: u16 = 1 << 8;
/// Condition code 1: rounded up, or the direction of a stack fault.
pub const C1: u16 = 1 << 9;
/// Condition code 2.
pub const C2: u16 = 1 << 10;
/// Condition code 3.
pub const C3: u16 = 1 << 14;
/// All condition codes.
pub const CONDITIONS: u16 = C0 | C1 | C2 | C3;
/// Status bit 15, a copy of the error summary.
pub const BUSY: u16 = 1 << 15;
/// Where TOP stands in the status word.
const TOP_SHIFT: u32 = 11;
const TOP: u16 = 7 << TOP_SHIFT;

impl Fpu {
    /// FNINIT. SDM Vol.2A "FINIT/FNINIT": the registers keep their contents, though all are empty.
    pub fn initialise(&mut self) {
        let registers = self.registers;
        *self = Fpu { control: 0x037F, status: 0, occupied: 0, registers, ..Fpu::default() };
    }

    /// FNCLEX. SDM Vol.2A "FCLEX/FNCLEX".
    pub fn clear_exceptions(&mut self) {
        self.status &= 0x7F00;
    }

    /// FLDCW: bit 6 reads as set; the error summary follows the new masks.
    pub fn load_control(&mut self, value: u16) {
        self.control = (value & 0x1F3F) | 0x0040;
        self.refresh_summary();
    }

    /// FLDENV, FXRSTOR: the error summary is what flags and masks say, whatever the image has.
    pub fn load_words(&mut self, control: u16, status: u16) {
        self.status = status;
        self.load_control(control);
    }

    fn refresh_summary(&mut self) {
        let pending = self.status & Flags::EXCEPTIONS.0 & !self.control != 0;
        self.status &= !(ERROR_SUMMARY | BUSY);
        if pending {
            self.status |= ERROR_SUMMARY | BUSY;
        }
    }

    /// Exception flags and C1 of an instruction that found no stack fault: C1 is cleared first. True if an unmasked
    /// exception is pending now.
    #[inline(always)]
    pub fn raise(&mut self, flags: Flags) -> bool {
        self.status = (self.status & !C1) | flags.0;
        if flags.0 & Flags::EXCEPTIONS.0 & !self.control != 0 {
            self.status |= ERROR_SUMMARY | BUSY;
            return true;
        }
        false
    }

    /// What arithmetic depends on.
    #[inline(always)]
    pub fn env(&self) -> Env {
        Env::from_control_word(self.control)
    }

    /// Results have 64 bits and are rounded to nearest, as FNINIT leaves it.
    #[inline(always)]
    pub fn is_usual(&self) -> bool {
        self.control & 0x0F00 == 0x0300
    }

    /// Number of the register on top of the stack.
    #[inline(always)]
    pub fn top(&self) -> usize {
        usize::from(self.status >> TOP_SHIFT & 7)
    }

    /// Makes another register the top of the stack.
    #[inline(always)]
    pub fn set_top(&mut self, top: usize) {
        self.status = (self.status & !TOP) | (top as u16 & 7) << TOP_SHIFT;
    }

    /// The register that ST(i) is: R(TOP + i).
    #[inline(always)]
    pub fn physical(&self, number: usize) -> usize {
        (usize::from(self.status >> TOP_SHIFT) + number) & 7
    }

    /// True if ST(i) is empty.
    #[inline(always)]
    pub fn is_empty(&self, number: usize) -> bool {
        self.occupied >> self.physical(number) & 1 == 0
    }

    /// The contents of ST(i), whether it is empty or not.
    #[inline(always)]
    pub fn st(&self, number: usize) -> Extended {
        self.registers[self.physical(number)]
    }

    /// Writes ST(i), which is not empty then.
    #[inline(always)]
    pub fn set_st(&mut self, number: usize, value: Extended) {
        let physical = self.physical(number);
        self.registers[physical] = value;
        self.occupied |= 1 << physical;
    }

    /// Pushes onto the stack, whatever the register held.
    #[inline(always)]
    pub fn push(&mut self, value: Extended) {
        self.set_top(self.top().wrapping_sub(1));
        self.set_st(0, value);
    }

    /// Marks ST(0) as empty and increments TOP.
    #[inline(always)]
    pub fn pop(&mut self) {
        let top = self.top();
        self.occupied &= !(1 << top);
        self.set_top(top + 1);
    }

    /// FXCH of two registers that are not empty; false, and nothing done, if one is.
    #[inline(always)]
    pub fn exchange(&mut self, number: usize) -> bool {
        if self.is_empty(0) || self.is_empty(number) {
            return false;
        }
        self.status &= !C1;
        let (top, other) = (self.physical(0), self.physical(number));
        self.registers.swap(top, other);
        true
    }

    /// FLD ST(i) where neither source nor destination raises a stack fault; false, and nothing done, if one does.
    #[inline(always)]
    pub fn duplicate(&mut self, number: usize) -> bool {
        if self.is_empty(number) || !self.is_empty(7) {
            return false;
        }
        self.status &= !C1;
        self.push(self.st(number));
        true
    }

    /// FST ST(i), of a register that is not empty; false, and nothing done, if it is.
    #[inline(always)]
    pub fn copy_top(&mut self, number: usize) -> bool {
        if self.is_empty(0) {
            return false;
        }
        self.status &= !C1;
        self.set_st(number, self.st(0));
        true
    }

    /// The tag word: two bits a register, 0 valid, 1 zero, 2 special, 3 empty. SDM Vol.1 8.1.7 "x87 FPU Tag Word".
    pub fn tag_word(&self) -> u16 {
        (0..8).fold(0, |tags, number| tags | self.tag(number) << (2 * number))
    }

    fn tag(&self, physical: usize) -> u16 {
        if self.occupied >> physical & 1 == 0 {
            return 3;
        }
        match self.registers[physical].parts().class {
            Class::Normal => 0,
            Class::Zero => 1,
            _ => 2,
        }
    }

    /// FLDENV: only empty or not is taken from a tag word. SDM Vol.1 8.1.7.
    pub fn set_tag_word(&mut self, tags: u16) {
        self.occupied = (0..8).fold(0, |bits, number| bits | u8::from(tags >> (2 * number) & 3 != 3) << number);
    }

    /// True if a waiting instruction must raise the error first.
    #[inline(always)]
    pub fn error_pending(&self) -> bool {
        self.status & ERROR_SUMMARY != 0
    }

    /// MMX register MMi: the significand of Ri, wherever TOP is.
    #[inline]
    pub fn mmx(&self, number: u8) -> u64 {
        self.registers[usize::from(number & 7)].significand
    }

    /// Writes MMi: sign and exponent of the register become ones. SDM Vol.1 9.6.2 "Transitions Between x87 FPU and MMX
    /// Code".
    #[inline]
    pub fn set_mmx(&mut self, number: u8, value: u64) {
        self.registers[usize::from(number & 7)] = Extended { significand: value, sign_exponent: 0xFFFF };
    }

    /// What every MMX instruction but EMMS does: TOP is 0 and no register is empty. SDM Vol.1 Table 9-2 "Effect of MMX
    /// Instructions on x87 FPU State".
    #[inline]
    pub fn enter_mmx(&mut self) {
        self.set_top(0);
        self.occupied = 0xFF;
    }

    /// EMMS: all registers are empty.
    #[inline]
    pub fn empty_mmx(&mut self) {
        self.set_top(0);
        self.occupied = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_from_contents() {
        let mut fpu = Fpu { occupied: 0x3F, ..Fpu::default() };
        assert_eq!(fpu.tag_word(), 0xF555);
        fpu.registers[0] = Extended { sign_exponent: 0x3FFF, significand: 1 << 63 };
        fpu.registers[1] = Extended { sign_exponent: 0, significand: 1 };
        fpu.registers[2] = Extended { sign_exponent: 0x7FFF, significand: 1 << 63 };
        fpu.registers[3] = Extended { sign_exponent: 0x3FFF, significand: 1 };
        assert_eq!(fpu.tag_word(), 0xF5A8, "valid, denormal, infinity, unnormal, zeros, empty");
    }

    #[test]
    fn the_stack_grows_downward_and_wraps() {
        let mut fpu = Fpu::default();
        fpu.initialise();
        let one = Extended { sign_exponent: 0x3FFF, significand: 1 << 63 };
        fpu.push(one);
        assert_eq!((fpu.top(), fpu.occupied, fpu.st(0)), (7, 0x80, one));
        fpu.pop();
        assert_eq!((fpu.top(), fpu.occupied), (0, 0));
    }
}
