//! A small machine to try handlers on: real mode, flat memory below 1 MiB, a bus that writes down what it is asked.

use ringwalk_mmu::{
    Bus, BusCx, Frame, Instant, Memory, PhysAddr, Port, Reach, RouteSpan, Signals, Size, TlbPolicy, Vector,
};

use super::{Exec, Hot};
use crate::decode::{Decoded, decode};
use crate::exception::Step;
use crate::insn::Insn;
use crate::isa;
use crate::model::Model;
use crate::segment::Segment;
use crate::site::Site;
use crate::state::{CR0_PE, CR0_PG, CR0_WP, CodeSize, CpuState};

pub(crate) struct Machine {
    pub(crate) cpu: CpuState,
    pub(crate) hot: Hot,
    pub(crate) memory: Memory,
    pub(crate) bus: Recorder,
    pub(crate) deadline: u64,
}

/// What a handler left in its context.
#[derive(Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) step: Step,
    pub(crate) extra_cycles: u64,
    pub(crate) unfinished: bool,
    pub(crate) next_rip: u64,
}

/// An instruction without operands, with 16-bit sizes, whose segment is DS.
pub(crate) fn insn() -> Insn {
    let nop = isa::handler_number(isa::row_number(isa::Map::One, 0x90, 0), isa::OperandSize::Bits16);
    Insn { op: 0, canonical: nop, cycles: 1, len: 2, ..Insn::undefined() }
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let mut memory = Memory::new(256, 0, &[], &[]);
        let ram = Reach::Frames(Frame(memory.ram.first.0));
        memory.set_routes(vec![RouteSpan { first_page: 0, pages: 256, read: ram, write: ram }]);
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.segments = [Segment::real(0); 6];
        cpu.rip = 0x100;
        Machine { cpu, hot: Hot::default(), memory, bus: Recorder::default(), deadline: u64::MAX }
    }

    pub(crate) fn run(&mut self, act: impl FnOnce(&mut Exec<'_>) -> Step) -> Run {
        self.hot.leave = false;
        self.hot.bus_touched = false;
        let mut cx = Exec {
            next_rip: self.cpu.rip + 2,
            cpu: &mut self.cpu,
            hot: &mut self.hot,
            memory: &mut self.memory,
            bus: &mut self.bus,
            extra_cycles: 0,
            deadline: self.deadline,
            unfinished: false,
            shadow_before: crate::state::Shadow::None,
            skip_single_step: false,
        };
        let step = act(&mut cx);
        Run { step, extra_cycles: cx.extra_cycles, unfinished: cx.unfinished, next_rip: cx.next_rip }
    }

    /// Decodes one instruction of 16-bit code and runs its handler; answers the check that failed.
    pub(crate) fn execute(&mut self, bytes: &[u8]) -> Result<(), Site> {
        let Decoded::Insn(insn, _) = decode(bytes, CodeSize::Bits16, self.cpu.features) else {
            panic!("a whole instruction")
        };
        assert_eq!(usize::from(insn.len), bytes.len());
        self.run(|cx| insn.execute(cx)).step.map_err(|fault| fault.site)
    }

    /// Switches to protected mode with paging: every page at its own address, one of them not writable.
    pub(crate) fn protect_page(&mut self, page: u64) {
        const DIRECTORY: u64 = 0xF_E000;
        const TABLE: u64 = 0xF_F000;
        self.write(DIRECTORY, &(TABLE as u32 | 3).to_le_bytes());
        for number in 0..256 {
            let writable = if number == page { 0 } else { 2 };
            self.write(TABLE + 4 * number, &((number as u32) << 12 | writable | 1).to_le_bytes());
        }
        self.cpu.cr3 = DIRECTORY;
        self.cpu.cr0 |= CR0_PE | CR0_PG | CR0_WP;
        self.hot.host_tlb.flush();
    }

    pub(crate) fn write(&mut self, addr: u64, bytes: &[u8]) {
        self.memory.dma_write(PhysAddr(addr), bytes);
    }

    pub(crate) fn read(&self, addr: u64, bytes: usize) -> Vec<u8> {
        let mut all = vec![0; bytes];
        self.memory.dma_read(PhysAddr(addr), &mut all);
        all
    }
}

/// A bus without devices: ports read as the number of the access, from 1.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) log: Vec<String>,
    /// What can be read as a block, from any port.
    pub(crate) block: Vec<u8>,
}

impl Bus for Recorder {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        cx.changed = true;
        self.log.push(format!("read {:x} {size:?}", port.0));
        self.log.len() as u32
    }

    fn read_block(&mut self, port: Port, size: Size, last: Instant, block: &mut [u8]) -> usize {
        let bytes = size.bytes() as usize;
        let count = (self.block.len() / bytes).min(block.len() / bytes);
        if count > 0 {
            self.log.push(format!("block {:x} {size:?} of {count} until {}", port.0, last.0));
        }
        for (place, byte) in block.iter_mut().zip(self.block.drain(..count * bytes)) {
            *place = byte;
        }
        count
    }

    fn port_write(&mut self, port: Port, size: Size, value: u32, _: &mut BusCx<'_>) {
        self.log.push(format!("write {:x} {size:?} {value:x}", port.0));
    }

    fn mmio_read(&mut self, _: PhysAddr, size: Size, _: &mut BusCx<'_>) -> u64 {
        size.ones()
    }

    fn mmio_write(&mut self, _: PhysAddr, _: Size, _: u64, _: &mut BusCx<'_>) {}

    fn acknowledge_interrupt(&mut self, _: &mut BusCx<'_>) -> Vector {
        Vector(0)
    }

    fn take_nmi(&mut self) {}

    fn signals(&self) -> Signals {
        Signals { a20: true, ..Signals::default() }
    }

    fn due(&self) -> Option<ringwalk_mmu::Instant> {
        None
    }

    fn advance(&mut self, _: &mut BusCx<'_>) {}
}
