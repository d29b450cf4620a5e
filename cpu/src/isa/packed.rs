//! The packed integer opcodes, 0F 60 to 0F FF: without a prefix on MMX registers, behind 66h on XMM registers. SDM
//! Vol.2D Table A-3 "Two-byte Opcode Map".

use super::Entry::{self, ByMode, Group, UndefinedModRm};
use super::Operand::{Ed, Ew, Gd, Ib, M, Nq, Pq, Qq, Ux, Vx, Wx};
use super::{Row, n, row};
use crate::exec::simd::{Mmx, Xmm};
use crate::exec::{mmx, sse_integer, sse_move, sse_shift, sse_shuffle};
use crate::model::Feature::{Mmx as MmxOnly, Sse, Sse2, Sse3};

/// Handlers of 32 bits, and of 64 with REX.W: `wide!(sse_move::movd_load, Mmx)` is `[movd_load::<Mmx, u32>,
/// movd_load::<Mmx, u32>, movd_load::<Mmx, u64>]`.
macro_rules! wide {
    ($handler:path $(, $of:ty)*) => {{
        use $handler as handler;
        [handler::<$($of,)* u32>, handler::<$($of,)* u32>, handler::<$($of,)* u64>]
    }};
}
pub(super) use wide;

/// No prefix, 66h, F3h, F2h.
pub(super) type ByPrefix = [Entry; 4];

/// An instruction of both kinds of registers.
pub(super) const fn both(mmx: Row, xmm: Row) -> ByPrefix {
    [mmx.at(), xmm.at(), UndefinedModRm, UndefinedModRm]
}

/// An instruction of XMM registers.
pub(super) const fn xmm_only(xmm: Row) -> ByPrefix {
    [UndefinedModRm, xmm.at(), UndefinedModRm, UndefinedModRm]
}

/// An instruction without prefix.
const fn plain(row: Row) -> ByPrefix {
    [row.at(), UndefinedModRm, UndefinedModRm, UndefinedModRm]
}

/// One handler for both kinds: `packed!("paddb", MmxOnly, sse_integer::padd, u8)` is PADDB mm, mm/m64 since MMX and
/// PADDB xmm, xmm/m128 since SSE2, `sse_integer::padd::<Mmx, u8>` and `sse_integer::padd::<Xmm, u8>`.
macro_rules! packed {
    ($name:literal, $since:expr, $module:ident::$handler:ident $(, $width:ty)*) => {
        both(
            row($name, [Pq, Qq], n!($module::$handler::<Mmx $(, $width)*>)).needs($since),
            row($name, [Vx, Wx], n!($module::$handler::<Xmm $(, $width)*>)).needs(Sse2),
        )
    };
}

// Unpack and pack, 60 to 6D.
pub(super) static PUNPCKLBW: ByPrefix = both(
    row("punpcklbw", [Pq, Qq], n!(sse_shuffle::punpckl_mmx::<u8>)).needs(MmxOnly),
    row("punpcklbw", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u8>)).needs(Sse2),
);
pub(super) static PUNPCKLWD: ByPrefix = both(
    row("punpcklwd", [Pq, Qq], n!(sse_shuffle::punpckl_mmx::<u16>)).needs(MmxOnly),
    row("punpcklwd", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u16>)).needs(Sse2),
);
pub(super) static PUNPCKLDQ: ByPrefix = both(
    row("punpckldq", [Pq, Qq], n!(sse_shuffle::punpckl_mmx::<u32>)).needs(MmxOnly),
    row("punpckldq", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u32>)).needs(Sse2),
);
pub(super) static PACKSSWB: ByPrefix = packed!("packsswb", MmxOnly, sse_shuffle::packss, u16, u8);
pub(super) static PCMPGTB: ByPrefix = packed!("pcmpgtb", MmxOnly, sse_integer::pcmpgt, u8);
pub(super) static PCMPGTW: ByPrefix = packed!("pcmpgtw", MmxOnly, sse_integer::pcmpgt, u16);
pub(super) static PCMPGTD: ByPrefix = packed!("pcmpgtd", MmxOnly, sse_integer::pcmpgt, u32);
pub(super) static PACKUSWB: ByPrefix = packed!("packuswb", MmxOnly, sse_shuffle::packus, u16, u8);
pub(super) static PUNPCKHBW: ByPrefix = packed!("punpckhbw", MmxOnly, sse_shuffle::punpckh, u8);
pub(super) static PUNPCKHWD: ByPrefix = packed!("punpckhwd", MmxOnly, sse_shuffle::punpckh, u16);
pub(super) static PUNPCKHDQ: ByPrefix = packed!("punpckhdq", MmxOnly, sse_shuffle::punpckh, u32);
pub(super) static PACKSSDW: ByPrefix = packed!("packssdw", MmxOnly, sse_shuffle::packss, u32, u16);
pub(super) static PUNPCKLQDQ: ByPrefix =
    xmm_only(row("punpcklqdq", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u64>)).needs(Sse2));
