//! The window at A0000h: which way an access goes, and short ways for the modes that software writes most in.
//! IBM *PS/2 Video Subsystems*, "Video Memory Organization"; for the linear way the Bochs project's *VBE Display API*,
//! "VBE_DISPI_INDEX_BANK".
//!
//! A short way is taken only where the full rules of `planes.rs` come to the same: no rotation, masks, set/reset or
//! function, and bytes that lie side by side.

use ringwalk_mmu::{Memory, PAGE_BYTES, Size};

use super::Vga;
use super::planes::{
    CHAIN_4, CHAIN_ODD_EVEN, NOT_ODD_EVEN, READ_MODE_1, READ_ODD_EVEN, chained_4, load, load_if_present, store,
    store_if_ready,
};

/// Miscellaneous output, bit 1: the processor reaches video memory.
const ENABLE_RAM: u8 = 1 << 1;
/// Bytes of the window while the display interface has linear memory there.
const LINEAR_BYTES: u32 = 64 << 10;

/// The way that accesses go now. Derived from the registers.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Way {
    kind: Kind,
    /// Where the open part of the window begins, and its length.
    base: u32,
    len: u32,
    /// Text: the page bit. Linear: the first byte of the bank.
    at: u64,
}

#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
enum Kind {
    /// Registers changed since the way was found.
    #[default]
    Unknown,
    /// Planes 0 and 1 by turns: characters and attributes.
    Text,
    /// All planes by turns.
    Chain4,
    /// A bank of linear memory.
    Linear,
    /// By the full rules.
    Planes,
}

impl PartialEq for Way {
    /// Derived data makes no difference between adapters.
    fn eq(&self, _other: &Way) -> bool {
        true
    }
}

impl Vga {
    /// The cell of an aligned access to text: its offset in the planes, and the byte of it that the access begins at.
    #[inline]
    fn text_cell(&self, offset: u32, size: Size) -> Option<(u32, u32)> {
        let inside = offset.wrapping_sub(self.way.base);
        let is_cell = self.way.kind == Kind::Text && inside < self.way.len && size <= Size::Word;
        // Offsets in a plane have 16 bits; the page bit is one.
        (is_cell && aligned(offset, size)).then(|| (u32::from(inside as u16 & !1) | self.way.at as u32, inside & 1))
    }

    /// Reads text, if it is there and known to be text. `None`: nothing was done.
    #[inline]
    pub(crate) fn read_text(&mut self, offset: u32, size: Size, memory: &Memory) -> Option<u64> {
        let (cell, byte) = self.text_cell(offset, size)?;
        self.latch = load_if_present(memory, cell)?;
        Some(u64::from(self.latch) >> (8 * byte) & size.ones())
    }

    /// Writes text, if it is known to be text and nothing is to be noted of it. False: nothing was done.
    #[inline]
    pub(crate) fn write_text(&mut self, offset: u32, size: Size, value: u64, memory: &mut Memory) -> bool {
        // The value's lowest bytes.
        match self.text_cell(offset, size) {
            Some((cell, byte)) if size == Size::Byte => store_if_ready(memory, cell, byte, [value as u8]),
            Some((cell, byte)) => store_if_ready(memory, cell, byte, (value as u16).to_le_bytes()),
            None => false,
        }
    }

    /// Reads from the window.
    pub(crate) fn read_window(&mut self, offset: u32, size: Size, memory: &Memory) -> u64 {
        let way = self.way();
        let inside = offset.wrapping_sub(way.base);
        if inside < way.len && aligned(offset, size) {
            let at = u64::from(inside);
            match (way.kind, size) {
                (Kind::Text, Size::Byte | Size::Word) => {
                    // Offsets in a plane have 16 bits.
                    let cell = load(memory, u32::from(inside as u16 & !1) | way.at as u32);
                    self.latch = cell.unwrap_or(self.latch);
                    return cell.map_or(size.ones(), |cell| u64::from(cell) >> (8 * (at & 1)) & size.ones());
                }
                (Kind::Chain4, Size::Byte | Size::Word | Size::Dword) => {
                    let four = load(memory, u32::from(chained_4(inside as u16)));
                    self.latch = four.unwrap_or(self.latch);
                    return four.map_or(size.ones(), |four| u64::from(four) >> (8 * (at & 3)) & size.ones());
                }
                (Kind::Linear, _) => return read_linear(memory, way.at + at, size),
                _ => {}
            }
        }
        let mut bytes = [0xFF; 8];
        for (index, byte) in (0..).zip(bytes.iter_mut().take(size.bytes() as usize)) {
            let inside = offset.wrapping_add(index).wrapping_sub(way.base);
            if inside < way.len {
                *byte = match way.kind {
                    // One byte leaves the upper bits clear.
                    Kind::Linear => read_linear(memory, way.at + u64::from(inside), Size::Byte) as u8,
                    _ => self.read_planes(inside, memory),
                };
            }
        }
        u64::from_le_bytes(bytes) & size.ones()
    }

