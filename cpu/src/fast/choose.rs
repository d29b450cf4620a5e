//! Which handler a slot gets: by opcode, operand places and sizes. A form that is not here runs its canonical handler.

use super::alu::{
    self, Adc, Add, Alu, And, Bswap, Cmp, Dec, Inc, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Unary, Xor,
};
use super::bits::{Bsf, Bsr};
use super::by::{Wide, by_condition, by_form, by_plain_form, by_stack, by_width, held_in, wide_size};
use super::calm::{is_calm, is_unit};
use super::choose_system::{
    compare_and_exchange, conditional_load, counts, divide, double_shifts, exchange_and_add, multiply, numbered_bits,
    scan, strings,
};
use super::dispatch::Dispatch;
use super::handing::{handed_on, held, held_byte};
use super::light::is_light;
use super::links::{ANY_CODE, FLAT_CODE, LONG_CODE};
use super::liveness::Quietness;
use super::moves::{self, Extend, Sign, Zero};
use super::muldiv::{Div, Idiv, Imul, Mul};
use super::operand::{
    BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, LAST_REGISTER, LONG_BASE, LONG_INDEX, LONG_RIP,
    LONG_SEGMENT, SP, SRC, STACK_ANY, STACK_FLAT, STACK_LONG, WORD,
};
use super::shift::{self, Rcl, Rcr, Rol, Ror, Sar, Shift, Shl, Shld, Shr, Shrd};
use super::{
    CANONICAL, CANONICAL_END, Fast, LIGHT, branch, chains, choose_simd, choose_vex, gates, gates_64, pairs, port,
    stack, x87,
};
use crate::insn::{
    ADDRESS_32, CALM, DIRECT_64, Insn, NO_REGISTER, OPERAND_32, OPERAND_64, PLACE_IMMEDIATE, PLACE_MEMORY, QUIET,
    REFUSED, RIP_RELATIVE,
};
use crate::isa::{Map, OperandSize};
use crate::model::Model;
use crate::segment::SegReg;
use crate::state::CodeSize;

/// An instruction's opcode as the manual's maps have it.
pub(super) struct Opcode {
    pub(super) map: Map,
    pub(super) byte: u8,
    /// The reg field, for a group.
    pub(super) reg: u8,
}

impl Opcode {
    pub(super) fn of(i: &Insn) -> Opcode {
        let map = if i.op >> 11 == Map::One as u16 { Map::One } else { Map::Two };
        Opcode { map, byte: (i.op >> 3) as u8, reg: (i.op & 7) as u8 }
    }
}

/// What the code of a trace runs under, as its key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeMode {
    /// It is 64-bit code.
    pub is_64: bool,
    /// The code's default size is 32 bits; false in 64-bit code.
    pub is_32: bool,
    /// DS, ES and SS are flat: base 0, no limit, all rights, and a 32-bit stack; CS has no limit; nothing watches
    /// accesses.
    pub flat: bool,
}

impl CodeMode {
    /// Its three bits in a trace's key, above the lowest one.
    pub(crate) const fn key_bits(self) -> u64 {
        (self.is_64 as u64) << 3 | (self.flat as u64) << 2 | (self.is_32 as u64) << 1
    }

    /// The mode with these bits.
    pub(crate) const fn of_key_bits(bits: u64) -> CodeMode {
        CodeMode { is_64: bits >> 3 & 1 != 0, flat: bits >> 2 & 1 != 0, is_32: bits >> 1 & 1 != 0 }
    }

    /// The operand size of its near branches.
    fn branch_size(self) -> OperandSize {
        match self.size() {
            CodeSize::Bits64 => OperandSize::Bits64,
            CodeSize::Bits32 => OperandSize::Bits32,
            CodeSize::Bits16 => OperandSize::Bits16,
        }
    }

    /// The default sizes of its code.
    pub(crate) const fn size(self) -> CodeSize {
        match (self.is_64, self.is_32) {
            (true, _) => CodeSize::Bits64,
            (false, true) => CodeSize::Bits32,
            (false, false) => CodeSize::Bits16,
        }
    }
}

