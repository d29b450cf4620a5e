//! The clock tables. *Intel486 Microprocessor Family Programmer's Reference Manual*, chapter 26 "Instruction Set" and
//! appendix "Instruction Format and Timing" (operands and code in the cache); *Pentium Processor Family Developer's
//! Manual*, Vol.3, appendix F "Pentium Processor Instruction Format and Timing", Table F-2 (both pipes apart: nothing
//! is paired).
//!
//! Where the 486's chapter and appendix differ the more detailed one is taken: LOOP, BT on memory, POP of a register
//! in its short form and SETcc follow the appendix. Of a range the low end is taken unless the manual has a rule for
//! it; loads of segment registers and far transfers take the low end in real mode and, as a descriptor is read, the
//! high end in protected mode.
//!
//! An instruction that the manual does not have, because it is younger than the processor or undocumented, takes the
//! other manual's number, or 1.

use super::clocks::Clocks::{
    Condition, Count, Far as FarTransfer, Fixed, Index, Interrupt, InterruptReturn, Level, Mode, Multiply, Overflow,
    Port, PortString, Register, Return, ScanBackward as Backward, ScanForward, Segment, String as Repeated,
};
use super::clocks::{Clocks, Far, ScanBackward, Strings};

/// Clocks of an instruction in one form on both processors.
pub struct ClockRow {
    /// Mnemonic; `jcc`, `setcc` and `cmovcc` for all conditions, `alu` for ADD, OR, ADC, SBB, AND, SUB and XOR,
    /// `shift` for ROL, ROR, SHL, SAL, SHR and SAR.
    pub name: &'static str,
    /// Operands: r register, z register named by the opcode, a accumulator, m memory, i immediate, 1 the constant,
    /// c CL, d DX, s segment register, k control or debug register, j relative, p far pointer. `*` is any form.
    pub form: &'static str,
    /// On the 486.
    pub i486: Clocks,
    /// On the Pentium.
    pub pentium: Clocks,
}

const fn row(name: &'static str, form: &'static str, i486: Clocks, pentium: Clocks) -> ClockRow {
    ClockRow { name, form, i486, pentium }
}

/// A row with one number for each processor.
const fn n(name: &'static str, form: &'static str, i486: u16, pentium: u16) -> ClockRow {
    row(name, form, Fixed(i486), Fixed(pentium))
}

const fn string(alone: u16, none: u16, one: u16, base: u16, each: u16) -> Clocks {
    Repeated(Strings { alone, none, one, base, each })
}

const fn backward(zero: u16, base: u16, each: u16, always_32: bool) -> Clocks {
    Backward(ScanBackward { zero, base, each, always_32 })
}

const CALL_486: Far = Far { real: 18, direct: 20, gate: 35, inner: 69, parameters: (77, 4), task: 37, task_gate: 38 };
const CALL_MEMORY_486: Far = Far { real: 17, ..CALL_486 };
const JMP_486: Far = Far { real: 17, direct: 19, gate: 32, inner: 32, parameters: (32, 0), task: 42, task_gate: 43 };
const JMP_MEMORY_486: Far =
    Far { real: 13, direct: 18, gate: 31, inner: 31, parameters: (31, 0), task: 41, task_gate: 42 };
const CALL_PENTIUM: Far =
    Far { real: 4, direct: 13, gate: 22, inner: 44, parameters: (45, 2), task: 21, task_gate: 22 };
const CALL_MEMORY_PENTIUM: Far =
    Far { real: 5, direct: 14, gate: 22, inner: 44, parameters: (45, 2), task: 22, task_gate: 23 };
const JMP_PENTIUM: Far = Far { real: 3, direct: 3, gate: 18, inner: 18, parameters: (18, 0), task: 19, task_gate: 20 };
const JMP_MEMORY_PENTIUM: Far = Far { real: 4, direct: 4, ..JMP_PENTIUM };

/// MOV to CR0, CR2, CR3, CR4, in their places.
const TO_CONTROL_486: [u16; 8] = [16, 4, 4, 4, 4, 4, 4, 4];
const TO_CONTROL_PENTIUM: [u16; 8] = [22, 12, 12, 21, 14, 12, 12, 12];
const TO_DEBUG_PENTIUM: [u16; 8] = [11, 11, 11, 11, 12, 12, 11, 11];
const FROM_DEBUG_PENTIUM: [u16; 8] = [2, 2, 2, 2, 12, 12, 11, 11];

