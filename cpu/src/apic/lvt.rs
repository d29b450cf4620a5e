//! The local vector table: interrupts that come from the processor itself and its two pins. SDM Vol.3A 11.5.1 "Local
//! Vector Table".

use ringwalk_mmu::{DeliveryMode, Trigger, Vector};

use super::timer;
use super::{Apic, Clock, Kind};

/// The entries, by their places in the register space from 320h on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Timer = 0,
    Thermal = 1,
    Performance = 2,
    Lint0 = 3,
    Lint1 = 4,
    Error = 5,
}

/// How many there are at most.
pub(super) const ENTRIES: usize = 6;

const ALL: [Entry; ENTRIES] =
    [Entry::Timer, Entry::Thermal, Entry::Performance, Entry::Lint0, Entry::Lint1, Entry::Error];

/// Bit 16: masked.
pub(super) const MASKED: u32 = 1 << 16;
/// LINT0 and LINT1: active low, remote IRR (read-only), level-triggered.
const ACTIVE_LOW: u32 = 1 << 13;
const REMOTE_IRR: u32 = 1 << 14;
const LEVEL: u32 = 1 << 15;
/// Delivery modes in bits 10 to 8.
pub(super) const EXT_INT: u32 = 7 << 8;
pub(super) const NMI: u32 = 4 << 8;
const MODE: u32 = 7 << 8;
const VECTOR: u32 = 0xFF;
/// Timer mode: periodic, TSC deadline.
const PERIODIC: u32 = 1 << 17;
const TSC_DEADLINE: u32 = 1 << 18;

impl Entry {
    /// The entry whose register has this offset.
    pub(super) fn at(offset: u32) -> Option<Entry> {
        let place = offset.checked_sub(0x320)?;
        ALL.get((place / 0x10) as usize).copied().filter(|_| place.is_multiple_of(0x10))
    }
}

impl Apic {
    /// True if this kind has the entry.
    pub(super) fn has_entry(&self, entry: Entry) -> bool {
        let since = match entry {
            Entry::Thermal => Kind::Xapic,
            Entry::Performance => Kind::P6,
            _ => Kind::Pentium,
        };
        self.abilities.kind >= since
    }

    /// The bits of an entry that can be written.
    pub(super) fn entry_bits(&self, entry: Entry) -> u32 {
        match entry {
            Entry::Timer if self.abilities.tsc_deadline => VECTOR | MASKED | PERIODIC | TSC_DEADLINE,
            Entry::Timer => VECTOR | MASKED | PERIODIC,
            Entry::Thermal | Entry::Performance => VECTOR | MODE | MASKED,
            Entry::Lint0 | Entry::Lint1 => VECTOR | MODE | ACTIVE_LOW | LEVEL | MASKED,
            Entry::Error => VECTOR | MASKED,
        }
    }

    /// Writes an entry. While the APIC is disabled by software, entries stay masked. `intr` is the level at LINT0 now:
    /// only what it does from now on counts.
    pub(super) fn write_entry(&mut self, entry: Entry, value: u32, clock: Clock, intr: bool) {
        let forced = if self.is_software_enabled() { 0 } else { MASKED };
        let value = value & self.entry_bits(entry) | forced;
        let before = self.lvt[entry as usize];
        if entry == Entry::Timer {
            // What came until now came under the old entry.
            self.advance(clock);
            self.timer.change_mode(timer::Mode::of(before), timer::Mode::of(value));
        }
        let kept = if value & LEVEL != 0 { before & REMOTE_IRR } else { 0 };
        self.lvt[entry as usize] = value | kept;
        if entry == Entry::Lint0 {
            self.lint0 = self.watches_lint0() && self.is_lint0_asserted(intr);
        }
    }

    /// Software disabled the APIC: every entry is masked.
    pub(super) fn mask_all(&mut self, clock: Clock) {
        self.advance(clock);
        self.lvt.iter_mut().for_each(|entry| *entry |= MASKED);
        self.lint0 = false;
    }

    /// An interrupt from an entry's own source, an edge.
    pub(super) fn deliver_locally(&mut self, entry: Entry) {
        let value = self.lvt[entry as usize];
        if value & MASKED != 0 {
            return;
        }
        let mode = match entry {
            Entry::Timer | Entry::Error => Some(DeliveryMode::Fixed),
            _ => DeliveryMode::from_code(value >> 8),
        };
        match mode {
            Some(DeliveryMode::Fixed) => self.request(Vector(value as u8), Trigger::Edge),
            Some(DeliveryMode::Nmi) => self.nmi = true,
            Some(DeliveryMode::Init) => self.init_pending = true,
            // ExtINT is a matter of LINT0's level; the rest is reserved, or an SMI, which has no effect.
            _ => {}
        }
    }

    /// An edge of NMI, the pin LINT1.
    pub(crate) fn edge_of_lint1(&mut self) {
        self.deliver_locally(Entry::Lint1);
    }

    /// LINT0 lets the 8259A's INTR through.
    #[inline]
    pub(super) fn passes_ext_int(&self) -> bool {
        self.lvt[Entry::Lint0 as usize] & (MASKED | MODE) == EXT_INT
    }

    /// LINT0 is an interrupt of its own, not the 8259A's wire.
    fn watches_lint0(&self) -> bool {
        let entry = self.lvt[Entry::Lint0 as usize];
        entry & MASKED == 0 && entry & MODE != EXT_INT
    }

    fn is_lint0_asserted(&self, intr: bool) -> bool {
        intr != (self.lvt[Entry::Lint0 as usize] & ACTIVE_LOW != 0)
    }

    /// Its delivery mode is fixed and level-triggered; in other modes the trigger mode means nothing.
    fn is_lint0_level(&self) -> bool {
        self.lvt[Entry::Lint0 as usize] & (MODE | LEVEL) == LEVEL
    }

    /// True if [`Apic::set_lint0`] with this level would do something.
    pub(super) fn lint0_calls(&self, intr: bool) -> bool {
        if !self.watches_lint0() {
            return false;
        }
        let asserted = self.is_lint0_asserted(intr);
        let waits = self.lvt[Entry::Lint0 as usize] & REMOTE_IRR == 0;
        asserted != self.lint0 || (self.is_lint0_level() && asserted && waits)
    }

    /// Brings LINT0 to the level of INTR.
    pub(crate) fn set_lint0(&mut self, intr: bool) {
        if !self.lint0_calls(intr) {
            return;
        }
        let asserted = self.is_lint0_asserted(intr);
        let rises = asserted && !self.lint0;
        self.lint0 = asserted;
        if !self.is_lint0_level() {
            if rises {
                self.deliver_locally(Entry::Lint0);
            }
        } else if asserted {
            let entry = &mut self.lvt[Entry::Lint0 as usize];
            *entry |= REMOTE_IRR;
            let vector = Vector(*entry as u8);
            self.request(vector, Trigger::Level);
        }
    }

    /// The EOI of a level-triggered interrupt that LINT0 made.
    pub(super) fn end_level_of_lint0(&mut self, vector: Vector) {
        let entry = &mut self.lvt[Entry::Lint0 as usize];
        if *entry as u8 == vector.0 {
            *entry &= !REMOTE_IRR;
        }
    }

    /// INTR can wake a processor whose interrupts are off, as an NMI.
    pub(crate) fn intr_is_nmi(&self) -> bool {
        self.is_enabled() && self.lvt[Entry::Lint0 as usize] & (MASKED | MODE) == NMI
    }
}
