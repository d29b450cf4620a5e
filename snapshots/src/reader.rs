//! Reading a snapshot file: checked whole when it is opened, then taken part by part.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::file::SnapshotFile;
use crate::format::{CHUNK_PAGES, Directory, HASH_LEN, HEADER_LEN, Header, MAX_MAPPED_PAGES, SectionEntry};
use crate::page_map::PageMap;
use crate::pages::{LazyPages, Pages};
use crate::pool::unseal;
use crate::{Error, HashTree, PAGE_SIZE, PageTree, Part, StateHash, codec};

/// An open snapshot. Every check in the file is good, or will be looked at when a page is taken if it was opened lazily;
/// what is left to find on the way are values and pages that a forger encoded wrongly under good checks.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) layout: Layout,
    /// The file, and in front of it those that it is based on, the farthest first.
    files: Vec<SnapshotFile>,
    taken: BTreeSet<String>,
}

/// The directory of a file with good root hash, and where everything lies. Of a file that keeps differences the stores
/// become those that it stands for, once its base is there.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) directory: Directory,
    pub(crate) root: StateHash,
    /// The root hash of the base.
    pub(crate) base: Option<StateHash>,
    sections: Vec<Range<usize>>,
    pub(crate) chunks: Vec<Chunk>,
}

/// Where a chunk lies.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// Its file, by number.
    file: usize,
    span: Range<usize>,
    check: blake3::Hash,
    content_len: usize,
}

impl Chunk {
    /// Pages in it.
    pub(crate) fn pages(&self) -> usize {
        self.content_len / PAGE_SIZE
    }

    /// Bytes that it takes in its file.
    pub(crate) fn len(&self) -> usize {
        self.span.len()
    }
}

