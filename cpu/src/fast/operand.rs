//! Operands of the fast tier: registers by their place in memory, effective addresses, and memory behind a HostTlb entry.

use ringwalk_mmu::{Access, Entry, LinAddr};

use super::dispatch::{bail, bail_end, go_on};
use super::state::Window;
use crate::exec::Hot;
use crate::insn::{Insn, RIP_RELATIVE};
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
/// 64-bit addressing of any kind in FS or GS.
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
/// The value handed on is the index register.
pub(super) const INDEXED: u8 = 8;

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

/// Where a byte operand lies in the registers, by its number.
static BYTE_PLACES: [u8; 32] = {
    let mut places = [0; 32];
    let mut number = 0;
    while number < places.len() {
        let (register, shift) = byte_place(number as u8);
        places[number] = register * 8 + if cfg!(target_endian = "little") { shift / 8 } else { 7 - shift / 8 };
        number += 1;
    }
    places
};

/// Reads a register operand.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn get<W: Width>(c: *mut CpuState, number: u8) -> W {
    // SAFETY: the caller's.
    unsafe {
        if W::BITS == 8 {
            let at = usize::from(BYTE_PLACES[usize::from(number) & (BYTE_PLACES.len() - 1)]);
            W::truncate(u64::from(*(&raw const (*c).gpr).cast::<u8>().add(at)))
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
        if FORM == LONG_RIP || FORM == LONG_SEGMENT && (*i).scale_segment & RIP_RELATIVE != 0 {
            return long_rip(c, i);
        }
        let base = if HELD & BASED != 0 { v } else { *register(c, (*i).base) };
        let index = |c| if HELD & INDEXED != 0 { v } else { *register(c, (*i).index) };
        if FORM >= LONG_BASE {
            let sum = base.wrapping_add(i64::from((*i).disp) as u64);
            if FORM == LONG_BASE {
                return sum;
            }
            return sum.wrapping_add(index(c) << ((*i).scale_segment & 3));
        }
        let base = base as u32;
        let disp = (*i).disp as u32;
        u64::from(match FORM {
            BASE | FLAT_BASE => base.wrapping_add(disp),
            INDEX | FLAT_INDEX => base.wrapping_add((index(c) as u32) << ((*i).scale_segment & 3)).wrapping_add(disp),
            _ => base.wrapping_add(index(c) as u32).wrapping_add(disp) & 0xFFFF,
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

/// The linear address of an operand of 64-bit code. Whether it is canonical need not be asked: the HostTlb knows none that
/// is not.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn long_linear<const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> u64 {
    // SAFETY: the caller's.
    unsafe {
        let offset = offset::<FORM, HELD>(c, i, v);
        if FORM == LONG_SEGMENT { (*window(h, i)).base.wrapping_add(offset) } else { offset }
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

/// The host's address of a byte of the arena.
pub(super) type HostAddress = u64;

/// A linear address that the newest entry of its set does not know, and how many bytes were wanted there; none if the
/// access must be looked at whatever the HostTlb knows.
pub(super) struct Miss {
    pub(super) linear: u64,
    pub(super) bytes: u64,
}

impl Miss {
    /// An access of no bytes, which no entry knows.
    pub(super) const ELSEWHERE: Miss = Miss { linear: 0, bytes: 0 };
}

/// The place that an access found, or the way out of the handler: `found!(readable::<u32, BASE, 0>(c, h, i, v),
/// missed::<false>(c, h, i, v))`.
macro_rules! found {
    ($search:expr, $missed:ident $(::<$($t:tt),*>)? ($($arg:expr),*)) => {
        match $search {
            Ok(at) => at,
            Err(miss) => return $missed $(::<$($t),*>)? ($($arg,)* miss),
        }
    };
}
pub(super) use found;

/// The linear address of the memory operand; none if it needs a closer look.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
unsafe fn linear<W: Width, const FORM: u8, const HELD: u8, const WRITES: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<u64> {
    // SAFETY: the caller's.
    unsafe {
        if FORM >= LONG_BASE {
            return Some(long_linear::<FORM, HELD>(c, h, i, v));
        }
        let offset = offset::<FORM, HELD>(c, i, v);
        if FORM >= FLAT_BASE { Some(offset) } else { within::<W, WRITES>(window(h, i), offset) }
    }
}

/// The linear address of an offset in a segment; none if its window refuses the access.
///
/// # Safety
/// The window is valid.
#[inline(always)]
pub(super) unsafe fn within<W: Width, const WRITES: bool>(window: *const Window, offset: u64) -> Option<u64> {
    // SAFETY: the caller's.
    unsafe {
        let end = if WRITES { (*window).write_end } else { (*window).read_end };
        (offset + W::BYTES <= end).then(|| (*window).base.wrapping_add(offset) & 0xFFFF_FFFF)
    }
}

/// Where the memory operand can be read, as an offset in the arena.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn readable<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe {
        let linear = linear::<W, FORM, HELD, false>(c, h, i, v).ok_or(Miss::ELSEWHERE)?;
        newest_read::<W>(h, linear)
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
) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe {
        let linear = linear::<W, FORM, HELD, true>(c, h, i, v).ok_or(Miss::ELSEWHERE)?;
        newest_write::<W>(h, linear)
    }
}

/// As [`readable`], in the older entry, too: for handlers that are long anyway.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn readable_any<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<HostAddress> {
    // SAFETY: the caller's.
    unsafe { readable_flat::<W>(h, linear::<W, FORM, HELD, false>(c, h, i, v)?) }
}

/// As [`writable`], in the older entry, too.
///
/// # Safety
/// As [`offset`].
#[inline(always)]
pub(super) unsafe fn writable_any<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> Option<HostAddress> {
    // SAFETY: the caller's.
    unsafe { writable_flat::<W>(h, linear::<W, FORM, HELD, true>(c, h, i, v)?) }
}

/// Where a linear address can be read, if the newest entry of its set knows it.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn newest_read<W: Width>(h: *mut Hot, linear: u64) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe { span_read(h, linear, W::BYTES) }
}

/// Where a linear address can be read and written, likewise.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn newest_write<W: Width>(h: *mut Hot, linear: u64) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe { span_written(h, linear, W::BYTES) }
}

