//! Port input and output with nothing in the way: no bit map, no breakpoint, no change of a line.

use ringwalk_mmu::{BusCx, Port};

use super::Fast;
use super::dispatch::{bail, done, next, now};
use super::operand::{immediate, put, register};
use crate::exec::Hot;
use crate::flags::VM;
use crate::insn::Insn;
use crate::isa::OperandSize;
use crate::state::CpuState;
use crate::width::Width;

/// Register number of DX.
const DX: u8 = 2;

/// The port is in DX.
pub(super) const IN_DX: u8 = 0;
/// The port is an immediate.
pub(super) const IN_CODE: u8 = 1;

/// The handler of an IN.
pub(super) fn input_handler<const AT: u8>(i: &Insn, is_byte: bool) -> Fast {
    match i.operand_size() {
        _ if is_byte => input::<u8, AT>,
        OperandSize::Bits16 => input::<u16, AT>,
        _ => input::<u32, AT>,
    }
}

/// The handler of an OUT.
pub(super) fn output_handler<const AT: u8>(i: &Insn, is_byte: bool) -> Fast {
    match i.operand_size() {
        _ if is_byte => output::<u8, AT>,
        OperandSize::Bits16 => output::<u16, AT>,
        _ => output::<u32, AT>,
    }
}

/// `in acc, imm8`; `in acc, dx`. Marked as a way aside: unlike other handlers it calls, as [`output`] does.
#[inline(never)]
unsafe fn input<W: Width, const AT: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !is_free(&*c, &*h) {
            return bail(c, h, i);
        }
        if W::BITS == 8 {
            let exec = (*h).fast.exec;
            if let Some(value) = (*(*exec).bus).read_quickly(port_of::<AT>(c, i), now(h, i)) {
                let v = put(c, 0, W::truncate(value.into()));
                return next(c, h, i, v);
            }
        }
        input_slowly::<W, AT>(c, h, i, v)
    }
}

/// As [`input`], where more than a value may come of it.
#[inline(never)]
unsafe fn input_slowly<W: Width, const AT: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let (value, changed) = read::<W>(h, i, port_of::<AT>(c, i));
        let v = put(c, 0, W::truncate(value.into()));
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// `out imm8, acc`; `out dx, acc`.
#[inline(never)]
unsafe fn output<W: Width, const AT: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !is_free(&*c, &*h) {
            return bail(c, h, i);
        }
        if W::BITS == 8 {
            let exec = (*h).fast.exec;
            // The lowest byte.
            let value = *register(c, 0) as u8;
            if (*(*exec).bus).write_quickly(port_of::<AT>(c, i), value, now(h, i)) {
                return next(c, h, i, v);
            }
        }
        output_slowly::<W, AT>(c, h, i, v)
    }
}

/// As [`output`], where something may come of it.
#[inline(never)]
unsafe fn output_slowly<W: Width, const AT: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let value: W = W::truncate(*register(c, 0));
        // Ports are at most 32 bits wide.
        let changed = write::<W>(h, i, port_of::<AT>(c, i), value.as_() as u32);
        if changed { done(c, h, i) } else { next(c, h, i, v) }
    }
}

/// No rule but I/O privilege by IOPL decides, and that allows it: at CPL 0 it always does, but in virtual-8086 mode.
#[inline(always)]
fn is_free(cpu: &CpuState, hot: &Hot) -> bool {
    let privileged = if cpu.cpl == 0 { !cpu.flags.has(VM) || !cpu.protected() } else { is_privileged(cpu) };
    privileged && !hot.guarded && hot.events.is_none()
}

#[cold]
fn is_privileged(cpu: &CpuState) -> bool {
    !cpu.protected() || (cpu.cpl <= cpu.flags.iopl() && !cpu.flags.has(VM))
}

#[inline(always)]
unsafe fn port_of<const AT: u8>(c: *mut CpuState, i: *const Insn) -> Port {
    // SAFETY: the caller's.
    unsafe { Port(if AT == IN_CODE { immediate::<u16>(i) } else { *register(c, DX) as u16 }) }
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
