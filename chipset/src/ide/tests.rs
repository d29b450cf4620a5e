//! The disks as a driver sees them. Expected values from ATA/ATAPI-6 (T13/1410D) unless said otherwise.

use ringwalk_mmu::{Backing, Disk, SECTOR_BYTES, Size};

use super::FUNCTION;
use crate::config::DiskConfig;
use crate::test_pc::{Pc, US};

/// Sectors of the test disk: 20 cylinders, 16 heads, 63 sectors, and a few more.
const SECTORS: u64 = 20 * 16 * 63 + 5;

const READY: u8 = 0x50;
const DATA: u8 = 0x58;
const FAILED: u8 = 0x51;

/// A board whose firmware has switched both channels on.
fn with_disks(disks: [Option<DiskConfig>; 4]) -> Pc {
    let mut pc = Pc::with_disks(disks);
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0001);
    pc.config_out(FUNCTION, 0x40, Size::Dword, 0x8000_8000);
    pc
}

fn pc() -> Pc {
    let mut pc = with_disks([Some(DiskConfig::with_sectors(SECTORS)), None, None, None]);
    for sector in 0..SECTORS {
        let mut bytes = [sector as u8; SECTOR_BYTES];
        bytes[..4].copy_from_slice(&(sector as u32).to_le_bytes());
        let disk = pc.memory.disks[0].as_mut().expect("there is a first disk");
        disk.write(sector, &bytes).expect("the overlay takes it");
    }
    pc
}

/// Writes features, count, the three address registers and the device register, then the command.
fn command(pc: &mut Pc, code: u8, registers: [u8; 6]) {
    for (port, value) in (0x1F1..).zip(registers) {
        pc.outb(port, value);
    }
    pc.outb(0x1F7, code);
    assert_eq!(pc.inb(0x3F6), 0x80, "busy at once");
}

fn command_ext(pc: &mut Pc, code: u8, count: u16, lba: u64) {
    let [count, before] = count.to_le_bytes();
    let lba = lba.to_le_bytes();
    for (port, value) in (0x1F2..).zip([before, lba[3], lba[4], lba[5]]) {
        pc.outb(port, value);
    }
    command(pc, code, [0, count, lba[0], lba[1], lba[2], 0x40]);
}

fn finish(pc: &mut Pc) -> u8 {
    pc.run(1000 * US);
    pc.inb(0x1F7)
}

fn lba(sector: u32) -> [u8; 4] {
    let [low, mid, high, top] = sector.to_le_bytes();
    [low, mid, high, 0xE0 | top]
}

fn read_words(pc: &mut Pc, words: usize) -> Vec<u8> {
    (0..words).flat_map(|_| (pc.port_in(0x1F0, Size::Word) as u16).to_le_bytes()).collect()
}

