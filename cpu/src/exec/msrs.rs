//! RDMSR and WRMSR. SDM Vol.2B "RDMSR", Vol.2D "WRMSR". Most registers are [`crate::msr`]'s; those that are part of
//! something else, or change it, are here.

use super::Exec;
use super::system::{AX, CX, DX};
use crate::event::Event;
use crate::exception::Step;
use crate::insn::Insn;
use crate::model::Feature;
use crate::msr::{EFER, FS_BASE, GS_BASE, MISC_ENABLE, exists, holds_address};
use crate::msr_amd::starts_counter;
use crate::segment::{SegReg, Segment};
use crate::site::Site;
use crate::state::{CR0_PG, EFER_LMA, EFER_LME, EFER_NXE, EFER_SCE};

/// RDMSR. Faults: #GP(0) at CPL above 0 or for a register that does not exist.
pub fn rdmsr(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    let number = cx.reg::<u32>(CX);
    if let Some(value) = cx.read_apic_msr(number) {
        let value = value.map_err(|_| cx.fault(Site::MsrValue, 0))?;
        cx.set_edx_eax(value);
        return Ok(());
    }
    let value = match number {
        FS_BASE | GS_BASE if exists(number, cx.cpu.features) => Some(cx.cpu.seg(base_register(number)).base),
        _ => cx.cpu.msrs.read(number, cx.machine_tsc(), cx.cpu.features),
    };
    match value {
        Some(value) => {
            cx.set_edx_eax(value);
            Ok(())
        }
        None => {
            cx.hot.notes.add(format!("read of model-specific register {number:08x}h"));
            Err(cx.fault(Site::UnknownMsr, 0))
        }
    }
}

const fn base_register(number: u32) -> SegReg {
    if number == FS_BASE { SegReg::Fs } else { SegReg::Gs }
}

/// WRMSR. Faults: #GP(0) at CPL above 0, for a register that does not exist or a value it refuses.
pub fn wrmsr(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    let number = cx.reg::<u32>(CX);
    let value = u64::from(cx.reg::<u32>(DX)) << 32 | u64::from(cx.reg::<u32>(AX));
    if let Some(done) = cx.write_apic_msr(number, value) {
        return done.map_err(|_| cx.fault(Site::MsrValue, 0));
    }
    let canonical = !cx.cpu.features.has(Feature::Lm) || !holds_address(number) || cx.cpu.is_canonical_base(value);
    cx.require(canonical, Site::MsrValue, 0)?;
    if exists(number, cx.cpu.features) {
        cx.tell(Event::Msr(number, value));
        match number {
            EFER => return write_efer(cx, value),
            FS_BASE | GS_BASE => {
                let reg = base_register(number);
                let segment = Segment { base: value, ..*cx.cpu.seg(reg) };
                cx.set_segment(reg, segment);
                return Ok(());
            }
            _ => (),
        }
    }
    let tsc = cx.machine_tsc();
    // A deadline waits for a value of the time-stamp counter, which may be what is written.
    cx.hot.bus_touched = true;
    let has = (cx.cpu.features, cx.cpu.model);
    match cx.cpu.msrs.write(number, value, tsc, has) {
        Some(true) => {
            if number == MISC_ENABLE {
                forget_translations(cx);
            }
            if starts_counter(number, value) {
                cx.hot.notes.add(format!("performance counter {} started: no event is counted", number & 3));
            }
            Ok(())
        }
        Some(false) => Err(cx.fault(Site::MsrValue, 0)),
        None => {
            cx.hot.notes.add(format!("write of model-specific register {number:08x}h"));
            Err(cx.fault(Site::UnknownMsr, 0))
        }
    }
}

/// What may be executed is another question now.
fn forget_translations(cx: &mut Exec<'_>) {
    cx.cpu.fetch_page = None;
    cx.flush_derived_translations();
    cx.leave();
}

/// IA32_EFER: LMA follows CR0.PG and cannot be written; LME cannot change while paging is on.
/// SDM Vol.3A 2.2.1 "Extended Feature Enable Register", 10.8.5 "Initializing IA-32e Mode".
fn write_efer(cx: &mut Exec<'_>, value: u64) -> Step {
    let gates = [(Feature::Syscall, EFER_SCE), (Feature::Lm, EFER_LME), (Feature::Nx, EFER_NXE)];
    let known =
        gates.iter().filter(|(feature, _)| cx.cpu.features.has(*feature)).fold(EFER_LMA, |all, (_, bit)| all | bit);
    let known = if cx.cpu.msrs.disables_nx() { known & !EFER_NXE } else { known };
    let old = cx.cpu.msrs.efer;
    let switches = (old ^ value) & EFER_LME != 0 && cx.cpu.cr0 & CR0_PG != 0;
    cx.require(value & !known == 0 && !switches, Site::MsrValue, 0)?;
    cx.cpu.msrs.efer = (value & !EFER_LMA) | (old & EFER_LMA);
    if (old ^ value) & EFER_NXE != 0 {
        forget_translations(cx);
    }
    Ok(())
}
