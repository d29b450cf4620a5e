//! The run loop: slices of the engine, and between them what the guest asked of the machine and what comes in.
//!
//! Everything that decides what the guest sees happens at positions that depend on state and input alone. A slice
//! may end anywhere without a trace, so that the host can be looked at in between.

use ringwalk_chipset::Output;
use ringwalk_cpu::event::EventHit;
use ringwalk_cpu::flags::IF;
use ringwalk_cpu::run::{Engine, Executed, Exit, Limits};
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::watch::WatchHit;
use ringwalk_debugger::disassembly::text_of_bytes;
use ringwalk_mmu::{Bus, Instant, Memory};

use super::tap::Tap;
use super::{Machine, OnShutdown};
use crate::script::{instant_of_look, look_at, shows};
use crate::text_match::TextMatch;

/// Serial ports of the board.
const PORTS: u8 = 2;

/// Where a run must end at the latest. What is `None` ends nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// At the first boundary at or after this position.
    pub position: Option<u64>,
    /// When so many instructions have retired since power-on.
    pub retired: Option<u64>,
    /// When COM1 has sent this text in this run, right behind the byte that completes it.
    pub serial: Option<String>,
    /// When the text screen shows this text in one row. Looked at once at the start and 60 times in a second of
    /// machine time.
    pub screen: Option<String>,
    /// When the guest resets the machine; the next run carries the reset out.
    pub reset: bool,
    /// This run goes on with the last one: [`RunLimits::serial`] counts from where that began.
    pub continued: bool,
}

/// Why a run ended. The state is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// [`RunLimits::position`] was reached.
    Position,
    /// [`RunLimits::retired`] was reached.
    Retired,
    /// [`RunLimits::serial`] was sent.
    Serial,
    /// [`RunLimits::screen`] was shown.
    Screen,
    /// A breakpoint stands at the next instruction.
    Breakpoint(u32),
    /// The last instruction touched watched memory.
    Watch(WatchHit),
    /// Something happened that the debugger looks for.
    Event(EventHit),
    /// The screen shows a text that the debugger waits for, by its number, behind the instruction that completed it.
    Shown(u32),
    /// Halted, and nothing can wake the processor.
    DeadHalt,
    /// Shut down after a triple fault.
    Shutdown,
    /// The guest asked for a reset.
    Reset,
    /// The guest switched the machine off.
    PowerOff,
    /// The guest wrote this value to the exit device.
    Exit(u32),
    /// A million deliveries without one retired instruction.
    EndlessDeliveries,
    /// The fast tier came to another state than the canonical one; the text says where, and to what.
    Diverged(String),
    /// The host's own time limit.
    TimedOut,
    /// The user interrupted the run.
    Interrupted,
    /// The user left.
    Left,
    /// The host cannot go on; the text says why.
    Host(String),
}

/// What the run loop needs of the host.
pub trait Host {
    /// Called between slices and at the end of a run: fetches output, feeds input, may end the run.
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop>;
    /// The processor is halted until something comes in: waits for that.
    fn wait(&mut self, machine: &mut Machine) -> Wake;
}

/// What waiting for the host brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something may have come in.
    Again,
    /// Nothing ever comes in.
    Never,
    /// The run ends.
    Stop(Stop),
}

/// A host that hears nothing and says nothing.
pub struct NoHost;

impl Host for NoHost {
    fn attend(&mut self, _machine: &mut Machine) -> Option<Stop> {
        None
    }

    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
    }
}

/// What one run keeps in mind.
struct Run<'a> {
    limits: &'a RunLimits,
    /// Where it began.
    start: u64,
    /// Where the slice ends.
    slice_end: u64,
    /// The last look at the screen for [`RunLimits::screen`].
    looked: Option<u64>,
}

impl Machine {
    /// Runs until a limit, an end that the guest makes, or the host's will. Breakpoints are not looked at before the
    /// first instruction.
    pub fn run(&mut self, limits: &RunLimits, host: &mut dyn Host) -> Stop {
        self.begin(limits);
        let start = self.cpu.position;
        let mut run = Run { limits, start, slice_end: start, looked: None };
        let stop = loop {
            if self.cpu.position >= run.slice_end {
                if let Some(stop) = host.attend(self) {
                    break stop;
                }
                run.slice_end = self.cpu.position.saturating_add(self.tuning.slice.max(1));
            }
            if let Some(stop) = self.boundary(&mut run) {
                break stop;
            }
            let exit = self.slice(&run);
            if let Some(stop) = self.after(exit, &run, host) {
                break stop;
            }
        };
        let stop = self.last_words(stop);
        // The run is over already; what it has sent must still go out.
        host.attend(self);
        stop
    }

