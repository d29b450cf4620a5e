//! Single-step, breakpoints and the shadows over them. SDM Vol.3B 17.2 "Debug Registers", 17.3 "Debug Exceptions",
//! Vol.3A 6.8.3 "Masking Exceptions and Interrupts When Switching Stacks".

use ringwalk_cpu::flags::{IF, OF, RF, TF, ZF};
use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{CR4_DE, CR4_VME};
use ringwalk_mmu::TlbPolicy;

use super::*;

/// DR6 with nothing set. SDM Vol.3A Table 9-1.
const DR6_CLEAR: u64 = 0xFFFF_0FF0;
const B0: u64 = 1;
const B1: u64 = 2;
const BS: u64 = 1 << 14;
const BT: u64 = 1 << 15;

/// DR7 for breakpoint 0 or 1 of a kind (0 execute, 1 write, 2 I/O, 3 read or write) and encoded length.
const fn dr7(number: u32, kind: u32, length: u32) -> u64 {
    (0x400 | 1 << (2 * number) | (kind | length << 2) << (16 + 4 * number)) as u64
}

const EXECUTE: u32 = 0;
const WRITE: u32 = 1;
const IO: u32 = 2;
const READ_WRITE: u32 = 3;

/// Ring 3 with a watched selector in memory; every software interrupt may be used.
fn watching_a_stack_selector() -> Program {
    let mut program = Program::user();
    program.write_dword(DATA, STACKS[3]);
    program.write_word(DATA + 4, DATA_OF[3]);
    program.cpu.dr[0] = u64::from(DATA + 4);
    program.cpu.dr7 = dr7(0, READ_WRITE, 1);
    for vector in [1, 3, 4] {
        program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0xEE, 0));
    }
    program
}

/// CVE-2018-8897: the trap that MOV SS holds back arrives at the first instruction of the handler that the next
/// instruction enters, at CPL 0. (Behind INT n: `processor/shadows.rs`.)
#[test]
fn q02_the_held_trap_arrives_in_the_handler_of_int3_and_into() {
    let rows = [
        (
            "
            8E 15 04 00 02 00 ; mov ss, [0x20004]
            CC                ; int3
        ",
            3,
        ),
        (
            "
            8E 15 04 00 02 00 ; mov ss, [0x20004]
            CE                ; into
        ",
            4,
        ),
    ];
    for (listing, vector) in rows {
        let mut program = watching_a_stack_selector();
        program.set_flags(OF);
        program.code(listing).steps(2);
        assert_eq!((program.cpu.cpl, program.eip()), (0, HANDLERS + vector), "{listing}");
        assert_eq!(program.cpu.dr6, DR6_CLEAR, "{listing}: nothing was reported yet");
        let fault = program.fault();
        assert_eq!((fault.vector, fault.eip, fault.cs), (1, HANDLERS + vector, CODE_OF[0]), "{listing}");
        assert_eq!(program.cpu.dr6, DR6_CLEAR | B0, "{listing}");
    }
}

/// Behind INT1, itself a #DB, there is no second one: its own tells of the data breakpoint too. A public suite
/// (kvm-unit-tests, `debug`, "MOV SS + watchpoint + ICEBP") asks this of silicon.
#[test]
fn q02_int1_tells_of_the_trap_held_back() {
    let mut program = watching_a_stack_selector();
    program.code(
        "
        8E 15 04 00 02 00 ; mov ss, [0x20004]
        F1                ; int1
        F4                ; hlt
    ",
    );
    program.write(HANDLERS + 1, &[0x90, 0xCF]);
    program.steps(2);
    assert_eq!((program.cpu.cpl, program.eip(), program.cpu.dr6), (0, HANDLERS + 1, DR6_CLEAR | B0));
    program.steps(2);
    assert_eq!((program.cpu.cpl, program.eip()), (3, CODE + 7), "one exception, one return");
}

/// POP SS holds its trap back as MOV SS does; LSS, which brings the pointer along, does not.
#[test]
fn q02_pop_ss_holds_its_trap_and_lss_does_not() {
    let mut program = watching_a_stack_selector();
    program.set_esp(DATA + 4);
    program.code(
        "
        17 ; pop ss
        90 ; nop
        90 ; nop
    ",
    );
    assert_eq!(program.fault().eip, CODE + 2);
    let mut program = watching_a_stack_selector();
    program.code(
        "
        0F B2 25 00 00 02 00 ; lss esp, [0x20000]
        90                   ; nop
        90                   ; nop
    ",
    );
    assert_eq!(program.fault().eip, CODE + 7);
}

