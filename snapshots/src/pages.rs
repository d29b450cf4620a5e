//! Taking pages from a snapshot: in their order, or one by one as they are asked for.

use std::cell::RefCell;

use crate::format::{CHUNK_PAGES, StoreEntry};
use crate::{Error, PAGE_SIZE, Page, Snapshot};

const CACHED_CHUNKS: usize = 16;

/// Chunks unpacked lately, each at its number modulo [`CACHED_CHUNKS`]: a page that shares its
/// content with an earlier one must not cost two chunks.
#[derive(Debug, Default)]
struct Unpacked {
    chunks: [CachedChunk; CACHED_CHUNKS],
    /// Room for a chunk as it lies in the file.
    stored: Vec<u8>,
}

#[derive(Debug, Default)]
struct CachedChunk {
    held: Option<usize>,
    content: Vec<u8>,
}

impl Unpacked {
    fn page(&mut self, snapshot: &Snapshot, slot: u32) -> Result<&Page, Error> {
        let (chunk, place) = (slot as usize / CHUNK_PAGES, slot as usize % CHUNK_PAGES);
        let cached = &mut self.chunks[chunk % CACHED_CHUNKS];
        if cached.held != Some(chunk) {
            // What does not unpack must not be taken for pages later.
            cached.held = None;
            snapshot.unpack_chunk(chunk, &mut self.stored, &mut cached.content)?;
            cached.held = Some(chunk);
        }
        Ok(cached.content[place * PAGE_SIZE..].first_chunk().expect("chunks hold whole pages"))
    }
}

/// The pages of a snapshot, in any order. See [`Snapshot::finish_lazily`].
#[derive(Debug)]
pub struct LazyPages {
    snapshot: Snapshot,
    unpacked: RefCell<Unpacked>,
}

impl LazyPages {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, unpacked: RefCell::default() }
    }

    /// Fills a page of a store: zeros if the store does not hold it, or does not exist. Nothing of what went before an
    /// error is lost: the next page may come.
    pub fn page(&self, store: &str, index: u64, page: &mut Page) -> Result<(), Error> {
        let slot = self.snapshot.page_map(store).and_then(|map| map.slot_of(index));
        match slot {
            Some(slot) => *page = *self.unpacked.borrow_mut().page(&self.snapshot, slot)?,
            None => page.fill(0),
        }
        Ok(())
    }
}

/// The pages of a store, ascending. See [`Snapshot::pages`].
#[derive(Debug)]
pub struct Pages<'a> {
    snapshot: &'a Snapshot,
    store: &'a StoreEntry,
    /// The run and the page in it that come next.
    run: usize,
    offset: u32,
    unpacked: Unpacked,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, store: &'a StoreEntry) -> Self {
        Self { snapshot, store, run: 0, offset: 0, unpacked: Unpacked::default() }
    }

    /// The size of the address space, in pages. A file may claim any size up to
    /// [`MAX_PAGE_COUNT`](crate::MAX_PAGE_COUNT): compare it with the machine's before believing it.
    pub fn page_count(&self) -> u64 {
        self.store.map.page_count
    }

    /// How many pages are not zero.
    pub fn mapped(&self) -> u64 {
        self.store.map.mapped()
    }

    /// The next page that is not zero, with its index.
    pub fn next_page(&mut self) -> Result<Option<(u64, &Page)>, Error> {
        let Some(run) = self.store.map.runs().get(self.run) else {
            return Ok(None);
        };
        let (page, slot) = run.at(self.offset);
        self.offset += 1;
        if self.offset == run.len {
            (self.run, self.offset) = (self.run + 1, 0);
        }
        Ok(Some((page, self.unpacked.page(self.snapshot, slot)?)))
    }

    /// The pages that are not zero, as their first index and how many follow each other.
    pub fn spans(&self) -> impl Iterator<Item = (u64, u32)> {
        self.store.map.spans()
    }
}
