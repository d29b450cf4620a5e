//! The devices of the board: one field each, and beside it the one list that everything iterates over.

use serde::{Deserialize, Serialize};

use crate::cmos;
use crate::config::BoardConfig;
use crate::coprocessor::Coprocessor;
use crate::debug_port::DebugPort;
use crate::device::{Device, Lines};
use crate::dma::Dma;
use crate::exit_device::ExitDevice;
use crate::fdc::Fdc;
use crate::fw_cfg::FwCfg;
use crate::host_bridge::HostBridge;
use crate::hpet::Hpet;
use crate::i8042::I8042;
use crate::ide::Ide;
use crate::io_apic::IoApic;
use crate::isa_bridge::IsaBridge;
use crate::parallel::Parallel;
use crate::pic::Pic;
use crate::piix4_pm::Piix4Pm;
use crate::pit::Pit;
use crate::port92::Port92;
use crate::rtc::Rtc;
use crate::uart::Uart;
use crate::vga::Vga;

/// Every device, by name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Devices {
    pub(crate) isa_bridge: IsaBridge,
    pub(crate) host_bridge: HostBridge,
    pub(crate) ide: Ide,
    pub(crate) vga: Vga,
    pub(crate) pic: Pic,
    pub(crate) pit: Pit,
    pub(crate) rtc: Rtc,
    pub(crate) i8042: I8042,
    pub(crate) port92: Port92,
    pub(crate) com1: Uart,
    pub(crate) com2: Uart,
    pub(crate) debug_port: DebugPort,
    pub(crate) exit_device: ExitDevice,
    pub(crate) dma: Dma,
    pub(crate) fdc: Fdc,
    pub(crate) piix4_pm: Piix4Pm,
    pub(crate) fw_cfg: FwCfg,
    pub(crate) lpt1: Parallel,
    pub(crate) coprocessor: Coprocessor,
    pub(crate) io_apic: IoApic,
    pub(crate) hpet: Hpet,
}

/// Makes `NAMES`, `get` and `split` from one list of fields, in the order in which they answer where they overlap:
/// `list! { 0 isa_bridge, .. }` gives `NAMES = ["isa_bridge", ..]` and `match index { 0 => &self.isa_bridge, .. }`.
macro_rules! list {
    ($($index:literal $field:ident,)*) => {
        impl Devices {
            /// The devices' names; a device's place in this list is its number.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($field)),*];
            /// A device by its number.
            pub(crate) fn get(&self, number: u8) -> Option<&dyn Device> {
                match number { $($index => Some(&self.$field),)* _ => None }
            }
            pub(crate) fn get_mut(&mut self, number: u8) -> Option<&mut dyn Device> {
                match number { $($index => Some(&mut self.$field),)* _ => None }
            }
            /// The bytes that each device takes in a saved board.
            #[cfg(test)]
            pub(crate) fn saved_bytes(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($field), crate::fuzz::save(&self.$field).len()),)*]
            }
        }
    };
}

list! {
    0 isa_bridge,
    1 host_bridge,
    2 ide,
    3 vga,
    4 pic,
    5 pit,
    6 rtc,
    7 i8042,
    8 port92,
    9 com1,
    10 com2,
    11 debug_port,
    12 exit_device,
    13 dma,
    14 fdc,
    15 piix4_pm,
    16 fw_cfg,
    17 lpt1,
    18 coprocessor,
    19 io_apic,
    20 hpet,
}

/// How many devices there are.
pub(crate) const COUNT: usize = Devices::NAMES.len();

/// The lines that each device drives.
pub(crate) type AllLines = [Lines; COUNT];

