//! Picking an instance of a generic handler: by operand width, addressing form, stack and condition, and by what is
//! handed on.

use super::handing::{held, held_byte};
use crate::insn::Insn;
use crate::isa::OperandSize;

/// Picks a handler that is generic over the width: `by_width!(byte, i, alu::rr<Add>, [DST, SRC])` is
/// `rr::<Add, u8, 0>` and so on. Unless it is of 16 bits it may take an operand from the value handed on: those listed.
macro_rules! by_width {
    ($byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?, []) => {
        by_width!(@ $byte, $i, $module::$handler $(< $($arg),* >)?)
    };
    ($byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?, [$held:ident]) => {
        match (wide_size($byte, $i), held_in($byte, $i)) {
            _ if $byte && held_in($byte, $i) & $held != 0 => $module::$handler::<$($($arg,)*)? u8, $held, Dispatch> as Fast,
            (Some(Wide::Bits32), held) if held & $held != 0 => $module::$handler::<$($($arg,)*)? u32, $held, Dispatch>,
            (Some(Wide::Bits64), held) if held & $held != 0 => $module::$handler::<$($($arg,)*)? u64, $held, Dispatch>,
            _ => by_width!(@ $byte, $i, $module::$handler $(< $($arg),* >)?),
        }
    };
    ($byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?, [$held:ident, $other:ident]) => {
        match (wide_size($byte, $i), held_in($byte, $i)) {
            _ if $byte && held_in($byte, $i) & $held != 0 => $module::$handler::<$($($arg,)*)? u8, $held, Dispatch> as Fast,
            (Some(Wide::Bits32), held) if held & $held != 0 => $module::$handler::<$($($arg,)*)? u32, $held, Dispatch>,
            (Some(Wide::Bits64), held) if held & $held != 0 => $module::$handler::<$($($arg,)*)? u64, $held, Dispatch>,
            _ => by_width!($byte, $i, $module::$handler $(< $($arg),* >)?, [$other]),
        }
    };
    ($byte:expr, $i:expr, $module:ident::$handler:ident < $arg:ty >) => {
        match wide_size($byte, $i) {
            _ if $byte => $module::$handler::<$arg, u8, Dispatch> as Fast,
            Some(Wide::Bits64) => $module::$handler::<$arg, u64, Dispatch>,
            Some(Wide::Bits32) => $module::$handler::<$arg, u32, Dispatch>,
            None => $module::$handler::<$arg, u16, Dispatch>,
        }
    };
    (@ $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match wide_size($byte, $i) {
            _ if $byte => $module::$handler::<$($($arg,)*)? u8, 0, Dispatch> as Fast,
            Some(Wide::Bits64) => $module::$handler::<$($($arg,)*)? u64, 0, Dispatch>,
            Some(Wide::Bits32) => $module::$handler::<$($($arg,)*)? u32, 0, Dispatch>,
            None => $module::$handler::<$($($arg,)*)? u16, 0, Dispatch>,
        }
    };
}
pub(super) use by_width;

