//! The bus as the processor sees it: the board, with an ear on what it sends out.
//!
//! Output is looked at the moment it is made, so that what it sets off (the end of a run, a script's next line) has
//! a position that depends on the guest alone, never on where a slice happens to end.

use ringwalk_chipset::{Board, Output};
use ringwalk_mmu::{Bus, BusCx, Instant, InterruptMessage, Memory, PhysAddr, Port, Signals, Size, Vector};

use super::screen_watch::ScreenWatch;
use super::{Feed, Outlet, Stop};

/// COM1: the port that scripts and `--until-serial` listen to.
const COM1: u8 = 0;

pub(super) struct Tap<'a> {
    pub(super) board: &'a mut Board,
    pub(super) feed: &'a mut Feed,
    pub(super) outlet: &'a mut Outlet,
    pub(super) screen: &'a mut ScreenWatch,
    pub(super) clock_hz: u64,
}

impl Tap<'_> {
    /// Takes what the board has sent.
    #[inline]
    pub(super) fn listen(&mut self, cx: &mut BusCx<'_>) {
        if self.hears(cx.memory) {
            self.hear(cx);
        }
    }

    /// True if something waits to be taken, or to end the run.
    #[inline]
    fn hears(&self, memory: &Memory) -> bool {
        self.board.has_output() || memory.frames.lost().is_some()
    }

    #[cold]
    fn hear(&mut self, cx: &mut BusCx<'_>) {
        if self.board.has_output() {
            cx.changed = true;
            self.take(cx.now);
        }
        if cx.memory.frames.lost().is_some() {
            // A device was given what is not there.
            self.outlet.leave = true;
            cx.changed = true;
        }
    }

    /// Looks whether a change of the screen shows what is waited for.
    fn look(&mut self, cx: &mut BusCx<'_>) {
        if self.screen.look(self.board, cx.memory) {
            self.outlet.leave = true;
            cx.changed = true;
        }
    }

    pub(super) fn take(&mut self, now: Instant) {
        for output in self.board.take_output() {
            match output {
                Output::Serial(COM1, byte) => self.com1_sent(byte, now),
                Output::Exit(value) => self.end(Stop::Exit(value)),
                Output::PowerOff => self.end(Stop::PowerOff),
                Output::Serial(..) | Output::Debug(_) | Output::Parallel(_) => {}
            }
            self.outlet.push(output);
        }
    }

    fn com1_sent(&mut self, byte: u8, now: Instant) {
        if self.outlet.serial.as_mut().is_some_and(|text| text.push(byte)) {
            self.outlet.serial_met = true;
        }
        if let Some(actions) = self.feed.script.saw_serial(byte, now.0, self.clock_hz) {
            self.feed.perform(&actions, now.0);
            self.outlet.leave = true;
        }
    }

    /// The first end counts.
    fn end(&mut self, stop: Stop) {
        self.outlet.ended.get_or_insert(stop);
    }
}

impl Outlet {
    /// True if the processor must stop for the machine to look.
    pub(super) fn wants_out(&self) -> bool {
        self.leave || self.serial_met || self.ended.is_some()
    }
}

impl Bus for Tap<'_> {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        let value = self.board.port_read(port, size, cx);
        self.listen(cx);
        value
    }

    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        self.board.port_write(port, size, value, cx);
        if self.screen.minds_port(port) {
            self.look(cx);
        }
        self.listen(cx);
    }

    fn read_quickly(&mut self, port: Port, now: Instant) -> Option<u8> {
        self.board.read_quickly(port, now)
    }

    fn read_block(&mut self, port: Port, size: Size, last: Instant, block: &mut [u8]) -> usize {
        self.board.read_block(port, size, last, block)
    }

    fn write_quickly(&mut self, port: Port, value: u8, now: Instant) -> bool {
        !self.screen.minds_port(port) && self.board.write_quickly(port, value, now)
    }

    fn load_quickly(&mut self, addr: PhysAddr, size: Size, memory: &Memory) -> Option<u64> {
        if self.hears(memory) { None } else { self.board.load_quickly(addr, size, memory) }
    }

    fn store_quickly(&mut self, addr: PhysAddr, size: Size, value: u64, memory: &mut Memory) -> bool {
        let quick = !self.hears(memory) && !self.screen.minds_address(addr);
        quick && self.board.store_quickly(addr, size, value, memory)
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64 {
        let value = self.board.mmio_read(addr, size, cx);
        self.listen(cx);
        value
    }

    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, cx: &mut BusCx<'_>) {
        self.board.mmio_write(addr, size, value, cx);
        if self.screen.minds_address(addr) {
            self.look(cx);
        }
        self.listen(cx);
    }

    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector {
        let vector = self.board.acknowledge_interrupt(cx);
        self.listen(cx);
        vector
    }

    fn floating_point_error(&mut self, asserted: bool, cx: &mut BusCx<'_>) {
        self.board.floating_point_error(asserted, cx);
    }

    fn take_nmi(&mut self) {
        self.board.take_nmi();
    }

    fn deliver_messages(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        self.board.deliver_messages(accept);
    }

    fn send_message(&mut self, message: InterruptMessage, cx: &mut BusCx<'_>) {
        self.board.send_message(message, cx);
    }

    fn end_of_interrupt(&mut self, vector: Vector, cx: &mut BusCx<'_>) {
        self.board.end_of_interrupt(vector, cx);
        self.listen(cx);
    }

    fn signals(&self) -> Signals {
        let signals = self.board.signals();
        Signals { exit: signals.exit || self.outlet.wants_out(), ..signals }
    }

    fn due(&self) -> Option<Instant> {
        self.board.due()
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        self.board.advance(cx);
        self.listen(cx);
    }
}