/// Gives the slots of a trace their handlers; `ends` says that the last one may go elsewhere.
pub(crate) fn choose(slots: &mut [Insn], ends: bool, mode: CodeMode, model: Model) {
    let mut holds = NO_REGISTER;
    for slot in slots.iter_mut() {
        slot.holds = holds;
        // The unit's instructions hand on what they are handed.
        let is_fast = !is_unit(slot) && find(slot, &Choice { mode, model, quiet: false }).is_some();
        holds = handed_on(slot, is_fast, holds);
    }
    let mut quiet = Quietness::default();
    let last = slots.len() - 1;
    for (index, slot) in slots.iter_mut().enumerate().rev() {
        let found = find(slot, &Choice { mode, model, quiet: quiet.of(slot) });
        slot.covers = u8::from(found.is_some());
        if quiet.step_over(slot) {
            slot.covers |= QUIET;
        }
        if is_calm(slot) {
            slot.covers |= CALM;
        }
        let fallback = match ends && index == last {
            true => CANONICAL_END,
            false if is_light(slot) => LIGHT,
            false => CANONICAL,
        };
        slot.fast = found.unwrap_or(fallback);
    }
    choose_pair(slots, mode);
    chains::join(slots);
}

/// How many instructions a slot's handler executes.
pub(super) fn covered(i: &Insn) -> u8 {
    i.covers & !(CALM | QUIET)
}

/// Gives a comparison with the branch behind it one handler. Every slot keeps its own place; the second one is only
/// not dispatched.
fn choose_pair(slots: &mut [Insn], mode: CodeMode) {
    let Some(first) = slots.len().checked_sub(2) else { return };
    if let Some(fast) = pairs::choose(&slots[first], &slots[first + 1], mode) {
        slots[first].fast = fast;
        slots[first].covers = 2 | slots[first].covers & CALM;
    }
}

/// What decides beside the slot itself.
struct Choice {
    mode: CodeMode,
    model: Model,
    /// Nobody will see the flags.
    quiet: bool,
}

fn find(i: &Insn, choice: &Choice) -> Option<Fast> {
    if i.has(REFUSED) {
        return None;
    }
    if choice.mode.is_64 && i.is_memory() && !is_plain_address(i, choice.mode) {
        return None;
    }
    if let Some(fast) = x87::choose(i, choice.mode) {
        return Some(fast);
    }
    if let Some(fast) = choose_simd::choose(i, choice.mode.flat) {
        return Some(fast);
    }
    if let Some(fast) = choose_vex::choose(i, choice.mode) {
        return Some(fast);
    }
    if i.op >> 11 > Map::Two as u16 {
        return counts(i, choice.mode.flat);
    }
    let opcode = Opcode::of(i);
    if choice.mode.is_64 && !choice.mode.flat && reaches_stack(&opcode) {
        return None;
    }
    match opcode.map {
        Map::One => one_byte(i, &opcode, choice),
        Map::Two => two_byte(i, &opcode, choice),
    }
}

/// True if 64-bit code's operand has 64-bit addressing of a form that handlers know, and nothing watches accesses.
pub(super) fn is_plain_address(i: &Insn, mode: CodeMode) -> bool {
    mode.flat && i.address_64() && i.scale_segment & DIRECT_64 == 0
}

/// True for what pushes or pops: in 64-bit code its handlers ask no window, so nothing may watch accesses.
fn reaches_stack(opcode: &Opcode) -> bool {
    match (opcode.map, opcode.byte) {
        (Map::One, 0xFF) => matches!(opcode.reg, 2 | 6),
        (Map::One, byte) => matches!(byte, 0x50..=0x5F | 0x68 | 0x6A | 0xC2 | 0xC3 | 0xC9 | 0xE8),
        _ => false,
    }
}

/// The addressing form of the memory operand. Of other segments than DS, ES and SS a flat trace knows nothing.
pub(super) fn form(i: &Insn, flat: bool) -> u8 {
    if i.address_64() {
        return match (i.scale_segment & RIP_RELATIVE != 0, i.segment(), i.index) {
            (_, SegReg::Fs | SegReg::Gs, _) => LONG_SEGMENT,
            (true, ..) => LONG_RIP,
            (_, _, NO_REGISTER) => LONG_BASE,
            _ => LONG_INDEX,
        };
    }
    let flat = flat && matches!(i.segment(), SegReg::Ds | SegReg::Es | SegReg::Ss);
    match (i.has(ADDRESS_32), i.index, flat) {
        (false, _, _) => WORD,
        (true, NO_REGISTER, false) => BASE,
        (true, _, false) => INDEX,
        (true, NO_REGISTER, true) => FLAT_BASE,
        (true, _, true) => FLAT_INDEX,
    }
}

