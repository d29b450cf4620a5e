//! Single flags. SDM Vol.1 7.3.13 "Flag Control (EFLAG) Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::{AF, CF, DF, PF, SF, ZF};
use crate::insn::Insn;
use crate::model::Feature;
use crate::site::Site;

/// Register numbers of AL and AH.
const AL: u8 = 0;
const AH: u8 = 4;

/// The flags that LAHF and SAHF move.
const LOW_FLAGS: u32 = SF | ZF | AF | PF | CF;

/// CLC. SDM Vol.2A "CLC". Flags: CF. Faults: none.
pub fn clc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.flags.set(CF, false);
    Ok(())
}

/// STC. SDM Vol.2B "STC". Flags: CF. Faults: none.
pub fn stc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.flags.set(CF, true);
    Ok(())
}

/// CMC. SDM Vol.2A "CMC". Flags: CF. Faults: none.
pub fn cmc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let carry = cx.cpu.flags.cf();
    cx.cpu.flags.set(CF, !carry);
    Ok(())
}

/// CLD. SDM Vol.2A "CLD". Flags: DF. Faults: none.
pub fn cld(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.flags.set(DF, false);
    Ok(())
}

/// STD. SDM Vol.2B "STD". Flags: DF. Faults: none.
pub fn std(cx: &mut Exec<'_>, _: &Insn) -> Step {
    cx.cpu.flags.set(DF, true);
    Ok(())
}

/// 64-bit code has LAHF and SAHF by a feature of their own.
fn require_in_64(cx: &Exec<'_>) -> Step {
    let missing = cx.cpu.code_is_64() && !cx.cpu.features.has(Feature::LahfLm);
    cx.require(!missing, Site::UndefinedForModel, 0)
}

/// LAHF: the low byte of EFLAGS, reserved bits included, to AH. SDM Vol.2A "LAHF". Flags: none. Faults: none.
pub fn lahf(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_in_64(cx)?;
    let low = cx.cpu.flags.bits() as u8;
    cx.set_reg(AH, low);
    Ok(())
}

/// SAHF: AH to the low byte of EFLAGS. SDM Vol.2B "SAHF". Flags: SF ZF AF PF CF. Faults: none.
pub fn sahf(cx: &mut Exec<'_>, _: &Insn) -> Step {
    require_in_64(cx)?;
    let low: u8 = cx.reg(AH);
    cx.cpu.flags.replace(LOW_FLAGS, low.into());
    Ok(())
}

/// SALC: AL = FFh if CF is set, 0 otherwise. Not in the manual's text, only a gap in Vol.2D Table A-2 "One-byte Opcode
/// Map"; in every processor with 32-bit modes. Flags: none. Faults: none.
pub fn salc(cx: &mut Exec<'_>, _: &Insn) -> Step {
    let value: u8 = if cx.cpu.flags.cf() { 0xFF } else { 0 };
    cx.set_reg(AL, value);
    Ok(())
}
