//! Moves to and from memory that a device answers, such as the display's window, where no line changes; and beside code.

use ringwalk_mmu::{BusCx, Frame, LinAddr, PAGE_BYTES, PhysAddr, touches};

use super::dispatch::{bail, done, go_on, next, now};
use super::moves::Extend;
use super::operand::{Miss, get, immediate, put, refilled, register, renewed, write as write_memory};
use super::rewriting::over_code;
use crate::exec::Hot;
use crate::insn::{Insn, PLACE_IMMEDIATE};
use crate::state::CpuState;
use crate::width::Width;

/// A load that the HostTlb knows no memory for.
#[cold]
#[inline(never)]
pub(super) unsafe fn load<E: Extend, N: Width, W: Width>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
    miss: Miss,
) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        if miss.bytes == 0 {
            return bail(c, h, i);
        }
        let linear = LinAddr(miss.linear);
        let Some(at) = (*h).host_tlb.device_read(linear, N::BYTES, (*h).fast.key) else {
            let again = renewed::<false>(h, &miss) || refilled::<false>(c, h, &miss);
            return if again { go_on(c, h, i, v) } else { bail(c, h, i) };
        };
        let exec = (*h).fast.exec;
        let Some(value) = (*(*exec).bus).load_quickly(at, N::SIZE, (*exec).memory) else {
            return load_slowly::<E, N, W>(c, h, i, at);
        };
        let v = put(c, (*i).dst, E::apply::<N, W>(N::truncate(value)));
        next(c, h, i, v)
    }
}

/// As [`load`], where more than a value may come of it.
#[inline(never)]
unsafe fn load_slowly<E: Extend, N: Width, W: Width>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    at: PhysAddr,
) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let (value, changed) = read::<N>(h, i, at);
        let v = put(c, (*i).dst, E::apply::<N, W>(N::truncate(value)));
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// A store of a register or an immediate that the newest entry of its set does not know. Most often code lies in the page.
#[cold]
#[inline(never)]
pub(super) unsafe fn store<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64, miss: Miss) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        let Some(frame) = page_of_code::<W>(h, &miss) else { return store_elsewhere::<W>(c, h, i, miss) };
        let offset = miss.linear % PAGE_BYTES;
        let code = (*(*h).fast.exec).memory.frames.code_lines(frame);
        if touches(code, offset, W::BYTES) {
            return over_code::<W>(c, h, i, frame.start() as u64 + offset);
        }
        if code == 0 {
            // Without code the page has a quicker way.
            return store_elsewhere::<W>(c, h, i, miss);
        }
        write_memory::<W>((*h).host_tlb.address(frame).wrapping_add(offset), stored::<W>(c, i));
        let v = *register(c, (*i.add(1)).holds);
        next(c, h, i, v)
    }
}

/// The frame of an access, if the HostTlb knows that code may lie in it.
#[inline(always)]
unsafe fn page_of_code<W: Width>(h: *mut Hot, miss: &Miss) -> Option<Frame> {
    // SAFETY: a handler's.
    unsafe {
        if miss.bytes == 0 {
            return None;
        }
        (*h).host_tlb.write_beside_code(LinAddr(miss.linear), W::BYTES, (*h).fast.key)
    }
}

/// The value of a store of a register or an immediate.
///
/// # Safety
/// As [`super::Fast`].
#[inline(always)]
pub(super) unsafe fn stored<W: Width>(c: *mut CpuState, i: *const Insn) -> W {
    // SAFETY: the caller's.
    unsafe { if (*i).src == PLACE_IMMEDIATE { immediate(i) } else { get(c, (*i).src) } }
}

/// A store that the HostTlb knows no memory for.
#[inline(never)]
unsafe fn store_elsewhere<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, miss: Miss) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        if miss.bytes == 0 {
            return bail(c, h, i);
        }
        let linear = LinAddr(miss.linear);
        let value: W = stored(c, i);
        let Some(at) = (*h).host_tlb.device_write(linear, W::BYTES, (*h).fast.key) else {
            let again = renewed::<true>(h, &miss) || refilled::<true>(c, h, &miss);
            return if again { go_on(c, h, i, *register(c, (*i).holds)) } else { bail(c, h, i) };
        };
        let exec = (*h).fast.exec;
        let memory = &mut *(*exec).memory;
        let quick = !memory.frames.has_stale_code();
        if !quick || !(*(*exec).bus).store_quickly(at, W::SIZE, value.as_(), memory) {
            return store_slowly::<W>(c, h, i, at, value);
        }
        let v = *register(c, (*i.add(1)).holds);
        next(c, h, i, v)
    }
}

/// As [`store`], where something may come of it.
#[inline(never)]
unsafe fn store_slowly<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, at: PhysAddr, value: W) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        if write::<W>(h, i, at, value.as_()) {
            return done(c, h, i);
        }
        let v = *register(c, (*i.add(1)).holds);
        next(c, h, i, v)
    }
}

/// Reads; true beside the value if the processor must look at the bus.
#[inline(never)]
unsafe fn read<W: Width>(h: *mut Hot, i: *const Insn, at: PhysAddr) -> (u64, bool) {
    // SAFETY: the context is alive, and its bus and memory are not in use while the fast tier runs.
    unsafe {
        let exec = (*h).fast.exec;
        let mut cx = BusCx::new(now(h, i), &mut *(*exec).memory);
        let value = (*(*exec).bus).mmio_read(at, W::SIZE, &mut cx);
        (value, cx.changed)
    }
}

/// Writes; true if the processor must look at the bus, or code was written over.
#[inline(never)]
unsafe fn write<W: Width>(h: *mut Hot, i: *const Insn, at: PhysAddr, value: u64) -> bool {
    // SAFETY: as above.
    unsafe {
        let exec = (*h).fast.exec;
        let mut cx = BusCx::new(now(h, i), &mut *(*exec).memory);
        (*(*exec).bus).mmio_write(at, W::SIZE, value, &mut cx);
        let changed = cx.changed;
        changed || (*exec).memory.frames.has_stale_code()
    }
}
