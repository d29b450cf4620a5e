//! The stack: the pointer in its two widths, and the instructions that move it.
//! SDM Vol.1 6.2 "Stacks"; Vol.2 "PUSH", "POP", "PUSHA", "POPA", "ENTER", "LEAVE", "PUSHF", "POPF".

use ringwalk_mmu::Access;

use super::Exec;
use crate::exception::{Exception, Step};
use crate::flags::{AC, ARITHMETIC, DF, ID, IF, IOPL, NT, RF, TF, VIF, VIP, VM};
use crate::insn::{Insn, PLACE_MEMORY};
use crate::segment::SegReg;
use crate::site::Site;
use crate::state::{CR4_VME, Mode};
use crate::width::Width;

/// Register numbers of ESP and EBP.
const SP: u8 = 4;
const BP: u8 = 5;

/// The width of the stack pointer. SDM Vol.1 6.2.3 "Address-Size Attributes for Stack".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackSize {
    /// SP.
    Bits16,
    /// ESP.
    Bits32,
    /// RSP.
    Bits64,
}

impl Exec<'_> {
    /// RSP in 64-bit code, otherwise SP or ESP by SS.B.
    #[inline]
    pub fn stack_size(&self) -> StackSize {
        if self.cpu.code_is_64() {
            StackSize::Bits64
        } else if self.cpu.seg(SegReg::Ss).is_big() {
            StackSize::Bits32
        } else {
            StackSize::Bits16
        }
    }

    /// SP, ESP or RSP.
    #[inline]
    pub fn stack_pointer(&self) -> u64 {
        self.wrap_stack(self.reg::<u64>(SP))
    }

    /// Wraps an offset to the stack's address size.
    #[inline]
    pub fn wrap_stack(&self, offset: u64) -> u64 {
        match self.stack_size() {
            StackSize::Bits64 => offset,
            StackSize::Bits32 => offset & 0xFFFF_FFFF,
            StackSize::Bits16 => offset & 0xFFFF,
        }
    }

    /// The stack pointer so many bytes lower.
    #[inline]
    pub fn stack_below(&self, bytes: u64) -> u64 {
        self.wrap_stack(self.stack_pointer().wrapping_sub(bytes))
    }

    /// The stack pointer so many bytes higher.
    #[inline]
    pub fn stack_above(&self, bytes: u64) -> u64 {
        self.wrap_stack(self.stack_pointer().wrapping_add(bytes))
    }

    /// Writes SP, ESP or RSP; with a 16-bit stack the rest of it stays.
    #[inline]
    pub fn set_stack_pointer(&mut self, value: u64) {
        self.set_stack_pointer_of_size(value, self.stack_size());
    }

    /// Writes SP, ESP or RSP.
    #[inline]
    pub fn set_stack_pointer_of_size(&mut self, value: u64, size: StackSize) {
        match size {
            StackSize::Bits64 => self.set_reg::<u64>(SP, value),
            StackSize::Bits32 => self.set_reg::<u32>(SP, value as u32),
            StackSize::Bits16 => self.set_reg::<u16>(SP, value as u16),
        }
    }

    /// Pushes a value. On a fault nothing has changed.
    #[inline]
    pub fn push<W: Width>(&mut self, value: W) -> Step {
        let sp = self.stack_below(W::BYTES);
        self.store(SegReg::Ss, sp, value)?;
        self.set_stack_pointer(sp);
        Ok(())
    }

    /// The value so many operands above the top of the stack; the pointer stays.
    #[inline]
    pub fn peek_stack<W: Width>(&mut self, index: u64) -> Result<W, Exception> {
        self.load(SegReg::Ss, self.stack_above(index * W::BYTES))
    }
}

/// PUSH r/m, r. PUSH ESP pushes the old value. Faults: operand and stack access.
pub fn push<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.dst(i)?;
    cx.push(value)
}

/// PUSH imm. Faults: stack access.
pub fn push_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.push(W::truncate(i.immediate()))
}

/// POP r/m, r. A memory operand is addressed with the stack pointer already moved. Faults: operand and stack access.
pub fn pop<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.peek_stack(0)?;
    let before = cx.reg::<u64>(SP);
    cx.set_stack_pointer(cx.stack_above(W::BYTES));
    let written = cx.set_dst(i, value);
    if written.is_err() && i.dst == PLACE_MEMORY {
        cx.set_reg::<u64>(SP, before);
    }
    written
}

/// PUSHA, PUSHAD: all eight registers, the old (E)SP among them. Faults: stack access; #GP(0) where real or
/// virtual-8086 mode has room for some of them only, and (E)SP is odd and 7 to 15. At 1, 3 and 5 the #SS finds no room
/// either, and the processor shuts down.
pub fn pusha<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let size = W::BYTES;
    let short = matches!(cx.stack_pointer(), 7 | 9 | 11 | 13 | 15);
    cx.require(!short || cx.cpu.mode() == Mode::Protected, Site::PushaRoom, 0)?;
    let bottom = cx.stack_below(8 * size);
    for number in 0..8u8 {
        let at = cx.wrap_stack(bottom.wrapping_add(u64::from(7 - number) * size));
        require_stack_writable(cx, at, size)?;
    }
    for number in 0..8u8 {
        let at = cx.wrap_stack(bottom.wrapping_add(u64::from(7 - number) * size));
        cx.store(SegReg::Ss, at, cx.reg::<W>(number))?;
    }
    cx.set_stack_pointer(bottom);
    Ok(())
}

