//! How a run ended: in words, as a status, as figures.

use serde::Serialize;

use super::options::StopArgs;
use crate::machine::Stop;

/// Options or files that cannot be used, and what the host could not do.
pub(crate) const USAGE: u8 = 2;
const LIMIT: u8 = 4;
const SHUTDOWN: u8 = 6;
const DIVERGENCE: u8 = 8;
const NOT_MET: u8 = 10;

/// The program's exit status.
pub(crate) fn status(stop: &Stop, stops: &StopArgs) -> u8 {
    let until = stops.until_serial.is_some() || stops.until_screen.is_some();
    match stop {
        Stop::Serial
        | Stop::Screen
        | Stop::Position
        | Stop::Breakpoint(_)
        | Stop::Watch(_)
        | Stop::Event(_)
        | Stop::Shown(_) => 0,
        Stop::PowerOff | Stop::Left if !until => 0,
        // A guest's own status is odd, whatever it wrote.
        Stop::Exit(value) => value.wrapping_mul(2).wrapping_add(1) as u8,
        Stop::Retired | Stop::TimedOut | Stop::EndlessDeliveries => LIMIT,
        Stop::Shutdown => SHUTDOWN,
        Stop::Diverged(_) => DIVERGENCE,
        Stop::Host(_) => USAGE,
        Stop::PowerOff | Stop::Left | Stop::DeadHalt | Stop::Reset | Stop::Interrupted => NOT_MET,
    }
}

/// One word for programs.
pub(crate) fn word(stop: &Stop) -> &'static str {
    match stop {
        Stop::Position => "position",
        Stop::Retired => "max-insns",
        Stop::Serial => "until-serial",
        Stop::Screen => "until-screen",
        Stop::Breakpoint(_) => "breakpoint",
        Stop::Watch(_) => "watchpoint",
        Stop::Event(_) => "event",
        Stop::Shown(_) => "screen",
        Stop::DeadHalt => "dead-halt",
        Stop::Shutdown => "shutdown",
        Stop::Reset => "reset",
        Stop::PowerOff => "power-off",
        Stop::Exit(_) => "exit",
        Stop::EndlessDeliveries => "endless-deliveries",
        Stop::Diverged(_) => "divergence",
        Stop::TimedOut => "timeout",
        Stop::Interrupted => "interrupted",
        Stop::Left => "left",
        Stop::Host(_) => "host-error",
    }
}

/// A few words for people.
pub(crate) fn sentence(stop: &Stop) -> String {
    match stop {
        Stop::Retired => "--max-insns reached".to_owned(),
        Stop::Serial => "--until-serial met".to_owned(),
        Stop::Screen => "--until-screen met".to_owned(),
        Stop::DeadHalt => "halted, and nothing can wake the processor".to_owned(),
        Stop::Shutdown => "shut down after a triple fault (--reset-on-shutdown goes on as most boards do)".to_owned(),
        Stop::Reset => "the guest reset the machine (--no-reboot)".to_owned(),
        Stop::PowerOff => "the guest switched the machine off".to_owned(),
        Stop::Exit(value) => format!("the guest ended the run with {value:#x}"),
        Stop::EndlessDeliveries => {
            "a million interrupts or faults without one instruction in between: a handler faults itself".to_owned()
        }
        Stop::TimedOut => "--timeout is over".to_owned(),
        Stop::Interrupted => "interrupted".to_owned(),
        Stop::Left => "left".to_owned(),
        Stop::Host(trouble) | Stop::Diverged(trouble) => trouble.clone(),
        Stop::Position | Stop::Breakpoint(_) | Stop::Watch(_) | Stop::Event(_) | Stop::Shown(_) => {
            word(stop).to_owned()
        }
    }
}

/// Rows of the screen that are told where the guest has come to its own end.
const LAST_ROWS: usize = 6;

/// What the guest may have told its user before it came to an end that nobody asked for.
pub(crate) fn last_words(stop: &Stop, rows: &[String]) -> Vec<String> {
    if !matches!(stop, Stop::DeadHalt | Stop::Shutdown | Stop::Reset) {
        return Vec::new();
    }
    let rows: Vec<&String> = rows.iter().filter(|row| !row.trim().is_empty()).collect();
    rows[rows.len().saturating_sub(LAST_ROWS)..].iter().map(|row| row.trim_end().to_owned()).collect()
}

/// `--stats json`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Stats {
    /// Instructions retired in this run.
    pub(crate) instructions: u64,
    /// Cycles of this run, idle ones among them.
    pub(crate) cycles: u64,
    /// Cycles since power-on.
    pub(crate) position: u64,
    /// Time that the run took.
    pub(crate) host_seconds: f64,
    /// Millions of instructions in a second of the host.
    pub(crate) mips: f64,
    /// Why it ended.
    pub(crate) stop: &'static str,
    /// The state hash at the end; `None` where a page of the state is lost.
    pub(crate) state_hash: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let (none, until) = (StopArgs::default(), StopArgs { until_serial: Some("x".into()), ..StopArgs::default() });
        for (stop, plain, with_until) in [
            (Stop::Serial, 0, 0),
            (Stop::PowerOff, 0, 10),
            (Stop::Left, 0, 10),
            (Stop::Exit(0), 1, 1),
            (Stop::Exit(0x31), 0x63, 0x63),
            (Stop::Exit(0xFF), 0xFF, 0xFF),
            (Stop::Exit(0x80), 1, 1),
            (Stop::Retired, 4, 4),
            (Stop::TimedOut, 4, 4),
            (Stop::EndlessDeliveries, 4, 4),
            (Stop::Shutdown, 6, 6),
            (Stop::Diverged("x".into()), 8, 8),
            (Stop::DeadHalt, 10, 10),
            (Stop::Reset, 10, 10),
            (Stop::Host("x".into()), 2, 2),
        ] {
            assert_eq!((status(&stop, &none), status(&stop, &until)), (plain, with_until), "{stop:?}");
        }
    }
}
