//! The firmware configuration interface, ports 510h and 511h: what the machine is made of, for firmware that asks.
//!
//! A convention of emulators: QEMU's *docs/specs/fw_cfg* ("Selector (Control) Register", "Data Register", "x86 register
//! locations", "Firmware Configuration Items"). A word written to 510h selects an item, and each byte read from 511h is
//! its next one; behind the end, and of items that are not there, come zeros. The DMA interface ("Guest-side DMA
//! Interface"), ports 514h to 51Bh, takes the address of a control structure, high byte first, and does what that says
//! at once. Items cannot be written. SeaBIOS looks for it where the host bridge's subsystem is 1AF4:1100.
//!
//! The boot image, from which a kernel starts without a disk, lies in bulk memory. It begins with an option ROM, which
//! firmware that knows `genroms/` finds as a file.

use std::collections::BTreeMap;

use ringwalk_mmu::{BootImage, Memory, PAGE_BYTES, PhysAddr, Size};
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
/// Item 1 bit 0: the interface of selector and data port; bit 1: DMA.
const FEATURES_HERE: u32 = 0b11;
/// The boot image, among the keys that belong to the architecture.
const BOOT_IMAGE: u16 = 0x8010;
/// The option ROM that begins it, and its length.
const BOOT_ROM: &str = "genroms/kernelboot.bin";
const BOOT_ROM_BYTES: u64 = 4096;
/// What the DMA register reads as.
const DMA_SIGNATURE: [u8; 8] = *b"QEMU CFG";
/// Bits of a transfer's control word; bits 31-16 are the key.
const DMA_ERROR: u32 = 1;
const DMA_READ: u32 = 1 << 1;
const DMA_SKIP: u32 = 1 << 2;
const DMA_SELECT: u32 = 1 << 3;
const DMA_WRITE: u32 = 1 << 4;
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
    /// The key of the file that is the boot image's option ROM, 0 for none.
    boot_rom: u16,
    /// Upper half of the address of the next transfer's control structure.
    dma_high: u32,
}

