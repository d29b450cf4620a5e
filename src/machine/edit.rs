//! Inputs as they take effect, the debugger's changes among them: each is noted in the journal.

use ringwalk_debugger::Register;
use ringwalk_mmu::PhysAddr;

use super::Machine;
use crate::journal::Input;
use crate::keyboard::stroke_of_char;
use crate::screen;

impl Machine {
    /// Lets an input take effect now.
    pub(super) fn apply(&mut self, input: Input) {
        match &input {
            Input::Serial(port, bytes) => {
                let (board, mut cx) = self.board_now();
                board.serial_input(*port, bytes, &mut cx);
            }
            Input::Keys(codes) => {
                let (board, mut cx) = self.board_now();
                board.key(codes, &mut cx);
            }
            Input::Memory(first, bytes) => {
                self.poke(*first, bytes);
            }
            Input::Register(name, value) => {
                if let Some(register) = Register::by_name(name) {
                    // A value that the register refuses changes nothing.
                    register.write(&mut self.cpu, &self.memory, *value).ok();
                    self.engine.forget(&mut self.memory);
                }
            }
            Input::Reset => self.reset(),
        }
        self.journal.note(self.cpu.position, input);
    }

    /// Writes memory from outside; answers how many bytes were taken.
    pub fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        let taken = self.poke(first, bytes);
        self.journal.note(self.cpu.position, Input::Memory(first, bytes.to_vec()));
        taken
    }

    fn poke(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        let mut taken = 0;
        for (offset, byte) in bytes.iter().enumerate() {
            let addr = PhysAddr(first.0.wrapping_add(offset as u64));
            taken += usize::from(self.memory.poke(addr, *byte));
        }
        self.engine.forget(&mut self.memory);
        taken
    }

    /// Sets a register from outside.
    pub fn set_register(&mut self, register: Register, value: u64) -> Result<(), String> {
        register.write(&mut self.cpu, &self.memory, value)?;
        self.engine.forget(&mut self.memory);
        let name = register.name().to_owned();
        self.journal.note(self.cpu.position, Input::Register(name, value));
        Ok(())
    }

    /// Presses the reset button.
    pub fn press_reset(&mut self) {
        self.apply(Input::Reset);
    }

    /// Types a text on the keyboard, from now on. Nothing is typed if a character is on no key.
    pub fn type_text(&mut self, text: &str) -> Result<(), String> {
        if let Some(character) = text.chars().find(|character| stroke_of_char(*character).is_none()) {
            return Err(format!("{character:?} is on no key of a US keyboard"));
        }
        let (position, clock_hz) = (self.cpu.position, self.config.board.clock_hz);
        self.feed.type_text(text, position, clock_hz);
        Ok(())
    }

    /// Presses and releases keys by name, from now on.
    pub fn press_key(&mut self, name: &str) {
        let (position, clock_hz) = (self.cpu.position, self.config.board.clock_hz);
        self.feed.press(crate::keyboard::stroke_of_name(name), position, clock_hz);
    }

    /// The rows of the text screen; none in a graphics mode.
    pub(super) fn screen_rows(&self) -> Vec<String> {
        screen::text(&self.board, &self.memory).map(|screen| screen.rows).unwrap_or_default()
    }
}
