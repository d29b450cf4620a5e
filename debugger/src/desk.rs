//! The debugger's own state: it lies beside the machine and never becomes part of it.

use ringwalk_cpu::state::CpuState;

use crate::back::Steps;
use crate::breakpoints::Breakpoints;
use crate::memory::Format;
use crate::space::Address;
use crate::stop::Why;
use crate::target::{Stop, Wants};
use crate::tour::Tour;

/// The debugger's own state.
#[derive(Default)]
pub struct Desk {
    /// Breakpoints and watchpoints.
    pub breakpoints: Breakpoints,
    /// What the machine was last told to look for.
    pub armed: Wants,
    /// The processor before the last command that moved it: what changed since is marked.
    pub before: Option<CpuState>,
    /// How the machine last stopped, if it was not the command's own end.
    pub last_stop: Option<Stop>,
    /// The last stop in words.
    pub last_why: Option<Why>,
    /// Commands that the breakpoint of the last stop wants to be run.
    pub due_actions: Option<String>,
    /// A breakpoint at the next instruction was not looked at yet.
    pub announce: bool,
    /// Where the next `x` goes on.
    pub next_memory: Option<(Address, Format)>,
    /// Where the next `disassemble` goes on.
    pub next_code: Option<Address>,
    /// Boundaries that were found on the way back. Only of the present branch.
    pub steps: Option<Steps>,
    /// The commands so far.
    pub history: Vec<String>,
    /// The guided tour.
    pub tour: Option<Tour>,
}
