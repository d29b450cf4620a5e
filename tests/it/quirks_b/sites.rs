//! Every check that can fail (`cpu/src/site.rs`) fails in a program here, so that none is dead and each names what a
//! guest did. The rules behind them are tested where they belong; this is the list.

use std::collections::BTreeMap;

use ringwalk_cpu::flags::{AC, NT, VIP};
use ringwalk_cpu::model::Model;
use ringwalk_cpu::site::{SITES, Site};
use ringwalk_cpu::state::{
    CR0_AM, CR0_NE, CR0_PG, CR0_TS, CR4_DE, CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE, CR4_PVI, CR4_TSD, CR4_UMIP,
};
use ringwalk_mmu::TlbPolicy;

use super::*;
use crate::long_mode::sites::LONG;
use crate::processor::paging::{PDPT, pae};

type Make = fn() -> Program;

fn with(mut program: Program, code: &[u8]) -> Program {
    let at = program.cpu.linear_rip() as u32;
    program.write(at, code);
    program
}

fn ring_0(code: &[u8]) -> Program {
    with(Program::protected(), code)
}

fn ring_3(code: &[u8]) -> Program {
    with(Program::user(), code)
}

/// Ring 0 with a value in EAX.
fn with_eax(value: u32, code: &[u8]) -> Program {
    let mut program = ring_0(code);
    program.cpu.gpr[0] = value.into();
    program
}

/// Ring 0 with SSE switched on and a value in EAX.
fn with_sse(value: u32, code: &[u8]) -> Program {
    let mut program = with_eax(value, code);
    program.cpu.cr4 |= CR4_OSFXSR;
    program
}

/// DIVSS of zeros with no exception masked.
fn with_simd_error(cr4: u64) -> Program {
    let mut program = with_sse(0, &[0xF3, 0x0F, 0x5E, 0xC1]);
    program.cpu.cr4 |= cr4;
    program.cpu.vector.mxcsr = 0;
    program
}

/// Ring 0 with the free descriptor, whose selector is in EAX.
fn with_free(raw: u64, code: &[u8]) -> Program {
    let mut program = with_eax(FREE.into(), code);
    program.set_descriptor(FREE, raw);
    program
}

/// INT 20h from ring 3 through this gate.
fn through(raw: u64) -> Program {
    let mut program = ring_3(&[0xCD, 0x20]);
    program.set_gate(0x20, raw);
    program
}

fn to_ring_1() -> Program {
    through(gate(CODE_OF[1], HANDLERS + 0x20, 0xEE, 0))
}

/// A task whose image has one wrong field; #TS finds a task of its own.
fn task_with(offset: u32, value: u32) -> Program {
    const GOOD: u32 = 0x6800;
    let mut program = Program::protected();
    with_task(&mut program, 2, false);
    let image = program.read(TASK, 0x68);
    program.write(GOOD, &image);
    program.set_descriptor(0x78, descriptor(GOOD, 0x67, 0x89));
    program.set_gate(10, gate(0x78, 0, 0x85, 0));
    program.write(TASK_CODE, &[0xF4]);
    program.write_dword(TASK + offset, value);
    program.code(TO_TASK);
    program
}

