//! The 8042 keyboard controller, with a keyboard and a mouse behind it.
//!
//! IBM *PC/AT Technical Reference* (6183310), section 1, "Keyboard Controller"; IBM *PS/2 Hardware Interface Technical
//! Reference: Keyboard and Auxiliary Device Controller* (1988), "Commands", "Status Register".
//!
//! Latencies in virtual time: the input buffer stays full for 5 us after a write, an answer of the controller comes
//! 20 us after its command, and a byte from the keyboard or the mouse takes 700 us (11 bits at 15.7 kHz) once the
//! output buffer is empty; if both have one, the one comes that did not send last. All effects of a write but its answer are there at once, whether software waits for the buffer or not.

use std::collections::VecDeque;

use ringwalk_mmu::{Instant, Rate, Size};
use serde::{Deserialize, Serialize};

use crate::keyboard::Keyboard;
use crate::keys::{Key, keys_for_char, translate};
use crate::mouse::{Mouse, MouseMove};
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

/// The clock of all times here: microseconds.
const MICROSECONDS: u64 = 1_000_000;
/// Input buffer full after a write.
const BUSY_US: u64 = 5;
/// A command to its answer.
const ANSWER_US: u64 = 20;
/// A byte on the cable of the keyboard or the mouse.
const BYTE_US: u64 = 700;
/// From one stroke of typed text to the next.
const TYPING_US: u64 = 10_000;
/// Strokes that wait to be typed, at most.
const TYPED: usize = 16_384;
/// Key events that wait for the next advance, at most.
const EVENTS: usize = 256;

const IRQ_KEYBOARD: u8 = 1;
const IRQ_AUX: u8 = 12;

/// Status: output buffer full.
const STATUS_OUTPUT: u8 = 1 << 0;
/// Status: input buffer full.
const STATUS_INPUT: u8 = 1 << 1;
/// Status: the last write was a command.
const STATUS_COMMAND: u8 = 1 << 3;
/// Status: the keyboard is not locked by its key.
const STATUS_UNLOCKED: u8 = 1 << 4;
/// Status: the output buffer holds a byte of the auxiliary device.
const STATUS_AUX: u8 = 1 << 5;

/// Command byte: interrupt on keyboard data.
const MODE_KEYBOARD_INTERRUPT: u8 = 1 << 0;
/// Command byte: interrupt on auxiliary data.
const MODE_AUX_INTERRUPT: u8 = 1 << 1;
/// Command byte: system flag, the same bit in the status.
const MODE_SYSTEM: u8 = 1 << 2;
/// Command byte: keyboard disabled.
const MODE_KEYBOARD_OFF: u8 = 1 << 4;
/// Command byte: auxiliary device disabled.
const MODE_AUX_OFF: u8 = 1 << 5;
/// Command byte: translate scan code set 2 to set 1.
const MODE_TRANSLATE: u8 = 1 << 6;

/// Output port: clear to reset the processor.
const PORT_NO_RESET: u8 = 1 << 0;
/// Output port: A20 gate.
const PORT_A20: u8 = 1 << 1;
/// Output port: output buffer full, which is IRQ 1.
const PORT_OUTPUT: u8 = 1 << 4;
/// Output port: auxiliary output buffer full, which is IRQ 12.
const PORT_AUX: u8 = 1 << 5;
/// Output port after power-on: the pins are high but for the two interrupts.
const PORT_POWER_ON: u8 = 0xCF;
/// Input port: keyboard not locked, colour display, no manufacturing jumper, second 256 KiB fitted.
const INPUT_PORT: u8 = 0xB0;
/// Test inputs: keyboard clock.
const TEST_CLOCK: u8 = 1 << 0;
/// Test inputs: keyboard data.
const TEST_DATA: u8 = 1 << 1;

/// The controller passed its self-test.
const SELF_TEST_PASSED: u8 = 0x55;
/// No password is installed.
const NO_PASSWORD: u8 = 0xF1;
/// Before a break code of set 2.
const BREAK: u8 = 0xF0;

