//! Segment registers: the selector everyone sees and the descriptor cache behind it.
//! SDM Vol.3A 3.4.3 "Segment Registers", 3.4.5 "Segment Descriptors".

use serde::{Deserialize, Serialize};

/// A segment register, numbered as in instruction encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum SegReg {
    /// Extra.
    Es,
    /// Code.
    Cs,
    /// Stack.
    Ss,
    /// Data.
    Ds,
    /// Second extra, from the 386.
    Fs,
    /// Third extra, from the 386.
    Gs,
}

impl SegReg {
    /// All six, in encoding order.
    pub const ALL: [SegReg; 6] = [SegReg::Es, SegReg::Cs, SegReg::Ss, SegReg::Ds, SegReg::Fs, SegReg::Gs];

    /// The register with this number in an instruction; `None` for 6 and 7.
    pub fn from_number(number: u8) -> Option<SegReg> {
        SegReg::ALL.get(number as usize).copied()
    }

    /// The name as assemblers write it.
    pub fn name(self) -> &'static str {
        ["es", "cs", "ss", "ds", "fs", "gs"][self as usize]
    }
}

/// The visible part of a segment register. SDM Vol.3A 3.4.2 "Segment Selectors".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selector(pub u16);

impl Selector {
    /// Requested privilege level.
    pub const fn rpl(self) -> u8 {
        (self.0 & 3) as u8
    }

    /// Points into the LDT.
    pub const fn is_local(self) -> bool {
        self.0 & 4 != 0
    }

    /// Byte offset of the descriptor in its table.
    pub const fn offset(self) -> u32 {
        (self.0 & !7) as u32
    }

    /// Index 0 of the GDT, whatever the RPL.
    pub const fn is_null(self) -> bool {
        self.0 & !3 == 0
    }

    /// As an error code: without the RPL.
    pub const fn error_code(self) -> u16 {
        self.0 & !3
    }

    /// The same selector with another RPL.
    pub const fn with_rpl(self, rpl: u8) -> Selector {
        Selector((self.0 & !3) | rpl as u16)
    }
}

/// Accessed, in the type field.
pub const ACCESSED: u32 = 1;
/// Writable (data) or readable (code).
pub const WRITABLE: u32 = 2;
/// Expand-down (data) or conforming (code).
pub const EXPAND_DOWN: u32 = 4;
/// Code.
pub const CODE: u32 = 8;
/// Not a system descriptor (the S flag).
pub const S: u32 = 1 << 4;
/// Present.
pub const PRESENT: u32 = 1 << 7;
/// 64-bit code (L), in long mode.
pub const LONG: u32 = 1 << 13;
/// Default operand size 32, or a stack of 32 bits (D/B).
pub const DEFAULT_BIG: u32 = 1 << 14;
/// Limit counts pages.
pub const GRANULARITY: u32 = 1 << 15;
/// The register holds a null selector: nothing may be accessed through it.
pub const UNUSABLE: u32 = 1 << 16;

/// A segment register with its hidden part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The visible part.
    pub selector: Selector,
    /// Linear address of offset 0.
    pub base: u64,
    /// Last valid offset in bytes, granularity applied (for expand-down: the last invalid one).
    pub limit: u32,
    /// Access byte in bits 7:0, AVL L D/B G in 15:12, unusable in 16.
    pub rights: u32,
}

impl Segment {
    /// What a load in real mode from power-on leaves: base from the selector, 64 KiB, writable data.
    pub const fn real(selector: u16) -> Segment {
        Segment { selector: Selector(selector), base: (selector as u64) << 4, limit: 0xFFFF, rights: 0x93 }
    }

    /// What a load in virtual-8086 mode leaves: 64 KiB of writable data at DPL 3.
    pub const fn virtual_8086(selector: Selector) -> Segment {
        Segment { selector, base: (selector.0 as u64) << 4, limit: 0xFFFF, rights: 0xF3 }
    }

    /// A register that was loaded with a null selector.
    pub const fn null(selector: Selector) -> Segment {
        Segment { selector, base: 0, limit: 0, rights: UNUSABLE }
    }

    /// Descriptor privilege level.
    pub const fn dpl(&self) -> u8 {
        (self.rights >> 5 & 3) as u8
    }

    /// D/B: 32-bit code, or a 32-bit stack pointer.
    #[inline]
    pub const fn is_big(&self) -> bool {
        self.rights & DEFAULT_BIG != 0
    }

    /// L: 64-bit code, in long mode.
    #[inline]
    pub const fn is_long(&self) -> bool {
        self.rights & LONG != 0
    }

    /// Loaded with a null selector.
    pub const fn is_unusable(&self) -> bool {
        self.rights & UNUSABLE != 0
    }

