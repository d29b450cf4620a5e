//! Building a snapshot file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::format::{
    ChunkEntry, Directory, HASH_LEN, HEADER_LEN, Header, MAX_MAPPED_PAGES, MAX_PAGE_COUNT, SectionEntry, StoreEntry,
    check_name,
};
use crate::page_map::PageMap;
use crate::pool::{PagePool, is_zero};
use crate::{Error, Page, Snapshot, StateHash, codec, replace_file};

/// Collects sections and page stores, then writes them as one file.
///
/// Sections may come in any order. Page stores must come in ascending order of their names, and
/// pages in ascending order of their indexes: the order of pages decides how they are compressed,
/// and the same state must give the same bytes.
#[derive(Clone, Debug, Default)]
pub struct SnapshotWriter {
    sections: BTreeMap<String, (u16, Vec<u8>)>,
    stores: Vec<StoreEntry>,
    mapped: u64,
    pool: PagePool,
    /// What the base has, where only differences are kept.
    base: Option<Base>,
}

/// A snapshot that another one keeps the differences to.
#[derive(Clone, Debug)]
struct Base {
    root: StateHash,
    /// Of each store its size, and the BLAKE3 of its pages that were not given yet.
    stores: BTreeMap<String, (u64, BTreeMap<u64, StateHash>)>,
}

impl SnapshotWriter {
    /// An empty snapshot.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty snapshot that will keep only the pages that differ from those of `base`. Sections are small, and kept whole.
    /// Who reads it needs the base's file: see [`Snapshot::open`]. Fails on pages of the base that do not unpack.
    pub fn on(base: &Snapshot) -> Result<Self, Error> {
        let hashes = base.slot_hashes()?;
        let stores = base.layout.directory.stores.iter().map(|store| {
            let pages = store.map.iter().map(|(page, slot)| (page, hashes[slot as usize])).collect();
            (store.name.clone(), (store.map.page_count, pages))
        });
        let base = Base { root: base.layout.root, stores: stores.collect() };
        Ok(Self { base: Some(base), ..Self::default() })
    }

    /// Adds a value as section `name` in the given version of its type.
    ///
    /// Fails on a malformed or repeated name, and on values that [`codec::encode`] refuses.
    pub fn section<T: Serialize>(&mut self, name: &str, version: u16, value: &T) -> Result<(), Error> {
        let bytes = codec::encode(value).map_err(|error| error.in_section(name, version))?;
        self.section_bytes(name, version, bytes)
    }

    /// Adds a section whose value is encoded already.
    pub fn section_bytes(&mut self, name: &str, version: u16, bytes: Vec<u8>) -> Result<(), Error> {
        check_name(name, None).map_err(|problem| refused(name, problem))?;
        if self.sections.contains_key(name) {
            return Err(refused(name, "the snapshot has this section already"));
        }
        self.sections.insert(name.to_owned(), (version, bytes));
        Ok(())
    }

    /// Adds page store `name`: an address space of `page_count` pages with the given contents, the
    /// rest of it zero. See [`SnapshotWriter::store`].
    pub fn pages<'a, I>(&mut self, name: &str, page_count: u64, pages: I) -> Result<(), Error>
    where
        I: IntoIterator<Item = (u64, &'a Page)>,
    {
        let mut store = self.store(name, page_count)?;
        pages.into_iter().try_for_each(|(index, page)| store.page(index, page))
    }

    /// Begins page store `name`, for pages that are handed over one by one.
    ///
    /// Fails on a malformed name, names that do not ascend, and more than
    /// [`MAX_PAGE_COUNT`](crate::MAX_PAGE_COUNT) pages.
    pub fn store(&mut self, name: &str, page_count: u64) -> Result<StoreWriter<'_>, Error> {
        let previous = self.stores.last().map(|store| store.name.as_str());
        check_name(name, previous).map_err(|problem| refused(name, problem))?;
        if page_count > MAX_PAGE_COUNT {
            return Err(refused(name, "the store has more pages than any address space"));
        }
        self.stores.push(StoreEntry { name: name.to_owned(), map: PageMap::new(page_count) });
        Ok(StoreWriter { writer: self })
    }

