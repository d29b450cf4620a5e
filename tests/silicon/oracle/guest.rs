//! Code in ringwalk: ring 3 of long mode, with the arena where the host has it. Tables, handlers and the stack of ring 0 lie
//! in the upper half, so that nothing of the lower half is mapped but the arena and the end of code.

use ringwalk_cpu::flags::{Eflags, RF};
use ringwalk_cpu::float::Extended;
use ringwalk_cpu::model::Features;
use ringwalk_cpu::run::{Exit, Limits};
use ringwalk_cpu::segment::{Descriptor, SegReg, Segment, Selector};
use ringwalk_cpu::state::{
    Activity, CR0_AM, CR0_MP, CR0_NE, CR0_WP, CR4_FSGSBASE, CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE, Shadow,
};
use ringwalk_mmu::Frame;

use super::arena::{ARENA, CODE, DONE, GS_BASE, Image, PAGE, PAGES, Page, READ_ONLY, THERE, WRITABLE};
use super::program::{DIRECTORY, GDT, HANDLERS, IDT, LONG_TSS, LONG_TSS_SELECTOR, Program, STACKS, descriptor};
use super::state::{End, MXCSR_AT, Outcome, ST_AT, State, UPPER_AT, XMM_AT, XState};

/// Where the first two MiB lie again.
const UPPER: u64 = 0xFFFF_8000_0000_0000;
/// Free pages for the tables of both halves.
const TABLES: u32 = DIRECTORY + 0x8000;
/// Physical address of the arena; the page that code ends in lies behind it.
const MEMORY: u64 = 0x40_0000;
const HLT: u8 = 0xF4;
const LINE: usize = 64;

/// Selectors of user code and data under Linux.
const CODE_32: u16 = 0x23;
const DATA: u16 = 0x2B;
const CODE_64: u16 = 0x33;

/// Cycles after which code is called endless.
const MOST_CYCLES: u64 = 20_000;
/// A run shorter than the longest trace is one of the canonical tier.
const CANONICAL_CYCLES: u64 = 31;

/// Who executes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tier {
    Canonical,
    Fast,
}

pub(crate) struct Guest {
    program: Program,
    /// 64-bit and 32-bit code.
    code: [Segment; 2],
    data: Segment,
}

impl Guest {
    pub(crate) fn new(features: Features) -> Guest {
        let mut program = Program::long_with(features);
        map(&mut program);
        for vector in 0..=255u8 {
            // As under Linux, code of user mode may call INT3 and INTO.
            let access = if matches!(vector, 3 | 4) { 0xEE } else { 0x8E };
            program.set_long_gate(vector, UPPER + u64::from(HANDLERS) + u64::from(vector), access, 0);
        }
        for (selector, rights) in [(CODE_32, 0xC0FB), (DATA, 0xC0F3), (CODE_64, 0xA0FB)] {
            program.set_descriptor(selector, descriptor(0, 0xF_FFFF, rights));
        }
        program.write_qword(LONG_TSS + 4, UPPER + u64::from(STACKS[0]));
        let cpu = &mut program.cpu;
        cpu.gdtr.base = UPPER + u64::from(GDT);
        cpu.idtr.base = UPPER + u64::from(IDT);
        cpu.tr = Descriptor(descriptor(LONG_TSS, 0x67, 0x8B)).segment(Selector(LONG_TSS_SELECTOR));
        cpu.tr.base += UPPER;
        cpu.cr0 |= CR0_NE | CR0_MP | CR0_AM | CR0_WP;
        cpu.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
        cpu.xcr0 = 7;
        let segment = |rights, selector| Descriptor(descriptor(0, 0xF_FFFF, rights)).segment(Selector(selector));
        let code = [segment(0xA0FB, CODE_64), segment(0xC0FB, CODE_32)];
        Guest { program, code, data: segment(0xC0F3, DATA) }
    }

    /// Instructions that retired since the beginning.
    pub(crate) fn retired(&self) -> u64 {
        self.program.cpu.retired
    }

    /// Makes the arena hold what an image says. Only pages that code can write are looked at; `whole` looks at all.
    pub(crate) fn restore(&mut self, image: &Image, whole: bool) {
        let pages = if whole { &THERE[..] } else { &WRITABLE[..] };
        for number in pages {
            let (frame, wanted) = (self.frame(*number), &image.0[*number]);
            if self.program.memory.frames.page(frame) == wanted {
                continue;
            }
            for at in (0..PAGE as usize).step_by(LINE) {
                let frames = &mut self.program.memory.frames;
                if frames.page(frame)[at..at + LINE] != wanted[at..at + LINE] {
                    frames.store(frame, at, &wanted[at..at + LINE]);
                }
            }
        }
    }

    /// A page of the arena.
    pub(crate) fn page(&self, number: usize) -> &Page {
        self.program.memory.frames.page(self.frame(number))
    }

    fn frame(&self, page: usize) -> Frame {
        Frame(self.program.memory.ram.first.0 + (MEMORY >> 12) as u32 + page as u32)
    }

    /// Executes from a state to the end.
    pub(crate) fn run(&mut self, before: &State, is_64: bool, tier: Tier) -> Outcome {
        self.enter(before, is_64);
        let program = &mut self.program;
        let last = program.cpu.position + MOST_CYCLES;
        while program.cpu.activity == Activity::Active {
            if program.cpu.position >= last {
                return Outcome { state: self.state(), end: End::Endless };
            }
            let position = match tier {
                Tier::Canonical => program.cpu.position + CANONICAL_CYCLES,
                Tier::Fast => last + CANONICAL_CYCLES,
            };
            let limits = Limits { position, break_at_start: false, ..Limits::NONE };
            let exit = program.engine.run(&mut program.cpu, &mut program.memory, &mut program.bus, limits);
            assert!(matches!(exit, Exit::Position | Exit::DeadHalt), "{exit:?}");
        }
        self.taken()
    }