pub(super) static PUNPCKHQDQ: ByPrefix =
    xmm_only(row("punpckhqdq", [Vx, Wx], n!(sse_shuffle::punpckh::<Xmm, u64>)).needs(Sse2));

// Moves, 6E, 6F, 7E, 7F.
pub(super) static MOVD_LOAD: ByPrefix = both(
    row("movd", [Pq, Ed], wide!(sse_move::movd_load, Mmx)).needs(MmxOnly),
    row("movd", [Vx, Ed], wide!(sse_move::movd_load, Xmm)).needs(Sse2),
);
pub(super) static MOVQ_LOAD: ByPrefix = [
    row("movq", [Pq, Qq], n!(mmx::movq_load)).needs(MmxOnly).at(),
    row("movdqa", [Vx, Wx], n!(sse_move::load_aligned::<Xmm>)).needs(Sse2).at(),
    row("movdqu", [Vx, Wx], n!(sse_move::load_unaligned::<Xmm>)).needs(Sse2).at(),
    UndefinedModRm,
];
pub(super) static MOVD_STORE: ByPrefix = [
    row("movd", [Ed, Pq], wide!(sse_move::movd_store, Mmx)).needs(MmxOnly).at(),
    row("movd", [Ed, Vx], wide!(sse_move::movd_store, Xmm)).needs(Sse2).at(),
    row("movq", [Vx, Wx], n!(sse_move::movq_load::<Xmm>)).needs(Sse2).at(),
    UndefinedModRm,
];
pub(super) static MOVQ_STORE: ByPrefix = [
    row("movq", [Qq, Pq], n!(mmx::movq_store)).needs(MmxOnly).at(),
    row("movdqa", [Wx, Vx], n!(sse_move::store_aligned::<Xmm>)).needs(Sse2).at(),
    row("movdqu", [Wx, Vx], n!(sse_move::store_unaligned::<Xmm>)).needs(Sse2).at(),
    UndefinedModRm,
];

pub(super) static PSHUF: ByPrefix = [
    row("pshufw", [Pq, Qq, Ib], n!(sse_shuffle::pshuf::<Mmx, u16>)).needs(Sse).at(),
    row("pshufd", [Vx, Wx, Ib], n!(sse_shuffle::pshuf::<Xmm, u32>)).needs(Sse2).at(),
    row("pshufhw", [Vx, Wx, Ib], n!(sse_shuffle::pshufhw::<Xmm>)).needs(Sse2).at(),
    row("pshuflw", [Vx, Wx, Ib], n!(sse_shuffle::pshuflw::<Xmm>)).needs(Sse2).at(),
];

// Shifts by an immediate, 71 to 73: groups 12 to 14, registers only.
macro_rules! by_immediate {
    ($name:literal, $operand:ident, $handler:path, $since:expr) => {
        row($name, [$operand, Ib], n!($handler)).needs($since).at()
    };
}
static PSLLW_MMX: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrlw", Nq, sse_shift::psrl_immediate::<Mmx, u16>, MmxOnly),
    UndefinedModRm,
    by_immediate!("psraw", Nq, sse_shift::psra_immediate::<Mmx, u16>, MmxOnly),
    UndefinedModRm,
    by_immediate!("psllw", Nq, sse_shift::psll_immediate::<Mmx, u16>, MmxOnly),
    UndefinedModRm,
];
static PSLLW_XMM: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrlw", Ux, sse_shift::psrl_immediate::<Xmm, u16>, Sse2),
    UndefinedModRm,
    by_immediate!("psraw", Ux, sse_shift::psra_immediate::<Xmm, u16>, Sse2),
    UndefinedModRm,
    by_immediate!("psllw", Ux, sse_shift::psll_immediate::<Xmm, u16>, Sse2),
    UndefinedModRm,
];
static PSLLD_MMX: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrld", Nq, sse_shift::psrl_immediate::<Mmx, u32>, MmxOnly),
    UndefinedModRm,
    by_immediate!("psrad", Nq, sse_shift::psra_immediate::<Mmx, u32>, MmxOnly),
    UndefinedModRm,
    by_immediate!("pslld", Nq, sse_shift::psll_immediate::<Mmx, u32>, MmxOnly),
    UndefinedModRm,
];
static PSLLD_XMM: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrld", Ux, sse_shift::psrl_immediate::<Xmm, u32>, Sse2),
    UndefinedModRm,
    by_immediate!("psrad", Ux, sse_shift::psra_immediate::<Xmm, u32>, Sse2),
    UndefinedModRm,
    by_immediate!("pslld", Ux, sse_shift::psll_immediate::<Xmm, u32>, Sse2),
    UndefinedModRm,
];
static PSLLQ_MMX: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrlq", Nq, sse_shift::psrl_immediate::<Mmx, u64>, MmxOnly),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psllq", Nq, sse_shift::psll_immediate::<Mmx, u64>, MmxOnly),
    UndefinedModRm,
];
static PSLLQ_XMM: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psrlq", Ux, sse_shift::psrl_immediate::<Xmm, u64>, Sse2),
    by_immediate!("psrldq", Ux, sse_shift::psrldq::<Xmm>, Sse2),
    UndefinedModRm,
    UndefinedModRm,
    by_immediate!("psllq", Ux, sse_shift::psll_immediate::<Xmm, u64>, Sse2),
    by_immediate!("pslldq", Ux, sse_shift::pslldq::<Xmm>, Sse2),
];

