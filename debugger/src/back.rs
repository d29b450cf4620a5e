//! Single steps backward. The boundaries before a position are found by stepping forward from a place before them, and
//! kept, so that going on backward only looks them up.

use iced_x86::FlowControl;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CpuState;

use crate::commands::Arguments;
use crate::desk::Desk;
use crate::disassembly::next_instruction;
use crate::error::Error;
use crate::page::Answered;
use crate::running::{begin, finish};
use crate::stop::Reason;
use crate::target::{Stop, Target};

/// What the step from a boundary did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    /// An instruction called: CALL, INT n.
    Call,
    /// An instruction returned: RET, IRET.
    Return,
    /// Any other instruction.
    Other,
    /// One iteration of a REP instruction, not the last.
    Iteration,
    /// An interrupt or exception was delivered.
    Event,
    /// Time passed in HLT.
    Idle,
}

/// A boundary, and the step from it.
#[derive(Clone, Copy, Debug)]
struct Boundary {
    position: u64,
    retired: u64,
    did: Did,
}

/// Consecutive boundaries.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    boundaries: Vec<Boundary>,
    /// Where the last step led.
    end: u64,
    /// Calls and returns are told from other instructions.
    told: bool,
}

/// Boundaries that are kept.
const MOST: usize = 1 << 17;

/// Why a way back was not found.
enum Trouble {
    /// The history begins here.
    Beginning,
    /// The machine stopped on the way.
    Stopped(Stop),
    /// No history, or the host's trouble.
    Failed(Error),
}

/// What one step backward is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// What `step` does.
    Step,
    /// A whole instruction, all iterations of a REP instruction together.
    Instruction,
    /// To where the last interrupt or exception was delivered.
    Event,
}

impl Steps {
    /// The number of boundaries before a position, if all between them and it are known.
    fn before(&self, position: u64) -> Option<usize> {
        let count = self.boundaries.partition_point(|boundary| boundary.position < position);
        (count > 0 && position <= self.end).then_some(count)
    }
}

fn moment(cpu: &CpuState) -> (u16, u64, u64, bool) {
    (cpu.seg(SegReg::Cs).selector.0, cpu.linear_rip(), cpu.retired, cpu.activity.is_idle())
}

/// Steps to a position and notes the boundaries on the way.
fn record(target: &mut dyn Target, to: u64, told: bool) -> Result<Vec<Boundary>, Trouble> {
    let mut boundaries = Vec::new();
    while target.position() < to {
        let (position, before) = (target.position(), moment(target.cpu()));
        let flow = if told { next_instruction(target).insn.map(|insn| insn.flow_control()) } else { None };
        let stop = target.step();
        let after = moment(target.cpu());
        let did = match flow {
            _ if after.2 == before.2 && after.1 == before.1 && before.3 => Did::Idle,
            _ if after.2 == before.2 && (after.0, after.1) == (before.0, before.1) => Did::Iteration,
            _ if after.2 == before.2 => Did::Event,
            Some(FlowControl::Call | FlowControl::IndirectCall | FlowControl::Interrupt) => Did::Call,
            Some(FlowControl::Return) => Did::Return,
            _ => Did::Other,
        };
        boundaries.push(Boundary { position, retired: before.2, did });
        if target.position() == position {
            return Err(Trouble::Stopped(stop));
        }
    }
    Ok(boundaries)
}

/// Makes the boundaries before a position known. The machine is moved.
fn look_back(target: &mut dyn Target, desk: &mut Desk, position: u64, told: bool) -> Result<usize, Trouble> {
    let known = desk.steps.take().filter(|steps| !told || steps.told);
    if let Some(steps) = known {
        if let Some(count) = steps.before(position) {
            desk.steps = Some(steps);
            return Ok(count);
        }
        // Those that go on where the new ones end are kept.
        let first = steps.boundaries.first().map(|boundary| boundary.position);
        if first == Some(position) && steps.boundaries.len() < MOST {
            let mut longer = look(target, position, steps.told)?;
            let count = longer.boundaries.len();
            longer.boundaries.extend(steps.boundaries);
            longer.end = steps.end;
            desk.steps = Some(longer);
            return Ok(count);
        }
    }
    let steps = look(target, position, told)?;
    let count = steps.before(position).ok_or(Trouble::Beginning)?;
    desk.steps = Some(steps);
    Ok(count)
}

