//! Disk contents: a read-only base under an overlay of written pages. The user's image is never written.

use std::collections::BTreeMap;

use crate::PAGE_BYTES;

/// Bytes in a disk sector.
pub const SECTOR_BYTES: usize = 512;
const PAGE: usize = PAGE_BYTES as usize;

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

/// One disk: base image and overlay.
pub struct Disk {
    base: Box<dyn Backing>,
    overlay: BTreeMap<u64, Box<[u8; PAGE]>>,
}

impl Disk {
    /// A disk over a base image; a last partial sector counts as a whole one.
    pub fn new(base: Box<dyn Backing>) -> Disk {
        Disk { base, overlay: BTreeMap::new() }
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
                Some(page) => chunk.copy_from_slice(&page[(offset % PAGE_BYTES) as usize..][..chunk.len()]),
                None => self.base.read_at(offset, chunk)?,
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
            let page = self.overlay_page(offset / PAGE_BYTES)?;
            page[(offset % PAGE_BYTES) as usize..][..chunk.len()].copy_from_slice(chunk);
        }
        Ok(())
    }

    fn overlay_page(&mut self, number: u64) -> Result<&mut [u8; PAGE], String> {
        if !self.overlay.contains_key(&number) {
            let mut page = Box::new([0; PAGE]);
            self.base.read_at(number * PAGE_BYTES, &mut page[..])?;
            self.overlay.insert(number, page);
        }
        Ok(self.overlay.get_mut(&number).expect("the page was just inserted"))
    }

    /// The written pages, for hash and snapshot, in order.
    pub fn overlay(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        self.overlay.iter().map(|(number, page)| (*number, &**page))
    }

    /// Replaces the overlay, as a restored snapshot does.
    pub fn set_overlay(&mut self, pages: impl IntoIterator<Item = (u64, [u8; PAGE])>) {
        self.overlay = pages.into_iter().map(|(number, page)| (number, Box::new(page))).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stay_in_the_overlay() {
        let mut disk = Disk::new(Box::new(NoBacking(1 << 20)));
        disk.write(9, &[5; SECTOR_BYTES]).expect("the overlay takes it");
        let mut buf = [0; 3 * SECTOR_BYTES];
        disk.read(8, &mut buf).expect("zeros and the overlay");
        assert_eq!((buf[511], buf[512], buf[1023], buf[1024]), (0, 5, 5, 0));
        assert_eq!(disk.overlay().map(|(number, _)| number).collect::<Vec<_>>(), [1]);
    }
}
