//! The machine: processor, memory and board put together, and what comes in from outside.
//!
//! State lies in [`Machine::cpu`], [`Machine::memory`], [`Machine::board`], the configuration and the feed; all else
//! beside it is derived or belongs to the host. `run` carries it on, `save` writes it down, `hash` gives it a name.

use ringwalk_bios::Firmware;
use ringwalk_chipset::{Board, Output};
use ringwalk_cpu::apic::{Abilities, Apic};
use ringwalk_cpu::run::Engine;
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{Bus, Disk, FrameRange, Memory};
use serde::{Deserialize, Serialize};

use crate::history::Arrival;
use crate::journal::{Inbox, Input, Journal};
use crate::keyboard::{strokes_of_name, strokes_of_text};
use crate::script::{Action, Script};

mod branch;
mod config;
mod edit;
mod hash;
mod media;
mod run;
mod save;
mod screen_watch;
mod sections;
mod tap;
mod time;

#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod tests;

pub use branch::BranchView;
pub use config::{CLOCK_HZ, LEAST_RAM_BYTES, MachineConfig, OnShutdown};
pub use media::{CDROM, DRIVE_NAMES, DRIVES, FIRST_FLOPPY, ImageName, Media, add_drive};
pub use run::{Host, NoHost, RunLimits, Stop, Wake};
pub use save::Saved;
pub use sections::{processor, section_json, with_processor};
pub use time::Past;

use hash::Trees;

/// Why a machine could not be built, saved or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No machine can be made of this.
    #[error("{0}")]
    Config(String),
    /// A disk or ROM image cannot be read.
    #[error("{0}")]
    Image(String),
    /// Something outside is not what the snapshot was made with.
    #[error("{0}")]
    Media(String),
    /// A snapshot cannot be read or written.
    #[error(transparent)]
    Snapshot(#[from] ringwalk_snapshots::Error),
}

/// Cycles that the machine runs before it looks at the host again. Without effect on the guest.
const SLICE: u64 = 500_000;

/// Choices of the host that leave no trace in the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Cycles between two looks at the host.
    pub slice: u64,
    /// Slots of the trace cache.
    pub trace_slots: usize,
    /// The canonical tier alone follows every trace of the fast one, and both are compared: see [`Stop::Diverged`].
    pub verify_fast: bool,
    /// The engine counts what it does: see `ringwalk_cpu::profile`.
    pub profile: bool,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning { slice: SLICE, trace_slots: 1 << 18, verify_fast: false, profile: false }
    }
}

/// What will come in. State.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Feed {
    inbox: Inbox,
    script: Script,
}

impl Feed {
    /// Puts the inputs of some actions into the inbox.
    fn perform(&mut self, actions: &[Action], position: u64) {
        for action in actions {
            let input = match action {
                // Scripts hold what can be typed only; of a forged one the rest is left out.
                Action::Type(text) => strokes_of_text(text).ok().map(Input::Keys),
                Action::Key(name) => strokes_of_name(name).map(Input::Keys),
                Action::Serial(text) => Some(Input::Serial(0, text.as_bytes().to_vec())),
                Action::Mouse(step) => Some(Input::Mouse(vec![*step])),
                Action::Power => Some(Input::PowerButton),
            };
            input.into_iter().for_each(|input| self.inbox.add(position, input));
        }
    }
}

/// What the guest has sent out since it was last fetched, and why the run must end. Beside the state.
#[derive(Default)]
struct Outlet {
    output: Vec<Output>,
    sent: Sent,
    /// The guest ended the run.
    ended: Option<Stop>,
    /// The text of [`RunLimits::serial`] that is looked for in this run.
    serial: Option<crate::text_match::TextMatch>,
    serial_met: bool,
    /// The feed changed: limits must be set anew.
    leave: bool,
}

/// What the guest has sent so far, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sent {
    /// All output.
    pub all: u64,
    /// Bytes of COM1.
    pub com1: u64,
}

impl Outlet {
    fn push(&mut self, output: Output) {
        self.sent.all += 1;
        self.sent.com1 += u64::from(matches!(output, Output::Serial(0, _)));
        self.output.push(output);
    }

    /// The machine went to another moment: what is not fetched yet belongs to the one it left.
    fn go_back(&mut self, sent: Sent) {
        *self = Outlet { sent, ..Outlet::default() };
    }
}

/// A PC.
pub struct Machine {
    /// The processor.
    pub cpu: CpuState,
    /// Its engine: derived.
    pub engine: Engine,
    /// All bulk memory.
    pub memory: Memory,
    /// Everything on the board.
    pub board: Board,
    /// What came in.
    pub journal: Journal,
    config: MachineConfig,
    feed: Feed,
    firmware: Firmware,
    images: [Option<ImageName>; DRIVES],
    /// A disk whose base image takes the guest's writes.
    written_through: Option<&'static str>,
    tuning: Tuning,
    outlet: Outlet,
    trees: Trees,
    screen_watch: screen_watch::ScreenWatch,
    history: Option<Box<time::History>>,
}

