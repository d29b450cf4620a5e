//! What a machine is made of, as far as the guest can tell. State: saved, hashed, and checked when it comes from a file.

use ringwalk_chipset::{BoardConfig, DiskConfig, DiskKind, FLOPPY_KIB};
use ringwalk_cpu::model::{Features, Model};
use ringwalk_cpu::timing::Timing;
use ringwalk_mmu::{PAGE_BYTES, TlbPolicy};
use serde::{Deserialize, Serialize};

use super::Error;

/// What a triple fault leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnShutdown {
    /// The processor stays shut down; the run ends.
    #[default]
    Stop,
    /// The board resets the machine, as most boards do.
    Reset,
}

/// A machine's configuration. Its name is its hash: two machines with the same one and the same input are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineConfig {
    /// Processor model.
    pub model: Model,
    /// What the processor has, if not just what its model has. Saved and hashed as part of its state.
    #[serde(skip)]
    pub features: Option<Features>,
    /// What instructions cost. Saved and hashed as a section of its own, which the flat model does not have: its files
    /// and hashes are those of machines from before there were others.
    #[serde(skip)]
    pub timing: Timing,
    /// How long the processor keeps translations.
    pub tlb: TlbPolicy,
    /// Seed of everything random.
    pub seed: u64,
    /// Cycles that a processor runs before the next one has its turn.
    pub quantum: u64,
    /// What a triple fault leads to.
    pub on_shutdown: OnShutdown,
    /// Clock, memory, media, real-time clock.
    pub board: BoardConfig,
}

impl Default for MachineConfig {
    fn default() -> MachineConfig {
        MachineConfig {
            model: Model::default(),
            features: None,
            timing: Timing::default(),
            tlb: TlbPolicy::default(),
            seed: 0,
            quantum: 10_000,
            on_shutdown: OnShutdown::default(),
            board: BoardConfig::default(),
        }
    }
}

/// The least main memory: what real mode sees.
pub const LEAST_RAM_BYTES: u64 = 1 << 20;
/// The fastest and the slowest clock.
pub const CLOCK_HZ: std::ops::RangeInclusive<u64> = 1_000_000..=100_000_000_000;
/// Largest disk: what 48 bits of sector number reach.
const MOST_SECTORS: u64 = 1 << 48;
/// RAM above the hole for PCI begins at 4 GiB, which takes more than 32 address bits.
const MOST_RAM_WITH_32_BITS: u64 = 3 << 30;
/// What 36 address bits leave for RAM.
const MOST_RAM_WITH_36_BITS: u64 = 60 << 30;

impl MachineConfig {
    /// Main memory in bytes.
    pub fn ram_bytes(&self) -> u64 {
        self.board.ram_pages.saturating_mul(PAGE_BYTES)
    }

    /// What the processor has.
    pub fn cpu_features(&self) -> Features {
        self.features.unwrap_or(self.model.features())
    }

    /// Gives the processor these features.
    pub fn set_cpu_features(&mut self, features: Features) {
        self.features = (features != self.model.features()).then_some(features);
    }

    /// Fails on what no machine can be made of. The message says what would do.
    pub fn check(&self) -> Result<(), Error> {
        let most = match self.model.physical_bits() {
            ..=32 => MOST_RAM_WITH_32_BITS,
            _ => MOST_RAM_WITH_36_BITS,
        };
        let ram = self.ram_bytes();
        if !(LEAST_RAM_BYTES..=most).contains(&ram) {
            let (model, most) = (self.model.name(), most >> 30);
            return Err(Error::Config(format!(
                "{ram} bytes of memory cannot be: processor model '{model}' takes 1 MiB to {most} GiB (--mem)"
            )));
        }
        if !CLOCK_HZ.contains(&self.board.clock_hz) {
            let hz = self.board.clock_hz;
            return Err(Error::Config(format!("a clock of {hz} Hz cannot be: 1 MHz to 100 GHz (--clock)")));
        }
        if self.quantum == 0 {
            return Err(Error::Config("a quantum of 0 cycles cannot be (--quantum)".into()));
        }
        self.check_board()
    }

    fn check_board(&self) -> Result<(), Error> {
        let board = &self.board;
        if !(64..=65_536).contains(&board.vram_pages) || !board.vram_pages.is_power_of_two() {
            let pages = board.vram_pages;
            return Err(Error::Config(format!("{pages} pages of video memory cannot be")));
        }
        check_date(board)?;
        let wrong = |disk: &DiskConfig| {
            let empty = disk.sectors == 0 && disk.kind == DiskKind::Hard;
            let sectors = empty || disk.sectors > MOST_SECTORS;
            let track = !(1..=63).contains(&disk.sectors_per_track);
            sectors || track || !(1..=16).contains(&disk.heads) || !(1..=16_383).contains(&disk.cylinders)
        };
        if let Some(disk) = board.disks.iter().flatten().find(|disk| wrong(disk)) {
            return Err(Error::Config(format!("a disk cannot be like this: {disk:?}")));
        }
        let known = |sectors: u32| sectors == 0 || FLOPPY_KIB.iter().any(|kib| kib * 2 == sectors);
        match board.floppies.iter().flatten().find(|floppy| !known(floppy.sectors)) {
            Some(floppy) => Err(Error::Config(format!("a floppy disk of {} sectors cannot be", floppy.sectors))),
            None => Ok(()),
        }
    }
}

fn check_date(board: &BoardConfig) -> Result<(), Error> {
    let date = board.rtc_start;
    let leap = date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
    let days = match date.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = (1980..=2099).contains(&date.year) && (1..=12).contains(&date.month) && (1..=days).contains(&date.day);
    if day && date.hour < 24 && date.minute < 60 && date.second < 60 {
        return Ok(());
    }
    Err(Error::Config(
        "the real-time clock starts between 1980-01-01 and 2099-12-31, at a time that exists (--rtc)".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringwalk_chipset::Date;

    fn refusal(change: impl FnOnce(&mut MachineConfig)) -> String {
        let mut config = MachineConfig::default();
        change(&mut config);
        config.check().expect_err("must be refused").to_string()
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_option() {
        assert!(MachineConfig::default().check().is_ok());
        assert!(refusal(|config| config.board.ram_pages = 255).contains("--mem"));
        assert!(refusal(|config| config.board.ram_pages = u64::MAX).contains("--mem"));
        assert!(refusal(|config| config.board.clock_hz = 0).contains("--clock"));
        assert!(refusal(|config| config.quantum = 0).contains("--quantum"));
        let feb_29 = Date { year: 2023, month: 2, day: 29, ..Date::default() };
        assert!(refusal(|config| config.board.rtc_start = feb_29).contains("--rtc"));
    }

    #[test]
    fn the_model_limits_memory() {
        let big = |config: &mut MachineConfig| config.board.ram_pages = (4 << 30) / PAGE_BYTES;
        let mut config = MachineConfig::default();
        big(&mut config);
        assert!(config.check().is_ok());
        assert!(
            refusal(|config| {
                big(config);
                config.model = Model::I486;
            })
            .contains("1 MiB to 3 GiB")
        );
    }
}
