//! The local APIC for the debugger: names and values, without side effects.

use ringwalk_mmu::Vector;

use super::lvt::{Entry, MASKED};
use super::{Apic, Clock, Mode, VectorSet, timer};

impl Apic {
    /// What it holds, in the order in which one looks for what holds an interrupt back.
    pub fn show(&self, clock: Clock) -> Vec<(&'static str, String)> {
        let mode = match self.mode() {
            Mode::Off => "off".to_owned(),
            Mode::Xapic => format!("xAPIC at {:08X}h, ID {:02X}h", self.base() & !0xFFF, self.xapic_id),
            Mode::X2apic => format!("x2APIC, ID {:X}h", self.id),
        };
        let software = if self.is_software_enabled() { "enabled" } else { "disabled by software" };
        let timer_mode = timer::Mode::of(self.lvt[Entry::Timer as usize]);
        let mut rows = vec![
            ("mode", format!("{mode}, {software}")),
            ("requested", vectors(&self.irr)),
            ("in service", vectors(&self.isr)),
            ("level", vectors(&self.tmr)),
            ("priority", format!("task {:02X}h, processor {:02X}h", self.tpr(), self.ppr())),
            ("logical", format!("LDR {:08X}h, DFR {:08X}h", self.ldr, self.dfr)),
            ("errors", format!("{:02X}h", self.errors)),
            ("count", format!("{} of {}", self.timer.current(timer_mode, clock.now), self.timer.initial())),
        ];
        let due = self.due(clock).map_or("not".to_owned(), |due| format!("at {}", due.0));
        rows.push(("timer ends", due));
        for (entry, name) in [
            (Entry::Timer, "LVT timer"),
            (Entry::Lint0, "LVT LINT0"),
            (Entry::Lint1, "LVT LINT1"),
            (Entry::Error, "LVT error"),
            (Entry::Performance, "LVT counters"),
            (Entry::Thermal, "LVT thermal"),
        ] {
            let value = self.lvt[entry as usize];
            if self.has_entry(entry) {
                rows.push((name, format!("{value:08X}h{}", if value & MASKED != 0 { ", masked" } else { "" })));
            }
        }
        rows
    }
}

/// The vectors of a set.
fn vectors(set: &VectorSet) -> String {
    let present = (0..=255).filter(|vector| set.has(Vector(*vector))).map(|vector| format!("{vector:02X}h"));
    let words: Vec<String> = present.collect();
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}
