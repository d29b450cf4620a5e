//! In and out of long mode, control registers, descriptor tables and system segments, null selectors.

use ringwalk_cpu::model::{Feature, Model};
use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::state::{CR0_PG, CR4_LA57, CR4_PAE, CR4_PCIDE, EFER_LMA, EFER_LME};

use crate::program::*;

/// What is wrong, and how it comes about.
type Spoiled = (&'static str, fn(&mut Program));
/// Code, RAX, and the vector and error code of its fault.
type Move = (&'static [u8], u64, Result<(), (u8, u16)>);

const EFER: u64 = 0xC000_0080;

/// Protected mode with tables for four levels and EFER.LME set, one write of CR0 before long mode.
fn before() -> Program {
    let mut program = Program::long();
    program.cpu.cr0 &= !CR0_PG;
    program.cpu.msrs.efer = EFER_LME;
    program.enter_ring(0);
    program.set_gate(13, gate(CODE_OF[0], HANDLERS + 13, 0x8E, 0));
    program
}

fn set_cr0(program: &mut Program, value: u64) -> Result<(), (u8, u16)> {
    program.cpu.gpr[0] = value;
    program.attempt(&[0x0F, 0x22, 0xC0])
}

/// SDM Vol.3A 10.8.5 "Initializing IA-32e Mode": LMA follows CR0.PG; the code goes on in compatibility mode.
#[test]
fn paging_switches_long_mode_on_and_off() {
    let mut program = before();
    let cr0 = program.cpu.cr0;
    assert_eq!(set_cr0(&mut program, cr0 | CR0_PG), Ok(()));
    assert!(program.cpu.msrs.efer & EFER_LMA != 0 && !program.cpu.code_is_64());
    assert_eq!(set_cr0(&mut program, cr0), Ok(()));
    assert_eq!(program.cpu.msrs.efer, EFER_LME);
}

/// The same section: #GP(0) without PAE, with CS.L, with a 16-bit TSS; leaving from 64-bit code or with PCIDs.
#[test]
fn what_keeps_long_mode_from_being_switched() {
    let rows: [Spoiled; 4] = [
        ("PAE is clear", |p| p.cpu.cr4 = 0),
        ("CS.L is set", |p| p.load(SegReg::Cs, LONG_CODE[0])),
        ("a 16-bit TSS", |p| p.cpu.tr.rights = 0x83),
        ("CR0 has no upper half", |_| ()),
    ];
    for (name, change) in rows {
        let mut program = before();
        change(&mut program);
        let upper = if name.starts_with("CR0") {
            program = Program::long();
            1 << 32
        } else {
            0
        };
        let cr0 = program.cpu.cr0 | CR0_PG | upper;
        assert_eq!(set_cr0(&mut program, cr0), Err((13, 0)), "{name}");
    }
    let mut program = Program::long();
    let cr0 = program.cpu.cr0 & !CR0_PG;
    assert_eq!(set_cr0(&mut program, cr0), Err((13, 0)), "in 64-bit code");
    let mut program = Program::long();
    program.enter_ring(0);
    program.cpu.cr4 |= CR4_PCIDE;
    assert_eq!(set_cr0(&mut program, cr0), Err((13, 0)), "with PCIDs");
}

/// SDM Vol.3A 2.2.1 "Extended Feature Enable Register": LME stands while paging is on, LMA cannot be written, the rest is
/// reserved.
#[test]
fn efer_refuses() {
    let rows = [
        (0xD01, Ok(())),
        (0x901, Ok(())),
        (0xC01, Err((13, 0))),
        (0x2D01, Err((13, 0))),
        (1 << 32 | 0xD01, Err((13, 0))),
    ];
    for (value, expected) in rows {
        let mut program = Program::long();
        program.cpu.gpr[1] = EFER;
        program.cpu.gpr[0] = value & 0xFFFF_FFFF;
        program.cpu.gpr[2] = value >> 32;
        assert_eq!(program.attempt(&[0x0F, 0x30]), expected, "{value:x}");
        if expected.is_ok() {
            assert!(program.cpu.msrs.efer & EFER_LMA != 0);
        }
    }
}

/// Moves of 64 bits; CR8; reserved bits of CR3 and CR4. SDM Vol.2B "MOV-Move to/from Control Registers", Q53.
#[test]
fn q53_control_registers_of_64_bit_code() {
    let rows: [Move; 8] = [
        (&[0x44, 0x0F, 0x22, 0xC0], 15, Ok(())), // mov cr8, rax
        (&[0x44, 0x0F, 0x22, 0xC0], 16, Err((13, 0))),
        (&[0x0F, 0x22, 0xD8], 1 << 46, Err((13, 0))), // mov cr3, rax: above MAXPHYADDR
        (&[0x0F, 0x22, 0xE0], CR4_PAE | 1 << 32, Err((13, 0))), // mov cr4, rax
        (&[0x0F, 0x22, 0xE0], 0, Err((13, 0))),       // PAE stays
        (&[0x0F, 0x22, 0xE0], CR4_PAE | CR4_LA57, Err((13, 0))), // and so do the levels
        (&[0x0F, 0x22, 0xE0], CR4_PAE | CR4_PCIDE, Ok(())),
        (&[0x44, 0x0F, 0x22, 0xC8], 0, Err((6, 0))), // mov cr9, rax
    ];
    for (code, value, expected) in rows {
        let mut program = Program::long();
        program.cpu.gpr[0] = value;
        assert_eq!(program.attempt(code), expected, "{code:x?} {value:x}");
    }
    let mut program = Program::long();
    program.cpu.cr3 |= 5;
    program.cpu.gpr[0] = CR4_PAE | CR4_PCIDE;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xE0]), Err((13, 0)), "CR3[11:0] must be 0");
    let mut program = Program::long();
    program.cpu.cr2 = 0xFFFF_8000_1234_5678;
    assert_eq!(program.attempt(&[0x0F, 0x20, 0xD0]), Ok(()));
    assert_eq!(program.cpu.gpr[0], 0xFFFF_8000_1234_5678);
    let mut program = Program::long();
    program.enter_ring(0);
    assert_eq!(program.attempt(&[0xF0, 0x0F, 0x20, 0xC0]), Err((6, 0)), "LOCK MOV CR0 is another vendor's CR8");
}

