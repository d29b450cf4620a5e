//! `info fpu` and `info sse`: the registers of x87, MMX and SSE. SDM Vol.1 8.1 "x87 FPU Execution Environment", 9.2
//! "The MMX Technology Programming Environment", 10.2 "SSE Programming Environment".

use ringwalk_cpu::fpu::Fpu;
use ringwalk_cpu::state::{CR4_OSXSAVE, CpuState};
use ringwalk_cpu::vector::{self, VectorState};
use serde::Serialize;

use crate::control::{BitsView, Row, decode};
use crate::page::{Page, Show};

/// A register of the x87 stack, which is an MMX register too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackRegister {
    /// Number from the top of the stack: ST(i).
    pub st: usize,
    /// Number of the MMX register that has the same significand.
    pub mm: usize,
    /// `valid`, `zero`, `special` or `empty`.
    pub tag: &'static str,
    /// Sign and exponent.
    pub sign_exponent: u16,
    /// The significand: what the MMX register holds.
    pub significand: u64,
    /// It changed since the last stop.
    pub changed: bool,
}

/// The x87 unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FpuView {
    /// Control word with its bits.
    pub control: BitsView,
    /// Status word with its bits.
    pub status: BitsView,
    /// Tag word.
    pub tags: u16,
    /// Opcode of the last instruction, 11 bits.
    pub opcode: u16,
    /// Where it stood: selector and offset.
    pub instruction: (u16, u64),
    /// Its memory operand: selector and offset.
    pub operand: (u16, u64),
    /// ST(0) to ST(7).
    pub registers: Vec<StackRegister>,
}

/// SDM Vol.1 8.1.5 "x87 FPU Control Word".
const CONTROL: [Row; 8] = [
    (0xC00, "rc", "rounding: 0 nearest, 1 down, 2 up, 3 toward zero"),
    (0x300, "pc", "precision: 0 single, 2 double, 3 extended"),
    (1 << 5, "pm", "inexact results are masked"),
    (1 << 4, "um", "underflow is masked"),
    (1 << 3, "om", "overflow is masked"),
    (1 << 2, "zm", "division by zero is masked"),
    (1 << 1, "dm", "denormal operands are masked"),
    (1, "im", "invalid operations are masked"),
];

/// SDM Vol.1 8.1.3 "x87 FPU Status Register".
const STATUS: [Row; 14] = [
    (1 << 15, "b", "busy: a copy of es"),
    (1 << 14, "c3", "condition code 3"),
    (7 << 11, "top", "the register that is ST(0)"),
    (1 << 10, "c2", "condition code 2"),
    (1 << 9, "c1", "condition code 1"),
    (1 << 8, "c0", "condition code 0"),
    (1 << 7, "es", "an unmasked exception is pending"),
    (1 << 6, "sf", "stack fault"),
    (1 << 5, "pe", "inexact result"),
    (1 << 4, "ue", "underflow"),
    (1 << 3, "oe", "overflow"),
    (1 << 2, "ze", "division by zero"),
    (1 << 1, "de", "denormal operand"),
    (1, "ie", "invalid operation"),
];

/// SDM Vol.1 10.2.3 "MXCSR Control and Status Register".
const MXCSR: [Row; 15] = [
    (vector::MXCSR_FZ as u64, "fz", "results that are denormal become zero"),
    (3 << vector::MXCSR_RC_SHIFT, "rc", "rounding: 0 nearest, 1 down, 2 up, 3 toward zero"),
    ((vector::MXCSR_PE as u64) << vector::MXCSR_MASK_SHIFT, "pm", "inexact results are masked"),
    ((vector::MXCSR_UE as u64) << vector::MXCSR_MASK_SHIFT, "um", "underflow is masked"),
    ((vector::MXCSR_OE as u64) << vector::MXCSR_MASK_SHIFT, "om", "overflow is masked"),
    ((vector::MXCSR_ZE as u64) << vector::MXCSR_MASK_SHIFT, "zm", "division by zero is masked"),
    ((vector::MXCSR_DE as u64) << vector::MXCSR_MASK_SHIFT, "dm", "denormal operands are masked"),
    ((vector::MXCSR_IE as u64) << vector::MXCSR_MASK_SHIFT, "im", "invalid operations are masked"),
    (vector::MXCSR_DAZ as u64, "daz", "operands that are denormal count as zero"),
    (vector::MXCSR_PE as u64, "pe", "inexact result"),
    (vector::MXCSR_UE as u64, "ue", "underflow"),
    (vector::MXCSR_OE as u64, "oe", "overflow"),
    (vector::MXCSR_ZE as u64, "ze", "division by zero"),
    (vector::MXCSR_DE as u64, "de", "denormal operand"),
    (vector::MXCSR_IE as u64, "ie", "invalid operation"),
];

fn stack_register(fpu: &Fpu, before: Option<&Fpu>, st: usize) -> StackRegister {
    let mm = fpu.physical(st);
    let value = fpu.registers[mm];
    let tag_of = |fpu: &Fpu| fpu.tag_word() >> (2 * mm) & 3;
    let tag = ["valid", "zero", "special", "empty"][usize::from(tag_of(fpu))];
    let changed = before.is_some_and(|old| old.registers[mm] != value || tag_of(old) != tag_of(fpu));
    StackRegister { st, mm, tag, sign_exponent: value.sign_exponent, significand: value.significand, changed }
}

