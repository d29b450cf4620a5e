//! The 8254 interval timer and port 61h. Intel *8254 Programmable Interval Timer* datasheet (order number 231164),
//! "Programming the 8254", "Read Operations"; Intel *82371SB (PIIX3)* datasheet (order number 290550), "NMI Status
//! and Control Register" (port 61h).
//!
//! Ticks are counted from power-on by the exact rate of 1193182 Hz, so nothing drifts. OUT0 is IRQ 0; every edge of
//! it is an event. Counters 0 and 1 have their gates high, counter 2 has it at port 61h.

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::pit_counter::Counter;
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

/// The input clock of a PC's timer: 14.31818 MHz / 12.
pub const PIT_HZ: u64 = 1_193_182;
/// Ticks between two refresh requests, 15.085 us: what a PC programs counter 1 to. Taken as fixed.
const REFRESH_TICKS: u64 = 18;
/// The interrupt of OUT0.
const IRQ: u8 = 0;

/// Range and offset of the control word.
const CONTROL: u32 = 3;
/// Control word: SC1-SC0, and its value for the read-back command.
const READ_BACK: u8 = 3;
/// Read-back command, COUNT#: clear to latch the counts.
const READ_BACK_NO_COUNT: u8 = 1 << 5;
/// Read-back command, STATUS#: clear to latch the status.
const READ_BACK_NO_STATUS: u8 = 1 << 4;

/// Port 61h: the gate of counter 2.
const GATE2: u8 = 1 << 0;
/// Port 61h, bits that can be written: gate, speaker data, SERR# and IOCHK# enables.
const PORT61_WRITABLE: u8 = 0x0F;
/// Port 61h: toggles with each refresh request.
const REFRESH: u8 = 1 << 4;
/// Port 61h: OUT2.
const OUT2: u8 = 1 << 5;

/// Timer and port 61h.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pit {
    counters: [Counter; 3],
    /// Port 61h, the bits that can be written.
    port61: u8,
    /// The level that IRQ 0 was last driven to.
    irq: bool,
    /// The next edge of OUT0.
    due: Option<Instant>,
}

impl Default for Pit {
    fn default() -> Pit {
        let counters = [Counter::new(true), Counter::new(true), Counter::new(false)];
        Pit { counters, port61: 0, irq: false, due: None }
    }
}

impl Pit {
    /// True while the speaker is driven: what it plays is OUT2.
    pub fn speaker_on(&self) -> bool {
        self.port61 & 3 == 3
    }

    /// What is to be heard, in words: port 61h lets OUT2 through to the speaker, and mode 3 makes a tone of it.
    fn speaker(&self) -> String {
        match (self.speaker_on(), self.counters[2].tone()) {
            (false, _) => "silent".to_owned(),
            (true, None) => "OUT2, no tone".to_owned(),
            (true, Some(ticks)) => format!("{} Hz", PIT_HZ / u64::from(ticks)),
        }
    }

    fn tick(cx: &Cx<'_>) -> u64 {
        cx.rate(PIT_HZ).ticks_at(cx.now)
    }

    /// Drives IRQ 0 and finds the next edge.
    fn drive(&mut self, cx: &mut Cx<'_>, level: bool) {
        self.irq = level;
        cx.lines.set_irq(IRQ, level);
        let edge = self.counters[0].next_edge(Pit::tick(cx));
        self.due = edge.map(|tick| cx.rate(PIT_HZ).instant_of(tick));
    }

    fn write_control(&mut self, tick: u64, value: u8) {
        let select = value >> 6;
        if select == READ_BACK {
            self.read_back(tick, value);
            return;
        }
        let counter = &mut self.counters[usize::from(select)];
        match value >> 4 & 3 {
            0 => counter.latch_count(tick),
            _ => counter.write_control(tick, value),
        }
    }

    fn read_back(&mut self, tick: u64, value: u8) {
        for (number, counter) in self.counters.iter_mut().enumerate() {
            if value & 2 << number == 0 {
                continue;
            }
            if value & READ_BACK_NO_COUNT == 0 {
                counter.latch_count(tick);
            }
            if value & READ_BACK_NO_STATUS == 0 {
                counter.latch_status(tick);
            }
        }
    }

    fn write_port61(&mut self, cx: &mut Cx<'_>, value: u8) {
        let tick = Pit::tick(cx);
        self.port61 = value & PORT61_WRITABLE;
        self.counters[2].set_gate(tick, value & GATE2 != 0);
        cx.lines.speaker_gate = value & GATE2 != 0;
    }

