//! Q77: repeated string instructions that are cut short. SDM Vol.2B "REP/REPE/REPZ/REPNE/REPNZ".

use ringwalk_cpu::flags::{AF, CF, IF, PF, SF, ZF};

use super::*;

/// The last bytes of a page behind which nothing is mapped.
const EDGE: u32 = 0x80_4000;

fn with_edge() -> Program {
    let mut program = Program::paged();
    program.write_dword(pte_of(EDGE), 0);
    program
}

fn set(program: &mut Program, count: u32, source: u32, destination: u32) {
    for (register, value) in [(1, count), (6, source), (7, destination)] {
        program.cpu.gpr[register] = value.into();
    }
}

/// Registers show the finished iterations, EIP the first prefix. Rows: code, element size, whether source and
/// destination move, the index register at the edge.
#[test]
fn q77_a_fault_shows_the_finished_iterations() {
    let rows: [(&[u8], u32, bool, bool, u32); 7] = [
        (&[0xF3, 0xA4], 1, true, true, 7),
        (&[0xF3, 0xA5], 4, true, true, 6),
        (&[0x66, 0xF3, 0xA5], 2, true, true, 7),
        (&[0x26, 0x66, 0xF2, 0xAB], 2, false, true, 7),
        (&[0xF3, 0xAC], 1, true, false, 6),
        (&[0xF3, 0x6E], 1, true, false, 6),
        (&[0x3E, 0xF3, 0x6D], 4, false, true, 7),
    ];
    for (code, size, source_moves, destination_moves, at_edge) in rows {
        let mut program = with_edge();
        let near = EDGE - 3 * size;
        let (source, destination) = if at_edge == 6 { (near, DATA) } else { (DATA, near) };
        set(&mut program, 5, source, destination);
        program.write(CODE, code);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.eip, program.cpu.cr2), (14, CODE, EDGE.into()), "{code:x?}");
        let moved = |moves: bool| if moves { 3 * size } else { 0 };
        let found = [1, 6, 7].map(|register| program.reg(register));
        let expected = [2, source + moved(source_moves), destination + moved(destination_moves)];
        assert_eq!(found, expected, "{code:x?}");
    }
}

/// The handler maps the page, and the instruction goes on where it stopped: the whole copy is right.
#[test]
fn q77_a_copy_goes_on_after_its_page_fault() {
    let mut program = with_edge();
    program.cpu.gpr[3] = pte_of(EDGE).into();
    program.code_at(
        HANDLERS + 14,
        32,
        "
        C7 03 07 40 80 00 ; mov dword [ebx], 0x804007
        83 C4 04          ; add esp, 4
        CF                ; iret
    ",
    );
    let text: Vec<u8> = (1..=64).collect();
    program.write(DATA, &text);
    set(&mut program, 16, DATA, EDGE - 20);
    program.code(
        "
        F3 A5 ; rep movsd
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.read(EDGE - 20, 64), text);
    assert_eq!([1, 6, 7].map(|register| program.reg(register)), [0, DATA + 64, EDGE + 44]);
}

/// "The flags ... are those of the last iteration that finished": in the image of the fault stand those of the last
/// comparison, or those before if there was none.
#[test]
fn q77_flags_at_a_fault_are_those_of_the_last_comparison() {
    const ALL: u32 = CF | PF | AF | ZF | SF | 0x800;
    // REPNE SCASB with AL 0 against 1, REPE CMPSB of equal bytes: 0 - 1 borrows, x - x is zero.
    let borrow = CF | PF | AF | SF;
    let equal = ZF | PF;
    let rows: [(&[u8], u32, u32, u32); 4] = [
        (&[0xF2, 0xAE], 2, 0, borrow),
        (&[0xF3, 0xA6], 2, 0, equal),
        (&[0xF2, 0xAE], 0, ALL, ALL),
        (&[0xF3, 0xA6], 0, 0, 0),
    ];
    for (code, finished, before, expected) in rows {
        let mut program = with_edge();
        program.write(EDGE - 2, &[1, 1]);
        program.write(DATA, &[1, 1, 1, 1]);
        program.cpu.gpr[0] = 0;
        set(&mut program, 4, DATA, EDGE - finished);
        program.set_flags(before);
        program.write(CODE, code);
        let fault = program.fault();
        assert_eq!((fault.flags & ALL, program.reg(1)), (expected, 4 - finished), "{code:x?} after {finished}");
    }
}