const EXECUTION: &[(Site, Make)] = &[
    (Site::DivideError, || ring_0(&[0xF6, 0xF1])),
    (Site::AamZero, || ring_0(&[0xD4, 0])),
    (Site::BoundRange, || with_eax(5, &[0x62, 0x05, 0, 0, 2, 0])),
    (Site::Undefined, || ring_0(&[0x0F, 0x04])),
    (Site::UndefinedLock, || ring_0(&[0xF0, 0x90])),
    (Site::UndefinedOperand, || ring_0(&[0x8D, 0xC0])),
    (Site::UndefinedInRealMode, || with(Program::real(), &[0x0F, 0x00, 0xC8])),
    (Site::UndefinedForModel, || with(Program::protected_on(Model::I386, TlbPolicy::Real), &[0x0F, 0xA2])),
    (Site::UndefinedRegister, || ring_0(&[0x0F, 0x20, 0xC8])),
    (Site::UndefinedByUd2, || ring_0(&[0x0F, 0x0B])),
    (Site::DeviceNotAvailable, || {
        let mut program = ring_0(&[0xDB, 0xE3]);
        program.cpu.cr0 |= CR0_TS;
        program
    }),
    (Site::SimdError, || with_simd_error(CR4_OSXMMEXCPT)),
    (Site::UndefinedSimdError, || with_simd_error(0)),
    (Site::UndefinedVector, || ring_0(&[0x0F, 0x28, 0xC1])),
    (Site::VectorAlignment, || with_sse(DATA + 8, &[0x0F, 0x28, 0x00])),
    (Site::MxcsrReserved, || {
        let mut program = with_sse(DATA, &[0x0F, 0xAE, 0x10]);
        program.write_dword(DATA, 0x1_0000);
        program
    }),
    // FXSAVE [EAX], which is DATA + 8.
    (Site::FxAlignment, || with_eax(DATA + 8, &[0x0F, 0xAE, 0x00])),
    (Site::MonitorPrivilege, || ring_3(&[0x0F, 0x01, 0xC9])),
    (Site::MonitorExtensions, || {
        let mut program = ring_0(&[0x0F, 0x01, 0xC9]);
        program.cpu.gpr[1] = 2;
        program
    }),
    (Site::FpuError, || {
        let mut program = ring_0(&[0x9B]);
        program.cpu.cr0 |= CR0_NE;
        program.cpu.fpu.status = 0x8081;
        program.cpu.fpu.control = 0x037E;
        program
    }),
    (Site::InstructionLength, || ring_0(&[0x3E; 16])),
    (Site::FetchLimit, || {
        let mut program = ring_0(&[0x90]);
        program.cpu.segments[SegReg::Cs as usize].limit = CODE - 1;
        program
    }),
    (Site::BranchLimit, || {
        let mut program = ring_0(&[0xE9, 0, 0x10, 0, 0]);
        program.cpu.segments[SegReg::Cs as usize].limit = CODE + 0xFF;
        program
    }),
];

const ACCESSES: &[(Site, Make)] = &[
    (Site::DataLimit, || {
        let mut program = ring_0(&[0xA1, 0, 0, 2, 0]);
        program.cpu.segments[SegReg::Ds as usize].limit = 0xFF;
        program
    }),
    (Site::StackLimit, || {
        let mut program = ring_3(&[0x50]);
        program.cpu.segments[SegReg::Ss as usize].limit = 0xFF;
        program
    }),
    (Site::PushaRoom, || {
        let mut program = with(Program::real(), &[0x60]);
        program.set_esp(7);
        program
    }),
    (Site::NullSegment, || {
        let mut program = ring_0(&[0xA1, 0, 0, 2, 0]);
        program.cpu.segments[SegReg::Ds as usize] = Segment::null(Selector(0));
        program
    }),
    (Site::NotWritable, || ring_0(&[0x2E, 0xA3, 0, 0, 2, 0])),
    (Site::NotReadable, || {
        let mut program = ring_0(&[0x2E, 0xA1, 0, 0, 2, 0]);
        program.cpu.segments[SegReg::Cs as usize].rights = CODE_32 & !2;
        program
    }),
    (Site::StackNotWritable, || {
        let mut program = ring_3(&[0x50]);
        program.cpu.segments[SegReg::Ss as usize] = Segment::null(Selector(3));
        program
    }),
    (Site::PageFault, || {
        let mut program = with(Program::paged(), &[0xA1, 0, 0, 2, 0]);
        program.write_dword(pte_of(DATA), 0);
        program
    }),
    (Site::Alignment, || {
        let mut program = ring_3(&[0xA1, 1, 0, 2, 0]);
        program.cpu.cr0 |= CR0_AM;
        program.set_flags(AC);
        program
    }),
];

