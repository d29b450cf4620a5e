//! The physical address space: which frame, device or nothing answers at a page.

use crate::walk::KnownTables;
use crate::{Disk, Frame, FrameRange, Frames, PAGE_BYTES, PhysAddr};

/// Pages below 1 MiB, which have a routing table of their own: ROM shadowing works there at 4 KiB grain.
const LOW_PAGES: u64 = 256;

/// Who answers at a page, for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A frame of the arena.
    Frame(Frame),
    /// A device, through [`crate::Bus`].
    Mmio,
    /// Nobody: reads give all ones, writes are lost.
    Open,
}

/// Both directions of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routes {
    /// Who answers a read or a fetch.
    pub read: Route,
    /// Who takes a write.
    pub write: Route,
}

/// What a span of pages reaches, for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Consecutive frames, the first of them for the span's first page.
    Frames(Frame),
    /// A device.
    Mmio,
    /// Nobody.
    Open,
}

/// A span of physical pages with one routing rule. Of two that overlap the later one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSpan {
    /// First physical page number.
    pub first_page: u64,
    /// Number of pages.
    pub pages: u64,
    /// Reads and fetches.
    pub read: Reach,
    /// Writes.
    pub write: Reach,
}

const NOBODY: Routes = Routes { read: Route::Open, write: Route::Open };

/// Consecutive pages that lead to consecutive frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MainSpan {
    first_page: u64,
    pages: u64,
    first: Frame,
}

impl MainSpan {
    /// The largest span of frames above the low pages, unless another one lies over part of it.
    fn of(spans: &[RouteSpan]) -> MainSpan {
        let mut main = MainSpan::default();
        for (index, span) in spans.iter().enumerate() {
            let Reach::Frames(first) = span.read else { continue };
            let end = span.first_page.saturating_add(span.pages);
            let over = |other: &RouteSpan| {
                other.first_page < end && other.first_page.saturating_add(other.pages) > span.first_page.max(LOW_PAGES)
            };
            if span.write == span.read && span.pages > main.pages && !spans[index + 1..].iter().any(over) {
                main = MainSpan { first_page: span.first_page, pages: span.pages, first };
            }
        }
        main
    }
}

/// What the board hands to firmware byte by byte: in no address space, read through the chipset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootImage {
    /// Its pages, the last one filled up with zeros.
    pub range: FrameRange,
    /// Its length.
    pub bytes: u64,
}

/// All bulk memory and the physical map over it.
pub struct Memory {
    /// The arena of RAM, ROM and video memory.
    pub frames: Frames,
    /// Main memory; frame `n` of it is the `n`th page of RAM, whatever its address.
    pub ram: FrameRange,
    /// Video memory.
    pub vram: FrameRange,
    /// The system BIOS image; its last byte answers at FFFFFFFFh and FFFFFh.
    pub bios: FrameRange,
    /// The VGA BIOS image, answered by the display adapter's expansion ROM.
    pub vga_bios: FrameRange,
    /// What firmware reads to start a kernel without a disk, if there is one.
    pub boot_image: Option<BootImage>,
    /// The four ATA disks: primary master and slave, secondary master and slave.
    pub disks: [Option<Disk>; 4],
    /// The disks in floppy drives A and B.
    pub floppies: [Option<Disk>; 2],
    /// What happened to a disk's base image that the user must hear; taken by the machine.
    pub host_trouble: Option<String>,
    /// Derived from the chipset's registers.
    spans: Vec<RouteSpan>,
    /// Derived: the spans, resolved for the first MiB.
    low: Vec<Routes>,
    /// Derived: the largest stretch of frames above that, for both directions.
    main: MainSpan,
    /// Derived: where walks of the page tables have come to, under this map.
    pub(crate) known: KnownTables,
    /// Derived from the chipset: all ones, or bit 20 clear while the gate is shut.
    a20_mask: u64,
}

impl Memory {
    /// Memory with so many pages of RAM and of video memory, and the two ROM images (padded to pages).
    pub fn new(ram_pages: u64, vram_pages: u64, bios: &[u8], vga_bios: &[u8]) -> Memory {
        let pages = |bytes: &[u8]| (bytes.len() as u64).div_ceil(PAGE_BYTES);
        let mut frames = Frames::default();
        let all = frames.extend(ram_pages + vram_pages + pages(bios) + pages(vga_bios));
        let mut next = all.first.0;
        let mut cut = |count: u64| {
            let range = FrameRange { first: Frame(next), count: count as u32 };
            next += count as u32;
            range
        };
        let (ram, vram) = (cut(ram_pages), cut(vram_pages));
        let (bios_range, vga_range) = (cut(pages(bios)), cut(pages(vga_bios)));
        let mut memory = Memory {
            frames,
            ram,
            vram,
            bios: bios_range,
            vga_bios: vga_range,
            boot_image: None,
            disks: [None, None, None, None],
            floppies: [None, None],
            host_trouble: None,
            spans: Vec::new(),
            low: vec![NOBODY; LOW_PAGES as usize],
            main: MainSpan::default(),
            known: KnownTables::default(),
            a20_mask: u64::MAX,
        };
        memory.fill(bios_range, bios);
        memory.fill(vga_range, vga_bios);
        memory
    }

