//! What the option ROM is to do: pieces of memory, values that the firmware knows, the entry; and its encoding.
//!
//! The form of a step is `roms/kernelboot/kernelboot.asm`'s: eight dwords, the first its kind.

use std::borrow::Cow;

use super::{error, put, too_large};
use crate::{Error, KERNEL_ROM};

/// Memory below this is the ROM's own while it works: vectors, data area, stack.
pub(super) const LOWEST: u64 = 0x8000;
/// Base memory above this may be the firmware's.
pub(super) const LOW_END: u64 = 0x9_A000;
/// From here on memory has no more holes, up to the end of RAM.
pub(super) const HIGH: u64 = 0x10_0000;

/// Kinds of steps.
const LOAD: u32 = 1;
const CLEAR: u32 = 2;
const MAP: u32 = 3;
const VALUE: u32 = 4;
const ENTER_REAL: u32 = 5;
const ENTER_PROTECTED: u32 = 6;
const STEP_BYTES: usize = 32;
/// What is loaded begins at multiples of this in the image, as it mostly does in memory.
const GRAIN: usize = 4096;
/// Where the ROM's Plug and Play header has its checksum, and its length.
const PNP_POINTER: usize = 0x1A;
const PNP_CHECKSUM: usize = 9;
const PNP_BYTES: usize = 32;

/// Bytes that go to an address, and zeros behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) what: &'static str,
    pub(super) address: u64,
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) zeros: u64,
}

impl Piece<'_> {
    pub(super) fn end(&self) -> u64 {
        self.address.saturating_add(self.bytes.len() as u64).saturating_add(self.zeros)
    }

    fn overlaps(&self, other: &Piece<'_>) -> bool {
        self.address < other.end() && other.address < self.end()
    }
}

/// What the firmware finds out, as the ROM numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    MapBytes = 0,
    MapCount = 1,
    LowerKib = 2,
    UpperKib = 3,
    Rsdp = 4,
}

/// What is filled in when the machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// The memory map: entries of 20 bytes as INT 15h, E820h gives them, in places of 24. With a prefix each begins
    /// with this dword, else it ends with zero. An end tag of Multiboot 2 may follow.
    Map { address: u32, most: u32, prefix: Option<u32>, end_tag: bool },
    /// A dword: what was found, and an addend. Behind the map.
    Value { address: u32, found: Found, plus: u32 },
}

/// Bytes of the map's places.
pub(super) const MAP_STRIDE: u32 = 24;

/// How the processor enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Real mode: DS, ES, FS, GS and SS; SP; CS:IP.
    Real { data: u16, sp: u16, cs: u16, ip: u16 },
    /// Flat 32-bit protected mode with this GDT; a busy TSS in it is loaded by its selector.
    Protected { eip: u32, eax: u32, ebx: u32, gdt: u32, tss: u32 },
}

/// All of it, in the order in which it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) fills: Vec<Fill>,
    pub(super) entry: Entry,
}

impl Plan<'_> {
    /// The boot image: the ROM, the steps, what they load. Fails if a piece does not fit into memory below `ram_end`.
    pub(super) fn encode(&self, ram_end: u64) -> Result<Vec<u8>, Error> {
        self.check(ram_end)?;
        let loads = |piece: &&Piece<'_>| !piece.bytes.is_empty();
        let clears = |piece: &&Piece<'_>| piece.zeros > 0;
        let pieces = || self.pieces.iter();
        let steps = pieces().filter(loads).count() + pieces().filter(clears).count() + self.fills.len() + 1;
        let mut image = sealed_rom();
        let mut at = (image.len() + steps * STEP_BYTES).next_multiple_of(GRAIN);
        for piece in pieces() {
            // Checked: all lies below 4 GiB.
            let (address, len) = (piece.address as u32, piece.bytes.len() as u32);
            if len > 0 {
                step(&mut image, LOAD, &[address, len, at as u32]);
                at = (at + piece.bytes.len()).next_multiple_of(GRAIN);
            }
            if piece.zeros > 0 {
                step(&mut image, CLEAR, &[address + len, piece.zeros as u32]);
            }
        }
        self.fills.iter().for_each(|fill| fill.encode(&mut image));
        match self.entry {
            Entry::Real { data, sp, cs, ip } => step(&mut image, ENTER_REAL, &[data, sp, cs, ip].map(u32::from)),
            Entry::Protected { eip, eax, ebx, gdt, tss } => {
                step(&mut image, ENTER_PROTECTED, &[eip, eax, ebx, gdt, tss]);
            }
        }
        for piece in pieces().filter(loads) {
            image.resize(image.len().next_multiple_of(GRAIN), 0);
            image.extend_from_slice(&piece.bytes);
        }
        Ok(image)
    }

    /// Every piece in RAM that is free, and none over another.
    fn check(&self, ram_end: u64) -> Result<(), Error> {
        for (number, piece) in self.pieces.iter().enumerate() {
            let (what, begin, end) = (piece.what, piece.address, piece.end());
            if end > ram_end.min(1 << 32) {
                return Err(too_large(what, end, ram_end));
            }
            if begin < LOWEST || begin < HIGH && end > LOW_END && end > begin {
                return Err(error(format!(
                    "{what} at {begin:X}h-{end:X}h cannot be loaded: {LOWEST:X}h-{LOW_END:X}h and what lies from \
                     {HIGH:X}h on is free"
                )));
            }
            if let Some(other) = self.pieces[..number].iter().find(|other| piece.overlaps(other)) {
                let other = other.what;
                return Err(error(format!(
                    "{what} at {begin:X}h-{end:X}h overlaps {other}: give the machine more (--mem)"
                )));
            }
        }
        Ok(())
    }
}