/// Whose byte is in the output buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Source {
    Keyboard,
    Aux,
}

/// The controller with keyboard and mouse. Times are microseconds of virtual time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct I8042 {
    /// The controller's RAM, commands 20h to 3Fh and 60h to 7Fh; the first byte is the command byte.
    ram: [u8; 32],
    /// The output port as it was last written.
    port: u8,
    /// The byte in the output buffer, and after it was read still the same byte.
    output: u8,
    full: Option<Source>,
    /// The command that waits for its data byte.
    command: Option<u8>,
    last_was_command: bool,
    busy_until: u64,
    /// Answers of the controller, in order, and when the first of them comes.
    answers: VecDeque<(u8, Source)>,
    answer_at: Option<u64>,
    /// When the keyboard's next byte has come through the cable.
    transfer_at: Option<u64>,
    /// When the mouse's next byte has come, and whether the last byte that came was the mouse's.
    aux_transfer_at: Option<u64>,
    aux_sent_last: bool,
    /// The translation has seen the break prefix.
    broken: bool,
    init: bool,
    keyboard: Keyboard,
    mouse: Mouse,
    /// Keys of the host that the keyboard has not seen yet.
    events: VecDeque<(Key, bool)>,
    /// Strokes that are typed one after the other as the guest takes them.
    typed: VecDeque<(Key, bool)>,
    /// When the next stroke is typed, and the earliest time for it.
    stroke_at: Option<u64>,
    next_stroke: u64,
    due: Option<Instant>,
}

impl Default for I8042 {
    /// Power-on: the keyboard is off and the A20 gate open.
    fn default() -> I8042 {
        let mut ram = [0; 32];
        ram[0] = MODE_KEYBOARD_OFF | MODE_AUX_OFF;
        I8042 {
            ram,
            port: PORT_POWER_ON,
            output: 0,
            full: None,
            command: None,
            last_was_command: false,
            busy_until: 0,
            answers: VecDeque::new(),
            answer_at: None,
            transfer_at: None,
            aux_transfer_at: None,
            aux_sent_last: false,
            broken: false,
            init: false,
            keyboard: Keyboard::default(),
            mouse: Mouse::default(),
            events: VecDeque::new(),
            typed: VecDeque::new(),
            stroke_at: None,
            next_stroke: 0,
            due: None,
        }
    }
}

impl I8042 {
    /// Leaves the controller as a BIOS does: tested, keyboard on with its interrupt, scan codes translated. For
    /// machines that start without one.
    pub fn start(&mut self) {
        self.ram[0] = MODE_KEYBOARD_INTERRUPT | MODE_SYSTEM | MODE_AUX_OFF | MODE_TRANSLATE;
        self.due = Some(Instant(0));
    }

    /// A key of the keyboard goes down or up, from the next [`Device::advance`] on, which is due at once. More than
    /// the keyboard's buffer holds is lost, as with hands: text is typed by [`I8042::type_text`].
    pub fn key(&mut self, key: Key, pressed: bool) {
        if self.events.len() < EVENTS {
            self.events.push_back((key, pressed));
            self.due = Some(Instant(0));
        }
    }

    /// Types strokes one after the other, each when the guest has taken the one before and 10 ms have passed.
    /// Answers how many were taken; up to 16384 wait.
    pub fn type_keys(&mut self, strokes: &[(Key, bool)]) -> usize {
        let taken = strokes.len().min(TYPED - self.typed.len());
        self.typed.extend(&strokes[..taken]);
        self.due = Some(Instant(0));
        taken
    }

    /// Types a text on a US keyboard, as [`I8042::type_keys`]. Characters without a key are left out. Answers how
    /// many bytes of the text were taken.
    pub fn type_text(&mut self, text: &str) -> usize {
        for (index, c) in text.char_indices() {
            let strokes = keys_for_char(c);
            if strokes.len() > TYPED - self.typed.len() {
                return index;
            }
            self.type_keys(&strokes);
        }
        text.len()
    }

