//! The machine as the debugger sees it.

use std::path::Path;
use std::time::{Duration, Instant};

use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::timing::Timing;
use ringwalk_cpu::watch::{DataWatch, Place};
use ringwalk_debugger as debugger;
use ringwalk_debugger::{Register, RunUntil, Target};
use ringwalk_mmu::{Bus, Memory, PhysAddr, Signals};

use crate::cli::media_plan::MediaPlan;
use crate::host::{Front, write_png};
use crate::machine::{Machine, RunLimits, Saved, Stop, Tuning};
use crate::screen;

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
}

impl Session {
    /// A session over a machine, its host side and the images that it can be built from again.
    pub(crate) fn new(machine: Machine, front: Front, plan: MediaPlan, standing: StandingStops) -> Session {
        Session { machine, front, plan, standing, last_stop: None, host_time: Duration::ZERO }
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

    fn state_hash(&mut self) -> String {
        self.machine.hash().to_string()
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

    fn set_watches(&mut self, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
        self.machine.engine.hot.watches.replace(code, data);
        self.machine.engine.forget(&mut self.machine.memory);
    }

    fn take_interrupt(&mut self) -> bool {
        self.front.take_interrupt()
    }

    fn save(&mut self, path: &Path) -> Result<String, String> {
        let writer = self.machine.save().map_err(|error| error.to_string())?;
        writer.write_to(path).map_err(|error| error.to_string())?;
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(format!("{}: {bytes} bytes, position {}", path.display(), self.machine.position()))
    }

    fn restore(&mut self, path: &Path) -> Result<String, String> {
        let saved = Saved::open(path).map_err(|error| error.to_string())?;
        let mut plan = self.plan.clone();
        plan.complete(&saved.images())?;
        let machine = saved.restore(plan.open()?, Tuning::default());
        let mut machine = machine.map_err(|error| format!("{}: {error}", path.display()))?;
        // Breakpoints are the debugger's: they outlive the machine.
        machine.engine.hot.watches = std::mem::take(&mut self.machine.engine.hot.watches);
        (self.machine, self.plan) = (machine, plan);
        Ok(format!("{}: position {}", path.display(), self.machine.position()))
    }

    fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        self.machine.write_memory(first, bytes)
    }

    fn set_register(&mut self, register: Register, value: u64) -> Result<(), String> {
        self.machine.set_register(register, value)
    }

    fn type_text(&mut self, text: &str) -> Result<(), String> {
        self.machine.type_text(text)
    }

    fn screenshot(&mut self, path: &Path) -> Result<String, String> {
        let image = self.machine.board.render(&self.machine.memory);
        write_png(path, &image)?;
        Ok(format!("{}: {} x {} pixels", path.display(), image.width, image.height))
    }

    fn reset(&mut self) {
        self.machine.press_reset();
    }
}
