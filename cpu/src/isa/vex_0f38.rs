//! VEX opcodes of the map 0F 38. SDM Vol.2D Table A-4 "Three-byte Opcode Map: 0F 38" with Vol.2C's VEX forms.

use super::Entry::{self, Group};
use super::Operand::{By, Ed, Gd, Hx, M, Vm, Vx, Wx};
use super::vex::{at, by_w, cipher as ciphers, float, general, int, integer, l, map, since, w, x};
use crate::exec::fma::{
    ADD, ADD_SUBTRACT, NEGATED_ADD, NEGATED_SUBTRACT, ORDER_132, ORDER_213, ORDER_231, SUBTRACT, SUBTRACT_ADD,
};
use crate::exec::simd::{Vex128, Vex256};
use crate::exec::{avx, bit_fields, cipher, fma, half, sse_integer, sse_move, sse_shuffle};
use crate::float::{F32, F64};
use crate::model::Feature::{Aes, Avx2, Bmi1, Bmi2, F16c, Fma, Gfni, Vaes};

/// A fused operation: W0 is single precision, W1 double.
macro_rules! fused {
    ($opcode:literal, $single:literal, $double:literal, packed, $kind:ident, $order:ident) => {
        at!(
            $opcode,
            _,
            (by_w!(
                [since(Fma, $single, [Vx, Hx, Wx], l!(fma::packed, F32, $kind, $order))],
                [since(Fma, $double, [Vx, Hx, Wx], l!(fma::packed, F64, $kind, $order))]
            )),
            _,
            _
        )
    };
    ($opcode:literal, $single:literal, $double:literal, scalar, $kind:ident, $order:ident) => {
        at!(
            $opcode,
            _,
            (by_w!(
                [since(Fma, $single, [Vx, Hx, Wx], x!(fma::scalar, F32, $kind, $order)).lig()],
                [since(Fma, $double, [Vx, Hx, Wx], x!(fma::scalar, F64, $kind, $order)).lig()]
            )),
            _,
            _
        )
    };
}
/// Doublewords with W0, quadwords with W1, since AVX2.
macro_rules! by_size {
    ($opcode:literal, $dword:literal, $qword:literal, [$($operand:ident),*], $handler:ident) => {
        at!($opcode, _, (by_w!([since(Avx2, $dword, [$($operand),*], l!(avx::$handler, u32))],
            [since(Avx2, $qword, [$($operand),*], l!(avx::$handler, u64))])), _, _)
    };
}
/// A gather, by the width of its numbers.
macro_rules! gather {
    ($opcode:literal, $dword:literal, $qword:literal, $of:ident) => {
        at!(
            $opcode,
            _,
            (by_w!(
                [since(Avx2, $dword, [Vx, Vm, Hx], l!(avx::gather, u32, $of))],
                [since(Avx2, $qword, [Vx, Vm, Hx], l!(avx::gather, u64, $of))]
            )),
            _,
            _
        )
    };
}

static GROUP_17: [Entry; 8] = [
    at!(_),
    general(Bmi1, "blsr", [By, Ed], w!(bit_fields::blsr)).at(),
    general(Bmi1, "blsmsk", [By, Ed], w!(bit_fields::blsmsk)).at(),
    general(Bmi1, "blsi", [By, Ed], w!(bit_fields::blsi)).at(),
    at!(_),
    at!(_),
    at!(_),
    at!(_),
];

