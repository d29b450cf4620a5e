//! A CD-ROM drive as a driver sees it. Expected values from ATA/ATAPI-6 (T13/1410D), SFF-8020i and MMC-3.

use ringwalk_mmu::{SECTOR_BYTES, Size};

use super::FUNCTION;
use crate::config::DiskConfig;
use crate::test_pc::{Pc, US};

/// Blocks of the test disc.
const BLOCKS: u32 = 1000;

/// The command block of the secondary channel.
const BASE: u16 = 0x170;
const READY: u8 = 0x40;
const DATA: u8 = 0x48;
const CHECK: u8 = 0x41;

/// Interrupt reasons.
const FOR_PACKET: u8 = 1;
const DATA_IN: u8 = 2;
const STATUS: u8 = 3;

/// A disk as primary master and a drive with a disc of so many blocks as secondary master, switched on.
fn with_blocks(blocks: u32) -> Pc {
    let disc = DiskConfig::cdrom(u64::from(blocks) * 4);
    let mut pc = Pc::with_disks([Some(DiskConfig::with_sectors(100)), None, Some(disc), None]);
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0001);
    pc.config_out(FUNCTION, 0x40, Size::Dword, 0x8000_8000);
    for block in 0..blocks {
        let mut bytes = [block as u8; 4 * SECTOR_BYTES];
        bytes[..4].copy_from_slice(&block.to_be_bytes());
        let disk = pc.memory.disks[2].as_mut().expect("there is a disc");
        disk.write(u64::from(block) * 4, &bytes).expect("the overlay takes it");
    }
    pc.outb(BASE + 6, 0xA0);
    pc
}

/// The same with the unit attention of power-on heard.
fn pc() -> Pc {
    let mut pc = with_blocks(BLOCKS);
    assert_eq!(sense(&mut pc), [6, 0x29, 0]);
    pc
}

fn status(pc: &mut Pc) -> u8 {
    pc.run(1000 * US);
    pc.inb(BASE + 7)
}

fn reason(pc: &mut Pc) -> u8 {
    pc.inb(BASE + 2)
}

/// Sends a packet with a byte count limit.
fn send(pc: &mut Pc, limit: u16, packet: &[u8]) {
    let [low, high] = limit.to_le_bytes();
    for (register, value) in [(1, 0), (4, low), (5, high), (7, 0xA0)] {
        pc.outb(BASE + register, value);
    }
    pc.run(1000 * US);
    assert!(!pc.irq(15), "word 0 bits 6-5: no interrupt for the packet");
    assert_eq!((pc.inb(BASE + 7), reason(pc)), (DATA, FOR_PACKET));
    let mut bytes = [0; 12];
    bytes[..packet.len()].copy_from_slice(packet);
    for pair in bytes.chunks(2) {
        pc.port_out(BASE, Size::Word, u32::from(u16::from_le_bytes([pair[0], pair[1]])));
    }
    assert_eq!(pc.inb(BASE + 7), 0x80);
}

/// Takes data blocks until the status phase: the sizes of the blocks and all bytes.
fn take(pc: &mut Pc) -> (Vec<u16>, Vec<u8>) {
    let (mut counts, mut bytes) = (Vec::new(), Vec::new());
    loop {
        pc.run(1000 * US);
        assert!(pc.irq(15), "an interrupt with each block and at the end");
        let status = pc.inb(BASE + 7);
        if status != DATA {
            assert_eq!((status, reason(pc)), (READY, STATUS));
            return (counts, bytes);
        }
        assert_eq!(reason(pc), DATA_IN);
        let count = u16::from_le_bytes([pc.inb(BASE + 4), pc.inb(BASE + 5)]);
        counts.push(count);
        for at in (0..count).step_by(2) {
            let word = (pc.port_in(BASE, Size::Word) as u16).to_le_bytes();
            bytes.extend(&word[..usize::from(count - at).min(2)]);
        }
    }
}

