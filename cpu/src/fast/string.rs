//! MOVS and STOS upward, repeated or not, with flat segments and inside one page at either end. What overlaps so that the
//! order of bytes matters, or would run beyond the budget, gives way.

use ringwalk_mmu::{LinAddr, PAGE_BYTES};

use super::dispatch::{bail, next};
use super::operand::{get, is_canonical, register, write};
use crate::exec::Hot;
use crate::flags::DF;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// Register numbers.
const ACCUMULATOR: u8 = 0;
const COUNT: u8 = 1;
const SOURCE: u8 = 6;
pub(super) const DESTINATION: u8 = 7;

/// MOVS; `A` has the address size.
pub(super) unsafe fn movs<W: Width, A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !move_elements::<W, A>(c, h, i) {
            return bail(c, h, i);
        }
        next(c, h, i, *register(c, DESTINATION))
    }
}

/// STOS; `A` has the address size.
pub(super) unsafe fn stos<W: Width, A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !store_elements::<W, A>(c, h, i) {
            return bail(c, h, i);
        }
        next(c, h, i, *register(c, DESTINATION))
    }
}

/// True if it is done.
#[inline(never)]
unsafe fn move_elements<W: Width, A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's; what the HostTlb gives lies in the arena.
    unsafe {
        let Some(count) = elements::<W, A>(c, h, i) else { return false };
        let bytes = count * W::BYTES;
        if bytes == 0 {
            return true;
        }
        let (Some(from), Some(to)) = (linear::<A>(c, SOURCE), linear::<A>(c, DESTINATION)) else { return false };
        let key = (*h).fast.key;
        let source = (*h).host_tlb.read_address(from, bytes, key);
        let target = (*h).host_tlb.write_address(to, bytes, key);
        let (Some(source), Some(target)) = (source, target) else { return false };
        if count > 1 && target > source && target < source + bytes {
            return false;
        }
        let source = std::ptr::with_exposed_provenance::<u8>(source as usize);
        std::ptr::copy(source, std::ptr::with_exposed_provenance_mut(target as usize), bytes as usize);
        advance::<A>(c, SOURCE, bytes);
        finish::<A>(c, h, i, count, bytes);
        true
    }
}

/// True if it is done.
#[inline(never)]
unsafe fn store_elements<W: Width, A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: as above.
    unsafe {
        let Some(count) = elements::<W, A>(c, h, i) else { return false };
        let bytes = count * W::BYTES;
        if bytes == 0 {
            return true;
        }
        let Some(to) = linear::<A>(c, DESTINATION) else { return false };
        let Some(target) = (*h).host_tlb.write_address(to, bytes, (*h).fast.key) else { return false };
        let value = get::<W>(c, ACCUMULATOR);
        for element in 0..count {
            write(target + element * W::BYTES, value);
        }
        finish::<A>(c, h, i, count, bytes);
        true
    }
}

/// How many elements, if they may be moved upward at once and fit into the budget.
#[inline(always)]
unsafe fn elements<W: Width, A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> Option<u64> {
    // SAFETY: a handler's.
    unsafe {
        let count = if (*i).repeats() { get::<A>(c, COUNT).as_() } else { 1 };
        let fits = count <= PAGE_BYTES / W::BYTES && count as i64 <= (*h).fast.ticks;
        let may = fits || count <= 1;
        (may && !(*c).flags.has(DF)).then_some(count)
    }
}

/// The linear address in an index register, if it may be looked up.
#[inline(always)]
unsafe fn linear<A: Width>(c: *mut CpuState, index: u8) -> Option<LinAddr> {
    // SAFETY: a handler's.
    let address = unsafe { get::<A>(c, index) }.as_();
    is_canonical(address).then_some(LinAddr(address))
}

#[inline(always)]
unsafe fn advance<A: Width>(c: *mut CpuState, index: u8, bytes: u64) {
    // SAFETY: a handler's. Above a 32-bit address the register becomes zero.
    unsafe { *register(c, index) = A::truncate(get::<A>(c, index).as_().wrapping_add(bytes)).as_() }
}

/// Moves the destination on, and counts the iterations: each but the last costs a cycle more.
#[inline(always)]
unsafe fn finish<A: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, count: u64, bytes: u64) {
    // SAFETY: a handler's.
    unsafe {
        advance::<A>(c, DESTINATION, bytes);
        if (*i).repeats() {
            *register(c, COUNT) = 0;
        }
        let fast = &mut (*h).fast;
        fast.ticks -= count as i64 - 1;
        fast.skew += count - 1;
    }
}
