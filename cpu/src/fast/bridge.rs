//! Where links lead whose target lies in another page, or behind a call: a slot that goes on to the trace that it knows if the
//! page is the frame that this trace was decoded from.
//!
//! Both ends of a link have fixed offsets in their pages, so the frame is all that may change.

use ringwalk_mmu::PAGE_BYTES;

use super::dispatch::{go_on, refused};
use super::pages::{latch_page, look_up_page};
use super::state::Side;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::Key;

/// See [`super::BRIDGE`]: the slot's immediate is the number of the trace's first slot, its displacement the frame; its
/// first operand says which side of the end slot, whose address is handed on, leads here.
///
/// # Safety
/// As [`super::Fast`]; CS:EIP is where the link leads.
#[inline(never)]
pub(super) unsafe fn bridge(c: *mut CpuState, h: *mut Hot, i: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's; the number is that of a slot.
    unsafe {
        let fast = &(*h).fast;
        let linear = fast.code_base.wrapping_add((*c).rip) & fast.rip_mask;
        if linear / PAGE_BYTES != fast.fetch_page {
            if !fast.may_begin((*c).rip) {
                let taken = (*i).dst == Side::Taken as u8;
                return if taken { refused(c, h, e as *const Insn) } else { std::ptr::null() };
            }
            if !latch_page(&mut *c, &mut *h, linear) {
                return bridge_to_unknown(c, h, i, e);
            }
        }
        let fast = &(*h).fast;
        if fast.fetch_start != u64::from((*i).disp as u32) * PAGE_BYTES {
            return other_frame(c, h, i, linear);
        }
        go_on(c, h, fast.slots.add((*i).imm as usize), 0)
    }
}

/// The HostTlb does not know the page: once it is looked up the bridge leads there.
///
/// # Safety
/// As [`bridge`].
#[cold]
#[inline(never)]
unsafe fn bridge_to_unknown(c: *mut CpuState, h: *mut Hot, i: *const Insn, e: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        let linear = fast.code_base.wrapping_add((*c).rip) & fast.rip_mask;
        if look_up_page(&mut *c, &mut *h, linear) { bridge(c, h, i, e) } else { std::ptr::null() }
    }
}

/// The page that a bridge leads to is another frame by now: it leads there from now on, if a trace is known.
///
/// # Safety
/// As [`bridge`].
#[cold]
#[inline(never)]
unsafe fn other_frame(c: *mut CpuState, h: *mut Hot, i: *const Insn, linear: u64) -> *const Insn {
    // SAFETY: the caller's; the slot is one of the trace cache, which nobody else looks at while the chain runs.
    unsafe {
        let fast = &mut (*h).fast;
        let key = Key::of(fast.fetch_start + linear % PAGE_BYTES, fast.key_bits);
        let entry = &*fast.table.add(key.table_index());
        if entry.key != key {
            return std::ptr::null();
        }
        let bridge = fast.slots.add(i.offset_from(fast.slots) as usize);
        (*bridge).imm = entry.first as i32;
        // The arena has fewer than 2^32 frames.
        (*bridge).disp = (fast.fetch_start / PAGE_BYTES) as i32;
        go_on(c, h, fast.slots.add(entry.first as usize), 0)
    }
}
