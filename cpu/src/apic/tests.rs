//! Rules of SDM Vol.3A chapter 11, each a test, driven through the registers.

use super::*;
use ringwalk_mmu::{DeliveryMode, Destination, InterruptMessage};

const NEW: Abilities = Abilities { kind: Kind::Xapic, x2apic: true, tsc_deadline: true };

/// A local APIC with a clock, enabled by software.
struct Bench {
    apic: Apic,
    now: u64,
    intr: bool,
}

impl Bench {
    fn of(abilities: Abilities) -> Bench {
        let mut bench = Bench { apic: Apic::new(abilities, 0), now: 0, intr: false };
        bench.write(0xF0, 0x1FF);
        bench
    }

    fn new() -> Bench {
        Bench::of(NEW)
    }

    fn clock(&self) -> Clock {
        Clock { now: Instant(self.now), tsc_adjust: 0 }
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.apic.read_page(offset, 4, self.clock()) as u32
    }

    fn write(&mut self, offset: u32, value: u32) -> Effect {
        self.apic.write_page(offset, 4, value.into(), self.clock(), self.intr)
    }

    fn rdmsr(&self, number: u32) -> Option<u64> {
        self.apic.read_msr((number - 0x800) << 4, self.clock())
    }

    fn wrmsr(&mut self, number: u32, value: u64) -> Option<Effect> {
        self.apic.write_msr((number - 0x800) << 4, value, self.clock(), self.intr)
    }

    fn set_base(&mut self, bits: u64) -> bool {
        self.apic.set_base(0xFEE0_0100 | bits, 36)
    }

    fn lines(&self) -> Signals {
        self.apic.lines(Signals { interrupt: self.intr, ..Signals::default() })
    }

    /// The vector that the processor would take now.
    fn take(&mut self) -> Option<u8> {
        if !self.lines().interrupt {
            return None;
        }
        self.apic.acknowledge(self.intr).map(|vector| vector.0)
    }

    fn self_ipi(&mut self, vector: u32) {
        assert_eq!(self.write(0x300, 1 << 18 | vector), Effect::None);
    }

    fn pass(&mut self, cycles: u64) {
        let end = self.now + cycles;
        while let Some(due) = self.apic.due(self.clock()).filter(|due| due.0 <= end) {
            self.now = due.0;
            self.apic.advance(self.clock());
        }
        self.now = end;
    }

    fn message(&mut self, vector: u8, trigger: Trigger) -> bool {
        let destination = Destination::Physical(0);
        self.apic.accept(InterruptMessage { destination, mode: DeliveryMode::Fixed, vector: Vector(vector), trigger })
    }
}

#[test]
fn state_after_power_up_11_4_7_1() {
    let mut bench = Bench { apic: Apic::new(NEW, 0), now: 0, intr: true };
    for offset in [0x080, 0x0A0, 0x0D0, 0x280, 0x300, 0x310, 0x380, 0x390, 0x3E0] {
        assert_eq!(bench.read(offset), 0, "{offset:X}h");
    }
    for offset in (0x100..0x280).step_by(16) {
        assert_eq!(bench.read(offset), 0, "{offset:X}h");
    }
    assert_eq!(bench.read(0x0E0), 0xFFFF_FFFF, "the flat model");
    assert_eq!(bench.read(0x0F0), 0x0000_00FF, "disabled by software");
    for offset in (0x320..=0x370).step_by(16) {
        assert_eq!(bench.read(offset), 0x0001_0000, "{offset:X}h is masked");
    }
    assert_eq!(bench.apic.base(), 0xFEE0_0900, "enabled, the bootstrap processor's");
    assert!(!bench.lines().interrupt, "LINT0 is masked");
}

