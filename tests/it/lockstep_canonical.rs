//! Branches of 64-bit code at the end of what is canonical, in lockstep with the canonical tier. SDM Vol.1 3.3.7.1
//! "Canonical Addressing", Vol.2A "Jcc", "JMP": #GP(0) of the branch itself if the target is not canonical.

use ringwalk_cpu::run::{Exit, Limits};

use crate::lockstep_cases::followed;
use crate::program::{DIRECTORY, End, HANDLERS, Program};

const ECX: usize = 1;
const EDX: usize = 2;
const EBX: usize = 3;

/// The last canonical page below the gap is this page of memory, which is also mapped at its own address.
const PAGE: u32 = 0x1F_F000;
const LAST_PAGE: u64 = 0x7FFF_FFFF_F000;
const START: u32 = 0xF00;
/// Where the branches lead from their own address, and from that of the last page.
const TARGET: u32 = PAGE + 0x1010;
const BEYOND: u64 = 0x8000_0000_0010;

/// ECX turns of a loop, then the branch, which is taken; the target goes to RDX.
fn near_the_end(branch: &str) -> Program {
    let mut program = followed(Program::long());
    program.write_qword(DIRECTORY + 8 * 255, u64::from(DIRECTORY) + 0x1007);
    program.write_qword(DIRECTORY + 0x1000 + 8 * 511, u64::from(DIRECTORY) + 0x2007);
    program.write_qword(DIRECTORY + 0x2000 + 8 * 511, 0x87);
    let code = format!(
        "83 c1 00 ; add ecx, 0
         ff c9    ; dec ecx
         7f f9    ; jg -7
         {branch}
         f4       ; hlt"
    );
    program.code_at(PAGE + START, 64, &code);
    program.code_at(TARGET, 64, "bb 01 00 00 00 ; mov ebx, 1\n ff e2 ; jmp rdx");
    program.cpu.gpr[EBX] = 1;
    program.cpu.gpr[EDX] = LAST_PAGE + u64::from(START);
    program
}

/// Forms of branches with the number of bytes in front of the last instruction; all lead 110h bytes behind the page's
/// last 100h.
const BRANCHES: [(&str, u64); 4] = [
    ("e9 04 01 00 00 ; jmp", 0),
    ("85 db ; test ebx, ebx\n 0f 85 01 01 00 00 ; jne", 2),
    ("31 c0 ; xor eax, eax\n 0f 84 01 01 00 00 ; je", 2),
    ("ff cb ; dec ebx\n 0f 84 01 01 00 00 ; je", 2),
];

/// Runs in slices to the handler of #GP(0), whose frame says where it was raised.
fn refused(mut program: Program, slice: u64) -> u64 {
    loop {
        let limits = Limits { position: program.cpu.position + slice, ..Limits::NONE };
        match program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits) {
            Exit::Position => continue,
            Exit::DeadHalt => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(program.cpu.rip, u64::from(HANDLERS) + 13 + 1, "the handler of #GP has halted");
    assert_eq!(program.read_qword(program.esp()), 0, "the error code");
    program.read_qword(program.esp() + 8)
}

const TO_BRANCH: u64 = START as u64 + 7;

#[test]
fn a_branch_beyond_the_last_page_is_refused() {
    for (branch, before) in BRANCHES {
        let mut program = near_the_end(branch);
        program.cpu.rip = LAST_PAGE + u64::from(START);
        assert_eq!(refused(program, 100_000), LAST_PAGE + TO_BRANCH + before, "{branch}");
    }
}

/// The branch was followed from another address of its page, where it leads to code.
#[test]
fn a_branch_that_has_led_somewhere_is_refused_elsewhere() {
    for (branch, before) in BRANCHES {
        let mut program = near_the_end(branch);
        program.cpu.gpr[EBX] = if branch.contains("dec") { 1 } else { 5 };
        // Twice at its own address, so that its way is known.
        program.code_at(
            TARGET,
            64,
            "bb 01 00 00 00 ; mov ebx, 1
             ff c5          ; inc ebp
             83 fd 03       ; cmp ebp, 3
             0f 8c e0 fe ff ff ; jl -288
             ff e2          ; jmp rdx",
        );
        program.cpu.gpr[5] = 0;
        program.cpu.rip = (PAGE + START).into();
        assert_eq!(refused(program, 100_000), LAST_PAGE + TO_BRANCH + before, "{branch}");
    }
}

/// The run ends at any place around the branch.
#[test]
fn a_branch_at_the_end_of_a_run_is_refused() {
    for turns in 0..100 {
        for (branch, before) in BRANCHES {
            let mut program = near_the_end(branch);
            program.cpu.gpr[ECX] = turns;
            program.cpu.rip = (PAGE + START).into();
            assert_eq!(refused(program, 150), LAST_PAGE + TO_BRANCH + before, "{branch} after {turns}");
        }
    }
}

/// What runs over the end is refused where it would be fetched.
#[test]
fn the_last_instruction_falls_into_the_gap() {
    let mut program = near_the_end("90 ; nop");
    program.code_at(PAGE + 0xFFD, 64, "ff c0 ; inc eax\n 90 ; nop");
    program.cpu.rip = LAST_PAGE + 0xFFD;
    assert_eq!(refused(program, 100_000), BEYOND - 0x10);
    let mut program = near_the_end("90 ; nop");
    program.code_at(PAGE + 0xFFC, 64, "85 c0 ; test eax, eax\n 75 f0 ; jne -16");
    program.cpu.gpr[0] = 0;
    program.cpu.rip = LAST_PAGE + 0xFFC;
    assert_eq!(refused(program, 100_000), BEYOND - 0x10);
}

#[test]
fn the_way_back_is_open() {
    let mut program = near_the_end("90 ; nop");
    program.cpu.gpr[ECX] = 3;
    program.cpu.rip = LAST_PAGE + u64::from(START);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.cpu.rip, LAST_PAGE + TO_BRANCH + 2);
}
