//! From bytes to a slot. SDM Vol.2A 2.1 "Instruction Format for Protected Mode, Real-Address Mode, and Virtual-8086
//! Mode". The tables of [`crate::isa`] say what stands at an opcode; this file knows prefixes, ModRM and operands.

use crate::insn::{
    ADDRESS_32, ADDRESS_64, DIRECT_64, Insn, LOCK, MEMORY, NO_REGISTER, OPERAND_32, OPERAND_64, PLACE_IMMEDIATE,
    PLACE_LOW_BYTE, PLACE_MEMORY, PLACE_NONE, REFUSED, REP, REPNE, RIP_RELATIVE, SEGMENT_SHIFT,
};
use crate::isa::{self, Entry, Escape, In64, Length, Operand, OperandSize, Place, Refusal, Row};
use crate::model::{Feature, Features};
use crate::segment::SegReg;
use crate::state::CodeSize;

mod vex;

use vex::VexPrefix;

/// The longest instruction, in bytes.
pub const LONGEST: usize = 15;

/// What bytes turned out to be.
#[derive(Clone, Copy, Debug)]
pub enum Decoded {
    /// An instruction, perhaps one that raises #UD. The flag says that a trace must end behind it.
    Insn(Insn, bool),
    /// More bytes are needed than were given.
    Truncated,
    /// Longer than 15 bytes.
    TooLong,
}

/// Bytes ran out.
struct NoMoreBytes;

type Fetch<T> = Result<T, NoMoreBytes>;

/// ModRM as far as it concerns registers.
#[derive(Clone, Copy)]
struct ModRm {
    mode: u8,
    reg: u8,
    rm: u8,
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    insn: Insn,
    size: CodeSize,
    features: Features,
    /// 66h was among the prefixes.
    operand_prefix: bool,
    /// REX, with its upper half; 0 for none.
    rex: u8,
    segment_override: Option<SegReg>,
    modrm: Option<ModRm>,
    vex: Option<VexPrefix>,
    /// The form is one that VEX does not allow.
    vex_refused: bool,
    /// The index of the memory operand is a vector register.
    vector_index: bool,
}

/// Bits of REX. SDM Vol.2A Table 2-4 "REX Prefix Fields [BITS: 0100WRXB]".
const REX_B: u8 = 1;
const REX_X: u8 = 2;
const REX_R: u8 = 4;
const REX_W: u8 = 8;

/// Decodes one instruction of code with default sizes, for a processor with these features.
pub fn decode(bytes: &[u8], size: CodeSize, features: Features) -> Decoded {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let mut insn = Insn::undefined();
    match size {
        CodeSize::Bits16 => (),
        CodeSize::Bits32 => insn.flags = OPERAND_32 | ADDRESS_32,
        CodeSize::Bits64 => {
            insn.flags = OPERAND_32;
            insn.scale_segment |= ADDRESS_64;
        }
    }
    let mut decoder = Decoder {
        bytes,
        at: 0,
        insn,
        size,
        features,
        operand_prefix: false,
        rex: 0,
        segment_override: None,
        modrm: None,
        vex: None,
        vex_refused: false,
        vector_index: false,
    };
    match decoder.instruction() {
        Ok(ends_trace) => {
            decoder.insn.len = decoder.at as u8;
            Decoded::Insn(decoder.insn, ends_trace)
        }
        Err(NoMoreBytes) if bytes.len() == LONGEST => Decoded::TooLong,
        Err(NoMoreBytes) => Decoded::Truncated,
    }
}