/// SDM Vol.2A "LGDT/LIDT", "LLDT", "LTR": bases of 64 bits, descriptors of 16 bytes without a type in the upper half.
#[test]
fn q18_system_segments_have_descriptors_of_16_bytes() {
    let mut program = Program::long();
    program.write_word(DATA, 0x7F);
    program.write_qword(DATA + 2, 0xFFFF_8000_0000_1000);
    program.cpu.gpr[3] = DATA.into();
    assert_eq!(program.attempt(&[0x0F, 0x01, 0x1B]), Ok(()), "lidt [rbx]");
    assert_eq!((program.cpu.idtr.base, program.cpu.idtr.limit), (0xFFFF_8000_0000_1000, 0x7F));
    assert_eq!(program.attempt(&[0x0F, 0x01, 0x4B, 0x20]), Ok(()), "sidt [rbx+20h]");
    assert_eq!(program.read_qword(DATA + 0x22), 0xFFFF_8000_0000_1000);
    for (upper, expected) in [(0xFFFF_8000, Ok(())), (1 << 40, Err((13, FREE))), (0x8000, Err((13, FREE)))] {
        for (code, rights) in [([0x0F, 0x00, 0xD8], 0x89), ([0x0F, 0x00, 0xD0], 0x82)] {
            let mut program = Program::long();
            program.set_descriptor(FREE, descriptor(0x1234, 0x67, rights));
            program.set_descriptor(FREE + 8, upper);
            program.cpu.gpr[0] = FREE.into();
            assert_eq!(program.attempt(&code), expected, "{code:x?} {upper:x}");
            let loaded = if rights == 0x89 { program.cpu.tr } else { program.cpu.ldtr };
            if expected.is_ok() {
                assert_eq!((loaded.selector.0, loaded.base), (FREE, 0xFFFF_8000_0000_1234));
            }
        }
    }
}

