//! The local APIC: what stands between the processor and all its interrupts. SDM Vol.3A 11 "Advanced Programmable
//! Interrupt Controller (APIC)".
//!
//! State of the processor. Its registers are reached through a page of memory (`exec/apic.rs`, `registers.rs`) or as
//! model-specific registers; messages of I/O APICs and of other processors come in through [`Apic::accept`]; the
//! chipset's INTR and NMI are its pins LINT0 and LINT1. Absent or disabled (IA32_APIC_BASE bit 11) it lets both pins
//! through as a processor without one has them.
//!
//! An interrupt is delivered at the first boundary behind the moment at which it becomes deliverable, so that the
//! spurious vector (11.9 "Spurious Interrupt") is never needed: nothing comes between the request to the processor and
//! its acknowledgment.

mod command;
mod lvt;
mod registers;
mod show;
mod timer;
mod vectors;

use ringwalk_mmu::{Instant, Signals, Trigger, Vector};
use serde::{Deserialize, Serialize};

pub use timer::Clock;
pub use vectors::VectorSet;

use crate::model::{Feature, Features, Model};
use lvt::Entry;
use timer::Timer;

/// Vectors below are reserved for exceptions; the local APIC takes none of them as an interrupt. SDM Vol.3A 11.5.2 "Valid
/// Interrupt Vectors".
const FIRST_LEGAL_VECTOR: u8 = 16;

/// IA32_APIC_BASE. SDM Vol.3A 11.4.4 "Local APIC Status and Location", 11.12.1 "Detecting and Enabling x2APIC Mode".
const BASE_BSP: u64 = 1 << 8;
const BASE_X2APIC: u64 = 1 << 10;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_ADDRESS: u64 = !0xFFF;
const BASE_AFTER_RESET: u64 = 0xFEE0_0000 | BASE_ENABLE | BASE_BSP;

/// SVR bit 8: enabled by software. Bit 12: EOIs of level-triggered interrupts are not broadcast.
const SVR_ENABLE: u32 = 1 << 8;
const SVR_NO_BROADCAST: u32 = 1 << 12;

/// Bits of the error status register. SDM Vol.3A 11.5.3 "Error Handling".
mod error {
    pub(super) const SEND_ILLEGAL_VECTOR: u32 = 1 << 5;
    pub(super) const RECEIVE_ILLEGAL_VECTOR: u32 = 1 << 6;
    pub(super) const ILLEGAL_REGISTER: u32 = 1 << 7;
}

/// Which local APIC a processor has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// None.
    #[default]
    Absent,
    /// The Pentium's: always at FEE00000h, four entries in the local vector table.
    Pentium,
    /// The P6 family's: five entries.
    P6,
    /// The Pentium 4's and later ones: six entries.
    Xapic,
}

/// What the local APIC of a processor can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Which one it is.
    pub kind: Kind,
    /// CPUID: x2APIC mode.
    pub x2apic: bool,
    /// CPUID: TSC-deadline mode of the timer.
    pub tsc_deadline: bool,
}

impl Abilities {
    /// What the local APIC of a processor can do that is a model with these features.
    pub const fn of(model: Model, features: Features) -> Abilities {
        let kind = match model {
            _ if !features.has(Feature::Apic) => Kind::Absent,
            Model::I386 | Model::I486 | Model::Pentium => Kind::Pentium,
            Model::P6 => Kind::P6,
            _ => Kind::Xapic,
        };
        let (x2apic, tsc_deadline) = (features.has(Feature::X2apic), features.has(Feature::TscDeadline));
        Abilities { kind, x2apic, tsc_deadline }
    }
}

/// The state of 11.12.5 "x2APIC State Transitions".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Absent, or disabled in IA32_APIC_BASE.
    Off,
    /// Registers in memory.
    Xapic,
    /// Registers among the model-specific ones.
    X2apic,
}

/// What a write to a register asks of the rest of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// The EOI message for the I/O APICs.
    EndOfInterrupt(Vector),
    /// A message for the other processors.
    Send(ringwalk_mmu::InterruptMessage),
}

/// The local APIC of one processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apic {
    abilities: Abilities,
    /// IA32_APIC_BASE.
    base: u64,
    /// The initial APIC ID, which is the x2APIC ID.
    id: u32,
    /// The ID register of xAPIC mode.
    xapic_id: u8,
    tpr: u8,
    ldr: u32,
    dfr: u32,
    svr: u32,
    /// In service.
    isr: VectorSet,
    /// Requested.
    irr: VectorSet,
    /// Level-triggered, of those requested or in service.
    tmr: VectorSet,
    /// The error status register as it reads, and what it will take in when it is written.
    esr: u32,
    errors: u32,
    icr: u64,
    lvt: [u32; lvt::ENTRIES],
    timer: Timer,
    /// The level that LINT0 had, while its entry looks at it.
    lint0: bool,
    /// Messages and pins that wait for the boundary: an NMI, INIT, an ExtINT.
    nmi: bool,
    init_pending: bool,
    ext_int: bool,
}

