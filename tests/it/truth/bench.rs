//! One vector, one machine: executes one instruction and checks all that it must have left as it was.

use ringwalk_cpu::segment::{SegReg, Segment, Selector};
use ringwalk_cpu::state::{CR4_PVI, CR4_VME, CpuState, Shadow};

use super::table::{ALL, IF, NT, Place, RF, Start, TF, VM, behind_gate};
use crate::program::*;
use crate::task_image::TaskImage;

/// Vector of #GP.
pub(super) const GP: u8 = 13;

/// The task that the link of the current one names.
pub(super) const LINKED_TSS: u32 = 0x3200;
pub(super) const LINKED_SELECTOR: u16 = FREE;

/// Machines that are used again for every vector.
pub(super) struct Bench {
    real: Program,
    protected: Program,
    /// The state of both as they were made.
    real_start: CpuState,
    protected_start: CpuState,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let (real, protected) = (Program::real(), Program::virtual_8086());
        let (real_start, protected_start) = (real.cpu.clone(), protected.cpu.clone());
        Bench { real, protected, real_start, protected_start }
    }

    /// The machine in a place, with these flags and this instruction.
    pub(super) fn at(&mut self, start: &Start, code: &[u8]) -> &mut Program {
        let program = match start.place {
            Place::Real => {
                self.real.cpu = self.real_start.clone();
                &mut self.real
            }
            Place::Ring { cpl, pvi } => {
                self.protected.cpu = self.protected_start.clone();
                self.protected.enter_ring(cpl);
                self.protected.cpu.cr4 = if pvi { CR4_PVI } else { 0 };
                &mut self.protected
            }
            Place::V86 { vme } => {
                self.protected.cpu = self.protected_start.clone();
                self.protected.enter_virtual_8086();
                self.protected.cpu.cr4 = if vme { CR4_VME } else { 0 };
                &mut self.protected
            }
        };
        program.set_flags(start.flags);
        program.write(program.cpu.linear_rip() as u32, code);
        program.engine.forget(&mut program.memory);
        program.engine.hot.last_fault = None;
        program
    }
}

/// An opcode with the prefix that gives it the operand size.
pub(super) fn sized(place: Place, wide: bool, opcode: u8) -> Vec<u8> {
    let default_is_wide = matches!(place, Place::Ring { .. });
    if wide == default_is_wide { vec![opcode] } else { vec![0x66, opcode] }
}

/// Operands on top of the stack, the first on top; the pointer moves.
pub(super) fn place_on_stack(program: &mut Program, wide: bool, operands: &[u32]) {
    let bytes = if wide { 4 } else { 2 };
    let esp = program.esp() - bytes * operands.len() as u32;
    let base = program.cpu.seg(SegReg::Ss).base as u32;
    for (index, value) in operands.iter().enumerate() {
        program.write(base + esp + bytes * index as u32, &value.to_le_bytes()[..bytes as usize]);
    }
    program.set_esp(esp);
}

/// Executes one instruction. `Err`: it faulted.
pub(super) fn execute(program: &mut Program) -> Result<(), ()> {
    program.steps(1);
    if program.engine.hot.last_fault.is_some() { Err(()) } else { Ok(()) }
}

/// Nothing but EFLAGS, EIP, ESP and the shadow differs from the state before.
pub(super) fn assert_kept(program: &Program, before: &CpuState, name: &dyn Fn() -> String) {
    let found = &program.cpu;
    assert_eq!(found.segments, before.segments, "{}", name());
    let others = |cpu: &CpuState| [0, 1, 2, 3, 5, 6, 7].map(|number: usize| cpu.gpr[number]);
    assert_eq!(others(found), others(before), "{}", name());
    assert_eq!((found.cpl, found.cr0, found.tr), (before.cpl, before.cr0, before.tr), "{}", name());
}

/// The instruction raised #GP with this code and nothing else: the frame shows the state before it, with RF for the
/// instruction to be tried again, and of virtual-8086 mode all segment registers.
pub(super) fn assert_refused(program: &Program, before: &CpuState, code: u32, name: &dyn Fn() -> String) {
    let fault = program.frame(GP);
    let segment = |reg| before.seg(reg).selector.0;
    let expected = Fault {
        vector: GP,
        code,
        eip: before.rip as u32,
        cs: segment(SegReg::Cs),
        flags: before.flags.bits() | RF,
        esp: before.gpr[4] as u32,
        ss: segment(SegReg::Ss),
    };
    assert_eq!((program.eip(), fault), (HANDLERS + u32::from(GP), expected), "{}", name());
    assert_eq!(program.cpu.flags.bits(), behind_gate(before.flags.bits(), false), "{}", name());
    if before.flags.bits() & VM != 0 {
        assert_v86_data(program, program.esp() + 24, before, name);
    }
}

/// ES, DS, FS and GS above the frame that left virtual-8086 mode, and the registers themselves null.
pub(super) fn assert_v86_data(program: &Program, at: u32, before: &CpuState, name: &dyn Fn() -> String) {
    for (index, reg) in [SegReg::Es, SegReg::Ds, SegReg::Fs, SegReg::Gs].into_iter().enumerate() {
        let pushed = program.read_dword(at + 4 * index as u32);
        assert_eq!(pushed, u32::from(before.seg(reg).selector.0), "{reg:?} {}", name());
        assert_eq!(*program.cpu.seg(reg), Segment::null(Selector(0)), "{reg:?} {}", name());
    }
}

/// No interrupt is held off, unless the table says so.
pub(super) fn assert_shadow(program: &Program, shadowed: bool, name: &dyn Fn() -> String) {
    let expected = if shadowed { Shadow::Sti } else { Shadow::None };
    assert_eq!(program.cpu.shadow, expected, "{}", name());
}

/// A second, busy task for the link, with this image of EFLAGS; everything else of it is flat and of ring 0, at 1234h.
pub(super) fn prepare_link(program: &mut Program, image: u32) {
    program.write_word(TSS, LINKED_SELECTOR);
    program.set_descriptor(TSS_SELECTOR, descriptor(TSS, 0x67, 0x8B));
    program.set_descriptor(LINKED_SELECTOR, descriptor(LINKED_TSS, 0x67, 0x8B));
    TaskImage { eip: 0x1234, flags: image, ..TaskImage::of_ring(0) }.write_32(program, LINKED_TSS);
}

/// Images for POPF and IRET: from all clear and from all set, each bit of the operand flipped once, and none.
pub(super) fn images(wide: bool) -> impl Iterator<Item = u32> {
    let bits = if wide { 32 } else { 16 };
    [0, u32::MAX].into_iter().flat_map(move |polarity| (0..bits).map(move |bit| polarity ^ 1 << bit).chain([polarity]))
}

/// For messages: which flags are neither reserved nor part of the setting.
pub(super) fn shown(start: &Start, wide: bool, image: u32) -> String {
    let flags = start.flags;
    let names = [(TF, "TF"), (IF, "IF"), (NT, "NT")].into_iter().filter(|(bit, _)| flags & bit != 0);
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    format!("{:?} iopl {} wide {wide} {:x} {names:?} <- {image:x}", start.place, start.iopl(), flags & ALL)
}
