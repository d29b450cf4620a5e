//! Breakpoints of the debug registers, DR6 and DR7. SDM Vol.3B 17.2 "Debug Registers", 17.3 "Debug Exceptions".

use ringwalk_cpu::flags::{RF, TF};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::CR4_DE;

use crate::program::*;

/// Bits of DR7 for breakpoint 0: enabled, kind and length as encoded.
const fn dr7(kind: u32, length: u32) -> u64 {
    (0x401 | kind << 16 | length << 18) as u64
}

const EXECUTE: u32 = 0;
const WRITE: u32 = 1;
const IO: u32 = 2;
const READ_WRITE: u32 = 3;

/// DR6 with nothing set. SDM Vol.3A Table 9-1.
const DR6_CLEAR: u64 = 0xFFFF_0FF0;

fn watching(address: u32, control: u64) -> Program {
    let mut program = Program::protected();
    program.cpu.dr[0] = u64::from(address);
    program.cpu.dr7 = control;
    program
}

/// SDM Vol.3B 17.3.1.2 "Data Memory and I/O Breakpoint Exception Conditions": a trap behind the instruction.
#[test]
fn q06_a_data_breakpoint_traps_behind_the_instruction() {
    let write = "
        A3 00 00 02 00 ; mov [0x20000], eax
        90             ; nop
        F4             ; hlt
    ";
    let read = "
        A1 00 00 02 00 ; mov eax, [0x20000]
        90             ; nop
        F4             ; hlt
    ";
    for (kind, listing, hit) in
        [(WRITE, write, true), (WRITE, read, false), (READ_WRITE, write, true), (READ_WRITE, read, true)]
    {
        let mut program = watching(DATA, dr7(kind, 3));
        program.code(listing);
        if hit {
            let fault = program.fault();
            assert_eq!((fault.vector, fault.eip), (1, CODE + 5), "kind {kind}");
            assert_eq!(program.cpu.dr6, DR6_CLEAR | 1);
        } else {
            assert_eq!(program.run(), End::Halted, "kind {kind}");
            assert_eq!(program.cpu.dr6, DR6_CLEAR);
        }
    }
}

/// SDM Vol.3B 17.2.5 "Breakpoint Field Recognition": the length masks low address bits; any overlap counts.
/// Rows: DR0, LEN, address and bytes of the access, hit.
#[test]
fn q07_lengths_mask_the_address_and_any_overlap_counts() {
    let rows = [
        (DATA, 0, DATA, 1, true),
        (DATA, 0, DATA + 1, 1, false),
        (DATA + 1, 0, DATA, 2, true),
        (DATA + 3, 0, DATA, 4, true),
        (DATA + 4, 0, DATA, 4, false),
        (DATA, 1, DATA + 1, 1, true),
        (DATA + 1, 1, DATA, 1, true),
        (DATA, 1, DATA + 2, 1, false),
        (DATA, 3, DATA + 3, 1, true),
        (DATA + 3, 3, DATA, 1, true),
        (DATA + 2, 3, DATA + 4, 4, false),
        (DATA + 4, 3, DATA + 2, 4, true),
        (DATA + 4, 3, DATA, 4, false),
    ];
    for (address, length, at, bytes, hit) in rows {
        let mut program = watching(address, dr7(READ_WRITE, length));
        program.cpu.gpr[3] = at.into();
        program.code(match bytes {
            1 => {
                "
                8A 03 ; mov al, [ebx]
                F4    ; hlt
            "
            }
            2 => {
                "
                66 8B 03 ; mov ax, [ebx]
                F4       ; hlt
            "
            }
            _ => {
                "
                8B 03 ; mov eax, [ebx]
                F4    ; hlt
            "
            }
        });
        let end = if hit { End::Vector(1) } else { End::Halted };
        assert_eq!(program.run(), end, "DR0 {address:x} LEN {length} against {at:x} for {bytes}");
    }
}