#[test]
fn an_init_keeps_id_and_base_11_4_7_3() {
    let mut bench = Bench::new();
    bench.apic.set_base(0xFED4_0900, 36);
    bench.write(0x20, 0x0500_0000);
    bench.write(0x80, 0x30);
    bench.apic.init();
    assert_eq!((bench.read(0x20), bench.read(0x80), bench.read(0xF0)), (0x0500_0000, 0, 0xFF));
    assert_eq!(bench.apic.base(), 0xFED4_0900);
    bench.apic.reset();
    assert_eq!((bench.read(0x20), bench.apic.base()), (0, 0xFEE0_0900));
}

#[test]
fn versions_tell_the_kind_11_4_8() {
    let version = |kind| Bench::of(Abilities { kind, ..Abilities::default() }).read(0x30);
    assert_eq!(version(Kind::Pentium) & 0xFF_00FF, 0x03_0010);
    assert_eq!(version(Kind::P6) & 0xFF_00F0, 0x04_0010);
    assert_eq!(version(Kind::Xapic) & 0xFF_00FF, 0x05_0014);
}

#[test]
fn a_self_ipi_is_requested_serviced_and_ended_11_8_4() {
    let mut bench = Bench::new();
    bench.self_ipi(0x55);
    assert_eq!(bench.read(0x220), 1 << 0x15, "IRR");
    assert_eq!(bench.take(), Some(0x55));
    assert_eq!((bench.read(0x220), bench.read(0x120)), (0, 1 << 0x15), "from IRR to ISR");
    assert_eq!(bench.write(0xB0, 0), Effect::None, "an edge is not broadcast");
    assert_eq!(bench.read(0x120), 0);
}

#[test]
fn one_is_serviced_and_one_waits_for_each_vector_11_8_4() {
    let mut bench = Bench::new();
    bench.self_ipi(0x55);
    assert_eq!(bench.take(), Some(0x55));
    bench.self_ipi(0x55);
    bench.self_ipi(0x55);
    assert_eq!(bench.take(), None, "the same class");
    bench.write(0xB0, 0);
    assert_eq!(bench.take(), Some(0x55));
    bench.write(0xB0, 0);
    assert_eq!(bench.take(), None, "the third was merged into the second");
}

#[test]
fn priorities_by_class_11_8_3_1() {
    let mut bench = Bench::new();
    bench.write(0x80, 0x57);
    assert_eq!(bench.read(0xA0), 0x57, "PPR is the task priority");
    bench.self_ipi(0x5F);
    assert_eq!(bench.take(), None, "not above the class of the task");
    bench.self_ipi(0x60);
    assert_eq!(bench.take(), Some(0x60));
    assert_eq!(bench.read(0xA0), 0x60, "PPR is the class in service, its subclass 0");
    bench.self_ipi(0x6F);
    assert_eq!(bench.take(), None, "the same class does not nest");
    bench.self_ipi(0x71);
    assert_eq!(bench.take(), Some(0x71));
    bench.write(0xB0, 0);
    assert_eq!(bench.take(), None);
    bench.write(0xB0, 0);
    assert_eq!(bench.take(), Some(0x6F));
    bench.write(0x80, 0x6A);
    assert_eq!(bench.read(0xA0), 0x6A, "equal classes: the task priority with its subclass");
    bench.write(0xB0, 0);
    bench.write(0x80, 0x40);
    assert_eq!(bench.take(), Some(0x5F));
}

#[test]
fn illegal_vectors_are_errors_11_5_3() {
    let mut bench = Bench::new();
    bench.write(0x370, 0xE0);
    bench.self_ipi(0x0F);
    assert_eq!(bench.read(0x280), 0, "the register shows errors when it was written");
    assert_eq!(bench.take(), Some(0xE0), "the error entry interrupts");
    bench.write(0x280, 0);
    assert_eq!(bench.read(0x280), 1 << 5, "send illegal vector");
    bench.write(0x280, 0);
    assert_eq!(bench.read(0x280), 0, "the write began anew");
    bench.message(3, Trigger::Edge);
    bench.write(0x280, 0);
    assert_eq!(bench.read(0x280), 1 << 6, "receive illegal vector");
    assert_eq!(bench.read(0x200), 0, "IRR has no bit below 16");
    assert_eq!(bench.read(0x040), 0);
    bench.write(0x280, 0);
    assert_eq!(bench.read(0x280), 1 << 7, "illegal register address");
}

