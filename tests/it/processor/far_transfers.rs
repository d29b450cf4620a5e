//! Far JMP, CALL, RET and IRET in protected mode: every check, its order, its error code, and what success leaves.
//! SDM Vol.2A "CALL", "JMP", "IRET/IRETD", Vol.2B "RET" Operation; Vol.3A 5.8 "Privilege Level Checking when
//! Transferring Program Control Between Code Segments".

use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::site::Site;

use crate::program::*;

const NP: u8 = 11;
const SS: u8 = 12;
const GP: u8 = 13;
const TS: u8 = 10;

/// Where transfers go.
const TARGET: u32 = 0x1_4000;

/// JMP or CALL ptr16:32.
fn far(opcode: u8, selector: u16, offset: u32) -> Vec<u8> {
    [&[opcode][..], &offset.to_le_bytes(), &selector.to_le_bytes()].concat()
}

const JMP: u8 = 0xEA;
const CALL: u8 = 0x9A;

fn with_code(ring: u8, bytes: &[u8]) -> Program {
    let mut program = Program::protected();
    program.enter_ring(ring);
    program.write(CODE, bytes);
    program
}

/// A row of a table of refusals: name, ring, selector, what is put into the free places of the GDT, vector, error
/// code, site.
type Row = (&'static str, u8, u16, &'static [(u16, u64)], u8, u32, Site);

const CODE_DPL0: u32 = CODE_32;
const fn code(rights: u32) -> u64 {
    descriptor(0, 0xF_FFFF, rights)
}

const DIRECT: &[Row] = &[
    ("null", 0, 0, &[], GP, 0, Site::SelectorNull),
    ("null with an RPL", 0, 3, &[], GP, 0, Site::SelectorNull),
    ("beyond the GDT", 0, 0x100, &[], GP, 0x100, Site::SelectorLimit),
    ("beyond the LDT", 0, 0x44, &[], GP, 0x44, Site::SelectorLimit),
    ("data", 0, 0x10, &[], GP, 0x10, Site::CodeType),
    ("an LDT", 0, LDT_SELECTOR, &[], GP, 0x50, Site::GateType),
    ("a busy TSS", 0, TSS_SELECTOR, &[], GP, 0x48, Site::GateType),
    ("an interrupt gate", 0, FREE, &[(FREE, gate(8, TARGET, 0xEE, 0))], GP, 0x70, Site::GateType),
    ("an undefined type", 0, FREE, &[(FREE, gate(8, TARGET, 0xE8, 0))], GP, 0x70, Site::GateType),
    ("DPL below CPL", 3, 0x0B, &[], GP, 8, Site::CodePrivilege),
    ("DPL above CPL", 0, 0x38, &[], GP, 0x38, Site::CodePrivilege),
    ("RPL above CPL", 0, 0x0B, &[], GP, 8, Site::CodePrivilege),
    ("conforming, DPL above CPL", 0, FREE, &[(FREE, code(CODE_DPL0 | 0x64))], GP, 0x70, Site::CodePrivilege),
    ("not present", 0, FREE, &[(FREE, code(0xC01B))], NP, 0x70, Site::CodeNotPresent),
    ("conforming, not present", 3, FREE | 3, &[(FREE, code(0xC01F))], NP, 0x70, Site::CodeNotPresent),
    ("privilege before presence", 3, FREE, &[(FREE, code(0xC01B))], GP, 0x70, Site::CodePrivilege),
    ("beyond its limit", 0, FREE, &[(FREE, descriptor(0, 0xFFF, 0x409B))], GP, 0, Site::BranchLimit),
];

#[test]
fn direct_transfers_that_are_refused() {
    for opcode in [JMP, CALL] {
        for (name, ring, selector, descriptors, vector, code, site) in DIRECT {
            let mut program = with_code(*ring, &far(opcode, *selector, TARGET));
            for (at, raw) in *descriptors {
                program.set_descriptor(*at, *raw);
            }
            let fault = program.fault();
            let found = (fault.vector, fault.code, program.last_site());
            assert_eq!(found, (*vector, *code, *site), "{opcode:x} {name}");
            assert_eq!((fault.eip, fault.esp), (CODE, STACKS[usize::from(*ring)]), "{opcode:x} {name}");
        }
    }
}

