//! What instructions and deliveries cost: the timing model behind [`CpuState::position`].
//!
//! Every decoded slot carries the least cost of its form; what depends on operands, mode or outcome comes on top when
//! the instruction is done.

use serde::{Deserialize, Serialize};

use crate::insn::Insn;
use crate::segment::Segment;
use crate::state::{CpuState, Mode};

/// A timing model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    /// One cycle for each retired instruction (a REP string instruction costs one for each iteration instead, and one
    /// if it makes none), each attempt that faults, each delivery.
    #[default]
    Flat,
}

impl Timing {
    /// Readies a decoded instruction for this model; answers the least number of cycles that its form costs.
    pub fn prepare(self, _: &mut Insn) -> u16 {
        match self {
            Timing::Flat => 1,
        }
    }

    /// The cost of an attempt that faults, without its delivery.
    pub const fn attempt(self) -> u64 {
        match self {
            Timing::Flat => 1,
        }
    }

    /// The cost of an event's delivery, from what the processor was to what it is now.
    pub fn delivery(self, _: &Origin, _: &CpuState) -> u64 {
        match self {
            Timing::Flat => 1,
        }
    }

    /// The cost of one iteration of a REP string instruction, as far as it is the same for all of them.
    pub const fn iteration(self) -> u64 {
        match self {
            Timing::Flat => 1,
        }
    }
}

/// What a transfer of control started from, as far as its cost depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Operating mode.
    pub mode: Mode,
    /// Privilege level.
    pub cpl: u8,
    /// The task.
    pub tr: Segment,
}

impl Origin {
    /// The processor as it is now.
    pub fn of(cpu: &CpuState) -> Origin {
        Origin { mode: cpu.mode(), cpl: cpu.cpl, tr: cpu.tr }
    }
}
