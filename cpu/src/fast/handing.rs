//! Which register's value goes from handler to handler in a host register.

use super::choose::Opcode;
use super::exchange::ACCUMULATOR;
use super::liveness::is_beyond_two_bytes;
use super::operand::{BASED, BP, DST, INDEXED, LAST_REGISTER, SP, SRC, byte_place};
use super::string::DESTINATION;
use crate::insn::{Insn, NO_REGISTER};
use crate::isa::{self, Map, Operand};

/// The register whose value a slot's handler hands on, if it is handed that of `holds`. Handlers that write no register
/// pass on what they are handed; behind a canonical handler the value is read anew.
pub(super) fn handed_on(i: &Insn, is_fast: bool, holds: u8) -> u8 {
    if !is_fast {
        return holds;
    }
    match written_register(i).unwrap_or(holds) {
        // The stack moves ESP without a word.
        SP => NO_REGISTER,
        register => register,
    }
}

/// The general register that a fast handler writes last, if it writes one.
fn written_register(i: &Insn) -> Option<u8> {
    if is_beyond_two_bytes(i) {
        let first = isa::row_of(i.op)?.operands[0];
        return matches!(first, Operand::Gd | Operand::By).then_some(i.dst);
    }
    let opcode = Opcode::of(i);
    let writes_byte = |place: u8| if place <= LAST_REGISTER { Some(byte_place(place).0) } else { None };
    let writes = |place: u8| if place < 16 { Some(place) } else { None };
    let sized = |byte: bool, place: u8| if byte { writes_byte(place) } else { writes(place) };
    let byte = opcode.byte & 1 == 0;
    match (opcode.map, opcode.byte, opcode.reg) {
        (Map::One, 0x38..=0x3D | 0x84 | 0x85 | 0xA8 | 0xA9, _) => None,
        (Map::One, 0x80..=0x83, 7) | (Map::One, 0xF6 | 0xF7, 0 | 1) => None,
        (Map::One, 0x80 | 0x82, _) => writes_byte(i.dst),
        (Map::One, 0x63, _) => writes(i.dst),
        (Map::One, 0x81 | 0x83 | 0x40..=0x4F | 0x58..=0x5F | 0x69 | 0x6B | 0x8D | 0xB8..=0xBF, _) => writes(i.dst),
        (Map::One, 0x00..=0x37 | 0x88..=0x8B | 0xA0..=0xA3 | 0xC0 | 0xC1 | 0xC6 | 0xC7 | 0xD0..=0xD3, _) => {
            sized(byte, i.dst)
        }
        // Index registers and count; this one is written by both MOVS and STOS.
        (Map::One, 0xA4 | 0xA5 | 0xAA | 0xAB, _) => Some(DESTINATION),
        (Map::One, 0xB0..=0xB7, _) => writes_byte(i.dst),
        (Map::One, 0x86 | 0x87, _) => sized(byte, i.src),
        (Map::One, 0x91..=0x97, _) => writes(i.src),
        (Map::One, 0x98, _) => Some(0),
        (Map::One, 0x99, _) => Some(2),
        (Map::One, 0xC9, _) => Some(BP),
        (Map::One, 0xE4 | 0xE5 | 0xEC | 0xED, _) => Some(0),
        (Map::One, 0xF6, 4..) => Some(0),
        (Map::One, 0xF7, 4..) => Some(2),
        (Map::One, 0xF6 | 0xF7, 2 | 3) | (Map::One, 0xFE | 0xFF, 0 | 1) => sized(byte, i.dst),
        (Map::Two, 0x2C | 0xD7, _) => writes(i.dst),
        // With F3h it moves between XMM registers.
        (Map::Two, 0x7E, _) if isa::two_byte_opcode(i.op) == Some((1, 0x7E)) => writes(i.dst),
        (Map::Two, 0xAB | 0xB3 | 0xBB, _) | (Map::Two, 0xBA, 5..=7) => writes(i.dst),
        (Map::Two, 0xBC | 0xBD, _) => writes(i.dst),
        (Map::Two, 0xB0 | 0xB1, _) => Some(ACCUMULATOR),
        (Map::Two, 0xC0 | 0xC1, _) => sized(byte, i.src),
        (Map::Two, 0x90..=0x9F, _) => writes_byte(i.dst),
        (Map::Two, 0x40..=0x4F | 0xA4 | 0xA5 | 0xAC | 0xAD | 0xAF | 0xB6 | 0xB7 | 0xBE | 0xBF | 0xC8..=0xCF, _) => {
            writes(i.dst)
        }
        _ => None,
    }
}

/// Which operands are in the register whose value is handed on: [`DST`], [`SRC`], [`BASED`], [`INDEXED`], or none.
pub(super) fn held(i: &Insn) -> u8 {
    if i.holds == NO_REGISTER {
        return 0;
    }
    when(i.dst == i.holds, DST) | when(i.src == i.holds, SRC) | held_address(i)
}

/// As [`held`], of an instruction whose operands are bytes: they must be the lowest of that register.
pub(super) fn held_byte(i: &Insn) -> u8 {
    if i.holds == NO_REGISTER {
        return 0;
    }
    let lowest = |place: u8| place <= LAST_REGISTER && byte_place(place) == (i.holds, 0);
    when(lowest(i.dst), DST) | when(lowest(i.src), SRC) | held_address(i)
}

fn held_address(i: &Insn) -> u8 {
    when(i.is_memory() && i.base == i.holds, BASED) | when(i.is_memory() && i.index == i.holds, INDEXED)
}

fn when(is: bool, what: u8) -> u8 {
    if is { what } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SDM vol. 2, 3.1.1.3: AH to BH are bits 15:8 of the first four registers; SPL to DIL, with REX, the lowest of
    /// the others.
    #[test]
    fn only_the_lowest_byte_of_a_register_is_handed_on() {
        let by = |dst: u8, holds: u8| held_byte(&Insn { dst, holds, ..Insn::undefined() }) & DST != 0;
        assert!(by(3, 3), "BL of RBX");
        assert!(!by(7, 3), "BH of RBX");
        assert!(!by(7, 7), "BH is nothing of RDI");
        assert!(by(0x17, 7), "DIL of RDI");
        assert!(by(9, 9), "R9B of R9");
        assert!(!by(1, 9), "CL is nothing of R9");
        assert!(!by(NO_REGISTER, NO_REGISTER), "nothing is handed on");
    }
}
