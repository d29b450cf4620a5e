//! `ringwalk bisect`: the first step that differs between two runs, or between two builds over one run. Both are walked to
//! the same places and the hashes of their states compared: first in equal pieces from the start, then by halves.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use clap::Args;
use ringwalk_snapshots::{Snapshot, diff};

use super::repro::DIVERGENCE;
use super::snapshot::{print_diff, print_fields};
use super::walk::{Answer, Moment};

/// Pieces that the runs are compared in before the first that differs is halved.
const PIECES: u64 = 64;

/// `ringwalk bisect`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BisectArgs {
    /// The recipe of a run, as `repro record` writes it
    left: PathBuf,
    /// The recipe of the other run; the same file again for two builds
    right: PathBuf,
    /// The program that makes the other run [default: this one]
    #[arg(long, value_name = "PROGRAM")]
    with: Option<PathBuf>,
}

/// A run that another process makes.
struct Side {
    name: String,
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Side {
    fn start(program: &Path, recipe: &Path) -> Result<Side, String> {
        let name = recipe.display().to_string();
        let cannot = |error: std::io::Error| format!("{}: cannot be started: {error}", program.display());
        let mut command = Command::new(program);
        let command = command.args(["repro", "walk"]).arg(recipe).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(cannot)?;
        let (commands, answers) = (child.stdin.take(), child.stdout.take());
        let (Some(commands), Some(answers)) = (commands, answers) else {
            return Err(format!("{}: has no standard input and output", program.display()));
        };
        Ok(Side { name, child, commands, answers: BufReader::new(answers) })
    }

    fn tell(&mut self, line: &str) -> Result<(), String> {
        writeln!(self.commands, "{line}").map_err(|_| format!("{}: the run has ended", self.name))
    }

    fn hear(&mut self) -> Result<Answer, String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return Err(format!("{}: the run has ended; does its program know `repro walk`?", self.name));
        }
        match serde_json::from_str(&line) {
            Ok(Answer::Trouble(trouble)) => Err(format!("{}: {trouble}", self.name)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(format!("{}: its program answers in another way: {error}", self.name)),
        }
    }
}

/// Both runs.
struct Sides {
    both: [Side; 2],
    /// Parts of the state that differ from the start, which are not compared.
    ignored: BTreeSet<String>,
}

impl Sides {
    /// Both at a position. They run at the same time.
    fn at(&mut self, position: u64) -> Result<[Moment; 2], String> {
        self.both.iter_mut().try_for_each(|side| side.tell(&format!("goto {position}")))?;
        let [left, right] = &mut self.both;
        match (left.hear()?, right.hear()?) {
            (Answer::At(left), Answer::At(right)) => Ok([left, right]),
            _ => Err("a run answered something else than it was asked".to_owned()),
        }
    }

    /// The parts of the state that differ, and the position if that does.
    fn differences(&self, [left, right]: &[Moment; 2]) -> Vec<String> {
        let names: BTreeSet<&String> = left.parts.keys().chain(right.parts.keys()).collect();
        let differ = |name: &&&String| left.parts.get(**name) != right.parts.get(**name);
        let parts = names.iter().filter(differ).map(|name| (*name).clone());
        let position = (left.position != right.position).then(|| "the position".to_owned());
        parts.filter(|name| !self.ignored.contains(name)).chain(position).collect()
    }

    /// Says field by field what differs where both stand.
    fn tell_fields(&mut self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let mut open = |number: usize| {
            let path = folder.path().join(number.to_string());
            self.both[number].tell(&format!("save {}", path.display()))?;
            self.both[number].hear()?;
            Snapshot::open(&path).map_err(|error| error.to_string())
        };
        let (left, right) = (open(0)?, open(1)?);
        let diff = diff(&left, &right).map_err(|error| error.to_string())?;
        print_diff(&diff);
        print_fields(&diff, &left, &right);
        Ok(())
    }
}

/// Carries it out; answers with the program's status.
pub(crate) fn bisect(args: &BisectArgs) -> Result<u8, String> {
    let own = std::env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let other = args.with.as_deref().unwrap_or(&own);
    let both = [Side::start(&own, &args.left)?, Side::start(other, &args.right)?];
    let mut sides = Sides { both, ignored: BTreeSet::new() };
    let start = sides.at(0)?;
    let end = start[0].end.min(start[1].end);
    sides.ignored = sides.differences(&start).into_iter().collect();
    if !sides.ignored.is_empty() {
        let names: Vec<&str> = sides.ignored.iter().map(String::as_str).collect();
        println!("different from the start, and not compared: {}", names.join(", "));
    }
    let Some((low, high)) = first_piece(&mut sides, end)? else {
        println!("no difference up to {end}, compared in {PIECES} pieces");
        return Ok(0);
    };
    let (low, high) = halve(&mut sides, low, high)?;
    tell(&mut sides, low, high)?;
    Ok(DIVERGENCE)
}

/// The first piece at whose end the runs differ.
fn first_piece(sides: &mut Sides, end: u64) -> Result<Option<(u64, u64)>, String> {
    let mut low = 0;
    for piece in 1..=PIECES {
        let high = (u128::from(end) * u128::from(piece) / u128::from(PIECES)) as u64; // at most `end`
        let moments = sides.at(high)?;
        if !sides.differences(&moments).is_empty() {
            return Ok(Some((low, high)));
        }
        low = high;
    }
    Ok(None)
}

/// The runs are the same at the first position and differ at the second: brings both together.
fn halve(sides: &mut Sides, mut low: u64, mut high: u64) -> Result<(u64, u64), String> {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let moments = sides.at(middle)?;
        match sides.differences(&moments).is_empty() {
            true => low = middle,
            false => high = middle,
        }
    }
    Ok((low, high))
}

fn tell(sides: &mut Sides, low: u64, high: u64) -> Result<(), String> {
    let before = sides.at(low)?;
    let behind = sides.at(high)?;
    println!("the same at position {}; the step from there is the first that differs", before[0].position);
    for (which, (before, behind)) in ["left", "right"].into_iter().zip(before.iter().zip(&behind)) {
        let stop = behind.stop.as_ref().map_or_else(String::new, |stop| format!(", {stop}"));
        println!("  {which:5}  {}", before.next);
        println!("         leads to position {}, {}{stop}", behind.position, behind.next);
    }
    println!("  differ: {}", sides.differences(&behind).join(", "));
    sides.tell_fields()
}
