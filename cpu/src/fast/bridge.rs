//! Where links lead whose target lies in another page, or behind a call, or where a register or memory says: a slot that
//! goes on to the trace that it knows if it leads to the same linear address as the last time, and the page there is the
//! frame that this trace was decoded from.
//!
//! The slot's immediate is a link to the trace's first slot, its displacement the frame. Whether the page still is that
//! frame is asked once: the answer holds while nothing is forgotten that the HostTlb knows of fetches. The slot's stamp
//! says under which of these epochs, and with whose rights, it was asked; the page is not looked up again until that
//! changes.

use ringwalk_mmu::{FetchPlace, Frame, HostTlb, LinAddr, PAGE_BYTES};

use super::dispatch::go_on;
use super::links::{KNOWN_CODE, linear_code, refused};
use super::pages::{latch, reach, settle_page};
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
        cross(c, h, i)
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
    unsafe { linear == (*i).target() && (*i).stamp() == (*h).host_tlb.fetch_epoch((*h).fast.fetcher) }
}

/// True if the HostTlb knows a bridge's page as the bridge does, and so does whoever latched that page before: a page that
/// code is being fetched from is not learned of otherwise.
///
/// # Safety
/// `h` is valid and `i` a bridge.
unsafe fn agrees(h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let hot = &mut *h;
        settle_page(&mut hot.fast);
        let place = FetchPlace { frame: Frame((*i).disp as u32), physical: (*i).physical_page().into() };
        let latched = FetchPlace { frame: Frame(hot.fast.fetch_frame), physical: hot.fast.fetch_physical };
        let known = hot.host_tlb.fetch_by(LinAddr((*i).target()), hot.fast.key);
        known == Some(place) && (hot.fast.fetch_page != (*i).target() / PAGE_BYTES || latched == place)
    }
}

/// Goes over a bridge.
///
/// # Safety
/// As [`super::Fast`]; the bridge is open, and CS:EIP is where it leads.
#[inline(always)]
pub(super) unsafe fn cross(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the caller's; the link leads to a slot.
    unsafe {
        debug_assert!(agrees(h, i), "an open bridge leads where the HostTlb says, and to no frame but the latched one");
        (*h).fast.bridge = i;
        go_on(c, h, i.byte_offset((*i).imm as isize), 0)
    }
}

/// The page must be looked up.
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
        settle_page(&mut (*h).fast);
        let fast = &(*h).fast;
        let linear = linear_code::<CODE>(fast, (*c).rip);
        if !fast.may_begin((*c).rip) {
            return if SIDE == Side::Taken as u8 { refused(c, h, e as *const Insn) } else { std::ptr::null() };
        }
        let Some(place) = (*h).host_tlb.fetch_by(LinAddr(linear), fast.key) else { return bridge_far(c, h, i, linear) };
        // A page that was latched before it was mapped otherwise stays.
        let stays = linear / PAGE_BYTES == fast.fetch_page
            && (fast.fetch_frame, fast.fetch_physical) != (place.frame.0, place.physical);
        if stays || !leads_to(i, place.frame.0, linear) {
            return bridge_far(c, h, i, linear);
        }
        believe(c, h, i, linear, place)
    }
}

/// Whatever it takes: the page may have to be looked up in the TLB, and the trace in the table.
///
/// # Safety
/// As [`bridge`]; a trace may begin there.
#[inline(never)]
unsafe fn bridge_far(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's; the table has as many entries as `table_index` counts, and holds numbers of slots.
    unsafe {
        if linear / PAGE_BYTES != (*h).fast.fetch_page && !reach(&mut *c, &mut *h, linear) {
            return std::ptr::null();
        }
        let fast = &(*h).fast;
        if leads_to(i, fast.fetch_frame, linear) {
            return go_on(c, h, i.byte_offset((*i).imm as isize), 0);
        }
        let key = Key::of(fast.fetch_start() + linear % PAGE_BYTES, fast.key_bits);
        let entry = &*fast.table.add(key.table_index());
        if entry.key != key {
            return std::ptr::null();
        }
        let first = fast.slots.add(entry.first as usize);
        let slot = slot(h, i);
        (*slot).imm = first.byte_offset_from(i) as i32;
        (*slot).disp = fast.fetch_frame as i32;
        (*slot).set_target(linear);
        (*slot).set_stamp(0, 0);
        go_on(c, h, first, 0)
    }
}

/// True if a slot knows the trace: frame and offset name it.
///
/// # Safety
/// `i` is a bridge.
#[inline(always)]
unsafe fn leads_to(i: *const Insn, frame: u32, linear: u64) -> bool {
    // SAFETY: the caller's.
    unsafe { (*i).disp as u32 == frame && (*i).target() % PAGE_BYTES == linear % PAGE_BYTES }
}

/// The slot, which nobody else looks at while the chain runs.
#[inline(always)]
unsafe fn slot(h: *mut Hot, i: *const Insn) -> *mut Insn {
    // SAFETY: the slot is one of the trace cache.
    unsafe { (*h).fast.slots.add(i.offset_from((*h).fast.slots) as usize) }
}

/// Goes over a bridge and opens it for as long as the epoch lasts.
///
/// # Safety
/// As [`bridge`]; the HostTlb knows the page as the slot does.
#[inline(always)]
unsafe fn believe(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64, place: FetchPlace) -> *const Insn {
    // SAFETY: the caller's; the link leads to a slot.
    unsafe {
        let epoch = (*h).host_tlb.fetch_epoch((*h).fast.fetcher);
        let slot = slot(h, i);
        (*slot).set_target(linear);
        match u32::try_from(place.physical) {
            Ok(physical) if !HostTlb::is_last_fetch_epoch(epoch) => (*slot).set_stamp(epoch, physical),
            _ => (*slot).set_stamp(0, 0),
        }
        latch(&mut (*h).fast, linear / PAGE_BYTES, place.frame.0, place.physical);
        go_on(c, h, i.byte_offset((*i).imm as isize), 0)
    }
}