/// An instruction breakpoint behind POP SS is held off too; one behind LSS strikes.
#[test]
fn q01_pop_ss_holds_off_an_instruction_breakpoint_and_lss_does_not() {
    let mut program = Program::protected();
    program.cpu.dr[0] = u64::from(CODE + 1);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    program.write_dword(STACKS[0] - 4, DATA_OF[0].into());
    program.set_esp(STACKS[0] - 4);
    program.code(
        "
        17 ; pop ss
        90 ; nop
        F4 ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    let mut program = watching_a_stack_selector();
    program.cpu.dr[0] = u64::from(CODE + 7);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    program.code(
        "
        0F B2 25 00 00 02 00 ; lss esp, [0x20000]
        90                   ; nop
    ",
    );
    assert_eq!(program.fault().eip, CODE + 7);
}

/// SDM Vol.2B "SYSENTER" Operation clears VM, IF and RF, not TF: the trap comes at the target, in ring 0. And
/// "SYSEXIT" keeps TF: the trap comes at its target, in ring 3.
#[test]
fn q05_sysenter_and_sysexit_keep_tf() {
    let mut program = Program::user();
    program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
    program.cpu.msrs.sysenter_esp = u64::from(STACKS[0]);
    program.cpu.msrs.sysenter_eip = u64::from(DATA);
    program.set_flags(TF);
    program.code(
        "
        0F 34 ; sysenter
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip, fault.cs, fault.flags & TF), (1, DATA, CODE_OF[0], TF));
    assert_eq!(program.cpu.dr6, DR6_CLEAR | BS);

    let mut program = Program::protected();
    program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
    program.cpu.gpr[1] = STACKS[3].into();
    program.cpu.gpr[2] = DATA.into();
    program.set_flags(TF);
    program.code(
        "
        0F 35 ; sysexit
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip, fault.cs & 3), (1, DATA, 3));
}

