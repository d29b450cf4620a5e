//! What the host's silicon did otherwise than this processor, each with a test of its own: expected values are the manual's
//! where it says something, and silicon's where it does not.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::state::CR0_AM;

use crate::program::*;

/// The lowest address that is not canonical.
const BAD: u64 = 0x0000_8000_0000_0000;

/// SDM Vol.1 3.7.4 "Specifying a Segment Selector": SS goes with RSP and RBP alone; REX.B makes other registers of them.
#[test]
fn r12_and_r13_are_no_stack_registers() {
    let rows: [(&[u8], usize, u8); 7] = [
        (&[0x41, 0x8B, 0x04, 0x24], 12, 13),       // mov eax, [r12]
        (&[0x41, 0x8B, 0x44, 0x24, 0x08], 12, 13), // mov eax, [r12+8]
        (&[0x41, 0x8B, 0x45, 0x00], 13, 13),       // mov eax, [r13]
        (&[0x43, 0x8B, 0x44, 0x25, 0x00], 13, 13), // mov eax, [r13+r12]
        (&[0x8B, 0x04, 0x24], 4, 12),              // mov eax, [rsp]
        (&[0x8B, 0x45, 0x00], 5, 12),              // mov eax, [rbp]
        (&[0x8B, 0x44, 0x25, 0x00], 5, 12),        // mov eax, [rbp]
    ];
    for (code, base, vector) in rows {
        let mut program = Program::long();
        program.cpu.gpr[12] = 0;
        program.cpu.gpr[base] = BAD;
        // A fault with RSP spoiled needs a stack of its own for the handler.
        program.set_long_gate(vector, u64::from(HANDLERS) + u64::from(vector), 0x8E, 1);
        program.write_qword(LONG_TSS + 36, u64::from(STACKS[1]));
        assert_eq!(program.attempt(code), Err((vector, 0)), "{code:x?}");
    }
}

/// SDM Vol.2D "XADD": the sum goes to the first operand, whose address the exchange does not change.
#[test]
fn xadd_makes_its_address_once() {
    let mut program = Program::long();
    let at = DATA + 0x10;
    program.cpu.gpr[3] = at.into();
    program.write_word(at, 0x1234);
    assert_eq!(program.attempt(&[0x66, 0x0F, 0xC1, 0x1B]), Ok(())); // xadd [rbx], bx
    assert_eq!(program.read_word(at), 0x1244);
    assert_eq!(program.cpu.gpr[3], u64::from(DATA) + 0x1234);
    // Both operands the same register: the sum. SDM: SRC is written first.
    program.cpu.gpr[3] = 5;
    assert_eq!(program.attempt(&[0x48, 0x0F, 0xC1, 0xDB]), Ok(())); // xadd rbx, rbx
    assert_eq!(program.cpu.gpr[3], 10);
}

/// Measured: CMPXCHG of 32 bits that finds another value leaves its register whole, and clears RAX's upper half; one that
/// finds the same clears the upper half of its register alone.
#[test]
fn a_failed_cmpxchg_keeps_its_register() {
    const FOUND: u64 = 0x1111_2222_3333_4444;
    let rows =
        [(0xAAAA_0000_0000_0007, [0x3333_4444, FOUND]), (0xAAAA_0000_3333_4444, [0xAAAA_0000_3333_4444, 0x5555_6666])];
    for (rax, expected) in rows {
        let mut program = Program::long();
        program.cpu.gpr[0] = rax;
        program.cpu.gpr[3] = FOUND;
        program.cpu.gpr[1] = 0x9999_9999_5555_6666;
        assert_eq!(program.attempt(&[0x0F, 0xB1, 0xCB]), Ok(())); // cmpxchg ebx, ecx
        assert_eq!([program.cpu.gpr[0], program.cpu.gpr[3]], expected, "{rax:x}");
    }
}

/// SDM Vol.3A Table 6-2 "Priority Among Concurrent Events": an x87 store that cannot reach its memory faults there, whatever
/// unmasked exception its value would raise.
#[test]
fn faults_of_x87_stores_go_before_unmasked_exceptions() {
    let rows: [&[u8]; 11] = [
        &[0xD9, 0x13], // fst dword [rbx]
        &[0xD9, 0x1B], // fstp dword [rbx]
        &[0xDD, 0x13], // fst qword [rbx]
        &[0xDD, 0x1B], // fstp qword [rbx]
        &[0xDF, 0x13], // fist word [rbx]
        &[0xDB, 0x1B], // fistp dword [rbx]
        &[0xDF, 0x3B], // fistp qword [rbx]
        &[0xDF, 0x0B], // fisttp word [rbx]
        &[0xDB, 0x0B], // fisttp dword [rbx]
        &[0xDD, 0x0B], // fisttp qword [rbx]
        &[0xDF, 0x33], // fbstp [rbx]
    ];
    for code in rows {
        for loads in [false, true] {
            let mut program = Program::long();
            program.cpu.gpr[3] = BAD;
            program.cpu.gpr[2] = DATA.into();
            program.write_word(DATA, 0x0340); // everything unmasked
            // 1.0 times 2^4095: too much for all of them.
            program.write_qword(DATA + 8, 1 << 63);
            program.write_word(DATA + 16, 0x4FFE);
            assert_eq!(program.attempt(&[0xDB, 0xE3]), Ok(())); // fninit
            assert_eq!(program.attempt(&[0xD9, 0x2A]), Ok(())); // fldcw [rdx]
            if loads {
                assert_eq!(program.attempt(&[0xDB, 0x6A, 0x08]), Ok(())); // fld tword [rdx+8]
            }
            assert_eq!(program.attempt(code), Err((13, 0)), "{code:x?}, loaded: {loads}");
            // fnstsw ax: nothing was raised.
            program.enter_long(0);
            assert_eq!(program.attempt(&[0xDF, 0xE0]), Ok(()));
            assert_eq!(program.reg(0) & 0xFF, 0, "{code:x?}, loaded: {loads}");
        }
    }
}

