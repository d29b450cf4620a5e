//! Clocks of small programs under the timing models with clock tables, added up by hand from the manuals:
//! *Intel486 Microprocessor Family Programmer's Reference Manual*, chapter 26 and the appendix "Instruction Format and
//! Timing"; *Pentium Processor Family Developer's Manual*, Vol.3, appendix F. Every program ends in a HLT: 4 clocks on
//! both.

use ringwalk_cpu::run::{Exit, Limits};
use ringwalk_cpu::timing::Timing;

use crate::guest::Random;
use crate::program::*;

/// The clocks that a program takes to its end under a model.
fn clocks(mut program: Program, timing: Timing) -> u64 {
    program.engine.set_timing(timing, &mut program.memory);
    let from = program.cpu.position;
    program.run();
    program.cpu.position - from
}

/// Programs with their clocks on the 486 and the Pentium, the sums as the manual's terms.
fn check(make: impl Fn(&str) -> Program, programs: &[(&str, u64, u64)]) {
    for (listing, i486, pentium) in programs {
        let found = [Timing::I486, Timing::Pentium].map(|timing| clocks(make(listing), timing));
        assert_eq!(found, [*i486, *pentium], "486 and Pentium:\n{listing}");
    }
}

fn real(listing: &str) -> Program {
    let mut program = Program::real();
    program.code(listing);
    program
}

fn protected(listing: &str) -> Program {
    let mut program = Program::protected();
    program.code(listing);
    program
}

fn user(listing: &str) -> Program {
    let mut program = Program::user();
    program.code(listing);
    program
}

#[test]
fn loops_and_operands_in_registers_and_memory() {
    check(
        real,
        &[
            // LOOP 7 taken, 6 not; 5 and 6 on the Pentium.
            ("b9 0a 00 ; mov\n01 d8 ; add\ne2 fc ; loop\nf4 ; hlt", 1 + 10 + (9 * 7 + 6) + 4, 1 + 10 + (9 * 5 + 6) + 4),
            // Jcc 3 taken, 1 not; always 1 on the Pentium.
            ("b9 05 00 ; mov\n49 ; dec\n75 fd ; jne\nf4 ; hlt", 1 + 5 + (4 * 3 + 1) + 4, 1 + 5 + 5 + 4),
            // A jump taken to the next instruction is taken.
            ("31 c0 ; xor\n74 00 ; je\n75 00 ; jne\nf4 ; hlt", 1 + 3 + 1 + 4, 1 + 1 + 1 + 4),
            ("31 c9 ; xor\ne3 00 ; jcxz\n41 ; inc\ne3 00 ; jcxz\nf4 ; hlt", 1 + 8 + 1 + 5 + 4, 1 + 6 + 1 + 5 + 4),
            // LOOPNE ends at equality: ZF is set, so the first one is not taken.
            ("b9 05 00 ; mov\n31 c0 ; xor\ne0 00 ; loopne\nf4 ; hlt", 1 + 1 + 6 + 4, 1 + 1 + 8 + 4),
            ("01 06 00 20 ; add\nf4 ; hlt", 3 + 4, 3 + 4),
            ("8b 1e 00 20 ; mov\n3b 0e 00 20 ; cmp\nff 06 00 20 ; inc\nf4 ; hlt", 1 + 2 + 3 + 4, 1 + 2 + 3 + 4),
            ("ff 36 00 20 ; push\n58 ; pop\n8f 06 00 20 ; pop\nf4 ; hlt", 4 + 1 + 6 + 4, 2 + 1 + 3 + 4),
            ("87 1e 00 20 ; xchg\n93 ; xchg\n87 d9 ; xchg\nf4 ; hlt", 5 + 3 + 3 + 4, 3 + 2 + 3 + 4),
            ("9c ; pushf\n9d ; popf\nf4 ; hlt", 4 + 9 + 4, 9 + 6 + 4),
            ("60 ; pusha\n61 ; popa\nf4 ; hlt", 11 + 9 + 4, 5 + 5 + 4),
            ("c8 08 00 00 ; enter\nc9 ; leave\nf4 ; hlt", 14 + 5 + 4, 11 + 3 + 4),
            ("c8 08 00 03 ; enter\nf4 ; hlt", 17 + 3 * 3 + 4, 15 + 2 * 3 + 4),
            // SETcc of a register: 4 if true, 3 if false; 1 on the Pentium.
            ("f9 ; stc\n0f 92 c0 ; setb\n0f 93 c0 ; setae\nf4 ; hlt", 2 + 4 + 3 + 4, 2 + 1 + 1 + 4),
            // An index register makes LEA of the 486 longer.
            ("8d 07 ; lea\n8d 01 ; lea\nf4 ; hlt", 1 + 2 + 4, 1 + 1 + 4),
        ],
    );
}

