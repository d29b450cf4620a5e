//! Misses of the TLB in the middle of a loop that the fast tier runs, in lockstep with the canonical tier: more pages than
//! the TLB holds. SDM Vol.3A 4.8 "Accessed and Dirty Flags": what is read or fetched has its accessed flag set, what is written
//! its dirty flag too, and nothing else.

use ringwalk_cpu::state::CR4_PKE;

use crate::lockstep_cases::followed;
use crate::program::{DATA, DIRECTORY, End, Program, pte_of};

const EBX: usize = 3;
const PAGES: u32 = 300;
const READ_FROM: u32 = 0x40_0000;
const WRITTEN_FROM: u32 = 0x60_0000;
const ACCESSED: u32 = 0x20;
const DIRTY: u32 = 0x40;

/// Twice: adds a dword of each page at ESI to EAX, and writes EAX to each page at EDI.
const READS_AND_WRITES: &str = "
    ba 02 00 00 00       ; mov edx, 2
    be 00 00 40 00       ; mov esi, 0x400000
    bf 00 00 60 00       ; mov edi, 0x600000
    b9 2c 01 00 00       ; mov ecx, 300
    03 06                ; add eax, [esi]
    89 47 10             ; mov [edi+0x10], eax
    81 c6 00 10 00 00    ; add esi, 0x1000
    81 c7 00 10 00 00    ; add edi, 0x1000
    ff c9                ; dec ecx
    75 eb                ; jne -21
    ff ca                ; dec edx
    75 d8                ; jne -40
    f4                   ; hlt";

#[test]
fn more_pages_than_the_tlb_holds_are_read_and_written() {
    let mut program = followed(Program::paged());
    program.code(READS_AND_WRITES.trim_start());
    for page in 0..PAGES {
        program.write_dword(READ_FROM + page * 0x1000, page + 1);
    }
    program.cpu.gpr[0] = 0;
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), PAGES * (PAGES + 1));
    for page in 0..PAGES {
        let flags = |first: u32| program.read_dword(pte_of(first + page * 0x1000)) & (ACCESSED | DIRTY);
        assert_eq!(flags(READ_FROM), ACCESSED, "page {page}");
        assert_eq!(flags(WRITTEN_FROM), ACCESSED | DIRTY, "page {page}");
    }
    assert_eq!(program.read_dword(pte_of(READ_FROM + PAGES * 0x1000)) & (ACCESSED | DIRTY), 0, "the page behind");
    assert_eq!(program.read_dword(WRITTEN_FROM + 0x10), PAGES * (PAGES + 1) / 2 + 1, "the second round's");
}

/// A table for 2 MiB at 1 GiB, by small pages; each page there is one of those at [`READ_FROM`].
const TABLE: u32 = DIRECTORY + 0x4000;

fn windowed() -> Program {
    let mut program = followed(Program::long());
    program.write_qword(DIRECTORY + 0x1008, u64::from(DIRECTORY) + 0x3007);
    program.write_qword(DIRECTORY + 0x3000, u64::from(TABLE) | 7);
    for page in 0..512 {
        program.write_qword(TABLE + 8 * page, u64::from(READ_FROM + page * 0x1000) | 7);
    }
    program
}

/// Calls a RET in each of 300 pages, twice.
#[test]
fn more_pages_than_the_tlb_holds_are_executed() {
    let mut program = windowed();
    for page in 0..PAGES {
        program.write(READ_FROM + page * 0x1000, &[0xFF, 0xC3, 0xC3]);
    }
    program.code(
        "ba 02 00 00 00       ; mov edx, 2
         bf 00 00 00 40       ; mov edi, 0x40000000
         b9 2c 01 00 00       ; mov ecx, 300
         ff d7                ; call rdi
         48 81 c7 00 10 00 00 ; add rdi, 0x1000
         ff c9                ; dec ecx
         75 f3                ; jne -13
         ff ca                ; dec edx
         75 e5                ; jne -27
         f4                   ; hlt",
    );
    program.cpu.gpr[EBX] = 0;
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(EBX), 2 * PAGES);
    for page in 0..512 {
        let flags = program.read_dword(TABLE + 8 * page) & (ACCESSED | DIRTY);
        assert_eq!(flags, if page < PAGES { ACCESSED } else { 0 }, "page {page}");
    }
}

