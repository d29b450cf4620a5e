//! The board: the devices, the lines between them, and the router that brings every access to its device.

use ringwalk_mmu::{Bus, BusCx, Instant, InterruptMessage, Memory, PhysAddr, Port, Signals, Size, Vector};
use serde::{Deserialize, Serialize};

use crate::config::BoardConfig;
use crate::device::{Cx, Device, Lines, Output, Range, View};
use crate::devices::{AllLines, COUNT, Devices};
use crate::host_bridge::{CONFDATA_PORT, Shadow};
use crate::isa_bridge::{IsaBridge, ResetRequest};
use crate::keys::{Key, keys_of_set2};
use crate::mouse::MouseMove;
use crate::routing::{Routing, Target};
use crate::vga::{self, GraphicsMode, Image, Screen};

/// Seven channels of 65536 cycles each.
const MOST_DMA_CYCLES: u32 = 7 << 16;

/// The board's state. After it was read back from a file, [`Board::wire`] must be called.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Board {
    config: BoardConfig,
    pub(crate) devices: Devices,
    lines: AllLines,
    /// The levels at the interrupt controllers' inputs, one bit an IRQ.
    irq: u16,
    /// The same of the I/O APIC, but for its input 0.
    inputs: u32,
    /// The level of NMI, whose rising edges count.
    nmi_level: bool,
    /// An edge of NMI that the processor has not taken.
    nmi: bool,
    /// The A20 gate is open.
    a20: bool,
    /// INIT was asked for and not yet taken.
    init: bool,
    /// A full reset was asked for and not yet done.
    reset: bool,
    #[serde(skip)]
    pub(crate) beside: Beside,
}

/// What lies beside the state: derived tables, and output on its way to the host. Never saved, never compared.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    pub(crate) routing: Routing,
    routes_changed: bool,
    output: Vec<Output>,
    /// The output holds an end of the run.
    exit: bool,
    dues: Dues,
    /// A channel may ask for DMA cycles: its lines or the controllers were touched.
    dma_wanted: bool,
    /// Something happened that lines or the next deadline may follow from.
    stirred: bool,
    /// Lines, next deadline and waiting messages as the processor knows them.
    told: Option<(Signals, u64, u32)>,
}

/// When each device wants to be brought forward: asked again whenever it was called, so that the processor can ask for
/// the next moment after every access.
#[derive(Clone, Copy)]
struct Dues {
    each: [u64; COUNT],
    next: u64,
}

/// The moment of a device that never asks.
const NEVER: u64 = u64::MAX;

impl Default for Dues {
    fn default() -> Dues {
        Dues { each: [NEVER; COUNT], next: NEVER }
    }
}

impl Dues {
    /// Notes a device's next moment; true if it is another one than before.
    fn set(&mut self, number: u8, due: Option<Instant>) -> bool {
        let due = due.map_or(NEVER, |due| due.0);
        let before = std::mem::replace(&mut self.each[usize::from(number)], due);
        if before != due {
            self.next = self.each.iter().fold(NEVER, |next, due| next.min(*due));
        }
        before != due
    }
}

impl Beside {
    /// The next access tells the processor to ask, whatever it did.
    fn forget_told(&mut self) {
        self.told = None;
        self.stirred = true;
    }
}