impl Decoder<'_> {
    fn byte(&mut self) -> Fetch<u8> {
        let byte = *self.bytes.get(self.at).ok_or(NoMoreBytes)?;
        self.at += 1;
        Ok(byte)
    }

    fn word(&mut self) -> Fetch<u16> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn dword(&mut self) -> Fetch<u32> {
        Ok(u32::from(self.word()?) | u32::from(self.word()?) << 16)
    }

    fn instruction(&mut self) -> Fetch<bool> {
        let first = self.prefixes()?;
        let (escape, opcode) = if self.is_vex(first) {
            match self.vex_prefix(first)? {
                Some(place) => place,
                None => return Ok(true),
            }
        } else {
            self.escapes(first)?
        };
        let mut place = Place::of(escape, opcode);
        let mut entry = isa::entry(escape, opcode);
        loop {
            entry = match entry {
                Entry::Row(row) => {
                    self.insn.op = place.number();
                    self.settle_operand_size(row);
                    self.operands(row, opcode)?;
                    if escape == Escape::None && (0xD8..=0xDF).contains(&opcode) {
                        self.keep_last_opcode(opcode);
                    }
                    return Ok(self.choose_handler(row));
                }
                Entry::UndefinedModRm => {
                    let modrm = self.read_modrm()?;
                    self.memory_operand(modrm)?;
                    return Ok(true);
                }
                Entry::Undefined | Entry::Prefix => return Ok(true),
                Entry::Group(rows) => {
                    place.reg = self.read_modrm()?.reg;
                    &rows[place.reg as usize]
                }
                Entry::ByMode(rows) => {
                    place.register = self.read_modrm()?.mode == 3;
                    &rows[place.register as usize]
                }
                Entry::ByRm(rows) => {
                    place.rm = self.read_modrm()?.rm;
                    &rows[place.rm as usize]
                }
                Entry::ByPrefix(rows) => {
                    place.prefix = self.mandatory_prefix();
                    &rows[place.prefix as usize]
                }
                Entry::ByCode(rows) => {
                    place.reg = u8::from(self.is_64());
                    &rows[place.reg as usize]
                }
                Entry::ByRep(rows) => {
                    place.prefix = self.repeat_prefix();
                    &rows[place.prefix.saturating_sub(1) as usize]
                }
                Entry::ByW(rows) => {
                    place.wide = self.vex.is_some_and(|vex| vex.wide);
                    &rows[usize::from(place.wide)]
                }
                Entry::Optional(rows) => {
                    let there = matches!(&rows[1], Entry::Row(row) if self.features.has(row.feature));
                    place.prefix = if there && self.insn.has(REP) { 2 } else { 0 };
                    &rows[usize::from(place.prefix != 0)]
                }
            };
        }
    }

    /// The opcode as the floating-point unit remembers it. SDM Vol.1 8.1.9 "Last Instruction Opcode".
    fn keep_last_opcode(&mut self, opcode: u8) {
        if let Some(ModRm { mode, reg, rm }) = self.modrm {
            self.insn.imm = i32::from(opcode & 7) << 8 | i32::from(mode << 6 | reg << 3 | rm);
        }
    }

    /// The bytes that choose the map, and the opcode behind them.
    fn escapes(&mut self, first: u8) -> Fetch<(Escape, u8)> {
        if first != 0x0F {
            return Ok((Escape::None, first));
        }
        Ok(match self.byte()? {
            0x38 => (Escape::Three38, self.byte()?),
            0x3A => (Escape::Three3A, self.byte()?),
            opcode => (Escape::Two, opcode),
        })
    }

    /// F3h and F2h as [`Place::prefix`] has them.
    fn repeat_prefix(&self) -> u8 {
        if self.insn.has(REP) {
            2
        } else if self.insn.has(REPNE) {
            3
        } else {
            0
        }
    }

    fn mandatory_prefix(&self) -> u8 {
        if let Some(vex) = self.vex {
            return vex.prefix;
        }
        match self.repeat_prefix() {
            0 => u8::from(self.operand_prefix),
            repeat => repeat,
        }
    }

    fn is_64(&self) -> bool {
        self.size == CodeSize::Bits64
    }

    /// Reads prefixes; returns the first opcode byte. A REX counts only right before the opcode.
    fn prefixes(&mut self) -> Fetch<u8> {
        loop {
            let byte = self.byte()?;
            if self.is_64() && byte >> 4 == 4 {
                self.rex = byte;
                continue;
            }
            let rex = std::mem::take(&mut self.rex);
            match byte {
                // 64-bit code knows no other segments than FS and GS.
                0x26 | 0x2E | 0x36 | 0x3E if self.is_64() => (),
                0x26 => self.segment_override = Some(SegReg::Es),
                0x2E => self.segment_override = Some(SegReg::Cs),
                0x36 => self.segment_override = Some(SegReg::Ss),
                0x3E => self.segment_override = Some(SegReg::Ds),
                0x64 => self.segment_override = Some(SegReg::Fs),
                0x65 => self.segment_override = Some(SegReg::Gs),
                0x66 => {
                    self.operand_prefix = true;
                    self.set_flag(OPERAND_32, self.size == CodeSize::Bits16);
                }
                0x67 => {
                    self.insn.scale_segment &= !ADDRESS_64;
                    self.set_flag(ADDRESS_32, self.size != CodeSize::Bits32);
                }
                0xF0 => self.set_flag(LOCK, true),
                // Of F2h and F3h the last one counts.
                0xF2 => {
                    self.set_flag(REP, false);
                    self.set_flag(REPNE, true);
                }
                0xF3 => {
                    self.set_flag(REPNE, false);
                    self.set_flag(REP, true);
                }
                _ => {
                    self.rex = rex;
                    if rex & REX_W != 0 {
                        self.set_operand_size(OPERAND_64);
                    }
                    self.use_segment(SegReg::Ds);
                    return Ok(byte);
                }
            }
        }
    }

    fn set_operand_size(&mut self, flag: u8) {
        self.insn.flags = (self.insn.flags & !(OPERAND_32 | OPERAND_64)) | flag;
    }

    /// In 64-bit code some instructions have 64-bit operands without being asked. SDM Vol.1 3.6.1 "Operand Size and
    /// Address Size in 64-Bit Mode", Vol.2D A.1 "Using Opcode Tables", superscripts d64 and f64.
    fn settle_operand_size(&mut self, row: &Row) {
        let wide = match row.in_64 {
            In64::Plain | In64::Undefined | In64::Only => false,
            In64::Default64 => !self.operand_prefix,
            In64::Branch64 => !self.operand_prefix || !self.features.has(Feature::AmdNearBranch),
        };
        if wide && self.is_64() {
            self.set_operand_size(OPERAND_64);
        }
    }

    fn set_flag(&mut self, flag: u8, on: bool) {
        self.insn.flags = (self.insn.flags & !flag) | if on { flag } else { 0 };
    }

    /// Sets the memory operand's segment: the override, or the addressing form's default.
    fn use_segment(&mut self, default: SegReg) {
        let segment = self.segment_override.unwrap_or(default);
        self.insn.scale_segment = (self.insn.scale_segment & !(7 << SEGMENT_SHIFT)) | (segment as u8) << SEGMENT_SHIFT;
    }

    fn read_modrm(&mut self) -> Fetch<ModRm> {
        if let Some(modrm) = self.modrm {
            return Ok(modrm);
        }
        let byte = self.byte()?;
        let modrm = ModRm { mode: byte >> 6, reg: byte >> 3 & 7, rm: byte & 7 };
        self.modrm = Some(modrm);
        Ok(modrm)
    }

    fn operands(&mut self, row: &Row, opcode: u8) -> Fetch<()> {
        let mut places = [PLACE_NONE; 4];
        self.vector_index = row.operands.contains(&Operand::Vm);
        if row.operands.iter().any(|operand| uses_modrm(*operand)) || self.modrm.is_some() {
            let modrm = self.read_modrm()?;
            if !row.operands.contains(&Operand::R) {
                self.memory_operand(modrm)?;
            }
        }
        for (place, operand) in places.iter_mut().zip(row.operands) {
            *place = self.operand(operand, opcode)?;
        }
        self.insn.dst = places[0];
        // A source in VEX.vvvv has a place of its own.
        let in_vvvv = matches!(row.operands[1], Operand::Hx | Operand::By);
        self.insn.src = places[if in_vvvv { 2 } else { 1 }];
        if let Some(vex) = self.vex {
            self.insn.imm |= i32::from(vex.vvvv) << 8;
            self.check_vex(row, vex);
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand, opcode: u8) -> Fetch<u8> {
        let wide = self.insn.has(OPERAND_32) || self.insn.has(OPERAND_64);
        let imm: i32 = match operand {
            Operand::None => return Ok(PLACE_NONE),
            Operand::Eb => return Ok(self.byte_register(self.rm_place(self.extension(REX_B)))),
            Operand::Ev | Operand::Ew | Operand::Ed | Operand::Wx => {
                return Ok(self.rm_place(self.extension(REX_B)));
            }
            Operand::Hx | Operand::By => return Ok(self.vex.map_or(0, |vex| vex.vvvv)),
            Operand::Lx => {
                // Outside 64-bit code there are eight registers.
                i32::from(self.byte()? & if self.is_64() { 0xFF } else { 0x7F })
            }
            Operand::M | Operand::Vm | Operand::Mw | Operand::Md | Operand::Mq | Operand::Mt => {
                return Ok(self.rm_place(self.extension(REX_B)));
            }
            // MMX and segment registers are eight at most: REX does not reach them.
            Operand::Qq => return Ok(self.rm_place(0)),
            Operand::Nq | Operand::St => return Ok(self.modrm.map_or(0, |modrm| modrm.rm)),
            Operand::R | Operand::Ux => return Ok(self.modrm.map_or(0, |modrm| modrm.rm) | self.extension(REX_B)),
            Operand::Gb => return Ok(self.byte_register(self.reg_place())),
            Operand::Gv | Operand::Gw | Operand::Gd | Operand::Cd | Operand::Dd | Operand::Vx => {
                return Ok(self.reg_place());
            }
            Operand::Sw | Operand::Pq => return Ok(self.modrm.map_or(0, |modrm| modrm.reg)),
            Operand::Zb => return Ok(self.byte_register(opcode & 7 | self.extension(REX_B))),
            Operand::Z => return Ok(opcode & 7 | self.extension(REX_B)),
            Operand::Iv if self.insn.has(OPERAND_64) => {
                let low = self.dword()?;
                self.insn.disp = self.dword()? as i32;
                low as i32
            }
            Operand::Acc => return Ok(0),
            Operand::Cl => return Ok(1),
            Operand::Dx => return Ok(2),
            Operand::Seg(segment) => return Ok(segment as u8),
            Operand::O => return self.direct_offset(),
            Operand::Ib => i32::from(self.byte()?),
            Operand::Is | Operand::Jb => i32::from(self.byte()? as i8),
            Operand::Iw | Operand::IbIb => i32::from(self.word()?),
            Operand::Iz | Operand::Iv | Operand::Jz if wide => self.dword()? as i32,
            Operand::Iz | Operand::Iv | Operand::Jz => i32::from(self.word()? as i16),
            Operand::IwIb => i32::from(self.word()?) | i32::from(self.byte()?) << 16,
            Operand::Ap => {
                let offset = if wide { self.dword()? } else { u32::from(self.word()?) };
                self.insn.disp = i32::from(self.word()?);
                offset as i32
            }
            Operand::One => 1,
        };
        self.insn.imm = imm;
        Ok(PLACE_IMMEDIATE)
    }

    /// The fourth bit of a register number.
    fn extension(&self, bit: u8) -> u8 {
        if self.rex & bit != 0 { 8 } else { 0 }
    }

    fn rm_place(&self, extension: u8) -> u8 {
        match self.modrm {
            Some(modrm) if modrm.mode == 3 => modrm.rm | extension,
            _ => PLACE_MEMORY,
        }
    }

    fn reg_place(&self) -> u8 {
        self.modrm.map_or(0, |modrm| modrm.reg) | self.extension(REX_R)
    }

    /// With any REX, numbers 4 to 7 of byte registers are SPL to DIL. SDM Vol.1 3.4.1.1 "General-Purpose Registers in
    /// 64-Bit Mode".
    fn byte_register(&self, place: u8) -> u8 {
        if self.rex != 0 && (4..8).contains(&place) { place | PLACE_LOW_BYTE } else { place }
    }

    fn direct_offset(&mut self) -> Fetch<u8> {
        let offset =
            if self.insn.has(ADDRESS_32) || self.insn.address_64() { self.dword()? } else { u32::from(self.word()?) };
        self.insn.disp = offset as i32;
        if self.insn.address_64() {
            self.insn.imm = self.dword()? as i32;
            self.insn.scale_segment |= DIRECT_64;
        }
        self.set_flag(MEMORY, true);
        Ok(PLACE_MEMORY)
    }

    fn memory_operand(&mut self, modrm: ModRm) -> Fetch<()> {
        if modrm.mode == 3 {
            return Ok(());
        }
        self.set_flag(MEMORY, true);
        let wide = self.insn.has(ADDRESS_32) || self.insn.address_64();
        self.vex_refused |= self.vector_index && !(wide && modrm.rm == 4);
        if wide { self.memory_32(modrm) } else { self.memory_16(modrm) }
    }

    /// SDM Vol.2A Table 2-1 "16-Bit Addressing Forms with the ModR/M Byte".
    fn memory_16(&mut self, modrm: ModRm) -> Fetch<()> {
        const NONE: u8 = NO_REGISTER;
        const FORMS: [(u8, u8, SegReg); 8] = [
            (3, 6, SegReg::Ds),
            (3, 7, SegReg::Ds),
            (5, 6, SegReg::Ss),
            (5, 7, SegReg::Ss),
            (6, NONE, SegReg::Ds),
            (7, NONE, SegReg::Ds),
            (5, NONE, SegReg::Ss),
            (3, NONE, SegReg::Ds),
        ];
        if modrm.mode == 0 && modrm.rm == 6 {
            self.insn.disp = i32::from(self.word()?);
            return Ok(());
        }
        let (base, index, segment) = FORMS[modrm.rm as usize];
        self.insn.base = base;
        self.insn.index = index;
        self.use_segment(segment);
        match modrm.mode {
            1 => self.insn.disp = i32::from(self.byte()? as i8),
            2 => self.insn.disp = i32::from(self.word()?),
            _ => (),
        }
        Ok(())
    }

    /// SDM Vol.2A Table 2-2 "32-Bit Addressing Forms with the ModR/M Byte" and 2-3 with the SIB byte; 2.2.1.6
    /// "RIP-Relative Addressing". Which base has no register, and which index is none, REX does not change; but an index
    /// of R12 is one.
    fn memory_32(&mut self, modrm: ModRm) -> Fetch<()> {
        let mut base = modrm.rm;
        if modrm.rm == 4 {
            let sib = self.byte()?;
            base = sib & 7;
            let index = sib >> 3 & 7 | self.extension(REX_X);
            if index != 4 || self.vector_index {
                self.insn.index = index;
                self.insn.scale_segment |= sib >> 6;
            }
        }
        if base == 5 && modrm.mode == 0 {
            self.insn.disp = self.dword()? as i32;
            if self.is_64() && modrm.rm == 5 {
                self.insn.scale_segment |= RIP_RELATIVE;
            }
            return Ok(());
        }
        self.insn.base = base | self.extension(REX_B);
        self.use_segment(if matches!(self.insn.base, 4 | 5) { SegReg::Ss } else { SegReg::Ds });
        match modrm.mode {
            1 => self.insn.disp = i32::from(self.byte()? as i8),
            2 => self.insn.disp = self.dword()? as i32,
            _ => (),
        }
        Ok(())
    }

    /// Picks the row's handler, or the one that says why the form is undefined. Returns whether a trace ends here.
    fn choose_handler(&mut self, row: &Row) -> bool {
        let prefixed = self.insn.has(REP) || self.insn.has(REPNE) || self.operand_prefix;
        let only_memory = row.operands.iter().any(|operand| memory_only(*operand));
        let long = self.vex.is_some_and(|vex| vex.long);
        let lacks_wide = long && row.vex.length == Length::Both && !self.features.has(row.vex.wide);
        let refused = if !self.features.has(row.feature) || lacks_wide {
            Some(Refusal::Model)
        } else if row.in_64 == In64::Undefined && self.is_64() {
            Some(Refusal::Code64)
        } else if row.in_64 == In64::Only && !self.is_64() {
            Some(Refusal::Only64)
        } else if self.insn.has(LOCK) && !(row.lockable && self.insn.dst == PLACE_MEMORY) {
            Some(Refusal::Lock)
        } else if only_memory && !self.insn.is_memory() {
            Some(Refusal::Register)
        } else if row.no_prefix && prefixed {
            Some(Refusal::Prefix)
        } else if self.vex_refused {
            Some(Refusal::Vex)
        } else {
            None
        };
        let size = match self.vex {
            Some(_) if row.vex.sized => self.insn.operand_size(),
            Some(vex) if vex.long => OperandSize::Bits32,
            Some(_) => OperandSize::Bits16,
            None => self.insn.operand_size(),
        };
        let own = isa::handler_number(self.insn.op, size);
        self.insn.canonical = refused.map_or(own, isa::refusal_number);
        self.set_flag(REFUSED, refused.is_some());
        refused.is_some() || row.ends_trace
    }
}

