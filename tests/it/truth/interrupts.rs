//! T-5: INT n in virtual-8086 mode, and the software interrupts that IOPL and the redirection bitmap do not concern.

use ringwalk_cpu::segment::SegReg;

use super::bench::*;
use super::table::{self, IF, Interrupt, OF, Place, RF, Start, TF};
use crate::program::*;

/// The vector: its bit in the bitmap is bit 5 of byte 4.
const VECTOR: u8 = 0x25;
/// Where the I/O map begins; the redirection bitmap is the 32 bytes below.
const IO_MAP: u32 = 0x88;

/// Every start in virtual-8086 mode.
fn starts() -> impl Iterator<Item = Start> {
    Start::all_flipped().filter(|start| matches!(start.place, Place::V86 { .. }))
}

/// Gives the task a redirection bitmap in which only this vector's bit may differ from the others'.
fn set_bitmap(program: &mut Program, redirected: bool) {
    program.cpu.tr.limit = 0x8F;
    program.write_word(TSS + 0x66, IO_MAP as u16);
    let others = if redirected { 0xFF } else { 0 };
    program.write(TSS + IO_MAP - 32, &[others; 32]);
    program.write(TSS + IO_MAP - 32 + u32::from(VECTOR / 8), &[others ^ 1 << (VECTOR % 8)]);
}

/// A gate of the vector with this DPL, to the handler of ring 0.
fn set_dpl(program: &mut Program, vector: u8, dpl: u8) {
    program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0x8E | dpl << 5, 0));
}

/// The frame of a 32-bit interrupt gate that was reached from virtual-8086 mode, two bytes behind the start.
fn assert_through_gate(
    program: &Program,
    before: &ringwalk_cpu::state::CpuState,
    vector: u8,
    length: u32,
    name: &dyn Fn() -> String,
) {
    let flags = before.flags.bits() & !RF;
    let expected = Fault {
        vector,
        code: 0,
        eip: before.rip as u32 + length,
        cs: REAL_CODE,
        flags,
        esp: before.gpr[4] as u32,
        ss: REAL_STACK,
    };
    assert_eq!(program.frame(vector), expected, "{}", name());
    assert_eq!((program.eip(), program.cpu.cpl), (HANDLERS + u32::from(vector), 0), "{}", name());
    assert_eq!((program.selector(SegReg::Ss), program.esp()), (DATA_OF[0], STACKS[0] - 36), "{}", name());
    assert_eq!(program.cpu.flags.bits(), table::behind_gate(flags, false), "{}", name());
    assert_v86_data(program, program.esp() + 20, before, name);
}

/// The frame of three words and the handler of the program's own vector table.
fn assert_through_vector_table(
    program: &Program,
    before: &ringwalk_cpu::state::CpuState,
    image: u32,
    name: &dyn Fn() -> String,
) {
    let at = u32::from(REAL_STACK) * 16 + program.esp();
    let frame = [0, 2, 4].map(|offset| program.read_word(at + offset));
    assert_eq!(frame, [before.rip as u16 + 2, REAL_CODE, image as u16], "{}", name());
    assert_eq!(program.cpu.gpr[4], before.gpr[4] - 6, "{}", name());
    let found = (program.selector(SegReg::Cs), program.eip(), program.cpu.cpl);
    assert_eq!(found, (REAL_HANDLERS, VECTOR.into(), 3), "{}", name());
    assert_eq!(program.cpu.seg(SegReg::Cs).rights, 0xF3, "{}", name());
}