impl Fill {
    fn encode(&self, image: &mut Vec<u8>) {
        match *self {
            Fill::Map { address, most, prefix, end_tag } => {
                let offset = if prefix.is_some() { 4 } else { 0 };
                let words = [address, MAP_STRIDE, offset, most, prefix.unwrap_or(0), u32::from(end_tag)];
                step(image, MAP, &words);
            }
            Fill::Value { address, found, plus } => step(image, VALUE, &[address, found as u32, plus]),
        }
    }
}

fn step(image: &mut Vec<u8>, kind: u32, words: &[u32]) {
    let end = image.len() + STEP_BYTES;
    image.extend_from_slice(&kind.to_le_bytes());
    words.iter().for_each(|word| image.extend_from_slice(&word.to_le_bytes()));
    image.resize(end, 0);
}

/// The ROM with its checksums: of the Plug and Play header, and of all.
fn sealed_rom() -> Vec<u8> {
    let mut rom = KERNEL_ROM.to_vec();
    let sum = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg();
    let header = usize::from(u16::from_le_bytes([rom[PNP_POINTER], rom[PNP_POINTER + 1]]));
    let header_sum = sum(&rom[header..header + PNP_BYTES]);
    put(&mut rom, header + PNP_CHECKSUM, &[header_sum]);
    let rom_sum = sum(&rom);
    let last = rom.len() - 1;
    put(&mut rom, last, &[rom_sum]);
    rom
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(what: &'static str, address: u64, len: usize, zeros: u64) -> Piece<'static> {
        Piece { what, address, bytes: vec![7; len].into(), zeros }
    }

    fn plan(pieces: Vec<Piece<'static>>) -> Plan<'static> {
        let entry = Entry::Protected { eip: 1, eax: 2, ebx: 3, gdt: 4, tss: 5 };
        let fills = vec![Fill::Value { address: 6, found: Found::Rsdp, plus: 7 }];
        Plan { pieces, fills, entry }
    }

    #[test]
    fn the_rom_would_be_taken_by_any_firmware() {
        let rom = sealed_rom();
        let sum = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        assert_eq!((rom.len(), rom[0], rom[1], usize::from(rom[2]) * 512), (4096, 0x55, 0xAA, 4096));
        assert_eq!(sum(&rom), 0);
        let header = usize::from(rom[PNP_POINTER]);
        assert_eq!((&rom[header..header + 4], sum(&rom[header..header + 32])), (&b"$PnP"[..], 0));
    }

    #[test]
    fn steps_and_what_they_load() {
        let image = plan(vec![piece("a", 0x10_0000, 5000, 0), piece("b", 0x20_0000, 3, 9)]).encode(1 << 24);
        let image = image.expect("fits");
        let words = |number: usize| -> Vec<u32> {
            let step = &image[4096 + number * 32..][..32];
            step.chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
        };
        assert_eq!(words(0), [1, 0x10_0000, 5000, 8192, 0, 0, 0, 0]);
        assert_eq!(words(1), [1, 0x20_0000, 3, 16384, 0, 0, 0, 0]);
        assert_eq!(words(2), [2, 0x20_0003, 9, 0, 0, 0, 0, 0]);
        assert_eq!(words(3), [4, 6, 4, 7, 0, 0, 0, 0]);
        assert_eq!(words(4), [6, 1, 2, 3, 4, 5, 0, 0]);
        assert_eq!((image.len(), &image[8192..8195], &image[16384..]), (16387, &[7, 7, 7][..], &[7, 7, 7][..]));
    }

    #[test]
    fn pieces_that_cannot_be_are_refused() {
        let refusal = |pieces| plan(pieces).encode(1 << 24).expect_err("refused").to_string();
        assert!(refusal(vec![piece("the kernel", 0xFF_F000, 4097, 0)]).contains("--mem"));
        assert!(refusal(vec![piece("the kernel", 0x10_0000, 1, u64::MAX)]).contains("--mem"));
        assert!(refusal(vec![piece("the kernel", u64::MAX, 2, 0)]).contains("--mem"));
        assert!(refusal(vec![piece("the kernel", 0x7C00, 1, 0)]).contains("7C00h"));
        assert!(refusal(vec![piece("the kernel", 0x9_A000, 1, 0)]).contains("9A000h"));
        assert!(refusal(vec![piece("a", 0x10_0000, 2, 0), piece("b", 0x10_0001, 1, 0)]).contains("overlaps a"));
    }
}
