//! What the debugger asks of a machine. Looking takes `&self`: it cannot change anything, by type.

use std::path::Path;

use ringwalk_cpu::event::{EventHit, Wanted};
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::watch::{DataWatch, Place, WatchHit};
use ringwalk_mmu::{Memory, PhysAddr, Signals};
use serde::Serialize;

use crate::register::Register;

/// The text screen as the guest shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// One string a row, without trailing blanks.
    pub rows: Vec<String>,
    /// Row and column of the cursor, both from 0; `None` while it is switched off.
    pub cursor: Option<(u32, u32)>,
    /// Columns of the screen.
    pub columns: u32,
}

/// Where a run must end at the latest. What is `None` ends nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunUntil {
    /// At the first boundary at or after this position.
    pub position: Option<u64>,
    /// When so many instructions have retired since power-on.
    pub retired: Option<u64>,
    /// When COM1 has sent this text, counted from the start of this run.
    pub serial: Option<String>,
    /// This run goes on with the last one: [`RunUntil::serial`] counts from where that began.
    pub continued: bool,
    /// When the text screen shows this text in one row; true at the start ends the run at once.
    pub screen: Option<String>,
}

/// What a run looks for, each with the number that the stop names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Instructions.
    pub code: Vec<(u32, Place)>,
    /// Accesses to memory.
    pub data: Vec<DataWatch>,
    /// Whatever else can happen.
    pub events: Vec<(u32, Wanted)>,
    /// Texts that come to stand on the text screen; an empty one for any change of it.
    pub screen: Vec<(u32, String)>,
}

/// Why the machine stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// One step was made: an instruction, a REP iteration, the delivery of an event, or a span of idling.
    Step,
    /// The breakpoint with this number stands at the next instruction.
    Breakpoint(u32),
    /// The last instruction touched watched memory.
    Watch(WatchHit),
    /// Something happened that is looked for.
    Event(EventHit),
    /// The last instruction completed a text on the screen, or changed it, as the breakpoint with this number waits for.
    Shown(u32),
    /// The position of [`RunUntil::position`] is reached.
    Position,
    /// The count of [`RunUntil::retired`] is reached.
    Retired,
    /// The text of [`RunUntil::serial`] was sent.
    Serial,
    /// The text of [`RunUntil::screen`] is shown.
    Screen,
    /// A stop option of the command line was met; the text names it (`--max-insns 5000000`).
    Option(String),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// Halted, and nothing can ever wake the processor.
    DeadHalt,
    /// Shut down after a triple fault.
    Shutdown,
    /// The guest reset the machine, and the command line says to stop then. Without that a run goes on.
    Reset,
    /// The guest switched the machine off.
    PowerOff,
    /// The guest wrote this value to the exit device.
    Exit(u32),
    /// A million deliveries without one retired instruction.
    EndlessDeliveries,
    /// Something on the host ended the run: the message says what, where, and what to do.
    Host(String),
}

/// What can be gone back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The first position that can be gone back to.
    pub oldest: u64,
    /// The last position of the present branch.
    pub newest: u64,
    /// Checkpoints.
    pub checkpoints: usize,
    /// Memory that they take, about.
    pub bytes: usize,
    /// The bound on that.
    pub limit: usize,
    /// Bytes of the file that takes what memory has no room for, if there is one.
    pub filed: Option<u64>,
}

/// A line of time: what was changed in the past opened it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// The branch that it left, and where; `None` for the first.
    pub from: Option<(String, u64)>,
    /// Its last position.
    pub end: u64,
    /// What opened it, in words.
    pub why: String,
    /// The machine is on it.
    pub present: bool,
}

/// What a machine without a history answers.
const NO_HISTORY: &str = "no history is kept, so there is no way back: start with --history SIZE";

