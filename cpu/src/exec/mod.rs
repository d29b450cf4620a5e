//! The execution context: what a handler works on, and how it reaches operands.

use ringwalk_mmu::{Bus, BusCx, Class, HostTlb, Instant, LinAddr, Memory, Signals};

use crate::exception::{Exception, Step, vector};
use crate::fast::FastState;
use crate::insn::{
    ADDRESS_32, DIRECT_64, Insn, OPERAND_32, OPERAND_64, PLACE_IMMEDIATE, PLACE_LOW_BYTE, PLACE_MEMORY, RIP_RELATIVE,
};
use crate::profile::Profile;
use crate::run::Plain;
use crate::segment::SegReg;
use crate::segment::Segment;
use crate::site::Site;
use crate::state::{CR0_AM, CR4_PVI, CR4_VME, CpuState, Shadow};
use crate::timing::Timing;
use crate::watch::Watches;
use crate::width::Width;
use crate::{flags, trace};

pub(crate) mod apic;
pub mod arithmetic;
pub mod avx;
pub mod bcd;
pub mod bit;
pub mod bit_fields;
mod bulk;
pub mod cipher;
pub mod control;
pub mod control_registers;
pub mod convert;
pub mod data;
pub mod descriptors;
pub mod far;
pub mod fast_calls;
pub mod flag;
pub mod fma;
pub(crate) mod frame;
pub mod fxsave;
pub mod half;
pub mod io;
pub mod logic;
pub(crate) mod memory;
pub mod mmx;
pub mod monitor;
pub mod msrs;
pub mod muldiv;
pub mod segments;
pub mod shift;
pub mod simd;
pub mod sse_fields;
pub mod sse_float;
pub mod sse_float_compare;
pub mod sse_float_convert;
pub mod sse_float_round;
#[cfg(test)]
mod sse_float_tests;
pub mod sse_integer;
pub mod sse_move;
pub mod sse_shift;
pub mod sse_shuffle;
pub mod sse_state;
pub mod sse_text;
pub mod stack;
pub mod string;
pub mod system;
pub mod tables;
#[cfg(test)]
pub(crate) mod testing;
pub mod x87;
pub mod xsave;
pub(crate) mod xsave_area;

/// An opcode that is nothing. Faults: #UD.
pub fn undefined(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.note_undefined("undefined opcode", i);
    Err(cx.undefined(Site::Undefined))
}

/// LOCK where it is not allowed. Faults: #UD.
pub fn undefined_lock(cx: &mut Exec<'_>, _: &Insn) -> Step {
    Err(cx.undefined(Site::UndefinedLock))
}

/// What only 64-bit code has, elsewhere. Faults: #UD.
pub fn undefined_outside_64(cx: &mut Exec<'_>, _: &Insn) -> Step {
    Err(cx.undefined(Site::Undefined64))
}

/// A register where memory is required. Faults: #UD.
pub fn undefined_operand(cx: &mut Exec<'_>, _: &Insn) -> Step {
    Err(cx.undefined(Site::UndefinedOperand))
}

/// An instruction that the model lacks. Faults: #UD.
pub fn undefined_for_model(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.note_undefined("instruction outside the processor model", i);
    Err(cx.undefined(Site::UndefinedForModel))
}

