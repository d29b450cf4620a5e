//! CPUID, its faulting, model-specific registers, random numbers, time stamps, UMIP.

use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::{CR4_TSD, CR4_UMIP};

use crate::program::*;

/// SDM Vol.2A "CPUID": the leaves of long mode agree with what the processor does.
#[test]
fn leaves_of_long_mode() {
    let leaf = |number: u64, subleaf: u64| {
        let mut program = Program::long();
        program.cpu.gpr[0] = number;
        program.cpu.gpr[1] = subleaf;
        assert_eq!(program.attempt(&[0x0F, 0xA2]), Ok(()));
        [0, 3, 1, 2].map(|register| program.reg(register))
    };
    let [last, ..] = leaf(0x8000_0000, 0);
    assert_eq!(last, 0x8000_0008);
    let [.., flags] = leaf(0x8000_0001, 0);
    assert_eq!(flags, 1 << 11 | 1 << 20 | 1 << 26 | 1 << 27 | 1 << 29, "SYSCALL NX PDPE1GB RDTSCP LM");
    let [sizes, ..] = leaf(0x8000_0008, 0);
    assert_eq!(sizes, 48 << 8 | 46);
    let [_, b, c, _] = leaf(7, 0);
    assert_eq!(b & 0x10_0481, 0x10_0481, "FSGSBASE SMEP INVPCID SMAP");
    assert_eq!(c & 0x40_000C, 0x40_000C, "UMIP PKU RDPID");
    assert_eq!(leaf(7, 1), [0; 4]);
    let [ratio, numerator, hertz, _] = leaf(0x15, 0);
    assert_eq!(u64::from(hertz) * u64::from(numerator) / u64::from(ratio), 100_000_000, "the machine's clock");
}

/// MSR_MISC_FEATURES_ENABLES bit 0. SDM Vol.4 Table 2-2.
#[test]
fn cpuid_faulting_spares_ring_0() {
    for (ring, expected) in [(0, Ok(())), (3, Err((13, 0)))] {
        let mut program = Program::long();
        program.cpu.gpr[1] = 0x140;
        program.cpu.gpr[0] = 1;
        program.cpu.gpr[2] = 0;
        assert_eq!(program.attempt(&[0x0F, 0x30]), Ok(()));
        program.enter_long(ring);
        assert_eq!(program.attempt(&[0x0F, 0xA2]), expected);
    }
}

/// WRMSR: addresses must be canonical, memory types must exist. SDM Vol.2D "WRMSR", Vol.3A 12.12.2 "IA32_PAT MSR".
#[test]
fn model_specific_registers_refuse() {
    const BAD: u64 = 0x0000_8000_0000_0000;
    for number in [0x175, 0x176, 0xC000_0082, 0xC000_0083, 0xC000_0100, 0xC000_0101, 0xC000_0102] {
        for (value, expected) in [(BAD, Err((13, 0))), (0xFFFF_8000_0000_0000, Ok(()))] {
            let mut program = Program::long();
            program.cpu.gpr[1] = number;
            program.cpu.gpr[0] = value & 0xFFFF_FFFF;
            program.cpu.gpr[2] = value >> 32;
            assert_eq!(program.attempt(&[0x0F, 0x30]), expected, "{number:x} {value:x}");
            if expected.is_ok() {
                program.cpu.gpr[0] = 0;
                assert_eq!(program.attempt(&[0x0F, 0x32]), Ok(()));
                assert_eq!((program.cpu.gpr[2] << 32) | program.cpu.gpr[0], value, "{number:x}");
            }
        }
    }
    for (value, expected) in [(0x0706_0504_0100_0706u64, Ok(())), (2, Err((13, 0))), (3 << 56, Err((13, 0)))] {
        let mut program = Program::long();
        program.cpu.gpr[1] = 0x277;
        program.cpu.gpr[0] = value & 0xFFFF_FFFF;
        program.cpu.gpr[2] = value >> 32;
        assert_eq!(program.attempt(&[0x0F, 0x30]), expected, "PAT {value:x}");
    }
}

/// SDM Vol.2B "RDTSCP", "RDPID".
#[test]
fn tsc_aux_is_told() {
    let mut program = Program::long();
    program.cpu.msrs.tsc_aux = 0x1234_5678;
    assert_eq!(program.attempt(&[0x0F, 0x01, 0xF9]), Ok(()));
    assert_eq!(program.cpu.gpr[1], 0x1234_5678);
    assert_eq!(program.attempt(&[0xF3, 0x0F, 0xC7, 0xFB]), Ok(()), "rdpid rbx");
    assert_eq!(program.cpu.gpr[3], 0x1234_5678);
    let mut program = Program::long();
    program.cpu.cr4 |= CR4_TSD;
    program.enter_long(3);
    assert_eq!(program.attempt(&[0x0F, 0x01, 0xF9]), Err((13, 0)));
}

/// RDRAND and RDSEED: CF set, the other arithmetic flags clear; the machine's seed decides what comes.
#[test]
fn random_numbers_follow_the_seed() {
    let drawn = |seed: u64| {
        let mut program = Program::long();
        program.cpu.entropy = seed;
        program.set_flags(0x8D7);
        assert_eq!(program.attempt(&[0x48, 0x0F, 0xC7, 0xF0]), Ok(()), "rdrand rax");
        assert_eq!(program.cpu.flags.bits(), 3);
        assert_eq!(program.attempt(&[0x48, 0x0F, 0xC7, 0xFB]), Ok(()), "rdseed rbx");
        (program.cpu.gpr[0], program.cpu.gpr[3])
    };
    // SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014) with seed 1234567.
    assert_eq!(drawn(1_234_567), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
    assert_ne!(drawn(0).0, drawn(1).0);
}

/// SDM Vol.3A 2.5 "Control Registers", CR4.UMIP.
#[test]
fn umip_hides_the_tables_from_ring_3() {
    for code in
        [&[0x0F, 0x01, 0x03][..], &[0x0F, 0x01, 0x0B], &[0x0F, 0x01, 0xE0], &[0x0F, 0x00, 0xC0], &[0x0F, 0x00, 0xC8]]
    {
        for (ring, expected) in [(0, Ok(())), (3, Err((13, 0)))] {
            let mut program = Program::long();
            program.cpu.cr4 |= CR4_UMIP;
            program.enter_long(ring);
            program.cpu.gpr[3] = DATA.into();
            assert_eq!(program.attempt(code), expected, "{code:x?} in ring {ring}");
        }
    }
    assert!(Model::Max.features().has(ringwalk_cpu::model::Feature::Umip));
}
