//! The HPET as a driver programs it; offsets and rules from the *IA-PC HPET Specification*, 2.3.

use super::*;
use crate::fake::{CLOCK_HZ, Fake, abuse};
use ringwalk_mmu::Rate;

const RATE: Rate = Rate::new(HPET_HZ, CLOCK_HZ);

struct Bench {
    fake: Fake,
    hpet: Hpet,
}

impl Bench {
    fn new() -> Bench {
        Bench { fake: Fake::new(), hpet: Hpet::default() }
    }

    fn write(&mut self, offset: u32, value: u64) {
        self.hpet.advance(&mut self.fake.cx());
        self.hpet.write(Reg { range: 0, offset }, Size::Qword, value, &mut self.fake.cx());
    }

    fn write32(&mut self, offset: u32, value: u32) {
        self.hpet.advance(&mut self.fake.cx());
        self.hpet.write(Reg { range: 0, offset }, Size::Dword, value.into(), &mut self.fake.cx());
    }

    fn read(&mut self, offset: u32) -> u64 {
        self.hpet.advance(&mut self.fake.cx());
        self.hpet.read(Reg { range: 0, offset }, Size::Qword, &mut self.fake.cx())
    }

    /// Lets so many ticks of the main counter pass.
    fn pass(&mut self, ticks: u64) {
        let end = RATE.ticks_at(self.fake.now) + ticks;
        self.fake.run_until(&mut self.hpet, RATE.instant_of(end));
    }

    /// Ticks, counted from now, at which the line rose in a span.
    fn edges(&mut self, ticks: u64, level: impl Fn(&Fake) -> bool) -> Vec<u64> {
        let mut edges = Vec::new();
        let start = RATE.ticks_at(self.fake.now);
        let mut before = level(&self.fake);
        let end = RATE.instant_of(start + ticks);
        while let Some(due) = self.hpet.due().filter(|due| *due <= end) {
            self.fake.now = self.fake.now.max(due);
            self.hpet.advance(&mut self.fake.cx());
            let now = level(&self.fake);
            if now && !before {
                edges.push(RATE.ticks_at(self.fake.now) - start);
            }
            before = now;
        }
        self.fake.now = end;
        edges
    }
}

#[test]
fn capabilities_tell_the_clock() {
    let mut bench = Bench::new();
    let capabilities = bench.read(0);
    assert_eq!(capabilities & 0xFF, 1, "REV_ID");
    assert_eq!(capabilities >> 8 & 0x1F, 2, "NUM_TIM_CAP: the last timer's number");
    assert_eq!(capabilities >> 13 & 1, 1, "COUNT_SIZE_CAP");
    assert_eq!(capabilities >> 15 & 1, 1, "LEG_RT_CAP");
    let period = capabilities >> 32;
    assert!(period > 0 && period <= 0x05F5_E100, "COUNTER_CLK_PERIOD is at most 100 ns");
    // 10^15 fs / 14.31818 MHz, to the nearest.
    assert_eq!(period, (1_000_000_000_000_000 + HPET_HZ / 2) / HPET_HZ);
    bench.write(0, 0);
    assert_eq!(bench.read(0), capabilities, "read-only");
    assert_eq!(bench.read(0x100) >> 4 & 3, 3, "PER_INT_CAP and SIZE_CAP");
}

#[test]
fn the_counter_runs_while_it_is_enabled() {
    let mut bench = Bench::new();
    bench.pass(1000);
    assert_eq!(bench.read(0xF0), 0);
    bench.write(0xF0, 0xFFFF_FFFF_0000_0000);
    bench.write(0x10, 1);
    bench.pass(500);
    assert_eq!(bench.read(0xF0), 0xFFFF_FFFF_0000_01F4);
    bench.write(0x10, 0);
    bench.pass(500);
    assert_eq!(bench.read(0xF0), 0xFFFF_FFFF_0000_01F4, "halted");
    bench.write32(0xF4, 7);
    assert_eq!(bench.read(0xF0), 0x7_0000_01F4, "each half by itself");
}

