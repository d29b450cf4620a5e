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

/// 64-bit addressing by base and displacement; no segment but those without base.
pub(super) const LONG_BASE: u8 = 5;
/// 64-bit addressing by base, scaled index and displacement, likewise.
pub(super) const LONG_INDEX: u8 = 6;
/// 64-bit addressing relative to the next instruction.
pub(super) const LONG_RIP: u8 = 7;
/// 64-bit addressing by base, scaled index and displacement in FS or GS.
pub(super) const LONG_SEGMENT: u8 = 8;

/// The stack's segment and width must be asked.
pub(super) const STACK_ANY: u8 = 0;
/// A 32-bit stack in a flat segment.
pub(super) const STACK_FLAT: u8 = 1;
/// The stack of 64-bit code.
pub(super) const STACK_LONG: u8 = 2;

/// The last place that is a register: DIL.
pub(super) const LAST_REGISTER: u8 = 0x17;

/// The value handed on is the first operand.
pub(super) const DST: u8 = 1;
/// The value handed on is the second operand.
pub(super) const SRC: u8 = 2;
/// The value handed on is the base register.
pub(super) const BASED: u8 = 4;

/// Where a stack is.
pub(super) const fn stack_of(form: u8) -> u8 {
    match form {
        LONG_BASE..=LONG_SEGMENT => STACK_LONG,
        FLAT_BASE | FLAT_INDEX => STACK_FLAT,
        _ => STACK_ANY,
    }
}

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

/// The register that a byte operand lies in, and how far up: 4 to 7 are AH to BH, 14h to 17h SPL to DIL.
#[inline(always)]
pub(super) const fn byte_place(number: u8) -> (u8, u8) {
    let high = number & 0x1C == 4;
    if high { (number & 3, 8) } else { (number & 15, 0) }
}

/// Reads a register operand.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn get<W: Width>(c: *mut CpuState, number: u8) -> W {
    // SAFETY: the caller's.
    unsafe {
        if W::BITS == 8 {
            let (number, shift) = byte_place(number);
            W::truncate(*register(c, number) >> shift)
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
                let (number, shift) = byte_place(number);
                let place = register(c, number);
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
            // Above a result of 32 bits the register becomes zero.
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
pub(super) unsafe fn offset<const FORM: u8, const HELD: u8>(c: *mut CpuState, i: *const Insn, v: u64) -> u64 {
    // SAFETY: places of base and index are at most 16.
    unsafe {
        if FORM == LONG_RIP {
            return long_rip(c, i);
        }
        let base = if HELD & BASED != 0 { v } else { *register(c, (*i).base) };
        if FORM >= LONG_BASE {
            let sum = base.wrapping_add(i64::from((*i).disp) as u64);
            if FORM == LONG_BASE {
                return sum;
            }
            return sum.wrapping_add(*register(c, (*i).index) << ((*i).scale_segment & 3));
        }
        let base = base as u32;
        let disp = (*i).disp as u32;
        u64::from(match FORM {
            BASE | FLAT_BASE => base.wrapping_add(disp),
            INDEX | FLAT_INDEX => {
                let index = *register(c, (*i).index) as u32;
                base.wrapping_add(index << ((*i).scale_segment & 3)).wrapping_add(disp)
            }
            _ => base.wrapping_add(*register(c, (*i).index) as u32).wrapping_add(disp) & 0xFFFF,
        })
    }
}

/// An address relative to the next instruction; RIP stands at the trace's begin.
#[inline(always)]
unsafe fn long_rip(c: *mut CpuState, i: *const Insn) -> u64 {
    // SAFETY: the caller's.
    unsafe {
        let behind = (*c).rip.wrapping_add(u64::from((*i).at) + u64::from((*i).len));
        behind.wrapping_add(i64::from((*i).disp) as u64)
    }
}

/// The linear address of an operand of 64-bit code; `None` unless it is canonical with 48 bits.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn long_linear<const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<u64> {
    // SAFETY: the caller's.
    unsafe {
        let offset = offset::<FORM, HELD>(c, i, v);
        let linear = if FORM == LONG_SEGMENT { (*window(h, i)).base.wrapping_add(offset) } else { offset };
        is_canonical(linear).then_some(linear)
    }
}

/// Canonical with 48 bits; what is so with 57 alone goes the long way.
#[inline(always)]
pub(super) const fn is_canonical(linear: u64) -> bool {
    ((linear << 16) as i64 >> 16) as u64 == linear
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
        if FORM >= LONG_BASE {
            return readable_flat::<W>(h, long_linear::<FORM, HELD>(c, h, i, v)?);
        }
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
        if FORM >= LONG_BASE {
            return writable_flat::<W>(h, long_linear::<FORM, HELD>(c, h, i, v)?);
        }
        let offset = offset::<FORM, HELD>(c, i, v);
        if FORM >= FLAT_BASE { writable_flat::<W>(h, offset) } else { writable_at::<W>(h, window(h, i), offset) }
    }
}

/// Where an offset in a segment can be read.
///
/// # Safety
/// `h` and `window` are valid.
#[inline(always)]
pub(super) unsafe fn readable_at<W: Width>(h: *mut Hot, window: *const Window, offset: u64) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        if offset + W::BYTES > (*window).read_end {
            return None;
        }
        let linear = LinAddr((*window).base.wrapping_add(offset) & 0xFFFF_FFFF);
        (*h).host_tlb.read_with(linear, W::BYTES, (*h).fast.key)
    }
}

/// Where an offset in a segment can be read and written.
///
/// # Safety
/// `h` and `window` are valid.
#[inline(always)]
pub(super) unsafe fn writable_at<W: Width>(h: *mut Hot, window: *const Window, offset: u64) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe {
        if offset + W::BYTES > (*window).write_end {
            return None;
        }
        let linear = LinAddr((*window).base.wrapping_add(offset) & 0xFFFF_FFFF);
        (*h).host_tlb.write_with(linear, W::BYTES, (*h).fast.key)
    }
}

/// Where a linear address can be read.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn readable_flat<W: Width>(h: *mut Hot, linear: u64) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.read_with(LinAddr(linear), W::BYTES, (*h).fast.key) }
}

/// Where a linear address can be read and written.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn writable_flat<W: Width>(h: *mut Hot, linear: u64) -> Option<usize> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.write_with(LinAddr(linear), W::BYTES, (*h).fast.key) }
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
