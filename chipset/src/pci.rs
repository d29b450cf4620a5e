//! PCI configuration space: addresses, register tables, base address registers.
//! PCI Local Bus Specification 2.1, chapter 6 "Configuration Space" and 3.7.4.1 "Configuration Mechanism #1".

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::device::{Range, Space};

/// Bytes of configuration space that a function has.
pub(crate) const CONFIG_BYTES: u64 = 256;

/// Command register (04h) bit 0: the function answers I/O.
pub(crate) const COMMAND_IO: u16 = 1 << 0;
/// Command register bit 1: the function answers memory.
pub(crate) const COMMAND_MEMORY: u16 = 1 << 1;
/// Command register bit 2: the function may be a bus master.
pub(crate) const COMMAND_BUS_MASTER: u16 = 1 << 2;

/// Offset of the command register.
const COMMAND: u8 = 0x04;

/// A function's place: bus, device (slot) and function number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Function {
    /// Bus, 0 to 255.
    pub(crate) bus: u8,
    /// Device, 0 to 31.
    pub(crate) device: u8,
    /// Function, 0 to 7.
    pub(crate) function: u8,
}

impl Function {
    /// A function on bus 0.
    pub(crate) const fn on_bus_0(device: u8, function: u8) -> Function {
        Function { bus: 0, device, function }
    }

    /// Where the function's registers begin in configuration space: its number times 256.
    pub(crate) const fn config_base(self) -> u64 {
        (self.bus as u64) << 16 | (self.device as u64) << 11 | (self.function as u64) << 8
    }

    /// The range that a function's configuration space takes.
    pub(crate) const fn config_range(self) -> Range {
        let base = self.config_base();
        Range { name: "configuration", space: Space::Config, base, len: CONFIG_BYTES, width: Size::Dword }
    }
}

/// The configuration address that CONFADD (port CF8h) selects: the base of a function plus the dword's offset.
/// `None` while bit 31 is clear: CONFDATA is then an ordinary port.
pub(crate) const fn config_address(confadd: u32) -> Option<u64> {
    if confadd & 1 << 31 == 0 {
        return None;
    }
    Some((confadd & 0x00FF_FFFC) as u64)
}

/// One register of a function's configuration space, as a row of its datasheet's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    /// Offset of its first byte.
    pub(crate) offset: u8,
    /// Bytes, 1 to 4.
    pub(crate) bytes: u8,
    /// Value after reset.
    pub(crate) reset: u32,
    /// Bits that software can write.
    pub(crate) writable: u32,
    /// Bits that software clears by writing 1.
    pub(crate) clears: u32,
}

impl Register {
    /// A register that cannot be written.
    pub(crate) const fn fixed(offset: u8, bytes: u8, reset: u32) -> Register {
        Register { offset, bytes, reset, writable: 0, clears: 0 }
    }

    /// A register with writable bits.
    pub(crate) const fn writable(offset: u8, bytes: u8, reset: u32, writable: u32) -> Register {
        Register { offset, bytes, reset, writable, clears: 0 }
    }

    /// The same register with bits that are cleared by writing 1.
    pub(crate) const fn clears(self, clears: u32) -> Register {
        Register { clears, ..self }
    }

    /// A base address register for so many bytes of memory or ports, a power of two from 16 on.
    /// PCI 2.1, 6.2.5.1 "Address Maps".
    pub(crate) const fn base_address(offset: u8, kind: Bar, bytes: u32) -> Register {
        Register::writable(offset, 4, kind.type_bits(), !(bytes - 1) & !kind.type_mask())
    }
}

/// What a base address register maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// Ports.
    Io,
    /// Memory anywhere in 32 bits, reads with side effects.
    Memory,
    /// Memory anywhere in 32 bits, prefetchable.
    Prefetchable,
}

impl Bar {
    const fn type_bits(self) -> u32 {
        match self {
            Bar::Io => 1,
            Bar::Memory => 0,
            Bar::Prefetchable => 8,
        }
    }

    const fn type_mask(self) -> u32 {
        match self {
            Bar::Io => 3,
            Bar::Memory | Bar::Prefetchable => 15,
        }
    }
}

/// A function's configuration registers. The table of [`Register`]s is code, the bytes are state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub(crate) struct ConfigSpace(Box<[u8; CONFIG_BYTES as usize]>);

impl ConfigSpace {
    /// The space after reset. Registers that the table does not have read as zero and cannot be written.
    pub(crate) fn new(table: &[Register]) -> ConfigSpace {
        let mut space = ConfigSpace(Box::new([0; CONFIG_BYTES as usize]));
        for register in table {
            for (offset, value) in register.offsets().zip(register.reset.to_le_bytes()) {
                space.0[usize::from(offset)] = value;
            }
        }
        space
    }

    /// Reads up to a dword; bytes past the end are zero.
    pub(crate) fn read(&self, offset: u32, size: Size) -> u64 {
        let byte = |index: u64| u64::from(self.byte_at(u64::from(offset) + index)) << (8 * index);
        (0..size.bytes()).map(byte).sum()
    }

    /// Writes up to a dword, by the table.
    pub(crate) fn write(&mut self, table: &[Register], offset: u32, size: Size, value: u64) {
        for (index, byte) in value.to_le_bytes().into_iter().take(size.bytes() as usize).enumerate() {
            let Ok(at) = u8::try_from(u64::from(offset) + index as u64) else {
                return;
            };
            let (writable, clears) = masks(table, at);
            let old = self.0[usize::from(at)];
            self.0[usize::from(at)] = ((old & !writable) | (byte & writable)) & !(byte & clears);
        }
    }

