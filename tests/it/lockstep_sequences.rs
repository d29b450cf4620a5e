//! Several instructions in one dispatch, whose parts give way each for itself, in lockstep with the canonical tier; and two
//! pages that share a set of the HostTlb, so that handlers begin anew.

use ringwalk_cpu::flags::{AF, ARITHMETIC, CF, PF, ZF};
use ringwalk_cpu::segment::SegReg;

use crate::lockstep_cases::followed;
use crate::program::{CODE, DATA_OF, End, Program, pte_of};

const ECX: usize = 1;
const EBX: usize = 3;
const EDI: usize = 7;

/// A load, an addition and a store, which flat code has in one dispatch: from EBX, with ECX, to EDI.
fn in_one_dispatch(from: u32, to: u32) -> Program {
    let mut program = Program::paged();
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss] {
        program.load(reg, DATA_OF[0]);
    }
    program.code("8b 03 ; mov eax, [ebx]\n 01 c8 ; add eax, ecx\n 89 07 ; mov [edi], eax\n f4 ; hlt");
    for (register, value) in [(0, 0x55), (ECX, 1), (EBX, from), (EDI, to)] {
        program.cpu.gpr[register] = value.into();
    }
    program
}

/// Two pages, the second of which lies elsewhere in memory.
const PAGES_OF_DATA: [u32; 2] = [0x4_0000, 0x4_1000];
const MOVED: u32 = 0x6_0000;

#[test]
fn a_sequence_is_dispatched_once_and_leaves_what_its_parts_do() {
    let [from, to] = PAGES_OF_DATA;
    let mut program = in_one_dispatch(from, to);
    program.write_dword(from, 0x7FFF_FFFF);
    program.engine.profile();
    assert_eq!(program.run(), End::Halted);
    let report = program.engine.hot.profile.as_ref().map(|profile| profile.report()).unwrap_or_default();
    assert!(report.contains(" and 2 more"), "{report}");
    assert_eq!(program.read_dword(to), 0x8000_0000);
}

#[test]
fn a_part_of_a_sequence_faults_behind_those_before_it() {
    let [from, to] = PAGES_OF_DATA;
    let mut program = followed(in_one_dispatch(from, to));
    program.write_dword(from, 0xFFFF_FFFF);
    program.write_dword(pte_of(to), 0);
    let fault = program.fault();
    assert_eq!((fault.vector, fault.code, fault.eip, program.cpu.cr2), (14, 2, CODE + 4, to.into()));
    assert_eq!(program.reg(0), 0, "the addition was done");
    assert_eq!(fault.flags & ARITHMETIC, CF | PF | AF | ZF);

    let mut program = followed(in_one_dispatch(from, to));
    program.write_dword(pte_of(from), 0);
    let fault = program.fault();
    assert_eq!((fault.vector, fault.code, fault.eip, program.cpu.cr2), (14, 0, CODE, from.into()));
    assert_eq!(program.reg(0), 0x55, "nothing was done");
}

#[test]
fn a_part_of_a_sequence_runs_over_the_end_of_a_page() {
    let [first, second] = PAGES_OF_DATA;
    let mut program = followed(in_one_dispatch(second - 2, second - 1));
    program.write_dword(pte_of(second), MOVED | 7);
    program.write(first + 0xFFE, &[0x10, 0x20]);
    program.write(MOVED, &[0x30, 0x40]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 0x4030_2011);
    assert_eq!(program.read_dword(first + 0xFFC) >> 24, 0x11);
    assert_eq!(program.read_dword(MOVED) & 0xFF_FFFF, 0x40_3020);
}

/// 4 MiB apart, so that both pages have their place in one set of the HostTlb, read in turn and each written once.
#[test]
fn two_pages_of_one_set_are_read_in_turn() {
    const APART: u32 = 4 << 20;
    let (near, far) = (PAGES_OF_DATA[0], PAGES_OF_DATA[0] + APART);
    let mut program = followed(Program::paged());
    program.write_dword(pte_of(far), MOVED | 7);
    program.write_dword(near, 3);
    program.write_dword(MOVED, 5);
    program.code(
        "b9 64 00 00 00 ; mov ecx, 100
         03 03          ; add eax, [ebx]
         03 07          ; add eax, [edi]
         89 03          ; mov [ebx], eax
         89 07          ; mov [edi], eax
         49             ; dec ecx
         75 f5          ; jne -11
         f4             ; hlt",
    );
    for (register, value) in [(0, 0), (EBX, near), (EDI, far)] {
        program.cpu.gpr[register] = u64::from(value);
    }
    assert_eq!(program.run(), End::Halted);
    // The first turn gives 3 + 5; each later one adds twice what the one before has left.
    let expected = (1..100).fold(8u32, |sum, _| sum.wrapping_mul(3));
    assert_eq!((program.reg(0), program.read_dword(near), program.read_dword(MOVED)), (expected, expected, expected));
}

