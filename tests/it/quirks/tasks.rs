//! Q25: hardware task switches that succeed. SDM Vol.3A 7.3 "Task Switching", 7.4 "Task Linking" Table 7-2 "Effect of a
//! Task Switch on Busy Flag, NT Flag, Previous Task Link Field, and TS Flag".

use ringwalk_cpu::flags::{IF, NT, RF, TF, VM};
use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::state::{CR0_TS, CR4_PAE};
use ringwalk_mmu::TlbPolicy;

use crate::program::*;
use crate::task_image::TaskImage;

/// The other task and its descriptor; a task gate to it.
pub(super) const NEW_TSS: u32 = 0x3200;
pub(super) const NEW: u16 = FREE;
pub(super) const TASK_GATE: u16 = 0x78;
/// Vector of the task gate in the IDT.
pub(super) const VECTOR: u8 = 0x20;

/// What switches the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Jump,
    JumpGate,
    Call,
    CallGate,
    /// INT n through a task gate.
    Int,
    /// INTR through the same.
    External,
    /// IRET with NT.
    Iret,
}

pub(super) const ALL: [How; 7] =
    [How::Jump, How::JumpGate, How::Call, How::CallGate, How::Int, How::External, How::Iret];

impl How {
    pub(super) fn nests(self) -> bool {
        !matches!(self, How::Jump | How::JumpGate | How::Iret)
    }

    fn code(self) -> Vec<u8> {
        let far = |opcode: u8, selector: u16| [&[opcode, 0, 0, 0, 0][..], &selector.to_le_bytes()].concat();
        match self {
            How::Jump => far(0xEA, NEW),
            How::JumpGate => far(0xEA, TASK_GATE),
            How::Call => far(0x9A, NEW),
            How::CallGate => far(0x9A, TASK_GATE),
            How::Int => vec![0xCD, VECTOR],
            How::External => vec![0x90],
            How::Iret => vec![0xCF],
        }
    }

    /// EIP that the old task will go on with.
    pub(super) fn old_eip(self) -> u32 {
        if self == How::External { CODE } else { CODE + self.code().len() as u32 }
    }

    /// EXT of an error code.
    pub(super) fn ext(self) -> u32 {
        u32::from(self == How::External)
    }

    /// Lets it happen: one instruction, or the delivery of the interrupt.
    pub(super) fn go(self, program: &mut Program) {
        program.write(CODE, &self.code());
        program.engine.forget(&mut program.memory);
        if self == How::External {
            program.bus.pending = vec![VECTOR];
        }
        program.steps(1);
    }
}

/// Ring 0, about to switch to a task that way: descriptors, gates, link and flags are as it needs them.
pub(super) fn about_to(how: How, image: &TaskImage) -> Program {
    prepare(Program::protected(), how, image)
}

fn prepare(mut program: Program, how: How, image: &TaskImage) -> Program {
    let busy = if how == How::Iret { 2 } else { 0 };
    program.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, 0x89 | busy));
    program.set_descriptor(TASK_GATE, gate(NEW, 0, 0x85, 0));
    program.set_gate(VECTOR, gate(NEW, 0, 0x85, 0));
    image.write_32(&mut program, NEW_TSS);
    program.write_word(TSS, NEW);
    program.set_flags(match how {
        How::External => IF,
        How::Iret => NT,
        _ => 0,
    });
    program
}

/// Table 7-2: busy flags of both tasks, NT in the new flags and in the saved ones, the link, TS; TR; and where the old
/// task goes on.
#[test]
fn q25_busy_flags_nt_link_and_ts() {
    for how in ALL {
        for new_nt in [0, NT] {
            for old_nt in [0, NT] {
                let image = TaskImage { link: 0x5A5A, flags: 2 | new_nt, ..TaskImage::of_ring(0) };
                let mut program = about_to(how, &image);
                let flags = program.cpu.flags.bits() & !NT | if how == How::Iret { NT } else { old_nt };
                program.set_flags(flags);
                how.go(&mut program);
                let name = format!("{how:?}, NT {old_nt:x} -> {new_nt:x}");
                assert_eq!((program.cpu.tr.selector.0, program.eip()), (NEW, image.eip), "{name}");
                assert_eq!(
                    (program.cpu.tr.base, program.cpu.tr.limit, program.cpu.tr.rights),
                    (NEW_TSS.into(), 0x67, 0x8B)
                );
                let old_busy = if how.nests() { 0x8B } else { 0x89 };
                assert_eq!((program.access_byte(TSS_SELECTOR), program.access_byte(NEW)), (old_busy, 0x8B), "{name}");
                let nt = if how.nests() { NT } else { new_nt };
                assert_eq!(program.cpu.flags.bits(), 2 | nt, "{name}");
                let link = if how.nests() { TSS_SELECTOR } else { 0x5A5A };
                assert_eq!(program.read_word(NEW_TSS), link, "{name}");
                let saved = if how == How::Iret { flags & !NT } else { flags };
                let old = (program.read_dword(TSS + 0x20), program.read_dword(TSS + 0x24));
                assert_eq!(old, (how.old_eip(), saved), "{name}");
                assert!(program.cpu.cr0 & CR0_TS != 0, "{name}");
            }
        }
    }
}

