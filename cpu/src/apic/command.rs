//! Interprocessor interrupts and whom messages are for. SDM Vol.3A 11.6 "Issuing Interprocessor Interrupts", 11.12.9 "ICR
//! Operation in x2APIC Mode", 11.12.10 "Determining IPI Destination in x2APIC Mode".

use ringwalk_mmu::{DeliveryMode, Destination, InterruptMessage, Trigger, Vector};

use super::{Apic, Effect, FIRST_LEGAL_VECTOR, Mode, error};

/// ICR: destination mode, level, trigger mode.
const LOGICAL: u64 = 1 << 11;
const ASSERT: u64 = 1 << 14;
const LEVEL: u64 = 1 << 15;
/// DFR: all ones in bits 31 to 28 are the flat model.
const FLAT: u32 = 0xF;

/// Bits 19 and 18 of the ICR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shorthand {
    None,
    Itself,
    AllIncludingSelf,
    AllExcludingSelf,
}

impl Shorthand {
    const fn of(icr: u64) -> Shorthand {
        match icr >> 18 & 3 {
            0 => Shorthand::None,
            1 => Shorthand::Itself,
            2 => Shorthand::AllIncludingSelf,
            _ => Shorthand::AllExcludingSelf,
        }
    }
}

impl Apic {
    /// The ICR's low half was written: sends its message. What this processor takes of it is taken; the effect is what
    /// the others are told. Combinations that Table 11-3 "Valid Combinations for the Pentium 4 and Intel Xeon Processors'
    /// Local xAPIC Interrupt Command Register" calls invalid send nothing.
    pub(super) fn send(&mut self) -> Effect {
        let icr = self.icr;
        let mode = DeliveryMode::from_code((icr >> 8) as u32).filter(|mode| *mode != DeliveryMode::ExtInt);
        let Some(mode) = mode else { return Effect::None };
        if mode == DeliveryMode::Init && icr & (LEVEL | ASSERT) == LEVEL {
            // INIT level de-assert: only old processors synchronise their arbitration IDs by it.
            return Effect::None;
        }
        let shorthand = Shorthand::of(icr);
        let for_self = matches!(shorthand, Shorthand::Itself | Shorthand::AllIncludingSelf);
        if for_self && mode != DeliveryMode::Fixed {
            return Effect::None;
        }
        let vector = Vector(icr as u8);
        if matches!(mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority) && vector.0 < FIRST_LEGAL_VECTOR {
            self.raise_error(error::SEND_ILLEGAL_VECTOR);
            return Effect::None;
        }
        let destination = match shorthand {
            Shorthand::None => self.command_destination(),
            _ => Destination::All,
        };
        let message = InterruptMessage { destination, mode, vector, trigger: Trigger::Edge };
        let mine = for_self || (shorthand == Shorthand::None && self.is_addressed(destination));
        if mine {
            self.take(message);
        }
        let taken_by_one = mode == DeliveryMode::LowestPriority || matches!(destination, Destination::Physical(_));
        if shorthand == Shorthand::Itself || (mine && taken_by_one) { Effect::None } else { Effect::Send(message) }
    }

    fn command_destination(&self) -> Destination {
        // Bits 63 to 56, or 63 to 32 in x2APIC mode.
        let x2apic = self.mode() == Mode::X2apic;
        let (address, everyone) =
            if x2apic { ((self.icr >> 32) as u32, u32::MAX) } else { ((self.icr >> 56) as u32, 0xFF) };
        match self.icr & LOGICAL {
            _ if address == everyone => Destination::All,
            0 => Destination::Physical(address),
            _ => Destination::Logical(address),
        }
    }

    /// True if a message with this destination is for this processor.
    pub(super) fn is_addressed(&self, destination: Destination) -> bool {
        match (destination, self.mode()) {
            (_, Mode::Off) => false,
            (Destination::All, _) => true,
            (Destination::Physical(address), Mode::Xapic) => address == u32::from(self.xapic_id),
            (Destination::Physical(address), Mode::X2apic) => address == self.id,
            (Destination::Logical(address), Mode::Xapic) => self.is_in_group(address as u8),
            (Destination::Logical(address), Mode::X2apic) => {
                let register = self.x2apic_ldr();
                address == u32::MAX || (address >> 16 == register >> 16 && address & register & 0xFFFF != 0)
            }
        }
    }

    /// Compares a message destination address with LDR and DFR. SDM Vol.3A 11.6.2.2 "Logical Destination Mode".
    fn is_in_group(&self, address: u8) -> bool {
        // Bits 31 to 24.
        let register = (self.ldr >> 24) as u8;
        if address == 0xFF {
            return true;
        }
        if self.dfr >> 28 == FLAT {
            return address & register != 0;
        }
        let cluster = address >> 4;
        (cluster == 0xF || cluster == register >> 4) && address & register & 0xF != 0
    }

    /// A message on the bus. True if it was for this processor and it took it.
    pub(crate) fn accept(&mut self, message: InterruptMessage) -> bool {
        self.is_addressed(message.destination) && self.take(message)
    }

    /// Takes a message that is for this processor. While it is disabled by software only fixed and lowest-priority
    /// interrupts are refused (11.4.7.2 "Local APIC State After It Has Been Software Disabled"). Without system management
    /// mode an SMI has no effect, and start-up messages mean nothing to a processor that does not wait for one.
    fn take(&mut self, message: InterruptMessage) -> bool {
        match message.mode {
            DeliveryMode::Fixed | DeliveryMode::LowestPriority => {
                if !self.is_software_enabled() {
                    return false;
                }
                self.request(message.vector, message.trigger);
            }
            DeliveryMode::Nmi => self.nmi = true,
            DeliveryMode::Init => self.init_pending = true,
            DeliveryMode::ExtInt => self.ext_int = true,
            DeliveryMode::Smi | DeliveryMode::StartUp => {}
        }
        true
    }
}
