//! Segment-register instructions and those that ask about descriptors.
//! SDM Vol.2A "LAR", "LSL", "LDS/LES/LFS/LGS/LSS", "ARPL", Vol.2B "MOV", "POP", "PUSH", "VERR/VERW".

use super::Exec;
use crate::exception::{Exception, Step};
use crate::flags::ZF;
use crate::insn::Insn;
use crate::segment::{Descriptor, SegReg, Selector, SystemType};
use crate::site::Site;
use crate::width::Width;

/// MOV r/m, Sreg: 16 bits to memory; a 32-bit register gets zeros above. Faults: operand access, #UD.
pub fn mov_from_sreg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let Some(reg) = SegReg::from_number(i.src) else {
        return Err(cx.undefined(Site::UndefinedRegister));
    };
    let selector = cx.cpu.seg(reg).selector.0;
    if i.is_memory() {
        return cx.set_dst(i, selector);
    }
    cx.set_dst(i, W::truncate(u64::from(selector)))
}

/// MOV Sreg, r/m16. CS cannot be loaded so. Faults: operand access, the segment checks, #UD.
pub fn mov_to_sreg(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let reg = match SegReg::from_number(i.dst) {
        Some(reg) if reg != SegReg::Cs => reg,
        _ => return Err(cx.undefined(Site::UndefinedRegister)),
    };
    let selector = Selector(cx.src(i)?);
    cx.load_segment(reg, selector)?;
    if reg == SegReg::Ss {
        cx.shadow_after_stack_load();
    }
    Ok(())
}

/// PUSH Sreg. With 32-bit operands ESP drops by 4 but only the low word is written; with 64-bit ones all 8 bytes are. Faults: stack access.
pub fn push_sreg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let selector = cx.cpu.segments[i.dst as usize].selector.0;
    if W::BITS == 64 {
        return cx.push(u64::from(selector));
    }
    let sp = cx.stack_below(W::BYTES);
    cx.store(SegReg::Ss, sp, selector)?;
    cx.set_stack_pointer(sp);
    Ok(())
}

/// POP Sreg: reads 16 bits, moves by the operand size. Faults: stack access, the segment checks.
pub fn pop_sreg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let reg = SegReg::ALL[i.dst as usize];
    let selector = Selector(cx.load(SegReg::Ss, cx.stack_pointer())?);
    // SS itself decides the width of the stack pointer that moves.
    let above = cx.stack_above(W::BYTES);
    let size = cx.stack_size();
    cx.load_segment(reg, selector)?;
    cx.set_stack_pointer_of_size(above, size);
    if reg == SegReg::Ss {
        cx.shadow_after_stack_load();
    }
    Ok(())
}

/// LDS, LES, LFS, LGS, LSS r, m16:16 or m16:32. Faults: operand access, the segment checks.
fn load_far_pointer<W: Width>(cx: &mut Exec<'_>, i: &Insn, reg: SegReg) -> Step {
    let at = cx.effective_address(i);
    let offset: W = cx.load(i.segment(), at)?;
    let selector = cx.load::<u16>(i.segment(), cx.wrap_address(i, at.wrapping_add(W::BYTES)))?;
    cx.load_segment(reg, Selector(selector))?;
    cx.set_dst(i, offset)
}

/// LDS. Faults: see [`load_far_pointer`].
pub fn lds<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_far_pointer::<W>(cx, i, SegReg::Ds)
}

/// LES. Faults: see [`load_far_pointer`].
pub fn les<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_far_pointer::<W>(cx, i, SegReg::Es)
}

/// LFS. Faults: see [`load_far_pointer`].
pub fn lfs<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_far_pointer::<W>(cx, i, SegReg::Fs)
}

/// LGS. Faults: see [`load_far_pointer`].
pub fn lgs<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_far_pointer::<W>(cx, i, SegReg::Gs)
}

