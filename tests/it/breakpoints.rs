//! Breakpoints while the fast tier runs: where they stop, and that nothing pays for them where they are not.

use ringwalk_cpu::run::{Exit, Limits};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::watch::Place;

use crate::program::{CODE, CODE_OF, DATA_OF, FREE, Program, REAL_CODE, descriptor, gate, pte_of};

const ECX: usize = 1;

/// Where a second page of code leads from.
const ALIAS: u32 = 0x3_0000;
/// A page of code that calls the one at [`CODE`].
const CALLER: u32 = 0x1_2000;

/// EAX is counted up to 10,000.
const COUNTING: &str = "b9 10 27 00 00  ; mov ecx, 10000
     31 c0           ; xor eax, eax
     40              ; inc eax
     89 c2           ; mov edx, eax
     49              ; dec ecx
     75 fa           ; jne -6
     f4              ; hlt";
const INC: u32 = CODE + 7;

fn counting() -> Program {
    let mut program = Program::protected();
    program.code(COUNTING);
    program
}

fn break_at(program: &mut Program, places: &[Place]) {
    let code = places.iter().enumerate().map(|(index, place)| (index as u32 + 1, *place)).collect();
    program.engine.hot.watches.replace(code, Vec::new());
    program.engine.forget(&mut program.memory);
}

/// Runs to a stop; one that goes on from a breakpoint passes it.
fn go(program: &mut Program, cycles: u64) -> Exit {
    let at_start = program.cpu.retired == 0;
    let limits = Limits { position: program.cpu.position + cycles, break_at_start: at_start, ..Limits::NONE };
    program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits)
}

/// Number and EIP of all breakpoints up to the end of the program.
fn hits(program: &mut Program) -> Vec<(u32, u32)> {
    let mut hits = Vec::new();
    loop {
        match go(program, 1_000_000) {
            Exit::Breakpoint(number) => hits.push((number, program.eip())),
            Exit::DeadHalt => return hits,
            other => panic!("{other:?} at {:x}", program.eip()),
        }
    }
}

#[test]
fn in_the_page_of_a_running_loop() {
    for place in [Place::Linear(INC.into()), Place::Physical(INC.into()), Place::Logical(CODE_OF[0], INC.into())] {
        let mut program = counting();
        assert_eq!(go(&mut program, 1001), Exit::Position);
        let counted = program.reg(0);
        assert!((200..300).contains(&counted), "{counted}: it loops");
        break_at(&mut program, &[place]);
        for passes in 0..20 {
            assert_eq!(go(&mut program, 1000), Exit::Breakpoint(1), "{place:?}");
            assert_eq!((program.eip(), program.reg(0)), (INC, counted + passes), "{place:?}");
        }
        break_at(&mut program, &[]);
        assert_eq!(go(&mut program, 1_000_000), Exit::DeadHalt);
        assert_eq!(program.reg(0), 10_000);
    }
}

#[test]
fn a_place_that_no_instruction_begins_at_is_never_met() {
    let mut program = counting();
    // The second byte of MOV EDX, EAX.
    break_at(&mut program, &[Place::Linear((INC + 2).into())]);
    assert_eq!(hits(&mut program), []);
    assert_eq!(program.reg(0), 10_000);
}

#[test]
fn inside_an_instruction_it_is_met_by_the_jump_that_leads_there() {
    let mut program = Program::protected();
    // The four bytes of the immediate are INC EAX each; 9 of 10 passes jump to the first of them.
    program.code(
        "b9 0a 00 00 00  ; mov ecx, 10
         b8 40 40 40 40  ; mov eax, 0x40404040
         49              ; dec ecx
         74 02           ; je out
         eb f7           ; jmp into the immediate
         f4              ; hlt",
    );
    break_at(&mut program, &[Place::Linear((CODE + 6).into())]);
    assert_eq!(hits(&mut program), [(1, CODE + 6); 9]);
    assert_eq!(program.reg(0), 0x4040_4040 + 9 * 4);
}

