//! Which images the machine gets, by name; they are opened whenever a machine is built or restored.

use std::path::{Path, PathBuf};

use ringwalk_chipset::{BoardConfig, BootDevice, FLOPPY_KIB};
use ringwalk_mmu::{Backing, SECTOR_BYTES};

use super::image_kind::{HEAD, Kind, kind};
use super::options::MachineArgs;
use crate::host::{BuiltInImage, FileImage, SpillFile};
use crate::machine::{CDROM, DRIVE_NAMES, DRIVES, FIRST_FLOPPY, ImageName, Media, add_drive};
use crate::tour;

/// What is in a drive.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    BuiltIn,
    /// A hard disk's image.
    Disk(PathBuf),
    /// A disc's image, in a CD-ROM drive.
    Disc(PathBuf),
    /// A floppy disk's image.
    Floppy(PathBuf),
}

/// The images of a machine.
#[derive(Clone, Debug)]
pub(crate) struct MediaPlan {
    drives: [Option<Source>; DRIVES],
    /// IMAGE is one of these: it is tried first.
    first: Option<BootDevice>,
    bios: Option<PathBuf>,
    vgabios: Option<PathBuf>,
    write: bool,
}

/// A floppy disk's image that has no floppy's size is one of this format, if it fits.
const USUAL_FLOPPY: u64 = 1440 << 10;
/// A CD's block.
const BLOCK_BYTES: u64 = 2048;

impl MediaPlan {
    /// The images that the options name, or the built-in disk.
    pub(crate) fn new(args: &MachineArgs, image: Option<&Path>) -> Result<MediaPlan, String> {
        let disk = |path: &Option<PathBuf>| path.clone().map(Source::Disk);
        let floppy = |path: &Option<PathBuf>| path.clone().map(Source::Floppy);
        let mut drives =
            [disk(&args.hda), disk(&args.hdb), disk(&args.hdc), disk(&args.hdd), floppy(&args.fda), floppy(&args.fdb)];
        if let Some(path) = &args.cdrom {
            if drives[CDROM].is_some() {
                return Err("--cdrom and --hdc are the same drive: give one of them".to_owned());
            }
            drives[CDROM] = Some(Source::Disc(path.clone()));
        }
        let first = image.map(|image| place(image, &mut drives)).transpose()?;
        if drives.iter().all(Option::is_none) && args.restore.is_none() && args.kernel.is_none() {
            drives[0] = Some(Source::BuiltIn);
        }
        let (bios, vgabios) = (args.bios.clone(), args.vgabios.clone());
        Ok(MediaPlan { drives, first, bios, vgabios, write: args.write })
    }

    /// Adds the built-in disk wherever a snapshot was taken with it and no other is given.
    pub(crate) fn complete(&mut self, wanted: &[Option<ImageName>; DRIVES]) -> Result<(), String> {
        let built_in = ImageName::of(&BuiltInImage(tour::DISK)).map_err(|error| error.to_string())?;
        for (drive, wanted) in self.drives[..FIRST_FLOPPY].iter_mut().zip(wanted) {
            if drive.is_none() && *wanted == Some(built_in) {
                *drive = Some(Source::BuiltIn);
            }
        }
        Ok(())
    }

    /// Opens the images.
    pub(crate) fn open(&self) -> Result<Media, String> {
        let mut media = Media { spill: || Some(Box::new(SpillFile::default())), ..Media::built_in() };
        for (image, source) in media.images.iter_mut().zip(&self.drives) {
            *image = source.as_ref().map(|source| source.open(self.write)).transpose()?;
        }
        if let Some(path) = &self.bios {
            let firmware = media.firmware.with_bios(read_rom(path)?);
            media.firmware = firmware.map_err(|error| in_file(path, &error.to_string()))?;
        }
        if let Some(path) = &self.vgabios {
            let firmware = media.firmware.with_vga_bios(read_rom(path)?);
            media.firmware = firmware.map_err(|error| in_file(path, &error.to_string()))?;
        }
        Ok(media)
    }

