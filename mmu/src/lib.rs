//! Addresses, all bulk memory by page, page walks, the TLB, and the bus that processor and chipset meet at.
//!
//! Depends on nothing of ours. Bulk memory (RAM, ROM, video memory, disk overlays) lives here and never in a
//! device; devices and the processor reach it through [`Memory`].

mod absent;
mod address;
mod bus;
mod disk;
mod frames;
mod host_tlb;
mod memory;
mod message;
mod ram;
mod time;
mod tlb;
mod walk;

pub use absent::PageSource;
pub use address::{LinAddr, PAGE_BYTES, PhysAddr, Port, Size, Vector};
pub use bus::{Bus, BusCx, OpenBus, Signals};
pub use disk::{Backing, Disk, DiskPage, DiskPageBefore, NoBacking, OverlaySource, SECTOR_BYTES};
pub use frames::{Frame, FrameRange, Frames, PageBefore, Stored, lines as code_lines, touches};
pub use host_tlb::{Class, Entry, FetchPlace, Fetcher, HostTlb, Scope};
pub use memory::{BootImage, Memory, Reach, Route, RouteSpan, Routes};
pub use message::{DeliveryMode, Destination, InterruptMessage, Trigger};
pub use ram::{HostPages, prefer};
pub use time::{Duration, Instant, Rate};
pub use tlb::{Gone, Lost, Tlb, TlbEntry, TlbPolicy};
pub use walk::{
    Access, Held, PageFault, Paging, Step, Translation, WalkView, look_up, reach, translate, translate_missing,
    view_walk,
};
