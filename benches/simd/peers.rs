//! The machines that are measured: how each is found, started and timed.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::kernels::disk;

/// Longest a run may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The unit of processor times in /proc: a hundredth of a second on every processor that Linux runs on today.
const TICKS_PER_SECOND: f64 = 100.0;

/// What makes the command of a machine with a disk: the image, and a folder for files of its own.
type Start = Box<dyn Fn(&Path, &Path) -> Result<Command, String>>;

/// One emulator.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    start: Start,
}

/// What came of a run.
pub(crate) enum Run {
    /// The guest's processor has not the kernel's instructions.
    Lacks,
    Done {
        /// From START to the end.
        seconds: f64,
        /// RDTSC's difference.
        ticks: u64,
        result: u64,
    },
}

/// Ringwalk, then those that are there; and what is said of the others.
pub(crate) fn found() -> (Vec<Peer>, Vec<String>) {
    let mut peers = vec![Peer { name: "ringwalk", start: Box::new(ringwalk) }];
    let mut missing = Vec::new();
    for (name, peer) in [("qemu", qemu()), ("bochs", bochs())] {
        match peer {
            Ok(start) => peers.push(Peer { name, start }),
            Err(reason) => missing.push(format!("without {name}: {reason}")),
        }
    }
    (peers, missing)
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn ringwalk(image: &Path, _: &Path) -> Result<Command, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringwalk"));
    command.args(["run", "--display", "none", "--serial", "null", "--debugcon", "stdio", "--exit-device", "--hda"]);
    command.arg(image);
    Ok(command)
}

/// The program that a variable or a name on PATH leads to.
fn program(variable: &str, name: &str) -> Result<PathBuf, String> {
    let named = env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
    if named.components().count() > 1 {
        let missing = || format!("{variable} names {}, which is no file", named.display());
        return named.is_file().then_some(named.clone()).ok_or_else(missing);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&path).map(|folder| folder.join(&named));
    places.find(|place| place.is_file()).ok_or_else(|| format!("{name} is not on PATH; {variable} may name it"))
}

