//! Host bridge: Intel 82441FX (PMC) of the 440FX PCIset: configuration mechanism, shadow and SMM memory attributes.
//! *82441FX PCI and Memory Controller (PMC)* datasheet, order number 290549, "Register Description".

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::device::{Cx, Device, Ranges, Reg, View};
use crate::pci::{self, ConfigSpace, Function, Register};

/// Where the bridge is: bus 0, device 0.
pub(crate) const FUNCTION: Function = Function::on_bus_0(0, 0);

/// Range 0: CONFADD, port CF8h, dword accesses only ("I/O Mapped Registers").
const CONFADD: u8 = 0;
/// Range 1: CONFDATA. The board carries it to the selected function; here it arrives only while that is off.
const CONFDATA: u8 = 1;
/// The first port of CONFDATA.
pub(crate) const CONFDATA_PORT: u16 = 0xCFC;
/// First of the programmable attribute map registers, 59h to 5Fh ("PAM-Programmable Attribute Map Registers").
const PAM: u8 = 0x59;
/// System management RAM control ("SMRAM-System Management RAM Control Register").
const SMRAM: u8 = 0x72;
/// SMRAM bit 6, DOPEN: the space is open outside SMM too.
const SMRAM_OPEN: u8 = 1 << 6;
/// SMRAM bit 4, DLCK: DOPEN is clear and SMRAM read-only until reset.
const SMRAM_LOCK: u8 = 1 << 4;
/// SMRAM bit 3, SMRAME: the function is on.
const SMRAM_ENABLE: u8 = 1 << 3;

/// PMC configuration registers. The chip has no subsystem: 1AF4:1100 tells firmware that `fw_cfg.rs` is there. PMCCFG
/// straps and DRAM timing are kept as written.
const TABLE: [Register; 25] = [
    Register::fixed(0x00, 4, 0x1237_8086),
    Register::writable(0x04, 2, 0x0006, 0x0140),
    Register::writable(0x06, 2, 0x0280, 0).clears(0xF100),
    Register::fixed(0x08, 1, 0x02),
    Register::fixed(0x09, 3, 0x06_0000),
    Register::writable(0x0D, 1, 0x00, 0xF8),
    Register::fixed(0x2C, 4, 0x1100_1AF4),
    Register::writable(0x50, 2, 0x0000, 0xE7FF),
    Register::writable(0x52, 1, 0x00, 0xEF),
    Register::writable(0x53, 1, 0x80, 0x8F),
    Register::writable(0x54, 1, 0x00, 0x02),
    Register::writable(0x55, 2, 0x0000, 0xFFFF),
    Register::writable(0x57, 1, 0x01, 0xCF),
    Register::writable(0x58, 1, 0x10, 0x3F),
    Register::writable(0x59, 1, 0x00, 0x30),
    Register::writable(0x5A, 4, 0x0000_0000, 0x3333_3333),
    Register::writable(0x5E, 2, 0x0000, 0x3333),
    Register::writable(0x60, 4, 0x0101_0101, 0xFFFF_FFFF),
    Register::writable(0x64, 4, 0x0101_0101, 0xFFFF_FFFF),
    Register::writable(0x68, 1, 0x00, 0x87),
    Register::writable(0x70, 1, 0x00, 0xFF),
    Register::writable(0x71, 1, 0x10, 0x0F),
    Register::writable(SMRAM, 1, 0x02, 0x78),
    Register::writable(0x90, 1, 0x00, 0x3B),
    Register::writable(0x91, 1, 0x00, 0).clears(0x11),
];

/// Who answers a shadow segment of memory, by its two PAM bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shadow {
    /// First physical address.
    pub(crate) base: u64,
    /// Bytes.
    pub(crate) len: u64,
    /// Reads are answered by RAM, else by the PCI side.
    pub(crate) read_ram: bool,
    /// Writes go to RAM, else to the PCI side.
    pub(crate) write_ram: bool,
}

/// The 82441FX.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct HostBridge {
    config: ConfigSpace,
    confadd: u32,
}

impl HostBridge {
    /// The bridge after reset.
    pub(crate) fn new() -> HostBridge {
        HostBridge { config: ConfigSpace::new(&TABLE), confadd: 0 }
    }

    /// The dword of configuration space that CONFDATA reaches now; `None` while the mechanism is off.
    pub(crate) fn config_address(&self) -> Option<u64> {
        pci::config_address(self.confadd)
    }

    /// The thirteen shadow segments between C0000h and FFFFFh, in order.
    pub(crate) fn shadows(&self) -> [Shadow; 13] {
        std::array::from_fn(|segment| {
            // Segment 0 to 11 are 16 KiB each from C0000h; the last is the BIOS area F0000h, in PAM0's upper half.
            let (register, shift) = if segment == 12 { (0, 4) } else { (1 + segment / 2, 4 * (segment % 2)) };
            let bits = self.config.byte(PAM + register as u8) >> shift;
            let base = 0xC_0000 + segment as u64 * 0x4000;
            let len = if segment == 12 { 0x1_0000 } else { 0x4000 };
            Shadow { base, len, read_ram: bits & 1 != 0, write_ram: bits & 2 != 0 }
        })
    }

