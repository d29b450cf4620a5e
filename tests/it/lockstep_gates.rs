//! Ways between privilege levels that the fast tier takes, each in lockstep with the canonical tier: loops of system calls
//! whose 25th does something that the short way must not miss. What comes of it is what the manual says: SDM Vol.3A 6.12
//! "Exception and Interrupt Handling", 5.8.7 "Performing Fast Calls to System Procedures", Vol.2A "INT n", "IRET".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::SegReg;
use ringwalk_mmu::TlbPolicy;

use crate::program::{CODE, CODE_OF, DATA_OF, End, HANDLERS, Program, RAISE_INTR, bytes_of, gate, pte_of};

const SYSTEM: u32 = 0x1_2000;
const EAX: usize = 0;
const CALLS: u32 = 50;
/// Behind INT and behind SYSENTER.
const BEHIND_INT: u32 = CODE + 7;
const BEHIND_SYSENTER: u32 = CODE + 0xE;

fn machines() -> [Program; 3] {
    let mut without_tlb = Program::paged_on(Model::Max, TlbPolicy::None);
    without_tlb.enter_ring(3);
    [Program::user(), Program::paged_user(), without_tlb]
}

/// The system's code: counts in EAX, changes something in the 25th call, and goes back. Answers where it goes back.
fn system(program: &mut Program, change: &str, back: &str) -> u32 {
    let change = bytes_of(32, change);
    let mut bytes = bytes_of(32, "40 ; inc eax\n 83 f8 19 ; cmp eax, 25");
    bytes.extend([0x75, change.len() as u8]);
    bytes.extend(&change);
    let end = SYSTEM + bytes.len() as u32;
    bytes.extend(bytes_of(32, back));
    program.write(SYSTEM, &bytes);
    end
}

/// Fifty INT 80h from ring 3, each with an unaligned load behind it, then INT 81h.
fn calling(mut program: Program, change: &str) -> (Program, u32) {
    program.engine.verify_fast();
    program.set_gate(0x80, gate(CODE_OF[0], SYSTEM, 0xEE, 0));
    program.set_gate(0x81, gate(CODE_OF[0], HANDLERS + 0x81, 0xEE, 0));
    program.write(0x2_0100, &[0xFF, 0x03, 0x00, 0x20, 0x00, 0x00]);
    program.cpu.gpr[EAX] = 0;
    program.set_flags(0x202);
    program.code(
        "b9 32 00 00 00     ; mov ecx, 50
         cd 80              ; int 0x80
         8b 15 01 00 02 00  ; mov edx, [0x20001]
         49                 ; dec ecx
         75 f5              ; jne
         cd 81              ; int 0x81",
    );
    let back = system(&mut program, change, "cf ; iret");
    (program, back)
}

/// All calls are made, and come back.
fn goes_on(change: &str, look: impl Fn(&Program)) {
    for program in machines() {
        let (mut program, _) = calling(program, change);
        assert_eq!(program.run(), End::Vector(0x81), "{change}");
        assert_eq!(program.reg(EAX), CALLS, "{change}");
        look(&program);
    }
}

/// Where a fault is raised.
#[derive(Clone, Copy)]
enum Place {
    Call,
    Return,
    Behind,
}

fn faults(change: &str, vector: u8, code: u32, place: Place) {
    for program in machines() {
        let (mut program, back) = calling(program, change);
        let fault = program.fault();
        let eip = match place {
            Place::Call => BEHIND_INT - 2,
            Place::Return => back,
            Place::Behind => BEHIND_INT,
        };
        assert_eq!((fault.vector, fault.code, fault.eip), (vector, code, eip), "{change}");
        assert_eq!(program.reg(EAX), 25, "{change}");
    }
}

#[test]
fn calls_and_returns() {
    goes_on("90 ; nop", |program| {
        let frame = program.frame(0x81);
        assert_eq!((frame.eip, frame.cs, frame.ss), (CODE + 0x12, CODE_OF[3], DATA_OF[3]));
        // IF of the caller, and what DEC left: ZF and PF.
        assert_eq!(frame.flags & 0x3_FFFF, 0x246);
        assert_eq!(program.cpu.flags.bits() & 0x200, 0, "an interrupt gate clears IF");
    });
}

#[test]
fn the_gate_is_closed() {
    faults("c6 05 05 24 00 00 8e ; mov byte [0x2405], 0x8e", 13, 0x402, Place::Call);
}

