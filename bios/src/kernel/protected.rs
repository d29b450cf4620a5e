//! What the protocols that enter in 32-bit protected mode share: where modules and the kernel's information go, and
//! its first descriptors.

use super::plan::{HIGH, LOW_END, LOWEST, Piece};
use super::{Kernel, error};
use crate::Error;

const PAGE: u64 = 4096;
/// Where the information begins unless the kernel itself is there.
const USUAL: u64 = 0x1_0000;
/// Null descriptor, a free one, code and data of 4 GiB from 0 on, a 32-bit TSS at 0 with a limit of 67h. Kernels expect
/// no numbers of selectors but Linux's, 10h and 18h. SDM Vol.3A 3.4.5 "Segment Descriptors", 7.2.2 "TSS Descriptor".
const GDT: [u64; 5] = [0, 0, 0x00CF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x0000_8900_0000_0067];
/// The TSS's selector.
pub(super) const TSS: u32 = 0x20;
/// Entries that the copy of the memory map has room for.
pub(super) const MAP_ENTRIES: u32 = 128;

/// The modules as pieces behind the kernel, each at a page.
pub(super) fn modules<'a>(kernel: &Kernel<'a>, segments: &[Piece<'_>]) -> Vec<Piece<'a>> {
    let mut free = segments.iter().map(Piece::end).fold(HIGH, u64::max);
    let place = |module: &super::Module<'a>| {
        // What runs over is refused with the plan.
        let address = free.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
        let piece = Piece { what: "a module", address, bytes: module.bytes.into(), zeros: 0 };
        free = piece.end();
        piece
    };
    kernel.modules.iter().map(place).collect()
}

/// The kernel's information, made up at its place in base memory.
pub(super) struct Info {
    base: u64,
    bytes: Vec<u8>,
}

impl Info {
    /// At a place that the kernel leaves free for so many bytes, beginning with the GDT. The bytes of texts are counted
    /// in; the memory map has room behind.
    pub(super) fn new(segments: &[Piece<'_>], bytes: u64) -> Result<Info, Error> {
        let free = |base: &u64| {
            let end = base + bytes;
            end <= LOW_END && segments.iter().all(|piece| piece.end() <= *base || piece.address >= end)
        };
        let base = std::iter::once(USUAL).chain((LOWEST..LOW_END).step_by(PAGE as usize)).find(free);
        let base = base.ok_or_else(|| {
            error(format!("leaves no {bytes} bytes of base memory free for what it is told: shorten the command lines"))
        })?;
        Ok(Info { base, bytes: GDT.iter().flat_map(|descriptor| descriptor.to_le_bytes()).collect() })
    }

    /// Adds a part at a multiple of 8; its address.
    pub(super) fn add(&mut self, part: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let address = self.here();
        self.bytes.extend_from_slice(part);
        address
    }

    /// The address of what is added next, at a multiple of 8.
    pub(super) fn here(&self) -> u32 {
        // Base memory.
        (self.base as usize + self.bytes.len().next_multiple_of(8)) as u32
    }

    /// The GDT's address.
    pub(super) fn gdt(&self) -> u32 {
        self.base as u32
    }

    /// All of it.
    pub(super) fn piece(self) -> Piece<'static> {
        Piece { what: "the boot information", address: self.base, bytes: self.bytes.into(), zeros: 0 }
    }
}

/// Bytes that texts take: the command line, the modules' texts, and what surrounds each.
pub(super) fn text_bytes(kernel: &Kernel<'_>) -> u64 {
    let modules: usize = kernel.modules.iter().map(|module| module.text.len() + 64).sum();
    (kernel.name.len() + kernel.command_line.len() + modules + 64) as u64
}
