//! The layout of a snapshot file, format version 1. All numbers are little endian.
//!
//! ```text
//! header     64 bytes  magic [8], format version u16, flags u16, zero u32,
//!                      directory length u64, file length u64, parent root hash [32]
//! directory            section count u32, then each: name, version u16, length u64, check [32]
//!                      store count u32, then each: name, page count u64, run count u32, then each
//!                          run: first page u64, pages u32, first slot u32, kind u8
//!                      slot count u32, then each chunk: length u32, check [32]
//! sections             their bytes, in the order of the directory
//! chunks               their bytes, in the order of the directory
//! root hash  32 bytes  BLAKE3 of header and directory
//! ```
//!
//! A name is a length u8 and printable ASCII; names ascend. A check is the BLAKE3 of the bytes as
//! they lie in the file, so the root hash covers all of it. Nothing has an offset of its own: every
//! part begins where the one before it ends, without gaps.
//!
//! Slots number the distinct non-zero page contents in the order of their first use. A chunk holds
//! [`CHUNK_PAGES`] slots (the last one the rest), lz4 compressed if its length is below that of
//! the pages. A run gives pages that follow each other successive slots (kind 0) or one slot
//! (kind 1). A page in no run is zero.
//!
//! Flag bit 0 says that pages in no run are those of the parent snapshot, the *base*, whose root hash the header names;
//! a run of kind 2 (first slot 0) then stands for zero pages. A store that the base lacks, or has in another size, stands
//! for itself. Without the flag the parent hash is zero. The directory comes first and fixes where each chunk
//! lies, so that a reader can leave chunks in the file until their first use.

use std::io::{Cursor, Read};
use std::ops::Range;

use blake3::Hash;
use byteorder::{LE, ReadBytesExt, WriteBytesExt};

use crate::page_map::{PageMap, Run, RunKind};
use crate::{Error, PAGE_SIZE, Part};

/// The format version that this crate writes, and the only one it reads.
pub const FORMAT_VERSION: u16 = 1;
/// The most pages an address space can have: 2^64 bytes.
pub const MAX_PAGE_COUNT: u64 = 1 << 52;
/// The longest name of a section or page store, in bytes.
pub const MAX_NAME_LEN: usize = 64;

/// The most pages with content in a file (64 GiB): a small hostile file cannot ask for more time.
pub(crate) const MAX_MAPPED_PAGES: u64 = 1 << 24;
/// Pages in a chunk: as many as one block of [`lz4`](crate::lz4) takes.
pub(crate) const CHUNK_PAGES: usize = 15;
const _: () = assert!(CHUNK_PAGES * crate::PAGE_SIZE <= crate::lz4::MOST);
pub(crate) const HEADER_LEN: usize = 64;
pub(crate) const HASH_LEN: usize = 32;
const SHORTEST_FILE: u64 = (HEADER_LEN + HASH_LEN) as u64;

/// Not text (first byte), and changed by transfers that treat it as text (line ends).
const MAGIC: [u8; 8] = *b"\x8Drwalk\r\n";

const SUCCESSIVE: u8 = 0;
const REPEATED: u8 = 1;
const ZERO: u8 = 2;

/// The flag of a file that keeps what differs from its base.
const DIFFERENCES: u16 = 1;

/// The first 64 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) directory_len: u64,
    pub(crate) file_len: u64,
    /// The root hash of the base, for a file that keeps differences.
    pub(crate) base: Option<[u8; HASH_LEN]>,
}

