//! The keyboard at the far end of the cable: commands, scan code sets 1 to 3, its buffer, typematic repetition.
//!
//! IBM *PS/2 Hardware Interface Technical Reference: Keyboards (101- and 102-Key)* (1990), "Commands from the
//! System", "Commands to the System", "Scan Codes Tables". The codes that old keyboards send around the grey cursor
//! keys while Num Lock or Shift is on are left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::keys::{Key, translate};

/// Scan bytes that the buffer holds.
const BUFFER: usize = 16;
/// The self-test after a reset, in microseconds. Real keyboards take some 500 ms; nobody waits for the time itself.
const SELF_TEST_US: u64 = 10_000;

/// The command was taken.
const ACK: u8 = 0xFA;
/// The command was not understood: send it again.
const RESEND: u8 = 0xFE;
/// The answer to an echo.
const ECHO: u8 = 0xEE;
/// The self-test passed.
const SELF_TEST_PASSED: u8 = 0xAA;
/// "Read ID": two bytes.
const ID: [u8; 2] = [0xAB, 0x83];
/// Before a break code in sets 2 and 3.
const BREAK: u8 = 0xF0;
/// Typematic rate and delay after a reset: 10.9 characters a second after 500 ms.
const DEFAULT_TYPEMATIC: u8 = 0x2B;
/// Set 2, System Request: Print Screen with Alt.
const SYS_RQ: u8 = 0x84;

/// What a key does in scan code set 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum KeyType {
    Typematic,
    MakeBreak,
    Make,
    TypematicMakeBreak,
}

impl KeyType {
    /// "Scan Code Set 3", the default states.
    fn default_of(key: Key) -> KeyType {
        match key {
            Key::LeftShift | Key::RightShift | Key::LeftCtrl | Key::LeftAlt | Key::CapsLock => KeyType::MakeBreak,
            Key::Up | Key::Down | Key::Left | Key::Right | Key::Delete => KeyType::Typematic,
            key if key >= Key::RightAlt || (Key::Escape..=Key::Pause).contains(&key) => KeyType::Make,
            _ => KeyType::Typematic,
        }
    }

    fn breaks(self) -> bool {
        matches!(self, KeyType::MakeBreak | KeyType::TypematicMakeBreak)
    }

    fn repeats(self) -> bool {
        matches!(self, KeyType::Typematic | KeyType::TypematicMakeBreak)
    }
}

/// A keyboard with 104 keys. Times are microseconds of virtual time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Keyboard {
    /// Scan code set, 1 to 3.
    set: u8,
    scanning: bool,
    leds: u8,
    typematic: u8,
    buffer: VecDeque<u8>,
    /// Answers to commands, each with the time before which it is not sent.
    answers: VecDeque<(u8, u64)>,
    /// The last byte sent, for "Resend".
    last: u8,
    /// The command that waits for its parameter.
    command: Option<u8>,
    held: BTreeSet<Key>,
    /// The key that repeats, and when next.
    repeat: Option<(Key, u64)>,
    /// Set 3: what all keys do, if it was changed, and what single keys do, by their codes.
    all_types: Option<KeyType>,
    key_types: BTreeMap<u8, KeyType>,
}

impl Default for Keyboard {
    fn default() -> Keyboard {
        Keyboard {
            set: 2,
            scanning: true,
            leds: 0,
            typematic: DEFAULT_TYPEMATIC,
            buffer: VecDeque::new(),
            answers: VecDeque::new(),
            last: 0,
            command: None,
            held: BTreeSet::new(),
            repeat: None,
            all_types: None,
            key_types: BTreeMap::new(),
        }
    }
}

impl Keyboard {
    /// Power-on, with the keys as they are held.
    pub(crate) fn reset(&mut self) {
        *self = Keyboard { held: std::mem::take(&mut self.held), ..Keyboard::default() };
    }

