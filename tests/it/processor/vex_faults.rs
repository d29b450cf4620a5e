//! Faults of VEX-encoded instructions by their exception classes. SDM Vol.2A 2.4 "AVX and SSE Instruction Exception
//! Classification" Tables 2-18 to 2-29, 2.3.2 "VEX and the LOCK prefix" to 2.3.4; Vol.2A Table 2-30 "VEX-Encoded GPR
//! Instructions" for types 13 and 14.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_AM, CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE};

use crate::program::*;

const UD: u8 = 6;
const NM: u8 = 7;
const GP: u8 = 13;
const PF: u8 = 14;
const CHECK: u8 = 17;
const XM: u8 = 19;

/// What memory at [EBX] an instruction accesses: nothing, so many bytes anywhere, or so many that must be aligned.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Memory {
    Nothing,
    Free(u32),
    Aligned(u32),
}
use Memory::{Aligned, Free, Nothing};

/// Class, instruction, memory, whether vvvv must be 1111b, and whether VEX.L = 1 is undefined.
const ROWS: &[(u8, &[u8], Memory, bool, bool)] = &[
    // VMOVAPS xmm and ymm, VMOVNTDQ.
    (1, &[0xC5, 0xF8, 0x28, 0x0B], Aligned(16), true, false),
    (1, &[0xC5, 0xFC, 0x28, 0x0B], Aligned(32), true, false),
    (1, &[0xC5, 0xFC, 0x29, 0x0B], Aligned(32), true, false),
    (1, &[0xC5, 0xF9, 0xE7, 0x0B], Aligned(16), true, false),
    // VADDPS, VSQRTPD, VFMADD132PS.
    (2, &[0xC5, 0xE8, 0x58, 0x0B], Free(16), false, false),
    (2, &[0xC5, 0xEC, 0x58, 0x0B], Free(32), false, false),
    (2, &[0xC5, 0xFD, 0x51, 0x0B], Free(32), true, false),
    (2, &[0xC4, 0xE2, 0x6D, 0x98, 0x0B], Free(32), false, false),
    // VADDSD, VUCOMISS.
    (3, &[0xC5, 0xEB, 0x58, 0x0B], Free(8), false, false),
    (3, &[0xC5, 0xF8, 0x2E, 0x0B], Free(4), true, false),
    // VPADDB, VPABSB, VMPSADBW, VPHMINPOSUW.
    (4, &[0xC5, 0xE9, 0xFC, 0x0B], Free(16), false, false),
    (4, &[0xC5, 0xED, 0xFC, 0x0B], Free(32), false, false),
    (4, &[0xC4, 0xE2, 0x7D, 0x1C, 0x0B], Free(32), true, false),
    (4, &[0xC4, 0xE3, 0x6D, 0x42, 0x0B, 1], Free(32), false, false),
    (4, &[0xC4, 0xE2, 0x79, 0x41, 0x0B], Free(16), true, true),
    // VMOVD, VMOVLPS, VPINSRW.
    (5, &[0xC5, 0xF9, 0x6E, 0x0B], Free(4), true, true),
    (5, &[0xC5, 0xE8, 0x12, 0x0B], Free(8), false, true),
    (5, &[0xC5, 0xE9, 0xC4, 0x0B, 1], Free(2), false, true),
    // VBROADCASTSS, VEXTRACTF128.
    (6, &[0xC4, 0xE2, 0x7D, 0x18, 0x0B], Free(4), true, false),
    (6, &[0xC4, 0xE3, 0x7D, 0x19, 0x0B, 1], Free(16), true, false),
    // VMOVMSKPS, VPSLLW xmm, imm8.
    (7, &[0xC5, 0xF8, 0x50, 0xC1], Nothing, true, false),
    (7, &[0xC5, 0xF1, 0x71, 0xF1, 3], Nothing, false, false),
    // VZEROUPPER, VZEROALL.
    (8, &[0xC5, 0xF8, 0x77], Nothing, true, false),
    (8, &[0xC5, 0xFC, 0x77], Nothing, true, false),
    // VCVTPH2PS.
    (11, &[0xC4, 0xE2, 0x79, 0x13, 0x0B], Free(8), true, false),
    // VPGATHERDD xmm1, [EBX + xmm3], xmm2, with a mask of ones.
    (12, &[0xC4, 0xE2, 0x69, 0x90, 0x0C, 0x1B], Free(4), false, false),
];
/// ANDN, BLSR, BEXTR, MULX, RORX: VEX without vector state.
const GENERAL: &[(&[u8], bool)] = &[
    (&[0xC4, 0xE2, 0x68, 0xF2, 0x0B], false),
    (&[0xC4, 0xE2, 0x70, 0xF3, 0x0B], false),
    (&[0xC4, 0xE2, 0x68, 0xF7, 0x0B], false),
    (&[0xC4, 0xE2, 0x6B, 0xF6, 0x0B], false),
    (&[0xC4, 0xE3, 0x7B, 0xF0, 0x0B, 3], true),
];

