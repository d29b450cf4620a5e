//! The machine as the debugger sees it.

use std::path::Path;
use std::time::{Duration, Instant};

use ringwalk_cpu::event::EventWatch;
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::timing::Timing;
use ringwalk_debugger as debugger;
use ringwalk_debugger::{Register, RunUntil, Target, Wants};
use ringwalk_mmu::{Bus, Memory, PhysAddr, Signals};

use crate::cli::media_plan::MediaPlan;
use crate::host::{Front, write_png};
use crate::machine::{BranchView, Machine, Past, RunLimits, Saved, Stop, Tuning};
use crate::screen;

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;

/// Stop options of the command line that hold for every run in the debugger.
#[derive(Clone, Debug, Default)]
pub(crate) struct StandingStops {
    /// `--max-insns`, as a count since power-on.
    pub(crate) retired: Option<u64>,
    /// `--until-serial`.
    pub(crate) serial: Option<String>,
    /// `--until-screen`.
    pub(crate) screen: Option<String>,
    /// `--no-reboot`.
    pub(crate) no_reboot: bool,
}

/// A machine in the debugger.
pub(crate) struct Session {
    machine: Machine,
    front: Front,
    plan: MediaPlan,
    standing: StandingStops,
    last_stop: Option<Stop>,
    host_time: Duration,
    /// Memory for the history; 0 for none.
    history: usize,
}

impl Session {
    /// A session over a machine, its host side and the images that it can be built from again.
    pub(crate) fn new(machine: Machine, front: Front, plan: MediaPlan, standing: StandingStops) -> Session {
        Session { machine, front, plan, standing, last_stop: None, host_time: Duration::ZERO, history: 0 }
    }

    /// Keeps the machine's past in so many bytes.
    pub(crate) fn keep_history(&mut self, bytes: usize) -> Result<(), String> {
        if bytes > 0 {
            self.machine.keep_history(bytes).map_err(|error| error.to_string())?;
        }
        self.history = bytes;
        Ok(())
    }

    /// Moves the machine in time, as a run that is nobody's: what it sends again is told to nobody.
    fn travel_by<T>(&mut self, how: impl FnOnce(&mut Machine, &mut Front) -> T) -> T {
        self.front.begin_way(&self.machine);
        let begin = Instant::now();
        let came = how(&mut self.machine, &mut self.front);
        self.host_time += begin.elapsed();
        self.front.end_way();
        // Output goes by where the machine stands.
        self.front.drain(&mut self.machine).ok();
        came
    }

    /// A change from outside: what had been sent behind this moment was never sent.
    fn change<T>(&mut self, how: impl FnOnce(&mut Machine) -> T) -> T {
        let in_past = self.machine.is_in_past();
        let done = how(&mut self.machine);
        if in_past && !self.machine.is_in_past() {
            self.front.forget_ahead(&self.machine);
        }
        done
    }

    /// How the last run ended.
    pub(crate) fn last_stop(&self) -> Option<Stop> {
        self.last_stop.clone()
    }

    /// Time that all runs took.
    pub(crate) fn host_time(&self) -> Duration {
        self.host_time
    }

    /// The machine.
    pub(crate) fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// A stop as the debugger names it. What the command line asked for is told by its option.
    fn named(&self, stop: Stop, until: &RunUntil) -> debugger::Stop {
        let option = |name: &str, value: String| debugger::Stop::Option(format!("--{name} {value}"));
        match stop {
            Stop::Position => debugger::Stop::Position,
            Stop::Retired if until.retired.is_some_and(|retired| self.machine.cpu.retired >= retired) => {
                debugger::Stop::Retired
            }
            Stop::Retired => option("max-insns", self.standing.retired.unwrap_or_default().to_string()),
            Stop::Serial if until.serial.is_some() => debugger::Stop::Serial,
            Stop::Serial => {
                option("until-serial", format!("{:?}", self.standing.serial.as_deref().unwrap_or_default()))
            }
            Stop::Screen if until.screen.is_some() => debugger::Stop::Screen,
            Stop::Screen => {
                option("until-screen", format!("{:?}", self.standing.screen.as_deref().unwrap_or_default()))
            }
            Stop::TimedOut => debugger::Stop::Option("--timeout".to_owned()),
            Stop::Breakpoint(id) => debugger::Stop::Breakpoint(id),
            Stop::Watch(hit) => debugger::Stop::Watch(hit),
            Stop::Event(hit) => debugger::Stop::Event(hit),
            Stop::Shown(id) => debugger::Stop::Shown(id),
            Stop::DeadHalt => debugger::Stop::DeadHalt,
            Stop::Shutdown => debugger::Stop::Shutdown,
            Stop::Reset => debugger::Stop::Reset,
            Stop::PowerOff => debugger::Stop::PowerOff,
            Stop::Exit(value) => debugger::Stop::Exit(value),
            Stop::EndlessDeliveries => debugger::Stop::EndlessDeliveries,
            Stop::Interrupted | Stop::Left => debugger::Stop::Interrupted,
            Stop::Host(trouble) | Stop::Diverged(trouble) => debugger::Stop::Host(trouble),
        }
    }
}

