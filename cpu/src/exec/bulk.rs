//! Iterations of REP MOVS, REP STOS and REP INS by the page: as many at once as nothing could come between.
//!
//! Each of these iterations would find its segment limits kept and its pages in the HostTlb, and no event, trap or
//! breakpoint due behind it; so doing them one by one would come to the same.

use ringwalk_mmu::{Access, Instant, LinAddr, PAGE_BYTES, Port};

use super::Exec;
use super::string::{DESTINATION, SOURCE};
use crate::flags::{DF, TF};
use crate::insn::Insn;
use crate::segment::SegReg;
use crate::width::Width;

/// Register number of AL, AX, EAX.
const ACCUMULATOR: u8 = 0;

/// Iterations that may be done without a look at the rest of the machine, of `count` that are left.
#[inline]
pub(super) fn most_iterations(cx: &Exec<'_>, count: u64) -> u64 {
    let watched =
        cx.hot.guarded || cx.hot.plain.is_some() || cx.hot.leave || cx.cpu.flags.has(TF) || cx.cpu.pending_debug != 0;
    if watched {
        return 0;
    }
    let now = cx.cpu.position + cx.extra_cycles;
    // Behind each of them but the instruction's last the pause is asked for: the next must still end before the deadline.
    let before_deadline = cx.deadline.saturating_sub(now + 1) / cx.hot.iteration_cycles.max(1);
    if before_deadline >= count - 1 { count } else { before_deadline }
}

/// For instructions whose iterations are done one by one.
pub(super) fn no_run(_: &mut Exec<'_>, _: &Insn, _: u64) -> u64 {
    0
}

/// REP MOVS.
pub(super) fn move_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, most: u64) -> u64 {
    let (from, to) = (cx.address_reg(i, SOURCE), cx.address_reg(i, DESTINATION));
    let most = elements::<W>(cx, i, i.segment(), from, most, Access::Read);
    let most = elements::<W>(cx, i, SegReg::Es, to, most, Access::Write);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let class = cx.class();
    let (lowest_from, lowest_to) = (lowest::<W>(cx, from, bytes), lowest::<W>(cx, to, bytes));
    let source = cx.hot.host_tlb.read(cx.linear_of(i.segment(), lowest_from), bytes, class);
    let target = cx.hot.host_tlb.write(cx.linear_of(SegReg::Es, lowest_to), bytes, class);
    let (Some(source), Some(target)) = (source, target) else { return 0 };
    let down = cx.cpu.flags.has(DF);
    copy::<W>(cx.memory.frames.bytes_mut(), source, target, bytes as usize, down);
    cx.set_address_reg(i, SOURCE, behind(cx, from, bytes));
    cx.set_address_reg(i, DESTINATION, behind(cx, to, bytes));
    most
}

/// One element after the other, where the order matters: one that is written before it is read is read as written.
fn copy<W: Width>(memory: &mut [u8], source: usize, target: usize, bytes: usize, down: bool) {
    let written_first = match down {
        true => target < source && source < target + bytes,
        false => source < target && target < source + bytes,
    };
    if !written_first {
        memory.copy_within(source..source + bytes, target);
        return;
    }
    let size = W::BYTES as usize;
    let mut one = |at: usize| memory.copy_within(source + at..source + at + size, target + at);
    match down {
        true => (0..bytes).step_by(size).rev().for_each(&mut one),
        false => (0..bytes).step_by(size).for_each(&mut one),
    }
}

/// REP STOS.
pub(super) fn store_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, most: u64) -> u64 {
    let to = cx.address_reg(i, DESTINATION);
    let most = elements::<W>(cx, i, SegReg::Es, to, most, Access::Write);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let class = cx.class();
    let lowest = lowest::<W>(cx, to, bytes);
    let target = cx.hot.host_tlb.write(cx.linear_of(SegReg::Es, lowest), bytes, class);
    let Some(target) = target else { return 0 };
    let value = cx.reg::<W>(ACCUMULATOR).as_().to_le_bytes();
    let value = &value[..W::BYTES as usize];
    for element in cx.memory.frames.bytes_mut()[target..target + bytes as usize].chunks_exact_mut(value.len()) {
        element.copy_from_slice(value);
    }
    cx.set_address_reg(i, DESTINATION, behind(cx, to, bytes));
    most
}

