//! `ringwalk snapshot`: what is in snapshot files, whether they are whole, and how two differ.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ringwalk_snapshots::{Diff, Info, PAGE_SIZE, SectionDifference, Snapshot, diff, info, replace_file, verify};
use serde::Serialize;

use super::report::USAGE;
use super::snapshot_core::{Run, write_core};
use super::snapshot_put::put;
use super::snapshot_words::differences;
use crate::machine::{processor, section_json};

/// `ringwalk snapshot`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// What is in a snapshot
    Info {
        /// Snapshot files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Whether a snapshot is whole
    Verify {
        /// Snapshot files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// A section as JSON: cpu0, board, machine, disks, and timing or boot_image where there is one
    Show {
        /// The snapshot
        file: PathBuf,
        /// The section's name
        section: String,
    },
    /// Write memory and registers as an ELF core file, which gdb reads
    Core {
        /// The snapshot
        file: PathBuf,
        /// The core file
        core: PathBuf,
    },
    /// Write main memory as it is
    Raw {
        /// The snapshot
        file: PathBuf,
        /// The file for the bytes
        raw: PathBuf,
    },
    /// Make a snapshot with other memory or registers
    Put {
        /// The snapshot that has the rest
        file: PathBuf,
        /// The new snapshot
        new: PathBuf,
        /// Main memory, as `raw` writes it
        #[arg(long, value_name = "FILE")]
        raw: Option<PathBuf>,
        /// The processor as JSON, as `show FILE cpu0` prints it
        #[arg(long, value_name = "FILE", required_unless_present = "raw")]
        registers: Option<PathBuf>,
    },
    /// In which fields and pages two snapshots differ
    Diff {
        /// The left one
        left: PathBuf,
        /// The right one
        right: PathBuf,
    },
}

/// Carries it out; answers with the program's status.
pub(crate) fn snapshot(args: SnapshotArgs) -> Result<u8, String> {
    match &args.verb {
        Verb::Info { files } => files.iter().try_for_each(|path| show_info(path, args.json)).map(|()| 0),
        Verb::Verify { files } => {
            let mut status = 0;
            for path in files {
                status = status.max(show_verify(path, args.json)?);
            }
            Ok(status)
        }
        Verb::Show { file, section } => show_section(file, section).map(|()| 0),
        Verb::Core { file, core } => write_core_file(file, core).map(|()| 0),
        Verb::Raw { file, raw } => write_raw(file, raw).map(|()| 0),
        Verb::Put { file, new, raw, registers } => put(file, new, raw.as_deref(), registers.as_deref()).map(|()| 0),
        Verb::Diff { left, right } => show_diff(left, right, args.json),
    }
}

pub(super) fn open(path: &Path) -> Result<Snapshot, String> {
    Snapshot::open(path).map_err(|error| error.to_string())
}

/// A file's contents with the state hash of its machine.
#[derive(Serialize)]
struct Named<'a> {
    file: String,
    state_hash: String,
    #[serde(flatten)]
    info: &'a Info,
}

fn show_info(path: &Path, json: bool) -> Result<(), String> {
    let snapshot = open(path)?;
    let tree = snapshot.hash_tree().map_err(|error| format!("{}: {error}", path.display()))?;
    let info = info(&snapshot);
    let named = Named { file: path.display().to_string(), state_hash: tree.root().to_string(), info: &info };
    if json {
        return print_json(&named);
    }
    println!("{}: format {}, {} bytes, pages {:.1} to 1", named.file, info.format, info.file_len, info.ratio());
    println!("  state hash  {}", named.state_hash);
    println!("  file hash   {}", info.root);
    if let Some(base) = &info.base {
        println!("  on          {base}, which has the pages that are not in this file");
    }
    for section in &info.sections {
        println!("  section     {:10} version {:3} {:10} bytes", section.name, section.version, section.len);
    }
    for store in &info.stores {
        println!("  pages       {:10} {:7} of {} not zero", store.name, store.mapped, store.page_count);
    }
    Ok(())
}

fn show_verify(path: &Path, json: bool) -> Result<u8, String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    let problems: Vec<String> = verify(&bytes).iter().map(ToString::to_string).collect();
    if json {
        print_json(&serde_json::json!({ "file": name, "whole": problems.is_empty(), "problems": problems }))?;
    } else if problems.is_empty() {
        println!("{name}: whole");
    } else {
        problems.iter().for_each(|problem| println!("{name}: {problem}"));
    }
    Ok(if problems.is_empty() { 0 } else { USAGE })
}

