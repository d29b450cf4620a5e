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
pub(super) const FEATURES: [Feature; 21] = [
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
    Feature::Bmi2,
    Feature::Avx,
    Feature::Avx2,
    Feature::Fma,
    Feature::F16c,
];

/// Instructions whose results differ from one family of processors to the next: approximations.
const APPROXIMATE: [&str; 8] = ["rcpps", "rcpss", "rsqrtps", "rsqrtss", "vrcpps", "vrcpss", "vrsqrtps", "vrsqrtss"];

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
    /// VEX.L and VEX.W, of a form that VEX encodes; in the stem the register fields say 0, and vvvv is not used.
    vex: Option<(bool, bool)>,
}

impl Form {
    /// For messages: mnemonic and operands.
    pub(super) fn name(&self) -> String {
        let operands = self.row.operands.iter().filter(|operand| **operand != Operand::None);
        let operands: Vec<String> = operands.map(|operand| format!("{operand:?}")).collect();
        let place = if self.in_memory { " m" } else { "" };
        let vex = self.vex.map_or(String::new(), |(l, w)| format!(" L{} W{}", u8::from(l), u8::from(w)));
        format!("{} {}{place}{vex}", self.row.name, operands.join(","))
    }

    /// What a processor must have.
    pub(super) fn features(&self) -> Vec<Feature> {
        let mut all = vec![self.row.feature];
        if let Some((long, _)) = self.vex {
            all.extend([Feature::Avx].into_iter().filter(|_| self.row.vex.wide != Feature::Bmi1));
            all.extend([self.row.vex.wide].into_iter().filter(|_| long));
        }
        all
    }

    /// True for a gather, whose numbers must stay inside memory.
    pub(super) fn is_gather(&self) -> bool {
        self.row.operands.contains(&Operand::Vm)
    }

    /// The instruction with registers, and an immediate, chosen at random. Memory is at [EBX]. In 64-bit code most have
    /// a REX.
    pub(super) fn encode(&self, random: &mut Random, size: CodeSize) -> Vec<u8> {
        if self.vex.is_some() {
            return self.encode_vex(random, size);
        }
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

    /// As `encode`, with registers in VEX too. A gather has different registers, and its index is the memory operand's.
    fn encode_vex(&self, random: &mut Random, size: CodeSize) -> Vec<u8> {
        let mut code = self.bytes.clone();
        let names_vvvv = self.row.operands.iter().any(|operand| matches!(operand, Operand::Hx | Operand::By));
        let general = self.row.operands.contains(&Operand::By);
        let wide = size == CodeSize::Bits64;
        if self.is_gather() {
            code[2] ^= 1 << 3;
            code.extend([4 | 2 << 3, 3 | 3 << 3 | (random.below(3) as u8) << 6]);
            return code;
        }
        if wide {
            // VEX.R, and VEX.B where it does not belong to the address.
            code[1] ^= random.next() as u8 & if self.in_memory { 0x80 } else { 0xA0 };
        }
        if names_vvvv {
            let number = match general {
                true => *random.one_of(&FREE_REGISTERS[..if wide { 10 } else { 5 }]) as u8,
                false => random.below(if wide { 16 } else { 8 }) as u8,
            };
            code[2] ^= number << 3;
        }
        if !self.reg_fields.is_empty() {
            code.push(self.modrm(random));
        }
        // General registers have numbers that REX would not lead to RSP or R11, R12 and R15.
        if general || self.uses_general {
            code[1] |= 0xA0;
        }
        for _ in 0..self.immediates {
            code.push(if random.once_in(2) { random.below(32) } else { random.next() } as u8);
        }
        if !wide && self.row.operands.contains(&Operand::Lx) {
            // The host executes it as 64-bit code, which has sixteen registers.
            code.last_mut().into_iter().for_each(|byte| *byte &= 0x7F);
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
    let mut all: Vec<Form> = forms.into_values().collect();
    all.extend(all_vex(size));
    all
}

/// All forms that VEX encodes, by map, prefix, L and W.
fn all_vex(size: CodeSize) -> Vec<Form> {
    let mut forms: BTreeMap<(u16, bool, bool, bool), Form> = BTreeMap::new();
    for (map, prefix, opcode) in
        (1..4_u8).flat_map(|map| (0..4_u8).flat_map(move |p| (0..=255_u8).map(move |o| (map, p, o))))
    {
        for (long, wide) in [(false, false), (true, false), (false, true), (true, true)] {
            for modrm in (0..8).flat_map(|reg: u8| [reg << 3 | 3, 0xC1 | reg << 3, reg << 3 | 4]) {
                let third = u8::from(wide) << 7 | 0x78 | u8::from(long) << 2 | prefix;
                let stem = vec![0xC4, 0xE0 | map, third, opcode];
                // A gather has a SIB byte, and three different registers.
                let gathers = modrm & 0xC7 == 4;
                let tried = if gathers { vec![0xC4, 0xE0 | map, third ^ 8, opcode] } else { stem.clone() };
                let Some(insn) = decoded_vex(&tried, modrm, size) else { continue };
                let Some(row) = isa::row_of(insn.op).filter(|row| is_tried(row)) else { continue };
                if gathers != row.operands.contains(&Operand::Vm) {
                    continue;
                }
                let matters = row.vex.sized || matches!(row.name, "vpermq" | "vpermpd");
                let long = long && row.vex.length == isa::Length::Both;
                let key = (insn.op, insn.is_memory(), long, wide && matters && size == CodeSize::Bits64);
                let form = forms.entry(key).or_insert_with(|| {
                    let mut form = new(row, &insn, stem.clone());
                    form.vex = Some((third & 4 != 0, wide));
                    if gathers {
                        form.immediates = 0;
                    }
                    form
                });
                if form.bytes == stem && usize::from(insn.len) > stem.len() {
                    form.reg_fields.push(modrm >> 3 & 7);
                }
            }
        }
    }
    forms.into_values().collect()
}

fn decoded_vex(stem: &[u8], modrm: u8, size: CodeSize) -> Option<Insn> {
    let mut code = stem.to_vec();
    code.extend([modrm, 3 | 3 << 3]);
    code.resize(15, 0);
    match decode(&code, size, Model::Max.features()) {
        Decoded::Insn(insn, _) if insn.op != isa::UNDEFINED_ROW && insn.flags & REFUSED == 0 => Some(insn),
        _ => None,
    }
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
    use Operand::{By, Eb, Ed, Ev, Ew, Gd, Gv};
    let general = |operand: &Operand| matches!(operand, By | Eb | Ed | Ev | Ew | Gd | Gv);
    let has_modrm = usize::from(insn.len) > bytes.len();
    Form {
        row,
        in_memory: insn.is_memory(),
        immediates: if has_modrm { usize::from(insn.len) - bytes.len() - 1 } else { 0 },
        bytes,
        reg_fields: Vec::new(),
        vex: None,
        uses_general: row.operands.iter().any(general),
    }
}
