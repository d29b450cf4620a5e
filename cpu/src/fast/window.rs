//! Moves to and from memory that a device answers, such as the display's window, where no line changes; and beside code.

use ringwalk_mmu::{BusCx, LinAddr, PhysAddr};

use super::dispatch::{bail, done, go_on, next, now};
use super::moves::Extend;
use super::operand::{Miss, get, immediate, put, refilled, register, renewed};
use super::rewriting::{self, Stored, behind};
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
        if renewed::<false>(h, &miss) {
            return go_on(c, h, i, v);
        }
        if miss.bytes == 0 {
            return bail(c, h, i);
        }
        let linear = LinAddr(miss.linear);
        let Some(at) = (*h).host_tlb.device_read(linear, N::BYTES, (*h).fast.key) else {
            return if refilled::<false>(c, h, &miss) { go_on(c, h, i, v) } else { bail(c, h, i) };
        };
        let (value, changed) = read::<N>(h, i, at);
        let v = put(c, (*i).dst, E::apply::<N, W>(N::truncate(value)));
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// A store of a register or an immediate that the HostTlb knows no memory for.
#[cold]
#[inline(never)]
pub(super) unsafe fn store<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64, miss: Miss) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        if renewed::<true>(h, &miss) {
            return go_on(c, h, i, v);
        }
        if miss.bytes == 0 {
            return bail(c, h, i);
        }
        let linear = LinAddr(miss.linear);
        let value: W = if (*i).src == PLACE_IMMEDIATE { immediate(i) } else { get(c, (*i).src) };
        let stored = rewriting::store(h, linear, value);
        if stored != Stored::Not {
            return behind(c, h, i, stored);
        }
        let Some(at) = (*h).host_tlb.device_write(linear, W::BYTES, (*h).fast.key) else {
            return if refilled::<true>(c, h, &miss) { go_on(c, h, i, v) } else { bail(c, h, i) };
        };
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
