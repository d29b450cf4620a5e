//! The ATA commands of a disk. *AT Attachment with Packet Interface - 6* (T13/1410D), "Command descriptions"; the
//! commands that it calls obsolete (RECALIBRATE, SEEK, INITIALIZE DEVICE PARAMETERS, CHS) by *AT Attachment-3*
//! (X3T10/2008D).

use ringwalk_mmu::SECTOR_BYTES;
use serde::{Deserialize, Serialize};

use super::drive::{ABRT, DEVICE_LBA, Drive, Form, IDNF, MAX_MULTIPLE, Phase, Power, Transfer, UNC, read_disk};
use super::identify;
use crate::device::Cx;

/// Sectors that cylinder, head and sector numbers can reach: 16383 cylinders of 16 heads with 63 sectors.
const MAX_CHS_SECTORS: u64 = 16_514_064;

/// A command, with what its forms differ in.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// NOP, codes without a command, and commands of feature sets that the disk does not have: aborted.
    Abort,
    /// RECALIBRATE, 10h.
    Recalibrate,
    /// READ SECTOR(S), READ MULTIPLE, READ DMA and their EXT forms.
    Read(Reach, Grouping),
    /// WRITE SECTOR(S), WRITE MULTIPLE, WRITE VERIFY, WRITE DMA and the EXT forms.
    Write(Reach, Grouping),
    /// READ VERIFY SECTOR(S) and EXT.
    Verify(Reach),
    /// SEEK, 70h.
    Seek,
    /// EXECUTE DEVICE DIAGNOSTIC, 90h; the channel gives it to both devices.
    Diagnostic,
    /// INITIALIZE DEVICE PARAMETERS, 91h.
    InitializeParameters,
    /// SET MULTIPLE MODE, C6h.
    SetMultiple,
    /// STANDBY and STANDBY IMMEDIATE.
    Standby,
    /// IDLE and IDLE IMMEDIATE.
    Idle,
    /// CHECK POWER MODE, E5h.
    CheckPower,
    /// SLEEP, E6h.
    Sleep,
    /// FLUSH CACHE and EXT.
    Flush,
    /// IDENTIFY DEVICE, ECh.
    Identify,
    /// SET FEATURES, EFh.
    SetFeatures,
    /// READ NATIVE MAX ADDRESS and EXT.
    ReadNativeMax(Reach),
    /// DEVICE RESET, 08h: packet devices only.
    DeviceReset,
    /// PACKET, A0h.
    Packet,
    /// IDENTIFY PACKET DEVICE, A1h.
    IdentifyPacket,
}

/// Whether a command takes 28-bit (or CHS) or 48-bit addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Reach {
    /// CHS or LBA28, by the device register; counts to 256.
    Short,
    /// LBA48; counts to 65536.
    Ext,
}

/// How many sectors a DRQ block has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Grouping {
    /// One.
    Single,
    /// As SET MULTIPLE MODE said.
    Multiple,
    /// The data go by DMA: any number.
    Dma,
}

impl Command {
    /// The command of a code ("Command codes").
    pub(crate) fn decode(code: u8) -> Command {
        use Grouping::{Dma, Multiple, Single};
        use Reach::{Ext, Short};
        match code {
            0x08 => Command::DeviceReset,
            0x10..=0x1F => Command::Recalibrate,
            0x20 | 0x21 => Command::Read(Short, Single),
            0x24 => Command::Read(Ext, Single),
            0x25 => Command::Read(Ext, Dma),
            0x27 => Command::ReadNativeMax(Ext),
            0x29 => Command::Read(Ext, Multiple),
            0x30 | 0x31 | 0x3C => Command::Write(Short, Single),
            0x34 => Command::Write(Ext, Single),
            0x35 => Command::Write(Ext, Dma),
            0x39 => Command::Write(Ext, Multiple),
            0x40 | 0x41 => Command::Verify(Short),
            0x42 => Command::Verify(Ext),
            0x70..=0x7F => Command::Seek,
            0x90 => Command::Diagnostic,
            0x91 => Command::InitializeParameters,
            0xA0 => Command::Packet,
            0xA1 => Command::IdentifyPacket,
            0xC4 => Command::Read(Short, Multiple),
            0xC5 => Command::Write(Short, Multiple),
            0xC6 => Command::SetMultiple,
            0x94 | 0x96 | 0xE0 | 0xE2 => Command::Standby,
            0x95 | 0x97 | 0xE1 | 0xE3 => Command::Idle,
            0x98 | 0xE5 => Command::CheckPower,
            0x99 | 0xE6 => Command::Sleep,
            0xC8 | 0xC9 => Command::Read(Short, Dma),
            0xCA | 0xCB => Command::Write(Short, Dma),
            0xE7 | 0xEA => Command::Flush,
            0xEC => Command::Identify,
            0xEF => Command::SetFeatures,
            0xF8 => Command::ReadNativeMax(Short),
            _ => Command::Abort,
        }
    }

