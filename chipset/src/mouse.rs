//! The mouse at the far end of the auxiliary cable: commands, modes, packets, wheel and five buttons.
//!
//! IBM *PS/2 Hardware Interface Technical Reference: Mouse* (1988), "Mouse Commands", "Data Report", "Scaling"; for the
//! wheel and the fourth and fifth button, Microsoft *Windows and the 5-Button Wheel Mouse* (2001), "Detection".
//!
//! What the host's hands do between two reports is not lost: a move that one packet cannot carry goes into several, and
//! each change of the buttons has a packet of its own. So the overflow bits stay clear.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Moves that wait to be reported, at most.
const MOVES: usize = 2048;
/// The self-test after a reset, in microseconds. Real mice take 300 ms and more; nobody waits for the time itself.
const SELF_TEST_US: u64 = 10_000;

const ACK: u8 = 0xFA;
/// A command or parameter that is not known: the first time, and when it happens again.
const RESEND: u8 = 0xFE;
const ERROR: u8 = 0xFC;
const SELF_TEST_PASSED: u8 = 0xAA;

/// What it says it is: a mouse, one with a wheel, one with a wheel and five buttons.
const ID_PLAIN: u8 = 0;
const ID_WHEEL: u8 = 3;
const ID_FIVE_BUTTONS: u8 = 4;
/// Sample rates set one after the other that turn a plain mouse into the others.
const KNOCK_WHEEL: [u8; 3] = [200, 100, 80];
const KNOCK_FIVE_BUTTONS: [u8; 3] = [200, 200, 80];

const SAMPLE_RATES: [u8; 7] = [10, 20, 40, 60, 80, 100, 200];
const DEFAULT_RATE: u8 = 100;
/// 4 counts a millimetre.
const DEFAULT_RESOLUTION: u8 = 2;

/// Counts that one packet carries, each way: its counters have nine bits.
const MOST_COUNTS: i32 = 255;
/// Steps of the wheel that one packet carries.
const MOST_STEPS: i32 = 7;

/// First byte of a packet: always set; signs of X and Y. Bits 2-0 are the middle, right and left button.
const PACKET_ONE: u8 = 1 << 3;
const X_SIGN: u8 = 1 << 4;
const Y_SIGN: u8 = 1 << 5;
/// Buttons in that byte.
const THREE_BUTTONS: u8 = 0b111;

/// First byte of the status: remote mode, reporting enabled, scaling 2:1.
const STATUS_REMOTE: u8 = 1 << 6;
const STATUS_ENABLED: u8 = 1 << 5;
const STATUS_SCALING: u8 = 1 << 4;

/// What a hand does with the mouse in one go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MouseMove {
    /// Counts to the right.
    pub dx: i16,
    /// Counts towards the user, down on a screen.
    pub dy: i16,
    /// Steps of the wheel towards the user.
    pub wheel: i8,
    /// The buttons held from now on: bit 0 left, 1 right, 2 middle, 3 fourth, 4 fifth.
    pub buttons: u8,
}

/// The mouse. Times are microseconds of virtual time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Mouse {
    id: u8,
    remote: bool,
    wrap: bool,
    enabled: bool,
    /// Scaling 2:1.
    scaling: bool,
    resolution: u8,
    rate: u8,
    /// The last three sample rates that were set.
    knock: [u8; 3],
    /// The command that waits for its parameter.
    command: Option<u8>,
    /// The last byte was not understood.
    rejected: bool,
    /// Answers to commands, each with the time before which it is not sent.
    answers: VecDeque<(u8, u64)>,
    /// The rest of a packet.
    packet: VecDeque<u8>,
    /// What was sent last, whole, for "Resend".
    last: Vec<u8>,
    /// Counts and steps since the last packet.
    counts: [i32; 2],
    steps: i32,
    buttons: u8,
    /// The buttons as the last packet told them.
    reported: u8,
    /// The earliest time for the next packet in stream mode.
    next_report: u64,
    /// Moves of the host that have not happened yet.
    moves: VecDeque<MouseMove>,
}

impl Default for Mouse {
    fn default() -> Mouse {
        Mouse {
            id: ID_PLAIN,
            remote: false,
            wrap: false,
            enabled: false,
            scaling: false,
            resolution: DEFAULT_RESOLUTION,
            rate: DEFAULT_RATE,
            knock: [0; 3],
            command: None,
            rejected: false,
            answers: VecDeque::new(),
            packet: VecDeque::new(),
            last: Vec::new(),
            counts: [0; 2],
            steps: 0,
            buttons: 0,
            reported: 0,
            next_report: 0,
            moves: VecDeque::new(),
        }
    }
}

