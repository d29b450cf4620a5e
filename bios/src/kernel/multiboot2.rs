//! Kernels with a Multiboot 2 header. *Multiboot2 Specification* 2.0: 3.1 "OS image format", 3.2 "Machine state" ("I386
//! machine state"), 3.6 "Boot information format".

use super::aout::Addresses;
use super::elf::Elf;
use super::multiboot1::{LOADER, text_screen};
use super::plan::{Entry, Fill, Found, MAP_STRIDE, Piece, Plan};
use super::protected::{Info, MAP_ENTRIES, modules, text_bytes};
use super::{Kernel, error, u16_at, u32_at};
use crate::Error;

/// The header lies in the first 32768 bytes, at a multiple of 8.
const SEARCHED: usize = 32768;
const HEADER_MAGIC: u32 = 0xE852_50D6;
const BOOT_MAGIC: u32 = 0x36D7_6289;
const ARCHITECTURE_I386: u32 = 0;
/// Fields before the tags.
const HEADER_BYTES: usize = 16;
/// A tag without which the kernel works.
const OPTIONAL: u16 = 1;

/// Tags of the header.
const END: u16 = 0;
const INFORMATION_REQUEST: u16 = 1;
const ADDRESS: u16 = 2;
const ENTRY_ADDRESS: u16 = 3;
const CONSOLE_FLAGS: u16 = 4;
const FRAMEBUFFER: u16 = 5;
const MODULE_ALIGNMENT: u16 = 6;
const EFI_BOOT_SERVICES: u16 = 7;
const EFI_ENTRIES: std::ops::RangeInclusive<u16> = 8..=9;
const RELOCATABLE: u16 = 10;

/// Tags of the information.
const COMMAND_LINE: u32 = 1;
const LOADER_NAME: u32 = 2;
const MODULE: u32 = 3;
const BASIC_MEMORY: u32 = 4;
const MEMORY_MAP: u32 = 6;
const TEXT_FRAMEBUFFER: u32 = 8;
/// The last one that the specification knows.
const LAST_KNOWN: u32 = 21;
/// Bytes of the information without texts and modules.
const FIXED: u64 = 512 + (MAP_ENTRIES * MAP_STRIDE) as u64;

/// What the header says.
#[derive(Default)]
struct Header {
    at: usize,
    addresses: Option<Addresses>,
    entry: Option<u32>,
}

pub(super) fn plan<'a>(kernel: &Kernel<'a>) -> Result<Option<Plan<'a>>, Error> {
    let file = kernel.bytes;
    let Some(at) = find(file) else { return Ok(None) };
    let header = header(file, at)?;
    let (segments, entry) = image(file, &header)?;
    let modules = modules(kernel, &segments);
    let mut info = Info::new(&segments, FIXED + text_bytes(kernel))?;
    let mut tags = Vec::new();
    let memory_at = tag(&mut tags, BASIC_MEMORY, &[0; 8]);
    tag(&mut tags, COMMAND_LINE, &kernel.named_command_line());
    tag(&mut tags, LOADER_NAME, LOADER);
    for (piece, module) in modules.iter().zip(kernel.modules) {
        // What lies higher is refused with the plan.
        let place = [piece.address as u32, piece.end() as u32].map(u32::to_le_bytes).concat();
        tag(&mut tags, MODULE, &[&place, module.text.as_bytes(), b"\0"].concat());
    }
    tag(&mut tags, TEXT_FRAMEBUFFER, &[text_screen(), vec![0; 2]].concat());
    // Last: its length, and with it that of all, is known when the firmware has been asked.
    let map_at = tag(&mut tags, MEMORY_MAP, &[MAP_STRIDE, 0].map(u32::to_le_bytes).concat());
    let ebx = info.here();
    let first = ebx + 8;
    info.add(&[&[0; 8], &tags[..]].concat());
    let map = first + tags.len() as u32;
    let fills = vec![
        Fill::Map { address: map, most: MAP_ENTRIES, prefix: None, end_tag: true },
        Fill::Value { address: first + memory_at, found: Found::LowerKib, plus: 0 },
        Fill::Value { address: first + memory_at + 4, found: Found::UpperKib, plus: 0 },
        Fill::Value { address: first + map_at - 4, found: Found::MapBytes, plus: 16 },
        Fill::Value { address: ebx, found: Found::MapBytes, plus: map + 8 - ebx },
    ];
    let entry = Entry::Protected { eip: entry, eax: BOOT_MAGIC, ebx, gdt: info.gdt(), tss: 0 };
    let pieces = segments.into_iter().chain(modules).chain([info.piece()]).collect();
    Ok(Some(Plan { pieces, fills, entry }))
}

