//! The fast tier: short handlers for the forms that make up nearly all executed instructions.
//!
//! A handler works on one slot, in the common case only: general registers, memory behind a HostTlb entry, segments
//! that need nothing but a limit check. What it cannot finish before its first change of state it hands, whole, to the
//! canonical handler ([`dispatch::bail`]), which alone defines the machine. No rule lives here alone.
//!
//! Handlers end by calling the next slot's in tail position; release builds turn that into a jump. Builds with debug
//! assertions return the next slot to a loop instead: the same handlers, correct anywhere.
//!
//! - [`state`]: what stands beside the state while the fast tier runs, and how it is brought up to date.
//! - [`dispatch`]: going on, giving way, leaving.
//! - [`links`]: from trace to trace.
//! - [`flags`]: arithmetic flags kept as the last result and operand.
//! - [`operand`]: registers, effective addresses, memory.
//! - [`handing`]: whose value goes from handler to handler in a host register.
//! - [`light`]: canonical handlers called without ceremony.
//! - [`gates`], [`gates_64`]: interrupts and fast calls between flat segments, and in 64-bit code.
//! - [`port`], [`window`]: to the bus, where no line changes.
//! - [`mod@bridge`]: from page to page.
//! - [`returns`]: where calls expect to come back to.
//! - [`rewriting`]: code that is written over.
//! - [`simd`], [`simd_integer`], [`simd_packed`], [`choose_simd`]: XMM registers, with arithmetic that the host does
//!   exactly.
//! - [`vex`], [`general_vex`], [`choose_vex`]: with VEX; `simd_host`, `choose_host`: what hosts of late can do themselves.
//! - [`bits`], [`exchange`], [`muldiv`], [`string`], [`choose_system`]: what systems need more often than loops do.
//! - [`x87`]: the unit's commonest instructions.
//! - [`chains`]: several instructions in one dispatch.
//! - `crossing`: what crosses a page.
//! - `counted`: what stands before every handler under `--profile`.
//! - [`by`], [`mod@choose`]: which handler a slot gets; [`liveness`]: which ones need not note flags; [`calm`]:
//!   which ones have nothing to do with them.
#![expect(unsafe_code, reason = "handlers reach state, memory and slots by pointers that the run engine keeps valid")]

use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

mod alu;
mod bits;
mod branch;
mod bridge;
mod by;
mod calm;
mod chains;
mod choose;
#[cfg(target_arch = "x86_64")]
mod choose_host;
mod choose_simd;
mod choose_system;
mod choose_vex;
mod counted;
mod crossing;
mod dispatch;
mod exchange;
mod faults;
mod flags;
mod gates;
mod gates_64;
mod general_vex;
mod handing;
mod light;
mod links;
mod liveness;
mod moves;
mod muldiv;
mod operand;
mod pages;
mod pairs;
mod port;
mod returns;
mod rewriting;
mod shift;
mod simd;
#[cfg(target_arch = "x86_64")]
mod simd_host;
mod simd_integer;
mod simd_packed;
mod stack;
mod state;
mod string;
mod vex;
mod window;
mod x87;

pub use choose::CodeMode;
pub(crate) use choose::choose;
pub(crate) use dispatch::{Ended, Entry, Loose, enter, refresh};
pub(crate) use state::{FastState, MOST_TRACE_BYTES, Side};

/// A handler: executes the instruction in a slot and goes on. Answers the slot to go on with, or null to leave; in
/// tail dispatch only null ever comes back. The last argument is a register's value, handed on from the instruction
/// that wrote it (see [`Insn::holds`]): reading it back from memory would take the host several cycles.
///
/// # Safety
/// The pointers are those that the run engine handed to the first handler of the run, or were made anew from the
/// execution context since; the slot lies in the trace cache, in a trace that ends with an end slot.
pub type Fast = unsafe fn(*mut CpuState, *mut Hot, *const Insn, u64) -> *const Insn;

/// Runs the canonical handler and goes on with the next slot.
pub const CANONICAL: Fast = dispatch::canonical;
/// Runs the canonical handler of an instruction that ends its trace, and goes where it went.
pub const CANONICAL_END: Fast = dispatch::canonical_end;
/// Runs the canonical handler of an instruction that touches neither flags nor segments.
pub const LIGHT: Fast = light::light;
/// Stands behind the last instruction of a trace: goes on where the trace ends.
pub const END: Fast = links::trace_end;
/// Where links of end slots lead that are not tied yet: the way behind the last instruction, and the branch's.
pub const LOOSE_NEXT: Fast = links::loose_next;
/// See [`LOOSE_NEXT`].
pub const LOOSE_TAKEN: Fast = links::loose_taken;
/// Where links lead whose target lies in another page, if there was no room for a bridge: it is looked up each time.
pub const OTHER_PAGE: Fast = links::other_page;
/// As [`OTHER_PAGE`], behind a branch that was taken.
pub const OTHER_PAGE_TAKEN: Fast = links::other_page_taken;
/// Where a link leads whose target lies in another page, or behind a call, or where a register or memory says: goes on if
/// that is where it led last, and the page's frame is the one that the target was decoded from. One for each [`Side`] that
/// may lead there.
pub const BRIDGES: [Fast; 2] = bridges::<{ links::KNOWN_CODE }>();
/// As [`BRIDGES`], of 32-bit code in a segment without limit.
pub const FLAT_BRIDGES: [Fast; 2] = bridges::<{ links::FLAT_CODE }>();
/// As [`BRIDGES`], of 64-bit code.
pub const LONG_BRIDGES: [Fast; 2] = bridges::<{ links::LONG_CODE }>();

const fn bridges<const CODE: u8>() -> [Fast; 2] {
    [bridge::bridge::<CODE, { Side::Next as u8 }>, bridge::bridge::<CODE, { Side::Taken as u8 }>]
}

/// Stands first in a trace that must not be entered without a look: leaves in front of it.
pub const LEAVE: Fast = links::leave;
/// Stands first in a dropped trace: brings it back, or leaves and says which it was.
pub const DEAD: Fast = rewriting::dead;
/// Stands in front of an instruction that crosses a page: leaves if it does not go on as it was decoded.
pub const CROSSING: Fast = crossing::crossing;
/// Stands first in a dropped trace that another one has taken the place of: goes there.
pub const FORWARD: Fast = links::forward;

/// Counts the dispatch and goes on to the slot's own handler: see [`crate::profile`].
pub const COUNTED: Fast = counted::counted;

/// True where handlers call each other in tail position: optimised builds for processors whose calling convention passes
/// all arguments in registers. `tests/it/fast_stack.rs` proves it of a build.
pub const TAIL_DISPATCH: bool = cfg!(all(not(debug_assertions), any(target_arch = "x86_64", target_arch = "aarch64")));