fn write_words(pc: &mut Pc, bytes: &[u8]) {
    for pair in bytes.chunks(2) {
        pc.port_out(0x1F0, Size::Word, u32::from(u16::from_le_bytes([pair[0], pair[1]])));
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn word(data: &[u8], index: usize) -> u16 {
    u16::from_le_bytes([data[2 * index], data[2 * index + 1]])
}

fn identify(pc: &mut Pc) -> Vec<u8> {
    command(pc, 0xEC, [0, 0, 0, 0, 0, 0xA0]);
    assert_eq!(finish(pc), DATA);
    read_words(pc, 256)
}

#[test]
fn identify_tells_geometry_capacity_and_checksum() {
    let mut pc = pc();
    let data = identify(&mut pc);
    assert_eq!(pc.inb(0x1F7), READY, "the last word ends the command");
    assert_eq!([word(&data, 1), word(&data, 3), word(&data, 6)], [20, 16, 63]);
    assert_eq!([word(&data, 54), word(&data, 55), word(&data, 56)], [20, 16, 63]);
    assert_eq!(number(&data[120..]), SECTORS as u32, "words 60-61");
    assert_eq!(number(&data[200..]), SECTORS as u32, "words 100-103");
    assert_eq!(&data[54..68], b"IRGNAWKLD SI K", "word 27: characters swapped in each word");
    assert_eq!(word(&data, 83) & 0xC400, 0x4400, "valid, 48-bit addresses");
    assert_eq!(word(&data, 49) & 0x0300, 0x0300, "LBA and DMA");
    let sum = data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    assert_eq!((data[510], sum), (0xA5, 0), "word 255");
}

#[test]
fn read_sectors_interrupts_for_every_sector() {
    let mut pc = pc();
    let [low, mid, high, device] = lba(300);
    command(&mut pc, 0x20, [0, 3, low, mid, high, device]);
    for sector in 300..303 {
        assert!(!pc.irq(14));
        pc.run(1000 * US);
        assert!(pc.irq(14), "INTRQ with every DRQ block");
        assert_eq!(pc.inb(0x3F6), DATA);
        assert!(pc.irq(14), "the alternate status leaves the interrupt");
        assert_eq!(pc.inb(0x1F7), DATA);
        assert!(!pc.irq(14), "the status takes it");
        assert_eq!(number(&read_words(&mut pc, 256)), sector);
    }
    assert_eq!(finish(&mut pc), READY);
    assert!(!pc.irq(14), "no interrupt after the last block");
    assert_eq!(pc.inb(0x1F2), 0, "all sectors came");
    assert_eq!(pc.port_in(0x1F0, Size::Word), 0xFFFF, "no DRQ, no data");
}

#[test]
fn the_three_forms_of_address_agree() {
    let mut pc = pc();
    // Cylinder 2, head 3, sector 4 = (2 * 16 + 3) * 63 + 4 - 1 = 2208.
    command(&mut pc, 0x20, [0, 1, 4, 2, 0, 0xA3]);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)), 2208);
    assert_eq!([pc.inb(0x1F3), pc.inb(0x1F4), pc.inb(0x1F6)], [4, 2, 0xA3], "the registers tell the last sector");
    let [low, mid, high, device] = lba(2208);
    command(&mut pc, 0x21, [0, 1, low, mid, high, device]);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)), 2208);
    command_ext(&mut pc, 0x24, 1, 2208);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)), 2208);
}

#[test]
fn the_data_port_takes_dwords_and_strings_of_mixed_size() {
    let mut pc = pc();
    let [low, mid, high, device] = lba(0x1234);
    command(&mut pc, 0x20, [0, 1, low, mid, high, device]);
    pc.run(1000 * US);
    assert_eq!(pc.port_in(0x1F0, Size::Dword), 0x1234);
    assert_eq!(pc.port_in(0x1F0, Size::Word), 0x3434);
    read_words(&mut pc, 252);
    assert_eq!(pc.inb(0x1F7), DATA, "two bytes are left");
    pc.port_in(0x1F0, Size::Word);
    assert_eq!(pc.inb(0x1F7), READY);
}

#[test]
fn write_sectors_interrupts_after_every_sector() {
    let mut pc = pc();
    let [low, mid, high, device] = lba(7);
    command(&mut pc, 0x30, [0, 2, low, mid, high, device]);
    pc.run(1000 * US);
    assert!(!pc.irq(14), "no interrupt for the first block");
    assert_eq!(pc.inb(0x1F7), DATA);
    write_words(&mut pc, &[0xAB; SECTOR_BYTES]);
    assert_eq!(pc.inb(0x1F7), 0x80);
    pc.run(1000 * US);
    assert!(pc.irq(14));
    assert_eq!(pc.inb(0x1F7), DATA);
    write_words(&mut pc, &[0xCD; SECTOR_BYTES]);
    pc.run(1000 * US);
    assert!(pc.irq(14), "and one at the end");
    assert_eq!(pc.inb(0x1F7), READY);
    let mut sectors = [0; 3 * SECTOR_BYTES];
    pc.memory.disks[0].as_ref().expect("the disk").read(7, &mut sectors).expect("readable");
    assert_eq!((sectors[0], sectors[512], number(&sectors[1024..])), (0xAB, 0xCD, 9));
}

#[test]
fn multiple_mode_groups_sectors() {
    let mut pc = pc();
    command(&mut pc, 0xC4, [0, 1, 0, 0, 0, 0xE0]);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x04), "aborted while the mode is off");
    command(&mut pc, 0xC6, [0, 3, 0, 0, 0, 0xA0]);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x04), "three is not supported");
    command(&mut pc, 0xC6, [0, 4, 0, 0, 0, 0xA0]);
    assert_eq!(finish(&mut pc), READY);
    let data = identify(&mut pc);
    assert_eq!(word(&data, 59), 0x0104);
    command(&mut pc, 0xC4, [0, 6, 10, 0, 0, 0xE0]);
    assert_eq!(finish(&mut pc), DATA);
    let block = read_words(&mut pc, 4 * 256);
    assert_eq!((number(&block), number(&block[3 * 512..])), (10, 13));
    pc.run(1000 * US);
    assert!(pc.irq(14), "the rest is a block of its own");
    assert_eq!(number(&read_words(&mut pc, 2 * 256)), 14);
    assert_eq!(finish(&mut pc), READY);
    command_ext(&mut pc, 0x39, 5, 100);
    assert_eq!(finish(&mut pc), DATA);
    write_words(&mut pc, &[1; 4 * SECTOR_BYTES]);
    assert_eq!(finish(&mut pc), DATA);
    write_words(&mut pc, &[2; SECTOR_BYTES]);
    assert_eq!(finish(&mut pc), READY);
    command_ext(&mut pc, 0x29, 2, 103);
    assert_eq!(finish(&mut pc), DATA);
    let block = read_words(&mut pc, 2 * 256);
    assert_eq!((block[0], block[512]), (1, 2));
}

