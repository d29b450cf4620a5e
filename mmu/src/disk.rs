//! Disk contents: a read-only base under an overlay of written pages. The user's image is never written.

use std::collections::{BTreeMap, BTreeSet};

use crate::PAGE_BYTES;

/// Bytes in a disk sector.
pub const SECTOR_BYTES: usize = 512;
const PAGE: usize = PAGE_BYTES as usize;

/// Pages that an overlay keeps in memory: 64 MiB. What is written beyond that goes to its [`Disk::spill_to`].
const MOST_IN_MEMORY: usize = 1 << 14;

/// Where a disk's unwritten pages come from; the host side implements it over a file or embedded bytes.
pub trait Backing {
    /// Size in bytes.
    fn len(&self) -> u64;
    /// True for an empty medium.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Fills `buf` from `offset`; bytes past the end read as zero. An error is a sentence for the user.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String>;
    /// Writes through to the medium, for a user who asked for it (`--write`).
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String>;
    /// True if writes go through instead of into the overlay.
    fn writes_through(&self) -> bool {
        false
    }
}

/// A medium of a given size that reads as zeros: for tests and blank disks.
pub struct NoBacking(pub u64);

impl Backing for NoBacking {
    fn len(&self) -> u64 {
        self.0
    }
    fn read_at(&self, _offset: u64, buf: &mut [u8]) -> Result<(), String> {
        buf.fill(0);
        Ok(())
    }
    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
        Err("this medium cannot be written".to_owned())
    }
}

/// A page of a disk.
pub type DiskPage = [u8; PAGE];

/// A page of an overlay; `None` for one that was never written.
pub type DiskPageBefore = Option<Box<DiskPage>>;

/// Where the pages of an overlay come from that a machine which is restored lazily has not needed yet.
pub trait OverlaySource {
    /// Fills a page, checked. The error is a sentence for the user.
    fn page(&self, number: u64, page: &mut DiskPage) -> Result<(), String>;
}

/// Where a written page is kept.
enum Kept {
    /// Zeros: of those a snapshot can name many.
    Zero,
    /// In the source.
    Absent,
    Memory(Box<DiskPage>),
    /// This page of the spill.
    Spilled(u64),
}

/// One disk: base image and overlay.
pub struct Disk {
    base: Box<dyn Backing>,
    overlay: BTreeMap<u64, Kept>,
    /// Written since [`Disk::take_dirty`]. Derived.
    dirty: BTreeSet<u64>,
    /// What pages held before their first write since [`Disk::take_before`]; `None`: nothing is kept. Derived.
    before: Option<BTreeMap<u64, DiskPageBefore>>,
    /// Places in the spill that hold nothing any more.
    free: Vec<u64>,
    /// Where pages go that memory has no room for; without one, memory takes them all. Of the host.
    spill: Option<Box<dyn Backing>>,
    in_memory: usize,
    spilled: u64,
    most_in_memory: usize,
    /// Where absent pages come from. Of the host.
    source: Option<Box<dyn OverlaySource>>,
}

impl Disk {
    /// A disk over a base image; a last partial sector counts as a whole one.
    pub fn new(base: Box<dyn Backing>) -> Disk {
        Disk {
            base,
            overlay: BTreeMap::new(),
            dirty: BTreeSet::new(),
            before: None,
            free: Vec::new(),
            spill: None,
            in_memory: 0,
            spilled: 0,
            most_in_memory: MOST_IN_MEMORY,
            source: None,
        }
    }

    /// Bounds the memory of the overlay: what it has no room for goes to `spill`, which grows as it is written.
    pub fn spill_to(&mut self, spill: Option<Box<dyn Backing>>) {
        self.spill = spill;
    }

    /// Size in sectors of 512 bytes.
    pub fn sectors(&self) -> u64 {
        self.base.len().div_ceil(SECTOR_BYTES as u64)
    }

    /// Reads whole sectors. The error is a sentence about the base image.
    pub fn read(&self, sector: u64, buf: &mut [u8]) -> Result<(), String> {
        for (index, chunk) in buf.chunks_mut(SECTOR_BYTES).enumerate() {
            let offset = (sector + index as u64) * SECTOR_BYTES as u64;
            match self.overlay.get(&(offset / PAGE_BYTES)) {
                Some(kept) => self.read_kept(offset / PAGE_BYTES, kept, offset % PAGE_BYTES, chunk)?,
                None => self.base.read_at(offset, chunk)?,
            }
        }
        Ok(())
    }

