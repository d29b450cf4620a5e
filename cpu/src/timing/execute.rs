//! Handlers that stand in slots of a model with clock tables: they call the canonical handler and charge the clocks.
//!
//! An instruction is charged when it retires, so that the position where a REP instruction pauses for the host's sake
//! is never seen in the sum; its iterations are charged as they are made.

use super::clocks::{self, Clocks, Far, Strings};
use super::lookup::clock_row;
use super::{Origin, Timing, table::ClockRow};
use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::flags::{OF, ZF};
use crate::insn::{Handler, Insn, OPERAND_32, PLACE_IMMEDIATE, PLACE_MEMORY};
use crate::isa::{self, Map, Operand, Row};
use crate::segment::{SegReg, Selector};
use crate::site::Site;
use crate::state::Mode;
use crate::width::Width;

/// Register number of (E)CX.
const COUNT: u8 = 1;

/// An instruction with all that the tables say about it.
#[derive(Clone, Copy)]
struct Charged<'i> {
    insn: &'i Insn,
    row: &'static Row,
    clock_row: &'static ClockRow,
    timing: Timing,
}

impl<'i> Charged<'i> {
    fn new(cx: &Exec<'_>, insn: &'i Insn) -> Charged<'i> {
        let rows = isa::row_of(insn.op).zip(clock_row(insn));
        let (row, clock_row) = rows.expect("only instructions that stand in both tables are prepared");
        Charged { insn, row, clock_row, timing: cx.hot.timing }
    }

    fn clocks(&self) -> &'static Clocks {
        self.timing.clocks_of(self.clock_row)
    }

    fn handler(&self) -> Handler {
        isa::handler(isa::handler_number(self.insn.op, self.insn.operand_size()))
    }

    fn execute(&self, cx: &mut Exec<'_>) -> Step {
        self.handler()(cx, self.insn)
    }

    /// The instruction is done. What it costs beyond the least number is more than its trace counts on.
    fn charge(&self, cx: &mut Exec<'_>, cost: u64) -> Step {
        let prefixes = u64::from(isa::clocked_prefixes(self.insn.canonical));
        cx.cpu.position += (cost + prefixes).saturating_sub(1);
        if cost > u64::from(self.clocks().least()) {
            cx.leave();
        }
        Ok(())
    }
}

/// An instruction whose clocks are always the same.
pub(crate) fn fixed(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let charged = Charged::new(cx, i);
    charged.execute(cx)?;
    charged.charge(cx, charged.clocks().least().into())
}

/// Any other instruction.
pub(crate) fn variable(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let charged = Charged::new(cx, i);
    match *charged.clocks() {
        Clocks::Multiply | Clocks::ScanForward(..) | Clocks::ScanBackward(_) => by_operand(cx, charged),
        Clocks::String(string) => repeated(cx, charged, string),
        Clocks::PortString(alone, base, each) => {
            let place = port_place(cx);
            let (alone, base) = (alone[place], base[place]);
            repeated(cx, charged, Strings { alone, none: base, one: base + each, base, each })
        }
        Clocks::Far(far) => transfer(cx, charged, far),
        _ => by_outcome(cx, charged),
    }
}

/// Where clocks of ports stand for the check that this access must pass.
fn port_place(cx: &Exec<'_>) -> usize {
    match cx.cpu.mode() {
        Mode::Real => 0,
        Mode::Protected if cx.cpu.cpl <= cx.cpu.flags.iopl() => 1,
        Mode::Protected => 2,
        Mode::Virtual8086 => 3,
    }
}

