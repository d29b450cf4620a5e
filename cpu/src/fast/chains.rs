//! Several instructions in one dispatch: the commonest sequences have one handler, made of those of their parts.
//!
//! A dispatch costs the host a jump whose target it must guess, whatever the handler does; and what one part writes the
//! next one finds in a host register. Every slot keeps its own handler: a part that gives way does so for its own
//! instruction, and the chain goes on slot by slot. Which sequences are worth a handler was counted over the kernels of
//! the benchmark and the start of Debian's kernels, both of both widths; see `rows_32` and `rows_64`.

use std::sync::OnceLock;

use super::Fast;
use super::choose::covered;
use crate::insn::{CALM, Insn, QUIET};

mod rows_32;
mod rows_64;

/// Most parts of a sequence.
const MOST_PARTS: usize = 5;

/// A sequence of handlers, and the one that does the work of all.
struct Row {
    parts: &'static [Fast],
    whole: Fast,
}

/// `handler!(alu::rr[Add, u32, 0]; branch::jmp![FLAT_CODE])` is `alu::rr::<Add, u32, 0, Rest>`, whose rest is
/// `branch::jmp::<FLAT_CODE>`. Handlers with a `!` end their trace, so that nothing comes behind them.
macro_rules! handler {
    ($module:ident::$handler:ident![$($arg:tt)*]) => {
        $module::$handler::<$($arg)*>
    };
    ($module:ident::$handler:ident[$($arg:tt)*]) => {
        $module::$handler::<$($arg)*, Dispatch>
    };
    ($module:ident::$handler:ident[$($arg:tt)*]; $($rest:tt)+) => {{
        enum Rest {}
        impl Then for Rest {
            #[inline(always)]
            unsafe fn then(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
                // SAFETY: the caller's; the next slot is one of the sequence.
                unsafe { handler!($($rest)+)(c, h, i.add(1), v) }
            }
        }
        $module::$handler::<$($arg)*, Rest>
    }};
}
use handler;

/// `parts!([] alu::rr[Add, u32, 0]; branch::jmp![FLAT_CODE])` are the handlers that slots of a sequence have for
/// themselves.
macro_rules! parts {
    ([$($done:tt)*] $module:ident::$handler:ident![$($arg:tt)*]) => {
        &[$($done)* handler!($module::$handler![$($arg)*]) as Fast]
    };
    ([$($done:tt)*] $module:ident::$handler:ident[$($arg:tt)*]) => {
        &[$($done)* handler!($module::$handler[$($arg)*]) as Fast]
    };
    ([$($done:tt)*] $module:ident::$handler:ident[$($arg:tt)*]; $($rest:tt)+) => {
        parts!([$($done)* handler!($module::$handler[$($arg)*]) as Fast,] $($rest)+)
    };
}
use parts;

/// A list of sequences in braces.
macro_rules! rows {
    ($({ $($sequence:tt)+ })*) => {
        pub(super) static ROWS: &[Row] = &[$(Row { parts: parts!([] $($sequence)+), whole: handler!($($sequence)+) }),*];
    };
}
use rows;

/// The addresses of a sequence's parts, zeros behind them.
type Parts = [usize; MOST_PARTS];

/// All sequences in order. That two handlers of one address are the same is all that is asked of addresses: those of
/// equal machine code may be shared.
fn table() -> &'static [(Parts, Fast)] {
    static TABLE: OnceLock<Vec<(Parts, Fast)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows = rows_32::ROWS.iter().chain(rows_64::ROWS);
        let mut table: Vec<(Parts, Fast)> = rows.map(|row| (addresses(row.parts.iter().copied()), row.whole)).collect();
        table.sort_by_key(|(parts, _)| *parts);
        table
    })
}

fn addresses(parts: impl Iterator<Item = Fast>) -> Parts {
    let mut addresses = [0; MOST_PARTS];
    for (address, part) in addresses.iter_mut().zip(parts) {
        *address = part as usize;
    }
    addresses
}

fn whole(slots: &[Insn]) -> Option<Fast> {
    let parts = addresses(slots.iter().map(|slot| slot.fast));
    let table = table();
    table.binary_search_by_key(&parts, |(parts, _)| *parts).ok().map(|at| table[at].1)
}

/// Gives the longest sequences from the left on one handler each; every slot has its own already.
pub(super) fn join(slots: &mut [Insn]) {
    let mut first = 0;
    while first < slots.len() {
        let most = MOST_PARTS.min(slots.len() - first);
        let found = (2..=most).rev().find_map(|count| Some((count, whole(&slots[first..][..count])?)));
        let Some((count, fast)) = found else {
            first += 1;
            continue;
        };
        let covers: u8 = slots[first..][..count].iter().map(covered).sum();
        let slot = &mut slots[first];
        slot.fast = fast;
        slot.covers = covers | slot.covers & (CALM | QUIET);
        first += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sequence_is_found_by_its_parts() {
        let rows: Vec<&Row> = rows_32::ROWS.iter().chain(rows_64::ROWS).collect();
        for row in &rows {
            assert!((2..=MOST_PARTS).contains(&row.parts.len()), "a sequence has two to {MOST_PARTS} parts");
            let slots: Vec<Insn> = row.parts.iter().map(|fast| Insn { fast: *fast, ..Insn::undefined() }).collect();
            assert!(whole(&slots).is_some_and(|whole| !row.parts.contains(&whole)), "one handler for all parts");
        }
    }

    #[test]
    fn slots_keep_their_own_handlers_and_the_first_counts_for_all() {
        let row = &rows_32::ROWS[0];
        let mut slots: Vec<Insn> =
            row.parts.iter().map(|fast| Insn { fast: *fast, covers: 1, ..Insn::undefined() }).collect();
        slots.insert(0, Insn { covers: 1, ..Insn::undefined() });
        join(&mut slots);
        assert_eq!(covered(&slots[0]), 1, "what has no sequence stays");
        assert_eq!(usize::from(covered(&slots[1])), row.parts.len());
        for (slot, part) in slots[2..].iter().zip(&row.parts[1..]) {
            assert_eq!(slot.fast as usize, *part as usize);
        }
    }
}