/// Everything that a switch saves and loads, between 32-bit tasks: CR3, LDT and the stacks of the TSS are not saved.
#[test]
fn q25_a_32_bit_task_is_saved_and_loaded() {
    let ldt = |program: &mut Program| {
        program.set_descriptor(0x80, descriptor(0x5000, 0x77, 0x82));
        program.write(0x5008, &descriptor(0x6_0000, 0xFFF, 0x4092).to_le_bytes());
    };
    let image = TaskImage { ldt: 0x80, flags: IF | 0x8D7, ..TaskImage::of_ring(0) }
        .with(SegReg::Fs, 0x0C)
        .with(SegReg::Gs, 3)
        .with(SegReg::Es, CONFORMING);
    let mut program = about_to(How::Jump, &image);
    ldt(&mut program);
    for number in 0..8 {
        program.cpu.gpr[number] = 0x1111_0000 + number as u64;
    }
    program.load(SegReg::Gs, DATA_OF[3]);
    let untouched = [program.read(TSS, 0x20), program.read(TSS + 0x60, 8)];
    How::Jump.go(&mut program);
    // Saved.
    for number in 0..8 {
        assert_eq!(program.read_dword(TSS + 0x28 + 4 * number), 0x1111_0000 + number);
    }
    let selectors: Vec<u16> = (0..6).map(|number| program.read_word(TSS + 0x48 + 4 * number)).collect();
    assert_eq!(selectors, [0x10, 8, 0x10, 0x10, 0x10, DATA_OF[3]]);
    assert_eq!([program.read(TSS, 0x20), program.read(TSS + 0x60, 8)], untouched);
    // Loaded.
    for (number, value) in image.gpr.into_iter().enumerate() {
        assert_eq!(program.reg(number), value);
    }
    assert_eq!((program.cpu.flags.bits(), program.eip(), program.cpu.cpl), (IF | 0x8D7, image.eip, 0));
    assert_eq!((program.cpu.ldtr.selector.0, program.cpu.ldtr.base, program.cpu.ldtr.limit), (0x80, 0x5000, 0x77));
    let fs = program.cpu.seg(SegReg::Fs);
    assert_eq!((fs.selector.0, fs.base, fs.rights), (0x0C, 0x6_0000, 0x4093));
    assert_eq!(program.read(0x500D, 1), [0x93], "accessed in the new LDT");
    assert_eq!(*program.cpu.seg(SegReg::Gs), Segment::null(Selector(3)));
    assert_eq!(program.selector(SegReg::Es), CONFORMING);
}

