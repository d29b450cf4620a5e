//! ELF kernels with a PVH entry. Xen, *docs/misc/pvh.pandoc*, "x86/HVM direct boot ABI", and
//! *public/arch-x86/hvm/start_info.h*, version 1.

use super::elf::Elf;
use super::plan::{Entry, Fill, Found, MAP_STRIDE, Piece, Plan};
use super::protected::{Info, MAP_ENTRIES, TSS, modules, text_bytes};
use super::{Kernel, error, put, u32_at};
use crate::Error;

/// XEN_ELFNOTE_PHYS32_ENTRY, and who the note is from.
const ENTRY_NOTE: u32 = 18;
const OWNER: &[u8] = b"Xen\0";
const MAGIC: u32 = 0x336E_C578;
const VERSION: u32 = 1;

/// Offsets in the start information; addresses have 64 bits.
const MODULES: usize = 12;
const COMMAND_LINE: usize = 24;
const RSDP: u32 = 32;
const MAP: usize = 40;
const MAP_COUNT: u32 = 48;
const START_INFO_BYTES: usize = 56;
/// Bytes of the information without texts and modules.
const FIXED: u64 = 512 + (MAP_ENTRIES * MAP_STRIDE) as u64;

pub(super) fn plan<'a>(kernel: &Kernel<'a>) -> Result<Option<Plan<'a>>, Error> {
    let Some(elf) = Elf::parse(kernel.bytes)? else { return Ok(None) };
    let Some(note) = elf.note(OWNER, ENTRY_NOTE)? else {
        return Err(error("is an ELF file without a PVH entry (a Xen note of type 18) or a Multiboot header"));
    };
    let entry = u32_at(note, 0).ok_or_else(|| error("is an ELF file whose PVH entry is cut short"))?;
    let segments = elf.pieces()?;
    let modules = modules(kernel, &segments);
    let mut info = Info::new(&segments, FIXED + text_bytes(kernel))?;
    let mut start = [0; START_INFO_BYTES];
    put(&mut start, 0, &[MAGIC, VERSION].map(u32::to_le_bytes).concat());
    let command_line = [kernel.command_line.as_bytes(), b"\0"].concat();
    put(&mut start, COMMAND_LINE, &info.add(&command_line).to_le_bytes());
    if !modules.is_empty() {
        let list = module_list(kernel, &modules, &mut info);
        let count = (modules.len() as u32).to_le_bytes();
        put(&mut start, MODULES, &count);
        put(&mut start, MODULES + 4, &info.add(&list).to_le_bytes());
    }
    let ebx = info.here();
    let map = ebx + START_INFO_BYTES as u32;
    put(&mut start, MAP, &map.to_le_bytes());
    info.add(&start);
    let fills = vec![
        Fill::Map { address: map, most: MAP_ENTRIES, prefix: None, end_tag: false },
        Fill::Value { address: ebx + MAP_COUNT, found: Found::MapCount, plus: 0 },
        Fill::Value { address: ebx + RSDP, found: Found::Rsdp, plus: 0 },
    ];
    let entry = Entry::Protected { eip: entry, eax: 0, ebx, gdt: info.gdt(), tss: TSS };
    let pieces = segments.into_iter().chain(modules).chain([info.piece()]).collect();
    Ok(Some(Plan { pieces, fills, entry }))
}

/// Address, size, address of the text and a reserved word of each module, 64 bits each. The text is the arguments.
fn module_list(kernel: &Kernel<'_>, modules: &[Piece<'_>], info: &mut Info) -> Vec<u8> {
    let entry = |(piece, module): (&Piece<'_>, &super::Module<'_>)| {
        let arguments = module.text.split_once(' ').map_or("", |(_, arguments)| arguments);
        let text = info.add(&[arguments.as_bytes(), b"\0"].concat());
        [piece.address, piece.bytes.len() as u64, u64::from(text), 0].map(u64::to_le_bytes).concat()
    };
    modules.iter().zip(kernel.modules).flat_map(entry).collect()
}
