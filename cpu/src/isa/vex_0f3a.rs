//! VEX opcodes of the map 0F 3A. SDM Vol.2D Table A-5 "Three-byte Opcode Map: 0F 3A" with Vol.2C's VEX forms.

use super::Entry;
use super::Operand::{Ed, Gd, Hx, Ib, Lx, Vx, Wx};
use super::vex::{at, by_w, cipher as ciphers, float, general, int, integer, l, map, since, w, x};
use crate::exec::simd::{Vex128, Vex256};
use crate::exec::{avx, bit_fields, cipher, half, sse_float_round, sse_integer, sse_shift, sse_shuffle, sse_text};
use crate::float::{F32, F64};
use crate::model::Feature::{Aes, Avx2, Bmi2, F16c, Gfni, Pclmulqdq, Vpclmulqdq};

pub(super) static VEX_0F3A: [Entry; 256] = map([
    at!(0x00, _, (by_w!(_, [since(Avx2, "vpermq", [Vx, Wx, Ib], [avx::permute_quads; 3]).l1()])), _, _),
    at!(0x01, _, (by_w!(_, [since(Avx2, "vpermpd", [Vx, Wx, Ib], [avx::permute_quads; 3]).l1()])), _, _),
    at!(0x02, _, (by_w!([since(Avx2, "vpblendd", [Vx, Hx, Wx, Ib], l!(sse_shuffle::blend, u32))], _)), _, _),
    at!(0x04, _, (by_w!([float("vpermilps", [Vx, Wx, Ib], l!(sse_shuffle::pshuf, u32))], _)), _, _),
    at!(0x05, _, (by_w!([float("vpermilpd", [Vx, Wx, Ib], l!(avx::permute_doubles_immediate))], _)), _, _),
    at!(0x06, _, (by_w!([float("vperm2f128", [Vx, Hx, Wx, Ib], [avx::permute_halves; 3]).l1()], _)), _, _),
    at!(0x08, _, [float("vroundps", [Vx, Wx, Ib], l!(sse_float_round::round_packed, F32))], _, _),
    at!(0x09, _, [float("vroundpd", [Vx, Wx, Ib], l!(sse_float_round::round_packed, F64))], _, _),
    at!(0x0A, _, [float("vroundss", [Vx, Hx, Wx, Ib], x!(sse_float_round::round_scalar, F32)).lig()], _, _),
    at!(0x0B, _, [float("vroundsd", [Vx, Hx, Wx, Ib], x!(sse_float_round::round_scalar, F64)).lig()], _, _),
    at!(0x0C, _, [float("vblendps", [Vx, Hx, Wx, Ib], l!(sse_shuffle::blend, u32))], _, _),
    at!(0x0D, _, [float("vblendpd", [Vx, Hx, Wx, Ib], l!(sse_shuffle::blend, u64))], _, _),
    int!(0x0E, "vpblendw" [Vx, Hx, Wx, Ib], sse_shuffle::blend, u16),
    int!(0x0F, "vpalignr" [Vx, Hx, Wx, Ib], sse_shift::palignr),
    at!(0x14, _, [float("vpextrb", [Ed, Vx, Ib], x!(sse_shuffle::pextr, u8)).l0()], _, _),
    at!(0x15, _, [float("vpextrw", [Ed, Vx, Ib], x!(sse_shuffle::pextr, u16)).l0()], _, _),
    at!(0x16, _, [float("vpextrd", [Ed, Vx, Ib], w!(sse_shuffle::pextr, Vex128)).l0().sized()], _, _),
    at!(0x17, _, [float("vextractps", [Ed, Vx, Ib], x!(sse_shuffle::pextr, u32)).l0()], _, _),
    at!(0x18, _, (by_w!([float("vinsertf128", [Vx, Hx, Wx, Ib], [avx::insert_128; 3]).l1()], _)), _, _),
    at!(0x19, _, (by_w!([float("vextractf128", [Wx, Vx, Ib], [avx::extract_128; 3]).l1()], _)), _, _),
    at!(0x1D, _, (by_w!([since(F16c, "vcvtps2ph", [Wx, Vx, Ib], l!(half::vcvtps2ph))], _)), _, _),
    at!(0x20, _, [float("vpinsrb", [Vx, Hx, Ed, Ib], x!(sse_shuffle::pinsr, u8)).l0()], _, _),
    at!(0x21, _, [float("vinsertps", [Vx, Hx, Wx, Ib], x!(sse_shuffle::insertps)).l0()], _, _),
    at!(0x22, _, [float("vpinsrd", [Vx, Hx, Ed, Ib], w!(sse_shuffle::pinsr, Vex128)).l0().sized()], _, _),
    at!(0x38, _, (by_w!([since(Avx2, "vinserti128", [Vx, Hx, Wx, Ib], [avx::insert_128; 3]).l1()], _)), _, _),
    at!(0x39, _, (by_w!([since(Avx2, "vextracti128", [Wx, Vx, Ib], [avx::extract_128; 3]).l1()], _)), _, _),
    at!(0x40, _, [float("vdpps", [Vx, Hx, Wx, Ib], l!(sse_float_round::dot, F32))], _, _),
    at!(0x41, _, [float("vdppd", [Vx, Hx, Wx, Ib], x!(sse_float_round::dot, F64)).l0()], _, _),
    int!(0x42, "vmpsadbw" [Vx, Hx, Wx, Ib], sse_integer::mpsadbw),
    at!(0x44, _, [ciphers((Pclmulqdq, Vpclmulqdq), "vpclmulqdq", [Vx, Hx, Wx, Ib], l!(cipher::pclmulqdq))], _, _),
    at!(0x46, _, (by_w!([since(Avx2, "vperm2i128", [Vx, Hx, Wx, Ib], [avx::permute_halves; 3]).l1()], _)), _, _),
    at!(0x4A, _, (by_w!([float("vblendvps", [Vx, Hx, Wx, Lx], l!(avx::blendv, u32))], _)), _, _),
    at!(0x4B, _, (by_w!([float("vblendvpd", [Vx, Hx, Wx, Lx], l!(avx::blendv, u64))], _)), _, _),
    at!(0x4C, _, (by_w!([integer("vpblendvb", [Vx, Hx, Wx, Lx], l!(avx::blendv, u8))], _)), _, _),
    at!(0x60, _, [float("vpcmpestrm", [Vx, Wx, Ib], w!(sse_text::pcmpestrm, Vex128)).l0().sized()], _, _),
    at!(0x61, _, [float("vpcmpestri", [Vx, Wx, Ib], w!(sse_text::pcmpestri, Vex128)).l0().sized()], _, _),
    at!(0x62, _, [float("vpcmpistrm", [Vx, Wx, Ib], x!(sse_text::pcmpistrm)).l0()], _, _),
    at!(0x63, _, [float("vpcmpistri", [Vx, Wx, Ib], x!(sse_text::pcmpistri)).l0()], _, _),
    at!(0xCE, _, (by_w!(_, [since(Gfni, "vgf2p8affineqb", [Vx, Hx, Wx, Ib], l!(cipher::gf2p8affineqb))])), _, _),
    at!(0xCF, _, (by_w!(_, [since(Gfni, "vgf2p8affineinvqb", [Vx, Hx, Wx, Ib], l!(cipher::gf2p8affineinvqb))])), _, _),
    at!(0xDF, _, [since(Aes, "vaeskeygenassist", [Vx, Wx, Ib], x!(cipher::aeskeygenassist)).l0()], _, _),
    at!(0xF0, _, _, _, [general(Bmi2, "rorx", [Gd, Ed, Ib], w!(bit_fields::rorx))]),
]);
