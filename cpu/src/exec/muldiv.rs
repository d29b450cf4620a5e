//! Multiplication and division. SDM Vol.1 7.3.2.4 "Multiplication and Division Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
use crate::site::Site;
use crate::value;
use crate::width::Width;

/// Register number of AL, AX and EAX: the low half of products and dividends.
const LOW: u8 = 0;

/// Register number of the high half: AH for bytes, DX and EDX otherwise.
const fn high<W: Width>() -> u8 {
    if W::BITS == 8 { 4 } else { 2 }
}

/// MUL r/m. SDM Vol.2B "MUL". Flags: OF CF; SF ZF AF PF undefined, see [`value::mul`]. Faults: operand access.
pub fn mul<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let factor: W = cx.dst(i)?;
    take_product(cx, value::mul(cx.reg(LOW), factor))
}

/// IMUL r/m. SDM Vol.2A "IMUL". Flags: OF CF; SF ZF AF PF undefined, see [`value::imul`]. Faults: operand access.
pub fn imul<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let factor: W = cx.dst(i)?;
    take_product(cx, value::imul(cx.reg(LOW), factor))
}

fn take_product<W: Width>(cx: &mut Exec<'_>, product: (W, W, u32)) -> Step {
    cx.set_reg(LOW, product.0);
    cx.set_reg(high::<W>(), product.1);
    cx.cpu.flags.set_arith(product.2);
    Ok(())
}

/// IMUL r, r/m. SDM Vol.2A "IMUL". Flags: OF CF; SF ZF AF PF undefined, see [`value::imul`]. Faults: operand access.
pub fn imul_two<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let b: W = cx.src(i)?;
    let a: W = cx.dst(i)?;
    let (low, _, flags) = value::imul(a, b);
    cx.set_dst(i, low)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// IMUL r, r/m, imm. SDM Vol.2A "IMUL". Flags: OF CF; SF ZF AF PF undefined, see [`value::imul`]. Faults: operand
/// access.
pub fn imul_three<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.src(i)?;
    let (low, _, flags) = value::imul(a, W::truncate(i.immediate()));
    cx.set_dst(i, low)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// DIV r/m. SDM Vol.2A "DIV". Flags: all undefined (kept). Faults: operand access; #DE for a zero divisor or a quotient
/// that does not fit.
pub fn div<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let divisor: W = cx.dst(i)?;
    let quotient = value::div(cx.reg(high::<W>()), cx.reg(LOW), divisor);
    take_quotient(cx, quotient)
}

/// IDIV r/m. SDM Vol.2A "IDIV". Flags: all undefined (kept). Faults: as DIV.
pub fn idiv<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let divisor: W = cx.dst(i)?;
    let quotient = value::idiv(cx.reg(high::<W>()), cx.reg(LOW), divisor);
    take_quotient(cx, quotient)
}

fn take_quotient<W: Width>(cx: &mut Exec<'_>, result: Option<(W, W)>) -> Step {
    let Some((quotient, remainder)) = result else {
        return Err(cx.fault(Site::DivideError, 0));
    };
    cx.set_reg(LOW, quotient);
    cx.set_reg(high::<W>(), remainder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::exec::testing::Machine;
    use crate::flags::ARITHMETIC;
    use crate::site::Site;

    #[test]
    fn a_quotient_that_does_not_fit_leaves_everything() {
        let mut machine = Machine::new();
        machine.cpu.gpr[..4].copy_from_slice(&[0x1234_8000, 2, 0xFFFF_0002, 0]);
        let before = machine.cpu.gpr;
        for form in [[0xF7, 0xF1], [0xF7, 0xF9], [0xF6, 0xF3], [0xF6, 0xFB]] {
            assert_eq!(machine.execute(&form), Err(Site::DivideError), "{form:x?}");
        }
        assert_eq!(machine.cpu.gpr, before);
        machine.cpu.flags.set_arith(ARITHMETIC);
        machine.cpu.gpr[2] = 0xFFFF_0001;
        assert_eq!(machine.execute(&[0xF7, 0xF1]), Ok(())); // div cx
        assert_eq!((machine.cpu.gpr[0], machine.cpu.gpr[2]), (0x1234_C000, 0xFFFF_0000));
        assert_eq!(machine.cpu.flags.bits() & ARITHMETIC, ARITHMETIC);
    }

    #[test]
    fn products_go_to_their_pairs() {
        let mut machine = Machine::new();
        machine.cpu.gpr[..4].copy_from_slice(&[0xFFFF_FF10, 0x10, 0xABCD_EF01, 0xFFFE]);
        assert_eq!(machine.execute(&[0xF6, 0xE1]), Ok(())); // mul cl
        assert_eq!(machine.cpu.gpr[0], 0xFFFF_0100);
        assert_eq!(machine.execute(&[0xF7, 0xEB]), Ok(())); // imul bx
        assert_eq!((machine.cpu.gpr[0], machine.cpu.gpr[2]), (0xFFFF_FE00, 0xABCD_FFFF));
        assert_eq!(machine.execute(&[0x6B, 0xCB, 0xFF]), Ok(())); // imul cx, bx, -1
        assert_eq!(machine.cpu.gpr[1], 2);
        assert_eq!(machine.execute(&[0x66, 0x0F, 0xAF, 0xC9]), Ok(())); // imul ecx, ecx
        assert_eq!(machine.cpu.gpr[1], 4);
        assert_eq!(machine.execute(&[0xD4, 0]), Err(Site::AamZero));
    }
}
