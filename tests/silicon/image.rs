//! A state of the unit and a memory operand, as both sides take and give them.

/// The image of FXSAVE, and behind it the flags that an instruction left.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Image {
    /// SDM Vol.1 Table 10-2.
    pub(super) bytes: [u8; 512],
    /// RFLAGS.
    pub(super) flags: u64,
}

/// The memory operand.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Operand(pub(super) [u8; 128]);

impl Image {
    /// Nothing yet.
    pub(super) fn empty() -> Image {
        Image { bytes: [0; 512], flags: 0 }
    }

    /// Sixteen bits of it.
    pub(super) fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }
}
