//! The terminal in raw mode, and back again however the run ends.

use std::io::{self, IsTerminal};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// True if a terminal is at both ends.
pub(super) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Rows and columns of the terminal.
pub(super) fn size() -> (u16, u16) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row, size.ws_col),
        _ => (25, 80),
    }
}

/// Standard input as it comes from the keys, until this is dropped.
pub(super) struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Switches echo, lines and signals off. `None` without a terminal.
    pub(super) fn enter() -> Option<RawMode> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Flush, &raw).ok()?;
        Some(RawMode { before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        tcsetattr(io::stdin(), OptionalActions::Flush, &self.before).ok();
    }
}
