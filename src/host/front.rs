//! The host's side of a run: ports, terminal, Ctrl-C, time limits.

use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ringwalk_chipset::Output;

use super::keeper::Keeper;
use super::mirror::{Mirror, in_graphics};
use super::pace::Pace;
use super::progress::Progress;
use super::sink::{Place, Sink};
use super::source::{Ended, Origin, Sources};
use super::term_keys::{Typed, decode};
use super::terminal::{self, RawMode};
use crate::journal::Input;
use crate::machine::{Host, Machine, Stop, Wake};

/// Time between two looks at the guest's screen.
const FRAME: Duration = Duration::from_millis(33);
/// Time between two looks at Ctrl-C while the machine sleeps.
const NAP: Duration = Duration::from_millis(50);
/// What COM1 has sent lately is kept up to twice this length, in bytes.
const TAIL: usize = 512 << 10;

/// Where the machine's ports lead.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    /// COM1 and COM2; `None` is for the front to choose.
    pub serial: [Option<Place>; 2],
    /// Port E9h.
    pub debugcon: Option<Place>,
}

/// What becomes of the guest's screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Display {
    /// On a terminal it is shown while the guest runs.
    #[default]
    Auto,
    /// The same; without a terminal the last screen is printed at the end.
    Text,
    /// It is not shown.
    None,
}

/// How a run presents itself.
#[derive(Clone, Debug, Default)]
pub struct FrontOptions {
    /// Where ports lead.
    pub ports: Ports,
    /// Standard input belongs to the machine; without this to the debugger.
    pub interactive: bool,
    /// Where the guest's screen is shown.
    pub display: Display,
    /// Not faster than the machine's clock.
    pub realtime: bool,
    /// Host time that a run may take.
    pub timeout: Option<Duration>,
}

/// The host's side.
pub struct Front {
    serial: [Sink; 2],
    debugcon: Sink,
    sources: Sources,
    mirror: Option<Mirror>,
    /// The last screen is printed at the end.
    prints_screen: bool,
    _raw: Option<RawMode>,
    progress: Option<Progress>,
    pace: Option<Pace>,
    realtime: bool,
    interrupt: Arc<AtomicBool>,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    next_frame: Instant,
    com1_tail: String,
    /// Bytes that COM1 had sent at the end of the tail.
    com1_heard: u64,
    /// Of them those behind the machine, which may be in the past.
    com1_sent: u64,
    /// Output that has gone out: what a machine in the past sends again does not.
    told: u64,
    keeper: Keeper,
    left: bool,
}