    fn read_port61(&mut self, tick: u64) -> u8 {
        self.counters[2].advance(tick);
        let mut value = self.port61;
        if !(tick / REFRESH_TICKS).is_multiple_of(2) {
            value |= REFRESH;
        }
        if self.counters[2].out(tick) {
            value |= OUT2;
        }
        value
    }

    fn read_byte(&mut self, reg: Reg, tick: u64) -> u8 {
        match (reg.range, reg.offset) {
            (0, counter @ 0..3) => self.counters[counter as usize].read(tick),
            (1, 0) => self.read_port61(tick),
            // The control word cannot be read: nobody drives the bus.
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, reg: Reg, value: u8, cx: &mut Cx<'_>) {
        let tick = Pit::tick(cx);
        match (reg.range, reg.offset) {
            (0, counter @ 0..3) => self.counters[counter as usize].write(tick, value),
            (0, CONTROL) => self.write_control(tick, value),
            (1, 0) => self.write_port61(cx, value),
            _ => {}
        }
    }
}

impl Device for Pit {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("timer", 0x40, 4), ("port 61h", 0x61, 1)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let tick = Pit::tick(cx);
        byte_wide::read(reg, size, |reg| self.read_byte(reg, tick))
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg, value, cx));
        self.counters[0].advance(Pit::tick(cx));
        let level = self.counters[0].out(Pit::tick(cx));
        self.drive(cx, level);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due.is_none_or(|due| cx.now < due) {
            return;
        }
        let tick = Pit::tick(cx);
        self.counters[0].advance(tick);
        let level = self.counters[0].out(tick);
        if level != self.irq {
            self.drive(cx, level);
        } else {
            // The time went past an even number of edges. They must not be lost: drive one now, the other at once.
            self.drive(cx, !level);
            self.due = Some(cx.now);
        }
    }

    /// The 8254 has no reset pin and is undefined until it is programmed; ours is silent then. Port 61h is cleared.
    fn reset(&mut self) {
        *self = Pit::default();
    }

    fn show(&self) -> View {
        let names = ["counter 0 (IRQ 0)", "counter 1", "counter 2 (speaker)"];
        let view =
            names.into_iter().zip(&self.counters).fold(View::default(), |view, (name, c)| view.row(name, c.show()));
        view.row("port 61h", format!("{:02X}h", self.port61)).row("speaker", self.speaker())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{CLOCK_HZ, Fake, US, abuse};
    use ringwalk_mmu::Rate;

    const RATE: Rate = Rate::new(PIT_HZ, CLOCK_HZ);

    /// A board at the moment when the thousandth tick is just over.
    fn board() -> (Fake, Pit) {
        let (mut fake, mut pit) = (Fake::new(), Pit::default());
        pass(&mut fake, &mut pit, 1000);
        (fake, pit)
    }

    /// Lets ticks pass.
    fn pass(fake: &mut Fake, pit: &mut Pit, ticks: u64) {
        let end = RATE.ticks_at(fake.now) + ticks;
        fake.run_until(pit, RATE.instant_of(end));
    }

    fn program(fake: &mut Fake, pit: &mut Pit, control: u8, count: u16) {
        fake.outb(pit, 0x43, control);
        let port = 0x40 + u16::from(control >> 6);
        let [low, high] = count.to_le_bytes();
        if control & 0x10 != 0 {
            fake.outb(pit, port, low);
        }
        if control & 0x20 != 0 {
            fake.outb(pit, port, high);
        }
    }

    /// Latches and reads a two-byte count.
    fn count(fake: &mut Fake, pit: &mut Pit, counter: u8) -> u16 {
        fake.outb(pit, 0x43, counter << 6);
        let port = 0x40 + u16::from(counter);
        u16::from_le_bytes([fake.inb(pit, port), fake.inb(pit, port)])
    }

    /// OUT and null count by the read-back command.
    fn status(fake: &mut Fake, pit: &mut Pit, counter: u8) -> u8 {
        fake.outb(pit, 0x43, 0xE0 | 2 << counter);
        fake.inb(pit, 0x40 + u16::from(counter))
    }

    fn out(fake: &mut Fake, pit: &mut Pit, counter: u8) -> bool {
        status(fake, pit, counter) & 0x80 != 0
    }

    /// OUT of a counter for so many ticks from now, one letter a tick.
    fn wave(fake: &mut Fake, pit: &mut Pit, counter: u8, ticks: usize) -> String {
        let step = |_| {
            let level = if out(fake, pit, counter) { 'H' } else { 'L' };
            pass(fake, pit, 1);
            level
        };
        (0..ticks).map(step).collect()
    }

    #[test]
    fn mode_0_interrupt_on_terminal_count() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x10, 4);
        assert_eq!(wave(&mut fake, &mut pit, 0, 8), "LLLLLHHH", "N + 1 pulses after the write");
        assert!(fake.irq(0));
        program(&mut fake, &mut pit, 0x30, 1000);
        assert!(!fake.irq(0), "the control word takes OUT low");
        pass(&mut fake, &mut pit, 1);
        assert_eq!(count(&mut fake, &mut pit, 0), 1000);
        pass(&mut fake, &mut pit, 10);
        assert_eq!(count(&mut fake, &mut pit, 0), 990);
        fake.outb(&mut pit, 0x40, 0x50);
        pass(&mut fake, &mut pit, 100);
        assert_eq!(count(&mut fake, &mut pit, 0), 990, "the first byte of a new count stops the counting");
        fake.outb(&mut pit, 0x40, 0x00);
        pass(&mut fake, &mut pit, 0x51);
        assert!(fake.irq(0));
        pass(&mut fake, &mut pit, 2);
        assert_eq!(count(&mut fake, &mut pit, 0), 0xFFFE, "it counts on past zero");
    }

    #[test]
    fn mode_0_gate() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0xB0, 10);
        pass(&mut fake, &mut pit, 20);
        assert_eq!(count(&mut fake, &mut pit, 2), 10, "loaded, but the gate is low");
        fake.outb(&mut pit, 0x61, 1);
        pass(&mut fake, &mut pit, 4);
        fake.outb(&mut pit, 0x61, 0);
        pass(&mut fake, &mut pit, 50);
        assert_eq!(count(&mut fake, &mut pit, 2), 6);
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 8), "LLLLLLHH");
    }

    #[test]
    fn mode_1_one_shot() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0xB2, 3);
        assert_eq!(wave(&mut fake, &mut pit, 2, 4), "HHHH", "armed, waiting for a trigger");
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 6), "HLLLHH");
        fake.outb(&mut pit, 0x61, 0);
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 3), "HLL");
        fake.outb(&mut pit, 0x61, 0);
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 6), "LLLLHH", "triggered again, three more");
        // A new count waits for the next trigger.
        fake.outb(&mut pit, 0x61, 0);
        fake.outb(&mut pit, 0x61, 1);
        pass(&mut fake, &mut pit, 2);
        fake.outb(&mut pit, 0x42, 2);
        fake.outb(&mut pit, 0x42, 0);
        assert_eq!(wave(&mut fake, &mut pit, 2, 3), "LLH");
        assert_eq!(status(&mut fake, &mut pit, 2) & 0x40, 0x40, "null count until it is loaded");
    }

    #[test]
    fn mode_2_rate_generator() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x14, 3);
        assert_eq!(wave(&mut fake, &mut pit, 0, 11), "HHHLHHLHHLH", "low in the pulse at count 1");
        // A new count takes over at the end of the cycle.
        program(&mut fake, &mut pit, 0x34, 100);
        pass(&mut fake, &mut pit, 51);
        fake.outb(&mut pit, 0x40, 10);
        fake.outb(&mut pit, 0x40, 0);
        assert_eq!(count(&mut fake, &mut pit, 0), 50);
        assert_eq!(status(&mut fake, &mut pit, 0), 0xF4, "OUT, null count, both bytes, mode 2");
        pass(&mut fake, &mut pit, 49);
        assert_eq!(count(&mut fake, &mut pit, 0), 1);
        pass(&mut fake, &mut pit, 1);
        assert_eq!((count(&mut fake, &mut pit, 0), status(&mut fake, &mut pit, 0)), (10, 0xB4));
        pass(&mut fake, &mut pit, 10);
        assert_eq!(count(&mut fake, &mut pit, 0), 10);
    }

    #[test]
    fn mode_2_gate_restarts_the_cycle() {
        let (mut fake, mut pit) = board();
        fake.outb(&mut pit, 0x61, 1);
        program(&mut fake, &mut pit, 0xB4, 4);
        pass(&mut fake, &mut pit, 4);
        assert!(!out(&mut fake, &mut pit, 2));
        fake.outb(&mut pit, 0x61, 0);
        assert!(out(&mut fake, &mut pit, 2), "without the gate OUT is high at once");
        pass(&mut fake, &mut pit, 30);
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 7), "HHHHLHH", "low N pulses after the trigger");
    }

    #[test]
    fn mode_3_square_wave() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x16, 4);
        assert_eq!(wave(&mut fake, &mut pit, 0, 10), "HHHLLHHLLH");
        program(&mut fake, &mut pit, 0x16, 5);
        assert_eq!(wave(&mut fake, &mut pit, 0, 12), "HHHHLLHHHLLH", "(N+1)/2 high, (N-1)/2 low");
        program(&mut fake, &mut pit, 0x36, 6);
        pass(&mut fake, &mut pit, 1);
        let counts: Vec<_> = (0..4).map(|_| (count(&mut fake, &mut pit, 0), pass(&mut fake, &mut pit, 1)).0).collect();
        assert_eq!(counts, [6, 4, 2, 6], "two at a time");
        program(&mut fake, &mut pit, 0x36, 5);
        pass(&mut fake, &mut pit, 1);
        let counts: Vec<_> = (0..6).map(|_| (count(&mut fake, &mut pit, 0), pass(&mut fake, &mut pit, 1)).0).collect();
        assert_eq!(counts, [4, 2, 0, 4, 2, 4], "odd counts: N-1, and one pulse more while high");
    }

    #[test]
    fn mode_3_new_count_after_the_half_cycle() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x16, 8);
        pass(&mut fake, &mut pit, 2);
        fake.outb(&mut pit, 0x40, 4);
        assert_eq!(wave(&mut fake, &mut pit, 0, 11), "HHHLLHHLLHH", "the rest of the half, then halves of 2");
    }

    #[test]
    fn mode_4_software_strobe() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x18, 3);
        assert_eq!(wave(&mut fake, &mut pit, 0, 8), "HHHHLHHH", "one pulse, N + 1 after the write");
        fake.outb(&mut pit, 0x40, 5);
        pass(&mut fake, &mut pit, 2);
        fake.outb(&mut pit, 0x40, 2);
        assert_eq!(wave(&mut fake, &mut pit, 0, 6), "HHHLHH", "written again, it begins again");
        assert_eq!(pit.due(), None, "and strobes only once");
    }

    #[test]
    fn mode_5_hardware_strobe() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0xBA, 3);
        pass(&mut fake, &mut pit, 10);
        fake.outb(&mut pit, 0x61, 1);
        assert_eq!(wave(&mut fake, &mut pit, 2, 7), "HHHHLHH", "N + 1 pulses after the trigger");
    }

    #[test]
    fn modes_6_and_7_are_2_and_3() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x1C, 3);
        assert_eq!(wave(&mut fake, &mut pit, 0, 7), "HHHLHHL");
        program(&mut fake, &mut pit, 0x1E, 4);
        assert_eq!(wave(&mut fake, &mut pit, 0, 7), "HHHLLHH");
    }

    #[test]
    fn bcd_counts() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x31, 0x1000);
        pass(&mut fake, &mut pit, 2);
        assert_eq!(count(&mut fake, &mut pit, 0), 0x0999);
        program(&mut fake, &mut pit, 0x35, 0x0000);
        pass(&mut fake, &mut pit, 2);
        assert_eq!(count(&mut fake, &mut pit, 0), 0x9999, "zero stands for ten thousand");
        program(&mut fake, &mut pit, 0x34, 0x0000);
        pass(&mut fake, &mut pit, 2);
        assert_eq!(count(&mut fake, &mut pit, 0), 0xFFFF, "and for 65536 in binary");
    }

    #[test]
    fn latches_hold_until_they_are_read() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x34, 0x1234);
        pass(&mut fake, &mut pit, 1);
        fake.outb(&mut pit, 0x43, 0x00);
        pass(&mut fake, &mut pit, 300);
        fake.outb(&mut pit, 0x43, 0x00);
        assert_eq!(fake.inb(&mut pit, 0x40), 0x34, "the second latch did nothing");
        pass(&mut fake, &mut pit, 300);
        assert_eq!(fake.inb(&mut pit, 0x40), 0x12);
        let low = fake.inb(&mut pit, 0x40);
        assert_eq!(u16::from(low), (0x1234 - 600) & 0xFF, "unlatched, the element itself is read");
        assert_eq!(fake.inb(&mut pit, 0x40), 0x0F);
        assert_eq!(fake.inb(&mut pit, 0x43), 0xFF, "the control word cannot be read");
    }

    #[test]
    fn read_back_gives_status_before_count() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x34, 0x4000);
        program(&mut fake, &mut pit, 0xB0, 0x0102);
        assert_eq!(status(&mut fake, &mut pit, 2), 0x70, "OUT low, null count, both bytes, mode 0");
        pass(&mut fake, &mut pit, 1);
        fake.outb(&mut pit, 0x43, 0xC0 | 0x02 | 0x08);
        pass(&mut fake, &mut pit, 99);
        let read: Vec<_> = [0x40, 0x40, 0x40, 0x42, 0x42, 0x42].map(|port| fake.inb(&mut pit, port)).into();
        assert_eq!(read, [0xB4, 0x00, 0x40, 0x30, 0x02, 0x01]);
    }

    #[test]
    fn one_byte_access() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x24, 0x0200);
        pass(&mut fake, &mut pit, 1);
        assert_eq!(fake.inb(&mut pit, 0x40), 0x02, "only the high byte, again and again");
        pass(&mut fake, &mut pit, 1);
        assert_eq!(fake.inb(&mut pit, 0x40), 0x01);
    }

    #[test]
    fn irq_0_does_not_drift() {
        let (mut fake, mut pit) = board();
        let start = RATE.ticks_at(fake.now);
        program(&mut fake, &mut pit, 0x34, 11932);
        let mut rises = Vec::new();
        while rises.len() < 1000 {
            let due = pit.due().expect("a rate generator has no last edge");
            fake.run_until(&mut pit, due);
            if fake.irq(0) {
                rises.push(fake.now);
            }
        }
        // The write is after tick `start`, the load at the next pulse; each cycle ends N pulses later.
        for (n, at) in rises.iter().enumerate() {
            assert_eq!(*at, RATE.instant_of(start + 1 + 11932 * (n as u64 + 1)));
        }
    }

    #[test]
    fn time_that_jumps_past_both_edges_loses_none() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x14, 10);
        fake.now = RATE.instant_of(RATE.ticks_at(fake.now) + 15);
        assert!(fake.irq(0));
        pit.advance(&mut fake.cx());
        assert!(!fake.irq(0), "the low pulse that was passed by");
        assert_eq!(pit.due(), Some(fake.now));
        pit.advance(&mut fake.cx());
        assert!(fake.irq(0));
    }

    #[test]
    fn advancing_early_or_late_leaves_the_same_state() {
        let (mut fake, mut pit) = board();
        program(&mut fake, &mut pit, 0x36, 5000);
        let before = pit.clone();
        fake.now.0 += 100;
        pit.advance(&mut fake.cx());
        assert_eq!(pit, before, "nothing is due");
    }

    #[test]
    fn the_speaker_is_told_in_words() {
        let (mut fake, mut pit) = board();
        let told = |pit: &Pit| pit.show().rows.into_iter().find(|(name, _)| name == "speaker").map(|(_, value)| value);
        program(&mut fake, &mut pit, 0xB6, 1193);
        assert_eq!(told(&pit).as_deref(), Some("silent"));
        fake.outb(&mut pit, 0x61, 3);
        pass(&mut fake, &mut pit, 3);
        assert_eq!(told(&pit).as_deref(), Some("1000 Hz"), "1193182 / 1193");
        fake.outb(&mut pit, 0x61, 2);
        assert_eq!(told(&pit).as_deref(), Some("silent"), "the data bit alone moves nothing");
    }

    #[test]
    fn port_61() {
        let (mut fake, mut pit) = (Fake::new(), Pit::default());
        fake.outb(&mut pit, 0x61, 0xFF);
        assert_eq!(fake.inb(&mut pit, 0x61), 0x0F);
        assert!(pit.speaker_on() && fake.lines.speaker_gate);
        fake.now.0 = 16 * US;
        assert_eq!(fake.inb(&mut pit, 0x61), 0x1F, "the refresh bit toggles every 15.085 us");
        fake.now.0 = 31 * US;
        assert_eq!(fake.inb(&mut pit, 0x61), 0x0F);
        program(&mut fake, &mut pit, 0xB6, 1000);
        assert_eq!(fake.inb(&mut pit, 0x61) & OUT2, OUT2);
        pass(&mut fake, &mut pit, 501);
        assert_eq!(fake.inb(&mut pit, 0x61) & OUT2, 0);
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut Pit::default());
    }
}
