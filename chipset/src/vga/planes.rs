//! The processor's way into video memory: addressing modes, latches, read and write modes.
//! IBM *PS/2 Video Subsystems*, "Video Memory Read/Write Operations" and "Graphics Controller Registers".
//!
//! Video memory keeps the four planes interleaved: byte `offset` of plane `p` is byte `4 * offset + p`, also in the
//! linear framebuffer. So the latches are one dword, and neighbours in odd/even and chain-4 addressing are neighbours.
//!
//! In chain-4 addressing bits 15 and 14 take the places of the two that choose the plane, as the CRT controller's
//! doubleword addresses do with theirs ("Underline Location Register"): of each plane every fourth byte is used first.

use ringwalk_mmu::{Memory, PAGE_BYTES};

use super::Vga;

/// Sequencer memory mode, bit 2: 0 = even addresses reach planes 0 and 2, odd ones 1 and 3.
pub(super) const NOT_ODD_EVEN: u8 = 1 << 2;
/// Sequencer memory mode, bit 3: the low two address bits choose the plane.
pub(super) const CHAIN_4: u8 = 1 << 3;
/// Graphics mode, bit 4: odd/even reads.
pub(super) const READ_ODD_EVEN: u8 = 1 << 4;
/// Graphics mode, bit 3: read mode 1.
pub(super) const READ_MODE_1: u8 = 1 << 3;
/// Graphics miscellaneous, bit 1: address bit 0 is replaced by a higher one.
pub(super) const CHAIN_ODD_EVEN: u8 = 1 << 1;
/// Miscellaneous output, bit 5: that higher bit selects the low page while set (as on the EGA).
const LOW_PAGE: u8 = 1 << 5;

/// Where an address of the window leads.
#[derive(Clone, Copy)]
struct Target {
    /// Byte of each plane.
    offset: u32,
    /// Planes that the address reaches, one bit each.
    planes: u8,
}

impl Vga {
    /// Reads a byte at an offset of the window that the memory map select opens; the latches are loaded.
    pub(super) fn read_planes(&mut self, offset: u32, memory: &Memory) -> u8 {
        let target = self.target(offset);
        let Some(latch) = load(memory, target.offset) else {
            return 0xFF;
        };
        self.latch = latch;
        if self.graphics.get(5) & READ_MODE_1 != 0 {
            return self.compare(latch);
        }
        let select = self.graphics.get(4);
        let plane = if self.sequencer.get(4) & CHAIN_4 != 0 {
            offset as u8 & 3
        } else if self.graphics.get(5) & READ_ODD_EVEN != 0 {
            (select & 2) | (offset as u8 & 1)
        } else {
            select & 3
        };
        latch.to_le_bytes()[usize::from(plane)]
    }

    /// Read mode 1: a bit is set where all planes that count agree with the colour.
    fn compare(&self, latch: u32) -> u8 {
        let colour = spread(self.graphics.get(2));
        let cares = spread(self.graphics.get(7));
        let differs = ((latch ^ colour) & cares).to_le_bytes();
        !(differs[0] | differs[1] | differs[2] | differs[3])
    }

    /// Writes a byte at an offset of the window that the memory map select opens.
    pub(super) fn write_planes(&mut self, offset: u32, value: u8, memory: &mut Memory) {
        let target = self.target(offset);
        let planes = target.planes & self.sequencer.get(2);
        if planes == 0 {
            return;
        }
        let value = if self.writes_are_plain() { u32::from(value) * 0x0101_0101 } else { self.written(value) };
        if planes.is_power_of_two() {
            let plane = planes.trailing_zeros();
            // A plane's byte of the dword.
            return store(memory, target.offset, plane, &[(value >> (8 * plane)) as u8]);
        }
        let Some(old) = load(memory, target.offset) else {
            return;
        };
        let mask = spread(planes);
        store(memory, target.offset, 0, &((old & !mask) | (value & mask)).to_le_bytes());
    }

    /// Write mode 0 with nothing to do: no rotation, set/reset, function or mask. So it is for all text.
    pub(super) fn writes_are_plain(&self) -> bool {
        let registers = [self.graphics.get(5) & 3, self.graphics.get(3), self.graphics.get(1)];
        registers == [0; 3] && self.graphics.get(8) == 0xFF
    }

    /// What the write mode makes of a byte, for all four planes.
    fn written(&self, value: u8) -> u32 {
        let rotated = value.rotate_right(u32::from(self.graphics.get(3) & 7));
        let set_reset = spread(self.graphics.get(0));
        let mut mask = self.graphics.get(8);
        let data = match self.graphics.get(5) & 3 {
            0 => {
                let enabled = spread(self.graphics.get(1));
                ((u32::from(rotated) * 0x0101_0101) & !enabled) | (set_reset & enabled)
            }
            1 => return self.latch,
            2 => spread(value),
            _ => {
                mask &= rotated;
                set_reset
            }
        };
        let combined = match self.graphics.get(3) >> 3 & 3 {
            0 => data,
            1 => data & self.latch,
            2 => data | self.latch,
            _ => data ^ self.latch,
        };
        let mask = u32::from(mask) * 0x0101_0101;
        (combined & mask) | (self.latch & !mask)
    }

