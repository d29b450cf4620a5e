//! Devices whose registers are a byte wide: a wider access goes byte by byte, upwards.

use ringwalk_mmu::Size;

use crate::Reg;

/// Reads each byte of an access.
pub(crate) fn read(reg: Reg, size: Size, mut byte: impl FnMut(Reg) -> u8) -> u64 {
    if size == Size::Byte {
        return byte(reg).into();
    }
    let mut value = [0; 8];
    for (reg, into) in registers(reg, size).zip(&mut value) {
        *into = byte(reg);
    }
    u64::from_le_bytes(value)
}

/// Writes each byte of an access.
pub(crate) fn write(reg: Reg, size: Size, value: u64, mut byte: impl FnMut(Reg, u8)) {
    if size == Size::Byte {
        // A byte.
        return byte(reg, value as u8);
    }
    for (reg, value) in registers(reg, size).zip(value.to_le_bytes()) {
        byte(reg, value);
    }
}

/// The registers that an access touches.
fn registers(first: Reg, size: Size) -> impl Iterator<Item = Reg> {
    // At most eight.
    let bytes = size.bytes() as u32;
    (0..bytes).map(move |n| Reg { offset: first.offset.saturating_add(n), ..first })
}
