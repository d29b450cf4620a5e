//! The board: devices, interrupt lines, PCI, virtual time. Meets the processor only at `ringwalk_mmu::Bus`.

mod device;

pub use device::{Cx, Device, Lines, Output, Range, Ranges, Reg, Space, View};
