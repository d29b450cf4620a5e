//! System instructions: control and debug registers, MSRs, CPUID, HLT, SYSENTER.
//! SDM Vol.3A 2.8 "System Instruction Summary"; Vol.2 under each name.

use ringwalk_mmu::LinAddr;

use super::Exec;
use crate::debug::{DR6_BD, DR7_GD};
use crate::exception::{Exception, Step};
use crate::flags::{IF, RF, VIF, VIP, VM};
use crate::insn::Insn;
use crate::model::{Feature, Model};
use crate::segment::{SegReg, Segment, Selector};
use crate::site::Site;
use crate::state::*;
use crate::width::Width;

/// EAX, ECX, EDX, EBX.
const AX: u8 = 0;
const CX: u8 = 1;
const DX: u8 = 2;
const BX: u8 = 3;

impl Exec<'_> {
    /// The time-stamp counter before adjustment: machine time.
    fn machine_tsc(&self) -> u64 {
        self.now().0
    }

    fn set_edx_eax(&mut self, value: u64) {
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
    cx.cpu.tlb.drop_address(addr);
    cx.cpu.fetch_page = None;
    cx.flush_derived_translations();
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

/// SMSW r/m: 16 bits to memory, all of CR0 to a 32-bit register. Faults: operand access.
pub fn smsw<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require(cx.cpu.cr4 & CR4_UMIP == 0 || cx.cpu.cpl == 0, Site::Umip, 0)?;
    if i.is_memory() {
        return cx.set_dst(i, cx.cpu.cr0 as u16);
    }
    cx.set_dst(i, W::truncate(u64::from(cx.cpu.cr0)))
}

/// LMSW r/m16: PE, MP, EM, TS; PE cannot be cleared so. Faults: operand access, #GP(0) at CPL above 0.
pub fn lmsw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_privileged()?;
    let value = u32::from(cx.dst::<u16>(i)?) & 0xF;
    let kept_pe = cx.cpu.cr0 & CR0_PE;
    write_cr0(cx, (cx.cpu.cr0 & !0xF) | value | kept_pe)
}

/// MOV r32, CRn. Faults: #GP(0) at CPL above 0, #UD for CR1 and CR5 to CR7.
pub fn mov_from_cr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_control_register(cx, i.src)?;
    cx.require_privileged()?;
    let value = match i.src {
        0 => cx.cpu.cr0,
        2 => cx.cpu.cr2 as u32,
        3 => cx.cpu.cr3 as u32,
        _ => cx.cpu.cr4,
    };
    cx.set_dst(i, value)
}

/// MOV CRn, r32. Faults: #GP(0) at CPL above 0 or for a value that is not allowed, #UD.
pub fn mov_to_cr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_control_register(cx, i.dst)?;
    cx.require_privileged()?;
    let value: u32 = cx.src(i)?;
    match i.dst {
        0 => write_cr0(cx, value),
        2 => {
            cx.cpu.cr2 = u64::from(value);
            Ok(())
        }
        3 => write_cr3(cx, value),
        _ => write_cr4(cx, value),
    }
}

/// CR1 and CR5 to CR7 are undefined before privilege is looked at; CR4 came with the 486.
fn require_control_register(cx: &Exec<'_>, number: u8) -> Step {
    let exists = matches!(number, 0 | 2 | 3) || (number == 4 && cx.cpu.model.has(Feature::Cpuid));
    cx.require(exists, Site::UndefinedRegister, 0)
}

/// SDM Vol.3A 2.5 "Control Registers".
fn write_cr0(cx: &mut Exec<'_>, value: u32) -> Step {
    const IMPLEMENTED: u32 = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
    let since_486 = CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD;
    let mask = if cx.cpu.model.has(Feature::I486) { IMPLEMENTED } else { IMPLEMENTED & !since_486 };
    let value = (value & mask) | CR0_ET;
    let legal = (value & CR0_PG == 0 || value & CR0_PE != 0) && (value & CR0_NW == 0 || value & CR0_CD != 0);
    cx.require(legal, Site::Cr0Combination, 0)?;
    let changed = cx.cpu.cr0 ^ value;
    if value & CR0_PG != 0 && cx.cpu.cr4 & CR4_PAE != 0 && changed & (CR0_PG | CR0_CD | CR0_NW) != 0 {
        load_pdptes(cx, cx.cpu.cr3)?;
    }
    cx.cpu.cr0 = value;
    if changed & value & CR0_PG != 0 || changed & (CR0_WP | CR0_PE) != 0 {
        // The TLB keeps what it holds; what was derived from it and from these bits goes.
        cx.cpu.fetch_page = None;
        cx.flush_derived_translations();
    }
    if changed & !value & CR0_PG != 0 {
        cx.flush_translations(false);
    }
    if changed & CR0_PE != 0 {
        // The mode changes; the caches stay as they are until they are loaded anew.
        cx.cpu.cpl = 0;
    }
    cx.refresh_guard();
    cx.leave();
    Ok(())
}

