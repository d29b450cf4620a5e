//! System instructions: control registers, descriptor-table registers, MSRs, privilege, LOCK, floating-point control.
//! SDM Vol.3A 2.5 "Control Registers", 2.8 "System Instruction Summary", Vol.2 under each name.

use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{
    CR0_CD, CR0_EM, CR0_ET, CR0_MP, CR0_NE, CR0_NW, CR0_PE, CR0_PG, CR0_TS, CR4_PCE, CR4_TSD, TableRegister,
};

use crate::program::*;

const UD: u8 = 6;
const NM: u8 = 7;
const GP: u8 = 13;
const MF: u8 = 16;

/// Measured at CPL 3: what needs ring 0, and what is undefined even there.
#[test]
fn i29_privileged_instructions() {
    let privileged: &[&[u8]] = &[
        &[0xFA],
        &[0xFB],
        &[0xF4],
        &[0xE4, 0x60],
        &[0x0F, 0x20, 0xC0],
        &[0x0F, 0x22, 0xC0],
        &[0x0F, 0x20, 0xD8],
        &[0x0F, 0x22, 0xD8],
        &[0x0F, 0x20, 0xD0],
        &[0x0F, 0x20, 0xE0],
        &[0x0F, 0x23, 0xF8],
        &[0x0F, 0x21, 0xE0],
        &[0x0F, 0x30],
        &[0x0F, 0x32],
        &[0x0F, 0x33],
        &[0x0F, 0x08],
        &[0x0F, 0x09],
        &[0x0F, 0x01, 0x3B],
        &[0x0F, 0x01, 0x13],
        &[0x0F, 0x01, 0x1B],
        &[0x0F, 0x01, 0xF0],
        &[0x0F, 0x06],
        &[0x0F, 0x35],
    ];
    for code in privileged {
        let mut program = Program::user();
        program.cpu.msrs.sysenter_cs = 8;
        program.cpu.gpr[3] = DATA.into();
        assert_eq!(program.attempt(code), Err((GP, 0)), "{code:x?}");
    }
    let undefined: &[&[u8]] = &[
        &[0x0F, 0x20, 0xC8],
        &[0x0F, 0x22, 0xC8],
        &[0x0F, 0x20, 0xE8],
        &[0x0F, 0x22, 0xF8],
        &[0x0F, 0xAA],
        &[0x0F, 0x0B],
        &[0x0F, 0xB9, 0xC0],
        &[0x0F, 0xFF, 0xC0],
        &[0x0F, 0x01, 0xFB],
        &[0x0F, 0x01, 0xC3],
        &[0xF0, 0x90],
        &[0xF0, 0x01, 0xC3],
        &[0xF0, 0x89, 0x03],
        &[0xF0, 0x0F, 0xC7, 0xC8],
        &[0x8D, 0xC0],
        &[0x62, 0xC0],
        &[0xC4, 0xC0],
        &[0xFF, 0xD8],
        &[0xFF, 0xE8],
        &[0xFF, 0xF8],
        &[0xFE, 0xD0],
        &[0x8F, 0xC8],
        &[0xC6, 0xC8, 0],
        &[0x0F, 0xBA, 0xC0, 0],
    ];
    for code in undefined {
        for mut program in [Program::user(), Program::protected()] {
            program.cpu.gpr[3] = DATA.into();
            assert_eq!(program.attempt(code), Err((UD, 0)), "{code:x?}");
        }
    }
}

/// SDM Vol.2B "MOV-Move to/from Control Registers": PG needs PE, NW needs CD; reserved bits are ignored, ET is fixed.
#[test]
fn q19_combinations_of_cr0() {
    let base = CR0_PE | CR0_ET;
    let rows: &[(u64, Result<u64, ()>)] = &[
        (CR0_PG, Err(())),
        (CR0_NW | CR0_PE, Err(())),
        (CR0_NW | CR0_CD | CR0_PE, Ok(CR0_NW | CR0_CD | base)),
        (CR0_CD | CR0_PE, Ok(CR0_CD | base)),
        (CR0_PE, Ok(base)),
        (0x1FFA_FFC0 | CR0_PE, Ok(base)),
        (CR0_PE | CR0_NE, Ok(base | CR0_NE)),
        (0, Ok(CR0_ET)),
    ];
    for (value, expected) in rows {
        let mut program = Program::protected();
        program.cpu.gpr[0] = *value;
        let before = program.cpu.cr0;
        let found = program.attempt(&[0x0F, 0x22, 0xC0]);
        match expected {
            Ok(cr0) => assert_eq!((found, program.cpu.cr0), (Ok(()), *cr0), "{value:x}"),
            Err(()) => {
                assert_eq!((found, program.cpu.cr0), (Err((GP, 0)), before), "{value:x}");
                assert_eq!(program.last_site(), Site::Cr0Combination);
            }
        }
    }
}

