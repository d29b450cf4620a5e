//! Snapshots of a machine. What is written is its whole state; media are named by size and hash.

use std::path::Path;
use std::rc::Rc;

use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::timing::Timing;
use ringwalk_mmu::{DiskPage, Frame, FrameRange, HostPages, OverlaySource, PAGE_BYTES, PageSource, SECTOR_BYTES};
use ringwalk_snapshots::{LazyPages, PAGE_SIZE, Pages, Snapshot, SnapshotWriter, StateHash, ZERO_PAGE};
use serde::{Deserialize, Serialize};

use super::media::{disks, drives_mut, option_of};
use super::{DRIVE_NAMES, DRIVES, Error, Feed, ImageName, Machine, MachineConfig, Media, Tuning};

/// Sections with the versions of their types.
pub(super) const CPU: (&str, u16) = ("cpu0", 10);
pub(super) const BOARD: (&str, u16) = ("board", 5);
pub(super) const MACHINE: (&str, u16) = ("machine", 1);
pub(super) const DISKS: (&str, u16) = ("disks", 2);
/// The timing model, unless it is the flat one.
pub(super) const TIMING: (&str, u16) = ("timing", 1);
/// The length of the boot image, where there is one.
pub(super) const BOOT_IMAGE: (&str, u16) = ("boot_image", 1);
/// Its page store.
pub(super) const BOOT_IMAGE_PAGES: &str = "boot_image";
/// Page stores of the overlays, by drive. Ascending.
pub(super) const DISK_STORES: [&str; DRIVES] = ["disk0", "disk1", "disk2", "disk3", "floppy0", "floppy1"];
pub(super) const RAM: &str = "ram";
pub(super) const VRAM: &str = "vram";

/// Pages that overlays may hold together: 16 GiB, so that a forged file cannot ask for more.
const MOST_OVERLAY_PAGES: u64 = 1 << 22;

/// A boot image holds what fits in main memory, so a forged file cannot ask for more than this.
const MOST_BOOT_IMAGE_BYTES: u64 = 4 << 30;

/// Centuries from power-on, with room for what is added to it.
const LATEST: u64 = 1 << 62;

/// What belongs to no part of the hardware.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct MachineSection {
    pub(super) config: MachineConfig,
    feed: Feed,
    bios: StateHash,
    vga_bios: StateHash,
}

/// A disk's base image, and which of its pages were written. A written page of zeros is not in the page store.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct DiskSection {
    image: ImageName,
    /// First page and number of pages, ascending.
    written: Vec<(u64, u64)>,
}

/// Pages of a disk of so many sectors, the last one perhaps in part.
pub(super) fn pages_of(sectors: u64) -> u64 {
    sectors.saturating_mul(SECTOR_BYTES as u64).div_ceil(PAGE_BYTES)
}

/// A snapshot that a machine can be made from.
pub struct Saved {
    snapshot: Snapshot,
    machine: MachineSection,
    disks: [Option<DiskSection>; DRIVES],
    /// Length of the boot image.
    boot_image: Option<u64>,
    /// Pages of memory and overlays come when they are touched.
    lazy: bool,
}

impl Saved {
    /// Opens a snapshot file. Its pages are read, and checked, by [`Saved::restore`], each once.
    pub fn open(path: &Path) -> Result<Saved, Error> {
        Saved::new(Snapshot::open_lazily(path)?)
    }

    /// Opens a snapshot file of which pages of memory and overlays will be read, and checked, at their first touch.
    pub fn open_lazily(path: &Path) -> Result<Saved, Error> {
        Ok(Saved { lazy: true, ..Saved::open(path)? })
    }

    /// Takes a snapshot that is open.
    pub fn new(mut snapshot: Snapshot) -> Result<Saved, Error> {
        let mut machine: MachineSection = snapshot.take(MACHINE.0, MACHINE.1)?;
        if snapshot.section(TIMING.0).is_some() {
            machine.config.timing = snapshot.take(TIMING.0, TIMING.1)?;
            if machine.config.timing == Timing::Flat {
                return Err(contradiction("its timing model"));
            }
        }
        let disks = snapshot.take(DISKS.0, DISKS.1)?;
        let boot_image = match snapshot.section(BOOT_IMAGE.0) {
            Some(_) => Some(snapshot.take(BOOT_IMAGE.0, BOOT_IMAGE.1)?),
            None => None,
        };
        if boot_image.is_some_and(|bytes| bytes > MOST_BOOT_IMAGE_BYTES) {
            return Err(contradiction("the boot image"));
        }
        Ok(Saved { snapshot, machine, disks, boot_image, lazy: false })
    }

