//! Q25: task switches that fail: up to the commit in the old task, with nothing changed; behind it in the new one.
//! SDM Vol.3A 7.3 "Task Switching", Table 7-1 "Exception Conditions Checked During a Task Switch", 6.15 "Interrupt
//! 10-Invalid TSS Exception (#TS)", Vol.2A "CALL" TASK-GATE and TASK-STATE-SEGMENT, "IRET/IRETD" TASK-RETURN.

use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::{CR0_TS, CR0_WP};

use super::tasks::{ALL, How, NEW, NEW_TSS, TASK_GATE, VECTOR, about_to};
use crate::program::*;
use crate::task_image::TaskImage;

const TS: u8 = 10;
const NP: u8 = 11;
const SS: u8 = 12;
const GP: u8 = 13;
const PF: u8 = 14;

type Change = fn(&mut Program);

/// The vector and code of what happens, and a check that the old task has it and goes on at the same place.
fn fails_in_old_task(how: How, name: &str, change: Change, vector: u8, code: u32) {
    let mut program = about_to(how, &TaskImage::of_ring(3));
    change(&mut program);
    let before = program.cpu.clone();
    let memory = [program.read(GDT, 0x100), program.read(TSS, 0x68), program.read(NEW_TSS, 0x68)];
    how.go(&mut program);
    let name = format!("{how:?}: {name}");
    let fault = program.frame(vector);
    assert_eq!((program.eip(), fault.code), (HANDLERS + u32::from(vector), code), "{name}");
    assert_eq!(
        (fault.eip, fault.cs, fault.esp),
        (CODE, before.seg(SegReg::Cs).selector.0, before.gpr[4] as u32),
        "{name}"
    );
    assert_eq!((program.cpu.tr, program.cpu.ldtr, program.cpu.cr0 & CR0_TS), (before.tr, before.ldtr, 0), "{name}");
    let after = [program.read(GDT, 0x100), program.read(TSS, 0x68), program.read(NEW_TSS, 0x68)];
    assert_eq!(after, memory, "{name}: descriptors and both TSS are as they were");
}

/// What is wrong with the TSS of the new task, however it is reached: #TS where IRET finds it by the link, #GP where a
/// selector or gate names it.
#[test]
fn q25_a_new_tss_that_is_refused() {
    for how in ALL {
        let by_link = how == How::Iret;
        let ext = how.ext();
        let by = |vector| if by_link { TS } else { vector };
        let rows: [(&str, Change, u8, u32); 9] = [
            ("no TSS", |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, 0x82)), by(GP), 0x70),
            ("data", |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, 0x93)), by(GP), 0x70),
            ("a gate", |p| p.set_descriptor(NEW, gate(8, 0, 0x8E, 0)), by(GP), 0x70),
            (
                "busy where it should not be, or not where it should",
                |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, u32::from(p.access_byte(NEW)) ^ 2)),
                by(GP),
                0x70,
            ),
            (
                "type before presence",
                |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, u32::from(p.access_byte(NEW)) & 0x7F ^ 2)),
                by(GP),
                0x70,
            ),
            (
                "not present",
                |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, u32::from(p.access_byte(NEW)) & 0x7F)),
                NP,
                0x70,
            ),
            (
                "a limit of 66h",
                |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x66, u32::from(p.access_byte(NEW)))),
                TS,
                0x70,
            ),
            (
                "16 bits, a limit of 2Ah",
                |p| p.set_descriptor(NEW, descriptor(NEW_TSS, 0x2A, u32::from(p.access_byte(NEW)) & !8)),
                TS,
                0x70,
            ),
            ("the old TSS is too short to be saved to", |p| p.cpu.tr.limit = 0x5E, TS, 0x48),
        ];
        for (name, change, vector, code) in rows {
            fails_in_old_task(how, name, change, vector, code | ext);
        }
    }
}

