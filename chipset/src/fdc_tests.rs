//! The floppy disk controller as a driver sees it. Expected values from the 82077AA datasheet.

use ringwalk_mmu::{PhysAddr, SECTOR_BYTES};

use super::*;
use crate::fake::abuse;
use crate::test_pc::{Pc, US};

const AREA: u32 = 0x2_0000;
/// DMA modes of channel 2: single, to memory, from memory, verify.
const TO_MEMORY: u8 = 0x46;
const FROM_MEMORY: u8 = 0x4A;

fn disk(sectors: u32) -> Option<FloppyConfig> {
    Some(FloppyConfig { sectors, write_protected: false })
}

/// A board with these drives, whose first sectors' bytes tell their numbers; the controller runs, motors on.
fn with_floppies(floppies: [Option<FloppyConfig>; 2]) -> Pc {
    let mut pc = Pc::with_media([None, None, None, None], floppies);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    for floppy in pc.memory.floppies.iter_mut().flatten() {
        for sector in 0..floppy.sectors() {
            floppy.write(sector, &[sector as u8; SECTOR_BYTES]).expect("the overlay takes it");
        }
    }
    pc.outb(0xD6, 0xC0);
    pc.outb(0xD4, 0x00);
    pc.outb(0x3F2, 0x3C);
    pc.run(1000 * US);
    (0..4).for_each(|_| drop(command(&mut pc, &[0x08])));
    pc.outb(0x3F7, 0);
    pc
}

/// A disk of 1.44M in drive A, no drive B.
fn pc() -> Pc {
    with_floppies([disk(2880), None])
}

fn send(pc: &mut Pc, bytes: &[u8]) {
    for byte in bytes {
        assert_eq!(pc.inb(0x3F4) & 0xC0, 0x80, "RQM, from the host");
        pc.outb(0x3F5, *byte);
    }
    pc.run(20_000 * US);
}

fn result(pc: &mut Pc) -> Vec<u8> {
    let mut bytes = Vec::new();
    while pc.inb(0x3F4) & 0xF0 == 0xD0 {
        bytes.push(pc.inb(0x3F5));
    }
    bytes
}

fn command(pc: &mut Pc, bytes: &[u8]) -> Vec<u8> {
    send(pc, bytes);
    result(pc)
}

/// Programs DMA channel 2 for so many bytes.
fn dma(pc: &mut Pc, mode: u8, bytes: u16) {
    let [low, high] = (bytes - 1).to_le_bytes();
    for (port, value) in [(0x0C, 0), (0x0B, mode), (0x04, 0), (0x04, 0), (0x81, (AREA >> 16) as u8)] {
        pc.outb(port, value);
    }
    for (port, value) in [(0x05, low), (0x05, high), (0x0A, 2)] {
        pc.outb(port, value);
    }
}

fn at(pc: &Pc, offset: u32) -> u8 {
    pc.memory.peek(PhysAddr((AREA + offset).into())).expect("memory")
}

fn sector(pc: &Pc, number: u64) -> [u8; SECTOR_BYTES] {
    let mut bytes = [0; SECTOR_BYTES];
    pc.memory.floppies[0].as_ref().expect("a disk").read(number, &mut bytes).expect("readable");
    bytes
}

fn seek(pc: &mut Pc, cylinder: u8) {
    assert_eq!(command(pc, &[0x0F, 0, cylinder]), []);
    assert_eq!(command(pc, &[0x08]), [0x20, cylinder]);
}

#[test]
fn reset_is_told_by_four_sense_interrupts() {
    let mut pc = Pc::with_media([None, None, None, None], [disk(2880), None]);
    assert_eq!(pc.inb(0x3F4), 0x00, "held in reset");
    pc.outb(0x3F2, 0x0C);
    assert!(!pc.irq(6));
    pc.run(1000 * US);
    assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0x80, true));
    for drive in 0..4 {
        assert_eq!(command(&mut pc, &[0x08]), [0xC0 | drive, 0]);
        assert!(!pc.irq(6));
    }
    assert_eq!(command(&mut pc, &[0x08]), [0x80], "nothing more to tell");
    pc.outb(0x3F4, 0x80);
    assert_eq!(pc.inb(0x3F4), 0x00);
    pc.run(1000 * US);
    assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0x80, true), "the reset of DSR ends by itself");
    pc.outb(0x3F2, 0x04);
    assert!(!pc.irq(6), "DMAGATE# cuts INT off");
}

