//! What the CMOS memory holds at power-on: the board as the firmware finds it described.
//! Ralf Brown's Interrupt List, CMOS.LST, for the bytes of the PC/AT; 34h-35h, 38h-39h, 3Dh, 5Bh-5Dh and 5Fh as QEMU
//! and Bochs fill them.

use ringwalk_mmu::PAGE_BYTES;

use crate::config::{BoardConfig, DiskConfig, DiskKind};
use crate::physical_map::pages_below_hole;
use crate::rtc::Rtc;

/// Types of floppy drives A (upper nibble) and B.
const FLOPPY_TYPES: u8 = 0x10;
/// Disk types of the first two disks, a nibble each; Fh points to the extended types.
const DISK_TYPES: u8 = 0x12;
/// Equipment: bit 0 floppy drives, bits 7-6 one less than their number; bit 1 coprocessor. No pointing device, display
/// with its own BIOS.
const EQUIPMENT: u8 = 0x14;
const COPROCESSOR: u8 = 1 << 1;
/// KiB of base memory, and of memory above 1 MiB twice over.
const BASE_MEMORY: u8 = 0x15;
const EXTENDED_MEMORY: [u8; 2] = [0x17, 0x30];
/// Units of 64 KiB between 16 MiB and 4 GiB, and above 4 GiB (three bytes).
const MEMORY_ABOVE_16_MIB: u8 = 0x34;
const MEMORY_ABOVE_4_GIB: u8 = 0x5B;
/// Extended disk types of the first two disks, and where each is described.
const EXTENDED_TYPES: [u8; 2] = [0x19, 0x1A];
const DESCRIPTIONS: [u8; 2] = [0x1B, 0x24];
/// The type of a disk that the description gives.
const USER_TYPE: u8 = 47;
/// Translation of four disks, two bits each: 0 none, 1 LBA.
const TRANSLATION: u8 = 0x39;
/// First and second boot device; third in the upper nibble.
const BOOT_ORDER: u8 = 0x3D;
const BOOT_THIRD: u8 = 0x38;

const MIB: u64 = 1 << 20;

/// The clock with its memory.
pub(crate) fn clock(config: &BoardConfig) -> Rtc {
    let mut rtc = Rtc::new(config.rtc_start);
    let [a, b] = config.floppies.map(|floppy| floppy.map_or(0, |floppy| floppy.drive_type()));
    rtc.set_cmos(FLOPPY_TYPES, a << 4 | b);
    let floppies = u8::from(a != 0 || b != 0) | u8::from(a != 0 && b != 0) << 6;
    rtc.set_cmos(EQUIPMENT, COPROCESSOR | floppies);
    describe_memory(&mut rtc, config.ram_pages);
    for number in 0..2 {
        if let Some(disk) = config.disks[number].filter(|disk| disk.kind == DiskKind::Hard) {
            describe_disk(&mut rtc, number, &disk);
        }
    }
    rtc.set_cmos(TRANSLATION, translation(config));
    let device = |place: usize| config.boot.get(place).map_or(0, |device| *device as u8);
    rtc.set_cmos(BOOT_ORDER, device(0) | device(1) << 4);
    rtc.set_cmos(BOOT_THIRD, device(2) << 4);
    rtc.update_checksum();
    rtc
}

fn describe_memory(rtc: &mut Rtc, ram_pages: u64) {
    let below = pages_below_hole(ram_pages) * PAGE_BYTES;
    let above = ram_pages.saturating_mul(PAGE_BYTES).saturating_sub(below);
    set(rtc, BASE_MEMORY, 2, below.min(640 << 10) >> 10);
    for index in EXTENDED_MEMORY {
        set(rtc, index, 2, (below.saturating_sub(MIB) >> 10).min(0xFFFF));
    }
    set(rtc, MEMORY_ABOVE_16_MIB, 2, (below.saturating_sub(16 * MIB) >> 16).min(0xFFFF));
    set(rtc, MEMORY_ABOVE_4_GIB, 3, (above >> 16).min(0xFF_FFFF));
}

