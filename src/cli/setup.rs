//! From options to a machine.

use std::path::Path;

use ringwalk_chipset::BootDevice;
use ringwalk_mmu::PAGE_BYTES;

use super::kernel;
use super::media_plan::MediaPlan;
use super::options::MachineArgs;
use super::values;
use crate::host::{Display, FrontOptions, Place, Ports, SpillFile};
use crate::machine::{Machine, MachineConfig, OnShutdown, Saved, Tuning};
use crate::{config, script};

/// A machine and what was said about how to run it.
pub(crate) struct Setup {
    /// The machine.
    pub(crate) machine: Machine,
    /// Its images.
    pub(crate) plan: MediaPlan,
    /// Where its ports lead.
    pub(crate) front: FrontOptions,
    /// A reset ends the run.
    pub(crate) no_reboot: bool,
    /// Memory for the history in bytes, as it was asked for.
    pub(crate) history: Option<usize>,
    /// Where it goes that has no room there.
    pub(crate) history_file: Option<SpillFile>,
}

/// Builds the machine that the options describe. `interactive`: standard input belongs to it.
pub(crate) fn setup(args: MachineArgs, image: Option<&Path>, interactive: bool) -> Result<Setup, String> {
    let args = with_config_file(args)?;
    refuse_later(&args)?;
    let front = front_options(&args, interactive)?;
    let mut plan = MediaPlan::new(&args, image)?;
    let tuning = Tuning { verify_fast: args.verify_fast, profile: args.profile, ..Tuning::default() };
    let mut machine = match &args.restore {
        Some(path) => {
            refuse_fixed(&args)?;
            let saved = if args.lazy { Saved::open_lazily(path) } else { Saved::open(path) };
            let saved = saved.map_err(|error| error.to_string())?;
            plan.complete(&saved.images())?;
            saved.restore(plan.open()?, tuning)
        }
        None if args.lazy => return Err("--lazy says how to --restore a snapshot: name one".to_owned()),
        None => {
            let mut media = plan.open()?;
            let mut config = machine_config(&args)?;
            plan.describe(&media, &mut config.board, args.boot.as_deref())?;
            config.check().map_err(|error| error.to_string())?;
            media.boot_image = kernel::load(&args, &config)?;
            if media.boot_image.is_some() {
                config.board.boot.insert(0, BootDevice::Kernel);
            }
            plan.notes().iter().for_each(|note| eprintln!("ringwalk: {note}"));
            Machine::new(config, media, tuning)
        }
    }
    .map_err(|error| error.to_string())?;
    if let Some(path) = &args.input {
        machine.set_script(read_script(path)?);
    }
    let history = args.history.as_deref().map(history_bytes).transpose()?;
    let history_file = args.history_file.as_deref().map(SpillFile::named).transpose()?;
    Ok(Setup { machine, plan, front, no_reboot: args.no_reboot, history, history_file })
}

/// Scripts are typed by people.
const MOST_SCRIPT_BYTES: usize = 1 << 20;

fn read_script(path: &Path) -> Result<script::Script, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: the script cannot be read: {error}"))?;
    if text.len() > MOST_SCRIPT_BYTES {
        return Err(format!("{name}: a script has at most 1 MiB"));
    }
    script::parse(&text).map_err(|error| format!("{name}: {error}"))
}

fn with_config_file(args: MachineArgs) -> Result<MachineArgs, String> {
    let Some(path) = args.config.clone() else { return Ok(args) };
    let name = path.display();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{name}: the configuration file cannot be read: {error}"))?;
    let file = config::parse(&text, &path).map_err(|problem| format!("{name}: {problem}"))?;
    Ok(args.or(file))
}

fn history_bytes(text: &str) -> Result<usize, String> {
    let bytes = values::size("history", text)?;
    usize::try_from(bytes).map_err(|_| format!("--history {text}: this host cannot hold so much"))
}

