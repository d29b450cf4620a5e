//! Arithmetic of SSE, SSE2 and SSE3. SDM Vol.1 10.4.1.2 "SSE Arithmetic Instructions", 11.4.1.2 "SSE2 Arithmetic
//! Instructions", 12.3.5 and 12.3.6 for additions and subtractions within a register.
//!
//! Flags: MXCSR's. Faults of all: #UD, #NM, operand access, #GP(0) for 16 bytes that do not lie on 16; #XM, or #UD while
//! CR4.OSXMMEXCPT is clear, if an exception is not masked.

use super::Exec;
use super::simd::{Vectors, combine, unary};
use crate::exception::Step;
use crate::float::{
    self, Env, F32, Flags, Native, Outcome, host_add, host_divide, host_may, host_multiply, host_square_root,
    host_subtract,
};
use crate::insn::Insn;
use crate::value::packed::Packed;

/// MXCSR as arithmetic sees it, and what was raised so far by the lanes of one instruction.
pub(super) struct Lanes {
    pub(super) env: Env,
    /// The host's arithmetic may be asked.
    host: bool,
    raised: Flags,
}

impl Lanes {
    #[inline(always)]
    pub(super) fn new(cx: &Exec<'_>) -> Lanes {
        let mxcsr = cx.cpu.vector.mxcsr;
        Lanes { env: Env::from_mxcsr(mxcsr), host: host_may(mxcsr), raised: Flags::NONE }
    }

    /// A lane's value; its flags are collected.
    #[inline(always)]
    pub(super) fn take<T>(&mut self, outcome: Outcome<T>) -> T {
        self.raised = self.raised | outcome.flags;
        outcome.value
    }

    /// Notes the flags of all lanes, and faults if one is not masked. Exceptions that come before the computation are
    /// looked for in all lanes first: if one of them is not masked, nothing is computed, and no other flag is raised.
    /// SDM Vol.1 11.5.2.1 "Invalid Operation Exception (#I)" and 11.5.3.2 "Handling Unmasked Exceptions".
    #[inline(always)]
    pub(super) fn end(self, cx: &mut Exec<'_>) -> Step {
        if self.raised == Flags::NONE {
            return Ok(());
        }
        let raised = if self.env.refuses(self.raised) { self.raised.0 & Flags::BEFORE.0 } else { self.raised.0 };
        cx.raise_simd(raised.into())
    }

    #[inline(always)]
    pub(super) fn operate<F: Native, O: Operation>(&mut self, a: F, b: F) -> F {
        if self.host
            && let Some(result) = O::host(a, b)
        {
            return result;
        }
        self.take(O::compute(a, b, &self.env))
    }
}

/// An operation on two numbers.
pub trait Operation {
    /// In software.
    fn compute<F: Native>(a: F, b: F, env: &Env) -> Outcome<F>;
    /// By the host, where it gives the same.
    fn host<F: Native>(a: F, b: F) -> Option<F>;
}

/// a + b.
pub struct Add;
/// a - b.
pub struct Subtract;
/// a * b.
pub struct Multiply;
/// a / b.
pub struct Divide;
/// The square root of b.
pub struct SquareRoot;

impl Operation for Add {
    #[inline(always)]
    fn compute<F: Native>(a: F, b: F, env: &Env) -> Outcome<F> {
        float::add(a, b, env)
    }

    #[inline(always)]
    fn host<F: Native>(a: F, b: F) -> Option<F> {
        host_add(a, b)
    }
}

impl Operation for Subtract {
    #[inline(always)]
    fn compute<F: Native>(a: F, b: F, env: &Env) -> Outcome<F> {
        float::subtract(a, b, env)
    }

    #[inline(always)]
    fn host<F: Native>(a: F, b: F) -> Option<F> {
        host_subtract(a, b)
    }
}

impl Operation for Multiply {
    #[inline(always)]
    fn compute<F: Native>(a: F, b: F, env: &Env) -> Outcome<F> {
        float::multiply(a, b, env)
    }

    #[inline(always)]
    fn host<F: Native>(a: F, b: F) -> Option<F> {
        host_multiply(a, b)
    }
}

impl Operation for Divide {
    #[inline(always)]
    fn compute<F: Native>(a: F, b: F, env: &Env) -> Outcome<F> {
        float::divide(a, b, env)
    }

    #[inline(always)]
    fn host<F: Native>(a: F, b: F) -> Option<F> {
        host_divide(a, b)
    }
}

