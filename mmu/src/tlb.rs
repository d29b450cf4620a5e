//! The architectural TLB: state, because x86 lets stale translations live. SDM Vol.3A 4.10 "Caching Translation
//! Information".
//!
//! Entries are replaced in fill order and never reordered by a hit, so that a cache in front of it leaves no trace.

use serde::{Deserialize, Serialize};

use crate::{LinAddr, PhysAddr};

/// How long the machine keeps translations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlbPolicy {
    /// As silicon of the day: 64 sets of 4 ways; a denied access walks again.
    #[default]
    Real,
    /// Everything that may legally be kept is kept, and rights are believed: finds missing flushes.
    Sticky,
    /// Nothing is kept.
    None,
}

/// One cached translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlbEntry {
    /// Linear address of the page's first byte.
    pub linear: LinAddr,
    /// Physical address of the page's first byte.
    pub physical: PhysAddr,
    /// log2 of the page size: 12, 21, 22 or 30.
    pub size_bits: u8,
    /// User mode may access it.
    pub user: bool,
    /// It may be written.
    pub writable: bool,
    /// The dirty flag is known to be set.
    pub dirty: bool,
    /// It survives a load of CR3.
    pub global: bool,
    /// No instruction may be fetched from it.
    pub no_execute: bool,
    /// The protection key, 0 to 15.
    pub protection_key: u8,
    /// The process-context identifier that it was made under.
    pub pcid: u16,
}

impl TlbEntry {
    /// Same place and rights: what was derived from one holds for the other.
    pub(crate) fn maps_like(&self, other: &TlbEntry) -> bool {
        TlbEntry { dirty: other.dirty, ..*self } == *other
    }

    /// Its page holds the address.
    pub fn holds(&self, addr: LinAddr) -> bool {
        addr.0 >> self.size_bits == self.linear.0 >> self.size_bits
    }

    /// A global translation serves every process context. SDM Vol.3A 4.10.2.4 "Global Pages".
    fn serves(&self, addr: LinAddr, pcid: u16) -> bool {
        self.holds(addr) && (self.global || self.pcid == pcid)
    }

    fn is_sound(&self) -> bool {
        self.protection_key < 16 && self.pcid < 4096
    }
}

/// A page whose translation the TLB gave up, so that what was derived from it can go too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone(u64);

impl Gone {
    fn of(entry: &TlbEntry) -> Gone {
        Gone(entry.linear.0 | u64::from(entry.size_bits))
    }

    /// The page's linear address and log2 of its size, if one went.
    #[inline]
    pub fn page(self) -> Option<(LinAddr, u8)> {
        (self.0 != 0).then_some((LinAddr(self.0 & !0xFFF), self.0 as u8))
    }
}

/// What the TLB gave up at once: a small and a large page of an address, and one that had to make room.
pub type Lost = [Gone; 3];

/// Sets of one page size.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Bank {
    ways: u32,
    entries: Vec<Option<TlbEntry>>,
    /// The way that is filled next, for each set.
    next: Vec<u8>,
    #[serde(skip)]
    filled: Filled,
}

/// A bit for each place of a bank that may hold an entry, so that a flush need not look at the others. Derived, and no part
/// of what makes two banks differ; without any bit for one that was read from a file: then it must look at all.
#[derive(Clone, Debug, Default)]
struct Filled(Vec<u64>);

impl Filled {
    fn none_of(places: usize) -> Filled {
        Filled(vec![0; places.div_ceil(64)])
    }

    fn note(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }
}

impl PartialEq for Filled {
    fn eq(&self, _: &Filled) -> bool {
        true
    }
}

impl Eq for Filled {}

impl Bank {
    fn new(sets: usize, ways: usize) -> Bank {
        let filled = Filled::none_of(sets * ways);
        Bank { ways: ways as u32, entries: vec![None; sets * ways], next: vec![0; sets], filled }
    }

