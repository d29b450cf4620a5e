//! What POPF, CLI, STI, IRET and events do to EFLAGS: the truth tables, as functions written from the manual and not
//! from the interpreter, and run over every bit in both states.
//! SDM Vol.2B "POPF" Table 4-15 "Effect of POPF/POPFD on the EFLAGS Register", Vol.2A "CLI", "IRET/IRETD", Vol.2B "STI".

use crate::program::*;

const CF: u32 = 1;
const PF: u32 = 1 << 2;
const AF: u32 = 1 << 4;
const ZF: u32 = 1 << 6;
const SF: u32 = 1 << 7;
const TF: u32 = 1 << 8;
const IF: u32 = 1 << 9;
const DF: u32 = 1 << 10;
const OF: u32 = 1 << 11;
const IOPL: u32 = 3 << 12;
const NT: u32 = 1 << 14;
const RF: u32 = 1 << 16;
const VM: u32 = 1 << 17;
const AC: u32 = 1 << 18;
const VIF: u32 = 1 << 19;
const VIP: u32 = 1 << 20;
const ID: u32 = 1 << 21;
/// Bits 3, 5, 15 and 22 to 31 read as clear, bit 1 as set.
const ALL: u32 = 0x003F_7FD5;
/// What every row of the tables loads.
const A: u32 = OF | SF | ZF | AF | PF | CF | TF | DF | NT;

/// Real mode, or protected mode at a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Real,
    Ring(u8),
}

fn levels() -> impl Iterator<Item = (Level, u32)> {
    let rings = (0..4).flat_map(|ring| (0..4).map(move |iopl| (Level::Ring(ring), iopl)));
    (0..4).map(|iopl| (Level::Real, iopl)).chain(rings)
}

/// Both polarities, each with every bit flipped once, and with none and all flipped.
fn images(before: u32) -> impl Iterator<Item = u32> {
    (0..32).map(move |bit| before ^ 1 << bit).chain([before, 0, u32::MAX])
}

/// The table's letters: S is a bit of the mask, K one outside it.
fn load(before: u32, image: u32, mask: u32) -> u32 {
    ((before & !mask) | (image & mask)) & ALL | 2
}

fn may_change_if(level: Level, iopl: u32) -> bool {
    match level {
        Level::Real => true,
        Level::Ring(ring) => u32::from(ring) <= iopl,
    }
}

/// T-1.
fn popf(level: Level, wide: bool, before: u32, image: u32) -> u32 {
    let iopl = before >> 12 & 3;
    let mut mask = A;
    if may_change_if(level, iopl) {
        mask |= IF;
    }
    if matches!(level, Level::Real | Level::Ring(0)) {
        mask |= IOPL;
    }
    if wide {
        mask |= AC | ID;
    }
    load(before, image, mask) & !RF
}

/// T-4, without NT, task switches and virtual-8086 mode.
fn iret(level: Level, wide: bool, before: u32, image: u32) -> u32 {
    let iopl = before >> 12 & 3;
    let mut mask = A;
    if may_change_if(level, iopl) {
        mask |= IF;
    }
    if matches!(level, Level::Real | Level::Ring(0)) {
        mask |= IOPL;
    }
    if wide {
        mask |= RF | AC | ID;
    }
    if wide && level == Level::Ring(0) {
        mask |= VIF | VIP;
    }
    // RF is cleared by every instruction that does not load it.
    load(before & !RF, image, mask)
}

struct Bench {
    real: Program,
    rings: [Program; 4],
}

impl Bench {
    fn new() -> Bench {
        let ring = |ring| {
            let mut program = Program::protected();
            program.enter_ring(ring);
            program
        };
        Bench { real: Program::real(), rings: [ring(0), ring(1), ring(2), ring(3)] }
    }

    fn at(&mut self, level: Level) -> &mut Program {
        match level {
            Level::Real => &mut self.real,
            Level::Ring(ring) => &mut self.rings[usize::from(ring)],
        }
    }
}

