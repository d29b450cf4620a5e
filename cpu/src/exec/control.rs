//! Near transfers of control, software interrupts, BOUND. SDM Vol.2 "Jcc", "JMP", "CALL", "RET", "LOOP", "INT n".

use super::Exec;
use crate::debug::DR6_MATCHES;
use crate::deliver::{self, Event, Source};
use crate::exception::{Step, vector};
use crate::flags::{OF, ZF};
use crate::insn::{Insn, OPERAND_32, OPERAND_64};
use crate::isa;
use crate::segment::{SegReg, Segment};
use crate::site::Site;
use crate::state::Mode;
use crate::width::Width;

/// Register number of (E)CX.
const CX: u8 = 1;

impl Exec<'_> {
    /// Takes a near branch: the target is cut to the operand size and must lie within CS, or in 64-bit code be
    /// canonical.
    #[inline]
    pub fn branch_to(&mut self, i: &Insn, target: u64) -> Step {
        let target = match i.flags & (OPERAND_32 | OPERAND_64) {
            OPERAND_64 => target,
            OPERAND_32 => target & 0xFFFF_FFFF,
            _ => target & 0xFFFF,
        };
        self.require_branch_target(target, self.cpu.seg(SegReg::Cs))?;
        self.next_rip = target;
        Ok(())
    }

    /// #GP(0) unless code can go on at an offset in a code segment.
    #[inline]
    pub fn require_branch_target(&self, target: u64, segment: &Segment) -> Step {
        if self.cpu.long_mode() && segment.is_long() {
            return self.require(self.cpu.is_canonical(target), Site::BranchCanonical, 0);
        }
        self.require(target <= u64::from(segment.limit), Site::BranchLimit, 0)
    }

    #[inline]
    fn branch_relative(&mut self, i: &Insn) -> Step {
        self.branch_to(i, self.next_rip.wrapping_add(i.immediate()))
    }
}

/// Jcc rel. Faults: #GP(0) beyond CS.
pub fn jcc(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if cx.cpu.flags.condition(i.condition()) { cx.branch_relative(i) } else { Ok(()) }
}

/// JMP rel. Faults: #GP(0) beyond CS.
pub fn jmp_relative(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.branch_relative(i)
}

/// JMP r/m. Faults: operand access, #GP(0) beyond CS.
pub fn jmp_indirect<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let target: W = cx.dst(i)?;
    cx.branch_to(i, target.as_())
}

/// CALL rel. Faults: stack access, #GP(0) beyond CS.
pub fn call_relative<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    call::<W>(cx, i, cx.next_rip.wrapping_add(i.immediate()))
}

/// CALL r/m. Faults: operand and stack access, #GP(0) beyond CS.
pub fn call_indirect<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let target: W = cx.dst(i)?;
    call::<W>(cx, i, target.as_())
}

#[inline]
fn call<W: Width>(cx: &mut Exec<'_>, i: &Insn, target: u64) -> Step {
    let back = cx.next_rip;
    cx.branch_to(i, target)?;
    cx.push(W::truncate(back))
}

/// True if the instruction that has just been executed took a branch, also one to the instruction behind it (`behind`).
/// SDM Vol.3B 17.4.3 "Single-Stepping on Branches".
pub(crate) fn has_branched(cx: &Exec<'_>, i: &Insn, behind: u64) -> bool {
    let counted = cx.address_reg(i, CX) != 0;
    let zero = cx.cpu.flags.has(ZF);
    let holds = match isa::row_of(i.op).map_or("", |row| row.name) {
        "jmp" | "call" | "ret" | "retf" | "iret" | "sysenter" | "sysexit" | "syscall" | "sysret" => true,
        "jcxz" => !counted,
        "loop" => counted,
        "loope" => counted && zero,
        "loopne" => counted && !zero,
        name if name.starts_with('j') => cx.cpu.flags.condition(i.condition()),
        _ => return false,
    };
    holds || cx.next_rip != behind
}

/// RET. Faults: stack access, #GP(0) beyond CS.
pub fn ret<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let target: W = cx.peek_stack(0)?;
    cx.branch_to(i, target.as_())?;
    cx.set_stack_pointer(cx.stack_above(W::BYTES));
    Ok(())
}