    fn target(&self, offset: u32) -> Target {
        // Offsets in a plane have 16 bits; address bit 16 of the 128 KiB window is used below only. A bank of the
        // display interface comes on top; banks end inside of 4 GiB.
        let (low, bank) = (offset as u16, self.dispi.window_base() as u32);
        if self.sequencer.get(4) & CHAIN_4 != 0 {
            return Target { offset: bank + u32::from(chained_4(low)), planes: 1 << (offset & 3) };
        }
        let odd_even = self.sequencer.get(4) & NOT_ODD_EVEN == 0;
        let planes = match (odd_even, offset & 1) {
            (false, _) => 0b1111,
            (true, 0) => 0b0101,
            (true, _) => 0b1010,
        };
        let chained = self.graphics.get(6) & CHAIN_ODD_EVEN != 0;
        Target { offset: bank + u32::from(if chained { (low & !1) | self.page_bit(offset) } else { low }), planes }
    }

    /// What takes the place of address bit 0 in odd/even addressing: bit 16 of the 128 KiB window, else the page bit.
    pub(super) fn page_bit(&self, offset: u32) -> u16 {
        match self.graphics.get(6) >> 2 & 3 {
            0 => u16::from(offset & 0x1_0000 != 0),
            _ => u16::from(self.misc & LOW_PAGE == 0),
        }
    }
}

/// Four bits, each over all bits of its plane's byte.
fn spread(planes: u8) -> u32 {
    let bits = u32::from(planes);
    // Bit p of `planes` goes to bit 8 * p, and from there over the byte.
    ((bits & 1) | (bits & 2) << 7 | (bits & 4) << 14 | (bits & 8) << 21) * 0xFF
}

/// The byte of a plane that a chain-4 address reaches.
pub(super) fn chained_4(address: u16) -> u16 {
    (address & !3) | address >> 14
}

/// The four planes' bytes at an offset, plane 0 lowest; `None` past the end of video memory.
pub(crate) fn load(memory: &Memory, offset: u32) -> Option<u32> {
    let at = 4 * u64::from(offset);
    let frame = memory.vram.frame(at / PAGE_BYTES)?;
    let in_page = (at % PAGE_BYTES) as usize;
    let bytes = memory.frames.page(frame).get(in_page..in_page + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// As [`load`], if the page is there.
#[inline]
pub(super) fn load_if_present(memory: &Memory, offset: u32) -> Option<u32> {
    let at = 4 * u64::from(offset);
    memory.frames.dword_if_present(memory.vram.frame(at / PAGE_BYTES)?, (at % PAGE_BYTES) as usize)
}

/// As [`store`], if nothing is to be noted of it. False, and nothing is done, if there is.
#[inline]
pub(super) fn store_if_ready<const N: usize>(memory: &mut Memory, offset: u32, plane: u32, bytes: [u8; N]) -> bool {
    let at = 4 * u64::from(offset);
    let frame = memory.vram.frame(at / PAGE_BYTES);
    frame.is_some_and(|frame| memory.frames.store_if_ready(frame, (at % PAGE_BYTES) as usize + plane as usize, bytes))
}

/// Stores bytes of consecutive planes at an offset, from `plane` on; nothing past the end of video memory.
pub(super) fn store(memory: &mut Memory, offset: u32, plane: u32, bytes: &[u8]) {
    let at = 4 * u64::from(offset);
    if let Some(frame) = memory.vram.frame(at / PAGE_BYTES) {
        memory.frames.store(frame, (at % PAGE_BYTES) as usize + plane as usize, bytes);
    }
}

/// Reads video memory as it lies in the linear framebuffer; zeros past its end.
pub(crate) fn read_vram(memory: &Memory, first: u64, to: &mut [u8]) {
    let mut at = first;
    let mut rest = to;
    while !rest.is_empty() {
        let in_page = (at % PAGE_BYTES) as usize;
        let (piece, others) = rest.split_at_mut(rest.len().min(PAGE_BYTES as usize - in_page));
        match memory.vram.frame(at / PAGE_BYTES) {
            Some(frame) => piece.copy_from_slice(&memory.frames.page(frame)[in_page..in_page + piece.len()]),
            None => piece.fill(0),
        }
        at += piece.len() as u64;
        rest = others;
    }
}

/// Clears so many bytes from the start of video memory, and of them only what was ever written.
pub(super) fn clear_vram(memory: &mut Memory, bytes: u64) {
    let pages = bytes.div_ceil(PAGE_BYTES).min(u64::from(memory.vram.count));
    for frame in (0..pages).filter_map(|page| memory.vram.frame(page)) {
        if memory.frames.is_touched(frame) {
            memory.frames.store(frame, 0, &[0; PAGE_BYTES as usize]);
        }
    }
}