/// Executes one instruction with these flags and operands on the stack (top first); `opcode` is prefixed where its
/// operand size is not the default. The state is as before afterwards; the flags are given back.
fn flags_after(program: &mut Program, opcode: u8, wide: bool, before: u32, stack: &[u32]) -> u32 {
    let saved = program.cpu.clone();
    let prefix: &[u8] = if wide == program.cpu.code_is_32() { &[] } else { &[0x66] };
    let at = program.cpu.linear_eip() as u32;
    program.write(at, &[prefix, &[opcode]].concat());
    program.set_flags(before);
    let bytes = if wide { 4 } else { 2 };
    let esp = program.esp() - bytes * stack.len() as u32;
    let base = program.cpu.seg(ringwalk_cpu::segment::SegReg::Ss).base as u32;
    for (index, value) in stack.iter().enumerate() {
        program.write(base + esp + bytes * index as u32, &value.to_le_bytes()[..bytes as usize]);
    }
    program.set_esp(esp);
    program.engine.forget(&mut program.memory);
    program.steps(1);
    let after = program.cpu.flags.bits();
    program.cpu = saved;
    after
}

#[test]
fn t1_popf() {
    let mut bench = Bench::new();
    let mut vectors = 0;
    for (level, iopl) in levels() {
        for (wide, polarity) in [(false, 0), (true, 0), (false, ALL), (true, ALL)] {
            let before = polarity & !(VM | IOPL) | iopl << 12;
            for image in images(before) {
                let found = flags_after(bench.at(level), 0x9D, wide, before, &[image]);
                let expected = popf(level, wide, before, image);
                assert_eq!(found, expected, "{level:?} iopl {iopl} wide {wide} {before:x} <- {image:x}");
                vectors += 1;
            }
        }
    }
    assert_eq!(vectors, 20 * 4 * 35);
}

/// Measured on silicon at CPL 3, IOPL 0, IF set.
#[test]
fn t1_popf_measured_rows() {
    let mut bench = Bench::new();
    let user = bench.at(Level::Ring(3));
    for (image, expected) in [
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
    ] {
        assert_eq!(flags_after(user, 0x9D, true, 0x202, &[image]), expected, "{image:x}");
    }
    assert_eq!(flags_after(user, 0x9D, false, 0x202, &[0xFEFF]), 0x4ED7);
}

/// PUSHF gives FLAGS or EFLAGS with VM and RF clear. SDM Vol.2B "PUSHF/PUSHFD".
#[test]
fn t2_pushf_pushes_rf_and_vm_as_zero() {
    let mut bench = Bench::new();
    for (level, iopl) in levels() {
        let program = bench.at(level);
        let before = (ALL & !(VM | IOPL | TF) | iopl << 12) | 2;
        let saved = program.cpu.clone();
        program.set_flags(before);
        let wide_code: &[u8] = if program.cpu.code_is_32() { &[0x9C] } else { &[0x66, 0x9C] };
        let at = program.cpu.linear_eip() as u32;
        program.write(at, wide_code);
        program.engine.forget(&mut program.memory);
        program.steps(1);
        let top = program.cpu.seg(ringwalk_cpu::segment::SegReg::Ss).base as u32 + program.esp();
        assert_eq!(program.read_dword(top), before & !RF, "{level:?}");
        program.cpu = saved;
    }
}

/// T-3: the flag, and whether the next instruction is shadowed.
#[test]
fn t3_cli_and_sti() {
    let mut bench = Bench::new();
    for (level, iopl) in levels() {
        for before in [0, IF] {
            let before = before | iopl << 12 | 2;
            for (opcode, after) in [(0xFA, before & !IF), (0xFB, before | IF)] {
                let program = bench.at(level);
                let saved = program.cpu.clone();
                let at = program.cpu.linear_eip() as u32;
                program.write(at, &[opcode, 0x90, 0x90]);
                program.set_flags(before);
                program.engine.forget(&mut program.memory);
                let name = format!("{level:?} iopl {iopl} {opcode:x} {before:x}");
                program.steps(1);
                if may_change_if(level, iopl) {
                    assert_eq!(program.cpu.flags.bits(), after, "{name}");
                    let shadowed = opcode == 0xFB && before & IF == 0;
                    assert_eq!(interrupted_behind(program) - at, if shadowed { 2 } else { 1 }, "{name}");
                } else {
                    let fault = program.fault();
                    assert_eq!((fault.vector, fault.code, fault.flags & !RF), (13, 0, before), "{name}");
                }
                program.cpu = saved;
            }
        }
    }
}

