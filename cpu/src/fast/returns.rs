//! Where calls expect to come back to: a return that goes there need not look for its trace.
//!
//! The slot that ends a call's trace holds the link that its return follows. That link leads to a bridge, which asks
//! whether the page is the frame that it was; so all that is believed here is that the slot still ends the trace of a call in
//! front of this address. That holds until slots are put elsewhere or anew, when everything here is forgotten.

use super::dispatch::go_on;
use super::operand::{STACK_ANY, STACK_FLAT};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

/// Calls that are remembered; a power of two.
const COUNT: usize = 16;

/// A call that was not returned from.
#[derive(Clone, Copy)]
struct Call {
    /// Where it comes back to, marked with the code's mode.
    back: u64,
    /// The slot that ends its trace.
    end: *const Insn,
}

const CALLS_BYTES: usize = COUNT * size_of::<Call>();

/// No address of either width is that.
const NOWHERE: u64 = 1 << 62;
/// 32-bit code's addresses are told from canonical ones.
const OF_FLAT_CODE: u64 = 1 << 61;

/// The last calls.
pub(super) struct Returns {
    calls: [Call; COUNT],
    /// Where the last one stands, in bytes.
    last: usize,
    /// What [`crate::trace::TraceCache::moved`] was.
    moved: u64,
}

impl Returns {
    /// None.
    pub(super) const fn new() -> Returns {
        Returns { calls: [Call { back: NOWHERE, end: std::ptr::null() }; COUNT], last: 0, moved: 0 }
    }

    /// Forgets everything unless slots are where they were.
    #[inline]
    pub(super) fn keep_if(&mut self, moved: u64) {
        if self.moved != moved {
            *self = Returns { moved, ..Returns::new() };
        }
    }
}

#[inline(always)]
const fn marked<const STACK: u8>(back: u64) -> u64 {
    if STACK == STACK_FLAT { back | OF_FLAT_CODE } else { back }
}

/// Notes a call whose trace ends in the slot `e`. What has segments with bases is not noted: the same offset may be another
/// place in a page there.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn expect<const STACK: u8>(h: *mut Hot, back: u64, e: *const Insn) {
    if STACK == STACK_ANY {
        return;
    }
    // SAFETY: the caller's; the number is below the count.
    unsafe {
        let returns = &raw mut (*h).fast.returns;
        let last = ((*returns).last + size_of::<Call>()) % CALLS_BYTES;
        (*returns).last = last;
        *(&raw mut (*returns).calls).byte_add(last).cast::<Call>() = Call { back: marked::<STACK>(back), end: e };
    }
}

/// The slot that ends the trace of the last call, if that comes back to `target`. The call is forgotten in either case.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn expected<const STACK: u8>(h: *mut Hot, target: u64) -> Option<*const Insn> {
    if STACK == STACK_ANY {
        return None;
    }
    // SAFETY: as above.
    unsafe {
        let returns = &raw mut (*h).fast.returns;
        let last = (*returns).last;
        (*returns).last = last.wrapping_sub(size_of::<Call>()) % CALLS_BYTES;
        let call = *(&raw const (*returns).calls).byte_add(last).cast::<Call>();
        (call.back == marked::<STACK>(target)).then_some(call.end)
    }
}

/// Returns to behind a call whose trace ends in the slot `e`.
///
/// # Safety
/// As [`super::Fast`]; the state is that at the target but for EIP and the cycles that were spent.
#[inline(always)]
pub(super) unsafe fn follow_return(
    c: *mut CpuState,
    h: *mut Hot,
    e: *const Insn,
    rip: u64,
    cycles: u16,
) -> *const Insn {
    // SAFETY: the caller's; nothing but returns goes behind a call's trace, so its link is one for them.
    unsafe {
        (*c).rip = rip;
        (*h).fast.ticks -= i64::from(cycles);
        if (*h).fast.ticks < 0 {
            return std::ptr::null();
        }
        go_on(c, h, e.byte_offset((*e).imm as isize), e as u64)
    }
}
