//! The clock driven as a BIOS and an operating system do. Expected values from the MC146818 datasheet.

use super::*;
use crate::fake::{Fake, US, abuse};

const SECOND: u64 = 1_000_000 * US;

fn get(fake: &mut Fake, rtc: &mut Rtc, index: u8) -> u8 {
    fake.outb(rtc, 0x70, index);
    fake.inb(rtc, 0x71)
}

fn set(fake: &mut Fake, rtc: &mut Rtc, index: u8, value: u8) {
    fake.outb(rtc, 0x70, index);
    fake.outb(rtc, 0x71, value);
}

/// Year, month, day, weekday, hour, minute, second, as the registers hold them.
fn time(fake: &mut Fake, rtc: &mut Rtc) -> [u8; 7] {
    [9, 8, 7, 6, 4, 2, 0].map(|index| get(fake, rtc, index))
}

#[test]
fn it_starts_at_a_date_and_counts() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    assert_eq!(time(&mut fake, &mut rtc), [0x26, 1, 1, 5, 0, 0, 0]);
    assert_eq!(get(&mut fake, &mut rtc, 0x32), 0x20, "the century");
    fake.run(&mut rtc, SECOND - 1);
    assert_eq!(time(&mut fake, &mut rtc)[6], 0);
    fake.run(&mut rtc, 1);
    assert_eq!(time(&mut fake, &mut rtc)[6], 1);
    fake.run(&mut rtc, (31 * 86_400 + 3599) * SECOND);
    assert_eq!(time(&mut fake, &mut rtc), [0x26, 2, 1, 1, 1, 0, 0]);
    let date = Date { year: 1999, month: 12, day: 31, hour: 23, minute: 59, second: 58 };
    let (mut fake, mut rtc) = (Fake::new(), Rtc::new(date));
    assert_eq!((time(&mut fake, &mut rtc), rtc.cmos(0x32)), ([0x99, 0x12, 0x31, 6, 0x23, 0x59, 0x58], 0x19));
    fake.run(&mut rtc, 2 * SECOND);
    assert_eq!(time(&mut fake, &mut rtc), [0, 1, 1, 7, 0, 0, 0]);
}

#[test]
fn registers_after_power_on() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    assert_eq!([0x0A, 0x0B, 0x0C, 0x0D].map(|index| get(&mut fake, &mut rtc, index)), [0x26, 0x02, 0x00, 0x80]);
    set(&mut fake, &mut rtc, 0x0C, 0xFF);
    set(&mut fake, &mut rtc, 0x0D, 0x00);
    assert_eq!([0x0C, 0x0D].map(|index| get(&mut fake, &mut rtc, index)), [0x00, 0x80]);
    assert_eq!((fake.inb(&mut rtc, 0x70), fake.inb(&mut rtc, 0x72)), (0xFF, 0xFF));
}

#[test]
fn update_in_progress() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    fake.run(&mut rtc, SECOND - 2240 * US);
    assert_eq!(get(&mut fake, &mut rtc, 0x0A) & 0x80, 0);
    fake.run(&mut rtc, 20 * US);
    assert_eq!(get(&mut fake, &mut rtc, 0x0A) & 0x80, 0x80, "244 + 1984 us before the end of the update");
    fake.run(&mut rtc, 2220 * US - 1);
    assert_eq!(get(&mut fake, &mut rtc, 0x0A) & 0x80, 0x80);
    fake.run(&mut rtc, 1);
    assert_eq!(get(&mut fake, &mut rtc, 0x0A) & 0x80, 0);
    fake.run(&mut rtc, SECOND - 1000 * US);
    set(&mut fake, &mut rtc, 0x0B, 0x82);
    assert_eq!(get(&mut fake, &mut rtc, 0x0A) & 0x80, 0, "SET aborts it");
}

