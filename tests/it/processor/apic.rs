//! The local APIC as programs use it: its page, its model-specific registers, and when its interrupts strike. SDM Vol.3A
//! chapter 11; the rules of its registers one by one are tests in `cpu/src/apic/tests.rs`.

use ringwalk_cpu::apic::Mode;
use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Exit, Limits};
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{DeliveryMode, Destination, InterruptMessage, TlbPolicy, Trigger, Vector};

use crate::program::*;

/// Registers of the page.
const PAGE: u32 = 0xFEE0_0000;
const TPR: u32 = PAGE + 0x80;
const EOI: u32 = PAGE + 0xB0;
const SVR: u32 = PAGE + 0xF0;
const ICR: u32 = PAGE + 0x300;
const LVT_TIMER: u32 = PAGE + 0x320;
const LINT0: u32 = PAGE + 0x350;
const INITIAL_COUNT: u32 = PAGE + 0x380;
const DIVIDE: u32 = PAGE + 0x3E0;
/// ICR: to itself.
const SELF: u32 = 1 << 18;

/// IA32_APIC_BASE, IA32_TSC_DEADLINE.
const APIC_BASE: u32 = 0x1B;
const TSC_DEADLINE: u32 = 0x6E0;

const STI: &[u8] = &[0xFB];
const CLI: &[u8] = &[0xFA];
const NOP: &[u8] = &[0x90];
const HLT: &[u8] = &[0xF4];
const IRET: &[u8] = &[0xCF];
/// JMP to itself.
const SPIN: &[u8] = &[0xEB, 0xFE];
const CPUID: &[u8] = &[0x0F, 0xA2];
const RDMSR: &[u8] = &[0x0F, 0x32];
const WRMSR: &[u8] = &[0x0F, 0x30];

/// MOV dword [at], value.
fn store(at: u32, value: u32) -> Vec<u8> {
    [&[0xC7, 0x05][..], &at.to_le_bytes(), &value.to_le_bytes()].concat()
}

/// MOV EAX, [at].
fn load(at: u32) -> Vec<u8> {
    [&[0xA1][..], &at.to_le_bytes()].concat()
}

/// INC dword [at].
fn increment(at: u32) -> Vec<u8> {
    [&[0xFF, 0x05][..], &at.to_le_bytes()].concat()
}

/// MOV ECX, number; MOV EAX, low; MOV EDX, high; WRMSR.
fn wrmsr(number: u32, value: u64) -> Vec<u8> {
    let (low, high) = (value as u32, (value >> 32) as u32);
    let parts = [(0xB9, number), (0xB8, low), (0xBA, high)];
    let mut code: Vec<u8> =
        parts.into_iter().flat_map(|(op, value)| [&[op][..], &value.to_le_bytes()].concat()).collect();
    code.extend(WRMSR);
    code
}

/// A program in protected mode with interrupts off, its local APIC on in virtual wire mode.
fn program(parts: &[&[u8]]) -> Program {
    let mut program = Program::protected();
    program.write(CODE, &parts.concat());
    program
}

/// Gives a vector a handler: the code, EOI, IRET.
fn handle(program: &mut Program, vector: u8, code: &[u8]) {
    let at = DATA + 0x1000 + 0x40 * u32::from(vector);
    program.write(at, &[code, &store(EOI, 0), IRET].concat());
    program.set_gate(vector, gate(CODE_OF[0], at, 0x8E, 0));
}

#[test]
fn a_self_ipi_strikes_behind_the_instruction_that_sends_it() {
    let send = store(ICR, SELF | 0x41);
    let mut program = program(&[STI, NOP, &send, NOP, HLT]);
    assert_eq!(program.run(), End::Vector(0x41));
    let behind = CODE + 2 + send.len() as u32;
    assert_eq!(program.frame(0x41).eip, behind);
}

#[test]
fn a_masked_interrupt_waits_for_sti_and_its_shadow() {
    let mut program = program(&[&store(ICR, SELF | 0x41), &store(ICR, SELF | 0x52), NOP, STI, NOP, HLT]);
    assert_eq!(program.run(), End::Vector(0x52), "the higher class first");
    assert_eq!(program.frame(0x52).eip, CODE + 23, "behind the instruction that STI shadows");
}

