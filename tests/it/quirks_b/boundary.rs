//! What happens between two instructions: which of several events comes first, and how NMI is blocked.
//! SDM Vol.3A 6.7.1 "Handling Multiple NMIs", 6.9 "Priority Among Concurrent Events", Table 6-2.

use ringwalk_cpu::flags::{IF, NT, TF};
use ringwalk_cpu::state::{CR4_DE, CR4_VME};

use super::*;

/// Events that can stand at one boundary, the highest priority first. Table 6-2: a task-switch trap, traps of the
/// previous instruction, NMI, maskable interrupts, a code breakpoint, faults of the fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    TaskSwitchTrap,
    IoBreakpoint,
    SingleStep,
    Nmi,
    Interrupt,
    CodeBreakpoint,
    FetchPageFault,
}
use Event::*;

const EVENTS: [Event; 7] = [TaskSwitchTrap, IoBreakpoint, SingleStep, Nmi, Interrupt, CodeBreakpoint, FetchPageFault];

/// Vector and, for a debug exception, the bits of DR6.
fn reported(event: Event) -> (u32, u32) {
    match event {
        TaskSwitchTrap => (1, 0x8000),
        IoBreakpoint => (1, 1),
        SingleStep => (1, 0x4000),
        Nmi => (2, 0),
        Interrupt => (0x20, 0),
        CodeBreakpoint => (1, 2),
        FetchPageFault => (14, 0),
    }
}

/// The three debug traps share one exception and report together.
fn is_trap(event: Event) -> bool {
    matches!(event, TaskSwitchTrap | IoBreakpoint | SingleStep)
}

/// Where the boundary lies: behind this OUT.
const BEHIND_OUT: u32 = CODE + 2;

/// OUT to F1h, which makes an edge on NMI, or to F2h, which does nothing: the boundary behind it has the events.
fn arrange(events: &[Event]) -> Program {
    let mut program = Program::paged();
    program.cpu.cr4 = CR4_DE;
    let has = |event| events.contains(&event);
    let port: u8 = if has(Nmi) { 0xF1 } else { 0xF2 };
    // The OUT ends a page, so that the next fetch can fault.
    let at = CODE + 0xFFE;
    program.cpu.rip = u64::from(at);
    program.write(at, &[0xE6, port, 0x90, 0xF4]);
    program.set_flags(IF | if has(SingleStep) { TF } else { 0 });
    if has(IoBreakpoint) {
        program.cpu.dr[0] = port.into();
        program.cpu.dr7 |= 1 | 2 << 16;
    }
    if has(CodeBreakpoint) {
        program.cpu.dr[1] = u64::from(at + 2);
        program.cpu.dr7 |= 4;
    }
    if has(Interrupt) {
        program.bus.timer = vec![(program.cpu.position + 1, 0x20)];
    }
    if has(FetchPageFault) {
        program.write_dword(pte_of(at + 2), 0);
    }
    program
}