/// Clocks that follow from the state before and after.
fn by_outcome(cx: &mut Exec<'_>, charged: Charged<'_>) -> Step {
    let i = charged.insn;
    let origin = Origin::of(cx.cpu);
    let overflow = cx.cpu.flags.has(OF);
    let port = port_place(cx);
    let by_count = matches!(charged.clocks(), Clocks::Count(..));
    let count = if by_count { cx.src::<u8>(i)? & 31 } else { 0 };
    charged.execute(cx)?;
    let protected = origin.mode == Mode::Protected;
    let cost = match *charged.clocks() {
        Clocks::Mode(real, in_protected) => (if protected { in_protected } else { real }).into(),
        Clocks::Segment(real, ..) if !protected => real.into(),
        Clocks::Segment(_, _, stack) if i.dst == SegReg::Ss as u8 => stack.into(),
        Clocks::Segment(_, data, _) => data.into(),
        Clocks::Condition(holds, fails) => (if holds_now(cx, charged) { holds } else { fails }).into(),
        Clocks::Index(without, with) => (if i.index < 16 { with } else { without }).into(),
        Clocks::Register(by_number) => by_number[usize::from(control_register(charged)) & 7].into(),
        Clocks::Count(first, last) => clocks::count(first, last, count),
        Clocks::Level(none, one, base, each) => match i.immediate() >> 16 & 31 {
            0 => none.into(),
            1 => one.into(),
            level => u64::from(base) + u64::from(each) * level,
        },
        Clocks::Port(ports) => ports[port].into(),
        Clocks::Overflow(nothing, _) if !overflow => nothing.into(),
        ref transfer => control_cost(cx, charged.timing, transfer, &origin),
    };
    charged.charge(cx, cost)
}

/// Interrupts and returns that have happened.
fn control_cost(cx: &Exec<'_>, timing: Timing, clocks: &Clocks, origin: &Origin) -> u64 {
    let protected = origin.mode == Mode::Protected;
    let same_level = cx.cpu.cpl == origin.cpl;
    match *clocks {
        Clocks::Return(real, ..) | Clocks::InterruptReturn(real, ..) if !protected => real.into(),
        Clocks::InterruptReturn(_, _, _, task) if origin.switched_task(cx.cpu) => {
            u64::from(task) + timing.task_switch(cx.cpu)
        }
        Clocks::Return(_, same, outer) | Clocks::InterruptReturn(_, same, outer, _) => {
            (if same_level { same } else { outer }).into()
        }
        Clocks::Interrupt(real, others) => {
            let more = if origin.is_real_still(cx.cpu) { real } else { others };
            timing.entering(origin, cx.cpu) + u64::from(more)
        }
        Clocks::Overflow(_, more) => timing.entering(origin, cx.cpu) + u64::from(more),
        ref other => other.least().into(),
    }
}

/// The number of the control or debug register: the operand that is not the general register.
fn control_register(charged: Charged<'_>) -> u8 {
    match charged.row.operands[0] {
        Operand::R => charged.insn.src,
        _ => charged.insn.dst,
    }
}

/// The condition of an instruction that has been executed.
fn holds_now(cx: &Exec<'_>, charged: Charged<'_>) -> bool {
    let i = charged.insn;
    let count = cx.address_reg(i, COUNT);
    match charged.row.name {
        "loop" => count != 0,
        "loope" => count != 0 && cx.cpu.flags.has(ZF),
        "loopne" => count != 0 && !cx.cpu.flags.has(ZF),
        "jcxz" => count == 0,
        "cmpxchg" => cx.cpu.flags.has(ZF),
        _ => cx.cpu.flags.condition(i.condition()),
    }
}

/// Clocks that follow from the value of an operand. One in memory is read here, once, and handed on.
fn by_operand(cx: &mut Exec<'_>, charged: Charged<'_>) -> Step {
    let is_byte = charged.row.operands[0] == Operand::Eb;
    if is_byte {
        by_operand_of::<u8>(cx, charged)
    } else if charged.insn.has(OPERAND_32) {
        by_operand_of::<u32>(cx, charged)
    } else {
        by_operand_of::<u16>(cx, charged)
    }
}

fn by_operand_of<W: Width>(cx: &mut Exec<'_>, charged: Charged<'_>) -> Step {
    let mut insn = *charged.insn;
    let [_, second, third, _] = charged.row.operands;
    let value = if third != Operand::None {
        // The immediate is the multiplier.
        W::truncate(insn.immediate())
    } else {
        let is_first = second == Operand::None;
        let value = if is_first { cx.dst::<W>(&insn)? } else { cx.src::<W>(&insn)? };
        let place = if is_first { &mut insn.dst } else { &mut insn.src };
        if *place == PLACE_MEMORY {
            *place = PLACE_IMMEDIATE;
            let bits: u64 = value.as_();
            insn.imm = bits as u32 as i32; // at most 32 bits, kept as they are
        }
        value
    };
    charged.handler()(cx, &insn)?;
    let cost = operand_cost(charged, value);
    charged.charge(cx, cost)
}

