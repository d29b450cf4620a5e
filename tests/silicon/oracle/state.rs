//! What an instruction of user mode can read and write beside memory, as an image of XSAVE and the general registers, and
//! how it ended. SDM Vol.1 13.4 "XSAVE Area".

/// The legacy region, the header, and the upper halves of YMM registers.
pub(crate) const XSTATE_BYTES: usize = 832;
pub(crate) const ST_AT: usize = 32;
pub(crate) const XMM_AT: usize = 160;
pub(crate) const HEADER_AT: usize = 512;
pub(crate) const UPPER_AT: usize = 576;
pub(crate) const MXCSR_AT: usize = 24;

/// x87, SSE and AVX state.
#[derive(Clone, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct XState(pub(crate) [u8; XSTATE_BYTES]);

impl XState {
    /// All three components are there; control word and MXCSR as after FNINIT and reset.
    pub(crate) fn initial() -> XState {
        let mut state = XState([0; XSTATE_BYTES]);
        state.put(0, &0x037F_u16.to_le_bytes());
        state.put(MXCSR_AT, &0x1F80_u32.to_le_bytes());
        state.0[HEADER_AT] = 7;
        state
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    pub(crate) fn dword(&self, at: usize) -> u32 {
        u32::from(self.word(at)) | u32::from(self.word(at + 2)) << 16
    }

    pub(crate) fn qword(&self, at: usize) -> u64 {
        u64::from(self.dword(at)) | u64::from(self.dword(at + 4)) << 32
    }

    /// Gives components that the header says to be in their initial configuration their values. SDM Vol.1 13.6
    /// "Processor Tracking of XSAVE-Managed State".
    pub(crate) fn fill_initial(&mut self) {
        let there = self.0[HEADER_AT];
        if there & 1 == 0 {
            self.put(0, &[0x7F, 3, 0, 0, 0]);
            self.0[ST_AT..XMM_AT].fill(0);
        }
        if there & 2 == 0 {
            self.0[XMM_AT..XMM_AT + 256].fill(0);
        }
        if there & 4 == 0 {
            self.0[UPPER_AT..].fill(0);
        }
        self.0[HEADER_AT] = 7;
    }
}

/// Flags and registers as an instruction finds or leaves them.
#[derive(Clone, PartialEq)]
pub(crate) struct State {
    /// RAX RCX RDX RBX RSP RBP RSI RDI, R8 to R15.
    pub(crate) gpr: [u64; 16],
    pub(crate) rip: u64,
    pub(crate) flags: u64,
    pub(crate) x: XState,
}

/// Linux keeps the last page below the hole to itself. Of a page fault from there on it does not say whether the page is
/// present.
pub(crate) const END_OF_USER_SPACE: u64 = 0x7FFF_FFFF_F000;

/// How code ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// Behind its last instruction.
    Done,
    /// With a fault or trap: vector, error code, and CR2 of a page fault.
    Vector(u8, u64, u64),
    /// Not in the time that it had.
    Endless,
}

/// What code left.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    pub(crate) end: End,
}

pub(crate) const NAMES: [&str; 16] =
    ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

impl State {
    /// Everything that is compared, as names and values, most significant byte first.
    pub(crate) fn parts(&self) -> Vec<(String, String)> {
        let mut parts: Vec<(String, String)> = Vec::new();
        let x = &self.x.0;
        for (number, value) in self.gpr.iter().enumerate() {
            parts.push((NAMES[number].to_owned(), format!("{value:x}")));
        }
        parts.push(("rip".to_owned(), format!("{:x}", self.rip)));
        parts.push(("flags".to_owned(), format!("{:x}", self.flags)));
        for (name, at, bytes) in [("fcw", 0, 2), ("fsw", 2, 2), ("ftw", 4, 1), ("mxcsr", MXCSR_AT, 4)] {
            parts.push((name.to_owned(), hex(&x[at..at + bytes])));
        }
        for number in 0..8 {
            parts.push((format!("st{number}"), hex(&x[ST_AT + 16 * number..][..10])));
        }
        for number in 0..16 {
            let (low, high) = (&x[XMM_AT + 16 * number..][..16], &x[UPPER_AT + 16 * number..][..16]);
            parts.push((format!("xmm{number}"), hex(low)));
            parts.push((format!("ymm{number}h"), hex(high)));
        }
        parts
    }

    /// True if nothing that is compared differs.
    pub(crate) fn same(&self, other: &State) -> bool {
        let (a, b) = (&self.x.0, &other.x.0);
        self.gpr == other.gpr
            && (self.rip, self.flags) == (other.rip, other.flags)
            && a[..5] == b[..5]
            && a[MXCSR_AT..MXCSR_AT + 4] == b[MXCSR_AT..MXCSR_AT + 4]
            && (0..8).all(|n| a[ST_AT + 16 * n..][..10] == b[ST_AT + 16 * n..][..10])
            && a[XMM_AT..XMM_AT + 256] == b[XMM_AT..XMM_AT + 256]
            && a[UPPER_AT..] == b[UPPER_AT..]
    }
}

/// Most significant byte first, as registers are read.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect()
}
