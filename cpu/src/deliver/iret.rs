//! IRET. SDM Vol.2A "IRET/IRETD/IRETQ".

use super::task::return_to_previous;
use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{AC, ARITHMETIC, DF, ID, IF, IOPL, NT, RF, TF, VIF, VIP, VM};
use crate::segment::{SegReg, Segment, Selector};
use crate::site::Site;
use crate::state::{CR4_VME, Mode};
use crate::width::Width;

/// Returns from an interrupt. NMIs are unblocked even if it faults.
pub(crate) fn iret<W: Width>(cx: &mut Exec<'_>) -> Step {
    cx.cpu.nmi_blocked = false;
    match cx.cpu.mode() {
        Mode::Real => iret_real::<W>(cx),
        Mode::Virtual8086 if cx.cpu.flags.iopl() == 3 => iret_real::<W>(cx),
        Mode::Virtual8086 => iret_virtual::<W>(cx),
        Mode::Protected => iret_protected::<W>(cx),
    }
}

/// The three words or dwords on top of the stack.
fn peek_frame<W: Width>(cx: &mut Exec<'_>) -> Result<(u64, Selector, u32), crate::exception::Exception> {
    let offset = cx.peek_stack::<W>(0)?.as_();
    let selector = Selector(cx.peek_stack::<W>(1)?.as_() as u16);
    let image = cx.peek_stack::<W>(2)?.as_() as u32;
    Ok((offset, selector, image))
}

fn iret_real<W: Width>(cx: &mut Exec<'_>) -> Step {
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    cx.require_branch_target(offset, cx.cpu.seg(SegReg::Cs))?;
    cx.set_stack_pointer(cx.stack_above(3 * W::BYTES));
    cx.set_segment(SegReg::Cs, cx.real_code_segment(selector));
    cx.next_rip = offset;
    let mut mask = ARITHMETIC | TF | IF | DF | NT;
    if cx.cpu.mode() == Mode::Real {
        mask |= IOPL;
    }
    load_flags::<W>(cx, mask, image);
    Ok(())
}

/// IRET in virtual-8086 mode below IOPL 3: with CR4.VME and 16-bit operands IF goes to VIF, otherwise it faults.
/// SDM Vol.3B 20.3 "Interrupt and Exception Handling in Virtual-8086 Mode".
fn iret_virtual<W: Width>(cx: &mut Exec<'_>) -> Step {
    let extended = cx.cpu.cr4 & CR4_VME != 0 && W::BITS == 16;
    cx.require(extended, Site::V86Sensitive, 0)?;
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    let refused = image & TF != 0 || (image & IF != 0 && cx.cpu.flags.has(VIP));
    cx.require(!refused, Site::VirtualInterrupt, 0)?;
    cx.require_branch_target(offset, cx.cpu.seg(SegReg::Cs))?;
    cx.set_stack_pointer(cx.stack_above(3 * W::BYTES));
    cx.set_segment(SegReg::Cs, cx.real_code_segment(selector));
    cx.next_rip = offset;
    cx.cpu.flags.set(VIF, image & IF != 0);
    load_flags::<W>(cx, ARITHMETIC | TF | DF | NT, image);
    Ok(())
}

/// IRET at CPL 0 with VM in the image. SDM Vol.3B 20.2.5 "Entering Virtual-8086 Mode".
fn enter_virtual_8086(cx: &mut Exec<'_>, offset: u64, cs: Selector, image: u32) -> Step {
    let mut rest = [0u32; 6];
    for (index, value) in rest.iter_mut().enumerate() {
        *value = cx.peek_stack::<u32>(3 + index as u64)?;
    }
    cx.require(offset <= 0xFFFF, Site::BranchLimit, 0)?;
    let [esp, ss, es, ds, fs, gs] = rest;
    let selectors = [es, u32::from(cs.0), ss, ds, fs, gs];
    for (reg, selector) in SegReg::ALL.into_iter().zip(selectors) {
        cx.set_segment(reg, Segment::virtual_8086(Selector(selector as u16)));
    }
    cx.set_reg::<u32>(4, esp);
    cx.next_rip = offset;
    cx.cpu.flags.replace(cx.cpu.model.flags(), image);
    cx.set_cpl(3);
    Ok(())
}

fn iret_protected<W: Width>(cx: &mut Exec<'_>) -> Step {
    if cx.cpu.flags.has(NT) {
        cx.require(!cx.cpu.long_mode(), Site::NestedInLongMode, 0)?;
        return return_to_previous(cx);
    }
    if cx.cpu.code_is_64() {
        return iret_long::<W>(cx);
    }
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    // Long mode has no virtual-8086 mode: there the flag is ignored.
    if W::BITS == 32 && image & VM != 0 && cx.cpu.cpl == 0 && !cx.cpu.long_mode() {
        return enter_virtual_8086(cx, offset, selector, image);
    }
    let (segment, outer) = cx.return_segment(selector)?;
    let mask = protected_mask(cx);
    let from_cpl = cx.cpu.cpl;
    if outer {
        let pointer = cx.peek_stack::<W>(3)?.as_();
        let stack = Selector(cx.peek_stack::<W>(4)?.as_() as u16);
        cx.return_outer(segment, offset, (stack, pointer))?;
    } else {
        cx.return_same(segment, offset, 3 * W::BYTES)?;
    }
    load_protected_flags::<W>(cx, mask, image, from_cpl);
    Ok(())
}

/// IRET, IRETD and IRETQ from 64-bit code pop SS and RSP whatever the level. SDM Vol.3A 6.14.3 "IRET in IA-32e Mode".
fn iret_long<W: Width>(cx: &mut Exec<'_>) -> Step {
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    let pointer = cx.peek_stack::<W>(3)?.as_();
    let stack = Selector(cx.peek_stack::<W>(4)?.as_() as u16);
    let (segment, outer) = cx.return_segment(selector)?;
    let mask = protected_mask(cx);
    let from_cpl = cx.cpu.cpl;
    if outer {
        cx.return_outer(segment, offset, (stack, pointer))?;
    } else {
        let loaded = cx.returned_stack(&segment, stack)?;
        cx.require_branch_target(offset, &segment)?;
        let segment = cx.set_accessed(segment)?;
        let loaded = if loaded.is_unusable() { loaded } else { cx.set_accessed(loaded)? };
        cx.set_segment(SegReg::Cs, segment);
        cx.set_segment(SegReg::Ss, loaded);
        cx.set_stack_pointer(pointer);
        cx.next_rip = offset;
    }
    load_protected_flags::<W>(cx, mask, image, from_cpl);
    Ok(())
}

/// The flags that may change at this CPL, decided before it changes.
fn protected_mask(cx: &Exec<'_>) -> u32 {
    let mut mask = ARITHMETIC | TF | DF | NT;
    if cx.cpu.cpl <= cx.cpu.flags.iopl() {
        mask |= IF;
    }
    if cx.cpu.cpl == 0 {
        mask |= IOPL;
    }
    mask
}

fn load_protected_flags<W: Width>(cx: &mut Exec<'_>, mask: u32, image: u32, from_cpl: u8) {
    let virtual_flags = if from_cpl == 0 && W::BITS >= 32 { VIF | VIP } else { 0 };
    load_flags::<W>(cx, mask | virtual_flags, image);
}

fn load_flags<W: Width>(cx: &mut Exec<'_>, mask: u32, image: u32) {
    let wide = if W::BITS >= 32 { RF | AC | ID } else { 0 };
    cx.cpu.flags.replace((mask | wide) & cx.cpu.model.flags(), image);
    cx.refresh_guard();
    cx.leave_if_events_wait();
}
