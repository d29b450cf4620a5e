//! Control and debug registers. SDM Vol.3A 2.5 "Control Registers", Vol.3B 17.2 "Debug Registers"; Vol.2B "MOV-Move
//! to/from Control Registers", "MOV-Move to/from Debug Registers", "LMSW", "SMSW".

use super::Exec;
use crate::debug::{DR6_BD, DR7_GD};
use crate::event::Event;
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::model::{Feature, Features};
use crate::segment::SegReg;
use crate::site::Site;
use crate::state::*;
use crate::width::Width;

/// SMSW r/m: 16 bits to memory, all of CR0 to a 32-bit register. Faults: operand access.
pub fn smsw<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require(cx.cpu.cr4 & CR4_UMIP == 0 || cx.cpu.cpl == 0, Site::Umip, 0)?;
    if i.is_memory() {
        return cx.set_dst(i, cx.cpu.cr0 as u16);
    }
    cx.set_dst(i, W::truncate(cx.cpu.cr0))
}

/// LMSW r/m16: PE, MP, EM, TS; PE cannot be cleared so. Faults: operand access, #GP(0) at CPL above 0.
pub fn lmsw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_privileged()?;
    let value = u64::from(cx.dst::<u16>(i)?) & 0xF;
    let kept_pe = cx.cpu.cr0 & CR0_PE;
    write_cr0(cx, (cx.cpu.cr0 & !0xF) | value | kept_pe)
}

/// MOV r, CRn: 64 bits in 64-bit code, 32 elsewhere. Faults: #GP(0) at CPL above 0, #UD for registers that are not there.
pub fn mov_from_cr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_control_register(cx, i.src)?;
    cx.require_privileged()?;
    let value = match i.src {
        0 => cx.cpu.cr0,
        2 => cx.cpu.cr2,
        3 => cx.cpu.cr3,
        4 => cx.cpu.cr4,
        _ => cx.cpu.cr8(),
    };
    set_register(cx, i, value)
}

fn set_register(cx: &mut Exec<'_>, i: &Insn, value: u64) -> Step {
    if cx.cpu.code_is_64() { cx.set_dst(i, value) } else { cx.set_dst(i, value as u32) }
}

/// The source of a move to a control or debug register: 64 bits in 64-bit code, 32 elsewhere.
fn register_source(cx: &mut Exec<'_>, i: &Insn) -> Result<u64, Exception> {
    if cx.cpu.code_is_64() { cx.src::<u64>(i) } else { Ok(cx.src::<u32>(i)?.into()) }
}

/// MOV CRn, r. Faults: #GP(0) at CPL above 0 or for a value that is not allowed, #UD.
pub fn mov_to_cr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    require_control_register(cx, i.dst)?;
    cx.require_privileged()?;
    let value = register_source(cx, i)?;
    match i.dst {
        0 => write_cr0(cx, value),
        2 => {
            cx.cpu.cr2 = value;
            Ok(())
        }
        3 => write_cr3(cx, value),
        4 => write_cr4(cx, value),
        _ => write_cr8(cx, value),
    }
}

/// CR1, CR5 to CR7 and what lies above CR8 are undefined before privilege is looked at; CR4 came with CPUID, CR8 with
/// 64-bit code.
fn require_control_register(cx: &Exec<'_>, number: u8) -> Step {
    let exists = match number {
        0 | 2 | 3 => true,
        4 => cx.cpu.features.has(Feature::Cpuid),
        8 => cx.cpu.code_is_64(),
        _ => false,
    };
    cx.require(exists, Site::UndefinedRegister, 0)
}

/// SDM Vol.3A 11.8.6 "Task Priority in IA-32e Mode".
fn write_cr8(cx: &mut Exec<'_>, value: u64) -> Step {
    cx.require(value <= 15, Site::Cr8Reserved, 0)?;
    cx.cpu.set_cr8(value);
    // What waits may come through now.
    cx.hot.bus_touched = true;
    Ok(())
}