#[test]
fn read_data_by_dma_ends_at_tc() {
    let mut pc = pc();
    dma(&mut pc, TO_MEMORY, 1024);
    send(&mut pc, &[0xE6, 0, 0, 0, 5, 2, 18, 0x1B, 0xFF]);
    assert!(pc.irq(6));
    assert_eq!(pc.inb(0x3F4), 0xD0);
    assert_eq!(result(&mut pc), [0x00, 0, 0, 0, 0, 7, 2], "the sector behind the last");
    assert!(!pc.irq(6), "taken by reading the result");
    assert_eq!(pc.inb(0x3F4), 0x80);
    assert_eq!([at(&pc, 0), at(&pc, 511), at(&pc, 512), at(&pc, 1023), at(&pc, 1024)], [4, 4, 5, 5, 0]);
}

#[test]
fn multi_track_goes_on_at_head_1() {
    let mut pc = pc();
    seek(&mut pc, 2);
    dma(&mut pc, TO_MEMORY, 1536);
    // Cylinder 2 begins at sector 72.
    assert_eq!(command(&mut pc, &[0xE6, 0, 2, 0, 18, 2, 18, 0x1B, 0xFF]), [0x04, 0, 0, 2, 1, 3, 2]);
    assert_eq!([at(&pc, 0), at(&pc, 512), at(&pc, 1024)], [72 + 17, 72 + 18, 72 + 19]);
    dma(&mut pc, TO_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0xE6, 4, 2, 1, 18, 2, 18, 0x1B, 0xFF]), [0x04, 0, 0, 3, 0, 1, 2], "C + 1, H = 0");
    dma(&mut pc, TO_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0x66, 0, 2, 0, 18, 2, 18, 0x1B, 0xFF]), [0x00, 0, 0, 3, 0, 1, 2], "without MT");
}

#[test]
fn the_end_of_the_track_without_tc_is_an_error() {
    let mut pc = pc();
    dma(&mut pc, TO_MEMORY, 4096);
    assert_eq!(command(&mut pc, &[0x46, 0, 0, 0, 17, 2, 18, 0x1B, 0xFF]), [0x40, 0x80, 0, 1, 0, 1, 2]);
    assert_eq!([at(&pc, 1023), at(&pc, 1024)], [17, 0]);
}

#[test]
fn write_data_fills_up_with_zeros_behind_tc() {
    let mut pc = pc();
    (0..1024).for_each(|offset| assert!(pc.memory.poke(PhysAddr(u64::from(AREA) + offset), 0xAB)));
    dma(&mut pc, FROM_MEMORY, 600);
    assert_eq!(command(&mut pc, &[0xC5, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF]), [0, 0, 0, 0, 0, 3, 2]);
    assert_eq!(sector(&pc, 0), [0xAB; SECTOR_BYTES]);
    let second = sector(&pc, 1);
    assert_eq!((second[87], second[88], second[511], sector(&pc, 2)[0]), (0xAB, 0, 0, 2));
    dma(&mut pc, FROM_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0x49, 0, 0, 0, 9, 2, 18, 0x1B, 0xFF])[0], 0, "WRITE DELETED DATA");
    assert_eq!(sector(&pc, 8)[0], 0xAB);
}

#[test]
fn a_protected_disk_is_not_written() {
    let protected = Some(FloppyConfig { sectors: 1440, write_protected: true });
    let mut pc = with_floppies([protected, None]);
    pc.outb(0x3F7, 2);
    assert_eq!(command(&mut pc, &[0x45, 0, 0, 0, 1, 2, 9, 0x1B, 0xFF])[..3], [0x40, 0x02, 0]);
    assert_eq!(command(&mut pc, &[0x4D, 0, 2, 9, 0x54, 0xF6])[..3], [0x40, 0x02, 0]);
    assert_eq!(command(&mut pc, &[0x04, 4]), [0x7C], "ST3: protected, track 0, head 1");
    assert_eq!(sector(&pc, 0)[0], 0);
}