/// Both kinds of a group that has no memory forms.
macro_rules! shift_group {
    ($mmx:ident, $xmm:ident) => {{
        static OF_MMX: [Entry; 2] = [UndefinedModRm, Group(&$mmx)];
        static OF_XMM: [Entry; 2] = [UndefinedModRm, Group(&$xmm)];
        [ByMode(&OF_MMX), ByMode(&OF_XMM), UndefinedModRm, UndefinedModRm]
    }};
}
pub(super) static GROUP_12: ByPrefix = shift_group!(PSLLW_MMX, PSLLW_XMM);
pub(super) static GROUP_13: ByPrefix = shift_group!(PSLLD_MMX, PSLLD_XMM);
pub(super) static GROUP_14: ByPrefix = shift_group!(PSLLQ_MMX, PSLLQ_XMM);

pub(super) static PCMPEQB: ByPrefix = packed!("pcmpeqb", MmxOnly, sse_integer::pcmpeq, u8);
pub(super) static PCMPEQW: ByPrefix = packed!("pcmpeqw", MmxOnly, sse_integer::pcmpeq, u16);
pub(super) static PCMPEQD: ByPrefix = packed!("pcmpeqd", MmxOnly, sse_integer::pcmpeq, u32);

/// A form with a register where others have memory or a register: the memory form is undefined.
macro_rules! register_only {
    ($name:literal, [$($operand:ident),*], $handler:path, $since:expr) => {{
        static ROWS: [Entry; 2] = [UndefinedModRm, row($name, [$($operand),*], n!($handler)).needs($since).at()];
        ByMode(&ROWS)
    }};
}
pub(super) use register_only;

// C3 to C5.
pub(super) static MOVNTI: ByPrefix = plain(row("movnti", [M, Gd], wide!(sse_move::movnti)).needs(Sse2));
pub(super) static PINSRW: ByPrefix = both(
    row("pinsrw", [Pq, Ew, Ib], n!(sse_shuffle::pinsrw::<Mmx>)).needs(Sse),
    row("pinsrw", [Vx, Ew, Ib], n!(sse_shuffle::pinsrw::<Xmm>)).needs(Sse2),
);
pub(super) static PEXTRW: ByPrefix = [
    register_only!("pextrw", [Gd, Nq, Ib], sse_shuffle::pextrw::<Mmx>, Sse),
    register_only!("pextrw", [Gd, Ux, Ib], sse_shuffle::pextrw::<Xmm>, Sse2),
    UndefinedModRm,
    UndefinedModRm,
];