#[test]
fn interrupts_nest_by_class_and_come_in_order_of_priority() {
    let count = |vector: u8| DATA + 4 * u32::from(vector);
    let mut program = program(&[STI, &store(ICR, SELF | 0x41), &store(ICR, SELF | 0x61), NOP, HLT]);
    // The handler of 41h sends itself 51h, which nests, and 42h, which waits for its end.
    let nested = [STI, &store(ICR, SELF | 0x42), &store(ICR, SELF | 0x51), NOP, &load(count(0x51)), CLI].concat();
    let note = [
        &nested[..],
        &[0xA3],
        &(DATA + 0x800).to_le_bytes(),
        &load(count(0x42)),
        &[0xA3],
        &(DATA + 0x804).to_le_bytes(),
    ]
    .concat();
    handle(&mut program, 0x41, &note);
    for vector in [0x42, 0x51, 0x61] {
        handle(&mut program, vector, &increment(count(vector)));
    }
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.read_dword(DATA + 0x800), program.read_dword(DATA + 0x804)), (1, 0));
    assert_eq!([0x42, 0x51, 0x61].map(|vector| program.read_dword(count(vector))), [1, 1, 1]);
}

#[test]
fn the_task_priority_holds_back_until_it_falls() {
    let lower = store(TPR, 0x30);
    let mut program = program(&[STI, &store(TPR, 0x40), &store(ICR, SELF | 0x4F), NOP, NOP, &lower, NOP, HLT]);
    assert_eq!(program.run(), End::Vector(0x4F));
    assert_eq!(program.frame(0x4F).eip, CODE + 1 + 10 + 10 + 2 + 10, "behind the write that lowers it");
}

#[test]
fn intr_comes_through_lint0_or_not_at_all() {
    let mut masked = program(&[&store(LINT0, 0x1_0700), STI, NOP, NOP, &store(LINT0, 0x700), NOP, HLT]);
    masked.bus.pending.push(0x33);
    assert_eq!(masked.run(), End::Vector(0x33));
    assert_eq!(masked.frame(0x33).eip, CODE + 10 + 3 + 10, "when the mask is gone");
    // With the 8259A masked, an ExtINT message asks for the INTA cycles.
    let mut message = program(&[&store(LINT0, 0x1_0700), STI, NOP, HLT]);
    let (destination, mode) = (Destination::Physical(0), DeliveryMode::ExtInt);
    message.bus.messages.push(InterruptMessage { destination, mode, vector: Vector(0), trigger: Trigger::Edge });
    message.steps(3);
    message.bus.pending.push(0x34);
    assert_eq!(message.run(), End::Vector(0x34));
}

/// The end of a count in a loop, in HLT, and in steps: delivery costs a cycle, the handler's HLT another.
#[test]
fn the_timer_strikes_at_its_moment() {
    for (setup, wait) in [(STI, SPIN), (STI, HLT)] {
        let count = store(INITIAL_COUNT, 5000);
        let parts = [&store(DIVIDE, 0b1011)[..], &store(LVT_TIMER, 0x45), setup, NOP, &count, wait];
        let mut run = program(&parts);
        assert_eq!(run.run(), End::Vector(0x45));
        // Four instructions went before the one that starts the count.
        assert_eq!(run.cpu.position, 4 + 5000 + 2, "{wait:x?}");
        let mut stepped = program(&parts);
        while stepped.cpu.position < 4 + 5000 + 2 {
            stepped.steps(1);
        }
        assert_eq!(stepped.cpu, run.cpu);
    }
}

#[test]
fn a_deadline_strikes_when_the_counter_reaches_it() {
    let parts = [&store(LVT_TIMER, 0x4_0046)[..], STI, &wrmsr(TSC_DEADLINE, 9000), SPIN];
    let mut run = program(&parts);
    assert_eq!(run.run(), End::Vector(0x46));
    assert_eq!(run.cpu.position, 9000 + 2);
    // The counter itself may be set beyond the deadline.
    let tsc = wrmsr(0x10, 8000);
    let mut set = program(&[&store(LVT_TIMER, 0x4_0046)[..], STI, &wrmsr(TSC_DEADLINE, 9000), &tsc, SPIN]);
    assert_eq!(set.run(), End::Vector(0x46));
    assert_eq!(set.cpu.position, 9 + 1000 + 2, "the ninth cycle wrote 8000");
}

