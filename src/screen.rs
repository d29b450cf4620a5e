//! The text screen as text.

use ringwalk_chipset::Board;
use ringwalk_debugger::Screen;
use ringwalk_mmu::Memory;

/// What stands on the text screen; `None` in a graphics mode.
pub fn text(board: &Board, memory: &Memory) -> Option<Screen> {
    let screen = board.screen(memory)?;
    Some(Screen {
        rows: (0..screen.rows).map(|row| screen.row_text(row)).collect(),
        cursor: screen.cursor.map(|(column, row)| (u32::from(row), u32::from(column))),
        columns: u32::from(screen.columns),
    })
}
