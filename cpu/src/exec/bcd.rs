//! Decimal arithmetic. SDM Vol.1 7.3.3 "Decimal Arithmetic Instructions". Undefined flags: see [`crate::value`].

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::value;

/// Register number of AL and AX.
const ACCUMULATOR: u8 = 0;

/// DAA. SDM Vol.2A "DAA". Flags: SF ZF AF PF CF; OF undefined (cleared). Faults: none.
pub fn daa(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let (al, flags) = value::daa(cx.reg(ACCUMULATOR), cx.cpu.flags.bits());
    cx.set_reg(ACCUMULATOR, al);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// DAS. SDM Vol.2A "DAS". Flags: SF ZF AF PF CF; OF undefined (cleared). Faults: none.
pub fn das(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let (al, flags) = value::das(cx.reg(ACCUMULATOR), cx.cpu.flags.bits());
    cx.set_reg(ACCUMULATOR, al);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// AAA. SDM Vol.2A "AAA". Flags: AF CF; OF SF ZF PF undefined (those of AL). Faults: none.
pub fn aaa(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let (ax, flags) = value::aaa(cx.reg(ACCUMULATOR), cx.cpu.flags.bits());
    cx.set_reg(ACCUMULATOR, ax);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// AAS. SDM Vol.2A "AAS". Flags: AF CF; OF SF ZF PF undefined (those of AL). Faults: none.
pub fn aas(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let (ax, flags) = value::aas(cx.reg(ACCUMULATOR), cx.cpu.flags.bits());
    cx.set_reg(ACCUMULATOR, ax);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// AAM imm8. SDM Vol.2A "AAM". Flags: SF ZF PF; OF AF CF undefined (cleared). Faults: #DE for base 0.
pub fn aam(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let base = i.imm as u8;
    let Some((ax, flags)) = value::aam(cx.reg(ACCUMULATOR), base) else {
        return Err(cx.fault(Site::AamZero, 0));
    };
    cx.set_reg(ACCUMULATOR, ax);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// AAD imm8. SDM Vol.2A "AAD". Flags: SF ZF PF; OF AF CF undefined (those of the addition). Faults: none.
pub fn aad(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let base = i.imm as u8;
    let (ax, flags) = value::aad(cx.reg(ACCUMULATOR), base);
    cx.set_reg(ACCUMULATOR, ax);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}
