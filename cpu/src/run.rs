//! The run engine: from the fetch page to traces, events at their exact position, and why a run ended.

use ringwalk_mmu::{Bus, Memory};

use crate::exec::Hot;
use crate::state::CpuState;
use crate::watch::WatchHit;

/// Where a run must end at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The run ends at the first boundary at or after this position.
    pub position: u64,
    /// The run ends when so many instructions have retired since power-on.
    pub retired: u64,
    /// Breakpoints are looked at before the first instruction too (a run that goes on from a breakpoint says false).
    pub break_at_start: bool,
}

impl Limits {
    /// No end.
    pub const NONE: Limits = Limits {
        position: u64::MAX,
        retired: u64::MAX,
        break_at_start: true,
    };
}

/// Why a run ended. The state is settled: it can be looked at, saved and hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The position was reached.
    Position,
    /// The retired-instruction count was reached.
    Retired,
    /// A breakpoint of the debugger stands at the next instruction.
    Breakpoint(u32),
    /// The last instruction touched watched memory.
    Watch(WatchHit),
    /// Halted, and neither an interrupt nor a device will ever wake it.
    DeadHalt,
    /// Shut down after a triple fault.
    Shutdown,
    /// The bus asks for something that the machine must do: see [`ringwalk_mmu::Signals`].
    Signals,
    /// A million event deliveries without one retired instruction.
    FruitlessDeliveries,
}

/// Deliveries without a retired instruction after which a run ends.
pub const MOST_FRUITLESS_DELIVERIES: u32 = 1_000_000;

/// One processor's engine. Derived: it may be thrown away and made anew at any boundary.
#[derive(Default)]
pub struct Engine {
    /// Host TLB, breakpoints and what else lies beside the state.
    pub hot: Hot,
}

impl Engine {
    /// An engine whose trace cache holds so many slots (at least one trace is always kept).
    pub fn with_slots(_slots: usize) -> Engine {
        Engine::default()
    }

    /// Runs until a limit or an event that the machine must see.
    pub fn run(
        &mut self,
        _cpu: &mut CpuState,
        _memory: &mut Memory,
        _bus: &mut dyn Bus,
        _limits: Limits,
    ) -> Exit {
        Exit::Position
    }

    /// Executes one instruction, or delivers one event, or lets one idle span pass.
    /// Stops inside REP instructions after one iteration.
    pub fn step(&mut self, cpu: &mut CpuState, memory: &mut Memory, bus: &mut dyn Bus) -> Exit {
        let position = cpu.position + 1;
        self.run(
            cpu,
            memory,
            bus,
            Limits {
                position,
                break_at_start: false,
                ..Limits::NONE
            },
        )
    }

    /// Drops everything derived: after a restore, a change of routing or A20 from outside, or breakpoints.
    pub fn forget(&mut self, _memory: &mut Memory) {}

    /// Drops the ways to memory only; traces stay. Without effect on the guest at any boundary.
    pub fn flush_host_tlb(&mut self) {
        self.hot.host_tlb.flush();
    }
}
