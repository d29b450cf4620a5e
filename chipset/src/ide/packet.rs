//! A CD-ROM drive on an IDE cable: how command packets, data and status pass its registers. What the packets say is
//! in [`super::mmc`]. *ATA/ATAPI-6* (T13/1410D), "PACKET", "PACKET command protocol", "Byte Count", "Interrupt
//! Reason"; *ATA Packet Interface for CD-ROMs* (SFF-8020i, revision 2.6).

use ringwalk_mmu::{Memory, SECTOR_BYTES};
use serde::{Deserialize, Serialize};

use super::command::Command;
use super::drive::{ABRT, Drive, Phase, read_disk};
use super::identify;
use super::mmc::{Answer, Sense};

/// Bytes of a command packet.
pub(crate) const PACKET_BYTES: usize = 12;
/// The most that this drive gives in one DRQ block.
const MAX_CHUNK: u64 = 8192;
/// What a byte count limit of 0 or FFFFh means ("IDENTIFY PACKET DEVICE", word 126).
pub(crate) const BYTE_COUNT_OF_ZERO: u16 = 0xFFFE;

/// Interrupt reason, in the count register: bit 0 C/D, a command or status; bit 1 I/O, to the host.
const REASON_COMMAND: u8 = 0b01;
const REASON_DATA_IN: u8 = 0b10;
const REASON_STATUS: u8 = 0b11;

/// Features of PACKET, bit 0: the data go by DMA. Bit 1 asks for overlap, which the drive does not have.
const DMA: u8 = 1 << 0;
const OVERLAP: u8 = 1 << 1;

/// What a packet device has beside its registers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Packet {
    /// Blocks of 2048 bytes on the disc in the drive; 0 without one.
    pub(crate) blocks: u32,
    /// A command has come since the signature was set.
    pub(crate) ready: bool,
    /// A packet is being carried out.
    active: bool,
    /// The host's byte count limit.
    limit: u64,
    /// What REQUEST SENSE will tell of the last packet.
    pub(crate) sense: Sense,
    /// A unit attention that the host has not heard of.
    pub(crate) attention: Option<Sense>,
    /// The tray is open.
    pub(crate) ejected: bool,
    /// PREVENT MEDIUM REMOVAL holds.
    pub(crate) locked: bool,
    /// The media event for GET EVENT STATUS NOTIFICATION.
    pub(crate) event: u8,
    /// Data on their way to the host that do not come from the disc.
    reply: Vec<u8>,
    /// The next byte on the disc.
    at: u64,
    /// Bytes still to come, from the reply or the disc.
    left: u64,
}

impl Packet {
    /// A drive after power-on with a disc of so many sectors of 512 bytes.
    pub(crate) fn new(sectors: u64) -> Packet {
        Packet {
            // A disc has at most 450000 blocks; an image that claims more is cut where a block address ends.
            blocks: u32::try_from(sectors.div_ceil(4)).unwrap_or(u32::MAX),
            ready: false,
            active: false,
            limit: 0,
            sense: Sense::NONE,
            attention: Some(Sense::POWER_ON),
            ejected: false,
            locked: false,
            event: 0,
            reply: Vec::new(),
            at: 0,
            left: 0,
        }
    }

    /// True if the disc can be read.
    pub(crate) fn has_disc(&self) -> bool {
        self.blocks > 0 && !self.ejected
    }
}

impl Drive {
    /// Carries out what a packet device does otherwise than a disk; false if it does as a disk.
    pub(crate) fn begin_packet_device(&mut self, command: Command) -> bool {
        let Some(packet) = &mut self.packet else { return false };
        packet.ready = true;
        packet.active = false;
        match command {
            Command::Packet => self.begin_packet(),
            Command::IdentifyPacket => self.offer(identify::packet_data(self)),
            // "IDENTIFY DEVICE", "READ SECTOR(S)": aborted, with the signature.
            Command::Identify | Command::Read(..) => {
                self.sign_again();
                self.fail(ABRT);
            }
            Command::SetFeatures
            | Command::Diagnostic
            | Command::Standby
            | Command::Idle
            | Command::CheckPower
            | Command::Sleep
            | Command::Flush => return false,
            _ => self.fail(ABRT),
        }
        true
    }

    /// The signature as an answer: the drive stays ready.
    fn sign_again(&mut self) {
        let device = self.task.device;
        self.sign();
        self.task.device = device;
        if let Some(packet) = &mut self.packet {
            packet.ready = true;
        }
    }

