//! Sessions as their users see them: how a session becomes a text. Each file beside this one has sessions of one topic.

use std::io::Write as _;

use crate::fake::Fake;
use crate::session::{Flow, Options, Session};

mod looking;
mod running;
mod session;
mod stopping;
mod time;

/// What a user sees of these lines.
fn transcript(fake: &mut Fake, typed: &[&str]) -> String {
    transcript_with(fake, Options::default(), typed)
}

fn transcript_with(fake: &mut Fake, options: Options, typed: &[&str]) -> String {
    let mut session = Session::new(fake, options).unwrap();
    let mut out = Vec::new();
    for line in typed {
        writeln!(out, "ringwalk> {line}").unwrap();
        match session.exec(line, &mut out).unwrap() {
            Flow::On => (),
            Flow::Failed(error) => writeln!(out, "error: {error}").unwrap(),
            Flow::Quit => writeln!(out, "(left)").unwrap(),
        }
    }
    String::from_utf8(out).unwrap()
}

/// As [`transcript`], with the first line only of a context.
fn transcript_brief(fake: &mut Fake, typed: &[&str]) -> String {
    let all = transcript(fake, typed);
    let mut brief = String::new();
    let mut context = false;
    for line in all.lines() {
        context = (context || line.starts_with("real mode")) && !line.starts_with("ringwalk>");
        if !context {
            brief.push_str(line);
            brief.push('\n');
        }
    }
    brief
}

/// The first line of each answer.
fn first_lines(fake: &mut Fake, typed: &[&str]) -> String {
    let mut session = Session::new(fake, Options::default()).unwrap();
    let mut all = String::new();
    for line in typed {
        let mut out = Vec::new();
        let text = match session.exec(line, &mut out).unwrap() {
            Flow::Failed(error) => format!("error: {error}"),
            _ => String::from_utf8(out).unwrap(),
        };
        all.push_str(&format!("{line}: {}\n", text.lines().next().unwrap_or("(nothing)")));
    }
    all
}

/// mov cx,3; again: call sub; dec cx; jnz again; mov word [500h],1234h; hlt ... 7c20: sub: push cx; pop cx; ret
const COUNTING: [u8; 0x23] = {
    let mut code = [0x90; 0x23];
    let start = [0xB9, 0x03, 0x00, 0xE8, 0x1A, 0x00, 0x49, 0x75, 0xFA, 0xC7, 0x06, 0x00, 0x05, 0x34, 0x12, 0xF4];
    let mut at = 0;
    while at < start.len() {
        code[at] = start[at];
        at += 1;
    }
    (code[0x20], code[0x21], code[0x22]) = (0x51, 0x59, 0xC3);
    code
};