/// What is wrong with the selector of the TSS: in a gate or the link, beyond the GDT or in the LDT.
#[test]
fn q25_a_selector_of_a_tss_that_is_refused() {
    let beyond: Change = |p| {
        p.write_word(TSS, 0x100);
        p.set_descriptor(TASK_GATE, gate(0x100, 0, 0x85, 0));
        p.set_gate(VECTOR, gate(0x100, 0, 0x85, 0));
    };
    let local: Change = |p| {
        p.write_word(TSS, 0x0C);
        p.set_descriptor(TASK_GATE, gate(0x0C, 0, 0x85, 0));
        p.set_gate(VECTOR, gate(0x0C, 0, 0x85, 0));
        p.write(LDT + 8, &descriptor(NEW_TSS, 0x67, 0x89).to_le_bytes());
    };
    let null: Change = |p| p.write_word(TSS, 0);
    for how in [How::JumpGate, How::CallGate, How::Int, How::External, How::Iret] {
        let vector = if how == How::Iret { TS } else { GP };
        fails_in_old_task(how, "beyond the GDT", beyond, vector, 0x100 | how.ext());
        fails_in_old_task(how, "in the LDT", local, vector, 0x0C | how.ext());
    }
    fails_in_old_task(How::Iret, "a null link", null, TS, 0);
}

/// Privilege: the DPL of the TSS counts for JMP and CALL that name it, that of the gate for those that name the gate and
/// for INT n; nothing for interrupts from outside and for IRET. Rows: ring, DPL of the TSS, of the gates.
#[test]
fn q25_privilege_of_task_switches() {
    for how in ALL {
        for ring in 0..4u8 {
            for (tss_dpl, gate_dpl) in (0..4u8).flat_map(|tss| (0..4u8).map(move |gate| (tss, gate))) {
                let mut program = about_to(how, &TaskImage::of_ring(3));
                let flags = program.cpu.flags;
                program.enter_ring(ring);
                program.cpu.flags = flags;
                let access = u32::from(program.access_byte(NEW)) | u32::from(tss_dpl) << 5;
                program.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, access));
                program.set_descriptor(TASK_GATE, gate(NEW, 0, 0x85 | gate_dpl << 5, 0));
                program.set_gate(VECTOR, gate(NEW, 0, 0x85 | gate_dpl << 5, 0));
                how.go(&mut program);
                let refused = match how {
                    How::Jump | How::Call => (tss_dpl < ring).then_some(u32::from(NEW)),
                    How::JumpGate | How::CallGate => (gate_dpl < ring).then_some(TASK_GATE.into()),
                    How::Int => (gate_dpl < ring).then_some(u32::from(VECTOR) * 8 + 2),
                    How::External | How::Iret => None,
                };
                let name = format!("{how:?} ring {ring} TSS {tss_dpl} gate {gate_dpl}");
                match refused {
                    None => assert_eq!((program.cpu.tr.selector.0, program.eip()), (NEW, 0x1_2000), "{name}"),
                    Some(code) => {
                        let fault = program.frame(GP);
                        assert_eq!((program.eip(), fault.code, fault.eip), (HANDLERS + 13, code, CODE), "{name}");
                    }
                }
            }
        }
    }
    // A task gate that is not present: #NP with the gate.
    let absent: Change = |p| {
        p.set_descriptor(TASK_GATE, gate(NEW, 0, 0x05, 0));
        p.set_gate(VECTOR, gate(NEW, 0, 0x05, 0));
    };
    for (how, code) in [(How::JumpGate, 0x78), (How::CallGate, 0x78), (How::Int, 0x102), (How::External, 0x103)] {
        fails_in_old_task(how, "the gate is not present", absent, NP, code);
    }
}