impl Front {
    /// Opens what the options name. The error says what, where, what to do.
    pub fn open(options: FrontOptions) -> Result<Front, String> {
        let mut sources = Sources::new();
        let uses_stdio = |place: &Option<Place>| *place == Some(Place::Stdio);
        let taken = options.ports.serial.iter().chain([&options.ports.debugcon]).any(uses_stdio);
        let wants_mirror = options.interactive && options.display != Display::None && !taken;
        let mirror = wants_mirror.then(Mirror::start).flatten();
        let com1 = match &options.ports.serial[0] {
            Some(place) => place.clone(),
            None if options.interactive && mirror.is_none() => Place::Stdio,
            None => Place::Null,
        };
        let com2 = options.ports.serial[1].clone().unwrap_or(Place::Null);
        let on_stdio = [&com1, &com2].into_iter().zip(0..).find(|(place, _)| **place == Place::Stdio);
        let stdin_port = on_stdio.map(|(_, port)| port).filter(|_| options.interactive);
        let serial = [open_serial(0, &com1, &mut sources)?, open_serial(1, &com2, &mut sources)?];
        let debugcon = open_sink(&options.ports.debugcon.unwrap_or(Place::Null))?;
        let mut raw = None;
        if mirror.is_some() {
            sources.add(Origin::Keyboard, io::stdin());
        } else if let Some(port) = stdin_port {
            raw = terminal::is_there().then(RawMode::enter).flatten();
            sources.add(Origin::Serial(port), io::stdin());
        }
        sources.seal();
        let interrupt = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGINT, interrupt.clone())
            .map_err(|error| format!("Ctrl-C cannot be caught: {error}"))?;
        let quiet = mirror.is_some() || raw.is_some() || !options.interactive;
        Ok(Front {
            serial,
            debugcon,
            sources,
            progress: if quiet { None } else { Progress::start(0) },
            prints_screen: options.interactive && options.display == Display::Text && mirror.is_none(),
            mirror,
            _raw: raw,
            pace: None,
            realtime: options.realtime,
            interrupt,
            timeout: options.timeout,
            deadline: None,
            next_frame: Instant::now(),
            com1_tail: String::new(),
            com1_heard: 0,
            com1_sent: 0,
            told: 0,
            keeper: Keeper::default(),
            left: false,
        })
    }

    /// A run begins: its time limit and its pace count from now.
    pub fn begin(&mut self, machine: &Machine) {
        self.deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let clock_hz = machine.config().board.clock_hz;
        self.pace = self.realtime.then(|| Pace::new(machine.position(), clock_hz));
        self.keeper.go_on();
    }

    /// Gives the terminal back, or prints the last screen where one is wanted.
    pub fn end(&mut self, machine: &Machine) -> Result<(), String> {
        if let Some(progress) = &mut self.progress {
            progress.clear();
        }
        self.mirror = None;
        self._raw = None;
        if !self.prints_screen {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let printed = stdout.write_all(last_screen(machine).as_bytes()).and_then(|()| stdout.flush());
        printed.map_err(|error| format!("standard output: cannot be written: {error}"))
    }

    /// True if Ctrl-C was pressed since the last call; forgets it.
    pub fn take_interrupt(&self) -> bool {
        self.interrupt.swap(false, Ordering::Relaxed)
    }

    /// A way through time begins: a long one is seen on the terminal, as a run without a debugger is.
    pub fn begin_way(&mut self, machine: &Machine) {
        self.begin(machine);
        self.progress = Progress::start(machine.cpu.retired);
    }

    /// The way is over.
    pub fn end_way(&mut self) {
        if let Some(mut progress) = self.progress.take() {
            progress.clear();
        }
    }

    /// What COM1 sent lately, up to where the machine stands.
    pub fn com1_tail(&self) -> &str {
        let ahead = usize::try_from(self.com1_heard.saturating_sub(self.com1_sent)).unwrap_or(usize::MAX);
        match ahead.checked_sub(1).map(|last| self.com1_tail.char_indices().rev().nth(last)) {
            None => &self.com1_tail,
            Some(cut) => &self.com1_tail[..cut.map_or(0, |(at, _)| at)],
        }
    }

    /// The past was changed: what was sent behind this moment is sent no more.
    pub fn forget_ahead(&mut self, machine: &Machine) {
        self.com1_sent = machine.sent().com1;
        self.com1_tail.truncate(self.com1_tail().len());
        self.com1_heard = self.com1_sent;
        self.told = machine.sent().all;
    }

    /// Another machine takes the place of the one before.
    pub fn start_anew(&mut self, machine: &Machine) {
        (self.com1_heard, self.com1_sent, self.told) = (machine.sent().com1, machine.sent().com1, machine.sent().all);
        self.com1_tail.clear();
    }

    /// Fetches what the guest has sent, outside of a run.
    pub fn drain(&mut self, machine: &mut Machine) -> Result<(), String> {
        let output = machine.take_output();
        let sent = machine.sent();
        let first = sent.all - output.len() as u64;
        let mut com1 = sent.com1 - output.iter().filter(|output| matches!(output, Output::Serial(0, _))).count() as u64;
        self.com1_sent = sent.com1;
        let mut fresh = Vec::new();
        for (number, output) in (first..).zip(output) {
            if let Output::Serial(0, byte) = output {
                if com1 >= self.com1_heard {
                    self.heard_com1(byte);
                    self.com1_heard = com1 + 1;
                }
                com1 += 1;
            }
            if number >= self.told {
                self.told = number + 1;
                fresh.push(output);
            }
        }
        self.pass_on(fresh)
    }

    fn pass_on(&mut self, output: Vec<Output>) -> Result<(), String> {
        if output.is_empty() {
            return Ok(());
        }
        for output in output {
            match output {
                Output::Serial(port, byte) => {
                    if let Some(sink) = self.serial.get_mut(usize::from(port)) {
                        sink.put(byte)?;
                    }
                }
                Output::Debug(byte) => self.debugcon.put(byte)?,
                // No printer is connected.
                Output::Exit(_) | Output::PowerOff | Output::Parallel(_) => {}
            }
        }
        if let Some(progress) = &mut self.progress {
            progress.clear();
        }
        self.serial.iter_mut().chain([&mut self.debugcon]).try_for_each(Sink::flush)
    }

    fn heard_com1(&mut self, byte: u8) {
        if let Some(progress) = &mut self.progress {
            progress.heard(byte);
        }
        self.com1_tail.push(if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
        if self.com1_tail.len() > 2 * TAIL {
            let cut = self.com1_tail.ceil_char_boundary(TAIL);
            self.com1_tail.drain(..cut);
        }
    }

    /// Lets what has come in take effect.
    fn bring_in(&mut self, machine: &mut Machine, (from, bytes): (Origin, Vec<u8>)) {
        match from {
            // A terminal in raw mode has no other way to leave.
            Origin::Serial(_) if self._raw.is_some() && bytes.contains(&0x1D) => self.left = true,
            Origin::Serial(port) => machine.feed(Input::Serial(port, bytes)),
            Origin::Keyboard => {
                for typed in decode(&bytes) {
                    match typed {
                        Typed::Keys(strokes) => machine.feed(Input::Keys(strokes)),
                        Typed::Leave => self.left = true,
                    }
                }
            }
        }
    }

    fn wants_to_stop(&mut self) -> Option<Stop> {
        if self.take_interrupt() {
            return Some(Stop::Interrupted);
        }
        if std::mem::take(&mut self.left) {
            return Some(Stop::Left);
        }
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        over.then_some(Stop::TimedOut)
    }

    fn show(&mut self, machine: &Machine) {
        if let Some(progress) = &mut self.progress {
            progress.show(&machine.cpu);
        }
        let Some(mirror) = &mut self.mirror else { return };
        let now = Instant::now();
        if now >= self.next_frame {
            mirror.show(&machine.board, &machine.memory);
            self.next_frame = now + FRAME;
        }
    }
}

impl Host for Front {
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop> {
        self.keeper.look(machine);
        if let Err(trouble) = self.drain(machine) {
            return Some(Stop::Host(trouble));
        }
        // What waits in the machine holds up the host's end, and what comes in now must not change the past.
        while !machine.has_input_waiting() && !machine.is_in_past() {
            let Some(piece) = self.sources.take() else { break };
            self.bring_in(machine, piece);
        }
        self.show(machine);
        if let Some(pace) = &self.pace {
            std::thread::sleep(pace.ahead(machine.position()).min(NAP));
        }
        self.keeper.go_on();
        self.wants_to_stop()
    }

    fn wait(&mut self, machine: &mut Machine) -> Wake {
        loop {
            if let Some(stop) = self.attend(machine) {
                return Wake::Stop(stop);
            }
            if machine.has_input_waiting() {
                return Wake::Again;
            }
            match self.sources.wait(NAP) {
                Ok(Some(piece)) => self.bring_in(machine, piece),
                Ok(None) => {}
                Err(Ended) => return Wake::Never,
            }
        }
    }
}

/// The text screen without the blank lines at its end, or what is there instead.
fn last_screen(machine: &Machine) -> String {
    match machine.board.screen(&machine.memory) {
        Some(screen) => screen.text().trim_end().to_owned() + "\n",
        None => in_graphics(machine.board.graphics_mode().as_ref()) + "\n",
    }
}

fn open_serial(port: u8, place: &Place, sources: &mut Sources) -> Result<Sink, String> {
    let Place::Tcp(address) = place else { return open_sink(place) };
    let trouble = |error: io::Error| format!("tcp:{address}: {error}");
    let listener = TcpListener::bind(address).map_err(trouble)?;
    let name = listener.local_addr().map_err(trouble)?.to_string();
    eprintln!("ringwalk: COM{} waits for a connection at {name}", port + 1);
    let (stream, _) = listener.accept().map_err(trouble)?;
    stream.set_nodelay(true).map_err(trouble)?;
    sources.add(Origin::Serial(port), stream.try_clone().map_err(trouble)?);
    Ok(Sink::tcp(name, stream))
}

fn open_sink(place: &Place) -> Result<Sink, String> {
    match place {
        Place::Stdio => Ok(Sink::stdout()),
        Place::File(path) => Sink::file(path),
        Place::Null | Place::Tcp(_) => Ok(Sink::Null),
    }
}
