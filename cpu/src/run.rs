//! The run engine: from the fetch page to traces, events at their exact position, and why a run ended.
//!
//! Dispatch is known here and nowhere else. A boundary is the point between two instructions, or between two
//! iterations of a REP instruction; everything that is not an instruction happens there.

use ringwalk_mmu::{Bus, Memory, PAGE_BYTES, PhysAddr};

use crate::debug::{DR6_BS, any_instruction_breakpoint};
use crate::event::EventHit;
use crate::exception::Exception;
use crate::exec::control::has_branched;
use crate::exec::{Exec, Hot};
use crate::fast::{self, Ended, Loose};
use crate::flags::{RF, TF};
use crate::insn::Insn;
use crate::state::{CpuState, Shadow};
use crate::timing::Timing;
use crate::trace::{DEFAULT_SLOTS, FetchFrame, LONGEST_TRACE, TraceCache, TraceId};
use crate::watch::WatchHit;

mod boundary;
mod lockstep;
mod reasons;
mod traces;
mod uncached;

use lockstep::Lockstep;
pub(crate) use lockstep::Plain;
pub use lockstep::{Difference, Divergence, Executed};

/// Where a run must end at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The run ends at the first boundary at or after this position.
    pub position: u64,
    /// The run ends when so many instructions have retired since power-on.
    pub retired: u64,
    /// Breakpoints are looked at before the first instruction too (a run that goes on from a breakpoint says false).
    pub break_at_start: bool,
}

impl Limits {
    /// No end.
    pub const NONE: Limits = Limits { position: u64::MAX, retired: u64::MAX, break_at_start: true };
}

/// Why a run ended. The state is settled: it can be looked at, saved and hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The position was reached.
    Position,
    /// The retired-instruction count was reached.
    Retired,
    /// A breakpoint of the debugger stands at the next instruction.
    Breakpoint(u32),
    /// The last instruction touched watched memory.
    Watch(WatchHit),
    /// Something happened that the debugger looks for.
    Event(EventHit),
    /// Halted, and neither an interrupt nor a device will ever wake it.
    DeadHalt,
    /// Shut down after a triple fault.
    Shutdown,
    /// The bus asks for something that the machine must do: see [`ringwalk_mmu::Signals`].
    Signals,
    /// A million event deliveries without one retired instruction.
    FruitlessDeliveries,
    /// The two tiers came to different states: see [`Engine::divergence`].
    Diverged,
}

/// Deliveries without a retired instruction after which a run ends.
pub const MOST_FRUITLESS_DELIVERIES: u32 = 1_000_000;

/// One processor's engine. Derived: it may be thrown away and made anew at any boundary.
pub struct Engine {
    /// Host TLB, breakpoints and what else lies beside the state; too large for a stack that holds several engines.
    pub hot: Box<Hot>,
    traces: TraceCache,
    /// Both tiers run: see [`Engine::verify_fast`].
    verifies: bool,
    lockstep: Option<Box<Lockstep>>,
}

impl Default for Engine {
    fn default() -> Self {
        Engine::with_slots(DEFAULT_SLOTS)
    }
}

impl Engine {
    /// An engine whose trace cache holds so many slots (at least one trace is always kept).
    pub fn with_slots(slots: usize) -> Engine {
        let verifies = cfg!(feature = "verify-fast");
        Engine { hot: Box::default(), traces: TraceCache::new(slots), verifies, lockstep: None }
    }

    /// Lets the canonical tier alone follow each trace of the fast one from now on, and compares.
    pub fn verify_fast(&mut self) {
        self.verifies = true;
    }

    /// Both tiers run: see [`Engine::verify_fast`].
    pub fn verifies(&self) -> bool {
        self.verifies
    }

    /// Counts what the fast tier does from now on: see [`Hot::profile`].
    pub fn profile(&mut self) {
        self.hot.profile.get_or_insert_default();
    }

    /// What ended a run by [`Exit::Diverged`].
    pub fn divergence(&self) -> Option<&Divergence> {
        self.lockstep.as_ref().and_then(|lockstep| lockstep.divergence())
    }

    /// Counts by another timing model from now on. What is decoded goes.
    pub fn set_timing(&mut self, timing: Timing, memory: &mut Memory) {
        self.hot.timing = timing;
        self.hot.iteration_cycles = 1;
        self.forget(memory);
    }

