//! Memory operands of 16 bytes. SDM Vol.1 4.1.1 "Alignment of Words, Doublewords, Quadwords, and Double Quadwords",
//! Vol.3A 8.1.1 "Guaranteed Atomic Operations": two quadwords, in no promised order; here the lower comes first.

use ringwalk_mmu::{Access, LinAddr, PhysAddr};

use super::super::string::DESTINATION;
use super::{Exec, Piece};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::site::Site;
use crate::value::packed::Packed;

/// Bytes of the operand.
const BYTES: u64 = 16;

/// What an instruction asks of its 16-byte operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// #GP(0) unless it lies on 16 bytes. SDM Vol.3A 6.15 "Interrupt 13-General Protection Exception (#GP)".
    Required,
    /// It may lie anywhere, unless alignment checks are on: then #AC as measured, on 16 bytes. SDM Vol.3A 6.15
    /// "Interrupt 17-Alignment Check Exception (#AC)" leaves it to the processor.
    Free,
}

impl Exec<'_> {
    /// Reads the 16 bytes of the memory operand.
    #[inline]
    pub fn load_128(&mut self, i: &Insn, alignment: Alignment) -> Result<u128, Exception> {
        let addr = self.checked_128(i, alignment, Access::Read)?;
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.read(addr, BYTES, self.class())
        {
            let mut raw = [0; BYTES as usize];
            raw.copy_from_slice(&self.memory.frames.bytes()[at..at + BYTES as usize]);
            return Ok(u128::from_le_bytes(raw));
        }
        self.load_128_carefully(addr)
    }

    /// Writes the 16 bytes of the memory operand. Both pages are checked before anything changes.
    #[inline]
    pub fn store_128(&mut self, i: &Insn, alignment: Alignment, value: u128) -> Step {
        let addr = self.checked_128(i, alignment, Access::Write)?;
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.write(addr, BYTES, self.class())
        {
            self.memory.frames.bytes_mut()[at..at + BYTES as usize].copy_from_slice(&value.to_le_bytes());
            return Ok(());
        }
        self.store_128_carefully(addr, value)
    }

    /// The operand's linear address, after segment and alignment.
    #[inline]
    fn checked_128(&self, i: &Insn, alignment: Alignment, access: Access) -> Result<LinAddr, Exception> {
        let addr = self.checked(i.segment(), self.effective_address(i), BYTES, access)?;
        let aligned = alignment == Alignment::Free || addr.0.is_multiple_of(BYTES);
        self.require(aligned, Site::VectorAlignment, 0)?;
        Ok(addr)
    }

    #[cold]
    fn load_128_carefully(&mut self, addr: LinAddr) -> Result<u128, Exception> {
        let class = self.class();
        self.check_alignment(addr, BYTES as usize, class)?;
        let (mut value, mut shift) = (0, 0);
        for piece in self.pieces(addr, BYTES as usize, Access::Read, class)?.into_iter().flatten() {
            for part in quadwords(piece) {
                value |= u128::from(self.load_piece(part, class)) << shift;
                shift += 8 * part.bytes as u32;
            }
        }
        self.note_128(addr, Access::Read, value);
        Ok(value)
    }

    #[cold]
    fn store_128_carefully(&mut self, addr: LinAddr, value: u128) -> Step {
        let class = self.class();
        self.check_alignment(addr, BYTES as usize, class)?;
        let pieces = self.pieces(addr, BYTES as usize, Access::Write, class)?;
        self.note_128(addr, Access::Write, value);
        let mut rest = value;
        for piece in pieces.into_iter().flatten() {
            for part in quadwords(piece) {
                self.store_piece(part, rest as u64, class);
                rest >>= 8 * part.bytes;
            }
        }
        Ok(())
    }

    /// The 16 bytes of the memory operand, as one value.
    #[inline]
    pub fn load_16(&mut self, i: &Insn, alignment: Alignment) -> Result<[u128; 1], Exception> {
        Ok([self.load_128(i, alignment)?])
    }

    /// Writes the 16 bytes of the memory operand.
    #[inline]
    pub fn store_16(&mut self, i: &Insn, alignment: Alignment, [value]: [u128; 1]) -> Step {
        self.store_128(i, alignment, value)
    }

    /// Reads the 32 bytes of the memory operand; what must be aligned lies on 32 bytes. As measured on an EPYC of family
    /// 19h, alignment checks ask for 16.
    pub fn load_32(&mut self, i: &Insn, alignment: Alignment) -> Result<[u128; 2], Exception> {
        let (addr, class) = (self.checked_256(i, alignment, Access::Read)?, self.class());
        let mut bytes = [0; 2 * BYTES as usize];
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.read(addr, 2 * BYTES, class)
        {
            bytes.copy_from_slice(&self.memory.frames.bytes()[at..at + 2 * BYTES as usize]);
            return Ok(halves(&bytes));
        }
        self.check_alignment(addr, BYTES as usize, class)?;
        let mut done = 0;
        for piece in self.pieces(addr, bytes.len(), Access::Read, class)?.into_iter().flatten() {
            for part in quadwords(piece) {
                let value = self.load_piece(part, class).to_le_bytes();
                bytes[done..done + part.bytes].copy_from_slice(&value[..part.bytes]);
                done += part.bytes;
            }
        }
        let [low, high] = halves(&bytes);
        self.note_128(addr, Access::Read, low);
        self.note_128(self.behind(addr, BYTES), Access::Read, high);
        Ok([low, high])
    }

    /// Writes the 32 bytes of the memory operand. Both pages are checked before anything changes.
    pub fn store_32(&mut self, i: &Insn, alignment: Alignment, [low, high]: [u128; 2]) -> Step {
        let (addr, class) = (self.checked_256(i, alignment, Access::Write)?, self.class());
        let mut bytes = [0; 2 * BYTES as usize];
        bytes[..BYTES as usize].copy_from_slice(&low.to_le_bytes());
        bytes[BYTES as usize..].copy_from_slice(&high.to_le_bytes());
        if !self.hot.guarded
            && let Some(at) = self.hot.host_tlb.write(addr, 2 * BYTES, class)
        {
            self.memory.frames.bytes_mut()[at..at + 2 * BYTES as usize].copy_from_slice(&bytes);
            return Ok(());
        }
        self.check_alignment(addr, BYTES as usize, class)?;
        let pieces = self.pieces(addr, bytes.len(), Access::Write, class)?;
        self.note_128(addr, Access::Write, low);
        self.note_128(self.behind(addr, BYTES), Access::Write, high);
        let mut done = 0;
        for part in pieces.into_iter().flatten().flat_map(quadwords) {
            let mut value = [0; 8];
            value[..part.bytes].copy_from_slice(&bytes[done..done + part.bytes]);
            self.store_piece(part, u64::from_le_bytes(value), class);
            done += part.bytes;
        }
        Ok(())
    }

    fn checked_256(&self, i: &Insn, alignment: Alignment, access: Access) -> Result<LinAddr, Exception> {
        let addr = self.checked(i.segment(), self.effective_address(i), 2 * BYTES, access)?;
        let aligned = alignment == Alignment::Free || addr.0.is_multiple_of(2 * BYTES);
        self.require(aligned, Site::VectorAlignment, 0)?;
        Ok(addr)
    }

    /// Writes the bytes of `value` whose bytes in `mask` have bit 7 set to DS:rDI, or the overriding segment's. As
    /// measured, the whole operand is checked whatever the mask says, and alignment checks ask for 8 bytes. SDM Vol.2B
    /// "MASKMOVQ", "MASKMOVDQU".
    pub fn store_masked<V: Packed>(&mut self, i: &Insn, value: V, mask: V) -> Step {
        let class = self.class();
        let offset = self.address_reg(i, DESTINATION);
        let addr = self.checked(i.segment(), offset, V::BYTES as u64, Access::Write)?;
        self.check_alignment(addr, 8, class)?;
        let mut number = 0;
        for piece in self.pieces(addr, V::BYTES, Access::Write, class)?.into_iter().flatten() {
            for at in 0..piece.bytes as u64 {
                if mask.lane::<u8>(number) & 0x80 != 0 {
                    self.store_byte_of(piece, at, value.lane(number));
                }
                number += 1;
            }
        }
        Ok(())
    }

    fn store_byte_of(&mut self, piece: Piece, at: u64, value: u8) {
        let linear = LinAddr(piece.linear.0 + at);
        if self.hot.guarded || self.hot.watches.any_data() {
            self.note_access(linear, 1, Access::Write, value.into());
        }
        let byte = Piece { linear, physical: PhysAddr(piece.physical.0 + at), bytes: 1 };
        self.store_piece(byte, value.into(), self.class());
    }

    /// Breakpoints and watchpoints see an access of 16 bytes as two of 8.
    fn note_128(&mut self, addr: LinAddr, access: Access, value: u128) {
        if self.hot.guarded || self.hot.watches.any_data() {
            self.note_access(addr, 8, access, value as u64);
            self.note_access(self.behind(addr, 8), 8, access, (value >> 64) as u64);
        }
    }
}

