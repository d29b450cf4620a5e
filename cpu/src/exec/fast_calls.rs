//! Fast system calls. SDM Vol.3A 5.8.7 "Performing Fast Calls to System Procedures with the SYSENTER and SYSEXIT
//! Instructions", 5.8.8 "Fast System Calls in 64-Bit Mode".

use super::Exec;
use super::system::{CX, DX};
use crate::debug::DR6_BS;
use crate::exception::Step;
use crate::flags::{Eflags, IF, RF, TF, VM};
use crate::insn::Insn;
use crate::model::Feature;
use crate::segment::{SegReg, Segment, Selector};
use crate::site::Site;
use crate::state::EFER_SCE;

/// Register numbers of ESP and R11.
const SP: u8 = 4;
pub(crate) const R11: u8 = 11;

/// A flat segment as SYSENTER and SYSEXIT load it.
pub(crate) fn flat(selector: u16, rights: u32) -> Segment {
    Segment { selector: Selector(selector), base: 0, limit: u32::MAX, rights }
}

/// Rights of the segments that SYSENTER, SYSEXIT, SYSCALL and SYSRET load: code of 64 or 32 bits, data; DPL 0.
pub(crate) const CODE_64: u32 = 0xA09B;
pub(crate) const CODE_32: u32 = 0xC09B;
pub(crate) const DATA: u32 = 0xC093;
/// DPL 3 in such rights.
pub(crate) const USER: u32 = 0x60;

/// The vendors differ in whether SYSENTER and SYSEXIT exist in long mode. AMD APM Vol.3 "SYSENTER".
fn require_sysenter(cx: &Exec<'_>) -> Step {
    let missing = cx.cpu.long_mode() && cx.cpu.features.has(Feature::AmdFastCalls);
    cx.require(!missing, Site::UndefinedForModel, 0)
}

/// SYSENTER. SDM Vol.2B "SYSENTER". Faults: #GP(0) in real mode or with a null IA32_SYSENTER_CS.
pub fn sysenter(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_sysenter(cx)?;
    let cs = cx.cpu.msrs.sysenter_cs as u16;
    cx.require(cx.cpu.protected() && cs & !3 != 0, Site::SysenterTarget, 0)?;
    let long = cx.cpu.long_mode();
    cx.cpu.flags.set(VM | IF | RF, false);
    cx.set_segment(SegReg::Cs, flat(cs & !3, if long { CODE_64 } else { CODE_32 }));
    cx.set_segment(SegReg::Ss, flat((cs & !3).wrapping_add(8), DATA));
    let mask = if long { u64::MAX } else { 0xFFFF_FFFF };
    cx.set_reg::<u64>(SP, cx.cpu.msrs.sysenter_esp & mask);
    cx.next_rip = cx.cpu.msrs.sysenter_eip & mask;
    cx.set_cpl(0);
    Ok(())
}

/// SYSEXIT; with REX.W to 64-bit code. SDM Vol.2B "SYSEXIT". Faults: #GP(0) in real mode, at CPL above 0, with a null
/// IA32_SYSENTER_CS, or to a place that is not canonical.
pub fn sysexit(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_sysenter(cx)?;
    let cs = cx.cpu.msrs.sysenter_cs as u16;
    cx.require(cx.cpu.protected() && cs & !3 != 0, Site::SysenterTarget, 0)?;
    cx.require_privileged()?;
    let wide = cx.operand_64(i);
    let mask = if wide { u64::MAX } else { 0xFFFF_FFFF };
    let (pointer, target) = (cx.reg::<u64>(CX) & mask, cx.reg::<u64>(DX) & mask);
    let canonical = !wide || cx.cpu.is_canonical(pointer) && cx.cpu.is_canonical(target);
    cx.require(canonical, Site::BranchCanonical, 0)?;
    let (code, code_at, stack_at) = if wide { (CODE_64, 32, 40) } else { (CODE_32, 16, 24) };
    cx.set_segment(SegReg::Cs, flat((cs & !3).wrapping_add(code_at) | 3, code | USER));
    cx.set_segment(SegReg::Ss, flat((cs & !3).wrapping_add(stack_at) | 3, DATA | USER));
    cx.set_reg::<u64>(SP, pointer);
    cx.next_rip = target;
    cx.set_cpl(3);
    Ok(())
}

