//! XCR0, XSAVE and XRSTOR by the manual's rules. SDM Vol.1 13 "Managing State Using the XSAVE Feature Set", Vol.2D
//! "XGETBV", "XSETBV", "XSAVE", "XRSTOR".

use ringwalk_cpu::cpuid::cpuid;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_TS, CR4_OSFXSR, CR4_OSXSAVE};

use crate::program::*;

const XGETBV: [u8; 3] = [0x0F, 0x01, 0xD0];
const XSETBV: [u8; 3] = [0x0F, 0x01, 0xD1];
/// All at [EBX].
const XSAVE: [u8; 3] = [0x0F, 0xAE, 0x23];
const XRSTOR: [u8; 3] = [0x0F, 0xAE, 0x2B];
const XSAVEOPT: [u8; 3] = [0x0F, 0xAE, 0x33];
const XRSTORS: [u8; 3] = [0x0F, 0xC7, 0x1B];
const XSAVEC: [u8; 3] = [0x0F, 0xC7, 0x23];
const XSAVES: [u8; 3] = [0x0F, 0xC7, 0x2B];
const ALL: [[u8; 3]; 6] = [XSAVE, XRSTOR, XSAVEOPT, XRSTORS, XSAVEC, XSAVES];

const UD: u8 = 6;
const NM: u8 = 7;
const GP: u8 = 13;
/// The components of this processor.
const HAS: u64 = 0x207;
/// Where PKRU lies in the standard form.
const PKRU_AT: u32 = 2688;

/// Ring 0 with XSAVE on, everything enabled and asked for, and EBX at an area of zeros.
fn machine() -> Program {
    let mut program = Program::protected();
    program.cpu.cr4 |= CR4_OSXSAVE | CR4_OSFXSR;
    program.cpu.xcr0 = program_has(&program);
    program.write(DATA, &[0; 2752]);
    program.cpu.gpr[0] = 0xFFFF_FFFF;
    program.cpu.gpr[2] = 0xFFFF_FFFF;
    program.cpu.gpr[3] = DATA.into();
    program.cpu.vector.mxcsr = 0x1F80;
    program
}

fn program_has(program: &Program) -> u64 {
    u64::from(cpuid(&program.cpu, 0xD, 0).0)
}

fn vector(program: &mut Program, code: &[u8]) -> Result<(), u8> {
    program.attempt(code).map_err(|(vector, _)| vector)
}

#[test]
fn xsetbv_takes_what_the_processor_has_and_nothing_incomplete() {
    let has = program_has(&machine());
    assert!(has & !HAS == 0 && has & 3 == 3, "{has:x}");
    for value in (0..0x400_u64).chain([1 << 31, 1 << 32, 1 << 63]) {
        let mut program = machine();
        (program.cpu.gpr[0], program.cpu.gpr[1], program.cpu.gpr[2]) = (value & 0xFFFF_FFFF, 0, value >> 32);
        let good = value & 1 != 0 && value & 6 != 4 && value & !has == 0;
        assert_eq!(vector(&mut program, &XSETBV), if good { Ok(()) } else { Err(GP) }, "{value:x}");
        if good {
            program.cpu.gpr[0] = 0;
            assert_eq!(vector(&mut program, &XGETBV), Ok(()));
            assert_eq!((program.reg(0), program.reg(2)), (value as u32, 0));
        }
    }
}

#[test]
fn xcr_numbers_and_privilege() {
    for number in [1_u64, 2, 0x8000_0000] {
        let mut program = machine();
        (program.cpu.gpr[0], program.cpu.gpr[1], program.cpu.gpr[2]) = (1, number, 0);
        assert_eq!(vector(&mut program, &XSETBV), Err(GP));
        // XCR1 reads as the components in use.
        let expected = if number == 1 { Ok(()) } else { Err(GP) };
        let mut program = machine();
        program.cpu.gpr[1] = number;
        assert_eq!(vector(&mut program, &XGETBV), expected, "{number:x}");
    }
    let mut program = machine();
    program.enter_ring(3);
    (program.cpu.gpr[0], program.cpu.gpr[1], program.cpu.gpr[2]) = (1, 0, 0);
    assert_eq!(vector(&mut program, &XSETBV), Err(GP), "CPL 3");
    for code in [XSETBV, XGETBV] {
        let mut program = machine();
        program.cpu.cr4 &= !CR4_OSXSAVE;
        program.enter_ring(3);
        assert_eq!(vector(&mut program, &code), Err(UD), "no OSXSAVE");
        assert_eq!(vector(&mut machine(), &[&[0xF0], &code[..]].concat()), Err(UD), "LOCK");
        assert_eq!(vector(&mut machine(), &[&[0x66], &code[..]].concat()), Err(UD), "66h");
    }
}