#[test]
fn prefixes_cost_a_clock_each() {
    check(
        real,
        &[
            ("66 01 d8 ; o32 add\nf4 ; hlt", 1 + 1 + 4, 1 + 1 + 4),
            ("26 8b 07 ; mov\nf0 01 07 ; lock add\nf4 ; hlt", 1 + 1 + 1 + 3 + 4, 1 + 1 + 1 + 3 + 4),
            ("26 66 67 8b 03 ; mov\nf4 ; hlt", 3 + 1 + 4, 3 + 1 + 4),
            ("26 ac ; lodsb\nf4 ; hlt", 1 + 5 + 4, 1 + 2 + 4),
            // REP belongs to its string instruction; other prefixes come once.
            ("b1 04 ; mov\n26 f3 ac ; rep lodsb\nf4 ; hlt", 1 + 1 + 7 + 4 * 4 + 4, 1 + 1 + 7 + 3 * 4 + 4),
        ],
    );
}

#[test]
fn string_instructions_and_their_repetition() {
    check(
        real,
        &[
            (
                "a4 ; movsb\nad ; lodsw\naa ; stosb\na6 ; cmpsb\nae ; scasb\nf4 ; hlt",
                7 + 5 + 5 + 8 + 6 + 4,
                4 + 2 + 3 + 5 + 4 + 4,
            ),
            ("b1 08 ; mov\nf3 a5 ; rep movsw\nf4 ; hlt", 1 + 12 + 3 * 8 + 4, 1 + 13 + 8 + 4),
            // One iteration of MOVS has its own row.
            ("b1 01 ; mov\nf3 a5 ; rep movsw\nf4 ; hlt", 1 + 13 + 4, 1 + 13 + 4),
            ("31 c9 ; xor\nf3 a5 ; rep movsw\nf4 ; hlt", 1 + 5 + 4, 1 + 6 + 4),
            ("b1 09 ; mov\nf3 aa ; rep stosb\nf4 ; hlt", 1 + 7 + 4 * 9 + 4, 1 + 9 + 9 + 4),
            ("b0 01 ; mov\nb1 06 ; mov\nf2 ae ; repne scasb\nf4 ; hlt", 1 + 1 + 7 + 5 * 6 + 4, 1 + 1 + 9 + 4 * 6 + 4),
            // Different at the first element: one iteration.
            ("b0 01 ; mov\nb1 06 ; mov\nf3 ae ; repe scasb\nf4 ; hlt", 1 + 1 + 7 + 5 + 4, 1 + 1 + 9 + 4 + 4),
            ("b1 03 ; mov\nf3 6c ; rep insb\nf4 ; hlt", 1 + 16 + 8 * 3 + 4, 1 + 11 + 3 * 3 + 4),
            ("b1 03 ; mov\nf3 6e ; rep outsb\nf4 ; hlt", 1 + 17 + 5 * 3 + 4, 1 + 13 + 4 * 3 + 4),
        ],
    );
}

