//! Far transfers: CALL, JMP and RET between code segments, and call gates.
//! SDM Vol.3A 5.8 "Privilege Level Checking when Transferring Program Control Between Code Segments".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use super::frame::Frame;
use crate::deliver::{self, Cause};
use crate::exception::{Exception, Step};
use crate::insn::{Insn, OPERAND_32, OPERAND_64};
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;
use crate::state::Mode;
use crate::width::Width;

/// A selector and an offset.
#[derive(Clone, Copy)]
struct FarPointer {
    selector: Selector,
    offset: u64,
}

/// CALL or JMP: what they share is nearly everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Call,
    Jump,
}

impl Kind {
    const fn cause(self) -> Cause {
        match self {
            Kind::Call => Cause::Call,
            Kind::Jump => Cause::Jump,
        }
    }
}

/// SDM Vol.3A 7.2.5 "Task-Gate Descriptor": the gate's DPL counts, not the TSS's.
fn through_task_gate(cx: &mut Exec<'_>, selector: Selector, gate: Descriptor, kind: Kind) -> Step {
    let code = selector.error_code();
    let privilege = cx.cpu.cpl.max(selector.rpl());
    cx.require(gate.dpl() >= privilege, Site::GatePrivilege, code)?;
    cx.require(gate.is_present(), Site::GateNotPresent, code)?;
    deliver::switch_through(cx, gate.gate_selector(), true, kind.cause())
}

fn immediate_pointer(i: &Insn) -> FarPointer {
    FarPointer { selector: Selector(i.disp as u16), offset: u64::from(i.imm as u32) }
}

fn memory_pointer(cx: &mut Exec<'_>, i: &Insn) -> Result<FarPointer, Exception> {
    let at = cx.effective_address(i);
    let bytes = operand_bytes(i);
    let offset = match bytes {
        8 => cx.load::<u64>(i.segment(), at)?,
        4 => cx.load::<u32>(i.segment(), at)?.into(),
        _ => cx.load::<u16>(i.segment(), at)?.into(),
    };
    let selector = cx.load::<u16>(i.segment(), cx.wrap_address(i, at.wrapping_add(bytes)))?;
    Ok(FarPointer { selector: Selector(selector), offset })
}

/// JMP ptr16:16, ptr16:32. Faults: #GP, #NP.
pub fn jmp_pointer(cx: &mut Exec<'_>, i: &Insn) -> Step {
    transfer(cx, i, immediate_pointer(i), Kind::Jump)
}

/// JMP m16:16, m16:32. Faults: operand access, #GP, #NP.
pub fn jmp_memory(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let target = memory_pointer(cx, i)?;
    transfer(cx, i, target, Kind::Jump)
}

/// CALL ptr16:16, ptr16:32. Faults: stack access, #GP, #NP, #TS, #SS.
pub fn call_pointer(cx: &mut Exec<'_>, i: &Insn) -> Step {
    transfer(cx, i, immediate_pointer(i), Kind::Call)
}

/// CALL m16:16, m16:32. Faults: operand and stack access, #GP, #NP, #TS, #SS.
pub fn call_memory(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let target = memory_pointer(cx, i)?;
    transfer(cx, i, target, Kind::Call)
}

fn transfer(cx: &mut Exec<'_>, i: &Insn, target: FarPointer, kind: Kind) -> Step {
    if cx.cpu.mode() == Mode::Protected {
        return transfer_protected(cx, i, target, kind);
    }
    let frame = return_frame(cx, kind, operand_bytes(i));
    frame.require_room(cx)?;
    cx.require_branch_target(target.offset, cx.cpu.seg(SegReg::Cs))?;
    frame.require_writable(cx)?;
    frame.commit(cx)?;
    let segment = cx.real_code_segment(target.selector);
    cx.set_segment(SegReg::Cs, segment);
    cx.next_rip = target.offset;
    Ok(())
}

