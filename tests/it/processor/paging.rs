//! Page walks: rights, error codes, accessed and dirty flags, large pages, PAE. SDM Vol.3A 4.3 "32-Bit Paging",
//! 4.4 "PAE Paging", 4.6 "Access Rights", 4.7 "Page-Fault Exceptions", 4.8 "Accessed and Dirty Flags".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_PG, CR0_WP, CR4_PAE, CR4_PSE};
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

const PF: u8 = 14;
const GP: u8 = 13;

const P: u32 = 1;
const RW: u32 = 2;
const US: u32 = 4;
const A: u32 = 1 << 5;
const D: u32 = 1 << 6;
const PS: u32 = 1 << 7;

/// The page that is tried, in the third 4 MiB; its own directory entry serves nothing else.
pub(crate) const PAGE: u32 = 0x80_3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Execute,
}

const ACCESSES: [Access; 3] = [Access::Read, Access::Write, Access::Execute];

/// SDM Vol.3A 4.6.1 and 4.7 for a mapping whose rights are those of both entries together: the error code, if any.
fn expected_fault(present: bool, rights: u32, access: Access, user: bool, wp: bool) -> Option<u16> {
    let write = access == Access::Write;
    let code = u16::from(write) << 1 | u16::from(user) << 2;
    if !present {
        return Some(code);
    }
    let denied_user = user && rights & US == 0;
    let denied_write = write && rights & RW == 0 && (user || wp);
    (denied_user || denied_write).then_some(code | 1)
}

/// Tries the access in ring 0 or 3; the page holds NOPs.
fn attempt(program: &mut Program, access: Access, user: bool) -> Result<(), (u8, u16)> {
    program.enter_ring(if user { 3 } else { 0 });
    program.cpu.gpr[3] = PAGE.into();
    program.cpu.cr2 = 0;
    match access {
        Access::Read => program.attempt(&[0x8A, 0x03]),
        Access::Write => program.attempt(&[0x88, 0x03]),
        Access::Execute => {
            program.attempt(&[0xFF, 0xE3])?;
            program.steps(1);
            program.engine.hot.last_fault.map_or(Ok(()), |fault| Err((fault.vector, fault.code)))
        }
    }
}

/// Takes the translations away, as a load of CR3 would.
fn flush(program: &mut Program) {
    program.cpu.tlb.flush();
    program.cpu.fetch_page = None;
    program.engine.flush_host_tlb();
}