/// SDM Vol.2A "CALL", CONFORMING-CODE-SEGMENT and NONCONFORMING-CODE-SEGMENT: room on the stack, then the offset.
#[test]
fn a_call_looks_at_its_stack_before_the_offset() {
    let mut program = with_code(1, &far(CALL, 0x79, TARGET));
    program.set_descriptor(0x78, descriptor(0, 0xFFF, 0x40BA));
    program.cpu.segments[SegReg::Ss as usize].limit = 0x8FF7;
    program.set_esp(0x9002);
    assert_eq!(program.fault_site(), (SS, 0, Site::StackLimit));
    assert_eq!(program.access_byte(0x78), 0xBA, "a call that fails marks nothing");
}

#[test]
fn direct_transfers_that_succeed() {
    let rows: &[(&str, u8, u16, u64, u16)] = &[
        ("same level", 0, FREE, code(CODE_DPL0), FREE),
        ("RPL below CPL", 3, FREE, code(CODE_DPL0 | 0x60), FREE | 3),
        ("conforming from ring 3", 3, FREE, code(CODE_DPL0 | 4), FREE | 3),
        ("conforming with RPL 3", 0, FREE | 3, code(CODE_DPL0 | 4), FREE),
        ("not yet accessed", 1, FREE | 1, code(CODE_DPL0 & !1 | 0x20), FREE | 1),
    ];
    for opcode in [JMP, CALL] {
        for (name, ring, selector, raw, cs) in rows {
            let mut program = with_code(*ring, &far(opcode, *selector, TARGET));
            program.set_descriptor(FREE, *raw);
            program.steps(1);
            assert_eq!((program.selector(SegReg::Cs), program.eip(), program.cpu.cpl), (*cs, TARGET, *ring), "{name}");
            assert_eq!(program.access_byte(FREE) & 1, 1, "{name}");
            assert_eq!(program.cpu.seg(SegReg::Cs).rights & 1, 1, "{name}");
            let top = STACKS[usize::from(*ring)];
            if opcode == CALL {
                assert_eq!(program.esp(), top - 8);
                let frame = [program.read_dword(top - 8), program.read_dword(top - 4)];
                assert_eq!(frame, [CODE + 7, CODE_OF[usize::from(*ring)].into()], "{name}");
            } else {
                assert_eq!(program.esp(), top);
            }
        }
    }
}

/// With 16-bit operands the offset has 16 bits and words are pushed.
#[test]
fn a_16_bit_far_call_pushes_words() {
    let mut program = with_code(0, &[0x66, 0x9A, 0x00, 0x60, 0x08, 0x00]);
    program.steps(1);
    assert_eq!((program.eip(), program.esp()), (0x6000, STACKS[0] - 4));
    let top = STACKS[0] - 4;
    assert_eq!((program.read_word(top), program.read_word(top + 2)), ((CODE + 6) as u16, 8));
}

/// Far pointers in memory, of both sizes.
#[test]
fn far_pointers_in_memory() {
    let mut program = with_code(0, &[0xFF, 0x2D, 0, 0, 2, 0]);
    program.write_dword(DATA, TARGET);
    program.write_word(DATA + 4, FREE);
    program.set_descriptor(FREE, code(CODE_DPL0));
    program.steps(1);
    assert_eq!((program.selector(SegReg::Cs), program.eip()), (FREE, TARGET));
    let mut program = with_code(0, &[0x66, 0xFF, 0x1D, 0, 0, 2, 0]);
    program.write_word(DATA, 0x6000);
    program.write_word(DATA + 2, 8);
    program.steps(1);
    assert_eq!((program.eip(), program.esp()), (0x6000, STACKS[0] - 4));
}

const CALL_GATE: u8 = 0xEC;

