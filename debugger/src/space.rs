//! Translation and reading without side effects: no accessed flag is set, no TLB entry made, no device asked.

use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{LinAddr, Memory, PhysAddr, view_walk};

/// Where a linear address leads by the paging structures as they are in memory now, before the A20 gate; `None` if
/// nothing is mapped. The TLB is not asked: it may hold something else (`walk` shows both).
pub fn physical_of(cpu: &CpuState, memory: &Memory, at: LinAddr) -> Option<PhysAddr> {
    let paging = cpu.paging();
    if !paging.enabled {
        return Some(PhysAddr(at.0));
    }
    let leaf = view_walk(&paging, memory, at).leaf?;
    let within = (1u64 << leaf.size_bits) - 1;
    Some(PhysAddr(leaf.physical.0 | (at.0 & within)))
}

/// The byte at a linear address; `None` where nothing is mapped, or no memory answers.
pub fn peek_linear(cpu: &CpuState, memory: &Memory, at: LinAddr) -> Option<u8> {
    memory.peek(memory.behind_a20(physical_of(cpu, memory, at)?))
}