#[test]
fn a_timer_that_nobody_waits_for_wakes_nobody() {
    let mut run = program(&[&store(LVT_TIMER, 0x3_0045)[..], &store(INITIAL_COUNT, 50), STI, HLT]);
    assert_eq!(run.run(), End::Halted, "its entry is masked");
}

#[test]
fn an_nmi_comes_by_message_and_by_itself() {
    let mut program = program(&[NOP, &store(ICR, 0x400), NOP, HLT]);
    assert_eq!(program.run(), End::Vector(2), "to its own ID, with interrupts off");
}

#[test]
fn a_level_triggered_interrupt_is_ended_on_the_bus() {
    let mut program = program(&[STI, NOP, NOP, HLT]);
    handle(&mut program, 0x71, NOP);
    let (destination, mode) = (Destination::Logical(0xFF), DeliveryMode::LowestPriority);
    program.bus.messages.push(InterruptMessage { destination, mode, vector: Vector(0x71), trigger: Trigger::Level });
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.bus.log, ["eoi 71"]);
}

#[test]
fn messages_for_others_go_to_the_bus() {
    let mut program = program(&[&store(PAGE + 0x310, 0x0500_0000), &store(ICR, 0x55), HLT]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.bus.log, ["ipi 55 to Physical(5)"]);
}

/// The page lies over memory, which is there again when the page is gone: no way to it stays in the HostTlb.
#[test]
fn the_page_moves_over_memory_and_away() {
    const OVER: u32 = 0x20_0000;
    let version = OVER + 0x30;
    let mut program = program(&[
        &store(version, 0x1234_5678),
        &load(version),
        &wrmsr(APIC_BASE, u64::from(OVER) | 0x900),
        &load(version),
        &[0x89, 0xC3],
        &store(version, 0x9999_9999),
        &store(OVER + 0x80, 0x50),
        &wrmsr(APIC_BASE, 0x100),
        &load(version),
        HLT,
    ]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(3) & 0xFF, 0x14, "the version register");
    assert_eq!(program.reg(0), 0x1234_5678, "memory kept what it had");
    assert_eq!(program.read_dword(OVER + 0x80), 0);
    assert_eq!(program.cpu.apic.mode(), Mode::Off);
}

#[test]
fn cpuid_follows_the_global_enable() {
    let mut program = program(&[]);
    let mut feature = |base: Option<u64>| {
        if let Some(value) = base {
            (program.cpu.gpr[0], program.cpu.gpr[2], program.cpu.gpr[1]) = (value, 0, APIC_BASE.into());
            assert_eq!(program.attempt(WRMSR), Ok(()));
        }
        program.cpu.gpr[0] = 1;
        assert_eq!(program.attempt(CPUID), Ok(()));
        program.reg(2) >> 9 & 1
    };
    assert_eq!(feature(None), 1);
    assert_eq!(feature(Some(0xFEE0_0100)), 0);
    assert_eq!(feature(Some(0xFEE0_0900)), 1);
}

#[test]
fn registers_of_x2apic_mode_are_there_in_it_only() {
    let mut program = program(&[]);
    let mut write = |number: u32, value: u64| {
        (program.cpu.gpr[1], program.cpu.gpr[0], program.cpu.gpr[2]) =
            (number.into(), value & 0xFFFF_FFFF, value >> 32);
        program.attempt(WRMSR)
    };
    let gp = Err((13, 0));
    assert_eq!(write(0x808, 0x20), gp, "in xAPIC mode");
    assert_eq!(write(APIC_BASE, 0xFEE0_0500), gp, "EXTD without EN");
    assert_eq!(write(APIC_BASE, 0xFEE0_0D00), Ok(()));
    assert_eq!((write(0x808, 0x20), write(0x808, 0x100), write(0x802, 0)), (Ok(()), gp, gp));
    assert_eq!(write(APIC_BASE, 0xFEE0_0900), gp, "not back without being disabled");
    program.cpu.gpr[1] = 0x808;
    assert_eq!(program.attempt(RDMSR), Ok(()));
    assert_eq!(program.reg(0), 0x20);
    program.cpu.gpr[1] = 0x80B;
    assert_eq!(program.attempt(RDMSR), gp, "EOI cannot be read");
    let at = program.cpu.linear_rip() as u32;
    program.write(at, &[&load(PAGE + 0x80)[..], HLT].concat());
    program.run();
    assert_eq!(program.reg(0), u32::MAX, "the page is gone");
}

