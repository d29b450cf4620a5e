//! The host's own arithmetic where it cannot differ from ours: rounding to nearest, inexact results neither trapped nor
//! news, operands and results normal or exactly zero. Then no other exception is possible, and IEEE 754 leaves one
//! result. SDM Vol.1 11.5.2 "SIMD Floating-Point Exception Conditions".

use std::ops::{Add, Div, Mul, Sub};

use super::{F32, F64, Format};
use crate::vector::{MXCSR_MASK_SHIFT, MXCSR_PE, MXCSR_RC_SHIFT};
use crate::width::Width;

/// What the host's floating-point numbers can do.
pub trait HostFloat:
    Copy + PartialOrd + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The square root, correctly rounded.
    fn root(self) -> Self;
}

impl HostFloat for f32 {
    #[inline(always)]
    fn root(self) -> f32 {
        self.sqrt()
    }
}

impl HostFloat for f64 {
    #[inline(always)]
    fn root(self) -> f64 {
        self.sqrt()
    }
}

/// A format that the host has too; the lanes of vector registers.
pub trait Native: Format {
    /// Its bits as an integer.
    type Bits: Width;
    /// Its counterpart.
    type Host: HostFloat;

    /// From the bits.
    fn of(bits: Self::Bits) -> Self;
    /// The bits.
    fn bits(self) -> Self::Bits;
    /// As the host's number.
    fn host(self) -> Self::Host;
    /// Of the host's number.
    fn of_host(number: Self::Host) -> Self;
    /// A zero of either sign.
    fn is_zero(self) -> bool;
    /// A number that is neither zero nor normal.
    fn is_denormal(self) -> bool;
    /// A normal number above the smallest binade, whose results cannot have been tiny.
    fn is_ordinary(self) -> bool;
}

impl Native for F32 {
    type Bits = u32;
    type Host = f32;

    #[inline(always)]
    fn of(bits: u32) -> F32 {
        F32(bits)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0
    }

    #[inline(always)]
    fn host(self) -> f32 {
        f32::from_bits(self.0)
    }

    #[inline(always)]
    fn of_host(number: f32) -> F32 {
        F32(number.to_bits())
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0 << 1 == 0
    }

    #[inline(always)]
    fn is_denormal(self) -> bool {
        (self.0 << 1).wrapping_sub(1) < 0x00FF_FFFF
    }

    #[inline(always)]
    fn is_ordinary(self) -> bool {
        (self.0 << 1).wrapping_sub(2 << 24) < 253 << 24
    }
}

impl Native for F64 {
    type Bits = u64;
    type Host = f64;

    #[inline(always)]
    fn of(bits: u64) -> F64 {
        F64(bits)
    }

    #[inline(always)]
    fn bits(self) -> u64 {
        self.0
    }

    #[inline(always)]
    fn host(self) -> f64 {
        f64::from_bits(self.0)
    }

    #[inline(always)]
    fn of_host(number: f64) -> F64 {
        F64(number.to_bits())
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0 << 1 == 0
    }

    #[inline(always)]
    fn is_denormal(self) -> bool {
        (self.0 << 1).wrapping_sub(1) < 0x001F_FFFF_FFFF_FFFF
    }

    #[inline(always)]
    fn is_ordinary(self) -> bool {
        (self.0 << 1).wrapping_sub(2 << 53) < 2045 << 53
    }
}

/// True if the host's arithmetic may be asked at all: round to nearest, PE masked, and set already.
#[inline(always)]
pub const fn host_may(mxcsr: u32) -> bool {
    const MASKED: u32 = MXCSR_PE << MXCSR_MASK_SHIFT;
    mxcsr & (3 << MXCSR_RC_SHIFT | MASKED | MXCSR_PE) == MASKED | MXCSR_PE
}

/// A sum or difference of operands that are not denormal. A result of zero is exact.
#[inline(always)]
fn sum<F: Native>(a: F, b: F, result: F) -> Option<F> {
    (!a.is_denormal() && !b.is_denormal() && (result.is_ordinary() || result.is_zero())).then_some(result)
}

/// a + b.
#[inline(always)]
pub fn host_add<F: Native>(a: F, b: F) -> Option<F> {
    sum(a, b, F::of_host(a.host() + b.host()))
}

/// a - b.
#[inline(always)]
pub fn host_subtract<F: Native>(a: F, b: F) -> Option<F> {
    sum(a, b, F::of_host(a.host() - b.host()))
}

/// a * b. A zero comes from a zero, or from underflow.
#[inline(always)]
pub fn host_multiply<F: Native>(a: F, b: F) -> Option<F> {
    let product = F::of_host(a.host() * b.host());
    let exact_zero = product.is_zero() && (a.is_zero() || b.is_zero());
    (!a.is_denormal() && !b.is_denormal() && (product.is_ordinary() || exact_zero)).then_some(product)
}

/// a / b.
#[inline(always)]
pub fn host_divide<F: Native>(a: F, b: F) -> Option<F> {
    let quotient = F::of_host(a.host() / b.host());
    let exact_zero = a.is_zero() && b.is_ordinary();
    (!a.is_denormal() && !b.is_denormal() && (quotient.is_ordinary() || exact_zero)).then_some(quotient)
}

/// The square root.
#[inline(always)]
pub fn host_square_root<F: Native>(a: F) -> Option<F> {
    let root = F::of_host(a.host().root());
    (a.is_zero() || a.is_ordinary() && root.is_ordinary()).then_some(root)
}
