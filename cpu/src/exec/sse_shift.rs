//! Packed shifts on MMX and XMM registers. SDM Vol.1 9.4.7 "Shift Instructions". The count is the low quadword of the
//! second operand, or an immediate byte.
//!
//! Flags: none. Faults of all: #UD, #NM, #MF for MMX registers, operand access, #GP(0) for 16 bytes not on 16.

use super::Exec;
use super::simd::{Registers, Xmm, binary};
use crate::exception::Step;
use crate::insn::Insn;
use crate::value::packed::{self, Packed};
use crate::width::Width;

/// A shift of the first operand by the immediate.
#[inline(always)]
fn by_immediate<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value, u64) -> R::Value) -> Step {
    R::require(cx)?;
    R::begin(cx);
    let result = act(R::get(cx, i.dst), u64::from(i.imm as u8));
    R::set(cx, i.dst, result);
    Ok(())
}

/// PSLLW, PSLLD, PSLLQ. SDM Vol.2B "PSLLW/PSLLD/PSLLQ".
pub fn psll<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, count| packed::left::<_, W>(a, count.lane(0)))
}

/// PSLLW, PSLLD, PSLLQ by an immediate. SDM Vol.2B "PSLLW/PSLLD/PSLLQ".
pub fn psll_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::left::<_, W>)
}

/// PSRLW, PSRLD, PSRLQ. SDM Vol.2B "PSRLW/PSRLD/PSRLQ".
pub fn psrl<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, count| packed::right::<_, W>(a, count.lane(0)))
}

/// PSRLW, PSRLD, PSRLQ by an immediate. SDM Vol.2B "PSRLW/PSRLD/PSRLQ".
pub fn psrl_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::right::<_, W>)
}

/// PSRAW, PSRAD. SDM Vol.2B "PSRAW/PSRAD/PSRAQ".
pub fn psra<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, count| packed::right_signed::<_, W>(a, count.lane(0)))
}

/// PSRAW, PSRAD by an immediate. SDM Vol.2B "PSRAW/PSRAD/PSRAQ".
pub fn psra_immediate<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<R>(cx, i, packed::right_signed::<_, W>)
}

/// PSLLDQ. SDM Vol.2B "PSLLDQ".
pub fn pslldq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<Xmm>(cx, i, packed::left_bytes)
}

/// PSRLDQ. SDM Vol.2B "PSRLDQ".
pub fn psrldq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    by_immediate::<Xmm>(cx, i, packed::right_bytes)
}

/// PALIGNR. SDM Vol.2B "PALIGNR".
pub fn palignr<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, b| packed::align(a, b, i.imm as u8))
}
