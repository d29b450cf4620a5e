//! The address spaces as types, so that they cannot be mixed up. SDM Vol.3A 3.1 "Memory Management Overview".

use serde::{Deserialize, Serialize};

/// Bytes in a page of 4 KiB.
pub const PAGE_BYTES: u64 = 4096;

/// A linear address: segment base plus offset, before paging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinAddr(pub u64);

/// A physical address: what the bus sees, after paging and the A20 gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PhysAddr(pub u64);

/// An I/O port, 0 to FFFFh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port(pub u16);

/// An interrupt vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vector(pub u8);

/// The width of one bus access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Size {
    /// 1 byte.
    Byte,
    /// 2 bytes.
    Word,
    /// 4 bytes.
    Dword,
    /// 8 bytes (memory only).
    Qword,
}

impl Size {
    /// Bytes of the access: 1, 2, 4 or 8.
    pub const fn bytes(self) -> u64 {
        match self {
            Size::Byte => 1,
            Size::Word => 2,
            Size::Dword => 4,
            Size::Qword => 8,
        }
    }

    /// The size with so many bytes; `None` for anything but 1, 2, 4 and 8.
    pub const fn from_bytes(bytes: u64) -> Option<Size> {
        match bytes {
            1 => Some(Size::Byte),
            2 => Some(Size::Word),
            4 => Some(Size::Dword),
            8 => Some(Size::Qword),
            _ => None,
        }
    }

    /// All bits of a value of this size set: what an open bus reads as.
    pub const fn ones(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

impl LinAddr {
    /// Number of the page that holds this address.
    pub const fn page(self) -> u64 {
        self.0 / PAGE_BYTES
    }

    /// Bytes from the start of the page.
    pub const fn offset_in_page(self) -> u64 {
        self.0 % PAGE_BYTES
    }

    /// True if an access of so many bytes leaves the page it starts in.
    pub const fn crosses_page(self, bytes: u64) -> bool {
        self.offset_in_page() + bytes > PAGE_BYTES
    }
}

impl PhysAddr {
    /// Number of the page that holds this address.
    pub const fn page(self) -> u64 {
        self.0 / PAGE_BYTES
    }

    /// Bytes from the start of the page.
    pub const fn offset_in_page(self) -> u64 {
        self.0 % PAGE_BYTES
    }
}