impl PartialEq for Beside {
    /// Derived data makes no difference between boards.
    fn eq(&self, _other: &Beside) -> bool {
        true
    }
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Board {
    /// A board at power-on, wired.
    pub fn new(config: BoardConfig) -> Board {
        let mut board = Board {
            devices: Devices::new(&config),
            config,
            lines: [Lines::default(); COUNT],
            irq: 0,
            inputs: 0,
            nmi_level: false,
            nmi: false,
            a20: true,
            init: false,
            reset: false,
            beside: Beside::default(),
        };
        board.wire();
        board.join_lines();
        board
    }

    /// Rebuilds what is derived from the state; needed once after loading.
    pub fn wire(&mut self) {
        let ranges = |number| self.devices.get(number).map(|device| (number, device.ranges().0));
        self.beside.routing = Routing::new(Devices::numbers().filter_map(ranges));
        self.beside.routes_changed = true;
        self.beside.dma_wanted = true;
        self.beside.forget_told();
        self.ask_dues();
    }

    fn ask_dues(&mut self) {
        for number in Devices::numbers() {
            self.beside.dues.set(number, self.devices.get(number).and_then(Device::due));
        }
    }

    /// Hardware reset of everything on the board.
    pub fn reset(&mut self) {
        for number in Devices::numbers() {
            if let Some(device) = self.devices.get_mut(number) {
                device.reset();
            }
        }
        (self.lines, self.irq) = ([Lines::default(); COUNT], 0);
        (self.nmi_level, self.nmi, self.init, self.reset) = (false, false, false, false);
        self.a20 = true;
        self.join_lines();
        self.wire();
    }

    /// What the board was built with.
    pub fn config(&self) -> &BoardConfig {
        &self.config
    }

    /// True if the guest has sent something to the outside.
    pub fn has_output(&self) -> bool {
        !self.beside.output.is_empty()
    }

    /// Takes what the guest has sent to the outside, in order.
    pub fn take_output(&mut self) -> Vec<Output> {
        self.beside.exit = false;
        self.beside.forget_told();
        std::mem::take(&mut self.beside.output)
    }

    /// Bytes for a serial port (0 is COM1), which the line carries at its speed from now on. Answers how many were
    /// taken; the others must come again later.
    pub fn serial_input(&mut self, port: u8, bytes: &[u8], cx: &mut BusCx<'_>) -> usize {
        let taken = match port {
            0 => self.devices.com1.receive(bytes),
            1 => self.devices.com2.receive(bytes),
            _ => return bytes.len(),
        };
        self.advance(cx);
        taken
    }

    /// Bytes for a serial port that the guest's receiver has not got yet.
    pub fn serial_waiting(&self, port: u8) -> usize {
        match port {
            0 => self.devices.com1.waiting(),
            1 => self.devices.com2.waiting(),
            _ => 0,
        }
    }

    /// Whole scan codes of set 2, as hands on the keyboard make them now. What the keyboard then sends depends on the
    /// scan code set that the guest has chosen.
    pub fn key(&mut self, codes: &[u8], cx: &mut BusCx<'_>) {
        for (key, pressed) in keys_of_set2(codes) {
            self.devices.i8042.key(key, pressed);
        }
        self.advance(cx);
    }

    /// Types strokes one after the other, as the guest takes them. Answers how many were taken; the others must come
    /// again later.
    pub fn type_keys(&mut self, strokes: &[(Key, bool)], cx: &mut BusCx<'_>) -> usize {
        let taken = self.devices.i8042.type_keys(strokes);
        self.advance(cx);
        taken
    }

    /// Moves the mouse, one move after the other as the guest takes them. Answers how many were taken; the others must
    /// come again later.
    pub fn move_mouse(&mut self, moves: &[MouseMove], cx: &mut BusCx<'_>) -> usize {
        let taken = self.devices.i8042.move_mouse(moves);
        self.advance(cx);
        taken
    }

    /// The power button is pressed and let go.
    pub fn press_power_button(&mut self, cx: &mut BusCx<'_>) {
        self.devices.piix4_pm.press_power_button();
        self.advance(cx);
    }

    /// Bytes that the guest has written to a serial port and that are still on their way out.
    pub fn serial_unsent(&self, port: u8) -> Vec<u8> {
        match port {
            0 => self.devices.com1.unsent().collect(),
            1 => self.devices.com2.unsent().collect(),
            _ => Vec::new(),
        }
    }

    /// Takes the request for INIT, as the processor does when it obeys.
    pub fn take_init(&mut self) -> bool {
        self.beside.forget_told();
        std::mem::take(&mut self.init)
    }

    /// Takes the note that the physical map changed; the caller fetches [`Board::physical_map`] and drops cached
    /// translations.
    pub fn take_routes_changed(&mut self) -> bool {
        self.beside.forget_told();
        std::mem::take(&mut self.beside.routes_changed)
    }

    /// The text screen; `None` in graphics modes.
    pub fn screen(&self, memory: &Memory) -> Option<Screen> {
        self.devices.vga.screen(memory)
    }

    /// What is shown in graphics; `None` in text modes.
    pub fn graphics_mode(&self) -> Option<GraphicsMode> {
        self.devices.vga.graphics_mode()
    }

    /// The picture on the screen, with everything that blinks shown.
    pub fn render(&self, memory: &Memory) -> Image {
        self.devices.vga.render(memory)
    }

    /// The picture on the screen at a moment: the cursor and characters blink.
    pub fn render_at(&self, memory: &Memory, now: Instant) -> Image {
        self.devices.vga.render_at(memory, self.config.clock_hz, now)
    }

    /// The devices' names, for [`Board::show`].
    pub fn device_names(&self) -> &'static [&'static str] {
        Devices::NAMES
    }