/// A register is written and read by the next instruction: whole, by its lowest byte or word, by the byte above that, as
/// index, and as base and index at once.
#[test]
fn operands_are_what_the_instruction_before_has_written() {
    let mut program = followed(Program::paged());
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss] {
        program.load(reg, DATA_OF[0]);
    }
    program.write_dword(PAGES_OF_DATA[0] + 16, 0xABCD_EF01);
    program.code(
        "bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         0f b6 c7       ; movzx eax, bh
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         0f b6 d3       ; movzx edx, bl
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         0f bf f3       ; movsx esi, bx
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         f6 c7 0d       ; test bh, 0Dh
         74 01          ; je +1
         f4             ; hlt
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         80 fb e3       ; cmp bl, E3h
         74 01          ; je +1
         f4             ; hlt
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         88 3f          ; mov [edi], bh
         bb e3 f2 c1 80 ; mov ebx, 80C1F2E3h
         88 5f 01       ; mov [edi+1], bl
         bb 09 00 00 00 ; mov ebx, 9
         8d 2c 5b       ; lea ebp, [ebx+ebx*2]
         bb 04 00 00 00 ; mov ebx, 4
         8b 0c 9f       ; mov ecx, [edi+ebx*4]
         bb ff ff ff ff ; mov ebx, -1
         8d 1c df       ; lea ebx, [edi+ebx*8]
         f4             ; hlt",
    );
    program.cpu.gpr[EDI] = PAGES_OF_DATA[0].into();
    assert_eq!(program.run(), End::Halted);
    let [eax, edx, esi] = [0, 2, 6].map(|number| program.reg(number));
    assert_eq!((eax, edx, esi), (0xF2, 0xE3, 0xFFFF_F2E3));
    assert_eq!(program.read_dword(PAGES_OF_DATA[0]) & 0xFFFF, 0xE3F2);
    let [ebp, ecx, ebx] = [5, ECX, EBX].map(|number| program.reg(number));
    assert_eq!((ebp, ecx, ebx), (27, 0xABCD_EF01, PAGES_OF_DATA[0] - 8));
}

/// Sixteen instructions, as multiplications of long numbers have them, and three loads behind the first.
fn long_sequence() -> Program {
    let mut program = Program::paged();
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss] {
        program.load(reg, DATA_OF[0]);
    }
    program.code(
        "8b 03 ; mov eax, [ebx]\n 8b 4b 04 ; mov ecx, [ebx+4]\n 8b 53 08 ; mov edx, [ebx+8]\n 8b 37 ; mov esi, [edi]\n\
         8b 2c 8b ; mov ebp, [ebx+ecx*4]\n 89 c8 ; mov eax, ecx\n 0f b7 f2 ; movzx esi, dx\n c1 ea 10 ; shr edx, 16\n\
         0f af c1 ; imul eax, ecx\n 0f af ce ; imul ecx, esi\n 0f af f5 ; imul esi, ebp\n 0f af d0 ; imul edx, eax\n\
         89 cf ; mov edi, ecx\n 0f b7 e8 ; movzx ebp, ax\n c1 e8 10 ; shr eax, 16\n 01 d1 ; add ecx, edx\n f4 ; hlt",
    );
    let [near, far] = PAGES_OF_DATA;
    for (at, value) in [(near, 0x11), (near + 4, 0x380), (near + 8, 0xFFFE_1234), (near + 12, 5), (far, 7)] {
        program.write_dword(at, value);
    }
    program.write_dword(near + 0xE00, 0x0102_0305);
    (program.cpu.gpr[EBX], program.cpu.gpr[EDI]) = (near.into(), far.into());
    program
}

/// The values are products by hand: 380h * 380h, and so on.
#[test]
fn a_long_sequence_is_dispatched_once_and_leaves_what_its_parts_do() {
    let mut program = long_sequence();
    program.engine.profile();
    assert_eq!(program.run(), End::Halted);
    let report = program.engine.hot.profile.as_ref().map(|profile| profile.report()).unwrap_or_default();
    assert!(report.contains(" and 15 more"), "{report}");
    let mut followed = followed(long_sequence());
    assert_eq!(followed.run(), End::Halted);
    let (esi, edx): (u32, u32) = (0x1234, 0xFFFE);
    let square = 0x380_u32 * 0x380;
    let product = 0x380 * esi;
    let sum = product.wrapping_add(edx.wrapping_mul(square));
    for program in [&program, &followed] {
        let registers = [0, ECX, 2, 5, 6, EDI].map(|number| program.reg(number));
        assert_eq!(
            registers,
            [square >> 16, sum, edx.wrapping_mul(square), square & 0xFFFF, esi.wrapping_mul(0x0102_0305), product]
        );
    }
}

#[test]
fn a_late_part_of_a_long_sequence_faults_for_itself() {
    let [near, far] = PAGES_OF_DATA;
    // The fourth load, and the fifth, behind which the host counts from another slot.
    for (page, at, eip) in [(far, far, CODE + 8), (near + 0x4000, near + 0x4000, CODE + 10)] {
        let mut program = followed(long_sequence());
        program.write_dword(near + 4, 0x1000);
        program.write_dword(pte_of(page), 0);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code, fault.eip, program.cpu.cr2), (14, 0, eip, at.into()));
        assert_eq!((program.reg(0), program.reg(ECX), program.reg(2)), (0x11, 0x1000, 0xFFFE_1234));
    }
}
