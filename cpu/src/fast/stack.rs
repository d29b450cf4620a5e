//! PUSH, POP, LEAVE; how calls and returns reach the stack. Both stack widths.

use super::dispatch::{bail, next};
use super::operand::{
    BP, DST, FLAT_BASE, FLAT_INDEX, SP, get, get_or, immediate, put, read, readable, readable_at, readable_flat,
    register, writable_at, writable_flat, write,
};
use super::state::Window;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::segment::SegReg;
use crate::state::CpuState;
use crate::width::Width;

#[inline(always)]
unsafe fn window(h: *mut Hot) -> *const Window {
    // SAFETY: the caller's: `h` is valid.
    unsafe { &raw const (*h).fast.windows[SegReg::Ss as usize] }
}

/// Moves the stack pointer; with a 16-bit stack ESP[31:16] stays.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn move_pointer<const FLAT: bool>(c: *mut CpuState, h: *mut Hot, pointer: u32) {
    // SAFETY: the caller's.
    unsafe {
        if FLAT {
            *register(c, SP) = u64::from(pointer);
            return;
        }
        let mask = (*h).fast.stack_mask;
        let place = register(c, SP);
        *place = u64::from((*place as u32 & !mask) | (pointer & mask));
    }
}

/// The stack pointer so many bytes away, and where a push to it goes; `None` if that needs a closer look.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn below<W: Width, const FLAT: bool>(c: *mut CpuState, h: *mut Hot) -> Option<(u32, usize)> {
    // SAFETY: the caller's.
    unsafe {
        if FLAT {
            let pointer = (*register(c, SP) as u32).wrapping_sub(W::BYTES as u32);
            return Some((pointer, writable_flat::<W>(h, pointer)?));
        }
        let pointer = (*register(c, SP) as u32).wrapping_sub(W::BYTES as u32) & (*h).fast.stack_mask;
        Some((pointer, writable_at::<W>(h, window(h), pointer)?))
    }
}

/// Where the top of the stack can be read, and the stack pointer above it.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn top<W: Width, const FLAT: bool>(c: *mut CpuState, h: *mut Hot) -> Option<(usize, u32)> {
    // SAFETY: the caller's.
    unsafe {
        if FLAT {
            let pointer = *register(c, SP) as u32;
            return Some((readable_flat::<W>(h, pointer)?, pointer.wrapping_add(W::BYTES as u32)));
        }
        let pointer = *register(c, SP) as u32 & (*h).fast.stack_mask;
        Some((readable_at::<W>(h, window(h), pointer)?, pointer.wrapping_add(W::BYTES as u32)))
    }
}

#[inline(always)]
unsafe fn push<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
    value: W,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let Some((pointer, at)) = below::<W, FLAT>(c, h) else { return bail(c, h, i) };
        write(h, at, value);
        move_pointer::<FLAT>(c, h, pointer);
        next(c, h, i, v)
    }
}

/// `push r`: ESP as it was.
pub(super) unsafe fn push_r<W: Width, const FLAT: bool, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, FLAT>(c, h, i, v, get_or::<W, HELD, DST>(c, (*i).dst, v)) }
}

/// `push imm`.
pub(super) unsafe fn push_i<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, FLAT>(c, h, i, v, immediate::<W>(i)) }
}

/// `push m`.
pub(super) unsafe fn push_m<W: Width, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable::<W, FORM, HELD>(c, h, i, v) else { return bail(c, h, i) };
        match FORM {
            FLAT_BASE | FLAT_INDEX => push::<W, true>(c, h, i, v, read::<W>(h, at)),
            _ => push::<W, false>(c, h, i, v, read::<W>(h, at)),
        }
    }
}

/// `pop r`: ESP takes the value popped.
pub(super) unsafe fn pop_r<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some((at, pointer)) = top::<W, FLAT>(c, h) else { return bail(c, h, i) };
        let value = read::<W>(h, at);
        move_pointer::<FLAT>(c, h, pointer);
        let v = put(c, (*i).dst, value);
        next(c, h, i, v)
    }
}

/// LEAVE.
pub(super) unsafe fn leave<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let frame = get::<u32>(c, BP) & if FLAT { u32::MAX } else { (*h).fast.stack_mask };
        let place = if FLAT { readable_flat::<W>(h, frame) } else { readable_at::<W>(h, window(h), frame) };
        let Some(at) = place else { return bail(c, h, i) };
        let value = read::<W>(h, at);
        move_pointer::<FLAT>(c, h, frame.wrapping_add(W::BYTES as u32));
        let v = put(c, BP, value);
        next(c, h, i, v)
    }
}