/// SYSCALL. SDM Vol.2B "SYSCALL"; AMD APM Vol.3 "SYSCALL". Faults: #UD with IA32_EFER.SCE clear, and outside 64-bit code
/// where the vendor has it there only.
pub fn syscall(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_syscall(cx)?;
    let star = (cx.cpu.msrs.star >> 32) as u16;
    let (cs, ss) = (star & !3, (star & !3).wrapping_add(8));
    let was_64 = cx.cpu.code_is_64();
    if cx.cpu.long_mode() {
        let target = if was_64 { cx.cpu.msrs.lstar } else { cx.cpu.msrs.cstar };
        cx.set_reg::<u64>(CX, cx.next_rip);
        cx.set_reg::<u64>(R11, cx.cpu.flags.bits().into());
        // FMASK never clears bit 1.
        let cleared = cx.cpu.msrs.fmask as u32 | RF;
        // A single-step trap comes only if the mask leaves TF: measured.
        cx.skip_single_step = cleared & TF != 0;
        cx.cpu.flags.replace(cleared, 0);
        cx.set_segment(SegReg::Cs, flat(cs, CODE_64));
        cx.next_rip = target;
    } else {
        cx.set_reg::<u32>(CX, cx.next_rip as u32);
        cx.cpu.flags.set(VM | IF | RF, false);
        cx.set_segment(SegReg::Cs, flat(cs, CODE_32));
        cx.next_rip = cx.cpu.msrs.star & 0xFFFF_FFFF;
    }
    cx.set_segment(SegReg::Ss, flat(ss, DATA));
    cx.set_cpl(0);
    Ok(())
}

/// SYSRET; with REX.W to 64-bit code. SDM Vol.2B "SYSRET"; AMD APM Vol.3 "SYSRET". Faults: as SYSCALL; #GP(0) at CPL above
/// 0, in real mode, and for a target that is not canonical. That one the vendors raise at different privilege levels.
pub fn sysret(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_syscall(cx)?;
    cx.require(cx.cpu.protected(), Site::Privileged, 0)?;
    cx.require_privileged()?;
    let wide = cx.operand_64(i);
    let target = if wide { cx.reg::<u64>(CX) } else { cx.reg::<u32>(CX).into() };
    let checked = !cx.cpu.features.has(Feature::AmdSysret);
    cx.require(!checked || cx.cpu.is_canonical(target), Site::BranchCanonical, 0)?;
    let star = (cx.cpu.msrs.star >> 48) as u16;
    let (cs, code) = if wide { (star.wrapping_add(16), CODE_64) } else { (star, CODE_32) };
    if cx.cpu.long_mode() {
        let flags = cx.reg::<u64>(R11) as u32 & SYSRET_FLAGS;
        cx.cpu.flags = Eflags::from_bits(flags & cx.cpu.model.flags());
        // TF counts as it is behind the instruction: one that SYSRET brings traps before the first one at the target.
        cx.skip_single_step = !cx.cpu.flags.has(TF);
        if cx.cpu.flags.has(TF) {
            cx.cpu.pending_debug |= DR6_BS;
            cx.leave();
        }
    } else {
        cx.cpu.flags.set(IF, true);
    }
    cx.set_segment(SegReg::Cs, flat(cs | 3, code | USER));
    let stack = flat(star.wrapping_add(8) | 3, DATA | USER);
    // One vendor leaves all but the selector of SS alone. AMD APM Vol.3 "SYSRET".
    let kept = Segment { selector: stack.selector, ..*cx.cpu.seg(SegReg::Ss) };
    cx.set_segment(SegReg::Ss, if checked { stack } else { kept });
    cx.next_rip = target;
    cx.set_cpl(3);
    Ok(())
}

/// The flags that SYSRET takes from R11: all but RF and VM.
pub(crate) const SYSRET_FLAGS: u32 = 0x003C_7FD7;

fn require_syscall(cx: &Exec<'_>) -> Step {
    let anywhere = cx.cpu.features.has(Feature::AmdFastCalls);
    let exists = cx.cpu.code_is_64() || anywhere;
    cx.require(exists && cx.cpu.msrs.efer & EFER_SCE != 0, Site::SyscallDisabled, 0)
}
