//! The indexed registers of the VGA: sequencer, CRT controller, graphics controller, attribute controller.
//! IBM *PS/2 Hardware Interface Technical Reference - Video Subsystems* (S42G-2193), "VGA Function", "Registers".
//! Each table gives the bits of every register that exist; the others read as zero.

use serde::{Deserialize, Serialize};

/// Sequencer registers 0 to 4 (reset, clocking mode, map mask, character map select, memory mode).
pub(crate) const SEQUENCER: [u8; 5] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E];
/// Graphics controller registers 0 to 8 (set/reset, enable set/reset, colour compare, data rotate, read map select,
/// graphics mode, miscellaneous, colour don't care, bit mask).
pub(crate) const GRAPHICS: [u8; 9] = [0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF];
/// Attribute controller registers 0 to 14h (palette, mode control, overscan, plane enable, panning, colour select).
pub(crate) const ATTRIBUTE: [u8; 21] = [
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F,
    0x0F, 0x0F,
];
/// CRT controller registers 0 to 18h.
pub(crate) const CRTC: [u8; 25] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF,
];

/// An index register and the registers that it selects. The bits of an index beyond the last register stay: software
/// that looks for extensions there finds registers that read as zero.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Indexed<const N: usize> {
    /// The index register.
    pub(crate) index: u8,
    #[serde(with = "array")]
    values: [u8; N],
}

impl<const N: usize> Indexed<N> {
    /// All zero.
    pub(crate) fn new() -> Indexed<N> {
        Indexed { index: 0, values: [0; N] }
    }

    /// A register by its number; zero past the last.
    pub(crate) fn get(&self, number: u8) -> u8 {
        self.values.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Writes a register, all bits of `mask`.
    pub(crate) fn set(&mut self, number: u8, value: u8, mask: &[u8; N]) {
        if let (Some(register), Some(mask)) = (self.values.get_mut(usize::from(number)), mask.get(usize::from(number)))
        {
            *register = value & mask;
        }
    }

    /// The selected register.
    pub(crate) fn read(&self) -> u8 {
        self.get(self.index)
    }

    /// Writes the selected register.
    pub(crate) fn write(&mut self, value: u8, mask: &[u8; N]) {
        self.set(self.index, value, mask);
    }

    /// All registers as hexadecimal text.
    pub(crate) fn text(&self) -> String {
        self.values.iter().map(|value| format!("{value:02X}")).collect::<Vec<_>>().join(" ")
    }
}

/// Arrays of any length in serde's form for sequences.
mod array {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer, const N: usize>(values: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
        values.as_slice().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
        let values = Vec::<u8>::deserialize(from)?;
        values.try_into().map_err(|_| D::Error::custom("a register file of another length"))
    }
}
