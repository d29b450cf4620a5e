//! What comes before an instruction: is the unit there, and is an error pending.
//! SDM Vol.3A 2.5 "Control Registers" (EM, MP, NE, TS), Vol.1 8.7 "Handling x87 FPU Exceptions in Software",
//! Vol.2D "WAIT/FWAIT".

use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::fpu::FarPointer;
use crate::insn::Insn;
use crate::segment::SegReg;
use crate::site::Site;
use crate::state::{CR0_EM, CR0_MP, CR0_NE, CR0_TS};

/// Runs a waiting instruction that is remembered as the last one. Faults: #NM, #MF.
#[inline(always)]
pub fn waiting(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    if cx.cpu.cr0 & (CR0_EM | CR0_TS) != 0 || cx.cpu.fpu.error_pending() {
        return held(cx, i, |cx, i| run(cx, i, act));
    }
    run(cx, i, act)
}

/// Runs a waiting control instruction: the last instruction stays what it was. SDM Vol.1 8.1.8 "x87 FPU Instruction and
/// Data (Operand) Pointers". Faults: #NM, #MF.
pub fn control(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    held(cx, i, |cx, i| control_run(cx, i, act))
}

/// Runs a control instruction that does not wait. Faults: #NM.
pub fn non_waiting(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    require_available(cx)?;
    control_run(cx, i, act)
}

/// WAIT. Faults: #NM if MP and TS, #MF.
pub fn wait(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let held = cx.cpu.cr0 & (CR0_MP | CR0_TS) == CR0_MP | CR0_TS;
    cx.require(!held, Site::DeviceNotAvailable, 0)?;
    if cx.cpu.fpu.error_pending() {
        error(cx)?;
    }
    Ok(())
}

/// An escape opcode that is nothing. Faults: #NM, #UD.
pub fn reserved(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_available(cx)?;
    crate::exec::undefined(cx, i)
}

/// #NM while CR0.EM or CR0.TS is set.
pub(super) fn require_available(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr0 & (CR0_EM | CR0_TS) == 0, Site::DeviceNotAvailable, 0)
}

#[inline(always)]
fn run(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    act(cx, i)?;
    let selector = |reg: SegReg, cx: &Exec<'_>| cx.cpu.seg(reg).selector.0;
    cx.cpu.fpu.instruction = FarPointer { offset: cx.cpu.rip, selector: selector(SegReg::Cs, cx) };
    cx.cpu.fpu.opcode = i.imm as u16;
    if i.is_memory() {
        let offset = cx.effective_address(i);
        cx.cpu.fpu.operand = FarPointer { offset, selector: selector(i.segment(), cx) };
    }
    Ok(())
}

#[cold]
fn held(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    require_available(cx)?;
    if cx.cpu.fpu.error_pending() && error(cx)? == Hold::Wait {
        return Ok(());
    }
    act(cx, i)
}

/// #MF for an instruction of another unit on the same registers.
pub(in crate::exec) fn require_no_error(cx: &Exec<'_>) -> Step {
    let raised = cx.cpu.fpu.error_pending() && cx.cpu.cr0 & CR0_NE != 0;
    cx.require(!raised, Site::FpuError, 0)
}

/// What a pending error does to a waiting instruction.
#[derive(PartialEq)]
enum Hold {
    /// It is executed all the same.
    Ignore,
    /// It waits for an interrupt.
    Wait,
}

/// #MF while CR0.NE is set. Otherwise FERR# is asserted, and the processor waits for an interrupt unless IGNNE# is: each
/// attempt takes a cycle and retires nothing. SDM Vol.1 8.7.2 "MS-DOS Compatibility Sub-mode".
#[cold]
fn error(cx: &mut Exec<'_>) -> Result<Hold, Exception> {
    cx.require(cx.cpu.cr0 & CR0_NE == 0, Site::FpuError, 0)?;
    cx.on_bus(|bus, bus_cx| bus.floating_point_error(true, bus_cx));
    if cx.bus.signals().ignore_error {
        return Ok(Hold::Ignore);
    }
    cx.next_rip = cx.cpu.rip;
    cx.unfinished = true;
    cx.leave();
    Ok(Hold::Wait)
}

/// Runs a control instruction; FERR# falls if it leaves no error pending.
fn control_run(cx: &mut Exec<'_>, i: &Insn, act: impl FnOnce(&mut Exec<'_>, &Insn) -> Step) -> Step {
    let pending = cx.cpu.fpu.error_pending();
    act(cx, i)?;
    if pending && !cx.cpu.fpu.error_pending() {
        cx.on_bus(|bus, bus_cx| bus.floating_point_error(false, bus_cx));
    }
    Ok(())
}
