//! String instructions and their repetition. SDM Vol.1 7.3.9 "String Instructions", Vol.2B
//! "REP/REPE/REPZ/REPNE/REPNZ".
//!
//! The source is DS:(E)SI, or another segment by prefix; the destination is always ES:(E)DI. Registers move on only
//! after the iteration's accesses have succeeded, so a fault leaves them as of the last finished iteration.

use super::bulk;
use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{DF, RF, TF, ZF};
use crate::insn::{Insn, REPNE};
use crate::segment::SegReg;
use crate::value;
use crate::width::Width;

/// Register numbers.
const ACCUMULATOR: u8 = 0;
const COUNT: u8 = 1;
/// (E)SI.
pub(super) const SOURCE: u8 = 6;
/// (E)DI.
pub(super) const DESTINATION: u8 = 7;

/// MOVS. SDM Vol.2B "MOVS/MOVSB/MOVSW/MOVSD/MOVSQ". Flags: none. Faults: operand access.
pub fn movs<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let one = |cx: &mut Exec<'_>| {
        let value: W = cx.load(i.segment(), cx.address_reg(i, SOURCE))?;
        cx.store(SegReg::Es, cx.address_reg(i, DESTINATION), value)?;
        advance::<W>(cx, i, SOURCE);
        advance::<W>(cx, i, DESTINATION);
        Ok(())
    };
    drive(cx, i, one, |_| false, bulk::move_run::<W>)
}

/// CMPS: the source minus the destination. SDM Vol.2A "CMPS/CMPSB/CMPSW/CMPSD/CMPSQ". Flags: OF SF ZF AF PF CF.
/// Faults: operand access.
pub fn cmps<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    repeat_compare(cx, i, |cx| {
        let a: W = cx.load(i.segment(), cx.address_reg(i, SOURCE))?;
        let b: W = cx.load(SegReg::Es, cx.address_reg(i, DESTINATION))?;
        cx.cpu.flags.set_arith(value::sub(a, b, false).1);
        advance::<W>(cx, i, SOURCE);
        advance::<W>(cx, i, DESTINATION);
        Ok(())
    })
}

/// SCAS: the accumulator minus the destination. SDM Vol.2B "SCAS/SCASB/SCASW/SCASD". Flags: OF SF ZF AF PF CF.
/// Faults: operand access.
pub fn scas<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    repeat_compare(cx, i, |cx| {
        let b: W = cx.load(SegReg::Es, cx.address_reg(i, DESTINATION))?;
        let a = cx.reg(ACCUMULATOR);
        cx.cpu.flags.set_arith(value::sub(a, b, false).1);
        advance::<W>(cx, i, DESTINATION);
        Ok(())
    })
}

/// STOS. SDM Vol.2B "STOS/STOSB/STOSW/STOSD/STOSQ". Flags: none. Faults: operand access.
pub fn stos<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let one = |cx: &mut Exec<'_>| {
        let value = cx.reg::<W>(ACCUMULATOR);
        cx.store(SegReg::Es, cx.address_reg(i, DESTINATION), value)?;
        advance::<W>(cx, i, DESTINATION);
        Ok(())
    };
    drive(cx, i, one, |_| false, bulk::store_run::<W>)
}

/// LODS. SDM Vol.2A "LODS/LODSB/LODSW/LODSD/LODSQ". Flags: none. Faults: operand access.
pub fn lods<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    repeat(cx, i, |cx| {
        let value: W = cx.load(i.segment(), cx.address_reg(i, SOURCE))?;
        cx.set_reg(ACCUMULATOR, value);
        advance::<W>(cx, i, SOURCE);
        Ok(())
    })
}

/// Moves an index register to the next element, by the direction flag.
#[inline(always)]
pub(super) fn advance<W: Width>(cx: &mut Exec<'_>, i: &Insn, index: u8) {
    let at = cx.address_reg(i, index);
    let bytes = W::BYTES;
    let next = if cx.cpu.flags.has(DF) { at.wrapping_sub(bytes) } else { at.wrapping_add(bytes) };
    cx.set_address_reg(i, index, next);
}