/// Call gates, from ring 3 unless said otherwise; the gate stands at FREE, its target at 78h.
const GATES: &[Row] = &[
    ("DPL below CPL", 3, FREE, &[(FREE, gate(8, TARGET, 0x8C, 0))], GP, 0x70, Site::GatePrivilege),
    ("DPL below RPL", 0, FREE | 3, &[(FREE, gate(8, TARGET, 0x8C, 0))], GP, 0x70, Site::GatePrivilege),
    ("privilege before presence", 3, FREE, &[(FREE, gate(8, TARGET, 0x0C, 0))], GP, 0x70, Site::GatePrivilege),
    ("not present", 3, FREE, &[(FREE, gate(8, TARGET, 0x6C, 0))], NP, 0x70, Site::GateNotPresent),
    ("a null target", 3, FREE, &[(FREE, gate(2, TARGET, CALL_GATE, 0))], GP, 0, Site::SelectorNull),
    ("a target beyond the GDT", 3, FREE, &[(FREE, gate(0x203, TARGET, CALL_GATE, 0))], GP, 0x200, Site::SelectorLimit),
    ("data", 3, FREE, &[(FREE, gate(0x43, TARGET, CALL_GATE, 0))], GP, 0x40, Site::CodeType),
    ("another gate", 3, FREE, &[(FREE, gate(FREE, TARGET, CALL_GATE, 0))], GP, 0x70, Site::CodeType),
    ("code above CPL", 0, FREE, &[(FREE, gate(0x38, TARGET, CALL_GATE, 0))], GP, 0x38, Site::CodePrivilege),
    (
        "conforming code above CPL",
        0,
        FREE,
        &[(FREE, gate(0x78, TARGET, CALL_GATE, 0)), (0x78, code(CODE_DPL0 | 0x64))],
        GP,
        0x78,
        Site::CodePrivilege,
    ),
    (
        "code not present",
        3,
        FREE,
        &[(FREE, gate(0x7B, TARGET, CALL_GATE, 0)), (0x78, code(0xC07B))],
        NP,
        0x78,
        Site::CodeNotPresent,
    ),
    (
        "beyond the limit of the code",
        3,
        FREE,
        &[(FREE, gate(0x7B, TARGET, CALL_GATE, 0)), (0x78, descriptor(0, 0xFFF, 0x40FB))],
        GP,
        0,
        Site::BranchLimit,
    ),
];

#[test]
fn q24_call_gates_that_are_refused() {
    for opcode in [JMP, CALL] {
        for (name, ring, selector, descriptors, vector, code, site) in GATES {
            // The offset in the instruction means nothing.
            let mut program = with_code(*ring, &far(opcode, *selector, 0xFFFF_FFFF));
            for (at, raw) in *descriptors {
                program.set_descriptor(*at, *raw);
            }
            let fault = program.fault();
            let found = (fault.vector, fault.code, program.last_site());
            assert_eq!(found, (*vector, *code, *site), "{opcode:x} {name}");
            assert_eq!((fault.eip, fault.esp), (CODE, STACKS[usize::from(*ring)]), "{opcode:x} {name}");
        }
    }
}

/// JMP through a gate cannot change CPL. SDM Vol.3A Table 5-1 "Privilege Check Rules for Call Gates".
#[test]
fn q24_jmp_through_a_gate_keeps_the_level() {
    let mut program = with_code(3, &far(JMP, FREE, 0));
    program.set_descriptor(FREE, gate(8, TARGET, CALL_GATE, 0));
    assert_eq!(program.fault_site(), (GP, 8, Site::CodePrivilege));
    for (target, cs) in [(0x3B, 0x3B), (CONFORMING, CONFORMING | 3)] {
        let mut program = with_code(3, &far(JMP, FREE, 0));
        program.set_descriptor(FREE, gate(target, TARGET, CALL_GATE, 5));
        program.steps(1);
        assert_eq!((program.selector(SegReg::Cs), program.eip(), program.cpu.cpl), (cs, TARGET, 3));
        assert_eq!(program.esp(), STACKS[3]);
    }
}

