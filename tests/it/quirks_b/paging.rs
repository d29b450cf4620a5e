//! What the processor may keep of the page tables, and when it must let go. SDM Vol.3A 4.4.1 "PDPTE Registers", 4.10
//! "Caching Translation Information".

use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::{CR0_CD, CR0_NW, CR0_PG, CR0_WP, CR4_PGE, CR4_PSE};
use ringwalk_mmu::TlbPolicy;

use super::*;
use crate::processor::paging::{PAE_DIRECTORY, PAGE, PDPT, pae};

const POLICIES: [TlbPolicy; 3] = [TlbPolicy::Real, TlbPolicy::Sticky, TlbPolicy::None];
const OTHER: u32 = 0x30_0000;

/// PAGE holds AAh, another frame BBh; EBX points to PAGE.
fn mapped(policy: TlbPolicy) -> Program {
    let mut program = Program::paged_on(Model::Max, policy);
    program.write(PAGE, &[0xAA]);
    program.write(OTHER, &[0xBB]);
    program.cpu.gpr[3] = PAGE.into();
    program
}

fn execute(program: &mut Program, code: &[u8]) {
    program.cpu.rip = u64::from(CODE);
    assert_eq!(program.attempt(code), Ok(()), "{code:x?}");
}

fn read(program: &mut Program) -> u8 {
    execute(program, &[0x8A, 0x03]);
    program.reg(0) as u8
}

/// The guest writes a dword of its tables.
fn store(program: &mut Program, at: u32, value: u32) {
    program.cpu.gpr[6] = at.into();
    program.cpu.gpr[1] = value.into();
    execute(program, &[0x89, 0x0E]);
}

fn set_cr0(program: &mut Program, value: u64) {
    program.cpu.gpr[0] = value;
    execute(program, &[0x0F, 0x22, 0xC0]);
}

fn set_cr4(program: &mut Program, value: u64) {
    program.cpu.gpr[0] = value;
    execute(program, &[0x0F, 0x22, 0xE0]);
}

/// 4.10.4.1 names what invalidates: of CR0 only PG from 1 to 0. WP, TS and the cache bits leave translations alone.
#[test]
fn q51_changes_of_cr0_other_than_pg_invalidate_nothing() {
    for policy in POLICIES {
        for bits in [CR0_WP, 8, CR0_CD | CR0_NW] {
            let mut program = mapped(policy);
            assert_eq!(read(&mut program), 0xAA);
            store(&mut program, pte_of(PAGE), OTHER | 7);
            let cr0 = program.cpu.cr0;
            set_cr0(&mut program, cr0 ^ bits);
            let expected = if policy == TlbPolicy::None { 0xBB } else { 0xAA };
            assert_eq!(read(&mut program), expected, "{policy:?} {bits:x}");
            set_cr0(&mut program, cr0 & !CR0_PG);
            set_cr0(&mut program, cr0);
            assert_eq!(read(&mut program), 0xBB, "{policy:?} {bits:x}: paging was off");
        }
    }
}

/// A change of WP counts at once, also for a page that was written before it.
#[test]
fn q56_wp_takes_effect_with_the_next_access() {
    for policy in POLICIES {
        let mut program = mapped(policy);
        program.write_dword(pte_of(PAGE), PAGE | 5);
        execute(&mut program, &[0x88, 0x03]);
        let cr0 = program.cpu.cr0;
        set_cr0(&mut program, cr0 | CR0_WP);
        assert_eq!(program.attempt(&[0x88, 0x03]), Err((14, 3)), "{policy:?}");
        program.enter_ring(0);
        set_cr0(&mut program, cr0);
        execute(&mut program, &[0x88, 0x03]);
    }
}

/// More rights without a flush cost at most one fault: behind it the entry is gone. 4.10.4.3 "Optional Invalidation".
#[test]
fn q51_a_fault_drops_the_entry_that_caused_it() {
    for policy in POLICIES {
        let mut program = mapped(policy);
        program.write_dword(pte_of(PAGE), PAGE | 3);
        assert_eq!(read(&mut program), 0xAA);
        store(&mut program, pte_of(PAGE), PAGE | 7);
        program.enter_ring(3);
        let first = program.attempt(&[0x8A, 0x03]);
        if policy == TlbPolicy::Sticky {
            assert_eq!(first, Err((14, 5)), "the rights that were kept are believed");
            program.enter_ring(3);
            assert_eq!(program.attempt(&[0x8A, 0x03]), Ok(()));
        } else {
            assert_eq!(first, Ok(()), "{policy:?}");
        }
    }
}

/// A 4 MiB page broken up without a flush: both sizes live until INVLPG of any address in it.
#[test]
fn q52_a_large_page_broken_up_without_a_flush() {
    for policy in POLICIES {
        let mut program = mapped(policy);
        set_cr4(&mut program, CR4_PSE);
        program.write_dword(pde_of(PAGE), 0x80_0087);
        program.write_dword(pte_of(PAGE), OTHER | 7);
        assert_eq!(read(&mut program), 0xAA);
        store(&mut program, pde_of(PAGE), (DIRECTORY + 0x3000) | 7);
        let stale = if policy == TlbPolicy::None { 0xBB } else { 0xAA };
        assert_eq!(read(&mut program), stale, "{policy:?}");
        program.cpu.gpr[3] = u64::from(PAGE + 0x10_0000);
        execute(&mut program, &[0x0F, 0x01, 0x3B]);
        program.cpu.gpr[3] = PAGE.into();
        assert_eq!(read(&mut program), 0xBB, "{policy:?}");
    }
}

