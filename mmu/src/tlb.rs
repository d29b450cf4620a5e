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
}

impl Bank {
    fn new(sets: usize, ways: usize) -> Bank {
        Bank { ways: ways as u32, entries: vec![None; sets * ways], next: vec![0; sets] }
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
        if let Some(free) = self.ways_of(set).iter_mut().find(|way| way.is_none()) {
            *free = Some(entry);
            return None;
        }
        let way = self.next[set];
        self.next[set] = ((u32::from(way) + 1) % self.ways) as u8;
        self.ways_of(set)[way as usize].replace(entry)
    }

    fn drop_where(&mut self, gone: impl Fn(&TlbEntry) -> bool) {
        for slot in &mut self.entries {
            if slot.as_ref().is_some_and(&gone) {
                *slot = None;
            }
        }
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
}

impl Tlb {
    /// An empty TLB.
    pub fn new(policy: TlbPolicy) -> Tlb {
        let (small, large) = match policy {
            TlbPolicy::Real => (Bank::new(64, 4), Bank::new(8, 4)),
            TlbPolicy::Sticky => (Bank::new(2048, 8), Bank::new(128, 8)),
            TlbPolicy::None => (Bank::new(1, 1), Bank::new(1, 1)),
        };
        Tlb { policy, small, large }
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
        sizes.iter().find_map(|size| self.large.find(addr, pcid, *size))
    }

    /// Takes in a translation for an address that has none; gives the one that had to go for it. Under
    /// [`TlbPolicy::None`] nothing is kept.
    #[inline]
    pub fn fill(&mut self, entry: TlbEntry) -> Option<TlbEntry> {
        match (self.policy, entry.size_bits) {
            (TlbPolicy::None, _) => None,
            (_, 12) => self.small.fill(entry),
            _ => self.large.fill(entry),
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