/// Adds a tag of the information, filled up to a multiple of 8; the place of its content.
fn tag(tags: &mut Vec<u8>, kind: u32, content: &[u8]) -> u32 {
    tags.extend(kind.to_le_bytes());
    tags.extend((content.len() as u32 + 8).to_le_bytes());
    let at = tags.len() as u32;
    tags.extend_from_slice(content);
    tags.resize(tags.len().next_multiple_of(8), 0);
    at
}

/// Where a header with the right sum lies.
fn find(file: &[u8]) -> Option<usize> {
    let is_header = |at: &usize| {
        let field = |number: usize| u32_at(file, at + 4 * number);
        let sum = (0..4).try_fold(0_u32, |sum, number| Some(sum.wrapping_add(field(number)?)))?;
        (field(0)? == HEADER_MAGIC && sum == 0).then_some(())
    };
    (0..file.len().min(SEARCHED)).step_by(8).find(|at| is_header(at).is_some())
}

fn header(file: &[u8], begin: usize) -> Result<Header, Error> {
    let cut = || error("is a Multiboot 2 kernel that is cut short in its header");
    let architecture = u32_at(file, begin + 4).ok_or_else(cut)?;
    if architecture != ARCHITECTURE_I386 {
        return Err(error(format!("is a Multiboot 2 kernel for another architecture ({architecture})")));
    }
    let end = begin + u32_at(file, begin + 8).ok_or_else(cut)? as usize;
    let tags = file.get(..end.min(file.len())).unwrap_or_default();
    let mut header = Header { at: begin, ..Header::default() };
    let mut at = begin + HEADER_BYTES;
    loop {
        let (kind, flags) = u16_at(tags, at).zip(u16_at(tags, at + 2)).ok_or_else(cut)?;
        let size = u32_at(tags, at + 4).ok_or_else(cut)? as usize;
        if kind == END {
            return Ok(header);
        }
        let content = at.checked_add(size).and_then(|end| tags.get(at + 8..end)).ok_or_else(cut)?;
        match kind {
            INFORMATION_REQUEST => check_requests(content, flags)?,
            ADDRESS => header.addresses = Some(Addresses::at(content, 0).ok_or_else(cut)?),
            ENTRY_ADDRESS => header.entry = Some(u32_at(content, 0).ok_or_else(cut)?),
            CONSOLE_FLAGS | FRAMEBUFFER | MODULE_ALIGNMENT | EFI_BOOT_SERVICES | RELOCATABLE => {}
            kind if EFI_ENTRIES.contains(&kind) || flags & OPTIONAL != 0 => {}
            kind => return Err(error(format!("is a Multiboot 2 kernel that needs an unknown header tag ({kind})"))),
        }
        at = (at + size).next_multiple_of(8);
    }
}

/// What a kernel asks to be told must be known; what the machine has is told.
fn check_requests(content: &[u8], flags: u16) -> Result<(), Error> {
    let wanted = content.chunks_exact(4).filter_map(|chunk| u32_at(chunk, 0));
    match wanted.into_iter().find(|kind| *kind > LAST_KNOWN) {
        Some(kind) if flags & OPTIONAL == 0 => {
            Err(error(format!("is a Multiboot 2 kernel that needs unknown information (type {kind})")))
        }
        _ => Ok(()),
    }
}

fn image<'a>(file: &'a [u8], header: &Header) -> Result<(Vec<Piece<'a>>, u32), Error> {
    if let Some(addresses) = header.addresses {
        let entry = header.entry.ok_or_else(|| error("is a Multiboot 2 kernel with addresses and without an entry"))?;
        return Ok((vec![addresses.piece(file, header.at)?], entry));
    }
    let Some(elf) = Elf::parse(file)? else {
        return Err(error("is a Multiboot 2 kernel that is no ELF file and has no address tag"));
    };
    let entry = match header.entry {
        Some(entry) => entry,
        None => elf.physical_entry()?,
    };
    Ok((elf.pieces()?, entry))
}
