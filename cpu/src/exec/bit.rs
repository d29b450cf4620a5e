//! Single bits, bit scans and byte swap. SDM Vol.1 7.3.7 "Bit and Byte Instructions".
//!
//! A bit number in a register is signed and reaches beyond a memory operand: it is a bit string based there
//! (SDM Vol.2A 3.1.1.9 "Operation Section", "Bit(BitBase, BitOffset)"). An immediate bit number stays inside.

use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::CF;
use crate::insn::Insn;
use crate::value;
use crate::width::Width;

/// What becomes of an operand whose bits in the mask are chosen.
type Change<W> = fn(W, W) -> W;

fn set<W: Width>(value: W, mask: W) -> W {
    value | mask
}

fn reset<W: Width>(value: W, mask: W) -> W {
    value & !mask
}

fn complement<W: Width>(value: W, mask: W) -> W {
    value ^ mask
}

/// BT r/m, r. SDM Vol.2A "BT". Flags: CF; OF SF AF PF undefined (kept). Faults: operand access.
pub fn bt<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let number: W = cx.src(i)?;
    let a: W = if i.is_memory() { cx.load(i.segment(), element_offset(cx, i, number))? } else { cx.dst(i)? };
    cx.cpu.flags.set(CF, holds(a, mask(number)));
    Ok(())
}

/// BTS r/m, r. SDM Vol.2A "BTS". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn bts<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change(cx, i, set::<W>)
}

/// BTR r/m, r. SDM Vol.2A "BTR". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn btr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change(cx, i, reset::<W>)
}

/// BTC r/m, r. SDM Vol.2A "BTC". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn btc<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change(cx, i, complement::<W>)
}

/// BT r/m, imm8. SDM Vol.2A "BT". Flags: CF; OF SF AF PF undefined (kept). Faults: operand access.
pub fn bt_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.dst(i)?;
    cx.cpu.flags.set(CF, holds(a, mask(W::truncate(i.immediate()))));
    Ok(())
}

/// BTS r/m, imm8. SDM Vol.2A "BTS". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn bts_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change_inside(cx, i, W::truncate(i.immediate()), set::<W>)
}

/// BTR r/m, imm8. SDM Vol.2A "BTR". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn btr_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change_inside(cx, i, W::truncate(i.immediate()), reset::<W>)
}

/// BTC r/m, imm8. SDM Vol.2A "BTC". Flags: as BT. Faults: operand access; LOCK on memory only.
pub fn btc_immediate<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    change_inside(cx, i, W::truncate(i.immediate()), complement::<W>)
}

/// A bit numbered by a register: in a register modulo its width, in memory anywhere.
#[inline(always)]
fn change<W: Width>(cx: &mut Exec<'_>, i: &Insn, act: Change<W>) -> Step {
    let number: W = cx.src(i)?;
    if !i.is_memory() {
        return change_inside(cx, i, number, act);
    }
    let (segment, offset) = (i.segment(), element_offset(cx, i, number));
    let a: W = cx.load_for_update(segment, offset)?;
    cx.store(segment, offset, act(a, mask(number)))?;
    cx.cpu.flags.set(CF, holds(a, mask(number)));
    Ok(())
}

/// A bit of the operand itself, numbered modulo its width.
#[inline(always)]
fn change_inside<W: Width>(cx: &mut Exec<'_>, i: &Insn, number: W, act: Change<W>) -> Step {
    let a: W = cx.read_dst_for_update(i)?;
    cx.write_back(i, act(a, mask(number)))?;
    cx.cpu.flags.set(CF, holds(a, mask(number)));
    Ok(())
}

fn mask<W: Width>(number: W) -> W {
    W::one() << (number.as_() as usize & (W::BITS as usize - 1))
}

fn holds<W: Width>(value: W, mask: W) -> bool {
    value & mask != W::zero()
}

/// Offset of the operand-sized element that holds a bit of the bit string, wrapped to the address size.
fn element_offset<W: Width>(cx: &Exec<'_>, i: &Insn, number: W) -> u64 {
    let element = number.sign_extend() >> W::BITS.trailing_zeros();
    let distance = element * W::BYTES as i64;
    cx.wrap_address(i, cx.effective_address(i).wrapping_add(distance as u64))
}

/// BSF r, r/m. SDM Vol.2A "BSF". Flags: ZF; the others undefined, see [`value::bsf`]. A source of 0 leaves the
/// destination. Faults: operand access.
pub fn bsf<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let found = value::bsf::<W>(cx.src(i)?);
    take_scan(cx, i, found)
}

