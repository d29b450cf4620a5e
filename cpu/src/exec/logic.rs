//! Bitwise logic. SDM Vol.1 7.3.4 "Logical Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::value;
use crate::width::Width;

/// AND r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2A "AND". Flags: SF ZF PF; OF CF cleared, AF undefined (cleared).
/// Faults: operand access; LOCK on memory only.
pub fn and<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (result, flags) = value::and(a, b);
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// OR r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2B "OR". Flags: SF ZF PF; OF CF cleared, AF undefined (cleared).
/// Faults: operand access; LOCK on memory only.
pub fn or<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (result, flags) = value::or(a, b);
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// XOR r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2C "XOR". Flags: SF ZF PF; OF CF cleared, AF undefined (cleared).
/// Faults: operand access; LOCK on memory only.
pub fn xor<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (result, flags) = value::xor(a, b);
    cx.write_back(i, result)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// TEST r/m, r; r/m, imm; acc, imm. SDM Vol.2B "TEST". Flags: SF ZF PF; OF CF cleared, AF undefined (cleared).
/// Faults: operand access.
pub fn test<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.dst(i)?;
    let b: W = cx.src(i)?;
    cx.cpu.flags.set_arith(value::and(a, b).1);
    Ok(())
}

/// NOT r/m. SDM Vol.2B "NOT". Flags: none. Faults: operand access; LOCK on memory only.
pub fn not<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.read_dst_for_update(i)?;
    cx.write_back(i, !a)
}
