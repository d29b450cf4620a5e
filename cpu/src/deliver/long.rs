//! Delivery in long mode: gates of 16 bytes, interrupt stacks, handlers in 64-bit code.
//! SDM Vol.3A 6.14 "Exception and Interrupt Handling in 64-bit Mode".

use ringwalk_mmu::Class;

use super::{Event, IDT, Source};
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::exec::frame::Frame;
use crate::flags::{IF, NT, RF, TF, VM};
use crate::segment::{Descriptor, SegReg, Segment, Selector, SystemType};
use crate::site::Site;

/// Register number of RSP.
const SP: u8 = 4;
/// Where the interrupt stacks begin in a 64-bit TSS: IST1. SDM Vol.3A Figure 8-11 "64-Bit TSS Format".
const FIRST_STACK: u64 = 0x24;

/// An interrupt or trap gate of 16 bytes. SDM Vol.3A Figure 6-8 "64-Bit IDT Gate Descriptors".
struct Gate {
    selector: Selector,
    offset: u64,
    /// 1 to 7: a stack of the TSS, whatever the privilege level; 0: none.
    stack: u64,
    disables_interrupts: bool,
}

pub(super) fn deliver(cx: &mut Exec<'_>, event: Event) -> Step {
    let gate = read_gate(cx, event)?;
    let segment = handler_segment(cx, gate.selector)?;
    let cpl = if segment.is_conforming() { cx.cpu.cpl } else { segment.dpl() };
    let pointer = match gate.stack {
        0 if cpl == cx.cpu.cpl => cx.reg::<u64>(SP),
        0 => cx.long_inner_stack(cpl)?,
        number => cx.long_stack_at(FIRST_STACK + 8 * (number - 1))?,
    };
    // SDM Vol.3A 6.14.2 "64-Bit Mode Stack Frame": aligned to 16 bytes, and SS:RSP is always pushed.
    let mut frame = Frame::on_long_stack(cx, pointer & !15, cpl);
    frame.push(cx.cpu.seg(SegReg::Ss).selector.0.into());
    frame.push(cx.reg::<u64>(SP));
    frame.push(cx.cpu.flags.bits().into());
    frame.push(cx.cpu.seg(SegReg::Cs).selector.0.into());
    frame.push(event.return_rip);
    if let Some(code) = event.code {
        frame.push(code.into());
    }
    frame.require_room(cx)?;
    cx.require_branch_target(gate.offset, &segment)?;
    frame.require_writable(cx)?;
    let code = cx.set_accessed(segment)?;
    frame.commit(cx)?;
    cx.set_segment(SegReg::Cs, Segment { selector: code.selector.with_rpl(cpl), ..code });
    cx.next_rip = gate.offset;
    cx.cpu.flags.set(TF | NT | VM | RF, false);
    if gate.disables_interrupts {
        cx.cpu.flags.set(IF, false);
    }
    cx.set_cpl(cpl);
    Ok(())
}

/// The gate of a vector, checked for limit, type, privilege and presence.
fn read_gate(cx: &mut Exec<'_>, event: Event) -> Result<Gate, Exception> {
    let at = u64::from(event.vector) * 16;
    let code = (u16::from(event.vector) * 8) | IDT;
    cx.require(at + 15 <= u64::from(cx.cpu.idtr.limit), Site::IdtLimit, code)?;
    let low = Descriptor(cx.load_linear::<u64>(cx.system_address(cx.cpu.idtr.base, at), Class::Supervisor)?);
    let high = cx.load_linear::<u64>(cx.system_address(cx.cpu.idtr.base, at + 8), Class::Supervisor)?;
    let kind = low.system_type();
    let usable = matches!(kind, Some(SystemType::InterruptGate32 | SystemType::TrapGate32));
    cx.require(usable, Site::IdtType, code)?;
    let allowed = event.source != Source::Software || low.dpl() >= cx.cpu.cpl;
    cx.require(allowed, Site::IdtPrivilege, code)?;
    cx.require(low.is_present(), Site::GateNotPresent, code)?;
    Ok(Gate {
        selector: low.gate_selector(),
        offset: u64::from(low.gate_offset_32()) | high << 32,
        stack: low.0 >> 32 & 7,
        disables_interrupts: kind == Some(SystemType::InterruptGate32),
    })
}

/// The handler's code segment, which must be one of 64-bit code.
fn handler_segment(cx: &mut Exec<'_>, selector: Selector) -> Result<Segment, Exception> {
    cx.require(!selector.is_null(), Site::SelectorNull, 0)?;
    let code = selector.error_code();
    let descriptor = cx.read_descriptor(selector, Site::SelectorLimit)?;
    let segment = descriptor.segment(selector);
    cx.require_code(&segment, code)?;
    cx.require(segment.is_long(), Site::CodeType, code)?;
    cx.require(descriptor.dpl() <= cx.cpu.cpl, Site::CodePrivilege, code)?;
    cx.require(descriptor.is_present(), Site::CodeNotPresent, code)?;
    Ok(segment)
}