    /// What the debugger shows of a device; `None` if there is none of that name.
    pub fn show(&self, name: &str) -> Option<View> {
        let number = Devices::NAMES.iter().position(|known| *known == name)?;
        Some(self.devices.get(u8::try_from(number).ok()?)?.show())
    }

    /// Calls a device, brought forward to now, and passes on what its lines do.
    fn with_device<R>(
        &mut self,
        number: u8,
        cx: &mut BusCx<'_>,
        call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        if self.beside.dues.each.get(usize::from(number)).is_some_and(|due| *due <= cx.now.0) {
            // What its lines did before the access has happened before it.
            self.call(number, cx, |device, cx| device.advance(cx));
        }
        let timeless = Devices::TIMELESS >> number & 1 != 0;
        let result = self.call(number, cx, |device, cx| {
            if !timeless {
                device.advance(cx);
            }
            call(device, cx)
        });
        self.beside.dma_wanted |= number == Devices::DMA && !self.devices.dma.is_idle();
        self.beside.stirred |= Devices::MAKES_SIGNALS >> number & 1 != 0;
        self.run_dma(cx);
        if Devices::MAKES_REQUESTS >> number & 1 != 0 {
            self.take_requests();
        }
        result
    }

    /// Tells the processor to ask again if anything that it knows of the board is no longer so.
    fn note_changes(&mut self, cx: &mut BusCx<'_>) {
        if !std::mem::take(&mut self.beside.stirred) {
            return;
        }
        let now = Some((self.signals(), self.beside.dues.next, self.devices.io_apic.waiting()));
        if self.beside.told != now {
            self.beside.told = now;
            cx.changed = true;
        }
    }

    /// The register behind a byte port of a device that neither time nor a line has to do with.
    #[inline]
    fn quick_target(&self, port: Port, size: Size) -> Option<Target> {
        if size != Size::Byte {
            return None;
        }
        self.beside.routing.port_target(port.0).filter(|target| Devices::QUICK >> target.device & 1 != 0)
    }

    /// As [`Board::with_device`], for such a device.
    #[inline]
    fn quick_call<R: Default>(
        &mut self,
        target: Target,
        cx: &mut BusCx<'_>,
        call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> R,
    ) -> R {
        let number = target.device;
        let Some(device) = self.devices.get_mut(number) else { return R::default() };
        let (lines, output) = (&mut self.lines[usize::from(number)], &mut self.beside.output);
        let clock_hz = self.config.clock_hz;
        let result = call(device, &mut Cx { now: cx.now, clock_hz, lines, memory: cx.memory, output });
        if number == Devices::DMA {
            if !self.devices.dma.is_idle() {
                self.beside.dma_wanted = true;
                self.run_dma(cx);
                self.note_changes(cx);
            }
        } else {
            self.bring_int_to_io_apic();
            self.beside.stirred = true;
            self.note_changes(cx);
        }
        result
    }