#[test]
fn a_match_interrupts_once() {
    let mut bench = Bench::new();
    bench.write(0x108, 100);
    bench.write(0x100, 1 << 2 | 21 << 9);
    bench.write(0x10, 1);
    assert_eq!(bench.edges(1000, |fake| fake.lines.apic == 1 << 21), [100]);
    bench.write(0x108, 1500);
    assert_eq!(bench.fake.lines.apic, 0, "a new comparator takes the line back");
    assert_eq!(bench.edges(1000, |fake| fake.lines.apic == 1 << 21), [500]);
}

#[test]
fn a_match_of_32_bits_comes_again_when_the_counter_wraps() {
    let mut bench = Bench::new();
    bench.write(0x108, 5);
    bench.write(0x100, 1 << 8 | 1 << 2 | 20 << 9);
    bench.write(0x10, 1);
    assert_eq!(bench.edges(5 + (1 << 32), |fake| fake.lines.apic != 0), [5, 5 + (1 << 32)]);
}

#[test]
fn periodic_as_the_specification_programs_it() {
    let mut bench = Bench::new();
    // VAL_SET_CNF: the write sets the comparator and the period.
    bench.write(0x100, 1 << 6 | 1 << 3 | 1 << 2 | 22 << 9);
    bench.write(0x108, 300);
    assert_eq!(bench.read(0x100) >> 6 & 1, 0, "the bit clears itself");
    bench.write(0x10, 1);
    assert_eq!(bench.edges(1000, |fake| fake.lines.apic == 1 << 22), [300, 600, 900]);
    assert_eq!(bench.read(0x108), 1200, "the comparator moved on by the period");
    // Without the bit only the period changes.
    bench.write(0x108, 50);
    assert_eq!(bench.edges(300, |fake| fake.lines.apic == 1 << 22), [200, 250, 300]);
}

#[test]
fn a_level_stays_until_its_status_is_cleared() {
    let mut bench = Bench::new();
    bench.write(0x128, 10);
    bench.write(0x120, 1 << 2 | 1 << 1 | 23 << 9);
    bench.write(0x10, 1);
    bench.pass(10);
    assert_eq!((bench.read(0x20), bench.fake.lines.apic), (0b010, 1 << 23));
    bench.write(0x20, 0b101);
    assert_eq!(bench.fake.lines.apic, 1 << 23, "other timers' bits");
    bench.write(0x20, 0b010);
    assert_eq!((bench.read(0x20), bench.fake.lines.apic), (0, 0));
}

#[test]
fn legacy_replacement_takes_irq_0_and_8() {
    let mut bench = Bench::new();
    bench.write(0x108, 100);
    bench.write(0x128, 150);
    bench.write(0x100, 1 << 2);
    bench.write(0x120, 1 << 2);
    bench.write(0x10, 3);
    assert!(bench.fake.lines.legacy_replacement);
    bench.pass(120);
    assert_eq!((bench.fake.lines.irq, bench.fake.lines.apic), (1 << 0, 0));
    bench.pass(50);
    assert_eq!(bench.fake.lines.irq, 1 << 0 | 1 << 8);
    bench.write(0x10, 1);
    assert!(!bench.fake.lines.legacy_replacement);
    assert_eq!(bench.fake.lines.irq, 0);
}

#[test]
fn routes_that_a_timer_lacks_are_not_taken() {
    let mut bench = Bench::new();
    bench.write(0x100, 5 << 9);
    assert_eq!(bench.read(0x100) >> 9 & 0x1F, 20, "reads back what is in force");
    bench.write(0x100, 23 << 9);
    assert_eq!(bench.read(0x100) >> 9 & 0x1F, 23);
    assert_eq!(bench.read(0x100) >> 32, 0x00F0_0000, "INT_ROUTE_CAP");
}

#[test]
fn a_silent_timer_keeps_its_place() {
    let mut bench = Bench::new();
    bench.write(0x100, 1 << 6 | 1 << 3);
    bench.write(0x108, 300);
    bench.write(0x10, 1);
    assert_eq!(bench.hpet.due(), None, "nobody waits for it");
    bench.pass(1000);
    assert_eq!(bench.read(0x108), 1200);
}

#[test]
fn any_access_is_survived() {
    abuse(&mut Hpet::default());
}
