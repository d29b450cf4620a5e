//! Which pages of 2 MiB the HostTlb may know, so that one large page can be taken out of it without a look at all entries.

use crate::LinAddr;

/// Log2 of a region's size.
pub(super) const REGION_BITS: u32 = 21;
/// Sets of regions that are kept in mind at once; a power of two.
const SETS: usize = 64;
/// Regions of a set: a stack, a heap and a program must not drive each other out.
const WAYS: usize = 4;
const PAGE_BITS: u32 = 12;
/// Pages of a region.
const PAGES: usize = 1 << (REGION_BITS - PAGE_BITS);

/// A region, and a bit for each page of it that may be known.
#[derive(Clone, Copy)]
pub(super) struct Region {
    start: LinAddr,
    pages: [u64; PAGES / 64],
}

const NO_REGION: Region = Region { start: LinAddr(0), pages: [0; PAGES / 64] };

impl Region {
    /// The pages that may be known.
    pub(super) fn pages(self) -> impl Iterator<Item = LinAddr> {
        let bits = |word: u64| (0..64u64).filter(move |bit| word >> bit & 1 != 0);
        let words = self.pages.into_iter().zip(0u64..).filter(|(word, _)| *word != 0);
        words.flat_map(move |(word, number)| {
            bits(word).map(move |bit| LinAddr(self.start.0 + ((number * 64 + bit) << PAGE_BITS)))
        })
    }
}

/// All that are kept in mind.
pub(super) struct Regions {
    /// The number of each region plus one, and above it the context; 0: none.
    tags: [[u64; WAYS]; SETS],
    sets: [[Region; WAYS]; SETS],
    /// The way of each set that makes room next.
    next: [u8; SETS],
    /// Sets that may know something of the newest context: a load of CR3 need not look at the others.
    used: u64,
}

impl Default for Regions {
    fn default() -> Self {
        Regions { tags: [[0; WAYS]; SETS], sets: [[NO_REGION; WAYS]; SETS], next: [0; SETS], used: 0 }
    }
}

const fn set_of(addr: LinAddr) -> usize {
    let number = addr.0 >> REGION_BITS;
    (number ^ number >> 6 ^ number >> 12) as usize & (SETS - 1)
}

/// Contexts stand above the bits that tell regions apart: 57 - 21 of them.
const CONTEXT_SHIFT: u32 = 40;

const fn tag(addr: LinAddr, context: u64) -> u64 {
    (addr.0 >> REGION_BITS & ((1 << 36) - 1)) + 1 + (context << CONTEXT_SHIFT)
}

impl Regions {
    /// A page may be known from now on. Gives the region that is no longer kept in mind for it: its pages must go.
    #[inline]
    pub(super) fn note(&mut self, addr: LinAddr, context: u64) -> Option<Region> {
        let (way, displaced) = match self.way_of(addr, context) {
            Some(way) => (way, None),
            None => self.begin(addr, context),
        };
        let page = (addr.0 >> PAGE_BITS) as usize % PAGES;
        self.sets[set_of(addr)][way].pages[page / 64] |= 1 << (page % 64);
        displaced
    }

    fn way_of(&self, addr: LinAddr, context: u64) -> Option<usize> {
        let tag = tag(addr, context);
        self.tags[set_of(addr)].iter().position(|of| *of == tag)
    }

    /// Keeps a region in mind that is not; gives its way, and what had to go for it.
    #[cold]
    fn begin(&mut self, addr: LinAddr, context: u64) -> (usize, Option<Region>) {
        let at = set_of(addr);
        // Of an older context nothing is known any more.
        let is_free = |tag: &u64| *tag == 0 || *tag >> CONTEXT_SHIFT != context;
        let (way, displaced) = match self.tags[at].iter().position(is_free) {
            Some(way) => (way, None),
            None => {
                let way = usize::from(self.next[at]);
                self.next[at] = ((way + 1) % WAYS) as u8;
                (way, Some(self.sets[at][way]))
            }
        };
        self.tags[at][way] = tag(addr, context);
        self.used |= 1 << at;
        self.sets[at][way] = Region { start: LinAddr(addr.0 >> REGION_BITS << REGION_BITS), ..NO_REGION };
        (way, displaced)
    }

    /// What is known of the region of an address; nothing is from now on.
    pub(super) fn take(&mut self, addr: LinAddr, context: u64) -> Option<Region> {
        let way = self.way_of(addr, context)?;
        self.tags[set_of(addr)][way] = 0;
        Some(self.sets[set_of(addr)][way])
    }

    /// What is known in a context holds in the next one.
    pub(super) fn follow(&mut self, context: u64) {
        let mut left = std::mem::take(&mut self.used);
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            for tag in self.tags[at].iter_mut().filter(|tag| **tag != 0 && **tag >> CONTEXT_SHIFT == context) {
                *tag += 1 << CONTEXT_SHIFT;
                self.used |= 1 << at;
            }
        }
    }

    /// Nothing is known.
    pub(super) fn clear(&mut self) {
        self.tags = [[0; WAYS]; SETS];
        self.used = 0;
    }
}
