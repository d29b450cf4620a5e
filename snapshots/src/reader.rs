//! Reading a snapshot file: checked whole when it is opened, then taken part by part.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::format::{CHUNK_PAGES, Directory, HASH_LEN, HEADER_LEN, Header, SectionEntry, StoreEntry};
use crate::page_map::PageMap;
use crate::pool::unseal;
use crate::{Error, HashTree, PAGE_SIZE, Page, PageTree, Part, StateHash, codec};

/// An open snapshot. Every check in the file is good; what is left to find on the way are values
/// and pages that a forger encoded wrongly under good checks.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) layout: Layout,
    bytes: Vec<u8>,
    taken: BTreeSet<String>,
}

/// The directory of a file with good root hash, and where everything lies.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) directory: Directory,
    pub(crate) root: StateHash,
    sections: Vec<Range<usize>>,
    chunks: Vec<Range<usize>>,
}

impl Layout {
    /// Checks everything but the bytes of sections and chunks.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, Error> {
        let header = Header::decode(file)?;
        header.check_lengths(file.len() as u64)?;
        let directory_end = HEADER_LEN + header.directory_len as usize;
        let (tables, rest) = file.split_at(directory_end);
        let (payload, root) = rest.split_at(rest.len() - HASH_LEN);
        let damaged = |problem| Error::Damaged { part: Part::Directory, offset: HEADER_LEN as u64, problem };
        if blake3::hash(tables).as_bytes() != root {
            return Err(damaged("and the header do not match the root hash at the end of the file"));
        }
        let directory = Directory::decode(&tables[HEADER_LEN..])?;
        if directory.payload_len() != Some(payload.len() as u64) {
            return Err(damaged("describes more or less bytes than the file has"));
        }
        let (sections, chunks) = directory.spans(directory_end);
        let root = StateHash::from_bytes(std::array::from_fn(|at| root[at]));
        Ok(Self { directory, root, sections, chunks })
    }

    /// The bytes of a section, if they match their check.
    pub(crate) fn section<'a>(&self, file: &'a [u8], index: usize) -> Result<&'a [u8], Error> {
        let bytes = &file[self.sections[index].clone()];
        let entry = &self.directory.sections[index];
        if blake3::hash(bytes) == entry.check {
            return Ok(bytes);
        }
        let offset = self.sections[index].start as u64;
        Err(Error::Damaged { part: Part::Section(entry.name.clone()), offset, problem: "is damaged" })
    }

    /// The bytes of a chunk as they lie in the file, if they match their check.
    pub(crate) fn chunk<'a>(&self, file: &'a [u8], index: usize) -> Result<&'a [u8], Error> {
        let bytes = &file[self.chunks[index].clone()];
        match blake3::hash(bytes) == self.directory.chunks[index].check {
            true => Ok(bytes),
            false => Err(self.damaged_chunk(index, "is damaged")),
        }
    }

    /// The pages of a chunk.
    pub(crate) fn chunk_content(&self, file: &[u8], index: usize) -> Result<Vec<u8>, Error> {
        unseal(&file[self.chunks[index].clone()], self.directory.chunk_content_len(index))
            .ok_or_else(|| self.damaged_chunk(index, "does not decompress"))
    }

    fn damaged_chunk(&self, index: usize, problem: &'static str) -> Error {
        let first_slot = (index * CHUNK_PAGES) as u64;
        let slots = first_slot..first_slot + CHUNK_PAGES as u64;
        let mut stores = self.directory.stores.iter();
        let (store, (first, last)) = stores
            .find_map(|store| Some((store, store.map.pages_in(&slots)?)))
            .expect("the directory has no slot without a page");
        let part = Part::Pages { store: store.name.clone(), first, last };
        Error::Damaged { part, offset: self.chunks[index].start as u64, problem }
    }
}

