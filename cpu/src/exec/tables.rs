//! Descriptor-table registers. SDM Vol.2 "LGDT/LIDT", "SGDT", "SIDT", "LLDT", "SLDT", "LTR", "STR".

use ringwalk_mmu::Access;

use super::Exec;
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::segment::{Descriptor, PRESENT, Segment, Selector, SystemType};
use crate::site::Site;
use crate::state::{CR4_UMIP, TableRegister};
use crate::width::Width;

/// User-mode instruction prevention.
fn require_umip_off(cx: &Exec<'_>) -> Step {
    cx.require(cx.cpu.cr4 & CR4_UMIP == 0 || cx.cpu.cpl == 0, Site::Umip, 0)
}

fn store_table(cx: &mut Exec<'_>, i: &Insn, table: TableRegister) -> Step {
    require_umip_off(cx)?;
    let at = cx.effective_address(i);
    let second = cx.wrap_address(i, at.wrapping_add(2));
    // Both halves are checked before the first is written.
    let bytes = if cx.cpu.code_is_64() { 8 } else { 4 };
    let base_at = cx.checked(i.segment(), second, bytes, Access::Write)?;
    cx.require_writable(base_at, bytes, cx.class())?;
    cx.store(i.segment(), at, table.limit)?;
    if bytes == 8 {
        cx.store(i.segment(), second, table.base)
    } else {
        cx.store(i.segment(), second, table.base as u32)
    }
}

/// SGDT m: limit and 32 bits of base, whatever the operand size; 64 bits in 64-bit code. Faults: operand access.
pub fn sgdt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_table(cx, i, cx.cpu.gdtr)
}

/// SIDT m. Faults: operand access.
pub fn sidt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_table(cx, i, cx.cpu.idtr)
}

fn load_table(cx: &mut Exec<'_>, i: &Insn) -> Result<TableRegister, Exception> {
    cx.require_privileged()?;
    let at = cx.effective_address(i);
    let limit = cx.load::<u16>(i.segment(), at)?;
    if cx.cpu.code_is_64() {
        let base = cx.load::<u64>(i.segment(), cx.wrap_address(i, at.wrapping_add(2)))?;
        cx.require(cx.cpu.is_canonical_base(base), Site::DataCanonical, 0)?;
        return Ok(TableRegister { base, limit });
    }
    let base = cx.load::<u32>(i.segment(), cx.wrap_address(i, at.wrapping_add(2)))?;
    // With 16-bit operands the base has 24 bits.
    let base = if cx.operand_32(i) { base } else { base & 0x00FF_FFFF };
    Ok(TableRegister { base: u64::from(base), limit })
}

/// LGDT m. Loaded segments keep their caches. Faults: operand access, #GP(0) at CPL above 0.
pub fn lgdt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.cpu.gdtr = load_table(cx, i)?;
    Ok(())
}

/// LIDT m. Faults: operand access, #GP(0) at CPL above 0.
pub fn lidt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.cpu.idtr = load_table(cx, i)?;
    Ok(())
}

fn store_selector<W: Width>(cx: &mut Exec<'_>, i: &Insn, selector: Selector) -> Step {
    cx.require_protected()?;
    require_umip_off(cx)?;
    if i.is_memory() {
        return cx.set_dst(i, selector.0);
    }
    cx.set_dst(i, W::truncate(u64::from(selector.0)))
}

/// SLDT r/m. Faults: operand access; #UD outside protected mode.
pub fn sldt<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_selector::<W>(cx, i, cx.cpu.ldtr.selector)
}

/// STR r/m. Faults: operand access; #UD outside protected mode.
pub fn str_register<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_selector::<W>(cx, i, cx.cpu.tr.selector)
}

/// LLDT r/m16. A null selector makes the LDT unusable. Faults: operand access, #GP, #NP; #UD outside protected mode.
pub fn lldt(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_protected()?;
    cx.require_privileged()?;
    let selector = Selector(cx.dst(i)?);
    if selector.is_null() {
        cx.cpu.ldtr = Segment::null(selector);
        return Ok(());
    }
    let code = selector.error_code();
    cx.require(!selector.is_local(), Site::LdtType, code)?;
    let descriptor = cx.read_descriptor(selector, Site::SelectorLimit)?;
    cx.require(cx.system_type(descriptor) == Some(SystemType::Ldt), Site::LdtType, code)?;
    cx.require(descriptor.is_present(), Site::LdtNotPresent, code)?;
    let base = system_base(cx, selector, descriptor, Site::LdtType)?;
    cx.cpu.ldtr = Segment { base, ..descriptor.segment(selector) };
    Ok(())
}

/// The base of a system segment: in long mode its descriptor has 16 bytes, with a canonical base and no type in the
/// upper half. SDM Vol.3A 8.2.3 "TSS Descriptor in 64-bit mode".
fn system_base(cx: &mut Exec<'_>, selector: Selector, descriptor: Descriptor, site: Site) -> Result<u64, Exception> {
    let low = u64::from(descriptor.base());
    if !cx.cpu.long_mode() {
        return Ok(low);
    }
    let high = cx.read_upper_half(selector, Site::SelectorLimit)?;
    let base = low | high << 32;
    let good = high >> 40 & 0x1F == 0 && cx.cpu.is_canonical_base(base);
    cx.require(good, site, selector.error_code())?;
    Ok(base)
}

/// LTR r/m16: an available TSS becomes busy. Faults: operand access, #GP, #NP; #UD outside protected mode.
pub fn ltr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_protected()?;
    cx.require_privileged()?;
    let selector = Selector(cx.dst(i)?);
    cx.require(!selector.is_null(), Site::SelectorNull, 0)?;
    let code = selector.error_code();
    cx.require(!selector.is_local(), Site::TaskType, code)?;
    let descriptor = cx.read_descriptor(selector, Site::SelectorLimit)?;
    let available = matches!(cx.system_type(descriptor), Some(SystemType::Tss16Available | SystemType::Tss32Available));
    cx.require(available, Site::TaskType, code)?;
    cx.require(descriptor.rights() & PRESENT != 0, Site::TaskNotPresent, code)?;
    // Type 1 becomes 3, 9 becomes Bh.
    const BUSY: u32 = 2;
    let base = system_base(cx, selector, descriptor, Site::TaskType)?;
    let available = Segment { base, ..descriptor.segment(selector) };
    let busy = Segment { rights: available.rights | BUSY, ..available };
    cx.write_access_byte(busy)?;
    cx.cpu.tr = busy;
    Ok(())
}
