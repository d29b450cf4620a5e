//! Random code of the forms that have fast handlers: operands that mostly reach memory, loops that warm it up, compares
//! before branches, and now and then something that changes the world around them.

use crate::guest::Random;

/// Writes code for a default size.
pub(crate) struct Writer<'a> {
    random: &'a mut Random,
    is_32: bool,
    bytes: Vec<u8>,
    /// Where the last instructions begin.
    starts: Vec<usize>,
    /// Where the code will stand: of its own stores, some go there.
    origin: u32,
}

/// Sizes of one instruction.
#[derive(Clone, Copy)]
struct Sizes {
    operand_32: bool,
    address_32: bool,
}

/// Immediates that make flags interesting.
const EDGES: [u32; 12] = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

/// Instructions that change more than registers, whole.
const CHANGES: [&[u8]; 26] = [
    &[0x9C],
    &[0x9D],
    &[0xFB],
    &[0xFA],
    &[0x17],
    &[0x07],
    &[0x1F],
    &[0x06],
    &[0x1E],
    &[0x8E, 0xD8],
    &[0x8E, 0xC3],
    &[0x8E, 0xD1],
    &[0x0F, 0x22, 0xD8],
    &[0x0F, 0x20, 0xC0],
    &[0x0F, 0x22, 0xC0],
    &[0x0F, 0x22, 0xE0],
    &[0xF4],
    &[0xCF],
    &[0xCB],
    &[0xCD, 0x30],
    &[0xEC],
    &[0xEE],
    &[0x0F, 0x01, 0x3F],
    &[0xF5],
    &[0x9E],
    &[0x9F],
];

/// So many bytes of code that will stand at an address.
pub(crate) fn form_code(random: &mut Random, is_32: bool, origin: u32, count: usize) -> Vec<u8> {
    let mut writer = Writer { random, is_32, bytes: Vec::new(), starts: Vec::new(), origin };
    while writer.bytes.len() < count {
        writer.step();
    }
    writer.bytes.truncate(count);
    writer.bytes
}

