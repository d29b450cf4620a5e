//! What a machine is given from outside when it is built: ROM images, and images of disks, discs and floppies. Never
//! saved; named by hashes.

use ringwalk_bios::Firmware;
use ringwalk_chipset::{BoardConfig, DiskConfig, DiskKind, FloppyConfig};
use ringwalk_mmu::{Backing, Disk, Memory, SECTOR_BYTES};
use ringwalk_snapshots::StateHash;
use serde::{Deserialize, Serialize};

use super::Error;

/// How many media a machine can have.
pub const DRIVES: usize = 6;
/// The drives' names: primary master and slave, secondary master and slave, floppy drives A and B. Whatever there is
/// one of for each drive is in this order.
pub const DRIVE_NAMES: [&str; DRIVES] = ["hda", "hdb", "hdc", "hdd", "fda", "fdb"];
/// The drives on the IDE cables come first.
pub const FIRST_FLOPPY: usize = 4;
/// The drive that `--cdrom` stands for: secondary master.
pub const CDROM: usize = 2;

/// ROM images, and images of what is in the drives.
pub struct Media {
    /// The two ROM images.
    pub firmware: Firmware,
    /// Images, in the order of [`DRIVE_NAMES`].
    pub images: [Option<Box<dyn Backing>>; DRIVES],
    /// What firmware reads to start a kernel without a disk, as `ringwalk_bios::kernel::boot_image` makes it. Part of
    /// the machine's state: one that is restored brings its own.
    pub boot_image: Option<Vec<u8>>,
    /// Makes a place of the host for what memory has no room for; `None` for memory alone.
    pub spill: fn() -> Option<Box<dyn Backing>>,
}

impl Media {
    /// The built-in firmware and no disk.
    pub fn built_in() -> Media {
        Media { firmware: Firmware::built_in(), images: [const { None }; DRIVES], boot_image: None, spill: || None }
    }

    /// The same with one disk, as primary master.
    pub fn with_disk(disk: Box<dyn Backing>) -> Media {
        Media::built_in().with_image(0, disk)
    }

    /// The same with an image in this drive, by its place in [`DRIVE_NAMES`].
    pub fn with_image(mut self, drive: usize, image: Box<dyn Backing>) -> Media {
        self.images[drive] = Some(image);
        self
    }
}

/// What is in each drive.
pub(super) fn disks(memory: &Memory) -> [Option<&Disk>; DRIVES] {
    let [hda, hdb, hdc, hdd] = &memory.disks;
    let [fda, fdb] = &memory.floppies;
    [hda, hdb, hdc, hdd, fda, fdb].map(Option::as_ref)
}

/// The place for what is in each drive.
pub(super) fn drives_mut(memory: &mut Memory) -> [&mut Option<Disk>; DRIVES] {
    let [hda, hdb, hdc, hdd] = &mut memory.disks;
    let [fda, fdb] = &mut memory.floppies;
    [hda, hdb, hdc, hdd, fda, fdb]
}

/// Sectors that the board expects in each drive; `None` for an empty drive, or none at all.
pub(super) fn expected_sectors(board: &BoardConfig) -> [Option<u64>; DRIVES] {
    let [hda, hdb, hdc, hdd] = board.disks.map(|disk| disk.map(|disk| disk.sectors));
    let [fda, fdb] = board.floppies.map(|floppy| floppy.map(|floppy| u64::from(floppy.sectors)));
    [hda, hdb, hdc, hdd, fda, fdb].map(|sectors| sectors.filter(|sectors| *sectors > 0))
}

/// The option of the command line that names the image of a drive.
pub(super) fn option_of(board: &BoardConfig, drive: usize) -> &'static str {
    let kind = board.disks.get(drive).copied().flatten().map(|disk| disk.kind);
    if drive == CDROM && kind == Some(DiskKind::Cdrom) { "cdrom" } else { DRIVE_NAMES[drive] }
}

/// Puts a drive that takes an image of so many bytes onto the board. `is_cd`: an IDE drive is one for CDs.
pub fn add_drive(board: &mut BoardConfig, drive: usize, bytes: u64, is_cd: bool) {
    let sectors = bytes.div_ceil(SECTOR_BYTES as u64);
    match drive.checked_sub(FIRST_FLOPPY) {
        // What is larger than any floppy is refused by the configuration's check.
        Some(floppy) => {
            let sectors = u32::try_from(sectors).unwrap_or(u32::MAX);
            board.floppies[floppy] = Some(FloppyConfig { sectors, write_protected: false });
        }
        None if is_cd => board.disks[drive] = Some(DiskConfig::cdrom(sectors)),
        None => board.disks[drive] = Some(DiskConfig::with_sectors(sectors)),
    }
}

/// What tells a base image from others: its size, and a hash over all of it, or over samples of a large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageName {
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the whole image up to 16 MiB, else of 16 spans of 1 MiB: the first, the last, and evenly between.
    pub hash: StateHash,
}

const SPAN: u64 = 1 << 20;
const SPANS: u64 = 16;

impl ImageName {
    /// Reads the image as far as its name goes.
    pub fn of(image: &dyn Backing) -> Result<ImageName, Error> {
        let bytes = image.len();
        let mut hasher = blake3::Hasher::new();
        let mut span = vec![0; SPAN as usize];
        for number in 0..SPANS {
            let offset = if bytes > SPAN * SPANS {
                // Below `bytes`, so it fits.
                (u128::from(number) * u128::from(bytes - SPAN) / u128::from(SPANS - 1)) as u64
            } else {
                number * SPAN
            };
            if offset >= bytes {
                break;
            }
            let part = &mut span[..SPAN.min(bytes - offset) as usize];
            image.read_at(offset, part).map_err(Error::Image)?;
            hasher.update(part);
        }
        let hash = StateHash::from_bytes(*hasher.finalize().as_bytes());
        Ok(ImageName { bytes, hash })
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, BLAKE3 {:.12}", self.bytes, self.hash.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl Backing for Bytes {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
            buf.copy_from_slice(&self.0[offset as usize..][..buf.len()]);
            Ok(())
        }
        fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
            Err("no".into())
        }
    }

    fn name(bytes: &[u8]) -> ImageName {
        ImageName::of(&Bytes(bytes.to_vec())).expect("reads")
    }

    #[test]
    fn small_images_are_hashed_whole() {
        let bytes = vec![7; 3 << 20];
        assert_eq!(name(&bytes).hash, StateHash::of(&bytes));
        assert_eq!(name(&[]).hash, StateHash::of(&[]));
        assert_ne!(name(&[0; 512]), name(&[0; 1024]));
    }

    #[test]
    fn the_ends_of_large_images_count() {
        let mut bytes = vec![0; (40 << 20) + 512];
        let before = name(&bytes);
        *bytes.last_mut().expect("not empty") = 1;
        let last = name(&bytes);
        assert_ne!(before, last);
        bytes[0] = 1;
        assert_ne!(last, name(&bytes));
    }
}
