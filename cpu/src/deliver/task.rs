//! Hardware task switches. SDM Vol.3A 7.3 "Task Switching", 7.2.1 "Task-State Segment (TSS)", Table 7-1.
//!
//! Up to the commit every fault belongs to the old task; from the loads of LDTR and the segment registers on it
//! belongs to the new one, whose EIP is then the one that the fault pushes.

use ringwalk_mmu::{Access, Class, LinAddr};

use crate::debug::DR6_BT;
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::exec::control_registers::read_pdptes;
use crate::flags::{NT, VM};
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;
use crate::state::{CR0_PG, CR0_TS, CR4_PAE};

/// What switches the task: it decides the busy flags and the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// JMP: the old task ends.
    Jump,
    /// CALL: the new task is nested in the old one.
    Call,
    /// An interrupt or exception through a task gate: nested, perhaps with an error code to push.
    Interrupt(Option<u16>),
    /// IRET with NT: back along the link.
    Return,
}

impl Cause {
    const fn nests(self) -> bool {
        matches!(self, Cause::Call | Cause::Interrupt(_))
    }
}

/// Offsets in a 32-bit TSS, SDM Vol.3A Figure 7-2 "32-Bit Task-State Segment (TSS)".
const CR3_32: u32 = 0x1C;
const EIP_32: u32 = 0x20;
const EFLAGS_32: u32 = 0x24;
const EAX_32: u32 = 0x28;
const ES_32: u32 = 0x48;
const LDT_32: u32 = 0x60;
const TRAP_32: u32 = 0x64;
/// Offsets in a 16-bit TSS, SDM Vol.3A Figure 7-10 "16-Bit TSS Format".
const IP_16: u32 = 0x0E;
const FLAGS_16: u32 = 0x10;
const AX_16: u32 = 0x12;
const ES_16: u32 = 0x22;
const LDT_16: u32 = 0x2A;
/// Last byte that must lie within the limit.
const LAST_32: u32 = 0x67;
const LAST_16: u32 = 0x2B;

/// The B flag in the type field of a TSS descriptor.
const BUSY: u32 = 2;

/// A new task as its TSS describes it.
struct Image {
    cr3: u32,
    eip: u32,
    flags: u32,
    gpr: [u32; 8],
    /// ES CS SS DS FS GS.
    selectors: [Selector; 6],
    ldt: Selector,
    trap: bool,
}

/// Switches to the task of an available TSS that the caller has found by CALL, JMP or a task gate.
pub(crate) fn switch_through(cx: &mut Exec<'_>, tss: Selector, gate: bool, cause: Cause) -> Step {
    let code = tss.error_code();
    cx.require(!tss.is_local(), Site::TaskType, code)?;
    let descriptor = cx.read_descriptor(tss, Site::SelectorLimit)?;
    if !gate {
        let privilege = cx.cpu.cpl.max(tss.rpl());
        cx.require(descriptor.dpl() >= privilege, Site::GatePrivilege, code)?;
    }
    cx.require(is_tss(descriptor, false), Site::TaskType, code)?;
    cx.require(descriptor.is_present(), Site::TaskNotPresent, code)?;
    switch(cx, tss, descriptor, cause)
}

/// IRET with NT set: switches to the task of the link.
pub(crate) fn return_to_previous(cx: &mut Exec<'_>) -> Step {
    let tr = cx.cpu.tr;
    let link = Selector(cx.load_linear::<u16>(LinAddr(tr.base & 0xFFFF_FFFF), Class::Supervisor)?);
    let code = link.error_code();
    cx.require(!link.is_local() && !link.is_null(), Site::TaskLink, code)?;
    let descriptor = cx.read_descriptor(link, Site::TaskLink)?;
    cx.require(is_tss(descriptor, true), Site::TaskLink, code)?;
    cx.require(descriptor.is_present(), Site::TaskNotPresent, code)?;
    switch(cx, link, descriptor, Cause::Return)
}

fn is_tss(descriptor: Descriptor, busy: bool) -> bool {
    use SystemType::*;
    match descriptor.system_type() {
        Some(Tss16Available | Tss32Available) => !busy,
        Some(Tss16Busy | Tss32Busy) => busy,
        _ => false,
    }
}

fn is_wide(descriptor: Descriptor) -> bool {
    matches!(descriptor.system_type(), Some(SystemType::Tss32Available | SystemType::Tss32Busy))
}

