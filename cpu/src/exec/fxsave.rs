//! FXSAVE and FXRSTOR: the whole x87 and SSE state at once. SDM Vol.2A "FXSAVE", "FXRSTOR", Table 3-43 "Non-64-bit-Mode
//! Layout of FXSAVE and FXRSTOR Memory Region".
//!
//! Without SSE, or while CR4.OSFXSR is clear, the places of MXCSR and the XMM registers are left alone: the manual leaves
//! it to the processor.

use ringwalk_mmu::{Access, LinAddr};

use super::Exec;
use crate::exception::{Exception, Step};
use crate::float::Extended;
use crate::fpu::FarPointer;
use crate::insn::{Insn, OPERAND_64};
use crate::model::Feature;
use crate::site::Site;
use crate::state::{CR0_EM, CR0_TS, CR4_OSFXSR};
use crate::vector::MXCSR_MASK;

/// Bytes that the operand has, and those of them that hold state.
const AREA: u64 = 512;
const USED: usize = XMM_REGISTERS + 16 * 16;
/// Where MXCSR and its mask lie.
const MXCSR: usize = 24;
/// Where XMM0 lies; the others follow.
const XMM_REGISTERS: usize = 160;
/// Where ST0 lies; the others follow, 16 bytes each.
const REGISTERS: usize = 32;

/// FXSAVE m512. Faults: operand access, #NM, #GP(0) if not on 16 bytes.
pub fn fxsave(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let addr = area(cx, i, Access::Write)?;
    let image = image(cx, i.has(OPERAND_64));
    let simd = has_simd(cx);
    let used = XMM_REGISTERS + 16 * usize::from(xmm_count(cx));
    for (number, bytes) in (0..).zip(image[..used].chunks_exact(8)) {
        let of_simd = number as usize * 8 == MXCSR || number as usize * 8 >= XMM_REGISTERS;
        if simd || !of_simd {
            let value = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            cx.store_linear(cx.behind(addr, 8 * number), value, cx.class())?;
        }
    }
    Ok(())
}

/// FXRSTOR m512. Faults: operand access, #NM, #GP(0) if not on 16 bytes.
pub fn fxrstor(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let addr = area(cx, i, Access::Read)?;
    let mut image = [0; USED];
    for (number, bytes) in (0..).zip(image.chunks_exact_mut(8)) {
        let value: u64 = cx.load_linear(cx.behind(addr, 8 * number), cx.class())?;
        bytes.copy_from_slice(&value.to_le_bytes());
    }
    if has_simd(cx) {
        take_simd(cx, &image)?;
    }
    take_x87(cx, &image[..XMM_REGISTERS], i.has(OPERAND_64));
    Ok(())
}

/// MXCSR and XMM registers are part of the image.
fn has_simd(cx: &Exec<'_>) -> bool {
    cx.cpu.features.has(Feature::Sse) && cx.cpu.cr4 & CR4_OSFXSR != 0
}

/// XMM registers that the image has.
fn xmm_count(cx: &Exec<'_>) -> u8 {
    if cx.cpu.code_is_64() { 16 } else { 8 }
}

/// #GP(0) for a reserved bit of MXCSR, before anything changes.
fn take_simd(cx: &mut Exec<'_>, image: &[u8; USED]) -> Step {
    let mxcsr = u32::from_le_bytes([image[MXCSR], image[MXCSR + 1], image[MXCSR + 2], image[MXCSR + 3]]);
    cx.require(mxcsr & !MXCSR_MASK == 0, Site::MxcsrReserved, 0)?;
    cx.cpu.vector.mxcsr = mxcsr;
    for (number, bytes) in (0..xmm_count(cx)).zip(image[XMM_REGISTERS..].chunks_exact(16)) {
        let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u128::from(*byte));
        cx.cpu.vector.set_xmm(number, value);
    }
    Ok(())
}

/// The operand's address, after all checks: behind them no access faults.
fn area(cx: &mut Exec<'_>, i: &Insn, access: Access) -> Result<LinAddr, Exception> {
    cx.require(cx.cpu.cr0 & (CR0_EM | CR0_TS) == 0, Site::DeviceNotAvailable, 0)?;
    let (segment, offset) = (i.segment(), cx.effective_address(i));
    let addr = cx.checked(segment, offset, AREA, access)?;
    cx.require(addr.0.is_multiple_of(16), Site::FxAlignment, 0)?;
    cx.translate(addr, access, cx.class())?;
    cx.translate(cx.behind(addr, AREA - 1), access, cx.class())?;
    Ok(addr)
}

fn image(cx: &Exec<'_>, wide: bool) -> [u8; USED] {
    let mut image = [0; USED];
    image[..XMM_REGISTERS].copy_from_slice(&x87_image(cx, wide));
    image[MXCSR..MXCSR + 4].copy_from_slice(&cx.cpu.vector.mxcsr.to_le_bytes());
    image[MXCSR + 4..MXCSR + 8].copy_from_slice(&MXCSR_MASK.to_le_bytes());
    for (number, place) in (0..xmm_count(cx)).zip(image[XMM_REGISTERS..].chunks_exact_mut(16)) {
        place.copy_from_slice(&cx.cpu.vector.xmm(number).to_le_bytes());
    }
    image
}

