//! The command line.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::nearest::nearest;

mod bisect;
mod cpus;
mod debug;
mod image_kind;
mod kernel;
pub(crate) mod media_plan;
pub(crate) mod options;
mod report;
mod repro;
mod run;
mod setup;
mod snapshot;
mod snapshot_core;
mod snapshot_put;
mod snapshot_words;
mod values;
mod walk;

/// A PC in a glass case: an interpreter of the whole x86 machine, with a debugger.
///
/// Without a command it boots its own disk, stopped in the debugger: the guided tour.
#[derive(Parser)]
#[command(name = "ringwalk", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a machine until a stop condition, power-off or the exit port
    Run(Box<run::RunArgs>),
    /// The same machine in the debugger, stopped before its first instruction
    Debug(Box<debug::DebugArgs>),
    /// List the processor models and what each has that the one before it has not
    Cpus,
    /// Look into snapshot files
    Snapshot(snapshot::SnapshotArgs),
    /// Teaching labs (a later stage)
    Lab(Later),
    /// Write down what a run was made of, or check that it still gives the same machine
    Repro(repro::ReproArgs),
    /// Find where two recorded runs, or one in two builds, first differ
    Bisect(bisect::BisectArgs),
    /// Explore many schedules (a later stage)
    Explore(Later),
}

/// The arguments of what is not there yet.
#[derive(clap::Args)]
struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

/// The program.
pub fn main() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => return refuse(&error),
    };
    let done = match command_line.command {
        None => debug::tour(),
        Some(Command::Run(args)) => run::run(*args),
        Some(Command::Debug(args)) => debug::debug(*args),
        Some(Command::Cpus) => cpus::cpus(),
        Some(Command::Snapshot(args)) => snapshot::snapshot(args),
        Some(Command::Lab(later)) => later.refuse("lab"),
        Some(Command::Repro(args)) => repro::repro(args),
        Some(Command::Bisect(args)) => bisect::bisect(&args),
        Some(Command::Explore(later)) => later.refuse("explore"),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(problem) => {
            eprintln!("ringwalk: {problem}");
            ExitCode::from(report::USAGE)
        }
    }
}

impl Later {
    fn refuse(self, name: &str) -> Result<u8, String> {
        drop(self.rest);
        Err(format!("'ringwalk {name}' comes in a later stage"))
    }
}

/// The known command or option nearest to an unknown one, where the parser knows of none.
fn nearest_word(error: &clap::Error) -> Option<String> {
    let command = CommandLine::command();
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand if error.get(ContextKind::SuggestedSubcommand).is_none() => {
            let names = command.get_subcommands().map(clap::Command::get_name);
            nearest(word(ContextKind::InvalidSubcommand)?, names).map(str::to_owned)
        }
        ErrorKind::UnknownArgument if error.get(ContextKind::SuggestedArg).is_none() => {
            let option = word(ContextKind::InvalidArg)?.strip_prefix("--")?;
            let commands = command.get_subcommands();
            let names = commands.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_long);
            nearest(option, names).map(|name| format!("--{name}"))
        }
        _ => None,
    }
}

/// What is wrong with the command line; help and version are no errors.
fn refuse(error: &clap::Error) -> ExitCode {
    // A broken pipe is not worth a panic.
    error.print().ok();
    if let Some(near) = nearest_word(error) {
        eprintln!("\n  did you mean '{near}'?");
    }
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && Path::new(word).exists()
    {
        eprintln!("\n  to run an image: ringwalk run {word}");
    }
    ExitCode::from(if error.use_stderr() { report::USAGE } else { 0 })
}