#[test]
fn sectors_that_do_not_exist_are_not_found() {
    let mut pc = pc();
    let last = SECTORS as u32 - 1;
    let [low, mid, high, device] = lba(last);
    command(&mut pc, 0x20, [0, 2, low, mid, high, device]);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)), last);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x10), "IDNF");
    assert_eq!(pc.inb(0x1F3), SECTORS as u8, "the first sector that is not there");
    for registers in [[0, 1, 0, 0, 0, 0xA0], [0, 1, 64, 0, 0, 0xA0], [0, 1, 1, 200, 0, 0xA0]] {
        command(&mut pc, 0x20, registers);
        assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x10), "CHS {registers:?}");
    }
    command_ext(&mut pc, 0x34, 1, 1 << 40);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x10));
    command(&mut pc, 0x40, [0, 0, 0, 0, 0, 0xE0]);
    assert_eq!(finish(&mut pc), READY, "verify of 256 sectors");
    command_ext(&mut pc, 0x42, 0, 0);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1)), (FAILED, 0x10), "65536 are too many");
}

#[test]
fn parameters_change_the_translation() {
    let mut pc = pc();
    command(&mut pc, 0x91, [0, 17, 0, 0, 0, 0xA3]);
    assert_eq!(finish(&mut pc), READY);
    command(&mut pc, 0x20, [0, 1, 17, 5, 0, 0xA2]);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)), (5 * 4 + 2) * 17 + 16);
    let data = identify(&mut pc);
    assert_eq!([word(&data, 55), word(&data, 56)], [4, 17], "words 55, 56: current translation");
    assert_eq!([word(&data, 3), word(&data, 6)], [16, 63], "words 3, 6: default translation");
    command(&mut pc, 0x20, [0, 1, 1, 0, 0, 0xA4]);
    assert_eq!(finish(&mut pc), FAILED, "there are four heads now");
    // 20165 sectors are 296 cylinders of 68.
    for (cylinder, status) in [(295u16, DATA), (296, FAILED)] {
        let [low, high] = cylinder.to_le_bytes();
        command(&mut pc, 0x20, [0, 1, 1, low, high, 0xA0]);
        assert_eq!(finish(&mut pc), status, "cylinder {cylinder}");
    }
}

#[test]
fn large_disks_tell_16383_cylinders() {
    let mut pc = with_disks([Some(DiskConfig::with_sectors(1 << 33)), None, None, None]);
    let data = identify(&mut pc);
    assert_eq!([word(&data, 1), word(&data, 54)], [16_383, 16_383]);
    assert_eq!(number(&data[114..]), 16_514_064, "words 57-58");
    assert_eq!(number(&data[120..]), 0x0FFF_FFFF, "words 60-61");
    assert_eq!([number(&data[200..]), number(&data[204..])], [0, 2], "words 100-103");
    command_ext(&mut pc, 0x42, 1, (1 << 33) - 1);
    assert_eq!(finish(&mut pc), READY);
}