/// The tables that describe all other bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) sections: Vec<SectionEntry>,
    pub(crate) stores: Vec<StoreEntry>,
    pub(crate) slot_count: u32,
    pub(crate) chunks: Vec<ChunkEntry>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SectionEntry {
    pub(crate) name: String,
    pub(crate) version: u16,
    pub(crate) len: u64,
    pub(crate) check: Hash,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoreEntry {
    pub(crate) name: String,
    pub(crate) map: PageMap,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ChunkEntry {
    pub(crate) len: u32,
    pub(crate) check: Hash,
}

/// Checks a name, and that it follows the one before it.
pub(crate) fn check_name(name: &str, previous: Option<&str>) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        Err("names have 1 to 64 bytes")
    } else if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err("names are printable ASCII without spaces")
    } else if previous.is_some_and(|previous| name <= previous) {
        Err("names ascend")
    } else {
        Ok(())
    }
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(self.base.map_or(0, |_| DIFFERENCES).to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(self.directory_len.to_le_bytes());
        bytes.extend(self.file_len.to_le_bytes());
        bytes.extend(self.base.unwrap_or_default());
        bytes
    }

    /// Reads the header at the beginning of a file.
    pub(crate) fn decode(begin: &[u8]) -> Result<Self, Error> {
        let seen = begin.len().min(MAGIC.len());
        if begin.is_empty() || begin[..seen] != MAGIC[..seen] {
            return Err(Error::NotASnapshot);
        }
        let Some(header) = begin.first_chunk::<HEADER_LEN>() else {
            return Err(Error::FileLength { expected: SHORTEST_FILE, found: begin.len() as u64 });
        };
        Self::decode_fields(header)
    }

    /// Holds what the header says about lengths against the file's true length.
    pub(crate) fn check_lengths(&self, found: u64) -> Result<(), Error> {
        if self.file_len != found || found < SHORTEST_FILE {
            let expected = self.file_len.max(SHORTEST_FILE);
            return Err(Error::FileLength { expected, found });
        }
        if self.directory_len > found - SHORTEST_FILE {
            return Err(damaged_header("promises a directory longer than the file"));
        }
        Ok(())
    }

    fn decode_fields(header: &[u8; HEADER_LEN]) -> Result<Self, Error> {
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        let (version, flags) = (u16_at(8), u16_at(10));
        if version != FORMAT_VERSION {
            return Err(Error::FormatVersion { found: version, known: FORMAT_VERSION });
        }
        if flags & !DIFFERENCES != 0 {
            return Err(Error::Features { flags });
        }
        let base = std::array::from_fn(|at| header[32 + at]);
        let base = (flags & DIFFERENCES != 0).then_some(base);
        if header[12..16] != [0; 4] || base.is_none() && header[32..] != [0; HASH_LEN] {
            return Err(damaged_header("has bytes that are not zero where format 1 has nothing"));
        }
        Ok(Self { directory_len: u64_at(16), file_len: u64_at(24), base })
    }
}

fn damaged_header(problem: &'static str) -> Error {
    Error::Damaged { part: Part::Header, offset: 0, problem }
}

impl Directory {
    /// How many bytes of pages a chunk holds when it is not compressed.
    pub(crate) fn chunk_content_len(&self, chunk: usize) -> usize {
        let slots = (self.slot_count as usize - chunk * CHUNK_PAGES).min(CHUNK_PAGES);
        slots * PAGE_SIZE
    }

    /// Bytes of all sections and chunks; `None` if the sum is beyond any file.
    pub(crate) fn payload_len(&self) -> Option<u64> {
        let sections = self.sections.iter().map(|section| section.len);
        let chunks = self.chunks.iter().map(|chunk| u64::from(chunk.len));
        sections.chain(chunks).try_fold(0_u64, u64::checked_add)
    }

    /// Where each section and each chunk lies, if the first begins at `start`. Call it only for a
    /// directory whose payload was found to fit the file.
    pub(crate) fn spans(&self, start: usize) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let mut at = start;
        let mut next = |len: usize| {
            at += len;
            at - len..at
        };
        let sections = self.sections.iter().map(|section| next(section.len as usize)).collect();
        let chunks = self.chunks.iter().map(|chunk| next(chunk.len as usize)).collect();
        (sections, chunks)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out).expect("a Vec takes every write");
        out
    }

    fn encode_into(&self, out: &mut Vec<u8>) -> std::io::Result<()> {
        out.write_u32::<LE>(self.sections.len() as u32)?;
        for section in &self.sections {
            encode_name(out, &section.name)?;
            out.write_u16::<LE>(section.version)?;
            out.write_u64::<LE>(section.len)?;
            out.extend(section.check.as_bytes());
        }
        out.write_u32::<LE>(self.stores.len() as u32)?;
        for store in &self.stores {
            encode_name(out, &store.name)?;
            encode_map(out, &store.map)?;
        }
        out.write_u32::<LE>(self.slot_count)?;
        for chunk in &self.chunks {
            out.write_u32::<LE>(chunk.len)?;
            out.extend(chunk.check.as_bytes());
        }
        Ok(())
    }

    /// True if a run stands for pages of zeros.
    pub(crate) fn names_zeros(&self) -> bool {
        self.stores.iter().any(|store| store.map.runs().iter().any(|run| run.kind == RunKind::Zero))
    }

    /// Reads the directory that lies right behind the header.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut fields = Cursor::new(bytes);
        decode_directory(&mut fields).map_err(|problem| Error::Damaged {
            part: Part::Directory,
            offset: HEADER_LEN as u64 + fields.position(),
            problem,
        })
    }
}

fn encode_name(out: &mut Vec<u8>, name: &str) -> std::io::Result<()> {
    out.write_u8(name.len() as u8)?;
    out.extend(name.as_bytes());
    Ok(())
}

fn encode_map(out: &mut Vec<u8>, map: &PageMap) -> std::io::Result<()> {
    out.write_u64::<LE>(map.page_count)?;
    out.write_u32::<LE>(map.runs().len() as u32)?;
    for run in map.runs() {
        out.write_u64::<LE>(run.first_page)?;
        out.write_u32::<LE>(run.len)?;
        out.write_u32::<LE>(run.first_slot)?;
        out.write_u8(match run.kind {
            RunKind::Successive => SUCCESSIVE,
            RunKind::Repeated => REPEATED,
            RunKind::Zero => ZERO,
        })?;
    }
    Ok(())
}

