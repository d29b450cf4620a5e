//! REX, operand and address sizes, canonical addresses, what 64-bit code lacks.

use ringwalk_cpu::model::{Feature, Model};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::site::Site;

use crate::program::*;

/// Code, an address, and the vector and error code of its fault.
type Access = (&'static [u8], u64, Option<(u8, u16)>);

/// SDM Vol.1 3.4.1.1 "General-Purpose Registers in 64-Bit Mode": results of 32 bits clear the upper half, those of 8 and
/// 16 bits leave the rest.
#[test]
fn q28_results_of_32_bits_clear_the_upper_half() {
    let rows: [(&[u8], u64); 8] = [
        (&[0x83, 0xC0, 0x01], 1),                                       // add eax, 1
        (&[0x66, 0x83, 0xC0, 0x01], 0xFFFF_FFFF_FFFF_0000),             // add ax, 1
        (&[0x04, 0x01], 0xFFFF_FFFF_FFFF_FF00),                         // add al, 1
        (&[0x48, 0x83, 0xC0, 0x01], 0),                                 // add rax, 1
        (&[0x0F, 0x4F, 0xC3], 0xFFFF_FFFF),                             // cmovg eax, ebx: not taken, and still written
        (&[0xD3, 0xE0], 0xFFFF_FFFF),                                   // shl eax, cl: by 0, and still written
        (&[0x90], u64::MAX),                                            // nop
        (&[0x48, 0xB8, 8, 7, 6, 5, 4, 3, 2, 1], 0x0102_0304_0506_0708), // mov rax, imm64
    ];
    for (code, expected) in rows {
        let mut program = Program::long();
        program.cpu.gpr[0] = u64::MAX;
        if code == [0x83, 0xC0, 0x01] {
            program.cpu.gpr[0] = 0xFFFF_FFFF_0000_0000;
        }
        program.set_flags(0x82); // SF against OF: less
        assert_eq!(program.attempt(code), Ok(()));
        assert_eq!(program.cpu.gpr[0], expected, "{code:x?}");
    }
}

/// SDM Vol.2A 2.2.1.2 "More on REX Prefix Fields": with any REX byte registers 4 to 7 are SPL to DIL.
#[test]
fn rex_gives_the_low_bytes_of_all_registers() {
    let rows: [(&[u8], usize, u64); 5] = [
        (&[0xB4, 0x11], 0, 0x1100),           // mov ah, 11h
        (&[0x40, 0xB4, 0x11], 4, 0x11),       // mov spl, 11h
        (&[0x40, 0xB7, 0x11], 7, 0x11),       // mov dil, 11h
        (&[0x41, 0xB4, 0x11], 12, 0x11),      // mov r12b, 11h
        (&[0x40, 0x80, 0xC6, 0x11], 6, 0x11), // add sil, 11h
    ];
    for (code, register, expected) in rows {
        let mut program = Program::long();
        program.cpu.gpr[..16].fill(0);
        assert_eq!(program.attempt(code), Ok(()));
        let mut all = [0; 17];
        all[register] = expected;
        assert_eq!(program.cpu.gpr, all, "{code:x?}");
    }
    // A REX that does not stand right before the opcode counts for nothing: SDM Vol.2A 2.2.1 "REX Prefixes".
    let mut program = Program::long();
    program.cpu.gpr[0] = u64::MAX;
    assert_eq!(program.attempt(&[0x48, 0x66, 0x31, 0xC0]), Ok(())); // xor ax, ax
    assert_eq!(program.cpu.gpr[0], 0xFFFF_FFFF_FFFF_0000);
}

/// SDM Vol.2A 2.2.1.6 "RIP-Relative Addressing", 2.2.1.4 "Direct Memory-Offset MOVs", 3.4.4 "Segment Loading
/// Instructions in IA-32e Mode" for FS and GS.
#[test]
fn addresses_of_64_bit_code() {
    let rows: [(&[u8], u32); 8] = [
        (&[0x8B, 0x05, 0xFA, 0xFF, 0x00, 0x00], CODE + 6 + 0xFFFA), // mov eax, [rip+FFFAh]
        (&[0x67, 0x8B, 0x05, 0xF9, 0xFF, 0x00, 0x00], CODE + 7 + 0xFFF9), // mov eax, [eip+FFF9h]
        (&[0x8B, 0x04, 0x25, 0x00, 0x00, 0x02, 0x00], DATA),        // mov eax, [20000h]
        (&[0xA1, 0x00, 0x00, 0x02, 0x00, 0, 0, 0, 0], DATA),        // mov eax, [qword 20000h]
        (&[0x67, 0xA1, 0x00, 0x00, 0x02, 0x00], DATA),              // mov eax, [dword 20000h]
        (&[0x42, 0x8B, 0x04, 0x23], DATA + 0x400),                  // mov eax, [rbx+r12]
        (&[0x64, 0x8B, 0x04, 0x25, 0x10, 0, 0, 0], DATA + 0x810),   // mov eax, [fs:10h]
        (&[0x3E, 0x8B, 0x04, 0x25, 0x00, 0x00, 0x02, 0x00], DATA),  // mov eax, [ds:20000h]
    ];
    for (code, address) in rows {
        let mut program = Program::long();
        program.cpu.segments[SegReg::Fs as usize].base = u64::from(DATA) + 0x800;
        program.cpu.segments[SegReg::Ds as usize].base = 0x5_0000; // counts for nothing
        program.cpu.gpr[3] = DATA.into();
        program.cpu.gpr[12] = 0x400;
        program.write_dword(address, 0x1234_5678);
        assert_eq!(program.attempt(code), Ok(()));
        assert_eq!(program.cpu.gpr[0], 0x1234_5678, "{code:x?}");
    }
}

/// Q34. SDM Vol.1 3.3.7.1 "Canonical Addressing": #GP(0), but #SS(0) where RSP or RBP is the base.
#[test]
fn q34_addresses_must_be_canonical() {
    const FIRST_BAD: u64 = 0x0000_8000_0000_0000;
    let rows: [Access; 8] = [
        (&[0x8B, 0x03], FIRST_BAD, Some((13, 0))),             // mov eax, [rbx]
        (&[0x8B, 0x03], FIRST_BAD - 4, Some((14, 0))),         // canonical, and not mapped
        (&[0x8B, 0x03], FIRST_BAD - 3, Some((13, 0))),         // the last byte is not
        (&[0x8B, 0x45, 0x00], FIRST_BAD, Some((12, 0))),       // mov eax, [rbp]
        (&[0x8B, 0x04, 0x24], FIRST_BAD, Some((12, 0))),       // mov eax, [rsp]
        (&[0x50], FIRST_BAD + 16, Some((12, 0))),              // push rax
        (&[0xFF, 0xE3], FIRST_BAD, Some((13, 0))),             // jmp rbx
        (&[0x8B, 0x03], 0xFFFF_8000_0000_0000, Some((14, 0))), // mov eax, [rbx]
    ];
    for (code, address, expected) in rows {
        let mut program = Program::long();
        program.set_long_gate(12, u64::from(HANDLERS) + 12, 0x8E, 1);
        program.write_qword(LONG_TSS + 0x24, u64::from(STACKS[1]));
        for register in [3, 4, 5] {
            program.cpu.gpr[register] = address;
        }
        program.set_long_gate(13, u64::from(HANDLERS) + 13, 0x8E, 1);
        program.set_long_gate(14, u64::from(HANDLERS) + 14, 0x8E, 1);
        let found = program.attempt(code);
        assert_eq!(found.err(), expected, "{code:x?} {address:x}");
    }
}

/// SDM Vol.2D Table A-2 "One-byte Opcode Map", superscript i64.
#[test]
fn what_64_bit_code_lacks_is_undefined() {
    for opcode in [
        0x06, 0x07, 0x0E, 0x16, 0x17, 0x1E, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x60, 0x61, 0x62, 0x82, 0x9A, 0xC4, 0xC5,
        0xCE, 0xD4, 0xD5, 0xD6, 0xEA,
    ] {
        let mut program = Program::long();
        let bytes = [opcode, 0xC0, 0, 0, 0, 0, 0, 0];
        assert_eq!(program.attempt(&bytes), Err((6, 0)), "{opcode:02x}");
    }
}

/// SDM Vol.1 6.2.3 "Address-Size Attributes for Stack": pushes of 64 bits, or 16; the immediate is extended.
#[test]
fn the_stack_moves_by_8_bytes() {
    let rows: [(&[u8], u32, u64); 5] = [
        (&[0x50], 8, 0x0123_4567_89AB_CDEF),       // push rax
        (&[0x66, 0x50], 2, 0xCDEF),                // push ax
        (&[0x6A, 0xFE], 8, 0xFFFF_FFFF_FFFF_FFFE), // push -2
        (&[0x0F, 0xA0], 8, 0x10),                  // push fs
        (&[0x9C], 8, 0x202),                       // pushfq
    ];
    for (code, bytes, pushed) in rows {
        let mut program = Program::long();
        program.cpu.gpr[0] = 0x0123_4567_89AB_CDEF;
        program.set_flags(0x202);
        assert_eq!(program.attempt(code), Ok(()));
        assert_eq!(program.esp(), STACKS[0] - bytes, "{code:x?}");
        let mask = if bytes == 2 { 0xFFFF } else { u64::MAX };
        assert_eq!(program.read_qword(program.esp()) & mask, pushed, "{code:x?}");
    }
}

/// The vendors differ in near branches behind 66h. SDM Vol.2A "CALL"; AMD APM Vol.3 1.2.2 "Operand-Size Override Prefix".
#[test]
fn near_branches_behind_66h_by_vendor() {
    // jmp $+1000h, with a displacement of 32 bits or of 16.
    let mut program = Program::long();
    assert_eq!(program.attempt(&[0x66, 0xE9, 0x00, 0x10, 0, 0]), Ok(()));
    assert_eq!(program.cpu.rip, u64::from(CODE) + 6 + 0x1000);
    let mut program = Program::long_with(Model::Max.features().with(Feature::AmdNearBranch));
    assert_eq!(program.attempt(&[0x66, 0xE9, 0x00, 0x10]), Ok(()));
    assert_eq!(program.cpu.rip, (u64::from(CODE) + 4 + 0x1000) & 0xFFFF);
}

/// SDM Vol.2A "CMPXCHG8B/CMPXCHG16B": on 16 bytes, or #GP(0).
#[test]
fn cmpxchg16b_takes_or_gives() {
    let mut program = Program::long();
    program.write_qword(DATA, 1);
    program.write_qword(DATA + 8, 2);
    program.cpu.gpr[0..4].copy_from_slice(&[1, 0xC, 2, 0xB]);
    program.cpu.gpr[6] = DATA.into();
    assert_eq!(program.attempt(&[0xF0, 0x48, 0x0F, 0xC7, 0x0E]), Ok(()));
    assert_eq!((program.read_qword(DATA), program.read_qword(DATA + 8)), (0xB, 0xC));
    assert!(program.cpu.flags.has(0x40));
    program.cpu.rip = u64::from(CODE);
    assert_eq!(program.attempt(&[0x48, 0x0F, 0xC7, 0x0E]), Ok(()));
    assert_eq!((program.cpu.gpr[0], program.cpu.gpr[2]), (0xB, 0xC));
    assert!(!program.cpu.flags.has(0x40));
    program.cpu.gpr[6] += 8;
    program.cpu.rip = u64::from(CODE);
    assert_eq!(program.attempt(&[0x48, 0x0F, 0xC7, 0x0E]), Err((13, 0)));
    assert_eq!(program.last_site(), Site::CmpxchgAlignment);
}
