//! What a debugger can stop at besides instructions and memory: deliveries, ports, control registers, modes. Derived:
//! never saved or hashed, and nothing where nobody looks.

use ringwalk_mmu::{Access, LinAddr, PhysAddr};

use crate::exec::Exec;
use crate::segment::SegReg;
use crate::state::{CpuState, Mode};

/// Something that happened, with what it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An interrupt from outside is delivered.
    Interrupt(u8),
    /// An instruction called this vector: INT n, INT3, INTO, INT1.
    SoftwareInterrupt(u8),
    /// An exception is delivered, with its error code.
    Exception(u8, Option<u16>),
    /// A port was read: port, bytes, value.
    PortRead(u16, u8, u32),
    /// A port was written: port, bytes, value.
    PortWrite(u16, u8, u32),
    /// A device's memory was read: address, bytes, value.
    DeviceRead(PhysAddr, u8, u64),
    /// A device's memory was written: address, bytes, value.
    DeviceWrite(PhysAddr, u8, u64),
    /// A control register changed: number, old, new. CR3 counts where it is loaded, changed or not.
    Control(u8, u64, u64),
    /// WRMSR: number, value.
    Msr(u32, u64),
    /// The privilege level changed: old, new.
    Privilege(u8, u8),
    /// The operating mode changed.
    Mode(Mode, Mode),
    /// Another task runs: old and new selector of TR.
    Task(u16, u16),
    /// A segment register was loaded: its number, the selector.
    Segment(u8, u16),
    /// The TLB took in a translation.
    TlbFill(LinAddr, PhysAddr),
}

/// What is looked for. `None` takes all of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An interrupt from outside.
    Interrupt(Option<u8>),
    /// INT n and its kin.
    SoftwareInterrupt(Option<u8>),
    /// An exception.
    Exception(Option<u8>),
    /// Accesses to ports: the first, how many, reads, writes.
    Port(u16, u32, bool, bool),
    /// Accesses to a device's memory: the first byte, how many, reads, writes.
    Device(PhysAddr, u64, bool, bool),
    /// Changes of a control register.
    Control(Option<u8>),
    /// WRMSR.
    Msr(Option<u32>),
    /// The privilege level becomes this.
    Privilege(Option<u8>),
    /// The operating mode changes.
    Mode,
    /// Another task.
    Task,
    /// A segment register is loaded with this selector, whatever its RPL.
    Segment(Option<u16>),
    /// The TLB takes in a translation of this page.
    TlbFill(Option<u64>),
}

impl Wanted {
    fn takes(self, event: &Event) -> bool {
        let any = |wanted: Option<u8>, found: u8| wanted.is_none_or(|wanted| wanted == found);
        let port = |first: u16, count: u32, at: u16, bytes: u8| {
            u32::from(at) < u32::from(first) + count && u32::from(first) < u32::from(at) + u32::from(bytes)
        };
        let device = |first: PhysAddr, count: u64, at: PhysAddr, bytes: u8| {
            at.0 < first.0.saturating_add(count) && first.0 < at.0.saturating_add(bytes.into())
        };
        match (self, *event) {
            (Wanted::Interrupt(wanted), Event::Interrupt(vector))
            | (Wanted::SoftwareInterrupt(wanted), Event::SoftwareInterrupt(vector))
            | (Wanted::Exception(wanted), Event::Exception(vector, _)) => any(wanted, vector),
            (Wanted::Port(first, count, true, _), Event::PortRead(at, bytes, _))
            | (Wanted::Port(first, count, _, true), Event::PortWrite(at, bytes, _)) => port(first, count, at, bytes),
            (Wanted::Device(first, count, true, _), Event::DeviceRead(at, bytes, _))
            | (Wanted::Device(first, count, _, true), Event::DeviceWrite(at, bytes, _)) => {
                device(first, count, at, bytes)
            }
            (Wanted::Control(wanted), Event::Control(number, ..)) => any(wanted, number),
            (Wanted::Msr(wanted), Event::Msr(number, _)) => wanted.is_none_or(|wanted| wanted == number),
            (Wanted::Privilege(wanted), Event::Privilege(_, new)) => any(wanted, new),
            (Wanted::Mode, Event::Mode(..)) | (Wanted::Task, Event::Task(..)) => true,
            (Wanted::Segment(wanted), Event::Segment(_, selector)) => {
                wanted.is_none_or(|wanted| wanted & !3 == selector & !3)
            }
            (Wanted::TlbFill(wanted), Event::TlbFill(at, _)) => wanted.is_none_or(|page| page == at.page()),
            _ => false,
        }
    }
}

/// An event that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHit {
    /// The number that the debugger gave what it looked for.
    pub id: u32,
    /// What happened.
    pub event: Event,
    /// CS of the instruction, or of the place that was interrupted.
    pub selector: u16,
    /// Its RIP.
    pub rip: u64,
}

/// What changes of the state are seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    mode: Mode,
    cpl: u8,
    cr0: u64,
    cr4: u64,
    task: u16,
}

