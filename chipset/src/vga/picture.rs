//! The picture on the screen, made of registers and video memory alone: every dot of every line that is displayed.
//! IBM *PS/2 Video Subsystems*, "Attribute Controller Registers", "Graphics Controller Registers", "Video Memory
//! Organization". A line has as many pixels as dots of the full dot clock: at half of it each dot is two pixels wide,
//! and scan lines that are shown twice are there twice, so that a picture has the shape that a monitor gives it.

use ringwalk_mmu::Memory;

use super::dispi::DispiMode;
use super::image::{GraphicsMode, Image};
use super::planes::{load, read_vram};
use super::scan::{ScanLine, WIDE_PIXELS};
use super::{PALETTE_SOURCE, Vga};

/// Sequencer clocking mode bit 5: the screen is off.
const SCREEN_OFF: u8 = 1 << 5;
/// Sequencer reset bits: both set while the sequencer runs.
const RUNNING: u8 = 3;
/// CRTC mode control bit 7: retraces happen.
const RETRACE: u8 = 1 << 7;
/// Graphics mode bits 6 and 5: 256-colour shift, interleaved shift.
const SHIFT_256: u8 = 1 << 6;
const SHIFT_INTERLEAVED: u8 = 1 << 5;
/// Attribute mode control bit 3: attribute bit 7 blinks, and in graphics modes plane 3.
pub(crate) const BLINK: u8 = 1 << 3;
/// Attribute mode control bit 7: colour bits 5 and 4 come from the colour select register.
const SELECT_5_4: u8 = 1 << 7;

/// Which half of their periods blinking things are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    /// The cursor is shown.
    pub(crate) cursor: bool,
    /// Blinking characters are shown.
    pub(crate) characters: bool,
}

impl Phase {
    /// Everything shown.
    pub(crate) const LIT: Phase = Phase { cursor: true, characters: true };

    /// The phase of a frame: the cursor is on for 8 frames of 16, characters for 16 of 32.
    pub(crate) fn of_frame(frame: u64) -> Phase {
        Phase { cursor: frame & 8 == 0, characters: frame & 16 == 0 }
    }
}

impl Vga {
    /// The picture, with what blinks in the given phase.
    pub(crate) fn picture(&self, memory: &Memory, phase: Phase) -> Image {
        if let Some(mode) = self.dispi.mode() {
            return self.linear_picture(&mode, memory);
        }
        let frame = self.frame();
        let dots = if self.has_9_dots() { 9 } else { 8 };
        let width = frame.shown_chars * frame.dots;
        if self.is_off() {
            return Image::filled(width, frame.shown_lines, [0; 3]);
        }
        let colours = self.dac.table();
        let mut image = Image::filled(width, frame.shown_lines, colours[usize::from(self.attribute.get(0x11))]);
        if self.attribute.index & PALETTE_SOURCE == 0 {
            return image;
        }
        let palette = self.palette();
        for number in 0..frame.shown_lines {
            let line = self.scan_line(number);
            // One character more than is shown: panning may bring a part of it in.
            let pixels = (0..=frame.shown_chars).flat_map(|character| {
                let counter = self.counter_at(&line, character);
                let shown = match self.is_graphics() {
                    true => self.graphics_dots(counter, &line, &palette, phase, memory),
                    false => self.text_dots(counter, &line, &palette, phase, memory),
                };
                shown.into_iter().take(dots)
            });
            let wide = frame.dots as usize / dots;
            let pixels = pixels.skip(line.panned as usize).flat_map(|pixel| std::iter::repeat_n(pixel, wide));
            for (to, pixel) in image.line_mut(number).chunks_exact_mut(3).zip(pixels) {
                to.copy_from_slice(&colours[usize::from(pixel)]);
            }
        }
        image
    }

    /// Sequencer or CRT controller stopped, or the screen switched off.
    fn is_off(&self) -> bool {
        self.sequencer.get(1) & SCREEN_OFF != 0
            || self.sequencer.get(0) & RUNNING != RUNNING
            || self.crtc.get(0x17) & RETRACE == 0
    }

    /// True while nothing of video memory is shown.
    pub(crate) fn is_blank(&self) -> bool {
        let off = if self.dispi.is_on() { self.sequencer.get(1) & SCREEN_OFF != 0 } else { self.is_off() };
        off || self.attribute.index & PALETTE_SOURCE == 0
    }

    /// What is shown in graphics; `None` in text modes.
    pub(crate) fn graphics_mode(&self) -> Option<GraphicsMode> {
        if let Some(mode) = self.dispi.mode() {
            // Depths are at most 32.
            return Some(GraphicsMode { width: mode.width, height: mode.height, depth: mode.depth as u8 });
        }
        if !self.is_graphics() {
            return None;
        }
        let frame = self.frame();
        let wide = self.attribute.get(0x10) & WIDE_PIXELS != 0;
        let dots = if self.has_9_dots() { 9 } else { 8 };
        // Four planes at most.
        let depth = if wide { 8 } else { (self.attribute.get(0x12) & 15).count_ones() as u8 };
        let width = (frame.shown_chars * dots) >> u32::from(wide);
        Some(GraphicsMode { width, height: frame.shown_lines / self.lines_of_a_pixel(), depth })
    }