/// Where an interrupt strikes that is pending now; for CLI, once IF is set again from outside.
fn interrupted_behind(program: &mut Program) -> u32 {
    let bits = program.cpu.flags.bits();
    program.set_flags(bits | IF);
    program.bus.pending = vec![0x20];
    while !program.bus.pending.is_empty() {
        program.steps(1);
    }
    let base = program.cpu.seg(ringwalk_cpu::segment::SegReg::Ss).base as u32;
    let top = base + program.esp();
    match program.cpu.protected() {
        true => program.read_dword(top),
        false => u32::from(REAL_CODE) * 16 + u32::from(program.read_word(top)),
    }
}

#[test]
fn t4_iret_to_the_same_level() {
    let mut bench = Bench::new();
    for (level, iopl) in levels() {
        for (wide, polarity) in [(false, 0), (true, 0), (false, ALL), (true, ALL)] {
            // NT in protected mode asks for a task switch; it is free in real mode.
            let nt = if level == Level::Real { 0 } else { NT };
            let before = polarity & !(VM | IOPL | nt) | iopl << 12;
            for image in images(before) {
                // VM from ring 0 asks for virtual-8086 mode; it is ignored elsewhere.
                let image = if wide && level == Level::Ring(0) { image & !VM } else { image };
                let program = bench.at(level);
                let cs = program.selector(ringwalk_cpu::segment::SegReg::Cs);
                let found = flags_after(program, 0xCF, wide, before, &[0x1234, cs.into(), image]);
                let expected = iret(level, wide, before, image);
                assert_eq!(found, expected, "{level:?} iopl {iopl} wide {wide} {before:x} <- {image:x}");
            }
        }
    }
}

/// The level that executes IRET decides, not the one it goes to.
#[test]
fn t4_iret_to_an_outer_level() {
    let mut bench = Bench::new();
    for from in 0..3u8 {
        for (to, iopl) in (from + 1..4).flat_map(|to| (0..4).map(move |iopl| (to, iopl))) {
            for (wide, polarity) in [(false, 0), (true, 0), (false, ALL), (true, ALL)] {
                let before = polarity & !(VM | IOPL | NT) | iopl << 12;
                for image in images(before) {
                    let image = if wide && from == 0 { image & !VM } else { image };
                    let outer = usize::from(to);
                    let stack = [0x1234, CODE_OF[outer].into(), image, 0x5678, DATA_OF[outer].into()];
                    let found = flags_after(bench.at(Level::Ring(from)), 0xCF, wide, before, &stack);
                    let expected = iret(Level::Ring(from), wide, before, image);
                    assert_eq!(found, expected, "{from} -> {to} iopl {iopl} wide {wide} {before:x} <- {image:x}");
                }
            }
        }
    }
}

/// Measured at CPL 3: VM in the image is ignored without a fault.
#[test]
fn t4_iret_measured_rows() {
    let mut bench = Bench::new();
    let user = bench.at(Level::Ring(3));
    for (image, expected) in [(0x2_0202, 0x202), (0x003D_BEFF, 0x0024_0ED7 | RF)] {
        // The measured value was read by PUSHF, which shows RF clear.
        let found = flags_after(user, 0xCF, true, 0x202, &[0x1234, CODE_OF[3].into(), image]);
        assert_eq!(found | (image & RF), expected | (image & RF), "{image:x}");
    }
}

