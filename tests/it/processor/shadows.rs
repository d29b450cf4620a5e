//! What one instruction holds off from the next: MOV SS and STI shadows, single-step, HLT, NMI.
//! SDM Vol.3A 6.8 "Enabling and Disabling Interrupts", Vol.3B 17.3.1.4 "Single-Step Exception Condition".

use ringwalk_cpu::flags::{IF, TF};
use ringwalk_cpu::segment::SegReg;

use crate::program::*;

/// Real mode with the flags set; the handler of vector 1 is IRET.
fn stepping(flags: u32) -> Program {
    let mut program = Program::real();
    program.set_flags(flags);
    program.cpu.gpr[0] = REAL_STACK.into();
    program.write(u32::from(REAL_HANDLERS) * 16 + 1, &[0xCF]);
    program
}

/// Offsets that single-step traps came back to, until the program halts.
fn trap_offsets(program: &mut Program) -> Vec<u16> {
    let mut offsets = Vec::new();
    for _ in 0..200 {
        program.steps(1);
        let at = (program.selector(SegReg::Cs), program.eip());
        if at == (REAL_HANDLERS, 1) {
            offsets.push(top_of_stack(program));
        }
        if program.cpu.pending_debug == 0 && program.read(program.cpu.linear_rip() as u32, 1) == [0xF4] {
            return offsets;
        }
    }
    panic!("the program does not reach HLT: {offsets:x?}");
}

fn top_of_stack(program: &Program) -> u16 {
    program.read_word(program.cpu.seg(SegReg::Ss).base as u32 + (program.esp() & 0xFFFF))
}

/// The offset at which an interrupt of vector 20h strikes that comes in after so many instructions, IF being set.
fn interrupted_at(listing: &str, after: usize) -> u16 {
    let mut program = stepping(IF);
    program.code(listing);
    program.steps(after);
    program.bus.pending.push(0x20);
    assert_eq!(program.run(), End::Vector(0x20));
    top_of_stack(&program)
}

/// The same for NMI.
fn nmi_at(listing: &str, after: usize) -> u16 {
    let mut program = stepping(IF);
    program.code(listing);
    program.steps(after);
    program.bus.nmi = true;
    assert_eq!(program.run(), End::Vector(2));
    top_of_stack(&program)
}

/// Measured on silicon (Emerald Rapids, ring 3): the trap behind MOV SS is missing, the one behind MOV DS is not.
#[test]
fn q01_mov_ss_swallows_its_single_step_trap() {
    let mut program = stepping(TF);
    program.code(
        "
        90    ; nop
        90    ; nop
        8E D0 ; mov ss, ax
        90    ; nop
        90    ; nop
        8E D8 ; mov ds, ax
        90    ; nop
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(trap_offsets(&mut program), [1, 2, 5, 6, 8, 9, 10]);
}

/// SDM Vol.3A 6.8.3 "Masking Exceptions and Interrupts When Switching Stacks".
#[test]
fn q01_mov_ss_shadows_one_instruction() {
    let mov_ss = "
        90    ; nop
        8E D0 ; mov ss, ax
        90    ; nop
        90    ; nop
        F4    ; hlt
    ";
    assert_eq!(interrupted_at(mov_ss, 1), 1);
    assert_eq!(interrupted_at(mov_ss, 2), 4);
    assert_eq!(nmi_at(mov_ss, 2), 4);
    assert_eq!(interrupted_at(mov_ss, 3), 4);
}

#[test]
fn q01_pop_ss_shadows_and_lss_and_other_segment_loads_do_not() {
    let pop_ss = "
        16 ; push ss
        17 ; pop ss
        90 ; nop
        90 ; nop
        F4 ; hlt
    ";
    assert_eq!((interrupted_at(pop_ss, 2), nmi_at(pop_ss, 2)), (3, 3));
    let mov_ds = "
        8E D8 ; mov ds, ax
        90    ; nop
        F4    ; hlt
    ";
    assert_eq!((interrupted_at(mov_ds, 1), nmi_at(mov_ds, 1)), (2, 2));
    let lss = "
        16          ; push ss
        54          ; push sp
        89 E5       ; mov bp, sp
        0F B2 66 00 ; lss sp, [bp]
        90          ; nop
        F4          ; hlt
    ";
    assert_eq!((interrupted_at(lss, 4), nmi_at(lss, 4)), (8, 8));
}

/// SDM Vol.3A 6.8.3: of two loads of SS in a row only the first is sure to shadow; here and on silicon only the first
/// does.
#[test]
fn q01_a_second_load_of_ss_does_not_shadow() {
    let twice = "
        8E D0 ; mov ss, ax
        8E D0 ; mov ss, ax
        90    ; nop
        F4    ; hlt
    ";
    assert_eq!((interrupted_at(twice, 1), interrupted_at(twice, 2)), (4, 4));
}

#[test]
fn q01_a_faulting_mov_ss_does_not_shadow() {
    let mut program = Program::protected();
    program.cpu.gpr[0] = 0;
    program.code(
        "
        8E D0 ; mov ss, ax
    ",
    );
    // #GP(0) arrives at its handler, and the NMI that waits is taken there at once.
    program.bus.nmi = true;
    program.cpu.nmi_blocked = true;
    program.steps(1);
    program.cpu.nmi_blocked = false;
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (2, HANDLERS + 13));
}