fn data(pc: &mut Pc, packet: &[u8]) -> Vec<u8> {
    send(pc, 0xFFFE, packet);
    take(pc).1
}

/// Sense key, code and qualifier.
fn sense(pc: &mut Pc) -> [u8; 3] {
    let data = data(pc, &[0x03, 0, 0, 0, 18]);
    assert_eq!((data.len(), data[7]), (18, 10));
    [data[2], data[12], data[13]]
}

/// Sends a packet that must fail; what REQUEST SENSE tells.
fn refused(pc: &mut Pc, packet: &[u8]) -> [u8; 3] {
    send(pc, 0xFFFE, packet);
    assert_eq!((status(pc), reason(pc)), (CHECK, STATUS), "{packet:X?}");
    let error = pc.inb(BASE + 1);
    let sense = sense(pc);
    assert_eq!(error, sense[0] << 4 | 4, "the sense key is in the error register");
    sense
}

fn done(pc: &mut Pc, packet: &[u8]) {
    assert_eq!(data(pc, packet), [], "{packet:X?}");
}

#[test]
fn the_signature_tells_a_packet_device() {
    let mut pc = with_blocks(BLOCKS);
    let registers = |pc: &mut Pc| -> Vec<u8> { (1..8).map(|register| pc.inb(BASE + register)).collect() };
    assert_eq!(registers(&mut pc), [1, 1, 1, 0x14, 0xEB, 0xA0, 0x00], "not ready before the first command");
    for code in [0xEC, 0x20] {
        pc.outb(BASE + 4, 0);
        pc.outb(BASE + 7, code);
        assert_eq!(status(&mut pc), CHECK, "command {code:02X} is aborted");
        assert_eq!((pc.inb(BASE + 1), pc.inb(BASE + 4), pc.inb(BASE + 5)), (4, 0x14, 0xEB));
    }
    pc.outb(BASE + 7, 0xA0);
    pc.outb(BASE + 7, 0x08);
    assert_eq!(status(&mut pc), 0x00, "DEVICE RESET ends a busy phase");
    assert!(!pc.irq(15));
    assert_eq!(registers(&mut pc), [1, 1, 1, 0x14, 0xEB, 0xA0, 0x00]);
    pc.outb(0x376, 0x04);
    pc.outb(0x376, 0x00);
    assert_eq!(status(&mut pc), 0x00, "software reset does it too");
    pc.outb(0x1F7, 0xA1);
    pc.run(1000 * US);
    assert_eq!((pc.inb(0x1F7), pc.inb(0x1F1)), (0x51, 4), "a disk knows no packets");
}

#[test]
fn identify_packet_device() {
    let mut pc = pc();
    pc.outb(BASE + 7, 0xA1);
    assert_eq!(status(&mut pc), DATA);
    let words: Vec<u16> = (0..256).map(|_| pc.port_in(BASE, Size::Word) as u16).collect();
    assert_eq!(words[0], 0x85C0);
    assert_eq!(words[27].to_be_bytes(), *b"RI");
    assert_eq!((words[49] & 0x200, words[82] & 0x0210), (0x200, 0x0210), "LBA; PACKET and DEVICE RESET");
    let sum = words.iter().flat_map(|word| word.to_le_bytes()).fold(0u8, u8::wrapping_add);
    assert_eq!((words[255] & 0xFF, sum), (0xA5, 0));
    assert_eq!(status(&mut pc), READY, "PIO data-in: no status phase");
    assert!(!pc.irq(15));
}

#[test]
fn power_on_is_a_unit_attention() {
    let mut pc = with_blocks(BLOCKS);
    assert_eq!(data(&mut pc, &[0x12, 0, 0, 0, 36])[..2], [0x05, 0x80], "INQUIRY goes ahead of it");
    assert_eq!(refused(&mut pc, &[0x00]), [6, 0x29, 0]);
    done(&mut pc, &[0x00]);
    assert_eq!(sense(&mut pc), [0, 0, 0], "told once");
}

