//! The line editor: history, completion, hints. The only file that knows rustyline.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, CompletionType, Config, Context, Helper};

use crate::complete::{Candidates, complete};

/// Lines that the history keeps.
const MOST_LINES: usize = 1000;

/// What the user entered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// A line.
    Line(String),
    /// Ctrl-C at the prompt.
    Interrupted,
    /// Ctrl-D, or the end of the terminal.
    End,
}

/// The editor with its history.
pub(crate) struct Editor {
    inner: rustyline::Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
}

impl Editor {
    /// An editor on the terminal. A history file that is not there yet is no error.
    pub(crate) fn new(history: Option<&Path>, colour: bool, devices: Vec<String>) -> io::Result<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(if colour { ColorMode::Enabled } else { ColorMode::Disabled })
            .max_history_size(MOST_LINES)
            .map_err(plain)?
            .history_ignore_dups(true)
            .map_err(plain)?
            .build();
        let mut inner = rustyline::Editor::with_config(config).map_err(plain)?;
        let assistant =
            Assistant { devices, files: FilenameCompleter::new(), hinter: HistoryHinter::new(), hints: colour };
        inner.set_helper(Some(assistant));
        if let Some(path) = history {
            // What cannot be read is begun anew; what cannot be written is told when it is written.
            let _ = inner.load_history(path);
        }
        Ok(Editor { inner, history: history.map(Path::to_path_buf) })
    }

    /// Reads a line.
    pub(crate) fn read(&mut self, prompt: &str) -> io::Result<Entered> {
        match self.inner.readline(prompt) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    self.inner.add_history_entry(line.as_str()).map_err(plain)?;
                }
                Ok(Entered::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Entered::Interrupted),
            Err(ReadlineError::Eof) => Ok(Entered::End),
            Err(error) => Err(plain(error)),
        }
    }

    /// Writes the history file.
    pub(crate) fn keep_history(&mut self) -> io::Result<()> {
        let Some(path) = &self.history else {
            return Ok(());
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        self.inner.save_history(path).map_err(plain)
    }
}

fn plain(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// Completion and hints.
struct Assistant {
    devices: Vec<String>,
    files: FilenameCompleter,
    hinter: HistoryHinter,
    /// Hints are told from typed text by colour alone, so they need it.
    hints: bool,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        match complete(line, at, &self.devices) {
            Candidates::File => self.files.complete(line, at, context),
            Candidates::Words(start, words) => {
                let only = words.len() == 1;
                let pair = |word: String| Pair {
                    replacement: if only { format!("{word} ") } else { word.clone() },
                    display: word,
                };
                Ok((start, words.into_iter().map(pair).collect()))
            }
        }
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        if self.hints { self.hinter.hint(line, at, context) } else { None }
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}
