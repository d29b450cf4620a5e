//! The processor's way into video memory: addressing modes, latches, read and write modes.
//! IBM *PS/2 Video Subsystems*, "Video Memory Read/Write Operations" and "Graphics Controller Registers".
//!
//! Video memory keeps the four planes interleaved: byte `offset` of plane `p` is byte `4 * offset + p`. So the latches
//! are one dword, and a chain-4 address is the byte's own number, the same as in the linear framebuffer. (IBM's chain-4
//! leaves three of four bytes of each plane unused; adapters with a linear framebuffer do as here.)

use ringwalk_mmu::{Memory, PAGE_BYTES};

use super::Vga;

/// Sequencer memory mode, bit 2: 0 = even addresses reach planes 0 and 2, odd ones 1 and 3.
const NOT_ODD_EVEN: u8 = 1 << 2;
/// Sequencer memory mode, bit 3: the low two address bits choose the plane.
const CHAIN_4: u8 = 1 << 3;
/// Graphics mode, bit 4: odd/even reads.
const READ_ODD_EVEN: u8 = 1 << 4;
/// Graphics mode, bit 3: read mode 1.
const READ_MODE_1: u8 = 1 << 3;
/// Graphics miscellaneous, bit 1: address bit 0 is replaced by a higher one.
const CHAIN_ODD_EVEN: u8 = 1 << 1;
/// Miscellaneous output, bit 5: that higher bit selects the low page while set (as on the EGA).
const LOW_PAGE: u8 = 1 << 5;
/// Miscellaneous output, bit 1: the processor reaches video memory.
const ENABLE_RAM: u8 = 1 << 1;

/// Where an address of the window leads.
#[derive(Clone, Copy)]
struct Target {
    /// Byte of each plane.
    offset: u16,
    /// Planes that the address reaches, one bit each.
    planes: u8,
}

impl Vga {
    /// Reads a byte of the window at A0000h; the latches are loaded.
    pub(crate) fn read_memory(&mut self, offset: u32, memory: &Memory) -> u8 {
        let Some(offset) = self.window_offset(offset) else {
            return 0xFF;
        };
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

    /// Writes a byte of the window at A0000h.
    pub(crate) fn write_memory(&mut self, offset: u32, value: u8, memory: &mut Memory) {
        let Some(offset) = self.window_offset(offset) else {
            return;
        };
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
    fn writes_are_plain(&self) -> bool {
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

    /// The offset in the window that the memory map select opens; `None` outside of it.
    fn window_offset(&self, offset: u32) -> Option<u32> {
        if self.misc & ENABLE_RAM == 0 {
            return None;
        }
        let (base, len) = match self.graphics.get(6) >> 2 & 3 {
            0 => (0, 0x2_0000),
            1 => (0, 0x1_0000),
            2 => (0x1_0000, 0x8000),
            _ => (0x1_8000, 0x8000),
        };
        offset.checked_sub(base).filter(|offset| *offset < len)
    }

    fn target(&self, offset: u32) -> Target {
        // Offsets in a plane have 16 bits; address bit 16 of the 128 KiB window is used below only.
        let low = offset as u16;
        if self.sequencer.get(4) & CHAIN_4 != 0 {
            return Target { offset: (offset >> 2) as u16, planes: 1 << (offset & 3) };
        }
        let odd_even = self.sequencer.get(4) & NOT_ODD_EVEN == 0;
        let planes = match (odd_even, offset & 1) {
            (false, _) => 0b1111,
            (true, 0) => 0b0101,
            (true, _) => 0b1010,
        };
        let chained = self.graphics.get(6) & CHAIN_ODD_EVEN != 0;
        Target { offset: if chained { (low & !1) | self.page_bit(offset) } else { low }, planes }
    }

    /// What takes the place of address bit 0 in odd/even addressing: bit 16 of the 128 KiB window, else the page bit.
    fn page_bit(&self, offset: u32) -> u16 {
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

/// The four planes' bytes at an offset, plane 0 lowest; `None` past the end of video memory.
pub(crate) fn load(memory: &Memory, offset: u16) -> Option<u32> {
    let at = 4 * u64::from(offset);
    let frame = memory.vram.frame(at / PAGE_BYTES)?;
    let in_page = (at % PAGE_BYTES) as usize;
    let bytes = memory.frames.page(frame).get(in_page..in_page + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Stores bytes of consecutive planes at an offset, from `plane` on.
fn store(memory: &mut Memory, offset: u16, plane: u32, bytes: &[u8]) {
    let at = 4 * u64::from(offset);
    if let Some(frame) = memory.vram.frame(at / PAGE_BYTES) {
        memory.frames.store(frame, (at % PAGE_BYTES) as usize + plane as usize, bytes);
    }
}