#[test]
fn q32_rights_of_4_kib_pages() {
    let mut program = Program::paged();
    program.write(PAGE, &[0x90; 16]);
    let mut seen = 0;
    for wp in [false, true] {
        program.cpu.cr0 = program.cpu.cr0 & !CR0_WP | if wp { CR0_WP } else { 0 };
        for (pde, pte) in (0..8).flat_map(|pde| (0..8).map(move |pte| (pde, pte))) {
            for (access, user) in ACCESSES.into_iter().flat_map(|access| [(access, false), (access, true)]) {
                let name = format!("PDE {pde:03b} PTE {pte:03b} {access:?} user {user} WP {wp}");
                program.write_dword(pde_of(PAGE), (DIRECTORY + 0x3000) | pde);
                program.write_dword(pte_of(PAGE), PAGE | pte);
                flush(&mut program);
                let both = pde & pte;
                let expected = expected_fault(both & P != 0, both, access, user, wp);
                let found = attempt(&mut program, access, user);
                assert_eq!(found, expected.map_or(Ok(()), |code| Err((PF, code))), "{name}");
                let leaf = program.read_dword(pte_of(PAGE)) & (A | D);
                let table = program.read_dword(pde_of(PAGE)) & (A | D);
                if expected.is_some() {
                    assert_eq!(program.cpu.cr2, u64::from(PAGE), "{name}");
                    assert_eq!(leaf, 0, "{name}: a page that was refused is not accessed");
                } else {
                    assert_eq!(leaf, if access == Access::Write { A | D } else { A }, "{name}");
                    assert_eq!(table, A, "{name}: the dirty flag is the leaf's alone");
                }
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 2 * 64 * 6);
}

#[test]
fn q32_rights_of_4_mib_pages() {
    let mut program = Program::paged();
    program.cpu.cr4 = CR4_PSE;
    program.write(PAGE, &[0x90; 16]);
    for wp in [false, true] {
        program.cpu.cr0 = program.cpu.cr0 & !CR0_WP | if wp { CR0_WP } else { 0 };
        for pde in 0..8 {
            for (access, user) in ACCESSES.into_iter().flat_map(|access| [(access, false), (access, true)]) {
                let name = format!("PDE {pde:03b} {access:?} user {user} WP {wp}");
                program.write_dword(pde_of(PAGE), 0x80_0000 | PS | pde);
                flush(&mut program);
                let expected = expected_fault(pde & P != 0, pde, access, user, wp);
                let found = attempt(&mut program, access, user);
                assert_eq!(found, expected.map_or(Ok(()), |code| Err((PF, code))), "{name}");
                let flags = program.read_dword(pde_of(PAGE)) & (A | D);
                let on_success = if access == Access::Write { A | D } else { A };
                assert_eq!(flags, if expected.is_some() { 0 } else { on_success }, "{name}");
            }
        }
    }
}

/// Without CR4.PSE the PS flag is ignored: the entry names a page table. SDM Vol.3A 4.3.
#[test]
fn q55_ps_is_ignored_without_pse() {
    let mut program = Program::paged();
    program.write_dword(pde_of(PAGE), (DIRECTORY + 0x3000) | PS | 7);
    program.write_dword(PAGE, 0x1234_5678);
    program.cpu.gpr[3] = PAGE.into();
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
    assert_eq!(program.reg(0), 0x1234_5678);
}

/// The 386 and 486 without page-size extension have no 4 MiB pages at all.
#[test]
fn q55_cr4_pse_is_reserved_without_the_feature() {
    let mut program = Program::paged_on(Model::I486, TlbPolicy::Real);
    program.cpu.gpr[0] = CR4_PSE;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xE0]), Err((GP, 0)));
    assert_eq!(program.last_site(), Site::Cr4Reserved);
}

/// PSE-36: bits 20:13 of a large PDE are address bits 39:32, as far as MAXPHYADDR (36) goes; bit 21 is reserved.
/// SDM Vol.3A 4.3, Table 4-4.
#[test]
fn q55_pse_36() {
    let mut program = Program::paged_on(Model::P6, TlbPolicy::Real);
    program.cpu.cr4 = CR4_PSE;
    // The last 4 MiB of RAM answer at 4 GiB too.
    program.write_dword(pde_of(PAGE), 1 << 13 | PS | 7);
    program.write_dword(0xC0_3000, 0x1234_5678);
    program.cpu.gpr[3] = PAGE.into();
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
    assert_eq!(program.reg(0), 0x1234_5678);
    for (bit, reserved) in [(13, false), (16, false), (17, true), (20, true), (21, true), (12, false)] {
        program.write_dword(pde_of(PAGE), 1 << bit | PS | 7);
        flush(&mut program);
        let expected = if reserved { Err((PF, 9)) } else { Ok(()) };
        assert_eq!(attempt(&mut program, Access::Read, false), expected, "bit {bit}");
        assert_eq!(attempt(&mut program, Access::Write, true).is_err(), reserved, "bit {bit}");
    }
    program.write_dword(pde_of(PAGE), 1 << 21 | PS | P);
    flush(&mut program);
    assert_eq!(attempt(&mut program, Access::Write, true), Err((PF, 0xF)), "reserved bits come before rights");
    program.write_dword(pde_of(PAGE), 1 << 21 | PS);
    flush(&mut program);
    assert_eq!(attempt(&mut program, Access::Read, false), Err((PF, 0)), "an entry that is not present has none");
}