const PRIVILEGE: &[(Site, Make)] = &[
    (Site::Privileged, || ring_3(&[0xF4])),
    (Site::IoPrivilege, || ring_3(&[0xE4, 0x60])),
    (Site::InterruptFlagPrivilege, || ring_3(&[0xFA])),
    (Site::VirtualInterrupt, || {
        let mut program = ring_3(&[0xFB]);
        program.cpu.cr4 = CR4_PVI;
        program.set_flags(VIP);
        program
    }),
    (Site::V86Sensitive, || with(virtual_8086(0), &[0x9C])),
    (Site::Umip, || {
        let mut program = ring_3(&[0x0F, 0x01, 0xE0]);
        program.cpu.cr4 = CR4_UMIP;
        program
    }),
    (Site::TimeStampDisable, || {
        let mut program = ring_3(&[0x0F, 0x31]);
        program.cpu.cr4 = CR4_TSD;
        program
    }),
    (Site::PerformanceCounter, || ring_3(&[0x0F, 0x33])),
    (Site::Cr0Combination, || with_eax(CR0_PG as u32, &[0x0F, 0x22, 0xC0])),
    (Site::Cr4Reserved, || with_eax(1 << 31, &[0x0F, 0x22, 0xE0])),
    (Site::PdpteReserved, || {
        let mut program = with(pae(), &[0x0F, 0x22, 0xD8]);
        program.cpu.gpr[0] = PDPT.into();
        program.write_dword(PDPT + 8, 3);
        program
    }),
    (Site::UnknownMsr, || {
        let mut program = ring_0(&[0x0F, 0x32]);
        program.cpu.gpr[1] = 0xFFFF;
        program
    }),
    (Site::MsrValue, || {
        // The MTRR capabilities are read-only.
        let mut program = ring_0(&[0x0F, 0x30]);
        program.cpu.gpr[1] = 0xFE;
        program
    }),
    (Site::SysenterTarget, || ring_3(&[0x0F, 0x34])),
];

const SEGMENTS: &[(Site, Make)] = &[
    // MOV SS, AX and MOV DS, AX; JMP FAR.
    (Site::SelectorNull, || with_eax(0, &[0x8E, 0xD0])),
    (Site::SelectorLimit, || with_eax(0xFFF8, &[0x8E, 0xD8])),
    (Site::CodeType, || ring_0(&[0xEA, 0, 0, 0, 0, 0x10, 0])),
    (Site::CodePrivilege, || ring_3(&[0xEA, 0, 0, 0, 0, 0x08, 0])),
    (Site::CodeNotPresent, || with_free(descriptor(0, 0xF_FFFF, CODE_32 & !0x80), &[0xEA, 0, 0, 0, 0, 0x70, 0])),
    (Site::DataType, || with_eax(TSS_SELECTOR.into(), &[0x8E, 0xD8])),
    (Site::DataPrivilege, || {
        let mut program = ring_3(&[0x8E, 0xD8]);
        program.cpu.gpr[0] = DATA_OF[0].into();
        program
    }),
    (Site::DataNotPresent, || with_free(descriptor(0, 0xF_FFFF, DATA_32 & !0x80), &[0x8E, 0xD8])),
    (Site::StackType, || with_eax(CODE_OF[0].into(), &[0x8E, 0xD0])),
    (Site::StackNotPresent, || with_free(descriptor(0, 0xF_FFFF, DATA_32 & !0x80), &[0x8E, 0xD0])),
    (Site::GateType, || ring_0(&[0xEA, 0, 0, 0, 0, LDT_SELECTOR as u8, 0])),
    (Site::GatePrivilege, || {
        let mut program = ring_3(&[0x9A, 0, 0, 0, 0, 0x70, 0]);
        program.set_descriptor(FREE, gate(CODE_OF[0], CODE, 0x8C, 0));
        program
    }),
    (Site::ReturnPrivilege, || {
        let mut program = ring_3(&[0xCB]);
        program.write_dword(STACKS[3] - 8, CODE);
        program.write_dword(STACKS[3] - 4, CODE_OF[0].into());
        program.set_esp(STACKS[3] - 8);
        program
    }),
    (Site::TaskType, || with_eax(DATA_OF[0].into(), &[0x0F, 0x00, 0xD8])),
    (Site::TaskNotPresent, || with_free(descriptor(TASK, 0x67, 0x09), &[0x0F, 0x00, 0xD8])),
    (Site::LdtType, || with_eax(DATA_OF[0].into(), &[0x0F, 0x00, 0xD0])),
    (Site::LdtNotPresent, || with_free(descriptor(LDT, 0x3F, 0x02), &[0x0F, 0x00, 0xD0])),
];

