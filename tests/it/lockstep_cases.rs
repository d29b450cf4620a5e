//! What a tier of decoded traces gets wrong first, each in lockstep with the canonical tier and with the outcome that the
//! program's own text gives: code over a page's end, jumps into instructions, rewritten code, aliases, changes of mode.

use ringwalk_cpu::run::{Exit, Limits, MOST_FRUITLESS_DELIVERIES};
use ringwalk_cpu::segment::SegReg;

use crate::program::{
    CODE, CODE_OF, DATA, DATA_16, DATA_OF, End, FREE, HANDLERS, Program, bytes_of, descriptor, pte_of,
};

const ECX: usize = 1;
const EDX: usize = 2;
const EBX: usize = 3;
const ESI: usize = 6;

pub(crate) fn followed(mut program: Program) -> Program {
    program.engine.verify_fast();
    program
}

/// Two pages of code that lie apart in memory.
fn over_a_page() -> Program {
    const START: u32 = 0x1_0FF8;
    const ELSEWHERE: u32 = 0x4_0000;
    let mut program = followed(Program::paged());
    let bytes = bytes_of(
        32,
        "b9 64 00 00 00     ; mov ecx, 100
         81 c0 01 00 01 00  ; add eax, 0x10001
         49                 ; dec ecx
         75 f7              ; jne -9
         f4                 ; hlt",
    );
    let first = (0x1_1000 - START) as usize;
    program.write(START, &bytes[..first]);
    program.write(ELSEWHERE, &bytes[first..]);
    program.write_dword(pte_of(0x1_1000), ELSEWHERE | 7);
    program.cpu.rip = START.into();
    program
}

#[test]
fn an_instruction_lies_in_two_pages() {
    let mut program = over_a_page();
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 100 * 0x1_0001);
}

#[test]
fn the_second_page_of_an_instruction_is_missing() {
    let mut program = over_a_page();
    program.write_dword(pte_of(0x1_1000), 0);
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip, program.cpu.cr2), (14, 0x1_0FFD, 0x1_1000));
}

/// What stands in the second page of an instruction.
fn in_two_pages(listing: &str, second: &[(u32, u8)]) -> Program {
    const START: u32 = 0x1_0FF8;
    let mut program = followed(Program::paged());
    let bytes = bytes_of(32, listing);
    let (head, tail) = bytes.split_at((0x1_1000 - START) as usize);
    program.write(START, head);
    for (frame, value) in second {
        program.write(*frame, tail);
        program.write(frame + 1, &[*value]);
    }
    program.write_dword(pte_of(0x1_1000), second[0].0 | 7);
    program.cpu.rip = START.into();
    program.cpu.gpr[0] = 0;
    program
}

#[test]
fn the_second_page_of_an_instruction_is_written() {
    let mut program = in_two_pages(
        "b9 64 00 00 00     ; mov ecx, 100
         81 c0 01 00 00 00  ; add eax, 1
         fe 05 01 00 04 00  ; inc byte [0x40001]
         49                 ; dec ecx
         75 f1              ; jne -15
         f4                 ; hlt",
        &[(0x4_0000, 3)],
    );
    assert_eq!(program.run(), End::Halted);
    let sum: u32 = (0..100).map(|round| 1 + ((3 + round) << 16)).sum();
    assert_eq!(program.reg(0), sum);
}

#[test]
fn the_second_page_of_an_instruction_becomes_another() {
    let [a, b, c, d] = pte_of(0x1_1000).to_le_bytes();
    let listing = format!(
        "b9 64 00 00 00     ; mov ecx, 100
         81 c0 01 00 00 00  ; add eax, 1
         81 35 {a:02x} {b:02x} {c:02x} {d:02x} 00 00 01 00 ; xor dword [pte], 0x10000
         0f 01 3d 00 10 01 00 ; invlpg [0x11000]
         49                 ; dec ecx
         75 e6              ; jne -26
         f4                 ; hlt"
    );
    let mut program = in_two_pages(&listing, &[(0x4_0000, 1), (0x5_0000, 2)]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 50 * (0x1_0001 + 0x2_0001));
}

