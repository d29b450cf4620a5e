//! Control instructions. SDM Vol.2A "FINIT/FNINIT", "FCLEX/FNCLEX", "FLDCW", "FSTCW/FNSTCW", "FSTSW/FNSTSW".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;

/// FNINIT.
pub fn fninit(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.fpu.initialise();
    Ok(())
}

/// FNCLEX.
pub fn fnclex(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.fpu.clear_exceptions();
    Ok(())
}

/// FNENI and FNDISI of the 8087, FNSETPM of the 287: nothing happens. SDM Vol.3B 22.18.9 "Obsolete Instructions and
/// Undefined Opcodes".
pub fn ignored(_: &mut Exec<'_>, _: &Insn) -> Step {
    Ok(())
}

/// FLDCW m16. Faults: operand access.
pub fn fldcw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value = cx.load(i.segment(), cx.effective_address(i))?;
    cx.cpu.fpu.load_control(value);
    Ok(())
}

/// FNSTCW m16. Faults: operand access.
pub fn fnstcw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.store(i.segment(), cx.effective_address(i), cx.cpu.fpu.control)
}

/// FNSTSW m16. Faults: operand access.
pub fn fnstsw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.store(i.segment(), cx.effective_address(i), cx.cpu.fpu.status)
}

/// FNSTSW AX.
pub fn fnstsw_ax(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.set_reg::<u16>(0, cx.cpu.fpu.status);
    Ok(())
}
