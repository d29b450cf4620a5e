//! Delivery of interrupts and exceptions in protected mode: gates, stacks, error codes, double faults.
//! SDM Vol.3A 6.12 "Exception and Interrupt Handling", 6.13 "Error Code", Vol.2A "INT n/INTO/INT3/INT1" Operation.

use ringwalk_cpu::flags::{AC, IF, RF, TF};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::CR0_WP;

use crate::program::*;

const UD: u8 = 6;
const DF: u8 = 8;
const TS: u8 = 10;
const NP: u8 = 11;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;

const UD2: &str = "
    0F 0B ; ud2
";
const INT_20: &str = "
    CD 20 ; int 0x20
";

/// A gate to a handler of ring 1.
fn to_ring_1(vector: u8) -> u64 {
    gate(CODE_OF[1], HANDLERS + u32::from(vector), 0xEE, 0)
}

#[test]
fn a_handler_of_the_same_level_gets_three_operands_on_the_same_stack() {
    let mut program = Program::protected();
    program.set_flags(IF | 0x8D5);
    let fault = program.code(INT_20).fault();
    assert_eq!(
        fault,
        Fault { vector: 0x20, code: 0, eip: CODE + 2, cs: 8, flags: IF | 0x8D7, esp: STACKS[0], ss: DATA_OF[0] }
    );
    assert_eq!(program.esp(), STACKS[0] - 12);
}

#[test]
fn a_handler_of_an_inner_level_gets_the_stack_of_the_tss() {
    for (ring, target) in [(3, 0), (3, 1), (3, 2), (2, 0), (2, 1), (1, 0)] {
        let mut program = Program::protected();
        program.enter_ring(ring);
        program.set_gate(0x20, gate(CODE_OF[target], HANDLERS + 0x20, 0xEE, 0));
        // HLT needs ring 0: the frame is looked at as soon as it stands.
        program.set_esp(0x1234_B000);
        program.code(INT_20).steps(1);
        assert_eq!((program.cpu.cpl, program.eip()), (target as u8, HANDLERS + 0x20));
        assert_eq!(program.selector(SegReg::Cs), CODE_OF[target]);
        assert_eq!((program.selector(SegReg::Ss), program.esp()), (DATA_OF[target], STACKS[target] - 20));
        let frame: Vec<u32> = (0..5).map(|index| program.read_dword(program.esp() + 4 * index)).collect();
        let from = usize::from(ring);
        assert_eq!(frame, [CODE + 2, CODE_OF[from].into(), 2, 0x1234_B000, DATA_OF[from].into()]);
    }
}

/// A 16-bit gate pushes words, and its error code too.
#[test]
fn a_16_bit_gate_pushes_words() {
    let mut program = Program::user();
    program.set_gate(GP, gate(CODE_OF[0], HANDLERS + 13, 0x86, 0));
    program.set_esp(0x1234_B000);
    program.code(INT_20);
    assert_eq!(program.run(), End::Vector(GP));
    assert_eq!(program.esp(), STACKS[0] - 12);
    let frame: Vec<u16> = (0..6).map(|index| program.read_word(program.esp() + 2 * index)).collect();
    assert_eq!(frame, [0x102, CODE as u16, CODE_OF[3], 2, 0xB000, DATA_OF[3]]);
}

/// A 16-bit TSS has SP0 at 2 and SS0 at 4. SDM Vol.3A 7.6 "16-Bit Task-State Segment (TSS)".
#[test]
fn a_16_bit_tss_gives_the_inner_stack() {
    let mut program = Program::user();
    program.cpu.tr.rights = 0x83;
    program.cpu.tr.limit = 0x2B;
    program.write_word(TSS + 2, 0x7000);
    program.write_word(TSS + 4, DATA_OF[0]);
    let fault = program.code(INT_20).fault();
    assert_eq!((fault.vector, fault.ss, program.esp()), (GP, DATA_OF[3], 0x7000 - 24));
}

/// With a 16-bit stack segment only SP is loaded: ESP[31:16] stays.
#[test]
fn q21_a_16_bit_inner_stack_leaves_the_upper_half_of_esp() {
    let mut program = Program::user();
    program.write_dword(TSS + 4, 0xABCD_7000);
    program.write_dword(TSS + 8, DATA_16.into());
    program.set_esp(0x1234_B000);
    program.code(UD2);
    assert_eq!(program.run(), End::Vector(UD));
    assert_eq!(program.esp(), 0x1234_7000 - 20);
    assert_eq!(program.read_dword(0x7000 - 8), 0x1234_B000);
}