#[test]
fn a_jump_leads_into_itself() {
    let mut program = followed(Program::protected());
    // eb ff jumps to its second byte: ff c0 is inc eax.
    program.code(
        "b9 64 00 00 00  ; mov ecx, 100
         eb ff           ; jmp +1
         c0
         49              ; dec ecx
         75 fa           ; jne -6
         f4              ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 100);
}

#[test]
fn a_jump_leads_into_an_immediate() {
    let mut program = followed(Program::protected());
    // The four bytes of the immediate are inc eax each.
    program.code(
        "b9 0a 00 00 00  ; mov ecx, 10
         b8 40 40 40 40  ; mov eax, 0x40404040
         49              ; dec ecx
         74 05           ; je out
         eb f7           ; jmp into the immediate
         90              ; nop
         90              ; nop
         90              ; nop
         f4              ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 0x4040_4040 + 9 * 4);
}

/// Where the instruction stands that is rewritten: inc edx, or with bit 3 dec edx.
fn rewriting(store: &str, alias: u32) -> Program {
    let store = bytes_of(32, store);
    let op = CODE + 5 + store.len() as u32;
    let mut bytes = bytes_of(32, "b9 63 00 00 00 ; mov ecx, 99");
    bytes.extend(store);
    bytes.extend(bytes_of(32, "42 ; inc edx\n 49 ; dec ecx"));
    let back = 5u8.wrapping_sub(bytes.len() as u8 + 2);
    bytes.extend([0x75, back, 0xF4]);
    let mut program = followed(Program::paged());
    program.write(CODE, &bytes);
    program.write_dword(pte_of(alias), CODE | 7);
    program.cpu.gpr[0] = 0x42;
    program.cpu.gpr[EBX] = 8;
    program.cpu.gpr[EDX] = 0;
    program.cpu.gpr[ESI] = u64::from(op - CODE + alias);
    program
}

/// Ways to turn inc into dec and back: ESI points there, EBX is 8, AL the present byte.
const STORES: [&str; 6] = [
    "80 36 08       ; xor byte [esi], 8",
    "30 1e          ; xor [esi], bl",
    "34 08          ; xor al, 8\n 88 06 ; mov [esi], al",
    "34 08          ; xor al, 8\n 89 f7 ; mov edi, esi\n aa ; stosb",
    "66 81 36 08 00 ; xor word [esi], 8",
    "f6 16          ; not byte [esi]\n 80 36 f7 ; xor byte [esi], 0xf7",
];

#[test]
fn code_rewrites_the_next_instruction() {
    for store in STORES {
        let mut program = rewriting(store, CODE);
        assert_eq!(program.run(), End::Halted, "{store}");
        // It begins with dec: 50 of them, 49 inc.
        assert_eq!((program.reg(ECX), program.reg(EDX)), (0, u32::MAX), "{store}");
    }
}

#[test]
fn code_rewrites_the_next_instruction_by_another_address() {
    for store in STORES {
        let mut program = rewriting(store, 0x3_0000);
        assert_eq!(program.run(), End::Halted, "{store}");
        assert_eq!((program.reg(ECX), program.reg(EDX)), (0, u32::MAX), "{store}");
    }
}

#[test]
fn code_runs_at_two_addresses_and_is_rewritten() {
    let mut program = followed(Program::paged());
    program.write_dword(pte_of(0x3_0000), CODE | 7);
    program.code("42 ; inc edx\n c3 ; ret");
    program.cpu.gpr[EDX] = 0;
    program.cpu.rip = 0x1_2000;
    program.code(
        "b9 63 00 00 00        ; mov ecx, 99
         e8 f6 df ff ff        ; call 0x10000
         e8 f1 df 01 00        ; call 0x30000
         80 35 00 00 01 00 08  ; xor byte [0x10000], 8
         49                    ; dec ecx
         75 ec                 ; jne
         f4                    ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(EDX), 2, "50 rounds of two inc, 49 of two dec");
}