    /// Carries out DMA cycles for as long as a channel asks for them. They take no time. Devices let DREQ fall after a
    /// sector at the latest, software requests end at the terminal count: no more than this many come in one go.
    fn run_dma(&mut self, cx: &mut BusCx<'_>) {
        if !self.beside.dma_wanted {
            return;
        }
        for _ in 0..MOST_DMA_CYCLES {
            let Some(mut cycle) = self.devices.dma.begin_cycle(cx.memory) else {
                self.beside.dma_wanted = false;
                return;
            };
            let asks = |number: &u8| self.lines[usize::from(*number)].dreq & 1 << cycle.channel != 0;
            if let Some(number) = Devices::numbers().find(asks) {
                self.call(number, cx, |device, cx| device.dma(&mut cycle, cx));
            }
            self.devices.dma.end_cycle(cycle, cx.memory);
        }
    }

    fn call<R>(
        &mut self,
        number: u8,
        cx: &mut BusCx<'_>,
        call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        let device = self.devices.get_mut(number)?;
        let lines = &mut self.lines[usize::from(number)];
        let before = *lines;
        let output = &mut self.beside.output;
        let clock_hz = self.config.clock_hz;
        let result = call(device, &mut Cx { now: cx.now, clock_hz, lines, memory: cx.memory, output });
        if Devices::TIMELESS >> number & 1 == 0 {
            self.beside.stirred |= self.beside.dues.set(number, device.due());
        }
        self.beside.stirred |= !output.is_empty();
        self.beside.exit |= matches!(output.last(), Some(Output::Exit(_) | Output::PowerOff));
        if *lines != before {
            self.beside.stirred = true;
            self.join_lines();
        }
        if matches!(number, Devices::PIC | Devices::IO_APIC) {
            self.bring_int_to_io_apic();
        }
        Some(result)
    }

    /// Brings the interrupt lines to the interrupt controllers.
    fn join_lines(&mut self) {
        let (levels, pirq, apic) = self.interrupt_lines();
        let changed = levels ^ std::mem::replace(&mut self.irq, levels);
        for irq in (0..16).filter(|irq| changed & 1 << irq != 0) {
            self.devices.pic.set_level(irq, levels & 1 << irq != 0);
        }
        self.beside.dma_wanted = true;
        self.inputs = io_apic_inputs(levels, pirq, apic);
        self.bring_int_to_io_apic();
        self.devices.dma.set_dreq(self.lines.iter().fold(0, |levels, lines| levels | lines.dreq));
        let nmi = self.lines.iter().any(|lines| lines.nmi);
        self.nmi |= nmi & !self.nmi_level;
        self.nmi_level = nmi;
    }

    /// Input 0 of the I/O APIC is the 8259A's INT; looked at only while its entry takes it.
    fn bring_int_to_io_apic(&mut self) {
        let int = self.devices.io_apic.listens_to(0) && self.devices.pic.interrupt();
        self.devices.io_apic.set_levels(self.inputs | u32::from(int));
    }

    /// The levels of the ISA interrupt lines, PCI's routed ones among them; the PIRQ lines (bit 0 = PIRQA#); and the
    /// lines that lead to the I/O APIC alone.
    fn interrupt_lines(&self) -> (u16, u8, u32) {
        let (mut irq, mut pirq, mut apic) = (0, 0, 0);
        let replaced = self.lines.iter().any(|lines| lines.legacy_replacement);
        for number in Devices::numbers() {
            let lines = self.lines[usize::from(number)];
            irq |= match number {
                Devices::PIT if replaced => lines.irq & !(1 << 0),
                Devices::RTC if replaced => lines.irq & !(1 << 8),
                _ => lines.irq,
            };
            apic |= lines.apic;
            if lines.pci != 0
                && let Some(slot) = self.beside.routing.pci_slot(number)
            {
                pirq |= IsaBridge::pirq_of_slot(slot, lines.pci);
            }
        }
        (irq | self.devices.isa_bridge.routed(pirq), pirq, apic)
    }