#[test]
fn commands_without_data_end_with_an_interrupt() {
    let mut pc = pc();
    for (code, features, count) in [
        (0x10, 0, 0), // RECALIBRATE
        (0x70, 0, 0), // SEEK
        (0xE0, 0, 0), // STANDBY IMMEDIATE
        (0xE3, 0, 0), // IDLE
        (0xE7, 0, 0), // FLUSH CACHE
        (0xEA, 0, 0), // FLUSH CACHE EXT
        (0xEF, 0x02, 0),
        (0xEF, 0x03, 0x0C),
        (0xEF, 0x03, 0x42),
    ] {
        command(&mut pc, code, [features, count, 1, 0, 0, 0xE0]);
        pc.run(1000 * US);
        assert!(pc.irq(14), "command {code:02X}");
        assert_eq!(pc.inb(0x1F7), READY, "command {code:02X}");
    }
    for (code, features, count) in [(0x00, 0, 0), (0xA1, 0, 0), (0xC7, 0, 1), (0xFF, 0, 0), (0xEF, 0x03, 0x43)] {
        command(&mut pc, code, [features, count, 1, 0, 0, 0xE0]);
        pc.run(1000 * US);
        assert!(pc.irq(14), "command {code:02X}");
        assert_eq!((pc.inb(0x1F7), pc.inb(0x1F1)), (FAILED, 0x04), "command {code:02X} is aborted");
    }
}

#[test]
fn power_modes_are_told() {
    let mut pc = pc();
    command(&mut pc, 0xE5, [0, 0x55, 0, 0, 0, 0xA0]);
    assert_eq!((finish(&mut pc), pc.inb(0x1F2)), (READY, 0xFF), "active or idle");
    command(&mut pc, 0xE2, [0, 0, 0, 0, 0, 0xA0]);
    finish(&mut pc);
    command(&mut pc, 0xE5, [0, 0x55, 0, 0, 0, 0xA0]);
    assert_eq!((finish(&mut pc), pc.inb(0x1F2)), (READY, 0x00), "standby");
}

#[test]
fn native_max_is_the_last_sector() {
    let mut pc = pc();
    command(&mut pc, 0xF8, [0, 0, 0, 0, 0, 0xE0]);
    assert_eq!(finish(&mut pc), READY);
    let last = (SECTORS - 1).to_le_bytes();
    assert_eq!([pc.inb(0x1F3), pc.inb(0x1F4), pc.inb(0x1F5), pc.inb(0x1F6) & 15], last[..4]);
    command(&mut pc, 0x27, [0, 0, 0, 0, 0, 0x40]);
    finish(&mut pc);
    pc.outb(0x3F6, 0x80);
    assert_eq!([pc.inb(0x1F3), pc.inb(0x1F4), pc.inb(0x1F5)], last[3..6], "HOB shows the upper bytes");
    pc.outb(0x1F3, 0);
    assert_eq!(pc.inb(0x1F4), last[1], "a write clears HOB");
}

#[test]
fn software_reset_signs_and_selects_device_0() {
    let mut pc = pc();
    command(&mut pc, 0x20, [0, 1, 9, 0, 0, 0xE0]);
    pc.run(1000 * US);
    pc.outb(0x1F6, 0xB0);
    pc.outb(0x3F6, 0x04);
    assert_eq!(pc.inb(0x1F7), 0x80);
    pc.run(1_000_000 * US);
    assert_eq!(pc.inb(0x1F7), 0x80, "busy while SRST is held");
    pc.outb(0x3F6, 0x00);
    assert_eq!(pc.inb(0x1F7), 0x80);
    pc.run(1000 * US);
    assert!(!pc.irq(14));
    let registers: Vec<u8> = (0x1F1..0x1F8).map(|port| pc.inb(port)).collect();
    assert_eq!(registers, [1, 1, 1, 0, 0, 0xA0, READY], "signature and diagnostic code");
}

#[test]
fn diagnostic_answers_for_both_devices() {
    let mut pc = with_disks([Some(DiskConfig::with_sectors(100)), Some(DiskConfig::with_sectors(200)), None, None]);
    command(&mut pc, 0x90, [0, 0, 0, 0, 0, 0xB0]);
    pc.run(1000 * US);
    assert!(pc.irq(14), "device 0 asserts INTRQ");
    assert_eq!((pc.inb(0x1F7), pc.inb(0x1F1)), (READY, 1));
    pc.outb(0x1F6, 0xB0);
    assert_eq!((pc.inb(0x1F7), pc.inb(0x1F1)), (READY, 1));
    command(&mut pc, 0xEC, [0, 0, 0, 0, 0, 0xB0]);
    assert_eq!(finish(&mut pc), DATA);
    assert_eq!(number(&read_words(&mut pc, 256)[120..]), 200, "device 1 answers");
}

