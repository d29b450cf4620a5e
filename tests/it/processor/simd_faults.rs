//! Faults of MMX and SSE instructions by their exception classes. SDM Vol.2A 2.4 "AVX and SSE Instruction Exception
//! Classification" Tables 2-18 to 2-24, Vol.3B 23.25.3 "Exception Conditions of Legacy SIMD Instructions Operating on MMX
//! Registers" Tables 23-4 to 23-9; alignment checks as measured on an EPYC of family 19h.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_AM, CR0_EM, CR0_NE, CR0_TS, CR4_OSFXSR};
use ringwalk_cpu::vector::MXCSR_RESET;

use crate::program::*;

const UD: u8 = 6;
const NM: u8 = 7;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;
const MF: u8 = 16;
const CHECK: u8 = 17;

/// What an instruction at [EBX] or [EDI] accesses.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Memory {
    Nothing,
    /// So many bytes, on so many if alignment is checked.
    Plain(u32, u32),
    /// 16 bytes that must lie on 16.
    Aligned,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Registers {
    Mmx,
    Xmm,
    Both,
    /// MOVNTI, fences: no state that could be switched off.
    None,
}

use Memory::{Aligned, Nothing, Plain};
use Registers::{Both, Mmx, Xmm};

/// Instruction, registers, memory, and whether it writes there.
const ROWS: &[(&[u8], Registers, Memory, bool)] = &[
    // MOVAPS, MOVDQA, MOVNTPS, MOVNTDQ: type 1.
    (&[0x0F, 0x28, 0x0B], Xmm, Aligned, false),
    (&[0x0F, 0x29, 0x0B], Xmm, Aligned, true),
    (&[0x66, 0x0F, 0x6F, 0x0B], Xmm, Aligned, false),
    (&[0x66, 0x0F, 0x7F, 0x0B], Xmm, Aligned, true),
    (&[0x0F, 0x2B, 0x0B], Xmm, Aligned, true),
    (&[0x66, 0x0F, 0xE7, 0x0B], Xmm, Aligned, true),
    // PADDB, ANDPS, SHUFPS, PSRLW, PUNPCKLBW, MOVSHDUP: type 4.
    (&[0x66, 0x0F, 0xFC, 0x0B], Xmm, Aligned, false),
    (&[0x0F, 0x54, 0x0B], Xmm, Aligned, false),
    (&[0x0F, 0xC6, 0x0B, 0x1B], Xmm, Aligned, false),
    (&[0x66, 0x0F, 0xD1, 0x0B], Xmm, Aligned, false),
    (&[0x66, 0x0F, 0x60, 0x0B], Xmm, Aligned, false),
    (&[0xF3, 0x0F, 0x16, 0x0B], Xmm, Aligned, false),
    // MOVUPS, MOVDQU, LDDQU: type 4 without its alignment.
    (&[0x0F, 0x10, 0x0B], Xmm, Plain(16, 16), false),
    (&[0x0F, 0x11, 0x0B], Xmm, Plain(16, 16), true),
    (&[0xF3, 0x0F, 0x6F, 0x0B], Xmm, Plain(16, 16), false),
    (&[0xF3, 0x0F, 0x7F, 0x0B], Xmm, Plain(16, 16), true),
    (&[0xF2, 0x0F, 0xF0, 0x0B], Xmm, Plain(16, 16), false),
    // MASKMOVDQU: the whole operand whatever the mask.
    (&[0x66, 0x0F, 0xF7, 0xC1], Xmm, Plain(16, 8), true),
    // MOVLPS, MOVHPS, MOVQ, MOVDDUP, MOVSD, MOVSS, MOVD, PINSRW, LDMXCSR, STMXCSR: type 5.
    (&[0x0F, 0x12, 0x0B], Xmm, Plain(8, 8), false),
    (&[0x0F, 0x17, 0x0B], Xmm, Plain(8, 8), true),
    (&[0xF3, 0x0F, 0x7E, 0x0B], Xmm, Plain(8, 8), false),
    (&[0x66, 0x0F, 0xD6, 0x0B], Xmm, Plain(8, 8), true),
    (&[0xF2, 0x0F, 0x12, 0x0B], Xmm, Plain(8, 8), false),
    (&[0xF2, 0x0F, 0x10, 0x0B], Xmm, Plain(8, 8), false),
    (&[0xF3, 0x0F, 0x11, 0x0B], Xmm, Plain(4, 4), true),
    (&[0x66, 0x0F, 0x6E, 0x0B], Xmm, Plain(4, 4), false),
    (&[0x66, 0x0F, 0xC4, 0x0B, 1], Xmm, Plain(2, 2), false),
    (&[0x0F, 0xAE, 0x13], Xmm, Plain(4, 4), false),
    (&[0x0F, 0xAE, 0x1B], Xmm, Plain(4, 4), true),
    // MOVMSKPS, PMOVMSKB, MOVHLPS, PSLLDQ: type 7.
    (&[0x0F, 0x50, 0xC1], Xmm, Nothing, false),
    (&[0x66, 0x0F, 0xD7, 0xC1], Xmm, Nothing, false),
    (&[0x0F, 0x12, 0xC1], Xmm, Nothing, false),
    (&[0x66, 0x0F, 0x73, 0xF9, 3], Xmm, Nothing, false),
    // MOVQ2DQ, MOVDQ2Q.
    (&[0xF3, 0x0F, 0xD6, 0xC1], Both, Nothing, false),
    (&[0xF2, 0x0F, 0xD6, 0xC1], Both, Nothing, false),
    // MMX with memory, Table 23-7, and without, Table 23-9; MASKMOVQ and MOVNTQ, Table 23-8.
    (&[0x0F, 0xFC, 0x0B], Mmx, Plain(8, 8), false),
    (&[0x0F, 0x6F, 0x0B], Mmx, Plain(8, 8), false),
    (&[0x0F, 0x7F, 0x0B], Mmx, Plain(8, 8), true),
    (&[0x0F, 0x60, 0x0B], Mmx, Plain(4, 4), false),
    (&[0x0F, 0x68, 0x0B], Mmx, Plain(8, 8), false),
    (&[0x0F, 0x6E, 0x0B], Mmx, Plain(4, 4), false),
    (&[0x0F, 0x7E, 0x0B], Mmx, Plain(4, 4), true),
    (&[0x0F, 0x70, 0x0B, 0x1B], Mmx, Plain(8, 8), false),
    (&[0x0F, 0xD4, 0x0B], Mmx, Plain(8, 8), false),
    (&[0x0F, 0xE7, 0x0B], Mmx, Plain(8, 8), true),
    (&[0x0F, 0xF7, 0xC1], Mmx, Plain(8, 8), true),
    (&[0x0F, 0xD7, 0xC1], Mmx, Nothing, false),
    (&[0x0F, 0x71, 0xD1, 3], Mmx, Nothing, false),
    (&[0x0F, 0x77], Mmx, Nothing, false),
    // MOVNTI; SFENCE, LFENCE, MFENCE; CLFLUSH.
    (&[0x0F, 0xC3, 0x0B], Registers::None, Plain(4, 4), true),
    (&[0x0F, 0xAE, 0xF8], Registers::None, Nothing, false),
    (&[0x0F, 0xAE, 0xE8], Registers::None, Nothing, false),
    (&[0x0F, 0xAE, 0xF0], Registers::None, Nothing, false),
    (&[0x0F, 0xAE, 0x3B], Registers::None, Plain(1, 1), false),
];