/// SDM Vol.2B "STI": interrupts stay shut until behind the next instruction, if they were shut. `STI; HLT` cannot lose
/// the interrupt that wakes.
#[test]
fn q03_sti_opens_interrupts_behind_the_next_instruction() {
    let with_nop = "
        E6 F0 ; out 0xF0, al
        FB    ; sti
        90    ; nop
        90    ; nop
        F4    ; hlt
    ";
    let with_hlt = "
        E6 F0 ; out 0xF0, al
        FB    ; sti
        F4    ; hlt
    ";
    for listing in [with_nop, with_hlt] {
        let mut program = stepping(0);
        program.cpu.gpr[0] = 0x20;
        program.code(listing);
        assert_eq!(program.run(), End::Vector(0x20));
        assert_eq!(top_of_stack(&program), 4, "{listing}");
    }
}

#[test]
fn q03_sti_cli_opens_no_window() {
    let mut program = stepping(0);
    program.cpu.gpr[0] = 0x20;
    program.code(
        "
        E6 F0 ; out 0xF0, al
        FB    ; sti
        FA    ; cli
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.bus.pending, [0x20]);
}

#[test]
fn q03_a_redundant_sti_makes_no_shadow() {
    let listing = "
        FB ; sti
        FA ; cli
        F4 ; hlt
    ";
    assert_eq!(interrupted_at(listing, 1), 1);
}

#[test]
fn q03_sti_holds_off_neither_nmi_nor_the_single_step_trap() {
    let mut program = stepping(0);
    program.code(
        "
        FB ; sti
        90 ; nop
        90 ; nop
        F4 ; hlt
    ",
    );
    program.steps(1);
    program.bus.nmi = true;
    assert_eq!(program.run(), End::Vector(2));
    assert_eq!(top_of_stack(&program), 1);
    let mut program = stepping(TF);
    program.code(
        "
        FB ; sti
        90 ; nop
        90 ; nop
        F4 ; hlt
    ",
    );
    assert_eq!(trap_offsets(&mut program), [1, 2, 3]);
}

/// POPF and IRET that set IF have no shadow. SDM Vol.2B "POPF", "STI".
#[test]
fn q04_popf_and_iret_open_interrupts_at_once() {
    for (listing, expected) in [
        (
            "
                E6 F0    ; out 0xF0, al
                9C       ; pushf
                5B       ; pop bx
                80 CF 02 ; or bh, 2
                53       ; push bx
                9D       ; popf
                90       ; nop
                F4       ; hlt
            ",
            9,
        ),
        (
            "
                E6 F0    ; out 0xF0, al
                68 02 02 ; push word 0x0202
                0E       ; push cs
                6A 09    ; push word 9
                CF       ; iret
                90       ; nop
                F4       ; hlt
            ",
            9,
        ),
    ] {
        let mut program = stepping(0);
        program.cpu.gpr[0] = 0x20;
        program.code(listing);
        assert_eq!(program.run(), End::Vector(0x20));
        assert_eq!(top_of_stack(&program), expected, "{listing}");
    }
}

/// TF is looked at as it was when the instruction began. SDM Vol.3B 17.3.1.4.
#[test]
fn q04_popf_that_sets_or_clears_tf() {
    let mut program = stepping(0);
    program.code(
        "
        68 02 01 ; push word 0x0102
        9D       ; popf
        90       ; nop
        90       ; nop
        6A 02    ; push word 0x0002
        9D       ; popf
        90       ; nop
        90       ; nop
        F4       ; hlt
    ",
    );
    // Behind POPF at 3 no trap; behind both NOPs, PUSH and the POPF that clears TF there is one each.
    assert_eq!(trap_offsets(&mut program), [5, 6, 8, 9]);
}

#[test]
fn q04_iret_that_sets_tf_traps_behind_its_first_target_instruction() {
    let mut program = stepping(0);
    program.code(
        "
        68 02 01 ; push word 0x0102
        0E       ; push cs
        6A 07    ; push word 7
        CF       ; iret
        90       ; nop
        90       ; nop
        F4       ; hlt
    ",
    );
    assert_eq!(trap_offsets(&mut program), [8, 9]);
}