impl Layout {
    /// Checks everything but the bytes of sections and chunks.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, Error> {
        let header = Header::decode(file)?;
        header.check_lengths(file.len() as u64)?;
        let (tables, rest) = file.split_at(HEADER_LEN + header.directory_len as usize);
        let (payload, root) = rest.split_at(rest.len() - HASH_LEN);
        Self::of(&header, tables, payload.len() as u64, root)
    }

    /// As [`Layout::parse`], from the bytes in front of the sections and the root hash behind the chunks.
    pub(crate) fn of(header: &Header, tables: &[u8], payload_len: u64, root: &[u8]) -> Result<Self, Error> {
        let damaged = |problem| Error::Damaged { part: Part::Directory, offset: HEADER_LEN as u64, problem };
        if blake3::hash(tables).as_bytes() != root {
            return Err(damaged("and the header do not match the root hash at the end of the file"));
        }
        let directory = Directory::decode(&tables[HEADER_LEN..])?;
        if header.base.is_none() && directory.names_zeros() {
            return Err(damaged("names pages of zeros, and there is no base where they are something else"));
        }
        if directory.payload_len() != Some(payload_len) {
            return Err(damaged("describes more or less bytes than the file has"));
        }
        let (sections, spans) = directory.spans(tables.len());
        let chunk = |(index, span): (usize, Range<usize>)| Chunk {
            file: 0,
            span,
            check: directory.chunks[index].check,
            content_len: directory.chunk_content_len(index),
        };
        let chunks = spans.into_iter().enumerate().map(chunk).collect();
        let root = StateHash::from_bytes(std::array::from_fn(|at| root[at]));
        Ok(Self { directory, root, base: header.base.map(StateHash::from_bytes), sections, chunks })
    }

    /// Becomes what the file stands for on its base, which lies in so many files.
    fn put_on(&mut self, base: Layout, files: usize) -> Result<(), Error> {
        // The last chunk of the base may have room left: no slot names that.
        let first_slot = base.chunks.len() * CHUNK_PAGES;
        let slots = first_slot + self.directory.slot_count as usize;
        let too_many = || Error::Damaged {
            part: Part::Directory,
            offset: HEADER_LEN as u64,
            problem: "has, with its base, more pages than a snapshot may hold",
        };
        self.directory.slot_count = u32::try_from(slots).map_err(|_| too_many())?;
        for store in &mut self.directory.stores {
            let below = base.directory.stores.iter().find(|below| below.name == store.name);
            let below = below.map(|below| &below.map).filter(|map| map.page_count == store.map.page_count);
            let nothing = PageMap::new(store.map.page_count);
            // Checked above: all slots fit.
            store.map = store.map.over(below.unwrap_or(&nothing), first_slot as u32);
        }
        if self.directory.stores.iter().map(|store| store.map.mapped()).sum::<u64>() > MAX_MAPPED_PAGES {
            return Err(too_many());
        }
        let own = std::mem::replace(&mut self.chunks, base.chunks);
        self.chunks.extend(own.into_iter().map(|chunk| Chunk { file: files, ..chunk }));
        Ok(())
    }

    /// Where the last section ends.
    pub(crate) fn sections_end(&self) -> usize {
        let none = HEADER_LEN + self.directory.encode().len();
        self.sections.last().map_or(none, |span| span.end)
    }

    /// Checks all sections of a file that begins with these bytes.
    pub(crate) fn check_sections(&self, begin: &[u8]) -> Result<(), Error> {
        (0..self.sections.len()).try_for_each(|index| self.section(begin, index).map(drop))
    }

    /// The bytes of a section, if they match their check.
    pub(crate) fn section<'a>(&self, file: &'a [u8], index: usize) -> Result<&'a [u8], Error> {
        let bytes = file.get(self.sections[index].clone());
        let entry = &self.directory.sections[index];
        if let Some(bytes) = bytes.filter(|bytes| blake3::hash(bytes) == entry.check) {
            return Ok(bytes);
        }
        let offset = self.sections[index].start as u64;
        Err(Error::Damaged { part: Part::Section(entry.name.clone()), offset, problem: "is damaged" })
    }

    /// The bytes of a chunk as they lie in the file, if they match their check.
    pub(crate) fn chunk<'a>(&self, file: &'a [u8], index: usize) -> Result<&'a [u8], Error> {
        let bytes = &file[self.chunks[index].span.clone()];
        self.check_chunk(bytes, index).map(|()| bytes)
    }

    fn check_chunk(&self, bytes: &[u8], index: usize) -> Result<(), Error> {
        match blake3::hash(bytes) == self.chunks[index].check {
            true => Ok(()),
            false => Err(self.damaged_chunk(index, "is damaged")),
        }
    }

    /// The pages of a chunk of a file in memory.
    pub(crate) fn chunk_content(&self, file: &[u8], index: usize) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.unpack(&file[self.chunks[index].span.clone()], index, &mut content)?;
        Ok(content)
    }

    fn unpack(&self, bytes: &[u8], index: usize, content: &mut Vec<u8>) -> Result<(), Error> {
        content.resize(self.chunks[index].content_len, 0);
        unseal(bytes, content).ok_or_else(|| self.damaged_chunk(index, "does not decompress"))
    }

    fn damaged_chunk(&self, index: usize, problem: &'static str) -> Error {
        let first_slot = (index * CHUNK_PAGES) as u64;
        let slots = first_slot..first_slot + CHUNK_PAGES as u64;
        let mut stores = self.directory.stores.iter();
        let found = stores.find_map(|store| Some((store, store.map.pages_in(&slots)?)));
        // A chunk of a base may have no page left.
        let part = found.map_or(Part::Directory, |(store, (first, last))| Part::Pages {
            store: store.name.clone(),
            first,
            last,
        });
        Error::Damaged { part, offset: self.chunks[index].span.start as u64, problem }
    }
}