/// A handler runs without TF, whatever brought it about; behind its IRET stepping goes on. SDM Vol.3B 17.3.1.4
/// "Single-Step Exception Condition".
#[test]
fn q05_a_fault_handler_runs_without_tf_and_iret_resumes_stepping() {
    let mut program = Program::protected();
    program.set_flags(TF);
    program.write(HANDLERS + 1, &[0xCF]);
    // The handler of #UD skips UD2.
    program.code_at(
        HANDLERS + 6,
        32,
        "
        83 04 24 02 ; add dword [esp], 2
        CF          ; iret
    ",
    );
    program.code(
        "
        90    ; nop
        0F 0B ; ud2
        90    ; nop
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(returns_of(&mut program, 1), [CODE + 1, CODE + 4, CODE + 5]);
}

/// A REP instruction under a data breakpoint traps behind each iteration that touches it, at its own address until the
/// last. SDM Vol.3B 17.3.1.2 "Data Memory and I/O Breakpoint Exception Conditions".
#[test]
fn q05_a_data_breakpoint_under_rep_traps_behind_its_iteration() {
    let mut program = Program::protected();
    program.write(HANDLERS + 1, &[0xCF]);
    program.cpu.dr[0] = u64::from(DATA + 4);
    program.cpu.dr7 = dr7(0, WRITE, 1);
    program.cpu.gpr[1] = 6;
    program.cpu.gpr[7] = u64::from(DATA);
    program.code(
        "
        F3 AA ; rep stosb
        90    ; nop
        F4    ; hlt
    ",
    );
    // Bytes 4 and 5 are watched; byte 5 is the last of the six.
    assert_eq!(returns_of(&mut program, 1), [CODE, CODE + 2]);
    assert_eq!((program.reg(1), program.cpu.dr6), (0, DR6_CLEAR | B0));
}

/// SDM Vol.3B 17.4.3 "Single-Stepping on Branches": with IA32_DEBUGCTL.BTF TF traps behind taken branches only, also
/// behind one to the next instruction; the processor clears BTF with the trap, so that stepping goes on as usual.
#[test]
fn q05_btf_steps_from_branch_to_branch() {
    const BTF: u64 = 2;
    let jump = "
        90    ; nop
        74 01 ; je +1
        90    ; nop
        EB 01 ; jmp +1
        90    ; nop
        90    ; nop
        F4    ; hlt
    ";
    let to_the_next = "
        90    ; nop
        75 00 ; jne +0
        90    ; nop
        F4    ; hlt
    ";
    let not_taken = "
        90    ; nop
        74 00 ; je +0
        E3 00 ; jecxz +0
        90    ; nop
        F4    ; hlt
    ";
    for (listing, expected) in [(jump, vec![7, 8]), (to_the_next, vec![3, 4]), (not_taken, vec![])] {
        let mut program = Program::protected_on(Model::P6, TlbPolicy::Real);
        program.write(HANDLERS + 1, &[0xCF]);
        program.cpu.gpr[1] = 1;
        program.cpu.msrs.debug_control = BTF;
        program.set_flags(TF);
        let expected: Vec<u32> = expected.into_iter().map(|offset| CODE + offset).collect();
        assert_eq!(returns_of(program.code(listing), 1), expected, "{listing}");
        let left = if expected.is_empty() { BTF } else { 0 };
        assert_eq!(program.cpu.msrs.debug_control, left, "{listing}");
    }
}

/// The T flag of a task-state segment: #DB behind the switch, before the task's first instruction, with DR6.BT.
/// SDM Vol.3B 17.3.1.5 "Task-Switch Exception Condition".
#[test]
fn q06_a_task_with_the_t_flag_traps_before_its_first_instruction() {
    for trap in [true, false] {
        let mut program = Program::protected();
        with_task(&mut program, 2, trap);
        program.write(TASK_CODE, &[0xF4]);
        program.code(TO_TASK);
        if trap {
            let fault = program.fault();
            assert_eq!((fault.vector, fault.eip), (1, TASK_CODE));
            assert_eq!(program.cpu.dr6, DR6_CLEAR | BT);
        } else {
            assert_eq!(program.run(), End::Halted);
            assert_eq!(program.cpu.dr6, DR6_CLEAR);
        }
    }
}

/// A task switch clears the local enables L0 to L3 and LE of DR7 and leaves the global ones. SDM Vol.3B 17.2.4 "Debug
/// Control Register (DR7)".
#[test]
fn q06_a_task_switch_clears_the_local_breakpoint_enables() {
    let mut program = Program::protected();
    with_task(&mut program, 2, false);
    program.cpu.dr7 = 0x7FF;
    program.cpu.dr = [1; 4];
    program.write(TASK_CODE, &[0xF4]);
    program.code(TO_TASK);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.cpu.dr7, 0x6AA);
}

/// I/O breakpoints see every instruction that reaches a port. SDM Vol.3B 17.2.4: R/W 10b with CR4.DE.
#[test]
fn q06_io_breakpoints_see_strings_and_immediate_ports() {
    let rows: &[(&[u8], bool)] = &[
        (&[0x6C], true),
        (&[0x6E], true),
        (&[0x6F], true),
        (&[0xE4, 0x60], true),
        (&[0xE7, 0x60], true),
        (&[0xE4, 0x61], false),
        // Two ports from 5Fh on.
        (&[0x66, 0xE5, 0x5F], true),
        (&[0x66, 0xE5, 0x5E], false),
    ];
    for (code, hit) in rows {
        let mut program = Program::protected();
        program.cpu.cr4 = CR4_DE;
        program.cpu.dr[0] = 0x60;
        program.cpu.dr7 = dr7(0, IO, 0);
        program.cpu.gpr[2] = 0x60;
        program.cpu.gpr[6] = DATA.into();
        program.cpu.gpr[7] = DATA.into();
        program.write(CODE, code);
        program.write(CODE + code.len() as u32, &[0xF4]);
        if *hit {
            let fault = program.fault();
            assert_eq!((fault.vector, fault.eip), (1, CODE + code.len() as u32), "{code:x?}");
            assert_eq!(program.cpu.dr6, DR6_CLEAR | B0);
        } else {
            assert_eq!(program.run(), End::Halted, "{code:x?}");
        }
    }
}