/// LMSW loads PE, MP, EM and TS and cannot clear PE; SMSW shows 16 or 32 bits. SDM Vol.2A "LMSW", Vol.2B "SMSW".
#[test]
fn q19_lmsw_and_smsw() {
    let mut program = Program::protected();
    program.cpu.cr0 |= CR0_NE;
    program.cpu.gpr[0] = 0xFFFE;
    assert_eq!(program.attempt(&[0x0F, 0x01, 0xF0]), Ok(()));
    assert_eq!(program.cpu.cr0, CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE);
    program.cpu.gpr[0] = 0;
    assert_eq!(program.attempt(&[0x0F, 0x01, 0xF0]), Ok(()));
    assert_eq!(program.cpu.cr0, CR0_PE | CR0_ET | CR0_NE, "PE stays");
    program.cpu.cr0 |= CR0_TS;
    assert_eq!(program.attempt(&[0x0F, 0x06]), Ok(()));
    assert_eq!(program.cpu.cr0, CR0_PE | CR0_ET | CR0_NE, "CLTS");

    for mut program in [Program::user(), Program::protected()] {
        program.cpu.cr0 |= CR0_NE | CR0_CD;
        program.cpu.gpr[0] = 0xDEAD_BEEF;
        assert_eq!(program.attempt(&[0x0F, 0x01, 0xE0]), Ok(()));
        assert_eq!(program.cpu.gpr[0], program.cpu.cr0);
        program.cpu.gpr[0] = 0xDEAD_BEEF;
        assert_eq!(program.attempt(&[0x66, 0x0F, 0x01, 0xE0]), Ok(()));
        assert_eq!(program.cpu.gpr[0], 0xDEAD_0000 | program.cpu.cr0 & 0xFFFF);
        program.write_dword(DATA, 0xDEAD_BEEF);
        program.cpu.gpr[3] = DATA.into();
        assert_eq!(program.attempt(&[0x0F, 0x01, 0x23]), Ok(()));
        assert_eq!(u64::from(program.read_dword(DATA)), 0xDEAD_0000 | program.cpu.cr0 & 0xFFFF, "16 bits to memory");
    }
    let mut program = Program::real();
    program.cpu.gpr[0] = 1;
    assert_eq!(program.attempt(&[0x0F, 0x01, 0xF0]), Ok(()));
    assert!(program.cpu.cr0 & CR0_PE != 0, "LMSW enters protected mode");
}

/// With 16-bit operands LGDT and LIDT load 24 bits of base; SGDT and SIDT always store 32.
#[test]
fn i01_descriptor_table_registers() {
    for (reg_field, wide) in [(2, true), (2, false), (3, true), (3, false)] {
        let mut program = Program::protected();
        program.write(DATA, &[0x34, 0x12, 0x78, 0x56, 0x34, 0x12]);
        program.cpu.gpr[3] = DATA.into();
        let prefix: &[u8] = if wide { &[] } else { &[0x66] };
        assert_eq!(program.attempt(&[prefix, &[0x0F, 0x01, 3 | reg_field << 3]].concat()), Ok(()));
        let loaded = if reg_field == 2 { program.cpu.gdtr } else { program.cpu.idtr };
        let base = if wide { 0x1234_5678 } else { 0x34_5678 };
        assert_eq!(loaded, TableRegister { base, limit: 0x1234 });
    }
    for (reg_field, prefix) in [(0u8, &[][..]), (0, &[0x66]), (1, &[]), (1, &[0x66])] {
        let mut program = Program::user();
        program.cpu.gpr[3] = DATA.into();
        program.write(DATA, &[0xCC; 8]);
        let register = if reg_field == 0 { &mut program.cpu.gdtr } else { &mut program.cpu.idtr };
        *register = TableRegister { base: 0x8765_4321, limit: 0xABCD };
        assert_eq!(program.attempt(&[prefix, &[0x0F, 0x01, 3 | reg_field << 3]].concat()), Ok(()));
        assert_eq!(program.read(DATA, 8), [0xCD, 0xAB, 0x21, 0x43, 0x65, 0x87, 0xCC, 0xCC]);
    }
}