/// Ring 0 or 3 with paging, SSE on, EBX and EDI at DATA where a good MXCSR lies.
fn machine(ring: u8) -> Program {
    let mut program = Program::paged();
    program.enter_ring(ring);
    program.cpu.cr4 |= CR4_OSFXSR;
    program.cpu.cr0 |= CR0_NE;
    for at in (DATA - 32..DATA + 32).step_by(4) {
        program.write_dword(at, MXCSR_RESET);
    }
    point(&mut program, DATA);
    program
}

fn point(program: &mut Program, at: u32) {
    program.cpu.gpr[3] = at.into();
    program.cpu.gpr[7] = at.into();
}

fn expect(program: &mut Program, code: &[u8], expected: Result<(), u8>, why: &str) {
    let (before, fpu) = (program.cpu.vector.clone(), program.cpu.fpu);
    let found = program.attempt(code).map_err(|(vector, _)| vector);
    assert_eq!(found, expected, "{code:02x?} {why}");
    if expected.is_err() {
        assert_eq!((&program.cpu.vector, program.cpu.fpu), (&before, fpu), "{code:02x?} {why}: nothing changes");
    }
}

#[test]
fn without_reason_nothing_faults() {
    for ring in [0, 3] {
        for (code, ..) in ROWS {
            expect(&mut machine(ring), code, Ok(()), "with all in order");
        }
    }
}