/// A Pentium has PSE without PSE-36: bits 21:13 are reserved.
#[test]
fn q55_pse_without_pse_36() {
    let mut program = Program::paged_on(Model::Pentium, TlbPolicy::Real);
    program.cpu.cr4 = CR4_PSE;
    for bit in 13..=21 {
        program.write_dword(pde_of(PAGE), 0x80_0000 | 1 << bit | PS | 7);
        flush(&mut program);
        assert_eq!(attempt(&mut program, Access::Read, false), Err((PF, 9)), "bit {bit}");
    }
}

/// Where the structures of a PAE machine stand.
pub(crate) const PDPT: u32 = 0x18_0000;
pub(crate) const PAE_DIRECTORY: u32 = 0x18_1000;
pub(crate) const PAE_TABLE: u32 = 0x18_2000;

/// PAE paging: the first GiB by 2 MiB pages onto itself, but PAGE's 2 MiB by 4 KiB pages.
/// On a processor with 36 physical address bits.
pub(crate) fn pae() -> Program {
    let mut program = Program::protected_on(Model::P6, TlbPolicy::Real);
    let entry = |program: &mut Program, at: u32, value: u64| program.write(at, &value.to_le_bytes());
    entry(&mut program, PDPT, u64::from(PAE_DIRECTORY) | 1);
    for index in 0..8u32 {
        entry(&mut program, PAE_DIRECTORY + 8 * index, u64::from(index << 21 | PS) | 7);
    }
    entry(&mut program, PAE_DIRECTORY + 8 * (PAGE >> 21), u64::from(PAE_TABLE) | 7);
    for index in 0..512u32 {
        entry(&mut program, PAE_TABLE + 8 * index, u64::from(PAGE & !0x1F_FFFF | index << 12) | 7);
    }
    program.cpu.cr4 = CR4_PAE;
    program.cpu.cr3 = PDPT.into();
    program.cpu.pdptes = [u64::from(PAE_DIRECTORY) | 1, 0, 0, 0];
    program.cpu.cr0 |= CR0_PG;
    program.write(PAGE, &[0x90; 16]);
    program
}

pub(crate) const PAE_PDE: u32 = PAE_DIRECTORY + 8 * (PAGE >> 21);
pub(crate) const PAE_PTE: u32 = PAE_TABLE + 8 * (PAGE >> 12 & 0x1FF);

#[test]
fn q32_rights_under_pae() {
    let mut program = pae();
    for wp in [false, true] {
        program.cpu.cr0 = program.cpu.cr0 & !CR0_WP | if wp { CR0_WP } else { 0 };
        for (pde, pte, large) in (0..64).flat_map(|both| [(both >> 3, both & 7, false), (both >> 3, both & 7, true)]) {
            for (access, user) in ACCESSES.into_iter().flat_map(|access| [(access, false), (access, true)]) {
                let name = format!("PDE {pde:03b} PTE {pte:03b} large {large} {access:?} user {user} WP {wp}");
                let table = if large { PAGE & !0x1F_FFFF | PS } else { PAE_TABLE };
                program.write_dword(PAE_PDE, table | pde);
                program.write_dword(PAE_PTE, PAGE | pte);
                flush(&mut program);
                let both = if large { pde } else { pde & pte };
                let expected = expected_fault(both & P != 0, both, access, user, wp);
                let found = attempt(&mut program, access, user);
                assert_eq!(found, expected.map_or(Ok(()), |code| Err((PF, code))), "{name}");
                let leaf = program.read_dword(if large { PAE_PDE } else { PAE_PTE }) & (A | D);
                let on_success = if access == Access::Write { A | D } else { A };
                assert_eq!(leaf, if expected.is_some() { 0 } else { on_success }, "{name}");
            }
        }
    }
}

