//! What happens between two instructions: events in their order of priority, idle time, ends of the run.
//! SDM Vol.3A 6.9 "Priority Among Simultaneous Exceptions and Interrupts".

use super::{Exit, MOST_FRUITLESS_DELIVERIES, Run};
use crate::debug::{any_instruction_breakpoint, instruction_matches};
use crate::deliver::{Source, deliver_at_boundary, deliver_debug_trap, deliver_exception};
use crate::exception::{Exception, vector};
use crate::exec::Exec;
use crate::flags::{IF, RF, VIF, VIP};
use crate::site::Site;
use crate::state::{Activity, CR4_PVI, CR4_VME, Shadow};
use crate::timing::{Delivery, Origin};

impl Run<'_, '_> {
    /// Everything between two instructions, in the order of SDM Vol.3A 6.9 "Priority Among Simultaneous Exceptions
    /// and Interrupts". `None`: the next instruction may run.
    pub(super) fn boundary(&mut self) -> Option<Exit> {
        loop {
            if self.lockstep.as_ref().is_some_and(|lockstep| lockstep.has_diverged()) {
                return Some(Exit::Diverged);
            }
            if let Some(id) = self.breakpoint.take() {
                return Some(Exit::Breakpoint(id));
            }
            self.drop_stale_code();
            if self.cx.memory.frames.lost().is_some() {
                return Some(Exit::Signals);
            }
            let asked = self.cx.hot.bus_touched && self.poll_bus();
            // What is due has happened before anything ends the run, so that a position names one state.
            if self.cx.hot.due.is_some_and(|due| due.0 <= self.cx.cpu.position) {
                self.cx.advance_all();
                self.end_wait();
                continue;
            }
            if let Some(hit) = self.cx.hot.watch_hit.take() {
                return Some(Exit::Watch(hit));
            }
            if let Some(hit) = self.cx.hot.events.as_mut().and_then(|events| events.take_hit()) {
                return Some(Exit::Event(hit));
            }
            if asked {
                return Some(Exit::Signals);
            }
            self.cx.hot.leave = false;
            if self.cx.cpu.position >= self.limits.position {
                return Some(Exit::Position);
            }
            if self.cx.cpu.retired >= self.limits.retired {
                return Some(Exit::Retired);
            }
            if self.cx.cpu.fruitless_deliveries >= MOST_FRUITLESS_DELIVERIES {
                return Some(Exit::FruitlessDeliveries);
            }
            if self.cx.cpu.activity == Activity::Shutdown {
                return Some(Exit::Shutdown);
            }
            if self.deliver_pending() {
                continue;
            }
            if self.cx.cpu.activity.is_idle() {
                match self.idle() {
                    Some(exit) => return Some(exit),
                    None => continue,
                }
            }
            if self.virtual_interrupt_fault() {
                continue;
            }
            if self.instruction_breakpoint() {
                continue;
            }
            self.cx.deadline = self.limits.position.min(self.cx.hot.due.map_or(u64::MAX, |due| due.0));
            return None;
        }
    }

    /// A device did something, which may have been a store to the monitored line.
    fn end_wait(&mut self) {
        let cpu = &mut *self.cx.cpu;
        cpu.monitor_armed = false;
        if matches!(cpu.activity, Activity::Waiting { .. }) {
            cpu.activity = Activity::Active;
            cpu.shadow = Shadow::None;
        }
    }

    fn drop_stale_code(&mut self) {
        while let Some((frame, lines)) = self.cx.memory.frames.take_stale_code() {
            self.traces.drop_lines(frame, lines);
        }
    }

    /// Asks the bus for its lines and deadline. True if the machine must act.
    fn poll_bus(&mut self) -> bool {
        self.cx.hot.bus_touched = false;
        self.cx.hear_bus();
        self.cx.hot.signals = self.cx.lines();
        self.cx.hot.due = self.cx.next_due();
        let lines = self.cx.hot.signals;
        lines.asks_machine(self.cx.memory.a20_open())
    }

    /// Delivers the one event of highest priority that may be delivered now. True if there was one.
    fn deliver_pending(&mut self) -> bool {
        let cx = &mut self.cx;
        let shadow = cx.cpu.shadow;
        if cx.cpu.pending_debug != 0 && shadow != Shadow::MovSs {
            self.deliver(Delivery::Trap, deliver_debug_trap);
            return true;
        }
        if cx.cpu.nmi_pending && !cx.cpu.nmi_blocked && shadow != Shadow::MovSs {
            self.deliver(Delivery::Nmi, |cx| {
                cx.cpu.nmi_pending = false;
                cx.cpu.nmi_blocked = true;
                deliver_at_boundary(cx, vector::NMI, Source::External);
            });
            return true;
        }
        if cx.hot.signals.interrupt && cx.cpu.flags.has(IF) && shadow == Shadow::None {
            self.deliver(Delivery::Interrupt, |cx| {
                let number = cx.acknowledge_interrupt();
                deliver_at_boundary(cx, number, Source::External);
            });
            return true;
        }
        false
    }

