//! Power management: Intel 82371AB (PIIX4) function 3, beside the PIIX3's functions: ACPI registers, the power
//! management timer, soft off, the SMBus host, and the APM ports B2h and B3h.
//!
//! *82371AB PCI-TO-ISA / IDE XCELERATOR (PIIX4)* datasheet, order number 290562, chapter 7 "Power Management/SMBus PCI
//! Configuration Registers, Function 3", 7.2 "Power Management I/O Space Registers", 7.3 "SMBus I/O Space Registers",
//! 4.2.6 "Advanced Power Management (APM) Registers", 11.6 "ACPI Support".
//!
//! There is no system management mode behind it, so APMC_EN is preset: firmware takes that for a handler which is in
//! place already. Of that handler's work one thing is done here: F1h and F0h written to APMC turn the SCI on and off,
//! as ACPI's SMI_CMD port does. SeaBIOS's ACPI tables have a block of general purpose events at AFE0h, as QEMU's board
//! does; it is there, without events, so that it does not read as an open bus with all of them. States of the processor other than running and idle, and suspending, have no effect.

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::device::{Cx, Device, Output, Range, Ranges, Reg, Space, View};
use crate::pci::{COMMAND_IO, ConfigSpace, Function, Register};
use crate::piix4_smbus::Smbus;

/// Where the function is: bus 0, device 1, function 3.
const FUNCTION: Function = Function::on_bus_0(1, 3);
/// The timer's clock: 14.31818 MHz / 4 (11.6.2 "Power Management Timer").
const PM_TIMER_HZ: u64 = 3_579_545;
/// The timer counts 24 bits.
const TIMER_MASK: u64 = 0xFF_FFFF;
/// Bit 23 changes after so many ticks, which sets TMROF_STS.
const HALF_PERIOD: u64 = 1 << 23;
/// The system control interrupt.
const IRQ_SCI: u8 = 9;

/// PMBA, the base of the power management registers, and PMREGMISC, whose bit 0 switches them on.
const PMBA: u8 = 0x40;
const PMREGMISC: u8 = 0x80;
/// SMBBA, the base of the SMBus registers, and SMBHSTCFG, whose bit 0 switches the host on.
const SMBBA: u8 = 0x90;
const SMBHSTCFG: u8 = 0xD2;
/// SMBHSTCFG bits 3-1: IRQ 9 when the host is done; else an SMI.
const SMBUS_INTERRUPT: u8 = 0b1110;
const SMBUS_IRQ9: u8 = 0b1000;
/// DEVACTB, its top byte: bit 1 is APMC_EN, a write to APMC makes an SMI.
const DEVACTB_TOP: u8 = 0x5B;
const APMC_EN: u8 = 1 << 1;

/// The configuration registers. What counts and watches devices is kept as written.
const TABLE: [Register; 26] = [
    Register::fixed(0x00, 4, 0x7113_8086),
    Register::writable(0x04, 2, 0x0000, COMMAND_IO as u32),
    Register::writable(0x06, 2, 0x0280, 0).clears(0x0800),
    // A PIIX4M: its timer can be read in one access (82371MB Specification Update).
    Register::fixed(0x08, 1, 0x03),
    Register::fixed(0x09, 3, 0x06_8000),
    Register::writable(0x3C, 1, 0x00, 0xFF),
    Register::fixed(0x3D, 1, 0x01),
    Register::writable(PMBA, 4, 0x0000_0001, 0x0000_FFC0),
    Register::writable(0x44, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x48, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x4C, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x50, 3, 0, 0xFF_FFFF),
    Register::writable(0x54, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x58, 4, 1 << 25, 0xFFFF_FFFF),
    Register::writable(0x5C, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x60, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x64, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x68, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x6C, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x70, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x74, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x78, 4, 0, 0xFFFF_FFFF),
    Register::writable(0x7C, 4, 0, 0xFFFF_FFFF),
    Register::writable(PMREGMISC, 1, 0, 0x01),
    Register::writable(SMBBA, 4, 0x0000_0001, 0x0000_FFF0),
    Register::writable(SMBHSTCFG, 1, 0, 0x0F),
];