    /// The levels of the ISA interrupt lines.
    #[cfg(test)]
    pub(crate) fn irq_levels(&self) -> u16 {
        self.interrupt_lines().0
    }

    /// The next moment at which a device wants to be brought forward, asked of every one.
    #[cfg(test)]
    pub(crate) fn find_due(&self) -> Option<Instant> {
        Devices::numbers().filter_map(|number| self.devices.get(number)?.due()).min()
    }

    fn read(&mut self, target: Target, size: Size, cx: &mut BusCx<'_>) -> u64 {
        let value = self.with_device(target.device, cx, |device, cx| device.read(target.reg, size, cx));
        value.unwrap_or(u64::MAX) & size.ones()
    }

    fn write(&mut self, target: Target, size: Size, value: u64, cx: &mut BusCx<'_>) {
        let value = value & size.ones();
        self.with_device(target.device, cx, |device, cx| device.write(target.reg, size, value, cx));
    }

    /// Collects what devices have asked of the processor or the whole machine.
    fn take_requests(&mut self) {
        self.init |= self.devices.i8042.take_init() | self.devices.port92.take_init();
        self.share_a20();
        match self.devices.isa_bridge.take_request() {
            Some(ResetRequest::Soft) => self.init = true,
            Some(ResetRequest::Hard) => self.reset = true,
            None => {}
        }
    }

    /// The A20 gate is one latch with two handles: what one device did to it the other shows.
    fn share_a20(&mut self) {
        let (port92, i8042) = (self.devices.port92.a20(), self.devices.i8042.a20());
        if port92 != self.a20 {
            self.devices.i8042.set_a20(port92);
        } else {
            self.devices.port92.set_a20(i8042);
        }
        self.a20 = self.devices.port92.a20();
    }

    /// Where a port access goes: to the port itself, or through CONFDATA into configuration space.
    fn config_target(&self, port: u16) -> Option<u64> {
        if port & !3 != CONFDATA_PORT {
            return None;
        }
        Some(self.devices.host_bridge.config_address()? + u64::from(port & 3))
    }

    fn port_piece_read(&mut self, port: u32, left: u64, cx: &mut BusCx<'_>) -> (Size, u64) {
        let (size, target) = self.beside.routing.port_piece(port, left);
        let Some(target) = target else {
            return (size, size.ones());
        };
        // Only ports below 10000h have a slot.
        let value = match self.config_target(port as u16) {
            Some(addr) => self.config_read(addr, size, cx),
            None => self.read(target, size, cx),
        };
        (size, value)
    }

    fn port_piece_write(&mut self, port: u32, left: u64, value: u64, cx: &mut BusCx<'_>) -> Size {
        let (size, target) = self.beside.routing.port_piece(port, left);
        let Some(target) = target else { return size };
        // Only ports below 10000h have a slot.
        match self.config_target(port as u16) {
            Some(addr) => self.config_write(addr, size, value, cx),
            None => self.write(target, size, value, cx),
        }
        size
    }

    fn config_read(&mut self, addr: u64, size: Size, cx: &mut BusCx<'_>) -> u64 {
        match self.beside.routing.config(addr) {
            Some(target) => self.read(target, size, cx),
            // Master abort: PCI 2.1, 3.7.4.1.
            None => size.ones(),
        }
    }

