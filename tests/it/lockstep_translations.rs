//! Translations that change while the fast tier knows them, in lockstep with the canonical tier. SDM Vol.3A 4.10.2.4
//! "Global Pages", 4.10.4.1 "Operations that Invalidate TLBs and Paging-Structure Caches". That a stale translation is
//! still used is the rule of our TLB, which keeps what it need not lose.

use ringwalk_cpu::state::{CR4_PGE, CR4_PSE};

use crate::lockstep_cases::followed;
use crate::program::{DIRECTORY, End, Program, pte_of};

const EBX: usize = 3;
const GLOBAL: u32 = 0x100;
/// Two pages, and the bit of their frames that changes.
const PAGES: [u32; 2] = [0x4_0000, 0x4_1000];
const OTHER: u32 = 0x2_0000;

/// Five times: adds from ESI to EAX and from EDI to EBX, changes the entries at EBP and EBP+4, and loses translations.
fn changing(mut program: Program, [one, two]: [u32; 2], entry: u32, bit: u32, loses: &str) -> Program {
    program.code(&format!(
        "b9 05 00 00 00 ; mov ecx, 5
         03 06          ; add eax, [esi]
         03 1f          ; add ebx, [edi]
         81 75 00 {bit} ; xor dword [ebp], bit
         81 75 04 {bit} ; xor dword [ebp+4], bit
         {loses}
         ff c9          ; dec ecx
         75 {back:02x}  ; jne back
         f4             ; hlt",
        bit = bit.to_le_bytes().map(|byte| format!("{byte:02x}")).join(" "),
        back = 0u8.wrapping_sub(4 + 14 + 4 + 6),
    ));
    for (register, value) in [(0, 0), (EBX, 0), (6, one), (7, two), (5, entry)] {
        program.cpu.gpr[register] = value.into();
    }
    assert_eq!(program.run(), End::Halted, "{loses}");
    program
}

const LOAD_CR3: &str = "0f 20 da ; mov edx, cr3\n 0f 22 da ; mov cr3, edx";
const INVLPG_BOTH: &str = "0f 01 3e ; invlpg [esi]\n 0f 01 3f ; invlpg [edi]";

/// One, ten, and what lies in the other frames: two, twenty.
fn small_pages(first_is_global: bool) -> Program {
    let mut program = followed(Program::paged());
    program.cpu.cr4 |= CR4_PGE;
    for (page, value) in PAGES.into_iter().zip([1, 10]) {
        program.write_dword(page, value);
        program.write_dword(page ^ OTHER, 2 * value);
    }
    if first_is_global {
        program.write_dword(pte_of(PAGES[0]), PAGES[0] | 7 | GLOBAL);
    }
    program
}

#[test]
fn a_load_of_cr3_spares_a_global_page_and_no_other() {
    let program = changing(small_pages(true), PAGES, pte_of(PAGES[0]), OTHER, LOAD_CR3);
    assert_eq!((program.reg(0), program.reg(EBX)), (5, 10 + 20 + 10 + 20 + 10));
    let program = changing(small_pages(false), PAGES, pte_of(PAGES[0]), OTHER, LOAD_CR3);
    assert_eq!((program.reg(0), program.reg(EBX)), (1 + 2 + 1 + 2 + 1, 10 + 20 + 10 + 20 + 10));
}

#[test]
fn invlpg_loses_a_global_page_too() {
    let program = changing(small_pages(true), PAGES, pte_of(PAGES[0]), OTHER, INVLPG_BOTH);
    assert_eq!((program.reg(0), program.reg(EBX)), (1 + 2 + 1 + 2 + 1, 10 + 20 + 10 + 20 + 10));
}

/// Two places far apart in one large page; one INVLPG at a third.
const LARGE: u32 = 0x80_0000;
const PLACES: [u32; 2] = [LARGE, LARGE + 0x5004];
const OTHER_LARGE: u32 = 0x40_0000;
const INVLPG_BETWEEN: &str = "0f 01 be 00 30 00 00 ; invlpg [esi+0x3000]\n";

fn large_page(mut program: Program) -> Program {
    for (place, value) in PLACES.into_iter().zip([1, 10]) {
        program.write_dword(place, value);
        program.write_dword(place + OTHER_LARGE, 2 * value);
    }
    program
}

#[test]
fn invlpg_anywhere_in_a_large_page_loses_all_of_it() {
    // Of 4 MiB.
    let mut program = large_page(followed(Program::paged()));
    program.cpu.cr4 |= CR4_PSE;
    let entry = DIRECTORY + 4 * (LARGE >> 22);
    program.write_dword(entry, LARGE | 0x87);
    let program = loses_large(program, entry);
    assert_eq!((program.reg(0), program.reg(EBX)), (1 + 2 + 1 + 2 + 1, 10 + 20 + 10 + 20 + 10));
    // Of 2 MiB, in 64-bit code.
    let entry = DIRECTORY + 0x2000 + 8 * (LARGE >> 21);
    let program = loses_large(large_page(followed(Program::long())), entry);
    assert_eq!((program.reg(0), program.reg(EBX)), (1 + 2 + 1 + 2 + 1, 10 + 20 + 10 + 20 + 10));
}

/// As [`changing`], with one entry.
fn loses_large(mut program: Program, entry: u32) -> Program {
    program.code(&format!(
        "b9 05 00 00 00 ; mov ecx, 5
         03 06          ; add eax, [esi]
         03 1f          ; add ebx, [edi]
         81 75 00 00 00 40 00 ; xor dword [ebp], 0x400000
         {INVLPG_BETWEEN}
         ff c9          ; dec ecx
         75 ea          ; jne -22
         f4             ; hlt"
    ));
    for (register, value) in [(0, 0), (EBX, 0), (6, PLACES[0]), (7, PLACES[1]), (5, entry)] {
        program.cpu.gpr[register] = u64::from(value);
    }
    assert_eq!(program.run(), End::Halted);
    program
}

/// Five large pages of which four alone are kept in mind: every 65th region lies in one set with the first.
#[test]
fn large_pages_that_are_kept_in_mind_in_one_set() {
    let mut program = followed(Program::long());
    // From 512 GiB on, regions of 2 MiB that all lead to one.
    program.write_qword(DIRECTORY + 8, u64::from(DIRECTORY) + 0x3007);
    program.write_qword(DIRECTORY + 0x3000, u64::from(DIRECTORY) + 0x4007);
    for region in 0..512 {
        program.write_qword(DIRECTORY + 0x4000 + 8 * region, u64::from(LARGE) | 0x87);
    }
    program.write_dword(LARGE, 1);
    program.write_dword(LARGE + OTHER_LARGE, 2);
    program.code(
        "03 06                ; add eax, [rsi]
         b9 04 00 00 00       ; mov ecx, 4
         03 07                ; add eax, [rdi]
         48 01 d7             ; add rdi, rdx
         ff c9                ; dec ecx
         75 f7                ; jne -9
         81 75 00 00 00 40 00 ; xor dword [rbp], 0x400000
         0f 01 3e             ; invlpg [rsi]
         03 1e                ; add ebx, [rsi]
         f4                   ; hlt",
    );
    let (first, step) = (1 << 39, 65 << 21);
    let entry = u64::from(DIRECTORY) + 0x4000;
    for (register, value) in [(0, 0), (EBX, 0), (2, step), (6, first), (7, first + step), (5, entry)] {
        program.cpu.gpr[register] = value;
    }
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.reg(0), program.reg(EBX)), (5, 2));
}
