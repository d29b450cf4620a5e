//! Q70 to Q76: integer results and flags that the manual leaves undefined, as measured in ring 3 on an Emerald Rapids
//! (family 6, model CFh). Each row is a whole instruction. Flags are written O S Z A P C, a dash for a clear one.

use ringwalk_cpu::flags::{AF, ARITHMETIC, CF, OF, PF, SF, ZF};
use ringwalk_cpu::model::Model;
use ringwalk_mmu::TlbPolicy;

use super::*;

const EAX: usize = 0;
const ECX: usize = 1;
const EDX: usize = 2;
const EBX: usize = 3;

type Registers = &'static [(usize, u32)];
/// Code, registers before, flags before, registers after, flags after. A register that is not named stays.
type Row = (&'static [u8], Registers, &'static str, Registers, &'static str);

fn flags(text: &str) -> u32 {
    [OF, SF, ZF, AF, PF, CF].iter().zip(text.chars()).filter(|(_, letter)| *letter != '-').map(|(flag, _)| flag).sum()
}

fn check(model: Model, rows: &[Row]) {
    for (code, before, flags_before, after, flags_after) in rows {
        let mut program = Program::protected_on(model, TlbPolicy::Real);
        program.enter_ring(3);
        for (register, value) in *before {
            program.cpu.gpr[*register] = (*value).into();
        }
        program.set_flags(flags(flags_before));
        let mut expected = program.cpu.gpr;
        for (register, value) in *after {
            expected[*register] = (*value).into();
        }
        let name = format!("{code:02x?} with {before:x?} {flags_before}");
        assert_eq!(program.attempt(code), Ok(()), "{name}");
        assert_eq!(program.cpu.gpr, expected, "{name}");
        assert_eq!(program.cpu.flags.bits() & ARITHMETIC, flags(flags_after), "{name}");
    }
}

const NONE: &str = "------";
const ALL: &str = "OSZAPC";

#[test]
fn q70_decimal_adjustments() {
    let rows: &[Row] = &[
        (&[0x37], &[(EAX, 0x000F)], NONE, &[(EAX, 0x0105)], "---APC"),
        (&[0x37], &[(EAX, 0x0079)], NONE, &[(EAX, 0x0009)], "----P-"),
        (&[0x37], &[(EAX, 0x00F5)], "---A--", &[(EAX, 0x010B)], "---A-C"),
        (&[0x37], &[(EAX, 0x00FF)], "---A--", &[(EAX, 0x0205)], "---APC"),
        (&[0x37], &[(EAX, 0)], ALL, &[(EAX, 0x0106)], "---APC"),
        (&[0x3F], &[(EAX, 0x000F)], NONE, &[(EAX, 0xFF09)], "---APC"),
        (&[0x3F], &[(EAX, 0)], "---A--", &[(EAX, 0xFE0A)], "---APC"),
        (&[0x3F], &[(EAX, 0x0003)], ALL, &[(EAX, 0xFE0D)], "---A-C"),
        (&[0x3F], &[(EAX, 0x0080)], NONE, &[(EAX, 0)], "--Z-P-"),
        (&[0x27], &[(EAX, 0x9A)], NONE, &[(EAX, 0)], "--ZAPC"),
        (&[0x27], &[(EAX, 0x79)], "---A--", &[(EAX, 0x7F)], "---A--"),
        (&[0x27], &[(EAX, 0x7A)], "O-----", &[(EAX, 0x80)], "-S-A--"),
        (&[0x27], &[(EAX, 0xFF)], "---A-C", &[(EAX, 0x65)], "---APC"),
        (&[0x2F], &[(EAX, 0x9A)], NONE, &[(EAX, 0x34)], "---A-C"),
        (&[0x2F], &[(EAX, 0x05)], "---A--", &[(EAX, 0xFF)], "-S-APC"),
        (&[0x2F], &[(EAX, 0x80)], "O--A-C", &[(EAX, 0x1A)], "---A-C"),
        (&[0x2F], &[(EAX, 0)], "---A-C", &[(EAX, 0x9A)], "-S-APC"),
    ];
    check(Model::Max, rows);
}

#[test]
fn q70_decimal_products() {
    let rows: &[Row] = &[
        (&[0xD4, 10], &[(EAX, 0xFF)], NONE, &[(EAX, 0x1905)], "----P-"),
        (&[0xD4, 10], &[(EAX, 9)], NONE, &[(EAX, 0x0009)], "----P-"),
        (&[0xD4, 16], &[(EAX, 0xFF)], NONE, &[(EAX, 0x0F0F)], "----P-"),
        (&[0xD4, 10], &[(EAX, 0)], NONE, &[(EAX, 0)], "--Z-P-"),
        (&[0xD5, 10], &[(EAX, 0x0909)], NONE, &[(EAX, 0x63)], "---AP-"),
        (&[0xD5, 10], &[(EAX, 0xFFFF)], NONE, &[(EAX, 0xF5)], "-S-APC"),
        (&[0xD5, 16], &[(EAX, 0x0F0F)], NONE, &[(EAX, 0xFF)], "-S--P-"),
        (&[0xD5, 10], &[(EAX, 0x1980)], NONE, &[(EAX, 0x7A)], "O----C"),
    ];
    check(Model::Max, rows);
}

#[test]
fn q71_products() {
    const HIGH: u32 = 0x8000_0001;
    let rows: &[Row] = &[
        // MUL CL, MUL ECX, IMUL ECX, IMUL EAX, ECX.
        (&[0xF6, 0xE1], &[(EAX, 0x10), (ECX, 0x10)], NONE, &[(EAX, 0x0100)], "O---PC"),
        (&[0xF6, 0xE1], &[(EAX, 0x80), (ECX, 1)], NONE, &[(EAX, 0x80)], "-S----"),
        (&[0xF7, 0xE1], &[(EAX, HIGH), (ECX, 3)], NONE, &[(EAX, 0x8000_0003), (EDX, 1)], "OS--PC"),
        (&[0xF7, 0xE1], &[(EAX, 0), (ECX, 3)], NONE, &[(EAX, 0), (EDX, 0)], "----P-"),
        (&[0xF7, 0xE9], &[(EAX, HIGH), (ECX, 3)], NONE, &[(EAX, 0x8000_0003), (EDX, 0xFFFF_FFFE)], "OS--PC"),
        (&[0xF7, 0xE9], &[(EAX, 0xFFFF_FFFF), (ECX, 3)], NONE, &[(EAX, 0xFFFF_FFFD), (EDX, 0xFFFF_FFFF)], "-S----"),
        (&[0x0F, 0xAF, 0xC1], &[(EAX, 0x8000_0000), (ECX, 2)], NONE, &[(EAX, 0)], "O---PC"),
        (&[0x0F, 0xAF, 0xC1], &[(EAX, 0), (ECX, 2)], NONE, &[(EAX, 0)], "----P-"),
    ];
    check(Model::Max, rows);
}

/// Quotients and remainders from the definition; the flags stay, whatever they were.
#[test]
fn q71_divisions_keep_all_flags() {
    for fin in [NONE, ALL] {
        let mut program = Program::user();
        for (code, dividend, divisor, quotient, remainder) in [
            (&[0xF7, 0xF1], 100u64, 7u32, 14u32, 2u32),
            (&[0xF7, 0xF9], (-100i64) as u64, 7, -14i32 as u32, -2i32 as u32),
            (&[0xF7, 0xF1], 0x1_0000_0000, 2, 0x8000_0000, 0),
        ] {
            program.cpu.gpr[EAX] = dividend & 0xFFFF_FFFF;
            program.cpu.gpr[EDX] = dividend >> 32;
            program.cpu.gpr[ECX] = divisor.into();
            program.set_flags(flags(fin));
            assert_eq!(program.attempt(code), Ok(()));
            assert_eq!((program.reg(EAX), program.reg(EDX)), (quotient, remainder), "{code:x?} {dividend:x}");
            assert_eq!(program.cpu.flags.bits() & ARITHMETIC, flags(fin), "{code:x?} {fin}");
        }
    }
}

#[test]
fn q72_bit_scans() {
    // BSF EAX, ECX and BSR EAX, ECX.
    let (bsf, bsr): (&[u8], &[u8]) = (&[0x0F, 0xBC, 0xC1], &[0x0F, 0xBD, 0xC1]);
    let rows: &[Row] = &[
        (bsf, &[(EAX, 0xDEAD_BEEF), (ECX, 0)], NONE, &[], "--Z-P-"),
        (bsr, &[(EAX, 0xDEAD_BEEF), (ECX, 0)], ALL, &[], "--Z-P-"),
        (bsf, &[(ECX, 0x80)], ALL, &[(EAX, 7)], NONE),
        (bsr, &[(ECX, 0x80)], ALL, &[(EAX, 7)], NONE),
        (bsf, &[(ECX, 3)], NONE, &[(EAX, 0)], "----P-"),
    ];
    check(Model::Max, rows);
}

#[test]
fn q73_shifts_and_their_counts() {
    let rows: &[Row] = &[
        // SHL EAX, imm8; SHL AL, imm8.
        (&[0xC1, 0xE0, 4], &[(EAX, 0x1234_5678)], NONE, &[(EAX, 0x2345_6780)], "-----C"),
        (&[0xC1, 0xE0, 4], &[(EAX, 0x0800_0000)], NONE, &[(EAX, 0x8000_0000)], "-S--P-"),
        (&[0xC0, 0xE0, 8], &[(EAX, 0xFF)], NONE, &[(EAX, 0)], "--Z-PC"),
        (&[0xC0, 0xE0, 9], &[(EAX, 0xFF)], NONE, &[(EAX, 0)], "--Z-P-"),
        (&[0xC1, 0xE0, 32], &[(EAX, 0x1234_5678)], ALL, &[], ALL),
        (&[0xC1, 0xE0, 32], &[(EAX, 0x1234_5678)], NONE, &[], NONE),
        // SHR EAX; SHR AL; SAR EAX.
        (&[0xC1, 0xE8, 4], &[(EAX, 0x8000_0000)], NONE, &[(EAX, 0x0800_0000)], "O---P-"),
        (&[0xC0, 0xE8, 8], &[(EAX, 0xFF)], NONE, &[(EAX, 0)], "O-Z-PC"),
        (&[0xC0, 0xE8, 9], &[(EAX, 0xFF)], NONE, &[(EAX, 0)], "O-Z-P-"),
        (&[0xC1, 0xF8, 4], &[(EAX, 0x8000_0018)], NONE, &[(EAX, 0xF800_0001)], "-S---C"),
        // By CL: the count is masked to five bits, and 0 leaves the flags.
        (&[0xD3, 0xE0], &[(EAX, 1), (ECX, 0x20)], ALL, &[], ALL),
        (&[0xD3, 0xF8], &[(EAX, 1), (ECX, 0xE0)], ALL, &[], ALL),
        (&[0xD3, 0xC8], &[(EAX, 1), (ECX, 0x40)], ALL, &[], ALL),
    ];
    check(Model::Max, rows);
    check(Model::P6, rows);
}

/// OF is what a rotation or shift of the original operand by one bit gives, whatever the count.
#[test]
fn q74_rotates() {
    let rows: &[Row] = &[
        (&[0xC1, 0xC0, 4], &[(EAX, 0x1234_5678)], NONE, &[(EAX, 0x2345_6781)], "-----C"),
        (&[0xC1, 0xC0, 4], &[(EAX, 0x9000_0008)], NONE, &[(EAX, 0x0000_0089)], "O----C"),
        (&[0xC1, 0xC8, 4], &[(EAX, 0x1234_5678)], NONE, &[(EAX, 0x8123_4567)], "-----C"),
        (&[0xC1, 0xC8, 4], &[(EAX, 0x1234_5674)], NONE, &[(EAX, 0x4123_4567)], NONE),
        // RCL AL: nine places are a whole turn, which touches no flag.
        (&[0xC0, 0xD0, 8], &[(EAX, 0x80)], "-----C", &[(EAX, 0xC0)], "O-----"),
        (&[0xC0, 0xD0, 9], &[(EAX, 0x80)], ALL, &[], ALL),
        (&[0xC0, 0xD8, 9], &[(EAX, 0x80)], NONE, &[], NONE),
        (&[0x66, 0xC1, 0xD0, 17], &[(EAX, 0x1234)], "O----C", &[], "O----C"),
        (&[0xC1, 0xD0, 4], &[(EAX, 0x1234_5678)], "-----C", &[(EAX, 0x2345_6788)], "-----C"),
        (&[0xC1, 0xD8, 4], &[(EAX, 0x1234_5678)], "-----C", &[(EAX, 0x1123_4567)], "O----C"),
        // ROL AL, 8: the value is as before, CF its lowest bit.
        (&[0xC0, 0xC0, 8], &[(EAX, 0xA5)], NONE, &[], "O----C"),
    ];
    check(Model::Max, rows);
    check(Model::P6, rows);
}

/// The 386 takes OF from the result instead: "OF is the highest bit against CF" leftward, "against the next bit"
/// rightward. 80386 Programmer's Reference Manual "RCL/RCR/ROL/ROR", as the reference output of test386.asm has it for
/// every count.
#[test]
fn q74_the_386_takes_of_of_a_rotation_from_its_result() {
    let mut program = Program::protected_on(Model::I386, TlbPolicy::Real);
    let mut differences = 0;
    for (value, count, carry) in (0..=255u32).flat_map(|value| (1..32u8).map(move |count| (value, count, value & 1))) {
        for (opcode, left, through_carry) in
            [(0xC0, true, false), (0xC8, false, false), (0xD0, true, true), (0xD8, false, true)]
        {
            let (result, out) = rotated(value, carry, count, left, through_carry);
            let top = result >> 7 & 1;
            let overflow = if left { top ^ out } else { top ^ (result >> 6 & 1) };
            program.cpu.gpr[EAX] = value.into();
            program.set_flags(carry);
            program.cpu.rip = u64::from(CODE);
            assert_eq!(program.attempt(&[0xC0, opcode, count]), Ok(()));
            let name = format!("{opcode:x} of {value:x} by {count}, CF {carry}");
            assert_eq!(program.reg(EAX), result, "{name}");
            assert_eq!(program.cpu.flags.bits() & (OF | CF), overflow << 11 | out, "{name}");
            let one = rotated(value, carry, 1, left, through_carry).0;
            differences += u32::from((one ^ value) >> 7 != overflow);
        }
    }
    assert!(differences > 1000, "the two rules differ: {differences}");
}

/// A byte turned bit by bit, alone or with the carry as its ninth bit; the result and the carry.
fn rotated(value: u32, carry: u32, count: u8, left: bool, through_carry: bool) -> (u32, u32) {
    let (mut value, mut carry) = (value, carry);
    for _ in 0..count {
        let out = if left { value >> 7 } else { value & 1 };
        let incoming = if through_carry { carry } else { out };
        value = if left { (value << 1 | incoming) & 0xFF } else { value >> 1 | incoming << 7 };
        carry = out;
    }
    (value, carry)
}

#[test]
fn q75_double_shifts() {
    let source = (ECX, 0x1234_5678);
    let both: Registers = &[(EAX, 0x8765_4321), (ECX, 0x1234_5678)];
    let words: Registers = &[(EAX, 0x8765), (ECX, 0x1234)];
    assert_eq!(both[1], source);
    let rows: &[Row] = &[
        (&[0x0F, 0xA4, 0xC8, 4], both, NONE, &[(EAX, 0x7654_3211)], "O---P-"),
        (&[0x0F, 0xAC, 0xC8, 4], both, NONE, &[(EAX, 0x8876_5432)], "OS----"),
        (&[0x0F, 0xA4, 0xC8, 32], both, ALL, &[], ALL),
    ];
    check(Model::Max, rows);
    // 16-bit operands by more than 16: results and AF only were measured.
    for (opcode, count, result) in [(0xA4, 17, 0x2469), (0xA4, 31, 0x43B2), (0xAC, 17, 0x891A)] {
        let mut program = Program::user();
        for (register, value) in words {
            program.cpu.gpr[*register] = (*value).into();
        }
        program.set_flags(AF);
        assert_eq!(program.attempt(&[0x66, 0x0F, opcode, 0xC8, count]), Ok(()));
        assert_eq!((program.reg(EAX), program.cpu.flags.bits() & AF), (result, 0), "{opcode:x} by {count}");
    }
}

#[test]
fn q76_bit_tests_logic_and_byte_swaps() {
    let five: Registers = &[(EAX, 5), (ECX, 1)];
    let rows: &[Row] = &[
        // BT, BTS, BTR, BTC EAX, ECX: only CF changes.
        (&[0x0F, 0xA3, 0xC8], five, ALL, &[], "OSZAP-"),
        (&[0x0F, 0xA3, 0xC8], &[(EAX, 2), (ECX, 1)], NONE, &[], "-----C"),
        (&[0x0F, 0xAB, 0xC8], five, ALL, &[(EAX, 7)], "OSZAP-"),
        (&[0x0F, 0xB3, 0xC8], &[(EAX, 7), (ECX, 1)], NONE, &[(EAX, 5)], "-----C"),
        (&[0x0F, 0xBB, 0xC8], five, ALL, &[(EAX, 7)], "OSZAP-"),
        // AND, OR, XOR, TEST EAX, ECX: AF is cleared.
        (&[0x21, 0xC8], five, ALL, &[(EAX, 1)], NONE),
        (&[0x09, 0xC8], five, "---A--", &[], "----P-"),
        (&[0x31, 0xC8], five, "O--A-C", &[(EAX, 4)], NONE),
        (&[0x85, 0xC8], &[(EAX, 2), (ECX, 1)], "O--A-C", &[], "--Z-P-"),
        // BSWAP EAX, and with a 16-bit operand: the low word becomes 0.
        (&[0x0F, 0xC8], &[(EAX, 0x1234_5678)], ALL, &[(EAX, 0x7856_3412)], ALL),
        (&[0x66, 0x0F, 0xC8], &[(EAX, 0x1234_5678)], NONE, &[(EAX, 0x1234_0000)], NONE),
    ];
    check(Model::Max, rows);
}

/// PUSH ESP pushes the value before, and 15 bytes are an instruction while 16 are #GP(0): measured.
#[test]
fn q22_and_q33_measured_rows_of_the_stack_and_the_length() {
    let mut program = Program::user();
    assert_eq!(program.attempt(&[0x54]), Ok(()));
    assert_eq!(program.read_dword(STACKS[3] - 4), STACKS[3]);
    let mut code = vec![0x3E; 14];
    code.push(0x90);
    let mut program = Program::user();
    program.cpu.gpr[EBX] = DATA.into();
    assert_eq!(program.attempt(&code), Ok(()));
    code.insert(0, 0x3E);
    assert_eq!(Program::user().attempt(&code), Err((13, 0)));
}