/// RET imm16. Faults: stack access, #GP(0) beyond CS.
pub fn ret_pop<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    ret::<W>(cx, i)?;
    cx.set_stack_pointer(cx.stack_above(i.immediate() & 0xFFFF));
    Ok(())
}

fn count_down(cx: &mut Exec<'_>, i: &Insn, go_on: impl Fn(&Exec<'_>) -> bool) -> Step {
    let count = cx.wrap_address(i, cx.address_reg(i, CX).wrapping_sub(1));
    if count != 0 && go_on(cx) {
        cx.branch_relative(i)?;
    }
    cx.set_address_reg(i, CX, count);
    Ok(())
}

/// LOOP rel8: (E)CX by address size. Faults: #GP(0) beyond CS.
pub fn loop_count(cx: &mut Exec<'_>, i: &Insn) -> Step {
    count_down(cx, i, |_| true)
}

/// LOOPE rel8. Faults: #GP(0) beyond CS.
pub fn loope(cx: &mut Exec<'_>, i: &Insn) -> Step {
    count_down(cx, i, |cx| cx.cpu.flags.has(ZF))
}

/// LOOPNE rel8. Faults: #GP(0) beyond CS.
pub fn loopne(cx: &mut Exec<'_>, i: &Insn) -> Step {
    count_down(cx, i, |cx| !cx.cpu.flags.has(ZF))
}

/// JCXZ, JECXZ rel8: by address size. Faults: #GP(0) beyond CS.
pub fn jcxz(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if cx.address_reg(i, CX) == 0 { cx.branch_relative(i) } else { Ok(()) }
}

fn software_interrupt(cx: &mut Exec<'_>, number: u8, source: Source) -> Step {
    let event = Event { vector: number, code: None, source, return_rip: cx.next_rip };
    deliver::deliver(cx, event)?;
    cx.skip_single_step = true;
    Ok(())
}

/// INT imm8. Faults: those of delivery, without EXT; #GP(0) in virtual-8086 mode below IOPL 3 unless redirected.
pub fn int_n(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number = i.imm as u8;
    if cx.cpu.mode() == Mode::Virtual8086 {
        if deliver::is_redirected(cx, number)? {
            cx.skip_single_step = true;
            return deliver::redirect(cx, number);
        }
        cx.require(cx.cpu.flags.iopl() == 3, Site::V86Sensitive, 0)?;
    }
    software_interrupt(cx, number, Source::Software)
}

/// INT3. Faults: those of delivery, without EXT.
pub fn int3(cx: &mut Exec<'_>, _: &Insn) -> Step {
    software_interrupt(cx, vector::BP, Source::Software)
}

/// INTO: vector 4 if OF. Faults: those of delivery, without EXT.
pub fn into(cx: &mut Exec<'_>, _: &Insn) -> Step {
    if cx.cpu.flags.has(OF) { software_interrupt(cx, vector::OF, Source::Software) } else { Ok(()) }
}

/// INT1: vector 1 without a DR6 bit of its own; gate privilege is not checked, EXT is set. Data breakpoints that MOV SS
/// holds back are told of by the same exception. Faults: those of delivery.
pub fn int1(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let held = std::mem::take(&mut cx.cpu.pending_debug);
    software_interrupt(cx, vector::DB, Source::Int1)?;
    if held != 0 {
        cx.cpu.report_debug(held & DR6_MATCHES);
    }
    Ok(())
}

/// IRET, IRETD. SDM Vol.2A "IRET/IRETD". Faults: stack access, #GP, #NP, #SS.
pub fn iret<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    deliver::iret::<W>(cx)
}

/// BOUND r, m&m: both bounds belong to the range, which is signed. Faults: operand access, #BR.
pub fn bound<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let at = cx.effective_address(i);
    let lower: W = cx.load(i.segment(), at)?;
    let upper: W = cx.load(i.segment(), cx.wrap_address(i, at.wrapping_add(W::BYTES)))?;
    let index = cx.reg::<W>(i.dst).sign_extend();
    let inside = index >= lower.sign_extend() && index <= upper.sign_extend();
    cx.require(inside, Site::BoundRange, 0)
}
