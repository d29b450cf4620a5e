//! What instructions on MMX and XMM registers share: when they may run, and how they reach operands.
//! SDM Vol.2A 2.4 "AVX and SSE Instruction Exception Classification", Vol.3B 23.25 "Exception Conditions of Legacy
//! SIMD Instructions Operating on MMX Registers", Vol.3A 12 "Intel MMX Technology System Programming".

use super::memory::Alignment;
use super::xsave::{AVX, SSE};
use super::{Exec, x87};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::site::Site;
use crate::state::{CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_OSXSAVE};
use crate::value::packed::Packed;
use crate::vector::{MXCSR_FLAGS, MXCSR_MASK_SHIFT};
use crate::width::Width;

impl Exec<'_> {
    /// #UD unless XMM registers are switched on, #NM after a task switch.
    #[inline]
    pub fn require_xmm(&self) -> Step {
        let usable = self.cpu.cr0 & (CR0_EM | CR0_TS) == 0 && self.cpu.cr4 & CR4_OSFXSR != 0;
        if usable { Ok(()) } else { self.xmm_refused() }
    }

    #[cold]
    fn xmm_refused(&self) -> Step {
        let defined = self.cpu.cr0 & CR0_EM == 0 && self.cpu.cr4 & CR4_OSFXSR != 0;
        self.require(defined, Site::UndefinedVector, 0)?;
        self.require(self.cpu.cr0 & CR0_TS == 0, Site::DeviceNotAvailable, 0)
    }

    /// #UD unless CR4.OSXSAVE and XCR0 switch YMM registers on, and in real and virtual-8086 mode; #NM after a task
    /// switch. SDM Vol.1 14.3 "Detection of Intel AVX Instructions", Vol.2A 2.4 "AVX and SSE Instruction Exception
    /// Classification".
    #[inline]
    pub fn require_vex(&self) -> Step {
        const STATE: u64 = SSE | AVX;
        self.require_protected()?;
        let enabled = self.cpu.cr4 & CR4_OSXSAVE != 0 && self.cpu.xcr0 & STATE == STATE;
        self.require(enabled, Site::VexDisabled, 0)?;
        self.require(self.cpu.cr0 & CR0_TS == 0, Site::DeviceNotAvailable, 0)
    }

    /// #UD while CR0.EM is set, #NM after a task switch, #MF for a pending error of the x87 unit.
    #[inline]
    pub fn require_mmx(&self) -> Step {
        self.require(self.cpu.cr0 & CR0_EM == 0, Site::UndefinedVector, 0)?;
        self.require(self.cpu.cr0 & CR0_TS == 0, Site::DeviceNotAvailable, 0)?;
        x87::require_no_error(self)
    }

    /// For instructions on registers of both kinds.
    #[inline]
    pub fn require_mmx_and_xmm(&self) -> Step {
        self.require_xmm()?;
        self.require_mmx()
    }

    /// The 128-bit source: an XMM register, or memory on 16 bytes.
    #[inline]
    pub fn xmm_source(&mut self, i: &Insn) -> Result<u128, Exception> {
        if i.is_memory() { self.load_128(i, Alignment::Required) } else { Ok(self.cpu.vector.xmm(i.src)) }
    }

    /// A source of the low 8, 16, 32 or 64 bits of an XMM register, or of so many in memory.
    #[inline]
    pub fn xmm_source_low<W: Width>(&mut self, i: &Insn) -> Result<W, Exception> {
        if i.is_memory() {
            self.load(i.segment(), self.effective_address(i))
        } else {
            Ok(W::truncate(self.cpu.vector.low(i.src)))
        }
    }

    /// Writes the low lane of a destination XMM register; the rest stays.
    #[inline]
    pub fn set_xmm_low<W: Width>(&mut self, number: u8, value: W) {
        let kept = if W::BITS == 64 { 0 } else { self.cpu.vector.low(number) & u64::MAX << W::BITS };
        self.cpu.vector.set_low(number, kept | value.as_());
    }

    /// Ends the arithmetic of a SIMD floating-point instruction that raised these exceptions, flags of MXCSR: notes
    /// them, and faults if one is unmasked. The caller writes its result only behind this. SDM Vol.1 11.5.2 "SIMD
    /// Floating-Point Exception Conditions", 11.5.4 "Handling SIMD Floating-Point Exceptions in Software".
    #[inline]
    pub fn raise_simd(&mut self, raised: u32) -> Step {
        let vector = &mut self.cpu.vector;
        vector.mxcsr |= raised & MXCSR_FLAGS;
        let masks = vector.mxcsr >> MXCSR_MASK_SHIFT;
        if raised & MXCSR_FLAGS & !masks == 0 { Ok(()) } else { Err(self.simd_error()) }
    }

    #[cold]
    fn simd_error(&self) -> Exception {
        let handled = self.cpu.cr4 & CR4_OSXMMEXCPT != 0;
        self.fault(if handled { Site::SimdError } else { Site::UndefinedSimdError }, 0)
    }
}

