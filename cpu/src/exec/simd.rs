//! What instructions on MMX and XMM registers share: when they may run, and how they reach operands.
//! SDM Vol.2A 2.4 "AVX and SSE Instruction Exception Classification", Vol.3B 23.25 "Exception Conditions of Legacy
//! SIMD Instructions Operating on MMX Registers", Vol.3A 12 "Intel MMX Technology System Programming".

use super::memory::Alignment;
use super::{Exec, x87};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::site::Site;
use crate::state::{CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT};
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

/// One of the two kinds of registers that packed integers live in.
pub trait Registers {
    /// A register's contents.
    type Value: Packed;

    /// Whether such instructions may run.
    fn require(cx: &Exec<'_>) -> Step;
    /// A register.
    fn get(cx: &Exec<'_>, number: u8) -> Self::Value;
    /// Writes a register.
    fn set(cx: &mut Exec<'_>, number: u8, value: Self::Value);
    /// The memory operand as wide as a register.
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<Self::Value, Exception>;
    /// Called behind the last fault, and before a register is read or written.
    fn begin(cx: &mut Exec<'_>);

    /// The second operand: a register, or memory.
    #[inline(always)]
    fn source(cx: &mut Exec<'_>, i: &Insn) -> Result<Self::Value, Exception> {
        if i.is_memory() { Self::load(cx, i) } else { Ok(Self::get(cx, i.src)) }
    }
}

/// MM0 to MM7: the significands of R0 to R7.
pub struct Mmx;

impl Registers for Mmx {
    type Value = u64;

    #[inline(always)]
    fn require(cx: &Exec<'_>) -> Step {
        cx.require_mmx()
    }

    #[inline(always)]
    fn get(cx: &Exec<'_>, number: u8) -> u64 {
        cx.cpu.fpu.mmx(number)
    }

    #[inline(always)]
    fn set(cx: &mut Exec<'_>, number: u8, value: u64) {
        cx.cpu.fpu.set_mmx(number, value);
    }

    #[inline(always)]
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<u64, Exception> {
        cx.load(i.segment(), cx.effective_address(i))
    }

    #[inline(always)]
    fn begin(cx: &mut Exec<'_>) {
        cx.cpu.fpu.enter_mmx();
    }
}

/// XMM0 to XMM15.
pub struct Xmm;

impl Registers for Xmm {
    type Value = u128;

    #[inline(always)]
    fn require(cx: &Exec<'_>) -> Step {
        cx.require_xmm()
    }

    #[inline(always)]
    fn get(cx: &Exec<'_>, number: u8) -> u128 {
        cx.cpu.vector.xmm(number)
    }

    #[inline(always)]
    fn set(cx: &mut Exec<'_>, number: u8, value: u128) {
        cx.cpu.vector.set_xmm(number, value);
    }

    #[inline(always)]
    fn load(cx: &mut Exec<'_>, i: &Insn) -> Result<u128, Exception> {
        cx.load_128(i, Alignment::Required)
    }

    #[inline(always)]
    fn begin(_: &mut Exec<'_>) {}
}

/// An instruction that makes its destination of both operands.
#[inline(always)]
pub(super) fn binary<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value, R::Value) -> R::Value) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    R::begin(cx);
    let result = act(R::get(cx, i.dst), source);
    R::set(cx, i.dst, result);
    Ok(())
}

/// An instruction that makes its destination of the source alone.
#[inline(always)]
pub(super) fn unary<R: Registers>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(R::Value) -> R::Value) -> Step {
    binary::<R>(cx, i, |_, source| act(source))
}