fn switch(cx: &mut Exec<'_>, selector: Selector, descriptor: Descriptor, cause: Cause) -> Step {
    let wide = is_wide(descriptor);
    let last = if wide { LAST_32 } else { LAST_16 };
    cx.require(descriptor.limit() >= last, Site::TssLimit, selector.error_code())?;
    let base = u64::from(descriptor.base());
    let image = if wide { read_32(cx, base)? } else { read_16(cx, base)? };
    let old = cx.cpu.tr;
    let old_wide = old.rights & 8 != 0;
    require_saveable(cx, &old, old_wide)?;
    if cause.nests() {
        require_writable(cx, base, 2)?;
    }
    let pdptes = new_pdptes(cx, &image, wide)?;
    require_markable(cx, selector, cause)?;
    mark_busy(cx, selector, descriptor, cause)?;
    save_old(cx, &old, old_wide, cause)?;
    if cause.nests() {
        store(cx, base, 0, old.selector.0)?;
    }
    if let Some(pdptes) = pdptes {
        cx.cpu.pdptes = pdptes;
    }
    commit(cx, selector, descriptor, &image, cause, wide);
    enter(cx, &image, cause, wide)
}

fn read_32(cx: &mut Exec<'_>, base: u64) -> Result<Image, Exception> {
    let mut gpr = [0; 8];
    for (number, value) in gpr.iter_mut().enumerate() {
        *value = load::<u32>(cx, base, EAX_32 + 4 * number as u32)?;
    }
    let mut selectors = [Selector(0); 6];
    for (number, selector) in selectors.iter_mut().enumerate() {
        *selector = Selector(load::<u16>(cx, base, ES_32 + 4 * number as u32)?);
    }
    Ok(Image {
        cr3: load::<u32>(cx, base, CR3_32)?,
        eip: load::<u32>(cx, base, EIP_32)?,
        flags: load::<u32>(cx, base, EFLAGS_32)?,
        gpr,
        selectors,
        ldt: Selector(load::<u16>(cx, base, LDT_32)?),
        trap: load::<u16>(cx, base, TRAP_32)? & 1 != 0,
    })
}

/// A 16-bit TSS has no CR3, FS, GS or T flag; the upper halves of the registers become ones.
fn read_16(cx: &mut Exec<'_>, base: u64) -> Result<Image, Exception> {
    let mut gpr = [0; 8];
    for (number, value) in gpr.iter_mut().enumerate() {
        *value = 0xFFFF_0000 | u32::from(load::<u16>(cx, base, AX_16 + 2 * number as u32)?);
    }
    let mut selectors = [Selector(0); 6];
    for (number, selector) in selectors.iter_mut().take(4).enumerate() {
        *selector = Selector(load::<u16>(cx, base, ES_16 + 2 * number as u32)?);
    }
    Ok(Image {
        cr3: cx.cpu.cr3 as u32,
        eip: u32::from(load::<u16>(cx, base, IP_16)?),
        flags: u32::from(load::<u16>(cx, base, FLAGS_16)?),
        gpr,
        selectors,
        ldt: Selector(load::<u16>(cx, base, LDT_16)?),
        trap: false,
    })
}

/// The fields that the old task is saved to must lie in its TSS and be writable.
fn require_saveable(cx: &mut Exec<'_>, old: &Segment, wide: bool) -> Step {
    let (first, last) = if wide { (EIP_32, 0x5F) } else { (IP_16, LAST_16 - 2) };
    cx.require(old.limit >= last, Site::TssLimit, old.selector.error_code())?;
    for offset in (first..=last).step_by(2) {
        require_writable(cx, old.base + u64::from(offset), 2)?;
    }
    Ok(())
}

fn require_writable(cx: &mut Exec<'_>, address: u64, bytes: u64) -> Step {
    let address = LinAddr(address & 0xFFFF_FFFF);
    cx.translate(address, Access::Write, Class::Supervisor)?;
    cx.translate(LinAddr((address.0 + bytes - 1) & 0xFFFF_FFFF), Access::Write, Class::Supervisor)?;
    Ok(())
}

/// CR3 is loaded while paging is on, and what it names is looked up again if it changes.
/// SDM Vol.3A 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches".
fn changes_cr3(cx: &Exec<'_>, image: &Image, wide: bool) -> bool {
    wide && cx.cpu.cr0 & CR0_PG != 0 && u64::from(image.cr3) != cx.cpu.cr3
}

