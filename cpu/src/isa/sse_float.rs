//! Opcodes of SSE to SSE3 that compute with floating-point numbers: 0F 2A, 2C to 2F, 51 to 53, 58 to 5F, 7C, 7D, C2, D0,
//! E6. SDM Vol.2D Table A-3 "Two-byte Opcode Map".

use super::Entry::UndefinedModRm;
use super::Operand::{Ed, Gd, Ib, Pq, Qq, Vx, Wx};
use super::packed::{ByPrefix, wide};
use super::{n, row};
use crate::exec::simd::Xmm;
use crate::exec::sse_float::{
    Add, Divide, Multiply, SquareRoot, Subtract, addsub, approximate_packed, approximate_scalar, horizontal, packed,
    scalar,
};
use crate::exec::sse_float_compare::{comi, compare_packed, compare_scalar, extreme_packed, extreme_scalar, ucomi};
use crate::exec::sse_float_convert as convert;
use crate::float::{F32, F64};
use crate::model::Feature::{Sse, Sse2, Sse3};

/// An operation in its four forms: `four!("addps", "addpd", "addss", "addsd", packed, scalar, Add)` is
/// `packed::<F32, Add>` for ADDPS, `scalar::<F64, Add>` for ADDSD, and so on.
macro_rules! four {
    ($ps:literal, $pd:literal, $ss:literal, $sd:literal, [$($operand:ident),*], $packed:ident, $scalar:ident $(, $of:tt)?) => {
        [
            row($ps, [$($operand),*], n!($packed::<Xmm, F32 $(, $of)?>)).needs(Sse).at(),
            row($pd, [$($operand),*], n!($packed::<Xmm, F64 $(, $of)?>)).needs(Sse2).at(),
            row($ss, [$($operand),*], n!($scalar::<Xmm, F32 $(, $of)?>)).needs(Sse).at(),
            row($sd, [$($operand),*], n!($scalar::<Xmm, F64 $(, $of)?>)).needs(Sse2).at(),
        ]
    };
}

// 2A, 2C, 2D.
pub(super) static CVTPI2PS: ByPrefix = [
    row("cvtpi2ps", [Vx, Qq], n!(convert::cvtpi2ps)).needs(Sse).at(),
    row("cvtpi2pd", [Vx, Qq], n!(convert::cvtpi2pd)).needs(Sse2).at(),
    row("cvtsi2ss", [Vx, Ed], wide!(convert::integer_to_scalar, Xmm, F32)).needs(Sse).at(),
    row("cvtsi2sd", [Vx, Ed], wide!(convert::integer_to_scalar, Xmm, F64)).needs(Sse2).at(),
];
pub(super) static CVTTPS2PI: ByPrefix = [
    row("cvttps2pi", [Pq, Wx], n!(convert::cvtps2pi::<true>)).needs(Sse).at(),
    row("cvttpd2pi", [Pq, Wx], n!(convert::cvtpd2pi::<true>)).needs(Sse2).at(),
    row("cvttss2si", [Gd, Wx], wide!(convert::truncated_to_integer, Xmm, F32)).needs(Sse).at(),
    row("cvttsd2si", [Gd, Wx], wide!(convert::truncated_to_integer, Xmm, F64)).needs(Sse2).at(),
];
pub(super) static CVTPS2PI: ByPrefix = [
    row("cvtps2pi", [Pq, Wx], n!(convert::cvtps2pi::<false>)).needs(Sse).at(),
    row("cvtpd2pi", [Pq, Wx], n!(convert::cvtpd2pi::<false>)).needs(Sse2).at(),
    row("cvtss2si", [Gd, Wx], wide!(convert::rounded_to_integer, Xmm, F32)).needs(Sse).at(),
    row("cvtsd2si", [Gd, Wx], wide!(convert::rounded_to_integer, Xmm, F64)).needs(Sse2).at(),
];

