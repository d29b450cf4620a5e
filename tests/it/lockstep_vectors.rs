//! Lockstep over random 64-bit code on vectors and on general registers behind VEX: SSE2 to SSE4.2, AES, SHA, PCLMULQDQ,
//! AVX, AVX2, FMA, BMI. The canonical tier alone says what is right.
//!
//! `RINGWALK_LOCKSTEP=100000 cargo test lockstep_vectors` runs so many programs.

use crate::counted_loop;
use crate::guest::Random;
use crate::program::{CODE, DATA, Program};

/// General registers that the code computes with: RAX, RCX, RDX, RSI, R9, R14.
const FREE: [u8; 6] = [0, 1, 2, 6, 9, 14];
/// Those that point to data: RBX, RBP, R12, R13; and those that count: R10, R11.
const BASES: [u8; 4] = [3, 5, 12, 13];
const INDEXES: [u8; 2] = [10, 11];
/// Rounds of the loop.
const ROUNDS: u32 = 30;

/// Opcodes behind 66h 0Fh, with VEX or without.
const PACKED: [u8; 51] = [
    0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x74, 0x75, 0x76, 0xD4, 0xD5,
    0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xE3, 0xE4, 0xE5, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0xED, 0xEE,
    0xEF, 0xF4, 0xF5, 0xF6, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0x14, 0x15,
];
/// Opcodes behind 66h 0Fh 38h, with VEX or without.
const PACKED_38: [u8; 24] = [
    0x00, 0x01, 0x02, 0x04, 0x0B, 0x1C, 0x1D, 0x1E, 0x29, 0x2B, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F,
    0x40, 0xDC, 0xDD, 0xDE, 0xDF,
];
/// Bitwise and arithmetic opcodes of floating point.
const FLOATS: [u8; 8] = [0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5C, 0x5E];
/// Loads and stores: prefix in VEX.pp, opcode.
const MOVES: [(u8, u8); 12] = [
    (0, 0x10),
    (1, 0x10),
    (0, 0x11),
    (1, 0x11),
    (0, 0x28),
    (1, 0x28),
    (0, 0x29),
    (1, 0x29),
    (1, 0x6F),
    (2, 0x6F),
    (1, 0x7F),
    (2, 0x7F),
];
/// Fused operations of packed numbers.
const FUSED: [u8; 12] = [0x98, 0x9A, 0x9C, 0x9E, 0xA8, 0xAA, 0xAC, 0xAE, 0xB8, 0xBA, 0xBC, 0xBE];
/// Groups of shifts by an immediate: opcode, number.
const SHIFTS: [(u8, u8); 10] =
    [(0x71, 2), (0x71, 4), (0x71, 6), (0x72, 2), (0x72, 4), (0x72, 6), (0x73, 2), (0x73, 6), (0x73, 3), (0x73, 7)];
/// General registers behind VEX: map, prefix, opcode.
const GENERAL: [(u8, u8, u8); 10] = [
    (2, 0, 0xF2),
    (2, 0, 0xF5),
    (2, 2, 0xF5),
    (2, 3, 0xF5),
    (2, 3, 0xF6),
    (2, 0, 0xF7),
    (2, 1, 0xF7),
    (2, 2, 0xF7),
    (2, 3, 0xF7),
    (3, 3, 0xF0),
];

/// The operand that ModRM's rm field names.
#[derive(Clone, Copy)]
enum Place {
    Register(u8),
    Based(u8),
    Indexed(u8, u8),
    Relative,
}

