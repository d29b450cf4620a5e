//! The instruction set as one table: decoder, dispatch, LOCK legality, gates and coverage all read these rows.
//! SDM Vol.2D Appendix A "Opcode Map".

use crate::exec;
use crate::insn::Handler;
use crate::model::Feature;
use crate::segment::SegReg;
use crate::timing;

mod groups;
mod index;
mod one_byte;
mod packed;
mod place;
mod sse;
mod sse_float;
mod three_byte;
mod two_byte;
mod vex;
mod vex_0f;
mod vex_0f38;
mod vex_0f3a;
mod x87;

pub use index::row_of;
pub use place::{Escape, Place, three_byte_opcode, two_byte_opcode, vex_group, vex_opcode, vex_variant};
pub use vex::{Length, Vex};

/// An operand's addressing method and size, spelled as in Appendix A.2 "Key to Abbreviations".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Not used.
    None,
    /// ModRM register or memory, byte.
    Eb,
    /// ModRM register or memory, operand size.
    Ev,
    /// ModRM register or memory, word.
    Ew,
    /// ModRM reg field, byte register.
    Gb,
    /// ModRM reg field, register of operand size.
    Gv,
    /// ModRM reg field, word register.
    Gw,
    /// ModRM memory only; a register is undefined.
    M,
    /// ModRM memory only, word.
    Mw,
    /// ModRM memory only, doubleword.
    Md,
    /// ModRM memory only, quadword.
    Mq,
    /// ModRM memory only, ten bytes.
    Mt,
    /// ModRM rm field as a register whatever mod says.
    R,
    /// Segment register by the reg field.
    Sw,
    /// Control register by the reg field.
    Cd,
    /// Debug register by the reg field.
    Dd,
    /// Immediate byte.
    Ib,
    /// Two immediate bytes: EXTRQ, INSERTQ.
    IbIb,
    /// Immediate byte, sign-extended to operand size.
    Is,
    /// Immediate word.
    Iw,
    /// Immediate of operand size.
    Iz,
    /// Immediate word and byte: ENTER.
    IwIb,
    /// Relative byte.
    Jb,
    /// Relative of operand size.
    Jz,
    /// Far pointer in the instruction.
    Ap,
    /// Direct offset of address size.
    O,
    /// Register in the low opcode bits.
    Z,
    /// Byte register in the low opcode bits.
    Zb,
    /// Immediate of operand size, also of 64 bits.
    Iv,
    /// AL, AX or EAX.
    Acc,
    /// CL.
    Cl,
    /// DX.
    Dx,
    /// The constant 1.
    One,
    /// A fixed segment register.
    Seg(SegReg),
    /// ModRM register or memory, doubleword whatever the operand size.
    Ed,
    /// ModRM reg field, doubleword register.
    Gd,
    /// ModRM reg field, XMM register.
    Vx,
    /// ModRM XMM register or memory.
    Wx,
    /// ModRM rm field, XMM register.
    Ux,
    /// ModRM reg field, MMX register.
    Pq,
    /// ModRM MMX register or memory.
    Qq,
    /// ModRM rm field, MMX register.
    Nq,
    /// ModRM rm field, x87 register ST(i).
    St,
    /// VEX.vvvv, XMM or YMM register.
    Hx,
    /// VEX.vvvv, general register.
    By,
    /// The upper half of an immediate byte, XMM or YMM register.
    Lx,
    /// ModRM memory whose index is a vector register (VSIB).
    Vm,
}

impl Operand {
    /// Memory of a size that the opcode fixes.
    pub(crate) const fn is_sized_memory(self) -> bool {
        matches!(self, Operand::Mw | Operand::Md | Operand::Mq | Operand::Mt)
    }
}

/// One opcode with its operand form.
pub struct Row {
    /// Mnemonic.
    pub name: &'static str,
    /// Operands in the manual's order.
    pub operands: [Operand; 4],
    /// Handlers for operand size 16, 32 and 64; the same again where the size makes no difference.
    pub handlers: [Handler; 3],
    /// What is different in 64-bit code.
    pub in_64: In64,
    /// LOCK is legal with a memory destination.
    pub lockable: bool,
    /// Control may go elsewhere, or something a trace depends on may change: the trace ends here.
    pub ends_trace: bool,
    /// What the model must have.
    pub feature: Feature,
    /// Undefined behind 66h, F2h or F3h: "NP" in SDM Vol.2A 3.1.1.1 "Opcode Column in the Instruction Summary Table".
    pub no_prefix: bool,
    /// What VEX must say.
    pub vex: Vex,
}

/// What 64-bit code makes of a row. SDM Vol.2D A.2.5 "Superscripts Utilized in Opcode Tables".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In64 {
    /// Nothing: operands of 32 bits, 64 with REX.W.
    Plain,
    /// Operands of 64 bits, 16 with 66h (d64).
    Default64,
    /// Operands of 64 bits; the vendors differ in what 66h means (f64).
    Branch64,
    /// #UD (i64).
    Undefined,
    /// #UD elsewhere (o64).
    Only,
}