#[test]
fn the_local_vector_table_while_disabled_by_software_11_4_7_2() {
    let mut bench = Bench::new();
    bench.write(0x350, 0x700);
    bench.intr = true;
    assert!(bench.lines().interrupt);
    bench.self_ipi(0x80);
    bench.write(0xF0, 0xFF);
    assert_eq!(bench.read(0x350), 0x1_0700, "every entry is masked");
    bench.write(0x350, 0x700);
    assert_eq!(bench.read(0x350), 0x1_0700, "and stays so");
    bench.intr = false;
    assert_eq!(bench.take(), Some(0x80), "what was requested is held");
    assert!(!bench.message(0x81, Trigger::Edge), "nothing new comes in");
    let mode = DeliveryMode::Nmi;
    let nmi = InterruptMessage { destination: Destination::All, mode, vector: Vector(0), trigger: Trigger::Edge };
    assert!(bench.apic.accept(nmi) && bench.apic.take_nmi(), "but NMI, INIT, SMI and SIPI do");
    bench.write(0xF0, 0x1FF);
    assert_eq!(bench.read(0x350), 0x1_0700, "the mask must be cleared by hand");
}

#[test]
fn ext_int_passes_the_priorities_by_11_5_1() {
    let mut bench = Bench::new();
    bench.write(0x350, 0x700);
    bench.write(0x80, 0xFF);
    bench.intr = true;
    assert!(bench.lines().interrupt, "the task priority does not hold the 8259A back");
    assert_eq!(bench.apic.acknowledge(true), None, "its vector comes by INTA cycles");
    assert_eq!(bench.read(0x100) | bench.read(0x120), 0, "nothing is in service here");
    bench.write(0x350, 0x1_0700);
    assert!(!bench.lines().interrupt, "masked");
}

#[test]
fn lint0_as_an_interrupt_of_its_own_11_5_1() {
    let mut bench = Bench::new();
    bench.write(0x350, 0x41);
    let set = |bench: &mut Bench, level| {
        bench.intr = level;
        bench.apic.set_lint0(level);
    };
    set(&mut bench, true);
    set(&mut bench, true);
    assert_eq!(bench.take(), Some(0x41));
    bench.write(0xB0, 0);
    assert_eq!(bench.take(), None, "an edge");
    set(&mut bench, false);
    assert_eq!(bench.take(), None);
    bench.write(0x350, 0x8041);
    set(&mut bench, true);
    assert_eq!((bench.take(), bench.read(0x350)), (Some(0x41), 0xC041), "level: remote IRR is set");
    set(&mut bench, true);
    assert!(!bench.lines().messages);
    assert_eq!(bench.write(0xB0, 0), Effect::EndOfInterrupt(Vector(0x41)));
    assert_eq!(bench.read(0x350), 0x8041);
    assert!(bench.lines().messages, "the level is still there");
    set(&mut bench, true);
    assert_eq!(bench.take(), Some(0x41));
    bench.write(0x350, 0x400);
    set(&mut bench, false);
    set(&mut bench, true);
    assert!(bench.apic.take_nmi(), "and as NMI");
}

#[test]
fn lint1_passes_nmi_unless_it_is_masked_11_5_1() {
    let mut bench = Bench::new();
    bench.apic.edge_of_lint1();
    assert!(!bench.apic.take_nmi());
    bench.write(0x360, 0x400);
    bench.apic.edge_of_lint1();
    assert!(bench.apic.take_nmi());
    bench.write(0x360, 0x0071);
    bench.apic.edge_of_lint1();
    assert_eq!((bench.apic.take_nmi(), bench.take()), (false, Some(0x71)));
}