/// SDM Vol.3B 17.2.3 "Debug Status Register (DR6)": B0 to B3 are set for every condition that is met, enabled or not.
#[test]
fn q06_a_matching_but_disabled_breakpoint_is_reported_beside_an_enabled_one() {
    let mut program = watching(DATA, 0x0303_0401 | 3 << 28);
    program.cpu.dr = [DATA, DATA + 1, DATA, DATA].map(u64::from);
    program.code(
        "
        A0 00 00 02 00 ; mov al, [0x20000]
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(program.cpu.dr6, DR6_CLEAR | 0b1101, "DR1 watches another byte");
    let mut program = watching(DATA, 0x0003_0404);
    program.code(
        "
        A0 00 00 02 00 ; mov al, [0x20000]
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted, "none that matches is enabled");
    assert_eq!(program.cpu.dr6, DR6_CLEAR);
}

/// A breakpoint met by an instruction that faults afterwards is not reported: the instruction did not complete.
#[test]
fn q06_a_faulting_instruction_leaves_no_data_breakpoint_behind() {
    let mut program = Program::paged();
    program.cpu.dr[0] = u64::from(DATA);
    program.cpu.dr7 = dr7(READ_WRITE, 3);
    program.cpu.gpr[6] = DATA.into();
    program.cpu.gpr[7] = 0x3_0000;
    program.write_dword(pte_of(0x3_0000), 0);
    program.code(
        "
        A5 ; movsd
        F4 ; hlt
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.code, fault.eip), (14, 2, CODE));
    assert_eq!(program.cpu.dr6, DR6_CLEAR);
}

#[test]
fn q06_single_step_and_data_breakpoint_share_one_trap() {
    let mut program = watching(DATA, dr7(WRITE, 3));
    program.set_flags(TF);
    program.code(
        "
        A3 00 00 02 00 ; mov [0x20000], eax
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(program.cpu.dr6, DR6_CLEAR | 0x4001);
}

/// The processor never clears BD, BS and BT; B0 to B3 tell of the last exception alone. SDM Vol.3B 17.2.3 "Debug Status
/// Register (DR6)", and a test of kvm-unit-tests that passes on silicon.
#[test]
fn q06_dr6_is_sticky() {
    let mut program = watching(DATA, dr7(WRITE, 3));
    program.cpu.dr6 = DR6_CLEAR | 0xE00E;
    program.code(
        "
        A3 00 00 02 00 ; mov [0x20000], eax
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!(program.cpu.dr6, DR6_CLEAR | 0xE001);
}

/// I/O breakpoints need CR4.DE. SDM Vol.3B 17.2.4 "Debug Control Register (DR7)".
#[test]
fn q06_io_breakpoints() {
    for (cr4, port, bytes, hit) in
        [(CR4_DE, 0x60, 1, true), (0, 0x60, 1, false), (CR4_DE, 0x61, 1, false), (CR4_DE, 0x5E, 4, true)]
    {
        let mut program = watching(0x60, dr7(IO, 0));
        program.cpu.cr4 = cr4;
        program.cpu.gpr[2] = port;
        program.code(match bytes {
            1 => {
                "
                EC ; in al, dx
                F4 ; hlt
            "
            }
            _ => {
                "
                EF ; out dx, eax
                F4 ; hlt
            "
            }
        });
        if hit {
            let fault = program.fault();
            assert_eq!((fault.vector, fault.eip), (1, CODE + 1));
            assert_eq!(program.cpu.dr6, DR6_CLEAR | 1);
        } else {
            assert_eq!(program.run(), End::Halted, "port {port:x} DE {cr4:x}");
        }
    }
}

/// SDM Vol.3B 17.3.1.1 "Instruction-Breakpoint Exception Condition": a fault in front of the instruction, with RF clear
/// in the image.
#[test]
fn q08_an_instruction_breakpoint_is_a_fault() {
    let mut program = watching(CODE + 1, dr7(EXECUTE, 0));
    program.code(
        "
        90 ; nop
        40 ; inc eax
        F4 ; hlt
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip, fault.flags & RF), (1, CODE + 1, 0));
    assert_eq!((program.reg(0), program.cpu.dr6), (0, DR6_CLEAR | 1));
    assert_eq!(program.last_site(), Site::InstructionBreakpoint);
}

#[test]
fn q08_a_breakpoint_inside_an_instruction_never_hits() {
    let mut program = watching(CODE + 2, dr7(EXECUTE, 0));
    program.code(
        "
        B8 78 56 34 12 ; mov eax, 0x12345678
        F4             ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
}

/// RF holds it off for one instruction and is cleared by that instruction.
#[test]
fn q08_rf_holds_off_one_instruction_breakpoint() {
    let mut program = watching(CODE, dr7(EXECUTE, 0));
    program.cpu.gpr[1] = 3;
    program.set_flags(RF);
    program.code(
        "
              ; again:
        49    ; dec ecx
        75 FD ; jne again
        F4    ; hlt
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.eip, program.reg(1)), (CODE, 2), "it strikes the second time round");
}

/// IRET gives RF back, and the instruction it returns to runs. SDM Vol.3B 17.3.1.1.
#[test]
fn q08_iret_with_rf_in_the_image_steps_over_the_breakpoint() {
    let mut program = watching(CODE + 1, dr7(EXECUTE, 0));
    for (index, value) in [CODE + 1, CODE_OF[0].into(), RF | 2].into_iter().enumerate() {
        program.write_dword(STACKS[0] - 12 + 4 * index as u32, value);
    }
    program.set_esp(STACKS[0] - 12);
    program.code(
        "
        CF ; iret
        90 ; nop
        F4 ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.eip(), CODE + 3);
    assert_eq!(program.cpu.flags.bits() & RF, 0);
}

/// The breakpoint comes before any fault of fetching the instruction. SDM Vol.3A Table 6-2.
#[test]
fn q08_an_instruction_breakpoint_beats_the_page_fault_of_the_fetch() {
    let mut program = Program::paged();
    program.cpu.dr[0] = 0x1_2000;
    program.cpu.dr7 = dr7(EXECUTE, 0);
    program.write_dword(pte_of(0x1_2000), 0);
    program.cpu.gpr[0] = 0x1_2000;
    program.code(
        "
        FF E0 ; jmp eax
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip), (1, 0x1_2000));
}