/// The entry above a page table leads to another one before the second round: what the TLB has lost is found there.
#[test]
fn a_walk_follows_an_upper_entry_that_has_changed() {
    let mut program = windowed();
    let (other, moved) = (TABLE + 0x1000, 0x80_0000);
    for page in 0..512 {
        program.write_qword(other + 8 * page, u64::from(moved + page * 0x1000) | 7);
    }
    for page in 0..PAGES {
        program.write_dword(READ_FROM + page * 0x1000, 1);
        program.write_dword(moved + page * 0x1000, 0x1_0000);
    }
    program.code(
        "ba 02 00 00 00       ; mov edx, 2
         be 00 00 00 40       ; mov esi, 0x40000000
         b9 2c 01 00 00       ; mov ecx, 300
         0f 01 3e             ; invlpg [rsi]
         03 06                ; add eax, [rsi]
         48 81 c6 00 10 00 00 ; add rsi, 0x1000
         ff c9                ; dec ecx
         75 f0                ; jne -16
         81 75 00 00 10 00 00 ; xor dword [rbp], 0x1000
         ff ca                ; dec edx
         75 db                ; jne -37
         f4                   ; hlt",
    );
    program.cpu.gpr[0] = 0;
    program.cpu.gpr[5] = u64::from(DIRECTORY) + 0x3000;
    program.write_qword(DIRECTORY + 0x3000, u64::from(TABLE) | 7);
    assert_eq!(TABLE ^ 0x1000, other, "one bit of the entry leads there");
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), PAGES + (PAGES << 16));
}

/// Accesses at RBX, of which the last bring RSP there first, and the vector that they end in. SDM Vol.1 3.3.7.1 "Canonical
/// Addressing", Vol.3A 6.15 "Interrupt 12-Stack Exception (#SS)": references to the stack, and by RBP, raise #SS.
const ACCESSES: [(&str, u8); 8] = [
    ("8b 03 ; mov eax, [rbx]", 13),
    ("89 03 ; mov [rbx], eax", 13),
    ("ff 03 ; inc dword [rbx]", 13),
    ("0f b6 03 ; movzx eax, byte [rbx]", 13),
    ("48 89 dd ; mov rbp, rbx\n8b 45 00 ; mov eax, [rbp]", 12),
    ("48 89 dc ; mov rsp, rbx\n50 ; push rax", 12),
    ("48 89 dc ; mov rsp, rbx\n50 ; push rax\n52 ; push rdx\n56 ; push rsi", 12),
    ("48 89 dc ; mov rsp, rbx\n58 ; pop rax\n5f ; pop rdi", 12),
];

/// What lies below bit 48 is mapped: it must not be found by a walk.
#[test]
fn an_address_that_is_not_canonical_is_never_filled_in() {
    for (access, vector) in ACCESSES {
        for rounds in 1..=2 {
            let mut program = followed(Program::long());
            program.enter_long(3);
            let bytes =
                access.lines().map(|line| line.split(';').next().map_or(0, |hex| hex.split_whitespace().count()));
            let back = 0u8.wrapping_sub(bytes.sum::<usize>() as u8 + 7);
            program
                .code(&format!("{access}\n48 01 d3 ; add rbx, rdx\nff c9 ; dec ecx\n75 {back:02x} ; jne\neb fe ; jmp"));
            let bases = [1u64 << 48, 0];
            program.cpu.gpr[EBX] = u64::from(DATA) + 0x800 + bases[rounds - 1];
            (program.cpu.gpr[1], program.cpu.gpr[2]) = (2, 1 << 48);
            assert_eq!(program.run(), End::Vector(vector), "{access}, round {rounds}");
        }
    }
}

/// The page has protection key 1, which one of the first rounds forbids; those before tie the loop together, and which is
/// the first that no link interrupts is not the test's to know. SDM Vol.3A 4.6.2 "Protection Keys", 4.7 "Page-Fault
/// Exceptions": P and PK.
#[test]
fn rights_that_change_between_two_misses_hold_for_the_second() {
    // Access disabled of key 2, 3, 4 and 5 at first; each round takes the next key below.
    for first in [0x10, 0x40, 0x100, 0x400] {
        let mut program = windowed();
        program.cpu.cr4 |= CR4_PKE;
        program.write_qword(TABLE, u64::from(READ_FROM) | 7 | 1 << 59);
        program.code(
            "31 c9          ; xor ecx, ecx
             31 d2          ; xor edx, edx
             31 c0          ; xor eax, eax
             0f 01 ef       ; wrpkru
             8b 1e          ; mov ebx, [rsi]
             44 89 c0       ; mov eax, r8d
             0f 01 ef       ; wrpkru
             8b 3e          ; mov edi, [rsi]
             41 c1 c8 02    ; ror r8d, 2
             ff cd          ; dec ebp
             75 e9          ; jne -23
             f4             ; hlt",
        );
        (program.cpu.gpr[8], program.cpu.gpr[5], program.cpu.gpr[6]) = (first, 6, 0x4000_0000);
        assert_eq!(program.run(), End::Vector(14), "{first:x}");
        assert_eq!(program.reg(8), 4, "the round that forbids key 1");
        assert_eq!(program.engine.hot.last_fault.map(|fault| fault.code), Some(0x21));
    }
}
