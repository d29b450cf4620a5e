//! Addition, subtraction and comparison. SDM Vol.1 7.3.2 "Binary Arithmetic Instructions", 7.3.1.2 "Exchange
//! Instructions".

use ringwalk_mmu::Access;

use crate::exception::Step;
use crate::exec::Exec;
use crate::flags::ZF;
use crate::insn::Insn;
use crate::model::Feature;
use crate::site::Site;
use crate::value;
use crate::width::Width;

/// Register numbers of the accumulator and of the pairs of CMPXCHG8B.
const ACCUMULATOR: u8 = 0;
const ECX: u8 = 1;
const EDX: u8 = 2;
const EBX: u8 = 3;

/// ADD r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2A "ADD". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK
/// on memory only.
pub fn add<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (sum, flags) = value::add(a, b, false);
    cx.write_back(i, sum)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// ADC r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2A "ADC". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK
/// on memory only.
pub fn adc<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (sum, flags) = value::add(a, b, cx.cpu.flags.cf());
    cx.write_back(i, sum)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// SUB r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2B "SUB". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK
/// on memory only.
pub fn sub<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (difference, flags) = value::sub(a, b, false);
    cx.write_back(i, difference)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// SBB r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2B "SBB". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK
/// on memory only.
pub fn sbb<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (difference, flags) = value::sub(a, b, cx.cpu.flags.cf());
    cx.write_back(i, difference)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// CMP r/m, r; r, r/m; r/m, imm; acc, imm. SDM Vol.2A "CMP". Flags: OF SF ZF AF PF CF. Faults: operand access.
pub fn cmp<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.dst(i)?;
    let b: W = cx.src(i)?;
    cx.cpu.flags.set_arith(value::sub(a, b, false).1);
    Ok(())
}

/// INC r/m; r. SDM Vol.2A "INC". Flags: OF SF ZF AF PF. Faults: operand access; LOCK on memory only.
pub fn inc<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.read_dst_for_update(i)?;
    let (sum, flags) = value::inc(a, cx.cpu.flags.bits());
    cx.write_back(i, sum)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// DEC r/m; r. SDM Vol.2A "DEC". Flags: OF SF ZF AF PF. Faults: operand access; LOCK on memory only.
pub fn dec<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.read_dst_for_update(i)?;
    let (difference, flags) = value::dec(a, cx.cpu.flags.bits());
    cx.write_back(i, difference)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// NEG r/m. SDM Vol.2B "NEG". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK on memory only.
pub fn neg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let a: W = cx.read_dst_for_update(i)?;
    let (negative, flags) = value::neg(a);
    cx.write_back(i, negative)?;
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// XADD r/m, r. SDM Vol.2C "XADD". Flags: OF SF ZF AF PF CF. Faults: operand access; LOCK on memory only.
/// With the same register twice the sum stays.
pub fn xadd<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (a, b): (W, W) = cx.read_for_update(i)?;
    let (sum, flags) = value::add(a, b, false);
    if i.is_memory() {
        // First: the register may be part of the address.
        cx.write_back(i, sum)?;
        cx.set_src(i, a)?;
    } else {
        cx.set_src(i, a)?;
        cx.write_back(i, sum)?;
    }
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// CMPXCHG r/m, r. SDM Vol.2A "CMPXCHG". Flags: OF SF ZF AF PF CF as CMP of the accumulator with the destination.
/// Faults: operand access, always as a write: an unequal destination is written back; LOCK on memory only.
pub fn cmpxchg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (found, new): (W, W) = cx.read_for_update(i)?;
    let (difference, flags) = value::sub(cx.reg(ACCUMULATOR), found, false);
    if difference.is_zero() {
        cx.write_back(i, new)?;
    } else {
        if i.is_memory() {
            cx.write_back(i, found)?;
        }
        // A register that is not written keeps its upper half (measured).
        cx.set_reg(ACCUMULATOR, found);
    }
    cx.cpu.flags.set_arith(flags);
    Ok(())
}

/// CMPXCHG8B m64. SDM Vol.2A "CMPXCHG8B/CMPXCHG16B". Flags: ZF. Faults: operand access, always as a write; #UD for a
/// register; LOCK allowed.
pub fn cmpxchg8b(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let (segment, offset) = (i.segment(), cx.effective_address(i));
    let found: u64 = cx.load_for_update(segment, offset)?;
    let equal = found == pair(cx, EDX, ACCUMULATOR);
    let new = if equal { pair(cx, ECX, EBX) } else { found };
    cx.store(segment, offset, new)?;
    if !equal {
        cx.set_reg(ACCUMULATOR, found as u32); // the low half
        cx.set_reg(EDX, (found >> 32) as u32);
    }
    cx.cpu.flags.set(ZF, equal);
    Ok(())
}

