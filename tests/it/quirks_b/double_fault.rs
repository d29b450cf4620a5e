//! Exceptions that arise while another is delivered. SDM Vol.3A 6.13 "Error Code", 6.15 "Interrupt 8-Double Fault
//! Exception (#DF)", Table 6-4 "Interrupt and Exception Classes", Table 6-5 "Conditions for Generating a Double Fault".

use ringwalk_cpu::flags::{AC, IF, OF, TF};
use ringwalk_cpu::run::{Exit, Limits, MOST_FRUITLESS_DELIVERIES};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_AM, CR0_NE, CR0_TS};

use super::*;

const DB: u8 = 1;
const NMI: u8 = 2;
const BP: u8 = 3;
const OVERFLOW: u8 = 4;
const BR: u8 = 5;
const UD: u8 = 6;
const NM: u8 = 7;
const DF: u8 = 8;
const TS: u8 = 10;
const NP: u8 = 11;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;
const MF: u8 = 16;
const ALIGN: u8 = 17;

/// Table 6-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Benign,
    Contributory,
    PageFault,
    DoubleFault,
}
use Class::{Benign, Contributory, DoubleFault, PageFault};

/// Table 6-5 with the row of #DF from 6.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// "Handle exceptions serially": the second one is delivered.
    Serial,
    /// "Generate a double fault".
    Double,
    /// "If another contributory or page fault exception occurs while attempting to call the double-fault handler, the
    /// processor enters shutdown mode."
    Shutdown,
}

/// Columns: the second is benign, contributory, a page fault.
const TABLE: [(Class, [Outcome; 3]); 4] = [
    (Benign, [Outcome::Serial, Outcome::Serial, Outcome::Serial]),
    (Contributory, [Outcome::Serial, Outcome::Double, Outcome::Serial]),
    (PageFault, [Outcome::Serial, Outcome::Double, Outcome::Double]),
    (DoubleFault, [Outcome::Serial, Outcome::Shutdown, Outcome::Shutdown]),
];

fn outcome(first: Class, second: Class) -> Outcome {
    let column = [Benign, Contributory, PageFault].iter().position(|class| *class == second);
    let row = TABLE.iter().find(|(class, _)| *class == first);
    row.zip(column).map(|(row, column)| row.1[column]).expect("a double fault is not raised by a delivery")
}

type Arrange = fn(&mut Program);

/// Events and how ring 3 raises them. EAX is 5, ECX 0, DATA holds zeros, 30000h is not mapped.
const FIRST: [(&str, u8, Class, &[u8], Arrange); 17] = [
    ("INT1", DB, Benign, &[0xF1], |_| ()),
    ("single-step", DB, Benign, &[0x90], |p| p.set_flags(TF | AC)),
    ("NMI", NMI, Benign, &[0x90], |p| p.bus.nmi = true),
    ("INT3", BP, Benign, &[0xCC], |_| ()),
    ("INTO", OVERFLOW, Benign, &[0xCE], |p| p.set_flags(OF | AC)),
    ("BOUND", BR, Benign, &[0x62, 0x05, 0, 0, 2, 0], |_| ()),
    ("UD2", UD, Benign, &[0x0F, 0x0B], |_| ()),
    ("FNINIT with TS", NM, Benign, &[0xDB, 0xE3], |p| p.cpu.cr0 |= CR0_TS),
    ("WAIT with an error", MF, Benign, &[0x9B], |p| {
        p.cpu.cr0 |= CR0_NE;
        p.cpu.fpu.status = 0x8081;
        p.cpu.fpu.control = 0x037E;
    }),
    ("a misaligned load", ALIGN, Benign, &[0xA1, 1, 0, 2, 0], |_| ()),
    ("INTR", 0x20, Benign, &[0x90], |p| {
        p.set_flags(IF | AC);
        p.bus.pending.push(0x20);
    }),
    ("DIV by 0", 0, Contributory, &[0xF6, 0xF1], |_| ()),
    // A call through a gate to ring 2, whose stack is null in the TSS.
    ("CALL without a stack", TS, Contributory, &[0x9A, 0, 0, 0, 0, 0x7B, 0], |p| {
        p.set_descriptor(0x78, gate(CODE_OF[2], CODE, 0xEC, 0));
        p.write_dword(TSS + 0x18, 0);
    }),
    ("MOV DS, not present", NP, Contributory, &[0x8E, 0xDA], |p| p.cpu.gpr[2] = 0x83),
    ("MOV SS, not present", SS, Contributory, &[0x8E, 0xD2], |p| p.cpu.gpr[2] = 0x83),
    ("HLT in ring 3", GP, Contributory, &[0xF4], |_| ()),
    ("an unmapped load", PF, PageFault, &[0xA1, 0, 0, 3, 0], |_| ()),
];

/// What goes wrong in the delivery through a gate, and the gate. The stack of ring 1 is good, null, not present or not
/// mapped; that of ring 3 is misaligned where a handler runs there.
const SECOND: [(u8, Class); 6] =
    [(ALIGN, Benign), (TS, Contributory), (NP, Contributory), (SS, Contributory), (GP, Contributory), (PF, PageFault)];