/// The x87 unit; `before` is the processor at the last stop.
pub fn fpu(cpu: &CpuState, before: Option<&CpuState>) -> FpuView {
    let (fpu, old) = (&cpu.fpu, before.map(|cpu| &cpu.fpu));
    FpuView {
        control: decode("control", fpu.control.into(), old.map(|old| old.control.into()), &CONTROL),
        status: decode("status", fpu.status.into(), old.map(|old| old.status.into()), &STATUS),
        tags: fpu.tag_word(),
        opcode: fpu.opcode,
        instruction: (fpu.instruction.selector, fpu.instruction.offset),
        operand: (fpu.operand.selector, fpu.operand.offset),
        registers: (0..8).map(|st| stack_register(fpu, old, st)).collect(),
    }
}

impl Show for FpuView {
    fn show(&self, page: &mut Page) {
        let row = |register: &StackRegister| {
            let number = format!("{:04x} {:016x}", register.sign_exponent, register.significand);
            let number = page.mark(number, register.changed);
            vec![format!("st{}", register.st), format!("mm{}", register.mm), number, register.tag.to_string()]
        };
        let rows: Vec<Vec<String>> = self.registers.iter().map(row).collect();
        page.table(&rows);
        self.control.show(page);
        self.status.show(page);
        let at = |(selector, offset): (u16, u64)| format!("{selector:04x}:{offset:08x}");
        page.line(format!(
            "tags {:04x}  opcode {:03x}  instruction {}  operand {}",
            self.tags,
            self.opcode,
            at(self.instruction),
            at(self.operand)
        ));
    }
}

/// A vector register as doublewords, the most significant first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VectorRegister {
    /// Its number.
    pub number: u8,
    /// 32 hexadecimal digits of an XMM register, 64 of a YMM register.
    pub value: String,
    /// It changed since the last stop.
    pub changed: bool,
}

/// Vector registers, MXCSR and XCR0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SseView {
    /// XMM0 to XMM15; YMM0 to YMM15 once XCR0 has them in use.
    pub registers: Vec<VectorRegister>,
    /// MXCSR with its bits.
    pub mxcsr: BitsView,
    /// XCR0 with its bits, once CR4.OSXSAVE is set.
    pub xcr0: Option<BitsView>,
}

/// SDM Vol.3A 2.6 "Extended Control Registers (Including XCR0)".
const XCR0: [Row; 4] = [
    (1 << 9, "pkru", "protection keys"),
    (1 << 2, "avx", "upper halves of YMM registers"),
    (1 << 1, "sse", "XMM registers and MXCSR"),
    (1, "x87", "x87 and MMX registers"),
];

/// Vector registers, MXCSR and XCR0; `before` is the processor at the last stop.
pub fn sse(cpu: &CpuState, before: Option<&CpuState>) -> SseView {
    let has_halves = |cpu: &CpuState| cpu.xcr0 & (1 << 2) != 0;
    let quadwords = if has_halves(cpu) { 4 } else { 2 };
    let (state, old) = (&cpu.vector, before.map(|cpu| &cpu.vector));
    let register = |number: u8| {
        let of = |state: &VectorState| state.registers[usize::from(number)][..quadwords].to_vec();
        let value = of(state);
        let digits = value.iter().rev().map(|quadword| format!("{quadword:016x}")).collect();
        VectorRegister { number, value: digits, changed: old.is_some_and(|old| of(old) != value) }
    };
    let xcr0 = || decode("xcr0", cpu.xcr0, before.map(|old| old.xcr0), &XCR0);
    SseView {
        registers: (0..XMM_REGISTERS).map(register).collect(),
        mxcsr: decode("mxcsr", state.mxcsr.into(), old.map(|old| old.mxcsr.into()), &MXCSR),
        xcr0: (cpu.cr4 & CR4_OSXSAVE != 0).then(xcr0),
    }
}

/// XMM registers that are shown.
const XMM_REGISTERS: u8 = 16;

impl Show for SseView {
    fn show(&self, page: &mut Page) {
        for register in &self.registers {
            let digits = &register.value;
            let words: Vec<&str> = (0..digits.len() / 8).map(|word| &digits[8 * word..8 * word + 8]).collect();
            let value = page.mark(words.join(" "), register.changed);
            let kind = if digits.len() == 64 { "ymm" } else { "xmm" };
            page.line(format!("{:5}  {value}", format!("{kind}{}", register.number)));
        }
        self.mxcsr.show(page);
        if let Some(xcr0) = &self.xcr0 {
            xcr0.show(page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    #[test]
    fn upper_halves_are_shown_once_they_are_in_use() {
        let mut cpu = Fake::with_code(&[0x90]).cpu;
        cpu.vector.registers[1] = [1, 2, 3, 0xF4, 5, 6, 7, 8];
        let xmm = "00000000000000020000000000000001";
        let view = sse(&cpu, None);
        assert_eq!((view.registers[1].value.as_str(), view.xcr0), (xmm, None));
        let before = cpu.clone();
        (cpu.xcr0, cpu.cr4) = (7, cpu.cr4 | CR4_OSXSAVE);
        cpu.vector.registers[1][3] = 4;
        let view = sse(&cpu, Some(&before));
        assert_eq!(view.registers[1].value, format!("{:016x}{:016x}{xmm}", 4, 3));
        assert!(view.registers[1].changed && !view.registers[0].changed && view.xcr0.is_some());
    }
}
