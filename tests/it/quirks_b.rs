//! Quirks of the processor, one test each, named after it: debug logic, exceptions, paging, integer results, identity.
//! Those that a rule of the manual needed first stand in `processor/`, under the same names.

mod accessed;
mod boundary;
mod code_writes;
mod debug;
mod double_fault;
mod identity;
mod integer;
mod page_faults;
mod paging;
mod priority;
mod sites;
mod stacks;
mod strings;

use ringwalk_cpu::flags::VM;
use ringwalk_cpu::segment::{SegReg, Segment, Selector};

use crate::program::*;

/// Steps until the program halts outside a handler, whose handler of `vector` returns by itself: the EIP that each
/// delivery of that vector pushed.
fn returns_of(program: &mut Program, vector: u8) -> Vec<u32> {
    let mut returns = Vec::new();
    for _ in 0..200 {
        program.steps(1);
        if program.eip() == HANDLERS + u32::from(vector) {
            returns.push(program.read_dword(program.esp()));
        }
        let at = program.cpu.linear_rip() as u32;
        if program.cpu.pending_debug == 0 && program.read(at, 1) == [0xF4] {
            return returns;
        }
    }
    panic!("the program does not reach HLT: {returns:x?}");
}

/// Virtual-8086 mode at an I/O privilege level: code at 1000:0000, stack at 3000:1000, the handlers in ring 0.
fn virtual_8086(iopl: u32) -> Program {
    let mut program = Program::protected();
    program.set_flags(VM | iopl << 12);
    program.cpu.segments = [Segment::virtual_8086(Selector(REAL_DATA)); 6];
    program.cpu.segments[SegReg::Cs as usize] = Segment::virtual_8086(Selector(REAL_CODE));
    program.cpu.segments[SegReg::Ss as usize] = Segment::virtual_8086(Selector(REAL_STACK));
    program.cpu.cpl = 3;
    program.cpu.rip = 0;
    program.set_esp(0x1000);
    program
}

/// Where [`with_task`] puts its task-state segment, and where the task begins.
const TASK: u32 = 0x6000;
const TASK_CODE: u32 = 0x7000;

/// Adds a 32-bit task of ring 0 behind the selector [`FREE`], with flat segments, these flags and the T flag or not.
fn with_task(program: &mut Program, flags: u32, trap: bool) {
    program.set_descriptor(FREE, descriptor(TASK, 0x67, 0x89));
    program.write(TASK, &[0; 0x68]);
    let data = u32::from(DATA_OF[0]);
    let fields = [(0x1C, program.cpu.cr3 as u32), (0x20, TASK_CODE), (0x24, flags), (0x38, TASK)];
    for (at, value) in fields.into_iter().chain([(0x4C, CODE_OF[0].into()), (0x64, u32::from(trap) | 0x68 << 16)]) {
        program.write_dword(TASK + at, value);
    }
    for at in [0x48, 0x50, 0x54, 0x58, 0x5C] {
        program.write_dword(TASK + at, data);
    }
}

/// JMP FAR to the task of [`with_task`].
const TO_TASK: &str = "
    EA 00 00 00 00 70 00 ; jmp 0x70:0
";
