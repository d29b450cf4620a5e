//! Lockstep: the canonical tier alone, with memory of its own, follows the fast tier from trace to trace.
//!
//! The follower is the plainest processor there is: it decodes every instruction anew, walks to every operand through the
//! architectural TLB and knows neither traces nor HostTlb. Devices are reached once, by the processor that is followed;
//! the follower is told what they answered ([`wire`]). Behind each chain of traces, which is most often one trace, both
//! must be the same: all of [`CpuState`], what was asked of the bus, and every byte that either of them stored. All
//! memory is compared now and then and at the end of each run, for stores that nobody should have made.

use std::cell::RefCell;
use std::rc::Rc;

use ringwalk_mmu::{Bus, Frame, Memory, PAGE_BYTES, Stored};

use super::{Limits, Run};
use crate::exec::{Exec, Hot};
use crate::fast::Loose;
use crate::state::{CpuState, Shadow};
use crate::timing::Timing;
use crate::trace::{LONGEST_TRACE, TraceCache};

mod report;
mod wire;

pub use report::{Difference, Divergence, Executed};
pub(super) use wire::Recorder;
use wire::{Replay, Wire};

/// Cycles beyond its first trace that a chain may have, one after the other: most chains are one trace, so that a
/// difference is met where it arises; some are long, since links lead from trace to trace.
const SPANS: [u64; 8] = [0, 0, 24, 0, 300, 0, 0, 3000];
/// Comparisons after which all memory is compared, too. A prime, so that it falls behind chains of every length.
const WHOLE_EVERY: u64 = 65_521;

/// What the follower notes of itself. That it is there makes [`Hot`] plain.
#[derive(Default)]
pub(crate) struct Plain {
    /// The instructions since the last comparison.
    executed: Vec<Executed>,
}

/// Instructions that are remembered; a run of more begins anew.
const MOST_EXECUTED: usize = 8192;

impl Plain {
    /// Remembers an instruction.
    pub(crate) fn note(&mut self, executed: Executed) {
        if self.executed.len() == MOST_EXECUTED {
            self.executed.drain(..MOST_EXECUTED / 2);
        }
        self.executed.push(executed);
    }
}

/// The follower.
pub(super) struct Lockstep {
    cpu: CpuState,
    hot: Hot,
    memory: Memory,
    /// Never used; a run has one.
    traces: TraceCache,
    wire: Rc<RefCell<Wire>>,
    stored: Vec<Stored>,
    comparisons: u64,
    divergence: Option<Divergence>,
}

impl Lockstep {
    /// A follower of a processor with this memory.
    pub(super) fn new(cpu: &CpuState, memory: &mut Memory, bus: &dyn Bus, timing: Timing) -> Lockstep {
        memory.frames.log_stores();
        memory.frames.take_stores(&mut Vec::new());
        let hot = Hot { timing, plain: Some(Box::default()), ..Hot::default() };
        let mut twin = memory.twin();
        twin.frames.log_stores();
        let lockstep = Lockstep {
            cpu: cpu.clone(),
            hot,
            memory: twin,
            traces: TraceCache::new(1),
            wire: Rc::default(),
            stored: Vec::new(),
            comparisons: 0,
            divergence: None,
        };
        lockstep.wire.borrow_mut().begin(bus);
        lockstep
    }

    /// At the start of a run: whatever was done to processor and memory from outside is done to the follower.
    /// False if it is another memory: then there must be another follower.
    pub(super) fn begin(&mut self, cpu: &CpuState, memory: &mut Memory, bus: &dyn Bus) -> bool {
        if !memory.frames.log_stores() || memory.frames.count() != self.memory.frames.count() {
            return false;
        }
        self.cpu = cpu.clone();
        memory.frames.take_stores(&mut self.stored);
        for Stored { frame, offset, bytes } in self.stored.drain(..) {
            self.memory.frames.store(frame, offset, &memory.frames.page(frame)[offset..offset + bytes]);
        }
        self.memory.frames.take_stores(&mut Vec::new());
        self.memory.follow_map(memory);
        self.wire.borrow_mut().begin(bus);
        true
    }