/// A count of 0 touches nothing: no page, no port, no flag, no index register.
#[test]
fn q77_a_count_of_zero_touches_nothing() {
    for opcode in [0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0x6C, 0x6D, 0x6E, 0x6F] {
        for prefix in [0xF2, 0xF3] {
            let mut program = with_edge();
            set(&mut program, 0, EDGE, EDGE);
            program.set_flags(CF | SF);
            program.write(CODE, &[prefix, opcode, 0xF4]);
            assert_eq!(program.run(), End::Halted, "{prefix:x} {opcode:x}");
            let found = ([1, 6, 7].map(|register| program.reg(register)), program.cpu.flags.bits());
            assert_eq!(found, ([0, EDGE, EDGE], CF | SF | 2), "{prefix:x} {opcode:x}");
            assert!(program.bus.log.is_empty(), "{prefix:x} {opcode:x}");
        }
    }
}

/// The address size, not the operand size, picks CX or ECX, SI or ESI, DI or EDI; upper halves stay.
#[test]
fn q77_the_address_size_picks_the_registers() {
    for (code, wide) in [(&[0xF3, 0xA4][..], true), (&[0x66, 0xF3, 0xA4], true), (&[0x67, 0xF3, 0xA4], false)] {
        let mut program = Program::protected();
        set(&mut program, 0x1_0002, 0x2_0000, 0x3_0000);
        program.write(0x2_0000, &[0x11; 4]);
        program.write(0x0000, &[0x22; 4]);
        program.write(CODE, code);
        program.write(CODE + code.len() as u32, &[0xF4]);
        if wide {
            program.steps(1);
            assert_eq!([1, 6, 7].map(|register| program.reg(register)), [0x1_0001, 0x2_0001, 0x3_0001], "{code:x?}");
        } else {
            assert_eq!(program.run(), End::Halted);
            assert_eq!([1, 6, 7].map(|register| program.reg(register)), [0x1_0000, 0x2_0002, 0x3_0002], "{code:x?}");
            assert_eq!(program.read(0x2_0000, 2), [0x11; 2]);
        }
    }
}

/// With 16-bit addresses the indexes wrap within 64 KiB, and DF turns the direction.
#[test]
fn q77_indexes_wrap_with_16_bit_addresses() {
    let mut program = Program::real();
    let data = u32::from(REAL_DATA) << 4;
    program.write(data + 0xFFFE, &[1, 2]);
    program.write(data, &[3, 4]);
    program.cpu.gpr[1] = 4;
    program.cpu.gpr[6] = 0xFFFE;
    program.cpu.gpr[7] = 0x100;
    program.code(
        "
        F3 A4 ; rep movsb
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.read(data + 0x100, 4), [1, 2, 3, 4]);
    assert_eq!((program.reg(6), program.reg(7)), (2, 0x104));
}

/// An interrupt between iterations returns to the first prefix, however many there are, and the rest is done behind it.
#[test]
fn q77_an_interrupt_returns_to_the_first_prefix() {
    let mut program = Program::protected();
    program.set_flags(IF);
    program.write(HANDLERS + 0x20, &[0xCF]);
    program.bus.timer = vec![(2, 0x20)];
    set(&mut program, 4, DATA, DATA + 0x100);
    program.write(DATA, &[1, 2, 3, 4]);
    program.code(
        "
        26 3E F3 A4 ; rep movsb
        F4          ; hlt
    ",
    );
    program.steps(3);
    assert_eq!((program.eip(), program.read_dword(program.esp()), program.reg(1)), (HANDLERS + 0x20, CODE, 2));
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.read(DATA + 0x100, 4), [1, 2, 3, 4]);
}

/// INS makes sure of its destination before it reads the port, OUTS of its source before it writes: a fault leaves the
/// device alone.
#[test]
fn q77_a_fault_of_ins_or_outs_leaves_the_port_alone() {
    for (code, rights) in [([0xF3, 0x6C], 0), ([0xF3, 0x6C], 5), ([0xF3, 0x6E], 0), ([0x90, 0x6D], 5)] {
        let mut program = Program::paged_user();
        program.set_flags(3 << 12);
        program.write_dword(pte_of(EDGE), EDGE | rights);
        set(&mut program, 3, EDGE, EDGE);
        program.cpu.gpr[2] = 0x1F0;
        program.write(CODE, &code);
        let fault = program.fault();
        let write = if code[1] == 0x6E { 0 } else { 2 };
        assert_eq!((fault.vector, fault.code), (14, 4 | write | rights & 1), "{code:x?}");
        assert!(program.bus.log.is_empty(), "{code:x?} {:?}", program.bus.log);
    }
}
