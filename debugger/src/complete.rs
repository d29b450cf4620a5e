//! Completion, from the command table and the machine's own names.

use crate::commands::{COMMANDS, Command, TOPICS, Takes, find};
use crate::register::REGISTERS;

/// Words that begin addresses and memory operands.
const ADDRESS_WORDS: [&str; 8] = ["lin", "phys", "byte", "word", "dword", "qword", "position", "retired"];

/// What can stand at a place in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidates {
    /// Words, and the byte at which they begin.
    Words(usize, Vec<String>),
    /// A file name.
    File,
}

/// What can be typed at `at`; `devices` are the machine's.
pub fn complete(line: &str, at: usize, devices: &[String]) -> Candidates {
    let before = &line[..at];
    // The command is the last of its line.
    let start = before.rfind(';').map_or(0, |semicolon| semicolon + 1);
    let start = start + (before[start..].len() - before[start..].trim_start().len());
    let command = &before[start..];
    let Some(blank) = command.find(char::is_whitespace) else {
        return words(start, command, command_names(COMMANDS));
    };
    let first = &command[..blank];
    let Ok((row, _)) = find(first.split('/').next().unwrap_or(first)) else {
        return Candidates::Words(at, Vec::new());
    };
    // Names may have a hyphen; in expressions it is a minus.
    let hyphen = row.takes == Takes::Command;
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_' || (hyphen && letter == '-');
    let word_start = before.trim_end_matches(in_word).len();
    let word = &before[word_start..];
    let arguments = command[blank..].trim_start();
    let in_first_argument = !arguments.contains(char::is_whitespace);
    match row.takes {
        Takes::File => Candidates::File,
        Takes::Topic if in_first_argument => {
            let names = command_names(TOPICS).into_iter().chain(devices.iter().cloned());
            words(word_start, word, names.collect())
        }
        Takes::Topic => {
            let topic = arguments.split_whitespace().next().unwrap_or_default();
            let is_device = TOPICS.iter().any(|row| row.answers_to(topic) && row.takes == Takes::Device);
            words(word_start, word, if is_device { devices.to_vec() } else { expression_words() })
        }
        Takes::Device => words(word_start, word, devices.to_vec()),
        Takes::Command if in_first_argument => words(word_start, word, command_names(COMMANDS)),
        Takes::Command => words(word_start, word, command_names(TOPICS)),
        Takes::Word(choices) => words(word_start, word, choices.iter().map(|choice| choice.to_string()).collect()),
        Takes::Expression => words(word_start, word, expression_words()),
        Takes::Nothing => Candidates::Words(at, Vec::new()),
    }
}

fn command_names(table: &[Command]) -> Vec<String> {
    table.iter().map(|command| command.name.to_string()).collect()
}

fn expression_words() -> Vec<String> {
    REGISTERS.iter().map(|(name, _)| name.to_string()).chain(ADDRESS_WORDS.map(str::to_string)).collect()
}

fn words(start: usize, typed: &str, mut names: Vec<String>) -> Candidates {
    let typed = typed.to_lowercase();
    names.retain(|name| name.starts_with(&typed));
    names.sort();
    names.dedup();
    Candidates::Words(start, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(line: &str) -> (usize, Vec<String>) {
        match complete(line, line.len(), &["pic".to_string(), "pit".to_string()]) {
            Candidates::Words(start, words) => (start, words),
            Candidates::File => panic!("no file name belongs here"),
        }
    }

    #[test]
    fn commands_topics_devices_and_registers() {
        let some =
            |start: usize, words: &[&str]| (start, words.iter().map(|word| word.to_string()).collect::<Vec<_>>());
        assert_eq!(at_end("st"), some(0, &["stack", "step"]));
        assert_eq!(at_end("step; reg"), some(6, &["regs"]));
        assert_eq!(at_end("info g"), some(5, &["gdt"]));
        assert_eq!(at_end("info p"), some(5, &["pic", "pit"]));
        assert_eq!(at_end("device pi"), some(7, &["pic", "pit"]));
        assert_eq!(at_end("info device pic"), some(12, &["pic"]));
        assert_eq!(at_end("x/8xb ds:s"), some(9, &["sf", "si", "sil", "sp", "spl", "ss"]));
        assert_eq!(at_end("break cs:ei"), some(9, &["eip"]));
        assert_eq!(at_end("help sour"), some(5, &["source"]));
        assert_eq!(at_end("help reverse-s"), some(5, &["reverse-step"]));
        assert_eq!(
            at_end("p cx-c"),
            some(5, &["cf", "ch", "cl", "cpl", "cr0", "cr2", "cr3", "cr4", "cr8", "cs", "cx"])
        );
        assert_eq!(at_end("p €€s"), some(8, &["sf", "si", "sil", "sp", "spl", "ss"]));
        assert_eq!(at_end("tour n"), some(5, &["next"]));
        assert_eq!(at_end("frob x").1, Vec::<String>::new());
        assert_eq!(at_end("quit x").1, Vec::<String>::new());
        assert_eq!(complete("save /tm", 8, &[]), Candidates::File);
        assert_eq!(at_end("").1.len(), COMMANDS.len());
    }
}