/// Reserved bits of PAE entries: above MAXPHYADDR (36), bit 63 without execute-disable, low bits of a 2 MiB page.
/// SDM Vol.3A Tables 4-9 to 4-11.
#[test]
fn q55_reserved_bits_under_pae() {
    let mut program = pae();
    let pde = u64::from(PAE_TABLE) | 7;
    let pte = u64::from(PAGE) | 7;
    let large = u64::from(PAGE & !0x1F_FFFF | PS) | 7;
    let rows: Vec<(u64, u64, bool)> = [36, 51, 62, 63]
        .into_iter()
        .flat_map(|bit| [(pde | 1 << bit, pte, true), (pde, pte | 1 << bit, true), (large | 1 << bit, 0, true)])
        .chain((13..21).map(|bit| (large | 1 << bit, 0, true)))
        .chain([
            (pde, pte | 1 << 35, false),
            (large | 1 << 35, 0, false),
            (large | 1 << 12, 0, false),
            (pde | 1 << 8, pte, false),
            (pde, pte | 1 << 9, false),
        ])
        .collect();
    for (pde, pte, reserved) in rows {
        program.write(PAE_PDE, &pde.to_le_bytes());
        program.write(PAE_PTE, &pte.to_le_bytes());
        flush(&mut program);
        let expected = if reserved { Err((PF, 9)) } else { Ok(()) };
        assert_eq!(attempt(&mut program, Access::Read, false), expected, "PDE {pde:x} PTE {pte:x}");
    }
}

/// PAE reaches beyond 4 GiB.
#[test]
fn pae_reaches_beyond_4_gib() {
    let mut program = pae();
    program.write_dword(0xC0_5000, 0x1234_5678);
    program.write(PAE_PTE, &(0x1_0000_5000u64 | 7).to_le_bytes());
    program.cpu.gpr[3] = PAGE.into();
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
    assert_eq!(program.reg(0), 0x1234_5678);
}

/// The four PDPTEs are registers: loaded at MOV CR3, checked for reserved bits then, blind to memory afterwards.
/// SDM Vol.3A 4.4.1 "PDPTE Registers".
#[test]
fn q54_pdptes_are_loaded_at_mov_cr3() {
    let mov_cr3 = [0x0F, 0x22, 0xD8];
    for (bits, good) in [(0x1, true), (0x9, true), (0x3, false), (0x5, false), (0x21, false), (0x81, false)] {
        for present in [true, false] {
            let mut program = pae();
            program.write(PDPT + 8, &(u64::from(PAE_DIRECTORY) | bits & !u64::from(!present)).to_le_bytes());
            program.cpu.gpr[0] = PDPT.into();
            let before = program.cpu.pdptes;
            let found = program.attempt(&mov_cr3);
            if good || !present {
                assert_eq!(found, Ok(()), "{bits:x} {present}");
                assert_eq!(program.cpu.pdptes[1] & 1, u64::from(present));
            } else {
                assert_eq!(found, Err((GP, 0)), "{bits:x}");
                assert_eq!(program.last_site(), Site::PdpteReserved);
                assert_eq!(program.cpu.pdptes, before, "nothing is loaded");
            }
        }
    }
    // A PDPTE above MAXPHYADDR.
    let mut program = pae();
    program.write(PDPT + 16, &(1u64 << 36 | 1).to_le_bytes());
    program.cpu.gpr[0] = PDPT.into();
    assert_eq!(program.attempt(&mov_cr3), Err((GP, 0)));

    // A change in memory shows only after the next load.
    let mut program = pae();
    program.write(PDPT + 8, &(u64::from(PAE_DIRECTORY) | 1).to_le_bytes());
    program.cpu.gpr[3] = 0x4000_0000 + u64::from(DATA);
    assert_eq!(program.attempt(&[0x8B, 0x03]), Err((PF, 0)));
    program.enter_ring(0);
    program.cpu.gpr[0] = PDPT.into();
    assert_eq!(program.attempt(&mov_cr3), Ok(()));
    assert_eq!(program.attempt(&[0x8B, 0x03]), Ok(()));
}

