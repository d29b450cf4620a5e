//! What each processor model has and lacks. SDM Vol.3B 22 "Architecture Compatibility", Vol.2A "CPUID".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

const MODELS: [Model; 4] = [Model::I386, Model::I486, Model::Pentium, Model::P6];

fn on(model: Model) -> Program {
    Program::protected_on(model, TlbPolicy::Real)
}

/// SDM Vol.3B 22.13 "New Instructions in the Pentium and Later IA-32 Processors". Rows: code, oldest model of the four.
#[test]
fn instructions_by_model() {
    let rows: &[(&[u8], usize)] = &[
        (&[0x0F, 0xB6, 0xC3], 0),
        (&[0x0F, 0xBC, 0xC3], 0),
        (&[0x0F, 0xC8], 1),
        (&[0x0F, 0xB1, 0xC3], 1),
        (&[0x0F, 0xC1, 0xC3], 1),
        (&[0x0F, 0x01, 0x3B], 1),
        (&[0x0F, 0x08], 1),
        (&[0x0F, 0x09], 1),
        (&[0x0F, 0xA2], 1),
        (&[0x0F, 0x20, 0xE0], 1),
        (&[0x0F, 0x31], 2),
        (&[0x0F, 0xC7, 0x0B], 2),
        (&[0x0F, 0x32], 2),
        (&[0x0F, 0x44, 0xC3], 3),
        (&[0x0F, 0x33], 3),
        (&[0x0F, 0x1F, 0xC0], 3),
        (&[0x0F, 0x34], 3),
        (&[0x0F, 0x0B], 4),
        (&[0x0F, 0x05], 4),
    ];
    for (code, oldest) in rows {
        for (index, model) in MODELS.into_iter().enumerate() {
            let mut program = on(model);
            program.cpu.gpr[3] = DATA.into();
            program.cpu.gpr[1] = if code[1] == 0x32 { 0x10 } else { 0 };
            program.cpu.msrs.sysenter_cs = 8;
            program.cpu.msrs.sysenter_eip = u64::from(CODE);
            let expected = if index >= *oldest { Ok(()) } else { Err((6, 0)) };
            assert_eq!(program.attempt(code), expected, "{model:?} {code:x?}");
        }
    }
}

/// Q78: AC can be changed since the 486, ID where there is CPUID, VIF and VIP with the virtual-mode extensions.
#[test]
fn q78_flags_that_tell_the_model() {
    const AC: u32 = 1 << 18;
    const VIF_VIP: u32 = 3 << 19;
    const ID: u32 = 1 << 21;
    let rows = [(Model::I386, 0), (Model::I486, AC | ID), (Model::Pentium, AC | ID | VIF_VIP)];
    for (model, settable) in rows.into_iter().chain([(Model::P6, AC | ID | VIF_VIP)]) {
        // POPFD leaves VIF and VIP alone.
        let mut program = on(model);
        let top = program.esp() - 4;
        program.set_esp(top);
        program.write_dword(top, AC | VIF_VIP | ID | 2);
        assert_eq!(program.attempt(&[0x9D]), Ok(()));
        assert_eq!(program.cpu.flags.bits(), settable & !VIF_VIP | 2, "{model:?} POPFD");
        // IRETD at CPL 0 loads them.
        let mut program = on(model);
        let top = program.esp() - 12;
        program.set_esp(top);
        for (index, value) in [CODE, 8, AC | VIF_VIP | ID | 2].into_iter().enumerate() {
            program.write_dword(top + 4 * index as u32, value);
        }
        assert_eq!(program.attempt(&[0xCF]), Ok(()));
        assert_eq!(program.cpu.flags.bits(), settable | 2, "{model:?} IRETD");
    }
}

/// CR0 has WP, AM, NE, NW and CD since the 486. SDM Vol.3B 22.22.3 "Control Registers".
#[test]
fn bits_of_cr0_by_model() {
    const SINCE_486: u64 = 0x6005_0020;
    for model in MODELS {
        let mut program = on(model);
        program.cpu.gpr[0] = 0x7FFF_FFF1;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
        let expected = if model == Model::I386 { 0x11 } else { SINCE_486 | 0x11 };
        assert_eq!(program.cpu.cr0, expected, "{model:?}");
    }
}

/// Each bit of CR4 exists with its feature; others give #GP(0). SDM Vol.3A 2.5 "Control Registers".
#[test]
fn bits_of_cr4_by_model() {
    // VME PVI TSD DE PSE on the Pentium, MCE there too; PAE PGE PCE on the Pentium Pro, OSFXSR on the Pentium II.
    let rows = [(Model::I486, 0), (Model::Pentium, 0x5F), (Model::P6, 0x3FF)];
    for (model, exists) in rows {
        for bit in 0..32 {
            let mut program = on(model);
            program.cpu.gpr[0] = 1 << bit;
            let found = program.attempt(&[0x0F, 0x22, 0xE0]);
            let expected = if exists >> bit & 1 != 0 { Ok(()) } else { Err((13, 0)) };
            assert_eq!(found, expected, "{model:?} CR4 bit {bit}");
        }
    }
}

/// Model-specific registers are what their name says. Rows: number, oldest model of the four that has it.
#[test]
fn msrs_by_model() {
    for (number, oldest) in [(0x10, 2), (0x174, 3), (0x175, 3), (0x176, 3), (0x1B, 3), (0xFE, 3), (0x2FF, 3), (0x8B, 3)]
    {
        for (index, model) in MODELS.into_iter().enumerate().skip(2) {
            let mut program = on(model);
            program.cpu.gpr[1] = number;
            let expected = if index >= oldest { Ok(()) } else { Err((13, 0)) };
            assert_eq!(program.attempt(&[0x0F, 0x32]), expected, "{model:?} read {number:x}");
        }
    }
}

