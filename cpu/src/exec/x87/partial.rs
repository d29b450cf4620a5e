//! Partial remainders, scaling, extraction. SDM Vol.2A "FPREM", "FPREM1", "FSCALE", "FXTRACT".

use super::{Fault, finish, stack_fault, underflow};
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{Extended, Format, Left, Outcome, Quotient, extract, remainder, scale};
use crate::fpu::{C0, C1, C2, C3};
use crate::insn::Insn;

/// FPREM: the quotient's low bits go to C0, C3, C1; C2 says that more is to do.
pub fn fprem(cx: &mut Exec<'_>, _: &Insn) -> Step {
    partial_remainder(cx, Quotient::Truncated)
}

/// FPREM1.
pub fn fprem1(cx: &mut Exec<'_>, _: &Insn) -> Step {
    partial_remainder(cx, Quotient::Nearest)
}

fn partial_remainder(cx: &mut Exec<'_>, kind: Quotient) -> Step {
    let fpu = &mut cx.cpu.fpu;
    // Even where a fault leaves everything else alone (measured).
    fpu.status &= !C2;
    if fpu.is_empty(0) || fpu.is_empty(1) {
        underflow(fpu, 0);
        return Ok(());
    }
    let outcome = remainder(fpu.st(0), fpu.st(1), kind, &fpu.env());
    let conditions = match outcome.value.quotient {
        // Of what is no number there is no quotient.
        Left::Nothing => fpu.status & (C0 | C3),
        Left::More => C2,
        Left::Quotient(bits) => {
            [(4, C0), (2, C3), (1, C1)].iter().filter(|(bit, _)| bits & bit != 0).map(|(_, c)| c).sum()
        }
    };
    if finish(fpu, 0, Outcome { value: outcome.value.value, flags: outcome.flags }) {
        fpu.status = (fpu.status & !(C0 | C1 | C2 | C3)) | conditions;
    }
    Ok(())
}

/// FSCALE.
pub fn fscale(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) || fpu.is_empty(1) {
        underflow(fpu, 0);
        return Ok(());
    }
    let outcome = scale(fpu.st(0), fpu.st(1), &fpu.env());
    finish(fpu, 0, outcome);
    Ok(())
}

/// FXTRACT: the exponent takes the place of ST(0), the significand is pushed.
pub fn fxtract(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) || !fpu.is_empty(7) {
        let fault = if fpu.is_empty(0) { Fault::Underflow } else { Fault::Overflow };
        if stack_fault(fpu, fault) {
            fpu.set_st(0, Extended::indefinite());
            fpu.push(Extended::indefinite());
        }
        return Ok(());
    }
    let outcome = extract(fpu.st(0), &fpu.env());
    let (exponent, significand) = outcome.value;
    if finish(fpu, 0, Outcome { value: exponent, flags: outcome.flags }) {
        fpu.push(significand);
    }
    Ok(())
}