#[test]
fn inquiry_and_capacity() {
    let mut pc = pc();
    let inquiry = data(&mut pc, &[0x12, 0, 0, 0, 96]);
    assert_eq!((inquiry.len(), &inquiry[8..16]), (36, &b"RINGWALK"[..]));
    assert_eq!(data(&mut pc, &[0x12, 0, 0, 0, 5]), inquiry[..5], "cut to the allocation length");
    assert_eq!(data(&mut pc, &[0x25]), [0, 0, 3, 0xE7, 0, 0, 8, 0], "last block 999 of 2048 bytes");
    assert_eq!(refused(&mut pc, &[0x12, 1, 0, 0, 36]), [5, 0x24, 0]);
    assert_eq!(refused(&mut pc, &[0xFF]), [5, 0x20, 0]);
}

#[test]
fn blocks_are_read_in_chunks_of_the_byte_count_limit() {
    let mut pc = pc();
    send(&mut pc, 2048, &[0x28, 0, 0, 0, 0, 17, 0, 0, 3]);
    let (counts, bytes) = take(&mut pc);
    assert_eq!((counts, bytes.len()), (vec![2048; 3], 3 * 2048));
    assert_eq!((&bytes[..5], bytes[2048 + 3], bytes[6143]), (&[0, 0, 0, 17, 17][..], 18, 19));
    send(&mut pc, 1501, &[0xA8, 0, 0, 0, 3, 0xE7, 0, 0, 0, 1]);
    let (counts, bytes) = take(&mut pc);
    assert_eq!(counts, [1500, 548], "an odd limit is rounded down");
    assert_eq!((&bytes[..4], bytes[2047]), (&[0, 0, 3, 0xE7][..], 0xE7));
    send(&mut pc, 0, &[0x28, 0, 0, 0, 0, 0, 0, 0, 9]);
    let (counts, bytes) = take(&mut pc);
    assert_eq!((counts, bytes[8 * 2048 + 3]), (vec![8192, 8192, 2048], 8));
    done(&mut pc, &[0x28, 0, 0, 0, 0, 5, 0, 0, 0]);
}

#[test]
fn an_odd_answer_ends_with_an_odd_block() {
    let mut pc = pc();
    send(&mut pc, 3, &[0x12, 0, 0, 0, 7]);
    let (counts, bytes) = take(&mut pc);
    assert_eq!((counts, bytes), (vec![2, 2, 3], vec![5, 0x80, 0, 0x21, 31, 0, 0]));
    send(&mut pc, 1, &[0x12, 0, 0, 0, 4]);
    assert_eq!(take(&mut pc).0, [2, 2]);
}

