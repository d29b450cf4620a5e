//! The bus between the two processors of a lockstep: one reaches the devices, the other is told what they did.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use ringwalk_mmu::{Bus, BusCx, Frame, Instant, InterruptMessage, PhysAddr, Port, Signals, Size, Stored, Vector};

use super::report::{self, Difference};

/// What was asked of the bus.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    PortRead(Port, Size),
    PortWrite(Port, Size, u32),
    MmioRead(PhysAddr, Size),
    MmioWrite(PhysAddr, Size, u64),
    AcknowledgeInterrupt,
    FloatingPointError(bool),
    TakeNmi,
    DeliverMessages,
    SendMessage(InterruptMessage),
    EndOfInterrupt(Vector),
    Advance,
}

/// A call and all that came of it.
#[derive(Clone, Debug)]
struct Event {
    call: Call,
    now: Instant,
    answer: u64,
    /// The lines behind it.
    signals: Signals,
    /// The deadline behind it.
    due: Option<Instant>,
    /// What devices stored in memory.
    stored: Vec<(Frame, usize, Vec<u8>)>,
    /// What I/O APICs sent.
    messages: Vec<InterruptMessage>,
}

/// What lies between them.
#[derive(Default)]
pub(super) struct Wire {
    /// Calls that the follower has still to make.
    events: VecDeque<Event>,
    signals: Signals,
    due: Option<Instant>,
    /// What the other one itself has stored by its own careful path.
    pub(super) stored: Vec<Stored>,
    trouble: Option<Difference>,
}

impl Wire {
    /// At the start of a run.
    pub(super) fn begin(&mut self, bus: &dyn Bus) {
        self.events.clear();
        (self.signals, self.due) = (bus.signals(), bus.due());
    }

    /// Calls that only one of them made.
    pub(super) fn trouble(&mut self) -> Option<Difference> {
        let left = self.events.front().map(|event| report::bus("nothing".into(), said(event.call, event.now)));
        self.trouble.take().or(left)
    }

    /// What came of a call, if it is the next one.
    fn replay(&mut self, call: Call, now: Instant, cx: Option<&mut BusCx<'_>>) -> u64 {
        let next = self.events.pop_front();
        let is_next = |event: &Event| (event.call, event.now) == (call, now);
        let Some(event) = next.as_ref().filter(|event| is_next(event) && self.trouble.is_none()) else {
            let other = next.map_or_else(|| "nothing".into(), |event| said(event.call, event.now));
            self.trouble.get_or_insert_with(|| report::bus(said(call, now), other));
            return 0;
        };
        if let Some(cx) = cx {
            for (frame, offset, bytes) in &event.stored {
                cx.memory.frames.store(*frame, *offset, bytes);
            }
        }
        (self.signals, self.due) = (event.signals, event.due);
        event.answer
    }
}

fn said(call: Call, now: Instant) -> String {
    format!("{call:?} at {}", now.0)
}

/// The bus of the processor that is followed.
pub(crate) struct Recorder<'a> {
    bus: &'a mut dyn Bus,
    wire: Rc<RefCell<Wire>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(bus: &'a mut dyn Bus, wire: Rc<RefCell<Wire>>) -> Recorder<'a> {
        Recorder { bus, wire }
    }

    fn record(&mut self, call: Call, cx: &mut BusCx<'_>, act: impl FnOnce(&mut dyn Bus, &mut BusCx<'_>) -> u64) -> u64 {
        cx.memory.frames.take_stores(&mut self.wire.borrow_mut().stored);
        let now = cx.now;
        let answer = act(self.bus, cx);
        let mut stored = Vec::new();
        cx.memory.frames.take_stores(&mut stored);
        let frames = &cx.memory.frames;
        let bytes = |at: &Stored| frames.page(at.frame)[at.offset..at.offset + at.bytes].to_vec();
        let stored = stored.iter().map(|at| (at.frame, at.offset, bytes(at))).collect();
        self.note(call, now, answer, stored);
        answer
    }

    fn note(&mut self, call: Call, now: Instant, answer: u64, stored: Vec<(Frame, usize, Vec<u8>)>) {
        let (signals, due) = (self.bus.signals(), self.bus.due());
        self.wire.borrow_mut().events.push_back(Event {
            call,
            now,
            answer,
            signals,
            due,
            stored,
            messages: Vec::new(),
        });
    }
}

