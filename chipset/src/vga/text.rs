//! The text screen: what is in the cells, and the picture of it.
//! IBM *PS/2 Video Subsystems*, "Alphanumeric Modes", "Attribute Controller Registers", "CRT Controller Registers".

use ringwalk_mmu::Memory;
use serde::Serialize;

use super::cp437;
use super::planes::load;
use super::{Image, Vga};

/// CRTC mode control bit 6: byte addresses, else word addresses.
const BYTE_MODE: u8 = 1 << 6;
/// CRTC mode control bit 5: word addresses wrap at 64 KiB, else at 16 KiB.
const WRAP_64K: u8 = 1 << 5;
/// CRTC underline location bit 6: doubleword addresses.
const DWORD_MODE: u8 = 1 << 6;
/// CRTC maximum scan line bit 7: every line is shown twice.
const DOUBLE_SCAN: u8 = 1 << 7;
/// CRTC cursor start bit 5: no cursor.
const CURSOR_OFF: u8 = 1 << 5;
/// Attribute mode control bit 2: characters C0h to DFh go on into the ninth dot.
const LINE_GRAPHICS: u8 = 1 << 2;
/// Attribute mode control bit 3: attribute bit 7 blinks.
const BLINK: u8 = 1 << 3;
/// Attribute mode control bit 5: no panning below the split.
const PANNING_COMPATIBLE: u8 = 1 << 5;
/// Attribute mode control bit 7: colour bits 5 and 4 come from the colour select register.
const SELECT_5_4: u8 = 1 << 7;
/// The most text columns and rows that are decoded.
const MAX_CELLS: u32 = 256 * 128;

/// A text screen as its registers and memory describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// Character codes, row by row.
    pub characters: Vec<u8>,
    /// Attributes, row by row.
    pub attributes: Vec<u8>,
    /// Column and row of the cursor; `None` while it is off or outside.
    pub cursor: Option<(u16, u16)>,
}

impl Screen {
    /// A row as text, code page 437 in Unicode, without the spaces at its end. Empty past the last row.
    pub fn row_text(&self, row: u16) -> String {
        let start = usize::from(row) * usize::from(self.columns);
        let codes = self.characters.get(start..start + usize::from(self.columns)).unwrap_or(&[]);
        let text: String = codes.iter().map(|code| cp437::character(*code)).collect();
        text.trim_end().to_owned()
    }

    /// All rows as text, one line each.
    pub fn text(&self) -> String {
        (0..self.rows).map(|row| self.row_text(row) + "\n").collect()
    }
}

/// A row of the screen as the CRT controller scans it.
struct TextRow {
    /// The address counter of its first character.
    address: u16,
    /// The scan line inside the row.
    scan: u32,
    /// Dots that are shifted out on the left.
    panned: u32,
}

impl Vga {
    /// The text screen; `None` in graphics modes.
    pub(crate) fn screen(&self, memory: &Memory) -> Option<Screen> {
        if self.is_graphics() {
            return None;
        }
        let frame = self.frame();
        let lines = frame.shown_lines >> u32::from(self.crtc.get(9) & DOUBLE_SCAN != 0);
        let rows = (lines / self.row_height()).min(MAX_CELLS / frame.shown_chars.max(1));
        let mut screen = Screen { columns: frame.shown_chars as u16, rows: rows as u16, ..Screen::default() };
        for row in 0..rows {
            for column in 0..frame.shown_chars {
                // Counters wrap at 16 bits.
                let address = self.row_address(row).wrapping_add(column as u16);
                let [character, attribute, ..] = self.cell(address, memory);
                screen.characters.push(character);
                screen.attributes.push(attribute);
            }
        }
        screen.cursor = self.cursor(&screen);
        Some(screen)
    }

