//! Floppy disk controller: Intel *82077AA CHMOS Single-Chip Floppy Disk Controller* datasheet (order number 290166),
//! in PC/AT mode: registers, phases, seeks, interrupts. What the commands do is in [`command`], the formats of disks
//! in [`media`].
//!
//! Chosen here: steps and sectors take a few virtual microseconds instead of milliseconds, whatever SRT, HUT and HLT of
//! SPECIFY say; a host that serves the FIFO late loses nothing (no overrun). As on the chip, a command that looks for a sector never ends while no disk
//! turns: only a reset helps. SCAN commands are not there and end as invalid.

use std::collections::BTreeSet;

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::config::FloppyConfig;
use crate::dma::DmaCycle;
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

#[path = "fdc_command.rs"]
mod command;
#[path = "fdc_media.rs"]
mod media;
#[cfg(test)]
#[path = "fdc_tests.rs"]
mod tests;

use command::Transfer;
use media::Format;

const IRQ: u8 = 6;
const DMA_CHANNEL: u8 = 2;

/// DOR bit 2: 0 holds the chip in reset.
const DOR_RUNS: u8 = 1 << 2;
/// DOR bit 3: INT and DRQ are connected.
const DOR_DMA_GATE: u8 = 1 << 3;
/// DSR bit 7: reset that ends by itself.
const DSR_RESET: u8 = 1 << 7;
/// DSR after a hardware reset: 250 kbit/s.
const DSR_DEFAULT: u8 = 0x02;
/// DIR bit 7; the other bits are not driven.
const DIR_CHANGED: u8 = 0xFF;
const DIR_UNCHANGED: u8 = 0x7F;

/// MSR bits: a byte can pass; it goes to the host; execution without DMA; a command is busy.
const RQM: u8 = 1 << 7;
const DIO: u8 = 1 << 6;
const NON_DMA: u8 = 1 << 5;
const CMD_BUSY: u8 = 1 << 4;

/// Latencies in microseconds, far below those of real drives.
const RESET_US: u64 = 50;
const COMMAND_US: u64 = 20;
const SECTOR_US: u64 = 20;
const STEP_US: u64 = 5;

/// CONFIGURE: implied seeks; polling off; FIFO off.
const IMPLIED_SEEK: u8 = 1 << 6;
const FIFO_OFF: u8 = 1 << 5;
const POLLING_OFF: u8 = 1 << 4;

/// ST0: abnormal end, invalid command, ready changed (bits 7-6); seek end; equipment check.
const ABNORMAL: u8 = 0x40;
const INVALID: u8 = 0x80;
const READY_CHANGED: u8 = 0xC0;
const SEEK_END: u8 = 1 << 5;
const EQUIPMENT_CHECK: u8 = 1 << 4;

/// The steps that RECALIBRATE makes at most.
const RECALIBRATE_STEPS: u8 = 79;

/// What the chip is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Phase {
    /// DOR holds it in reset.
    Reset,
    /// Taking the bytes of a command.
    Command,
    /// Busy until then.
    Busy(Instant, Work),
    /// The buffer goes to the host.
    ToHost,
    /// The buffer comes from the host.
    FromHost,
    /// Giving the bytes of a result.
    Result,
    /// Waiting for index pulses that do not come.
    Hung,
}

/// What ends a busy phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Work {
    /// Reset.
    Start,
    /// The command's execution begins.
    Execute,
    /// The next sector is looked for.
    Sector,
    /// The filled buffer goes to the disk.
    Store,
}

/// One of the four drives that the chip knows; two are there at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Drive {
    /// The disk in it.
    disk: Option<FloppyConfig>,
    /// A drive is there.
    present: bool,
    /// Where the head is.
    cylinder: u8,
    /// PCN: where the chip thinks it is.
    pcn: u8,
    /// The disk change line.
    changed: bool,
    /// A seek under way: until then, with this ST0.
    seek: Option<(Instant, u8)>,
    /// ST0 for SENSE INTERRUPT STATUS.
    interrupt: Option<u8>,
}

impl Drive {
    fn format(&self) -> Option<Format> {
        self.disk.as_ref().and_then(Format::of)
    }