    /// Moves the mouse, from the next [`Device::advance`] on, which is due at once: one move after the other as the
    /// guest takes their packets. Answers how many were taken; up to 2048 wait.
    pub fn move_mouse(&mut self, moves: &[MouseMove]) -> usize {
        self.due = Some(Instant(0));
        self.mouse.add(moves)
    }

    /// Strokes that are still to be typed.
    pub fn typing(&self) -> usize {
        self.typed.len()
    }

    /// True while the A20 gate is open.
    pub fn a20(&self) -> bool {
        self.port & PORT_A20 != 0
    }

    /// Port 92h moved the gate.
    pub fn set_a20(&mut self, open: bool) {
        self.port = if open { self.port | PORT_A20 } else { self.port & !PORT_A20 };
    }

    /// Takes the request for a processor reset.
    pub fn take_init(&mut self) -> bool {
        std::mem::take(&mut self.init)
    }

    fn tick(cx: &Cx<'_>) -> u64 {
        cx.rate(MICROSECONDS).ticks_at(cx.now)
    }

    fn mode(&self) -> u8 {
        self.ram[0]
    }

    // Time.

    /// A device may send: the output buffer is free for it, and it is not switched off by this bit.
    fn may_send(&self, off: u8) -> bool {
        self.full.is_none() && self.answers.is_empty() && self.mode() & off == 0
    }

    /// Starts what can start, and stops what no longer can.
    fn schedule(&mut self, now: u64) {
        if self.answers.is_empty() || self.full.is_some() {
            self.answer_at = None;
        } else {
            self.answer_at.get_or_insert(now + ANSWER_US);
        }
        match self.keyboard.ready_at().filter(|_| self.may_send(MODE_KEYBOARD_OFF)) {
            None => self.transfer_at = None,
            Some(at) => drop(self.transfer_at.get_or_insert(at.max(now) + BYTE_US)),
        }
        match self.mouse.ready_at().filter(|_| self.may_send(MODE_AUX_OFF)) {
            None => self.aux_transfer_at = None,
            Some(at) => drop(self.aux_transfer_at.get_or_insert(at.max(now) + BYTE_US)),
        }
        if self.typed.is_empty() || !self.may_send(MODE_KEYBOARD_OFF) || !self.keyboard.is_idle() {
            self.stroke_at = None;
        } else {
            self.stroke_at.get_or_insert(now.max(self.next_stroke));
        }
    }

    fn next_event(&self) -> Option<u64> {
        let transfers = [self.transfer_at, self.aux_transfer_at];
        let others = [self.answer_at, self.stroke_at, self.keyboard.repeats_at()];
        transfers.into_iter().chain(others).flatten().min()
    }

    /// Carries out everything up to `now`, in the order of time.
    fn run_to(&mut self, now: u64) {
        while let Some(at) = self.next_event().filter(|at| *at <= now) {
            if self.answer_at == Some(at) {
                self.answer_at = None;
                if let Some((byte, source)) = self.answers.pop_front() {
                    self.fill(byte, source);
                }
            } else if self.aux_transfer_at == Some(at) && (self.transfer_at != Some(at) || !self.aux_sent_last) {
                self.aux_transfer_at = None;
                if let Some(byte) = self.mouse.send(at) {
                    self.aux_sent_last = true;
                    self.fill(byte, Source::Aux);
                }
            } else if self.transfer_at == Some(at) {
                (self.transfer_at, self.aux_sent_last) = (None, false);
                if let Some(byte) = self.keyboard.send() {
                    self.take_from_keyboard(byte);
                }
            } else if self.stroke_at == Some(at) {
                self.stroke_at = None;
                self.next_stroke = at + TYPING_US;
                if let Some((key, pressed)) = self.typed.pop_front() {
                    self.keyboard.key(key, pressed, at);
                }
            } else {
                self.keyboard.repeat(now);
            }
            self.schedule(at);
        }
    }

