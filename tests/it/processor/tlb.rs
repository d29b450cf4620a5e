//! Translations that the processor keeps: what may be stale, and what must not be. L12 in the three policies.
//! SDM Vol.3A 4.10 "Caching Translation Information".

use ringwalk_cpu::state::{CR0_PG, CR0_WP, CR4_PGE, CR4_PSE};
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

const POLICIES: [TlbPolicy; 3] = [TlbPolicy::Real, TlbPolicy::Sticky, TlbPolicy::None];

const PF: u8 = 14;
const GLOBAL: u32 = 0x100;

/// A linear page that is mapped to one of two physical pages, which hold AAh and BBh.
const PAGE: u32 = 0x80_3000;
const FRAME_A: u32 = 0x30_0000;
const FRAME_B: u32 = 0x30_1000;

struct Bench {
    program: Program,
}

impl Bench {
    fn new(policy: TlbPolicy) -> Bench {
        let mut program = Program::paged_on(ringwalk_cpu::model::Model::Max, policy);
        program.write(FRAME_A, &[0xAA]);
        program.write(FRAME_B, &[0xBB]);
        program.cpu.gpr[3] = PAGE.into();
        let mut bench = Bench { program };
        bench.map(FRAME_A | 7);
        bench
    }

    /// The guest writes the page-table entry itself.
    fn map(&mut self, pte: u32) {
        self.program.cpu.gpr[1] = pte.into();
        self.program.cpu.gpr[6] = pte_of(PAGE).into();
        self.execute(&[0x89, 0x0E]).expect("the tables are mapped");
    }

    fn execute(&mut self, code: &[u8]) -> Result<(), (u8, u16)> {
        self.program.cpu.rip = u64::from(CODE);
        let done = self.program.attempt(code);
        if done.is_err() {
            self.program.enter_ring(0);
        }
        done
    }

    /// MOV AL, [EBX].
    fn read(&mut self) -> Result<u8, (u8, u16)> {
        self.execute(&[0x8A, 0x03])?;
        Ok(self.program.reg(0) as u8)
    }

    /// MOV [EBX], DL.
    fn write(&mut self) -> Result<(), (u8, u16)> {
        self.program.cpu.gpr[2] = 0xCC;
        self.execute(&[0x88, 0x13])
    }

    fn invlpg(&mut self) {
        self.execute(&[0x0F, 0x01, 0x3B]).expect("ring 0 may");
    }

    fn load_cr3(&mut self) {
        self.program.cpu.gpr[0] = self.program.cpu.cr3;
        self.execute(&[0x0F, 0x22, 0xD8]).expect("ring 0 may");
    }

    fn set_cr4(&mut self, value: u64) {
        self.program.cpu.gpr[0] = value;
        self.execute(&[0x0F, 0x22, 0xE0]).expect("the bits exist");
    }

    fn set_cr0(&mut self, value: u64) {
        self.program.cpu.gpr[0] = value;
        self.execute(&[0x0F, 0x22, 0xC0]).expect("the bits exist");
    }
}

#[test]
fn l12_a_changed_frame_shows_after_invlpg() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        assert_eq!(bench.read(), Ok(0xAA));
        bench.map(FRAME_B | 7);
        let stale = if policy == TlbPolicy::None { 0xBB } else { 0xAA };
        assert_eq!(bench.read(), Ok(stale), "{policy:?}: no flush yet");
        bench.invlpg();
        assert_eq!(bench.read(), Ok(0xBB), "{policy:?}");
    }
}

#[test]
fn l12_global_pages_survive_mov_cr3_and_not_a_change_of_pge() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        bench.set_cr4(CR4_PGE);
        bench.map(FRAME_A | GLOBAL | 7);
        assert_eq!(bench.read(), Ok(0xAA));
        bench.map(FRAME_B | GLOBAL | 7);
        bench.load_cr3();
        let kept = if policy == TlbPolicy::None { 0xBB } else { 0xAA };
        assert_eq!(bench.read(), Ok(kept), "{policy:?}: global");
        bench.set_cr4(0);
        assert_eq!(bench.read(), Ok(0xBB), "{policy:?}: PGE changed");
        // The entry was filled without CR4.PGE: its G flag means nothing.
        bench.map(FRAME_A | GLOBAL | 7);
        bench.load_cr3();
        assert_eq!(bench.read(), Ok(0xAA), "{policy:?}");
        bench.set_cr4(CR4_PGE);
        assert_eq!(bench.read(), Ok(0xAA));
        bench.map(FRAME_B | GLOBAL | 7);
        bench.invlpg();
        assert_eq!(bench.read(), Ok(0xBB), "{policy:?}: INVLPG spares nobody");
    }
}