#[test]
fn multiplication_division_shifts_and_scans() {
    check(
        real,
        &[
            // 486: 10 + max(log2 |m|, 3), or 5 steps at least for a negative m.
            ("bb 00 01 ; mov\nf7 e3 ; mul\nf4 ; hlt", 1 + (10 + 8) + 4, 1 + 11 + 4),
            ("bb ff ff ; mov\nf7 e3 ; mul\nf4 ; hlt", 1 + 26 + 4, 1 + 11 + 4),
            ("31 db ; xor\nf7 e3 ; mul\nf4 ; hlt", 1 + 13 + 4, 1 + 11 + 4),
            ("bb ff ff ; mov\nf7 eb ; imul\nf4 ; hlt", 1 + 15 + 4, 1 + 11 + 4),
            ("b3 80 ; mov\nf6 e3 ; mul\nf4 ; hlt", 1 + 17 + 4, 1 + 11 + 4),
            ("6b c3 40 ; imul\nf4 ; hlt", 10 + 6 + 4, 10 + 4),
            ("c7 06 00 20 00 04 ; mov\nf7 26 00 20 ; mul\nf4 ; hlt", 1 + (10 + 10) + 4, 1 + 11 + 4),
            ("66 f7 e3 ; mul\nf4 ; hlt", 1 + 13 + 4, 1 + 10 + 4),
            ("31 d2 ; xor\nb3 07 ; mov\nf6 f3 ; div\nf7 f3 ; div\nf4 ; hlt", 2 + 16 + 24 + 4, 2 + 17 + 25 + 4),
            ("31 d2 ; xor\nb3 07 ; mov\nf6 fb ; idiv\nf7 fb ; idiv\nf4 ; hlt", 2 + 19 + 27 + 4, 2 + 22 + 30 + 4),
            ("d1 e0 ; shl\nd3 e0 ; shl\nc1 e0 05 ; shl\nf4 ; hlt", 3 + 3 + 2 + 4, 1 + 4 + 1 + 4),
            // RCL 8 to 30; 7 to 24 on the Pentium.
            ("d1 d0 ; rcl\nb1 01 ; mov\nd3 d0 ; rcl\nf4 ; hlt", 3 + 1 + 8 + 4, 1 + 1 + 7 + 4),
            ("b1 1f ; mov\nd3 d0 ; rcl\nf4 ; hlt", 1 + 30 + 4, 1 + 24 + 4),
            // BSF 6 to 42 (34 for a word), BSR 6 to 103; 7 to 39 for a word on the Pentium.
            ("31 db ; xor\n0f bc c3 ; bsf\n0f bd c3 ; bsr\nf4 ; hlt", 1 + 6 + 6 + 4, 1 + 6 + 7 + 4),
            ("bb 00 80 ; mov\n0f bc c3 ; bsf\nf4 ; hlt", 1 + 34 + 4, 1 + 34 + 4),
            ("bb 01 00 ; mov\n0f bd c3 ; bsr\nf4 ; hlt", 1 + 103 + 4, 1 + 39 + 4),
            ("66 bb 00 00 00 80 ; mov\n66 0f bc c3 ; bsf\nf4 ; hlt", 2 + 1 + 42 + 4, 2 + 1 + 42 + 4),
            ("66 bb 01 00 00 00 ; mov\n66 0f bd c3 ; bsr\nf4 ; hlt", 2 + 1 + 103 + 4, 2 + 1 + 71 + 4),
            ("d4 0a ; aam\nd5 0a ; aad\n27 ; daa\n37 ; aaa\nf4 ; hlt", 15 + 14 + 2 + 3 + 4, 18 + 10 + 3 + 3 + 4),
        ],
    );
}