fn operand_cost<W: Width>(charged: Charged<'_>, value: W) -> u64 {
    let bits: u64 = value.as_();
    match *charged.clocks() {
        Clocks::Multiply if charged.row.name == "imul" => {
            let signed = value.sign_extend();
            clocks::multiply(signed.unsigned_abs(), signed < 0)
        }
        Clocks::Multiply => clocks::multiply(bits, false),
        Clocks::ScanForward(zero, _) if bits == 0 => zero.into(),
        Clocks::ScanForward(_, base) => clocks::scan_forward(base, bits as u32),
        Clocks::ScanBackward(scan) if bits == 0 => scan.zero.into(),
        Clocks::ScanBackward(scan) => {
            let width = if scan.always_32 { 32 } else { u64::from(W::BITS) };
            u64::from(scan.base) + u64::from(scan.each) * (width - u64::from(bits.ilog2()))
        }
        ref other => other.least().into(),
    }
}

/// A string instruction, with or without repetition.
fn repeated(cx: &mut Exec<'_>, charged: Charged<'_>, string: Strings) -> Step {
    let Strings { alone, none, one, base, each } = string;
    // The trace counts on one iteration.
    cx.leave();
    if !charged.insn.repeats() {
        charged.execute(cx)?;
        return charged.charge(cx, alone.into());
    }
    let count = cx.address_reg(charged.insn, COUNT);
    cx.hot.iteration_cycles = each.into();
    charged.execute(cx)?;
    if cx.unfinished {
        // All iterations but the last are in the extra cycles, and retiring counts one.
        cx.cpu.position += u64::from(each) - 1;
        return Ok(());
    }
    match count {
        0 => charged.charge(cx, none.into()),
        1 if !cx.hot.resumed => charged.charge(cx, one.into()),
        _ => charged.charge(cx, u64::from(base) + u64::from(each)),
    }
}

/// CALL and JMP between segments. A pointer in memory is read here, once, and handed on as an immediate one.
fn transfer(cx: &mut Exec<'_>, charged: Charged<'_>, far: &Far) -> Step {
    let origin = Origin::of(cx.cpu);
    let i = charged.insn;
    let in_memory = charged.row.operands[0] == Operand::M;
    let selector = if in_memory && cx.operand_64(i) {
        // An offset of 64 bits does not fit into a slot. No manual with clocks has this form.
        charged.execute(cx)?;
        cx.cpu.seg(SegReg::Cs).selector
    } else if in_memory {
        let (selector, offset) = pointer_in_memory(cx, i)?;
        let opcode = if charged.row.name == "call" { 0x9A } else { 0xEA };
        let handler = isa::handler(isa::handler_number(isa::row_number(Map::One, opcode, 0), i.operand_size()));
        handler(cx, &Insn { imm: offset as i32, disp: selector.0.into(), ..*i })?;
        selector
    } else {
        charged.execute(cx)?;
        Selector(i.disp as u16)
    };
    let cost = transfer_cost(cx, charged.timing, far, &origin, selector);
    charged.charge(cx, cost)
}

fn pointer_in_memory(cx: &mut Exec<'_>, i: &Insn) -> Result<(Selector, u32), Exception> {
    let at = cx.effective_address(i);
    let (offset, bytes) = if cx.operand_32(i) {
        (cx.load::<u32>(i.segment(), at)?, 4)
    } else {
        (u32::from(cx.load::<u16>(i.segment(), at)?), 2)
    };
    let selector = cx.load::<u16>(i.segment(), cx.wrap_address(i, at.wrapping_add(bytes)))?;
    Ok((Selector(selector), offset))
}

fn transfer_cost(cx: &mut Exec<'_>, timing: Timing, far: &Far, origin: &Origin, operand: Selector) -> u64 {
    let names = |selector: Selector| selector.0 & !3 == operand.0 & !3;
    if origin.mode != Mode::Protected {
        return far.real.into();
    }
    if origin.switched_task(cx.cpu) {
        let before = if names(cx.cpu.tr.selector) { far.task } else { far.task_gate };
        return u64::from(before) + timing.task_switch(cx.cpu);
    }
    if cx.cpu.cpl != origin.cpl {
        let gate = cx.read_descriptor(operand, Site::SelectorLimit);
        return match gate.map_or(0, |gate| gate.gate_parameters()) {
            0 => far.inner.into(),
            count => u64::from(far.parameters.0) + u64::from(far.parameters.1) * u64::from(count),
        };
    }
    (if names(cx.cpu.seg(SegReg::Cs).selector) { far.direct } else { far.gate }).into()
}
