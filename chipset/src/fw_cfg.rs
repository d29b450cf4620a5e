//! The firmware configuration interface, ports 510h and 511h: what the machine is made of, for firmware that asks.
//!
//! A convention of emulators: QEMU's *docs/specs/fw_cfg* ("Selector (Control) Register", "Data Register", "x86 register
//! locations", "Firmware Configuration Items"). A word written to 510h selects an item, and each byte read from 511h is
//! its next one; behind the end, and of items that are not there, come zeros. Writing of items and the DMA interface
//! are not there, as the features in item 1 say. SeaBIOS looks for it where the host bridge's subsystem is 1AF4:1100.

use std::collections::BTreeMap;

use ringwalk_mmu::{PAGE_BYTES, Size};
use serde::{Deserialize, Serialize};

use crate::config::{BoardConfig, BootDevice, DiskKind};
use crate::physical_map::pages_below_hole;
use crate::{Cx, Device, Ranges, Reg, View};

/// Items with fixed keys.
const SIGNATURE: u16 = 0x00;
const FEATURES: u16 = 0x01;
const UUID: u16 = 0x02;
const RAM_SIZE: u16 = 0x03;
const NO_GRAPHICS: u16 = 0x04;
const CPUS: u16 = 0x05;
const NUMA: u16 = 0x0D;
const BOOT_MENU: u16 = 0x0E;
const MOST_CPUS: u16 = 0x0F;
const DIRECTORY: u16 = 0x19;
/// The first key for files.
const FIRST_FILE: u16 = 0x20;
/// Item 1 bit 0: the interface of selector and data port; bit 1 would be DMA.
const FEATURE_PORTS: u32 = 1;
/// The board has one processor.
const ONE_CPU: u16 = 1;
/// Bytes of a file's name in the directory, with its terminating zero.
const NAME_BYTES: usize = 56;
/// RAM above the hole for PCI.
const FOUR_GIB: u64 = 4 << 30;
/// Memory that the system can use: ACPI 2.0, 15 "System Address Map Interfaces".
const E820_RAM: u32 = 1;
/// etc/system-states, a byte each for S0 to S5: bit 7 the machine has it, below that its SLP_TYP. Sleeping states are
/// not there.
const SYSTEM_STATES: [u8; 6] = [0x80, 0, 0, 1, 0, 0x80];

/// The interface with its items.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct FwCfg {
    items: BTreeMap<u16, Vec<u8>>,
    selected: u16,
    /// Bytes of the selected item that were read.
    read: u32,
}

impl FwCfg {
    /// What firmware is told of a board.
    pub(crate) fn new(config: &BoardConfig) -> FwCfg {
        let ram = config.ram_pages.saturating_mul(PAGE_BYTES);
        let mut items = BTreeMap::from([
            (SIGNATURE, b"QEMU".to_vec()),
            (FEATURES, FEATURE_PORTS.to_le_bytes().to_vec()),
            (UUID, vec![0; 16]),
            (RAM_SIZE, ram.to_le_bytes().to_vec()),
            (NO_GRAPHICS, vec![0; 2]),
            (CPUS, ONE_CPU.to_le_bytes().to_vec()),
            (NUMA, vec![0; 8]),
            (BOOT_MENU, vec![0; 2]),
            (MOST_CPUS, ONE_CPU.to_le_bytes().to_vec()),
        ]);
        // In the order of their names.
        let files = [
            ("bootorder", boot_order(config)),
            ("etc/e820", memory_map(config.ram_pages)),
            ("etc/system-states", SYSTEM_STATES.to_vec()),
        ];
        // A handful.
        let mut directory = (files.len() as u32).to_be_bytes().to_vec();
        for (key, (name, bytes)) in (FIRST_FILE..).zip(files) {
            directory.extend(entry(key, name, bytes.len()));
            items.insert(key, bytes);
        }
        items.insert(DIRECTORY, directory);
        FwCfg { items, selected: SIGNATURE, read: 0 }
    }

    fn next_byte(&mut self) -> u8 {
        let item = self.items.get(&self.selected);
        let byte = item.and_then(|item| item.get(self.read as usize)).copied();
        self.read = self.read.saturating_add(1);
        byte.unwrap_or(0)
    }
}

/// An entry of the directory: size and key with the high byte first, two bytes of zero, the name.
fn entry(key: u16, name: &str, size: usize) -> Vec<u8> {
    let mut entry = (size as u32).to_be_bytes().to_vec();
    entry.extend(key.to_be_bytes());
    entry.extend([0; 2]);
    entry.extend(name.bytes().take(NAME_BYTES - 1));
    entry.resize(8 + NAME_BYTES, 0);
    entry
}

/// The boot order as Open Firmware device paths, one a line, ending in a zero byte.
fn boot_order(config: &BoardConfig) -> Vec<u8> {
    let lines: Vec<String> = config.boot.iter().filter_map(|device| path(*device, config)).collect();
    let mut text = lines.join("\n").into_bytes();
    text.push(0);
    text
}

/// The path of the first drive of a kind.
fn path(device: BootDevice, config: &BoardConfig) -> Option<String> {
    let kind = match device {
        BootDevice::Floppy => return Some("/pci@i0cf8/isa@1/fdc@03f0/floppy@0".to_owned()),
        BootDevice::Disk => DiskKind::Hard,
        BootDevice::Cdrom => DiskKind::Cdrom,
    };
    let unit = config.disks.iter().position(|disk| disk.is_some_and(|disk| disk.kind == kind))?;
    Some(format!("/pci@i0cf8/ide@1,1/drive@{}/disk@{}", unit / 2, unit % 2))
}

