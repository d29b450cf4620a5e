//! The display adapter: a VGA on PCI with a linear framebuffer, vendor 1234h, device 1111h.
//! IBM *PS/2 Hardware Interface Technical Reference - Video Subsystems* (S42G-2193), "VGA Function"; for the PCI side
//! the QEMU project's *standard VGA* specification ("QEMU Standard VGA", PCI spec, memory-mapped registers).

mod cp437;
mod dac;
mod planes;
mod registers;
#[cfg(test)]
mod tests;
mod text;
mod timing;

use ringwalk_mmu::{Memory, PAGE_BYTES, Size};
use serde::{Deserialize, Serialize};

pub use self::text::Screen;

use self::dac::Dac;
use self::registers::{ATTRIBUTE, CRTC, GRAPHICS, Indexed, SEQUENCER};
use crate::device::{Cx, Device, Range, Ranges, Reg, Space, View};
use crate::pci::{Bar, COMMAND_IO, COMMAND_MEMORY, ConfigSpace, Function, Register};

/// Where the adapter is: bus 0, device 2.
const FUNCTION: Function = Function::on_bus_0(2, 0);

/// Base address registers: the framebuffer, the memory-mapped registers, the expansion ROM.
const FRAMEBUFFER: u8 = 0x10;
const MMIO: u8 = 0x18;
const ROM: u8 = 0x30;
/// Bytes that the expansion ROM decodes.
const ROM_BYTES: u64 = 64 << 10;
/// Bytes of memory-mapped registers; ports 3C0h to 3DFh are at 400h.
const MMIO_BYTES: u64 = 4096;
const MMIO_PORTS: u32 = 0x400;

/// The window into video memory.
const WINDOW: u64 = 0xA_0000;
const WINDOW_BYTES: u64 = 0x2_0000;

/// Miscellaneous output bit 0: the CRT controller is at 3D4h, else at 3B4h.
const COLOUR: u8 = 1 << 0;
/// Attribute index bit 5: the display shows memory, else the border colour.
const PALETTE_SOURCE: u8 = 1 << 5;
/// Sequencer clocking mode bit 5: the screen is off.
const SCREEN_OFF: u8 = 1 << 5;
/// CRTC vertical retrace end bit 7: registers 0 to 7 are protected, but for line compare bit 8 (7, bit 4).
const PROTECT: u8 = 1 << 7;
const LINE_COMPARE_8: u8 = 1 << 4;
/// Index bits of the CRT controller that are kept: those of its 25 registers, and one for extensions to be found
/// missing there.
const CRTC_INDEX: u8 = 0x3F;

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Red, green and blue of each pixel, line by line.
    pub rgb: Vec<u8>,
}

impl Image {
    fn black(width: u32, height: u32) -> Image {
        Image { width, height, rgb: vec![0; 3 * width as usize * height as usize] }
    }

    /// Sets a pixel; nothing outside of the picture.
    fn set(&mut self, x: u32, y: u32, colour: [u8; 3]) {
        if x < self.width && y < self.height {
            let at = 3 * (y as usize * self.width as usize + x as usize);
            self.rgb[at..at + 3].copy_from_slice(&colour);
        }
    }
}

/// The adapter's registers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Vga {
    config: ConfigSpace,
    vram_pages: u64,
    /// Miscellaneous output.
    misc: u8,
    /// Feature control.
    feature: u8,
    /// Video subsystem enable, 3C3h: kept, without effect on an adapter that PCI switches.
    enable: u8,
    sequencer: Indexed<5>,
    graphics: Indexed<9>,
    crtc: Indexed<25>,
    /// The index holds the palette address source too.
    attribute: Indexed<21>,
    /// The next write to 3C0h is data.
    attribute_data: bool,
    dac: Dac,
    /// The four planes' latches, plane 0 lowest.
    latch: u32,
}

/// A range of the adapter, by its place in `ranges()`.
const MONO_PORTS: u8 = 0;
const PORTS: u8 = 1;
const MEMORY: u8 = 2;
const MMIO_RANGE: u8 = 3;
const CONFIG: u8 = 6;

impl Vga {
    /// The adapter after reset, with so many pages of video memory.
    pub(crate) fn new(vram_pages: u64) -> Vga {
        Vga {
            config: ConfigSpace::new(&Vga::table(vram_pages)),
            vram_pages,
            misc: 0,
            feature: 0,
            enable: 1,
            sequencer: Indexed::new(),
            graphics: Indexed::new(),
            crtc: Indexed::new(),
            attribute: Indexed::new(),
            attribute_data: false,
            dac: Dac::new(),
            latch: 0,
        }
    }