/// As [`newest_read`], for so many bytes.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn span_read(h: *mut Hot, linear: u64, bytes: u64) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe { newest((*h).host_tlb.newest_read(LinAddr(linear)), linear, bytes, (*h).fast.key) }
}

/// As [`newest_write`], for so many bytes.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn span_written(h: *mut Hot, linear: u64, bytes: u64) -> Result<HostAddress, Miss> {
    // SAFETY: the caller's.
    unsafe { newest((*h).host_tlb.newest_write(LinAddr(linear)), linear, bytes, (*h).fast.key) }
}

/// The distance is read beside the tag, whether it will be needed or not: moved behind the comparison it would take two
/// more instructions, and the access would wait for them.
#[inline(always)]
fn newest(entry: &Entry, linear: u64, bytes: u64, key: u64) -> Result<HostAddress, Miss> {
    // SAFETY: a reference is valid.
    let delta = unsafe { (&raw const entry.delta).read_volatile() };
    if entry.fits(LinAddr(linear), bytes, key) { Ok(delta.wrapping_add(linear)) } else { Err(Miss { linear, bytes }) }
}

/// An access for which the newest entry did not do: the handler begins anew with the older one, or with what a walk has
/// found, or gives way. The access must be the first thing that the canonical handler would do.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
pub(super) unsafe fn missed<const WRITES: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
    miss: Miss,
) -> *const Insn {
    // SAFETY: the end of a handler, which begins anew.
    unsafe { if supplied::<WRITES>(c, h, &miss) { go_on(c, h, i, v) } else { bail(c, h, i) } }
}

/// As [`missed`], for an instruction that ends its trace and is handed no value.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
pub(super) unsafe fn missed_end<const WRITES: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    miss: Miss,
) -> *const Insn {
    // SAFETY: as above.
    unsafe { if supplied::<WRITES>(c, h, &miss) { go_on(c, h, i, 0) } else { bail_end(c, h, i) } }
}

/// True if the newest entry knows the way now.
unsafe fn supplied<const WRITES: bool>(c: *mut CpuState, h: *mut Hot, miss: &Miss) -> bool {
    // SAFETY: the caller's.
    unsafe { renewed::<WRITES>(h, miss) || refilled::<WRITES>(c, h, miss) }
}

/// True if what the TLB holds, or a walk has found, is the newest entry now.
///
/// # Safety
/// `c` and `h` are valid, in a chain.
pub(super) unsafe fn refilled<const WRITES: bool>(c: *mut CpuState, h: *mut Hot, miss: &Miss) -> bool {
    if miss.bytes == 0 {
        return false;
    }
    let access = if WRITES { Access::Write } else { Access::Read };
    // SAFETY: the context is alive, and its memory is not in use while the fast tier runs.
    unsafe {
        let memory = &mut *(*(*h).fast.exec).memory;
        (*h).refill(&mut *c, memory, (LinAddr(miss.linear), miss.bytes), access)
    }
}

/// True if an older entry of the HostTlb knows the way and is the newest one now.
///
/// # Safety
/// `h` is valid.
pub(super) unsafe fn renewed<const WRITES: bool>(h: *mut Hot, miss: &Miss) -> bool {
    // SAFETY: the caller's.
    let hot = unsafe { &mut *h };
    let addr = LinAddr(miss.linear);
    if miss.bytes == 0 {
        return false;
    }
    if WRITES {
        hot.host_tlb.renew_write(addr, miss.bytes, hot.fast.key)
    } else {
        hot.host_tlb.renew_read(addr, miss.bytes, hot.fast.key)
    }
}

/// Where a linear address can be read.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn readable_flat<W: Width>(h: *mut Hot, linear: u64) -> Option<HostAddress> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.read_address(LinAddr(linear), W::BYTES, (*h).fast.key) }
}

/// Where a linear address can be read and written.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn writable_flat<W: Width>(h: *mut Hot, linear: u64) -> Option<HostAddress> {
    // SAFETY: the caller's.
    unsafe { (*h).host_tlb.write_address(LinAddr(linear), W::BYTES, (*h).fast.key) }
}

/// The bytes at a place that [`readable`] or [`writable`] gave.
///
/// # Safety
/// `h` is valid and the place fresh: HostTlb entries lie inside the arena.
#[inline(always)]
pub(super) unsafe fn read<W: Width>(at: HostAddress) -> W {
    // SAFETY: the caller's.
    unsafe { W::from_le(std::ptr::with_exposed_provenance::<W>(at as usize).read_unaligned()) }
}

/// Writes bytes at a place that [`writable`] gave.
///
/// # Safety
/// As [`read`].
#[inline(always)]
pub(super) unsafe fn write<W: Width>(at: HostAddress, value: W) {
    // SAFETY: the caller's.
    unsafe { std::ptr::with_exposed_provenance_mut::<W>(at as usize).write_unaligned(value.to_le()) }
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