#[test]
fn absent_drives_answer_as_an_empty_cable_does() {
    let mut pc = pc();
    pc.outb(0x1F6, 0xB0);
    assert_eq!(pc.inb(0x1F7), 0, "device 0 gives status zero for device 1");
    pc.outb(0x1F7, 0xEC);
    pc.run(1000 * US);
    assert_eq!((pc.inb(0x1F7), pc.irq(14)), (0, false), "and carries no command out for it");
    pc.outb(0x176, 0xA0);
    pc.outb(0x172, 0x55);
    assert_eq!((pc.inb(0x177), pc.inb(0x376), pc.inb(0x172)), (0x7F, 0x7F, 0x7F), "nobody: DD7 is pulled down");
}

#[test]
fn nien_holds_the_interrupt_back() {
    let mut pc = pc();
    pc.outb(0x3F6, 0x02);
    command(&mut pc, 0xE7, [0, 0, 0, 0, 0, 0xA0]);
    pc.run(1000 * US);
    assert!(!pc.irq(14));
    pc.outb(0x3F6, 0x00);
    assert!(pc.irq(14), "it is still pending");
    pc.outb(0x1F6, 0xB0);
    assert!(!pc.irq(14), "the line is the selected device's");
}

struct Broken;

impl Backing for Broken {
    fn len(&self) -> u64 {
        100 * SECTOR_BYTES as u64
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        buf.fill(0);
        if offset < 5 * SECTOR_BYTES as u64 { Ok(()) } else { Err("the stick was pulled out".to_owned()) }
    }
    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
        Err("the stick was pulled out".to_owned())
    }
    fn writes_through(&self) -> bool {
        true
    }
}

#[test]
fn host_errors_are_medium_errors() {
    let mut pc = with_disks([Some(DiskConfig::with_sectors(100)), None, None, None]);
    pc.memory.disks[0] = Some(Disk::new(Box::new(Broken)));
    command(&mut pc, 0x20, [0, 3, 4, 0, 0, 0xE0]);
    assert_eq!(finish(&mut pc), DATA);
    read_words(&mut pc, 256);
    assert_eq!((finish(&mut pc), pc.inb(0x1F1), pc.inb(0x1F3)), (FAILED, 0x40, 5), "UNC at sector 5");
    assert_eq!(pc.memory.host_trouble.take().as_deref(), Some("the stick was pulled out"));
    command(&mut pc, 0x30, [0, 1, 4, 0, 0, 0xE0]);
    finish(&mut pc);
    write_words(&mut pc, &[0; SECTOR_BYTES]);
    assert_eq!(finish(&mut pc), 0x70, "device fault");
    assert!(pc.memory.host_trouble.is_some());
}

#[test]
fn the_function_tells_itself_and_its_ports_can_be_switched_off() {
    let mut pc = pc();
    assert_eq!(pc.config_in(FUNCTION, 0x00, Size::Dword), 0x7010_8086);
    assert_eq!(pc.config_in(FUNCTION, 0x08, Size::Dword), 0x0101_8000);
    assert_eq!(Pc::new().inb(0x1F7), 0xFF, "off after reset");
    pc.config_out(FUNCTION, 0x40, Size::Word, 0);
    assert_eq!(pc.inb(0x1F7), 0xFF, "IDETIM bit 15 clear: nobody decodes");
    assert_eq!(pc.inb(0x177), 0x7F, "the other channel does");
    pc.config_out(FUNCTION, 0x40, Size::Word, 0x8000);
    assert_eq!(pc.inb(0x1F7), READY);
}

#[test]
fn bus_master_registers_keep_and_clear_their_bits() {
    let mut pc = pc();
    pc.config_out(FUNCTION, 0x20, Size::Dword, 0xFFFF_FFFF);
    assert_eq!(pc.config_in(FUNCTION, 0x20, Size::Dword), 0xFFFF_FFF1, "16 ports");
    pc.config_out(FUNCTION, 0x20, Size::Dword, 0xC000);
    pc.port_out(0xC004, Size::Dword, 0x0012_3457);
    assert_eq!(pc.port_in(0xC004, Size::Dword), 0x0012_3454);
    pc.outb(0xC002, 0x60);
    command(&mut pc, 0xE7, [0, 0, 0, 0, 0, 0xA0]);
    pc.run(1000 * US);
    assert_eq!(pc.inb(0xC002), 0x64, "the interrupt is latched");
    pc.inb(0x1F7);
    assert_eq!(pc.inb(0xC002), 0x64);
    pc.outb(0xC002, 0x64);
    assert_eq!(pc.inb(0xC002), 0x60, "and cleared by writing 1");
    assert_eq!((pc.inb(0xC00A), pc.inb(0xC001)), (0, 0));
}