/// Offsets from PMBA.
const PMSTS: u8 = 0x00;
const PMEN: u8 = 0x02;
const PMCNTRL: u8 = 0x04;
const PMTMR: u8 = 0x08;
const GPSTS: u8 = 0x0C;
const GPEN: u8 = 0x0E;
const GLBSTS: u8 = 0x18;
const GLBCTL: u8 = 0x28;

/// PMSTS and PMEN: the timer's bit 23 changed; the global lock was released; the power button.
const TMROF: u16 = 1 << 0;
const GBL: u16 = 1 << 5;
const PWRBTN: u16 = 1 << 8;
/// PMCNTRL: events make an SCI, else an SMI.
const SCI_EN: u16 = 1 << 0;
/// PMCNTRL, bits that read as 0: ACPI software releases the global lock; enter the state of SUS_TYP.
const GBL_RLS: u16 = 1 << 2;
const SUS_EN: u16 = 1 << 13;
/// PMCNTRL bits 12-10, SUS_TYP: 0 is soft off.
const SUS_TYP: u16 = 7 << 10;
/// GLBSTS: the lock was released for the BIOS; APMC was written.
const BIOS_STS: u16 = 1 << 0;
const APM_STS: u16 = 1 << 5;
/// GLBCTL, a bit that reads as 0: the BIOS releases the global lock.
const BIOS_RLS: u32 = 1 << 1;

/// The power management I/O registers: the same kind of table, with offsets from PMBA.
const PM_TABLE: [Register; 15] = [
    Register::writable(PMSTS, 2, 0, 0).clears(0x8D31),
    Register::writable(PMEN, 2, 0, 0x0521),
    Register::writable(PMCNTRL, 2, 0, 0x1C03),
    Register::fixed(PMTMR, 4, 0),
    Register::writable(GPSTS, 2, 0, 0).clears(0x0F01),
    Register::writable(GPEN, 2, 0, 0x0F01),
    Register::writable(0x10, 4, 0, 0x0003_FFFE),
    Register::fixed(0x14, 2, 0),
    Register::writable(GLBSTS, 2, 0, 0).clears(0x0D23),
    Register::writable(0x1C, 4, 0, 0).clears(0x3FFF_0FFF),
    Register::writable(0x20, 2, 0, 0x8D03),
    Register::writable(GLBCTL, 4, 0, 0x0701_FF05),
    Register::writable(0x2C, 4, 0, 0x3FFF_FFFF),
    Register::fixed(0x30, 3, 0),
    Register::writable(0x34, 4, 0x7FFF_BFFF, 0x7FFF_FFFF),
];
/// Bytes of the power management and of the SMBus registers.
const PM_BYTES: u64 = 64;
const SMBUS_BYTES: u64 = 16;

/// What ACPI writes to SMI_CMD, here APMC, to take the chip over and to hand it back.
const ACPI_ENABLE: u8 = 0xF1;
const ACPI_DISABLE: u8 = 0xF0;

/// Places in `ranges()`.
const RANGE_PM: u8 = 0;
const RANGE_SMBUS: u8 = 1;
const RANGE_APM: u8 = 2;
const RANGE_EVENTS: u8 = 3;

/// PIIX4 function 3.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Piix4Pm {
    config: ConfigSpace,
    registers: ConfigSpace,
    smbus: Smbus,
    /// APMC and APMS.
    apm: [u8; 2],
    /// The block at AFE0h: two bytes of status, always clear, and two of enables.
    event_enables: [u8; 2],
    /// Changes of the timer's bit 23 that TMROF_STS knows of; `None` before the first access after a reset.
    half_periods: Option<u64>,
    due: Option<Instant>,
}

impl Piix4Pm {
    /// The function after reset.
    pub(crate) fn new() -> Piix4Pm {
        Piix4Pm {
            config: ConfigSpace::new(&TABLE),
            registers: ConfigSpace::new(&PM_TABLE),
            smbus: Smbus::new(),
            apm: [0; 2],
            event_enables: [0; 2],
            half_periods: None,
            due: None,
        }
    }

