//! Packed integers as pure functions: an MMX register is a `u64`, an XMM register a `u128`, lane 0 in the low bits.
//! SDM Vol.1 9.4 "MMX Instructions", 11.4 "SSE2 Instruction Set". The last letter of a mnemonic says the lanes' width.

use crate::width::Width;

mod arithmetic;
mod arrange;
mod compare;
mod quad;
mod shift;

pub use arithmetic::*;
pub use arrange::*;
pub use compare::*;
pub use shift::*;

/// A register taken as lanes of equal width.
pub trait Packed: Copy + PartialEq + std::fmt::Debug + 'static {
    /// Bytes of the register.
    const BYTES: usize;

    /// A lane.
    fn lane<W: Width>(self, number: usize) -> W;
    /// A register of lanes, from lane 0 on.
    fn from_lanes<W: Width>(lane: impl FnMut(usize) -> W) -> Self;
    /// Each quadword of one and its counterpart of the other.
    fn quads(self, other: Self, act: impl Fn(u64, u64) -> u64) -> Self;
    /// AND.
    fn and(self, other: Self) -> Self;
    /// OR.
    fn or(self, other: Self) -> Self;
    /// Exclusive OR.
    fn xor(self, other: Self) -> Self;
    /// The value NOT.
    fn not(self) -> Self;
    /// All bits clear.
    fn zero() -> Self;

    /// Lanes of a width.
    fn lanes<W: Width>() -> usize {
        Self::BYTES / W::BYTES as usize
    }

    /// Each quadword.
    #[inline(always)]
    fn each_quad(self, act: impl Fn(u64) -> u64) -> Self {
        self.quads(self, |quad, _| act(quad))
    }

    /// Each lane of one and its counterpart of the other.
    #[inline(always)]
    fn zip<W: Width>(self, other: Self, act: impl Fn(W, W) -> W) -> Self {
        Self::from_lanes(|number| act(self.lane(number), other.lane(number)))
    }

    /// Each lane.
    #[inline(always)]
    fn map<W: Width>(self, act: impl Fn(W) -> W) -> Self {
        Self::from_lanes(|number| act(self.lane(number)))
    }

    /// The same with another value in a lane.
    #[inline(always)]
    fn with_lane<W: Width>(self, number: usize, value: W) -> Self {
        Self::from_lanes(|at| if at == number { value } else { self.lane(at) })
    }
}

macro_rules! packed {
    ($($int:ty: $quads:expr),*) => {$(
        impl Packed for $int {
            const BYTES: usize = size_of::<$int>();

            #[inline(always)]
            fn lane<W: Width>(self, number: usize) -> W {
                W::truncate((self >> (number as u32 * W::BITS)) as u64)
            }

            #[inline(always)]
            fn from_lanes<W: Width>(mut lane: impl FnMut(usize) -> W) -> Self {
                let mut all = 0;
                for number in 0..Self::lanes::<W>() {
                    all |= <$int>::from(lane(number).as_()) << (number as u32 * W::BITS);
                }
                all
            }

            #[inline(always)]
            fn quads(self, other: Self, act: impl Fn(u64, u64) -> u64) -> Self {
                let mut all = 0;
                for number in 0..$quads {
                    let shift = 64 * number;
                    all |= <$int>::from(act((self >> shift) as u64, (other >> shift) as u64)) << shift;
                }
                all
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }

            #[inline(always)]
            fn not(self) -> Self {
                !self
            }

            #[inline(always)]
            fn zero() -> Self {
                0
            }
        }
    )*};
}
// For u64 this gives BYTES = 8 and `lane::<u16>(1) = bits 16 to 31`.
packed!(u64: 1, u128: 2);

/// The nearest value that a signed lane can hold.
#[inline(always)]
fn signed<W: Width>(value: i64) -> W {
    let most = (u64::MAX >> (65 - W::BITS)) as i64;
    W::truncate(value.clamp(-most - 1, most) as u64)
}

/// The nearest value that an unsigned lane can hold.
#[inline(always)]
fn unsigned<W: Width>(value: i64) -> W {
    let most = (u64::MAX >> (64 - W::BITS)) as i64;
    W::truncate(value.clamp(0, most) as u64)
}
