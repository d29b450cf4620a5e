//! A machine for tests: the real processor and memory, and no devices.

use std::path::Path;

use ringwalk_cpu::event::EventWatch;
use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Engine, Exit, Limits};
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::state::CpuState;
use ringwalk_mmu::{
    Bus, BusCx, Frame, Instant, Memory, PhysAddr, Port, Reach, RouteSpan, Signals, Size, TlbPolicy, Vector,
};

use crate::register::Register;
use crate::target::{Branch, Past, RunUntil, Screen, Stop, Target, Wants};

/// RAM of the fake, in pages: 2 MiB.
const RAM_PAGES: u64 = 512;

/// The machine.
pub(crate) struct Fake {
    pub(crate) cpu: CpuState,
    pub(crate) memory: Memory,
    pub(crate) bus: Quiet,
    engine: Engine,
    pub(crate) screen: Option<Screen>,
    pub(crate) serial: String,
    pub(crate) typed: String,
    pub(crate) interrupt_in: Option<u64>,
    /// Where the first command began: the only checkpoint.
    start: Option<Box<Start>>,
    /// The farthest it has been.
    end: u64,
}

/// A whole machine.
struct Start {
    cpu: CpuState,
    bus: Quiet,
    pages: Vec<(Frame, [u8; 4096])>,
}

impl Fake {
    /// Real mode at 0000:7c00 with RAM from 0 and a BIOS page at F0000h; MMIO at A0000h.
    pub(crate) fn new() -> Fake {
        let mut memory = Memory::new(RAM_PAGES, 0, &[0xEA; 4096], &[]);
        let (ram, bios) = (Reach::Frames(memory.ram.first), Reach::Frames(memory.bios.first));
        memory.set_routes(vec![
            RouteSpan { first_page: 0, pages: RAM_PAGES, read: ram, write: ram },
            RouteSpan { first_page: 0xA0, pages: 32, read: Reach::Mmio, write: Reach::Mmio },
            RouteSpan { first_page: 0xF0, pages: 1, read: bios, write: Reach::Open },
        ]);
        let mut cpu = CpuState::new(Model::P6, TlbPolicy::Real);
        cpu.apic.set_virtual_wire();
        cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real(0) };
        cpu.rip = 0x7C00;
        cpu.gpr[4] = 0x7000;
        Fake {
            cpu,
            memory,
            bus: Quiet { signals: Signals { a20: true, ..Signals::default() }, due: None },
            engine: Engine::default(),
            screen: Some(Screen { rows: vec!["Booting".into(), String::new()], cursor: Some((1, 0)), columns: 80 }),
            serial: "hello\nworld\n".to_string(),
            typed: String::new(),
            interrupt_in: None,
            start: None,
            end: 0,
        }
    }

    fn keep_start(&mut self) {
        if self.start.is_none() {
            let frames = self.memory.ram.iter().filter(|frame| self.memory.frames.is_touched(*frame));
            let pages = frames.map(|frame| (frame, *self.memory.frames.page(frame))).collect();
            self.start = Some(Box::new(Start { cpu: self.cpu.clone(), bus: self.bus.clone(), pages }));
        }
        self.end = self.end.max(self.cpu.position);
    }

    fn go_to_start(&mut self) {
        self.keep_start();
        let Some(start) = &self.start else { return };
        self.cpu = start.cpu.clone();
        self.bus = start.bus.clone();
        for frame in self.memory.ram.iter() {
            let page = start.pages.iter().find(|(kept, _)| *kept == frame).map(|(_, page)| page);
            if page.is_some() || self.memory.frames.is_touched(frame) {
                self.memory.frames.replace(frame, page);
            }
        }
        self.engine.forget(&mut self.memory);
    }

    /// The fake with code at 0000:7c00.
    pub(crate) fn with_code(code: &[u8]) -> Fake {
        let mut fake = Fake::new();
        fake.poke(0x7C00, code);
        fake
    }

    /// Writes physical memory.
    pub(crate) fn poke(&mut self, at: u64, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            assert!(self.memory.poke(PhysAddr(at + index as u64), *byte), "RAM takes it");
        }
    }

    fn named(exit: Exit) -> Stop {
        match exit {
            Exit::Position => Stop::Position,
            Exit::Retired => Stop::Retired,
            Exit::Breakpoint(id) => Stop::Breakpoint(id),
            Exit::Watch(hit) => Stop::Watch(hit),
            Exit::Event(hit) => Stop::Event(hit),
            Exit::DeadHalt => Stop::DeadHalt,
            Exit::Shutdown => Stop::Shutdown,
            Exit::Signals => Stop::Reset,
            Exit::FruitlessDeliveries => Stop::EndlessDeliveries,
            Exit::Diverged => Stop::Host(String::from("the tiers differ")),
        }
    }
}

/// A bus without devices: one moment at which an interrupt with vector 8 comes, if any.
#[derive(Clone, Default)]
pub(crate) struct Quiet {
    pub(crate) signals: Signals,
    pub(crate) due: Option<Instant>,
}

impl Bus for Quiet {
    fn port_read(&mut self, _: Port, size: Size, _: &mut BusCx<'_>) -> u32 {
        size.ones() as u32
    }