/// REP INS upward: what a device has ready as a block. `port` may be used, and nobody waits for accesses to it.
pub(super) fn input_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, port: u16, most: u64) -> u64 {
    if cx.cpu.flags.has(DF) || most == 0 {
        return 0;
    }
    let to = cx.address_reg(i, DESTINATION);
    let most = elements::<W>(cx, i, SegReg::Es, to, most, Access::Write);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let Some(target) = cx.hot.host_tlb.write(cx.linear_of(SegReg::Es, to), bytes, cx.class()) else { return 0 };
    let last = Instant(cx.now().0 + (most - 1) * cx.hot.iteration_cycles);
    let block = &mut cx.memory.frames.bytes_mut()[target..target + bytes as usize];
    let read = cx.bus.read_block(Port(port), W::SIZE, last, block) as u64;
    cx.set_address_reg(i, DESTINATION, behind(cx, to, read * W::BYTES));
    read
}

/// The lowest offset of a run that begins at one.
fn lowest<W: Width>(cx: &Exec<'_>, offset: u64, bytes: u64) -> u64 {
    if cx.cpu.flags.has(DF) { offset - (bytes - W::BYTES) } else { offset }
}

/// The offset that the iteration behind a run has.
fn behind(cx: &Exec<'_>, offset: u64, bytes: u64) -> u64 {
    if cx.cpu.flags.has(DF) { offset.wrapping_sub(bytes) } else { offset.wrapping_add(bytes) }
}

/// How many elements from an offset on lie in its page and in the segment, without a wrap; at most `most`.
fn elements<W: Width>(cx: &Exec<'_>, i: &Insn, seg: SegReg, offset: u64, most: u64, access: Access) -> u64 {
    let in_page = cx.linear_of(seg, offset).offset_in_page();
    let last = cx.wrap_address(i, u64::MAX);
    // Bytes from the first element's end to that of the page or of the addresses, whichever way it goes.
    let (page_left, addresses_left) = if cx.cpu.flags.has(DF) {
        let whole = in_page + W::BYTES <= PAGE_BYTES && last - offset >= W::BYTES - 1;
        if whole { (in_page + W::BYTES, offset.saturating_add(W::BYTES)) } else { (0, 0) }
    } else {
        (PAGE_BYTES - in_page, (last - offset).saturating_add(1))
    };
    let most = most.min(page_left / W::BYTES).min(addresses_left / W::BYTES);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let lowest = lowest::<W>(cx, offset, bytes);
    let fits = no_linear_wrap(cx, cx.linear_of(seg, lowest), bytes) && cx.checked(seg, lowest, bytes, access).is_ok();
    if fits { most } else { 0 }
}

fn no_linear_wrap(cx: &Exec<'_>, linear: LinAddr, bytes: u64) -> bool {
    cx.cpu.code_is_64() || linear.0 + bytes <= 1 << 32
}

#[cfg(test)]
mod tests {
    use super::super::string;
    use crate::exception::Step;
    use crate::exec::Exec;
    use crate::exec::testing::{Machine, insn};
    use crate::flags::DF;
    use crate::insn::{Insn, REP};
    use crate::width::Width;

    const CX: usize = 1;
    const SI: usize = 6;
    const DI: usize = 7;

    /// Bytes or words, upward or downward, by the direction flag: the memory that one element after the other gives.
    #[test]
    fn runs_downward_and_runs_that_overtake_themselves_are_those_of_single_elements() {
        let cases: [(u64, u64, u64); 7] = [
            (0x2FFE, 0x1FFE, 0x900),
            (0x2800, 0x2810, 0x700),
            (0x2810, 0x2800, 0x700),
            (0x2801, 0x2800, 0x80),
            (0x2800, 0x2801, 0x80),
            (0x2803, 0x2800, 0x80),
            (0x1FFF, 0x2FFD, 0x880),
        ];
        for (from, to, count) in cases {
            for down in [false, true] {
                runs_like_elements::<u8>(from, to, count, down, string::movs::<u8>);
                runs_like_elements::<u16>(from, to, count / 2, down, string::movs::<u16>);
            }
        }
    }

