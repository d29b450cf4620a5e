//! The calendar of the real-time clock, and how its registers write it down.
//!
//! Motorola *MC146818 Real-Time Clock Plus RAM* datasheet (1984), "Time, Calendar, and Alarm Locations", table 3.

/// Seconds in a day.
const DAY: u64 = 86_400;
/// After so many days, a hundred years times seven, date and day of the week come round again.
const CYCLE_DAYS: u64 = 36_525 * 7;
/// From this value on an alarm byte matches everything ("don't care").
const DONT_CARE: u8 = 0xC0;

/// Register B, DM: binary instead of BCD.
const BINARY: u8 = 1 << 2;
/// Register B, 24/12: the 24-hour mode.
const HOURS_24: u8 = 1 << 1;
/// The afternoon, in an hour of the 12-hour mode.
const PM: u8 = 1 << 7;

/// How registers write numbers: the DM and 24/12 bits of register B.
#[derive(Clone, Copy)]
pub(crate) struct Format(pub(crate) u8);

impl Format {
    /// A number, 0 to 99, as a register holds it.
    pub(crate) fn encode(self, value: u8) -> u8 {
        if self.0 & BINARY != 0 { value } else { (value / 10) << 4 | (value % 10) }
    }

    /// An hour, 0 to 23, as a register holds it.
    pub(crate) fn encode_hour(self, hour: u8) -> u8 {
        if self.0 & HOURS_24 != 0 {
            return self.encode(hour);
        }
        let twelve = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
        self.encode(twelve) | if hour >= 12 { PM } else { 0 }
    }

    fn decode(self, raw: u8) -> u8 {
        if self.0 & BINARY != 0 { raw } else { (raw >> 4).wrapping_mul(10).wrapping_add(raw & 0xF) }
    }

    fn decode_hour(self, raw: u8) -> u8 {
        if self.0 & HOURS_24 != 0 {
            return self.decode(raw) % 24;
        }
        self.decode(raw & !PM) % 12 + if raw & PM != 0 { 12 } else { 0 }
    }
}

/// A moment as the clock counts it. Years are those of a century, every fourth a leap year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Calendar {
    pub(crate) second: u8,
    pub(crate) minute: u8,
    pub(crate) hour: u8,
    /// 1 for Sunday.
    pub(crate) weekday: u8,
    pub(crate) day: u8,
    pub(crate) month: u8,
    pub(crate) year: u8,
}

impl Calendar {
    /// Reads the registers 0 to 9 (alarm bytes between them). What is no time or date is brought into range.
    pub(crate) fn from_registers(registers: &[u8; 10], format: Format) -> Calendar {
        Calendar {
            second: format.decode(registers[0]) % 60,
            minute: format.decode(registers[2]) % 60,
            hour: format.decode_hour(registers[4]),
            weekday: format.decode(registers[6]).clamp(1, 7),
            day: format.decode(registers[7]).clamp(1, 31),
            month: format.decode(registers[8]).clamp(1, 12),
            year: format.decode(registers[9]) % 100,
        }
    }

    /// Writes the registers 0 to 9, but for the alarm bytes.
    pub(crate) fn to_registers(self, registers: &mut [u8; 10], format: Format) {
        registers[0] = format.encode(self.second);
        registers[2] = format.encode(self.minute);
        registers[4] = format.encode_hour(self.hour);
        for (register, value) in (6..).zip([self.weekday, self.day, self.month, self.year]) {
            registers[register] = format.encode(value);
        }
    }

    fn second_of_day(&self) -> u64 {
        (u64::from(self.hour) * 60 + u64::from(self.minute)) * 60 + u64::from(self.second)
    }

    /// Goes forward.
    pub(crate) fn advance(&mut self, seconds: u64) {
        let second_of_day = self.second_of_day() + seconds % DAY;
        let days = (seconds / DAY) % CYCLE_DAYS + second_of_day / DAY;
        // All three are below 60.
        self.second = (second_of_day % 60) as u8;
        self.minute = (second_of_day / 60 % 60) as u8;
        self.hour = (second_of_day / 3600 % 24) as u8;
        (0..days).for_each(|_| self.next_day());
    }

    fn next_day(&mut self) {
        self.weekday = self.weekday % 7 + 1;
        self.day += 1;
        if self.day > days_in_month(self.month, self.year) {
            self.day = 1;
            self.month = self.month % 12 + 1;
            self.year = if self.month == 1 { (self.year + 1) % 100 } else { self.year };
        }
    }