    /// The picture of the text screen. The cursor and blinking characters are shown as in their lit half.
    pub(crate) fn render_text(&self, memory: &Memory) -> Image {
        let frame = self.frame();
        // Half the dot clock makes each dot twice as wide; the picture keeps one pixel a dot.
        let dots = if frame.dots.is_multiple_of(9) { 9 } else { 8 };
        let mut image = Image::black(frame.shown_chars * dots, frame.shown_lines);
        if self.is_blank() {
            return image;
        }
        let palette = self.text_palette();
        for line in 0..frame.shown_lines {
            let row = self.text_row(line);
            // One character more than is shown: panning may bring a part of it in.
            for column in 0..=frame.shown_chars {
                let address = row.address.wrapping_add(column as u16);
                let (bits, [foreground, background]) = self.cell_line(address, row.scan, memory);
                for dot in 0..dots {
                    let lit = bits & 0x100 >> dot != 0;
                    let colour = palette[usize::from(if lit { foreground } else { background })];
                    image.set((column * dots + dot).wrapping_sub(row.panned), line, colour);
                }
            }
        }
        image
    }

    /// Nine dots of a cell's scan line, leftmost in bit 8, and the colours of set and clear dots.
    fn cell_line(&self, address: u16, scan: u32, memory: &Memory) -> (u32, [u8; 2]) {
        let [character, attribute, ..] = self.cell(address, memory);
        let glyph = u32::from(self.glyph_line(character, attribute, scan, memory));
        let carries = self.attribute.get(0x10) & LINE_GRAPHICS != 0 && (0xC0..=0xDF).contains(&character);
        let mut bits = glyph << 1 | u32::from(carries && glyph & 1 != 0);
        // A foreground of blue on black is underlined where the location says (as the monochrome adapter did).
        let underlined = attribute & 0x77 == 0x01 && scan == u32::from(self.crtc.get(0x14) & 0x1F);
        let cursor = address == self.cursor_address() && self.cursor_covers(scan);
        if underlined || cursor {
            bits = 0x1FF;
        }
        let background = if self.attribute.get(0x10) & BLINK != 0 { attribute >> 4 & 7 } else { attribute >> 4 };
        (bits, [attribute & 15, background])
    }

    /// The row and scan line that a line of the frame shows, with start address, preset row scan and split screen.
    fn text_row(&self, line: u32) -> TextRow {
        let double = u32::from(self.crtc.get(9) & DOUBLE_SCAN != 0);
        let split = self.line_compare();
        let (first, panned, line, scan) = match line.checked_sub(split + 1) {
            Some(below) if self.attribute.get(0x10) & PANNING_COMPATIBLE != 0 => (0, 0, below, 0),
            Some(below) => (0, self.panned(), below, 0),
            None => (self.start_address(), self.panned(), line, u32::from(self.crtc.get(8) & 0x1F)),
        };
        let scan = (line >> double) + scan;
        let (row, scan) = (scan / self.row_height(), scan % self.row_height());
        // Counters wrap at 16 bits.
        TextRow { address: first.wrapping_add((row as u16).wrapping_mul(self.pitch())), scan, panned }
    }

    /// Dots that the panning register shifts out: of nine dots 8 stands for none and 0 for one ("Horizontal PEL
    /// Panning Register").
    fn panned(&self) -> u32 {
        let value = u32::from(self.attribute.get(0x13));
        match (self.sequencer.get(1) & 1 == 0, value) {
            (true, 8..) => 0,
            (true, _) => value + 1,
            (false, _) => value & 7,
        }
    }

    /// Where the split screen begins: the line after this one starts again at address 0.
    fn line_compare(&self) -> u32 {
        let crtc = |number| u32::from(self.crtc.get(number));
        crtc(0x18) | (crtc(7) >> 4 & 1) << 8 | (crtc(9) >> 6 & 1) << 9
    }

    /// Scan lines in a row of characters.
    fn row_height(&self) -> u32 {
        u32::from(self.crtc.get(9) & 0x1F) + 1
    }

    /// Address counts from one row to the next.
    fn pitch(&self) -> u16 {
        2 * u16::from(self.crtc.get(0x13))
    }