/// EM and OSFXSR give #UD, before TS gives #NM, before a pending error of the x87 unit gives #MF.
#[test]
fn what_control_registers_switch_off() {
    for (code, registers, ..) in ROWS {
        let none = *registers == Registers::None;
        let uses_xmm = matches!(registers, Xmm | Both);
        let uses_mmx = matches!(registers, Mmx | Both);
        let when = |holds: bool, vector: u8| if holds { Err(vector) } else { Ok(()) };
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_EM | CR0_TS;
        expect(&mut program, code, when(!none, UD), "EM and TS");
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_TS;
        pend(&mut program);
        expect(&mut program, code, when(!none, NM), "TS and a pending error");
        let mut program = machine(3);
        program.cpu.cr4 &= !CR4_OSFXSR;
        expect(&mut program, code, when(uses_xmm, UD), "no OSFXSR");
        program = machine(3);
        program.cpu.cr4 &= !CR4_OSFXSR;
        program.cpu.cr0 |= CR0_TS;
        expect(&mut program, code, when(!none, if uses_xmm { UD } else { NM }), "no OSFXSR, and TS");
        let mut program = machine(3);
        pend(&mut program);
        expect(&mut program, code, when(uses_mmx, MF), "a pending error");
    }
}

/// An unmasked invalid operation waits.
fn pend(program: &mut Program) {
    program.cpu.fpu.initialise();
    program.cpu.fpu.load_words(0x037E, 0x0001);
}

#[test]
fn lock_is_undefined_before_anything_else() {
    for (code, ..) in ROWS {
        let mut program = machine(3);
        program.cpu.cr0 |= CR0_TS;
        expect(&mut program, &[&[0xF0], *code].concat(), Err(UD), "LOCK");
    }
}

/// 16 bytes not on 16: #GP(0) also through SS, also where the page is missing.
#[test]
fn sixteen_bytes_lie_on_sixteen() {
    for (code, _, memory, _) in ROWS {
        for off in [1, 4, 8, 15] {
            let mut program = machine(0);
            point(&mut program, DATA + off);
            let expected = if *memory == Aligned { Err(GP) } else { Ok(()) };
            // A displaced MXCSR has reserved bits.
            if code.get(..3) != Some(&[0x0F, 0xAE, 0x13]) {
                expect(&mut program, code, expected, "not aligned");
            }
            if *memory == Aligned {
                assert_eq!(program.last_site(), Site::VectorAlignment);
                let mut program = machine(0);
                point(&mut program, DATA + off);
                program.write_dword(pte_of(DATA), 0);
                expect(&mut program, &[&[0x36], *code].concat(), Err(GP), "SS, not aligned, no page");
            }
        }
    }
}

#[test]
fn segments_and_pages() {
    for (code, _, memory, writes) in ROWS {
        let bytes = match memory {
            Nothing => continue,
            Plain(bytes, _) => *bytes,
            Aligned => 16,
        };
        let mut program = machine(0);
        limit(&mut program, SegReg::Ds, DATA + bytes - 2);
        expect(&mut program, code, Err(GP), "beyond the limit of DS");
        let mut program = machine(0);
        limit(&mut program, SegReg::Ss, DATA + bytes - 2);
        expect(&mut program, &[&[0x36], *code].concat(), Err(SS), "beyond the limit of SS");
        let mut program = machine(0);
        program.cpu.segments[SegReg::Ds as usize] = Segment::null(Selector(0));
        expect(&mut program, code, Err(GP), "a null selector");
        let mut program = machine(0);
        program.write_dword(pte_of(DATA), 0);
        expect(&mut program, code, Err(PF), "no page");
        assert_eq!(program.cpu.cr2, u64::from(DATA));
        let mut program = machine(3);
        program.write_dword(pte_of(DATA), DATA | 5);
        expect(&mut program, code, if *writes { Err(PF) } else { Ok(()) }, "a page to read");
        if let Plain(2.., _) = memory {
            let mut program = machine(0);
            point(&mut program, DATA - bytes / 2);
            program.write_dword(pte_of(DATA), 0);
            let before = program.read(DATA - 16, 16);
            expect(&mut program, code, Err(PF), "no second page");
            assert_eq!((program.cpu.cr2, program.read(DATA - 16, 16)), (u64::from(DATA), before));
        }
    }
}

fn limit(program: &mut Program, reg: SegReg, last: u32) {
    program.cpu.segments[reg as usize].limit = last;
}