/// MOV CR3 flushes all but global translations.
fn write_cr3(cx: &mut Exec<'_>, value: u32) -> Step {
    if cx.cpu.cr0 & CR0_PG != 0 && cx.cpu.cr4 & CR4_PAE != 0 {
        load_pdptes(cx, u64::from(value))?;
    }
    cx.cpu.cr3 = u64::from(value);
    cx.flush_translations(true);
    Ok(())
}

fn write_cr4(cx: &mut Exec<'_>, value: u32) -> Step {
    cx.require(value & !cr4_bits(cx.cpu.model) == 0, Site::Cr4Reserved, 0)?;
    let changed = cx.cpu.cr4 ^ value;
    let paging = CR4_PSE | CR4_PAE | CR4_PGE;
    if cx.cpu.cr0 & CR0_PG != 0 && value & CR4_PAE != 0 && changed & paging != 0 {
        load_pdptes(cx, cx.cpu.cr3)?;
    }
    cx.cpu.cr4 = value;
    if changed & paging != 0 {
        cx.flush_translations(false);
    }
    Ok(())
}

/// The bits of CR4 that the model has: each comes with a feature of CPUID leaf 1 in EDX, PCE with RDPMC.
/// SDM Vol.3A 2.5 "Control Registers".
fn cr4_bits(model: Model) -> u32 {
    const GATES: [(u32, u32); 9] = [
        (1, CR4_VME | CR4_PVI),
        (4, CR4_TSD),
        (2, CR4_DE),
        (3, CR4_PSE),
        (6, CR4_PAE),
        (7, CR4_MCE),
        (13, CR4_PGE),
        (24, CR4_OSFXSR),
        (25, CR4_OSXMMEXCPT),
    ];
    let flags = model.feature_flags();
    let gated = GATES.iter().filter(|(feature, _)| flags >> feature & 1 != 0).fold(0, |bits, (_, more)| bits | more);
    gated | if model.has(Feature::P6) { CR4_PCE } else { 0 }
}

/// SDM Vol.3A 4.4.1 "PDPTE Registers": loaded at once, checked for reserved bits when present.
fn load_pdptes(cx: &mut Exec<'_>, cr3: u64) -> Step {
    cx.cpu.pdptes = read_pdptes(cx, cr3)?;
    Ok(())
}

/// What the PDPTE registers would become. Faults: #GP(0) for a reserved bit in a present one.
pub(crate) fn read_pdptes(cx: &mut Exec<'_>, cr3: u64) -> Result<[u64; 4], Exception> {
    let mut loaded = [0; 4];
    for (index, pdpte) in loaded.iter_mut().enumerate() {
        let address = ringwalk_mmu::PhysAddr((cr3 & 0xFFFF_FFE0) + 8 * index as u64);
        *pdpte = cx.memory.read_entry(address, 8);
        let reserved = 0x1E6 | u64::MAX << cx.cpu.model.physical_bits();
        cx.require(*pdpte & 1 == 0 || *pdpte & reserved == 0, Site::PdpteReserved, 0)?;
    }
    Ok(loaded)
}

/// DR4 and DR5 are DR6 and DR7 while CR4.DE is clear. Privilege comes first.
fn debug_register(cx: &Exec<'_>, number: u8) -> Result<u8, Exception> {
    cx.require_privileged()?;
    let alias = matches!(number, 4 | 5);
    cx.require(!alias || cx.cpu.cr4 & CR4_DE == 0, Site::DebugRegisterAlias, 0)?;
    Ok(if alias { number + 2 } else { number })
}

/// #DB with DR6.BD while DR7.GD is set. GD is cleared by the delivery.
fn general_detect(cx: &mut Exec<'_>) -> Step {
    if cx.cpu.dr7 & DR7_GD == 0 {
        return Ok(());
    }
    cx.cpu.dr6 |= DR6_BD;
    Err(cx.fault(Site::GeneralDetect, 0))
}

/// MOV r32, DRn. Faults: #GP(0) at CPL above 0, #UD, #DB.
pub fn mov_from_dr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number = debug_register(cx, i.src)?;
    general_detect(cx)?;
    let value = match number {
        6 => cx.cpu.dr6,
        7 => cx.cpu.dr7,
        _ => cx.cpu.dr[number as usize & 3],
    };
    cx.set_dst(i, value)
}