/// Calls the page at [`CODE`] by its two linear addresses, 100 times each.
fn by_two_addresses() -> Program {
    let mut program = Program::paged();
    program.write_dword(pte_of(ALIAS), CODE | 7);
    program.code_at(CODE, 32, "42 ; inc edx\n 43 ; inc ebx\n c3 ; ret");
    program.cpu.rip = CALLER.into();
    program.code(
        "b9 64 00 00 00        ; mov ecx, 100
         e8 f6 df ff ff        ; call 0x10000
         e8 f1 df 01 00        ; call 0x30000
         49                    ; dec ecx
         75 f3                 ; jne
         f4                    ; hlt",
    );
    program
}

#[test]
fn a_physical_address_is_met_by_every_linear_one() {
    let mut program = by_two_addresses();
    break_at(&mut program, &[Place::Physical((CODE + 1).into())]);
    assert_eq!(hits(&mut program), [(1, CODE + 1), (1, ALIAS + 1)].repeat(100));
}

#[test]
fn a_linear_address_is_met_by_itself_alone() {
    let mut program = by_two_addresses();
    break_at(&mut program, &[Place::Linear((ALIAS + 1).into())]);
    assert_eq!(hits(&mut program), [(1, ALIAS + 1); 100]);
}

/// Code that has run by one address is mapped, by the guest, at another that has a breakpoint.
#[test]
fn a_page_is_mapped_under_a_breakpoint_after_it_was_decoded() {
    let mut program = by_two_addresses();
    program.write_dword(pte_of(ALIAS), 0x5_0000 | 7);
    program.code_at(0x5_0000, 32, "90 ; nop\n 90 ; nop\n c3 ; ret");
    let entry = pte_of(ALIAS).to_le_bytes();
    program.cpu.rip = CALLER.into();
    program.code(
        "b9 64 00 00 00        ; mov ecx, 100
         e8 f6 df ff ff        ; call 0x10000
         e8 f1 df 01 00        ; call 0x30000
         83 f9 32              ; cmp ecx, 50
         75 0d                 ; jne over",
    );
    let [a, b, c, d] = entry;
    // 10 bytes, then INVLPG of 7: the jump leads behind both.
    program.write(CALLER + 20, &[0xC7, 0x05, a, b, c, d, 0x07, 0x00, 0x01, 0x00]);
    program.write(CALLER + 30, &[0x0F, 0x01, 0x3D, 0x00, 0x00, 0x03, 0x00]);
    program.write(CALLER + 19, &[17]);
    program.code_at(CALLER + 37, 32, "49 ; dec ecx\n 75 dd ; jne -35\n f4 ; hlt");
    break_at(&mut program, &[Place::Linear((ALIAS + 1).into())]);
    let mut ebx = Vec::new();
    while let Exit::Breakpoint(1) = go(&mut program, 1_000_000) {
        assert_eq!(program.eip(), ALIAS + 1);
        ebx.push(program.reg(3));
    }
    assert_eq!(program.reg(ECX), 0);
    assert_eq!(ebx.len(), 100, "before and after");
    // Since the change INC EBX has run twice a pass: at CODE, and behind the breakpoint.
    assert_eq!(ebx[99] - ebx[51], 2 * 48);
}

/// A descriptor's base moves from one copy of a routine to another; flat code has called both before.
#[test]
fn a_selector_and_offset_are_met_under_every_base_of_the_selector() {
    let mut program = Program::protected();
    let copies = [0x4_0000, 0x5_0800];
    for copy in copies {
        program.code_at(copy + 0x10, 32, "42 ; inc edx\n 43 ; inc ebx\n c3 ; ret");
        program.code_at(copy + 0x20, 32, "42 ; inc edx\n 43 ; inc ebx\n cb ; retf");
        let raw = descriptor(copy, 0xFFFF, 0x409B);
        program.write(0x2_0000 + 8 * u32::from(copy != copies[0]), &raw.to_le_bytes());
    }
    let gdt_entry = 0x1000 + u32::from(FREE);
    program.cpu.gpr[6] = 0x2_0000;
    program.cpu.gpr[7] = gdt_entry.into();
    program.cpu.rip = CALLER.into();
    program.code(
        "bd 64 00 00 00        ; mov ebp, 100
         e8 06 e0 02 00        ; call 0x40010
         e8 01 e8 03 00        ; call 0x50810
         89 e8                 ; mov eax, ebp
         83 e0 01              ; and eax, 1
         8b 0c c6              ; mov ecx, [esi + eax * 8]
         89 0f                 ; mov [edi], ecx
         8b 4c c6 04           ; mov ecx, [esi + eax * 8 + 4]
         89 4f 04              ; mov [edi + 4], ecx
         9a 20 00 00 00 70 00  ; call 0x70:0x20
         4d                    ; dec ebp
         75 db                 ; jne -37
         f4                    ; hlt",
    );
    break_at(&mut program, &[Place::Logical(FREE, 0x21), Place::Logical(FREE, 0x11)]);
    let mut bases = Vec::new();
    while let Exit::Breakpoint(number) = go(&mut program, 1_000_000) {
        assert_eq!((number, program.eip()), (1, 0x21), "flat code has another selector and other offsets");
        bases.push(program.cpu.seg(SegReg::Cs).base as u32);
    }
    assert_eq!(bases, copies.repeat(50));
}

