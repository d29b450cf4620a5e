//! `ringwalk debug`, and the guided tour.

use std::path::PathBuf;

use clap::Args;
use ringwalk_debugger::{Options, Session, batch, repl, wants_colour};

use super::options::{MachineArgs, OutArgs, StopArgs};
use super::run::{Mark, finish};
use super::setup::{Setup, setup};
use super::values;
use crate::host::{Front, FrontOptions};
use crate::machine::Stop;
use crate::target::{self, StandingStops};
use crate::tour;

/// Memory for the history, unless `--history` says otherwise.
const DEBUG_HISTORY: usize = 256 << 20;

/// `ringwalk debug`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DebugArgs {
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    stop: StopArgs,
    #[command(flatten)]
    out: OutArgs,
    /// Run these debugger commands, then end
    #[arg(short = 'e', value_name = "CMD; CMD", conflicts_with = "script")]
    commands: Option<String>,
    /// Run the debugger commands in a file, then end
    #[arg(short = 'x', value_name = "FILE")]
    script: Option<PathBuf>,
    /// Every command answers JSON
    #[arg(long)]
    json: bool,
    /// Image of a disk, floppy or CD, by its content; without any medium the built-in disk is used
    image: Option<PathBuf>,
}

/// Debugs a machine; answers with the program's status.
pub(crate) fn debug(args: DebugArgs) -> Result<u8, String> {
    debug_with(args, None)
}

/// The guided tour: the built-in disk, with the script of its stops.
pub(crate) fn tour() -> Result<u8, String> {
    debug_with(DebugArgs::default(), Some(tour::STOPS.to_owned()))
}

fn debug_with(args: DebugArgs, tour: Option<String>) -> Result<u8, String> {
    let DebugArgs { machine, stop: stops, out, commands, script, json, image } = args;
    out.check()?;
    stops.check()?;
    let commands = match (commands, &script) {
        (None, Some(path)) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| format!("{}: the commands cannot be read: {error}", path.display()))?,
        ),
        (commands, _) => commands,
    };
    let mut session = open(machine, &stops, image)?;
    let mark = Mark::of(session.machine());
    let ended = converse(&mut session, commands.as_deref(), Options { json, colour: false, tour });
    let stop = session.last_stop().unwrap_or(Stop::Left);
    let host_time = session.host_time();
    let figures = mark.figures(session.machine(), host_time);
    let profiled = session.machine().engine.hot.profile.is_some();
    let told = profiled || stops.save.is_some() || out.stats.is_some() || out.screenshot.is_some();
    let status = match told {
        true => finish(session.machine(), &stop, &figures, &stops, &out)?,
        false => 0,
    };
    // The debugger ended: what its last run met is told, and is no status.
    ended.map(|()| if status == super::report::USAGE { status } else { 0 })
}

fn open(machine: MachineArgs, stops: &StopArgs, image: Option<PathBuf>) -> Result<target::Session, String> {
    let Setup { machine, plan, front, no_reboot, history, history_file } = setup(machine, image.as_deref(), false)?;
    let timeout = stops.timeout.as_deref().map(|text| values::seconds("timeout", text)).transpose()?;
    let max_insns = stops.max_insns.as_deref().map(|text| values::count("max-insns", text)).transpose()?;
    let standing = StandingStops {
        retired: max_insns.map(|count| machine.cpu.retired.saturating_add(count)),
        serial: stops.until_serial.clone(),
        screen: stops.until_screen.clone(),
        no_reboot,
    };
    let front = Front::open(FrontOptions { timeout, ..front })?;
    let mut session = target::Session::new(machine, front, plan, standing);
    match history {
        Some(bytes) => session.keep_history(bytes)?,
        // Not asked for: where it cannot be kept, going back says why.
        None => drop(session.keep_history(DEBUG_HISTORY)),
    }
    history_file.into_iter().for_each(|file| session.machine().file_history(Box::new(file)));
    Ok(session)
}

/// Carries out the commands, or those that are typed.
fn converse(target: &mut target::Session, commands: Option<&str>, options: Options) -> Result<(), String> {
    let colour = commands.is_none() && !options.json && wants_colour();
    let mut session = Session::new(target, Options { colour, ..options }).map_err(|error| error.to_string())?;
    match commands {
        Some(commands) => batch(&mut session, commands, &mut std::io::stdout().lock())
            .map_err(|error| format!("standard output: {error}"))?
            .map_err(|error| error.to_string()),
        None => repl(&mut session, history_file().as_deref()).map_err(|error| format!("the terminal: {error}")),
    }
}

/// The file that keeps the lines typed.
fn history_file() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    Some(PathBuf::from(home).join(".ringwalk_history"))
}