/// A 16-bit task has neither FS, GS, CR3 nor T flag; the halves that it lacks are ones in the registers and 0 in EIP and
/// EFLAGS. SDM Vol.3A 7.6 "16-Bit Task-State Segment (TSS)".
#[test]
fn q25_16_bit_tasks() {
    let image = TaskImage { eip: 0x6000, flags: 0x8D7, ..TaskImage::of_ring(0) };
    let mut program = about_to(How::Jump, &image);
    program.write(NEW_TSS, &[0xFF; 0x68]);
    image.write_16(&mut program, NEW_TSS);
    program.set_descriptor(NEW, descriptor(NEW_TSS, 0x2B, 0x81));
    program.set_flags(1 << 18);
    How::Jump.go(&mut program);
    assert_eq!((program.eip(), program.cpu.flags.bits(), program.access_byte(NEW)), (0x6000, 0x8D7, 0x83));
    for (number, value) in image.gpr.into_iter().enumerate() {
        assert_eq!(program.reg(number), 0xFFFF_0000 | value & 0xFFFF);
    }
    for reg in [SegReg::Fs, SegReg::Gs] {
        assert_eq!(*program.cpu.seg(reg), Segment::null(Selector(0)));
    }
    assert_eq!(program.selector(SegReg::Es), DATA_OF[0]);
    assert_eq!(program.cpu.pending_debug, 0);

    // And away from it: words, up to DS; the link by CALL.
    program.cpu.gpr[..8]
        .copy_from_slice(&[0x1_1110, 0x1_1111, 0x1_1112, 0x1_1113, 0x8000, 0x1_1115, 0x1_1116, 0x1_1117]);
    program.cpu.rip = u64::from(CODE);
    program.set_flags(0x8D7);
    let selectors: Vec<u16> = SegReg::ALL.map(|reg| program.selector(reg)).to_vec();
    program.set_descriptor(0x80, descriptor(0x3400, 0x67, 0x89));
    TaskImage::of_ring(3).write_32(&mut program, 0x3400);
    let beyond = program.read(NEW_TSS + 0x2A, 0x10);
    assert_eq!(program.attempt(&[0x9A, 0, 0, 0, 0, 0x80, 0]), Ok(()));
    let words: Vec<u16> = (0..14).map(|index| program.read_word(NEW_TSS + 0x0E + 2 * index)).collect();
    let mut expected = vec![(CODE + 7) as u16, 0x8D7, 0x1110, 0x1111, 0x1112, 0x1113, 0x8000, 0x1115, 0x1116, 0x1117];
    expected.extend(&selectors[..4]);
    assert_eq!(words, expected);
    assert_eq!(program.read(NEW_TSS + 0x2A, 0x10), beyond);
    assert_eq!((program.read_word(0x3400), program.cpu.cpl), (NEW, 3));
}

/// CALL to a task and IRET from it: the caller goes on behind the CALL with everything as it was but TS; the callee goes
/// on behind its IRET at the next CALL.
#[test]
fn q25_call_and_return() {
    let mut program = about_to(How::Call, &TaskImage::of_ring(0));
    program.cpu.gpr[3] = 0xB0B;
    program.write(CODE, &[0x9A, 0, 0, 0, 0, NEW as u8, 0, 0xEB, 0xF7]);
    program.write(0x1_2000, &[0x43, 0xCF, 0xEB, 0xFC]);
    let before = program.cpu.clone();
    program.steps(3);
    assert_eq!((program.eip(), program.reg(3), program.cpu.tr.selector.0), (CODE + 7, 0xB0B, TSS_SELECTOR));
    assert_eq!((program.cpu.segments, program.cpu.flags), (before.segments, before.flags));
    assert_eq!((program.access_byte(NEW), program.access_byte(TSS_SELECTOR)), (0x89, 0x8B));
    program.steps(2);
    assert_eq!((program.eip(), program.cpu.tr.selector.0), (0x1_2002, NEW), "behind its IRET");
    program.steps(2);
    assert_eq!(program.reg(3), 0x4321_0032, "counted twice in the callee");
}

/// A fault through a task gate: the error code is pushed on the new stack in the size of the new TSS; the saved image of
/// the old task has RF, and its EIP points at the instruction.
#[test]
fn q25_a_fault_through_a_task_gate() {
    for wide in [true, false] {
        let image = TaskImage { eip: 0x6000, ..TaskImage::of_ring(0) };
        let mut program = about_to(How::Int, &image);
        if !wide {
            image.write_16(&mut program, NEW_TSS);
            program.set_descriptor(NEW, descriptor(NEW_TSS, 0x2B, 0x81));
            program.load(SegReg::Ss, DATA_16);
        }
        program.set_gate(13, gate(NEW, 0, 0x85, 0));
        // MOV DS with a system descriptor.
        program.cpu.gpr[0] = TSS_SELECTOR.into();
        assert_eq!(program.attempt(&[0x8E, 0xD8]), Err((13, TSS_SELECTOR)));
        assert_eq!((program.eip(), program.cpu.tr.selector.0), (0x6000, NEW));
        let top = if wide { image.gpr[4] } else { 0xFFFF_0000 | image.gpr[4] & 0xFFFF };
        let size = if wide { 4 } else { 2 };
        assert_eq!(program.esp(), top - size, "wide {wide}");
        if wide {
            assert_eq!(program.read_dword(program.esp()), u32::from(TSS_SELECTOR));
        }
        assert_eq!((program.read_dword(TSS + 0x20), program.read_dword(TSS + 0x24)), (CODE, RF | 2));
    }
    // The double fault pushes 0, and a fault without error code nothing.
    for (vector, pushed) in [(8, 4), (6, 0)] {
        let mut program = about_to(How::Int, &TaskImage::of_ring(0));
        program.set_gate(vector, gate(NEW, 0, 0x85, 0));
        if vector == 8 {
            program.set_gate(13, 0);
            // MOV DS with a selector beyond the table: #GP, whose gate is none: #GP again: #DF.
            program.cpu.gpr[0] = 0x1000;
            assert!(program.attempt(&[0x8E, 0xD8]).is_err());
        } else {
            assert!(program.attempt(&[0x0F, 0x0B]).is_err());
        }
        assert_eq!(program.cpu.tr.selector.0, NEW, "{vector}");
        assert_eq!(program.esp(), STACKS[0] - 0x400 - pushed, "{vector}");
    }
}