/// As `by_width!`, for handlers with a memory operand, by addressing form too. Those of flat and of 64-bit code may take
/// the base or the index from the value handed on.
macro_rules! by_form {
    ($byte:expr, $i:expr, $flat:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match form($i, $flat) {
            BASE => by_form!(@ BASE, $byte, $i, $module::$handler $(< $($arg),* >)?),
            INDEX => by_form!(@ INDEX, $byte, $i, $module::$handler $(< $($arg),* >)?),
            FLAT_BASE => by_form!(@held FLAT_BASE, $byte, $i, $module::$handler $(< $($arg),* >)?),
            FLAT_INDEX => by_form!(@indexed FLAT_INDEX, $byte, $i, $module::$handler $(< $($arg),* >)?),
            LONG_BASE => by_form!(@long LONG_BASE, $byte, $i, $module::$handler $(< $($arg),* >)?),
            LONG_INDEX => by_form!(@long_indexed LONG_INDEX, $byte, $i, $module::$handler $(< $($arg),* >)?),
            LONG_RIP => by_form!(@plain LONG_RIP, $byte, $i, $module::$handler $(< $($arg),* >)?),
            LONG_SEGMENT => by_form!(@plain LONG_SEGMENT, $byte, $i, $module::$handler $(< $($arg),* >)?),
            _ => by_form!(@ WORD, $byte, $i, $module::$handler $(< $($arg),* >)?),
        }
    };
    (@indexed $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        if !$byte && $i.has(OPERAND_32) && held($i) & (BASED | INDEXED) == INDEXED {
            $module::$handler::<$($($arg,)*)? u32, $form, INDEXED, Dispatch> as Fast
        } else {
            by_form!(@held $form, $byte, $i, $module::$handler $(< $($arg),* >)?)
        }
    };
    (@long_indexed $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match (wide_size($byte, $i), held($i) & (BASED | INDEXED)) {
            (Some(Wide::Bits32), INDEXED) => $module::$handler::<$($($arg,)*)? u32, $form, INDEXED, Dispatch> as Fast,
            (Some(Wide::Bits64), INDEXED) => $module::$handler::<$($($arg,)*)? u64, $form, INDEXED, Dispatch>,
            _ => by_form!(@long $form, $byte, $i, $module::$handler $(< $($arg),* >)?),
        }
    };
    (@held $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match ($byte, $i.has(OPERAND_32), held_in($byte, $i)) {
            (true, _, held) if held & BASED != 0 => $module::$handler::<$($($arg,)*)? u8, $form, BASED, Dispatch> as Fast,
            (true, _, held) if held & SRC != 0 => $module::$handler::<$($($arg,)*)? u8, $form, SRC, Dispatch>,
            (false, true, held) if held & BASED != 0 => $module::$handler::<$($($arg,)*)? u32, $form, BASED, Dispatch>,
            (false, true, held) if held & SRC != 0 => $module::$handler::<$($($arg,)*)? u32, $form, SRC, Dispatch>,
            (false, true, held) if held & DST != 0 => $module::$handler::<$($($arg,)*)? u32, $form, DST, Dispatch>,
            _ => by_form!(@ $form, $byte, $i, $module::$handler $(< $($arg),* >)?),
        }
    };
    (@long $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match (wide_size($byte, $i), held_in($byte, $i)) {
            _ if $byte && held_in($byte, $i) & BASED != 0 => $module::$handler::<$($($arg,)*)? u8, $form, BASED, Dispatch> as Fast,
            _ if $byte && held_in($byte, $i) & SRC != 0 => $module::$handler::<$($($arg,)*)? u8, $form, SRC, Dispatch>,
            (Some(Wide::Bits32), held) if held & BASED != 0 => $module::$handler::<$($($arg,)*)? u32, $form, BASED, Dispatch>,
            (Some(Wide::Bits64), held) if held & BASED != 0 => $module::$handler::<$($($arg,)*)? u64, $form, BASED, Dispatch>,
            (Some(Wide::Bits64), held) if held & SRC != 0 => $module::$handler::<$($($arg,)*)? u64, $form, SRC, Dispatch>,
            (Some(Wide::Bits64), held) if held & DST != 0 => $module::$handler::<$($($arg,)*)? u64, $form, DST, Dispatch>,
            _ => by_form!(@plain $form, $byte, $i, $module::$handler $(< $($arg),* >)?),
        }
    };
    (@plain $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        match wide_size($byte, $i) {
            _ if $byte => $module::$handler::<$($($arg,)*)? u8, $form, 0, Dispatch> as Fast,
            Some(Wide::Bits64) => $module::$handler::<$($($arg,)*)? u64, $form, 0, Dispatch>,
            Some(Wide::Bits32) => $module::$handler::<$($($arg,)*)? u32, $form, 0, Dispatch>,
            None => $module::$handler::<$($($arg,)*)? u16, $form, 0, Dispatch>,
        }
    };
    (@ $form:ident, $byte:expr, $i:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)?) => {
        if $byte {
            $module::$handler::<$($($arg,)*)? u8, $form, 0, Dispatch> as Fast
        } else if $i.has(OPERAND_32) {
            $module::$handler::<$($($arg,)*)? u32, $form, 0, Dispatch>
        } else {
            $module::$handler::<$($($arg,)*)? u16, $form, 0, Dispatch>
        }
    };
}
pub(super) use by_form;