    /// Reads a part of an overlay's page.
    fn read_kept(&self, number: u64, kept: &Kept, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        match (kept, &self.spill) {
            (Kept::Zero, _) => buf.fill(0),
            // The offset is one in a page.
            (Kept::Memory(page), _) => buf.copy_from_slice(&page[offset as usize..][..buf.len()]),
            (Kept::Spilled(place), Some(spill)) => spill.read_at(place * PAGE_BYTES + offset, buf)?,
            (Kept::Spilled(_), None) => return Err("the pages that a disk has spilled are gone".to_owned()),
            (Kept::Absent, _) => {
                let source = self.source.as_ref().ok_or("a page that was written to a disk is nowhere")?;
                let mut page = [0; PAGE];
                source.page(number, &mut page)?;
                buf.copy_from_slice(&page[offset as usize..][..buf.len()]);
            }
        }
        Ok(())
    }

    /// Writes whole sectors, into the overlay unless the base writes through.
    pub fn write(&mut self, sector: u64, bytes: &[u8]) -> Result<(), String> {
        let start = sector * SECTOR_BYTES as u64;
        if self.base.writes_through() {
            return self.base.write_at(start, bytes);
        }
        for (index, chunk) in bytes.chunks(SECTOR_BYTES).enumerate() {
            let offset = start + (index * SECTOR_BYTES) as u64;
            self.write_overlay(offset / PAGE_BYTES, (offset % PAGE_BYTES) as usize, chunk)?;
        }
        Ok(())
    }

    /// Changes a part of a page in the overlay.
    fn write_overlay(&mut self, number: u64, offset: usize, bytes: &[u8]) -> Result<(), String> {
        if self.before.as_ref().is_some_and(|before| !before.contains_key(&number)) {
            let page = self.overlay_page(number)?;
            self.before.as_mut().map(|before| before.insert(number, page));
        }
        match self.overlay.get_mut(&number) {
            Some(Kept::Memory(page)) => page[offset..][..bytes.len()].copy_from_slice(bytes),
            Some(Kept::Spilled(place)) => {
                let spill = self.spill.as_mut().ok_or("the pages that a disk has spilled are gone")?;
                spill.write_at(*place * PAGE_BYTES + offset as u64, bytes)?;
            }
            Some(Kept::Zero | Kept::Absent) | None => {
                let mut page = [0; PAGE];
                self.page(number, &mut page)?;
                page[offset..][..bytes.len()].copy_from_slice(bytes);
                self.keep(number, &page)?;
            }
        }
        self.dirty.insert(number);
        Ok(())
    }

    /// A page as the guest sees it, written or not.
    fn page(&self, number: u64, page: &mut DiskPage) -> Result<(), String> {
        match self.overlay.get(&number) {
            Some(kept) => self.read_kept(number, kept, 0, page),
            None => self.base.read_at(number * PAGE_BYTES, page),
        }
    }

    /// Finds room for a page that the overlay does not hold yet, holds as zeros, or finds in the source.
    fn keep(&mut self, number: u64, page: &DiskPage) -> Result<(), String> {
        let kept = match &mut self.spill {
            Some(spill) if self.in_memory >= self.most_in_memory => {
                let place = self.free.last().copied().unwrap_or(self.spilled);
                spill.write_at(place * PAGE_BYTES, page)?;
                if self.free.pop().is_none() {
                    self.spilled += 1;
                }
                Kept::Spilled(place)
            }
            _ => {
                self.in_memory += 1;
                Kept::Memory(Box::new(*page))
            }
        };
        self.overlay.insert(number, kept);
        Ok(())
    }

    /// The numbers of the written pages, in order.
    pub fn written(&self) -> impl Iterator<Item = u64> {
        self.overlay.keys().copied()
    }

    /// Reads a written page, for hash and snapshot. The error is a sentence about the host's file.
    pub fn written_page(&self, number: u64, page: &mut DiskPage) -> Result<(), String> {
        self.page(number, page)
    }

    /// True for a page that was written.
    pub fn is_written(&self, number: u64) -> bool {
        self.overlay.contains_key(&number)
    }

    /// A page as the overlay holds it.
    fn overlay_page(&self, number: u64) -> Result<DiskPageBefore, String> {
        let Some(kept) = self.overlay.get(&number) else { return Ok(None) };
        let mut page = Box::new([0; PAGE]);
        self.read_kept(number, kept, 0, &mut *page)?;
        Ok(Some(page))
    }

