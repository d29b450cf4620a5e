//! From slot to slot, and out to the canonical tier.

use ringwalk_mmu::Instant;

use super::faults::{self, resume_flag_off};
use super::links::{ANY_CODE, jump};
use super::pages::note_page;
use super::state::Side;
use super::{TAIL_DISPATCH, faults::After};
use crate::exception::Exception;
use crate::exec::{Exec, Hot};
use crate::flags::{RF, TF};
use crate::insn::{CALM, Insn};
use crate::run::execute_one;
use crate::state::{CpuState, Shadow};
use crate::trace::{FetchFrame, LONGEST_TRACE, TableEntry, Tail, TraceCache};

/// Why the chain of traces was left. The state is up to date.
pub(crate) enum Ended {
    /// At a boundary, for whatever the run loop finds there.
    Boundary,
    /// A trace was left by a way that leads nowhere yet.
    Unlinked(Loose),
    /// An instruction raised a fault.
    Fault(Exception),
}

/// What wants to lead to the trace at EIP.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loose {
    /// An end slot and its side.
    pub(crate) link: Option<(u32, Side)>,
    /// The first slot of a dropped trace of the same code.
    pub(crate) dead: Option<u32>,
}

/// Where to begin, and in which cache.
pub(crate) struct Entry<'a> {
    /// The first slot of a trace.
    pub(crate) first: u32,
    /// All slots.
    pub(crate) slots: *mut Insn,
    /// The table of traces.
    pub(crate) table: &'a [TableEntry],
    /// The whole of it.
    pub(crate) cache: *mut TraceCache,
    /// What instructions that cross a page go on with.
    pub(crate) tails: &'a [Tail],
    /// See [`TraceCache::moved`].
    pub(crate) moved: u64,
}

/// Runs from a trace's first slot until `cycles` may have passed, or something asks to leave. At most one trace less
/// than `cycles` is run, never more. `None`: the flags are such that only the canonical tier can hold them.
pub(crate) fn enter(cx: &mut Exec<'_>, entry: &Entry<'_>, cycles: u64) -> Option<Ended> {
    debug_assert!(cycles >= LONGEST_TRACE as u64, "a whole trace fits into the budget");
    let budget = (cycles - LONGEST_TRACE as u64).min(i64::MAX as u64 >> 1);
    debug_assert!(cx.hot.stale == 0, "the trace was found under the present mode");
    let eflags = cx.cpu.flags;
    let fast = &mut cx.hot.fast;
    if !fast.lazy.load(eflags) {
        return None;
    }
    fast.resumed_at = None;
    fast.delivered_at = cx.cpu.retired;
    resume_flag_off(cx);
    let fast = &mut cx.hot.fast;
    fast.slots = entry.slots;
    fast.table = entry.table.as_ptr();
    fast.cache = entry.cache;
    fast.tails = entry.tails.as_ptr();
    fast.returns.keep_if(entry.moved);
    fast.ticks = budget as i64;
    fast.end = cx.cpu.position + budget;
    fast.skew = cx.cpu.position - cx.cpu.retired;
    fast.forget_paging();
    fast.fault = None;
    fast.unlinked = None;
    fast.dead = None;
    fast.settled = false;
    let page = cx.cpu.fetch_page;
    fast.fetch_page = page.map_or(u64::MAX, |page| page.linear);
    fast.fetch_physical = page.map_or(0, |page| page.physical);
    fast.page_is_noted = true;
    fast.bridge = std::ptr::null();
    fast.fetch_frame = match cx.hot.fetch_frame {
        FetchFrame::Frame(frame) => frame.0,
        FetchFrame::Unknown | FetchFrame::Bus => unreachable_page(),
    };
    let arena = cx.memory.frames.bytes_mut().as_mut_ptr();
    cx.hot.host_tlb.set_arena(arena.expose_provenance() as u64);
    // SAFETY: the slot is the first of a trace of `slots`, which neither moves nor shrinks before this returns; all
    // pointers are made from exclusive borrows that are not used otherwise meanwhile.
    unsafe { run_chain(cx, entry.slots.add(entry.first as usize)) };
    note_page(cx.cpu, cx.hot);
    if !cx.hot.fast.settled {
        settle_at_boundary(cx);
    }
    faults::close(cx);
    let fast = &mut cx.hot.fast;
    if let Some(fault) = fast.fault.take() {
        return Some(Ended::Fault(fault));
    }
    if fast.settled {
        return Some(Ended::Boundary);
    }
    Some(Ended::Unlinked(Loose { link: fast.unlinked.take(), dead: fast.dead.take() }))
}

