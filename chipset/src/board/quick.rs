//! Byte ports that software asks over and over, in the shortest way: what is only kept, and what is only looked at.
//!
//! Nothing here changes a line, a deadline or anything that is sent; where that could be, nothing is done, and the access
//! goes the way of all others. Which port leads to which register is looked up in a table, derived from the routing.

use ringwalk_mmu::{Instant, Size};

use super::Board;
use crate::devices::Devices;
use crate::routing::{PORTS, Routing, Target};

/// Nobody answers.
const OPEN: u8 = 0;
/// The access goes the way of all others.
const OTHER: u8 = 1;
/// The status of the keyboard controller.
const KEYBOARD_STATUS: u8 = 2;
/// The mask register of the first interrupt controller; the second's follows.
const MASK: u8 = 4;
/// The status of an IDE channel, the first or the second one, and its alternate status.
const IDE_STATUS: u8 = 6;
const IDE_ALTERNATE: u8 = 8;
/// The data register of an IDE channel.
const IDE_DATA: u8 = 10;
/// The registers of COM1; those of COM2 follow.
const COM1: u8 = 0x10;
const COM2: u8 = 0x18;
/// The page registers of the DMA controllers.
const PAGES: u8 = 0x20;

/// What stands behind each port. Derived.
#[derive(Clone)]
pub(super) struct QuickPorts(Box<[u8; PORTS]>);

impl Default for QuickPorts {
    fn default() -> QuickPorts {
        QuickPorts(vec![OTHER; PORTS].try_into().expect("there are so many ports"))
    }
}

impl QuickPorts {
    /// The table that goes with a routing.
    pub(super) fn new(routing: &Routing) -> QuickPorts {
        let mut ports: Box<[u8; PORTS]> = vec![OPEN; PORTS].try_into().expect("there are so many ports");
        for port in routing.claimed_ports() {
            ports[usize::from(port)] = routing.port_target(port).map_or(OPEN, kind_of);
        }
        QuickPorts(ports)
    }
}

fn kind_of(target: Target) -> u8 {
    // Below 16 where it is added.
    let offset = target.reg.offset as u8;
    match (target.device, target.reg.range, target.reg.offset) {
        (Devices::DMA, 2, 0..16) => PAGES + offset,
        (Devices::COM1, 0, 0..8) => COM1 + offset,
        (Devices::COM2, 0, 0..8) => COM2 + offset,
        (Devices::PIC, chip @ (0 | 1), 1) => MASK + chip,
        (Devices::I8042, 1, 0) => KEYBOARD_STATUS,
        (Devices::IDE, range @ (0 | 3), 0) => IDE_DATA + range / 3,
        (Devices::IDE, range @ (1 | 4), 6) => IDE_STATUS + range / 3,
        (Devices::IDE, range @ (2 | 5), 0) => IDE_ALTERNATE + range / 3,
        _ => OTHER,
    }
}

impl Board {
    /// True if an access has nothing to do but its own: no cycle of DMA may be asked for, the processor has been told all,
    /// and what was sent is taken.
    #[inline]
    fn is_quiet(&self) -> bool {
        !(self.beside.stirred | self.beside.dma_wanted | self.has_output())
    }

    /// See [`ringwalk_mmu::Bus::read_quickly`].
    #[inline]
    pub(super) fn read_port_quickly(&self, port: u16, now: Instant) -> Option<u8> {
        if !self.is_quiet() {
            return None;
        }
        let kind = self.beside.quick.0[usize::from(port)];
        match kind {
            PAGES.. => Some(self.devices.dma.page(kind & 15)),
            COM1..COM2 => self.devices.com1.glance(kind & 7, now),
            COM2..PAGES => self.devices.com2.glance(kind & 7, now),
            IDE_STATUS..IDE_DATA => self.devices.ide.glance_at_status(kind & 1, kind >= IDE_ALTERNATE, now),
            MASK..IDE_STATUS => self.devices.pic.mask(kind & 1),
            KEYBOARD_STATUS => self.devices.i8042.glance_at_status(now, self.config.clock_hz),
            OPEN => Some(0xFF),
            _ => None,
        }
    }

    /// Reads the data register of an IDE channel inside a block.
    #[inline]
    pub(super) fn read_block_quickly(&mut self, port: u16, size: Size, now: Instant) -> Option<u32> {
        let kind = self.beside.quick.0[usize::from(port)];
        let is_data = kind & !1 == IDE_DATA && self.is_quiet();
        if is_data { self.devices.ide.read_data_quickly(kind & 1, size, now) } else { None }
    }

    /// See [`ringwalk_mmu::Bus::read_block`]: the data register of an IDE channel.
    pub(super) fn read_port_block(&mut self, port: u16, size: Size, last: Instant, block: &mut [u8]) -> usize {
        let kind = self.beside.quick.0[usize::from(port)];
        let is_data = kind & !1 == IDE_DATA && self.is_quiet();
        if is_data { self.devices.ide.read_block(kind & 1, size, last, block) } else { 0 }
    }

    /// Writes the data register of an IDE channel inside a block.
    #[inline]
    pub(super) fn write_block_quickly(&mut self, port: u16, size: Size, value: u32, now: Instant) -> bool {
        let kind = self.beside.quick.0[usize::from(port)];
        let is_data = kind & !1 == IDE_DATA && self.is_quiet();
        is_data && self.devices.ide.write_data_quickly(kind & 1, size, value, now)
    }

    /// See [`ringwalk_mmu::Bus::write_quickly`].
    #[inline]
    pub(super) fn write_port_quickly(&mut self, port: u16, value: u8) -> bool {
        if !self.is_quiet() {
            return false;
        }
        let kind = self.beside.quick.0[usize::from(port)];
        match kind {
            PAGES.. => {
                self.devices.dma.set_page(kind & 15, value);
                true
            }
            MASK..IDE_STATUS => self.devices.pic.set_mask_quietly(kind & 1, value),
            kind => kind == OPEN,
        }
    }
}

#[cfg(test)]
#[path = "quick_tests.rs"]
mod tests;
