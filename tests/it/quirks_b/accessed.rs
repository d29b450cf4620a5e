//! Accessed and dirty flags. SDM Vol.3A 4.8 "Accessed and Dirty Flags".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::CR0_WP;
use ringwalk_mmu::TlbPolicy;

use super::*;
use crate::processor::paging::{PAE_PDE, PAE_PTE, PAE_TABLE, PAGE, pae};

const P: u32 = 1;
const RW: u32 = 2;
const US: u32 = 4;
const A: u32 = 1 << 5;
const D: u32 = 1 << 6;

/// Tries to write the page in ring 3; all its entries start without flags.
fn write_from_ring_3(program: &mut Program) -> Result<(), (u8, u16)> {
    program.enter_ring(3);
    program.cpu.gpr[3] = PAGE.into();
    program.attempt(&[0x88, 0x03])
}

/// A walk that ends in a fault sets no accessed flag, whatever ends it and however far it got: the 386 does so
/// (reference output of test386.asm), and 4.8 asks only that the flags of a translation that is used be set.
#[test]
fn q50_a_walk_that_faults_sets_no_accessed_flag() {
    // Rights of directory entry and table entry.
    for (pde, pte) in [(0, 7), (7, 0), (P | RW, 7), (7, P | RW), (P | US, 7), (7, P | US), (P, P)] {
        let mut program = Program::paged();
        program.write_dword(pde_of(PAGE), (DIRECTORY + 0x3000) | pde);
        program.write_dword(pte_of(PAGE), PAGE | pte);
        let code = if pde & pte & P != 0 { 7 } else { 6 };
        assert_eq!(write_from_ring_3(&mut program), Err((14, code)), "PDE {pde:x} PTE {pte:x}");
        assert_eq!(program.read_dword(pde_of(PAGE)) & (A | D), 0, "PDE {pde:x} PTE {pte:x}");
        assert_eq!(program.read_dword(pte_of(PAGE)) & (A | D), 0, "PDE {pde:x} PTE {pte:x}");
    }
}

#[test]
fn q50_a_walk_that_faults_sets_no_accessed_flag_under_pae() {
    // Flags of both entries, and a reserved bit (62) of the table entry.
    for (pde, pte, reserved) in [(0, 7, 0), (7, 0, 0), (7, P | RW, 0), (P | US, 7, 0), (7, 7, 1 << 30)] {
        let mut program = pae();
        program.write_dword(PAE_PDE, PAE_TABLE | pde);
        program.write_dword(PAE_PTE, PAGE | pte);
        program.write_dword(PAE_PTE + 4, reserved);
        assert!(write_from_ring_3(&mut program).is_err(), "PDE {pde:x} PTE {pte:x} {reserved:x}");
        assert_eq!(program.read_dword(PAE_PDE) & (A | D), 0, "PDE {pde:x} PTE {pte:x} {reserved:x}");
        assert_eq!(program.read_dword(PAE_PTE) & (A | D), 0, "PDE {pde:x} PTE {pte:x} {reserved:x}");
    }
    let mut program = pae();
    assert_eq!(write_from_ring_3(&mut program), Ok(()));
    assert_eq!(program.read_dword(PAE_PDE) & (A | D), A, "a directory entry has no dirty flag");
    assert_eq!(program.read_dword(PAE_PTE) & (A | D), A | D);
}

/// Flags that were set are not taken back when a later part of the instruction faults: here the second page of the
/// operand, and then the destination of a move.
#[test]
fn q50_flags_are_not_undone() {
    let mut program = Program::paged_user();
    program.write_dword(pte_of(PAGE + 0x1000), 0);
    program.cpu.gpr[3] = u64::from(PAGE + 0xFFE);
    assert_eq!(program.attempt(&[0x89, 0x03]), Err((14, 6)));
    assert_eq!(program.read_dword(pte_of(PAGE)) & A, A);
    let mut program = Program::paged_user();
    program.write_dword(pte_of(PAGE + 0x1000), 0);
    program.cpu.gpr[6] = PAGE.into();
    program.cpu.gpr[7] = u64::from(PAGE + 0x1000);
    assert_eq!(program.attempt(&[0xA5]), Err((14, 6)));
    assert_eq!(program.read_dword(pte_of(PAGE)) & (A | D), A);
}

/// A fetch sets the accessed flag of its page, a read too; only a write sets the dirty flag, in every policy.
#[test]
fn q50_only_a_write_makes_a_page_dirty() {
    for policy in [TlbPolicy::Real, TlbPolicy::Sticky, TlbPolicy::None] {
        // JMP EBX; MOV AL, [EBX]; CMP [EBX], AL; MOV [EBX], AL.
        for (code, dirty) in
            [(&[0xFF, 0xE3], false), (&[0x8A, 0x03], false), (&[0x38, 0x03], false), (&[0x88, 0x03], true)]
        {
            let mut program = Program::paged_on(Model::Max, policy);
            program.write(PAGE, &[0x90, 0x90]);
            program.cpu.gpr[3] = PAGE.into();
            assert_eq!(program.attempt(code), Ok(()));
            program.steps(1);
            let expected = if dirty { A | D } else { A };
            assert_eq!(program.read_dword(pte_of(PAGE)) & (A | D), expected, "{policy:?} {code:x?}");
            assert_eq!(program.read_dword(pde_of(PAGE)) & (A | D), A, "{policy:?} {code:x?}");
        }
    }
}

/// Q59: CMPXCHG and CMPXCHG8B write their destination also when the comparison fails: the page becomes dirty, and one
/// that is read-only faults as written. SDM Vol.2A "CMPXCHG": "the destination operand receives a write cycle".
#[test]
fn q59_a_failing_compare_and_exchange_writes() {
    // CMPXCHG [EBX], CL; CMPXCHG [EBX], ECX; CMPXCHG8B [EBX].
    let forms: [&[u8]; 3] = [&[0x0F, 0xB0, 0x0B], &[0x0F, 0xB1, 0x0B], &[0x0F, 0xC7, 0x0B]];
    for form in forms {
        for prefix in [&[][..], &[0xF0]] {
            let code = [prefix, form].concat();
            let mut program = Program::paged();
            program.cpu.gpr[0] = 0x55;
            program.cpu.gpr[3] = PAGE.into();
            program.write(PAGE, &[1, 2, 3, 4, 5, 6, 7, 8]);
            assert_eq!(program.attempt(&code), Ok(()));
            assert_eq!(program.read_dword(pte_of(PAGE)) & (A | D), A | D, "{code:x?}");
            assert_eq!(program.read(PAGE, 8), [1, 2, 3, 4, 5, 6, 7, 8], "{code:x?}");
            assert_eq!(program.cpu.flags.bits() >> 6 & 1, 0, "{code:x?}: unequal");

            let mut program = Program::paged();
            program.cpu.cr0 |= CR0_WP;
            program.write_dword(pte_of(PAGE), PAGE | P | US);
            program.cpu.gpr[0] = 0x55;
            program.cpu.gpr[3] = PAGE.into();
            program.write(PAGE, &[1, 2, 3, 4, 5, 6, 7, 8]);
            assert_eq!(program.attempt(&code), Err((14, 3)), "{code:x?}");
            assert_eq!(program.reg(0), 0x55, "{code:x?}: nothing was loaded");
        }
    }
}
