//! Our side: the canonical handler of the same instruction, on a processor with the same state.

use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::exec::{Exec, Hot};
use ringwalk_cpu::float::Extended;
use ringwalk_cpu::insn::Insn;
use ringwalk_cpu::model::{Feature, Model};
use ringwalk_cpu::segment::Segment;
use ringwalk_cpu::state::{CR0_PE, CodeSize, CpuState, Shadow};
use ringwalk_mmu::{Frame, Memory, OpenBus, PhysAddr, Reach, RouteSpan, TlbPolicy};

use super::image::{Image, Operand};

/// Where the memory operand lies.
const OPERAND: u64 = 0x1000;

/// Processor and memory.
pub(super) struct Ours {
    cpu: CpuState,
    hot: Hot,
    memory: Memory,
}

impl Ours {
    /// Flat 32-bit protected mode.
    pub(super) fn new() -> Ours {
        let mut memory = Memory::new(256, 0, &[], &[]);
        let ram = Reach::Frames(Frame(memory.ram.first.0));
        memory.set_routes(vec![RouteSpan { first_page: 0, pages: 256, read: ram, write: ram }]);
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.segments = [Segment { limit: u32::MAX, rights: 0xC093, ..Segment::real(0) }; 6];
        cpu.cr0 |= CR0_PE;
        cpu.gpr[7] = OPERAND;
        Ours { cpu, hot: Hot::default(), memory }
    }

    /// The instruction as our decoder has it.
    pub(super) fn decode(escape: u8, modrm: u8) -> Insn {
        match decode(&[escape, modrm], CodeSize::Bits32, Model::Max.features().with(Feature::Sse3)) {
            Decoded::Insn(insn, _) => insn,
            other => panic!("{escape:02x} {modrm:02x} gave {other:?}"),
        }
    }

    /// Runs it; gives EAX, or `None` if it faulted.
    pub(super) fn execute(
        &mut self,
        insn: &Insn,
        before: &Image,
        operand: &mut Operand,
        after: &mut Image,
    ) -> Option<u64> {
        self.take(before);
        self.memory.dma_write(PhysAddr(OPERAND), &operand.0);
        let mut cx = Exec {
            next_rip: 0,
            cpu: &mut self.cpu,
            hot: &mut self.hot,
            memory: &mut self.memory,
            bus: &mut OpenBus,
            extra_cycles: 0,
            deadline: u64::MAX,
            unfinished: false,
            shadow_before: Shadow::None,
            skip_single_step: false,
        };
        insn.execute(&mut cx).ok()?;
        self.memory.dma_read(PhysAddr(OPERAND), &mut operand.0);
        self.give(after);
        Some(self.cpu.gpr[0])
    }

    fn take(&mut self, image: &Image) {
        let fpu = &mut self.cpu.fpu;
        fpu.load_words(image.word(0), image.word(2));
        fpu.occupied = image.bytes[4];
        for number in 0..8 {
            let mut bytes = [0; 10];
            bytes.copy_from_slice(&image.bytes[32 + 16 * number..][..10]);
            let physical = fpu.physical(number);
            fpu.registers[physical] = Extended::from_bytes(bytes);
        }
        self.cpu.gpr[0] = 0x1234_5678;
        self.cpu.flags.replace(!0, image.flags as u32);
    }

    fn give(&self, image: &mut Image) {
        let fpu = &self.cpu.fpu;
        *image = Image::empty();
        image.bytes[0..2].copy_from_slice(&fpu.control.to_le_bytes());
        image.bytes[2..4].copy_from_slice(&fpu.status.to_le_bytes());
        image.bytes[4] = fpu.occupied;
        for number in 0..8 {
            image.bytes[32 + 16 * number..][..10].copy_from_slice(&fpu.st(number).to_bytes());
        }
        image.flags = self.cpu.flags.bits().into();
    }
}