impl Mouse {
    /// Power-on, with the buttons as they are held.
    pub(crate) fn reset(&mut self) {
        let buttons = self.moves.back().map_or(self.buttons, |last| last.buttons);
        *self = Mouse { buttons, reported: buttons, ..Mouse::default() };
    }

    /// Takes moves, which happen one after the other as packets are taken. Answers how many there was room for.
    pub(crate) fn add(&mut self, moves: &[MouseMove]) -> usize {
        let taken = moves.len().min(MOVES.saturating_sub(self.moves.len()));
        self.moves.extend(&moves[..taken]);
        self.catch_up();
        taken
    }

    /// Moves that have not happened yet.
    pub(crate) fn waiting(&self) -> usize {
        self.moves.len()
    }

    /// It reports by itself.
    fn streams(&self) -> bool {
        self.enabled && !self.remote && !self.wrap
    }

    /// Lets what nobody will report happen at once.
    fn catch_up(&mut self) {
        while !self.streams() && self.step() {}
    }

    /// The next move happens.
    fn step(&mut self) -> bool {
        let Some(next) = self.moves.pop_front() else { return false };
        // Up is positive in packets, and away from the user on the wheel negative.
        for (count, by) in self.counts.iter_mut().zip([i32::from(next.dx), -i32::from(next.dy)]) {
            *count = count.saturating_add(by);
        }
        self.steps = self.steps.saturating_add(i32::from(next.wheel));
        self.buttons = next.buttons & 0x1F;
        true
    }

    fn has_news(&self) -> bool {
        let steps = self.id != ID_PLAIN && self.steps != 0;
        self.counts != [0; 2] || steps || (self.buttons ^ self.reported) & self.visible_buttons() != 0
    }

    fn visible_buttons(&self) -> u8 {
        if self.id == ID_FIVE_BUTTONS { 0x1F } else { THREE_BUTTONS }
    }

    /// The time from which the next byte can be sent; `None` if there is none.
    pub(crate) fn ready_at(&self) -> Option<u64> {
        match self.answers.front() {
            Some((_, at)) => Some(*at),
            None if !self.packet.is_empty() => Some(0),
            None => (self.streams() && (self.has_news() || !self.moves.is_empty())).then_some(self.next_report),
        }
    }

    /// Takes the next byte; it has come at `now`.
    pub(crate) fn send(&mut self, now: u64) -> Option<u8> {
        if let Some((byte, _)) = self.answers.pop_front() {
            return Some(byte);
        }
        if self.packet.is_empty() && self.streams() {
            // At most as many as can wait.
            while !self.has_news() && self.step() {}
            if self.has_news() {
                self.packet = self.make_packet(self.scaling).into();
                self.next_report = now + 1_000_000 / u64::from(self.rate.max(1));
            }
        }
        self.packet.pop_front()
    }

    // Packets.

    /// "Data Report": what has happened since the last one, as far as it fits.
    fn make_packet(&mut self, scaled: bool) -> Vec<u8> {
        let counts = self.counts.map(|count| {
            let most = if scaled { MOST_COUNTS / 2 } else { MOST_COUNTS };
            count.clamp(-most, most)
        });
        for (count, sent) in self.counts.iter_mut().zip(counts) {
            *count -= sent;
        }
        let [x, y] = counts.map(|count| if scaled { scale(count) } else { count });
        let sign = |count: i32, bit| if count < 0 { bit } else { 0 };
        let buttons = self.buttons & THREE_BUTTONS;
        // The low eight bits of nine.
        let mut packet = vec![PACKET_ONE | buttons | sign(x, X_SIGN) | sign(y, Y_SIGN), x as u8, y as u8];
        if self.id != ID_PLAIN {
            let steps = self.steps.clamp(-MOST_STEPS, MOST_STEPS);
            self.steps -= steps;
            // With five buttons the wheel has four bits, else eight.
            packet.push(match self.id {
                ID_FIVE_BUTTONS => steps as u8 & 0x0F | (self.buttons & 0x18) << 1,
                _ => steps as u8,
            });
        }
        self.reported = self.buttons;
        self.last.clone_from(&packet);
        packet
    }

    fn clear_counts(&mut self) {
        (self.counts, self.steps) = ([0; 2], 0);
        self.packet.clear();
    }

    // Commands.

