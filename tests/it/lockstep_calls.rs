//! Calls and returns between pages, in lockstep with the canonical tier and with the outcome that the program's own text
//! gives: where the page is another by now, and where a return goes elsewhere than its call says.

use ringwalk_cpu::segment::SegReg;

use crate::lockstep_cases::followed;
use crate::program::{CODE, CODE_32, CODE_OF, DATA, DATA_OF, End, FREE, Program, bytes_of, descriptor, pte_of};

/// A page of code that is one frame or another.
const CHANGING: u32 = 0x1_2000;
const FRAMES: [u32; 2] = [0x4_0000, 0x5_0000];

/// Segments without base and limit: only such code remembers its calls.
fn flat() -> Program {
    let mut program = Program::paged();
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss] {
        program.load(reg, DATA_OF[0]);
    }
    program
}

fn hex(value: u32) -> String {
    value.to_le_bytes().map(|byte| format!("{byte:02x}")).join(" ")
}

/// Where a near call from one place to another goes.
fn call(from: u32, to: u32) -> String {
    format!("e8 {}", hex(to.wrapping_sub(from + 5)))
}

/// Makes the page the other frame if ECX is even: the second time that it is gone to the HostTlb knows it.
fn change_page() -> String {
    format!(
        "f6 c1 01             ; test cl, 1
         75 11                ; jne +17
         81 35 {} 00 00 01 00 ; xor dword [pte], 0x10000
         0f 01 3d {}          ; invlpg [page]",
        hex(pte_of(CHANGING)),
        hex(CHANGING)
    )
}

/// Functions in two pages and what they add to EAX.
const FUNCTIONS: [(u32, u32); 2] = [(0x1_2000, 1), (0x1_3000, 0x1_0000)];

fn write_functions(program: &mut Program, bits: u32) {
    for (at, added) in FUNCTIONS {
        program.write(at, &bytes_of(bits, &format!("05 {} ; add eax, imm\n c3", hex(added))));
    }
}

fn run(mut program: Program) -> u32 {
    program.cpu.gpr[0] = 0;
    program.cpu.rip = CODE.into();
    assert_eq!(program.run(), End::Halted);
    program.reg(0)
}

#[test]
fn the_page_of_a_called_function_becomes_another() {
    let mut program = followed(flat());
    let listing = format!(
        "b9 64 00 00 00 ; mov ecx, 100
         {}
         {} ; call page
         49 ; dec ecx
         75 e2 ; jne -30
         f4",
        change_page(),
        call(CODE + 27, CHANGING)
    );
    program.write(CODE, &bytes_of(32, &listing));
    for (frame, added) in FRAMES.into_iter().zip([1, 0x1_0000]) {
        program.write(frame, &bytes_of(32, &format!("05 {} ; add eax, imm\n c3", hex(added))));
    }
    program.write_dword(pte_of(CHANGING), FRAMES[0] | 7);
    assert_eq!(run(program), 50 * 0x1_0001);
}

#[test]
fn the_page_of_a_caller_becomes_another_before_the_return() {
    const CALLED: u32 = CODE + 0x100;
    let mut program = followed(flat());
    let start = format!("b9 64 00 00 00 ; mov ecx, 100\n e9 {}", hex(CHANGING.wrapping_sub(CODE + 10)));
    program.write(CODE, &bytes_of(32, &start));
    // The page is gone to once before the return, so that the HostTlb knows it.
    let inner = call(CALLED + 22, CHANGING + 0x800);
    program.write(CALLED, &bytes_of(32, &format!("{}\n {inner}\n c3", change_page())));
    for (frame, added) in FRAMES.into_iter().zip([1, 0x1_0000]) {
        let listing =
            format!("{}\n 05 {} ; add eax, imm\n 49\n 75 f3 ; jne -13\n f4", call(CHANGING, CALLED), hex(added));
        program.write(frame, &bytes_of(32, &listing));
        program.write(frame + 0x800, &[0xC3]);
    }
    program.write_dword(pte_of(CHANGING), FRAMES[0] | 7);
    assert_eq!(run(program), 50 * 0x1_0001);
}

/// In 32-bit and in 64-bit code.
fn of_both_widths(check: impl Fn(Program, u32)) {
    check(followed(flat()), 32);
    check(followed(Program::long()), 64);
}

