//! Commands that let the machine run: step, next, out, until, continue, goto. Each ends with the context.

use iced_x86::{FlowControl, Mnemonic};
use ringwalk_cpu::event::EventHit;
use ringwalk_cpu::flags::IF;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{CpuState, Shadow};
use ringwalk_cpu::watch::Place;
use ringwalk_mmu::{Tlb, TlbPolicy};

use crate::back::{Unit, count_and_unit};
use crate::breakpoints::{place_of, place_text, stands_at};
use crate::commands::Arguments;
use crate::context::{Context, context};
use crate::desk::Desk;
use crate::disassembly::{is_stepped_over, next_instruction};
use crate::error::Error;
use crate::expression::{Expr, Parser};
use crate::page::{Answered, answer};
use crate::space::{Address, logical};
use crate::stack::stack_at;
use crate::stop::{Reason, why};
use crate::target::{RunUntil, Stop, Target, Wants};
use crate::timeline::{Goal, jump, part_of_history};
use crate::tour::Arrival;

/// A place of the debugger's own to stop at, and what must hold there.
pub struct Own<'a> {
    /// The place.
    pub place: Place,
    /// What must hold.
    pub wanted: &'a dyn Fn(&CpuState) -> bool,
}

/// Everything the debugger compares with later; the TLB, which is large, is not part of it.
pub fn snapshot(target: &dyn Target) -> CpuState {
    let mut cpu = target.cpu().clone();
    cpu.tlb = Tlb::new(TlbPolicy::None);
    cpu
}

/// What every command does before the machine moves: answers the processor as it was.
pub fn begin(target: &mut dyn Target, desk: &mut Desk) -> CpuState {
    let before = snapshot(target);
    desk.breakpoints.look(target.cpu(), target.memory());
    desk.next_code = None;
    before
}

/// Ends a command that moved the machine: explains the stop and shows the context, and the tour's text if it came to
/// a new stop of it.
pub fn finish(target: &mut dyn Target, desk: &mut Desk, before: CpuState, reason: Reason) -> Answered {
    let Reason::Tour(index) = reason else {
        return answer(stopped(target, desk, before, reason));
    };
    let (line, tour) = desk.tour.as_mut().map(|tour| tour.reach(index)).unwrap_or_default();
    let context = stopped(target, desk, before, Reason::Done("tour", line));
    answer(Arrival { tour, context })
}

/// The context of a stop, with the debugger's own state brought up to it.
fn stopped(target: &mut dyn Target, desk: &mut Desk, before: CpuState, reason: Reason) -> Context {
    let why = why(target, &desk.breakpoints, &before, &reason);
    let stopped_by = desk.breakpoints.iter().find(|found| Some(found.id) == why.id);
    desk.due_actions = stopped_by.and_then(|found| found.actions.clone());
    desk.breakpoints.retire(why.id);
    desk.breakpoints.look(target.cpu(), target.memory());
    desk.last_stop = match reason {
        Reason::Machine(stop) => Some(stop),
        _ => None,
    };
    desk.announce = matches!(desk.last_stop, Some(Stop::Watch(_) | Stop::Event(_) | Stop::Shown(_)));
    desk.last_why = Some(why.clone());
    desk.before = Some(before);
    context(target, desk.before.as_ref(), Some(why))
}

/// Tells the machine what to look for, if that changed.
pub(crate) fn arm(target: &mut dyn Target, desk: &mut Desk, own: Option<Place>) {
    let tour = desk.tour.iter().flat_map(|tour| tour.places());
    let wanted = desk.breakpoints.watches(own.into_iter().chain(tour));
    if wanted != desk.armed {
        target.set_watches(wanted.clone());
        desk.armed = wanted;
    }
}

/// The machine looks for nothing, or for something that the desk does not know of.
pub(crate) fn disarm(target: &mut dyn Target, desk: &mut Desk) {
    target.set_watches(Wants::default());
    desk.armed = Default::default();
}

/// Runs until a stop that the user wants to see: conditions, counts and own places are answered here.
pub fn go(target: &mut dyn Target, desk: &mut Desk, mut until: RunUntil, own: Option<&Own<'_>>) -> Reason {
    arm(target, desk, own.map(|own| own.place));
    // A watchpoint stopped the machine before the breakpoint at its next instruction could be looked at.
    if std::mem::take(&mut desk.announce)
        && let Some(reason) = arrival(target, desk, own)
    {
        return reason;
    }
    loop {
        let stop = target.run(&until);
        until.continued = true;
        match stop {
            Stop::Breakpoint(_) => (),
            Stop::Watch(hit) if desk.breakpoints.touch(target, hit.id) => {
                return Reason::Machine(stop);
            }
            Stop::Watch(_) => desk.breakpoints.look(target.cpu(), target.memory()),
            Stop::Event(EventHit { id, .. }) | Stop::Shown(id) if desk.breakpoints.touch(target, id) => {
                return Reason::Machine(stop);
            }
            Stop::Event(_) | Stop::Shown(_) => (),
            _ => return Reason::Machine(stop),
        }
        if let Some(reason) = arrival(target, desk, own) {
            return reason;
        }
        if target.take_interrupt() {
            return Reason::Machine(Stop::Interrupted);
        }
    }
}