/// They are loaded too when paging is turned on under PAE, and when PAE, PSE or PGE change under paging.
#[test]
fn q54_pdptes_are_loaded_with_paging_and_with_cr4() {
    let mut program = pae();
    program.cpu.cr0 &= !CR0_PG;
    program.cpu.pdptes = [0; 4];
    program.cpu.gpr[0] = program.cpu.cr0 | CR0_PG;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
    assert_eq!(program.cpu.pdptes[0], u64::from(PAE_DIRECTORY) | 1);
    for bit in [CR4_PSE, 0x80] {
        program.write(PDPT + 24, &(u64::from(PAE_DIRECTORY) | 1).to_le_bytes());
        program.cpu.pdptes[3] = 0;
        program.cpu.gpr[0] = program.cpu.cr4 ^ bit;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xE0]), Ok(()));
        assert_eq!(program.cpu.pdptes[3], u64::from(PAE_DIRECTORY) | 1, "CR4 bit {bit:x}");
    }
    program.write(PDPT + 24, &(u64::from(PAE_DIRECTORY) | 3).to_le_bytes());
    program.cpu.gpr[0] = program.cpu.cr4 ^ CR4_PSE;
    let cr4 = program.cpu.cr4;
    assert_eq!(program.attempt(&[0x0F, 0x22, 0xE0]), Err((GP, 0)));
    assert_eq!(program.cpu.cr4, cr4, "a refused load changes nothing");
}

/// An access over two pages: both must permit it, and the address of the fault is that of the part that failed.
#[test]
fn an_access_over_two_pages() {
    for (missing, cr2) in [(PAGE, PAGE + 0xFFE), (PAGE + 0x1000, PAGE + 0x1000)] {
        for (form, code) in [([0x8B, 0x03], 4), ([0x89, 0x03], 6), ([0x01, 0x03], 6)] {
            let mut program = Program::paged_user();
            program.write_dword(pte_of(missing), 0);
            program.write_dword(PAGE + 0xFFC, 0x1111_1111);
            program.cpu.gpr[3] = u64::from(PAGE + 0xFFE);
            assert_eq!(program.attempt(&form), Err((PF, code)));
            assert_eq!(program.cpu.cr2, u64::from(cr2));
            assert_eq!(program.read_dword(PAGE + 0xFFC), 0x1111_1111, "nothing of it is written");
        }
    }
}

/// A locked or read-modify-write instruction faults as a write even before it has read. SDM Vol.2A "CMPXCHG".
#[test]
fn q59_read_modify_write_faults_as_a_write() {
    let forms: [&[u8]; 8] = [
        &[0x01, 0x03],
        &[0xFF, 0x03],
        &[0xF7, 0x13],
        &[0x0F, 0xB1, 0x0B],
        &[0x0F, 0xC7, 0x0B],
        &[0x87, 0x03],
        &[0x0F, 0xC1, 0x03],
        &[0x0F, 0xBA, 0x2B, 0],
    ];
    for form in forms {
        for lock in [false, true] {
            let mut program = Program::paged_user();
            program.write_dword(pte_of(PAGE), PAGE | P | US);
            program.cpu.gpr[3] = PAGE.into();
            program.cpu.gpr[0] = 1;
            let code = if lock { [&[0xF0], form].concat() } else { form.to_vec() };
            assert_eq!(program.attempt(&code), Err((PF, 7)), "{code:x?}");
        }
    }
}

/// Turning paging on and off: the next instruction is fetched under the new rules. SDM Vol.3A 9.9.1 "Switching to
/// Protected Mode", Vol.2B "MOV-Move to/from Control Registers".
#[test]
fn paging_takes_effect_with_the_next_instruction() {
    let mut program = Program::paged();
    // The page behind the code is mapped to another one that holds INC EAX.
    let at = CODE + 0xFFD;
    program.cpu.rip = u64::from(at);
    program.write_dword(pte_of(CODE + 0x1000), 0x4_0007);
    program.write(CODE + 0x1000, &[0x48, 0xF4]);
    program.write(0x4_0000, &[0x40, 0xF4]);
    program.cpu.cr0 &= !CR0_PG;
    program.cpu.gpr[0] = program.cpu.cr0 | CR0_PG;
    let cr0 = program.reg(0);
    program.write(at, &[0x0F, 0x22, 0xC0]);
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), cr0 + 1);
}