    /// The dots of one character clock in a graphics mode, as the DAC's pixels; the ninth is background.
    fn graphics_dots(
        &self,
        counter: u16,
        line: &ScanLine,
        palette: &[u8; 16],
        phase: Phase,
        memory: &Memory,
    ) -> [u8; 9] {
        let address = self.memory_address(counter, line.scan);
        let planes = load(memory, u32::from(address)).unwrap_or(0).to_le_bytes();
        let enabled = self.attribute.get(0x12) & 15;
        let mode = self.attribute.get(0x10);
        // Blinking inverts plane 3 in every other half (so that of mode 0Fh's palette colour 4 blinks).
        let inverted = if mode & BLINK != 0 && !phase.characters { 8 } else { 0 };
        let colours = self.shifted_out(planes).map(|colour| (colour & enabled) ^ inverted);
        let mut pixels = [palette[0]; 9];
        for (dot, pixel) in pixels.iter_mut().take(8).enumerate() {
            *pixel = if mode & WIDE_PIXELS != 0 {
                let [high, low] = [dot & !1, dot | 1].map(|half| palette[usize::from(colours[half])] & 15);
                high << 4 | low
            } else {
                palette[usize::from(colours[dot])]
            };
        }
        pixels
    }

    /// Eight 4-bit colours, leftmost first, as the shift registers give them ("Graphics Mode Register").
    fn shifted_out(&self, planes: [u8; 4]) -> [u8; 8] {
        let mode = self.graphics.get(5);
        std::array::from_fn(|dot| {
            if mode & SHIFT_256 != 0 {
                let byte = planes[dot / 2];
                if dot % 2 == 0 { byte >> 4 } else { byte & 15 }
            } else if mode & SHIFT_INTERLEAVED != 0 {
                let pair = |plane: usize| planes[plane] >> (6 - 2 * (dot % 4)) & 3;
                pair(dot / 4) | pair(2 + dot / 4) << 2
            } else {
                let bit = |plane: usize| (planes[plane] >> (7 - dot) & 1) << plane;
                bit(0) | bit(1) | bit(2) | bit(3)
            }
        })
    }

    /// The DAC's pixels of the sixteen colours, behind the palette and colour select ("Attribute Mode Control", "Color
    /// Select").
    pub(crate) fn palette(&self) -> [u8; 16] {
        let select = self.attribute.get(0x14);
        let select_5_4 = self.attribute.get(0x10) & SELECT_5_4 != 0;
        std::array::from_fn(|colour| {
            // There are sixteen.
            let entry = self.attribute.get(colour as u8);
            let low = if select_5_4 { (entry & 15) | (select & 3) << 4 } else { entry };
            low | (select & 12) << 4
        })
    }

    /// The picture of a mode of the display interface.
    fn linear_picture(&self, mode: &DispiMode, memory: &Memory) -> Image {
        let mut image = Image::filled(mode.width, mode.height, [0; 3]);
        if self.is_blank() {
            return image;
        }
        let colours = self.dac.table();
        let palette = self.palette();
        let bytes_of_pixel = u64::from(mode.depth).div_ceil(8);
        let mut bytes = vec![0; (u64::from(mode.width) * bytes_of_pixel) as usize];
        for number in 0..mode.height {
            let first = mode.start + u64::from(number) * mode.pitch;
            let line = image.line_mut(number).chunks_exact_mut(3);
            if mode.depth == 4 {
                for (pixel, to) in (mode.start_pixel..).zip(line) {
                    to.copy_from_slice(&colours[usize::from(palette[planar_pixel(first, pixel, memory)])]);
                }
                continue;
            }
            read_vram(memory, first, &mut bytes);
            for (pixel, to) in bytes.chunks_exact(bytes_of_pixel as usize).zip(line) {
                to.copy_from_slice(&rgb_of(pixel, mode.depth, &colours));
            }
        }
        image
    }
}

/// The colour of a pixel, counted from the first of the byte at an offset of each plane.
fn planar_pixel(first: u64, pixel: u32, memory: &Memory) -> usize {
    let offset = u32::try_from(first + u64::from(pixel / 8)).unwrap_or(u32::MAX);
    let planes = load(memory, offset).unwrap_or(0);
    let at = 7 - pixel % 8;
    (0..4).map(|plane| ((planes >> (8 * plane + at) & 1) as usize) << plane).sum()
}

/// The colour of a pixel of 8 to 32 bits: a DAC entry, 1:5:5:5, 5:6:5 or 8:8:8, blue lowest.
fn rgb_of(pixel: &[u8], depth: u16, colours: &[[u8; 3]; 256]) -> [u8; 3] {
    let five = |value: u16| (value << 3 & 0xF8 | value >> 2 & 7) as u8;
    let six = |value: u16| (value << 2 & 0xFC | value >> 4 & 3) as u8;
    match (depth, pixel) {
        (8, [index]) => colours[usize::from(*index)],
        (15, [low, high]) => {
            let value = u16::from_le_bytes([*low, *high]);
            [five(value >> 10 & 31), five(value >> 5 & 31), five(value & 31)]
        }
        (16, [low, high]) => {
            let value = u16::from_le_bytes([*low, *high]);
            [five(value >> 11), six(value >> 5 & 63), five(value & 31)]
        }
        (_, [blue, green, red, ..]) => [*red, *green, *blue],
        _ => [0; 3],
    }
}