/// Looks at what stands at the next instruction: breakpoints, the command's own place, stops of the tour.
fn arrival(target: &mut dyn Target, desk: &mut Desk, own: Option<&Own<'_>>) -> Option<Reason> {
    if let Some(id) = desk.breakpoints.arrive(target) {
        return Some(Reason::Machine(Stop::Breakpoint(id)));
    }
    let cpu = target.cpu();
    if own.is_some_and(|own| stands_at(cpu, target.memory(), own.place) && (own.wanted)(cpu)) {
        return Some(Reason::Own);
    }
    desk.tour.as_ref()?.stop_at(cpu).map(Reason::Tour)
}

/// One step; `Some` if it must be the last.
fn step_once(target: &mut dyn Target, desk: &mut Desk) -> Option<Reason> {
    arm(target, desk, None);
    let moment = |cpu: &CpuState| (cpu.seg(SegReg::Cs).selector, cpu.rip, cpu.retired);
    let before = moment(target.cpu());
    match target.step() {
        Stop::Step => (),
        Stop::Watch(hit) if desk.breakpoints.touch(target, hit.id) => {
            return Some(Reason::Machine(Stop::Watch(hit)));
        }
        Stop::Watch(_) => desk.breakpoints.look(target.cpu(), target.memory()),
        Stop::Event(hit) if desk.breakpoints.touch(target, hit.id) => {
            return Some(Reason::Machine(Stop::Event(hit)));
        }
        Stop::Shown(id) if desk.breakpoints.touch(target, id) => return Some(Reason::Machine(Stop::Shown(id))),
        Stop::Event(_) | Stop::Shown(_) => (),
        other => return Some(Reason::Machine(other)),
    }
    // Between the iterations of a REP instruction nothing arrives anywhere.
    if moment(target.cpu()) != before
        && let Some(reason) = arrival(target, desk, None)
    {
        return Some(reason);
    }
    target.take_interrupt().then_some(Reason::Machine(Stop::Interrupted))
}

/// One step that runs through calls, software interrupts, REP, and hardware interrupts that come in between.
fn over_once(target: &mut dyn Target, desk: &mut Desk) -> Option<Reason> {
    let decoded = next_instruction(target);
    if decoded.insn.as_ref().is_some_and(is_stepped_over) {
        return come_to(target, desk, decoded.after());
    }
    let (cpu, here) = (target.cpu(), Address::of_next(target.cpu()));
    let interrupt = target.signals().interrupt && cpu.flags.has(IF) && cpu.shadow == Shadow::None;
    let (retired, eip) = (cpu.retired, cpu.rip);
    let reason = step_once(target, desk);
    let delivered = target.cpu().retired == retired && target.cpu().rip != eip;
    if reason.is_some() || !(interrupt && delivered) {
        return reason;
    }
    come_to(target, desk, here).or_else(|| step_once(target, desk))
}

/// Runs to an address at the present depth of the stack: recursion below does not count.
fn come_to(target: &mut dyn Target, desk: &mut Desk, to: Address) -> Option<Reason> {
    let depth = |cpu: &CpuState| (cpu.seg(SegReg::Ss).selector, stack_at(cpu, 0).linear());
    let (segment, top) = depth(target.cpu());
    let wanted = |cpu: &CpuState| depth(cpu).0 == segment && depth(cpu).1 >= top;
    let own = Own { place: Place::Linear(to.linear()?.0), wanted: &wanted };
    Some(go(target, desk, RunUntil::default(), Some(&own))).filter(|reason| *reason != Reason::Own)
}

type Once = fn(&mut dyn Target, &mut Desk) -> Option<Reason>;

fn repeat(target: &mut dyn Target, desk: &mut Desk, count: u64, once: Once) -> Answered {
    let before = begin(target, desk);
    for _ in 0..count {
        if let Some(reason) = once(target, desk) {
            return finish(target, desk, before, reason);
        }
    }
    finish(target, desk, before, Reason::Machine(Stop::Step))
}

/// `step [N] [iteration|instruction|event]`.
pub fn step(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let (count, unit) = count_and_unit(target, arguments)?;
    let once: Once = match unit {
        Unit::Step => step_once,
        Unit::Instruction => instruction_once,
        Unit::Event => event_once,
    };
    repeat(target, desk, count, once)
}

/// All iterations of a REP instruction are one, and what comes before an instruction belongs to it.
fn instruction_once(target: &mut dyn Target, desk: &mut Desk) -> Option<Reason> {
    let retired = target.cpu().retired;
    loop {
        let reason = step_once(target, desk);
        if reason.is_some() || target.cpu().retired != retired {
            return reason;
        }
    }
}

/// Up to the next delivery of an interrupt or exception.
fn event_once(target: &mut dyn Target, desk: &mut Desk) -> Option<Reason> {
    loop {
        let (retired, at) = (target.cpu().retired, target.cpu().linear_rip());
        let reason = step_once(target, desk);
        let delivered = target.cpu().retired == retired && target.cpu().linear_rip() != at;
        if reason.is_some() || delivered {
            return reason;
        }
    }
}

