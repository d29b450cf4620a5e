//! Why the machine stands still: one line, always.

use ringwalk_cpu::event::EventHit;
use ringwalk_cpu::exception::vector_has_code;
use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::{Activity, CpuState};
use ringwalk_cpu::watch::WatchHit;
use serde::Serialize;

use crate::breakpoints::{Breakpoints, Kind, held, times};
use crate::disassembly::{decode, next_instruction, repeats};
use crate::events::hit_text;
use crate::space::{Address, logical};
use crate::stack::stack_at;
use crate::target::{Stop, Target};
use crate::vectors;

/// Why a command that runs the machine came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The machine stopped.
    Machine(Stop),
    /// The debugger's own place was reached.
    Own,
    /// The stop of the tour with this index was reached.
    Tour(usize),
    /// The command reached its own end; the words say which.
    Done(&'static str, String),
}

/// The answer to `why`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// One word for programs: `breakpoint`, `watch`, `position`, `shutdown` and the like.
    pub kind: &'static str,
    /// One line for people.
    pub text: String,
    /// The breakpoint or watchpoint.
    pub id: Option<u32>,
    /// The access that a watchpoint saw.
    pub access: Option<WatchView>,
    /// The machine's position.
    pub position: u64,
    /// Instructions retired since power-on.
    pub retired: u64,
}

/// An access under a watchpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchView {
    /// Where the access began.
    pub linear: u64,
    /// Its bytes.
    pub bytes: usize,
    /// A write.
    pub write: bool,
    /// What was read or written.
    pub value: u64,
    /// What the watched bytes held before; up to 8 of them.
    pub old: Option<u64>,
    /// What they hold now.
    pub new: Option<u64>,
    /// The instruction that made it.
    pub by: String,
}

/// Explains a stop. `before` is the processor before the command ran.
pub fn why(target: &dyn Target, breakpoints: &Breakpoints, before: &CpuState, reason: &Reason) -> Why {
    let stop = match reason {
        Reason::Machine(stop) => stop,
        Reason::Done(kind, text) => return plain(target, kind, text.clone()),
        Reason::Own | Reason::Tour(_) => return plain(target, "done", "stopped".to_string()),
    };
    let simple = |kind, text: &str| plain(target, kind, text.to_string());
    match stop {
        Stop::Step => plain(target, "step", step_text(target, before)),
        Stop::Breakpoint(id) => breakpoint(target, breakpoints, *id),
        Stop::Watch(hit) => watch(target, breakpoints, hit),
        Stop::Event(hit) => Why { id: Some(hit.id), ..plain(target, "event", event_stop(target, breakpoints, hit)) },
        Stop::Shown(id) => breakpoint(target, breakpoints, *id),
        Stop::Position => simple("position", "position reached"),
        Stop::Retired => simple("retired", "instruction count reached"),
        Stop::Serial => simple("serial", "COM1 sent the text"),
        Stop::Screen => simple("screen", "the screen shows the text"),
        Stop::Option(option) => plain(target, "option", format!("{option} reached")),
        Stop::Interrupted => simple("interrupted", "stopped by Ctrl-C"),
        Stop::DeadHalt => simple("dead-halt", "halted for good: HLT with nothing that can wake the processor"),
        Stop::Shutdown => {
            simple("shutdown", "shut down after a triple fault: only `reset` or `restore` goes on from here")
        }
        Stop::Reset => simple("reset", "the guest reset the machine"),
        Stop::PowerOff => simple("power-off", "the guest switched the machine off"),
        Stop::Exit(value) => plain(target, "exit", format!("the guest wrote {value:#x} to the exit device")),
        Stop::EndlessDeliveries => simple(
            "endless-deliveries",
            "a million events were delivered without one instruction retired: the handlers fault on and on",
        ),
        Stop::Host(message) => plain(target, "host", message.clone()),
    }
}

/// A stop that one line of text explains.
pub fn plain(target: &dyn Target, kind: &'static str, text: String) -> Why {
    Why { kind, text, id: None, access: None, position: target.position(), retired: target.cpu().retired }
}

fn breakpoint(target: &dyn Target, breakpoints: &Breakpoints, id: u32) -> Why {
    let found = breakpoints.iter().find(|found| found.id == id);
    let text = found.map_or_else(
        || format!("breakpoint {id}"),
        |found| {
            let hits = if found.hits > 1 { format!(", hit {}", times(found.hits)) } else { String::new() };
            match found.kind {
                Kind::Screen => format!("breakpoint {id}: {}{hits}", found.text()),
                _ => format!("breakpoint {id} at {}{hits}", found.text()),
            }
        },
    );
    Why { id: Some(id), ..plain(target, "breakpoint", text) }
}

