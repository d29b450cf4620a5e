//! Opcodes of SSE to SSE3 that move, arrange or combine bits: 0F 10 to 17, 28, 29, 2B, 50, 54 to 57, C6, and group 15.
//! SDM Vol.2D Table A-3 "Two-byte Opcode Map", Table A-6 "Opcode Extensions".

use super::Entry::{self, ByMode, UndefinedModRm};
use super::Operand::{Ev, Gd, Ib, IbIb, M, Ux, Vx, Wx};
use super::packed::{ByPrefix, register_only};
use super::{n, row, v};
use crate::exec::simd::Xmm;
use crate::exec::{fxsave, sse_fields, sse_integer, sse_move, sse_shuffle, sse_state, system, xsave};
use crate::model::Feature::{Clflush, FsGsBase, Fxsr, Sse, Sse2, Sse3, Sse4a, Xsave, Xsaveopt};

/// One handler for single and double precision: `float!("movaps", "movapd", [Vx, Wx], sse_move::load_aligned::<Xmm>)` is
/// MOVAPS without prefix since SSE and MOVAPD behind 66h since SSE2.
macro_rules! float {
    ($single:literal, $double:literal, [$($operand:ident),*], $handler:path) => {
        [
            row($single, [$($operand),*], n!($handler)).needs(Sse).at(),
            row($double, [$($operand),*], n!($handler)).needs(Sse2).at(),
            UndefinedModRm,
            UndefinedModRm,
        ]
    };
}

// 10 to 17.
pub(super) static MOVUPS_LOAD: ByPrefix = [
    row("movups", [Vx, Wx], n!(sse_move::load_unaligned::<Xmm>)).needs(Sse).at(),
    row("movupd", [Vx, Wx], n!(sse_move::load_unaligned::<Xmm>)).needs(Sse2).at(),
    row("movss", [Vx, Wx], n!(sse_move::load_scalar::<Xmm, u32>)).needs(Sse).at(),
    row("movsd", [Vx, Wx], n!(sse_move::load_scalar::<Xmm, u64>)).needs(Sse2).at(),
];
pub(super) static MOVUPS_STORE: ByPrefix = [
    row("movups", [Wx, Vx], n!(sse_move::store_unaligned::<Xmm>)).needs(Sse).at(),
    row("movupd", [Wx, Vx], n!(sse_move::store_unaligned::<Xmm>)).needs(Sse2).at(),
    row("movss", [Wx, Vx], n!(sse_move::store_scalar::<Xmm, u32>)).needs(Sse).at(),
    row("movsd", [Wx, Vx], n!(sse_move::store_scalar::<Xmm, u64>)).needs(Sse2).at(),
];
static MOVLPS_MOVHLPS: [Entry; 2] = [
    row("movlps", [Vx, M], n!(sse_move::load_low::<Xmm>)).needs(Sse).at(),
    row("movhlps", [Vx, Ux], n!(sse_move::movhlps::<Xmm>)).needs(Sse).at(),
];
pub(super) static MOVLPS_LOAD: ByPrefix = [
    ByMode(&MOVLPS_MOVHLPS),
    row("movlpd", [Vx, M], n!(sse_move::load_low::<Xmm>)).needs(Sse2).at(),
    row("movsldup", [Vx, Wx], n!(sse_shuffle::movsldup::<Xmm>)).needs(Sse3).at(),
    row("movddup", [Vx, Wx], n!(sse_shuffle::movddup::<Xmm>)).needs(Sse3).at(),
];
pub(super) static MOVLPS_STORE: ByPrefix = float!("movlps", "movlpd", [M, Vx], sse_move::store_low::<Xmm>);
pub(super) static UNPCKLPS: ByPrefix = [
    row("unpcklps", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u32>)).needs(Sse).at(),
    row("unpcklpd", [Vx, Wx], n!(sse_shuffle::punpckl::<Xmm, u64>)).needs(Sse2).at(),
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static UNPCKHPS: ByPrefix = [
    row("unpckhps", [Vx, Wx], n!(sse_shuffle::punpckh::<Xmm, u32>)).needs(Sse).at(),
    row("unpckhpd", [Vx, Wx], n!(sse_shuffle::punpckh::<Xmm, u64>)).needs(Sse2).at(),
    UndefinedModRm,
    UndefinedModRm,
];
static MOVHPS_MOVLHPS: [Entry; 2] = [
    row("movhps", [Vx, M], n!(sse_move::load_high::<Xmm>)).needs(Sse).at(),
    row("movlhps", [Vx, Ux], n!(sse_move::movlhps::<Xmm>)).needs(Sse).at(),
];
pub(super) static MOVHPS_LOAD: ByPrefix = [
    ByMode(&MOVHPS_MOVLHPS),
    row("movhpd", [Vx, M], n!(sse_move::load_high::<Xmm>)).needs(Sse2).at(),
    row("movshdup", [Vx, Wx], n!(sse_shuffle::movshdup::<Xmm>)).needs(Sse3).at(),
    UndefinedModRm,
];
pub(super) static MOVHPS_STORE: ByPrefix = float!("movhps", "movhpd", [M, Vx], sse_move::store_high::<Xmm>);

