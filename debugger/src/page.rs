//! One value, two faces: what a command answers is a typed value; text and JSON are made from it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error::Error;

/// The human face of a value.
pub trait Show: Serialize {
    /// Writes it, short and aligned. Colour only adds to what the words say.
    fn show(&self, page: &mut Page);
}

/// A command's answer, with both faces.
pub trait Answer {
    /// The human face.
    fn text(&self, page: &mut Page);
    /// The machine face: JSON on one line, with the fields in the value's own order.
    fn json(&self) -> String;
}

impl<T: Show> Answer for T {
    fn text(&self, page: &mut Page) {
        self.show(page);
    }

    fn json(&self) -> String {
        serde_json::to_string(self).expect("answers have string keys and plain values")
    }
}

/// What a command gives back.
pub type Answered = Result<Box<dyn Answer>, Error>;

/// Boxes an answer.
pub fn answer<T: Show + 'static>(value: T) -> Answered {
    Ok(Box::new(value))
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A title.
    Title,
    /// Something that changed since the last stop.
    Changed,
    /// The next instruction.
    Here,
    /// Something that is wrong or stale.
    Warning,
    /// Less important.
    Faint,
}

/// Text that grows, with colour only if a terminal reads it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    text: String,
    colour: bool,
}

impl Page {
    /// An empty page.
    pub fn new(colour: bool) -> Page {
        Page { text: String::new(), colour }
    }

    /// All that was written.
    pub fn finish(self) -> String {
        self.text
    }

    /// Writes a line; blanks at its end are dropped.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    /// Writes text as it is.
    pub fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The text in a tone, if there is colour.
    pub fn tone(&self, tone: Tone, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if !self.colour {
            return text.to_string();
        }
        let code = match tone {
            Tone::Title => "1",
            Tone::Changed => "33",
            Tone::Here => "1;36",
            Tone::Warning => "31",
            Tone::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A value that is followed by `*` if it changed, and by a blank if not.
    pub fn mark(&self, text: impl AsRef<str>, changed: bool) -> String {
        if changed { self.tone(Tone::Changed, format!("{}*", text.as_ref())) } else { format!("{} ", text.as_ref()) }
    }

    /// Writes rows with their columns aligned, two blanks apart.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        for row in rows {
            let mut line = String::new();
            for (cell, wanted) in row.iter().zip(&widths) {
                let pad = wanted - width(cell) + 2;
                let _ = write!(line, "{cell}{:pad$}", "");
            }
            self.line(line);
        }
    }

    /// Writes text in lines of at most 78 columns, each after an indent.
    pub fn paragraph(&mut self, indent: &str, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && width(indent) + width(&line) + 1 + width(word) > 78 {
                self.line(format!("{indent}{line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(format!("{indent}{line}"));
    }
}

/// `1 byte`, `2 bytes`.
pub fn plural(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Columns that a text takes on a terminal: escape sequences take none.
fn width(text: &str) -> usize {
    let (mut columns, mut escaped) = (0, false);
    for letter in text.chars() {
        match letter {
            '\x1b' => escaped = true,
            'm' if escaped => escaped = false,
            _ if !escaped => columns += 1,
            _ => (),
        }
    }
    columns
}

/// A line of text: the answer of commands that only report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The line.
    pub message: String,
}

impl Show for Note {
    fn show(&self, page: &mut Page) {
        page.line(&self.message);
    }
}

/// Answers with one line.
pub fn note(message: impl Into<String>) -> Answered {
    answer(Note { message: message.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_with_and_without_colour() {
        for colour in [false, true] {
            let mut page = Page::new(colour);
            let rows = [vec![page.mark("aa", true), "b".to_string()], vec!["cccc".to_string(), "d".to_string()]];
            page.table(&rows);
            let plain = page.finish().replace("\x1b[33m", "").replace("\x1b[0m", "");
            assert_eq!(plain, "aa*   b\ncccc  d\n");
        }
    }

    #[test]
    fn paragraphs_break_between_words() {
        let mut page = Page::new(false);
        page.paragraph("  ", &"word ".repeat(40));
        assert!(page.finish().lines().all(|line| line.len() <= 78 && line.starts_with("  word")));
    }
}