#[test]
fn only_level_triggered_interrupts_are_ended_on_the_bus_11_8_5() {
    let mut bench = Bench::new();
    assert!(bench.message(0x62, Trigger::Level));
    assert_eq!(bench.read(0x1B0), 1 << 2, "TMR");
    assert_eq!(bench.take(), Some(0x62));
    assert_eq!(bench.write(0xB0, 0), Effect::EndOfInterrupt(Vector(0x62)));
    assert!(bench.message(0x62, Trigger::Edge));
    assert_eq!(bench.read(0x1B0), 0);
    assert_eq!((bench.take(), bench.write(0xB0, 0)), (Some(0x62), Effect::None));
    // SVR bit 12 keeps the broadcast back, where version bit 24 says so.
    assert_eq!(bench.read(0x30) >> 24 & 1, 1);
    bench.write(0xF0, 0x11FF);
    assert!(bench.message(0x62, Trigger::Level));
    assert_eq!((bench.take(), bench.write(0xB0, 0)), (Some(0x62), Effect::None));
    let mut old = Bench::of(Abilities { kind: Kind::P6, ..Abilities::default() });
    old.write(0xF0, 0x11F0);
    assert_eq!(old.read(0xF0), 0x1FF, "the P6 has no such bit, and ones in the vector's low half");
}

#[test]
fn timer_one_shot_and_periodic_11_5_4() {
    let mut bench = Bench::new();
    bench.write(0x3E0, 0b0011);
    bench.write(0x320, 0x70);
    bench.write(0x380, 10);
    bench.pass(159);
    assert_eq!((bench.read(0x390), bench.take()), (1, None));
    bench.pass(1);
    assert_eq!((bench.read(0x390), bench.take()), (0, Some(0x70)));
    bench.write(0xB0, 0);
    bench.pass(1000);
    assert_eq!(bench.take(), None, "one shot");
    bench.write(0x320, 0x2_0070);
    bench.write(0x380, 10);
    for _ in 0..3 {
        bench.pass(160);
        assert_eq!((bench.read(0x390), bench.take()), (10, Some(0x70)));
        bench.write(0xB0, 0);
    }
    bench.write(0x320, 0x3_0070);
    bench.pass(400);
    assert_eq!((bench.read(0x390), bench.take()), (5, None), "masked, it counts on");
    bench.write(0x320, 0x2_0070);
    assert_eq!(bench.take(), None, "what ended meanwhile is lost");
    bench.pass(80);
    assert_eq!(bench.take(), Some(0x70));
    bench.write(0x380, 0);
    bench.write(0xB0, 0);
    bench.pass(1000);
    assert_eq!((bench.read(0x390), bench.take()), (0, None), "an initial count of 0 stops it");
}

#[test]
fn timer_tsc_deadline_11_5_4_1() {
    let mut bench = Bench::new();
    bench.apic.set_tsc_deadline(500, bench.clock());
    assert_eq!(bench.apic.tsc_deadline(bench.clock()), Some(0), "other modes ignore it");
    bench.write(0x320, 0x4_0070);
    bench.write(0x380, 100);
    assert_eq!(bench.read(0x390), 0, "the counts do nothing in this mode");
    bench.apic.set_tsc_deadline(500, bench.clock());
    assert_eq!(bench.apic.tsc_deadline(bench.clock()), Some(500));
    bench.pass(499);
    assert_eq!(bench.take(), None);
    bench.pass(1);
    assert_eq!((bench.take(), bench.apic.tsc_deadline(bench.clock())), (Some(0x70), Some(0)));
    bench.write(0xB0, 0);
    bench.apic.set_tsc_deadline(900, bench.clock());
    bench.apic.set_tsc_deadline(0, bench.clock());
    bench.pass(1000);
    assert_eq!(bench.take(), None, "0 disarms it");
    bench.apic.set_tsc_deadline(5000, bench.clock());
    bench.write(0x320, 0x70);
    bench.write(0x320, 0x4_0070);
    bench.pass(10_000);
    assert_eq!(bench.take(), None, "so does a change of mode");
}

