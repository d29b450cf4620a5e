//! Machines for the tests of the whole: the built-in disk, boot sectors of our own, and what to compare.

use std::borrow::Cow;

use ringwalk::machine::{Machine, MachineConfig, Media, NoHost, RunLimits, Saved, Stop, Tuning};
use ringwalk_chipset::{DiskConfig, Output};
use ringwalk_mmu::{Backing, PAGE_BYTES, SECTOR_BYTES};
use ringwalk_snapshots::Snapshot;

pub(crate) use crate::random::Random;

/// The built-in disk.
pub(crate) const TOUR: &[u8] = include_bytes!("../../roms/tour.img");

/// A disk image in memory.
#[derive(Clone)]
pub(crate) struct Image(pub(crate) Cow<'static, [u8]>);

impl Backing for Image {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        buf[count..].fill(0);
        Ok(())
    }

    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
        Err("an image in memory takes no writes".to_owned())
    }
}

/// A machine of 4 MiB, so that hashing and saving it is quick, with a disk.
pub(crate) fn config_for(image: &Image) -> MachineConfig {
    let mut config = MachineConfig::default();
    config.board.ram_pages = (4 << 20) / PAGE_BYTES;
    config.board.vram_pages = (256 << 10) / PAGE_BYTES;
    let sectors = image.len().div_ceil(SECTOR_BYTES as u64);
    config.board.disks[0] = Some(DiskConfig::with_sectors(sectors));
    config
}

/// A machine with a disk, at power-on.
pub(crate) fn machine(image: &Image, tuning: Tuning) -> Machine {
    machine_of(config_for(image), image, tuning)
}

/// The same of a given configuration.
pub(crate) fn machine_of(config: MachineConfig, image: &Image, tuning: Tuning) -> Machine {
    let media = Media::with_disk(Box::new(image.clone()));
    Machine::new(config, media, tuning).expect("a machine can be made of this")
}

/// The tour's disk.
pub(crate) fn tour() -> Image {
    Image(Cow::Borrowed(TOUR))
}

/// The machine of a snapshot, with the disk that it had.
pub(crate) fn restored(bytes: Vec<u8>, image: &Image, tuning: Tuning) -> Machine {
    try_restore(bytes, image, tuning).expect("the snapshot is whole")
}

/// The same, or why not, in words.
pub(crate) fn try_restore(bytes: Vec<u8>, image: &Image, tuning: Tuning) -> Result<Machine, String> {
    let media = Media::with_disk(Box::new(image.clone()));
    let snapshot = Snapshot::from_bytes(bytes).map_err(|error| error.to_string())?;
    let saved = Saved::new(snapshot).map_err(|error| error.to_string())?;
    saved.restore(media, tuning).map_err(|error| error.to_string())
}

/// The bytes of a snapshot.
pub(crate) fn saved(machine: &Machine) -> Vec<u8> {
    machine.save().expect("a machine with an overlay can be saved").to_bytes()
}

/// Runs until the guest ends it, or as far as a position.
pub(crate) fn run_to(machine: &mut Machine, position: u64) -> Stop {
    machine.run(&RunLimits { position: Some(position), ..RunLimits::default() }, &mut NoHost)
}

/// What COM1 sent since the last call.
pub(crate) fn serial(machine: &mut Machine) -> String {
    let bytes = machine.take_output().into_iter().filter_map(|output| match output {
        Output::Serial(0, byte) => Some(byte),
        _ => None,
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}
