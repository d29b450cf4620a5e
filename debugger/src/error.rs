//! What can go wrong with a command. The message says what, where, and what to do.

use std::path::PathBuf;

/// The user's trouble, or the host's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No command has this name.
    #[error("no command is called `{word}`{}`help` lists them all", suggestion(near))]
    UnknownCommand {
        /// What was typed.
        word: String,
        /// The nearest name.
        near: Option<String>,
    },
    /// Several commands begin like this.
    #[error("`{word}` can be {names}")]
    Ambiguous {
        /// What was typed.
        word: String,
        /// The names that begin so.
        names: String,
    },
    /// A command's argument has no such word.
    #[error("`{command}` knows no `{word}`{}`{command}` alone lists what there is", suggestion(near))]
    UnknownWord {
        /// The command.
        command: &'static str,
        /// What was typed.
        word: String,
        /// The nearest name.
        near: Option<String>,
    },
    /// Arguments that the command cannot read.
    #[error("{problem}; usage: {usage}")]
    Usage {
        /// What is wrong with them.
        problem: String,
        /// How it is written.
        usage: String,
    },
    /// An expression that cannot be read.
    #[error("{problem} (column {column} of `{text}`)")]
    Expression {
        /// The text that holds it.
        text: String,
        /// Where in the text, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// An expression that has no value now.
    #[error("{0}")]
    Value(String),
    /// No breakpoint or watchpoint has this number.
    #[error("there is no breakpoint or watchpoint {0}; `info break` lists them")]
    NoBreakpoint(u64),
    /// Something that this version cannot do yet.
    #[error("{0}")]
    Later(String),
    /// The machine refused, or the host did.
    #[error("{0}")]
    Target(String),
    /// A file of commands cannot be used.
    #[error("{} cannot be read: {problem}", path.display())]
    File {
        /// The file as the user named it.
        path: PathBuf,
        /// What the host says.
        problem: String,
    },
}

fn suggestion(near: &Option<String>) -> String {
    near.as_ref().map_or_else(|| "; ".to_string(), |name| format!(": did you mean `{name}`? "))
}

impl Error {
    /// True for what is wrong with the text of a command, whatever the machine's state.
    pub fn is_syntax(&self) -> bool {
        matches!(
            self,
            Error::UnknownCommand { .. }
                | Error::Ambiguous { .. }
                | Error::UnknownWord { .. }
                | Error::Usage { .. }
                | Error::Expression { .. }
        )
    }
}
