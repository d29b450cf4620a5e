//! A machine for tests: the real processor state and memory, and a processor that knows a dozen instructions.

use std::path::Path;

use iced_x86::{Code, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use ringwalk_cpu::flags::{IF, ZF};
use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::{SegReg, Segment};
use ringwalk_cpu::state::{Activity, CpuState};
use ringwalk_cpu::watch::{DataWatch, Place, WatchHit, Watches};
use ringwalk_mmu::{Access, LinAddr, Memory, PhysAddr, Reach, RouteSpan, Signals, TlbPolicy};

use crate::register::Register;
use crate::target::{RunUntil, Screen, Stop, Target};

/// RAM of the fake, in pages: 2 MiB.
const RAM_PAGES: u64 = 512;

/// The machine.
pub(crate) struct Fake {
    pub(crate) cpu: CpuState,
    pub(crate) memory: Memory,
    pub(crate) watches: Watches,
    pub(crate) screen: Option<Screen>,
    pub(crate) serial: String,
    pub(crate) signals: Signals,
    pub(crate) typed: String,
    pub(crate) interrupt_in: Option<u64>,
    hit: Option<WatchHit>,
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
        let mut cpu = CpuState::new(Model::Max, TlbPolicy::Real);
        cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real(0) };
        cpu.eip = 0x7C00;
        cpu.gpr[4] = 0x7000;
        Fake {
            cpu,
            memory,
            watches: Watches::default(),
            screen: Some(Screen { rows: vec!["Booting".into(), String::new()], cursor: Some((1, 0)), columns: 80 }),
            serial: "hello\nworld\n".to_string(),
            signals: Signals { a20: true, ..Signals::default() },
            typed: String::new(),
            interrupt_in: None,
            hit: None,
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

    fn read16(&self, at: u64) -> u16 {
        let byte = |at: u64| u16::from(self.memory.peek(PhysAddr(at)).unwrap_or(0xFF));
        byte(at) | byte(at + 1) << 8
    }

    fn write(&mut self, at: u64, value: u64, bytes: usize) {
        let hit = self.watches.data_hit(LinAddr(at), bytes, Access::Write, value, &self.cpu);
        self.hit = self.hit.or(hit);
        self.write_memory(PhysAddr(at), &value.to_le_bytes()[..bytes]);
    }

    fn push(&mut self, value: u16) {
        self.cpu.gpr[4] = (self.cpu.gpr[4] - 2) & 0xFFFF;
        self.write(self.cpu.seg(SegReg::Ss).base + self.cpu.gpr[4], u64::from(value), 2);
    }

    fn pop(&mut self) -> u16 {
        let value = self.read16(self.cpu.seg(SegReg::Ss).base + self.cpu.gpr[4]);
        self.cpu.gpr[4] = (self.cpu.gpr[4] + 2) & 0xFFFF;
        value
    }

    fn go(&mut self, selector: u16, eip: u16) {
        self.cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real(selector) };
        self.cpu.eip = u32::from(eip);
    }

    fn register(name: iced_x86::Register) -> Register {
        Register::by_name(&format!("{name:?}")).expect("iced and we name registers alike")
    }

    fn source(&self, insn: &Instruction) -> u64 {
        match insn.op1_kind() {
            OpKind::Register => Fake::register(insn.op1_register()).read(&self.cpu),
            _ => insn.immediate(1),
        }
    }

    fn store_first(&mut self, insn: &Instruction, value: u64) {
        if insn.op0_kind() == OpKind::Memory {
            let at = self.cpu.seg(SegReg::Ds).base + u64::from(insn.memory_displacement32());
            self.write(at, value, insn.memory_size().size());
        } else {
            let register = Fake::register(insn.op0_register());
            register.write(&mut self.cpu, &self.memory, value).expect("a general or segment register");
        }
    }

    /// One instruction of the dozen; anything else stops the test.
    fn execute(&mut self, insn: &Instruction) {
        let after = insn.next_ip16();
        let (zf, first) = (self.cpu.flags.has(ZF), insn.op0_register());
        self.cpu.eip = u32::from(after);
        match insn.mnemonic() {
            Mnemonic::Nop => (),
            Mnemonic::Mov => self.store_first(insn, self.source(insn)),
            Mnemonic::Cli => self.cpu.flags.set(IF, false),
            Mnemonic::Sti => self.cpu.flags.set(IF, true),
            Mnemonic::Dec | Mnemonic::Inc => {
                let old = Fake::register(first).read(&self.cpu);
                let new = if insn.mnemonic() == Mnemonic::Inc { old + 1 } else { old.wrapping_sub(1) } & 0xFFFF;
                self.store_first(insn, new);
                self.cpu.flags.set(ZF, new == 0);
            }
            Mnemonic::Jmp => self.cpu.eip = u32::from(insn.near_branch16()),
            Mnemonic::Jne if !zf => self.cpu.eip = u32::from(insn.near_branch16()),
            Mnemonic::Je if zf => self.cpu.eip = u32::from(insn.near_branch16()),
            Mnemonic::Jne | Mnemonic::Je => (),
            Mnemonic::Call => {
                self.push(after);
                self.cpu.eip = u32::from(insn.near_branch16());
            }
            Mnemonic::Ret => self.cpu.eip = u32::from(self.pop()),
            Mnemonic::Push => self.push(Fake::register(first).read(&self.cpu) as u16),
            Mnemonic::Pop => {
                let value = self.pop();
                self.store_first(insn, u64::from(value));
            }
            Mnemonic::Int => {
                let (flags, selector) = (self.cpu.flags.bits() as u16, self.cpu.seg(SegReg::Cs).selector.0);
                for value in [flags, selector, after] {
                    self.push(value);
                }
                let entry = insn.immediate(0) * 4;
                self.go(self.read16(entry + 2), self.read16(entry));
            }
            Mnemonic::Iret => {
                let (eip, selector) = (self.pop(), self.pop());
                let flags = self.pop();
                self.cpu.flags.replace(0xFFFF, u32::from(flags));
                self.go(selector, eip);
            }
            Mnemonic::Hlt => self.cpu.activity = Activity::Halted,
            other => panic!("the fake processor does not know {other:?}"),
        }
    }

    /// One iteration of REP STOSB; false when it was the last.
    fn store_string(&mut self) -> bool {
        let at = self.cpu.seg(SegReg::Es).base + (self.cpu.gpr[7] & 0xFFFF);
        self.write(at, self.cpu.gpr[0] & 0xFF, 1);
        self.cpu.gpr[7] += 1;
        self.cpu.gpr[1] -= 1;
        self.cpu.gpr[1] != 0
    }

    fn code_hit(&self) -> Option<u32> {
        self.watches.code_hit(&self.cpu, Some(PhysAddr(self.cpu.linear_eip())))
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
        self.signals
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
        match self.cpu.activity {
            Activity::Halted if self.cpu.flags.has(IF) => {
                self.cpu.position += 100;
                self.cpu.activity = Activity::Active;
                return Stop::Step;
            }
            Activity::Halted => return Stop::DeadHalt,
            Activity::Shutdown => return Stop::Shutdown,
            Activity::Active => (),
        }
        let linear = self.cpu.linear_eip();
        let code: Vec<u8> = (0..15).map(|index| self.memory.peek(PhysAddr(linear + index)).unwrap_or(0xFF)).collect();
        let eip = u64::from(self.cpu.eip);
        let insn = Decoder::with_ip(16, &code, eip, DecoderOptions::NONE).decode();
        self.cpu.position += 1;
        if insn.code() == Code::Stosb_m8_AL && insn.has_rep_prefix() {
            if !self.store_string() {
                self.cpu.eip = u32::from(insn.next_ip16());
                self.cpu.retired += 1;
            }
        } else {
            let before = self.cpu.eip;
            self.execute(&insn);
            self.cpu.retired += 1;
            // A watch hit names the instruction that made the access.
            if let Some(hit) = &mut self.hit {
                hit.eip = before;
            }
        }
        self.hit.take().map_or(Stop::Step, Stop::Watch)
    }

    fn run(&mut self, until: &RunUntil) -> Stop {
        for _ in 0..100_000 {
            if until.position.is_some_and(|position| self.cpu.position >= position) {
                return Stop::Position;
            }
            if until.retired.is_some_and(|retired| self.cpu.retired >= retired) {
                return Stop::Retired;
            }
            let shown =
                |text: &String| self.screen.as_ref().is_some_and(|it| it.rows.iter().any(|row| row.contains(text)));
            if until.screen.as_ref().is_some_and(shown) {
                return Stop::Screen;
            }
            if self.interrupt_in.is_some_and(|at| self.cpu.position >= at) {
                self.interrupt_in = None;
                return Stop::Interrupted;
            }
            match self.step() {
                Stop::Step => (),
                stop => return stop,
            }
            if let Some(id) = self.code_hit() {
                return Stop::Breakpoint(id);
            }
        }
        Stop::Option("--max-insns 100000".to_string())
    }

    fn set_watches(&mut self, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
        self.watches.replace(code, data);
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
