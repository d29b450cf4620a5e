//! DMA as a driver uses it. Expected values from *Programming Interface for Bus Master IDE Controller*, the PIIX3
//! datasheet and ATA/ATAPI-6 (T13/1410D), "DMA command protocol".

use ringwalk_mmu::{PhysAddr, SECTOR_BYTES, Size};

use super::FUNCTION;
use crate::config::DiskConfig;
use crate::test_pc::{Pc, US};

/// Where the tests put the bus master's ports, its table and the data.
const PORTS: u16 = 0xC000;
const TABLE: u32 = 0x1000;
const AREA: u32 = 0x2_0000;

const END: u32 = 1 << 31;
const WRITE_MEMORY: u8 = 0x09;
const READ_MEMORY: u8 = 0x01;

/// Bus master status bits.
const INTERRUPT: u8 = 4;
const ERROR: u8 = 2;
const ACTIVE: u8 = 1;

/// A disk as primary master and a CD-ROM as secondary master, bus master on.
fn pc() -> Pc {
    let disks = [Some(DiskConfig::with_sectors(1000)), None, Some(DiskConfig::cdrom(400)), None];
    let mut pc = Pc::with_disks(disks);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    pc.config_out(FUNCTION, 0x20, Size::Dword, u32::from(PORTS));
    pc.config_out(FUNCTION, 0x40, Size::Dword, 0x8000_8000);
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0005);
    for unit in [0, 2] {
        let disk = pc.memory.disks[unit].as_mut().expect("there is a disk");
        for sector in 0..disk.sectors() {
            disk.write(sector, &[sector as u8; SECTOR_BYTES]).expect("the overlay takes it");
        }
    }
    pc
}

fn table(pc: &mut Pc, regions: &[(u32, u32)]) {
    let bytes = regions.iter().flat_map(|(base, count)| [base.to_le_bytes(), count.to_le_bytes()]).flatten();
    for (at, byte) in (u64::from(TABLE)..).zip(bytes) {
        assert!(pc.memory.poke(PhysAddr(at), byte));
    }
    pc.port_out(PORTS + 4, Size::Dword, TABLE);
    pc.port_out(PORTS + 12, Size::Dword, TABLE);
    pc.outb(PORTS + 2, INTERRUPT | ERROR);
}

/// Writes count and address, the upper halves for the EXT commands first, then the command.
fn command(pc: &mut Pc, code: u8, count: u8, lba: u8) {
    (2..6).for_each(|register| pc.outb(0x1F0 + register, 0));
    for (register, value) in [(2, count), (3, lba), (4, 0), (5, 0), (6, 0xE0), (7, code)] {
        pc.outb(0x1F0 + register, value);
    }
}

fn at(pc: &Pc, address: u32) -> u8 {
    pc.memory.peek(PhysAddr(address.into())).expect("memory")
}

#[test]
fn read_dma_scatters_over_the_regions() {
    let mut pc = pc();
    table(&mut pc, &[(AREA, 0x300), (AREA + 0x1000, 0x100 | END)]);
    command(&mut pc, 0xC8, 2, 17);
    pc.run(1000 * US);
    assert_eq!(pc.inb(0x3F6), 0x58, "DMARQ waits for the bus master");
    assert!(!pc.irq(14));
    pc.outb(PORTS, WRITE_MEMORY);
    assert!(!pc.irq(14), "the end takes a moment");
    pc.run(1000 * US);
    assert!(pc.irq(14));
    assert_eq!(pc.inb(PORTS + 2), INTERRUPT, "interrupt and not active: the sizes agree");
    assert_eq!(pc.inb(0x1F7), 0x50);
    let seen = [AREA, AREA + 0x1FF, AREA + 0x200, AREA + 0x2FF, AREA + 0x300, AREA + 0x1000, AREA + 0x10FF];
    assert_eq!(seen.map(|address| at(&pc, address)), [17, 17, 18, 18, 0, 18, 18]);
    pc.outb(PORTS, 0);
    assert_eq!((pc.inb(PORTS + 2), pc.inb(0x1F2)), (INTERRUPT, 0));
}