fn qemu() -> Result<Start, String> {
    let program = program("QEMU", "qemu-system-x86_64")?;
    Ok(Box::new(move |image, _| {
        let mut command = Command::new(&program);
        command.args(["-accel", "tcg", "-cpu", "max", "-m", "128", "-display", "none", "-nodefaults", "-no-reboot"]);
        command.args(["-debugcon", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-drive"]);
        command.arg(format!("file={},format=raw", image.display()));
        Ok(command)
    }))
}

fn bochs() -> Result<Start, String> {
    let program = program("BOCHS", "bochs")?;
    let share = bochs_share(&program)?;
    // Zen has what all kernels need.
    let model = env::var("BOCHS_CPU").unwrap_or_else(|_| "ryzen".to_owned());
    Ok(Box::new(move |image, folder| {
        let options = folder.join("bochsrc");
        fs::write(&options, bochs_options(&model, &share, image, folder)).map_err(|error| error.to_string())?;
        let mut command = Command::new(&program);
        command.args(["-q", "-f"]).arg(options);
        Ok(command)
    }))
}

/// Where its BIOS images are: beside the program's folder, unless a variable says otherwise.
fn bochs_share(program: &Path) -> Result<PathBuf, String> {
    let beside = program.ancestors().nth(2).unwrap_or(Path::new("/"));
    let named = env::var_os("BOCHS_SHARE").map(PathBuf::from);
    let mut places = named.into_iter().chain([beside.join("share"), beside.join("share/bochs")]);
    let found = places.find(|place| place.join("BIOS-bochs-latest").is_file());
    found.ok_or_else(|| "no BIOS-bochs-latest beside it; BOCHS_SHARE may name its folder".to_owned())
}

fn bochs_options(model: &str, share: &Path, image: &Path, folder: &Path) -> String {
    let lines = [
        "config_interface: textconfig".to_owned(),
        "display_library: nogui".to_owned(),
        format!("cpu: model={model}, count=1, ips=100000000, reset_on_triple_fault=0, ignore_bad_msrs=1"),
        "memory: guest=128, host=128".to_owned(),
        format!("romimage: file={}, options=fastboot", share.join("BIOS-bochs-latest").display()),
        format!("vgaromimage: file={}", share.join("VGABIOS-lgpl-latest.bin").display()),
        "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14".to_owned(),
        format!("ata0-master: type=disk, path={}, mode=flat, cylinders=1, heads=16, spt=63", image.display()),
        "boot: disk".to_owned(),
        format!("log: {}", folder.join("log").display()),
        "panic: action=fatal".to_owned(),
        "port_e9_hack: enabled=1".to_owned(),
        "clock: sync=none, time0=1700000000".to_owned(),
        "com1: enabled=0".to_owned(),
    ];
    lines.join("\n") + "\n"
}

impl Peer {
    /// Runs one kernel.
    pub(crate) fn run(&self, number: u32, count: u32) -> Result<Run, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let image = folder.path().join("disk.img");
        fs::write(&image, disk(number, count)).map_err(|error| error.to_string())?;
        let mut command = (self.start)(&image, folder.path())?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let ended_before = ended_children();
        let mut child = command.spawn().map_err(|error| format!("does not start: {error}"))?;
        let output = child.stdout.take().expect("its output is piped");
        let watched = watch(&child, &lines(output));
        if watched.is_err() {
            // It is gone already, or goes now.
            let _ = child.kill();
        }
        child.wait().map_err(|error| error.to_string())?;
        let watched = watched?;
        let Some(words) = watched.end else { return Ok(Run::Lacks) };
        let seconds = match (watched.start.used, ended_before, ended_children()) {
            (Some(used), Some(before), Some(after)) => (after - before - used).max(0.0),
            _ => watched.elapsed.as_secs_f64(),
        };
        let number = |word: usize| words.split(' ').nth(word).and_then(|word| u64::from_str_radix(word, 16).ok());
        match (number(1), number(2)) {
            (Some(ticks), Some(result)) => Ok(Run::Done { seconds, ticks, result }),
            _ => Err(format!("ends with \"{words}\"")),
        }
    }
}

/// Its output's lines, as they come.
fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n') {
            let Ok(line) = line else { break };
            if sender.send(String::from_utf8_lossy(&line).trim().to_owned()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// When the guest said START.
struct Stamp {
    at: Instant,
    /// CPU seconds of the process until then.
    used: Option<f64>,
}

struct Watched {
    start: Stamp,
    elapsed: Duration,
    /// The END line; none if the guest lacks the instructions.
    end: Option<String>,
}

/// Reads what is said until the output ends.
fn watch(child: &Child, said: &Receiver<String>) -> Result<Watched, String> {
    let begin = Instant::now();
    let mut start = None;
    let mut end = None;
    let mut lacks = false;
    let mut last = String::new();
    loop {
        match said.recv_timeout(PATIENCE.saturating_sub(begin.elapsed())) {
            Ok(line) => {
                let stamp = || Stamp { at: Instant::now(), used: used(child.id()) };
                let after = |word: &str| line.find(word).map(|at| line[at..].to_owned());
                lacks |= after("LACKS ").is_some();
                if start.is_none() && after("START ").is_some() {
                    start = Some(stamp());
                } else if end.is_none() {
                    end = after("END ").map(|words| (words, Instant::now()));
                }
                last = line;
            }
            Err(RecvTimeoutError::Timeout) => return Err(format!("no end within {} s", PATIENCE.as_secs())),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match (start, end) {
        (Some(start), Some((words, at))) => Ok(Watched { elapsed: at - start.at, start, end: Some(words) }),
        (None, None) if lacks => {
            let start = Stamp { at: begin, used: None };
            Ok(Watched { start, elapsed: begin.elapsed(), end: None })
        }
        _ => Err(format!("ended early; its last line: \"{last}\"")),
    }
}

/// CPU seconds of a process's threads: Linux, *Documentation/scheduler/sched-stats.rst*, "/proc/<pid>/schedstat".
fn used(process: u32) -> Option<f64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let nanoseconds = threads.filter_map(|thread| {
        let line = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<u64>().ok()
    });
    Some(nanoseconds.sum::<u64>() as f64 / 1e9)
}

/// CPU seconds of the children that ended and were waited for: *proc(5)*, "/proc/pid/stat", cutime and cstime.
fn ended_children() -> Option<f64> {
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, is the second of the fields.
    let (_, fields) = line.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(13);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_PER_SECOND)
}
