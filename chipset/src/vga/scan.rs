//! What the CRT controller addresses in each line: start address, preset row scan, split screen, doubling, panning.
//! IBM *PS/2 Video Subsystems*, "CRT Controller Registers", "Attribute Controller Registers".

use super::Vga;

/// CRTC mode control bit 6: byte addresses, else word addresses.
const BYTE_MODE: u8 = 1 << 6;
/// CRTC mode control bit 5: word addresses wrap at 64 KiB, else at 16 KiB.
const WRAP_64K: u8 = 1 << 5;
/// CRTC mode control bit 3: the address counter counts every other character clock.
const COUNT_BY_2: u8 = 1 << 3;
/// CRTC mode control bit 2: the vertical counter counts every other line.
pub(crate) const HALF_LINES: u8 = 1 << 2;
/// CRTC mode control bits 1 and 0: clear, row scan bits 1 and 0 take the places of address bits 14 and 13.
const KEEP_BIT_14: u8 = 1 << 1;
const KEEP_BIT_13: u8 = 1 << 0;
/// CRTC underline location bit 6: doubleword addresses; bit 5: the counter counts every fourth character clock.
const DWORD_MODE: u8 = 1 << 6;
const COUNT_BY_4: u8 = 1 << 5;
/// CRTC maximum scan line bit 7: every line is shown twice.
const DOUBLE_SCAN: u8 = 1 << 7;
/// Attribute mode control bit 5: no panning below the split.
const PANNING_COMPATIBLE: u8 = 1 << 5;
/// Attribute mode control bit 6: a pixel takes two dots.
pub(crate) const WIDE_PIXELS: u8 = 1 << 6;

/// What a line of the frame shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanLine {
    /// The address counter of its first character.
    pub(crate) address: u16,
    /// The row scan counter, 0 to 31.
    pub(crate) scan: u8,
    /// Dots that are shifted out on the left.
    pub(crate) panned: u32,
}

impl Vga {
    /// What a line of the frame shows, counted from 0.
    pub(crate) fn scan_line(&self, line: u32) -> ScanLine {
        let pan = u16::from(self.crtc.get(8) >> 5 & 3);
        let fixed = self.attribute.get(0x10) & PANNING_COMPATIBLE != 0;
        let (first, preset, panned, line) = match line.checked_sub(self.split_line()) {
            Some(below) if fixed => (0, 0, 0, below),
            Some(below) => (pan, 0, self.panned(), below),
            None => (self.start_address(), self.crtc.get(8) & 0x1F, self.panned(), line),
        };
        let (row, scan) = self.row_of(line >> self.doubling(), preset);
        // Counters wrap at 16 bits.
        ScanLine { address: first.wrapping_add((row as u16).wrapping_mul(self.pitch())), scan, panned }
    }

    /// Row and row scan counter so many counts after the counter was preset. A preset past the last scan line of a row
    /// counts on to 31 and to 0 from there, still in the same row.
    fn row_of(&self, counts: u32, preset: u8) -> (u32, u8) {
        let height = self.row_height();
        let preset = u32::from(preset);
        let counts = match counts.checked_sub(32 - preset) {
            None if preset >= height => return (0, (preset + counts) as u8),
            Some(past) if preset >= height => past,
            _ => preset + counts,
        };
        // Below 32, as heights are.
        (counts / height, (counts % height) as u8)
    }

    /// How often counts of the row scan counter are halved: 1 if every line is shown twice.
    pub(crate) fn doubling(&self) -> u32 {
        u32::from(self.crtc.get(9) & DOUBLE_SCAN != 0)
    }

    /// The first line below the split: the counter meets line compare in the line before.
    fn split_line(&self) -> u32 {
        let crtc = |number| u32::from(self.crtc.get(number));
        let compare = crtc(0x18) | (crtc(7) >> 4 & 1) << 8 | (crtc(9) >> 6 & 1) << 9;
        (compare + 1) << u32::from(self.crtc.get(0x17) & HALF_LINES != 0)
    }

    /// Dots that the panning register shifts out: of nine dots 8 stands for none and 0 for one; pixels of two dots move
    /// by whole pixels ("Horizontal PEL Panning Register").
    fn panned(&self) -> u32 {
        let value = u32::from(self.attribute.get(0x13));
        match value {
            _ if self.attribute.get(0x10) & WIDE_PIXELS != 0 => value & 6,
            8.. if self.has_9_dots() => 0,
            _ if self.has_9_dots() => value + 1,
            _ => value & 7,
        }
    }

    /// Sequencer clocking mode bit 0 clear: characters are nine dots wide.
    pub(crate) fn has_9_dots(&self) -> bool {
        self.sequencer.get(1) & 1 == 0
    }

    /// Scan lines in a row of characters.
    pub(crate) fn row_height(&self) -> u32 {
        u32::from(self.crtc.get(9) & 0x1F) + 1
    }

    /// Address counts from one row to the next.
    pub(crate) fn pitch(&self) -> u16 {
        2 * u16::from(self.crtc.get(0x13))
    }

    /// Start address with byte panning.
    pub(crate) fn start_address(&self) -> u16 {
        let byte_panning = u16::from(self.crtc.get(8) >> 5 & 3);
        u16::from_be_bytes([self.crtc.get(0x0C), self.crtc.get(0x0D)]).wrapping_add(byte_panning)
    }

    /// The address counter at a character of a line.
    pub(crate) fn counter_at(&self, line: &ScanLine, character: u32) -> u16 {
        let slowed = if self.crtc.get(0x14) & COUNT_BY_4 != 0 {
            character >> 2
        } else {
            character >> u32::from(self.crtc.get(0x17) & COUNT_BY_2 != 0)
        };
        // Counters wrap at 16 bits.
        line.address.wrapping_add(slowed as u16)
    }

    /// The memory address that the CRT controller makes of its counters ("Underline Location", "CRT Mode Control").
    pub(crate) fn memory_address(&self, counter: u16, scan: u8) -> u16 {
        let mode = self.crtc.get(0x17);
        let mut address = if self.crtc.get(0x14) & DWORD_MODE != 0 {
            counter << 2 | (counter >> 12 & 3)
        } else if mode & BYTE_MODE != 0 {
            counter
        } else {
            let wrap = if mode & WRAP_64K != 0 { counter >> 15 } else { counter >> 13 & 1 };
            counter << 1 | wrap
        };
        if mode & KEEP_BIT_13 == 0 {
            address = (address & !(1 << 13)) | u16::from(scan & 1) << 13;
        }
        if mode & KEEP_BIT_14 == 0 {
            address = (address & !(1 << 14)) | u16::from(scan >> 1 & 1) << 14;
        }
        address
    }

    /// How many lines of the frame show the same row of pixels in graphics modes.
    pub(crate) fn lines_of_a_pixel(&self) -> u32 {
        let mode = self.crtc.get(0x17);
        let banks = (2 - u32::from(mode & KEEP_BIT_13 != 0)) * (2 - u32::from(mode & KEEP_BIT_14 != 0));
        (self.row_height() / banks).max(1) << self.doubling()
    }
}