    fn is_sound(&self, fresh: &Bank, sizes: &[u8]) -> bool {
        let shape = |bank: &Bank| (bank.ways, bank.entries.len(), bank.next.len());
        let ways = self.next.iter().all(|way| u32::from(*way) < self.ways);
        shape(self) == shape(fresh)
            && ways
            && self.entries.iter().flatten().all(|entry| sizes.contains(&entry.size_bits) && entry.is_sound())
    }

    fn set_of(&self, addr: LinAddr, size_bits: u8) -> usize {
        (addr.0 >> size_bits) as usize & (self.next.len() - 1)
    }

    fn ways_of(&mut self, set: usize) -> &mut [Option<TlbEntry>] {
        let ways = self.ways as usize;
        &mut self.entries[set * ways..][..ways]
    }

    #[inline]
    fn find(&self, addr: LinAddr, pcid: u16, size_bits: u8) -> Option<&TlbEntry> {
        let first = self.set_of(addr, size_bits) * self.ways as usize;
        self.entries[first..][..self.ways as usize]
            .iter()
            .flatten()
            .find(|entry| entry.size_bits == size_bits && entry.serves(addr, pcid))
    }

    fn take(&mut self, addr: LinAddr, pcid: u16, size_bits: u8) -> Option<TlbEntry> {
        let set = self.set_of(addr, size_bits);
        let held = |entry: &TlbEntry| entry.size_bits == size_bits && entry.serves(addr, pcid);
        self.ways_of(set).iter_mut().find(|way| way.as_ref().is_some_and(held))?.take()
    }

    /// Takes in a translation for an address that has none in this bank.
    fn fill(&mut self, entry: TlbEntry) -> Option<TlbEntry> {
        let set = self.set_of(entry.linear, entry.size_bits);
        if let Some(way) = self.ways_of(set).iter().position(Option::is_none) {
            let place = set * self.ways as usize + way;
            self.entries[place] = Some(entry);
            self.filled.note(place);
            return None;
        }
        let way = self.next[set];
        // A power of two.
        self.next[set] = ((u32::from(way) + 1) & (self.ways - 1)) as u8;
        self.ways_of(set)[way as usize].replace(entry)
    }

    fn drop_where(&mut self, gone: impl Fn(&TlbEntry) -> bool) {
        if self.filled.0.is_empty() {
            self.find_filled();
        }
        for (number, word) in self.filled.0.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                let slot = &mut self.entries[number * 64 + bit];
                if slot.as_ref().is_none_or(&gone) {
                    *slot = None;
                    *word &= !(1 << bit);
                }
            }
        }
    }

    fn find_filled(&mut self) {
        self.filled = Filled::none_of(self.entries.len());
        let filled = self.entries.iter().enumerate().filter(|(_, slot)| slot.is_some());
        filled.for_each(|(place, _)| self.filled.note(place));
    }
}

/// Sizes of large pages, as log2.
const LARGE_SIZES: [u8; 3] = [22, 21, 30];

/// The translations that the processor holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tlb {
    policy: TlbPolicy,
    small: Bank,
    large: Bank,
    #[serde(skip)]
    sizes: SizesHeld,
}

/// Sizes of pages that the bank of large ones may hold, a bit for each log2: others need not be looked for. Derived, and
/// no part of what makes two TLBs differ; every size for one that was read from a file.
#[derive(Clone, Copy, Debug)]
struct SizesHeld(u64);

impl Default for SizesHeld {
    fn default() -> SizesHeld {
        SizesHeld(u64::MAX)
    }
}

impl PartialEq for SizesHeld {
    fn eq(&self, _: &SizesHeld) -> bool {
        true
    }
}

impl Eq for SizesHeld {}

impl Tlb {
    /// An empty TLB.
    pub fn new(policy: TlbPolicy) -> Tlb {
        let (small, large) = match policy {
            TlbPolicy::Real => (Bank::new(64, 4), Bank::new(8, 4)),
            TlbPolicy::Sticky => (Bank::new(2048, 8), Bank::new(128, 8)),
            TlbPolicy::None => (Bank::new(1, 1), Bank::new(1, 1)),
        };
        Tlb { policy, small, large, sizes: SizesHeld(0) }
    }

