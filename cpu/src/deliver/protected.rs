//! Delivery through a gate of the IDT. SDM Vol.3A 6.12.1 "Exception- or Interrupt-Handler Procedures",
//! Vol.2A "INT n/INTO/INT3/INT1" Operation.

use ringwalk_mmu::{Class, LinAddr};

use super::{Cause, Event, IDT, Source, switch_through};
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::exec::far::Frame;
use crate::flags::{IF, NT, RF, TF, VM};
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;

pub(super) fn deliver(cx: &mut Exec<'_>, event: Event) -> Step {
    let gate = read_gate(cx, event)?;
    if gate.system_type() == Some(SystemType::TaskGate) {
        cx.next_eip = event.return_eip;
        return switch_through(cx, gate.gate_selector(), true, Cause::Interrupt(event.code));
    }
    let target = gate.gate_selector();
    cx.require(!target.is_null(), Site::SelectorNull, 0)?;
    let code = target.error_code();
    let descriptor = cx.read_descriptor(target, Site::SelectorLimit)?;
    let segment = descriptor.segment(target);
    cx.require(segment.is_code(), Site::CodeType, code)?;
    let cpl = cx.cpu.cpl;
    cx.require(descriptor.dpl() <= cpl, Site::CodePrivilege, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    let handler = Handler::new(gate, event);
    cx.require(handler.offset <= segment.limit, Site::BranchLimit, 0)?;
    if cx.cpu.virtual_8086() {
        // A conforming handler would stay at CPL 3.
        let inner = !segment.is_conforming() && descriptor.dpl() == 0;
        cx.require(inner, Site::V86Handler, code)?;
    }
    if !segment.is_conforming() && descriptor.dpl() < cpl {
        handler.enter_inner(cx, descriptor)
    } else {
        handler.enter_same(cx, descriptor)
    }
}

/// The gate of a vector, checked for limit, type, privilege and presence.
fn read_gate(cx: &mut Exec<'_>, event: Event) -> Result<Descriptor, Exception> {
    use SystemType::*;
    let index = u16::from(event.vector) * 8;
    let code = index | IDT;
    cx.require(u32::from(index) + 7 <= u32::from(cx.cpu.idtr.limit), Site::IdtLimit, code)?;
    let address = LinAddr((cx.cpu.idtr.base + u64::from(index)) & 0xFFFF_FFFF);
    let gate = Descriptor(cx.load_linear::<u64>(address, Class::Supervisor)?);
    let usable =
        matches!(gate.system_type(), Some(TaskGate | InterruptGate16 | TrapGate16 | InterruptGate32 | TrapGate32));
    cx.require(usable, Site::IdtType, code)?;
    let allowed = event.source != Source::Software || gate.dpl() >= cx.cpu.cpl;
    cx.require(allowed, Site::IdtPrivilege, code)?;
    cx.require(gate.is_present(), Site::GateNotPresent, code)?;
    Ok(gate)
}

/// A handler about to be entered.
struct Handler {
    event: Event,
    offset: u32,
    /// Bytes of each pushed operand: the gate's width.
    size: u32,
    disables_interrupts: bool,
    gate: Descriptor,
}

impl Handler {
    fn new(gate: Descriptor, event: Event) -> Handler {
        use SystemType::*;
        let kind = gate.system_type();
        let wide = matches!(kind, Some(InterruptGate32 | TrapGate32));
        Handler {
            event,
            offset: if wide { gate.gate_offset_32() } else { gate.gate_offset_16() },
            size: if wide { 4 } else { 2 },
            disables_interrupts: matches!(kind, Some(InterruptGate16 | InterruptGate32)),
            gate,
        }
    }

    /// A more privileged handler: its stack comes from the TSS.
    fn enter_inner(self, cx: &mut Exec<'_>, descriptor: Descriptor) -> Step {
        let cpl = descriptor.dpl();
        let (stack, pointer) = cx.inner_stack(cpl)?;
        let mut frame = Frame::new(stack, pointer, self.size, cpl);
        let leaves_v86 = cx.cpu.virtual_8086();
        if leaves_v86 {
            for reg in [SegReg::Gs, SegReg::Fs, SegReg::Ds, SegReg::Es] {
                frame.push(cx, u32::from(cx.cpu.seg(reg).selector.0))?;
            }
        }
        frame.push(cx, u32::from(cx.cpu.seg(SegReg::Ss).selector.0))?;
        frame.push(cx, cx.reg::<u32>(4))?;
        self.push_return(cx, &mut frame)?;
        let marked = cx.set_accessed(self.gate.gate_selector(), descriptor)?;
        frame.commit(cx);
        if leaves_v86 {
            for reg in [SegReg::Gs, SegReg::Fs, SegReg::Ds, SegReg::Es] {
                cx.cpu.segments[reg as usize] = Segment::null(Selector(0));
            }
        }
        self.commit(cx, marked, cpl);
        Ok(())
    }

    /// A handler of the same level, or a conforming one: the stack stays.
    fn enter_same(self, cx: &mut Exec<'_>, descriptor: Descriptor) -> Step {
        let cpl = cx.cpu.cpl;
        let current: Segment = *cx.cpu.seg(SegReg::Ss);
        let mut frame = Frame::new(current, cx.stack_pointer(), self.size, cpl).on_current_stack();
        self.push_return(cx, &mut frame)?;
        let marked = cx.set_accessed(self.gate.gate_selector(), descriptor)?;
        frame.commit(cx);
        self.commit(cx, marked, cpl);
        Ok(())
    }

    fn push_return(&self, cx: &mut Exec<'_>, frame: &mut Frame) -> Step {
        let image = cx.cpu.flags.bits();
        frame.push(cx, image)?;
        frame.push(cx, u32::from(cx.cpu.seg(SegReg::Cs).selector.0))?;
        frame.push(cx, self.event.return_eip)?;
        match self.event.code {
            Some(code) => frame.push(cx, u32::from(code)),
            None => Ok(()),
        }
    }

    fn commit(&self, cx: &mut Exec<'_>, descriptor: Descriptor, cpl: u8) {
        let selector = self.gate.gate_selector().with_rpl(cpl);
        cx.cpu.segments[SegReg::Cs as usize] = descriptor.segment(selector);
        cx.next_eip = self.offset;
        cx.cpu.flags.set(TF | NT | VM | RF, false);
        if self.disables_interrupts {
            cx.cpu.flags.set(IF, false);
        }
        cx.set_cpl(cpl);
    }
}