impl Before {
    fn of(cpu: &CpuState) -> Before {
        Before { mode: cpu.mode(), cpl: cpu.cpl, cr0: cpu.cr0, cr4: cpu.cr4, task: cpu.tr.selector.0 }
    }
}

/// What is looked for, and the first event found since the run began.
#[derive(Clone, Debug)]
pub struct EventWatch {
    wanted: Vec<(u32, Wanted)>,
    before: Option<Before>,
    hit: Option<EventHit>,
}

impl EventWatch {
    /// Looks for these; `None` for nothing at all.
    pub fn new(wanted: Vec<(u32, Wanted)>) -> Option<Box<EventWatch>> {
        (!wanted.is_empty()).then(|| Box::new(EventWatch { wanted, before: None, hit: None }))
    }

    /// A run begins: nothing has changed yet.
    pub(crate) fn begin(&mut self, cpu: &CpuState) {
        self.before = Some(Before::of(cpu));
    }

    /// The state is another: what was found belongs to the one before.
    pub fn forget_hit(&mut self) {
        self.hit = None;
    }

    /// The first event found since the last call.
    pub(crate) fn take_hit(&mut self) -> Option<EventHit> {
        self.hit.take()
    }

    /// True if it was looked for.
    fn note(&mut self, cpu: &CpuState, event: Event) -> bool {
        let Some((id, _)) = self.wanted.iter().find(|(_, wanted)| wanted.takes(&event)) else { return false };
        let selector = cpu.seg(SegReg::Cs).selector.0;
        self.hit.get_or_insert(EventHit { id: *id, event, selector, rip: cpu.rip });
        true
    }

    fn note_changes(&mut self, cpu: &CpuState) -> bool {
        let now = Before::of(cpu);
        let Some(before) = self.before.replace(now).filter(|before| *before != now) else { return false };
        let changes = [
            (before.mode != now.mode, Event::Mode(before.mode, now.mode)),
            (before.cpl != now.cpl, Event::Privilege(before.cpl, now.cpl)),
            (before.cr0 != now.cr0, Event::Control(0, before.cr0, now.cr0)),
            (before.cr4 != now.cr4, Event::Control(4, before.cr4, now.cr4)),
            (before.task != now.task, Event::Task(before.task, now.task)),
        ];
        let mut found = false;
        for (changed, event) in changes {
            found |= changed && self.note(cpu, event);
        }
        found
    }
}

impl Exec<'_> {
    /// Tells of something that happened, to whoever looks for it.
    #[inline]
    pub(crate) fn tell(&mut self, event: Event) {
        if let Some(watch) = &mut self.hot.events {
            self.hot.leave |= watch.note(self.cpu, event);
        }
    }

    /// Tells of changes of mode, privilege, CR0, CR4 and task since the last call.
    #[inline]
    pub(crate) fn tell_changes(&mut self) {
        if let Some(watch) = &mut self.hot.events {
            self.hot.leave |= watch.note_changes(self.cpu);
        }
    }

    /// True if somebody waits for translations that the TLB does not hold yet.
    pub(crate) fn lacks_translation(&self, at: LinAddr) -> bool {
        self.hot.events.is_some() && self.cpu.paging().enabled && self.cpu.tlb.find(at, self.cpu.pcid()).is_none()
    }

    /// Tells of a device's memory that was reached.
    #[inline]
    pub(crate) fn tell_device(&mut self, access: Access, at: PhysAddr, bytes: usize, value: u64) {
        if self.hot.events.is_some() {
            let bytes = bytes as u8; // 8 at most
            let write = access == Access::Write;
            self.tell(if write { Event::DeviceWrite(at, bytes, value) } else { Event::DeviceRead(at, bytes, value) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_taken() {
        let taken = |wanted: Wanted, event: Event| wanted.takes(&event);
        assert!(taken(Wanted::Exception(None), Event::Exception(14, Some(2))));
        assert!(!taken(Wanted::Exception(Some(13)), Event::Exception(14, Some(2))));
        assert!(taken(Wanted::Port(0x60, 5, true, false), Event::PortRead(0x64, 1, 0)));
        assert!(taken(Wanted::Port(0x61, 1, false, true), Event::PortWrite(0x60, 2, 0)), "a word reaches it");
        assert!(!taken(Wanted::Port(0x60, 1, true, false), Event::PortWrite(0x60, 1, 0)));
        assert!(!taken(Wanted::Port(0x60, 1, true, true), Event::PortRead(0x61, 1, 0)));
        assert!(taken(
            Wanted::Device(PhysAddr(0xB8000), 0x1000, true, true),
            Event::DeviceWrite(PhysAddr(0xB8FFF), 1, 0)
        ));
        assert!(taken(Wanted::Segment(Some(8)), Event::Segment(1, 11)), "RPL does not matter");
        assert!(taken(Wanted::Privilege(Some(3)), Event::Privilege(0, 3)));
        assert!(!taken(Wanted::Privilege(Some(3)), Event::Privilege(3, 0)));
        assert!(!taken(Wanted::Mode, Event::Task(0, 8)));
    }
}
