//! An ATA disk: registers, phases of a command, the data register. What the commands do is in [`super::command`];
//! what a CD-ROM drive does in their place in [`super::packet`].
//! *AT Attachment with Packet Interface - 6* (T13/1410D).

use ringwalk_mmu::{Instant, Memory, SECTOR_BYTES};
use serde::{Deserialize, Serialize};

use super::bus_master::Direction;
use super::command::Command;
use super::packet::Packet;
use crate::config::{DiskConfig, DiskKind};
use crate::device::Cx;

/// Status: busy; the other bits mean nothing while it is set ("Status register").
pub(crate) const BSY: u8 = 1 << 7;
/// Status: the device takes commands.
pub(crate) const DRDY: u8 = 1 << 6;
/// Status: device fault.
pub(crate) const DF: u8 = 1 << 5;
/// Status bit 4, device seek complete in ATA-3 and before: always set here.
pub(crate) const DSC: u8 = 1 << 4;
/// Status: data request.
pub(crate) const DRQ: u8 = 1 << 3;
/// Status: the error register tells why.
pub(crate) const ERR: u8 = 1 << 0;

/// Error: uncorrectable data ("Error register").
pub(crate) const UNC: u8 = 1 << 6;
/// Error: no sector of that address.
pub(crate) const IDNF: u8 = 1 << 4;
/// Error: the command was aborted.
pub(crate) const ABRT: u8 = 1 << 2;

/// Device register bit 6: addresses are LBA ("Device register").
pub(crate) const DEVICE_LBA: u8 = 1 << 6;
/// Device register bit 4: device 1 is selected.
pub(crate) const DEVICE_1: u8 = 1 << 4;

/// The most sectors that one DRQ block of READ or WRITE MULTIPLE holds.
pub(crate) const MAX_MULTIPLE: u8 = 16;

/// The DMA mode after power-on: multiword 2, in the numbers of SET FEATURES.
const MULTIWORD_DMA_2: u8 = 0x22;

/// Latency of a command that touches no medium, in microseconds. All latencies are fixed: chosen far below those
/// of real disks, above zero so that drivers see BSY and get their interrupts later than the write that causes them.
const LATENCY_US: u64 = 2;
/// Latency from the command to its first block of a medium access: seek and rotation.
const SEEK_US: u64 = 20;
/// Latency from the end of one DRQ block to the next, or to the end of a write.
pub(crate) const BLOCK_US: u64 = 4;
/// Latency of a reset.
const RESET_US: u64 = 100;

/// A register with the value that was in it before: the 48-bit address feature set reads both
/// ("48-bit Address feature set").
#[derive(Clone, Copy, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Latched {
    /// The most recently written value.
    pub(crate) current: u8,
    /// The value before that.
    pub(crate) previous: u8,
}

impl Latched {
    fn write(&mut self, value: u8) {
        self.previous = self.current;
        self.current = value;
    }

    /// Both values as the 48-bit commands see them.
    pub(crate) fn word(self) -> u16 {
        u16::from_le_bytes([self.current, self.previous])
    }

    /// Sets both values, current below.
    pub(crate) fn set_word(&mut self, word: u16) {
        [self.current, self.previous] = word.to_le_bytes();
    }
}

/// The command block registers that a host writes ("Register descriptions").
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct TaskFile {
    pub(crate) features: Latched,
    pub(crate) count: Latched,
    pub(crate) lba: [Latched; 3],
    pub(crate) device: u8,
}

/// A sector transfer in progress.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// The next sector to read or write on the medium.
    pub(crate) sector: u64,
    /// Sectors still to come from there.
    pub(crate) left: u32,
    /// Sectors in each DRQ block.
    pub(crate) block: u32,
    /// How the address is told in the registers.
    pub(crate) form: Form,
}

/// The three ways to address a sector ("Sector addressing").
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Form {
    /// Cylinder, head, sector of the current translation.
    #[default]
    Chs,
    /// 28-bit logical block address.
    Lba28,
    /// 48-bit logical block address.
    Lba48,
}