    /// Asks for the packet, without an interrupt ("General configuration word", bits 6-5: DRQ within 50 us).
    fn begin_packet(&mut self) {
        if self.task.features.current & OVERLAP != 0 {
            return self.fail(ABRT);
        }
        let Some(packet) = &mut self.packet else { return };
        packet.active = true;
        packet.limit = match u16::from_le_bytes([self.task.lba[1].current, self.task.lba[2].current]) {
            0 | 0xFFFF => u64::from(BYTE_COUNT_OF_ZERO),
            limit => u64::from(limit),
        };
        self.task.count.current = REASON_COMMAND;
        self.buffer = vec![0; PACKET_BYTES];
        self.position = 0;
        self.phase = Phase::DataOut;
    }

    /// A packet has come: carries it out as far as its data.
    pub(crate) fn take_packet(&mut self, memory: &mut Memory) {
        let mut bytes = [0; PACKET_BYTES];
        bytes.iter_mut().zip(&self.buffer).for_each(|(to, from)| *to = *from);
        self.dma = self.task.features.current & DMA != 0;
        let Some(packet) = &mut self.packet else { return };
        packet.reply = Vec::new();
        match packet.carry_out(&bytes) {
            Ok(Answer::Done) => packet.left = 0,
            Ok(Answer::Data(reply)) => {
                packet.left = reply.len() as u64;
                packet.reply = reply;
            }
            Ok(Answer::Blocks { first, count }) => {
                packet.at = u64::from(first) * 2048;
                packet.left = u64::from(count) * 2048;
            }
            Err(sense) => return self.check(sense),
        }
        self.load_chunk(memory);
    }

    /// True while the data phase is followed by a status phase of its own.
    pub(crate) fn has_status_phase(&self) -> bool {
        self.packet.as_ref().is_some_and(|packet| packet.active)
    }

    /// Offers the next bytes, or ends the command if there are none.
    pub(crate) fn load_chunk(&mut self, memory: &mut Memory) {
        let Some(packet) = &mut self.packet else { return };
        // Only the last block of a command may be odd ("Byte Count").
        let limit = if packet.limit < packet.left && !self.dma { (packet.limit & !1).max(2) } else { packet.left };
        let chunk = limit.min(packet.left).min(MAX_CHUNK);
        if chunk == 0 {
            return self.end_packet();
        }
        let mut buffer = if packet.reply.is_empty() {
            match read_disc(memory, self.unit, packet.at, chunk) {
                Ok(buffer) => buffer,
                Err(trouble) => {
                    let block = packet.at / 2048;
                    memory.host_trouble = Some(trouble);
                    return self.check(Sense::unreadable(block));
                }
            }
        } else {
            packet.reply.drain(..chunk as usize).collect()
        };
        if self.dma && chunk % 2 == 1 {
            // DMA goes by words.
            buffer.push(0);
        }
        packet.at += chunk;
        packet.left -= chunk;
        // At most `MAX_CHUNK`.
        [self.task.lba[1].current, self.task.lba[2].current] = (chunk as u16).to_le_bytes();
        self.task.count.current = REASON_DATA_IN;
        self.offer(buffer);
    }

    /// CHECK CONDITION: the sense key is in the error register, the rest is for REQUEST SENSE.
    fn check(&mut self, sense: Sense) {
        if let Some(packet) = &mut self.packet {
            packet.sense = sense;
            packet.active = false;
        }
        self.task.count.current = REASON_STATUS;
        self.fail(sense.key << 4 | ABRT);
    }

    fn end_packet(&mut self) {
        if let Some(packet) = &mut self.packet {
            packet.active = false;
        }
        self.task.count.current = REASON_STATUS;
        self.finish();
    }
}

/// Reads bytes of a disc, which need not begin with a sector.
fn read_disc(memory: &Memory, unit: u8, at: u64, bytes: u64) -> Result<Vec<u8>, String> {
    let sector = SECTOR_BYTES as u64;
    let (first, end) = (at / sector, (at + bytes).div_ceil(sector));
    let mut buffer = vec![0; ((end - first) * sector) as usize];
    read_disk(memory, unit, first, &mut buffer)?;
    let before = (at % sector) as usize;
    Ok(buffer[before..before + bytes as usize].to_vec())
}