/// A call through a gate to the same level pushes by the gate's size, not the operand size, and copies nothing.
#[test]
fn q24_a_call_to_the_same_level() {
    for (access, bytes) in [(0xEC, 4), (0xE4, 2)] {
        let mut program = with_code(3, &far(CALL, FREE, 0));
        program.set_descriptor(FREE, gate(CONFORMING, 0x6000, access, 7));
        program.steps(1);
        assert_eq!((program.selector(SegReg::Cs), program.eip()), (CONFORMING | 3, 0x6000));
        assert_eq!(program.esp(), STACKS[3] - 2 * bytes);
        let at = program.esp();
        let frame = match bytes {
            4 => [program.read_dword(at), program.read_dword(at + 4)],
            _ => [program.read_word(at).into(), program.read_word(at + 2).into()],
        };
        let mask = if bytes == 4 { u32::MAX } else { 0xFFFF };
        assert_eq!(frame, [(CODE + 7) & mask, CODE_OF[3].into()]);
    }
}

/// The inner stack holds SS, ESP, the parameters in order, CS, EIP.
#[test]
fn q24_a_call_to_an_inner_level_copies_parameters() {
    for count in [0, 1, 5, 31] {
        for (access, bytes) in [(0xEC, 4u32), (0xE4, 2)] {
            let mut program = with_code(3, &far(CALL, FREE, 0));
            program.set_descriptor(FREE, gate(0x1B, 0x6000, access, count | 0xE0));
            let top = STACKS[3] - bytes * u32::from(count);
            program.set_esp(top);
            let parameter = |index: u32| 0xA5A5_0100 + index;
            for index in 0..u32::from(count) {
                program.write(top + bytes * index, &parameter(index).to_le_bytes()[..bytes as usize]);
            }
            program.steps(1);
            assert_eq!((program.selector(SegReg::Cs), program.eip(), program.cpu.cpl), (0x19, 0x6000, 1));
            assert_eq!(program.selector(SegReg::Ss), 0x21);
            assert_eq!(program.esp(), STACKS[1] - bytes * (4 + u32::from(count)));
            let read = |program: &Program, index: u32| match bytes {
                4 => program.read_dword(program.esp() + 4 * index),
                _ => program.read_word(program.esp() + 2 * index).into(),
            };
            let mask = if bytes == 4 { u32::MAX } else { 0xFFFF };
            assert_eq!(read(&program, 0), (CODE + 7) & mask);
            assert_eq!(read(&program, 1), u32::from(CODE_OF[3]));
            for index in 0..u32::from(count) {
                assert_eq!(read(&program, 2 + index), parameter(index) & mask, "{index} of {count}");
            }
            assert_eq!(read(&program, 2 + u32::from(count)), top & mask);
            assert_eq!(read(&program, 3 + u32::from(count)), u32::from(DATA_OF[3]));
        }
    }
}

