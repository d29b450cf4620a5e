//! Instructions that only MMX registers have. SDM Vol.1 9 "Programming with Intel MMX Technology", 10.4.5 "SSE 64-Bit
//! SIMD Integer Instructions".
//!
//! Flags: none. Faults of all: #UD, #NM, #MF, operand access.

use super::Exec;
use super::simd::{Mmx, Registers};
use crate::exception::Step;
use crate::insn::Insn;

/// EMMS. SDM Vol.2A "EMMS". Faults: #UD, #NM, #MF.
pub fn emms(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_mmx()?;
    cx.cpu.fpu.empty_mmx();
    Ok(())
}

/// MOVQ mm, mm/m64. SDM Vol.2B "MOVQ".
pub fn movq_load(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx()?;
    let [value] = Mmx::source(cx, i)?;
    cx.cpu.fpu.enter_mmx();
    cx.cpu.fpu.set_mmx(i.dst, value);
    Ok(())
}

/// MOVQ mm/m64, mm; MOVNTQ m64, mm. SDM Vol.2B "MOVQ", "MOVNTQ".
pub fn movq_store(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx()?;
    let value = cx.cpu.fpu.mmx(i.src);
    if i.is_memory() {
        cx.store(i.segment(), cx.effective_address(i), value)?;
        cx.cpu.fpu.enter_mmx();
    } else {
        cx.cpu.fpu.enter_mmx();
        cx.cpu.fpu.set_mmx(i.dst, value);
    }
    Ok(())
}

/// MASKMOVQ mm, mm: the bytes whose mask is set go to DS:rDI. SDM Vol.2B "MASKMOVQ".
pub fn maskmovq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx()?;
    let (value, mask) = (cx.cpu.fpu.mmx(i.dst), cx.cpu.fpu.mmx(i.src));
    cx.store_masked(i, value, mask)?;
    cx.cpu.fpu.enter_mmx();
    Ok(())
}

/// MOVDQ2Q mm, xmm. SDM Vol.2B "MOVDQ2Q".
pub fn movdq2q(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx_and_xmm()?;
    cx.cpu.fpu.enter_mmx();
    cx.cpu.fpu.set_mmx(i.dst, cx.cpu.vector.low(i.src));
    Ok(())
}

/// MOVQ2DQ xmm, mm: the upper half is cleared. SDM Vol.2B "MOVQ2DQ".
pub fn movq2dq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx_and_xmm()?;
    cx.cpu.fpu.enter_mmx();
    cx.cpu.vector.set_xmm(i.dst, u128::from(cx.cpu.fpu.mmx(i.src)));
    Ok(())
}