    /// What the machine is made of.
    pub fn config(&self) -> &MachineConfig {
        &self.machine.config
    }

    /// The base images that the machine needs, by drive.
    pub fn images(&self) -> [Option<ImageName>; DRIVES] {
        std::array::from_fn(|number| self.disks[number].as_ref().map(|disk| disk.image))
    }

    /// The machine as it was saved. The media must be those that it was saved with; the boot image is its own.
    pub fn restore(mut self, mut media: Media, tuning: Tuning) -> Result<Machine, Error> {
        self.check_firmware(&media)?;
        media.boot_image = None;
        let mut machine = Machine::new(self.machine.config.clone(), media, tuning)?;
        self.check_images(&machine)?;
        machine.cpu = self.snapshot.take(CPU.0, CPU.1)?;
        machine.config.set_cpu_features(machine.cpu.features);
        machine.board = self.snapshot.take(BOARD.0, BOARD.1)?;
        let config = &machine.config;
        let cpu_fits = machine.cpu.model == config.model && machine.cpu.tlb.policy() == config.tlb;
        if !cpu_fits || !is_sound(&machine.cpu) || *machine.board.config() != config.board {
            return Err(Error::Media("the snapshot's parts contradict each other; take it again".into()));
        }
        machine.feed = self.machine.feed.clone();
        machine.board.wire();
        // While memory is untouched: the arena moves.
        let boot_image = self.boot_image.map(|bytes| (BOOT_IMAGE_PAGES, machine.add_boot_image(bytes)));
        let stores = [(RAM, machine.memory.ram), (VRAM, machine.memory.vram)];
        let stores: Vec<(&str, FrameRange)> = boot_image.into_iter().chain(stores).collect();
        for number in 0..DISK_STORES.len() {
            self.restore_overlay(number, &mut machine)?;
        }
        let spans = spans(&mut self.snapshot, &stores)?;
        match self.lazy {
            true => promise_pages(&mut machine, self.snapshot, stores, spans)?,
            false => {
                machine.memory.frames.expect(spans.into_iter());
                for (name, range) in stores {
                    read_frames(&mut machine, range, self.snapshot.pages(name)?)?;
                }
                machine.memory.frames.prefer(HostPages::Large);
                self.snapshot.finish()?;
            }
        }
        machine.wire();
        Ok(machine)
    }

    fn check_firmware(&self, media: &Media) -> Result<(), Error> {
        let images = [
            (self.machine.bios, &media.firmware.bios, "BIOS", "--bios"),
            (self.machine.vga_bios, &media.firmware.vga_bios, "VGA BIOS", "--vgabios"),
        ];
        for (wanted, image, name, option) in images {
            let found = StateHash::of(image);
            if wanted != found {
                return Err(Error::Media(format!(
                    "the snapshot was taken with another {name} (BLAKE3 {:.12}, this one is {:.12}): \
                     use {option} FILE with the one it was taken with",
                    wanted.to_string(),
                    found.to_string()
                )));
            }
        }
        Ok(())
    }

    fn check_images(&self, machine: &Machine) -> Result<(), Error> {
        for (number, name) in DRIVE_NAMES.into_iter().enumerate() {
            let (wanted, found) = (self.images()[number], machine.images[number]);
            if let (Some(wanted), Some(found)) = (wanted, found)
                && wanted != found
            {
                return Err(Error::Media(format!(
                    "{name} is not the image that the snapshot was taken with ({found}; wanted {wanted}): \
                     use --{} FILE with that image, unchanged",
                    option_of(&machine.config.board, number)
                )));
            }
        }
        Ok(())
    }

    fn restore_overlay(&mut self, number: usize, machine: &mut Machine) -> Result<(), Error> {
        let Some(section) = &self.disks[number] else { return Ok(()) };
        let drive = drives_mut(&mut machine.memory).into_iter().nth(number);
        let Some(Some(disk)) = drive else { return Ok(()) };
        let numbers = written_pages(&section.written, pages_of(disk.sectors()))?;
        let mut contents = self.snapshot.pages(DISK_STORES[number])?;
        let check = |page| numbers.binary_search(&page).map_err(|_| contradiction("a disk's pages"));
        // Zeros first: they cost nothing, and the file has only what is not zero.
        for page in &numbers {
            disk.restore_page(*page, None).map_err(Error::Image)?;
        }
        if self.lazy {
            for page in contents.spans().flat_map(|(first, count)| first..first + u64::from(count)) {
                check(page)?;
                disk.set_absent(page);
            }
            return Ok(());
        }
        while let Some((page, bytes)) = contents.next_page()? {
            check(page)?;
            disk.restore_page(page, Some(bytes)).map_err(Error::Image)?;
        }
        Ok(())
    }
}

