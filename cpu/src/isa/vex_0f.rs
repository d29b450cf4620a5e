//! VEX opcodes of the map 0F. SDM Vol.2D Table A-3 "Two-byte Opcode Map" with Vol.2C's VEX forms.

use super::Entry::{self, Group};
use super::Operand::{Ed, Ew, Gd, Hx, Ib, M, Ux, Vx, Wx};
use super::vex::{at, by_mode, float, int, integer, l, map, w, x};
use crate::exec::simd::{Vex128, Vex256};
use crate::exec::sse_float::{Add, Divide, Multiply, SquareRoot, Subtract};
use crate::exec::{
    avx, sse_float, sse_float_compare, sse_float_convert as convert, sse_integer, sse_move, sse_shift, sse_shuffle,
    sse_state,
};
use crate::float::{F32, F64};

/// An operation in its four forms: see `sse_float.rs` beside this file.
macro_rules! four {
    ($opcode:literal, $ps:literal, $pd:literal, $ss:literal, $sd:literal, [$($operand:ident),*], $module:ident::$packed:ident, $scalar:ident $(, $of:tt)?) => {
        at!($opcode,
            [float($ps, [$($operand),*], l!($module::$packed, F32 $(, $of)?))],
            [float($pd, [$($operand),*], l!($module::$packed, F64 $(, $of)?))],
            [float($ss, [Vx, Hx, Wx], x!($module::$scalar, F32 $(, $of)?)).lig()],
            [float($sd, [Vx, Hx, Wx], x!($module::$scalar, F64 $(, $of)?)).lig()])
    };
}
/// Single precision without prefix, double behind 66h, one handler.
macro_rules! two {
    ($opcode:literal, $ps:literal, $pd:literal, [$($operand:ident),*], $handlers:expr) => {
        at!($opcode, [float($ps, [$($operand),*], $handlers)], [float($pd, [$($operand),*], $handlers)], _, _)
    };
}
/// A shift by an immediate, of a group without memory forms.
macro_rules! shift {
    ($name:literal, $handler:ident $(, $of:tt)?) => {
        by_mode!(_, [integer($name, [Hx, Ux, Ib], l!(sse_shift::$handler $(, $of)?))])
    };
}

static GROUP_12: [Entry; 8] = [
    at!(_),
    at!(_),
    at!((shift!("vpsrlw", psrl_immediate, u16))),
    at!(_),
    at!((shift!("vpsraw", psra_immediate, u16))),
    at!(_),
    at!((shift!("vpsllw", psll_immediate, u16))),
    at!(_),
];
static GROUP_13: [Entry; 8] = [
    at!(_),
    at!(_),
    at!((shift!("vpsrld", psrl_immediate, u32))),
    at!(_),
    at!((shift!("vpsrad", psra_immediate, u32))),
    at!(_),
    at!((shift!("vpslld", psll_immediate, u32))),
    at!(_),
];
static GROUP_14: [Entry; 8] = [
    at!(_),
    at!(_),
    at!((shift!("vpsrlq", psrl_immediate, u64))),
    at!((shift!("vpsrldq", psrldq))),
    at!(_),
    at!(_),
    at!((shift!("vpsllq", psll_immediate, u64))),
    at!((shift!("vpslldq", pslldq))),
];
static GROUP_15: [Entry; 8] = [
    at!(_),
    at!(_),
    float("vldmxcsr", [M], x!(sse_state::ldmxcsr)).l0().at(),
    float("vstmxcsr", [M], x!(sse_state::stmxcsr)).l0().at(),
    at!(_),
    at!(_),
    at!(_),
    at!(_),
];

