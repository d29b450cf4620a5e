//! A serial port with a 16550A. National Semiconductor *PC16550D Universal Asynchronous Receiver/Transmitter with
//! FIFOs* datasheet (1995), section 8.0 "Registers"; the gate of OUT2 between its INTR and the ISA bus is the PC's.
//!
//! Characters take the time of their bits: 16 baud clocks a bit, start, data, parity and stop bits. A byte goes out
//! to the host when it enters the shift register, one bit time after the write if the transmitter was idle
//! ("Timing Characteristics", tIRS and tSI). The host's end of the line is ideal: it keeps its bytes while the
//! receiver is full, it takes and gives all eight bits whatever the word length, and CTS, DSR and DCD are active.
//! So an overrun comes in loopback mode only, and the receiver sees no parity or framing errors and no breaks.

use std::collections::VecDeque;

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Output, Ranges, Reg, View, byte_wide};

/// The input clock of a PC's serial ports.
pub const UART_HZ: u64 = 1_843_200;
/// Depth of both FIFOs.
const FIFO: usize = 16;
/// Bytes that wait on the host's end of the line, at most.
const LINE: usize = 4096;
/// The divisor after power-on, where the datasheet gives none: 9600 baud, as a PC's BIOS sets it.
const POWER_ON_DIVISOR: u16 = 12;

/// IER: received data available and character time-out.
const IER_ERBFI: u8 = 1 << 0;
/// IER: transmitter holding register empty.
const IER_ETBEI: u8 = 1 << 1;
/// IER: receiver line status.
const IER_ELSI: u8 = 1 << 2;
/// IER: modem status.
const IER_EDSSI: u8 = 1 << 3;

/// FCR: FIFOs enabled.
const FCR_ENABLE: u8 = 1 << 0;
/// FCR: receiver FIFO reset; clears itself.
const FCR_RX_RESET: u8 = 1 << 1;
/// FCR: transmitter FIFO reset; clears itself.
const FCR_TX_RESET: u8 = 1 << 2;
/// FCR bits that are kept: enable, DMA mode, trigger.
const FCR_KEPT: u8 = 0xC9;

/// LCR: even number of stop bits, 1.5 for words of five bits.
const LCR_STB: u8 = 1 << 2;
/// LCR: parity enable.
const LCR_PEN: u8 = 1 << 3;
/// LCR: break; SOUT is held spacing.
const LCR_BREAK: u8 = 1 << 6;
/// LCR: divisor latch access.
const LCR_DLAB: u8 = 1 << 7;

/// MCR: OUT2, which lets the interrupt onto the bus.
const MCR_OUT2: u8 = 1 << 3;
/// MCR: loopback.
const MCR_LOOP: u8 = 1 << 4;

/// LSR: data ready.
const LSR_DR: u8 = 1 << 0;
/// LSR: overrun error.
const LSR_OE: u8 = 1 << 1;
/// LSR: transmitter holding register (or FIFO) empty.
const LSR_THRE: u8 = 1 << 5;
/// LSR: transmitter empty.
const LSR_TEMT: u8 = 1 << 6;

/// MSR: trailing edge of RI.
const MSR_TERI: u8 = 1 << 2;
/// MSR: RI.
const MSR_RI: u8 = 1 << 6;
/// MSR: CTS, DSR and DCD, active while a terminal is connected.
const MSR_CONNECTED: u8 = 0xB0;

/// IIR values, in the order of priority ("Interrupt Identification Register").
const IIR_LINE_STATUS: u8 = 0x06;
const IIR_DATA: u8 = 0x04;
const IIR_TIMEOUT: u8 = 0x0C;
const IIR_THRE: u8 = 0x02;
const IIR_MODEM: u8 = 0x00;
const IIR_NONE: u8 = 0x01;
/// IIR: FIFOs enabled.
const IIR_FIFOS: u8 = 0xC0;

/// What the transmitter does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum Transmitter {
    /// Nothing to send.
    #[default]
    Idle,
    /// A byte waits in the holding register for the shift register, which takes it at this tick.
    Starting(u64),
    /// A byte is in the shift register, on its way until this tick.
    Sending { byte: u8, done: u64, looped: bool },
}

