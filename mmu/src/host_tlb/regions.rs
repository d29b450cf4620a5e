//! Which pages of 2 MiB the HostTlb may know, so that one large page can be taken out of it without a look at all entries.

use crate::LinAddr;

/// Log2 of a region's size.
pub(super) const REGION_BITS: u32 = 21;
/// Regions that are kept in mind at once; a power of two.
const REGIONS: usize = 128;
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
pub(super) struct Regions([Region; REGIONS]);

impl Default for Regions {
    fn default() -> Self {
        Regions([NO_REGION; REGIONS])
    }
}

const fn place(addr: LinAddr) -> usize {
    let number = addr.0 >> REGION_BITS;
    (number ^ number >> 7 ^ number >> 14) as usize & (REGIONS - 1)
}

/// Contexts stand above the bits that tell regions apart: 57 - 21 of them.
const fn tag(addr: LinAddr, context: u64) -> u64 {
    (addr.0 >> REGION_BITS & ((1 << 36) - 1)) + 1 + (context << 40)
}

impl Regions {
    /// A page may be known from now on. Gives the region that is no longer kept in mind for it: its pages must go.
    #[inline]
    pub(super) fn note(&mut self, addr: LinAddr, context: u64) -> Option<Region> {
        let region = &mut self.0[place(addr)];
        let tag = tag(addr, context);
        let mut displaced = None;
        if region.tag != tag {
            // Of an older context nothing is known any more.
            displaced = (region.tag != 0 && region.tag >> 40 == context).then_some(*region);
            let start = LinAddr(addr.0 >> REGION_BITS << REGION_BITS);
            *region = Region { tag, start, ..NO_REGION };
        }
        let page = (addr.0 >> PAGE_BITS) as usize % PAGES;
        region.pages[page / 64] |= 1 << (page % 64);
        displaced
    }

    /// What is known of the region of an address; nothing is from now on.
    pub(super) fn take(&mut self, addr: LinAddr, context: u64) -> Option<Region> {
        let region = &mut self.0[place(addr)];
        (region.tag == tag(addr, context)).then(|| std::mem::replace(region, NO_REGION))
    }

    /// What is known in a context holds in the next one.
    pub(super) fn follow(&mut self, context: u64) {
        for region in self.0.iter_mut().filter(|region| region.tag != 0 && region.tag >> 40 == context) {
            region.tag += 1 << 40;
        }
    }

    /// Nothing is known.
    pub(super) fn clear(&mut self) {
        *self = Regions::default();
    }
}