fn operand_bytes(i: &Insn) -> u64 {
    match i.flags & (OPERAND_32 | OPERAND_64) {
        OPERAND_64 => 8,
        OPERAND_32 => 4,
        _ => 2,
    }
}

/// What a call pushes: CS and the return offset. A jump pushes nothing.
fn return_frame(cx: &Exec<'_>, kind: Kind, size: u64) -> Frame {
    let mut frame = Frame::on_current_stack(cx, size);
    if kind == Kind::Call {
        frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
        frame.push(cx.next_rip);
    }
    frame
}

impl Exec<'_> {
    /// A code segment loaded in real or virtual-8086 mode: the limit stays, as after leaving protected mode.
    pub fn real_code_segment(&self, selector: Selector) -> Segment {
        Segment { rights: self.cpu.seg(SegReg::Cs).rights, ..self.real_segment(SegReg::Cs, selector) }
    }
}

fn transfer_protected(cx: &mut Exec<'_>, i: &Insn, target: FarPointer, kind: Kind) -> Step {
    cx.require(!target.selector.is_null(), Site::SelectorNull, 0)?;
    let descriptor = cx.read_descriptor(target.selector, Site::SelectorLimit)?;
    if descriptor.is_segment() {
        let segment = direct_target(cx, target.selector, descriptor)?;
        return enter_at_level(cx, segment, target.offset, kind, operand_bytes(i));
    }
    let code = target.selector.error_code();
    if cx.cpu.long_mode() {
        cx.require(cx.system_type(descriptor) == Some(SystemType::CallGate32), Site::GateType, code)?;
        return through_gate_64(cx, target.selector, descriptor, kind);
    }
    match descriptor.system_type() {
        Some(SystemType::CallGate16 | SystemType::CallGate32) => through_gate(cx, target.selector, descriptor, kind),
        Some(SystemType::TaskGate) => through_task_gate(cx, target.selector, descriptor, kind),
        Some(SystemType::Tss16Available | SystemType::Tss32Available) => {
            deliver::switch_through(cx, target.selector, false, kind.cause())
        }
        _ => Err(cx.fault(Site::GateType, code)),
    }
}

/// SDM Vol.3A 5.8.1 "Direct Calls or Jumps to Code Segments": CPL stays.
fn direct_target(cx: &mut Exec<'_>, selector: Selector, descriptor: Descriptor) -> Result<Segment, Exception> {
    let code = selector.error_code();
    let segment = descriptor.segment(selector);
    cx.require_code(&segment, code)?;
    let cpl = cx.cpu.cpl;
    let allowed = if segment.is_conforming() {
        descriptor.dpl() <= cpl
    } else {
        selector.rpl() <= cpl && descriptor.dpl() == cpl
    };
    cx.require(allowed, Site::CodePrivilege, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    Ok(segment)
}

/// Goes on in another code segment at the same level. The stack's room comes before the offset.
fn enter_at_level(cx: &mut Exec<'_>, segment: Segment, offset: u64, kind: Kind, size: u64) -> Step {
    let frame = return_frame(cx, kind, size);
    enter_with(cx, segment, offset, frame)
}

fn enter_with(cx: &mut Exec<'_>, segment: Segment, offset: u64, frame: Frame) -> Step {
    frame.require_room(cx)?;
    cx.require_branch_target(offset, &segment)?;
    frame.require_writable(cx)?;
    let code = cx.set_accessed(segment)?;
    frame.commit(cx)?;
    cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cx.cpu.cpl), ..code });
    cx.next_rip = offset;
    Ok(())
}

/// SDM Vol.3A 5.8.4 "Accessing a Code Segment Through a Call Gate".
fn through_gate(cx: &mut Exec<'_>, selector: Selector, gate: Descriptor, kind: Kind) -> Step {
    let gate_code = selector.error_code();
    cx.require(gate.dpl() >= cx.cpu.cpl.max(selector.rpl()), Site::GatePrivilege, gate_code)?;
    cx.require(gate.is_present(), Site::GateNotPresent, gate_code)?;
    let (segment, inner) = gate_target(cx, gate.gate_selector(), kind)?;
    let wide = gate.system_type() == Some(SystemType::CallGate32);
    if kind == Kind::Call && inner {
        return call_inner(cx, gate, segment, wide);
    }
    enter_at_level(cx, segment, gate_offset(gate, wide), kind, if wide { 4 } else { 2 })
}

