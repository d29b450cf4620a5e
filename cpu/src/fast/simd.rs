//! XMM registers: moves, bits, and floating-point arithmetic that the host may do (see `float::host`).
//!
//! Registers are reached by quadwords, each read whole and written whole: the host forwards a quadword just written to
//! one that is read, but not to the half of sixteen bytes.

use num_traits::AsPrimitive;

use super::dispatch::{bail, next};
use super::operand::{FLAT_BASE, HostAddress, get, put, read, readable_any, writable_any, write};
use crate::exec::Hot;
use crate::exec::sse_float::Operation;
use crate::flags::{CF, ZF};
use crate::float::{F32, F64, Native, host_may};
use crate::insn::Insn;
use crate::state::{CR0_EM, CR0_TS, CR4_OSFXSR, CpuState};
use crate::width::Width;

/// An XMM register.
pub(super) type Pair = [u64; 2];

/// # Safety
/// `c` is valid and `number` below 16.
#[inline(always)]
pub(super) unsafe fn register(c: *mut CpuState, number: u8) -> *mut u64 {
    // SAFETY: there are 32 registers of eight quadwords.
    unsafe { (&raw mut (*c).vector.registers).cast::<u64>().add(8 * number as usize) }
}

/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn low(c: *mut CpuState, number: u8) -> u64 {
    // SAFETY: the caller's. Volatile, so that two are not read as one.
    unsafe { register(c, number).read_volatile() }
}

/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn pair(c: *mut CpuState, number: u8) -> Pair {
    // SAFETY: the caller's.
    unsafe { [low(c, number), register(c, number).add(1).read_volatile()] }
}

/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn set_low(c: *mut CpuState, number: u8, value: u64) {
    // SAFETY: the caller's.
    unsafe { register(c, number).write_volatile(value) }
}

/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn set_high(c: *mut CpuState, number: u8, value: u64) {
    // SAFETY: the caller's.
    unsafe { register(c, number).add(1).write_volatile(value) }
}

/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn set_pair(c: *mut CpuState, number: u8, value: Pair) {
    // SAFETY: the caller's.
    unsafe {
        set_low(c, number, value[0]);
        set_high(c, number, value[1]);
    }
}

/// The lowest lane.
///
/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn lane<F: Native>(c: *mut CpuState, number: u8) -> F {
    // SAFETY: the caller's.
    unsafe { F::of(<F::Bits as Width>::truncate(low(c, number))) }
}

/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn set_lane<F: Native>(c: *mut CpuState, number: u8, value: F) {
    // SAFETY: the caller's.
    unsafe {
        let kept = if <F::Bits as Width>::BITS == 64 { 0 } else { low(c, number) & !0xFFFF_FFFF };
        set_low(c, number, kept | value.bits().as_());
    }
}

/// The instructions may run.
///
/// # Safety
/// `c` is valid.
#[inline(always)]
pub(super) unsafe fn usable(c: *mut CpuState) -> bool {
    // SAFETY: the caller's.
    unsafe { (*c).cr0 & (CR0_EM | CR0_TS) == 0 && (*c).cr4 & CR4_OSFXSR != 0 }
}

/// They may, and the host may do their arithmetic.
///
/// # Safety
/// `c` is valid.
#[inline(always)]
unsafe fn usable_by_host(c: *mut CpuState) -> bool {
    // SAFETY: the caller's.
    unsafe { usable(c) && host_may((*c).vector.mxcsr) }
}

/// Where sixteen bytes can be read or written, given where their first half can: on 16 bytes, or within a page.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn whole(h: *mut Hot, at: Option<HostAddress>, aligned: bool) -> Option<HostAddress> {
    let at = at?;
    // SAFETY: the caller's.
    let place = unsafe { (*h).host_tlb.place(at) };
    let fits = if aligned { place & 15 == 0 } else { place & 0xFFF <= 0xFF0 };
    fits.then_some(at)
}

/// # Safety
/// As [`read`].
#[inline(always)]
pub(super) unsafe fn pair_at(at: HostAddress) -> Pair {
    // SAFETY: the caller's; [`whole`] has seen to the second half.
    unsafe { [read(at), read(at + 8)] }
}