#[test]
fn logical_destinations_11_6_2_2() {
    let mut bench = Bench::new();
    let hears = |bench: &Bench, address| bench.apic.is_addressed(Destination::Logical(address));
    bench.write(0xD0, 0x0400_0000);
    assert!(hears(&bench, 0x06) && !hears(&bench, 0x03) && hears(&bench, 0xFF), "flat");
    bench.write(0xE0, 0x0FFF_FFFF);
    assert_eq!(bench.read(0xE0), 0x0FFF_FFFF);
    bench.write(0xD0, 0x2400_0000);
    assert!(hears(&bench, 0x26) && !hears(&bench, 0x16) && !hears(&bench, 0x23), "cluster 2, member 4");
    assert!(hears(&bench, 0xF4) && hears(&bench, 0xFF), "all clusters");
}

#[test]
fn ipis_reach_those_that_they_name_11_6_1() {
    let mut bench = Bench::new();
    let message = |destination| InterruptMessage {
        destination,
        mode: DeliveryMode::Fixed,
        vector: Vector(0x61),
        trigger: Trigger::Edge,
    };
    bench.write(0x310, 0x0100_0000);
    assert_eq!(bench.write(0x300, 0x61), Effect::Send(message(Destination::Physical(1))), "another processor");
    assert_eq!(bench.take(), None);
    bench.write(0x310, 0);
    assert_eq!((bench.write(0x300, 0x61), bench.take()), (Effect::None, Some(0x61)), "itself, by its ID");
    bench.write(0xB0, 0);
    let all = Effect::Send(message(Destination::All));
    assert_eq!((bench.write(0x300, 0x8_0061), bench.take()), (all, Some(0x61)), "all including self");
    bench.write(0xB0, 0);
    assert_eq!((bench.write(0x300, 0xC_0061), bench.take()), (all, None), "all excluding self");
    bench.write(0x310, 0xFF00_0000);
    assert_eq!((bench.write(0x300, 0x61), bench.take()), (all, Some(0x61)), "physical FFh is everyone");
    assert_eq!(bench.read(0x300) & 1 << 12, 0, "delivery status: idle");
    bench.write(0x310, 0);
    bench.write(0x300, 0x0400);
    assert!(bench.apic.take_nmi(), "an NMI to itself");
    bench.write(0x300, 0x4_0400);
    assert!(!bench.apic.take_nmi(), "the shorthand allows fixed delivery only");
    bench.write(0x300, 0x8500);
    assert!(!bench.apic.take_init(), "INIT level de-assert");
}

#[test]
fn x2apic_state_transitions_11_12_5() {
    const EN: u64 = 1 << 11;
    const EXTD: u64 = 1 << 10;
    let mut bench = Bench::new();
    assert!(!bench.set_base(EXTD), "xAPIC to invalid");
    assert!(bench.set_base(EN | EXTD));
    assert_eq!(bench.apic.mode(), Mode::X2apic);
    assert!(!bench.set_base(EN) && !bench.set_base(EXTD), "x2APIC to xAPIC, to invalid");
    assert!(bench.set_base(0));
    assert!(!bench.set_base(EN | EXTD) && !bench.set_base(EXTD), "disabled to x2APIC, to invalid");
    assert!(bench.set_base(EN));
    assert!(!bench.apic.set_base(0xFEE0_0901, 36) && !bench.apic.set_base(1 << 36 | 0x900, 36), "reserved bits");
    let mut old = Bench::of(Abilities { x2apic: false, ..NEW });
    assert!(!old.set_base(EN | EXTD), "not without the feature");
}

#[test]
fn disabled_it_lets_both_pins_through_11_4_3() {
    let mut bench = Bench::new();
    bench.self_ipi(0x80);
    bench.set_base(0);
    assert!(!bench.lines().interrupt);
    bench.intr = true;
    assert!(bench.lines().interrupt);
    assert_eq!(bench.apic.acknowledge(true), None);
    assert!(bench.apic.page().is_none());
    bench.intr = false;
    bench.set_base(1 << 11);
    assert_eq!((bench.read(0xF0), bench.take()), (0xFF, None), "what it held is forgotten");
}