#[test]
fn t5_int_n_in_virtual_8086_mode() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in starts() {
        for (redirected, dpl) in [(false, 3), (true, 3), (false, 0), (true, 2)] {
            let name = || format!("INT n, redirected {redirected}, DPL {dpl}, {}", shown(&start, false, 0));
            let program = bench.at(&start, &[0xCD, VECTOR]);
            set_bitmap(program, redirected);
            set_dpl(program, VECTOR, dpl);
            let before = program.cpu.clone();
            match (execute(program), table::int_n(&start, redirected)) {
                (Ok(()), Interrupt::Gate) if dpl == 3 => {
                    assert_through_gate(program, &before, VECTOR, 2, &name);
                }
                (Err(()), Interrupt::Gate) if dpl < 3 => {
                    assert_refused(program, &before, u32::from(VECTOR) * 8 + 2, &name);
                }
                (Ok(()), Interrupt::VectorTable { image, flags }) => {
                    assert_through_vector_table(program, &before, image, &name);
                    assert_eq!(program.cpu.flags.bits(), flags, "{}", name());
                }
                (Err(()), Interrupt::Refused) => assert_refused(program, &before, 0, &name),
                (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
            }
            vectors += 1;
        }
    }
    assert_eq!(vectors, 2 * 4 * 2 * 2 * 15 * 4);
    println!("T-5 INT n: {vectors} vectors");
}

/// INT3, INTO and INT1 go through the IDT whatever IOPL and the bitmap say; the gate's DPL holds for the first two.
#[test]
fn t5_int3_into_and_int1_are_neither_sensitive_nor_redirected() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in starts() {
        for (opcode, vector) in [(0xCC, 3), (0xCE, 4), (0xF1, 1)] {
            for dpl in [0, 3] {
                let start = Start { flags: start.flags | OF, ..start };
                let name = || format!("{opcode:x}, DPL {dpl}, {}", shown(&start, false, 0));
                let program = bench.at(&start, &[opcode]);
                set_bitmap(program, true);
                set_dpl(program, vector, dpl);
                let before = program.cpu.clone();
                let done = execute(program);
                let allowed = dpl == 3 || opcode == 0xF1;
                match (done, start.is_interrupted(), allowed) {
                    (Err(()), true, _) => assert_refused(program, &before, 0, &name),
                    (Ok(()), false, true) => assert_through_gate(program, &before, vector, 1, &name),
                    (Err(()), false, false) => assert_refused(program, &before, u32::from(vector) * 8 + 2, &name),
                    (found, ..) => panic!("{}: {found:?}", name()),
                }
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, 2 * 4 * 2 * 2 * 15 * 6);
    println!("T-5 INT3, INTO, INT1: {vectors} vectors");
}

/// A vector whose byte of the bitmap lies beyond the limit of the TSS is refused: the processor cannot read it. The
/// manual has no row for it; 1 byte decides.
#[test]
fn t5_the_bitmap_must_lie_within_the_limit() {
    let mut bench = Bench::new();
    for (limit, redirected) in [(IO_MAP - 32 + 4, true), (IO_MAP - 32 + 3, false)] {
        let start = Start { place: Place::V86 { vme: true }, flags: table::VM | 2 };
        let program = bench.at(&start, &[0xCD, VECTOR]);
        set_bitmap(program, true);
        program.cpu.tr.limit = limit;
        let before = program.cpu.clone();
        let name = || format!("limit {limit:x}");
        assert_eq!(execute(program).is_ok(), redirected, "{limit:x}");
        if redirected {
            assert_through_vector_table(program, &before, table::IOPL | 2, &name);
        } else {
            assert_refused(program, &before, 0, &name);
        }
    }
}

/// A redirected interrupt that finds no room changes nothing. SDM Vol.3B 20.3.3.4 "Method 5: Software Interrupt
/// Handling": the stack is the program's own.
#[test]
fn t5_a_redirected_interrupt_without_room() {
    let mut bench = Bench::new();
    let start = Start { place: Place::V86 { vme: true }, flags: table::VM | TF | IF | 2 };
    for sp in [1, 3, 5] {
        let program = bench.at(&start, &[0xCD, VECTOR]);
        set_bitmap(program, true);
        program.set_esp(sp);
        let before = program.cpu.clone();
        assert_eq!(execute(program), Err(()));
        let fault = program.frame(12);
        let found = (fault.code, fault.eip, fault.esp, fault.flags);
        assert_eq!(found, (0, before.rip as u32, sp, before.flags.bits() | RF), "SP {sp}");
    }
}
