//! Which instructions have nothing to do with arithmetic flags: those stay lazy around the canonical handler.

use super::choose::Opcode;
use crate::insn::Insn;
use crate::isa::{self, Map, Operand};

/// True if the canonical handler neither reads nor writes CF, PF, AF, ZF, SF, OF, nor stores EFLAGS anywhere.
pub(super) fn is_calm(i: &Insn) -> bool {
    if i.op >> 11 == X87_REGISTERS {
        return is_x87(i);
    }
    let opcode = Opcode::of(i);
    match opcode.map {
        _ if is_vector(i) => true,
        _ if i.op >> 11 > Map::Two as u16 => false,
        Map::One => one_byte(opcode.byte, opcode.reg),
        Map::Two => two_byte(opcode.byte, opcode.reg),
    }
}

/// The map of the escapes' register forms: see [`crate::isa::Place`].
pub(super) const X87_REGISTERS: u16 = 2;

/// Any instruction of the x87 unit.
pub(super) fn is_unit(i: &Insn) -> bool {
    let map = i.op >> 11;
    map == X87_REGISTERS || map == Map::One as u16 && matches!(i.op >> 3 & 0xFF, 0xD8..=0xDF)
}

/// An instruction of the x87 unit, but for FCMOVcc, FCOMI and its kin.
pub(super) fn is_x87(i: &Insn) -> bool {
    let op = i.op;
    let in_flags = matches!((op >> 6 & 7, op >> 3 & 7), (2 | 3, 0..=3) | (3 | 7, 5 | 6));
    is_unit(i) && !(op >> 11 == X87_REGISTERS && in_flags)
}

/// On MMX or XMM registers, without a result in EFLAGS.
pub(super) fn is_vector(i: &Insn) -> bool {
    const WITH_FLAGS: [&str; 11] = [
        "ptest",
        "comiss",
        "comisd",
        "ucomiss",
        "ucomisd",
        "pcmpestri",
        "pcmpestrm",
        "pcmpistri",
        "pcmpistrm",
        "testps",
        "testpd",
    ];
    let vector = |operand: &Operand| {
        matches!(operand, Operand::Vx | Operand::Wx | Operand::Ux | Operand::Pq | Operand::Qq | Operand::Nq)
    };
    isa::row_of(i.op).is_some_and(|row| {
        row.name.starts_with("vzero")
            || row.operands.iter().any(vector) && !WITH_FLAGS.contains(&row.name.trim_start_matches('v'))
    })
}

/// SDM Vol.1 Table A-1 "EFLAGS Cross-Reference": data transfer, stack, addresses, ports, string moves, plain branches.
fn one_byte(byte: u8, reg: u8) -> bool {
    match byte {
        0x50..=0x61 | 0x68 | 0x6A | 0x6C..=0x6F | 0x86..=0x99 | 0xA0..=0xA5 | 0xAA..=0xAD => byte != 0x9A,
        0xB0..=0xBF | 0xC2..=0xC9 | 0xD7..=0xDF | 0xE2..=0xEB | 0xEC..=0xEF => true,
        0x06 | 0x07 | 0x0E | 0x16 | 0x1E | 0x1F => true,
        0xFF => matches!(reg, 2 | 4 | 6),
        _ => false,
    }
}

fn two_byte(byte: u8, reg: u8) -> bool {
    match byte {
        0x01 => matches!(reg, 2 | 3 | 7),
        0x06 | 0x20..=0x23 | 0x30..=0x32 | 0x34 | 0x35 => true,
        0xA0..=0xA2 | 0xA8 | 0xA9 | 0xB4..=0xB7 | 0xBE | 0xBF | 0xC8..=0xCF => true,
        _ => false,
    }
}
