//! The topics of `info`: rows as those of the commands.

use crate::commands::{Command, Group, LookFn, Run, Takes, row};
use crate::{breaking, looking};

const fn topic(name: &'static str, shortest: &'static str, function: LookFn) -> Command {
    row(Group::Topic, name, shortest, Run::Look(function))
}

/// Topics of `info`.
pub static TOPICS: &[Command] = &[
    topic("apic", "ap", looking::apic).help("the local APIC: what waits, and what holds it back", &["info apic"]),
    topic("break", "b", breaking::list)
        .also(&[("breakpoints", ""), ("watch", ""), ("watchpoints", "")])
        .help("breakpoints and watchpoints, with conditions and counts", &["info break"]),
    topic("cr", "c", looking::cr)
        .also(&[("creg", ""), ("control", "")])
        .help("control registers, bit by bit", &["info cr"]),
    topic("device", "dev", looking::device)
        .also(&[("devices", "")])
        .takes("[NAME]", Takes::Device)
        .help("a device's state, or the names of all", &["info device", "info device pic"]),
    topic("dr", "dr", looking::dr).help("the guest's own debug registers", &["info dr"]),
    topic("eflags", "e", looking::eflags)
        .also(&[("flags", ""), ("f", "")])
        .help("EFLAGS, flag by flag", &["info eflags"]),
    topic("fpu", "fp", looking::fpu)
        .also(&[("float", ""), ("mmx", ""), ("x87", "")])
        .help("registers of x87 and MMX, control and status bit by bit", &["info fpu"]),
    topic("gdt", "g", looking::gdt)
        .takes("[SELECTOR]", Takes::Expression)
        .help("the global descriptor table", &["info gdt"]),
    topic("idt", "id", looking::idt)
        .takes("[VECTOR]", Takes::Expression)
        .help("the interrupt descriptor table; in real mode the vector table", &["info idt"]),
    topic("ivt", "iv", looking::ivt)
        .takes("[VECTOR]", Takes::Expression)
        .help("the interrupt vector table, and what each vector is for", &["info ivt", "info ivt 0x13"]),
    topic("ldt", "l", looking::ldt)
        .takes("[SELECTOR]", Takes::Expression)
        .help("the local descriptor table", &["info ldt"]),
    topic("machine", "ma", looking::machine)
        .also(&[("config", ""), ("position", "")])
        .help("what the machine is made of, and its position", &["info machine"]),
    topic("mode", "mo", looking::show_mode).help("the mode line", &["info mode"]),
    topic("msr", "ms", looking::msr).help("model-specific registers", &["info msr"]),
    topic("notes", "n", looking::notes).help("what the guest used and the machine lacks", &["info notes"]),
    topic("registers", "r", looking::regs)
        .also(&[("all-registers", ""), ("regs", "")])
        .help("all registers, as `regs`", &["info registers"]),
    topic("screen", "sc", looking::screen).help("the text screen", &["info screen"]),
    topic("seg", "se", looking::seg)
        .also(&[("segments", ""), ("sreg", "")])
        .help("segment registers with their hidden parts", &["info seg"]),
    topic("serial", "ser", looking::serial).help("the last lines that COM1 sent", &["info serial"]),
    topic("sse", "ss", looking::sse)
        .also(&[("xmm", ""), ("mxcsr", ""), ("vector", "")])
        .help("XMM or YMM registers, MXCSR and XCR0 bit by bit", &["info sse"]),
    topic("stack", "st", looking::show_stack).takes("[N]", Takes::Expression).help("the stack", &["info stack"]),
    topic("tlb", "tl", looking::tlb)
        .also(&[("tab", "")])
        .takes("[ADDR]", Takes::Expression)
        .help("the TLB; STALE entries differ from the tables", &["info tlb", "info tlb 0x7c00"]),
    topic("tss", "ts", looking::tss).help("the task-state segment", &["info tss"]),
];