#[test]
fn what_all_that_save_and_restore_check() {
    for code in ALL {
        let restores_compacted = code == XRSTORS;
        let mut good = machine();
        if restores_compacted {
            good.write(DATA + 520, &(1_u64 << 63).to_le_bytes());
        }
        assert_eq!(vector(&mut good, &code), Ok(()), "{code:02x?}");
        let mut program = machine();
        program.cpu.cr4 &= !CR4_OSXSAVE;
        program.cpu.cr0 |= CR0_TS;
        assert_eq!(vector(&mut program, &code), Err(UD), "OSXSAVE before TS");
        let mut program = machine();
        program.cpu.cr0 |= CR0_TS;
        program.cpu.gpr[3] += 1;
        assert_eq!(vector(&mut program, &code), Err(NM), "TS before alignment");
        for off in [1, 16, 32] {
            let mut program = machine();
            program.cpu.gpr[3] += off;
            assert_eq!(vector(&mut program, &code), Err(GP), "off by {off}");
            assert_eq!(program.last_site(), Site::XsaveAlignment);
        }
        let privileged = code == XRSTORS || code == XSAVES;
        let mut program = machine();
        program.enter_ring(3);
        assert_eq!(vector(&mut program, &code), if privileged { Err(GP) } else { Ok(()) }, "CPL 3 {code:02x?}");
        assert_eq!(vector(&mut machine(), &[code[0], code[1], code[2] | 0xC0]).err(), register_form(code));
    }
}

/// With a register /5 and /6 of group 15 are LFENCE and MFENCE; group 9's are nothing here.
fn register_form(code: [u8; 3]) -> Option<u8> {
    if code == XRSTOR || code == XSAVEOPT { None } else { Some(UD) }
}

/// Vol.1 13.8: XSTATE_BV within XCR0; bytes 23:8 clear in the standard form; XCOMP_BV within XCR0, XSTATE_BV within
/// XCOMP_BV and bytes 63:16 clear in the compacted one.
#[test]
fn headers_that_do_not_fit() {
    let compacted = 1_u64 << 63;
    let has = program_has(&machine());
    let rows: &[(u64, u64, u32, bool)] = &[
        (has, 0, 0, true),
        (has | 1 << 3, 0, 0, false),
        (0, 1, 0, false),
        (0, 0, 16, false),
        (0, 0, 23, false),
        (0, 0, 24, true),
        (0, 0, 63, true),
        (has, compacted | has, 0, true),
        (0, compacted | 1 << 3, 0, false),
        (3, compacted | 1, 0, false),
        (1, compacted | 3, 0, true),
        (1, compacted | 3, 16, false),
        (1, compacted | 3, 63, false),
    ];
    for (present, form, byte, good) in rows {
        let mut program = machine();
        program.write(DATA + 24, &0x1F80_u64.to_le_bytes());
        program.write(DATA + 512, &present.to_le_bytes());
        program.write(DATA + 520, &form.to_le_bytes());
        if *byte != 0 {
            program.write(DATA + 512 + byte, &[1]);
        }
        let before = program.cpu.vector.clone();
        let expected = if *good { Ok(()) } else { Err(GP) };
        assert_eq!(vector(&mut program, &XRSTOR), expected, "{present:x} {form:x} {byte}");
        if !good {
            assert_eq!(program.last_site(), Site::XsaveHeader);
            assert_eq!(program.cpu.vector, before);
        }
    }
    let mut program = machine();
    assert_eq!(vector(&mut program, &XRSTORS), Err(GP), "the compacted form only");
    for (asked, fits) in [(1, true), (2, false), (3, false)] {
        let mut program = machine();
        program.cpu.gpr[0] = asked;
        program.write_dword(DATA + 24, 0x1_0000);
        assert_eq!(vector(&mut program, &XRSTOR).is_ok(), fits, "a reserved bit of MXCSR, asked for {asked}");
    }
}

