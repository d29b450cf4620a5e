//! A case: some instructions with what they begin from. All of it follows from a seed.

use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::insn::Insn;
use ringwalk_cpu::isa::{self, Operand, Row};
use ringwalk_cpu::state::CodeSize;

use super::arena::{ARENA, CODE, DONE, PAGE};
use super::forms::{Code, Form, Forms, PRIVILEGED, STRINGS, X87, is_tried};
use super::numbers;
use super::state::{State, XState};
use super::undefined;
use crate::random::Random;

/// Most instructions in a case.
const MOST: u64 = 10;
const RCX: usize = 1;
const RSP: usize = 4;
const AC: u64 = 1 << 18;
const DF: u64 = 1 << 10;
const IF: u64 = 1 << 9;
const ARITHMETIC: u64 = 0x8D5;

/// One instruction.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) bytes: Vec<u8>,
    /// `None`: undefined.
    pub(crate) row: Option<&'static Row>,
    pub(crate) op: u16,
    pub(crate) group: usize,
    /// Flags that it leaves undefined if it is done.
    pub(crate) undefined: u64,
}

/// Instructions in their world.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) is_64: bool,
    /// What the arena holds: see `Image::random`.
    pub(crate) image: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) state: State,
}

impl Case {
    /// A case of a seed: some instructions, most of one group, or a few of the one that is asked for.
    pub(crate) fn random(seed: u64, image: u64, forms: &Forms, only: Option<usize>) -> Case {
        let mut random = Random(seed);
        let group = only.unwrap_or_else(|| forms.pick_group(&mut random));
        let count = 1 + random.below(if only.is_some() { 3 } else { MOST });
        let start = if random.once_in(30) { PAGE - 1 - random.below(15) } else { random.below(PAGE - 200) };
        let state = state(&mut random, forms.size, group, CODE + start);
        let mut case = Case { is_64: forms.size == CodeSize::Bits64, image, steps: Vec::new(), state };
        for _ in 0..count {
            let group = if only.is_none() && random.once_in(4) { None } else { Some(group) };
            let form = forms.pick(&mut random, group);
            case.append(form, forms, &mut random);
        }
        case
    }

    /// A case of one instruction, unless all that it can be is undefined.
    pub(crate) fn single(seed: u64, image: u64, forms: &Forms, form: &Form) -> Option<Case> {
        let mut random = Random(seed);
        let start = random.below(PAGE - 64);
        let state = state(&mut random, forms.size, form.group, CODE + start);
        let mut case = Case { is_64: forms.size == CodeSize::Bits64, image, steps: Vec::new(), state };
        for _ in 0..100 {
            case.append(form, forms, &mut random);
            if !case.steps.is_empty() {
                return Some(case);
            }
        }
        None
    }

    fn append(&mut self, form: &Form, forms: &Forms, random: &mut Random) {
        let at = self.end();
        let (bytes, state) = (Vec::new(), &self.state);
        let mut writer = Writer { random: &mut *random, forms, state, at, bytes, relative: None };
        let Some(step) = writer.step(form) else { return };
        // What reads flags that are undefined gets some.
        let tainted = undefined::after(&self.steps, self.steps.len());
        if tainted != 0 && step.row.is_some_and(undefined::reads_flags) {
            let bytes = vec![0x3C, random.next() as u8];
            if let Some(compare) = step_of(bytes, forms, 0) {
                self.steps.push(compare);
                return self.append(form, forms, random);
            }
        }
        if undefined::has_undefined_result(&step, self.steps.is_empty().then_some(&self.state)) {
            return;
        }
        self.steps.push(step);
    }

    /// Where the next instruction would stand.
    pub(crate) fn end(&self) -> u64 {
        self.state.rip + self.steps.iter().map(|step| step.bytes.len() as u64).sum::<u64>()
    }

    /// The instruction at an address.
    pub(crate) fn step_at(&self, rip: u64) -> Option<&Step> {
        let mut at = self.state.rip;
        self.steps.iter().find(|step| {
            let begin = at;
            at += step.bytes.len() as u64;
            begin == rip
        })
    }

    /// All instructions, and the jump to the end of code.
    pub(crate) fn code(&self) -> Vec<u8> {
        let mut code: Vec<u8> = self.steps.iter().flat_map(|step| step.bytes.iter().copied()).collect();
        if self.is_64 {
            code.push(0xE9);
            code.extend((DONE.wrapping_sub(self.end() + 5) as u32).to_le_bytes());
        } else {
            code.push(0xEA);
            code.extend((DONE as u32).to_le_bytes());
            code.extend([0x33, 0]);
        }
        code
    }