/// A pseudo-descriptor that leaves its segment, or whose second page cannot be written, stores nothing.
#[test]
fn i01_a_faulting_sgdt_stores_nothing() {
    let mut program = Program::paged_user();
    program.write(DATA + 0xFFE, &[0xCC; 2]);
    program.write_dword(pte_of(DATA + 0x1000), (DATA + 0x1000) | 5);
    program.cpu.gpr[3] = u64::from(DATA + 0xFFE);
    assert_eq!(program.attempt(&[0x0F, 0x01, 0x03]), Err((14, 7)));
    assert_eq!(program.read(DATA + 0xFFE, 2), [0xCC; 2]);
}

/// RDTSC and RDPMC by CR4.TSD and CR4.PCE. SDM Vol.2B "RDTSC", "RDPMC".
#[test]
fn i19_time_stamp_and_performance_counters() {
    let rows = [
        (0, 0, &[0x0F, 0x31], Ok(()), None),
        (0, 3, &[0x0F, 0x31], Ok(()), None),
        (CR4_TSD, 0, &[0x0F, 0x31], Ok(()), None),
        (CR4_TSD, 3, &[0x0F, 0x31], Err((GP, 0)), Some(Site::TimeStampDisable)),
        (0, 0, &[0x0F, 0x33], Ok(()), None),
        (0, 3, &[0x0F, 0x33], Err((GP, 0)), Some(Site::PerformanceCounter)),
        (CR4_PCE, 3, &[0x0F, 0x33], Ok(()), None),
    ];
    for (cr4, ring, code, expected, site) in rows {
        let mut program = Program::protected();
        program.cpu.cr4 = cr4;
        program.enter_ring(ring);
        assert_eq!(program.attempt(code), expected, "CR4 {cr4:x} ring {ring} {code:x?}");
        assert_eq!(program.engine.hot.last_fault.map(|fault| fault.site), site);
    }
    let mut program = Program::protected();
    program.cpu.gpr[1] = 2;
    assert_eq!(program.attempt(&[0x0F, 0x33]), Err((GP, 0)), "there are two counters");
}

/// The time-stamp counter counts machine cycles, and WRMSR sets it.
#[test]
fn the_time_stamp_counter() {
    let mut program = Program::protected();
    program.cpu.position = 0x1_2345_0000;
    assert_eq!(program.attempt(&[0x0F, 0x31]), Ok(()));
    assert_eq!((program.reg(0), program.reg(2)), (0x2345_0000, 1));
    program.cpu.gpr[..3].copy_from_slice(&[0x1000, 0x10, 0]);
    assert_eq!(program.attempt(&[0x0F, 0x30]), Ok(()));
    assert_eq!(program.attempt(&[0x0F, 0x31]), Ok(()));
    assert_eq!((program.reg(0), program.reg(2)), (0x1001, 0), "one cycle later");
}

#[test]
fn msrs_that_do_not_exist_or_refuse_a_value() {
    for code in [[0x0F, 0x32], [0x0F, 0x30]] {
        let mut program = Program::protected();
        program.cpu.gpr[1] = 0xDEAD;
        assert_eq!(program.attempt(&code), Err((GP, 0)));
        assert_eq!(program.last_site(), Site::UnknownMsr);
    }
    // MTRRcap is read-only; a memory type of 2 does not exist; bit 36 of a base is beyond MAXPHYADDR.
    for (number, low, high) in [(0xFE, 0, 0), (0x250, 0x0606_0602, 0), (0x2FF, 2, 0), (0x200, 6, 0x10), (0x200, 2, 0)] {
        let mut program = Program::protected_on(ringwalk_cpu::model::Model::P6, ringwalk_mmu::TlbPolicy::Real);
        program.cpu.gpr[..3].copy_from_slice(&[low, number, high]);
        assert_eq!(program.attempt(&[0x0F, 0x30]), Err((GP, 0)), "{number:x}");
        assert_eq!(program.last_site(), Site::MsrValue, "{number:x}");
    }
}

/// SDM Vol.2B "SYSENTER", "SYSEXIT".
#[test]
fn i25_sysenter_and_sysexit_refuse() {
    for code in [[0x0F, 0x34], [0x0F, 0x35]] {
        for cs in [0, 3] {
            let mut program = Program::protected();
            program.cpu.msrs.sysenter_cs = cs;
            assert_eq!(program.attempt(&code), Err((GP, 0)));
            assert_eq!(program.last_site(), Site::SysenterTarget);
        }
        let mut program = Program::real();
        program.cpu.msrs.sysenter_cs = 8;
        assert_eq!(program.attempt(&code), Err((GP, 0)), "real mode");
    }
}

