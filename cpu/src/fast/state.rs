//! What stands beside the state while the fast tier runs: lazy flags, the budget, and copies of what every access asks.

use ringwalk_mmu::{Class, Fetcher, HostTlb, PAGE_BYTES, Paging};

use crate::exception::Exception;
use crate::exec::Exec;
use crate::fast::CodeMode;
use crate::fast::flags::Lazy;
use crate::fast::returns::Returns;
use crate::insn::Insn;
use crate::segment::{CODE, EXPAND_DOWN, S, SegReg, Segment};
use crate::state::CpuState;
use crate::trace::{TableEntry, Tail, TraceCache};

/// A segment as far as an access needs it. An end of zero refuses every access: the canonical tier looks closer.
#[derive(Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Window {
    /// Linear address of offset 0.
    pub(super) base: u64,
    /// First offset that cannot be read.
    pub(super) read_end: u64,
    /// First offset that cannot be written.
    pub(super) write_end: u64,
}

/// Derived, like all of [`crate::exec::Hot`].
#[repr(C)]
pub(crate) struct FastState {
    /// Arithmetic flags not yet in EFLAGS.
    pub(super) lazy: Lazy,
    /// What is handed on, where handlers return to a loop.
    pub(super) value: u64,
    /// Cycles that may still begin a trace; below zero the chain of traces is left.
    pub(super) ticks: i64,
    /// What HostTlb tags must carry: see [`FastState::take_key`].
    pub(super) key: u64,
    /// First slot of the trace cache.
    pub(super) slots: *mut Insn,
    /// First entry of the trace table.
    pub(super) table: *const TableEntry,
    /// The trace cache, while a run lasts.
    pub(super) cache: *mut TraceCache,
    /// What instructions that cross a page go on with.
    pub(super) tails: *const Tail,
    /// Offsets in CS at which traces may begin without a closer look: the first, and how many. In 64-bit code they are
    /// the canonical addresses of 48 bits.
    pub(super) code_start: u64,
    pub(super) code_len: u64,
    /// Linear base of CS.
    pub(super) code_base: u64,
    /// What RIP and linear addresses of code wrap at: all ones in 64-bit code.
    pub(super) rip_mask: u64,
    /// FFFFh while the stack is a 16-bit one.
    pub(super) stack_mask: u32,
    /// The code's mode, as trace keys have it.
    pub(super) key_bits: u64,
    /// The bridge that was gone over last, until its page is latched: see [`super::pages::settle_page`]. Until then what
    /// follows is of the page before.
    pub(super) bridge: *const Insn,
    /// Linear page number that code is being fetched from.
    pub(super) fetch_page: u64,
    /// Its physical page number, before the A20 gate.
    pub(super) fetch_physical: u64,
    /// Its frame.
    pub(super) fetch_frame: u32,
    /// Whose fetches they are: it follows from the key.
    pub(super) fetcher: Fetcher,
    /// The state knows the page: see [`super::pages::note_page`].
    pub(super) page_is_noted: bool,
    /// The segment registers by number.
    pub(super) windows: [Window; 6],
    /// A bit for each of them that is flat.
    flat: u8,
    /// What the windows were made for: a guard, and protected mode.
    guarded: bool,
    checks_types: bool,
    long: bool,
    /// The position at which `ticks` is zero.
    pub(super) end: u64,
    /// Position minus retired instructions.
    pub(super) skew: u64,
    /// The execution context, while a run lasts.
    pub(super) exec: *mut Exec<'static>,
    /// Position of the instruction that RF was taken away before, and retired instructions at the last delivery.
    pub(super) resumed_at: Option<u64>,
    pub(super) delivered_at: u64,
    /// The code's mode as a whole: see [`FastState::mode`].
    code_mode: CodeMode,
    /// The fault that ended the chain.
    pub(super) fault: Option<Exception>,
    /// The end slot whose link was missing, and which of the two.
    pub(super) unlinked: Option<(u32, Side)>,
    /// The dropped trace that was met: its first slot.
    pub(super) dead: Option<u32>,
    /// What the instruction at hand raised: see [`super::light`].
    pub(super) raised: Option<Exception>,
    /// EIP, position and flags of the state are up to date.
    pub(super) settled: bool,
    /// Calls that were not returned from.
    pub(super) returns: Returns,
    /// How addresses are translated, once that was asked since the last refresh.
    paging: Option<Paging>,
}