/// SDM Vol.2A "LEAVE": with an operand of 16 bits BP is popped, and RSP is RBP as a whole.
#[test]
fn leave_of_16_bits_keeps_the_upper_bits_of_rbp() {
    const UPPER: u64 = 1 << 39;
    const FRAME: u64 = UPPER + 0xB0_0100;
    let mut program = Program::long();
    // The second PML4 entry leads to the same memory.
    let first = program.read_qword(DIRECTORY);
    program.write_qword(DIRECTORY + 8, first);
    program.write_word(0xB0_0100, 0xBEEF);
    program.cpu.gpr[2] = FRAME;
    // mov ecx, 100; l: mov rbp, rdx; leave (16 bits); dec ecx; jnz l; hlt
    program.write(CODE, &[0xB9, 100, 0, 0, 0, 0x48, 0x89, 0xD5, 0x66, 0xC9, 0xFF, 0xC9, 0x75, 0xF7, 0xF4]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.cpu.gpr[5], UPPER + 0xB0_BEEF);
    assert_eq!(program.cpu.gpr[4], FRAME + 2);
}

/// SDM Vol.3A 6.15 "Interrupt 17-Alignment Check Exception (#AC)": the stack is memory as any other. The page is known from
/// pushes before checks are on.
#[test]
fn accesses_of_the_stack_are_checked_for_alignment() {
    let rows: [&[u8]; 15] = [
        &[0x50],             // push rax
        &[0x66, 0x50],       // push ax
        &[0x6A, 0x01],       // push 1
        &[0x68, 1, 0, 0, 0], // push 1
        &[0xFF, 0x33],       // push qword [rbx]
        &[0x9C],             // pushfq
        &[0x58],             // pop rax
        &[0x66, 0x58],       // pop ax
        &[0x59, 0x5A],       // pop rcx; pop rdx
        &[0x8F, 0x03],       // pop qword [rbx]
        &[0xE8, 0, 0, 0, 0], // call
        &[0xFF, 0xD2],       // call rdx
        &[0xFF, 0x13],       // call [rbx]
        &[0xC3],             // ret
        &[0xC9],             // leave
    ];
    for code in rows {
        for am in [0, CR0_AM] {
            let mut program = Program::long();
            program.cpu.cr0 |= am;
            program.enter_long(3);
            program.cpu.gpr[3] = DATA.into();
            program.cpu.gpr[2] = (CODE + 0x100).into();
            program.write_qword(DATA, u64::from(CODE) + 0x100);
            // Where pops and returns find what they read, one byte off.
            let top = STACKS[3] - 0x100;
            program.cpu.gpr[4] = top.into();
            program.cpu.gpr[5] = (top + 9).into();
            program.write_qword(top + 9, u64::from(CODE) + 0x100);
            program.write_qword(top, u64::from(AC | 2));
            // push rax; pop rax; popfq; inc rsp; the instruction; jmp to the end of code
            let begin = [0x50, 0x58, 0x9D, 0x48, 0xFF, 0xC4];
            // What ends the program is refused at ring 3: #GP.
            program.write(CODE, &[&begin, code, &[0xF4]].concat());
            program.write(CODE + 0x100, &[0xF4]);
            let vector = if am == 0 { 13 } else { 17 };
            assert_eq!(program.run(), End::Vector(vector), "{code:x?}");
            if am != 0 {
                assert_eq!(program.read_qword(program.esp() + 8), u64::from(CODE) + 6, "{code:x?}");
            }
        }
    }
}

/// SDM Vol.2B "MOV-Move to/from Debug Registers": REX.R is #UD; measured: at any level, before privilege is asked.
#[test]
fn debug_registers_above_7_are_undefined_at_any_level() {
    /// Vector and error code.
    type Fault = (u8, u16);
    let rows: [(&[u8], Result<(), Fault>, Fault); 4] = [
        (&[0x44, 0x0F, 0x21, 0xC0], Err((6, 0)), (6, 0)), // mov rax, dr8
        (&[0x44, 0x0F, 0x23, 0xC0], Err((6, 0)), (6, 0)), // mov dr8, rax
        (&[0x0F, 0x21, 0xC0], Ok(()), (13, 0)),           // mov rax, dr0
        (&[0x0F, 0x23, 0xC0], Ok(()), (13, 0)),           // mov dr0, rax
    ];
    for (code, ring_0, ring_3) in rows {
        let mut program = Program::long();
        assert_eq!(program.attempt(code), ring_0, "{code:x?}");
        program.enter_long(3);
        assert_eq!(program.attempt(code), Err(ring_3), "{code:x?}");
    }
}