/// Where LOCK is legal, and only with a destination in memory. SDM Vol.2A "LOCK".
fn lock_is_legal(two_byte: bool, opcode: u8, reg: u8) -> bool {
    if two_byte {
        return match opcode {
            0xAB | 0xB3 | 0xBB | 0xB0 | 0xB1 | 0xC0 | 0xC1 => true,
            0xBA => reg >= 5,
            0xC7 => reg == 1,
            _ => false,
        };
    }
    match opcode {
        0x00 | 0x01 | 0x08 | 0x09 | 0x10 | 0x11 | 0x18 | 0x19 | 0x20 | 0x21 | 0x28 | 0x29 | 0x30 | 0x31 => true,
        0x80..=0x83 => reg != 7,
        0x86 | 0x87 => true,
        0xF6 | 0xF7 => matches!(reg, 2 | 3),
        0xFE | 0xFF => reg <= 1,
        _ => false,
    }
}

/// Every opcode with LOCK, with memory and with a register.
#[test]
fn q58_lock_is_legal_before_few_instructions() {
    const PREFIXES: [u8; 12] = [0x0F, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3];
    let mut program = Program::protected();
    let start = program.cpu.clone();
    for (two_byte, opcode) in [false, true].into_iter().flat_map(|two| (0..=255u8).map(move |opcode| (two, opcode))) {
        if !two_byte && PREFIXES.contains(&opcode) {
            continue;
        }
        for (reg, mode) in (0..8).flat_map(|reg| [(reg, 0), (reg, 0xC0)]) {
            program.cpu = start.clone();
            program.cpu.gpr[3] = DATA.into();
            let escape: &[u8] = if two_byte { &[0x0F] } else { &[] };
            // [EBX] or EBX, and an immediate for those that take one.
            let code = [&[0xF0], escape, &[opcode, mode | reg << 3 | 3, 0, 0, 0, 0, 0, 0]].concat();
            let found = program.attempt(&code);
            let legal = mode == 0 && lock_is_legal(two_byte, opcode, reg);
            assert_eq!(found, if legal { Ok(()) } else { Err((UD, 0)) }, "{code:x?}");
        }
    }
}

/// SDM Vol.3A Table 2-2 "Action Taken By x87 FPU Instructions for Different Combinations of EM, MP, and TS".
#[test]
fn q39_device_not_available() {
    // FNINIT and WAIT.
    for bits in 0..8u32 {
        let cr0 = [(1, CR0_MP), (2, CR0_EM), (4, CR0_TS)]
            .into_iter()
            .filter(|(bit, _)| bits & bit != 0)
            .fold(0, |cr0, (_, flag)| cr0 | flag);
        let escape_faults = cr0 & (CR0_EM | CR0_TS) != 0;
        let wait_faults = cr0 & CR0_MP != 0 && cr0 & CR0_TS != 0;
        for (code, faults) in [(&[0xDB, 0xE3][..], escape_faults), (&[0x9B], wait_faults)] {
            let mut program = Program::protected();
            program.cpu.cr0 |= cr0;
            let expected = if faults { Err((NM, 0)) } else { Ok(()) };
            assert_eq!(program.attempt(code), expected, "CR0 {cr0:x} {code:x?}");
        }
    }
}

/// A pending unmasked error: #MF at WAIT and FLDCW, not at FNSTSW and FNCLEX; without CR0.NE none at all.
#[test]
fn q39_floating_point_errors_wait_for_the_next_waiting_instruction() {
    for (code, waits) in [
        (&[0x9B][..], true),
        (&[0xD9, 0x2D, 0, 0, 2, 0], true),
        (&[0xDF, 0xE0], false),
        (&[0xDB, 0xE2], false),
        (&[0xDB, 0xE3], false),
        (&[0xD9, 0x3D, 0, 0, 2, 0], false),
    ] {
        for ne in [CR0_NE, 0] {
            let mut program = Program::protected();
            program.cpu.cr0 |= ne;
            program.cpu.fpu.status = 0x8081;
            program.cpu.fpu.control = 0x037E;
            let expected = if waits && ne != 0 { Err((MF, 0)) } else { Ok(()) };
            assert_eq!(program.attempt(code), expected, "{code:x?} NE {ne:x}");
        }
    }
}