/// LSS: no interrupt shadow, the stack pointer comes with it. Faults: see [`load_far_pointer`].
pub fn lss<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_far_pointer::<W>(cx, i, SegReg::Ss)
}

/// ARPL r/m16, r16: raises the RPL. Flags: ZF. Faults: operand access; #UD outside protected mode.
pub fn arpl(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_protected()?;
    // Only a change is written: a destination that may not be written is fine if its RPL is high enough.
    let (dst, src) = (Selector(cx.dst(i)?), Selector(cx.src(i)?));
    let raise = dst.rpl() < src.rpl();
    if raise {
        cx.set_dst(i, dst.with_rpl(src.rpl()).0)?;
    }
    cx.cpu.flags.set(ZF, raise);
    Ok(())
}

/// The descriptor behind a selector as LAR, LSL, VERR and VERW see it: `None` where they clear ZF.
/// Presence is not looked at.
fn visible_descriptor(cx: &mut Exec<'_>, selector: Selector) -> Result<Option<Descriptor>, Exception> {
    if selector.is_null() || cx.descriptor_address(selector).is_none() {
        return Ok(None);
    }
    let descriptor = cx.read_descriptor(selector, Site::SelectorLimit)?;
    let conforming = descriptor.segment(selector).is_conforming();
    let reachable = conforming || descriptor.dpl() >= cx.cpu.cpl.max(selector.rpl());
    Ok(reachable.then_some(descriptor))
}

/// LAR r, r/m16: the access rights. Flags: ZF. Faults: operand access, #PF; #UD outside protected mode.
pub fn lar<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    use SystemType::*;
    cx.require_protected()?;
    let selector = Selector(cx.src(i)?);
    let seen = visible_descriptor(cx, selector)?.filter(|descriptor| {
        let system = cx.system_type(*descriptor);
        let listed = [Tss16Available, Ldt, Tss16Busy, CallGate16, TaskGate, Tss32Available, Tss32Busy, CallGate32];
        descriptor.is_segment() || system.is_some_and(|kind| listed.contains(&kind))
    });
    cx.cpu.flags.set(ZF, seen.is_some());
    match seen {
        Some(descriptor) => cx.set_dst(i, W::truncate(descriptor.0 >> 32 & 0x00FF_FF00)),
        None => Ok(()),
    }
}

/// LSL r, r/m16: the limit in bytes. Flags: ZF. Faults: operand access, #PF; #UD outside protected mode.
pub fn lsl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    use SystemType::*;
    cx.require_protected()?;
    let selector = Selector(cx.src(i)?);
    let seen = visible_descriptor(cx, selector)?.filter(|descriptor| {
        let listed = [Tss16Available, Ldt, Tss16Busy, Tss32Available, Tss32Busy];
        descriptor.is_segment() || cx.system_type(*descriptor).is_some_and(|kind| listed.contains(&kind))
    });
    cx.cpu.flags.set(ZF, seen.is_some());
    match seen {
        Some(descriptor) => cx.set_dst(i, W::truncate(u64::from(descriptor.limit()))),
        None => Ok(()),
    }
}

fn verify(cx: &mut Exec<'_>, i: &Insn, fits: impl Fn(&crate::segment::Segment) -> bool) -> Step {
    cx.require_protected()?;
    let selector = Selector(cx.dst(i)?);
    let seen = visible_descriptor(cx, selector)?;
    let good = seen.is_some_and(|descriptor| descriptor.is_segment() && fits(&descriptor.segment(selector)));
    cx.cpu.flags.set(ZF, good);
    Ok(())
}

/// VERR r/m16: could the segment be read? Flags: ZF. Faults: operand access, #PF; #UD outside protected mode.
pub fn verr(cx: &mut Exec<'_>, i: &Insn) -> Step {
    verify(cx, i, |segment| segment.is_readable())
}

/// VERW r/m16: could the segment be written? Flags: ZF. Faults: operand access, #PF; #UD outside protected mode.
pub fn verw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    verify(cx, i, |segment| segment.is_writable())
}