/// Q16: null selectors: DS and ES stay usable in 64-bit code, SS may be null below CPL 3; the base of FS and GS by vendor.
#[test]
fn q16_null_selectors() {
    let intel = Model::Max.features();
    for (features, base) in [(intel, 0), (intel.with(Feature::AmdNullBase), 0x1234_5678)] {
        let mut program = Program::long_with(features);
        program.cpu.segments[SegReg::Fs as usize].base = 0x1234_5678;
        program.cpu.gpr[0] = 0;
        assert_eq!(program.attempt(&[0x8E, 0xE0]), Ok(()), "mov fs, eax");
        assert_eq!(program.cpu.seg(SegReg::Fs).base, base);
    }
    let mut program = Program::long();
    program.cpu.segments[SegReg::Ds as usize] = Segment::null(Selector(0));
    program.cpu.gpr[3] = DATA.into();
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()), "mov eax, [rbx] with a null DS");
    for (ring, selector, expected) in [(0, 0, Ok(())), (0, 3, Err((13, 0))), (3, 3, Err((13, 0)))] {
        let mut program = Program::long();
        program.enter_long(ring);
        program.cpu.gpr[0] = selector;
        assert_eq!(program.attempt(&[0x8E, 0xD0]), expected, "mov ss, {selector} in ring {ring}");
    }
}

/// IRETQ to ring 3 makes selectors null that ring 3 may not have; the base of GS stays. SDM Vol.2A "IRET", and a test of
/// kvm-unit-tests that passes on silicon.
#[test]
fn a_return_to_ring_3_leaves_the_base_of_gs() {
    for (dpl, selector) in [(0, 0), (3, DATA_OF[3])] {
        let mut program = Program::long();
        program.load(SegReg::Gs, DATA_OF[dpl]);
        program.cpu.segments[SegReg::Gs as usize].base = 0x1234_5678;
        let top = STACKS[0] - 40;
        for (index, value) in [CODE, LONG_CODE[3].into(), 2, STACKS[3], DATA_OF[3].into()].into_iter().enumerate() {
            program.write_qword(top + 8 * index as u32, value.into());
        }
        program.cpu.gpr[4] = top.into();
        assert_eq!(program.attempt(&[0x48, 0xCF]), Ok(()), "iretq");
        assert_eq!(program.cpu.cpl, 3);
        assert_eq!((program.selector(SegReg::Gs), program.cpu.seg(SegReg::Gs).base), (selector, 0x1234_5678));
    }
}

/// A processor with five levels of paging checks bases for 57 bits even while it uses four; addresses of accesses and
/// branches have 48 then. 5-Level Paging and 5-Level EPT White Paper (335252), 3.1 "Canonicality Checking".
#[test]
fn bases_are_as_wide_as_the_processor() {
    const WIDE: u64 = 0xFFAA_AAAA_AAAA_AAAA;
    for (la57, taken) in [(false, Err((13, 0))), (true, Ok(()))] {
        let features = Model::Max.features();
        let features = if la57 { features.with(Feature::La57) } else { features };
        for number in [0x175, 0x176, 0xC000_0082, 0xC000_0100, 0xC000_0101, 0xC000_0102] {
            let mut program = Program::long_with(features);
            program.cpu.gpr[1] = number;
            program.cpu.gpr[0] = WIDE & 0xFFFF_FFFF;
            program.cpu.gpr[2] = WIDE >> 32;
            assert_eq!(program.attempt(&[0x0F, 0x30]), taken, "{number:x}");
        }
        for code in [[0x0F, 0x01, 0x13], [0x0F, 0x01, 0x1B]] {
            let mut program = Program::long_with(features);
            program.cpu.gpr[3] = DATA.into();
            program.write_word(DATA, 0xFF);
            program.write_qword(DATA + 2, WIDE);
            assert_eq!(program.attempt(&code), taken, "{code:x?}");
        }
        let mut program = Program::long_with(features);
        program.cpu.gpr[0] = WIDE;
        assert_eq!(program.attempt(&[0x8B, 0x00]), Err((13, 0)), "an access");
        assert_eq!(program.attempt(&[0xFF, 0xE0]), Err((13, 0)), "a branch");
    }
}
