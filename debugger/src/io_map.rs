//! Ports: what the next instruction accesses, and which of them the task may. SDM Vol.1 19.5.2 "I/O Permission Bit
//! Map".

use bitvec::prelude::{BitVec, Lsb0};
use iced_x86::{Instruction, Mnemonic, OpKind};
use ringwalk_cpu::state::{CpuState, Mode};
use serde::Serialize;

use crate::register::Register;
use crate::space::Address;
use crate::target::Target;

/// Where a 32-bit task-state segment holds the offset of its map.
const MAP_BASE: u32 = 102;
/// Bytes of a map for all ports, with the byte of ones behind it.
const WHOLE_MAP: u32 = 8193;

/// The I/O permission bit map of the present task; ports with a clear bit are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoMap {
    bits: BitVec<u8, Lsb0>,
}

/// Consecutive ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl IoMap {
    /// The map that TR's segment holds, as far as the limit goes. A 16-bit TSS has none: nothing is allowed.
    pub fn read(target: &dyn Target) -> IoMap {
        let (cpu, memory) = (target.cpu(), target.memory());
        let tr = cpu.tr;
        let is_32 = tr.rights & 8 != 0 && !tr.selector.is_null();
        let byte = |offset: u32| {
            let at = Address::Linear((tr.base + u64::from(offset)) & 0xFFFF_FFFF);
            at.peek(cpu, memory).filter(|_| offset <= tr.limit)
        };
        let base = is_32.then(|| Some(u32::from(byte(MAP_BASE)?) | u32::from(byte(MAP_BASE + 1)?) << 8)).flatten();
        let bytes = base.map(|base| (0..WHOLE_MAP).map_while(|index| byte(base + index)).collect::<Vec<u8>>());
        IoMap { bits: BitVec::from_vec(bytes.unwrap_or_default()) }
    }

    /// True if the map allows an access of so many bytes. The processor always reads two bytes of the map, so the
    /// second must lie within the segment too.
    pub fn allows(&self, port: u16, bytes: u32) -> bool {
        let (first, bytes) = (usize::from(port), bytes as usize);
        let in_limit = (first / 8 + 2) * 8 <= self.bits.len();
        in_limit && self.bits[first..first + bytes].not_any()
    }

    /// The ports that may be accessed byte by byte, joined to ranges.
    pub fn allowed(&self) -> Vec<PortRange> {
        let mut ranges: Vec<PortRange> = Vec::new();
        let ports = self.bits.iter_zeros().filter_map(|port| u16::try_from(port).ok());
        for port in ports.filter(|port| self.allows(*port, 1)) {
            match ranges.last_mut() {
                Some(range) if range.last + 1 == port => range.last = port,
                _ => ranges.push(PortRange { first: port, last: port }),
            }
        }
        ranges
    }
}

/// The port that an instruction accesses, and the bytes of the access.
pub fn port_access(cpu: &CpuState, insn: &Instruction) -> Option<(u16, u32)> {
    let dx = Register::Word(2).read(cpu) as u16;
    let operand = |index: u32| match insn.op_kind(index) {
        OpKind::Immediate8 => u16::from(insn.immediate8()),
        _ => dx,
    };
    let strings = [Mnemonic::Insb, Mnemonic::Insw, Mnemonic::Insd, Mnemonic::Outsb, Mnemonic::Outsw, Mnemonic::Outsd];
    match insn.mnemonic() {
        Mnemonic::In => Some((operand(1), insn.op0_register().size() as u32)),
        Mnemonic::Out => Some((operand(0), insn.op1_register().size() as u32)),
        mnemonic if insn.is_string_instruction() && strings.contains(&mnemonic) => {
            Some((dx, insn.memory_size().size() as u32))
        }
        _ => None,
    }
}

/// Why the access would be refused. In virtual-8086 mode the map alone decides.
pub fn port_fault(target: &dyn Target, port: u16, bytes: u32) -> Option<String> {
    let cpu = target.cpu();
    let (cpl, iopl) = (cpu.cpl, cpu.flags.iopl());
    let asks_map = match cpu.mode() {
        Mode::Real => false,
        Mode::Virtual8086 => true,
        Mode::Protected => cpl > iopl,
    };
    if !asks_map || IoMap::read(target).allows(port, bytes) {
        return None;
    }
    let above =
        if cpu.mode() == Mode::Protected { format!("CPL {cpl} is above IOPL {iopl}, and ") } else { String::new() };
    Some(format!("#GP: {above}the I/O permission map of the task does not allow port {port:#x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::segment::{Segment, Selector};
    use ringwalk_cpu::state::CR0_PE;

    fn with_map(map: &[u8]) -> Fake {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE;
        fake.cpu.cpl = 3;
        let limit = 0x67 + map.len() as u32;
        fake.cpu.tr = Segment { selector: Selector(0x18), base: 0x2000, limit, rights: 0x8B };
        fake.poke(0x2000 + 102, &[0x68, 0x00]);
        fake.poke(0x2068, map);
        fake
    }

    #[test]
    fn clear_bits_allow_and_the_second_byte_must_be_there() {
        // Ports 8 to 15 but 10; the map ends with the byte of ports 16 to 23, which therefore cannot be used.
        let map = IoMap::read(&with_map(&[0xFF, 0x04, 0x00]));
        assert_eq!(map.allowed(), [PortRange { first: 8, last: 9 }, PortRange { first: 11, last: 15 }]);
        assert!(map.allows(8, 2) && !map.allows(9, 2) && map.allows(12, 4));
        assert!(map.allows(14, 4), "two bytes of the map were read");
        assert!(!map.allows(16, 1), "its second byte lies beyond the limit");
        assert!(IoMap::read(&with_map(&[])).allowed().is_empty());
    }

    #[test]
    fn a_16_bit_task_has_no_map() {
        let mut fake = with_map(&[0, 0, 0]);
        fake.cpu.tr.rights = 0x83;
        assert!(IoMap::read(&fake).allowed().is_empty());
    }

    #[test]
    fn only_where_iopl_refuses_the_map_is_asked() {
        let mut fake = with_map(&[0xFF, 0xFF, 0xFF]);
        let refused = "#GP: CPL 3 is above IOPL 0, and the I/O permission map of the task does not allow port 0x8";
        assert_eq!(port_fault(&fake, 8, 1).as_deref(), Some(refused));
        fake.cpu.flags.replace(ringwalk_cpu::flags::IOPL, ringwalk_cpu::flags::IOPL);
        assert_eq!(port_fault(&fake, 8, 1), None);
        assert_eq!(port_fault(&with_map(&[0, 0, 0]), 8, 1), None);
    }
}
