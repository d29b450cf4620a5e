//! Page faults of accesses that an instruction makes on the side: descriptor tables, task-state segment, inner stacks.
//! SDM Vol.3A 4.6 "Access Rights", 4.7 "Page-Fault Exceptions".

use ringwalk_cpu::state::{CR0_WP, CR4_VME};

use super::*;

/// A page of its own for each table, supervisor or not there.
const OTHER_GDT: u32 = 0x30_0000;
const OTHER_LDT: u32 = 0x30_1000;
const OTHER_TSS: u32 = 0x30_2000;
const OTHER_IDT: u32 = 0x30_3000;
const INNER_STACK: u32 = 0x30_5000;

/// An instruction of ring 3 that needs a table: name, code, the table and the offset that it reads there.
type Row = (&'static str, &'static [u8], u32, u32);

/// EAX holds a selector of the LDT, EBX one of the GDT, EDX a port.
const READS: [Row; 9] = [
    ("MOV DS from the GDT", &[0x8E, 0xDB], OTHER_GDT, 0x78),
    ("MOV DS from the LDT", &[0x8E, 0xD8], OTHER_LDT, 0x08),
    ("LAR", &[0x0F, 0x02, 0xCB], OTHER_GDT, 0x78),
    ("LSL", &[0x0F, 0x03, 0xCB], OTHER_GDT, 0x78),
    ("VERR", &[0x0F, 0x00, 0xE3], OTHER_GDT, 0x78),
    ("VERW", &[0x0F, 0x00, 0xE8], OTHER_LDT, 0x08),
    ("IN by the bit map", &[0xEC], OTHER_TSS, 0x66),
    ("INT 80h", &[0xCD, 0x80], OTHER_IDT, 0x400),
    ("CALL to an inner level", &[0x9A, 0, 0, 0, 0, 0x83, 0], OTHER_TSS, 4),
];

fn with_tables() -> Program {
    let mut program = Program::paged_user();
    let copies = [(GDT, OTHER_GDT, 0x100), (IDT, OTHER_IDT, 0x800), (TSS, OTHER_TSS, 0x68)];
    for (from, to, bytes) in copies {
        let table = program.read(from, bytes);
        program.write(to, &table);
    }
    let set = |program: &mut Program, at: u32, raw: u64| program.write(at, &raw.to_le_bytes());
    let data = descriptor(0, 0xF_FFFF, DATA_32 | 3 << 5);
    set(&mut program, OTHER_GDT + 0x78, data);
    set(&mut program, OTHER_LDT + 8, data);
    set(&mut program, OTHER_GDT + 0x80, gate(CODE_OF[0], HANDLERS + 0x80, 0xEC, 0));
    set(&mut program, OTHER_IDT + 0x400, gate(CODE_OF[0], HANDLERS + 0x80, 0xEE, 0));
    // Port 20h is open; ring 0 has its stack in a page of its own.
    program.write(OTHER_TSS + 0x68, &[0; 8]);
    program.write_dword(OTHER_TSS + 4, INNER_STACK + 0x1000);
    program.cpu.gdtr.base = OTHER_GDT.into();
    program.cpu.idtr.base = OTHER_IDT.into();
    program.cpu.ldtr.base = OTHER_LDT.into();
    program.cpu.tr.base = OTHER_TSS.into();
    program.cpu.tr.limit = 0x6F;
    program.cpu.gpr[0] = 0xF;
    program.cpu.gpr[3] = 0x7B;
    program.cpu.gpr[2] = 0x20;
    program
}

/// Tables of the supervisor serve instructions of ring 3: these reads are supervisor accesses. SDM Vol.3A 4.6.1
/// "Determination of Access Rights": implicit supervisor-mode accesses.
#[test]
fn q57_tables_in_supervisor_pages_serve_ring_3() {
    for (name, code, ..) in READS {
        let mut program = with_tables();
        for page in [OTHER_GDT, OTHER_LDT, OTHER_TSS, OTHER_IDT, INNER_STACK] {
            program.write_dword(pte_of(page), page | 3);
        }
        program.write(CODE, code);
        program.engine.hot.last_fault = None;
        program.steps(1);
        assert_eq!(program.engine.hot.last_fault.map(|fault| fault.site), None, "{name}");
        let inner = code[0] == 0xCD || code[0] == 0x9A;
        assert_eq!(program.cpu.cpl, if inner { 0 } else { 3 }, "{name}");
    }
}

/// If the page of the table is not there, the error code has U clear although the instruction was in ring 3.
#[test]
fn q32_reads_of_tables_from_ring_3_fault_as_the_supervisor() {
    for (name, code, table, offset) in READS {
        let mut program = with_tables();
        split(&mut program, table, offset);
        if code[0] == 0x9A {
            // Without the stacks of the TSS only a conforming handler can be reached.
            let conforming = gate(CONFORMING, HANDLERS + 14, 0x8E, 0);
            program.write(OTHER_IDT + 14 * 8, &conforming.to_le_bytes());
        }
        program.write(CODE, code);
        program.steps(1);
        let fault = program.engine.hot.last_fault.map(|fault| (fault.vector, fault.code));
        assert_eq!((fault, program.cpu.cr2), (Some((14, 0)), SPLIT.into()), "{name}");
        assert_eq!(program.eip(), HANDLERS + 14, "{name}");
    }
}

