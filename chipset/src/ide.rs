//! IDE interface: Intel 82371SB (PIIX3) function 1, two channels at the legacy ports.
//! *82371FB (PIIX) and 82371SB (PIIX3) PCI ISA IDE Xcelerator* datasheet, order number 290550, "PCI
//! Configuration Registers, Function 1 (IDE Interface)" and "PCI Bus Master IDE Registers".
//!
//! After reset I/O, the bus master and both channels are off until the firmware switches them on (command bits 0 and 2,
//! IDETIM bit 15). DMA takes no time of its own: a drive's latency between its blocks covers it.

mod bus_master;
#[cfg(test)]
mod bus_master_tests;
mod channel;
mod command;
mod data;
mod drive;
mod identify;
mod mmc;
mod packet;
#[cfg(test)]
mod packet_tests;
#[cfg(test)]
mod tests;

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use self::bus_master::BusMaster;
use self::channel::Channel;
use self::drive::Drive;
use crate::config::DiskConfig;
use crate::device::{Cx, Device, Range, Ranges, Reg, Space, View};
use crate::pci::{Bar, COMMAND_BUS_MASTER, COMMAND_IO, ConfigSpace, Function, Register};

/// Where the function is: bus 0, device 1, function 1.
pub(crate) const FUNCTION: Function = Function::on_bus_0(1, 1);

/// BMIBA, the base of the bus master registers.
const BMIBA: u8 = 0x20;
/// IDETIM of the primary channel; that of the secondary follows.
const IDETIM: u8 = 0x40;
/// IDETIM bit 15: the channel's ports are decoded.
const DECODE: u16 = 1 << 15;

/// The channels' interrupts in legacy mode.
const IRQ: [u8; 2] = [14, 15];

/// The registers of function 1.
const TABLE: [Register; 10] = [
    Register::fixed(0x00, 4, 0x7010_8086),
    Register::writable(0x04, 2, 0, 0x0005),
    Register::writable(0x06, 2, 0x0280, 0).clears(0x3800),
    Register::fixed(0x08, 1, 0x00),
    Register::fixed(0x09, 3, 0x01_0180),
    Register::writable(0x0D, 1, 0x00, 0xF0),
    Register::fixed(0x0E, 1, 0x00),
    Register::base_address(BMIBA, Bar::Io, 16),
    Register::writable(IDETIM, 4, 0, 0xF3FF_F3FF),
    Register::writable(0x44, 1, 0x00, 0xFF),
];

/// Function 1 with its channels.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Ide {
    config: ConfigSpace,
    channels: [Channel; 2],
    bus_masters: [BusMaster; 2],
    /// INTRQ of the channels as they were last: BMISX latches their edges.
    intrq: [bool; 2],
}

/// A range of the function, by its place in `ranges()`.
enum Place {
    Data(usize),
    CommandBlock(usize),
    ControlBlock(usize),
    BusMaster,
    Config,
}

impl Place {
    fn of(range: u8) -> Place {
        match range {
            0 => Place::Data(0),
            1 => Place::CommandBlock(0),
            2 => Place::ControlBlock(0),
            3 => Place::Data(1),
            4 => Place::CommandBlock(1),
            5 => Place::ControlBlock(1),
            6 => Place::BusMaster,
            _ => Place::Config,
        }
    }
}

impl Ide {
    /// The interface with its disks: primary master and slave, secondary master and slave.
    pub(crate) fn new(disks: [Option<DiskConfig>; 4]) -> Ide {
        let drive = |unit: u8| disks[usize::from(unit)].map(|config| Drive::new(config, unit));
        Ide {
            config: ConfigSpace::new(&TABLE),
            channels: [Channel::new([drive(0), drive(1)]), Channel::new([drive(2), drive(3)])],
            bus_masters: [BusMaster::default(); 2],
            intrq: [false; 2],
        }
    }

    /// True if nothing happens by itself at an access, nor is anything left to be done: no busy phase is over, and the bus
    /// masters have nothing to move.
    fn is_settled(&self, now: Instant) -> bool {
        self.due().is_none_or(|due| now < due) && !self.channels.iter().any(Channel::asks_for_dma)
    }

    /// The alternate status of a channel, or its status if there is no interrupt that a read would take back.
    pub(crate) fn glance_at_status(&self, channel: u8, alternate: bool, now: Instant) -> Option<u8> {
        let channel = &self.channels[usize::from(channel & 1)];
        (self.is_settled(now) && (alternate || !channel.has_interrupt())).then(|| channel.look_at(7))
    }

    /// Reads the data register inside a block, where the access is all that happens. `None`: nothing was done.
    pub(crate) fn read_data_quickly(&mut self, channel: u8, size: Size, now: Instant) -> Option<u32> {
        if !self.is_settled(now) {
            return None;
        }
        self.channels[usize::from(channel & 1)].read_data_inside(size)
    }