    fn port_write(&mut self, _: Port, _: Size, _: u32, _: &mut BusCx<'_>) {}

    fn mmio_read(&mut self, _: PhysAddr, size: Size, _: &mut BusCx<'_>) -> u64 {
        size.ones()
    }

    fn mmio_write(&mut self, _: PhysAddr, _: Size, _: u64, _: &mut BusCx<'_>) {}

    fn acknowledge_interrupt(&mut self, _: &mut BusCx<'_>) -> Vector {
        self.signals.interrupt = false;
        Vector(8)
    }

    fn take_nmi(&mut self) {}

    fn signals(&self) -> Signals {
        self.signals
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        if self.due.is_some_and(|due| due <= cx.now) {
            self.due = None;
            self.signals.interrupt = true;
        }
    }
}

impl Target for Fake {
    fn cpu(&self) -> &CpuState {
        &self.cpu
    }

    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn signals(&self) -> Signals {
        self.bus.signals
    }

    fn position(&self) -> u64 {
        self.cpu.position
    }

    fn device_names(&self) -> Vec<String> {
        vec!["pic".to_string(), "pit".to_string()]
    }

    fn device(&self, name: &str) -> Option<Vec<(String, String)>> {
        let row = |name: &str, value: &str| (name.to_string(), value.to_string());
        (name == "pic").then(|| vec![row("mask", "fb"), row("in service", "none")])
    }

    fn screen(&self) -> Option<Screen> {
        self.screen.clone()
    }

    fn serial_tail(&self) -> &str {
        &self.serial
    }

    fn config_summary(&self) -> Vec<(String, String)> {
        vec![("memory".to_string(), "2M".to_string())]
    }

    fn notes(&self) -> Vec<(String, u64)> {
        vec![("port 0x2e8 read: nobody answers".to_string(), 3)]
    }

    fn state_hash(&mut self) -> Result<String, String> {
        Ok(format!("{:064x}", self.cpu.position))
    }

    fn step(&mut self) -> Stop {
        self.keep_start();
        match self.engine.step(&mut self.cpu, &mut self.memory, &mut self.bus) {
            Exit::Position => Stop::Step,
            exit => Fake::named(exit),
        }
    }

    fn run(&mut self, until: &RunUntil) -> Stop {
        self.keep_start();
        let text = until.screen.as_deref().unwrap_or("no such text");
        if self.screen.as_ref().is_some_and(|screen| screen.rows.iter().any(|row| row.contains(text))) {
            return Stop::Screen;
        }
        let most = self.cpu.position + 100_000;
        let asked = until.position.unwrap_or(u64::MAX);
        let position = asked.min(most).min(self.interrupt_in.unwrap_or(u64::MAX));
        let limits = Limits { position, retired: until.retired.unwrap_or(u64::MAX), break_at_start: false };
        match self.engine.run(&mut self.cpu, &mut self.memory, &mut self.bus, limits) {
            Exit::Position if position == asked => Stop::Position,
            Exit::Position if position == most => Stop::Option("--max-insns 100000".to_string()),
            Exit::Position => {
                self.interrupt_in = None;
                Stop::Interrupted
            }
            exit => Fake::named(exit),
        }
    }

    fn set_watches(&mut self, wanted: Wants) {
        let Wants { code, data, events, .. } = wanted;
        self.engine.hot.watches.replace(code, data);
        self.engine.hot.events = EventWatch::new(events);
        self.engine.forget(&mut self.memory);
    }

    fn take_interrupt(&mut self) -> bool {
        let due = self.interrupt_in.is_some_and(|at| self.cpu.position >= at);
        if due {
            self.interrupt_in = None;
        }
        due
    }

    fn save(&mut self, path: &Path, _: Option<&Path>) -> Result<String, String> {
        Ok(format!("saved {}", path.display()))
    }

    fn restore(&mut self, path: &Path) -> Result<String, String> {
        Err(format!("{} cannot be opened: no such file", path.display()))
    }

    fn write_memory(&mut self, first: PhysAddr, bytes: &[u8]) -> usize {
        let pokes = bytes.iter().zip(first.0..);
        pokes.filter(|(byte, at)| self.memory.poke(PhysAddr(*at), **byte)).count()
    }

    fn set_register(&mut self, register: Register, value: u64) -> Result<(), String> {
        register.write(&mut self.cpu, &self.memory, value)
    }

    fn type_text(&mut self, text: &str) -> Result<(), String> {
        self.typed.push_str(text);
        Ok(())
    }

    fn screenshot(&mut self, path: &Path) -> Result<String, String> {
        Ok(format!("wrote {}", path.display()))
    }

    fn reset(&mut self) {
        self.cpu.reset();
    }

    fn past(&self) -> Option<Past> {
        let oldest = self.start.as_ref().map_or(self.cpu.position, |start| start.cpu.position);
        let newest = self.end.max(self.cpu.position);
        Some(Past { oldest, newest, checkpoints: 1, bytes: 3 << 19, limit: 64 << 20, filed: None })
    }

    fn checkpoints(&self) -> Vec<u64> {
        self.past().map(|past| past.oldest).into_iter().collect()
    }

    fn travel(&mut self, position: u64) -> Result<Stop, String> {
        self.keep_start();
        if position < self.cpu.position {
            self.go_to_start();
        }
        while self.cpu.position < position {
            let before = self.cpu.position;
            let limits = Limits { position, break_at_start: false, ..Limits::NONE };
            let exit = self.engine.run(&mut self.cpu, &mut self.memory, &mut self.bus, limits);
            if self.cpu.position == before {
                return Ok(Fake::named(exit));
            }
        }
        Ok(Stop::Position)
    }

    fn travel_retired(&mut self, retired: u64) -> Result<Stop, String> {
        self.go_to_start();
        let limits = Limits { retired, ..Limits::NONE };
        Ok(Fake::named(self.engine.run(&mut self.cpu, &mut self.memory, &mut self.bus, limits)))
    }

    fn travel_before(&mut self, position: u64) -> Result<Option<Stop>, String> {
        self.keep_start();
        self.go_to_start();
        Ok((self.cpu.position < position).then_some(Stop::Position))
    }

    fn branches(&self) -> Vec<Branch> {
        vec![Branch { name: "main".into(), from: None, end: self.end, why: String::new(), present: true }]
    }
}