    /// One byte.
    pub(crate) fn byte(&self, offset: u8) -> u8 {
        self.0[usize::from(offset)]
    }

    /// Changes one byte from the device's side.
    pub(crate) fn set_byte(&mut self, offset: u8, value: u8) {
        self.0[usize::from(offset)] = value;
    }

    /// A word.
    pub(crate) fn word(&self, offset: u8) -> u16 {
        // A word read leaves the upper bits clear.
        self.read(u32::from(offset), Size::Word) as u16
    }

    /// A dword.
    pub(crate) fn dword(&self, offset: u8) -> u32 {
        // A dword read leaves the upper bits clear.
        self.read(u32::from(offset), Size::Dword) as u32
    }

    /// The command register's bits.
    pub(crate) fn command(&self) -> u16 {
        self.word(COMMAND)
    }

    /// The ports that a base address register decodes now: `None` while I/O is off or no address was given.
    pub(crate) fn io_base(&self, bar: u8) -> Option<u64> {
        let base = self.dword(bar) & !3;
        (self.command() & COMMAND_IO != 0 && base != 0).then_some(u64::from(base))
    }

    /// The address that a base address register decodes now: `None` while memory is off or no address was given.
    pub(crate) fn memory_base(&self, bar: u8) -> Option<u64> {
        let base = self.dword(bar) & !15;
        (self.command() & COMMAND_MEMORY != 0 && base != 0).then_some(u64::from(base))
    }

    /// The address of the expansion ROM: `None` while its enable bit or memory is off or no address was given.
    pub(crate) fn rom_base(&self, bar: u8) -> Option<u64> {
        let value = self.dword(bar);
        let base = value & !0x7FF;
        (self.command() & COMMAND_MEMORY != 0 && value & 1 != 0 && base != 0).then_some(u64::from(base))
    }

    fn byte_at(&self, offset: u64) -> u8 {
        usize::try_from(offset).ok().and_then(|offset| self.0.get(offset)).copied().unwrap_or(0)
    }
}

impl Register {
    fn offsets(&self) -> impl Iterator<Item = u8> {
        self.offset..self.offset.saturating_add(self.bytes)
    }
}

/// The writable and the clearing bits of one byte.
fn masks(table: &[Register], offset: u8) -> (u8, u8) {
    let Some(register) = table.iter().find(|register| register.offsets().any(|at| at == offset)) else {
        return (0, 0);
    };
    let index = usize::from(offset - register.offset);
    (register.writable.to_le_bytes()[index], register.clears.to_le_bytes()[index])
}

impl From<ConfigSpace> for Vec<u8> {
    fn from(space: ConfigSpace) -> Vec<u8> {
        space.0.to_vec()
    }
}

impl TryFrom<Vec<u8>> for ConfigSpace {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<ConfigSpace, &'static str> {
        let bytes: Box<[u8]> = bytes.into();
        bytes.try_into().map(ConfigSpace).map_err(|_| "a PCI configuration space has 256 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Register; 4] = [
        Register::fixed(0x00, 4, 0x1237_8086),
        Register::writable(0x04, 2, 0, 0x0007),
        Register::writable(0x06, 2, 0x0280, 0).clears(0xF900),
        Register::base_address(0x10, Bar::Prefetchable, 16 << 20),
    ];

    #[test]
    fn writes_follow_the_masks_byte_by_byte() {
        let mut space = ConfigSpace::new(&TABLE);
        space.write(&TABLE, 0, Size::Dword, 0);
        assert_eq!(space.dword(0), 0x1237_8086, "identification is fixed");
        space.write(&TABLE, 4, Size::Dword, 0xFFFF_FFFF);
        assert_eq!(space.dword(4), 0x0280_0007, "status bits are not set by writing");
        space.set_byte(7, 0xFA);
        space.write(&TABLE, 7, Size::Byte, 0x08);
        assert_eq!(space.byte(7), 0xF2, "status bits are cleared by writing 1");
    }

    #[test]
    fn a_base_address_register_tells_its_size() {
        let mut space = ConfigSpace::new(&TABLE);
        space.write(&TABLE, 0x10, Size::Dword, 0xFFFF_FFFF);
        assert_eq!(space.dword(0x10), 0xFF00_0008);
        assert_eq!(space.memory_base(0x10), None, "memory is off in the command register");
        space.write(&TABLE, 4, Size::Word, u64::from(COMMAND_MEMORY));
        space.write(&TABLE, 0x10, Size::Dword, 0xFD12_3456);
        assert_eq!(space.memory_base(0x10), Some(0xFD00_0000));
    }

    #[test]
    fn reads_past_the_end_are_zero() {
        let mut space = ConfigSpace::new(&TABLE);
        assert_eq!(space.read(0xFF, Size::Dword), 0);
        assert_eq!(space.read(u32::MAX, Size::Dword), 0);
        space.write(&TABLE, 0xFE, Size::Dword, u64::MAX);
    }

    #[test]
    fn the_mechanism_is_off_without_bit_31() {
        assert_eq!(config_address(0x0000_1000), None);
        assert_eq!(config_address(0x8000_1003), Some(Function::on_bus_0(2, 0).config_base()));
        assert_eq!(config_address(0x8000_0904), Some(Function::on_bus_0(1, 1).config_base() + 4));
    }
}
