//! The board: devices, interrupt lines, PCI, virtual time. Meets the processor only at `ringwalk_mmu::Bus`.
//!
//! Begin with `device.rs`: what a device is and what it is handed. `devices.rs` lists them all; [`Board`] brings every
//! access to its device by the tables of `routing.rs` and joins their lines; `physical_map.rs` says what lies where in
//! memory.

mod board;
mod cmos;
mod config;
mod device;
mod devices;
mod physical_map;
mod routing;

// Devices on PCI.
mod host_bridge;
mod ide;
mod isa_bridge;
mod pci;
mod piix4_pm;
mod piix4_smbus;
mod vga;

// Beside both buses.
mod hpet;
mod hpet_timer;
mod io_apic;

// Devices on the ISA bus.
mod byte_wide;
mod coprocessor;
mod debug_port;
mod dma;
mod dma_chip;
mod exit_device;
mod fdc;
mod fw_cfg;
mod i8042;
mod keyboard;
mod keys;
mod mouse;
mod parallel;
mod pic;
mod pic_chip;
mod pit;
mod pit_counter;
mod port92;
mod rtc;
mod rtc_clock;
mod uart;

#[cfg(test)]
mod fabric_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod test_pc;

pub use board::Board;
pub use config::{BoardConfig, BootDevice, Date, DiskConfig, DiskKind, FLOPPY_KIB, FloppyConfig};
pub use coprocessor::Coprocessor;
pub use debug_port::DebugPort;
pub use device::{Cx, Device, Lines, Output, Range, Ranges, Reg, Space, View};
pub use dma::{Dma, DmaCycle};
pub use dma_chip::DmaKind;
pub use exit_device::ExitDevice;
pub use fdc::Fdc;
pub use i8042::I8042;
pub use keys::{Key, keys_for_char, keys_of_set2};
pub use mouse::MouseMove;
pub use parallel::Parallel;
pub use physical_map::pages_below_hole;
pub use pic::Pic;
pub use pit::{PIT_HZ, Pit};
pub use port92::Port92;
pub use rtc::Rtc;
pub use uart::{UART_HZ, Uart};
pub use vga::{GraphicsMode, Image, Screen};