/// All rows, sorted as the manuals sort them.
pub static CLOCK_ROWS: &[ClockRow] = &[
    n("aaa", "", 3, 3),
    n("aad", "i", 14, 10),
    n("aam", "i", 15, 18),
    n("aas", "", 3, 3),
    n("alu", "r,r", 1, 1),
    n("alu", "r,m", 2, 2),
    n("alu", "m,r", 3, 3),
    n("alu", "r,i", 1, 1),
    n("alu", "m,i", 3, 3),
    n("arpl", "*", 9, 7),
    n("bound", "*", 7, 8),
    row("bsf", "r,r", ScanForward(6, 8), ScanForward(6, 8)),
    row("bsf", "r,m", ScanForward(7, 9), ScanForward(6, 9)),
    row("bsr", "r,r", backward(6, 7, 3, true), backward(7, 7, 2, false)),
    row("bsr", "r,m", backward(7, 8, 3, true), backward(7, 8, 2, false)),
    n("bswap", "*", 1, 1),
    n("bt", "r,i", 3, 4),
    n("bt", "m,i", 3, 4),
    n("bt", "r,r", 3, 4),
    n("bt", "m,r", 8, 9),
    n("btx", "r,i", 6, 7),
    n("btx", "m,i", 8, 8),
    n("btx", "r,r", 6, 7),
    n("btx", "m,r", 13, 13),
    n("call", "j", 3, 1),
    n("call", "r", 5, 2),
    n("call", "m", 5, 2),
    row("call", "p", FarTransfer(&CALL_486), FarTransfer(&CALL_PENTIUM)),
    row("call far", "m", FarTransfer(&CALL_MEMORY_486), FarTransfer(&CALL_MEMORY_PENTIUM)),
    n("cbw", "", 3, 3),
    n("clc", "", 2, 2),
    n("cld", "", 2, 2),
    n("cli", "", 5, 7),
    n("clts", "", 7, 10),
    n("cmc", "", 2, 2),
    n("cmovcc", "*", 1, 1),
    n("cmp", "r,r", 1, 1),
    n("cmp", "r,m", 2, 2),
    n("cmp", "m,r", 2, 2),
    n("cmp", "r,i", 1, 1),
    n("cmp", "m,i", 2, 2),
    row("cmps", "", string(8, 5, 14, 7, 7), string(5, 7, 13, 9, 4)),
    n("cmpxchg", "r,r", 6, 5),
    row("cmpxchg", "m,r", Condition(7, 10), Fixed(6)),
    n("cmpxchg8b", "*", 10, 10),
    n("cpuid", "", 14, 14),
    n("cwd", "", 3, 2),
    n("daa", "", 2, 3),
    n("das", "", 2, 3),
    n("dec", "r", 1, 1),
    n("dec", "m", 3, 3),
    n("div", "byte", 16, 17),
    n("div", "word", 24, 25),
    n("div", "dword", 40, 41),
    row("enter", "i", Level(14, 17, 17, 3), Level(11, 15, 15, 2)),
    n("fldcw", "*", 4, 7),
    n("fninit", "*", 17, 12),
    n("fnstcw", "*", 3, 2),
    n("fnstsw", "*", 3, 2),
    n("fxrstor", "*", 1, 1),
    n("fxsave", "*", 1, 1),
    n("hlt", "", 4, 4),
    n("idiv", "byte r", 19, 22),
    n("idiv", "word r", 27, 30),
    n("idiv", "dword r", 43, 46),
    n("idiv", "byte m", 20, 22),
    n("idiv", "word m", 28, 30),
    n("idiv", "dword m", 44, 46),
    row("imul", "byte", Multiply, Fixed(11)),
    row("imul", "word", Multiply, Fixed(11)),
    row("imul", "dword", Multiply, Fixed(10)),
    row("imul", "*", Multiply, Fixed(10)),
    row("in", "a,i", Port([14, 8, 28, 27]), Port([7, 4, 21, 19])),
    row("in", "a,d", Port([14, 8, 28, 27]), Port([7, 4, 21, 19])),
    n("inc", "r", 1, 1),
    n("inc", "m", 3, 3),
    row("ins", "", PortString([17, 10, 32, 30], [16, 10, 30, 29], 8), PortString([9, 6, 24, 22], [11, 8, 25, 23], 3)),
    row("int1", "", Interrupt(0, 0), Interrupt(2, 2)),
    row("int3", "", Interrupt(0, 0), Interrupt(2, 2)),
    row("int", "i", Interrupt(4, 0), Interrupt(5, 6)),
    row("into", "", Overflow(3, 2), Overflow(4, 2)),
    n("invd", "", 4, 15),
    n("invlpg", "*", 12, 25),
    row("iret", "", InterruptReturn(15, 20, 36, 32), InterruptReturn(7, 10, 27, 10)),
    row("jcc", "j", Condition(3, 1), Fixed(1)),
    row("jcxz", "j", Condition(8, 5), Condition(6, 5)),
    n("jmp", "j", 3, 1),
    n("jmp", "r", 5, 2),
    n("jmp", "m", 5, 2),
    row("jmp", "p", FarTransfer(&JMP_486), FarTransfer(&JMP_PENTIUM)),
    row("jmp far", "m", FarTransfer(&JMP_MEMORY_486), FarTransfer(&JMP_MEMORY_PENTIUM)),
    n("lahf", "", 3, 2),
    n("lar", "*", 11, 8),
    row("lds", "*", Mode(6, 12), Mode(4, 13)),
    row("lea", "*", Index(1, 2), Fixed(1)),
    n("leave", "", 5, 3),
    row("les", "*", Mode(6, 12), Mode(4, 13)),
    row("lfs", "*", Mode(6, 12), Mode(4, 13)),
    n("lgdt", "*", 11, 6),
    row("lgs", "*", Mode(6, 12), Mode(4, 13)),
    n("lidt", "*", 11, 6),
    n("lldt", "*", 11, 9),
    n("lmsw", "*", 13, 8),
    row("lods", "", string(5, 5, 11, 7, 4), string(2, 7, 10, 7, 3)),
    row("loop", "j", Condition(7, 6), Condition(5, 6)),
    row("loope", "j", Condition(9, 6), Condition(7, 8)),
    row("loopne", "j", Condition(9, 6), Condition(7, 8)),
    n("lsl", "*", 10, 8),
    row("lss", "*", Mode(6, 12), Mode(4, 17)),
    n("ltr", "*", 20, 10),
    n("mov", "r,r", 1, 1),
    n("mov", "r,m", 1, 1),
    n("mov", "m,r", 1, 1),
    n("mov", "r,i", 1, 1),
    n("mov", "m,i", 1, 1),
    row("mov", "s,r", Mode(3, 9), Segment(2, 11, 17)),
    row("mov", "s,m", Mode(3, 9), Segment(3, 12, 17)),
    n("mov", "r,s", 3, 1),
    n("mov", "m,s", 3, 1),
    row("mov", "control,r", Register(&TO_CONTROL_486), Register(&TO_CONTROL_PENTIUM)),
    n("mov", "r,control", 4, 4),
    row("mov", "debug,r", Fixed(11), Register(&TO_DEBUG_PENTIUM)),
    row("mov", "r,debug", Fixed(10), Register(&FROM_DEBUG_PENTIUM)),
    row("movs", "", string(7, 5, 13, 12, 3), string(4, 6, 13, 13, 1)),
    n("movsx", "*", 3, 3),
    n("movzx", "*", 3, 3),
    row("mul", "byte", Multiply, Fixed(11)),
    row("mul", "word", Multiply, Fixed(11)),
    row("mul", "dword", Multiply, Fixed(10)),
    n("neg", "r", 1, 1),
    n("neg", "m", 3, 3),
    n("nop", "*", 1, 1),
    n("not", "r", 1, 1),
    n("not", "m", 3, 3),
    row("out", "i,a", Port([16, 11, 31, 29]), Port([12, 9, 26, 24])),
    row("out", "d,a", Port([16, 10, 30, 29]), Port([12, 9, 25, 24])),
    row(
        "outs",
        "",
        PortString([17, 10, 32, 30], [17, 11, 31, 30], 5),
        PortString([13, 10, 27, 25], [13, 10, 27, 25], 4),
    ),
    n("pop", "z", 1, 1),
    n("pop", "r", 4, 1),
    n("pop", "m", 6, 3),
    row("pop", "s", Mode(3, 9), Segment(3, 12, 17)),
    n("popa", "", 9, 5),
    row("popf", "", Mode(9, 6), Mode(6, 4)),
    n("push", "z", 1, 1),
    n("push", "r", 4, 1),
    n("push", "m", 4, 2),
    n("push", "i", 1, 1),
    n("push", "s", 3, 1),
    n("pusha", "", 11, 5),
    row("pushf", "", Mode(4, 3), Mode(9, 3)),
    n("rcx", "r,1", 3, 1),
    n("rcx", "m,1", 4, 3),
    row("rcx", "r,c", Count(8, 30), Count(7, 24)),
    row("rcx", "m,c", Count(9, 31), Count(9, 26)),
    row("rcx", "r,i", Count(8, 30), Count(8, 25)),
    row("rcx", "m,i", Count(9, 31), Count(10, 27)),
    n("rdmsr", "", 20, 20),
    n("rdpmc", "", 1, 1),
    n("rdtsc", "", 6, 6),
    n("ret", "", 5, 2),
    n("ret", "i", 5, 3),
    row("retf", "", Return(13, 18, 33), Return(4, 13, 23)),
    row("retf", "i", Return(14, 17, 33), Return(4, 13, 23)),
    n("rsm", "", 83, 83),
    n("sahf", "", 2, 2),
    n("salc", "", 1, 1),
    row("scas", "", string(6, 5, 12, 7, 5), string(4, 7, 13, 9, 4)),
    row("setcc", "r", Condition(4, 3), Fixed(1)),
    row("setcc", "m", Condition(3, 4), Fixed(2)),
    n("sgdt", "*", 10, 4),
    n("shift", "r,1", 3, 1),
    n("shift", "m,1", 4, 3),
    n("shift", "r,c", 3, 4),
    n("shift", "m,c", 4, 4),
    n("shift", "r,i", 2, 1),
    n("shift", "m,i", 4, 3),
    n("shxd", "r,r,i", 2, 4),
    n("shxd", "m,r,i", 3, 4),
    n("shxd", "r,r,c", 3, 4),
    n("shxd", "m,r,c", 4, 5),
    n("sidt", "*", 10, 4),
    n("sldt", "r", 2, 2),
    n("sldt", "m", 3, 2),
    n("smsw", "r", 2, 4),
    n("smsw", "m", 3, 4),
    n("stc", "", 2, 2),
    n("std", "", 2, 2),
    n("sti", "", 5, 7),
    row("stos", "", string(5, 5, 11, 7, 4), string(3, 6, 10, 9, 1)),
    n("str", "r", 2, 2),
    n("str", "m", 3, 2),
    n("sysenter", "", 1, 1),
    n("sysexit", "", 1, 1),
    n("test", "r,r", 1, 1),
    n("test", "m,r", 2, 2),
    n("test", "r,i", 1, 1),
    n("test", "m,i", 2, 2),
    n("ud2", "", 1, 1),
    n("verr", "*", 11, 7),
    n("verw", "*", 11, 7),
    n("wait", "", 1, 1),
    n("wbinvd", "", 5, 2000),
    n("wrmsr", "", 30, 30),
    n("x87", "*", 1, 1),
    // Instructions on MMX registers take one clock on the Pentium that has them; so does here all that came later.
    n("younger", "*", 1, 1),
    n("movsxd", "*", 1, 1),
    n("xadd", "r,r", 3, 3),
    n("xadd", "m,r", 4, 4),
    n("xchg", "z,a", 3, 2),
    n("xchg", "r,r", 3, 3),
    n("xchg", "m,r", 5, 3),
    n("xlatb", "", 4, 4),
];

