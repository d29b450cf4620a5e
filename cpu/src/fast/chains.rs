//! Several instructions in one dispatch: the commonest sequences have one handler, made of those of their parts.
//!
//! A dispatch costs the host a jump whose target it must guess, whatever the handler does; and what one part writes the
//! next one finds in a host register. Every slot keeps its own handler: a part that gives way does so for its own
//! instruction, and the chain goes on slot by slot. Which sequences are worth a handler was counted over the kernels of
//! the benchmark, the start of Debian's kernels and programs under them, all of both widths; see `rows_32`, `rows_64`,
//! those that end a trace, and those of more than seven parts or of whole traces, which stand by themselves.
//!
//! To add one: `--profile` shows which forms follow each other; a row names the handlers that [`super::choose`] picks for
//! them, in order. A row that no code can have does no harm and no good: the profile says "and 2 more" where a row of three is
//! dispatched.

use std::sync::OnceLock;

use super::Fast;
use super::choose::covered;
use crate::insn::{CALM, Insn, QUIET};

mod rows_32;
mod rows_32_ends;
mod rows_32_long;
mod rows_32_long_ends;
mod rows_64;
mod rows_64_ends;
mod rows_64_long;
mod rows_64_long_ends;

/// A sequence of handlers, and the one that does the work of all.
struct Row {
    parts: &'static [Fast],
    whole: Fast,
}

/// `handler!(alu::rr[Add, u32, 0]; branch::jmp![FLAT_CODE])` is `alu::rr::<Add, u32, 0, Rest>`, whose rest is
/// `branch::jmp::<FLAT_CODE>`. Handlers with a `!` end their trace, so that nothing comes behind them.
///
/// Of several `stack::push_r` that follow each other it makes one [`super::stack::pushes`], of `stack::pop_r` one
/// [`super::stack::pops`].
///
/// Dots in brackets count the parts in front.
macro_rules! handler {
    (@ [$($at:tt)*] @run $run:ident [$($arg:tt)*] ($($count:tt)*)) => {
        stack::$run::<$($arg)*, { $($count)* }, Dispatch>
    };
    (@ [$($at:tt)*] @run pushes [$($arg:tt)*] ($($count:tt)*); stack::push_r[$($same:tt)*] $(; $($rest:tt)+)?) => {
        handler!(@ [$($at)* .] @run pushes [$($arg)*] ($($count)* + 1) $(; $($rest)+)?)
    };
    (@ [$($at:tt)*] @run pops [$($arg:tt)*] ($($count:tt)*); stack::pop_r[$($same:tt)*] $(; $($rest:tt)+)?) => {
        handler!(@ [$($at)* .] @run pops [$($arg)*] ($($count)* + 1) $(; $($rest)+)?)
    };
    (@ [$($at:tt)*] @run $run:ident [$($arg:tt)*] ($($count:tt)*); $($rest:tt)+) => {{
        rest!([$($at)*] $($rest)+);
        stack::$run::<$($arg)*, { $($count)* }, Rest>
    }};
    (@ [$($at:tt)*]
        stack::push_r[$width:tt, $stack:tt, $held:tt]; stack::push_r[$($same:tt)*] $(; $($rest:tt)+)?) => {
        handler!(@ [$($at)* . .] @run pushes [$width, $stack] (2) $(; $($rest)+)?)
    };
    (@ [$($at:tt)*] stack::pop_r[$($arg:tt)*]; stack::pop_r[$($same:tt)*] $(; $($rest:tt)+)?) => {
        handler!(@ [$($at)* . .] @run pops [$($arg)*] (2) $(; $($rest)+)?)
    };
    (@ [$($at:tt)*] $module:ident::$handler:ident![$($arg:tt)*]) => {
        $module::$handler::<$($arg)*>
    };
    (@ [$($at:tt)*] $module:ident::$handler:ident[$($arg:tt)*]) => {
        $module::$handler::<$($arg)*, Dispatch>
    };
    (@ [$($at:tt)*] $module:ident::$handler:ident[$($arg:tt)*]; $($rest:tt)+) => {{
        rest!([$($at)* .] $($rest)+);
        $module::$handler::<$($arg)*, Rest>
    }};
    ($($sequence:tt)+) => {
        handler!(@ [] $($sequence)+)
    };
}
use handler;

/// `rest!([. .] alu::rr[Add, u32, 0])` declares `Rest`: what comes behind the first two parts.
macro_rules! rest {
    ([$($at:tt)*] $($rest:tt)+) => {
        enum Rest {}
        impl Then for Rest {
            #[inline(always)]
            unsafe fn then(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
                // SAFETY: the caller's; the next slot is one of the sequence.
                unsafe { handler!(@ [$($at)*] $($rest)+)(c, h, onward!([$($at)*] i), v) }
            }
        }
    };
}
use rest;

