//! Bit fields in XMM registers. AMD APM Vol.1 4.6.4 "Data Reordering", Vol.4 "EXTRQ", "INSERTQ".
//!
//! A length of 0 means 64 bits. A field that reaches beyond bit 63, and the upper half of the result, are undefined:
//! bits beyond count as zeros, and the upper half becomes zero. Flags: none. Faults of all: #UD, #NM.

use super::Exec;
use crate::exception::Step;
use crate::insn::Insn;

/// Where a field lies in a quadword.
#[derive(Clone, Copy)]
struct Field {
    length: u32,
    index: u32,
}

impl Field {
    /// From a length in bits 5:0 and an index in bits 13:8.
    fn of(bits: u64) -> Field {
        Field { length: bits as u32 & 63, index: (bits >> 8) as u32 & 63 }
    }

    /// Ones in so many low bits.
    fn ones(self) -> u64 {
        if self.length == 0 { u64::MAX } else { !(u64::MAX << self.length) }
    }

    fn extract(self, value: u64) -> u64 {
        value >> self.index & self.ones()
    }

    fn insert(self, value: u64, field: u64) -> u64 {
        value & !(self.ones() << self.index) | (field & self.ones()) << self.index
    }
}

/// EXTRQ xmm, imm8, imm8. AMD APM Vol.4 "EXTRQ".
pub fn extrq_immediate(cx: &mut Exec<'_>, i: &Insn) -> Step {
    extract(cx, i, Field::of(i.immediate()))
}

/// EXTRQ xmm, xmm: length and index are the first two bytes of the second operand. AMD APM Vol.4 "EXTRQ".
pub fn extrq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    extract(cx, i, Field::of(cx.cpu.vector.low(i.src)))
}

fn extract(cx: &mut Exec<'_>, i: &Insn, field: Field) -> Step {
    cx.require_xmm()?;
    let result = field.extract(cx.cpu.vector.low(i.dst));
    cx.cpu.vector.set_xmm(i.dst, result.into());
    Ok(())
}

/// INSERTQ xmm, xmm, imm8, imm8. AMD APM Vol.4 "INSERTQ".
pub fn insertq_immediate(cx: &mut Exec<'_>, i: &Insn) -> Step {
    insert(cx, i, Field::of(i.immediate()))
}

/// INSERTQ xmm, xmm: length and index are in the second operand's upper half. AMD APM Vol.4 "INSERTQ".
pub fn insertq(cx: &mut Exec<'_>, i: &Insn) -> Step {
    insert(cx, i, Field::of(cx.cpu.vector.high(i.src)))
}

fn insert(cx: &mut Exec<'_>, i: &Insn, field: Field) -> Step {
    cx.require_xmm()?;
    let result = field.insert(cx.cpu.vector.low(i.dst), cx.cpu.vector.low(i.src));
    cx.cpu.vector.set_xmm(i.dst, result.into());
    Ok(())
}
