//! The board as the processor reaches it.

use ringwalk_mmu::{Bus, BusCx, Instant, InterruptMessage, Memory, PhysAddr, Port, Signals, Size, Vector};

use super::{Board, NEVER, is_display_window};
use crate::devices::{COUNT, Devices};
use crate::routing::Target;

impl Board {
    /// The register behind a byte port of a device that neither time nor a line has to do with.
    #[inline]
    fn quick_target(&self, port: Port, size: Size) -> Option<Target> {
        if size != Size::Byte {
            return None;
        }
        self.beside.routing.port_target(port.0).filter(|target| Devices::QUICK >> target.device & 1 != 0)
    }

    /// Reads such a register.
    #[inline]
    fn quick_read(&mut self, target: Target, cx: &mut BusCx<'_>) -> u8 {
        if target.device == Devices::DMA {
            let value = self.devices.dma.read_byte(target.reg);
            self.follow_dma(cx);
            return value;
        }
        let polled = self.devices.pic.is_polled();
        let value = self.devices.pic.read_byte(target.reg);
        if polled || self.beside.stirred {
            self.follow_int(cx);
        }
        self.calm_down(cx);
        value
    }

    /// Writes such a register.
    #[inline]
    fn quick_write(&mut self, target: Target, value: u8, cx: &mut BusCx<'_>) {
        if target.device == Devices::DMA {
            self.devices.dma.write_byte(target.reg, value);
            self.follow_dma(cx);
        } else {
            self.devices.pic.write_byte(target.reg, value);
            self.follow_int(cx);
            self.calm_down(cx);
        }
    }

    /// Behind an access that does nothing else: what was left to be told is told, and DMA that nobody asks for is no longer
    /// waited for. So the next access may be quick.
    fn calm_down(&mut self, cx: &mut BusCx<'_>) {
        if self.beside.dma_wanted && self.devices.dma.is_idle() {
            self.run_dma(cx);
        }
        self.note_changes(cx);
    }

    /// The DMA controllers were reached.
    #[inline]
    fn follow_dma(&mut self, cx: &mut BusCx<'_>) {
        if self.devices.dma.is_idle() {
            self.calm_down(cx);
        } else {
            self.obey_dma(cx);
        }
    }

    #[cold]
    fn obey_dma(&mut self, cx: &mut BusCx<'_>) {
        self.beside.dma_wanted = true;
        self.run_dma(cx);
        self.note_changes(cx);
    }

    /// The interrupt controllers were reached: INT is all that anything else sees of them.
    #[inline]
    fn follow_int(&mut self, cx: &mut BusCx<'_>) {
        let int = self.devices.pic.interrupt();
        let is_told = self.beside.told.is_some_and(|(signals, ..)| signals.interrupt == int);
        if !is_told || self.beside.stirred || self.devices.io_apic.listens_to(0) {
            self.tell_int(cx);
        }
    }

    #[cold]
    fn tell_int(&mut self, cx: &mut BusCx<'_>) {
        self.bring_int_to_io_apic();
        self.beside.stirred = true;
        self.note_changes(cx);
    }

    fn read_byte_port(&mut self, port: u16, cx: &mut BusCx<'_>) -> u8 {
        let Some(target) = self.beside.routing.port_target(port) else { return 0xFF };
        let value = match self.config_target(port) {
            Some(addr) => self.config_read(addr, Size::Byte, cx),
            None => self.read(target, Size::Byte, cx),
        };
        // A byte.
        value as u8
    }

    #[inline(never)]
    fn read_port(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        if size == Size::Byte {
            let value = self.read_byte_port(port.0, cx);
            self.calm_down(cx);
            return value.into();
        }
        if let Some(value) = self.read_block_quickly(port.0, size, cx.now) {
            return value;
        }
        let bytes = size.bytes().min(4);
        let (mut done, mut value) = (0, 0);
        while done < bytes {
            // `done` is below 4.
            let (piece, part) = self.port_piece_read(u32::from(port.0) + done as u32, bytes - done, cx);
            value |= part << (8 * done);
            done += piece.bytes();
        }
        self.note_changes(cx);
        // At most four bytes were read.
        value as u32
    }

    #[inline(never)]
    fn write_port(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        if self.write_block_quickly(port.0, size, value, cx.now) {
            return;
        }
        let bytes = size.bytes().min(4);
        let mut done = 0;
        while done < bytes {
            let part = u64::from(value) >> (8 * done);
            // `done` is below 4.
            done += self.port_piece_write(u32::from(port.0) + done as u32, bytes - done, part, cx).bytes();
        }
        self.calm_down(cx);
    }
}

