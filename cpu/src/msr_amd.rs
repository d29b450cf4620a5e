//! Model-specific registers of AMD's processors that systems read or write at start. AMD APM Vol.2 "MSR Cross-Reference",
//! AMD 32559 "BIOS and Kernel Developer's Guide for AMD NPT Family 0Fh Processors", AMD 31116 "BKDG for AMD Family 10h
//! Processors", AMD 42301 "BKDG for AMD Family 15h Models 00h-0Fh Processors", AMD 54945 "PPR for AMD Family 17h Model
//! 01h, Revision B1". Which bits a chip ignores and which it refuses is as dumps of chips show it.

use serde::{Deserialize, Serialize};

use crate::model::{Feature, Model};

/// PerfEvtSel0 to 3, and PerfCtr0 to 3 behind them.
const EVENT_SELECT: u32 = 0xC001_0000;
const COUNTER: u32 = 0xC001_0004;
const PAST_COUNTERS: u32 = COUNTER + COUNTERS as u32;
/// Performance counters.
const COUNTERS: usize = 4;
const SYSCFG: u32 = 0xC001_0010;
const HWCR: u32 = 0xC001_0015;
const TOP_MEM: u32 = 0xC001_001A;
const TOP_MEM2: u32 = 0xC001_001D;
const NB_CFG: u32 = 0xC001_001F;
const INTERRUPT_PENDING: u32 = 0xC001_0055;

/// PerfEvtSel: the counter runs.
const COUNTER_ENABLED: u64 = 1 << 22;
/// HWCR: TscFreqSel. The time-stamp counter counts at one frequency.
const TSC_AT_P0: u64 = 1 << 24;
/// NB_CFG: InitApicIdCpuIdLo.
const APIC_ID_CPU_ID_LOW: u64 = 1 << 54;

/// Families whose registers differ.
#[derive(Clone, Copy)]
enum Family {
    /// 0Fh.
    K8,
    /// 10h.
    Tenth,
    /// 15h.
    Fifteenth,
    /// 17h.
    Seventeenth,
}

impl Family {
    /// The model's family. A model of another vendor that was given AMD's registers has the newest ones.
    const fn of(model: Model) -> Family {
        match model {
            Model::K8F => Family::K8,
            Model::Fam10h => Family::Tenth,
            Model::Bulldozer => Family::Fifteenth,
            _ => Family::Seventeenth,
        }
    }
}

/// A register, or several that follow each other and are alike.
struct Row {
    first: u32,
    last: u32,
    /// The bits that it holds, by family. A write leaves the others as they are.
    holds: [u64; 4],
    /// The bits that must be clear, by family.
    refuses: [u64; 4],
}

/// What is no top of memory: tops are multiples of 8 MiB, below 2^40 or 2^48.
const BESIDE_TOP: [u64; 4] = [!0xFF_FF80_0000, !0xFFFF_FF80_0000, !0xFFFF_FF80_0000, !0xFFFF_FF80_0000];

/// All registers of this file.
#[rustfmt::skip]
const ROWS: [Row; 8] = [
    row(EVENT_SELECT, 4, [0xFFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF], [0; 4]),
    row(COUNTER, 4, [0xFFFF_FFFF_FFFF; 4], [0; 4]),
    row(SYSCFG, 1, [0x7F_07FF, 0x7F_0700, 0x7D_0000, 0x7F_0000], [0; 4]),
    row(HWCR, 1, [0xC00F_FFDF, 0xFFFF_9FDF, 0xFEFF_9FDF, 0x7EFF_9FFF], [0; 4]),
    row(TOP_MEM, 1, [u64::MAX; 4], BESIDE_TOP),
    row(TOP_MEM2, 1, [u64::MAX; 4], BESIDE_TOP),
    row(NB_CFG, 1, [0xC040_FFFF_FFFF_FFFF, u64::MAX, u64::MAX, 0], [0; 4]),
    row(INTERRUPT_PENDING, 1, [0x1FFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0], [0xE000_0000, 0, 0, 0]),
];

const fn row(first: u32, count: u32, holds: [u64; 4], refuses: [u64; 4]) -> Row {
    Row { first, last: first + count - 1, holds, refuses }
}

fn row_of(number: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| (row.first..=row.last).contains(&number))
}

