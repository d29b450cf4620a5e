//! The guided tour: a script of stops, each explained. Once begun, every run stops at them.
//!
//! The script has one line a stop: `address | mode | title | explanation`. The address is linear and hexadecimal. The
//! mode is shown to the user, and its words say where the stop holds: `real`, `virtual-8086`, `protected`, `paging`,
//! `ring N`. `#` begins a comment.

use ringwalk_cpu::state::{CpuState, Mode};
use ringwalk_cpu::watch::Place;
use serde::Serialize;

use crate::commands::Arguments;
use crate::context::Context;
use crate::desk::Desk;
use crate::error::Error;
use crate::page::{Answered, Page, Show, Tone, answer};
use crate::running::{begin, finish, go};
use crate::stop::Reason;
use crate::target::{RunUntil, Target};

/// One stop of the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TourStop {
    /// Its number, from 1.
    pub number: usize,
    /// The linear address of the instruction to stop at.
    pub address: u64,
    /// Where it holds, in words.
    pub mode: String,
    /// What it is about.
    pub title: String,
    /// What happens there, and what to type.
    pub text: String,
}

/// The script, and how far the tour is.
#[derive(Clone, Debug, Default)]
pub struct Tour {
    stops: Vec<TourStop>,
    /// Stops reached so far.
    reached: usize,
    /// It has begun and was not switched off.
    on: bool,
}

/// The list of stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TourView {
    /// All stops.
    pub stops: Vec<TourStop>,
    /// Stops reached so far.
    pub reached: usize,
}

/// A stop on the tour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TourStopView {
    /// The stop.
    #[serde(flatten)]
    pub stop: TourStop,
    /// How many there are.
    pub of: usize,
}

/// A stop just reached, with the machine's context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// The stop; absent if it was explained before.
    pub tour: Option<TourStopView>,
    /// The machine.
    #[serde(flatten)]
    pub context: Context,
}

impl Tour {
    /// Reads a script; an error names its line.
    pub fn read(script: &str) -> Result<Tour, Error> {
        let mut stops = Vec::new();
        for (index, line) in script.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let stop = read_stop(line, stops.len() + 1);
            let in_line = |problem| Error::Value(format!("line {} of the tour: {problem}", index + 1));
            stops.push(stop.map_err(in_line)?);
        }
        Ok(Tour { stops, ..Tour::default() })
    }

    /// Where the machine must stop for the tour.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.stops.iter().filter(|_| self.on).map(|stop| Place::Linear(stop.address))
    }

    /// The stop that the next instruction is at, by its index.
    pub fn stop_at(&self, cpu: &CpuState) -> Option<usize> {
        let here = |stop: &TourStop| stop.address == cpu.linear_rip() && stop.holds(cpu);
        self.stops.iter().position(here).filter(|_| self.on)
    }

    /// Notes that a stop was reached; answers its line, and its text if that is new.
    pub fn reach(&mut self, index: usize) -> (String, Option<TourStopView>) {
        let stop = &self.stops[index];
        let (again, view) = if index < self.reached { (" again", None) } else { ("", Some(self.view(index))) };
        let line = format!("tour stop {}{again}: {}", stop.number, stop.title);
        self.reached = self.reached.max(index + 1);
        (line, view)
    }

    fn view(&self, index: usize) -> TourStopView {
        TourStopView { stop: self.stops[index].clone(), of: self.stops.len() }
    }
}

impl TourStop {
    /// True if the processor is in the mode that the stop's words ask for.
    fn holds(&self, cpu: &CpuState) -> bool {
        let words = self.mode.to_lowercase();
        let ring = words.split_once("ring ").and_then(|(_, rest)| rest.chars().next()?.to_digit(10));
        let mode = if words.contains("real") {
            Some(Mode::Real)
        } else if words.contains("8086") {
            Some(Mode::Virtual8086)
        } else if words.contains("protected") || words.contains("paging") {
            Some(Mode::Protected)
        } else {
            None
        };
        mode.is_none_or(|mode| cpu.mode() == mode)
            && ring.is_none_or(|ring| u32::from(cpu.cpl) == ring)
            && (!words.contains("paging") || cpu.paging().enabled)
    }
}

