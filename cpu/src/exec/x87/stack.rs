//! Constants, exchange, and the register stack itself. SDM Vol.1 8.3.4 "Load Constant Instructions"; Vol.2A
//! "FLD1/FLDL2T/FLDL2E/FLDPI/FLDLG2/FLDLN2/FLDZ", "FXCH", "FFREE", "FINCSTP", "FDECSTP", "FNOP", "FCMOVcc".

use super::{Fault, push, stack_fault, underflow};
use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{CF, PF, ZF};
use crate::float::{Env, Extended, Format, Outcome, round};
use crate::fpu::C1;
use crate::insn::Insn;

/// A constant: exponent, and significand with its first bit on top.
type Constant = (i32, u128);
const LOG2_10: Constant = (1, 0xD49A_784B_CD1B_8AFE_492B_F6FF_4DAF_DB4D);
const LOG2_E: Constant = (0, 0xB8AA_3B29_5C17_F0BB_BE87_FED0_691D_3E89);
const PI: Constant = (1, 0xC90F_DAA2_2168_C234_C4C6_628B_80DC_1CD1);
const LOG10_2: Constant = (-2, 0x9A20_9A84_FBCF_F798_8F89_59AC_0B7C_9179);
const LN_2: Constant = (-1, 0xB172_17F7_D1CF_79AB_C9E3_B398_03F2_F6AF);

/// Pushes a constant, rounded by the rounding control to 64 bits; no flags.
fn push_constant(cx: &mut Exec<'_>, (exponent, significand): Constant) -> Step {
    let env = Env { rounding: cx.cpu.fpu.env().rounding, ..Env::default() };
    let value: Extended = round(false, exponent, significand, &env).value;
    push(&mut cx.cpu.fpu, Outcome::exact(value));
    Ok(())
}

/// FLD1.
pub fn fld1(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, (0, 1 << 127))
}

/// FLDL2T.
pub fn fldl2t(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, LOG2_10)
}

/// FLDL2E.
pub fn fldl2e(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, LOG2_E)
}

/// FLDPI.
pub fn fldpi(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, PI)
}

/// FLDLG2.
pub fn fldlg2(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, LOG10_2)
}

/// FLDLN2.
pub fn fldln2(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push_constant(cx, LN_2)
}

/// FLDZ.
pub fn fldz(cx: &mut Exec<'_>, _: &Insn) -> Step {
    push(&mut cx.cpu.fpu, Outcome::exact(Extended::zero(false)));
    Ok(())
}

/// FXCH ST(i): registers that are empty become the indefinite.
#[inline(always)]
pub fn fxch(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let other = usize::from(i.dst);
    let fpu = &mut cx.cpu.fpu;
    if fpu.exchange(other) {
        return Ok(());
    }
    let empty = [fpu.is_empty(0), fpu.is_empty(other)];
    if !stack_fault(fpu, Fault::Underflow) {
        return Ok(());
    }
    for (number, empty) in [0, other].into_iter().zip(empty) {
        if empty {
            fpu.set_st(number, Extended::indefinite());
        }
    }
    let (top, other_value) = (fpu.st(0), fpu.st(other));
    fpu.set_st(0, other_value);
    fpu.set_st(other, top);
    Ok(())
}

/// FFREE ST(i). C1 is cleared (measured).
pub fn ffree(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.cpu.fpu.status &= !C1;
    let physical = cx.cpu.fpu.physical(usize::from(i.dst));
    cx.cpu.fpu.occupied &= !(1 << physical);
    Ok(())
}

/// FFREEP ST(i): FFREE and pop. Not in Intel's manual; since the 287. AMD APM Vol.5 has it as "FFREEP".
pub fn ffreep(cx: &mut Exec<'_>, i: &Insn) -> Step {
    ffree(cx, i)?;
    cx.cpu.fpu.pop();
    Ok(())
}

/// FINCSTP.
pub fn fincstp(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    fpu.status &= !C1;
    fpu.set_top(fpu.top() + 1);
    Ok(())
}

/// FDECSTP.
pub fn fdecstp(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    fpu.status &= !C1;
    fpu.set_top(fpu.top().wrapping_sub(1));
    Ok(())
}

/// FNOP.
pub fn fnop(_: &mut Exec<'_>, _: &Insn) -> Step {
    Ok(())
}

/// FCMOVcc ST(0), ST(i). C1 changes only on a stack fault.
fn fcmov(cx: &mut Exec<'_>, i: &Insn, holds: bool) -> Step {
    let source = usize::from(i.dst);
    let fpu = &mut cx.cpu.fpu;
    if fpu.is_empty(0) || fpu.is_empty(source) {
        underflow(fpu, 0);
        return Ok(());
    }
    if holds {
        fpu.set_st(0, fpu.st(source));
    }
    Ok(())
}

/// FCMOVB.
pub fn fcmovb(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, cx.cpu.flags.has(CF))
}

/// FCMOVE.
pub fn fcmove(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, cx.cpu.flags.has(ZF))
}

/// FCMOVBE.
pub fn fcmovbe(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, cx.cpu.flags.has(CF | ZF))
}

/// FCMOVU.
pub fn fcmovu(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, cx.cpu.flags.has(PF))
}

/// FCMOVNB.
pub fn fcmovnb(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, !cx.cpu.flags.has(CF))
}

/// FCMOVNE.
pub fn fcmovne(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, !cx.cpu.flags.has(ZF))
}

/// FCMOVNBE.
pub fn fcmovnbe(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, !cx.cpu.flags.has(CF | ZF))
}

/// FCMOVNU.
pub fn fcmovnu(cx: &mut Exec<'_>, i: &Insn) -> Step {
    fcmov(cx, i, !cx.cpu.flags.has(PF))
}