/// Lower and upper half of 32 bytes.
fn halves(bytes: &[u8; 2 * BYTES as usize]) -> [u128; 2] {
    let half = |at: usize| bytes[at..at + 16].iter().rev().fold(0, |all, byte| all << 8 | u128::from(*byte));
    [half(0), half(16)]
}

/// The part of an access that lies in one page, by at most 8 bytes: as a bus takes it, cut where addresses are multiples
/// of 8.
fn quadwords(piece: Piece) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let physical = PhysAddr(piece.physical.0 + done);
        let bytes = (8 - physical.0 % 8).min(piece.bytes as u64 - done);
        let part = Piece { linear: LinAddr(piece.linear.0 + done), physical, bytes: bytes as usize };
        done += bytes;
        (bytes > 0).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::testing::{Machine, insn};
    use crate::insn::{MEMORY, PLACE_MEMORY};

    const VALUE: u128 = 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100;

    fn at(offset: i32) -> Insn {
        Insn { disp: offset, dst: PLACE_MEMORY, flags: MEMORY, ..insn() }
    }

    #[test]
    fn sixteen_bytes_anywhere_also_across_pages() {
        for offset in (0xFE8..0x1010).chain([0xFFF0]) {
            let mut machine = Machine::new();
            // Carefully, then through the HostTlb.
            for _ in 0..2 {
                machine.write(u64::from(offset as u32) - 1, &[0xEE; 18]);
                let run = machine.run(|cx| cx.store_128(&at(offset), Alignment::Free, VALUE));
                assert_eq!(run.step, Ok(()));
                assert_eq!(machine.read(u64::from(offset as u32), 16), VALUE.to_le_bytes());
                assert_eq!(machine.read(u64::from(offset as u32) - 1, 1), [0xEE]);
                machine.run(|cx| {
                    assert_eq!(cx.load_128(&at(offset), Alignment::Free), Ok(VALUE), "at {offset:x}");
                    Ok(())
                });
            }
        }
    }

    #[test]
    fn the_second_page_is_checked_before_the_first_is_written() {
        let mut machine = Machine::new();
        machine.write(0x4FF0, &[0xEE; 16]);
        machine.protect_page(5);
        let run = machine.run(|cx| cx.store_128(&at(0x4FF8), Alignment::Free, VALUE));
        assert_eq!(run.step.map_err(|fault| fault.site), Err(Site::PageFault));
        assert_eq!(machine.hot.fault_address, 0x5000);
        assert_eq!(machine.read(0x4FF0, 16), [0xEE; 16]);
    }

    #[test]
    fn limit_before_alignment_before_pages() {
        let mut machine = Machine::new();
        machine.protect_page(5);
        let mut site = |offset, alignment| {
            machine.run(|cx| cx.store_128(&at(offset), alignment, 0)).step.map_err(|fault| fault.site)
        };
        assert_eq!(site(0xFFF8, Alignment::Required), Err(Site::DataLimit));
        assert_eq!(site(0x4FF8, Alignment::Required), Err(Site::VectorAlignment));
        assert_eq!(site(0x5000, Alignment::Required), Err(Site::PageFault));
        assert_eq!(site(0x4FF0, Alignment::Required), Ok(()));
    }
}
