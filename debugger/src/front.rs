//! The front ends: the REPL on a terminal, lines from a pipe, and batches. They alone touch terminal and files.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crate::editor::{Editor, Entered};
use crate::error::Error;
use crate::page::{Note, Page, Tone};
use crate::session::{Flow, Session, script};

/// True if answers on standard output may have colour: a terminal reads them and NO_COLOR is unset.
pub fn wants_colour() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && unset("NO_COLOR") && !dumb
}

/// Runs commands from a text, as `-e` and `-x` give it, and stops at the first that fails.
pub fn batch(session: &mut Session<'_>, commands: &str, out: &mut dyn Write) -> io::Result<Result<(), Error>> {
    let (number, flow) = script(session, commands, out)?;
    out.flush()?;
    let is_long = commands.trim().lines().count() > 1;
    Ok(match flow {
        Flow::Failed(error) if is_long => Err(Error::Value(format!("line {number}: {error}"))),
        Flow::Failed(error) => Err(error),
        Flow::On | Flow::Quit => Ok(()),
    })
}

/// Reads commands from standard input until `quit` or its end: with a line editor if it is a terminal, else line by
/// line. `history` is the file that keeps the lines typed.
pub fn repl(session: &mut Session<'_>, history: Option<&Path>) -> io::Result<()> {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut out = io::stdout();
    if !terminal || session.is_json() {
        return lines(session, &mut io::stdin().lock(), &mut out);
    }
    session.on_terminal();
    greet(session, &mut out)?;
    let devices = session.target().device_names();
    let mut editor = Editor::new(history, session.has_colour(), devices)?;
    loop {
        match editor.read("ringwalk> ")? {
            Entered::Line(line) => {
                if !tell(session, &line, &mut out)? {
                    break;
                }
            }
            Entered::Interrupted => writeln!(out, "Ctrl-C stops a running guest; Ctrl-D or `quit` leaves")?,
            Entered::End => break,
        }
        out.flush()?;
    }
    editor.keep_history().or_else(|problem| {
        let file = history.unwrap_or(Path::new("?")).display();
        writeln!(out, "the history was not kept: {file}: {problem}")
    })
}

/// The first screen of a session on a terminal.
fn greet(session: &mut Session<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tour = if session.has_tour() { "\n`tour next` begins the guided tour." } else { "" };
    let message = format!("Stopped before the first instruction. `help` lists the commands.{tour}");
    session.show(&Note { message }, out)?;
    session.show_context(out)
}

/// Runs commands line by line; empty lines do nothing here, so that a script may have them.
pub fn lines(session: &mut Session<'_>, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<()> {
    for line in input.lines() {
        let line = line?;
        if !line.trim().is_empty() && !tell(session, &line, out)? {
            break;
        }
        out.flush()?;
    }
    Ok(())
}

/// Runs a line and tells what is wrong with it; false when the session ends.
fn tell(session: &mut Session<'_>, line: &str, out: &mut dyn Write) -> io::Result<bool> {
    match session.exec(line, out)? {
        Flow::On => Ok(true),
        Flow::Quit => Ok(false),
        Flow::Failed(error) => {
            if !session.is_json() {
                let page = Page::new(session.has_colour());
                writeln!(out, "{}", page.tone(Tone::Warning, format!("error: {error}")))?;
            }
            Ok(true)
        }
    }
}