/// As `by_form!`, for branches: nothing is handed on to them. In 64-bit code they have 64 bits.
macro_rules! by_plain_form {
    ($i:expr, $flat:expr, $module:ident::$handler:ident) => {
        match (form($i, $flat), $i.has(OPERAND_32)) {
            (BASE, true) => $module::$handler::<u32, BASE> as Fast,
            (BASE, false) => $module::$handler::<u16, BASE>,
            (INDEX, true) => $module::$handler::<u32, INDEX>,
            (INDEX, false) => $module::$handler::<u16, INDEX>,
            (FLAT_BASE, true) => $module::$handler::<u32, FLAT_BASE>,
            (FLAT_BASE, false) => $module::$handler::<u16, FLAT_BASE>,
            (FLAT_INDEX, true) => $module::$handler::<u32, FLAT_INDEX>,
            (FLAT_INDEX, false) => $module::$handler::<u16, FLAT_INDEX>,
            (LONG_BASE, _) => $module::$handler::<u64, LONG_BASE>,
            (LONG_INDEX, _) => $module::$handler::<u64, LONG_INDEX>,
            (LONG_RIP, _) => $module::$handler::<u64, LONG_RIP>,
            (LONG_SEGMENT, _) => $module::$handler::<u64, LONG_SEGMENT>,
            (_, true) => $module::$handler::<u32, WORD>,
            (_, false) => $module::$handler::<u16, WORD>,
        }
    };
}
pub(super) use by_plain_form;

/// Picks a handler that works on the stack: `by_stack!(i, mode, stack::leave)` is `leave::<u32, STACK_FLAT>` and so on.
macro_rules! by_stack {
    ($i:expr, $mode:expr, $module:ident::$handler:ident $(, $then:ty)?) => {
        match ($i.operand_size(), $mode.is_64, $mode.flat) {
            (OperandSize::Bits64, _, _) => $module::$handler::<u64, STACK_LONG $(, $then)?> as Fast,
            (_, true, _) => $module::$handler::<u16, STACK_LONG $(, $then)?>,
            (OperandSize::Bits32, _, true) => $module::$handler::<u32, STACK_FLAT $(, $then)?>,
            (OperandSize::Bits32, _, false) => $module::$handler::<u32, STACK_ANY $(, $then)?>,
            (_, _, true) => $module::$handler::<u16, STACK_FLAT $(, $then)?>,
            (_, _, false) => $module::$handler::<u16, STACK_ANY $(, $then)?>,
        }
    };
}
pub(super) use by_stack;

/// What is handed on of an instruction's operands; `byte`: they are bytes.
pub(super) fn held_in(byte: bool, i: &Insn) -> u8 {
    if byte { held_byte(i) } else { held(i) }
}

/// A size that may be handed on.
#[derive(Clone, Copy)]
pub(super) enum Wide {
    /// 32 bits.
    Bits32,
    /// 64 bits.
    Bits64,
}

/// The size, if it may be handed on; `byte`: the operand is a byte.
pub(super) fn wide_size(byte: bool, i: &Insn) -> Option<Wide> {
    match i.operand_size() {
        _ if byte => None,
        OperandSize::Bits16 => None,
        OperandSize::Bits32 => Some(Wide::Bits32),
        OperandSize::Bits64 => Some(Wide::Bits64),
    }
}

/// Picks a handler by the condition in the opcode: `by_condition!(n, branch::jcc)` is `jcc::<n>`.
macro_rules! by_condition {
    ($number:expr, $module:ident::$handler:ident $(, $arg:tt)*) => {
        match $number & 15 {
            0 => $module::$handler::<0 $(, $arg)*> as Fast,
            1 => $module::$handler::<1 $(, $arg)*>,
            2 => $module::$handler::<2 $(, $arg)*>,
            3 => $module::$handler::<3 $(, $arg)*>,
            4 => $module::$handler::<4 $(, $arg)*>,
            5 => $module::$handler::<5 $(, $arg)*>,
            6 => $module::$handler::<6 $(, $arg)*>,
            7 => $module::$handler::<7 $(, $arg)*>,
            8 => $module::$handler::<8 $(, $arg)*>,
            9 => $module::$handler::<9 $(, $arg)*>,
            10 => $module::$handler::<10 $(, $arg)*>,
            11 => $module::$handler::<11 $(, $arg)*>,
            12 => $module::$handler::<12 $(, $arg)*>,
            13 => $module::$handler::<13 $(, $arg)*>,
            14 => $module::$handler::<14 $(, $arg)*>,
            _ => $module::$handler::<15 $(, $arg)*>,
        }
    };
}
pub(super) use by_condition;
