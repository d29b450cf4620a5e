//! The data register of a drive: a block's bytes, one access after the other. *ATA/ATAPI-6* (T13/1410D), "Data register",
//! "PIO data-in command protocol".

use ringwalk_mmu::Size;

use super::drive::{BLOCK_US, Drive, Phase, Work};
use crate::device::Cx;

impl Drive {
    /// Reads the data register. Without DRQ it is all ones.
    pub(crate) fn read_data(&mut self, size: Size, cx: &Cx<'_>) -> u64 {
        if self.phase != Phase::DataIn {
            return size.ones();
        }
        let mut raw = [0; 8];
        let rest = self.buffer.get(self.position as usize..).unwrap_or(&[]);
        let count = rest.len().min(size.bytes() as usize);
        raw[..count].copy_from_slice(&rest[..count]);
        if self.pass(size) {
            match self.transfer.left {
                0 if !self.has_status_phase() => self.phase = Phase::Idle,
                _ => self.busy(BLOCK_US, Work::Load, cx),
            }
            self.drop_buffer();
        }
        u64::from_le_bytes(raw)
    }

    /// Reads the data register, if more of the block is left behind; a dword at most.
    #[inline]
    pub(crate) fn read_data_inside(&mut self, size: Size) -> Option<u32> {
        let at = self.position as usize..self.position as usize + size.bytes() as usize;
        let is_inside = self.phase == Phase::DataIn && size <= Size::Dword && at.end < self.buffer.len();
        let found = self.buffer.get(at).filter(|_| is_inside)?;
        let mut raw = [0; 4];
        for (byte, found) in raw.iter_mut().zip(found) {
            *byte = *found;
        }
        self.pass(size);
        Some(u32::from_le_bytes(raw))
    }

    /// Reads the data register until `elements` is full, or but one element of the block is left; a word or dword at a time.
    /// Answers how many were read.
    pub(crate) fn read_block_inside(&mut self, size: Size, elements: &mut [u8]) -> usize {
        if self.phase != Phase::DataIn || !matches!(size, Size::Word | Size::Dword) {
            return 0;
        }
        let bytes = size.bytes() as usize;
        let left = self.buffer.len().saturating_sub(self.position as usize);
        let count = (elements.len() / bytes).min(left.saturating_sub(1) / bytes);
        let at = self.position as usize..self.position as usize + count * bytes;
        elements[..count * bytes].copy_from_slice(&self.buffer[at]);
        // No more than the buffer holds.
        self.position += (count * bytes) as u32;
        count
    }

    /// Writes the data register, if more of the block is to come behind; a dword at most. False: nothing was done.
    #[inline]
    pub(crate) fn write_data_inside(&mut self, size: Size, value: u32) -> bool {
        let at = self.position as usize..self.position as usize + size.bytes() as usize;
        let is_inside = self.phase == Phase::DataOut && size <= Size::Dword && at.end < self.buffer.len();
        let Some(place) = self.buffer.get_mut(at).filter(|_| is_inside) else { return false };
        for (byte, value) in place.iter_mut().zip(value.to_le_bytes()) {
            *byte = value;
        }
        self.pass(size);
        true
    }

    /// Writes the data register. Without DRQ nothing happens.
    pub(crate) fn write_data(&mut self, size: Size, value: u64, cx: &Cx<'_>) {
        if self.phase != Phase::DataOut {
            return;
        }
        let rest = self.buffer.get_mut(self.position as usize..).unwrap_or(&mut []);
        for (byte, value) in rest.iter_mut().zip(value.to_le_bytes()).take(size.bytes() as usize) {
            *byte = value;
        }
        if self.pass(size) {
            let work = if self.packet.is_some() { Work::Packet } else { Work::Store };
            self.busy(BLOCK_US, work, cx);
        }
    }

    /// Moves on in the buffer; true at its end.
    fn pass(&mut self, size: Size) -> bool {
        // A size is at most 8.
        self.position += size.bytes() as u32;
        self.position as usize >= self.buffer.len()
    }
}