    /// The power button is pressed and let go, at the next [`Device::advance`], which is due at once.
    pub(crate) fn press_power_button(&mut self) {
        self.set_bits(PMSTS, PWRBTN);
        self.due = Some(Instant(0));
    }

    fn set_bits(&mut self, register: u8, bits: u16) {
        let [low, high] = (self.registers.word(register) | bits).to_le_bytes();
        self.registers.set_byte(register, low);
        self.registers.set_byte(register + 1, high);
    }

    fn ticks(cx: &Cx<'_>) -> u64 {
        cx.rate(PM_TIMER_HZ).ticks_at(cx.now)
    }

    fn enabled_events(&self) -> u16 {
        let fixed = self.registers.word(PMSTS) & self.registers.word(PMEN);
        fixed | self.registers.word(GPSTS) & self.registers.word(GPEN)
    }

    fn sci_on(&self) -> bool {
        self.registers.word(PMCNTRL) & SCI_EN != 0
    }

    /// Drives IRQ 9 and finds the next moment that can raise it.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let sci = self.sci_on() && self.enabled_events() != 0;
        let smbus = self.config.byte(SMBHSTCFG) & SMBUS_INTERRUPT == SMBUS_IRQ9 && self.smbus.interrupt();
        cx.lines.set_irq(IRQ_SCI, sci || smbus);
        let waits = self.sci_on() && self.registers.word(PMEN) & TMROF != 0 && self.registers.word(PMSTS) & TMROF == 0;
        let next = Piix4Pm::ticks(cx) / HALF_PERIOD + 1;
        self.due = waits.then(|| cx.rate(PM_TIMER_HZ).instant_of(next * HALF_PERIOD));
    }

    fn read_registers(&self, offset: u32, size: Size, cx: &Cx<'_>) -> u64 {
        let timer = u64::from(PMTMR);
        let kept = self.registers.read(offset, size);
        let at = u64::from(offset);
        if (timer..timer + 4).contains(&at) {
            return (Piix4Pm::ticks(cx) & TIMER_MASK) >> (8 * (at - timer)) & size.ones();
        }
        kept
    }

    fn write_registers(&mut self, offset: u32, size: Size, value: u64, cx: &mut Cx<'_>) {
        // The bits of the register that the access reaches.
        let written = |register: u8| match u32::from(register).checked_sub(offset) {
            Some(behind) if behind < 8 => value.checked_shr(8 * behind).unwrap_or(0),
            Some(_) => 0,
            None => value.checked_shl(8 * (offset - u32::from(register))).unwrap_or(0),
        };
        self.registers.write(&PM_TABLE, offset, size, value);
        let last = u64::from(offset) + size.bytes();
        let reached =
            |register: u8, bytes: u64| u64::from(offset) < u64::from(register) + bytes && u64::from(register) < last;
        // Truncated to the register's width.
        if reached(PMCNTRL, 2) {
            self.control_written(written(PMCNTRL) as u16, cx);
        }
        if reached(GLBCTL, 4) && written(GLBCTL) as u32 & BIOS_RLS != 0 {
            self.set_bits(PMSTS, GBL);
        }
    }

    fn control_written(&mut self, written: u16, cx: &mut Cx<'_>) {
        if written & GBL_RLS != 0 {
            self.set_bits(GLBSTS, BIOS_STS);
        }
        let off = self.registers.word(PMCNTRL) & SUS_TYP == 0;
        if written & SUS_EN != 0 && off {
            cx.output.push(Output::PowerOff);
        }
    }

    fn write_apm(&mut self, offset: u32, value: u8) {
        match offset {
            0 => {
                self.apm[0] = value;
                if self.config.byte(DEVACTB_TOP) & APMC_EN != 0 {
                    self.set_bits(GLBSTS, APM_STS);
                    self.take_command(value);
                }
            }
            1 => self.apm[1] = value,
            _ => {}
        }
    }

    /// What the firmware's SMI handler does with a command.
    fn take_command(&mut self, command: u8) {
        let control = self.registers.byte(PMCNTRL);
        // SCI_EN is in the low byte.
        match command {
            ACPI_ENABLE => self.registers.set_byte(PMCNTRL, control | SCI_EN as u8),
            ACPI_DISABLE => self.registers.set_byte(PMCNTRL, control & !(SCI_EN as u8)),
            _ => {}
        }
    }

    fn base(&self, register: u8, on: bool) -> Option<u64> {
        let base = u64::from(self.config.dword(register) & 0xFFF0);
        (on && base != 0).then_some(base)
    }
}