    /// From now on the first write to a page keeps what it held before, or no longer.
    pub fn keep_before(&mut self, keeps: bool) {
        self.before = keeps.then(BTreeMap::new);
    }

    /// The pages written since the last call, each with what it held then.
    pub fn take_before(&mut self) -> BTreeMap<u64, DiskPageBefore> {
        self.before.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Pages that wait for [`Disk::take_before`].
    pub fn kept_before(&self) -> usize {
        self.before.as_ref().map_or(0, BTreeMap::len)
    }

    /// A page as it is, for one that must come back later.
    pub fn present(&self, number: u64) -> Result<DiskPageBefore, String> {
        self.overlay_page(number)
    }

    /// Gives a page other content from outside of time: nothing of it is kept. `None`: as if it was never written.
    pub fn replace(&mut self, number: u64, page: Option<&DiskPage>) -> Result<(), String> {
        match (self.overlay.get_mut(&number), page) {
            (Some(Kept::Memory(bytes)), Some(page)) => **bytes = *page,
            (gone, _) => {
                match gone {
                    Some(Kept::Memory(_)) => self.in_memory -= 1,
                    Some(Kept::Spilled(place)) => self.free.push(*place),
                    Some(Kept::Zero | Kept::Absent) | None => {}
                }
                self.overlay.remove(&number);
                if let Some(page) = page {
                    self.keep(number, page)?;
                }
            }
        }
        self.dirty.insert(number);
        Ok(())
    }

    /// The pages written since the last call, in order.
    pub fn take_dirty(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.dirty)
    }

    /// Puts a page into the overlay, as a restored snapshot does: zeros, or these bytes.
    pub fn restore_page(&mut self, number: u64, page: Option<&DiskPage>) -> Result<(), String> {
        match page {
            Some(page) => self.keep(number, page)?,
            None => drop(self.overlay.insert(number, Kept::Zero)),
        }
        self.dirty.insert(number);
        Ok(())
    }

    /// Lets pages come from `source` when they are needed; [`Disk::set_absent`] says which. Only while the machine is made.
    pub fn fetch_from(&mut self, source: Box<dyn OverlaySource>) {
        self.source = Some(source);
    }

    /// The page was written, and its content is the source's.
    pub fn set_absent(&mut self, number: u64) {
        self.overlay.insert(number, Kept::Absent);
        self.dirty.insert(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spill in memory.
    struct Bytes(Vec<u8>);

    impl Backing for Bytes {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
            buf.copy_from_slice(&self.0[offset as usize..][..buf.len()]);
            Ok(())
        }
        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
            let end = offset as usize + bytes.len();
            self.0.resize(self.0.len().max(end), 0xEE);
            self.0[offset as usize..end].copy_from_slice(bytes);
            Ok(())
        }
    }

    fn blank() -> Disk {
        Disk::new(Box::new(NoBacking(1 << 20)))
    }

    #[test]
    fn writes_stay_in_the_overlay() {
        let mut disk = blank();
        disk.write(9, &[5; SECTOR_BYTES]).expect("the overlay takes it");
        let mut buf = [0; 3 * SECTOR_BYTES];
        disk.read(8, &mut buf).expect("zeros and the overlay");
        assert_eq!((buf[511], buf[512], buf[1023], buf[1024]), (0, 5, 5, 0));
        assert_eq!(disk.written().collect::<Vec<_>>(), [1]);
        assert_eq!(disk.take_dirty().into_iter().collect::<Vec<_>>(), [1]);
        assert!(disk.take_dirty().is_empty());
    }

    #[test]
    fn what_spills_reads_as_what_does_not() {
        let (mut whole, mut bounded) = (blank(), blank());
        bounded.spill_to(Some(Box::new(Bytes(Vec::new()))));
        bounded.most_in_memory = 3;
        for step in 0..400_u64 {
            let (sector, byte) = (step * 37 % 160, step as u8);
            for disk in [&mut whole, &mut bounded] {
                disk.write(sector, &[byte; 2 * SECTOR_BYTES]).expect("there is room");
            }
        }
        assert_eq!(bounded.in_memory, 3);
        assert_eq!(bounded.spilled + 3, whole.written().count() as u64);
        assert!(whole.written().eq(bounded.written()));
        for sector in 0..200 {
            let (mut left, mut right) = ([1; SECTOR_BYTES], [2; SECTOR_BYTES]);
            whole.read(sector, &mut left).expect("readable");
            bounded.read(sector, &mut right).expect("readable");
            assert_eq!(left, right, "{sector}");
        }
        for number in whole.written() {
            let (mut left, mut right) = ([1; PAGE], [2; PAGE]);
            whole.written_page(number, &mut left).expect("readable");
            bounded.written_page(number, &mut right).expect("readable");
            assert_eq!(left, right, "{number}");
        }
    }

