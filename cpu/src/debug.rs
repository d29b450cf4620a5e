//! The guest's debug registers. SDM Vol.3B 17.2 "Debug Registers", 17.3 "Debug Exceptions".

use ringwalk_mmu::{Access, LinAddr};

use crate::model::Feature;
use crate::state::CpuState;

/// DR6.B0 to B3: which breakpoints match.
pub const DR6_MATCHES: u64 = 0xF;
/// DR6.BD: a debug register was accessed under general detect.
pub const DR6_BD: u64 = 1 << 13;
/// DR6.BS: single-step.
pub const DR6_BS: u64 = 1 << 14;
/// DR6.BT: task switch.
pub const DR6_BT: u64 = 1 << 15;
/// DR7.GD: general detect enable.
pub const DR7_GD: u64 = 1 << 13;

/// What a breakpoint register watches, DR7.R/W.
const EXECUTE: u64 = 0;
const WRITE: u64 = 1;
const IO: u64 = 2;
const READ_WRITE: u64 = 3;

/// One of the four breakpoints as DR0-DR3 and DR7 describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Breakpoint {
    address: u64,
    kind: u64,
    bytes: u64,
    enabled: bool,
}

fn breakpoint(cpu: &CpuState, number: usize) -> Breakpoint {
    let control = cpu.dr7 >> (16 + 4 * number);
    let bytes = match control >> 2 & 3 {
        0 => 1,
        1 => 2,
        3 => 4,
        // Undefined before long mode; taken as 1.
        _ if cpu.features.has(Feature::Lm) => 8,
        _ => 1,
    };
    Breakpoint { address: cpu.dr[number], kind: control & 3, bytes, enabled: cpu.dr7 >> (2 * number) & 3 != 0 }
}

/// DR6 bits of breakpoints that match; zero unless one of them is enabled. Matching but disabled ones are reported
/// beside an enabled one, as silicon does.
fn matches(cpu: &CpuState, wanted: impl Fn(&Breakpoint) -> bool) -> u64 {
    let mut bits = 0;
    let mut any_enabled = false;
    for number in 0..4 {
        let point = breakpoint(cpu, number);
        if wanted(&point) {
            bits |= 1 << number;
            any_enabled |= point.enabled;
        }
    }
    if any_enabled { bits } else { 0 }
}

/// True if any instruction breakpoint is enabled.
pub fn any_instruction_breakpoint(cpu: &CpuState) -> bool {
    cpu.dr7 & 0xFF != 0
        && (0..4).any(|number| {
            let point = breakpoint(cpu, number);
            point.enabled && point.kind == EXECUTE
        })
}

/// DR6 bits of instruction breakpoints at a linear address.
pub fn instruction_matches(cpu: &CpuState, linear: u64) -> u64 {
    matches(cpu, |point| point.kind == EXECUTE && point.address == linear)
}

/// Notes data breakpoints that an access touches; they trap after the instruction.
pub fn note_data_access(cpu: &mut CpuState, addr: LinAddr, bytes: usize, access: Access) {
    if cpu.dr7 & 0xFF == 0 {
        return;
    }
    let write = access == Access::Write;
    let bits = matches(cpu, |point| {
        let kind = point.kind == READ_WRITE || (write && point.kind == WRITE);
        kind && overlaps(point, addr.0, bytes as u64)
    });
    cpu.pending_debug |= bits;
}

/// True if an I/O breakpoint may be set.
pub fn minds_ports(cpu: &CpuState) -> bool {
    cpu.dr7 & 0xFF != 0 && cpu.cr4 & crate::state::CR4_DE != 0
}

/// Notes I/O breakpoints (CR4.DE) that a port access touches.
pub fn note_port_access(cpu: &mut CpuState, port: u16, bytes: u64) {
    if !minds_ports(cpu) {
        return;
    }
    let bits = matches(cpu, |point| point.kind == IO && overlaps(point, u64::from(port), bytes));
    cpu.pending_debug |= bits;
}

fn overlaps(point: &Breakpoint, first: u64, bytes: u64) -> bool {
    // The low address bits are masked by the length.
    let start = point.address & !(point.bytes - 1);
    first.wrapping_sub(start) < point.bytes || start.wrapping_sub(first) < bytes
}
