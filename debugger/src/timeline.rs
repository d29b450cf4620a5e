//! The history as a whole: where the machine stands in it, its branches, and the check that it repeats itself.

use serde::Serialize;

use crate::commands::Arguments;
use crate::desk::Desk;
use crate::error::Error;
use crate::page::{Answered, Page, Show, answer, note};
use crate::running::{begin, finish};
use crate::stop::Reason;
use crate::target::{Branch, Past, Stop, Target};

/// The history in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct TimelineView {
    #[serde(flatten)]
    past: Past,
    position: u64,
    branches: Vec<Branch>,
}

/// A part of a whole in per cent with one digit behind the point.
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn mebibytes(bytes: usize) -> String {
    let tenths = ((bytes as u64) * 10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

impl Show for TimelineView {
    fn show(&self, page: &mut Page) {
        let Past { oldest, newest, checkpoints, bytes, limit, filed } = self.past;
        let at = percent(self.position.saturating_sub(oldest), newest - oldest);
        page.line(format!("from {oldest} to {newest}, the machine is at {} ({at})", self.position));
        let memory = format!("{} of {}", mebibytes(bytes), mebibytes(limit));
        let filed = filed.map_or(String::new(), |bytes| format!(", and {} of the file", mebibytes(bytes as usize)));
        page.line(format!("{checkpoints} checkpoints take {memory}{filed}"));
        for branch in self.branches.iter().filter(|branch| branch.from.is_none()) {
            self.show_branch(page, branch, "", "");
        }
    }
}

impl TimelineView {
    /// Draws a branch and those that left it, in the order in which they did. `lead` stands before its own line, `under`
    /// before those of its branches.
    fn show_branch(&self, page: &mut Page, branch: &Branch, lead: &str, under: &str) {
        let mark = if branch.present { '*' } else { ' ' };
        let why = branch.from.as_ref().map_or(String::new(), |(_, at)| format!(" from {at}: {}", branch.why));
        page.line(format!("{mark} {lead}{} to {}{why}", branch.name, branch.end));
        let left = |child: &&Branch| child.from.as_ref().is_some_and(|from| from.0 == branch.name);
        let mut children: Vec<&Branch> = self.branches.iter().filter(left).collect();
        children.sort_by_key(|child| child.from.as_ref().map(|from| from.1));
        let last = children.len().saturating_sub(1);
        for (number, child) in children.into_iter().enumerate() {
            let (fork, stem) = if number == last { ("`-- ", "    ") } else { ("|-- ", "|   ") };
            self.show_branch(page, child, &format!("{under}{fork}"), &format!("{under}{stem}"));
        }
    }
}

fn past_of(target: &mut dyn Target) -> Result<Past, Error> {
    match target.past() {
        Some(past) => Ok(past),
        None => Err(Error::Target(target.travel(0).err().unwrap_or_default())),
    }
}

/// `timeline`, `timeline BRANCH`, `timeline name NAME`.
pub fn timeline(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let past = past_of(target)?;
    let mut words = arguments.text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => answer(TimelineView { past, position: target.position(), branches: target.branches() }),
        (Some("name"), Some(name), None) => {
            target.name_branch(name).map_err(Error::Target)?;
            note(format!("this branch is {name} now"))
        }
        (Some(name), None, _) if name != "name" => {
            let before = begin(target, desk);
            desk.steps = None;
            match target.take_branch(name).map_err(Error::Target)? {
                Stop::Position => finish(target, desk, before, Reason::Done("branch", format!("at the end of {name}"))),
                stop => finish(target, desk, before, Reason::Machine(stop)),
            }
        }
        _ => Err(arguments.usage("one branch, or `name` and a name, was meant")),
    }
}

/// What `verify` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct VerifyView {
    gaps: usize,
    cycles: u64,
    /// Where the first difference lies, and the parts of the state that differ.
    difference: Option<(u64, u64, Vec<String>)>,
}

impl Show for VerifyView {
    fn show(&self, page: &mut Page) {
        match &self.difference {
            None => page.line(format!(
                "the same again: {} gaps between checkpoints, {} cycles, equal hashes at each end",
                self.gaps, self.cycles
            )),
            Some((from, to, parts)) => page.line(format!(
                "DIFFERENT between {from} and {to} in {}: this is a defect of ringwalk, please report it",
                parts.join(", ")
            )),
        }
    }
}

/// `verify [N]`: runs the last N gaps again, or all.
pub fn verify(target: &mut dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    past_of(target)?;
    let count = arguments.count(target, u64::MAX)?;
    let here = target.position();
    let all = target.checkpoints();
    let pairs: Vec<(u64, u64)> = all.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let skipped = pairs.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
    let mut view = VerifyView { gaps: 0, cycles: 0, difference: None };
    for (from, to) in &pairs[skipped..] {
        let parts = target.verify(*from, *to).map_err(Error::Target)?;
        view.gaps += 1;
        view.cycles += to - from;
        if !parts.is_empty() {
            view.difference = Some((*from, *to, parts));
            break;
        }
        if target.take_interrupt() {
            break;
        }
    }
    target.travel(here).map_err(Error::Target)?;
    answer(view)
}

/// Where `goto` leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A position.
    Position(u64),
    /// A count of retired instructions.
    Retired(u64),
}

/// A part of the history such as `37%` or `12.5%`, as a position; `None` if the text is none.
pub fn part_of_history(past: Option<&Past>, text: &str) -> Option<u64> {
    let past = past?;
    let span = u128::from(past.newest - past.oldest);
    match text.trim() {
        "start" => return Some(past.oldest),
        "end" => return Some(past.newest),
        _ => {}
    }
    let digits = text.trim().strip_suffix('%')?.trim();
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok().filter(|len| *len <= 9)?)?;
    let number: u128 = format!("{whole}{part}").parse().ok()?;
    if number > 100 * scale {
        return None;
    }
    u64::try_from(span * number / (100 * scale)).ok().map(|offset| past.oldest + offset)
}

/// Jumps to a place in the known past.
pub fn jump(target: &mut dyn Target, desk: &mut Desk, goal: Goal) -> Answered {
    let before = begin(target, desk);
    let led = match goal {
        Goal::Position(position) => target.travel(position),
        Goal::Retired(retired) => target.travel_retired(retired),
    };
    let reason = match led.map_err(Error::Target)? {
        Stop::Position | Stop::Retired => Reason::Done("position", "gone there".to_owned()),
        stop => Reason::Machine(stop),
    };
    finish(target, desk, before, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_drawn_as_a_tree() {
        let branch = |name: &str, from: Option<(&str, u64)>, end| Branch {
            name: name.to_owned(),
            from: from.map(|(parent, at)| (parent.to_owned(), at)),
            end,
            why: "keys".to_owned(),
            present: name == "second",
        };
        let past =
            Past { oldest: 0, newest: 900, checkpoints: 3, bytes: 3 << 20, limit: 64 << 20, filed: Some(5 << 20) };
        let branches = vec![
            branch("main", None, 900),
            branch("late", Some(("main", 700)), 800),
            branch("first", Some(("main", 100)), 300),
            branch("second", Some(("first", 200)), 250),
        ];
        let mut page = Page::new(false);
        TimelineView { past, position: 225, branches }.show(&mut page);
        let drawn = "\
from 0 to 900, the machine is at 225 (25.0%)
3 checkpoints take 3.0 MiB of 64.0 MiB, and 5.0 MiB of the file
  main to 900
  |-- first to 300 from 100: keys
* |   `-- second to 250 from 200: keys
  `-- late to 800 from 700: keys
";
        assert_eq!(page.finish(), drawn);
    }
}