    fn fill(&mut self, byte: u8, source: Source) {
        self.output = byte;
        self.full = Some(source);
    }

    fn take_from_keyboard(&mut self, byte: u8) {
        if self.mode() & MODE_TRANSLATE == 0 {
            self.fill(byte, Source::Keyboard);
        } else if byte == BREAK {
            self.broken = true;
        } else {
            let high = if std::mem::take(&mut self.broken) { 0x80 } else { 0 };
            self.fill(translate(byte) | high, Source::Keyboard);
        }
    }

    /// Drives the interrupts and finds the next event.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let (keyboard, aux) = match self.full {
            None => (false, false),
            Some(Source::Keyboard) => (self.mode() & MODE_KEYBOARD_INTERRUPT != 0, false),
            Some(Source::Aux) => (false, self.mode() & MODE_AUX_INTERRUPT != 0),
        };
        cx.lines.set_irq(IRQ_KEYBOARD, keyboard);
        cx.lines.set_irq(IRQ_AUX, aux);
        self.due = self.next_event().map(|at| cx.rate(MICROSECONDS).instant_of(at));
    }

    // Registers.

    #[inline]
    fn status(&self, now: u64) -> u8 {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        STATUS_UNLOCKED
            | self.mode() & MODE_SYSTEM
            | bit(self.full.is_some(), STATUS_OUTPUT)
            | bit(now < self.busy_until, STATUS_INPUT)
            | bit(self.last_was_command, STATUS_COMMAND)
            | bit(self.full == Some(Source::Aux), STATUS_AUX)
    }

    fn output_port(&self) -> u8 {
        let interrupts = match self.full {
            None => 0,
            Some(Source::Keyboard) => PORT_OUTPUT,
            Some(Source::Aux) => PORT_AUX,
        };
        self.port & !(PORT_OUTPUT | PORT_AUX) | interrupts
    }

    fn write_output_port(&mut self, value: u8) {
        self.port = value;
        self.init |= value & PORT_NO_RESET == 0;
    }

    fn answer(&mut self, byte: u8) {
        self.answers.push_back((byte, Source::Keyboard));
    }

    /// A command at port 64h.
    fn write_command(&mut self, value: u8) {
        self.command = None;
        self.answers.clear();
        match value {
            0x20..=0x3F => self.answer(self.ram[usize::from(value & 0x1F)]),
            0x60..=0x7F | 0xA5 | 0xD1..=0xD4 => self.command = Some(value),
            0xA4 => self.answer(NO_PASSWORD),
            0xA7 => self.ram[0] |= MODE_AUX_OFF,
            0xA8 => self.ram[0] &= !MODE_AUX_OFF,
            // The lines of the auxiliary port and of the keyboard are in order.
            0xA9 | 0xAB => self.answer(0x00),
            0xAA => {
                self.ram[0] |= MODE_SYSTEM;
                self.answer(SELF_TEST_PASSED);
            }
            0xAD => self.ram[0] |= MODE_KEYBOARD_OFF,
            0xAE => self.ram[0] &= !MODE_KEYBOARD_OFF,
            0xC0 => self.answer(INPUT_PORT),
            0xD0 => self.answer(self.output_port()),
            0xDD => self.set_a20(false),
            0xDF => self.set_a20(true),
            0xE0 => {
                let clock = if self.mode() & MODE_KEYBOARD_OFF == 0 { TEST_CLOCK } else { 0 };
                self.answer(clock | TEST_DATA);
            }
            // Pulses the low bits of the output port that are clear; bit 0 is the processor's reset.
            0xF0..=0xFF => self.init |= value & PORT_NO_RESET == 0,
            _ => {}
        }
    }

    /// A byte at port 60h.
    fn write_data(&mut self, value: u8, now: u64) {
        match self.command.take() {
            Some(command @ 0x60..=0x7F) => self.ram[usize::from(command & 0x1F)] = value,
            // A password, up to its terminating zero, is forgotten.
            Some(0xA5) => self.command = (value != 0).then_some(0xA5),
            Some(0xD1) => self.write_output_port(value),
            Some(0xD2) => self.answers.push_back((value, Source::Keyboard)),
            Some(0xD3) => self.answers.push_back((value, Source::Aux)),
            // The byte gets through even while the port is switched off; the answer waits.
            Some(0xD4) => {
                self.aux_transfer_at = None;
                self.mouse.receive(value, now);
            }
            _ => {
                // A byte for the keyboard turns it on.
                self.ram[0] &= !MODE_KEYBOARD_OFF;
                self.transfer_at = None;
                self.broken = false;
                self.keyboard.receive(value, now);
            }
        }
    }

    /// The status at a moment in a machine of so many hertz, if nothing is due before and nothing asked for: then a read
    /// changes nothing, neither a line nor what comes next.
    #[inline]
    pub(crate) fn glance_at_status(&self, now: Instant, clock_hz: u64) -> Option<u8> {
        if self.init || self.due.is_some_and(|due| due <= now) {
            return None;
        }
        Some(self.status(Rate::new(MICROSECONDS, clock_hz).ticks_at(now)))
    }

    fn read_byte(&mut self, reg: Reg, now: u64) -> u8 {
        match (reg.range, reg.offset) {
            (0, 0) => {
                self.full = None;
                self.output
            }
            (1, 0) => self.status(now),
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, reg: Reg, value: u8, now: u64) {
        match (reg.range, reg.offset) {
            (0, 0) => self.write_data(value, now),
            (1, 0) => self.write_command(value),
            _ => return,
        }
        self.last_was_command = reg.range == 1;
        self.busy_until = now + BUSY_US;
    }
}