#[test]
fn the_gate_is_not_present() {
    faults("c6 05 05 24 00 00 6e ; mov byte [0x2405], 0x6e", 11, 0x402, Place::Call);
}

#[test]
fn the_gate_lies_behind_the_limit() {
    faults("0f 01 1d 00 01 02 00 ; lidt [0x20100]", 13, 0x402, Place::Call);
}

#[test]
fn a_trap_gate_leaves_interrupts_on() {
    let change = "c6 05 05 24 00 00 ef ; mov byte [0x2405], 0xef\n c6 05 0d 24 00 00 ef ; mov byte [0x240d], 0xef";
    goes_on(change, |program| assert_ne!(program.cpu.flags.bits() & 0x200, 0));
}

#[test]
fn the_code_segment_is_marked_as_accessed() {
    goes_on("c6 05 0d 10 00 00 9a ; mov byte [0x100d], 0x9a", |program| {
        assert_eq!(program.access_byte(CODE_OF[0]), 0x9B)
    });
}

#[test]
fn the_stack_segments_are_marked_as_accessed() {
    let change = "c6 05 15 10 00 00 92 ; mov byte [0x1015], 0x92\n c6 05 45 10 00 00 f2 ; mov byte [0x1045], 0xf2";
    goes_on(change, |program| {
        assert_eq!((program.access_byte(DATA_OF[0]), program.access_byte(DATA_OF[3])), (0x93, 0xF3));
    });
}

#[test]
fn no_handler_has_a_code_segment() {
    for program in machines() {
        let (mut program, _) = calling(program, "c6 05 0d 10 00 00 1b ; mov byte [0x100d], 0x1b");
        assert_eq!(program.run(), End::Shutdown, "every handler's segment is missing");
        assert_eq!(program.reg(EAX), 25);
    }
}

#[test]
fn another_stack() {
    for (esp, change) in [
        (0x7000, "c7 05 04 30 00 00 00 70 00 00 ; mov dword [0x3004], 0x7000"),
        // Over the end of a page.
        (0x7008, "c7 05 04 30 00 00 08 70 00 00 ; mov dword [0x3004], 0x7008"),
    ] {
        goes_on(change, |program| {
            assert_eq!(program.esp(), esp - 20);
            assert_eq!(program.frame(0x81).eip, CODE + 0x12);
        });
    }
}

#[test]
fn a_return_to_nowhere() {
    faults("c7 44 24 04 00 00 00 00 ; mov dword [esp+4], 0", 13, 0, Place::Return);
}

#[test]
fn a_return_to_a_stack_of_another_level() {
    faults("c7 44 24 10 10 00 00 00 ; mov dword [esp+0x10], 0x10", 13, 0x10, Place::Return);
}

#[test]
fn a_return_from_a_nested_task() {
    // The link of the TSS is null, which is no busy TSS.
    let change = "9c ; pushfd\n 81 0c 24 00 40 00 00 ; or dword [esp], 0x4000\n 9d ; popfd";
    faults(change, 10, 0, Place::Return);
}

#[test]
fn a_return_sets_the_trap_flag() {
    // The trap comes behind the first instruction.
    for program in machines() {
        let (mut program, _) = calling(program, "81 4c 24 08 00 01 00 00 ; or dword [esp+8], 0x100");
        assert_eq!(program.run(), End::Vector(1));
        assert_eq!(program.frame(1).eip, BEHIND_INT + 6);
    }
}

#[test]
fn a_return_sets_the_resume_flag() {
    goes_on("81 4c 24 08 00 00 01 00 ; or dword [esp+8], 0x10000", |program| {
        assert_eq!(program.frame(0x81).flags & 0x1_0000, 0);
    });
}

#[test]
fn a_return_takes_an_inner_data_segment_away() {
    faults("ba 10 00 00 00 ; mov edx, 0x10\n 8e da ; mov ds, edx", 13, 0, Place::Behind);
}

#[test]
fn a_return_switches_alignment_checks_on() {
    let change = "0f 20 c2 ; mov edx, cr0
        81 ca 00 00 04 00 ; or edx, 0x40000
        0f 22 c2 ; mov cr0, edx
        81 4c 24 08 00 00 04 00 ; or dword [esp+8], 0x40000";
    faults(change, 17, 0, Place::Behind);
}

