//! `help` and `apropos`, made from the command table.

use serde::Serialize;

use crate::commands::{Arguments, COMMANDS, Command, Group, TOPICS, about_addresses, find};
use crate::desk::Desk;
use crate::page::{Answered, Page, Show, Tone, answer};
use crate::target::Target;

/// A command as help lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its full name.
    pub name: &'static str,
    /// Its shortest form, and other words for it.
    pub short: Vec<&'static str>,
    /// What it takes.
    pub arguments: &'static str,
    /// One line.
    pub help: &'static str,
}

/// Commands under headings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    sections: Vec<Section>,
    tail: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Section {
    title: &'static str,
    commands: Vec<Line>,
}

/// All about one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Full {
    #[serde(flatten)]
    line: Line,
    usage: String,
    more: String,
    examples: &'static [&'static str],
    see: &'static [&'static str],
}

const HEADINGS: [(Group, &str); 5] = [
    (Group::Running, "Run"),
    (Group::Stopping, "Stop"),
    (Group::Looking, "Look (without any side effect)"),
    (Group::Changing, "Change and keep"),
    (Group::Session, "Session"),
];

impl Line {
    fn new(command: &Command) -> Line {
        let mut short = Vec::new();
        if command.shortest != command.name {
            short.push(command.shortest);
        }
        // Words that put something before the arguments come last: they mean less than the whole command.
        let (plain, narrow): (Vec<_>, Vec<_>) = command.aliases.iter().partition(|(_, prefix)| prefix.is_empty());
        short.extend(plain.iter().chain(&narrow).map(|(alias, _)| *alias));
        Line { name: command.name, short, arguments: command.arguments, help: command.help }
    }
}

/// `help`, `help COMMAND`, `help info TOPIC`.
pub fn help(_: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut words = arguments.text.split_whitespace();
    let Some(word) = words.next() else {
        return answer(overview());
    };
    let (command, _) = find(word)?;
    let topic = words.next().filter(|_| command.name == "info");
    let topic = topic.and_then(|word| TOPICS.iter().find(|topic| topic.answers_to(word)));
    let command = topic.unwrap_or(command);
    let mut more = command.more.to_string();
    if command.arguments.contains("ADDR") && !more.contains("seg:off (") {
        more = format!("{more} {}", about_addresses());
    }
    answer(Full {
        line: Line::new(command),
        usage: command.usage(),
        more: more.trim().to_string(),
        examples: command.examples,
        see: command.see,
    })
}

fn overview() -> Overview {
    let section = |(group, title): &(Group, &'static str)| Section {
        title,
        commands: COMMANDS.iter().filter(|command| command.group == *group).map(Line::new).collect(),
    };
    Overview {
        sections: HEADINGS.iter().map(section).collect(),
        tail: vec![
            "An unambiguous beginning of a name is enough. An empty line repeats step, next, continue, x, u.",
            "Several commands stand on a line with ; between them. Ctrl-C stops the guest, Ctrl-D leaves.",
            "help COMMAND tells more; info lists its topics; apropos WORD searches.",
        ],
    }
}

/// The topics of `info`.
pub fn topics() -> Overview {
    let section = Section { title: "info TOPIC", commands: TOPICS.iter().map(Line::new).collect() };
    Overview { sections: vec![section], tail: vec!["A device's name is a topic too: `devices` lists them."] }
}

/// `apropos WORD`.
pub fn apropos(_: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let word = arguments.text.trim().to_lowercase();
    if word.is_empty() {
        return Err(arguments.usage("a word is missing"));
    }
    let has = |command: &&Command| {
        let texts = [command.name, command.help, command.more];
        let in_text = texts.iter().any(|text| text.to_lowercase().contains(&word));
        in_text || command.aliases.iter().any(|(alias, _)| *alias == word)
    };
    let section =
        |title, table: &[Command]| Section { title, commands: table.iter().filter(has).map(Line::new).collect() };
    let mut sections = vec![section("Commands", COMMANDS), section("Topics of info", TOPICS)];
    sections.retain(|section| !section.commands.is_empty());
    let tail = if sections.is_empty() { vec!["nothing has that word; `help` lists all commands"] } else { Vec::new() };
    answer(Overview { sections, tail })
}

impl Show for Overview {
    fn show(&self, page: &mut Page) {
        for section in &self.sections {
            page.line(page.tone(Tone::Title, section.title));
            let rows: Vec<Vec<String>> = section
                .commands
                .iter()
                .map(|line| {
                    let first = line.short.iter().take(2).copied().collect::<Vec<_>>().join(" ");
                    vec![format!("  {}", line.name), first, line.help.to_string()]
                })
                .collect();
            page.table(&rows);
        }
        for line in &self.tail {
            page.line(line);
        }
    }
}

impl Show for Full {
    fn show(&self, page: &mut Page) {
        page.line(page.tone(Tone::Title, &self.usage));
        page.paragraph("  ", &format!("{}.", self.line.help));
        if !self.more.is_empty() {
            page.paragraph("  ", &self.more);
        }
        if !self.line.short.is_empty() {
            page.line(format!("  short forms: {}", self.line.short.join(", ")));
        }
        page.line("  examples:");
        for example in self.examples {
            page.line(format!("    {example}"));
        }
        if !self.see.is_empty() {
            page.line(format!("  see also: {}", self.see.join(", ")));
        }
    }
}

/// The known name that is nearest to a word, if any is near.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let scored = names.map(|name| (distance(&word, name), name));
    let (best, name) = scored.min_by_key(|(distance, _)| *distance)?;
    // More than a third wrong is another word.
    (best <= 1 + word.chars().count() / 3).then(|| name.to_string())
}

/// Letters to insert, delete, replace or swap with a neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = || ["step", "stack", "set", "continue"].into_iter();
        assert_eq!(nearest("stpe", names()).as_deref(), Some("step"));
        assert_eq!(nearest("contnue", names()).as_deref(), Some("continue"));
        assert_eq!(nearest("frobnicate", names()), None);
    }
}
