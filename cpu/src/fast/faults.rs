//! Faults delivered inside the chain, and RF, which their handlers' IRET sets: a page fault leads to another trace like
//! a branch does, unless the run loop has to look first.

use super::dispatch::{refresh, stop};
use super::gates;
use crate::debug::any_instruction_breakpoint;
use crate::exception::Exception;
use crate::exec::Exec;
use crate::flags::{IF, RF, TF};
use crate::run::MOST_FRUITLESS_DELIVERIES;
use crate::state::{Activity, Shadow};

/// Where the chain goes behind an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// On in its trace.
    Next,
    /// To the trace at EIP.
    Elsewhere,
    /// Out: the state is up to date.
    Leave,
}

/// Delivers what an instruction raised. The state is up to date, and so it is if the chain must be left.
pub(super) fn deliver(cx: &mut Exec<'_>, fault: Exception) -> After {
    if must_tell(cx) {
        cx.hot.fast.fault = Some(fault);
        stop(cx, false);
        return After::Leave;
    }
    resume_flag_back(cx);
    if cx.cpu.retired != cx.hot.fast.delivered_at {
        cx.cpu.fruitless_deliveries = 0;
        cx.hot.fast.delivered_at = cx.cpu.retired;
    }
    if !gates::deliver_fault(cx, fault) {
        cx.deliver_fault(fault);
    }
    if must_look(cx) {
        // Behind every delivery of the canonical tier the run loop looks; here it need only look now.
        cx.leave();
        stop(cx, false);
        return After::Leave;
    }
    if !cx.hot.fast.lazy.load(cx.cpu.flags) {
        stop(cx, false);
        return After::Leave;
    }
    if cx.hot.stale != 0 {
        refresh(cx);
    }
    let (cpu, fast) = (&mut *cx.cpu, &mut cx.hot.fast);
    fast.count_from(cpu.position, cpu);
    let arena = cx.memory.frames.bytes_mut().as_mut_ptr();
    cx.hot.host_tlb.set_arena(arena.expose_provenance() as u64);
    After::Elsewhere
}

/// Whoever counts reasons wants to see each fault, and so does who looks at events.
fn must_tell(cx: &Exec<'_>) -> bool {
    cx.hot.profile.is_some() || cx.hot.events.is_some()
}

/// What the run loop looks at behind a delivery.
fn must_look(cx: &mut Exec<'_>) -> bool {
    let cpu = &*cx.cpu;
    let marked = cpu.shadow != Shadow::None || cpu.flags.has(TF | RF) || cpu.pending_debug != 0;
    let asked = cx.hot.signals.interrupt && cpu.flags.has(IF) || cpu.nmi_pending;
    let ended = cpu.activity != Activity::Active || cpu.fruitless_deliveries >= MOST_FRUITLESS_DELIVERIES;
    let strange = cx.hot.stale != 0 && cx.hot.watches.is_strange(cx.cpu);
    marked || asked || ended || strange || cx.must_leave()
}

/// Takes RF away before the one instruction that it lasts for, where nothing asks it. False if something may.
pub(super) fn resume_flag_off(cx: &mut Exec<'_>) -> bool {
    if cx.cpu.flags.has(TF) || any_instruction_breakpoint(cx.cpu) {
        return false;
    }
    if cx.cpu.flags.has(RF) {
        cx.cpu.flags.set(RF, false);
        cx.hot.fast.resumed_at = Some(cx.cpu.position);
    }
    true
}

/// RF stands again if its instruction has not been executed.
fn resume_flag_back(cx: &mut Exec<'_>) {
    if cx.hot.fast.resumed_at.take() == Some(cx.cpu.position) {
        cx.cpu.flags.set(RF, true);
    }
}

/// The chain was left.
pub(super) fn close(cx: &mut Exec<'_>) {
    resume_flag_back(cx);
    if cx.cpu.retired != cx.hot.fast.delivered_at {
        cx.cpu.fruitless_deliveries = 0;
    }
}
