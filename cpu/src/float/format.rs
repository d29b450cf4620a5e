//! The formats and how a number is taken apart. SDM Vol.1 Table 4-3 "Floating-Point Number and NaN Encodings", 4.8.3
//! "Real Number and Non-number Encodings", 8.2.2 "Unsupported Double Extended-Precision Floating-Point Encodings and
//! Pseudo-Denormals".

use serde::{Deserialize, Serialize};

use super::Env;

/// binary16, as its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct F16(pub u16);

/// binary32, as its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct F32(pub u32);

/// binary64, as its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct F64(pub u64);

/// The x87's double extended-precision format: 80 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The significand with its explicit integer bit on top.
    pub significand: u64,
    /// Sign in bit 15, exponent with a bias of 16383 below it.
    pub sign_exponent: u16,
}

/// What an encoding stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A zero.
    Zero,
    /// A number with the smallest exponent and no integer bit; of the extended format also a pseudo-denormal.
    Denormal,
    /// Any other number.
    Normal,
    /// An infinity.
    Infinity,
    /// A NaN whose use raises nothing.
    QuietNan,
    /// A NaN whose use is invalid.
    SignalingNan,
    /// Unnormals, pseudo-infinities and pseudo-NaNs, which nothing since the 387 supports.
    Unsupported,
}

/// A number taken apart, whatever format it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What it is.
    pub class: Class,
    /// Negative.
    pub sign: bool,
    /// A number is `significand` / 2^63 * 2^`exponent`.
    pub exponent: i32,
    /// Of a number that is not zero: normalised, bit 63 is set. Of a NaN: its payload below bit 63.
    pub significand: u64,
}

impl Parts {
    /// True for a NaN of either kind.
    #[inline]
    pub fn is_nan(&self) -> bool {
        matches!(self.class, Class::QuietNan | Class::SignalingNan)
    }

    /// True for a number that is neither zero nor infinite.
    #[inline]
    pub fn is_finite_nonzero(&self) -> bool {
        matches!(self.class, Class::Normal | Class::Denormal)
    }

    /// The same with the other sign.
    #[inline]
    pub fn negated(self) -> Parts {
        Parts { sign: !self.sign, ..self }
    }
}

/// A floating-point format.
pub trait Format: Copy + PartialEq + std::fmt::Debug {
    /// Bits of the significand, the integer bit counted.
    const PRECISION: u32;
    /// Exponent of the greatest numbers, and the bias.
    const MAX_EXPONENT: i32;
    /// Exponent of the smallest normal number.
    const MIN_EXPONENT: i32 = 1 - Self::MAX_EXPONENT;
    /// The exponent field of infinities and NaNs.
    const TOP_FIELD: u32 = 2 * Self::MAX_EXPONENT as u32 + 1;
    /// By how much the exponent of an unmasked overflow or underflow is wrapped, if results are kept then.
    const WRAP: Option<i32> = None;
    /// Of two NaNs of one kind the one with the larger significand goes on; otherwise the first operand.
    const LARGER_NAN: bool = false;

    /// Takes it apart. Denormals keep their class.
    fn parts(self) -> Parts;

    /// From sign, exponent field and a significand whose integer bit is bit 63.
    fn pack(sign: bool, field: u32, significand: u64) -> Self;

    /// Bits of a result's significand.
    #[inline(always)]
    fn result_precision(_: &Env) -> u32 {
        Self::PRECISION
    }

    /// Takes it apart for an operation: with DAZ, denormals are zeros.
    #[inline(always)]
    fn operand(self, env: &Env) -> Parts {
        let parts = self.parts();
        if env.denormals_are_zeros && parts.class == Class::Denormal {
            return Parts { class: Class::Zero, significand: 0, ..parts };
        }
        parts
    }

    /// A zero.
    #[inline]
    fn zero(sign: bool) -> Self {
        Self::pack(sign, 0, 0)
    }

    /// An infinity.
    #[inline]
    fn infinity(sign: bool) -> Self {
        Self::pack(sign, Self::TOP_FIELD, 1 << 63)
    }

    /// The QNaN floating-point indefinite.
    #[inline]
    fn indefinite() -> Self {
        Self::pack(true, Self::TOP_FIELD, 3 << 62)
    }

    /// The quiet NaN with the payload of one taken apart, as far as it fits.
    #[inline]
    fn quiet(nan: &Parts) -> Self {
        Self::pack(nan.sign, Self::TOP_FIELD, nan.significand | 3 << 62)
    }
}

/// Takes a format without explicit integer bit apart.
#[inline(always)]
fn interchange_parts<F: Format>(sign: bool, field: u32, fraction: u64) -> Parts {
    // The fraction with its first bit at bit 62.
    let significand = fraction << (64 - F::PRECISION);
    let exponent = field as i32 - F::MAX_EXPONENT;
    if field == 0 {
        if fraction == 0 {
            return Parts { class: Class::Zero, sign, exponent, significand: 0 };
        }
        return denormal(sign, F::MIN_EXPONENT, significand);
    }
    let class = match (field == F::TOP_FIELD, significand) {
        (false, _) => Class::Normal,
        (true, 0) => Class::Infinity,
        (true, payload) if payload & 1 << 62 != 0 => Class::QuietNan,
        (true, _) => Class::SignalingNan,
    };
    Parts { class, sign, exponent, significand: significand | 1 << 63 }
}

