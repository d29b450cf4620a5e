//! An IDE channel: two drives on a cable, and what they share. *ATA/ATAPI-6* (T13/1410D), "Signal descriptions",
//! "Single device configurations".

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use super::bus_master::BusMaster;
use super::command::Command;
use super::drive::{DEVICE_1, Drive, Phase};
use crate::device::{Cx, View};

/// Device control bit 1, nIEN: INTRQ is off ("Device Control register").
const NIEN: u8 = 1 << 1;
/// Device control bit 2, SRST: software reset while set.
const SRST: u8 = 1 << 2;
/// Device control bit 7, HOB: reads show the previous contents of the registers.
const HOB: u8 = 1 << 7;

/// What a register reads as when no device drives the bus: the host pulls DD7 down, the rest floats high.
const FLOATING: u8 = 0x7F;

/// A channel with its drives.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) drives: [Option<Drive>; 2],
    /// Device 1 is selected.
    device_1: bool,
    /// The device control register.
    control: u8,
}

impl Channel {
    pub(crate) fn new(drives: [Option<Drive>; 2]) -> Channel {
        Channel { drives, device_1: false, control: 0 }
    }

    /// Hardware reset: the drives begin anew.
    pub(crate) fn reset(&mut self) {
        for drive in self.drives.iter_mut().flatten() {
            drive.reset();
        }
        (self.device_1, self.control) = (false, 0);
    }

    /// INTRQ: the selected drive's, unless nIEN is set.
    pub(crate) fn intrq(&self) -> bool {
        self.control & NIEN == 0 && self.selected().is_some_and(|drive| drive.interrupt)
    }

    fn selected(&self) -> Option<&Drive> {
        self.drives[usize::from(self.device_1)].as_ref()
    }

    fn selected_mut(&mut self) -> Option<&mut Drive> {
        self.drives[usize::from(self.device_1)].as_mut()
    }

    /// Reads the data register.
    pub(crate) fn read_data(&mut self, size: Size, cx: &Cx<'_>) -> u64 {
        self.selected_mut().map_or(size.ones(), |drive| drive.read_data(size, cx))
    }

    /// Writes the data register.
    pub(crate) fn write_data(&mut self, size: Size, value: u64, cx: &Cx<'_>) {
        if let Some(drive) = self.selected_mut() {
            drive.write_data(size, value, cx);
        }
    }

    /// As [`Drive::read_data_inside`], of the selected drive.
    #[inline]
    pub(crate) fn read_data_inside(&mut self, size: Size) -> Option<u32> {
        self.selected_mut()?.read_data_inside(size)
    }

    /// As [`Drive::read_block_inside`], of the selected drive.
    pub(crate) fn read_block_inside(&mut self, size: Size, elements: &mut [u8]) -> usize {
        self.selected_mut().map_or(0, |drive| drive.read_block_inside(size, elements))
    }

    /// As [`Drive::write_data_inside`], of the selected drive.
    #[inline]
    pub(crate) fn write_data_inside(&mut self, size: Size, value: u32) -> bool {
        self.selected_mut().is_some_and(|drive| drive.write_data_inside(size, value))
    }

    /// The selected drive has an interrupt, whether the channel shows it or not.
    pub(crate) fn has_interrupt(&self) -> bool {
        self.selected().is_some_and(|drive| drive.interrupt)
    }

    /// The selected drive asks for DMA.
    pub(crate) fn asks_for_dma(&self) -> bool {
        self.selected().is_some_and(|drive| drive.dma_request().is_some())
    }

    /// Moves DMA data of the selected drive for as long as it has them and the bus master takes them.
    pub(crate) fn transfer_dma(&mut self, master: &mut BusMaster, cx: &mut Cx<'_>) {
        let Some(drive) = self.selected_mut() else { return };
        if let Some(direction) = drive.dma_request() {
            let moved = master.transfer(direction, drive.dma_bytes(), cx.memory);
            drive.pass_dma(moved, cx);
        }
    }

    /// Reads a command block register, 1 (error) to 7 (status). Reading the status takes the interrupt back.
    pub(crate) fn read_register(&mut self, register: u32) -> u8 {
        let value = self.look_at(register);
        if register == 7
            && let Some(drive) = self.selected_mut()
        {
            drive.interrupt = false;
        }
        value
    }

    /// The value of a command block register, without side effects: also the alternate status (7).
    pub(crate) fn look_at(&self, register: u32) -> u8 {
        let previous = self.control & HOB != 0;
        match (self.selected(), &self.drives) {
            (Some(drive), _) => drive.read_register(register, previous),
            // Single device configuration: device 0 answers for a missing device 1: status zero, its own registers else.
            (None, [Some(_), None]) if register == 7 => 0,
            (None, [Some(device_0), None]) => device_0.read_register(register, previous),
            _ => FLOATING,
        }
    }

    /// Writes a command block register, 1 (features) to 7 (command).
    pub(crate) fn write_register(&mut self, register: u32, value: u8, cx: &Cx<'_>) {
        // A write to any command block register clears HOB.
        self.control &= !HOB;
        match register {
            7 if Command::decode(value) == Command::Diagnostic => self.diagnose(cx),
            7 => {
                if let Some(drive) = self.selected_mut() {
                    drive.command(value, cx);
                }
            }
            6 if self.selected().is_some_and(Drive::is_busy) => {}
            _ => {
                if register == 6 {
                    self.device_1 = value & DEVICE_1 != 0;
                }
                for drive in self.drives.iter_mut().flatten() {
                    drive.write_register(register, value);
                }
            }
        }
    }

    /// Writes the device control register ("Software reset protocol").
    pub(crate) fn write_control(&mut self, value: u8, cx: &Cx<'_>) {
        let was = std::mem::replace(&mut self.control, value & (HOB | SRST | NIEN));
        let (held, holds) = (was & SRST != 0, value & SRST != 0);
        if !held && !holds {
            return;
        }
        self.device_1 = false;
        for drive in self.drives.iter_mut().flatten() {
            if holds { drive.hold() } else { drive.begin_reset(false, cx) }
        }
    }

    /// EXECUTE DEVICE DIAGNOSTIC: for both devices, whichever is selected; device 0 tells the end.
    fn diagnose(&mut self, cx: &Cx<'_>) {
        if self.selected().is_some_and(|drive| drive.is_busy() || drive.phase == Phase::Asleep) {
            return;
        }
        self.device_1 = false;
        for (number, drive) in self.drives.iter_mut().enumerate() {
            if let Some(drive) = drive {
                drive.begin_reset(number == 0, cx);
            }
        }
    }

    /// The end of the first busy phase.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.drives.iter().flatten().filter_map(Drive::due).min()
    }

    /// Ends the busy phases that are over.
    pub(crate) fn advance(&mut self, cx: &mut Cx<'_>) {
        for drive in self.drives.iter_mut().flatten() {
            drive.advance(cx);
        }
    }

    /// Adds what the debugger shows of the channel.
    pub(crate) fn show(&self, name: &str, view: View) -> View {
        let control = format!("{:02X}, device {} selected", self.control, u8::from(self.device_1));
        let mut view = view.row(format!("{name} control"), control);
        for (drive, place) in self.drives.iter().zip(["master", "slave"]) {
            let text = drive.as_ref().map_or("none".to_owned(), Drive::describe);
            view = view.row(format!("{name} {place}"), text);
        }
        view
    }
}
