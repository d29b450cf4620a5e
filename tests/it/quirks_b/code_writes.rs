//! Q61: code that is written while it runs. SDM Vol.3A 12.6 "Self-Modifying Code", 9.1.3 "Handling Self- and
//! Cross-Modifying Code": since the P6 a write to code shows at once, by physical address, so also through an alias.

use super::*;

/// A store into the very next instruction, which runs as written.
#[test]
fn q61_a_store_into_the_next_instruction() {
    let mut program = Program::protected();
    program.code(
        "
        C6 05 07 00 01 00 40 ; mov byte [0x10007], 0x40
        90                   ; nop
        F4                   ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 1, "NOP became INC EAX");
}

/// The same through another linear address of the same page, and through one that straddles two pages.
#[test]
fn q61_a_store_through_an_alias() {
    let mut program = Program::paged();
    program.write_dword(pte_of(0x80_3000), CODE | 7);
    program.code(
        "
        C6 05 07 30 80 00 40 ; mov byte [0x803007], 0x40
        90                   ; nop
        F4                   ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 1);

    let mut program = Program::paged();
    program.write_dword(pte_of(0x80_3000), (CODE + 0x1000) | 7);
    program.cpu.rip = u64::from(CODE + 0xFF3);
    // The immediate of MOV EAX lies over the end of the page; the alias reaches the part behind it.
    program.code(
        "
        C7 05 00 30 80 00 34 12 F4 00 ; mov dword [0x803000], 0xF41234
        B8 00 00 00 00                ; mov eax, 0
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 0x1234_0000, "the upper half of the immediate was written");
}

/// A loop that was run from the cache before each change: the immediate grows by one each time.
#[test]
fn q61_a_loop_that_changes_its_own_immediate() {
    let mut program = Program::protected();
    program.cpu.gpr[1] = 100;
    program.code(
        "
                          ; again:
        05 01 00 00 00    ; add eax, 1
        FF 05 01 00 01 00 ; inc dword [0x10001]
        49                ; dec ecx
        75 F2             ; jne again
        F4                ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 100 * 101 / 2);
}

/// An immediate that comes back to what it was: the newest write counts, whatever was decoded from the same bytes before.
#[test]
fn q61_an_immediate_that_comes_back() {
    let mut program = Program::protected();
    program.cpu.gpr[1] = 100;
    program.code(
        "
                             ; again:
        05 01 00 00 00       ; add eax, 1
        83 35 01 00 01 00 03 ; xor dword [0x10001], 3
        49                   ; dec ecx
        75 F1                ; jne again
        F4                   ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(0), 50 * (1 + 2));
}

/// A shift whose count becomes zero leaves the flags of the comparison before it. SDM Vol.2B "SAL/SAR/SHL/SHR".
#[test]
fn q61_a_count_that_becomes_zero() {
    let mut program = Program::protected();
    (program.cpu.gpr[1], program.cpu.gpr[2], program.cpu.gpr[3]) = (10, 0, 1);
    program.code(
        "
                             ; again:
        83 F8 00             ; cmp eax, 0
        C1 E3 01             ; shl ebx, 1
        0F 94 C2             ; sete dl
        00 D6                ; add dh, dl
        80 35 05 00 01 00 01 ; xor byte [0x10005], 1
        49                   ; dec ecx
        75 EB                ; jne again
        F4                   ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.reg(2) >> 8, program.reg(3)), (5, 1 << 5), "every other time EAX was seen to be zero");
}

/// A string instruction that writes over what follows it.
#[test]
fn q61_a_string_instruction_writes_over_the_code_behind_it() {
    let mut program = Program::protected();
    program.cpu.gpr[0] = 0x43;
    program.cpu.gpr[1] = 4;
    program.cpu.gpr[7] = u64::from(CODE + 2);
    program.code(
        "
        F3 AA ; rep stosb
        90    ; nop
        90    ; nop
        90    ; nop
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(3), 4, "four times INC EBX");
}

/// A push writes over code too: the stack lies in the code.
#[test]
fn q61_a_push_into_code() {
    let mut program = Program::protected();
    program.cpu.gpr[0] = 0x4343_4343;
    program.set_esp(CODE + 5);
    program.code(
        "
        50 ; push eax
        90 ; nop
        90 ; nop
        90 ; nop
        90 ; nop
        F4 ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.reg(3), 4);
}

/// The accessed flag that a page walk sets is a write like any other: a page table can be code. ADD EAX, EBX (03 C3)
/// is a present entry; with the flag set it reads AND EAX, EBX (23 C3).
#[test]
fn q61_an_accessed_flag_that_falls_into_code() {
    let mut program = Program::paged();
    let entry = pte_of(0x80_4000);
    program.write(entry, &[0x03, 0xC3, 0x90, 0x00, 0xED, 0xC3, 0x00, 0x00]);
    program.cpu.gpr[0] = 1;
    program.cpu.gpr[3] = 1;
    program.cpu.gpr[6] = entry.into();
    program.code(
        "
        FF D6             ; call esi
        89 C2             ; mov edx, eax
        8A 0D 00 40 80 00 ; mov cl, [0x804000]
        FF D6             ; call esi
        F4                ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.reg(2), program.reg(0)), (2, 0), "added, then combined");
}

/// Behind a closed A20 gate an address above 1 MiB is an alias of one below.
#[test]
fn q61_a_store_through_the_wrap_of_the_a20_gate() {
    for open in [false, true] {
        let mut program = Program::real();
        program.bus.a20 = open;
        program.cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real(0x80) };
        program.cpu.segments[SegReg::Ds as usize] = Segment::real(0xFFFF);
        // FFFF:0815 is 100805h.
        program.code(
            "
            C6 06 15 08 40 ; mov byte [0x0815], 0x40
            90             ; nop
            F4             ; hlt
        ",
        );
        assert_eq!(program.run(), End::Halted);
        assert_eq!(program.reg(0), u32::from(!open), "A20 open {open}");
    }
}