/// One serial port. Times are ticks of 1.8432 MHz.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Uart {
    /// 0 for COM1.
    number: u8,
    base: u16,
    irq: u8,
    ier: u8,
    fcr: u8,
    lcr: u8,
    mcr: u8,
    msr: u8,
    scratch: u8,
    divisor: u16,
    /// The holding register, or the transmitter FIFO.
    tx: VecDeque<u8>,
    transmitter: Transmitter,
    /// The holding register became empty and nobody has looked yet.
    thre_pending: bool,
    /// The buffer register, or the receiver FIFO.
    rx: VecDeque<u8>,
    /// The last byte read, which an empty receiver gives again.
    rbr: u8,
    overrun: bool,
    /// When a character time-out will be seen.
    timeout_at: Option<u64>,
    timeout: bool,
    /// The host's end of the line: bytes that are not received yet.
    line: VecDeque<u8>,
    /// When the first byte of the line is received.
    arrival: Option<u64>,
    due: Option<Instant>,
}

impl Uart {
    /// COM1: ports 3F8h to 3FFh, IRQ 4.
    pub fn com1() -> Uart {
        Uart::new(0, 0x3F8, 4)
    }

    /// COM2: ports 2F8h to 2FFh, IRQ 3.
    pub fn com2() -> Uart {
        Uart::new(1, 0x2F8, 3)
    }

    /// A port with this number (0 for COM1), first I/O port and ISA interrupt (0 to 15).
    pub fn new(number: u8, base: u16, irq: u8) -> Uart {
        Uart {
            number,
            base,
            irq: irq & 15,
            ier: 0,
            fcr: 0,
            lcr: 0,
            mcr: 0,
            msr: MSR_CONNECTED,
            scratch: 0,
            divisor: POWER_ON_DIVISOR,
            tx: VecDeque::new(),
            transmitter: Transmitter::Idle,
            thre_pending: false,
            rx: VecDeque::new(),
            rbr: 0,
            overrun: false,
            timeout_at: None,
            timeout: false,
            line: VecDeque::new(),
            arrival: None,
            due: None,
        }
    }

