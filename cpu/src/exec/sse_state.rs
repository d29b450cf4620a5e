//! MXCSR, fences and hints about caches. SDM Vol.1 10.4.3 "SSE State Management Instructions", 10.4.6 "SSE Cacheability
//! Control, Prefetch, and Memory Ordering Instructions".

use ringwalk_mmu::Access;

use super::Exec;
use super::simd::Vectors;
use crate::exception::Step;
use crate::insn::Insn;
use crate::site::Site;
use crate::vector::MXCSR_MASK;

/// LDMXCSR m32. SDM Vol.2A "LDMXCSR": flags that become set and unmasked raise nothing. Faults: #UD, #NM, operand
/// access, #GP(0) for a reserved bit.
pub fn ldmxcsr<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: u32 = cx.load(i.segment(), cx.effective_address(i))?;
    cx.require(value & !MXCSR_MASK == 0, Site::MxcsrReserved, 0)?;
    cx.cpu.vector.mxcsr = value;
    Ok(())
}

/// STMXCSR m32. SDM Vol.2C "STMXCSR". Faults: #UD, #NM, operand access.
pub fn stmxcsr<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    cx.store(i.segment(), cx.effective_address(i), cx.cpu.vector.mxcsr)
}

/// LFENCE, MFENCE, SFENCE: accesses are made in order anyway. SDM Vol.2A "LFENCE", Vol.2B "MFENCE", Vol.2C "SFENCE".
/// Faults: none.
pub fn fence(_: &mut Exec<'_>, _: &Insn) -> Step {
    Ok(())
}

/// CLFLUSH m8 and its kin: there is no cache; the address is checked as for a load of a byte. SDM Vol.2A "CLFLUSH".
/// Faults: operand access.
pub fn clflush(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let addr = cx.checked(i.segment(), cx.effective_address(i), 1, Access::Read)?;
    cx.translate(addr, Access::Read, cx.class())?;
    Ok(())
}
