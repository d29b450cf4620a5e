//! Delivery through a gate of the IDT. SDM Vol.3A 6.12.1 "Exception- or Interrupt-Handler Procedures",
//! Vol.2A "INT n/INTO/INT3/INT1" Operation.

use ringwalk_mmu::{Class, LinAddr};

use super::{Cause, Event, IDT, Source, switch_through};
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::exec::frame::Frame;
use crate::flags::{IF, NT, RF, TF, VM};
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;

pub(super) fn deliver(cx: &mut Exec<'_>, event: Event) -> Step {
    let gate = read_gate(cx, event)?;
    if gate.system_type() == Some(SystemType::TaskGate) {
        cx.next_rip = event.return_rip;
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
    let inner = !segment.is_conforming() && segment.dpl() < cpl;
    if cx.cpu.virtual_8086() {
        // A conforming handler would stay at CPL 3.
        cx.require(inner && segment.dpl() == 0, Site::V86Handler, code)?;
    }
    let handler = Handler::new(gate, event, segment);
    if inner { handler.enter_inner(cx) } else { handler.enter_same(cx) }
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

/// Data segment registers in the order in which leaving virtual-8086 mode pushes them.
const V86_DATA: [SegReg; 4] = [SegReg::Gs, SegReg::Fs, SegReg::Ds, SegReg::Es];

/// A handler about to be entered.
struct Handler {
    event: Event,
    /// Its code segment, with the selector of the gate.
    segment: Segment,
    offset: u64,
    /// Bytes of each pushed operand: the gate's width.
    size: u64,
    disables_interrupts: bool,
}

impl Handler {
    fn new(gate: Descriptor, event: Event, segment: Segment) -> Handler {
        use SystemType::*;
        let kind = gate.system_type();
        let wide = matches!(kind, Some(InterruptGate32 | TrapGate32));
        Handler {
            event,
            segment,
            offset: u64::from(if wide { gate.gate_offset_32() } else { gate.gate_offset_16() }),
            size: if wide { 4 } else { 2 },
            disables_interrupts: matches!(kind, Some(InterruptGate16 | InterruptGate32)),
        }
    }

    /// A more privileged handler: its stack comes from the TSS.
    fn enter_inner(self, cx: &mut Exec<'_>) -> Step {
        let cpl = self.segment.dpl();
        let mut frame = Frame::on_new_stack(cx.inner_stack(cpl)?, self.size, cpl);
        let leaves_v86 = cx.cpu.virtual_8086();
        if leaves_v86 {
            for reg in V86_DATA {
                frame.push(cx.cpu.seg(reg).selector.0.into());
            }
        }
        frame.push(cx.cpu.seg(SegReg::Ss).selector.0.into());
        frame.push(cx.reg::<u32>(4).into());
        self.enter(cx, frame, cpl)?;
        if leaves_v86 {
            for reg in V86_DATA {
                cx.set_segment(reg, Segment::null(Selector(0)));
            }
        }
        Ok(())
    }

    /// A handler of the same level, or a conforming one: the stack stays.
    fn enter_same(self, cx: &mut Exec<'_>) -> Step {
        let frame = Frame::on_current_stack(cx, self.size);
        let cpl = cx.cpu.cpl;
        self.enter(cx, frame, cpl)
    }

    /// The frame's room comes before the handler's offset.
    fn enter(self, cx: &mut Exec<'_>, mut frame: Frame, cpl: u8) -> Step {
        frame.push(cx.cpu.flags.bits().into());
        frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
        frame.push(self.event.return_rip);
        if let Some(code) = self.event.code {
            frame.push(code.into());
        }
        frame.require_room(cx)?;
        cx.require_branch_target(self.offset, &self.segment)?;
        frame.require_writable(cx)?;
        let code = cx.set_accessed(self.segment)?;
        frame.commit(cx)?;
        cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cpl), ..code });
        cx.next_rip = self.offset;
        cx.cpu.flags.set(TF | NT | VM | RF, false);
        if self.disables_interrupts {
            cx.cpu.flags.set(IF, false);
        }
        cx.set_cpl(cpl);
        Ok(())
    }
}
