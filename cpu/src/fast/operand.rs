//! Operands of the fast tier: registers by their place in memory, effective addresses, and memory behind a HostTlb entry.

use ringwalk_mmu::LinAddr;

use super::state::Window;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// Addressing by base and displacement, 32 bits.
pub(super) const BASE: u8 = 0;
/// Addressing by base, scaled index and displacement, 32 bits.
pub(super) const INDEX: u8 = 1;
/// Any 16-bit addressing.
pub(super) const WORD: u8 = 2;
/// As [`BASE`], in a trace whose segments are flat: no limit, no base.
pub(super) const FLAT_BASE: u8 = 3;
/// As [`INDEX`], likewise.
pub(super) const FLAT_INDEX: u8 = 4;

/// The value handed on is the first operand.
pub(super) const DST: u8 = 1;
/// The value handed on is the second operand.
pub(super) const SRC: u8 = 2;
/// The value handed on is the base register.
pub(super) const BASED: u8 = 4;

/// The number of ESP and EBP.
pub(super) const SP: u8 = 4;
pub(super) const BP: u8 = 5;

/// A general register by its number; 16 is the one that is always zero.
///
/// # Safety
/// `c` is valid and `number` at most 16.
#[inline(always)]
pub(super) unsafe fn register(c: *mut CpuState, number: u8) -> *mut u64 {
    // SAFETY: the array has 17 elements.
    unsafe { (&raw mut (*c).gpr).cast::<u64>().add(number as usize) }
}

/// Reads a register operand. Byte registers 4 to 7 are AH to BH.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn get<W: Width>(c: *mut CpuState, number: u8) -> W {
    // SAFETY: the caller's.
    unsafe {
        if W::BITS == 8 {
            W::truncate(*register(c, number & 3) >> ((number & 4) << 1))
        } else {
            W::truncate(*register(c, number))
        }
    }
}

/// Reads the register operand `AS` ([`DST`] or [`SRC`]), which the value handed on may be: `HELD` says.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn get_or<W: Width, const HELD: u8, const AS: u8>(c: *mut CpuState, number: u8, v: u64) -> W {
    // SAFETY: the caller's.
    unsafe { if HELD & AS != 0 { W::truncate(v) } else { get(c, number) } }
}

/// Writes a register operand and gives the whole register's value, to be handed on; the bits outside the operand stay.
/// Always whole registers, so that the host forwards them.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn put<W: Width>(c: *mut CpuState, number: u8, value: W) -> u64 {
    // SAFETY: the caller's.
    unsafe {
        match W::BITS {
            8 => {
                let (place, shift) = (register(c, number & 3), (number & 4) << 1);
                let whole = (*place & !(0xFF << shift)) | value.as_() << shift;
                *place = whole;
                whole
            }
            16 => {
                let place = register(c, number);
                let whole = (*place & !0xFFFF) | value.as_();
                *place = whole;
                whole
            }
            // Without 64-bit code the upper half of a register is always zero.
            _ => {
                *register(c, number) = value.as_();
                value.as_()
            }
        }
    }
}

/// Offset of the memory operand in its segment.
///
/// # Safety
/// `c` and `i` are valid.
#[inline(always)]
pub(super) unsafe fn offset<const FORM: u8, const HELD: u8>(c: *mut CpuState, i: *const Insn, v: u64) -> u32 {
    // SAFETY: places of base and index are at most 16.
    unsafe {
        let base = if HELD & BASED != 0 { v as u32 } else { *register(c, (*i).base) as u32 };
        let disp = (*i).disp as u32;
        match FORM {
            BASE | FLAT_BASE => base.wrapping_add(disp),
            INDEX | FLAT_INDEX => {
                let index = *register(c, (*i).index) as u32;
                base.wrapping_add(index << ((*i).scale_segment & 3)).wrapping_add(disp)
            }
            _ => base.wrapping_add(*register(c, (*i).index) as u32).wrapping_add(disp) & 0xFFFF,
        }
    }
}

/// The window of the memory operand's segment.
///
/// # Safety
/// `h` and `i` are valid.
#[inline(always)]
pub(super) unsafe fn window(h: *mut Hot, i: *const Insn) -> *const Window {
    const { assert!(size_of::<Window>() == 1 << crate::insn::SEGMENT_SHIFT) };
    // SAFETY: the segment's number stands where it is a byte offset into the windows.
    unsafe {
        let offset = ((*i).scale_segment & 0xE0) as usize;
        (&raw const (*h).fast.windows).cast::<u8>().add(offset).cast()
    }
}

/// Where the memory operand can be read, as an offset in the arena; `None` if that needs a closer look.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn readable<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        let offset = offset::<FORM, HELD>(c, i, v);
        if FORM >= FLAT_BASE { readable_flat::<W>(h, offset) } else { readable_at::<W>(h, window(h, i), offset) }
    }
}

/// Where the memory operand can be read and written.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn writable<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        let offset = offset::<FORM, HELD>(c, i, v);
        if FORM >= FLAT_BASE { writable_flat::<W>(h, offset) } else { writable_at::<W>(h, window(h, i), offset) }
    }
}

/// Where an offset in a segment can be read.
///
/// # Safety
/// `h` and `window` are valid.
#[inline(always)]
pub(super) unsafe fn readable_at<W: Width>(h: *mut Hot, window: *const Window, offset: u32) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        if u64::from(offset) + W::BYTES > (*window).read_end {
            return None;
        }
        let linear = LinAddr(u64::from((*window).base.wrapping_add(offset)));
        (*h).host_tlb.read_with(linear, W::BYTES, (*h).fast.key)
    }
}

/// Where an offset in a segment can be read and written.
///
/// # Safety
/// `h` and `window` are valid.
#[inline(always)]
pub(super) unsafe fn writable_at<W: Width>(h: *mut Hot, window: *const Window, offset: u32) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        if u64::from(offset) + W::BYTES > (*window).write_end {
            return None;
        }
        let linear = LinAddr(u64::from((*window).base.wrapping_add(offset)));
        (*h).host_tlb.write_with(linear, W::BYTES, (*h).fast.key)
    }
}

/// Where a linear address can be read.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn readable_flat<W: Width>(h: *mut Hot, linear: u32) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.read_with(LinAddr(u64::from(linear)), W::BYTES, (*h).fast.key) }
}

/// Where a linear address can be read and written.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn writable_flat<W: Width>(h: *mut Hot, linear: u32) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.write_with(LinAddr(u64::from(linear)), W::BYTES, (*h).fast.key) }
}

/// The bytes at a place that [`readable`] or [`writable`] gave.
///
/// # Safety
/// `h` is valid and the place fresh: HostTlb entries lie inside the arena.
#[inline(always)]
pub(super) unsafe fn read<W: Width>(h: *mut Hot, at: usize) -> W {
    // SAFETY: the caller's.
    unsafe { W::from_le((*h).fast.ram.add(at).cast::<W>().read_unaligned()) }
}

/// Writes bytes at a place that [`writable`] gave.
///
/// # Safety
/// As [`read`].
#[inline(always)]
pub(super) unsafe fn write<W: Width>(h: *mut Hot, at: usize, value: W) {
    // SAFETY: the caller's.
    unsafe { (*h).fast.ram.add(at).cast::<W>().write_unaligned(value.to_le()) }
}

/// The immediate.
///
/// # Safety
/// `i` is valid.
#[inline(always)]
pub(super) unsafe fn immediate<W: Width>(i: *const Insn) -> W {
    // SAFETY: the caller's.
    unsafe { W::truncate((*i).immediate()) }
}
