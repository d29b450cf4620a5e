//! ELF files as far as a loader needs them: the entry, the segments to load, the notes.
//! *Tool Interface Standard (TIS) Executable and Linking Format Specification* 1.2, book I, 1 "Object Files" and 2
//! "Program Loading"; *System V ABI, AMD64 supplement*, for the 64-bit forms.

use super::plan::Piece;
use super::{error, u16_at, u32_at, u64_at};
use crate::Error;

const MAGIC: &[u8] = b"\x7FELF";
const CLASS_32: u8 = 1;
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
/// e_machine.
const I386: u16 = 3;
const X86_64: u16 = 62;
/// p_type.
const LOAD: u32 = 1;
const NOTE: u32 = 4;

/// A program header.
#[derive(Clone, Copy, Debug)]
struct Header {
    kind: u32,
    offset: u64,
    virtual_address: u64,
    physical_address: u64,
    file_bytes: u64,
    memory_bytes: u64,
    alignment: u64,
}

/// An executable file.
#[derive(Clone, Debug)]
pub(super) struct Elf<'a> {
    file: &'a [u8],
    entry: u64,
    headers: Vec<Header>,
}

impl<'a> Elf<'a> {
    /// The file's headers; `None` if it is no ELF file at all.
    pub(super) fn parse(file: &'a [u8]) -> Result<Option<Elf<'a>>, Error> {
        if !file.starts_with(MAGIC) {
            return Ok(None);
        }
        let cut = || error("is an ELF file that is cut short in its headers");
        let (class, order) = (*file.get(4).ok_or_else(cut)?, *file.get(5).ok_or_else(cut)?);
        let machine = u16_at(file, 18).ok_or_else(cut)?;
        if order != LITTLE_ENDIAN || !matches!((class, machine), (CLASS_32, I386) | (CLASS_64, X86_64 | I386)) {
            return Err(error(format!("is an ELF file for another processor (machine {machine}, class {class})")));
        }
        let wide = class == CLASS_64;
        let word = |at32: usize, at64: usize| match wide {
            true => u64_at(file, at64),
            false => u32_at(file, at32).map(u64::from),
        };
        let half = |at32: usize, at64: usize| u16_at(file, if wide { at64 } else { at32 });
        let entry = word(24, 24).ok_or_else(cut)?;
        let table = word(28, 32).ok_or_else(cut)?;
        let (size, count) = half(42, 54).zip(half(44, 56)).ok_or_else(cut)?;
        let at = |number: u16| {
            let offset = table.checked_add(u64::from(size) * u64::from(number))?;
            let offset = usize::try_from(offset).ok()?;
            if wide { header_64(file, offset) } else { header_32(file, offset) }
        };
        let headers: Option<Vec<Header>> = (0..count).map(at).collect();
        Ok(Some(Elf { file, entry, headers: headers.ok_or_else(cut)? }))
    }

    /// What is loaded: each segment at its physical address.
    pub(super) fn pieces(&self) -> Result<Vec<Piece<'a>>, Error> {
        let mut pieces = Vec::new();
        for header in self.loaded() {
            let bytes = self.bytes_of(header)?;
            let Some(zeros) = header.memory_bytes.checked_sub(header.file_bytes) else {
                return Err(error("is an ELF file with a segment that is longer in the file than in memory"));
            };
            let address = header.physical_address;
            pieces.push(Piece { what: "a segment of the kernel", address, bytes: bytes.into(), zeros });
        }
        if pieces.is_empty() {
            return Err(error("is an ELF file without anything to load"));
        }
        Ok(pieces)
    }

    /// The entry's physical address: it is told as a virtual one.
    pub(super) fn physical_entry(&self) -> Result<u32, Error> {
        let inside = |header: &&Header| {
            self.entry >= header.virtual_address && self.entry - header.virtual_address < header.memory_bytes
        };
        let entry = match self.loaded().find(inside) {
            Some(header) => (self.entry - header.virtual_address).checked_add(header.physical_address),
            None => None,
        };
        let entry = entry.and_then(|entry| u32::try_from(entry).ok());
        entry.ok_or_else(|| error(format!("is an ELF file whose entry, {:X}h, is in no segment", self.entry)))
    }

    /// The note of this owner and type: its descriptor.
    pub(super) fn note(&self, owner: &[u8], kind: u32) -> Result<Option<&'a [u8]>, Error> {
        for header in self.headers.iter().filter(|header| header.kind == NOTE) {
            // GNU property notes of 64-bit files are aligned to 8; all else, whatever it says, to 4.
            let grain = if header.alignment == 8 { 8 } else { 4 };
            if let Some(found) = find_note(self.bytes_of(header)?, grain, owner, kind) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn loaded(&self) -> impl Iterator<Item = &Header> {
        self.headers.iter().filter(|header| header.kind == LOAD && header.memory_bytes > 0)
    }

    fn bytes_of(&self, header: &Header) -> Result<&'a [u8], Error> {
        let range = || {
            let begin = usize::try_from(header.offset).ok()?;
            let end = begin.checked_add(usize::try_from(header.file_bytes).ok()?)?;
            self.file.get(begin..end)
        };
        range().ok_or_else(|| error("is an ELF file that is cut short: a segment lies behind its end"))
    }
}

fn header_32(file: &[u8], at: usize) -> Option<Header> {
    let word = |place: usize| u32_at(file, at.checked_add(4 * place)?).map(u64::from);
    Some(Header {
        kind: u32_at(file, at)?,
        offset: word(1)?,
        virtual_address: word(2)?,
        physical_address: word(3)?,
        file_bytes: word(4)?,
        memory_bytes: word(5)?,
        alignment: word(7)?,
    })
}

fn header_64(file: &[u8], at: usize) -> Option<Header> {
    let word = |place: usize| u64_at(file, at.checked_add(8 * place)?);
    Some(Header {
        kind: u32_at(file, at)?,
        offset: word(1)?,
        virtual_address: word(2)?,
        physical_address: word(3)?,
        file_bytes: word(4)?,
        memory_bytes: word(5)?,
        alignment: word(6)?,
    })
}

/// Notes follow each other: lengths of name and descriptor, type, name, descriptor, each filled up to the grain.
fn find_note<'a>(mut notes: &'a [u8], grain: usize, owner: &[u8], kind: u32) -> Option<&'a [u8]> {
    while let (Some(name_len), Some(len), Some(found)) = (u32_at(notes, 0), u32_at(notes, 4), u32_at(notes, 8)) {
        let (name_len, len) = (name_len as usize, len as usize);
        let begin = 12_usize.checked_add(name_len)?.checked_next_multiple_of(grain)?;
        let end = begin.checked_add(len)?;
        let (name, descriptor) = (notes.get(12..12 + name_len)?, notes.get(begin..end)?);
        if name == owner && found == kind {
            return Some(descriptor);
        }
        notes = notes.get(end.checked_next_multiple_of(grain)?..)?;
    }
    None
}
