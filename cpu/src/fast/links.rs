//! From trace to trace: by links of end slots, by the table of traces, and by the HostTlb where another page is gone to.

use ringwalk_mmu::PAGE_BYTES;

use super::dispatch::{bail_end, go_on};
use super::pages::{cross_page, settle_page};
use super::state::{FastState, Side};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::Key;

/// See [`super::END`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn trace_end(c: *mut CpuState, h: *mut Hot, e: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { fall_through::<ANY_CODE>(c, h, e) }
}

/// Code that may have to be looked at before a trace begins, since CS has a limit or addresses must be canonical.
pub(super) const ANY_CODE: u8 = 0;
/// 32-bit code in a segment without limit.
pub(super) const FLAT_CODE: u8 = 1;
/// 64-bit code: a target in the page of its branch is canonical as the page is. Links that leave the page, and those
/// that are not tied, lead to slots that look; a target that was computed was looked at.
pub(super) const LONG_CODE: u8 = 2;
/// Any code, and a trace may begin at its target: that was looked at.
pub(super) const KNOWN_CODE: u8 = 3;

/// Leaves a trace behind its last instruction; `e` is its end slot.
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn fall_through<const CODE: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let behind = (*c).rip.wrapping_add(u64::from((*e).at));
        let rip = if CODE == FLAT_CODE { u64::from(behind as u32) } else { behind };
        if CODE == ANY_CODE && !(*h).fast.may_begin(rip) {
            return beyond_code(c, h, e);
        }
        follow::<ANY_CODE>(c, h, e, rip, (*e).imm)
    }
}

/// Leaves a trace by its branch; `e` is its end slot, and a trace may begin at the target, unless it is [`LONG_CODE`].
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn take_branch<const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    e: *const Insn,
    target: u64,
) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { follow::<CODE>(c, h, e, target, (*e).disp) }
}

/// Goes the way that a link says, or leaves if the budget is spent. The slot that it leads to is told which end slot it
/// comes from.
#[inline(always)]
unsafe fn follow<const CODE: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn, rip: u64, link: i32) -> *const Insn {
    // SAFETY: the caller's; a link is the distance in bytes to another slot of the trace cache.
    unsafe {
        (*c).rip = rip;
        let fast = &mut (*h).fast;
        fast.ticks -= i64::from((*e).cycles);
        if fast.ticks < 0 {
            return if CODE == LONG_CODE { spent(c, h, e) } else { std::ptr::null() };
        }
        go_on(c, h, e.byte_offset(link as isize), e as u64)
    }
}

/// The budget ends behind a branch of 64-bit code that was taken.
#[cold]
#[inline(never)]
unsafe fn spent(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { if (*h).fast.may_begin((*c).rip) { std::ptr::null() } else { refused(c, h, e) } }
}

/// No trace begins where a branch has led, since that is not canonical: the branch is undone and has its canonical
/// handler look. `e` is the end slot behind it.
///
/// # Safety
/// As [`super::Fast`]; a branch was taken.
#[cold]
#[inline(never)]
pub(super) unsafe fn refused(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let branch = e.sub(1);
        let way = u64::from((*e).at).wrapping_add(i64::from((*branch).imm) as u64);
        (*c).rip = (*c).rip.wrapping_sub(way);
        (*h).fast.ticks += i64::from((*e).cycles);
        bail_end(c, h, branch)
    }
}

/// Behind the trace no other can begin without a closer look.
#[inline(always)]
unsafe fn beyond_code(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &mut (*h).fast;
        (*c).rip = (*c).rip.wrapping_add(u64::from((*e).at)) & fast.rip_mask;
        fast.ticks -= i64::from((*e).cycles);
    }
    std::ptr::null()
}

/// See [`super::LOOSE_NEXT`].
///
/// # Safety
/// As [`super::Fast`]; the value is the end slot.
pub(super) unsafe fn loose_next(c: *mut CpuState, h: *mut Hot, _: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        if !(*h).fast.may_begin((*c).rip) {
            return std::ptr::null();
        }
        note_loose(h, e, Side::Next)
    }
}

