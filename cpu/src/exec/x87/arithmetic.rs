//! Basic arithmetic. SDM Vol.1 8.3.5 "Basic Arithmetic Instructions"; Vol.2A "FADD/FADDP/FIADD",
//! "FSUB/FSUBP/FISUB", "FSUBR/FSUBRP/FISUBR", "FMUL/FMULP/FIMUL", "FDIV/FDIVP/FIDIV", "FDIVR/FDIVRP/FIDIVR", "FSQRT",
//! "FRNDINT", "FABS", "FCHS".

use super::memory::Source;
use super::{finish, underflow};
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{
    Env, Extended, Format, Outcome, Parts, Plain, Sum, add_parts, divide_parts, multiply_parts, quick, square_root,
    to_integral,
};
use crate::fpu::{C1, Fpu};
use crate::insn::Insn;

/// An operation on destination and source, as a type.
pub trait Operation {
    /// [`Operation::quick`] takes a few instructions.
    const IS_SHORT: bool = true;
    /// Computes it.
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended>;
    /// The same of normal numbers, to 64 bits and to nearest, if the result is normal.
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>>;
}

/// FADD.
pub struct Add;
/// FSUB: destination - source.
pub struct Sub;
/// FSUBR: source - destination.
pub struct SubReverse;
/// FMUL.
pub struct Mul;
/// FDIV: destination / source.
pub struct Div;
/// FDIVR: source / destination.
pub struct DivReverse;

impl Operation for Add {
    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        add_parts(destination, source, Sum::Add, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::sum(destination, source)
    }
}

impl Operation for Sub {
    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        add_parts(destination, source, Sum::Subtract, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::sum(destination, source.negated())
    }
}

impl Operation for SubReverse {
    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        add_parts(source, destination, Sum::Subtract, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::sum(source, destination.negated())
    }
}

impl Operation for Mul {
    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        multiply_parts(destination, source, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::product(destination, source)
    }
}

impl Operation for Div {
    const IS_SHORT: bool = false;

    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        divide_parts(destination, source, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::quotient(destination, source)
    }
}

impl Operation for DivReverse {
    const IS_SHORT: bool = false;

    #[inline(always)]
    fn apply(destination: &Parts, source: &Parts, env: &Env) -> Outcome<Extended> {
        divide_parts(source, destination, env)
    }

    #[inline(always)]
    fn quick(destination: Plain, source: Plain) -> Option<Outcome<Extended>> {
        quick::quotient(source, destination)
    }
}

/// ST(0) with memory. Faults: operand access.
pub fn memory<O: Operation, S: Source>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = S::load(cx, i)?;
    with_source::<O>(&mut cx.cpu.fpu, &source);
    Ok(())
}

/// ST(0) with what was read.
#[inline(always)]
pub fn with_source<O: Operation>(fpu: &mut Fpu, source: &Parts) {
    if fpu.is_empty(0) {
        underflow(fpu, 0);
        return;
    }
    if fpu.is_usual()
        && let (Some(destination), Some(source)) = (Plain::of(fpu.st(0)), Plain::of_parts(source))
        && let Some(outcome) = O::quick(destination, source)
    {
        finish(fpu, 0, outcome);
        return;
    }
    in_general::<O>(fpu, 0, source);
}

/// What the usual case leaves. True if there is a result.
#[inline(never)]
fn in_general<O: Operation>(fpu: &mut Fpu, destination: usize, source: &Parts) -> bool {
    let outcome = O::apply(&fpu.st(destination).parts(), source, &fpu.env());
    finish(fpu, destination, outcome)
}

/// The usual case of destination and source registers, true if there is a result; `None`, and nothing done, if this is
/// another case.
#[inline(always)]
pub fn usually<O: Operation>(fpu: &mut Fpu, destination: usize, source: usize) -> Option<bool> {
    if fpu.is_empty(destination) || fpu.is_empty(source) || !fpu.is_usual() {
        return None;
    }
    let outcome = O::quick(Plain::of(fpu.st(destination))?, Plain::of(fpu.st(source))?)?;
    Some(finish(fpu, destination, outcome))
}

/// Destination and source registers; true if there is a result.
#[inline(always)]
fn between<O: Operation>(cx: &mut Exec<'_>, destination: usize, source: usize) -> bool {
    let fpu = &mut cx.cpu.fpu;
    if let Some(has_result) = usually::<O>(fpu, destination, source) {
        return has_result;
    }
    if fpu.is_empty(destination) || fpu.is_empty(source) {
        return underflow(fpu, destination);
    }
    in_general::<O>(fpu, destination, &fpu.st(source).parts())
}

/// ST(0) with ST(i).
#[inline]
pub fn to_top<O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    between::<O>(cx, 0, usize::from(i.dst));
    Ok(())
}

/// ST(i) with ST(0).
#[inline]
pub fn from_top<O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    between::<O>(cx, usize::from(i.dst), 0);
    Ok(())
}

/// ST(i) with ST(0), and pop.
#[inline]
pub fn from_top_and_pop<O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if between::<O>(cx, usize::from(i.dst), 0) {
        cx.cpu.fpu.pop();
    }
    Ok(())
}

/// An instruction on ST(0) alone.
fn on_top(cx: &mut Exec<'_>, act: impl FnOnce(Extended, &Env) -> Outcome<Extended>) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) {
        underflow(fpu, 0);
        return Ok(());
    }
    let outcome = act(fpu.st(0), &fpu.env());
    finish(fpu, 0, outcome);
    Ok(())
}

/// FSQRT.
pub fn fsqrt(cx: &mut Exec<'_>, _: &Insn) -> Step {
    on_top(cx, square_root)
}

/// FRNDINT: by the rounding control alone.
pub fn frndint(cx: &mut Exec<'_>, _: &Insn) -> Step {
    on_top(cx, to_integral)
}

/// FABS, FCHS: the sign bit of whatever is there; C1 is cleared.
fn change_sign(cx: &mut Exec<'_>, act: impl FnOnce(u16) -> u16) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) {
        underflow(fpu, 0);
        return Ok(());
    }
    fpu.status &= !C1;
    let value = fpu.st(0);
    fpu.set_st(0, Extended { sign_exponent: act(value.sign_exponent), ..value });
    Ok(())
}

/// FABS.
pub fn fabs(cx: &mut Exec<'_>, _: &Insn) -> Step {
    change_sign(cx, |word| word & 0x7FFF)
}

/// FCHS.
pub fn fchs(cx: &mut Exec<'_>, _: &Insn) -> Step {
    change_sign(cx, |word| word ^ 0x8000)
}
