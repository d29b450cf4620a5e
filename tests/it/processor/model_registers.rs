//! Model-specific registers for machine checks, the adjustment of the time-stamp counter, and speculation.

use ringwalk_cpu::model::Model;
use ringwalk_mmu::TlbPolicy;

use crate::program::*;

fn write(program: &mut Program, number: u32, value: u64) -> Result<(), (u8, u16)> {
    program.cpu.gpr[1] = number.into();
    program.cpu.gpr[0] = value & 0xFFFF_FFFF;
    program.cpu.gpr[2] = value >> 32;
    program.attempt(&[0x0F, 0x30])
}

fn read(program: &mut Program, number: u32) -> Result<u64, (u8, u16)> {
    program.cpu.gpr[1] = number.into();
    program.attempt(&[0x0F, 0x32])?;
    Ok(program.cpu.gpr[2] << 32 | program.cpu.gpr[0])
}

const REFUSED: Result<(), (u8, u16)> = Err((13, 0));

/// SDM Vol.3B 16.3.1 "Machine-Check Global Control MSRs", 16.3.2 "Error-Reporting Register Banks". Rows: register within
/// its bank, value, whether it is taken.
#[test]
fn machine_check_banks() {
    let mut program = Program::protected();
    let capabilities = read(&mut program, 0x179).expect("IA32_MCG_CAP");
    let banks = capabilities as u32 & 0xFF;
    assert!(banks > 0 && capabilities & 0x100 != 0, "banks, and IA32_MCG_CTL is there");
    assert_eq!(write(&mut program, 0x179, capabilities), REFUSED, "the capabilities are read-only");
    let rows = [
        (0, 0, true),
        (0, u64::MAX, true),
        (0, 0xAAAA_AAAA_AAAA_AAAA, false),
        (1, 0, true),
        (1, u64::MAX, false),
        (1, 1, false),
        (2, 0, true),
        (2, u64::MAX, true),
        (3, 0, true),
        (3, u64::MAX, true),
    ];
    for bank in 0..banks {
        for (register, value, taken) in rows {
            let number = 0x400 + 4 * bank + register;
            let before = read(&mut program, number).expect("the register exists");
            assert_eq!(
                write(&mut program, number, value),
                if taken { Ok(()) } else { REFUSED },
                "{number:x} {value:x}"
            );
            assert_eq!(read(&mut program, number), Ok(if taken { value } else { before }), "{number:x}");
        }
    }
    assert_eq!(read(&mut program, 0x400 + 4 * banks), Err((13, 0)), "no bank more");
    for (number, value, taken) in [(0x17A, 7, true), (0x17A, 0x10, false), (0x17B, u64::MAX, true), (0x17B, 5, false)] {
        assert_eq!(write(&mut program, number, value), if taken { Ok(()) } else { REFUSED }, "{number:x} {value:x}");
    }
}

/// The Pentium has two registers for machine checks, the P6 has banks. SDM Vol.4 2.22, 2.23.
#[test]
fn machine_checks_by_model() {
    for (model, pentiums, banks) in [(Model::Pentium, true, false), (Model::P6, true, true), (Model::Max, true, true)] {
        let mut program = Program::protected_on(model, TlbPolicy::Real);
        for number in [0, 1] {
            assert_eq!(read(&mut program, number).is_ok(), pentiums, "{model:?} {number:x}");
        }
        for number in [0x179, 0x17A, 0x17B, 0x400] {
            assert_eq!(read(&mut program, number).is_ok(), banks, "{model:?} {number:x}");
        }
    }
}

/// SDM Vol.3B 18.17.3 "Time-Stamp Counter Adjustment": what is added to one of the two is added to the other.
#[test]
fn adjustment_of_the_time_stamp_counter() {
    const TSC: u32 = 0x10;
    const ADJUST: u32 = 0x3B;
    let mut program = Program::protected();
    assert_eq!(read(&mut program, ADJUST), Ok(0), "after a reset");
    let before = read(&mut program, TSC).expect("the counter");
    assert_eq!(write(&mut program, ADJUST, 1 << 40), Ok(()));
    let after = read(&mut program, TSC).expect("the counter");
    assert!((1 << 40..(1 << 40) + 20).contains(&(after - before)), "{before:x} {after:x}");
    assert_eq!(read(&mut program, ADJUST), Ok(1 << 40));
    // The counter goes back by so much, and on by the few cycles that this takes.
    let now = read(&mut program, TSC).expect("the counter");
    assert_eq!(write(&mut program, TSC, now - 1000), Ok(()));
    let adjust = read(&mut program, ADJUST).expect("the adjustment");
    assert!(((1 << 40) - 1020..=(1 << 40) - 1000).contains(&adjust), "{adjust:x}");
    program.cpu.reset();
    assert_eq!(program.cpu.msrs.read(ADJUST, 12345, program.cpu.features), Some(0));
    let mut old = Program::protected_on(Model::P6, TlbPolicy::Real);
    assert_eq!(read(&mut old, ADJUST), Err((13, 0)));
}

/// SDM Vol.4 Table 2-2: IA32_SPEC_CTRL has IBRS, STIBP and SSBD; IA32_PRED_CMD takes IBPB and cannot be read.
#[test]
fn control_of_speculation() {
    let mut program = Program::protected();
    for (number, value, taken) in
        [(0x48, 7, true), (0x48, 8, false), (0x48, 1 << 63, false), (0x49, 1, true), (0x49, 2, false)]
    {
        assert_eq!(write(&mut program, number, value), if taken { Ok(()) } else { REFUSED }, "{number:x} {value:x}");
    }
    assert_eq!(read(&mut program, 0x48), Ok(7));
    assert_eq!(read(&mut program, 0x49), Err((13, 0)));
    // RDCL_NO, IBRS_ALL, SSB_NO, MDS_NO, TAA_NO.
    let told = read(&mut program, 0x10A).expect("IA32_ARCH_CAPABILITIES");
    assert_eq!(told & 0x133, 0x133, "{told:x}");
}
