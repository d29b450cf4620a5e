//! One Intel 8237A DMA controller: four channels, their registers, who comes next, how a cycle counts.
//!
//! Intel *8237A High Performance Programmable DMA Controller* datasheet (order number 231466), "DMA Operation",
//! "Register Description", "Programming". As the 82371SB (PIIX3) has it: no memory-to-memory transfers, so that the
//! temporary register is always zero; the mask register can be read; timing bits and the levels of DREQ and DACK are
//! kept without effect, because every device here is of positive DREQ and takes whatever timing there is.

use serde::{Deserialize, Serialize};

/// Channels of a controller.
const CHANNELS: u8 = 4;

/// Command register: the controller takes no requests.
const DISABLE: u8 = 1 << 2;
/// Command register: rotating priority.
const ROTATE: u8 = 1 << 4;

/// Mode register: reload address and count at the terminal count.
const AUTOINITIALISE: u8 = 1 << 4;
/// Mode register: the address counts down.
const DECREMENT: u8 = 1 << 5;

/// A request or mask register command: which channel, and whether its bit is set.
const SET_BIT: u8 = 1 << 2;

/// How a channel holds the bus (mode register, bits 7-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// As long as DREQ is high.
    Demand,
    /// For one transfer.
    Single,
    /// Until the terminal count.
    Block,
    /// For another controller.
    Cascade,
}

/// What a cycle does (mode register, bits 3-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DmaKind {
    /// Counts, and moves nothing between device and memory. The illegal type 11b does the same here.
    Verify,
    /// From the device to memory.
    Write,
    /// From memory to the device.
    Read,
}

/// One channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Channel {
    base_address: u16,
    base_count: u16,
    address: u16,
    count: u16,
    /// Mode register, bits 7-2.
    mode: u8,
}

impl Channel {
    fn mode(&self) -> Mode {
        match self.mode >> 6 {
            0 => Mode::Demand,
            1 => Mode::Single,
            2 => Mode::Block,
            _ => Mode::Cascade,
        }
    }

    fn kind(&self) -> DmaKind {
        match self.mode >> 2 & 3 {
            1 => DmaKind::Write,
            2 => DmaKind::Read,
            _ => DmaKind::Verify,
        }
    }

    fn reload(&mut self) {
        (self.address, self.count) = (self.base_address, self.base_count);
    }
}

/// One controller.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Chip {
    channels: [Channel; CHANNELS as usize],
    command: u8,
    /// Bit n: channel n is masked.
    mask: u8,
    /// Software requests.
    requests: u8,
    /// The DREQ inputs.
    dreq: u8,
    /// Channels that reached the terminal count since the status was read.
    reached: u8,
    /// The flip-flop: the next access to a 16-bit register is to its upper byte.
    upper: bool,
    /// The channel served last: the lowest priority while priority rotates.
    last: u8,
    /// The channel that holds the bus in block or demand mode.
    holds: Option<u8>,
    /// Bit n: the request of channel n is another controller's.
    cascaded: u8,
}

impl Chip {
    /// A controller after reset. The channels in `cascaded` have another controller at their DREQ.
    pub(crate) fn new(cascaded: u8) -> Chip {
        Chip {
            channels: [Channel::default(); CHANNELS as usize],
            command: 0,
            mask: 0x0F,
            requests: 0,
            dreq: 0,
            reached: 0,
            upper: false,
            last: CHANNELS - 1,
            holds: None,
            cascaded,
        }
    }

    /// Reset, or the Master Clear command: addresses, counts and modes stay.
    pub(crate) fn clear(&mut self) {
        *self = Chip { channels: self.channels, dreq: self.dreq, ..Chip::new(self.cascaded) };
    }

    /// Sets the levels of the DREQ inputs.
    pub(crate) fn set_dreq(&mut self, levels: u8) {
        self.dreq = levels & 0x0F;
    }

    /// Sets the level that a cascaded controller drives.
    pub(crate) fn cascade(&mut self, channel: u8, asks: bool) {
        self.dreq = self.dreq & !(1 << channel) | u8::from(asks) << channel;
    }

    /// Reads a register, 0 to 15. Those that can only be written are an open bus.
    pub(crate) fn read(&mut self, register: u8) -> u8 {
        match register {
            0..8 => {
                let channel = self.channels[usize::from(register >> 1)];
                let word = if register & 1 == 0 { channel.address } else { channel.count };
                word.to_le_bytes()[usize::from(self.flip())]
            }
            8 => std::mem::take(&mut self.reached) | (self.dreq | self.requests) << 4,
            13 => 0,
            15 => self.mask | 0xF0,
            _ => 0xFF,
        }
    }