impl Operation for SquareRoot {
    #[inline(always)]
    fn compute<F: Native>(_: F, b: F, env: &Env) -> Outcome<F> {
        float::square_root(b, env)
    }

    #[inline(always)]
    fn host<F: Native>(_: F, b: F) -> Option<F> {
        host_square_root(b)
    }
}

/// ADDPS, SUBPS, MULPS, DIVPS, SQRTPS xmm, xmm/m128 and their forms for double precision. SDM Vol.2A "ADDPS", "DIVPS",
/// Vol.2B "MULPS", "SQRTPS", "SUBPS".
pub fn packed<R: Vectors, F: Native, O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    each_lane::<R, _>(cx, i, |lanes, _, a: F, b| lanes.operate::<F, O>(a, b))
}

/// ADDSS, SUBSS, MULSS, DIVSS, SQRTSS xmm, xmm/m32 and their forms for double precision: the rest of the destination
/// stays. SDM Vol.2A "ADDSS", "DIVSS", Vol.2B "MULSS", "SQRTSS", "SUBSS".
pub fn scalar<R: Vectors, F: Native, O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    low_lane::<R, _>(cx, i, |lanes, a: F, b| lanes.operate::<F, O>(a, b))
}

/// ADDSUBPS, ADDSUBPD: even lanes are subtracted, odd ones added. SDM Vol.2A "ADDSUBPS", "ADDSUBPD".
pub fn addsub<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    each_lane::<R, _>(cx, i, |lanes, number, a: F, b| match number % 2 {
        0 => lanes.operate::<F, Subtract>(a, b),
        _ => lanes.operate::<F, Add>(a, b),
    })
}

/// HADDPS, HADDPD, HSUBPS, HSUBPD: neighbours of the destination give the lower half, those of the source the upper one.
/// SDM Vol.2A "HADDPS", "HADDPD", "HSUBPS", "HSUBPD".
pub fn horizontal<R: Vectors, F: Native, O: Operation>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let mut lanes = Lanes::new(cx);
    let half = u128::lanes::<F::Bits>() / 2;
    let result = combine::<R>(R::first(cx, i), source, |_, destination, source| {
        u128::from_lanes(|number| {
            let from = if number < half { destination } else { source };
            let lane = |place: usize| F::of(from.lane(place));
            let first = 2 * (number % half);
            lanes.operate::<F, O>(lane(first), lane(first + 1)).bits()
        })
    });
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// RCPPS, RSQRTPS xmm, xmm/m128. SDM Vol.2B "RCPPS", "RSQRTPS". No exceptions of numbers.
pub fn approximate_packed<R: Vectors, const ROOT: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, |source| source.map(approximate::<ROOT>))
}

/// RCPSS, RSQRTSS xmm, xmm/m32. SDM Vol.2B "RCPSS", "RSQRTSS". No exceptions of numbers.
pub fn approximate_scalar<R: Vectors, const ROOT: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source = cx.xmm_source_low(i)?;
    R::set_scalar(cx, i, approximate::<ROOT>(source));
    Ok(())
}

fn approximate<const ROOT: bool>(bits: u32) -> u32 {
    if ROOT { float::reciprocal_root(F32(bits)).0 } else { float::reciprocal(F32(bits)).0 }
}

/// Makes each lane of the destination of the first operand's and the source's lane; lanes have their number in 128 bits.
#[inline(always)]
pub(super) fn each_lane<R: Vectors, F: Native>(
    cx: &mut Exec<'_>,
    i: &Insn,
    act: impl Fn(&mut Lanes, usize, F, F) -> F,
) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let mut lanes = Lanes::new(cx);
    let result = combine::<R>(R::first(cx, i), source, |_, destination, source| {
        u128::from_lanes(|number| {
            let (a, b) = (F::of(destination.lane(number)), F::of(source.lane(number)));
            act(&mut lanes, number, a, b).bits()
        })
    });
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// Makes the lowest lane of the destination of the first operand's and the source.
#[inline(always)]
pub(super) fn low_lane<R: Vectors, F: Native>(
    cx: &mut Exec<'_>,
    i: &Insn,
    act: impl Fn(&mut Lanes, F, F) -> F,
) -> Step {
    R::require(cx)?;
    let source = F::of(cx.xmm_source_low(i)?);
    let first = F::of(R::first(cx, i).as_ref()[0].lane(0));
    let mut lanes = Lanes::new(cx);
    let result = act(&mut lanes, first, source);
    lanes.end(cx)?;
    R::set_scalar(cx, i, result.bits());
    Ok(())
}
