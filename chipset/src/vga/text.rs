//! The text screen: what is in the cells, and the dots of them.
//! IBM *PS/2 Video Subsystems*, "Alphanumeric Modes", "Attribute Controller Registers", "CRT Controller Registers".

use ringwalk_mmu::Memory;
use serde::Serialize;

use super::Vga;
use super::cp437;
use super::picture::{BLINK, Phase};
use super::planes::load;
use super::scan::ScanLine;

/// CRTC cursor start bit 5: no cursor.
const CURSOR_OFF: u8 = 1 << 5;
/// Attribute mode control bit 2: characters C0h to DFh go on into the ninth dot.
const LINE_GRAPHICS: u8 = 1 << 2;
/// Sequencer memory mode bit 1: all of video memory is there, and with it the choice of character maps.
const EXTENDED_MEMORY: u8 = 1 << 1;
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

impl Vga {
    /// The text screen; `None` in graphics modes.
    pub(crate) fn screen(&self, memory: &Memory) -> Option<Screen> {
        if self.is_graphics() || self.dispi.is_on() {
            return None;
        }
        let frame = self.frame();
        let lines_of_row = self.row_height() << self.doubling();
        let rows = (frame.shown_lines / lines_of_row).min(MAX_CELLS / frame.shown_chars.max(1));
        // At most 256 columns and 4096 lines.
        let mut screen = Screen { columns: frame.shown_chars as u16, rows: rows as u16, ..Screen::default() };
        for row in 0..rows {
            let line = self.scan_line(row * lines_of_row);
            for column in 0..frame.shown_chars {
                let counter = self.counter_at(&line, column);
                let [character, attribute, ..] = self.cell(counter, line.scan, memory);
                screen.characters.push(character);
                screen.attributes.push(attribute);
                if counter == self.cursor_address() && self.cursor_exists() && screen.cursor.is_none() {
                    screen.cursor = Some((column as u16, row as u16));
                }
            }
        }
        Some(screen)
    }

    /// Nine dots of a cell's scan line as the DAC's pixels, leftmost first.
    pub(crate) fn text_dots(
        &self,
        counter: u16,
        line: &ScanLine,
        palette: &[u8; 16],
        phase: Phase,
        memory: &Memory,
    ) -> [u8; 9] {
        let [character, attribute, ..] = self.cell(counter, line.scan, memory);
        let mode = self.attribute.get(0x10);
        let glyph = u32::from(self.glyph_line(character, attribute, line.scan, memory));
        let carries = mode & LINE_GRAPHICS != 0 && (0xC0..=0xDF).contains(&character);
        let mut bits = glyph << 1 | u32::from(carries && glyph & 1 != 0);
        // A foreground of blue on black is underlined where the location says (as the monochrome adapter did).
        if attribute & 0x77 == 0x01 && line.scan == self.crtc.get(0x14) & 0x1F {
            bits = 0x1FF;
        }
        let blinks = mode & BLINK != 0;
        if blinks && attribute & 0x80 != 0 && !phase.characters {
            bits = 0;
        }
        if phase.cursor && counter == self.cursor_address() && self.cursor_covers(line.scan) {
            bits = 0x1FF;
        }
        let enabled = self.attribute.get(0x12) & 15;
        let background = if blinks { attribute >> 4 & 7 } else { attribute >> 4 };
        let [lit, dark] = [attribute & 15, background].map(|colour| palette[usize::from(colour & enabled)]);
        std::array::from_fn(|dot| if bits & 0x100 >> dot != 0 { lit } else { dark })
    }

    /// Where the cursor is, with its skew.
    fn cursor_address(&self) -> u16 {
        let skew = u16::from(self.crtc.get(0x0B) >> 5 & 3);
        u16::from_be_bytes([self.crtc.get(0x0E), self.crtc.get(0x0F)]).wrapping_add(skew)
    }

    /// True if the cursor is on and its shape has this scan line.
    fn cursor_covers(&self, scan: u8) -> bool {
        let (start, end) = (self.crtc.get(0x0A), self.crtc.get(0x0B));
        start & CURSOR_OFF == 0 && (start & 0x1F..=end & 0x1F).contains(&scan)
    }

    fn cursor_exists(&self) -> bool {
        let (start, end) = (self.crtc.get(0x0A), self.crtc.get(0x0B));
        start & CURSOR_OFF == 0 && start & 0x1F <= end & 0x1F
    }

    /// The four planes' bytes where the address counter points: character, attribute, and what lies behind.
    fn cell(&self, counter: u16, scan: u8, memory: &Memory) -> [u8; 4] {
        load(memory, u32::from(self.memory_address(counter, scan))).unwrap_or(0).to_le_bytes()
    }

    /// Eight dots of a character from the font in plane 2, leftmost in bit 7 ("Character Map Select Register").
    fn glyph_line(&self, character: u8, attribute: u8, scan: u8, memory: &Memory) -> u8 {
        let extended = self.sequencer.get(4) & EXTENDED_MEMORY != 0;
        let select = if extended { self.sequencer.get(3) } else { 0 };
        // Map A, for characters with attribute bit 3, has bits 5, 3, 2; map B bits 4, 1, 0.
        let (high, low) = if attribute & 8 != 0 { (select >> 5, select >> 2) } else { (select >> 4, select) };
        let map = u16::from(low & 3) << 14 | u16::from(high & 1) << 13;
        let offset = map | u16::from(character) << 5 | u16::from(scan & 0x1F);
        load(memory, u32::from(offset)).unwrap_or(0).to_le_bytes()[2]
    }
}
