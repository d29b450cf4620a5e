//! Q20 to Q23: what pushes, pops and frames do to the stack and its pointer.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::site::Site;

use crate::program::*;

const BR: u8 = 5;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;

/// Q20, measured: PUSH Sreg with 32-bit operands moves ESP by 4 and writes 2 bytes: the upper half of the slot stays.
#[test]
fn q20_push_of_every_segment_register_writes_a_word() {
    let rows: [(SegReg, &[u8]); 6] = [
        (SegReg::Es, &[0x06]),
        (SegReg::Cs, &[0x0E]),
        (SegReg::Ss, &[0x16]),
        (SegReg::Ds, &[0x1E]),
        (SegReg::Fs, &[0x0F, 0xA0]),
        (SegReg::Gs, &[0x0F, 0xA8]),
    ];
    for (reg, code) in rows {
        for (prefix, size) in [(&[][..], 4), (&[0x66], 2)] {
            let mut program = Program::user();
            program.cpu.segments[SegReg::Fs as usize] = Segment::null(ringwalk_cpu::segment::Selector(0));
            let top = program.esp();
            program.write_dword(top - 4, 0xDEAD_BEEF);
            assert_eq!(program.attempt(&[prefix, code].concat()), Ok(()));
            assert_eq!(program.esp(), top - size);
            let selector = u32::from(program.selector(reg));
            let expected = if size == 4 { 0xDEAD_0000 | selector } else { selector << 16 | 0xBEEF };
            assert_eq!(program.read_dword(top - 4), expected, "{reg:?} {size}");
        }
    }
}

/// Q20: POP Sreg reads 2 bytes whatever the operand size: the upper half of the slot may lie outside the segment, or on
/// a page that is not there.
#[test]
fn q20_pop_of_a_segment_register_reads_a_word() {
    let mut program = Program::paged();
    let top = STACKS[0] - 2;
    program.write_dword(pte_of(STACKS[0]), 0);
    program.set_esp(top);
    program.write_word(top, DATA_OF[0]);
    assert_eq!(program.attempt(&[0x1F]), Ok(()));
    assert_eq!((program.selector(SegReg::Ds), program.esp()), (DATA_OF[0], top + 4));
    let mut program = Program::protected();
    program.cpu.segments[SegReg::Ss as usize].limit = top + 1;
    program.set_esp(top);
    program.write_word(top, DATA_OF[0]);
    assert_eq!(program.attempt(&[0x1F]), Ok(()));
    // A general register takes all four.
    program.set_esp(top);
    assert_eq!(program.attempt(&[0x58]), Err((SS, 0)));
}

/// Ring 0 with a stack whose pointer has 16 bits, ESP[31:16] being rubbish.
fn on_16_bit_stack(sp: u16) -> Program {
    let mut program = Program::protected();
    program.load(SegReg::Ss, DATA_16);
    program.set_esp(0xABCD_0000 | u32::from(sp));
    program
}

/// Q21: with SS.B clear SP wraps in 16 bits and ESP[31:16] stays, whatever the operand size.
#[test]
fn q21_a_16_bit_stack_wraps_sp_alone() {
    // PUSH EAX and PUSH AX at SP 0 write below 64 KiB; POP EAX at FFFCh and POP AX at FFFEh come back to 0.
    for (code, size) in [(&[0x50][..], 4u32), (&[0x66, 0x50], 2)] {
        let mut program = on_16_bit_stack(0);
        program.cpu.gpr[0] = 0x1234_5678;
        assert_eq!(program.attempt(code), Ok(()));
        assert_eq!(program.esp(), 0xABCD_0000 | (0x1_0000 - size));
        let expected: &[u8] = if size == 4 { &[0x78, 0x56, 0x34, 0x12] } else { &[0x78, 0x56] };
        assert_eq!(program.read(0x1_0000 - size, size), expected);
    }
    for (code, size) in [(&[0x58][..], 4u32), (&[0x66, 0x58], 2)] {
        let mut program = on_16_bit_stack((0x1_0000 - size) as u16);
        assert_eq!(program.attempt(code), Ok(()));
        assert_eq!(program.esp(), 0xABCD_0000);
    }
}