    /// As many of these as fill `block`, one behind the other until `last`; answers how many were read.
    pub(crate) fn read_block(&mut self, channel: u8, size: Size, last: Instant, block: &mut [u8]) -> usize {
        if self.is_settled(last) { self.channels[usize::from(channel & 1)].read_block_inside(size, block) } else { 0 }
    }

    /// Writes the data register likewise. False: nothing was done.
    pub(crate) fn write_data_quickly(&mut self, channel: u8, size: Size, value: u32, now: Instant) -> bool {
        self.is_settled(now) && self.channels[usize::from(channel & 1)].write_data_inside(size, value)
    }

    fn decodes(&self, channel: u8) -> bool {
        let timing = self.config.word(IDETIM + 2 * channel);
        self.config.command() & COMMAND_IO != 0 && timing & DECODE != 0
    }

    /// A range of ports that is there while `on`.
    fn ports(name: &'static str, base: u64, len: u64, width: Size, on: bool) -> Range {
        Range { name, space: Space::Port, base, len: if on { len } else { 0 }, width }
    }

    /// Drives the interrupt lines, and latches their rising edges in BMISX.
    fn drive_lines(&mut self, cx: &mut Cx<'_>) {
        for (number, channel) in self.channels.iter().enumerate() {
            let level = channel.intrq();
            if level && !self.intrq[number] {
                self.bus_masters[number].latch_interrupt();
            }
            self.intrq[number] = level;
            cx.lines.set_irq(IRQ[number], level);
        }
    }

    /// Moves DMA data between the selected drives and memory, then drives the lines.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        if self.config.command() & COMMAND_BUS_MASTER != 0 {
            for (channel, master) in self.channels.iter_mut().zip(&mut self.bus_masters) {
                channel.transfer_dma(master, cx);
            }
        }
        self.drive_lines(cx);
    }
}

impl Device for Ide {
    fn ranges(&self) -> Ranges {
        let mut ranges = Vec::new();
        for (channel, command, control) in [(0, 0x1F0, 0x3F6), (1, 0x170, 0x376)] {
            let on = self.decodes(channel);
            ranges.push(Ide::ports("data", command, 1, Size::Dword, on));
            ranges.push(Ide::ports("command block", command + 1, 7, Size::Byte, on));
            ranges.push(Ide::ports("control block", control, 1, Size::Byte, on));
        }
        let base = self.config.io_base(BMIBA);
        ranges.push(Ide::ports("bus master", base.unwrap_or(0), 16, Size::Byte, base.is_some()));
        ranges.push(FUNCTION.config_range());
        Ranges(ranges)
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let value = match Place::of(reg.range) {
            Place::Data(channel) => self.channels[channel].read_data(size, cx),
            Place::CommandBlock(channel) => u64::from(self.channels[channel].read_register(reg.offset + 1)),
            // The alternate status: no interrupt is taken back.
            Place::ControlBlock(channel) => u64::from(self.channels[channel].look_at(7)),
            Place::BusMaster => u64::from(self.bus_masters[usize::from(reg.offset & 8 != 0)].read(reg.offset)),
            Place::Config => self.config.read(reg.offset, size),
        };
        self.settle(cx);
        value
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        // All registers but the data port and configuration space have 8 bits.
        let byte = value as u8;
        match Place::of(reg.range) {
            Place::Data(channel) => self.channels[channel].write_data(size, value, cx),
            Place::CommandBlock(channel) => self.channels[channel].write_register(reg.offset + 1, byte, cx),
            Place::ControlBlock(channel) => self.channels[channel].write_control(byte, cx),
            Place::BusMaster => self.bus_masters[usize::from(reg.offset & 8 != 0)].write(reg.offset, byte),
            Place::Config => self.config.write(&TABLE, reg.offset, size, value),
        }
        self.settle(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.channels.iter().filter_map(Channel::due).min()
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due().is_none_or(|due| due > cx.now) {
            return;
        }
        for channel in &mut self.channels {
            channel.advance(cx);
        }
        self.settle(cx);
    }

    fn reset(&mut self) {
        self.config = ConfigSpace::new(&TABLE);
        self.bus_masters = [BusMaster::default(); 2];
        self.intrq = [false; 2];
        self.channels.iter_mut().for_each(Channel::reset);
    }

    fn show(&self) -> View {
        let mut view = View::default();
        let channels = self.channels.iter().zip(&self.bus_masters);
        for ((channel, master), name) in channels.zip(["primary", "secondary"]) {
            view = channel.show(name, view).row(format!("{name} bus master"), master.describe());
        }
        view
    }
}
