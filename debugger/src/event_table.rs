//! What happened before this moment, as a table that one can jump by: events, and changes of the text screen.

use ringwalk_cpu::event::Wanted;
use serde::Serialize;

use crate::breakpoints::{Breakpoint, Breakpoints, Kind};
use crate::commands::Arguments;
use crate::desk::Desk;
use crate::error::Error;
use crate::events::{WORDS, hit_text, read_wanted};
use crate::expression::Parser;
use crate::page::{Answered, Page, Show, answer};
use crate::reverse::{Found, stops_between};
use crate::running::disarm;
use crate::target::{Screen, Stop, Target};

/// Words that name what can be asked for: [`WORDS`], and the screen.
pub const ASKED: [&str; 14] = {
    let mut words = ["screen"; 14];
    let mut at = 0;
    while at < WORDS.len() {
        words[at] = WORDS[at];
        at += 1;
    }
    words
};

/// Events over the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct EventsView {
    events: Vec<EventView>,
    more: bool,
    from: u64,
    to: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct EventView {
    /// Right behind it.
    position: u64,
    text: String,
    /// For changes of the screen: right behind the first of those that are told together.
    #[serde(skip)]
    screen_from: Option<u64>,
}

impl Show for EventsView {
    fn show(&self, page: &mut Page) {
        if self.events.is_empty() {
            page.line(format!("nothing of that happened between {} and {}", self.from, self.to));
        }
        if self.more {
            page.line("what was before is left out: ask with `most N`");
        }
        for event in &self.events {
            page.line(format!("{:>12}  {}", event.position, event.text));
        }
        if let Some(last) = self.events.last() {
            page.line(format!("`goto {}` goes to the last, and so to each", last.position));
        }
    }
}

/// Events that are shown without a number.
const USUAL: usize = 20;
/// Changes of the screen that follow each other within this part of a second are told together: it is how often a monitor
/// shows a new picture.
const PICTURES_PER_SECOND: u64 = 60;

/// `events [KIND..] [most N]`: what happened before this moment, the newest last.
pub fn events(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let (text, most) = arguments.text.split_once("most ").unwrap_or((&arguments.text, ""));
    let most = match most.trim() {
        "" => USUAL,
        word => crate::expression::number(word).map_err(|problem| arguments.usage(problem))? as usize,
    };
    let kinds = Arguments { row: arguments.row, format: None, text: text.into() };
    let asked = read_asked(target, &mut kinds.parser()?)?;
    let Some(past) = target.past() else {
        return Err(Error::Target(target.travel(0).err().unwrap_or_default()));
    };
    let here = target.position();
    target.set_watches(asked.watches(std::iter::empty()));
    let found = search(target, &asked, here, most);
    disarm(target, desk);
    let told = found.and_then(|(mut events, more)| {
        events.iter_mut().try_for_each(|event| tell_screen(target, event))?;
        Ok((events, more))
    });
    target.travel(here).map_err(Error::Target)?;
    let (events, more) = told.map_err(|stop| Error::Target(format!("the search ended early: {stop:?}")))?;
    answer(EventsView { events, more, from: past.oldest, to: here })
}