#[test]
fn transfers_interrupts_and_ports_in_real_mode() {
    check(
        real,
        &[
            ("e8 01 00 ; call\nf4 ; hlt\nc3 ; ret", 3 + 5 + 4, 1 + 2 + 4),
            ("9a 06 00 00 10 ; call\nf4 ; hlt\ncb ; retf", 18 + 13 + 4, 4 + 4 + 4),
            ("ea 05 00 00 10 ; jmp\nf4 ; hlt", 17 + 4, 3 + 4),
            ("cd 30 ; int", 30 + 4, 16 + 4),
            ("cc ; int3", 26 + 4, 13 + 4),
            ("ce ; into\nf4 ; hlt", 3 + 4, 4 + 4),
            // 7Fh + 1 overflows.
            ("b0 7f ; mov\nfe c0 ; inc\nce ; into", 1 + 1 + 28 + 4, 1 + 1 + 13 + 4),
            // A fault: the clocks of an interrupt.
            ("31 db ; xor\nf7 f3 ; div", 1 + 26 + 4, 1 + 11 + 4),
            // STI, MOV, OUT; then the external interrupt, 11 or 14 more than INT; NMI 3 or 6 more.
            ("fb ; sti\nb0 20 ; mov\ne6 f0 ; out", 5 + 1 + 16 + (26 + 11) + 4, 7 + 1 + 12 + (11 + 14) + 4),
            ("e6 f1 ; out", 16 + (26 + 3) + 4, 12 + (11 + 6) + 4),
            ("e4 60 ; in\nec ; in\nee ; out\n6c ; insb\nf4 ; hlt", 14 + 14 + 16 + 17 + 4, 7 + 7 + 12 + 9 + 4),
            ("8e c0 ; mov\n8c d8 ; mov\n06 ; push\n07 ; pop\nf4 ; hlt", 3 + 3 + 3 + 3 + 4, 2 + 1 + 1 + 3 + 4),
            ("c4 1e 00 20 ; les\nf4 ; hlt", 6 + 4, 4 + 4),
            // IRET to the HLT.
            ("9c ; pushf\n0e ; push\n6a 05 ; push\ncf ; iret\nf4 ; hlt", 4 + 3 + 1 + 15 + 4, 9 + 1 + 1 + 7 + 4),
        ],
    );
}

#[test]
fn transfers_interrupts_and_ports_in_protected_mode() {
    check(
        protected,
        &[
            ("8c d8 ; mov\n8e c0 ; mov\n8e d0 ; mov\nf4 ; hlt", 3 + 9 + 9 + 4, 1 + 11 + 17 + 4),
            ("9c ; pushf\n9d ; popf\nf4 ; hlt", 3 + 6 + 4, 3 + 4 + 4),
            ("e4 60 ; in\ne6 60 ; out\nee ; out\nf4 ; hlt", 8 + 11 + 10 + 4, 4 + 9 + 9 + 4),
            ("cd 30 ; int", 44 + 4, 31 + 4),
            ("cc ; int3", 44 + 4, 27 + 4),
            ("0f 0b ; ud2", 44 + 4, 25 + 4),
            ("9a 08 00 01 00 08 00 ; call\nf4 ; hlt\ncb ; retf", 20 + 18 + 4, 13 + 13 + 4),
            ("ea 07 00 01 00 08 00 ; jmp\nf4 ; hlt", 19 + 4, 3 + 4),
        ],
    );
    // From ring 3 to ring 0.
    check(user, &[("0f 0b ; ud2", 71 + 4, 42 + 4), ("cd 30 ; int", 71 + 4, 42 + 4)]);
}

#[test]
fn a_page_fault_costs_more() {
    check(
        |listing| {
            let mut program = Program::paged();
            program.write_dword(pte_of(DATA), 0);
            program.code(listing);
            program
        },
        &[("a1 00 00 02 00 ; mov", 44 + 24 + 4, 25 + 40 + 4)],
    );
}

#[test]
fn call_gates_by_level_and_parameters() {
    let through_gate = |from: fn() -> Program, parameters: u8| {
        move |listing: &str| {
            let mut program = from();
            program.set_descriptor(FREE, gate(CODE_OF[0], HANDLERS, 0xEC, parameters));
            program.code(listing);
            program
        }
    };
    let call = "9a 00 00 00 00 70 00 ; call";
    check(
        through_gate(Program::protected, 0),
        &[(call, 35 + 4, 22 + 4), ("ea 00 00 00 00 70 00 ; jmp", 32 + 4, 18 + 4)],
    );
    check(through_gate(Program::user, 0), &[(call, 69 + 4, 44 + 4)]);
    check(through_gate(Program::user, 3), &[(call, 77 + 4 * 3 + 4, 45 + 2 * 3 + 4)]);
    // The pointer in memory: the same but for the Pentium's few clocks.
    let in_memory = |listing: &str| {
        let mut program = through_gate(Program::user, 1)(listing);
        program.write_dword(DATA, 0xDEAD);
        program.write_word(DATA + 4, FREE);
        program
    };
    check(in_memory, &[("ff 1d 00 00 02 00 ; call", 77 + 4 + 4, 45 + 2 + 4)]);
}