#[test]
fn protected_mode_is_left_and_entered_in_a_trace() {
    let mut program = followed(Program::protected());
    program.cpu.gpr[EBX] = DATA_OF[0].into();
    program.code(
        "b9 32 00 00 00     ; mov ecx, 50
         0f 20 c0           ; mov eax, cr0
         34 01              ; xor al, 1
         0f 22 c0           ; mov cr0, eax
         8e db              ; mov ds, ebx
         ff 05 00 00 02 00  ; inc dword [0x20000]
         49                 ; dec ecx
         75 ed              ; jne
         f4                 ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    // In real mode the selector 10h means the base 100h.
    assert_eq!((program.read_dword(DATA), program.read_dword(DATA + 0x100)), (25, 25));
}

#[test]
fn paging_is_switched_in_a_trace() {
    let mut program = followed(Program::paged());
    program.write_dword(pte_of(DATA), 0x5_0000 | 7);
    program.code(
        "b9 32 00 00 00     ; mov ecx, 50
         0f 20 c0           ; mov eax, cr0
         35 00 00 00 80     ; xor eax, 0x80000000
         0f 22 c0           ; mov cr0, eax
         ff 05 00 00 02 00  ; inc dword [0x20000]
         49                 ; dec ecx
         75 ec              ; jne
         f4                 ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.read_dword(DATA), program.read_dword(0x5_0000)), (25, 25));
}

