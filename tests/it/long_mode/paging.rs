//! Walks of four and five levels: sizes, rights, reserved bits, error codes, PCIDs, protection keys.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::model::Feature;
use ringwalk_cpu::model::Model;
use ringwalk_cpu::state::{CR0_WP, CR4_LA57, CR4_PCIDE, CR4_PGE, CR4_PKE, CR4_SMAP, CR4_SMEP, EFER_NXE};

use crate::program::*;

const P: u64 = 1;
const W: u64 = 2;
const U: u64 = 4;
const PS: u64 = 0x80;
const XD: u64 = 1 << 63;
/// A linear address whose entries are all its own: PML4E 1, PDPTE 2, PDE 3, PTE 4.
const LINEAR: u64 = 1 << 39 | 2 << 30 | 3 << 21 | 4 << 12;
/// Its tables, behind those of the identical mapping.
const TABLES: [u32; 3] = [DIRECTORY + 0x4000, DIRECTORY + 0x5000, DIRECTORY + 0x6000];

/// Maps [`LINEAR`] to [`DATA`], with the flags of each level from PML4E to PTE.
fn mapped(flags: [u64; 4]) -> Program {
    let mut program = Program::long();
    let targets = [TABLES[0], TABLES[1], TABLES[2], DATA];
    let places = [DIRECTORY + 8, TABLES[0] + 16, TABLES[1] + 24, TABLES[2] + 32];
    for ((place, target), flags) in places.into_iter().zip(targets).zip(flags) {
        program.write_qword(place, u64::from(target) | flags);
    }
    program.cpu.gpr[3] = LINEAR;
    program
}

const READ: [u8; 2] = [0x8B, 0x03]; // mov eax, [rbx]
const WRITE: [u8; 2] = [0x89, 0x03]; // mov [rbx], eax
const ALL: u64 = P | W | U;

/// The error code of a page fault, for an access at a ring.
fn access(program: &mut Program, ring: u8, code: &[u8]) -> Option<u16> {
    program.enter_long(ring);
    program.cpu.gpr[3] = LINEAR;
    match program.attempt(code) {
        Ok(()) => None,
        Err((14, code)) => Some(code),
        Err(other) => panic!("{other:?}"),
    }
}

/// A jump to [`LINEAR`] and the fetch there.
fn fetch(program: &mut Program, ring: u8) -> Option<u16> {
    program.enter_long(ring);
    program.write(DATA, &[0x90]);
    program.cpu.rip = LINEAR;
    program.engine.hot.last_fault = None;
    program.steps(1);
    program.engine.hot.last_fault.map(|fault| fault.code)
}

/// SDM Vol.3A 4.6.1 "Determination of Access Rights", 4.7 "Page-Fault Exceptions": rights of all levels together.
#[test]
fn rights_are_those_of_all_levels() {
    for level in 0..4 {
        let flags = |flags| {
            let mut all = [ALL; 4];
            all[level] = flags;
            mapped(all)
        };
        assert_eq!(access(&mut flags(0), 0, &READ), Some(0), "not present at level {level}");
        assert_eq!(access(&mut flags(0), 3, &WRITE), Some(6));
        assert_eq!(access(&mut flags(P | U), 3, &WRITE), Some(7), "read-only at level {level}");
        assert_eq!(access(&mut flags(P | U), 0, &WRITE), None, "WP is clear");
        let mut protected = flags(P | U);
        protected.cpu.cr0 |= CR0_WP;
        assert_eq!(access(&mut protected, 0, &WRITE), Some(3));
        assert_eq!(access(&mut flags(P | W), 3, &READ), Some(5), "supervisor at level {level}");
        assert_eq!(access(&mut flags(P | W), 0, &READ), None);
        assert_eq!(fetch(&mut flags(ALL | XD), 3), Some(0x15), "no execution at level {level}");
        assert_eq!(access(&mut flags(ALL | XD), 3, &READ), None);
        let mut without = flags(ALL | XD);
        without.cpu.msrs.efer &= !EFER_NXE;
        assert_eq!(access(&mut without, 0, &READ), Some(9), "XD is reserved without NXE");
    }
}

