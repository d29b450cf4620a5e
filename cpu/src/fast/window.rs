//! Moves to and from memory that a device answers, such as the display's window, where no line changes; and beside code.

use ringwalk_mmu::{BusCx, LinAddr, PhysAddr};

use super::dispatch::{bail, done, next, now};
use super::moves::Extend;
use super::operand::{FLAT_BASE, LONG_BASE, get, immediate, long_linear, offset, put, register, window};
use crate::exec::Hot;
use crate::exec::memory::store_beside_code;
use crate::insn::{Insn, PLACE_IMMEDIATE};
use crate::state::CpuState;
use crate::width::Width;

/// A load that the HostTlb knows no memory for.
#[cold]
#[inline(never)]
pub(super) unsafe fn load<E: Extend, N: Width, W: Width, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        let Some(linear) = linear::<N, FORM>(c, h, i, false) else { return bail(c, h, i) };
        let Some(at) = (*h).host_tlb.device_read(linear, N::BYTES, (*h).fast.key) else { return bail(c, h, i) };
        let (value, changed) = read::<N>(h, i, at);
        let v = put(c, (*i).dst, E::apply::<N, W>(N::truncate(value)));
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// A store of a register or an immediate that the HostTlb knows no memory for.
#[cold]
#[inline(never)]
pub(super) unsafe fn store<W: Width, const FORM: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the end of a handler, see `super::Fast`.
    unsafe {
        let Some(linear) = linear::<W, FORM>(c, h, i, true) else { return bail(c, h, i) };
        let value: W = if (*i).src == PLACE_IMMEDIATE { immediate(i) } else { get(c, (*i).src) };
        if beside_code(h, linear, value) {
            let v = *register(c, (*i.add(1)).holds);
            return next(c, h, i, v);
        }
        let Some(at) = (*h).host_tlb.device_write(linear, W::BYTES, (*h).fast.key) else { return bail(c, h, i) };
        if write::<W>(h, i, at, value.as_()) {
            return done(c, h, i);
        }
        let v = *register(c, (*i.add(1)).holds);
        next(c, h, i, v)
    }
}

/// The operand's linear address, if its segment allows the access without a closer look.
unsafe fn linear<W: Width, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    writes: bool,
) -> Option<LinAddr> {
    // SAFETY: the caller's.
    unsafe {
        if FORM >= LONG_BASE {
            return long_linear::<FORM, 0>(c, h, i, 0).map(LinAddr);
        }
        let offset = offset::<FORM, 0>(c, i, 0);
        if FORM >= FLAT_BASE {
            return Some(LinAddr(offset));
        }
        let window = &*window(h, i);
        let end = if writes { window.write_end } else { window.read_end };
        (offset + W::BYTES <= end).then(|| LinAddr(window.base.wrapping_add(offset) & 0xFFFF_FFFF))
    }
}

/// Writes to a page that code lies in too, if none of it is hit.
#[inline(never)]
unsafe fn beside_code<W: Width>(h: *mut Hot, linear: LinAddr, value: W) -> bool {
    // SAFETY: the context is alive, and its memory is not in use while the fast tier runs.
    unsafe {
        let memory = &mut *(*(*h).fast.exec).memory;
        store_beside_code(&(*h).host_tlb, memory, linear, value, (*h).fast.key)
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