/// SDM Vol.3A 2.5 "Control Registers".
fn write_cr0(cx: &mut Exec<'_>, value: u64) -> Step {
    const IMPLEMENTED: u64 = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
    let since_486 = CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD;
    let mask = if cx.cpu.features.has(Feature::I486) { IMPLEMENTED } else { IMPLEMENTED & !since_486 };
    let no_upper_half = value >> 32 == 0;
    let value = (value & mask) | CR0_ET;
    let legal = (value & CR0_PG == 0 || value & CR0_PE != 0) && (value & CR0_NW == 0 || value & CR0_CD != 0);
    cx.require(legal && no_upper_half, Site::Cr0Combination, 0)?;
    let changed = cx.cpu.cr0 ^ value;
    if changed & CR0_PG != 0 {
        long_mode_allows(cx, value)?;
    }
    let activates = cx.cpu.msrs.efer & EFER_LME != 0 && value & CR0_PG != 0;
    let pae = cx.cpu.cr4 & CR4_PAE != 0 && !activates;
    if value & CR0_PG != 0 && pae && changed & (CR0_PG | CR0_CD | CR0_NW) != 0 {
        load_pdptes(cx, cx.cpu.cr3)?;
    }
    cx.cpu.cr0 = value;
    if activates {
        cx.cpu.msrs.efer |= EFER_LMA;
    } else {
        cx.cpu.msrs.efer &= !EFER_LMA;
    }
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

/// #GP(0) where paging cannot be switched because of long mode. SDM Vol.3A 10.8.5 "Initializing IA-32e Mode".
fn long_mode_allows(cx: &Exec<'_>, value: u64) -> Step {
    let cpu = &*cx.cpu;
    let cs = cpu.seg(SegReg::Cs);
    let legal = if value & CR0_PG == 0 {
        // Paging ends from compatibility mode only, and without PCIDs.
        !cpu.code_is_64() && cpu.cr4 & CR4_PCIDE == 0
    } else if cpu.msrs.efer & EFER_LME != 0 {
        // The TSS must not be a 16-bit one.
        let tss_16 = matches!(cpu.tr.rights & 15, 1 | 3);
        cpu.cr4 & CR4_PAE != 0 && !cs.is_long() && !tss_16
    } else {
        true
    };
    cx.require(legal, Site::LongModePaging, 0)
}

/// MOV CR3 flushes all but global translations; with PCIDs those of one, or none if bit 63 is set.
/// SDM Vol.3A 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches".
fn write_cr3(cx: &mut Exec<'_>, value: u64) -> Step {
    const KEEP: u64 = 1 << 63;
    let pcids = cx.cpu.cr4 & CR4_PCIDE != 0;
    let kept = pcids && value & KEEP != 0;
    let value = if pcids { value & !KEEP } else { value };
    if cx.cpu.long_mode() {
        let reserved = u64::MAX << cx.cpu.model.physical_bits();
        cx.require(value & reserved == 0, Site::Cr3Reserved, 0)?;
    } else if cx.cpu.cr0 & CR0_PG != 0 && cx.cpu.cr4 & CR4_PAE != 0 {
        load_pdptes(cx, value)?;
    }
    cx.tell(Event::Control(3, cx.cpu.cr3, value));
    cx.cpu.cr3 = value;
    if !kept {
        cx.cpu.tlb.flush_non_global(cx.cpu.pcid());
    }
    cx.flush_derived_of_context();
    Ok(())
}

fn write_cr4(cx: &mut Exec<'_>, value: u64) -> Step {
    cx.require(value & !cr4_bits(cx.cpu.features) == 0, Site::Cr4Reserved, 0)?;
    let changed = cx.cpu.cr4 ^ value;
    cx.require(cr4_change_is_legal(cx.cpu, value), Site::Cr4Reserved, 0)?;
    let paging = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_LA57;
    let pdptes = CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP;
    if cx.cpu.cr0 & CR0_PG != 0 && value & CR4_PAE != 0 && !cx.cpu.long_mode() && changed & pdptes != 0 {
        load_pdptes(cx, cx.cpu.cr3)?;
    }
    cx.cpu.cr4 = value;
    if changed & paging != 0 {
        cx.flush_translations(false);
        cx.refresh_guard();
    }
    cx.tell_changes();
    Ok(())
}

/// What long mode and PCIDs forbid. SDM Vol.3A 4.1.2 "Paging-Mode Enabling", 4.10.1 "Process-Context Identifiers".
fn cr4_change_is_legal(cpu: &CpuState, value: u64) -> bool {
    let changed = cpu.cr4 ^ value;
    let long = cpu.long_mode();
    let leaves_long = long && (value & CR4_PAE == 0 || changed & CR4_LA57 != 0);
    let sets_pcide = changed & value & CR4_PCIDE != 0;
    !leaves_long && (!sets_pcide || (long && cpu.cr3 & 0xFFF == 0))
}

/// The bits of CR4 that the processor has, each with its feature. SDM Vol.3A 2.5 "Control Registers".
fn cr4_bits(features: Features) -> u64 {
    const GATES: [(Feature, u64); 18] = [
        (Feature::Vme, CR4_VME | CR4_PVI),
        (Feature::Tsc, CR4_TSD),
        (Feature::De, CR4_DE),
        (Feature::Pse, CR4_PSE),
        (Feature::Pae, CR4_PAE),
        (Feature::Mce, CR4_MCE),
        (Feature::Pge, CR4_PGE),
        (Feature::P6, CR4_PCE),
        (Feature::Fxsr, CR4_OSFXSR),
        (Feature::Sse, CR4_OSXMMEXCPT),
        (Feature::Umip, CR4_UMIP),
        (Feature::La57, CR4_LA57),
        (Feature::FsGsBase, CR4_FSGSBASE),
        (Feature::Pcid, CR4_PCIDE),
        (Feature::Xsave, CR4_OSXSAVE),
        (Feature::Smep, CR4_SMEP),
        (Feature::Smap, CR4_SMAP),
        (Feature::Pku, CR4_PKE),
    ];
    GATES.iter().filter(|(feature, _)| features.has(*feature)).fold(0, |bits, (_, more)| bits | more)
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
    cx.require_whole_memory()?;
    Ok(loaded)
}

/// DR4 and DR5 are DR6 and DR7 while CR4.DE is clear. Privilege comes before that, and behind numbers that no register has:
/// measured.
fn debug_register(cx: &Exec<'_>, number: u8) -> Result<u8, Exception> {
    cx.require(number < 8, Site::UndefinedRegister, 0)?;
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
    cx.cpu.report_debug(DR6_BD);
    Err(cx.fault(Site::GeneralDetect, 0))
}

/// MOV r, DRn: 64 bits in 64-bit code, 32 elsewhere. Faults: #GP(0) at CPL above 0, #UD, #DB.
pub fn mov_from_dr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number = debug_register(cx, i.src)?;
    general_detect(cx)?;
    let value = match number {
        6 => cx.cpu.dr6,
        7 => cx.cpu.dr7,
        _ => cx.cpu.dr[number as usize & 3],
    };
    set_register(cx, i, value)
}

/// MOV DRn, r. Faults: #GP(0) at CPL above 0 or for a value with an upper half in DR6 or DR7, #UD, #DB.
pub fn mov_to_dr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number = debug_register(cx, i.dst)?;
    general_detect(cx)?;
    let value = register_source(cx, i)?;
    cx.require(number < 6 || value >> 32 == 0, Site::DebugRegisterValue, 0)?;
    match number {
        6 => cx.cpu.dr6 = (value & 0xE00F) | DR6_FIXED,
        7 => cx.cpu.dr7 = (value & DR7_WRITABLE) | DR7_FIXED,
        _ => cx.cpu.dr[number as usize & 3] = value,
    }
    cx.refresh_guard();
    cx.leave();
    Ok(())
}