/// SDM Vol.3A 6.8.3: MOV SS holds off instruction breakpoints too.
#[test]
fn q01_mov_ss_holds_off_an_instruction_breakpoint() {
    let mut program = watching(CODE + 2, dr7(EXECUTE, 0));
    program.cpu.gpr[0] = DATA_OF[0].into();
    program.code(
        "
        8E D0 ; mov ss, eax
        90    ; nop
        F4    ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
}

/// A REP instruction that was interrupted between iterations has RF set in the image, so that its own breakpoint does
/// not strike again; behind the last iteration RF is clear. SDM Vol.3B 17.3.1.1.
#[test]
fn q05_rf_is_set_in_the_image_between_iterations_only() {
    for (at, image) in [(2, RF), (3, 0)] {
        let mut program = Program::protected();
        program.set_flags(0x200);
        program.cpu.gpr[1] = 3;
        program.cpu.gpr[7] = DATA.into();
        program.bus.timer = vec![(at, 0x20)];
        program.code(
            "
            F3 AA ; rep stosb
            90    ; nop
            F4    ; hlt
        ",
        );
        let fault = program.fault();
        let eip = if image == 0 { CODE + 2 } else { CODE };
        assert_eq!((fault.vector, fault.eip, fault.flags & RF), (0x20, eip, image), "after {at} iterations");
        assert_eq!(program.reg(1), 3 - at as u32);
    }
}

/// SDM Vol.3B 17.2.4: GD traps an access before it happens; the processor clears GD when it enters the handler.
#[test]
fn q06_general_detect() {
    for listing in [
        "
            0F 21 C0 ; mov eax, dr0
            F4       ; hlt
        ",
        "
            0F 23 F8 ; mov dr7, eax
            F4       ; hlt
        ",
    ] {
        let mut program = watching(0, 0x2400);
        program.cpu.gpr[0] = 0x1234;
        program.code(listing);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.eip, fault.flags & RF), (1, CODE, RF));
        assert_eq!((program.cpu.dr6, program.cpu.dr7, program.reg(0)), (DR6_CLEAR | 0x2000, 0x400, 0x1234));
        assert_eq!(program.last_site(), Site::GeneralDetect);
    }
}