impl FwCfg {
    /// What firmware is told of a board.
    pub(crate) fn new(config: &BoardConfig) -> FwCfg {
        let ram = config.ram_pages.saturating_mul(PAGE_BYTES);
        let mut items = BTreeMap::from([
            (SIGNATURE, b"QEMU".to_vec()),
            (FEATURES, FEATURES_HERE.to_le_bytes().to_vec()),
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
        let boot_rom = match config.boot.contains(&BootDevice::Kernel) {
            // A handful.
            true => FIRST_FILE + files.len() as u16,
            false => 0,
        };
        let count = files.len() as u32 + u32::from(boot_rom != 0);
        let mut directory = count.to_be_bytes().to_vec();
        for (key, (name, bytes)) in (FIRST_FILE..).zip(files) {
            directory.extend(entry(key, name, bytes.len()));
            items.insert(key, bytes);
        }
        if boot_rom != 0 {
            directory.extend(entry(boot_rom, BOOT_ROM, BOOT_ROM_BYTES as usize));
        }
        items.insert(DIRECTORY, directory);
        FwCfg { items, selected: SIGNATURE, read: 0, boot_rom, dma_high: 0 }
    }

    /// The next bytes of the selected item.
    fn next_bytes(&mut self, memory: &Memory, buf: &mut [u8]) {
        buf.fill(0);
        let at = self.read as usize;
        if let Some(rest) = self.items.get(&self.selected).and_then(|item| item.get(at..)) {
            let len = rest.len().min(buf.len());
            buf[..len].copy_from_slice(&rest[..len]);
        } else if let Some(image) = memory.boot_image {
            match self.selected {
                BOOT_IMAGE => read_image(memory, image, image.bytes, at as u64, buf),
                key if key == self.boot_rom => read_image(memory, image, BOOT_ROM_BYTES, at as u64, buf),
                _ => {}
            }
        }
        // A buffer is a page at most.
        self.read = self.read.saturating_add(buf.len() as u32);
    }

    /// A transfer whose control structure lies at `control`: control, length, address, high byte first. Done is told
    /// by a control word of zeros.
    fn transfer(&mut self, control: PhysAddr, memory: &mut Memory) {
        let mut raw = [0; 16];
        memory.dma_read(control, &mut raw);
        let fields = u128::from_be_bytes(raw);
        // Truncation takes the fields apart.
        let (word, len, mut addr) = ((fields >> 96) as u32, (fields >> 64) as u32, fields as u64);
        if word & DMA_SELECT != 0 {
            (self.selected, self.read) = ((word >> 16) as u16, 0);
        }
        if word & DMA_READ != 0 {
            let mut page = [0; PAGE_BYTES as usize];
            let mut left = len as usize;
            while left > 0 {
                let part = &mut page[..left.min(PAGE_BYTES as usize)];
                self.next_bytes(memory, part);
                memory.dma_write(PhysAddr(addr), part);
                addr = addr.wrapping_add(part.len() as u64);
                left -= part.len();
            }
        } else if word & DMA_SKIP != 0 {
            self.read = self.read.saturating_add(len);
        }
        let refused = word & DMA_WRITE != 0 && word & (DMA_READ | DMA_SKIP) == 0;
        memory.dma_write(control, &if refused { DMA_ERROR } else { 0 }.to_be_bytes());
    }
}

/// Bytes of the boot image from `at`, as far as it reaches and `end` allows; the rest of `buf` stays.
fn read_image(memory: &Memory, image: BootImage, end: u64, at: u64, buf: &mut [u8]) {
    let end = end.min(image.bytes);
    let mut done = 0;
    while done < buf.len() && at + (done as u64) < end {
        let at = at + done as u64;
        let Some(frame) = image.range.frame(at / PAGE_BYTES) else { return };
        let page = &memory.frames.page(frame)[(at % PAGE_BYTES) as usize..];
        let len = page.len().min(buf.len() - done).min((end - at) as usize);
        buf[done..done + len].copy_from_slice(&page[..len]);
        done += len;
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
        BootDevice::Kernel => return Some(format!("/rom@{BOOT_ROM}")),
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
        let ports = Ranges::ports([("selector", 0x510, 1), ("data", 0x511, 1), ("dma", 0x514, 8)]);
        ports.widen("selector", Size::Word).widen("dma", Size::Dword)
    }

    /// The selector cannot be read; a wide read of the data port is a byte in an open bus.
    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        match (reg.range, reg.offset as usize) {
            (1, 0) => {
                let mut byte = [0];
                self.next_bytes(cx.memory, &mut byte);
                size.ones() & !0xFF | u64::from(byte[0])
            }
            (2, offset) if offset < DMA_SIGNATURE.len() => {
                u64::from_le_bytes(DMA_SIGNATURE) >> (8 * offset) & size.ones()
            }
            _ => size.ones(),
        }
    }

    /// Words to the selector, dwords to the DMA address; writes to the data port are ignored.
    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        match (reg.range, reg.offset, size) {
            // A word was written.
            (0, 0, Size::Word) => (self.selected, self.read) = (value as u16, 0),
            // Dwords were.
            (2, 0, Size::Dword) => self.dma_high = (value as u32).swap_bytes(),
            (2, 4, Size::Dword) => {
                let high = std::mem::take(&mut self.dma_high);
                let control = u64::from(high) << 32 | u64::from((value as u32).swap_bytes());
                self.transfer(PhysAddr(control), cx.memory);
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        (self.selected, self.read, self.dma_high) = (SIGNATURE, 0, 0);
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
        assert_eq!(item(&mut pc, 0x01, 4), [3, 0, 0, 0], "ports and DMA");
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

    /// Writes a control structure to 7000h and sets it off; the control word afterwards.
    fn transfer(pc: &mut Pc, control: u32, len: u32, addr: u64) -> u32 {
        let fields = [&control.to_be_bytes()[..], &len.to_be_bytes(), &addr.to_be_bytes()].concat();
        pc.memory.dma_write(PhysAddr(0x7000), &fields);
        pc.port_out(0x514, Size::Dword, 0);
        pc.port_out(0x518, Size::Dword, 0x7000_u32.swap_bytes());
        let mut word = [0; 4];
        pc.memory.dma_read(PhysAddr(0x7000), &mut word);
        u32::from_be_bytes(word)
    }

    fn ram<const N: usize>(pc: &Pc, addr: u64) -> [u8; N] {
        let mut bytes = [0; N];
        pc.memory.dma_read(PhysAddr(addr), &mut bytes);
        bytes
    }

    #[test]
    fn transfers_read_skip_and_refuse_to_write() {
        let mut pc = Pc::new();
        pc.memory.set_routes(pc.board.physical_map(&pc.memory));
        assert_eq!(pc.port_in(0x514, Size::Dword).to_le_bytes(), *b"QEMU");
        assert_eq!(pc.port_in(0x518, Size::Dword).to_le_bytes(), *b" CFG");
        pc.memory.dma_write(PhysAddr(0x1000), &[0xEE; 8]);
        assert_eq!(transfer(&mut pc, 0x000A, 6, 0x1000), 0, "select item 0 and read");
        assert_eq!(ram(&pc, 0x1000), *b"QEMU\0\0\xEE\xEE", "zeros behind the end, and no more");
        assert_eq!(transfer(&mut pc, 0x000C, 2, 0), 0, "select and skip");
        assert_eq!(transfer(&mut pc, 0x0002, 2, 0x1002), 0);
        assert_eq!(ram(&pc, 0x1000), *b"QEMU\0\0\xEE\xEE");
        assert_eq!(pc.inb(0x511), 0, "one position for both interfaces");
        assert_eq!(transfer(&mut pc, 0x0010, 2, 0x1000), 1, "items cannot be written");
        assert_eq!(transfer(&mut pc, 0, 2, 0x1000), 0);
        assert_eq!(transfer(&mut pc, 0x7777_000A, 0x2000, 0x1000), 0, "no such item");
        assert_eq!(ram(&pc, 0x1000), [0; 0x2000]);
    }

    #[test]
    fn the_boot_image_is_an_item_and_its_rom_a_file() {
        let boot = vec![BootDevice::Kernel, BootDevice::Disk];
        let mut pc = Pc::with_config(BoardConfig { boot, ..BoardConfig::default() });
        let bytes: Vec<u8> = (0..10_000_u32).map(|byte| (byte % 251) as u8).collect();
        let range = pc.memory.add_boot_image(bytes.len() as u64);
        pc.memory.fill(range, &bytes);
        pc.memory.set_routes(pc.board.physical_map(&pc.memory));
        assert_eq!(item(&mut pc, 0x8010, 9000), bytes[..9000]);
        assert_eq!(transfer(&mut pc, 0x8010_000C, 4090, 0), 0);
        assert_eq!(transfer(&mut pc, 0x0002, 6000, 0x2000), 0);
        assert_eq!(ram::<5910>(&pc, 0x2000), bytes[4090..], "across pages to the end");
        assert_eq!(ram::<90>(&pc, 0x2000 + 5910), [0; 90]);
        assert_eq!(file(&mut pc, "genroms/kernelboot.bin").expect("is in the directory"), bytes[..4096]);
        let order = file(&mut pc, "bootorder").expect("is in the directory");
        assert_eq!(order, b"/rom@genroms/kernelboot.bin\0", "there is no disk");
        assert_eq!(item(&mut Pc::new(), 0x8010, 3), [0; 3], "no kernel, no image");
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut FwCfg::new(&BoardConfig::default()));
    }
}