    /// Puts the drives of the images onto the board, and says in which order to start from them.
    pub(crate) fn describe(&self, media: &Media, board: &mut BoardConfig, boot: Option<&str>) -> Result<(), String> {
        for (drive, image) in media.images.iter().enumerate() {
            if let Some(image) = image {
                add_drive(board, drive, image.len(), matches!(self.drives[drive], Some(Source::Disc(_))));
            }
        }
        match boot {
            Some(order) => {
                board.boot = super::values::boot(order)?;
                self.check_boot(order, &board.boot)
            }
            None => {
                // A stable sort: the others keep their order.
                board.boot.sort_by_key(|device| Some(*device) != self.first);
                Ok(())
            }
        }
    }

    /// Fails if none of the media is there that the order names.
    fn check_boot(&self, order: &str, devices: &[BootDevice]) -> Result<(), String> {
        if devices.iter().any(|device| self.has(*device)) {
            return Ok(());
        }
        let words = devices.iter().map(|device| match device {
            BootDevice::Floppy => "floppy disk (--fda FILE)",
            BootDevice::Disk => "hard disk (--hda FILE)",
            BootDevice::Cdrom => "CD (--cdrom FILE)",
            BootDevice::Kernel => "kernel (--kernel FILE)",
        });
        let words: Vec<&str> = words.collect();
        Err(format!("--boot {order}: the machine has no {}: add one, or choose another order", words.join(" and no ")))
    }

    fn has(&self, device: BootDevice) -> bool {
        let is = |source: &Source| match device {
            BootDevice::Floppy | BootDevice::Kernel => false,
            BootDevice::Disk => matches!(source, Source::BuiltIn | Source::Disk(_)),
            BootDevice::Cdrom => matches!(source, Source::Disc(_)),
        };
        // The firmware starts from the first floppy drive only.
        self.drives.iter().flatten().any(is) || device == BootDevice::Floppy && self.drives[FIRST_FLOPPY].is_some()
    }

    /// Names of the drives and where their images are.
    pub(crate) fn summary(&self) -> Vec<(String, String)> {
        let row = |(name, source): (&str, &Option<Source>)| {
            let source = source.as_ref()?;
            let place = match source {
                Source::BuiltIn => "built-in disk".to_owned(),
                Source::Disk(path) | Source::Disc(path) | Source::Floppy(path) => path.display().to_string(),
            };
            let how = match source {
                Source::Disc(_) => "a CD",
                Source::Disk(_) | Source::Floppy(_) if self.write => "written through",
                _ => "under an overlay",
            };
            Some((name.to_owned(), format!("{place}, {how}")))
        };
        let rom = |path: &Option<PathBuf>| path.as_ref().map_or("built-in".into(), |path| path.display().to_string());
        let mut rows: Vec<_> = DRIVE_NAMES.into_iter().zip(&self.drives).filter_map(row).collect();
        rows.push(("bios".to_owned(), rom(&self.bios)));
        rows.push(("vgabios".to_owned(), rom(&self.vgabios)));
        rows
    }

    /// What the user should know about images whose size is not what their drive takes.
    pub(crate) fn notes(&self) -> Vec<String> {
        let sources = self.drives.iter().flatten();
        sources.filter_map(Source::note).collect()
    }
}

/// Puts IMAGE into the drive that its content asks for; what it is then started as.
fn place(image: &Path, drives: &mut [Option<Source>; DRIVES]) -> Result<BootDevice, String> {
    let file = FileImage::open(image, false)?;
    let path = image.to_owned();
    let (drive, source, device) = match kind(&file.head(HEAD)?, file.len()) {
        Kind::Floppy => (FIRST_FLOPPY, Source::Floppy(path), BootDevice::Floppy),
        Kind::Cd => (CDROM, Source::Disc(path), BootDevice::Cdrom),
        // What is none of all is told when it is opened.
        Kind::Disk | Kind::Snapshot | Kind::Other(_) => (0, Source::Disk(path), BootDevice::Disk),
    };
    if drives[drive].is_some() {
        let what = match device {
            BootDevice::Floppy => "a floppy disk's image, and --fda gives one",
            BootDevice::Disk => "a hard disk's image, and --hda gives one",
            BootDevice::Cdrom | BootDevice::Kernel => "a CD's image, and --cdrom or --hdc gives one",
        };
        return Err(in_file(image, &format!("is {what} already: name its drive by an option, too")));
    }
    drives[drive] = Some(source);
    Ok(device)
}