impl Bus for Recorder<'_> {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        self.record(Call::PortRead(port, size), cx, |bus, cx| bus.port_read(port, size, cx).into()) as u32
    }

    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        self.record(Call::PortWrite(port, size, value), cx, |bus, cx| {
            bus.port_write(port, size, value, cx);
            0
        });
    }

    fn read_quickly(&mut self, port: Port, now: Instant) -> Option<u8> {
        let answer = self.bus.read_quickly(port, now)?;
        self.note(Call::PortRead(port, Size::Byte), now, answer.into(), Vec::new());
        Some(answer)
    }

    fn write_quickly(&mut self, port: Port, value: u8, now: Instant) -> bool {
        let done = self.bus.write_quickly(port, value, now);
        if done {
            self.note(Call::PortWrite(port, Size::Byte, value.into()), now, 0, Vec::new());
        }
        done
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64 {
        self.record(Call::MmioRead(addr, size), cx, |bus, cx| bus.mmio_read(addr, size, cx))
    }

    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, cx: &mut BusCx<'_>) {
        self.record(Call::MmioWrite(addr, size, value), cx, |bus, cx| {
            bus.mmio_write(addr, size, value, cx);
            0
        });
    }

    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector {
        let vector = self.record(Call::AcknowledgeInterrupt, cx, |bus, cx| bus.acknowledge_interrupt(cx).0.into());
        Vector(vector as u8)
    }

    fn floating_point_error(&mut self, asserted: bool, cx: &mut BusCx<'_>) {
        self.record(Call::FloatingPointError(asserted), cx, |bus, cx| {
            bus.floating_point_error(asserted, cx);
            0
        });
    }

    fn take_nmi(&mut self) {
        self.bus.take_nmi();
        self.note(Call::TakeNmi, Instant(0), 0, Vec::new());
    }

    fn deliver_messages(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        let mut messages = Vec::new();
        self.bus.deliver_messages(&mut |message| {
            messages.push(message);
            accept(message)
        });
        self.note(Call::DeliverMessages, Instant(0), 0, Vec::new());
        if let Some(event) = self.wire.borrow_mut().events.back_mut() {
            event.messages = messages;
        }
    }

    fn send_message(&mut self, message: InterruptMessage, cx: &mut BusCx<'_>) {
        self.record(Call::SendMessage(message), cx, |bus, cx| {
            bus.send_message(message, cx);
            0
        });
    }

    fn end_of_interrupt(&mut self, vector: Vector, cx: &mut BusCx<'_>) {
        self.record(Call::EndOfInterrupt(vector), cx, |bus, cx| {
            bus.end_of_interrupt(vector, cx);
            0
        });
    }

    fn signals(&self) -> Signals {
        self.bus.signals()
    }

    fn due(&self) -> Option<Instant> {
        self.bus.due()
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        self.record(Call::Advance, cx, |bus, cx| {
            bus.advance(cx);
            0
        });
    }
}

/// The follower's bus.
pub(super) struct Replay {
    wire: Rc<RefCell<Wire>>,
}

impl Replay {
    pub(super) fn new(wire: Rc<RefCell<Wire>>) -> Replay {
        Replay { wire }
    }

    fn replay(&self, call: Call, cx: &mut BusCx<'_>) -> u64 {
        // The follower asks for lines and deadline behind every call: it does not rely on being told.
        cx.changed = true;
        self.wire.borrow_mut().replay(call, cx.now, Some(cx))
    }
}

impl Bus for Replay {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        self.replay(Call::PortRead(port, size), cx) as u32
    }

    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        self.replay(Call::PortWrite(port, size, value), cx);
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64 {
        self.replay(Call::MmioRead(addr, size), cx)
    }

    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, cx: &mut BusCx<'_>) {
        self.replay(Call::MmioWrite(addr, size, value), cx);
    }

    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector {
        Vector(self.replay(Call::AcknowledgeInterrupt, cx) as u8)
    }

    fn floating_point_error(&mut self, asserted: bool, cx: &mut BusCx<'_>) {
        self.replay(Call::FloatingPointError(asserted), cx);
    }

    fn take_nmi(&mut self) {
        self.wire.borrow_mut().replay(Call::TakeNmi, Instant(0), None);
    }

    fn deliver_messages(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        let mut wire = self.wire.borrow_mut();
        let messages = wire.events.front_mut().map(|event| std::mem::take(&mut event.messages));
        wire.replay(Call::DeliverMessages, Instant(0), None);
        for message in messages.unwrap_or_default() {
            accept(message);
        }
    }

    fn send_message(&mut self, message: InterruptMessage, cx: &mut BusCx<'_>) {
        self.replay(Call::SendMessage(message), cx);
    }

    fn end_of_interrupt(&mut self, vector: Vector, cx: &mut BusCx<'_>) {
        self.replay(Call::EndOfInterrupt(vector), cx);
    }

    fn signals(&self) -> Signals {
        self.wire.borrow().signals
    }

    fn due(&self) -> Option<Instant> {
        self.wire.borrow().due
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        self.replay(Call::Advance, cx);
    }
}
