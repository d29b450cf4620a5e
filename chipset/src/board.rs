//! The board: the devices, the lines between them, and the router that brings every access to its device.

use ringwalk_mmu::{Bus, BusCx, Instant, Memory, Signals, Size};
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

use self::quick::QuickPorts;

mod bus;
mod quick;
#[cfg(test)]
mod tests;

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
    quick: QuickPorts,
    /// First address and length of the display adapter's window at A0000h, where it alone answers.
    window: (u64, u64),
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
        self.beside.quick = QuickPorts::new(&self.beside.routing);
        self.beside.window = self.beside.routing.alone(Devices::VGA, vga::WINDOW_RANGE);
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
        let is_due = self.beside.dues.each.get(usize::from(number)).is_some_and(|due| *due <= cx.now.0);
        if is_due {
            // What its lines did before the access has happened before it.
            self.call(number, cx, |device, cx| device.advance(cx));
        }
        let sleeps = !is_due && Devices::SLEEPERS >> number & 1 != 0;
        let result = self.call(number, cx, |device, cx| {
            if !sleeps {
                device.advance(cx);
            }
            call(device, cx)
        });
        self.beside.dma_wanted |= number == Devices::DMA && !self.devices.dma.is_idle();
        self.beside.stirred |= Devices::MAKES_SIGNALS >> number & 1 != 0;
        if self.beside.dma_wanted {
            self.run_dma(cx);
        }
        if Devices::MAKES_REQUESTS >> number & 1 != 0 {
            self.take_requests();
        }
        result
    }

    /// Tells the processor to ask again if anything that it knows of the board is no longer so.
    #[inline]
    fn note_changes(&mut self, cx: &mut BusCx<'_>) {
        if std::mem::take(&mut self.beside.stirred) {
            self.tell_changes(cx);
        }
    }

    fn tell_changes(&mut self, cx: &mut BusCx<'_>) {
        let now = Some((self.signals(), self.beside.dues.next, self.devices.io_apic.waiting()));
        if self.beside.told != now {
            self.beside.told = now;
            cx.changed = true;
        }
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