/// The T flag: #DB with DR6.BT behind the switch and before the first instruction of the new task. SDM Vol.3B 17.3.1.5
/// "Task-Switch Exception Condition".
#[test]
fn q25_the_t_flag_traps_before_the_first_instruction() {
    for how in ALL {
        let image = TaskImage { trap: true, ..TaskImage::of_ring(0) };
        let mut program = about_to(how, &image);
        program.write(image.eip, &[0x43, 0xF4]);
        how.go(&mut program);
        assert_eq!(program.run(), End::Vector(1), "{how:?}");
        let fault = program.frame(1);
        assert_eq!((fault.eip, program.reg(3), program.cpu.dr6), (image.eip, image.gpr[3], 0xFFFF_8FF0), "{how:?}");
    }
}

/// TF in the image of the new task traps behind its first instruction, not before it.
#[test]
fn q25_tf_of_the_new_task_traps_behind_its_first_instruction() {
    let image = TaskImage { flags: TF | 2, ..TaskImage::of_ring(0) };
    let mut program = about_to(How::Jump, &image);
    program.write(image.eip, &[0x43, 0x43, 0xF4]);
    How::Jump.go(&mut program);
    assert_eq!(program.run(), End::Vector(1));
    assert_eq!((program.frame(1).eip, program.cpu.dr6), (image.eip + 1, 0xFFFF_4FF0));
}

/// Local breakpoint enables end with the task, global ones stay. SDM Vol.3B 17.2.4 "Debug Control Register (DR7)".
#[test]
fn q25_local_breakpoints_end_with_the_task() {
    let mut program = about_to(How::Jump, &TaskImage::of_ring(0));
    program.cpu.dr7 = 0x7FF;
    How::Jump.go(&mut program);
    assert_eq!(program.cpu.dr7, 0x6AA);
}

/// CR3 is loaded while paging is on, and what the TLB held goes unless it is global; without paging it is not loaded; if
/// it does not change nothing is flushed. SDM Vol.3A 7.3, step 12, and 4.10.4.1 "Operations that Invalidate TLBs and
/// Paging-Structure Caches".
#[test]
fn q25_cr3_of_the_new_task() {
    let image = |cr3| TaskImage { cr3, ..TaskImage::of_ring(0) };
    let mut program = about_to(How::Jump, &image(0x5000));
    program.cpu.cr3 = 0x7000;
    How::Jump.go(&mut program);
    assert_eq!(program.cpu.cr3, 0x7000);

    const OTHER: u32 = 0x20_0000;
    for (cr3, expected) in [(OTHER, 0x22), (DIRECTORY, 0x11)] {
        let mut program = prepare(Program::paged(), How::Jump, &image(cr3));
        // The other tables map DATA elsewhere.
        let tables = program.read(DIRECTORY, 0x5000);
        program.write(OTHER, &tables);
        program.write_dword(OTHER, (OTHER + 0x1000) | 7);
        program.write_dword(OTHER + 0x1000 + 4 * (DATA >> 12), 0x30_0000 | 7);
        program.write(DATA, &[0x11]);
        program.write(0x30_0000, &[0x22]);
        program.write(CODE, &[0x8A, 0x1D, 0, 0, 2, 0]);
        program.write(0x1_2000, &[0x8A, 0x1D, 0, 0, 2, 0]);
        program.steps(1);
        assert_eq!(program.reg(3) & 0xFF, 0x11);
        // A stale entry shows whether the TLB was flushed: the page's own entry now says 30_1000.
        program.write_dword(pte_of(DATA), 0x30_1000 | 7);
        program.write(0x30_1000, &[0x33]);
        program.cpu.rip = u64::from(CODE);
        How::Jump.go(&mut program);
        program.steps(1);
        assert_eq!((program.cpu.cr3, program.reg(3) & 0xFF), (cr3.into(), expected), "CR3 {cr3:x}");
    }
}