    /// Where the guest has come to an end, what it wrote to its serial ports still goes out.
    fn last_words(&mut self, stop: Stop) -> Stop {
        if !matches!(stop, Stop::DeadHalt | Stop::Shutdown | Stop::PowerOff | Stop::Exit(_)) {
            return stop;
        }
        for port in 0..PORTS {
            for byte in self.board.serial_unsent(port) {
                self.outlet.push(Output::Serial(port, byte));
                if port == 0 && self.outlet.serial.as_mut().is_some_and(|text| text.push(byte)) {
                    return Stop::Serial;
                }
            }
        }
        stop
    }

    /// One instruction, REP iteration or delivery, or the idle span up to the next event. `None` if nothing but the
    /// step itself ended it.
    pub fn step(&mut self) -> Option<Stop> {
        self.begin(&RunLimits::default());
        self.take_inputs();
        let position = self.cpu.position;
        let dues = self.board.due().into_iter().chain(self.cpu.due()).map(|due| due.0);
        let wake = dues.chain(self.next_input());
        let idle_end = wake.min().filter(|end| self.cpu.activity.is_idle() && *end > position);
        let exit = match idle_end {
            Some(end) => self.run_engine(Limits { position: end, break_at_start: false, ..Limits::NONE }),
            None => self.drive(|engine, cpu, memory, bus| engine.step(cpu, memory, bus)),
        };
        let none = RunLimits::default();
        let mut run = Run { limits: &none, start: position, slice_end: u64::MAX, looked: None };
        let stop = match exit {
            Exit::Position | Exit::Retired | Exit::Breakpoint(_) => None,
            exit => self.after(exit, &run, &mut NoHost),
        };
        // Inputs at the new position are left to the next step, as a run that ends there leaves them.
        let here = RunLimits { position: Some(position), ..none.clone() };
        run.limits = &here;
        stop.or_else(|| self.boundary(&mut run)).filter(|stop| *stop != Stop::Position)
    }

    /// Forgets what ended the last run, and carries out a reset that it may have stopped at.
    fn begin(&mut self, limits: &RunLimits) {
        if !limits.continued || self.outlet.serial.is_none() {
            self.outlet.serial = limits.serial.as_deref().map(TextMatch::new);
        }
        self.outlet.serial_met = false;
        self.outlet.ended = None;
        self.screen_watch.begin(&self.board, &self.memory);
        self.obey_requests(false);
    }

    /// What happens between two instructions, in this order: ends, requests of the guest, limits, input.
    fn boundary(&mut self, run: &mut Run<'_>) -> Option<Stop> {
        self.outlet.leave = false;
        if self.outlet.serial_met {
            return Some(Stop::Serial);
        }
        if let Some(stop) = self.outlet.ended.take() {
            return Some(stop);
        }
        if let Some(id) = self.screen_watch.take_hit() {
            return Some(Stop::Shown(id));
        }
        if let Some(trouble) = self.memory.host_trouble.take() {
            return Some(Stop::Host(trouble));
        }
        if let Some(lost) = self.memory.frames.lost() {
            return Some(Stop::Host(lost.to_owned()));
        }
        if let Some(stop) = self.obey_requests(run.limits.reset) {
            return Some(stop);
        }
        if run.limits.retired.is_some_and(|retired| self.cpu.retired >= retired) {
            return Some(Stop::Retired);
        }
        if run.limits.position.is_some_and(|position| self.cpu.position >= position) {
            return Some(Stop::Position);
        }
        if self.screen_is_met(run) {
            return Some(Stop::Screen);
        }
        self.take_inputs();
        None
    }

    /// Resets, and changes of routing and of the A20 gate. With `stop` a reset is left to the next run.
    fn obey_requests(&mut self, stop: bool) -> Option<Stop> {
        let signals = self.board.signals();
        if stop && (signals.reset || signals.init) {
            return Some(Stop::Reset);
        }
        if signals.reset {
            self.reset();
        } else if signals.init && self.board.take_init() {
            self.cpu.init();
            self.engine.forget(&mut self.memory);
        }
        let signals = self.board.signals();
        if signals.routes_changed || signals.a20 != self.memory.a20_open() {
            self.reroute();
        }
        None
    }

    fn screen_is_met(&mut self, run: &mut Run<'_>) -> bool {
        let Some(text) = &run.limits.screen else { return false };
        let now = look_at(self.cpu.position, self.config.board.clock_hz);
        if run.looked.is_some_and(|looked| now <= looked) {
            return false;
        }
        run.looked = Some(now);
        shows(&self.screen_rows(), text)
    }

    /// Lets every input take effect whose position is reached.
    fn take_inputs(&mut self) {
        let (position, clock_hz) = (self.cpu.position, self.config.board.clock_hz);
        while self.take_arrival() {}
        if self.feed.script.wants_screen(position, clock_hz) {
            self.show_screen_to_script();
        }
        while let Some(actions) = self.feed.script.take_due(position) {
            self.feed.perform(&actions, position);
        }
        while let Some(input) = self.feed.inbox.take_due(position) {
            self.apply(input);
            // A device that is touched may send something; it has this position.
            let Machine { board, feed, outlet, screen_watch, .. } = self;
            Tap { board, feed, outlet, screen: screen_watch, clock_hz }.take(Instant(position));
        }
    }

