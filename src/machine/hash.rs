//! The state hash: sections by their encoding, memory by trees over its pages that only dirty pages cost.

use ringwalk_mmu::{FrameRange, Frames};
use ringwalk_snapshots::{HashTree, PageTree, StateHash};

use super::Machine;
use super::media::disks;
use super::save::{self, BOARD, CPU, DISKS, MACHINE, RAM, VRAM};

/// The trees over main and video memory. Derived.
pub(super) struct Trees {
    ram: PageTree,
    vram: PageTree,
}

impl Trees {
    /// Trees over zeroed memory; pages that are dirty already will be taken in.
    pub(super) fn new(ram_pages: u64, vram_pages: u64) -> Trees {
        Trees { ram: PageTree::new(ram_pages), vram: PageTree::new(vram_pages) }
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
        // The next store to a page must mark it dirty again.
        self.engine.flush_host_tlb();
        let mut tree = HashTree::new();
        tree.store(RAM, self.trees.ram.root());
        tree.store(VRAM, self.trees.vram.root());
        for (store, disk) in save::DISK_STORES.into_iter().zip(disks(&self.memory)) {
            let Some(disk) = disk else { continue };
            let mut pages = PageTree::new(save::disk_pages(disk));
            disk.overlay().for_each(|(page, bytes)| pages.update(page, bytes));
            tree.store(store, pages.root());
        }
        let whole = "state encodes: it is bounded and has no maps of unknown length";
        tree.section(CPU.0, CPU.1, &self.cpu).expect(whole);
        tree.section(BOARD.0, BOARD.1, &self.board).expect(whole);
        tree.section(MACHINE.0, MACHINE.1, &self.machine_section()).expect(whole);
        tree.section(DISKS.0, DISKS.1, &self.disk_sections()).expect(whole);
        tree
    }
}

fn update(tree: &mut PageTree, frames: &mut Frames, range: FrameRange) {
    for frame in frames.take_dirty(range) {
        tree.update(u64::from(frame.0 - range.first.0), frames.page(frame));
    }
}
