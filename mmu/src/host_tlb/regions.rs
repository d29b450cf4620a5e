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
    /// The number of the region plus one, and above it the context; 0: none.
    tag: u64,
    start: LinAddr,
    pages: [u64; PAGES / 64],
}

const NO_REGION: Region = Region { tag: 0, start: LinAddr(0), pages: [0; PAGES / 64] };

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
    sets: [[Region; WAYS]; SETS],
    /// The way of each set that makes room next.
    next: [u8; SETS],
}

impl Default for Regions {
    fn default() -> Self {
        Regions { sets: [[NO_REGION; WAYS]; SETS], next: [0; SETS] }
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
        let tag = tag(addr, context);
        let set = &mut self.sets[set_of(addr)];
        let (way, displaced) = match set.iter().position(|region| region.tag == tag) {
            Some(way) => (way, None),
            None => self.begin(addr, context),
        };
        let page = (addr.0 >> PAGE_BITS) as usize % PAGES;
        self.sets[set_of(addr)][way].pages[page / 64] |= 1 << (page % 64);
        displaced
    }

    /// Keeps a region in mind that is not; gives its way, and what had to go for it.
    #[cold]
    fn begin(&mut self, addr: LinAddr, context: u64) -> (usize, Option<Region>) {
        let at = set_of(addr);
        let set = &mut self.sets[at];
        // Of an older context nothing is known any more.
        let is_free = |region: &Region| region.tag == 0 || region.tag >> CONTEXT_SHIFT != context;
        let (way, displaced) = match set.iter().position(is_free) {
            Some(way) => (way, None),
            None => {
                let way = usize::from(self.next[at]);
                self.next[at] = ((way + 1) % WAYS) as u8;
                (way, Some(set[way]))
            }
        };
        let start = LinAddr(addr.0 >> REGION_BITS << REGION_BITS);
        set[way] = Region { tag: tag(addr, context), start, ..NO_REGION };
        (way, displaced)
    }

    /// What is known of the region of an address; nothing is from now on.
    pub(super) fn take(&mut self, addr: LinAddr, context: u64) -> Option<Region> {
        let tag = tag(addr, context);
        let region = self.sets[set_of(addr)].iter_mut().find(|region| region.tag == tag)?;
        Some(std::mem::replace(region, NO_REGION))
    }

    /// What is known in a context holds in the next one.
    pub(super) fn follow(&mut self, context: u64) {
        let known = |region: &&mut Region| region.tag != 0 && region.tag >> CONTEXT_SHIFT == context;
        for region in self.sets.iter_mut().flatten().filter(known) {
            region.tag += 1 << CONTEXT_SHIFT;
        }
    }

    /// Nothing is known.
    pub(super) fn clear(&mut self) {
        *self = Regions::default();
    }
}