/// Q21: an operand that itself runs over FFFFh is #SS: a dword at SP 2, a word at SP 1. The stack cannot hold the frame
/// either, but in ring 3 it need not.
#[test]
fn q21_an_operand_over_the_end_of_a_16_bit_stack_faults() {
    let rows = [
        (&[0x50][..], 2, false),
        (&[0x50], 1, false),
        (&[0x50], 3, false),
        (&[0x50], 4, true),
        (&[0x66, 0x50], 1, false),
        (&[0x66, 0x50], 2, true),
        (&[0x58], 0xFFFD, false),
        (&[0x58], 0xFFFC, true),
        (&[0x66, 0x58], 0xFFFF, false),
        // CALL rel32, and PUSHF.
        (&[0xE8, 0, 0, 0, 0], 2, false),
        (&[0x9C], 2, false),
    ];
    for (code, sp, good) in rows {
        let mut program = Program::user();
        program.set_descriptor(FREE, descriptor(0, 0xFFFF, 0xF3));
        program.load(SegReg::Ss, FREE | 3);
        program.set_esp(0xABCD_0000 | sp);
        let expected = if good { Ok(()) } else { Err((SS, 0)) };
        assert_eq!(program.attempt(code), expected, "{code:x?} SP {sp:x}");
        if !good {
            let fault = program.frame(SS);
            assert_eq!((fault.eip, fault.esp), (CODE, 0xABCD_0000 | sp), "{code:x?} SP {sp:x}");
        }
    }
}

/// Q21: LEAVE and ENTER take the width of (E)SP and (E)BP as addresses from SS.B, what they push and load from the
/// operand size. SDM Vol.2A "ENTER", "LEAVE".
#[test]
fn q21_enter_and_leave_on_both_stacks() {
    // LEAVE, 32-bit operands, 16-bit stack: SP from BP, ESP[31:16] stays, EBP whole.
    let mut program = on_16_bit_stack(0x7000);
    program.cpu.gpr[5] = 0x5555_6000;
    program.write_dword(0x6000, 0x1122_3344);
    assert_eq!(program.attempt(&[0xC9]), Ok(()));
    assert_eq!((program.esp(), program.reg(5)), (0xABCD_6004, 0x1122_3344));
    // LEAVE, 16-bit operands, 32-bit stack: ESP from EBP, EBP[31:16] stays.
    let mut program = Program::protected();
    program.cpu.gpr[5] = 0x0002_6000;
    program.write_word(0x2_6000, 0x3344);
    assert_eq!(program.attempt(&[0x66, 0xC9]), Ok(()));
    assert_eq!((program.esp(), program.reg(5)), (0x2_6002, 0x0002_3344));
    // ENTER 10h, 0, 32-bit operands, 16-bit stack.
    let mut program = on_16_bit_stack(0x7000);
    program.cpu.gpr[5] = 0x5555_6666;
    assert_eq!(program.attempt(&[0xC8, 0x10, 0, 0]), Ok(()));
    assert_eq!((program.esp(), program.reg(5) & 0xFFFF), (0xABCD_6FEC, 0x6FFC));
    assert_eq!(program.read_dword(0x6FFC), 0x5555_6666);
    // ENTER 10h, 0, 16-bit operands, 32-bit stack: EBP[31:16] stays.
    let mut program = Program::protected();
    program.cpu.gpr[5] = 0x5555_6666;
    assert_eq!(program.attempt(&[0x66, 0xC8, 0x10, 0, 0]), Ok(()));
    let top = STACKS[0];
    assert_eq!((program.esp(), program.reg(5)), (top - 0x12, 0x5555_0000 | (top - 2)));
    assert_eq!(program.read_word(top - 2), 0x6666);
}