    /// Steps the head. A step with a disk in the drive takes the disk change line back.
    fn step_to(&mut self, cylinder: u8) {
        if cylinder != self.cylinder && self.disk.is_some_and(|disk| disk.sectors > 0) {
            self.changed = false;
        }
        self.cylinder = cylinder;
    }
}

/// The controller with its drives.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fdc {
    drives: [Drive; 4],
    dor: u8,
    /// TDR, bits 1-0.
    tape: u8,
    /// DSR; CCR writes its bits 1-0 too.
    rate: u8,
    phase: Phase,
    /// The command's bytes that have come.
    command: Vec<u8>,
    /// The result's bytes, and how many have gone.
    result: Vec<u8>,
    /// Execution data, and how much of them has passed.
    buffer: Vec<u8>,
    position: u32,
    transfer: Transfer,
    /// INT.
    interrupt: bool,
    /// SPECIFY: SRT and HUT; HLT and ND.
    specify: [u8; 2],
    /// CONFIGURE: the second byte and PRETRK.
    configure: [u8; 2],
    locked: bool,
    /// PERPENDICULAR MODE: D3-D0, GAP, WGATE.
    perpendicular: u8,
    /// The last EOT or SC, for DUMPREG.
    end_of_track: u8,
    /// Sectors with a deleted data mark, by drive and number.
    deleted: BTreeSet<(u8, u16)>,
}

impl Default for Fdc {
    fn default() -> Fdc {
        Fdc::new([None, None])
    }
}

impl Fdc {
    /// The controller at power-on with its drives.
    pub(crate) fn new(floppies: [Option<FloppyConfig>; 2]) -> Fdc {
        let mut drives = [Drive::default(); 4];
        for (drive, disk) in drives.iter_mut().zip(floppies) {
            *drive = Drive { disk, present: disk.is_some(), changed: true, ..Drive::default() };
        }
        Fdc {
            drives,
            dor: 0,
            tape: 0,
            rate: DSR_DEFAULT,
            phase: Phase::Reset,
            command: Vec::new(),
            result: Vec::new(),
            buffer: Vec::new(),
            position: 0,
            transfer: Transfer::default(),
            interrupt: false,
            specify: [0; 2],
            configure: [FIFO_OFF, 0],
            locked: false,
            perpendicular: 0,
            end_of_track: 0,
            deleted: BTreeSet::new(),
        }
    }

    fn busy(&mut self, micros: u64, work: Work, cx: &Cx<'_>) {
        self.phase = Phase::Busy(after(micros, cx), work);
    }

    /// A reset by DOR or DSR. LOCK keeps the FIFO's settings.
    fn software_reset(&mut self) {
        self.drives.iter_mut().for_each(|drive| (drive.seek, drive.interrupt, drive.pcn) = (None, None, 0));
        (self.command, self.result, self.buffer) = (Vec::new(), Vec::new(), Vec::new());
        self.interrupt = false;
        self.perpendicular &= 0x3C;
        if !self.locked {
            self.configure = [FIFO_OFF, 0];
        } else {
            self.configure[0] &= FIFO_OFF | 0x0F;
        }
    }

    /// "Drive Polling": after a reset the drives' ready lines seem to have changed, all four.
    fn end_reset(&mut self) {
        self.phase = Phase::Command;
        if self.configure[0] & POLLING_OFF != 0 {
            return;
        }
        for (number, drive) in (0..).zip(&mut self.drives) {
            drive.interrupt = Some(READY_CHANGED | number);
        }
        self.interrupt = true;
    }

    fn write_dor(&mut self, value: u8, cx: &Cx<'_>) {
        let was = std::mem::replace(&mut self.dor, value);
        match (was & DOR_RUNS != 0, value & DOR_RUNS != 0) {
            (true, false) => {
                self.software_reset();
                self.phase = Phase::Reset;
            }
            (false, true) => self.busy(RESET_US, Work::Start, cx),
            _ => {}
        }
    }

    fn write_dsr(&mut self, value: u8, cx: &Cx<'_>) {
        self.rate = value & !DSR_RESET;
        if value & DSR_RESET != 0 && self.phase != Phase::Reset {
            self.software_reset();
            self.busy(RESET_US, Work::Start, cx);
        }
    }

