//! The state hash: sections by their encoding, memory by trees over its pages that only dirty pages cost.

use ringwalk_chipset::BoardConfig;
use ringwalk_cpu::timing::Timing;
use ringwalk_mmu::{Disk, FrameRange, Frames, PAGE_BYTES};
use ringwalk_snapshots::{HashTree, PageTree, StateHash, ZERO_PAGE};

use super::Machine;
use super::media::{DRIVES, drives_mut, expected_sectors};
use super::save::{self, BOARD, BOOT_IMAGE, BOOT_IMAGE_PAGES, CPU, DISKS, MACHINE, RAM, TIMING, VRAM};

/// The trees over main and video memory, and over the overlays of what is in the drives. Derived.
pub(super) struct Trees {
    ram: PageTree,
    vram: PageTree,
    disks: [PageTree; DRIVES],
    /// Over the boot image, which does not change.
    boot_image: Option<PageTree>,
}

impl Trees {
    /// Trees over zeroed memory and empty overlays; pages that are dirty already will be taken in.
    pub(super) fn new(board: &BoardConfig) -> Trees {
        let sectors = expected_sectors(board).map(Option::unwrap_or_default);
        Trees {
            ram: PageTree::new(board.ram_pages),
            vram: PageTree::new(board.vram_pages),
            disks: sectors.map(|sectors| PageTree::new(save::pages_of(sectors))),
            boot_image: None,
        }
    }

    /// Adds a tree over a boot image of so many zeros.
    pub(super) fn add_boot_image(&mut self, bytes: u64) {
        self.boot_image = Some(PageTree::new(bytes.div_ceil(PAGE_BYTES)));
    }
}

impl Machine {
    /// The name of the machine's state: the same for the same state, whatever led there.
    pub fn hash(&mut self) -> StateHash {
        self.hash_tree().root()
    }

    /// The hashes of the state's parts.
    pub fn hash_tree(&mut self) -> HashTree {
        update(&mut self.trees.ram, &mut self.memory.frames, self.memory.ram);
        update(&mut self.trees.vram, &mut self.memory.frames, self.memory.vram);
        if let (Some(tree), Some(image)) = (&mut self.trees.boot_image, self.memory.boot_image) {
            update(tree, &mut self.memory.frames, image.range);
        }
        // The next store to a page must mark it dirty again.
        self.engine.flush_host_tlb();
        let mut tree = HashTree::new();
        tree.store(RAM, self.trees.ram.root());
        tree.store(VRAM, self.trees.vram.root());
        if let Some(pages) = &mut self.trees.boot_image {
            tree.store(BOOT_IMAGE_PAGES, pages.root());
        }
        let mut trouble = None;
        for (number, drive) in drives_mut(&mut self.memory).into_iter().enumerate() {
            let Some(disk) = drive else { continue };
            let pages = &mut self.trees.disks[number];
            trouble = trouble.or(update_overlay(pages, disk).err());
            tree.store(save::DISK_STORES[number], pages.root());
        }
        // A hash that lacks a page must not pass for one: the user hears of it.
        let lost = self.memory.frames.lost().map(str::to_owned);
        self.memory.host_trouble = self.memory.host_trouble.take().or(trouble).or(lost);
        let whole = "state encodes: it is bounded and has no maps of unknown length";
        tree.section(CPU.0, CPU.1, &self.cpu).expect(whole);
        tree.section(BOARD.0, BOARD.1, &self.board).expect(whole);
        tree.section(MACHINE.0, MACHINE.1, &self.machine_section()).expect(whole);
        tree.section(DISKS.0, DISKS.1, &self.disk_sections()).expect(whole);
        if self.config.timing != Timing::Flat {
            tree.section(TIMING.0, TIMING.1, &self.config.timing).expect(whole);
        }
        if let Some(image) = self.memory.boot_image {
            tree.section(BOOT_IMAGE.0, BOOT_IMAGE.1, &image.bytes).expect(whole);
        }
        tree
    }
}

/// Takes in the pages that were written since the last time.
fn update_overlay(tree: &mut PageTree, disk: &mut Disk) -> Result<(), String> {
    let mut page = ZERO_PAGE;
    for number in disk.take_dirty() {
        // Going back in time takes written pages away.
        match disk.is_written(number) {
            true => disk.written_page(number, &mut page)?,
            false => page = ZERO_PAGE,
        }
        tree.update(number, &page);
    }
    Ok(())
}

fn update(tree: &mut PageTree, frames: &mut Frames, range: FrameRange) {
    for frame in frames.take_dirty(range) {
        tree.update(u64::from(frame.0 - range.first.0), frames.page(frame));
    }
}
