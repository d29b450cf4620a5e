//! The commands of the 82077AA. Datasheet (order number 290166), "Command Set/Descriptions", "Status Registers 0 to 3",
//! "Data Transfer Commands", "Control Commands".
//!
//! Images hold data in sectors of 512 bytes with the usual IDs: FORMAT TRACK fills the sectors whose IDs the image can
//! hold. They have no room for deleted data marks: those that WRITE DELETED DATA sets are kept beside the image, as long
//! as the machine is.

use ringwalk_mmu::{Disk, Memory, SECTOR_BYTES};
use serde::{Deserialize, Serialize};

use super::media::Format;
use super::{
    ABNORMAL, COMMAND_US, Drive, EQUIPMENT_CHECK, Fdc, IMPLIED_SEEK, INVALID, Phase, READY_CHANGED, RECALIBRATE_STEPS,
    SECTOR_US, SEEK_END, Work,
};
use crate::Cx;

/// ST1: end of cylinder, data error, no data, not writable, missing address mark.
const END_OF_CYLINDER: u8 = 1 << 7;
const DATA_ERROR: u8 = 1 << 5;
const NO_DATA: u8 = 1 << 2;
const NOT_WRITABLE: u8 = 1 << 1;
const MISSING_MARK: u8 = 1 << 0;
/// ST2: control mark, data error in the data field, wrong cylinder, bad cylinder.
const CONTROL_MARK: u8 = 1 << 6;
const DATA_FIELD: u8 = 1 << 5;
const WRONG_CYLINDER: u8 = 1 << 4;
const BAD_CYLINDER: u8 = 1 << 1;

/// Flags in the first byte of a command.
const MULTI_TRACK: u8 = 1 << 7;
const MFM: u8 = 1 << 6;
const SKIP: u8 = 1 << 5;
/// RELATIVE SEEK, and its direction: inwards.
const RELATIVE: u8 = 1 << 7;
const INWARDS: u8 = 1 << 6;

/// The sector size code of 512 bytes.
const SIZE_512: u8 = 2;
/// The cylinder that a head can reach at most.
const LAST_CYLINDER: u8 = 84;

/// What a data transfer command does with a sector.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum Kind {
    #[default]
    Read,
    ReadDeleted,
    ReadTrack,
    Write,
    Verify,
    Format,
    WriteDeleted,
}

/// A data transfer in progress.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Transfer {
    kind: Kind,
    /// DS and HDS of the command.
    drive: u8,
    head: u8,
    /// The ID of the sector that is looked for: cylinder, head, sector, size code.
    id: [u8; 4],
    end_of_track: u8,
    flags: u8,
    /// VERIFY with EC: sectors to come.
    count: Option<u8>,
    /// FORMAT TRACK: the fill byte.
    fill: u8,
    /// TC came.
    pub(super) ended: bool,
    /// A sector with the other data mark was met.
    control_mark: bool,
}

/// How a data transfer ends: ST0's upper bits, ST1, ST2.
type Ending = (u8, u8, u8);

const NORMAL: Ending = (0, 0, 0);

/// How many bytes a command has, from its first.
pub(super) fn length(first: u8) -> usize {
    match first & 0x1F {
        0x02 | 0x05 | 0x06 | 0x09 | 0x0C | 0x16 => 9,
        0x0D => 6,
        0x13 => 4,
        0x03 | 0x0F => 3,
        0x04 | 0x07 | 0x0A | 0x12 => 2,
        _ => 1,
    }
}