/// A denormal number, normalised.
#[inline]
fn denormal(sign: bool, exponent: i32, significand: u64) -> Parts {
    let shift = significand.leading_zeros();
    Parts { class: Class::Denormal, sign, exponent: exponent - shift as i32, significand: significand << shift }
}

impl Format for F16 {
    const PRECISION: u32 = 11;
    const MAX_EXPONENT: i32 = 15;

    #[inline]
    fn parts(self) -> Parts {
        interchange_parts::<F16>(self.0 >> 15 != 0, u32::from(self.0 >> 10 & 0x1F), u64::from(self.0 & 0x3FF))
    }

    #[inline]
    fn pack(sign: bool, field: u32, significand: u64) -> F16 {
        F16(u16::from(sign) << 15 | (field as u16) << 10 | (significand << 1 >> 54) as u16)
    }
}

impl Format for F32 {
    const PRECISION: u32 = 24;
    const MAX_EXPONENT: i32 = 127;

    #[inline]
    fn parts(self) -> Parts {
        interchange_parts::<F32>(self.0 >> 31 != 0, self.0 >> 23 & 0xFF, u64::from(self.0 & 0x007F_FFFF))
    }

    #[inline]
    fn pack(sign: bool, field: u32, significand: u64) -> F32 {
        F32(u32::from(sign) << 31 | field << 23 | (significand << 1 >> 41) as u32)
    }
}

impl Format for F64 {
    const PRECISION: u32 = 53;
    const MAX_EXPONENT: i32 = 1023;

    #[inline]
    fn parts(self) -> Parts {
        interchange_parts::<F64>(self.0 >> 63 != 0, (self.0 >> 52) as u32 & 0x7FF, self.0 & 0x000F_FFFF_FFFF_FFFF)
    }

    #[inline]
    fn pack(sign: bool, field: u32, significand: u64) -> F64 {
        F64(u64::from(sign) << 63 | u64::from(field) << 52 | significand << 1 >> 12)
    }
}

impl Extended {
    /// From the ten bytes in memory or a register.
    #[inline]
    pub fn from_bytes(bytes: [u8; 10]) -> Extended {
        let [a, b, c, d, e, f, g, h, low, high] = bytes;
        Extended {
            significand: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            sign_exponent: u16::from_le_bytes([low, high]),
        }
    }

    /// The ten bytes in memory.
    #[inline]
    pub fn to_bytes(self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.significand.to_le_bytes());
        bytes[8..].copy_from_slice(&self.sign_exponent.to_le_bytes());
        bytes
    }

    /// Negative: the sign bit is set, whatever it is.
    #[inline]
    pub const fn sign(self) -> bool {
        self.sign_exponent >> 15 != 0
    }

    /// The exponent field.
    #[inline]
    pub const fn field(self) -> u16 {
        self.sign_exponent & 0x7FFF
    }

    /// A normal number: by far the most frequent operand.
    #[inline(always)]
    pub const fn is_normal(self) -> bool {
        // Field 0 wraps to the top.
        self.field().wrapping_sub(1) < 0x7FFE && self.significand >> 63 != 0
    }

    /// The parts of a number that is known to be normal.
    #[inline(always)]
    pub(super) const fn normal_parts(self) -> Parts {
        Parts {
            class: Class::Normal,
            sign: self.sign(),
            exponent: self.field() as i32 - Extended::MAX_EXPONENT,
            significand: self.significand,
        }
    }
}

impl Format for Extended {
    const PRECISION: u32 = 64;
    const MAX_EXPONENT: i32 = 16383;
    const WRAP: Option<i32> = Some(24576);
    const LARGER_NAN: bool = true;

    fn parts(self) -> Parts {
        if self.is_normal() {
            return self.normal_parts();
        }
        let (sign, significand) = (self.sign(), self.significand);
        let exponent = i32::from(self.field()) - Extended::MAX_EXPONENT;
        let class = match self.field() {
            0 if significand == 0 => Class::Zero,
            0 => return denormal(sign, Extended::MIN_EXPONENT, significand),
            _ if significand >> 63 == 0 => Class::Unsupported,
            _ if significand << 1 == 0 => Class::Infinity,
            _ if significand & 1 << 62 != 0 => Class::QuietNan,
            _ => Class::SignalingNan,
        };
        Parts { class, sign, exponent, significand }
    }

    #[inline(always)]
    fn pack(sign: bool, field: u32, significand: u64) -> Extended {
        Extended { significand, sign_exponent: u16::from(sign) << 15 | field as u16 }
    }

    #[inline(always)]
    fn result_precision(env: &Env) -> u32 {
        env.precision
    }
}
