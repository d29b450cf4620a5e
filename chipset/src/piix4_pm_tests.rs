//! The power management function driven through its registers, with values from the 82371AB (PIIX4) datasheet.

use ringwalk_mmu::{Bus, Size};

use super::*;
use crate::fake::abuse;
use crate::test_pc::Pc;

/// 100 MHz.
const SECOND: u64 = 100_000_000;
const PM: u16 = 0x600;
const SMB: u16 = 0x700;

/// A board whose firmware has placed the registers at 600h and 700h.
fn pc() -> Pc {
    let mut pc = Pc::new();
    pc.config_out(FUNCTION, PMBA, Size::Dword, u32::from(PM) | 1);
    pc.config_out(FUNCTION, PMREGMISC, Size::Byte, 1);
    pc.config_out(FUNCTION, SMBBA, Size::Dword, u32::from(SMB) | 1);
    pc.config_out(FUNCTION, SMBHSTCFG, Size::Byte, 0x09);
    pc.config_out(FUNCTION, 4, Size::Word, 1);
    pc
}

fn inw(pc: &mut Pc, register: u8) -> u32 {
    pc.port_in(PM + u16::from(register), Size::Word)
}

fn outw(pc: &mut Pc, register: u8, value: u16) {
    pc.port_out(PM + u16::from(register), Size::Word, u32::from(value));
}

#[test]
fn identification_and_defaults() {
    let mut pc = Pc::new();
    assert_eq!(pc.config_in(FUNCTION, 0x00, Size::Dword), 0x7113_8086);
    assert_eq!(pc.config_in(FUNCTION, 0x09, Size::Word), 0x8000, "bridge, other: class 068000h");
    assert_eq!(pc.config_in(FUNCTION, 0x0B, Size::Byte), 0x06);
    assert_eq!(pc.config_in(FUNCTION, 0x06, Size::Word), 0x0280);
    assert_eq!(pc.config_in(FUNCTION, 0x3D, Size::Byte), 1, "INTA#");
    assert_eq!(pc.config_in(FUNCTION, PMBA, Size::Dword), 1, "bit 0 is hardwired to I/O space");
    assert_eq!(pc.config_in(FUNCTION, 0x58, Size::Dword), 1 << 25, "APMC_EN: no firmware sets up SMM");
    pc.config_out(FUNCTION, PMBA, Size::Dword, 0xFFFF_FFFF);
    assert_eq!(pc.config_in(FUNCTION, PMBA, Size::Dword), 0xFFC1, "64 bytes");
}

#[test]
fn the_registers_are_where_pmba_says_once_pmregmisc_lets_them() {
    let mut pc = Pc::new();
    pc.config_out(FUNCTION, PMBA, Size::Dword, 0xB001);
    assert_eq!(pc.port_in(0xB004, Size::Word), 0xFFFF, "PMIOSE is clear");
    pc.config_out(FUNCTION, PMREGMISC, Size::Byte, 1);
    assert_eq!(pc.port_in(0xB004, Size::Word), 0);
    pc.config_out(FUNCTION, PMBA, Size::Dword, 0x4001);
    assert_eq!((pc.port_in(0xB004, Size::Word), pc.port_in(0x4004, Size::Word)), (0xFFFF, 0));
    assert_eq!(pc.port_in(0x4034, Size::Dword), 0x7FFF_BFFF, "GPOREG");
}

#[test]
fn the_timer_counts_24_bits_at_3_579545_mhz() {
    let mut pc = pc();
    assert_eq!(pc.port_in(PM + 8, Size::Dword), 0);
    pc.run(SECOND);
    assert_eq!(pc.port_in(PM + 8, Size::Dword), 3_579_545);
    assert_eq!(pc.port_in(PM + 9, Size::Byte), 3_579_545 >> 8 & 0xFF);
    pc.run(9 * SECOND);
    assert_eq!(pc.port_in(PM + 8, Size::Dword), 35_795_450 % (1 << 24), "the top byte is always 0");
    pc.port_out(PM + 8, Size::Dword, 0);
    assert_eq!(pc.port_in(PM + 8, Size::Dword), 35_795_450 % (1 << 24), "it cannot be written");
}

#[test]
fn a_change_of_bit_23_is_an_event() {
    let mut pc = pc();
    outw(&mut pc, PMEN, TMROF);
    // 2^23 ticks take 2.3435 s: ACPI 2.0, 4.7.2.1 "Power Management Timer".
    pc.run(2 * SECOND + 34 * SECOND / 100);
    assert_eq!(inw(&mut pc, PMSTS) & 1, 0);
    pc.run(SECOND / 100);
    assert_eq!(inw(&mut pc, PMSTS) & 1, 1, "low to high");
    assert!(!pc.irq(9), "SCI_EN is clear: it is an SMI");
    outw(&mut pc, PMCNTRL, SCI_EN);
    assert!(pc.irq(9));
    outw(&mut pc, PMSTS, 0);
    assert!(pc.irq(9), "a zero clears nothing");
    outw(&mut pc, PMSTS, TMROF);
    assert_eq!((inw(&mut pc, PMSTS) & 1, pc.irq(9)), (0, false));
    // Enabled, it interrupts at the very tick of the next change.
    let due = pc.board.due().expect("the next change interrupts").0;
    assert_eq!(due, (1_u64 << 24) * SECOND / PM_TIMER_HZ + 1, "2^24 ticks, rounded up");
    pc.run(due - pc.now.0 - 1);
    assert!(!pc.irq(9));
    pc.run(1);
    assert!(pc.irq(9), "high to low");
    assert_eq!(pc.port_in(PM + 8, Size::Dword), 0);
    pc.board.reset();
    assert!(!pc.irq(9));
}