    /// True if it is one that a processor can have come to: what a file says need not be.
    pub fn is_sound(&self) -> bool {
        let fresh = Tlb::new(self.policy);
        self.small.is_sound(&fresh.small, &[12]) && self.large.is_sound(&fresh.large, &[21, 22, 30])
    }

    /// The policy it was made with.
    pub fn policy(&self) -> TlbPolicy {
        self.policy
    }

    /// The translation held for an address in a process context (0 without CR4.PCIDE), if any.
    #[inline]
    pub fn find(&self, addr: LinAddr, pcid: u16) -> Option<&TlbEntry> {
        self.find_of(addr, pcid, &LARGE_SIZES)
    }

    /// As [`Tlb::find`], where large pages have no other sizes than these.
    #[inline]
    pub(crate) fn find_of(&self, addr: LinAddr, pcid: u16, sizes: &[u8]) -> Option<&TlbEntry> {
        if let Some(entry) = self.small.find(addr, pcid, 12) {
            return Some(entry);
        }
        let held = sizes.iter().filter(|size| self.sizes.0 >> **size & 1 != 0);
        held.copied().find_map(|size| self.large.find(addr, pcid, size))
    }

    /// Takes in a translation for an address that has none; gives the one that had to go for it. Under
    /// [`TlbPolicy::None`] nothing is kept.
    #[inline]
    pub fn fill(&mut self, entry: TlbEntry) -> Option<TlbEntry> {
        match (self.policy, entry.size_bits) {
            (TlbPolicy::None, _) => None,
            (_, 12) => self.small.fill(entry),
            (_, size_bits) => {
                self.sizes.0 |= 1 << size_bits;
                self.large.fill(entry)
            }
        }
    }

    /// As [`Tlb::fill`]; what had to go is lost.
    #[inline]
    pub(crate) fn fill_new(&mut self, entry: TlbEntry) -> Lost {
        let displaced = self.fill(entry);
        [displaced.map_or(Gone::default(), |old| Gone::of(&old)), Gone::default(), Gone::default()]
    }

    /// Takes in what a walk has found for an address, in place of what was held for it. Of that only what maps elsewhere
    /// is lost.
    #[inline]
    pub(crate) fn renew(&mut self, addr: LinAddr, pcid: u16, sizes: &[u8], entry: TlbEntry) -> Lost {
        let lost = |old: Option<TlbEntry>| {
            old.filter(|old| !old.maps_like(&entry)).map_or(Gone::default(), |old| Gone::of(&old))
        };
        let small = lost(self.small.take(addr, pcid, 12));
        let large = lost(sizes.iter().find_map(|size| self.large.take(addr, pcid, *size)));
        let displaced = self.fill(entry);
        [small, large, displaced.map_or(Gone::default(), |old| Gone::of(&old))]
    }

    /// INVLPG: every entry that covers the address goes, global or not.
    pub fn drop_address(&mut self, addr: LinAddr, pcid: u16) -> Lost {
        self.drop_of(addr, pcid, &LARGE_SIZES)
    }

    /// As [`Tlb::drop_address`], where large pages have no other sizes than these; also after a page fault.
    pub(crate) fn drop_of(&mut self, addr: LinAddr, pcid: u16, sizes: &[u8]) -> Lost {
        let gone = |old: Option<TlbEntry>| old.map_or(Gone::default(), |old| Gone::of(&old));
        let large = sizes.iter().find_map(|size| self.large.take(addr, pcid, *size));
        [gone(self.small.take(addr, pcid, 12)), gone(large), Gone::default()]
    }

    /// A load of CR3: all but global entries of a process context go.
    pub fn flush_non_global(&mut self, pcid: u16) {
        self.drop_where(|entry| !entry.global && entry.pcid == pcid);
    }

