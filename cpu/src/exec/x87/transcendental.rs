//! Transcendental instructions. SDM Vol.1 8.3.7 "Trigonometric Instructions", 8.3.9 "Logarithmic, Exponential, and
//! Scale"; Vol.2A under their names.

use super::{Fault, finish, stack_fault, underflow};
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{Env, Extended, Format, Outcome, trans};
use crate::fpu::{C1, C2, Fpu};
use crate::insn::Insn;

/// F2XM1.
pub fn f2xm1(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) {
        underflow(fpu, 0);
        return Ok(());
    }
    let outcome = trans::f2xm1(fpu.st(0), &fpu.env());
    finish(fpu, 0, outcome);
    Ok(())
}

/// A function of ST(1) and ST(0), whose result replaces ST(1); ST(0) is popped.
fn of_two(cx: &mut Exec<'_>, function: impl FnOnce(Extended, Extended, &Env) -> Outcome<Extended>) -> Step {
    let fpu = &mut cx.cpu.fpu;
    let done = if fpu.is_empty(0) || fpu.is_empty(1) {
        underflow(fpu, 1)
    } else {
        let outcome = function(fpu.st(1), fpu.st(0), &fpu.env());
        finish(fpu, 1, outcome)
    };
    if done {
        fpu.pop();
    }
    Ok(())
}

/// FYL2X.
pub fn fyl2x(cx: &mut Exec<'_>, _: &Insn) -> Step {
    of_two(cx, trans::fyl2x)
}

/// FYL2XP1.
pub fn fyl2xp1(cx: &mut Exec<'_>, _: &Insn) -> Step {
    of_two(cx, trans::fyl2xp1)
}

/// FPATAN.
pub fn fpatan(cx: &mut Exec<'_>, _: &Insn) -> Step {
    of_two(cx, trans::fpatan)
}

/// Sets C2, and clears C1, for an operand that is out of range.
fn out_of_range(fpu: &mut Fpu) {
    fpu.status = (fpu.status & !C1) | C2;
}

/// FSIN, FCOS: C2 tells an operand out of range.
fn of_angle(cx: &mut Exec<'_>, function: impl FnOnce(Extended, &Env) -> Option<Outcome<Extended>>) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) {
        underflow(fpu, 0);
        return Ok(());
    }
    match function(fpu.st(0), &fpu.env()) {
        None => out_of_range(fpu),
        Some(outcome) => {
            fpu.status &= !C2;
            finish(fpu, 0, outcome);
        }
    }
    Ok(())
}

/// FSIN.
pub fn fsin(cx: &mut Exec<'_>, _: &Insn) -> Step {
    of_angle(cx, trans::fsin)
}

/// FCOS.
pub fn fcos(cx: &mut Exec<'_>, _: &Insn) -> Step {
    of_angle(cx, trans::fcos)
}

/// FSINCOS, FPTAN: one result replaces ST(0), the other is pushed.
fn two_of_angle(
    cx: &mut Exec<'_>,
    function: impl FnOnce(Extended, &Env) -> Option<Outcome<(Extended, Extended)>>,
) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) || !fpu.is_empty(7) {
        let fault = if fpu.is_empty(0) { Fault::Underflow } else { Fault::Overflow };
        if stack_fault(fpu, fault) {
            fpu.set_st(0, Extended::indefinite());
            fpu.push(Extended::indefinite());
        }
        return Ok(());
    }
    match function(fpu.st(0), &fpu.env()) {
        None => out_of_range(fpu),
        Some(Outcome { value: (first, pushed), flags }) => {
            fpu.status &= !C2;
            if finish(fpu, 0, Outcome { value: first, flags }) {
                fpu.push(pushed);
            }
        }
    }
    Ok(())
}

/// FSINCOS: the sine replaces ST(0), the cosine is pushed.
pub fn fsincos(cx: &mut Exec<'_>, _: &Insn) -> Step {
    two_of_angle(cx, trans::fsincos)
}

/// FPTAN: the tangent replaces ST(0), 1.0 is pushed.
pub fn fptan(cx: &mut Exec<'_>, _: &Insn) -> Step {
    two_of_angle(cx, trans::fptan)
}
