//! The registers of the local APIC: as a page of memory in xAPIC mode, as model-specific registers 800h to 8FFh in x2APIC
//! mode. SDM Vol.3A Table 11-1 "Local APIC Register Address Map", Table 11-6 "Local APIC Register Address Map Supported by
//! x2APIC".

use super::lvt::Entry;
use super::timer::{self, DIVIDE_BITS};
use super::{Apic, Clock, Effect, FIRST_LEGAL_VECTOR, Kind, Mode, SVR_ENABLE, SVR_NO_BROADCAST, error};
use ringwalk_mmu::{Trigger, Vector};

/// Offsets in the page.
const ID: u32 = 0x020;
const VERSION: u32 = 0x030;
const TPR: u32 = 0x080;
const APR: u32 = 0x090;
const PPR: u32 = 0x0A0;
const EOI: u32 = 0x0B0;
const REMOTE_READ: u32 = 0x0C0;
const LDR: u32 = 0x0D0;
const DFR: u32 = 0x0E0;
const SVR: u32 = 0x0F0;
const ISR: u32 = 0x100;
const TMR: u32 = 0x180;
const IRR: u32 = 0x200;
const IRR_END: u32 = 0x280;
const ESR: u32 = 0x280;
const ICR_LOW: u32 = 0x300;
const ICR_HIGH: u32 = 0x310;
const LVT_FIRST: u32 = 0x320;
const LVT_LAST: u32 = 0x370;
const INITIAL_COUNT: u32 = 0x380;
const CURRENT_COUNT: u32 = 0x390;
const DIVIDE: u32 = 0x3E0;
/// Only in x2APIC mode.
const SELF_IPI: u32 = 0x3F0;

/// ICR, low half: everything but the delivery status, which is always idle.
const ICR_BITS: u32 = 0x000C_CFFF;
/// Version register bit 24: EOI-broadcast suppression.
const HAS_NO_BROADCAST: u32 = 1 << 24;

impl Apic {
    /// Version and number of entries of the local vector table. SDM Vol.3A 11.4.8 "Local APIC Version Register".
    fn version(&self) -> u32 {
        match self.abilities.kind {
            Kind::Absent => 0,
            Kind::Pentium => 3 << 16 | 0x10,
            Kind::P6 => 4 << 16 | 0x11,
            Kind::Xapic => HAS_NO_BROADCAST | 5 << 16 | 0x14,
        }
    }

    /// SDM Vol.3A 11.9 "Spurious Interrupt": before the Pentium 4 the low four bits of the vector are ones.
    fn svr_bits(&self) -> (u32, u32) {
        match self.abilities.kind {
            Kind::Xapic => (0x3FF | SVR_NO_BROADCAST, 0),
            _ => (0x3FF, 0xF),
        }
    }

    /// The arbitration priority register. SDM Vol.3A 11.6.2.4 "Lowest Priority Delivery Mode".
    fn apr(&self) -> u8 {
        let class = |vector: Option<Vector>| vector.map_or(0, |vector| vector.0 >> 4);
        let (requested, serviced) = (class(self.irr.highest()), class(self.isr.highest()));
        let task = self.tpr >> 4;
        if task >= requested && task > serviced { self.tpr } else { (task & serviced).max(requested) << 4 }
    }

    /// Reads a register by its offset; `None` if there is none.
    fn read(&self, offset: u32, clock: Clock) -> Option<u32> {
        Some(match offset {
            ID if self.mode() == Mode::X2apic => self.id,
            ID => u32::from(self.xapic_id) << 24,
            VERSION => self.version(),
            TPR => u32::from(self.tpr),
            PPR => u32::from(self.ppr()),
            LDR if self.mode() == Mode::X2apic => self.x2apic_ldr(),
            LDR => self.ldr,
            SVR => self.svr,
            ISR..TMR => self.isr.register((offset - ISR) >> 4),
            TMR..IRR => self.tmr.register((offset - TMR) >> 4),
            IRR..IRR_END => self.irr.register((offset - IRR) >> 4),
            ESR => self.esr,
            ICR_LOW => self.icr as u32,
            LVT_FIRST..=LVT_LAST => {
                let entry = Entry::at(offset).filter(|entry| self.has_entry(*entry))?;
                self.lvt[entry as usize]
            }
            INITIAL_COUNT => self.timer.initial(),
            CURRENT_COUNT => {
                let mode = timer::Mode::of(self.lvt[Entry::Timer as usize]);
                self.timer.current(mode, clock.now)
            }
            DIVIDE => self.timer.divide(),
            _ => return None,
        })
    }