    /// True if strokes would be sent at once: it scans, and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.scanning && self.buffer.is_empty() && self.answers.is_empty()
    }

    /// The time from which the next byte can be sent; `None` if there is none.
    pub(crate) fn ready_at(&self) -> Option<u64> {
        match self.answers.front() {
            Some((_, at)) => Some(*at),
            None => (!self.buffer.is_empty()).then_some(0),
        }
    }

    /// Takes the next byte.
    pub(crate) fn send(&mut self) -> Option<u8> {
        let answer = self.answers.pop_front().map(|(byte, _)| byte);
        let byte = answer.or_else(|| self.buffer.pop_front())?;
        if byte != RESEND {
            self.last = byte;
        }
        Some(byte)
    }

    // Commands.

    /// A byte from the controller.
    pub(crate) fn receive(&mut self, byte: u8, now: u64) {
        match self.command.take() {
            // A parameter has its high bit clear, or it is a new command.
            Some(command) if byte < 0x80 || (0xFB..=0xFD).contains(&command) && byte < 0xED => {
                self.parameter(command, byte, now);
            }
            _ => self.start_command(byte, now),
        }
    }

    fn answer(&mut self, byte: u8, at: u64) {
        self.answers.push_back((byte, at));
    }

    fn start_command(&mut self, byte: u8, now: u64) {
        // A command ends whatever the keyboard was about to answer.
        self.answers.clear();
        match byte {
            0xED | 0xF0 | 0xF3 | 0xFB..=0xFD => {
                self.command = Some(byte);
                self.answer(ACK, now);
            }
            0xEE => self.answer(ECHO, now),
            0xF2 => [ACK, ID[0], ID[1]].into_iter().for_each(|byte| self.answer(byte, now)),
            0xF4 => {
                self.buffer.clear();
                self.scanning = true;
                self.answer(ACK, now);
            }
            0xF5 | 0xF6 => {
                self.set_defaults();
                self.scanning = byte == 0xF6;
                self.answer(ACK, now);
            }
            0xF7..=0xFA => {
                let types = [KeyType::Typematic, KeyType::MakeBreak, KeyType::Make, KeyType::TypematicMakeBreak];
                self.all_types = Some(types[usize::from(byte - 0xF7)]);
                self.key_types.clear();
                self.answer(ACK, now);
            }
            0xFE => self.answer(self.last, now),
            0xFF => {
                self.reset();
                self.answer(ACK, now);
                self.answer(SELF_TEST_PASSED, now + SELF_TEST_US);
            }
            _ => self.answer(RESEND, now),
        }
    }

    fn parameter(&mut self, command: u8, byte: u8, now: u64) {
        self.answers.clear();
        match (command, byte) {
            (0xED, _) => self.leds = byte & 7,
            (0xF3, _) => self.typematic = byte,
            (0xF0, 0) => {
                self.answer(ACK, now);
                self.answer(self.set, now);
                return;
            }
            (0xF0, 1..=3) => {
                self.set = byte;
                self.buffer.clear();
            }
            (0xFB..=0xFD, _) => {
                let types = [KeyType::Typematic, KeyType::MakeBreak, KeyType::Make];
                self.key_types.insert(byte, types[usize::from(command - 0xFB)]);
                // A list of keys, up to the next command.
                self.command = Some(command);
            }
            _ => return self.answer(RESEND, now),
        }
        self.answer(ACK, now);
    }

    /// "Set Default". The lamps stay as they are.
    fn set_defaults(&mut self) {
        self.buffer.clear();
        (self.set, self.typematic, self.repeat) = (2, DEFAULT_TYPEMATIC, None);
        self.all_types = None;
        self.key_types.clear();
    }

    // Keys.

    /// A key goes down or up. Going down twice or up twice is nothing new.
    pub(crate) fn key(&mut self, key: Key, pressed: bool, now: u64) {
        let changed = if pressed { self.held.insert(key) } else { self.held.remove(&key) };
        if !changed {
            return;
        }
        if pressed && self.repeats(key) {
            self.repeat = Some((key, now + self.delay_us()));
        } else if pressed || self.repeat.is_some_and(|(repeating, _)| repeating == key) {
            self.repeat = None;
        }
        if self.scanning {
            let codes = self.codes(key, pressed);
            self.buffer_codes(&codes);
        }
    }

    /// When a held key repeats next.
    pub(crate) fn repeats_at(&self) -> Option<u64> {
        self.repeat.map(|(_, at)| at)
    }

    /// The held key repeats. If the buffer is full nothing comes of it, up to `now`.
    pub(crate) fn repeat(&mut self, now: u64) {
        let Some((key, at)) = self.repeat else { return };
        let period = self.period_us();
        if self.scanning && self.buffer.len() < BUFFER {
            let codes = self.codes(key, true);
            self.buffer_codes(&codes);
            self.repeat = Some((key, at + period));
        } else {
            let missed = now.saturating_sub(at) / period;
            self.repeat = Some((key, at + (missed + 1) * period));
        }
    }

    /// "Set Typematic Rate/Delay": bits 6-5.
    fn delay_us(&self) -> u64 {
        (1 + u64::from(self.typematic >> 5 & 3)) * 250_000
    }

    /// "Set Typematic Rate/Delay": bits 4-0, (8 + A) * 2^B / 240 s.
    fn period_us(&self) -> u64 {
        let (a, b) = (u64::from(self.typematic & 7), self.typematic >> 3 & 3);
        ((8 + a) << b) * 1_000_000 / 240
    }

    fn type_of(&self, key: Key) -> KeyType {
        let single = self.key_types.get(&key.set3()).copied();
        single.or(self.all_types).unwrap_or_else(|| KeyType::default_of(key))
    }

    fn repeats(&self, key: Key) -> bool {
        match self.set {
            3 => self.type_of(key).repeats(),
            _ => key != Key::Pause,
        }
    }

    /// Puts codes into the buffer; if they do not fit, the overrun code once.
    fn buffer_codes(&mut self, codes: &[u8]) {
        let overrun = if self.set == 1 { 0xFF } else { 0x00 };
        if self.buffer.len() + codes.len() <= BUFFER {
            self.buffer.extend(codes);
        } else if self.buffer.back() != Some(&overrun) {
            self.buffer.push_back(overrun);
        }
    }

    fn codes(&self, key: Key, pressed: bool) -> Vec<u8> {
        match self.set {
            1 => to_set1(&self.set2_codes(key, pressed)),
            2 => self.set2_codes(key, pressed),
            _ if pressed => vec![key.set3()],
            _ if self.type_of(key).breaks() => vec![BREAK, key.set3()],
            _ => Vec::new(),
        }
    }

    fn set2_codes(&self, key: Key, pressed: bool) -> Vec<u8> {
        let holds = |keys: [Key; 2]| keys.iter().any(|key| self.held.contains(key));
        let (shift, ctrl) = (holds([Key::LeftShift, Key::RightShift]), holds([Key::LeftCtrl, Key::RightCtrl]));
        match (key, pressed) {
            (Key::Pause, false) => Vec::new(),
            (Key::Pause, true) if ctrl => vec![0xE0, 0x7E, 0xE0, BREAK, 0x7E],
            (Key::Pause, true) => vec![0xE1, 0x14, 0x77, 0xE1, BREAK, 0x14, BREAK, 0x77],
            (Key::PrintScreen, true) if holds([Key::LeftAlt, Key::RightAlt]) => vec![SYS_RQ],
            (Key::PrintScreen, false) if holds([Key::LeftAlt, Key::RightAlt]) => {
                vec![BREAK, SYS_RQ]
            }
            (Key::PrintScreen, true) if !shift && !ctrl => vec![0xE0, 0x12, 0xE0, 0x7C],
            (Key::PrintScreen, false) if !shift && !ctrl => {
                vec![0xE0, BREAK, 0x7C, 0xE0, BREAK, 0x12]
            }
            _ => {
                let (code, extended) = key.set2();
                let bytes = [(extended, 0xE0), (!pressed, BREAK), (true, code)];
                bytes.into_iter().filter(|(sent, _)| *sent).map(|(_, byte)| byte).collect()
            }
        }
    }

    /// A line for the debugger.
    pub(crate) fn show(&self) -> String {
        let scanning = if self.scanning { "scanning" } else { "disabled" };
        let waiting = self.buffer.len() + self.answers.len();
        format!("set {}, {scanning}, {waiting} bytes waiting, lamps {:03b}b", self.set, self.leds)
    }
}

/// Scan codes of set 2 in set 1: the break prefix becomes the high bit.
fn to_set1(codes: &[u8]) -> Vec<u8> {
    let mut high = 0;
    let mut out = Vec::new();
    for code in codes {
        if *code == BREAK {
            high = 0x80;
        } else {
            out.push(translate(*code) | std::mem::take(&mut high));
        }
    }
    out
}
