//! The columns for long mode of T-1 to T-4 and T-6: 64-bit code of rings 0 and 3 and compatibility mode of ring 3, every
//! IOPL, VIP clear and set, CR4.PVI clear and set, both polarities of the other flags, every bit of an image flipped.
//! What must come out follows the same tables as in protected mode (`table`), with what IA-32e mode changes: no task
//! returns, no virtual-8086 mode. SDM Vol.2A "IRET/IRETD/IRETQ", Vol.2B "POPF/POPFD/POPFQ", "SYSCALL", "SYSRET".

use ringwalk_cpu::state::{CR4_PVI, CpuState};

use super::bench::images;
use super::table::{self, AC, ALL, ID, IF, NT, Place, RF, Refused, Start, TF, VIF, VIP, VM, behind_gate};
use crate::program::*;

/// Rings and code segments: 64-bit code of rings 0 and 3, compatibility mode.
const CODES: [(u8, bool); 3] = [(0, true), (3, true), (3, false)];

fn starts() -> impl Iterator<Item = (Start, bool)> {
    let wanted = |start: &Start| matches!(start.place, Place::Ring { cpl: 0 | 3, .. });
    Start::all().filter(wanted).flat_map(|start| {
        let Place::Ring { cpl, .. } = start.place else { unreachable!("filtered") };
        CODES.into_iter().filter(move |(ring, _)| *ring == cpl).map(move |(_, wide)| (start, wide))
    })
}

/// One machine for all vectors.
struct Bench {
    program: Program,
    start: CpuState,
}

impl Bench {
    fn new() -> Bench {
        let program = Program::long();
        let start = program.cpu.clone();
        Bench { program, start }
    }

    fn at(&mut self, start: &Start, is_64: bool, code: &[u8]) -> &mut Program {
        let program = &mut self.program;
        program.cpu = self.start.clone();
        let Place::Ring { cpl, pvi } = start.place else { unreachable!("long mode has rings") };
        if is_64 {
            program.enter_long(cpl)
        } else {
            program.enter_ring(cpl)
        }
        program.cpu.cr4 |= if pvi { CR4_PVI } else { 0 };
        program.set_flags(start.flags);
        program.write(program.cpu.linear_rip() as u32, code);
        program.engine.forget(&mut program.memory);
        program.engine.hot.last_fault = None;
        program
    }
}

fn execute(program: &mut Program) -> Result<(), Refused> {
    program.steps(1);
    match program.engine.hot.last_fault {
        None => Ok(()),
        Some(fault) => {
            assert_eq!((fault.vector, fault.code), (13, 0));
            Err(Refused)
        }
    }
}

/// Words of so many bytes on top of the stack.
fn put(program: &mut Program, bytes: u32, words: &[u64]) {
    let top = program.esp() - bytes * words.len() as u32;
    for (index, word) in words.iter().enumerate() {
        program.write(top + bytes * index as u32, &word.to_le_bytes()[..bytes as usize]);
    }
    program.set_esp(top);
}

/// A refused instruction: the frame of the handler has its address, its flags with RF, its stack.
fn assert_refused(program: &Program, before: &CpuState, name: &dyn Fn() -> String) {
    let frame: Vec<u64> = (0..6).map(|index| program.read_qword(program.esp() + 8 * index)).collect();
    let flags = u64::from(before.flags.bits() | RF);
    let cs = u64::from(before.segments[1].selector.0);
    let ss = u64::from(before.segments[2].selector.0);
    assert_eq!(frame, [0, before.rip, cs, flags, before.gpr[4], ss], "{}", name());
    assert_eq!(program.cpu.flags.bits(), behind_gate(before.flags.bits(), false), "{}", name());
}

#[test]
fn t1_popf_in_long_mode() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for (start, is_64) in starts() {
        // 66h gives 16 bits; otherwise 64 or 32.
        for wide in [false, true] {
            let bytes = if !wide {
                2
            } else if is_64 {
                8
            } else {
                4
            };
            for image in images(wide) {
                let name = || format!("POPF {bytes} {start:x?} 64-bit {is_64} <- {image:x}");
                let code = if wide { vec![0x9D] } else { vec![0x66, 0x9D] };
                let program = bench.at(&start, is_64, &code);
                // Bits 63:32 are reserved and ignored.
                put(program, bytes, &[u64::from(image) | 0xFFFF_FFFF_0000_0000]);
                let before = program.cpu.clone();
                match (execute(program), table::popf(&start, wide, image)) {
                    (Ok(()), Ok(flags)) => {
                        assert_eq!(program.cpu.flags.bits(), flags, "{}", name());
                        assert_eq!(program.cpu.rip, before.rip + code.len() as u64, "{}", name());
                        assert_eq!(program.cpu.gpr[4], before.gpr[4] + u64::from(bytes), "{}", name());
                    }
                    (Err(Refused), Err(Refused)) => assert_refused(program, &before, &name),
                    (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
                }
                vectors += 1;
            }
        }
    }
    // Three codes, PVI, four IOPLs, VIP, two polarities; images of 16 and 32 bits.
    assert_eq!(vectors, 3 * 2 * 16 * (2 * 17 + 2 * 33));
    println!("T-1 POPF in long mode: {vectors} vectors");
}

