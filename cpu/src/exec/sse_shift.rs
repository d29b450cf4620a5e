//! Packed shifts on MMX and XMM registers. SDM Vol.1 9.4.7 "Shift Instructions". The count is the low quadword of the
//! second operand, or an immediate byte.
//!
//! Flags: none. Faults of all: #UD, #NM, #MF for MMX registers, operand access, #GP(0) for 16 bytes not on 16.

use super::Exec;
use super::simd::{Mmx, Registers, Vectors, Vex128, Vex256, Xmm, binary, combine};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::value::packed::{self, Packed};
use crate::width::Width;

/// A shift by the immediate; VEX.vvvv names the destination.
#[inline(always)]
fn by_immediate<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value, u64) -> R::Value) -> Step {
    R::require(cx)?;
    R::begin(cx);
    let shifted = R::get(cx, if R::VEX { i.src } else { i.dst });
    let result = combine::<R>(shifted, shifted, |_, value, _| act(value, u64::from(i.imm as u8)));
    R::set(cx, i.dst, result);
    Ok(())
}

/// A shift by the low quadword of the second operand, which has the width of one value.
#[inline(always)]
fn by_count<R: Counted>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value, u64) -> R::Value) -> Step {
    R::require(cx)?;
    let count = R::count(cx, i)?;
    R::begin(cx);
    let shifted = R::first(cx, i);
    let result = combine::<R>(shifted, shifted, |_, value, _| act(value, count));
    R::set(cx, i.dst, result);
    Ok(())
}

/// How the count of a shift is read.
pub trait Counted: Registers {
    /// Its low quadword.
    fn count(cx: &mut Exec<'_>, i: &Insn) -> Result<u64, Exception>;
}

/// The count of shifts of a kind has a register's width, or that of half a register: `counted!(Mmx: Mmx)`.
macro_rules! counted {
    ($($kind:ident: $width:ident),*) => {$(
        impl Counted for $kind {
            #[inline(always)]
            fn count(cx: &mut Exec<'_>, i: &Insn) -> Result<u64, Exception> {
                Ok($width::source(cx, i)?.as_ref()[0].lane(0))
            }
        }
    )*};
}
counted!(Mmx: Mmx, Xmm: Xmm, Vex128: Vex128, Vex256: Vex128);

/// PSLLW, PSLLD, PSLLQ. SDM Vol.2B "PSLLW/PSLLD/PSLLQ".
pub fn psll<R: Counted, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_count::<R>(cx, i, packed::left::<_, W>)
}

/// PSLLW, PSLLD, PSLLQ by an immediate. SDM Vol.2B "PSLLW/PSLLD/PSLLQ".
pub fn psll_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::left::<_, W>)
}

/// PSRLW, PSRLD, PSRLQ. SDM Vol.2B "PSRLW/PSRLD/PSRLQ".
pub fn psrl<R: Counted, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_count::<R>(cx, i, packed::right::<_, W>)
}

/// PSRLW, PSRLD, PSRLQ by an immediate. SDM Vol.2B "PSRLW/PSRLD/PSRLQ".
pub fn psrl_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::right::<_, W>)
}

/// PSRAW, PSRAD. SDM Vol.2B "PSRAW/PSRAD/PSRAQ".
pub fn psra<R: Counted, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_count::<R>(cx, i, packed::right_signed::<_, W>)
}

/// PSRAW, PSRAD by an immediate. SDM Vol.2B "PSRAW/PSRAD/PSRAQ".
pub fn psra_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::right_signed::<_, W>)
}

/// PSLLDQ. SDM Vol.2B "PSLLDQ".
pub fn pslldq<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::left_bytes)
}

/// PSRLDQ. SDM Vol.2B "PSRLDQ".
pub fn psrldq<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::right_bytes)
}

/// PALIGNR. SDM Vol.2B "PALIGNR".
pub fn palignr<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, b| packed::align(a, b, i.imm as u8))
}