/// Which way a trace was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Behind its last instruction.
    Next,
    /// By its branch.
    Taken,
}

impl Default for FastState {
    fn default() -> FastState {
        FastState {
            lazy: Lazy::default(),
            value: 0,
            ticks: 0,
            key: 0,
            slots: std::ptr::null_mut(),
            table: std::ptr::null(),
            cache: std::ptr::null_mut(),
            tails: std::ptr::null(),
            code_start: 0,
            code_len: 0,
            code_base: 0,
            rip_mask: 0xFFFF_FFFF,
            stack_mask: 0,
            key_bits: 0,
            bridge: std::ptr::null(),
            fetch_page: u64::MAX,
            fetch_physical: 0,
            fetch_frame: 0,
            fetcher: Fetcher::default(),
            page_is_noted: true,
            windows: [Window::default(); 6],
            flat: 0,
            guarded: false,
            checks_types: false,
            long: false,
            end: 0,
            skew: 0,
            exec: std::ptr::null_mut(),
            resumed_at: None,
            delivered_at: 0,
            code_mode: CodeMode { is_64: false, is_32: false, flat: false },
            fault: None,
            unlinked: None,
            dead: None,
            raised: None,
            settled: false,
            returns: Returns::new(),
            paging: None,
        }
    }
}

/// The lowest canonical address of 48 bits, and how many there are.
const CANONICAL_START: u64 = 0u64.wrapping_sub(1 << 47);
const CANONICAL_COUNT: u64 = 1 << 48;

/// A bit for each segment register.
const EVERY_SEGMENT: u8 = 0x3F;

/// Bytes that a trace may have, so that one that begins before the end of CS minus this lies inside.
pub(crate) const MOST_TRACE_BYTES: u64 = 255;

impl FastState {
    /// Copies what follows from segments, privilege and guard.
    /// `stale` as [`crate::exec::Hot`] has it.
    pub(super) fn refresh(&mut self, cpu: &CpuState, (stale, guarded): (u8, bool), key: impl Fn(Class) -> u64) {
        self.paging = None;
        let checks_types = cpu.protected();
        let long = cpu.code_is_64();
        let all = guarded != self.guarded || checks_types != self.checks_types || long != self.long;
        (self.guarded, self.checks_types, self.long) = (guarded, checks_types, long);
        let mut stale = if all { EVERY_SEGMENT } else { stale & EVERY_SEGMENT };
        if stale == 0 {
            // Nothing but rights or translations changed.
            self.take_key(key(cpu.class()));
            return;
        }
        while stale != 0 {
            let reg = SegReg::ALL[stale.trailing_zeros() as usize];
            stale &= stale - 1;
            let window = if guarded { Window::default() } else { window(cpu.seg(reg), long, checks_types) };
            self.windows[reg as usize] = window;
            self.flat = self.flat & !(1 << reg as u8) | u8::from(window.is_flat()) << reg as u8;
        }
        if long {
            (self.code_start, self.code_len) = (CANONICAL_START, CANONICAL_COUNT);
            (self.code_base, self.rip_mask) = (0, u64::MAX);
        } else {
            self.refresh_code(cpu);
        }
        self.stack_mask = if cpu.seg(SegReg::Ss).is_big() { u32::MAX } else { 0xFFFF };
        self.code_mode = self.mode_of(cpu);
        self.key_bits = self.code_mode.key_bits();
        self.take_key(key(cpu.class()));
    }

    /// Rights or translations changed.
    #[inline(always)]
    pub(super) fn take_key(&mut self, key: u64) {
        self.key = key;
        self.fetcher = HostTlb::fetcher(key);
    }

    /// Where the frame that code is being fetched from begins in the arena.
    #[inline(always)]
    pub(super) fn fetch_start(&self) -> u64 {
        u64::from(self.fetch_frame) * PAGE_BYTES
    }

    /// How addresses are translated.
    #[inline]
    pub(crate) fn paging_of(&mut self, cpu: &CpuState) -> &Paging {
        self.paging.get_or_insert_with(|| cpu.paging())
    }

    /// Whatever decides translation may have changed while the chain was not run.
    pub(super) fn forget_paging(&mut self) {
        self.paging = None;
    }