/// A conforming handler runs at the level of the interrupted program and on its stack.
#[test]
fn a_conforming_handler_keeps_the_level() {
    let mut program = Program::user();
    program.set_gate(0x20, gate(CONFORMING, HANDLERS + 0x20, 0xEE, 0));
    program.code(INT_20).steps(1);
    assert_eq!((program.cpu.cpl, program.selector(SegReg::Cs)), (3, CONFORMING | 3));
    assert_eq!((program.selector(SegReg::Ss), program.esp()), (DATA_OF[3], STACKS[3] - 12));
}

/// L13: what silicon prints. EXT is set for exceptions, external interrupts and INT1, clear for INT n and INT3.
#[test]
fn l13_a_gate_that_is_not_present() {
    let rows = [
        (UD2, UD, 0x33),
        (INT_20, 0x20, 0x102),
        (
            "
            CC ; int3
        ",
            3,
            0x1A,
        ),
        (
            "
            F1 ; int1
        ",
            1,
            0x0B,
        ),
    ];
    for (listing, vector, code) in rows {
        let mut program = Program::protected();
        program.set_gate(vector, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
        let fault = program.code(listing).fault();
        assert_eq!((fault.vector, fault.code, fault.eip), (NP, code, CODE), "{listing}");
        assert_eq!(program.last_site(), Site::GateNotPresent);
    }
    let mut program = Program::protected();
    program.set_flags(IF);
    program.set_gate(0x20, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
    program.bus.pending.push(0x20);
    let fault = program.code(UD2).fault();
    assert_eq!((fault.vector, fault.code, fault.eip), (NP, 0x103, CODE));
}

/// Everything that a gate and its target can be refused for, in order, from ring 3 by INT 20h and from outside.
/// Rows: name, gate, what else changes, vector, error code without EXT, site.
#[test]
fn q31_gates_and_targets_that_are_refused() {
    type Change = fn(&mut Program);
    let good = |selector| gate(selector, HANDLERS + 0x20, 0xEE, 0);
    let free = FREE;
    let rows: &[(&str, u64, Change, u8, u32, Site)] = &[
        ("beyond the IDT", good(8), |p| p.cpu.idtr.limit = 0x106, GP, 0x102, Site::IdtLimit),
        ("no gate", gate(8, HANDLERS, 0xE0, 0), |_| (), GP, 0x102, Site::IdtType),
        ("a call gate", gate(8, HANDLERS, 0xEC, 0), |_| (), GP, 0x102, Site::IdtType),
        ("a segment descriptor", descriptor(0, 0xFFFF, 0xF3), |_| (), GP, 0x102, Site::IdtType),
        ("a wrong type not present", gate(8, HANDLERS, 0x6C, 0), |_| (), GP, 0x102, Site::IdtType),
        ("not present", gate(8, HANDLERS, 0x6E, 0), |_| (), NP, 0x102, Site::GateNotPresent),
        ("a null target", good(3), |_| (), GP, 0, Site::SelectorNull),
        ("a target beyond the GDT", good(0x103), |_| (), GP, 0x100, Site::SelectorLimit),
        ("a target in no LDT", good(0xC), |p| p.cpu.ldtr.limit = 0, GP, 0xC, Site::SelectorLimit),
        ("data", good(DATA_OF[0]), |_| (), GP, 0x10, Site::CodeType),
        ("a system descriptor", good(TSS_SELECTOR), |_| (), GP, 0x48, Site::CodeType),
        (
            "data, not present",
            good(free),
            |p| p.set_descriptor(FREE, descriptor(0, 0xF_FFFF, 0xC013)),
            GP,
            0x70,
            Site::CodeType,
        ),
        (
            "code, not present",
            good(free),
            |p| p.set_descriptor(FREE, descriptor(0, 0xF_FFFF, 0xC01B)),
            NP,
            0x70,
            Site::CodeNotPresent,
        ),
    ];
    for (name, gate, change, vector, code, site) in rows {
        for external in [false, true] {
            let mut program = Program::user();
            // #GP and #NP are delivered to ring 0 whatever INT 20h finds.
            program.set_gate(0x20, *gate);
            change(&mut program);
            if external {
                program.set_flags(IF);
                program.bus.pending.push(0x20);
            }
            let found = program.code(INT_20).fault_site();
            assert_eq!(found, (*vector, code | u32::from(external), *site), "{name}, external {external}");
        }
    }
}

/// A target of an outer level. SDM Vol.3A 6.12.1.1 "Shadow Stacks" aside, 6.12.1.2 "Protection of Exception- and
/// Interrupt-Handler Procedures".
#[test]
fn a_handler_may_not_be_less_privileged() {
    let mut program = Program::protected();
    program.set_gate(0x20, gate(CODE_OF[3], HANDLERS, 0xEE, 0));
    assert_eq!(program.code(INT_20).fault_site(), (GP, 0x38, Site::CodePrivilege));
}

/// The inner stack: every check, its order and error code. The handler is in ring 1, so that the fault itself finds a
/// good stack in ring 0. SDM Vol.3A 6.15 "Interrupt 10-Invalid TSS Exception (#TS)".
#[test]
fn q31_inner_stacks_that_are_refused() {
    type Change = fn(&mut Program);
    let ss1 = TSS + 16;
    let free = u32::from(FREE);
    let rows: &[(&str, u32, Change, u8, u32, Site)] = &[
        ("the TSS is too short", 0x21, |p| p.cpu.tr.limit = 0x10, TS, 0x48, Site::TssLimit),
        ("a null selector", 3, |_| (), TS, 0, Site::TssStack),
        ("a selector beyond the GDT", 0x101, |_| (), TS, 0x100, Site::TssStack),
        ("RPL is not the level", 0x20, |_| (), TS, 0x20, Site::TssStack),
        ("DPL is not the level", 0x11, |_| (), TS, 0x10, Site::TssStack),
        ("code", 0x19, |_| (), TS, 0x18, Site::TssStack),
        ("read-only", free | 1, |p| p.set_descriptor(FREE, descriptor(0, 0xF_FFFF, 0xC0B1)), TS, 0x70, Site::TssStack),
        (
            "not present",
            free | 1,
            |p| p.set_descriptor(FREE, descriptor(0, 0xF_FFFF, 0xC033)),
            SS,
            0x70,
            Site::TssStackNotPresent,
        ),
        (
            "no room",
            free | 1,
            |p| p.set_descriptor(FREE, descriptor(0, 0xF, 0xC0B3 | 4)),
            SS,
            0x70,
            Site::NewStackLimit,
        ),
    ];
    for (name, selector, change, vector, code, site) in rows {
        for external in [false, true] {
            let mut program = Program::user();
            program.set_gate(0x20, to_ring_1(0x20));
            program.write_dword(ss1, *selector);
            change(&mut program);
            program.set_flags(IF);
            if external {
                program.bus.pending.push(0x20);
            }
            let fault = program.code(INT_20).fault();
            let found = (fault.vector, fault.code, program.last_site());
            assert_eq!(found, (*vector, code | u32::from(external), *site), "{name}, external {external}");
            assert_eq!((fault.cs, fault.ss, fault.esp), (CODE_OF[3], DATA_OF[3], STACKS[3]), "{name}");
            assert_eq!(fault.eip, CODE, "{name}");
        }
    }
}

/// The stack is looked at before the handler's offset. SDM Vol.2A "INT n", INTER-PRIVILEGE-LEVEL-INTERRUPT and
/// INTRA-PRIVILEGE-LEVEL-INTERRUPT.
#[test]
fn the_stack_is_checked_before_the_offset_of_the_handler() {
    // The handler's segment ends in front of its offset.
    let short_code = |p: &mut Program, dpl: u32| p.set_descriptor(FREE, descriptor(0, 0xFFF, 0x409B | dpl << 5));
    let mut program = Program::user();
    short_code(&mut program, 1);
    program.set_gate(0x20, gate(FREE, 0x1000, 0xEE, 0));
    assert_eq!(program.code(INT_20).fault_site(), (GP, 0, Site::BranchLimit));
    assert_eq!(program.access_byte(FREE), 0xBB);

    program = Program::user();
    short_code(&mut program, 1);
    program.set_gate(0x20, gate(FREE, 0x1000, 0xEE, 0));
    program.write_dword(TSS + 16, 0);
    assert_eq!(program.code(INT_20).fault_site(), (TS, 0, Site::TssStack));

    program = Program::user();
    short_code(&mut program, 1);
    program.set_gate(0x20, gate(FREE, 0x1000, 0xEE, 0));
    program.set_descriptor(0x78, descriptor(0, 0xF, 0xC0B3 | 4));
    program.write_dword(TSS + 16, 0x79);
    assert_eq!(program.code(INT_20).fault_site(), (SS, 0x78, Site::NewStackLimit));

    // Same level: no room on the current stack, error code 0. #SS goes to ring 0.
    program = Program::protected();
    program.enter_ring(1);
    short_code(&mut program, 1);
    program.set_gate(0x20, gate(FREE, 0x1000, 0xEE, 0));
    program.cpu.segments[SegReg::Ss as usize].limit = 0x8FF7;
    program.set_esp(0x9002);
    assert_eq!(program.code(INT_20).fault_site(), (SS, 0, Site::StackLimit));
}

/// A delivery that fails leaves the accessed flag of the handler's code segment alone.
#[test]
fn a_failed_delivery_changes_nothing() {
    let mut program = Program::user();
    program.set_descriptor(FREE, descriptor(0, 0xFFF, 0x409A | 1 << 5));
    program.set_gate(0x20, gate(FREE, 0x1000, 0xEE, 0));
    let fault = program.code(INT_20).fault();
    assert_eq!((fault.vector, fault.cs, fault.ss, fault.esp), (GP, CODE_OF[3], DATA_OF[3], STACKS[3]));
    assert_eq!(program.access_byte(FREE), 0xBA);
}

/// An exception in the delivery of a serial second one combines with that one.
#[test]
fn q30_a_third_exception_combines_with_the_second() {
    let mut program = Program::protected();
    program.set_gate(UD, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
    program.set_gate(NP, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
    program.code(UD2);
    assert_eq!(program.run(), End::Vector(DF), "#UD, then #NP, then #NP within it");
}

#[test]
fn q30_shutdown_keeps_the_place() {
    let mut program = Program::protected();
    program.cpu.idtr.limit = 0;
    program.code(UD2);
    assert_eq!(program.run(), End::Shutdown);
    assert_eq!((program.eip(), program.selector(SegReg::Cs), program.esp()), (CODE, 8, STACKS[0]));
    assert_eq!(program.run(), End::Shutdown, "only a reset leaves it");
}

/// Q32: implicit accesses are supervisor accesses; pushes have the rights of the handler's level.
#[test]
fn q32_page_faults_of_delivery_have_the_user_bit_of_their_level() {
    let rows: &[(&str, u32, u64, u32)] = &[
        ("the inner stack", STACKS[1], to_ring_1(0x80), 2),
        ("the user's own stack", STACKS[3], gate(CODE_OF[3], HANDLERS, 0xEE, 0), 6),
    ];
    for (name, top, gate, code) in rows {
        let mut program = Program::paged_user();
        program.set_gate(0x80, *gate);
        program.write_dword(pte_of(top - 4), 0);
        let fault = program.code("CD 80 ; int").fault();
        assert_eq!((fault.vector, fault.code, program.cpu.cr2), (PF, *code, u64::from(top - 4)), "{name}");
    }
}

#[test]
fn q32_the_idt_is_read_as_a_supervisor() {
    let mut program = Program::paged_user();
    let table = program.read(IDT, 0x800);
    program.write(0x3_0C00, &table);
    program.cpu.idtr.base = 0x3_0C00;
    program.write_dword(pte_of(0x3_1000), 0);
    let fault = program.code("CD 80 ; int").fault();
    assert_eq!((fault.vector, fault.code, program.cpu.cr2), (PF, 0, 0x3_1000));
}

/// The accessed flag of the handler's segment is written as a supervisor, and CR0.WP holds for it.
#[test]
fn q57_setting_the_accessed_flag_obeys_cr0_wp() {
    for (wp, vector) in [(0, 0x80), (CR0_WP, PF)] {
        let mut program = Program::paged_user();
        program.cpu.cr0 |= wp;
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, CODE_32 & !1));
        program.set_gate(0x80, gate(FREE, HANDLERS + 0x80, 0xEE, 0));
        program.write_dword(pte_of(GDT), GDT | 5);
        let fault = program.code("CD 80 ; int").fault();
        assert_eq!(fault.vector, vector);
        if vector == PF {
            assert_eq!((fault.code, program.cpu.cr2), (3, u64::from(GDT + u32::from(FREE) + 5)));
            assert_eq!((fault.cs, fault.ss, fault.esp), (CODE_OF[3], DATA_OF[3], STACKS[3]));
        }
    }
}

/// The image that a fault pushes has RF set; that of INT n has it clear, even if it was set. SDM Vol.3B 17.3.1.1.
#[test]
fn q08_rf_in_the_pushed_image() {
    let mut program = Program::protected();
    assert_eq!(program.code(UD2).fault().flags, RF | 2);
    let mut program = Program::protected();
    program.set_flags(RF);
    assert_eq!(program.code(INT_20).fault().flags, 2);
}

/// TF does not survive delivery, and a fault makes no single-step trap.
#[test]
fn a_fault_under_tf_makes_no_trap() {
    let mut program = Program::protected();
    program.set_flags(TF | AC);
    let fault = program.code(UD2).fault();
    assert_eq!((fault.vector, fault.flags), (UD, TF | AC | RF | 2));
    assert_eq!(program.cpu.flags.bits(), AC | 2);
    assert_eq!(program.cpu.dr6, 0xFFFF_0FF0);
}
