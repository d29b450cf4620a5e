//! Code that is written over while the chain runs. Where immediates alone change, the slots take them over
//! ([`crate::trace::TraceCache::overwrite`]). Otherwise its traces are dropped at once, and one whose bytes hardly changed
//! comes back when it is reached, without the run loop.

use ringwalk_mmu::{Frame, Memory, PAGE_BYTES};

use super::dispatch::{bail, go_on, next};
use super::links::{ANY_CODE, jump};
use super::operand::{register, write};
use super::pages::settle_page;
use super::window::stored;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::trace::{CodePlace, Models};
use crate::width::Width;

/// A store of a register or an immediate to a line of code, at an offset in the arena: the page may be written, and it
/// stays inside. What changes no more than immediates of decoded instructions is changed there, too.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
pub(super) unsafe fn over_code<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, at: u64) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`; the context is alive, its memory is not in use while the fast tier
    // runs, nor is the trace cache; a point's places lie in it.
    unsafe {
        let fast = &raw mut (*h).fast;
        // What is stale already is for the run loop.
        if (*(*fast).exec).memory.frames.has_stale_code() {
            return bail(c, h, i);
        }
        let value: W = stored(c, i);
        let Some(point) = (*(*fast).cache).point(at, W::BYTES) else { return over_code_slowly(c, h, i, at, value) };
        let arena_at = (*h).host_tlb.host_address(at);
        write(arena_at, value);
        for &(slot, copy) in point.places() {
            (*(*fast).slots.add(slot as usize)).imm = value.as_() as i32;
            (*(*fast).cache).copy_to(copy, value.as_() as u32);
        }
        next(c, h, i, *register(c, (*i.add(1)).holds))
    }
}

/// As [`over_code`], where nothing is known of these bytes.
#[inline(never)]
unsafe fn over_code_slowly<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, at: u64, value: W) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        if changed_values(c, h, at, value) {
            return next(c, h, i, *register(c, (*i.add(1)).holds));
        }
        (*c).rip = (*c).rip.wrapping_add(u64::from((*i.add(1)).at)) & (*h).fast.rip_mask;
        (*h).fast.ticks -= i64::from((*i).cycles);
        jump::<ANY_CODE>(c, h)
    }
}

/// Stores, and lets decoded instructions follow. If they cannot they are dropped: false, and the trace at hand may be among
/// them.
#[inline(never)]
unsafe fn changed_values<W: Width>(c: *mut CpuState, h: *mut Hot, at: u64, value: W) -> bool {
    // SAFETY: as above.
    unsafe {
        let (hot, memory) = (&mut *h, &mut *(*(*h).fast.exec).memory);
        // The arena has fewer than 2^32 frames.
        let (frame, offset) = (Frame((at / PAGE_BYTES) as u32), (at % PAGE_BYTES) as usize);
        let raw = value.as_().to_le_bytes();
        let bytes = &raw[..W::BYTES as usize];
        let models = Models { model: (*c).model, features: (*c).features, timing: hot.timing };
        let cache = &mut *hot.fast.cache;
        let follows = cache.overwrite(frame, offset, bytes, models);
        if follows {
            memory.frames.bytes_mut()[at as usize..][..bytes.len()].copy_from_slice(bytes);
            hot.fast.take_cache(cache);
        } else {
            memory.frames.store(frame, offset, bytes);
            drop_stale_code(hot, memory);
        }
        follows
    }
}

/// # Safety
/// As [`over_code`].
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
    // SAFETY: as for `over_code`.
    unsafe {
        let (cpu, hot, memory) = (&*c, &mut *h, &mut *(*(*h).fast.exec).memory);
        settle_page(&mut hot.fast);
        let dropped = i.offset_from(hot.fast.slots) as u32;
        hot.fast.dead = Some(dropped);
        let linear = hot.fast.code_base.wrapping_add(cpu.rip) & hot.fast.rip_mask;
        let elsewhere = linear / PAGE_BYTES != hot.fast.fetch_page;
        if elsewhere || hot.profile.is_some() || memory.frames.has_stale_code() {
            return None;
        }
        let frame = Frame(hot.fast.fetch_frame);
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