    /// The main status register.
    fn status(&self) -> u8 {
        let seeking = (0..).zip(&self.drives).filter(|(_, drive)| drive.seek.is_some());
        let seeking = seeking.fold(0, |bits, (number, _): (u8, _)| bits | 1 << number);
        let non_dma = if self.without_dma() { RQM | NON_DMA } else { 0 };
        let phase = match self.phase {
            Phase::Reset | Phase::Busy(_, Work::Start) => 0,
            Phase::Command if self.command.is_empty() => RQM,
            Phase::Command => RQM | CMD_BUSY,
            Phase::Busy(..) | Phase::Hung => CMD_BUSY,
            Phase::ToHost => CMD_BUSY | if non_dma != 0 { non_dma | DIO } else { 0 },
            Phase::FromHost => CMD_BUSY | non_dma,
            Phase::Result => RQM | DIO | CMD_BUSY,
        };
        phase | seeking
    }

    fn without_dma(&self) -> bool {
        self.specify[1] & 1 != 0
    }

    /// DIR: the disk change line of the selected drive, while its motor turns.
    fn disk_changed(&self) -> bool {
        let drive = &self.drives[usize::from(self.dor & 3)];
        drive.present && self.motor(self.dor & 3) && drive.changed
    }

    fn motor(&self, drive: u8) -> bool {
        self.dor & 0x10 << (drive & 3) != 0
    }

    fn read_fifo(&mut self, cx: &Cx<'_>) -> u8 {
        match self.phase {
            Phase::ToHost if self.without_dma() => {
                let byte = self.buffer.get(self.position as usize).copied().unwrap_or(0xFF);
                self.pass(false, cx);
                byte
            }
            Phase::Result => {
                self.interrupt = false;
                let byte = self.result.get(self.position as usize).copied().unwrap_or(0xFF);
                self.position = self.position.saturating_add(1);
                if self.position as usize >= self.result.len() {
                    self.expect_command();
                }
                byte
            }
            _ => 0xFF,
        }
    }

