//! EFLAGS, control, debug and model-specific registers in words. SDM Vol.3A 2.5 "Control Registers".

use ringwalk_cpu::flags;
use ringwalk_cpu::msr::Msrs;
use ringwalk_cpu::state::{self, CpuState};
use serde::Serialize;

use crate::page::{Page, Show, Tone, plural};

/// One bit or field of a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bit {
    /// The manual's name.
    pub name: &'static str,
    /// Its value: 0 or 1, or that of a wider field.
    pub value: u64,
    /// What it does.
    pub meaning: &'static str,
    /// It changed since the last stop.
    pub changed: bool,
}

/// A register with its bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BitsView {
    /// The register's name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// Its defined bits, from the top.
    pub bits: Vec<Bit>,
}

/// Registers with their bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BitsViews {
    /// The registers.
    pub registers: Vec<BitsView>,
}

/// Mask, name, meaning.
pub(crate) type Row = (u64, &'static str, &'static str);

/// SDM Vol.1 3.4.3 "EFLAGS Register".
const EFLAGS: [Row; 17] = [
    (flags::ID as u64, "id", "CPUID can be used"),
    (flags::VIP as u64, "vip", "virtual interrupt pending"),
    (flags::VIF as u64, "vif", "virtual interrupt flag"),
    (flags::AC as u64, "ac", "alignment check"),
    (flags::VM as u64, "vm", "virtual-8086 mode"),
    (flags::RF as u64, "rf", "resume: no instruction breakpoint once"),
    (flags::NT as u64, "nt", "nested task: IRET returns to it"),
    (flags::IOPL as u64, "iopl", "privilege needed for I/O and CLI"),
    (flags::OF as u64, "of", "signed overflow"),
    (flags::DF as u64, "df", "string instructions go down"),
    (flags::IF as u64, "if", "interrupts are taken"),
    (flags::TF as u64, "tf", "single-step trap"),
    (flags::SF as u64, "sf", "negative"),
    (flags::ZF as u64, "zf", "zero, or equal"),
    (flags::AF as u64, "af", "carry out of bit 3"),
    (flags::PF as u64, "pf", "even parity of the low byte"),
    (flags::CF as u64, "cf", "carry, or below"),
];

const CR0: [Row; 11] = [
    (state::CR0_PG, "pg", "paging"),
    (state::CR0_CD, "cd", "caches off"),
    (state::CR0_NW, "nw", "not write-through"),
    (state::CR0_AM, "am", "alignment checks possible"),
    (state::CR0_WP, "wp", "supervisor obeys read-only pages"),
    (state::CR0_NE, "ne", "FPU errors by #MF"),
    (state::CR0_ET, "et", "always set"),
    (state::CR0_TS, "ts", "task switched: FPU use traps"),
    (state::CR0_EM, "em", "no FPU: its instructions trap"),
    (state::CR0_MP, "mp", "WAIT obeys TS"),
    (state::CR0_PE, "pe", "protected mode"),
];

const CR4: [Row; 12] = [
    (state::CR4_UMIP, "umip", "SGDT and its kin for CPL 0 only"),
    (state::CR4_OSXMMEXCPT, "osxmmexcpt", "SIMD errors by #XM"),
    (state::CR4_OSFXSR, "osfxsr", "SSE is enabled"),
    (state::CR4_PCE, "pce", "RDPMC at any CPL"),
    (state::CR4_PGE, "pge", "global pages"),
    (state::CR4_MCE, "mce", "machine checks"),
    (state::CR4_PAE, "pae", "physical address extension"),
    (state::CR4_PSE, "pse", "4 MiB pages"),
    (state::CR4_DE, "de", "I/O breakpoints, no DR4 and DR5"),
    (state::CR4_TSD, "tsd", "RDTSC for CPL 0 only"),
    (state::CR4_PVI, "pvi", "virtual interrupts in protected mode"),
    (state::CR4_VME, "vme", "virtual interrupts in virtual-8086 mode"),
];

/// A register with the bits that its rows name.
pub(crate) fn decode(name: &'static str, value: u64, before: Option<u64>, rows: &[Row]) -> BitsView {
    let bit = |(mask, name, meaning): &Row| Bit {
        name,
        value: (value & mask) >> mask.trailing_zeros(),
        meaning,
        changed: before.is_some_and(|old| (old ^ value) & mask != 0),
    };
    BitsView { name, value, bits: rows.iter().map(bit).collect() }
}

/// EFLAGS with its flags.
pub fn eflags(cpu: &CpuState, before: Option<&CpuState>) -> BitsView {
    decode("eflags", cpu.flags.bits().into(), before.map(|old| old.flags.bits().into()), &EFLAGS)
}

/// CR0 and CR4 with their bits, CR2 and CR3.
pub fn control(cpu: &CpuState, before: Option<&CpuState>) -> BitsViews {
    let plain = |name, value| BitsView { name, value, bits: Vec::new() };
    BitsViews {
        registers: vec![
            decode("cr0", cpu.cr0, before.map(|old| old.cr0), &CR0),
            plain("cr2", cpu.cr2),
            plain("cr3", cpu.cr3),
            decode("cr4", cpu.cr4, before.map(|old| old.cr4), &CR4),
        ],
    }
}

