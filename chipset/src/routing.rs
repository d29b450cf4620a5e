//! Which device answers at a port, an address or a configuration register. Derived from the devices' ranges.

use ringwalk_mmu::Size;

use crate::device::{Range, Reg, Space};
use crate::pci::CONFIG_BYTES;

/// Number of I/O ports.
pub(crate) const PORTS: usize = 1 << 16;
/// No device answers at a port.
const NOBODY: u8 = 0;

/// A device's range with the numbers that lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The device's place in the board's list.
    pub(crate) device: u8,
    /// The range's place in the device's list.
    pub(crate) index: u8,
    /// The range.
    pub(crate) range: Range,
}

/// Where an access ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The device's place in the board's list.
    pub(crate) device: u8,
    /// Its register.
    pub(crate) reg: Reg,
}

impl Slot {
    /// The register at an address inside the range.
    fn target(&self, addr: u64) -> Target {
        // Ranges are at most 4 GiB long.
        let reg = Reg { range: self.index, offset: addr.wrapping_sub(self.range.base) as u32 };
        Target { device: self.device, reg }
    }

    fn holds(&self, addr: u64) -> bool {
        addr.wrapping_sub(self.range.base) < self.range.len
    }
}

/// The routing tables.
#[derive(Clone)]
pub(crate) struct Routing {
    /// For each port 0, or 1 + the number of its slot.
    ports: Vec<u8>,
    port_slots: Vec<Slot>,
    memory_slots: Vec<Slot>,
    config_slots: Vec<Slot>,
}

impl Default for Routing {
    fn default() -> Routing {
        Routing { ports: vec![NOBODY; PORTS], port_slots: vec![], memory_slots: vec![], config_slots: vec![] }
    }
}

impl Routing {
    /// Tables over all ranges, given with the numbers of their devices. Of two that overlap the first answers.
    pub(crate) fn new(ranges: impl Iterator<Item = (u8, Vec<Range>)>) -> Routing {
        let mut routing = Routing::default();
        for (device, ranges) in ranges {
            for (index, range) in ranges.into_iter().enumerate().filter(|(_, range)| range.len > 0) {
                // A device has a handful of ranges.
                routing.add(Slot { device, index: index as u8, range });
            }
        }
        routing
    }

    fn add(&mut self, slot: Slot) {
        match slot.range.space {
            Space::Port => self.add_ports(slot),
            Space::Mmio | Space::VideoMemory | Space::VideoRom => self.memory_slots.push(slot),
            Space::Config => self.config_slots.push(slot),
        }
    }

    fn add_ports(&mut self, slot: Slot) {
        self.port_slots.push(slot);
        let number = u8::try_from(self.port_slots.len()).expect("the board has fewer than 256 port ranges");
        for port in slot.range.base..slot.range.base + slot.range.len {
            match self.ports.get_mut(port as usize) {
                Some(entry) if *entry == NOBODY => *entry = number,
                _ => {}
            }
        }
    }

    /// Who answers at a port.
    #[inline]
    fn port(&self, port: u16) -> Option<&Slot> {
        let number = usize::from(self.ports[usize::from(port)]);
        self.port_slots.get(number.wrapping_sub(1))
    }

    /// Every port that somebody answers at; one that two claim comes twice.
    pub(crate) fn claimed_ports(&self) -> impl Iterator<Item = u16> {
        let ends = self.port_slots.iter().map(|slot| (slot.range.base, slot.range.base + slot.range.len));
        // What lies above has no port.
        ends.flat_map(|(base, end)| base..end.min(PORTS as u64)).map(|port| port as u16)
    }

    /// Who takes a byte at a port.
    #[inline]
    pub(crate) fn port_target(&self, port: u16) -> Option<Target> {
        Some(self.port(port)?.target(port.into()))
    }

