//! Where links lead whose target lies in another page, or behind a call, or where a register or memory says: a slot that
//! goes on to the trace that it knows if it leads to the same linear address as the last time, and the page there is the
//! frame that this trace was decoded from.
//!
//! The slot's immediate is a link to the trace's first slot, its displacement the frame. Whether the page still is that
//! frame is asked once: the answer holds while nothing is forgotten that the HostTlb knows of fetches. The slot's stamp
//! says under which of these epochs, and with whose rights, it was asked; the page is not looked up again until that
//! changes.

use ringwalk_mmu::{FetchPlace, LinAddr, PAGE_BYTES};

use super::dispatch::go_on;
use super::links::{KNOWN_CODE, linear_code, refused};
use super::pages::{latch, reach};
use super::state::Side;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::Key;

/// See [`super::BRIDGES`]: `SIDE` of the end slot `e`, whose address is handed on, leads here.
///
/// # Safety
/// As [`super::Fast`]; CS:EIP is where the link leads.
#[inline(never)]
pub(super) unsafe fn bridge<const CODE: u8, const SIDE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    e: u64,
) -> *const Insn {
    // SAFETY: the caller's; the link leads to a slot.
    unsafe {
        let fast = &(*h).fast;
        let linear = linear_code::<CODE>(fast, (*c).rip);
        // Other code may have another limit than the last time.
        let may_begin = CODE != KNOWN_CODE || fast.may_begin((*c).rip);
        if !may_begin || !is_open(h, i, linear) {
            return bridge_anew::<CODE, SIDE>(c, h, i, e);
        }
        cross(c, h, i, linear)
    }
}

/// True if a slot, which is a bridge or stands outside all traces, is a bridge to a linear address whose page need not be
/// looked up. In 64-bit code that is canonical then.
///
/// # Safety
/// `h` and `i` are valid.
#[inline(always)]
pub(super) unsafe fn is_open(h: *mut Hot, i: *const Insn, linear: u64) -> bool {
    // SAFETY: the caller's.
    unsafe { linear == (*i).target() && (*i).stamp() == (*h).host_tlb.fetch_epoch() ^ (*h).fast.rights() }
}

/// Goes over a bridge.
///
/// # Safety
/// As [`super::Fast`]; the bridge is open, and CS:EIP is where it leads.
#[inline(always)]
pub(super) unsafe fn cross(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's; the link leads to a slot.
    unsafe {
        latch(&mut (*h).fast, linear / PAGE_BYTES, u64::from((*i).disp as u32), (*i).physical_page().into());
        go_on(c, h, i.byte_offset((*i).imm as isize), 0)
    }
}

/// The page must be looked up, and perhaps the trace.
///
/// # Safety
/// As [`bridge`].
#[inline(never)]
unsafe fn bridge_anew<const CODE: u8, const SIDE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    e: u64,
) -> *const Insn {
    // SAFETY: the caller's; the link leads to a slot.
    unsafe {
        let fast = &(*h).fast;
        let linear = linear_code::<CODE>(fast, (*c).rip);
        if !fast.may_begin((*c).rip) {
            return if SIDE == Side::Taken as u8 { refused(c, h, e as *const Insn) } else { std::ptr::null() };
        }
        if linear / PAGE_BYTES != fast.fetch_page && !reach(&mut *c, &mut *h, linear) {
            return std::ptr::null();
        }
        // Frame and offset name the trace.
        let known = (*i).disp as u32 == (*h).fast.fetch_frame && (*i).target() % PAGE_BYTES == linear % PAGE_BYTES;
        if !known && !lead_to(h, i, linear) {
            return std::ptr::null();
        }
        stamp(h, i, linear);
        go_on(c, h, i.byte_offset((*i).imm as isize), 0)
    }
}

/// The slot, which nobody else looks at while the chain runs.
#[inline(always)]
unsafe fn slot(h: *mut Hot, i: *const Insn) -> *mut Insn {
    // SAFETY: the slot is one of the trace cache.
    unsafe { (*h).fast.slots.add(i.offset_from((*h).fast.slots) as usize) }
}

/// Lets a slot lead to the trace at a linear address in the page that code is being fetched from; false if none is known.
///
/// # Safety
/// As [`bridge`].
unsafe fn lead_to(h: *mut Hot, i: *const Insn, linear: u64) -> bool {
    // SAFETY: the caller's; the table has as many entries as `table_index` counts, and holds numbers of slots.
    unsafe {
        let fast = &(*h).fast;
        let key = Key::of(fast.fetch_start() + linear % PAGE_BYTES, fast.key_bits);
        let entry = &*fast.table.add(key.table_index());
        if entry.key != key {
            return false;
        }
        let slot = slot(h, i);
        (*slot).imm = fast.slots.add(entry.first as usize).byte_offset_from(i) as i32;
        (*slot).disp = fast.fetch_frame as i32;
        true
    }
}

/// Notes where a slot leads now, and under which epoch that may be believed. A page that the HostTlb does not know as it was
/// latched is not believed.
///
/// # Safety
/// As [`bridge`]; the slot leads to a trace in the page that code is being fetched from.
unsafe fn stamp(h: *mut Hot, i: *const Insn, linear: u64) {
    // SAFETY: the caller's.
    unsafe {
        let (hot, slot) = (&*h, slot(h, i));
        let fast = &hot.fast;
        let place = hot.host_tlb.fetch_by(LinAddr(linear), fast.key);
        let same = |place: &FetchPlace| place.frame.0 == fast.fetch_frame && place.physical == fast.fetch_physical;
        (*slot).set_target(linear);
        match u32::try_from(fast.fetch_physical) {
            Ok(physical) if place.as_ref().is_some_and(same) && !hot.host_tlb.fetch_epoch_is_last() => {
                (*slot).set_stamp(hot.host_tlb.fetch_epoch() ^ fast.rights(), physical);
            }
            _ => (*slot).set_stamp(0, 0),
        }
    }
}
