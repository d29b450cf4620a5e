//! Floating point in software: pure functions of operands and an environment, the same bits on every host.
//! SDM Vol.1 4.2.2 "Floating-Point Data Types", 4.8 "Real Numbers and Floating-Point Formats", 4.9 "Overview of
//! Floating-Point Exceptions".
//!
//! A function gives a value as if all exceptions that come before the computation (invalid operation, denormal operand,
//! division by zero) were masked, and all flags that it raises. Where one of these is not masked, flags that would come
//! later are not raised, and the caller leaves its destination alone: see [`Env::refuses`]. Unmasked overflow and
//! underflow of the extended format give the result with its exponent wrapped, as the x87 does in its registers; the
//! other formats' values mean nothing then.

mod approximate;
mod arithmetic;
mod bcd;
mod compare;
mod convert;
mod format;
mod fused;
mod host;
pub mod quick;
mod remainder;
mod round;
mod scale;
mod special;
#[cfg(test)]
mod tests;
pub mod trans;

pub use approximate::{reciprocal, reciprocal_root};
pub use arithmetic::{Sum, add, add_parts, divide, divide_parts, multiply, multiply_parts, square_root, subtract};
pub use bcd::{from_packed, to_packed};
pub use compare::{Comparison, Relation, compare, compare_parts};
pub use convert::{
    IntegerWidth, convert, exact_extended, from_integer, integer_indefinite, load, to_integer, to_integral,
};
pub use format::{Class, Extended, F16, F32, F64, Format, Parts};
pub use fused::{Signs, multiply_add};
pub use host::{HostFloat, Native, host_add, host_divide, host_may, host_multiply, host_square_root, host_subtract};
pub use quick::Plain;
pub use remainder::{Left, Quotient, Remainder, remainder};
pub use round::round;
pub use scale::{extract, scale};

/// Exception flags and what else an operation tells, each at its place in the x87 status word (the exceptions have the
/// same places in MXCSR). SDM Vol.1 Figure 8-4 "x87 FPU Status Word".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    /// Nothing.
    pub const NONE: Flags = Flags(0);
    /// IE: invalid operation.
    pub const INVALID: Flags = Flags(1);
    /// DE: denormal operand.
    pub const DENORMAL: Flags = Flags(1 << 1);
    /// ZE: division by zero.
    pub const ZERO_DIVIDE: Flags = Flags(1 << 2);
    /// OE: overflow.
    pub const OVERFLOW: Flags = Flags(1 << 3);
    /// UE: underflow.
    pub const UNDERFLOW: Flags = Flags(1 << 4);
    /// PE: inexact result.
    pub const PRECISION: Flags = Flags(1 << 5);
    /// C1: the result was rounded up, away from zero.
    pub const ROUNDED_UP: Flags = Flags(1 << 9);
    /// The six exceptions.
    pub const EXCEPTIONS: Flags = Flags(0x3F);
    /// The exceptions that are seen before the computation.
    pub const BEFORE: Flags = Flags(7);

    /// True if any of `other`'s bits is set.
    #[inline]
    pub const fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// Bits of both.
    #[inline]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// `flag` if it holds, otherwise none.
    #[inline]
    pub const fn when(holds: bool, flag: Flags) -> Flags {
        if holds { flag } else { Flags::NONE }
    }
}

impl std::ops::BitAnd for Flags {
    type Output = Flags;
    #[inline]
    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    #[inline]
    fn bitor(self, other: Flags) -> Flags {
        self.with(other)
    }
}

/// Rounding control, encoded as in the x87 control word and MXCSR. SDM Vol.1 Table 4-8 "Rounding Modes and Encoding of
/// Rounding Control (RC) Field".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Rounding {
    /// To the nearest, ties to even.
    #[default]
    Nearest = 0,
    /// Toward negative infinity.
    Down = 1,
    /// Toward positive infinity.
    Up = 2,
    /// Toward zero.
    Zero = 3,
}

impl Rounding {
    /// From the two bits of an RC field.
    #[inline]
    pub const fn from_bits(bits: u32) -> Rounding {
        match bits & 3 {
            0 => Rounding::Nearest,
            1 => Rounding::Down,
            2 => Rounding::Up,
            _ => Rounding::Zero,
        }
    }
}

/// What an operation depends on beside its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Env {
    /// Rounding control.
    pub rounding: Rounding,
    /// Bits of an extended result's significand: 24, 53 or 64. Other formats have their own.
    pub precision: u32,
    /// The masked exceptions.
    pub masked: Flags,
    /// DAZ: denormal operands count as zeros of their sign, silently.
    pub denormals_are_zeros: bool,
    /// FTZ: tiny results become zeros while underflow is masked.
    pub flush_to_zero: bool,
}

impl Default for Env {
    /// Nearest, all masked, 64 bits: as FNINIT leaves it.
    fn default() -> Env {
        Env {
            rounding: Rounding::Nearest,
            precision: 64,
            masked: Flags::EXCEPTIONS,
            denormals_are_zeros: false,
            flush_to_zero: false,
        }
    }
}

impl Env {
    /// As an x87 control word says. SDM Vol.1 Figure 8-6 "x87 FPU Control Word". The reserved precision 01b counts as
    /// 64 bits.
    #[inline]
    pub const fn from_control_word(control: u16) -> Env {
        let precision = match control >> 8 & 3 {
            0 => 24,
            2 => 53,
            _ => 64,
        };
        Env {
            rounding: Rounding::from_bits(control as u32 >> 10),
            precision,
            masked: Flags(control & 0x3F),
            denormals_are_zeros: false,
            flush_to_zero: false,
        }
    }

    /// As MXCSR says. SDM Vol.1 Figure 10-3 "MXCSR Control/Status Register".
    #[inline]
    pub const fn from_mxcsr(mxcsr: u32) -> Env {
        Env {
            rounding: Rounding::from_bits(mxcsr >> 13),
            precision: 64,
            masked: Flags((mxcsr >> 7) as u16 & 0x3F),
            denormals_are_zeros: mxcsr & 1 << 6 != 0,
            flush_to_zero: mxcsr & 1 << 15 != 0,
        }
    }

    /// The same with another rounding control.
    #[inline]
    pub const fn with_rounding(self, rounding: Rounding) -> Env {
        Env { rounding, ..self }
    }

    /// True if one of these flags is an exception that is not masked.
    #[inline]
    pub const fn unmasked(&self, flags: Flags) -> bool {
        flags.0 & Flags::EXCEPTIONS.0 & !self.masked.0 != 0
    }

    /// True if these flags hold an unmasked exception that is seen before the computation: there is no result.
    #[inline]
    pub const fn refuses(&self, flags: Flags) -> bool {
        flags.0 & Flags::BEFORE.0 & !self.masked.0 != 0
    }
}

/// What an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<T> {
    /// The result; it means nothing if [`Env::refuses`] its flags.
    pub value: T,
    /// What was raised.
    pub flags: Flags,
}

impl<T> Outcome<T> {
    /// A value without flags.
    #[inline]
    pub const fn exact(value: T) -> Outcome<T> {
        Outcome { value, flags: Flags::NONE }
    }
}