    /// Takes the trace cache's addresses anew, behind a change of it.
    pub(super) fn take_cache(&mut self, cache: &mut TraceCache) {
        self.cache = cache;
        (self.slots, self.table, self.tails) = cache.places();
    }

    /// True if a trace may begin at an offset in CS without a closer look.
    #[inline(always)]
    pub(super) fn may_begin(&self, rip: u64) -> bool {
        rip.wrapping_sub(self.code_start) < self.code_len
    }

    /// The linear address of an offset in CS at which a trace may begin.
    #[inline(always)]
    pub(crate) fn code_address(&self, rip: u64) -> Option<u64> {
        self.may_begin(rip).then_some(self.code_base.wrapping_add(rip) & self.rip_mask)
    }

    fn refresh_code(&mut self, cpu: &CpuState) {
        let cs = cpu.seg(SegReg::Cs);
        let limit = u64::from(cs.limit);
        self.code_start = 0;
        self.code_len = if cs.limit == u32::MAX { 1 << 32 } else { (limit + 1).saturating_sub(MOST_TRACE_BYTES) };
        if !cs.is_big() {
            // Behind this branches of 16-bit code wrap.
            self.code_len = self.code_len.min(0x1_0000);
        }
        (self.code_base, self.rip_mask) = (cs.base & 0xFFFF_FFFF, 0xFFFF_FFFF);
    }

    /// What code runs under now, as of the last refresh.
    pub(crate) fn mode(&self) -> CodeMode {
        self.code_mode
    }

    /// 32-bit code in a flat segment, with DS, ES and SS flat too: as of the last refresh.
    #[inline(always)]
    pub(super) fn is_flat_32(&self) -> bool {
        let flat_32 = CodeMode { is_64: false, is_32: true, flat: true };
        self.key_bits == flat_32.key_bits() && self.code_base == 0 && self.code_len == 1 << 32
    }

    /// 64-bit code, and nothing watches accesses: as of the last refresh.
    #[inline(always)]
    pub(super) fn is_flat_64(&self) -> bool {
        self.key_bits == CodeMode { is_64: true, is_32: false, flat: true }.key_bits()
    }

    /// The budget counts from a position on, with as many retired instructions as there are now.
    #[inline(always)]
    pub(super) fn count_from(&mut self, position: u64, cpu: &CpuState) {
        self.ticks = self.end.wrapping_sub(position) as i64;
        self.skew = cpu.position - cpu.retired;
    }

    /// 16-bit code is never taken for flat: there is little to win.
    #[inline]
    fn mode_of(&self, cpu: &CpuState) -> CodeMode {
        const OF_DATA: u8 = 1 << SegReg::Ds as u8 | 1 << SegReg::Es as u8 | 1 << SegReg::Ss as u8;
        if self.long {
            return CodeMode { is_64: true, is_32: false, flat: !self.guarded };
        }
        let is_32 = cpu.code_is_32();
        let flat = is_32 && self.code_len == 1 << 32 && self.stack_mask == u32::MAX && self.flat & OF_DATA == OF_DATA;
        CodeMode { is_64: false, is_32, flat }
    }
}

impl Window {
    /// All of 4 GiB, as they are.
    #[inline]
    fn is_flat(&self) -> bool {
        self.base == 0 && self.read_end & self.write_end == 1 << 32
    }
}

/// A segment in 64-bit code (`long`) or not. Real and virtual-8086 mode check limits only, as `Exec::checked` has it.
#[inline]
fn window(segment: &Segment, long: bool, checks_types: bool) -> Window {
    if long {
        // Only FS and GS are asked.
        return Window { base: segment.base, read_end: 0, write_end: 0 };
    }
    let base = segment.base & 0xFFFF_FFFF;
    let expands_down = segment.rights & (S | CODE | EXPAND_DOWN) == S | EXPAND_DOWN;
    if segment.is_unusable() || expands_down {
        return Window { base, read_end: 0, write_end: 0 };
    }
    let end = u64::from(segment.limit) + 1;
    let end_if = |allowed: bool| if allowed || !checks_types { end } else { 0 };
    Window { base, read_end: end_if(segment.is_readable()), write_end: end_if(segment.is_writable()) }
}
