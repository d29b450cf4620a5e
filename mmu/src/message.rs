//! Interrupt messages between I/O APICs and the processors' local APICs: what the APIC bus carries.
//! SDM Vol.3A 11.6 "Issuing Interprocessor Interrupts"; *82093AA I/O APIC* datasheet, order number 290566, 3.2.4 "I/O
//! Redirection Table Registers".

use crate::Vector;

/// What a message does to those that accept it. The codes are those of the delivery mode fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMode {
    /// 000b: the interrupt of the vector, at every destination.
    Fixed,
    /// 001b: the interrupt of the vector, at the destination of lowest priority.
    LowestPriority,
    /// 010b: a system management interrupt.
    Smi,
    /// 100b: a non-maskable interrupt.
    Nmi,
    /// 101b: INIT.
    Init,
    /// 110b: a start-up request; processors only send it to each other.
    StartUp,
    /// 111b: the vector comes from an interrupt controller of the 8259A kind, by INTA cycles.
    ExtInt,
}

impl DeliveryMode {
    /// The mode with this three-bit code; `None` for the reserved 011b.
    pub const fn from_code(code: u32) -> Option<DeliveryMode> {
        match code & 7 {
            0 => Some(DeliveryMode::Fixed),
            1 => Some(DeliveryMode::LowestPriority),
            2 => Some(DeliveryMode::Smi),
            4 => Some(DeliveryMode::Nmi),
            5 => Some(DeliveryMode::Init),
            6 => Some(DeliveryMode::StartUp),
            7 => Some(DeliveryMode::ExtInt),
            _ => None,
        }
    }
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A local APIC ID; all ones, in eight bits or in 32, mean everyone.
    Physical(u32),
    /// A message destination address, compared with logical destination registers.
    Logical(u32),
    /// Everyone.
    All,
}

/// How the interrupt is asserted: a level-triggered one is ended by an EOI message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Once.
    Edge,
    /// For as long as its line is asserted.
    Level,
}

/// One interrupt message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptMessage {
    /// Whom it is for.
    pub destination: Destination,
    /// What it does there.
    pub mode: DeliveryMode,
    /// Means something for fixed, lowest-priority and start-up messages.
    pub vector: Vector,
    /// Edge for all but what a level-sensitive input of an I/O APIC sends.
    pub trigger: Trigger,
}