#[test]
fn without_dma_the_host_moves_every_byte() {
    let mut pc = pc();
    assert_eq!(command(&mut pc, &[0x03, 0xDF, 0x03]), []);
    send(&mut pc, &[0x46, 0, 0, 0, 7, 2, 8, 0x1B, 0xFF]);
    for expected in [6, 7] {
        assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0xF0, true), "RQM, DIO, NON DMA, busy; INT with the data");
        for _ in 0..512 {
            assert_eq!(pc.inb(0x3F5), expected);
        }
        assert_eq!(pc.inb(0x3F4), 0x10);
        pc.run(1000 * US);
    }
    assert_eq!(result(&mut pc), [0x40, 0x80, 0, 1, 0, 1, 2], "no TC: end of cylinder");
    send(&mut pc, &[0x45, 0, 0, 0, 3, 2, 3, 0x1B, 0xFF]);
    assert_eq!(pc.inb(0x3F4), 0xB0);
    (0..512).for_each(|_| pc.outb(0x3F5, 0x77));
    pc.run(1000 * US);
    assert_eq!(result(&mut pc)[..2], [0x40, 0x80]);
    assert_eq!(sector(&pc, 2), [0x77; SECTOR_BYTES]);
}

#[test]
fn seeks_interrupt_when_they_arrive() {
    let mut pc = pc();
    assert_eq!(pc.inb(0x3F7) & 0x80, 0x80, "the disk was changed");
    for byte in [0x0F, 0x04, 40] {
        pc.outb(0x3F5, byte);
    }
    pc.run(50 * US);
    assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0x81, false), "drive 0 seeks, and commands are taken");
    pc.run(1000 * US);
    assert!(pc.irq(6));
    assert_eq!(command(&mut pc, &[0x08]), [0x24, 40]);
    assert_eq!(pc.inb(0x3F7) & 0x80, 0, "a step takes the disk change line back");
    assert_eq!(command(&mut pc, &[0x8F, 0, 5]), [], "RELATIVE SEEK outwards");
    assert_eq!(command(&mut pc, &[0x08]), [0x20, 35]);
    assert_eq!(command(&mut pc, &[0xCF, 0, 10]), []);
    assert_eq!(command(&mut pc, &[0x08]), [0x20, 45]);
    assert_eq!(command(&mut pc, &[0x04, 0]), [0x28], "not at track 0");
    assert_eq!(command(&mut pc, &[0x07, 0]), []);
    assert_eq!(command(&mut pc, &[0x08]), [0x20, 0]);
    assert_eq!(command(&mut pc, &[0x04, 0]), [0x38]);
    seek(&mut pc, 82);
    command(&mut pc, &[0x07, 0]);
    assert_eq!(command(&mut pc, &[0x08]), [0x70, 0], "79 steps are not enough");
    command(&mut pc, &[0x07, 0]);
    assert_eq!(command(&mut pc, &[0x08]), [0x20, 0]);
    command(&mut pc, &[0x07, 1]);
    assert_eq!(command(&mut pc, &[0x08]), [0x71, 0], "there is no drive 1");
}

#[test]
fn sectors_that_are_not_there() {
    let mut pc = pc();
    let read = |pc: &mut Pc, first: u8, id: [u8; 4]| {
        let [c, h, r, n] = id;
        command(pc, &[first, 0, c, h, r, n, 18, 0x1B, 0xFF])[..3].to_vec()
    };
    assert_eq!(read(&mut pc, 0x46, [0, 0, 19, 2]), [0x40, 0x04, 0x00], "no data");
    assert_eq!(read(&mut pc, 0x46, [0, 0, 0, 2]), [0x40, 0x04, 0x00]);
    assert_eq!(read(&mut pc, 0x46, [0, 0, 1, 3]), [0x40, 0x04, 0x00], "other size");
    assert_eq!(read(&mut pc, 0x46, [0, 1, 1, 2]), [0x40, 0x04, 0x00], "other head in the ID");
    assert_eq!(read(&mut pc, 0x46, [3, 0, 1, 2]), [0x40, 0x04, 0x10], "wrong cylinder");
    assert_eq!(read(&mut pc, 0x46, [0xFF, 0, 1, 2]), [0x40, 0x04, 0x12], "bad cylinder");
    assert_eq!(read(&mut pc, 0x06, [0, 0, 1, 2]), [0x40, 0x01, 0x00], "FM: no address mark");
    pc.outb(0x3F7, 2);
    assert_eq!(read(&mut pc, 0x46, [0, 0, 1, 2]), [0x40, 0x01, 0x00], "250 kbit/s");
    assert_eq!(command(&mut pc, &[0x4A, 0])[..2], [0x40, 0x01]);
    pc.outb(0x3F7, 0);
    let id = command(&mut pc, &[0x4A, 4]);
    assert_eq!((&id[..5], id[6]), (&[0x04, 0, 0, 0, 1][..], 2));
    assert!((1..=18).contains(&id[5]), "READ ID: the next sector");
}