impl BitsView {
    /// The flags that fit in a line: set ones in capitals, changed ones marked, rare ones only if set.
    pub fn in_short(&self, page: &Page) -> String {
        let always = ["of", "df", "if", "tf", "sf", "zf", "af", "pf", "cf"];
        let shown = |bit: &&Bit| bit.value != 0 || bit.changed || always.contains(&bit.name);
        let word = |bit: &Bit| {
            let name = if bit.value != 0 { bit.name.to_uppercase() } else { bit.name.to_string() };
            let name = if bit.name == "iopl" { format!("{name}={}", bit.value) } else { name };
            if bit.changed { page.tone(Tone::Changed, format!("{name}*")) } else { name }
        };
        let words: Vec<String> = self.bits.iter().filter(shown).map(word).collect();
        words.join(" ")
    }
}

impl Show for BitsView {
    fn show(&self, page: &mut Page) {
        page.line(format!("{} {:08x}", self.name, self.value));
        let rows: Vec<Vec<String>> = self
            .bits
            .iter()
            .map(|bit| {
                let value = page.mark(bit.value.to_string(), bit.changed);
                vec![format!("  {}", bit.name), value, bit.meaning.to_string()]
            })
            .collect();
        page.table(&rows);
    }
}

impl Show for BitsViews {
    fn show(&self, page: &mut Page) {
        for view in &self.registers {
            view.show(page);
        }
    }
}

/// The debug registers. SDM Vol.3B 17.2 "Debug Registers".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DebugView {
    /// DR0 to DR3 in words.
    pub breakpoints: Vec<GuestBreakpoint>,
    /// DR6.
    pub dr6: u64,
    /// DR7.
    pub dr7: u64,
}

/// One of the guest's own breakpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestBreakpoint {
    /// Its linear address.
    pub address: u64,
    /// DR7 enables it.
    pub enabled: bool,
    /// What it watches.
    pub kind: &'static str,
    /// Bytes it covers.
    pub bytes: u32,
}

/// The debug registers in words.
pub fn debug_registers(cpu: &CpuState) -> DebugView {
    let breakpoint = |number: usize| GuestBreakpoint {
        address: cpu.dr[number],
        enabled: cpu.dr7 >> (2 * number) & 3 != 0,
        kind: ["execute", "write", "port", "read or write"][(cpu.dr7 >> (16 + 4 * number) & 3) as usize],
        bytes: [1, 2, 8, 4][(cpu.dr7 >> (18 + 4 * number) & 3) as usize],
    };
    DebugView { breakpoints: (0..4).map(breakpoint).collect(), dr6: cpu.dr6, dr7: cpu.dr7 }
}

impl Show for DebugView {
    fn show(&self, page: &mut Page) {
        for (number, point) in self.breakpoints.iter().enumerate() {
            let state = if point.enabled { "on " } else { "off" };
            page.line(format!(
                "dr{number} {:08x}  {state}  {}, {}",
                point.address,
                point.kind,
                plural(u64::from(point.bytes), "byte")
            ));
        }
        page.line(format!("dr6 {:08x}  dr7 {:08x}", self.dr6, self.dr7));
    }
}

/// The local APIC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApicView {
    /// A name and what stands there.
    pub rows: Vec<(String, String)>,
}

impl Show for ApicView {
    fn show(&self, page: &mut Page) {
        let rows: Vec<_> = self.rows.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect();
        page.table(&rows);
    }
}

/// The model-specific registers that hold state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MsrView {
    /// Their state.
    pub msrs: Msrs,
    /// IA32_APIC_BASE, which is the local APIC's.
    pub apic_base: u64,
}

impl Show for MsrView {
    fn show(&self, page: &mut Page) {
        let msrs = &self.msrs;
        let mut rows = Vec::new();
        for (number, name, value) in [
            (0x10, "tsc_adjust", msrs.tsc_adjust),
            (0x1B, "apic_base", self.apic_base),
            (0x8B, "bios_sign_id", msrs.bios_sign_id),
            (0x174, "sysenter_cs", msrs.sysenter_cs.into()),
            (0x175, "sysenter_esp", msrs.sysenter_esp),
            (0x176, "sysenter_eip", msrs.sysenter_eip),
            (0x1D9, "debugctl", msrs.debug_control),
            (0x2FF, "mtrr_def_type", msrs.mtrr_def_type),
        ] {
            rows.push(vec![format!("{number:08x}"), name.to_string(), format!("{value:016x}")]);
        }
        let pairs = msrs.mtrr_variable.iter().enumerate().filter(|(_, value)| **value != 0);
        rows.extend(pairs.map(|(index, value)| {
            vec![format!("{:08x}", 0x200 + index), "mtrr_variable".to_string(), format!("{value:016x}")]
        }));
        let amd = msrs.amd.named().filter(|(.., value)| *value != 0);
        rows.extend(
            amd.map(|(number, name, value)| vec![format!("{number:08x}"), name.to_string(), format!("{value:016x}")]),
        );
        page.table(&rows);
    }
}
