//! The machine-check architecture as software sees it: capabilities, global control, banks of error registers.
//! SDM Vol.3B 16.3 "Machine-Check MSRs". Nothing in this machine ever fails, so no bank reports an error and #MC is never
//! raised.

use serde::{Deserialize, Serialize};

/// Banks of error-reporting registers, as many as a Pentium Pro and an Athlon 64 have.
const BANKS: u32 = 5;
/// IA32_MCG_CAP: number of banks, and IA32_MCG_CTL is there.
const CAPABILITIES: u64 = BANKS as u64 | CONTROL_PRESENT;
const CONTROL_PRESENT: u64 = 1 << 8;
/// IA32_MCG_STATUS: RIPV, EIPV, MCIP. The other bits are reserved.
const STATUS_BITS: u64 = 7;

const MCG_CAP: u32 = 0x179;
const MCG_STATUS: u32 = 0x17A;
const MCG_CTL: u32 = 0x17B;
const FIRST_BANK: u32 = 0x400;
const PAST_BANKS: u32 = FIRST_BANK + 4 * BANKS;

/// One bank of error-reporting registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bank {
    /// IA32_MCi_CTL: errors that raise #MC.
    control: u64,
    /// IA32_MCi_STATUS: the error, if there was one.
    status: u64,
    /// IA32_MCi_ADDR.
    address: u64,
    /// IA32_MCi_MISC.
    misc: u64,
}

/// All machine-check registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCheck {
    /// IA32_MCG_STATUS.
    status: u64,
    /// IA32_MCG_CTL.
    control: u64,
    banks: [Bank; BANKS as usize],
}

/// True for a register of the machine-check architecture.
pub(crate) const fn is_machine_check(number: u32) -> bool {
    matches!(number, MCG_CAP..=MCG_CTL | FIRST_BANK..PAST_BANKS)
}

/// All errors of a bank or none. Other values are undefined, and refused, but for bits 0 and 10, which systems clear on
/// processors whose bank reports too much.
const fn is_control(value: u64) -> bool {
    const LEFT_OUT: u64 = 1 | 1 << 10;
    value == 0 || value | LEFT_OUT == u64::MAX
}

impl MachineCheck {
    /// Reads a register that [`is_machine_check`] knows.
    pub(crate) fn read(&self, number: u32) -> u64 {
        match number {
            MCG_CAP => CAPABILITIES,
            MCG_STATUS => self.status,
            MCG_CTL => self.control,
            _ => {
                let bank = &self.banks[bank_of(number)];
                match number % 4 {
                    0 => bank.control,
                    1 => bank.status,
                    2 => bank.address,
                    _ => bank.misc,
                }
            }
        }
    }

    /// Writes such a register. False if the value is refused.
    pub(crate) fn write(&mut self, number: u32, value: u64) -> bool {
        let (register, allowed) = match number {
            MCG_CAP => return false,
            MCG_STATUS => (&mut self.status, value & !STATUS_BITS == 0),
            MCG_CTL => (&mut self.control, value == 0 || value == u64::MAX),
            _ => {
                let bank = &mut self.banks[bank_of(number)];
                match number % 4 {
                    0 => (&mut bank.control, is_control(value)),
                    // Software can only clear it.
                    1 => (&mut bank.status, value == 0),
                    2 => (&mut bank.address, true),
                    _ => (&mut bank.misc, true),
                }
            }
        };
        if allowed {
            *register = value;
        }
        allowed
    }
}

const fn bank_of(number: u32) -> usize {
    ((number - FIRST_BANK) / 4) as usize
}