    fn deliver(&mut self, kind: Delivery, how: impl FnOnce(&mut Exec<'_>)) {
        self.cx.deliver_costing(kind, how);
        self.check_breakpoint = true;
        self.cx.leave();
    }

    /// Lets the time of HLT or MWAIT pass up to the next deadline.
    fn idle(&mut self) -> Option<Exit> {
        let waits = match self.cx.cpu.activity {
            Activity::Waiting { masked } if masked && self.cx.hot.signals.interrupt => {
                self.end_wait();
                return None;
            }
            activity => activity != Activity::Halted,
        };
        let hears = waits || self.cx.cpu.flags.has(IF) || self.cx.cpu.apic.intr_is_nmi();
        let can_wake = hears && self.cx.hot.due.is_some();
        if !can_wake {
            return Some(Exit::DeadHalt);
        }
        let due = self.cx.hot.due.map_or(u64::MAX, |due| due.0);
        let target = due.min(self.limits.position);
        self.cx.cpu.position = target.max(self.cx.cpu.position);
        // A shadow lasts one instruction, which was HLT or MWAIT.
        self.cx.cpu.shadow = Shadow::None;
        None
    }

    /// VIF and VIP both set under VME or PVI: #GP(0) before the next instruction.
    /// SDM Vol.3B 20.3.2 "Class 2-Maskable Hardware Interrupt Handling in Virtual-8086 Mode Using the Virtual Interrupt
    /// Mechanism", 20.4 "Protected-Mode Virtual Interrupts".
    fn virtual_interrupt_fault(&mut self) -> bool {
        let cpu = &*self.cx.cpu;
        let extension = if cpu.virtual_8086() { CR4_VME } else { CR4_PVI };
        let watched = cpu.cr4 & extension != 0 && cpu.cpl == 3 && cpu.flags.iopl() < 3;
        if !watched || !cpu.flags.has(VIF) || !cpu.flags.has(VIP) {
            return false;
        }
        let fault = self.cx.fault(Site::VirtualInterrupt, 0);
        self.deliver_fault(fault);
        true
    }

    /// The guest's own instruction breakpoints: a fault before the instruction, unless RF holds it off.
    fn instruction_breakpoint(&mut self) -> bool {
        let cpu = &mut *self.cx.cpu;
        if cpu.flags.has(RF) || cpu.shadow == Shadow::MovSs || !any_instruction_breakpoint(cpu) {
            return false;
        }
        let bits = instruction_matches(cpu, cpu.linear_rip());
        if bits == 0 {
            return false;
        }
        cpu.report_debug(bits);
        self.deliver(Delivery::Fault, |cx| {
            let fault = cx.fault(Site::InstructionBreakpoint, 0);
            deliver_exception(cx, fault);
            cx.cpu.rip = cx.next_rip;
        });
        true
    }

    pub(super) fn deliver_fault(&mut self, fault: Exception) {
        self.cx.deliver_fault(fault);
        self.check_breakpoint = true;
        self.cx.leave();
    }
}

impl Exec<'_> {
    /// A delivery costs what the timing model says, and wakes the processor.
    fn deliver_costing(&mut self, kind: Delivery, how: impl FnOnce(&mut Exec<'_>)) {
        self.cpu.activity = Activity::Active;
        self.cpu.monitor_armed = false;
        self.cpu.shadow = Shadow::None;
        self.extra_cycles = 0;
        let origin = Origin::of(self.cpu);
        how(self);
        let (cpu, hot) = (&mut *self.cpu, &*self.hot);
        cpu.position += hot.timing.delivery(kind, &origin, cpu, hot.last_fault);
        cpu.fruitless_deliveries += 1;
    }

    /// Delivers what an instruction raised. The attempt has a cost, and so has the delivery. Nothing is delivered where a
    /// page of memory is lost: the instruction has not been, and the run ends before it.
    pub(crate) fn deliver_fault(&mut self, fault: Exception) {
        if self.memory.frames.lost().is_some() {
            self.hot.leave = true;
            return;
        }
        self.cpu.position += self.hot.timing.attempt() + self.extra_cycles;
        self.extra_cycles = 0;
        self.deliver_costing(Delivery::Fault, |cx| {
            deliver_exception(cx, fault);
            cx.cpu.rip = cx.next_rip;
        });
    }
}