/// BSR r, r/m. SDM Vol.2A "BSR". Flags and source 0: as BSF. Faults: operand access.
pub fn bsr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let found = value::bsr::<W>(cx.src(i)?);
    take_scan(cx, i, found)
}

fn take_scan<W: Width>(cx: &mut Exec<'_>, i: &Insn, found: (Option<W>, u32)) -> Step {
    if let Some(number) = found.0 {
        cx.set_dst(i, number)?;
    }
    cx.cpu.flags.set_arith(found.1);
    Ok(())
}

/// BSWAP r. SDM Vol.2A "BSWAP". Flags: none. Faults: none. A 16-bit register, undefined in the manual, becomes 0.
pub fn bswap<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.dst(i)?;
    cx.set_dst(i, value::bswap(a))
}

#[cfg(test)]
mod tests {
    use crate::exec::testing::Machine;
    use crate::flags::{ARITHMETIC, CF};

    const BX: usize = 3;
    const CX: usize = 1;

    #[test]
    fn a_register_number_reaches_beyond_memory_in_both_directions() {
        for (number, byte, bit) in [(0i16, 0x100, 0), (17, 0x102, 1), (-1, 0xFF, 7), (-16, 0xFE, 0), (1000, 0x17D, 0)] {
            let mut machine = Machine::new();
            machine.cpu.gpr[BX] = 0x100;
            machine.cpu.gpr[CX] = u64::from(number as u16);
            assert_eq!(machine.execute(&[0x0F, 0xAB, 0x0F]), Ok(())); // bts [bx], cx
            assert!(!machine.cpu.flags.cf());
            assert_eq!(machine.read(byte, 1), [1 << bit], "bit {number}");
            assert_eq!(machine.execute(&[0x0F, 0xA3, 0x0F]), Ok(())); // bt [bx], cx
            assert!(machine.cpu.flags.cf());
            assert_eq!(machine.execute(&[0x0F, 0xB3, 0x0F]), Ok(())); // btr [bx], cx
            assert_eq!(machine.read(byte, 1), [0]);
        }
    }

    #[test]
    fn the_element_wraps_with_the_address_size() {
        let mut machine = Machine::new();
        machine.cpu.gpr[BX] = 2;
        machine.cpu.gpr[CX] = u64::from(-64i32 as u32);
        assert_eq!(machine.execute(&[0x66, 0x0F, 0xBB, 0x0F]), Ok(())); // btc [bx], ecx
        assert_eq!(machine.read(0xFFFA, 1), [1]);
        let large = [0x67, 0x0F, 0xA3, 0x0B]; // bt [ebx], cx
        assert!(machine.execute(&large).is_err(), "FFFFFFFAh lies beyond the limit");
    }

    #[test]
    fn immediate_and_register_operands_are_masked_and_keep_the_other_flags() {
        let mut machine = Machine::new();
        machine.cpu.flags.set_arith(ARITHMETIC);
        machine.cpu.gpr[BX] = 0x100;
        assert_eq!(machine.execute(&[0x0F, 0xBA, 0x2F, 0x13]), Ok(())); // bts word [bx], 13h
        assert_eq!(machine.read(0x100, 4), [8, 0, 0, 0]);
        assert_eq!(machine.cpu.flags.bits() & ARITHMETIC, ARITHMETIC & !CF);
        machine.cpu.gpr[CX] = 0x28;
        assert_eq!(machine.execute(&[0x0F, 0xA3, 0xCB]), Ok(())); // bt bx, cx
        assert!(machine.cpu.flags.cf());
    }

    #[test]
    fn scans_of_zero_keep_the_destination() {
        let mut machine = Machine::new();
        machine.cpu.gpr[BX] = 0x5A5A;
        assert_eq!(machine.execute(&[0x0F, 0xBC, 0xD9]), Ok(())); // bsf bx, cx
        assert_eq!(machine.cpu.gpr[BX], 0x5A5A);
        machine.cpu.gpr[CX] = 0x1234_5678;
        assert_eq!(machine.execute(&[0x66, 0x0F, 0xBD, 0xD9]), Ok(())); // bsr ebx, ecx
        assert_eq!(machine.cpu.gpr[BX], 28);
        assert_eq!(machine.execute(&[0x0F, 0xC9]), Ok(())); // bswap cx
        assert_eq!(machine.cpu.gpr[CX], 0x1234_0000);
    }
}