    /// Runs until a limit or an event that the machine must see.
    pub fn run(&mut self, cpu: &mut CpuState, memory: &mut Memory, bus: &mut dyn Bus, limits: Limits) -> Exit {
        if !self.verifies {
            return self.go(cpu, memory, bus, limits, None);
        }
        let known = self.lockstep.take().and_then(|mut known| known.begin(cpu, memory, bus).then_some(known));
        let mut lockstep = known.unwrap_or_else(|| Box::new(Lockstep::new(cpu, memory, bus, self.hot.timing)));
        let mut recorder = lockstep.recorder(bus);
        let mut exit = self.go(cpu, memory, &mut recorder, limits, Some(&mut lockstep));
        lockstep.end(cpu, memory);
        if let Some(divergence) = lockstep.divergence() {
            // Tests that run with the feature look at nothing but their own expectations.
            if cfg!(feature = "verify-fast") {
                panic!("{divergence}");
            }
            exit = Exit::Diverged;
        }
        self.lockstep = Some(lockstep);
        exit
    }

    fn go(
        &mut self,
        cpu: &mut CpuState,
        memory: &mut Memory,
        bus: &mut dyn Bus,
        limits: Limits,
        lockstep: Option<&mut Lockstep>,
    ) -> Exit {
        self.hot.bus_touched = true;
        let mut run = Run {
            traces: &mut self.traces,
            lockstep,
            limits,
            check_breakpoint: limits.break_at_start,
            breakpoint: None,
            loose: Loose::default(),
            cx: Exec {
                cpu,
                hot: &mut self.hot,
                memory,
                bus,
                next_rip: 0,
                extra_cycles: 0,
                deadline: 0,
                unfinished: false,
                shadow_before: Shadow::None,
                skip_single_step: false,
            },
        };
        run.cx.hot.stale = u8::MAX;
        if let Some(events) = &mut run.cx.hot.events {
            events.begin(run.cx.cpu);
        }
        run.cx.refresh_guard();
        run.cx.refresh_apic_page();
        run.go()
    }

    /// Executes one instruction, or delivers one event, or lets one idle span pass.
    /// Stops inside REP instructions after one iteration.
    pub fn step(&mut self, cpu: &mut CpuState, memory: &mut Memory, bus: &mut dyn Bus) -> Exit {
        let next = cpu.position + 1;
        let dues = bus.due().into_iter().chain(cpu.due());
        let idle_until = dues.min().filter(|_| cpu.activity.is_idle()).map_or(next, |due| due.0);
        let position = next.max(idle_until);
        self.run(cpu, memory, bus, Limits { position, break_at_start: false, ..Limits::NONE })
    }

    /// Drops everything derived: after a restore, a change of routing or A20 from outside, or breakpoints.
    pub fn forget(&mut self, memory: &mut Memory) {
        self.traces.clear();
        memory.frames.forget_code();
        self.hot.host_tlb.flush();
        self.hot.fetch_frame = FetchFrame::Unknown;
        self.hot.bus_touched = true;
        self.lockstep = None;
    }

    /// Uses up what is counted to know for how long pages of code may be believed, as a run of days may. Without effect on
    /// the guest at any boundary.
    pub fn spend_fetch_epochs(&mut self) {
        self.hot.host_tlb.spend_fetch_epochs();
    }

    /// Drops the ways to memory only; traces stay. Without effect on the guest at any boundary.
    pub fn flush_host_tlb(&mut self) {
        self.hot.host_tlb.flush();
        self.hot.fetch_frame = FetchFrame::Unknown;
    }
}

/// One call of [`Engine::run`].
struct Run<'e, 'a> {
    cx: Exec<'a>,
    traces: &'e mut TraceCache,
    /// Who follows, if this one is followed.
    lockstep: Option<&'e mut Lockstep>,
    limits: Limits,
    check_breakpoint: bool,
    /// A breakpoint that was met before its instruction ran.
    breakpoint: Option<u32>,
    /// What led here and wants to be led on.
    loose: Loose,
}

impl Run<'_, '_> {
    fn go(&mut self) -> Exit {
        self.cx.leave();
        loop {
            // Whatever a boundary could see asks to leave the trace, or is a limit.
            if (self.cx.hot.leave || self.cx.hot.bus_touched || self.at_limit())
                && let Some(exit) = self.boundary()
            {
                return exit;
            }
            if let Err(fault) = self.execute() {
                self.deliver_fault(fault);
            }
        }
    }

    #[inline]
    fn at_limit(&self) -> bool {
        self.cx.cpu.position >= self.cx.deadline || self.cx.cpu.retired >= self.limits.retired
    }