    /// Registers that only xAPIC mode has. The arbitration priority came to an end with the APIC bus.
    fn read_xapic_only(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            APR if self.abilities.kind < Kind::Xapic => u32::from(self.apr()),
            EOI | REMOTE_READ => 0,
            DFR => self.dfr,
            // The upper half.
            ICR_HIGH => (self.icr >> 32) as u32,
            _ => return None,
        })
    }

    /// Reads from the page: of a register its four bytes, the twelve behind them as zeros.
    pub(crate) fn read_page(&mut self, offset: u32, bytes: usize, clock: Clock) -> u64 {
        let register = offset & !0xF;
        let value = self.read(register, clock).or_else(|| self.read_xapic_only(register));
        let value = value.unwrap_or_else(|| {
            self.raise_error(error::ILLEGAL_REGISTER);
            0
        });
        let wide = u128::from(value) >> (8 * (offset & 0xF));
        // The bytes that were asked for.
        wide as u64 & u64::MAX >> (64 - 8 * bytes)
    }

    /// Writes to the page: aligned dwords only. `intr` is the level of INTR.
    pub(crate) fn write_page(&mut self, offset: u32, bytes: usize, value: u64, clock: Clock, intr: bool) -> Effect {
        if !offset.is_multiple_of(16) || bytes != 4 {
            return Effect::None;
        }
        // A dword.
        let value = value as u32;
        match offset {
            ID => self.xapic_id = (value >> 24) as u8,
            LDR => self.ldr = value & 0xFF00_0000,
            DFR => self.dfr = value | 0x0FFF_FFFF,
            ICR_HIGH => self.icr = self.icr & 0xFFFF_FFFF | u64::from(value & 0xFF00_0000) << 32,
            ICR_LOW => {
                self.icr = self.icr & !0xFFFF_FFFF | u64::from(value & ICR_BITS);
                return self.send();
            }
            _ => match self.write(offset, value, clock, intr) {
                Some(effect) => return effect,
                None if self.read(offset, clock).or_else(|| self.read_xapic_only(offset)).is_some() => {}
                None => self.raise_error(error::ILLEGAL_REGISTER),
            },
        }
        Effect::None
    }

    /// Writes a register that both modes have; `None` if it does not exist or is read-only.
    fn write(&mut self, offset: u32, value: u32, clock: Clock, intr: bool) -> Option<Effect> {
        match offset {
            // Eight bits.
            TPR => self.tpr = value as u8,
            EOI => return Some(self.end_of_interrupt()),
            SVR => self.write_svr(value, clock),
            ESR => self.esr = std::mem::take(&mut self.errors),
            LVT_FIRST..=LVT_LAST => {
                let entry = Entry::at(offset).filter(|entry| self.has_entry(*entry))?;
                self.write_entry(entry, value, clock, intr);
            }
            INITIAL_COUNT => {
                self.advance(clock);
                let mode = timer::Mode::of(self.lvt[Entry::Timer as usize]);
                self.timer.set_initial(value, mode, clock.now);
            }
            DIVIDE => {
                self.advance(clock);
                let mode = timer::Mode::of(self.lvt[Entry::Timer as usize]);
                self.timer.set_divide(value, mode, clock.now);
            }
            _ => return None,
        }
        Some(Effect::None)
    }

    fn write_svr(&mut self, value: u32, clock: Clock) {
        let (writable, ones) = self.svr_bits();
        let was_enabled = self.is_software_enabled();
        self.svr = value & writable | ones;
        if was_enabled && self.svr & SVR_ENABLE == 0 {
            self.mask_all(clock);
        }
    }

    /// Reads a register in x2APIC mode; `None` is #GP(0).
    pub(crate) fn read_msr(&self, offset: u32, clock: Clock) -> Option<u64> {
        match offset {
            ICR_LOW => Some(self.icr),
            _ => self.read(offset, clock).map(u64::from),
        }
    }

    /// Writes a register in x2APIC mode; `None` is #GP(0): it does not exist, is read-only, or a reserved bit is set.
    pub(crate) fn write_msr(&mut self, offset: u32, value: u64, clock: Clock, intr: bool) -> Option<Effect> {
        if value & !self.msr_bits(offset)? != 0 {
            return None;
        }
        match offset {
            ICR_LOW => {
                self.icr = value;
                Some(self.send())
            }
            SELF_IPI => {
                let vector = Vector(value as u8);
                match vector.0 {
                    ..FIRST_LEGAL_VECTOR => self.raise_error(error::SEND_ILLEGAL_VECTOR),
                    _ if self.is_software_enabled() => self.request(vector, Trigger::Edge),
                    _ => {}
                }
                Some(Effect::None)
            }
            // All other registers have 32 bits, as their masks say.
            _ => self.write(offset, value as u32, clock, intr),
        }
    }

    /// The bits that can be written in x2APIC mode.
    fn msr_bits(&self, offset: u32) -> Option<u64> {
        Some(match offset {
            TPR | SELF_IPI => 0xFF,
            EOI | ESR => 0,
            SVR => u64::from(self.svr_bits().0),
            ICR_LOW => 0xFFFF_FFFF_0000_0000 | u64::from(ICR_BITS),
            INITIAL_COUNT => 0xFFFF_FFFF,
            DIVIDE => u64::from(DIVIDE_BITS),
            _ => u64::from(self.entry_bits(Entry::at(offset)?)),
        })
    }
}