/// What delivery itself pushes can hit a data breakpoint: the trap comes at the handler's first instruction, behind an
/// interrupt as behind a fault.
#[test]
fn q06_pushes_of_a_delivery_hit_data_breakpoints() {
    for (listing, vector) in [
        (
            "
            CD 20 ; int 0x20
        ",
            0x20,
        ),
        (
            "
            0F 0B ; ud2
        ",
            6,
        ),
    ] {
        let mut program = Program::protected();
        program.cpu.dr[0] = u64::from(STACKS[0] - 8);
        program.cpu.dr7 = dr7(0, WRITE, 3);
        let fault = program.code(listing).fault();
        assert_eq!((fault.vector, fault.eip), (1, HANDLERS + vector), "{listing}");
        assert_eq!(program.cpu.dr6, DR6_CLEAR | B0);
    }
}

/// An instruction breakpoint is a fault in front of the instruction, a data breakpoint a trap behind it: one
/// instruction can meet both. The handler sets RF, which holds the first off when the instruction runs again.
#[test]
fn q08_one_instruction_meets_an_instruction_and_a_data_breakpoint() {
    let mut program = Program::protected();
    program.code_at(
        HANDLERS + 1,
        32,
        "
        81 4C 24 08 00 00 01 00 ; or dword [esp+8], 0x10000
        CF                      ; iret
    ",
    );
    program.cpu.dr = [CODE, DATA, 0, 0].map(u64::from);
    program.cpu.dr7 = dr7(0, EXECUTE, 0) | dr7(1, WRITE, 3);
    program.code(
        "
        A3 00 00 02 00 ; mov [0x20000], eax
        90             ; nop
        F4             ; hlt
    ",
    );
    program.steps(1);
    assert_eq!((program.eip(), program.cpu.dr6), (HANDLERS + 1, DR6_CLEAR | B0));
    assert_eq!(returns_of(&mut program, 1), [CODE + 5]);
    assert_eq!(program.cpu.dr6, DR6_CLEAR | B1);
}

/// RF outlives an instruction that faults, in the image of the fault: it is cleared by successful execution only.
/// SDM Vol.3B 17.3.1.1 "Instruction-Breakpoint Exception Condition".
#[test]
fn q08_rf_outlives_a_fault_of_its_instruction() {
    let mut program = Program::paged();
    program.write_dword(pte_of(0x3_0000), 0);
    program.cpu.dr[0] = u64::from(CODE);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    // The handler of #PF maps the page.
    program.cpu.gpr[6] = pte_of(0x3_0000).into();
    program.code_at(
        HANDLERS + 14,
        32,
        "
        C7 06 07 00 03 00 ; mov dword [esi], 0x30007
        83 C4 04          ; add esp, 4
        CF                ; iret
    ",
    );
    program.set_flags(RF);
    program.code(
        "
        A3 00 00 03 00 ; mov [0x30000], eax
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.cpu.dr6, DR6_CLEAR);
    assert_eq!(program.cpu.flags.bits() & RF, 0);
}

/// An interrupt in front of the instruction that RF protects keeps RF in its image and gives it back.
#[test]
fn q08_rf_outlives_an_interrupt_in_front_of_its_instruction() {
    let mut program = Program::protected();
    program.write(HANDLERS + 0x20, &[0xCF]);
    program.cpu.dr[0] = u64::from(CODE);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    program.set_flags(RF | IF);
    program.bus.pending.push(0x20);
    program.code(
        "
        90 ; nop
        F4 ; hlt
    ",
    );
    program.steps(1);
    assert_eq!((program.eip(), program.cpu.flags.bits() & RF), (HANDLERS + 0x20, 0));
    assert_eq!(program.read_dword(program.esp() + 8) & RF, RF);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.cpu.dr6, DR6_CLEAR);
}

/// POPF never loads RF, so it cannot step over a breakpoint. SDM Vol.2B "POPF" Table 4-15.
#[test]
fn q08_popf_does_not_load_rf() {
    let mut program = Program::protected();
    program.cpu.dr[0] = u64::from(CODE + 1);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    program.write_dword(STACKS[0] - 4, RF | 2);
    program.set_esp(STACKS[0] - 4);
    program.code(
        "
        9D ; popf
        90 ; nop
        F4 ; hlt
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (1, CODE + 1));
}

/// A task switch loads RF with the new task's flags. SDM Vol.3B 17.3.1.1.
#[test]
fn q08_a_task_switch_loads_rf() {
    for (flags, end) in [(RF | 2, End::Halted), (2, End::Vector(1))] {
        let mut program = Program::protected();
        with_task(&mut program, flags, false);
        program.cpu.dr[0] = u64::from(TASK_CODE);
        // A global breakpoint: a task switch clears the local ones.
        program.cpu.dr7 = 0x402;
        program.write(TASK_CODE, &[0x90, 0xF4]);
        program.code(TO_TASK);
        assert_eq!(program.run(), end, "flags {flags:x}");
    }
}

