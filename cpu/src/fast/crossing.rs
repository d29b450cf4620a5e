//! What stands before the handler of an instruction that crosses a page.

use ringwalk_mmu::Frame;

use super::Fast;
use super::links::leave;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

/// Goes on to the slot's own handler if the instruction goes on as it was decoded; otherwise leaves in front of it.
pub(super) unsafe fn crossing(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let real = own_handler(c, h, i);
        real(c, h, i, v)
    }
}

#[inline(never)]
unsafe fn own_handler(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> Fast {
    // SAFETY: the end slot has the number of a tail; the arena holds every frame, the tail's among them.
    unsafe {
        let (cpu, hot) = (&*c, &*h);
        let tail = &*hot.fast.tails.add((*i.add(1)).tail());
        let first = |frame: Frame| {
            let start = std::ptr::with_exposed_provenance::<u128>(hot.host_tlb.address(frame) as usize);
            u128::from_le(start.read_unaligned())
        };
        if tail.follows(cpu, hot, first) { tail.real } else { leave }
    }
}
