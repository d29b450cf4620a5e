//! What the processor asks of the rest of the machine.

use crate::{Instant, InterruptMessage, Memory, PhysAddr, Port, Size, Vector};

/// What every bus access comes with: the time, and memory for whoever masters the bus.
pub struct BusCx<'a> {
    /// The moment of the access.
    pub now: Instant,
    /// All bulk memory.
    pub memory: &'a mut Memory,
    /// Set by the bus if its lines or its next deadline are no longer what they were: the processor asks for them again.
    pub changed: bool,
}

impl<'a> BusCx<'a> {
    /// The context of an access.
    pub fn new(now: Instant, memory: &'a mut Memory) -> BusCx<'a> {
        BusCx { now, memory, changed: false }
    }
}

/// The lines from the chipset to the processor and the machine, as levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// INTR: a maskable interrupt is pending at the interrupt controller.
    pub interrupt: bool,
    /// NMI: an edge since the last [`Bus::take_nmi`].
    pub nmi: bool,
    /// An I/O APIC has interrupt messages for local APICs: see [`Bus::deliver_messages`].
    pub messages: bool,
    /// The A20 gate lets address bit 20 through.
    pub a20: bool,
    /// INIT: the keyboard controller or port 92h asks for a processor reset.
    pub init: bool,
    /// A full reset of the machine is asked for (CF9h).
    pub reset: bool,
    /// Memory and port routing changed: ask for it again.
    pub routes_changed: bool,
    /// The guest ended the run through the exit device; the status is with the device.
    pub exit: bool,
    /// IGNNE#: a pending floating-point error does not hold instructions up.
    pub ignore_error: bool,
}

impl Signals {
    /// True if the machine itself must act: reroute, reset, end the run.
    pub fn asks_machine(&self, a20_open: bool) -> bool {
        self.routes_changed || self.init || self.reset || self.exit || self.a20 != a20_open
    }
}

/// The processor's way to everything that is not memory.
///
/// Addresses that nobody answers read as all ones and swallow writes. Every call brings the addressed device
/// forward to `cx.now` first, so the order of calls and their times decide all. A call that changes what
/// [`Bus::signals`] or [`Bus::due`] answer says so in [`BusCx::changed`].
pub trait Bus {
    /// Reads a port; `size` is at most [`Size::Dword`].
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32;
    /// Writes a port; `size` is at most [`Size::Dword`].
    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>);
    /// Reads a byte from a port in the shortest way, if the answer is all that comes of it: no line, no deadline, nothing
    /// sent, and what the device holds is what [`Bus::port_read`] would leave. `None`: nothing was done, and that is asked.
    fn read_quickly(&mut self, _port: Port, _now: Instant) -> Option<u8> {
        None
    }
    /// Writes a byte to a port likewise. False: nothing was done, and [`Bus::port_write`] is asked.
    fn write_quickly(&mut self, _port: Port, _value: u8, _now: Instant) -> bool {
        false
    }
    /// Reads a port again and again for elements of `size`, as many as fill `block`: as [`Bus::read_quickly`], each behind the
    /// other, the last one at `last`. Answers how many were read, none or any number; the others are left to
    /// [`Bus::port_read`].
    fn read_block(&mut self, _port: Port, _size: Size, _last: Instant, _block: &mut [u8]) -> usize {
        0
    }
    /// Reads memory that is not backed by frames as [`Bus::read_quickly`] does ports; aligned.
    fn load_quickly(&mut self, _addr: PhysAddr, _size: Size, _memory: &Memory) -> Option<u64> {
        None
    }
    /// Writes memory that is not backed by frames as [`Bus::write_quickly`] does ports; aligned. No decoded code is hit.
    fn store_quickly(&mut self, _addr: PhysAddr, _size: Size, _value: u64, _memory: &mut Memory) -> bool {
        false
    }
    /// Reads memory that is not backed by frames ([`crate::Route::Mmio`]); never crosses a page.
    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64;
    /// Writes memory that is not backed by frames; never crosses a page.
    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, cx: &mut BusCx<'_>);
    /// The two INTA cycles: the vector of the interrupt that INTR announced.
    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector;
    /// FERR#: a floating-point error waits to be handled while CR0.NE is clear, or does so no longer.
    fn floating_point_error(&mut self, _asserted: bool, _cx: &mut BusCx<'_>) {}
    /// Takes the pending edge of NMI.
    fn take_nmi(&mut self);
    /// Offers each waiting message of the I/O APICs once. `accept` answers whether a local APIC took it: a level-triggered
    /// one that nobody took waits on, an edge that nobody took is lost.
    fn deliver_messages(&mut self, _accept: &mut dyn FnMut(InterruptMessage) -> bool) {}
    /// A local APIC sends a message to the other processors.
    fn send_message(&mut self, _message: InterruptMessage, _cx: &mut BusCx<'_>) {}
    /// The EOI message of a local APIC, broadcast for a level-triggered interrupt.
    fn end_of_interrupt(&mut self, _vector: Vector, _cx: &mut BusCx<'_>) {}
    /// The lines as they are now.
    fn signals(&self) -> Signals;
    /// The next moment at which a device wants to be brought forward.
    fn due(&self) -> Option<Instant>;
    /// Brings every device that is due forward to `cx.now`.
    fn advance(&mut self, cx: &mut BusCx<'_>);
}

/// A bus that nobody answers: reads are all ones, writes are lost, and no line ever changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenBus;

impl Bus for OpenBus {
    fn port_read(&mut self, _: Port, size: Size, _: &mut BusCx<'_>) -> u32 {
        size.ones() as u32
    }

    fn port_write(&mut self, _: Port, _: Size, _: u32, _: &mut BusCx<'_>) {}

    fn mmio_read(&mut self, _: PhysAddr, size: Size, _: &mut BusCx<'_>) -> u64 {
        size.ones()
    }

    fn mmio_write(&mut self, _: PhysAddr, _: Size, _: u64, _: &mut BusCx<'_>) {}

    fn acknowledge_interrupt(&mut self, _: &mut BusCx<'_>) -> Vector {
        Vector(0xFF)
    }

    fn take_nmi(&mut self) {}

    fn signals(&self) -> Signals {
        Signals { a20: true, ..Signals::default() }
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn advance(&mut self, _: &mut BusCx<'_>) {}
}
