//! The floating-point unit as programs see it: errors on their way to the handler, and what is saved.

use ringwalk_cpu::flags::IF;
use ringwalk_cpu::state::{Activity, CR0_NE};

use crate::program::{CODE, DATA, End, FLOATING_POINT_ERROR, Program};

/// 1 / 0 with division by zero unmasked; FNOP waits.
const DIVIDES: &str = "
    DB E3                      ; fninit
    C7 05 00 00 02 00 7B 03 00 00 ; mov dword [0x20000], 0x37b
    D9 2D 00 00 02 00          ; fldcw [0x20000]
    D9 E8                      ; fld1
    D9 EE                      ; fldz
    DE F9                      ; fdivp
    D9 D0                      ; fnop
    F4                         ; hlt
";
/// Where FDIVP and FNOP stand.
const DIVISION: u32 = CODE + 22;
const WAITER: u32 = CODE + 24;

/// SDM Vol.1 8.7.1 "Native Mode": #MF at the next waiting instruction.
#[test]
fn an_unmasked_error_waits_for_the_next_instruction() {
    let mut program = Program::protected();
    program.cpu.cr0 |= CR0_NE;
    let fault = program.code(DIVIDES).fault();
    assert_eq!((fault.vector, fault.eip), (16, WAITER));
    let fpu = &program.cpu.fpu;
    assert_eq!(fpu.status & 0xFF, 0x84, "ES and ZE");
    assert_eq!((fpu.top(), fpu.occupied), (6, 0xC0), "operands and stack are as before");
    assert_eq!((fpu.instruction.offset, fpu.opcode), (DIVISION.into(), 0x6F9));
}

/// SDM Vol.1 8.7.2 "MS-DOS Compatibility Sub-mode": FERR# makes IRQ 13, and the instruction waits for it.
#[test]
fn q39_without_ne_an_error_becomes_irq_13() {
    let mut program = Program::protected();
    program.set_flags(IF);
    assert_eq!(program.code(DIVIDES).run(), End::Vector(FLOATING_POINT_ERROR));
    assert_eq!(program.frame(FLOATING_POINT_ERROR).eip, WAITER, "FNOP has not run");
    assert!(program.bus.error);
    program.cpu.activity = Activity::Active;
    // FNCLEX takes the error away; FERR# falls.
    assert_eq!(program.attempt(&[0xDB, 0xE2]), Ok(()));
    assert!(!program.bus.error);
}

/// SDM Vol.1 Figures 8-9 and 8-11: protected mode, 32 and 16 bits.
#[test]
fn environments_in_protected_mode() {
    let mut program = Program::protected();
    program.code(
        "
        DB E3                      ; fninit
        DD 05 00 00 02 00          ; fld qword [0x20000]
        D9 35 00 01 02 00          ; fnstenv [0x20100]
        66 D9 35 00 02 02 00       ; fnstenv word [0x20200]
        F4                         ; hlt
        ",
    );
    assert_eq!(program.run(), End::Halted);
    let dwords: Vec<u32> = (0..7).map(|number| program.read_dword(DATA + 0x100 + 4 * number)).collect();
    let (ip, data) = (CODE + 2, 0x10_u32);
    // The opcode DD 05 without its first five bits; a zero on top.
    assert_eq!(dwords, [0xFFFF_037F, 0xFFFF_3800, 0xFFFF_7FFF, ip, 0x0505_0008, DATA, 0xFFFF_0000 | data]);
    let words: Vec<u16> = (0..7).map(|number| program.read_word(DATA + 0x200 + 2 * number)).collect();
    assert_eq!(words, [0x037F, 0x3800, 0x7FFF, ip as u16, 8, DATA as u16, data as u16]);
}

/// SDM Vol.1 Figures 8-10 and 8-12: real mode, 16 bits; linear addresses.
#[test]
fn environments_in_real_mode() {
    let mut program = Program::real();
    program.code_at(
        0x1_0000,
        16,
        "
        DB E3                      ; fninit
        DD 06 10 00                ; fld qword [0x10]
        D9 36 00 01                ; fnstenv [0x100]
        66 D9 36 00 02             ; fnstenv [0x200]
        F4                         ; hlt
        ",
    );
    assert_eq!(program.run(), End::Halted);
    let words: Vec<u16> = (0..7).map(|number| program.read_word(0x2_0100 + 2 * number)).collect();
    assert_eq!(words, [0x037F, 0x3800, 0x7FFF, 0x0002, 0x1506, 0x0010, 0x2000]);
    let dwords: Vec<u32> = (0..7).map(|number| program.read_dword(0x2_0200 + 4 * number)).collect();
    assert_eq!(dwords, [0xFFFF_037F, 0xFFFF_3800, 0xFFFF_7FFF, 0xFFFF_0002, 0x1506, 0xFFFF_0010, 0x2000]);
}

/// SDM Vol.2A "FSAVE/FNSAVE", "FRSTOR".
#[test]
fn the_whole_state_goes_out_and_comes_back() {
    let mut program = Program::protected();
    program.code(
        "
        DB E3                      ; fninit
        D9 EB                      ; fldpi
        D9 E8                      ; fld1
        DD 35 00 01 02 00          ; fnsave [0x20100]
        DD 25 00 01 02 00          ; frstor [0x20100]
        DF 3D 00 02 02 00          ; fistp qword [0x20200]
        F4                         ; hlt
        ",
    );
    program.steps(4);
    let fpu = &program.cpu.fpu;
    assert_eq!((fpu.control, fpu.status, fpu.occupied), (0x037F, 0, 0), "as FNINIT leaves it");
    let register = |program: &Program, number: u32| program.read(DATA + 0x100 + 28 + 10 * number, 10);
    assert_eq!(register(&program, 0), [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F]);
    assert_eq!(register(&program, 1), [0x35, 0xC2, 0x68, 0x21, 0xA2, 0xDA, 0x0F, 0xC9, 0x00, 0x40]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.read_dword(DATA + 0x200), 1);
    assert_eq!((program.cpu.fpu.top(), program.cpu.fpu.occupied), (7, 0x80));
}