impl Apic {
    /// The local APIC of the processor with this number, after power-on.
    pub fn new(abilities: Abilities, id: u32) -> Apic {
        let mut apic = Apic {
            abilities,
            base: 0,
            id,
            xapic_id: 0,
            tpr: 0,
            ldr: 0,
            dfr: 0,
            svr: 0,
            isr: VectorSet::default(),
            irr: VectorSet::default(),
            tmr: VectorSet::default(),
            esr: 0,
            errors: 0,
            icr: 0,
            lvt: [0; lvt::ENTRIES],
            timer: Timer::default(),
            lint0: false,
            nmi: false,
            init_pending: false,
            ext_int: false,
        };
        apic.reset();
        apic
    }

    /// Hardware reset. SDM Vol.3A 11.4.7.1 "Local APIC State After Power-Up or Reset".
    pub fn reset(&mut self) {
        // The first processor boots the system.
        let bsp = if self.id == 0 { BASE_BSP } else { 0 };
        self.base = BASE_AFTER_RESET & !BASE_BSP | bsp;
        // Eight bits are what the register holds.
        self.xapic_id = self.id as u8;
        self.init();
    }

    /// INIT: as reset, but the IDs and IA32_APIC_BASE stay. SDM Vol.3A 11.4.7.3 "Local APIC State After an INIT Reset
    /// ("Wait-for-SIPI" State)".
    pub fn init(&mut self) {
        (self.tpr, self.ldr, self.dfr, self.svr) = (0, 0, u32::MAX, 0xFF);
        (self.isr, self.irr, self.tmr) = (VectorSet::default(), VectorSet::default(), VectorSet::default());
        (self.esr, self.errors, self.icr) = (0, 0, 0);
        self.lvt = [lvt::MASKED; lvt::ENTRIES];
        self.timer = Timer::default();
        (self.lint0, self.nmi, self.init_pending, self.ext_int) = (false, false, false, false);
    }

    /// What firmware does so that the 8259A's interrupts and NMI reach the processor. MultiProcessor Specification 1.4,
    /// 3.6.2.2 "Virtual Wire Mode".
    pub fn set_virtual_wire(&mut self) {
        self.svr = SVR_ENABLE | 0xFF;
        self.lvt[Entry::Lint0 as usize] = lvt::EXT_INT;
        self.lvt[Entry::Lint1 as usize] = lvt::NMI;
    }

    /// Off, xAPIC or x2APIC.
    #[inline]
    pub fn mode(&self) -> Mode {
        if self.base & BASE_ENABLE == 0 || self.abilities.kind == Kind::Absent {
            Mode::Off
        } else if self.base & BASE_X2APIC == 0 {
            Mode::Xapic
        } else {
            Mode::X2apic
        }
    }

    /// True unless it is absent or disabled in IA32_APIC_BASE: what CPUID tells.
    pub fn is_enabled(&self) -> bool {
        self.mode() != Mode::Off
    }

    /// The number of the physical page that has the registers, in xAPIC mode.
    pub fn page(&self) -> Option<u64> {
        (self.mode() == Mode::Xapic).then_some(self.base >> 12)
    }

    /// The initial APIC ID: the processor's number.
    pub const fn initial_id(&self) -> u32 {
        self.id
    }

    /// IA32_APIC_BASE.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Writes IA32_APIC_BASE; false for a reserved bit or a transition that 11.12.5 does not have. Disabled, it forgets
    /// its state (11.4.3 "Enabling or Disabling the Local APIC").
    pub(crate) fn set_base(&mut self, value: u64, physical_bits: u8) -> bool {
        let x2apic = if self.abilities.x2apic { BASE_X2APIC } else { 0 };
        let address = BASE_ADDRESS & !(u64::MAX << physical_bits);
        let known = address | BASE_BSP | BASE_ENABLE | x2apic;
        let bits = |value: u64| (value & BASE_ENABLE != 0, value & BASE_X2APIC != 0);
        let refused = matches!(
            (bits(self.base), bits(value)),
            (_, (false, true)) | ((false, _), (true, true)) | ((true, true), (true, false))
        );
        if value & !known != 0 || refused {
            return false;
        }
        self.base = value;
        if value & BASE_ENABLE == 0 {
            let tpr = self.tpr;
            self.xapic_id = self.id as u8;
            self.init();
            // CR8 is the processor's own, and stays.
            self.tpr = tpr;
        }
        true
    }

    fn is_software_enabled(&self) -> bool {
        self.svr & SVR_ENABLE != 0
    }

    fn x2apic_ldr(&self) -> u32 {
        (self.id >> 4) << 16 | 1 << (self.id & 15)
    }

    /// The task-priority register.
    pub fn tpr(&self) -> u8 {
        self.tpr
    }

