//! MONITOR and MWAIT. SDM Vol.3A 9.10.4 "MONITOR/MWAIT Instruction", Vol.2B "MONITOR", "MWAIT".
//!
//! The wait ends at the next event of any device, since it may have stored to the monitored line: waking too early is
//! always allowed.

use super::Exec;
use super::system::{AX, CX};
use crate::exception::Step;
use crate::insn::Insn;
use crate::site::Site;
use crate::state::Activity;

/// ECX of MWAIT, bit 0: interrupts wake the processor even while IF is clear.
const MASKED_INTERRUPTS: u32 = 1;

/// #UD at CPL above 0, and where IA32_MISC_ENABLE has switched the instructions off.
fn require_monitor(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.msrs.monitor_enabled() && cx.cpu.cpl == 0, Site::MonitorPrivilege, 0)
}

/// MONITOR: watches the line at DS:rAX. ECX has no extensions, EDX no hints. Faults: #UD at CPL above 0, #GP(0) for
/// extensions, those of a byte load.
pub fn monitor(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_monitor(cx)?;
    cx.require(cx.reg::<u32>(CX) == 0, Site::MonitorExtensions, 0)?;
    let offset = cx.address_reg(i, AX);
    cx.load::<u8>(i.segment(), offset)?;
    cx.cpu.monitor_armed = true;
    Ok(())
}

/// MWAIT: waits unless something happened since MONITOR. EAX has hints only. Faults: #UD at CPL above 0, #GP(0) for
/// unknown extensions.
pub fn mwait(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_monitor(cx)?;
    let extensions = cx.reg::<u32>(CX);
    cx.require(extensions & !MASKED_INTERRUPTS == 0, Site::MonitorExtensions, 0)?;
    if std::mem::take(&mut cx.cpu.monitor_armed) {
        cx.cpu.activity = Activity::Waiting { masked: extensions & MASKED_INTERRUPTS != 0 };
    }
    cx.leave();
    Ok(())
}