fn one_byte(i: &Insn, opcode: &Opcode, choice: &Choice) -> Option<Fast> {
    let Opcode { byte, reg, .. } = *opcode;
    let flat = choice.mode.flat;
    // Of most opcodes the even one is the byte form.
    let is_byte = byte & 1 == 0;
    // A branch cut to another size than the code's is rare.
    let mode = choice.mode;
    let branch_fits = i.operand_size() == mode.branch_size();
    match byte {
        0x00..=0x3D if byte & 7 < 6 => arithmetic(byte >> 3, i, is_byte, choice),
        0x40..=0x47 => Some(one_operand::<Inc>(i, false, choice)),
        0x48..=0x4F => Some(one_operand::<Dec>(i, false, choice)),
        // Of the stack pointer they are rare, and several in a row would have to mind it.
        0x50..=0x5F if i.dst == SP => None,
        0x50..=0x57 => Some(push_register(i, mode)),
        0x58..=0x5F => Some(by_stack!(i, mode, stack::pop_r, Dispatch)),
        0x68 | 0x6A => Some(by_stack!(i, mode, stack::push_i, Dispatch)),
        0x63 if mode.is_64 && i.has(OPERAND_64) => Some(match i.src {
            PLACE_MEMORY => by_form!(false, i, flat, moves::extend_rm<Sign, u32>),
            _ if held(i) & SRC != 0 => moves::extend_rr::<Sign, u32, u64, SRC, Dispatch>,
            _ => moves::extend_rr::<Sign, u32, u64, 0, Dispatch>,
        }),
        0x69 | 0x6B => Some(match i.src {
            PLACE_MEMORY => by_form!(false, i, flat, alu::imul_rmi),
            _ if choice.quiet => by_width!(false, i, alu::imul_rri<Quiet<Product>>, [SRC]),
            _ => by_width!(false, i, alu::imul_rri<Product>, [SRC]),
        }),
        0x70..=0x7F if branch_fits => Some(conditional(byte, mode)),
        0x80..=0x83 => arithmetic(reg, i, byte == 0x80 || byte == 0x82, choice),
        0x84 | 0x85 | 0xA8 | 0xA9 => two_operands::<Test>(i, is_byte, choice),
        0x86 | 0x87 | 0x91..=0x97 => Some(match i.dst {
            PLACE_MEMORY => by_form!(byte == 0x86, i, flat, moves::xchg_mr),
            _ => by_width!(byte == 0x86, i, moves::xchg_rr, []),
        }),
        0x88..=0x8B | 0xA0..=0xA3 | 0xC6 | 0xC7 => Some(mov(i, is_byte, flat)),
        0xB0..=0xB7 => Some(mov(i, true, flat)),
        0xB8..=0xBF if i.has(OPERAND_64) => Some(moves::mov_ri_64),
        0xB8..=0xBF => Some(mov(i, false, flat)),
        0x8D => lea(i),
        // With REX.B it exchanges.
        0x90 if i.dst != 8 => Some(moves::nop),
        // In 64-bit code a model may lack it.
        0x9E if !mode.is_64 => Some(moves::sahf),
        0xA4 | 0xA5 | 0xAA | 0xAB => strings(i, byte, mode),
        0x98 => Some(by_width!(false, i, moves::cbw, [])),
        0x99 => Some(by_width!(false, i, moves::cwd, [])),
        0xC0 | 0xC1 | 0xD0..=0xD3 => shifts(reg, i, is_byte, choice),
        0xC2 | 0xC3 if branch_fits => Some(by_stack!(i, mode, branch::ret)),
        // Of another size it is rare, and LLVM 22 (rustc 1.95) makes a wrong one of it: a load of 16 bits into a register
        // that is also its address becomes one that clears the rest.
        0xC9 if branch_fits => Some(by_stack!(i, mode, stack::leave)),
        0xCD if flat => Some(gates::int_n),
        0xCF if flat && mode.is_32 && i.has(OPERAND_32) => Some(gates::iret),
        0xCF if flat && mode.is_64 && i.has(OPERAND_64) => Some(gates_64::iretq),
        0xE2 if branch_fits => Some(match (i.address_64(), i.has(ADDRESS_32)) {
            (true, _) => branch::loop_count::<u64>,
            (false, true) => branch::loop_count::<u32>,
            (false, false) => branch::loop_count::<u16>,
        }),
        0xE3 if branch_fits => Some(match (i.address_64(), i.has(ADDRESS_32)) {
            (true, _) => branch::jcxz::<u64>,
            (false, true) => branch::jcxz::<u32>,
            (false, false) => branch::jcxz::<u16>,
        }),
        0xE4 | 0xE5 => Some(port::input_handler::<{ port::IN_CODE }>(i, is_byte)),
        0xEC | 0xED => Some(port::input_handler::<{ port::IN_DX }>(i, is_byte)),
        0xE6 | 0xE7 => Some(port::output_handler::<{ port::IN_CODE }>(i, is_byte)),
        0xEE | 0xEF => Some(port::output_handler::<{ port::IN_DX }>(i, is_byte)),
        0xE8 if branch_fits => Some(by_stack!(i, mode, branch::call)),
        0xE9 | 0xEB if branch_fits && flat && mode.is_32 => Some(branch::jmp::<FLAT_CODE>),
        0xE9 | 0xEB if branch_fits && mode.is_64 => Some(branch::jmp::<LONG_CODE>),
        0xE9 | 0xEB if branch_fits => Some(branch::jmp::<ANY_CODE>),
        0xF6 | 0xF7 => group_3(reg, i, is_byte, choice),
        0xFE | 0xFF => group_5(reg, i, is_byte, branch_fits, choice),
        _ => None,
    }
}