// 28, 29, 2B.
pub(super) static MOVAPS_LOAD: ByPrefix = float!("movaps", "movapd", [Vx, Wx], sse_move::load_aligned::<Xmm>);
pub(super) static MOVAPS_STORE: ByPrefix = float!("movaps", "movapd", [Wx, Vx], sse_move::store_aligned::<Xmm>);
pub(super) static MOVNTPS: ByPrefix = [
    row("movntps", [M, Vx], n!(sse_move::store_aligned::<Xmm>)).needs(Sse).at(),
    row("movntpd", [M, Vx], n!(sse_move::store_aligned::<Xmm>)).needs(Sse2).at(),
    row("movntss", [M, Vx], n!(sse_move::store_scalar::<Xmm, u32>)).needs(Sse4a).at(),
    row("movntsd", [M, Vx], n!(sse_move::store_scalar::<Xmm, u64>)).needs(Sse4a).at(),
];

// 78, 79: bit fields of AMD's SSE4a. AMD APM Vol.4 "EXTRQ", "INSERTQ".
static EXTRQ_GROUP: [Entry; 8] = [
    register_only!("extrq", [Ux, IbIb], sse_fields::extrq_immediate, Sse4a),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static EXTRQ_IMMEDIATE: ByPrefix = [
    UndefinedModRm,
    Entry::Group(&EXTRQ_GROUP),
    UndefinedModRm,
    register_only!("insertq", [Vx, Ux, IbIb], sse_fields::insertq_immediate, Sse4a),
];
pub(super) static EXTRQ: ByPrefix = [
    UndefinedModRm,
    register_only!("extrq", [Vx, Ux], sse_fields::extrq, Sse4a),
    UndefinedModRm,
    register_only!("insertq", [Vx, Ux], sse_fields::insertq, Sse4a),
];

// 50, 54 to 57.
pub(super) static MOVMSKPS: ByPrefix = [
    register_only!("movmskps", [Gd, Ux], sse_shuffle::movmsk::<Xmm, u32>, Sse),
    register_only!("movmskpd", [Gd, Ux], sse_shuffle::movmsk::<Xmm, u64>, Sse2),
    UndefinedModRm,
    UndefinedModRm,
];
pub(super) static ANDPS: ByPrefix = float!("andps", "andpd", [Vx, Wx], sse_integer::pand::<Xmm>);
pub(super) static ANDNPS: ByPrefix = float!("andnps", "andnpd", [Vx, Wx], sse_integer::pandn::<Xmm>);
pub(super) static ORPS: ByPrefix = float!("orps", "orpd", [Vx, Wx], sse_integer::por::<Xmm>);
pub(super) static XORPS: ByPrefix = float!("xorps", "xorpd", [Vx, Wx], sse_integer::pxor::<Xmm>);

// C6.
pub(super) static SHUFPS: ByPrefix = [
    row("shufps", [Vx, Wx, Ib], n!(sse_shuffle::shufps::<Xmm>)).needs(Sse).at(),
    row("shufpd", [Vx, Wx, Ib], n!(sse_shuffle::shufpd::<Xmm>)).needs(Sse2).at(),
    UndefinedModRm,
    UndefinedModRm,
];

// AE, group 15.
static GROUP_15_MEMORY: [Entry; 8] = [
    row("fxsave", [M], n!(fxsave::fxsave)).needs(Fxsr).at(),
    row("fxrstor", [M], n!(fxsave::fxrstor)).needs(Fxsr).at(),
    row("ldmxcsr", [M], n!(sse_state::ldmxcsr::<Xmm>)).needs(Sse).at(),
    row("stmxcsr", [M], n!(sse_state::stmxcsr::<Xmm>)).needs(Sse).at(),
    row("xsave", [M], n!(xsave::xsave)).needs(Xsave).at(),
    row("xrstor", [M], n!(xsave::xrstor)).needs(Xsave).at(),
    row("xsaveopt", [M], n!(xsave::xsaveopt)).needs(Xsaveopt).at(),
    row("clflush", [M], n!(sse_state::clflush)).needs(Clflush).at(),
];
static GROUP_15_REGISTER: [Entry; 8] = [
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    row("lfence", [], n!(sse_state::fence)).needs(Sse2).at(),
    row("mfence", [], n!(sse_state::fence)).needs(Sse2).at(),
    row("sfence", [], n!(sse_state::fence)).needs(Sse).at(),
];
static GROUP_15_MODES: [Entry; 2] = [Entry::Group(&GROUP_15_MEMORY), Entry::Group(&GROUP_15_REGISTER)];
/// Behind F3h: the bases of FS and GS.
static GROUP_15_BASES: [Entry; 8] = [
    row("rdfsbase", [Ev], v!(system::rdfsbase)).o64().needs(FsGsBase).at(),
    row("rdgsbase", [Ev], v!(system::rdgsbase)).o64().needs(FsGsBase).at(),
    row("wrfsbase", [Ev], v!(system::wrfsbase)).o64().needs(FsGsBase).at(),
    row("wrgsbase", [Ev], v!(system::wrgsbase)).o64().needs(FsGsBase).at(),
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
    UndefinedModRm,
];
static GROUP_15_BASE_MODES: [Entry; 2] = [UndefinedModRm, Entry::Group(&GROUP_15_BASES)];
pub(super) static GROUP_15: ByPrefix =
    [ByMode(&GROUP_15_MODES), UndefinedModRm, ByMode(&GROUP_15_BASE_MODES), UndefinedModRm];
