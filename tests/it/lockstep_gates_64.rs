//! As [`crate::lockstep_gates`], from 64-bit code to 64-bit code. SDM Vol.3A 6.14 "Exception and Interrupt Handling in
//! 64-bit Mode", 5.8.8 "Fast System Calls in 64-Bit Mode".

use crate::program::{
    CODE, CODE_OF, DATA_OF, DIRECTORY, End, HANDLERS, LONG_CODE, LONG_TSS, Program, RAISE_INTR, STACKS, bytes_of,
};

const SYSTEM: u32 = 0x1_2000;
const EAX: usize = 0;
const CALLS: u32 = 50;
const BEHIND: u32 = CODE + 7;
const LAST: u32 = CODE + 0x14;

/// The frame of a handler: RIP, CS, RFLAGS, RSP, SS.
fn frame(program: &Program, above: u32) -> [u64; 5] {
    [0, 8, 16, 24, 32].map(|offset| program.read_qword(program.esp() + above + offset))
}

/// Counts in EAX, changes something in the 25th call, and goes back. Answers where it goes back.
fn system(program: &mut Program, change: &str, back: &str) -> u32 {
    let change = bytes_of(64, change);
    let mut bytes = bytes_of(64, "ff c0 ; inc eax\n 83 f8 19 ; cmp eax, 25");
    bytes.extend([0x75, change.len() as u8]);
    bytes.extend(&change);
    let end = SYSTEM + bytes.len() as u32;
    bytes.extend(bytes_of(64, back));
    program.write(SYSTEM, &bytes);
    end
}

/// Fifty calls from ring 3, each with an unaligned load behind it, then INT 81h.
fn user(call: &str) -> Program {
    let mut program = Program::long();
    program.engine.verify_fast();
    program.enter_long(3);
    program.set_long_gate(0x80, SYSTEM.into(), 0xEE, 0);
    program.set_long_gate(0x81, u64::from(HANDLERS) + 0x81, 0xEE, 0);
    program.write_qword(LONG_TSS + 0x24, 0x7000);
    program.cpu.gpr[EAX] = 0;
    program.set_flags(0x202);
    program.code(&format!(
        "bb 32 00 00 00        ; mov ebx, 50
         {call}
         8b 14 25 01 00 02 00  ; mov edx, [0x20001]
         ff cb                 ; dec ebx
         75 f3                 ; jne
         cd 81                 ; int 0x81"
    ));
    program
}

fn calling(change: &str) -> (Program, u32) {
    let mut program = user("cd 80 ; int 0x80");
    let back = system(&mut program, change, "48 cf ; iretq");
    (program, back)
}

fn goes_on(change: &str) -> Program {
    let (mut program, _) = calling(change);
    assert_eq!(program.run(), End::Vector(0x81), "{change}");
    assert_eq!(program.reg(EAX), CALLS, "{change}");
    program
}

/// Runs to a fault with this error code, which is raised at this place, or where the system goes back.
fn faults(change: &str, vector: u8, code: Option<u64>, at: Option<u32>) {
    let (mut program, back) = calling(change);
    assert_eq!(program.run(), End::Vector(vector), "{change}");
    let above = if let Some(code) = code {
        assert_eq!(program.read_qword(program.esp()), code, "{change}");
        8
    } else {
        0
    };
    assert_eq!(frame(&program, above)[0], u64::from(at.unwrap_or(back)), "{change}");
    assert_eq!(program.reg(EAX), 25, "{change}");
}

#[test]
fn calls_and_returns() {
    let program = goes_on("90 ; nop");
    let [rip, cs, flags, rsp, ss] = frame(&program, 0);
    assert_eq!((rip, cs, ss), (LAST.into(), LONG_CODE[3].into(), DATA_OF[3].into()));
    assert_eq!((rsp, program.esp()), (STACKS[3].into(), STACKS[0] - 40));
    // IF of the caller, and what DEC left: ZF and PF.
    assert_eq!(flags, 0x246);
}

#[test]
fn the_gate_is_closed() {
    faults("c6 04 25 05 28 00 00 8e ; mov byte [0x2805], 0x8e", 13, Some(0x402), Some(BEHIND - 2));
}

#[test]
fn the_gate_gets_a_stack_of_its_own() {
    let program = goes_on("c6 04 25 04 28 00 00 01 ; mov byte [0x2804], 1");
    assert_eq!(program.read_qword(0x7000 - 40), u64::from(BEHIND));
}

#[test]
fn a_return_to_a_place_that_is_not_canonical() {
    faults("c6 44 24 07 80 ; mov byte [rsp+7], 0x80", 13, Some(0), None);
}

#[test]
fn a_return_without_a_stack_segment() {
    faults("c7 44 24 20 00 00 00 00 ; mov dword [rsp+0x20], 0", 13, Some(0), None);
}

#[test]
fn a_return_sets_the_trap_flag() {
    faults("81 4c 24 10 00 01 00 00 ; or dword [rsp+0x10], 0x100", 1, None, Some(BEHIND + 7));
}

#[test]
fn a_return_switches_alignment_checks_on() {
    let change = "0f 20 c2 ; mov rdx, cr0
        81 ca 00 00 04 00 ; or edx, 0x40000
        0f 22 c2 ; mov cr0, rdx
        81 4c 24 10 00 00 04 00 ; or dword [rsp+0x10], 0x40000";
    faults(change, 17, Some(0), Some(BEHIND));
}