#[test]
fn a_return_lets_an_interrupt_through() {
    assert_eq!(RAISE_INTR, 0xF0);
    for program in machines() {
        let change = "50 ; push eax\n b0 40 ; mov al, 0x40\n e6 f0 ; out 0xf0, al\n 58 ; pop eax";
        let (mut program, _) = calling(program, change);
        assert_eq!(program.run(), End::Vector(0x40));
        assert_eq!((program.frame(0x40).eip, program.reg(EAX)), (BEHIND_INT, 25));
    }
}

/// From then on the calls come from ring 0 and stay on its stack.
#[test]
fn a_return_to_the_same_level() {
    goes_on("c7 44 24 04 08 00 00 00 ; mov dword [esp+4], 8", |program| {
        let frame = program.frame(0x81);
        assert_eq!((frame.cs, program.selector(SegReg::Ss)), (CODE_OF[0], DATA_OF[0]));
        // 25 calls left three operands each; ESP and SS of the one that came back otherwise stay there, too.
        assert_eq!(program.esp(), 0x8000 - 8 - 12);
    });
}

/// Fifty SYSENTER from ring 3, each with an unaligned load behind it, then INT 81h.
fn calling_fast(mut program: Program, change: &str) -> (Program, u32) {
    program.engine.verify_fast();
    program.cpu.msrs.sysenter_cs = 8;
    program.cpu.msrs.sysenter_eip = SYSTEM.into();
    program.cpu.msrs.sysenter_esp = 0x8000;
    program.set_gate(0x81, gate(CODE_OF[0], HANDLERS + 0x81, 0xEE, 0));
    program.cpu.gpr[EAX] = 0;
    program.set_flags(0x202);
    program.code(
        "bb 32 00 00 00     ; mov ebx, 50
         89 e1              ; mov ecx, esp
         ba 0e 00 01 00     ; mov edx, 0x1000e
         0f 34              ; sysenter
         8b 35 01 00 02 00  ; mov esi, [0x20001]
         4b                 ; dec ebx
         75 ee              ; jne
         cd 81              ; int 0x81",
    );
    let back = system(&mut program, change, "0f 35 ; sysexit");
    (program, back)
}

#[test]
fn fast_calls_and_returns() {
    for program in machines() {
        let (mut program, _) = calling_fast(program, "90 ; nop");
        assert_eq!(program.run(), End::Vector(0x81));
        let frame = program.frame(0x81);
        assert_eq!(program.reg(EAX), CALLS);
        assert_eq!((frame.cs, frame.ss, frame.esp), (0x1B, 0x23, 0xB000));
        assert_eq!(frame.flags & 0x200, 0, "SYSENTER clears IF, and SYSEXIT leaves it");
    }
}

#[test]
fn a_fast_return_without_a_segment() {
    for program in machines() {
        let (mut program, back) = calling_fast(
            program,
            "50 ; push eax\n 51 ; push ecx\n 52 ; push edx
             b9 74 01 00 00 ; mov ecx, 0x174
             31 c0 ; xor eax, eax\n 31 d2 ; xor edx, edx
             0f 30 ; wrmsr
             5a ; pop edx\n 59 ; pop ecx\n 58 ; pop eax",
        );
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code, fault.eip, fault.cs), (13, 0, back, 8));
    }
}

#[test]
fn a_fast_return_switches_alignment_checks_on() {
    for program in machines() {
        let (mut program, _) = calling_fast(
            program,
            "0f 20 c6 ; mov esi, cr0
             81 ce 00 00 04 00 ; or esi, 0x40000
             0f 22 c6 ; mov cr0, esi
             9c ; pushfd\n 81 0c 24 00 00 04 00 ; or dword [esp], 0x40000\n 9d ; popfd",
        );
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code, fault.eip), (17, 0, BEHIND_SYSENTER));
        assert_eq!(program.reg(EAX), 25);
    }
}

