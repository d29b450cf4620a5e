//! From a page to its place in the arena, for the fast way to memory. Derived: it may be flushed at any moment
//! without a trace. While paging is on it is a subset of the architectural TLB; its owner drops what that loses.

use crate::{Frame, LinAddr, PAGE_BYTES, PhysAddr};

mod fetches;
mod regions;
#[cfg(test)]
mod tests;

use fetches::Fetches;
pub use fetches::{FetchPlace, Fetcher};
use regions::{REGION_BITS, Region, Regions};

/// Sets for reads and for writes; a power of two.
const SETS: usize = 1024;

/// Whose rights an entry was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// CPL 0 to 2, and implicit accesses.
    Supervisor = 0,
    /// CPL 3.
    User = 1,
    /// CPL 0 to 2 with EFLAGS.AC set under CR4.SMAP: explicit accesses may reach user pages.
    SupervisorOverride = 2,
}

/// Classes in a key. Above them stands the context; all of it fits below a page's address, so that a tag is the whole
/// address, canonical or not, and its key.
const CLASS_BITS: u32 = 2;
/// Contexts before the entries must be emptied for real: a flush takes the next one, and no old entry fits any more. The
/// first is 1, since a tag of 0 is empty.
const CONTEXTS: u64 = PAGE_BYTES >> CLASS_BITS;
const FIRST_CONTEXT: u64 = 1;
/// The bit of a key that tells [`Class::SupervisorOverride`] from [`Class::Supervisor`]: fetches do not mind.
const OVERRIDE: u64 = Class::SupervisorOverride as u64;

/// A page's way to the arena.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Page address and key; 0 is empty, since no key is.
    pub tag: u64,
    /// What is added to a linear address to get the host's address of its byte.
    pub delta: u64,
}

const EMPTY: Entry = Entry { tag: 0, delta: 0 };

impl Entry {
    fn new(addr: LinAddr, tag: u64, frame: Frame, arena: u64) -> Entry {
        let start = arena.wrapping_add(frame.start() as u64);
        Entry { tag, delta: start.wrapping_sub(addr.0 & !(PAGE_BYTES - 1)) }
    }

    /// True if it is for the page of an access that does not leave it: the page of its last byte is compared, which would
    /// be the next one, and that has its entry in another set.
    #[inline(always)]
    pub fn fits(&self, addr: LinAddr, bytes: u64, key: u64) -> bool {
        addr.0.wrapping_add(bytes - 1) & !(PAGE_BYTES - 1) | key == self.tag
    }

