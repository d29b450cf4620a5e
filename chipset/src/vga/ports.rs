//! The adapter's ports: 3B0h to 3DFh, the display interface at 1CEh to 1D0h, and both again in memory.
//! IBM *PS/2 Video Subsystems*, "Registers"; the latch and the attribute toggle behind CRTC 22h and 24h as the Chips
//! and Technologies *65540/545* data sheet has them, "CRT Controller Registers"; in memory as the QEMU project's "QEMU
//! Standard VGA" lays them out.

use ringwalk_mmu::{Memory, PAGE_BYTES, Size};

use super::dispi::Effect;
use super::planes::clear_vram;
use super::registers::{ATTRIBUTE, CRTC, GRAPHICS, SEQUENCER};
use super::{COLOUR, PALETTE_SOURCE, Vga};
use crate::device::Cx;

/// CRTC vertical retrace end bit 7: registers 0 to 7 are protected, but for line compare bit 8 (7, bit 4).
const PROTECT: u8 = 1 << 7;
const LINE_COMPARE_8: u8 = 1 << 4;
/// Index bits of the CRT controller that are kept: those of its 25 registers, and one for what lies beyond.
const CRTC_INDEX: u8 = 0x3F;
/// CRT controller registers that can only be read: the latch of the plane that reads select, and whether 3C0h takes
/// data next, in bit 7.
const CRTC_LATCH: u8 = 0x22;
const CRTC_TOGGLE: u8 = 0x24;

/// Memory-mapped registers: ports 3C0h to 3DFh at 400h, the display interface's registers as words at 500h.
const MMIO_PORTS: u32 = 0x400;
const MMIO_DISPI: u32 = 0x500;
const DISPI_BYTES: u32 = 0x16;

impl Vga {
    /// Reads a port by its last two digits, B0h to DFh.
    pub(super) fn read_port(&mut self, port: u8, cx: &Cx<'_>) -> u8 {
        match (port, self.misc & COLOUR != 0) {
            (0xB4, false) | (0xD4, true) => self.crtc.index,
            (0xB5, false) | (0xD5, true) => self.read_crtc(),
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
    pub(super) fn write_port(&mut self, port: u8, value: u8) {
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
        self.forget_way();
    }

    /// 3C0h takes the index and its data in turn; reading input status 1 makes the index next. The palette can be
    /// written only while the display does not use it.
    fn write_attribute(&mut self, value: u8) {
        if self.attribute_data {
            let index = self.attribute.index & 0x1F;
            if index > 15 || self.attribute.index & PALETTE_SOURCE == 0 {
                self.attribute.set(index, value, &ATTRIBUTE);
            }
        } else {
            self.attribute.index = value & (PALETTE_SOURCE | 0x1F);
        }
        self.attribute_data = !self.attribute_data;
    }

    fn read_crtc(&self) -> u8 {
        match self.crtc.index {
            CRTC_LATCH => self.latch.to_le_bytes()[usize::from(self.graphics.get(4) & 3)],
            CRTC_TOGGLE => u8::from(self.attribute_data) << 7,
            _ => self.crtc.read(),
        }
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

    /// Reads the display interface's data port.
    pub(super) fn read_dispi(&self) -> u16 {
        self.dispi.read(self.dispi.index, self.vram_bytes())
    }

    /// Writes a register of the display interface.
    pub(super) fn write_dispi(&mut self, index: u16, value: u16, memory: &mut Memory) {
        let effect = self.dispi.write(index, value, self.vram_bytes());
        if effect != Effect::None {
            self.dac.set_wide(self.dispi.wide_dac());
        }
        if let Effect::Clear(bytes) = effect {
            clear_vram(memory, bytes);
        }
        self.forget_way();
    }

    fn vram_bytes(&self) -> u64 {
        self.vram_pages.min(1 << 18) * PAGE_BYTES
    }

    /// Reads a byte of the memory-mapped registers.
    pub(super) fn read_mmio(&mut self, offset: u32, cx: &Cx<'_>) -> u8 {
        match offset {
            // At most DFh.
            MMIO_PORTS..=0x41F => self.read_port(0xC0 + (offset - MMIO_PORTS) as u8, cx),
            _ => match dispi_index(offset) {
                Some(index) => self.dispi.read(index, self.vram_bytes()).to_le_bytes()[(offset & 1) as usize],
                None => 0,
            },
        }
    }

    /// Writes the memory-mapped registers; those of the display interface as words.
    pub(super) fn write_mmio(&mut self, offset: u32, size: Size, value: u64, memory: &mut Memory) {
        let bytes = value.to_le_bytes();
        let bytes = &bytes[..size.bytes() as usize];
        if dispi_index(offset).is_some() {
            for (at, word) in (offset..).step_by(2).zip(bytes.chunks(2)) {
                if let (Some(index), &[low, high]) = (dispi_index(at), word) {
                    self.write_dispi(index, u16::from_le_bytes([low, high]), memory);
                }
            }
            return;
        }
        for (at, byte) in (offset..).zip(bytes) {
            if let MMIO_PORTS..=0x41F = at {
                // At most DFh.
                self.write_port(0xC0 + (at - MMIO_PORTS) as u8, *byte);
            }
        }
    }
}

/// The register of the display interface that a byte of the memory-mapped registers belongs to.
fn dispi_index(offset: u32) -> Option<u16> {
    let inside = offset.checked_sub(MMIO_DISPI).filter(|inside| *inside < DISPI_BYTES)?;
    // At most ten.
    Some((inside / 2) as u16)
}
