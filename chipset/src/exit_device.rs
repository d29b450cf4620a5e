//! Two ways for a guest to end the run: the exit port F4h, and the string "Shutdown" at port 8900h.
//!
//! No datasheet: both are conventions of emulators. A write of any width to port F4h ends the run with the value
//! written. Port 8900h takes the string byte by byte; any other byte begins it anew.

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Output, Ranges, Reg, View};

const SHUTDOWN: &[u8] = b"Shutdown";

/// Ports F4h to F7h, and port 8900h.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ExitDevice {
    /// Ports F4h to F7h answer.
    exit_port: bool,
    /// Bytes of the string that were written so far.
    matched: u8,
}

impl Default for ExitDevice {
    fn default() -> ExitDevice {
        ExitDevice { exit_port: true, matched: 0 }
    }
}

impl ExitDevice {
    /// Takes the exit port out of the machine, or puts it in. The caller asks for the ranges again.
    pub fn set_exit_port(&mut self, present: bool) {
        self.exit_port = present;
    }

    fn write_shutdown(&mut self, byte: u8, cx: &mut Cx<'_>) {
        let expected = SHUTDOWN.get(usize::from(self.matched));
        self.matched = match byte {
            _ if expected == Some(&byte) => self.matched + 1,
            // A string that breaks off may begin again with this very byte.
            _ if byte == SHUTDOWN[0] => 1,
            _ => 0,
        };
        if usize::from(self.matched) == SHUTDOWN.len() {
            self.matched = 0;
            cx.output.push(Output::PowerOff);
        }
    }
}

impl Device for ExitDevice {
    fn ranges(&self) -> Ranges {
        let exit_ports = if self.exit_port { 4 } else { 0 };
        Ranges::ports([("exit", 0xF4, exit_ports), ("shutdown", 0x8900, 1)]).widen("exit", Size::Dword)
    }

    fn read(&mut self, _reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        size.ones()
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        match (reg.range, reg.offset) {
            // At most a doubleword can be written to a port.
            (0, _) if self.exit_port => cx.output.push(Output::Exit((value & size.ones()) as u32)),
            (1, 0) => self.write_shutdown(value.to_le_bytes()[0], cx),
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.matched = 0;
    }

    fn show(&self) -> View {
        let exit = if self.exit_port { "present" } else { "absent" };
        View::default().row("exit port", exit).row("shutdown string", format!("{} of {}", self.matched, SHUTDOWN.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    #[test]
    fn an_exit_of_any_width() {
        let (mut fake, mut exit) = (Fake::new(), ExitDevice::default());
        for (size, value) in [(Size::Byte, 0xAB), (Size::Word, 0xABCD), (Size::Dword, 0xABCD_EF01)] {
            exit.write(Reg { range: 0, offset: 0 }, size, value, &mut fake.cx());
            assert_eq!(fake.output.pop(), Some(Output::Exit(value as u32)));
        }
        exit.set_exit_port(false);
        assert_eq!(exit.ranges().0[0].len, 0);
    }

    #[test]
    fn the_string_shutdown() {
        let (mut fake, mut exit) = (Fake::new(), ExitDevice::default());
        for byte in *b"ShutShutdow" {
            fake.outb(&mut exit, 0x8900, byte);
        }
        assert_eq!(fake.output, []);
        fake.outb(&mut exit, 0x8900, b'n');
        assert_eq!(fake.output, [Output::PowerOff]);
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut ExitDevice::default());
    }
}
