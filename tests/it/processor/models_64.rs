//! The 64-bit models: what CPUID of their chips says, and how the vendors differ.

use ringwalk_cpu::cpuid::cpuid;
use ringwalk_cpu::model::{FEATURES, Feature, Features, Model, Word};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

/// What a chip says: leaf 1 EAX, ECX and EDX; leaf 7 EBX; leaf 8000_0001h ECX, and EDX in 64-bit code.
struct Chip {
    model: Model,
    amd: bool,
    signature: u32,
    leaf_1: [u32; 2],
    leaf_7: u32,
    extended: [u32; 2],
    physical_bits: u32,
}

/// Dumps of chips: Athlon 64 DH-F2, Phenom II RB-C3, FX OR-B2, Core 2 Duo B2, Core i7-900 D0, Core i7-4770, Ryzen ZP-B1.
/// Family, model and stepping as in AMD's revision guides (33610, 41322, 48063, 55449) and Intel's specification updates.
#[rustfmt::skip]
const CHIPS: [Chip; 7] = [
    Chip { model: Model::K8F, amd: true, signature: 0x0004_0FF2, leaf_1: [0x0000_2001, 0x078B_FBFF], leaf_7: 0,
        extended: [0x0000_001D, 0xEBD3_FBFF], physical_bits: 40 },
    Chip { model: Model::Fam10h, amd: true, signature: 0x0010_0F43, leaf_1: [0x0080_2009, 0x178B_FBFF], leaf_7: 0,
        extended: [0x0000_37FF, 0xEFD3_FBFF], physical_bits: 48 },
    Chip { model: Model::Bulldozer, amd: true, signature: 0x0060_0F12, leaf_1: [0x1E98_220B, 0x178B_FBFF], leaf_7: 0,
        extended: [0x01C9_BFFF, 0x2FD3_FBFF], physical_bits: 48 },
    Chip { model: Model::Core2, amd: false, signature: 0x0000_06F6, leaf_1: [0x0000_E3BD, 0xBFEB_FBFF], leaf_7: 0,
        extended: [0x0000_0001, 0x2010_0800], physical_bits: 36 },
    Chip { model: Model::Nehalem, amd: false, signature: 0x0001_06A5, leaf_1: [0x0098_E3BD, 0xBFEB_FBFF], leaf_7: 0,
        extended: [0x0000_0001, 0x2810_0800], physical_bits: 36 },
    Chip { model: Model::Haswell, amd: false, signature: 0x0003_06C3, leaf_1: [0x7FFA_FBBF, 0xBFEB_FBFF],
        leaf_7: 0x0000_27AB, extended: [0x0000_0021, 0x2C10_0800], physical_bits: 39 },
    Chip { model: Model::Zen, amd: true, signature: 0x0080_0F11, leaf_1: [0x7ED8_320B, 0x178B_FBFF],
        leaf_7: 0x209C_01A9, extended: [0x35C2_33FF, 0x2FD3_FBFF], physical_bits: 48 },
];

/// Each model has exactly what its chip has, as far as this build can do it.
#[test]
fn models_have_what_their_chips_have() {
    for chip in &CHIPS {
        let says = |word: Word| match word {
            Word::Ecx1 => Some(chip.leaf_1[0]),
            Word::Edx1 => Some(chip.leaf_1[1]),
            Word::Ebx7 => Some(chip.leaf_7),
            Word::Ecx7 | Word::Edx7 => Some(0),
            Word::Ecx8 => Some(chip.extended[0]),
            Word::Edx8 => Some(chip.extended[1]),
            _ => None,
        };
        for info in FEATURES.iter().filter(|info| info.feature.is_built()) {
            let Some(flags) = says(info.word) else { continue };
            let has = chip.model.has(info.feature);
            assert_eq!(has, flags >> info.bit & 1 != 0, "{}: {}", chip.model.name(), info.name);
        }
    }
}