/// Something that makes a register of two.
pub(super) trait Act {
    /// Of the destination's old value and the source; `None` if that needs a closer look.
    fn act(a: Pair, b: Pair) -> Option<Pair>;
    /// MXCSR matters.
    const FLOAT: bool = false;
    /// The destination's old value does.
    const READS: bool = true;
}

/// MOVAPS and its like.
pub(super) struct Move;
/// ANDPS, PAND.
pub(super) struct And;
/// ANDNPS, PANDN.
pub(super) struct AndNot;
/// ORPS, POR.
pub(super) struct Or;
/// XORPS, PXOR.
pub(super) struct Xor;
/// UNPCKLPD, PUNPCKLQDQ.
pub(super) struct UnpackLow;
/// UNPCKHPD, PUNPCKHQDQ.
pub(super) struct UnpackHigh;
/// MOVQ from a register: the rest becomes zero.
pub(super) struct LowAlone;
/// MOVSD between registers.
pub(super) struct Low;
/// Packed arithmetic in double precision.
pub(super) struct Doubles<O>(O);
/// Packed arithmetic in single precision.
pub(super) struct Singles<O>(O);

impl Act for Move {
    const READS: bool = false;

    #[inline(always)]
    fn act(_: Pair, b: Pair) -> Option<Pair> {
        Some(b)
    }
}

impl Act for And {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([a[0] & b[0], a[1] & b[1]])
    }
}

impl Act for AndNot {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([!a[0] & b[0], !a[1] & b[1]])
    }
}

impl Act for Or {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([a[0] | b[0], a[1] | b[1]])
    }
}

impl Act for Xor {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([a[0] ^ b[0], a[1] ^ b[1]])
    }
}

impl Act for UnpackLow {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([a[0], b[0]])
    }
}

impl Act for UnpackHigh {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([a[1], b[1]])
    }
}

impl Act for LowAlone {
    const READS: bool = false;

    #[inline(always)]
    fn act(_: Pair, b: Pair) -> Option<Pair> {
        Some([b[0], 0])
    }
}

impl Act for Low {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([b[0], a[1]])
    }
}

impl<O: Operation> Act for Doubles<O> {
    const FLOAT: bool = true;

    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([O::host(F64(a[0]), F64(b[0]))?.0, O::host(F64(a[1]), F64(b[1]))?.0])
    }
}

impl<O: Operation> Act for Singles<O> {
    const FLOAT: bool = true;

    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        let two = |a: u64, b: u64| {
            let low = O::host(F32(a as u32), F32(b as u32))?;
            let high = O::host(F32((a >> 32) as u32), F32((b >> 32) as u32))?;
            Some(u64::from(low.0) | u64::from(high.0) << 32)
        };
        Some([two(a[0], b[0])?, two(a[1], b[1])?])
    }
}

/// The destination's value, if that matters.
///
/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn old<A: Act>(c: *mut CpuState, number: u8) -> Pair {
    // SAFETY: the caller's.
    if A::READS { unsafe { pair(c, number) } } else { [0; 2] }
}

/// `op xmm, xmm`.
pub(super) unsafe fn rr<A: Act>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let ready = if A::FLOAT { usable_by_host(c) } else { usable(c) };
        if !ready {
            return bail(c, h, i);
        }
        let Some(result) = A::act(old::<A>(c, (*i).dst), pair(c, (*i).src)) else { return bail(c, h, i) };
        set_pair(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// `op xmm, m128`, in flat code.
pub(super) unsafe fn rm<A: Act, const ALIGNED: bool, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(FORM >= FLAT_BASE, "the limit is not looked at") };
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let ready = if A::FLOAT { usable_by_host(c) } else { usable(c) };
        let Some(at) = whole(h, readable_any::<u64, FORM, HELD>(c, h, i, v), ALIGNED) else { return bail(c, h, i) };
        if !ready {
            return bail(c, h, i);
        }
        let Some(result) = A::act(old::<A>(c, (*i).dst), pair_at(at)) else { return bail(c, h, i) };
        set_pair(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// `mov m128, xmm`, in flat code.
pub(super) unsafe fn store<const ALIGNED: bool, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(FORM >= FLAT_BASE, "the limit is not looked at") };
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = whole(h, writable_any::<u64, FORM, HELD>(c, h, i, v), ALIGNED) else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = pair(c, (*i).src);
        write(at, low);
        write(at + 8, high);
        next(c, h, i, v)
    }
}

