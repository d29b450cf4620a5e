//! Bit counts, bit fields and additions with one carry each. SDM Vol.1 5.1.16.1 "BMI1 and BMI2 Instructions", 7.3.2.2
//! "Increment and Decrement Instructions" for ADCX and ADOX; AMD APM Vol.3 "LZCNT", "TZCNT".

use crate::exception::{Exception, Step};
use crate::exec::Exec;
use crate::flags::{AF, CF, OF, PF, SF, ZF};
use crate::insn::Insn;
use crate::value;
use crate::width::Width;

/// TZCNT r, r/m. SDM Vol.2C "TZCNT". Flags: CF for a source of 0, ZF for a result of 0; undefined are OF (kept), SF, AF
/// and PF (cleared), as measured on an EPYC of family 19h. Faults: operand access.
pub fn tzcnt<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = cx.src(i)?;
    take_count(cx, i, value::tzcnt(source))
}

/// LZCNT r, r/m. SDM Vol.2A "LZCNT". Flags and faults: as TZCNT.
pub fn lzcnt<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = cx.src(i)?;
    take_count(cx, i, value::lzcnt(source))
}

fn take_count<W: Width>(cx: &mut Exec<'_>, i: &Insn, (count, flags): (Option<W>, u32)) -> Step {
    if let Some(count) = count {
        cx.set_reg(i.dst, count);
    }
    cx.cpu.flags.replace(CF | ZF | SF | AF | PF, flags);
    Ok(())
}

/// ADCX r, r/m. SDM Vol.2A "ADCX". Flags: CF. Faults: operand access.
pub fn adcx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    add_with::<W>(cx, i, CF)
}

/// ADOX r, r/m: OF is its carry. SDM Vol.2A "ADOX". Flags: OF. Faults: operand access.
pub fn adox<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    add_with::<W>(cx, i, OF)
}

fn add_with<W: Width>(cx: &mut Exec<'_>, i: &Insn, flag: u32) -> Step {
    let source: W = cx.src(i)?;
    let (sum, flags) = value::add(cx.reg::<W>(i.dst), source, cx.cpu.flags.has(flag));
    cx.set_reg(i.dst, sum);
    cx.cpu.flags.set(flag, flags & CF != 0);
    Ok(())
}

/// BMI instructions are encoded by VEX, which real and virtual-8086 mode do not have.
fn operand<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Result<W, Exception> {
    cx.require_protected()?;
    cx.src(i)
}

/// All flags of a result. Undefined are PF (that of the result) and AF (cleared), as measured on an EPYC of family 19h.
#[inline(always)]
pub fn flags_of<W: Width>(result: W, carry: bool) -> u32 {
    let when = |holds: bool, flag: u32| if holds { flag } else { 0 };
    when(result.sign(), SF) | when(result.is_zero(), ZF) | when(carry, CF) | value::parity(result)
}

/// Writes a result and all flags: see [`flags_of`].
fn give<W: Width>(cx: &mut Exec<'_>, i: &Insn, result: W, carry: bool) -> Step {
    cx.set_reg(i.dst, result);
    cx.cpu.flags.set_arith(flags_of(result, carry));
    Ok(())
}

/// ANDN r, r, r/m. SDM Vol.2A "ANDN". Flags: SF ZF; OF CF cleared; AF PF undefined: see `give`. Faults: #UD,
/// operand access.
pub fn andn<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    let result = !cx.reg::<W>(i.vvvv()) & source;
    give(cx, i, result, false)
}

/// BLSR r, r/m: without the lowest bit. SDM Vol.2A "BLSR". Flags: SF ZF, CF for a source of 0; OF cleared; AF PF undefined:
/// see `give`. Faults: #UD, operand access.
pub fn blsr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    give(cx, i, source & source.wrapping_sub(&W::one()), source.is_zero())
}

/// BLSMSK r, r/m: up to the lowest bit. SDM Vol.2A "BLSMSK". Flags and faults: as BLSR.
pub fn blsmsk<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    give(cx, i, source ^ source.wrapping_sub(&W::one()), source.is_zero())
}

/// BLSI r, r/m: the lowest bit alone. SDM Vol.2A "BLSI". Flags: CF for a source that is not 0, else as BLSR. Faults: #UD,
/// operand access.
pub fn blsi<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    give(cx, i, source & W::zero().wrapping_sub(&source), !source.is_zero())
}

