//! From one page of code to another. While the chain runs [`super::FastState`] alone knows the page that was latched last; the
//! state is told before anyone else looks.

use ringwalk_mmu::{Frame, HostTlb, LinAddr, PAGE_BYTES};

use super::links::go_to_linear;
use super::state::FastState;
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
    unsafe { if reach(&mut *c, &mut *h, linear) { go_to_linear(c, h, linear) } else { std::ptr::null() } }
}

/// Latches a page, which may have to be looked up; false if that needs a closer look.
pub(super) fn reach(cpu: &mut CpuState, hot: &mut Hot, linear: u64) -> bool {
    latch_page(hot, linear) || look_up_page(cpu, hot, linear) && latch_page(hot, linear)
}

/// Latches another fetch page; false if the HostTlb does not know it.
#[inline(always)]
fn latch_page(hot: &mut Hot, linear: u64) -> bool {
    let Some(place) = hot.host_tlb.fetch_by(LinAddr(linear), hot.fast.key) else { return false };
    latch(&mut hot.fast, linear / PAGE_BYTES, place.frame.0, place.physical);
    true
}

/// Latches another fetch page: its linear page number, its frame, its physical page number.
#[inline(always)]
pub(super) fn latch(fast: &mut FastState, page: u64, frame: u32, physical: u64) {
    fast.fetch_page = page;
    fast.fetch_frame = frame;
    fast.fetch_physical = physical;
    fast.page_is_noted = false;
    fast.bridge = std::ptr::null();
}

/// Looks at which page the bridge that was gone over last leads to. What asks for the page, or changes bridges, does so first.
#[inline(always)]
pub(super) fn settle_page(fast: &mut FastState) {
    if !fast.bridge.is_null() {
        // SAFETY: slots stay where they are, and this one is as it was when it was gone over.
        let bridge = unsafe { &*fast.bridge };
        latch(fast, bridge.target() / PAGE_BYTES, bridge.disp as u32, bridge.physical_page().into());
    }
}

/// Tells the state which page was latched last.
#[inline(always)]
pub(super) fn note_page(cpu: &mut CpuState, hot: &mut Hot) {
    settle_page(&mut hot.fast);
    let fast = &mut hot.fast;
    if !fast.page_is_noted {
        fast.page_is_noted = true;
        let user = HostTlb::is_user(fast.key);
        cpu.fetch_page = Some(FetchPage { linear: fast.fetch_page, physical: fast.fetch_physical, user });
        hot.fetch_frame = FetchFrame::Frame(Frame(fast.fetch_frame));
    }
}

/// Has a page of code that the HostTlb does not know looked up; false if that needs a closer look.
#[cold]
#[inline(never)]
fn look_up_page(cpu: &mut CpuState, hot: &mut Hot, linear: u64) -> bool {
    // SAFETY: the context is alive, and its memory is not in use while the fast tier runs.
    let memory = unsafe { &mut *(*hot.fast.exec).memory };
    hot.refill_fetch(cpu, memory, LinAddr(linear))
}