fn two_byte(i: &Insn, opcode: &Opcode, choice: &Choice) -> Option<Fast> {
    let wide = i.has(OPERAND_32);
    let flat = choice.mode.flat;
    match opcode.byte {
        0x05 if flat && choice.mode.is_64 => Some(gates_64::syscall),
        0x07 if flat && choice.mode.is_64 && i.has(OPERAND_64) => Some(gates_64::sysret),
        0x0D | 0x18..=0x1F => Some(moves::nop),
        0x34 if flat && choice.mode.is_32 => Some(gates::sysenter),
        0x35 if flat && choice.mode.is_32 => Some(gates::sysexit),
        0x40..=0x4F if wide && i.src <= LAST_REGISTER => Some(by_condition!(opcode.byte, moves::cmov, Dispatch)),
        0x40..=0x4F if i.has(OPERAND_64) && i.src <= LAST_REGISTER => {
            Some(by_condition!(opcode.byte, moves::cmov_64, Dispatch))
        }
        0x40..=0x4F => conditional_load(i, opcode.byte, flat),
        0x80..=0x8F if i.operand_size() == choice.mode.branch_size() => Some(conditional(opcode.byte, choice.mode)),
        0x90..=0x9F if i.dst <= LAST_REGISTER => Some(by_condition!(opcode.byte, moves::setcc, Dispatch)),
        0x90..=0x9F => Some(by_form!(true, i, flat, moves::setcc_m)),
        0xA3 | 0xAB | 0xB3 | 0xBB | 0xBA => numbered_bits(i, opcode, flat),
        0xBC => Some(scan::<Bsf>(i, flat)),
        0xBD => Some(scan::<Bsr>(i, flat)),
        0xA4 | 0xA5 => double_shifts::<Shld>(i, opcode.byte == 0xA5),
        0xAC | 0xAD => double_shifts::<Shrd>(i, opcode.byte == 0xAD),
        0xB0 | 0xB1 => compare_and_exchange(i, opcode.byte == 0xB0, flat),
        0xC0 | 0xC1 => exchange_and_add(i, opcode.byte == 0xC0, flat),
        0xAF => Some(match i.src {
            PLACE_MEMORY => by_form!(false, i, flat, alu::imul_rm),
            _ if choice.quiet => by_width!(false, i, alu::imul_rr<Quiet<Product>>, [DST, SRC]),
            _ => by_width!(false, i, alu::imul_rr<Product>, [DST, SRC]),
        }),
        0xB6 => Some(extend::<Zero>(i, flat)),
        0xB7 if wide || i.has(OPERAND_64) => Some(extend_word::<Zero>(i, flat)),
        0xBE => Some(extend::<Sign>(i, flat)),
        0xBF if wide || i.has(OPERAND_64) => Some(extend_word::<Sign>(i, flat)),
        0xC8..=0xCF => Some(by_width!(false, i, alu::r<Bswap>, [DST])),
        _ => None,
    }
}

