//! The mode line: what decides how the next instruction works. SDM Vol.3A 2.2 "Modes of Operation".

use ringwalk_cpu::flags::IF;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{Activity, CpuState, Mode, Shadow};
use serde::Serialize;

use crate::disassembly::bits;
use crate::page::{Page, Show, Tone};
use crate::paging::paging_name;
use crate::target::Target;

/// The mode in all its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModeView {
    /// `real`, `unreal`, `virtual-8086`, `protected`, `64-bit` or `compatibility`.
    pub mode: &'static str,
    /// Default operand and address size of code.
    pub code_bits: u32,
    /// Width of the stack pointer.
    pub stack_bits: u32,
    /// Current privilege level.
    pub cpl: u8,
    /// I/O privilege level.
    pub iopl: u8,
    /// `off`, `32-bit`, `PAE`, `4-level` or `5-level`.
    pub paging: &'static str,
    /// The A20 gate is open.
    pub a20: bool,
    /// `active`, `halted` or `shutdown`.
    pub activity: &'static str,
    /// What is pending, and what holds it off.
    pub pending: Vec<String>,
}

/// The mode now.
pub fn mode(target: &dyn Target) -> ModeView {
    let cpu = target.cpu();
    ModeView {
        mode: match cpu.mode() {
            Mode::Real if is_unreal(cpu) => "unreal",
            Mode::Real => "real",
            Mode::Virtual8086 => "virtual-8086",
            Mode::Protected if cpu.code_is_64() => "64-bit",
            Mode::Protected if cpu.long_mode() => "compatibility",
            Mode::Protected => "protected",
        },
        code_bits: bits(cpu),
        stack_bits: stack_bits(cpu),
        cpl: cpu.cpl,
        iopl: cpu.flags.iopl(),
        paging: paging_name(cpu),
        a20: target.memory().a20_open(),
        activity: match cpu.activity {
            Activity::Active => "active",
            Activity::Halted => "halted",
            Activity::Shutdown => "shutdown",
            Activity::Waiting { .. } => "waiting",
        },
        pending: pending(target),
    }
}

fn stack_bits(cpu: &CpuState) -> u32 {
    match (cpu.code_is_64(), cpu.seg(SegReg::Ss).is_big()) {
        (true, _) => 64,
        (false, true) => 32,
        (false, false) => 16,
    }
}

/// A data segment reaches beyond 64 KiB in real mode: its cache was loaded in protected mode.
pub fn is_unreal(cpu: &CpuState) -> bool {
    cpu.mode() == Mode::Real && SegReg::ALL.iter().any(|reg| cpu.seg(*reg).limit > 0xFFFF || cpu.seg(*reg).is_big())
}

/// Interrupts that wait, and why they wait. SDM Vol.3A 6.8 "Enabling and Disabling Interrupts".
fn pending(target: &dyn Target) -> Vec<String> {
    let (cpu, signals) = (target.cpu(), target.signals());
    let mut found = Vec::new();
    let shadow = match cpu.shadow {
        Shadow::None => None,
        Shadow::Sti => Some("held off for one instruction after STI"),
        Shadow::MovSs => Some("held off for one instruction after a load of SS"),
    };
    if signals.interrupt {
        let why = if cpu.flags.has(IF) { shadow } else { Some("held off: IF is clear") };
        found.push(format!("interrupt pending{}", why.map_or_else(String::new, |why| format!(", {why}"))));
    } else if let Some(shadow) = shadow {
        found.push(format!("interrupts {shadow}"));
    }
    if signals.nmi || cpu.nmi_pending {
        let why = if cpu.nmi_blocked { ", held off until IRET" } else { "" };
        found.push(format!("NMI pending{why}"));
    }
    found
}

impl Show for ModeView {
    fn show(&self, page: &mut Page) {
        let mut parts = vec![format!("{} mode", self.mode), format!("{}-bit code", self.code_bits)];
        if self.stack_bits != self.code_bits {
            parts.push(format!("{}-bit stack", self.stack_bits));
        }
        parts.push(format!("CPL {}", self.cpl));
        if self.mode == "virtual-8086" || self.cpl > 0 {
            parts.push(format!("IOPL {}", self.iopl));
        }
        parts.push(format!("paging {}", self.paging));
        parts.push(format!("A20 {}", if self.a20 { "on" } else { "off" }));
        if self.activity != "active" {
            parts.push(page.tone(Tone::Warning, self.activity));
        }
        page.line(parts.join(", "));
        for pending in &self.pending {
            page.line(pending);
        }
    }
}