#[test]
fn setting_the_time() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    fake.run(&mut rtc, SECOND / 4);
    set(&mut fake, &mut rtc, 0x0B, 0x82);
    for (index, value) in [(0, 0x59), (2, 0x59), (4, 0x23), (6, 4), (7, 0x28), (8, 2), (9, 0x28)] {
        set(&mut fake, &mut rtc, index, value);
    }
    fake.run(&mut rtc, 10 * SECOND);
    assert_eq!(time(&mut fake, &mut rtc), [0x28, 2, 0x28, 4, 0x23, 0x59, 0x59], "SET: no updates");
    set(&mut fake, &mut rtc, 0x0B, 0x02);
    fake.run(&mut rtc, 3 * SECOND / 4);
    assert_eq!(time(&mut fake, &mut rtc), [0x28, 2, 0x29, 5, 0, 0, 0], "the divider ran on");
}

#[test]
fn binary_and_twelve_hours() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    set(&mut fake, &mut rtc, 0x0B, 0x84);
    for (index, value) in [(0, 59), (2, 59), (4, 0x80 | 11)] {
        set(&mut fake, &mut rtc, index, value);
    }
    set(&mut fake, &mut rtc, 0x0B, 0x04);
    fake.run(&mut rtc, SECOND);
    assert_eq!([4, 2, 0, 7].map(|index| get(&mut fake, &mut rtc, index)), [12, 0, 0, 2], "midnight, the next day");
    fake.run(&mut rtc, 12 * 3600 * SECOND + 45 * SECOND);
    assert_eq!([4, 2, 0].map(|index| get(&mut fake, &mut rtc, index)), [0x80 | 12, 0, 45]);
}

#[test]
fn update_ended_interrupt() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    assert_eq!(rtc.due(), None);
    set(&mut fake, &mut rtc, 0x0B, 0x12);
    assert_eq!(rtc.due(), Some(Instant(SECOND)));
    fake.run(&mut rtc, SECOND - 1);
    assert!(!fake.irq(8));
    fake.run(&mut rtc, 1);
    assert!(fake.irq(8));
    assert_eq!(rtc.due(), None, "the line waits to be cleared");
    assert_eq!(get(&mut fake, &mut rtc, 0x0C), 0xD0, "IRQF, UF, and PF that nobody asked for");
    assert!(!fake.irq(8));
    assert_eq!(get(&mut fake, &mut rtc, 0x0C), 0x00);
    assert_eq!(rtc.due(), Some(Instant(2 * SECOND)));
    set(&mut fake, &mut rtc, 0x0B, 0x92);
    assert_eq!(get(&mut fake, &mut rtc, 0x0B), 0x82, "SET clears UIE");
}

#[test]
fn periodic_interrupt_rates() {
    for (rate, ticks) in [(1, 128), (2, 256), (3, 4), (6, 32), (13, 4096), (15, 16384)] {
        let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
        set(&mut fake, &mut rtc, 0x0A, 0x20 | rate);
        set(&mut fake, &mut rtc, 0x0B, 0x42);
        for n in 1..=100 {
            let due = rtc.due().expect("a periodic interrupt comes again");
            assert_eq!(due.0, (n * ticks * SECOND).div_ceil(CRYSTAL_HZ), "rate {rate}");
            fake.run_until(&mut rtc, due);
            assert!(fake.irq(8));
            assert_eq!(get(&mut fake, &mut rtc, 0x0C) & 0xC0, 0xC0);
        }
    }
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    set(&mut fake, &mut rtc, 0x0A, 0x20);
    set(&mut fake, &mut rtc, 0x0B, 0x42);
    assert_eq!(rtc.due(), None, "rate 0 is none");
}

#[test]
fn flags_without_interrupts_and_an_enable_that_finds_one() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    fake.run(&mut rtc, SECOND / 2);
    assert_eq!(get(&mut fake, &mut rtc, 0x0C), 0x40);
    fake.run(&mut rtc, SECOND);
    set(&mut fake, &mut rtc, 0x0B, 0x12);
    assert!(fake.irq(8), "UF was set already");
}