    /// Frames, contents and physical map of this memory, without its disks: for whoever follows it.
    pub fn twin(&self) -> Memory {
        let mut twin = Memory::new(0, 0, &[], &[]);
        (twin.ram, twin.vram, twin.bios, twin.vga_bios) = (self.ram, self.vram, self.bios, self.vga_bios);
        let all = twin.frames.extend(self.frames.count().into());
        for frame in all.iter().filter(|frame| self.frames.is_touched(*frame)) {
            twin.frames.store(frame, 0, self.frames.page(frame));
        }
        twin.follow_map(self);
        twin
    }

    /// Takes over another memory's physical map; the frames are the same.
    pub fn follow_map(&mut self, other: &Memory) {
        if self.spans != other.spans {
            self.spans.clone_from(&other.spans);
            self.low.clone_from(&other.low);
            self.main = other.main;
        }
        self.a20_mask = other.a20_mask;
        self.known = KnownTables::default();
    }

    /// Adds a boot image of so many zeros. Only while the machine is built.
    pub fn add_boot_image(&mut self, bytes: u64) -> FrameRange {
        let range = self.frames.extend(bytes.div_ceil(PAGE_BYTES));
        self.known = KnownTables::default();
        self.boot_image = Some(BootImage { range, bytes });
        range
    }

    /// Fills memory that belongs to the machine's making: an image, padded to pages.
    pub fn fill(&mut self, range: FrameRange, bytes: &[u8]) {
        for (frame, chunk) in range.iter().zip(bytes.chunks(PAGE_BYTES as usize)) {
            self.frames.store(frame, 0, chunk);
        }
    }

    /// Replaces the physical map. Cached translations must be dropped by the caller.
    pub fn set_routes(&mut self, spans: Vec<RouteSpan>) {
        self.spans = spans;
        self.low = (0..LOW_PAGES).map(|page| self.resolve(page)).collect();
        self.main = MainSpan::of(&self.spans);
        self.known = KnownTables::default();
    }

    /// Opens or shuts the A20 gate. Cached translations must be dropped by the caller if it changed.
    pub fn set_a20(&mut self, open: bool) {
        if open != self.a20_open() {
            self.a20_mask = if open { u64::MAX } else { !(1 << 20) };
            self.known = KnownTables::default();
        }
    }

    /// True while address bit 20 gets through.
    pub fn a20_open(&self) -> bool {
        self.a20_mask == u64::MAX
    }

    /// The address that the processor's address lines show for `addr`, behind the A20 gate.
    #[inline]
    pub fn behind_a20(&self, addr: PhysAddr) -> PhysAddr {
        PhysAddr(addr.0 & self.a20_mask)
    }

    /// Who answers at a physical page number.
    #[inline]
    pub fn routes(&self, page: u64) -> Routes {
        if page < LOW_PAGES {
            return self.low[page as usize];
        }
        let index = page.wrapping_sub(self.main.first_page);
        if index < self.main.pages {
            let route = Route::Frame(Frame(self.main.first.0 + index as u32));
            return Routes { read: route, write: route };
        }
        self.resolve(page)
    }

    fn resolve(&self, page: u64) -> Routes {
        let span = self.spans.iter().rev().find(|span| page >= span.first_page && page - span.first_page < span.pages);
        let Some(span) = span else { return NOBODY };
        let index = page - span.first_page;
        let route = |reach| match reach {
            Reach::Frames(first) => Route::Frame(Frame(first.0 + index as u32)),
            Reach::Mmio => Route::Mmio,
            Reach::Open => Route::Open,
        };
        Routes { read: route(span.read), write: route(span.write) }
    }

    /// The byte at a physical address without any side effect; `None` where a device or nobody answers.
    pub fn peek(&self, addr: PhysAddr) -> Option<u8> {
        match self.routes(addr.page()).read {
            Route::Frame(frame) => Some(self.frames.page(frame)[addr.offset_in_page() as usize]),
            Route::Mmio | Route::Open => None,
        }
    }

    /// Writes one byte from outside the machine (the debugger). False where no frame takes it.
    pub fn poke(&mut self, addr: PhysAddr, value: u8) -> bool {
        let Route::Frame(frame) = self.routes(addr.page()).write else {
            return false;
        };
        self.frames.store(frame, addr.offset_in_page() as usize, &[value]);
        true
    }

    /// Reads for a bus master, not gated by A20. Where no frame answers the bytes are all ones.
    pub fn dma_read(&self, addr: PhysAddr, buf: &mut [u8]) {
        for (addr, part) in parts(addr, buf.len()) {
            let buf = &mut buf[part];
            match self.routes(addr.page()).read {
                Route::Frame(frame) => {
                    buf.copy_from_slice(&self.frames.page(frame)[addr.offset_in_page() as usize..][..buf.len()]);
                }
                Route::Mmio | Route::Open => buf.fill(0xFF),
            }
        }
    }