    /// Seconds until the alarm, 1 to 86400; `None` if it never comes. `alarm`: seconds, minutes, hours, as written.
    pub(crate) fn until_alarm(&self, alarm: [u8; 3], format: Format) -> Option<u64> {
        let matches = |index: usize, raw: u8| alarm[index] >= DONT_CARE || alarm[index] == raw;
        let second_matches = |second: &u8| matches(0, format.encode(*second));
        let minute_matches = |minute: &u8| matches(1, format.encode(*minute));
        if !(0..60).any(|second| second_matches(&second)) || !(0..60).any(|minute| minute_matches(&minute)) {
            return None;
        }
        let now = self.second_of_day();
        for step in 0..=24 {
            let hour = (self.hour + step) % 24;
            if !matches(2, format.encode_hour(hour)) {
                continue;
            }
            let start = now - now % 3600 + u64::from(step) * 3600;
            for minute in (0..60).filter(minute_matches) {
                let mut times = (0..60).filter(second_matches).map(|s| start + u64::from(minute) * 60 + u64::from(s));
                if let Some(time) = times.find(|time| *time > now) {
                    return Some(time - now);
                }
            }
        }
        None
    }
}

fn days_in_month(month: u8, year: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the week, 1 for Sunday, of a date in the Gregorian calendar (month 1 to 12).
pub(crate) fn weekday(year: u16, month: u8, day: u8) -> u8 {
    // Days up to the month's first in a year that begins in March, so that the leap day is its last.
    let (month, year) =
        if month < 3 { (u32::from(month) + 9, u32::from(year) - 1) } else { (u32::from(month) - 3, u32::from(year)) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + u32::from(day);
    // 1 March of the year 0 was a Wednesday; the remainder is below 7.
    ((days + 2) % 7) as u8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCD_24: Format = Format(HOURS_24);
    const BCD_12: Format = Format(0);
    const BINARY_24: Format = Format(HOURS_24 | BINARY);

    fn at(year: u8, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Calendar {
        Calendar { second, minute, hour, weekday: 1, day, month, year }
    }

    #[test]
    fn carries() {
        for (from, seconds, to) in [
            (at(99, 12, 31, 23, 59, 59), 1, at(0, 1, 1, 0, 0, 0)),
            (at(24, 2, 28, 23, 59, 59), 1, at(24, 2, 29, 0, 0, 0)),
            (at(26, 2, 28, 23, 59, 59), 1, at(26, 3, 1, 0, 0, 0)),
            (at(26, 1, 1, 0, 0, 0), 365 * DAY + 61, at(27, 1, 1, 0, 1, 1)),
            (at(26, 4, 30, 12, 0, 0), DAY, at(26, 5, 1, 12, 0, 0)),
        ] {
            let mut calendar = from;
            calendar.advance(seconds);
            assert_eq!(Calendar { weekday: 1, ..calendar }, to);
        }
        let mut far = at(26, 1, 1, 0, 0, 0);
        far.advance(CYCLE_DAYS * DAY);
        assert_eq!(far, at(26, 1, 1, 0, 0, 0));
        far.advance(u64::MAX);
    }

    #[test]
    fn formats() {
        for hour in 0..24 {
            for format in [BCD_24, BCD_12, BINARY_24, Format(BINARY)] {
                assert_eq!(format.decode_hour(format.encode_hour(hour)), hour);
            }
        }
        assert_eq!([0, 11, 12, 13, 23].map(|hour| BCD_12.encode_hour(hour)), [0x12, 0x11, 0x92, 0x81, 0x91]);
        assert_eq!((BCD_24.encode(59), BINARY_24.encode(59)), (0x59, 59));
        let calendar = Calendar::from_registers(&[0xFF; 10], BCD_24);
        assert!(calendar.second < 60 && calendar.hour < 24 && (1..=31).contains(&calendar.day));
    }

    #[test]
    fn alarms() {
        let now = at(26, 1, 1, 12, 30, 15);
        for (alarm, seconds) in [
            ([0x15, 0x30, 0x12], Some(86_400)),
            ([0x16, 0x30, 0x12], Some(1)),
            ([0x14, 0x30, 0x12], Some(86_399)),
            ([0xC0, 0xFF, 0xC1], Some(1)),
            ([0x00, 0xC0, 0xC0], Some(45)),
            ([0x00, 0x00, 0xC0], Some(29 * 60 + 45)),
            ([0x00, 0x00, 0x00], Some(11 * 3600 + 29 * 60 + 45)),
            ([0x60, 0xC0, 0xC0], None),
            ([0xC0, 0x7F, 0xC0], None),
            ([0xC0, 0xC0, 0x24], None),
        ] {
            assert_eq!(now.until_alarm(alarm, BCD_24), seconds, "{alarm:02X?}");
        }
        assert_eq!(now.until_alarm([0x00, 0x00, 0x81], BCD_12), Some(29 * 60 + 45), "1 p.m.");
    }

    #[test]
    fn weekdays() {
        assert_eq!(weekday(1970, 1, 1), 5, "a Thursday");
        assert_eq!(weekday(2000, 2, 29), 3, "a Tuesday");
        assert_eq!(weekday(2026, 1, 1), 5, "a Thursday");
        assert_eq!(weekday(2026, 3, 1), 1, "a Sunday");
    }
}
