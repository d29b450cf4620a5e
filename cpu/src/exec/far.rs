//! Far transfers: CALL, JMP and RET between code segments, and call gates.
//! SDM Vol.3A 5.8 "Privilege Level Checking when Transferring Program Control Between Code Segments".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use super::frame::Frame;
use crate::deliver::{self, Cause};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;
use crate::state::Mode;
use crate::width::Width;

/// A selector and an offset.
#[derive(Clone, Copy)]
struct FarPointer {
    selector: Selector,
    offset: u32,
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
    FarPointer { selector: Selector(i.disp as u16), offset: i.imm as u32 }
}

fn memory_pointer(cx: &mut Exec<'_>, i: &Insn) -> Result<FarPointer, Exception> {
    let at = cx.effective_address(i);
    let (offset, bytes) = if cx.operand_32(i) {
        (cx.load::<u32>(i.segment(), at)?, 4)
    } else {
        (u32::from(cx.load::<u16>(i.segment(), at)?), 2)
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
    let frame = return_frame(cx, kind, operand_bytes(cx, i));
    frame.require_room(cx)?;
    cx.require(target.offset <= cx.cpu.seg(SegReg::Cs).limit, Site::BranchLimit, 0)?;
    frame.require_writable(cx)?;
    frame.commit(cx)?;
    let segment = cx.real_code_segment(target.selector);
    cx.set_segment(SegReg::Cs, segment);
    cx.next_eip = target.offset;
    Ok(())
}

fn operand_bytes(cx: &Exec<'_>, i: &Insn) -> u32 {
    if cx.operand_32(i) { 4 } else { 2 }
}

/// What a call pushes: CS and the return offset. A jump pushes nothing.
fn return_frame(cx: &Exec<'_>, kind: Kind, size: u32) -> Frame {
    let mut frame = Frame::on_current_stack(cx, size);
    if kind == Kind::Call {
        frame.push(u32::from(cx.cpu.seg(SegReg::Cs).selector.0));
        frame.push(cx.next_eip);
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
        return enter_at_level(cx, segment, target.offset, kind, operand_bytes(cx, i));
    }
    let code = target.selector.error_code();
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
    cx.require(segment.is_code(), Site::CodeType, code)?;
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
fn enter_at_level(cx: &mut Exec<'_>, segment: Segment, offset: u32, kind: Kind, size: u32) -> Step {
    let frame = return_frame(cx, kind, size);
    frame.require_room(cx)?;
    cx.require(offset <= segment.limit, Site::BranchLimit, 0)?;
    frame.require_writable(cx)?;
    let code = cx.set_accessed(segment)?;
    frame.commit(cx)?;
    cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cx.cpu.cpl), ..code });
    cx.next_eip = offset;
    Ok(())
}

/// SDM Vol.3A 5.8.4 "Accessing a Code Segment Through a Call Gate".
fn through_gate(cx: &mut Exec<'_>, selector: Selector, gate: Descriptor, kind: Kind) -> Step {
    let gate_code = selector.error_code();
    let cpl = cx.cpu.cpl;
    cx.require(gate.dpl() >= cpl.max(selector.rpl()), Site::GatePrivilege, gate_code)?;
    cx.require(gate.is_present(), Site::GateNotPresent, gate_code)?;
    let target = gate.gate_selector();
    cx.require(!target.is_null(), Site::SelectorNull, 0)?;
    let code = target.error_code();
    let descriptor = cx.read_descriptor(target, Site::SelectorLimit)?;
    let segment = descriptor.segment(target);
    cx.require(segment.is_code(), Site::CodeType, code)?;
    let inner = !segment.is_conforming() && descriptor.dpl() < cpl;
    let allowed = match kind {
        Kind::Call => descriptor.dpl() <= cpl,
        Kind::Jump if segment.is_conforming() => descriptor.dpl() <= cpl,
        Kind::Jump => descriptor.dpl() == cpl,
    };
    cx.require(allowed, Site::CodePrivilege, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    let wide = gate.system_type() == Some(SystemType::CallGate32);
    if kind == Kind::Call && inner {
        return call_inner(cx, gate, segment, wide);
    }
    enter_at_level(cx, segment, gate_offset(gate, wide), kind, if wide { 4 } else { 2 })
}

fn gate_offset(gate: Descriptor, wide: bool) -> u32 {
    if wide { gate.gate_offset_32() } else { gate.gate_offset_16() }
}

/// A call to a more privileged level: new stack from the TSS, parameters copied. SDM Vol.3A 5.8.5 "Stack Switching".
fn call_inner(cx: &mut Exec<'_>, gate: Descriptor, segment: Segment, wide: bool) -> Step {
    let cpl = segment.dpl();
    let count = gate.gate_parameters();
    let mut frame = Frame::on_new_stack(cx.inner_stack(cpl)?, if wide { 4 } else { 2 }, cpl);
    frame.require_room_for(cx, 4 + count)?;
    let offset = gate_offset(gate, wide);
    cx.require(offset <= segment.limit, Site::BranchLimit, 0)?;
    frame.push(u32::from(cx.cpu.seg(SegReg::Ss).selector.0));
    frame.push(cx.reg::<u32>(4));
    for index in (0..count).rev() {
        frame.push(if wide { cx.peek_stack::<u32>(index)? } else { u32::from(cx.peek_stack::<u16>(index)?) });
    }
    frame.push(u32::from(cx.cpu.seg(SegReg::Cs).selector.0));
    frame.push(cx.next_eip);
    frame.require_writable(cx)?;
    let code = cx.set_accessed(segment)?;
    frame.commit(cx)?;
    cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cpl), ..code });
    cx.next_eip = offset;
    cx.set_cpl(cpl);
    Ok(())
}