/// `write watch 3: lin 00007e10 00 -> 98 by 0000:7c21 rep movsb`.
fn watch(target: &dyn Target, breakpoints: &Breakpoints, hit: &WatchHit) -> Why {
    let found = breakpoints.iter().find(|found| found.id == hit.id);
    let (old, watched) = match found.map(|found| (found.held, found.kind)) {
        Some((old, Kind::Data(watch))) => (old, Some(watch)),
        _ => (None, None),
    };
    let new = watched.and_then(|watch| held(target.cpu(), target.memory(), &watch));
    let digits = 2 * watched.map_or(hit.bytes, |watch| watch.bytes.min(8) as usize);
    let by = writer(target, hit);
    let kind = if hit.write { "write" } else { "read" };
    let values = match (hit.write, old, new) {
        (true, Some(old), Some(new)) => format!("{old:0digits$x} -> {new:0digits$x}"),
        (true, ..) => format!("<- {:0width$x}", hit.value, width = 2 * hit.bytes),
        (false, ..) => format!("= {:0width$x}", hit.value, width = 2 * hit.bytes),
    };
    // Values belong to the watched bytes where those are known, else to the access.
    let place = match watched {
        Some(watch) if old.is_some() && new.is_some() && hit.write => {
            format!("{} {:08x}", if watch.physical { "phys" } else { "lin" }, watch.first)
        }
        _ => format!("lin {:08x}", hit.linear.0),
    };
    let text = format!("{kind} watch {}: {place} {values} by {by}", hit.id);
    let access = WatchView { linear: hit.linear.0, bytes: hit.bytes, write: hit.write, value: hit.value, old, new, by };
    Why { id: Some(hit.id), access: Some(access), ..plain(target, "watch", text) }
}

/// `breakpoint 4: exception 0dh #GP ... at 0008:7c00 mov ds, eax`.
fn event_stop(target: &dyn Target, breakpoints: &Breakpoints, hit: &EventHit) -> String {
    let hits = breakpoints.iter().find(|found| found.id == hit.id).map_or(0, |found| found.hits);
    let hits = if hits > 1 { format!(", hit {}", times(hits)) } else { String::new() };
    format!("breakpoint {}: {}{hits}", hit.id, hit_text(target, hit))
}

/// The instruction that made an access.
pub(crate) fn writer(target: &dyn Target, hit: &WatchHit) -> String {
    instruction_at(target, hit.selector, hit.rip)
}

/// An instruction that ran lately, with its place.
pub(crate) fn instruction_at(target: &dyn Target, selector: u16, rip: u64) -> String {
    let cpu = target.cpu();
    let same = cpu.seg(SegReg::Cs).selector == Selector(selector);
    let at = if same {
        Some(Address::in_segment(cpu, SegReg::Cs, rip))
    } else {
        Address::by_selector(cpu, target.memory(), selector, rip)
    };
    let at_text = logical(selector, rip);
    at.map_or(at_text.clone(), |at| format!("{at_text} {}", decode(target, at).text()))
}

/// What a single step did, where that is not plainly one instruction.
fn step_text(target: &dyn Target, before: &CpuState) -> String {
    let cpu = target.cpu();
    if cpu.activity == Activity::Shutdown {
        return "triple fault: the processor has shut down".to_string();
    }
    if cpu.retired != before.retired {
        return match cpu.activity {
            Activity::Halted => "halted: the next step idles until an event",
            Activity::Waiting { .. } => "waiting: the next step idles until an event",
            _ => "stepped",
        }
        .to_string();
    }
    let place = |cpu: &CpuState| (cpu.seg(SegReg::Cs).selector, cpu.rip);
    if place(cpu) == place(before) {
        let repeats = next_instruction(target).insn.is_some_and(|insn| repeats(&insn));
        return match (before.activity, repeats) {
            (Activity::Halted, _) => "idle: the processor waits in HLT".to_string(),
            (Activity::Waiting { .. }, _) => "idle: the processor waits in MWAIT".to_string(),
            (_, true) => "one iteration of a repeated instruction".to_string(),
            _ => "an event, and nothing retired".to_string(),
        };
    }
    let (selector, rip) = place(before);
    let at = Address::Logical { selector: selector.0, offset: rip, base: before.seg(SegReg::Cs).base };
    let at = format!("{} {}", at.text(), decode(target, at).text());
    format!("{}: it came at {at}", delivery_text(target))
}

/// The event whose handler begins at the next instruction.
fn delivery_text(target: &dyn Target) -> String {
    let Some(vector) = delivered(target) else { return "an interrupt or exception was delivered".to_string() };
    let cpu = target.cpu();
    if !cpu.protected() {
        let name = vectors::on_a_pc(vector).map_or_else(String::new, |name| format!(" ({name})"));
        return format!("interrupt {vector:02x}h{name} was delivered");
    }
    let Some(name) = vectors::exception(vector) else { return format!("interrupt {vector:02x}h was delivered") };
    let code = stack_at(cpu, 0).peek_number(cpu, target.memory(), 2).filter(|_| vector_has_code(vector));
    let code = code.map_or_else(String::new, |code| {
        format!(", error code {code:04x}: {}", vectors::error_code(vector, code as u16, cpu.cr2))
    });
    format!("{name} was delivered{code}")
}

/// The only vector whose handler begins at the next instruction.
fn delivered(target: &dyn Target) -> Option<u8> {
    let cpu = target.cpu();
    let here = logical(cpu.seg(SegReg::Cs).selector.0, cpu.rip);
    let mut leads_here = (0..=255).filter(|vector| crate::tables::gate_target(target, *vector).as_ref() == Some(&here));
    let (only, more) = (leads_here.next()?, leads_here.next());
    if more.is_some() { None } else { Some(only) }
}