    fn start_address(&self) -> u16 {
        let byte_panning = u16::from(self.crtc.get(8) >> 5 & 3);
        u16::from_be_bytes([self.crtc.get(0x0C), self.crtc.get(0x0D)]).wrapping_add(byte_panning)
    }

    fn row_address(&self, row: u32) -> u16 {
        self.start_address().wrapping_add((row as u16).wrapping_mul(self.pitch()))
    }

    fn cursor_address(&self) -> u16 {
        u16::from_be_bytes([self.crtc.get(0x0E), self.crtc.get(0x0F)])
    }

    /// True if the cursor is on and its shape has this scan line.
    fn cursor_covers(&self, scan: u32) -> bool {
        let (start, end) = (self.crtc.get(0x0A), self.crtc.get(0x0B));
        start & CURSOR_OFF == 0 && (u32::from(start & 0x1F)..=u32::from(end & 0x1F)).contains(&scan)
    }

    fn cursor(&self, screen: &Screen) -> Option<(u16, u16)> {
        let distance = self.cursor_address().wrapping_sub(self.start_address());
        let pitch = self.pitch();
        let (column, row) = if pitch == 0 { (distance, 0) } else { (distance % pitch, distance / pitch) };
        let shape = self.crtc.get(0x0A) & 0x1F <= self.crtc.get(0x0B) & 0x1F;
        let shown = shape && self.crtc.get(0x0A) & CURSOR_OFF == 0 && column < screen.columns && row < screen.rows;
        shown.then_some((column, row))
    }

    /// The four planes' bytes where the address counter points: character, attribute, and what lies behind.
    fn cell(&self, counter: u16, memory: &Memory) -> [u8; 4] {
        load(memory, self.memory_address(counter)).unwrap_or(0).to_le_bytes()
    }

    /// The memory address that the CRT controller makes of its counter ("Underline Location", "CRT Mode Control").
    pub(crate) fn memory_address(&self, counter: u16) -> u16 {
        let mode = self.crtc.get(0x17);
        if self.crtc.get(0x14) & DWORD_MODE != 0 {
            counter << 2 | (counter >> 12 & 3)
        } else if mode & BYTE_MODE != 0 {
            counter
        } else {
            let wrap = if mode & WRAP_64K != 0 { counter >> 15 } else { counter >> 13 & 1 };
            counter << 1 | wrap
        }
    }

    /// Eight dots of a character from the font in plane 2, leftmost in bit 7 ("Character Map Select Register").
    fn glyph_line(&self, character: u8, attribute: u8, scan: u32, memory: &Memory) -> u8 {
        let select = self.sequencer.get(3);
        // Map A, for characters with attribute bit 3, has bits 5, 3, 2; map B bits 4, 1, 0.
        let (high, low) = if attribute & 8 != 0 { (select >> 5, select >> 2) } else { (select >> 4, select) };
        let map = u16::from(low & 3) << 14 | u16::from(high & 1) << 13;
        // A scan line has 5 bits.
        let offset = map | u16::from(character) << 5 | (scan & 0x1F) as u16;
        load(memory, offset).unwrap_or(0).to_le_bytes()[2]
    }

    /// The sixteen text colours through palette, colour select and DAC.
    fn text_palette(&self) -> [[u8; 3]; 16] {
        std::array::from_fn(|colour| {
            // There are sixteen.
            let enabled = colour as u8 & self.attribute.get(0x12) & 15;
            self.dac.rgb(self.pixel(enabled))
        })
    }

    /// The DAC's pixel of a 4-bit colour ("Attribute Mode Control", "Color Select").
    fn pixel(&self, colour: u8) -> u8 {
        let palette = self.attribute.get(colour & 15);
        let select = self.attribute.get(0x14);
        let low = if self.attribute.get(0x10) & SELECT_5_4 != 0 { (palette & 15) | (select & 3) << 4 } else { palette };
        low | (select & 12) << 4
    }
}
