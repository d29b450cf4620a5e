//! The display interface of the 1234:1111 adapter: resolutions and depths that the VGA's registers cannot give.
//! The Bochs project's *VBE Display API* (vbe-dispi), interface versions B0C0h to B0C5h; for the memory-mapped form the
//! QEMU project's "QEMU Standard VGA". Where the API leaves room: what does not fit video memory is cut to what does.

use serde::{Deserialize, Serialize};

/// Registers by index.
const ID: u16 = 0;
const XRES: u16 = 1;
const YRES: u16 = 2;
const BPP: u16 = 3;
const ENABLE: u16 = 4;
const BANK: u16 = 5;
const VIRT_WIDTH: u16 = 6;
const VIRT_HEIGHT: u16 = 7;
const X_OFFSET: u16 = 8;
const Y_OFFSET: u16 = 9;
const VIDEO_MEMORY_64K: u16 = 10;

/// The interface's versions; the last is what the adapter has, and programs may ask for an older one.
const VERSIONS: std::ops::RangeInclusive<u16> = 0xB0C0..=0xB0C5;

/// ENABLE bits.
const ENABLED: u16 = 1 << 0;
const GETCAPS: u16 = 1 << 1;
const WIDE_DAC: u16 = 1 << 5;
const LINEAR: u16 = 1 << 6;
const NO_CLEAR: u16 = 1 << 7;

/// What GETCAPS tells: the most of width, height and depth.
const MOST: [u16; 3] = [2560, 1600, 32];
/// Bytes of a bank, the unit of the window at A0000h.
const BANK_BYTES: u64 = 64 << 10;

/// The display interface's registers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Dispi {
    /// The index register.
    pub(crate) index: u16,
    id: u16,
    width: u16,
    height: u16,
    depth: u16,
    enable: u16,
    bank: u16,
    virtual_width: u16,
    x_offset: u16,
    y_offset: u16,
}

/// A mode that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DispiMode {
    /// Pixels in a line, 1 to 2560.
    pub(crate) width: u32,
    /// Lines, 1 to 1600.
    pub(crate) height: u32,
    /// Bits of a pixel: 4, 8, 15, 16, 24 or 32.
    pub(crate) depth: u16,
    /// Bytes from one line to the next; of each plane at 4 bits.
    pub(crate) pitch: u64,
    /// The first byte shown, or the first byte of each plane; at 4 bits, the pixel in it.
    pub(crate) start: u64,
    /// The first pixel of that byte, 0 but at 4 bits.
    pub(crate) start_pixel: u32,
}

/// What a write asks of the adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// The DAC's width must follow.
    Dac,
    /// The same, and so many bytes of video memory become zero.
    Clear(u64),
}

impl Dispi {
    /// Off.
    pub(crate) fn new() -> Dispi {
        Dispi {
            index: 0,
            id: *VERSIONS.end(),
            width: 640,
            height: 480,
            depth: 8,
            enable: 0,
            bank: 0,
            virtual_width: 640,
            x_offset: 0,
            y_offset: 0,
        }
    }

    /// True while the interface's mode is on.
    pub(crate) fn is_on(&self) -> bool {
        self.enable & ENABLED != 0
    }

    /// True while the palette has eight bits a component.
    pub(crate) fn wide_dac(&self) -> bool {
        self.enable & WIDE_DAC != 0
    }

    /// True while memory is one linear space, not planes.
    pub(crate) fn is_linear(&self) -> bool {
        self.is_on() && self.depth > 4
    }

    /// The first byte of the window at A0000h, in video memory or in each plane.
    pub(crate) fn window_base(&self) -> u64 {
        if self.is_on() { u64::from(self.bank) * BANK_BYTES } else { 0 }
    }

    /// The mode that is on, every number inside its bounds.
    pub(crate) fn mode(&self) -> Option<DispiMode> {
        let depth = self.depth;
        if !self.is_on() || !is_depth(depth) || self.width == 0 || self.height == 0 {
            return None;
        }
        let (width, height) = (self.width.min(MOST[0]), self.height.min(MOST[1]));
        let pitch = line_bytes(self.virtual_width, depth);
        let first = u64::from(self.y_offset) * pitch;
        let (inside, start_pixel) = match depth {
            4 => (u64::from(self.x_offset / 8), u32::from(self.x_offset % 8)),
            _ => (line_bytes(self.x_offset, depth), 0),
        };
        let (width, height) = (u32::from(width), u32::from(height));
        Some(DispiMode { width, height, depth, pitch, start: first + inside, start_pixel })
    }