#[test]
fn cr8_is_the_upper_half_of_the_task_priority() {
    let mut program = Program::long();
    program.cpu.gpr[0] = 5;
    assert_eq!(program.attempt(&[0x44, 0x0F, 0x22, 0xC0]), Ok(()), "mov cr8, rax");
    assert_eq!(program.cpu.apic.tpr(), 0x50);
    assert_eq!(program.attempt(&[0x44, 0x0F, 0x20, 0xC3]), Ok(()), "mov rbx, cr8");
    assert_eq!(program.cpu.gpr[3], 5);
}

#[test]
fn models_without_a_local_apic_have_plain_pins() {
    for model in [Model::I386, Model::I486] {
        let mut program = Program::protected_on(model, TlbPolicy::Real);
        program.write(CODE, &[&load(PAGE + 0x30), STI, NOP, HLT].concat());
        program.bus.pending.push(0x33);
        assert_eq!(program.run(), End::Vector(0x33));
        assert_eq!(program.reg(0), u32::MAX, "nobody answers");
    }
    for model in [Model::Pentium, Model::P6, Model::Max] {
        let mut program = Program::protected_on(model, TlbPolicy::Real);
        program.write(CODE, &[&load(PAGE + 0x30)[..], HLT].concat());
        program.run();
        assert_eq!(program.reg(0) & 0xF0, 0x10, "{model:?}: integrated");
    }
}

/// A processor fresh from reset hears no INTR: LINT0 is masked until firmware opens it.
#[test]
fn after_reset_lint0_is_masked() {
    let mut program = program(&[STI, NOP, &store(SVR, 0x1FF), &store(LINT0, 0x700), NOP, HLT]);
    program.cpu.apic.reset();
    program.bus.pending.push(0x33);
    assert_eq!(program.run(), End::Vector(0x33));
    assert_eq!(program.frame(0x33).eip, CODE + 2 + 20);
}

/// R1 over a program that uses timer, deadline, self-IPIs, TPR and EOI: slices, steps and flushes leave the same state.
#[test]
fn laws_over_the_local_apic() {
    let build = || {
        let body = [
            &store(TPR, 0x20)[..],
            &increment(DATA),
            &store(ICR, SELF | 0x27),
            &load(PAGE + 0x390),
            &store(TPR, 0),
            &[0xEB, 0xD5],
        ]
        .concat();
        let mut program =
            program(&[&store(DIVIDE, 0b1011), &store(LVT_TIMER, 0x2_0045), &store(INITIAL_COUNT, 137), STI, &body]);
        assert_eq!(body.len(), 0x2B);
        handle(&mut program, 0x45, &increment(DATA + 4));
        handle(&mut program, 0x27, &increment(DATA + 8));
        program
    };
    let run = |program: &mut Program, position: u64| {
        let limits = Limits { position, ..Limits::NONE };
        assert_eq!(program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits), Exit::Position);
    };
    const END: u64 = 20_000;
    let whole: CpuState = {
        let mut program = build();
        run(&mut program, END);
        assert_eq!(program.read_dword(DATA + 4), (END / 137) as u32, "one for each period");
        assert!(program.read_dword(DATA).abs_diff(program.read_dword(DATA + 8)) <= 1);
        assert!(program.read_dword(DATA) > 1000);
        program.cpu
    };
    for slice in [1, 7, 64, 1000] {
        let mut sliced = build();
        while sliced.cpu.position < END {
            let next = (sliced.cpu.position + slice).min(END);
            run(&mut sliced, next);
            if slice == 64 {
                sliced.engine.forget(&mut sliced.memory);
            }
        }
        assert_eq!(sliced.cpu, whole, "slices of {slice}");
    }
    let mut stepped = build();
    while stepped.cpu.position < END {
        stepped.steps(1);
    }
    assert_eq!(stepped.cpu, whole, "steps");
}
