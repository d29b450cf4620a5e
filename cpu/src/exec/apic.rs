//! How the processor reaches its local APIC, and how interrupts reach the processor through it.
//! SDM Vol.3A 11.4.1 "The Local APIC Block Diagram", 11.12.1.2 "x2APIC Register Address Space".

use ringwalk_mmu::{BusCx, Instant, PhysAddr, Signals};

use super::Exec;
use crate::apic::{Clock, Effect, Kind, Mode};

/// Model-specific registers of the local APIC.
const APIC_BASE: u32 = 0x1B;
const TSC_DEADLINE: u32 = 0x6E0;
const X2APIC_FIRST: u32 = 0x800;
const X2APIC_LAST: u32 = 0x8FF;

/// The page of no local APIC.
pub(crate) const NO_PAGE: u64 = u64::MAX;

/// A model-specific register refuses: #GP(0).
pub(crate) struct Refused;

impl Exec<'_> {
    fn clock(&self) -> Clock {
        Clock { now: self.now(), tsc_adjust: self.cpu.msrs.tsc_adjust }
    }

    /// The bus's lines as the local APIC lets them through.
    #[inline]
    pub(crate) fn lines(&self) -> Signals {
        self.cpu.apic.lines(self.bus.signals())
    }

    /// The next moment at which a device or the local APIC wants to be brought forward.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let (bus, apic) = (self.bus.due(), self.cpu.apic.due(self.clock()));
        match (bus, apic) {
            (Some(bus), Some(apic)) => Some(bus.min(apic)),
            (bus, apic) => bus.or(apic),
        }
    }

    /// At a boundary: brings the bus and the local APIC forward to now.
    pub(crate) fn advance_all(&mut self) {
        let now = self.now();
        if self.bus.due().is_some_and(|due| due <= now) {
            self.bus.advance(&mut BusCx::new(now, self.memory));
        }
        let clock = self.clock();
        if self.cpu.apic.due(clock).is_some_and(|due| due <= now) {
            self.cpu.apic.advance(clock);
        }
        self.hot.bus_touched = true;
    }

    /// At a boundary: takes in what the bus has for the processor. INTR is a level and needs no taking.
    pub(crate) fn hear_bus(&mut self) {
        let lines = self.bus.signals();
        if lines.nmi {
            self.bus.take_nmi();
        }
        if !self.cpu.apic.is_enabled() {
            self.cpu.nmi_pending |= lines.nmi;
            return;
        }
        let apic = &mut self.cpu.apic;
        if lines.nmi {
            apic.edge_of_lint1();
        }
        if lines.messages {
            self.bus.deliver_messages(&mut |message| apic.accept(message));
        }
        apic.set_lint0(lines.interrupt);
        self.cpu.nmi_pending |= apic.take_nmi();
        if apic.take_init() {
            self.cpu.init();
            self.flush_derived_translations();
            self.refresh_guard();
        }
    }

    /// Takes the interrupt that the lines told of: its vector.
    pub(crate) fn acknowledge_interrupt(&mut self) -> u8 {
        self.hot.bus_touched = true;
        let intr = self.bus.signals().interrupt;
        match self.cpu.apic.acknowledge(intr) {
            Some(vector) => vector.0,
            None => self.on_bus(|bus, cx| bus.acknowledge_interrupt(cx)).0,
        }
    }

    /// Finds the page of the registers anew.
    pub(crate) fn refresh_apic_page(&mut self) {
        self.hot.apic_page = self.cpu.apic.page().unwrap_or(NO_PAGE);
    }

    /// A read of so many bytes from the page.
    pub(crate) fn load_apic(&mut self, addr: PhysAddr, bytes: usize) -> u64 {
        let clock = self.clock();
        self.hot.bus_touched = true;
        self.cpu.apic.read_page(addr.offset_in_page() as u32, bytes, clock)
    }

    /// A write of so many bytes to the page.
    pub(crate) fn store_apic(&mut self, addr: PhysAddr, bytes: usize, value: u64) {
        let (clock, intr) = (self.clock(), self.bus.signals().interrupt);
        let effect = self.cpu.apic.write_page(addr.offset_in_page() as u32, bytes, value, clock, intr);
        self.carry_out(effect);
    }

    fn carry_out(&mut self, effect: Effect) {
        self.hot.bus_touched = true;
        match effect {
            Effect::None => {}
            Effect::EndOfInterrupt(vector) => self.on_bus(|bus, cx| bus.end_of_interrupt(vector, cx)),
            Effect::Send(message) => self.on_bus(|bus, cx| bus.send_message(message, cx)),
        }
    }

    /// RDMSR of the local APIC's registers; `None` if the number is not one of them.
    pub(crate) fn read_apic_msr(&mut self, number: u32) -> Option<Result<u64, Refused>> {
        let clock = self.clock();
        let apic = &self.cpu.apic;
        let abilities = apic.abilities();
        let value = match number {
            APIC_BASE if abilities.kind >= Kind::P6 => Some(apic.base()),
            TSC_DEADLINE if abilities.tsc_deadline => apic.tsc_deadline(clock),
            X2APIC_FIRST..=X2APIC_LAST if abilities.x2apic => match apic.mode() {
                Mode::X2apic => apic.read_msr((number - X2APIC_FIRST) << 4, clock),
                _ => None,
            },
            _ => return None,
        };
        Some(value.ok_or(Refused))
    }

    /// WRMSR of the local APIC's registers; `None` if the number is not one of them.
    pub(crate) fn write_apic_msr(&mut self, number: u32, value: u64) -> Option<Result<(), Refused>> {
        let clock = self.clock();
        let abilities = self.cpu.apic.abilities();
        let done = match number {
            APIC_BASE if abilities.kind >= Kind::P6 => self.write_apic_base(value),
            TSC_DEADLINE if abilities.tsc_deadline => {
                self.cpu.apic.set_tsc_deadline(value, clock);
                true
            }
            X2APIC_FIRST..=X2APIC_LAST if abilities.x2apic => {
                let intr = self.bus.signals().interrupt;
                let x2apic = self.cpu.apic.mode() == Mode::X2apic;
                let offset = (number - X2APIC_FIRST) << 4;
                let effect = if x2apic { self.cpu.apic.write_msr(offset, value, clock, intr) } else { None };
                effect.map(|effect| self.carry_out(effect)).is_some()
            }
            _ => return None,
        };
        self.hot.bus_touched = true;
        Some(if done { Ok(()) } else { Err(Refused) })
    }

    /// The page may have moved over memory that is known by way of the HostTlb, or away from it.
    fn write_apic_base(&mut self, value: u64) -> bool {
        let done = self.cpu.apic.set_base(value, self.cpu.model.physical_bits());
        self.refresh_apic_page();
        self.flush_derived_translations();
        self.leave();
        done
    }
}
