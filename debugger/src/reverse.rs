//! `reverse-continue`: the last stop before this moment. Gaps between checkpoints are run through again, the newest
//! first, and the last stop found in one is gone to.

use ringwalk_cpu::state::CpuState;

use crate::back;
use crate::breakpoints::Breakpoints;
use crate::commands::Arguments;
use crate::desk::Desk;
use crate::error::Error;
use crate::page::Answered;
use crate::running::{arm, begin, finish};
use crate::stop::Reason;
use crate::target::{RunUntil, Stop, Target};

/// A stop that the run would have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) position: u64,
    pub(crate) stop: Stop,
}

/// Stops of one gap that are kept: the last ones.
const MOST_FOUND: usize = 100_000;

/// The stops from a checkpoint up to a position; of those at the position itself only what the last instruction
/// touched. The error is a stop that ends the search.
pub(crate) fn stops_between(
    target: &mut dyn Target,
    breakpoints: &Breakpoints,
    from: u64,
    to: u64,
) -> Result<Vec<Found>, Stop> {
    let mut probe = breakpoints.without_counts();
    let mut found: Vec<Found> = Vec::new();
    match target.travel(from) {
        Ok(Stop::Position) => {}
        Ok(stop) => return Err(stop),
        Err(trouble) => return Err(Stop::Host(trouble)),
    }
    // A run does not look at where it begins.
    if let Some(id) = probe.arrive(target) {
        found.push(Found { position: from, stop: Stop::Breakpoint(id) });
    }
    let until = RunUntil { position: Some(to), ..RunUntil::default() };
    loop {
        let begun = target.position();
        let stop = target.run(&until);
        let position = target.position();
        match stop {
            Stop::Position => return Ok(found),
            Stop::Interrupted | Stop::Host(_) | Stop::Option(_) => return Err(stop),
            Stop::Watch(hit) if probe.touch(target, hit.id) => found.push(Found { position, stop }),
            Stop::Event(hit) if probe.touch(target, hit.id) => found.push(Found { position, stop }),
            Stop::Shown(id) if probe.touch(target, id) => found.push(Found { position, stop }),
            Stop::Watch(_) | Stop::Event(_) | Stop::Shown(_) | Stop::Breakpoint(_) => {}
            _ if position == begun => return Ok(found),
            _ => found.push(Found { position, stop }),
        }
        if let Some(id) = probe.arrive(target) {
            found.push(Found { position, stop: Stop::Breakpoint(id) });
        }
        if found.len() > 2 * MOST_FOUND {
            found.drain(..MOST_FOUND);
        }
        if position >= to {
            return Ok(found);
        }
    }
}

/// The last stop before a position that the breakpoints' counts do not pass by. `Ok(None)` if there is none.
pub(crate) fn last_stop(target: &mut dyn Target, desk: &mut Desk, before: u64) -> Result<Option<Found>, Stop> {
    let mut end = before;
    let gaps: Vec<u64> = target.checkpoints().into_iter().filter(|at| *at < before).collect();
    for start in gaps.into_iter().rev() {
        for found in stops_between(target, &desk.breakpoints, start, end)?.into_iter().rev() {
            // What stops right behind the gap belongs to it, but this moment itself is not meant.
            if found.position < before && !desk.breakpoints.passes_by(&found.stop) {
                return Ok(Some(found));
            }
        }
        end = start;
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    Ok(None)
}

/// `reverse-continue`.
pub fn reverse_continue(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let Some(past) = target.past() else {
        return Err(Error::Target(target.travel(0).err().unwrap_or_default()));
    };
    let before = begin(target, desk);
    arm(target, desk, None);
    match last_stop(target, desk, before.position) {
        Ok(Some(found)) => land(target, desk, before, found),
        Ok(None) => {
            target.travel(past.oldest).map_err(Error::Target)?;
            finish(target, desk, before, Reason::Done("beginning", "the history begins here".to_owned()))
        }
        Err(stop) => {
            target.travel(before.position).map_err(Error::Target)?;
            finish(target, desk, before, Reason::Machine(stop))
        }
    }
}

/// Goes to a stop and tells of it as if the machine had just come there.
fn land(target: &mut dyn Target, desk: &mut Desk, before: CpuState, found: Found) -> Answered {
    if let Stop::Watch(hit) = &found.stop
        && let Some(previous) = back::previous(target, desk, found.position)
        && target.travel(previous) == Ok(Stop::Position)
    {
        // What the watched bytes held before is looked at before.
        desk.breakpoints.look(target.cpu(), target.memory());
        let stop = target.step();
        if let Stop::Watch(_) = stop {
            desk.breakpoints.touch(target, hit.id);
            return finish(target, desk, before, Reason::Machine(stop));
        }
    }
    match target.travel(found.position).map_err(Error::Target)? {
        Stop::Position => {}
        stop => return finish(target, desk, before, Reason::Machine(stop)),
    }
    match found.stop {
        Stop::Breakpoint(_) => drop(desk.breakpoints.arrive(target)),
        Stop::Shown(id) => drop(desk.breakpoints.touch(target, id)),
        _ => {}
    }
    finish(target, desk, before, Reason::Machine(found.stop))
}