    /// True if the command moves the heads.
    pub(crate) fn seeks(self) -> bool {
        use Command::{Read, Recalibrate, Seek, Verify, Write};
        matches!(self, Read(..) | Write(..) | Verify(_) | Seek | Recalibrate)
    }
}

impl Drive {
    /// Carries a command out as far as it goes without the host.
    pub(crate) fn begin(&mut self, command: Command, cx: &mut Cx<'_>) {
        if self.packet.is_some() && self.begin_packet_device(command) {
            return;
        }
        match command {
            Command::Abort | Command::DeviceReset | Command::Packet | Command::IdentifyPacket => self.fail(ABRT),
            Command::Recalibrate | Command::Flush => self.finish(),
            Command::Read(reach, grouping) => self.begin_read(reach, grouping, cx),
            Command::Write(reach, grouping) => self.begin_write(reach, grouping),
            Command::Verify(reach) => self.verify(reach, cx),
            Command::Seek => self.seek(),
            // The channel began a reset of both devices instead.
            Command::Diagnostic => self.finish(),
            Command::InitializeParameters => self.initialize_parameters(),
            Command::SetMultiple => self.set_multiple(),
            Command::Standby => self.enter(Power::Standby),
            Command::Idle => self.enter(Power::Active),
            Command::CheckPower => self.check_power(),
            Command::Sleep => {
                self.finish();
                self.phase = Phase::Asleep;
            }
            Command::Identify => self.offer(identify::data(self)),
            Command::SetFeatures => self.set_features(),
            Command::ReadNativeMax(reach) => self.read_native_max(reach),
        }
    }

    fn begin_read(&mut self, reach: Reach, grouping: Grouping, cx: &mut Cx<'_>) {
        if self.begin_transfer(reach, grouping) {
            self.load_block(cx.memory);
        }
    }

    fn begin_write(&mut self, reach: Reach, grouping: Grouping) {
        if self.begin_transfer(reach, grouping) && self.reach(1) {
            self.ask();
        }
    }

    /// "READ VERIFY SECTOR(S)": as a read, without the data.
    fn verify(&mut self, reach: Reach, cx: &mut Cx<'_>) {
        if !self.begin_transfer(reach, Grouping::Single) {
            return;
        }
        let mut sector = [0; SECTOR_BYTES];
        while self.transfer.left > 0 {
            if !self.reach(1) {
                return;
            }
            if let Err(trouble) = read_disk(cx.memory, self.unit, self.transfer.sector, &mut sector) {
                cx.memory.host_trouble = Some(trouble);
                self.tell_address(self.transfer.sector);
                return self.fail(UNC);
            }
            self.pass_sectors(1);
        }
        self.finish();
    }

    fn seek(&mut self) {
        match self.address(Reach::Short) {
            Some((sector, _)) if sector < self.config.sectors => self.finish(),
            _ => self.fail(IDNF),
        }
    }

    /// Sets the transfer up from the registers. False if the command ended with an error.
    fn begin_transfer(&mut self, reach: Reach, grouping: Grouping) -> bool {
        let block = match grouping {
            Grouping::Single => 1,
            Grouping::Multiple => u32::from(self.multiple),
            Grouping::Dma => u32::from(MAX_MULTIPLE),
        };
        if block == 0 {
            self.fail(ABRT);
            return false;
        }
        let Some((sector, form)) = self.address(reach) else {
            self.fail(IDNF);
            return false;
        };
        self.power = Power::Active;
        self.dma = grouping == Grouping::Dma;
        self.transfer = Transfer { sector, left: self.sector_count(reach), block, form };
        true
    }

    fn sector_count(&self, reach: Reach) -> u32 {
        match (reach, self.task.count) {
            (Reach::Short, count) if count.current == 0 => 256,
            (Reach::Short, count) => u32::from(count.current),
            (Reach::Ext, count) if count.word() == 0 => 65_536,
            (Reach::Ext, count) => u32::from(count.word()),
        }
    }

    /// The sector that the registers address; `None` if there is none of that cylinder, head and sector.
    fn address(&self, reach: Reach) -> Option<(u64, Form)> {
        let [low, mid, high] = self.task.lba;
        let lba24 = u64::from(low.current) | u64::from(mid.current) << 8 | u64::from(high.current) << 16;
        if reach == Reach::Ext {
            let upper = u64::from(low.previous) | u64::from(mid.previous) << 8 | u64::from(high.previous) << 16;
            return Some((upper << 24 | lba24, Form::Lba48));
        }
        let head = self.task.device & 15;
        if self.task.device & DEVICE_LBA != 0 {
            return Some((u64::from(head) << 24 | lba24, Form::Lba28));
        }
        let cylinder = u64::from(mid.current) | u64::from(high.current) << 8;
        let track = cylinder * u64::from(self.heads) + u64::from(head);
        let on_track = (1..=self.sectors_per_track).contains(&low.current) && head < self.heads;
        let fits = on_track && cylinder < u64::from(self.cylinders());
        let sector = track * u64::from(self.sectors_per_track) + u64::from(low.current.wrapping_sub(1));
        fits.then_some((sector, Form::Chs))
    }