#[test]
fn x2apic_registers_11_12_1_2() {
    let mut bench = Bench::new();
    bench.write(0x80, 0x20);
    assert!(bench.set_base(3 << 10));
    assert_eq!(bench.rdmsr(0x802), Some(0), "the ID has 32 bits");
    assert_eq!(bench.rdmsr(0x80D), Some(1), "LDR: cluster 0, bit 0");
    assert_eq!(bench.rdmsr(0x808), Some(0x20), "state stays");
    for number in [0x80E, 0x831, 0x80B, 0x83F, 0x800, 0x809, 0x80C, 0x840, 0x8FF] {
        assert_eq!(bench.rdmsr(number), None, "{number:X}h cannot be read");
    }
    for number in [0x802, 0x803, 0x80A, 0x80D, 0x80E, 0x810, 0x820, 0x831, 0x839, 0x8FF] {
        assert_eq!(bench.wrmsr(number, 0), None, "{number:X}h cannot be written");
    }
    for (number, value) in [
        (0x808, 0x100),
        (0x80B, 1),
        (0x828, 1),
        (0x80F, 1 << 10),
        (0x830, 1 << 12),
        (0x832, 1 << 19),
        (0x835, 1 << 14),
        (0x837, 1 << 8),
        (0x838, 1 << 32),
        (0x83E, 1 << 2),
        (0x83F, 0x100),
    ] {
        assert_eq!(bench.wrmsr(number, value), None, "{number:X}h has reserved bits");
    }
    bench.wrmsr(0x83F, 0x61).expect("the self-IPI register");
    assert_eq!(bench.take(), Some(0x61));
    assert_eq!(bench.wrmsr(0x80B, 0), Some(Effect::None));
    bench.wrmsr(0x830, 0x62).expect("ICR, to ID 0");
    assert_eq!((bench.rdmsr(0x830), bench.take()), (Some(0x62), Some(0x62)));
    bench.wrmsr(0x80B, 0);
    bench.wrmsr(0x830, 0x0000_0003_0000_0863).expect("ICR, logical");
    assert_eq!(bench.take(), Some(0x63), "cluster 0, bits 0 and 1");
}

#[test]
fn narrow_accesses_and_the_bytes_between_registers() {
    let mut bench = Bench::new();
    bench.write(0xD0, 0x1200_0000);
    assert_eq!(bench.apic.read_page(0xD3, 1, bench.clock()), 0x12);
    assert_eq!(bench.apic.read_page(0xD0, 8, bench.clock()), 0x1200_0000);
    assert_eq!(bench.apic.read_page(0xD4, 4, bench.clock()), 0);
    bench.apic.write_page(0xD3, 1, 0x34, bench.clock(), false);
    assert_eq!(bench.read(0xD0), 0x1200_0000, "registers are written as dwords");
}

#[test]
fn arbitration_priority_of_the_apic_bus_11_6_2_4() {
    let mut bench = Bench::of(Abilities { kind: Kind::P6, ..Abilities::default() });
    bench.write(0x80, 0x45);
    assert_eq!(bench.read(0x90), 0x45);
    bench.self_ipi(0x61);
    assert_eq!(bench.read(0x90), 0x60, "a request above the task");
    assert_eq!(bench.take(), Some(0x61));
    assert_eq!(bench.read(0x90), 0x40, "TPR AND ISRV");
}

#[test]
fn the_processors_of_11_5_1_have_their_entries() {
    let mut pentium = Bench::of(Abilities { kind: Kind::Pentium, ..Abilities::default() });
    pentium.read(0x340);
    pentium.write(0x280, 0);
    assert_eq!(pentium.read(0x280), 1 << 7, "no performance counter entry");
    pentium.write(0x320, 0x6_0070);
    assert_eq!(pentium.read(0x320), 0x2_0070, "no TSC-deadline mode");
}