    /// The bus to run with.
    pub(super) fn recorder<'a>(&self, bus: &'a mut dyn Bus) -> Recorder<'a> {
        Recorder::new(bus, self.wire.clone())
    }

    /// Cycles that the next chain may have.
    pub(super) fn span(&self) -> u64 {
        LONGEST_TRACE as u64 + SPANS[(self.comparisons % SPANS.len() as u64) as usize]
    }

    /// True once there was a difference.
    pub(super) fn has_diverged(&self) -> bool {
        self.divergence.is_some()
    }

    /// The difference, if there was one.
    pub(super) fn divergence(&self) -> Option<&Divergence> {
        self.divergence.as_ref()
    }

    /// Brings the follower to where the other one stands, and compares. `fetches`: the other one has looked up the page
    /// of its next instruction already. False if there is a difference.
    pub(super) fn follow(&mut self, cpu: &CpuState, memory: &mut Memory, fetches: bool) -> bool {
        let from = self.cpu.position;
        self.drive(cpu.position, fetches);
        self.comparisons += 1;
        let called = self.wire.borrow_mut().trouble();
        let found = called.or_else(|| report::state(&self.cpu, cpu)).or_else(|| self.stores(memory));
        let whole = self.comparisons.is_multiple_of(WHOLE_EVERY);
        let found = found.or_else(|| if whole { self.whole_memory(memory) } else { None });
        self.settle(found, from, cpu.position)
    }

    /// Compares all memory, too.
    pub(super) fn end(&mut self, cpu: &CpuState, memory: &mut Memory) {
        if self.has_diverged() {
            return;
        }
        let from = self.cpu.position;
        if self.follow(cpu, memory, false) {
            let found = self.whole_memory(memory);
            self.settle(found, from, cpu.position);
        }
    }

    fn settle(&mut self, found: Option<report::Difference>, from: u64, to: u64) -> bool {
        let Some(plain) = &mut self.hot.plain else { return true };
        match found {
            None => {
                plain.executed.clear();
                true
            }
            Some(difference) => {
                let executed = std::mem::take(&mut plain.executed);
                self.divergence = Some(Divergence { from, to, difference, executed });
                false
            }
        }
    }

    /// Runs the follower to a position.
    fn drive(&mut self, position: u64, fetches: bool) {
        let mut bus = Replay::new(self.wire.clone());
        self.hot.bus_touched = true;
        self.hot.stale = u8::MAX;
        let mut run = Run {
            traces: &mut self.traces,
            limits: Limits { position, break_at_start: false, ..Limits::NONE },
            check_breakpoint: false,
            breakpoint: None,
            loose: Loose::default(),
            lockstep: None,
            cx: Exec {
                cpu: &mut self.cpu,
                hot: &mut self.hot,
                memory: &mut self.memory,
                bus: &mut bus,
                next_rip: 0,
                extra_cycles: 0,
                deadline: 0,
                unfinished: false,
                shadow_before: Shadow::None,
                skip_single_step: false,
            },
        };
        run.cx.refresh_guard();
        run.cx.refresh_apic_page();
        run.go();
        if fetches {
            // The other one has gone past this boundary: what a wait ends for is no matter of time.
            run.limits = Limits::NONE;
            let _ = run.boundary();
            // A fault here raises its difference by itself: the other one had none.
            let _ = run.fetch_frame();
        }
    }

    /// Every byte that one of them stored and knows of.
    fn stores(&mut self, memory: &mut Memory) -> Option<report::Difference> {
        memory.frames.take_stores(&mut self.stored);
        self.stored.append(&mut self.wire.borrow_mut().stored);
        self.memory.frames.take_stores(&mut self.stored);
        let found = self.stored.iter().find_map(|stored| {
            let span = stored.offset..stored.offset + stored.bytes;
            self.difference_in(memory, stored.frame, span)
        });
        self.stored.clear();
        found
    }

    fn whole_memory(&self, memory: &Memory) -> Option<report::Difference> {
        (0..memory.frames.count())
            .map(Frame)
            .filter(|frame| memory.frames.is_touched(*frame) || self.memory.frames.is_touched(*frame))
            .find_map(|frame| self.difference_in(memory, frame, 0..PAGE_BYTES as usize))
    }

    fn difference_in(&self, memory: &Memory, frame: Frame, span: std::ops::Range<usize>) -> Option<report::Difference> {
        let (ours, theirs) = (self.memory.frames.page(frame), memory.frames.page(frame));
        if ours[span.clone()] == theirs[span.clone()] {
            return None;
        }
        let at = span.clone().find(|at| ours[*at] != theirs[*at]).unwrap_or(span.start);
        Some(report::memory(memory, frame, at, ours[at], theirs[at]))
    }
}
