//! The text screen as the guest shows it.

use ringwalk_chipset::Board;
use ringwalk_debugger::Screen;
use ringwalk_mmu::{Memory, PhysAddr};

/// What stands on the text screen; `None` in a graphics mode.
pub fn text(_board: &Board, memory: &Memory) -> Option<Screen> {
    let row = |row: u64| -> String {
        let cells = (0..80).map(|column| memory.peek(PhysAddr(0xB_8000 + row * 160 + column * 2)));
        cells.map(|byte| byte.unwrap_or(b' ') as char).collect()
    };
    let rows = (0..25).map(|number| row(number).trim_end().to_owned()).collect();
    Some(Screen { rows, cursor: None, columns: 80 })
}