    /// Writes for a bus master, not gated by A20. Where no frame answers the bytes are lost.
    pub fn dma_write(&mut self, addr: PhysAddr, bytes: &[u8]) {
        for (addr, part) in parts(addr, bytes.len()) {
            if let Route::Frame(frame) = self.routes(addr.page()).write {
                self.frames.store(frame, addr.offset_in_page() as usize, &bytes[part]);
            }
        }
    }

    /// Reads a paging-structure entry of 4 or 8 bytes, aligned, behind the A20 gate.
    /// A table outside memory reads as all ones.
    #[inline(always)]
    pub fn read_entry(&self, addr: PhysAddr, bytes: usize) -> u64 {
        let addr = self.behind_a20(addr);
        match self.routes(addr.page()).read {
            Route::Frame(frame) => {
                let page = self.frames.page(frame).as_chunks::<8>().0;
                let pair = u64::from_le_bytes(page[addr.offset_in_page() as usize / 8]);
                if bytes == 4 { pair >> (8 * (addr.0 & 4)) & 0xFFFF_FFFF } else { pair }
            }
            Route::Mmio | Route::Open => u64::MAX >> (64 - 8 * bytes),
        }
    }

    /// Writes a paging-structure entry back (accessed and dirty bits).
    pub fn write_entry(&mut self, addr: PhysAddr, value: u64, bytes: usize) {
        let addr = self.behind_a20(addr);
        if let Route::Frame(frame) = self.routes(addr.page()).write {
            self.frames.store(frame, addr.offset_in_page() as usize, &value.to_le_bytes()[..bytes]);
        }
    }
}

/// A span of so many bytes cut at pages: where each part begins, and its place in the span.
fn parts(addr: PhysAddr, len: usize) -> impl Iterator<Item = (PhysAddr, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let addr = PhysAddr(addr.0.wrapping_add(done as u64));
        let end = len.min(done + (PAGE_BYTES - addr.offset_in_page()) as usize);
        let part = done..end;
        done = end;
        (!part.is_empty()).then_some((addr, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_masters_cross_pages_and_holes() {
        let mut memory = Memory::new(3, 0, &[], &[]);
        let span = |first_page, pages, frame| {
            let reach = Reach::Frames(Frame(frame));
            RouteSpan { first_page, pages, read: reach, write: reach }
        };
        memory.set_routes(vec![span(0, 1, 0), span(2, 1, 2)]);
        let bytes: Vec<u8> = (0..8200_u32).map(|byte| byte as u8).collect();
        memory.dma_write(PhysAddr(0xFFF), &bytes);
        let mut back = vec![0; 8200];
        memory.dma_read(PhysAddr(0xFFF), &mut back);
        assert_eq!(back[0], bytes[0]);
        assert!(back[1..4097].iter().all(|byte| *byte == 0xFF), "nobody is at the page between");
        assert_eq!(back[4097..8193], bytes[4097..8193]);
        assert_eq!(back[8193..], [0xFF; 7], "nor behind the last");
        memory.dma_write(PhysAddr(u64::MAX), &[1, 2]);
        assert_eq!(memory.peek(PhysAddr(0)), Some(2), "addresses wrap");
    }

    #[test]
    fn later_spans_hold_and_reads_and_writes_part() {
        let mut memory = Memory::new(512, 0, &[0xEA; 4096], &[]);
        let rom = memory.bios.first;
        memory.set_routes(vec![
            RouteSpan { first_page: 0, pages: 512, read: Reach::Frames(Frame(0)), write: Reach::Frames(Frame(0)) },
            RouteSpan { first_page: 0xFF, pages: 1, read: Reach::Frames(rom), write: Reach::Frames(Frame(0xFF)) },
        ]);
        assert_eq!(memory.peek(PhysAddr(0xFF000)), Some(0xEA));
        assert!(memory.poke(PhysAddr(0xFF000), 1), "the shadow below takes the write");
        assert_eq!(memory.peek(PhysAddr(0xFF000)), Some(0xEA));
        assert_eq!(memory.peek(PhysAddr(0x20_0000)), None);
    }

    #[test]
    fn a_span_over_main_memory_holds_above_the_first_mebibyte_too() {
        let mut memory = Memory::new(1024, 0, &[], &[]);
        let ram = Reach::Frames(Frame(0));
        memory.set_routes(vec![
            RouteSpan { first_page: 0, pages: 1024, read: ram, write: ram },
            RouteSpan { first_page: 600, pages: 1, read: Reach::Mmio, write: Reach::Open },
        ]);
        assert_eq!(memory.routes(600), Routes { read: Route::Mmio, write: Route::Open });
        assert_eq!(memory.routes(601).read, Route::Frame(Frame(601)));
        assert_eq!(memory.routes(1024), NOBODY);
    }

    #[test]
    fn a20_shut_wraps_the_second_mebibyte() {
        let mut memory = Memory::new(512, 0, &[], &[]);
        memory.set_a20(false);
        assert_eq!(memory.behind_a20(PhysAddr(0x10_0500)), PhysAddr(0x500));
        assert_eq!(memory.behind_a20(PhysAddr(0x20_0500)), PhysAddr(0x20_0500));
    }
}
