//! Input scripts: what to type, and when.
//!
//! ```text
//! # a comment
//! at 250000000 type "dir\n"
//! when serial "login:" : type "root\n"
//! when screen "GNU GRUB" : key down ; key enter
//! when serial "# " : serial "poweroff\n"
//! at 400000000 mouse 20 -5 ; mouse 0 0 left ; mouse 0 0 ; wheel -1
//! at 500000000 power
//! ```
//! `at` lines stand for themselves. `when` lines are taken from top to bottom: each looks only at what comes after
//! the one before it was met. Positions are cycles since power-on.

use std::collections::VecDeque;

use ringwalk_chipset::MouseMove;
use ringwalk_mmu::{Instant, Rate};
use serde::{Deserialize, Serialize};

use crate::text_match::TextMatch;

mod parse;

pub use parse::{ScriptError, parse, parse_position};

/// The screen is looked at so many times in a second of machine time.
const LOOKS_PER_SECOND: u64 = 60;

/// Something to do at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Type a text on the keyboard; every character of it can be typed.
    Type(String),
    /// Press a key by a name that [`strokes_of_name`](crate::keyboard::strokes_of_name) knows.
    Key(String),
    /// Send a text to COM1.
    Serial(String),
    /// Move the mouse, turn its wheel, press and release its buttons.
    Mouse(MouseMove),
    /// Press the power button.
    Power,
}

/// What a `when` line waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Condition {
    /// COM1 sends the text.
    Serial(TextMatch),
    /// The text screen shows the text in one row.
    Screen(String),
}

/// A script that is being carried out. State: it decides what the guest will see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Script {
    at: VecDeque<(u64, Vec<Action>)>,
    when: VecDeque<(Condition, Vec<Action>)>,
    /// The last look at the screen, or the moment from which on to look. Counted in looks since power-on.
    looked: u64,
}

impl Script {
    /// The script, to be carried out from this position on.
    pub fn started_at(self, position: u64, clock_hz: u64) -> Script {
        let looked = look_at(position, clock_hz);
        Script { looked, ..self }
    }

    /// The position at which [`Script::take_due`] or [`Script::wants_screen`] has something to say next.
    pub fn next_position(&self, clock_hz: u64) -> Option<u64> {
        let look = self.waits_for_screen().then(|| instant_of_look(self.looked + 1, clock_hz));
        self.next_at().into_iter().chain(look).min()
    }

    /// The position of the next `at` line.
    pub fn next_at(&self) -> Option<u64> {
        self.at.front().map(|(position, _)| *position)
    }

    /// True if the next `when` line waits for the screen.
    pub fn waits_for_screen(&self) -> bool {
        matches!(self.when.front(), Some((Condition::Screen(_), _)))
    }

    /// True once nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.at.is_empty() && self.when.is_empty()
    }

    /// Takes the actions of an `at` line whose position is reached.
    pub fn take_due(&mut self, position: u64) -> Option<Vec<Action>> {
        let due = self.at.front()?.0 <= position;
        let (_, actions) = due.then(|| self.at.pop_front())??;
        self.forget_if_done();
        Some(actions)
    }

    /// Takes a byte that COM1 sent; the actions of the line that it meets.
    pub fn saw_serial(&mut self, byte: u8, position: u64, clock_hz: u64) -> Option<Vec<Action>> {
        let (Condition::Serial(text), _) = self.when.front_mut()? else { return None };
        if text.push(byte) { self.take_met(position, clock_hz) } else { None }
    }

    /// True if the screen must be shown to the script at this boundary.
    pub fn wants_screen(&self, position: u64, clock_hz: u64) -> bool {
        self.waits_for_screen() && look_at(position, clock_hz) > self.looked
    }

    /// Looks at the screen's rows; the actions of the line that they meet.
    pub fn saw_screen(&mut self, rows: &[String], position: u64, clock_hz: u64) -> Option<Vec<Action>> {
        self.looked = look_at(position, clock_hz);
        match self.when.front()? {
            (Condition::Screen(text), _) if shows(rows, text) => self.take_met(position, clock_hz),
            _ => None,
        }
    }

    fn take_met(&mut self, position: u64, clock_hz: u64) -> Option<Vec<Action>> {
        self.looked = look_at(position, clock_hz);
        let (_, actions) = self.when.pop_front()?;
        self.forget_if_done();
        Some(actions)
    }

    /// A script that is over leaves no trace in the machine.
    fn forget_if_done(&mut self) {
        if self.is_done() {
            *self = Script::default();
        }
    }
}

/// True if one of the rows holds the text.
pub fn shows(rows: &[String], text: &str) -> bool {
    rows.iter().any(|row| row.contains(text))
}

/// The number of the last look at or before a position.
pub fn look_at(position: u64, clock_hz: u64) -> u64 {
    looks(clock_hz).ticks_at(Instant(position))
}

/// The position of a look.
pub fn instant_of_look(number: u64, clock_hz: u64) -> u64 {
    looks(clock_hz).instant_of(number).0
}

fn looks(clock_hz: u64) -> Rate {
    Rate::new(LOOKS_PER_SECOND, clock_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: u64 = 6000;

    fn script(text: &str) -> Script {
        parse(text).expect("the script is right")
    }

    fn send(script: &mut Script, text: &str) -> Vec<Action> {
        text.bytes().filter_map(|byte| script.saw_serial(byte, 500, HZ)).flatten().collect()
    }

    #[test]
    fn at_lines_are_taken_in_order_of_their_positions() {
        let mut script = script("at 300 key enter\nat 200 type \"a\" ; serial b");
        assert_eq!(script.next_position(HZ), Some(200));
        assert_eq!(script.take_due(199), None);
        let actions = vec![Action::Type("a".into()), Action::Serial("b".into())];
        assert_eq!(script.take_due(205), Some(actions));
        assert_eq!(script.take_due(205), None);
        assert!(script.take_due(300).is_some() && script.is_done());
    }

    #[test]
    fn when_lines_are_met_one_after_the_other() {
        let mut script = script("when serial \"$ \" : type ls\nwhen serial \"$ \" : type exit");
        assert_eq!(send(&mut script, "hello $ "), [Action::Type("ls".into())]);
        assert_eq!(send(&mut script, "ls\n$ "), [Action::Type("exit".into())]);
        assert_eq!(send(&mut script, "$ "), []);
        assert!(script.is_done());
    }

    #[test]
    fn the_screen_is_looked_at_sixty_times_a_second() {
        let mut script = script("when serial go : key f1\nwhen screen \"GNU GRUB\" : key enter");
        assert_eq!(script.next_position(HZ), None);
        assert!(!script.wants_screen(250, HZ), "it is not its turn");
        send(&mut script, "go");
        assert_eq!(script.next_position(HZ), Some(600), "the next look after 500");
        assert!(!script.wants_screen(599, HZ) && script.wants_screen(600, HZ));
        assert_eq!(script.saw_screen(&["".into()], 600, HZ), None);
        assert!(!script.wants_screen(650, HZ) && script.wants_screen(733, HZ));
        let rows = ["".to_owned(), "  GNU GRUB 2".to_owned()];
        assert_eq!(script.saw_screen(&rows, 733, HZ), Some(vec![Action::Key("enter".into())]));
        assert!(script.is_done() && script.next_position(HZ).is_none());
    }
}