    /// Bytes from the host. They arrive at line speed, from the next [`Device::advance`] on, which is due at once.
    /// Answers how many were taken: the line holds 4096 that are not received yet.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(LINE - self.line.len());
        self.line.extend(&bytes[..taken]);
        if self.can_receive() {
            self.due = Some(Instant(0));
        }
        taken
    }

    /// Bytes from the host that the guest's receiver has not got yet.
    pub fn waiting(&self) -> usize {
        self.line.len()
    }

    /// Bytes that the guest has written and that have not gone out: what the port would still send if the processor
    /// stopped now.
    pub fn unsent(&self) -> impl Iterator<Item = u8> {
        let connected = self.mcr & MCR_LOOP == 0 && self.lcr & LCR_BREAK == 0;
        self.tx.iter().copied().filter(move |_| connected)
    }

    fn tick(cx: &Cx<'_>) -> u64 {
        cx.rate(UART_HZ).ticks_at(cx.now)
    }

    fn has_fifos(&self) -> bool {
        self.fcr & FCR_ENABLE != 0
    }

    fn depth(&self) -> usize {
        if self.has_fifos() { FIFO } else { 1 }
    }

    fn trigger(&self) -> usize {
        if self.has_fifos() { [1, 4, 8, 14][usize::from(self.fcr >> 6)] } else { 1 }
    }

    /// Ticks of one bit. A divisor of 0 divides by 65536.
    fn bit_ticks(&self) -> u64 {
        16 * if self.divisor == 0 { 0x1_0000 } else { u64::from(self.divisor) }
    }

    fn word_bits(&self) -> u8 {
        5 + (self.lcr & 3)
    }

    /// Ticks of one character, from the start bit to the end of the stop bits.
    fn char_ticks(&self) -> u64 {
        let half_stop_bits = match (self.lcr & LCR_STB != 0, self.word_bits()) {
            (false, _) => 2,
            (true, 5) => 3,
            (true, _) => 4,
        };
        let parity = u64::from(self.lcr & LCR_PEN != 0);
        (2 * (1 + u64::from(self.word_bits()) + parity) + half_stop_bits) * self.bit_ticks() / 2
    }

    // Transmitter and receiver.

    /// Moves the next byte into the shift register.
    fn send_next(&mut self, tick: u64, output: &mut Vec<Output>) {
        let Some(byte) = self.tx.pop_front() else {
            self.transmitter = Transmitter::Idle;
            return;
        };
        let looped = self.mcr & MCR_LOOP != 0;
        self.transmitter = Transmitter::Sending { byte, done: tick + self.char_ticks(), looped };
        self.thre_pending |= self.tx.is_empty();
        if !looped && self.lcr & LCR_BREAK == 0 {
            output.push(Output::Serial(self.number, byte));
        }
    }

    fn shift_out(&mut self, tick: u64, output: &mut Vec<Output>) {
        if let Transmitter::Sending { byte, looped: true, .. } = self.transmitter {
            self.take_char(tick, byte & (0xFF >> (8 - self.word_bits())));
        }
        self.send_next(tick, output);
    }

    /// A whole character is in the receiver's shift register.
    fn take_char(&mut self, tick: u64, byte: u8) {
        if self.rx.len() >= self.depth() {
            self.overrun = true;
            // The buffer register is overwritten; a full FIFO keeps its bytes.
            if self.has_fifos() {
                return;
            }
            self.rx.clear();
        }
        self.rx.push_back(byte);
        self.restart_timeout(tick);
    }

    /// "FIFO Interrupt Mode Operation": four characters without a new one and without a read.
    fn restart_timeout(&mut self, tick: u64) {
        let runs = self.has_fifos() && !self.rx.is_empty() && !self.timeout;
        self.timeout_at = runs.then(|| tick + 4 * self.char_ticks());
    }

    fn can_receive(&self) -> bool {
        let connected = self.mcr & MCR_LOOP == 0;
        connected && self.arrival.is_none() && !self.line.is_empty() && self.rx.len() < self.depth()
    }

    fn start_arrival(&mut self, tick: u64) {
        if self.can_receive() {
            self.arrival = Some(tick + self.char_ticks());
        }
    }

    /// The next thing that happens by itself.
    fn next_event(&self) -> Option<u64> {
        let sent = match self.transmitter {
            Transmitter::Idle => None,
            Transmitter::Starting(at) | Transmitter::Sending { done: at, .. } => Some(at),
        };
        [sent, self.arrival, self.timeout_at].into_iter().flatten().min()
    }

    /// Carries out everything up to a tick, in the order of time.
    fn run_to(&mut self, now: u64, output: &mut Vec<Output>) {
        while let Some(tick) = self.next_event().filter(|tick| *tick <= now) {
            if self.arrival == Some(tick) {
                self.arrival = None;
                if let Some(byte) = self.line.pop_front() {
                    self.take_char(tick, byte);
                }
                self.start_arrival(tick);
            } else if self.timeout_at == Some(tick) {
                self.timeout_at = None;
                self.timeout = true;
            } else {
                self.shift_out(tick, output);
            }
        }
    }

    // Interrupts.

    /// IIR without the FIFO bits.
    fn interrupt(&self) -> u8 {
        let data = self.ier & IER_ERBFI != 0;
        if self.ier & IER_ELSI != 0 && self.overrun {
            IIR_LINE_STATUS
        } else if data && self.rx.len() >= self.trigger() {
            IIR_DATA
        } else if data && self.timeout {
            IIR_TIMEOUT
        } else if self.ier & IER_ETBEI != 0 && self.thre_pending {
            IIR_THRE
        } else if self.ier & IER_EDSSI != 0 && self.msr & 0x0F != 0 {
            IIR_MODEM
        } else {
            IIR_NONE
        }
    }

    /// Drives the interrupt line and finds the next event. In loopback mode the OUT2 pin is inactive.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let gate = self.mcr & (MCR_OUT2 | MCR_LOOP) == MCR_OUT2;
        cx.lines.set_irq(self.irq, gate && self.interrupt() != IIR_NONE);
        self.due = self.next_event().map(|tick| cx.rate(UART_HZ).instant_of(tick));
    }

    // Registers.

    fn read_rbr(&mut self, tick: u64) -> u8 {
        if let Some(byte) = self.rx.pop_front() {
            self.rbr = byte;
            self.timeout = false;
            self.restart_timeout(tick);
            self.start_arrival(tick);
        }
        self.rbr
    }

    fn read_iir(&mut self) -> u8 {
        let value = self.interrupt();
        if value == IIR_THRE {
            self.thre_pending = false;
        }
        value | if self.has_fifos() { IIR_FIFOS } else { 0 }
    }

    fn read_lsr(&mut self) -> u8 {
        let overrun = if std::mem::take(&mut self.overrun) { LSR_OE } else { 0 };
        self.line_status() | overrun
    }

    /// LSR without the error that a read takes back.
    #[inline]
    fn line_status(&self) -> u8 {
        let sent = self.tx.is_empty();
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        bit(!self.rx.is_empty(), LSR_DR)
            | bit(sent, LSR_THRE)
            | bit(sent && self.transmitter == Transmitter::Idle, LSR_TEMT)
    }

    fn read_msr(&mut self) -> u8 {
        let value = self.msr;
        self.msr &= 0xF0;
        value
    }

    fn write_thr(&mut self, tick: u64, value: u8) {
        self.thre_pending = false;
        if self.tx.len() < self.depth() {
            self.tx.push_back(value);
        } else if !self.has_fifos() {
            // The holding register is overwritten; a full FIFO does not take the byte.
            self.tx[0] = value;
        }
        if self.transmitter == Transmitter::Idle {
            self.transmitter = Transmitter::Starting(tick + self.bit_ticks());
        }
    }

    fn write_ier(&mut self, value: u8) {
        let enabled = value & !self.ier;
        self.ier = value & 0x0F;
        self.thre_pending |= enabled & IER_ETBEI != 0 && self.tx.is_empty();
    }

    fn write_fcr(&mut self, tick: u64, value: u8) {
        let enable = value & FCR_ENABLE;
        let switched = enable != self.fcr & FCR_ENABLE;
        // "This bit must be a 1 when other FCR bits are written to or they will not be programmed."
        let kept = if enable != 0 { value & FCR_KEPT } else { 0 };
        let resets = if enable != 0 { value } else { 0 };
        self.fcr = kept;
        if switched || resets & FCR_RX_RESET != 0 {
            self.rx.clear();
            (self.timeout, self.timeout_at) = (false, None);
            self.start_arrival(tick);
        }
        if switched || resets & FCR_TX_RESET != 0 {
            self.thre_pending |= !self.tx.is_empty();
            self.tx.clear();
            if matches!(self.transmitter, Transmitter::Starting(_)) {
                self.transmitter = Transmitter::Idle;
            }
        }
    }

    fn write_mcr(&mut self, tick: u64, value: u8) {
        self.mcr = value & 0x1F;
        let looped = self.mcr & MCR_LOOP != 0;
        let inputs = if looped { looped_inputs(self.mcr) } else { MSR_CONNECTED };
        let changed = (self.msr ^ inputs) >> 4 & !MSR_TERI;
        let ring_ended = if self.msr & MSR_RI != 0 && inputs & MSR_RI == 0 { MSR_TERI } else { 0 };
        self.msr = inputs | self.msr & 0x0F | changed | ring_ended;
        if looped {
            // SIN is disconnected; the line waits with the byte that was on its way.
            self.arrival = None;
        }
        self.start_arrival(tick);
    }

    /// What a read at this offset answers, if it changes nothing: not the port, its line, nor when it is due.
    #[inline]
    pub(crate) fn glance(&self, offset: u8, now: Instant) -> Option<u8> {
        // A due port is brought forward first.
        if self.due.is_some_and(|due| due <= now) {
            return None;
        }
        match offset {
            5 if !self.overrun => Some(self.line_status()),
            6 if self.msr & 0x0F == 0 => Some(self.msr),
            3 => Some(self.lcr),
            4 => Some(self.mcr),
            7 => Some(self.scratch),
            _ => None,
        }
    }

    fn read_byte(&mut self, offset: u32, tick: u64) -> u8 {
        let [divisor_low, divisor_high] = self.divisor.to_le_bytes();
        match (offset, self.lcr & LCR_DLAB != 0) {
            (0, true) => divisor_low,
            (1, true) => divisor_high,
            (0, false) => self.read_rbr(tick),
            (1, false) => self.ier,
            (2, _) => self.read_iir(),
            (3, _) => self.lcr,
            (4, _) => self.mcr,
            (5, _) => self.read_lsr(),
            (6, _) => self.read_msr(),
            (7, _) => self.scratch,
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, offset: u32, value: u8, tick: u64) {
        match (offset, self.lcr & LCR_DLAB != 0) {
            (0, true) => self.divisor = self.divisor & 0xFF00 | u16::from(value),
            (1, true) => self.divisor = self.divisor & 0x00FF | u16::from(value) << 8,
            (0, false) => self.write_thr(tick, value),
            (1, false) => self.write_ier(value),
            (2, _) => self.write_fcr(tick, value),
            (3, _) => self.lcr = value,
            (4, _) => self.write_mcr(tick, value),
            (7, _) => self.scratch = value,
            // LSR and MSR are for reading.
            _ => {}
        }
    }
}

