//! What a board is built with.

use serde::{Deserialize, Serialize};

/// The choices that a board is built with; part of its state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BoardConfig {
    /// The machine clock in hertz, at least 1.
    pub clock_hz: u64,
    /// Pages of main memory.
    pub ram_pages: u64,
    /// Pages of video memory, a power of two from 64 (256 KiB) to 65536.
    pub vram_pages: u64,
    /// The order in which the firmware tries media; at most three are published.
    pub boot: Vec<BootDevice>,
    /// Date and time of the real-time clock at power-on.
    pub rtc_start: Date,
    /// The disks and CD-ROM drives: primary master and slave, secondary master and slave.
    pub disks: [Option<DiskConfig>; 4],
    /// The floppy drives A and B.
    pub floppies: [Option<FloppyConfig>; 2],
    /// Writing port F4h ends the run.
    pub exit_port: bool,
}

impl Default for BoardConfig {
    fn default() -> BoardConfig {
        BoardConfig {
            clock_hz: 100_000_000,
            ram_pages: (128 << 20) / ringwalk_mmu::PAGE_BYTES,
            vram_pages: (16 << 20) / ringwalk_mmu::PAGE_BYTES,
            boot: vec![BootDevice::Disk, BootDevice::Floppy, BootDevice::Cdrom],
            rtc_start: Date::default(),
            disks: [None, None, None, None],
            floppies: [None, None],
            exit_port: false,
        }
    }
}

/// A medium that the firmware can boot from. The number is what CMOS 3Dh and 38h carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BootDevice {
    /// The first floppy disk.
    Floppy = 1,
    /// The first hard disk.
    Disk = 2,
    /// The first CD-ROM.
    Cdrom = 3,
    /// A kernel without a disk: an option ROM that can boot.
    Kernel = 4,
}

/// A date and time as the real-time clock counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Date {
    /// Year, 1980 to 2099.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

impl Default for Date {
    /// The fixed date that machines start at unless they are told another.
    fn default() -> Date {
        Date { year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0 }
    }
}

/// What sits on an IDE cable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DiskKind {
    /// An ATA hard disk.
    Hard,
    /// An ATAPI CD-ROM drive.
    Cdrom,
}

/// A disk's size and default translation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DiskConfig {
    /// Hard disk or CD-ROM drive.
    pub kind: DiskKind,
    /// Sectors of 512 bytes. A CD-ROM drive with 0 is empty; a last partial block of 2048 bytes is filled with zeros.
    pub sectors: u64,
    /// Default logical cylinders, 1 to 16383.
    pub cylinders: u16,
    /// Default logical heads, 1 to 16.
    pub heads: u8,
    /// Default logical sectors a track, 1 to 63.
    pub sectors_per_track: u8,
}

impl DiskConfig {
    /// A disk of so many sectors with the usual default translation: 16 heads, 63 sectors a track, as many
    /// cylinders as fit, at most 16383. ATA/ATAPI-6 annex C "Identify device data for devices with more than
    /// 1024 logical cylinders".
    pub fn with_sectors(sectors: u64) -> DiskConfig {
        let (heads, sectors_per_track) = (16, 63);
        let cylinders = (sectors / (16 * 63)).clamp(1, 16_383);
        // The clamp keeps it in 14 bits.
        DiskConfig { kind: DiskKind::Hard, sectors, cylinders: cylinders as u16, heads, sectors_per_track }
    }

    /// A CD-ROM drive with a disc of so many sectors of 512 bytes, or without one (0). The translation means nothing.
    pub fn cdrom(sectors: u64) -> DiskConfig {
        DiskConfig { kind: DiskKind::Cdrom, ..DiskConfig::with_sectors(sectors) }
    }
}

/// Sizes of floppy disks in KiB: 5.25 and 3.5 inch, single to extra density; 1680 is the 21-sector format of
/// distribution disks.
pub const FLOPPY_KIB: [u32; 9] = [160, 180, 320, 360, 720, 1200, 1440, 1680, 2880];

/// A floppy drive with the disk in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FloppyConfig {
    /// Sectors of 512 bytes, which tell the format: 160K to 2.88M. 0 is a drive of 1.44M without a disk.
    pub sectors: u32,
    /// The disk's notch is covered.
    pub write_protected: bool,
}

impl FloppyConfig {
    /// The drive that takes such a disk, as CMOS 10h tells it: 1 360K, 2 1.2M, 3 720K, 4 1.44M, 5 2.88M.
    pub(crate) fn drive_type(&self) -> u8 {
        match self.sectors {
            0 => 4,
            1..=720 => 1,
            721..=1440 => 3,
            1441..=2400 => 2,
            2401..=3360 => 4,
            _ => 5,
        }
    }
}