    /// Cylinders of the current translation: the default ones, or as many whole ones as the disk has in what CHS can
    /// reach ("IDENTIFY DEVICE", words 54 to 58).
    pub(crate) fn cylinders(&self) -> u16 {
        if (self.heads, self.sectors_per_track) == (self.config.heads, self.config.sectors_per_track) {
            return self.config.cylinders;
        }
        let cylinder = u64::from(self.heads) * u64::from(self.sectors_per_track);
        let cylinders = self.config.sectors.min(MAX_CHS_SECTORS) / cylinder.max(1);
        u16::try_from(cylinders).unwrap_or(u16::MAX)
    }

    /// Puts a sector's address into the registers, in the form of the current transfer.
    pub(crate) fn tell_address(&mut self, sector: u64) {
        let bytes = sector.to_le_bytes();
        let current = match self.transfer.form {
            Form::Chs => return self.tell_chs(sector),
            Form::Lba28 => {
                self.task.device = (self.task.device & 0xF0) | (bytes[3] & 15);
                [bytes[0], bytes[1], bytes[2]]
            }
            Form::Lba48 => {
                for (register, byte) in self.task.lba.iter_mut().zip(&bytes[3..6]) {
                    register.previous = *byte;
                }
                [bytes[0], bytes[1], bytes[2]]
            }
        };
        for (register, byte) in self.task.lba.iter_mut().zip(current) {
            register.current = byte;
        }
    }

    fn tell_chs(&mut self, sector: u64) {
        let per_track = u64::from(self.sectors_per_track.max(1));
        let (track, heads) = (sector / per_track, u64::from(self.heads.max(1)));
        let cylinder = (track / heads).to_le_bytes();
        // A sector number is at most 255, a head at most 15.
        self.task.lba[0].current = (sector % per_track + 1) as u8;
        self.task.lba[1].current = cylinder[0];
        self.task.lba[2].current = cylinder[1];
        self.task.device = (self.task.device & 0xF0) | (track % heads) as u8 & 15;
    }

    /// ATA-3 "INITIALIZE DEVICE PARAMETERS": sectors a track in the count, the last head in the device register.
    fn initialize_parameters(&mut self) {
        match self.task.count.current {
            0 => self.fail(ABRT),
            sectors_per_track => {
                self.heads = (self.task.device & 15) + 1;
                self.sectors_per_track = sectors_per_track;
                self.finish();
            }
        }
    }

    /// "SET MULTIPLE MODE": a power of two up to the maximum; 0 disables the mode; anything else is aborted and
    /// disables it too.
    fn set_multiple(&mut self) {
        let count = self.task.count.current;
        let valid = count.is_power_of_two() && count <= MAX_MULTIPLE;
        self.multiple = if valid { count } else { 0 };
        if valid || count == 0 { self.finish() } else { self.fail(ABRT) }
    }

    fn enter(&mut self, power: Power) {
        self.power = power;
        self.finish();
    }

    /// "CHECK POWER MODE": the answer is in the count register.
    fn check_power(&mut self) {
        self.task.count.current = match self.power {
            Power::Active => 0xFF,
            Power::Standby => 0x00,
        };
        self.finish();
    }

    /// "SET FEATURES". Transfer modes: PIO default and PIO 0 to 4, multiword DMA 0 to 2, Ultra DMA 0 to 2.
    fn set_features(&mut self) {
        match (self.task.features.current, self.task.count.current) {
            (0x02, _) => self.write_cache = true,
            (0x82, _) => self.write_cache = false,
            (0xAA, _) => self.look_ahead = true,
            (0x55, _) => self.look_ahead = false,
            (0x03, 0x00 | 0x01 | 0x08..=0x0C) | (0x66 | 0xCC, _) => {}
            (0x03, mode @ (0x20..=0x22 | 0x40..=0x42)) => self.dma_mode = mode,
            _ => return self.fail(ABRT),
        }
        self.finish();
    }

    /// "READ NATIVE MAX ADDRESS": the last sector's address, cut to what the form can tell.
    fn read_native_max(&mut self, reach: Reach) {
        let last = self.config.sectors.saturating_sub(1);
        let lba = self.task.device & DEVICE_LBA != 0;
        self.transfer.form = match reach {
            Reach::Ext => Form::Lba48,
            Reach::Short if lba => Form::Lba28,
            Reach::Short => Form::Chs,
        };
        self.tell_address(if reach == Reach::Short && lba { last.min(0x0FFF_FFFF) } else { last });
        self.finish();
    }
}
