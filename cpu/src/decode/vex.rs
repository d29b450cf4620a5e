//! The VEX prefix: where it is one, its fields, and what they must hold. SDM Vol.2A 2.3 "Intel Advanced Vector Extensions
//! (Intel AVX)".

use super::{Decoder, Fetch, REX_B, REX_R, REX_X};
use crate::insn::{LOCK, OPERAND_32, OPERAND_64, REP, REPNE};
use crate::isa::{Escape, Length, Operand, Row};

/// The fields of a VEX prefix, none of them inverted. SDM Vol.2A 2.3.5 "The VEX Prefix".
#[derive(Clone, Copy)]
pub(super) struct VexPrefix {
    /// 66h, F3h or F2h as [`crate::isa::Place::prefix`] has them.
    pub(super) prefix: u8,
    /// VEX.L.
    pub(super) long: bool,
    /// VEX.W.
    pub(super) wide: bool,
    /// The second source.
    pub(super) vvvv: u8,
    /// VEX.vvvv is 1111b: it names nothing.
    names_nothing: bool,
}

impl Decoder<'_> {
    /// C4h and C5h are LES and LDS where they have a memory operand, outside 64-bit code.
    pub(super) fn is_vex(&self, first: u8) -> bool {
        matches!(first, 0xC4 | 0xC5) && (self.is_64() || self.bytes.get(self.at).is_some_and(|next| next >> 6 == 3))
    }

    /// Reads VEX; gives map and opcode, or nothing where they are undefined: a map that does not exist, or LOCK, 66h, F2h,
    /// F3h or REX before it. SDM Vol.2A 2.3.2 "VEX and the LOCK prefix" to 2.3.4.
    pub(super) fn vex_prefix(&mut self, first: u8) -> Fetch<Option<(Escape, u8)>> {
        let prefixed = self.insn.has(LOCK) || self.insn.has(REP) || self.insn.has(REPNE) || self.operand_prefix;
        let refused = prefixed || self.rex != 0;
        let second = self.byte()?;
        let (map, third) = if first == 0xC5 { (1, second & 0x7F) } else { (second & 31, self.byte()?) };
        let inverted = |bit: u8, rex: u8| if second & bit == 0 { rex } else { 0 };
        let x_and_b = if first == 0xC5 { 0 } else { inverted(0x40, REX_X) | inverted(0x20, REX_B) };
        let registers = inverted(0x80, REX_R) | x_and_b;
        let vvvv = !third >> 3 & 15;
        let wide = third & 0x80 != 0;
        let vex = VexPrefix { prefix: third & 3, long: third & 4 != 0, wide, vvvv, names_nothing: vvvv == 0 };
        if self.is_64() {
            self.rex = registers;
            self.vex = Some(vex);
        } else {
            self.vex = Some(VexPrefix { vvvv: vvvv & 7, ..vex });
        }
        let size = if wide && self.is_64() { OPERAND_64 } else { OPERAND_32 };
        self.set_operand_size(size);
        let escape = match map {
            1 => Escape::Vex0F,
            2 => Escape::Vex0F38,
            3 => Escape::Vex0F3A,
            _ => return Ok(None),
        };
        let opcode = self.byte()?;
        Ok((!refused).then_some((escape, opcode)))
    }

    /// What VEX must hold. SDM Vol.2A 2.3.5.6 "Instruction Operand Encoding and VEX.vvvv, ModR/M", 2.3.12 "Vector SIB
    /// (VSIB) Memory Addressing".
    pub(super) fn check_vex(&mut self, row: &Row, vex: VexPrefix) {
        let names_vvvv = row.operands.iter().any(|operand| matches!(operand, Operand::Hx | Operand::By));
        let length = match row.vex.length {
            Length::Zero => !vex.long,
            Length::One => vex.long,
            Length::None | Length::Ignored | Length::Both => true,
        };
        let (dst, index, mask) = (self.insn.dst, self.insn.index, vex.vvvv);
        let distinct = !self.vector_index || dst != index && dst != mask && index != mask;
        self.vex_refused |= !length || !(names_vvvv || vex.names_nothing) || !distinct;
    }
}
