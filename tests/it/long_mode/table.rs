//! The columns for 64-bit code of table T-1, sensitive instructions: what each does at CPL 0, at CPL 3, and at CPL 3 with
//! CR4.UMIP set.

use ringwalk_cpu::state::CR4_UMIP;

use crate::program::*;

type Outcome = Result<(), (u8, u16)>;
const OK: Outcome = Ok(());
const UD: Outcome = Err((6, 0));
const GP: Outcome = Err((13, 0));

/// Row of the table, code, the three outcomes. RBX points to data; AX holds a data selector of ring 3; the gate of vector
/// 20h has DPL 0.
const ROWS: [(&str, &[u8], Outcome, Outcome, Outcome); 42] = [
    ("I-01 SGDT", &[0x0F, 0x01, 0x03], OK, OK, GP),
    ("I-02 SIDT", &[0x0F, 0x01, 0x0B], OK, OK, GP),
    ("I-03 SLDT", &[0x0F, 0x00, 0xC1], OK, OK, GP),
    ("I-04 SMSW", &[0x0F, 0x01, 0xE1], OK, OK, GP),
    ("I-05 PUSHFQ", &[0x9C], OK, OK, OK),
    ("I-07 LAR", &[0x0F, 0x02, 0xC8], OK, OK, OK),
    ("I-08 LSL", &[0x0F, 0x03, 0xC8], OK, OK, OK),
    ("I-09 VERR", &[0x0F, 0x00, 0xE0], OK, OK, OK),
    ("I-10 VERW", &[0x0F, 0x00, 0xE8], OK, OK, OK),
    ("I-11 POP DS", &[0x1F], UD, UD, UD),
    ("I-12 PUSH CS", &[0x0E], UD, UD, UD),
    ("I-12 PUSH FS", &[0x0F, 0xA0], OK, OK, OK),
    ("I-13 CALL ptr", &[0x9A, 0, 0, 0, 0, 0, 0], UD, UD, UD),
    ("I-13 JMP ptr", &[0xEA, 0, 0, 0, 0, 0, 0], UD, UD, UD),
    ("I-14 INT 20h", &[0xCD, 0x20], OK, Err((13, 0x102)), Err((13, 0x102))),
    ("I-16 STR", &[0x0F, 0x00, 0xC9], OK, OK, GP),
    ("I-17 MOV from DS", &[0x8C, 0xD9], OK, OK, OK),
    ("I-17 MOV to CS", &[0x8E, 0xC8], UD, UD, UD),
    ("I-18 CPUID", &[0x0F, 0xA2], OK, OK, OK),
    ("I-19 RDTSC", &[0x0F, 0x31], OK, OK, OK),
    ("I-20 RDPMC", &[0x0F, 0x33], GP, GP, GP), // RCX names no counter
    ("I-21 RDFSBASE", &[0xF3, 0x0F, 0xAE, 0xC1], UD, UD, UD),
    ("I-21 RDPKRU", &[0x0F, 0x01, 0xEE], UD, UD, UD),
    ("I-22 STAC", &[0x0F, 0x01, 0xCB], OK, UD, UD),
    ("I-22 CLAC", &[0x0F, 0x01, 0xCA], OK, UD, UD),
    ("I-23 SWAPGS", &[0x0F, 0x01, 0xF8], OK, GP, GP),
    ("I-26 SYSRET", &[0x48, 0x0F, 0x07], GP, GP, GP), // RCX is not canonical
    ("I-27 CLI", &[0xFA], OK, GP, GP),
    ("I-28 IN", &[0xE4, 0x80], OK, GP, GP),
    ("I-29 HLT", &[0xF4], OK, GP, GP),
    ("I-29 INVLPG", &[0x0F, 0x01, 0x3B], OK, GP, GP),
    ("I-29 CLTS", &[0x0F, 0x06], OK, GP, GP),
    ("I-29 WBINVD", &[0x0F, 0x09], OK, GP, GP),
    ("I-29 LGDT", &[0x0F, 0x01, 0x13], OK, GP, GP),
    ("I-29 LLDT", &[0x0F, 0x00, 0xD2], OK, GP, GP), // DX is null
    ("I-29 LTR", &[0x0F, 0x00, 0xDA], GP, GP, GP),
    ("I-29 MOV from CR8", &[0x44, 0x0F, 0x20, 0xC2], OK, GP, GP),
    ("I-29 MOV from CR1", &[0x0F, 0x20, 0xCA], UD, UD, UD),
    ("I-29 MOV from DR7", &[0x0F, 0x21, 0xFA], OK, GP, GP),
    ("I-29 RSM", &[0x0F, 0xAA], UD, UD, UD),
    ("I-30 VMCALL", &[0x0F, 0x01, 0xC1], UD, UD, UD),
    ("I-32 63 is MOVSXD", &[0x63, 0xC8], OK, OK, OK),
];

#[test]
fn t1_sensitive_instructions_in_64_bit_code() {
    for (name, code, ring_0, ring_3, hidden) in ROWS {
        for (ring, umip, expected) in [(0, 0, ring_0), (3, 0, ring_3), (3, CR4_UMIP, hidden)] {
            let mut program = Program::long();
            program.cpu.cr4 |= umip;
            program.enter_long(ring);
            program.cpu.gpr[0] = DATA_OF[3].into();
            program.cpu.gpr[1] = 1 << 47 | 7;
            program.cpu.gpr[2] = 0;
            program.cpu.gpr[3] = DATA.into();
            assert_eq!(program.attempt(code), expected, "{name} at CPL {ring}");
        }
    }
}

/// SDM Vol.2A "LAR", Table 3-53: long mode knows the system types 2, 9, Bh, Ch; LSL the first three.
#[test]
fn lar_and_lsl_know_the_types_of_long_mode() {
    for kind in 0..16u32 {
        for (opcode, known) in [(0x02, &[2, 9, 11, 12][..]), (0x03, &[2, 9, 11])] {
            let mut program = Program::long();
            program.set_descriptor(FREE, descriptor(0, 0x67, 0x80 | kind));
            program.set_descriptor(FREE + 8, 0);
            program.cpu.gpr[0] = FREE.into();
            assert_eq!(program.attempt(&[0x0F, opcode, 0xC8]), Ok(()));
            assert_eq!(program.cpu.flags.has(0x40), known.contains(&kind), "type {kind} by 0F {opcode:02x}");
        }
    }
}

/// T-2 in 64-bit code: POPFQ leaves IOPL and IF alone where the privilege is missing, without a fault.
#[test]
fn t2_popfq_keeps_what_it_may_not_change() {
    for (ring, iopl, expected) in [(0, 0, 0x3202), (3, 0, 0x0002), (3, 3, 0x3202)] {
        let mut program = Program::long();
        program.enter_long(ring);
        program.set_flags(iopl << 12 | 2);
        let top = program.esp() - 8;
        program.set_esp(top);
        program.write_qword(top, 0x3202);
        assert_eq!(program.attempt(&[0x9D]), Ok(()));
        assert_eq!(program.cpu.flags.bits(), expected, "ring {ring} IOPL {iopl}");
        assert_eq!(program.esp(), top + 8);
    }
}