/// SDM Vol.2A "CALL", MORE-PRIVILEGE: the new stack before the offset of the gate; and the parameters lie within the
/// old stack.
#[test]
fn q24_inner_stacks_that_are_refused() {
    type Change = fn(&mut Program);
    let rows: &[(&str, u16, Change, u8, u32, Site)] = &[
        ("a short TSS", 0x21, |p| p.cpu.tr.limit = 0x10, TS, 0x48, Site::TssLimit),
        ("a null selector", 1, |_| (), TS, 0, Site::TssStack),
        ("beyond the GDT", 0x101, |_| (), TS, 0x100, Site::TssStack),
        ("RPL is not the level", 0x20, |_| (), TS, 0x20, Site::TssStack),
        ("DPL is not the level", 0x11, |_| (), TS, 0x10, Site::TssStack),
        ("read-only", 0x81, |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC0B1)), TS, 0x80, Site::TssStack),
        (
            "not present",
            0x81,
            |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC033)),
            SS,
            0x80,
            Site::TssStackNotPresent,
        ),
        (
            "no room for all of it",
            0x81,
            |p| {
                // Expand-down, valid from 8FF0h on: room for four operands but not for two parameters more.
                p.set_descriptor(0x80, descriptor(0, 0x8FEF, 0x40B7));
            },
            SS,
            0x80,
            Site::NewStackLimit,
        ),
        (
            "parameters outside the old stack",
            0x21,
            |p| p.cpu.segments[SegReg::Ss as usize].limit = STACKS[3] - 5,
            SS,
            0,
            Site::StackLimit,
        ),
    ];
    for (name, selector, change, vector, code, site) in rows {
        for offset in [0x6000, 0x2000_0000] {
            let mut program = with_code(3, &far(CALL, FREE, 0));
            // Code of ring 1 that ends below the second offset, and is not yet accessed.
            program.set_descriptor(0x78, descriptor(0, 0xFFFF, 0xC0BA));
            program.set_descriptor(FREE, gate(0x78, offset, CALL_GATE, 2));
            program.write_dword(TSS + 16, (*selector).into());
            program.set_esp(STACKS[3] - 8);
            change(&mut program);
            let fault = program.fault();
            let found = (fault.vector, fault.code, program.last_site());
            if *site == Site::StackLimit && offset > 0x0FFF_FFFF {
                // The parameters are read when everything else is known to be good.
                assert_eq!(found, (GP, 0, Site::BranchLimit), "{name}");
            } else {
                assert_eq!(found, (*vector, *code, *site), "{name} {offset:x}");
            }
            let came_from = (fault.eip, fault.cs, fault.esp, fault.ss);
            assert_eq!(came_from, (CODE, CODE_OF[3], STACKS[3] - 8, DATA_OF[3]), "{name}");
            assert_eq!(program.access_byte(0x78), 0xBA, "{name}");
        }
    }
}

/// What returns find on the stack: (E)IP, CS, and further up (E)SP and SS.
fn returning(opcode: &[u8], ring: u8, stack: &[u32]) -> Program {
    let mut program = with_code(ring, opcode);
    let top = STACKS[usize::from(ring)] - 4 * stack.len() as u32;
    for (index, value) in stack.iter().enumerate() {
        program.write_dword(top + 4 * index as u32, *value);
    }
    program.set_esp(top);
    program
}

/// RETF and IRET, told apart by the flags image between CS and ESP.
const RETURNS: [(&str, u8); 2] = [("retf", 0xCB), ("iret", 0xCF)];

fn frame_for(opcode: u8, eip: u32, cs: u16, outer: Option<(u32, u16)>) -> Vec<u32> {
    let mut frame = vec![eip, cs.into()];
    if opcode == 0xCF {
        frame.push(2);
    }
    if let Some((esp, ss)) = outer {
        frame.extend([esp, ss.into()]);
    }
    frame
}

const RETURN_CODE: &[Row] = &[
    ("null", 0, 0, &[], GP, 0, Site::SelectorNull),
    ("null with an RPL", 3, 3, &[], GP, 0, Site::SelectorNull),
    ("beyond the GDT", 0, 0x100, &[], GP, 0x100, Site::SelectorLimit),
    ("data", 0, 0x10, &[], GP, 0x10, Site::CodeType),
    ("a gate", 0, FREE, &[(FREE, gate(8, TARGET, CALL_GATE, 0))], GP, 0x70, Site::CodeType),
    ("to an inner level", 3, 8, &[], GP, 8, Site::ReturnPrivilege),
    ("RPL below CPL, conforming", 3, CONFORMING, &[], GP, 0x68, Site::ReturnPrivilege),
    ("DPL is not RPL", 0, 0x0B, &[], GP, 8, Site::CodePrivilege),
    ("DPL above RPL", 0, 0x38, &[], GP, 0x38, Site::CodePrivilege),
    ("conforming above RPL", 0, FREE, &[(FREE, code(CODE_DPL0 | 0x64))], GP, 0x70, Site::CodePrivilege),
    ("not present", 0, FREE, &[(FREE, code(0xC01B))], NP, 0x70, Site::CodeNotPresent),
    ("privilege before presence", 3, FREE, &[(FREE, code(0xC01B))], GP, 0x70, Site::ReturnPrivilege),
    ("beyond the limit", 0, FREE, &[(FREE, descriptor(0, 0xFFF, 0x409A))], GP, 0, Site::BranchLimit),
];

