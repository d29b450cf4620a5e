//! Where code can be fetched from, and for how long that may be believed without another look.
//!
//! An epoch of supervisors' fetches, or of users', lasts while nothing that is known of them is forgotten or becomes
//! another. What was found under an epoch holds as long as that lasts.

use super::{CLASS_BITS, Class, OVERRIDE, Scope, bits_of, is_marked, mark, set_bit, unmark};
use crate::{Frame, LinAddr, PAGE_BYTES};

/// Entries; a power of two.
const ENTRIES: usize = 1024;
/// Bits of entries are kept in so many words.
const WORDS: usize = ENTRIES / 64;

/// Whose fetches they are. EFLAGS.AC means nothing to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(usize)]
pub enum Fetcher {
    /// CPL 0 to 2.
    #[default]
    Supervisor = 0,
    /// CPL 3.
    User = 1,
}

const FETCHERS: usize = 2;

impl From<Class> for Fetcher {
    #[inline(always)]
    fn from(class: Class) -> Fetcher {
        match class {
            Class::User => Fetcher::User,
            Class::Supervisor | Class::SupervisorOverride => Fetcher::Supervisor,
        }
    }
}

impl Fetcher {
    /// Whose key it is.
    #[inline(always)]
    pub(super) const fn of_key(key: u64) -> Fetcher {
        if key & Class::User as u64 != 0 { Fetcher::User } else { Fetcher::Supervisor }
    }
}

/// A page that code can be fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchPlace {
    /// Its frame.
    pub frame: Frame,
    /// Its physical page number, before the A20 gate.
    pub physical: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    tag: u64,
    frame: Frame,
    physical: u64,
}

const EMPTY: Entry = Entry { tag: 0, frame: Frame(0), physical: 0 };

/// The bit below tells users' epochs, which are odd, from supervisors'.
const EPOCH_STEP: u32 = 2;
/// None of them is 0.
const FIRST_EPOCHS: [u32; FETCHERS] = [EPOCH_STEP, EPOCH_STEP + 1];
/// From here on there are no more epochs.
const LAST_EPOCH: u32 = u32::MAX - 1;

pub(super) struct Fetches {
    entries: [Entry; ENTRIES],
    epochs: [u32; FETCHERS],
    /// Supervisors' entries may serve one process context alone.
    local_supervisor: bool,
    /// A bit for each entry that serves every process context.
    global: [u64; WORDS],
    /// A bit for each entry that may know something.
    known: [u64; WORDS],
}

impl Default for Fetches {
    fn default() -> Fetches {
        Fetches {
            entries: [EMPTY; ENTRIES],
            epochs: FIRST_EPOCHS,
            local_supervisor: false,
            global: [0; WORDS],
            known: [0; WORDS],
        }
    }
}

/// A page that both run has a place for each.
const fn index(addr: LinAddr, fetcher: Fetcher) -> usize {
    let page = addr.page();
    (page ^ page >> 10 ^ (fetcher as u64) << 9) as usize & (ENTRIES - 1)
}

impl Fetches {
    #[inline(always)]
    pub(super) fn find(&self, addr: LinAddr, key: u64) -> Option<FetchPlace> {
        let entry = &self.entries[index(addr, Fetcher::of_key(key))];
        let tag = addr.0 & !(PAGE_BYTES - 1) | key & !OVERRIDE;
        (entry.tag == tag).then_some(FetchPlace { frame: entry.frame, physical: entry.physical })
    }

    #[inline(always)]
    pub(super) fn epoch(&self, fetcher: Fetcher) -> u32 {
        self.epochs[fetcher as usize]
    }

    pub(super) fn is_last(epoch: u32) -> bool {
        epoch >= LAST_EPOCH
    }

    pub(super) fn has_last_epoch(&self) -> bool {
        self.epochs.into_iter().any(Fetches::is_last)
    }

    pub(super) fn spend_epochs(&mut self) {
        self.epochs = FIRST_EPOCHS.map(|first| LAST_EPOCH | first & 1);
    }

    pub(super) fn begin_epochs(&mut self) {
        self.epochs = FIRST_EPOCHS;
    }

    fn end_epoch(&mut self, fetcher: Fetcher) {
        let epoch = &mut self.epochs[fetcher as usize];
        if !Fetches::is_last(*epoch) {
            *epoch += EPOCH_STEP;
        }
    }

    fn end_epochs(&mut self) {
        self.end_epoch(Fetcher::Supervisor);
        self.end_epoch(Fetcher::User);
        self.local_supervisor = false;
    }

    /// Takes in a page under a key of the context of now.
    pub(super) fn fill(&mut self, addr: LinAddr, key: u64, place: FetchPlace, scope: Scope) {
        let key = key & !OVERRIDE;
        let fetcher = Fetcher::of_key(key);
        let number = index(addr, fetcher);
        let entry = Entry { tag: addr.0 & !(PAGE_BYTES - 1) | key, frame: place.frame, physical: place.physical };
        set_bit(&mut self.global, number, scope);
        mark(&mut self.known, number);
        self.local_supervisor |= fetcher == Fetcher::Supervisor && scope == Scope::Context;
        let old = std::mem::replace(&mut self.entries[number], entry);
        if old != entry && is_of_context(old.tag, key) {
            self.end_epoch(Fetcher::of_key(old.tag));
        }
    }

    /// Forgets a page for both. Other pages that share its entries may stay: code is better not looked up again.
    pub(super) fn drop_page(&mut self, addr: LinAddr) {
        for fetcher in [Fetcher::Supervisor, Fetcher::User] {
            let number = index(addr, fetcher);
            if is_marked(&self.known, number) && self.entries[number].tag / PAGE_BYTES == addr.page() {
                unmark(&mut self.known, number);
                self.entries[number] = EMPTY;
                self.end_epoch(fetcher);
            }
        }
    }

    /// The owner's context is another from now on.
    pub(super) fn flush(&mut self) {
        self.global.fill(0);
        self.end_epochs();
    }

    /// The owner's context is the next one from now on: what serves every process context goes along.
    pub(super) fn flush_non_global(&mut self, moved: impl Fn(u64) -> u64) {
        for number in bits_of(&self.global) {
            self.entries[number].tag = moved(self.entries[number].tag);
        }
        self.end_epoch(Fetcher::User);
        if std::mem::take(&mut self.local_supervisor) {
            self.end_epoch(Fetcher::Supervisor);
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(EMPTY);
        self.global.fill(0);
        self.known.fill(0);
        self.end_epochs();
    }
}

/// True if a tag is not empty, nor one from before the last flush.
fn is_of_context(tag: u64, key: u64) -> bool {
    tag != 0 && (tag % PAGE_BYTES) >> CLASS_BITS == key >> CLASS_BITS
}
