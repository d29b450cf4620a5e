//! Gates of 16 bytes, interrupt stacks, IRETQ, far transfers.

use ringwalk_cpu::debug::DR6_BS;
use ringwalk_cpu::flags::{NT, TF};
use ringwalk_cpu::segment::SegReg;

use crate::program::*;

/// What is prepared, and the vector and error code of its fault.
type Refused = (&'static str, fn(&mut Program), u8, u16);

/// SDM Vol.3A 6.14.2 "64-Bit Mode Stack Frame": SS:RSP is always pushed, below a stack aligned to 16 bytes.
#[test]
fn the_frame_has_ss_and_rsp_at_any_level() {
    for (ring, pushed_ss, top) in [(0, DATA_OF[0], STACKS[0]), (3, DATA_OF[3], STACKS[0])] {
        let mut program = Program::long();
        program.enter_long(ring);
        let rsp = program.esp() - 4;
        program.set_esp(rsp);
        program.set_flags(0x202);
        program.write(CODE, &[0x0F, 0x0B]);
        assert_eq!(program.run(), End::Vector(6));
        let frame = program.esp();
        // Ring 0 stays on its stack, four bytes below the top: aligned downward.
        let aligned = if ring == 0 { top - 16 } else { top };
        assert_eq!(frame, aligned - 40, "ring {ring}");
        let words: Vec<u64> = (0..5).map(|index| program.read_qword(frame + 8 * index)).collect();
        let cs = LONG_CODE[usize::from(ring)];
        assert_eq!(words, [CODE.into(), cs.into(), 0x1_0202, rsp.into(), pushed_ss.into()]);
        let ss = if ring == 0 { DATA_OF[0] } else { 0 };
        assert_eq!(program.selector(SegReg::Ss), ss, "a new level's SS is null");
        assert_eq!(program.cpu.cpl, 0);
    }
}

/// SDM Vol.3A 6.14.5 "Interrupt Stack Table": a stack of its own whatever the level.
#[test]
fn q18_interrupt_stacks() {
    for (stack, top) in [(1u8, 0x9000u32), (7, 0xA000)] {
        let mut program = Program::long();
        program.write_qword(LONG_TSS + 0x24 + 8 * (u32::from(stack) - 1), top.into());
        program.set_long_gate(14, u64::from(HANDLERS) + 14, 0x8E, stack);
        program.cpu.gpr[3] = 0x4000_0000;
        program.write(CODE, &[0x8B, 0x03]);
        assert_eq!(program.run(), End::Vector(14));
        assert_eq!(program.esp(), top - 48);
        assert_eq!(program.selector(SegReg::Ss), DATA_OF[0], "the level is the same, and so is SS");
        assert_eq!(program.cpu.cr2, 0x4000_0000);
    }
}

/// Q18 and SDM Vol.3A 6.14.1 "64-Bit Mode IDT": types, presence, target; the error code counts 8 a vector.
#[test]
fn q18_gates_that_are_refused() {
    let code = u64::from(LONG_CODE[0]);
    let rows: [Refused; 6] = [
        ("a 32-bit target", |p| p.write_qword(IDT + 16 * 0x40, gate(CODE_OF[0], HANDLERS, 0x8E, 0)), 13, CODE_OF[0]),
        ("a task gate", |p| p.write_qword(IDT + 16 * 0x40, gate(LONG_CODE[0], HANDLERS, 0x85, 0)), 13, 0x202),
        ("a 16-bit gate", |p| p.write_qword(IDT + 16 * 0x40, gate(LONG_CODE[0], HANDLERS, 0x86, 0)), 13, 0x202),
        ("not present", |p| p.write_qword(IDT + 16 * 0x40, gate(LONG_CODE[0], HANDLERS, 0x0E, 0)), 11, 0x202),
        ("beyond the limit", |p| p.cpu.idtr.limit = 16 * 0x40 + 14, 13, 0x202),
        ("nowhere", |p| p.write_qword(IDT + 16 * 0x40 + 8, 0x8000), 13, 0),
    ];
    assert_eq!(code, 0xD0);
    for (name, change, vector, error) in rows {
        let mut program = Program::long();
        change(&mut program);
        assert_eq!(program.attempt(&[0xCD, 0x40]), Err((vector, error)), "{name}");
    }
}

/// SDM Vol.2A "IRET/IRETD/IRETQ", Vol.3A 6.14.3 "IRET in IA-32e Mode".
#[test]
fn iretq_pops_ss_and_rsp_always() {
    let frame = |program: &mut Program, words: [u64; 5]| {
        let top = STACKS[0] - 40;
        program.set_esp(top);
        for (index, word) in words.into_iter().enumerate() {
            program.write_qword(top + 8 * index as u32, word);
        }
    };
    let (cs0, cs3, ss3) = (u64::from(LONG_CODE[0]), u64::from(LONG_CODE[3]), u64::from(DATA_OF[3]));
    let target = 0x1_2000;
    // To 64-bit code of rings 0 (with a null SS) and 3, and to compatibility mode.
    for (cs, ss, cpl, long) in [(cs0, 0, 0, true), (cs3, ss3, 3, true), (u64::from(CODE_OF[3]), ss3, 3, false)] {
        let mut program = Program::long();
        frame(&mut program, [target, cs, 0x202, 0xFFFF_8000_0000_7000, ss]);
        assert_eq!(program.attempt(&[0x48, 0xCF]), Ok(()));
        assert_eq!((program.cpu.rip, program.cpu.cpl, program.cpu.code_is_64()), (target, cpl, long));
        let rsp = if long { 0xFFFF_8000_0000_7000 } else { 0x7000 };
        assert_eq!((program.cpu.gpr[4], u64::from(program.selector(SegReg::Ss))), (rsp, ss));
    }
    let refused = [
        ([target, cs3, 2, 0x7000, 3], (13, 0)),                   // a null SS at CPL 3
        ([0x8000_0000_0000, cs0, 2, 0x7000, 0], (13, 0)),         // nowhere
        ([target, u64::from(CODE_OF[3]), 2, 0x7000, 3], (13, 0)), // a null SS in compatibility mode
        ([target, 0, 2, 0x7000, ss3], (13, 0)),                   // a null CS
    ];
    for (words, expected) in refused {
        let mut program = Program::long();
        frame(&mut program, words);
        assert_eq!(program.attempt(&[0x48, 0xCF]), Err(expected), "{words:x?}");
    }
    let mut program = Program::long();
    program.set_flags(NT);
    frame(&mut program, [target, cs0, 2, 0x7000, 0]);
    assert_eq!(program.attempt(&[0x48, 0xCF]), Err((13, 0)), "NT");
}

/// SDM Vol.3A 5.8.3.1 "IA-32e Mode Call Gates": 16 bytes, to 64-bit code; tasks and pointers in the instruction are gone.
#[test]
fn far_transfers_in_64_bit_code() {
    const GATE: u16 = FREE;
    let pointer = |program: &mut Program, selector: u16| {
        program.write_dword(DATA, 0x1_2345);
        program.write_word(DATA + 4, selector);
        program.cpu.gpr[3] = DATA.into();
    };
    // A direct call: 32-bit operands push 8 bytes together.
    let mut program = Program::long();
    pointer(&mut program, CODE_OF[0]);
    assert_eq!(program.attempt(&[0xFF, 0x1B]), Ok(()));
    assert_eq!((program.cpu.rip, program.esp(), program.cpu.code_is_64()), (0x1_2345, STACKS[0] - 8, false));
    assert_eq!(program.read_dword(program.esp()), CODE + 2);
    // Through a gate from ring 3: SS, RSP, CS, RIP of 8 bytes, and no parameters.
    let mut program = Program::long();
    program.set_descriptor(GATE, gate(LONG_CODE[0], 0x1_2000, 0xEC, 5));
    program.set_descriptor(GATE + 8, 0xFFFF_8000);
    pointer(&mut program, GATE | 3);
    program.enter_long(3);
    assert_eq!(program.attempt(&[0xFF, 0x1B]), Ok(()));
    assert_eq!((program.cpu.rip, program.cpu.cpl), (0xFFFF_8000_0001_2000, 0));
    let words: Vec<u64> = (0..4).map(|index| program.read_qword(program.esp() + 8 * index)).collect();
    assert_eq!(words, [u64::from(CODE) + 2, LONG_CODE[3].into(), STACKS[3].into(), DATA_OF[3].into()]);
    assert_eq!(program.esp(), STACKS[0] - 32);
    // The upper half must have no type; tasks are refused.
    let mut program = Program::long();
    program.set_descriptor(GATE, gate(LONG_CODE[0], 0x1_2000, 0xEC, 0));
    program.set_descriptor(GATE + 8, 1 << 40);
    pointer(&mut program, GATE);
    assert_eq!(program.attempt(&[0xFF, 0x1B]), Err((13, GATE)));
    let mut program = Program::long();
    program.set_descriptor(GATE, descriptor(TSS, 0x67, 0x89));
    pointer(&mut program, GATE);
    assert_eq!(program.attempt(&[0xFF, 0x2B]), Err((13, GATE)), "jmp to a TSS");
}

/// SDM Vol.3A 5.2.1 "Code-Segment Descriptor in 64-bit Mode": L and D together are reserved.
#[test]
fn a_code_segment_with_l_and_d_is_refused() {
    let mut program = Program::long();
    program.set_descriptor(FREE, descriptor(0, 0, CODE_64 | 0x4000));
    program.write_dword(DATA, 0x1_2345);
    program.write_word(DATA + 4, FREE);
    program.cpu.gpr[3] = DATA.into();
    assert_eq!(program.attempt(&[0xFF, 0x2B]), Err((13, FREE)));
}

/// Q05: TF and SYSCALL: the trap comes unless FMASK clears TF; SDM Vol.2B "SYSCALL".
#[test]
fn q05_a_single_step_over_syscall_traps_in_the_kernel() {
    for (mask, end) in [(0, End::Vector(1)), (u64::from(TF), End::Halted)] {
        let mut program = Program::long();
        program.cpu.msrs.star = 0x10 << 32;
        program.cpu.msrs.lstar = 0x1_2000;
        program.cpu.msrs.fmask = mask;
        program.write(0x1_2000, &[0x90, 0xF4]);
        program.enter_long(3);
        program.set_flags(TF);
        program.write(CODE, &[0x0F, 0x05]);
        assert_eq!(program.run(), end, "{mask:x}");
        if end == End::Vector(1) {
            let rip = program.read_qword(program.esp());
            assert_eq!(rip, 0x1_2000);
        }
    }
}

/// TF and SYSRET: what counts is TF behind the instruction. A TF that SYSRET brings traps before the first instruction at
/// the target, at CPL 3 (unlike IRET, which lets one go by); one that it takes away does not trap. kvm-unit-tests' syscall
/// and the comment on SYSRET in Linux's entry code ("a trap from userspace immediately after SYSRET") say so of silicon.
#[test]
fn sysret_traps_for_the_tf_that_it_brings() {
    for code in [&[0x48, 0x0F, 0x07][..], &[0x0F, 0x07]] {
        for (before, brought) in [(0, TF), (TF, TF), (TF, 0), (0, 0)] {
            let mut program = Program::long();
            program.cpu.msrs.star = (u64::from(LONG_CODE[3] & !3) - 16) << 48;
            program.write(CODE, code);
            program.set_flags(before);
            program.cpu.gpr[1] = 0x1_2000;
            program.cpu.gpr[11] = u64::from(brought | 2);
            program.steps(1);
            let cpu = &program.cpu;
            assert_eq!((cpu.rip, cpu.cpl, cpu.flags.bits()), (0x1_2000, 3, brought | 2), "{code:x?} {before:x}");
            let trap = if brought == 0 { 0 } else { DR6_BS };
            assert_eq!(cpu.pending_debug, trap, "{code:x?} {before:x} {brought:x}");
        }
    }
}

/// The same trap as its handler sees it: the frame has the target, and TF.
#[test]
fn the_handler_of_a_sysret_under_tf_sees_the_target() {
    let mut program = Program::long();
    program.cpu.msrs.star = (u64::from(LONG_CODE[3] & !3) - 16) << 48;
    program.write(CODE, &[0x48, 0x0F, 0x07]);
    program.write(0x1_2000, &[0x90, 0x90]);
    program.cpu.gpr[1] = 0x1_2000;
    program.cpu.gpr[11] = u64::from(TF | 2);
    assert_eq!(program.run(), End::Vector(1));
    let stack = program.esp();
    assert_eq!(program.read_qword(stack), 0x1_2000);
    assert_eq!(program.read_qword(stack + 16) & u64::from(TF), u64::from(TF));
    assert_eq!(program.cpu.dr6 & DR6_BS, DR6_BS);
}
