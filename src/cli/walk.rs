//! `ringwalk repro walk FILE`: a run that goes where it is told, line by line, and tells what it is there. `bisect` asks two
//! of these, perhaps of two builds.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use ringwalk_debugger::disassembly::text_of_bytes;
use ringwalk_debugger::space::Address;
use serde::{Deserialize, Serialize};

use super::report;
use super::repro::{Again, made_again};
use crate::host::Keeping;
use crate::machine::{Machine, Stop};

/// Memory for the history of a run that is walked.
const HISTORY_BYTES: usize = 192 << 20;
/// Longest instruction, in bytes.
const LONGEST: u32 = 15;

/// Where a run stands.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// The first boundary at or after the position that was asked for, or the last that there is.
    pub(super) position: u64,
    /// Where the recorded run ended.
    pub(super) end: u64,
    /// Why it is not there, in words.
    pub(super) stop: Option<String>,
    /// The next instruction.
    pub(super) next: String,
    /// The hashes of the state's parts.
    pub(super) parts: BTreeMap<String, String>,
}

/// An answer.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// To `goto POSITION`.
    At(Moment),
    /// To `save FILE`.
    Saved,
    /// It cannot be done.
    Trouble(String),
}

/// Carries it out; answers with the program's status.
pub(super) fn walk(file: &Path) -> Result<u8, String> {
    let mut again = made_again(file, HISTORY_BYTES)?.map_err(|lines| lines.join("; "))?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("standard input: {error}"))?;
        let answer = obey(&mut again, &line).unwrap_or_else(Answer::Trouble);
        let text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
        let told = writeln!(out, "{text}").and_then(|()| out.flush());
        told.map_err(|error| format!("standard output: {error}"))?;
    }
    Ok(0)
}

fn obey(again: &mut Again, line: &str) -> Result<Answer, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "goto" => {
            let position = rest.parse().map_err(|_| format!("`{rest}` is no position"))?;
            let stop = again.machine.go_to(position, &mut Keeping::default());
            Ok(Answer::At(moment(again, &stop)))
        }
        "save" => {
            again.machine.save_to(Path::new(rest), None).map_err(|error| error.to_string())?;
            Ok(Answer::Saved)
        }
        _ => Err(format!("`{line}` is neither goto POSITION nor save FILE")),
    }
}

fn moment(again: &mut Again, stop: &Stop) -> Moment {
    let machine = &mut again.machine;
    let tree = machine.hash_tree();
    Moment {
        position: machine.position(),
        end: again.recipe.stop.position,
        stop: (*stop != Stop::Position).then(|| report::sentence(stop)),
        next: next_instruction(machine),
        parts: tree.parts().map(|(name, hash)| (name.to_owned(), hash.to_string())).collect(),
    }
}

fn next_instruction(machine: &Machine) -> String {
    let (cpu, memory) = (&machine.cpu, &machine.memory);
    let at = Address::of_next(cpu);
    let bytes: Vec<u8> = (0..LONGEST).map_while(|index| at.plus(index).peek(cpu, memory)).collect();
    format!("{} {}", at.text(), text_of_bytes(ringwalk_debugger::disassembly::bits(cpu), cpu.rip, &bytes))
}