/// Lets the delivery of a vector fail so.
fn spoil(program: &mut Program, vector: u8, second: u8) {
    let at = HANDLERS + u32::from(vector);
    let raw = match second {
        ALIGN => gate(CODE_OF[3], at, 0xEE, 0),
        NP => gate(CODE_OF[0], at, 0x6E, 0),
        GP => gate(CODE_OF[0], at, 0xE0, 0),
        _ => gate(CODE_OF[1], at, 0xEE, 0),
    };
    program.set_gate(vector, raw);
    // One TSS serves both deliveries of a chain: each kind has its own stack of ring 1.
    match second {
        TS => program.write_dword(TSS + 0x10, 0),
        SS => program.write_dword(TSS + 0x10, 0x89),
        ALIGN => program.set_esp(STACKS[3] - 2),
        _ => (),
    }
}

fn raising(first: usize) -> Program {
    let (_, _, _, code, arrange) = FIRST[first];
    let mut program = Program::paged_user();
    program.cpu.cr0 |= CR0_AM;
    program.set_flags(AC);
    program.cpu.gpr[0] = 5;
    program.cpu.gpr[1] = 0;
    program.write_dword(pte_of(0x3_0000), 0);
    // Ring 1 has its stack where nothing is mapped, unless a case gives it another.
    program.write_dword(pte_of(STACKS[1] - 4), 0);
    program.set_descriptor(0x80, descriptor(0, 0xF_FFFF, DATA_32 & !0x80 | 3 << 5));
    program.set_descriptor(0x88, descriptor(0, 0xF_FFFF, DATA_32 & !0x80 | 1 << 5));
    // Software interrupts may be used from ring 3.
    for vector in [DB, BP, OVERFLOW] {
        program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0xEE, 0));
    }
    program.write(CODE, code);
    arrange(&mut program);
    program
}

/// Runs to the end that the table asks for.
fn expect(program: &mut Program, end: End, name: &str) {
    assert_eq!(program.run(), end, "{name}");
    if end == End::Vector(DF) {
        assert_eq!(program.last_site(), Site::DoubleFault, "{name}");
        let frame = [0, 4].map(|at| program.read_dword(program.esp() + at));
        assert_eq!(frame, [0, CODE], "{name}: the error code of #DF, and where the first fault arose");
    }
}

/// Every event, every way in which its delivery can fail, and in turn every way in which that of #DF can.
#[test]
fn q30_the_double_fault_table() {
    let mut cases = 0;
    for (first, (name, vector, class, ..)) in FIRST.into_iter().enumerate() {
        for (second, second_class) in SECOND {
            // #AC in the delivery of #AC never ends: it has its own test.
            if vector == ALIGN && second == ALIGN {
                continue;
            }
            let case = format!("{name}, then {second}");
            let mut program = raising(first);
            spoil(&mut program, vector, second);
            let serial = outcome(class, second_class) == Outcome::Serial;
            expect(&mut program, End::Vector(if serial { second } else { DF }), &case);
            if second == PF {
                // CR2 is updated whenever a page fault is detected, even if a double fault comes of it. SDM Vol.3A 6.15
                // "Interrupt 14-Page-Fault Exception (#PF)".
                assert_eq!(program.cpu.cr2, u64::from(STACKS[1] - 4), "{case}: CR2");
            }
            cases += 1;
            if serial {
                continue;
            }
            for (third, third_class) in SECOND {
                // The chain has one TSS: its ring 1 stack cannot be null, absent and unmapped at once.
                let stacks = [TS, SS, PF];
                if second != third && stacks.contains(&second) && stacks.contains(&third) {
                    continue;
                }
                let case = format!("{case}, then {third}");
                let mut program = raising(first);
                spoil(&mut program, vector, second);
                spoil(&mut program, DF, third);
                let end = match outcome(DoubleFault, third_class) {
                    Outcome::Serial => End::Vector(third),
                    _ => End::Shutdown,
                };
                expect(&mut program, end, &case);
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 225);
}

/// #AC is benign, so one whose own delivery is misaligned follows itself for ever (CVE-2015-5307); so do #AC and #NP in
/// turn. The guest does not come out, the host does.
#[test]
fn q30_an_endless_chain_of_benign_exceptions_ends_the_run() {
    for kinds in [[ALIGN, ALIGN], [NP, ALIGN]] {
        let mut program = raising(9);
        spoil(&mut program, ALIGN, kinds[0]);
        spoil(&mut program, NP, kinds[1]);
        program.set_esp(STACKS[3] - 2);
        // Nearly all of the million is behind us.
        program.cpu.fruitless_deliveries = MOST_FRUITLESS_DELIVERIES - 1000;
        let exit = program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, Limits::NONE);
        assert_eq!(exit, Exit::FruitlessDeliveries, "{kinds:?}");
        assert_eq!((program.eip(), program.cpu.cpl), (CODE, 3), "{kinds:?}: it stands where it stood");
    }
}

/// EXT is set by whatever is not a software interrupt, in every error code that a failed delivery has, also the null
/// one of #AC. Kinds as above; the code without EXT for each vector.
#[test]
fn q31_ext_tells_software_interrupts_from_the_rest() {
    let kinds: [(usize, u16); 10] = [(0, 1), (1, 1), (2, 1), (3, 0), (4, 0), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1)];
    let mut cases = 0;
    for (first, ext) in kinds {
        let (name, vector, ..) = FIRST[first];
        let of_gate = u32::from(vector) * 8 + 2;
        let rows = [
            ("gate not present", NP, of_gate),
            ("no gate", GP, of_gate),
            ("null stack", TS, 0),
            ("stack not present", SS, 0x88),
            ("misaligned stack", ALIGN, 0),
        ];
        for (what, second, code) in rows {
            let mut program = raising(first);
            spoil(&mut program, vector, second);
            let fault = program.fault();
            let found = (fault.vector, fault.code);
            assert_eq!(found, (second, code | u32::from(ext)), "{name}: {what}");
            cases += 1;
        }
        let mut program = raising(first);
        program.set_gate(vector, gate(3, HANDLERS, 0xEE, 0));
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (GP, u32::from(ext)), "{name}: a null handler segment");
        program = raising(first);
        program.set_gate(vector, gate(0x104, HANDLERS, 0xEE, 0));
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (GP, 0x104 | u32::from(ext)), "{name}: beyond the LDT");
        cases += 2;
    }
    assert_eq!(cases, 70);
}

