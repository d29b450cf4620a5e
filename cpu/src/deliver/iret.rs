//! IRET. SDM Vol.2A "IRET/IRETD/IRETQ".

use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{AC, ARITHMETIC, DF, ID, IF, IOPL, NT, RF, TF, VIF, VIP, VM};
use crate::segment::{SegReg, Selector};
use crate::site::Site;
use crate::state::Mode;
use crate::width::Width;

/// Returns from an interrupt. NMIs are unblocked even if it faults.
pub(crate) fn iret<W: Width>(cx: &mut Exec<'_>) -> Step {
    cx.cpu.nmi_blocked = false;
    match cx.cpu.mode() {
        Mode::Real => iret_real::<W>(cx),
        Mode::Virtual8086 => {
            cx.require(cx.cpu.flags.iopl() == 3, Site::V86Sensitive, 0)?;
            iret_real::<W>(cx)
        }
        Mode::Protected => iret_protected::<W>(cx),
    }
}

/// The three words or dwords on top of the stack.
fn peek_frame<W: Width>(cx: &mut Exec<'_>) -> Result<(u32, Selector, u32), crate::exception::Exception> {
    let offset = cx.peek_stack::<W>(0)?.as_() as u32;
    let selector = Selector(cx.peek_stack::<W>(1)?.as_() as u16);
    let image = cx.peek_stack::<W>(2)?.as_() as u32;
    Ok((offset, selector, image))
}

fn iret_real<W: Width>(cx: &mut Exec<'_>) -> Step {
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    cx.require(offset <= cx.cpu.seg(SegReg::Cs).limit, Site::BranchLimit, 0)?;
    cx.set_stack_pointer(cx.stack_above(3 * W::BYTES as u32));
    cx.cpu.segments[SegReg::Cs as usize] = cx.real_code_segment(selector);
    cx.next_eip = offset;
    let mut mask = ARITHMETIC | TF | IF | DF | NT;
    if cx.cpu.mode() == Mode::Real {
        mask |= IOPL;
    }
    load_flags::<W>(cx, mask, image);
    Ok(())
}

fn iret_protected<W: Width>(cx: &mut Exec<'_>) -> Step {
    if cx.cpu.flags.has(NT) {
        // Hardware task switches come in a later stage.
        cx.hot.notes.add("IRET to a previous task".to_owned());
        return Err(cx.fault(Site::TssLimit, cx.cpu.tr.selector.error_code()));
    }
    let (offset, selector, image) = peek_frame::<W>(cx)?;
    if W::BITS == 32 && image & VM != 0 && cx.cpu.cpl == 0 {
        // Virtual-8086 mode comes in a later stage.
        cx.hot.notes.add("IRET to virtual-8086 mode".to_owned());
        return Err(cx.fault(Site::SelectorNull, 0));
    }
    let (segment, outer) = cx.return_segment(selector)?;
    cx.require(offset <= segment.limit, Site::BranchLimit, 0)?;
    let mask = protected_mask(cx);
    let size = W::BYTES as u32;
    if outer {
        let pointer = cx.peek_stack::<W>(3)?.as_() as u32;
        let stack = Selector(cx.peek_stack::<W>(4)?.as_() as u16);
        let from_cpl = cx.cpu.cpl;
        cx.return_outer(segment, offset, stack, pointer, 0)?;
        load_protected_flags::<W>(cx, mask, image, from_cpl);
    } else {
        cx.set_stack_pointer(cx.stack_above(3 * size));
        cx.cpu.segments[SegReg::Cs as usize] = segment;
        cx.next_eip = offset;
        let cpl = cx.cpu.cpl;
        load_protected_flags::<W>(cx, mask, image, cpl);
    }
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
    let virtual_flags = if from_cpl == 0 && W::BITS == 32 { VIF | VIP } else { 0 };
    load_flags::<W>(cx, mask | virtual_flags, image);
}

fn load_flags<W: Width>(cx: &mut Exec<'_>, mask: u32, image: u32) {
    let wide = if W::BITS == 32 { RF | AC | ID } else { 0 };
    cx.cpu.flags.replace(mask | wide, image);
    cx.refresh_guard();
    cx.leave();
}
