//! Tables that walks of four or five levels have come to before. Derived: of a region of 2 MiB it is kept where its upper
//! entries lie in the arena and what they held. Who comes again compares all of them at once, instead of following one to
//! the next; if one has changed, or a flag must be set, the walk is made as ever.

use super::{A, Leaf, MOST_LEVELS, Outcome, P, Paging, RW, Step, US, XD, leaf_entry, long_reserved};
use crate::tlb::TlbEntry;
use crate::{LinAddr, Memory, PhysAddr, Route};

/// Regions that are kept in mind; a power of two.
const REGIONS: usize = 64;
const REGION_BITS: u32 = 21;
/// Entries above a page table, at most.
const UPPER: usize = MOST_LEVELS - 1;

/// A region's way to its page table.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// What the walk began with; 0: nothing is known.
    root: u64,
    region: u64,
    /// Where the upper entries lie in the arena, and what they held; with four levels the last two are the same.
    upper: [(usize, u64); UPPER],
    /// Where the page table begins in the arena.
    table: usize,
    /// Bits that every upper entry has, and bits that some have.
    all: u64,
    any: u64,
}

/// What is known, of any address space.
#[derive(Debug)]
pub(crate) struct KnownTables([Known; REGIONS]);

impl Default for KnownTables {
    fn default() -> KnownTables {
        KnownTables([Known::default(); REGIONS])
    }
}

/// The entries that a walk came by, from the top.
#[derive(Default)]
pub(super) struct Trail {
    entries: [(PhysAddr, u64); MOST_LEVELS],
    count: usize,
}

impl Trail {
    #[inline(always)]
    pub(super) fn note(&mut self, step: &Step) {
        self.entries[self.count] = (step.address, step.entry);
        self.count += 1;
    }
}

const fn frame_mask(paging: &Paging) -> u64 {
    ((1 << paging.physical_bits) - 1) & !0xFFF
}

/// Whatever a walk depends on but memory: the rest is the same as long as the machine lasts. Never 0.
const fn root(paging: &Paging) -> u64 {
    paging.cr3 & frame_mask(paging) | 1 | (paging.nxe as u64) << 1 | (paging.la57 as u64) << 2
}

const fn index(root: u64, region: u64) -> usize {
    (region ^ region >> 6 ^ root >> 12) as usize & (REGIONS - 1)
}

#[inline(always)]
fn entry_at(arena: &[u8], at: usize) -> Option<u64> {
    arena.get(at..at.wrapping_add(8))?.first_chunk().map(|entry| u64::from_le_bytes(*entry))
}

/// The last entry of a walk whose way is known.
pub(super) struct Last {
    address: PhysAddr,
    value: u64,
    /// As [`Known`] has them.
    all: u64,
    any: u64,
}

impl Last {
    /// What the walk comes to. No flag must be set above the last entry.
    #[inline(always)]
    pub(super) fn outcome(&self, paging: &Paging, addr: LinAddr) -> Outcome {
        let (value, address) = (self.value, self.address);
        if value & P == 0 {
            return Outcome::NotPresent;
        }
        if value & long_reserved(paging) != 0 {
            return Outcome::Reserved;
        }
        let rights = self.all & value & (US | RW) | (self.any | value) & XD;
        let entry = leaf_entry(paging, addr, PhysAddr(value & frame_mask(paging)), 12, rights, value);
        let protection_key = (value >> 59 & 15) as u8;
        Outcome::Leaf(Leaf { entry: TlbEntry { protection_key, ..entry }, address, value, bytes: 8 })
    }
}

/// The entry of an address in a page table that is known.
#[inline(always)]
pub(super) fn last(paging: &Paging, memory: &Memory, addr: LinAddr) -> Option<Last> {
    if !paging.long {
        return None;
    }
    let (root, region) = (root(paging), addr.0 >> REGION_BITS);
    let known = &memory.known.0[index(root, region)];
    if known.root != root || known.region != region {
        return None;
    }
    let arena = memory.frames.bytes();
    let same = |(at, held): &(usize, u64)| entry_at(arena, *at) == Some(*held);
    if !known.upper.iter().all(same) {
        return None;
    }
    let in_table = addr.0 >> 12 << 3 & 0xFF8;
    let value = entry_at(arena, known.table + in_table as usize)?;
    let table = known.upper[UPPER - 1].1 & frame_mask(paging);
    Some(Last { address: PhysAddr(table | in_table), value, all: known.all, any: known.any })
}