/// The x87 unit's part, with pointers of 64 bits if it is wide. SDM Vol.2A Table 3-45 "Layout of the 64-Bit Mode FXSAVE64
/// Map".
pub(super) fn x87_image(cx: &Exec<'_>, wide: bool) -> [u8; XMM_REGISTERS] {
    let fpu = &cx.cpu.fpu;
    let mut image = [0; XMM_REGISTERS];
    image[0..2].copy_from_slice(&fpu.control.to_le_bytes());
    image[2..4].copy_from_slice(&fpu.status.to_le_bytes());
    image[4] = fpu.occupied;
    image[6..8].copy_from_slice(&fpu.opcode.to_le_bytes());
    put_pointer(&mut image[8..16], fpu.instruction, wide);
    put_pointer(&mut image[16..24], fpu.operand, wide);
    for number in 0..8 {
        image[REGISTERS + 16 * number..][..10].copy_from_slice(&fpu.st(number).to_bytes());
    }
    image
}

/// Takes the x87 unit's part of an image over.
pub(super) fn take_x87(cx: &mut Exec<'_>, image: &[u8], wide: bool) {
    let word = |at: usize| u16::from_le_bytes([image[at], image[at + 1]]);
    let fpu = &mut cx.cpu.fpu;
    fpu.load_words(word(0), word(2));
    fpu.opcode = word(6) & 0x07FF;
    fpu.instruction = take_pointer(&image[8..16], wide);
    fpu.operand = take_pointer(&image[16..24], wide);
    for number in 0..8 {
        let physical = fpu.physical(number);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&image[REGISTERS + 16 * number..][..10]);
        fpu.registers[physical] = Extended::from_bytes(bytes);
    }
    fpu.occupied = image[4];
}

/// Offset of 32 bits, selector, two reserved bytes; or an offset of 64 bits.
fn put_pointer(place: &mut [u8], pointer: FarPointer, wide: bool) {
    if wide {
        return place.copy_from_slice(&pointer.offset.to_le_bytes());
    }
    place[..4].copy_from_slice(&(pointer.offset as u32).to_le_bytes());
    place[4..6].copy_from_slice(&pointer.selector.to_le_bytes());
}

fn take_pointer(place: &[u8], wide: bool) -> FarPointer {
    if wide {
        let offset = place.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        return FarPointer { offset, selector: 0 };
    }
    FarPointer {
        offset: u32::from_le_bytes([place[0], place[1], place[2], place[3]]).into(),
        selector: u16::from_le_bytes([place[4], place[5]]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::testing::Machine;

    const FXSAVE: [u8; 3] = [0x0F, 0xAE, 0x07];

    /// A machine whose BX points to an aligned area.
    fn machine() -> Machine {
        let mut machine = Machine::new();
        machine.cpu.gpr[3] = 0x5000;
        machine
    }

    #[test]
    fn the_state_after_power_on_and_after_fninit() {
        let mut machine = machine();
        machine.write(0x5000, &[0xEE; 512]);
        machine.execute(&FXSAVE).expect("FXSAVE [BX]");
        // Table 9-1 "IA-32 and Intel 64 Processor States": 0040h, 0, 5555h: all registers are +0.0 and not empty.
        assert_eq!(machine.read(0x5000, 16), [0x40, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(machine.read(0x5018, 8), [0xEE; 8], "MXCSR is left alone without CR4.OSFXSR");
        assert_eq!(machine.read(0x5020, 128), [0; 128]);
        assert_eq!(machine.read(0x50A0, 352), [0xEE; 352], "and so are the XMM registers");
        let mut machine = self::machine();
        machine.execute(&[0xDB, 0xE3]).expect("FNINIT");
        machine.execute(&FXSAVE).expect("FXSAVE [BX]");
        assert_eq!(machine.read(0x5000, 5), [0x7F, 0x03, 0, 0, 0x00]);
    }

    #[test]
    fn what_was_restored_is_saved_again() {
        let mut machine = machine();
        let mut image: Vec<u8> = (0..=255).chain(0..=255).collect();
        // Status: TOP is 3, no exception flags; two registers are empty.
        (image[2], image[3], image[4]) = (0x00, 0x18, 0xF6);
        (image[0], image[1], image[7]) = (0x7F, 0x03, 0x05);
        for reserved in [5, 14, 15, 22, 23] {
            image[reserved] = 0;
        }
        for register in 0..8 {
            image[42 + 16 * register..48 + 16 * register].fill(0);
        }
        machine.write(0x5000, &image);
        machine.execute(&[0x0F, 0xAE, 0x0F]).expect("FXRSTOR [BX]");
        machine.cpu.gpr[3] = 0x6000;
        machine.execute(&FXSAVE).expect("FXSAVE [BX]");
        assert_eq!(machine.read(0x6000, 24), image[..24]);
        assert_eq!(machine.read(0x6020, 128), image[32..160]);
        // Bits 0 and 3 of F6h are clear: registers 0 and 3 are empty.
        assert_eq!(machine.cpu.fpu.tag_word() & 0b1100_0011, 0b1100_0011);
    }

    #[test]
    fn checks_come_before_any_change() {
        let fault = |set: fn(&mut Machine)| {
            let mut machine = machine();
            set(&mut machine);
            machine.execute(&FXSAVE).expect_err("it faults")
        };
        assert_eq!(fault(|machine| machine.cpu.gpr[3] = 0x5008), Site::FxAlignment);
        assert_eq!(fault(|machine| machine.cpu.gpr[3] = 0xFE10), Site::DataLimit);
        assert_eq!(fault(|machine| machine.cpu.cr0 |= CR0_TS), Site::DeviceNotAvailable);
        assert_eq!(fault(|machine| machine.cpu.cr0 |= CR0_EM), Site::DeviceNotAvailable);
    }
}