#[test]
fn every_other_return_skips_an_instruction() {
    const CALLED: u32 = CODE + 0x1100;
    of_both_widths(|mut program, bits| {
        let listing = format!(
            "b9 64 00 00 00 ; mov ecx, 100
             {} ; call
             ff c0 ; inc eax
             ff c9 ; dec ecx
             75 f5 ; jne -11
             f4",
            call(CODE + 5, CALLED)
        );
        program.write(CODE, &bytes_of(bits, &listing));
        // test cl, 1; je +4; add [esp], 2; ret
        program.write(CALLED, &bytes_of(bits, "f6 c1 01\n 74 04\n 83 04 24 02\n c3"));
        assert_eq!(run(program), 50, "{bits}");
    });
}

#[test]
fn functions_call_themselves_deeper_than_calls_are_remembered() {
    const CALLED: u32 = CODE + 0xFFC;
    of_both_widths(|mut program, bits| {
        let listing = format!(
            "b9 64 00 00 00 ; mov ecx, 100
             ba 28 00 00 00 ; mov edx, 40
             {} ; call
             ff c9 ; dec ecx
             75 f2 ; jne -14
             f4",
            call(CODE + 10, CALLED)
        );
        program.write(CODE, &bytes_of(bits, &listing));
        // dec edx; je +7; call itself; inc eax; ret
        let listing = format!("ff ca\n 74 07\n {}\n ff c0\n c3", call(CALLED + 4, CALLED));
        program.write(CALLED, &bytes_of(bits, &listing));
        assert_eq!(run(program), 100 * 39, "{bits}");
    });
}

/// By a register and by memory; each function twice before the other's turn.
#[test]
fn a_computed_call_leads_to_one_page_and_another() {
    for (call, pushed) in [("ff d2 ; call edx", ""), ("ff 16 ; call [esi]", "89 16 ; mov [esi], edx\n")] {
        of_both_widths(|mut program, bits| {
            write_functions(&mut program, bits);
            let call = if bits == 64 { call.replace("edx", "rdx") } else { call.to_owned() };
            let mut bytes = bytes_of(bits, "b9 64 00 00 00 ; mov ecx, 100");
            let turn = "f6 c1 01 ; test cl, 1\n 75 06 ; jne +6\n 81 f2 00 10 00 00 ; xor edx, 0x1000\n";
            bytes.extend(bytes_of(bits, &format!("{turn}{pushed}{call}\n ff c9 ; dec ecx")));
            bytes.extend([0x75, 5u8.wrapping_sub(bytes.len() as u8 + 2), 0xF4]);
            program.write(CODE, &bytes);
            program.cpu.gpr[2] = FUNCTIONS[0].0.into();
            program.cpu.gpr[6] = DATA.into();
            assert_eq!(run(program), 50 * 0x1_0001, "{bits} {call}");
        });
    }
}

#[test]
fn the_page_of_a_computed_call_becomes_another() {
    let mut program = followed(flat());
    let listing = format!(
        "b9 64 00 00 00 ; mov ecx, 100
         {}
         ff d2 ; call edx
         49 ; dec ecx
         75 e5 ; jne -27
         f4",
        change_page()
    );
    program.write(CODE, &bytes_of(32, &listing));
    for (frame, added) in FRAMES.into_iter().zip([1, 0x1_0000]) {
        program.write(frame, &bytes_of(32, &format!("05 {} ; add eax, imm\n c3", hex(added))));
    }
    program.write_dword(pte_of(CHANGING), FRAMES[0] | 7);
    program.cpu.gpr[2] = CHANGING.into();
    assert_eq!(run(program), 50 * 0x1_0001);
}

/// The same code under two code segments, whose bases lie 800h apart: the same offset leads to two places of one page.
#[test]
fn a_computed_call_is_made_in_two_code_segments() {
    const BASE: u32 = 0x800;
    let mut program = followed(Program::protected());
    program.set_descriptor(FREE, descriptor(BASE, 0xF_FFFF, CODE_32));
    for (at, added) in [(CHANGING, 1), (CHANGING + BASE, 0x1_0000)] {
        program.write(at, &bytes_of(32, &format!("05 {} ; add eax, imm\n c3", hex(added))));
    }
    for (at, offset, selector) in [(DATA, CODE + 5 - BASE, FREE), (DATA + 8, CODE + 5, CODE_OF[0])] {
        program.write_dword(at, offset);
        program.write_word(at + 4, selector);
    }
    program.code(
        "b9 64 00 00 00 ; mov ecx, 100
         ff d2 ; call edx
         49 ; dec ecx
         74 05 ; je +5
         83 f6 08 ; xor esi, 8
         ff 2e ; jmp far [esi]
         f4",
    );
    program.cpu.gpr[2] = CHANGING.into();
    program.cpu.gpr[6] = u64::from(DATA) + 8;
    assert_eq!(run(program), 50 * 0x1_0001);
}