/// The operand size of an instruction, as handlers are numbered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum OperandSize {
    Bits16,
    Bits32,
    Bits64,
}

impl Row {
    /// LOCK is legal with a memory destination. SDM Vol.2A "LOCK".
    const fn lock(mut self) -> Row {
        self.lockable = true;
        self
    }

    /// The trace ends behind it.
    const fn ends(mut self) -> Row {
        self.ends_trace = true;
        self
    }

    /// Operands of 64 bits in 64-bit code.
    const fn d64(mut self) -> Row {
        self.in_64 = In64::Default64;
        self
    }

    /// A near branch: operands of 64 bits in 64-bit code.
    const fn f64(mut self) -> Row {
        self.in_64 = In64::Branch64;
        self
    }

    /// Undefined in 64-bit code.
    const fn i64(mut self) -> Row {
        self.in_64 = In64::Undefined;
        self
    }

    /// Undefined outside 64-bit code.
    const fn o64(mut self) -> Row {
        self.in_64 = In64::Only;
        self
    }

    /// Undefined unless the model has the feature.
    const fn needs(mut self, feature: Feature) -> Row {
        self.feature = feature;
        self
    }

    /// Undefined behind 66h, F2h or F3h.
    const fn no_prefix(mut self) -> Row {
        self.no_prefix = true;
        self
    }

    /// As an entry of the map.
    const fn at(self) -> Entry {
        Entry::Row(self)
    }
}

