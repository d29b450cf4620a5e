//! The instruction forms that are compared, and what of them is not.

use ringwalk_cpu::insn::{Insn, REFUSED};
use ringwalk_cpu::isa;

use crate::ours::Ours;

/// One form.
pub(crate) struct Form {
    pub(crate) escape: u8,
    pub(crate) modrm: u8,
    pub(crate) insn: Insn,
    pub(crate) name: &'static str,
}

/// The transcendental instructions are within one ulp, not equal: their own tests compare them.
const TRANSCENDENTAL: [&str; 8] = ["f2xm1", "fyl2x", "fptan", "fpatan", "fyl2xp1", "fsincos", "fsin", "fcos"];

/// All forms that we execute, on registers and on memory at EDI.
pub(crate) fn all() -> Vec<Form> {
    let modrms = || (0..8_u8).map(|reg| reg << 3 | 7).chain(0xC0..=0xFF);
    let forms = (0xD8..=0xDF_u8).flat_map(|escape| modrms().map(move |modrm| (escape, modrm)));
    forms.filter_map(|(escape, modrm)| form(escape, modrm)).collect()
}

fn form(escape: u8, modrm: u8) -> Option<Form> {
    let insn = Ours::decode(escape, modrm);
    let name = isa::row_of(insn.op)?.name;
    let compared = insn.flags & REFUSED == 0 && name != "x87" && !TRANSCENDENTAL.contains(&name);
    compared.then_some(Form { escape, modrm, insn, name })
}

impl Form {
    /// The bytes of the memory operand that both sides give the same: FNSTENV and FNSAVE write pointers, which the
    /// host has its own addresses in.
    pub(crate) fn same_memory(&self, at: usize) -> bool {
        match self.name {
            "fnstenv" | "fnsave" => at < 12 || at >= 28,
            _ => true,
        }
    }

    /// Bytes of the memory operand, at most.
    pub(crate) fn operand_bytes(&self) -> usize {
        match self.name {
            "fnstenv" | "fldenv" | "fnsave" | "frstor" => 108,
            _ => 10,
        }
    }
}
