//! Commands that set, list and change breakpoints and watchpoints.

use crate::breakpoints::{Breakpoint, BreakpointView, BreakpointsView, Kind, place_of, read_watch};
use crate::commands::Arguments;
use crate::desk::Desk;
use crate::error::Error;
use crate::events::read_wanted;
use crate::expression::Parser;
use crate::page::{Answered, answer, note};
use crate::target::Target;

/// `break`: sets one, or lists all.
pub fn set(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    if arguments.text.trim().is_empty() {
        return list(target, desk, arguments);
    }
    add(target, desk, arguments, false)
}

/// `tbreak`.
pub fn set_temporary(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    add(target, desk, arguments, true)
}

fn add(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>, temporary: bool) -> Answered {
    let mut parser = arguments.parser()?;
    let mut text_shown = None;
    let kind = if parser.take_word("screen") {
        // Without a text any change.
        text_shown = Some(parser.take_quoted().unwrap_or_default());
        Kind::Screen
    } else {
        match read_wanted(target, &mut parser)? {
            Some(wanted) => Kind::Event(wanted),
            None => Kind::Code(place_of(parser.place()?.address(target)?)),
        }
    };
    let mut breakpoint = Breakpoint { temporary, text_shown, ..Breakpoint::new(kind) };
    breakpoint.read_tail(&mut parser)?;
    added(target, desk, breakpoint)
}

/// `watch`: sets one, or lists all.
pub fn watch(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    if arguments.text.trim().is_empty() {
        return list(target, desk, arguments);
    }
    let mut parser = arguments.parser()?;
    let watch = read_watch(target, &mut parser)?;
    let mut breakpoint = Breakpoint::new(Kind::Data(watch));
    breakpoint.read_tail(&mut parser)?;
    added(target, desk, breakpoint)
}

fn added(target: &dyn Target, desk: &mut Desk, breakpoint: Breakpoint) -> Answered {
    let id = desk.breakpoints.add(breakpoint);
    let added = desk.breakpoints.get_mut(u64::from(id))?;
    added.look(target.cpu(), target.memory());
    answer(BreakpointView::new(added))
}

/// `info break`.
pub fn list(_: &dyn Target, desk: &mut Desk, _: &Arguments<'_>) -> Answered {
    answer(BreakpointsView { breakpoints: desk.breakpoints.iter().map(BreakpointView::new).collect() })
}

/// The numbers that a command names.
fn numbers(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Vec<u64>, Error> {
    let mut numbers = Vec::new();
    while !parser.at_end() {
        numbers.push(parser.expression()?.value(target)?);
        parser.take_sign(",");
    }
    Ok(numbers)
}

/// `delete [N..]`.
pub fn delete(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let wanted = numbers(target, &mut arguments.parser()?)?;
    if wanted.is_empty() {
        let count = desk.breakpoints.iter().count();
        desk.breakpoints.clear();
        return note(format!("deleted all {count}"));
    }
    // All or none: a mistyped number deletes nothing.
    for id in &wanted {
        desk.breakpoints.get_mut(*id)?;
    }
    for id in &wanted {
        desk.breakpoints.remove(*id)?;
    }
    list(target, desk, arguments)
}

/// `enable [N..]`.
pub fn enable(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    switch(target, desk, arguments, true)
}

/// `disable [N..]`.
pub fn disable(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    switch(target, desk, arguments, false)
}

fn switch(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>, on: bool) -> Answered {
    let mut wanted = numbers(target, &mut arguments.parser()?)?;
    if wanted.is_empty() {
        wanted = desk.breakpoints.iter().map(|found| u64::from(found.id)).collect();
    }
    for id in wanted {
        desk.breakpoints.get_mut(id)?.enabled = on;
    }
    list(target, desk, arguments)
}

/// `commands N ["COMMANDS"]`.
pub fn commands(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let breakpoint = numbered(target, desk, arguments, &mut parser)?;
    let mut actions = Breakpoint { actions: None, ..breakpoint.clone() };
    if !parser.at_end() {
        parser.take_word("do");
        actions.read_actions(&mut parser)?;
        parser.end()?;
    }
    breakpoint.actions = actions.actions;
    answer(BreakpointView::new(breakpoint))
}

/// `condition N [EXPR]`.
pub fn condition(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let breakpoint = numbered(target, desk, arguments, &mut parser)?;
    parser.take_word("if");
    breakpoint.condition = None;
    if !parser.at_end() {
        let text = parser.rest().to_string();
        let expr = parser.expression()?;
        parser.end()?;
        breakpoint.condition = Some((expr, text));
    }
    answer(BreakpointView::new(breakpoint))
}

/// `ignore N COUNT`.
pub fn ignore(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let breakpoint = numbered(target, desk, arguments, &mut parser)?;
    if parser.at_end() {
        return Err(arguments.usage("a count is missing"));
    }
    breakpoint.ignore = parser.expression()?.value(target)?;
    parser.end()?;
    answer(BreakpointView::new(breakpoint))
}

/// The breakpoint that the first argument names. It is a single number, so that `1 -1` is not a difference.
fn numbered<'a>(
    target: &dyn Target,
    desk: &'a mut Desk,
    arguments: &Arguments<'_>,
    parser: &mut Parser<'_>,
) -> Result<&'a mut Breakpoint, Error> {
    let Some(word) = parser.word().map(str::to_string) else {
        return Err(arguments.usage("the number of a breakpoint is missing"));
    };
    parser.take_word(&word);
    let id = Parser::new(&word)?.expression()?.value(target)?;
    desk.breakpoints.get_mut(id)
}