fn conditional(byte: u8, mode: CodeMode) -> Fast {
    match mode {
        CodeMode { is_64: true, .. } => by_condition!(byte, branch::jcc_long),
        CodeMode { is_32: true, flat: true, .. } => by_condition!(byte, branch::jcc_flat),
        _ => by_condition!(byte, branch::jcc),
    }
}

/// Base and index are one register, and its value is handed on.
const BOTH: u8 = BASED | INDEXED;

/// LEA asks no segment.
fn lea(i: &Insn) -> Option<Fast> {
    let form = if i.address_64() && i.scale_segment & RIP_RELATIVE == 0 { LONG_INDEX } else { form(i, false) };
    let address = held(i) & (BASED | INDEXED);
    Some(match (form, i.operand_size(), address) {
        (BASE, OperandSize::Bits32, BASED) => moves::lea::<u32, BASE, BASED, Dispatch>,
        (BASE, OperandSize::Bits32, _) => moves::lea::<u32, BASE, 0, Dispatch>,
        (BASE, OperandSize::Bits16, _) => moves::lea::<u16, BASE, 0, Dispatch>,
        (INDEX, OperandSize::Bits32, BOTH) => moves::lea::<u32, INDEX, BOTH, Dispatch>,
        (INDEX, OperandSize::Bits32, BASED) => moves::lea::<u32, INDEX, BASED, Dispatch>,
        (INDEX, OperandSize::Bits32, INDEXED) => moves::lea::<u32, INDEX, INDEXED, Dispatch>,
        (INDEX, OperandSize::Bits32, _) => moves::lea::<u32, INDEX, 0, Dispatch>,
        (INDEX, OperandSize::Bits16, _) => moves::lea::<u16, INDEX, 0, Dispatch>,
        (LONG_INDEX, OperandSize::Bits64, BOTH) => moves::lea::<u64, LONG_INDEX, BOTH, Dispatch>,
        (LONG_INDEX, OperandSize::Bits64, BASED) => moves::lea::<u64, LONG_INDEX, BASED, Dispatch>,
        (LONG_INDEX, OperandSize::Bits64, INDEXED) => moves::lea::<u64, LONG_INDEX, INDEXED, Dispatch>,
        (LONG_INDEX, OperandSize::Bits64, _) => moves::lea::<u64, LONG_INDEX, 0, Dispatch>,
        (LONG_INDEX, OperandSize::Bits32, BASED) => moves::lea::<u32, LONG_INDEX, BASED, Dispatch>,
        (LONG_INDEX, OperandSize::Bits32, _) => moves::lea::<u32, LONG_INDEX, 0, Dispatch>,
        (LONG_RIP, OperandSize::Bits64, _) => moves::lea::<u64, LONG_RIP, 0, Dispatch>,
        (WORD, OperandSize::Bits32, _) => moves::lea::<u32, WORD, 0, Dispatch>,
        (WORD, OperandSize::Bits16, _) => moves::lea::<u16, WORD, 0, Dispatch>,
        _ => return None,
    })
}