impl Place {
    /// Extensions of index and base.
    fn extensions(self) -> u8 {
        match self {
            Place::Register(rm) | Place::Based(rm) => rm >> 3,
            Place::Indexed(base, index) => index >> 3 << 1 | base >> 3,
            Place::Relative => 0,
        }
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    fn vector(&mut self) -> u8 {
        // Few, so that results are operands again.
        self.random.below(6) as u8 * 3
    }

    fn free(&mut self) -> u8 {
        *self.random.one_of(&FREE)
    }

    fn chance(&mut self, of: u64) -> bool {
        self.random.below(of) == 0
    }

    /// A vector register or memory.
    fn place(&mut self) -> Place {
        match self.random.below(8) {
            0..5 => Place::Register(self.vector()),
            5 => Place::Based(*self.random.one_of(&BASES)),
            6 => Place::Indexed(*self.random.one_of(&BASES), *self.random.one_of(&INDEXES)),
            _ => Place::Relative,
        }
    }

    /// ModRM and what follows it. Most operands lie where they must; few do not, or cross a page.
    fn operands(&mut self, reg: u8, place: Place, immediate: &[u8]) {
        let field = (reg & 7) << 3;
        let page = self.random.below(3) as i32 * 0x1000;
        let disp = match self.random.below(40) {
            0 => page + 0xFE0 + self.random.below(32) as i32,
            _ => page + self.random.below(0x60) as i32 * 32,
        };
        match place {
            Place::Register(rm) => self.bytes.push(0xC0 | field | rm & 7),
            Place::Based(base) => {
                self.bytes.push(0x80 | field | base & 7);
                if base & 7 == 4 {
                    self.bytes.push(0x24);
                }
                self.bytes.extend(disp.to_le_bytes());
            }
            Place::Indexed(base, index) => {
                let scale = self.random.below(4) as u8;
                self.bytes.extend([0x84 | field, scale << 6 | (index & 7) << 3 | base & 7]);
                self.bytes.extend(disp.to_le_bytes());
            }
            Place::Relative => {
                self.bytes.push(5 | field);
                let behind = CODE as i32 + (self.bytes.len() + 4 + immediate.len()) as i32;
                self.bytes.extend((DATA as i32 + disp - behind).to_le_bytes());
            }
        }
        self.bytes.extend(immediate);
    }

    /// Without VEX.
    fn legacy(&mut self, prefix: &[u8], opcode: &[u8], reg: u8, place: Place, immediate: &[u8]) {
        self.bytes.extend(prefix);
        let rex = reg >> 3 << 2 | place.extensions();
        if rex != 0 {
            self.bytes.push(0x40 | rex);
        }
        self.bytes.extend(opcode);
        self.operands(reg, place, immediate);
    }

    /// With VEX: `map` 1 to 3, `prefix` as pp, W, L, VEX.vvvv.
    fn vex(
        &mut self,
        (map, prefix, opcode): (u8, u8, u8),
        (wide, long): (bool, bool),
        (reg, vvvv): (u8, u8),
        place: Place,
        immediate: &[u8],
    ) {
        let extensions = place.extensions();
        let last = (!vvvv & 15) << 3 | u8::from(long) << 2 | prefix;
        if map == 1 && !wide && extensions == 0 && !self.chance(3) {
            self.bytes.extend([0xC5, (!reg >> 3 & 1) << 7 | last]);
        } else {
            let inverted = !(reg >> 3 << 2 | extensions) & 7;
            self.bytes.extend([0xC4, inverted << 5 | map, u8::from(wide) << 7 | last]);
        }
        self.bytes.push(opcode);
        self.operands(reg, place, immediate);
    }

    fn without_vex(&mut self) {
        let (reg, place) = (self.vector(), self.place());
        let imm = self.random.below(40) as u8;
        match self.random.below(8) {
            0..4 => {
                let opcode = *self.random.one_of(&PACKED);
                self.legacy(&[0x66], &[0x0F, opcode], reg, place, &[]);
            }
            4 => {
                let opcode = *self.random.one_of(&PACKED_38);
                self.legacy(&[0x66], &[0x0F, 0x38, opcode], reg, place, &[]);
            }
            5 => {
                let opcode = *self.random.one_of(&[0xCB, 0xCC, 0xCD]);
                self.legacy(&[], &[0x0F, 0x38, opcode], reg, place, &[]);
            }
            6 if imm & 1 == 0 => self.legacy(&[0x66], &[0x0F, 0x38, 0x10], reg, place, &[]),
            6 => {
                let (opcode, number) = *self.random.one_of(&SHIFTS);
                self.legacy(&[0x66], &[0x0F, opcode], number, Place::Register(reg), &[imm]);
            }
            _ => {
                let opcode = *self.random.one_of(&[0x0F, 0x44]);
                self.legacy(&[0x66], &[0x0F, 0x3A, opcode], reg, place, &[imm]);
            }
        }
    }

    fn with_vex(&mut self) {
        let (reg, vvvv, place) = (self.vector(), self.vector(), self.place());
        let (wide, long) = (self.chance(2), self.chance(2));
        let imm = self.random.below(40) as u8;
        let both = (reg, vvvv);
        match self.random.below(12) {
            0..3 => {
                let opcode = *self.random.one_of(&PACKED);
                self.vex((1, 1, opcode), (wide, long), both, place, &[]);
            }
            3 | 4 => {
                let (prefix, opcode) = *self.random.one_of(&MOVES);
                self.vex((1, prefix, opcode), (wide, long), (reg, 0), place, &[]);
            }
            5 => {
                let opcode = *self.random.one_of(&FLOATS);
                self.vex((1, u8::from(wide), opcode), (false, long), both, place, &[]);
            }
            6 => {
                let opcode = *self.random.one_of(&FUSED);
                self.vex((2, 1, opcode), (wide, long), both, place, &[]);
            }
            7 | 8 => {
                let opcode = *self.random.one_of(&PACKED_38);
                // Of one source alone.
                let vvvv = if matches!(opcode, 0x1C..=0x1E) { 0 } else { vvvv };
                self.vex((2, 1, opcode), (wide, long), (reg, vvvv), place, &[]);
            }
            9 => {
                let opcode = *self.random.one_of(&[0x45, 0x46, 0x47]);
                self.vex((2, 1, opcode), (wide && opcode != 0x46, long), both, place, &[]);
            }
            10 if wide => {
                let (opcode, number) = *self.random.one_of(&SHIFTS);
                self.vex((1, 1, opcode), (false, long), (number, reg), Place::Register(vvvv), &[imm]);
            }
            10 => self.vex((1, 1, 0x70), (false, long), (reg, 0), place, &[imm]),
            _ => {
                let opcode = *self.random.one_of(&[0x0F, 0x44, 0x4C]);
                let fourth = self.vector() << 4;
                self.vex((3, 1, opcode), (false, long), both, place, &[if opcode == 0x4C { fourth } else { imm }]);
            }
        }
    }

    /// A register, now and then memory.
    fn general_place(&mut self) -> Place {
        if self.chance(6) { Place::Based(*self.random.one_of(&BASES)) } else { Place::Register(self.free()) }
    }

    fn general(&mut self) {
        let (reg, vvvv, place) = (self.free(), self.free(), self.general_place());
        let wide = self.chance(2);
        if self.chance(5) {
            let number = 1 + self.random.below(3) as u8;
            return self.vex((2, 0, 0xF3), (wide, false), (number, vvvv), place, &[]);
        }
        let form = *self.random.one_of(&GENERAL);
        match form.0 {
            3 => {
                let imm = self.random.below(256) as u8;
                self.vex(form, (wide, false), (reg, 0), place, &[imm]);
            }
            _ => self.vex(form, (wide, false), (reg, vvvv), place, &[]),
        }
    }

    /// What asks flags, or sets them: SETcc, ADC, a short Jcc over it.
    fn flags(&mut self) {
        let (reg, other) = (self.free(), self.free());
        let condition = self.random.below(16) as u8;
        match self.random.below(3) {
            0 => self.legacy(&[], &[0x0F, 0x90 | condition], 0, Place::Register(reg & 1), &[]),
            1 => self.legacy(&[], &[0x11], reg, Place::Register(other), &[]),
            _ => {
                // jcc over a dec r14d of three bytes
                self.bytes.extend([0x70 | condition, 3, 0x41, 0xFF, 0xCE]);
            }
        }
    }

    fn instruction(&mut self) {
        match self.random.below(12) {
            0..4 => self.without_vex(),
            4..9 => self.with_vex(),
            9 | 10 => self.general(),
            _ => self.flags(),
        }
    }
}

/// Numbers that hosts compute with, among anything.
fn number(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.next(),
        1 => ((random.below(2000) as f64 - 1000.0) / 7.0).to_bits(),
        2 => {
            let single = |random: &mut Random| u64::from(((random.below(2000) as f32 - 1000.0) / 9.0).to_bits());
            single(random) | single(random) << 32
        }
        _ => 0x8000_7FFF_00FF_FF80_u64.rotate_left(8 * random.below(8) as u32),
    }
}

