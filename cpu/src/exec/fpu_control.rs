//! Control instructions of the floating-point unit. SDM Vol.2A "FINIT/FNINIT", "FLDCW", "FSTCW/FNSTCW",
//! "FSTSW/FNSTSW", "FCLEX/FNCLEX", Vol.2D "WAIT/FWAIT".

use super::Exec;
use crate::exception::Step;
use crate::insn::Insn;
use crate::site::Site;
use crate::state::{CR0_EM, CR0_MP, CR0_NE, CR0_TS};

/// #NM while CR0.EM or CR0.TS is set.
fn require_available(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr0 & (CR0_EM | CR0_TS) == 0, Site::DeviceNotAvailable, 0)
}

/// #MF for a waiting instruction while an unmasked exception is pending and CR0.NE is set.
pub(super) fn require_no_error(cx: &Exec<'_>) -> Step {
    let raised = cx.cpu.fpu.error_pending() && cx.cpu.cr0 & CR0_NE != 0;
    cx.require(!raised, Site::FpuError, 0)
}

/// WAIT. Faults: #NM if MP and TS, #MF.
pub fn wait(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let held = cx.cpu.cr0 & (CR0_MP | CR0_TS) == CR0_MP | CR0_TS;
    cx.require(!held, Site::DeviceNotAvailable, 0)?;
    require_no_error(cx)
}

/// Floating-point arithmetic: #NM by CR0; otherwise it comes in a later stage and is #UD here.
pub fn arithmetic(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_available(cx)?;
    super::undefined(cx, i)
}

/// FLDCW m16. Faults: operand access, #NM, #MF.
pub fn fldcw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if !i.is_memory() {
        return arithmetic(cx, i);
    }
    require_available(cx)?;
    require_no_error(cx)?;
    let value = cx.dst(i)?;
    cx.cpu.fpu.load_control(value);
    Ok(())
}

/// FNSTCW m16. Faults: operand access, #NM.
pub fn fnstcw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if !i.is_memory() {
        return arithmetic(cx, i);
    }
    require_available(cx)?;
    cx.set_dst(i, cx.cpu.fpu.control)
}

/// DB /4 with a register: FNENI, FNDISI, FNCLEX, FNINIT, FNSETPM by the rm field. Faults: #NM.
pub fn db_group_4(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if i.is_memory() {
        return arithmetic(cx, i);
    }
    require_available(cx)?;
    match i.dst {
        // FNENI and FNDISI of the 8087, FNSETPM of the 287: nothing happens.
        0 | 1 | 4 => Ok(()),
        2 => {
            cx.cpu.fpu.clear_exceptions();
            Ok(())
        }
        3 => {
            cx.cpu.fpu.initialise();
            Ok(())
        }
        _ => arithmetic(cx, i),
    }
}

/// FNSTSW m16. Faults: operand access, #NM.
pub fn fnstsw_memory(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if !i.is_memory() {
        return arithmetic(cx, i);
    }
    require_available(cx)?;
    cx.set_dst(i, cx.cpu.fpu.status)
}

/// FNSTSW AX. Faults: #NM.
pub fn fnstsw_ax(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if i.is_memory() || i.dst != 0 {
        return arithmetic(cx, i);
    }
    require_available(cx)?;
    cx.set_reg::<u16>(0, cx.cpu.fpu.status);
    Ok(())
}
