//! Packed integers on XMM registers: lanes added, subtracted, compared and shifted; MOVD, PSHUFD, PMOVMSKB.

use super::dispatch::{bail, next};
use super::operand::{get, put};
use super::simd::{Act, Pair, pair, set_pair, usable};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::value::packed;
use crate::width::Width;

/// What is done with each lane of two quadwords.
pub(super) trait OfLanes {
    /// Its result.
    fn of<W: Width>(a: u64, b: u64) -> u64;
}

/// A vector operation on lanes of a width.
pub(super) struct Lanes<O, W>(O, W);
/// PADDB to PADDQ.
pub(super) struct Plus;
/// PSUBB to PSUBQ.
pub(super) struct Minus;
/// PCMPEQB to PCMPEQD.
pub(super) struct Equal;
/// PCMPGTB to PCMPGTD.
pub(super) struct Greater;

impl OfLanes for Plus {
    #[inline(always)]
    fn of<W: Width>(a: u64, b: u64) -> u64 {
        packed::add::<u64, W>(a, b)
    }
}

impl OfLanes for Minus {
    #[inline(always)]
    fn of<W: Width>(a: u64, b: u64) -> u64 {
        packed::sub::<u64, W>(a, b)
    }
}

impl OfLanes for Equal {
    #[inline(always)]
    fn of<W: Width>(a: u64, b: u64) -> u64 {
        packed::equal::<u64, W>(a, b)
    }
}

impl OfLanes for Greater {
    #[inline(always)]
    fn of<W: Width>(a: u64, b: u64) -> u64 {
        packed::greater::<u64, W>(a, b)
    }
}

impl<O: OfLanes, W: Width> Act for Lanes<O, W> {
    #[inline(always)]
    fn act(a: Pair, b: Pair) -> Option<Pair> {
        Some([O::of::<W>(a[0], b[0]), O::of::<W>(a[1], b[1])])
    }
}

/// A shift of each lane.
pub(super) trait ShiftLanes {
    /// Its result.
    fn shift<W: Width>(quad: u64, count: u64) -> u64;
}

/// PSLLW to PSLLQ.
pub(super) struct Left;
/// PSRLW to PSRLQ.
pub(super) struct Right;
/// PSRAW, PSRAD.
pub(super) struct RightSigned;

impl ShiftLanes for Left {
    #[inline(always)]
    fn shift<W: Width>(quad: u64, count: u64) -> u64 {
        packed::left::<u64, W>(quad, count)
    }
}

impl ShiftLanes for Right {
    #[inline(always)]
    fn shift<W: Width>(quad: u64, count: u64) -> u64 {
        packed::right::<u64, W>(quad, count)
    }
}

impl ShiftLanes for RightSigned {
    #[inline(always)]
    fn shift<W: Width>(quad: u64, count: u64) -> u64 {
        packed::right_signed::<u64, W>(quad, count)
    }
}

/// `psll xmm, imm8` and its like.
pub(super) unsafe fn shift_i<S: ShiftLanes, W: Width>(
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
        let shifted = pair(c, (*i).dst).map(|quad| S::shift::<W>(quad, count));
        set_pair(c, (*i).dst, shifted);
        next(c, h, i, v)
    }
}

/// `pshufd xmm, xmm, imm8`.
pub(super) unsafe fn shuffle_rr(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = pair(c, (*i).src);
        let shuffled = packed::shuffle::<u128, u32>(u128::from(low) | u128::from(high) << 64, (*i).imm as u8);
        set_pair(c, (*i).dst, [shuffled as u64, (shuffled >> 64) as u64]);
        next(c, h, i, v)
    }
}

/// `pmovmskb r, xmm`.
pub(super) unsafe fn byte_signs_r(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let [low, high] = pair(c, (*i).src).map(packed::byte_signs::<u64>);
        let v = put::<u32>(c, (*i).dst, low | high << 8);
        next(c, h, i, v)
    }
}

/// MOVD, MOVQ `xmm, r`: the rest becomes zero.
pub(super) unsafe fn load_r<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        set_pair(c, (*i).dst, [get::<W>(c, (*i).src).as_(), 0]);
        next(c, h, i, v)
    }
}

/// MOVD, MOVQ `r, xmm`.
pub(super) unsafe fn store_r<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let v = put(c, (*i).dst, W::truncate(pair(c, (*i).src)[0]));
        next(c, h, i, v)
    }
}
