//! From one page of code to another.

use ringwalk_mmu::{FetchPlace, HostTlb, LinAddr, PAGE_BYTES};

use super::links::go_to_linear;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::{CpuState, FetchPage};
use crate::trace::FetchFrame;

/// Goes to the trace at EIP in another page. The budget allows one, and it may begin there.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
pub(super) unsafe fn cross_page(c: *mut CpuState, h: *mut Hot, linear: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        if latch_page(&mut *c, &mut *h, linear) {
            return go_to_linear(c, h, linear);
        }
        cross_to_unknown(c, h, linear)
    }
}

#[cold]
#[inline(never)]
unsafe fn cross_to_unknown(c: *mut CpuState, h: *mut Hot, linear: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { if look_up_page(&mut *c, &mut *h, linear) { cross_page(c, h, linear) } else { std::ptr::null() } }
}

/// Latches another fetch page; false if the HostTlb does not know it.
#[inline(always)]
pub(super) fn latch_page(cpu: &mut CpuState, hot: &mut Hot, linear: u64) -> bool {
    let key = hot.fast.key;
    let Some(place) = hot.host_tlb.fetch_by(LinAddr(linear), key) else { return false };
    latch(cpu, hot, linear, place);
    true
}

/// Latches another fetch page, which the HostTlb has given.
#[inline(always)]
pub(super) fn latch(cpu: &mut CpuState, hot: &mut Hot, linear: u64, place: FetchPlace) {
    let user = HostTlb::is_user(hot.fast.key);
    cpu.fetch_page = Some(FetchPage { linear: linear / PAGE_BYTES, physical: place.physical, user });
    hot.fetch_frame = FetchFrame::Frame(place.frame);
    hot.fast.fetch_page = linear / PAGE_BYTES;
    hot.fast.fetch_start = place.frame.start() as u64;
}

/// Has a page of code that the HostTlb does not know looked up; false if that needs a closer look.
#[cold]
#[inline(never)]
pub(super) fn look_up_page(cpu: &mut CpuState, hot: &mut Hot, linear: u64) -> bool {
    // SAFETY: the context is alive, and its memory is not in use while the fast tier runs.
    let memory = unsafe { &mut *(*hot.fast.exec).memory };
    hot.refill_fetch(cpu, memory, LinAddr(linear))
}
