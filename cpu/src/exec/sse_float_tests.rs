//! Rules of the manual's tables for SSE's floating-point instructions, as small programs.

use super::testing::Machine;
use crate::flags::{AF, ARITHMETIC, CF, OF, PF, SF, ZF};
use crate::site::Site;
use crate::state::{CR4_OSFXSR, CR4_OSXMMEXCPT};
use crate::vector::{
    MXCSR_DAZ, MXCSR_DE, MXCSR_FZ, MXCSR_IE, MXCSR_MASK_SHIFT, MXCSR_OE, MXCSR_PE, MXCSR_RESET, MXCSR_UE, MXCSR_ZE,
};

const INFINITY: u64 = 0x7FF0_0000_0000_0000;
const QUIET: u64 = 0x7FF8_0000_0000_0001;
const SIGNALING: u64 = 0x7FF0_0000_0000_0001;
const INDEFINITE: u64 = 0xFFF8_0000_0000_0000;
const DENORMAL: u64 = 1;
const LEAST: u64 = 0x0010_0000_0000_0000;
const GREATEST: u64 = 0x7FEF_FFFF_FFFF_FFFF;

/// XMM0 and XMM1 with these doubles, lower lane first.
fn machine(a: [u64; 2], b: [u64; 2]) -> Machine {
    let mut machine = Machine::new();
    machine.cpu.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    for (number, [low, high]) in [a, b].into_iter().enumerate() {
        machine.cpu.vector.set_low(number as u8, low);
        machine.cpu.vector.set_high(number as u8, high);
    }
    machine
}

fn result(machine: &Machine) -> [u64; 2] {
    [machine.cpu.vector.low(0), machine.cpu.vector.high(0)]
}

fn flags(machine: &Machine) -> u32 {
    machine.cpu.vector.mxcsr & 0x3F
}

fn bits(number: f64) -> u64 {
    number.to_bits()
}

const ADDPD: [u8; 4] = [0x66, 0x0F, 0x58, 0xC1];
const MULPD: [u8; 4] = [0x66, 0x0F, 0x59, 0xC1];
const DIVPD: [u8; 4] = [0x66, 0x0F, 0x5E, 0xC1];
const DIVSD: [u8; 4] = [0xF2, 0x0F, 0x5E, 0xC1];
const MINSD: [u8; 4] = [0xF2, 0x0F, 0x5D, 0xC1];
const MAXSD: [u8; 4] = [0xF2, 0x0F, 0x5F, 0xC1];
const COMISD: [u8; 4] = [0x66, 0x0F, 0x2F, 0xC1];
const UCOMISD: [u8; 4] = [0x66, 0x0F, 0x2E, 0xC1];

/// SDM Vol.1 11.5.2: flags of all lanes are collected.
#[test]
fn flags_of_all_lanes_are_collected() {
    let mut machine = machine([bits(1.0), bits(1.0)], [0, bits(3.0)]);
    machine.execute(&DIVPD).expect("all exceptions are masked");
    assert_eq!(result(&machine), [INFINITY, bits(1.0 / 3.0)]);
    assert_eq!(flags(&machine), MXCSR_ZE | MXCSR_PE);
}

/// SDM Vol.1 11.5.3.2 "Handling Unmasked Exceptions", 4.9.2 "Floating-Point Exception Priority": what comes before the
/// computation, in any lane, keeps all lanes from being computed.
#[test]
fn an_unmasked_exception_before_the_computation_hides_those_behind_it() {
    let mut machine = machine([bits(1.0), bits(1.0)], [0, bits(3.0)]);
    machine.cpu.vector.mxcsr &= !(MXCSR_ZE << MXCSR_MASK_SHIFT);
    assert_eq!(machine.execute(&DIVPD), Err(Site::SimdError));
    assert_eq!(flags(&machine), MXCSR_ZE);
    assert_eq!(result(&machine), [bits(1.0), bits(1.0)], "the destination stays");
}

#[test]
fn an_unmasked_exception_behind_the_computation_comes_with_all_flags() {
    let mut machine = machine([GREATEST, bits(1.0)], [bits(2.0), 0x3CA0_0000_0000_0000]);
    machine.cpu.vector.mxcsr &= !(MXCSR_OE << MXCSR_MASK_SHIFT);
    assert_eq!(machine.execute(&MULPD), Err(Site::SimdError));
    assert_eq!(flags(&machine), MXCSR_OE);
    let mut machine = self::machine([GREATEST, bits(1.0)], [GREATEST, bits(1e-30)]);
    machine.cpu.vector.mxcsr &= !(MXCSR_PE << MXCSR_MASK_SHIFT);
    assert_eq!(machine.execute(&ADDPD), Err(Site::SimdError));
    assert_eq!(flags(&machine), MXCSR_OE | MXCSR_PE);
    assert_eq!(result(&machine), [GREATEST, bits(1.0)]);
}

