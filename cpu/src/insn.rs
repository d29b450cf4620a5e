//! A decoded instruction: one slot of 32 bytes, all that a handler needs.

use crate::exception::Step;
use crate::exec::Exec;
use crate::fast::{self, Fast};
use crate::isa;
use crate::segment::SegReg;

/// What executes a slot: the canonical tier.
pub type Handler = fn(&mut Exec<'_>, &Insn) -> Step;

/// LOCK prefix.
pub const LOCK: u8 = 1;
/// F3h prefix: REP, REPE.
pub const REP: u8 = 2;
/// F2h prefix: REPNE.
pub const REPNE: u8 = 4;
/// Operand size is 32 bits.
pub const OPERAND_32: u8 = 8;
/// Address size is 32 bits.
pub const ADDRESS_32: u8 = 16;
/// The operand is in memory (a ModRM byte with mod other than 3, or a direct offset).
pub const MEMORY: u8 = 32;

/// Operand size is 64 bits; [`OPERAND_32`] is clear then.
pub const OPERAND_64: u8 = 0x80;

/// The form raises #UD, although its opcode is in the table.
pub const REFUSED: u8 = 64;

/// In [`Insn::covers`]: flags are not noted, since they are overwritten unseen.
pub const QUIET: u8 = 0x80;

/// In [`Insn::covers`]: the canonical handler neither reads nor writes arithmetic flags.
pub const CALM: u8 = 0x40;

/// Where the segment register stands in [`Insn::scale_segment`].
pub const SEGMENT_SHIFT: u32 = 5;
/// In [`Insn::scale_segment`]: address size is 64 bits; [`ADDRESS_32`] is clear then.
pub const ADDRESS_64: u8 = 4;
/// In [`Insn::scale_segment`]: the memory operand is relative to the next instruction.
pub const RIP_RELATIVE: u8 = 8;
/// In [`Insn::scale_segment`]: a direct offset of 64 bits, its upper half where the immediate would be.
pub const DIRECT_64: u8 = 16;

/// Places of SPL, BPL, SIL and DIL, which a REX prefix puts where AH to BH would be: 14h to 17h.
pub const PLACE_LOW_BYTE: u8 = 0x10;
/// An operand place that is the memory operand.
pub const PLACE_MEMORY: u8 = 0x40;
/// An operand place that is the immediate.
pub const PLACE_IMMEDIATE: u8 = 0x80;
/// No operand.
pub const PLACE_NONE: u8 = 0xFF;
/// Base or index that counts as zero.
pub const NO_REGISTER: u8 = 16;

/// One decoded instruction. Places below 10h are register numbers as encoded (4 to 7 of a byte operand are AH to BH,
/// unless they are [`PLACE_LOW_BYTE`] more; segment, control and debug registers by their own numbers).
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub struct Insn {
    /// What the fast tier does; it gives way to the canonical handler. Behind the last instruction of a trace stands a
    /// slot that ends it.
    pub fast: Fast,
    /// Immediate, sign-extended where the encoding says so; offset of a far pointer; ENTER as level << 16 | size;
    /// relative branches as the displacement; the last opcode of an x87 instruction.
    pub imm: i32,
    /// Displacement of the memory operand; selector of a far pointer.
    pub disp: i32,
    /// Cycles from the start of the trace through this instruction.
    pub cycles: u16,
    /// Row of the instruction table: see `isa::row_of`.
    pub op: u16,
    /// Number of the canonical handler: see `isa::handler`.
    pub canonical: u16,
    /// Place of the first operand.
    pub dst: u8,
    /// Place of the second operand.
    pub src: u8,
    /// Base register of the memory operand or [`NO_REGISTER`].
    pub base: u8,
    /// Index register of the memory operand or [`NO_REGISTER`].
    pub index: u8,
    /// Scale shift in bits 1:0, segment register in bits 7:5; between them [`ADDRESS_64`], [`RIP_RELATIVE`],
    /// [`DIRECT_64`].
    pub scale_segment: u8,
    /// Length in bytes.
    pub len: u8,
    /// The register whose value is handed to this slot's fast handler, or [`NO_REGISTER`].
    pub holds: u8,
    /// Bytes from the start of the trace to this instruction.
    pub at: u8,
    /// Instructions that `fast` executes: 2 for a pair, 0 if it is the canonical handler; with [`QUIET`] it notes no
    /// flags, with [`CALM`] its canonical handler touches none.
    pub covers: u8,
    /// Prefixes and sizes.
    pub flags: u8,
}

const _: () = assert!(size_of::<Insn>() == 32, "two slots share a cache line");

impl Insn {
    /// A slot of nothing: no operands, 16-bit sizes, DS.
    pub const fn undefined() -> Insn {
        Insn {
            fast: fast::CANONICAL,
            imm: 0,
            disp: 0,
            cycles: 0,
            op: isa::UNDEFINED_ROW,
            canonical: isa::UNDEFINED_HANDLER,
            dst: PLACE_NONE,
            src: PLACE_NONE,
            base: NO_REGISTER,
            index: NO_REGISTER,
            scale_segment: (SegReg::Ds as u8) << SEGMENT_SHIFT,
            len: 0,
            holds: NO_REGISTER,
            at: 0,
            covers: 0,
            flags: 0,
        }
    }

    /// What an end slot behind an instruction that crosses a page leads to: such a slot has no row and no handler.
    #[inline(always)]
    pub(crate) fn tail(&self) -> usize {
        usize::from(self.op) | usize::from(self.canonical) << 16
    }

    /// See [`Insn::tail`].
    pub(crate) fn set_tail(&mut self, number: u32) {
        self.op = number as u16;
        self.canonical = (number >> 16) as u16;
    }

    /// In an end slot: the way from the start of the trace to where its relative branch leads. It has no operands.
    #[inline(always)]
    pub(crate) fn way(&self) -> i32 {
        i32::from_le_bytes([self.base, self.index, self.scale_segment, self.len])
    }

    /// See [`Insn::way`].
    pub(crate) fn set_way(&mut self, way: i32) {
        [self.base, self.index, self.scale_segment, self.len] = way.to_le_bytes();
    }

    /// The linear address that a slot between pages led to last: such a slot is no instruction.
    #[inline(always)]
    pub(crate) fn target(&self) -> u64 {
        let low = u64::from(self.cycles) | u64::from(self.op) << 16 | u64::from(self.canonical) << 32;
        low | u64::from(self.dst) << 48 | u64::from(self.src) << 56
    }

    /// See [`Insn::target`].
    pub(crate) fn set_target(&mut self, linear: u64) {
        self.cycles = linear as u16;
        self.op = (linear >> 16) as u16;
        self.canonical = (linear >> 32) as u16;
        [self.dst, self.src] = [(linear >> 48) as u8, (linear >> 56) as u8];
    }

    /// The HostTlb's epoch of fetches that a slot between pages was opened under, or 0: see `fast/bridge.rs`.
    #[inline(always)]
    pub(crate) fn stamp(&self) -> u32 {
        u32::from_le_bytes([self.base, self.index, self.scale_segment, self.len])
    }

    /// The physical page number that a stamped slot between pages leads to.
    #[inline(always)]
    pub(crate) fn physical_page(&self) -> u32 {
        u32::from_le_bytes([self.holds, self.at, self.covers, self.flags])
    }

    /// See [`Insn::stamp`] and [`Insn::physical_page`].
    pub(crate) fn set_stamp(&mut self, stamp: u32, physical_page: u32) {
        [self.base, self.index, self.scale_segment, self.len] = stamp.to_le_bytes();
        [self.holds, self.at, self.covers, self.flags] = physical_page.to_le_bytes();
    }

    /// Segment of the memory operand, overrides applied.
    #[inline]
    pub fn segment(&self) -> SegReg {
        SegReg::ALL[(self.scale_segment >> SEGMENT_SHIFT) as usize]
    }

    /// True if the flag is set.
    #[inline]
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The condition number of Jcc, SETcc and CMOVcc: the low opcode bits.
    #[inline]
    pub fn condition(&self) -> u8 {
        (self.op >> 3 & 15) as u8
    }

    /// Runs the canonical handler.
    #[inline(always)]
    pub fn execute(&self, cx: &mut Exec<'_>) -> Step {
        isa::handler(self.canonical)(cx, self)
    }

    /// The immediate, sign-extended.
    #[inline]
    pub fn immediate(&self) -> u64 {
        i64::from(self.imm) as u64
    }

    /// An immediate of 64 bits, which takes the displacement's place too: MOV r64, imm64.
    #[inline]
    pub fn immediate_64(&self) -> u64 {
        u64::from(self.imm as u32) | u64::from(self.disp as u32) << 32
    }

    /// The register that VEX.vvvv names: it has its place above an immediate byte.
    #[inline]
    pub fn vvvv(&self) -> u8 {
        (self.imm >> 8 & 15) as u8
    }

    /// The register that the upper half of an immediate byte names.
    #[inline]
    pub fn fourth(&self) -> u8 {
        (self.imm >> 4 & 15) as u8
    }

    /// The operand size.
    #[inline]
    pub fn operand_size(&self) -> isa::OperandSize {
        match self.flags & (OPERAND_32 | OPERAND_64) {
            OPERAND_64 => isa::OperandSize::Bits64,
            OPERAND_32 => isa::OperandSize::Bits32,
            _ => isa::OperandSize::Bits16,
        }
    }

    /// The address size is 64 bits.
    #[inline]
    pub fn address_64(&self) -> bool {
        self.scale_segment & ADDRESS_64 != 0
    }

    /// Any REP prefix.
    #[inline]
    pub fn repeats(&self) -> bool {
        self.flags & (REP | REPNE) != 0
    }

    /// The operand described by ModRM is in memory.
    #[inline]
    pub fn is_memory(&self) -> bool {
        self.has(MEMORY)
    }
}
