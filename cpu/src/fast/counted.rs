//! The handler that every slot holds while `--profile` counts.

use super::Fast;
use super::links::leave;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

/// Counts, and goes on to the slot's own handler.
pub(super) unsafe fn counted(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let real = count(c, h, i);
        real(c, h, i, v)
    }
}

#[inline(never)]
unsafe fn count(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> Fast {
    // SAFETY: the slot lies in the trace cache.
    unsafe {
        let slot = i.offset_from((*h).fast.slots) as usize;
        let retired = (*c).retired;
        let profile = &mut (*h).profile;
        profile.as_mut().and_then(|profile| profile.count(slot, retired)).unwrap_or(leave)
    }
}
