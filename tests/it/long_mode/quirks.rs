//! Quirks of 64-bit code, each with its number in the inventory.

use ringwalk_cpu::segment::SegReg;

use crate::program::*;

/// DR7: breakpoint 0 globally, on writes or reads, with a length field.
const fn dr7(kind: u64, length: u64) -> u64 {
    0x402 | kind << 16 | length << 18
}
const WRITE: u64 = 1;
const READ_WRITE: u64 = 3;
const B0: u64 = 1;

/// Q02 (CVE-2018-8897): a data breakpoint on the operand of MOV SS waits for the next instruction; if that is SYSCALL, the
/// trap arrives at the first instruction of the kernel, at CPL 0 and with the user's base of GS.
#[test]
fn q02_the_held_trap_arrives_behind_syscall() {
    const KERNEL: u32 = 0x1_2000;
    let mut program = Program::long();
    program.cpu.msrs.star = 0x10 << 32;
    program.cpu.msrs.lstar = KERNEL.into();
    program.write(KERNEL, &[0xF4]);
    program.enter_long(3);
    program.cpu.segments[SegReg::Gs as usize].base = 0x1234_0000;
    program.write_word(DATA, DATA_OF[3]);
    program.cpu.gpr[3] = DATA.into();
    program.cpu.dr[0] = DATA.into();
    program.cpu.dr7 = dr7(READ_WRITE, 1);
    // mov ss, [rbx]; syscall
    program.write(CODE, &[0x8E, 0x13, 0x0F, 0x05]);
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(program.read_qword(program.esp()), u64::from(KERNEL), "behind SYSCALL");
    assert_eq!(program.read_qword(program.esp() + 8) & 3, 0, "the saved CPL");
    assert_eq!(program.cpu.seg(SegReg::Gs).base, 0x1234_0000);
    assert_eq!(program.cpu.dr6 & 0xF, B0);
}

/// The same with INT 80h: the trap's frame shows the handler's first instruction.
#[test]
fn q02_the_held_trap_arrives_in_the_handler_of_int_80h() {
    let mut program = Program::long();
    program.set_long_gate(0x80, u64::from(HANDLERS + 0x80), 0xEE, 0);
    program.enter_long(3);
    program.write_word(DATA, DATA_OF[3]);
    program.cpu.gpr[3] = DATA.into();
    program.cpu.dr[0] = DATA.into();
    program.cpu.dr7 = dr7(READ_WRITE, 1);
    program.write(CODE, &[0x8E, 0x13, 0xCD, 0x80]);
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(program.read_qword(program.esp()), u64::from(HANDLERS + 0x80));
    assert_eq!(program.read_qword(program.esp() + 8) & 3, 0);
}

/// Q07: length 10b is 8 bytes, aligned to 8. SDM Vol.3B 17.2.4 "Debug Control Register (DR7)".
#[test]
fn q07_a_breakpoint_of_8_bytes() {
    for (offset, hits) in [(0u32, true), (7, true), (8, false)] {
        let mut program = Program::long();
        program.cpu.dr[0] = u64::from(DATA) + 3;
        program.cpu.dr7 = dr7(WRITE, 2);
        program.cpu.gpr[3] = u64::from(DATA + offset);
        // mov [rbx], al; hlt
        program.write(CODE, &[0x88, 0x03, 0xF4]);
        assert_eq!(program.run(), if hits { End::Vector(1) } else { End::Halted }, "offset {offset}");
    }
}

/// Q28: the upper halves of registers live through compatibility mode; a result of 32 bits there clears its own.
#[test]
fn q28_upper_halves_in_compatibility_mode() {
    let mut program = Program::long();
    program.cpu.gpr[0] = 0x1111_2222_3333_4444;
    program.cpu.gpr[6] = 0x5555_6666_7777_8888;
    program.cpu.gpr[12] = u64::MAX;
    program.write_dword(DATA, CODE + 0x100);
    program.write_word(DATA + 4, CODE_OF[0]);
    program.write_dword(DATA + 8, CODE + 0x200);
    program.write_word(DATA + 12, LONG_CODE[0]);
    program.cpu.gpr[3] = DATA.into();
    // jmp far [rbx]; in compatibility mode: inc esi; jmp far [ebx+8]; in 64-bit code: hlt
    program.write(CODE, &[0xFF, 0x2B]);
    program.write(CODE + 0x100, &[0x46, 0xFF, 0x6B, 0x08]);
    program.write(CODE + 0x200, &[0xF4]);
    assert_eq!(program.run(), End::Halted);
    assert!(program.cpu.code_is_64());
    assert_eq!((program.cpu.gpr[0], program.cpu.gpr[6]), (0x1111_2222_3333_4444, 0x7777_8889));
    assert_eq!(program.cpu.gpr[12], u64::MAX);
}

/// Q53: INVLPG of an address that is not canonical does nothing, and does not fault. SDM Vol.2A "INVLPG".
#[test]
fn q53_invlpg_of_nowhere_is_a_nop() {
    let mut program = Program::long();
    program.cpu.gpr[3] = 0x0000_8000_0000_0000;
    assert_eq!(program.attempt(&[0x0F, 0x01, 0x3B]), Ok(()));
}

/// Q20 in 64-bit code: MOV r64, Sreg zero-extends, PUSH FS takes 8 bytes and writes a word or more, POP FS reads a word.
#[test]
fn q20_segment_registers_in_64_bit_code() {
    let mut program = Program::long();
    program.cpu.gpr[0] = u64::MAX;
    assert_eq!(program.attempt(&[0x48, 0x8C, 0xD8]), Ok(()), "mov rax, ds");
    assert_eq!(program.cpu.gpr[0], u64::from(DATA_OF[0]));
    program.load(SegReg::Fs, DATA_OF[3]);
    let top = program.esp();
    program.write_qword(top - 8, u64::MAX);
    assert_eq!(program.attempt(&[0x0F, 0xA0]), Ok(()), "push fs");
    assert_eq!((program.esp(), program.read_word(top - 8)), (top - 8, DATA_OF[3]));
    program.write_qword(top - 8, 0xFFFF_FFFF_FFFF_0000 | u64::from(DATA_OF[0]));
    assert_eq!(program.attempt(&[0x0F, 0xA1]), Ok(()), "pop fs");
    assert_eq!((program.esp(), program.selector(SegReg::Fs)), (top, DATA_OF[0]));
}