/// A trace was found, so its page has a frame.
fn unreachable_page() -> u32 {
    panic!("a trace is entered only behind a lookup of its frame")
}

/// # Safety
/// `first` is the first slot of a trace.
unsafe fn run_chain(cx: &mut Exec<'_>, first: *const Insn) {
    let exec: *mut Exec<'_> = cx;
    // SAFETY: reborrows of a live context; the handlers make theirs anew whenever the context itself was used.
    unsafe {
        let cpu: *mut CpuState = (*exec).cpu;
        let hot: *mut Hot = (*exec).hot;
        (*hot).fast.exec = exec.cast();
        let mut slot = first;
        while !slot.is_null() {
            let value = (*hot).fast.value;
            slot = ((*slot).fast)(cpu, hot, slot, value);
        }
    }
    cx.hot.fast.exec = std::ptr::null_mut();
}

fn settle_at_boundary(cx: &mut Exec<'_>) {
    let fast = &mut cx.hot.fast;
    fast.lazy.settle(&mut cx.cpu.flags);
    cx.cpu.position = fast.end.wrapping_sub(fast.ticks as u64);
    cx.cpu.retired = cx.cpu.position - fast.skew;
}

/// Brings the copies of segments, privilege and guard up to date.
#[inline(never)]
pub(crate) fn refresh(cx: &mut Exec<'_>) {
    let stale = std::mem::take(&mut cx.hot.stale);
    let guarded = cx.hot.guarded;
    let host_tlb = &cx.hot.host_tlb;
    cx.hot.fast.refresh(cx.cpu, (stale, guarded), |class| host_tlb.key(class));
    let user = cx.cpu.cpl == 3;
    if cx.cpu.fetch_page.is_some_and(|page| page.user != user) {
        // The page was looked up with other rights.
        cx.hot.fast.fetch_page = u64::MAX;
    }
}

/// Goes on with a slot.
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn go_on(c: *mut CpuState, h: *mut Hot, slot: *const Insn, v: u64) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        if TAIL_DISPATCH {
            return ((*slot).fast)(c, h, slot, v);
        }
        (*h).fast.value = v;
        slot
    }
}

/// Goes on with the next slot.
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn next(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: an end slot stands behind the last instruction.
    unsafe { go_on(c, h, i.add(1), v) }
}

/// What a handler does behind its own instruction.
pub(super) trait Then {
    /// Goes on behind the slot `i`.
    ///
    /// # Safety
    /// As [`super::Fast`].
    unsafe fn then(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn;
}

/// The next slot's handler is dispatched.
pub(super) enum Dispatch {}

impl Then for Dispatch {
    #[inline(always)]
    unsafe fn then(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
        // SAFETY: the caller's.
        unsafe { next(c, h, i, v) }
    }
}

/// Gives the instruction, whole, to its canonical handler. Nothing of it has been done yet.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
pub(super) unsafe fn bail(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { canonical(c, h, i, 0) }
}

/// As [`bail`], for an instruction that ends its trace.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
pub(super) unsafe fn bail_end(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the caller's.
    unsafe { canonical_end(c, h, i, 0) }
}

/// See [`super::CANONICAL`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn canonical(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's; `step` says whether the chain goes on, and the pointers are made anew from the context.
    unsafe {
        let exec = (*h).fast.exec;
        let after = step(c, h, i);
        if after == After::Leave {
            return std::ptr::null();
        }
        let cpu: *mut CpuState = (*exec).cpu;
        let hot: *mut Hot = (*exec).hot;
        if after == After::Elsewhere {
            return jump::<ANY_CODE>(cpu, hot);
        }
        (*cpu).rip = (*cpu).rip.wrapping_sub(u64::from((*i.add(1)).at)) & (*hot).fast.rip_mask;
        let next_slot = i.add(1);
        let value = (*cpu).gpr[usize::from((*next_slot).holds)];
        go_on(cpu, hot, next_slot, value)
    }
}

/// See [`super::CANONICAL_END`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn canonical_end(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        let exec = (*h).fast.exec;
        let after = step(c, h, i);
        if after == After::Leave {
            return std::ptr::null();
        }
        let cpu: *mut CpuState = (*exec).cpu;
        let hot: *mut Hot = (*exec).hot;
        if after == After::Next {
            (*hot).fast.ticks -= i64::from((*i).cycles);
        }
        jump::<ANY_CODE>(cpu, hot)
    }
}