#[test]
fn blocks_past_the_end_are_refused() {
    let mut pc = pc();
    assert_eq!(refused(&mut pc, &[0x28, 0, 0, 0, 3, 0xE7, 0, 0, 2]), [5, 0x21, 0]);
    assert_eq!(refused(&mut pc, &[0xA8, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), [5, 0x21, 0]);
    assert_eq!(refused(&mut pc, &[0x2B, 0, 0, 0, 3, 0xE8]), [5, 0x21, 0], "SEEK");
    done(&mut pc, &[0x2B, 0, 0, 0, 3, 0xE7]);
    assert_eq!(data(&mut pc, &[0xBE, 0, 0, 0, 0, 7, 0, 0, 1, 0x10])[..4], [0, 0, 0, 7], "READ CD, user data");
    assert_eq!(refused(&mut pc, &[0xBE, 4, 0, 0, 0, 7, 0, 0, 1, 0x10]), [5, 0x64, 0], "there is no audio");
    assert_eq!(refused(&mut pc, &[0xBE, 0, 0, 0, 0, 7, 0, 0, 1, 0xF8]), [5, 0x24, 0]);
}

#[test]
fn the_table_of_contents_has_one_track_and_the_lead_out() {
    let mut pc = pc();
    let toc = data(&mut pc, &[0x43, 0, 0, 0, 0, 0, 0, 0, 100]);
    let expected = [0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 3, 0xE8];
    assert_eq!(toc, expected);
    // Block 1000 + 150 = 15 seconds and 25 frames.
    let msf = data(&mut pc, &[0x43, 2, 0, 0, 0, 0, 0xAA, 0, 100]);
    assert_eq!(msf, [0, 10, 1, 1, 0, 0x14, 0xAA, 0, 0, 0, 15, 25]);
    assert_eq!(refused(&mut pc, &[0x43, 0, 0, 0, 0, 0, 2, 0, 100]), [5, 0x24, 0], "there is no track 2");
    let sessions = data(&mut pc, &[0x43, 0, 1, 0, 0, 0, 0, 0, 12]);
    assert_eq!(sessions, [0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]);
    assert_eq!(data(&mut pc, &[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40]), sessions, "SFF-8020i's place of the format");
    let raw = data(&mut pc, &[0x43, 0, 2, 0, 0, 0, 0, 0, 100]);
    assert_eq!((raw.len(), raw[1], raw[7], &raw[30 + 4..][..3]), (48, 46, 0xA0, &[0, 15, 25][..]));
    let information = data(&mut pc, &[0x51, 0, 0, 0, 0, 0, 0, 0, 100]);
    assert_eq!((information.len(), &information[..7]), (34, &[0, 32, 0x0E, 1, 1, 1, 1][..]));
    assert_eq!(data(&mut pc, &[0x44, 2, 0, 0, 0, 0, 0, 0, 8]), [1, 0, 0, 0, 0, 0, 2, 0], "READ HEADER, MSF");
}

#[test]
fn sub_channel_times_and_speed() {
    let mut pc = pc();
    assert_eq!(data(&mut pc, &[0x42, 0, 0, 1, 0, 0, 0, 0, 48]), [0, 0x15, 0, 0], "no audio status; SubQ is clear");
    let position = data(&mut pc, &[0x42, 2, 0x40, 1, 0, 0, 0, 0, 48]);
    assert_eq!(position, [0, 0x15, 0, 12, 1, 0x14, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0]);
    let catalogue = data(&mut pc, &[0x42, 0, 0x40, 2, 0, 0, 0, 0, 48]);
    assert_eq!((catalogue.len(), &catalogue[3..9]), (24, &[20, 2, 0, 0, 0, 0][..]), "MCVAL is clear");
    assert_eq!(refused(&mut pc, &[0x42, 0, 0x40, 4, 0, 0, 0, 0, 48]), [5, 0x24, 0]);
    // 0 min 2 s 3 frames is block 3.
    let by_time = data(&mut pc, &[0xB9, 0, 0, 0, 2, 3, 0, 2, 4, 0x10]);
    assert_eq!(by_time, data(&mut pc, &[0x28, 0, 0, 0, 0, 3, 0, 0, 1]));
    assert_eq!(by_time.len(), 2048);
    done(&mut pc, &[0xB9, 0, 0, 0, 2, 3, 0, 2, 3, 0x10]);
    assert_eq!(refused(&mut pc, &[0xB9, 0, 0, 0, 1, 74, 0, 2, 4, 0x10]), [5, 0x24, 0], "in front of block 0");
    assert_eq!(refused(&mut pc, &[0xB9, 0, 0, 0, 2, 75, 0, 3, 0, 0x10]), [5, 0x24, 0], "a second has 75 frames");
    done(&mut pc, &[0xBB, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
}

#[test]
fn mode_pages_and_features() {
    let mut pc = pc();
    let page = data(&mut pc, &[0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100]);
    assert_eq!((page.len(), &page[..3], &page[8..10]), (28, &[0, 26, 1][..], &[0x2A, 18][..]));
    let all = data(&mut pc, &[0x1A, 0, 0x3F, 0, 255]);
    assert_eq!((usize::from(all[0]) + 1, all[1], all[4], all[12]), (all.len(), 1, 0x01, 0x0D));
    let changeable = data(&mut pc, &[0x1A, 0, 0x41, 0, 255]);
    assert_eq!(changeable[4..], [1, 6, 0, 0, 0, 0, 0, 0]);
    assert_eq!(refused(&mut pc, &[0x1A, 0, 0xC1, 0, 255]), [5, 0x39, 0]);
    assert_eq!(refused(&mut pc, &[0x1A, 0, 0x15, 0, 255]), [5, 0x24, 0]);
    let features = data(&mut pc, &[0x46, 0, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!((usize::from(features[3]) + 4, features[7]), (features.len(), 8), "current profile: CD-ROM");
    let one = data(&mut pc, &[0x46, 2, 0, 3, 0, 0, 0, 1, 0]);
    assert_eq!(one, [0, 0, 0, 12, 0, 0, 0, 8, 0, 3, 3, 4, 0x29, 0, 0, 0]);
}

#[test]
fn the_tray_moves_unless_it_is_locked() {
    let mut pc = pc();
    let event = |pc: &mut Pc| data(pc, &[0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8]);
    assert_eq!(event(&mut pc), [0, 6, 4, 0x10, 0, 2, 0, 0], "medium present");
    done(&mut pc, &[0x1E, 0, 0, 0, 1]);
    assert_eq!(refused(&mut pc, &[0x1B, 0, 0, 0, 2]), [5, 0x53, 2]);
    done(&mut pc, &[0x1E, 0, 0, 0, 0]);
    done(&mut pc, &[0x1B, 0, 0, 0, 2]);
    assert_eq!(event(&mut pc), [0, 6, 4, 0x10, 3, 1, 0, 0], "media removal, tray open");
    for packet in [[0x00; 10], [0x25; 10], [0x43, 0, 0, 0, 0, 0, 0, 0, 9, 0]] {
        assert_eq!(refused(&mut pc, &packet), [2, 0x3A, 0]);
    }
    assert_eq!(data(&mut pc, &[0x1A, 0, 0x01, 0, 4])[1], 0x71, "door open");
    pc.board.reset();
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0001);
    pc.config_out(FUNCTION, 0x40, Size::Dword, 0x8000_8000);
    assert_eq!(sense(&mut pc), [6, 0x29, 0]);
    assert_eq!(refused(&mut pc, &[0x00]), [2, 0x3A, 0], "a reset does not close it");
    done(&mut pc, &[0x1B, 0, 0, 0, 3]);
    assert_eq!(refused(&mut pc, &[0x00]), [6, 0x28, 0], "the medium may have changed");
    assert_eq!(event(&mut pc), [0, 6, 4, 0x10, 2, 2, 0, 0], "new media");
    done(&mut pc, &[0x00]);
}

#[test]
fn an_empty_drive_has_no_medium() {
    let mut pc = with_blocks(0);
    sense(&mut pc);
    assert_eq!(refused(&mut pc, &[0x00]), [2, 0x3A, 0]);
    assert_eq!(refused(&mut pc, &[0x28, 0, 0, 0, 0, 0, 0, 0, 1]), [2, 0x3A, 0]);
    let features = data(&mut pc, &[0x46, 1, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!((features[7], features.len()), (0, 8 + 3 * 8), "persistent features only");
}

#[test]
fn a_disc_that_the_host_cannot_read_is_a_medium_error() {
    let mut pc = pc();
    pc.memory.disks[2] = None;
    assert_eq!(refused(&mut pc, &[0x28, 0, 0, 0, 0, 5, 0, 0, 1]), [3, 0x11, 0]);
    assert!(pc.memory.host_trouble.is_some());
}