    /// How the bus carries the first bytes of an access: their size, and who takes them. An access of `left` bytes
    /// goes whole to the device at its first port if it is aligned inside the device's range and not wider than that,
    /// else in the widest such pieces.
    pub(crate) fn port_piece(&self, port: u32, left: u64) -> (Size, Option<Target>) {
        let slot = u16::try_from(port).ok().and_then(|port| self.port(port));
        let Some(slot) = slot else { return (Size::Byte, None) };
        let widest = slot.range.width;
        let fits = |size: &Size| {
            size.bytes() <= left && *size <= widest && (u64::from(port) - slot.range.base) & (size.bytes() - 1) == 0
        };
        let size = [Size::Dword, Size::Word].into_iter().find(fits).unwrap_or(Size::Byte);
        (size, Some(slot.target(u64::from(port))))
    }

    /// Which device answers at a physical address itself.
    pub(crate) fn mmio(&self, addr: u64) -> Option<Target> {
        let slot = self.memory_slots.iter().find(|slot| slot.holds(addr) && slot.range.space == Space::Mmio)?;
        Some(slot.target(addr))
    }

    /// First address and length of a device's memory range, if it alone answers there; else a length of 0.
    pub(crate) fn alone(&self, device: u8, index: u8) -> (u64, u64) {
        let mut others = self.memory_slots.iter().filter(|slot| slot.range.space == Space::Mmio);
        let Some(found) = others.clone().find(|slot| (slot.device, slot.index) == (device, index)) else {
            return (0, 0);
        };
        let (base, end) = (found.range.base, found.range.base.saturating_add(found.range.len));
        let apart = |slot: &Slot| slot.range.base.saturating_add(slot.range.len) <= base || slot.range.base >= end;
        if others.all(|slot| slot == found || apart(slot)) { (base, found.range.len) } else { (0, 0) }
    }

    /// Every memory range.
    pub(crate) fn memory(&self) -> &[Slot] {
        &self.memory_slots
    }

    /// Which function has a byte of configuration space.
    pub(crate) fn config(&self, addr: u64) -> Option<Target> {
        Some(self.config_slots.iter().find(|slot| slot.holds(addr))?.target(addr))
    }

    /// The number of the PCI slot that a device sits in.
    pub(crate) fn pci_slot(&self, device: u8) -> Option<u8> {
        let slot = self.config_slots.iter().find(|slot| slot.device == device)?;
        // Bits 15-11 of a configuration address.
        Some((slot.range.base / (8 * CONFIG_BYTES)) as u8 & 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Ranges;

    fn routing() -> Routing {
        let ide = Ranges::ports([("data", 0x1F0, 1), ("command", 0x1F1, 7)]).widen("data", Size::Dword);
        let late = Ranges::ports([("late", 0x1F6, 4)]);
        Routing::new([(4, ide.0), (5, late.0)].into_iter())
    }

    fn pieces(port: u16, bytes: u64) -> Vec<(Size, Option<(u8, u8)>)> {
        let routing = routing();
        let (mut at, mut left, mut all) = (u32::from(port), bytes, Vec::new());
        while left > 0 {
            let (size, slot) = routing.port_piece(at, left);
            all.push((size, slot.map(|target| (target.device, target.reg.range))));
            at += size.bytes() as u32;
            left -= size.bytes();
        }
        all
    }

    #[test]
    fn wide_accesses_split_where_the_device_is_narrow() {
        assert_eq!(pieces(0x1F0, 4), [(Size::Dword, Some((4, 0)))]);
        assert_eq!(pieces(0x1F2, 2), [(Size::Byte, Some((4, 1))), (Size::Byte, Some((4, 1)))]);
        assert_eq!(pieces(0x1EF, 2), [(Size::Byte, None), (Size::Byte, Some((4, 0)))]);
        assert_eq!(pieces(0xFFFF, 2), [(Size::Byte, None), (Size::Byte, None)]);
    }

    #[test]
    fn the_first_of_two_claims_holds() {
        let routing = routing();
        let device = |port| routing.port(port).map(|slot| slot.device);
        assert_eq!((device(0x1F7), device(0x1F8), device(0x1FA)), (Some(4), Some(5), None));
    }
}
