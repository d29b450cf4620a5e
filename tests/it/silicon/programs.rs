//! How a program of the manual's is run and judged: what a listing leaves in registers and memory. The programs stand in
//! `listings.rs` and `listings_system.rs`.

use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::{CR4_FSGSBASE, CR4_OSFXSR, CR4_OSXSAVE, CR4_PKE, CodeSize};

use super::{listings, listings_system};
use crate::program::{End, Program, bytes_of};

/// Where a value is expected.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// A general register, its lower 32 bits.
    Reg(usize),
    /// A doubleword of memory.
    Memory(u32),
}

use Place::{Memory, Reg};

/// A program that runs from its first instruction to its last, and what it leaves.
pub(super) struct Vector {
    /// The manual's page.
    pub(super) from: &'static str,
    pub(super) world: fn() -> Program,
    pub(super) listing: &'static str,
    /// Code elsewhere that it calls.
    pub(super) elsewhere: &'static [(u32, &'static str)],
    pub(super) end: End,
    pub(super) leaves: &'static [(Place, u32)],
}

pub(super) fn protected() -> Program {
    let mut program = Program::protected();
    program.cpu.cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
    program.cpu.xcr0 = 7;
    program
}

pub(super) fn long() -> Program {
    let mut program = Program::long();
    program.cpu.cr4 |= CR4_OSFXSR | CR4_OSXSAVE | CR4_FSGSBASE | CR4_PKE;
    program.cpu.xcr0 = 7;
    program
}

pub(super) const fn halts(
    from: &'static str,
    world: fn() -> Program,
    listing: &'static str,
    leaves: &'static [(Place, u32)],
) -> Vector {
    Vector { from, world, listing, elsewhere: &[], end: End::Halted, leaves }
}

impl Vector {
    /// Runs it, and says what is not as the manual has it.
    pub(super) fn check(&self) -> Vec<String> {
        let mut program = (self.world)();
        program.code(self.listing);
        let bits = if program.cpu.code_is_64() { 64 } else { 32 };
        for (at, listing) in self.elsewhere {
            program.code_at(*at, bits, listing);
        }
        let end = program.run();
        let mut wrong = Vec::new();
        if end != self.end {
            wrong.push(format!("{}: ended with {end:?} at {:x}", self.from, program.cpu.rip));
        }
        for (place, value) in self.leaves {
            let (name, found) = match *place {
                Reg(number) => (format!("register {number}"), program.reg(number)),
                Memory(at) => (format!("{at:x}"), program.read_dword(at)),
            };
            if found != *value {
                wrong.push(format!("{}: {name} holds {found:x}, not {value:x}", self.from));
            }
        }
        wrong
    }

    /// The rows of all its instructions.
    pub(super) fn rows(&self) -> Vec<u16> {
        let (bits, size) = match (self.world)().cpu.code_size() {
            CodeSize::Bits64 => (64, CodeSize::Bits64),
            _ => (32, CodeSize::Bits32),
        };
        let listings = std::iter::once(self.listing).chain(self.elsewhere.iter().map(|(_, listing)| *listing));
        let lines = listings.flat_map(str::lines).map(|line| bytes_of(bits, line)).filter(|bytes| !bytes.is_empty());
        lines
            .map(|mut bytes| {
                bytes.resize(15, 0);
                match decode(&bytes, size, Model::Max.features()) {
                    Decoded::Insn(insn, _) => insn.op,
                    other => panic!("{bytes:02x?}: {other:?}"),
                }
            })
            .collect()
    }
}

/// All of them.
pub(super) fn vectors() -> impl Iterator<Item = &'static Vector> {
    listings::VECTORS.iter().chain(&listings_system::VECTORS)
}

#[test]
fn what_the_manual_says_of_the_rest() {
    let wrong: Vec<String> = vectors().flat_map(Vector::check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
