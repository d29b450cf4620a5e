//! Which instructions need not note flags: those whose flags are overwritten before anything could look at them.
//!
//! Whatever may fault, leave the trace or run its canonical handler could look at them, so only what works on registers
//! alone stands between an instruction and the one that overwrites its flags.

use super::choose::Opcode;
use crate::insn::{Insn, PLACE_IMMEDIATE};
use crate::isa::{self, Map};

/// Walks a trace from its end to its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quietness {
    /// The flags that stand behind the instruction at hand are overwritten unseen.
    dead: bool,
}

/// What an instruction means for the flags before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Sets all six, reads none, cannot fault.
    Overwrites,
    /// Neither sets nor reads any, and cannot fault.
    Ignores,
    /// Sets some and keeps or reads others; cannot fault.
    Changes,
    /// Anything else.
    Needs,
}

impl Quietness {
    /// True if nobody will see the flags that the instruction sets.
    pub(super) fn of(self, i: &Insn) -> bool {
        self.dead && !matches!(effect(i), Effect::Ignores)
    }

    /// Moves in front of an instruction that has its handler; true if that sets no flags for which there is a need.
    pub(super) fn step_over(&mut self, i: &Insn) -> bool {
        let quiet = self.of(i) && i.covers != 0;
        self.dead = match effect(i) {
            _ if i.covers == 0 => false,
            Effect::Overwrites => true,
            Effect::Ignores => self.dead,
            // Quiet, it neither sets nor keeps anything; those that read the carry say `Needs`.
            Effect::Changes => self.dead,
            Effect::Needs => false,
        };
        quiet
    }
}

fn effect(i: &Insn) -> Effect {
    if i.is_memory() && i.op != LEA {
        return Effect::Needs;
    }
    let opcode = Opcode::of(i);
    match opcode.map {
        _ if is_beyond_two_bytes(i) => Effect::Needs,
        Map::One => one_byte(i, opcode.byte, opcode.reg),
        Map::Two => two_byte(opcode.byte),
    }
}

/// Its opcode stands in a map of its own: behind 0Fh 38h, 0Fh 3Ah or VEX.
pub(super) fn is_beyond_two_bytes(i: &Insn) -> bool {
    isa::three_byte_opcode(i.op).is_some() || isa::vex_opcode(i.op).is_some() || isa::vex_group(i.op).is_some()
}

const LEA: u16 = isa::row_number(Map::One, 0x8D, 0);

fn one_byte(i: &Insn, byte: u8, reg: u8) -> Effect {
    match (byte, reg) {
        (0x10..=0x15 | 0x18..=0x1D, _) | (0x80..=0x83, 2 | 3) => Effect::Needs,
        (0x00..=0x3D, _) if byte & 7 < 6 => Effect::Overwrites,
        (0x80..=0x83 | 0x84 | 0x85 | 0xA8 | 0xA9 | 0x69 | 0x6B, _) => Effect::Overwrites,
        (0xF6 | 0xF7, 0 | 1 | 3..=5) => Effect::Overwrites,
        (0xF6 | 0xF7, 2) => Effect::Ignores,
        (0x40..=0x4F, _) | (0xFE | 0xFF, 0 | 1) => Effect::Changes,
        (0xC0 | 0xC1 | 0xD0 | 0xD1, _) if i.src == PLACE_IMMEDIATE => shift(i, reg),
        (0x86..=0x8B | 0x8D | 0x90..=0x99 | 0xB0..=0xBF | 0xC6 | 0xC7, _) => Effect::Ignores,
        _ => Effect::Needs,
    }
}

/// A shift by a count that is not zero overwrites all; a rotate changes two; one through the carry reads it.
fn shift(i: &Insn, reg: u8) -> Effect {
    match reg {
        2 | 3 => Effect::Needs,
        0 | 1 => Effect::Changes,
        _ if i.imm & 31 != 0 => Effect::Overwrites,
        _ => Effect::Changes,
    }
}

fn two_byte(byte: u8) -> Effect {
    match byte {
        0xAF => Effect::Overwrites,
        0xB6 | 0xB7 | 0xBE | 0xBF | 0x1F | 0xC8..=0xCF => Effect::Ignores,
        _ => Effect::Needs,
    }
}