    /// Executes a trace, or one instruction where one is all that may run.
    fn execute(&mut self) -> Result<(), Exception> {
        self.cx.deadline = self.limits.position.min(self.cx.hot.due.map_or(u64::MAX, |due| due.0));
        self.cx.extra_cycles = 0;
        // What a shadow holds off comes right behind the next instruction.
        let shadowed = self.cx.cpu.shadow != Shadow::None;
        let single = shadowed || self.cx.cpu.flags.has(TF) || any_instruction_breakpoint(self.cx.cpu);
        loop {
            let found = self.find_trace()?;
            if self.lockstep.is_some() && !self.is_followed() {
                return Ok(());
            }
            let Some(id) = found else { return self.execute_uncached() };
            // The fetch made something known that a debugger waits for: it stops behind this instruction.
            let single = single || self.cx.hot.leave;
            match self.chain(id, single) {
                None => return self.execute_trace(id, single),
                Some(Ended::Boundary) => return Ok(()),
                Some(Ended::Fault(fault)) => return Err(fault),
                Some(Ended::Unlinked(loose)) => self.loose = loose,
            }
            if self.at_limit() {
                return Ok(());
            }
        }
    }

    /// Lets the other one follow to here. False if it came to something else: then the run ends.
    #[cold]
    fn is_followed(&mut self) -> bool {
        let Some(lockstep) = &mut self.lockstep else { return true };
        let agrees = lockstep.follow(self.cx.cpu, self.cx.memory, true);
        self.cx.hot.leave |= !agrees;
        agrees
    }

    /// Runs the fast tier from a trace on, as far as limits allow; `None` if the canonical tier must run the trace.
    #[inline]
    fn chain(&mut self, id: TraceId, single: bool) -> Option<Ended> {
        if self.cx.hot.profile.is_some() {
            return self.profiled_chain(id, single);
        }
        self.plain_chain(id, single)
    }

    #[cold]
    fn profiled_chain(&mut self, id: TraceId, single: bool) -> Option<Ended> {
        let retired = self.cx.cpu.retired;
        if let Some(profile) = &mut self.cx.hot.profile {
            profile.begin(retired);
        }
        let ended = self.plain_chain(id, single);
        let why = reasons::why_left(self, id, single, ended.as_ref());
        if let Some(profile) = &mut self.cx.hot.profile {
            profile.end(why, matches!(ended, Some(Ended::Boundary | Ended::Fault(_))));
        }
        ended
    }

    fn plain_chain(&mut self, id: TraceId, single: bool) -> Option<Ended> {
        let cx = &mut self.cx;
        if single || cx.hot.timing != Timing::Flat || self.traces.trace(id).candidate {
            return None;
        }
        let left = (cx.deadline - cx.cpu.position).min(self.limits.retired - cx.cpu.retired);
        let left = self.lockstep.as_ref().map_or(left, |lockstep| left.min(lockstep.span()));
        if left < LONGEST_TRACE as u64 {
            return None;
        }
        self.check_breakpoint = true;
        fast::enter(cx, &self.traces.entry(id), left)
    }

    fn execute_trace(&mut self, id: TraceId, single: bool) -> Result<(), Exception> {
        if self.traces.trace(id).candidate && self.breakpoint_here() {
            return Ok(());
        }
        self.check_breakpoint = true;
        let slots = self.traces.slots(id);
        let slots = if single {
            self.cx.hot.leave = true;
            &slots[..1]
        } else {
            slots
        };
        let count = slots.len() as u64;
        let cycles = slots.last().map_or(0, |last| u64::from(last.cycles));
        let cpu = &self.cx.cpu;
        if cpu.position + cycles <= self.cx.deadline && cpu.retired + count <= self.limits.retired {
            return run_slots(&mut self.cx, slots);
        }
        for insn in slots {
            execute_one(&mut self.cx, insn)?;
            if self.cx.must_leave()
                || self.cx.cpu.position >= self.cx.deadline
                || self.cx.cpu.retired >= self.limits.retired
            {
                break;
            }
        }
        Ok(())
    }

    /// True if the run ends here: the breakpoint waits for the boundary.
    fn breakpoint_here(&mut self) -> bool {
        if self.check_breakpoint {
            self.breakpoint = self.find_breakpoint();
            self.cx.hot.leave |= self.breakpoint.is_some();
        }
        self.breakpoint.is_some()
    }