/// A disk of type 47: cylinders, heads, no precompensation, control byte, landing zone, sectors.
fn describe_disk(rtc: &mut Rtc, number: usize, disk: &DiskConfig) {
    let nibble = if number == 0 { 0xF0 } else { 0x0F };
    rtc.set_cmos(DISK_TYPES, rtc.cmos(DISK_TYPES) | nibble);
    rtc.set_cmos(EXTENDED_TYPES[number], USER_TYPE);
    let [low, high] = disk.cylinders.to_le_bytes();
    let control = 0xC0 | u8::from(disk.heads > 8) << 3;
    let bytes = [low, high, disk.heads, 0xFF, 0xFF, control, low, high, disk.sectors_per_track];
    for (index, byte) in (DESCRIPTIONS[number]..).zip(bytes) {
        rtc.set_cmos(index, byte);
    }
}

/// LBA for disks with more than 1024 cylinders.
fn translation(config: &BoardConfig) -> u8 {
    let bits = |(number, disk): (usize, &Option<DiskConfig>)| {
        let large = disk.is_some_and(|disk| disk.kind == DiskKind::Hard && disk.cylinders > 1024);
        u8::from(large) << (2 * number)
    };
    config.disks.iter().enumerate().map(bits).fold(0, |all, bits| all | bits)
}

/// Sets so many bytes, low byte first.
fn set(rtc: &mut Rtc, first: u8, bytes: usize, value: u64) {
    for (index, byte) in (first..).zip(value.to_le_bytes()).take(bytes) {
        rtc.set_cmos(index, byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BootDevice, FloppyConfig};

    fn bytes<const N: usize>(rtc: &Rtc, indices: [u8; N]) -> [u8; N] {
        indices.map(|index| rtc.cmos(index))
    }

    #[test]
    fn memory_is_told_in_four_ways() {
        let pages = |mib: u64| BoardConfig { ram_pages: mib * MIB / PAGE_BYTES, ..BoardConfig::default() };
        let small = clock(&pages(8));
        assert_eq!(bytes(&small, [0x15, 0x16, 0x17, 0x18, 0x30, 0x31]), [0x80, 0x02, 0x00, 0x1C, 0x00, 0x1C]);
        assert_eq!(bytes(&small, [0x34, 0x35, 0x5B, 0x5C, 0x5D]), [0; 5]);
        let large = clock(&pages(5 << 10));
        assert_eq!(bytes(&large, [0x17, 0x18]), [0xFF, 0xFF]);
        assert_eq!(bytes(&large, [0x34, 0x35]), [0x00, 0xBF], "3 GiB - 16 MiB in 64 KiB");
        assert_eq!(bytes(&large, [0x5B, 0x5C, 0x5D]), [0x00, 0x80, 0x00], "2 GiB above the hole");
    }

    #[test]
    fn floppy_drives_and_equipment() {
        let floppy = |sectors| Some(FloppyConfig { sectors, write_protected: false });
        let told = |floppies| bytes(&clock(&BoardConfig { floppies, ..BoardConfig::default() }), [0x10, 0x14]);
        assert_eq!(told([None, None]), [0x00, 0x02]);
        assert_eq!(told([floppy(2880), None]), [0x40, 0x03]);
        assert_eq!(told([floppy(720), floppy(5760)]), [0x15, 0x43]);
        assert_eq!(told([floppy(2400), floppy(0)]), [0x24, 0x43]);
    }

    #[test]
    fn disks_boot_order_and_checksum() {
        let disks = [Some(DiskConfig::with_sectors(1 << 22)), Some(DiskConfig::with_sectors(10_080)), None, None];
        let boot = vec![BootDevice::Cdrom, BootDevice::Disk, BootDevice::Floppy];
        let rtc = clock(&BoardConfig { disks, boot, ..BoardConfig::default() });
        assert_eq!(bytes(&rtc, [0x12, 0x19, 0x1A, 0x39]), [0xFF, 47, 47, 0x01]);
        let cylinders = ((1 << 22) / (16 * 63)) as u16;
        assert_eq!(bytes(&rtc, [0x1B, 0x1C]), cylinders.to_le_bytes());
        assert_eq!(bytes(&rtc, [0x24, 0x25, 0x26, 0x29, 0x2C]), [10, 0, 16, 0xC8, 63]);
        assert_eq!(bytes(&rtc, [0x3D, 0x38]), [0x23, 0x10]);
        let sum: u16 = (0x10..=0x2D).map(|index| u16::from(rtc.cmos(index))).sum();
        assert_eq!(bytes(&rtc, [0x2E, 0x2F]), sum.to_be_bytes());
    }
}