    fn table(vram_pages: u64) -> [Register; 9] {
        [
            Register::fixed(0x00, 4, 0x1111_1234),
            Register::writable(0x04, 2, 0, 0x0003),
            Register::fixed(0x06, 2, 0),
            Register::fixed(0x08, 1, 0x02),
            Register::fixed(0x09, 3, 0x03_0000),
            Register::base_address(FRAMEBUFFER, Bar::Prefetchable, framebuffer_bytes(vram_pages)),
            Register::base_address(MMIO, Bar::Memory, MMIO_BYTES as u32),
            Register::writable(ROM, 4, 0, !(ROM_BYTES as u32 - 1) | 1),
            Register::writable(0x3C, 1, 0, 0xFF),
        ]
    }

    /// The picture on the screen. Graphics modes are shown black.
    pub(crate) fn render(&self, memory: &Memory) -> Image {
        if self.is_graphics() {
            let frame = self.frame();
            return Image::black(frame.shown_chars * 8, frame.shown_lines);
        }
        self.render_text(memory)
    }

    /// Graphics controller miscellaneous bit 0.
    fn is_graphics(&self) -> bool {
        self.graphics.get(6) & 1 != 0
    }

    fn is_blank(&self) -> bool {
        self.sequencer.get(1) & SCREEN_OFF != 0 || self.attribute.index & PALETTE_SOURCE == 0
    }

    /// Reads a port by its last two digits, B0h to DFh.
    fn read_port(&mut self, port: u8, cx: &Cx<'_>) -> u8 {
        match (port, self.misc & COLOUR != 0) {
            (0xB4, false) | (0xD4, true) => self.crtc.index,
            (0xB5, false) | (0xD5, true) => self.crtc.read(),
            (0xBA, false) | (0xDA, true) => {
                self.attribute_data = false;
                self.beam_status(cx)
            }
            (0xC0, _) => self.attribute.index,
            (0xC1, _) => self.attribute.get(self.attribute.index & 0x1F),
            // Input status 0, bit 4: the sense comparator sees a monitor.
            (0xC2, _) => 0x10,
            (0xC3, _) => self.enable,
            (0xC4, _) => self.sequencer.index,
            (0xC5, _) => self.sequencer.read(),
            (0xC6, _) => self.dac.mask,
            (0xC7, _) => self.dac.state(),
            (0xC8, _) => self.dac.write_index(),
            (0xC9, _) => self.dac.read(),
            (0xCA, _) => self.feature,
            (0xCC, _) => self.misc,
            (0xCE, _) => self.graphics.index,
            (0xCF, _) => self.graphics.read(),
            _ => 0xFF,
        }
    }

    /// Writes a port by its last two digits, B0h to DFh.
    fn write_port(&mut self, port: u8, value: u8) {
        match (port, self.misc & COLOUR != 0) {
            (0xB4, false) | (0xD4, true) => self.crtc.index = value & CRTC_INDEX,
            (0xB5, false) | (0xD5, true) => self.write_crtc(value),
            (0xBA, false) | (0xDA, true) => self.feature = value & 0x0B,
            (0xC0, _) => self.write_attribute(value),
            (0xC2, _) => self.misc = value & 0xEF,
            (0xC3, _) => self.enable = value & 1,
            (0xC4, _) => self.sequencer.index = value & 7,
            (0xC5, _) => self.sequencer.write(value, &SEQUENCER),
            (0xC6, _) => self.dac.mask = value,
            (0xC7, _) => self.dac.begin_reading(value),
            (0xC8, _) => self.dac.begin_writing(value),
            (0xC9, _) => self.dac.write(value),
            (0xCE, _) => self.graphics.index = value & 15,
            (0xCF, _) => self.graphics.write(value, &GRAPHICS),
            _ => {}
        }
    }

    /// 3C0h takes the index and its data in turn; reading input status 1 makes the index next.
    fn write_attribute(&mut self, value: u8) {
        if self.attribute_data {
            self.attribute.set(self.attribute.index & 0x1F, value, &ATTRIBUTE);
        } else {
            self.attribute.index = value & (PALETTE_SOURCE | 0x1F);
        }
        self.attribute_data = !self.attribute_data;
    }

    fn write_crtc(&mut self, value: u8) {
        let protected = self.crtc.get(0x11) & PROTECT != 0;
        match self.crtc.index {
            7 if protected => {
                let kept = self.crtc.get(7) & !LINE_COMPARE_8;
                self.crtc.set(7, kept | (value & LINE_COMPARE_8), &CRTC);
            }
            0..=6 if protected => {}
            index => self.crtc.set(index, value, &CRTC),
        }
    }