    fn find_breakpoint(&self) -> Option<u32> {
        let page = self.cx.cpu.fetch_page?;
        let offset = self.cx.cpu.linear_rip() % PAGE_BYTES;
        let physical = self.cx.memory.behind_a20(PhysAddr(page.physical * PAGE_BYTES + offset));
        self.cx.hot.watches.code_hit(self.cx.cpu, Some(physical))
    }
}

/// Runs slots that no limit lies inside of.
#[inline(always)]
fn run_slots(cx: &mut Exec<'_>, slots: &[Insn]) -> Result<(), Exception> {
    for insn in slots {
        execute_one(cx, insn)?;
        if cx.must_leave() {
            break;
        }
    }
    Ok(())
}

/// RIP behind an instruction: it wraps outside 64-bit code.
#[inline(always)]
fn behind(cpu: &CpuState, insn: &Insn) -> u64 {
    cpu.rip.wrapping_add(u64::from(insn.len)) & cpu.rip_mask()
}

/// Runs one slot and counts it. On a fault EIP still points at the instruction.
#[inline(always)]
pub(crate) fn execute_one(cx: &mut Exec<'_>, insn: &Insn) -> Result<(), Exception> {
    if cx.cpu.flags.has(TF | RF) || cx.cpu.shadow != Shadow::None {
        return execute_marked(cx, insn);
    }
    cx.next_rip = behind(cx.cpu, insn);
    if let Err(fault) = insn.execute(cx) {
        return Err(undo(cx, fault, 0));
    }
    retire(cx);
    Ok(())
}

/// After a fault: the instruction will be executed again and meet its data breakpoints then; those that MOV SS holds
/// back still wait. Behind the first iteration of a REP instruction RF is as if it had paused there.
#[cold]
fn undo(cx: &mut Exec<'_>, fault: Exception, held_debug: u64) -> Exception {
    cx.cpu.pending_debug = held_debug;
    if cx.extra_cycles > 0 {
        cx.cpu.flags.set(RF, true);
    }
    fault
}

/// The instruction is done: moves on and counts it, with the iterations that a REP prefix added.
#[inline(always)]
fn retire(cx: &mut Exec<'_>) {
    cx.cpu.rip = cx.next_rip;
    cx.cpu.position += 1;
    if cx.extra_cycles != 0 || cx.unfinished {
        return retire_repeated(cx);
    }
    cx.cpu.retired += 1;
    cx.cpu.fruitless_deliveries = 0;
}

#[cold]
fn retire_repeated(cx: &mut Exec<'_>) {
    cx.cpu.position += cx.extra_cycles;
    cx.extra_cycles = 0;
    let paused = std::mem::take(&mut cx.unfinished);
    if !paused {
        cx.cpu.retired += 1;
        cx.cpu.fruitless_deliveries = 0;
    }
    // More cycles have passed than the trace counts on. A whole one of the flat model may still fit.
    let fits = cx.hot.timing == Timing::Flat && cx.cpu.position + LONGEST_TRACE as u64 <= cx.deadline;
    if paused || !fits {
        cx.leave();
    }
}

/// As [`execute_one`], for an instruction under TF, RF or a shadow.
#[cold]
#[inline(never)]
fn execute_marked(cx: &mut Exec<'_>, insn: &Insn) -> Result<(), Exception> {
    let stepped = cx.cpu.flags.has(TF);
    let resumed = cx.cpu.flags.has(RF);
    let held_debug = cx.cpu.pending_debug;
    cx.cpu.flags.set(RF, false);
    cx.shadow_before = cx.cpu.shadow;
    cx.cpu.shadow = Shadow::None;
    cx.skip_single_step = false;
    cx.next_rip = behind(cx.cpu, insn);
    cx.hot.resumed = resumed;
    let done = insn.execute(cx);
    cx.hot.resumed = false;
    cx.shadow_before = Shadow::None;
    if let Err(fault) = done {
        cx.cpu.flags.set(RF, resumed);
        return Err(undo(cx, fault, held_debug));
    }
    let after = behind(cx.cpu, insn);
    retire(cx);
    if stepped {
        single_step(cx, !cx.cpu.msrs.steps_on_branches() || has_branched(cx, insn, after));
    }
    Ok(())
}

/// The trap of TF as it stood when the instruction began; MOV SS and INT swallow theirs, and with BTF all but branches.
fn single_step(cx: &mut Exec<'_>, counts: bool) {
    if counts && !cx.skip_single_step && cx.cpu.shadow != Shadow::MovSs {
        cx.cpu.pending_debug |= DR6_BS;
    }
    cx.leave();
}
