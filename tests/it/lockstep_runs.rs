//! Several PUSH or POP in a row, which the fast tier does at once, in lockstep with the canonical tier: at every place in a
//! page, over its end, and up to a page that is not there. SDM Vol.2B "PUSH", "POP": each is an instruction of its own, and
//! one that faults leaves those before it done.

use crate::lockstep_cases::followed;
use crate::program::{CODE, End, Program, pte_of};

/// Registers in the order in which they are pushed: EAX, EDX, EBX, EBP, ESI, EDI.
const PUSHED: [u8; 6] = [0, 2, 3, 5, 6, 7];
const ESP: usize = 4;
/// A page's begin in the middle of memory for stacks.
const BORDER: u32 = 0x40_0000;
/// Odd, so that the last round leaves the registers turned about.
const ROUNDS: u32 = 5;

fn line(first: u8, count: usize) -> String {
    PUSHED[..count].iter().map(|register| format!("{:02x} ;\n", first + register)).collect()
}

/// ROUNDS times: pushes so many registers, and pops them in the same order, which turns them about.
fn turned(mut program: Program, count: usize, top: u32) -> Program {
    let back = 0u8.wrapping_sub(2 * count as u8 + 4);
    let (pushes, pops) = (line(0x50, count), line(0x58, count));
    program.code(&format!(
        "b9 {ROUNDS:02x} 00 00 00 ; mov ecx, rounds\n{pushes}{pops}ff c9 ; dec ecx\n75 {back:02x} ; jne\nf4 ; hlt"
    ));
    for register in PUSHED {
        program.cpu.gpr[usize::from(register)] = 0x1111_1111 * (u64::from(register) + 1);
    }
    program.cpu.gpr[ESP] = u64::from(top);
    assert_eq!(program.run(), End::Halted, "{count} at {top:x}");
    program
}

fn check_turned(program: &Program, count: usize, top: u32, width: u32) {
    let values = PUSHED.map(|register| 0x1111_1111 * (u32::from(register) + 1));
    for (number, register) in PUSHED.into_iter().enumerate() {
        let wanted = if number < count { values[count - 1 - number] } else { values[number] };
        assert_eq!(
            program.cpu.gpr[usize::from(register)],
            u64::from(wanted),
            "{count} at {top:x}, register {register}"
        );
    }
    assert_eq!(program.cpu.gpr[ESP], u64::from(top));
    // The last round pushed what the one before had left: the values as they were at first.
    for (number, value) in values[..count].iter().enumerate() {
        assert_eq!(program.read_dword(top - width * (number as u32 + 1)), *value, "{count} at {top:x}, push {number}");
    }
}

#[test]
fn registers_are_turned_about_on_a_stack_anywhere() {
    for count in 2..=PUSHED.len() {
        for at in [0, 1, 2, 4, 7, 8, 12, 16, 20, 24, 28, 32, 40, 48, 0x800] {
            let top = BORDER + at;
            check_turned(&turned(followed(Program::paged()), count, top), count, top, 4);
            check_turned(&turned(followed(Program::long()), count, top), count, top, 8);
        }
    }
}

/// The page below the border is not there: of six pushes as many are done as fit.
#[test]
fn a_push_into_a_page_that_is_not_there_leaves_those_before_it_done() {
    for fit in 0..PUSHED.len() as u32 {
        let mut program = followed(Program::paged_user());
        program.write_dword(pte_of(BORDER - 1), 0);
        program.code(&format!("89 c8 ; mov eax, ecx\n{}f4 ; hlt", line(0x50, PUSHED.len())));
        program.cpu.gpr[1] = 0x7777;
        program.set_esp(BORDER + 4 * fit);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (14, 6), "a write by the user to a page that is not present");
        assert_eq!((fault.esp, fault.eip), (BORDER, CODE + 2 + fit));
        assert_eq!(program.cpu.cr2, u64::from(BORDER - 4));
        if fit > 0 {
            assert_eq!(program.read_dword(BORDER + 4 * fit - 4), 0x7777);
        }
    }
}

/// The page that the first push goes to is not there, the one that the last would go to is, and is known.
#[test]
fn the_first_push_into_a_page_that_is_not_there_leaves_nothing_done() {
    for above in 1..PUSHED.len() as u32 {
        let mut program = followed(Program::paged_user());
        program.write_dword(pte_of(BORDER), 0);
        program.write_dword(BORDER - 4, 0x1234);
        program.code(&format!("89 4f fc ; mov [edi-4], ecx\n{}f4 ; hlt", line(0x50, PUSHED.len())));
        (program.cpu.gpr[1], program.cpu.gpr[7]) = (0x1234, u64::from(BORDER));
        program.set_esp(BORDER + 4 * above);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (14, 6), "a write by the user to a page that is not present");
        assert_eq!((fault.esp, fault.eip), (BORDER + 4 * above, CODE + 3));
        assert_eq!(program.cpu.cr2, u64::from(BORDER + 4 * above - 4));
        assert_eq!(program.read_dword(BORDER - 4), 0x1234, "nothing went below");
    }
}

/// The page behind the border is not there.
#[test]
fn a_pop_from_a_page_that_is_not_there_leaves_those_before_it_done() {
    for fit in 0..PUSHED.len() as u32 {
        let mut program = followed(Program::paged_user());
        program.write_dword(pte_of(BORDER), 0);
        program.code(&format!("89 c8 ; mov eax, ecx\n{}f4 ; hlt", line(0x58, PUSHED.len())));
        for number in 0..fit {
            program.write_dword(BORDER - 4 * (fit - number), number + 1);
        }
        for register in PUSHED {
            program.cpu.gpr[usize::from(register)] = 0x55;
        }
        program.cpu.gpr[1] = 0x55;
        program.set_esp(BORDER - 4 * fit);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (14, 4), "a read by the user of a page that is not present");
        assert_eq!((fault.esp, fault.eip), (BORDER, CODE + 2 + fit));
        assert_eq!(program.cpu.cr2, u64::from(BORDER));
        for (number, register) in PUSHED.into_iter().enumerate() {
            let wanted = if (number as u32) < fit { number as u64 + 1 } else { 0x55 };
            assert_eq!(program.cpu.gpr[usize::from(register)], wanted, "{fit} fit, register {register}");
        }
    }
}

/// The stack pointer in a row of others: PUSH stores what it was before, POP has the last word.
#[test]
fn the_stack_pointer_itself_among_others() {
    for mut program in [followed(Program::paged()), followed(Program::long())] {
        let width = if program.cpu.code_is_64() { 8 } else { 4 };
        program.code(
            "50 ; push
             54 ; push
             52 ; push
             5a ; pop
             58 ; pop
             5b ; pop
             57 ; push
             5c ; pop
             58 ; pop
             f4 ; hlt",
        );
        program.cpu.gpr[7] = u64::from(BORDER) + 0x100;
        program.write_dword(BORDER + 0x100, 0x1234);
        program.cpu.gpr[0] = 0x99;
        program.cpu.gpr[ESP] = u64::from(BORDER) + 0x80;
        assert_eq!(program.run(), End::Halted);
        assert_eq!(program.cpu.gpr[3], 0x99);
        assert_eq!(program.reg(0), 0x1234, "from where EDI pointed");
        assert_eq!(program.cpu.gpr[ESP], u64::from(BORDER) + 0x100 + width);
        assert_eq!(
            program.read_dword(BORDER + 0x80 - 2 * width as u32),
            BORDER + 0x80 - width as u32,
            "as it was before"
        );
    }
}
