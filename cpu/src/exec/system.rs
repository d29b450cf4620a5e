//! System instructions: HLT, CLI, STI, CPUID, time stamps, caches and translations.
//! SDM Vol.3A 2.8 "System Instruction Summary"; Vol.2 under each name.

use ringwalk_mmu::LinAddr;

use super::Exec;
use crate::exception::{Exception, Step};
use crate::flags::{AC, CF, IF, VIF, VIP};
use crate::insn::Insn;
use crate::model::Feature;
use crate::segment::{SegReg, Segment};
use crate::site::Site;
use crate::state::*;
use crate::width::Width;

/// EAX, ECX, EDX, EBX.
pub(super) const AX: u8 = 0;
pub(super) const CX: u8 = 1;
pub(super) const DX: u8 = 2;
const BX: u8 = 3;

impl Exec<'_> {
    /// The time-stamp counter before adjustment: machine time.
    pub(super) fn machine_tsc(&self) -> u64 {
        self.now().0
    }

    pub(super) fn set_edx_eax(&mut self, value: u64) {
        self.set_reg::<u32>(AX, value as u32);
        self.set_reg::<u32>(DX, (value >> 32) as u32);
    }
}

/// HLT. Faults: #GP(0) at CPL above 0.
pub fn hlt(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    cx.cpu.activity = Activity::Halted;
    cx.leave();
    Ok(())
}

/// The flag that CLI and STI work on: IF if CPL is at most IOPL, VIF where VME or PVI allow it, else #GP(0).
/// SDM Vol.2A "CLI" Table 3-7, Vol.2B "STI" Table 4-19.
fn interrupt_flag(cx: &Exec<'_>) -> Result<u32, Exception> {
    if !cx.cpu.protected() || cx.cpu.cpl <= cx.cpu.flags.iopl() {
        return Ok(IF);
    }
    let extension = if cx.cpu.virtual_8086() { CR4_VME } else { CR4_PVI };
    let virtualised = cx.cpu.cpl == 3 && cx.cpu.cr4 & extension != 0;
    cx.require(virtualised, Site::InterruptFlagPrivilege, 0)?;
    Ok(VIF)
}

/// CLI. Flags: IF. Faults: #GP(0) at CPL above IOPL.
pub fn cli(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let flag = interrupt_flag(cx)?;
    cx.cpu.flags.set(flag, false);
    Ok(())
}

/// STI: interrupts open behind the next instruction, if they were shut. Flags: IF. Faults: #GP(0) at CPL above IOPL.
pub fn sti(cx: &mut Exec<'_>, _: &Insn) -> Step {
    if interrupt_flag(cx)? == VIF {
        cx.require(!cx.cpu.flags.has(VIP), Site::VirtualInterrupt, 0)?;
        cx.cpu.flags.set(VIF, true);
        return Ok(());
    }
    if !cx.cpu.flags.has(IF) {
        cx.cpu.flags.set(IF, true);
        cx.cpu.shadow = Shadow::Sti;
        cx.leave();
    }
    Ok(())
}

/// CLTS. Faults: #GP(0) at CPL above 0.
pub fn clts(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    cx.cpu.cr0 &= !CR0_TS;
    Ok(())
}

/// INVD, WBINVD: there is no cache to see. Faults: #GP(0) at CPL above 0.
pub fn invd(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()
}

/// INVLPG m: the operand's segment is not checked. Faults: #GP(0) at CPL above 0.
pub fn invlpg(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_privileged()?;
    let addr: LinAddr = cx.linear_of(i.segment(), cx.effective_address(i));
    let lost = cx.cpu.tlb.drop_address(addr, cx.cpu.pcid());
    cx.cpu.fetch_page = None;
    cx.forget_translations(lost);
    // The next instruction is fetched anew, which may fill the TLB.
    cx.leave();
    Ok(())
}

/// UD2. Faults: #UD.
pub fn ud2(cx: &mut Exec<'_>, _: &Insn) -> Step {
    Err(cx.undefined(Site::UndefinedByUd2))
}

/// RSM outside system-management mode. Faults: #UD.
pub fn rsm(cx: &mut Exec<'_>, _: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined))
}