/// What the new task is refused for once it is the current one. Rows: what is wrong, the task, what changes in tables,
/// vector and error code.
#[test]
fn q25_a_new_task_that_is_refused_behind_the_commit() {
    type Row = (&'static str, TaskImage, Change, u8, u32);
    let image = TaskImage::of_ring(3);
    let nothing: Change = |_| ();
    let (cs, ss, ds) = (SegReg::Cs, SegReg::Ss, SegReg::Ds);
    let rows: &[Row] = &[
        ("LDT in the LDT", TaskImage { ldt: 0x0C, ..image }, nothing, TS, 0x0C),
        ("LDT beyond the GDT", TaskImage { ldt: 0x100, ..image }, nothing, TS, 0x100),
        ("LDT of another type", TaskImage { ldt: 0x10, ..image }, nothing, TS, 0x10),
        (
            "LDT not present",
            TaskImage { ldt: 0x83, ..image },
            |p| p.set_descriptor(0x80, descriptor(LDT, 0x3F, 0x02)),
            TS,
            0x80,
        ),
        ("CS null", image.with(cs, 3), nothing, TS, 0),
        ("CS beyond the GDT", image.with(cs, 0x103), nothing, TS, 0x100),
        ("CS in no LDT", image.with(cs, 0x0F), nothing, TS, 0x0C),
        ("CS data", image.with(cs, DATA_OF[3]), nothing, TS, 0x40),
        ("CS a gate", image.with(cs, TASK_GATE | 3), nothing, TS, 0x78),
        ("CS with DPL below RPL", image.with(cs, 0x0B), nothing, TS, 0x08),
        ("CS with DPL above RPL", image.with(cs, 0x3A), nothing, TS, 0x38),
        (
            "CS conforming, DPL above RPL",
            image.with(cs, 0x82),
            |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, CODE_32 | 0x64)),
            TS,
            0x80,
        ),
        ("CS not present", image.with(cs, 0x83), |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC07B)), NP, 0x80),
        ("SS null", image.with(ss, 3), nothing, TS, 0),
        ("SS beyond the GDT", image.with(ss, 0x103), nothing, TS, 0x100),
        ("SS code", image.with(ss, CODE_OF[3]), nothing, TS, 0x38),
        ("SS with another RPL", image.with(ss, 0x40), nothing, TS, 0x40),
        ("SS with another DPL", image.with(ss, 0x13), nothing, TS, 0x10),
        ("SS read-only", image.with(ss, 0x83), |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC0F1)), TS, 0x80),
        ("SS not present", image.with(ss, 0x83), |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC073)), SS, 0x80),
        ("DS beyond the GDT", image.with(ds, 0x103), nothing, TS, 0x100),
        ("DS a system descriptor", image.with(ds, TSS_SELECTOR), nothing, TS, 0x48),
        ("DS of an inner level", image.with(ds, DATA_OF[0]), nothing, TS, 0x10),
        ("ES of an inner level", image.with(SegReg::Es, DATA_OF[2]), nothing, TS, 0x30),
        (
            "FS execute-only code",
            image.with(SegReg::Fs, 0x83),
            |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC0F9)),
            TS,
            0x80,
        ),
        (
            "GS not present",
            image.with(SegReg::Gs, 0x83),
            |p| p.set_descriptor(0x80, descriptor(0, 0xF_FFFF, 0xC073)),
            NP,
            0x80,
        ),
        (
            "EIP beyond the limit",
            image.with(cs, 0x83),
            |p| p.set_descriptor(0x80, descriptor(0, 0x1FFF, 0x40FB)),
            GP,
            0,
        ),
    ];
    for how in ALL {
        for (name, image, change, vector, code) in rows {
            let mut program = about_to(how, image);
            change(&mut program);
            how.go(&mut program);
            let name = format!("{how:?}: {name}");
            let fault = program.frame(*vector);
            let found = (program.eip(), fault.code);
            assert_eq!(found, (HANDLERS + u32::from(*vector), code | how.ext()), "{name}");
            // The frame is the new task's, on its stack of ring 0.
            let selectors = (image.selectors[cs as usize], image.selectors[ss as usize]);
            assert_eq!((fault.eip, (fault.cs, fault.ss), fault.esp), (image.eip, selectors, image.gpr[4]), "{name}");
            assert_eq!(program.esp(), image.inner.0 - 24, "{name}");
            // And the switch is complete.
            assert_eq!((program.cpu.tr.selector.0, program.access_byte(NEW)), (NEW, 0x8B), "{name}");
            let old_busy = if how.nests() { 0x8B } else { 0x89 };
            assert_eq!(
                (program.access_byte(TSS_SELECTOR), program.read_dword(TSS + 0x20)),
                (old_busy, how.old_eip()),
                "{name}"
            );
            assert!(program.cpu.cr0 & CR0_TS != 0, "{name}");
        }
    }
}

/// No room for the error code on the stack of the new task: #SS(EXT) there, before its EIP is looked at. The first
/// exception is #AC, which is benign.
#[test]
fn q25_no_room_for_the_error_code() {
    const AC: u32 = 1 << 18;
    for eip in [0x1_2000, 0xFFFF_FFFF] {
        let mut image = TaskImage { eip, ..TaskImage::of_ring(3) }.with(SegReg::Ss, 0x83).with(SegReg::Cs, 0x8B);
        image.gpr[4] = 0x2002;
        let mut program = about_to(How::Int, &image);
        program.set_descriptor(0x80, descriptor(0, 0x1FFF, 0x40F3));
        program.set_descriptor(0x88, descriptor(0, 0x1_FFFF, 0x40FB));
        program.set_gate(17, gate(NEW, 0, 0x85, 0));
        program.enter_ring(3);
        program.cpu.cr0 |= 1 << 18;
        program.set_flags(AC);
        program.cpu.gpr[3] = u64::from(DATA + 1);
        program.write(CODE, &[0x8B, 0x03]);
        program.steps(1);
        let fault = program.frame(SS);
        assert_eq!((program.eip(), fault.code, fault.eip), (HANDLERS + 12, 1, eip));
        assert_eq!((fault.cs, fault.ss, fault.esp), (0x8B, 0x83, 0x2002));
    }
}

