//! Ports E9h and 402h: bytes written there are text for whoever runs the machine.
//!
//! No datasheet: the ports are conventions of emulators; SeaBIOS writes to 402h. They read as E9h, which is how software
//! finds them.

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Output, Ranges, Reg, View};

/// The first port, and what both read as.
const PORT: u8 = 0xE9;

/// Ports E9h and 402h. They hold no state but how much was written.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct DebugPort {
    written: u64,
}

impl Device for DebugPort {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("text", u16::from(PORT), 1), ("text of firmware", 0x402, 1)])
    }

    /// The ports behind it are not its own and read as an open bus.
    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        if reg.offset == 0 { size.ones() & !0xFF | u64::from(PORT) } else { size.ones() }
    }

    fn write(&mut self, reg: Reg, _size: Size, value: u64, cx: &mut Cx<'_>) {
        if reg.offset == 0 {
            self.written = self.written.saturating_add(1);
            // Only the low byte lands on the port.
            let [byte, ..] = value.to_le_bytes();
            cx.output.push(Output::Debug(byte));
        }
    }

    fn reset(&mut self) {}

    fn show(&self) -> View {
        View::default().row("bytes written", self.written.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    #[test]
    fn text_goes_out_in_order_and_the_port_names_itself() {
        let (mut fake, mut port) = (Fake::new(), DebugPort::default());
        assert_eq!(fake.inb(&mut port, 0xE9), 0xE9);
        fake.outb(&mut port, 0xE9, b'o');
        assert_eq!(fake.inb(&mut port, 0x402), 0xE9);
        fake.outb(&mut port, 0x402, b'k');
        assert_eq!(fake.output, [Output::Debug(b'o'), Output::Debug(b'k')]);
        let word = Reg { range: 0, offset: 0 };
        assert_eq!(port.read(word, Size::Word, &mut fake.cx()), 0xFFE9);
        port.write(word, Size::Word, 0x4142, &mut fake.cx());
        assert_eq!(fake.output.last(), Some(&Output::Debug(0x42)));
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut DebugPort::default());
    }
}
