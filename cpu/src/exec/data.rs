//! Data movement. SDM Vol.1 7.3.1 "Data Transfer Instructions", 7.3.8 "Control Transfer Instructions" for conditions,
//! 7.3.17 "Miscellaneous Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::{ADDRESS_32, Insn};
use crate::width::Width;

/// Register numbers.
const AL: u8 = 0;
const EBX: u8 = 3;

/// NOP; NOP r/m. SDM Vol.2B "NOP". Flags: none. Faults: none: the operand is not accessed.
pub fn nop(_: &mut Exec<'_>, _: &Insn) -> Step {
    Ok(())
}

/// MOV r/m, r; r, r/m; r/m, imm; r, imm; acc, moffs; moffs, acc. SDM Vol.2B "MOV". Flags: none. Faults: operand access.
pub fn mov<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.src(i)?;
    cx.set_dst(i, value)
}

/// CMOVcc r, r/m. SDM Vol.2A "CMOVcc". Flags: none. Faults: operand access, whether the condition holds or not.
pub fn cmov<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.src(i)?;
    if cx.cpu.flags.condition(i.condition()) {
        cx.set_dst(i, value)?;
    }
    Ok(())
}

/// SETcc r/m8. SDM Vol.2B "SETcc". Flags: none. Faults: operand access.
pub fn setcc(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let holds = cx.cpu.flags.condition(i.condition());
    cx.set_dst(i, u8::from(holds))
}

/// MOVZX r, r/m8. SDM Vol.2B "MOVZX". Flags: none. Faults: operand access.
pub fn movzx_byte<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: u8 = cx.src(i)?;
    cx.set_dst(i, W::truncate(value.into()))
}

/// MOVZX r, r/m16. SDM Vol.2B "MOVZX". Flags: none. Faults: operand access.
pub fn movzx_word<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: u16 = cx.src(i)?;
    cx.set_dst(i, W::truncate(value.into()))
}

/// MOVSX r, r/m8. SDM Vol.2B "MOVSX/MOVSXD". Flags: none. Faults: operand access.
pub fn movsx_byte<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: u8 = cx.src(i)?;
    cx.set_dst(i, W::truncate(value.sign_extend() as u64))
}

/// MOVSX r, r/m16. SDM Vol.2B "MOVSX/MOVSXD". Flags: none. Faults: operand access.
pub fn movsx_word<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: u16 = cx.src(i)?;
    cx.set_dst(i, W::truncate(value.sign_extend() as u64))
}

/// XCHG r/m, r; acc, r. SDM Vol.2C "XCHG". Flags: none. Faults: operand access; LOCK on memory only, where it is
/// implied.
pub fn xchg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    cx.write_back(i, b)?;
    cx.set_src(i, a)
}

/// LEA r, m. SDM Vol.2A "LEA". Flags: none. Faults: #UD for a register. The address is cut or zero-extended to the
/// operand size.
pub fn lea<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let offset = cx.effective_address(i);
    cx.set_dst(i, W::truncate(offset.into()))
}

/// XLATB: AL from the table at (E)BX. SDM Vol.2C "XLAT/XLATB". Flags: none. Faults: operand access.
pub fn xlat(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let index = u32::from(cx.reg::<u8>(AL));
    let offset = cx.address_reg(i, EBX).wrapping_add(index);
    let offset = if i.has(ADDRESS_32) { offset } else { offset & 0xFFFF };
    let value: u8 = cx.load(i.segment(), offset)?;
    cx.set_reg(AL, value);
    Ok(())
}
