//! The x87 instructions, one file a heading. SDM Vol.1 8.3 "x87 FPU Instruction Set", Vol.2 under their names.
//!
//! An instruction looks at memory first, then at the stack, then computes. A masked exception gives the manual's
//! response; one that is not masked leaves operands and stack alone if it is seen before the computation, sets the
//! error summary, and stops the next waiting instruction.

pub mod arithmetic;
pub mod bcd;
pub mod compare;
pub mod environment;
pub mod memory;
pub mod partial;
pub mod stack;
pub mod transcendental;
pub mod transfer;
mod wait;
pub mod words;

pub(super) use wait::require_no_error;
pub use wait::{control, non_waiting, reserved, wait, waiting};

use crate::float::{Extended, Flags, Format, Outcome};
use crate::fpu::{BUSY, C1, ERROR_SUMMARY, Fpu, STACK_FAULT};

/// What an instruction found at its register operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A source register is empty.
    Underflow,
    /// The destination of a push is not.
    Overflow,
}

/// A stack fault: invalid, with C1 telling which. True if it is masked: the destination gets the indefinite.
/// SDM Vol.1 8.5.1.1 "Stack Overflow or Underflow Exception (#IS)".
#[cold]
#[inline(never)]
fn stack_fault(fpu: &mut Fpu, fault: Fault) -> bool {
    fpu.status = (fpu.status & !C1) | STACK_FAULT | Flags::INVALID.0;
    if fault == Fault::Overflow {
        fpu.status |= C1;
    }
    let masked = fpu.control & Flags::INVALID.0 != 0;
    if !masked {
        fpu.status |= ERROR_SUMMARY | BUSY;
    }
    masked
}

/// A source of an instruction with a result in ST(i) is empty. True if the instruction goes on: the fault is masked.
#[cold]
#[inline(never)]
fn underflow(fpu: &mut Fpu, destination: usize) -> bool {
    let masked = stack_fault(fpu, Fault::Underflow);
    if masked {
        fpu.set_st(destination, Extended::indefinite());
    }
    masked
}

/// Raises what an operation raised and writes its result to ST(i), unless there is none. True if there is one.
#[inline(always)]
fn finish(fpu: &mut Fpu, destination: usize, outcome: Outcome<Extended>) -> bool {
    let pending = fpu.raise(outcome.flags);
    if pending && fpu.env().refuses(outcome.flags) {
        return false;
    }
    fpu.set_st(destination, outcome.value);
    true
}

/// Pushes what was loaded; a stack that is full is an invalid operation.
#[inline(always)]
fn push(fpu: &mut Fpu, outcome: Outcome<Extended>) {
    if !fpu.is_empty(7) {
        if stack_fault(fpu, Fault::Overflow) {
            fpu.push(Extended::indefinite());
        }
        return;
    }
    // A denormal operand is pushed whether its exception is masked or not (measured).
    if fpu.raise(outcome.flags) && fpu.env().refuses(outcome.flags & Flags::INVALID) {
        return;
    }
    fpu.push(outcome.value);
}