impl Exec<'_> {
    /// SS and ESP for a more privileged level, from the TSS. SDM Vol.3A 5.8.5 "Stack Switching".
    pub(crate) fn inner_stack(&mut self, cpl: u8) -> Result<(Segment, u32), Exception> {
        let tss = self.cpu.tr;
        let tss_code = tss.selector.error_code();
        let wide = tss.rights & 8 != 0;
        let at = if wide { 4 + 8 * u32::from(cpl) } else { 2 + 4 * u32::from(cpl) };
        let last = at + if wide { 5 } else { 3 };
        self.require(last <= tss.limit, Site::TssLimit, tss_code)?;
        let address = |offset: u32| LinAddr((tss.base + u64::from(offset)) & 0xFFFF_FFFF);
        let (pointer, selector) = if wide {
            let pointer = self.load_linear::<u32>(address(at), Class::Supervisor)?;
            (pointer, self.load_linear::<u16>(address(at + 4), Class::Supervisor)?)
        } else {
            let pointer = u32::from(self.load_linear::<u16>(address(at), Class::Supervisor)?);
            (pointer, self.load_linear::<u16>(address(at + 2), Class::Supervisor)?)
        };
        let selector = Selector(selector);
        self.require(!selector.is_null(), Site::TssStack, 0)?;
        let sites = [Site::TssStack, Site::TssStack, Site::TssStackNotPresent];
        let segment = self.stack_segment_for(selector, cpl, sites)?;
        Ok((segment, pointer))
    }
}

/// RETF. Faults: stack access, #GP, #NP, #SS.
pub fn retf<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    return_far::<W>(cx, 0)
}

/// RETF imm16: releases parameters on both stacks. Faults: stack access, #GP, #NP, #SS.
pub fn retf_pop<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    return_far::<W>(cx, i.imm as u32 & 0xFFFF)
}

fn return_far<W: Width>(cx: &mut Exec<'_>, release: u32) -> Step {
    let offset = cx.peek_stack::<W>(0)?.as_() as u32;
    let selector = Selector(cx.peek_stack::<W>(1)?.as_() as u16);
    if cx.cpu.mode() != Mode::Protected {
        cx.require(offset <= cx.cpu.seg(SegReg::Cs).limit, Site::BranchLimit, 0)?;
        cx.set_stack_pointer(cx.stack_above(2 * W::BYTES as u32 + release));
        cx.set_segment(SegReg::Cs, cx.real_code_segment(selector));
        cx.next_eip = offset;
        return Ok(());
    }
    let (segment, outer) = cx.return_segment(selector)?;
    let above = 2 * W::BYTES as u32 + release;
    if !outer {
        return cx.return_same(segment, offset, above);
    }
    let pointer = cx.load::<W>(SegReg::Ss, cx.stack_above(above))?.as_() as u32;
    let stack = cx.load::<W>(SegReg::Ss, cx.stack_above(above + W::BYTES as u32))?.as_() as u16;
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
        self.require(segment.is_code(), Site::CodeType, code)?;
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
    pub(crate) fn return_same(&mut self, segment: Segment, offset: u32, release: u32) -> Step {
        self.require(offset <= segment.limit, Site::BranchLimit, 0)?;
        let segment = self.set_accessed(segment)?;
        self.set_segment(SegReg::Cs, segment);
        self.set_stack_pointer(self.stack_above(release));
        self.next_eip = offset;
        Ok(())
    }

    /// Goes to a less privileged level: its stack, then data segments it may not keep become null. The stack segment
    /// is checked before the offset.
    pub(crate) fn return_outer(&mut self, segment: Segment, offset: u32, (stack, pointer): (Selector, u32)) -> Step {
        let cpl = segment.selector.rpl();
        self.require(!stack.is_null(), Site::SelectorNull, 0)?;
        let sites = [Site::SelectorLimit, Site::StackType, Site::StackNotPresent];
        let loaded = self.stack_segment_for(stack, cpl, sites)?;
        self.require(offset <= segment.limit, Site::BranchLimit, 0)?;
        let code = self.set_accessed(segment)?;
        let loaded = self.set_accessed(loaded)?;
        self.set_segment(SegReg::Ss, loaded);
        self.set_segment(SegReg::Cs, code);
        self.set_stack_pointer(pointer);
        self.next_eip = offset;
        self.set_cpl(cpl);
        self.drop_inner_data_segments();
        Ok(())
    }
}