/// What they hold. Nothing here depends on them: no event is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmdMsrs {
    /// SYSCFG.
    pub system: u64,
    /// HWCR.
    pub hardware: u64,
    /// TOP_MEM.
    pub top_mem: u64,
    /// TOP_MEM2.
    pub top_mem2: u64,
    /// Interrupt Pending Message.
    pub interrupt_pending: u64,
    /// NB_CFG.
    pub northbridge: u64,
    /// PerfEvtSel0 to 3.
    pub event_select: [u64; COUNTERS],
    /// PerfCtr0 to 3.
    pub counters: [u64; COUNTERS],
}

/// True for a register of this file.
pub(crate) fn is_amd(number: u32) -> bool {
    row_of(number).is_some()
}

/// True if such a write starts a performance counter.
pub(crate) fn starts_counter(number: u32, value: u64) -> bool {
    (EVENT_SELECT..COUNTER).contains(&number) && value & COUNTER_ENABLED != 0
}

impl AmdMsrs {
    /// After a reset, and what firmware sets before any system looks. The other bits of NB_CFG are as dumps of the models'
    /// chips show them.
    pub(crate) fn after_reset(model: Model) -> AmdMsrs {
        if !model.has(Feature::AmdIdentity) {
            return AmdMsrs::default();
        }
        let (hardware, northbridge) = match Family::of(model) {
            Family::K8 => (0, APIC_ID_CPU_ID_LOW | 0x1_0010_0008),
            Family::Tenth => (TSC_AT_P0, APIC_ID_CPU_ID_LOW | 0x18_0000_0000_0008),
            Family::Fifteenth => (TSC_AT_P0, APIC_ID_CPU_ID_LOW | 0x81_0008),
            Family::Seventeenth => (TSC_AT_P0, 0),
        };
        AmdMsrs { hardware, northbridge, ..AmdMsrs::default() }
    }

    /// A performance counter, for RDPMC.
    pub(crate) fn counter(&self, index: u32) -> Option<u64> {
        self.counters.get(index as usize).copied()
    }

    /// Number, name and value of each.
    pub fn named(&self) -> impl Iterator<Item = (u32, &'static str, u64)> {
        let selects = (EVENT_SELECT..).zip(self.event_select).map(|(number, value)| (number, "perf_evt_sel", value));
        let counters = (COUNTER..).zip(self.counters).map(|(number, value)| (number, "perf_ctr", value));
        let others = [
            (SYSCFG, "syscfg", self.system),
            (HWCR, "hwcr", self.hardware),
            (TOP_MEM, "top_mem", self.top_mem),
            (TOP_MEM2, "top_mem2", self.top_mem2),
            (NB_CFG, "nb_cfg", self.northbridge),
            (INTERRUPT_PENDING, "interrupt_pending", self.interrupt_pending),
        ];
        selects.chain(counters).chain(others)
    }

    fn place(&mut self, number: u32) -> &mut u64 {
        match number {
            EVENT_SELECT..COUNTER => &mut self.event_select[(number - EVENT_SELECT) as usize],
            COUNTER..PAST_COUNTERS => &mut self.counters[(number - COUNTER) as usize],
            SYSCFG => &mut self.system,
            HWCR => &mut self.hardware,
            TOP_MEM => &mut self.top_mem,
            TOP_MEM2 => &mut self.top_mem2,
            NB_CFG => &mut self.northbridge,
            _ => &mut self.interrupt_pending,
        }
    }

    /// Reads a register that [`is_amd`] knows.
    pub(crate) fn read(mut self, number: u32) -> u64 {
        *self.place(number)
    }

    /// Writes such a register. False for a value that it refuses.
    pub(crate) fn write(&mut self, number: u32, value: u64, model: Model) -> bool {
        let Some(row) = row_of(number) else { return false };
        let family = Family::of(model) as usize;
        let allowed = value & row.refuses[family] == 0;
        if allowed {
            let place = self.place(number);
            *place = *place & !row.holds[family] | value & row.holds[family];
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_is_named_with_what_it_reads() {
        let mut msrs = AmdMsrs::after_reset(Model::K8F);
        let counters = (0..4).map(|number| COUNTER + number);
        counters.for_each(|number| assert!(msrs.write(number, number.into(), Model::K8F)));
        let named: Vec<(u32, u64)> = msrs.named().map(|(number, _, value)| (number, value)).collect();
        let mut numbers: Vec<u32> = ROWS.iter().flat_map(|row| row.first..=row.last).collect();
        let mut of_named: Vec<u32> = named.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        of_named.sort_unstable();
        assert_eq!(of_named, numbers);
        assert!(named.iter().all(|(number, value)| msrs.read(*number) == *value));
    }
}