#[test]
fn task_switches() {
    const NEW: u32 = DATA + 0x1000;
    let with_task = |listing: &str| {
        let mut program = Program::protected();
        program.set_descriptor(FREE, descriptor(NEW, 0x67, 0x89));
        program.set_descriptor(FREE + 8, gate(FREE, 0, 0xE5, 0));
        program.set_gate(0x30, gate(FREE, 0, 0xE5, 0));
        for (offset, value) in [(0x20, HANDLERS), (0x24, 2), (0x38, STACKS[1])] {
            program.write_dword(NEW + offset, value);
        }
        for (index, selector) in [DATA_OF[0], CODE_OF[0], DATA_OF[0], DATA_OF[0], 0, 0].into_iter().enumerate() {
            program.write_word(NEW + 0x48 + 4 * index as u32, selector);
        }
        program.code(listing);
        program
    };
    check(
        with_task,
        &[
            ("9a 00 00 00 00 70 00 ; call", 37 + 162 + 4, 21 + 85 + 4),
            ("9a 00 00 00 00 78 00 ; call", 38 + 162 + 4, 22 + 85 + 4),
            ("ea 00 00 00 00 70 00 ; jmp", 42 + 162 + 4, 19 + 85 + 4),
            ("ea 00 00 00 00 78 00 ; jmp", 43 + 162 + 4, 20 + 85 + 4),
            ("cd 30 ; int", 37 + 162 + 4, 23 + 85 + 4),
        ],
    );
}

/// A program of everything that pauses, branches and interrupts.
const MIXED: &str = "b9 28 00 ; mov
    f3 a5 ; rep movsw
    b9 07 00 ; mov
    26 f3 6c ; rep insb
    b9 30 00 ; mov
    f7 e1 ; mul
    e2 fc ; loop
    fb ; sti
    b0 20 ; mov
    e6 f0 ; out";

/// R1: where a run is stopped on its way changes nothing.
#[test]
fn stopping_on_the_way_costs_nothing() {
    for timing in [Timing::Flat, Timing::I486, Timing::Pentium] {
        let start = || {
            let mut program = real(MIXED);
            program.engine.set_timing(timing, &mut program.memory);
            program
        };
        let mut straight = start();
        straight.run();
        let mut random = Random(7);
        for longest in [1, 2, 3, 10, 50] {
            let mut slices = start();
            loop {
                let position = slices.cpu.position + 1 + random.below(longest);
                let limits = Limits { position, ..Limits::NONE };
                match slices.engine.run(&mut slices.cpu, &mut slices.memory, &mut slices.bus, limits) {
                    Exit::DeadHalt => break,
                    Exit::Position => assert!(slices.cpu.position >= position, "{timing:?}"),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(slices.cpu, straight.cpu, "{timing:?} in slices of at most {longest}");
            assert_eq!(slices.bus.log, straight.bus.log);
        }
    }
}

/// The run ends at the first boundary at or after a position, in the middle of a trace too.
#[test]
fn a_run_stops_at_the_first_boundary() {
    let mut program = real("90 ; nop\n0f af c3 ; imul\n90 ; nop\n90 ; nop\nf4 ; hlt");
    program.engine.set_timing(Timing::I486, &mut program.memory);
    // NOP 1, IMUL 13, NOP 1: boundaries at 1, 14, 15, 16.
    for (limit, position, eip) in [(1, 1, 1), (2, 14, 4), (14, 14, 4), (15, 15, 5)] {
        let limits = Limits { position: limit, ..Limits::NONE };
        let exit = program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits);
        assert_eq!((exit, program.cpu.position, program.eip()), (Exit::Position, position, eip));
    }
}