    /// A code segment.
    pub const fn is_code(&self) -> bool {
        self.rights & (S | CODE) == S | CODE
    }

    /// A conforming code segment.
    pub const fn is_conforming(&self) -> bool {
        self.rights & (S | CODE | EXPAND_DOWN) == S | CODE | EXPAND_DOWN
    }

    /// Data that may be written.
    pub const fn is_writable(&self) -> bool {
        self.rights & (S | CODE | WRITABLE) == S | WRITABLE
    }

    /// Data, or code that may be read.
    pub const fn is_readable(&self) -> bool {
        self.rights & S != 0 && (self.rights & CODE == 0 || self.rights & WRITABLE != 0)
    }

    /// True if `bytes` (at least 1) at `offset` lie inside the segment. SDM Vol.3A 5.3 "Limit Checking".
    /// With a limit of FFFFFFFFh an access that runs over the top wraps; silicon differs, and this is our choice.
    #[inline]
    pub const fn contains(&self, offset: u32, bytes: u32) -> bool {
        let last = offset.wrapping_add(bytes - 1);
        if self.rights & (S | CODE | EXPAND_DOWN) == S | EXPAND_DOWN {
            let top = if self.is_big() { u32::MAX } else { 0xFFFF };
            return offset > self.limit && last <= top && last >= offset;
        }
        last <= self.limit && (last >= offset || self.limit == u32::MAX)
    }
}

/// The 8 bytes of a descriptor in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor(pub u64);

/// System descriptor and gate types of protected mode, SDM Vol.3A Table 3-2 "System-Segment and Gate-Descriptor Types".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are the table's")]
pub enum SystemType {
    Tss16Available = 1,
    Ldt = 2,
    Tss16Busy = 3,
    CallGate16 = 4,
    TaskGate = 5,
    InterruptGate16 = 6,
    TrapGate16 = 7,
    Tss32Available = 9,
    Tss32Busy = 11,
    CallGate32 = 12,
    InterruptGate32 = 14,
    TrapGate32 = 15,
}

impl Descriptor {
    /// Access byte and flags in the format of [`Segment::rights`].
    pub const fn rights(self) -> u32 {
        (self.0 >> 40) as u32 & 0xF0FF
    }

    /// The S flag: code or data.
    pub const fn is_segment(self) -> bool {
        self.rights() & S != 0
    }

    /// Present.
    pub const fn is_present(self) -> bool {
        self.rights() & PRESENT != 0
    }

    /// Descriptor privilege level.
    pub const fn dpl(self) -> u8 {
        (self.rights() >> 5 & 3) as u8
    }

    /// Base address.
    pub const fn base(self) -> u32 {
        (self.0 >> 16 & 0xFF_FFFF) as u32 | (self.0 >> 56 << 24) as u32
    }

    /// Limit in bytes, granularity applied.
    pub const fn limit(self) -> u32 {
        let raw = (self.0 & 0xFFFF) as u32 | (self.0 >> 32 & 0xF_0000) as u32;
        if self.rights() & GRANULARITY != 0 { raw << 12 | 0xFFF } else { raw }
    }

    /// Its type if it is a system descriptor or gate of a defined type.
    pub const fn system_type(self) -> Option<SystemType> {
        use SystemType::*;
        if self.is_segment() {
            return None;
        }
        match self.rights() & 15 {
            1 => Some(Tss16Available),
            2 => Some(Ldt),
            3 => Some(Tss16Busy),
            4 => Some(CallGate16),
            5 => Some(TaskGate),
            6 => Some(InterruptGate16),
            7 => Some(TrapGate16),
            9 => Some(Tss32Available),
            11 => Some(Tss32Busy),
            12 => Some(CallGate32),
            14 => Some(InterruptGate32),
            15 => Some(TrapGate32),
            _ => None,
        }
    }

    /// The descriptor cache it loads.
    pub const fn segment(self, selector: Selector) -> Segment {
        Segment { selector, base: self.base() as u64, limit: self.limit(), rights: self.rights() }
    }

    /// A gate's target selector.
    pub const fn gate_selector(self) -> Selector {
        Selector((self.0 >> 16) as u16)
    }

    /// A 32-bit gate's target offset.
    pub const fn gate_offset_32(self) -> u32 {
        (self.0 & 0xFFFF) as u32 | (self.0 >> 48 << 16) as u32
    }

    /// A 16-bit gate's target offset.
    pub const fn gate_offset_16(self) -> u32 {
        (self.0 & 0xFFFF) as u32
    }

    /// A call gate's parameter count, 0 to 31.
    pub const fn gate_parameters(self) -> u32 {
        (self.0 >> 32 & 31) as u32
    }
}