    /// Sets the task-priority register; CR8 is its upper half.
    pub(crate) fn set_tpr(&mut self, value: u8) {
        self.tpr = value;
    }

    /// The processor-priority register. SDM Vol.3A 11.8.3.1 "Task and Processor Priorities".
    #[inline]
    pub fn ppr(&self) -> u8 {
        let serviced = self.isr.highest().map_or(0, |vector| vector.0);
        if self.tpr >> 4 >= serviced >> 4 { self.tpr } else { serviced & 0xF0 }
    }

    /// The requested interrupt that goes before what the processor does now.
    fn deliverable(&self) -> Option<Vector> {
        let requested = self.irr.highest()?;
        (requested.0 >> 4 > self.ppr() >> 4).then_some(requested)
    }

    /// The lines as they reach the processor's core, from those of the bus.
    #[inline]
    pub(crate) fn lines(&self, bus: Signals) -> Signals {
        if self.mode() == Mode::Off {
            return Signals { messages: false, ..bus };
        }
        Signals {
            interrupt: self.ext_int || (bus.interrupt && self.passes_ext_int()) || self.deliverable().is_some(),
            nmi: bus.nmi || self.nmi,
            messages: bus.messages || self.init_pending || self.lint0_calls(bus.interrupt),
            ..bus
        }
    }

    /// The processor takes the interrupt that [`Apic::lines`] told of. `None`: it comes from the 8259A, by INTA cycles.
    pub(crate) fn acknowledge(&mut self, intr: bool) -> Option<Vector> {
        let external = self.mode() == Mode::Off || self.ext_int || (intr && self.passes_ext_int());
        if external {
            self.ext_int = false;
            return None;
        }
        let Some(vector) = self.deliverable() else {
            // The low byte of the spurious-interrupt vector register.
            return Some(Vector(self.svr as u8));
        };
        self.irr.set(vector, false);
        self.isr.set(vector, true);
        Some(vector)
    }

    /// The EOI register was written. SDM Vol.3A 11.8.5 "Signaling Interrupt Servicing Completion".
    fn end_of_interrupt(&mut self) -> Effect {
        let Some(vector) = self.isr.highest() else { return Effect::None };
        self.isr.set(vector, false);
        if !self.tmr.has(vector) {
            return Effect::None;
        }
        self.end_level_of_lint0(vector);
        if self.svr & SVR_NO_BROADCAST != 0 { Effect::None } else { Effect::EndOfInterrupt(vector) }
    }

    /// An interrupt comes in. SDM Vol.3A 11.8.4 "Interrupt Acceptance for Fixed Interrupts".
    fn request(&mut self, vector: Vector, trigger: Trigger) {
        if vector.0 < FIRST_LEGAL_VECTOR {
            self.raise_error(error::RECEIVE_ILLEGAL_VECTOR);
            return;
        }
        self.irr.set(vector, true);
        self.tmr.set(vector, trigger == Trigger::Level);
    }

    /// Notes an error, and interrupts for one that was not noted yet.
    fn raise_error(&mut self, bit: u32) {
        if self.errors & bit != 0 {
            return;
        }
        self.errors |= bit;
        self.deliver_locally(Entry::Error);
    }

    /// Takes an NMI that came as a message or through a pin.
    pub(crate) fn take_nmi(&mut self) -> bool {
        std::mem::take(&mut self.nmi)
    }

    /// Takes an INIT that came as a message.
    pub(crate) fn take_init(&mut self) -> bool {
        std::mem::take(&mut self.init_pending)
    }

    /// When its timer ends next, if that interrupts.
    #[inline]
    pub fn due(&self, clock: Clock) -> Option<Instant> {
        let entry = self.lvt[Entry::Timer as usize];
        if entry & lvt::MASKED != 0 || self.mode() == Mode::Off {
            return None;
        }
        self.timer.due(timer::Mode::of(entry), clock)
    }

    /// Takes in what the timer has come to. An end while its entry is masked is lost.
    pub(crate) fn advance(&mut self, clock: Clock) {
        let entry = self.lvt[Entry::Timer as usize];
        if self.timer.advance(timer::Mode::of(entry), clock) {
            self.deliver_locally(Entry::Timer);
        }
    }

    /// IA32_TSC_DEADLINE; `None` if there is none.
    pub(crate) fn tsc_deadline(&self, clock: Clock) -> Option<u64> {
        let armed = self.mode() != Mode::Off;
        self.abilities.tsc_deadline.then(|| if armed { self.timer.deadline(clock) } else { 0 })
    }

    /// Writes IA32_TSC_DEADLINE.
    pub(crate) fn set_tsc_deadline(&mut self, value: u64, clock: Clock) {
        self.advance(clock);
        if self.mode() != Mode::Off {
            self.timer.set_deadline(value, timer::Mode::of(self.lvt[Entry::Timer as usize]));
        }
    }

    /// What it can do.
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }
}

#[cfg(test)]
mod tests;