impl Target for Session {
    fn cpu(&self) -> &CpuState {
        &self.machine.cpu
    }

    fn memory(&self) -> &Memory {
        &self.machine.memory
    }

    fn signals(&self) -> Signals {
        self.machine.board.signals()
    }

    fn position(&self) -> u64 {
        self.machine.position()
    }

    fn device_names(&self) -> Vec<String> {
        self.machine.board.device_names().iter().map(|name| (*name).to_owned()).collect()
    }

    fn device(&self, name: &str) -> Option<Vec<(String, String)>> {
        self.machine.board.show(name).map(|view| view.rows)
    }

    fn screen(&self) -> Option<debugger::Screen> {
        screen::text(&self.machine.board, &self.machine.memory)
    }

    fn serial_tail(&self) -> &str {
        self.front.com1_tail()
    }

    fn config_summary(&self) -> Vec<(String, String)> {
        let config = self.machine.config();
        let row = |name: &str, value: String| (name.to_owned(), value);
        let mut rows = vec![
            row("cpu", config.model.name().to_owned()),
            row("mem", format!("{} MiB", config.ram_bytes() >> 20)),
            row("clock", format!("{} Hz", config.board.clock_hz)),
            row("seed", config.seed.to_string()),
            row("tlb", format!("{:?}", config.tlb).to_lowercase()),
            row("triple fault", format!("{:?}", config.on_shutdown).to_lowercase()),
        ];
        if config.timing != Timing::Flat {
            rows.push(row("timing", config.timing.name().to_owned()));
        }
        rows.extend(self.plan.summary());
        rows
    }

    fn notes(&self) -> Vec<(String, u64)> {
        self.machine.notes()
    }

    fn state_hash(&mut self) -> Result<String, String> {
        let hash = self.machine.hash().to_string();
        self.machine.memory.host_trouble.take().map_or(Ok(hash), Err)
    }

    fn step(&mut self) -> debugger::Stop {
        let stop = self.machine.step();
        let trouble = self.front.drain(&mut self.machine).err();
        match (stop, trouble) {
            (Some(stop), _) => self.named(stop, &RunUntil::default()),
            (None, Some(trouble)) => debugger::Stop::Host(trouble),
            (None, None) => debugger::Stop::Step,
        }
    }

    fn run(&mut self, until: &RunUntil) -> debugger::Stop {
        let standing = &self.standing;
        let limits = RunLimits {
            position: until.position,
            retired: until.retired.into_iter().chain(standing.retired).min(),
            serial: until.serial.clone().or(standing.serial.clone()),
            screen: until.screen.clone().or(standing.screen.clone()),
            reset: standing.no_reboot,
            continued: until.continued,
        };
        self.front.begin(&self.machine);
        let begin = Instant::now();
        let stop = self.machine.run(&limits, &mut self.front);
        self.host_time += begin.elapsed();
        self.last_stop = Some(stop.clone());
        self.named(stop, until)
    }

    fn set_watches(&mut self, wanted: Wants) {
        let Wants { code, data, events, screen } = wanted;
        self.machine.engine.hot.watches.replace(code, data);
        self.machine.engine.hot.events = EventWatch::new(events);
        self.machine.watch_screen(screen);
        self.machine.engine.forget(&mut self.machine.memory);
    }

    fn take_interrupt(&mut self) -> bool {
        self.front.take_interrupt()
    }

    fn save(&mut self, path: &Path, base: Option<&Path>) -> Result<String, String> {
        self.machine.save_to(path, base).map_err(|error| error.to_string())?;
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(format!("{}: {bytes} bytes, position {}", path.display(), self.machine.position()))
    }