#[test]
fn cpuid_by_model() {
    for chip in &CHIPS {
        let mut cpu = CpuState::new(chip.model, TlbPolicy::Real);
        assert_eq!(cpu.gpr[2], u64::from(chip.signature), "EDX after reset");
        assert_eq!(cpuid(&cpu, 1, 0).0, chip.signature);
        let (_, b, c, d) = cpuid(&cpu, 0, 0);
        let vendor: Vec<u8> = [b, d, c].into_iter().flat_map(u32::to_le_bytes).collect();
        assert_eq!(vendor == b"AuthenticAMD", chip.amd, "{}", chip.model.name());
        assert_eq!(cpuid(&cpu, 0x8000_0008, 0).0 & 0xFF, chip.physical_bits);
        // AMD tells signature and flags once more. Appendix E "Function 8000_0001h".
        let (a, _, _, edx) = cpuid(&cpu, 0x8000_0001, 0);
        assert_eq!(a, if chip.amd { chip.signature } else { 0 });
        assert_eq!(edx & 0x0183_F3FF, if chip.amd { 0x0183_F3FF } else { 0 });
        // No chip of AMD has leaves 2, 4 and 0Bh; feature flags that no model has are in none of them.
        if chip.amd {
            cpu.msrs.misc_enable = 0;
            for leaf in [2, 4, 0xB] {
                assert!(cpuid(&cpu, 0, 0).0 < leaf || cpuid(&cpu, leaf, 0) == (0, 0, 0, 0), "{leaf:x}");
            }
        }
    }
    for (model, highest) in
        [(Model::K8F, 1), (Model::Fam10h, 5), (Model::Core2, 0xA), (Model::Nehalem, 0xB), (Model::Haswell, 0xD)]
    {
        assert_eq!(cpuid(&CpuState::new(model, TlbPolicy::Real), 0, 0).0, highest, "{}", model.name());
    }
}

fn long_on(model: Model) -> Program {
    let mut program = Program::long_with(model.features());
    program.cpu.model = model;
    program
}

/// AMD APM Vol.2 4.5.1 "Segment Registers", Vol.3 "SYSENTER", "SYSCALL": a null selector leaves the base alone, SYSENTER
/// is undefined in long mode, SYSCALL works in compatibility mode.
#[test]
fn vendors_differ() {
    for chip in &CHIPS {
        let name = chip.model.name();
        let mut program = long_on(chip.model);
        program.cpu.segments[SegReg::Fs as usize].base = 0x1234_5678;
        program.cpu.gpr[0] = 0;
        assert_eq!(program.attempt(&[0x8E, 0xE0]), Ok(()), "mov fs, eax");
        assert_eq!(program.cpu.seg(SegReg::Fs).base, if chip.amd { 0x1234_5678 } else { 0 }, "{name}");
        let mut program = long_on(chip.model);
        program.cpu.msrs.sysenter_cs = 8;
        program.cpu.msrs.sysenter_eip = CODE.into();
        assert_eq!(program.attempt(&[0x0F, 0x34]), if chip.amd { Err((6, 0)) } else { Ok(()) }, "{name} sysenter");
        let mut program = long_on(chip.model);
        program.load(SegReg::Cs, CODE_OF[0]);
        program.cpu.msrs.cstar = CODE.into();
        program.cpu.msrs.star = 8 << 32;
        assert_eq!(program.attempt(&[0x0F, 0x05]), if chip.amd { Ok(()) } else { Err((6, 0)) }, "{name} syscall");
    }
}

/// IA32_MISC_ENABLE is Intel's; SYSCFG, HWCR, TOP_MEM and TOP_MEM2 are AMD's. AMD APM Vol.2 "MSR Cross-Reference".
#[test]
fn registers_by_vendor() {
    for chip in &CHIPS {
        for (number, amd) in
            [(0x1A0, false), (0xC001_0010, true), (0xC001_0015, true), (0xC001_001A, true), (0xC001_001D, true)]
        {
            let mut program = long_on(chip.model);
            program.cpu.gpr[1] = number;
            let expected = if amd == chip.amd { Ok(()) } else { Err((13, 0)) };
            assert_eq!(program.attempt(&[0x0F, 0x32]), expected, "{} {number:x}", chip.model.name());
        }
    }
    // TOP_MEM counts 8 MiB; reserved bits are refused.
    for (value, expected) in [(0x0800_0000u64, Ok(())), (0x0800_0001, Err((13, 0)))] {
        let mut program = long_on(Model::K8F);
        program.cpu.gpr[1] = 0xC001_001A;
        program.cpu.gpr[0] = value;
        program.cpu.gpr[2] = 0;
        assert_eq!(program.attempt(&[0x0F, 0x30]), expected);
    }
}

/// A register of AMD's, by family 0Fh, 10h, 15h, 17h.
struct AmdRegister {
    number: u32,
    /// After a reset.
    starts: [u64; 4],
    /// Bits that chips keep when ones and zeros are written to them. The others are ignored.
    holds: [u64; 4],
}

