//! A machine for tests: the real processor and memory, and no devices.

use std::path::Path;

use ringwalk_cpu::model::Model;
use ringwalk_cpu::run::{Engine, Exit, Limits};
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::watch::{DataWatch, Place};
use ringwalk_mmu::{Bus, BusCx, Instant, Memory, PhysAddr, Port, Reach, RouteSpan, Signals, Size, TlbPolicy, Vector};

use crate::register::Register;
use crate::target::{RunUntil, Screen, Stop, Target};

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
        }
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
            Exit::DeadHalt => Stop::DeadHalt,
            Exit::Shutdown => Stop::Shutdown,
            Exit::Signals => Stop::Reset,
            Exit::FruitlessDeliveries => Stop::EndlessDeliveries,
            Exit::Diverged => Stop::Host(String::from("the tiers differ")),
        }
    }
}

/// A bus without devices: one moment at which an interrupt with vector 8 comes, if any.
#[derive(Default)]
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

    fn state_hash(&mut self) -> String {
        format!("{:064x}", self.cpu.position)
    }

    fn step(&mut self) -> Stop {
        match self.engine.step(&mut self.cpu, &mut self.memory, &mut self.bus) {
            Exit::Position => Stop::Step,
            exit => Fake::named(exit),
        }
    }

    fn run(&mut self, until: &RunUntil) -> Stop {
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

    fn set_watches(&mut self, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
        self.engine.hot.watches.replace(code, data);
        self.engine.forget(&mut self.memory);
    }

    fn take_interrupt(&mut self) -> bool {
        let due = self.interrupt_in.is_some_and(|at| self.cpu.position >= at);
        if due {
            self.interrupt_in = None;
        }
        due
    }

    fn save(&mut self, path: &Path) -> Result<String, String> {
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
}
