//! Packed decimal numbers. SDM Vol.2A "FBLD", "FBSTP".

use super::memory::load_ten;
use super::push;
use super::transfer::store_ten_and_pop;
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{Outcome, from_packed, to_packed};
use crate::insn::Insn;

/// FBLD m80bcd. Faults: operand access.
pub fn fbld(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let bytes = load_ten(cx, i)?;
    push(&mut cx.cpu.fpu, Outcome::exact(from_packed(bytes)));
    Ok(())
}

/// FBSTP m80bcd. Faults: operand access.
pub fn fbstp(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_ten_and_pop(cx, i, [0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF], to_packed)
}