/// Status 0 if they are equal, 8 (divergence) if not.
fn show_diff(left: &Path, right: &Path, json: bool) -> Result<u8, String> {
    const DIVERGENCE: u8 = 8;
    let (left, right) = (open(left)?, open(right)?);
    let diff = diff(&left, &right).map_err(|error| error.to_string())?;
    if json {
        print_json(&diff)?;
    } else if diff.is_empty() {
        println!("the same state");
    } else {
        print_diff(&diff);
        print_fields(&diff, &left, &right);
    }
    Ok(if diff.is_empty() { 0 } else { DIVERGENCE })
}

fn show_section(path: &Path, name: &str) -> Result<(), String> {
    let snapshot = open(path)?;
    let value = section_json(&snapshot, name).map_err(|error| format!("{}: {error}", path.display()))?;
    let names = || info(&snapshot).sections.into_iter().map(|section| section.name).collect::<Vec<_>>().join(", ");
    let value = value.ok_or_else(|| format!("{}: there is no section {name}, only {}", path.display(), names()))?;
    println!("{}", serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?);
    Ok(())
}

/// Pages of main memory that lie at their own number: those above the hole for PCI begin at 4 GiB.
const BELOW_HOLE: u64 = (3 << 30) / PAGE_SIZE as u64;
const ABOVE_HOLE: u64 = (4 << 30) / PAGE_SIZE as u64;

fn write_core_file(path: &Path, core: &Path) -> Result<(), String> {
    let mut snapshot = open(path)?;
    let trouble = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let cpu = processor(&snapshot).map_err(|error| trouble(&error))?;
    let mut runs: Vec<Run> = Vec::new();
    let mut pages = snapshot.pages("ram").map_err(|error| trouble(&error))?;
    while let Some((number, bytes)) = pages.next_page().map_err(|error| trouble(&error))? {
        let page = if number < BELOW_HOLE { number } else { number - BELOW_HOLE + ABOVE_HOLE };
        if page >= ABOVE_HOLE && !cpu.long_mode() {
            // A 32-bit file has no room for it.
            break;
        }
        match runs.last_mut() {
            Some(run) if run.page + (run.bytes.len() / PAGE_SIZE) as u64 == page => run.bytes.extend_from_slice(bytes),
            _ => runs.push(Run { page, bytes: bytes.to_vec() }),
        }
    }
    replace_file(core, |out| write_core(out, &cpu, &runs)).map_err(|error| error.to_string())
}

fn write_raw(path: &Path, raw: &Path) -> Result<(), String> {
    let mut snapshot = open(path)?;
    let trouble = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut pages = snapshot.pages("ram").map_err(|error| trouble(&error))?;
    let count = pages.page_count();
    let mut next = 0;
    replace_file(raw, |out| {
        while let Some((number, bytes)) = pages.next_page().map_err(std::io::Error::other)? {
            zeros(out, number - next)?;
            out.write_all(bytes)?;
            next = number + 1;
        }
        zeros(out, count - next)
    })
    .map_err(|error| error.to_string())
}

fn zeros(out: &mut dyn std::io::Write, pages: u64) -> std::io::Result<()> {
    (0..pages).try_for_each(|_| out.write_all(&[0; PAGE_SIZE]))
}

/// The fields that differ, in words, where both files have them in the present version.
pub(super) fn print_fields(diff: &Diff, left: &Snapshot, right: &Snapshot) {
    for section in &diff.sections {
        let values = (section_json(left, &section.name), section_json(right, &section.name));
        if let (Ok(Some(left)), Ok(Some(right))) = values {
            for line in differences(&section.name, &left, &right) {
                println!("  {line}");
            }
        }
    }
}

pub(super) fn print_diff(diff: &Diff) {
    for section in &diff.sections {
        let words = match section.difference {
            SectionDifference::OnlyLeft => "only in the left one".to_owned(),
            SectionDifference::OnlyRight => "only in the right one".to_owned(),
            SectionDifference::Versions { left, right } => format!("version {left} and {right}"),
            SectionDifference::Bytes { left_len, right_len, first } => {
                format!("from byte {first} of {left_len} and {right_len}")
            }
        };
        println!("  section     {:10} {words}", section.name);
    }
    for store in &diff.stores {
        let count = |count: Option<u64>| count.map_or("none".to_owned(), |count| count.to_string());
        if store.left_page_count != store.right_page_count {
            let (left, right) = (count(store.left_page_count), count(store.right_page_count));
            println!("  pages       {:10} size {left} and {right}", store.name);
        }
        let ranges = store.pages.iter().map(|range| match range.end - range.start {
            1 => format!("{:x}", range.start),
            _ => format!("{:x}-{:x}", range.start, range.end - 1),
        });
        println!(
            "  pages       {:10} {} differ: {}",
            store.name,
            store.page_total(),
            ranges.collect::<Vec<_>>().join(" ")
        );
    }
}

fn print_json(value: &impl Serialize) -> Result<(), String> {
    println!("{}", serde_json::to_string(value).map_err(|error| error.to_string())?);
    Ok(())
}