fn push_register(i: &Insn, mode: CodeMode) -> Fast {
    let held = held(i) & DST != 0;
    match (i.operand_size(), mode.is_64, mode.flat) {
        (OperandSize::Bits64, ..) if held => stack::push_r::<u64, STACK_LONG, DST, Dispatch>,
        (OperandSize::Bits64, ..) => stack::push_r::<u64, STACK_LONG, 0, Dispatch>,
        (_, true, _) => stack::push_r::<u16, STACK_LONG, 0, Dispatch>,
        (OperandSize::Bits32, _, true) if held => stack::push_r::<u32, STACK_FLAT, DST, Dispatch>,
        (OperandSize::Bits32, _, true) => stack::push_r::<u32, STACK_FLAT, 0, Dispatch>,
        (OperandSize::Bits32, _, false) => stack::push_r::<u32, STACK_ANY, 0, Dispatch>,
        (_, _, true) => stack::push_r::<u16, STACK_FLAT, 0, Dispatch>,
        (_, _, false) => stack::push_r::<u16, STACK_ANY, 0, Dispatch>,
    }
}

/// ADD to CMP by their number in the opcode map and in group 1.
fn arithmetic(number: u8, i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    match number & 7 {
        0 => two_operands::<Add>(i, byte, choice),
        1 => two_operands::<Or>(i, byte, choice),
        2 => two_operands::<Adc>(i, byte, choice),
        3 => two_operands::<Sbb>(i, byte, choice),
        4 => two_operands::<And>(i, byte, choice),
        5 => two_operands::<Sub>(i, byte, choice),
        6 => two_operands::<Xor>(i, byte, choice),
        _ => two_operands::<Cmp>(i, byte, choice),
    }
}

fn two_operands<O: Alu>(i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    if choice.quiet { operands::<Quiet<O>>(i, byte, choice) } else { operands::<O>(i, byte, choice) }
}

fn operands<O: Alu>(i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    match (i.dst, i.src) {
        (0..=LAST_REGISTER, 0..=LAST_REGISTER) => Some(by_width!(byte, i, alu::rr<O>, [DST, SRC])),
        (0..=LAST_REGISTER, PLACE_IMMEDIATE) => Some(by_width!(byte, i, alu::ri<O>, [DST])),
        (0..=LAST_REGISTER, PLACE_MEMORY) => Some(by_form!(byte, i, choice.mode.flat, alu::rm<O>)),
        (PLACE_MEMORY, PLACE_IMMEDIATE) => Some(by_form!(byte, i, choice.mode.flat, alu::mi<O>)),
        (PLACE_MEMORY, 0..=LAST_REGISTER) => Some(by_form!(byte, i, choice.mode.flat, alu::mr<O>)),
        _ => None,
    }
}

fn mov(i: &Insn, byte: bool, flat: bool) -> Fast {
    match (i.dst, i.src) {
        (PLACE_MEMORY, PLACE_IMMEDIATE) => by_form!(byte, i, flat, moves::mov_mi),
        (PLACE_MEMORY, _) => by_form!(byte, i, flat, moves::mov_mr),
        (_, PLACE_IMMEDIATE) => by_width!(byte, i, moves::mov_ri, []),
        (_, PLACE_MEMORY) => by_form!(byte, i, flat, moves::mov_rm),
        _ => by_width!(byte, i, moves::mov_rr, [SRC]),
    }
}

/// From a byte.
fn extend<E: Extend>(i: &Insn, flat: bool) -> Fast {
    if i.src != PLACE_MEMORY {
        return match (i.operand_size(), held_byte(i) & SRC != 0) {
            (OperandSize::Bits64, true) => moves::extend_rr::<E, u8, u64, SRC, Dispatch>,
            (OperandSize::Bits64, false) => moves::extend_rr::<E, u8, u64, 0, Dispatch>,
            (OperandSize::Bits32, true) => moves::extend_rr::<E, u8, u32, SRC, Dispatch>,
            (OperandSize::Bits32, false) => moves::extend_rr::<E, u8, u32, 0, Dispatch>,
            (OperandSize::Bits16, _) => moves::extend_rr::<E, u8, u16, 0, Dispatch>,
        };
    }
    by_form!(false, i, flat, moves::extend_rm<E, u8>)
}

/// From a word.
fn extend_word<E: Extend>(i: &Insn, flat: bool) -> Fast {
    match i.src {
        PLACE_MEMORY => by_form!(false, i, flat, moves::extend_rm<E, u16>),
        _ if i.has(OPERAND_64) => moves::extend_rr::<E, u16, u64, 0, Dispatch>,
        _ if held(i) & SRC != 0 => moves::extend_rr::<E, u16, u32, SRC, Dispatch>,
        _ => moves::extend_rr::<E, u16, u32, 0, Dispatch>,
    }
}