/// SDM Vol.4 Table 2-2 "IA32_MISC_ENABLE", bit 34 "XD Bit Disable": the flag in CPUID is clear, IA32_EFER.NXE cannot be
/// set, and bit 63 of entries is reserved as it is without NXE. It is gone with the bit.
#[test]
fn xd_bit_disable() {
    const MISC_ENABLE: u64 = 0x1A0;
    const EFER: u64 = 0xC000_0080;
    let write = |program: &mut Program, number: u64, value: u64| {
        program.cpu.gpr[1] = number;
        program.cpu.gpr[0] = value & 0xFFFF_FFFF;
        program.cpu.gpr[2] = value >> 32;
        program.attempt(&[0x0F, 0x30])
    };
    let flag = |program: &mut Program| {
        program.cpu.gpr[0] = 0x8000_0001;
        assert_eq!(program.attempt(&[0x0F, 0xA2]), Ok(()));
        program.cpu.gpr[2] >> 20 & 1
    };
    let mut program = mapped([ALL, ALL, ALL, ALL | XD]);
    let efer = program.cpu.msrs.efer;
    assert_eq!(flag(&mut program), 1);
    assert_eq!(write(&mut program, MISC_ENABLE, 1 << 34 | 1 << 18 | 1), Ok(()));
    assert_eq!(flag(&mut program), 0);
    assert_eq!(write(&mut program, EFER, efer | EFER_NXE), Err((13, 0)));
    assert_eq!(write(&mut program, EFER, efer & !EFER_NXE), Ok(()));
    assert_eq!(access(&mut program, 0, &READ), Some(9));
    assert_eq!(write(&mut program, MISC_ENABLE, 1 << 18 | 1), Ok(()));
    assert_eq!(flag(&mut program), 1);
    assert_eq!(write(&mut program, EFER, efer | EFER_NXE), Ok(()));
    assert_eq!(access(&mut program, 0, &READ), None);
    assert_eq!(fetch(&mut program, 0), Some(0x11));
    // A processor without the feature has nothing to switch off: "may generate a #GP exception".
    let mut without = Program::long_with(Model::Max.features().without(Feature::Nx));
    assert_eq!(write(&mut without, MISC_ENABLE, 1 << 34), Err((13, 0)));
}

/// SDM Vol.3A 4.8 "Accessed and Dirty Flags": A in every entry that is used, D in the last.
#[test]
fn all_entries_are_marked_accessed() {
    let mut program = mapped([ALL; 4]);
    assert_eq!(access(&mut program, 0, &WRITE), None);
    let places = [DIRECTORY + 8, TABLES[0] + 16, TABLES[1] + 24, TABLES[2] + 32];
    let marks: Vec<u64> = places.iter().map(|place| program.read_qword(*place) & 0x60).collect();
    assert_eq!(marks, [0x20, 0x20, 0x20, 0x60]);
}

/// SDM Vol.3A Tables 4-15 to 4-20: reserved bits of each level, with pages of 2 MiB and 1 GiB.
#[test]
fn reserved_bits_of_each_level() {
    // Level, flags, reserved or not. Bits 51:46 lie above MAXPHYADDR; bits 62:52 are ignored.
    let rows = [
        (0, ALL | PS, true),
        (0, ALL | 1 << 46, true),
        (0, ALL | 0x7FF << 52, false),
        (1, ALL | 1 << 51, true),
        (2, ALL | 1 << 46, true),
        (3, ALL | 1 << 50, true),
        (3, ALL | 0x7FF << 52, false),
        (3, ALL | PS, false), // the PAT flag
    ];
    for (level, flags, reserved) in rows {
        let mut all = [ALL; 4];
        all[level] = flags;
        assert_eq!(access(&mut mapped(all), 0, &READ), reserved.then_some(9), "level {level} {flags:x}");
    }
    // Large pages: the low bits of the frame are reserved, but for the PAT flag in bit 12.
    for (place, low, good) in [
        (TABLES[1] + 24, 1 << 13, false),
        (TABLES[1] + 24, 1 << 20, false),
        (TABLES[1] + 24, 1 << 12, true),
        (TABLES[0] + 16, 1 << 13, false),
        (TABLES[0] + 16, 1 << 29, false),
        (TABLES[0] + 16, 1 << 12, true),
    ] {
        let mut program = mapped([ALL; 4]);
        program.write_qword(place, ALL | PS | low);
        assert_eq!(access(&mut program, 0, &READ), (!good).then_some(9), "{place:x} {low:x}");
    }
}

