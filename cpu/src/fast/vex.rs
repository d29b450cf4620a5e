//! XMM and YMM registers in instructions with VEX, in 64-bit code: a result of 128 bits clears what is above it.

use super::dispatch::{bail, next};
use super::operand::{HostAddress, LONG_INDEX, get, put, readable_any, writable_any, write};
use super::simd::{Act, Pair, pair, pair_at, register};
use super::simd_packed::{joined, split};
use crate::exec::Hot;
use crate::float::host_may;
use crate::insn::Insn;
use crate::state::{CR0_TS, CR4_OSXSAVE, CpuState};
use crate::value::packed;
use crate::width::Width;

/// XCR0: SSE and AVX state.
const STATE: u64 = 6;

/// The instructions may run; 64-bit code runs in protected mode.
///
/// # Safety
/// `c` is valid.
#[inline(always)]
pub(super) unsafe fn usable(c: *mut CpuState) -> bool {
    // SAFETY: the caller's.
    unsafe { (*c).cr4 & CR4_OSXSAVE != 0 && (*c).xcr0 & STATE == STATE && (*c).cr0 & CR0_TS == 0 }
}

/// The upper half of a YMM register.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn upper(c: *mut CpuState, number: u8) -> Pair {
    // SAFETY: the caller's.
    unsafe { [register(c, number).add(2).read_volatile(), register(c, number).add(3).read_volatile()] }
}

/// Writes a YMM register; the rest of the ZMM register is cleared.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn set(c: *mut CpuState, number: u8, low: Pair, high: Pair) {
    // SAFETY: the caller's. By quadwords, as they are read.
    unsafe {
        let at = register(c, number);
        at.write_volatile(low[0]);
        at.add(1).write_volatile(low[1]);
        at.add(2).write_volatile(high[0]);
        at.add(3).write_volatile(high[1]);
        for above in 4..8 {
            at.add(above).write(0);
        }
    }
}

/// Where a vector can be read or written, given where its first quadword can: on as many bytes as it has, or within a
/// page.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
pub(super) unsafe fn whole<const WIDE: bool>(
    h: *mut Hot,
    at: Option<HostAddress>,
    aligned: bool,
) -> Option<HostAddress> {
    let at = at?;
    let bytes = if WIDE { 32 } else { 16 };
    // SAFETY: the caller's.
    let place = unsafe { (*h).host_tlb.place(at) };
    let fits = if aligned { place & (bytes - 1) == 0 } else { place & 0xFFF <= 0x1000 - bytes };
    fits.then_some(at)
}

/// A vector in memory.
///
/// # Safety
/// As [`pair_at`]; [`whole`] has seen to all of it.
#[inline(always)]
pub(super) unsafe fn vector_at<const WIDE: bool>(at: HostAddress) -> [Pair; 2] {
    // SAFETY: the caller's.
    unsafe { [pair_at(at), if WIDE { pair_at(at + 16) } else { [0; 2] }] }
}

/// A register as a vector.
///
/// # Safety
/// As [`register`].
#[inline(always)]
pub(super) unsafe fn vector<const WIDE: bool>(c: *mut CpuState, number: u8) -> [Pair; 2] {
    // SAFETY: the caller's.
    unsafe { [pair(c, number), if WIDE { upper(c, number) } else { [0; 2] }] }
}

/// The result of both halves.
///
/// # Safety
/// As [`register`].
#[inline(always)]
unsafe fn acted<A: Act, const WIDE: bool>(c: *mut CpuState, i: *const Insn, second: [Pair; 2]) -> Option<[Pair; 2]> {
    // SAFETY: the caller's.
    unsafe {
        let first = if A::READS { vector::<WIDE>(c, (*i).vvvv()) } else { [[0; 2]; 2] };
        let low = A::act(first[0], second[0])?;
        Some([low, if WIDE { A::act(first[1], second[1])? } else { [0; 2] }])
    }
}

/// True if the instruction may run here and now.
///
/// # Safety
/// `c` is valid.
#[inline(always)]
unsafe fn ready<A: Act>(c: *mut CpuState) -> bool {
    // SAFETY: the caller's.
    unsafe { usable(c) && (!A::FLOAT || host_may((*c).vector.mxcsr)) }
}