/// etc/e820: base, length and type of each part of RAM.
fn memory_map(ram_pages: u64) -> Vec<u8> {
    let below = pages_below_hole(ram_pages) * PAGE_BYTES;
    let above = ram_pages.saturating_mul(PAGE_BYTES).saturating_sub(below);
    let mut map = Vec::new();
    for (base, len) in [(0, below), (FOUR_GIB, above)].into_iter().filter(|(_, len)| *len > 0) {
        map.extend(base.to_le_bytes());
        map.extend(len.to_le_bytes());
        map.extend(E820_RAM.to_le_bytes());
    }
    map
}

impl Device for FwCfg {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("selector", 0x510, 1), ("data", 0x511, 1)]).widen("selector", Size::Word)
    }

    /// The selector cannot be read; a wide read of the data port is a byte in an open bus.
    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        match (reg.range, reg.offset) {
            (1, 0) => size.ones() & !0xFF | u64::from(self.next_byte()),
            _ => size.ones(),
        }
    }

    /// Words to the selector; writes to the data port are ignored.
    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        if (reg.range, reg.offset, size) == (0, 0, Size::Word) {
            // A word was written.
            (self.selected, self.read) = (value as u16, 0);
        }
    }

    fn reset(&mut self) {
        (self.selected, self.read) = (SIGNATURE, 0);
    }

    fn show(&self) -> View {
        View::default()
            .row("selected", format!("{:04X}h, {} bytes read", self.selected, self.read))
            .row("items", self.items.len().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DiskConfig, FloppyConfig};
    use crate::fake::abuse;
    use crate::test_pc::Pc;

    fn item(pc: &mut Pc, key: u16, bytes: usize) -> Vec<u8> {
        pc.port_out(0x510, Size::Word, u32::from(key));
        (0..bytes).map(|_| pc.inb(0x511)).collect()
    }

    /// A file by its name, as SeaBIOS finds it.
    fn file(pc: &mut Pc, wanted: &str) -> Option<Vec<u8>> {
        let directory = item(pc, 0x19, 4 + 64 * 8);
        let count = u32::from_be_bytes(directory[..4].try_into().expect("four bytes")) as usize;
        let entries = directory[4..].chunks(64).take(count);
        let found = entries.into_iter().find(|entry| {
            let name: Vec<u8> = entry[8..].iter().copied().take_while(|byte| *byte != 0).collect();
            name == wanted.as_bytes()
        })?;
        let size = u32::from_be_bytes(found[..4].try_into().expect("four bytes"));
        let key = u16::from_be_bytes([found[4], found[5]]);
        Some(item(pc, key, size as usize))
    }

    #[test]
    fn signature_features_and_counts() {
        let mut pc = Pc::new();
        assert_eq!(item(&mut pc, 0x00, 6), *b"QEMU\0\0", "zeros behind the end");
        assert_eq!(item(&mut pc, 0x01, 4), [1, 0, 0, 0], "no DMA interface");
        assert_eq!(item(&mut pc, 0x03, 8), (1_u64 << 20).to_le_bytes(), "1 MiB");
        assert_eq!((item(&mut pc, 0x05, 2), item(&mut pc, 0x0F, 2)), (vec![1, 0], vec![1, 0]));
        assert_eq!(item(&mut pc, 0x0E, 2), [0, 0], "no menu to wait for");
        assert_eq!(item(&mut pc, 0x7777, 3), [0; 3], "no such item");
        assert_eq!(pc.port_in(0x510, Size::Word), 0xFFFF & (0xFF00 | 0xFF), "the selector cannot be read");
        assert_eq!(pc.config_in(crate::host_bridge::FUNCTION, 0x2C, Size::Dword), 0x1100_1AF4);
    }

    #[test]
    fn the_boot_order_names_the_drives() {
        let disk = Some(DiskConfig::with_sectors(3000));
        let floppy = Some(FloppyConfig { sectors: 2880, write_protected: false });
        let mut pc = Pc::with_media([None, disk, Some(DiskConfig::cdrom(0)), None], [floppy, None]);
        let order = file(&mut pc, "bootorder").expect("is in the directory");
        let text = "/pci@i0cf8/ide@1,1/drive@0/disk@1\n/pci@i0cf8/isa@1/fdc@03f0/floppy@0\n\
                    /pci@i0cf8/ide@1,1/drive@1/disk@0\0";
        assert_eq!(String::from_utf8(order).expect("ASCII"), text);
        assert_eq!(file(&mut pc, "etc/system-states"), Some(vec![0x80, 0, 0, 1, 0, 0x80]));
        assert_eq!(file(&mut pc, "etc/nothing"), None);
    }

    #[test]
    fn memory_above_the_hole_has_its_own_entry() {
        let bytes = |base: u64, len: u64| [&base.to_le_bytes()[..], &len.to_le_bytes(), &[1, 0, 0, 0]].concat();
        assert_eq!(memory_map(256), bytes(0, 1 << 20));
        let five_gib = (5 << 30) / PAGE_BYTES;
        assert_eq!(memory_map(five_gib), [bytes(0, 3 << 30), bytes(4 << 30, 2 << 30)].concat());
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut FwCfg::new(&BoardConfig::default()));
    }
}