#[test]
fn implied_seeks_move_the_head() {
    let mut pc = pc();
    assert_eq!(command(&mut pc, &[0x13, 0, 0x57, 0]), []);
    dma(&mut pc, TO_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0x66, 4, 10, 1, 1, 2, 18, 0x1B, 0xFF]), [0x04, 0, 0, 10, 1, 2, 2]);
    assert_eq!(at(&pc, 0), ((10 * 2 + 1) * 18 % 256) as u8);
}

#[test]
fn format_track_fills_the_sectors_it_is_given() {
    let mut pc = pc();
    seek(&mut pc, 1);
    for number in 0..18_u32 {
        for (offset, byte) in (0..).zip([1, 0, number as u8 + 1, 2]) {
            pc.memory.poke(PhysAddr(u64::from(AREA + number * 4) + offset), byte);
        }
    }
    dma(&mut pc, FROM_MEMORY, 72);
    assert_eq!(command(&mut pc, &[0x4D, 0, 2, 18, 0x54, 0xF6])[..3], [0, 0, 0]);
    assert_eq!(
        (sector(&pc, 35)[0], sector(&pc, 36)[0], sector(&pc, 53)[511], sector(&pc, 54)[0]),
        (35, 0xF6, 0xF6, 54)
    );
}

#[test]
fn verify_read_track_and_deleted_data() {
    let mut pc = pc();
    assert_eq!(command(&mut pc, &[0x56, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF]), [0, 0, 0, 1, 0, 1, 2], "VERIFY to EOT");
    assert_eq!(command(&mut pc, &[0xD6, 0x80, 0, 0, 17, 2, 18, 0x1B, 4]), [4, 0, 0, 0, 1, 3, 2], "EC: four sectors");
    dma(&mut pc, TO_MEMORY, 1024);
    assert_eq!(command(&mut pc, &[0x42, 0, 0, 0, 9, 2, 18, 0x1B, 0xFF])[..3], [0, 0, 0]);
    assert_eq!([at(&pc, 0), at(&pc, 512)], [0, 1], "READ TRACK begins at the index");
    dma(&mut pc, TO_MEMORY, 1024);
    let deleted = command(&mut pc, &[0x4C, 0, 0, 0, 3, 2, 18, 0x1B, 0xFF]);
    assert_eq!((deleted, at(&pc, 0)), (vec![0, 0, 0x40, 0, 0, 3, 2], 2), "read; the address is not incremented");
    let skipped = command(&mut pc, &[0x6C, 0, 0, 0, 3, 2, 18, 0x1B, 0xFF]);
    assert_eq!(skipped, [0x40, 0x80, 0x40, 1, 0, 1, 2], "SK: none is read, and no TC comes");
}

/// Tables 5-4 and 5-5, "Skip Bit vs READ DATA Command" and "Skip Bit vs READ DELETED DATA Command".
#[test]
fn deleted_data_marks_end_a_read_or_are_skipped() {
    let mut pc = pc();
    dma(&mut pc, FROM_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0x49, 0, 0, 0, 4, 2, 18, 0x1B, 0xFF]), [0, 0, 0, 0, 0, 5, 2]);
    dma(&mut pc, TO_MEMORY, 1536);
    let read = command(&mut pc, &[0x46, 0, 0, 0, 3, 2, 18, 0x1B, 0xFF]);
    assert_eq!(read, [0, 0, 0x40, 0, 0, 4, 2], "ends behind the deleted sector");
    assert_eq!([at(&pc, 0), at(&pc, 512), at(&pc, 1024)], [2, 0, 0]);
    dma(&mut pc, TO_MEMORY, 1024);
    let read = command(&mut pc, &[0x66, 0, 0, 0, 3, 2, 18, 0x1B, 0xFF]);
    assert_eq!((read, at(&pc, 512)), (vec![0, 0, 0x40, 0, 0, 6, 2], 4), "SK: sector 4 is passed over");
    dma(&mut pc, TO_MEMORY, 512);
    let read = command(&mut pc, &[0x4C, 0, 0, 0, 4, 2, 18, 0x1B, 0xFF]);
    assert_eq!(read, [0, 0, 0, 0, 0, 5, 2], "READ DELETED DATA finds its mark");
    pc.board.reset();
    for (port, value) in [(0xD6, 0xC0), (0xD4, 0x00), (0x3F2, 0x3C)] {
        pc.outb(port, value);
    }
    pc.run(1000 * US);
    (0..4).for_each(|_| drop(command(&mut pc, &[0x08])));
    pc.outb(0x3F7, 0);
    dma(&mut pc, FROM_MEMORY, 512);
    assert_eq!(command(&mut pc, &[0x45, 0, 0, 0, 4, 2, 18, 0x1B, 0xFF])[0], 0);
    dma(&mut pc, TO_MEMORY, 512);
    let read = command(&mut pc, &[0x46, 0, 0, 0, 4, 2, 18, 0x1B, 0xFF]);
    assert_eq!(read, [0, 0, 0, 0, 0, 5, 2], "WRITE DATA makes the mark a normal one");
}