/// `op v, v, v`.
pub(super) unsafe fn rr<A: Act, const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !ready::<A>(c) {
            return bail(c, h, i);
        }
        let Some([low, high]) = acted::<A, WIDE>(c, i, vector::<WIDE>(c, (*i).src)) else { return bail(c, h, i) };
        set(c, (*i).dst, low, high);
        next(c, h, i, v)
    }
}

/// `op v, v, m`.
pub(super) unsafe fn rm<A: Act, const ALIGNED: bool, const WIDE: bool, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(FORM >= LONG_INDEX, "64-bit code's") };
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = whole::<WIDE>(h, readable_any::<u64, FORM, 0>(c, h, i, v), ALIGNED);
        let Some(at) = at else { return bail(c, h, i) };
        if !ready::<A>(c) {
            return bail(c, h, i);
        }
        let Some([low, high]) = acted::<A, WIDE>(c, i, vector_at::<WIDE>(at)) else { return bail(c, h, i) };
        set(c, (*i).dst, low, high);
        next(c, h, i, v)
    }
}

/// `mov m, v`.
pub(super) unsafe fn store<const ALIGNED: bool, const WIDE: bool, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(FORM >= LONG_INDEX, "64-bit code's") };
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = whole::<WIDE>(h, writable_any::<u64, FORM, 0>(c, h, i, v), ALIGNED);
        let Some(at) = at else { return bail(c, h, i) };
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = vector::<WIDE>(c, (*i).src);
        write(at, low[0]);
        write(at + 8, low[1]);
        if WIDE {
            write(at + 16, high[0]);
            write(at + 24, high[1]);
        }
        next(c, h, i, v)
    }
}

/// A shift of each lane: see `simd_integer`.
pub(super) use super::simd_integer::ShiftLanes;

/// `vpsll v, v, imm8` and its like.
pub(super) unsafe fn shift_i<S: ShiftLanes, W: Width, const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let count = u64::from((*i).imm as u8);
        let [low, high] = vector::<WIDE>(c, (*i).src).map(|half| half.map(|quad| S::shift::<W>(quad, count)));
        set(c, (*i).dst, low, high);
        next(c, h, i, v)
    }
}

/// `vpshufd v, v, imm8`.
pub(super) unsafe fn shuffle_rr<const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let order = (*i).imm as u8;
        let shuffled = |half: Pair| split(packed::shuffle::<u128, u32>(joined(half), order));
        let [low, high] = vector::<WIDE>(c, (*i).src);
        set(c, (*i).dst, shuffled(low), if WIDE { shuffled(high) } else { high });
        next(c, h, i, v)
    }
}

/// VMOVD, VMOVQ `xmm, r`.
pub(super) unsafe fn load_r<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        set(c, (*i).dst, [get::<W>(c, (*i).src).as_(), 0], [0; 2]);
        next(c, h, i, v)
    }
}

/// `vpbroadcast v, xmm`.
pub(super) unsafe fn broadcast_rr<W: Width, const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let lane = W::truncate(pair(c, (*i).src)[0]).as_();
        // As many ones as there are lanes in a quadword, each at its lane's lowest bit.
        let quad = lane.wrapping_mul(u64::MAX / (u64::MAX >> (64 - W::BITS)));
        set(c, (*i).dst, [quad; 2], if WIDE { [quad; 2] } else { [0; 2] });
        next(c, h, i, v)
    }
}

/// `vpmovmskb r, v`.
pub(super) unsafe fn byte_signs_r<const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = vector::<WIDE>(c, (*i).src).map(|half| {
            let [low, high] = half.map(packed::byte_signs::<u64>);
            low | high << 8
        });
        let v = put::<u32>(c, (*i).dst, low | high << 16);
        next(c, h, i, v)
    }
}

/// VZEROUPPER.
pub(super) unsafe fn zero_upper(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; 64-bit code names 16 registers.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        for number in 0..16 {
            register(c, number).add(2).cast::<[u64; 6]>().write([0; 6]);
        }
        next(c, h, i, v)
    }
}