#[test]
fn the_bus_master_may_start_before_the_command() {
    let mut pc = pc();
    table(&mut pc, &[(AREA, 0), (AREA + 0x1_0000, END)]);
    pc.outb(PORTS, WRITE_MEMORY);
    command(&mut pc, 0x25, 1, 3);
    pc.run(1000 * US);
    assert_eq!(pc.inb(PORTS + 2), INTERRUPT | ACTIVE, "the regions are larger than the transfer");
    assert_eq!((at(&pc, AREA), at(&pc, AREA + 511), at(&pc, AREA + 512)), (3, 3, 0));
    pc.inb(0x1F7);
    pc.outb(PORTS, 0);
    pc.outb(PORTS + 2, INTERRUPT);
    assert_eq!(pc.inb(PORTS + 2), 0);
    pc.outb(PORTS, WRITE_MEMORY);
    command(&mut pc, 0xC8, 0, 4);
    pc.run(1000 * US);
    assert_eq!(pc.inb(PORTS + 2), INTERRUPT, "a count of 0 is 64 KiB, twice");
    assert_eq!((at(&pc, AREA), at(&pc, AREA + 0x1_0000), at(&pc, AREA + 0x1_FFFF)), (4, 4 + 128, 3));
}

#[test]
fn write_dma_gathers() {
    let mut pc = pc();
    for (base, byte) in [(AREA, 0xAA), (AREA + 0x800, 0xBB)] {
        (0..0x200).for_each(|offset| assert!(pc.memory.poke(PhysAddr((base + offset).into()), byte)));
    }
    table(&mut pc, &[(AREA, 0x200), (AREA + 0x800, 0x200 | END)]);
    for code in [0xCA, 0x35] {
        command(&mut pc, code, 2, 50);
        pc.outb(PORTS, READ_MEMORY);
        pc.run(1000 * US);
        assert_eq!((pc.inb(PORTS + 2), pc.inb(0x1F7)), (INTERRUPT, 0x50));
        pc.outb(PORTS, 0);
        pc.outb(PORTS + 2, INTERRUPT);
        let mut sectors = [0; 3 * SECTOR_BYTES];
        let disk = pc.memory.disks[0].as_mut().expect("the disk");
        disk.read(50, &mut sectors).expect("readable");
        assert_eq!((sectors[0], sectors[512], sectors[1024]), (0xAA, 0xBB, 52));
        disk.write(50, &[1; 2 * SECTOR_BYTES]).expect("the overlay takes it");
    }
}

#[test]
fn regions_that_end_early_leave_the_drive_waiting() {
    let mut pc = pc();
    table(&mut pc, &[(AREA, 0x200 | END)]);
    command(&mut pc, 0xC8, 2, 0);
    pc.outb(PORTS, WRITE_MEMORY);
    pc.run(1000 * US);
    assert_eq!((pc.inb(PORTS + 2), pc.irq(14)), (0, false), "no interrupt and not active: the regions were too small");
    assert_eq!(pc.inb(0x1F7), 0x58);
}

/// *Programming Interface for Bus Master IDE Controller*, "Bus Master IDE Command Register": when the bit is cleared all
/// state information is lost, and the transfer cannot be resumed.
#[test]
fn a_stopped_transfer_is_over_and_a_reset_frees_the_drive() {
    let mut pc = pc();
    table(&mut pc, &[(AREA, 0x200), (AREA + 0x1000, 0x200 | END)]);
    command(&mut pc, 0xC8, 2, 9);
    pc.outb(PORTS, WRITE_MEMORY);
    pc.outb(PORTS, WRITE_MEMORY & !1);
    pc.run(1000 * US);
    assert_eq!((pc.inb(PORTS + 2), pc.irq(14), pc.inb(0x1F7)), (0, false, 0x58), "the drive waits");
    assert_eq!(at(&pc, AREA), 0);
    pc.outb(0x3F6, 0x04);
    pc.run(10 * US);
    pc.outb(0x3F6, 0x00);
    pc.run(100_000 * US);
    command(&mut pc, 0xC8, 2, 9);
    pc.outb(PORTS, WRITE_MEMORY);
    pc.run(1000 * US);
    assert_eq!(pc.inb(PORTS + 2), INTERRUPT);
    assert_eq!([at(&pc, AREA), at(&pc, AREA + 0x1000)], [9, 10], "from the first region on");
}