/// Q22: PUSH SP pushes the value before it; POP SP takes the value that was on top; operands addressed by ESP see the
/// pointer before PUSH and after POP; POPA ignores the image of SP.
#[test]
fn q22_the_stack_pointer_as_operand() {
    let top = STACKS[0];
    let mut program = Program::protected();
    assert_eq!(program.attempt(&[0x54]), Ok(()));
    assert_eq!((program.esp(), program.read_dword(top - 4)), (top - 4, top));
    let mut program = Program::real();
    assert_eq!(program.attempt(&[0x54]), Ok(()));
    assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + 0xFFE), 0x1000);

    let mut program = Program::protected();
    program.set_esp(top - 8);
    program.write_dword(top - 8, 0x0123_4567);
    assert_eq!(program.attempt(&[0x5C]), Ok(()));
    assert_eq!(program.esp(), 0x0123_4567);

    // PUSH dword [ESP+4]; POP dword [ESP+4].
    let mut program = Program::protected();
    program.set_esp(top - 8);
    program.write_dword(top - 4, 0xCAFE);
    assert_eq!(program.attempt(&[0xFF, 0x74, 0x24, 0x04]), Ok(()));
    assert_eq!((program.esp(), program.read_dword(top - 12)), (top - 12, 0xCAFE));
    let mut program = Program::protected();
    program.set_esp(top - 12);
    program.write_dword(top - 12, 0xCAFE);
    assert_eq!(program.attempt(&[0x8F, 0x44, 0x24, 0x04]), Ok(()));
    assert_eq!((program.esp(), program.read_dword(top - 4)), (top - 8, 0xCAFE));

    let mut program = Program::protected();
    program.set_esp(top - 32);
    for index in 0..8 {
        program.write_dword(top - 32 + 4 * index, 0x100 + index);
    }
    assert_eq!(program.attempt(&[0x61]), Ok(()));
    assert_eq!(program.esp(), top);
    assert_eq!(
        [0, 1, 2, 3, 5, 6, 7].map(|number| program.reg(number)),
        [0x107, 0x106, 0x105, 0x104, 0x102, 0x101, 0x100]
    );
}

/// Q22: PUSHA pushes the old (E)SP between EBX and EBP.
#[test]
fn q22_pusha_pushes_the_old_pointer() {
    let mut program = Program::protected();
    for number in [0, 1, 2, 3, 5, 6, 7] {
        program.cpu.gpr[number] = 0x100 + number as u64;
    }
    let top = program.esp();
    assert_eq!(program.attempt(&[0x60]), Ok(()));
    let found: Vec<u32> = (0..8).map(|index| program.read_dword(top - 32 + 4 * index)).collect();
    assert_eq!(found, [0x107, 0x106, 0x105, top, 0x103, 0x102, 0x101, 0x100]);
}

/// Q22: PUSHA in real mode at SP 1, 3 or 5 shuts the processor down; at 7 to 15 it is #GP, and finds room for its frame.
/// SDM Vol.2B "PUSHA/PUSHAD", "Real-Address Mode Exceptions".
#[test]
fn q22_pusha_near_the_end_of_a_real_mode_stack() {
    for code in [&[0x60][..], &[0x66, 0x60]] {
        for sp in [1, 3, 5] {
            let mut program = Program::real();
            program.set_esp(sp);
            program.write(CODE, code);
            assert_eq!(program.run(), End::Shutdown, "SP {sp}");
            assert_eq!(program.esp(), sp);
        }
        for sp in [7, 9, 11, 13, 15] {
            let mut program = Program::real();
            program.set_esp(sp);
            program.write(CODE, code);
            assert_eq!(program.run(), End::Vector(GP), "SP {sp}");
            assert_eq!(program.esp(), sp - 6);
            assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0, "the IP of PUSHA");
            assert_eq!(Program::virtual_8086_at(sp).attempt(code), Err((GP, 0)), "SP {sp} in virtual-8086 mode");
        }
    }
    // A word more wraps nowhere: 17 leaves a byte, 16 and 0 none.
    for (sp, rest) in [(17, 1), (16, 0), (0, 0xFFF0)] {
        let mut program = Program::real();
        program.set_esp(sp);
        assert_eq!(program.attempt(&[0x60]), Ok(()), "SP {sp}");
        assert_eq!(program.esp(), rest);
    }
    // In protected mode it is the stack fault that the operands make.
    let mut program = Program::user();
    program.set_descriptor(FREE, descriptor(0, 0xFFFF, 0xF3));
    program.load(SegReg::Ss, FREE | 3);
    program.set_esp(7);
    assert_eq!(program.attempt(&[0x66, 0x60]), Err((SS, 0)));
}

