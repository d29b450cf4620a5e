//! Every form of every vector instruction, found by asking the decoder for all opcodes: a row that is added is tried.

use std::collections::BTreeMap;

use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::insn::{Insn, OPERAND_32, REFUSED};
use ringwalk_cpu::isa::{self, Operand, Row};
use ringwalk_cpu::model::{Feature, Model};
use ringwalk_cpu::state::CodeSize;

use super::state::FREE_REGISTERS;
use crate::guest::Random;

/// Whose instructions are tried.
pub(super) const FEATURES: [Feature; 16] = [
    Feature::Mmx,
    Feature::Sse,
    Feature::Sse2,
    Feature::Sse3,
    Feature::Ssse3,
    Feature::Sse41,
    Feature::Sse42,
    Feature::Popcnt,
    Feature::Aes,
    Feature::Pclmulqdq,
    Feature::Sha,
    Feature::Movbe,
    Feature::Adx,
    Feature::Abm,
    Feature::Sse4a,
    Feature::Bmi1,
];

/// Instructions whose results differ from one family of processors to the next: approximations.
const APPROXIMATE: [&str; 4] = ["rcpps", "rcpss", "rsqrtps", "rsqrtss"];

/// An instruction with its operand in a register or in memory, whose registers can still be chosen.
pub(super) struct Form {
    pub(super) row: &'static Row,
    pub(super) in_memory: bool,
    /// Prefixes, escapes and opcode.
    bytes: Vec<u8>,
    /// Values of the reg field that mean this instruction; empty if there is no ModRM byte.
    reg_fields: Vec<u8>,
    immediates: usize,
    uses_general: bool,
}

impl Form {
    /// For messages: mnemonic and operands.
    pub(super) fn name(&self) -> String {
        let operands = self.row.operands.iter().filter(|operand| **operand != Operand::None);
        let operands: Vec<String> = operands.map(|operand| format!("{operand:?}")).collect();
        let place = if self.in_memory { " m" } else { "" };
        format!("{} {}{place}", self.row.name, operands.join(","))
    }

    /// The instruction with registers, and an immediate, chosen at random. Memory is at [EBX]. In 64-bit code most have
    /// a REX.
    pub(super) fn encode(&self, random: &mut Random, size: CodeSize) -> Vec<u8> {
        let mut code = self.bytes.clone();
        if size == CodeSize::Bits64 && !random.once_in(4) {
            // The base of the address stays RBX: REX.B is for registers.
            let bits = if self.in_memory { 12 } else { 13 };
            let escape = code.iter().position(|byte| *byte == 0x0F).unwrap_or(0);
            code.insert(escape, 0x40 | random.next() as u8 & bits);
        }
        if !self.reg_fields.is_empty() {
            code.push(self.modrm(random));
        }
        for _ in 0..self.immediates {
            // Small immediates choose lanes and counts; the rest is for what must be ignored.
            code.push(if random.once_in(2) { random.below(32) } else { random.next() } as u8);
        }
        code
    }

    fn modrm(&self, random: &mut Random) -> u8 {
        let register = |random: &mut Random| {
            if self.uses_general { *random.one_of(&FREE_REGISTERS[..5]) as u8 } else { random.below(8) as u8 }
        };
        let reg = match self.reg_fields.as_slice() {
            all if all.len() == 8 => register(random),
            some => *random.one_of(some),
        };
        if self.in_memory { reg << 3 | 3 } else { 0xC0 | reg << 3 | register(random) }
    }
}

/// All forms, in the order of their opcodes.
pub(super) fn all(size: CodeSize) -> Vec<Form> {
    const PREFIXES: [&[u8]; 6] = [&[], &[0x66], &[0xF3], &[0xF2], &[0x66, 0xF2], &[0x66, 0xF3]];
    const ESCAPES: [&[u8]; 3] = [&[0x0F], &[0x0F, 0x38], &[0x0F, 0x3A]];
    let mut forms: BTreeMap<(u16, bool, bool), Form> = BTreeMap::new();
    for prefix in PREFIXES {
        for escape in ESCAPES {
            // 0F 38 and 0F 3A lead to maps of their own.
            for opcode in (0..=255).filter(|opcode| escape.len() > 1 || !matches!(opcode, 0x38 | 0x3A)) {
                for modrm in (0..8).flat_map(|reg: u8| [reg << 3 | 3, 0xC1 | reg << 3]) {
                    let stem = [prefix, escape, &[opcode]].concat();
                    let Some(insn) = decoded(&stem, modrm, size) else { continue };
                    let Some(row) = isa::row_of(insn.op).filter(|row| is_tried(row)) else { continue };
                    let key = (insn.op, insn.is_memory(), is_sized(row) && !insn.has(OPERAND_32));
                    let form = forms.entry(key).or_insert_with(|| new(row, &insn, stem.clone()));
                    if form.bytes == stem && usize::from(insn.len) > stem.len() {
                        form.reg_fields.push(modrm >> 3 & 7);
                    }
                }
            }
        }
    }
    forms.into_values().collect()
}

fn decoded(stem: &[u8], modrm: u8, size: CodeSize) -> Option<Insn> {
    let mut code = stem.to_vec();
    code.push(modrm);
    code.resize(15, 0);
    match decode(&code, size, Model::Max.features()) {
        Decoded::Insn(insn, _) if insn.op != isa::UNDEFINED_ROW && insn.flags & REFUSED == 0 => Some(insn),
        _ => None,
    }
}

fn is_tried(row: &Row) -> bool {
    FEATURES.contains(&row.feature) && !APPROXIMATE.contains(&row.name)
}

/// The operand size makes a difference.
fn is_sized(row: &Row) -> bool {
    !std::ptr::fn_addr_eq(row.handlers[0], row.handlers[1])
}

fn new(row: &'static Row, insn: &Insn, bytes: Vec<u8>) -> Form {
    use Operand::{Eb, Ed, Ev, Ew, Gd, Gv};
    let general = |operand: &Operand| matches!(operand, Eb | Ed | Ev | Ew | Gd | Gv);
    let has_modrm = usize::from(insn.len) > bytes.len();
    Form {
        row,
        in_memory: insn.is_memory(),
        immediates: if has_modrm { usize::from(insn.len) - bytes.len() - 1 } else { 0 },
        bytes,
        reg_fields: Vec::new(),
        uses_general: row.operands.iter().any(general),
    }
}
