//! Q24: call gates to an inner level whose stacks, old and new, have 16 bits or lack pages.
//! SDM Vol.2A "CALL", MORE-PRIVILEGE; Vol.3A 5.8.5 "Stack Switching".

use ringwalk_cpu::segment::SegReg;

use crate::program::*;

const PF: u8 = 14;

/// Where the gate leads.
const TARGET: u32 = 0x6000;
/// Code of ring 1 that is not marked as accessed.
const INNER_CODE: u16 = 0x78;
const OUTER_STACK: u16 = 0x80;
const INNER_STACK: u16 = 0x88;

/// Ring 3 in front of CALL through a 32-bit gate with two parameters, to ring 1.
fn calling(mut program: Program) -> Program {
    program.enter_ring(3);
    program.set_descriptor(FREE, gate(INNER_CODE, TARGET, 0xEC, 2));
    program.set_descriptor(INNER_CODE, descriptor(0, 0xF_FFFF, 0xC0BA));
    program.set_descriptor(OUTER_STACK, descriptor(0, 0xFFFF, 0xF3));
    program.set_descriptor(INNER_STACK, descriptor(0, 0xFFFF, 0xB3));
    program.write(CODE, &[0x9A, 0, 0, 0, 0, FREE as u8, 0]);
    program
}

/// Q24: parameters on a 16-bit stack wrap at FFFFh as its operands do.
#[test]
fn q24_parameters_wrap_with_a_16_bit_stack() {
    let mut program = calling(Program::protected());
    program.load(SegReg::Ss, OUTER_STACK | 3);
    program.set_esp(0x1234_FFFC);
    program.write_dword(0xFFFC, 0x1111_1111);
    program.write_dword(0, 0x2222_2222);
    program.steps(1);
    let found: Vec<u32> = (0..6).map(|index| program.read_dword(program.esp() + 4 * index)).collect();
    let ss = u32::from(OUTER_STACK | 3);
    assert_eq!(found, [CODE + 7, CODE_OF[3].into(), 0x1111_1111, 0x2222_2222, 0x1234_FFFC, ss]);
    assert_eq!((program.cpu.cpl, program.eip()), (1, TARGET));
}

/// Q24: a 16-bit inner stack takes SP from the TSS, and wraps; ESP[31:16] stays that of the caller.
#[test]
fn q24_a_16_bit_inner_stack() {
    let mut program = calling(Program::protected());
    program.write_dword(TSS + 12, 0xABCD_0008);
    program.write_word(TSS + 16, INNER_STACK | 1);
    program.set_esp(0x5678_0000 | STACKS[3]);
    // Parameters stand at 5678B000h, where there is no memory: all ones.
    program.steps(1);
    assert_eq!((program.cpu.cpl, program.selector(SegReg::Ss)), (1, INNER_STACK | 1));
    assert_eq!(program.esp(), 0x5678_FFF0);
    let below: Vec<u32> = (0..4).map(|index| program.read_dword(0xFFF0 + 4 * index)).collect();
    assert_eq!(below, [CODE + 7, CODE_OF[3].into(), u32::MAX, u32::MAX]);
    assert_eq!([program.read_dword(0), program.read_dword(4)], [0x5678_0000 | STACKS[3], DATA_OF[3].into()]);
}

/// Q24: page faults on either stack come before anything changes: parameters are read as the caller, the frame is
/// written as the inner level.
#[test]
fn q24_page_faults_of_a_call_gate() {
    for (page, code) in [(STACKS[3] - 0x1000, 4), (STACKS[1] - 0x1000, 2)] {
        let mut program = calling(Program::paged());
        program.set_esp(STACKS[3] - 8);
        program.write_dword(pte_of(page), 0);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code, program.cpu.cr2 as u32 & !0xFFF), (PF, code, page));
        let from = (fault.eip, fault.cs, fault.esp, fault.ss);
        assert_eq!(from, (CODE, CODE_OF[3], STACKS[3] - 8, DATA_OF[3]), "{page:x}");
        assert_eq!(program.access_byte(INNER_CODE), 0xBA, "not marked");
    }
}

/// Q24: the outer pointer that RETF pops into a 16-bit stack is SP, and the parameters are released on it modulo 64 KiB.
#[test]
fn q24_retf_n_to_a_16_bit_stack() {
    let mut program = Program::protected();
    program.set_descriptor(OUTER_STACK, descriptor(0, 0xFFFF, 0xF3));
    let top = STACKS[0] - 16;
    for (index, value) in [TARGET, CODE_OF[3].into(), 0x7777_FFFC, (OUTER_STACK | 3).into()].into_iter().enumerate() {
        let at = if index < 2 { top + 4 * index as u32 } else { top + 8 + 4 * index as u32 };
        program.write_dword(at, value);
    }
    program.set_esp(top);
    assert_eq!(program.attempt(&[0xCA, 8, 0]), Ok(()));
    assert_eq!((program.cpu.cpl, program.esp()), (3, STACKS[0] & 0xFFFF_0000 | 0x0004));
}
