//! Opcodes behind a VEX prefix: what its fields must hold, and how rows are written. SDM Vol.2A 2.3 "Intel Advanced Vector
//! Extensions (Intel AVX)", 2.4 "AVX and SSE Instruction Exception Classification".

use super::{Entry, Operand, Row, row};
use crate::insn::Handler;
use crate::model::Feature;

/// What VEX.L must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The row is not encoded by VEX.
    None,
    /// Anything: scalars (LIG).
    Ignored,
    /// 0: 128 bits, or general registers (LZ).
    Zero,
    /// 1: 256 bits.
    One,
    /// Either: the first handler is for 128 bits, the second for 256.
    Both,
}

/// What VEX asks of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vex {
    /// What VEX.L must be.
    pub length: Length,
    /// VEX.W is the operand size, in 64-bit code: the second handler is for 32 bits, the third for 64.
    pub sized: bool,
    /// What the model must have for 256 bits.
    pub wide: Feature,
}

/// A row without VEX.
pub(super) const LEGACY: Vex = Vex { length: Length::None, sized: false, wide: Feature::I8086 };

impl Row {
    const fn vex(mut self, length: Length, since: Feature, wide: Feature) -> Row {
        self.feature = since;
        self.vex = Vex { length, sized: false, wide };
        self
    }

    /// VEX.L must be 0.
    pub(super) const fn l0(mut self) -> Row {
        self.vex.length = Length::Zero;
        self
    }

    /// VEX.L must be 1.
    pub(super) const fn l1(mut self) -> Row {
        self.vex.length = Length::One;
        self
    }

    /// VEX.L means nothing.
    pub(super) const fn lig(mut self) -> Row {
        self.vex.length = Length::Ignored;
        self
    }

    /// VEX.W is the operand size.
    pub(super) const fn sized(mut self) -> Row {
        self.vex.sized = true;
        self
    }
}

/// Floating point: both lengths since AVX.
pub(super) const fn float<const N: usize>(name: &'static str, operands: [Operand; N], handlers: [Handler; 3]) -> Row {
    since(Feature::Avx, name, operands, handlers)
}

/// Integers: 128 bits since AVX, 256 since AVX2.
pub(super) const fn integer<const N: usize>(name: &'static str, operands: [Operand; N], handlers: [Handler; 3]) -> Row {
    row(name, operands, handlers).vex(Length::Both, Feature::Avx, Feature::Avx2)
}

/// Both lengths since a feature.
pub(super) const fn since<const N: usize>(
    feature: Feature,
    name: &'static str,
    operands: [Operand; N],
    handlers: [Handler; 3],
) -> Row {
    row(name, operands, handlers).vex(Length::Both, feature, feature)
}

/// Of general registers: VEX.L is 0, VEX.W the operand size.
pub(super) const fn general<const N: usize>(
    feature: Feature,
    name: &'static str,
    operands: [Operand; N],
    handlers: [Handler; 3],
) -> Row {
    row(name, operands, handlers).vex(Length::Zero, feature, feature).sized()
}

/// A cipher on vector registers: 128 bits since AVX, which its feature needs, 256 since a feature of its own.
pub(super) const fn cipher<const N: usize>(
    (since, wide): (Feature, Feature),
    name: &'static str,
    operands: [Operand; N],
    handlers: [Handler; 3],
) -> Row {
    row(name, operands, handlers).vex(Length::Both, since, wide)
}

/// What stands at some opcodes; the others are undefined.
pub(super) const fn map<const N: usize>(some: [(u8, &'static [Entry; 4]); N]) -> [Entry; 256] {
    let mut all = [const { Entry::UndefinedModRm }; 256];
    let mut index = 0;
    while index < N {
        all[some[index].0 as usize] = Entry::ByPrefix(some[index].1);
        index += 1;
    }
    all
}

/// Handlers by vector length: `l!(sse_integer::padd, u8)` is `[padd::<Vex128, u8>, padd::<Vex256, u8>, padd::<Vex256, u8>]`.
macro_rules! l {
    ($module:ident::$handler:ident $(, $of:tt)*) => {
        [
            $module::$handler::<Vex128 $(, $of)*>,
            $module::$handler::<Vex256 $(, $of)*>,
            $module::$handler::<Vex256 $(, $of)*>,
        ]
    };
}
/// One handler, of 128 bits: `x!(sse_float::scalar, F32, Add)` is three times `scalar::<Vex128, F32, Add>`.
macro_rules! x {
    ($module:ident::$handler:ident $(, $of:tt)*) => { [$module::$handler::<Vex128 $(, $of)*>; 3] };
}
/// Handlers by operand size: `w!(bit_fields::andn)` is `[andn::<u32>, andn::<u32>, andn::<u64>]`.
macro_rules! w {
    ($module:ident::$handler:ident $(, $of:tt)*) => {
        [
            $module::$handler::<$($of,)* u32>,
            $module::$handler::<$($of,)* u32>,
            $module::$handler::<$($of,)* u64>,
        ]
    };
}
/// An opcode's rows behind no prefix, 66h, F3h and F2h; `_` is undefined: `at!(0x77, row, _, _, _)`.
macro_rules! at {
    ($opcode:literal, $none:tt, $p66:tt, $pf3:tt, $pf2:tt) => {
        ($opcode, const { &[at!($none), at!($p66), at!($pf3), at!($pf2)] })
    };
    (_) => { Entry::UndefinedModRm };
    (($entry:expr)) => { $entry };
    ([$($row:tt)*]) => { ($($row)*).at() };
}
/// An integer instruction behind 66h, of two sources: `int!(0xFC, "vpaddb", sse_integer::padd, u8)`; of one, or with an
/// immediate, its operands are spelled out behind the name.
macro_rules! int {
    ($opcode:literal, $name:literal [$($operand:ident),*], $module:ident::$handler:ident $(, $of:tt)*) => {
        at!($opcode, _, [integer($name, [$($operand),*], l!($module::$handler $(, $of)*))], _, _)
    };
    ($opcode:literal, $name:literal, $module:ident::$handler:ident $(, $of:tt)*) => {
        int!($opcode, $name [Vx, Hx, Wx], $module::$handler $(, $of)*)
    };
}
/// A choice by VEX.W: `by_w!(row, _)` is undefined for W1.
macro_rules! by_w {
    ($zero:tt, $one:tt) => {
        (Entry::ByW(const { &[at!($zero), at!($one)] }))
    };
}
/// A choice by memory and register form.
macro_rules! by_mode {
    ($memory:tt, $register:tt) => {
        (Entry::ByMode(const { &[at!($memory), at!($register)] }))
    };
}
pub(super) use {at, by_mode, by_w, int, l, w, x};
