//! SYSCALL and SYSRET, SYSENTER and SYSEXIT, SWAPGS, the bases of FS and GS.

use ringwalk_cpu::model::{Feature, Features, Model};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CR4_FSGSBASE;

use crate::program::*;

/// SYSCALL's CS, and what SYSRET's selectors count from.
const STAR: u64 = 0x0023 << 48 | 0x0010 << 32;
const TARGET: u64 = 0x1_2000;
const BAD: u64 = 0x0000_8000_0000_0000;

fn with(features: Features) -> Program {
    let mut program = Program::long_with(features);
    program.cpu.msrs.star = STAR;
    program.cpu.msrs.lstar = TARGET;
    program.cpu.msrs.cstar = TARGET + 0x100;
    program.cpu.msrs.fmask = 0x4_0700;
    program
}

/// Row I-24 of T-1 and the row SYSCALL of T-5: RCX = RIP, R11 = RFLAGS, RFLAGS AND NOT FMASK, RF clear; flat segments.
#[test]
fn syscall_enters_ring_0() {
    let mut program = with(Model::Max.features());
    program.enter_long(3);
    program.set_flags(0x4_0FD7);
    assert_eq!(program.attempt(&[0x0F, 0x05]), Ok(()));
    let cpu = &program.cpu;
    assert_eq!((cpu.rip, cpu.gpr[1], cpu.gpr[11]), (TARGET, u64::from(CODE) + 2, 0x4_0FD7));
    assert_eq!((cpu.flags.bits(), cpu.cpl), (0x8D7, 0));
    assert_eq!(cpu.gpr[4], u64::from(STACKS[3]), "the stack pointer stays");
    let (cs, ss) = (cpu.seg(SegReg::Cs), cpu.seg(SegReg::Ss));
    assert_eq!((cs.selector.0, cs.base, cs.limit, cs.rights), (0x10, 0, u32::MAX, 0xA09B));
    assert_eq!((ss.selector.0, ss.base, ss.limit, ss.rights), (0x18, 0, u32::MAX, 0xC093));
}

/// The row SYSRET of T-5: R11 AND 3C7FD7h OR 2. SDM Vol.2B "SYSRET": CS is STAR[63:48] + 16 for 64-bit code.
#[test]
fn sysret_goes_back() {
    for (code, cs, rights, rip) in
        [(&[0x48, 0x0F, 0x07][..], 0x33, 0xA0FB, 0x1_2345_6789), (&[0x0F, 0x07][..], 0x23, 0xC0FB, 0x2345_6789)]
    {
        let mut program = with(Model::Max.features());
        program.cpu.gpr[1] = 0x1_2345_6789;
        program.cpu.gpr[11] = u64::MAX;
        assert_eq!(program.attempt(code), Ok(()));
        let cpu = &program.cpu;
        assert_eq!((cpu.rip, cpu.cpl, cpu.flags.bits()), (rip, 3, 0x3C_7FD7));
        let (code_segment, ss) = (cpu.seg(SegReg::Cs), cpu.seg(SegReg::Ss));
        assert_eq!((code_segment.selector.0, code_segment.rights), (cs, rights));
        assert_eq!((ss.selector.0, ss.rights), (0x2B, 0xC0F3));
    }
}

/// Where SYSCALL and SYSRET are undefined: EFER.SCE clear, and outside 64-bit code for one vendor. Row I-26: #GP(0) at
/// CPL above 0.
#[test]
fn syscall_and_sysret_by_mode_and_privilege() {
    let intel = Model::Max.features();
    let amd = intel.with(Feature::AmdFastCalls);
    for (features, expected) in [(intel, Err((6, 0))), (amd, Ok(()))] {
        let mut program = with(features);
        program.enter_ring(3); // compatibility mode
        assert_eq!(program.attempt(&[0x0F, 0x05]), expected);
        if expected.is_ok() {
            assert_eq!(program.cpu.rip, TARGET + 0x100, "CSTAR");
        }
    }
    let mut program = with(intel);
    program.cpu.msrs.efer &= !1;
    assert_eq!(program.attempt(&[0x0F, 0x05]), Err((6, 0)));
    let mut program = with(intel);
    program.enter_long(3);
    assert_eq!(program.attempt(&[0x48, 0x0F, 0x07]), Err((13, 0)));
}

/// Q35: SYSRET to an address that is not canonical: #GP(0) at CPL 0 with the user's stack pointer, or at CPL 3 on the
/// target's fetch.
#[test]
fn q35_sysret_to_nowhere_by_vendor() {
    for (features, cpl, rip) in
        [(Model::Max.features(), 0, u64::from(CODE)), (Model::Max.features().with(Feature::AmdSysret), 3, BAD)]
    {
        let mut program = with(features);
        program.cpu.gpr[1] = BAD;
        program.cpu.gpr[4] = u64::from(STACKS[3]);
        program.cpu.gpr[11] = 2;
        program.write(CODE, &[0x48, 0x0F, 0x07]);
        assert_eq!(program.run(), End::Vector(13));
        let frame = program.esp();
        assert_eq!(program.read_qword(frame), 0, "the error code");
        assert_eq!(program.read_qword(frame + 8), rip);
        assert_eq!(program.read_qword(frame + 16) & 3, cpl);
        assert_eq!(program.read_qword(frame + 32), u64::from(STACKS[3]));
        let stack = if cpl == 0 { STACKS[3] } else { STACKS[0] };
        assert_eq!(frame, stack - 48);
    }
}

