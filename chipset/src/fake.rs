//! A fake board for the tests of one device: time, lines, output, and ports by their addresses.

use ringwalk_mmu::{Instant, Memory, Size};

use crate::{Cx, Device, Lines, Output, Reg, Space};

/// The machine clock of the tests: 100 MHz, so a microsecond is 100 cycles.
pub(crate) const CLOCK_HZ: u64 = 100_000_000;
/// Cycles in a microsecond of the test clock.
pub(crate) const US: u64 = CLOCK_HZ / 1_000_000;

/// What a [`Cx`] is made from.
pub(crate) struct Fake {
    pub(crate) now: Instant,
    pub(crate) lines: Lines,
    pub(crate) memory: Memory,
    pub(crate) output: Vec<Output>,
}

impl Fake {
    pub(crate) fn new() -> Fake {
        let memory = Memory::new(1, 0, &[], &[]);
        Fake { now: Instant(0), lines: Lines::default(), memory, output: Vec::new() }
    }

    pub(crate) fn cx(&mut self) -> Cx<'_> {
        Cx {
            now: self.now,
            clock_hz: CLOCK_HZ,
            lines: &mut self.lines,
            memory: &mut self.memory,
            output: &mut self.output,
        }
    }

    /// The register behind a port, as the router finds it.
    fn reg(device: &impl Device, port: u16) -> Reg {
        let port = u64::from(port);
        let ranges = device.ranges().0;
        let hit = ranges.iter().position(|r| r.space == Space::Port && port >= r.base && port - r.base < r.len);
        let range = hit.expect("the device decodes the port");
        Reg { range: range as u8, offset: (port - ranges[range].base) as u32 }
    }

    pub(crate) fn inb(&mut self, device: &mut impl Device, port: u16) -> u8 {
        device.advance(&mut self.cx());
        device.read(Fake::reg(device, port), Size::Byte, &mut self.cx()) as u8
    }

    pub(crate) fn outb(&mut self, device: &mut impl Device, port: u16, value: u8) {
        device.advance(&mut self.cx());
        device.write(Fake::reg(device, port), Size::Byte, u64::from(value), &mut self.cx());
    }

    /// Lets time pass up to a moment, stopping at every event of the device on the way.
    pub(crate) fn run_until(&mut self, device: &mut impl Device, end: Instant) {
        while let Some(due) = device.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            device.advance(&mut self.cx());
        }
        self.now = end;
    }

    /// Lets so many cycles pass.
    pub(crate) fn run(&mut self, device: &mut impl Device, cycles: u64) {
        self.run_until(device, Instant(self.now.0 + cycles));
    }

    pub(crate) fn irq(&self, irq: u8) -> bool {
        self.lines.irq & 1 << irq != 0
    }
}

/// Throws every size at every offset of every range, and at offsets past them: nothing may panic.
pub(crate) fn abuse(device: &mut impl Device) {
    let mut fake = Fake::new();
    let mut seed = 0x1234_5678_9ABC_DEF1_u64;
    for step in 0..20_000_u64 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let size = [Size::Byte, Size::Word, Size::Dword, Size::Qword][(seed >> 8 & 3) as usize];
        let reg = Reg { range: (seed >> 16 & 3) as u8, offset: (seed >> 24 & 0xF) as u32 };
        device.advance(&mut fake.cx());
        match seed >> 40 & 1 {
            0 => drop(device.read(reg, size, &mut fake.cx())),
            _ => device.write(reg, size, seed >> 41, &mut fake.cx()),
        }
        // Mostly short steps; now and then years.
        fake.now.0 += if step % 1000 == 999 { seed >> 14 } else { seed >> 50 };
        let _ = (device.due(), device.show());
    }
}
