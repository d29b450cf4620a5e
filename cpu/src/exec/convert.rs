//! Sign extension of the accumulator. SDM Vol.1 7.3.1.5 "Type Conversion Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::width::Width;

/// Register numbers of AL, AX, EAX and of DX, EDX.
const ACCUMULATOR: u8 = 0;
const DATA: u8 = 2;

/// CBW, CWDE: the lower half of the accumulator, extended to all of it. SDM Vol.2A "CBW/CWDE/CDQE". Flags: none.
/// Faults: none.
pub fn cbw<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let unused = W::BITS / 2;
    let value = cx.reg::<W>(ACCUMULATOR) << unused as usize;
    cx.set_reg(ACCUMULATOR, value.signed_shr(unused));
    Ok(())
}

/// CWD, CDQ: the accumulator's sign in all bits of DX or EDX. SDM Vol.2A "CWD/CDQ/CQO". Flags: none. Faults: none.
pub fn cwd<W: Width>(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let value = cx.reg::<W>(ACCUMULATOR);
    cx.set_reg(DATA, value.signed_shr(W::BITS - 1));
    Ok(())
}