impl Fdc {
    /// All bytes of a command have come.
    pub(super) fn execute(&mut self, cx: &mut Cx<'_>) {
        let mut c = [0; 9];
        c.iter_mut().zip(&self.command).for_each(|(to, from)| *to = *from);
        match c[0] & 0x1F {
            0x02 => self.begin_transfer(Kind::ReadTrack, c, cx),
            0x03 => self.specify = [c[1], c[2]],
            0x04 => self.sense_drive(c[1]),
            0x05 => self.begin_transfer(Kind::Write, c, cx),
            0x09 => self.begin_transfer(Kind::WriteDeleted, c, cx),
            0x06 => self.begin_transfer(Kind::Read, c, cx),
            0x07 => self.recalibrate(c[1] & 3, cx),
            0x08 => self.sense_interrupt(),
            0x0A => self.read_id(c, cx),
            0x0C => self.begin_transfer(Kind::ReadDeleted, c, cx),
            0x0D => self.begin_format(c, cx),
            0x0E => self.dump_registers(),
            0x0F => self.seek_command(c, cx),
            0x10 => self.answer(&[0x90], false),
            0x12 => self.set_perpendicular(c[1]),
            0x13 => self.configure = [c[2], c[3]],
            0x14 => {
                self.locked = c[0] & 0x80 != 0;
                self.answer(&[u8::from(self.locked) << 4], false);
            }
            0x16 => self.begin_transfer(Kind::Verify, c, cx),
            _ => self.answer(&[INVALID], false),
        }
        if matches!(self.phase, Phase::Busy(_, Work::Execute)) {
            self.expect_command();
        }
    }

    /// "Sense Drive Status": ST3. Bits 5 and 3 are always set.
    fn sense_drive(&mut self, select: u8) {
        let drive = self.drives[usize::from(select & 3)];
        let protected = drive.disk.is_some_and(|disk| disk.write_protected);
        let track_0 = drive.present && drive.cylinder == 0;
        self.answer(&[0x28 | u8::from(protected) << 6 | u8::from(track_0) << 4 | select & 7], false);
    }

    /// "Sense Interrupt Status": ST0 and PCN of a drive that has something to tell; without one an invalid command.
    fn sense_interrupt(&mut self) {
        let told = self.drives.iter_mut().find_map(|drive| Some([drive.interrupt.take()?, drive.pcn]));
        // The four of a reset are one interrupt; two seeks are two.
        let seeks = |drive: &Drive| drive.interrupt.is_some_and(|status| status & READY_CHANGED != READY_CHANGED);
        self.interrupt = self.drives.iter().any(seeks);
        match told {
            Some(result) => self.answer(&result, false),
            None => self.answer(&[INVALID], false),
        }
    }

    /// "Dumpreg".
    fn dump_registers(&mut self) {
        let pcn = self.drives.map(|drive| drive.pcn);
        let lock = u8::from(self.locked) << 7 | self.perpendicular;
        let [srt, hlt] = self.specify;
        let [config, precompensation] = self.configure;
        self.answer(&[&pcn[..], &[srt, hlt, self.end_of_track, lock, config, precompensation]].concat(), false);
    }

    /// "Perpendicular Mode": OW lets D0 to D3 change.
    fn set_perpendicular(&mut self, value: u8) {
        let writable = if value & 0x80 != 0 { 0x3F } else { 0x03 };
        self.perpendicular = (self.perpendicular & !writable) | value & writable;
    }

    /// "Recalibrate": out until TRK0, at most 79 steps.
    fn recalibrate(&mut self, number: u8, cx: &Cx<'_>) {
        let drive = &mut self.drives[usize::from(number)];
        drive.pcn = 0;
        let arrives = drive.present && drive.cylinder <= RECALIBRATE_STEPS;
        let status = if arrives { SEEK_END } else { ABNORMAL | SEEK_END | EQUIPMENT_CHECK };
        let cylinder = drive.cylinder.saturating_sub(RECALIBRATE_STEPS);
        self.seek(number, cylinder, status, cx);
    }

    /// "Seek" and "Relative Seek": as many steps as the chip thinks are needed.
    fn seek_command(&mut self, c: [u8; 9], cx: &Cx<'_>) {
        let drive = &mut self.drives[usize::from(c[1] & 3)];
        let was = drive.pcn;
        drive.pcn = match (c[0] & RELATIVE != 0, c[0] & INWARDS != 0) {
            (false, _) => c[2],
            (true, true) => was.wrapping_add(c[2]),
            (true, false) => was.wrapping_sub(c[2]),
        };
        let steps = match c[0] & (RELATIVE | INWARDS) {
            RELATIVE => -i16::from(c[2]),
            0 | INWARDS => i16::from(c[2]) - i16::from(was),
            _ => i16::from(c[2]),
        };
        let cylinder = (i16::from(drive.cylinder) + steps).clamp(0, LAST_CYLINDER.into());
        // In range by the clamp; the head select goes into ST0.
        self.seek(c[1] & 3, cylinder as u8, SEEK_END | c[1] & 4, cx);
    }