// 2E, 2F.
pub(super) static UCOMISS: ByPrefix = [
    row("ucomiss", [Vx, Wx], n!(ucomi::<Xmm, F32>)).needs(Sse).at(),
    row("ucomisd", [Vx, Wx], n!(ucomi::<Xmm, F64>)).needs(Sse2).at(),
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static COMISS: ByPrefix = [
    row("comiss", [Vx, Wx], n!(comi::<Xmm, F32>)).needs(Sse).at(),
    row("comisd", [Vx, Wx], n!(comi::<Xmm, F64>)).needs(Sse2).at(),
    UndefinedModRm,
    UndefinedModRm,
];

// 51 to 53.
pub(super) static SQRTPS: ByPrefix =
    four!("sqrtps", "sqrtpd", "sqrtss", "sqrtsd", [Vx, Wx], packed, scalar, SquareRoot);
pub(super) static RSQRTPS: ByPrefix = [
    row("rsqrtps", [Vx, Wx], n!(approximate_packed::<Xmm, true>)).needs(Sse).at(),
    UndefinedModRm,
    row("rsqrtss", [Vx, Wx], n!(approximate_scalar::<Xmm, true>)).needs(Sse).at(),
    UndefinedModRm,
];
pub(super) static RCPPS: ByPrefix = [
    row("rcpps", [Vx, Wx], n!(approximate_packed::<Xmm, false>)).needs(Sse).at(),
    UndefinedModRm,
    row("rcpss", [Vx, Wx], n!(approximate_scalar::<Xmm, false>)).needs(Sse).at(),
    UndefinedModRm,
];

// 58 to 5F.
pub(super) static ADDPS: ByPrefix = four!("addps", "addpd", "addss", "addsd", [Vx, Wx], packed, scalar, Add);
pub(super) static MULPS: ByPrefix = four!("mulps", "mulpd", "mulss", "mulsd", [Vx, Wx], packed, scalar, Multiply);
pub(super) static CVTPS2PD: ByPrefix = [
    row("cvtps2pd", [Vx, Wx], n!(convert::cvtps2pd::<Xmm>)).needs(Sse2).at(),
    row("cvtpd2ps", [Vx, Wx], n!(convert::cvtpd2ps::<Xmm>)).needs(Sse2).at(),
    row("cvtss2sd", [Vx, Wx], n!(convert::scalar_to_scalar::<Xmm, F32, F64>)).needs(Sse2).at(),
    row("cvtsd2ss", [Vx, Wx], n!(convert::scalar_to_scalar::<Xmm, F64, F32>)).needs(Sse2).at(),
];
pub(super) static CVTDQ2PS: ByPrefix = [
    row("cvtdq2ps", [Vx, Wx], n!(convert::cvtdq2ps::<Xmm>)).needs(Sse2).at(),
    row("cvtps2dq", [Vx, Wx], n!(convert::cvtps2dq::<Xmm, false>)).needs(Sse2).at(),
    row("cvttps2dq", [Vx, Wx], n!(convert::cvtps2dq::<Xmm, true>)).needs(Sse2).at(),
    UndefinedModRm,
];
pub(super) static SUBPS: ByPrefix = four!("subps", "subpd", "subss", "subsd", [Vx, Wx], packed, scalar, Subtract);
pub(super) static MINPS: ByPrefix =
    four!("minps", "minpd", "minss", "minsd", [Vx, Wx], extreme_packed, extreme_scalar, false);
pub(super) static DIVPS: ByPrefix = four!("divps", "divpd", "divss", "divsd", [Vx, Wx], packed, scalar, Divide);
pub(super) static MAXPS: ByPrefix =
    four!("maxps", "maxpd", "maxss", "maxsd", [Vx, Wx], extreme_packed, extreme_scalar, true);

// 7C, 7D, D0.
pub(super) static HADDPS: ByPrefix = [
    UndefinedModRm,
    row("haddpd", [Vx, Wx], n!(horizontal::<Xmm, F64, Add>)).needs(Sse3).at(),
    UndefinedModRm,
    row("haddps", [Vx, Wx], n!(horizontal::<Xmm, F32, Add>)).needs(Sse3).at(),
];
pub(super) static HSUBPS: ByPrefix = [
    UndefinedModRm,
    row("hsubpd", [Vx, Wx], n!(horizontal::<Xmm, F64, Subtract>)).needs(Sse3).at(),
    UndefinedModRm,
    row("hsubps", [Vx, Wx], n!(horizontal::<Xmm, F32, Subtract>)).needs(Sse3).at(),
];
pub(super) static ADDSUBPS: ByPrefix = [
    UndefinedModRm,
    row("addsubpd", [Vx, Wx], n!(addsub::<Xmm, F64>)).needs(Sse3).at(),
    UndefinedModRm,
    row("addsubps", [Vx, Wx], n!(addsub::<Xmm, F32>)).needs(Sse3).at(),
];

// C2.
pub(super) static CMPPS: ByPrefix =
    four!("cmpps", "cmppd", "cmpss", "cmpsd", [Vx, Wx, Ib], compare_packed, compare_scalar);

// E6.
pub(super) static CVTPD2DQ: ByPrefix = [
    UndefinedModRm,
    row("cvttpd2dq", [Vx, Wx], n!(convert::cvtpd2dq::<Xmm, true>)).needs(Sse2).at(),
    row("cvtdq2pd", [Vx, Wx], n!(convert::cvtdq2pd::<Xmm>)).needs(Sse2).at(),
    row("cvtpd2dq", [Vx, Wx], n!(convert::cvtpd2dq::<Xmm, false>)).needs(Sse2).at(),
];