    #[inline(always)]
    fn host_address(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<u64> {
        self.fits(addr, bytes, key).then(|| self.delta.wrapping_add(addr.0))
    }

    /// True if it leads to the frame, whatever address it is for.
    fn leads_to(&self, frame: Frame, arena: u64) -> bool {
        let start = self.delta.wrapping_sub(arena).wrapping_add(self.tag & !(PAGE_BYTES - 1));
        self.tag != 0 && start == frame.start() as u64
    }
}

/// The newest and an older page of those that share a set: two streams that lie a large power of two apart must not
/// drive each other out.
struct Ways {
    newest: [Entry; SETS],
    older: [Entry; SETS],
}

const NO_WAYS: Ways = Ways { newest: [EMPTY; SETS], older: [EMPTY; SETS] };

impl Ways {
    #[inline(always)]
    fn find(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<u64> {
        let newest = self.newest[index(addr)].host_address(addr, bytes, key);
        newest.or_else(|| self.older[index(addr)].host_address(addr, bytes, key))
    }

    /// The newest entry comes first; the same page is never held twice.
    fn fill(&mut self, addr: LinAddr, entry: Entry) {
        let newest = &mut self.newest[index(addr)];
        if newest.tag != entry.tag {
            self.older[index(addr)] = *newest;
        }
        *newest = entry;
    }

    /// If the older entry knows the way, it becomes the newest one.
    fn renew(&mut self, addr: LinAddr, bytes: u64, key: u64) -> bool {
        let at = index(addr);
        let found = self.older[at].host_address(addr, bytes, key).is_some();
        if found {
            std::mem::swap(&mut self.newest[at], &mut self.older[at]);
        }
        found
    }

    fn drop_page(&mut self, addr: LinAddr) {
        self.newest[index(addr)] = EMPTY;
        self.older[index(addr)] = EMPTY;
    }

    fn entries(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.newest.iter_mut().chain(&mut self.older)
    }
}

/// A page that a device answers.
#[derive(Clone, Copy)]
struct DeviceEntry {
    tag: u64,
    /// Physical address of the page, behind the A20 gate.
    physical: u64,
}

const NO_DEVICE: DeviceEntry = DeviceEntry { tag: 0, physical: 0 };

/// A page that holds code besides what is written to it.
#[derive(Clone, Copy)]
struct MixedEntry {
    tag: u64,
    frame: Frame,
}

const NO_MIXED: MixedEntry = MixedEntry { tag: 0, frame: Frame(0) };

/// Pages of code that are known to be writable; a power of two.
const MIXED_ENTRIES: usize = 8;

/// Two ways a set for data, one for code, one page of devices for reads and one for writes.
pub struct HostTlb {
    context: u64,
    /// The host's address of the arena's first byte.
    arena: u64,
    read: Ways,
    write: Ways,
    fetches: Fetches,
    device_read: DeviceEntry,
    device_write: DeviceEntry,
    mixed: [MixedEntry; MIXED_ENTRIES],
    /// Where pages lie that any of these know, but for devices.
    regions: Regions,
    /// A bit for each newest entry of reads and of writes that serves every process context.
    global_read: [u64; SETS / 64],
    global_write: [u64; SETS / 64],
    /// A bit for each set of reads and of writes that may know something: a page that goes
    /// need not reach for the others, which lie far apart in the host's memory.
    known_read: [u64; SETS / 64],
    known_write: [u64; SETS / 64],
}

/// Whether a translation serves every process context or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It outlives a load of CR3.
    Global,
    /// It goes with its context.
    Context,
}

fn set_bit(bits: &mut [u64], number: usize, scope: Scope) {
    let bit = 1 << (number % 64);
    match scope {
        Scope::Global => bits[number / 64] |= bit,
        Scope::Context => bits[number / 64] &= !bit,
    }
}

fn mark(bits: &mut [u64], number: usize) {
    bits[number / 64] |= 1 << (number % 64);
}

fn is_marked(bits: &[u64], number: usize) -> bool {
    bits[number / 64] >> (number % 64) & 1 != 0
}

/// Takes a mark away; true if there was one.
fn unmark(bits: &mut [u64], number: usize) -> bool {
    let bit = 1 << (number % 64);
    let marked = bits[number / 64] & bit != 0;
    bits[number / 64] &= !bit;
    marked
}

fn bits_of(words: &[u64]) -> impl Iterator<Item = usize> {
    let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 != 0);
    let words = words.iter().copied().enumerate().filter(|(_, word)| *word != 0);
    words.flat_map(move |(number, word)| bits(word).map(move |bit| number * 64 + bit))
}

impl Default for HostTlb {
    fn default() -> Self {
        HostTlb {
            context: FIRST_CONTEXT,
            arena: 0,
            read: NO_WAYS,
            write: NO_WAYS,
            fetches: Fetches::default(),
            device_read: NO_DEVICE,
            device_write: NO_DEVICE,
            mixed: [NO_MIXED; MIXED_ENTRIES],
            regions: Regions::default(),
            global_read: [0; SETS / 64],
            global_write: [0; SETS / 64],
            known_read: [0; SETS / 64],
            known_write: [0; SETS / 64],
        }
    }
}

#[inline(always)]
const fn index(addr: LinAddr) -> usize {
    addr.page() as usize & (SETS - 1)
}

const fn mixed_index(addr: LinAddr) -> usize {
    addr.page() as usize & (MIXED_ENTRIES - 1)
}

impl HostTlb {
    /// What stands below the page's address in tags, for a class.
    #[inline(always)]
    pub const fn key(&self, class: Class) -> u64 {
        self.context << CLASS_BITS | class as u64
    }

    const fn tag(&self, addr: LinAddr, class: Class) -> u64 {
        addr.0 & !(PAGE_BYTES - 1) | self.key(class)
    }