/// Measured: privilege beats the #UD of DR4 with CR4.DE.
#[test]
fn q07_dr4_and_dr5_are_aliases_without_cr4_de() {
    let listing = "
        0F 21 E0 ; mov eax, dr4
        0F 21 EB ; mov ebx, dr5
        F4       ; hlt
    ";
    let mut program = Program::protected();
    program.cpu.dr6 = DR6_CLEAR | 2;
    program.cpu.dr7 = 0x0001_0400;
    program.code(listing);
    assert_eq!(program.run(), End::Halted);
    assert_eq!((program.cpu.gpr[0], program.cpu.gpr[3]), (DR6_CLEAR | 2, 0x0001_0400));
    let mut program = Program::protected();
    program.cpu.cr4 = CR4_DE;
    assert_eq!(program.code(listing).fault_site(), (6, 0, Site::DebugRegisterAlias));
    let mut program = Program::user();
    program.cpu.cr4 = CR4_DE;
    assert_eq!(program.code(listing).fault_site(), (13, 0, Site::Privileged));
}

/// SDM Vol.3B Figure 17-1 "Debug Registers": bits that cannot be written.
#[test]
fn q07_fixed_bits_of_dr6_and_dr7() {
    for (written, dr6, dr7) in [(0, DR6_CLEAR, 0x400), (0xFFFF_DFFF, 0xFFFF_CFFF, 0xFFFF_07FF)] {
        let mut program = Program::protected();
        program.cpu.gpr[0] = written;
        program.code(
            "
            0F 23 F0 ; mov dr6, eax
            0F 23 F8 ; mov dr7, eax
            F4       ; hlt
        ",
        );
        // With every breakpoint enabled, none stands at the HLT or its fetch.
        program.cpu.dr = [1, 1, 1, 1];
        assert_eq!(program.run(), End::Halted);
        assert_eq!((program.cpu.dr6, program.cpu.dr7), (dr6, dr7), "{written:x}");
    }
}

/// INT1 sets no bit of DR6 and needs no privilege. SDM Vol.2A "INT n/INTO/INT3/INT1".
#[test]
fn q09_int1_sets_no_bit_and_ignores_the_gate_privilege() {
    let mut program = Program::user();
    program.code(
        "
        F1 ; int1
    ",
    );
    let fault = program.fault();
    assert_eq!((fault.vector, fault.eip, fault.flags & RF), (1, CODE + 1, 0));
    assert_eq!(program.cpu.dr6, DR6_CLEAR);
}

/// INT3, INTO and CD 03 are software interrupts: the gate's DPL must be at least CPL.
#[test]
fn q09_software_interrupts_obey_the_gate_privilege() {
    let rows = [
        (
            "
            CC ; int3
        ",
            0x1A,
        ),
        (
            "
            CE ; into
        ",
            0x22,
        ),
        ("CD 03 ; int", 0x1A),
        ("CD 01 ; int", 0x0A),
        ("CD 20 ; int", 0x102),
    ];
    for (listing, code) in rows {
        let mut program = Program::user();
        program.set_flags(0x800);
        assert_eq!(program.code(listing).fault_site(), (13, code, Site::IdtPrivilege), "{listing}");
    }
    for (listing, vector) in [(rows[0].0, 3), (rows[1].0, 4), (rows[2].0, 3), (rows[4].0, 0x20)] {
        let mut program = Program::user();
        program.set_flags(0x800);
        program.set_gate(vector, gate(CODE_OF[0], HANDLERS + u32::from(vector), 0xEE, 0));
        let length = listing.split(';').next().unwrap_or("").split_whitespace().count() as u32;
        let fault = program.code(listing).fault();
        assert_eq!((fault.vector, fault.eip, fault.cs), (vector, CODE + length, CODE_OF[3]), "{listing}");
    }
}

#[test]
fn mov_dr_is_privileged() {
    for listing in [
        "
            0F 21 F0 ; mov eax, dr6
        ",
        "
            0F 23 C0 ; mov dr0, eax
        ",
    ] {
        let mut program = Program::user();
        program.cpu.dr7 = 0x2400;
        assert_eq!(program.code(listing).fault_site(), (13, 0, Site::Privileged), "before general detect");
    }
}
