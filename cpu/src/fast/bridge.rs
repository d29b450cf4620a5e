//! Where links lead whose target lies in another page, or behind a call: a slot that goes on to the trace that it knows if the
//! page is the frame that this trace was decoded from.
//!
//! Both ends of a link have fixed offsets in their pages, so the frame is all that may change; where a register or memory
//! says, the offset may, too.
//!
//! The slot's immediate is a link to the trace's first slot, its displacement the frame; it says which entry of the HostTlb
//! knew the page last.

use ringwalk_mmu::{FetchPlace, HostTlb, LinAddr, PAGE_BYTES};

use super::dispatch::go_on;
use super::links::{KNOWN_CODE, go_to_linear, linear_code, refused};
use super::pages::{latch, latch_page, look_up_page};
use super::state::Side;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::Key;

/// See [`super::BRIDGE`]: the slot's first operand says which side of the end slot, whose address is handed on, leads here.
///
/// # Safety
/// As [`super::Fast`]; CS:EIP is where the link leads.
#[inline(never)]
pub(super) unsafe fn bridge<const CODE: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        let linear = linear_code::<CODE>(fast, (*c).rip);
        if linear / PAGE_BYTES == fast.fetch_page {
            return arrive(c, h, i, linear);
        }
        // The HostTlb knows no address that is not canonical.
        if CODE == KNOWN_CODE && !fast.may_begin((*c).rip) {
            return beyond(c, h, i, e);
        }
        let Some(place) = known(h, i, linear) else { return bridge_to_unknown::<CODE>(c, h, i, e) };
        latch(&mut *c, &mut *h, linear, place);
        arrive(c, h, i, linear)
    }
}

/// No trace begins there.
///
/// # Safety
/// As [`bridge`].
#[inline(always)]
unsafe fn beyond(c: *mut CpuState, h: *mut Hot, i: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let taken = (*i).dst == Side::Taken as u8;
        if taken { refused(c, h, e as *const Insn) } else { std::ptr::null() }
    }
}

/// See [`super::TARGET`]: frame and offset in it are compared, since one and the other name the trace.
///
/// # Safety
/// As [`super::Fast`]; a trace may begin at CS:EIP.
#[inline(never)]
pub(super) unsafe fn target<const CODE: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        let linear = linear_code::<CODE>(fast, (*c).rip);
        if linear % PAGE_BYTES != (*i).target() {
            return other_target(c, h, i, linear);
        }
        let Some(place) = known(h, i, linear) else { return by_another_entry(c, h, i, linear) };
        latch(&mut *c, &mut *h, linear, place);
        arrive(c, h, i, linear)
    }
}

/// What the HostTlb's entry that knew the page last says.
#[inline(always)]
unsafe fn known(h: *mut Hot, i: *const Insn, linear: u64) -> Option<FetchPlace> {
    // SAFETY: as for `bridge`.
    unsafe { (*h).host_tlb.fetch_from((*i).fetch_entry(), LinAddr(linear), (*h).fast.key) }
}

/// Goes on in the page that code is being fetched from.
#[inline(always)]
unsafe fn arrive(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: as for `bridge`; the number is that of a slot.
    unsafe {
        let fast = &(*h).fast;
        if fast.fetch_start != u64::from((*i).disp as u32) * PAGE_BYTES {
            return other_frame(c, h, i, linear);
        }
        go_on(c, h, i.byte_offset((*i).imm as isize), 0)
    }
}

/// The slot, which nobody else looks at while the chain runs.
#[inline(always)]
unsafe fn slot(h: *mut Hot, i: *const Insn) -> *mut Insn {
    // SAFETY: the slot is one of the trace cache.
    unsafe { (*h).fast.slots.add(i.offset_from((*h).fast.slots) as usize) }
}

/// As [`by_another_entry`], where nobody has asked yet whether a trace may begin at CS:EIP.
///
/// # Safety
/// As [`bridge`].
#[cold]
#[inline(never)]
unsafe fn bridge_to_unknown<const CODE: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        if !fast.may_begin((*c).rip) {
            return beyond(c, h, i, e);
        }
        by_another_entry(c, h, i, linear_code::<CODE>(fast, (*c).rip))
    }
}

/// The page was never asked for here, by other rights, or stands at another linear address: another entry may know it.
///
/// # Safety
/// As [`bridge`]; a trace may begin at CS:EIP.
#[cold]
#[inline(never)]
unsafe fn by_another_entry(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        (*slot(h, i)).set_fetch_entry(HostTlb::fetch_entry(LinAddr(linear), (*h).fast.key));
        if !reach(c, h, linear) {
            return std::ptr::null();
        }
        arrive(c, h, i, linear)
    }
}

/// Latches a page, which may have to be looked up.
unsafe fn reach(c: *mut CpuState, h: *mut Hot, linear: u64) -> bool {
    // SAFETY: the caller's.
    let (cpu, hot) = unsafe { (&mut *c, &mut *h) };
    latch_page(cpu, hot, linear) || look_up_page(cpu, hot, linear) && latch_page(cpu, hot, linear)
}

/// The page that a slot leads to is another frame by now: it leads there from now on, if a trace is known.
///
/// # Safety
/// As [`bridge`].
#[cold]
#[inline(never)]
unsafe fn other_frame(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's; the table has as many entries as `table_index` counts, and holds numbers of slots.
    unsafe {
        let fast = &(*h).fast;
        let key = Key::of(fast.fetch_start + linear % PAGE_BYTES, fast.key_bits);
        let entry = &*fast.table.add(key.table_index());
        if entry.key != key {
            return std::ptr::null();
        }
        let slot = slot(h, i);
        (*slot).imm = fast.slots.add(entry.first as usize).byte_offset_from(i) as i32;
        // The arena has fewer than 2^32 frames.
        (*slot).disp = (fast.fetch_start / PAGE_BYTES) as i32;
        go_to_linear(c, h, linear)
    }
}

/// A computed branch leads elsewhere than the last time: it is expected to lead there again.
///
/// # Safety
/// As [`bridge`].
#[inline(never)]
unsafe fn other_target(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        if !reach(c, h, linear) {
            return std::ptr::null();
        }
        let slot = slot(h, i);
        (*slot).set_target(linear);
        (*slot).set_fetch_entry(HostTlb::fetch_entry(LinAddr(linear), (*h).fast.key));
        // If no trace is known this one does not match.
        (*slot).disp = -1;
        other_frame(c, h, i, linear)
    }
}