/// The PDPTE registers of the new task, under PAE. SDM Vol.3A 4.4.1 "PDPTE Registers": "if PAE paging is in use and a
/// task switch changes the value of CR3". What is wrong with them is the old task's fault.
fn new_pdptes(cx: &mut Exec<'_>, image: &Image, wide: bool) -> Result<Option<[u64; 4]>, Exception> {
    if cx.cpu.cr4 & CR4_PAE == 0 || !changes_cr3(cx, image, wide) {
        return Ok(None);
    }
    read_pdptes(cx, image.cr3.into()).map(Some)
}

/// Both descriptors whose busy flag changes can be written.
fn require_markable(cx: &mut Exec<'_>, new: Selector, cause: Cause) -> Step {
    let ended = matches!(cause, Cause::Jump | Cause::Return).then_some(cx.cpu.tr.selector);
    let begun = (cause != Cause::Return).then_some(new);
    for selector in [ended, begun].into_iter().flatten() {
        if let Some(address) = cx.descriptor_address(selector) {
            require_writable(cx, address.0 + 5, 1)?;
        }
    }
    Ok(())
}

fn busy(tss: Segment) -> Segment {
    Segment { rights: tss.rights | BUSY, ..tss }
}

/// Table 7-2 "Effect of a Task Switch on Busy Flag, NT Flag, Previous Task Link Field, and TS Flag".
fn mark_busy(cx: &mut Exec<'_>, new: Selector, descriptor: Descriptor, cause: Cause) -> Step {
    if matches!(cause, Cause::Jump | Cause::Return) {
        let old = cx.cpu.tr.selector;
        if cx.descriptor_address(old).is_some() {
            let current = cx.read_descriptor(old, Site::TssLimit)?.segment(old);
            cx.write_access_byte(Segment { rights: current.rights & !BUSY, ..current })?;
        }
    }
    if cause != Cause::Return {
        cx.write_access_byte(busy(descriptor.segment(new)))?;
    }
    Ok(())
}

fn save_old(cx: &mut Exec<'_>, old: &Segment, wide: bool, cause: Cause) -> Step {
    let mut flags = cx.cpu.flags.bits();
    if cause == Cause::Return {
        flags &= !NT;
    }
    let eip = cx.next_rip as u32; // 32-bit code only
    if wide {
        store(cx, old.base, EIP_32, eip)?;
        store(cx, old.base, EFLAGS_32, flags)?;
    } else {
        store(cx, old.base, IP_16, eip as u16)?;
        store(cx, old.base, FLAGS_16, flags as u16)?;
    }
    for number in 0..8u8 {
        let value = cx.reg::<u32>(number);
        if wide {
            store(cx, old.base, EAX_32 + 4 * u32::from(number), value)?;
        } else {
            store(cx, old.base, AX_16 + 2 * u32::from(number), value as u16)?;
        }
    }
    let saved = if wide { 6 } else { 4 };
    for number in 0..saved {
        let selector = cx.cpu.segments[number].selector.0;
        let at = if wide { ES_32 + 4 * number as u32 } else { ES_16 + 2 * number as u32 };
        store(cx, old.base, at, selector)?;
    }
    Ok(())
}

/// The point of no return: registers, selectors, CR3 and TR are the new task's.
fn commit(cx: &mut Exec<'_>, selector: Selector, descriptor: Descriptor, image: &Image, cause: Cause, wide: bool) {
    cx.cpu.tr = busy(descriptor.segment(selector));
    cx.cpu.cr0 |= CR0_TS;
    if changes_cr3(cx, image, wide) {
        cx.cpu.cr3 = u64::from(image.cr3);
        cx.flush_translations(true);
    }
    for (number, value) in image.gpr.iter().enumerate() {
        cx.set_reg::<u32>(number as u8, *value);
    }
    let flags = if cause.nests() { image.flags | NT } else { image.flags };
    cx.cpu.flags = crate::flags::Eflags::from_bits(flags & cx.cpu.model.flags());
    cx.cpu.rip = image.eip.into();
    cx.next_rip = image.eip.into();
    // Until they are checked the caches hold nothing; a fault on the way sees the selectors.
    for (reg, selector) in SegReg::ALL.into_iter().zip(image.selectors) {
        cx.set_segment(reg, Segment::null(selector));
    }
    cx.cpu.ldtr = Segment::null(image.ldt);
    cx.cpu.cpl = if image.flags & VM != 0 { 3 } else { image.selectors[SegReg::Cs as usize].rpl() };
    // Local breakpoints belong to the old task.
    cx.cpu.dr7 &= !0x155;
    cx.skip_single_step = true;
    cx.refresh_guard();
    cx.leave();
}