#[test]
fn alarm() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    for (index, value) in [(1, 0x10), (3, 0x01), (5, 0xC0), (0x0B, 0x22)] {
        set(&mut fake, &mut rtc, index, value);
    }
    assert_eq!(rtc.due(), Some(Instant(70 * SECOND)));
    fake.run(&mut rtc, 70 * SECOND);
    assert!(fake.irq(8));
    assert_eq!(get(&mut fake, &mut rtc, 0x0C), 0xF0);
    assert_eq!(rtc.due(), Some(Instant((3600 + 70) * SECOND)), "any hour");
    set(&mut fake, &mut rtc, 0x0B, 0x02);
    fake.run(&mut rtc, 3600 * SECOND);
    assert_eq!(get(&mut fake, &mut rtc, 0x0C), 0x70, "AF without AIE, passed while nobody looked");
}

#[test]
fn divider_reset() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    fake.run(&mut rtc, SECOND / 3);
    set(&mut fake, &mut rtc, 0x0A, 0x76);
    fake.run(&mut rtc, 100 * SECOND);
    assert_eq!((time(&mut fake, &mut rtc)[6], get(&mut fake, &mut rtc, 0x0C) & 0x50), (0, 0x40));
    set(&mut fake, &mut rtc, 0x0A, 0x26);
    fake.run(&mut rtc, SECOND / 2 - 100 * US);
    assert_eq!(time(&mut fake, &mut rtc)[6], 0);
    fake.run(&mut rtc, 200 * US);
    assert_eq!(time(&mut fake, &mut rtc)[6], 1, "half a second after the divider was let go");
}

#[test]
fn memory_and_checksum() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    set(&mut fake, &mut rtc, 0x7F, 0x77);
    fake.outb(&mut rtc, 0x72, 0x00);
    fake.outb(&mut rtc, 0x73, 0x99);
    assert_eq!((rtc.cmos(0x7F), rtc.cmos(0x80), fake.inb(&mut rtc, 0x73)), (0x77, 0x99, 0x99));
    rtc.set_cmos(0x10, 0x80);
    rtc.set_cmos(0x2D, 0xFF);
    rtc.set_cmos(0x00, 0x33);
    rtc.update_checksum();
    assert_eq!((rtc.cmos(0x2E), rtc.cmos(0x2F)), (0x01, 0x7F));
    assert_eq!(time(&mut fake, &mut rtc)[6], 0, "registers are not memory");
}

#[test]
fn nmi_mask() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    assert!(rtc.nmi_masked());
    assert_eq!(get(&mut fake, &mut rtc, 0x0D), 0x80);
    assert!(!rtc.nmi_masked());
    assert_eq!(get(&mut fake, &mut rtc, 0x8D), 0x80);
    assert!(rtc.nmi_masked());
}

#[test]
fn reset_stops_interrupts_and_keeps_the_time() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    set(&mut fake, &mut rtc, 0x0B, 0x7E);
    fake.run(&mut rtc, SECOND);
    rtc.reset();
    assert_eq!((rtc.due(), get(&mut fake, &mut rtc, 0x0B)), (None, 0x06));
    assert!(!fake.irq(8));
    fake.run(&mut rtc, SECOND);
    assert_eq!(time(&mut fake, &mut rtc)[6], 2);
}

#[test]
fn a_late_call_leaves_the_state_of_one_in_time() {
    let (mut fake, mut rtc) = (Fake::new(), Rtc::default());
    set(&mut fake, &mut rtc, 0x0B, 0x42);
    let mut late = rtc.clone();
    fake.run(&mut rtc, SECOND);
    late.advance(&mut fake.cx());
    assert_eq!(late, rtc);
}

#[test]
fn any_access_is_survived() {
    abuse(&mut Rtc::default());
    abuse(&mut Rtc::new(Date { year: 0, month: 0, day: 0, hour: 255, minute: 255, second: 255 }));
}
