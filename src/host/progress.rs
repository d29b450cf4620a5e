//! The line on the terminal that says how a run is getting on.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use ringwalk_cpu::state::{Activity, CpuState, Mode};

/// Time between two lines.
const PERIOD: Duration = Duration::from_millis(250);
/// Characters of the guest's last line that are shown.
const LAST_LINE: usize = 40;

/// A progress line on standard error.
pub(super) struct Progress {
    begin: Instant,
    next: Instant,
    retired: u64,
    line: String,
    last: String,
    shown: bool,
}

impl Progress {
    /// A line, if standard error is a terminal.
    pub(super) fn start(retired: u64) -> Option<Progress> {
        let now = Instant::now();
        let progress = Progress {
            begin: now,
            next: now + PERIOD,
            retired,
            line: String::new(),
            last: String::new(),
            shown: false,
        };
        io::stderr().is_terminal().then_some(progress)
    }

    /// A byte that the guest has sent: it may end a line.
    pub(super) fn heard(&mut self, byte: u8) {
        match byte {
            b'\n' | b'\r' if !self.line.trim().is_empty() => self.last = std::mem::take(&mut self.line),
            b' '..=b'~' if self.line.len() < LAST_LINE => self.line.push(char::from(byte)),
            _ => {}
        }
    }

    /// Shows the line again if it is time.
    pub(super) fn show(&mut self, cpu: &CpuState) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + PERIOD;
        let insns = cpu.retired - self.retired.min(cpu.retired);
        let mips = insns as f64 / 1e6 / (now - self.begin).as_secs_f64().max(1e-9);
        let last = if self.line.trim().is_empty() { &self.last } else { &self.line };
        let (insns, mode) = (insns / 1_000_000, mode(cpu));
        eprint!("\r\x1b[K{insns} M instructions  {mips:.0} MIPS  {mode}  {}", last.trim());
        io::stderr().flush().ok();
        self.shown = true;
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}

fn mode(cpu: &CpuState) -> &'static str {
    match (cpu.activity, cpu.mode()) {
        (Activity::Halted | Activity::Waiting { .. }, _) => "halted",
        (Activity::Shutdown, _) => "shut down",
        (_, Mode::Real) => "real",
        (_, Mode::Virtual8086) => "virtual-8086",
        (_, Mode::Protected) if cpu.code_is_32() => "protected 32",
        (_, Mode::Protected) => "protected 16",
    }
}