/// SDM Vol.3A 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches".
#[test]
fn q51_what_flushes() {
    type Change = fn(&mut Bench);
    let changes: [(&str, Change); 5] = [
        ("MOV CR3", |bench| bench.load_cr3()),
        ("CR4.PSE", |bench| bench.set_cr4(CR4_PSE)),
        ("CR4.PGE", |bench| bench.set_cr4(CR4_PGE)),
        ("CR0.PG off and on", |bench| {
            let cr0 = bench.program.cpu.cr0;
            bench.set_cr0(cr0 & !CR0_PG);
            bench.set_cr0(cr0);
        }),
        ("INVLPG within the page", |bench| {
            bench.program.cpu.gpr[3] = u64::from(PAGE + 0xFFF);
            bench.invlpg();
            bench.program.cpu.gpr[3] = PAGE.into();
        }),
    ];
    for (name, change) in changes {
        for policy in POLICIES {
            let mut bench = Bench::new(policy);
            assert_eq!(bench.read(), Ok(0xAA));
            bench.map(FRAME_B | 7);
            change(&mut bench);
            assert_eq!(bench.read(), Ok(0xBB), "{name} {policy:?}");
        }
    }
}

/// A translation that failed is never kept. SDM Vol.3A 4.10.2.3 "Details of TLB Use".
#[test]
fn l12_a_page_that_becomes_present_needs_no_flush() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        bench.map(0);
        bench.invlpg();
        assert_eq!(bench.read(), Err((PF, 0)));
        bench.map(FRAME_A | 7);
        assert_eq!(bench.read(), Ok(0xAA), "{policy:?}");
    }
}

/// More rights without a flush: at most one fault, which drops the entry. SDM Vol.3A 4.10.4.3 "Optional Invalidation".
#[test]
fn l12_more_rights_may_fault_once() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        let cr0 = bench.program.cpu.cr0;
        bench.set_cr0(cr0 | CR0_WP);
        bench.map(FRAME_A | 5);
        assert_eq!(bench.read(), Ok(0xAA));
        bench.map(FRAME_A | 7);
        if policy == TlbPolicy::Sticky {
            assert_eq!(bench.write(), Err((PF, 3)), "the rights that were kept are believed");
        }
        assert_eq!(bench.write(), Ok(()), "{policy:?}");
        assert_eq!(bench.program.read(FRAME_A, 1), [0xCC]);
    }
}

/// Fewer rights without a flush: the old ones last.
#[test]
fn q51_fewer_rights_need_a_flush() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        let cr0 = bench.program.cpu.cr0;
        bench.set_cr0(cr0 | CR0_WP);
        assert_eq!(bench.write(), Ok(()));
        bench.map(FRAME_A | 5);
        let expected = if policy == TlbPolicy::None { Err((PF, 3)) } else { Ok(()) };
        assert_eq!(bench.write(), expected, "{policy:?}");
        bench.invlpg();
        assert_eq!(bench.write(), Err((PF, 3)), "{policy:?}");
    }
}

/// The dirty flag is set by the first write through a translation; if it was cleared meanwhile, not again until a flush.
#[test]
fn q50_the_dirty_flag_and_the_tlb() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        assert_eq!(bench.read(), Ok(0xAA));
        assert_eq!(bench.program.read_dword(pte_of(PAGE)), FRAME_A | 0x27, "accessed");
        assert_eq!(bench.write(), Ok(()));
        assert_eq!(bench.program.read_dword(pte_of(PAGE)), FRAME_A | 0x67, "dirty");
        bench.map(FRAME_A | 7);
        assert_eq!(bench.write(), Ok(()));
        let flags = bench.program.read_dword(pte_of(PAGE)) & 0x60;
        assert_eq!(flags, if policy == TlbPolicy::None { 0x60 } else { 0 }, "{policy:?}");
        bench.invlpg();
        assert_eq!(bench.write(), Ok(()));
        assert_eq!(bench.program.read_dword(pte_of(PAGE)) & 0x60, 0x60);
    }
}

