//! Iterations of REP MOVS and REP STOS by the page: as many at once as nothing could come between.
//!
//! Each of these iterations would find its segment limits kept and its pages in the HostTlb, and no event, trap or
//! breakpoint due behind it; so doing them one by one would come to the same.

use ringwalk_mmu::{Access, LinAddr, PAGE_BYTES};

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
    let watched = cx.hot.guarded
        || cx.hot.plain.is_some()
        || cx.hot.leave
        || cx.cpu.flags.has(TF | DF)
        || cx.cpu.pending_debug != 0;
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

/// REP MOVS upward.
pub(super) fn move_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, most: u64) -> u64 {
    let (from, to) = (cx.address_reg(i, SOURCE), cx.address_reg(i, DESTINATION));
    let most = elements::<W>(cx, i, i.segment(), from, most, Access::Read);
    let most = elements::<W>(cx, i, SegReg::Es, to, most, Access::Write);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let class = cx.class();
    let source = cx.hot.host_tlb.read(cx.linear_of(i.segment(), from), bytes, class);
    let target = cx.hot.host_tlb.write(cx.linear_of(SegReg::Es, to), bytes, class);
    let (Some(source), Some(target)) = (source, target) else { return 0 };
    // An element that is written before it is read is read as written: only then the order matters.
    if target > source && target < source + bytes as usize {
        return 0;
    }
    cx.memory.frames.bytes_mut().copy_within(source..source + bytes as usize, target);
    cx.set_address_reg(i, SOURCE, from.wrapping_add(bytes));
    cx.set_address_reg(i, DESTINATION, to.wrapping_add(bytes));
    most
}

/// REP STOS upward.
pub(super) fn store_run<W: Width>(cx: &mut Exec<'_>, i: &Insn, most: u64) -> u64 {
    let to = cx.address_reg(i, DESTINATION);
    let most = elements::<W>(cx, i, SegReg::Es, to, most, Access::Write);
    let bytes = most * W::BYTES;
    if bytes == 0 {
        return 0;
    }
    let class = cx.class();
    let target = cx.hot.host_tlb.write(cx.linear_of(SegReg::Es, to), bytes, class);
    let Some(target) = target else { return 0 };
    let value = cx.reg::<W>(ACCUMULATOR).as_().to_le_bytes();
    let value = &value[..W::BYTES as usize];
    for element in cx.memory.frames.bytes_mut()[target..target + bytes as usize].chunks_exact_mut(value.len()) {
        element.copy_from_slice(value);
    }
    cx.set_address_reg(i, DESTINATION, to.wrapping_add(bytes));
    most
}

/// How many elements from an offset on lie in its page and in the segment, without a wrap; at most `most`.
fn elements<W: Width>(cx: &Exec<'_>, i: &Insn, seg: SegReg, offset: u64, most: u64, access: Access) -> u64 {
    let linear = cx.linear_of(seg, offset);
    let in_page = (PAGE_BYTES - linear.offset_in_page()) / W::BYTES;
    let last = cx.wrap_address(i, u64::MAX);
    let before_wrap = (last - offset).saturating_add(1) / W::BYTES;
    let most = most.min(in_page).min(before_wrap);
    let bytes = most * W::BYTES;
    let fits = bytes > 0 && no_linear_wrap(cx, linear, bytes) && cx.checked(seg, offset, bytes, access).is_ok();
    if fits { most } else { 0 }
}

fn no_linear_wrap(cx: &Exec<'_>, linear: LinAddr, bytes: u64) -> bool {
    cx.cpu.code_is_64() || linear.0 + bytes <= 1 << 32
}

#[cfg(test)]
mod tests {
    use super::super::string;
    use crate::exec::testing::{Machine, insn};
    use crate::insn::{Insn, REP};

    const CX: usize = 1;
    const SI: usize = 6;
    const DI: usize = 7;

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
