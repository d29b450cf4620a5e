//! A debugging session: lines in, answers out. It needs no terminal.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::commands::{Arguments, Command, Group, Run, find};
use crate::context::context;
use crate::desk::Desk;
use crate::error::Error;
use crate::page::{Answer, Page, Show};
use crate::target::{Stop, Target};
use crate::token;
use crate::tour::Tour;

/// How a session speaks.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// One JSON object a command, instead of text.
    pub json: bool,
    /// Colour: only for a terminal, and only while NO_COLOR is unset.
    pub colour: bool,
    /// The script of the guided tour.
    pub tour: Option<String>,
}

/// What becomes of the session after a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    On,
    /// A command failed, and the rest of its line was not run. With JSON the error was written.
    Failed(Error),
    /// It ends.
    Quit,
}

/// How deep files of commands may call each other.
const DEEPEST_SOURCE: u32 = 8;

/// A session with a machine.
pub struct Session<'t> {
    target: &'t mut dyn Target,
    desk: Desk,
    json: bool,
    colour: bool,
    /// The last command that an empty line repeats.
    repeated: Option<String>,
    source_depth: u32,
    /// A terminal shows the session, with what the user types.
    on_terminal: bool,
}

impl<'t> Session<'t> {
    /// A session with a machine; an error if the tour's script cannot be read.
    pub fn new(target: &'t mut dyn Target, options: Options) -> Result<Session<'t>, Error> {
        let tour = options.tour.as_deref().map(Tour::read).transpose()?;
        let Options { json, colour, .. } = options;
        let desk = Desk { tour, ..Desk::default() };
        Ok(Session { target, desk, json, colour, repeated: None, source_depth: 0, on_terminal: false })
    }

    /// Runs the commands of a line and writes their answers. An empty line repeats the last step-like command.
    pub fn exec(&mut self, line: &str, out: &mut dyn Write) -> io::Result<Flow> {
        let commands = token::commands(line);
        if line.trim().is_empty() {
            return match self.repeated.clone() {
                Some(again) => self.command(&again, out),
                None => Ok(Flow::On),
            };
        }
        if !commands.is_empty() {
            self.desk.history.push(line.trim().to_string());
        }
        for command in commands {
            let flow = self.command(command, out)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// Runs one command, and what breakpoints want to be run where it stops.
    fn command(&mut self, line: &str, out: &mut dyn Write) -> io::Result<Flow> {
        let mut flow = self.one_command(line, out)?;
        while let Some(actions) = self.desk.due_actions.take() {
            for action in token::commands(&actions) {
                if flow != Flow::On {
                    return Ok(flow);
                }
                flow = self.one_command(action, out)?;
                // What was to be done at the stop that was left is left undone.
                if self.desk.due_actions.is_some() {
                    break;
                }
            }
        }
        Ok(flow)
    }

    fn one_command(&mut self, line: &str, out: &mut dyn Write) -> io::Result<Flow> {
        let (word, format, rest) = split(line);
        let (row, prefix) = match find(word) {
            Ok(found) => found,
            Err(error) => return self.failed(word, error, out),
        };
        let arguments = Arguments { row, format, text: format!("{prefix}{rest}").into() };
        if format.is_some() && !row.arguments.starts_with("[/") {
            let error = arguments.usage(format!("`{}` takes no format behind a slash", row.name));
            return self.failed(row.name, error, out);
        }
        let answered = match row.run {
            Run::Look(function) => function(&*self.target, &mut self.desk, &arguments),
            Run::Act(function) => {
                if row.group == Group::Changing {
                    // What was may be no more.
                    self.desk.steps = None;
                }
                function(&mut *self.target, &mut self.desk, &arguments)
            }
            Run::Session(function) => return function(self, &arguments, out),
        };
        self.repeated = repetition(row, line).or_else(|| self.repeated.take());
        match answered {
            Ok(answer) => {
                let interrupted = row.group == Group::Running && self.desk.last_stop == Some(Stop::Interrupted);
                if self.on_terminal && interrupted {
                    // The terminal has shown ^C at the start of the line.
                    writeln!(out)?;
                }
                self.write(row.name, &*answer, out)?;
                Ok(Flow::On)
            }
            Err(error) => self.failed(row.name, error, out),
        }
    }

    fn write(&self, command: &str, answer: &dyn Answer, out: &mut dyn Write) -> io::Result<()> {
        if self.json {
            let (command, value) = (json!(command), answer.json());
            return writeln!(out, r#"{{"command":{command},"ok":true,"value":{value}}}"#);
        }
        let mut page = Page::new(self.colour);
        answer.text(&mut page);
        out.write_all(page.finish().as_bytes())
    }

    fn failed(&mut self, command: &str, error: Error, out: &mut dyn Write) -> io::Result<Flow> {
        if self.json {
            let (command, error) = (json!(command), json!(error.to_string()));
            writeln!(out, r#"{{"command":{command},"ok":false,"error":{error}}}"#)?;
        }
        Ok(Flow::Failed(error))
    }

    /// Writes the context, as a session begins with it.
    pub fn show_context(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let now = context(&*self.target, None, None);
        self.write("context", &now, out)
    }

    /// Writes something that no command asked for; JSON readers do not get it.
    pub fn show(&self, value: &impl Show, out: &mut dyn Write) -> io::Result<()> {
        if self.json { Ok(()) } else { self.write("", value, out) }
    }

    /// Tells the session that a terminal shows it.
    pub fn on_terminal(&mut self) {
        self.on_terminal = true;
    }

    /// True if answers are JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// True if answers may have colour.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// True if there is a tour.
    pub fn has_tour(&self) -> bool {
        self.desk.tour.is_some()
    }

    /// How the machine last stopped; `None` before the first run, and where a command reached its own end.
    pub fn last_stop(&self) -> Option<&Stop> {
        self.desk.last_stop.as_ref()
    }

    /// The machine, to look at.
    pub fn target(&self) -> &dyn Target {
        self.target
    }
}

/// The command word, what follows a slash on it, and the rest.
fn split(line: &str) -> (&str, Option<&str>, &str) {
    let line = line.trim();
    let end = line.find(|letter: char| letter.is_whitespace() || "/\"'*=([".contains(letter)).unwrap_or(line.len());
    // A line that begins with none of the letters of a name has its first sign as its word, for the message.
    let end = if end == 0 { line.chars().next().map_or(0, char::len_utf8) } else { end };
    let (word, rest) = line.split_at(end);
    let Some(behind) = rest.strip_prefix('/') else {
        return (word, None, rest.trim());
    };
    let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
    let (format, rest) = behind.split_at(end);
    (word, Some(format), rest.trim())
}

/// An error if a line does not begin with a command.
pub(crate) fn known_command(line: &str) -> Result<(), Error> {
    find(split(line).0).map(drop)
}

/// What an empty line does after this command: the same, but where it shows memory, the next piece.
fn repetition(row: &Command, line: &str) -> Option<String> {
    match row.name {
        "x" | "disassemble" => {
            let (word, format, _) = split(line);
            Some(format.map_or_else(|| word.to_string(), |format| format!("{word}/{format}")))
        }
        // Only going on is repeated, not lists.
        "tour" => line.contains(" n").then(|| line.to_string()),
        _ => row.repeats.then(|| line.to_string()),
    }
}

/// `source FILE`.
pub fn source(session: &mut Session<'_>, arguments: &Arguments<'_>, out: &mut dyn Write) -> io::Result<Flow> {
    let path = match arguments.path() {
        Ok(path) => PathBuf::from(path),
        Err(error) => return session.failed("source", error, out),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(problem) => {
            let error = Error::File { path, problem: problem.to_string() };
            return session.failed("source", error, out);
        }
    };
    if session.source_depth == DEEPEST_SOURCE {
        let error = Error::Value(format!("{} calls itself, or files call each other too deeply", path.display()));
        return session.failed("source", error, out);
    }
    session.source_depth += 1;
    let flow = script(session, &text, out);
    session.source_depth -= 1;
    match flow? {
        (number, Flow::Failed(error)) => {
            Ok(Flow::Failed(Error::Value(format!("{} line {number}: {error}", path.display()))))
        }
        (_, flow) => Ok(flow),
    }
}

/// Runs lines until one fails or quits; answers the number of the last one with how it ended.
pub(crate) fn script(session: &mut Session<'_>, text: &str, out: &mut dyn Write) -> io::Result<(usize, Flow)> {
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let flow = session.exec(line, out)?;
        if flow != Flow::On {
            return Ok((index + 1, flow));
        }
    }
    Ok((0, Flow::On))
}

/// `quit`.
pub fn quit(session: &mut Session<'_>, arguments: &Arguments<'_>, out: &mut dyn Write) -> io::Result<Flow> {
    match arguments.none() {
        Ok(()) => Ok(Flow::Quit),
        Err(error) => session.failed("quit", error, out),
    }
}