    /// Reads a register, with so many bytes of video memory.
    pub(crate) fn read(&self, index: u16, vram_bytes: u64) -> u16 {
        let caps = self.enable & GETCAPS != 0;
        match index {
            ID => self.id,
            XRES => {
                if caps {
                    MOST[0]
                } else {
                    self.width
                }
            }
            YRES => {
                if caps {
                    MOST[1]
                } else {
                    self.height
                }
            }
            BPP => {
                if caps {
                    MOST[2]
                } else {
                    self.depth
                }
            }
            ENABLE => self.enable,
            BANK => self.bank,
            VIRT_WIDTH => self.virtual_width,
            VIRT_HEIGHT => at_most_u16(plane_bytes(vram_bytes, self.depth) / self.pitch()),
            X_OFFSET => self.x_offset,
            Y_OFFSET => self.y_offset,
            VIDEO_MEMORY_64K => at_most_u16(vram_bytes / BANK_BYTES),
            _ => 0,
        }
    }

    /// Writes a register, with so many bytes of video memory.
    pub(crate) fn write(&mut self, index: u16, value: u16, vram_bytes: u64) -> Effect {
        let on = self.is_on();
        match index {
            ID if VERSIONS.contains(&value) => self.id = value,
            XRES if !on && (1..=MOST[0]).contains(&value) => self.width = value,
            YRES if !on && (1..=MOST[1]).contains(&value) => self.height = value,
            BPP if !on && value == 0 => self.depth = 8,
            BPP if !on && is_depth(value) => self.depth = value,
            ENABLE => return self.write_enable(value, vram_bytes),
            BANK if (u64::from(value) + 1) * BANK_BYTES <= plane_bytes(vram_bytes, self.depth) => self.bank = value,
            VIRT_WIDTH if on => self.set_virtual_width(value, vram_bytes),
            X_OFFSET if on => self.x_offset = value.min(self.virtual_width.saturating_sub(self.width)),
            Y_OFFSET if on => {
                let lines = self.read(VIRT_HEIGHT, vram_bytes);
                self.y_offset = value.min(lines.saturating_sub(self.height));
            }
            _ => {}
        }
        Effect::None
    }

    fn write_enable(&mut self, value: u16, vram_bytes: u64) -> Effect {
        let starts = value & ENABLED != 0 && !self.is_on();
        self.enable = value & (ENABLED | GETCAPS | WIDE_DAC | LINEAR | NO_CLEAR);
        if !starts {
            return Effect::Dac;
        }
        (self.bank, self.x_offset, self.y_offset) = (0, 0, 0);
        self.virtual_width = self.width;
        let lines = plane_bytes(vram_bytes, self.depth) / self.pitch();
        self.height = self.height.min(at_most_u16(lines));
        if self.height == 0 {
            // Not one line fits: there is no such mode.
            self.enable &= !ENABLED;
            return Effect::Dac;
        }
        if value & NO_CLEAR != 0 {
            return Effect::Dac;
        }
        let planes = if self.depth == 4 { 4 } else { 1 };
        Effect::Clear(planes * u64::from(self.height) * self.pitch())
    }

    /// At least the width shown, at most what leaves room for all lines shown.
    fn set_virtual_width(&mut self, value: u16, vram_bytes: u64) {
        let line = plane_bytes(vram_bytes, self.depth) / u64::from(self.height.max(1));
        let most = match self.depth {
            4 => line * 8,
            // A forged depth of 0 has pixels without bytes.
            depth => line / line_bytes(1, depth).max(1),
        };
        self.virtual_width = value.min(at_most_u16(most)).max(self.width);
        self.write(X_OFFSET, self.x_offset, vram_bytes);
        self.write(Y_OFFSET, self.y_offset, vram_bytes);
    }

    /// The registers in words.
    pub(crate) fn text(&self) -> String {
        let state = if self.is_on() { "on" } else { "off" };
        let Dispi { width, height, depth, bank, virtual_width, x_offset, y_offset, .. } = self;
        format!(
            "{state}, {width} x {height} at {depth} bits, {virtual_width} wide from {x_offset},{y_offset}, bank {bank:X}"
        )
    }

    fn pitch(&self) -> u64 {
        line_bytes(self.virtual_width, self.depth).max(1)
    }
}

fn is_depth(depth: u16) -> bool {
    matches!(depth, 4 | 8 | 15 | 16 | 24 | 32)
}

/// Bytes of so many pixels; of each plane at 4 bits.
fn line_bytes(pixels: u16, depth: u16) -> u64 {
    match depth {
        4 => u64::from(pixels).div_ceil(8),
        depth => u64::from(pixels) * u64::from(depth).div_ceil(8),
    }
}

/// What addresses of a depth can reach: all of video memory, or a plane of it.
fn plane_bytes(vram_bytes: u64, depth: u16) -> u64 {
    if depth == 4 { vram_bytes / 4 } else { vram_bytes }
}

fn at_most_u16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