#[test]
fn soft_off_switches_the_machine_off() {
    let mut pc = pc();
    outw(&mut pc, PMCNTRL, 1 << 10 | SUS_EN);
    assert_eq!(pc.board.take_output(), [], "suspend to RAM has no effect");
    outw(&mut pc, PMCNTRL, SCI_EN);
    assert_eq!(pc.board.take_output(), []);
    pc.port_out(PM + 5, Size::Byte, u32::from(SUS_EN >> 8));
    assert_eq!(pc.board.take_output(), [Output::PowerOff], "SUS_TYP 0, by its byte alone");
    assert_eq!(inw(&mut pc, PMCNTRL), u32::from(SCI_EN), "SUS_EN reads as 0");
    pc.port_out(PM + 4, Size::Dword, u32::from(SUS_EN));
    assert_eq!(pc.board.take_output(), [Output::PowerOff]);
}

#[test]
fn the_power_button_interrupts() {
    let mut pc = pc();
    outw(&mut pc, PMCNTRL, SCI_EN);
    outw(&mut pc, PMEN, PWRBTN);
    let mut cx = ringwalk_mmu::BusCx::new(pc.now, &mut pc.memory);
    pc.board.press_power_button(&mut cx);
    assert_eq!((inw(&mut pc, PMSTS), pc.irq(9)), (0x0100, true));
    outw(&mut pc, PMSTS, PWRBTN);
    assert_eq!((inw(&mut pc, PMSTS), pc.irq(9)), (0, false));
}

#[test]
fn the_global_lock_is_passed_both_ways() {
    let mut pc = pc();
    outw(&mut pc, PMCNTRL, SCI_EN | GBL_RLS);
    assert_eq!(inw(&mut pc, GLBSTS), 1, "BIOS_STS");
    outw(&mut pc, GLBSTS, 1);
    assert_eq!((inw(&mut pc, GLBSTS), inw(&mut pc, PMCNTRL)), (0, 1));
    outw(&mut pc, PMEN, GBL);
    pc.port_out(PM + u16::from(GLBCTL), Size::Dword, BIOS_RLS);
    assert_eq!((inw(&mut pc, PMSTS), pc.irq(9)), (0x20, true), "GBL_STS");
    assert_eq!(pc.port_in(PM + u16::from(GLBCTL), Size::Dword), 0, "BIOS_RLS reads as 0");
}

#[test]
fn apm_ports_hold_what_is_written_and_carry_acpi_commands() {
    let mut pc = pc();
    pc.outb(0xB3, 0x5A);
    pc.outb(0xB2, ACPI_ENABLE);
    assert_eq!((pc.inb(0xB2), pc.inb(0xB3)), (0xF1, 0x5A));
    assert_eq!((inw(&mut pc, PMCNTRL), inw(&mut pc, GLBSTS)), (1, 0x20), "SCI_EN, APM_STS");
    pc.outb(0xB2, ACPI_DISABLE);
    assert_eq!(inw(&mut pc, PMCNTRL), 0);
    pc.config_out(FUNCTION, 0x58, Size::Dword, 0);
    pc.outb(0xB2, ACPI_ENABLE);
    assert_eq!(inw(&mut pc, PMCNTRL), 0, "without APMC_EN nobody takes commands");
}

#[test]
fn the_smbus_has_no_devices() {
    let mut pc = pc();
    pc.outb(SMB + 4, 0xA1);
    pc.outb(SMB + 2, START | 0x08);
    assert_eq!(pc.inb(SMB), DEV_ERR, "nobody answers, and the host is not busy");
    assert!(!pc.irq(9));
    pc.outb(SMB + 2, START | 0x08 | 1);
    assert!(pc.irq(9), "INTEREN, and SMBHSTCFG says IRQ 9");
    pc.outb(SMB, 0x1E);
    assert_eq!((pc.inb(SMB), pc.irq(9)), (0, false));
    pc.inb(SMB + 2);
    (0..3).for_each(|byte| pc.outb(SMB + 7, byte));
    pc.inb(SMB + 2);
    assert_eq!([pc.inb(SMB + 7), pc.inb(SMB + 7), pc.inb(SMB + 7)], [0, 1, 2]);
}

#[test]
fn the_event_block_of_seabios_tables_has_no_events() {
    let mut pc = Pc::new();
    assert_eq!(pc.port_in(0xAFE0, Size::Dword), 0);
    pc.port_out(0xAFE0, Size::Dword, 0x1234_FFFF);
    assert_eq!(pc.port_in(0xAFE0, Size::Dword), 0x1234_0000, "status stays clear, enables are kept");
}

/// SMBHSTSTS: the device did not answer.
const DEV_ERR: u8 = 1 << 2;
/// SMBHSTCNT: start.
const START: u8 = 1 << 6;

#[test]
fn any_access_is_survived() {
    abuse(&mut Piix4Pm::new());
}