/// Every pair that one OUT can bring about, by the table's order.
#[test]
fn q41_the_priority_of_events_at_one_boundary() {
    let mut pairs = 0;
    for (rank, first) in EVENTS.into_iter().enumerate().skip(1) {
        for second in EVENTS.into_iter().skip(rank) {
            let mut program = arrange(&[first, second]);
            program.steps(2);
            let (vector, bits) = reported(first);
            let both = if is_trap(first) && is_trap(second) { reported(second).1 } else { 0 };
            let name = format!("{first:?} and {second:?}");
            assert_eq!(program.eip(), HANDLERS + vector, "{name}");
            assert_eq!(program.cpu.dr6, u64::from(0xFFFF_0FF0 | bits | both), "{name}");
            let code = if first == FetchPageFault { 4 } else { 0 };
            assert_eq!(program.read_dword(program.esp() + code), BEHIND_OUT + 0xFFE, "{name}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 21);
}

/// The trap of a task switch comes before everything that waits at the new task's first instruction.
#[test]
fn q41_a_task_switch_trap_comes_first() {
    for second in [Nmi, Interrupt, CodeBreakpoint] {
        let mut program = Program::protected();
        with_task(&mut program, IF | 2, true);
        program.write(TASK_CODE, &[0x90, 0xF4]);
        program.set_flags(IF);
        match second {
            Nmi => {
                // A pending NMI that the switch found blocked.
                program.cpu.nmi_pending = true;
                program.cpu.nmi_blocked = true;
            }
            Interrupt => program.bus.timer = vec![(program.cpu.position + 1, 0x20)],
            _ => {
                program.cpu.dr[1] = u64::from(TASK_CODE);
                program.cpu.dr7 |= 8;
            }
        }
        program.code(TO_TASK).steps(1);
        program.cpu.nmi_blocked = false;
        program.steps(1);
        assert_eq!((program.eip(), program.cpu.dr6), (HANDLERS + 1, 0xFFFF_8FF0), "{second:?}");
        let pushed = program.read_dword(program.esp());
        assert_eq!(pushed, TASK_CODE, "{second:?}");
    }
}

/// Real mode; the handlers of NMI and #UD: the first is `ud2; nop; iret`, the second skips two bytes and returns.
fn nested() -> Program {
    let mut program = Program::real();
    let handlers = u32::from(REAL_HANDLERS) * 16;
    program.write_word(2 * 4, 0x200);
    program.write_word(6 * 4, 0x210);
    program.code_at(
        handlers + 0x200,
        16,
        "
        0F 0B ; ud2
        90    ; nop
        CF    ; iret
    ",
    );
    program.code_at(
        handlers + 0x210,
        16,
        "
        58       ; pop ax
        05 02 00 ; add ax, 2
        50       ; push ax
        CF       ; iret
    ",
    );
    program.write(u32::from(REAL_CODE) << 4, &[0x90, 0x90, 0xF4]);
    program
}

/// Any IRET unblocks, also that of an exception's handler inside the NMI handler: the classic way to nest NMIs.
#[test]
fn q37_the_iret_of_a_nested_exception_unblocks_nmi() {
    let mut program = nested();
    program.bus.nmi = true;
    // NMI, UD2, four instructions of its handler up to IRET.
    program.steps(1);
    assert_eq!(program.eip(), 0x200);
    program.steps(1);
    assert_eq!(program.eip(), 0x210);
    program.bus.nmi = true;
    program.steps(3);
    assert_eq!(program.eip(), 0x215, "still blocked in front of IRET");
    program.steps(2);
    assert_eq!(program.eip(), 0x200, "the second NMI interrupts the first one's handler");
    let return_ip = program.read_word((u32::from(REAL_STACK) << 4) + program.esp());
    assert_eq!(return_ip, 0x202);
}

/// However many come in while one is handled, one is latched.
#[test]
fn q37_one_nmi_is_latched_however_many_come() {
    let mut program = Program::real();
    program.write_word(2 * 4, 0x200);
    let handler = u32::from(REAL_HANDLERS) * 16 + 0x200;
    // INC BX; OUT F1h three times in the first run only.
    program.code_at(
        handler,
        16,
        "
        43    ; inc bx
        80 FB 01 ; cmp bl, 1
        75 06 ; jne +6
        E6 F1 ; out 0xF1, al
        E6 F1 ; out 0xF1, al
        E6 F1 ; out 0xF1, al
        CF    ; iret
    ",
    );
    program.cpu.gpr[3] = 0;
    program.code(
        "
        E6 F1 ; out 0xF1, al
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(3), 2);
}

/// IRET unblocks even if it faults: in virtual-8086 mode below IOPL 3, and as a task return without a task.
#[test]
fn q37_every_faulting_iret_unblocks_nmi() {
    type Arrange = fn() -> Program;
    let rows: [(&str, Arrange, u8); 3] = [
        ("IOPL 0 in virtual-8086 mode", || virtual_8086(0), 13),
        (
            "VME with TF in the image",
            || {
                let mut program = virtual_8086(0);
                program.cpu.cr4 = CR4_VME;
                program.write((u32::from(REAL_STACK) << 4) + 0x1000, &[0, 0, 0, 0, 0, 1]);
                program
            },
            13,
        ),
        (
            "NT without a link",
            || {
                let mut program = Program::protected();
                program.set_flags(NT);
                program
            },
            10,
        ),
    ];
    for (name, arrange, vector) in rows {
        let mut program = arrange();
        let at = program.cpu.linear_rip() as u32;
        program.write(at, &[0xCF]);
        program.cpu.nmi_blocked = true;
        program.cpu.nmi_pending = true;
        let fault = program.fault();
        assert_eq!((fault.vector, fault.eip), (2, HANDLERS + u32::from(vector)), "{name}");
    }
}

/// NMI wakes HLT, also with IF clear; an interrupt only with IF set. SDM Vol.2A "HLT".
#[test]
fn q37_nmi_wakes_hlt_whatever_if_is() {
    for (flags, nmi, end) in [(0, true, End::Vector(2)), (0, false, End::Halted), (IF, false, End::Vector(0x20))] {
        let mut program = Program::real();
        program.set_flags(flags);
        program.code(
            "
            F4 ; hlt
        ",
        );
        program.steps(1);
        if nmi {
            program.bus.nmi = true;
        } else {
            program.bus.pending.push(0x20);
        }
        assert_eq!(program.run(), end, "IF {flags:x} NMI {nmi}");
        if end != End::Halted {
            let stack = (u32::from(REAL_STACK) << 4) + program.esp();
            assert_eq!(program.read_word(stack), 1, "behind HLT");
        }
    }
}