/// INT n, whatever n is, has EXT clear, and its own vector in the code. SDM Vol.3A 6.13.
#[test]
fn q31_int_n_names_its_own_gate() {
    for vector in 0..=255u8 {
        let mut program = Program::user();
        program.write(CODE, &[0xCD, vector]);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (GP, u32::from(vector) * 8 + 2), "INT {vector:x}");
        assert_eq!(fault.eip, CODE);
    }
}

/// A second exception that is handled serially is an exception like any: what fails in its delivery has EXT set, even
/// if the chain began with INT n.
#[test]
fn q31_the_second_exception_of_a_software_interrupt_is_external() {
    let mut program = raising(3);
    spoil(&mut program, BP, NP);
    spoil(&mut program, NP, ALIGN);
    let fault = program.fault();
    assert_eq!((fault.vector, fault.code), (ALIGN, 1));
}

/// Real mode pushes no error code, whatever the vector. SDM Vol.3B 20.1.4 "Interrupt and Exception Handling".
#[test]
fn q31_real_mode_pushes_no_error_code() {
    let rows: [(&[u8], u8); 3] = [
        // A word at FFFFh through DS, then through SS; LOCK NOP.
        (&[0xA1, 0xFF, 0xFF], GP),
        (&[0x36, 0xA1, 0xFF, 0xFF], SS),
        (&[0xF0, 0x90], UD),
    ];
    for (code, vector) in rows {
        let mut program = Program::real();
        program.write(u32::from(REAL_CODE) << 4, code);
        assert_eq!(program.run(), End::Vector(vector), "{code:x?}");
        assert_eq!(program.esp(), 0x1000 - 6, "{code:x?}: three words");
        assert_eq!(program.read_word((u32::from(REAL_STACK) << 4) + 0x1000 - 6), 0, "{code:x?}: IP of the fault");
    }
}

/// A 16-bit gate pushes a 16-bit error code with the same bits.
#[test]
fn q31_a_16_bit_gate_pushes_the_code_as_a_word() {
    let mut program = Program::protected();
    program.set_gate(NP, gate(CODE_OF[0], HANDLERS + u32::from(NP), 0x86, 0));
    program.set_gate(UD, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
    program.write(CODE, &[0x0F, 0x0B]);
    assert_eq!(program.run(), End::Vector(NP));
    let frame: Vec<u16> = (0..4).map(|index| program.read_word(program.esp() + 2 * index)).collect();
    assert_eq!(program.esp(), STACKS[0] - 8);
    assert_eq!(frame[..3], [0x33, CODE as u16, CODE_OF[0]]);
}

/// L13, last row: behind a task gate #DF finds a sound stack, whatever became of the old one. The error code lies on
/// the new stack, the old task's state in its TSS. SDM Vol.3A 6.15: "a task gate ... should be used".
#[test]
fn q30_a_double_fault_survives_behind_a_task_gate() {
    let mut program = Program::protected();
    with_task(&mut program, 2, false);
    program.write(TASK_CODE, &[0xF4]);
    program.set_gate(DF, gate(FREE, 0, 0x85, 0));
    // No stack to push anything on.
    program.cpu.segments[SegReg::Ss as usize].limit = 0xFF;
    program.write(CODE, &[0xF6, 0xF1]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.eip(), program.cpu.tr.selector.0), (TASK_CODE + 1, FREE));
    assert_eq!((program.esp(), program.read_dword(TASK - 4)), (TASK - 4, 0));
    assert_eq!((program.read_dword(TSS + 0x20), program.read_dword(TSS + 0x38)), (CODE, STACKS[0]));
    assert_eq!(program.read_word(TASK), TSS_SELECTOR, "the link to the task that failed");
    assert!(program.cpu.flags.has(1 << 14), "NT");
}
