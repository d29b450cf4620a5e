//! The commands that a CD-ROM drive takes in packets. *Multi-Media Commands* (MMC-3, T10/1363-D) and *ATA Packet
//! Interface for CD-ROMs* (SFF-8020i, revision 2.6); sense codes from their tables "Sense key / sense code".
//!
//! The disc has one session with one data track in mode 1. There is no audio, and no raw sectors are read.

use serde::{Deserialize, Serialize};

use super::packet::{PACKET_BYTES, Packet};

#[path = "mmc_pages.rs"]
mod pages;

/// Bytes of a block in mode 1.
const BLOCK_BYTES: u32 = 2048;
/// Blocks before block 0 in times of minutes, seconds, frames: two seconds.
const PREGAP: u32 = 150;
/// ADR 1, control 4: a data track, which may not be copied.
const DATA_TRACK: u8 = 0x14;
/// Audio status of READ SUB-CHANNEL: none to return.
const NO_AUDIO: u8 = 0x15;
/// The number of the lead-out as a track.
const LEAD_OUT: u8 = 0xAA;

/// Media events of GET EVENT STATUS NOTIFICATION.
const NEW_MEDIA: u8 = 2;
const MEDIA_REMOVAL: u8 = 3;

/// Why a packet failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Sense {
    /// Sense key.
    pub(crate) key: u8,
    /// Additional sense code and qualifier.
    code: (u8, u8),
    /// The block that it happened at.
    block: Option<u32>,
}

impl Sense {
    /// No sense.
    pub(crate) const NONE: Sense = Sense::new(0, 0, 0);
    /// Unit attention: power on, reset.
    pub(crate) const POWER_ON: Sense = Sense::new(6, 0x29, 0);
    /// Unit attention: not ready to ready transition, the medium may have changed.
    const MEDIUM_CHANGED: Sense = Sense::new(6, 0x28, 0);
    /// Not ready: medium not present.
    const NO_MEDIUM: Sense = Sense::new(2, 0x3A, 0);
    /// Illegal request: invalid command operation code.
    const INVALID_COMMAND: Sense = Sense::new(5, 0x20, 0);
    /// Illegal request: logical block address out of range.
    const OUT_OF_RANGE: Sense = Sense::new(5, 0x21, 0);
    /// Illegal request: invalid field in the command packet.
    const INVALID_FIELD: Sense = Sense::new(5, 0x24, 0);
    /// Illegal request: saving parameters not supported.
    const NO_SAVING: Sense = Sense::new(5, 0x39, 0);
    /// Illegal request: medium removal prevented.
    const LOCKED: Sense = Sense::new(5, 0x53, 2);
    /// Illegal request: illegal mode for this track.
    const WRONG_TRACK_MODE: Sense = Sense::new(5, 0x64, 0);

    const fn new(key: u8, code: u8, qualifier: u8) -> Sense {
        Sense { key, code: (code, qualifier), block: None }
    }

    /// Medium error: unrecovered read error, at a block.
    pub(crate) fn unreadable(block: u64) -> Sense {
        Sense { block: u32::try_from(block).ok(), ..Sense::new(3, 0x11, 0) }
    }

    /// "Request Sense Standard Data".
    fn data(self) -> Vec<u8> {
        let mut data = vec![0; 18];
        data[0] = 0x70 | u8::from(self.block.is_some()) << 7;
        data[2] = self.key;
        data[3..7].copy_from_slice(&self.block.unwrap_or(0).to_be_bytes());
        data[7] = 10;
        (data[12], data[13]) = self.code;
        data
    }
}

/// What a packet asks the drive to give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Nothing: it is done.
    Done,
    /// These bytes.
    Data(Vec<u8>),
    /// Blocks of the disc.
    Blocks {
        /// The first block.
        first: u32,
        /// How many.
        count: u32,
    },
}

type Outcome = Result<Answer, Sense>;

/// The bytes of a packet.
type Cdb = [u8; PACKET_BYTES];