/// RDTSC. Faults: #GP(0) with CR4.TSD at CPL above 0.
pub fn rdtsc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require(cx.cpu.cr4 & CR4_TSD == 0 || cx.cpu.cpl == 0, Site::TimeStampDisable, 0)?;
    let value = cx.machine_tsc().wrapping_add(cx.cpu.msrs.tsc_adjust);
    cx.set_edx_eax(value);
    Ok(())
}

/// RDTSCP: IA32_TSC_AUX in ECX too. SDM Vol.2B "RDTSCP". Faults: as RDTSC.
pub fn rdtscp(cx: &mut Exec<'_>, i: &Insn) -> Step {
    rdtsc(cx, i)?;
    cx.set_reg::<u32>(CX, cx.cpu.msrs.tsc_aux as u32);
    Ok(())
}

/// RDPID r. SDM Vol.2B "RDPID". Faults: none.
pub fn rdpid(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.set_reg::<u32>(i.dst, cx.cpu.msrs.tsc_aux as u32);
    Ok(())
}

/// RDRAND and RDSEED r: always at hand. SDM Vol.2B "RDRAND", "RDSEED". Flags: CF set; OF SF ZF AF PF cleared.
/// Faults: none.
pub fn random<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value = cx.cpu.next_random();
    cx.set_dst(i, W::truncate(value))?;
    cx.cpu.flags.set_arith(CF);
    Ok(())
}

/// SWAPGS. SDM Vol.2B "SWAPGS". Faults: #UD outside 64-bit code, #GP(0) at CPL above 0.
pub fn swapgs(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    let gs = *cx.cpu.seg(SegReg::Gs);
    let base = std::mem::replace(&mut cx.cpu.msrs.kernel_gs_base, gs.base);
    cx.set_segment(SegReg::Gs, Segment { base, ..gs });
    Ok(())
}

/// #UD with CR4.FSGSBASE clear.
fn require_bases(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr4 & CR4_FSGSBASE != 0, Site::BasesDisabled, 0)
}

fn read_base<W: Width>(cx: &mut Exec<'_>, i: &Insn, reg: SegReg) -> Step {
    require_bases(cx)?;
    cx.set_dst(i, W::truncate(cx.cpu.seg(reg).base))
}

fn write_base<W: Width>(cx: &mut Exec<'_>, i: &Insn, reg: SegReg) -> Step {
    require_bases(cx)?;
    let base = cx.dst::<W>(i)?.as_();
    cx.require(cx.cpu.is_canonical_base(base), Site::DataCanonical, 0)?;
    let segment = Segment { base, ..*cx.cpu.seg(reg) };
    cx.set_segment(reg, segment);
    Ok(())
}

/// RDFSBASE r. SDM Vol.2B "RDFSBASE/RDGSBASE". Faults: #UD.
pub fn rdfsbase<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    read_base::<W>(cx, i, SegReg::Fs)
}

/// RDGSBASE r. Faults: #UD.
pub fn rdgsbase<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    read_base::<W>(cx, i, SegReg::Gs)
}

/// WRFSBASE r. SDM Vol.2D "WRFSBASE/WRGSBASE". Faults: #UD, #GP(0) for a base that is not canonical.
pub fn wrfsbase<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    write_base::<W>(cx, i, SegReg::Fs)
}

/// WRGSBASE r. Faults: as WRFSBASE.
pub fn wrgsbase<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    write_base::<W>(cx, i, SegReg::Gs)
}

/// CLAC. SDM Vol.2A "CLAC". Flags: AC. Faults: #UD at CPL above 0.
pub fn clac(cx: &mut Exec<'_>, _: &Insn) -> Step {
    set_ac(cx, false)
}

/// STAC. SDM Vol.2B "STAC". Flags: AC. Faults: #UD at CPL above 0.
pub fn stac(cx: &mut Exec<'_>, _: &Insn) -> Step {
    set_ac(cx, true)
}