/// See [`super::LOOSE_TAKEN`].
///
/// # Safety
/// As [`super::Fast`]; the value is the end slot.
pub(super) unsafe fn loose_taken(c: *mut CpuState, h: *mut Hot, _: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        if !(*h).fast.may_begin((*c).rip) {
            return refused(c, h, e as *const Insn);
        }
        note_loose(h, e, Side::Taken)
    }
}

unsafe fn note_loose(h: *mut Hot, e: u64, side: Side) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &mut (*h).fast;
        let end = (e - fast.slots as u64) / size_of::<Insn>() as u64;
        fast.unlinked = Some((end as u32, side));
    }
    std::ptr::null()
}

/// See [`super::OTHER_PAGE`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn other_page(c: *mut CpuState, h: *mut Hot, _: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { jump::<ANY_CODE>(c, h) }
}

/// See [`super::OTHER_PAGE_TAKEN`].
///
/// # Safety
/// As [`super::Fast`]; the value is the end slot.
pub(super) unsafe fn other_page_taken(c: *mut CpuState, h: *mut Hot, _: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { if (*h).fast.may_begin((*c).rip) { jump::<ANY_CODE>(c, h) } else { refused(c, h, e as *const Insn) } }
}

/// Goes to the trace at EIP, if it is known.
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn jump<const CODE: u8>(c: *mut CpuState, h: *mut Hot) -> *const Insn {
    // SAFETY: the caller's; the table has as many entries as `table_index` counts, and holds numbers of slots.
    unsafe {
        let fast = &mut (*h).fast;
        let rip = (*c).rip;
        if fast.ticks < 0 || CODE == ANY_CODE && !fast.may_begin(rip) {
            return std::ptr::null();
        }
        settle_page(fast);
        let linear = linear_code::<CODE>(fast, rip);
        if linear / PAGE_BYTES != fast.fetch_page {
            return cross_page(c, h, linear);
        }
        go_to_linear(c, h, linear)
    }
}

#[inline(always)]
pub(super) fn linear_code<const CODE: u8>(fast: &FastState, rip: u64) -> u64 {
    match CODE {
        LONG_CODE => rip,
        FLAT_CODE => u64::from((fast.code_base as u32).wrapping_add(rip as u32)),
        _ => fast.code_base.wrapping_add(rip) & fast.rip_mask,
    }
}

/// As [`jump`], for a branch to where a register or memory says: EIP. `e` is the end slot behind it. A trace may begin
/// there. What leaves the page goes by the end slot's link, which knows where it led last: see [`super::BRIDGES`].
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn jump_from<const CODE: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn, rip: u64) -> *const Insn {
    // SAFETY: the caller's; a link is the distance in bytes to another slot of the trace cache.
    unsafe {
        let fast = &mut (*h).fast;
        if fast.ticks < 0 {
            return std::ptr::null();
        }
        settle_page(fast);
        let linear = linear_code::<CODE>(fast, rip);
        if linear / PAGE_BYTES != fast.fetch_page {
            return go_on(c, h, e.byte_offset((*e).disp as isize), e as u64);
        }
        go_to_linear(c, h, linear)
    }
}

/// Goes to the trace at a linear address in the page that code is being fetched from, if it is known.
///
/// # Safety
/// As [`jump`].
#[inline(always)]
pub(super) unsafe fn go_to_linear(c: *mut CpuState, h: *mut Hot, linear: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        let key = Key::of(fast.fetch_start() + linear % PAGE_BYTES, fast.key_bits);
        let entry = &*fast.table.add(key.table_index());
        if entry.key != key {
            return std::ptr::null();
        }
        go_on(c, h, fast.slots.add(entry.first as usize), 0)
    }
}

/// See [`super::LEAVE`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn leave(_: *mut CpuState, _: *mut Hot, _: *const Insn, _: u64) -> *const Insn {
    std::ptr::null()
}

/// See [`super::FORWARD`]: the slot's immediate is the number of the other's first slot.
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn forward(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's; the number is that of a slot.
    unsafe { go_on(c, h, (*h).fast.slots.add((*i).imm as usize), 0) }
}