/// MOV DRn, r32. Faults: #GP(0) at CPL above 0, #UD, #DB.
pub fn mov_to_dr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number = debug_register(cx, i.dst)?;
    general_detect(cx)?;
    let value: u32 = cx.src(i)?;
    match number {
        6 => cx.cpu.dr6 = (value & 0xE00F) | DR6_FIXED,
        7 => cx.cpu.dr7 = (value & DR7_WRITABLE) | DR7_FIXED,
        _ => cx.cpu.dr[number as usize & 3] = value,
    }
    cx.refresh_guard();
    cx.leave();
    Ok(())
}

/// RDTSC. Faults: #GP(0) with CR4.TSD at CPL above 0.
pub fn rdtsc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require(cx.cpu.cr4 & CR4_TSD == 0 || cx.cpu.cpl == 0, Site::TimeStampDisable, 0)?;
    let value = cx.machine_tsc().wrapping_add(cx.cpu.msrs.tsc_adjust);
    cx.set_edx_eax(value);
    Ok(())
}

/// RDPMC: two counters that stand still. Faults: #GP(0).
pub fn rdpmc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let allowed = cx.cpu.cr4 & CR4_PCE != 0 || cx.cpu.cpl == 0;
    cx.require(allowed && cx.reg::<u32>(CX) < 2, Site::PerformanceCounter, 0)?;
    cx.set_edx_eax(0);
    Ok(())
}

/// RDMSR. Faults: #GP(0) at CPL above 0 or for a register that does not exist.
pub fn rdmsr(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    let number = cx.reg::<u32>(CX);
    match cx.cpu.msrs.read(number, cx.machine_tsc(), cx.cpu.model) {
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

/// WRMSR. Faults: #GP(0) at CPL above 0, for a register that does not exist or a value it refuses.
pub fn wrmsr(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.require_privileged()?;
    let number = cx.reg::<u32>(CX);
    let value = u64::from(cx.reg::<u32>(DX)) << 32 | u64::from(cx.reg::<u32>(AX));
    let tsc = cx.machine_tsc();
    match cx.cpu.msrs.write(number, value, tsc, cx.cpu.model) {
        Some(true) => Ok(()),
        Some(false) => Err(cx.fault(Site::MsrValue, 0)),
        None => {
            cx.hot.notes.add(format!("write of model-specific register {number:08x}h"));
            Err(cx.fault(Site::UnknownMsr, 0))
        }
    }
}

/// CPUID. SDM Vol.2A "CPUID".
pub fn cpuid(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let (a, b, c, d) = cx.cpu.model.cpuid(cx.reg::<u32>(AX));
    for (register, value) in [(AX, a), (BX, b), (CX, c), (DX, d)] {
        cx.set_reg::<u32>(register, value);
    }
    Ok(())
}

/// A flat segment as SYSENTER and SYSEXIT load it.
fn flat(selector: u16, rights: u32) -> Segment {
    Segment { selector: Selector(selector), base: 0, limit: u32::MAX, rights }
}

/// SYSENTER. SDM Vol.2B "SYSENTER". Faults: #GP(0) in real mode or with a null IA32_SYSENTER_CS.
pub fn sysenter(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let cs = cx.cpu.msrs.sysenter_cs as u16;
    cx.require(cx.cpu.protected() && cs & !3 != 0, Site::SysenterTarget, 0)?;
    cx.cpu.flags.set(VM | IF | RF, false);
    cx.set_segment(SegReg::Cs, flat(cs & !3, 0xC09B));
    cx.set_segment(SegReg::Ss, flat((cs & !3).wrapping_add(8), 0xC093));
    cx.set_reg::<u32>(4, cx.cpu.msrs.sysenter_esp);
    cx.next_eip = cx.cpu.msrs.sysenter_eip;
    cx.set_cpl(0);
    Ok(())
}

/// SYSEXIT. SDM Vol.2B "SYSEXIT". Faults: #GP(0) in real mode, at CPL above 0 or with a null IA32_SYSENTER_CS.
pub fn sysexit(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let cs = cx.cpu.msrs.sysenter_cs as u16;
    cx.require(cx.cpu.protected() && cs & !3 != 0, Site::SysenterTarget, 0)?;
    cx.require_privileged()?;
    cx.set_segment(SegReg::Cs, flat((cs & !3).wrapping_add(16) | 3, 0xC0FB));
    cx.set_segment(SegReg::Ss, flat((cs & !3).wrapping_add(24) | 3, 0xC0F3));
    cx.set_reg::<u32>(4, cx.reg::<u32>(CX));
    cx.next_eip = cx.reg::<u32>(DX);
    cx.set_cpl(3);
    Ok(())
}
