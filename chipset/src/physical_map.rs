//! The physical address map: which frames, device or nobody answer at every page.
//! *82441FX* datasheet, "System Address Map", and "PAM" for the shadow areas.

use ringwalk_mmu::{Frame, Memory, PAGE_BYTES, Reach, RouteSpan};

use crate::board::Board;
use crate::device::{Range, Space};

/// Page number of 4 GiB.
const FOUR_GIB: u64 = (4 << 30) / PAGE_BYTES;
/// RAM below 4 GiB ends here at the latest (3 GiB); what lies above the hole for PCI begins at 4 GiB.
const HOLE: u64 = 0xC000_0000 / PAGE_BYTES;
/// The display adapter's window and the ROM areas that the host bridge can shadow: pages of A0000h to FFFFFh.
const LEGACY: std::ops::Range<u64> = 0xA0..0x100;
/// The first page that the BIOS image answers below 1 MiB (E0000h).
const BIOS_LOW: u64 = 0xE0;

/// Pages of main memory below the hole, of so many in all.
pub fn pages_below_hole(ram_pages: u64) -> u64 {
    ram_pages.min(HOLE)
}

impl Board {
    /// The whole map; where two spans overlap the later one holds, as `Memory::set_routes` takes it.
    pub fn physical_map(&self, memory: &Memory) -> Vec<RouteSpan> {
        let mut spans = self.pci_spans(memory);
        spans.push(bios_span(memory));
        spans.extend(self.legacy_spans(memory));
        spans.extend(ram_spans(memory));
        spans
    }

    /// What devices decode, wherever it lies; RAM and the BIOS go before it.
    fn pci_spans(&self, memory: &Memory) -> Vec<RouteSpan> {
        // The board asks its own list first to last, the map last to first.
        self.beside.routing.memory().iter().rev().map(|slot| span_of(&slot.range, memory)).collect()
    }

    /// A0000h to FFFFFh page by page, runs joined: RAM or the PCI side, as PAM and SMRAM say, for each direction.
    fn legacy_spans(&self, memory: &Memory) -> Vec<RouteSpan> {
        let mut spans: Vec<RouteSpan> = Vec::new();
        for page in LEGACY {
            let next = self.legacy_page(page, memory);
            match spans.last_mut() {
                Some(last) if continues(last, &next) => last.pages += 1,
                _ => spans.push(next),
            }
        }
        spans
    }

    fn legacy_page(&self, page: u64, memory: &Memory) -> RouteSpan {
        let (read_ram, write_ram) = self.reaches_ram(page);
        let ram = memory.ram.frame(page).map_or(Reach::Open, Reach::Frames);
        let (read, write) = self.pci_page(page, memory);
        let read = if read_ram { ram } else { read };
        let write = if write_ram { ram } else { write };
        RouteSpan { first_page: page, pages: 1, read, write }
    }

    /// Whether reads and writes of a page between A0000h and FFFFFh are the host bridge's own.
    fn reaches_ram(&self, page: u64) -> (bool, bool) {
        let bridge = &self.devices.host_bridge;
        let addr = page * PAGE_BYTES;
        match bridge.shadows().into_iter().find(|shadow| addr.wrapping_sub(shadow.base) < shadow.len) {
            Some(shadow) => (shadow.read_ram, shadow.write_ram),
            None => (bridge.smram_open(), bridge.smram_open()),
        }
    }

    /// Who answers a page on the PCI side: a device, else the ISA bus with the end of the BIOS image.
    fn pci_page(&self, page: u64, memory: &Memory) -> (Reach, Reach) {
        let inside = |span: &RouteSpan| page.wrapping_sub(span.first_page) < span.pages;
        if let Some(span) = self.pci_spans(memory).iter().rev().find(|span| inside(span)) {
            let index = page - span.first_page;
            return (advance(span.read, index), advance(span.write, index));
        }
        let from_top = u64::from(memory.bios.count).checked_sub(LEGACY.end - page);
        let rom = from_top.filter(|_| page >= BIOS_LOW).and_then(|index| memory.bios.frame(index));
        (rom.map_or(Reach::Open, Reach::Frames), Reach::Open)
    }
}

fn span_of(range: &Range, memory: &Memory) -> RouteSpan {
    let (first_page, pages) = (range.base / PAGE_BYTES, range.len / PAGE_BYTES);
    let (read, write, frames) = match range.space {
        Space::VideoMemory => {
            let first = Reach::Frames(memory.vram.first);
            (first, first, u64::from(memory.vram.count))
        }
        Space::VideoRom => (Reach::Frames(memory.vga_bios.first), Reach::Open, u64::from(memory.vga_bios.count)),
        Space::Port | Space::Mmio | Space::Config => (Reach::Mmio, Reach::Mmio, u64::MAX),
    };
    RouteSpan { first_page, pages: pages.min(frames), read, write }
}

fn bios_span(memory: &Memory) -> RouteSpan {
    let pages = u64::from(memory.bios.count).min(FOUR_GIB - HOLE);
    // At most the hole's pages are left out, so the difference fits.
    let skipped = memory.bios.count - pages as u32;
    let read = Reach::Frames(Frame(memory.bios.first.0 + skipped));
    RouteSpan { first_page: FOUR_GIB - pages, pages, read, write: Reach::Open }
}

