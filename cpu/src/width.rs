//! Operand widths as types: an instruction is written once for 8, 16, 32 and 64 bits.

use std::fmt::{Debug, LowerHex};

use num_traits::{AsPrimitive, PrimInt, Unsigned, WrappingAdd, WrappingMul, WrappingSub};
use ringwalk_mmu::Size;

/// An operand of 8, 16, 32 or 64 bits.
pub trait Width:
    PrimInt + Unsigned + WrappingAdd + WrappingSub + WrappingMul + AsPrimitive<u64> + Debug + LowerHex + Default + 'static
{
    /// Bits of the operand.
    const BITS: u32;
    /// Bytes of the operand.
    const BYTES: u64;
    /// As the bus has it.
    const SIZE: Size = match Self::BITS {
        8 => Size::Byte,
        16 => Size::Word,
        32 => Size::Dword,
        _ => Size::Qword,
    };

    /// The low bits of `value`.
    fn truncate(value: u64) -> Self;

    /// The value with its sign carried to 64 bits.
    #[inline]
    fn sign_extend(self) -> i64 {
        let shift = 64 - Self::BITS;
        ((self.as_() << shift) as i64) >> shift
    }

    /// The most significant bit.
    #[inline]
    fn sign(self) -> bool {
        self.as_() >> (Self::BITS - 1) & 1 != 0
    }
}

macro_rules! width {
    ($($int:ty),*) => {$(
        impl Width for $int {
            const BITS: u32 = <$int>::BITS;
            const BYTES: u64 = <$int>::BITS as u64 / 8;
            #[inline]
            fn truncate(value: u64) -> Self {
                value as $int
            }
        }
    )*};
}
// For u16 this gives BITS = 16, BYTES = 2 and `truncate(v) = v as u16`.
width!(u8, u16, u32, u64);