impl Packet {
    /// Carries a packet out, up to the data that it asks for.
    pub(crate) fn carry_out(&mut self, cdb: &Cdb) -> Outcome {
        if cdb[0] == 0x03 {
            return Ok(self.request_sense(cdb));
        }
        self.sense = Sense::NONE;
        // INQUIRY, GET CONFIGURATION and GET EVENT STATUS NOTIFICATION leave a unit attention for later.
        if !matches!(cdb[0], 0x12 | 0x46 | 0x4A)
            && let Some(attention) = self.attention.take()
        {
            return Err(attention);
        }
        match cdb[0] {
            0x00 => self.disc().map(|_| Answer::Done),
            0x12 => inquiry(cdb),
            0x1A => self.mode_sense(cdb, cdb[4].into(), pages::Header::Six),
            0x1B => self.start_stop(cdb),
            0x1E => {
                self.locked = cdb[4] & 1 != 0;
                Ok(Answer::Done)
            }
            0x25 => self.read_capacity(),
            0x28 => self.read(word(cdb, 2), half(cdb, 7).into()),
            0x2B => self.read(word(cdb, 2), 0),
            0x42 => self.read_sub_channel(cdb),
            0x43 => self.read_toc(cdb),
            0x44 => self.read_header(cdb),
            0x46 => Ok(cut(pages::configuration(cdb, self.has_disc()), half(cdb, 7))),
            0x4A => self.event_status(cdb),
            0x51 => self.disc().map(|_| cut(disc_information(), half(cdb, 7))),
            0x5A => self.mode_sense(cdb, half(cdb, 7), pages::Header::Ten),
            0xA8 => self.read(word(cdb, 2), word(cdb, 6)),
            0xB9 => self.read_cd_msf(cdb),
            // "SET CD SPEED": there is one.
            0xBB => Ok(Answer::Done),
            0xBD => Ok(cut(vec![0; 8], half(cdb, 8))),
            0xBE => self.read_cd(cdb),
            _ => Err(Sense::INVALID_COMMAND),
        }
    }

    /// The blocks of the disc; an error without one.
    fn disc(&self) -> Result<u32, Sense> {
        if self.has_disc() { Ok(self.blocks) } else { Err(Sense::NO_MEDIUM) }
    }

    /// "REQUEST SENSE": tells, and forgets.
    fn request_sense(&mut self, cdb: &Cdb) -> Answer {
        let told = std::mem::replace(&mut self.sense, Sense::NONE);
        let sense = if told == Sense::NONE { self.attention.take().unwrap_or(told) } else { told };
        cut(sense.data(), cdb[4].into())
    }

    /// "START/STOP UNIT": with LoEj the tray moves.
    fn start_stop(&mut self, cdb: &Cdb) -> Outcome {
        match cdb[4] & 3 {
            0b00 => {}
            0b01 => return self.disc().map(|_| Answer::Done),
            0b10 if self.locked => return Err(Sense::LOCKED),
            0b10 => {
                self.event = if self.has_disc() { MEDIA_REMOVAL } else { self.event };
                self.ejected = true;
            }
            _ if self.ejected => {
                self.ejected = false;
                if self.has_disc() {
                    self.event = NEW_MEDIA;
                    self.attention = Some(Sense::MEDIUM_CHANGED);
                }
            }
            _ => {}
        }
        Ok(Answer::Done)
    }

    /// "READ CD-ROM CAPACITY": the last block and the size of a block.
    fn read_capacity(&self) -> Outcome {
        let last = self.disc()? - 1;
        Ok(Answer::Data([last.to_be_bytes(), BLOCK_BYTES.to_be_bytes()].concat()))
    }

    /// "READ(10)", "READ(12)", and "SEEK" with no blocks.
    fn read(&self, first: u32, count: u32) -> Outcome {
        let blocks = self.disc()?;
        let fits = first < blocks && count <= blocks - first;
        if fits { Ok(Answer::Blocks { first, count }) } else { Err(Sense::OUT_OF_RANGE) }
    }