fn read_stop(line: &str, number: usize) -> Result<TourStop, String> {
    let parts: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
    let [address, mode, title, text] = parts[..] else {
        return Err("it is not `address | mode | title | explanation`".to_string());
    };
    let digits = address.trim_start_matches("0x");
    let address = u64::from_str_radix(digits, 16).map_err(|_| format!("`{address}` is no hexadecimal address"))?;
    let [mode, title, text] = [mode, title, text].map(str::to_string);
    Ok(TourStop { number, address, mode, title, text })
}

/// `tour`, `tour next`, `tour again`, `tour off`.
pub fn tour(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let Some(tour) = desk.tour.as_mut().filter(|tour| !tour.stops.is_empty()) else {
        return Err(Error::Value(
            "there is no tour of this machine; `ringwalk` without arguments starts the one with a tour".to_string(),
        ));
    };
    match arguments.choice(&["list", "next", "again", "off"], "list")? {
        "next" => next(target, desk),
        "again" => match tour.reached.checked_sub(1) {
            Some(last) => answer(tour.view(last)),
            None => Err(Error::Value("the tour has not begun; `tour next` goes to its first stop".to_string())),
        },
        "off" => {
            tour.on = false;
            crate::page::note("runs no longer stop for the tour; `tour next` takes it up again")
        }
        _ => answer(TourView { stops: tour.stops.clone(), reached: tour.reached }),
    }
}

/// Runs to the next stop that was not reached yet.
fn next(target: &mut dyn Target, desk: &mut Desk) -> Answered {
    let Some(tour) = desk.tour.as_mut().filter(|tour| tour.reached < tour.stops.len()) else {
        return Err(Error::Value("the tour is over; `continue` runs on, `tour` lists where it was".to_string()));
    };
    tour.on = true;
    let reached = tour.reached;
    let here = tour.stop_at(target.cpu()).filter(|index| *index >= reached);
    let before = begin(target, desk);
    let mut reason = here.map_or_else(|| go(target, desk, RunUntil::default(), None), Reason::Tour);
    while matches!(reason, Reason::Tour(index) if index < reached) {
        reason = go(target, desk, RunUntil::default(), None);
    }
    finish(target, desk, before, reason)
}

impl Show for Arrival {
    fn show(&self, page: &mut Page) {
        if let Some(tour) = &self.tour {
            tour.show(page);
            page.line(page.tone(Tone::Faint, "  `tour next` goes on, `tour` lists the stops."));
            page.line("");
        }
        self.context.show(page);
    }
}

impl Show for TourStopView {
    fn show(&self, page: &mut Page) {
        let title = format!("Stop {} of {}: {}", self.stop.number, self.of, self.stop.title);
        page.line(page.tone(Tone::Title, title));
        page.line("");
        page.paragraph("  ", &self.stop.text);
    }
}

impl Show for TourView {
    fn show(&self, page: &mut Page) {
        let rows: Vec<Vec<String>> = self
            .stops
            .iter()
            .map(|stop| {
                let mark = if stop.number <= self.reached { "*" } else { " " };
                vec![
                    format!("{mark} {:2}", stop.number),
                    format!("lin {:08x}", stop.address),
                    stop.mode.clone(),
                    stop.title.clone(),
                ]
            })
            .collect();
        page.table(&rows);
        page.line(match self.reached {
            0 => "`tour next` goes to the first stop".to_string(),
            reached if reached < self.stops.len() => {
                "`tour next` goes on, `tour again` repeats the last text".to_string()
            }
            _ => "the tour is over; `continue` runs on".to_string(),
        });
    }
}