    fn write_fifo(&mut self, value: u8, cx: &Cx<'_>) {
        match self.phase {
            Phase::FromHost if self.without_dma() => {
                self.put(value);
                self.pass(false, cx);
            }
            Phase::Command => {
                self.command.push(value);
                if self.command.len() >= command::length(self.command[0]) {
                    self.busy(COMMAND_US, Work::Execute, cx);
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, value: u8) {
        if let Some(byte) = self.buffer.get_mut(self.position as usize) {
            *byte = value;
        }
    }

    fn expect_command(&mut self) {
        self.phase = Phase::Command;
        (self.command, self.result, self.buffer) = (Vec::new(), Vec::new(), Vec::new());
        self.position = 0;
    }

    /// A byte of execution data has passed; with the last one, or at TC, the buffer is done with.
    fn pass(&mut self, terminal_count: bool, cx: &Cx<'_>) {
        self.position = self.position.saturating_add(1);
        self.transfer.ended |= terminal_count;
        if !terminal_count && (self.position as usize) < self.buffer.len() {
            return;
        }
        let work = if self.phase == Phase::FromHost { Work::Store } else { Work::Sector };
        self.busy(SECTOR_US, work, cx);
    }

    /// Offers the bytes of a result, with an interrupt if the command has an execution phase.
    fn answer(&mut self, result: &[u8], interrupt: bool) {
        self.result = result.to_vec();
        self.buffer = Vec::new();
        self.position = 0;
        self.phase = Phase::Result;
        self.interrupt |= interrupt;
    }

    /// Moves a head; the interrupt comes when it has arrived.
    fn seek(&mut self, number: u8, cylinder: u8, status: u8, cx: &Cx<'_>) {
        let drive = &mut self.drives[usize::from(number & 3)];
        let steps = u64::from(drive.cylinder.abs_diff(cylinder)) + 1;
        drive.step_to(cylinder);
        drive.seek = Some((after(steps * STEP_US, cx), status | number & 3));
    }

    fn end_seeks(&mut self, now: Instant) {
        for drive in &mut self.drives {
            if let Some((_, status)) = drive.seek.take_if(|(until, _)| *until <= now) {
                drive.interrupt = Some(status);
                self.interrupt = true;
            }
        }
    }

    fn drive_lines(&self, cx: &mut Cx<'_>) {
        let gate = self.dor & DOR_DMA_GATE != 0;
        let moves = matches!(self.phase, Phase::ToHost | Phase::FromHost);
        let serves = moves && self.without_dma();
        cx.lines.set_irq(IRQ, gate && (self.interrupt || serves));
        cx.lines.set_dreq(DMA_CHANNEL, gate && moves && !self.without_dma());
    }

    fn read_byte(&mut self, reg: Reg, cx: &Cx<'_>) -> u8 {
        match (reg.range, reg.offset) {
            (0, 2) => self.dor,
            (0, 3) => self.tape | 0xFC,
            (0, 4) => self.status(),
            (0, 5) => self.read_fifo(cx),
            (1, 0) if self.disk_changed() => DIR_CHANGED,
            (1, 0) => DIR_UNCHANGED,
            // SRA and SRB exist in PS/2 mode only.
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, reg: Reg, value: u8, cx: &Cx<'_>) {
        match (reg.range, reg.offset) {
            (0, 2) => self.write_dor(value, cx),
            (0, 3) => self.tape = value & 3,
            (0, 4) => self.write_dsr(value, cx),
            (0, 5) => self.write_fifo(value, cx),
            (1, 0) => self.rate = self.rate & !3 | value & 3,
            _ => {}
        }
    }
}

/// The moment so many microseconds from now.
fn after(micros: u64, cx: &Cx<'_>) -> Instant {
    Instant(cx.now.0.saturating_add(cx.rate(1_000_000).instant_of(micros).0.max(1)))
}

impl Device for Fdc {
    /// Port 3F6h is the IDE interface's.
    fn ranges(&self) -> Ranges {
        Ranges::ports([("controller", 0x3F0, 6), ("DIR and CCR", 0x3F7, 1)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let value = byte_wide::read(reg, size, |reg| self.read_byte(reg, cx));
        self.drive_lines(cx);
        value
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        byte_wide::write(reg, size, value, |reg, byte| self.write_byte(reg, byte, cx));
        self.drive_lines(cx);
    }

    fn dma(&mut self, cycle: &mut DmaCycle, cx: &mut Cx<'_>) {
        match self.phase {
            Phase::ToHost => {
                cycle.data = self.buffer.get(self.position as usize).copied().unwrap_or(0xFF).into();
                self.pass(cycle.terminal_count, cx);
            }
            Phase::FromHost => {
                // A byte channel.
                self.put(cycle.data as u8);
                self.pass(cycle.terminal_count, cx);
            }
            _ => {}
        }
        self.drive_lines(cx);
    }

    fn due(&self) -> Option<Instant> {
        let seeks = self.drives.iter().filter_map(|drive| drive.seek.map(|(until, _)| until)).min();
        match self.phase {
            Phase::Busy(until, _) => Some(seeks.map_or(until, |seek| seek.min(until))),
            _ => seeks,
        }
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        self.end_seeks(cx.now);
        if let Phase::Busy(until, work) = self.phase
            && until <= cx.now
        {
            match work {
                Work::Start => self.end_reset(),
                Work::Execute => self.execute(cx),
                Work::Sector => self.next_sector(cx),
                Work::Store => self.store_sector(cx),
            }
        }
        self.drive_lines(cx);
    }

    /// The drives and their disks do not notice a hardware reset.
    fn reset(&mut self) {
        let drives = self.drives;
        *self = Fdc { deleted: std::mem::take(&mut self.deleted), ..Fdc::new([None, None]) };
        for (drive, was) in self.drives.iter_mut().zip(drives) {
            *drive = Drive { pcn: 0, seek: None, interrupt: None, ..was };
        }
    }

    fn show(&self) -> View {
        let (dor, status, rate) = (self.dor, self.status(), self.rate);
        let mut view = View::default()
            .row("registers", format!("DOR {dor:02X}, MSR {status:02X}, DSR {rate:02X}"))
            .row("phase", format!("{:?}", self.phase))
            .row("command", format!("{:02X?}", self.command));
        for (number, drive) in self.drives.iter().enumerate().filter(|(_, drive)| drive.present) {
            let format = drive.format().map_or("no disk".to_owned(), |format| format!("{format:?}"));
            view = view.row(format!("drive {number}"), format!("cylinder {}, {format}", drive.cylinder));
        }
        view
    }
}
