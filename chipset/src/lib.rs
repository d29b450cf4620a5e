//! The board: devices, interrupt lines, PCI, virtual time. Meets the processor only at `ringwalk_mmu::Bus`.
//!
//! Begin with [`device`]: what a device is and what it is handed. [`devices`] lists them all; [`Board`] brings every
//! access to its device by [`routing`] tables and joins their lines; [`physical_map`] says what lies where in memory.

mod board;
mod config;
mod device;
mod devices;
mod host_bridge;
mod isa_bridge;
mod pci;
mod physical_map;
mod routing;

pub use board::Board;
pub use config::{BoardConfig, BootDevice, Date, DiskConfig};
pub use device::{Cx, Device, Lines, Output, Range, Ranges, Reg, Space, View};