fn set_ac(cx: &mut Exec<'_>, on: bool) -> Step {
    cx.require(cx.cpu.cpl == 0, Site::AlignmentFlagPrivilege, 0)?;
    cx.cpu.flags.set(AC, on);
    cx.refresh_guard();
    Ok(())
}

/// RDPKRU. SDM Vol.2B "RDPKRU". Faults: #UD with CR4.PKE clear, #GP(0) if ECX is not 0.
pub fn rdpkru(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_keys(cx)?;
    cx.set_edx_eax(cx.cpu.pkru.into());
    Ok(())
}

/// WRPKRU. SDM Vol.2D "WRPKRU". Faults: #UD with CR4.PKE clear, #GP(0) if ECX or EDX is not 0.
pub fn wrpkru(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_keys(cx)?;
    cx.require(cx.reg::<u32>(DX) == 0, Site::KeyOperand, 0)?;
    cx.cpu.pkru = cx.reg::<u32>(AX);
    cx.flush_derived_translations();
    Ok(())
}

fn require_keys(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr4 & CR4_PKE != 0, Site::KeysDisabled, 0)?;
    cx.require(cx.reg::<u32>(CX) == 0, Site::KeyOperand, 0)
}

/// INVPCID r, m128. SDM Vol.2A "INVPCID". Faults: operand access, #GP(0) at CPL above 0, for an unknown type, a PCID
/// without CR4.PCIDE or with reserved bits, or an address that is not canonical.
pub fn invpcid(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_privileged()?;
    let kind = if cx.cpu.code_is_64() { cx.reg::<u64>(i.dst) } else { cx.reg::<u32>(i.dst).into() };
    let at = cx.effective_address(i);
    let context: u64 = cx.load(i.segment(), at)?;
    let addr: u64 = cx.load(i.segment(), cx.wrap_address(i, at.wrapping_add(8)))?;
    let pcid = context as u16;
    let pcids = cx.cpu.cr4 & CR4_PCIDE != 0;
    let named = context >> 12 == 0 && (pcids || pcid == 0);
    let good = match kind {
        // As of bases, whatever CR4.LA57 says.
        0 => named && cx.cpu.is_canonical_base(addr),
        1 => named,
        2 | 3 => context >> 12 == 0,
        _ => false,
    };
    cx.require(good, Site::InvpcidOperand, 0)?;
    match kind {
        0 => {
            let page = LinAddr(addr);
            cx.cpu.tlb.drop_where(|entry| !entry.global && entry.pcid == pcid && entry.holds(page));
        }
        1 => cx.cpu.tlb.flush_non_global(pcid),
        2 => cx.cpu.tlb.flush(),
        _ => cx.cpu.tlb.drop_where(|entry| !entry.global),
    }
    cx.cpu.fetch_page = None;
    cx.flush_derived_translations();
    cx.leave();
    Ok(())
}

/// RDPMC: two counters that stand still, or AMD's four, which hold what was written. Faults: #GP(0).
pub fn rdpmc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let allowed = cx.cpu.cr4 & CR4_PCE != 0 || cx.cpu.cpl == 0;
    let index = cx.reg::<u32>(CX);
    let counter = if cx.cpu.features.has(Feature::AmdIdentity) {
        cx.cpu.msrs.amd.counter(index)
    } else {
        (index < 2).then_some(0)
    };
    cx.require(allowed && counter.is_some(), Site::PerformanceCounter, 0)?;
    cx.set_edx_eax(counter.unwrap_or_default());
    Ok(())
}

/// CPUID. SDM Vol.2A "CPUID". Faults: #GP(0) at CPL above 0 under CPUID faulting.
pub fn cpuid(cx: &mut Exec<'_>, _: &Insn) -> Step {
    const FAULTING: u64 = 1;
    cx.require(cx.cpu.msrs.misc_features & FAULTING == 0 || cx.cpu.cpl == 0, Site::CpuidFaulting, 0)?;
    let (a, b, c, d) = crate::cpuid::cpuid(cx.cpu, cx.reg::<u32>(AX), cx.reg::<u32>(CX));
    for (register, value) in [(AX, a), (BX, b), (CX, c), (DX, d)] {
        cx.set_reg::<u32>(register, value);
    }
    Ok(())
}