// D1 to FE.
pub(super) static PSRLW: ByPrefix = packed!("psrlw", MmxOnly, sse_shift::psrl, u16);
pub(super) static PSRLD: ByPrefix = packed!("psrld", MmxOnly, sse_shift::psrl, u32);
pub(super) static PSRLQ: ByPrefix = packed!("psrlq", MmxOnly, sse_shift::psrl, u64);
pub(super) static PADDQ: ByPrefix = packed!("paddq", Sse2, sse_integer::padd, u64);
pub(super) static PMULLW: ByPrefix = packed!("pmullw", MmxOnly, sse_integer::pmull, u16);
pub(super) static MOVQ_D6: ByPrefix = [
    UndefinedModRm,
    row("movq", [Wx, Vx], n!(sse_move::movq_store::<Xmm>)).needs(Sse2).at(),
    register_only!("movq2dq", [Vx, Nq], mmx::movq2dq, Sse2),
    register_only!("movdq2q", [Pq, Ux], mmx::movdq2q, Sse2),
];
pub(super) static PMOVMSKB: ByPrefix = [
    register_only!("pmovmskb", [Gd, Nq], sse_shuffle::pmovmskb::<Mmx>, Sse),
    register_only!("pmovmskb", [Gd, Ux], sse_shuffle::pmovmskb::<Xmm>, Sse2),
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static PSUBUSB: ByPrefix = packed!("psubusb", MmxOnly, sse_integer::psubus, u8);
pub(super) static PSUBUSW: ByPrefix = packed!("psubusw", MmxOnly, sse_integer::psubus, u16);
pub(super) static PMINUB: ByPrefix = packed!("pminub", Sse, sse_integer::pminu, u8);
pub(super) static PAND: ByPrefix = packed!("pand", MmxOnly, sse_integer::pand);
pub(super) static PADDUSB: ByPrefix = packed!("paddusb", MmxOnly, sse_integer::paddus, u8);
pub(super) static PADDUSW: ByPrefix = packed!("paddusw", MmxOnly, sse_integer::paddus, u16);
pub(super) static PMAXUB: ByPrefix = packed!("pmaxub", Sse, sse_integer::pmaxu, u8);
pub(super) static PANDN: ByPrefix = packed!("pandn", MmxOnly, sse_integer::pandn);
pub(super) static PAVGB: ByPrefix = packed!("pavgb", Sse, sse_integer::pavg, u8);
pub(super) static PSRAW: ByPrefix = packed!("psraw", MmxOnly, sse_shift::psra, u16);
pub(super) static PSRAD: ByPrefix = packed!("psrad", MmxOnly, sse_shift::psra, u32);
pub(super) static PAVGW: ByPrefix = packed!("pavgw", Sse, sse_integer::pavg, u16);
pub(super) static PMULHUW: ByPrefix = packed!("pmulhuw", Sse, sse_integer::pmulhuw);
pub(super) static PMULHW: ByPrefix = packed!("pmulhw", MmxOnly, sse_integer::pmulhw);
pub(super) static MOVNTQ: ByPrefix = both(
    row("movntq", [M, Pq], n!(mmx::movq_store)).needs(Sse),
    row("movntdq", [M, Vx], n!(sse_move::store_aligned::<Xmm>)).needs(Sse2),
);
pub(super) static PSUBSB: ByPrefix = packed!("psubsb", MmxOnly, sse_integer::psubs, u8);
pub(super) static PSUBSW: ByPrefix = packed!("psubsw", MmxOnly, sse_integer::psubs, u16);
pub(super) static PMINSW: ByPrefix = packed!("pminsw", Sse, sse_integer::pmins, u16);
pub(super) static POR: ByPrefix = packed!("por", MmxOnly, sse_integer::por);
pub(super) static PADDSB: ByPrefix = packed!("paddsb", MmxOnly, sse_integer::padds, u8);
pub(super) static PADDSW: ByPrefix = packed!("paddsw", MmxOnly, sse_integer::padds, u16);
pub(super) static PMAXSW: ByPrefix = packed!("pmaxsw", Sse, sse_integer::pmaxs, u16);
pub(super) static PXOR: ByPrefix = packed!("pxor", MmxOnly, sse_integer::pxor);
pub(super) static LDDQU: ByPrefix = [
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    row("lddqu", [Vx, M], n!(sse_move::load_unaligned::<Xmm>)).needs(Sse3).at(),
];
pub(super) static PSLLW: ByPrefix = packed!("psllw", MmxOnly, sse_shift::psll, u16);
pub(super) static PSLLD: ByPrefix = packed!("pslld", MmxOnly, sse_shift::psll, u32);
pub(super) static PSLLQ: ByPrefix = packed!("psllq", MmxOnly, sse_shift::psll, u64);
pub(super) static PMULUDQ: ByPrefix = packed!("pmuludq", Sse2, sse_integer::pmuludq);
pub(super) static PMADDWD: ByPrefix = packed!("pmaddwd", MmxOnly, sse_integer::pmaddwd);
pub(super) static PSADBW: ByPrefix = packed!("psadbw", Sse, sse_integer::psadbw);
pub(super) static MASKMOVQ: ByPrefix = [
    register_only!("maskmovq", [Pq, Nq], mmx::maskmovq, Sse),
    register_only!("maskmovdqu", [Vx, Ux], sse_move::maskmovdqu::<Xmm>, Sse2),
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static PSUBB: ByPrefix = packed!("psubb", MmxOnly, sse_integer::psub, u8);
pub(super) static PSUBW: ByPrefix = packed!("psubw", MmxOnly, sse_integer::psub, u16);
pub(super) static PSUBD: ByPrefix = packed!("psubd", MmxOnly, sse_integer::psub, u32);
pub(super) static PSUBQ: ByPrefix = packed!("psubq", Sse2, sse_integer::psub, u64);
pub(super) static PADDB: ByPrefix = packed!("paddb", MmxOnly, sse_integer::padd, u8);
pub(super) static PADDW: ByPrefix = packed!("paddw", MmxOnly, sse_integer::padd, u16);
pub(super) static PADDD: ByPrefix = packed!("paddd", MmxOnly, sse_integer::padd, u32);