    /// The whole file in memory.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("a Vec takes every write");
        bytes
    }

    /// Writes the file crash-safely: see [`replace_file`].
    pub fn write_to(&self, path: &Path) -> Result<(), Error> {
        replace_file(path, |out| self.write(out))
    }

    /// Writes the file's bytes to `out`, for callers with a place of their own to put them.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (chunks, full_chunks, last_chunk) = self.pool.chunks();
        let directory = self.directory(chunks);
        let payload_len = directory.payload_len().expect("bytes held in memory have a length");
        let directory = directory.encode();
        let header = Header {
            directory_len: directory.len() as u64,
            file_len: (HEADER_LEN + directory.len() + HASH_LEN) as u64 + payload_len,
            base: self.base.as_ref().map(|base| *base.root.as_bytes()),
        };
        let header = header.encode();
        let root = blake3::Hasher::new().update(&header).update(&directory).finalize();
        out.write_all(&header)?;
        out.write_all(&directory)?;
        for (_, bytes) in self.sections.values() {
            out.write_all(bytes)?;
        }
        out.write_all(full_chunks)?;
        out.write_all(&last_chunk)?;
        out.write_all(root.as_bytes())
    }

    fn directory(&self, chunks: Vec<ChunkEntry>) -> Directory {
        let section = |(name, (version, bytes)): (&String, &(u16, Vec<u8>))| SectionEntry {
            name: name.clone(),
            version: *version,
            len: bytes.len() as u64,
            check: blake3::hash(bytes),
        };
        Directory {
            sections: self.sections.iter().map(section).collect(),
            stores: self.stores.iter().map(|store| self.with_zeros(store)).collect(),
            slot_count: self.pool.slot_count(),
            chunks,
        }
    }
}

impl SnapshotWriter {
    /// Pages of the base that were not given again are zero now.
    fn with_zeros(&self, store: &StoreEntry) -> StoreEntry {
        let left = self.base.as_ref().and_then(|base| base.stores.get(&store.name));
        match left.filter(|(page_count, pages)| *page_count == store.map.page_count && !pages.is_empty()) {
            Some((_, pages)) => {
                StoreEntry { name: store.name.clone(), map: store.map.with_zeros(pages.keys().copied()) }
            }
            None => store.clone(),
        }
    }
}

/// Takes the pages of one store.
#[derive(Debug)]
pub struct StoreWriter<'a> {
    writer: &'a mut SnapshotWriter,
}

impl StoreWriter<'_> {
    /// Adds a page. Zero pages may be given or left out. Fails if the index does not ascend or lies
    /// outside the store, and leaves the store as it was.
    pub fn page(&mut self, index: u64, page: &Page) -> Result<(), Error> {
        let SnapshotWriter { stores, mapped, pool, base, .. } = &mut *self.writer;
        let store = stores.last_mut().expect("the store this was made for");
        store.map.check(&store.name, index)?;
        if is_zero(page) {
            return Ok(());
        }
        let identity = StateHash::of(page);
        let same_size = |(page_count, _): &&mut (u64, _)| *page_count == store.map.page_count;
        let below = base.as_mut().and_then(|base| base.stores.get_mut(&store.name)).filter(same_size);
        if below.and_then(|(_, pages)| pages.remove(&index)) == Some(identity) {
            return Ok(());
        }
        let Some(slot) = pool.slot(*identity.as_bytes(), page).filter(|_| *mapped < MAX_MAPPED_PAGES) else {
            let problem = "is one more than a snapshot can hold";
            return Err(Error::PageIndex { store: store.name.clone(), index, problem });
        };
        store.map.push(index, slot);
        *mapped += 1;
        Ok(())
    }
}

fn refused(name: &str, problem: &'static str) -> Error {
    Error::Name { name: name.to_owned(), problem }
}