/// Executes a slot by its canonical handler, or delivers the fault that it raises. If the chain must be left the state
/// is up to date. Otherwise only EIP is; behind the instruction the budget counts from the start of the trace as before.
#[inline(never)]
unsafe fn step(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> After {
    // SAFETY: the caller's; `c` and `h` are not used again once the context is.
    unsafe {
        let insn = &*i;
        let exec = (*h).fast.exec;
        // Conditions of watchpoints may look at flags in the middle of an instruction.
        let calm = insn.covers & CALM != 0 && !(*h).guarded && !(*h).watches.any_data();
        note_page(&mut *c, &mut *h);
        {
            let (cpu, fast) = (&mut *c, &mut (*h).fast);
            if !calm {
                fast.lazy.settle(&mut cpu.flags);
            }
            cpu.rip = cpu.rip.wrapping_add(u64::from(insn.at)) & fast.rip_mask;
            cpu.position = fast.end.wrapping_sub(fast.ticks as u64) + u64::from(insn.cycles) - 1;
            cpu.retired = cpu.position - fast.skew;
        }
        let cx: &mut Exec<'_> = &mut *exec;
        if let Err(fault) = execute_one(cx, insn) {
            if calm {
                cx.hot.fast.lazy.settle(&mut cx.cpu.flags);
            }
            return faults::deliver(cx, fault);
        }
        if resume(cx, insn, calm) { After::Next } else { After::Leave }
    }
}

/// The moment of the instruction in a slot.
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn now(h: *mut Hot, i: *const Insn) -> Instant {
    // SAFETY: the caller's.
    unsafe {
        let fast = &(*h).fast;
        Instant(fast.end.wrapping_sub(fast.ticks as u64) + u64::from((*i).cycles) - 1)
    }
}

/// Goes on behind an instruction that has done its work and has changed something on the bus.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
pub(super) unsafe fn done(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the caller's; the pointers are made anew from the context.
    unsafe {
        let exec = (*h).fast.exec;
        {
            let (cpu, fast) = (&mut *c, &mut (*h).fast);
            cpu.rip = cpu.rip.wrapping_add(u64::from((*i.add(1)).at)) & fast.rip_mask;
            cpu.position = fast.end.wrapping_sub(fast.ticks as u64) + u64::from((*i).cycles);
            cpu.retired = cpu.position - fast.skew;
        }
        let cx: &mut Exec<'_> = &mut *exec;
        cx.hot.bus_touched = true;
        cx.leave_if_code_is_stale();
        if !resume(cx, &*i, true) {
            return std::ptr::null();
        }
        let cpu: *mut CpuState = (*exec).cpu;
        let hot: *mut Hot = (*exec).hot;
        let next_slot = i.add(1);
        (*cpu).rip = (*cpu).rip.wrapping_sub(u64::from((*next_slot).at)) & (*hot).fast.rip_mask;
        let value = (*cpu).gpr[usize::from((*next_slot).holds)];
        go_on(cpu, hot, next_slot, value)
    }
}

/// The chain is left: the state must be up to date.
#[cold]
pub(super) fn stop(cx: &mut Exec<'_>, calm: bool) -> bool {
    let fast = &mut cx.hot.fast;
    if calm {
        fast.lazy.settle(&mut cx.cpu.flags);
    }
    fast.settled = true;
    false
}

#[inline(always)]
fn resume(cx: &mut Exec<'_>, insn: &Insn, calm: bool) -> bool {
    let marked = cx.cpu.shadow != Shadow::None || (!calm && cx.cpu.flags.has(TF | RF) && !resume_flag_off(cx));
    if cx.must_leave() || marked || !(calm || cx.hot.fast.lazy.load(cx.cpu.flags)) {
        return stop(cx, calm);
    }
    if cx.hot.stale != 0 {
        if cx.hot.watches.is_strange(cx.cpu) {
            return stop(cx, calm);
        }
        let mode = cx.hot.fast.key_bits;
        refresh(cx);
        if cx.hot.fast.key_bits != mode {
            // What follows was decoded for another mode.
            return stop(cx, calm);
        }
    }
    let (cpu, hot) = (&mut *cx.cpu, &mut *cx.hot);
    let fast = &mut hot.fast;
    let start = cpu.position - u64::from(insn.cycles);
    fast.count_from(start, cpu);
    let arena = cx.memory.frames.bytes_mut().as_mut_ptr();
    cx.hot.host_tlb.set_arena(arena.expose_provenance() as u64);
    true
}