    /// True if the script had been waiting for what the screen shows.
    fn show_screen_to_script(&mut self) -> bool {
        let (position, clock_hz) = (self.cpu.position, self.config.board.clock_hz);
        let rows = self.screen_rows();
        let Some(actions) = self.feed.script.saw_screen(&rows, position, clock_hz) else { return false };
        self.feed.perform(&actions, position);
        true
    }

    /// The next position at which something comes in.
    fn next_input(&self) -> Option<u64> {
        let script = self.feed.script.next_position(self.config.board.clock_hz);
        let known = self.next_known_arrival();
        self.feed.inbox.next_position().into_iter().chain(script).chain(known).min()
    }

    /// Runs the engine to the next limit.
    fn slice(&mut self, run: &Run<'_>) -> Exit {
        let clock_hz = self.config.board.clock_hz;
        let look = run.looked.map(|looked| instant_of_look(looked + 1, clock_hz));
        let ends = [run.limits.position, look, self.next_input()];
        let position = ends.into_iter().flatten().fold(run.slice_end, u64::min);
        self.run_engine(Limits {
            position,
            retired: run.limits.retired.unwrap_or(u64::MAX),
            // A breakpoint counts again once the run has left the place where it began.
            break_at_start: self.cpu.position != run.start,
        })
    }

    fn run_engine(&mut self, limits: Limits) -> Exit {
        self.drive(|engine, cpu, memory, bus| engine.run(cpu, memory, bus, limits))
    }

    /// Lets the engine work on the processor, with the board behind the tap.
    fn drive(&mut self, work: impl FnOnce(&mut Engine, &mut CpuState, &mut Memory, &mut dyn Bus) -> Exit) -> Exit {
        let Machine { cpu, engine, memory, board, feed, outlet, screen_watch, config, .. } = self;
        let clock_hz = config.board.clock_hz;
        work(engine, cpu, memory, &mut Tap { board, feed, outlet, screen: screen_watch, clock_hz })
    }

    /// What an exit of the engine means for the run, apart from what the boundary finds.
    fn after(&mut self, exit: Exit, run: &Run<'_>, host: &mut dyn Host) -> Option<Stop> {
        match exit {
            Exit::Position | Exit::Retired | Exit::Signals => None,
            Exit::Breakpoint(id) => Some(Stop::Breakpoint(id)),
            Exit::Watch(hit) => Some(Stop::Watch(hit)),
            Exit::Event(hit) => Some(Stop::Event(hit)),
            Exit::FruitlessDeliveries => Some(Stop::EndlessDeliveries),
            Exit::Diverged => Some(Stop::Diverged(self.divergence())),
            Exit::Shutdown if self.config.on_shutdown == OnShutdown::Stop => Some(Stop::Shutdown),
            Exit::Shutdown if run.limits.reset => Some(Stop::Reset),
            Exit::Shutdown => {
                self.reset();
                None
            }
            Exit::DeadHalt => self.rest(run, host),
        }
    }

    /// What ended a run in lockstep, with the instructions in words.
    fn divergence(&self) -> String {
        let line = |executed: &Executed| {
            let bytes = &executed.bytes[..usize::from(executed.len)];
            text_of_bytes(executed.bits.into(), executed.rip, bytes)
        };
        self.engine.divergence().map_or_else(String::new, |divergence| divergence.story(line))
    }

    /// Halted, and no device will ever wake the processor: only what comes in can.
    fn rest(&mut self, run: &Run<'_>, host: &mut dyn Host) -> Option<Stop> {
        if self.feed.script.waits_for_screen() && self.show_screen_to_script() {
            return None;
        }
        if run.limits.screen.as_ref().is_some_and(|text| shows(&self.screen_rows(), text)) {
            return Some(Stop::Screen);
        }
        // The screen does not change any more, so only inputs with a position of their own count.
        if let Some(next) = self.next_arrival() {
            let end = run.limits.position.map_or(next, |position| position.min(next));
            self.cpu.position = self.cpu.position.max(end);
            return None;
        }
        if !self.cpu.flags.has(IF) {
            return Some(Stop::DeadHalt);
        }
        match host.wait(self) {
            Wake::Again => None,
            Wake::Never => Some(Stop::DeadHalt),
            Wake::Stop(stop) => Some(stop),
        }
    }

    fn next_arrival(&self) -> Option<u64> {
        let (inbox, script) = (self.feed.inbox.next_position(), self.feed.script.next_at());
        inbox.into_iter().chain(script).chain(self.next_known_arrival()).min()
    }
}
