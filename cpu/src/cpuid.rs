//! CPUID. SDM Vol.2A "CPUID"; AMD APM Vol.3 Appendix E "Obtaining Processor Information Via the CPUID Instruction".

use crate::exec::xsave;
use crate::exec::xsave_area::{Layout, component};
use crate::feature::{Feature, Word};
use crate::state::{CR4_OSXSAVE, CR4_PKE, CpuState};

/// What CPUID leaves in EAX, EBX, ECX and EDX.
pub type Leaf = (u32, u32, u32, u32);

const NOTHING: Leaf = (0, 0, 0, 0);
/// Leaf 1, ECX: CR4.OSXSAVE is set. Leaf 7, ECX: CR4.PKE is set.
const OSXSAVE: u32 = 1 << 27;
const OSPKE: u32 = 1 << 4;
/// Leaf 1, ECX: MONITOR and MWAIT.
const MONITOR: u32 = 1 << 3;
/// Leaf 1, EDX: the local APIC.
const APIC: u32 = 1 << 9;
/// CLFLUSH lines of 64 bytes, in units of 8, in bits 15:8 of leaf 1's EBX; one logical processor in bits 23:16.
const LINES_AND_PROCESSORS: u32 = 8 << 8 | 1 << 16;
/// Leaf 8000_0007h, EDX: the time-stamp counter goes on in every state.
const INVARIANT_TSC: u32 = 1 << 8;
/// Leaf 8000_0005h, ECX and EDX: 32 KiB, 8 ways, a line a tag, lines of 64 bytes.
const FIRST_LEVEL: u32 = 32 << 24 | 8 << 16 | 1 << 8 | 64;
/// Leaf 8000_0001h, EDX: flags of leaf 1 that AMD's processors repeat there.
const REPEATED: u32 = 0x0183_F3FF;

const fn word(text: &[u8]) -> u32 {
    u32::from_le_bytes([text[0], text[1], text[2], text[3]])
}

/// CPUID for a leaf in EAX and a subleaf in ECX. Leaves beyond the last basic one give the last one's data.
pub fn cpuid(cpu: &CpuState, leaf: u32, subleaf: u32) -> Leaf {
    let has_extended = cpu.features.has(Feature::Lm) || cpu.features.has(Feature::Nx);
    if leaf >> 31 != 0 && has_extended {
        return extended(cpu, leaf);
    }
    let last = last_leaf(cpu);
    match leaf.min(last) {
        0 => vendor(cpu, last),
        1 => identity(cpu),
        // AMD's processors tell of caches and of their place elsewhere.
        2 | 4 | 0xB if amd(cpu) => NOTHING,
        2 if last < 4 => OLD_CACHES,
        // Leaf 4 tells of the caches.
        2 => (0x00FE_FF01, 0, 0, 0xF0),
        4 => cache(subleaf),
        5 => monitor(cpu),
        7 if subleaf == 0 => {
            let ospke = if cpu.cr4 & CR4_PKE != 0 { OSPKE } else { 0 };
            (0, cpu.features.word(Word::Ebx7), cpu.features.word(Word::Ecx7) | ospke, cpu.features.word(Word::Edx7))
        }
        0xD => xsave_areas(cpu, subleaf),
        0xB => topology(cpu, subleaf),
        0x15 => clock_ratio(cpu),
        0x16 => {
            let megahertz = u16::try_from(cpu.clock_hz / 1_000_000).unwrap_or(u16::MAX).into();
            (megahertz, megahertz, 100, 0)
        }
        _ => NOTHING,
    }
}

/// Descriptor bytes of a Pentium II: 4 KiB and 4 MiB TLBs, 16 KiB caches, 512 KiB second level.
const OLD_CACHES: Leaf = (0x0302_0101, 0, 0, 0x0C04_0843);

fn last_leaf(cpu: &CpuState) -> u32 {
    // SDM Vol.4 Table 2-2 "IA32_MISC_ENABLE", bit 22.
    if cpu.msrs.limits_leaves() { 2 } else { cpu.model.info().highest_leaf.max(1) }
}

fn amd(cpu: &CpuState) -> bool {
    cpu.features.has(Feature::AmdIdentity)
}

fn vendor(cpu: &CpuState, last: u32) -> Leaf {
    let text: &[u8; 12] = if amd(cpu) { b"AuthenticAMD" } else { b"GenuineIntel" };
    (last, word(&text[..4]), word(&text[8..]), word(&text[4..8]))
}

fn identity(cpu: &CpuState) -> Leaf {
    let (ecx, edx) = (cpu.features.word(Word::Ecx1), cpu.features.word(Word::Edx1));
    let ebx = if cpu.features.has(Feature::Clflush) { LINES_AND_PROCESSORS } else { 0 };
    let ebx = ebx | cpu.apic.initial_id() << 24;
    // The flag follows IA32_APIC_BASE: SDM Vol.3A 11.4.3 "Enabling or Disabling the Local APIC".
    let edx = if cpu.apic.is_enabled() { edx } else { edx & !APIC };
    let ecx = if cpu.msrs.monitor_enabled() { ecx } else { ecx & !MONITOR };
    let osxsave = if cpu.cr4 & CR4_OSXSAVE != 0 { OSXSAVE } else { 0 };
    (cpu.model.signature(), ebx, ecx | osxsave, edx)
}