    fn config_write(&mut self, addr: u64, size: Size, value: u64, cx: &mut BusCx<'_>) {
        let Some(target) = self.beside.routing.config(addr) else {
            return;
        };
        self.beside.stirred = true;
        let before = self.map_inputs();
        self.write(target, size, value, cx);
        let changed = self.beside.routes_changed;
        self.wire();
        self.beside.routes_changed = changed || self.map_inputs() != before;
        self.join_lines();
    }

    /// Everything in the devices that the physical map depends on.
    fn map_inputs(&self) -> (Vec<Range>, [Shadow; 13], bool) {
        let ranges = self.beside.routing.memory().iter().map(|slot| slot.range).collect();
        let bridge = &self.devices.host_bridge;
        (ranges, bridge.shadows(), bridge.smram_open())
    }
}

/// The levels of the I/O APIC's inputs but for the first: IRQ 0 is on input 2, the other ISA interrupts have their own
/// numbers; PIRQA# to PIRQD# follow, then what leads here alone. From PIRQA# on they are low when asserted.
fn io_apic_inputs(irq: u16, pirq: u8, apic: u32) -> u32 {
    let isa = u32::from(irq) & 0xFFFA | u32::from(irq & 1) << 2;
    let low = !(u32::from(pirq) << 16 | apic) & 0xFF_0000;
    isa | low
}

/// True for the display adapter's window at A0000h.
fn is_display_window(target: &Target) -> bool {
    target.device == Devices::VGA && target.reg.range == vga::WINDOW_RANGE
}

