//! Why the fast tier was left, or not entered, in words: for `--profile`.

use ringwalk_mmu::{Class, LinAddr};

use super::Run;
use crate::fast::Ended;
use crate::flags::{RF, TF};
use crate::state::Shadow;
use crate::timing::Timing;
use crate::trace::{LONGEST_TRACE, TraceId};

/// The reason, as the state shows it right behind.
pub(super) fn why_left(run: &Run<'_, '_>, id: TraceId, single: bool, ended: Option<&Ended>) -> String {
    match ended {
        None => not_entered(run, id, single).to_owned(),
        Some(Ended::Fault(fault)) => format!("fault {}", fault.vector),
        Some(Ended::Boundary) => at_boundary(run).to_owned(),
        Some(Ended::Unlinked(loose)) => {
            let cpu = &*run.cx.cpu;
            if loose.dead.is_some() {
                return "trace dropped, since its code was written over".to_owned();
            }
            if loose.link.is_some() {
                return "link not tied yet".to_owned();
            }
            let left = run.cx.deadline.saturating_sub(cpu.position).min(run.limits.retired - cpu.retired);
            if left < LONGEST_TRACE as u64 {
                return "deadline or limit near".to_owned();
            }
            no_target(run).to_owned()
        }
    }
}

/// Why nothing was found to go on with.
fn no_target(run: &Run<'_, '_>) -> &'static str {
    let cpu = &*run.cx.cpu;
    let class = if cpu.cpl == 3 { Class::User } else { Class::Supervisor };
    match run.cx.hot.fast.code_address(cpu.rip) {
        None => "limit of CS near",
        Some(target) if run.cx.hot.host_tlb.fetch(LinAddr(target), class).is_none() => {
            "no page of code known at the target"
        }
        Some(_) => "no trace known at the target",
    }
}

fn not_entered(run: &Run<'_, '_>, id: TraceId, single: bool) -> &'static str {
    let cx = &run.cx;
    if single {
        "not entered: single instruction (TF, shadow, guest's breakpoints)"
    } else if cx.hot.timing != Timing::Flat {
        "not entered: timing model"
    } else if run.traces.trace(id).candidate {
        "not entered: breakpoint"
    } else if cx.deadline.saturating_sub(cx.cpu.position) < LONGEST_TRACE as u64 {
        "not entered: deadline near"
    } else {
        "not entered: limit near, or ZF with SF"
    }
}

fn at_boundary(run: &Run<'_, '_>) -> &'static str {
    let cx = &run.cx;
    if cx.memory.frames.has_stale_code() {
        "code written over"
    } else if cx.hot.watch_hit.is_some() {
        "watchpoint"
    } else if cx.cpu.shadow != Shadow::None {
        "shadow of STI, MOV SS or POP SS"
    } else if cx.cpu.flags.has(TF | RF) {
        "TF or RF"
    } else if cx.hot.bus_touched {
        "lines or deadline of the bus changed"
    } else if cx.hot.leave {
        "asked for by an instruction (REP, HLT, translations)"
    } else {
        "mode or segments changed, or ZF with SF"
    }
}
