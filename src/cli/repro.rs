//! `ringwalk repro`: writes down what a run was made of, and checks that it still gives the same machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ringwalk_snapshots::{StateHash, replace_file};

use super::options::{MachineArgs, StopArgs};
use super::report;
use super::setup::{Setup, setup};
use super::values;
use super::walk::walk;
use crate::host::{Front, FrontOptions};
use crate::machine::{DRIVE_NAMES, Machine, NoHost, RunLimits, Stop};
use crate::recipe::{Expect, Recipe, StopAt};

/// Status of a run that came to something else.
pub(super) const DIVERGENCE: u8 = 8;
/// Memory that keeping track of what comes in takes.
const TRACK_BYTES: usize = 16 << 20;

/// `ringwalk repro`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReproArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Run a machine and write down how to make it again
    Record(Box<RecordArgs>),
    /// Make the machine of a recipe again and compare
    Check {
        /// The recipe
        file: PathBuf,
    },
    /// Make the machine of a recipe again and go where standard input says: `bisect` asks this
    #[command(hide = true)]
    Walk {
        /// The recipe
        file: PathBuf,
    },
}

#[derive(Args, Clone, Debug)]
struct RecordArgs {
    /// The recipe to write
    file: PathBuf,
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    stop: StopArgs,
    /// Image of a disk, floppy or CD, by its content; without any medium the built-in disk is used
    image: Option<PathBuf>,
}

/// Carries it out; answers with the program's status.
pub(crate) fn repro(args: ReproArgs) -> Result<u8, String> {
    match args.verb {
        Verb::Record(args) => record(*args),
        Verb::Check { file } => check(&file),
        Verb::Walk { file } => walk(&file),
    }
}

fn record(args: RecordArgs) -> Result<u8, String> {
    let RecordArgs { file, machine: options, stop: stops, image } = args;
    stops.check()?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let script = options.input.as_deref().map(read_text).transpose()?;
    let table = table_of(&options, &folder)?;
    let timeout = stops.timeout.as_deref().map(|text| values::seconds("timeout", text)).transpose()?;
    let max_insns = stops.max_insns.as_deref().map(|text| values::count("max-insns", text)).transpose()?;
    let Setup { mut machine, front, no_reboot, .. } = setup(options, image.as_deref(), true)?;
    machine.keep_history(TRACK_BYTES).map_err(|error| error.to_string())?;
    let limits = RunLimits {
        position: None,
        retired: max_insns.map(|count| machine.cpu.retired.saturating_add(count)),
        serial: stops.until_serial.clone(),
        screen: stops.until_screen.clone(),
        reset: no_reboot,
        continued: false,
    };
    let mut front = Front::open(FrontOptions { timeout, ..front })?;
    front.begin(&machine);
    let stop = machine.run(&limits, &mut front);
    front.end(&machine)?;
    if let Stop::Host(trouble) = &stop {
        return Err(trouble.clone());
    }
    let at = StopAt { position: machine.position(), why: report::sentence(&stop) };
    let expect = Expect { hash: machine.hash().to_string(), retired: machine.cpu.retired };
    let mut recipe = Recipe::new(table, media_of(&machine), at, expect);
    recipe.image = image.map(|image| from_folder(&image, &folder));
    recipe.script = script;
    recipe.set_arrivals(&machine.arrivals().map_err(|error| error.to_string())?);
    let text = recipe.to_text()?;
    replace_file(&file, |out| out.write_all(text.as_bytes())).map_err(|error| error.to_string())?;
    eprintln!("ringwalk: {} at position {}, hash {}", report::sentence(&stop), machine.position(), recipe.expect.hash);
    Ok(report::status(&stop, &stops))
}

/// The machine of a recipe at power-on, with what will come in.
pub(super) struct Again {
    pub(super) machine: Machine,
    pub(super) recipe: Recipe,
}