pub(super) static VEX_0F38: [Entry; 256] = map([
    int!(0x00, "vpshufb", sse_shuffle::pshufb),
    int!(0x01, "vphaddw", sse_integer::phadd, u16),
    int!(0x02, "vphaddd", sse_integer::phadd, u32),
    int!(0x03, "vphaddsw", sse_integer::phaddsw),
    int!(0x04, "vpmaddubsw", sse_integer::pmaddubsw),
    int!(0x05, "vphsubw", sse_integer::phsub, u16),
    int!(0x06, "vphsubd", sse_integer::phsub, u32),
    int!(0x07, "vphsubsw", sse_integer::phsubsw),
    int!(0x08, "vpsignb", sse_integer::psign, u8),
    int!(0x09, "vpsignw", sse_integer::psign, u16),
    int!(0x0A, "vpsignd", sse_integer::psign, u32),
    int!(0x0B, "vpmulhrsw", sse_integer::pmulhrsw),
    at!(0x0C, _, (by_w!([float("vpermilps", [Vx, Hx, Wx], l!(avx::permute_singles))], _)), _, _),
    at!(0x0D, _, (by_w!([float("vpermilpd", [Vx, Hx, Wx], l!(avx::permute_doubles))], _)), _, _),
    at!(0x0E, _, (by_w!([float("vtestps", [Vx, Wx], l!(sse_integer::vtest, u32))], _)), _, _),
    at!(0x0F, _, (by_w!([float("vtestpd", [Vx, Wx], l!(sse_integer::vtest, u64))], _)), _, _),
    at!(0x13, _, (by_w!([since(F16c, "vcvtph2ps", [Vx, Wx], l!(half::vcvtph2ps))], _)), _, _),
    at!(0x16, _, (by_w!([since(Avx2, "vpermps", [Vx, Hx, Wx], [avx::permute_dwords; 3]).l1()], _)), _, _),
    at!(0x17, _, [float("vptest", [Vx, Wx], l!(sse_integer::ptest))], _, _),
    at!(
        0x18,
        _,
        (by_w!(
            (Entry::ByMode(
                const {
                    &[
                        float("vbroadcastss", [Vx, M], l!(avx::broadcast, u32)).at(),
                        since(Avx2, "vbroadcastss", [Vx, Wx], l!(avx::broadcast, u32)).at(),
                    ]
                }
            )),
            _
        )),
        _,
        _
    ),
    at!(
        0x19,
        _,
        (by_w!(
            (Entry::ByMode(
                const {
                    &[
                        float("vbroadcastsd", [Vx, M], l!(avx::broadcast, u64)).l1().at(),
                        since(Avx2, "vbroadcastsd", [Vx, Wx], l!(avx::broadcast, u64)).l1().at(),
                    ]
                }
            )),
            _
        )),
        _,
        _
    ),
    at!(0x1A, _, (by_w!([float("vbroadcastf128", [Vx, M], [avx::broadcast_128; 3]).l1()], _)), _, _),
    int!(0x1C, "vpabsb" [Vx, Wx], sse_integer::pabs, u8),
    int!(0x1D, "vpabsw" [Vx, Wx], sse_integer::pabs, u16),
    int!(0x1E, "vpabsd" [Vx, Wx], sse_integer::pabs, u32),
    int!(0x20, "vpmovsxbw" [Vx, Wx], sse_shuffle::pmovsx, u8, u16),
    int!(0x21, "vpmovsxbd" [Vx, Wx], sse_shuffle::pmovsx, u8, u32),
    int!(0x22, "vpmovsxbq" [Vx, Wx], sse_shuffle::pmovsx, u8, u64),
    int!(0x23, "vpmovsxwd" [Vx, Wx], sse_shuffle::pmovsx, u16, u32),
    int!(0x24, "vpmovsxwq" [Vx, Wx], sse_shuffle::pmovsx, u16, u64),
    int!(0x25, "vpmovsxdq" [Vx, Wx], sse_shuffle::pmovsx, u32, u64),
    int!(0x28, "vpmuldq", sse_integer::pmuldq),
    int!(0x29, "vpcmpeqq", sse_integer::pcmpeq, u64),
    int!(0x2A, "vmovntdqa" [Vx, M], sse_move::load_aligned),
    int!(0x2B, "vpackusdw", sse_shuffle::packus, u32, u16),
    at!(0x2C, _, (by_w!([float("vmaskmovps", [Vx, Hx, M], l!(avx::masked_load, u32))], _)), _, _),
    at!(0x2D, _, (by_w!([float("vmaskmovpd", [Vx, Hx, M], l!(avx::masked_load, u64))], _)), _, _),
    at!(0x2E, _, (by_w!([float("vmaskmovps", [M, Hx, Vx], l!(avx::masked_store, u32))], _)), _, _),
    at!(0x2F, _, (by_w!([float("vmaskmovpd", [M, Hx, Vx], l!(avx::masked_store, u64))], _)), _, _),
    int!(0x30, "vpmovzxbw" [Vx, Wx], sse_shuffle::pmovzx, u8, u16),
    int!(0x31, "vpmovzxbd" [Vx, Wx], sse_shuffle::pmovzx, u8, u32),
    int!(0x32, "vpmovzxbq" [Vx, Wx], sse_shuffle::pmovzx, u8, u64),
    int!(0x33, "vpmovzxwd" [Vx, Wx], sse_shuffle::pmovzx, u16, u32),
    int!(0x34, "vpmovzxwq" [Vx, Wx], sse_shuffle::pmovzx, u16, u64),
    int!(0x35, "vpmovzxdq" [Vx, Wx], sse_shuffle::pmovzx, u32, u64),
    at!(0x36, _, (by_w!([since(Avx2, "vpermd", [Vx, Hx, Wx], [avx::permute_dwords; 3]).l1()], _)), _, _),
    int!(0x37, "vpcmpgtq", sse_integer::pcmpgt, u64),
    int!(0x38, "vpminsb", sse_integer::pmins, u8),
    int!(0x39, "vpminsd", sse_integer::pmins, u32),
    int!(0x3A, "vpminuw", sse_integer::pminu, u16),
    int!(0x3B, "vpminud", sse_integer::pminu, u32),
    int!(0x3C, "vpmaxsb", sse_integer::pmaxs, u8),
    int!(0x3D, "vpmaxsd", sse_integer::pmaxs, u32),
    int!(0x3E, "vpmaxuw", sse_integer::pmaxu, u16),
    int!(0x3F, "vpmaxud", sse_integer::pmaxu, u32),
    int!(0x40, "vpmulld", sse_integer::pmull, u32),
    at!(0x41, _, [float("vphminposuw", [Vx, Wx], x!(sse_integer::phminposuw)).l0()], _, _),
    by_size!(0x45, "vpsrlvd", "vpsrlvq", [Vx, Hx, Wx], shift_right),
    at!(0x46, _, (by_w!([since(Avx2, "vpsravd", [Vx, Hx, Wx], l!(avx::shift_right_signed))], _)), _, _),
    by_size!(0x47, "vpsllvd", "vpsllvq", [Vx, Hx, Wx], shift_left),
    at!(0x58, _, (by_w!([since(Avx2, "vpbroadcastd", [Vx, Wx], l!(avx::broadcast, u32))], _)), _, _),
    at!(0x59, _, (by_w!([since(Avx2, "vpbroadcastq", [Vx, Wx], l!(avx::broadcast, u64))], _)), _, _),
    at!(0x5A, _, (by_w!([since(Avx2, "vbroadcasti128", [Vx, M], [avx::broadcast_128; 3]).l1()], _)), _, _),
    at!(0x78, _, (by_w!([since(Avx2, "vpbroadcastb", [Vx, Wx], l!(avx::broadcast, u8))], _)), _, _),
    at!(0x79, _, (by_w!([since(Avx2, "vpbroadcastw", [Vx, Wx], l!(avx::broadcast, u16))], _)), _, _),
    by_size!(0x8C, "vpmaskmovd", "vpmaskmovq", [Vx, Hx, M], masked_load),
    by_size!(0x8E, "vpmaskmovd", "vpmaskmovq", [M, Hx, Vx], masked_store),
    gather!(0x90, "vpgatherdd", "vpgatherdq", u32),
    gather!(0x91, "vpgatherqd", "vpgatherqq", u64),
    gather!(0x92, "vgatherdps", "vgatherdpd", u32),
    gather!(0x93, "vgatherqps", "vgatherqpd", u64),
    fused!(0x96, "vfmaddsub132ps", "vfmaddsub132pd", packed, ADD_SUBTRACT, ORDER_132),
    fused!(0x97, "vfmsubadd132ps", "vfmsubadd132pd", packed, SUBTRACT_ADD, ORDER_132),
    fused!(0x98, "vfmadd132ps", "vfmadd132pd", packed, ADD, ORDER_132),
    fused!(0x99, "vfmadd132ss", "vfmadd132sd", scalar, ADD, ORDER_132),
    fused!(0x9A, "vfmsub132ps", "vfmsub132pd", packed, SUBTRACT, ORDER_132),
    fused!(0x9B, "vfmsub132ss", "vfmsub132sd", scalar, SUBTRACT, ORDER_132),
    fused!(0x9C, "vfnmadd132ps", "vfnmadd132pd", packed, NEGATED_ADD, ORDER_132),
    fused!(0x9D, "vfnmadd132ss", "vfnmadd132sd", scalar, NEGATED_ADD, ORDER_132),
    fused!(0x9E, "vfnmsub132ps", "vfnmsub132pd", packed, NEGATED_SUBTRACT, ORDER_132),
    fused!(0x9F, "vfnmsub132ss", "vfnmsub132sd", scalar, NEGATED_SUBTRACT, ORDER_132),
    fused!(0xA6, "vfmaddsub213ps", "vfmaddsub213pd", packed, ADD_SUBTRACT, ORDER_213),
    fused!(0xA7, "vfmsubadd213ps", "vfmsubadd213pd", packed, SUBTRACT_ADD, ORDER_213),
    fused!(0xA8, "vfmadd213ps", "vfmadd213pd", packed, ADD, ORDER_213),
    fused!(0xA9, "vfmadd213ss", "vfmadd213sd", scalar, ADD, ORDER_213),
    fused!(0xAA, "vfmsub213ps", "vfmsub213pd", packed, SUBTRACT, ORDER_213),
    fused!(0xAB, "vfmsub213ss", "vfmsub213sd", scalar, SUBTRACT, ORDER_213),
    fused!(0xAC, "vfnmadd213ps", "vfnmadd213pd", packed, NEGATED_ADD, ORDER_213),
    fused!(0xAD, "vfnmadd213ss", "vfnmadd213sd", scalar, NEGATED_ADD, ORDER_213),
    fused!(0xAE, "vfnmsub213ps", "vfnmsub213pd", packed, NEGATED_SUBTRACT, ORDER_213),
    fused!(0xAF, "vfnmsub213ss", "vfnmsub213sd", scalar, NEGATED_SUBTRACT, ORDER_213),
    fused!(0xB6, "vfmaddsub231ps", "vfmaddsub231pd", packed, ADD_SUBTRACT, ORDER_231),
    fused!(0xB7, "vfmsubadd231ps", "vfmsubadd231pd", packed, SUBTRACT_ADD, ORDER_231),
    fused!(0xB8, "vfmadd231ps", "vfmadd231pd", packed, ADD, ORDER_231),
    fused!(0xB9, "vfmadd231ss", "vfmadd231sd", scalar, ADD, ORDER_231),
    fused!(0xBA, "vfmsub231ps", "vfmsub231pd", packed, SUBTRACT, ORDER_231),
    fused!(0xBB, "vfmsub231ss", "vfmsub231sd", scalar, SUBTRACT, ORDER_231),
    fused!(0xBC, "vfnmadd231ps", "vfnmadd231pd", packed, NEGATED_ADD, ORDER_231),
    fused!(0xBD, "vfnmadd231ss", "vfnmadd231sd", scalar, NEGATED_ADD, ORDER_231),
    fused!(0xBE, "vfnmsub231ps", "vfnmsub231pd", packed, NEGATED_SUBTRACT, ORDER_231),
    fused!(0xBF, "vfnmsub231ss", "vfnmsub231sd", scalar, NEGATED_SUBTRACT, ORDER_231),
    at!(0xCF, _, (by_w!([since(Gfni, "vgf2p8mulb", [Vx, Hx, Wx], l!(cipher::gf2p8mulb))], _)), _, _),
    at!(0xDB, _, [since(Aes, "vaesimc", [Vx, Wx], x!(cipher::aesimc)).l0()], _, _),
    at!(0xDC, _, [ciphers((Aes, Vaes), "vaesenc", [Vx, Hx, Wx], l!(cipher::aesenc))], _, _),
    at!(0xDD, _, [ciphers((Aes, Vaes), "vaesenclast", [Vx, Hx, Wx], l!(cipher::aesenclast))], _, _),
    at!(0xDE, _, [ciphers((Aes, Vaes), "vaesdec", [Vx, Hx, Wx], l!(cipher::aesdec))], _, _),
    at!(0xDF, _, [ciphers((Aes, Vaes), "vaesdeclast", [Vx, Hx, Wx], l!(cipher::aesdeclast))], _, _),
    at!(0xF2, [general(Bmi1, "andn", [Gd, By, Ed], w!(bit_fields::andn))], _, _, _),
    at!(0xF3, (Group(&GROUP_17)), _, _, _),
    at!(
        0xF5,
        [general(Bmi2, "bzhi", [Gd, Ed, By], w!(bit_fields::bzhi))],
        _,
        [general(Bmi2, "pext", [Gd, By, Ed], w!(bit_fields::pext))],
        [general(Bmi2, "pdep", [Gd, By, Ed], w!(bit_fields::pdep))]
    ),
    at!(0xF6, _, _, _, [general(Bmi2, "mulx", [Gd, By, Ed], w!(bit_fields::mulx))]),
    at!(
        0xF7,
        [general(Bmi1, "bextr", [Gd, Ed, By], w!(bit_fields::bextr))],
        [general(Bmi2, "shlx", [Gd, Ed, By], w!(bit_fields::shlx))],
        [general(Bmi2, "sarx", [Gd, Ed, By], w!(bit_fields::sarx))],
        [general(Bmi2, "shrx", [Gd, Ed, By], w!(bit_fields::shrx))]
    ),
]);