impl Device for Piix4Pm {
    fn ranges(&self) -> Ranges {
        let pm = self.base(PMBA, self.config.byte(PMREGMISC) & 1 != 0);
        let smbus_on = self.config.byte(SMBHSTCFG) & 1 != 0 && self.config.command() & COMMAND_IO != 0;
        let smbus = self.base(SMBBA, smbus_on);
        let ports = |name, base: Option<u64>, len, width| {
            let len = if base.is_some() { len } else { 0 };
            Range { name, space: Space::Port, base: base.unwrap_or(0), len, width }
        };
        Ranges(vec![
            ports("power management", pm, PM_BYTES, Size::Dword),
            ports("SMBus", smbus, SMBUS_BYTES, Size::Byte),
            ports("APM", Some(0xB2), 2, Size::Byte),
            ports("events", Some(0xAFE0), 4, Size::Byte),
            FUNCTION.config_range(),
        ])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        match reg.range {
            RANGE_PM => self.read_registers(reg.offset, size, cx),
            RANGE_SMBUS => u64::from(self.smbus.read(reg.offset)),
            RANGE_APM => u64::from(self.apm.get(reg.offset as usize).copied().unwrap_or(0xFF)),
            RANGE_EVENTS => match reg.offset {
                2 | 3 => u64::from(self.event_enables[reg.offset as usize & 1]),
                _ => 0,
            },
            _ => self.config.read(reg.offset, size),
        }
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        // The SMBus and APM ports have 8 bits.
        match reg.range {
            RANGE_PM => self.write_registers(reg.offset, size, value & size.ones(), cx),
            RANGE_SMBUS => self.smbus.write(reg.offset, value as u8),
            RANGE_APM => self.write_apm(reg.offset, value as u8),
            RANGE_EVENTS if reg.offset & !1 == 2 => self.event_enables[reg.offset as usize & 1] = value as u8,
            RANGE_EVENTS => {}
            _ => self.config.write(&TABLE, reg.offset, size, value),
        }
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        let now = Piix4Pm::ticks(cx) / HALF_PERIOD;
        let before = self.half_periods.replace(now);
        if before.is_some_and(|before| before != now) {
            self.set_bits(PMSTS, TMROF);
        }
        if self.due.is_some_and(|due| due <= cx.now) {
            self.drive(cx);
        }
    }

    /// The timer counts on: it has run since power-on.
    fn reset(&mut self) {
        *self = Piix4Pm::new();
    }

    fn show(&self) -> View {
        let range = |base: Option<u64>| base.map_or("off".to_owned(), |base| format!("at {base:04X}h"));
        let word = |register| format!("{:04X}h", self.registers.word(register));
        View::default()
            .row("registers", range(self.base(PMBA, self.config.byte(PMREGMISC) & 1 != 0)))
            .row("PMSTS", word(PMSTS))
            .row("PMEN", word(PMEN))
            .row("PMCNTRL", word(PMCNTRL))
            .row("events make", if self.sci_on() { "an SCI, IRQ 9" } else { "an SMI" })
            .row("GPSTS", word(GPSTS))
            .row("GPEN", word(GPEN))
            .row("GLBSTS", word(GLBSTS))
            .row("APM", format!("{:02X}h, status {:02X}h", self.apm[0], self.apm[1]))
            .row("SMBus", range(self.base(SMBBA, self.config.byte(SMBHSTCFG) & 1 != 0)))
    }
}

#[cfg(test)]
#[path = "piix4_pm_tests.rs"]
mod tests;