/// The fill order decides which entry goes: five pages of one set of the architectural TLB (64 sets of 4 ways), the
/// first is forgotten, however often it was hit; the sticky policy keeps all five.
#[test]
fn q51_a_full_set_forgets_its_oldest_entry() {
    // The page of their table entries, 103h, lies in another set.
    let page_of = |index: u32| 0x80_A000 + index * (64 << 12);
    for policy in POLICIES {
        let mut program = mapped(policy);
        program.write(page_of(0), &[0xAA]);
        let read_page = |program: &mut Program, index| {
            program.cpu.gpr[3] = page_of(index).into();
            read(program)
        };
        for index in 0..4 {
            read_page(&mut program, index);
        }
        store(&mut program, pte_of(page_of(0)), OTHER | 7);
        let hit = read_page(&mut program, 0);
        assert_eq!(hit, if policy == TlbPolicy::None { 0xBB } else { 0xAA }, "{policy:?}: it does not protect");
        read_page(&mut program, 4);
        let expected = if policy == TlbPolicy::Sticky { 0xAA } else { 0xBB };
        assert_eq!(read_page(&mut program, 0), expected, "{policy:?}");
    }
}

/// Global pages outlive a task switch as they do MOV CR3; the others go with a new CR3, and stay with the same one.
#[test]
fn q53_a_task_switch_flushes_what_a_load_of_cr3_does() {
    for (new_cr3, global, stale) in [(true, true, true), (true, false, false), (false, false, true)] {
        let mut program = mapped(TlbPolicy::Real);
        set_cr4(&mut program, CR4_PGE);
        // A second directory with the same contents.
        let directory = program.read(DIRECTORY, 0x1000);
        program.write(0x19_0000, &directory);
        program.write_dword(pte_of(PAGE), PAGE | 7 | if global { 0x100 } else { 0 });
        assert_eq!(read(&mut program), 0xAA);
        store(&mut program, pte_of(PAGE), OTHER | 7);
        with_task(&mut program, 2, false);
        if new_cr3 {
            program.write_dword(TASK + 0x1C, 0x19_0000);
        }
        program.code_at(
            TASK_CODE,
            32,
            "
            A0 00 30 80 00 ; mov al, [0x803000]
            F4             ; hlt
        ",
        );
        program.cpu.rip = u64::from(CODE);
        program.code(TO_TASK);
        assert_eq!(program.run(), End::Halted);
        let expected = if stale { 0xAA } else { 0xBB };
        assert_eq!(program.reg(0) & 0xFF, expected, "new CR3 {new_cr3}, global {global}");
    }
}

/// A second table of pointers, which maps the first GiB at 1 GiB too.
const SECOND_PDPT: u32 = PDPT + 0x20;

fn with_second_table() -> Program {
    let mut program = pae();
    program.write_dword(SECOND_PDPT, PAE_DIRECTORY | 1);
    program.write_dword(SECOND_PDPT + 8, PAE_DIRECTORY | 1);
    program
}

/// A task switch that changes CR3 loads the four PDPTE registers, and translates by them; one that does not leaves them
/// as they are. (A PDPTE with a reserved bit: `quirks/tasks.rs`.)
#[test]
fn q54_a_task_switch_loads_the_pdptes() {
    for (cr3, loaded) in [(SECOND_PDPT, true), (PDPT, false)] {
        let mut program = with_second_table();
        with_task(&mut program, 2, false);
        program.write_dword(TASK + 0x1C, cr3);
        // An edit of the table in use must not show without a load.
        program.write_dword(PDPT + 8, PAE_DIRECTORY | 1);
        program.write_dword(DATA, 0x1234_5678);
        program.code_at(
            TASK_CODE,
            32,
            "
            A1 00 00 02 40 ; mov eax, [0x40020000]
            F4             ; hlt
        ",
        );
        program.code(TO_TASK);
        assert_eq!(program.run(), if loaded { End::Halted } else { End::Vector(14) }, "CR3 {cr3:x}");
        assert_eq!(program.reg(0) == 0x1234_5678, loaded);
    }
}

/// The cache bits of CR0 load them too while paging is on; without PAE nothing is read.
#[test]
fn q54_the_cache_bits_of_cr0_load_the_pdptes() {
    for bits in [CR0_CD, CR0_CD | CR0_NW] {
        let mut program = with_second_table();
        program.write_dword(PDPT + 8, PAE_DIRECTORY | 1);
        let cr0 = program.cpu.cr0;
        set_cr0(&mut program, cr0 ^ bits);
        assert_eq!(program.cpu.pdptes[1], u64::from(PAE_DIRECTORY | 1), "CR0 {bits:x}");
        program.write_dword(PDPT + 8, PAE_DIRECTORY | 3);
        program.cpu.gpr[0] = cr0;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Err((13, 0)), "a reserved bit, CR0 {bits:x}");
        assert_eq!(program.cpu.cr0, cr0 ^ bits);
    }
}
