//! A machine with everything that a snapshot can hold.

use std::collections::BTreeMap;

use ringwalk_snapshots::{Error, HashTree, PAGE_SIZE, Page, PageTree, Snapshot, SnapshotWriter};
use serde::{Deserialize, Serialize};

/// The CPU section as version 1 had it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct CpuV1 {
    pub(crate) rip: u64,
    pub(crate) halted: bool,
}

/// The CPU section, version 2: with a time stamp counter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Cpu {
    pub(crate) rip: u64,
    pub(crate) halted: bool,
    pub(crate) tsc: u64,
}

pub(crate) const CPU_VERSION: u16 = 2;
pub(crate) const PIT_VERSION: u16 = 1;

impl From<CpuV1> for Cpu {
    fn from(old: CpuV1) -> Self {
        Self { rip: old.rip, halted: old.halted, tsc: 0 }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Pit {
    pub(crate) counters: [u16; 3],
    pub(crate) lines: BTreeMap<u8, String>,
}

pub(crate) type Pages = BTreeMap<u64, Page>;

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Machine {
    pub(crate) cpu: Cpu,
    pub(crate) pit: Pit,
    pub(crate) ram_pages: u64,
    pub(crate) ram: Pages,
    pub(crate) overlay: Pages,
}

pub(crate) const OVERLAY_PAGES: u64 = 1 << 40;

pub(crate) struct Numbers(pub u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 32
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    pub(crate) fn noise(&mut self) -> Page {
        std::array::from_fn(|_| self.next() as u8)
    }
}

impl Machine {
    /// Runs of fresh, repeated, patterned and incompressible pages; more than one chunk; one page
    /// content in two stores; no zero pages.
    pub(crate) fn sample() -> Self {
        let mut numbers = Numbers(7);
        let mut ram: Pages = (0..20).map(|index| (index, [index as u8 + 1; PAGE_SIZE])).collect();
        ram.extend((32..64).map(|index| (index, [0xFF; PAGE_SIZE])));
        ram.insert(100, numbers.noise());
        ram.insert(101, [3; PAGE_SIZE]);
        ram.extend((200..214).map(|index| (index, std::array::from_fn(|at| (at as u64 * index) as u8))));
        let overlay = Pages::from([(5, [0xFF; PAGE_SIZE]), (OVERLAY_PAGES - 1, numbers.noise())]);
        let lines = BTreeMap::from([(0, "timer".to_owned()), (4, "serial".to_owned())]);
        let cpu = Cpu { rip: 0xFFFF_FFF0, halted: false, tsc: 1 << 40 };
        Self { cpu, pit: Pit { counters: [0, 18, u16::MAX], lines }, ram_pages: 256, ram, overlay }
    }

    pub(crate) fn writer(&self) -> SnapshotWriter {
        let mut writer = SnapshotWriter::new();
        writer.section("cpu0", CPU_VERSION, &self.cpu).expect("encodes");
        writer.section("pit", PIT_VERSION, &self.pit).expect("encodes");
        writer.pages("overlay0", OVERLAY_PAGES, borrowed(&self.overlay)).expect("in order");
        writer.pages("ram", self.ram_pages, borrowed(&self.ram)).expect("in order");
        writer
    }

    pub(crate) fn save(&self) -> Vec<u8> {
        self.writer().to_bytes()
    }

    pub(crate) fn load(bytes: Vec<u8>) -> Result<Self, Error> {
        let mut snapshot = Snapshot::from_bytes(bytes)?;
        let cpu = snapshot.take_or_upgrade("cpu0", CPU_VERSION, |old| match old.version() {
            1 => Ok(old.decode::<CpuV1>()?.into()),
            _ => old.refuse(),
        })?;
        let pit = snapshot.take("pit", PIT_VERSION)?;
        let (ram_pages, ram) = take_pages(&mut snapshot, "ram")?;
        let (_, overlay) = take_pages(&mut snapshot, "overlay0")?;
        snapshot.finish()?;
        Ok(Self { cpu, pit, ram_pages, ram, overlay })
    }

    /// The hashes that the machine itself would keep.
    pub(crate) fn hash_tree(&self) -> HashTree {
        let mut tree = HashTree::new();
        for (name, page_count, pages) in
            [("ram", self.ram_pages, &self.ram), ("overlay0", OVERLAY_PAGES, &self.overlay)]
        {
            let mut page_tree = PageTree::new(page_count);
            pages.iter().rev().for_each(|(&index, page)| page_tree.update(index, page));
            tree.store(name, page_tree.root());
        }
        tree.section("pit", PIT_VERSION, &self.pit).expect("encodes");
        tree.section("cpu0", CPU_VERSION, &self.cpu).expect("encodes");
        tree
    }
}

pub(crate) fn borrowed(pages: &Pages) -> impl Iterator<Item = (u64, &Page)> {
    pages.iter().map(|(&index, page)| (index, page))
}

pub(crate) fn take_pages(snapshot: &mut Snapshot, name: &str) -> Result<(u64, Pages), Error> {
    let mut store = snapshot.pages(name)?;
    let mut pages = Pages::new();
    while let Some((index, page)) = store.next_page()? {
        pages.insert(index, *page);
    }
    Ok((store.page_count(), pages))
}