impl Devices {
    /// The display adapter's number.
    pub(crate) const VGA: u8 = 3;
    /// The IDE interface's number.
    pub(crate) const IDE: u8 = 2;
    /// The keyboard controller's number.
    pub(crate) const I8042: u8 = 7;
    /// The serial ports' numbers.
    pub(crate) const COM1: u8 = 9;
    pub(crate) const COM2: u8 = 10;
    /// The DMA controllers' number.
    pub(crate) const DMA: u8 = 13;
    /// The coprocessor error latch's number.
    pub(crate) const COPROCESSOR: u8 = 18;
    /// A bit for each device that time does nothing to: it need not be brought forward, and is never due.
    pub(crate) const TIMELESS: u32 = 1 | 1 << 1 | 1 << 4 | 1 << 8 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 19;
    /// A bit for each device that [`Device::advance`] does nothing to before it is due.
    pub(crate) const SLEEPERS: u32 = Devices::TIMELESS
        | 1 << Devices::IDE
        | 1 << Devices::VGA
        | 1 << Devices::PIT
        | 1 << Devices::RTC
        | 1 << Devices::I8042
        | 1 << Devices::COM1
        | 1 << Devices::COM2
        | 1 << 17;
    /// A bit for each timeless device that makes neither requests nor output and drives no line: interrupt and DMA
    /// controllers.
    pub(crate) const QUICK: u32 = 1 << 4 | 1 << Devices::DMA;
    /// A bit for each device that the processor's lines depend on without a line of its own.
    pub(crate) const MAKES_SIGNALS: u32 =
        Devices::MAKES_REQUESTS | 1 << 4 | 1 << 6 | 1 << Devices::COPROCESSOR | 1 << Devices::IO_APIC;
    /// A bit for each device that asks something of the processor or the whole machine: resets, INIT, the A20 gate.
    pub(crate) const MAKES_REQUESTS: u32 = 1 | 1 << 7 | 1 << 8;
    /// The interrupt controllers' numbers.
    pub(crate) const PIC: u8 = 4;
    pub(crate) const IO_APIC: u8 = 19;
    /// The numbers of what the HPET replaces.
    pub(crate) const PIT: u8 = 5;
    pub(crate) const RTC: u8 = 6;

    /// The devices at power-on.
    pub(crate) fn new(config: &BoardConfig) -> Devices {
        let mut exit_device = ExitDevice::default();
        exit_device.set_exit_port(config.exit_port);
        Devices {
            isa_bridge: IsaBridge::new(),
            host_bridge: HostBridge::new(),
            ide: Ide::new(config.disks),
            vga: Vga::new(config.vram_pages),
            pic: Pic::default(),
            pit: Pit::default(),
            rtc: cmos::clock(config),
            i8042: I8042::default(),
            port92: Port92::default(),
            com1: Uart::com1(),
            com2: Uart::com2(),
            debug_port: DebugPort::default(),
            exit_device,
            dma: Dma::default(),
            fdc: Fdc::new(config.floppies),
            piix4_pm: Piix4Pm::new(),
            fw_cfg: FwCfg::new(config),
            lpt1: Parallel::default(),
            coprocessor: Coprocessor::default(),
            io_apic: IoApic::default(),
            hpet: Hpet::default(),
        }
    }

    /// The number of every device.
    pub(crate) fn numbers() -> impl Iterator<Item = u8> {
        // There are fewer than 33 devices: `AllLines` is saved as an array.
        0..COUNT as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_their_numbers() {
        assert_eq!(Devices::NAMES[usize::from(Devices::VGA)], "vga");
        assert_eq!(Devices::NAMES[usize::from(Devices::DMA)], "dma");
        assert_eq!(Devices::NAMES[usize::from(Devices::COPROCESSOR)], "coprocessor");
        let names = |bits: u32| -> Vec<_> {
            let numbers = Devices::numbers().filter(|number| bits >> number & 1 != 0);
            numbers.map(|number| Devices::NAMES[usize::from(number)]).collect()
        };
        assert_eq!(names(Devices::MAKES_REQUESTS), ["isa_bridge", "i8042", "port92"]);
        assert_eq!(
            names(Devices::MAKES_SIGNALS),
            ["isa_bridge", "pic", "rtc", "i8042", "port92", "coprocessor", "io_apic"]
        );
        let timeless =
            ["isa_bridge", "host_bridge", "pic", "port92", "debug_port", "exit_device", "dma", "fw_cfg", "io_apic"];
        assert_eq!(names(Devices::TIMELESS), timeless);
        assert_eq!(names(Devices::QUICK), ["pic", "dma"]);
        let own_time = ["coprocessor", "fdc", "hpet", "piix4_pm"];
        let mut others = names(!Devices::SLEEPERS);
        others.sort_unstable();
        assert_eq!(others, own_time);
        let named = [Devices::PIC, Devices::PIT, Devices::RTC, Devices::IO_APIC];
        assert_eq!(named.map(|number| Devices::NAMES[usize::from(number)]), ["pic", "pit", "rtc", "io_apic"]);
        let named = [Devices::IDE, Devices::I8042, Devices::COM1, Devices::COM2];
        assert_eq!(named.map(|number| Devices::NAMES[usize::from(number)]), ["ide", "i8042", "com1", "com2"]);
    }
}
