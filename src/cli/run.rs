//! `ringwalk run`: until a stop condition, power-off or the exit port.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use ringwalk_cpu::segment::SegReg;

use super::options::{MachineArgs, OutArgs, StopArgs};
use super::report::{self, Stats};
use super::setup::{Setup, setup};
use super::values;
use crate::host::{Front, write_png};
use crate::machine::{Machine, RunLimits, Stop};
use crate::screen;

/// `ringwalk run`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    stop: StopArgs,
    #[command(flatten)]
    out: OutArgs,
    /// Image of a disk, floppy or CD, by its content; without any medium the built-in disk is used
    image: Option<PathBuf>,
}

/// Runs a machine; answers with the program's status.
pub(crate) fn run(args: RunArgs) -> Result<u8, String> {
    let RunArgs { machine, stop: stops, out, image } = args;
    out.check()?;
    let timeout = stops.timeout.as_deref().map(|text| values::seconds("timeout", text)).transpose()?;
    let max_insns = stops.max_insns.as_deref().map(|text| values::count("max-insns", text)).transpose()?;
    stops.check()?;
    let Setup { mut machine, front, no_reboot, history, history_file, .. } = setup(machine, image.as_deref(), true)?;
    if let Some(bytes) = history.filter(|bytes| *bytes > 0) {
        machine.keep_history(bytes).map_err(|error| error.to_string())?;
        history_file.into_iter().for_each(|file| machine.file_history(Box::new(file)));
    }
    let limits = RunLimits {
        position: None,
        retired: max_insns.map(|count| machine.cpu.retired.saturating_add(count)),
        serial: stops.until_serial.clone(),
        screen: stops.until_screen.clone(),
        reset: no_reboot,
        continued: false,
    };
    let mut front = Front::open(crate::host::FrontOptions { timeout, ..front })?;
    let mark = Mark::of(&machine);
    front.begin(&machine);
    let begin = Instant::now();
    let stop = machine.run(&limits, &mut front);
    let figures = mark.figures(&machine, begin.elapsed());
    let printed = front.end(&machine);
    let status = finish(&mut machine, &stop, &figures, &stops, &out)?;
    printed.map(|()| status)
}

/// Where a machine was.
pub(crate) struct Mark {
    retired: u64,
    position: u64,
}

impl Mark {
    /// Where it is now.
    pub(crate) fn of(machine: &Machine) -> Mark {
        Mark { retired: machine.cpu.retired, position: machine.position() }
    }

    /// What has passed since. A machine that was restored in between may stand before its mark.
    pub(crate) fn figures(&self, machine: &Machine, host_time: Duration) -> Figures {
        Figures {
            instructions: machine.cpu.retired.saturating_sub(self.retired),
            cycles: machine.position().saturating_sub(self.position),
            host_seconds: host_time.as_secs_f64(),
        }
    }
}

/// What a run came to.
pub(crate) struct Figures {
    instructions: u64,
    cycles: u64,
    host_seconds: f64,
}

impl Figures {
    fn mips(&self) -> f64 {
        self.instructions as f64 / 1e6 / self.host_seconds.max(1e-9)
    }
}

/// Tells how the run ended and writes what was asked for. What fails there makes the status 2.
pub(crate) fn finish(
    machine: &mut Machine,
    stop: &Stop,
    run: &Figures,
    stops: &StopArgs,
    out: &OutArgs,
) -> Result<u8, String> {
    let mut status = report::status(stop, stops);
    for (line, count) in machine.notes() {
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        eprintln!("ringwalk: {line}{times}");
    }
    if let Some(profile) = &machine.engine.hot.profile {
        eprint!("ringwalk: {}", profile.report());
    }
    let (insns, mips) = (run.instructions, run.mips());
    let rows = screen::text(&machine.board, &machine.memory).map(|screen| screen.rows).unwrap_or_default();
    for row in report::last_words(stop, &rows) {
        eprintln!("ringwalk: on the screen: {row}");
    }
    let cpu = &machine.cpu;
    eprintln!(
        "ringwalk: {} at {:04X}:{:04X}, position {} ({insns} instructions, {mips:.1} MIPS)",
        report::sentence(stop),
        cpu.seg(SegReg::Cs).selector.0,
        cpu.rip,
        machine.position()
    );
    for result in [save(machine, stops), screenshot(machine, out)] {
        if let Err(trouble) = result {
            eprintln!("ringwalk: {trouble}");
            status = report::USAGE;
        }
    }
    let mut state_hash = out.stats.is_some().then(|| Some(machine.hash().to_string()));
    // Hashing and saving read what was written to disks, perhaps back from the host.
    if let Some(trouble) = machine.memory.host_trouble.take() {
        eprintln!("ringwalk: {trouble}");
        status = report::USAGE;
        // A hash that lacks a page is none.
        state_hash = state_hash.map(|_| None);
    }
    if let Some(state_hash) = state_hash {
        let stats = Stats {
            instructions: run.instructions,
            cycles: run.cycles,
            position: machine.position(),
            host_seconds: rounded(run.host_seconds, 1e6),
            mips: rounded(mips, 1e3),
            stop: report::word(stop),
            state_hash,
        };
        eprintln!("{}", serde_json::to_string(&stats).map_err(|error| error.to_string())?);
    }
    Ok(status)
}

fn save(machine: &Machine, stops: &StopArgs) -> Result<(), String> {
    let Some(path) = &stops.save else { return Ok(()) };
    machine.save_to(path, stops.save_on.as_deref()).map_err(|error| error.to_string())
}

fn screenshot(machine: &Machine, out: &OutArgs) -> Result<(), String> {
    let Some(path) = &out.screenshot else { return Ok(()) };
    write_png(path, &machine.board.render(&machine.memory))
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

impl StopArgs {
    /// A text that is waited for is not empty.
    pub(super) fn check(&self) -> Result<(), String> {
        let texts = [("--until-serial", &self.until_serial), ("--until-screen", &self.until_screen)];
        match texts.into_iter().find(|(_, text)| text.as_deref() == Some("")) {
            Some((option, _)) => Err(format!("{option} takes a text that is not empty")),
            None => Ok(()),
        }
    }
}

impl OutArgs {
    pub(super) fn check(&self) -> Result<(), String> {
        let format = self.stats.as_deref().unwrap_or("json");
        values::choice("stats", format, &[("json", ())]).map(drop)
    }
}
