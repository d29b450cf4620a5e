//! The checks that only long mode and its registers have, each with a program in which it fails.

use ringwalk_cpu::flags::NT;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::CR4_PKE;

use crate::program::*;

type Make = fn() -> Program;

fn ring_0(code: &[u8]) -> Program {
    let mut program = Program::long();
    program.write(CODE, code);
    program
}

fn with_rax(value: u64, code: &[u8]) -> Program {
    let mut program = ring_0(code);
    program.cpu.gpr[0] = value;
    program
}

/// The lowest address that is not canonical.
const BAD: u64 = 0x0000_8000_0000_0000;

pub(crate) const LONG: &[(Site, Make)] = &[
    (Site::DataCanonical, || with_rax(BAD, &[0x8B, 0x00])),
    (Site::StackCanonical, || {
        let mut program = ring_0(&[0x8B, 0x45, 0x00]);
        program.cpu.gpr[5] = BAD;
        program
    }),
    (Site::BranchCanonical, || with_rax(BAD, &[0xFF, 0xE0])),
    (Site::FetchCanonical, || {
        let mut program = Program::long();
        program.cpu.rip = BAD;
        program
    }),
    (Site::CmpxchgAlignment, || with_rax(u64::from(DATA) + 8, &[0x48, 0x0F, 0xC7, 0x08])),
    (Site::Cr3Reserved, || with_rax(1 << 46, &[0x0F, 0x22, 0xD8])),
    (Site::Cr8Reserved, || with_rax(16, &[0x44, 0x0F, 0x22, 0xC0])),
    (Site::LongModePaging, || with_rax(0x11, &[0x0F, 0x22, 0xC0])),
    (Site::DebugRegisterValue, || with_rax(1 << 32, &[0x0F, 0x23, 0xF8])),
    (Site::CpuidFaulting, || {
        let mut program = ring_0(&[0x0F, 0xA2]);
        program.cpu.msrs.misc_features = 1;
        program.enter_long(3);
        program
    }),
    (Site::Undefined64, || {
        let mut program = ring_0(&[0x0F, 0x01, 0xF8]);
        program.load(SegReg::Cs, CODE_OF[0]);
        program
    }),
    (Site::BasesDisabled, || ring_0(&[0xF3, 0x0F, 0xAE, 0xC0])),
    (Site::AlignmentFlagPrivilege, || {
        let mut program = ring_0(&[0x0F, 0x01, 0xCB]);
        program.enter_long(3);
        program
    }),
    (Site::KeysDisabled, || ring_0(&[0x0F, 0x01, 0xEE])),
    (Site::KeyOperand, || {
        let mut program = ring_0(&[0x0F, 0x01, 0xEE]);
        program.cpu.cr4 |= CR4_PKE;
        program.cpu.gpr[1] = 1;
        program
    }),
    (Site::InvpcidOperand, || {
        let mut program = with_rax(4, &[0x66, 0x0F, 0x38, 0x82, 0x06]);
        program.cpu.gpr[6] = DATA.into();
        program
    }),
    (Site::SyscallDisabled, || {
        let mut program = ring_0(&[0x0F, 0x05]);
        program.cpu.msrs.efer &= !1;
        program
    }),
    (Site::NestedInLongMode, || {
        let mut program = ring_0(&[0x48, 0xCF]);
        program.set_flags(NT);
        program
    }),
];
