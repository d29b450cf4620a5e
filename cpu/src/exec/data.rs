//! Data movement. SDM Vol.1 7.3.1 "Data Transfer Instructions", 7.3.8 "Control Transfer Instructions" for conditions,
//! 7.3.17 "Miscellaneous Instructions".

use crate::exception::Step;
use crate::exec::Exec;
use crate::insn::Insn;
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

/// NOP, or XCHG R8, rAX: the accumulator with itself changes nothing, not even its upper half. SDM Vol.2B "NOP". Flags:
/// none. Faults: none.
pub fn nop_or_xchg<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    if i.dst == i.src { Ok(()) } else { xchg::<W>(cx, i) }
}

/// MOVBE r, m; m, r: the bytes in opposite order. SDM Vol.2B "MOVBE". Flags: none. Faults: operand access.
pub fn movbe<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.src(i)?;
    cx.set_dst(i, value.swap_bytes())
}

/// MOV r64, imm64. SDM Vol.2B "MOV". Flags: none. Faults: none.
pub fn mov_wide(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.set_dst(i, i.immediate_64())
}

/// CMOVcc r, r/m. SDM Vol.2A "CMOVcc". Flags: none. Faults: operand access, whether the condition holds or not. The
/// destination is always written: a 32-bit one loses its upper half.
pub fn cmov<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.src(i)?;
    let kept: W = cx.reg(i.dst);
    cx.set_dst(i, if cx.cpu.flags.condition(i.condition()) { value } else { kept })
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

/// MOVSXD r, r/m32. SDM Vol.2B "MOVSX/MOVSXD". Flags: none. Faults: operand access.
pub fn movsxd<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: u32 = cx.src(i)?;
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
    cx.set_dst(i, W::truncate(offset))
}

/// XLATB: AL from the table at (E)BX. SDM Vol.2C "XLAT/XLATB". Flags: none. Faults: operand access.
pub fn xlat(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let index = u64::from(cx.reg::<u8>(AL));
    let offset = cx.wrap_address(i, cx.address_reg(i, EBX).wrapping_add(index));
    let value: u8 = cx.load(i.segment(), offset)?;
    cx.set_reg(AL, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::exec::testing::Machine;
    use crate::flags::{CF, ZF};
    use crate::site::Site;

    #[test]
    fn cmov_reads_its_source_even_if_it_is_not_taken() {
        let mut machine = Machine::new();
        machine.cpu.gpr[3] = 0xFFFF;
        assert_eq!(machine.execute(&[0x0F, 0x44, 0x07]), Err(Site::DataLimit)); // cmove ax, [bx], ZF clear
        machine.cpu.gpr[3] = 0x100;
        machine.write(0x100, &[0x34, 0x12]);
        assert_eq!(machine.execute(&[0x0F, 0x44, 0x07]), Ok(()));
        assert_eq!(machine.cpu.gpr[0], 0);
        machine.cpu.flags.set(ZF, true);
        assert_eq!(machine.execute(&[0x0F, 0x44, 0x07]), Ok(()));
        assert_eq!(machine.cpu.gpr[0], 0x1234);
    }

    #[test]
    fn lea_cuts_or_extends_the_address() {
        let mut machine = Machine::new();
        machine.cpu.gpr[3] = 0x8765_FFFF;
        machine.cpu.gpr[0] = 0xAAAA_AAAA;
        assert_eq!(machine.execute(&[0x66, 0x8D, 0x47, 2]), Ok(())); // lea eax, [bx+2]
        assert_eq!(machine.cpu.gpr[0], 1);
        assert_eq!(machine.execute(&[0x67, 0x8D, 0x43, 0xF0]), Ok(())); // lea ax, [ebx-10h]
        assert_eq!(machine.cpu.gpr[0], 0xFFEF);
        assert_eq!(machine.execute(&[0x67, 0x66, 0x8D, 0x43, 0xF0]), Ok(())); // lea eax, [ebx-10h]
        assert_eq!(machine.cpu.gpr[0], 0x8765_FFEF);
    }

    #[test]
    fn extension_and_high_bytes() {
        let mut machine = Machine::new();
        machine.cpu.gpr[0] = 0x80FE;
        assert_eq!(machine.execute(&[0x66, 0x0F, 0xBE, 0xDC]), Ok(())); // movsx ebx, ah
        assert_eq!(machine.cpu.gpr[3], 0xFFFF_FF80);
        assert_eq!(machine.execute(&[0x66, 0x0F, 0xB7, 0xD8]), Ok(())); // movzx ebx, ax
        assert_eq!(machine.cpu.gpr[3], 0x80FE);
        assert_eq!(machine.execute(&[0x86, 0xC4]), Ok(())); // xchg ah, al
        assert_eq!(machine.cpu.gpr[0], 0xFE80);
        assert_eq!(machine.execute(&[0x98]), Ok(())); // cbw
        assert_eq!(machine.cpu.gpr[0], 0xFF80);
        assert_eq!(machine.execute(&[0x66, 0x98]), Ok(())); // cwde
        assert_eq!(machine.execute(&[0x66, 0x99]), Ok(())); // cdq
        assert_eq!((machine.cpu.gpr[0], machine.cpu.gpr[2]), (0xFFFF_FF80, 0xFFFF_FFFF));
    }

    #[test]
    fn xlat_wraps_and_obeys_its_segment() {
        let mut machine = Machine::new();
        machine.cpu.segments[4].base = 0x1000;
        machine.cpu.gpr[3] = 0xFFFE;
        machine.cpu.gpr[0] = 0x5503;
        machine.write(0x1001, &[0x77]);
        assert_eq!(machine.execute(&[0x64, 0xD7]), Ok(())); // fs xlatb
        assert_eq!(machine.cpu.gpr[0], 0x5577);
    }

    #[test]
    fn conditions_and_flags_as_bytes() {
        let mut machine = Machine::new();
        machine.cpu.flags.set(CF, true);
        assert_eq!(machine.execute(&[0x0F, 0x92, 0xC4]), Ok(())); // setb ah
        assert_eq!(machine.execute(&[0xD6]), Ok(())); // salc
        assert_eq!(machine.cpu.gpr[0], 0x01FF);
        assert_eq!(machine.execute(&[0x9F]), Ok(())); // lahf
        assert_eq!(machine.cpu.gpr[0], 0x03FF);
        machine.cpu.gpr[0] = 0xFF00;
        assert_eq!(machine.execute(&[0x9E]), Ok(())); // sahf
        assert_eq!(machine.cpu.flags.bits(), 0xD7);
    }
}
