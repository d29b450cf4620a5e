//! PUSH, POP, LEAVE; how calls and returns reach the stack. All stack widths.

use super::dispatch::{bail, next};
use super::operand::{
    BP, DST, SP, STACK_ANY, STACK_FLAT, STACK_LONG, get_or, immediate, is_canonical, put, read, readable, readable_at,
    readable_flat, register, stack_of, writable_at, writable_flat, write,
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

/// The linear address of a pointer into a stack without base and limit; `None` if it is not canonical.
#[inline(always)]
fn linear<const STACK: u8>(pointer: u64) -> Option<u64> {
    if STACK == STACK_FLAT { Some(pointer & 0xFFFF_FFFF) } else { is_canonical(pointer).then_some(pointer) }
}

/// Moves the stack pointer; with a 16-bit stack ESP[31:16] stays.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn move_pointer<const STACK: u8>(c: *mut CpuState, h: *mut Hot, pointer: u64) {
    // SAFETY: the caller's.
    unsafe {
        if STACK != STACK_ANY {
            *register(c, SP) = if STACK == STACK_FLAT { pointer & 0xFFFF_FFFF } else { pointer };
            return;
        }
        let mask = u64::from((*h).fast.stack_mask);
        let place = register(c, SP);
        let kept = if mask == 0xFFFF { *place & !mask } else { 0 };
        *place = kept | (pointer & mask);
    }
}

/// The stack pointer so many bytes away, and where a push to it goes; `None` if that needs a closer look.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn below<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot) -> Option<(u64, usize)> {
    // SAFETY: the caller's.
    unsafe {
        let pointer = (*register(c, SP)).wrapping_sub(W::BYTES);
        if STACK != STACK_ANY {
            let pointer = linear::<STACK>(pointer)?;
            return Some((pointer, writable_flat::<W>(h, pointer)?));
        }
        let pointer = pointer & u64::from((*h).fast.stack_mask);
        Some((pointer, writable_at::<W>(h, window(h), pointer)?))
    }
}

/// Where the top of the stack can be read, and the stack pointer above it.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn top<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot) -> Option<(usize, u64)> {
    // SAFETY: the caller's.
    unsafe {
        let pointer = *register(c, SP);
        if STACK != STACK_ANY {
            let pointer = linear::<STACK>(pointer)?;
            return Some((readable_flat::<W>(h, pointer)?, pointer.wrapping_add(W::BYTES)));
        }
        let pointer = pointer & u64::from((*h).fast.stack_mask);
        Some((readable_at::<W>(h, window(h), pointer)?, pointer.wrapping_add(W::BYTES)))
    }
}

#[inline(always)]
unsafe fn push<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
    value: W,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let Some((pointer, at)) = below::<W, STACK>(c, h) else { return bail(c, h, i) };
        write(h, at, value);
        move_pointer::<STACK>(c, h, pointer);
        next(c, h, i, v)
    }
}

/// `push r`: ESP as it was.
pub(super) unsafe fn push_r<W: Width, const STACK: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, STACK>(c, h, i, v, get_or::<W, HELD, DST>(c, (*i).dst, v)) }
}

/// `push imm`.
pub(super) unsafe fn push_i<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, STACK>(c, h, i, v, immediate::<W>(i)) }
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
        let value = read::<W>(h, at);
        match stack_of(FORM) {
            STACK_LONG => push::<W, STACK_LONG>(c, h, i, v, value),
            STACK_FLAT => push::<W, STACK_FLAT>(c, h, i, v, value),
            _ => push::<W, STACK_ANY>(c, h, i, v, value),
        }
    }
}

/// `pop r`: ESP takes the value popped.
pub(super) unsafe fn pop_r<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some((at, pointer)) = top::<W, STACK>(c, h) else { return bail(c, h, i) };
        let value = read::<W>(h, at);
        move_pointer::<STACK>(c, h, pointer);
        let v = put(c, (*i).dst, value);
        next(c, h, i, v)
    }
}

/// The frame pointer, and where what it points to can be read.
#[inline(always)]
unsafe fn frame<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot) -> Option<(u64, usize)> {
    // SAFETY: a handler's.
    unsafe {
        if STACK != STACK_ANY {
            let frame = linear::<STACK>(*register(c, BP))?;
            return Some((frame, readable_flat::<W>(h, frame)?));
        }
        let frame = *register(c, BP) & u64::from((*h).fast.stack_mask);
        Some((frame, readable_at::<W>(h, window(h), frame)?))
    }
}

/// LEAVE.
pub(super) unsafe fn leave<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some((frame, at)) = frame::<W, STACK>(c, h) else { return bail(c, h, i) };
        let value = read::<W>(h, at);
        move_pointer::<STACK>(c, h, frame.wrapping_add(W::BYTES));
        let v = put(c, BP, value);
        next(c, h, i, v)
    }
}