/// A gate of 16 bytes leads to 64-bit code, takes no parameters and pushes 8 bytes an operand.
/// SDM Vol.3A 5.8.3.1 "IA-32e Mode Call Gates", 5.8.5.1 "Stack Switching in 64-bit Mode".
fn through_gate_64(cx: &mut Exec<'_>, selector: Selector, gate: Descriptor, kind: Kind) -> Step {
    let gate_code = selector.error_code();
    let high = cx.read_upper_half(selector, Site::SelectorLimit)?;
    cx.require(high >> 40 & 0x1F == 0, Site::GateType, gate_code)?;
    cx.require(gate.dpl() >= cx.cpu.cpl.max(selector.rpl()), Site::GatePrivilege, gate_code)?;
    cx.require(gate.is_present(), Site::GateNotPresent, gate_code)?;
    let (segment, inner) = gate_target(cx, gate.gate_selector(), kind)?;
    cx.require(segment.is_long(), Site::CodeType, gate.gate_selector().error_code())?;
    let offset = u64::from(gate.gate_offset_32()) | high << 32;
    if kind == Kind::Jump || !inner {
        let mut frame = Frame::on_long_stack(cx, cx.reg::<u64>(4), cx.cpu.cpl);
        if kind == Kind::Call {
            frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
            frame.push(cx.next_rip);
        }
        return enter_with(cx, segment, offset, frame);
    }
    let cpl = segment.dpl();
    let pointer = cx.long_inner_stack(cpl)?;
    let mut frame = Frame::on_long_stack(cx, pointer, cpl);
    frame.push(cx.cpu.seg(SegReg::Ss).selector.0.into());
    frame.push(cx.reg::<u64>(4));
    frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
    frame.push(cx.next_rip);
    enter_with(cx, segment, offset, frame)?;
    cx.set_segment(
        SegReg::Cs,
        Segment { selector: cx.cpu.seg(SegReg::Cs).selector.with_rpl(cpl), ..*cx.cpu.seg(SegReg::Cs) },
    );
    cx.set_cpl(cpl);
    Ok(())
}

/// The code segment that a gate leads to, and whether it is more privileged.
fn gate_target(cx: &mut Exec<'_>, target: Selector, kind: Kind) -> Result<(Segment, bool), Exception> {
    cx.require(!target.is_null(), Site::SelectorNull, 0)?;
    let code = target.error_code();
    let cpl = cx.cpu.cpl;
    let descriptor = cx.read_descriptor(target, Site::SelectorLimit)?;
    let segment = descriptor.segment(target);
    cx.require_code(&segment, code)?;
    let inner = !segment.is_conforming() && descriptor.dpl() < cpl;
    let allowed = match kind {
        Kind::Call => descriptor.dpl() <= cpl,
        Kind::Jump if segment.is_conforming() => descriptor.dpl() <= cpl,
        Kind::Jump => descriptor.dpl() == cpl,
    };
    cx.require(allowed, Site::CodePrivilege, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    Ok((segment, inner))
}

fn gate_offset(gate: Descriptor, wide: bool) -> u64 {
    u64::from(if wide { gate.gate_offset_32() } else { gate.gate_offset_16() })
}

/// A call to a more privileged level: new stack from the TSS, parameters copied. SDM Vol.3A 5.8.5 "Stack Switching".
fn call_inner(cx: &mut Exec<'_>, gate: Descriptor, segment: Segment, wide: bool) -> Step {
    let cpl = segment.dpl();
    let count = u64::from(gate.gate_parameters());
    let mut frame = Frame::on_new_stack(cx.inner_stack(cpl)?, if wide { 4 } else { 2 }, cpl);
    frame.require_room_for(cx, 4 + count)?;
    let offset = gate_offset(gate, wide);
    cx.require_branch_target(offset, &segment)?;
    frame.push(cx.cpu.seg(SegReg::Ss).selector.0.into());
    frame.push(cx.reg::<u32>(4).into());
    for index in (0..count).rev() {
        frame.push(if wide { cx.peek_stack::<u32>(index)?.into() } else { cx.peek_stack::<u16>(index)?.into() });
    }
    frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
    frame.push(cx.next_rip);
    frame.require_writable(cx)?;
    let code = cx.set_accessed(segment)?;
    frame.commit(cx)?;
    cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cpl), ..code });
    cx.next_rip = offset;
    cx.set_cpl(cpl);
    Ok(())
}