/// A base is looked for beside the file, so it must be there, and be another file.
fn check_base(path: &Path, base: &Path) -> Result<(), Error> {
    let whole = |path: &Path| std::path::absolute(path).ok().and_then(|path| path.canonicalize().ok().or(Some(path)));
    let folder =
        |path: &Path| whole(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let name = base.display();
    if whole(path) == whole(base) {
        return Err(Error::Media(format!("{name} cannot be its own base: save to another file, or without a base")));
    }
    if folder(path) != folder(base) {
        return Err(Error::Media(format!(
            "{name} does not lie in the folder of {}, where a base is looked for: copy it there first",
            path.display()
        )));
    }
    Ok(())
}

/// False for what no processor comes to and a forged file may say.
pub(super) fn is_sound(cpu: &CpuState) -> bool {
    let times = [cpu.position, cpu.retired].iter().all(|count| *count < LATEST);
    let fetch = cpu.fetch_page.is_none_or(|page| page.linear.max(page.physical) <= u64::MAX / PAGE_BYTES);
    times && fetch && cpu.cpl <= 3 && cpu.tlb.is_sound()
}

fn contradiction(what: &str) -> Error {
    Error::Media(format!("the snapshot contradicts itself about {what}; take it again"))
}

/// The page numbers of ranges that come from a file.
fn written_pages(ranges: &[(u64, u64)], disk_pages: u64) -> Result<Vec<u64>, Error> {
    let mut pages = Vec::new();
    let mut free = 0;
    for (first, count) in ranges {
        let end = first.checked_add(*count).filter(|end| *first >= free && *end <= disk_pages && *count > 0);
        let end = end.ok_or_else(|| contradiction("the written pages of a disk"))?;
        if pages.len() as u64 + count > MOST_OVERLAY_PAGES {
            return Err(Error::Media("the snapshot's disk overlays hold more than 16 GiB".into()));
        }
        pages.extend(*first..end);
        free = end;
    }
    Ok(pages)
}

/// The pages of memory of a snapshot, by frame.
struct SavedMemory {
    pages: Rc<LazyPages>,
    stores: Vec<(&'static str, FrameRange)>,
}

impl PageSource for SavedMemory {
    fn page(&self, frame: Frame, page: &mut [u8; PAGE_SIZE]) -> Result<(), String> {
        let within = |(_, range): &&(&str, FrameRange)| (range.first.0..range.first.0 + range.count).contains(&frame.0);
        let (name, range) = self.stores.iter().find(within).ok_or("a page of memory is in no snapshot")?;
        self.pages.page(name, u64::from(frame.0 - range.first.0), page).map_err(too_late)
    }
}

/// The pages of the overlay of a drive.
struct SavedOverlay {
    pages: Rc<LazyPages>,
    store: &'static str,
}

impl OverlaySource for SavedOverlay {
    fn page(&self, number: u64, page: &mut DiskPage) -> Result<(), String> {
        self.pages.page(self.store, number, page).map_err(too_late)
    }
}

fn too_late(error: ringwalk_snapshots::Error) -> String {
    format!("{error} (restored lazily, the machine needed it only now, and ends here)")
}

/// The frames that a snapshot holds, with how many follow each.
fn spans(snapshot: &mut Snapshot, stores: &[(&str, FrameRange)]) -> Result<Vec<(Frame, u32)>, Error> {
    let mut spans = Vec::new();
    for (name, range) in stores {
        let pages = snapshot.pages(name)?;
        check_size(&pages, *range)?;
        // The store is as large as the range, so what it holds are frames of that.
        spans.extend(pages.spans().map(|(page, count)| (Frame(range.first.0 + page as u32), count)));
    }
    Ok(spans)
}

/// Leaves the pages of memory and overlays in the snapshot until they are touched.
fn promise_pages(
    machine: &mut Machine,
    snapshot: Snapshot,
    stores: Vec<(&'static str, FrameRange)>,
    spans: Vec<(Frame, u32)>,
) -> Result<(), Error> {
    let pages = Rc::new(snapshot.finish_lazily()?);
    for (store, disk) in DISK_STORES.into_iter().zip(drives_mut(&mut machine.memory)) {
        if let Some(disk) = disk {
            disk.fetch_from(Box::new(SavedOverlay { pages: pages.clone(), store }));
        }
    }
    let frames = &mut machine.memory.frames;
    frames.fetch_from(Box::new(SavedMemory { pages, stores }));
    for (first, count) in spans {
        (first.0..first.0 + count).for_each(|number| frames.set_absent(Frame(number)));
    }
    Ok(())
}

fn check_size(pages: &Pages<'_>, range: FrameRange) -> Result<(), Error> {
    match pages.page_count() == u64::from(range.count) {
        true => Ok(()),
        false => Err(contradiction("the size of memory")),
    }
}

fn read_frames(machine: &mut Machine, range: FrameRange, mut pages: Pages<'_>) -> Result<(), Error> {
    while let Some((page, bytes)) = pages.next_page()? {
        let frame = range.frame(page).ok_or_else(|| contradiction("the size of memory"))?;
        machine.memory.frames.store(frame, 0, bytes);
    }
    Ok(())
}

impl Machine {
    /// Writes the machine's state to a file, all of it or what differs from another snapshot. Whatever fails, what was
    /// there before is whole.
    pub fn save_to(&self, path: &Path, base: Option<&Path>) -> Result<(), Error> {
        let writer = match base {
            None => SnapshotWriter::new(),
            Some(base) => {
                check_base(path, base)?;
                SnapshotWriter::on(&Snapshot::open(base)?)?
            }
        };
        Ok(self.save_into(writer)?.write_to(path)?)
    }

    /// The machine's state as a snapshot. The same state gives the same bytes.
    pub fn save(&self) -> Result<SnapshotWriter, Error> {
        self.save_into(SnapshotWriter::new())
    }

    fn save_into(&self, mut writer: SnapshotWriter) -> Result<SnapshotWriter, Error> {
        if let Some(name) = self.written_through {
            return Err(Error::Media(format!(
                "a machine whose disks are written through cannot be saved ({name}): run it without --write"
            )));
        }
        writer.section(CPU.0, CPU.1, &self.cpu)?;
        writer.section(BOARD.0, BOARD.1, &self.board)?;
        writer.section(MACHINE.0, MACHINE.1, &self.machine_section())?;
        writer.section(DISKS.0, DISKS.1, &self.disk_sections())?;
        if self.config.timing != Timing::Flat {
            writer.section(TIMING.0, TIMING.1, &self.config.timing)?;
        }
        if let Some(image) = self.memory.boot_image {
            writer.section(BOOT_IMAGE.0, BOOT_IMAGE.1, &image.bytes)?;
            self.write_frames(&mut writer, BOOT_IMAGE_PAGES, image.range)?;
        }
        for (store, disk) in DISK_STORES.into_iter().zip(disks(&self.memory)) {
            let Some(disk) = disk else { continue };
            let mut pages = writer.store(store, pages_of(disk.sectors()))?;
            let mut bytes = ZERO_PAGE;
            for page in disk.written() {
                disk.written_page(page, &mut bytes).map_err(Error::Image)?;
                pages.page(page, &bytes)?;
            }
        }
        self.write_frames(&mut writer, RAM, self.memory.ram)?;
        self.write_frames(&mut writer, VRAM, self.memory.vram)?;
        match self.memory.frames.lost() {
            Some(lost) => Err(Error::Media(format!("a machine that has lost a page cannot be saved: {lost}"))),
            None => Ok(writer),
        }
    }

    fn write_frames(&self, writer: &mut SnapshotWriter, name: &str, range: FrameRange) -> Result<(), Error> {
        let frames = &self.memory.frames;
        let mut store = writer.store(name, u64::from(range.count))?;
        for (page, frame) in range.iter().enumerate() {
            if frames.is_touched(frame) {
                store.page(page as u64, frames.page(frame))?;
            }
        }
        Ok(())
    }

    /// The hashes of BIOS and VGA BIOS.
    pub fn firmware_hashes(&self) -> (StateHash, StateHash) {
        (StateHash::of(&self.firmware.bios), StateHash::of(&self.firmware.vga_bios))
    }

    pub(super) fn machine_section(&self) -> MachineSection {
        MachineSection {
            config: self.config.clone(),
            feed: self.feed.clone(),
            bios: StateHash::of(&self.firmware.bios),
            vga_bios: StateHash::of(&self.firmware.vga_bios),
        }
    }

    pub(super) fn disk_sections(&self) -> [Option<DiskSection>; DRIVES] {
        let disks = disks(&self.memory);
        std::array::from_fn(|number| {
            let disk = disks[number]?;
            let mut written: Vec<(u64, u64)> = Vec::new();
            for page in disk.written() {
                match written.last_mut() {
                    Some((first, count)) if *first + *count == page => *count += 1,
                    _ => written.push((page, 1)),
                }
            }
            Some(DiskSection { image: self.images[number]?, written })
        })
    }
}

// Both crates count in pages of the same size.
const _: () = assert!(PAGE_SIZE as u64 == PAGE_BYTES);