pub(super) static VEX_0F: [Entry; 256] = map([
    at!(
        0x10,
        [float("vmovups", [Vx, Wx], l!(sse_move::load_unaligned))],
        [float("vmovupd", [Vx, Wx], l!(sse_move::load_unaligned))],
        (by_mode!(
            [float("vmovss", [Vx, M], x!(sse_move::load_scalar, u32)).lig()],
            [float("vmovss", [Vx, Hx, Ux], x!(sse_move::load_scalar, u32)).lig()]
        )),
        (by_mode!(
            [float("vmovsd", [Vx, M], x!(sse_move::load_scalar, u64)).lig()],
            [float("vmovsd", [Vx, Hx, Ux], x!(sse_move::load_scalar, u64)).lig()]
        ))
    ),
    at!(
        0x11,
        [float("vmovups", [Wx, Vx], l!(sse_move::store_unaligned))],
        [float("vmovupd", [Wx, Vx], l!(sse_move::store_unaligned))],
        (by_mode!(
            [float("vmovss", [M, Vx], x!(sse_move::store_scalar, u32)).lig()],
            [float("vmovss", [Ux, Hx, Vx], x!(sse_move::store_scalar, u32)).lig()]
        )),
        (by_mode!(
            [float("vmovsd", [M, Vx], x!(sse_move::store_scalar, u64)).lig()],
            [float("vmovsd", [Ux, Hx, Vx], x!(sse_move::store_scalar, u64)).lig()]
        ))
    ),
    at!(
        0x12,
        (by_mode!(
            [float("vmovlps", [Vx, Hx, M], x!(sse_move::load_low)).l0()],
            [float("vmovhlps", [Vx, Hx, Ux], x!(sse_move::movhlps)).l0()]
        )),
        [float("vmovlpd", [Vx, Hx, M], x!(sse_move::load_low)).l0()],
        [float("vmovsldup", [Vx, Wx], l!(sse_shuffle::movsldup))],
        [float("vmovddup", [Vx, Wx], [sse_shuffle::movddup::<Vex128>, sse_shuffle::vmovddup, sse_shuffle::vmovddup])]
    ),
    at!(
        0x13,
        [float("vmovlps", [M, Vx], x!(sse_move::store_low)).l0()],
        [float("vmovlpd", [M, Vx], x!(sse_move::store_low)).l0()],
        _,
        _
    ),
    at!(
        0x14,
        [float("vunpcklps", [Vx, Hx, Wx], l!(sse_shuffle::punpckl, u32))],
        [float("vunpcklpd", [Vx, Hx, Wx], l!(sse_shuffle::punpckl, u64))],
        _,
        _
    ),
    at!(
        0x15,
        [float("vunpckhps", [Vx, Hx, Wx], l!(sse_shuffle::punpckh, u32))],
        [float("vunpckhpd", [Vx, Hx, Wx], l!(sse_shuffle::punpckh, u64))],
        _,
        _
    ),
    at!(
        0x16,
        (by_mode!(
            [float("vmovhps", [Vx, Hx, M], x!(sse_move::load_high)).l0()],
            [float("vmovlhps", [Vx, Hx, Ux], x!(sse_move::movlhps)).l0()]
        )),
        [float("vmovhpd", [Vx, Hx, M], x!(sse_move::load_high)).l0()],
        [float("vmovshdup", [Vx, Wx], l!(sse_shuffle::movshdup))],
        _
    ),
    at!(
        0x17,
        [float("vmovhps", [M, Vx], x!(sse_move::store_high)).l0()],
        [float("vmovhpd", [M, Vx], x!(sse_move::store_high)).l0()],
        _,
        _
    ),
    two!(0x28, "vmovaps", "vmovapd", [Vx, Wx], l!(sse_move::load_aligned)),
    two!(0x29, "vmovaps", "vmovapd", [Wx, Vx], l!(sse_move::store_aligned)),
    at!(
        0x2A,
        _,
        _,
        [float("vcvtsi2ss", [Vx, Hx, Ed], w!(convert::integer_to_scalar, Vex128, F32)).lig().sized()],
        [float("vcvtsi2sd", [Vx, Hx, Ed], w!(convert::integer_to_scalar, Vex128, F64)).lig().sized()]
    ),
    two!(0x2B, "vmovntps", "vmovntpd", [M, Vx], l!(sse_move::store_aligned)),
    at!(
        0x2C,
        _,
        _,
        [float("vcvttss2si", [Gd, Wx], w!(convert::truncated_to_integer, Vex128, F32)).lig().sized()],
        [float("vcvttsd2si", [Gd, Wx], w!(convert::truncated_to_integer, Vex128, F64)).lig().sized()]
    ),
    at!(
        0x2D,
        _,
        _,
        [float("vcvtss2si", [Gd, Wx], w!(convert::rounded_to_integer, Vex128, F32)).lig().sized()],
        [float("vcvtsd2si", [Gd, Wx], w!(convert::rounded_to_integer, Vex128, F64)).lig().sized()]
    ),
    at!(
        0x2E,
        [float("vucomiss", [Vx, Wx], x!(sse_float_compare::ucomi, F32)).lig()],
        [float("vucomisd", [Vx, Wx], x!(sse_float_compare::ucomi, F64)).lig()],
        _,
        _
    ),
    at!(
        0x2F,
        [float("vcomiss", [Vx, Wx], x!(sse_float_compare::comi, F32)).lig()],
        [float("vcomisd", [Vx, Wx], x!(sse_float_compare::comi, F64)).lig()],
        _,
        _
    ),
    at!(
        0x50,
        (by_mode!(_, [float("vmovmskps", [Gd, Ux], l!(sse_shuffle::movmsk, u32))])),
        (by_mode!(_, [float("vmovmskpd", [Gd, Ux], l!(sse_shuffle::movmsk, u64))])),
        _,
        _
    ),
    four!(0x51, "vsqrtps", "vsqrtpd", "vsqrtss", "vsqrtsd", [Vx, Wx], sse_float::packed, scalar, SquareRoot),
    at!(
        0x52,
        [float("vrsqrtps", [Vx, Wx], l!(sse_float::approximate_packed, true))],
        _,
        [float("vrsqrtss", [Vx, Hx, Wx], x!(sse_float::approximate_scalar, true)).lig()],
        _
    ),
    at!(
        0x53,
        [float("vrcpps", [Vx, Wx], l!(sse_float::approximate_packed, false))],
        _,
        [float("vrcpss", [Vx, Hx, Wx], x!(sse_float::approximate_scalar, false)).lig()],
        _
    ),
    two!(0x54, "vandps", "vandpd", [Vx, Hx, Wx], l!(sse_integer::pand)),
    two!(0x55, "vandnps", "vandnpd", [Vx, Hx, Wx], l!(sse_integer::pandn)),
    two!(0x56, "vorps", "vorpd", [Vx, Hx, Wx], l!(sse_integer::por)),
    two!(0x57, "vxorps", "vxorpd", [Vx, Hx, Wx], l!(sse_integer::pxor)),
    four!(0x58, "vaddps", "vaddpd", "vaddss", "vaddsd", [Vx, Hx, Wx], sse_float::packed, scalar, Add),
    four!(0x59, "vmulps", "vmulpd", "vmulss", "vmulsd", [Vx, Hx, Wx], sse_float::packed, scalar, Multiply),
    at!(
        0x5A,
        [float("vcvtps2pd", [Vx, Wx], l!(convert::cvtps2pd))],
        [float("vcvtpd2ps", [Vx, Wx], l!(convert::cvtpd2ps))],
        [float("vcvtss2sd", [Vx, Hx, Wx], x!(convert::scalar_to_scalar, F32, F64)).lig()],
        [float("vcvtsd2ss", [Vx, Hx, Wx], x!(convert::scalar_to_scalar, F64, F32)).lig()]
    ),
    at!(
        0x5B,
        [float("vcvtdq2ps", [Vx, Wx], l!(convert::cvtdq2ps))],
        [float("vcvtps2dq", [Vx, Wx], l!(convert::cvtps2dq, false))],
        [float("vcvttps2dq", [Vx, Wx], l!(convert::cvtps2dq, true))],
        _
    ),
    four!(0x5C, "vsubps", "vsubpd", "vsubss", "vsubsd", [Vx, Hx, Wx], sse_float::packed, scalar, Subtract),
    four!(
        0x5D,
        "vminps",
        "vminpd",
        "vminss",
        "vminsd",
        [Vx, Hx, Wx],
        sse_float_compare::extreme_packed,
        extreme_scalar,
        false
    ),
    four!(0x5E, "vdivps", "vdivpd", "vdivss", "vdivsd", [Vx, Hx, Wx], sse_float::packed, scalar, Divide),
    four!(
        0x5F,
        "vmaxps",
        "vmaxpd",
        "vmaxss",
        "vmaxsd",
        [Vx, Hx, Wx],
        sse_float_compare::extreme_packed,
        extreme_scalar,
        true
    ),
    int!(0x60, "vpunpcklbw", sse_shuffle::punpckl, u8),
    int!(0x61, "vpunpcklwd", sse_shuffle::punpckl, u16),
    int!(0x62, "vpunpckldq", sse_shuffle::punpckl, u32),
    int!(0x63, "vpacksswb", sse_shuffle::packss, u16, u8),
    int!(0x64, "vpcmpgtb", sse_integer::pcmpgt, u8),
    int!(0x65, "vpcmpgtw", sse_integer::pcmpgt, u16),
    int!(0x66, "vpcmpgtd", sse_integer::pcmpgt, u32),
    int!(0x67, "vpackuswb", sse_shuffle::packus, u16, u8),
    int!(0x68, "vpunpckhbw", sse_shuffle::punpckh, u8),
    int!(0x69, "vpunpckhwd", sse_shuffle::punpckh, u16),
    int!(0x6A, "vpunpckhdq", sse_shuffle::punpckh, u32),
    int!(0x6B, "vpackssdw", sse_shuffle::packss, u32, u16),
    int!(0x6C, "vpunpcklqdq", sse_shuffle::punpckl, u64),
    int!(0x6D, "vpunpckhqdq", sse_shuffle::punpckh, u64),
    at!(0x6E, _, [float("vmovd", [Vx, Ed], w!(sse_move::movd_load, Vex128)).l0().sized()], _, _),
    at!(
        0x6F,
        _,
        [float("vmovdqa", [Vx, Wx], l!(sse_move::load_aligned))],
        [float("vmovdqu", [Vx, Wx], l!(sse_move::load_unaligned))],
        _
    ),
    at!(
        0x70,
        _,
        [integer("vpshufd", [Vx, Wx, Ib], l!(sse_shuffle::pshuf, u32))],
        [integer("vpshufhw", [Vx, Wx, Ib], l!(sse_shuffle::pshufhw))],
        [integer("vpshuflw", [Vx, Wx, Ib], l!(sse_shuffle::pshuflw))]
    ),
    at!(0x71, _, (Group(&GROUP_12)), _, _),
    at!(0x72, _, (Group(&GROUP_13)), _, _),
    at!(0x73, _, (Group(&GROUP_14)), _, _),
    int!(0x74, "vpcmpeqb", sse_integer::pcmpeq, u8),
    int!(0x75, "vpcmpeqw", sse_integer::pcmpeq, u16),
    int!(0x76, "vpcmpeqd", sse_integer::pcmpeq, u32),
    at!(0x77, [float("vzeroupper", [], [avx::vzeroupper, avx::vzeroall, avx::vzeroall])], _, _, _),
    at!(
        0x7C,
        _,
        [float("vhaddpd", [Vx, Hx, Wx], l!(sse_float::horizontal, F64, Add))],
        _,
        [float("vhaddps", [Vx, Hx, Wx], l!(sse_float::horizontal, F32, Add))]
    ),
    at!(
        0x7D,
        _,
        [float("vhsubpd", [Vx, Hx, Wx], l!(sse_float::horizontal, F64, Subtract))],
        _,
        [float("vhsubps", [Vx, Hx, Wx], l!(sse_float::horizontal, F32, Subtract))]
    ),
    at!(
        0x7E,
        _,
        [float("vmovd", [Ed, Vx], w!(sse_move::movd_store, Vex128)).l0().sized()],
        [float("vmovq", [Vx, Wx], x!(sse_move::movq_load)).l0()],
        _
    ),
    at!(
        0x7F,
        _,
        [float("vmovdqa", [Wx, Vx], l!(sse_move::store_aligned))],
        [float("vmovdqu", [Wx, Vx], l!(sse_move::store_unaligned))],
        _
    ),
    at!(0xAE, (Group(&GROUP_15)), _, _, _),
    at!(
        0xC2,
        [float("vcmpps", [Vx, Hx, Wx, Ib], l!(sse_float_compare::compare_packed, F32))],
        [float("vcmppd", [Vx, Hx, Wx, Ib], l!(sse_float_compare::compare_packed, F64))],
        [float("vcmpss", [Vx, Hx, Wx, Ib], x!(sse_float_compare::compare_scalar, F32)).lig()],
        [float("vcmpsd", [Vx, Hx, Wx, Ib], x!(sse_float_compare::compare_scalar, F64)).lig()]
    ),
    at!(0xC4, _, [float("vpinsrw", [Vx, Hx, Ew, Ib], x!(sse_shuffle::pinsrw)).l0()], _, _),
    at!(0xC5, _, (by_mode!(_, [float("vpextrw", [Gd, Ux, Ib], x!(sse_shuffle::pextrw)).l0()])), _, _),
    at!(
        0xC6,
        [float("vshufps", [Vx, Hx, Wx, Ib], l!(sse_shuffle::shufps))],
        [float("vshufpd", [Vx, Hx, Wx, Ib], l!(sse_shuffle::shufpd))],
        _,
        _
    ),
    at!(
        0xD0,
        _,
        [float("vaddsubpd", [Vx, Hx, Wx], l!(sse_float::addsub, F64))],
        _,
        [float("vaddsubps", [Vx, Hx, Wx], l!(sse_float::addsub, F32))]
    ),
    int!(0xD1, "vpsrlw", sse_shift::psrl, u16),
    int!(0xD2, "vpsrld", sse_shift::psrl, u32),
    int!(0xD3, "vpsrlq", sse_shift::psrl, u64),
    int!(0xD4, "vpaddq", sse_integer::padd, u64),
    int!(0xD5, "vpmullw", sse_integer::pmull, u16),
    at!(0xD6, _, [float("vmovq", [Wx, Vx], x!(sse_move::movq_store)).l0()], _, _),
    at!(0xD7, _, (by_mode!(_, [integer("vpmovmskb", [Gd, Ux], l!(sse_shuffle::pmovmskb))])), _, _),
    int!(0xD8, "vpsubusb", sse_integer::psubus, u8),
    int!(0xD9, "vpsubusw", sse_integer::psubus, u16),
    int!(0xDA, "vpminub", sse_integer::pminu, u8),
    int!(0xDB, "vpand", sse_integer::pand),
    int!(0xDC, "vpaddusb", sse_integer::paddus, u8),
    int!(0xDD, "vpaddusw", sse_integer::paddus, u16),
    int!(0xDE, "vpmaxub", sse_integer::pmaxu, u8),
    int!(0xDF, "vpandn", sse_integer::pandn),
    int!(0xE0, "vpavgb", sse_integer::pavg, u8),
    int!(0xE1, "vpsraw", sse_shift::psra, u16),
    int!(0xE2, "vpsrad", sse_shift::psra, u32),
    int!(0xE3, "vpavgw", sse_integer::pavg, u16),
    int!(0xE4, "vpmulhuw", sse_integer::pmulhuw),
    int!(0xE5, "vpmulhw", sse_integer::pmulhw),
    at!(
        0xE6,
        _,
        [float("vcvttpd2dq", [Vx, Wx], l!(convert::cvtpd2dq, true))],
        [float("vcvtdq2pd", [Vx, Wx], l!(convert::cvtdq2pd))],
        [float("vcvtpd2dq", [Vx, Wx], l!(convert::cvtpd2dq, false))]
    ),
    at!(0xE7, _, [float("vmovntdq", [M, Vx], l!(sse_move::store_aligned))], _, _),
    int!(0xE8, "vpsubsb", sse_integer::psubs, u8),
    int!(0xE9, "vpsubsw", sse_integer::psubs, u16),
    int!(0xEA, "vpminsw", sse_integer::pmins, u16),
    int!(0xEB, "vpor", sse_integer::por),
    int!(0xEC, "vpaddsb", sse_integer::padds, u8),
    int!(0xED, "vpaddsw", sse_integer::padds, u16),
    int!(0xEE, "vpmaxsw", sse_integer::pmaxs, u16),
    int!(0xEF, "vpxor", sse_integer::pxor),
    at!(0xF0, _, _, _, [float("vlddqu", [Vx, M], l!(sse_move::load_unaligned))]),
    int!(0xF1, "vpsllw", sse_shift::psll, u16),
    int!(0xF2, "vpslld", sse_shift::psll, u32),
    int!(0xF3, "vpsllq", sse_shift::psll, u64),
    int!(0xF4, "vpmuludq", sse_integer::pmuludq),
    int!(0xF5, "vpmaddwd", sse_integer::pmaddwd),
    int!(0xF6, "vpsadbw", sse_integer::psadbw),
    at!(0xF7, _, (by_mode!(_, [float("vmaskmovdqu", [Vx, Ux], x!(sse_move::maskmovdqu)).l0()])), _, _),
    int!(0xF8, "vpsubb", sse_integer::psub, u8),
    int!(0xF9, "vpsubw", sse_integer::psub, u16),
    int!(0xFA, "vpsubd", sse_integer::psub, u32),
    int!(0xFB, "vpsubq", sse_integer::psub, u64),
    int!(0xFC, "vpaddb", sse_integer::padd, u8),
    int!(0xFD, "vpaddw", sse_integer::padd, u16),
    int!(0xFE, "vpaddd", sse_integer::padd, u32),
]);
