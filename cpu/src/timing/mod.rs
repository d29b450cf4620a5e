//! What instructions and deliveries cost: the timing model behind [`CpuState::position`].
//!
//! The flat model counts one cycle for everything. The others take the clock counts of a processor's manual, with
//! operands and code in its cache: [`table`] has them as data. What the manuals describe beside their tables is not
//! modelled: cache misses, alignment, address-generation interlocks, branch prediction, and the pairing of
//! instructions in the Pentium's U and V pipes.
//!
//! A slot of a model with tables holds a handler of [`execute`], which calls the canonical one. So the flat model pays
//! nothing. Every slot carries the least cost of its form; what depends on operands, mode or outcome comes on top when
//! the instruction is done.

use serde::{Deserialize, Serialize};

use crate::exception::{Exception, vector};
use crate::insn::{Insn, REFUSED};
use crate::isa::{MOST_PREFIXES, clocked_number};
use crate::segment::Segment;
use crate::state::{CpuState, Mode};

mod clocks;
mod execute;
mod lookup;
pub mod table;

pub(crate) use execute::{fixed, variable};

pub use clocks::{Clocks, Far, Ports, ScanBackward, Strings};
use table::{ClockRow, INTERRUPTS_486, INTERRUPTS_PENTIUM, InterruptClocks};

/// A timing model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    /// One cycle for each retired instruction (a REP string instruction costs one for each iteration instead, and one
    /// if it makes none), each attempt that faults, each delivery.
    #[default]
    Flat,
    /// The clock counts of the Intel486.
    I486,
    /// The clock counts of the Pentium, unpaired.
    Pentium,
}

/// What is delivered, as far as its cost depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An external interrupt.
    Interrupt,
    /// An NMI.
    Nmi,
    /// A debug trap.
    Trap,
    /// A fault or abort: the last one that was delivered.
    Fault,
}

impl Timing {
    /// All models with their names on the command line.
    pub const ALL: [(&'static str, Timing); 3] =
        [("flat", Timing::Flat), ("486", Timing::I486), ("pentium", Timing::Pentium)];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Timing::ALL.iter().find(|(_, timing)| *timing == self).map_or("flat", |(name, _)| name)
    }

    /// Readies an instruction that was decoded from these bytes for this model; answers the least number of cycles
    /// that its form costs.
    pub fn prepare(self, insn: &mut Insn, bytes: &[u8]) -> u16 {
        if self == Timing::Flat || insn.flags & REFUSED != 0 {
            return 1;
        }
        let Some(row) = lookup::clock_row(insn) else { return 1 };
        let clocks = self.clocks_of(row);
        // The clocks of a repeated string instruction include its prefix.
        let is_string = matches!(clocks, Clocks::String(_) | Clocks::PortString(..));
        let prefixes = prefixes(bytes).saturating_sub(u16::from(is_string && insn.repeats()));
        insn.canonical = clocked_number(prefixes, matches!(clocks, Clocks::Fixed(_)));
        // A pause may come after any iteration, without the prefixes' cost.
        if is_string { clocks.least() } else { clocks.least() + prefixes }
    }

    /// The cost of an attempt that faults, without its delivery. The tables' clocks of an interrupt include it.
    pub const fn attempt(self) -> u64 {
        match self {
            Timing::Flat => 1,
            Timing::I486 | Timing::Pentium => 0,
        }
    }

    /// The cost of an event's delivery, from what the processor was to what it is now. Of a chain of faults that end
    /// in one delivery the last one counts.
    pub fn delivery(self, kind: Delivery, origin: &Origin, cpu: &CpuState, last_fault: Option<Exception>) -> u64 {
        let Some(interrupts) = self.interrupts() else { return 1 };
        let more = match (kind, last_fault.map(|fault| fault.vector)) {
            (Delivery::Interrupt, _) => interrupts.external,
            (Delivery::Nmi, _) => interrupts.nmi,
            (Delivery::Fault, Some(vector::PF)) => interrupts.page_fault,
            (Delivery::Fault, Some(vector::BR)) => interrupts.bound,
            _ => 0,
        };
        self.entering(origin, cpu) + u64::from(more)
    }

    /// The cost of entering a handler.
    fn entering(self, origin: &Origin, cpu: &CpuState) -> u64 {
        let Some(interrupts) = self.interrupts() else { return 1 };
        if origin.switched_task(cpu) {
            return u64::from(interrupts.task) + self.task_switch(cpu);
        }
        let clocks = match origin.mode {
            _ if origin.is_real_still(cpu) => interrupts.real,
            Mode::Virtual8086 => interrupts.virtual_8086,
            _ if cpu.cpl != origin.cpl => interrupts.inner,
            _ => interrupts.same,
        };
        clocks.into()
    }

    /// TS: the switch to the task that runs now.
    fn task_switch(self, cpu: &CpuState) -> u64 {
        let Some(interrupts) = self.interrupts() else { return 0 };
        let [wide, virtual_8086, narrow] = interrupts.task_switch;
        let is_wide = cpu.tr.rights & 8 != 0;
        let clocks = match (cpu.virtual_8086(), is_wide) {
            (true, _) => virtual_8086,
            (false, true) => wide,
            (false, false) => narrow,
        };
        clocks.into()
    }

    const fn interrupts(self) -> Option<&'static InterruptClocks> {
        match self {
            Timing::Flat => None,
            Timing::I486 => Some(&INTERRUPTS_486),
            Timing::Pentium => Some(&INTERRUPTS_PENTIUM),
        }
    }

    fn clocks_of(self, row: &'static ClockRow) -> &'static Clocks {
        match self {
            Timing::Flat => &Clocks::Fixed(1),
            Timing::I486 => &row.i486,
            Timing::Pentium => &row.pentium,
        }
    }
}

/// Prefix bytes before the opcode: each costs a clock.
fn prefixes(bytes: &[u8]) -> u16 {
    let is_prefix =
        |byte: &&u8| matches!(**byte, 0x26 | 0x2E | 0x36 | 0x3E | 0x64 | 0x65 | 0x66 | 0x67 | 0xF0 | 0xF2 | 0xF3);
    bytes.iter().take_while(is_prefix).take(usize::from(MOST_PREFIXES)).count() as u16
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

    fn switched_task(&self, cpu: &CpuState) -> bool {
        self.tr.selector != cpu.tr.selector
    }

    /// It was and is without protection: real mode, or virtual-8086 mode with a redirected interrupt.
    fn is_real_still(&self, cpu: &CpuState) -> bool {
        match self.mode {
            Mode::Real => true,
            Mode::Virtual8086 => cpu.virtual_8086(),
            Mode::Protected => false,
        }
    }
}
