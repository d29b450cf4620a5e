//! The bus master of one IDE channel: moves a drive's DMA data to and from memory along a table of regions.
//! *82371FB (PIIX) and 82371SB (PIIX3)* datasheet (order number 290550), "PCI Bus Master IDE Registers", "Bus Master
//! Function"; *Programming Interface for Bus Master IDE Controller*, revision 1.0.
//!
//! Left open there, and chosen here: a region that passes a boundary of 64 KiB goes on behind it; while the direction
//! bit and the drive's do not agree nothing moves.

use ringwalk_mmu::{Memory, PAGE_BYTES, PhysAddr, Route};
use serde::{Deserialize, Serialize};

/// BMICX: the bits that can be written.
const COMMAND: u8 = 0x09;
/// BMICX bit 0: start.
const START: u8 = 1 << 0;
/// BMICX bit 3: the bus master writes memory, so the drive is read.
const TO_MEMORY: u8 = 1 << 3;

/// BMISX: drive 1 and 0 capable are plain bits, interrupt and error are cleared by writing 1.
const CAPABLE: u8 = 0x60;
const INTERRUPT: u8 = 1 << 2;
const ERROR: u8 = 1 << 1;
const ACTIVE: u8 = 1 << 0;

/// Bit 31 of a descriptor's second dword: end of the table.
const END_OF_TABLE: u32 = 1 << 31;

/// Which way DMA data go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Direction {
    /// From the drive to memory.
    ToMemory,
    /// From memory to the drive.
    FromMemory,
}

/// The bus master registers of a channel, and where in the table it is.
#[derive(Clone, Copy, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct BusMaster {
    command: u8,
    status: u8,
    /// BMIDTPX, the descriptor table.
    descriptors: u32,
    /// The next descriptor.
    next: u32,
    /// The rest of the current region.
    address: u32,
    left: u32,
    /// The current region is the last.
    last: bool,
}

impl BusMaster {
    /// Reads a byte of the eight registers.
    pub(crate) fn read(&self, offset: u32) -> u8 {
        match offset & 7 {
            0 => self.command,
            2 => self.status,
            byte @ 4..=7 => self.descriptors.to_le_bytes()[byte as usize - 4],
            _ => 0,
        }
    }

    /// Writes a byte of the eight registers.
    pub(crate) fn write(&mut self, offset: u32, value: u8) {
        match offset & 7 {
            0 => self.write_command(value),
            2 => {
                let kept = self.status & (INTERRUPT | ERROR) & !value;
                self.status = (value & CAPABLE) | kept | (self.status & ACTIVE);
            }
            byte @ 4..=7 => {
                let mut bytes = self.descriptors.to_le_bytes();
                bytes[byte as usize - 4] = value;
                // The table lies on a dword ("Descriptor Table Pointer").
                self.descriptors = u32::from_le_bytes(bytes) & !3;
            }
            _ => {}
        }
    }

    /// Start begins with the first descriptor; without it the transfer is over and cannot be taken up again.
    fn write_command(&mut self, value: u8) {
        let (was, starts) = (self.command & START != 0, value & START != 0);
        self.command = value & COMMAND;
        if !starts {
            self.status &= !ACTIVE;
        } else if !was {
            self.status |= ACTIVE;
            (self.next, self.left, self.last) = (self.descriptors, 0, false);
        }
    }

    /// The drive's interrupt rose.
    pub(crate) fn latch_interrupt(&mut self) {
        self.status |= INTERRUPT;
    }

    /// Moves as many of these bytes as the regions take; how many that were.
    pub(crate) fn transfer(&mut self, direction: Direction, bytes: &mut [u8], memory: &mut Memory) -> usize {
        let chosen = if self.command & TO_MEMORY != 0 { Direction::ToMemory } else { Direction::FromMemory };
        let mut moved = 0;
        while self.status & ACTIVE != 0 && direction == chosen && moved < bytes.len() {
            if self.left == 0 && !self.fetch(memory) {
                break;
            }
            let count = bytes[moved..].len().min(self.left as usize);
            if !reaches(memory, self.address, count, direction) {
                self.abort();
                break;
            }
            let (at, part) = (PhysAddr(self.address.into()), &mut bytes[moved..moved + count]);
            match direction {
                Direction::ToMemory => memory.dma_write(at, part),
                Direction::FromMemory => memory.dma_read(at, part),
            }
            moved += count;
            // A region has at most 64 KiB.
            self.address = self.address.wrapping_add(count as u32);
            self.left -= count as u32;
            if self.left == 0 && self.last {
                self.status &= !ACTIVE;
            }
        }
        moved
    }

    /// Takes the next region from the table; false if it cannot be read. A count of 0 means 64 KiB.
    fn fetch(&mut self, memory: &Memory) -> bool {
        if !reaches(memory, self.next, 8, Direction::FromMemory) {
            self.abort();
            return false;
        }
        let mut raw = [0; 8];
        memory.dma_read(PhysAddr(self.next.into()), &mut raw);
        let [a0, a1, a2, a3, c0, c1, c2, c3] = raw;
        let flags = u32::from_le_bytes([c0, c1, c2, c3]);
        self.address = u32::from_le_bytes([a0, a1, a2, a3]) & !1;
        self.left = match flags & 0xFFFE {
            0 => 0x1_0000,
            count => count,
        };
        self.last = flags & END_OF_TABLE != 0;
        self.next = self.next.wrapping_add(8);
        true
    }

    /// Nobody answered on PCI: the transfer ends with the error bit.
    fn abort(&mut self) {
        self.status = (self.status | ERROR) & !ACTIVE;
    }

    /// The registers in words, for the debugger.
    pub(crate) fn describe(&self) -> String {
        let (command, status, table) = (self.command, self.status, self.descriptors);
        format!("command {command:02X}, status {status:02X}, table {table:08X}, {} bytes left in region", self.left)
    }
}

/// True if somebody answers at all these addresses.
fn reaches(memory: &Memory, first: u32, bytes: usize, direction: Direction) -> bool {
    let (first, last) = (u64::from(first), u64::from(first) + (bytes as u64).saturating_sub(1));
    (first / PAGE_BYTES..=last / PAGE_BYTES).all(|page| {
        let routes = memory.routes(page);
        let route = if direction == Direction::ToMemory { routes.write } else { routes.read };
        route != Route::Open
    })
}
