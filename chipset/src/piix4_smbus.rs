//! The SMBus host of the PIIX4, with no device on its bus: every transaction ends with a device error.
//! *82371AB (PIIX4)* datasheet, order number 290562, 7.3 "SMBus I/O Space Registers", 11.5 "SMBus".

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::pci::{ConfigSpace, Register};

/// SMBHSTSTS, and its bit for a device that did not answer.
const STATUS: u8 = 0x00;
const DEV_ERR: u8 = 1 << 2;
/// Bits of SMBHSTSTS that interrupt: failed, bus error, device error, done.
const ENDS: u8 = 0x1E;
/// SMBHSTCNT: bit 0 interrupt when done, bit 6 start (reads as 0).
const CONTROL: u8 = 0x02;
const INTEREN: u8 = 1 << 0;
const START: u8 = 1 << 6;
/// SMBBLKDAT, a window to 32 bytes; a read of SMBHSTCNT turns it back to the first.
const BLOCK: u8 = 0x07;
const BLOCK_BYTES: u8 = 32;

/// The registers, by offset from SMBBA.
const TABLE: [Register; 11] = [
    Register::writable(STATUS, 1, 0, 0).clears(0x1E),
    Register::writable(0x01, 1, 0, 0).clears(0x3C),
    Register::writable(CONTROL, 1, 0, 0x1D),
    Register::writable(0x03, 1, 0, 0xFF),
    Register::writable(0x04, 1, 0, 0xFF),
    Register::writable(0x05, 1, 0, 0xFF),
    Register::writable(0x06, 1, 0, 0xFF),
    Register::writable(0x08, 1, 0, 0x0F),
    Register::fixed(0x09, 1, 0),
    Register::writable(0x0A, 2, 0, 0xFFFF),
    Register::fixed(0x0C, 2, 0),
];

/// The host's registers and its block buffer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Smbus {
    registers: ConfigSpace,
    block: [u8; BLOCK_BYTES as usize],
    index: u8,
}

impl Smbus {
    pub(crate) fn new() -> Smbus {
        Smbus { registers: ConfigSpace::new(&TABLE), block: [0; BLOCK_BYTES as usize], index: 0 }
    }

    /// The host asks for its interrupt.
    pub(crate) fn interrupt(&self) -> bool {
        self.registers.byte(STATUS) & ENDS != 0 && self.registers.byte(CONTROL) & INTEREN != 0
    }

    fn next_in_block(&mut self) -> &mut u8 {
        let at = self.index % BLOCK_BYTES;
        self.index = (at + 1) % BLOCK_BYTES;
        &mut self.block[usize::from(at)]
    }

    pub(crate) fn read(&mut self, offset: u32) -> u8 {
        if offset == u32::from(CONTROL) {
            self.index = 0;
        }
        if offset == u32::from(BLOCK) {
            return *self.next_in_block();
        }
        // A byte read has eight bits.
        self.registers.read(offset, Size::Byte) as u8
    }

    pub(crate) fn write(&mut self, offset: u32, value: u8) {
        if offset == u32::from(BLOCK) {
            *self.next_in_block() = value;
            return;
        }
        self.registers.write(&TABLE, offset, Size::Byte, u64::from(value));
        if offset == u32::from(CONTROL) && value & START != 0 {
            let status = self.registers.byte(STATUS);
            self.registers.set_byte(STATUS, status | DEV_ERR);
        }
    }
}