/// `next [N]`.
pub fn next(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let count = arguments.count(target, 1)?;
    repeat(target, desk, count, over_once)
}

/// `out`: to the end of the procedure or handler that runs now, found by its return at this depth of the stack.
pub fn out(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let before = begin(target, desk);
    let top = stack_at(target.cpu(), 0).linear();
    loop {
        let insn = next_instruction(target).insn;
        let returns =
            insn.is_some_and(|insn| insn.flow_control() == FlowControl::Return && insn.mnemonic() != Mnemonic::Sysexit);
        if returns && stack_at(target.cpu(), 0).linear() >= top {
            let reason = step_once(target, desk);
            let to = Address::of_next(target.cpu()).text();
            let reason = reason.unwrap_or_else(|| Reason::Done("returned", format!("returned to {to}")));
            return finish(target, desk, before, reason);
        }
        if let Some(reason) = over_once(target, desk) {
            return finish(target, desk, before, reason);
        }
    }
}

/// `continue`.
pub fn carry_on(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    run_until(target, desk, RunUntil::default())
}

fn run_until(target: &mut dyn Target, desk: &mut Desk, until: RunUntil) -> Answered {
    let before = begin(target, desk);
    let reason = go(target, desk, until, None);
    finish(target, desk, before, reason)
}

/// `goto POSITION`, `goto +N`, `goto -N`, `goto 37%`, `goto retired N`, `goto start`, `goto end`.
pub fn goto(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    // Positions may be typed with commas between groups of digits.
    let text = arguments.text.replace(',', "");
    let past = target.past();
    if let Some(position) = part_of_history(past.as_ref(), &text) {
        return jump(target, desk, Goal::Position(position));
    }
    let mut parser = Parser::new(&text)?;
    let retired = parser.word().is_some_and(|word| word == "retired") && text.trim() != "retired";
    if retired {
        parser.take_word("retired");
    }
    let now = if retired { target.cpu().retired } else { target.position() };
    let (forward, backward) = (parser.take_sign("+"), parser.take_sign("-"));
    if parser.at_end() {
        return Err(arguments.usage("a position is missing"));
    }
    let value = parser.expression()?.value(target)?;
    parser.end()?;
    let goal = match (forward, backward) {
        (true, _) => now.saturating_add(value),
        (_, true) => now.saturating_sub(value),
        _ => value,
    };
    if retired {
        if goal < now {
            return jump(target, desk, Goal::Retired(goal));
        }
        return run_until(target, desk, RunUntil { retired: Some(goal), ..RunUntil::default() });
    }
    // What has been already is gone to; what has not is run to.
    if goal < now || past.is_some_and(|past| goal <= past.newest && now < past.newest) {
        return jump(target, desk, Goal::Position(goal));
    }
    run_until(target, desk, RunUntil { position: Some(goal), ..RunUntil::default() })
}

/// `until ADDR`, `until CONDITION`, `until serial TEXT`, `until screen TEXT`.
pub fn until(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    for word in ["serial", "screen"] {
        let Some(text) = arguments.after_word(word) else {
            continue;
        };
        let text = Some(arguments.plain_text(text)?);
        let until = if word == "serial" {
            RunUntil { serial: text, ..RunUntil::default() }
        } else {
            RunUntil { screen: text, ..RunUntil::default() }
        };
        return run_until(target, desk, until);
    }
    if let Some(condition) = condition(arguments.text.trim())? {
        return until_condition(target, desk, &condition);
    }
    let mut parser = arguments.parser()?;
    if parser.at_end() {
        return Err(arguments.usage("an address, a condition, serial TEXT or screen TEXT is missing"));
    }
    let place = place_of(parser.place()?.address(target)?);
    parser.end()?;
    let before = begin(target, desk);
    let own = Own { place, wanted: &|_| true };
    let reason = match go(target, desk, RunUntil::default(), Some(&own)) {
        Reason::Own => Reason::Done("reached", format!("reached {}", place_text(place))),
        reason => reason,
    };
    finish(target, desk, before, reason)
}

/// The text as a condition, if it is one: `if` before it makes sure.
fn condition(text: &str) -> Result<Option<Expr>, Error> {
    let mut parser = Parser::new(text)?;
    let forced = parser.take_word("if");
    let expr = match parser.expression() {
        Ok(expr) if parser.at_end() => expr,
        Err(error) if forced => return Err(error),
        _ => return Ok(None),
    };
    Ok((forced || expr.is_condition()).then_some(expr))
}

/// Steps until the condition holds; it is looked at after every step.
fn until_condition(target: &mut dyn Target, desk: &mut Desk, condition: &Expr) -> Answered {
    condition.value(target)?;
    let before = begin(target, desk);
    loop {
        if let Some(reason) = step_once(target, desk) {
            return finish(target, desk, before, reason);
        }
        if condition.value(target) != Ok(0) {
            let cpu = target.cpu();
            let at = logical(cpu.seg(SegReg::Cs).selector.0, cpu.rip);
            return finish(target, desk, before, Reason::Done("condition", format!("the condition holds at {at}")));
        }
    }
}