/// Pages: the old TSS and the new one, and both descriptors, are looked at before anything changes: #PF in the old task.
#[test]
fn q25_page_faults_belong_to_the_old_task() {
    const FAR_TSS: u32 = 0x5_0FE0;
    let rows: [(&str, Change, u32, u32); 4] = [
        ("the second page of the new TSS", |p| p.write_dword(pte_of(FAR_TSS + 0x20), 0), 0, FAR_TSS + 0x20),
        ("the link of the new TSS is read-only", |p| p.write_dword(pte_of(FAR_TSS), 0x5_0000 | 5), 3, FAR_TSS),
        ("the old TSS is read-only", |p| p.write_dword(pte_of(TSS), TSS | 5), 3, TSS + 0x20),
        ("the GDT is read-only", |p| p.write_dword(pte_of(GDT), GDT | 5), 3, GDT + 0x75),
    ];
    for (name, change, code, address) in rows {
        let mut program = Program::paged();
        program.cpu.cr0 |= CR0_WP;
        program.set_descriptor(NEW, descriptor(FAR_TSS, 0x67, 0x89));
        TaskImage { cr3: DIRECTORY, ..TaskImage::of_ring(3) }.write_32(&mut program, FAR_TSS);
        change(&mut program);
        program.cpu.tlb.flush();
        How::Call.go(&mut program);
        let fault = program.frame(PF);
        let found = (program.eip(), fault.code, fault.eip, program.cpu.cr2 >> 12);
        assert_eq!(found, (HANDLERS + 14, code, CODE, u64::from(address >> 12)), "{name}");
        assert_eq!((program.cpu.tr.selector.0, program.access_byte(NEW)), (TSS_SELECTOR, 0x89), "{name}");
    }
}

/// Both descriptors are known to be writable before the first busy flag changes: here the new one lies on the second,
/// read-only page of the GDT.
#[test]
fn q25_no_busy_flag_changes_before_both_can() {
    const BASE: u32 = 0x3_1000 - NEW as u32;
    let mut program = Program::paged();
    program.cpu.cr0 |= CR0_WP;
    program.set_descriptor(NEW, descriptor(NEW_TSS, 0x67, 0x89));
    TaskImage { cr3: DIRECTORY, ..TaskImage::of_ring(3) }.write_32(&mut program, NEW_TSS);
    let table = program.read(GDT, 0x100);
    program.write(BASE, &table);
    program.cpu.gdtr.base = BASE.into();
    program.write_dword(pte_of(0x3_1000), 0x3_1000 | 5);
    let old = BASE + u32::from(TSS_SELECTOR) + 5;
    How::Jump.go(&mut program);
    let fault = program.frame(PF);
    assert_eq!((program.eip(), fault.code, fault.eip), (HANDLERS + 14, 3, CODE));
    assert_eq!((program.cpu.cr2, program.read(old, 1)), (0x3_1005, vec![0x8B]));
}

/// Behind the commit too, a contributory exception on top of a contributory one is a double fault, of the new task.
#[test]
fn q25_a_double_fault_in_the_new_task() {
    let image = TaskImage::of_ring(3).with(SegReg::Ds, DATA_OF[0]);
    let mut program = about_to(How::Int, &image);
    program.set_gate(GP, gate(NEW, 0, 0x85, 0));
    program.cpu.gpr[0] = TSS_SELECTOR.into();
    program.write(CODE, &[0x8E, 0xD8]);
    program.steps(1);
    let fault = program.frame(8);
    assert_eq!((program.eip(), fault.code, fault.eip, fault.cs), (HANDLERS + 8, 0, image.eip, CODE_OF[3]));
    assert_eq!(program.cpu.tr.selector.0, NEW);
}
