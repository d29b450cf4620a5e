//! From a page to its place in the arena, for the fast way to memory. Derived: it may be flushed at any moment
//! without a trace. While paging is on it is a subset of the architectural TLB; its owner drops what that loses.

use crate::{Frame, LinAddr, PAGE_BYTES};

/// Entries for each direction; a power of two.
const ENTRIES: usize = 1024;

/// Whose rights an entry was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// CPL 0 to 2, and implicit accesses.
    Supervisor = 0,
    /// CPL 3.
    User = 1,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Page address, with the class in bit 1 and bit 0 set; 0 is empty.
    tag: u64,
    /// Offset of the frame in the arena.
    start: usize,
}

const EMPTY: Entry = Entry { tag: 0, start: 0 };

/// Direct-mapped, one array for reads and one for writes.
pub struct HostTlb {
    read: Box<[Entry; ENTRIES]>,
    write: Box<[Entry; ENTRIES]>,
}

impl Default for HostTlb {
    fn default() -> Self {
        HostTlb { read: Box::new([EMPTY; ENTRIES]), write: Box::new([EMPTY; ENTRIES]) }
    }
}

const fn tag(addr: LinAddr, class: Class) -> u64 {
    (addr.0 & !(PAGE_BYTES - 1)) | (class as u64) << 1 | 1
}

const fn index(addr: LinAddr) -> usize {
    addr.page() as usize & (ENTRIES - 1)
}

impl HostTlb {
    /// Where `bytes` bytes at `addr` can be read in the arena; `None` if unknown or the page is left.
    #[inline(always)]
    pub fn read(&self, addr: LinAddr, bytes: u64, class: Class) -> Option<usize> {
        Self::find(&self.read, addr, bytes, class)
    }

    /// Where `bytes` bytes at `addr` can be written in the arena; `None` if unknown or the page is left.
    #[inline(always)]
    pub fn write(&self, addr: LinAddr, bytes: u64, class: Class) -> Option<usize> {
        Self::find(&self.write, addr, bytes, class)
    }

    #[inline(always)]
    fn find(entries: &[Entry; ENTRIES], addr: LinAddr, bytes: u64, class: Class) -> Option<usize> {
        let entry = &entries[index(addr)];
        (entry.tag == tag(addr, class) && !addr.crosses_page(bytes))
            .then(|| entry.start + addr.offset_in_page() as usize)
    }

    /// Remembers where a page can be read.
    pub fn fill_read(&mut self, addr: LinAddr, class: Class, frame: Frame) {
        self.read[index(addr)] = Entry { tag: tag(addr, class), start: frame.start() };
    }

    /// Remembers where a page can be written. The caller has prepared the frame for writing.
    pub fn fill_write(&mut self, addr: LinAddr, class: Class, frame: Frame) {
        self.write[index(addr)] = Entry { tag: tag(addr, class), start: frame.start() };
    }

    /// Forgets one page, in both directions.
    pub fn drop_page(&mut self, addr: LinAddr) {
        self.read[index(addr)] = EMPTY;
        self.write[index(addr)] = EMPTY;
    }

    /// Forgets every way to write a frame: it came to hold code, or is watched.
    pub fn drop_writes_to(&mut self, frame: Frame) {
        for entry in self.write.iter_mut() {
            if entry.start == frame.start() {
                *entry = EMPTY;
            }
        }
    }

    /// Forgets every way to write: dirty marks were taken.
    pub fn flush_writes(&mut self) {
        self.write.fill(EMPTY);
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        self.read.fill(EMPTY);
        self.write.fill(EMPTY);
    }
}