#[test]
fn addresses_without_memory_set_the_error_bit() {
    let mut pc = pc();
    for regions in [[(0x4000_0000, 0x200 | END)], [(0xFFFF_FE00, 0x1000 | END)]] {
        table(&mut pc, &regions);
        command(&mut pc, 0xC8, 9, 0);
        pc.outb(PORTS, WRITE_MEMORY);
        pc.run(1000 * US);
        assert_eq!((pc.inb(PORTS + 2), pc.irq(14)), (ERROR, false));
        pc.outb(PORTS, 0);
        pc.outb(0x3F6, 4);
        pc.outb(0x3F6, 0);
        pc.run(1000 * US);
    }
}

#[test]
fn nothing_moves_in_the_wrong_direction_or_without_permission() {
    let mut pc = pc();
    table(&mut pc, &[(AREA, 0x200 | END)]);
    command(&mut pc, 0xC8, 1, 9);
    pc.outb(PORTS, READ_MEMORY);
    pc.run(1000 * US);
    assert_eq!(pc.inb(PORTS + 2), ACTIVE);
    pc.outb(PORTS, 0);
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0001);
    pc.outb(PORTS, WRITE_MEMORY);
    pc.run(1000 * US);
    assert_eq!((pc.inb(PORTS + 2), at(&pc, AREA)), (ACTIVE, 0), "the function is not allowed to be a bus master");
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0005);
    pc.run(1000 * US);
    assert_eq!((pc.inb(PORTS + 2), at(&pc, AREA)), (INTERRUPT, 9));
}

#[test]
fn a_packet_can_take_its_data_by_dma() {
    let mut pc = pc();
    // The first packet hears of the unit attention; the second reads blocks 6 to 14, the third asks for sense.
    for (packet, status) in [
        ([0u8; 12], 0x41),
        ([0x28, 0, 0, 0, 0, 6, 0, 0, 9, 0, 0, 0], 0x40),
        ([0x03, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0], 0x40),
    ] {
        table(&mut pc, &[(AREA, 0xF000 | END)]);
        for (register, value) in [(6, 0xA0), (1, 1), (7, 0xA0)] {
            pc.outb(0x170 + register, value);
        }
        pc.run(1000 * US);
        for pair in packet.chunks(2) {
            pc.port_out(0x170, Size::Word, u32::from(u16::from_le_bytes([pair[0], pair[1]])));
        }
        pc.outb(PORTS + 8, WRITE_MEMORY);
        pc.run(1000 * US);
        assert_eq!(pc.inb(PORTS + 10), INTERRUPT | ACTIVE);
        assert_eq!((pc.inb(0x177), pc.inb(0x172)), (status, 3));
        pc.outb(PORTS + 8, 0);
        pc.outb(PORTS + 10, INTERRUPT);
        if packet[0] == 0x28 {
            let bytes = [AREA, AREA + 2048, AREA + 9 * 2048 - 1, AREA + 9 * 2048].map(|address| at(&pc, address));
            assert_eq!(bytes, [24, 28, 59, 0]);
        }
    }
    assert_eq!((at(&pc, AREA), at(&pc, AREA + 7)), (0x70, 0), "seven bytes, and one more to make words");
}

#[test]
fn transfer_modes_show_in_the_identify_data() {
    let mut pc = pc();
    let words = |pc: &mut Pc, base: u16, code: u8| -> Vec<u16> {
        pc.outb(base + 6, 0xA0);
        pc.outb(base + 7, code);
        pc.run(1000 * US);
        (0..256).map(|_| pc.port_in(base, Size::Word) as u16).collect()
    };
    let data = words(&mut pc, 0x1F0, 0xEC);
    assert_eq!((data[53] & 6, data[63], data[88]), (6, 0x0407, 0x0007), "multiword DMA 2 after power-on");
    for (base, code) in [(0x1F0, 0xEC), (0x170, 0xA1)] {
        for (register, value) in [(6, 0xA0), (1, 3), (2, 0x41), (7, 0xEF)] {
            pc.outb(base + register, value);
        }
        pc.run(1000 * US);
        let data = words(&mut pc, base, code);
        assert_eq!((data[63], data[88]), (0x0007, 0x0207), "Ultra DMA 1");
    }
}