#[test]
fn a_segment_gets_a_limit_in_a_trace() {
    let mut program = followed(Program::protected());
    program.set_descriptor(FREE, descriptor(0, 0x1_FFFF, 0x4093));
    for index in 0..19 {
        program.write_word(0x2_1000 + 2 * index, DATA_OF[0]);
    }
    program.write_word(0x2_1000 + 2 * 19, FREE);
    program.code(
        "be 00 10 02 00     ; mov esi, 0x21000
         b9 14 00 00 00     ; mov ecx, 20
         66 ad              ; lodsw
         8e d8              ; mov ds, eax
         ff 05 00 00 02 00  ; inc dword [0x20000]
         49                 ; dec ecx
         75 f3              ; jne
         f4                 ; hlt",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (13, CODE + 0xE));
    assert_eq!(program.read_dword(DATA), 19);
}

#[test]
fn the_stack_changes_its_size_in_a_trace() {
    assert_eq!(DATA_OF[0] ^ 0x70, DATA_16);
    let mut program = followed(Program::protected());
    program.cpu.gpr[0] = DATA_OF[0].into();
    program.set_esp(0x1_8000);
    program.code(
        "b9 32 00 00 00  ; mov ecx, 50
         34 70           ; xor al, 0x70
         8e d0           ; mov ss, eax
         51              ; push ecx
         5a              ; pop edx
         01 d6           ; add esi, edx
         49              ; dec ecx
         75 f5           ; jne
         f4              ; hlt",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.reg(ESI), program.esp()), (50 * 51 / 2, 0x1_8000));
    // The last of each: even counts went to the 16-bit stack.
    assert_eq!((program.read_dword(0x7FFC), program.read_dword(0x1_7FFC)), (2, 1));
}

#[test]
fn code_changes_its_size_from_jump_to_jump() {
    let mut program = followed(Program::protected());
    program.cpu.rip = 0xC000;
    program.code("b9 32 00 00 00 ; mov ecx, 50\n ea 0c c0 00 00 58 00 ; jmp 0x58:0xc00c");
    program.code_at(0xC00C, 16, "05 01 00 ; add ax, 1\n 66 ea 17 c0 00 00 08 00 ; jmp 8:0xc017");
    assert_eq!(CODE_OF[0], 8);
    program.code_at(0xC017, 32, "05 00 00 01 00 ; add eax, 0x10000\n 49 ; dec ecx\n 75 e6 ; jne\n f4 ; hlt");
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 50 * 0x1_0001);
}

/// A function whose immediate is rewritten before each of fifty calls, and with `change` its opcode too: MOV EAX and ADD
/// EAX in turn, ADD first. EBX adds up what it gives.
fn calling_rewritten(at: u32, change: bool) -> Program {
    let hex = |value: u32| value.to_le_bytes().map(|byte| format!("{byte:02x}")).join(" ");
    let mut bytes = bytes_of(32, "b9 32 00 00 00 ; mov ecx, 50");
    if change {
        bytes.extend(bytes_of(32, &format!("80 f2 bd ; xor dl, 0xbd\n 88 15 {} ; mov [at], dl", hex(at))));
    }
    bytes.extend(bytes_of(32, &format!("89 0d {} ; mov [at+1], ecx", hex(at + 1))));
    let behind = CODE + bytes.len() as u32 + 5;
    bytes.extend(bytes_of(32, &format!("e8 {} ; call at", hex(at.wrapping_sub(behind)))));
    bytes.extend(bytes_of(32, "01 c3 ; add ebx, eax\n 49 ; dec ecx"));
    let back = 5u8.wrapping_sub(bytes.len() as u8 + 2);
    bytes.extend([0x75, back, 0xF4]);
    let mut program = followed(Program::paged());
    program.write(CODE, &bytes);
    program.write(at, &bytes_of(32, "b8 00 00 00 00 ; mov eax, 0\n c3 ; ret"));
    program.cpu.gpr[0] = 0;
    program.cpu.gpr[EDX] = 0xB8;
    program.cpu.gpr[EBX] = 0;
    program
}

/// In another page, in another line of the caller's, in the caller's own line, and over the end of a line.
const PLACES: [u32; 4] = [0x1_2000, CODE + 0x100, CODE + 0x34, CODE + 0x13D];

#[test]
fn an_immediate_is_rewritten_before_each_call() {
    for at in PLACES {
        let mut program = calling_rewritten(at, false);
        assert_eq!(program.run(), End::Halted, "{at:x}");
        assert_eq!(program.reg(EBX), 50 * 51 / 2, "{at:x}");
    }
}

#[test]
fn an_opcode_is_rewritten_before_each_call() {
    for at in PLACES {
        let mut program = calling_rewritten(at, true);
        assert_eq!(program.run(), End::Halted, "{at:x}");
        // Odd counts are moved; even ones are added to the odd one before, the first to nothing.
        let moved: u32 = (1..50).step_by(2).sum();
        let added: u32 = (2..50).step_by(2).map(|count| 2 * count + 1).sum();
        assert_eq!(program.reg(EBX), moved + added + 50, "{at:x}");
    }
}

/// #UD whose handler raises it again, on a stack of 64 KiB that wraps: both tiers give up behind the same delivery.
#[test]
fn endless_faults_end_where_the_canonical_tier_ends_them() {
    let mut program = followed(Program::protected());
    program.set_descriptor(DATA_16, descriptor(0x4_0000, 0xFFFF, 0x93));
    program.load(SegReg::Ss, DATA_16);
    program.write(HANDLERS + 6, &[0x0F, 0x0B]);
    program.code("0f 0b ; ud2");
    let exit = program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, Limits::NONE);
    assert_eq!(exit, Exit::FruitlessDeliveries);
    // Each takes a cycle to fail and one to be delivered.
    assert_eq!((program.cpu.position, program.cpu.retired), (2 * u64::from(MOST_FRUITLESS_DELIVERIES), 0));
    assert_eq!(program.cpu.rip, u64::from(HANDLERS) + 6);
}