    /// The format under the selected head, or how the command ends without one. `None` if no disk turns.
    fn track(&self, transfer: &Transfer) -> Option<Result<Format, Ending>> {
        let drive = &self.drives[usize::from(transfer.drive)];
        let format = drive.format().filter(|_| self.motor(transfer.drive))?;
        let readable = format.has_rate(self.rate & 3) && transfer.flags & MFM != 0;
        let there = drive.cylinder < format.cylinders && transfer.head < format.heads;
        Some(if readable && there { Ok(format) } else { Err((ABNORMAL, MISSING_MARK, 0)) })
    }

    /// "Read ID": the next sector that comes by.
    fn read_id(&mut self, c: [u8; 9], cx: &Cx<'_>) {
        let mut transfer = Transfer { drive: c[1] & 3, head: c[1] >> 2 & 1, flags: c[0], ..Transfer::default() };
        let ending = match self.track(&transfer) {
            None => return self.phase = Phase::Hung,
            Some(Err(ending)) => ending,
            Some(Ok(format)) => {
                let passed = cx.rate(1_000_000 / SECTOR_US).ticks_at(cx.now) % u64::from(format.sectors);
                let cylinder = self.drives[usize::from(transfer.drive)].cylinder;
                // Below the sectors of a track.
                transfer.id = [cylinder, transfer.head, passed as u8 + 1, SIZE_512];
                NORMAL
            }
        };
        self.transfer = transfer;
        self.finish(ending);
    }

    /// The nine bytes of a data transfer command: DS and HDS, the ID, EOT, GPL, DTL or SC.
    fn begin_transfer(&mut self, kind: Kind, c: [u8; 9], cx: &mut Cx<'_>) {
        let count = (kind == Kind::Verify && c[1] & 0x80 != 0).then_some(c[8]);
        let id = [c[2], c[3], if kind == Kind::ReadTrack { 1 } else { c[4] }, c[5]];
        let (drive, head) = (c[1] & 3, c[1] >> 2 & 1);
        self.end_of_track = c[6];
        self.transfer =
            Transfer { kind, drive, head, id, end_of_track: c[6], flags: c[0], count, ..Transfer::default() };
        if self.configure[0] & IMPLIED_SEEK != 0 {
            let drive = &mut self.drives[usize::from(drive)];
            drive.pcn = c[2];
            drive.step_to(c[2].min(LAST_CYLINDER));
        }
        self.find_sector(cx);
    }

    /// Looks for the sector of the ID, and offers or asks for its data.
    fn find_sector(&mut self, cx: &mut Cx<'_>) {
        let format = match self.track(&self.transfer) {
            None => return self.phase = Phase::Hung,
            Some(Err(ending)) => return self.finish(ending),
            Some(Ok(format)) => format,
        };
        if let Err(ending) = self.check_id(&format) {
            return self.finish(ending);
        }
        match self.transfer.kind {
            Kind::Write | Kind::WriteDeleted => self.ask(SECTOR_BYTES),
            Kind::Verify => self.busy(SECTOR_US, Work::Sector, cx),
            Kind::Read | Kind::ReadDeleted if self.has_other_mark(&format) && self.transfer.flags & SKIP != 0 => {
                self.busy(SECTOR_US, Work::Sector, cx);
            }
            Kind::Read | Kind::ReadDeleted | Kind::ReadTrack | Kind::Format => self.load_sector(&format, cx.memory),
        }
    }

    /// The current sector's number on its drive.
    fn sector_number(&self, format: &Format) -> Option<(u8, u16)> {
        let [cylinder, _, sector, _] = self.transfer.id;
        let place = format.place(cylinder, self.transfer.head, sector)?;
        Some((self.transfer.drive, u16::try_from(place).ok()?))
    }

    /// True if the current sector's data mark is not the one that the command reads.
    fn has_other_mark(&self, format: &Format) -> bool {
        let deleted = self.sector_number(format).is_some_and(|number| self.deleted.contains(&number));
        match self.transfer.kind {
            Kind::Read => deleted,
            Kind::ReadDeleted => !deleted,
            _ => false,
        }
    }