/// EFLAGS.AC and CR0.AM at CPL 3. What must lie on 16 raises #GP(0) all the same.
#[test]
fn alignment_checks() {
    for (code, _, memory, _) in ROWS {
        for off in [1, 2, 4, 8] {
            let expected = match memory {
                Nothing => continue,
                Aligned => Err(GP),
                Plain(_, on) if off % on != 0 => Err(CHECK),
                Plain(..) => Ok(()),
            };
            let mut program = machine(3);
            program.cpu.cr0 |= CR0_AM;
            program.set_flags(AC);
            point(&mut program, DATA + off);
            if expected.is_ok() && code.get(..3) == Some(&[0x0F, 0xAE, 0x13]) {
                program.write_dword(DATA + off, MXCSR_RESET);
            }
            expect(&mut program, code, expected, "alignment is checked");
        }
    }
}

/// As measured on an EPYC of family 19h: CVTPI2PS of memory does not look at the x87 unit, CVTPI2PD by the manual neither;
/// with an MMX register both raise what waits there. SDM Vol.2A "CVTPI2PS", "CVTPI2PD".
#[test]
fn conversions_from_memory_let_an_x87_error_wait() {
    const ERROR: (u16, u16) = (0x037E, 0x8081);
    for (code, expected) in [
        (&[0x0F, 0x2A, 0x0B][..], Ok(())),
        (&[0x66, 0x0F, 0x2A, 0x0B], Ok(())),
        (&[0x0F, 0x2A, 0xC9], Err(MF)),
        (&[0x66, 0x0F, 0x2A, 0xC9], Err(MF)),
    ] {
        let mut program = machine(0);
        program.cpu.fpu.load_words(ERROR.0, ERROR.1);
        expect(&mut program, code, expected, "an x87 error waits");
        assert_eq!(program.cpu.fpu.status, ERROR.1, "{code:02x?}");
    }
}

/// SDM Vol.1 11.6.6 "Guidelines for Writing to the MXCSR Register": bits 31 to 16 are reserved.
#[test]
fn reserved_bits_of_mxcsr() {
    for bit in 0..32 {
        for code in [&[0x0F, 0xAE, 0x13], &[0x0F, 0xAE, 0x0B]] {
            let mut program = machine(3);
            program.write(DATA, &[0; 512]);
            let at = if code[2] == 0x13 { DATA } else { DATA + 24 };
            program.write_dword(at, 1 << bit);
            let expected = if bit < 16 { Ok(()) } else { Err(GP) };
            expect(&mut program, code, expected, "LDMXCSR, FXRSTOR");
            if bit < 16 {
                assert_eq!(program.cpu.vector.mxcsr, 1 << bit);
            } else {
                assert_eq!(program.last_site(), Site::MxcsrReserved);
            }
        }
    }
}

/// SDM Vol.2A "FXSAVE" Table 3-43: MXCSR, its mask and XMM0 to XMM7 with CR4.OSFXSR, nothing of them without.
#[test]
fn fxsave_has_what_osfxsr_says() {
    let mut program = machine(0);
    program.cpu.vector.set_xmm(0, 0x1234);
    program.cpu.vector.set_xmm(7, u128::MAX);
    program.write(DATA, &[0xEE; 512]);
    expect(&mut program, &[0x0F, 0xAE, 0x03], Ok(()), "FXSAVE");
    assert_eq!(program.read_dword(DATA + 24), MXCSR_RESET);
    assert_eq!(program.read_dword(DATA + 28), 0xFFFF);
    assert_eq!(program.read_dword(DATA + 160), 0x1234);
    assert_eq!(program.read(DATA + 272, 16), [0xFF; 16]);
    assert_eq!(program.read(DATA + 288, 224), [0xEE; 224], "the rest is left alone");
    let mut program = machine(0);
    program.cpu.cr4 &= !CR4_OSFXSR;
    program.write(DATA, &[0xEE; 512]);
    expect(&mut program, &[0x0F, 0xAE, 0x03], Ok(()), "FXSAVE");
    assert_eq!(program.read_dword(DATA + 24), 0xEEEE_EEEE);
    expect(&mut program, &[0x0F, 0xAE, 0x0B], Ok(()), "FXRSTOR");
    assert_eq!(program.cpu.vector.mxcsr, MXCSR_RESET);
}

/// SDM Vol.3A Table 9-1: a reset clears XMM registers and sets MXCSR to 1F80h, INIT leaves them alone.
#[test]
fn reset_and_init() {
    let mut program = machine(0);
    program.cpu.vector.set_xmm(3, 5);
    program.cpu.vector.mxcsr = 0;
    program.cpu.init();
    assert_eq!((program.cpu.vector.xmm(3), program.cpu.vector.mxcsr), (5, 0));
    program.cpu.reset();
    assert_eq!((program.cpu.vector.xmm(3), program.cpu.vector.mxcsr), (0, 0x1F80));
}
