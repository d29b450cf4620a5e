//! The DMA controllers of a PC: two 8237A, the first cascaded at channel 4 of the second, with page registers.
//!
//! Intel *82371SB (PIIX3)* datasheet (order number 290550), "DMA Controller Registers", "DMA Functional Description".
//! Channels 0 to 3 move bytes inside a page of 64 KiB, channels 5 to 7 words inside a page of 128 KiB: the page
//! registers do not count. Addresses have 24 bits.
//!
//! A device asks by [`Lines::dreq`](crate::Lines::dreq). The board then takes a cycle from here, hands it to the
//! device ([`Device::dma`]), and gives it back.

use ringwalk_mmu::{Memory, PhysAddr, Size};
use serde::{Deserialize, Serialize};

use crate::dma_chip::{Chip, DmaKind};
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

/// The channel of the second controller that the first is cascaded at.
const CASCADE: u8 = 0;
/// The page registers of channels 0 to 7, as offsets from port 80h. That of channel 4 is used for refresh.
const PAGES: [usize; 8] = [0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA];

/// One cycle, as the device at a channel sees it: DACK# with IOR# or IOW#, and TC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DmaCycle {
    /// The channel, 0 to 7.
    pub channel: u8,
    /// Which way the data go.
    pub kind: DmaKind,
    /// From memory, or for memory; channels 0 to 3 use the lower byte.
    pub data: u16,
    /// TC: this is the last cycle.
    pub terminal_count: bool,
    /// Where in memory.
    address: u64,
}

impl DmaCycle {
    fn bytes(&self) -> usize {
        if self.channel < 4 { 1 } else { 2 }
    }
}

/// Both controllers and the page registers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dma {
    /// Channels 0 to 3.
    bytes: Chip,
    /// Channels 4 to 7.
    words: Chip,
    /// Ports 80h to 8Fh; those without a channel only keep what is written.
    pages: [u8; 16],
}

impl Default for Dma {
    fn default() -> Dma {
        Dma { bytes: Chip::new(0), words: Chip::new(1 << CASCADE), pages: [0; 16] }
    }
}

impl Dma {
    /// Sets the levels of the eight DREQ lines. Channel 4 has none.
    pub(crate) fn set_dreq(&mut self, levels: u8) {
        self.bytes.set_dreq(levels);
        self.words.set_dreq(levels >> 4 & !(1 << CASCADE));
    }

    /// The next cycle, if a channel wants one: what it reads from memory is in it. [`Dma::end_cycle`] must follow.
    pub(crate) fn begin_cycle(&mut self, memory: &Memory) -> Option<DmaCycle> {
        let channel = self.next_channel()?;
        let chip = if channel < 4 { &self.bytes } else { &self.words };
        let (low, kind, terminal_count) = chip.cycle(channel & 3);
        let page = u64::from(self.pages[PAGES[usize::from(channel)]]);
        let address = match channel {
            0..4 => page << 16 | u64::from(low),
            // A16 comes from the count, not from the page.
            _ => (page & 0xFE) << 16 | u64::from(low) << 1,
        };
        let mut cycle = DmaCycle { channel, kind, data: 0xFFFF, terminal_count, address };
        if kind == DmaKind::Read {
            let mut data = [0xFF; 2];
            memory.dma_read(PhysAddr(address), &mut data[..cycle.bytes()]);
            cycle.data = u16::from_le_bytes(data);
        }
        Some(cycle)
    }

    /// Puts what the device gave into memory, and counts.
    pub(crate) fn end_cycle(&mut self, cycle: DmaCycle, memory: &mut Memory) {
        if cycle.kind == DmaKind::Write {
            memory.dma_write(PhysAddr(cycle.address), &cycle.data.to_le_bytes()[..cycle.bytes()]);
        }
        if cycle.channel < 4 {
            self.words.grant(CASCADE);
            self.bytes.grant(cycle.channel);
            self.bytes.count(cycle.channel);
        } else {
            self.words.grant(cycle.channel & 3);
            self.words.count(cycle.channel & 3);
        }
    }

    /// True if no channel of either controller can ask for a cycle.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.bytes.is_idle() && self.words.is_idle()
    }

    fn next_channel(&mut self) -> Option<u8> {
        let below = self.bytes.next_channel();
        self.words.cascade(CASCADE, below.is_some());
        match self.words.next_channel()? {
            CASCADE => below,
            channel => Some(channel + 4),
        }
    }

    /// A page register, by its offset from port 80h (0 to 15).
    #[inline]
    pub(crate) fn page(&self, offset: u8) -> u8 {
        self.pages[usize::from(offset & 15)]
    }

    /// Sets a page register. It asks for no cycle.
    #[inline]
    pub(crate) fn set_page(&mut self, offset: u8, value: u8) {
        self.pages[usize::from(offset & 15)] = value;
    }

    pub(crate) fn read_byte(&mut self, reg: Reg) -> u8 {
        match (reg.range, reg.offset) {
            (0, offset @ 0..32) => self.bytes.read(offset as u8 & 15),
            (1, offset @ 0..32) => self.words.read(offset as u8 >> 1),
            (2, offset @ 0..16) => self.pages[offset as usize],
            _ => 0xFF,
        }
    }

    pub(crate) fn write_byte(&mut self, reg: Reg, value: u8) {
        match (reg.range, reg.offset) {
            (0, offset @ 0..32) => self.bytes.write(offset as u8 & 15, value),
            (1, offset @ 0..32) => self.words.write(offset as u8 >> 1, value),
            (2, offset @ 0..16) => self.pages[offset as usize] = value,
            _ => {}
        }
    }
}

impl Device for Dma {
    /// The first controller does not decode address bit 4, the second not bit 0 ("Register Description", table of
    /// ISA-compatible registers).
    fn ranges(&self) -> Ranges {
        Ranges::ports([("channels 0-3", 0x00, 32), ("channels 4-7", 0xC0, 32), ("pages", 0x80, 16)])
    }

    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        byte_wide::read(reg, size, |reg| self.read_byte(reg))
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        byte_wide::write(reg, size, value, |reg, byte| self.write_byte(reg, byte));
    }

    fn reset(&mut self) {
        *self = Dma::default();
    }

    fn show(&self) -> View {
        let mut view = View::default();
        for channel in 0..8 {
            let chip = if channel < 4 { &self.bytes } else { &self.words };
            let page = self.pages[PAGES[usize::from(channel)]];
            view = view.row(format!("channel {channel}"), format!("{}, page {page:02X}", chip.describe(channel & 3)));
        }
        view
    }
}

#[cfg(test)]
#[path = "dma_tests.rs"]
mod tests;