/// Under PAE a change of CR3 loads the PDPTE registers; a reserved bit in a present one is #GP(0) in the old task.
/// SDM Vol.3A 4.4.1 "PDPTE Registers".
#[test]
fn q25_pdptes_of_the_new_task() {
    /// Page-directory-pointer table, its one directory of 2 MiB pages; the other's.
    const POINTERS: u32 = 0x20_0000;
    const OTHER: u32 = 0x20_0020;
    for (reserved, good) in [(0, true), (2, false), (0x100, false)] {
        let image = TaskImage { cr3: OTHER, ..TaskImage::of_ring(0) };
        let mut program = prepare(Program::protected_on(Default::default(), TlbPolicy::Real), How::Jump, &image);
        for (table, directory, last) in [(POINTERS, 0x20_1000, 0x80_0000), (OTHER, 0x20_2000, 0xA0_0000)] {
            program.write_dword(table, directory | 1);
            program.write_dword(directory, 0x83);
            program.write_dword(directory + 8, 0x20_0083);
            program.write_dword(directory + 16, last | 0x83);
        }
        program.write_dword(OTHER, 0x20_2000 | 1 | reserved);
        program.write(0x80_0000, &[0x11]);
        program.write(0xA0_0000, &[0x22]);
        program.cpu.cr4 = CR4_PAE;
        program.cpu.gpr[0] = POINTERS.into();
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xD8]), Ok(()));
        program.cpu.gpr[0] = program.cpu.cr0 | 1 << 31;
        assert_eq!(program.attempt(&[0x0F, 0x22, 0xC0]), Ok(()));
        assert_eq!(program.attempt(&[0x8A, 0x1D, 0, 0, 0x40, 0]), Ok(()));
        assert_eq!(program.reg(3) & 0xFF, 0x11);
        program.cpu.rip = u64::from(CODE);
        program.engine.hot.last_fault = None;
        How::Jump.go(&mut program);
        if good {
            assert_eq!(program.cpu.pdptes[0], 0x20_2001);
            assert_eq!(program.attempt(&[0x8A, 0x1D, 0, 0, 0x40, 0]), Ok(()));
            assert_eq!(program.reg(3) & 0xFF, 0x22);
        } else {
            let fault = program.frame(13);
            assert_eq!((fault.code, fault.eip), (0, CODE));
            assert_eq!(
                (program.cpu.tr.selector.0, program.cpu.cr3, program.cpu.pdptes[0]),
                (TSS_SELECTOR, POINTERS.into(), 0x20_1001)
            );
            assert_eq!((program.access_byte(TSS_SELECTOR), program.access_byte(NEW)), (0x8B, 0x89));
        }
    }
}

/// A task may be one of virtual-8086 mode, and be left through a task gate: EFLAGS.VM is part of its image.
#[test]
fn q25_tasks_of_virtual_8086_mode() {
    let image = TaskImage {
        eip: 0x100,
        flags: VM | 2,
        selectors: [0x2001, 0x1000, 0x3000, 0x2002, 0x2003, 0x2004],
        ..TaskImage::of_ring(3)
    };
    let mut program = about_to(How::Jump, &image);
    How::Jump.go(&mut program);
    assert_eq!((program.cpu.flags.bits(), program.cpu.cpl, program.eip()), (VM | 2, 3, 0x100));
    for (reg, selector) in SegReg::ALL.into_iter().zip(image.selectors) {
        assert_eq!(*program.cpu.seg(reg), Segment::virtual_8086(Selector(selector)), "{reg:?}");
    }
    // Out again by #UD through a task gate to the first task.
    program.set_descriptor(TSS_SELECTOR, descriptor(TSS, 0x67, 0x89));
    TaskImage::of_ring(0).write_32(&mut program, TSS);
    program.set_gate(6, gate(TSS_SELECTOR, 0, 0x85, 0));
    assert!(program.attempt(&[0x0F, 0x0B]).is_err());
    assert_eq!((program.cpu.tr.selector.0, program.cpu.cpl, program.cpu.flags.bits()), (TSS_SELECTOR, 0, NT | 2));
    assert_eq!((program.read_dword(NEW_TSS + 0x24), program.read_dword(NEW_TSS + 0x20)), (VM | RF | 2, 0x100));
    assert_eq!(program.read_word(NEW_TSS + 0x54), 0x2002, "DS");
    // And back in by IRET with NT.
    assert_eq!(program.attempt(&[0xCF]), Ok(()));
    assert_eq!((program.cpu.flags.bits(), program.cpu.cpl, program.eip()), (VM | RF | 2, 3, 0x100));
}