/// A kind of registers and of encodings that one operation is written for: MMX registers, XMM registers, and those of VEX
/// with 128 or 256 bits.
pub trait Registers {
    /// What an operation works on: a 256-bit instruction does the same in either half.
    type Value: Packed;
    /// A register's contents: one or two values.
    type Whole: Copy + AsRef<[Self::Value]> + AsMut<[Self::Value]>;
    /// Encoded by VEX.
    const VEX: bool;

    /// Whether such instructions may run.
    fn require(cx: &Exec<'_>) -> Step;
    /// A register.
    fn get(cx: &Exec<'_>, number: u8) -> Self::Whole;
    /// Writes a register.
    fn set(cx: &mut Exec<'_>, number: u8, value: Self::Whole);
    /// The memory operand as wide as a register.
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Self::Whole, Exception>;
    /// Called behind the last fault, and before a register is read or written.
    fn begin(cx: &mut Exec<'_>);

    /// The register that VEX.vvvv names; without VEX the destination takes its place.
    #[inline(always)]
    fn first(cx: &Exec<'_>, i: &Insn) -> Self::Whole {
        Self::get(cx, if Self::VEX { i.vvvv() } else { i.dst })
    }

    /// The second operand: a register, or memory.
    #[inline(always)]
    fn source(cx: &mut Exec<'_>, i: &Insn) -> Result<Self::Whole, Exception> {
        if i.is_memory() { Self::load(cx, i) } else { Ok(Self::get(cx, i.src)) }
    }

    /// The lowest value of a register.
    #[inline(always)]
    fn low(cx: &Exec<'_>, number: u8) -> Self::Value {
        Self::get(cx, number).as_ref()[0]
    }

    /// A register with a value, and zeros above.
    fn whole(value: Self::Value) -> Self::Whole;
}

/// XMM registers in any encoding, and YMM registers.
pub trait Vectors: Registers<Value = u128> {
    /// The memory operand as wide as a register.
    fn load_at(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment) -> Result<Self::Whole, Exception>;
    /// Writes the memory operand.
    fn store_at(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment, value: Self::Whole) -> Step;

    /// Writes the destination: the first operand with another lowest lane.
    #[inline(always)]
    fn set_scalar<W: Width>(cx: &mut Exec<'_>, i: &Insn, value: W) {
        let mut whole = Self::first(cx, i);
        let low = &mut whole.as_mut()[0];
        *low = low.with_lane(0, value);
        Self::set(cx, i.dst, whole);
    }
}

/// MM0 to MM7: the significands of R0 to R7.
pub struct Mmx;

impl Registers for Mmx {
    type Value = u64;
    type Whole = [u64; 1];
    const VEX: bool = false;

    #[inline(always)]
    fn require(cx: &Exec<'_>) -> Step {
        cx.require_mmx()
    }

    #[inline(always)]
    fn get(cx: &Exec<'_>, number: u8) -> [u64; 1] {
        [cx.cpu.fpu.mmx(number)]
    }

    #[inline(always)]
    fn set(cx: &mut Exec<'_>, number: u8, [value]: [u64; 1]) {
        cx.cpu.fpu.set_mmx(number, value);
    }

    #[inline(always)]
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<[u64; 1], Exception> {
        Ok([cx.load(i.segment(), cx.effective_address(i))?])
    }

    #[inline(always)]
    fn begin(cx: &mut Exec<'_>) {
        cx.cpu.fpu.enter_mmx();
    }

    #[inline(always)]
    fn whole(value: u64) -> [u64; 1] {
        [value]
    }
}

/// A kind of vector registers: `vectors!(Xmm, 1, false, require_xmm, Alignment::Required, xmm_whole, set_xmm_whole,
/// load_128_whole, store_128_whole)` says how they are reached.
macro_rules! vectors {
    ($kind:ident, $values:literal, $vex:literal, $require:ident, $alignment:expr, $get:ident, $set:ident, $load:ident, $store:ident) => {
        impl Registers for $kind {
            type Value = u128;
            type Whole = [u128; $values];
            const VEX: bool = $vex;

            #[inline(always)]
            fn require(cx: &Exec<'_>) -> Step {
                cx.$require()
            }

            #[inline(always)]
            fn get(cx: &Exec<'_>, number: u8) -> Self::Whole {
                cx.cpu.vector.$get(number)
            }

            #[inline(always)]
            fn set(cx: &mut Exec<'_>, number: u8, value: Self::Whole) {
                cx.cpu.vector.$set(number, value);
            }

            #[inline(always)]
            fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Self::Whole, Exception> {
                cx.$load(i, $alignment)
            }

            #[inline(always)]
            fn begin(_: &mut Exec<'_>) {}

            #[inline(always)]
            fn whole(value: u128) -> Self::Whole {
                let mut whole = [0; $values];
                whole[0] = value;
                whole
            }
        }

        impl Vectors for $kind {
            #[inline(always)]
            fn load_at(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment) -> Result<Self::Whole, Exception> {
                cx.$load(i, alignment)
            }

            #[inline(always)]
            fn store_at(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment, value: Self::Whole) -> Step {
                cx.$store(i, alignment, value)
            }
        }
    };
}

/// XMM0 to XMM15 in instructions without VEX: the rest of the YMM register stays.
pub struct Xmm;
/// XMM0 to XMM15 in instructions with VEX: the rest of the YMM register is cleared.
pub struct Vex128;
/// YMM0 to YMM15.
pub struct Vex256;

vectors!(Xmm, 1, false, require_xmm, Alignment::Required, xmm_part, set_xmm_part, load_16, store_16);
vectors!(Vex128, 1, true, require_vex, Alignment::Free, xmm_part, set_vex_128, load_16, store_16);
vectors!(Vex256, 2, true, require_vex, Alignment::Free, ymm, set_ymm, load_32, store_32);

/// Each value of one and its counterpart of the other, with its number.
#[inline(always)]
pub(super) fn combine<R: Registers>(
    mut a: R::Whole,
    b: R::Whole,
    mut act: impl FnMut(usize, R::Value, R::Value) -> R::Value,
) -> R::Whole {
    for (number, (first, second)) in a.as_mut().iter_mut().zip(b.as_ref()).enumerate() {
        *first = act(number, *first, *second);
    }
    a
}

/// An instruction that makes its destination of both operands; the action knows which value it makes.
#[inline(always)]
pub(super) fn numbered<R: Registers>(
    cx: &mut Exec<'_>,
    i: &Insn,
    act: impl Fn(usize, R::Value, R::Value) -> R::Value,
) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    R::begin(cx);
    let result = combine::<R>(R::first(cx, i), source, act);
    R::set(cx, i.dst, result);
    Ok(())
}

/// An instruction that makes its destination of both operands.
#[inline(always)]
pub(super) fn binary<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value, R::Value) -> R::Value) -> Step {
    numbered::<R>(cx, i, |_, a, b| act(a, b))
}

/// An instruction that makes its destination of the source alone.
#[inline(always)]
pub(super) fn unary<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value) -> R::Value) -> Step {
    numbered::<R>(cx, i, |_, _, source| act(source))
}