/// The first address that is not mapped.
const SPLIT: u32 = 0x31_1000;

/// Moves a table so that the entry at `offset` is the first in a page that is not mapped. What the delivery of a page
/// fault needs of it lies in front.
fn split(program: &mut Program, table: u32, offset: u32) {
    let bytes = program.read(table, 0x800);
    let at = SPLIT - offset;
    program.write(at, &bytes);
    program.write_dword(pte_of(SPLIT), 0);
    let base = match table {
        OTHER_GDT => &mut program.cpu.gdtr.base,
        OTHER_IDT => &mut program.cpu.idtr.base,
        OTHER_LDT => &mut program.cpu.ldtr.base,
        _ => &mut program.cpu.tr.base,
    };
    *base = at.into();
}

/// Ring 3's stack switch writes with the rights of ring 0: a supervisor page will do, and CR0.WP decides about a
/// read-only one.
#[test]
fn q57_the_inner_stack_is_written_with_the_rights_of_its_level() {
    for (rights, wp, fault) in [(3, 0, false), (3, CR0_WP, false), (1, 0, false), (1, CR0_WP, true)] {
        let mut program = with_tables();
        program.cpu.cr0 |= wp;
        program.write_dword(pte_of(INNER_STACK), INNER_STACK | rights);
        // The fault itself goes to ring 1, whose stack is sound.
        let to_ring_1 = gate(CODE_OF[1], HANDLERS + 14, 0xEE, 0);
        program.write(OTHER_IDT + 14 * 8, &to_ring_1.to_le_bytes());
        program.write(CODE, &[0xCD, 0x80]);
        program.steps(1);
        if fault {
            assert_eq!((program.cpu.cpl, program.eip()), (1, HANDLERS + 14));
            assert_eq!(program.read_dword(program.esp()), 3, "present, write, supervisor");
            assert_eq!(program.cpu.cr2, u64::from(INNER_STACK + 0xFFC));
        } else {
            assert_eq!((program.cpu.cpl, program.eip()), (0, HANDLERS + 0x80));
        }
    }
}

/// The pages of the user's own accesses decide as the user: a supervisor page refuses ring 3 with P and U set, whatever
/// the access.
#[test]
fn q32_the_users_own_accesses_have_u_set() {
    // MOV EAX, [EBX]; MOV [EBX], EAX; INC [EBX]; PUSH; POP; SGDT [EBX]; LAR ECX, [EBX].
    let rows: [(&[u8], u32); 7] = [
        (&[0x8B, 0x03], 5),
        (&[0x89, 0x03], 7),
        (&[0xFF, 0x03], 7),
        (&[0x50], 7),
        (&[0x58], 5),
        (&[0x0F, 0x01, 0x03], 7),
        (&[0x0F, 0x02, 0x0B], 5),
    ];
    for (code, error) in rows {
        let mut program = Program::paged_user();
        program.write_dword(pte_of(0x30_8000), 0x30_8003);
        program.cpu.gpr[3] = 0x30_8000;
        program.set_esp(0x30_8010);
        program.write(CODE, code);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code), (14, error), "{code:x?}");
    }
}

/// The redirection bit map is read as the supervisor, the vector table at 0 as the user that virtual-8086 mode is.
/// SDM Vol.3B 20.3.3 "Class 3-Software Interrupt Handling in Virtual-8086 Mode".
#[test]
fn q32_redirection_reads_its_bit_map_as_supervisor_and_the_vector_table_as_user() {
    for (page, rights, code) in [(OTHER_TSS, 3, None), (0, 3, Some(5)), (0, 0, Some(4))] {
        let mut program = with_tables();
        let v86 = virtual_8086(0);
        program.cpu.segments = v86.cpu.segments;
        program.cpu.flags = v86.cpu.flags;
        program.cpu.rip = 0;
        program.set_esp(0x1000);
        program.cpu.cr4 = CR4_VME;
        // The I/O map begins behind the 32 bytes of the redirection map.
        program.write_word(OTHER_TSS + 0x66, 0x88);
        program.write(OTHER_TSS + 0x68, &[0; 0x28]);
        program.cpu.tr.limit = 0x8F;
        program.write_dword(pte_of(page), page | rights);
        program.write(CODE, &[0xCD, 0x10]);
        program.write_dword(0x40, 0x1000_0123);
        match code {
            None => {
                program.steps(1);
                assert_eq!((program.eip(), program.cpu.cpl), (0x123, 3));
            }
            Some(code) => {
                let fault = program.fault();
                assert_eq!((fault.vector, fault.code, program.cpu.cr2), (14, code, 0x40));
            }
        }
    }
}
