//! T-6: the flags that a handler begins with, and the image that it finds, for interrupts, traps and faults.

use ringwalk_cpu::segment::SegReg;

use super::bench::*;
use super::table::{self, ALL, IF, Place, RF, Start, VM};
use crate::program::*;

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// INT n: a trap; the instruction itself has cleared RF.
    Software,
    /// INTR: between instructions, with RF as it is.
    External,
    /// #UD: RF is set in the image, so that the instruction can be tried again.
    Fault,
}

const EVENTS: [Event; 3] = [Event::Software, Event::External, Event::Fault];

impl Event {
    fn vector(self) -> u8 {
        if self == Event::Fault { 6 } else { 0x20 }
    }

    fn code(self) -> &'static [u8] {
        match self {
            Event::Software => &[0xCD, 0x20],
            Event::External => &[0x90],
            Event::Fault => &[0x0F, 0x0B],
        }
    }

    /// The image of EFLAGS in the frame.
    fn image(self, flags: u32) -> u32 {
        match self {
            Event::Software => flags & !RF,
            Event::External => flags,
            Event::Fault => flags | RF,
        }
    }

    /// Lets it happen at this place; INTR needs IF.
    fn deliver(self, program: &mut Program) {
        if self == Event::External {
            program.bus.pending = vec![0x20];
        }
        program.steps(1);
    }
}

/// Every start without the virtual interrupts of PVI and VME; INTR with IF set, INT n in virtual-8086 mode at IOPL 3.
fn starts(event: Event) -> impl Iterator<Item = Start> {
    let plain = |place| matches!(place, Place::Real | Place::Ring { pvi: false, .. } | Place::V86 { vme: false });
    Start::all_flipped().filter(move |start| plain(start.place)).filter(move |start| match event {
        Event::External => start.flags & IF != 0,
        Event::Software => !matches!(start.place, Place::V86 { .. }) || start.iopl() == 3,
        Event::Fault => true,
    })
}

#[test]
fn t6_through_gates_and_real_vectors() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for event in EVENTS {
        for start in starts(event) {
            for (wide, is_trap_gate) in [(false, false), (false, true), (true, false), (true, true)] {
                if start.place == Place::Real && (wide || is_trap_gate) {
                    continue;
                }
                let name = || format!("{event:?}, 32-bit {wide}, trap gate {is_trap_gate}, {}", shown(&start, wide, 0));
                let program = bench.at(&start, event.code());
                let access = 0xE6 | u8::from(is_trap_gate) | u8::from(wide) << 3;
                if start.place != Place::Real {
                    let vector = event.vector();
                    program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), access, 0));
                }
                event.deliver(program);
                let image = event.image(start.flags);
                let expected = match start.place {
                    Place::Real => table::behind_real_vector(start.flags),
                    _ => table::behind_gate(start.flags, is_trap_gate),
                };
                assert_eq!(program.cpu.flags.bits(), expected, "{}", name());
                let at = program.cpu.seg(SegReg::Ss).base as u32 + program.esp();
                let found = if wide { program.read_dword(at + 8) } else { program.read_word(at + 4).into() };
                assert_eq!(found, if wide { image } else { image & 0xFFFF }, "{}", name());
                vectors += 1;
            }
        }
    }
    println!("T-6 events: {vectors} vectors");
    // Faults: real mode once, four rings and virtual-8086 mode through four gates. INTR: half of them and those whose
    // IF was flipped the right way. INT n: virtual-8086 mode at one IOPL of four.
    let each = 4 * 2 * 2 * 15;
    let with_if = each / 2;
    assert_eq!(vectors, (1 + 5 * 4) * each + (1 + 5 * 4) * with_if + (1 + 4 * 4 + 1) * each);
}

/// SDM Vol.2B "SYSENTER" clears VM and IF (and, as every instruction, RF); "SYSEXIT" changes no flag.
#[test]
fn t6_sysenter_and_sysexit_over_every_flag() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in Start::all_flipped().filter(|start| start.place != Place::Real && !start.is_interrupted()) {
        let program = bench.at(&start, &[0x0F, 0x34]);
        program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
        program.cpu.msrs.sysenter_eip = 0x1_2000;
        program.cpu.msrs.sysenter_esp = 0x7000;
        assert_eq!(execute(program), Ok(()));
        let name = shown(&start, true, 0);
        assert_eq!(program.cpu.flags.bits(), start.untouched() & !(VM | IF), "{name}");
        assert_eq!((program.eip(), program.esp(), program.cpu.cpl), (0x1_2000, 0x7000, 0), "{name}");
        vectors += 1;
    }
    for start in Start::all_flipped().filter(|start| matches!(start.place, Place::Ring { cpl: 0, pvi: false })) {
        let program = bench.at(&start, &[0x0F, 0x35]);
        program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
        program.cpu.gpr[1] = 0xB000;
        program.cpu.gpr[2] = 0x1_3000;
        assert_eq!(execute(program), Ok(()));
        let name = shown(&start, true, 0);
        assert_eq!(program.cpu.flags.bits(), start.untouched(), "{name}");
        assert_eq!((program.eip(), program.esp(), program.cpu.cpl), (0x1_3000, 0xB000, 3), "{name}");
        vectors += 1;
    }
    println!("T-6 SYSENTER, SYSEXIT: {vectors} vectors");
    assert!(vectors > 2000);
}

/// The segments that SYSENTER and SYSEXIT load: flat, whatever the table says.
#[test]
fn t6_segments_of_sysenter_and_sysexit() {
    let mut program = Program::user();
    program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
    program.set_flags(ALL & !VM);
    program.code("0F 34 ; sysenter").steps(1);
    let shape = |program: &Program, reg| {
        let segment = program.cpu.seg(reg);
        (segment.selector.0, segment.base, segment.limit, segment.rights)
    };
    assert_eq!(shape(&program, SegReg::Cs), (8, 0, u32::MAX, CODE_32));
    assert_eq!(shape(&program, SegReg::Ss), (0x10, 0, u32::MAX, DATA_32));
    program.cpu.pending_debug = 0;
    program.cpu.rip = u64::from(CODE + 0x100);
    program.code("0F 35 ; sysexit").steps(1);
    assert_eq!(shape(&program, SegReg::Cs), (0x1B, 0, u32::MAX, CODE_32 | 0x60));
    assert_eq!(shape(&program, SegReg::Ss), (0x23, 0, u32::MAX, DATA_32 | 0x60));
}