/// SDM Vol.3A 2.5 "Control Registers": without CR4.OSXMMEXCPT an unmasked exception is #UD.
#[test]
fn without_osxmmexcpt_an_unmasked_exception_is_undefined() {
    let mut machine = machine([bits(1.0), 0], [0, 0]);
    machine.cpu.cr4 &= !CR4_OSXMMEXCPT;
    machine.cpu.vector.mxcsr = 0;
    assert_eq!(machine.execute(&DIVSD), Err(Site::UndefinedSimdError));
    assert_eq!(flags(&machine), MXCSR_ZE);
}

/// SDM Vol.1 Table 4-7 "Rules for Handling NaNs", the column of SSE: the first operand, if it is a NaN, made quiet.
#[test]
fn of_two_nans_the_first_goes_on() {
    let cases = [
        (SIGNALING, QUIET | 2, SIGNALING | 1 << 51, MXCSR_IE),
        (QUIET, SIGNALING | 2, QUIET, MXCSR_IE),
        (QUIET, QUIET | 2, QUIET, 0),
        (bits(1.0), SIGNALING, SIGNALING | 1 << 51, MXCSR_IE),
        (bits(1.0), QUIET, QUIET, 0),
        (SIGNALING, bits(1.0), SIGNALING | 1 << 51, MXCSR_IE),
        (INFINITY, INFINITY | 1 << 63, INDEFINITE, MXCSR_IE),
    ];
    for (a, b, sum, raised) in cases {
        let mut machine = machine([a, 0], [b, 0]);
        machine.execute(&ADDPD).expect("all exceptions are masked");
        assert_eq!((machine.cpu.vector.low(0), flags(&machine)), (sum, raised), "{a:X} + {b:X}");
    }
}

/// SDM Vol.2B "MINSD", "MAXSD": the second operand if one is a NaN, as it is, or both are zeros.
#[test]
fn the_lesser_and_the_greater_number() {
    let cases = [
        (bits(1.0), bits(2.0), bits(1.0), bits(2.0), 0),
        (bits(-1.0), bits(-2.0), bits(-2.0), bits(-1.0), 0),
        (0, 1 << 63, 1 << 63, 1 << 63, 0),
        (1 << 63, 0, 0, 0, 0),
        (QUIET, bits(1.0), bits(1.0), bits(1.0), MXCSR_IE),
        (bits(1.0), SIGNALING, SIGNALING, SIGNALING, MXCSR_IE),
        (bits(1.0), QUIET, QUIET, QUIET, MXCSR_IE),
        (DENORMAL, bits(1.0), DENORMAL, bits(1.0), MXCSR_DE),
    ];
    for (a, b, least, greatest, raised) in cases {
        for (code, expected) in [(&MINSD, least), (&MAXSD, greatest)] {
            let mut machine = machine([a, 7], [b, 9]);
            machine.execute(code).expect("all exceptions are masked");
            assert_eq!((result(&machine), flags(&machine)), ([expected, 7], raised), "{a:X}, {b:X}");
        }
    }
}

/// SDM Vol.2A Table 3-1 "Comparison Predicate for CMPPD and CMPPS Instructions": for greater, less, equal, unordered,
/// and whether a quiet NaN is invalid.
#[test]
fn comparison_predicates() {
    const TABLE: [([bool; 4], bool); 8] = [
        ([false, false, true, false], false),
        ([false, true, false, false], true),
        ([false, true, true, false], true),
        ([false, false, false, true], false),
        ([true, true, false, true], false),
        ([true, false, true, true], true),
        ([true, false, false, true], true),
        ([true, true, true, false], false),
    ];
    let operands = [(bits(2.0), bits(1.0)), (bits(1.0), bits(2.0)), (0, 1 << 63), (QUIET, bits(1.0))];
    for (predicate, (holds, signals)) in TABLE.into_iter().enumerate() {
        for (number, (a, b)) in operands.into_iter().enumerate() {
            let mut machine = machine([a, 7], [b, 9]);
            machine.execute(&[0xF2, 0x0F, 0xC2, 0xC1, predicate as u8 | 0x48]).expect("all exceptions are masked");
            let mask = if holds[number] { u64::MAX } else { 0 };
            assert_eq!(result(&machine), [mask, 7], "CMPSD {predicate} of {a:X}, {b:X}");
            let raised = if number == 3 && signals { MXCSR_IE } else { 0 };
            assert_eq!(flags(&machine), raised, "CMPSD {predicate} of {a:X}, {b:X}");
        }
    }
}

/// SDM Vol.2A "COMISD", Vol.2B "UCOMISD", Operation.
#[test]
fn comparisons_that_set_eflags() {
    let cases = [
        (bits(1.0), bits(0.5), 0, 0, 0),
        (bits(1.0), bits(1.5), CF, 0, 0),
        (0, 1 << 63, ZF, 0, 0),
        (bits(1.0), QUIET, ZF | PF | CF, MXCSR_IE, 0),
        (SIGNALING, bits(1.0), ZF | PF | CF, MXCSR_IE, MXCSR_IE),
        (DENORMAL, bits(1.0), CF, MXCSR_DE, MXCSR_DE),
    ];
    for (a, b, eflags, ordered, unordered) in cases {
        for (code, raised) in [(&COMISD, ordered), (&UCOMISD, unordered)] {
            let mut machine = machine([a, 0], [b, 0]);
            machine.cpu.flags.set_arith(OF | SF | AF);
            machine.execute(code).expect("all exceptions are masked");
            assert_eq!(machine.cpu.flags.bits() & ARITHMETIC, eflags, "{a:X}, {b:X}");
            assert_eq!(flags(&machine), raised, "{a:X}, {b:X}");
        }
    }
}