/// Clocks of entering a handler. *Intel486 Programmer's Reference Manual*, appendix "Instruction Format and Timing",
/// table "Interrupt Clock Counts"; *Pentium Developer's Manual* Vol.3, appendix F, "Interrupt Clock Counts".
pub struct InterruptClocks {
    /// Real mode.
    pub real: u16,
    /// Protected mode, to the same level.
    pub same: u16,
    /// To an inner level.
    pub inner: u16,
    /// From virtual-8086 mode.
    pub virtual_8086: u16,
    /// Through a task gate, before TS.
    pub task: u16,
    /// More for an external interrupt.
    pub external: u16,
    /// More for an NMI.
    pub nmi: u16,
    /// More for a page fault.
    pub page_fault: u16,
    /// More for an index that BOUND finds outside its bounds.
    pub bound: u16,
    /// TS, the task switch itself, by the new task: 32-bit, virtual-8086, 16-bit. The chapter's table of the 486 has
    /// 199, 177 and 180: it includes the 37 clocks before the switch.
    pub task_switch: [u16; 3],
}

/// Interrupts of the 486.
pub static INTERRUPTS_486: InterruptClocks = InterruptClocks {
    real: 26,
    same: 44,
    inner: 71,
    virtual_8086: 82,
    task: 37,
    external: 11,
    nmi: 3,
    page_fault: 24,
    bound: 24,
    task_switch: [162, 140, 143],
};

/// Interrupts of the Pentium.
pub static INTERRUPTS_PENTIUM: InterruptClocks = InterruptClocks {
    real: 11,
    same: 25,
    inner: 42,
    virtual_8086: 54,
    task: 17,
    external: 14,
    nmi: 6,
    page_fault: 40,
    bound: 32,
    task_switch: [85, 71, 87],
};