    /// A byte from the controller.
    pub(crate) fn receive(&mut self, byte: u8, now: u64) {
        // A byte from the system ends whatever the mouse was about to send.
        self.answers.clear();
        if self.wrap && !matches!(byte, 0xFF | 0xEC) {
            return self.answer(&[byte], now);
        }
        match (self.command.take(), byte) {
            (Some(command), _) => self.parameter(command, byte, now),
            (None, 0xFE) => {
                let last = std::mem::take(&mut self.last);
                self.answer(&last, now);
            }
            _ => self.start_command(byte, now),
        }
        self.catch_up();
    }

    fn answer(&mut self, bytes: &[u8], now: u64) {
        self.rejected = false;
        self.last = bytes.to_vec();
        self.answers.extend(bytes.iter().map(|byte| (*byte, now)));
    }

    fn reject(&mut self, now: u64) {
        let again = self.rejected;
        self.answer(&[if again { ERROR } else { RESEND }], now);
        self.rejected = !again;
    }

    fn start_command(&mut self, byte: u8, now: u64) {
        // "Read Data" tells the counts; every command begins them anew.
        let report = (byte == 0xEB).then(|| self.make_packet(false));
        self.clear_counts();
        match byte {
            0xE6 | 0xE7 => self.scaling = byte == 0xE7,
            0xE8 | 0xF3 => self.command = Some(byte),
            0xE9 => return self.answer(&[&[ACK][..], &self.status()].concat(), now),
            0xEA | 0xF0 => self.remote = byte == 0xF0,
            0xEB => return self.answer(&[&[ACK][..], &report.unwrap_or_default()].concat(), now),
            0xEC | 0xEE => self.wrap = byte == 0xEE,
            0xF2 => return self.answer(&[ACK, self.id], now),
            0xF4 | 0xF5 => self.enabled = byte == 0xF4,
            0xF6 => self.set_defaults(),
            0xFF => return self.restart(now),
            _ => return self.reject(now),
        }
        self.answer(&[ACK], now);
    }

    fn parameter(&mut self, command: u8, byte: u8, now: u64) {
        match command {
            0xE8 if byte <= 3 => self.resolution = byte,
            0xF3 if SAMPLE_RATES.contains(&byte) => self.set_rate(byte),
            _ => {
                self.command = Some(command);
                return self.reject(now);
            }
        }
        self.answer(&[ACK], now);
    }

    fn set_rate(&mut self, rate: u8) {
        self.rate = rate;
        self.knock = [self.knock[1], self.knock[2], rate];
        match self.knock {
            KNOCK_WHEEL => self.id = self.id.max(ID_WHEEL),
            KNOCK_FIVE_BUTTONS => self.id = ID_FIVE_BUTTONS,
            _ => {}
        }
    }

    fn set_defaults(&mut self) {
        (self.rate, self.resolution) = (DEFAULT_RATE, DEFAULT_RESOLUTION);
        (self.scaling, self.remote, self.enabled) = (false, false, false);
    }

    /// "Reset": the self-test, and what it is.
    fn restart(&mut self, now: u64) {
        let moves = std::mem::take(&mut self.moves);
        self.reset();
        self.moves = moves;
        self.answer(&[ACK, SELF_TEST_PASSED, ID_PLAIN], now);
        for (_, at) in self.answers.iter_mut().skip(1) {
            *at = now + SELF_TEST_US;
        }
    }

    /// "Status Request".
    fn status(&self) -> [u8; 3] {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let [left, right, middle] = [0, 1, 2].map(|button| self.buttons >> button & 1);
        let modes =
            bit(self.remote, STATUS_REMOTE) | bit(self.enabled, STATUS_ENABLED) | bit(self.scaling, STATUS_SCALING);
        [modes | left << 2 | middle << 1 | right, self.resolution, self.rate]
    }

    /// A line for the debugger.
    pub(crate) fn show(&self) -> String {
        let kind = match self.id {
            ID_PLAIN => "3 buttons",
            ID_WHEEL => "3 buttons, wheel",
            _ => "5 buttons, wheel",
        };
        let mode = match (self.wrap, self.remote, self.enabled) {
            (true, ..) => "wrap mode",
            (_, true, _) => "remote mode",
            (_, _, true) => "stream mode",
            _ => "disabled",
        };
        let waiting = self.answers.len() + self.packet.len();
        format!("{kind}, {mode}, {} reports/s, {waiting} bytes waiting, buttons {:05b}b", self.rate, self.buttons)
    }
}

/// "Set Scaling 2:1".
fn scale(count: i32) -> i32 {
    let scaled = match count.abs() {
        small @ 0..2 => small,
        2 => 1,
        3 => 3,
        4 => 6,
        5 => 9,
        large => 2 * large,
    };
    scaled * count.signum()
}
