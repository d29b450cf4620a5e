//! Addresses with their space, and reading without side effects: no accessed flag is set, no TLB entry made, no
//! device asked. SDM Vol.3A 3.1 "Memory Management Overview".

use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::{CpuState, Mode};
use ringwalk_mmu::{LinAddr, Memory, PhysAddr, Route, view_walk};
use serde::Serialize;

use crate::register::descriptor_of;

/// An address that knows its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A selector and an offset, with the segment base that they were resolved by.
    Logical {
        /// The selector.
        selector: u16,
        /// The offset.
        offset: u64,
        /// The linear address of offset 0.
        base: u64,
    },
    /// A linear address.
    Linear(u64),
    /// A physical address as the bus sees it: behind paging and the A20 gate.
    Physical(u64),
}

/// An address in every space that it has, as commands answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Everywhere {
    /// `selector:offset`, if it was named so.
    pub logical: Option<String>,
    /// Linear address.
    pub linear: Option<u64>,
    /// Physical address behind the A20 gate; absent where nothing is mapped.
    pub physical: Option<u64>,
}

impl Address {
    /// The next instruction: CS:EIP.
    pub fn of_next(cpu: &CpuState) -> Address {
        Address::in_segment(cpu, SegReg::Cs, cpu.rip)
    }

    /// An offset in a segment register, by its descriptor cache.
    pub fn in_segment(cpu: &CpuState, reg: SegReg, offset: u64) -> Address {
        let segment = cpu.seg(reg);
        // 64-bit code knows the bases of FS and GS only.
        let ignored = cpu.code_is_64() && !matches!(reg, SegReg::Fs | SegReg::Gs);
        Address::Logical { selector: segment.selector.0, offset, base: if ignored { 0 } else { segment.base } }
    }

    /// An offset behind a selector that no register need hold: by the mode, or by the descriptor table.
    pub fn by_selector(cpu: &CpuState, memory: &Memory, selector: u16, offset: u64) -> Option<Address> {
        let base = match cpu.mode() {
            Mode::Protected => descriptor_of(cpu, memory, Selector(selector))?.base().into(),
            Mode::Real | Mode::Virtual8086 => u64::from(selector) << 4,
        };
        Some(Address::Logical { selector, offset, base })
    }

    /// The linear address, for all but physical ones.
    pub fn linear(self) -> Option<LinAddr> {
        match self {
            Address::Logical { offset, base, .. } => Some(LinAddr(wrapped(base, offset))),
            Address::Linear(address) => Some(LinAddr(address)),
            Address::Physical(_) => None,
        }
    }

    /// The physical address behind the A20 gate, by the paging structures as memory holds them now.
    pub fn physical(self, cpu: &CpuState, memory: &Memory) -> Option<PhysAddr> {
        match self {
            Address::Physical(address) => Some(PhysAddr(address)),
            _ => physical_of(cpu, memory, self.linear()?).map(|at| memory.behind_a20(at)),
        }
    }

    /// So many bytes further.
    pub fn plus(self, bytes: u32) -> Address {
        match self {
            Address::Logical { selector, offset, base } => {
                Address::Logical { selector, offset: wrapped(offset, bytes.into()), base }
            }
            Address::Linear(address) => Address::Linear(wrapped(address, bytes.into())),
            Address::Physical(address) => Address::Physical(address.wrapping_add(u64::from(bytes))),
        }
    }

    /// The byte there; `None` where nothing is mapped or no memory answers.
    pub fn peek(self, cpu: &CpuState, memory: &Memory) -> Option<u8> {
        memory.peek(self.physical(cpu, memory)?)
    }

    /// Up to 8 bytes as a little-endian number; `None` if any of them cannot be read.
    pub fn peek_number(self, cpu: &CpuState, memory: &Memory, bytes: u32) -> Option<u64> {
        let mut value = 0;
        for index in 0..bytes.min(8) {
            value |= u64::from(self.plus(index).peek(cpu, memory)?) << (8 * index);
        }
        Some(value)
    }

    /// The address in every space.
    pub fn everywhere(self, cpu: &CpuState, memory: &Memory) -> Everywhere {
        Everywhere {
            logical: match self {
                Address::Logical { selector, offset, .. } => Some(logical(selector, offset)),
                _ => None,
            },
            linear: self.linear().map(|at| at.0),
            physical: self.physical(cpu, memory).map(|at| at.0),
        }
    }

    /// In the space that it was named in.
    pub fn text(self) -> String {
        match self {
            Address::Logical { selector, offset, .. } => logical(selector, offset),
            Address::Linear(address) => format!("lin {address:08x}"),
            Address::Physical(address) => format!("phys {address:08x}"),
        }
    }
}

impl Everywhere {
    /// `0000:7c00`, then the linear address if it differs from what one sees, then the physical one if that does.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.logical.clone());
        parts.extend(self.linear.map(|at| format!("lin {at:08x}")));
        match self.physical {
            None if self.linear.is_some() => parts.push("not mapped".to_string()),
            Some(at) if self.linear != Some(at) => parts.push(format!("phys {at:08x}")),
            _ => (),
        }
        parts.join(" -> ")
    }
}

/// A sum that wraps at 4 GiB if neither part lies beyond: 32-bit code does not get there.
fn wrapped(base: u64, offset: u64) -> u64 {
    let sum = base.wrapping_add(offset);
    if (base | offset) >> 32 == 0 { sum & 0xFFFF_FFFF } else { sum }
}

/// `selector:offset` with as many digits as the offset needs.
pub fn logical(selector: u16, offset: u64) -> String {
    if offset > 0xFFFF_FFFF {
        return format!("{selector:04x}:{offset:016x}");
    }
    if offset > 0xFFFF { format!("{selector:04x}:{offset:08x}") } else { format!("{selector:04x}:{offset:04x}") }
}

/// Where a linear address leads by the paging structures as they are in memory now, before the A20 gate; `None` if
/// nothing is mapped. The TLB is not asked: it may hold something else (`walk` shows both).
pub fn physical_of(cpu: &CpuState, memory: &Memory, at: LinAddr) -> Option<PhysAddr> {
    let paging = cpu.paging();
    if !paging.enabled {
        return Some(PhysAddr(at.0));
    }
    let leaf = view_walk(&paging, memory, at).leaf?;
    let within = (1u64 << leaf.size_bits) - 1;
    Some(PhysAddr(leaf.physical.0 | (at.0 & within)))
}

/// The byte at a linear address; `None` where nothing is mapped, or no memory answers.
pub fn peek_linear(cpu: &CpuState, memory: &Memory, at: LinAddr) -> Option<u8> {
    memory.peek(memory.behind_a20(physical_of(cpu, memory, at)?))
}

/// Who answers reads at a physical address.
pub fn owner(memory: &Memory, at: PhysAddr) -> &'static str {
    let Route::Frame(frame) = memory.routes(at.page()).read else {
        return match memory.routes(at.page()).read {
            Route::Mmio => "device",
            _ => "nobody",
        };
    };
    let ranges = [
        (memory.ram, "RAM"),
        (memory.vram, "video memory"),
        (memory.bios, "BIOS ROM"),
        (memory.vga_bios, "VGA BIOS ROM"),
    ];
    let holds =
        |range: &ringwalk_mmu::FrameRange| frame.0.checked_sub(range.first.0).is_some_and(|index| index < range.count);
    ranges.iter().find(|(range, _)| holds(range)).map_or("memory", |(_, name)| name)
}
