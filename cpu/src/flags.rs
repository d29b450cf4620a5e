//! EFLAGS. SDM Vol.1 3.4.3 "EFLAGS Register".

use serde::{Deserialize, Serialize};

/// The flags register. Bit 1 is always set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eflags(u32);

/// Carry.
pub const CF: u32 = 1;
/// Parity of the low byte.
pub const PF: u32 = 1 << 2;
/// Carry out of bit 3.
pub const AF: u32 = 1 << 4;
/// Zero.
pub const ZF: u32 = 1 << 6;
/// Sign.
pub const SF: u32 = 1 << 7;
/// Trap: single-step.
pub const TF: u32 = 1 << 8;
/// Interrupts enabled.
pub const IF: u32 = 1 << 9;
/// Direction of string instructions.
pub const DF: u32 = 1 << 10;
/// Signed overflow.
pub const OF: u32 = 1 << 11;
/// I/O privilege level, two bits.
pub const IOPL: u32 = 3 << 12;
/// Nested task.
pub const NT: u32 = 1 << 14;
/// Resume: one instruction without instruction breakpoints.
pub const RF: u32 = 1 << 16;
/// Virtual-8086 mode.
pub const VM: u32 = 1 << 17;
/// Alignment check.
pub const AC: u32 = 1 << 18;
/// Virtual interrupt flag.
pub const VIF: u32 = 1 << 19;
/// Virtual interrupt pending.
pub const VIP: u32 = 1 << 20;
/// CPUID can be used.
pub const ID: u32 = 1 << 21;

/// The six flags that arithmetic sets.
pub const ARITHMETIC: u32 = CF | PF | AF | ZF | SF | OF;
/// Every defined bit.
pub const DEFINED: u32 = 0x003F_7FD5;

impl Default for Eflags {
    fn default() -> Self {
        Eflags(2)
    }
}

impl Eflags {
    /// The register with these bits; reserved bits are forced.
    pub const fn from_bits(bits: u32) -> Eflags {
        Eflags((bits & DEFINED) | 2)
    }

    /// All bits as pushed.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// True if any bit of the mask is set.
    #[inline]
    pub const fn has(self, mask: u32) -> bool {
        self.0 & mask != 0
    }

    /// Takes the bits of `mask` from `bits`, keeps the rest.
    #[inline]
    pub const fn replace(&mut self, mask: u32, bits: u32) {
        self.0 = ((self.0 & !mask) | (bits & mask & DEFINED)) | 2;
    }

    /// Sets or clears one flag.
    #[inline]
    pub const fn set(&mut self, mask: u32, on: bool) {
        self.replace(mask, if on { mask } else { 0 });
    }

    /// Takes the six arithmetic flags from a computed set.
    #[inline]
    pub const fn set_arith(&mut self, flags: u32) {
        self.0 = (self.0 & !ARITHMETIC) | (flags & ARITHMETIC);
    }

    /// Carry, as a number to add.
    #[inline]
    pub const fn cf(self) -> bool {
        self.has(CF)
    }

    /// The I/O privilege level, 0 to 3.
    pub const fn iopl(self) -> u8 {
        (self.0 >> 12 & 3) as u8
    }
}

impl Eflags {
    /// A condition by its number in Jcc, SETcc and CMOVcc. SDM Vol.1 Appendix B "EFLAGS Condition Codes".
    #[inline]
    pub const fn condition(self, number: u8) -> bool {
        let less = self.has(SF) != self.has(OF);
        let holds = match number >> 1 & 7 {
            0 => self.has(OF),
            1 => self.has(CF),
            2 => self.has(ZF),
            3 => self.has(CF | ZF),
            4 => self.has(SF),
            5 => self.has(PF),
            6 => less,
            _ => less || self.has(ZF),
        };
        holds != (number & 1 != 0)
    }
}
