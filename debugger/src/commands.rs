//! What a command is: a row of the table that help, abbreviation, completion and suggestions come from, and the arguments
//! that it is given.

use std::borrow::Cow;
use std::io::{self, Write};

pub use crate::command_table::COMMANDS;
use crate::desk::Desk;
use crate::error::Error;
use crate::expression::Parser;
use crate::help;
use crate::page::Answered;
use crate::session::{Flow, Session};
use crate::target::Target;
use crate::token::unquote;
pub use crate::topics::TOPICS;

/// What a command does with the machine: its type says whether it can change it.
#[derive(Clone, Copy)]
pub enum Run {
    /// It only looks.
    Look(fn(&dyn Target, &mut Desk, &Arguments<'_>) -> Answered),
    /// It changes the machine, or asks it to write a file.
    Act(fn(&mut dyn Target, &mut Desk, &Arguments<'_>) -> Answered),
    /// It concerns the session: its commands, its end.
    Session(fn(&mut Session<'_>, &Arguments<'_>, &mut dyn Write) -> io::Result<Flow>),
}

/// The heading that `help` lists a command under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Letting the machine run.
    Running,
    /// Breakpoints and watchpoints.
    Stopping,
    /// Looking.
    Looking,
    /// Changing the machine and files.
    Changing,
    /// The session.
    Session,
    /// A topic of `info`.
    Topic,
}

/// What can stand in a command's arguments, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing that can be completed.
    Nothing,
    /// Registers, and words of addresses.
    Expression,
    /// Topics of `info`, and devices.
    Topic,
    /// Device names.
    Device,
    /// Commands.
    Command,
    /// File names.
    File,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// One row.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its full name.
    pub name: &'static str,
    /// The shortest beginning of the name that means it.
    pub shortest: &'static str,
    /// Other words for it, each with what it puts before the arguments.
    pub aliases: &'static [(&'static str, &'static str)],
    /// What it takes.
    pub arguments: &'static str,
    /// One line.
    pub help: &'static str,
    /// The rest of its help.
    pub more: &'static str,
    /// Commands that work.
    pub examples: &'static [&'static str],
    /// Related commands.
    pub see: &'static [&'static str],
    /// An empty line does it again.
    pub repeats: bool,
    /// Where `help` lists it.
    pub group: Group,
    /// What its arguments complete to.
    pub takes: Takes,
    /// What it does.
    pub run: Run,
}

pub(crate) type LookFn = fn(&dyn Target, &mut Desk, &Arguments<'_>) -> Answered;

pub(crate) const fn row(group: Group, name: &'static str, shortest: &'static str, run: Run) -> Command {
    Command {
        name,
        shortest,
        aliases: &[],
        arguments: "",
        help: "",
        more: "",
        examples: &[],
        see: &[],
        repeats: false,
        group,
        takes: Takes::Nothing,
        run,
    }
}

impl Command {
    pub(crate) const fn takes(mut self, arguments: &'static str, takes: Takes) -> Command {
        self.arguments = arguments;
        self.takes = takes;
        self
    }

    pub(crate) const fn also(mut self, aliases: &'static [(&'static str, &'static str)]) -> Command {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn help(mut self, help: &'static str, examples: &'static [&'static str]) -> Command {
        self.help = help;
        self.examples = examples;
        self
    }

    pub(crate) const fn more(mut self, more: &'static str, see: &'static [&'static str]) -> Command {
        self.more = more;
        self.see = see;
        self
    }

    pub(crate) const fn repeats(mut self) -> Command {
        self.repeats = true;
        self
    }

    /// True if the word is an allowed short form of the name.
    pub fn answers_to(&self, word: &str) -> bool {
        let alias = self.aliases.iter().any(|(alias, _)| *alias == word);
        alias || self.is_short_form(word)
    }

    fn is_short_form(&self, word: &str) -> bool {
        self.name.starts_with(word) && word.len() >= self.shortest.len()
    }

    /// How it is written.
    pub fn usage(&self) -> String {
        let info = if self.group == Group::Topic { "info " } else { "" };
        format!("{info}{} {}", self.name, self.arguments).trim_end().to_string()
    }
}

const ADDRESSES: &str = "ADDR is seg:off (cs:eip, 0000:7c00; hexadecimal beside the colon), `lin EXPR` or a bare \
    EXPR (linear), or `phys EXPR`.";

/// Finds the row that a word means, and what an alias puts before the arguments.
pub fn find(word: &str) -> Result<(&'static Command, &'static str), Error> {
    let word = word.to_lowercase();
    for command in COMMANDS {
        if let Some((_, prefix)) = command.aliases.iter().find(|(alias, _)| *alias == word) {
            return Ok((command, prefix));
        }
    }
    if let Some(command) = COMMANDS.iter().find(|command| command.is_short_form(&word)) {
        return Ok((command, ""));
    }
    let longer: Vec<&str> = COMMANDS
        .iter()
        .map(|command| command.name)
        .filter(|name| !word.is_empty() && name.starts_with(&word))
        .collect();
    if longer.is_empty() {
        let near = help::nearest(&word, COMMANDS.iter().map(|command| command.name));
        return Err(Error::UnknownCommand { word, near });
    }
    Err(Error::Ambiguous { word, names: longer.join(", ") })
}

/// How to write addresses, for help texts.
pub fn about_addresses() -> &'static str {
    ADDRESSES
}

/// What a command was given.
pub struct Arguments<'a> {
    /// The command.
    pub row: &'static Command,
    /// What followed a slash: `8xb`.
    pub format: Option<&'a str>,
    /// The rest of the line.
    pub text: Cow<'a, str>,
}