fn machine(ring: u8) -> Program {
    let mut program = Program::paged();
    program.enter_ring(ring);
    program.cpu.cr4 |= CR4_OSFXSR | CR4_OSXSAVE | CR4_OSXMMEXCPT;
    program.cpu.xcr0 = 7;
    program.write(DATA - 64, &[0; 256]);
    program.cpu.gpr[3] = DATA.into();
    program.cpu.vector.registers[2] = [u64::MAX; 8];
    program
}

fn expect(program: &mut Program, code: &[u8], expected: Result<(), u8>, why: &str) {
    let before = program.cpu.vector.clone();
    let found = program.attempt(code).map_err(|(vector, _)| vector);
    assert_eq!(found, expected, "{code:02x?} {why}");
    if expected.is_err() {
        assert_eq!(program.cpu.vector.registers, before.registers, "{code:02x?} {why}: nothing changes");
    }
}

#[test]
fn state_that_is_switched_off() {
    for (class, code, ..) in ROWS {
        for ring in [0, 3] {
            expect(&mut machine(ring), code, Ok(()), &format!("class {class}, all in order"));
        }
        for xcr0 in [1, 3, 5] {
            let mut program = machine(3);
            program.cpu.xcr0 = xcr0;
            program.cpu.cr0 |= CR0_TS;
            expect(&mut program, code, Err(UD), "XCR0 before TS");
            assert_eq!(program.last_site(), Site::VexDisabled);
        }
        let mut program = machine(3);
        program.cpu.cr4 &= !CR4_OSXSAVE;
        expect(&mut program, code, Err(UD), "no OSXSAVE");
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_TS;
        expect(&mut program, code, Err(NM), "TS");
        // EM and OSFXSR mean nothing to VEX.
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_EM;
        program.cpu.cr4 &= !CR4_OSFXSR;
        expect(&mut program, code, Ok(()), "EM, no OSFXSR");
    }
    for (code, _) in GENERAL {
        let mut program = machine(3);
        program.cpu.cr4 &= !CR4_OSXSAVE;
        program.cpu.cr0 |= CR0_TS | CR0_EM;
        program.cpu.xcr0 = 1;
        expect(&mut program, code, Ok(()), "general registers are always there");
    }
}

#[test]
fn prefixes_before_vex() {
    let all = ROWS.iter().map(|row| row.1).chain(GENERAL.iter().map(|row| row.0));
    for code in all {
        for prefix in [0xF0, 0x66, 0xF2, 0xF3] {
            expect(&mut machine(0), &[&[prefix], code].concat(), Err(UD), "LOCK, 66h, F2h or F3h");
        }
        expect(&mut machine(0), &[&[0x3E], code].concat(), Ok(()), "a segment override");
    }
}

