//! Two rules that a public test of the 386 found broken once: ENTER on a 16-bit stack, and what ARPL writes.
//! SDM Vol.2A "ENTER", "ARPL" (Operation).

use ringwalk_cpu::flags::ZF;
use ringwalk_cpu::site::Site;

use super::*;

/// Ring 0 on a stack with 16-bit pointers.
fn on_a_16_bit_stack() -> Program {
    let mut program = Program::protected();
    program.load(SegReg::Ss, DATA_16);
    program
}

/// "FrameTemp := ESP; EBP := FrameTemp": with 32-bit operands the whole of ESP goes to EBP, also where SP alone is the
/// pointer; the pushes wrap in 16 bits and leave the upper half of ESP alone.
#[test]
fn q23_enter_with_32_bit_operands_on_a_16_bit_stack() {
    let mut program = on_a_16_bit_stack();
    program.set_esp(0x1234_9000);
    program.cpu.gpr[5] = 0xABCD_9800;
    assert_eq!(program.attempt(&[0xC8, 0x10, 0, 0]), Ok(()));
    assert_eq!((program.reg(5), program.esp()), (0x1234_8FFC, 0x1234_8FEC));
    assert_eq!(program.read_dword(0x8FFC), 0xABCD_9800);

    // Level 2 copies one outer frame pointer, found through BP, and pushes FrameTemp behind it.
    let mut program = on_a_16_bit_stack();
    program.set_esp(0x1234_9000);
    program.cpu.gpr[5] = 0xABCD_9800;
    program.write_dword(0x97FC, 0x5555_AAAA);
    assert_eq!(program.attempt(&[0xC8, 0, 0, 2]), Ok(()));
    assert_eq!((program.reg(5), program.esp()), (0x1234_8FFC, 0x1234_8FF4));
    assert_eq!((program.read_dword(0x8FF8), program.read_dword(0x8FF4)), (0x5555_AAAA, 0x1234_8FFC));
}

/// With 16-bit operands only BP is loaded.
#[test]
fn q23_enter_with_16_bit_operands_leaves_the_upper_half_of_ebp() {
    let mut program = on_a_16_bit_stack();
    program.set_esp(0x1234_9000);
    program.cpu.gpr[5] = 0xABCD_9800;
    assert_eq!(program.attempt(&[0x66, 0xC8, 4, 0, 0]), Ok(()));
    assert_eq!((program.reg(5), program.esp()), (0xABCD_8FFE, 0x1234_8FFA));
    assert_eq!(program.read_word(0x8FFE), 0x9800);
}

/// "IF DEST[RPL] < SRC[RPL] THEN ZF := 1; DEST[RPL] := SRC[RPL] ELSE ZF := 0": the destination is written in the first
/// branch only, so a read-only one is fine where nothing has to be raised.
#[test]
fn i32_arpl_needs_a_writable_destination_only_where_it_writes() {
    // Through a read-only segment, then on a read-only page.
    for (dst, src, raised) in [(0x28u16, 3u32, true), (0x2B, 3, false), (0x2A, 1, false)] {
        let mut program = Program::user();
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, 0xC0F1));
        program.load(SegReg::Ds, FREE | 3);
        program.write_word(DATA, dst);
        program.cpu.gpr[0] = src.into();
        program.cpu.gpr[3] = DATA.into();
        program.set_flags(ZF);
        let found = program.attempt(&[0x63, 0x03]);
        if raised {
            assert_eq!((found, program.last_site()), (Err((13, 0)), Site::NotWritable));
        } else {
            assert_eq!((found, program.cpu.flags.has(ZF)), (Ok(()), false), "{dst:x} {src}");
        }
        assert_eq!(program.read_word(DATA), dst, "{dst:x} {src}");

        let mut program = Program::paged_user();
        program.write_word(DATA, dst);
        program.write_dword(pte_of(DATA), DATA | 5);
        program.cpu.gpr[0] = src.into();
        program.cpu.gpr[3] = DATA.into();
        assert_eq!(program.attempt(&[0x63, 0x03]), if raised { Err((14, 7)) } else { Ok(()) }, "{dst:x} {src}");
    }
}