    fn check_id(&self, format: &Format) -> Result<(), Ending> {
        let transfer = &self.transfer;
        let drive = &self.drives[usize::from(transfer.drive)];
        let writes = matches!(transfer.kind, Kind::Write | Kind::WriteDeleted);
        if writes && drive.disk.is_some_and(|disk| disk.write_protected) {
            return Err((ABNORMAL, NOT_WRITABLE, 0));
        }
        let [cylinder, head, sector, size] = transfer.id;
        if cylinder != drive.cylinder {
            let bad = if cylinder == 0xFF { BAD_CYLINDER } else { 0 };
            return Err((ABNORMAL, NO_DATA, WRONG_CYLINDER | bad));
        }
        let found = head == transfer.head && size == SIZE_512 && (1..=format.sectors).contains(&sector);
        if found { Ok(()) } else { Err((ABNORMAL, NO_DATA, 0)) }
    }

    fn load_sector(&mut self, format: &Format, memory: &mut Memory) {
        let [cylinder, _, sector, _] = self.transfer.id;
        let place = format.place(cylinder, self.transfer.head, sector);
        let mut buffer = vec![0; SECTOR_BYTES];
        let read = disk(memory, self.transfer.drive).and_then(|disk| disk.read(place.unwrap_or(0), &mut buffer));
        if let Err(trouble) = read {
            memory.host_trouble = Some(trouble);
            return self.finish((ABNORMAL, DATA_ERROR, DATA_FIELD));
        }
        self.buffer = buffer;
        self.position = 0;
        self.phase = Phase::ToHost;
    }

    fn ask(&mut self, bytes: usize) {
        self.buffer = vec![0; bytes];
        self.position = 0;
        self.phase = Phase::FromHost;
    }

    /// The host's bytes go to the disk; behind TC a sector is filled with zeros.
    pub(super) fn store_sector(&mut self, cx: &mut Cx<'_>) {
        let drive = self.transfer.drive;
        let Some(Ok(format)) = self.track(&self.transfer) else {
            return self.finish((ABNORMAL | EQUIPMENT_CHECK, 0, 0));
        };
        if self.transfer.kind == Kind::Format {
            return self.format_track(&format, cx.memory);
        }
        let [cylinder, _, sector, _] = self.transfer.id;
        let place = format.place(cylinder, self.transfer.head, sector);
        if let Err(trouble) = write(cx.memory, drive, place, &self.buffer) {
            cx.memory.host_trouble = Some(trouble);
            return self.finish((ABNORMAL | EQUIPMENT_CHECK, 0, 0));
        }
        match (self.sector_number(&format), self.transfer.kind) {
            (Some(number), Kind::WriteDeleted) => drop(self.deleted.insert(number)),
            (Some(number), _) => drop(self.deleted.remove(&number)),
            (None, _) => {}
        }
        self.next_sector(cx);
    }

    /// A sector is done: the command ends, or goes on with the next. With a mark that was not asked for it ends behind
    /// that sector, whose ID is then told, unless such are skipped (tables 5-4 and 5-5, "Skip Bit vs READ DATA Command"
    /// and "Skip Bit vs READ DELETED DATA Command").
    pub(super) fn next_sector(&mut self, cx: &mut Cx<'_>) {
        let kind = self.transfer.kind;
        if let Some(Ok(format)) = self.track(&self.transfer)
            && self.has_other_mark(&format)
        {
            self.transfer.control_mark = true;
            if self.transfer.flags & SKIP == 0 {
                return self.finish(NORMAL);
            }
        }
        let at_end = self.pass_id();
        let counted = self.transfer.count.as_mut().is_some_and(|count| {
            *count = count.wrapping_sub(1);
            *count == 0
        });
        match kind {
            _ if self.transfer.ended || counted => self.finish(NORMAL),
            Kind::ReadTrack if at_end => self.finish(NORMAL),
            Kind::Verify if at_end && self.transfer.count.is_none() => self.finish(NORMAL),
            _ if at_end => self.finish((ABNORMAL, END_OF_CYLINDER, 0)),
            _ => self.find_sector(cx),
        }
    }