    /// Writes a register, 0 to 15.
    pub(crate) fn write(&mut self, register: u8, value: u8) {
        // The processor has the bus, so no channel holds it.
        self.holds = None;
        match register {
            0..8 => self.write_word(register, value),
            8 => self.command = value,
            9 => self.requests = with_bit(self.requests, value),
            10 => self.mask = with_bit(self.mask, value),
            11 => self.channels[usize::from(value & 3)].mode = value & !3,
            12 => self.upper = false,
            13 => self.clear(),
            14 => self.mask = 0,
            _ => self.mask = value & 0x0F,
        }
    }

    /// Base and current registers are written together.
    fn write_word(&mut self, register: u8, value: u8) {
        let upper = self.flip();
        let channel = &mut self.channels[usize::from(register >> 1)];
        let (base, current) = match register & 1 {
            0 => (&mut channel.base_address, &mut channel.address),
            _ => (&mut channel.base_count, &mut channel.count),
        };
        for word in [base, current] {
            let mut bytes = word.to_le_bytes();
            bytes[usize::from(upper)] = value;
            *word = u16::from_le_bytes(bytes);
        }
    }

    fn flip(&mut self) -> bool {
        let upper = self.upper;
        self.upper = !upper;
        upper
    }

    /// True if nobody asks for a cycle and no channel is in the middle of its cycles.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.dreq & !self.mask == 0 && self.requests == 0 && self.holds.is_none()
    }

    /// The channel that gets the bus next. Software requests cannot be masked, and count in block mode only
    /// ("Request Register"). A channel whose mode does not fit what is wired to it is left out.
    #[inline]
    pub(crate) fn next_channel(&self) -> Option<u8> {
        if self.is_idle() || self.command & DISABLE != 0 {
            return None;
        }
        let goes_on = |channel: &u8| self.channel(*channel).mode() == Mode::Block || self.asks(*channel);
        if let Some(channel) = self.holds.filter(goes_on) {
            return Some(channel);
        }
        let first = if self.command & ROTATE != 0 { self.last + 1 } else { 0 };
        (first..first + CHANNELS).map(|channel| channel % CHANNELS).find(|channel| self.asks(*channel))
    }

    fn asks(&self, number: u8) -> bool {
        let mode = self.channel(number).mode();
        let hardware = self.dreq & !self.mask & 1 << number != 0;
        let software = self.requests & 1 << number != 0 && mode == Mode::Block;
        let wired = self.cascaded & 1 << number != 0;
        (hardware || software) && wired == (mode == Mode::Cascade)
    }

    fn channel(&self, number: u8) -> &Channel {
        &self.channels[usize::from(number & 3)]
    }

    /// The address and type of a channel's next cycle, and whether it is the last: EOP# goes with it as TC.
    pub(crate) fn cycle(&self, number: u8) -> (u16, DmaKind, bool) {
        let channel = self.channel(number);
        (channel.address, channel.kind(), channel.count == 0)
    }

    /// A channel got the bus: priorities rotate. For a cascaded channel that is all.
    pub(crate) fn grant(&mut self, number: u8) {
        self.last = number & 3;
    }

    /// Counts a cycle. The transfer count is one less than the number of transfers: the terminal count is where it
    /// goes from 0 to FFFFh.
    pub(crate) fn count(&mut self, number: u8) {
        let bit = 1 << (number & 3);
        let channel = &mut self.channels[usize::from(number & 3)];
        let down = channel.mode & DECREMENT != 0;
        channel.address = if down { channel.address.wrapping_sub(1) } else { channel.address.wrapping_add(1) };
        channel.count = channel.count.wrapping_sub(1);
        let holds = matches!(channel.mode(), Mode::Block | Mode::Demand);
        self.holds = holds.then_some(number & 3);
        if channel.count != 0xFFFF {
            return;
        }
        self.holds = None;
        self.reached |= bit;
        self.requests &= !bit;
        if channel.mode & AUTOINITIALISE != 0 {
            channel.reload();
        } else {
            self.mask |= bit;
        }
    }

    /// A channel in words, for the debugger.
    pub(crate) fn describe(&self, number: u8) -> String {
        let channel = self.channel(number);
        let masked = if self.mask & 1 << (number & 3) != 0 { ", masked" } else { "" };
        let (address, count) = (channel.address, channel.count);
        format!("{:?} {:?}, address {address:04X}, count {count:04X}{masked}", channel.mode(), channel.kind())
    }
}

/// A register of four bits after a command that sets or resets one of them.
fn with_bit(bits: u8, command: u8) -> u8 {
    let bit = 1 << (command & 3);
    if command & SET_BIT != 0 { bits | bit } else { bits & !bit }
}