#[test]
fn t2_and_t3_pushf_cli_and_sti_in_long_mode() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for (start, is_64) in starts() {
        let name = || format!("{start:x?} 64-bit {is_64}");
        let program = bench.at(&start, is_64, &[0x9C]);
        let before = program.cpu.clone();
        match (execute(program), table::pushf(&start, true)) {
            (Ok(()), Ok(image)) => {
                let bytes = if is_64 { 8 } else { 4 };
                assert_eq!(program.cpu.gpr[4], before.gpr[4] - bytes, "{}", name());
                let pushed = program.read(program.esp(), bytes as u32);
                assert_eq!(pushed, u64::from(image).to_le_bytes()[..bytes as usize], "{}", name());
            }
            (Err(Refused), Err(Refused)) => assert_refused(program, &before, &name),
            (found, expected) => panic!("PUSHF {}: {found:?} and not {expected:?}", name()),
        }
        for (code, expected) in [(0xFA, table::cli(&start)), (0xFB, table::sti(&start).map(|(flags, _)| flags))] {
            let program = bench.at(&start, is_64, &[code]);
            let before = program.cpu.clone();
            match (execute(program), expected) {
                (Ok(()), Ok(flags)) => assert_eq!(program.cpu.flags.bits(), flags, "{code:x} {}", name()),
                (Err(Refused), Err(Refused)) => assert_refused(program, &before, &name),
                (found, expected) => panic!("{code:x} {}: {found:?} and not {expected:?}", name()),
            }
        }
        vectors += 3;
    }
    assert_eq!(vectors, 3 * 2 * 16 * 3);
    println!("T-2, T-3 in long mode: {vectors} vectors");
}

/// What IRET of so many bytes leaves in RFLAGS, to the same level: the rows L of T-4.
fn iret(start: &Start, bytes: u32, image: u32) -> Result<u32, Refused> {
    // NT has no meaning but this one: SDM Vol.3A 8.7 "Task Management in 64-bit Mode".
    if start.is_interrupted() || start.flags & NT != 0 {
        return Err(Refused);
    }
    let Place::Ring { cpl, .. } = start.place else { unreachable!("long mode has rings") };
    // OF SF ZF AF PF CF TF DF NT.
    let mut mask = 0x4DD5 | TF;
    if u32::from(cpl) <= start.iopl() {
        mask |= IF;
    }
    if cpl == 0 {
        mask |= 3 << 12;
    }
    if bytes > 2 {
        mask |= RF | AC | ID | if cpl == 0 { VIF | VIP } else { 0 };
    }
    assert_eq!(mask & VM, 0, "VM is never loaded");
    Ok((start.flags & !RF & !mask) | (image & mask & ALL) | 2)
}

