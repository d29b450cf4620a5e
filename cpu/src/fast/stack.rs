//! PUSH, POP, LEAVE; how calls and returns reach the stack. All stack widths.

use super::dispatch::{Dispatch, Then, bail, next};
use super::operand::{
    BP, DST, HostAddress, Miss, SP, STACK_ANY, STACK_FLAT, STACK_LONG, found, get, get_or, immediate, missed,
    newest_read, newest_write, put, read, readable, readable_flat, register, span_read, span_written, stack_of, within,
    write,
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

/// The stack pointer so many bytes away, and where a push to it goes.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn below<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
) -> Result<(u64, HostAddress), Miss> {
    // SAFETY: the caller's.
    unsafe {
        let (pointer, linear) = place::<W, STACK, true>(h, (*register(c, SP)).wrapping_sub(W::BYTES))?;
        let at = newest_write::<W>(h, linear)?;
        Ok((pointer, at))
    }
}

/// Where the top of the stack can be read, and the stack pointer above it.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn top<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot) -> Result<(HostAddress, u64), Miss> {
    // SAFETY: the caller's.
    unsafe {
        let (pointer, linear) = place::<W, STACK, false>(h, *register(c, SP))?;
        let at = newest_read::<W>(h, linear)?;
        Ok((at, pointer.wrapping_add(W::BYTES)))
    }
}

/// A pointer into the stack, cut to the stack's width, and the linear address of an access there.
#[inline(always)]
unsafe fn place<W: Width, const STACK: u8, const WRITES: bool>(h: *mut Hot, pointer: u64) -> Result<(u64, u64), Miss> {
    // SAFETY: the caller's.
    unsafe {
        if STACK != STACK_ANY {
            let pointer = if STACK == STACK_FLAT { pointer & 0xFFFF_FFFF } else { pointer };
            return Ok((pointer, pointer));
        }
        let pointer = pointer & u64::from((*h).fast.stack_mask);
        Ok((pointer, within::<W, WRITES>(window(h), pointer).ok_or(Miss::ELSEWHERE)?))
    }
}

#[inline(always)]
unsafe fn push<W: Width, const STACK: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
    value: W,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let (pointer, at) = found!(below::<W, STACK>(c, h), missed::<true>(c, h, i, v));
        write(at, value);
        move_pointer::<STACK>(c, h, pointer);
        T::then(c, h, i, v)
    }
}

/// `push r`: ESP as it was.
pub(super) unsafe fn push_r<W: Width, const STACK: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, STACK, T>(c, h, i, v, get_or::<W, HELD, DST>(c, (*i).dst, v)) }
}

/// `push imm`.
pub(super) unsafe fn push_i<W: Width, const STACK: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { push::<W, STACK, T>(c, h, i, v, immediate::<W>(i)) }
}

/// `push m`.
pub(super) unsafe fn push_m<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let value = read::<W>(at);
        match stack_of(FORM) {
            STACK_LONG => push::<W, STACK_LONG, T>(c, h, i, v, value),
            STACK_FLAT => push::<W, STACK_FLAT, T>(c, h, i, v, value),
            _ => push::<W, STACK_ANY, T>(c, h, i, v, value),
        }
    }
}

/// `pop r`: ESP takes the value popped.
pub(super) unsafe fn pop_r<W: Width, const STACK: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (at, pointer) = found!(top::<W, STACK>(c, h), missed::<false>(c, h, i, v));
        let value = read::<W>(at);
        move_pointer::<STACK>(c, h, pointer);
        let v = put(c, (*i).dst, value);
        T::then(c, h, i, v)
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
        let Ok((frame, linear)) = place::<W, STACK, false>(h, *register(c, BP)) else { return bail(c, h, i) };
        let Some(at) = readable_flat::<W>(h, linear) else { return bail(c, h, i) };
        let value = read::<W>(at);
        move_pointer::<STACK>(c, h, frame.wrapping_add(W::BYTES));
        let v = put(c, BP, value);
        next(c, h, i, v)
    }
}

/// Several `push r` that follow each other, whose place is looked for once. Where that is not one page that is known, the
/// first is done alone.
pub(super) unsafe fn pushes<W: Width, const STACK: u8, const COUNT: usize, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(STACK != STACK_ANY, "the stack has no limit") }
    let bytes = W::BYTES * COUNT as u64;
    // SAFETY: a handler, see `super::Fast`; the slots of the sequence follow each other.
    unsafe {
        let pointer = (*register(c, SP)).wrapping_sub(bytes) & pointer_mask::<STACK>();
        let Ok(at) = span_written(h, pointer, bytes) else { return push_r::<W, STACK, 0, Dispatch>(c, h, i, v) };
        for number in 0..COUNT {
            let below = W::BYTES * (COUNT - 1 - number) as u64;
            write(at + below, get::<W>(c, (*i.add(number)).dst));
        }
        *register(c, SP) = pointer;
        T::then(c, h, i.add(COUNT - 1), v)
    }
}

/// As [`pushes`], of `pop r`. None is into the stack pointer.
pub(super) unsafe fn pops<W: Width, const STACK: u8, const COUNT: usize, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    mut v: u64,
) -> *const Insn {
    const { assert!(STACK != STACK_ANY, "the stack has no limit") }
    let bytes = W::BYTES * COUNT as u64;
    // SAFETY: as above.
    unsafe {
        let pointer = *register(c, SP) & pointer_mask::<STACK>();
        let Ok(at) = span_read(h, pointer, bytes) else { return pop_r::<W, STACK, Dispatch>(c, h, i, v) };
        for number in 0..COUNT {
            v = put(c, (*i.add(number)).dst, read::<W>(at + W::BYTES * number as u64));
        }
        *register(c, SP) = pointer.wrapping_add(bytes) & pointer_mask::<STACK>();
        T::then(c, h, i.add(COUNT - 1), v)
    }
}

/// What a stack pointer without a limit wraps at.
const fn pointer_mask<const STACK: u8>() -> u64 {
    if STACK == STACK_FLAT { 0xFFFF_FFFF } else { u64::MAX }
}
