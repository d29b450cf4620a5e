//! Exceptions: the guest's faults. SDM Vol.3A 6.15 "Exception and Interrupt Reference".

use crate::site::Site;

/// Vectors by the manual's mnemonics.
pub mod vector {
    #![allow(missing_docs, reason = "the mnemonics are the manual's")]
    pub const DE: u8 = 0;
    pub const DB: u8 = 1;
    pub const NMI: u8 = 2;
    pub const BP: u8 = 3;
    pub const OF: u8 = 4;
    pub const BR: u8 = 5;
    pub const UD: u8 = 6;
    pub const NM: u8 = 7;
    pub const DF: u8 = 8;
    pub const TS: u8 = 10;
    pub const NP: u8 = 11;
    pub const SS: u8 = 12;
    pub const GP: u8 = 13;
    pub const PF: u8 = 14;
    pub const MF: u8 = 16;
    pub const AC: u8 = 17;
    pub const MC: u8 = 18;
    pub const XM: u8 = 19;
}

/// A fault on its way to delivery. The address of a page fault is kept beside it in the execution context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its vector.
    pub vector: u8,
    /// The check that failed.
    pub site: Site,
    /// The error code; meaningful if the vector has one.
    pub code: u16,
}

impl Exception {
    /// True if delivery pushes an error code (outside real mode).
    pub const fn has_code(self) -> bool {
        vector_has_code(self.vector)
    }
}

/// True for the vectors whose delivery pushes an error code. SDM Vol.3A Table 6-1.
pub const fn vector_has_code(number: u8) -> bool {
    matches!(number, vector::DF | vector::TS | vector::NP | vector::SS | vector::GP | vector::PF | vector::AC)
}

/// What an instruction's handler answers: it is done, or the guest gets a fault and nothing has changed.
pub type Step = Result<(), Exception>;

/// Exception classes for the double-fault rule, SDM Vol.3A Table 6-4 "Interrupt and Exception Classes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionClass {
    /// Handled one after the other.
    Benign,
    /// Two of them make a double fault.
    Contributory,
    /// A page fault.
    PageFault,
    /// A double fault: one more contributory or page fault shuts the processor down.
    DoubleFault,
}

/// The class of a vector raised by the processor.
pub const fn class_of(number: u8) -> ExceptionClass {
    match number {
        vector::DE | vector::TS | vector::NP | vector::SS | vector::GP => ExceptionClass::Contributory,
        vector::PF => ExceptionClass::PageFault,
        vector::DF => ExceptionClass::DoubleFault,
        _ => ExceptionClass::Benign,
    }
}