    fn runs_like_elements<W: Width>(
        from: u64,
        to: u64,
        count: u64,
        down: bool,
        movs: impl Fn(&mut Exec<'_>, &Insn) -> Step,
    ) {
        let (size, step) = (W::BYTES as usize, if down { W::BYTES.wrapping_neg() } else { W::BYTES });
        let mut machine = machine(from, to, count);
        machine.cpu.flags.set(DF, down);
        let mut expected = machine.read(0, 0x4000);
        for number in 0..count {
            let at = |start: u64| (start.wrapping_add(number.wrapping_mul(step)) & 0xFFFF) as usize;
            expected.copy_within(at(from)..at(from) + size, at(to));
        }
        let run = machine.run(|cx| movs(cx, &rep()));
        let what = format!("{count:x} elements of {size} from {from:x} to {to:x}, down: {down}");
        assert!(machine.read(0, 0x4000) == expected, "{what}");
        let moved = |start: u64| start.wrapping_add(count.wrapping_mul(step)) & 0xFFFF;
        assert_eq!((machine.cpu.gpr[SI], machine.cpu.gpr[DI]), (moved(from), moved(to)), "{what}");
        assert_eq!((machine.cpu.gpr[CX], run.extra_cycles), (0, count - 1), "{what}");
    }

    fn rep() -> Insn {
        Insn { flags: REP, ..insn() }
    }

    /// Source, destination, count; the pages are touched before, so that runs are possible.
    fn machine(from: u64, to: u64, count: u64) -> Machine {
        let mut machine = Machine::new();
        let pattern: Vec<u8> = (0..0x4000u32).map(|n| (n * 7 + n / 256) as u8).collect();
        machine.write(0, &pattern);
        for at in (0..0x4000u64).step_by(0x1000) {
            machine.cpu.gpr[SI] = at;
            machine.cpu.gpr[DI] = at;
            let _ = machine.run(|cx| string::movs::<u8>(cx, &insn()));
        }
        machine.cpu.gpr[SI] = from;
        machine.cpu.gpr[DI] = to;
        machine.cpu.gpr[CX] = count;
        machine
    }

    #[test]
    fn copies_are_those_of_single_bytes_also_where_they_overlap() {
        for (from, to, count) in
            [(0x100, 0x2000, 0xF00), (0x100, 0x101, 0x80), (0x101, 0x100, 0x80), (0xFF0, 0x1FF8, 0x900)]
        {
            let mut machine = machine(from, to, count);
            let mut expected = machine.read(0, 0x4000);
            for at in 0..count as usize {
                expected[to as usize + at] = expected[from as usize + at];
            }
            let run = machine.run(|cx| string::movs::<u8>(cx, &rep()));
            assert!(machine.read(0, 0x4000) == expected, "{count:x} bytes from {from:x} to {to:x}");
            assert_eq!((machine.cpu.gpr[SI], machine.cpu.gpr[DI]), (from + count, to + count));
            assert_eq!((machine.cpu.gpr[CX], run.extra_cycles), (0, count - 1));
        }
    }

    #[test]
    fn a_deadline_falls_between_the_same_iterations() {
        for deadline in 1..40 {
            let mut machine = machine(0x100, 0x2000, 30);
            machine.deadline = deadline;
            let run = machine.run(|cx| string::stos::<u16>(cx, &rep()));
            let done = deadline.min(30);
            assert_eq!(machine.cpu.gpr[CX], 30 - done, "deadline {deadline}");
            assert_eq!((run.extra_cycles, run.unfinished), (done - 1, done < 30));
        }
    }

    #[test]
    fn an_offset_wraps_after_its_last_byte() {
        let mut machine = machine(0x100, 0xFFFC, 8);
        let run = machine.run(|cx| string::stos::<u8>(cx, &rep()));
        assert_eq!((machine.cpu.gpr[DI], run.extra_cycles), (4, 7));
    }
}