/// What a drive is doing.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Waiting for a command.
    Idle,
    /// BSY while SRST is held.
    Held,
    /// BSY until then; the work is done at that moment.
    Busy(Instant, Work),
    /// DRQ: the host reads the buffer.
    DataIn,
    /// DRQ: the host fills the buffer.
    DataOut,
    /// After SLEEP: only a reset wakes it.
    Asleep,
    /// DMARQ: the bus master moves the buffer.
    Dma(Direction),
}

/// What ends a busy phase.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The command in the command register begins.
    Begin(Command),
    /// The next block is read from the medium.
    Load,
    /// The filled buffer goes to the medium.
    Store,
    /// A reset or EXECUTE DEVICE DIAGNOSTIC ends; with an interrupt or without.
    Reset {
        /// The end is told by an interrupt.
        interrupt: bool,
    },
    /// A command packet has come.
    Packet,
}

/// Power management modes ("Power Management feature set").
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Power {
    /// Active or idle.
    #[default]
    Active,
    /// Standby: spun down.
    Standby,
}

/// One disk.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Drive {
    pub(crate) config: DiskConfig,
    /// The disk's place in [`Memory::disks`].
    pub(crate) unit: u8,
    pub(crate) task: TaskFile,
    pub(crate) error: u8,
    /// ERR, DF; the other status bits follow from the phase.
    pub(crate) trouble: u8,
    pub(crate) phase: Phase,
    /// INTRQ is pending in the device.
    pub(crate) interrupt: bool,
    pub(crate) transfer: Transfer,
    /// The DRQ block and how much of it has passed the data register.
    pub(crate) buffer: Vec<u8>,
    pub(crate) position: u32,
    /// Sectors a block of READ and WRITE MULTIPLE; 0 while they are disabled.
    pub(crate) multiple: u8,
    /// Current translation: heads and sectors a track.
    pub(crate) heads: u8,
    pub(crate) sectors_per_track: u8,
    pub(crate) write_cache: bool,
    pub(crate) look_ahead: bool,
    pub(crate) power: Power,
    /// The command's data go by DMA.
    pub(crate) dma: bool,
    /// The DMA mode, as SET FEATURES numbers it. It only shows in the identify data.
    pub(crate) dma_mode: u8,
    /// What a CD-ROM drive has and a hard disk has not.
    pub(crate) packet: Option<Packet>,
}

impl Drive {
    /// A disk after power-on.
    pub(crate) fn new(config: DiskConfig, unit: u8) -> Drive {
        let mut drive = Drive {
            config,
            unit,
            task: TaskFile::default(),
            error: 0,
            trouble: 0,
            phase: Phase::Idle,
            interrupt: false,
            transfer: Transfer::default(),
            buffer: Vec::new(),
            position: 0,
            multiple: 0,
            heads: config.heads,
            sectors_per_track: config.sectors_per_track,
            write_cache: true,
            look_ahead: true,
            power: Power::Active,
            dma: false,
            dma_mode: MULTIWORD_DMA_2,
            packet: (config.kind == DiskKind::Cdrom).then(|| Packet::new(config.sectors)),
        };
        drive.sign();
        drive
    }

    /// Hardware reset. A tray that is open stays open.
    pub(crate) fn reset(&mut self) {
        let ejected = self.packet.as_ref().is_some_and(|packet| packet.ejected);
        *self = Drive::new(self.config, self.unit);
        if let Some(packet) = &mut self.packet {
            packet.ejected = ejected;
        }
    }

    /// The signature of a device with or without PACKET commands and the diagnostic code 01h, "device 0 passed,
    /// device 1 passed or not present" ("Signature and persistence").
    pub(crate) fn sign(&mut self) {
        self.task = TaskFile::default();
        self.task.count.current = 1;
        self.task.lba[0].current = 1;
        if let Some(packet) = &mut self.packet {
            [self.task.lba[1].current, self.task.lba[2].current] = [0x14, 0xEB];
            packet.ready = false;
        }
        self.error = 1;
        self.trouble = 0;
    }