    fn read_mmio(&mut self, offset: u32, cx: &Cx<'_>) -> u8 {
        match offset.checked_sub(MMIO_PORTS) {
            // At most DFh.
            Some(port @ 0..=0x1F) => self.read_port(0xC0 + port as u8, cx),
            _ => 0,
        }
    }

    fn write_mmio(&mut self, offset: u32, value: u8) {
        if let Some(port @ 0..=0x1F) = offset.checked_sub(MMIO_PORTS) {
            // At most DFh.
            self.write_port(0xC0 + port as u8, value);
        }
    }

    fn read_byte(&mut self, range: u8, offset: u32, cx: &Cx<'_>) -> u8 {
        match range {
            // The ranges hold 12 and 32 ports.
            MONO_PORTS => self.read_port(0xB0 + (offset as u8 & 15), cx),
            PORTS => self.read_port(0xC0 + (offset as u8 & 31), cx),
            MEMORY => self.read_memory(offset, cx.memory),
            MMIO_RANGE => self.read_mmio(offset, cx),
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, range: u8, offset: u32, value: u8, cx: &mut Cx<'_>) {
        match range {
            // The ranges hold 12 and 32 ports.
            MONO_PORTS => self.write_port(0xB0 + (offset as u8 & 15), value),
            PORTS => self.write_port(0xC0 + (offset as u8 & 31), value),
            MEMORY => self.write_memory(offset, value, cx.memory),
            MMIO_RANGE => self.write_mmio(offset, value),
            _ => {}
        }
    }

    fn ranges_now(&self) -> [Range; 6] {
        let command = self.config.command();
        let io = command & COMMAND_IO != 0;
        let memory = command & COMMAND_MEMORY != 0;
        let range = |name, space, base: Option<u64>, len| Range {
            name,
            space,
            base: base.unwrap_or(0),
            len: if base.is_some() { len } else { 0 },
            width: Size::Byte,
        };
        let framebuffer = u64::from(framebuffer_bytes(self.vram_pages));
        [
            range("monochrome ports", Space::Port, io.then_some(0x3B0), 12),
            range("ports", Space::Port, io.then_some(0x3C0), 32),
            range("window", Space::Mmio, memory.then_some(WINDOW), WINDOW_BYTES),
            range("registers", Space::Mmio, self.config.memory_base(MMIO), MMIO_BYTES),
            range("framebuffer", Space::VideoMemory, self.config.memory_base(FRAMEBUFFER), framebuffer),
            range("ROM", Space::VideoRom, self.config.rom_base(ROM), ROM_BYTES),
        ]
    }
}

/// What the framebuffer's base address register decodes: video memory, as a power of two.
fn framebuffer_bytes(vram_pages: u64) -> u32 {
    let pages = vram_pages.clamp(1, 1 << 18).next_power_of_two();
    // At most 1 GiB.
    (pages * PAGE_BYTES) as u32
}

impl Device for Vga {
    fn ranges(&self) -> Ranges {
        let mut ranges = self.ranges_now().to_vec();
        ranges.push(FUNCTION.config_range());
        Ranges(ranges)
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        if reg.range == CONFIG {
            return self.config.read(reg.offset, size);
        }
        let mut bytes = [0; 8];
        for (index, byte) in (0..).zip(bytes.iter_mut().take(size.bytes() as usize)) {
            *byte = self.read_byte(reg.range, reg.offset.wrapping_add(index), cx);
        }
        u64::from_le_bytes(bytes)
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        if reg.range == CONFIG {
            return self.config.write(&Vga::table(self.vram_pages), reg.offset, size, value);
        }
        for (index, byte) in (0..).zip(value.to_le_bytes()).take(size.bytes() as usize) {
            self.write_byte(reg.range, reg.offset.wrapping_add(index), byte, cx);
        }
    }

    fn reset(&mut self) {
        *self = Vga::new(self.vram_pages);
    }

    fn show(&self) -> View {
        let frame = self.frame();
        let mode = if self.is_graphics() { "graphics" } else { "text" };
        let size = format!("{} characters, {} lines", frame.shown_chars, frame.shown_lines);
        View::default()
            .row("mode", format!("{mode}, {size}{}", if self.is_blank() { ", off" } else { "" }))
            .row("miscellaneous output", format!("{:02X}", self.misc))
            .row("sequencer", self.sequencer.text())
            .row("CRT controller", self.crtc.text())
            .row("graphics controller", self.graphics.text())
            .row("attribute controller", self.attribute.text())
            .row("latches", format!("{:08X}", self.latch))
            .row("PEL mask", format!("{:02X}", self.dac.mask))
    }
}