/// Each page is mapped when it is missed.
#[test]
fn pages_that_are_missed() {
    const FIRST: u32 = 0x30_0000;
    let mut without_tlb = Program::paged_on(Model::Max, TlbPolicy::None);
    without_tlb.enter_ring(3);
    for mut program in [Program::paged_user(), without_tlb] {
        program.engine.verify_fast();
        for page in 0..CALLS {
            program.write_dword(FIRST + 0x1000 * page, page + 1);
            program.write_dword(pte_of(FIRST + 0x1000 * page), 0);
        }
        program.set_gate(14, gate(CODE_OF[0], SYSTEM, 0x8E, 0));
        program.set_gate(0x81, gate(CODE_OF[0], HANDLERS + 0x81, 0xEE, 0));
        program.cpu.gpr[EAX] = 0;
        program.code(
            "b9 32 00 00 00     ; mov ecx, 50
             be 00 00 30 00     ; mov esi, 0x300000
             03 06              ; add eax, [esi]
             81 c6 00 10 00 00  ; add esi, 0x1000
             49                 ; dec ecx
             75 f5              ; jne
             cd 81              ; int 0x81",
        );
        program.code_at(
            SYSTEM,
            32,
            "50                    ; push eax
             52                    ; push edx
             0f 20 d0              ; mov eax, cr2
             c1 e8 0c              ; shr eax, 12
             8d 14 85 00 10 10 00  ; lea edx, [eax*4+0x101000]
             c1 e0 0c              ; shl eax, 12
             83 c8 07              ; or eax, 7
             89 02                 ; mov [edx], eax
             5a                    ; pop edx
             58                    ; pop eax
             83 c4 04              ; add esp, 4
             cf                    ; iret",
        );
        assert_eq!(program.run(), End::Vector(0x81));
        assert_eq!(program.reg(EAX), CALLS * (CALLS + 1) / 2);
        assert_eq!(program.cpu.cr2, u64::from(FIRST + 0x1000 * (CALLS - 1)));
        assert_eq!(program.frame(0x81).flags & 0x1_0000, 0, "RF lasted for one instruction");
    }
}

/// A call that both levels make, and the page that it leads to.
const SHARED: u32 = 0x1_3000;
const CALLED: u32 = 0x1_4000;
const EDX: usize = 2;
const CALL_SHARED: &str = "bd 00 30 01 00 ; mov ebp, shared\n ff d5 ; call ebp\n";

/// The system makes `change` in the 25th of its calls and does `back` in all; the function that [`CALL_SHARED`] leads to
/// counts in EDX.
fn sharing(change: &str, back: &str, user: &str) -> Program {
    let mut program = Program::paged_user();
    program.engine.verify_fast();
    program.set_gate(0x80, gate(CODE_OF[0], SYSTEM, 0xEE, 0));
    program.set_gate(0x81, gate(CODE_OF[0], HANDLERS + 0x81, 0xEE, 0));
    program.cpu.gpr[EAX] = 0;
    program.cpu.gpr[EDX] = 0;
    program.code_at(SHARED, 32, "e8 fb 0f 00 00 ; call called\n c3");
    program.code_at(CALLED, 32, "42 ; inc edx\n c3");
    system(&mut program, change, back);
    program.code(&format!("b9 32 00 00 00 ; mov ecx, 50\n {user}\n cd 81 ; int 0x81"));
    program
}

const CALL_AND_ASK: &str = "bd 00 30 01 00 ; mov ebp, shared
    ff d5 ; call ebp
    cd 80 ; int 0x80
    49    ; dec ecx
    75 f9 ; jne";

fn refused(mut program: Program, calls: u32) {
    assert_eq!(program.run(), End::Vector(14));
    let fault = program.frame(14);
    assert_eq!((fault.code, fault.eip), (5, CALLED));
    assert_eq!(program.reg(EDX), calls);
}

/// A page that only the system may fetch from in the end: the way there that the system knows is not the user's.
#[test]
fn a_page_of_code_is_taken_from_the_user() {
    let pte = pte_of(CALLED).to_le_bytes().map(|byte| format!("{byte:02x}")).join(" ");
    let take_away = format!("81 25 {pte} fb ff ff ff ; and dword [pte], ~4\n");
    let invlpg = "0f 01 3d 00 40 01 00 ; invlpg [called]";
    let forgotten = format!("{take_away}{invlpg}");
    let call = format!("{CALL_SHARED} cf ; iret");
    refused(sharing(&forgotten, "cf ; iret", CALL_AND_ASK), 25);
    refused(sharing(&forgotten, &call, CALL_AND_ASK), 2 * 25);
    // The TLB still has the page as it was.
    let mut program = sharing(&take_away, &call, CALL_AND_ASK);
    assert_eq!(program.run(), End::Vector(0x81));
    assert_eq!(program.reg(EDX), 2 * CALLS);
}