/// Loads LDTR and the segment registers; faults belong to the new task.
fn enter(cx: &mut Exec<'_>, image: &Image, cause: Cause, wide: bool) -> Step {
    load_ldt(cx, image.ldt)?;
    if image.flags & VM != 0 {
        for (reg, selector) in SegReg::ALL.into_iter().zip(image.selectors) {
            cx.set_segment(reg, Segment::virtual_8086(selector));
        }
    } else {
        load_code(cx, image.selectors[SegReg::Cs as usize])?;
        load_stack(cx, image.selectors[SegReg::Ss as usize])?;
        for reg in [SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs] {
            load_data(cx, reg, image.selectors[reg as usize])?;
        }
    }
    // The error code comes before the offset. SDM Vol.2A "INT n/INTO/INT3/INT1", TASK-GATE.
    if let Cause::Interrupt(Some(code)) = cause {
        if wide { cx.push(u32::from(code))? } else { cx.push(code)? }
    }
    cx.require_branch_target(image.eip.into(), cx.cpu.seg(SegReg::Cs))?;
    if image.trap {
        cx.cpu.pending_debug |= DR6_BT;
    }
    Ok(())
}

fn load_ldt(cx: &mut Exec<'_>, selector: Selector) -> Step {
    if selector.is_null() {
        return Ok(());
    }
    let code = selector.error_code();
    cx.require(!selector.is_local(), Site::TssLdt, code)?;
    let descriptor = cx.read_descriptor(selector, Site::TssLdt)?;
    let good = descriptor.system_type() == Some(SystemType::Ldt) && descriptor.is_present();
    cx.require(good, Site::TssLdt, code)?;
    cx.cpu.ldtr = descriptor.segment(selector);
    Ok(())
}

fn load_code(cx: &mut Exec<'_>, selector: Selector) -> Step {
    let code = selector.error_code();
    cx.require(!selector.is_null(), Site::TssCode, code)?;
    let descriptor = cx.read_descriptor(selector, Site::TssCode)?;
    let segment = descriptor.segment(selector);
    let fits =
        if segment.is_conforming() { descriptor.dpl() <= selector.rpl() } else { descriptor.dpl() == selector.rpl() };
    cx.require(segment.is_code() && fits, Site::TssCode, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    let segment = cx.set_accessed(segment)?;
    cx.set_segment(SegReg::Cs, segment);
    Ok(())
}

fn load_stack(cx: &mut Exec<'_>, selector: Selector) -> Step {
    cx.require(!selector.is_null(), Site::TssStack, selector.error_code())?;
    let sites = [Site::TssStack, Site::TssStack, Site::TssStackNotPresent];
    let segment = cx.stack_segment_for(selector, cx.cpu.cpl, sites)?;
    let segment = cx.set_accessed(segment)?;
    cx.set_segment(SegReg::Ss, segment);
    Ok(())
}

fn load_data(cx: &mut Exec<'_>, reg: SegReg, selector: Selector) -> Step {
    if selector.is_null() {
        return Ok(());
    }
    let code = selector.error_code();
    let descriptor = cx.read_descriptor(selector, Site::TssData)?;
    let segment = descriptor.segment(selector);
    let privilege = cx.cpu.cpl.max(selector.rpl());
    let reachable = segment.is_conforming() || descriptor.dpl() >= privilege;
    cx.require(descriptor.is_segment() && segment.is_readable() && reachable, Site::TssData, code)?;
    cx.require(descriptor.is_present(), Site::DataNotPresent, code)?;
    let segment = cx.set_accessed(segment)?;
    cx.set_segment(reg, segment);
    Ok(())
}

fn load<W: crate::width::Width>(cx: &mut Exec<'_>, base: u64, offset: u32) -> Result<W, Exception> {
    cx.load_linear(LinAddr((base + u64::from(offset)) & 0xFFFF_FFFF), Class::Supervisor)
}

fn store<W: crate::width::Width>(cx: &mut Exec<'_>, base: u64, offset: u32, value: W) -> Step {
    cx.store_linear(LinAddr((base + u64::from(offset)) & 0xFFFF_FFFF), value, Class::Supervisor)
}