    /// The status register, without the side effect of reading it.
    pub(crate) fn status(&self) -> u8 {
        let ready = match &self.packet {
            None => DRDY | DSC,
            Some(packet) if packet.ready => DRDY,
            // "Signature and persistence": a packet device is ready after its first command only.
            Some(_) => 0,
        };
        match self.phase {
            Phase::Held | Phase::Busy(..) => BSY,
            Phase::Idle => ready | self.trouble,
            Phase::DataIn | Phase::DataOut | Phase::Dma(_) => ready | DRQ | self.trouble,
            Phase::Asleep => 0,
        }
    }

    /// True while the host must leave the command block alone.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Held | Phase::Busy(..))
    }

    /// Writes a command block register, 1 (features) to 6 (device). Both devices of a channel get it; it is lost
    /// while this one is busy.
    pub(crate) fn write_register(&mut self, register: u32, value: u8) {
        if self.is_busy() {
            return;
        }
        match register {
            1 => self.task.features.write(value),
            2 => self.task.count.write(value),
            3 => self.task.lba[0].write(value),
            4 => self.task.lba[1].write(value),
            5 => self.task.lba[2].write(value),
            6 => self.task.device = value,
            _ => {}
        }
    }

    /// Reads a command block register, 1 (error) to 7 (status). `previous` is the HOB bit.
    pub(crate) fn read_register(&self, register: u32, previous: bool) -> u8 {
        let latched = |value: Latched| {
            if previous { value.previous } else { value.current }
        };
        match register {
            _ if self.is_busy() => self.status(),
            1 => self.error,
            2 => latched(self.task.count),
            3 => latched(self.task.lba[0]),
            4 => latched(self.task.lba[1]),
            5 => latched(self.task.lba[2]),
            6 => self.task.device | 0xA0,
            _ => self.status(),
        }
    }

    /// The command register was written: the device is busy, and begins after its latency.
    pub(crate) fn command(&mut self, code: u8, cx: &Cx<'_>) {
        let command = Command::decode(code);
        if command == Command::DeviceReset && self.packet.is_some() && self.phase != Phase::Held {
            return self.begin_reset(false, cx);
        }
        if self.is_busy() || self.phase == Phase::Asleep {
            return;
        }
        self.interrupt = false;
        self.error = 0;
        self.trouble = 0;
        self.dma = false;
        self.transfer = Transfer::default();
        self.drop_buffer();
        let latency = if command.seeks() { SEEK_US } else { LATENCY_US };
        self.busy(latency, Work::Begin(command), cx);
    }

    /// SRST is set: busy for as long as it is.
    pub(crate) fn hold(&mut self) {
        self.interrupt = false;
        self.drop_buffer();
        self.phase = Phase::Held;
    }

    /// SRST was released, or EXECUTE DEVICE DIAGNOSTIC begins.
    pub(crate) fn begin_reset(&mut self, interrupt: bool, cx: &Cx<'_>) {
        self.interrupt = false;
        self.drop_buffer();
        self.busy(RESET_US, Work::Reset { interrupt }, cx);
    }

    fn end_reset(&mut self, interrupt: bool) {
        self.sign();
        self.phase = Phase::Idle;
        self.interrupt = interrupt;
        self.power = Power::Active;
    }

    /// Busy for so many microseconds, then the work.
    pub(crate) fn busy(&mut self, micros: u64, work: Work, cx: &Cx<'_>) {
        let span = cx.rate(1_000_000).instant_of(micros).0.max(1);
        self.phase = Phase::Busy(Instant(cx.now.0.saturating_add(span)), work);
    }

    /// When the busy phase ends.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Busy(until, _) => Some(until),
            _ => None,
        }
    }

    /// Does the work of a busy phase that is over.
    pub(crate) fn advance(&mut self, cx: &mut Cx<'_>) {
        let Phase::Busy(until, work) = self.phase else {
            return;
        };
        if until > cx.now {
            return;
        }
        self.phase = Phase::Idle;
        match work {
            Work::Begin(command) => self.begin(command, cx),
            Work::Load => self.load_block(cx.memory),
            Work::Store => self.store_block(cx.memory),
            Work::Reset { interrupt } => self.end_reset(interrupt),
            Work::Packet => self.take_packet(cx.memory),
        }
    }

    /// The command is over without error.
    pub(crate) fn finish(&mut self) {
        self.phase = Phase::Idle;
        self.drop_buffer();
        self.interrupt = true;
    }

    /// The command is over with these bits in the error register.
    pub(crate) fn fail(&mut self, error: u8) {
        self.error = error;
        self.trouble = ERR;
        self.finish();
    }

    pub(crate) fn drop_buffer(&mut self) {
        self.buffer = Vec::new();
        self.position = 0;
    }

    /// A block for the host is ready: DRQ and an interrupt ("PIO data-in command protocol"), or DMARQ without one
    /// ("DMA command protocol").
    pub(crate) fn offer(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
        self.position = 0;
        self.phase = if self.dma { Phase::Dma(Direction::ToMemory) } else { Phase::DataIn };
        self.interrupt = !self.dma;
    }

    /// The device wants the next block of a write: DRQ ("PIO data-out command protocol").
    pub(crate) fn ask(&mut self) {
        let sectors = self.block_sectors();
        self.buffer = vec![0; sectors as usize * SECTOR_BYTES];
        self.position = 0;
        self.phase = if self.dma { Phase::Dma(Direction::FromMemory) } else { Phase::DataOut };
    }

    /// Which way the buffer goes while DMARQ is asserted.
    pub(crate) fn dma_request(&self) -> Option<Direction> {
        match self.phase {
            Phase::Dma(direction) => Some(direction),
            _ => None,
        }
    }

    /// What is left of the buffer.
    pub(crate) fn dma_bytes(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.position as usize..).unwrap_or(&mut [])
    }

    /// The bus master has moved so many bytes; at the end of the buffer the next block is due, or the command's end.
    pub(crate) fn pass_dma(&mut self, bytes: usize, cx: &Cx<'_>) {
        // A buffer has 8 KiB at most.
        self.position += bytes as u32;
        if (self.position as usize) < self.buffer.len() {
            return;
        }
        match self.dma_request() {
            Some(Direction::ToMemory) => self.busy(BLOCK_US, Work::Load, cx),
            Some(Direction::FromMemory) => self.busy(BLOCK_US, Work::Store, cx),
            None => {}
        }
    }

    /// Sectors of the next DRQ block.
    fn block_sectors(&self) -> u32 {
        self.transfer.left.min(self.transfer.block).min(u32::from(MAX_MULTIPLE))
    }

    /// Reads the next block from the medium, with the error of a sector that cannot be read.
    pub(crate) fn load_block(&mut self, memory: &mut Memory) {
        if self.packet.is_some() {
            return self.load_chunk(memory);
        }
        if self.transfer.left == 0 {
            // The end of READ DMA.
            return self.finish();
        }
        let sectors = self.block_sectors();
        let mut buffer = vec![0; sectors as usize * SECTOR_BYTES];
        if !self.reach(sectors) {
            return;
        }
        match read_disk(memory, self.unit, self.transfer.sector, &mut buffer) {
            Ok(()) => {
                self.pass_sectors(sectors);
                self.offer(buffer);
            }
            Err(trouble) => {
                memory.host_trouble = Some(trouble);
                self.tell_address(self.transfer.sector);
                self.fail(UNC);
            }
        }
    }

    /// Writes the filled buffer to the medium, and asks for the next block or ends.
    fn store_block(&mut self, memory: &mut Memory) {
        let sectors = (self.buffer.len() / SECTOR_BYTES) as u32;
        if !self.reach(sectors) {
            return;
        }
        if let Err(trouble) = write_disk(memory, self.unit, self.transfer.sector, &self.buffer) {
            memory.host_trouble = Some(trouble);
            self.tell_address(self.transfer.sector);
            self.finish();
            self.trouble = DF;
            return;
        }
        self.pass_sectors(sectors);
        match self.transfer.left {
            0 => self.finish(),
            _ => {
                self.ask();
                self.interrupt = !self.dma;
            }
        }
    }

    /// Checks that the medium has the next sectors; if not, the command ends at the first that it lacks.
    pub(crate) fn reach(&mut self, sectors: u32) -> bool {
        let end = self.transfer.sector.saturating_add(u64::from(sectors));
        if end <= self.config.sectors {
            return true;
        }
        self.tell_address(self.transfer.sector.max(self.config.sectors));
        self.fail(IDNF);
        false
    }

    /// The drive in words, for the debugger.
    pub(crate) fn describe(&self) -> String {
        let (status, error, sectors) = (self.status(), self.error, self.config.sectors);
        let phase = match self.phase {
            Phase::Idle => "idle".to_owned(),
            Phase::Held => "held in reset".to_owned(),
            Phase::Busy(until, work) => format!("{work:?} until {}", until.0),
            Phase::DataIn => format!("data in, {} of {}{}", self.position, self.buffer.len(), self.where_from()),
            Phase::DataOut => format!("data out, {} of {}", self.position, self.buffer.len()),
            Phase::Asleep => "asleep".to_owned(),
            Phase::Dma(direction @ Direction::ToMemory) => {
                format!("DMA {direction:?}, {} of {}{}", self.position, self.buffer.len(), self.where_from())
            }
            Phase::Dma(direction) => format!("DMA {direction:?}, {} of {}", self.position, self.buffer.len()),
        };
        format!("{sectors} sectors, status {status:02X}, error {error:02X}, {phase}")
    }

    /// The sector that the next byte of a hard disk's buffer is of, in words: the whole buffer counts as transferred once
    /// it is read.
    fn where_from(&self) -> String {
        let sectors = (self.buffer.len() / SECTOR_BYTES) as u64;
        match self.transfer.sector.checked_sub(sectors).filter(|_| self.packet.is_none() && sectors > 0) {
            Some(first) => format!(", sector {}", first + (self.position as usize / SECTOR_BYTES) as u64),
            None => String::new(),
        }
    }

    /// Counts sectors as transferred; the registers then tell the last one and how many are left.
    pub(crate) fn pass_sectors(&mut self, sectors: u32) {
        self.transfer.sector += u64::from(sectors);
        self.transfer.left = self.transfer.left.saturating_sub(sectors);
        self.tell_address(self.transfer.sector.saturating_sub(1));
        // The count register of the 28-bit commands has 8 bits, that of the 48-bit commands 16.
        match self.transfer.form {
            Form::Lba48 => self.task.count.set_word(self.transfer.left as u16),
            Form::Chs | Form::Lba28 => self.task.count.current = self.transfer.left as u8,
        }
    }
}

/// Reads sectors of a drive's medium. The error is a sentence for the user.
pub(crate) fn read_disk(memory: &Memory, unit: u8, sector: u64, buf: &mut [u8]) -> Result<(), String> {
    match memory.disks.get(usize::from(unit)) {
        Some(Some(disk)) => disk.read(sector, buf),
        _ => Err(format!("disk {unit} has no medium")),
    }
}

fn write_disk(memory: &mut Memory, unit: u8, sector: u64, bytes: &[u8]) -> Result<(), String> {
    match memory.disks.get_mut(usize::from(unit)) {
        Some(Some(disk)) => disk.write(sector, bytes),
        _ => Err(format!("disk {unit} has no medium")),
    }
}