    /// True if control came to rest where it comes after so many instructions, one after the other, or outside: what jumps
    /// about in the code may read flags that are undefined.
    pub(crate) fn is_straight(&self, done: usize, rip: u64) -> bool {
        let length: u64 = self.steps.iter().take(done).map(|step| step.bytes.len() as u64).sum();
        let outside = rip < self.state.rip || rip >= self.end() + 7;
        done <= self.steps.len() + 1 && (outside && rip != DONE || rip == DONE && done == self.steps.len() + 1)
            || rip == self.state.rip + length
    }
}

/// Registers at random: many general ones are pointers, RCX is mostly a small count.
fn state(random: &mut Random, size: CodeSize, group: usize, rip: u64) -> State {
    let is_64 = size == CodeSize::Bits64;
    let mut gpr = [0; 16];
    for (index, register) in gpr.iter_mut().enumerate() {
        let points = match index {
            RSP => !random.once_in(24),
            6 | 7 if group == STRINGS => !random.once_in(12),
            _ => random.below(100) < 45,
        };
        *register = if points { numbers::pointer(random) } else { numbers::number(random) };
        if index == RCX && !random.once_in(if group == STRINGS { 16 } else { 3 }) {
            *register = random.below(24);
        }
        if !is_64 {
            *register = if index < 8 { *register & 0xFFFF_FFFF } else { 0 };
        }
    }
    let direction = if random.once_in(3) { DF } else { 0 };
    let aligned = if random.once_in(24) { AC } else { 0 };
    let flags = random.next() & ARITHMETIC | direction | aligned | 2 | IF;
    let floating = group == X87 || random.once_in(6);
    let x: XState = numbers::xstate(random, if is_64 { 16 } else { 8 }, floating);
    State { gpr, rip, flags, x }
}

/// The instruction that bytes are, unless it must not be tried.
pub(crate) fn step_of(bytes: Vec<u8>, forms: &Forms, group: usize) -> Option<Step> {
    let mut padded = bytes.clone();
    padded.resize(15, 0);
    let Decoded::Insn(insn, _) = decode(&padded, forms.size, forms.features) else { return None };
    let row = isa::row_of(insn.op).filter(|_| insn.op != isa::UNDEFINED_ROW);
    let undefined = row.map_or(0, |row| undefined::flags(row, &insn));
    Some(Step { bytes, row, op: insn.op, group, undefined })
}

struct Writer<'a> {
    random: &'a mut Random,
    forms: &'a Forms,
    state: &'a State,
    at: u64,
    bytes: Vec<u8>,
    /// Where a displacement stands that counts from the next instruction, and what it leads to.
    relative: Option<(usize, u64)>,
}