#[test]
fn fields_that_must_hold_one_value() {
    let vectors = ROWS.iter().map(|(_, code, _, vvvv, length)| (*code, *vvvv, *length));
    for (code, vvvv_is_ones, length_is_zero) in vectors.chain(GENERAL.iter().map(|(code, vvvv)| (*code, *vvvv, true))) {
        let at = if code[0] == 0xC5 { 1 } else { 2 };
        if vvvv_is_ones {
            let mut other = code.to_vec();
            other[at] &= !0x08;
            expect(&mut machine(0), &other, Err(UD), "vvvv");
        }
        if length_is_zero {
            let mut other = code.to_vec();
            other[at] |= 4;
            expect(&mut machine(0), &other, Err(UD), "VEX.L");
        }
    }
    // VPERM2F128, VPERMQ, VBROADCASTF128: VEX.L must be 1; VPERMQ: W too.
    for code in
        [&[0xC4, 0xE3, 0x6D, 0x06, 0x0B, 0][..], &[0xC4, 0xE3, 0xFD, 0x00, 0x0B, 0], &[0xC4, 0xE2, 0x7D, 0x1A, 0x0B]]
    {
        expect(&mut machine(0), code, Ok(()), "L is 1");
        let mut other = code.to_vec();
        other[2] &= !4;
        expect(&mut machine(0), &other, Err(UD), "L is 0");
        other[2] ^= 0x84;
        expect(&mut machine(0), &other, Err(UD), "W is another");
    }
    // Registers of a gather must differ.
    for code in [
        [0xC4, 0xE2, 0x71, 0x90, 0x0C, 0x1B],
        [0xC4, 0xE2, 0x69, 0x90, 0x0C, 0x0B],
        [0xC4, 0xE2, 0x61, 0x90, 0x0C, 0x1B],
    ] {
        expect(&mut machine(0), &code, Err(UD), "two of three are one");
    }
}

/// C4h and C5h are LES and LDS in real and virtual-8086 mode; with a register both are #UD.
#[test]
fn real_and_virtual_8086_mode() {
    let all = ROWS.iter().map(|row| row.1).chain(GENERAL.iter().map(|row| row.0));
    for code in all {
        for mut program in [Program::real(), Program::virtual_8086()] {
            program.cpu.cr4 |= CR4_OSXSAVE;
            program.cpu.xcr0 = 7;
            expect(&mut program, code, Err(UD), "no VEX here");
        }
    }
}

#[test]
fn alignment_and_pages() {
    for (_, code, memory, ..) in ROWS {
        let (bytes, aligned) = match memory {
            Nothing => continue,
            Free(bytes) => (*bytes, false),
            Aligned(bytes) => (*bytes, true),
        };
        for off in [1, 4, 8, 16] {
            let mut program = machine(0);
            program.cpu.gpr[3] += u64::from(off);
            let expected = if aligned && off % bytes != 0 { Err(GP) } else { Ok(()) };
            expect(&mut program, code, expected, "not aligned");
        }
        let mut program = machine(0);
        program.write_dword(pte_of(DATA), 0);
        let found = program.attempt(code).map_err(|(vector, _)| vector);
        assert_eq!(found, Err(PF), "{code:02x?}");
    }
}

