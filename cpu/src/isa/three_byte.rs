//! The three-byte opcodes, behind 0F 38 and 0F 3A. SDM Vol.2D Table A-4 "Three-byte Opcode Map: 0F 38", Table A-5
//! "Three-byte Opcode Map: 0F 3A".

use super::Entry::{self, ByPrefix as Prefixed, ByRep, UndefinedModRm};
use super::Operand::{Eb, Ed, Ev, Gd, Gv, Ib, M, Pq, Qq, Vx, Wx};
use super::packed::{ByPrefix, both, wide, xmm_only};
use super::{b, n, row, v};
use crate::exec::simd::{Mmx, Xmm};
use crate::exec::{bit_fields, cipher, data, sse_float_round, sse_integer, sse_move, sse_shift, sse_shuffle, sse_text};
use crate::float::{F32, F64};
use crate::model::Feature::{Adx, Aes, Gfni, Movbe, Pclmulqdq, Popcnt, Sha, Sse41, Sse42, Ssse3};

/// What stands at some opcodes; the others are undefined.
const fn map<const N: usize>(some: [(u8, &'static ByPrefix); N]) -> [Entry; 256] {
    let mut all = [const { UndefinedModRm }; 256];
    let mut index = 0;
    while index < N {
        all[some[index].0 as usize] = Prefixed(some[index].1);
        index += 1;
    }
    all
}

/// One handler for both kinds of registers, since SSSE3: `ssse3!("phaddw", sse_integer::phadd, u16)` is PHADDW on MMX
/// registers without prefix and on XMM registers behind 66h.
macro_rules! ssse3 {
    ($name:literal, $module:ident::$handler:ident $(, $width:ty)* $(; $imm:ident)?) => {{
        static ROWS: ByPrefix = both(
            row($name, [Pq, Qq $(, $imm)?], n!($module::$handler::<Mmx $(, $width)*>)).needs(Ssse3),
            row($name, [Vx, Wx $(, $imm)?], n!($module::$handler::<Xmm $(, $width)*>)).needs(Ssse3),
        );
        &ROWS
    }};
}

/// An instruction on XMM registers behind 66h: `xmm!("ptest", [Vx, Wx], sse_integer::ptest::<Xmm>, Sse41)`; with `wide` the
/// size of a general register makes a difference.
macro_rules! xmm {
    (wide $name:literal, [$($operand:ident),*], $handler:path, $of:ty, $since:ident) => {{
        static ROWS: ByPrefix = xmm_only(row($name, [$($operand),*], wide!($handler, $of)).needs($since));
        &ROWS
    }};
    ($name:literal, [$($operand:ident),*], $handler:path, $since:ident) => {{
        static ROWS: ByPrefix = xmm_only(row($name, [$($operand),*], n!($handler)).needs($since));
        &ROWS
    }};
}

/// An instruction of SHA on XMM registers, without prefix: `plain!("sha1msg1", [Vx, Wx], cipher::sha1msg1)`.
macro_rules! plain {
    ($name:literal, [$($operand:ident),*], $handler:path) => {{
        static ROWS: ByPrefix = [
            row($name, [$($operand),*], n!($handler)).needs(Sha).at(),
            UndefinedModRm,
            UndefinedModRm,
            UndefinedModRm,
        ];
        &ROWS
    }};
}

pub(super) static THREE_38: [Entry; 256] = three_38();

const fn three_38() -> [Entry; 256] {
    let mut all = map(PREFIXED_38);
    all[0xF0] = ByRep(&CRC32_BYTE);
    all[0xF1] = ByRep(&CRC32);
    all[0xF6] = Prefixed(&ADX);
    all
}

const PREFIXED_38: [(u8, &ByPrefix); 58] = [
    (0x00, ssse3!("pshufb", sse_shuffle::pshufb)),
    (0x01, ssse3!("phaddw", sse_integer::phadd, u16)),
    (0x02, ssse3!("phaddd", sse_integer::phadd, u32)),
    (0x03, ssse3!("phaddsw", sse_integer::phaddsw)),
    (0x04, ssse3!("pmaddubsw", sse_integer::pmaddubsw)),
    (0x05, ssse3!("phsubw", sse_integer::phsub, u16)),
    (0x06, ssse3!("phsubd", sse_integer::phsub, u32)),
    (0x07, ssse3!("phsubsw", sse_integer::phsubsw)),
    (0x08, ssse3!("psignb", sse_integer::psign, u8)),
    (0x09, ssse3!("psignw", sse_integer::psign, u16)),
    (0x0A, ssse3!("psignd", sse_integer::psign, u32)),
    (0x0B, ssse3!("pmulhrsw", sse_integer::pmulhrsw)),
    (0x10, xmm!("pblendvb", [Vx, Wx], sse_shuffle::blendv::<u8>, Sse41)),
    (0x14, xmm!("blendvps", [Vx, Wx], sse_shuffle::blendv::<u32>, Sse41)),
    (0x15, xmm!("blendvpd", [Vx, Wx], sse_shuffle::blendv::<u64>, Sse41)),
    (0x17, xmm!("ptest", [Vx, Wx], sse_integer::ptest::<Xmm>, Sse41)),
    (0x1C, ssse3!("pabsb", sse_integer::pabs, u8)),
    (0x1D, ssse3!("pabsw", sse_integer::pabs, u16)),
    (0x1E, ssse3!("pabsd", sse_integer::pabs, u32)),
    (0x20, xmm!("pmovsxbw", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u8, u16>, Sse41)),
    (0x21, xmm!("pmovsxbd", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u8, u32>, Sse41)),
    (0x22, xmm!("pmovsxbq", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u8, u64>, Sse41)),
    (0x23, xmm!("pmovsxwd", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u16, u32>, Sse41)),
    (0x24, xmm!("pmovsxwq", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u16, u64>, Sse41)),
    (0x25, xmm!("pmovsxdq", [Vx, Wx], sse_shuffle::pmovsx::<Xmm, u32, u64>, Sse41)),
    (0x28, xmm!("pmuldq", [Vx, Wx], sse_integer::pmuldq::<Xmm>, Sse41)),
    (0x29, xmm!("pcmpeqq", [Vx, Wx], sse_integer::pcmpeq::<Xmm, u64>, Sse41)),
    (0x2A, xmm!("movntdqa", [Vx, M], sse_move::load_aligned::<Xmm>, Sse41)),
    (0x2B, xmm!("packusdw", [Vx, Wx], sse_shuffle::packus::<Xmm, u32, u16>, Sse41)),
    (0x30, xmm!("pmovzxbw", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u8, u16>, Sse41)),
    (0x31, xmm!("pmovzxbd", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u8, u32>, Sse41)),
    (0x32, xmm!("pmovzxbq", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u8, u64>, Sse41)),
    (0x33, xmm!("pmovzxwd", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u16, u32>, Sse41)),
    (0x34, xmm!("pmovzxwq", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u16, u64>, Sse41)),
    (0x35, xmm!("pmovzxdq", [Vx, Wx], sse_shuffle::pmovzx::<Xmm, u32, u64>, Sse41)),
    (0x37, xmm!("pcmpgtq", [Vx, Wx], sse_integer::pcmpgt::<Xmm, u64>, Sse42)),
    (0x38, xmm!("pminsb", [Vx, Wx], sse_integer::pmins::<Xmm, u8>, Sse41)),
    (0x39, xmm!("pminsd", [Vx, Wx], sse_integer::pmins::<Xmm, u32>, Sse41)),
    (0x3A, xmm!("pminuw", [Vx, Wx], sse_integer::pminu::<Xmm, u16>, Sse41)),
    (0x3B, xmm!("pminud", [Vx, Wx], sse_integer::pminu::<Xmm, u32>, Sse41)),
    (0x3C, xmm!("pmaxsb", [Vx, Wx], sse_integer::pmaxs::<Xmm, u8>, Sse41)),
    (0x3D, xmm!("pmaxsd", [Vx, Wx], sse_integer::pmaxs::<Xmm, u32>, Sse41)),
    (0x3E, xmm!("pmaxuw", [Vx, Wx], sse_integer::pmaxu::<Xmm, u16>, Sse41)),
    (0x3F, xmm!("pmaxud", [Vx, Wx], sse_integer::pmaxu::<Xmm, u32>, Sse41)),
    (0x40, xmm!("pmulld", [Vx, Wx], sse_integer::pmull::<Xmm, u32>, Sse41)),
    (0x41, xmm!("phminposuw", [Vx, Wx], sse_integer::phminposuw::<Xmm>, Sse41)),
    (0xC8, plain!("sha1nexte", [Vx, Wx], cipher::sha1nexte)),
    (0xC9, plain!("sha1msg1", [Vx, Wx], cipher::sha1msg1)),
    (0xCA, plain!("sha1msg2", [Vx, Wx], cipher::sha1msg2)),
    (0xCB, plain!("sha256rnds2", [Vx, Wx], cipher::sha256rnds2)),
    (0xCC, plain!("sha256msg1", [Vx, Wx], cipher::sha256msg1)),
    (0xCD, plain!("sha256msg2", [Vx, Wx], cipher::sha256msg2)),
    (0xCF, xmm!("gf2p8mulb", [Vx, Wx], cipher::gf2p8mulb::<Xmm>, Gfni)),
    (0xDB, xmm!("aesimc", [Vx, Wx], cipher::aesimc::<Xmm>, Aes)),
    (0xDC, xmm!("aesenc", [Vx, Wx], cipher::aesenc::<Xmm>, Aes)),
    (0xDD, xmm!("aesenclast", [Vx, Wx], cipher::aesenclast::<Xmm>, Aes)),
    (0xDE, xmm!("aesdec", [Vx, Wx], cipher::aesdec::<Xmm>, Aes)),
    (0xDF, xmm!("aesdeclast", [Vx, Wx], cipher::aesdeclast::<Xmm>, Aes)),
];

/// F0 and F1: MOVBE, and CRC32 behind F2h; 66h chooses the operand size.
static CRC32_BYTE: [Entry; 3] = [
    row("movbe", [Gv, M], v!(data::movbe)).needs(Movbe).at(),
    UndefinedModRm,
    row("crc32", [Gd, Eb], b!(cipher::crc32)).needs(Sse42).at(),
];
static CRC32: [Entry; 3] = [
    row("movbe", [M, Gv], v!(data::movbe)).needs(Movbe).at(),
    UndefinedModRm,
    row("crc32", [Gd, Ev], v!(cipher::crc32)).needs(Sse42).at(),
];

/// F6.
static ADX: ByPrefix = [
    UndefinedModRm,
    row("adcx", [Gd, Ed], wide!(bit_fields::adcx)).needs(Adx).at(),
    row("adox", [Gd, Ed], wide!(bit_fields::adox)).needs(Adx).at(),
    UndefinedModRm,
];

/// 0F B8.
pub(super) static POPCNT: [Entry; 3] =
    [Entry::Undefined, row("popcnt", [Gv, Ev], v!(cipher::popcnt)).needs(Popcnt).at(), Entry::Undefined];

pub(super) static THREE_3A: [Entry; 256] = map([
    (0x08, xmm!("roundps", [Vx, Wx, Ib], sse_float_round::round_packed::<Xmm, F32>, Sse41)),
    (0x09, xmm!("roundpd", [Vx, Wx, Ib], sse_float_round::round_packed::<Xmm, F64>, Sse41)),
    (0x0A, xmm!("roundss", [Vx, Wx, Ib], sse_float_round::round_scalar::<Xmm, F32>, Sse41)),
    (0x0B, xmm!("roundsd", [Vx, Wx, Ib], sse_float_round::round_scalar::<Xmm, F64>, Sse41)),
    (0x0C, xmm!("blendps", [Vx, Wx, Ib], sse_shuffle::blend::<Xmm, u32>, Sse41)),
    (0x0D, xmm!("blendpd", [Vx, Wx, Ib], sse_shuffle::blend::<Xmm, u64>, Sse41)),
    (0x0E, xmm!("pblendw", [Vx, Wx, Ib], sse_shuffle::blend::<Xmm, u16>, Sse41)),
    (0x0F, ssse3!("palignr", sse_shift::palignr; Ib)),
    (0x14, xmm!("pextrb", [Ed, Vx, Ib], sse_shuffle::pextr::<Xmm, u8>, Sse41)),
    (0x15, xmm!("pextrw", [Ed, Vx, Ib], sse_shuffle::pextr::<Xmm, u16>, Sse41)),
    (0x16, xmm!(wide "pextrd", [Ed, Vx, Ib], sse_shuffle::pextr, Xmm, Sse41)),
    (0x17, xmm!("extractps", [Ed, Vx, Ib], sse_shuffle::pextr::<Xmm, u32>, Sse41)),
    (0x20, xmm!("pinsrb", [Vx, Ed, Ib], sse_shuffle::pinsr::<Xmm, u8>, Sse41)),
    (0x21, xmm!("insertps", [Vx, Wx, Ib], sse_shuffle::insertps::<Xmm>, Sse41)),
    (0x22, xmm!(wide "pinsrd", [Vx, Ed, Ib], sse_shuffle::pinsr, Xmm, Sse41)),
    (0x40, xmm!("dpps", [Vx, Wx, Ib], sse_float_round::dot::<Xmm, F32>, Sse41)),
    (0x41, xmm!("dppd", [Vx, Wx, Ib], sse_float_round::dot::<Xmm, F64>, Sse41)),
    (0x42, xmm!("mpsadbw", [Vx, Wx, Ib], sse_integer::mpsadbw::<Xmm>, Sse41)),
    (0x44, xmm!("pclmulqdq", [Vx, Wx, Ib], cipher::pclmulqdq::<Xmm>, Pclmulqdq)),
    (0x60, xmm!(wide "pcmpestrm", [Vx, Wx, Ib], sse_text::pcmpestrm, Xmm, Sse42)),
    (0x61, xmm!(wide "pcmpestri", [Vx, Wx, Ib], sse_text::pcmpestri, Xmm, Sse42)),
    (0x62, xmm!("pcmpistrm", [Vx, Wx, Ib], sse_text::pcmpistrm::<Xmm>, Sse42)),
    (0x63, xmm!("pcmpistri", [Vx, Wx, Ib], sse_text::pcmpistri::<Xmm>, Sse42)),
    (0xCC, plain!("sha1rnds4", [Vx, Wx, Ib], cipher::sha1rnds4)),
    (0xCE, xmm!("gf2p8affineqb", [Vx, Wx, Ib], cipher::gf2p8affineqb::<Xmm>, Gfni)),
    (0xCF, xmm!("gf2p8affineinvqb", [Vx, Wx, Ib], cipher::gf2p8affineinvqb::<Xmm>, Gfni)),
    (0xDF, xmm!("aeskeygenassist", [Vx, Wx, Ib], cipher::aeskeygenassist::<Xmm>, Aes)),
]);