    /// INVPCID: what fits goes.
    pub fn drop_where(&mut self, gone: impl Fn(&TlbEntry) -> bool) {
        self.small.drop_where(&gone);
        self.large.drop_where(&gone);
    }

    /// Everything goes: a change of CR0.PG, CR4.PAE, PSE or PGE.
    pub fn flush(&mut self) {
        *self = Tlb::new(self.policy);
    }

    /// All entries, for the debugger.
    pub fn entries(&self) -> impl Iterator<Item = &TlbEntry> {
        self.small.entries.iter().chain(&self.large.entries).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(page: u64, global: bool) -> TlbEntry {
        TlbEntry {
            linear: LinAddr(page << 12),
            physical: PhysAddr(page << 12),
            size_bits: 12,
            user: true,
            writable: true,
            dirty: true,
            global,
            no_execute: false,
            protection_key: 0,
            pcid: 0,
        }
    }

    #[test]
    fn the_oldest_fill_of_a_set_goes_first_whatever_was_hit() {
        let mut tlb = Tlb::new(TlbPolicy::Real);
        for way in 0..4 {
            assert_eq!(tlb.fill(entry(way * 64, false)), None);
        }
        assert!(tlb.find(LinAddr(0), 0).is_some(), "a hit does not protect it");
        assert_eq!(tlb.fill(entry(4 * 64, false)).map(|gone| gone.linear), Some(LinAddr(0)));
        assert_eq!(tlb.fill(entry(5 * 64, false)).map(|gone| gone.linear), Some(LinAddr(64 << 12)));
    }

    #[test]
    fn what_no_processor_comes_to_is_not_sound() {
        let mut tlb = Tlb::new(TlbPolicy::Real);
        tlb.fill(entry(1, false));
        assert!(tlb.is_sound());
        let broken = |change: fn(&mut Tlb)| {
            let mut tlb = tlb.clone();
            change(&mut tlb);
            !tlb.is_sound()
        };
        assert!(broken(|tlb| tlb.policy = TlbPolicy::Sticky));
        assert!(broken(|tlb| tlb.small.next.clear()));
        assert!(broken(|tlb| tlb.small.next[0] = 4));
        assert!(broken(|tlb| tlb.large.entries[0] = Some(entry(1, false))));
    }

    /// Filled, flushed, filled again; one that was read from a file does not know what it holds.
    #[test]
    fn a_flush_finds_every_entry_wherever_it_lies() {
        for restored in [false, true] {
            let mut tlb = Tlb::new(TlbPolicy::Real);
            let large = TlbEntry { size_bits: 21, ..entry(512 * 9, false) };
            for page in 0..192 {
                tlb.fill(entry(page, page % 5 == 0));
            }
            tlb.fill(large);
            if restored {
                (tlb.small.filled, tlb.large.filled) = (Filled::default(), Filled::default());
            }
            for round in 0..3 {
                tlb.fill(entry(1000 + round, false));
                tlb.flush_non_global(0);
                assert_eq!(tlb.entries().count(), 192 / 5 + 1, "round {round}, restored {restored}");
                assert!(tlb.entries().all(|entry| entry.global));
            }
            tlb.drop_where(|_| true);
            assert_eq!(tlb.entries().count(), 0);
        }
    }

    #[test]
    fn a_cr3_load_spares_global_entries_and_invlpg_does_not() {
        let mut tlb = Tlb::new(TlbPolicy::Real);
        tlb.fill(entry(1, true));
        tlb.fill(entry(2, false));
        tlb.flush_non_global(0);
        assert!(tlb.find(LinAddr(0x1234), 0).is_some() && tlb.find(LinAddr(0x2000), 0).is_none());
        tlb.drop_address(LinAddr(0x1FFF), 0);
        assert!(tlb.find(LinAddr(0x1000), 0).is_none());
    }
}