/// SDM Vol.2A "FINIT/FNINIT", "FLDCW", "FNSTCW", "FNSTSW".
#[test]
fn floating_point_control_words() {
    let mut program = Program::protected();
    program.cpu.gpr[0] = 0xDEAD_BEEF;
    program.code(
        "
        DB E3                      ; fninit
        D9 3D 00 00 02 00          ; fnstcw [0x20000]
        DF E0                      ; fnstsw ax
        66 C7 05 02 00 02 00 7F 0C ; mov word [0x20002], 0x0C7F
        D9 2D 02 00 02 00          ; fldcw [0x20002]
        D9 3D 04 00 02 00          ; fnstcw [0x20004]
        DD 3D 06 00 02 00          ; fnstsw [0x20006]
        F4                         ; hlt
    ",
    );
    assert_eq!(program.run(), End::Halted);
    assert_eq!(program.read_word(DATA), 0x037F);
    assert_eq!(program.reg(0), 0xDEAD_0000);
    assert_eq!((program.read_word(DATA + 4), program.read_word(DATA + 6)), (0x0C7F, 0));
}

/// Alignment: only at CPL 3 with CR0.AM and EFLAGS.AC. SDM Vol.3A Table 6-7 "Alignment Requirements by Data Type".
#[test]
fn q39_alignment_check() {
    const AM: u64 = 1 << 18;
    const AC: u32 = 1 << 18;
    for (am, ac, ring) in [(AM, AC, 3), (AM, AC, 0), (0, AC, 3), (AM, 0, 3), (AM, AC, 2)] {
        for (code, offset, aligned) in [
            (&[0x8B, 0x03][..], 2, false),
            (&[0x8B, 0x03], 4, true),
            (&[0x66, 0x8B, 0x03], 1, false),
            (&[0x66, 0x8B, 0x03], 2, true),
            (&[0x8A, 0x03], 1, true),
            (&[0x89, 0x03], 3, false),
            (&[0x01, 0x03], 1, false),
        ] {
            let mut program = Program::protected();
            program.cpu.cr0 |= am;
            program.enter_ring(ring);
            program.set_flags(ac);
            program.cpu.gpr[3] = u64::from(DATA + offset);
            let checked = am != 0 && ac != 0 && ring == 3;
            let expected = if checked && !aligned { Err((17, 0)) } else { Ok(()) };
            assert_eq!(program.attempt(code), expected, "AM {am:x} AC {ac:x} ring {ring} {code:x?} +{offset}");
        }
    }
}

/// #AC comes before #PF, and after the segment's limit.
#[test]
fn q33_alignment_comes_between_limit_and_page() {
    let mut program = Program::paged_user();
    program.cpu.cr0 |= 1 << 18;
    program.set_flags(1 << 18);
    program.write_dword(pte_of(DATA), 0);
    program.cpu.gpr[3] = u64::from(DATA + 1);
    assert_eq!(program.attempt(&[0x8B, 0x03]), Err((17, 0)));
    let mut program = Program::paged_user();
    program.cpu.cr0 |= 1 << 18;
    program.set_flags(1 << 18);
    program.cpu.segments[3].limit = DATA;
    program.cpu.gpr[3] = u64::from(DATA + 1);
    assert_eq!(program.attempt(&[0x8B, 0x03]), Err((GP, 0)));
}

/// The I/O permission bit map by whole programs. Rows: bits set from port 20h on, port, bytes, allowed.
#[test]
fn i28_the_io_permission_bit_map() {
    let rows: &[(u8, u16, u8, bool)] = &[
        (0, 0x20, 1, true),
        (1, 0x20, 1, false),
        (1, 0x21, 1, true),
        (2, 0x20, 2, false),
        (4, 0x20, 2, true),
        (8, 0x20, 4, false),
        (0x80, 0x26, 2, false),
        (0x80, 0x24, 2, true),
        (1, 0x1F, 2, false),
        (1, 0x1D, 4, false),
    ];
    for (bits, port, bytes, allowed) in rows {
        let mut program = Program::user();
        program.cpu.tr.limit = 0x68 + 0x20;
        program.write(TSS + 0x68, &[0; 0x21]);
        program.write(TSS + 0x68 + 4, &[*bits]);
        program.cpu.gpr[2] = (*port).into();
        let code: &[u8] = match bytes {
            1 => &[0xEC],
            2 => &[0x66, 0xED],
            _ => &[0xED],
        };
        let expected = if *allowed { Ok(()) } else { Err((GP, 0)) };
        assert_eq!(program.attempt(code), expected, "bits {bits:x} port {port:x} bytes {bytes}");
        assert_eq!(program.bus.log.len(), usize::from(*allowed), "a refused port is not touched");
    }
}