/// CMPXCHG16B m128. SDM Vol.2A "CMPXCHG8B/CMPXCHG16B". Flags: ZF. Faults: operand access, always as a write; #GP(0) if not
/// on 16 bytes; LOCK allowed.
pub fn cmpxchg16b(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require(cx.cpu.features.has(Feature::Cx16), Site::UndefinedForModel, 0)?;
    let (segment, offset) = (i.segment(), cx.effective_address(i));
    let addr = cx.checked(segment, offset, 16, Access::Write)?;
    cx.require(addr.0.is_multiple_of(16), Site::CmpxchgAlignment, 0)?;
    let high_at = cx.wrap_address(i, offset.wrapping_add(8));
    let low: u64 = cx.load_for_update(segment, offset)?;
    let high: u64 = cx.load_for_update(segment, high_at)?;
    let equal = low == cx.reg::<u64>(ACCUMULATOR) && high == cx.reg::<u64>(EDX);
    let (new_low, new_high) = if equal { (cx.reg::<u64>(EBX), cx.reg::<u64>(ECX)) } else { (low, high) };
    cx.store(segment, offset, new_low)?;
    cx.store(segment, high_at, new_high)?;
    if !equal {
        cx.set_reg::<u64>(ACCUMULATOR, low);
        cx.set_reg::<u64>(EDX, high);
    }
    cx.cpu.flags.set(ZF, equal);
    Ok(())
}

/// Two 32-bit registers as one number.
fn pair(cx: &Exec<'_>, high: u8, low: u8) -> u64 {
    u64::from(cx.reg::<u32>(high)) << 32 | u64::from(cx.reg::<u32>(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::testing::Machine;
    use crate::flags::{ARITHMETIC, CF, SF};
    use crate::site::Site;

    /// A machine whose BX and SI point to a page that cannot be written.
    fn with_read_only_page() -> Machine {
        let mut machine = Machine::new();
        machine.write(0x5000, &[1, 2, 3, 4, 5, 6, 7, 8]);
        machine.protect_page(5);
        machine.cpu.gpr = [0x11, 0x22, 0x33, 0x5000, 0x44, 0x55, 0x5000, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        machine
    }

    #[test]
    fn a_destination_that_cannot_be_written_leaves_everything() {
        let forms: [&[u8]; 9] = [
            &[0x01, 0x07],       // add [bx], ax
            &[0x11, 0x07],       // adc [bx], ax
            &[0xFF, 0x07],       // inc [bx]
            &[0xF7, 0x1F],       // neg [bx]
            &[0x0F, 0xC1, 0x07], // xadd [bx], ax
            &[0x0F, 0xB1, 0x0F], // cmpxchg [bx], cx, unequal
            &[0x0F, 0xC7, 0x0F], // cmpxchg8b [bx], unequal
            &[0x87, 0x07],       // xchg [bx], ax
            &[0xD3, 0x27],       // shl [bx], cl
        ];
        for bytes in forms {
            let mut machine = with_read_only_page();
            let (registers, flags) = (machine.cpu.gpr, machine.cpu.flags);
            assert_eq!(machine.execute(bytes), Err(Site::PageFault), "{bytes:x?}");
            assert_eq!((machine.cpu.gpr, machine.cpu.flags), (registers, flags), "{bytes:x?}");
        }
        assert_eq!(with_read_only_page().execute(&[0x3B, 0x07]), Ok(()), "cmp ax, [bx] only reads");
    }

    #[test]
    fn cmpxchg_takes_or_gives() {
        let mut machine = Machine::new();
        machine.cpu.gpr[0] = 0x1234;
        machine.cpu.gpr[1] = 0xABCD;
        machine.write(0x10, &[0x34, 0x12]);
        let form = [0x0F, 0xB1, 0x0E, 0x10, 0]; // cmpxchg [10h], cx
        assert_eq!(machine.execute(&form), Ok(()));
        assert!(machine.cpu.flags.has(ZF));
        assert_eq!(machine.read(0x10, 2), [0xCD, 0xAB]);
        assert_eq!(machine.execute(&form), Ok(()));
        assert_eq!(machine.cpu.gpr[0], 0xABCD);
        assert_eq!(machine.cpu.flags.bits() & (ZF | CF | SF), CF, "1234h is below ABCDh");
    }

    #[test]
    fn cmpxchg8b_changes_zf_only() {
        let mut machine = Machine::new();
        machine.cpu.flags.set_arith(ARITHMETIC & !ZF);
        machine.cpu.gpr[..4].copy_from_slice(&[0x0403_0201, 0xC0C0_C0C0, 0x0807_0605, 0xB0B0_B0B0]);
        machine.write(0x10, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let form = [0x0F, 0xC7, 0x0E, 0x10, 0];
        assert_eq!(machine.execute(&form), Ok(()));
        assert_eq!(machine.read(0x10, 8), [0xB0, 0xB0, 0xB0, 0xB0, 0xC0, 0xC0, 0xC0, 0xC0]);
        assert_eq!(machine.cpu.flags.bits() & ARITHMETIC, ARITHMETIC);
        assert_eq!(machine.execute(&form), Ok(()));
        assert_eq!((machine.cpu.gpr[0], machine.cpu.gpr[2]), (0xB0B0_B0B0, 0xC0C0_C0C0));
        assert_eq!(machine.cpu.flags.bits() & ARITHMETIC, ARITHMETIC & !ZF);
    }

    #[test]
    fn xadd_of_a_register_with_itself_doubles_it() {
        let mut machine = Machine::new();
        machine.cpu.gpr[3] = 0x21;
        assert_eq!(machine.execute(&[0x0F, 0xC1, 0xDB]), Ok(()));
        assert_eq!(machine.cpu.gpr[3], 0x42);
        assert_eq!(machine.execute(&[0x0F, 0xC1, 0xD8]), Ok(())); // xadd ax, bx
        assert_eq!((machine.cpu.gpr[0], machine.cpu.gpr[3]), (0x42, 0));
    }
}