impl Snapshot {
    /// Reads and checks the file at `path`. Errors name the file. What is no snapshot is refused
    /// before more than its beginning is read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let open = || Self::from_bytes(read_file(path)?);
        open().map_err(|error| error.in_file(path))
    }

    /// Checks a file held in memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        let layout = Layout::parse(&bytes)?;
        for index in 0..layout.sections.len() {
            layout.section(&bytes, index)?;
        }
        for index in 0..layout.chunks.len() {
            layout.chunk(&bytes, index)?;
        }
        Ok(Self { layout, bytes, taken: BTreeSet::new() })
    }

    /// Takes the value of section `name`, whose type is at `version` and has no older versions that
    /// can be read. Any other version, a missing section, and bytes that do not decode are errors.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str, version: u16) -> Result<T, Error> {
        self.take_or_upgrade(name, version, |old| old.refuse())
    }

    /// Like [`Snapshot::take`], but gives a section of an older version to `upgrade`.
    pub fn take_or_upgrade<T: DeserializeOwned>(
        &mut self,
        name: &str,
        version: u16,
        upgrade: impl FnOnce(OldSection<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let missing = || Error::MissingSection { name: name.to_owned(), version };
        let (found, bytes) = self.section(name).ok_or_else(missing)?;
        let old = OldSection { name, version: found, current: version, bytes };
        let value = match found.cmp(&version) {
            Ordering::Equal => old.decode()?,
            Ordering::Less => upgrade(old)?,
            Ordering::Greater => old.refuse()?,
        };
        self.taken.insert(section_key(name));
        Ok(value)
    }

    /// Takes page store `name`: its size, and its pages that are not zero.
    pub fn pages(&mut self, name: &str) -> Result<Pages<'_>, Error> {
        let missing = || Error::MissingStore { name: name.to_owned() };
        let store = self.layout.directory.stores.iter().find(|store| store.name == name).ok_or_else(missing)?;
        self.taken.insert(store_key(name));
        Ok(Pages::new(self, store))
    }

    /// Ends the reading. Fails if the file has sections or page stores that nobody took: state that
    /// would be lost silently.
    pub fn finish(self) -> Result<(), Error> {
        let Directory { sections, stores, .. } = &self.layout.directory;
        let sections = sections.iter().filter(|section| !self.taken.contains(&section_key(&section.name)));
        let stores = stores.iter().filter(|store| !self.taken.contains(&store_key(&store.name)));
        let left: Vec<String> = sections
            .map(|section| format!("section \"{}\" version {}", section.name, section.version))
            .chain(stores.map(|store| format!("page store \"{}\"", store.name)))
            .collect();
        if left.is_empty() { Ok(()) } else { Err(Error::Unknown(left)) }
    }

    /// The version and encoded value of section `name`, without taking it.
    pub fn section(&self, name: &str) -> Option<(u16, &[u8])> {
        let index = self.layout.directory.sections.iter().position(|section| section.name == name)?;
        Some((self.layout.directory.sections[index].version, &self.bytes[self.layout.sections[index].clone()]))
    }

    /// The hashes of all parts, as the machine that was saved had them: the file's sections by their
    /// versions in the file, and its page stores.
    pub fn hash_tree(&self) -> Result<HashTree, Error> {
        let mut tree = HashTree::new();
        for SectionEntry { name, version, check, .. } in &self.layout.directory.sections {
            tree.section_hash(name, *version, StateHash::from_bytes(*check.as_bytes()));
        }
        let hashes = self.slot_hashes()?;
        for store in &self.layout.directory.stores {
            let mut pages = PageTree::new(store.map.page_count);
            store.map.iter().for_each(|(page, slot)| pages.update_hash(page, hashes[slot as usize]));
            tree.store(&store.name, pages.root());
        }
        Ok(tree)
    }

    pub(crate) fn file_len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn page_map(&self, store: &str) -> Option<&PageMap> {
        self.layout.directory.stores.iter().find(|entry| entry.name == store).map(|entry| &entry.map)
    }

    /// The BLAKE3 of each distinct page content, by slot.
    pub(crate) fn slot_hashes(&self) -> Result<Vec<StateHash>, Error> {
        let mut hashes = Vec::new();
        for index in 0..self.layout.chunks.len() {
            let content = self.layout.chunk_content(&self.bytes, index)?;
            hashes.extend(content.chunks_exact(PAGE_SIZE).map(StateHash::of));
        }
        Ok(hashes)
    }
}

/// The bytes at `path`, and one more than the header promises if the file goes on.
fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let mut file = File::open(path).map_err(Error::Read)?;
    let mut bytes = Vec::new();
    file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut bytes).map_err(Error::Read)?;
    let rest = Header::decode(&bytes)?.file_len.saturating_sub(bytes.len() as u64);
    file.take(rest.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::Read)?;
    Ok(bytes)
}

/// Sections and stores may share a name.
fn section_key(name: &str) -> String {
    format!("section {name}")
}

fn store_key(name: &str) -> String {
    format!("store {name}")
}

/// A section whose version is not the one known here.
#[derive(Clone, Copy, Debug)]
pub struct OldSection<'a> {
    name: &'a str,
    version: u16,
    current: u16,
    bytes: &'a [u8],
}

impl OldSection<'_> {
    /// The version in the file.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The value, read as the type of that version.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        codec::decode(self.bytes).map_err(|error| error.in_section(self.name, self.version))
    }

    /// The error that names the section and both versions.
    pub fn refuse<T>(self) -> Result<T, Error> {
        Err(Error::SectionVersion { name: self.name.to_owned(), found: self.version, known: self.current })
    }
}

const CACHED_CHUNKS: usize = 16;

/// The pages of a store, ascending. See [`Snapshot::pages`].
#[derive(Debug)]
pub struct Pages<'a> {
    snapshot: &'a Snapshot,
    store: &'a StoreEntry,
    /// The run and the page in it that come next.
    run: usize,
    offset: u32,
    /// Chunks unpacked lately, each at its number modulo [`CACHED_CHUNKS`]: a page that shares its
    /// content with an earlier one must not cost two chunks.
    unpacked: [Option<(usize, Vec<u8>)>; CACHED_CHUNKS],
}

impl<'a> Pages<'a> {
    fn new(snapshot: &'a Snapshot, store: &'a StoreEntry) -> Self {
        Self { snapshot, store, run: 0, offset: 0, unpacked: std::array::from_fn(|_| None) }
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
        let content = self.chunk_content(slot as usize / CHUNK_PAGES)?;
        let content = &content[slot as usize % CHUNK_PAGES * PAGE_SIZE..];
        Ok(Some((page, content.first_chunk().expect("chunks hold whole pages"))))
    }

    fn chunk_content(&mut self, chunk: usize) -> Result<&[u8], Error> {
        let cached = &mut self.unpacked[chunk % CACHED_CHUNKS];
        if cached.as_ref().is_none_or(|(held, _)| *held != chunk) {
            *cached = Some((chunk, self.snapshot.layout.chunk_content(&self.snapshot.bytes, chunk)?));
        }
        let (_, content) = cached.as_ref().expect("the chunk was just put here");
        Ok(content)
    }
}
