//! The display adapter: a VGA on PCI with a linear framebuffer, vendor 1234h, device 1111h.
//! IBM *PS/2 Hardware Interface Technical Reference - Video Subsystems* (S42G-2193), "VGA Function"; for the PCI side
//! the QEMU project's *standard VGA* specification ("QEMU Standard VGA", PCI spec, memory-mapped registers).

mod cp437;
mod dac;
mod dispi;
mod image;
mod picture;
mod planes;
mod ports;
mod registers;
mod scan;
mod text;
mod timing;
mod window;

#[cfg(test)]
mod tests;

use ringwalk_mmu::{Instant, Memory, PAGE_BYTES, Size};
use serde::{Deserialize, Serialize};

pub use self::image::{GraphicsMode, Image};
pub use self::text::Screen;

use self::dac::Dac;
use self::dispi::Dispi;
use self::picture::Phase;
use self::registers::Indexed;
use self::window::Way;
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
/// Bytes of memory-mapped registers.
const MMIO_BYTES: u64 = 4096;

/// The window into video memory.
const WINDOW: u64 = 0xA_0000;
const WINDOW_BYTES: u64 = 0x2_0000;

/// Miscellaneous output bit 0: the CRT controller is at 3D4h, else at 3B4h.
const COLOUR: u8 = 1 << 0;
/// Attribute index bit 5: the display shows memory, else the border colour.
const PALETTE_SOURCE: u8 = 1 << 5;
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
    dispi: Dispi,
    /// Derived.
    #[serde(skip)]
    way: Way,
}

/// A range of the adapter, by its place in `ranges()`.
const MONO_PORTS: u8 = 0;
const PORTS: u8 = 1;
/// The window at A0000h.
pub(crate) const WINDOW_RANGE: u8 = 2;
const MMIO_RANGE: u8 = 3;
const DISPI_INDEX: u8 = 6;
const DISPI_DATA: u8 = 7;
const DISPI_DATA_ALIGNED: u8 = 8;
const CONFIG: u8 = 9;

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
            dispi: Dispi::new(),
            way: Way::default(),
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

    /// The picture on the screen, with everything that blinks shown.
    pub(crate) fn render(&self, memory: &Memory) -> Image {
        self.picture(memory, Phase::LIT)
    }

    /// The picture on the screen at a moment, in a machine of so many hertz: the cursor and characters blink.
    pub(crate) fn render_at(&self, memory: &Memory, clock_hz: u64, now: Instant) -> Image {
        self.picture(memory, Phase::of_frame(self.frames_at(clock_hz, now)))
    }

    /// Graphics controller miscellaneous bit 0.
    fn is_graphics(&self) -> bool {
        self.graphics.get(6) & 1 != 0
    }

    fn read_byte(&mut self, range: u8, offset: u32, cx: &Cx<'_>) -> u8 {
        match range {
            // The ranges hold 12 and 32 ports.
            MONO_PORTS => self.read_port(0xB0 + (offset as u8 & 15), cx),
            PORTS => self.read_port(0xC0 + (offset as u8 & 31), cx),
            MMIO_RANGE => self.read_mmio(offset, cx),
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, range: u8, offset: u32, value: u8) {
        match range {
            // The ranges hold 12 and 32 ports.
            MONO_PORTS => self.write_port(0xB0 + (offset as u8 & 15), value),
            PORTS => self.write_port(0xC0 + (offset as u8 & 31), value),
            _ => {}
        }
    }

    fn ranges_now(&self) -> [Range; 9] {
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
        let word = |name, port| Range { width: Size::Word, ..range(name, Space::Port, io.then_some(port), 1) };
        let framebuffer = u64::from(framebuffer_bytes(self.vram_pages));
        [
            range("monochrome ports", Space::Port, io.then_some(0x3B0), 12),
            range("ports", Space::Port, io.then_some(0x3C0), 32),
            range("window", Space::Mmio, memory.then_some(WINDOW), WINDOW_BYTES),
            range("registers", Space::Mmio, self.config.memory_base(MMIO), MMIO_BYTES),
            range("framebuffer", Space::VideoMemory, self.config.memory_base(FRAMEBUFFER), framebuffer),
            range("ROM", Space::VideoRom, self.config.rom_base(ROM), ROM_BYTES),
            word("display interface index", 0x1CE),
            word("display interface data", 0x1CF),
            word("display interface data, aligned", 0x1D0),
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
        match reg.range {
            WINDOW_RANGE => return self.read_window(reg.offset, size, cx.memory),
            DISPI_INDEX => return u64::from(self.dispi.index),
            DISPI_DATA | DISPI_DATA_ALIGNED => return u64::from(self.read_dispi()),
            CONFIG => return self.config.read(reg.offset, size),
            _ => {}
        }
        let mut bytes = [0; 8];
        for (index, byte) in (0..).zip(bytes.iter_mut().take(size.bytes() as usize)) {
            *byte = self.read_byte(reg.range, reg.offset.wrapping_add(index), cx);
        }
        u64::from_le_bytes(bytes)
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        match reg.range {
            WINDOW_RANGE => return self.write_window(reg.offset, size, value, cx.memory),
            MMIO_RANGE => return self.write_mmio(reg.offset, size, value, cx.memory),
            // Words: the upper bits are clear.
            DISPI_INDEX => self.dispi.index = value as u16,
            DISPI_DATA | DISPI_DATA_ALIGNED => return self.write_dispi(self.dispi.index, value as u16, cx.memory),
            CONFIG => return self.config.write(&Vga::table(self.vram_pages), reg.offset, size, value),
            _ => {}
        }
        for (index, byte) in (0..).zip(value.to_le_bytes()).take(size.bytes() as usize) {
            self.write_byte(reg.range, reg.offset.wrapping_add(index), byte);
        }
    }

    fn reset(&mut self) {
        *self = Vga::new(self.vram_pages);
    }

    fn show(&self) -> View {
        let frame = self.frame();
        let mode = match self.graphics_mode() {
            Some(mode) => format!("graphics, {mode}"),
            None => format!("text, {} characters, {} lines", frame.shown_chars, frame.shown_lines),
        };
        View::default()
            .row("mode", format!("{mode}{}", if self.is_blank() { ", off" } else { "" }))
            .row("miscellaneous output", format!("{:02X}", self.misc))
            .row("sequencer", self.sequencer.text())
            .row("CRT controller", self.crtc.text())
            .row("graphics controller", self.graphics.text())
            .row("attribute controller", self.attribute.text())
            .row("latches", format!("{:08X}", self.latch))
            .row("PEL mask", format!("{:02X}", self.dac.mask))
            .row("palette", if self.dac.is_wide() { "8 bits" } else { "6 bits" })
            .row("display interface", self.dispi.text())
    }
}