/// What is asked for, as breakpoints.
fn read_asked(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Breakpoints, Error> {
    let mut asked = Breakpoints::default();
    while !parser.at_end() {
        if parser.take_word("screen") {
            asked.add(Breakpoint { text_shown: Some(String::new()), ..Breakpoint::new(Kind::Screen) });
        } else {
            let wanted = read_wanted(target, parser)?;
            let wanted = wanted.ok_or_else(|| parser.trouble(format!("one of {} was meant", ASKED.join(", "))))?;
            asked.add(Breakpoint::new(Kind::Event(wanted)));
        }
        parser.take_sign(",");
    }
    if asked.iter().next().is_none() {
        let usual = [Wanted::Interrupt(None), Wanted::Exception(None), Wanted::Privilege(None), Wanted::Mode];
        for wanted in usual.into_iter().chain([Wanted::Control(Some(3)), Wanted::Task]) {
            asked.add(Breakpoint::new(Kind::Event(wanted)));
        }
    }
    Ok(asked)
}

fn search(
    target: &mut dyn Target,
    asked: &Breakpoints,
    here: u64,
    most: usize,
) -> Result<(Vec<EventView>, bool), Stop> {
    let mut events: Vec<EventView> = Vec::new();
    let mut end = here;
    let picture = target.cpu().clock_hz / PICTURES_PER_SECOND;
    let gaps: Vec<u64> = target.checkpoints().into_iter().filter(|at| *at < here).collect();
    for start in gaps.into_iter().rev() {
        for found in stops_between(target, asked, start, end)?.iter().rev() {
            add(target, &mut events, found, picture);
        }
        if events.len() > most {
            break;
        }
        end = start;
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    let more = events.len() > most;
    events.truncate(most);
    events.reverse();
    Ok((events, more))
}

/// Takes in what was found before all others.
fn add(target: &dyn Target, events: &mut Vec<EventView>, found: &Found, picture: u64) {
    let position = found.position;
    match &found.stop {
        // Code may have changed since; what it was is what memory holds at the end of the gap.
        Stop::Event(hit) => events.push(EventView { position, text: hit_text(target, hit), screen_from: None }),
        Stop::Shown(_) => match events.last_mut() {
            Some(EventView { screen_from: Some(from), .. }) if *from - position <= picture => *from = position,
            _ => events.push(EventView { position, text: String::new(), screen_from: Some(position) }),
        },
        _ => {}
    }
}

/// Looks what changed on the screen, if that is what the event is.
fn tell_screen(target: &mut dyn Target, event: &mut EventView) -> Result<(), Stop> {
    let Some(from) = event.screen_from else { return Ok(()) };
    let mut screen_at = |position: u64| match target.travel(position) {
        Ok(Stop::Position) => Ok(target.screen()),
        Ok(stop) => Err(stop),
        Err(trouble) => Err(Stop::Host(trouble)),
    };
    let before = screen_at(from.saturating_sub(1))?;
    let behind = screen_at(event.position)?;
    event.text = screen_text(before.as_ref(), behind.as_ref());
    Ok(())
}

/// What changed between two looks at the screen, in words. Rows are counted from 1.
fn screen_text(before: Option<&Screen>, behind: Option<&Screen>) -> String {
    let Some(behind) = behind else { return "screen: graphics".to_owned() };
    let row = |screen: Option<&Screen>, number: usize| screen.and_then(|screen| screen.rows.get(number).cloned());
    let rows = behind.rows.len().max(before.map_or(0, |before| before.rows.len()));
    let changed: Vec<usize> = (0..rows).filter(|number| row(before, *number) != row(Some(behind), *number)).collect();
    let text = |number: &usize| row(Some(behind), *number).unwrap_or_default().trim().to_owned();
    match changed.as_slice() {
        [] => "screen: as it was".to_owned(),
        [one] => format!("screen row {}: {:?}", one + 1, text(one)),
        [first, .., last] => {
            let shown = changed.iter().rev().map(text).find(|text| !text.is_empty()).unwrap_or_default();
            format!("screen rows {} to {}, {} of them, at last {shown:?}", first + 1, last + 1, changed.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(rows: &[&str]) -> Screen {
        Screen { rows: rows.iter().map(|row| (*row).to_owned()).collect(), cursor: None, columns: 80 }
    }

    #[test]
    fn a_change_of_the_screen_in_words() {
        let before = screen(&["Booting", "", ""]);
        for (behind, words) in [
            (screen(&["Booting", "ready", ""]), "screen row 2: \"ready\""),
            (screen(&["ready", "", "C:\\>"]), "screen rows 1 to 3, 2 of them, at last \"C:\\\\>\""),
            (screen(&["", "", ""]), "screen row 1: \"\""),
            (before.clone(), "screen: as it was"),
        ] {
            assert_eq!(screen_text(Some(&before), Some(&behind)), words);
        }
        assert_eq!(screen_text(Some(&before), None), "screen: graphics");
        assert_eq!(screen_text(None, Some(&screen(&["text"]))), "screen row 1: \"text\"");
    }

    #[test]
    fn every_word_can_be_asked_for() {
        assert_eq!(ASKED.last(), Some(&"screen"));
        assert!(WORDS.iter().all(|word| ASKED.contains(word)));
    }
}
