//! The data of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE. *ATA/ATAPI-6* (T13/1410D), the commands' tables of words.

use super::drive::{Drive, MAX_MULTIPLE};
use super::packet::BYTE_COUNT_OF_ZERO;

/// Words of identify data.
const WORDS: usize = 256;

/// The 512 bytes that IDENTIFY DEVICE returns.
pub(crate) fn data(drive: &Drive) -> Vec<u8> {
    let mut words = [0u16; WORDS];
    geometry(&mut words, drive);
    names(&mut words, drive, "RINGWALK DISK");
    capabilities(&mut words, drive);
    feature_sets(&mut words, drive);
    with_checksum(words)
}

/// The 512 bytes that IDENTIFY PACKET DEVICE returns.
pub(crate) fn packet_data(drive: &Drive) -> Vec<u8> {
    let mut words = [0u16; WORDS];
    // ATAPI, CD-ROM, removable, DRQ within 50 us, packets of 12 bytes.
    words[0] = 0x85C0;
    names(&mut words, drive, "RINGWALK CD-ROM");
    transfer_modes(&mut words, drive);
    words[53] = 0x0006;
    // ATA/ATAPI-4 to 6: DEVICE RESET, PACKET and power management feature sets.
    words[80] = 0x0070;
    words[82] = 1 << 9 | 1 << 4 | 1 << 3;
    words[83] = 1 << 14;
    words[84] = 1 << 14;
    words[85] = words[82];
    words[87] = 1 << 14;
    words[93] = reset_result(drive);
    words[126] = BYTE_COUNT_OF_ZERO;
    with_checksum(words)
}

fn with_checksum(words: [u16; WORDS]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u16::to_le_bytes).collect();
    // Word 255: signature A5h and a checksum that makes the sum of all bytes zero.
    bytes[510] = 0xA5;
    let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[511] = sum.wrapping_neg();
    bytes
}

/// Words 0, 1, 3, 6: default translation; 53 to 58: current translation; 60-61 and 100-103: capacity in LBA.
fn geometry(words: &mut [u16; WORDS], drive: &Drive) {
    let config = &drive.config;
    words[0] = 0x0040;
    words[1] = config.cylinders;
    words[3] = u16::from(config.heads);
    words[6] = u16::from(config.sectors_per_track);
    let cylinder = u64::from(drive.heads) * u64::from(drive.sectors_per_track);
    words[53] = 0x0007;
    words[54] = drive.cylinders();
    words[55] = u16::from(drive.heads);
    words[56] = u16::from(drive.sectors_per_track);
    put(words, 57, 2, u64::from(drive.cylinders()) * cylinder);
    put(words, 60, 2, config.sectors.min(0x0FFF_FFFF));
    put(words, 100, 4, config.sectors);
}

/// Words 10-19 serial number, 23-26 firmware revision, 27-46 model number.
fn names(words: &mut [u16; WORDS], drive: &Drive, model: &str) {
    text(&mut words[10..20], &format!("RW{:08}", drive.unit));
    text(&mut words[23..27], "1.0");
    text(&mut words[27..47], model);
}

/// Words 47 to 52, 59, 63 to 68, 88: blocks, LBA, IORDY, PIO modes 3 and 4, DMA.
fn capabilities(words: &mut [u16; WORDS], drive: &Drive) {
    words[47] = 0x8000 | u16::from(MAX_MULTIPLE);
    transfer_modes(words, drive);
    if drive.multiple > 0 {
        words[59] = 0x0100 | u16::from(drive.multiple);
    }
}

/// Words 49 to 51: LBA, DMA, IORDY; 63 multiword DMA modes 0 to 2; 64 PIO modes 3 and 4; 65 to 68 cycle times of
/// 120 ns; 88 Ultra DMA modes 0 to 2. The upper byte of 63 and 88 has the mode that is selected.
fn transfer_modes(words: &mut [u16; WORDS], drive: &Drive) {
    words[49] = 1 << 11 | 1 << 9 | 1 << 8;
    words[50] = 1 << 14;
    words[51] = 0x0200;
    let selected = |kind: u8| if drive.dma_mode & 0xF8 == kind { 0x0100 << (drive.dma_mode & 7) } else { 0 };
    words[63] = 0x0007 | selected(0x20);
    words[64] = 0x0003;
    words[65..69].fill(120);
    words[88] = 0x0007 | selected(0x40);
}

/// Words 80 to 87 and 93: versions ATA-1 to ATA-6; write cache, look-ahead, power management, 48-bit addresses, flush.
fn feature_sets(words: &mut [u16; WORDS], drive: &Drive) {
    words[80] = 0x007E;
    words[82] = 1 << 6 | 1 << 5 | 1 << 3;
    words[83] = 1 << 14 | 1 << 13 | 1 << 12 | 1 << 10;
    words[84] = 1 << 14;
    words[85] = u16::from(drive.look_ahead) << 6 | u16::from(drive.write_cache) << 5 | 1 << 3;
    words[86] = 1 << 13 | 1 << 12 | 1 << 10;
    words[87] = 1 << 14;
    words[93] = reset_result(drive);
}

/// Word 93, hardware reset result: device 0, or device 1, numbered by jumper and passed.
fn reset_result(drive: &Drive) -> u16 {
    if drive.unit & 1 == 0 { 0x400B } else { 0x4B00 }
}

fn put(words: &mut [u16; WORDS], first: usize, count: usize, value: u64) {
    for (index, word) in words[first..first + count].iter_mut().enumerate() {
        // One 16-bit piece after the other.
        *word = (value >> (16 * index)) as u16;
    }
}

/// ASCII padded with spaces, the first character in the upper byte of the first word.
fn text(words: &mut [u16], text: &str) {
    let mut bytes = text.bytes().chain(std::iter::repeat(b' '));
    for word in words {
        let pair = [bytes.next().unwrap_or(b' '), bytes.next().unwrap_or(b' ')];
        *word = u16::from_be_bytes(pair);
    }
}