const DELIVERY: &[(Site, Make)] = &[
    (Site::GateNotPresent, || through(gate(CODE_OF[0], HANDLERS, 0x6E, 0))),
    (Site::IdtType, || through(gate(CODE_OF[0], HANDLERS, 0xE0, 0))),
    (Site::IdtPrivilege, || ring_3(&[0xCD, 0x20])),
    (Site::IdtLimit, || {
        let mut program = ring_3(&[0xCD, 0x20]);
        program.cpu.idtr.limit = 0x106;
        program
    }),
    (Site::IvtLimit, || {
        let mut program = with(Program::real(), &[0xCD, 0x20]);
        program.cpu.idtr.limit = 0x82;
        program
    }),
    (Site::TssLimit, || {
        let mut program = to_ring_1();
        program.cpu.tr.limit = 0x10;
        program
    }),
    (Site::TssStack, || {
        let mut program = to_ring_1();
        program.write_dword(TSS + 0x10, 0);
        program
    }),
    (Site::TssStackNotPresent, || {
        let mut program = to_ring_1();
        program.set_descriptor(FREE, descriptor(0, 0xF_FFFF, DATA_32 & !0x80 | 1 << 5));
        program.write_dword(TSS + 0x10, u32::from(FREE) | 1);
        program
    }),
    (Site::NewStackLimit, || {
        let mut program = to_ring_1();
        program.set_descriptor(FREE, descriptor(0, 0xF, 0x4093 | 1 << 5));
        program.write_dword(TSS + 0x10, u32::from(FREE) | 1);
        program
    }),
    (Site::V86Handler, || {
        let mut program = with(virtual_8086(0), &[0x0F, 0x0B]);
        program.set_gate(6, gate(CODE_OF[1], HANDLERS + 6, 0xEE, 0));
        program
    }),
    (Site::TssLdt, || task_with(0x60, DATA_OF[0].into())),
    (Site::TssCode, || task_with(0x4C, DATA_OF[0].into())),
    (Site::TssData, || task_with(0x48, TSS_SELECTOR.into())),
    (Site::TaskLink, || {
        let mut program = ring_0(&[0xCF]);
        program.set_flags(NT);
        program
    }),
    (Site::DoubleFault, || {
        let mut program = ring_0(&[0xF6, 0xF1]);
        program.set_gate(0, gate(CODE_OF[0], HANDLERS, 0x0E, 0));
        program
    }),
    (Site::VexDisabled, || ring_0(&[0xC5, 0xF8, 0x28, 0xC1])),
    (Site::XsaveDisabled, || ring_0(&[0x0F, 0x01, 0xD0])),
    (Site::XcrNumber, || {
        let mut program = with_eax(1, &[0x0F, 0x01, 0xD1]);
        program.cpu.cr4 |= CR4_OSXSAVE;
        program.cpu.gpr[1] = 7;
        program
    }),
    (Site::XcrValue, || {
        let mut program = with_eax(2, &[0x0F, 0x01, 0xD1]);
        program.cpu.cr4 |= CR4_OSXSAVE;
        (program.cpu.gpr[1], program.cpu.gpr[2]) = (0, 0);
        program
    }),
    (Site::XsaveAlignment, || {
        let mut program = with_eax(DATA + 8, &[0x0F, 0xAE, 0x20]);
        program.cpu.cr4 |= CR4_OSXSAVE;
        program
    }),
    (Site::XsaveHeader, || {
        let mut program = with_eax(DATA, &[0x0F, 0xAE, 0x28]);
        program.cpu.cr4 |= CR4_OSXSAVE;
        program.write(DATA + 512, &[0xFF]);
        program
    }),
    (Site::DebugRegisterAlias, || {
        let mut program = ring_0(&[0x0F, 0x21, 0xE0]);
        program.cpu.cr4 = CR4_DE;
        program
    }),
    (Site::GeneralDetect, || {
        let mut program = ring_0(&[0x0F, 0x21, 0xC0]);
        program.cpu.dr7 = 0x2400;
        program
    }),
    (Site::InstructionBreakpoint, || {
        let mut program = ring_0(&[0x90]);
        program.cpu.dr[0] = u64::from(CODE);
        program.cpu.dr7 = 0x401;
        program
    }),
];

#[test]
fn every_fault_site_is_reached_by_a_program() {
    let lists = [EXECUTION, ACCESSES, PRIVILEGE, SEGMENTS, DELIVERY, LONG];
    let programs: BTreeMap<Site, Make> = lists.into_iter().flatten().copied().collect();
    assert_eq!(programs.len(), lists.iter().map(|list| list.len()).sum::<usize>(), "no site stands twice");
    for (site, info) in SITES {
        let make = programs.get(site).unwrap_or_else(|| panic!("no program reaches {site:?}: {}", info.check));
        let mut program = make();
        program.engine.hot.last_fault = None;
        program.steps(1);
        let raised = program.engine.hot.last_fault.unwrap_or_else(|| panic!("nothing failed {site:?}"));
        assert_eq!((raised.site, raised.vector), (*site, info.vector), "{}", info.check);
    }
    assert_eq!(programs.len(), SITES.len());
}