/// #SS or #PF unless the stack can be written there.
fn require_stack_writable(cx: &mut Exec<'_>, at: u64, bytes: u64) -> Step {
    let addr = cx.checked(SegReg::Ss, at, bytes, Access::Write)?;
    cx.require_writable(addr, bytes, cx.class())
}

/// POPA, POPAD: all but (E)SP. Faults: stack access.
pub fn popa<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let mut values = [W::zero(); 8];
    for (index, value) in values.iter_mut().enumerate() {
        *value = cx.peek_stack(index as u64)?;
    }
    cx.set_stack_pointer(cx.stack_above(8 * W::BYTES));
    for number in (0..8u8).filter(|number| *number != SP) {
        cx.set_reg(number, values[7 - number as usize]);
    }
    Ok(())
}

/// ENTER imm16, imm8. The final stack pointer is probed for writing before EBP changes. Faults: stack access.
pub fn enter<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let size = W::BYTES;
    let locals = (i.imm & 0xFFFF) as u64;
    let level = (i.imm >> 16 & 31) as u64;
    let saved = cx.reg::<u64>(SP);
    let finished = enter_frames::<W>(cx, level, size, locals);
    if finished.is_err() {
        cx.set_reg::<u64>(SP, saved);
    }
    finished
}

fn enter_frames<W: Width>(cx: &mut Exec<'_>, level: u64, size: u64, locals: u64) -> Step {
    cx.push(cx.reg::<W>(BP))?;
    let frame = cx.reg::<u64>(SP);
    for depth in 1..level {
        let at = cx.wrap_stack(cx.reg::<u64>(BP).wrapping_sub(depth * size));
        let outer: W = cx.load(SegReg::Ss, at)?;
        cx.push(outer)?;
    }
    if level > 0 {
        cx.push(W::truncate(frame))?;
    }
    let end = cx.stack_below(locals);
    require_stack_writable(cx, end, size)?;
    cx.set_stack_pointer(end);
    cx.set_reg(BP, W::truncate(frame));
    Ok(())
}

/// LEAVE: (E)SP from (E)BP by SS.B, then (E)BP popped by operand size. Faults: stack access.
pub fn leave<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let frame = cx.wrap_stack(cx.reg::<u64>(BP));
    let value: W = cx.load(SegReg::Ss, frame)?;
    cx.set_stack_pointer(cx.wrap_stack(frame.wrapping_add(W::BYTES)));
    cx.set_reg(BP, value);
    Ok(())
}

/// PUSHF, PUSHFD: VM and RF are pushed as zero. Faults: stack access; #GP(0) in virtual-8086 mode below IOPL 3.
pub fn pushf<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let mut image = cx.cpu.flags.bits() & !(VM | RF);
    if v86_virtual_flags(cx, W::BITS)? {
        let shown_if = if cx.cpu.flags.has(VIF) { IF } else { 0 };
        image = (image & !IF) | shown_if | IOPL;
    }
    cx.push(W::truncate(u64::from(image)))
}

/// POPF, POPFD: what may change depends on CPL and IOPL; the rest is kept without a fault.
/// Faults: stack access; #GP(0) in virtual-8086 mode below IOPL 3.
pub fn popf<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let virtual_flags = v86_virtual_flags(cx, W::BITS)?;
    let image = cx.peek_stack::<W>(0)?.as_() as u32;
    if virtual_flags {
        let refused = image & TF != 0 || (image & IF != 0 && cx.cpu.flags.has(VIP));
        cx.require(!refused, Site::VirtualInterrupt, 0)?;
        cx.cpu.flags.set(VIF, image & IF != 0);
    }
    cx.set_stack_pointer(cx.stack_above(W::BYTES));
    let mask = popf_mask(cx, W::BITS >= 32);
    cx.cpu.flags.replace(mask & cx.cpu.model.flags(), image);
    cx.cpu.flags.set(RF, false);
    cx.refresh_guard();
    cx.leave_if_events_wait();
    Ok(())
}

/// The flags that POPF loads. SDM Vol.2B "POPF" Table 4-15 "Effect of POPF/POPFD on the EFLAGS Register".
fn popf_mask(cx: &Exec<'_>, wide: bool) -> u32 {
    let mut mask = ARITHMETIC | TF | DF | NT;
    if wide {
        mask |= AC | ID;
    }
    if cx.cpu.cpl <= cx.cpu.flags.iopl() || cx.cpu.mode() == Mode::Real {
        mask |= IF;
    }
    if cx.cpu.cpl == 0 {
        mask |= IOPL;
    }
    mask
}

/// True in virtual-8086 mode below IOPL 3 where CR4.VME lets 16-bit PUSHF and POPF work on VIF; without it #GP(0).
fn v86_virtual_flags(cx: &Exec<'_>, bits: u32) -> Result<bool, Exception> {
    if !cx.cpu.virtual_8086() || cx.cpu.flags.iopl() == 3 {
        return Ok(false);
    }
    cx.require(cx.cpu.cr4 & CR4_VME != 0 && bits == 16, Site::V86Sensitive, 0)?;
    Ok(true)
}