#[test]
fn what_is_saved_where() {
    let mut program = machine();
    program.cpu.fpu.initialise();
    program.cpu.vector.mxcsr = 0x1FA0;
    program.cpu.vector.registers[7] = [1, 2, 3, 4, 0, 0, 0, 0];
    program.cpu.pkru = 0x5555_5554;
    program.write(DATA, &[0xEE; 2752]);
    program.write(DATA + 512, &(1_u64 << 5).to_le_bytes());
    assert_eq!(vector(&mut program, &XSAVE), Ok(()));
    let has = program_has(&program);
    // The x87 unit has its initial configuration; bit 5 was not asked for and stays.
    assert_eq!(program.read_qword(DATA + 512), has & !1 | 1 << 5);
    assert_eq!(program.read_qword(DATA + 520), 0xEEEE_EEEE_EEEE_EEEE, "the rest of the header is left alone");
    assert_eq!((program.read_dword(DATA + 24), program.read_dword(DATA + 28)), (0x1FA0, 0xFFFF));
    assert_eq!((program.read_qword(DATA + 272), program.read_qword(DATA + 280)), (1, 2));
    assert_eq!(program.read_dword(DATA + PKRU_AT), 0x5555_5554);
    assert_eq!(program.read(DATA, 2), [0x7F, 3]);
    if has & 4 != 0 {
        assert_eq!((program.read_qword(DATA + 688), program.read_qword(DATA + 696)), (3, 4));
    }
    // What was restored is what was saved.
    let saved = program.cpu.clone();
    program.cpu.vector.registers[7] = [9; 8];
    program.cpu.vector.mxcsr = 0x1F80;
    program.cpu.pkru = 0;
    program.cpu.fpu.control = 0x40;
    program.write(DATA + 512, &(has & !1).to_le_bytes());
    program.write(DATA + 520, &[0; 16]);
    assert_eq!(vector(&mut program, &XRSTOR), Ok(()));
    let upper = if has & 4 != 0 { 4 } else { 2 };
    assert_eq!(program.cpu.vector.registers[7][..upper], saved.vector.registers[7][..upper]);
    assert_eq!((program.cpu.vector.mxcsr, program.cpu.pkru), (0x1FA0, 0x5555_5554));
    assert_eq!(program.cpu.fpu.control, 0x37F, "absent and asked for: the initial configuration");
}

/// Vol.1 13.10: what is not in use has a place and is not written.
#[test]
fn the_compacted_form() {
    let mut program = machine();
    program.cpu.fpu.initialise();
    program.cpu.pkru = 0x30;
    program.write(DATA, &[0xEE; 2752]);
    program.cpu.gpr[0] = 0x201;
    program.cpu.gpr[2] = 0;
    assert_eq!(vector(&mut program, &XSAVEC), Ok(()));
    assert_eq!((program.read_qword(DATA + 512), program.read_qword(DATA + 520)), (0x200, 1 << 63 | 0x201));
    assert_eq!(program.read_qword(DATA + 576), 0x30, "PKRU comes right behind the header");
    assert_eq!((program.read_dword(DATA), program.read_dword(DATA + 24)), (0xEEEE_EEEE, 0xEEEE_EEEE));
    program.write(DATA + 528, &[0; 48]);
    program.cpu.pkru = 7;
    assert_eq!(vector(&mut program, &XRSTORS), Ok(()));
    assert_eq!(program.cpu.pkru, 0x30);
}

/// SDM Vol.2A "CPUID" leaf 0Dh, and the flag of CR4.OSXSAVE in leaf 1.
#[test]
fn cpuid_tells_sizes_and_places() {
    let mut program = machine();
    let has = program_has(&program);
    let (_, enabled, most, _) = cpuid(&program.cpu, 0xD, 0);
    assert_eq!((enabled, most), (2696, 2696));
    assert_eq!(cpuid(&program.cpu, 0xD, 9), (8, 2688, 0, 0));
    assert_eq!(cpuid(&program.cpu, 0xD, 2), if has & 4 != 0 { (256, 576, 0, 0) } else { (0, 0, 0, 0) });
    assert_eq!(cpuid(&program.cpu, 0xD, 1).0 & 0xF, 0xF);
    program.cpu.xcr0 = 3;
    assert_eq!(cpuid(&program.cpu, 0xD, 0).1, 576);
    assert_eq!(cpuid(&program.cpu, 0xD, 1).1, 576);
    program.cpu.xcr0 = 0x203;
    assert_eq!(cpuid(&program.cpu, 0xD, 1).1, 584);
    assert!(cpuid(&program.cpu, 1, 0).2 >> 27 & 1 == 1);
}

/// SDM Vol.3A Table 9-1: XCR0 is 1 after a reset, and INIT leaves it alone.
#[test]
fn xcr0_after_reset_and_init() {
    let mut program = machine();
    program.cpu.xcr0 = 3;
    program.cpu.init();
    assert_eq!(program.cpu.xcr0, 3);
    program.cpu.reset();
    assert_eq!(program.cpu.xcr0, 1);
}
