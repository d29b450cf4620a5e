//! Lockstep over random 64-bit code of the forms that have fast handlers: the fast tier against the canonical one, which
//! alone says what is right.
//!
//! `RINGWALK_LOCKSTEP=100000 cargo test lockstep_64` runs so many programs.

use crate::counted_loop;
use crate::guest::Random;
use crate::program::{CODE, DATA, Program};

/// Registers that the code computes with: RAX, RCX, RSI, R9, R14. Few, so that one instruction's result is often the
/// next one's operand.
const FREE: [u8; 5] = [0, 1, 6, 9, 14];
/// Registers that point to data and stay: RBX, RBP, R12, R13.
const BASES: [u8; 4] = [3, 5, 12, 13];
/// What FS and GS are based at.
const SEGMENT_BASE: u64 = DATA as u64 + 0x2000;
/// Rounds of each loop: long enough for links and handed-on values.
const ROUNDS: u32 = 40;
/// Opcode and number in the group of shifts of lanes by an immediate, and of whole registers.
const LANE_SHIFTS: [(u8, u8); 10] =
    [(0x71, 2), (0x71, 4), (0x71, 6), (0x72, 2), (0x72, 4), (0x72, 6), (0x73, 2), (0x73, 6), (0x73, 3), (0x73, 7)];

/// Reads every page below 14000h, so that the HostTlb knows those that a wrong address would hit: mov edi, 0;
/// mov al, [rdi]; add edi, 1000h; cmp edi, 14000h; jb -16.
const TOUCH: [u8; 21] =
    [0xBF, 0, 0, 0, 0, 0x8A, 0x07, 0x81, 0xC7, 0, 0x10, 0, 0, 0x81, 0xFF, 0, 0x40, 1, 0, 0x72, 0xF0];

/// Writes one instruction after the other.
struct Writer<'a> {
    random: &'a mut Random,
    bytes: Vec<u8>,
}

/// The operand that ModRM's rm field names.
#[derive(Clone, Copy)]
enum Place {
    Register(u8),
    /// Memory.
    Based(u8),
    Indexed(u8, u8),
    Relative,
}