/// Q23: ENTER with a level copies the outer frame pointers, through SS, and its own; the level counts modulo 32.
#[test]
fn q23_enter_copies_frame_pointers() {
    let top = STACKS[0];
    for (immediate, level) in [(0, 0), (1, 1), (2, 2), (5, 5), (31, 31), (32, 0), (33, 1), (0xFF, 31)] {
        let mut program = Program::protected();
        // DS is of no use: everything is read through SS.
        program.cpu.segments[SegReg::Ds as usize] = Segment::null(ringwalk_cpu::segment::Selector(0));
        let frame = STACKS[1];
        program.cpu.gpr[5] = frame.into();
        for depth in 1..32 {
            program.write_dword(frame - 4 * depth, 0x5500 + depth);
        }
        assert_eq!(program.attempt(&[0xC8, 0x20, 0x00, immediate]), Ok(()), "level {immediate}");
        let mut expected = vec![frame];
        expected.extend((1..level).map(|depth| 0x5500 + depth));
        if level > 0 {
            expected.push(top - 4);
        }
        let found: Vec<u32> = (1..=expected.len() as u32).map(|index| program.read_dword(top - 4 * index)).collect();
        assert_eq!(found, expected, "level {immediate}");
        assert_eq!(program.reg(5), top - 4, "level {immediate}");
        assert_eq!(program.esp(), top - 4 * expected.len() as u32 - 0x20, "level {immediate}");
    }
}

/// Q23: ENTER probes its final stack pointer for writing; where that fails neither EBP nor ESP has changed.
/// SDM Vol.2A "ENTER", "#PF".
#[test]
fn q23_enter_probes_the_final_pointer() {
    let mut program = Program::paged_user();
    program.write_dword(pte_of(STACKS[3] - 0x2000), (STACKS[3] - 0x2000) | 5);
    program.cpu.gpr[5] = 0x1234;
    // 1800h bytes of locals: the first push is fine, the last byte lies on the read-only page.
    assert_eq!(program.attempt(&[0xC8, 0x00, 0x18, 0x00]), Err((PF, 7)));
    let fault = program.frame(PF);
    assert_eq!((fault.eip, fault.esp, program.reg(5)), (CODE, STACKS[3], 0x1234));
    assert_eq!(program.cpu.cr2, u64::from(STACKS[3] - 4 - 0x1800));
    // Beyond the limit: #SS.
    let mut program = Program::user();
    program.set_descriptor(FREE, descriptor(0, STACKS[3] - 0x1000, 0x40F7));
    program.load(SegReg::Ss, FREE | 3);
    assert_eq!(program.attempt(&[0xC8, 0x00, 0x18, 0x00]), Err((SS, 0)));
    assert_eq!(program.frame(SS).esp, STACKS[3]);
}