impl Arguments<'_> {
    /// A parser over the arguments.
    pub fn parser(&self) -> Result<Parser<'_>, Error> {
        Parser::new(&self.text)
    }

    /// Says what is wrong, and how it is written.
    pub fn usage(&self, problem: impl Into<String>) -> Error {
        Error::Usage { problem: problem.into(), usage: self.row.usage() }
    }

    /// Says that there must be no arguments, if there are.
    pub fn none(&self) -> Result<(), Error> {
        let text = self.text.trim();
        if text.is_empty() { Ok(()) } else { Err(self.usage(format!("`{text}` is more than it takes"))) }
    }

    /// One optional expression.
    pub fn optional(&self, target: &dyn Target) -> Result<Option<u64>, Error> {
        let mut parser = self.parser()?;
        if parser.at_end() {
            return Ok(None);
        }
        let value = parser.expression()?.value(target)?;
        parser.end()?;
        Ok(Some(value))
    }

    /// A count, with what it is without one.
    pub fn count(&self, target: &dyn Target, usual: u64) -> Result<u64, Error> {
        Ok(self.optional(target)?.unwrap_or(usual))
    }

    /// The text behind a first word, if that is the one.
    pub fn after_word(&self, word: &str) -> Option<&str> {
        let rest = self.text.trim_start().strip_prefix(word)?;
        rest.starts_with([' ', '\t', '"', '\'']).then(|| rest.trim())
    }

    /// One of these words, or its beginning.
    pub fn choice(&self, words: &'static [&'static str], usual: &'static str) -> Result<&'static str, Error> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(usual);
        }
        let found = words.iter().find(|word| word.starts_with(text));
        found.copied().ok_or_else(|| self.usage(format!("`{text}` is none of {}", words.join(", "))))
    }

    /// Text with its quotes and escapes resolved; quotes are optional, escapes work without them too.
    pub fn plain_text(&self, text: &str) -> Result<String, Error> {
        let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
        let Some(quote) = quote else {
            // A closing quote is added, of a kind that is not in the text.
            let closed = format!("{text}\u{0}");
            return unquote(&closed, '\u{0}').map(|(inside, _)| inside).ok_or_else(|| self.usage("a \\ ends the text"));
        };
        match unquote(&text[1..], quote) {
            Some((inside, bytes)) if text[1 + bytes..].trim().is_empty() => Ok(inside),
            Some(_) => Err(self.usage("there is more behind the closing quote")),
            None => Err(self.usage("the quote has no end")),
        }
    }

    /// A file name.
    pub fn path(&self) -> Result<String, Error> {
        let text = self.text.trim();
        let quoted = text.starts_with(['"', '\'']);
        // Outside quotes a backslash belongs to the name.
        let path = if quoted { self.plain_text(text)? } else { text.to_string() };
        if path.is_empty() { Err(self.usage("a file name is missing")) } else { Ok(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_beginning_means_one_command() {
        for table in [COMMANDS, TOPICS] {
            for command in table {
                for end in command.shortest.len()..=command.name.len() {
                    let word = &command.name[..end];
                    let meant: Vec<&str> =
                        table.iter().filter(|other| other.is_short_form(word)).map(|other| other.name).collect();
                    assert_eq!(meant, [command.name], "`{word}`");
                }
                assert!(command.name.starts_with(command.shortest));
            }
        }
    }

    #[test]
    fn aliases_are_unique_and_hide_no_name() {
        for table in [COMMANDS, TOPICS] {
            let mut seen = Vec::new();
            for (alias, _) in table.iter().flat_map(|command| command.aliases) {
                assert!(!seen.contains(alias), "`{alias}` stands twice");
                seen.push(alias);
                let hides = table.iter().find(|other| other.is_short_form(alias) && !other.answers_to_alias(alias));
                assert!(hides.is_none(), "`{alias}` hides a short form of another command");
            }
        }
    }

    impl Command {
        fn answers_to_alias(&self, word: &str) -> bool {
            self.aliases.iter().any(|(alias, _)| *alias == word)
        }
    }

    #[test]
    fn every_command_has_help_and_related_commands_exist() {
        for command in COMMANDS.iter().chain(TOPICS) {
            assert!(!command.help.is_empty() && command.help.len() <= 66, "{}", command.name);
            assert!(!command.examples.is_empty(), "{}", command.name);
            for see in command.see {
                assert!(COMMANDS.iter().any(|other| other.name == *see), "{} names {see}", command.name);
            }
        }
    }

    #[test]
    fn promised_words_work() {
        for (word, name) in [
            ("regs", "regs"),
            ("step", "step"),
            ("next", "next"),
            ("continue", "continue"),
            ("until", "until"),
            ("goto", "goto"),
            ("hash", "hash"),
            ("break", "break"),
            ("watch", "watch"),
            ("info", "info"),
            ("save", "save"),
            ("restore", "restore"),
            ("reverse-step", "reverse-step"),
            ("reverse-next", "reverse-next"),
            ("reverse-finish", "reverse-finish"),
            ("reverse-continue", "reverse-continue"),
            ("timeline", "timeline"),
            ("verify", "verify"),
            ("si", "step"),
            ("s", "step"),
            ("n", "next"),
            ("c", "continue"),
            ("cont", "continue"),
            ("b", "break"),
            ("x", "x"),
            ("u", "disassemble"),
            ("over", "next"),
            ("i", "info"),
            ("p", "print"),
            ("q", "quit"),
            ("finish", "out"),
            ("rsi", "reverse-step"),
        ] {
            assert_eq!(find(word).map(|(command, _)| command.name), Ok(name), "{word}");
        }
        assert_eq!(
            find("stpe").map(|_| ()).unwrap_err().to_string(),
            "no command is called `stpe`: did you mean `step`? `help` lists them all"
        );
        assert_eq!(find("se").map(|_| ()).unwrap_err().to_string(), "`se` can be serial, set");
    }
}
