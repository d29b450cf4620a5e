//! MONITOR and MWAIT. SDM Vol.3A 9.10.4 "MONITOR/MWAIT Instruction", Vol.2B "MONITOR", "MWAIT".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Exit, Limits};
use ringwalk_cpu::state::Activity;
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

const MONITOR: &[u8] = &[0x0F, 0x01, 0xC8];
const MWAIT: &[u8] = &[0x0F, 0x01, 0xC9];
const IF: u32 = 0x200;

/// MONITOR was executed; what comes next has its operands.
fn armed(extensions: u64) -> Program {
    let mut program = Program::protected();
    program.cpu.gpr[0] = DATA.into();
    assert_eq!(program.attempt(MONITOR), Ok(()));
    program.cpu.gpr[1] = extensions;
    program
}

fn run(program: &mut Program, cycles: u64) -> Exit {
    let limits = Limits { position: program.cpu.position + cycles, ..Limits::NONE };
    program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits)
}

#[test]
fn both_need_ring_0_and_a_model_that_has_them() {
    for code in [MONITOR, MWAIT] {
        assert_eq!(Program::user().attempt(code), Err((6, 0)));
        assert_eq!(Program::protected_on(Model::P6, TlbPolicy::Real).attempt(code), Err((6, 0)));
        assert_eq!(Program::protected().attempt(code), Ok(()));
        // IA32_MISC_ENABLE bit 18: SDM Vol.4 Table 2-2 "ENABLE MONITOR FSM".
        let mut program = Program::protected();
        program.cpu.msrs.misc_enable = 1;
        assert_eq!(program.attempt(code), Err((6, 0)));
    }
}

/// Extensions that are not told of give #GP(0): MONITOR has none, MWAIT has bit 0.
#[test]
fn extensions_in_ecx() {
    for (code, ecx, expected) in [
        (MONITOR, 1, Err((13, 0))),
        (MONITOR, 0x8000_0000, Err((13, 0))),
        (MWAIT, 1, Ok(())),
        (MWAIT, 2, Err((13, 0))),
        (MWAIT, 0x8000_0000, Err((13, 0))),
    ] {
        let mut program = Program::protected();
        program.cpu.gpr[1] = ecx;
        assert_eq!(program.attempt(code), expected, "{code:x?} {ecx:x}");
    }
}

/// The address is checked as that of a byte load, in the segment that a prefix names.
#[test]
fn the_line_is_loaded() {
    let mut program = Program::paged();
    program.write_dword(pte_of(DATA), 0);
    program.cpu.gpr[0] = DATA.into();
    assert_eq!(program.attempt(MONITOR), Err((14, 0)));
    assert_eq!(program.cpu.cr2, u64::from(DATA));
    let mut program = Program::protected();
    program.load(ringwalk_cpu::segment::SegReg::Fs, 0);
    assert_eq!(program.attempt(&[0x64, 0x0F, 0x01, 0xC8]), Err((13, 0)));
}

#[test]
fn without_monitor_nothing_is_waited_for() {
    let mut program = Program::protected();
    assert_eq!(program.attempt(MWAIT), Ok(()));
    assert_eq!(program.cpu.activity, Activity::Active);
    let mut program = armed(0);
    assert_eq!(program.attempt(MWAIT), Ok(()));
    assert_ne!(program.cpu.activity, Activity::Active);
}

/// An interrupt between the two is an event that MWAIT finds to have happened.
#[test]
fn an_interrupt_in_between_ends_the_watch() {
    let mut program = armed(0);
    program.bus.pending.push(0x40);
    program.set_flags(IF | 2);
    program.steps(1);
    assert_eq!(program.eip(), HANDLERS + 0x40);
    assert_eq!(program.attempt(MWAIT), Ok(()));
    assert_eq!(program.cpu.activity, Activity::Active);
}

/// An interrupt ends the wait; with IF clear only if ECX bit 0 asks for it, and then it is not delivered.
#[test]
fn interrupts_end_the_wait() {
    for (extensions, flags, delivered, ended) in
        [(0, IF | 2, true, true), (1, IF | 2, true, true), (0, 2, false, false), (1, 2, false, true)]
    {
        let mut program = armed(extensions);
        program.set_flags(flags);
        let behind = program.eip() + 3;
        assert_eq!(program.attempt(MWAIT), Ok(()));
        program.write(behind, &[0xF4]);
        program.bus.pending.push(0x40);
        let exit = run(&mut program, 1000);
        assert_eq!(exit, Exit::DeadHalt);
        let at = if delivered { HANDLERS + 0x41 } else { behind + u32::from(ended) };
        assert_eq!(program.eip(), at, "ECX {extensions}, flags {flags:x}");
    }
}

/// Any device that does something may have stored: the wait ends when the local APIC's timer, which is masked in EFLAGS,
/// has counted down. Time passes, nothing is retired.
#[test]
fn what_a_device_does_ends_the_wait() {
    let store = |at: u32, value: u32| [&[0xC7, 0x05][..], &at.to_le_bytes(), &value.to_le_bytes()].concat();
    let mut program = Program::protected();
    // SVR on, LVT timer at vector 41h, divided by 1, 5000 cycles.
    let page = 0xFEE0_0000;
    for (at, value) in [(0xF0, 0x1FF), (0x320, 0x41), (0x3E0, 0xB), (0x380, 5000)] {
        assert_eq!(program.attempt(&store(page + at, value)), Ok(()));
    }
    let start = program.cpu.position;
    program.cpu.gpr[0] = DATA.into();
    assert_eq!(program.attempt(MONITOR), Ok(()));
    assert_eq!(program.attempt(MWAIT), Ok(()));
    let (retired, at) = (program.cpu.retired, program.eip());
    program.write(at, &[0xEB, 0xFE]);
    assert_eq!(run(&mut program, 100), Exit::Position);
    assert_eq!(program.cpu.retired, retired);
    program.engine.run(
        &mut program.cpu,
        &mut program.memory,
        &mut program.bus,
        Limits { retired: retired + 1, ..Limits::NONE },
    );
    assert_eq!((program.cpu.retired, program.eip()), (retired + 1, at));
    let waited = program.cpu.position - start;
    assert!((4995..5010).contains(&waited), "{waited} cycles");
}

/// SDM Vol.2A "CPUID": leaf 5, and the flag that follows IA32_MISC_ENABLE.
#[test]
fn what_cpuid_says() {
    let leaf = |number: u64, misc_enable: u64| {
        let mut program = Program::protected();
        program.cpu.msrs.misc_enable = misc_enable;
        program.cpu.gpr[0] = number;
        assert_eq!(program.attempt(&[0x0F, 0xA2]), Ok(()));
        [0, 3, 1, 2].map(|register| program.reg(register))
    };
    const ON: u64 = 1 << 18;
    assert_eq!(leaf(1, ON)[2] & 8, 8);
    assert_eq!(leaf(1, 0)[2] & 8, 0);
    // Smallest and largest line; extensions are told of, bit 0 of ECX exists; there are no C-states to choose.
    assert_eq!(leaf(5, ON), [64, 64, 3, 0]);
    // Bit 22: no leaves above 2.
    assert_eq!(leaf(0, ON | 1 << 22)[0], 2);
}