/// The next slot. Behind four parts, and eight more, the host's register moves on: see [`halfway`].
macro_rules! onward {
    ([. . . .] $i:ident) => {
        super::halfway($i.add(1))
    };
    ([. . . . . . . . . . . .] $i:ident) => {
        super::halfway($i.add(1))
    };
    ([$($at:tt)*] $i:ident) => {
        $i.add(1)
    };
}
use onward;

/// Lets the host keep the address of the fourth slot from here in place of that which it has, so that the eight slots from
/// here on are reached with a displacement of one byte. A compiler would keep the first slot's.
#[inline(always)]
#[cfg_attr(target_arch = "x86_64", expect(clippy::pointers_in_nomem_asm_block, reason = "nothing is read there"))]
fn halfway(i: *const Insn) -> *const Insn {
    const SLOTS: usize = 4;
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "nothing is moved there"))]
    let mut middle = i.wrapping_add(SLOTS);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: no instruction at all.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) middle, options(pure, nomem, nostack, preserves_flags));
    }
    middle.wrapping_sub(SLOTS)
}

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

/// The addresses of a sequence's parts, and the handler of all.
type Listed = (Box<[usize]>, Fast);

/// All sequences in order: one that begins another stands in front of it. That two handlers of one address are the same
/// is all that is asked of addresses: those of equal machine code may be shared.
fn table() -> &'static [Listed] {
    static TABLE: OnceLock<Vec<Listed>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let of_32 = [rows_32::ROWS, rows_32_ends::ROWS, rows_32_long::ROWS, rows_32_long_ends::ROWS];
        let of_64 = [rows_64::ROWS, rows_64_ends::ROWS, rows_64_long::ROWS, rows_64_long_ends::ROWS];
        let rows = of_32.into_iter().chain(of_64).flatten();
        let listed = rows.map(|row| (row.parts.iter().map(|part| *part as usize).collect(), row.whole));
        let mut table: Vec<Listed> = listed.collect();
        table.sort_by(|(a, _), (b, _)| a.cmp(b));
        table
    })
}

/// The longest sequence that the first slots are: of how many, and its handler.
fn longest(slots: &[Insn]) -> Option<(usize, Fast)> {
    let mut rows = table();
    let mut found = None;
    for (depth, slot) in slots.iter().enumerate() {
        // All rows agree with the slots in front of this one; those that are no longer come first.
        let part = |row: &Listed| row.0.get(depth).copied().unwrap_or(0);
        let address = slot.fast as usize;
        rows = &rows[rows.partition_point(|row| part(row) < address)..];
        rows = &rows[..rows.partition_point(|row| part(row) == address)];
        let Some((parts, fast)) = rows.first() else { break };
        if parts.len() == depth + 1 {
            found = Some((depth + 1, *fast));
        }
    }
    found
}

/// Gives the longest sequences from the left on one handler each; every slot has its own already.
pub(super) fn join(slots: &mut [Insn]) {
    let mut first = 0;
    while first < slots.len() {
        let Some((count, fast)) = longest(&slots[first..]) else {
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
    use super::super::choose::{CodeMode, choose};
    use super::*;
    use crate::decode::{Decoded, LONGEST, decode};
    use crate::model::Model;

    fn chosen(mode: CodeMode, code: &[&[u8]]) -> Vec<Insn> {
        let decoded = code.iter().map(|bytes| {
            let mut bytes = bytes.to_vec();
            bytes.resize(LONGEST, 0x90);
            match decode(&bytes, mode.size(), Model::Max.features()) {
                Decoded::Insn(insn, _) => insn,
                _ => panic!("{bytes:x?} is an instruction"),
            }
        });
        let mut slots: Vec<Insn> = decoded.collect();
        choose(&mut slots, false, mode, Model::Max);
        slots
    }

    /// Sequences as compilers write them.
    #[test]
    fn code_of_both_widths_gets_the_sequence_that_it_is() {
        let flat_32 = CodeMode { is_64: false, is_32: true, flat: true };
        // mov eax, [ebx]; add eax, ecx; mov [edi], eax
        let slots = chosen(flat_32, &[&[0x8B, 0x03], &[0x01, 0xC8], &[0x89, 0x07]]);
        assert_eq!(slots.iter().map(covered).collect::<Vec<_>>(), [3, 1, 1]);
        let flat_64 = CodeMode { is_64: true, is_32: false, flat: true };
        // mov eax, [rbx]; pop rcx; pop rdx
        let slots = chosen(flat_64, &[&[0x8B, 0x03], &[0x59], &[0x5A]]);
        assert_eq!(slots.iter().map(covered).collect::<Vec<_>>(), [3, 1, 1]);
        // Segments with limits have handlers of their own, and no sequence of these.
        let limited = CodeMode { is_64: false, is_32: true, flat: false };
        let slots = chosen(limited, &[&[0x8B, 0x03], &[0x01, 0xC8], &[0x89, 0x07]]);
        assert_eq!(slots.iter().map(covered).collect::<Vec<_>>(), [1, 1, 1]);
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