/// Pages of 2 MiB and 1 GiB reach the byte. Without the feature a 1 GiB page is reserved.
#[test]
fn large_pages() {
    for (place, offset) in [(TABLES[1] + 24, LINEAR & 0x1F_FFFF), (TABLES[0] + 16, LINEAR & 0x3FFF_FFFF)] {
        let mut program = mapped([ALL; 4]);
        program.write_qword(place, ALL | PS);
        program.write_dword(offset as u32, 0xCAFE_F00D);
        assert_eq!(access(&mut program, 0, &READ), None);
        assert_eq!(program.cpu.gpr[0], 0xCAFE_F00D);
    }
    let mut program = mapped([ALL; 4]);
    program.cpu.features = Model::Max.features().without(Feature::Pdpe1gb);
    program.write_qword(TABLES[0] + 16, ALL | PS);
    assert_eq!(access(&mut program, 0, &READ), Some(9));
}

/// SDM Vol.3A 4.6.1: SMEP and SMAP.
#[test]
fn supervisor_accesses_to_user_pages() {
    let mut smep = mapped([ALL; 4]);
    smep.cpu.cr4 |= CR4_SMEP;
    // The code of the test itself must be a supervisor's.
    smep.write_qword(DIRECTORY + 0x2000, 0x83);
    assert_eq!(fetch(&mut smep, 0), Some(0x11));
    assert_eq!(access(&mut smep, 0, &READ), None, "SMEP is about fetches");
    let ready = || {
        let mut program = mapped([ALL; 4]);
        program.cpu.cr4 |= CR4_SMAP;
        program.write_qword(DIRECTORY + 0x2000, 0x83);
        program
    };
    assert_eq!(access(&mut ready(), 0, &READ), Some(1));
    assert_eq!(access(&mut ready(), 0, &WRITE), Some(3));
    let mut program = ready();
    program.set_flags(AC);
    assert_eq!(access(&mut program, 0, &READ), None, "AC lets explicit accesses through");
    // STAC and CLAC: the same access, in turn.
    let mut program = ready();
    program.cpu.gpr[3] = LINEAR;
    for (code, expected) in [(&[0x0F, 0x01, 0xCB][..], Ok(())), (&READ[..], Ok(())), (&[0x0F, 0x01, 0xCA][..], Ok(()))]
    {
        assert_eq!(program.attempt(code), expected);
    }
    assert_eq!(program.attempt(&READ), Err((14, 1)));
    // An implicit access, to a descriptor table in a user page, is refused whatever AC says.
    let mut program = ready();
    program.set_flags(AC);
    program.cpu.ldtr.base = LINEAR;
    program.cpu.gpr[0] = 4;
    assert_eq!(program.attempt(&[0x8E, 0xD8]), Err((14, 1)), "mov ds, eax");
}

/// SDM Vol.3A 4.6.2 "Protection Keys": access and write rights of user pages by PKRU.
#[test]
fn protection_keys() {
    const KEY: u64 = 5 << 59;
    for (pkru, ring, code, wp, expected) in [
        (0, 3, &WRITE, true, None),
        (1 << 10, 3, &READ, true, Some(0x25)),
        (1 << 10, 0, &READ, true, Some(0x21)),
        (2 << 10, 3, &READ, true, None),
        (2 << 10, 3, &WRITE, true, Some(0x27)),
        (2 << 10, 0, &WRITE, true, Some(0x23)),
        (2 << 10, 0, &WRITE, false, None),
        (1 << 8, 3, &READ, true, None),
    ] {
        let mut program = mapped([ALL, ALL, ALL, ALL | KEY]);
        program.cpu.cr4 |= CR4_PKE;
        program.cpu.cr0 |= if wp { CR0_WP } else { 0 };
        program.cpu.pkru = pkru;
        assert_eq!(access(&mut program, ring, code), expected, "{pkru:x} ring {ring} {code:x?}");
    }
    let mut program = mapped([ALL, ALL, ALL, ALL | KEY]);
    program.cpu.pkru = 1 << 10;
    assert_eq!(access(&mut program, 3, &READ), None, "without CR4.PKE");
}