impl Writer<'_> {
    fn free(&mut self) -> u8 {
        *self.random.one_of(&FREE)
    }

    fn place(&mut self) -> Place {
        let base = *self.random.one_of(&BASES);
        match self.random.below(9) {
            0..4 => Place::Register(self.free()),
            4..6 => Place::Based(base),
            6..8 => Place::Indexed(base, self.free()),
            _ => Place::Relative,
        }
    }

    fn memory(&mut self) -> Place {
        loop {
            match self.place() {
                Place::Register(_) => (),
                place => return place,
            }
        }
    }

    /// An instruction with ModRM: prefixes, REX if it is needed or by chance, opcode, operands, immediate. An index
    /// register holds a small number then.
    fn modrm(&mut self, prefixes: &[u8], wide: bool, opcode: &[u8], reg: u8, place: Place, immediate: &[u8]) {
        if let Place::Indexed(_, index) = place {
            self.movzx_byte(index);
        }
        let in_segment = matches!(place, Place::Based(_) | Place::Indexed(..)) && self.random.below(10) == 0;
        if in_segment {
            // The base counts from the segment's: an offset near zero is what is meant.
            return self.in_segment(prefixes, wide, opcode, (reg, immediate));
        }
        let relative_in_segment = matches!(place, Place::Relative) && self.random.below(3) == 0;
        if relative_in_segment {
            self.bytes.push(0x64 + self.random.below(2) as u8);
        }
        self.bytes.extend(prefixes);
        let (rm, index) = match place {
            Place::Register(rm) | Place::Based(rm) => (rm, 0),
            Place::Indexed(base, index) => (base, index),
            Place::Relative => (0, 0),
        };
        self.rex(wide, reg, index, rm);
        self.bytes.extend(opcode);
        let field = (reg & 7) << 3;
        match place {
            Place::Register(rm) => self.bytes.push(0xC0 | field | rm & 7),
            Place::Based(base) => {
                self.bytes.push(0x80 | field | base & 7);
                if base & 7 == 4 {
                    self.bytes.push(0x24);
                }
                let disp = self.disp();
                self.bytes.extend(disp.to_le_bytes());
            }
            Place::Indexed(base, index) => {
                let scale = self.random.below(4) as u8;
                self.bytes.extend([0x84 | field, scale << 6 | (index & 7) << 3 | base & 7]);
                let disp = self.disp();
                self.bytes.extend(disp.to_le_bytes());
            }
            Place::Relative => {
                self.bytes.push(5 | field);
                let behind = CODE as i32 + (self.bytes.len() + 4 + immediate.len()) as i32;
                let wanted = if relative_in_segment { self.disp() } else { DATA as i32 + 64 + self.disp() };
                let disp = wanted - behind;
                self.bytes.extend(disp.to_le_bytes());
            }
        }
        self.bytes.extend(immediate);
    }

    /// With an address that is a displacement in FS or GS.
    fn in_segment(&mut self, prefixes: &[u8], wide: bool, opcode: &[u8], (reg, immediate): (u8, &[u8])) {
        self.bytes.push(0x64 + self.random.below(2) as u8);
        self.bytes.extend(prefixes);
        self.rex(wide, reg, 0, 0);
        self.bytes.extend(opcode);
        self.bytes.extend([4 | (reg & 7) << 3, 0x25]);
        let disp = self.disp();
        self.bytes.extend(disp.to_le_bytes());
        self.bytes.extend(immediate);
    }

    fn rex(&mut self, wide: bool, reg: u8, index: u8, rm: u8) {
        let rex = u8::from(wide) << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;
        if rex != 0 || self.random.below(3) == 0 {
            self.bytes.push(0x40 | rex);
        }
    }

    /// Mostly inside a page; now and then over its end.
    fn disp(&mut self) -> i32 {
        let page = self.random.below(3) as i32 * 0x1000;
        match self.random.below(12) {
            0 => page + 0xFF8 + self.random.below(8) as i32,
            _ => page + self.random.below(0x100) as i32 * 8,
        }
    }

    fn movzx_byte(&mut self, register: u8) {
        let extended = register >> 3;
        self.bytes.extend([0x40 | extended << 2 | extended, 0x0F, 0xB6, 0xC0 | (register & 7) << 3 | register & 7]);
    }

    /// Operand size: prefixes, REX.W, bytes of an immediate.
    fn size(&mut self) -> (&'static [u8], bool, usize) {
        match self.random.below(5) {
            0 => (&[0x66], false, 2),
            1 | 2 => (&[], false, 4),
            _ => (&[], true, 4),
        }
    }

    fn immediate(&mut self, bytes: usize) -> Vec<u8> {
        self.random.next().to_le_bytes()[..bytes].to_vec()
    }

    fn instruction(&mut self) {
        match self.random.below(31) {
            0..5 => self.arithmetic(),
            5..9 => self.moves(),
            9..12 => self.extensions(),
            12..14 => self.shifts(),
            14..16 => self.unary(),
            16 => self.condition(),
            17 => self.stack(),
            18 => self.multiply(),
            19 => self.compare_and_skip(),
            20 => self.special(),
            21..24 => self.unit(),
            26 => self.bits(),
            27 => self.scan(),
            28 => self.two_registers(),
            29 => self.strings(),
            30 => self.exchange(),
            _ => self.vector(),
        }
    }

    fn arithmetic(&mut self) {
        let (prefixes, wide, bytes) = self.size();
        let (number, reg, place) = (self.random.below(8) as u8, self.free(), self.place());
        match self.random.below(8) {
            0 => self.modrm(&[], false, &[number << 3], reg, place, &[]),
            1 => self.modrm(&[], false, &[number << 3 | 2], reg, place, &[]),
            2 | 3 => self.modrm(prefixes, wide, &[number << 3 | 1], reg, place, &[]),
            4 | 5 => self.modrm(prefixes, wide, &[number << 3 | 3], reg, place, &[]),
            6 => {
                let immediate = self.immediate(1);
                self.modrm(prefixes, wide, &[0x83], number, place, &immediate);
            }
            _ => {
                let immediate = self.immediate(bytes);
                self.modrm(prefixes, wide, &[0x81], number, place, &immediate);
            }
        }
    }

    fn moves(&mut self) {
        let other = self.random.below(2) as u8;
        let (prefixes, wide, bytes) = self.size();
        let (reg, place) = (self.free(), self.place());
        match self.random.below(8) {
            0 => self.modrm(&[], false, &[0x88 + 2 * other], reg, place, &[]),
            1 | 2 => self.modrm(prefixes, wide, &[0x89], reg, place, &[]),
            3..6 => self.modrm(prefixes, wide, &[0x8B], reg, place, &[]),
            6 => {
                let immediate = self.immediate(bytes);
                self.modrm(prefixes, wide, &[0xC7], 0, place, &immediate);
            }
            _ => {
                self.bytes.extend([0x48 | reg >> 3, 0xB8 | reg & 7]);
                let immediate = self.immediate(8);
                self.bytes.extend(immediate);
            }
        }
    }

    fn extensions(&mut self) {
        let other = self.random.below(2) as u8;
        let (prefixes, wide, _) = self.size();
        let (reg, place) = (self.free(), self.place());
        match self.random.below(6) {
            0 | 1 => self.modrm(&[], true, &[0x63], reg, place, &[]),
            2 => self.modrm(prefixes, wide, &[0x0F, 0xB6 + 8 * other], reg, place, &[]),
            3 => self.modrm(&[], wide, &[0x0F, 0xB7 + 8 * other], reg, place, &[]),
            _ => {
                let place = self.memory();
                self.modrm(prefixes, wide, &[0x8D], reg, place, &[]);
            }
        }
    }

    fn shifts(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (number, place) = (self.random.below(8) as u8, self.place());
        match self.random.below(3) {
            0 => self.modrm(prefixes, wide, &[0xD1], number, place, &[]),
            1 => self.modrm(prefixes, wide, &[0xD3], number, place, &[]),
            _ => {
                let immediate = self.immediate(1);
                self.modrm(prefixes, wide, &[0xC1], number, place, &immediate);
            }
        }
    }

    fn unary(&mut self) {
        let other = self.random.below(2) as u8;
        let (prefixes, wide, _) = self.size();
        let place = self.place();
        match self.random.below(4) {
            0 => self.modrm(prefixes, wide, &[0xFF], other, place, &[]),
            1 => self.modrm(&[], false, &[0xFE], other, place, &[]),
            2 => self.modrm(prefixes, wide, &[0xF7], 2 + other, place, &[]),
            _ => self.modrm(&[], false, &[0xF6], 2 + other, place, &[]),
        }
    }

    fn condition(&mut self) {
        let other = self.random.below(2) as u8;
        let (number, reg, place) = (self.random.below(16) as u8, self.free(), self.place());
        match self.random.below(2) {
            0 => self.modrm(&[], other == 0, &[0x0F, 0x40 | number], reg, place, &[]),
            _ => self.modrm(&[], false, &[0x0F, 0x90 | number], 0, place, &[]),
        }
    }

    fn stack(&mut self) {
        let (from, to) = (self.free(), self.free());
        for (register, opcode) in [(from, 0x50), (to, 0x58)] {
            if register > 7 {
                self.bytes.push(0x41);
            }
            self.bytes.push(opcode | register & 7);
        }
    }

    fn multiply(&mut self) {
        let (prefixes, wide, bytes) = self.size();
        let (reg, place) = (self.free(), self.place());
        match self.random.below(3) {
            0 => {
                let immediate = self.immediate(bytes);
                self.modrm(prefixes, wide, &[0x69], reg, place, &immediate);
            }
            _ => self.modrm(prefixes, wide, &[0x0F, 0xAF], reg, place, &[]),
        }
    }

    /// MOVS or STOS between places in the data, repeated or not, now and then over a page's end.
    fn strings(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (from, to) = (*self.random.one_of(&BASES), *self.random.one_of(&BASES));
        self.modrm(&[], true, &[0x8D], 6, Place::Based(from), &[]);
        self.modrm(&[], true, &[0x8D], 7, Place::Based(to), &[]);
        // mov ecx, few
        let few = self.random.below(70) as u8;
        self.bytes.extend([0xB9, few, 0, 0, 0]);
        self.bytes.extend(prefixes);
        if self.random.below(3) > 0 {
            self.bytes.push(0xF3);
        }
        self.rex(wide, 0, 0, 0);
        let opcode = *self.random.one_of(&[0xA4, 0xA5, 0xA5, 0xAA, 0xAB, 0xAB]);
        self.bytes.push(opcode);
    }

    /// A numbered bit, now and then with LOCK.
    fn bits(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (kind, reg, place) = (self.random.below(4) as u8, self.free(), self.place());
        if self.random.below(2) == 0 {
            // A number in a register would reach anywhere in memory.
            let place = Place::Register(self.free());
            return self.modrm(prefixes, wide, &[0x0F, 0xA3 + 8 * kind], reg, place, &[]);
        }
        let immediate = self.immediate(1);
        let mut prefixes = prefixes.to_vec();
        if kind > 0 && !matches!(place, Place::Register(_)) && self.random.below(3) == 0 {
            prefixes.push(0xF0);
        }
        self.modrm(&prefixes, wide, &[0x0F, 0xBA], 4 + kind, place, &immediate);
    }

    /// BSF, BSR, TZCNT, LZCNT, SHLD, SHRD.
    fn scan(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (reg, place) = (self.free(), self.place());
        let mut prefixes = prefixes.to_vec();
        match self.random.below(3) {
            0 => {
                let opcode = *self.random.one_of(&[0xA5, 0xAD]);
                return self.modrm(&prefixes, wide, &[0x0F, opcode], reg, place, &[]);
            }
            1 => prefixes.push(0xF3),
            _ => (),
        }
        let opcode = 0xBC + self.random.below(2) as u8;
        self.modrm(&prefixes, wide, &[0x0F, opcode], reg, place, &[]);
    }

    /// MUL, IMUL, DIV, IDIV of a register or memory. A divisor in a register is made odd, so that most quotients fit.
    fn two_registers(&mut self) {
        let (prefixes, wide, _) = self.size();
        if self.random.below(2) == 0 {
            let (reg, place) = (4 + self.random.below(2) as u8, self.place());
            return self.modrm(prefixes, wide, &[0xF7], reg, place, &[]);
        }
        let divisor = *self.random.one_of(&[1, 6, 9, 14]);
        let place = Place::Register(divisor);
        self.modrm(&[], true, &[0x83], 1, place, &[1]);
        // XOR EDX, EDX.
        self.bytes.extend([0x31, 0xD2]);
        let reg = 6 + u8::from(wide && self.random.below(2) == 0);
        if prefixes.is_empty() {
            self.modrm(&[], wide, &[0xF7], reg, place, &[]);
        }
    }

    /// CMPXCHG and XADD, in memory now and then with LOCK, or CMOVcc.
    fn exchange(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (reg, place) = (self.free(), self.place());
        let opcode = *self.random.one_of(&[0x40, 0xB0, 0xB1, 0xC0, 0xC1]);
        if opcode == 0x40 {
            let condition = self.random.below(16) as u8;
            return self.modrm(prefixes, wide, &[0x0F, opcode | condition], reg, place, &[]);
        }
        let mut prefixes = prefixes.to_vec();
        if !matches!(place, Place::Register(_)) && self.random.below(2) == 0 {
            prefixes.push(0xF0);
        }
        self.modrm(&prefixes, wide, &[0x0F, opcode], reg, place, &[]);
    }

    /// A comparison and a branch over one instruction.
    fn compare_and_skip(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (reg, place) = (self.free(), self.place());
        let opcode = *self.random.one_of(&[0x39, 0x3B, 0x85]);
        self.modrm(prefixes, wide, &[opcode], reg, place, &[]);
        self.bytes.extend([0x70 | self.random.below(16) as u8, 0]);
        let from = self.bytes.len();
        self.arithmetic();
        self.bytes[from - 1] = (self.bytes.len() - from) as u8;
    }

    fn special(&mut self) {
        let (prefixes, wide, _) = self.size();
        let (reg, place) = (self.free(), self.place());
        match self.random.below(4) {
            0 => self.modrm(prefixes, wide, &[0x87], reg, place, &[]),
            1 => self.bytes.extend([0x48 | reg >> 3, 0x0F, 0xC8 | reg & 7]),
            2 => self.bytes.extend([0x48, 0x98 + self.random.below(2) as u8]),
            _ => self.bytes.extend([0x98 + self.random.below(2) as u8]),
        }
    }

    /// The x87 unit: arithmetic, loads, stores and comparisons.
    fn unit(&mut self) {
        const ON_REGISTERS: [(u8, u8); 28] = [
            (0xD8, 0),
            (0xD8, 1),
            (0xD8, 2),
            (0xD8, 3),
            (0xD8, 4),
            (0xD8, 5),
            (0xD8, 6),
            (0xD8, 7),
            (0xD9, 0),
            (0xD9, 0),
            (0xD9, 1),
            (0xDA, 0),
            (0xDB, 5),
            (0xDB, 6),
            (0xDC, 0),
            (0xDC, 1),
            (0xDC, 4),
            (0xDC, 5),
            (0xDC, 6),
            (0xDC, 7),
            (0xDD, 2),
            (0xDD, 3),
            (0xDE, 0),
            (0xDE, 1),
            (0xDE, 4),
            (0xDE, 7),
            (0xDF, 5),
            (0xDF, 6),
        ];
        const ON_TOP: [u8; 6] = [0xE0, 0xE1, 0xE4, 0xE8, 0xEE, 0xFA];
        const IN_MEMORY: [(u8, u8); 14] = [
            (0xD8, 0),
            (0xD8, 1),
            (0xD8, 4),
            (0xD8, 7),
            (0xDC, 0),
            (0xDC, 5),
            (0xDC, 6),
            (0xD9, 0),
            (0xD9, 2),
            (0xD9, 3),
            (0xDD, 0),
            (0xDD, 2),
            (0xDD, 3),
            (0xDB, 0),
        ];
        let number = self.random.below(8) as u8;
        match self.random.below(5) {
            0 | 1 => {
                let (opcode, reg) = *self.random.one_of(&ON_REGISTERS);
                self.bytes.extend([opcode, 0xC0 | reg << 3 | number]);
            }
            2 => {
                let modrm = *self.random.one_of(&ON_TOP);
                self.bytes.extend([0xD9, modrm]);
            }
            _ => {
                let (opcode, reg) = *self.random.one_of(&IN_MEMORY);
                let place = self.memory();
                self.modrm(&[], false, &[opcode], reg, place, &[]);
            }
        }
    }

    /// Moves and arithmetic on XMM0 to XMM15.
    fn vector(&mut self) {
        const FORMS: [(&[u8], u8); 33] = [
            (&[0xF2], 0x10),
            (&[0xF3], 0x10),
            (&[0xF2], 0x11),
            (&[0xF3], 0x11),
            (&[], 0x10),
            (&[], 0x11),
            (&[0x66], 0x6F),
            (&[0xF3], 0x7E),
            (&[0x66], 0xD6),
            (&[0x66], 0xEF),
            (&[], 0x57),
            (&[0x66], 0x14),
            (&[0xF2], 0x58),
            (&[0xF3], 0x58),
            (&[0x66], 0x59),
            (&[], 0x5C),
            (&[0xF2], 0x5E),
            (&[0xF2], 0x51),
            (&[0x66], 0x2E),
            (&[], 0x2F),
            (&[0x66], 0x28),
            (&[0x66], 0x29),
            (&[0xF3], 0x6F),
            (&[0xF3], 0x7F),
            (&[0x66], 0x7F),
            (&[0x66], 0xFC),
            (&[0x66], 0xFD),
            (&[0x66], 0xFE),
            (&[0x66], 0xD4),
            (&[0x66], 0xF9),
            (&[0x66], 0xFB),
            (&[0x66], 0x74),
            (&[0x66], 0x66),
        ];
        let (prefixes, opcode) = *self.random.one_of(&FORMS);
        let reg = self.random.below(16) as u8;
        match self.random.below(11) {
            0 => {
                let place = self.place();
                let wide = self.random.below(3) == 0;
                self.modrm(&[0xF2], wide, &[0x0F, 0x2A], reg, place, &[]);
            }
            8 => {
                let (opcode, number) = *self.random.one_of(&LANE_SHIFTS);
                let count = self.random.below(70) as u8;
                self.modrm(&[0x66], false, &[0x0F, opcode], number, Place::Register(reg), &[count]);
            }
            9 => {
                let (from, order) = (self.random.below(16) as u8, self.random.below(256) as u8);
                self.modrm(&[0x66], false, &[0x0F, 0x70], reg, Place::Register(from), &[order]);
            }
            10 if self.random.below(2) == 0 => {
                let to = self.free();
                self.modrm(&[0x66], false, &[0x0F, 0xD7], to, Place::Register(reg), &[]);
            }
            10 => {
                let (place, wide) = (self.place(), self.random.below(2) == 0);
                let opcode = if self.random.below(2) == 0 { 0x6E } else { 0x7E };
                self.modrm(&[0x66], wide, &[0x0F, opcode], reg, place, &[]);
            }
            1 => {
                let (to, from) = (self.free(), self.random.below(16) as u8);
                self.modrm(&[0xF2], false, &[0x0F, 0x2C], to, Place::Register(from), &[]);
            }
            2..5 => {
                let from = self.random.below(16) as u8;
                self.modrm(prefixes, false, &[0x0F, opcode], reg, Place::Register(from), &[]);
            }
            // Sixteen bytes lie where they must, or the program ends in #GP(0) in both tiers.
            _ => {
                let place = self.memory();
                self.modrm(prefixes, false, &[0x0F, opcode], reg, place, &[]);
            }
        }
    }
}