impl Writer<'_> {
    fn step(&mut self) {
        self.starts.push(self.bytes.len());
        match self.random.below(100) {
            0..8 => self.point(),
            8..16 => self.compare_and_branch(),
            16..22 => self.branch(),
            22..28 => self.loop_back(),
            28..36 => self.stack(),
            36..38 => self.string(),
            38..40 => {
                let change = *self.random.one_of(&CHANGES);
                self.bytes.extend(change);
            }
            40 => self.rewrite(),
            _ => self.operation(),
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn prefixes(&mut self) -> Sizes {
        let (operand, address) = (self.random.once_in(5), self.random.once_in(12));
        if self.random.once_in(12) {
            let segment = *self.random.one_of(&[0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65]);
            self.byte(segment);
        }
        if operand {
            self.byte(0x66);
        }
        if address {
            self.byte(0x67);
        }
        Sizes { operand_32: self.is_32 != operand, address_32: self.is_32 != address }
    }

    fn number(&mut self, count: usize) {
        let value = if self.random.once_in(2) { *self.random.one_of(&EDGES) } else { self.random.next() as u32 };
        self.bytes.extend(&value.to_le_bytes()[..count]);
    }

    fn immediate(&mut self, sizes: Sizes) {
        self.number(if sizes.operand_32 { 4 } else { 2 });
    }

    /// A register that will point somewhere.
    fn point(&mut self) {
        let register = *self.random.one_of(&[0u8, 1, 2, 3, 3, 5, 6, 6, 7, 7]);
        let value = crate::random_program::pointer(self.random);
        self.byte(0xB8 | register);
        self.bytes.extend(&value.to_le_bytes()[..if self.is_32 { 4 } else { 2 }]);
    }

    /// ModRM and what follows it.
    fn modrm(&mut self, reg: u8, sizes: Sizes) {
        if self.random.once_in(2) {
            let rm = self.random.below(8) as u8;
            self.byte(0xC0 | reg << 3 | rm);
        } else {
            self.memory(reg, sizes);
        }
    }

    fn memory(&mut self, reg: u8, sizes: Sizes) {
        let mode = *self.random.one_of(&[0u8, 1, 1, 2]);
        if !sizes.address_32 {
            let rm = self.random.below(8) as u8;
            self.byte(mode << 6 | reg << 3 | rm);
            let direct = mode == 0 && rm == 6;
            self.displacement(if direct { 2 } else { usize::from(mode) });
            return;
        }
        let rm = *self.random.one_of(&[0u8, 1, 2, 3, 3, 4, 4, 5, 6, 7]);
        self.byte(mode << 6 | reg << 3 | rm);
        let mut whole = mode == 0 && rm == 5;
        if rm == 4 {
            let (base, index) = (self.random.below(8) as u8, self.random.below(8) as u8);
            let scale = self.random.below(4) as u8;
            self.byte(scale << 6 | index << 3 | base);
            whole |= mode == 0 && base == 5;
        }
        match (whole, mode) {
            (true, _) => {
                let address = crate::random_program::pointer(self.random);
                self.bytes.extend(address.to_le_bytes());
            }
            (false, 2) => self.displacement(4),
            _ => self.displacement(usize::from(mode)),
        }
    }

    /// Mostly small, so that a pointer stays one.
    fn displacement(&mut self, count: usize) {
        let value = match self.random.below(4) {
            0 => self.random.below(0x1000) as u32,
            1 => self.random.next() as u32 & 0x7F,
            _ => (self.random.next() as i8 as i32) as u32,
        };
        self.bytes.extend(&value.to_le_bytes()[..count]);
    }

    /// Arithmetic, moves, shifts: whatever works on registers and memory.
    fn operation(&mut self) {
        let sizes = self.prefixes();
        let reg = self.random.below(8) as u8;
        match self.random.below(20) {
            0..5 => {
                let opcode = (self.random.below(8) as u8) << 3 | self.random.below(6) as u8;
                self.byte(opcode);
                match opcode & 7 {
                    4 => self.number(1),
                    5 => self.immediate(sizes),
                    _ => self.modrm(reg, sizes),
                }
            }
            5..7 => {
                let opcode = *self.random.one_of(&[0x80, 0x81, 0x83]);
                self.byte(opcode);
                self.modrm(reg, sizes);
                if opcode == 0x81 { self.immediate(sizes) } else { self.number(1) }
            }
            7..10 => {
                let opcode = *self.random.one_of(&[0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x89, 0x8A, 0x8B, 0x8B]);
                self.byte(opcode);
                self.modrm(reg, sizes);
            }
            10..12 => self.shift(reg, sizes),
            12 => self.group_3(sizes),
            13 => self.step_or_extend(reg, sizes),
            14..17 => self.two_byte(reg, sizes),
            _ => self.plain(reg, sizes),
        }
    }

    fn shift(&mut self, reg: u8, sizes: Sizes) {
        let opcode = *self.random.one_of(&[0xC0, 0xC1, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3]);
        self.byte(opcode);
        self.modrm(reg, sizes);
        if opcode < 0xD0 {
            let count = self.random.below(34) as u8;
            self.byte(count);
        }
    }

    fn group_3(&mut self, sizes: Sizes) {
        let opcode = 0xF6 | self.random.below(2) as u8;
        let reg = *self.random.one_of(&[0u8, 0, 1, 2, 2, 3, 3, 4, 5, 6, 7]);
        self.byte(opcode);
        self.modrm(reg, sizes);
        match (reg, opcode) {
            (0 | 1, 0xF6) => self.number(1),
            (0 | 1, _) => self.immediate(sizes),
            _ => {}
        }
    }

    fn step_or_extend(&mut self, reg: u8, sizes: Sizes) {
        match self.random.below(4) {
            0 => {
                let opcode = 0xFE | self.random.below(2) as u8;
                self.byte(opcode);
                self.modrm(reg & 1, sizes);
            }
            1 => self.byte(0x40 | reg),
            2 => self.byte(0x48 | reg),
            _ => {
                let opcode = *self.random.one_of(&[0x98, 0x99]);
                self.byte(opcode);
            }
        }
    }

    fn two_byte(&mut self, reg: u8, sizes: Sizes) {
        self.byte(0x0F);
        let condition = self.random.below(16) as u8;
        match self.random.below(8) {
            0 => {
                self.byte(0x90 | condition);
                self.modrm(0, sizes);
            }
            1 => {
                self.byte(0x40 | condition);
                self.modrm(reg, sizes);
            }
            2 => {
                let opcode = *self.random.one_of(&[0xA4, 0xA5, 0xAC, 0xAD]);
                self.byte(opcode);
                self.modrm(reg, sizes);
                if opcode & 1 == 0 {
                    self.number(1);
                }
            }
            3 => {
                self.byte(0xAF);
                self.modrm(reg, sizes);
            }
            4 if self.random.once_in(3) => {
                let reg = 4 | reg & 3;
                self.byte(0xBA);
                self.modrm(reg, sizes);
                self.number(1);
            }
            4 => {
                let opcode = *self.random.one_of(&[0xA3, 0xAB, 0xB3, 0xBB, 0xBC, 0xBD, 0xC1, 0xB1, 0x1F]);
                self.byte(opcode);
                self.modrm(reg, sizes);
            }
            5 => self.byte(0xC8 | reg),
            _ => {
                let opcode = *self.random.one_of(&[0xB6, 0xB7, 0xBE, 0xBF]);
                self.byte(opcode);
                self.modrm(reg, sizes);
            }
        }
    }

    /// Forms with one opcode of their own.
    fn plain(&mut self, reg: u8, sizes: Sizes) {
        match self.random.below(9) {
            0 => {
                self.byte(0x8D);
                self.memory(reg, sizes);
            }
            1 => {
                self.byte(0xB0 | reg);
                self.number(1);
            }
            2 => {
                self.byte(0xC6);
                self.modrm(0, sizes);
                self.number(1);
            }
            3 => {
                self.byte(0xC7);
                self.modrm(0, sizes);
                self.immediate(sizes);
            }
            4 => {
                let opcode = 0xA0 | self.random.below(4) as u8;
                self.byte(opcode);
                let address = crate::random_program::pointer(self.random);
                self.bytes.extend(&address.to_le_bytes()[..if sizes.address_32 { 4 } else { 2 }]);
            }
            5 => {
                self.byte(0x69);
                self.modrm(reg, sizes);
                self.immediate(sizes);
            }
            6 => {
                self.byte(0x6B);
                self.modrm(reg, sizes);
                self.number(1);
            }
            7 => self.byte(0x90 | reg),
            _ => {
                let opcode = 0xA8 | self.random.below(2) as u8;
                self.byte(opcode);
                if opcode == 0xA8 { self.number(1) } else { self.immediate(sizes) }
            }
        }
    }

    fn stack(&mut self) {
        let sizes = self.prefixes();
        let reg = self.random.below(8) as u8;
        match self.random.below(12) {
            0..4 => self.byte(0x50 | reg),
            4 => self.byte(0x5C),
            5..8 => self.byte(0x58 | reg),
            8 => {
                self.byte(0x68);
                self.immediate(sizes);
            }
            9 => {
                self.byte(0x6A);
                self.number(1);
            }
            10 => {
                self.byte(0xFF);
                self.modrm(6, sizes);
            }
            _ => {
                let opcode = *self.random.one_of(&[0xC9, 0x60, 0x61, 0xC9]);
                self.byte(opcode);
            }
        }
    }

    fn string(&mut self) {
        self.prefixes();
        if self.random.once_in(2) {
            // mov cl, few; rep
            let few = self.random.below(40) as u8;
            self.bytes.extend([0xB1, few, 0xF3]);
        }
        let opcode = *self.random.one_of(&[0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF]);
        self.byte(opcode);
    }

    /// What makes a pair: an instruction that sets flags, and a branch that asks them.
    fn compare_and_branch(&mut self) {
        let sizes = self.prefixes();
        let reg = self.random.below(8) as u8;
        match self.random.below(6) {
            0 => {
                let opcode = *self.random.one_of(&[0x38, 0x39, 0x3A, 0x3B, 0x84, 0x85]);
                self.byte(opcode);
                self.modrm(reg, sizes);
            }
            1 => {
                let opcode = *self.random.one_of(&[0x80, 0x83]);
                self.byte(opcode);
                self.modrm(7, sizes);
                self.number(1);
            }
            2 => {
                let opcode = *self.random.one_of(&[0x48, 0x40]);
                self.byte(opcode | reg);
            }
            3 => {
                self.byte(0x81);
                self.modrm(7, sizes);
                self.immediate(sizes);
            }
            4 => {
                self.byte(0xF6);
                self.modrm(0, sizes);
                self.number(1);
            }
            _ => {
                let opcode = *self.random.one_of(&[0x01, 0x29, 0x21, 0x09, 0x31]);
                self.byte(opcode);
                let rm = self.random.below(8) as u8;
                self.byte(0xC0 | reg << 3 | rm);
            }
        }
        let opcode = 0x70 | self.random.below(16) as u8;
        self.byte(opcode);
        let distance = self.random.below(12) as u8;
        self.byte(distance);
    }

    fn branch(&mut self) {
        let distance = self.random.below(24) as u8;
        match self.random.below(8) {
            0 => self.bytes.extend([0xEB, distance]),
            1 => {
                let opcode = *self.random.one_of(&[0xE0, 0xE1, 0xE3]);
                self.bytes.extend([opcode, distance]);
            }
            2 => {
                // jcc near
                let condition = self.random.below(16) as u8;
                self.bytes.extend([0x0F, 0x80 | condition, distance, 0]);
                if self.is_32 {
                    self.bytes.extend([0, 0]);
                }
            }
            3..5 => {
                // call next; pop, or ret in the middle of nowhere
                self.bytes.extend([0xE8, distance, 0]);
                if self.is_32 {
                    self.bytes.extend([0, 0]);
                }
            }
            5 => {
                let opcode = *self.random.one_of(&[0xC3, 0xC2]);
                self.byte(opcode);
                if opcode == 0xC2 {
                    self.bytes.extend([4, 0]);
                }
            }
            6 => {
                let sizes = self.prefixes();
                let reg = *self.random.one_of(&[2, 4]);
                self.byte(0xFF);
                self.modrm(reg, sizes);
            }
            _ => {
                // call, whose return address is taken for a call or jump by register
                self.bytes.extend([0xE8, 0, 0]);
                if self.is_32 {
                    self.bytes.extend([0, 0]);
                }
                // pop bx | add bx, 6 | jmp bx
                self.bytes.extend([0x5B, 0x83, 0xC3, 6, 0xFF, 0xE3]);
            }
        }
    }

    /// A few rounds of what was written last: mov (e)cx, n | ... | loop, or dec and jnz.
    fn loop_back(&mut self) {
        let behind = self.bytes.len() + 2;
        let back = self.random.below(12) as usize + 1;
        let Some(start) = self.starts.len().checked_sub(back + 1).map(|index| self.starts[index]) else { return };
        if behind + 1 - start > 120 {
            return;
        }
        if self.random.once_in(2) {
            // and cl, 7, so that a loop comes to its end
            self.bytes.extend([0x80, 0xE1, 7]);
            let distance = (self.bytes.len() + 2 - start) as u8;
            self.bytes.extend([0xE2, distance.wrapping_neg()]);
        } else {
            let register = self.random.below(3) as u8;
            // and byte register, 15 | dec register | jnz
            self.bytes.extend([0x80, 0xE0 | register, 15, 0x48 | register]);
            let distance = (self.bytes.len() + 2 - start) as u8;
            self.bytes.extend([0x75, distance.wrapping_neg()]);
        }
    }

    /// A store into the code just ahead or behind, of a byte that makes another instruction.
    fn rewrite(&mut self) {
        let ahead = self.random.below(90) as u32;
        let here = self.origin + self.bytes.len() as u32;
        let target = (here + ahead).saturating_sub(40);
        let byte = *self.random.one_of(&[0x90, 0x40, 0x48, 0xF8, 0x50, 0x58, 0x01]);
        if self.is_32 {
            self.bytes.extend([0xC6, 0x05]);
            self.bytes.extend(target.to_le_bytes());
        } else {
            self.bytes.extend([0x2E, 0xC6, 0x06]);
            self.bytes.extend((target as u16).to_le_bytes());
        }
        self.byte(byte);
    }
}