/// Options that are promised and not there yet.
fn refuse_later(args: &MachineArgs) -> Result<(), String> {
    let one_cpu = |smp: &String| smp == "1";
    let in_order = |order: &String| order == "sc";
    let later = [
        ("--smp", args.smp.as_ref().is_some_and(|smp| !one_cpu(smp))),
        ("--order", args.order.as_ref().is_some_and(|order| !in_order(order))),
    ];
    match later.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!("{option} comes in a later stage")),
        None => Ok(()),
    }
}

/// Options that a snapshot has decided already.
fn refuse_fixed(args: &MachineArgs) -> Result<(), String> {
    let fixed = [
        ("--cpu", args.cpu.is_some()),
        ("--mem", args.mem.is_some()),
        ("--clock", args.clock.is_some()),
        ("--timing", args.timing.is_some()),
        ("--seed", args.seed.is_some()),
        ("--quantum", args.quantum.is_some()),
        ("--rtc", args.rtc.is_some()),
        ("--tlb", args.tlb.is_some()),
        ("--boot", args.boot.is_some()),
        ("--reset-on-shutdown", args.reset_on_shutdown),
        ("--exit-device", args.exit_device),
        ("--kernel", args.kernel.is_some()),
        ("--initrd", !args.initrd.is_empty()),
        ("--append", args.append.is_some()),
    ];
    match fixed.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!(
            "{option} cannot change a machine that goes on: the snapshot says how it is made; leave it out"
        )),
        None => Ok(()),
    }
}

fn machine_config(args: &MachineArgs) -> Result<MachineConfig, String> {
    let mut config = MachineConfig::default();
    if let Some(model) = &args.cpu {
        let (model, features) = values::processor(model)?;
        config.model = model;
        config.set_cpu_features(features);
    }
    if let Some(timing) = &args.timing {
        config.timing = values::timing(timing)?;
    }
    if let Some(policy) = &args.tlb {
        config.tlb = values::tlb(policy)?;
    }
    if let Some(seed) = &args.seed {
        config.seed = values::count("seed", seed)?;
    }
    if let Some(quantum) = &args.quantum {
        config.quantum = values::count("quantum", quantum)?;
    }
    if args.reset_on_shutdown {
        config.on_shutdown = OnShutdown::Reset;
    }
    if let Some(size) = &args.mem {
        let bytes = values::size("mem", size)?;
        if !bytes.is_multiple_of(1 << 20) {
            return Err(format!("--mem takes whole MiB, not {bytes} bytes"));
        }
        config.board.ram_pages = bytes / PAGE_BYTES;
    }
    if let Some(hz) = &args.clock {
        config.board.clock_hz = values::frequency("clock", hz)?;
    }
    if let Some(date) = &args.rtc {
        config.board.rtc_start = values::date(date)?;
    }
    config.board.exit_port = args.exit_device;
    Ok(config)
}

fn front_options(args: &MachineArgs, interactive: bool) -> Result<FrontOptions, String> {
    let mut serial = [None, None];
    for (number, text) in args.serial.iter().enumerate() {
        let port = serial.get_mut(number).ok_or("--serial a third time: COM3 and COM4 come in a later stage")?;
        *port = Some(values::place("serial", text)?);
    }
    if serial == [Some(Place::Stdio), Some(Place::Stdio)] {
        return Err("--serial stdio twice: only one port can have standard input and output".to_owned());
    }
    let debugcon = args.debugcon.as_deref().map(|text| values::place("debugcon", text)).transpose()?;
    let displays = [("text", Display::Text), ("none", Display::None)];
    let display = match args.display.as_deref() {
        Some(later @ ("window" | "vnc" | "web")) => return Err(format!("--display {later} comes in a later stage")),
        Some(display) => *values::choice("display", display, &displays)?,
        None => Display::Auto,
    };
    let ports = Ports { serial, debugcon };
    Ok(FrontOptions { ports, interactive, display, realtime: args.realtime, timeout: None })
}