#[test]
fn a_return_lets_an_interrupt_through() {
    assert_eq!(RAISE_INTR, 0xF0);
    faults("50 ; push rax\n b0 40 ; mov al, 0x40\n e6 f0 ; out 0xf0, al\n 58 ; pop rax", 0x40, None, Some(BEHIND));
}

/// The code means the same in 32 bits; the calls come from there from now on.
#[test]
fn a_return_to_32_bit_code() {
    let program = goes_on("c7 44 24 08 3b 00 00 00 ; mov dword [rsp+8], 0x3b");
    assert_eq!(frame(&program, 0)[1], u64::from(CODE_OF[3]));
}

/// The calls come from ring 0 from now on, on the stack of ring 3.
#[test]
fn a_return_to_the_same_level() {
    let change =
        "c7 44 24 08 d0 00 00 00 ; mov dword [rsp+8], 0xd0\n c7 44 24 20 10 00 00 00 ; mov dword [rsp+0x20], 0x10";
    let program = goes_on(change);
    let [_, cs, _, rsp, ss] = frame(&program, 0);
    assert_eq!((cs, rsp, ss), (LONG_CODE[0].into(), STACKS[3].into(), 0x10));
    assert_eq!(program.esp(), STACKS[3] - 40);
}

fn calling_fast(change: &str) -> (Program, u32) {
    let mut program = user("0f 05 ; syscall");
    program.cpu.msrs.star = 0x18 << 48 | 8 << 32;
    program.cpu.msrs.lstar = SYSTEM.into();
    program.cpu.msrs.fmask = 0x200;
    let back = system(&mut program, change, "48 0f 07");
    (program, back)
}

#[test]
fn fast_calls_and_returns() {
    let (mut program, _) = calling_fast("90 ; nop");
    assert_eq!(program.run(), End::Vector(0x81));
    assert_eq!(program.reg(EAX), CALLS);
    let [rip, cs, flags, rsp, ss] = frame(&program, 0);
    // 18h + 16 and 18h + 8, with RPL 3; R11 kept IF.
    assert_eq!((rip, cs, rsp, ss, flags), (LAST.into(), 0x2B, STACKS[3].into(), 0x23, 0x246));
}

#[test]
fn fast_returns_are_switched_off() {
    let change = "b9 80 00 00 c0 ; mov ecx, 0xc0000080\n 0f 32 ; rdmsr\n 24 fe ; and al, 0xfe\n 0f 30 ; wrmsr";
    let (mut program, back) = calling_fast(change);
    assert_eq!(program.run(), End::Vector(6));
    assert_eq!(frame(&program, 0)[..2], [u64::from(back), 8]);
}

#[test]
fn a_fast_return_switches_alignment_checks_on() {
    let change = "0f 20 c2 ; mov rdx, cr0
        81 ca 00 00 04 00 ; or edx, 0x40000
        0f 22 c2 ; mov cr0, rdx
        49 81 cb 00 00 04 00 ; or r11, 0x40000";
    let (mut program, _) = calling_fast(change);
    assert_eq!(program.run(), End::Vector(17));
    assert_eq!((frame(&program, 8)[0], program.reg(EAX)), (BEHIND.into(), 25));
}

/// The system takes a page away in each call, and gives it back when it is missed.
#[test]
fn a_page_that_is_missed() {
    const PAGE: u32 = 0x80_0000;
    const FAULT: u32 = SYSTEM + 0x100;
    let mut program = Program::long();
    program.engine.verify_fast();
    program.enter_long(3);
    program.set_long_gate(0x80, SYSTEM.into(), 0xEE, 0);
    program.set_long_gate(0x81, u64::from(HANDLERS) + 0x81, 0xEE, 0);
    program.set_long_gate(14, FAULT.into(), 0x8E, 0);
    program.write_dword(PAGE, 3);
    program.cpu.gpr[EAX] = 0;
    // Pages of 2 MiB.
    assert_eq!(DIRECTORY + 0x2000 + 8 * (PAGE >> 21), 0x10_2020);
    program.code(
        "bb 32 00 00 00        ; mov ebx, 50
         cd 80                 ; int 0x80
         03 04 25 00 00 80 00  ; add eax, [0x800000]
         ff cb                 ; dec ebx
         75 f3                 ; jne
         cd 81                 ; int 0x81",
    );
    program.code_at(
        SYSTEM,
        64,
        "80 24 25 20 20 10 00 fe  ; and byte [0x102020], 0xfe
         0f 01 3c 25 00 00 80 00  ; invlpg [0x800000]
         48 cf                    ; iretq",
    );
    program.code_at(
        FAULT,
        64,
        "80 0c 25 20 20 10 00 01  ; or byte [0x102020], 1
         48 83 c4 08              ; add rsp, 8
         48 cf                    ; iretq",
    );
    assert_eq!(program.run(), End::Vector(0x81));
    assert_eq!((program.reg(EAX), program.cpu.cr2), (3 * CALLS, PAGE.into()));
    assert_eq!(frame(&program, 0)[2] & 0x1_0000, 0, "RF lasted for one instruction");
}