impl Writer<'_> {
    fn is_64(&self) -> bool {
        self.forms.size == CodeSize::Bits64
    }

    fn step(&mut self, form: &Form) -> Option<Step> {
        self.legacy_prefixes(form);
        match form.code {
            Code::Legacy => self.legacy(form),
            Code::Vex(map, prefix, long, wide) => self.vex(form, map, prefix, long, wide),
        }
        self.immediates(form);
        let mut padded = self.bytes.clone();
        padded.resize(15, 0);
        let Decoded::Insn(insn, _) = decode(&padded, self.forms.size, self.forms.features) else { return None };
        let row = isa::row_of(insn.op).filter(|_| insn.op != isa::UNDEFINED_ROW);
        if row.is_none() != form.row.is_none() || row.is_some_and(|row| !is_tried(row)) || insn.len > 15 {
            return None;
        }
        if row.is_some() && insn.op != form.op {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize(usize::from(insn.len), 0);
        self.settle_relative(&mut bytes, row, &insn);
        step_of(bytes, self.forms, form.group)
    }

    fn legacy_prefixes(&mut self, form: &Form) {
        let is_string =
            form.group == STRINGS || form.row.is_some_and(|row| matches!(row.name, "insb" | "ins" | "outsb" | "outs"));
        if is_string && !self.random.once_in(3) {
            let repeat = self.random.pick(&[0xF3, 0xF3, 0xF2]);
            self.bytes.push(repeat);
        }
        if self.random.once_in(20) {
            let segment = if self.is_64() {
                self.random.pick(&[0x2E, 0x36, 0x3E, 0x26, 0x65, 0x65])
            } else {
                self.random.pick(&[0x2E, 0x36, 0x3E, 0x26, 0x65, 0x64])
            };
            self.bytes.push(segment);
        }
        if self.random.once_in(32) {
            self.bytes.push(0x67);
        }
        let locks = form.row.is_some_and(|row| row.lockable) && form.in_memory;
        // LOCK makes CR8 of CR0 on AMD's, which may be refused.
        let privileged = form.group == PRIVILEGED;
        if locks && self.random.once_in(4) || !privileged && self.random.once_in(60) {
            self.bytes.push(0xF0);
        }
        // A repeat prefix means nothing before most, but turns the condition of LOOPE and LOOPNE around on AMD's.
        let loops = form.row.is_some_and(|row| row.name.starts_with("loop"));
        let plain = form.code == Code::Legacy && form.group < X87 && form.prefixes.is_empty() && !loops;
        if plain && self.random.once_in(50) {
            let repeat = self.random.pick(&[0xF3, 0xF2]);
            self.bytes.push(repeat);
        }
    }

    fn legacy(&mut self, form: &Form) {
        self.bytes.extend(&form.prefixes);
        let mut rex = 0;
        if self.is_64() && !self.random.once_in(3) {
            rex = 0x40 | self.random.below(16) as u8;
            self.bytes.push(rex);
        }
        self.bytes.extend(&form.opcode);
        if !form.modrms.is_empty() {
            let modrm = self.random.pick(&form.modrms);
            self.modrm(form, modrm, (rex & 1) << 3, (rex & 2) << 2);
        }
    }

    fn vex(&mut self, form: &Form, map: u8, prefix: u8, long: bool, wide: bool) {
        let is_64 = self.is_64();
        let extensions = if is_64 { self.random.below(8) as u8 } else { 0 };
        let mut vvvv = if form.uses_vvvv() { self.random.below(if is_64 { 16 } else { 8 }) as u8 } else { 0 };
        if form.uses_vvvv() && form.is_gather() && self.random.below(8) != 0 {
            vvvv = 1;
        }
        let (b, x) = ((extensions & 1) << 3, (extensions & 2) << 2);
        let last = u8::from(wide) << 7 | (!vvvv & 15) << 3 | u8::from(long) << 2 | prefix;
        let short = map == 1 && !wide && extensions & 3 == 0 && self.random.once_in(2);
        if short {
            self.bytes.extend([0xC5, last & 0x7F | if extensions & 4 == 0 { 0x80 } else { 0 }]);
        } else {
            let first = (!extensions & 4) << 5 | (!extensions & 2) << 5 | (!extensions & 1) << 5 | map;
            self.bytes.extend([0xC4, first, last]);
        }
        self.bytes.extend(&form.opcode);
        if !form.modrms.is_empty() {
            let mut modrm = self.random.pick(&form.modrms);
            if !form.in_memory {
                modrm = modrm & 0xF8 | self.random.below(8) as u8;
            }
            self.modrm(form, modrm, b, x);
        }
    }

    /// A ModRM byte and what belongs to it: of a form in memory an operand whose address is mostly good.
    fn modrm(&mut self, form: &Form, modrm: u8, b: u8, x: u8) {
        if !form.in_memory {
            return self.bytes.push(modrm);
        }
        let reg = modrm & 0x38;
        let target = numbers::pointer(self.random);
        if form.is_gather() {
            return self.gather(reg, b, target);
        }
        match self.random.below(8) {
            0 | 1 => self.direct(reg, target),
            2..6 => self.based(reg, b, x, target),
            _ => self.anything(reg),
        }
    }

    /// A whole address; in 64-bit code it counts from RIP, or has a SIB byte.
    fn direct(&mut self, reg: u8, target: u64) {
        if self.is_64() && self.random.once_in(2) {
            self.bytes.push(reg | 5);
            self.relative = Some((self.bytes.len(), target));
        } else if self.is_64() {
            self.bytes.extend([reg | 4, 0x25]);
        } else {
            self.bytes.push(reg | 5);
        }
        self.bytes.extend(&target.to_le_bytes()[..4]);
    }

    /// Base and perhaps an index, with the displacement that leads to the target as registers were at first, if it fits.
    fn based(&mut self, reg: u8, b: u8, x: u8, target: u64) {
        let base = self.random.below(8) as u8;
        let index = self.random.below(8) as u8;
        let scale = self.random.below(4) as u8;
        let has_index = base == 4 || self.random.once_in(3);
        let mut sum = self.state.gpr[usize::from(base | b)];
        if has_index && index | x != 4 {
            sum = sum.wrapping_add(self.state.gpr[usize::from(index | x)] << scale);
        }
        let mut away = target.wrapping_sub(sum) as i64;
        if !self.is_64() {
            away = i64::from(away as i32);
        }
        // Without the exact target, when the registers are near the arena as they are.
        let near = sum.wrapping_sub(ARENA) < 3 * PAGE;
        if near && self.random.once_in(2) {
            away = i64::from(self.random.next() as i8);
        } else if i32::try_from(away).is_err() {
            away = self.random.next() as i32 as i64;
        }
        let short = i8::try_from(away).is_ok();
        let mode = if short { 0x40 } else { 0x80 };
        if has_index {
            self.bytes.extend([mode | reg | 4, scale << 6 | index << 3 | base]);
        } else {
            self.bytes.push(mode | reg | base);
        }
        self.bytes.extend(&away.to_le_bytes()[..if short { 1 } else { 4 }]);
    }

    /// Any addressing form with any displacement.
    fn anything(&mut self, reg: u8) {
        let mode = self.random.below(3) as u8;
        let rm = self.random.below(8) as u8;
        self.bytes.push(mode << 6 | reg | rm);
        let sib = self.random.next() as u8;
        if rm == 4 {
            self.bytes.push(sib);
        }
        let displacement = numbers::number(self.random);
        let bytes = match mode {
            0 if rm == 5 || rm == 4 && sib & 7 == 5 => 4,
            0 => 0,
            1 => 1,
            _ => 4,
        };
        self.bytes.extend(&displacement.to_le_bytes()[..bytes]);
    }

    /// Three different registers, most often; the index is most often the one that is fit for it.
    fn gather(&mut self, reg: u8, b: u8, target: u64) {
        let (reg, index) = if self.random.below(8) == 0 { (reg, self.random.below(8) as u8) } else { (2 << 3, 3) };
        let base = self.random.pick(&[0, 1, 2, 3, 6, 7]);
        let away = target.wrapping_sub(self.state.gpr[usize::from(base | b)]) as i64;
        let away = i32::try_from(away).unwrap_or(0);
        let scale = self.random.below(4) as u8;
        self.bytes.extend([0x80 | reg | 4, scale << 6 | index << 3 | base]);
        self.bytes.extend(away.to_le_bytes());
    }

    /// More bytes than an immediate can have: the decoder says how many of them belong to the instruction.
    fn immediates(&mut self, form: &Form) {
        let value = if form.is_offset() {
            numbers::pointer(self.random)
        } else if self.random.once_in(2) {
            // Small immediates choose lanes and counts.
            self.random.below(40) | numbers::number(self.random) << 8
        } else {
            numbers::number(self.random)
        };
        self.bytes.extend(value.to_le_bytes());
    }

    /// Gives displacements that count from the next instruction their values.
    fn settle_relative(&mut self, bytes: &mut [u8], row: Option<&Row>, insn: &Insn) {
        let next = self.at + u64::from(insn.len);
        if let Some((place, target)) = self.relative
            && place + 4 <= bytes.len()
        {
            bytes[place..place + 4].copy_from_slice(&(target.wrapping_sub(next) as u32).to_le_bytes());
        }
        let Some(row) = row else { return };
        let size = match row.operands[0] {
            Operand::Jb => 1,
            Operand::Jz if insn.operand_size() == isa::OperandSize::Bits16 => 2,
            Operand::Jz => 4,
            _ => return,
        };
        // Never to another instruction of the case.
        let start = self.state.rip;
        let before = start.wrapping_sub(1 + self.random.below(24)).wrapping_sub(next);
        let away = match self.random.below(4) {
            0 => 0,
            1 if size == 4 => numbers::pointer(self.random).wrapping_sub(next),
            2 if size > 1 => (CODE + self.random.below(PAGE)).wrapping_sub(next),
            _ if size > 1 || next - start < 100 => before,
            _ => 0,
        };
        let away = if next.wrapping_add(away).wrapping_sub(start) < 200 { 0 } else { away };
        let place = bytes.len() - size;
        bytes[place..].copy_from_slice(&away.to_le_bytes()[..size]);
    }
}