#[test]
fn t4_iret_in_long_mode() {
    const TARGET: u64 = 0x1234;
    let mut bench = Bench::new();
    let mut vectors = 0;
    let without_nt = |(start, is_64): (Start, bool)| (Start { flags: start.flags & !NT, ..start }, is_64);
    for (start, is_64) in starts().chain(starts().map(without_nt)) {
        for (bytes, prefix) in [(2u32, Some(0x66)), (4, None), (8, Some(0x48))] {
            if bytes == 8 && !is_64 {
                continue;
            }
            for image in images(bytes > 2) {
                let name = || format!("IRET {bytes} {start:x?} 64-bit {is_64} <- {image:x}");
                let code: Vec<u8> = prefix.into_iter().chain([0xCF]).collect();
                let program = bench.at(&start, is_64, &code);
                let (cs, ss) = (program.cpu.segments[1].selector.0, program.cpu.segments[2].selector.0);
                // From 64-bit code SS:RSP always comes off the stack.
                put(program, bytes, &[TARGET, cs.into(), image.into(), 0x7000, ss.into()]);
                let before = program.cpu.clone();
                match (execute(program), iret(&start, bytes, image)) {
                    (Ok(()), Ok(flags)) => {
                        assert_eq!((program.cpu.flags.bits(), program.cpu.rip), (flags, TARGET), "{}", name());
                        let rsp = if is_64 { 0x7000 } else { before.gpr[4] + 3 * u64::from(bytes) };
                        assert_eq!(program.cpu.gpr[4], rsp, "{}", name());
                    }
                    (Err(Refused), Err(Refused)) => assert_refused(program, &before, &name),
                    (found, expected) => panic!("{}: {found:?} and not {expected:?}", name()),
                }
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, 2 * 2 * 16 * (3 * 2 * 17 + 5 * 2 * 33));
    println!("T-4 IRET in long mode: {vectors} vectors");
}

/// T-6: gates of 16 bytes, from both kinds of code at CPL 3 and from CPL 0.
#[test]
fn t6_gates_in_long_mode() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for (start, is_64) in starts().filter(|(start, _)| !start.is_interrupted()) {
        for (access, is_trap_gate) in [(0xEE, false), (0xEF, true)] {
            let program = bench.at(&start, is_64, &[0xCD, 0x20]);
            program.set_long_gate(0x20, u64::from(HANDLERS + 0x20), access, 0);
            let (rip, old) = (program.cpu.rip, program.cpu.gpr[4]);
            program.steps(1);
            let name = || format!("{start:x?} 64-bit {is_64}");
            let expected = behind_gate(start.flags, is_trap_gate);
            assert_eq!((program.eip(), program.cpu.flags.bits()), (HANDLERS + 0x20, expected), "{}", name());
            let frame: Vec<u64> = [0, 2, 3].map(|index| program.read_qword(program.esp() + 8 * index)).to_vec();
            assert_eq!(frame, [rip + 2, u64::from(start.untouched()), old], "{}", name());
            vectors += 1;
        }
    }
    println!("T-6 in long mode: {vectors} vectors");
}

/// T-6, rows SYSCALL and SYSRET: every flag and every bit of FMASK and of R11, from both polarities. SYSCALL: R11 has the
/// flags, RCX the next address; the flags lose what FMASK names, and RF. SYSRET: R11 AND 3C7FD7h OR 2.
#[test]
fn t6_syscall_and_sysret() {
    const KERNEL: u64 = 0x1_2000;
    let ready = |program: &mut Program| {
        program.cpu.msrs.star = 0x0023 << 48 | 0x0010 << 32;
        program.cpu.msrs.lstar = KERNEL;
    };
    let flipped = || images(true).map(|image| image & ALL | 2);
    let mut bench = Bench::new();
    let mut vectors = 0;
    for polarity in [0, ALL & !(VM | RF | TF | VIP)] {
        for mask in flipped() {
            let start = Start { place: Place::Ring { cpl: 3, pvi: false }, flags: polarity | 2 };
            let program = bench.at(&start, true, &[0x0F, 0x05]);
            ready(program);
            program.cpu.msrs.fmask = mask.into();
            let rip = program.cpu.rip;
            assert_eq!(execute(program), Ok(()));
            let cpu = &program.cpu;
            assert_eq!((cpu.rip, cpu.gpr[1], cpu.gpr[11]), (KERNEL, rip + 2, u64::from(start.flags)));
            assert_eq!((cpu.flags.bits(), cpu.cpl), (start.flags & !mask | 2, 0), "{polarity:x} {mask:x}");
            vectors += 1;
        }
        for image in images(true) {
            let start = Start { place: Place::Ring { cpl: 0, pvi: false }, flags: polarity | 2 };
            let program = bench.at(&start, true, &[0x48, 0x0F, 0x07]);
            ready(program);
            program.cpu.gpr[1] = u64::from(CODE);
            program.cpu.gpr[11] = u64::from(image) | 0xFFFF_FFFF_0000_0000;
            assert_eq!(execute(program), Ok(()));
            assert_eq!((program.cpu.flags.bits(), program.cpu.cpl), (image & 0x3C_7FD7 | 2, 3), "{image:x}");
            vectors += 1;
        }
    }
    assert_eq!(vectors, 2 * 2 * 66);
    println!("T-6 SYSCALL, SYSRET: {vectors} vectors");
}

/// T-6, rows SYSENTER and SYSEXIT: SYSENTER clears VM, IF and RF and keeps the rest; SYSEXIT keeps all.
#[test]
fn t6_sysenter_and_sysexit() {
    let mut bench = Bench::new();
    for flags in [2, ALL & !(VM | TF | VIP | RF) | 2] {
        for is_64 in [true, false] {
            let start = Start { place: Place::Ring { cpl: 3, pvi: false }, flags };
            let program = bench.at(&start, is_64, &[0x0F, 0x34]);
            program.cpu.msrs.sysenter_cs = 0x10;
            program.cpu.msrs.sysenter_eip = 0x1_2000;
            assert_eq!(execute(program), Ok(()));
            assert_eq!(program.cpu.flags.bits(), flags & !(VM | IF | RF), "SYSENTER");
        }
        let start = Start { place: Place::Ring { cpl: 0, pvi: false }, flags };
        let program = bench.at(&start, true, &[0x48, 0x0F, 0x35]);
        program.cpu.msrs.sysenter_cs = 0x10;
        program.cpu.gpr[2] = u64::from(CODE);
        assert_eq!(execute(program), Ok(()));
        assert_eq!((program.cpu.flags.bits(), program.cpu.cpl), (flags, 3), "SYSEXIT");
    }
}