/// INVLPG for any address of a large page drops it.
#[test]
fn q53_invlpg_of_a_large_page() {
    for policy in POLICIES {
        let mut bench = Bench::new(policy);
        bench.set_cr4(CR4_PSE);
        let pde = pde_of(PAGE);
        let set_pde = |bench: &mut Bench, value: u32| {
            bench.program.cpu.gpr[1] = value.into();
            bench.program.cpu.gpr[6] = pde.into();
            bench.execute(&[0x89, 0x0E]).expect("the tables are mapped");
        };
        bench.program.write(0x40_3000, &[0x11]);
        bench.program.write(0x80_3000, &[0x22]);
        set_pde(&mut bench, 0x40_0087);
        bench.load_cr3();
        assert_eq!(bench.read(), Ok(0x11));
        set_pde(&mut bench, 0x80_0087);
        bench.program.cpu.gpr[3] = u64::from(PAGE + 0x20_0000);
        bench.invlpg();
        bench.program.cpu.gpr[3] = PAGE.into();
        assert_eq!(bench.read(), Ok(0x22), "{policy:?}");
    }
}

/// Runs a program to its end twice, once dropping everything derived between all instructions. The HostTlb is a
/// subset of the TLB, so nobody may notice.
fn alike(build: impl Fn(TlbPolicy) -> Program) {
    for policy in POLICIES {
        let mut straight = build(policy);
        let end = straight.run();
        let mut forgetful = build(policy);
        for _ in 0..10_000 {
            if forgetful.cpu.position >= straight.cpu.position {
                break;
            }
            forgetful.engine.flush_host_tlb();
            forgetful.steps(1);
        }
        assert_eq!(forgetful.run(), end);
        assert!(forgetful.cpu == straight.cpu, "{policy:?}: the states differ");
    }
}

/// The dirty walk of a write finds a new frame: reads must follow it at once, as without the derived cache.
#[test]
fn the_derived_cache_follows_a_translation_that_a_write_renewed() {
    alike(|policy| {
        let mut program = Program::paged_on(ringwalk_cpu::model::Model::Max, policy);
        program.write(FRAME_A, &[0xAA]);
        program.write(FRAME_B, &[0xBB]);
        program.write_dword(pte_of(PAGE), FRAME_A | 7);
        program.cpu.gpr[3] = PAGE.into();
        program.cpu.gpr[1] = u64::from(FRAME_B | 7);
        program.cpu.gpr[6] = pte_of(PAGE).into();
        program.code(
            "
            8A 03    ; mov al, [ebx]
            89 0E    ; mov [esi], ecx
            88 43 04 ; mov [ebx+4], al
            8A 23    ; mov ah, [ebx]
            F4       ; hlt
        ",
        );
        program
    });
}

/// A fault drops the translation of the whole large page, so the derived entries of its other parts go too.
#[test]
fn the_derived_cache_loses_what_a_fault_on_a_large_page_drops() {
    alike(|policy| {
        let mut program = Program::paged_on(ringwalk_cpu::model::Model::Max, policy);
        program.cpu.cr4 = CR4_PSE;
        program.cpu.cr0 |= CR0_WP;
        program.write_dword(pde_of(PAGE), 0x80_0085);
        program.cpu.gpr[3] = PAGE.into();
        program.cpu.gpr[6] = pde_of(PAGE).into();
        // The handler of #PF skips the store, and clears the accessed flag behind the processor's back.
        program.code_at(
            HANDLERS + 14,
            32,
            "
            E9 FB 1F 00 00 ; jmp 0x2000
        ",
        );
        program.code_at(
            HANDLERS + 14 + 0x2000,
            32,
            "
            80 26 DF    ; and byte [esi], 0xDF
            83 C4 04    ; add esp, 4
            83 04 24 02 ; add dword [esp], 2
            CF          ; iret
        ",
        );
        program.code(
            "
            8A 83 00 10 00 00 ; mov al, [ebx+0x1000]
            88 03             ; mov [ebx], al
            8A 83 00 10 00 00 ; mov al, [ebx+0x1000]
            F4                ; hlt
        ",
        );
        program
    });
}
