//! Breakpoints on the text screen: the screen is looked at behind each access that may change it, so that a stop has the
//! position of the instruction that completed the text, or made the change, forward and backward.

use ringwalk_chipset::Board;
use ringwalk_mmu::{Memory, PhysAddr, Port};

use super::Machine;
use crate::screen;
use crate::script::shows;

/// The display adapter's window below 1 MiB: without its text nothing else shows text.
const WINDOW: std::ops::Range<u64> = 0xA_0000..0xC_0000;
/// Ports of the display adapter: of the VGA, and those of the mode extension.
const VGA_PORTS: std::ops::Range<u16> = 0x3B0..0x3E0;
const MODE_PORTS: std::ops::Range<u16> = 0x1CE..0x1D1;

/// A text that is waited for; an empty one for any change.
struct Text {
    id: u32,
    text: String,
    /// It stood on the screen at the last look.
    shown: bool,
}

impl Text {
    /// Looks at the screen, which is another than at the last look, or is not; true if what is waited for has come.
    fn look(&mut self, rows: &[String], changed: bool) -> bool {
        if self.text.is_empty() {
            return changed;
        }
        let before = std::mem::replace(&mut self.shown, shows(rows, &self.text));
        self.shown && !before
    }
}

/// The texts that are waited for, and the first that came. Beside the state.
#[derive(Default)]
pub(super) struct ScreenWatch {
    texts: Vec<Text>,
    /// The screen at the last look.
    rows: Vec<String>,
    hit: Option<u32>,
}

fn rows(board: &Board, memory: &Memory) -> Vec<String> {
    screen::text(board, memory).map(|screen| screen.rows).unwrap_or_default()
}

impl ScreenWatch {
    /// True if a write to this address may change the screen, and anybody cares.
    pub(super) fn minds_address(&self, addr: PhysAddr) -> bool {
        !self.texts.is_empty() && WINDOW.contains(&addr.0)
    }

    /// True if a write to this port may change the screen, and anybody cares.
    pub(super) fn minds_port(&self, port: Port) -> bool {
        !self.texts.is_empty() && (VGA_PORTS.contains(&port.0) || MODE_PORTS.contains(&port.0))
    }

    /// Looks at the screen behind a change; true if a text has come.
    pub(super) fn look(&mut self, board: &Board, memory: &Memory) -> bool {
        let rows = rows(board, memory);
        let changed = rows != self.rows;
        for text in &mut self.texts {
            if text.look(&rows, changed) {
                self.hit.get_or_insert(text.id);
            }
        }
        self.rows = rows;
        self.hit.is_some()
    }

    /// The screen is what it is: nothing of it has come just now.
    pub(super) fn begin(&mut self, board: &Board, memory: &Memory) {
        if self.texts.is_empty() {
            return;
        }
        self.rows = rows(board, memory);
        for text in &mut self.texts {
            text.look(&self.rows, false);
        }
    }

    /// The first text that has come since the last call.
    pub(super) fn take_hit(&mut self) -> Option<u32> {
        self.hit.take()
    }

    /// The machine is at another moment.
    pub(super) fn forget_hit(&mut self) {
        self.hit = None;
    }
}

impl Machine {
    /// Waits for texts on the screen from now on, each by a number of the debugger's; an empty one for any change.
    pub fn watch_screen(&mut self, texts: Vec<(u32, String)>) {
        let texts = texts.into_iter().map(|(id, text)| Text { id, text, shown: false }).collect();
        self.screen_watch = ScreenWatch { texts, ..ScreenWatch::default() };
        self.screen_watch.begin(&self.board, &self.memory);
    }
}
