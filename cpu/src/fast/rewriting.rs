//! Code that is written over while the chain runs: its traces are dropped at once, and one whose bytes hardly changed
//! comes back when it is reached, without the run loop.

use ringwalk_mmu::{Frame, LinAddr, Memory, PAGE_BYTES};

use super::dispatch::{ANY_CODE, go_on, jump, next};
use super::operand::register;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::{CodePlace, Models};
use crate::width::Width;

/// What became of a store to a page that code lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// Nothing is known of such a page, and nothing was done.
    Not,
    /// It is done.
    Done,
    /// It is done, and the trace at hand may be among those that were dropped.
    Here,
}

/// Stores to a page that code lies in, if the HostTlb knows it, and drops the traces that it hits.
///
/// # Safety
/// `h` is valid and the chain running.
#[inline(never)]
pub(super) unsafe fn store<W: Width>(h: *mut Hot, linear: LinAddr, value: W) -> Stored {
    // SAFETY: the context is alive, its memory is not in use while the fast tier runs, nor is the trace cache.
    unsafe {
        let (hot, memory) = (&mut *h, &mut *(*(*h).fast.exec).memory);
        let Some(frame) = hot.host_tlb.write_beside_code(linear, W::BYTES, hot.fast.key) else { return Stored::Not };
        let (at, bytes) = (linear.offset_in_page() as usize, W::BYTES as usize);
        let frames = &mut memory.frames;
        // Without code the page has a quicker way; what is stale already is for the run loop.
        if !frames.holds_code(frame) || frames.has_stale_code() {
            return Stored::Not;
        }
        let raw = value.as_().to_le_bytes();
        if !frames.holds_code_in(frame, at, bytes) {
            frames.bytes_mut()[frame.start() + at..][..bytes].copy_from_slice(&raw[..bytes]);
            return Stored::Done;
        }
        frames.store(frame, at, &raw[..bytes]);
        drop_stale_code(hot, memory);
        if frame.start() as u64 == hot.fast.fetch_start { Stored::Here } else { Stored::Done }
    }
}

/// # Safety
/// As [`store`].
unsafe fn drop_stale_code(hot: &mut Hot, memory: &mut Memory) {
    // SAFETY: the caller's.
    unsafe {
        let cache = &mut *hot.fast.cache;
        while let Some((frame, lines)) = memory.frames.take_stale_code() {
            cache.drop_lines(frame, lines);
        }
        hot.fast.take_cache(cache);
    }
}

/// Goes on behind a store that was done.
///
/// # Safety
/// As [`super::Fast`]; the store did something.
#[inline(always)]
pub(super) unsafe fn behind(c: *mut CpuState, h: *mut Hot, i: *const Insn, stored: Stored) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        let end = i.add(1);
        if stored == Stored::Done {
            return next(c, h, i, *register(c, (*end).holds));
        }
        (*c).rip = (*c).rip.wrapping_add(u64::from((*end).at)) & (*h).fast.rip_mask;
        (*h).fast.ticks -= i64::from((*i).cycles);
        jump::<ANY_CODE>(c, h)
    }
}

/// See [`super::DEAD`].
///
/// # Safety
/// As [`super::Fast`].
pub(super) unsafe fn dead(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the caller's; the slot lies in the trace cache.
    unsafe {
        match renew(c, h, i) {
            Some(first) => go_on(c, h, (*h).fast.slots.add(first as usize), 0),
            None => std::ptr::null(),
        }
    }
}

/// The first slot of the trace at EIP, brought back from its bytes if they are hardly others; otherwise the dropped one is
/// noted.
#[inline(never)]
unsafe fn renew(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> Option<u32> {
    // SAFETY: as for `store`.
    unsafe {
        let (cpu, hot, memory) = (&*c, &mut *h, &mut *(*(*h).fast.exec).memory);
        let dropped = i.offset_from(hot.fast.slots) as u32;
        hot.fast.dead = Some(dropped);
        let linear = hot.fast.code_base.wrapping_add(cpu.rip) & hot.fast.rip_mask;
        let elsewhere = linear / PAGE_BYTES != hot.fast.fetch_page;
        if elsewhere || hot.profile.is_some() || memory.frames.has_stale_code() {
            return None;
        }
        // The arena has fewer than 2^32 frames.
        let frame = Frame((hot.fast.fetch_start / PAGE_BYTES) as u32);
        let place = CodePlace { frame, offset: linear % PAGE_BYTES, mode: hot.fast.mode() };
        let models = Models { model: cpu.model, features: cpu.features, timing: hot.timing };
        let cache = &mut *hot.fast.cache;
        let id = cache.renew(place, models, memory, &hot.watches, Some(dropped))?;
        let first = cache.trace(id).first;
        hot.fast.take_cache(cache);
        if memory.frames.take_write_cached(frame) {
            hot.host_tlb.drop_writes_to(frame);
        }
        hot.fast.dead = None;
        Some(first)
    }
}