    #[test]
    fn pages_come_back_as_they_were_before_their_first_write() {
        let mut disk = blank();
        disk.spill_to(Some(Box::new(Bytes(Vec::new()))));
        disk.most_in_memory = 1;
        disk.write(0, &[1; SECTOR_BYTES]).expect("memory");
        disk.write(8, &[2; SECTOR_BYTES]).expect("the spill");
        disk.keep_before(true);
        for round in 0..20 {
            for sector in [0, 1, 8, 16] {
                disk.write(sector, &[3 + round; SECTOR_BYTES]).expect("there is room");
            }
            let before = disk.take_before();
            assert_eq!(before.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
            assert!(before[&2].is_none());
            for (number, page) in &before {
                disk.replace(*number, page.as_deref()).expect("there is room");
            }
            let mut sectors = [9; 17 * SECTOR_BYTES];
            disk.read(0, &mut sectors).expect("readable");
            let firsts = [0, 1, 8, 16].map(|sector| sectors[sector * SECTOR_BYTES]);
            assert_eq!((firsts, disk.is_written(2)), ([1, 0, 2, 0], false));
        }
        assert!(disk.spilled <= 3, "places of the spill are used again");
    }

    /// Pages of their number; the ninth is damaged.
    struct Numbered;

    impl OverlaySource for Numbered {
        fn page(&self, number: u64, page: &mut DiskPage) -> Result<(), String> {
            page.fill(number as u8);
            if number == 9 { Err("page 9 is damaged".to_owned()) } else { Ok(()) }
        }
    }

    #[test]
    fn absent_pages_come_when_they_are_needed() {
        let mut disk = blank();
        disk.fetch_from(Box::new(Numbered));
        [2, 3, 5, 9].into_iter().for_each(|number| disk.set_absent(number));
        assert_eq!((disk.in_memory, disk.written().count(), disk.take_dirty().len()), (0, 4, 4));
        let mut sectors = [0; 2 * SECTOR_BYTES];
        disk.read(3 * 8 - 1, &mut sectors).expect("it comes");
        assert_eq!((sectors[0], sectors[SECTOR_BYTES]), (2, 3), "the last sector of one page, the first of the next");
        disk.keep_before(true);
        disk.write(5 * 8 + 1, &[7; SECTOR_BYTES]).expect("it comes, and takes the write");
        disk.read(5 * 8, &mut sectors).expect("in memory now");
        assert_eq!((sectors[0], sectors[SECTOR_BYTES], disk.in_memory), (5, 7, 1));
        assert!(disk.take_before()[&5].as_ref().is_some_and(|page| **page == [5; PAGE]), "the past has it");
        disk.replace(2, None).expect("it goes before anybody asked for it");
        disk.read(2 * 8, &mut sectors).expect("the base");
        assert_eq!((sectors[0], disk.is_written(2)), (0, false));
        let damaged = Err("page 9 is damaged".to_owned());
        assert_eq!(disk.read(9 * 8, &mut sectors), damaged);
        assert_eq!(disk.write(9 * 8, &[1; SECTOR_BYTES]), damaged, "the rest of the page is not known");
        assert_eq!(disk.written_page(9, &mut [0; PAGE]), damaged);
    }

    #[test]
    fn restored_zeros_cost_nothing_until_they_are_written() {
        let mut disk = Disk::new(Box::new(Bytes(vec![7; 1 << 16])));
        disk.restore_page(2, None).expect("nothing to store");
        disk.restore_page(3, Some(&[8; PAGE])).expect("memory");
        assert_eq!((disk.in_memory, disk.take_dirty().len()), (1, 2));
        let mut sector = [1; SECTOR_BYTES];
        disk.read(16, &mut sector).expect("readable");
        assert_eq!(sector, [0; SECTOR_BYTES]);
        disk.write(17, &[9; SECTOR_BYTES]).expect("memory");
        disk.read(16, &mut sector).expect("readable");
        assert_eq!((sector[0], disk.in_memory), (0, 2));
        disk.read(17, &mut sector).expect("readable");
        assert_eq!(sector, [9; SECTOR_BYTES]);
    }
}