fn ram_spans(memory: &Memory) -> Vec<RouteSpan> {
    let all = u64::from(memory.ram.count);
    let below = pages_below_hole(all);
    let span = |first_page, index, end: u64| {
        let frame = memory.ram.frame(index).filter(|_| end > index)?;
        let reach = Reach::Frames(frame);
        Some(RouteSpan { first_page, pages: end - index, read: reach, write: reach })
    };
    let conventional = span(0, 0, below.min(LEGACY.start));
    let extended = span(LEGACY.end, LEGACY.end, below);
    let high = span(FOUR_GIB, below, all);
    [high, conventional, extended].into_iter().flatten().collect()
}

/// True if `next`, one page, goes on where `last` ends.
fn continues(last: &RouteSpan, next: &RouteSpan) -> bool {
    last.first_page + last.pages == next.first_page
        && advance(last.read, last.pages) == next.read
        && advance(last.write, last.pages) == next.write
}

/// What a span reaches so many pages on.
fn advance(reach: Reach, pages: u64) -> Reach {
    match reach {
        // Spans of frames lie inside the arena.
        Reach::Frames(first) => Reach::Frames(Frame(first.0 + pages as u32)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BoardConfig;
    use crate::pci::Function;
    use crate::test_pc::Pc;
    use ringwalk_mmu::{PhysAddr, Route, Routes, Size};

    fn memory(ram_pages: u64) -> (Board, Memory) {
        let config = BoardConfig { ram_pages, vram_pages: 64, ..BoardConfig::default() };
        let mut bios = vec![0xB1; 256 << 10];
        bios[(256 << 10) - 16] = 0xEA;
        (Board::new(config), Memory::new(ram_pages, 64, &bios, &[0x55; 4096]))
    }

    #[test]
    fn the_bios_is_seen_at_both_tops() {
        let (board, mut memory) = memory(1024);
        memory.set_routes(board.physical_map(&memory));
        assert_eq!(memory.peek(PhysAddr(0xFFFF_FFF0)), Some(0xEA));
        assert_eq!(memory.peek(PhysAddr(0xF_FFF0)), Some(0xEA));
        assert_eq!(memory.peek(PhysAddr(0xE_0000)), Some(0xB1));
        assert_eq!(memory.peek(PhysAddr(0xFFFC_0000)), Some(0xB1), "256 KiB at the top");
        assert_eq!(memory.peek(PhysAddr(0xFFFB_FFFF)), None);
        assert_eq!(memory.peek(PhysAddr(0xD_FFFF)), None, "the PCI side is open below E0000h");
        assert!(!memory.poke(PhysAddr(0xF_0000), 1), "PAM after reset: writes go to PCI");
        assert!(memory.poke(PhysAddr(0x10_0000), 1) && memory.poke(PhysAddr(0x9_FFFF), 1));
        assert!(!memory.poke(PhysAddr(0x40_0000), 1), "4 MiB of RAM");
    }

    #[test]
    fn ram_goes_on_above_4_gib() {
        let pages = HOLE + 16;
        let memory_spans = {
            let (board, mut memory) = memory(1024);
            memory.ram.count = pages as u32;
            board.physical_map(&memory)
        };
        let high = memory_spans.iter().find(|span| span.first_page == FOUR_GIB).expect("RAM above 4 GiB");
        assert_eq!((high.pages, high.read), (16, Reach::Frames(Frame(HOLE as u32))));
        assert!(memory_spans.iter().all(|span| span.first_page != HOLE), "nothing begins in the hole");
    }

    fn set(pc: &mut Pc, function: Function, offset: u8, size: Size, value: u32) {
        pc.config_out(function, offset, size, value);
        pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    }

    #[test]
    fn each_direction_of_a_shadow_goes_its_own_way() {
        let mut pc = Pc::new();
        let bridge = Function::on_bus_0(0, 0);
        set(&mut pc, bridge, 0x5A, Size::Byte, 0x02);
        assert!(pc.memory.poke(PhysAddr(0xC_0000), 0x77), "write only");
        assert_eq!(pc.memory.peek(PhysAddr(0xC_0000)), None);
        set(&mut pc, bridge, 0x5A, Size::Byte, 0x01);
        assert_eq!(pc.memory.peek(PhysAddr(0xC_0000)), Some(0x77), "read only");
        assert!(!pc.memory.poke(PhysAddr(0xC_0000), 0));
        assert_eq!(pc.memory.routes(0xC4).read, Route::Open, "the next segment is another");
    }

    #[test]
    fn open_smram_hides_the_display_window() {
        let mut pc = Pc::new();
        set(&mut pc, Function::on_bus_0(2, 0), 0x04, Size::Word, 0x0003);
        assert_eq!(pc.memory.routes(0xB8), Routes { read: Route::Mmio, write: Route::Mmio });
        set(&mut pc, Function::on_bus_0(0, 0), 0x72, Size::Byte, 0x4A);
        assert_eq!(pc.memory.routes(0xB8).write, Route::Frame(Frame(0xB8)));
    }

    #[test]
    fn ram_goes_before_what_is_mapped_over_it() {
        let mut pc = Pc::new();
        let vga = Function::on_bus_0(2, 0);
        set(&mut pc, vga, 0x04, Size::Word, 0x0003);
        set(&mut pc, vga, 0x10, Size::Dword, 0x0008_0000);
        assert_eq!(pc.memory.routes(0x80).read, Route::Frame(Frame(0x80)));
        set(&mut pc, vga, 0x10, Size::Dword, 0xFFFC_0000);
        assert_eq!(pc.memory.routes(0xF_FFFF).read, Route::Frame(pc.memory.bios.first), "so does the BIOS");
        assert_eq!(pc.memory.routes(0xF_FFC0).read, Route::Frame(pc.memory.vram.first));
    }
}