/// SDM Vol.3B 17.3.1.4: one trap for each iteration, with the instruction's own address until the last.
#[test]
fn q05_single_step_stops_behind_every_iteration() {
    let mut program = stepping(TF);
    program.cpu.gpr[1] = 3;
    program.code(
        "
        F3 AA ; rep stosb
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(trap_offsets(&mut program), [0, 0, 2, 3]);
    assert_eq!(program.reg(1) & 0xFFFF, 0);
}

/// INT n clears TF before the trap could be taken; stepping goes on behind IRET's target instruction.
#[test]
fn q05_int_n_swallows_the_single_step_trap() {
    let mut program = stepping(TF);
    program.write(u32::from(REAL_HANDLERS) * 16 + 0x20, &[0xCF]);
    program.code(
        "
        90    ; nop
        CD 20 ; int 0x20
        90    ; nop
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(trap_offsets(&mut program), [1, 4, 5]);
}

#[test]
fn q05_the_single_step_trap_behind_hlt_leaves_it() {
    let mut program = stepping(TF);
    program.write(u32::from(REAL_HANDLERS) * 16 + 1, &[0xF4]);
    program.code(
        "
        F4 ; hlt
    ",
    );
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(top_of_stack(&program), 1);
}

/// L16: an interrupt delivered by INT n through a stack that MOV SS has just loaded. SDM Vol.3B 17.3.1.1.
#[test]
fn q02_a_data_breakpoint_on_the_operand_of_mov_ss_waits_for_the_next_instruction() {
    let mut program = Program::user();
    program.write_word(DATA, DATA_OF[3]);
    program.cpu.dr[0] = u64::from(DATA);
    // DR0: a word, read or written.
    program.cpu.dr7 = 0x0007_0401;
    program.set_gate(0x80, gate(CODE_OF[0], HANDLERS + 0x80, 0xEE, 0));
    let mut held = program
        .code(
            "
        8E 15 00 00 02 00 ; mov ss, [0x20000]
        90                ; nop
        90                ; nop
    ",
        )
        .fault();
    assert_eq!((held.vector, held.eip, held.cs), (1, CODE + 7, CODE_OF[3]));

    let mut program = Program::user();
    program.write_word(DATA, DATA_OF[3]);
    program.cpu.dr[0] = u64::from(DATA);
    program.cpu.dr7 = 0x0007_0401;
    program.set_gate(0x80, gate(CODE_OF[0], HANDLERS + 0x80, 0xEE, 0));
    held = program
        .code(
            "
        8E 15 00 00 02 00 ; mov ss, [0x20000]
        CD 80             ; int 0x80
    ",
        )
        .fault();
    assert_eq!((held.vector, held.eip, held.cs), (1, HANDLERS + 0x80, CODE_OF[0]));
    assert_eq!(program.cpu.dr6 & 0xF, 1);
}

/// SDM Vol.3A 6.7.1 "Handling Multiple NMIs": blocked until the next IRET, one is latched.
#[test]
fn q37_nmi_is_blocked_until_iret_and_one_waits() {
    let mut program = stepping(0);
    program.write(u32::from(REAL_HANDLERS) * 16 + 2, &[0x90, 0xCF]);
    program.code(
        "
        E6 F1 ; out 0xF1, al
        90    ; nop
        F4    ; hlt
    ",
    );
    program.steps(2);
    assert_eq!((program.selector(SegReg::Cs), program.eip()), (REAL_HANDLERS, 2));
    program.bus.nmi = true;
    program.steps(1);
    assert_eq!(program.eip(), 3, "the second waits");
    program.steps(2);
    assert_eq!((program.selector(SegReg::Cs), program.eip()), (REAL_HANDLERS, 2));
    assert_eq!(top_of_stack(&program), 2, "it is taken behind IRET, before the first instruction there");
    program.steps(2);
    assert_eq!(program.run(), End::Halted);
}

/// Any IRET unblocks, even one that faults. SDM Vol.3A 6.7.1.
#[test]
fn q37_a_faulting_iret_unblocks_nmi() {
    let mut program = Program::protected();
    program.cpu.nmi_blocked = true;
    program.cpu.nmi_pending = true;
    program.code(
        "
        6A 02 ; push dword 0x2
        6A 00 ; push dword 0
        6A 00 ; push dword 0
        CF    ; iret
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (2, HANDLERS + 13), "#GP(0) first, then the NMI in its handler");
}

/// SDM Vol.3A Table 6-2 "Priority Among Concurrent Events": trap of the last instruction, NMI, interrupt.
#[test]
fn q41_trap_then_nmi_then_interrupt() {
    let mut program = Program::protected();
    // Trap gates leave IF alone, so that the rest follows at the handler's first instruction.
    for vector in [1, 2, 0x20] {
        program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0x8F, 0));
    }
    program.set_flags(IF | TF);
    program.bus.timer = vec![(1, 0x20)];
    program.code(
        "
        E6 F1 ; out 0xF1, al
        90    ; nop
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (0x20, HANDLERS + 2));
    let frames = [0, 12, 24].map(|at| program.read_dword(program.esp() + at));
    assert_eq!(frames, [HANDLERS + 2, HANDLERS + 1, CODE + 2]);
}