    /// Writes to the window.
    pub(crate) fn write_window(&mut self, offset: u32, size: Size, value: u64, memory: &mut Memory) {
        let way = self.way();
        let inside = offset.wrapping_sub(way.base);
        let bytes = value.to_le_bytes();
        let bytes = &bytes[..size.bytes() as usize];
        if inside < way.len && aligned(offset, size) {
            match (way.kind, size) {
                // Offsets in a plane have 16 bits.
                (Kind::Text, Size::Byte | Size::Word) => {
                    return store(memory, u32::from(inside as u16 & !1) | way.at as u32, inside & 1, bytes);
                }
                (Kind::Chain4, Size::Byte | Size::Word | Size::Dword) => {
                    return store(memory, u32::from(chained_4(inside as u16)), inside & 3, bytes);
                }
                (Kind::Linear, _) => return write_linear(memory, way.at + u64::from(inside), bytes),
                _ => {}
            }
        }
        for (index, byte) in (0..).zip(bytes) {
            let inside = offset.wrapping_add(index).wrapping_sub(way.base);
            if inside < way.len {
                match way.kind {
                    Kind::Linear => write_linear(memory, way.at + u64::from(inside), &[*byte]),
                    _ => self.write_planes(inside, *byte, memory),
                }
            }
        }
    }

    /// Registers changed: the way must be found again.
    pub(super) fn forget_way(&mut self) {
        self.way = Way::default();
    }

    #[inline]
    fn way(&mut self) -> Way {
        if self.way.kind == Kind::Unknown {
            self.way = self.find_way();
        }
        self.way
    }

    fn find_way(&self) -> Way {
        let open = self.misc & ENABLE_RAM != 0;
        let shut = |len| if open { len } else { 0 };
        if self.dispi.is_linear() {
            return Way { kind: Kind::Linear, base: 0, len: shut(LINEAR_BYTES), at: self.dispi.window_base() };
        }
        let (base, len) = match self.graphics.get(6) >> 2 & 3 {
            0 => (0, 0x2_0000),
            1 => (0, 0x1_0000),
            2 => (0x1_0000, 0x8000),
            _ => (0x1_8000, 0x8000),
        };
        let (kind, at) = match () {
            () if !self.is_plain() => (Kind::Planes, 0),
            () if self.is_chain_4() => (Kind::Chain4, 0),
            () if self.is_text() => (Kind::Text, u64::from(self.page_bit(0))),
            () => (Kind::Planes, 0),
        };
        Way { kind, base, len: shut(len), at }
    }

    /// Neither reads nor writes change data, and no bank is chosen.
    fn is_plain(&self) -> bool {
        self.writes_are_plain() && self.graphics.get(5) & READ_MODE_1 == 0 && self.dispi.window_base() == 0
    }

    fn is_chain_4(&self) -> bool {
        self.sequencer.get(4) & CHAIN_4 != 0 && self.sequencer.get(2) & 15 == 15
    }

    /// Odd/even addressing everywhere, of planes 0 and 1, in a window where the page bit does not vary.
    fn is_text(&self) -> bool {
        let graphics = self.graphics.get(6);
        self.sequencer.get(4) & (CHAIN_4 | NOT_ODD_EVEN) == 0
            && self.sequencer.get(2) & 15 == 3
            && self.graphics.get(5) & READ_ODD_EVEN != 0
            && self.graphics.get(4) & 2 == 0
            && graphics & CHAIN_ODD_EVEN != 0
            && graphics >> 2 & 3 != 0
    }
}

fn aligned(offset: u32, size: Size) -> bool {
    u64::from(offset) & (size.bytes() - 1) == 0
}

/// Reads linear video memory inside a page; ones past its end.
fn read_linear(memory: &Memory, at: u64, size: Size) -> u64 {
    let Some(frame) = memory.vram.frame(at / PAGE_BYTES) else { return size.ones() };
    let in_page = (at % PAGE_BYTES) as usize;
    let mut bytes = [0; 8];
    let count = size.bytes() as usize;
    match memory.frames.page(frame).get(in_page..in_page + count) {
        Some(found) => bytes[..count].copy_from_slice(found),
        None => return size.ones(),
    }
    u64::from_le_bytes(bytes)
}

/// Writes linear video memory inside a page; nothing past its end.
fn write_linear(memory: &mut Memory, at: u64, bytes: &[u8]) {
    if let Some(frame) = memory.vram.frame(at / PAGE_BYTES) {
        memory.frames.store(frame, (at % PAGE_BYTES) as usize, bytes);
    }
}