fn look(target: &mut dyn Target, position: u64, told: bool) -> Result<Steps, Trouble> {
    match target.travel_before(position).map_err(|error| Trouble::Failed(Error::Target(error)))? {
        None => return Err(Trouble::Beginning),
        Some(Stop::Position) => {}
        Some(stop) => return Err(Trouble::Stopped(stop)),
    }
    let boundaries = record(target, position, told)?;
    // The last step may have led farther: the position lies inside of it.
    Ok(Steps { boundaries, end: target.position().max(position), told })
}

/// The position of the boundary before one.
pub(crate) fn previous(target: &mut dyn Target, desk: &mut Desk, position: u64) -> Option<u64> {
    let count = look_back(target, desk, position, false).ok()?;
    desk.steps.as_ref()?.boundaries.get(count - 1).map(|boundary| boundary.position)
}

/// What is looked for, walking backward over boundaries: `Some(true)` this one is it, `Some(false)` the one behind it.
type Wanted<'a> = &'a mut dyn FnMut(&Boundary) -> Option<bool>;

/// Walks backward until the boundary that is wanted; answers its position.
fn walk(target: &mut dyn Target, desk: &mut Desk, from: u64, told: bool, wanted: Wanted<'_>) -> Result<u64, Trouble> {
    let mut here = from;
    loop {
        let count = look_back(target, desk, here, told)?;
        let steps = desk.steps.as_ref().map(|steps| &steps.boundaries[..count]).unwrap_or_default();
        let mut behind = here;
        for boundary in steps.iter().rev() {
            match wanted(boundary) {
                Some(true) => return Ok(boundary.position),
                Some(false) => return Ok(behind),
                None => behind = boundary.position,
            }
        }
        here = behind;
        if target.take_interrupt() {
            return Err(Trouble::Stopped(Stop::Interrupted));
        }
    }
}