    /// The ID behind the current one, as the result tells it; true if the command has no further sector.
    fn pass_id(&mut self) -> bool {
        let transfer = &mut self.transfer;
        let [cylinder, head, sector, _] = &mut transfer.id;
        if *sector != transfer.end_of_track {
            *sector = sector.wrapping_add(1);
            return false;
        }
        *sector = 1;
        let multi = transfer.flags & MULTI_TRACK != 0 && transfer.kind != Kind::ReadTrack;
        if multi && transfer.head == 0 {
            (transfer.head, *head) = (1, *head ^ 1);
            return false;
        }
        if multi {
            *head ^= 1;
        }
        *cylinder = cylinder.wrapping_add(1);
        true
    }

    /// "Format Track": four bytes for each sector's ID come from the host.
    fn begin_format(&mut self, c: [u8; 9], cx: &Cx<'_>) {
        let (drive, head) = (c[1] & 3, c[1] >> 2 & 1);
        let id = [0, 0, 0, c[2]];
        self.end_of_track = c[3];
        self.transfer =
            Transfer { kind: Kind::Format, drive, head, id, flags: c[0], fill: c[5], ..Transfer::default() };
        let protected = self.drives[usize::from(drive)].disk.is_some_and(|disk| disk.write_protected);
        match self.track(&self.transfer) {
            None => self.phase = Phase::Hung,
            Some(_) if protected => self.finish((ABNORMAL, NOT_WRITABLE, 0)),
            // The image has no room for such a track.
            Some(Err(_)) => self.finish((ABNORMAL | EQUIPMENT_CHECK, 0, 0)),
            Some(Ok(_)) if c[3] == 0 => self.busy(COMMAND_US, Work::Store, cx),
            Some(Ok(_)) => self.ask(4 * usize::from(c[3])),
        }
    }

    fn format_track(&mut self, format: &Format, memory: &mut Memory) {
        let transfer = &self.transfer;
        let here = self.drives[usize::from(transfer.drive)].cylinder;
        let mut formatted = Vec::new();
        for id in self.buffer.chunks_exact(4).take(self.position as usize / 4) {
            let holds = id[0] == here && id[1] == transfer.head && id[3] == SIZE_512 && transfer.id[3] == SIZE_512;
            let Some(place) = format.place(here, transfer.head, id[2]).filter(|_| holds) else { continue };
            if let Err(trouble) = write(memory, transfer.drive, Some(place), &[transfer.fill; SECTOR_BYTES]) {
                memory.host_trouble = Some(trouble);
                return self.finish((ABNORMAL | EQUIPMENT_CHECK, 0, 0));
            }
            formatted.extend(u16::try_from(place).ok());
        }
        let drive = self.transfer.drive;
        self.deleted.retain(|(on, sector)| *on != drive || !formatted.contains(sector));
        self.finish(NORMAL);
    }

    /// The result phase of a data transfer command: ST0, ST1, ST2, and the ID.
    fn finish(&mut self, (st0, st1, st2): Ending) {
        let Transfer { drive, head, id: [c, h, r, n], control_mark, .. } = self.transfer;
        let mark = if control_mark { CONTROL_MARK } else { 0 };
        self.answer(&[st0 | head << 2 | drive, st1, st2 | mark, c, h, r, n], true);
    }
}

fn disk(memory: &Memory, drive: u8) -> Result<&Disk, String> {
    let floppy = memory.floppies.get(usize::from(drive)).and_then(Option::as_ref);
    floppy.ok_or_else(|| format!("floppy drive {drive} has no medium"))
}

/// Writes a sector; past the end of a short image nothing is kept.
fn write(memory: &mut Memory, drive: u8, place: Option<u64>, bytes: &[u8]) -> Result<(), String> {
    let floppy = memory.floppies.get_mut(usize::from(drive)).and_then(Option::as_mut);
    let floppy = floppy.ok_or_else(|| format!("floppy drive {drive} has no medium"))?;
    match place.filter(|place| *place < floppy.sectors()) {
        Some(place) => floppy.write(place, bytes),
        None => Ok(()),
    }
}