/// Group 2. The 386 has a rule of its own for OF of rotates.
fn shifts(number: u8, i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    let rotates = number < 4;
    match number {
        _ if rotates && choice.model == Model::I386 => None,
        0 => one_shift::<Rol>(i, byte, choice),
        1 => one_shift::<Ror>(i, byte, choice),
        2 => one_shift::<Rcl>(i, byte, choice),
        3 => one_shift::<Rcr>(i, byte, choice),
        4 | 6 => one_shift::<Shl>(i, byte, choice),
        5 => one_shift::<Shr>(i, byte, choice),
        _ => one_shift::<Sar>(i, byte, choice),
    }
}

fn one_shift<O: Shift>(i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    if choice.quiet { shift_of::<Quiet<O>>(i, byte, choice) } else { shift_of::<O>(i, byte, choice) }
}

fn shift_of<O: Shift>(i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    match (i.dst, i.src) {
        (0..=LAST_REGISTER, PLACE_IMMEDIATE) => Some(by_width!(byte, i, shift::r_imm<O>, [DST])),
        (PLACE_MEMORY, PLACE_IMMEDIATE) => Some(by_form!(byte, i, choice.mode.flat, shift::m_imm<O>)),
        (0..=LAST_REGISTER, _) => Some(by_width!(byte, i, shift::r_cl<O>, [DST])),
        (PLACE_MEMORY, _) => Some(by_form!(byte, i, choice.mode.flat, shift::m_cl<O>)),
        _ => None,
    }
}

fn group_3(number: u8, i: &Insn, byte: bool, choice: &Choice) -> Option<Fast> {
    match number {
        0 | 1 => two_operands::<Test>(i, byte, choice),
        2 => Some(one_operand::<Not>(i, byte, choice)),
        3 => Some(one_operand::<Neg>(i, byte, choice)),
        4 => Some(multiply::<Mul>(i, byte, choice.mode.flat)),
        5 => Some(multiply::<Imul>(i, byte, choice.mode.flat)),
        6 => Some(divide::<Div>(i, byte, choice.mode.flat)),
        _ => Some(divide::<Idiv>(i, byte, choice.mode.flat)),
    }
}

fn one_operand<O: Unary>(i: &Insn, byte: bool, choice: &Choice) -> Fast {
    match (i.dst, choice.quiet) {
        (PLACE_MEMORY, true) => by_form!(byte, i, choice.mode.flat, alu::m<Quiet<O>>),
        (PLACE_MEMORY, false) => by_form!(byte, i, choice.mode.flat, alu::m<O>),
        (_, true) => by_width!(byte, i, alu::r<Quiet<O>>, [DST]),
        (_, false) => by_width!(byte, i, alu::r<O>, [DST]),
    }
}

/// Groups 4 and 5.
fn group_5(number: u8, i: &Insn, byte: bool, branch_fits: bool, choice: &Choice) -> Option<Fast> {
    let memory = i.dst == PLACE_MEMORY;
    let flat = choice.mode.flat;
    match number {
        0 => Some(one_operand::<Inc>(i, byte, choice)),
        1 => Some(one_operand::<Dec>(i, byte, choice)),
        2 if !byte && branch_fits && memory => Some(by_plain_form!(i, flat, branch::call_m)),
        2 if !byte && branch_fits => Some(by_stack!(i, choice.mode, branch::call_r)),
        4 if !byte && branch_fits && memory => Some(by_plain_form!(i, flat, branch::jmp_m)),
        4 if !byte && branch_fits => Some(match i.operand_size() {
            OperandSize::Bits64 => branch::jmp_r::<u64>,
            OperandSize::Bits32 => branch::jmp_r::<u32>,
            OperandSize::Bits16 => branch::jmp_r::<u16>,
        }),
        6 if !byte && memory => Some(by_form!(false, i, flat, stack::push_m)),
        6 if !byte && i.dst != SP => Some(push_register(i, choice.mode)),
        _ => None,
    }
}