impl Machine {
    /// A machine at power-on. The media's disks decide the configuration's.
    pub fn new(config: MachineConfig, media: Media, tuning: Tuning) -> Result<Machine, Error> {
        config.check()?;
        let board = &config.board;
        let Media { firmware, images: given, boot_image, spill } = media;
        let mut memory = Memory::new(board.ram_pages, board.vram_pages, &firmware.bios, &firmware.vga_bios);
        let (mut images, mut written_through) = ([None; DRIVES], None);
        for (number, (image, drive)) in given.into_iter().zip(media::drives_mut(&mut memory)).enumerate() {
            let Some(image) = image else { continue };
            images[number] = Some(ImageName::of(&*image)?);
            written_through = written_through.or(image.writes_through().then_some(DRIVE_NAMES[number]));
            let mut disk = Disk::new(image);
            disk.spill_to(spill());
            *drive = Some(disk);
        }
        check_media(&config, &memory)?;
        let mut machine = Machine {
            cpu: CpuState {
                features: config.cpu_features(),
                clock_hz: config.board.clock_hz,
                entropy: config.seed,
                apic: Apic::new(Abilities::of(config.model, config.cpu_features()), 0),
                ..CpuState::new(config.model, config.tlb)
            },
            engine: Engine::with_slots(tuning.trace_slots),
            trees: Trees::new(board),
            board: Board::new(config.board.clone()),
            memory,
            journal: Journal::spilling_to(spill()),
            config,
            feed: Feed::default(),
            firmware,
            images,
            written_through,
            tuning,
            outlet: Outlet::default(),
            history: None,
            screen_watch: screen_watch::ScreenWatch::default(),
        };
        if machine.tuning.verify_fast {
            machine.engine.verify_fast();
        }
        if let Some(image) = boot_image {
            let range = machine.add_boot_image(image.len() as u64);
            machine.memory.fill(range, &image);
        }
        if machine.tuning.profile {
            machine.engine.profile();
        }
        machine.wire();
        Ok(machine)
    }

    /// Adds a boot image of so many zeros to a machine that is being made.
    fn add_boot_image(&mut self, bytes: u64) -> FrameRange {
        self.trees.add_boot_image(bytes);
        self.memory.add_boot_image(bytes)
    }

    /// What the machine is made of.
    pub fn config(&self) -> &MachineConfig {
        &self.config
    }

    /// The base images, by drive.
    pub fn images(&self) -> &[Option<ImageName>; DRIVES] {
        &self.images
    }

    /// Cycles since power-on.
    pub fn position(&self) -> u64 {
        self.cpu.position
    }

    /// Rebuilds everything derived: routes, the A20 mask, traces, cached translations.
    pub fn wire(&mut self) {
        self.board.take_routes_changed();
        self.memory.set_routes(self.board.physical_map(&self.memory));
        self.memory.set_a20(self.board.signals().a20);
        self.engine.set_timing(self.config.timing, &mut self.memory);
    }

    /// Follows what the guest did to routing and the A20 gate. Code stays decoded: it is known by its frame.
    fn reroute(&mut self) {
        if self.board.take_routes_changed() {
            self.memory.set_routes(self.board.physical_map(&self.memory));
        }
        self.set_gate();
    }

    /// As [`Machine::reroute`], where the whole board is another.
    fn reroute_now(&mut self) {
        self.memory.set_routes(self.board.physical_map(&self.memory));
        self.set_gate();
    }

    fn set_gate(&mut self) {
        self.memory.set_a20(self.board.signals().a20);
        self.engine.flush_host_tlb();
    }

    /// The reset button: processor and board as after power-on. Memory stays, and time goes on.
    pub fn reset(&mut self) {
        self.cpu.reset();
        self.board.reset();
        self.wire();
        self.screen_watch.begin(&self.board, &self.memory);
    }

    /// Carries out an input script from now on.
    pub fn set_script(&mut self, script: Script) {
        self.feed.script = script.started_at(self.cpu.position, self.config.board.clock_hz);
    }

    /// Lets an input take effect at the next boundary.
    pub fn feed(&mut self, input: Input) {
        self.note_arrival(Arrival::Waits(input.clone()));
        self.feed.inbox.add(self.cpu.position, input);
    }

    /// True if something that came in has not taken effect yet.
    pub fn has_input_waiting(&self) -> bool {
        self.feed.inbox.next_position().is_some()
    }

    /// What the guest used that the machine lacks, with counts.
    pub fn notes(&self) -> Vec<(String, u64)> {
        self.engine.hot.notes.counts().map(|(line, count)| (line.to_owned(), count)).collect()
    }

    /// What the guest has sent up to here, fetched or not.
    pub fn sent(&self) -> Sent {
        self.outlet.sent
    }

    /// Takes what the guest has sent to the outside since the last call, in order.
    pub fn take_output(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outlet.output)
    }
}

/// The board's drives and the images must be the same number and size.
fn check_media(config: &MachineConfig, memory: &Memory) -> Result<(), Error> {
    let expected = media::expected_sectors(&config.board);
    let found = media::disks(memory).map(|disk| disk.map(Disk::sectors));
    for (number, name) in DRIVE_NAMES.into_iter().enumerate() {
        if expected[number] != found[number] {
            let words = |sectors: Option<u64>| match sectors {
                Some(sectors) => format!("{sectors} sectors"),
                None => "nothing".to_owned(),
            };
            return Err(Error::Media(format!(
                "the machine has {} in {name}, but was given {}: use --{} FILE with its image",
                words(expected[number]),
                words(found[number]),
                media::option_of(&config.board, number)
            )));
        }
    }
    Ok(())
}