    /// True while A0000h to BFFFFh reach RAM outside system management mode.
    pub(crate) fn smram_open(&self) -> bool {
        self.config.byte(SMRAM) & (SMRAM_OPEN | SMRAM_ENABLE) == SMRAM_OPEN | SMRAM_ENABLE
    }

    fn write_config(&mut self, offset: u32, size: Size, value: u64) {
        let locked = self.config.byte(SMRAM) & SMRAM_LOCK != 0;
        let smram = self.config.byte(SMRAM);
        self.config.write(&TABLE, offset, size, value);
        if locked {
            self.config.set_byte(SMRAM, smram);
        } else if self.config.byte(SMRAM) & SMRAM_LOCK != 0 {
            self.config.set_byte(SMRAM, self.config.byte(SMRAM) & !SMRAM_OPEN);
        }
    }
}

impl Default for HostBridge {
    fn default() -> HostBridge {
        HostBridge::new()
    }
}

impl Device for HostBridge {
    fn ranges(&self) -> Ranges {
        let ports = Ranges::ports([("CONFADD", 0xCF8, 4), ("CONFDATA", CONFDATA_PORT, 4)]);
        let mut ranges = ports.widen("CONFADD", Size::Dword).widen("CONFDATA", Size::Dword);
        ranges.0.push(FUNCTION.config_range());
        ranges
    }

    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        match (reg.range, reg.offset, size) {
            (CONFADD, 0, Size::Dword) => u64::from(self.confadd),
            (CONFADD | CONFDATA, ..) => size.ones(),
            (_, offset, size) => self.config.read(offset, size),
        }
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        match (reg.range, reg.offset, size) {
            // The value of a dword write has 32 bits; bits 30-24, 1 and 0 are reserved and read as zero.
            (CONFADD, 0, Size::Dword) => self.confadd = value as u32 & 0x80FF_FFFC,
            (CONFADD | CONFDATA, ..) => {}
            (_, offset, size) => self.write_config(offset, size, value),
        }
    }

    fn reset(&mut self) {
        *self = HostBridge::new();
    }

    fn show(&self) -> View {
        let mut view = View::default().row("CONFADD", format!("{:08X}", self.confadd));
        for shadow in self.shadows() {
            let reads = if shadow.read_ram { "RAM" } else { "PCI" };
            let writes = if shadow.write_ram { "RAM" } else { "PCI" };
            view = view.row(format!("{:05X}", shadow.base), format!("reads {reads}, writes {writes}"));
        }
        view.row("SMRAM", format!("{:02X}", self.config.byte(SMRAM)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(bridge: &mut HostBridge, offset: u32, value: u64) {
        bridge.write_config(offset, Size::Byte, value);
    }

    #[test]
    fn attribute_maps_govern_thirteen_segments() {
        let mut bridge = HostBridge::new();
        assert!(bridge.shadows().iter().all(|shadow| !shadow.read_ram && !shadow.write_ram), "PAM: 00h after reset");
        write(&mut bridge, 0x59, 0xFF);
        write(&mut bridge, 0x5A, 0x12);
        write(&mut bridge, 0x5F, 0x20);
        let seen = |addr: u64| {
            let shadows = bridge.shadows();
            let shadow = shadows.iter().find(|shadow| addr.wrapping_sub(shadow.base) < shadow.len).expect("in the map");
            (shadow.read_ram, shadow.write_ram)
        };
        assert_eq!(seen(0xF_0000), (true, true), "PAM0 bits 5-4");
        assert_eq!(seen(0xF_FFFF), (true, true));
        assert_eq!(seen(0xC_0000), (false, true), "PAM1 bits 1-0");
        assert_eq!(seen(0xC_7FFF), (true, false), "PAM1 bits 5-4");
        assert_eq!(seen(0xE_8000), (false, false), "PAM6 bits 1-0");
        assert_eq!(seen(0xE_FFFF), (false, true), "PAM6 bits 5-4");
        assert_eq!(bridge.config.byte(0x59), 0x30, "PAM0 has no low half");
    }

    #[test]
    fn a_locked_smram_register_stays() {
        let mut bridge = HostBridge::new();
        assert_eq!(bridge.config.byte(SMRAM), 0x02, "default");
        write(&mut bridge, 0x72, 0x4A);
        assert!(bridge.smram_open());
        write(&mut bridge, 0x72, 0x5A);
        assert_eq!(bridge.config.byte(SMRAM), 0x1A, "DLCK clears DOPEN");
        write(&mut bridge, 0x72, 0x4A);
        assert_eq!(bridge.config.byte(SMRAM), 0x1A, "until reset");
        bridge.reset();
        assert_eq!(bridge.config.byte(SMRAM), 0x02);
    }
}