/// The modem inputs in loopback mode: DTR is DSR, RTS is CTS, OUT1 is RI, OUT2 is DCD.
fn looped_inputs(mcr: u8) -> u8 {
    (mcr & 1) << 5 | (mcr & 2) << 3 | (mcr & 0x0C) << 4
}

impl Device for Uart {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("registers", self.base, 8)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let tick = Uart::tick(cx);
        let value = byte_wide::read(reg, size, |reg| self.read_byte(reg.offset, tick));
        self.drive(cx);
        value
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        let tick = Uart::tick(cx);
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg.offset, value, tick));
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due.is_none_or(|due| cx.now < due) {
            return;
        }
        let tick = Uart::tick(cx);
        self.run_to(tick, cx.output);
        self.start_arrival(tick);
        self.drive(cx);
    }

    /// "UART Reset Configuration": divisor and scratch register keep what they hold, and the line what waits there.
    fn reset(&mut self) {
        let fresh = Uart::new(self.number, self.base, self.irq);
        let line = std::mem::take(&mut self.line);
        *self = Uart { divisor: self.divisor, scratch: self.scratch, line, ..fresh };
        if self.can_receive() {
            self.due = Some(Instant(0));
        }
    }

    fn show(&self) -> View {
        let parity = match (self.lcr & LCR_PEN != 0, self.lcr >> 4 & 3) {
            (false, _) => "N",
            (true, 0) => "O",
            (true, 1) => "E",
            (true, 2) => "M",
            (true, _) => "S",
        };
        let stop = if self.lcr & LCR_STB == 0 { "1" } else { "2" };
        let baud = UART_HZ / self.bit_ticks();
        View::default()
            .row("line", format!("{baud} baud, {}{parity}{stop}", self.word_bits()))
            .row("IER", format!("{:02X}h", self.ier))
            .row("IIR", format!("{:02X}h", self.interrupt()))
            .row("FCR", format!("{:02X}h", self.fcr))
            .row("LCR", format!("{:02X}h", self.lcr))
            .row("MCR", format!("{:02X}h", self.mcr))
            .row("MSR", format!("{:02X}h", self.msr))
            .row("transmitter", format!("{} bytes waiting", self.tx.len()))
            .row("receiver", format!("{} bytes, {} on the line", self.rx.len(), self.line.len()))
    }
}

#[cfg(test)]
#[path = "uart_tests.rs"]
mod tests;