/// Five levels: bits 56:48 choose an entry of the PML5, and are part of a canonical address.
#[test]
fn five_levels() {
    const WIDE: u64 = 0x0080_0000_0000_0000 | LINEAR; // PML5E 128
    let ready = || {
        let mut program = mapped([ALL; 4]);
        program.cpu.cr4 |= CR4_LA57;
        let root = DIRECTORY + 0x7000;
        for entry in [0, 128] {
            program.write_qword(root + 8 * entry, u64::from(DIRECTORY) | ALL);
        }
        program.cpu.cr3 = root.into();
        program.write_dword(DATA, 0x1357_9BDF);
        program
    };
    let mut program = ready();
    program.cpu.gpr[3] = WIDE;
    assert_eq!(program.attempt(&READ), Ok(()));
    assert_eq!(program.cpu.gpr[0], 0x1357_9BDF);
    let mut program = ready();
    program.cpu.gpr[3] = 0x0100_0000_0000_0000;
    assert_eq!(program.attempt(&READ), Err((13, 0)), "not canonical with 57 bits");
    let mut program = mapped([ALL; 4]);
    program.cpu.gpr[3] = WIDE;
    assert_eq!(program.attempt(&READ), Err((13, 0)), "nor with 48");
}

/// Q53 and SDM Vol.3A 4.10.4.1: what CR3 loads and INVPCID leave of stale translations.
#[test]
fn q53_translations_belong_to_a_process_context() {
    // A translation of context 1 is held; its page-table entry goes; what then makes the access fault?
    let held = |global: u64| {
        let mut program = mapped([ALL, ALL, ALL, ALL | global]);
        program.cpu.cr4 |= CR4_PCIDE | CR4_PGE;
        program.cpu.cr3 = u64::from(DIRECTORY) | 1;
        program.cpu.gpr[3] = LINEAR;
        assert_eq!(program.attempt(&READ), Ok(()));
        program.write_qword(TABLES[2] + 32, 0);
        program
    };
    let cr3 = u64::from(DIRECTORY);
    let keep = 1 << 63;
    let load = |program: &mut Program, value: u64| {
        program.cpu.gpr[0] = value;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xD8]), Ok(()));
    };
    for (loads, held_still) in [
        (&[cr3 | 1 | keep][..], true),
        (&[cr3 | 1][..], false),
        (&[cr3 | 2, cr3 | 1 | keep][..], true),
        (&[cr3 | 2 | keep][..], false),
        (&[cr3 | 2, cr3 | 1][..], false),
    ] {
        let mut program = held(0);
        loads.iter().for_each(|value| load(&mut program, *value));
        assert_eq!(program.attempt(&READ).is_ok(), held_still, "{loads:x?}");
    }
    let mut global = held(1 << 8);
    load(&mut global, cr3 | 2);
    assert_eq!(global.attempt(&READ), Ok(()), "global ones serve every context");
    for (kind, context, held_still) in
        [(0u64, 1u64, false), (0, 2, true), (1, 1, false), (1, 2, true), (2, 0, false), (3, 0, false)]
    {
        let mut program = held(0);
        program.write_qword(DATA + 0x100, context);
        program.write_qword(DATA + 0x108, LINEAR);
        program.cpu.gpr[0] = kind;
        program.cpu.gpr[6] = u64::from(DATA) + 0x100;
        assert_eq!(program.attempt(&[0x66, 0x0F, 0x38, 0x82, 0x06]), Ok(()), "invpcid rax, [rsi]");
        assert_eq!(program.attempt(&READ).is_ok(), held_still, "type {kind} context {context}");
    }
    for (kind, context, address) in [(4u64, 0u64, 0u64), (0, 0x1000, 0), (0, 1, 0x8000_0000_0000)] {
        let mut program = held(0);
        program.write_qword(DATA + 0x100, context);
        program.write_qword(DATA + 0x108, address);
        program.cpu.gpr[0] = kind;
        program.cpu.gpr[6] = u64::from(DATA) + 0x100;
        assert_eq!(program.attempt(&[0x66, 0x0F, 0x38, 0x82, 0x06]), Err((13, 0)), "{kind} {context:x} {address:x}");
    }
    // What is canonical goes by the processor, not by CR4.LA57: 5-Level Paging and 5-Level EPT White Paper (335252), 3.1.
    for (address, taken) in [(0x8000_0000_0000u64, true), (0xFFAA_AAAA_AAAA_AAAA, true), (0xAAAA_AAAA_AAAA_AAAA, false)]
    {
        let mut program = held(0);
        program.cpu.features = program.cpu.features.with(Feature::La57);
        program.write_qword(DATA + 0x100, 0);
        program.write_qword(DATA + 0x108, address);
        program.cpu.gpr[0] = 0;
        program.cpu.gpr[6] = u64::from(DATA) + 0x100;
        let expected = if taken { Ok(()) } else { Err((13, 0)) };
        assert_eq!(program.attempt(&[0x66, 0x0F, 0x38, 0x82, 0x06]), expected, "{address:x}");
    }
}