impl Snapshot {
    /// Reads and checks the file at `path`. Errors name the file. What is no snapshot is refused
    /// before more than its beginning is read. The base of a file that keeps differences is looked for by its root hash
    /// in the same folder, whatever its name is.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, MOST_FILES, |path| Self::check(read_file(path)?))
    }

    /// Opens the file at `path` without reading its pages: tables and sections are checked now, each page when it is
    /// taken. The file must stay as it is while the snapshot is used; what changes is refused then.
    pub fn open_lazily(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, MOST_FILES, |path| {
            let (layout, file) = SnapshotFile::lazily(path)?;
            Ok(Self { layout, files: vec![file], taken: BTreeSet::new() })
        })
    }

    fn open_with(path: &Path, files_left: usize, read: fn(&Path) -> Result<Self, Error>) -> Result<Self, Error> {
        let open = || {
            let own = read(path)?;
            let Some(root) = own.layout.base else { return Ok(own) };
            if files_left <= 1 {
                return Err(Error::Chain { most: MOST_FILES });
            }
            let base = find_base(folder_of(path), &root).ok_or(Error::MissingBase { root })?;
            own.put_on(Self::open_with(&base, files_left - 1, read)?)
        };
        open().map_err(|error| error.in_file(path))
    }

    /// Checks a file held in memory, which stands for itself.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        let own = Self::check(bytes)?;
        match own.layout.base {
            Some(root) => Err(Error::MissingBase { root }),
            None => Ok(own),
        }
    }

    /// Checks a file held in memory that keeps what differs from `base`.
    pub fn from_bytes_on(bytes: Vec<u8>, base: Snapshot) -> Result<Self, Error> {
        let own = Self::check(bytes)?;
        match own.layout.base {
            Some(root) if root != base.layout.root => Err(Error::MissingBase { root }),
            Some(_) => own.put_on(base),
            None => Ok(own),
        }
    }

    fn put_on(mut self, base: Snapshot) -> Result<Self, Error> {
        let Snapshot { layout, mut files, .. } = base;
        self.layout.put_on(layout, files.len())?;
        files.append(&mut self.files);
        Ok(Self { files, ..self })
    }

    fn check(bytes: Vec<u8>) -> Result<Self, Error> {
        let layout = Layout::parse(&bytes)?;
        layout.check_sections(&bytes)?;
        for index in 0..layout.chunks.len() {
            layout.chunk(&bytes, index)?;
        }
        Ok(Self { layout, files: vec![SnapshotFile::whole(bytes)], taken: BTreeSet::new() })
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
        self.check_finished()
    }

    /// As [`Snapshot::finish`], for whoever takes the pages one by one later.
    pub fn finish_lazily(self) -> Result<LazyPages, Error> {
        self.check_finished()?;
        Ok(LazyPages::new(self))
    }

    fn check_finished(&self) -> Result<(), Error> {
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
        Some((
            self.layout.directory.sections[index].version,
            &self.own_file().begin()[self.layout.sections[index].clone()],
        ))
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
        self.own_file().len()
    }

    fn own_file(&self) -> &SnapshotFile {
        self.files.last().expect("a snapshot lies in a file")
    }

    /// The chunks of the file itself, without those of its base.
    pub(crate) fn own_chunks(&self) -> impl Iterator<Item = &Chunk> {
        let own = self.files.len() - 1;
        self.layout.chunks.iter().filter(move |chunk| chunk.file == own)
    }

    /// The root hash, which names the file.
    pub fn root(&self) -> StateHash {
        self.layout.root
    }

    pub(crate) fn chunk_content(&self, index: usize) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.unpack_chunk(index, &mut Vec::new(), &mut content)?;
        Ok(content)
    }

    /// Fills `content` with the pages of a chunk; `room` is for its bytes as they lie in the file.
    pub(crate) fn unpack_chunk(&self, index: usize, room: &mut Vec<u8>, content: &mut Vec<u8>) -> Result<(), Error> {
        let chunk = &self.layout.chunks[index];
        let file = &self.files[chunk.file];
        let mut unpack = || {
            let bytes = file.chunk(chunk.span.clone(), room)?;
            if !file.is_checked() {
                self.layout.check_chunk(bytes, index)?;
            }
            self.layout.unpack(bytes, index, content)
        };
        unpack().map_err(|error| file.named(error))
    }

    pub(crate) fn page_map(&self, store: &str) -> Option<&PageMap> {
        self.layout.directory.stores.iter().find(|entry| entry.name == store).map(|entry| &entry.map)
    }

    /// The BLAKE3 of each distinct page content, by slot.
    pub(crate) fn slot_hashes(&self) -> Result<Vec<StateHash>, Error> {
        let mut hashes = Vec::new();
        for index in 0..self.layout.chunks.len() {
            hashes.extend(self.chunk_content(index)?.chunks_exact(PAGE_SIZE).map(StateHash::of));
            hashes.resize((index + 1) * CHUNK_PAGES, StateHash::default());
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

/// Files that one snapshot may be spread over.
const MOST_FILES: usize = 64;
/// Files of a folder that are looked at for a base.
const MOST_LOOKED_AT: usize = 100_000;

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The snapshot file in a folder that has this root hash, by its beginning and its end; it is checked when it is read.
fn find_base(folder: &Path, root: &StateHash) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.take(MOST_LOOKED_AT);
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.into_iter().find(|path| ends_with_root(path, root).is_ok_and(|ends| ends))
}

fn ends_with_root(path: &Path, root: &StateHash) -> io::Result<bool> {
    // Pipes and the like are not opened.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let mut begin = [0; HEADER_LEN];
    file.read_exact(&mut begin)?;
    if Header::decode(&begin).is_err() {
        return Ok(false);
    }
    let mut end = [0; HASH_LEN];
    file.seek(SeekFrom::End(-(HASH_LEN as i64)))?;
    file.read_exact(&mut end)?;
    Ok(end == *root.as_bytes())
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