/// Makes the machine of a recipe again. What is not as the recipe says is answered in words.
pub(super) fn made_again(file: &Path, history_bytes: usize) -> Result<Result<Again, Vec<String>>, String> {
    let name = file.display();
    let recipe = Recipe::read(file)?;
    let mut options = recipe.options(file)?;
    options.input = None;
    let arrivals = recipe.arrivals().map_err(|problem| format!("{name}: {problem}"))?;
    let image = recipe.image(file);
    let Setup { mut machine, .. } = setup(options, image.as_deref(), false)?;
    if let Some(script) = &recipe.script {
        let script = crate::script::parse(script).map_err(|error| format!("{name}: script: {error}"))?;
        machine.set_script(script);
    }
    let found = media_of(&machine);
    let others: Vec<&String> = recipe.media.keys().filter(|name| found.get(*name) != recipe.media.get(*name)).collect();
    if !others.is_empty() || found.len() != recipe.media.len() {
        let told = others.into_iter().map(|other| format!("{name}: {other} is not what the recipe was made with"));
        return Ok(Err(told.chain([format!("{name}: other media, so the run was not made")]).collect()));
    }
    machine.keep_history(history_bytes).map_err(|error| error.to_string())?;
    machine.expect_arrivals(&arrivals, recipe.stop.position).map_err(|problem| format!("{name}: {problem}"))?;
    Ok(Ok(Again { machine, recipe }))
}

fn check(file: &Path) -> Result<u8, String> {
    let name = file.display();
    let Again { mut machine, recipe } = match made_again(file, TRACK_BYTES)? {
        Ok(again) => again,
        Err(lines) => {
            lines.iter().for_each(|line| println!("{line}"));
            return Ok(DIVERGENCE);
        }
    };
    let stop = machine.go_to(recipe.stop.position, &mut NoHost);
    machine.take_arrivals_here();
    let hash = machine.hash().to_string();
    let same = hash == recipe.expect.hash && machine.cpu.retired == recipe.expect.retired;
    if same {
        println!("{name}: the same machine at position {}, hash {hash}", machine.position());
        return Ok(0);
    }
    println!(
        "{name}: ANOTHER machine at position {} ({}): hash {hash}, {} retired; expected {}, {} retired",
        machine.position(),
        report::sentence(&stop),
        machine.cpu.retired,
        recipe.expect.hash,
        recipe.expect.retired
    );
    Ok(DIVERGENCE)
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))
}

/// A path as it is found from a folder: relative ones are from the present folder.
fn from_folder(path: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() || path.is_absolute() {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The options that were given, as a recipe's table. What only concerns the host is left out.
fn table_of(options: &MachineArgs, folder: &Path) -> Result<toml::Table, String> {
    if options.restore.is_some() || options.write {
        return Err("a recipe begins at power-on and leaves images alone: record without --restore and --write".into());
    }
    let mut options = options.clone();
    if let Some(path) = options.config.take() {
        let file = crate::config::parse(&read_text(&path)?, &path)
            .map_err(|problem| format!("{}: {problem}", path.display()))?;
        options = options.or(file);
    }
    options.paths().for_each(|path| *path = from_folder(path, folder));
    let mut table = toml::Table::try_from(&options).map_err(|error| error.to_string())?;
    for host in ["input", "serial", "debugcon", "display", "realtime", "history", "verify-fast", "profile"] {
        table.remove(host);
    }
    let is_given = |value: &toml::Value| match value {
        toml::Value::Boolean(given) => *given,
        toml::Value::Array(values) => !values.is_empty(),
        _ => true,
    };
    table.retain(|_, value| is_given(value));
    Ok(table)
}

/// What the machine was given, by hash.
fn media_of(machine: &Machine) -> BTreeMap<String, String> {
    let (bios, vga_bios) = machine.firmware_hashes();
    let image = |(number, image): (usize, &Option<crate::machine::ImageName>)| {
        let image = (*image)?;
        Some((DRIVE_NAMES[number].to_owned(), format!("{} {}", image.bytes, image.hash)))
    };
    let hash = |name: &str, hash: StateHash| (name.to_owned(), hash.to_string());
    let firmware = [hash("bios", bios), hash("vgabios", vga_bios)];
    machine.images().iter().enumerate().filter_map(image).chain(firmware).collect()
}