/// What is wrong with the directory; the cursor says where.
type Decoded<T> = Result<T, &'static str>;
type Fields<'a> = Cursor<&'a [u8]>;

const CUT: &str = "ends inside an entry";

/// Nothing here reserves memory by a count from the file: lists grow only as entries are read.
fn decode_directory(fields: &mut Fields<'_>) -> Decoded<Directory> {
    let mut directory = Directory::default();
    for _ in 0..read_u32(fields)? {
        let previous = directory.sections.last().map(|section| section.name.as_str());
        let section = decode_section(fields, previous)?;
        directory.sections.push(section);
    }
    let mut slots_named = 0;
    for _ in 0..read_u32(fields)? {
        let previous = directory.stores.last().map(|store| store.name.as_str());
        let store = decode_store(fields, previous, &mut slots_named)?;
        directory.stores.push(store);
    }
    directory.slot_count = read_u32(fields)?;
    if u64::from(directory.slot_count) != slots_named {
        return Err("has another number of slots than its runs name");
    }
    decode_chunks(fields, &mut directory)?;
    if directory.stores.iter().map(|store| store.map.mapped()).sum::<u64>() > MAX_MAPPED_PAGES {
        return Err("has more pages than a snapshot may hold");
    }
    match fields.position() == fields.get_ref().len() as u64 {
        true => Ok(directory),
        false => Err("goes on after its last entry"),
    }
}

fn decode_section(fields: &mut Fields<'_>, previous: Option<&str>) -> Decoded<SectionEntry> {
    let name = read_name(fields, previous)?;
    let version = fields.read_u16::<LE>().map_err(|_| CUT)?;
    let len = read_u64(fields)?;
    Ok(SectionEntry { name, version, len, check: read_hash(fields)? })
}

fn decode_store(fields: &mut Fields<'_>, previous: Option<&str>, slots_named: &mut u64) -> Decoded<StoreEntry> {
    let name = read_name(fields, previous)?;
    let mut map = PageMap::new(read_u64(fields)?);
    if map.page_count > MAX_PAGE_COUNT {
        return Err("has a store larger than any address space");
    }
    for _ in 0..read_u32(fields)? {
        let run = decode_run(fields)?;
        if run.kind == RunKind::Zero && run.first_slot != 0 {
            return Err("has a run of zeros that names a slot");
        }
        if u64::from(run.first_slot) > *slots_named {
            return Err("has a run that skips slots");
        }
        *slots_named = run.slot_end().max(*slots_named);
        if !map.push_run(run) {
            return Err("has a run of pages out of order or out of range");
        }
    }
    Ok(StoreEntry { name, map })
}

fn decode_chunks(fields: &mut Fields<'_>, directory: &mut Directory) -> Decoded<()> {
    for chunk in 0..(directory.slot_count as usize).div_ceil(CHUNK_PAGES) {
        let entry = ChunkEntry { len: read_u32(fields)?, check: read_hash(fields)? };
        if entry.len as usize > directory.chunk_content_len(chunk) {
            return Err("has a chunk longer than the pages in it");
        }
        directory.chunks.push(entry);
    }
    Ok(())
}

fn decode_run(fields: &mut Fields<'_>) -> Decoded<Run> {
    Ok(Run {
        first_page: read_u64(fields)?,
        len: read_u32(fields)?,
        first_slot: read_u32(fields)?,
        kind: match fields.read_u8().map_err(|_| CUT)? {
            SUCCESSIVE => RunKind::Successive,
            REPEATED => RunKind::Repeated,
            ZERO => RunKind::Zero,
            _ => return Err("has a run of an unknown kind"),
        },
    })
}

fn read_name(fields: &mut Fields<'_>, previous: Option<&str>) -> Decoded<String> {
    let len = fields.read_u8().map_err(|_| CUT)?;
    let mut bytes = vec![0; usize::from(len)];
    fields.read_exact(&mut bytes).map_err(|_| CUT)?;
    let name = String::from_utf8(bytes).map_err(|_| "has a name that is not ASCII")?;
    check_name(&name, previous).map_err(|_| "has a name that is malformed or out of order")?;
    Ok(name)
}

fn read_u32(fields: &mut Fields<'_>) -> Decoded<u32> {
    fields.read_u32::<LE>().map_err(|_| CUT)
}

fn read_u64(fields: &mut Fields<'_>) -> Decoded<u64> {
    fields.read_u64::<LE>().map_err(|_| CUT)
}

fn read_hash(fields: &mut Fields<'_>) -> Decoded<Hash> {
    let mut bytes = [0; HASH_LEN];
    fields.read_exact(&mut bytes).map_err(|_| CUT)?;
    Ok(Hash::from_bytes(bytes))
}