/// Everything beside the state that execution needs and that can be rebuilt without anyone noticing. What every handler
/// reaches for stands first: its distance fits into a byte then.
#[repr(C)]
pub struct Hot {
    /// What the fast tier works on.
    pub(crate) fast: FastState,
    /// Fast way to memory.
    pub host_tlb: HostTlb,
    /// Linear address of the page fault on its way to delivery.
    pub fault_address: u64,
    /// The fault that was delivered last, for whoever explains it.
    pub last_fault: Option<Exception>,
    /// Leave the trace after this instruction: something outside it changed.
    pub leave: bool,
    /// The chipset was reached: ask for its signals and deadline again.
    pub bus_touched: bool,
    /// The chipset's lines, as the local APIC lets them through, as they were when it was last asked.
    pub signals: Signals,
    /// The next moment at which a device or the local APIC wants to be brought forward.
    pub due: Option<Instant>,
    /// The physical page that the local APIC answers, before any memory: never in the HostTlb.
    pub apic_page: u64,
    /// Every access must take the guarded path: alignment checks or the guest's data breakpoints are on.
    pub guarded: bool,
    /// What changed since the fast tier copied it: a bit for each segment register, [`STALE`] for privilege, mode,
    /// guard and translations.
    pub stale: u8,
    /// The frame of the fetch page, as [`trace`] resolves it.
    pub fetch_frame: trace::FetchFrame,
    /// Breakpoints and watchpoints of the debugger.
    pub watches: Watches,
    /// What an access under a watchpoint left for the stop.
    pub watch_hit: Option<crate::watch::WatchHit>,
    /// What else the debugger looks for.
    pub events: Option<Box<crate::event::EventWatch>>,
    /// One line a site, then a counter: what the guest used that the machine lacks.
    pub notes: crate::watch::Notes,
    /// What instructions cost. The machine's configuration decides it.
    pub timing: Timing,
    /// Cycles of one iteration of the REP instruction being executed.
    pub iteration_cycles: u64,
    /// The instruction being executed began with RF: a REP instruction that goes on.
    pub resumed: bool,
    /// Present in the processor that follows another one in lockstep: nothing is cached, and everything is done the
    /// careful way.
    pub(crate) plain: Option<Box<Plain>>,
    /// What `--profile` counts.
    pub profile: Option<Box<Profile>>,
}

impl Default for Hot {
    fn default() -> Self {
        Hot {
            host_tlb: HostTlb::default(),
            fault_address: 0,
            last_fault: None,
            leave: false,
            bus_touched: true,
            signals: Signals::default(),
            due: None,
            apic_page: apic::NO_PAGE,
            guarded: false,
            fast: FastState::default(),
            stale: u8::MAX,
            fetch_frame: trace::FetchFrame::Unknown,
            watches: Watches::default(),
            watch_hit: None,
            events: None,
            notes: crate::watch::Notes::default(),
            timing: Timing::Flat,
            iteration_cycles: 1,
            resumed: false,
            plain: None,
            profile: None,
        }
    }
}

/// In [`Hot::stale`]: something that is not a segment register.
pub const STALE: u8 = 1 << 7;

/// AH, CH, DH, BH.
#[inline(always)]
const fn is_high_byte(number: u8) -> bool {
    number & !3 == 4
}

/// SPL, BPL, SIL, DIL.
#[inline(always)]
const fn is_low_byte(place: u8) -> bool {
    place & !3 == PLACE_LOW_BYTE | 4
}

/// The execution context of one processor.
pub struct Exec<'a> {
    /// Architectural state.
    pub cpu: &'a mut CpuState,
    /// Derived state.
    pub hot: &'a mut Hot,
    /// Bulk memory.
    pub memory: &'a mut Memory,
    /// Ports, devices and interrupt controller.
    pub bus: &'a mut dyn Bus,
    /// RIP of the next instruction; a branch replaces it.
    pub next_rip: u64,
    /// Cycles that this instruction has used beyond its first: REP iterations. See [`Exec::now`].
    pub extra_cycles: u64,
    /// Position at which the run must stop or look at events; REP instructions yield there.
    pub deadline: u64,
    /// A REP instruction that yielded: it is not finished and does not retire.
    pub unfinished: bool,
    /// The shadow that stood over this instruction: a second MOV SS in a row makes none.
    pub shadow_before: Shadow,
    /// TF is not looked at after this instruction: it delivered an interrupt itself.
    pub skip_single_step: bool,
}