/// One iteration, or with F3 or F2 as many as (E)CX says: none at all for 0.
#[inline(always)]
pub(super) fn repeat(cx: &mut Exec<'_>, i: &Insn, iteration: impl Fn(&mut Exec<'_>) -> Step) -> Step {
    drive(cx, i, iteration, |_| false, bulk::no_run)
}

/// As [`repeat`], but F3 (REPE) also ends at a difference and F2 (REPNE) at equality.
#[inline(always)]
fn repeat_compare(cx: &mut Exec<'_>, i: &Insn, iteration: impl Fn(&mut Exec<'_>) -> Step) -> Step {
    let ends_at_equality = i.has(REPNE);
    drive(cx, i, iteration, |cx| cx.cpu.flags.has(ZF) == ends_at_equality, bulk::no_run)
}

/// Repeats until the count is used up, `is_found` holds, or the rest of the machine wants a look between iterations.
/// `run` may do any number of iterations at once that nothing could come between, at most as many as it is told.
#[inline(always)]
pub(super) fn drive(
    cx: &mut Exec<'_>,
    i: &Insn,
    iteration: impl Fn(&mut Exec<'_>) -> Step,
    is_found: impl Fn(&Exec<'_>) -> bool,
    run: impl Fn(&mut Exec<'_>, &Insn, u64) -> u64,
) -> Step {
    if !i.repeats() {
        return iteration(cx);
    }
    let mut count = cx.address_reg(i, COUNT);
    while count != 0 {
        let done = run(cx, i, bulk::most_iterations(cx, count));
        if done > 0 {
            count -= done;
            cx.set_address_reg(i, COUNT, count);
            // The last iteration is paid as the instruction.
            let extra = if count == 0 { done - 1 } else { done };
            cx.extra_cycles += extra * cx.hot.iteration_cycles;
            if count == 0 {
                break;
            }
        }
        iteration(cx)?;
        count -= 1;
        cx.set_address_reg(i, COUNT, count);
        if count == 0 || is_found(cx) {
            break;
        }
        if wants_pause(cx) {
            pause(cx);
            break;
        }
        cx.extra_cycles += cx.hot.iteration_cycles;
    }
    Ok(())
}

/// An event, a debug trap or a stop is due before a further iteration.
#[inline(always)]
fn wants_pause(cx: &mut Exec<'_>) -> bool {
    let position = cx.cpu.position + cx.extra_cycles + cx.hot.iteration_cycles;
    position >= cx.deadline || cx.must_leave() || cx.cpu.flags.has(TF) || cx.cpu.pending_debug != 0
}

/// Leaves the instruction unfinished: it starts again with what its registers now say. An EFLAGS image pushed here has
/// RF set, so that its instruction breakpoint does not strike twice. SDM Vol.3B 17.3.1.1 "Instruction-Breakpoint
/// Exception Condition".
#[cold]
fn pause(cx: &mut Exec<'_>) {
    cx.unfinished = true;
    cx.next_rip = cx.cpu.rip;
    cx.cpu.flags.set(RF, true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::testing::{Machine, insn};
    use crate::insn::REP;
    use crate::site::Site;

    const CX: usize = 1;
    const SI: usize = 6;
    const DI: usize = 7;

    fn rep() -> Insn {
        Insn { flags: REP, ..insn() }
    }

    fn machine(count: u64) -> Machine {
        let mut machine = Machine::new();
        machine.cpu.gpr[CX] = count;
        machine.cpu.gpr[SI] = 0x1000;
        machine.cpu.gpr[DI] = 0x2000;
        machine.write(0x1000, b"abcdefgh");
        machine
    }

    #[test]
    fn a_count_of_zero_touches_nothing() {
        let mut machine = machine(0);
        machine.cpu.gpr[DI] = 0xFFFF; // a word here would fault
        let before = machine.cpu.clone();
        let run = machine.run(|cx| movs::<u16>(cx, &rep()));
        assert_eq!((run.step, run.extra_cycles, run.unfinished), (Ok(()), 0, false));
        assert_eq!(machine.cpu, before);
    }

    #[test]
    fn every_iteration_costs_a_cycle_and_df_turns_around() {
        let mut machine = machine(4);
        let run = machine.run(|cx| movs::<u16>(cx, &rep()));
        assert_eq!((run.step, run.extra_cycles, run.unfinished), (Ok(()), 3, false));
        assert_eq!(machine.read(0x2000, 8), b"abcdefgh");
        assert_eq!((machine.cpu.gpr[SI], machine.cpu.gpr[DI]), (0x1008, 0x2008));
        machine.cpu.flags.set(DF, true);
        machine.cpu.gpr[CX] = 2;
        let _ = machine.run(|cx| lods::<u16>(cx, &rep()));
        assert_eq!((machine.cpu.gpr[SI], machine.cpu.gpr[CX]), (0x1004, 0));
    }

    #[test]
    fn with_16_bit_addresses_the_upper_halves_stay() {
        let mut machine = machine(0x7_0001);
        machine.cpu.gpr[SI] = 0x7_FFFF;
        machine.cpu.gpr[DI] = 0x7_FFFF;
        let run = machine.run(|cx| movs::<u8>(cx, &rep()));
        assert_eq!((run.step, run.extra_cycles), (Ok(()), 0));
        let [count, source, destination] = [CX, SI, DI].map(|number| machine.cpu.gpr[number]);
        assert_eq!((count, source, destination), (0x7_0000, 0x7_0000, 0x7_0000));
    }

    #[test]
    fn a_fault_leaves_the_last_finished_iteration() {
        let mut machine = machine(5);
        machine.cpu.gpr[DI] = 0xFFFB;
        let run = machine.run(|cx| movs::<u16>(cx, &rep()));
        assert_eq!(run.step.map_err(|fault| fault.site), Err(Site::DataLimit));
        assert_eq!(run.extra_cycles, 2, "two finished, the third faulted");
        assert_eq!(machine.cpu.gpr[CX], 3);
        assert_eq!((machine.cpu.gpr[SI], machine.cpu.gpr[DI]), (0x1004, 0xFFFF));
        assert!(!machine.cpu.flags.has(RF));
    }

    #[test]
    fn the_deadline_pauses_after_at_least_one_iteration() {
        for (deadline, done) in [(0, 1), (1, 1), (2, 2), (3, 3)] {
            let mut machine = machine(4);
            machine.cpu.rip = 0x40;
            machine.deadline = deadline;
            let run = machine.run(|cx| movs::<u8>(cx, &rep()));
            assert_eq!((run.step, run.unfinished, run.next_rip), (Ok(()), true, 0x40));
            assert_eq!((run.extra_cycles, machine.cpu.gpr[CX]), (done - 1, 4 - done));
            assert!(machine.cpu.flags.has(RF));
        }
    }

    #[test]
    fn the_last_iteration_never_pauses() {
        let mut machine = machine(1);
        machine.deadline = 0;
        machine.cpu.flags.set(TF, true);
        let run = machine.run(|cx| stos::<u8>(cx, &rep()));
        assert!(!run.unfinished && !machine.cpu.flags.has(RF));
    }

    #[test]
    fn tf_and_debug_traps_pause_between_iterations() {
        let mut stepped = machine(3);
        stepped.cpu.flags.set(TF, true);
        assert!(stepped.run(|cx| stos::<u8>(cx, &rep())).unfinished);
        let mut watched = machine(3);
        watched.cpu.pending_debug = 1;
        assert!(watched.run(|cx| stos::<u8>(cx, &rep())).unfinished);
        assert_eq!(watched.cpu.gpr[CX], 2);
    }

    #[test]
    fn repe_ends_at_a_difference_and_repne_at_equality() {
        let mut machine = machine(8);
        machine.write(0x2000, b"abcxefgh");
        let run = machine.run(|cx| cmps::<u8>(cx, &rep()));
        assert_eq!((run.step, run.extra_cycles), (Ok(()), 3));
        assert_eq!((machine.cpu.gpr[CX], machine.cpu.gpr[SI]), (4, 0x1004));
        assert!(machine.cpu.flags.cf(), "d is below x");

        machine.cpu.gpr[CX] = 8;
        machine.cpu.gpr[DI] = 0x1000;
        machine.cpu.gpr[0] = u64::from(b'c');
        let repne = Insn { flags: REPNE, ..insn() };
        let _ = machine.run(|cx| scas::<u8>(cx, &repne));
        assert_eq!((machine.cpu.gpr[CX], machine.cpu.gpr[DI]), (5, 0x1003));
        assert!(machine.cpu.flags.has(ZF));
    }
}