#[test]
fn in_real_mode_the_selector_counts_and_not_the_address() {
    let linear = u32::from(REAL_CODE) * 16 + 0x100;
    // The same byte by another selector.
    for (selector, wanted) in [(REAL_CODE, 0), (REAL_CODE - 0x10, 50)] {
        let mut program = Program::real();
        program.code_at(linear, 16, "40 ; inc ax\n 90 ; nop\n cb ; retf");
        program.code(
            "b9 32 00        ; mov cx, 50
             9a 00 02 f0 0f  ; call 0xff0:0x200
             49              ; dec cx
             75 f8           ; jne -8
             f4              ; hlt",
        );
        let offset = linear + 1 - u32::from(selector) * 16;
        break_at(&mut program, &[Place::Logical(selector, offset.into())]);
        assert_eq!(hits(&mut program).len(), wanted);
    }
}

/// A thousand breakpoints of all kinds at every offset of other pages: the fast tier does, dispatch for dispatch, what it
/// does without them.
#[test]
fn pages_without_a_breakpoint_do_not_pay_for_those_elsewhere() {
    let profile = |places: &[Place]| {
        let mut program = by_two_addresses();
        program.load(SegReg::Ds, DATA_OF[0]);
        break_at(&mut program, places);
        program.engine.profile();
        while go(&mut program, 1_000_000) != Exit::DeadHalt {}
        program.engine.hot.profile.as_ref().map(|profile| profile.report())
    };
    let elsewhere: Vec<_> = (0..1000)
        .flat_map(|n| {
            let offset = 5 * n;
            [Place::Linear(0x6_0000 + offset), Place::Physical(0x8_0000 + offset), Place::Logical(FREE, offset)]
        })
        .collect();
    assert_eq!(profile(&elsewhere), profile(&[]));
    assert_ne!(profile(&[Place::Linear((CALLER + 10).into())]), profile(&[]), "the comparison can fail");
}

/// The fast tier delivers page faults itself: the handler's code segment is met by that for the first time.
#[test]
fn in_a_fault_handler_by_its_selector() {
    let handler = 0x6_0000;
    let mut program = Program::paged();
    program.set_descriptor(FREE, descriptor(handler, 0xFFFF, 0x409B));
    program.set_gate(14, gate(FREE, 0x20, 0x8E, 0));
    program.write_dword(pte_of(0x7_0000), 0);
    // The handler skips the load of two bytes. It has run by its flat address before.
    program.code_at(handler + 0x10, 32, "42 ; inc edx\n 43 ; inc ebx\n c3 ; ret");
    program.code_at(handler + 0x20, 32, "58 ; pop eax\n 43 ; inc ebx\n 83 04 24 02 ; add dword [esp], 2\n cf ; iret");
    program.cpu.gpr[6] = 0x7_0000;
    program.cpu.rip = CALLER.into();
    program.code(
        "b9 64 00 00 00  ; mov ecx, 100
         e8 06 e0 04 00  ; call 0x60010
         8b 06           ; mov eax, [esi]
         49              ; dec ecx
         75 f6           ; jne
         f4              ; hlt",
    );
    break_at(&mut program, &[Place::Logical(FREE, 0x21)]);
    assert_eq!(hits(&mut program), [(1, 0x21); 100]);
}