/// CPUID: vendor, highest leaf, signature as in EDX after reset, features that follow from each other.
#[test]
fn i18_cpuid() {
    for model in [Model::I486, Model::Pentium, Model::P6] {
        let mut program = on(model);
        let mut leaf = |number: u32| {
            program.cpu.gpr[0] = number.into();
            program.cpu.rip = u64::from(CODE);
            assert_eq!(program.attempt(&[0x0F, 0xA2]), Ok(()));
            [0, 3, 1, 2].map(|register| program.reg(register))
        };
        let [highest, b, c, d] = leaf(0);
        let vendor: Vec<u8> = [b, d, c].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(vendor, b"GenuineIntel");
        assert_eq!(highest, if matches!(model, Model::I486 | Model::Pentium) { 1 } else { 2 });
        let [signature, _, c, features] = leaf(1);
        // As Linux printed them on chips of these signatures: a Pentium 75-200 of stepping cC0 with its APIC enabled, and
        // a Pentium II of stepping 2 ("CPU: Before vendor init, caps: 0183fbff").
        match model {
            Model::Pentium => assert_eq!((signature, features), (0x52C, 0x0000_03BF)),
            Model::P6 => assert_eq!((signature & 0xFF0, features), (0x650, 0x0183_FBFF)),
            _ => (),
        }
        assert_eq!(u64::from(signature), CpuState::new(model, TlbPolicy::Real).gpr[2]);
        assert!(c == 0 || model == Model::Max);
        let has = |bit: u32| features >> bit & 1 != 0;
        assert!(has(0), "FPU");
        assert_eq!(has(8), model != Model::I486, "CMPXCHG8B");
        assert_eq!(has(4), model != Model::I486, "TSC");
        assert_eq!(has(15), model == Model::P6, "CMOV");
        assert_eq!(has(12), model == Model::P6, "MTRR");
        assert!(!has(17) || has(3), "PSE-36 extends PSE");
        assert_eq!(leaf(0x7FFF_FFFF), leaf(highest), "beyond the last leaf its data come again");
        assert_eq!(leaf(0x8000_0000), leaf(highest));
    }
}

/// SDM Vol.3A Table 9-1 "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT".
#[test]
fn q14_state_after_power_on() {
    for model in MODELS {
        let cpu = CpuState::new(model, TlbPolicy::Real);
        let cr0 = if model == Model::I386 { 0x10 } else { 0x6000_0010 };
        assert_eq!((cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4), (cr0, 0, 0, 0), "{model:?}");
        assert_eq!((cpu.flags.bits(), cpu.rip), (2, 0xFFF0));
        let cs = cpu.seg(SegReg::Cs);
        assert_eq!((cs.selector, cs.base, cs.limit), (Selector(0xF000), 0xFFFF_0000, 0xFFFF));
        for reg in [SegReg::Es, SegReg::Ss, SegReg::Ds, SegReg::Fs, SegReg::Gs] {
            let segment = cpu.seg(reg);
            assert_eq!((segment.selector, segment.base, segment.limit), (Selector(0), 0, 0xFFFF));
        }
        assert_eq!((cpu.gdtr.base, cpu.gdtr.limit, cpu.idtr.base, cpu.idtr.limit), (0, 0xFFFF, 0, 0xFFFF));
        assert_eq!((cpu.dr6, cpu.dr7, cpu.dr), (0xFFFF_0FF0, 0x400, [0; 4]));
        let general: Vec<u64> = cpu.gpr.iter().enumerate().filter(|(n, _)| *n != 2).map(|(_, value)| *value).collect();
        assert!(general.iter().all(|value| *value == 0));
        assert_eq!(cpu.gpr[2], u64::from(model.signature()));
        assert_eq!((cpu.fpu.control, cpu.fpu.status, cpu.fpu.tag_word()), (0x40, 0, 0x5555));
    }
}

/// Table 9-1: INIT keeps CD and NW, the floating-point unit, MSRs and the time-stamp counter.
#[test]
fn q38_init_keeps_caches_floating_point_and_msrs() {
    let mut cpu = CpuState::new(Model::P6, TlbPolicy::Real);
    cpu.cr0 = 0x8000_0011;
    cpu.fpu.control = 0x037F;
    cpu.msrs.sysenter_cs = 8;
    cpu.position = 1000;
    cpu.init();
    assert_eq!((cpu.cr0, cpu.fpu.control, cpu.msrs.sysenter_cs, cpu.position), (0x10, 0x037F, 8, 1000));
    cpu.reset();
    assert_eq!((cpu.cr0, cpu.fpu.control, cpu.msrs.sysenter_cs, cpu.position), (0x6000_0010, 0x40, 0, 1000));
}

/// The 386 has no WP: ring 0 writes read-only pages whatever CR0 was asked for.
#[test]
fn the_386_writes_read_only_pages_at_ring_0() {
    for (model, expected) in [(Model::I386, Ok(())), (Model::I486, Err((14, 3)))] {
        let mut program = Program::paged_on(model, TlbPolicy::Real);
        program.write_dword(pte_of(DATA), DATA | 5);
        program.cpu.gpr[0] = program.cpu.cr0 | 1 << 16;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
        program.cpu.gpr[3] = DATA.into();
        assert_eq!(program.attempt(&[0x89, 0x03]), expected, "{model:?}");
    }
}
