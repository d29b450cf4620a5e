//! Shifts and rotates. SDM Vol.1 7.3.6 "Shift and Rotate Instructions". Counts, and the flags that the manual leaves
//! undefined, are explained in [`crate::value`].
//!
//! A memory destination is written, and must be writable, even if the masked count is zero.

use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{CF, OF};
use crate::insn::Insn;
use crate::model::Model;
use crate::value;
use crate::width::Width;

/// Register number of CL.
const CL: u8 = 1;

/// What shifts an operand: value, unmasked count and flags before; result and flags after.
type Shift<W> = fn(W, u8, u32) -> (W, u32);

/// ROL r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "RCL/RCR/ROL/ROR". Flags: CF, OF (undefined for a count above 1).
/// Faults: operand access.
pub fn rol<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    rotate(cx, i, value::rol::<W>, value::overflow_of_left_rotation)
}

/// ROR r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "RCL/RCR/ROL/ROR". Flags: CF, OF (undefined for a count above 1).
/// Faults: operand access.
pub fn ror<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    rotate(cx, i, value::ror::<W>, value::overflow_of_right_rotation)
}

/// RCL r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "RCL/RCR/ROL/ROR". Flags: CF, OF (undefined for a count above 1).
/// Faults: operand access.
pub fn rcl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    rotate(cx, i, value::rcl::<W>, value::overflow_of_left_rotation)
}

/// RCR r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "RCL/RCR/ROL/ROR". Flags: CF, OF (undefined for a count above 1).
/// Faults: operand access.
pub fn rcr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    rotate(cx, i, value::rcr::<W>, value::overflow_of_right_rotation)
}

/// SHL and SAL r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "SAL/SAR/SHL/SHR". Flags: CF SF ZF PF, OF (undefined for a count
/// above 1), AF undefined (cleared). Faults: operand access.
pub fn shl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    shift(cx, i, value::shl::<W>)
}

/// SHR r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "SAL/SAR/SHL/SHR". Flags: CF SF ZF PF, OF (undefined for a count
/// above 1), AF undefined (cleared). Faults: operand access.
pub fn shr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    shift(cx, i, value::shr::<W>)
}

/// SAR r/m, 1; r/m, CL; r/m, imm8. SDM Vol.2B "SAL/SAR/SHL/SHR". Flags: CF SF ZF PF, OF (undefined for a count
/// above 1), AF undefined (cleared). Faults: operand access.
pub fn sar<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    shift(cx, i, value::sar::<W>)
}

#[inline(always)]
fn shift<W: Width>(cx: &mut Exec<'_>, i: &Insn, act: Shift<W>) -> Step {
    let count = cx.src(i)?;
    let a = cx.read_dst_for_update(i)?;
    let (result, flags) = act(a, count, cx.cpu.flags.bits());
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// The 386 takes OF of a rotation by more than one bit from the result (the reference output of test386.asm); the
/// default is the measured rule of [`value`].
#[inline(always)]
fn rotate<W: Width>(cx: &mut Exec<'_>, i: &Insn, act: Shift<W>, overflow: fn(W, bool) -> bool) -> Step {
    let before = cx.cpu.flags;
    if cx.cpu.model != Model::I386 {
        return shift(cx, i, act);
    }
    let count = cx.src::<u8>(i)?;
    let a = cx.read_dst_for_update(i)?;
    let (result, flags) = act(a, count, before.bits());
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    if count & 31 != 0 {
        cx.cpu.flags.set(OF, overflow(result, flags & CF != 0));
    }
    Ok(())
}

/// What shifts an operand and fills it from another one.
type DoubleShift<W> = fn(W, W, u8, u32) -> (W, u32);

/// SHLD r/m, r, imm8. SDM Vol.2B "SHLD". Flags: CF SF ZF PF, OF (undefined for a count above 1), AF undefined
/// (cleared). Faults: operand access.
pub fn shld_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    double_shift(cx, i, i.imm as u8, value::shld::<W>)
}

/// SHLD r/m, r, CL. SDM Vol.2B "SHLD". Flags: as with an immediate. Faults: operand access.
pub fn shld_cl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    double_shift(cx, i, cx.reg(CL), value::shld::<W>)
}

/// SHRD r/m, r, imm8. SDM Vol.2B "SHRD". Flags: CF SF ZF PF, OF (undefined for a count above 1), AF undefined
/// (cleared). Faults: operand access.
pub fn shrd_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    double_shift(cx, i, i.imm as u8, value::shrd::<W>)
}

/// SHRD r/m, r, CL. SDM Vol.2B "SHRD". Flags: as with an immediate. Faults: operand access.
pub fn shrd_cl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    double_shift(cx, i, cx.reg(CL), value::shrd::<W>)
}

#[inline(always)]
fn double_shift<W: Width>(cx: &mut Exec<'_>, i: &Insn, count: u8, act: DoubleShift<W>) -> Step {
    let (a, source) = cx.read_for_update(i)?;
    let (result, flags) = act(a, source, count, cx.cpu.flags.bits());
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}