/// BEXTR r, r/m, r: a field whose start is in bits 7:0 of the last operand and its length in bits 15:8. SDM Vol.2A "BEXTR".
/// Flags: ZF; OF CF cleared; undefined are AF (set), SF (cleared) and PF (that of the result), as measured on an EPYC of
/// family 19h. Faults: #UD, operand access.
pub fn bextr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    let (result, flags) = field(source, cx.reg(i.vvvv()));
    cx.set_reg(i.dst, result);
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// What BEXTR takes, and its flags.
#[inline(always)]
pub fn field<W: Width>(source: W, control: u64) -> (W, u32) {
    let (start, length) = (control as u8, (control >> 8) as u8);
    let field = source.as_().checked_shr(start.into()).unwrap_or(0);
    let result = W::truncate(field & !u64::MAX.checked_shl(length.into()).unwrap_or(0));
    (result, AF | value::parity(result) | if result.is_zero() { ZF } else { 0 })
}

/// BZHI r, r/m, r: the bits below a number. SDM Vol.2A "BZHI". Flags: SF ZF, CF if the number is beyond the operand; OF
/// cleared; AF PF undefined: see `give`. Faults: #UD, operand access.
pub fn bzhi<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    let number = u32::from(cx.reg::<u64>(i.vvvv()) as u8);
    let result = if number < W::BITS { source & W::truncate(!(u64::MAX << number)) } else { source };
    give(cx, i, result, number >= W::BITS)
}

/// PDEP r, r, r/m: low bits go to the places of the mask. SDM Vol.2B "PDEP". Flags: none. Faults: #UD, operand access.
pub fn pdep<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let mask = operand::<W>(cx, i)?.as_();
    let source = cx.reg::<W>(i.vvvv()).as_();
    cx.set_reg(i.dst, W::truncate(places(mask).zip(0..).fold(0, |all, (to, from)| all | (source >> from & 1) << to)));
    Ok(())
}

/// PEXT r, r, r/m: the bits at the mask's places go to the low ones. SDM Vol.2B "PEXT". Flags: none. Faults: #UD, operand
/// access.
pub fn pext<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let mask = operand::<W>(cx, i)?.as_();
    let source = cx.reg::<W>(i.vvvv()).as_();
    cx.set_reg(i.dst, W::truncate(places(mask).zip(0..).fold(0, |all, (from, to)| all | (source >> from & 1) << to)));
    Ok(())
}

/// The numbers of the set bits.
fn places(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let place = mask.trailing_zeros();
        (mask != 0).then(|| {
            mask &= mask - 1;
            place
        })
    })
}

/// MULX r, r, r/m: rDX by the operand; the low half goes to the second register, then the high one to the first. SDM Vol.2B
/// "MULX". Flags: none. Faults: #UD, operand access.
pub fn mulx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    const DX: u8 = 2;
    let source: W = operand(cx, i)?;
    let product = u128::from(source.as_()) * u128::from(cx.reg::<W>(DX).as_());
    cx.set_reg(i.vvvv(), W::truncate(product as u64));
    cx.set_reg(i.dst, W::truncate((product >> W::BITS) as u64));
    Ok(())
}

/// RORX r, r/m, imm8. SDM Vol.2C "RORX". Flags: none. Faults: #UD, operand access.
pub fn rorx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    cx.set_reg(i.dst, source.rotate_right(i.imm as u32 & (W::BITS - 1)));
    Ok(())
}

/// SHLX r, r/m, r. SDM Vol.2C "SARX/SHLX/SHRX". Flags: none. Faults: #UD, operand access.
pub fn shlx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    cx.set_reg(i.dst, source << count::<W>(cx, i));
    Ok(())
}

/// SHRX r, r/m, r. SDM Vol.2C "SARX/SHLX/SHRX". Flags: none. Faults: #UD, operand access.
pub fn shrx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    cx.set_reg(i.dst, source >> count::<W>(cx, i));
    Ok(())
}

/// SARX r, r/m, r. SDM Vol.2C "SARX/SHLX/SHRX". Flags: none. Faults: #UD, operand access.
pub fn sarx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = operand(cx, i)?;
    cx.set_reg(i.dst, W::truncate((source.sign_extend() >> count::<W>(cx, i)) as u64));
    Ok(())
}

fn count<W: Width>(cx: &Exec<'_>, i: &Insn) -> usize {
    cx.reg::<u64>(i.vvvv()) as usize & (W::BITS as usize - 1)
}