/// PerfEvtSel, PerfCtr, SYSCFG, HWCR, NB_CFG and the Interrupt Pending Message: dumps of an Athlon 64 X2 of revision F, a
/// Phenom II, an FX-8150 and a Ryzen 7 1800X; AMD's guides 32559, 31116, 42301 and 54945 name the fields. Three rows
/// depart from the dumps: TOP_MEM2 refuses reserved bits, HWCR of 17h holds bit 27, NB_CFG begins without what a system
/// sets there (EnableCf8ExtCfg).
#[rustfmt::skip]
const AMD_REGISTERS: [AmdRegister; 7] = [
    AmdRegister { number: 0xC001_0000, starts: [0; 4],
        holds: [0xFFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF] },
    AmdRegister { number: 0xC001_0003, starts: [0; 4],
        holds: [0xFFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF, 0x30F_FFDF_FFFF] },
    AmdRegister { number: 0xC001_0004, starts: [0; 4], holds: [0xFFFF_FFFF_FFFF; 4] },
    AmdRegister { number: 0xC001_0007, starts: [0; 4], holds: [0xFFFF_FFFF_FFFF; 4] },
    AmdRegister { number: 0xC001_0010, starts: [0; 4], holds: [0x7F_07FF, 0x7F_0700, 0x7D_0000, 0x7F_0000] },
    AmdRegister { number: 0xC001_0015, starts: [0, 0x0100_0000, 0x0100_0000, 0x0100_0000],
        holds: [0xC00F_FFDF, 0xFFFF_9FDF, 0xFEFF_9FDF, 0x7EFF_9FFF] },
    AmdRegister { number: 0xC001_001F,
        starts: [0x0040_0001_0010_0008, 0x0058_0000_0000_0008, 0x0040_0000_0081_0008, 0],
        holds: [0xC040_FFFF_FFFF_FFFF, u64::MAX, u64::MAX, 0] },
];

fn write_msr(program: &mut Program, number: u32, value: u64) -> Result<(), (u8, u16)> {
    program.cpu.gpr[1] = number.into();
    program.cpu.gpr[0] = value & 0xFFFF_FFFF;
    program.cpu.gpr[2] = value >> 32;
    program.attempt(&[0x0F, 0x30])
}

fn read_edx_eax(program: &mut Program, index: u32, code: &[u8]) -> Result<u64, (u8, u16)> {
    program.cpu.gpr[1] = index.into();
    program.attempt(code)?;
    Ok(program.cpu.gpr[2] << 32 | program.cpu.gpr[0])
}

fn read_msr(program: &mut Program, number: u32) -> Result<u64, (u8, u16)> {
    read_edx_eax(program, number, &[0x0F, 0x32])
}

#[test]
fn registers_by_family() {
    for (family, model) in [Model::K8F, Model::Fam10h, Model::Bulldozer, Model::Zen].into_iter().enumerate() {
        for register in &AMD_REGISTERS {
            let mut program = Program::protected_on(model, TlbPolicy::Real);
            let (number, starts, holds) = (register.number, register.starts[family], register.holds[family]);
            let place = format!("{} {number:x}", model.name());
            assert_eq!(read_msr(&mut program, number), Ok(starts), "{place} after a reset");
            for value in [u64::MAX, 0x5555_5555_5555_5555, 0] {
                assert_eq!(write_msr(&mut program, number, value), Ok(()), "{place}");
                assert_eq!(read_msr(&mut program, number), Ok(starts & !holds | value & holds), "{place} {value:x}");
            }
            program.cpu.reset();
            assert_eq!(program.cpu.msrs.read(number, 0, program.cpu.features), Some(starts), "{place} reset again");
        }
        // Nothing lies behind the counters.
        assert_eq!(read_msr(&mut Program::protected_on(model, TlbPolicy::Real), 0xC001_0008), Err((13, 0)));
    }
    let mut intel = Program::protected_on(Model::Nehalem, TlbPolicy::Real);
    for register in &AMD_REGISTERS {
        assert_eq!(read_msr(&mut intel, register.number), Err((13, 0)), "{:x}", register.number);
    }
}

/// AMD APM Vol.3 "RDPMC": counters 0 to 3, at CPL above 0 under CR4.PCE.
#[test]
fn performance_counters_by_rdpmc() {
    let mut program = Program::protected_on(Model::K8F, TlbPolicy::Real);
    for index in 0..4 {
        assert_eq!(write_msr(&mut program, 0xC001_0004 + index, 0x1234_5678_9ABC + u64::from(index)), Ok(()));
    }
    for index in 0..4 {
        let read = read_edx_eax(&mut program, index, &[0x0F, 0x33]);
        assert_eq!(read, Ok(0x1234_5678_9ABC + u64::from(index)));
    }
    assert_eq!(read_edx_eax(&mut program, 4, &[0x0F, 0x33]), Err((13, 0)));
}

/// The default model has neither five levels nor GFNI, which the chip that it takes after has.
#[test]
fn emr_and_max() {
    let (emr, max) = (Model::Emr.features(), Model::Max.features());
    let beside: Vec<Feature> = emr.iter().filter(|feature| !max.has(*feature)).collect();
    assert_eq!(beside, [Feature::La57, Feature::Gfni]);
    assert_ne!(emr, Features::default());
    assert_eq!(Model::Emr.signature(), Model::Max.signature());
}