impl Exec<'_> {
    /// The moment of the access being made, in machine cycles.
    pub fn now(&self) -> Instant {
        Instant(self.cpu.position + self.extra_cycles)
    }

    /// Raises a fault with an error code (0 for vectors that have none). The one place faults come from.
    #[cold]
    pub fn fault(&self, site: Site, code: u16) -> Exception {
        Exception { vector: site.info().vector, site, code }
    }

    /// `Err` of [`Exec::fault`] unless the check holds.
    #[inline]
    pub fn require(&self, holds: bool, site: Site, code: u16) -> Step {
        if holds { Ok(()) } else { Err(self.fault(site, code)) }
    }

    /// Raises the invalid-opcode fault for a reason.
    pub fn undefined(&self, site: Site) -> Exception {
        debug_assert_eq!(site.info().vector, vector::UD, "an invalid opcode has vector 6");
        self.fault(site, 0)
    }

    fn note_undefined(&mut self, what: &str, i: &Insn) {
        let cs = self.cpu.seg(SegReg::Cs).selector.0;
        let name = crate::isa::row_of(i.op).map_or("", |row| row.name);
        self.hot.notes.add(format!("{what} {name} at {cs:04x}:{:08x}", self.cpu.rip));
    }

    /// CPL 0, or #GP(0). Real mode counts as 0.
    pub fn require_privileged(&self) -> Step {
        self.require(self.cpu.cpl == 0, Site::Privileged, 0)
    }

    /// Protected mode without virtual-8086, or #UD.
    pub fn require_protected(&self) -> Step {
        self.require(self.cpu.protected() && !self.cpu.virtual_8086(), Site::UndefinedInRealMode, 0)
    }

    /// A general register. Byte registers 4 to 7 are AH, CH, DH, BH; 14h to 17h are SPL, BPL, SIL, DIL.
    #[inline(always)]
    pub fn reg<W: Width>(&self, number: u8) -> W {
        if W::BITS == 8 && is_high_byte(number) {
            W::truncate(self.cpu.gpr[(number & 3) as usize] >> 8)
        } else {
            W::truncate(self.cpu.gpr[(number & 15) as usize])
        }
    }

    /// Writes a general register. The bits outside an operand of 8 or 16 bits keep their value; above one of 32 bits
    /// they become zero. SDM Vol.1 3.4.1.1 "General-Purpose Registers in 64-Bit Mode".
    #[inline(always)]
    pub fn set_reg<W: Width>(&mut self, number: u8, value: W) {
        if W::BITS >= 32 {
            self.cpu.gpr[(number & 15) as usize] = value.as_();
            return;
        }
        let high_byte = W::BITS == 8 && is_high_byte(number);
        let (slot, shift) = if high_byte { ((number & 3) as usize, 8) } else { ((number & 15) as usize, 0) };
        let mask = (u64::MAX >> (64 - W::BITS)) << shift;
        let old = self.cpu.gpr[slot];
        self.cpu.gpr[slot] = (old & !mask) | (value.as_() << shift);
    }

    /// Offset of the memory operand in its segment, wrapped to the address size.
    #[inline]
    pub fn effective_address(&self, i: &Insn) -> u64 {
        let part = |number: u8| self.cpu.gpr[number as usize];
        let scaled = part(i.index) << (i.scale_segment & 3);
        let sum = part(i.base).wrapping_add(scaled).wrapping_add(i64::from(i.disp) as u64);
        if i.scale_segment & (RIP_RELATIVE | DIRECT_64) != 0 {
            return self.special_address(i, sum);
        }
        self.wrap_address(i, sum)
    }

    /// Operands that no register but RIP takes part in.
    #[cold]
    fn special_address(&self, i: &Insn, sum: u64) -> u64 {
        if i.scale_segment & DIRECT_64 != 0 {
            return u64::from(i.disp as u32) | u64::from(i.imm as u32) << 32;
        }
        self.wrap_address(i, sum.wrapping_add(self.next_rip))
    }

    /// Wraps an offset to the instruction's address size.
    #[inline]
    pub fn wrap_address(&self, i: &Insn, offset: u64) -> u64 {
        if i.address_64() {
            offset
        } else if i.has(ADDRESS_32) {
            offset & 0xFFFF_FFFF
        } else {
            offset & 0xFFFF
        }
    }

    /// Value of the first operand.
    #[inline(always)]
    pub fn dst<W: Width>(&mut self, i: &Insn) -> Result<W, Exception> {
        self.read_place(i, i.dst)
    }

    /// Value of the second operand.
    #[inline(always)]
    pub fn src<W: Width>(&mut self, i: &Insn) -> Result<W, Exception> {
        self.read_place(i, i.src)
    }

    #[inline(always)]
    fn read_place<W: Width>(&mut self, i: &Insn, place: u8) -> Result<W, Exception> {
        if place < 16 { Ok(self.reg(place)) } else { self.read_elsewhere(i, place) }
    }

    /// Outlined, so that register operands cost a handler nothing more.
    #[inline(never)]
    fn read_elsewhere<W: Width>(&mut self, i: &Insn, place: u8) -> Result<W, Exception> {
        match place {
            PLACE_MEMORY => self.load(i.segment(), self.effective_address(i)),
            PLACE_IMMEDIATE => Ok(W::truncate(i.immediate())),
            _ if is_low_byte(place) => Ok(self.reg(place)),
            _ => panic!("the table gives every handler the operands it reads"),
        }
    }

    /// Writes the first operand, without having read it.
    #[inline(always)]
    pub fn set_dst<W: Width>(&mut self, i: &Insn, value: W) -> Step {
        self.write_place(i, i.dst, value)
    }

    /// Writes the second operand (XCHG, XADD).
    #[inline(always)]
    pub fn set_src<W: Width>(&mut self, i: &Insn, value: W) -> Step {
        self.write_place(i, i.src, value)
    }

    #[inline(always)]
    fn write_place<W: Width>(&mut self, i: &Insn, place: u8, value: W) -> Step {
        if place < 16 {
            self.set_reg(place, value);
            return Ok(());
        }
        self.write_elsewhere(i, place, value)
    }

    #[inline(never)]
    fn write_elsewhere<W: Width>(&mut self, i: &Insn, place: u8, value: W) -> Step {
        match place {
            PLACE_MEMORY => self.store(i.segment(), self.effective_address(i), value),
            _ if is_low_byte(place) => {
                self.set_reg(place, value);
                Ok(())
            }
            _ => panic!("the table gives every handler a place it can write"),
        }
    }

    /// Both operands of a read-modify-write instruction. A memory destination is checked for writing first, so that
    /// [`Exec::write_back`] cannot fault; a fault here says "write".
    #[inline(always)]
    pub fn read_for_update<W: Width>(&mut self, i: &Insn) -> Result<(W, W), Exception> {
        let source = self.src(i)?;
        Ok((self.read_dst_for_update(i)?, source))
    }

    /// The first operand of a read-modify-write instruction, checked for writing.
    #[inline(always)]
    pub fn read_dst_for_update<W: Width>(&mut self, i: &Insn) -> Result<W, Exception> {
        if i.dst < 16 { Ok(self.reg(i.dst)) } else { self.read_memory_for_update(i) }
    }

    #[inline(never)]
    fn read_memory_for_update<W: Width>(&mut self, i: &Insn) -> Result<W, Exception> {
        if is_low_byte(i.dst) {
            return Ok(self.reg(i.dst));
        }
        self.load_for_update(i.segment(), self.effective_address(i))
    }

    /// Writes the result of a read-modify-write instruction; the destination was checked before.
    #[inline(always)]
    pub fn write_back<W: Width>(&mut self, i: &Insn, value: W) -> Step {
        self.set_dst(i, value)
    }

    /// The operand size of this instruction is 32 bits.
    #[inline]
    pub fn operand_32(&self, i: &Insn) -> bool {
        i.has(OPERAND_32)
    }

    /// The operand size of this instruction is 64 bits.
    #[inline]
    pub fn operand_64(&self, i: &Insn) -> bool {
        i.has(OPERAND_64)
    }

    /// Reads a register by address size: CX, ECX or RCX; SI, ESI or RSI.
    #[inline]
    pub fn address_reg(&self, i: &Insn, number: u8) -> u64 {
        self.wrap_address(i, self.cpu.gpr[number as usize])
    }

    /// Writes a register by address size; with 16-bit addresses the rest of it stays.
    #[inline]
    pub fn set_address_reg(&mut self, i: &Insn, number: u8, value: u64) {
        if i.address_64() {
            self.set_reg::<u64>(number, value);
        } else if i.has(ADDRESS_32) {
            self.set_reg::<u32>(number, value as u32);
        } else {
            self.set_reg::<u16>(number, value as u16);
        }
    }

    /// Rights class of ordinary accesses at this CPL.
    #[inline]
    pub fn class(&self) -> Class {
        self.cpu.class()
    }

    /// Ends the trace after this instruction.
    pub fn leave(&mut self) {
        self.hot.leave = true;
    }

    /// The run loop must look before anything more is executed.
    #[inline]
    pub fn must_leave(&mut self) -> bool {
        self.hot.leave || (self.hot.bus_touched && self.bus_wants_a_look())
    }

    /// After an access to the bus: true unless its lines are as they were and nothing comes due earlier.
    fn bus_wants_a_look(&mut self) -> bool {
        let (lines, due) = (self.lines(), self.next_due());
        let calm = lines == self.hot.signals
            && !lines.nmi
            && !lines.messages
            && !lines.asks_machine(self.memory.a20_open())
            && due.is_none_or(|due| due.0 >= self.deadline);
        if calm {
            self.hot.due = due;
            self.hot.bus_touched = false;
        }
        !calm
    }

    /// The bus, and the context it is called with.
    pub fn on_bus<R>(&mut self, act: impl FnOnce(&mut dyn Bus, &mut BusCx<'_>) -> R) -> R {
        let now = self.now();
        let mut cx = BusCx::new(now, self.memory);
        let result = act(self.bus, &mut cx);
        self.hot.bus_touched |= cx.changed;
        result
    }

    /// Loads a segment register with its hidden part.
    #[inline]
    pub fn set_segment(&mut self, reg: SegReg, segment: Segment) {
        self.cpu.segments[reg as usize] = segment;
        self.hot.stale |= 1 << reg as u8;
        self.tell(crate::event::Event::Segment(reg as u8, segment.selector.0));
    }

    /// Ends the trace if EFLAGS or CPL now let something through that waits: an interrupt, an NMI, a debug trap, or the
    /// check of VIF and VIP.
    pub fn leave_if_events_wait(&mut self) {
        let cpu = &*self.cpu;
        let interrupt = self.hot.signals.interrupt && cpu.flags.has(flags::IF);
        let virtual_interrupts = cpu.cr4 & (CR4_VME | CR4_PVI) != 0 && cpu.flags.has(flags::VIP);
        let marked = cpu.flags.has(flags::TF) || cpu.pending_debug != 0;
        if interrupt || cpu.nmi_pending || virtual_interrupts || marked {
            self.leave();
        }
    }

    /// Recomputes what follows from mode, privilege, flags and debug registers. Call it after changing any of them.
    pub fn refresh_guard(&mut self) {
        let aligned = self.cpu.cpl == 3 && self.cpu.cr0 & CR0_AM != 0 && self.cpu.flags.has(flags::AC);
        self.hot.guarded = aligned || self.cpu.dr7 & 0xFF != 0;
        self.hot.stale |= STALE;
        self.tell_changes();
    }

    /// Drops everything derived from translations: after a change of paging, A20 or routing.
    pub fn flush_derived_translations(&mut self) {
        self.hot.host_tlb.flush();
        self.hot.stale |= STALE;
        self.hot.fetch_frame = trace::FetchFrame::Unknown;
    }

    /// CR3 was loaded: drops what was derived from translations that are not global.
    pub fn flush_derived_of_context(&mut self) {
        self.cpu.fetch_page = None;
        self.hot.host_tlb.flush_non_global();
        self.hot.stale |= STALE;
        self.hot.fetch_frame = trace::FetchFrame::Unknown;
        self.leave();
    }

    /// Forgets translations after a change of CR0, CR3 or CR4; global ones stay if `keep_global`.
    pub fn flush_translations(&mut self, keep_global: bool) {
        if keep_global {
            self.cpu.tlb.flush_non_global(self.cpu.pcid());
        } else {
            self.cpu.tlb.flush();
        }
        self.cpu.fetch_page = None;
        self.flush_derived_translations();
        self.leave();
    }

    /// Linear address of a segment's offset, without checks. In 64-bit code only FS and GS have a base.
    /// SDM Vol.3A 3.4.4 "Segment Loading Instructions in IA-32e Mode".
    #[inline]
    pub fn linear_of(&self, seg: SegReg, offset: u64) -> LinAddr {
        if !self.cpu.code_is_64() {
            return LinAddr(self.cpu.seg(seg).base.wrapping_add(offset) & 0xFFFF_FFFF);
        }
        match seg {
            SegReg::Fs | SegReg::Gs => LinAddr(self.cpu.seg(seg).base.wrapping_add(offset)),
            _ => LinAddr(offset),
        }
    }

    /// A linear address in a system structure: 64 bits in long mode, 32 otherwise.
    #[inline]
    pub fn system_address(&self, base: u64, offset: u64) -> LinAddr {
        let addr = base.wrapping_add(offset);
        LinAddr(if self.cpu.long_mode() { addr } else { addr & 0xFFFF_FFFF })
    }
}