/// Leaf 4: a data and a code cache of 32 KiB with 8 ways, and one of 2 MiB with 16 ways for both.
const fn cache(subleaf: u32) -> Leaf {
    /// Self-initialising.
    const FLAGS: u32 = 1 << 8;
    /// Lines of 64 bytes, one partition.
    const LINES: u32 = 63;
    match subleaf {
        0 => (1 | 1 << 5 | FLAGS, 7 << 22 | LINES, 63, 0),
        1 => (2 | 1 << 5 | FLAGS, 7 << 22 | LINES, 63, 0),
        2 => (3 | 2 << 5 | FLAGS, 15 << 22 | LINES, 2047, 0),
        _ => NOTHING,
    }
}

/// Leaf 0Dh: the sizes of XSAVE areas, and where components lie. IA32_XSS is 0.
fn xsave_areas(cpu: &CpuState, subleaf: u32) -> Leaf {
    if !cpu.features.has(Feature::Xsave) {
        return NOTHING;
    }
    let supported = xsave::supported(cpu.features);
    let standard = Layout::standard(cpu.features);
    match subleaf {
        0 => (supported as u32, standard.bytes(cpu.xcr0) as u32, standard.bytes(supported) as u32, 0),
        1 => {
            let flags = cpu.features.word(Word::EaxD);
            let compacted = Layout::compacted(cpu.features, cpu.xcr0).bytes(cpu.xcr0) as u32;
            (flags, if flags & 0b1010 != 0 { compacted } else { 0 }, 0, 0)
        }
        2..64 if supported >> subleaf & 1 != 0 => {
            component(subleaf).map_or(NOTHING, |(bytes, offset)| (bytes, offset, 0, 0))
        }
        _ => NOTHING,
    }
}

/// Leaf 5: lines of 64 bytes; the extensions of MWAIT are told of, interrupts wake it masked; its hints choose nothing.
fn monitor(cpu: &CpuState) -> Leaf {
    const LINE: u32 = 64;
    if cpu.features.has(Feature::Monitor) { (LINE, LINE, 3, 0) } else { NOTHING }
}

/// Leaf 0Bh: one thread in one core, and the x2APIC ID. Only with that mode.
const fn topology(cpu: &CpuState, subleaf: u32) -> Leaf {
    /// Kinds of levels, in ECX bits 15:8.
    const THREADS: u32 = 1 << 8;
    const CORES: u32 = 2 << 8;
    let id = cpu.apic.initial_id();
    match subleaf {
        _ if !cpu.features.has(Feature::X2apic) => NOTHING,
        0 => (0, 1, THREADS, id),
        1 => (0, 1, CORES | 1, id),
        _ => (0, 0, subleaf & 0xFF, id),
    }
}

/// Leaf 15h: the time-stamp counter runs at the machine's clock, which is a multiple of the crystal's if it does not fit
/// into 32 bits.
fn clock_ratio(cpu: &CpuState) -> Leaf {
    let multiple = cpu.clock_hz >> 32;
    let multiple = if multiple == 0 { 1 } else { multiple + 1 };
    (1, multiple as u32, (cpu.clock_hz / multiple) as u32, 0)
}

fn extended(cpu: &CpuState, leaf: u32) -> Leaf {
    const LAST: u32 = 0x8000_0008;
    match leaf {
        0x8000_0000 => (LAST, 0, 0, 0),
        0x8000_0001 => {
            (if amd(cpu) { cpu.model.signature() } else { 0 }, 0, cpu.features.word(Word::Ecx8), extended_flags(cpu))
        }
        0x8000_0002..=0x8000_0004 => brand((leaf - 0x8000_0002) as usize),
        0x8000_0005 if amd(cpu) => (0, 0, FIRST_LEVEL, FIRST_LEVEL),
        0x8000_0006 => (0, 0, 2048 << 16 | 8 << 12 | 64, 0),
        0x8000_0007 if !cpu.model.has_invariant_tsc() => NOTHING,
        0x8000_0007 => (0, 0, 0, INVARIANT_TSC),
        0x8000_0008 => {
            let linear = if cpu.features.has(Feature::La57) { 57 } else { 48 };
            (linear << 8 | u32::from(cpu.model.physical_bits()), 0, 0, 0)
        }
        _ => NOTHING,
    }
}

/// SYSCALL is told of where it can be used, NX unless IA32_MISC_ENABLE has switched it off.
fn extended_flags(cpu: &CpuState) -> u32 {
    /// NX.
    const EXECUTE_DISABLE: u32 = 1 << 20;
    let flags = cpu.features.word(Word::Edx8);
    let flags = if cpu.msrs.disables_nx() { flags & !EXECUTE_DISABLE } else { flags };
    if amd(cpu) {
        return flags | cpu.features.word(Word::Edx1) & REPEATED;
    }
    let everywhere = cpu.features.has(Feature::AmdFastCalls);
    if cpu.code_is_64() || everywhere { flags } else { flags & !(1 << 11) }
}

fn brand(part: usize) -> Leaf {
    let mut text = [0; 48];
    let name = b"ringwalk virtual processor";
    text[..name.len()].copy_from_slice(name);
    let part = &text[16 * part..][..16];
    (word(part), word(&part[4..]), word(&part[8..]), word(&part[12..]))
}