fn program(seed: u64) -> Program {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut program = Program::long();
    program.engine.verify_fast();
    program.cpu.cr4 |= 0x600;
    program.cpu.cr0 = program.cpu.cr0 & !0xC | 0x20;
    program.cpu.fpu.initialise();
    // Any rounding and precision; now and then an exception that is not masked.
    let masks = if random.below(16) == 0 { random.next() as u16 & 0x3F } else { 0x3F };
    program.cpu.fpu.load_control(random.next() as u16 & 0x0F00 | masks);
    for number in 0..16 {
        program.cpu.gpr[number] = if number == 4 { program.cpu.gpr[4] } else { random.next() };
    }
    for (number, base) in BASES.into_iter().enumerate() {
        program.cpu.gpr[usize::from(base)] = u64::from(DATA) + 0x400 * number as u64;
    }
    program.cpu.segments[4].base = SEGMENT_BASE;
    program.cpu.segments[5].base = SEGMENT_BASE + 0x808;
    for at in (0..0x5000).step_by(8) {
        program.write_qword(DATA + at, random.next());
    }
    let mut writer = Writer { random: &mut random, bytes: Vec::new() };
    writer.bytes.extend(TOUCH);
    let from = counted_loop::begin(&mut writer.bytes, ROUNDS);
    for _ in 0..20 {
        writer.instruction();
    }
    let bytes = writer.bytes;
    counted_loop::end(&mut program, bytes, from);
    program
}

#[test]
fn random_forms_of_64_bit_code() {
    counted_loop::run_many(program);
}