/// Remembers a page table that a walk has come to. Entries whose accessed flag was clear are not worth it yet, and pages
/// that are still absent have no place.
#[inline(never)]
pub(super) fn keep(paging: &Paging, memory: &mut Memory, addr: LinAddr, trail: &Trail) {
    let levels = if paging.la57 { MOST_LEVELS } else { MOST_LEVELS - 1 };
    // A walk that ended above, at a large page or at an entry that is not present, has come to none.
    if !paging.long || trail.count != levels || memory.frames.absent() != 0 {
        return;
    }
    let upper = &trail.entries[..levels - 1];
    let all = upper.iter().fold(u64::MAX, |all, (_, entry)| all & entry);
    let any = upper.iter().fold(0, |any, (_, entry)| any | entry);
    if all & A == 0 {
        return;
    }
    let place = |addr: PhysAddr| match memory.routes(memory.behind_a20(addr).page()).read {
        Route::Frame(frame) => Some(frame.start() + addr.offset_in_page() as usize),
        Route::Mmio | Route::Open => None,
    };
    let mut places = [(0, 0); UPPER];
    for (number, kept) in places.iter_mut().enumerate() {
        let (addr, entry) = upper[number.min(upper.len() - 1)];
        let Some(at) = place(addr) else { return };
        *kept = (at, entry);
    }
    let Some(table) = place(PhysAddr(upper[upper.len() - 1].1 & frame_mask(paging))) else { return };
    let (root, region) = (root(paging), addr.0 >> REGION_BITS);
    memory.known.0[index(root, region)] = Known { root, region, upper: places, table, all, any };
}

#[cfg(test)]
mod tests {
    use super::super::{Access, D, G, PS, translate, view_walk};
    use super::*;
    use crate::{Class, Frame, Reach, RouteSpan, Tlb, TlbPolicy};

    const TABLES: u64 = 16;

    /// xorshift64.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn one_in(&mut self, count: u64) -> bool {
            self.next().is_multiple_of(count)
        }

        fn entry(&mut self) -> u64 {
            let mut entry = (self.next() % TABLES) << 12 | P | A | self.next() & (RW | US | D | G);
            for rare in [P, A, PS, 1 << 40, 1 << 59, XD] {
                if self.one_in(60) {
                    entry ^= rare;
                }
            }
            entry
        }
    }

    /// Memory whose first pages change places: a map that is another one by each number.
    fn map(memory: &mut Memory, number: u64) {
        let span = |first_page, pages, frame| {
            let reach = Reach::Frames(Frame(frame));
            RouteSpan { first_page, pages, read: reach, write: reach }
        };
        let (low, high) = if number.is_multiple_of(2) { (0, 1) } else { (1, 0) };
        memory.set_routes(vec![span(0, TABLES, 0), span(0, 1, low), span(1, 1, high)]);
    }

    fn contents(memory: &Memory) -> Vec<u64> {
        (0..TABLES << 12).step_by(8).map(|at| memory.read_entry(PhysAddr(at), 8)).collect()
    }

    /// Tables that lead to one another, looked up and changed at random, beside a machine that keeps nothing in mind.
    #[test]
    fn whatever_changes_a_known_table_gives_what_a_walk_gives() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut memory = Memory::new(TABLES, 0, &[], &[]);
        let mut maps = 0;
        map(&mut memory, maps);
        for at in (0..TABLES << 12).step_by(8) {
            memory.write_entry(PhysAddr(at), random.entry(), 8);
        }
        let mut paging = Paging { enabled: true, pae: true, long: true, nxe: true, ..Paging::default() };
        (paging.physical_bits, paging.gib_pages) = (40, true);
        let addresses = [0; 24].map(|_: u64| random.next() >> 17);
        let (mut used, mut faults) = (0, 0);
        for _ in 0..20_000 {
            let addr = LinAddr(addresses[random.next() as usize % addresses.len()] ^ (random.next() % 4) << 12);
            match random.next() % 400 {
                0 => paging.nxe ^= true,
                1 => paging.la57 ^= true,
                2..4 => paging.cr3 = (random.next() % TABLES) << 12,
                4 => {
                    maps += 1;
                    map(&mut memory, maps);
                }
                5..80 => {
                    // One that the walk comes by, so that it matters.
                    let steps = view_walk(&paging, &memory, addr).steps;
                    let step = &steps[random.next() as usize % steps.len()];
                    memory.write_entry(step.address, random.entry(), 8);
                }
                _ => (),
            }
            let access = if random.one_in(2) { Access::Read } else { Access::Write };
            let class = if random.one_in(2) { Class::User } else { Class::Supervisor };
            let mut other = memory.twin();
            let (mut tlb, mut second) = (Tlb::new(TlbPolicy::Real), Tlb::new(TlbPolicy::Real));
            used += usize::from(last(&paging, &memory, addr).is_some());
            let found = translate(&paging, &mut tlb, &mut memory, addr, access, class);
            let wanted = translate(&paging, &mut second, &mut other, addr, access, class);
            assert_eq!(found, wanted, "{addr:?} {access:?} {class:?} {paging:?}");
            assert_eq!(tlb, second);
            faults += usize::from(found.is_err());
            if random.one_in(50) {
                assert_eq!(contents(&memory), contents(&other));
            }
        }
        assert!(used > 4000 && faults > 1000, "known {used} times, {faults} faults");
    }
}