/// Single-step beats the instruction breakpoint behind it: the trap of the last instruction first, then the fault of
/// the next. SDM Vol.3A Table 6-2 "Priority Among Concurrent Events".
#[test]
fn q08_the_trap_of_the_last_instruction_comes_before_a_breakpoint_at_the_next() {
    let mut program = Program::protected();
    program.cpu.dr[0] = u64::from(CODE + 1);
    program.cpu.dr7 = dr7(0, EXECUTE, 0);
    program.set_flags(TF);
    program.code(
        "
        90 ; nop
        90 ; nop
        F4 ; hlt
    ",
    );
    program.steps(2);
    assert_eq!((program.eip(), program.cpu.dr6), (HANDLERS + 1, DR6_CLEAR | BS));
    // The handler returns without stepping on; the breakpoint still stands in front.
    program.write(HANDLERS + 1, &[0xCF]);
    program.write_dword(program.esp() + 8, 2);
    program.steps(2);
    assert_eq!((program.eip(), program.cpu.dr6), (HANDLERS + 1, DR6_CLEAR | BS | B0));
}

/// In virtual-8086 mode below IOPL 3 INT n faults, CD 03 included; INT3, INTO and INT1 do not.
/// SDM Vol.3B 20.2.7 "Sensitive Instructions", 20.3.3 "Class 3-Software Interrupt Handling in Virtual-8086 Mode".
#[test]
fn q09_int3_into_and_int1_are_not_sensitive_to_iopl() {
    let rows: [(&[u8], u8, u8); 5] =
        [(&[0xCC], 3, 3), (&[0xCE], 4, 4), (&[0xF1], 1, 1), (&[0xCD, 3], 13, 3), (&[0xCD, 1], 13, 1)];
    for (code, vector, at_iopl_3) in rows {
        for (iopl, expected) in [(0, vector), (2, vector), (3, at_iopl_3)] {
            let mut program = virtual_8086(iopl);
            let flags = program.cpu.flags.bits() | OF;
            program.set_flags(flags);
            for used in [1, 3, 4] {
                program.set_gate(used, gate(CODE_OF[0], HANDLERS + u32::from(used), 0xEE, 0));
            }
            program.write(u32::from(REAL_CODE) << 4, code);
            let fault = program.fault();
            let eip = if expected == 13 { 0 } else { code.len() as u32 };
            assert_eq!((fault.vector, fault.code, fault.eip), (expected, 0, eip), "{code:x?} IOPL {iopl}");
        }
    }
}

/// The redirection bit map of CR4.VME concerns INT n alone: INT3, INTO and INT1 go through the IDT, where a clear bit
/// sends CD 03 to the program's own vector table.
#[test]
fn q09_redirection_concerns_int_n_alone() {
    for (code, vector) in [(&[0xCC][..], 3), (&[0xCE], 4), (&[0xF1], 1), (&[0xCD, 3], 0)] {
        let mut program = virtual_8086(0);
        program.cpu.cr4 = CR4_VME;
        let flags = program.cpu.flags.bits() | OF;
        program.set_flags(flags);
        for used in [1, 3, 4] {
            program.set_gate(used, gate(CODE_OF[0], HANDLERS + u32::from(used), 0xEE, 0));
        }
        program.write_dword(3 * 4, u32::from(REAL_CODE) << 16 | 0x123);
        program.write(u32::from(REAL_CODE) << 4, code);
        program.steps(1);
        let redirected = (3, 0x123);
        let expected = if vector == 0 { redirected } else { (0, HANDLERS + vector) };
        assert_eq!((program.cpu.cpl, program.eip()), expected, "{code:x?}");
    }
}

/// INTO does nothing without OF, and its trap then is an ordinary one.
#[test]
fn q09_into_without_overflow_is_a_nop() {
    let mut program = Program::protected();
    program.set_flags(TF | ZF);
    program.write(HANDLERS + 1, &[0xCF]);
    program.code(
        "
        CE ; into
        90 ; nop
        F4 ; hlt
    ",
    );
    assert_eq!(returns_of(&mut program, 1), [CODE + 1, CODE + 2]);
    assert_eq!(program.selector(SegReg::Cs), CODE_OF[0]);
}