/// SDM Vol.2B "SYSENTER", "SYSEXIT". AMD APM Vol.3 "SYSENTER": undefined in long mode.
#[test]
fn sysenter_and_sysexit_in_long_mode() {
    let ready = |features: Features| {
        let mut program = with(features);
        program.cpu.msrs.sysenter_cs = 0x10;
        program.cpu.msrs.sysenter_eip = 0xFFFF_8000_0001_2000;
        program.cpu.msrs.sysenter_esp = 0xFFFF_8000_0000_8000;
        program
    };
    let mut program = ready(Model::Max.features());
    program.enter_ring(3);
    assert_eq!(program.attempt(&[0x0F, 0x34]), Ok(()));
    assert_eq!((program.cpu.rip, program.cpu.gpr[4]), (0xFFFF_8000_0001_2000, 0xFFFF_8000_0000_8000));
    assert_eq!((program.cpu.seg(SegReg::Cs).rights, program.cpu.cpl), (0xA09B, 0));
    for (code, cs, rights) in [(&[0x48, 0x0F, 0x35][..], 0x33, 0xA0FB), (&[0x0F, 0x35][..], 0x23, 0xC0FB)] {
        let mut program = ready(Model::Max.features());
        program.cpu.gpr[1] = 0x1_0000_5000;
        program.cpu.gpr[2] = 0x1_0000_6000;
        assert_eq!(program.attempt(code), Ok(()));
        let mask = if code.len() == 3 { u64::MAX } else { 0xFFFF_FFFF };
        assert_eq!((program.cpu.rip, program.cpu.gpr[4]), (0x1_0000_6000 & mask, 0x1_0000_5000 & mask));
        let found = program.cpu.seg(SegReg::Cs);
        assert_eq!((found.selector.0, found.rights, program.cpu.cpl), (cs, rights, 3));
    }
    let mut program = ready(Model::Max.features());
    program.cpu.gpr[2] = BAD;
    assert_eq!(program.attempt(&[0x48, 0x0F, 0x35]), Err((13, 0)));
    let mut program = ready(Model::Max.features().with(Feature::AmdFastCalls));
    assert_eq!(program.attempt(&[0x0F, 0x34]), Err((6, 0)));
}

/// Row I-23: SWAPGS is for CPL 0 of 64-bit code.
#[test]
fn swapgs_by_mode_and_privilege() {
    const SWAPGS: [u8; 3] = [0x0F, 0x01, 0xF8];
    let mut program = Program::long();
    program.cpu.msrs.kernel_gs_base = 0xFFFF_8880_0000_0000;
    program.cpu.segments[SegReg::Gs as usize].base = 0x1234;
    assert_eq!(program.attempt(&SWAPGS), Ok(()));
    assert_eq!(program.cpu.seg(SegReg::Gs).base, 0xFFFF_8880_0000_0000);
    assert_eq!(program.cpu.msrs.kernel_gs_base, 0x1234);
    let mut program = Program::long();
    program.enter_long(3);
    assert_eq!(program.attempt(&SWAPGS), Err((13, 0)));
    let mut program = Program::long();
    program.enter_ring(0);
    assert_eq!(program.attempt(&SWAPGS), Err((6, 0)), "compatibility mode");
    assert_eq!(Program::protected().attempt(&SWAPGS), Err((6, 0)));
}

/// SDM Vol.2B "RDFSBASE/RDGSBASE", Vol.2D "WRFSBASE/WRGSBASE".
#[test]
fn bases_are_read_and_written_with_cr4_fsgsbase() {
    let mut program = Program::long();
    assert_eq!(program.attempt(&[0xF3, 0x48, 0x0F, 0xAE, 0xC0]), Err((6, 0)), "rdfsbase rax without CR4.FSGSBASE");
    let mut program = Program::long();
    program.cpu.cr4 |= CR4_FSGSBASE;
    program.enter_long(3);
    program.cpu.gpr[0] = 0x7FFF_1234_5678;
    assert_eq!(program.attempt(&[0xF3, 0x48, 0x0F, 0xAE, 0xD8]), Ok(()), "wrgsbase rax");
    assert_eq!(program.cpu.seg(SegReg::Gs).base, 0x7FFF_1234_5678);
    assert_eq!(program.attempt(&[0xF3, 0x0F, 0xAE, 0xCB]), Ok(()), "rdgsbase ebx");
    assert_eq!(program.cpu.gpr[3], 0x1234_5678);
    program.cpu.gpr[0] = BAD;
    assert_eq!(program.attempt(&[0xF3, 0x48, 0x0F, 0xAE, 0xD0]), Err((13, 0)), "wrfsbase rax");
}