impl Bus for Board {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        if let Some(target) = self.quick_target(port, size) {
            // A byte.
            return self.quick_call(target, cx, |device, cx| device.read(target.reg, size, cx)) as u32 & 0xFF;
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

    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        if let Some(target) = self.quick_target(port, size) {
            let value = u64::from(value & 0xFF);
            return self.quick_call(target, cx, |device, cx| device.write(target.reg, size, value, cx));
        }
        let bytes = size.bytes().min(4);
        let mut done = 0;
        while done < bytes {
            let part = u64::from(value) >> (8 * done);
            // `done` is below 4.
            done += self.port_piece_write(u32::from(port.0) + done as u32, bytes - done, part, cx).bytes();
        }
        self.note_changes(cx);
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, cx: &mut BusCx<'_>) -> u64 {
        match self.beside.routing.mmio(addr.0) {
            // Accesses to the window take no time and drive no line, so that nothing around them changes.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_pc::{Pc, US};

    #[test]
    fn configuration_mechanism_1_reaches_every_function() {
        let mut pc = Pc::new();
        pc.port_out(0xCF8, Size::Dword, 0x8000_0000);
        assert_eq!(pc.port_in(0xCFC, Size::Dword), 0x1237_8086);
        assert_eq!(pc.port_in(0xCFE, Size::Word), 0x1237);
        assert_eq!(pc.port_in(0xCFD, Size::Word), 0x3780, "an unaligned word goes byte by byte");
        pc.port_out(0xCF8, Size::Dword, 0x8000_0800);
        assert_eq!(pc.port_in(0xCFC, Size::Dword), 0x7000_8086);
        pc.port_out(0xCF8, Size::Dword, 0x8000_F800);
        assert_eq!(pc.port_in(0xCFC, Size::Dword), 0xFFFF_FFFF, "no function there");
        pc.port_out(0xCF8, Size::Byte, 0);
        assert_eq!(pc.port_in(0xCF8, Size::Dword), 0x8000_F800, "CONFADD takes dwords only");
    }

    #[test]
    fn shadowing_is_told_to_the_pc() {
        let mut pc = Pc::new();
        assert!(pc.board.take_routes_changed());
        pc.port_out(0xCF8, Size::Dword, 0x8000_0058);
        pc.port_out(0xCFC, Size::Byte, 0);
        assert!(!pc.board.signals().routes_changed);
        pc.port_out(0xCFD, Size::Byte, 0x30);
        assert!(pc.board.signals().routes_changed);
        pc.memory.set_routes(pc.board.physical_map(&pc.memory));
        assert!(pc.memory.poke(PhysAddr(0xF_0000), 0x12), "PAM0: writes go to RAM");
        assert_eq!(pc.memory.peek(PhysAddr(0xF_0000)), Some(0x12), "PAM0: reads come from RAM");
    }

    #[test]
    fn the_a20_gate_has_two_handles() {
        let mut pc = Pc::new();
        assert!(pc.board.signals().a20, "open for the fetch from FFFFFFF0h");
        pc.outb(0x92, 0x00);
        assert!(!pc.board.signals().a20);
        pc.outb(0x64, 0xD1);
        pc.run(10_000);
        pc.outb(0x60, 0xDF);
        pc.run(10_000);
        assert!(pc.board.signals().a20, "the keyboard controller opened it");
        assert_eq!(pc.inb(0x92), 0x02);
    }

    #[test]
    fn init_comes_from_three_places() {
        let mut pc = Pc::new();
        for (port, value) in [(0x64, 0xFE), (0x92, 0x03), (0xCF9, 0x04)] {
            pc.outb(port, value);
            pc.run(100_000);
            assert!(pc.board.signals().init && !pc.board.signals().reset, "port {port:X}h");
            assert!(pc.board.take_init());
            assert!(!pc.board.signals().init);
        }
    }

    #[test]
    fn the_timer_interrupts_through_the_controllers() {
        let mut pc = Pc::new();
        for (port, value) in [(0x43, 0x34), (0x40, 0xE8), (0x40, 0x03)] {
            pc.outb(port, value);
        }
        // ICW1 clears what came before: OUT rose with the control word.
        for (port, value) in [(0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x01), (0x21, 0xFE)] {
            pc.outb(port, value);
        }
        assert!(!pc.board.signals().interrupt);
        // 1000 ticks of 1.193182 MHz are 838 us.
        pc.run(837 * US);
        assert!(!pc.board.signals().interrupt);
        pc.run(3 * US);
        assert!(pc.board.signals().interrupt);
        let mut cx = BusCx::new(pc.now, &mut pc.memory);
        assert_eq!(pc.board.acknowledge_interrupt(&mut cx), Vector(8));
        assert!(!pc.board.signals().interrupt);
    }

    #[test]
    fn the_exit_is_told_until_the_output_is_taken() {
        let mut pc = Pc::new();
        for byte in *b"Shutdown" {
            assert!(!pc.board.signals().exit);
            pc.outb(0x8900, byte);
        }
        pc.outb(0xE9, b'x');
        assert!(pc.board.signals().exit);
        assert_eq!(pc.board.take_output(), [Output::PowerOff, Output::Debug(b'x')]);
        assert!(!pc.board.signals().exit);
    }

    #[test]
    fn keys_and_serial_bytes_arrive() {
        let mut pc = Pc::new();
        pc.outb(0x64, 0xAE);
        pc.run(1000 * US);
        let mut cx = BusCx::new(pc.now, &mut pc.memory);
        pc.board.key(&[0x1C, 0xF0, 0x1C], &mut cx);
        assert_eq!(pc.board.serial_input(0, b"x", &mut cx), 1);
        pc.run(100_000 * US);
        assert_eq!(pc.inb(0x64) & 1, 1, "output buffer full");
        assert_eq!((pc.inb(0x3FD) & 1, pc.inb(0x3F8)), (1, b'x'));
    }

    #[test]
    fn port_cf9_beside_confadd_resets() {
        let mut pc = Pc::new();
        pc.port_out(0xCF9, Size::Byte, 0x02);
        assert!(!pc.board.signals().reset);
        pc.port_out(0xCF9, Size::Byte, 0x06);
        assert!(pc.board.signals().reset);
        pc.board.reset();
        assert!(!pc.board.signals().reset);
        assert_eq!(pc.port_in(0xCF9, Size::Byte), 0);
    }
}