/// EFLAGS.AC and CR0.AM at CPL 3: operands of 32 bytes are asked for 16, as measured on an EPYC of family 19h; SDM Vol.2C
/// "VMASKMOV", "VPMASKMOV": "No AC# reported for any mask bit combinations".
#[test]
fn alignment_checks_of_vex() {
    const ROWS: [(&[u8], u32, Result<(), u8>); 10] = [
        // VADDPS ymm, VMOVUPS to memory; VADDPS xmm.
        (&[0xC5, 0xEC, 0x58, 0x0B], 16, Ok(())),
        (&[0xC5, 0xEC, 0x58, 0x0B], 8, Err(CHECK)),
        (&[0xC5, 0xFC, 0x11, 0x0B], 16, Ok(())),
        (&[0xC5, 0xFC, 0x11, 0x0B], 4, Err(CHECK)),
        (&[0xC5, 0xE8, 0x58, 0x0B], 8, Err(CHECK)),
        // VMASKMOVPS and VMASKMOVPD from memory, VPMASKMOVD and VPMASKMOVQ to memory, with a mask of ones.
        (&[0xC4, 0xE2, 0x69, 0x2C, 0x0B], 1, Ok(())),
        (&[0xC4, 0xE2, 0x6D, 0x2D, 0x0B], 3, Ok(())),
        (&[0xC4, 0xE2, 0x6D, 0x8E, 0x0B], 2, Ok(())),
        (&[0xC4, 0xE2, 0xED, 0x8E, 0x0B], 7, Ok(())),
        // VMOVD from memory.
        (&[0xC5, 0xF9, 0x6E, 0x0B], 2, Err(CHECK)),
    ];
    for (code, off, expected) in ROWS {
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_AM;
        program.set_flags(AC);
        program.cpu.gpr[3] = (DATA + off).into();
        expect(&mut program, code, expected, "alignment is checked");
        assert!(expected.is_err() || program.cpu.flags.has(AC), "{code:02x?} leaves EFLAGS.AC as it was");
    }
}

/// Classes 2 and 3: an exception of numbers that is not masked.
#[test]
fn unmasked_exceptions_of_numbers() {
    for code in [&[0xC5, 0xE8, 0x58, 0x0B][..], &[0xC5, 0xEC, 0x58, 0x0B], &[0xC5, 0xEA, 0x58, 0x0B]] {
        for (handled, vector) in [(true, XM), (false, UD)] {
            let mut program = machine(0);
            program.cpu.vector.registers[2] = [0x7FA0_0000; 8];
            program.cpu.vector.mxcsr = 0x1F00;
            if !handled {
                program.cpu.cr4 &= !CR4_OSXMMEXCPT;
            }
            expect(&mut program, code, Err(vector), "a signaling NaN");
            assert_eq!(program.cpu.vector.mxcsr & 1, 1);
        }
    }
}

/// SDM Vol.2C "VPGATHERDD": elements before the fault are there, their mask is clear, and the instruction goes on.
#[test]
fn a_gather_that_faults_goes_on_from_there() {
    let mut program = machine(0);
    let gather = [0xC4, 0xE2, 0x69, 0x90, 0x0C, 0x9B];
    for (number, at) in [0_u32, 4, 0x1000, 8].into_iter().enumerate() {
        program.write_dword(DATA + at, 0x100 + number as u32);
        let lanes = &mut program.cpu.vector.registers[3][number / 2];
        *lanes = *lanes & !(0xFFFF_FFFF << (32 * (number % 2))) | u64::from(at / 4) << (32 * (number % 2));
    }
    program.cpu.vector.registers[1] = [0xEEEE_EEEE_EEEE_EEEE; 8];
    let entry = program.read_dword(pte_of(DATA + 0x1000));
    program.write_dword(pte_of(DATA + 0x1000), 0);
    assert_eq!(program.attempt(&gather).map_err(|(vector, _)| vector), Err(PF));
    assert_eq!(program.cpu.cr2, u64::from(DATA + 0x1000));
    let [low, high, ..] = program.cpu.vector.registers[1];
    assert_eq!((low, high), (0x101 << 32 | 0x100, 0xEEEE_EEEE_EEEE_EEEE));
    let [low, high, ..] = program.cpu.vector.registers[2];
    assert_eq!((low, high), (0, u64::MAX));
    let mut again = machine(0);
    again.write_dword(DATA + 0x1000, 0x102);
    again.write_dword(DATA + 8, 0x103);
    again.cpu.vector = program.cpu.vector.clone();
    assert_ne!(entry, 0);
    assert_eq!(again.attempt(&gather), Ok(()));
    assert_eq!(again.cpu.vector.registers[1], [0x101 << 32 | 0x100, 0x103 << 32 | 0x102, 0, 0, 0, 0, 0, 0]);
    assert_eq!(again.cpu.vector.registers[2], [0; 8]);
}
