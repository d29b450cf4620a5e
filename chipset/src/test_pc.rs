//! A whole board with memory for tests: ports and addresses as a driver uses them, and time that passes.

use ringwalk_mmu::{Bus, BusCx, Disk, Duration, Instant, Memory, NoBacking, PhysAddr, Port, SECTOR_BYTES, Size};

use crate::board::Board;
use crate::config::{BoardConfig, DiskConfig, FloppyConfig};
use crate::pci::Function;

/// Cycles in a microsecond at the 100 MHz of the tests.
pub(crate) const US: u64 = 100;

/// Board, memory, clock.
pub(crate) struct Pc {
    pub(crate) board: Board,
    pub(crate) memory: Memory,
    pub(crate) now: Instant,
}

impl Pc {
    /// 1 MiB of RAM, 256 KiB of video memory, no disks.
    pub(crate) fn new() -> Pc {
        Pc::with_disks([None, None, None, None])
    }

    /// The same with blank disks.
    pub(crate) fn with_disks(disks: [Option<DiskConfig>; 4]) -> Pc {
        Pc::with_media(disks, [None, None])
    }

    /// The same with blank disks in IDE and floppy drives.
    pub(crate) fn with_media(disks: [Option<DiskConfig>; 4], floppies: [Option<FloppyConfig>; 2]) -> Pc {
        Pc::with_config(BoardConfig { ram_pages: 256, vram_pages: 64, disks, floppies, ..BoardConfig::default() })
    }

    /// The same of another board with as much memory.
    pub(crate) fn with_config(config: BoardConfig) -> Pc {
        let config = BoardConfig { ram_pages: 256, vram_pages: 64, ..config };
        let (disks, floppies) = (config.disks, config.floppies);
        let mut memory = Memory::new(256, 64, &[0; 4096], &[0x55; 4096]);
        let blank = |config: DiskConfig| Disk::new(Box::new(NoBacking(config.sectors * SECTOR_BYTES as u64)));
        memory.disks = disks.map(|config| config.filter(|config| config.sectors > 0).map(blank));
        let floppy = |config: FloppyConfig| Disk::new(Box::new(NoBacking(u64::from(config.sectors) * 512)));
        memory.floppies = floppies.map(|config| config.filter(|config| config.sectors > 0).map(floppy));
        Pc { board: Board::new(config), memory, now: Instant(0) }
    }

    /// An access as the processor makes it: what it does to lines and deadline, it must say.
    pub(crate) fn access<R>(&mut self, act: impl FnOnce(&mut Board, &mut BusCx<'_>) -> R) -> R {
        let before = (self.board.signals(), self.board.due());
        let mut cx = BusCx::new(self.now, &mut self.memory);
        let result = act(&mut self.board, &mut cx);
        let after = (self.board.signals(), self.board.due());
        assert!(cx.changed || before == after, "{before:?} became {after:?}, and nobody was told");
        result
    }

    pub(crate) fn port_in(&mut self, port: u16, size: Size) -> u32 {
        self.access(|board, cx| board.port_read(Port(port), size, cx))
    }

    pub(crate) fn port_out(&mut self, port: u16, size: Size, value: u32) {
        self.access(|board, cx| board.port_write(Port(port), size, value, cx));
    }

    pub(crate) fn inb(&mut self, port: u16) -> u8 {
        self.port_in(port, Size::Byte) as u8
    }

    pub(crate) fn outb(&mut self, port: u16, value: u8) {
        self.port_out(port, Size::Byte, u32::from(value));
    }

    pub(crate) fn load(&mut self, addr: u64, size: Size) -> u64 {
        self.access(|board, cx| board.mmio_read(PhysAddr(addr), size, cx))
    }

    pub(crate) fn store(&mut self, addr: u64, size: Size, value: u64) {
        self.access(|board, cx| board.mmio_write(PhysAddr(addr), size, value, cx));
    }

    pub(crate) fn config_in(&mut self, function: Function, offset: u8, size: Size) -> u32 {
        self.port_out(0xCF8, Size::Dword, 0x8000_0000 | function.config_base() as u32 | u32::from(offset & !3));
        self.port_in(0xCFC + u16::from(offset & 3), size)
    }

    pub(crate) fn config_out(&mut self, function: Function, offset: u8, size: Size, value: u32) {
        self.port_out(0xCF8, Size::Dword, 0x8000_0000 | function.config_base() as u32 | u32::from(offset & !3));
        self.port_out(0xCFC + u16::from(offset & 3), size, value);
    }

    /// Lets so many cycles pass, stopping at every due moment on the way.
    pub(crate) fn run(&mut self, cycles: u64) {
        let end = self.now.after(Duration(cycles));
        while let Some(due) = self.board.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.access(|board, cx| board.advance(cx));
        }
        self.now = end;
    }

    /// The level of an ISA interrupt line.
    pub(crate) fn irq(&self, irq: u8) -> bool {
        self.board.irq_levels() & 1 << irq != 0
    }
}