    fn restore(&mut self, path: &Path) -> Result<String, String> {
        let saved = Saved::open(path).map_err(|error| error.to_string())?;
        let mut plan = self.plan.clone();
        plan.complete(&saved.images())?;
        let machine = saved.restore(plan.open()?, Tuning::default());
        let mut machine = machine.map_err(|error| {
            let (name, text) = (path.display().to_string(), error.to_string());
            // A page that is damaged names its file already.
            if text.starts_with(&name) { text } else { format!("{name}: {text}") }
        })?;
        // Breakpoints are the debugger's: they outlive the machine.
        machine.engine.hot.watches = std::mem::take(&mut self.machine.engine.hot.watches);
        machine.engine.hot.events = self.machine.engine.hot.events.take();
        let file = self.machine.take_history_file();
        (self.machine, self.plan) = (machine, plan);
        self.front.start_anew(&self.machine);
        self.keep_history(self.history)?;
        file.into_iter().for_each(|file| self.machine.file_history(file));
        Ok(format!("{}: position {}", path.display(), self.machine.position()))
    }

    fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        self.change(|machine| machine.write_memory(first, bytes))
    }

    fn set_register(&mut self, register: Register, value: u64) -> Result<(), String> {
        self.change(|machine| machine.set_register(register, value))
    }

    fn type_text(&mut self, text: &str) -> Result<(), String> {
        self.change(|machine| machine.type_text(text))
    }

    fn screenshot(&mut self, path: &Path) -> Result<String, String> {
        let image = self.machine.board.render(&self.machine.memory);
        write_png(path, &image)?;
        Ok(format!("{}: {} x {} pixels", path.display(), image.width, image.height))
    }

    fn reset(&mut self) {
        self.change(Machine::press_reset);
    }

    fn past(&self) -> Option<debugger::Past> {
        let Past { oldest, newest, checkpoints, bytes, limit, filed } = self.machine.past()?;
        Some(debugger::Past { oldest, newest, checkpoints, bytes, limit, filed })
    }

    fn checkpoints(&self) -> Vec<u64> {
        self.machine.checkpoints()
    }

    fn may_have_written(&self, first: PhysAddr, bytes: u64, from: u64, to: u64) -> bool {
        self.machine.may_have_written(first, bytes, from, to)
    }

    fn travel(&mut self, position: u64) -> Result<debugger::Stop, String> {
        self.announce(position);
        let stop = self.travel_by(|machine, front| machine.go_to(position, front));
        self.travelled(stop)
    }

    fn travel_retired(&mut self, retired: u64) -> Result<debugger::Stop, String> {
        let stop = self.travel_by(|machine, front| machine.go_to_retired(retired, front));
        self.travelled(stop)
    }

    fn travel_before(&mut self, position: u64) -> Result<Option<debugger::Stop>, String> {
        match self.travel_by(|machine, front| machine.go_before(position, front)) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => Ok(Some(debugger::Stop::Position)),
            Err(stop) => self.travelled(stop).map(Some),
        }
    }

    fn branches(&self) -> Vec<debugger::Branch> {
        let branch = |branch: BranchView| {
            let BranchView { name, from, end, why, present } = branch;
            debugger::Branch { name, from, end, why, present }
        };
        self.machine.branches().into_iter().map(branch).collect()
    }

    fn take_branch(&mut self, name: &str) -> Result<debugger::Stop, String> {
        let stop = self.travel_by(|machine, front| machine.go_to_branch(name, front))?;
        self.travelled(stop)
    }

    fn name_branch(&mut self, name: &str) -> Result<(), String> {
        self.machine.name_branch(name)
    }

    fn verify(&mut self, from: u64, to: u64) -> Result<Vec<String>, String> {
        self.travel_by(|machine, front| machine.verify(from, to, front))
    }
}

impl Session {
    /// A long way is told of before it begins.
    fn announce(&self, position: u64) {
        let seconds = self.machine.time_to(position).unwrap_or_default() / 1_000_000_000;
        if seconds > 0 {
            eprintln!("ringwalk: position {position} takes about {seconds} s; Ctrl-C gives up");
        }
    }

    /// How a way through time ended; what the host or the history refused is an error.
    fn travelled(&mut self, stop: Stop) -> Result<debugger::Stop, String> {
        match stop {
            Stop::Host(trouble) => Err(trouble),
            stop => Ok(self.named(stop, &RunUntil::default())),
        }
    }
}
