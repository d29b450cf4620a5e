//! Single bits and bit scans: BT and its kin with an immediate, or of registers; BSF, BSR, TZCNT, LZCNT.

use super::dispatch::Then;
use super::flags::{Kind, Lazy};
use super::operand::{DST, SRC, found, get_or, missed, put, read, readable, register, writable, write};
use super::shift::make_ready;
use crate::exec::Hot;
use crate::flags::{AF, ARITHMETIC, CF, OF, PF, SF, ZF};
use crate::insn::Insn;
use crate::state::CpuState;
use crate::value;
use crate::width::Width;

/// What becomes of the operand. CF tells what the bit was; the other flags stay.
pub(super) trait Bit {
    /// The operand changes.
    const WRITES: bool = true;
    /// The operand with the bits of the mask changed.
    fn change<W: Width>(a: W, mask: W) -> W;
}

/// `bit!(Bts, true, a, mask => a | mask)`.
macro_rules! bit {
    ($name:ident, $writes:literal, $a:ident, $mask:ident => $result:expr) => {
        #[doc = concat!(stringify!($name), ".")]
        pub(super) struct $name;
        impl Bit for $name {
            const WRITES: bool = $writes;
            #[inline(always)]
            fn change<W: Width>($a: W, $mask: W) -> W {
                $result
            }
        }
    };
}
bit!(Bt, false, a, _mask => a);
bit!(Bts, true, a, mask => a | mask);
bit!(Btr, true, a, mask => a & !mask);
bit!(Btc, true, a, mask => a ^ mask);

/// Notes the bit, and gives the operand as it becomes.
#[inline(always)]
fn pick<O: Bit, W: Width>(cpu: &mut CpuState, lazy: &mut Lazy, a: W, number: u64) -> W {
    let mask = W::one() << (number as usize & (W::BITS as usize - 1));
    lazy.set_carry(&mut cpu.flags, a & mask != W::zero());
    O::change(a, mask)
}

/// `op r, r`.
pub(super) unsafe fn rr<O: Bit, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (a, number) = (get_or::<W, HELD, DST>(c, (*i).dst, v), get_or::<W, HELD, SRC>(c, (*i).src, v));
        let result = pick::<O, W>(&mut *c, &mut (*h).fast.lazy, a, number.as_());
        let v = if O::WRITES { put(c, (*i).dst, result) } else { v };
        T::then(c, h, i, v)
    }
}

/// `op r, imm`.
pub(super) unsafe fn ri<O: Bit, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let a = get_or::<W, HELD, DST>(c, (*i).dst, v);
        let result = pick::<O, W>(&mut *c, &mut (*h).fast.lazy, a, (*i).imm as u64);
        let v = if O::WRITES { put(c, (*i).dst, result) } else { v };
        T::then(c, h, i, v)
    }
}

/// `op m, imm`.
pub(super) unsafe fn mi<O: Bit, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = if O::WRITES {
            found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v))
        } else {
            found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v))
        };
        let result = pick::<O, W>(&mut *c, &mut (*h).fast.lazy, read::<W>(at), (*i).imm as u64);
        if O::WRITES {
            write(at, result);
        }
        T::then(c, h, i, v)
    }
}

/// A search for a bit.
pub(super) trait Scan {
    /// It keeps OF, which must be in EFLAGS.
    const KEEPS: bool = false;
    /// What the destination takes, if anything, and the flags in [`Scan::SETS`].
    fn find<W: Width>(source: W) -> (Option<W>, u32);
    /// The flags that it sets.
    const SETS: u32 = ARITHMETIC;
}

/// BSF.
pub(super) struct Bsf;
/// BSR.
pub(super) struct Bsr;
/// TZCNT.
pub(super) struct Tzcnt;
/// LZCNT.
pub(super) struct Lzcnt;

impl Scan for Bsf {
    #[inline(always)]
    fn find<W: Width>(source: W) -> (Option<W>, u32) {
        value::bsf(source)
    }
}

impl Scan for Bsr {
    #[inline(always)]
    fn find<W: Width>(source: W) -> (Option<W>, u32) {
        value::bsr(source)
    }
}

impl Scan for Tzcnt {
    const KEEPS: bool = true;
    const SETS: u32 = ARITHMETIC & !OF;
    #[inline(always)]
    fn find<W: Width>(source: W) -> (Option<W>, u32) {
        value::tzcnt(source)
    }
}

impl Scan for Lzcnt {
    const KEEPS: bool = true;
    const SETS: u32 = ARITHMETIC & !OF;
    #[inline(always)]
    fn find<W: Width>(source: W) -> (Option<W>, u32) {
        value::lzcnt(source)
    }
}

const _: () = assert!(ARITHMETIC & !OF == CF | PF | AF | ZF | SF);

/// `op r, r`.
pub(super) unsafe fn scan_rr<O: Scan, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if O::KEEPS && !matches!((*h).fast.lazy.kind, Kind::Full | Kind::Explicit) {
            return make_ready(c, h, i, v);
        }
        let source = get_or::<W, HELD, SRC>(c, (*i).src, v);
        take::<O, W, T>(c, h, i, source)
    }
}

/// `op r, m`.
pub(super) unsafe fn scan_rm<O: Scan, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if O::KEEPS && !matches!((*h).fast.lazy.kind, Kind::Full | Kind::Explicit) {
            return make_ready(c, h, i, v);
        }
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let source = read::<W>(at);
        take::<O, W, T>(c, h, i, source)
    }
}

#[inline(always)]
unsafe fn take<O: Scan, W: Width, T: Then>(c: *mut CpuState, h: *mut Hot, i: *const Insn, source: W) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let (found, flags) = O::find(source);
        let v = match found {
            Some(number) => put(c, (*i).dst, number),
            None => *register(c, (*i).dst),
        };
        let cpu = &mut *c;
        cpu.flags.replace(O::SETS, flags);
        // No scan sets both ZF and SF.
        (*h).fast.lazy.load(cpu.flags);
        T::then(c, h, i, v)
    }
}