fn program(seed: u64) -> Program {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut program = Program::long();
    program.engine.verify_fast();
    // OSFXSR, OSXMMEXCPT, OSXSAVE; XCR0: x87, SSE, AVX. Now and then they are off.
    program.cpu.cr4 |= if random.below(20) == 0 { 0x600 } else { 0x4_0600 };
    program.cpu.xcr0 = if random.below(20) == 0 { 3 } else { 7 };
    program.cpu.cr0 = program.cpu.cr0 & !0xC | 0x20;
    // PE is set already, most of the time.
    program.cpu.vector.mxcsr = match random.below(8) {
        0 => 0x1F80,
        1 => 0x3FA0,
        2 => 0x9FE0,
        _ => 0x1FA0,
    };
    for register in 0..16 {
        program.cpu.gpr[register] = if register == 4 { program.cpu.gpr[4] } else { random.next() };
        for quad in 0..4 {
            program.cpu.vector.registers[register][quad] = number(&mut random);
        }
    }
    for (order, base) in BASES.into_iter().enumerate() {
        program.cpu.gpr[usize::from(base)] = u64::from(DATA) + 0x400 * order as u64;
    }
    program.cpu.gpr[usize::from(INDEXES[0])] = 0x20;
    program.cpu.gpr[usize::from(INDEXES[1])] = 0x100;
    for at in (0..0x5000).step_by(8) {
        program.write_qword(DATA + at, number(&mut random));
    }
    let mut writer = Writer { random: &mut random, bytes: Vec::new() };
    let from = counted_loop::begin(&mut writer.bytes, ROUNDS);
    for _ in 0..24 {
        writer.instruction();
    }
    let bytes = writer.bytes;
    counted_loop::end(&mut program, bytes, from);
    program
}

#[test]
fn random_forms_on_vectors() {
    counted_loop::run_many(program);
}
