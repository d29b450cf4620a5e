//! Kernels with a Multiboot 1 header. *Multiboot Specification* 0.6.96: 3.1 "OS image format", 3.2 "Machine state",
//! 3.3 "Boot information format".

use super::aout::Addresses;
use super::elf::Elf;
use super::plan::{Entry, Fill, Found, MAP_STRIDE, Piece, Plan};
use super::protected::{Info, MAP_ENTRIES, modules, text_bytes};
use super::{Kernel, error, put, u32_at};
use crate::Error;

/// The header lies in the first 8192 bytes, at a multiple of 4.
const SEARCHED: usize = 8192;
const HEADER_MAGIC: u32 = 0x1BAD_B002;
const BOOT_MAGIC: u32 = 0x2BAD_B002;
/// Header flags: modules at pages, memory information, video mode; the other lower bits would have to be understood.
const KNOWN_FLAGS: u32 = 0b111;
const MUST_KNOW: u32 = 0xFFFF;
const ADDRESSES: u32 = 1 << 16;

/// Offsets in the information, and the flags that say which are there.
const MEMORY_FLAG: u32 = 1 << 0;
const LOWER: u32 = 4;
const UPPER: u32 = 8;
const COMMAND_LINE: usize = 16;
const COMMAND_LINE_FLAG: u32 = 1 << 2;
const MODULES: usize = 20;
const MODULES_FLAG: u32 = 1 << 3;
const MAP_LENGTH: u32 = 44;
const MAP_ADDRESS: usize = 48;
const MAP_FLAG: u32 = 1 << 6;
const LOADER_NAME: usize = 64;
const LOADER_NAME_FLAG: u32 = 1 << 9;
const FRAMEBUFFER: usize = 88;
const FRAMEBUFFER_FLAG: u32 = 1 << 12;
const INFO_BYTES: usize = 116;
/// What each entry of the map begins with: the bytes behind.
const MAP_ENTRY_BYTES: u32 = 20;
/// Bytes of the information without texts and modules.
const FIXED: u64 = 512 + (MAP_ENTRIES * MAP_STRIDE) as u64;

pub(super) const LOADER: &[u8] = b"ringwalk\0";
/// The EGA text screen: address, bytes a row, columns, rows, bits a cell, and type 2.
pub(super) const TEXT_SCREEN: [(usize, u64); 6] = [(8, 0xB_8000), (4, 160), (4, 80), (4, 25), (1, 16), (1, 2)];

/// Entry and what is loaded.
struct Image<'a> {
    segments: Vec<Piece<'a>>,
    entry: u32,
}

pub(super) fn plan<'a>(kernel: &Kernel<'a>) -> Result<Option<Plan<'a>>, Error> {
    let Some(at) = header(kernel.bytes) else { return Ok(None) };
    let Image { segments, entry } = image(kernel.bytes, at)?;
    let modules = modules(kernel, &segments);
    let mut info = Info::new(&segments, FIXED + text_bytes(kernel))?;
    let mut flags = MEMORY_FLAG | COMMAND_LINE_FLAG | MAP_FLAG | LOADER_NAME_FLAG | FRAMEBUFFER_FLAG;
    let mut table = [0; INFO_BYTES];
    put(&mut table, COMMAND_LINE, &info.add(&kernel.named_command_line()).to_le_bytes());
    put(&mut table, LOADER_NAME, &info.add(LOADER).to_le_bytes());
    put(&mut table, FRAMEBUFFER, &text_screen());
    if !modules.is_empty() {
        flags |= MODULES_FLAG;
        let list = module_list(kernel, &modules, &mut info);
        let count = (modules.len() as u32).to_le_bytes();
        put(&mut table, MODULES, &[count, info.add(&list).to_le_bytes()].concat());
    }
    put(&mut table, 0, &flags.to_le_bytes());
    let ebx = info.here();
    let map = ebx + INFO_BYTES.next_multiple_of(8) as u32;
    put(&mut table, MAP_ADDRESS, &map.to_le_bytes());
    info.add(&table);
    let fills = vec![
        Fill::Map { address: map, most: MAP_ENTRIES, prefix: Some(MAP_ENTRY_BYTES), end_tag: false },
        Fill::Value { address: ebx + LOWER, found: Found::LowerKib, plus: 0 },
        Fill::Value { address: ebx + UPPER, found: Found::UpperKib, plus: 0 },
        Fill::Value { address: ebx + MAP_LENGTH, found: Found::MapBytes, plus: 0 },
    ];
    let entry = Entry::Protected { eip: entry, eax: BOOT_MAGIC, ebx, gdt: info.gdt(), tss: 0 };
    let pieces = segments.into_iter().chain(modules).chain([info.piece()]).collect();
    Ok(Some(Plan { pieces, fills, entry }))
}

/// The fields about the framebuffer, in either version's order.
pub(super) fn text_screen() -> Vec<u8> {
    TEXT_SCREEN.iter().flat_map(|(len, value)| value.to_le_bytes().into_iter().take(*len)).collect()
}

/// Where a header with the right sum lies.
fn header(file: &[u8]) -> Option<usize> {
    let is_header = |at: &usize| {
        let field = |number: usize| u32_at(file, at + 4 * number);
        let sum = field(0)?.wrapping_add(field(1)?).wrapping_add(field(2)?);
        (field(0)? == HEADER_MAGIC && sum == 0).then_some(())
    };
    (0..file.len().min(SEARCHED)).step_by(4).find(|at| is_header(at).is_some())
}

fn image(file: &[u8], at: usize) -> Result<Image<'_>, Error> {
    let cut = || error("is a Multiboot kernel that is cut short in its header");
    let flags = u32_at(file, at + 4).ok_or_else(cut)?;
    let unknown = flags & MUST_KNOW & !KNOWN_FLAGS;
    if unknown != 0 {
        return Err(error(format!("asks for what Multiboot 1 does not have (header flags {unknown:X}h)")));
    }
    if flags & ADDRESSES != 0 {
        let addresses = Addresses::at(file, at + 12).ok_or_else(cut)?;
        let entry = u32_at(file, at + 28).ok_or_else(cut)?;
        return Ok(Image { segments: vec![addresses.piece(file, at)?], entry });
    }
    match Elf::parse(file)? {
        Some(elf) => Ok(Image { segments: elf.pieces()?, entry: elf.physical_entry()? }),
        None => Err(error("is a Multiboot kernel that is no ELF file and has no address fields")),
    }
}

/// Start, end, text and a reserved word of each module.
fn module_list(kernel: &Kernel<'_>, modules: &[Piece<'_>], info: &mut Info) -> Vec<u8> {
    let entry = |(piece, module): (&Piece<'_>, &super::Module<'_>)| {
        let text = info.add(&[module.text.as_bytes(), b"\0"].concat());
        // What lies higher is refused with the plan.
        [piece.address as u32, piece.end() as u32, text, 0].map(u32::to_le_bytes).concat()
    };
    modules.iter().zip(kernel.modules).flat_map(entry).collect()
}