    /// Where the arena begins in the host. What was known of another one is forgotten.
    #[inline]
    pub fn set_arena(&mut self, address: u64) {
        if address != self.arena {
            self.arena = address;
            // The context stays: whoever keeps a key may go on with it.
            self.clear();
        }
    }

    /// Where `bytes` bytes at `addr` can be read in the arena; `None` if unknown or the page is left.
    #[inline(always)]
    pub fn read(&self, addr: LinAddr, bytes: u64, class: Class) -> Option<usize> {
        self.read.find(addr, bytes, self.key(class)).map(|address| self.place(address))
    }

    /// Where `bytes` bytes at `addr` can be written in the arena; `None` if unknown or the page is left. What can be
    /// written so can be read there too.
    #[inline(always)]
    pub fn write(&self, addr: LinAddr, bytes: u64, class: Class) -> Option<usize> {
        self.write.find(addr, bytes, self.key(class)).map(|address| self.place(address))
    }

    /// The host's address of a frame.
    #[inline(always)]
    pub fn address(&self, frame: Frame) -> u64 {
        self.arena.wrapping_add(frame.start() as u64)
    }

    /// The host's address of a place in the arena.
    #[inline(always)]
    pub fn host_address(&self, place: u64) -> u64 {
        self.arena.wrapping_add(place)
    }

    /// The place in the arena of an address in the host.
    #[inline(always)]
    pub fn place(&self, address: u64) -> usize {
        address.wrapping_sub(self.arena) as usize
    }

