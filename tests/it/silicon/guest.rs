//! One instruction in ringwalk: FXRSTOR, the instruction, FXSAVE, at ring 0 of protected mode or of 64-bit mode.

use ringwalk_cpu::flags::Eflags;
use ringwalk_cpu::state::{CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE, CodeSize, CpuState};

use super::state::{FREE_REGISTERS, MEMORY_BYTES, State};
use crate::program::{CODE, DATA, Program};

const IMAGE_IN: u32 = DATA + 0x1000;
const IMAGE_OUT: u32 = DATA + 0x2000;
/// FXRSTOR [ESI] and FXSAVE [ESI]: the registers are set before each.
const RESTORE: [u8; 3] = [0x0F, 0xAE, 0x0E];
const SAVE: [u8; 3] = [0x0F, 0xAE, 0x06];

pub(super) struct Guest {
    program: Program,
    start: CpuState,
}

impl Guest {
    pub(super) fn new(size: CodeSize) -> Guest {
        let mut program = if size == CodeSize::Bits64 { Program::long() } else { Program::protected() };
        program.cpu.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
        program.cpu.xcr0 = 7;
        let start = program.cpu.clone();
        Guest { program, start }
    }

    /// Executes one instruction from a state. `Err`: vector of the fault that it raised.
    pub(super) fn run(&mut self, code: &[u8], state: &State) -> Result<State, u8> {
        self.program.write(IMAGE_IN, &state.image);
        self.program.write(DATA, &state.memory);
        self.at(&RESTORE, IMAGE_IN)?;
        let program = &mut self.program;
        for register in FREE_REGISTERS {
            program.cpu.gpr[register] = state.gpr[register];
        }
        for (number, upper) in state.upper.iter().enumerate() {
            let quad = |at: usize| upper[at..at + 8].iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
            program.cpu.vector.registers[number][2..4].copy_from_slice(&[quad(0), quad(8)]);
        }
        program.cpu.gpr[3] = DATA.into();
        program.cpu.gpr[7] = DATA.into();
        program.cpu.flags = Eflags::from_bits(state.flags);
        self.step(code)?;
        let mut after = state.clone();
        after.memory.copy_from_slice(&self.program.read(DATA, MEMORY_BYTES as u32));
        after.flags = self.program.cpu.flags.bits();
        for register in FREE_REGISTERS {
            after.gpr[register] = self.program.cpu.gpr[register];
        }
        for (number, upper) in after.upper.iter_mut().enumerate() {
            let register = self.program.cpu.vector.registers[number];
            upper[..8].copy_from_slice(&register[2].to_le_bytes());
            upper[8..].copy_from_slice(&register[3].to_le_bytes());
        }
        // What FXSAVE leaves alone is as before.
        self.program.write(IMAGE_OUT, &state.image);
        self.at(&SAVE, IMAGE_OUT)?;
        after.image.copy_from_slice(&self.program.read(IMAGE_OUT, 512));
        Ok(after)
    }

    fn at(&mut self, code: &[u8], image: u32) -> Result<(), u8> {
        self.program.cpu.gpr[6] = image.into();
        self.step(code)
    }

    fn step(&mut self, code: &[u8]) -> Result<(), u8> {
        let program = &mut self.program;
        program.cpu.rip = CODE.into();
        match program.attempt(code) {
            Ok(()) => Ok(()),
            Err((vector, _)) => {
                program.cpu = self.start.clone();
                Err(vector)
            }
        }
    }
}
