//! Comparison and classification. SDM Vol.1 8.3.6 "Comparison and Classification Instructions"; Vol.2A
//! "FCOM/FCOMP/FCOMPP", "FCOMI/FCOMIP/FUCOMI/FUCOMIP", "FICOM/FICOMP", "FTST", "FUCOM/FUCOMP/FUCOMPP", "FXAM".

use super::memory::Source;
use super::{Fault, stack_fault};
use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{AF, CF, OF, PF, SF, ZF};
use crate::float::{Class, Comparison, Extended, Format, Parts, Plain, Relation, compare_parts, quick};
use crate::fpu::{C0, C1, C2, C3, CONDITIONS, Fpu};
use crate::insn::Insn;

/// How many registers an instruction pops.
type Pops = u32;

/// Whether an instruction touches C1 where no stack fault does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    C1,
}

/// Compares ST(0) with something. An unmasked exception keeps the registers from being popped, not the relation from
/// being told (measured).
fn against(cx: &mut Exec<'_>, empty: bool, other: impl FnOnce(&Exec<'_>) -> Parts, kind: Comparison, pops: Pops) {
    let (relation, refused) = relation(cx, empty, other, kind, Keep::Nothing);
    let conditions = match relation {
        Relation::Greater => 0,
        Relation::Less => C0,
        Relation::Equal => C3,
        Relation::Unordered => C3 | C2 | C0,
    };
    let fpu = &mut cx.cpu.fpu;
    fpu.status = (fpu.status & !(C0 | C2 | C3)) | conditions;
    for _ in 0..if refused { 0 } else { pops } {
        fpu.pop();
    }
}

/// The relation, and whether an unmasked exception keeps the operands.
fn relation(
    cx: &mut Exec<'_>,
    empty: bool,
    other: impl FnOnce(&Exec<'_>) -> Parts,
    kind: Comparison,
    keep: Keep,
) -> (Relation, bool) {
    if empty || cx.cpu.fpu.is_empty(0) {
        return (Relation::Unordered, !stack_fault(&mut cx.cpu.fpu, Fault::Underflow));
    }
    let outcome = compare_parts(&cx.cpu.fpu.st(0).parts(), &other(cx), kind);
    let fpu = &mut cx.cpu.fpu;
    let kept = if keep == Keep::C1 { fpu.status & C1 } else { 0 };
    let pending = fpu.raise(outcome.flags);
    fpu.status |= kept;
    (outcome.value, pending && fpu.env().refuses(outcome.flags))
}

fn with_register(cx: &mut Exec<'_>, number: u8, kind: Comparison, pops: Pops) -> Step {
    let number = usize::from(number);
    let empty = cx.cpu.fpu.is_empty(number);
    against(cx, empty, |cx| cx.cpu.fpu.st(number).parts(), kind, pops);
    Ok(())
}

/// FCOM, FICOM m. Faults: operand access.
pub fn fcom_memory<S: Source>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = S::load(cx, i)?;
    against(cx, false, |_| source, Comparison::Ordered, 0);
    Ok(())
}

/// FCOMP, FICOMP m. Faults: operand access.
pub fn fcomp_memory<S: Source>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = S::load(cx, i)?;
    against(cx, false, |_| source, Comparison::Ordered, 1);
    Ok(())
}

/// FCOM ST(i).
pub fn fcom(cx: &mut Exec<'_>, i: &Insn) -> Step {
    with_register(cx, i.dst, Comparison::Ordered, 0)
}

/// FCOMP ST(i).
pub fn fcomp(cx: &mut Exec<'_>, i: &Insn) -> Step {
    with_register(cx, i.dst, Comparison::Ordered, 1)
}

/// FCOMPP.
pub fn fcompp(cx: &mut Exec<'_>, _: &Insn) -> Step {
    with_register(cx, 1, Comparison::Ordered, 2)
}

/// FUCOM ST(i).
pub fn fucom(cx: &mut Exec<'_>, i: &Insn) -> Step {
    with_register(cx, i.dst, Comparison::Unordered, 0)
}

