//! What every device is: plain state, offsets, time. It sees no other device and no address of its own.

use ringwalk_mmu::{Instant, Memory, Rate, Size};
use serde::{Deserialize, Serialize};

use crate::dma::DmaCycle;

/// A register of a device: the number of one of its ranges and the offset inside that range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reg {
    /// Index into the device's [`Ranges`].
    pub range: u8,
    /// Offset from the start of the range, in bytes.
    pub offset: u32,
}

/// Where a range lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// I/O ports.
    Port,
    /// Physical memory, answered by the device.
    Mmio,
    /// Physical memory, answered by the frames of video memory directly.
    VideoMemory,
    /// Physical memory, reads answered by the frames of the VGA BIOS image directly.
    VideoRom,
    /// PCI configuration space; the base is the function's number (bus, device, function) times 256.
    Config,
}

/// One decoded range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// What the registers in it are called.
    pub name: &'static str,
    /// Ports or memory.
    pub space: Space,
    /// First port or physical address.
    pub base: u64,
    /// Length in ports or bytes; 0 while it is switched off (its index stays taken).
    pub len: u64,
    /// Ports only: the widest aligned access that reaches the device whole; the bus splits wider ones. An access
    /// goes to whoever has its first port, so that a data port of one address can be wide.
    pub width: Size,
}

/// The ranges that a device decodes now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(pub Vec<Range>);

impl Ranges {
    /// Ports of 8 bits at fixed places: name, first port, count. Wider accesses arrive byte by byte.
    pub fn ports<const N: usize>(ports: [(&'static str, u16, u16); N]) -> Ranges {
        let range = |(name, base, len): (&'static str, u16, u16)| Range {
            name,
            space: Space::Port,
            base: u64::from(base),
            len: u64::from(len),
            width: Size::Byte,
        };
        Ranges(ports.into_iter().map(range).collect())
    }

    /// Lets the ports of the range with this name take accesses up to `width` whole.
    pub fn widen(mut self, name: &str, width: Size) -> Ranges {
        for range in self.0.iter_mut().filter(|range| range.name == name) {
            range.width = width;
        }
        self
    }

    /// Adds a range that is not of fixed ports.
    pub fn with(mut self, name: &'static str, space: Space, base: u64, len: u64) -> Ranges {
        self.0.push(Range { name, space, base, len, width: Size::Dword });
        self
    }
}

/// The lines that one device drives. Levels; edges are seen by the controller. The board joins those of all
/// devices (wired OR), so that two of them can share an interrupt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Bit n: level of ISA IRQ n.
    pub irq: u16,
    /// Bit 0-3: INTA# to INTD# of the device's PCI slot, 1 = asserted.
    pub pci: u8,
    /// Bit n: input n of the I/O APIC is asserted, for inputs that no ISA or PCI interrupt leads to.
    pub apic: u32,
    /// IRQ 0 and IRQ 8 are the HPET's, and cut off from timer and real-time clock.
    pub legacy_replacement: bool,
    /// Bit n: DREQ of DMA channel n. The device must let it fall after a bounded number of cycles.
    pub dreq: u8,
    /// NMI from the board (SERR#, IOCHK#).
    pub nmi: bool,
    /// The gate of the speaker counter, port 61h bit 0.
    pub speaker_gate: bool,
}

impl Lines {
    /// Drives one ISA interrupt line.
    pub fn set_irq(&mut self, irq: u8, level: bool) {
        // A number that is forged is no line.
        let line = 1_u16.checked_shl(irq.into()).unwrap_or(0);
        self.irq = if level { self.irq | line } else { self.irq & !line };
    }

    /// Drives one DMA request line.
    pub fn set_dreq(&mut self, channel: u8, level: bool) {
        let line = 1_u8.checked_shl(channel.into()).unwrap_or(0);
        self.dreq = if level { self.dreq | line } else { self.dreq & !line };
    }
}

/// What a device is handed with every call.
pub struct Cx<'a> {
    /// The moment of the access.
    pub now: Instant,
    /// The machine clock in hertz, for making a [`Rate`].
    pub clock_hz: u64,
    /// The lines that this device drives; they keep their levels between calls and fall at reset.
    pub lines: &'a mut Lines,
    /// Bulk memory: video memory, disks, and RAM for bus masters.
    pub memory: &'a mut Memory,
    /// Text for the outside: bytes sent by serial ports and the debug port, in order.
    pub output: &'a mut Vec<Output>,
}

impl Cx<'_> {
    /// The rate of a device clock in this machine.
    pub fn rate(&self, device_hz: u64) -> Rate {
        Rate::new(device_hz, self.clock_hz)
    }
}

/// A byte on its way to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// From the UART with this number, 0 for COM1.
    Serial(u8, u8),
    /// From port E9h.
    Debug(u8),
    /// The exit device was written with this value: the run ends.
    Exit(u32),
    /// The guest asked for the machine to be switched off.
    PowerOff,
    /// To the printer.
    Parallel(u8),
}

/// What the debugger shows of a device: lines of a name and a value, in order. Made from `&self`: no side effects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// Rows of a field's name and its value in words.
    pub rows: Vec<(String, String)>,
}

impl View {
    /// Adds a row.
    pub fn row(mut self, name: impl Into<String>, value: impl Into<String>) -> View {
        self.rows.push((name.into(), value.into()));
        self
    }
}

/// A device on the board.
pub trait Device {
    /// What it decodes now; asked again after a write to PCI configuration space.
    fn ranges(&self) -> Ranges;
    /// Reads a register. Never panics, whatever the size or offset.
    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64;
    /// Writes a register. Never panics, whatever the size, offset or value.
    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>);
    /// When it wants [`Device::advance`] next.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// Brings it forward to `cx.now`; called before every access and when due.
    fn advance(&mut self, _cx: &mut Cx<'_>) {}
    /// Takes part in a DMA cycle of a channel whose DREQ it drives.
    fn dma(&mut self, _cycle: &mut DmaCycle, _cx: &mut Cx<'_>) {}
    /// Hardware reset.
    fn reset(&mut self);
    /// For the debugger.
    fn show(&self) -> View;
}
