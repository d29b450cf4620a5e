//! Delivery of interrupts and exceptions, and IRET. SDM Vol.3A 6.12 "Exception and Interrupt Handling".
//!
//! An exception during delivery is combined with the first by the double-fault rule; three make a shutdown.

mod iret;
mod long;
mod protected;
mod real;
mod task;
mod virtual_8086;

pub(crate) use iret::iret;
pub(crate) use task::{Cause, switch_through};
pub(crate) use virtual_8086::{is_redirected, redirect};

use crate::debug::{DR6_BS, DR6_BT, DR6_MATCHES, DR7_GD};
use crate::event::Event as Told;
use crate::exception::{Exception, ExceptionClass, class_of, vector};
use crate::exec::Exec;
use crate::flags::RF;
use crate::run::MOST_FRUITLESS_DELIVERIES;
use crate::site::Site;
use crate::state::{Activity, Mode};

/// Where an event comes from: it decides gate privilege and the EXT bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// INTR or NMI.
    External,
    /// A fault, or a trap of the debug logic.
    Exception,
    /// INT n, INT3, INTO: the gate's DPL must allow it, EXT is clear.
    Software,
    /// INT1: no privilege check, EXT is set.
    Int1,
}

impl Source {
    const fn is_external(self) -> bool {
        !matches!(self, Source::Software)
    }
}

/// One delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Vector.
    pub vector: u8,
    /// Error code to push; only protected mode does.
    pub code: Option<u16>,
    /// Where it comes from.
    pub source: Source,
    /// RIP to push.
    pub return_rip: u64,
}

impl Event {
    /// As a debugger is told of it.
    const fn told(&self) -> Told {
        match self.source {
            Source::External => Told::Interrupt(self.vector),
            Source::Exception => Told::Exception(self.vector, self.code),
            Source::Software | Source::Int1 => Told::SoftwareInterrupt(self.vector),
        }
    }
}

/// Error-code bit: the event was external to the program.
const EXT: u16 = 1;
/// Error-code bit: the index is that of a gate in the IDT.
const IDT: u16 = 2;

/// Delivers one event; `Err` is the exception that arose on the way, with EXT set where it belongs.
pub(crate) fn deliver(cx: &mut Exec<'_>, event: Event) -> Result<(), Exception> {
    cx.tell(event.told());
    let delivered = match cx.cpu.mode() {
        Mode::Real => real::deliver(cx, event),
        _ if cx.cpu.long_mode() => long::deliver(cx, event),
        Mode::Protected | Mode::Virtual8086 => protected::deliver(cx, event),
    };
    delivered.map_err(|mut second| {
        let takes_ext = matches!(second.vector, vector::TS | vector::NP | vector::SS | vector::GP | vector::AC);
        if event.source.is_external() && takes_ext {
            second.code |= EXT;
        }
        second
    })?;
    if event.vector == vector::DB && event.source != Source::Software {
        cx.cpu.dr7 &= !DR7_GD;
        cx.cpu.msrs.leave_debug_control();
    }
    cx.refresh_guard();
    Ok(())
}

/// Delivers a fault that an instruction or an earlier delivery raised, and what may come of it.
pub(crate) fn deliver_exception(cx: &mut Exec<'_>, first: Exception) {
    let mut current = first;
    note_page_fault(cx, first);
    loop {
        let before = (cx.cpu.flags, cx.cpu.tr.selector);
        cx.hot.last_fault = Some(current);
        // The image that a fault pushes has RF set; traps and aborts push it as it is.
        // An instruction breakpoint is the exception: the handler sets RF itself.
        let is_fault = !matches!(current.site, Site::InstructionBreakpoint | Site::DoubleFault);
        if is_fault {
            cx.cpu.flags.set(RF, true);
        }
        let code = current.has_code().then_some(current.code);
        let event = Event { vector: current.vector, code, source: Source::Exception, return_rip: cx.cpu.rip };
        match deliver(cx, event) {
            Ok(()) => return,
            Err(second) => {
                // After a task switch the flags are the new task's.
                if cx.cpu.tr.selector == before.1 {
                    cx.cpu.flags = before.0;
                }
                note_page_fault(cx, second);
                match combine(cx, current, second) {
                    Some(next) if !is_endless(cx) => current = next,
                    Some(_) => return stay(cx),
                    None => {
                        cx.cpu.activity = Activity::Shutdown;
                        return stay(cx);
                    }
                }
            }
        }
    }
}

/// Counts a delivery that led to another exception. #AC is benign, so a handler whose own stack is misaligned makes one
/// of the other for ever: such a processor never comes out, and the run ends as after other fruitless deliveries.
fn is_endless(cx: &mut Exec<'_>) -> bool {
    cx.cpu.fruitless_deliveries = cx.cpu.fruitless_deliveries.saturating_add(1);
    cx.cpu.fruitless_deliveries >= MOST_FRUITLESS_DELIVERIES
}

/// Nothing was delivered: the processor stands where it stood.
fn stay(cx: &mut Exec<'_>) {
    cx.next_rip = cx.cpu.rip;
    cx.leave();
}

/// CR2 takes the address of every page fault that is detected, even if a double fault or shutdown comes of it.
/// SDM Vol.3A 6.15 "Interrupt 14-Page-Fault Exception (#PF)".
fn note_page_fault(cx: &mut Exec<'_>, raised: Exception) {
    if raised.vector == vector::PF {
        cx.cpu.cr2 = cx.hot.fault_address;
    }
}

/// What a second exception makes of the first; `None` is shutdown.
/// SDM Vol.3A Table 6-5 "Conditions for Generating a Double Fault".
fn combine(cx: &Exec<'_>, first: Exception, second: Exception) -> Option<Exception> {
    use ExceptionClass::*;
    match (class_of(first.vector), class_of(second.vector)) {
        (DoubleFault, Contributory | PageFault) => None,
        (Contributory, Contributory) | (PageFault, Contributory | PageFault) => Some(cx.fault(Site::DoubleFault, 0)),
        _ => Some(second),
    }
}

/// Delivers an external interrupt, an NMI or a debug trap at an instruction boundary.
pub(crate) fn deliver_at_boundary(cx: &mut Exec<'_>, number: u8, source: Source) {
    cx.next_rip = cx.cpu.rip;
    let event = Event { vector: number, code: None, source, return_rip: cx.cpu.rip };
    if let Err(second) = deliver(cx, event) {
        // External interrupts, NMI and debug traps are benign: what fails on the way is delivered for itself.
        deliver_exception(cx, second);
    }
    cx.cpu.rip = cx.next_rip;
}

/// Takes the debug traps that wait into DR6 and delivers them. SDM Vol.3B 17.3.1 "Debug Exception (#DB)".
pub(crate) fn deliver_debug_trap(cx: &mut Exec<'_>) {
    cx.cpu.report_debug(cx.cpu.pending_debug & (DR6_MATCHES | DR6_BS | DR6_BT));
    cx.cpu.pending_debug = 0;
    deliver_at_boundary(cx, vector::DB, Source::Exception);
}