/// FUCOMP ST(i).
pub fn fucomp(cx: &mut Exec<'_>, i: &Insn) -> Step {
    with_register(cx, i.dst, Comparison::Unordered, 1)
}

/// FUCOMPP.
pub fn fucompp(cx: &mut Exec<'_>, _: &Insn) -> Step {
    with_register(cx, 1, Comparison::Unordered, 2)
}

/// FTST: with +0.0.
pub fn ftst(cx: &mut Exec<'_>, _: &Insn) -> Step {
    against(cx, false, |_| Extended::zero(false).parts(), Comparison::Ordered, 0);
    Ok(())
}

/// The relation of ST(0) and ST(i), if both are normal numbers.
#[inline(always)]
fn of_plain(fpu: &Fpu, number: usize) -> Option<Relation> {
    if fpu.is_empty(0) || fpu.is_empty(number) {
        return None;
    }
    let (Some(a), Some(b)) = (Plain::of(fpu.st(0)), Plain::of(fpu.st(number))) else { return None };
    Some(quick::relation(a, b))
}

/// What the usual case leaves.
#[inline(never)]
fn in_general(cx: &mut Exec<'_>, number: usize, kind: Comparison) -> (Relation, bool) {
    let empty = cx.cpu.fpu.is_empty(number);
    relation(cx, empty, |cx| cx.cpu.fpu.st(number).parts(), kind, Keep::C1)
}

/// FCOMI and its kin: the relation in ZF, PF and CF; OF, SF and AF are cleared.
#[inline(always)]
fn into_flags(cx: &mut Exec<'_>, number: u8, kind: Comparison, pops: Pops) -> Step {
    let number = usize::from(number);
    let (relation, refused) = match of_plain(&cx.cpu.fpu, number) {
        // C1 stays, and nothing is raised.
        Some(relation) => (relation, false),
        None => in_general(cx, number, kind),
    };
    let set = match relation {
        Relation::Greater => 0,
        Relation::Less => CF,
        Relation::Equal => ZF,
        Relation::Unordered => ZF | PF | CF,
    };
    cx.cpu.flags.set(OF | SF | AF | ZF | PF | CF, false);
    cx.cpu.flags.set(set, true);
    for _ in 0..if refused { 0 } else { pops } {
        cx.cpu.fpu.pop();
    }
    Ok(())
}

/// FCOMI ST(i).
#[inline]
pub fn fcomi(cx: &mut Exec<'_>, i: &Insn) -> Step {
    into_flags(cx, i.dst, Comparison::Ordered, 0)
}

/// FCOMIP ST(i).
#[inline]
pub fn fcomip(cx: &mut Exec<'_>, i: &Insn) -> Step {
    into_flags(cx, i.dst, Comparison::Ordered, 1)
}

/// FUCOMI ST(i).
#[inline]
pub fn fucomi(cx: &mut Exec<'_>, i: &Insn) -> Step {
    into_flags(cx, i.dst, Comparison::Unordered, 0)
}

/// FUCOMIP ST(i).
#[inline]
pub fn fucomip(cx: &mut Exec<'_>, i: &Insn) -> Step {
    into_flags(cx, i.dst, Comparison::Unordered, 1)
}

/// FXAM: class and sign of ST(0), which may be empty. SDM Vol.2A Table 3-42 "FXAM Results".
pub fn fxam(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    let value = fpu.st(0);
    let class = match value.parts().class {
        _ if fpu.is_empty(0) => C3 | C0,
        Class::Unsupported => 0,
        Class::QuietNan | Class::SignalingNan => C0,
        Class::Normal => C2,
        Class::Infinity => C2 | C0,
        Class::Zero => C3,
        Class::Denormal => C3 | C2,
    };
    fpu.status = (fpu.status & !CONDITIONS) | class | if value.sign() { C1 } else { 0 };
    Ok(())
}