/// The last boundary before this moment at which something holds, and the one behind it. It is looked for among single
/// steps, so that nothing is missed; the machine is moved.
pub(crate) fn last_difference(
    target: &mut dyn Target,
    desk: &mut Desk,
    holds: &mut dyn FnMut(&dyn Target) -> bool,
) -> Result<Option<(u64, u64)>, Stop> {
    let mut end = target.position();
    loop {
        match look_back(target, desk, end, false) {
            Ok(_) => {}
            Err(Trouble::Stopped(stop)) => return Err(stop),
            Err(Trouble::Beginning) => return Ok(None),
            Err(Trouble::Failed(error)) => return Err(Stop::Host(error.to_string())),
        }
        let first = desk.steps.as_ref().and_then(|steps| steps.boundaries.first()).map_or(end, |first| first.position);
        match target.travel(first) {
            Ok(Stop::Position) => {}
            Ok(stop) => return Err(stop),
            Err(trouble) => return Err(Stop::Host(trouble)),
        }
        let mut found = None;
        while target.position() < end {
            let before = target.position();
            let held = holds(target);
            target.step();
            if held {
                found = Some((before, target.position()));
            }
            if target.position() == before {
                break;
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        end = first;
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
}

/// Ends a command that went back: goes to where it led, or explains why it leads nowhere. Interrupted, the machine is
/// where it was.
fn land(
    target: &mut dyn Target,
    desk: &mut Desk,
    before: CpuState,
    led: Result<u64, Trouble>,
    words: &str,
) -> Answered {
    let (start, oldest) = (before.position, target.past().map_or(0, |past| past.oldest));
    let (to, reason) = match led {
        Ok(position) => (position, Reason::Done("back", words.to_owned())),
        Err(Trouble::Beginning) => (oldest, Reason::Done("beginning", "the history begins here".to_owned())),
        Err(Trouble::Stopped(stop)) => (start, Reason::Machine(stop)),
        Err(Trouble::Failed(error)) => return Err(error),
    };
    match target.travel(to).map_err(Error::Target)? {
        Stop::Position => finish(target, desk, before, reason),
        stop => finish(target, desk, before, Reason::Machine(stop)),
    }
}

/// `reverse-step [N] [instruction|event]`.
pub fn reverse_step(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let (count, unit) = count_and_unit(target, arguments)?;
    let before = begin(target, desk);
    let mut led = Ok(target.position());
    let mut left = count;
    while left > 0
        && let Ok(here) = led
    {
        (led, left) = match unit {
            Unit::Step => steps_back(target, desk, here, left),
            Unit::Instruction => (instruction_back(target, desk, here), left - 1),
            Unit::Event => (event_back(target, desk, here), left - 1),
        };
    }
    let words = if count == 1 { "back one step".to_owned() } else { format!("back {count} steps") };
    land(target, desk, before, led, &words)
}

/// As many steps back as are known, at least one; answers where that is and how many are left.
fn steps_back(target: &mut dyn Target, desk: &mut Desk, here: u64, left: u64) -> (Result<u64, Trouble>, u64) {
    match look_back(target, desk, here, false) {
        Ok(count) => {
            let back = left.min(count as u64);
            let boundaries = desk.steps.as_ref().map(|steps| steps.boundaries.as_slice()).unwrap_or_default();
            (Ok(boundaries[count - back as usize].position), left - back)
        }
        Err(trouble) => (Err(trouble), left),
    }
}

fn instruction_back(target: &mut dyn Target, desk: &mut Desk, here: u64) -> Result<u64, Trouble> {
    let mut retired = None;
    let mut first = here;
    let found = walk(target, desk, here, false, &mut |boundary| {
        let wanted = *retired.get_or_insert(boundary.retired);
        if boundary.retired == wanted {
            first = boundary.position;
            return None;
        }
        Some(false)
    });
    match found {
        // The first instruction of the history.
        Err(Trouble::Beginning) if first != here => Ok(first),
        found => found,
    }
}

fn event_back(target: &mut dyn Target, desk: &mut Desk, here: u64) -> Result<u64, Trouble> {
    let mut last = None;
    walk(target, desk, here, false, &mut |boundary| {
        let after_event = boundary.did == Did::Event && last.is_some();
        last = Some(());
        after_event.then_some(false)
    })
}

/// One step backward that does not stop in what was called or came in between.
fn over_back(target: &mut dyn Target, desk: &mut Desk, from: u64) -> Result<u64, Trouble> {
    let mut here = from;
    loop {
        let mut depth = 0_u64;
        let mut last = Did::Other;
        let mut entered = false;
        let found = walk(target, desk, here, true, &mut |boundary| {
            if depth == 0 && entered {
                // Only the iterations of one REP instruction come here.
                return if boundary.did == Did::Iteration { None } else { Some(false) };
            }
            match boundary.did {
                Did::Return => depth += 1,
                Did::Call | Did::Event if depth > 1 => depth -= 1,
                Did::Call | Did::Event => {
                    last = boundary.did;
                    return Some(true);
                }
                Did::Iteration | Did::Other if depth == 0 => entered = true,
                Did::Iteration | Did::Other | Did::Idle => {}
            }
            None
        });
        let found = match found {
            Err(Trouble::Beginning) if entered => Ok(target.past().map_or(0, |past| past.oldest)),
            found => found,
        }?;
        if last != Did::Event || here != from && found == here {
            return Ok(found);
        }
        // It came between two instructions: the one before it is meant.
        here = found;
    }
}

/// `reverse-next [N]`.
pub fn reverse_next(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let count = arguments.count(target, 1)?;
    let before = begin(target, desk);
    let mut led = Ok(target.position());
    for _ in 0..count {
        let Ok(here) = led else { break };
        led = over_back(target, desk, here);
    }
    land(target, desk, before, led, "back over one instruction")
}

/// `reverse-finish`: back to the CALL, INT or event that entered what runs now.
pub fn reverse_finish(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let before = begin(target, desk);
    let mut depth = 0_u64;
    let led = walk(target, desk, before.position, true, &mut |boundary| {
        match boundary.did {
            Did::Return => depth += 1,
            Did::Call | Did::Event if depth == 0 => return Some(true),
            Did::Call | Did::Event => depth -= 1,
            _ => {}
        }
        None
    });
    land(target, desk, before, led, "back to where this was called")
}

/// What stands behind `step` and `reverse-step`.
pub(crate) fn count_and_unit(target: &dyn Target, arguments: &Arguments<'_>) -> Result<(u64, Unit), Error> {
    let text = arguments.text.trim();
    let (count, word) = match text.rsplit_once(char::is_whitespace) {
        Some((count, word)) => (count.trim(), word),
        None if text.starts_with(|first: char| first.is_ascii_digit()) || text.is_empty() => (text, ""),
        None => ("", text),
    };
    let unit = match word {
        word if !word.is_empty() && "instruction".starts_with(word) => Unit::Instruction,
        word if !word.is_empty() && "event".starts_with(word) => Unit::Event,
        word if !word.is_empty() && "iteration".starts_with(word) => Unit::Step,
        "" => Unit::Step,
        _ => return Ok((arguments.count(target, 1)?, Unit::Step)),
    };
    let count = Arguments { row: arguments.row, format: None, text: count.into() }.count(target, 1)?;
    Ok((count, unit))
}