    /// "READ SUB-CHANNEL": no audio plays, and the disc has neither catalogue number nor recording codes.
    fn read_sub_channel(&self, cdb: &Cdb) -> Outcome {
        self.disc()?;
        let mut data = vec![0, NO_AUDIO, 0, 0];
        if cdb[2] & 0x40 != 0 {
            data.push(cdb[3]);
            match cdb[3] {
                0x01 => {
                    data.extend([DATA_TRACK, 1, 1]);
                    data.extend(address(0, cdb[1] & 2 != 0));
                    data.extend([0; 4]);
                }
                0x02 => data.extend([0; 19]),
                0x03 if cdb[6] == 1 => data.extend([&[DATA_TRACK, 1][..], &[0; 17]].concat()),
                _ => return Err(Sense::INVALID_FIELD),
            }
            // At most twenty bytes.
            data[3] = (data.len() - 4) as u8;
        }
        Ok(cut(data, half(cdb, 7)))
    }

    /// "READ CD MSF": from a time up to another.
    fn read_cd_msf(&self, cdb: &Cdb) -> Outcome {
        let block = |at: usize| {
            let [minute, second, frame] = [cdb[at], cdb[at + 1], cdb[at + 2]].map(u32::from);
            let fits = second < 60 && frame < 75;
            let block = ((minute * 60 + second) * 75 + frame).checked_sub(PREGAP);
            block.filter(|_| fits).ok_or(Sense::INVALID_FIELD)
        };
        let first = block(3)?;
        let count = block(6)?.checked_sub(first).ok_or(Sense::INVALID_FIELD)?;
        self.read_user_data(cdb, first, count)
    }

    /// "READ CD": user data of mode 1 only.
    fn read_cd(&self, cdb: &Cdb) -> Outcome {
        let count = u32::from_be_bytes([0, cdb[6], cdb[7], cdb[8]]);
        self.read_user_data(cdb, word(cdb, 2), count)
    }

    fn read_user_data(&self, cdb: &Cdb, first: u32, count: u32) -> Outcome {
        match (cdb[1] >> 2 & 7, cdb[9] & 0xFE, cdb[10] & 7) {
            (0 | 2, 0x10, 0) => self.read(first, count),
            (0 | 2, 0x00, 0) => self.read(first, 0),
            (0 | 2, ..) => Err(Sense::INVALID_FIELD),
            _ => Err(Sense::WRONG_TRACK_MODE),
        }
    }

    /// "READ TOC": format 0 the tracks, 1 the sessions, 2 the raw table; in byte 2, or as SFF-8020i has it in byte 9.
    fn read_toc(&self, cdb: &Cdb) -> Outcome {
        let end = self.disc()?;
        let format = if cdb[2] & 15 != 0 { cdb[2] & 15 } else { cdb[9] >> 6 };
        let msf = cdb[1] & 2 != 0;
        let mut toc = vec![0, 0, 1, 1];
        match format {
            0 if cdb[6] > 1 && cdb[6] != LEAD_OUT => return Err(Sense::INVALID_FIELD),
            0 => {
                if cdb[6] <= 1 {
                    toc.extend(track(1, 0, msf));
                }
                toc.extend(track(LEAD_OUT, end, msf));
            }
            1 => toc.extend(track(1, 0, msf)),
            2 => toc.extend(raw_toc(end)),
            _ => return Err(Sense::INVALID_FIELD),
        }
        set_length(&mut toc, 2);
        Ok(cut(toc, half(cdb, 7)))
    }

    /// "READ HEADER": the block's mode and address.
    fn read_header(&self, cdb: &Cdb) -> Outcome {
        let block = word(cdb, 2);
        self.read(block, 0)?;
        let mut data = vec![1, 0, 0, 0];
        data.extend(address(block, cdb[1] & 2 != 0));
        Ok(cut(data, half(cdb, 7)))
    }

