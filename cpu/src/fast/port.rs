//! Port input and output with nothing in the way: no bit map, no breakpoint, no change of a line.

use ringwalk_mmu::{BusCx, Port};

use super::dispatch::{bail, done, next, now};
use super::operand::{immediate, put, register};
use crate::exec::Hot;
use crate::flags::VM;
use crate::insn::{Insn, PLACE_IMMEDIATE};
use crate::state::CpuState;
use crate::width::Width;

/// Register number of DX.
const DX: u8 = 2;

/// `in acc, imm8`; `in acc, dx`.
pub(super) unsafe fn input<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !is_free(&*c, &*h) {
            return bail(c, h, i);
        }
        let port = port_of(c, i, (*i).src);
        let (value, changed) = read::<W>(h, i, port);
        let v = put(c, 0, W::truncate(value.into()));
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// `out imm8, acc`; `out dx, acc`.
pub(super) unsafe fn output<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !is_free(&*c, &*h) {
            return bail(c, h, i);
        }
        let port = port_of(c, i, (*i).dst);
        let value: W = W::truncate(*register(c, 0));
        // Ports are at most 32 bits wide.
        if write::<W>(h, i, port, value.as_() as u32) { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// No rule but I/O privilege by IOPL decides, and that allows it.
#[inline(always)]
fn is_free(cpu: &CpuState, hot: &Hot) -> bool {
    let privileged = !cpu.protected() || (cpu.cpl <= cpu.flags.iopl() && !cpu.flags.has(VM));
    privileged && !hot.guarded && hot.events.is_none()
}

#[inline(always)]
unsafe fn port_of(c: *mut CpuState, i: *const Insn, place: u8) -> Port {
    // SAFETY: the caller's.
    unsafe { Port(if place == PLACE_IMMEDIATE { immediate::<u16>(i) } else { *register(c, DX) as u16 }) }
}

/// Reads a port; true beside the value if the processor must look at the bus.
#[inline(never)]
unsafe fn read<W: Width>(h: *mut Hot, i: *const Insn, port: Port) -> (u32, bool) {
    // SAFETY: the context is alive, and its bus and memory are not in use while the fast tier runs.
    unsafe {
        let exec = (*h).fast.exec;
        let mut cx = BusCx::new(now(h, i), &mut *(*exec).memory);
        let value = (*(*exec).bus).port_read(port, W::SIZE, &mut cx);
        (value, cx.changed)
    }
}

/// Writes a port; true if the processor must look at the bus.
#[inline(never)]
unsafe fn write<W: Width>(h: *mut Hot, i: *const Insn, port: Port, value: u32) -> bool {
    // SAFETY: as above.
    unsafe {
        let exec = (*h).fast.exec;
        let mut cx = BusCx::new(now(h, i), &mut *(*exec).memory);
        (*(*exec).bus).port_write(port, W::SIZE, value, &mut cx);
        cx.changed
    }
}