impl Source {
    fn open(&self, write: bool) -> Result<Box<dyn Backing>, String> {
        let (path, write) = match self {
            Source::BuiltIn => return Ok(Box::new(BuiltInImage(tour::DISK))),
            Source::Disk(path) | Source::Floppy(path) => (path, write),
            Source::Disc(path) => (path, false),
        };
        let image = FileImage::open(path, write)?;
        match kind(&image.head(HEAD)?, image.len()) {
            Kind::Other(what) => return Err(in_file(path, &format!("is {what}"))),
            Kind::Snapshot => return Err(in_file(path, "is a snapshot; use --restore FILE to go on from it")),
            Kind::Disk | Kind::Floppy | Kind::Cd => {}
        }
        match self {
            Source::Floppy(_) => {
                let len = floppy_len(image.len(), write).map_err(|problem| in_file(path, &problem))?;
                Ok(Box::new(image.filled_up_to(len)))
            }
            _ => Ok(Box::new(image)),
        }
    }

    /// A file that grows or shrinks in between is told when it is read.
    fn note(&self) -> Option<String> {
        let (path, grain, unit) = match self {
            Source::BuiltIn => return None,
            Source::Disk(path) => (path, SECTOR_BYTES as u64, "sectors of 512 bytes; zeros fill up the last one"),
            Source::Disc(path) => (path, BLOCK_BYTES, "blocks of 2048 bytes; zeros fill up the last one"),
            Source::Floppy(path) => {
                let len = std::fs::metadata(path).ok()?.len();
                let full = floppy_len(len, false).ok().filter(|full| *full != len)?;
                let full = full >> 10;
                return Some(in_file(
                    path,
                    &format!("{len} bytes are no size of a floppy disk; zeros fill it up to {full} KiB"),
                ));
            }
        };
        let len = std::fs::metadata(path).ok()?.len();
        (len % grain != 0).then(|| in_file(path, &format!("{len} bytes are not a whole number of {unit}")))
    }
}

/// The size of the floppy disk that an image of so many bytes is: a floppy's, or the usual one if that holds it.
fn floppy_len(len: u64, write: bool) -> Result<u64, String> {
    let sizes = FLOPPY_KIB.map(|kib| u64::from(kib) << 10);
    let known = || sizes.map(|size| format!("{}K", size >> 10)).join(", ");
    match len {
        _ if sizes.contains(&len) => Ok(len),
        _ if len > USUAL_FLOPPY => Err(format!(
            "{len} bytes are no size of a floppy disk ({}); fill it up with zeros to the next, or use --hda FILE",
            known()
        )),
        _ if write => Err(format!(
            "{len} bytes are no size of a floppy disk ({}); fill it up with zeros, or leave out --write",
            known()
        )),
        _ => Ok(USUAL_FLOPPY),
    }
}

/// The largest ROM image that is read at all.
const MOST_ROM_BYTES: u64 = 16 << 20;

fn read_rom(path: &Path) -> Result<Vec<u8>, String> {
    let len = std::fs::metadata(path).map(|metadata| metadata.len());
    match len {
        Ok(len) if len > MOST_ROM_BYTES => Err(in_file(path, &format!("{len} bytes are no ROM image"))),
        _ => std::fs::read(path).map_err(|error| in_file(path, &format!("the ROM image cannot be read: {error}"))),
    }
}

fn in_file(path: &Path, problem: &str) -> String {
    format!("{}: {problem}", path.display())
}