/// A machine that can be debugged.
///
/// Between calls the state is settled: what [`Target::cpu`] and [`Target::memory`] show is the whole truth.
/// The debugger's own state (breakpoints, history) never becomes part of the machine.
pub trait Target {
    /// The processor.
    fn cpu(&self) -> &CpuState;
    /// All bulk memory. `Memory::peek` has no side effects.
    fn memory(&self) -> &Memory;
    /// The lines from the chipset to the processor as they are now.
    fn signals(&self) -> Signals;
    /// Cycles since power-on: DESIGN.md 3.
    fn position(&self) -> u64;
    /// The names that [`Target::device`] knows, in the order to list them.
    fn device_names(&self) -> Vec<String>;
    /// A device's fields and values in words; `None` if there is no such device.
    fn device(&self, name: &str) -> Option<Vec<(String, String)>>;
    /// The text screen; `None` in a graphics mode.
    fn screen(&self) -> Option<Screen>;
    /// What COM1 sent lately, as text; the machine keeps at least the last 16 KiB.
    fn serial_tail(&self) -> &str;
    /// What the machine is made of: names and values (CPU model, memory, clock, media, options).
    fn config_summary(&self) -> Vec<(String, String)>;
    /// What the guest used that the machine lacks, with counts.
    fn notes(&self) -> Vec<(String, u64)>;
    /// The state hash as hexadecimal digits. Takes `&mut` for its own dirty bits; the guest's state stays as it is.
    fn state_hash(&mut self) -> Result<String, String>;

    /// Makes one step as the processor's engine does; a single REP iteration is a step. Watchpoints are looked at.
    fn step(&mut self) -> Stop;
    /// Runs until a stop. Breakpoints are not looked at before the first step, so a run leaves the breakpoint it
    /// stands at. `until` is checked before the first step. Ctrl-C ends it.
    fn run(&mut self, until: &RunUntil) -> Stop;
    /// Replaces all breakpoints and watchpoints.
    fn set_watches(&mut self, wanted: Wants);
    /// True if Ctrl-C was pressed since the last call or run; forgets it.
    fn take_interrupt(&mut self) -> bool;

    /// Saves the machine into a file, all of it or what differs from another one; answers with one line on what was
    /// written.
    fn save(&mut self, path: &Path, base: Option<&Path>) -> Result<String, String>;
    /// Restores the machine from a file; answers with one line on what was read. On an error nothing has changed.
    fn restore(&mut self, path: &Path) -> Result<String, String>;
    /// Writes RAM, or whatever frame answers, at a physical address; answers how many bytes were taken.
    /// Goes into the input journal; derived data is dropped where needed.
    fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize;
    /// Sets a register: `register.write(&mut cpu, &memory, value)`, then drops derived data. Goes into the journal.
    fn set_register(&mut self, register: Register, value: u64) -> Result<(), String>;
    /// Presses and releases the keys for a text (US layout, `\n` is Enter). Goes into the input journal.
    fn type_text(&mut self, text: &str) -> Result<(), String>;
    /// Writes the screen as a PNG file; answers with one line on what was written.
    fn screenshot(&mut self, path: &Path) -> Result<String, String>;
    /// Resets the machine as its reset button does.
    fn reset(&mut self);

    /// What can be gone back to; `None` if no history is kept.
    fn past(&self) -> Option<Past> {
        None
    }
    /// The positions of the checkpoints, ascending.
    fn checkpoints(&self) -> Vec<u64> {
        Vec::new()
    }
    /// False if nothing in a span of physical memory was written between two checkpoints; true is no promise.
    fn may_have_written(&self, _first: PhysAddr, _bytes: u64, _from: u64, _to: u64) -> bool {
        true
    }
    /// Goes to the first boundary at or after a position, in the past or ahead. Breakpoints are passed by. Anything but
    /// [`Stop::Position`] says why it stands elsewhere.
    fn travel(&mut self, _position: u64) -> Result<Stop, String> {
        Err(NO_HISTORY.to_owned())
    }
    /// The same for a count of retired instructions.
    fn travel_retired(&mut self, _retired: u64) -> Result<Stop, String> {
        Err(NO_HISTORY.to_owned())
    }
    /// Goes to a boundary not far before a position, from which single steps lead there as they did. `Ok(None)` at the
    /// beginning of the history, `Ok(Some(Stop::Position))` where it stands, and any other stop for why not.
    fn travel_before(&mut self, _position: u64) -> Result<Option<Stop>, String> {
        Err(NO_HISTORY.to_owned())
    }
    /// All branches, the first one first.
    fn branches(&self) -> Vec<Branch> {
        Vec::new()
    }
    /// Goes to the end of another branch.
    fn take_branch(&mut self, _name: &str) -> Result<Stop, String> {
        Err(NO_HISTORY.to_owned())
    }
    /// Gives the present branch a name.
    fn name_branch(&mut self, _name: &str) -> Result<(), String> {
        Err(NO_HISTORY.to_owned())
    }
    /// Runs from one checkpoint to the next again and compares; answers the parts of the state that differ.
    fn verify(&mut self, _from: u64, _to: u64) -> Result<Vec<String>, String> {
        Err(NO_HISTORY.to_owned())
    }
}