#[test]
fn control_commands() {
    let mut pc = pc();
    assert_eq!(command(&mut pc, &[0x10]), [0x90], "VERSION: an 82077AA");
    assert_eq!(command(&mut pc, &[0x01]), [0x80], "invalid");
    command(&mut pc, &[0x03, 0xAF, 0x1E]);
    command(&mut pc, &[0x13, 0, 0x0A, 0x20]);
    command(&mut pc, &[0x12, 0x87]);
    assert_eq!(command(&mut pc, &[0x0E]), [0, 0, 0, 0, 0xAF, 0x1E, 0, 0x07, 0x0A, 0x20]);
    command(&mut pc, &[0x12, 0x38]);
    assert_eq!(command(&mut pc, &[0x0E])[7], 0x04, "without OW only GAP and WGATE change");
    assert_eq!(command(&mut pc, &[0x94]), [0x10]);
    let reset = |pc: &mut Pc| {
        pc.outb(0x3F4, 0x80);
        pc.run(1000 * US);
        (0..4).for_each(|_| drop(command(pc, &[0x08])));
        command(pc, &[0x0E])[7..].to_vec()
    };
    assert_eq!(reset(&mut pc), [0x84, 0x0A, 0x20], "LOCK keeps FIFO and precompensation");
    assert_eq!(command(&mut pc, &[0x14]), [0x00]);
    assert_eq!(reset(&mut pc), [0x04, 0x20, 0x00], "without it they go");
}

#[test]
fn a_command_waits_for_an_index_that_never_comes() {
    let mut pc = with_floppies([disk(0), disk(2880)]);
    assert_eq!(pc.inb(0x3F7) & 0x80, 0x80, "no disk: changed");
    seek(&mut pc, 3);
    assert_eq!(pc.inb(0x3F7) & 0x80, 0x80, "and it stays so");
    send(&mut pc, &[0x46, 0, 3, 0, 1, 2, 18, 0x1B, 0xFF]);
    assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0x10, false));
    pc.outb(0x3F2, 0x1C & !0x04);
    pc.outb(0x3F2, 0x1C);
    pc.run(1000 * US);
    assert_eq!((pc.inb(0x3F4), pc.irq(6)), (0x80, true), "a reset helps");
    (0..4).for_each(|_| drop(command(&mut pc, &[0x08])));
    send(&mut pc, &[0x46, 1, 0, 0, 1, 2, 18, 0x1B, 0xFF]);
    assert_eq!(pc.inb(0x3F4), 0x10, "drive B's motor is off");
}

#[test]
fn every_format_reads_its_last_sector() {
    for (kib, cylinder, head, last, rate) in [
        (160, 39, 0, 8, 2),
        (180, 39, 0, 9, 1),
        (320, 39, 1, 8, 2),
        (360, 39, 1, 9, 1),
        (720, 79, 1, 9, 2),
        (1200, 79, 1, 15, 0),
        (1440, 79, 1, 18, 0),
        (2880, 79, 1, 36, 3),
    ] {
        let mut pc = with_floppies([disk(kib * 2), None]);
        pc.outb(0x3F7, rate);
        seek(&mut pc, cylinder);
        dma(&mut pc, TO_MEMORY, 512);
        let read = command(&mut pc, &[0x46, head << 2, cylinder, head, last, 2, last, 0x1B, 0xFF]);
        assert_eq!((read[0], at(&pc, 0)), (head << 2, (kib * 2 - 1) as u8), "{kib}K");
    }
}

#[test]
fn what_the_host_cannot_read_is_a_data_error() {
    let mut pc = pc();
    pc.memory.floppies[0] = None;
    assert_eq!(command(&mut pc, &[0x46, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF])[..3], [0x40, 0x20, 0x20]);
    assert!(pc.memory.host_trouble.take().is_some());
}

#[test]
fn nothing_panics() {
    abuse(&mut Fdc::default());
    abuse(&mut Fdc::new([disk(2880), disk(0)]));
}