const fn memory_only(operand: Operand) -> bool {
    use Operand::*;
    matches!(operand, M | Vm | Mw | Md | Mq | Mt)
}

const fn uses_modrm(operand: Operand) -> bool {
    use Operand::*;
    memory_only(operand)
        || matches!(
            operand,
            Eb | Ev | Ew | Ed | Gb | Gv | Gw | Gd | R | Sw | Cd | Dd | Vx | Wx | Ux | Pq | Qq | Nq | St
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    fn decoded(bytes: &[u8], is_32: bool) -> Insn {
        match decode(bytes, if is_32 { CodeSize::Bits32 } else { CodeSize::Bits16 }, Model::Max.features()) {
            Decoded::Insn(insn, _) => insn,
            other => panic!("{bytes:02x?} gave {other:?}"),
        }
    }

    #[test]
    fn fifteen_bytes_are_the_limit() {
        let mut code = vec![0x66; 14];
        code.push(0x90);
        assert_eq!(decoded(&code, false).len, 15);
        code.insert(0, 0x66);
        assert!(matches!(decode(&code, CodeSize::Bits16, Model::Max.features()), Decoded::TooLong));
        assert!(matches!(decode(&[0x66, 0xB8, 1, 2], CodeSize::Bits16, Model::Max.features()), Decoded::Truncated));
    }

    #[test]
    fn bp_and_esp_address_the_stack_unless_overridden() {
        assert_eq!(decoded(&[0x8B, 0x46, 0xFE], false).segment(), SegReg::Ss);
        assert_eq!(decoded(&[0x3E, 0x8B, 0x46, 0xFE], false).segment(), SegReg::Ds);
        assert_eq!(decoded(&[0x8B, 0x04, 0x24], true).segment(), SegReg::Ss);
        assert_eq!(decoded(&[0x8B, 0x06, 0x34, 0x12], false).segment(), SegReg::Ds);
        assert_eq!(decoded(&[0x8B, 0x05, 1, 2, 3, 4], true).disp, 0x0403_0201);
    }
}