impl Exec<'_> {
    /// SS and ESP for a more privileged level, from the TSS. SDM Vol.3A 5.8.5 "Stack Switching".
    pub(crate) fn inner_stack(&mut self, cpl: u8) -> Result<(Segment, u64), Exception> {
        let tss = self.cpu.tr;
        let tss_code = tss.selector.error_code();
        let wide = tss.rights & 8 != 0;
        let at = if wide { 4 + 8 * u32::from(cpl) } else { 2 + 4 * u32::from(cpl) };
        let last = at + if wide { 5 } else { 3 };
        self.require(last <= tss.limit, Site::TssLimit, tss_code)?;
        let address = |offset: u32| LinAddr((tss.base + u64::from(offset)) & 0xFFFF_FFFF);
        let (pointer, selector) = if wide {
            let pointer = self.load_linear::<u32>(address(at), Class::Supervisor)?;
            (u64::from(pointer), self.load_linear::<u16>(address(at + 4), Class::Supervisor)?)
        } else {
            let pointer = self.load_linear::<u16>(address(at), Class::Supervisor)?;
            (u64::from(pointer), self.load_linear::<u16>(address(at + 2), Class::Supervisor)?)
        };
        let selector = Selector(selector);
        self.require(!selector.is_null(), Site::TssStack, 0)?;
        let sites = [Site::TssStack, Site::TssStack, Site::TssStackNotPresent];
        let segment = self.stack_segment_for(selector, cpl, sites)?;
        Ok((segment, pointer))
    }

    /// RSP for a more privileged level, from the 64-bit TSS. SDM Vol.3A 8.7 "Task Management in 64-bit Mode".
    pub(crate) fn long_inner_stack(&mut self, cpl: u8) -> Result<u64, Exception> {
        self.long_stack_at(4 + 8 * u64::from(cpl))
    }

    /// A stack pointer in the 64-bit TSS.
    pub(crate) fn long_stack_at(&mut self, at: u64) -> Result<u64, Exception> {
        let tss = self.cpu.tr;
        self.require(at + 7 <= u64::from(tss.limit), Site::TssLimit, tss.selector.error_code())?;
        let pointer = self.load_linear::<u64>(self.system_address(tss.base, at), Class::Supervisor)?;
        self.require(self.cpu.is_canonical(pointer), Site::StackCanonical, 0)?;
        Ok(pointer)
    }

    /// A code segment; in long mode not one with both L and D set.
    pub(crate) fn require_code(&self, segment: &Segment, code: u16) -> Step {
        let contradicts = self.cpu.long_mode() && segment.is_long() && segment.is_big();
        self.require(segment.is_code() && !contradicts, Site::CodeType, code)
    }
}

/// RETF. Faults: stack access, #GP, #NP, #SS.
pub fn retf<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    return_far::<W>(cx, 0)
}

/// RETF imm16: releases parameters on both stacks. Faults: stack access, #GP, #NP, #SS.
pub fn retf_pop<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    return_far::<W>(cx, i.immediate() & 0xFFFF)
}