impl Device for I8042 {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("data", 0x60, 1), ("status and command", 0x64, 1)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let now = I8042::tick(cx);
        let value = byte_wide::read(reg, size, |reg| self.read_byte(reg, now));
        self.schedule(now);
        self.drive(cx);
        value
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        let now = I8042::tick(cx);
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg, value, now));
        self.schedule(now);
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due.is_none_or(|due| cx.now < due) {
            return;
        }
        let now = I8042::tick(cx);
        self.run_to(now);
        while let Some((key, pressed)) = self.events.pop_front() {
            self.keyboard.key(key, pressed, now);
        }
        self.schedule(now);
        self.drive(cx);
    }

    /// Keyboard and mouse are on the same power and start anew; what the host types stays to be typed.
    fn reset(&mut self) {
        self.keyboard.reset();
        self.mouse.reset();
        *self = I8042 {
            keyboard: self.keyboard.clone(),
            mouse: self.mouse.clone(),
            events: std::mem::take(&mut self.events),
            typed: std::mem::take(&mut self.typed),
            next_stroke: self.next_stroke,
            ..I8042::default()
        };
    }

    fn show(&self) -> View {
        let output = match self.full {
            Some(source) => format!("{:02X}h, {source:?}", self.output),
            None => "empty".to_owned(),
        };
        View::default()
            .row("command byte", format!("{:02X}h", self.mode()))
            .row("output buffer", output)
            .row("output port", format!("{:02X}h", self.output_port()))
            .row("A20", if self.a20() { "open" } else { "shut" })
            .row("keyboard", self.keyboard.show())
            .row("mouse", self.mouse.show())
            .row("to type", format!("{} strokes", self.typed.len()))
            .row("to move", format!("{} moves", self.mouse.waiting()))
    }
}

#[cfg(test)]
#[path = "mouse_tests.rs"]
mod mouse_tests;
#[cfg(test)]
#[path = "i8042_tests.rs"]
mod tests;