    /// "MODE SENSE": the page control 11b asks for saved values, which there are none of.
    fn mode_sense(&self, cdb: &Cdb, allocation: u16, header: pages::Header) -> Outcome {
        if cdb[2] >> 6 == 3 {
            return Err(Sense::NO_SAVING);
        }
        match pages::mode(cdb[2] & 0x3F, header, self, cdb[2] >> 6 == 1) {
            Some(data) => Ok(cut(data, allocation)),
            None => Err(Sense::INVALID_FIELD),
        }
    }

    /// "GET EVENT STATUS NOTIFICATION": polled, of the media class only.
    fn event_status(&mut self, cdb: &Cdb) -> Outcome {
        if cdb[1] & 1 == 0 {
            return Err(Sense::INVALID_FIELD);
        }
        let media = 1 << 4;
        if cdb[4] & media == 0 {
            return Ok(cut(vec![0, 2, 0x80, media], half(cdb, 7)));
        }
        let status = u8::from(self.has_disc()) << 1 | u8::from(self.ejected);
        let event = std::mem::take(&mut self.event);
        Ok(cut(vec![0, 6, 4, media, event, status, 0, 0], half(cdb, 7)))
    }
}

/// "INQUIRY": a removable CD-ROM device. There are no vital product data.
fn inquiry(cdb: &Cdb) -> Outcome {
    if cdb[1] & 1 != 0 || cdb[2] != 0 {
        return Err(Sense::INVALID_FIELD);
    }
    let mut data = vec![0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0];
    data.extend(b"RINGWALKCD-ROM          1.0 ");
    Ok(cut(data, cdb[4].into()))
}

/// "READ DISC INFORMATION": a finished disc of type CD-ROM, one session, one track. Where another session and its
/// end could be is FFFFFFh.
fn disc_information() -> Vec<u8> {
    let mut data = vec![0; 34];
    data[1] = 32;
    data[2..8].copy_from_slice(&[0x0E, 1, 1, 1, 1, 0]);
    data[16..24].fill(0xFF);
    data
}

/// An address as a block number, or as minutes, seconds and frames.
fn address(block: u32, msf: bool) -> [u8; 4] {
    if !msf {
        return block.to_be_bytes();
    }
    let frames = block.saturating_add(PREGAP);
    // Minutes have a byte; discs end long before that.
    let minutes = (frames / 75 / 60).min(255) as u8;
    [0, minutes, (frames / 75 % 60) as u8, (frames % 75) as u8]
}

/// A track descriptor of the table of contents.
fn track(number: u8, block: u32, msf: bool) -> Vec<u8> {
    let mut descriptor = vec![0, DATA_TRACK, number, 0];
    descriptor.extend(address(block, msf));
    descriptor
}

/// The entries A0h to A2h and 1 of the lead-in's Q channel.
fn raw_toc(end: u32) -> Vec<u8> {
    let time = |block: u32| {
        let [_, minute, second, frame] = address(block, true);
        [minute, second, frame]
    };
    let points = [(0xA0, [1, 0, 0]), (0xA1, [1, 0, 0]), (0xA2, time(end)), (1, time(0))];
    let entry =
        |(point, [minute, second, frame]): (u8, [u8; 3])| [1, DATA_TRACK, 0, point, 0, 0, 0, 0, minute, second, frame];
    points.into_iter().flat_map(entry).collect()
}

/// Sets the length in the first bytes: what follows them.
fn set_length(data: &mut [u8], bytes: usize) {
    let length = (data.len() - bytes).to_be_bytes();
    let from = length.len() - bytes;
    data[..bytes].copy_from_slice(&length[from..]);
}

/// Data cut to the allocation length.
fn cut(mut data: Vec<u8>, allocation: u16) -> Answer {
    data.truncate(allocation.into());
    if data.is_empty() { Answer::Done } else { Answer::Data(data) }
}

fn half(cdb: &Cdb, at: usize) -> u16 {
    u16::from_be_bytes([cdb[at], cdb[at + 1]])
}

fn word(cdb: &Cdb, at: usize) -> u32 {
    u32::from_be_bytes([cdb[at], cdb[at + 1], cdb[at + 2], cdb[at + 3]])
}