fn return_far<W: Width>(cx: &mut Exec<'_>, release: u64) -> Step {
    let offset = cx.peek_stack::<W>(0)?.as_();
    let selector = Selector(cx.peek_stack::<W>(1)?.as_() as u16);
    if cx.cpu.mode() != Mode::Protected {
        cx.require_branch_target(offset, cx.cpu.seg(SegReg::Cs))?;
        cx.set_stack_pointer(cx.stack_above(2 * W::BYTES + release));
        cx.set_segment(SegReg::Cs, cx.real_code_segment(selector));
        cx.next_rip = offset;
        return Ok(());
    }
    let (segment, outer) = cx.return_segment(selector)?;
    let above = 2 * W::BYTES + release;
    if !outer {
        return cx.return_same(segment, offset, above);
    }
    let pointer = cx.load::<W>(SegReg::Ss, cx.stack_above(above))?.as_();
    let stack = cx.load::<W>(SegReg::Ss, cx.stack_above(above + W::BYTES))?.as_() as u16;
    cx.return_outer(segment, offset, (Selector(stack), pointer.wrapping_add(release)))
}

impl Exec<'_> {
    /// The code segment that a far return or IRET goes to, not yet marked as accessed, and whether it is less
    /// privileged.
    /// SDM Vol.2B "RET", Vol.2A "IRET".
    pub(crate) fn return_segment(&mut self, selector: Selector) -> Result<(Segment, bool), Exception> {
        self.require(!selector.is_null(), Site::SelectorNull, 0)?;
        let code = selector.error_code();
        let descriptor = self.read_descriptor(selector, Site::SelectorLimit)?;
        let segment = descriptor.segment(selector);
        self.require_code(&segment, code)?;
        self.require(selector.rpl() >= self.cpu.cpl, Site::ReturnPrivilege, code)?;
        let allowed = if segment.is_conforming() {
            descriptor.dpl() <= selector.rpl()
        } else {
            descriptor.dpl() == selector.rpl()
        };
        self.require(allowed, Site::CodePrivilege, code)?;
        self.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
        Ok((segment, selector.rpl() > self.cpu.cpl))
    }

    /// Stays at its level: so many bytes of the stack are released.
    pub(crate) fn return_same(&mut self, segment: Segment, offset: u64, release: u64) -> Step {
        self.require_branch_target(offset, &segment)?;
        let segment = self.set_accessed(segment)?;
        let above = self.stack_above(release);
        let size = self.stack_size();
        self.set_segment(SegReg::Cs, segment);
        self.set_stack_pointer_of_size(above, size);
        self.next_rip = offset;
        Ok(())
    }

    /// The stack segment that comes with a code segment. 64-bit code above CPL 3 may have a null one.
    pub(crate) fn returned_stack(&mut self, code: &Segment, stack: Selector) -> Result<Segment, Exception> {
        let cpl = code.selector.rpl();
        let may_be_null = self.cpu.long_mode() && code.is_long() && cpl != 3 && stack.rpl() == cpl;
        if stack.is_null() && may_be_null {
            return Ok(Segment::null(stack));
        }
        self.require(!stack.is_null(), Site::SelectorNull, 0)?;
        let sites = [Site::SelectorLimit, Site::StackType, Site::StackNotPresent];
        self.stack_segment_for(stack, cpl, sites)
    }

    /// Goes to a less privileged level: its stack, then data segments it may not keep become null. The stack segment
    /// is checked before the offset.
    pub(crate) fn return_outer(&mut self, segment: Segment, offset: u64, (stack, pointer): (Selector, u64)) -> Step {
        let cpl = segment.selector.rpl();
        let loaded = self.returned_stack(&segment, stack)?;
        self.require_branch_target(offset, &segment)?;
        let code = self.set_accessed(segment)?;
        let loaded = if loaded.is_unusable() { loaded } else { self.set_accessed(loaded)? };
        self.set_segment(SegReg::Ss, loaded);
        self.set_segment(SegReg::Cs, code);
        self.set_stack_pointer(pointer);
        self.next_rip = offset;
        self.set_cpl(cpl);
        self.drop_inner_data_segments();
        Ok(())
    }
}
