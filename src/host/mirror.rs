//! The guest's text screen on the terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use ringwalk_chipset::{Board, GraphicsMode, Screen};
use ringwalk_mmu::Memory;

use super::terminal::{self, RawMode};

/// ANSI colour numbers of the eight VGA colours: red and blue change places.
const COLOURS: [u8; 8] = [0, 4, 2, 6, 1, 5, 3, 7];

/// A terminal that shows the screen. Dropping it gives the terminal back.
pub(super) struct Mirror {
    shown: Option<Shown>,
    _raw: RawMode,
}

/// What is on the terminal.
#[derive(PartialEq, Eq)]
enum Shown {
    Text(Screen),
    Graphics(Option<GraphicsMode>),
}

impl Mirror {
    /// Takes the terminal over; `None` if there is none.
    pub(super) fn start() -> Option<Mirror> {
        let raw = terminal::is_there().then(RawMode::enter)??;
        // The alternate screen.
        out("\x1b[?1049h\x1b[2J");
        Some(Mirror { shown: None, _raw: raw })
    }

    /// Brings the terminal up to date.
    pub(super) fn show(&mut self, board: &Board, memory: &Memory) {
        let now = match board.screen(memory) {
            Some(screen) => Shown::Text(screen),
            None => Shown::Graphics(board.graphics_mode()),
        };
        if self.shown.as_ref() == Some(&now) {
            return;
        }
        match (&now, &self.shown) {
            (Shown::Text(screen), Some(Shown::Text(before))) if before.columns == screen.columns => {
                out(&drawn(screen, Some(before), terminal::size()));
            }
            (Shown::Text(screen), _) => out(&format!("\x1b[0m\x1b[2J{}", drawn(screen, None, terminal::size()))),
            (Shown::Graphics(mode), _) => {
                out(&format!("\x1b[0m\x1b[2J\x1b[H{}; Ctrl-] leaves", in_graphics(mode.as_ref())));
            }
        }
        self.shown = Some(now);
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let mut text = "\x1b[0m\x1b[?25h\x1b[?1049l".to_owned();
        match &self.shown {
            Some(Shown::Text(screen)) => {
                text += &screen.text().trim_end().replace('\n', "\r\n");
                text += "\r\n";
            }
            Some(Shown::Graphics(mode)) => text += &format!("{}\r\n", in_graphics(mode.as_ref())),
            None => {}
        }
        out(&text);
    }
}

/// What is shown instead of a picture.
pub(super) fn in_graphics(mode: Option<&GraphicsMode>) -> String {
    let mode = mode.map(|mode| format!(", {mode}")).unwrap_or_default();
    format!("the guest is in graphics{mode}: --screenshot FILE.png keeps it at the end")
}

/// A terminal that does not take its text is nothing to end a run for.
fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).ok();
}

/// The sequences that draw the rows which differ from `before`, as far as they fit.
fn drawn(screen: &Screen, before: Option<&Screen>, (rows, columns): (u16, u16)) -> String {
    let mut text = String::new();
    for row in 0..screen.rows.min(rows) {
        let same = before.is_some_and(|before| row < before.rows && cells(before, row) == cells(screen, row));
        if !same {
            draw_row(&mut text, screen, row, columns);
        }
    }
    match screen.cursor.filter(|(column, row)| *column < columns && *row < rows) {
        Some((column, row)) => write!(text, "\x1b[{};{}H\x1b[?25h", row + 1, column + 1),
        None => write!(text, "\x1b[?25l"),
    }
    .expect("a String takes every write");
    text
}

fn cells(screen: &Screen, row: u16) -> (&[u8], &[u8]) {
    let columns = usize::from(screen.columns);
    let span = usize::from(row) * columns..(usize::from(row) + 1) * columns;
    let part = |bytes: &'_ [u8]| -> std::ops::Range<usize> { span.start.min(bytes.len())..span.end.min(bytes.len()) };
    (&screen.characters[part(&screen.characters)], &screen.attributes[part(&screen.attributes)])
}

fn draw_row(text: &mut String, screen: &Screen, row: u16, columns: u16) {
    let (_, attributes) = cells(screen, row);
    let mut characters = screen.row_text(row).chars().collect::<Vec<_>>().into_iter();
    let mut colour = None;
    write!(text, "\x1b[{};1H", row + 1).expect("a String takes every write");
    for attribute in attributes.iter().take(usize::from(columns)) {
        if colour != Some(*attribute) {
            colour = Some(*attribute);
            *text += &sgr(*attribute);
        }
        text.push(characters.next().filter(|character| !character.is_control()).unwrap_or(' '));
    }
}

/// The sequence that selects an attribute's colours.
fn sgr(attribute: u8) -> String {
    let foreground = COLOURS[usize::from(attribute & 7)];
    let bright = if attribute & 8 != 0 { 90 } else { 30 };
    let background = COLOURS[usize::from(attribute >> 4 & 7)];
    format!("\x1b[{};{}m", bright + foreground, 40 + background)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(text: &str, attribute: u8) -> Screen {
        Screen {
            columns: 4,
            rows: 2,
            characters: format!("{text:8}").into_bytes(),
            attributes: vec![attribute; 8],
            cursor: Some((1, 0)),
        }
    }

    #[test]
    fn only_rows_that_changed_are_drawn() {
        let before = screen("abcdefgh", 0x07);
        let all = drawn(&before, None, (25, 80));
        assert_eq!(all, "\x1b[1;1H\x1b[37;40mabcd\x1b[2;1H\x1b[37;40mefgh\x1b[1;2H\x1b[?25h");
        let after = screen("abcdEfgh", 0x07);
        assert_eq!(drawn(&after, Some(&before), (25, 80)), "\x1b[2;1H\x1b[37;40mEfgh\x1b[1;2H\x1b[?25h");
        assert_eq!(drawn(&before, Some(&before), (25, 80)), "\x1b[1;2H\x1b[?25h");
        assert_eq!(drawn(&before, None, (1, 2)), "\x1b[1;1H\x1b[37;40mab\x1b[1;2H\x1b[?25h", "as far as it fits");
    }

    #[test]
    fn a_picture_is_told_in_words() {
        let mode = GraphicsMode { width: 640, height: 480, depth: 4 };
        assert!(in_graphics(Some(&mode)).starts_with("the guest is in graphics, 640 x 480, 16 colours: --screenshot "));
        let mode = GraphicsMode { width: 1024, height: 768, depth: 32 };
        assert!(in_graphics(Some(&mode)).starts_with("the guest is in graphics, 1024 x 768, 32 bits: "));
    }

    #[test]
    fn colours_are_those_of_the_terminal() {
        assert_eq!(sgr(0x1E), "\x1b[93;44m", "yellow on blue");
        assert_eq!(sgr(0x4F), "\x1b[97;41m", "white on red");
    }
}