#[test]
fn returns_to_code_that_is_refused() {
    for (name_of, opcode) in RETURNS {
        for (name, ring, selector, descriptors, vector, code, site) in RETURN_CODE {
            // Where an outer stack would be read, it is a good one.
            let stack = frame_for(opcode, TARGET, *selector, Some((STACKS[3], DATA_OF[3])));
            let mut program = returning(&[opcode], *ring, &stack);
            for (at, raw) in *descriptors {
                program.set_descriptor(*at, *raw);
            }
            let before = program.access_byte(FREE);
            let esp = program.esp();
            let fault = program.fault();
            let found = (fault.vector, fault.code, program.last_site());
            assert_eq!(found, (*vector, *code, *site), "{name_of} {name}");
            assert_eq!((fault.eip, fault.esp), (CODE, esp), "{name_of} {name}");
            assert_eq!(program.access_byte(FREE), before, "{name_of} {name}");
        }
    }
}

/// SDM Vol.2B "RET", RETURN-TO-OUTER-PRIVILEGE-LEVEL: the stack segment before the return offset.
#[test]
fn returns_to_an_outer_stack_that_is_refused() {
    type Row = (&'static str, u16, u64, u8, u32, Site);
    let data = |rights: u32| descriptor(0, 0xF_FFFF, rights);
    let rows: &[Row] = &[
        ("null", 3, 0, GP, 0, Site::SelectorNull),
        ("beyond the GDT", 0x103, 0, GP, 0x100, Site::SelectorLimit),
        ("RPL is not that of CS", 0x40, 0, GP, 0x40, Site::StackType),
        ("code", 0x3B, 0, GP, 0x38, Site::StackType),
        ("DPL is not the RPL of CS", 0x13, 0, GP, 0x10, Site::StackType),
        ("read-only", 0x73, data(0xC0F1), GP, 0x70, Site::StackType),
        ("not present", 0x73, data(0xC073), SS, 0x70, Site::StackNotPresent),
    ];
    for (name_of, opcode) in RETURNS {
        for eip in [TARGET, 0x2000_0000] {
            for (name, stack, raw, vector, code, site) in rows {
                let frame = frame_for(opcode, eip, 0x7B, Some((STACKS[3], *stack)));
                let mut program = returning(&[opcode], 0, &frame);
                program.set_descriptor(FREE, *raw);
                // Code of ring 3 that ends below the second offset, not yet accessed.
                program.set_descriptor(0x78, descriptor(0, 0xFFFF, 0xC0FA));
                let esp = program.esp();
                let fault = program.fault();
                let found = (fault.vector, fault.code, program.last_site());
                assert_eq!(found, (*vector, *code, *site), "{name_of} {name} {eip:x}");
                assert_eq!((fault.eip, fault.cs, fault.esp), (CODE, 8, esp), "{name_of} {name}");
                assert_eq!(program.access_byte(0x78), 0xFA, "{name_of} {name}");
            }
        }
    }
}

/// The frame must lie within the stack as a whole.
#[test]
fn returns_whose_frame_leaves_the_stack() {
    for (name, opcode) in RETURNS {
        let words = if opcode == 0xCF { 5 } else { 4 };
        for room in 0..words {
            let frame = frame_for(opcode, TARGET, CODE_OF[3], Some((STACKS[3], DATA_OF[3])));
            let mut program = returning(&[opcode], 1, &frame);
            let limit = program.esp() + 4 * room - 1;
            program.cpu.segments[SegReg::Ss as usize].limit = limit;
            let esp = program.esp();
            let fault = program.fault();
            assert_eq!((fault.vector, fault.code, fault.esp), (SS, 0, esp), "{name}, {room} operands");
            assert_eq!(program.last_site(), Site::StackLimit);
        }
    }
}

/// RET n releases parameters on both stacks.
#[test]
fn q24_retf_n_releases_on_both_stacks() {
    let frame = [TARGET, CODE_OF[3].into(), 0xAAAA, 0xBBBB, 0xB000, DATA_OF[3].into()];
    let mut program = returning(&[0xCA, 8, 0], 0, &frame);
    program.steps(1);
    assert_eq!((program.selector(SegReg::Cs), program.eip(), program.cpu.cpl), (CODE_OF[3], TARGET, 3));
    assert_eq!((program.selector(SegReg::Ss), program.esp()), (DATA_OF[3], 0xB008));
    let mut program = returning(&[0xCA, 8, 0], 0, &[TARGET, 8]);
    program.steps(1);
    assert_eq!((program.selector(SegReg::Cs), program.esp()), (8, STACKS[0] + 8));
}

/// A return to an outer 16-bit stack leaves ESP[31:16] of the inner one.
#[test]
fn q21_a_return_to_a_16_bit_stack_leaks_the_upper_half() {
    for (_, opcode) in RETURNS {
        let frame = frame_for(opcode, TARGET, CODE_OF[3], Some((0x7777_B000, 0x73)));
        let mut program = returning(&[opcode], 0, &frame);
        program.set_descriptor(FREE, descriptor(0, 0xFFFF, 0xF3));
        program.set_esp(program.esp() + 0x9_0000);
        for (index, value) in frame.iter().enumerate() {
            program.write_dword(program.esp() + 4 * index as u32, *value);
        }
        program.steps(1);
        assert_eq!(program.esp(), 0x9_B000);
    }
}

/// Data segments that the outer level may not use become null; conforming code and those of its own level stay.
#[test]
fn q24_a_return_nulls_inner_data_segments() {
    for (_, opcode) in RETURNS {
        let frame = frame_for(opcode, TARGET, CODE_OF[3], Some((STACKS[3], DATA_OF[3])));
        let mut program = returning(&[opcode], 0, &frame);
        program.load(SegReg::Es, DATA_OF[1]);
        program.load(SegReg::Ds, CONFORMING);
        program.load(SegReg::Fs, 8);
        program.load(SegReg::Gs, DATA_OF[3]);
        let conforming = *program.cpu.seg(SegReg::Ds);
        program.steps(1);
        let null = Segment::null(ringwalk_cpu::segment::Selector(0));
        assert_eq!(*program.cpu.seg(SegReg::Es), null);
        assert_eq!(*program.cpu.seg(SegReg::Fs), null, "code that does not conform");
        assert_eq!(*program.cpu.seg(SegReg::Ds), conforming);
        assert_eq!(program.selector(SegReg::Gs), DATA_OF[3]);
    }
}

/// With 16-bit operands everything on the stack is a word, and ESP of a 32-bit stack is zero-extended.
#[test]
fn returns_with_16_bit_operands() {
    let mut program = with_code(0, &[0x66, 0xCB]);
    let words = [0x6000, CODE_OF[3], 0xB000, DATA_OF[3]];
    for (index, value) in words.iter().enumerate() {
        program.write_word(STACKS[0] - 8 + 2 * index as u32, *value);
    }
    program.set_esp(STACKS[0] - 8);
    program.steps(1);
    assert_eq!((program.eip(), program.cpu.cpl, program.esp()), (0x6000, 3, 0xB000));
}

/// Within a level only the frame goes.
#[test]
fn returns_within_a_level() {
    for (_, opcode) in RETURNS {
        for (ring, cs) in [(0, 8), (3, CODE_OF[3]), (3, CONFORMING | 3)] {
            let frame = frame_for(opcode, TARGET, cs, None);
            let mut program = returning(&[opcode], ring, &frame);
            program.steps(1);
            let found = (program.selector(SegReg::Cs), program.eip(), program.esp());
            assert_eq!(found, (cs, TARGET, STACKS[usize::from(ring)]));
            assert_eq!(program.selector(SegReg::Ds), DATA_OF[usize::from(ring)]);
        }
    }
}