    /// As [`HostTlb::read`] with a key from [`HostTlb::key`], as an address in the host.
    #[inline(always)]
    pub fn read_address(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<u64> {
        self.read.find(addr, bytes, key)
    }

    /// As [`HostTlb::write`] with a key from [`HostTlb::key`], as an address in the host.
    #[inline(always)]
    pub fn write_address(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<u64> {
        self.write.find(addr, bytes, key)
    }

    /// The newest entry of a read's set.
    #[inline(always)]
    pub fn newest_read(&self, addr: LinAddr) -> &Entry {
        &self.read.newest[index(addr)]
    }

    /// The newest entry of a write's set.
    #[inline(always)]
    pub fn newest_write(&self, addr: LinAddr) -> &Entry {
        &self.write.newest[index(addr)]
    }

    /// If the older entry of the set knows where to read, it becomes the newest one; true then.
    pub fn renew_read(&mut self, addr: LinAddr, bytes: u64, key: u64) -> bool {
        // Which of the two entries the bit was for is not known.
        set_bit(&mut self.global_read, index(addr), Scope::Context);
        self.read.renew(addr, bytes, key)
    }

    /// As [`HostTlb::renew_read`], for writes.
    pub fn renew_write(&mut self, addr: LinAddr, bytes: u64, key: u64) -> bool {
        set_bit(&mut self.global_write, index(addr), Scope::Context);
        self.write.renew(addr, bytes, key)
    }

    /// Where an aligned read of `bytes` bytes at `addr` goes if a device answers it.
    #[inline]
    pub fn device_read(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<PhysAddr> {
        Self::find_device(&self.device_read, addr, bytes, key)
    }

    /// Where an aligned write of `bytes` bytes at `addr` goes if a device answers it.
    #[inline]
    pub fn device_write(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<PhysAddr> {
        Self::find_device(&self.device_write, addr, bytes, key)
    }

    #[inline(always)]
    fn find_device(entry: &DeviceEntry, addr: LinAddr, bytes: u64, key: u64) -> Option<PhysAddr> {
        // An aligned access does not leave its page.
        let known = addr.0 & !(PAGE_BYTES - 1) | key == entry.tag && addr.0.is_multiple_of(bytes);
        known.then(|| PhysAddr(entry.physical + addr.offset_in_page()))
    }

    /// The frame that `bytes` bytes at `addr` can be written to if code lies in it too: where none of it is hit.
    #[inline]
    pub fn write_beside_code(&self, addr: LinAddr, bytes: u64, key: u64) -> Option<Frame> {
        let entry = &self.mixed[mixed_index(addr)];
        (addr.0.wrapping_add(bytes - 1) & !(PAGE_BYTES - 1) | key == entry.tag).then_some(entry.frame)
    }

    /// Remembers a page of code that can be written. The caller has prepared the frame for writing.
    pub fn fill_write_beside_code(&mut self, addr: LinAddr, class: Class, frame: Frame) {
        self.note(addr);
        self.mixed[mixed_index(addr)] = MixedEntry { tag: self.tag(addr, class), frame };
    }

    /// Where code at `addr` can be fetched.
    #[inline(always)]
    pub fn fetch(&self, addr: LinAddr, class: Class) -> Option<FetchPlace> {
        self.fetch_by(addr, self.key(class))
    }

    /// As [`HostTlb::fetch`] with a key from [`HostTlb::key`].
    #[inline(always)]
    pub fn fetch_by(&self, addr: LinAddr, key: u64) -> Option<FetchPlace> {
        self.fetches.find(addr, key)
    }

    /// Stays as it is while nothing that [`HostTlb::fetch`] knows of a fetcher is forgotten or becomes another: what was found
    /// under an epoch holds as long as that lasts. Never 0, nor that of another fetcher. The last one does not end, so nothing
    /// may be believed under it: see [`HostTlb::is_last_fetch_epoch`].
    #[inline(always)]
    pub fn fetch_epoch(&self, fetcher: Fetcher) -> u32 {
        self.fetches.epoch(fetcher)
    }

    /// True if no epoch follows.
    pub fn is_last_fetch_epoch(epoch: u32) -> bool {
        Fetches::is_last(epoch)
    }

    /// True if a fetcher has no more epochs, until [`HostTlb::begin_fetch_epochs`].
    #[inline]
    pub fn has_last_fetch_epoch(&self) -> bool {
        self.fetches.has_last_epoch()
    }

    /// As if so much had been forgotten that no epochs are left.
    pub fn spend_fetch_epochs(&mut self) {
        self.fetches.spend_epochs();
    }

    /// Epochs begin anew: nobody remembers any.
    pub fn begin_fetch_epochs(&mut self) {
        self.fetches.begin_epochs();
    }

    /// True if a key is that of [`Class::User`].
    #[inline(always)]
    pub const fn is_user(key: u64) -> bool {
        key & Class::User as u64 != 0
    }

    /// Whose fetches a key is for.
    #[inline(always)]
    pub const fn fetcher(key: u64) -> Fetcher {
        Fetcher::of_key(key)
    }

    /// Remembers where a page can be read.
    pub fn fill_read(&mut self, addr: LinAddr, class: Class, frame: Frame) {
        let entry = Entry::new(addr, self.tag(addr, class), frame, self.arena);
        self.note(addr);
        set_bit(&mut self.global_read, index(addr), Scope::Context);
        mark(&mut self.known_read, index(addr));
        self.read.fill(addr, entry);
    }

    /// Remembers where a page can be written, and read as well: both go to the same frame. The caller has prepared the
    /// frame for writing.
    pub fn fill_write(&mut self, addr: LinAddr, class: Class, frame: Frame) {
        let entry = Entry::new(addr, self.tag(addr, class), frame, self.arena);
        self.note(addr);
        set_bit(&mut self.global_write, index(addr), Scope::Context);
        mark(&mut self.known_write, index(addr));
        self.write.fill(addr, entry);
    }

    /// Says of what scope the translation is that a read's entry was just filled from.
    pub fn set_scope_of_read(&mut self, addr: LinAddr, scope: Scope) {
        set_bit(&mut self.global_read, index(addr), scope);
    }

    /// As [`HostTlb::set_scope_of_read`], of a write's entry.
    pub fn set_scope_of_write(&mut self, addr: LinAddr, scope: Scope) {
        set_bit(&mut self.global_write, index(addr), scope);
    }

    /// Remembers a page that a device answers when it is read.
    pub fn fill_device_read(&mut self, addr: LinAddr, class: Class, physical: PhysAddr) {
        self.device_read = self.device(addr, class, physical);
    }

    /// Remembers a page that a device answers when it is written.
    pub fn fill_device_write(&mut self, addr: LinAddr, class: Class, physical: PhysAddr) {
        self.device_write = self.device(addr, class, physical);
    }

    fn device(&self, addr: LinAddr, class: Class, physical: PhysAddr) -> DeviceEntry {
        DeviceEntry { tag: self.tag(addr, class), physical: physical.0 & !(PAGE_BYTES - 1) }
    }

    /// Remembers where a page of code lies.
    pub fn fill_fetch(&mut self, addr: LinAddr, class: Class, place: FetchPlace, scope: Scope) {
        self.note(addr);
        self.fetches.fill(addr, self.key(class), place, scope);
    }

    /// A page becomes known: what can no longer be kept in mind beside it goes.
    fn note(&mut self, addr: LinAddr) {
        if let Some(displaced) = self.regions.note(addr, self.context) {
            displaced.pages().for_each(|page| self.drop_page(page));
        }
    }

    /// Forgets a page of 2 or 4 MiB: 2 to the power of `size_bits` bytes.
    pub fn drop_large_page(&mut self, addr: LinAddr, size_bits: u8) {
        let start = addr.0 >> size_bits << size_bits;
        for number in 0..1u64 << u32::from(size_bits).saturating_sub(REGION_BITS) {
            let region = self.regions.take(LinAddr(start + (number << REGION_BITS)), self.context);
            region.into_iter().flat_map(Region::pages).for_each(|page| self.drop_page(page));
        }
        self.device_read = NO_DEVICE;
        self.device_write = NO_DEVICE;
    }

    /// Forgets one page, in all directions and for both classes.
    pub fn drop_page(&mut self, addr: LinAddr) {
        // Of an older context or another page that shares the set, no matter.
        if unmark(&mut self.known_read, index(addr)) {
            self.read.drop_page(addr);
        }
        if unmark(&mut self.known_write, index(addr)) {
            self.write.drop_page(addr);
        }
        self.fetches.drop_page(addr);
        self.mixed[mixed_index(addr)] = NO_MIXED;
        self.device_read = NO_DEVICE;
        self.device_write = NO_DEVICE;
    }

    /// Forgets every way to write a frame: it came to hold code, or is watched.
    pub fn drop_writes_to(&mut self, frame: Frame) {
        let arena = self.arena;
        for entry in self.write.entries() {
            if entry.leads_to(frame, arena) {
                *entry = EMPTY;
            }
        }
        for entry in self.mixed.iter_mut().filter(|entry| entry.frame == frame) {
            *entry = NO_MIXED;
        }
    }

    /// Forgets every way to write: dirty marks were taken.
    pub fn flush_writes(&mut self) {
        self.write.entries().for_each(|entry| *entry = EMPTY);
        self.mixed.fill(NO_MIXED);
    }

    /// Forgets everything.
    #[inline]
    pub fn flush(&mut self) {
        self.forget_scopes();
        self.fetches.flush();
        self.context += 1;
        if self.context == CONTEXTS {
            self.empty();
        }
    }

    fn forget_scopes(&mut self) {
        self.global_read.fill(0);
        self.global_write.fill(0);
    }

    /// Forgets everything but newest entries that serve every process context.
    pub fn flush_non_global(&mut self) {
        if self.context + 1 == CONTEXTS {
            return self.flush();
        }
        let step = 1u64 << CLASS_BITS;
        let moved = |tag: u64| if tag == 0 { 0 } else { tag.wrapping_add(step) };
        for set in bits_of(&self.global_read) {
            self.read.newest[set].tag = moved(self.read.newest[set].tag);
        }
        for set in bits_of(&self.global_write) {
            self.write.newest[set].tag = moved(self.write.newest[set].tag);
        }
        self.fetches.flush_non_global(moved);
        self.regions.follow(self.context);
        self.context += 1;
    }

    fn empty(&mut self) {
        self.context = FIRST_CONTEXT;
        self.clear();
    }

    fn clear(&mut self) {
        self.read.entries().for_each(|entry| *entry = EMPTY);
        self.write.entries().for_each(|entry| *entry = EMPTY);
        self.fetches.clear();
        self.device_read = NO_DEVICE;
        self.device_write = NO_DEVICE;
        self.mixed.fill(NO_MIXED);
        self.regions.clear();
        self.forget_scopes();
        self.known_read.fill(0);
        self.known_write.fill(0);
    }
}
