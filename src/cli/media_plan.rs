//! Which images the machine gets, by name; they are opened whenever a machine is built or restored.

use std::path::{Path, PathBuf};

use ringwalk_bios::Firmware;
use ringwalk_mmu::{Backing, SECTOR_BYTES};

use super::image_kind::{HEAD, Kind, kind};
use super::options::MachineArgs;
use crate::host::{BuiltInImage, FileImage};
use crate::machine::{DISK_NAMES, ImageName, Media};
use crate::tour;

/// Where a disk's image is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    BuiltIn,
    /// A hard disk's image.
    File(PathBuf),
    /// A disc's image, in a CD-ROM drive.
    Disc(PathBuf),
}

/// The drive that `--cdrom` stands for: secondary master.
const CDROM: usize = 2;

/// The images of a machine.
#[derive(Clone, Debug)]
pub(crate) struct MediaPlan {
    disks: [Option<Source>; 4],
    bios: Option<PathBuf>,
    vgabios: Option<PathBuf>,
    write: bool,
    notes: Vec<String>,
}

impl MediaPlan {
    /// The images that the options name, or the built-in disk.
    pub(crate) fn new(args: &MachineArgs, image: Option<&Path>) -> Result<MediaPlan, String> {
        let mut notes = Vec::new();
        let named = [&args.hda, &args.hdb, &args.hdc, &args.hdd];
        let mut disks = named.map(|path| path.clone().map(Source::File));
        if let Some(image) = image {
            if disks[0].is_some() {
                return Err(format!("{}: the first disk is given by --hda already", image.display()));
            }
            notes.extend(check_kind(image)?);
            disks[0] = Some(Source::File(image.to_owned()));
        }
        if let Some(path) = &args.cdrom {
            if disks[CDROM].is_some() {
                return Err("--cdrom and --hdc are the same drive: give one of them".to_owned());
            }
            disks[CDROM] = Some(Source::Disc(path.clone()));
        }
        if disks.iter().all(|disk| !matches!(disk, Some(Source::File(_)))) && args.restore.is_none() {
            disks[0] = Some(Source::BuiltIn);
        }
        Ok(MediaPlan { disks, bios: args.bios.clone(), vgabios: args.vgabios.clone(), write: args.write, notes })
    }

    /// Adds the built-in disk wherever a snapshot was taken with it and no other is given.
    pub(crate) fn complete(&mut self, wanted: &[Option<ImageName>; 4]) -> Result<(), String> {
        let built_in = ImageName::of(&BuiltInImage(tour::DISK)).map_err(|error| error.to_string())?;
        for (disk, wanted) in self.disks.iter_mut().zip(wanted) {
            if disk.is_none() && *wanted == Some(built_in) {
                *disk = Some(Source::BuiltIn);
            }
        }
        Ok(())
    }

    /// Opens the images.
    pub(crate) fn open(&self) -> Result<Media, String> {
        let mut disks = [None, None, None, None];
        for (disk, source) in disks.iter_mut().zip(&self.disks) {
            *disk = source.as_ref().map(|source| self.open_disk(source)).transpose()?;
        }
        let mut firmware = Firmware::built_in();
        if let Some(path) = &self.bios {
            firmware = firmware.with_bios(read_rom(path)?).map_err(|error| in_file(path, &error.to_string()))?;
        }
        if let Some(path) = &self.vgabios {
            firmware = firmware.with_vga_bios(read_rom(path)?).map_err(|error| in_file(path, &error.to_string()))?;
        }
        Ok(Media { firmware, disks })
    }

    /// True if the drive with this number holds CDs.
    pub(crate) fn is_cdrom(&self, number: usize) -> bool {
        matches!(self.disks[number], Some(Source::Disc(_)))
    }

    /// Names of the disks and where their images are.
    pub(crate) fn summary(&self) -> Vec<(String, String)> {
        let row = |(name, source): (&str, &Option<Source>)| {
            let place = match source.as_ref()? {
                Source::BuiltIn => "built-in disk".to_owned(),
                Source::File(path) | Source::Disc(path) => path.display().to_string(),
            };
            let how = match source {
                Some(Source::Disc(_)) => "a CD",
                _ if self.write => "written through",
                _ => "under an overlay",
            };
            Some((name.to_owned(), format!("{place}, {how}")))
        };
        let rom = |path: &Option<PathBuf>| path.as_ref().map_or("built-in".into(), |path| path.display().to_string());
        let mut rows: Vec<_> = DISK_NAMES.into_iter().zip(&self.disks).filter_map(row).collect();
        rows.push(("bios".to_owned(), rom(&self.bios)));
        rows.push(("vgabios".to_owned(), rom(&self.vgabios)));
        rows
    }

    /// What the user should know about the images.
    pub(crate) fn notes(&self, media: &Media) -> Vec<String> {
        let odd = |(source, image): (&Option<Source>, &Option<Box<dyn Backing>>)| match (source, image) {
            (Some(Source::File(path)), Some(image)) if !image.len().is_multiple_of(SECTOR_BYTES as u64) => {
                let (path, len) = (path.display(), image.len());
                Some(format!("{path}: {len} bytes are not a whole number of sectors; zeros fill up the last one"))
            }
            _ => None,
        };
        let odd = self.disks.iter().zip(&media.disks).filter_map(odd);
        self.notes.iter().cloned().chain(odd).collect()
    }

    fn open_disk(&self, source: &Source) -> Result<Box<dyn Backing>, String> {
        match source {
            Source::BuiltIn => Ok(Box::new(BuiltInImage(tour::DISK))),
            Source::Disc(path) => Ok(Box::new(FileImage::open(path, false)?)),
            Source::File(path) => {
                let image = FileImage::open(path, self.write)?;
                match kind(&image.head(HEAD)?, image.len()) {
                    Kind::Other(what) => Err(in_file(path, &format!("is {what}"))),
                    Kind::Snapshot => Err(in_file(path, "is a snapshot; use --restore FILE to go on from it")),
                    Kind::Disk | Kind::Floppy { .. } | Kind::Cd { .. } => Ok(Box::new(image)),
                }
            }
        }
    }
}

/// IMAGE alone says by its content which drive it belongs into. Until there are drives for all of them, what can be
/// started as a hard disk is one; the note says so.
fn check_kind(path: &Path) -> Result<Option<String>, String> {
    let image = FileImage::open(path, false)?;
    let in_image = |problem: &str| in_file(path, problem);
    match kind(&image.head(HEAD)?, image.len()) {
        Kind::Disk | Kind::Snapshot | Kind::Other(_) => Ok(None),
        Kind::Floppy { bootable: true } => Ok(Some(in_image(
            "is a floppy disk image; floppy drives come in a later stage, so it starts as a hard disk, as with --hda",
        ))),
        Kind::Floppy { bootable: false } => {
            Err(in_image("is a floppy disk image without a boot sector; floppy drives come in a later stage"))
        }
        Kind::Cd { also_disk: true } => Ok(Some(in_image(
            "is a CD image; starting from CDs comes in a later stage, so it starts as a hard disk, as with --hda",
        ))),
        Kind::Cd { also_disk: false } => Err(in_image(
            "is a CD image; starting from CDs comes in a later stage, --cdrom FILE puts it into the drive beside a disk",
        )),
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
