//! Inputs as they take effect, the debugger's changes among them: each is noted in the journal.

use ringwalk_chipset::Board;
use ringwalk_debugger::Register;
use ringwalk_mmu::{BusCx, Instant, PhysAddr};

use super::Machine;
use crate::history::Arrival;
use crate::journal::Input;
use crate::keyboard::strokes_of_text;
use crate::screen;

/// Input that a device has no room for is offered so many times in a second of machine time.
const TRIES_PER_SECOND: u64 = 100;

impl Machine {
    /// Lets an input take effect now. What a device has no room for comes again later.
    pub(super) fn apply(&mut self, input: Input) {
        let taken = match input {
            Input::Serial(port, mut bytes) => {
                let (board, mut cx) = self.board_now();
                let rest = bytes.split_off(board.serial_input(port, &bytes, &mut cx).min(bytes.len()));
                self.feed_later(rest.is_empty(), Input::Serial(port, rest));
                Input::Serial(port, bytes)
            }
            Input::Keys(mut strokes) => {
                let (board, mut cx) = self.board_now();
                let rest = strokes.split_off(board.type_keys(&strokes, &mut cx).min(strokes.len()));
                self.feed_later(rest.is_empty(), Input::Keys(rest));
                Input::Keys(strokes)
            }
            Input::Memory(first, bytes) => {
                self.poke(first, &bytes);
                Input::Memory(first, bytes)
            }
            Input::Register(name, value) => {
                if let Some(register) = Register::by_name(&name) {
                    // A value that the register refuses changes nothing.
                    register.write(&mut self.cpu, &self.memory, value).ok();
                    self.engine.forget(&mut self.memory);
                }
                Input::Register(name, value)
            }
            Input::Reset => {
                self.reset();
                Input::Reset
            }
            Input::Mouse(mut moves) => {
                let (board, mut cx) = self.board_now();
                let rest = moves.split_off(board.move_mouse(&moves, &mut cx).min(moves.len()));
                self.feed_later(rest.is_empty(), Input::Mouse(rest));
                Input::Mouse(moves)
            }
            Input::PowerButton => {
                let (board, mut cx) = self.board_now();
                board.press_power_button(&mut cx);
                Input::PowerButton
            }
        };
        self.journal.note(self.cpu.position, taken);
    }

    /// The board, and what a call of it needs, at this moment.
    fn board_now(&mut self) -> (&mut Board, BusCx<'_>) {
        let now = Instant(self.cpu.position);
        (&mut self.board, BusCx::new(now, &mut self.memory))
    }

    fn feed_later(&mut self, nothing: bool, rest: Input) {
        if !nothing {
            let pause = self.config.board.clock_hz / TRIES_PER_SECOND;
            self.feed.inbox.add(self.cpu.position.saturating_add(pause), rest);
        }
    }

    /// Writes memory from outside; answers how many bytes were taken.
    pub fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        self.note_arrival(Arrival::Now(Input::Memory(first, bytes.to_vec())));
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
        register.write(&mut self.cpu.clone(), &self.memory, value)?;
        let name = register.name().to_owned();
        self.note_arrival(Arrival::Now(Input::Register(name.clone(), value)));
        register.write(&mut self.cpu, &self.memory, value)?;
        self.engine.forget(&mut self.memory);
        self.journal.note(self.cpu.position, Input::Register(name, value));
        Ok(())
    }

    /// Presses the reset button.
    pub fn press_reset(&mut self) {
        self.note_arrival(Arrival::Now(Input::Reset));
        self.apply(Input::Reset);
    }

    /// Types a text on the keyboard, from now on. Nothing is typed if a character is on no key.
    pub fn type_text(&mut self, text: &str) -> Result<(), String> {
        let on_no_key = |character| format!("{character:?} is on no key of a US keyboard");
        let strokes = strokes_of_text(text).map_err(on_no_key)?;
        self.feed(Input::Keys(strokes));
        Ok(())
    }

    /// The rows of the text screen; none in a graphics mode.
    pub(super) fn screen_rows(&self) -> Vec<String> {
        screen::text(&self.board, &self.memory).map(|screen| screen.rows).unwrap_or_default()
    }
}