impl Bus for Board {
    #[inline]
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        match self.quick_target(port, size) {
            Some(target) => self.quick_read(target, cx).into(),
            None => self.read_port(port, size, cx),
        }
    }

    #[inline]
    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        match self.quick_target(port, size) {
            // A byte.
            Some(target) => self.quick_write(target, value as u8, cx),
            None => self.write_port(port, size, value, cx),
        }
    }

    #[inline]
    fn read_quickly(&mut self, port: Port, now: Instant) -> Option<u8> {
        self.read_port_quickly(port.0, now)
    }

    fn read_block(&mut self, port: Port, size: Size, last: Instant, block: &mut [u8]) -> usize {
        self.read_port_block(port.0, size, last, block)
    }

    #[inline]
    fn write_quickly(&mut self, port: Port, value: u8, _now: Instant) -> bool {
        self.write_port_quickly(port.0, value)
    }

    #[inline]
    fn load_quickly(&mut self, addr: PhysAddr, size: Size, memory: &Memory) -> Option<u64> {
        let (base, len) = self.beside.window;
        let offset = addr.0.wrapping_sub(base);
        // Accesses to the window take no time and drive no line. It is small.
        if offset < len { self.devices.vga.read_text(offset as u32, size, memory) } else { None }
    }

    #[inline]
    fn store_quickly(&mut self, addr: PhysAddr, size: Size, value: u64, memory: &mut Memory) -> bool {
        let (base, len) = self.beside.window;
        let offset = addr.0.wrapping_sub(base);
        offset < len && self.devices.vga.write_text(offset as u32, size, value, memory)
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64 {
        match self.beside.routing.mmio(addr.0) {
            // Nothing around them changes.
            Some(target) if is_display_window(&target) => {
                self.devices.vga.read_window(target.reg.offset, size, cx.memory)
            }
            Some(target) => {
                let value = self.read(target, size, cx);
                self.note_changes(cx);
                value
            }
            None => size.ones(),
        }
    }

    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, cx: &mut BusCx<'_>) {
        match self.beside.routing.mmio(addr.0) {
            Some(target) if is_display_window(&target) => {
                self.devices.vga.write_window(target.reg.offset, size, value, cx.memory);
            }
            Some(target) => {
                self.write(target, size, value, cx);
                self.note_changes(cx);
            }
            None => {}
        }
    }

    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector {
        let vector = self.devices.pic.acknowledge();
        self.beside.stirred = true;
        // INT falls with the first INTA cycle: what still waits makes a new edge.
        self.devices.io_apic.set_levels(self.inputs);
        self.bring_int_to_io_apic();
        self.note_changes(cx);
        Vector(vector)
    }

    fn floating_point_error(&mut self, asserted: bool, cx: &mut BusCx<'_>) {
        self.devices.coprocessor.set_error(asserted);
        self.with_device(Devices::COPROCESSOR, cx, |_, _| ());
        self.note_changes(cx);
    }

    fn deliver_messages(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        self.devices.io_apic.deliver(accept);
        self.beside.forget_told();
    }

    fn end_of_interrupt(&mut self, vector: Vector, cx: &mut BusCx<'_>) {
        self.devices.io_apic.end_of_interrupt(vector);
        self.beside.stirred = true;
        self.note_changes(cx);
    }

    fn take_nmi(&mut self) {
        self.beside.forget_told();
        self.nmi = false;
    }

    fn signals(&self) -> Signals {
        Signals {
            interrupt: self.devices.pic.interrupt(),
            nmi: self.nmi && !self.devices.rtc.nmi_masked(),
            messages: self.devices.io_apic.waiting() != 0,
            a20: self.a20,
            init: self.init,
            reset: self.reset,
            routes_changed: self.beside.routes_changed,
            exit: self.beside.exit,
            ignore_error: self.devices.coprocessor.is_ignored(),
        }
    }

    fn due(&self) -> Option<Instant> {
        let next = self.beside.dues.next;
        (next != NEVER).then_some(Instant(next))
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        // A device may have been told something from outside since it was asked.
        self.ask_dues();
        let dues = self.beside.dues.each;
        let mut waiting = [(NEVER, 0); COUNT];
        let mut count = 0;
        for number in Devices::numbers().filter(|number| dues[usize::from(*number)] <= cx.now.0) {
            waiting[count] = (dues[usize::from(number)], number);
            count += 1;
        }
        waiting[..count].sort_unstable();
        for (_, number) in waiting.into_iter().take(count) {
            self.call(number, cx, |device, cx| device.advance(cx));
            self.run_dma(cx);
        }
        self.take_requests();
        self.beside.stirred = true;
        self.note_changes(cx);
    }
}