/// SDM Vol.1 10.2.3.3 "Flush-To-Zero", 10.2.3.4 "Denormals-Are-Zeros".
#[test]
fn denormals_are_zeros_and_tiny_results_become_zeros() {
    let product = |mxcsr: u32, a: u64, b: u64| {
        let mut machine = machine([a, 0], [b, 0]);
        machine.cpu.vector.mxcsr = MXCSR_RESET | mxcsr;
        machine.execute(&MULPD).expect("all exceptions are masked");
        (machine.cpu.vector.low(0), flags(&machine))
    };
    assert_eq!(product(0, DENORMAL, bits(2.0)), (2, MXCSR_DE), "exact, so there is no underflow");
    assert_eq!(product(MXCSR_DAZ, DENORMAL, bits(2.0)), (0, 0));
    assert_eq!(product(MXCSR_DAZ, DENORMAL | 1 << 63, bits(2.0)), (1 << 63, 0));
    assert_eq!(product(0, LEAST, bits(0.5)), (LEAST / 2, 0));
    assert_eq!(product(MXCSR_FZ, LEAST, bits(0.5)), (0, MXCSR_UE | MXCSR_PE));
    assert_eq!(product(MXCSR_FZ, LEAST, bits(-0.5)), (1 << 63, MXCSR_UE | MXCSR_PE));
}

/// SDM Vol.1 Table 11-1: an invalid conversion gives the integer indefinite.
#[test]
fn conversions_to_integers() {
    // CVTSD2SI ECX, XMM1 and CVTTSD2SI ECX, XMM1.
    let cases = [
        (bits(2.5), 2, 2, MXCSR_PE),
        (bits(3.5), 4, 3, MXCSR_PE),
        (bits(-1.5), -2, -1, MXCSR_PE),
        (bits(2_147_483_647.0), i32::MAX, i32::MAX, 0),
        (bits(2_147_483_648.0), i32::MIN, i32::MIN, MXCSR_IE),
        (bits(-2_147_483_648.0), i32::MIN, i32::MIN, 0),
        (QUIET, i32::MIN, i32::MIN, MXCSR_IE),
        (INFINITY, i32::MIN, i32::MIN, MXCSR_IE),
    ];
    for (number, rounded, truncated, raised) in cases {
        for (opcode, expected) in [(0x2D, rounded), (0x2C, truncated)] {
            let mut machine = machine([0, 0], [number, 0]);
            machine.execute(&[0xF2, 0x0F, opcode, 0xC9]).expect("all exceptions are masked");
            assert_eq!((machine.cpu.gpr[1] as i32, flags(&machine)), (expected, raised), "{number:X}");
        }
    }
}

/// SDM Vol.2A "HADDPD", "ADDSUBPD", Operation.
#[test]
fn sums_within_a_register() {
    let mut machine = machine([bits(1.0), bits(2.0)], [bits(10.0), bits(20.0)]);
    machine.execute(&[0x66, 0x0F, 0x7C, 0xC1]).expect("HADDPD");
    assert_eq!(result(&machine), [bits(3.0), bits(30.0)]);
    machine.execute(&[0x66, 0x0F, 0xD0, 0xC1]).expect("ADDSUBPD");
    assert_eq!(result(&machine), [bits(-7.0), bits(50.0)]);
    machine.execute(&[0x66, 0x0F, 0x7D, 0xC1]).expect("HSUBPD");
    assert_eq!(result(&machine), [bits(-57.0), bits(-10.0)]);
}

/// What the host computes is what the software computes, flags included: with PE set already, both ways are open; with
/// PE clear, only the software's.
#[test]
fn with_and_without_the_host() {
    let mut seed = 1_u64;
    let mut number = || {
        seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        let exponent = [0x000, 0x001, 0x3FE, 0x3FF, 0x400, 0x7FE, 0x200, 0x5FF][(seed >> 60) as usize & 7];
        seed & 0x800F_FFFF_FFFF_FFFF | exponent << 52
    };
    for round in 0..20_000 {
        let (a, b) = ([number(), number()], [number(), number()]);
        let opcode = [0x58, 0x59, 0x5C, 0x5E, 0x51][round % 5];
        for prefix in [0x66, 0xF2, 0xF3] {
            let [software, host] = [0, MXCSR_PE].map(|sticky| {
                let mut machine = machine(a, b);
                machine.cpu.vector.mxcsr |= sticky;
                machine.execute(&[prefix, 0x0F, opcode, 0xC1]).expect("all exceptions are masked");
                (result(&machine), flags(&machine) | MXCSR_PE)
            });
            assert_eq!(software, host, "{prefix:X} 0F {opcode:X} of {a:X?}, {b:X?}");
        }
    }
}
