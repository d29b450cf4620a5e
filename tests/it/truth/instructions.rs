//! T-1 to T-4: POPF, PUSHF, CLI, STI and IRET.

use ringwalk_cpu::segment::{SegReg, Segment, Selector};

use super::bench::*;
use super::table::{self, ALL, IOPL, NT, Place, RF, Refused, Return, Start, VIF, VIP, VM};
use crate::program::*;

/// Starts of the tables: 11 places, 4 IOPLs, VIP clear and set, two polarities.
const STARTS: u32 = 11 * 4 * 2 * 2;
/// Images of 16 and of 32 bits.
const IMAGES: u32 = 2 * 17 + 2 * 33;
/// Each start with each of 14 flags flipped that no setting fixes, and with none.
const FLIPPED: u32 = STARTS * 15;

#[test]
fn t1_and_t2_popf() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in Start::all() {
        for wide in [false, true] {
            for image in images(wide) {
                let name = || format!("POPF {}", shown(&start, wide, image));
                let code = sized(start.place, wide, 0x9D);
                let program = bench.at(&start, &code);
                place_on_stack(program, wide, &[image]);
                let before = program.cpu.clone();
                match (execute(program), table::popf(&start, wide, image)) {
                    (Ok(()), Ok(flags)) => {
                        assert_eq!(program.cpu.flags.bits(), flags, "{}", name());
                        assert_eq!(program.eip(), before.rip as u32 + code.len() as u32, "{}", name());
                        let size = if wide { 4 } else { 2 };
                        assert_eq!(program.cpu.gpr[4], before.gpr[4] + size, "{}", name());
                        assert_kept(program, &before, &name);
                        assert_shadow(program, false, &name);
                    }
                    (Err(()), Err(Refused)) => assert_refused(program, &before, 0, &name),
                    (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
                }
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, STARTS * IMAGES);
    println!("T-1, T-2 POPF: {vectors} vectors");
}

#[test]
fn t2_pushf() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in Start::all_flipped() {
        for wide in [false, true] {
            let name = || format!("PUSHF {}", shown(&start, wide, 0));
            let code = sized(start.place, wide, 0x9C);
            let program = bench.at(&start, &code);
            let top = program.cpu.seg(SegReg::Ss).base as u32 + program.esp();
            program.write(top - 8, &[0xA5; 8]);
            let before = program.cpu.clone();
            match (execute(program), table::pushf(&start, wide)) {
                (Ok(()), Ok(image)) => {
                    let size = if wide { 4 } else { 2 };
                    let mut expected = [0xA5; 8];
                    expected[8 - size..].copy_from_slice(&image.to_le_bytes()[..size]);
                    assert_eq!(program.read(top - 8, 8), expected, "{}", name());
                    assert_eq!(program.cpu.gpr[4], before.gpr[4] - size as u64, "{}", name());
                    assert_eq!(program.cpu.flags.bits(), start.untouched(), "{}", name());
                    assert_kept(program, &before, &name);
                }
                (Err(()), Err(Refused)) => assert_refused(program, &before, 0, &name),
                (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
            }
            vectors += 1;
        }
    }
    assert_eq!(vectors, FLIPPED * 2);
    println!("T-2 PUSHF: {vectors} vectors");
}

#[test]
fn t3_cli_and_sti() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in Start::all_flipped() {
        let rows = [(0xFA, table::cli(&start).map(|flags| (flags, false))), (0xFB, table::sti(&start))];
        for (opcode, expected) in rows {
            let name = || format!("{opcode:x} {}", shown(&start, false, 0));
            let program = bench.at(&start, &[opcode]);
            let before = program.cpu.clone();
            match (execute(program), expected) {
                (Ok(()), Ok((flags, shadowed))) => {
                    assert_eq!(program.cpu.flags.bits(), flags, "{}", name());
                    assert_eq!(program.cpu.gpr[4], before.gpr[4], "{}", name());
                    assert_kept(program, &before, &name);
                    assert_shadow(program, shadowed, &name);
                }
                (Err(()), Err(Refused)) => assert_refused(program, &before, 0, &name),
                (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
            }
            vectors += 1;
        }
    }
    assert_eq!(vectors, FLIPPED * 2);
    println!("T-3 CLI, STI: {vectors} vectors");
}

/// T-3: what the shadow of STI does, seen by an interrupt that waits.
#[test]
fn t3_the_shadow_of_sti_holds_off_one_instruction() {
    let mut bench = Bench::new();
    for place in [Place::Real, Place::Ring { cpl: 0, pvi: false }, Place::V86 { vme: false }] {
        for (before, behind) in [(0, 2), (table::IF, 1)] {
            let vm = if place == (Place::V86 { vme: false }) { VM } else { 0 };
            let program = bench.at(&Start { place, flags: before | IOPL | vm }, &[0xFB, 0x90, 0x90]);
            let eip = program.eip();
            program.steps(1);
            program.bus.pending = vec![0x20];
            while !program.bus.pending.is_empty() {
                program.steps(1);
            }
            let top = program.cpu.seg(SegReg::Ss).base as u32 + program.esp();
            let back = if place == Place::Real { program.read_word(top).into() } else { program.read_dword(top) };
            assert_eq!(back - eip, behind, "{place:?} {before:x}");
        }
    }
}

/// What IRET finds: the frame of the same level, and above it what a return to virtual-8086 mode pops.
fn iret_frame(cs: u16, image: u32) -> [u32; 9] {
    [0x1234, cs.into(), image, 0x0800, 0x5001, 0x5002, 0x5003, 0x5004, 0x5005]
}

#[test]
fn t4_iret() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for start in Start::all() {
        for wide in [false, true] {
            for image in images(wide) {
                let name = || format!("IRET {}", shown(&start, wide, image));
                let program = bench.at(&start, &sized(start.place, wide, 0xCF));
                let cs = program.selector(SegReg::Cs);
                place_on_stack(program, wide, &iret_frame(cs, image));
                if matches!(start.place, Place::Ring { .. }) && start.flags & NT != 0 {
                    prepare_link(program, image);
                }
                let before = program.cpu.clone();
                match (execute(program), table::iret(&start, wide, image)) {
                    (Ok(()), Ok(Return::Plain(flags))) => {
                        assert_eq!((program.cpu.flags.bits(), program.eip()), (flags, 0x1234), "{}", name());
                        let size = if wide { 12 } else { 6 };
                        assert_eq!(program.cpu.gpr[4], before.gpr[4] + size, "{}", name());
                        assert_kept(program, &before, &name);
                        assert_shadow(program, false, &name);
                    }
                    (Ok(()), Ok(Return::V86(flags))) => {
                        assert_eq!((program.cpu.flags.bits(), program.eip()), (flags, 0x1234), "{}", name());
                        assert_eq!((program.cpu.cpl, program.cpu.gpr[4]), (3, 0x0800), "{}", name());
                        // ES CS SS DS FS GS.
                        let selectors = [0x5002, cs, 0x5001, 0x5003, 0x5004, 0x5005];
                        let segments = selectors.map(|selector| Segment::virtual_8086(Selector(selector)));
                        assert_eq!(program.cpu.segments, segments, "{}", name());
                    }
                    (Ok(()), Ok(Return::Task(flags))) => {
                        assert_eq!((program.cpu.flags.bits(), program.eip()), (flags, 0x1234), "{}", name());
                        assert_eq!(program.cpu.tr.selector.0, LINKED_SELECTOR, "{}", name());
                        assert_eq!(program.cpu.cpl, if flags & VM != 0 { 3 } else { 0 }, "{}", name());
                    }
                    (Err(()), Err(Refused)) => assert_refused(program, &before, 0, &name),
                    (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
                }
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, STARTS * IMAGES);
    println!("T-4 IRET: {vectors} vectors");
}

/// The level that executes IRET decides, not the one that it goes to.
#[test]
fn t4_iret_to_an_outer_level() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    let inner = |start: &Start| match start.place {
        Place::Ring { cpl, .. } if cpl < 3 && start.flags & NT == 0 => Some(cpl),
        _ => None,
    };
    // NT asks for a task switch: one polarity of it is left.
    let starts = Start::all().map(|start| Start { flags: start.flags & !NT, ..start });
    for (start, from) in starts.filter_map(|start| inner(&start).map(|from| (start, from))) {
        for to in usize::from(from) + 1..4 {
            for (wide, image) in [false, true].into_iter().flat_map(|wide| images(wide).map(move |image| (wide, image)))
            {
                // VM from ring 0 asks for virtual-8086 mode.
                let image = if from == 0 { image & !VM } else { image };
                let name = || format!("IRET to {to} {}", shown(&start, wide, image));
                let program = bench.at(&start, &sized(start.place, wide, 0xCF));
                place_on_stack(program, wide, &[0x1234, CODE_OF[to].into(), image, 0x5678, DATA_OF[to].into()]);
                assert_eq!(execute(program), Ok(()), "{}", name());
                let expected = table::iret(&start, wide, image);
                assert_eq!(Ok(Return::Plain(program.cpu.flags.bits())), expected, "{}", name());
                let found = (program.eip(), usize::from(program.cpu.cpl), program.esp());
                assert_eq!(found, (0x1234, to, 0x5678), "{}", name());
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, (3 + 2 + 1) * 2 * 4 * 2 * 2 * IMAGES);
    println!("T-4 IRET to an outer level: {vectors} vectors");
}

/// Flags behind an instruction at CPL 3, IOPL 0, from IF alone: what silicon was asked.
fn measured(bench: &mut Bench, wide: bool, opcode: u8, stack: &[u32]) -> u32 {
    let start = Start { place: Place::Ring { cpl: 3, pvi: false }, flags: 0x202 };
    let program = bench.at(&start, &sized(start.place, wide, opcode));
    place_on_stack(program, wide, stack);
    assert_eq!(execute(program), Ok(()));
    program.cpu.flags.bits()
}

/// Measured on silicon at CPL 3, IOPL 0, IF set.
#[test]
fn t1_popf_measured_rows() {
    let mut bench = Bench::new();
    let rows = [
        (0x003F_BEFF, 0x0024_0ED7),
        (0, 0x202),
        (0x1202, 0x202),
        (0x2202, 0x202),
        (0x2_0202, 0x202),
        (0x8_0202, 0x202),
        (0x10_0202, 0x202),
        (0x1_0202, 0x202),
        (0x4_0202, 0x4_0202),
        (0x20_0202, 0x20_0202),
    ];
    for (image, expected) in rows {
        assert_eq!(measured(&mut bench, true, 0x9D, &[image]), expected, "{image:x}");
    }
    assert_eq!(measured(&mut bench, false, 0x9D, &[0xFEFF]), 0x4ED7);
}

/// Measured at CPL 3: VM in the image is ignored without a fault, VIF and VIP stay. The value was read by PUSHF, which
/// shows RF clear.
#[test]
fn t4_iret_measured_rows() {
    let mut bench = Bench::new();
    for (image, expected) in [(0x2_0202, 0x202), (0x003D_BEFF, 0x0024_0ED7)] {
        let found = measured(&mut bench, true, 0xCF, &[0x1234, CODE_OF[3].into(), image]);
        assert_eq!(found & !RF, expected, "{image:x}");
        assert_eq!(found & ALL & (VIF | VIP), 0);
    }
}