    fn enter(&mut self, before: &State, is_64: bool) {
        let cpu = &mut self.program.cpu;
        cpu.segments = [self.data; 6];
        cpu.segments[SegReg::Cs as usize] = self.code[usize::from(!is_64)];
        cpu.segments[SegReg::Fs as usize] = Segment::null(Selector(0));
        cpu.segments[SegReg::Gs as usize] = Segment { base: GS_BASE, ..Segment::null(Selector(0)) };
        cpu.cpl = 3;
        cpu.gpr[..16].copy_from_slice(&before.gpr);
        cpu.rip = before.rip;
        cpu.flags = Eflags::from_bits(before.flags as u32);
        cpu.activity = Activity::Active;
        cpu.shadow = Shadow::None;
        cpu.pending_debug = 0;
        cpu.cr2 = 0;
        let x = &before.x;
        cpu.fpu.load_words(x.word(0), x.word(2));
        cpu.fpu.occupied = x.0[4];
        for number in 0..8 {
            let mut bytes = [0; 10];
            bytes.copy_from_slice(&x.0[ST_AT + 16 * number..][..10]);
            let physical = cpu.fpu.physical(number);
            cpu.fpu.registers[physical] = Extended::from_bytes(bytes);
        }
        for number in 0..16 {
            let (low, high) = (XMM_AT + 16 * number, UPPER_AT + 16 * number);
            let register = &mut cpu.vector.registers[number];
            *register = [x.qword(low), x.qword(low + 8), x.qword(high), x.qword(high + 8), 0, 0, 0, 0];
        }
        cpu.vector.mxcsr = x.dword(MXCSR_AT);
    }

    /// Registers as they are.
    fn state(&self) -> State {
        let cpu = &self.program.cpu;
        let mut x = XState::initial();
        x.put(0, &cpu.fpu.control.to_le_bytes());
        x.put(2, &cpu.fpu.status.to_le_bytes());
        x.0[4] = cpu.fpu.occupied;
        for number in 0..8 {
            x.put(ST_AT + 16 * number, &cpu.fpu.st(number).to_bytes());
        }
        for number in 0..16 {
            let register = &cpu.vector.registers[number];
            for part in 0..2 {
                x.put(XMM_AT + 16 * number + 8 * part, &register[part].to_le_bytes());
                x.put(UPPER_AT + 16 * number + 8 * part, &register[2 + part].to_le_bytes());
            }
        }
        x.put(MXCSR_AT, &cpu.vector.mxcsr.to_le_bytes());
        let mut gpr = [0; 16];
        gpr.copy_from_slice(&cpu.gpr[..16]);
        State { gpr, rip: cpu.rip, flags: cpu.flags.bits().into(), x }
    }

    /// State and end as the frame of the delivery has them. The code's own end is HLT, which faults at CPL 3.
    fn taken(&self) -> Outcome {
        let program = &self.program;
        let frame = Frame(program.memory.ram.first.0 + (STACKS[0] >> 12) - 1);
        let page = program.memory.frames.page(frame);
        let slot = |number: usize| {
            let at = PAGE as usize - 8 * number;
            page[at..at + 8].iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
        };
        let vector = (program.cpu.rip.wrapping_sub(UPPER + u64::from(HANDLERS)) as u8).wrapping_sub(1);
        let mut state = self.state();
        state.gpr[4] = slot(2);
        state.flags = slot(3);
        state.rip = slot(5);
        if state.rip == DONE && vector == 13 {
            state.flags &= !u64::from(RF);
            return Outcome { state, end: End::Done };
        }
        let code = if ringwalk_cpu::exception::vector_has_code(vector) { slot(6) } else { 0 };
        let address = if vector == 14 { program.cpu.cr2 } else { 0 };
        Outcome { state, end: End::Vector(vector, code, address) }
    }
}

/// The arena and the end in the lower half, with their rights; two MiB for the supervisor in the upper.
fn map(program: &mut Program) {
    let table = |number: u32| TABLES + number * PAGE as u32;
    let to = |at: u32| u64::from(at) | 0x67;
    for at in (table(0)..table(7)).step_by(8) {
        program.write_qword(at, 0);
    }
    program.write_qword(table(0), to(table(1)));
    program.write_qword(table(1), to(table(2)));
    for (number, base) in [(3, ARENA), (6, DONE)] {
        program.write_qword(table(2) + 8 * (base >> 21) as u32, to(table(number)));
    }
    for page in THERE {
        let linear = ARENA + page as u64 * PAGE;
        let no_execute = if linear == CODE { 0 } else { 1 << 63 };
        let rights = if linear == READ_ONLY { 0x65 } else { 0x67 };
        program.write_qword(table(3) + 8 * page as u32, (MEMORY + page as u64 * PAGE) | rights | no_execute);
    }
    let end = MEMORY + PAGES as u64 * PAGE;
    program.write_qword(table(6), end | 0x65);
    program.write(end as u32, &[HLT]);
    program.write_qword(table(0) + 8 * 256, to(table(4)));
    program.write_qword(table(4), to(table(5)));
    program.write_qword(table(5), 0xE3);
    program.cpu.cr3 = table(0).into();
}