/// T-6: the flags that a handler begins with, and the image that was pushed. RF is clear in the image of INT n.
#[test]
fn t6_flags_on_entry_through_gates() {
    for (access, cleared) in [(0x8E, TF | NT | VM | RF | IF), (0x8F, TF | NT | VM | RF)] {
        for width_of_gate in [0, 8] {
            for bit in [CF, TF, IF, DF, NT, RF, AC, VIF, ID] {
                let mut program = Program::protected();
                let access = access & !8 | width_of_gate;
                program.set_gate(0x20, gate(CODE_OF[0], HANDLERS + 0x20, access, 0));
                // A 16-bit gate has 16 bits of offset, and the handlers lie below 64 KiB.
                program.set_flags(bit);
                program.code(
                    "
                    CD 20 ; int 0x20
                ",
                );
                program.steps(1);
                assert_eq!(program.cpu.flags.bits(), (bit & !cleared) | 2, "{access:x} {bit:x}");
                let pushed = (bit & !RF) | 2;
                let (image, mask) = match width_of_gate {
                    8 => (program.read_dword(program.esp() + 8), u32::MAX),
                    _ => (u32::from(program.read_word(program.esp() + 4)), 0xFFFF),
                };
                assert_eq!(image, pushed & mask, "{access:x} {bit:x}");
            }
        }
    }
}

/// T-6: SDM Vol.2A "INT n/INTO/INT3/INT1", REAL-ADDRESS-MODE.
#[test]
fn t6_flags_on_entry_in_real_mode() {
    for bit in [CF, TF, IF, DF, IOPL, NT, AC, ID] {
        let mut program = Program::real();
        program.set_flags(bit);
        program.code(
            "
            CD 20 ; int 0x20
        ",
        );
        program.steps(1);
        assert_eq!(program.cpu.flags.bits(), (bit & !(IF | TF | AC)) | 2, "{bit:x}");
        let image = program.read_word(u32::from(REAL_STACK) * 16 + program.esp() + 4);
        assert_eq!(u32::from(image), (bit | 2) & 0xFFFF, "{bit:x}");
    }
}

/// T-6: SDM Vol.2B "SYSENTER", "SYSEXIT".
#[test]
fn t6_sysenter_and_sysexit() {
    let mut program = Program::user();
    program.cpu.msrs.sysenter_cs = CODE_OF[0].into();
    program.cpu.msrs.sysenter_eip = 0x1_2000;
    program.cpu.msrs.sysenter_esp = 0x7000;
    let all = ALL & !(VM | TF | RF) | 2;
    program.set_flags(all);
    program.code(
        "
        0F 34 ; sysenter
    ",
    );
    program.steps(1);
    assert_eq!(program.cpu.flags.bits(), all & !IF);
    assert_eq!((program.cpu.eip, program.esp(), program.cpu.cpl), (0x1_2000, 0x7000, 0));
    let cs = *program.cpu.seg(ringwalk_cpu::segment::SegReg::Cs);
    let ss = *program.cpu.seg(ringwalk_cpu::segment::SegReg::Ss);
    assert_eq!((cs.selector.0, cs.base, cs.limit, cs.rights), (8, 0, u32::MAX, CODE_32));
    assert_eq!((ss.selector.0, ss.base, ss.limit, ss.rights), (0x10, 0, u32::MAX, DATA_32));

    program.cpu.gpr[1] = 0xB000;
    program.cpu.gpr[2] = 0x1_3000;
    program.code(
        "
        0F 35 ; sysexit
    ",
    );
    program.steps(1);
    assert_eq!(program.cpu.flags.bits(), all & !IF);
    assert_eq!((program.cpu.eip, program.esp(), program.cpu.cpl), (0x1_3000, 0xB000, 3));
    let cs = *program.cpu.seg(ringwalk_cpu::segment::SegReg::Cs);
    let ss = *program.cpu.seg(ringwalk_cpu::segment::SegReg::Ss);
    assert_eq!((cs.selector.0, cs.rights), (0x1B, CODE_32 | 0x60));
    assert_eq!((ss.selector.0, ss.rights), (0x23, DATA_32 | 0x60));
}