/// Q23: both bounds belong to the range, which is signed; #BR is a fault, vector 5 in real mode too; a register as
/// second operand is undefined. SDM Vol.2A "BOUND".
#[test]
fn q23_bound() {
    let rows: &[(u32, u32, u32, bool)] = &[
        (5, 5, 9, true),
        (9, 5, 9, true),
        (4, 5, 9, false),
        (10, 5, 9, false),
        (0xFFFF_FFFF, 0xFFFF_FFFE, 1, true),
        (0x8000_0000, 0xFFFF_FFFE, 1, false),
        (7, 9, 5, false),
    ];
    for (index, lower, upper, inside) in rows {
        let mut program = Program::protected();
        program.cpu.gpr[0] = (*index).into();
        program.write_dword(DATA, *lower);
        program.write_dword(DATA + 4, *upper);
        let found = program.attempt(&[0x62, 0x05, 0, 0, 2, 0]);
        assert_eq!(found, if *inside { Ok(()) } else { Err((BR, 0)) }, "{index:x} in {lower:x} to {upper:x}");
        if !inside {
            assert_eq!(program.frame(BR).eip, CODE, "the frame points at BOUND");
        }
    }
    let mut program = Program::real();
    program.cpu.gpr[0] = 0x8000;
    program.write_word(u32::from(REAL_DATA) * 16 + 0x10, 0);
    program.write_word(u32::from(REAL_DATA) * 16 + 0x12, 0xFFFF);
    program.write(CODE, &[0x62, 0x06, 0x10, 0x00]);
    assert_eq!(program.run(), End::Vector(BR));
    assert_eq!(program.read_word(u32::from(REAL_STACK) * 16 + program.esp()), 0);
    assert_eq!(Program::protected().attempt(&[0x62, 0xC0]), Err((6, 0)));
}

/// Q39: #AC of stack operands, of far pointers and of pseudo-descriptors: each part by its own size. SDM Vol.3A Table 6-7
/// "Alignment Requirements by Data Type", 3.5.1 "Segment Descriptor Tables" for SGDT.
#[test]
fn q39_alignment_of_pointers_and_stack_operands() {
    const AM: u64 = 1 << 18;
    let rows: &[(&str, &[u8], u32, bool)] = &[
        ("PUSH EAX", &[0x50], 2, false),
        ("PUSH AX", &[0x66, 0x50], 2, true),
        ("PUSH AX", &[0x66, 0x50], 1, false),
        ("POP EAX", &[0x58], 2, false),
        ("CALL", &[0xE8, 0, 0, 0, 0], 2, false),
        ("LDS EAX, m16:32", &[0xC5, 0x03], 0, true),
        ("LDS EAX, m16:32", &[0xC5, 0x03], 2, false),
        ("LDS AX, m16:16", &[0x66, 0xC5, 0x03], 2, true),
        ("LDS AX, m16:16", &[0x66, 0xC5, 0x03], 1, false),
        ("SGDT", &[0x0F, 0x01, 0x03], 2, true),
        ("SGDT", &[0x0F, 0x01, 0x03], 0, false),
        ("BT m32", &[0x0F, 0xA3, 0x03], 2, false),
        ("MOVSD", &[0xA5], 0, true),
        ("MOVSD", &[0xA5], 2, false),
    ];
    for (name, code, offset, good) in rows {
        let mut program = Program::user();
        program.cpu.cr0 |= AM;
        program.set_flags(AC);
        for number in [3, 6, 7] {
            program.cpu.gpr[number] = u64::from(DATA + offset);
        }
        program.write_dword(DATA + offset, u32::from(DATA_OF[3]) << 16);
        program.write_word(DATA + offset + 4, DATA_OF[3]);
        program.set_esp(STACKS[3] - 0x10 + offset);
        let expected = if *good { Ok(()) } else { Err((17, 0)) };
        assert_eq!(program.attempt(code), expected, "{name} +{offset}");
    }
    // Implicit accesses of the processor at CPL 3 are not checked: a misaligned GDT and TSS are fine.
    let mut program = Program::user();
    program.cpu.cr0 |= AM;
    program.set_flags(AC);
    let table = program.read(GDT, 0x100);
    program.write(0x3_0001, &table);
    program.cpu.gdtr.base = 0x3_0001;
    program.cpu.gpr[0] = DATA_OF[3].into();
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Ok(()));
    // Virtual-8086 mode is CPL 3.
    let mut program = Program::virtual_8086();
    program.cpu.cr0 |= AM;
    program.set_flags(AC | 1 << 17);
    assert_eq!(program.attempt(&[0xA1, 1, 0]), Err((17, 0)));
    assert_eq!(program.last_site(), Site::Alignment);
}