/// MOVSS, MOVSD, MOVQ `xmm, m`: the rest becomes zero.
pub(super) unsafe fn load_scalar<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable_any::<W, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        set_pair(c, (*i).dst, [read::<W>(at).as_(), 0]);
        next(c, h, i, v)
    }
}

/// MOVLPS, MOVHPS and MOVLPD, MOVHPD `xmm, m64`: the other half stays.
pub(super) unsafe fn load_half<const HIGH: bool, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable_any::<u64, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        let value = read(at);
        if HIGH {
            set_high(c, (*i).dst, value)
        } else {
            set_low(c, (*i).dst, value)
        }
        next(c, h, i, v)
    }
}

/// MOVSS, MOVSD, MOVQ, MOVLPS, MOVHPS and their like `m, xmm`.
pub(super) unsafe fn store_half<W: Width, const HIGH: bool, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = writable_any::<W, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = pair(c, (*i).src);
        write(at, W::truncate(if HIGH { high } else { low }));
        next(c, h, i, v)
    }
}

/// ADDSD and its like `xmm, xmm`.
pub(super) unsafe fn scalar_rr<F: Native, O: Operation>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable_by_host(c) {
            return bail(c, h, i);
        }
        let Some(result) = O::host::<F>(lane(c, (*i).dst), lane(c, (*i).src)) else { return bail(c, h, i) };
        set_lane(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// ADDSD and its like `xmm, m`.
pub(super) unsafe fn scalar_rm<F: Native, O: Operation, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable_any::<F::Bits, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable_by_host(c) {
            return bail(c, h, i);
        }
        let Some(result) = O::host(lane(c, (*i).dst), F::of(read(at))) else { return bail(c, h, i) };
        set_lane(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// Sets the flags of COMISD and its like; `None` for NaNs and denormal numbers.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
unsafe fn compare<F: Native>(c: *mut CpuState, h: *mut Hot, a: F, b: F) -> Option<()> {
    let ordering = a.host().partial_cmp(&b.host())?;
    if a.is_denormal() || b.is_denormal() {
        return None;
    }
    // SAFETY: the caller's.
    unsafe {
        let flags = match ordering {
            std::cmp::Ordering::Less => CF,
            std::cmp::Ordering::Equal => ZF,
            std::cmp::Ordering::Greater => 0,
        };
        (*c).flags.set_arith(flags);
        (*h).fast.lazy.set_full(flags == ZF, false);
    }
    Some(())
}

/// COMISS, COMISD, UCOMISS, UCOMISD `xmm, xmm`.
pub(super) unsafe fn compare_rr<F: Native>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) || compare::<F>(c, h, lane(c, (*i).dst), lane(c, (*i).src)).is_none() {
            return bail(c, h, i);
        }
        next(c, h, i, v)
    }
}

/// COMISS, COMISD, UCOMISS, UCOMISD `xmm, m`.
pub(super) unsafe fn compare_rm<F: Native, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable_any::<F::Bits, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable(c) || compare::<F>(c, h, lane(c, (*i).dst), F::of(read(at))).is_none() {
            return bail(c, h, i);
        }
        next(c, h, i, v)
    }
}

/// CVTSI2SD `xmm, r32`. Exact.
pub(super) unsafe fn cvtsi2sd_r(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        set_low(c, (*i).dst, f64::from(get::<u32>(c, (*i).src) as i32).to_bits());
        next(c, h, i, v)
    }
}

/// CVTSI2SD `xmm, m32`. Exact.
pub(super) unsafe fn cvtsi2sd_m<const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable_any::<u32, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        set_low(c, (*i).dst, f64::from(read::<u32>(at) as i32).to_bits());
        next(c, h, i, v)
    }
}

/// CVTTSD2SI `r32, xmm`. A denormal number is zero here without a word.
pub(super) unsafe fn cvttsd2si_r(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let number = f64::from_bits(low(c, (*i).src));
        if !(usable_by_host(c) && number > -2_147_483_649.0 && number < 2_147_483_648.0) {
            return bail(c, h, i);
        }
        let v = put(c, (*i).dst, number as i32 as u32);
        next(c, h, i, v)
    }
}