/// What stands at an opcode.
pub enum Entry {
    /// Nothing: #UD.
    Undefined,
    /// #UD, after a ModRM byte and its displacement have been fetched.
    UndefinedModRm,
    /// A prefix or escape: the decoder knows it.
    Prefix,
    /// An instruction.
    Row(Row),
    /// Eight instructions told apart by the reg field of ModRM.
    Group(&'static [Entry; 8]),
    /// Memory and register forms (mod 3) that differ.
    ByMode(&'static [Entry; 2]),
    /// Eight instructions told apart by the rm field of ModRM.
    ByRm(&'static [Entry; 8]),
    /// Told apart by the mandatory prefix: none, 66h, F3h, F2h. F2h and F3h, the last of them, go before 66h.
    ByPrefix(&'static [Entry; 4]),
    /// One in 64-bit code, another elsewhere: the latter first.
    ByCode(&'static [Entry; 2]),
    /// Told apart by none, F3h, F2h; 66h chooses the operand size.
    ByRep(&'static [Entry; 3]),
    /// The second behind F3h on a processor that has it, otherwise the first: F3h means nothing there.
    Optional(&'static [Entry; 2]),
    /// Told apart by VEX.W.
    ByW(&'static [Entry; 2]),
}

/// A row with up to four operands.
const fn row<const N: usize>(name: &'static str, operands: [Operand; N], handlers: [Handler; 3]) -> Row {
    let mut all = [Operand::None; 4];
    let mut index = 0;
    while index < N {
        all[index] = operands[index];
        index += 1;
    }
    Row {
        name,
        operands: all,
        handlers,
        lockable: false,
        ends_trace: false,
        feature: Feature::I8086,
        no_prefix: false,
        in_64: In64::Plain,
        vex: vex::LEGACY,
    }
}

/// Handlers of a byte instruction: `b!(add)` is `[add::<u8>, add::<u8>, add::<u8>]`.
macro_rules! b {
    ($handler:path) => {{
        use $handler as handler;
        [handler::<u8>, handler::<u8>, handler::<u8>]
    }};
}
/// Handlers by operand size: `v!(add)` is `[add::<u16>, add::<u32>, add::<u64>]`.
macro_rules! v {
    ($handler:path) => {{
        use $handler as handler;
        [handler::<u16>, handler::<u32>, handler::<u64>]
    }};
}
/// Handlers by operand size, of which there are two: `z!(ins)` is `[ins::<u16>, ins::<u32>, ins::<u32>]`.
macro_rules! z {
    ($handler:path) => {{
        use $handler as handler;
        [handler::<u16>, handler::<u32>, handler::<u32>]
    }};
}
/// One handler for all sizes: `n!(hlt)` is `[hlt, hlt, hlt]`.
macro_rules! n {
    ($handler:path) => {
        [$handler, $handler, $handler]
    };
}
pub(crate) use {b, n, v, z};

/// The map of an opcode, as the first bits of a row's number say it. Rows that are chosen by prefix or by mod 3, and
/// those of three-byte opcodes, have maps behind these: see [`Place::number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Map {
    /// One-byte opcodes.
    One = 0,
    /// Behind 0Fh.
    Two = 1,
}

/// What stands at an opcode behind its escape bytes.
pub const fn entry(escape: Escape, opcode: u8) -> &'static Entry {
    match escape {
        Escape::None => &one_byte::ONE_BYTE[opcode as usize],
        Escape::Two => &two_byte::TWO_BYTE[opcode as usize],
        Escape::Three38 if opcode == 0x82 => &groups::INVPCID,
        Escape::Three38 => &three_byte::THREE_38[opcode as usize],
        Escape::Three3A => &three_byte::THREE_3A[opcode as usize],
        Escape::Vex0F => &vex_0f::VEX_0F[opcode as usize],
        Escape::Vex0F38 => &vex_0f38::VEX_0F38[opcode as usize],
        Escape::Vex0F3A => &vex_0f3a::VEX_0F3A[opcode as usize],
    }
}

/// Number of a row of the first two maps: map, opcode, and the reg field for a group (0 otherwise).
pub const fn row_number(map: Map, opcode: u8, reg: u8) -> u16 {
    (map as u16) << 11 | (opcode as u16) << 3 | reg as u16
}

/// The number of an instruction that is not in the table.
pub const UNDEFINED_ROW: u16 = u16::MAX;

/// What a form does that its row does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// LOCK where it is not legal.
    Lock,
    /// A register where memory is required.
    Register,
    /// The model lacks the instruction.
    Model,
    /// 66h, F2h or F3h where none is allowed.
    Prefix,
    /// 64-bit code does not have it.
    Code64,
    /// Only 64-bit code has it.
    Only64,
    /// A field of VEX that the row does not allow, a legacy prefix before it, or registers that must differ.
    Vex,
}

/// Canonical handlers by number: row and operand size, then those that refuse.
static HANDLERS: [Handler; HANDLER_COUNT] = handlers();
/// All rows, times the operand sizes, eight that raise #UD, and those that charge clocks.
const HANDLER_COUNT: usize = (FIRST_CLOCKED + 2 * MOST_PREFIXES + 2) as usize;
/// Operand sizes: 16, 32 and 64 bits.
const SIZES: u16 = 3;
const FIRST_REFUSAL: u16 = SIZES * index::ROW_COUNT as u16;

/// Handlers of the timing models with clock tables: two for each number of prefixes.
const FIRST_CLOCKED: u16 = FIRST_REFUSAL + 8;
/// Most prefixes that stand before an opcode.
pub const MOST_PREFIXES: u16 = 14;

/// The number of the handler for what is not in the table.
pub const UNDEFINED_HANDLER: u16 = FIRST_REFUSAL;

/// The number of a row's handler for an operand size. The row is in the table.
pub const fn handler_number(row: u16, size: OperandSize) -> u16 {
    index::rank(row) * SIZES + size as u16
}

/// The number of the handler that says why a form is refused.
pub const fn refusal_number(why: Refusal) -> u16 {
    FIRST_REFUSAL + 1 + why as u16
}

/// The number of the handler that executes an instruction with so many prefixes and charges its clocks.
pub const fn clocked_number(prefixes: u16, always_the_same: bool) -> u16 {
    FIRST_CLOCKED + 2 * prefixes + always_the_same as u16
}

/// The prefixes of a slot with such a handler.
pub const fn clocked_prefixes(number: u16) -> u16 {
    (number - FIRST_CLOCKED) / 2
}

/// A canonical handler by its number.
#[inline(always)]
pub fn handler(number: u16) -> Handler {
    HANDLERS[number as usize]
}

const fn handlers() -> [Handler; HANDLER_COUNT] {
    let mut all: [Handler; HANDLER_COUNT] = [exec::undefined; HANDLER_COUNT];
    let mut rank = 0;
    while rank < index::ROW_COUNT {
        let row = index::ROWS.at(rank).1;
        all[rank * SIZES as usize] = row.handlers[0];
        all[rank * SIZES as usize + 1] = row.handlers[1];
        all[rank * SIZES as usize + 2] = row.handlers[2];
        rank += 1;
    }
    let mut prefixes = 0;
    while prefixes <= MOST_PREFIXES {
        all[clocked_number(prefixes, false) as usize] = timing::variable;
        all[clocked_number(prefixes, true) as usize] = timing::fixed;
        prefixes += 1;
    }
    all[refusal_number(Refusal::Lock) as usize] = exec::undefined_lock;
    all[refusal_number(Refusal::Register) as usize] = exec::undefined_operand;
    all[refusal_number(Refusal::Model) as usize] = exec::undefined_for_model;
    all[refusal_number(Refusal::Prefix) as usize] = exec::undefined;
    all[refusal_number(Refusal::Code64) as usize] = exec::undefined;
    all[refusal_number(Refusal::Vex) as usize] = exec::undefined;
    all[refusal_number(Refusal::Only64) as usize] = exec::undefined_outside_64;
    all
}

/// Every row with its number, in opcode order.
pub fn rows() -> impl Iterator<Item = (u16, &'static Row)> {
    (0..index::ROW_COUNT).map(|rank| index::ROWS.at(rank))
}
