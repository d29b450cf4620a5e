//! A small machine for programs of a few instructions: flat memory, a bus that answers open, tables in fixed places.
//!
//! Code is written as a listing, `hex ; text` a line; the text's mnemonic is checked against iced-x86, so that a
//! listing cannot lie. Every interrupt handler is one HLT of its own, so that the place where a program ends tells the
//! vector, and the stack there is the frame that was pushed.

use iced_x86::{Decoder, DecoderOptions, Formatter, NasmFormatter};
use ringwalk_cpu::flags::{Eflags, VM};
use ringwalk_cpu::model::{Features, Model};
use ringwalk_cpu::run::{Engine, Exit, Limits};
use ringwalk_cpu::segment::{Descriptor, SegReg, Segment, Selector};
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{
    CR0_PE, CR0_PG, CR4_PAE, CodeSize, CpuState, EFER_LMA, EFER_LME, EFER_NXE, EFER_SCE, TableRegister,
};
use ringwalk_mmu::{
    Bus, BusCx, Frame, Instant, InterruptMessage, Memory, PhysAddr, Port, Reach, RouteSpan, Signals, Size, TlbPolicy,
    Vector,
};

/// Pages of RAM: 16 MiB.
const PAGES: u64 = 4096;
/// Where the tables of the protected-mode machine stand.
pub(crate) const GDT: u32 = 0x1000;
pub(crate) const IDT: u32 = 0x2000;
pub(crate) const TSS: u32 = 0x3000;
pub(crate) const LDT: u32 = 0x3800;
/// The handler of vector n is the HLT at this address plus n.
pub(crate) const HANDLERS: u32 = 0x4000;
/// Tops of the stacks of rings 0 to 3.
pub(crate) const STACKS: [u32; 4] = [0x8000, 0x9000, 0xA000, 0xB000];
/// Where code goes unless a program says otherwise.
pub(crate) const CODE: u32 = 0x1_0000;
/// Free for data.
pub(crate) const DATA: u32 = 0x2_0000;
/// The page directory of a paged machine; its tables follow, one page each for 4 MiB.
pub(crate) const DIRECTORY: u32 = 0x10_0000;

/// Selectors of flat 32-bit code and data for each ring, with the ring as RPL.
pub(crate) const CODE_OF: [u16; 4] = [0x08, 0x19, 0x2A, 0x3B];
pub(crate) const DATA_OF: [u16; 4] = [0x10, 0x21, 0x32, 0x43];
pub(crate) const TSS_SELECTOR: u16 = 0x48;
pub(crate) const LDT_SELECTOR: u16 = 0x50;
/// 16-bit code and data of ring 0, base 0, limit FFFFh.
pub(crate) const CODE_16: u16 = 0x58;
pub(crate) const DATA_16: u16 = 0x60;
/// Conforming code of ring 0.
pub(crate) const CONFORMING: u16 = 0x68;
/// 64-bit code of rings 0 and 3, and the 64-bit TSS. They take the place of what is free otherwise.
pub(crate) const LONG_CODE: [u16; 4] = [0xD0, 0, 0, 0xDB];
pub(crate) const LONG_TSS_SELECTOR: u16 = 0xE0;
pub(crate) const LONG_TSS: u32 = 0x3400;
/// From here on the GDT is free, up to F8h.
pub(crate) const FREE: u16 = 0x70;

/// Descriptor rights: flat 32-bit code and data of ring 0, to be combined with a DPL.
pub(crate) const CODE_32: u32 = 0xC09B;
pub(crate) const DATA_32: u32 = 0xC093;

/// 64-bit code.
pub(crate) const CODE_64: u32 = 0xA09B;

/// Linear addresses of the real-mode machine's segments.
pub(crate) const REAL_CODE: u16 = 0x1000;
pub(crate) const REAL_DATA: u16 = 0x2000;
pub(crate) const REAL_STACK: u16 = 0x3000;
/// The real-mode handlers: IP n is the HLT of vector n.
pub(crate) const REAL_HANDLERS: u16 = 0x0050;

/// Writing a byte here raises INTR with that vector.
pub(crate) const RAISE_INTR: u16 = 0xF0;
/// Writing here makes an edge on NMI.
pub(crate) const RAISE_NMI: u16 = 0xF1;

/// The vector of IRQ 13.
pub(crate) const FLOATING_POINT_ERROR: u8 = 0x75;

/// A segment descriptor; the limit has 20 bits, the rights are those of `Segment::rights`.
pub(crate) const fn descriptor(base: u32, limit: u32, rights: u32) -> u64 {
    let (base, limit, rights) = (base as u64, limit as u64, rights as u64);
    let low = (limit & 0xFFFF) | (base & 0xFF_FFFF) << 16 | (rights & 0xFF) << 40;
    low | (limit >> 16 & 0xF) << 48 | (rights >> 12 & 0xF) << 52 | (base >> 24) << 56
}

/// A gate descriptor with its access byte.
pub(crate) const fn gate(selector: u16, offset: u32, access: u8, parameters: u8) -> u64 {
    let (selector, offset) = (selector as u64, offset as u64);
    let low = (offset & 0xFFFF) | selector << 16 | (parameters as u64) << 32;
    low | (access as u64) << 40 | (offset >> 16) << 48
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In a HLT of its own.
    Halted,
    /// In the handler of this vector.
    Vector(u8),
    /// Shut down.
    Shutdown,
}

/// What a handler found on its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub vector: u8,
    /// The error code, 0 for a vector without one.
    pub code: u32,
    pub eip: u32,
    pub cs: u16,
    pub flags: u32,
    /// ESP and SS that came back: pushed if the level changed, otherwise those above the frame.
    pub esp: u32,
    pub ss: u16,
}

/// Processor, memory and bus with a program.
pub(crate) struct Program {
    pub cpu: CpuState,
    pub memory: Memory,
    pub bus: Wires,
    pub engine: Engine,
}

impl Program {
    fn new(model: Model, tlb: TlbPolicy) -> Program {
        let mut memory = Memory::new(PAGES, 0, &[], &[]);
        let first = memory.ram.first;
        let span = |first_page, pages, frame: u32| {
            let reach = Reach::Frames(Frame(first.0 + frame));
            RouteSpan { first_page, pages, read: reach, write: reach }
        };
        // The last 4 MiB of RAM answer at 4 GiB too, for PSE-36 and PAE; a device answers at F0000000h.
        let mmio = RouteSpan { first_page: 0xF_0000, pages: 1, read: Reach::Mmio, write: Reach::Mmio };
        memory.set_routes(vec![span(0, PAGES, 0), span(0x10_0000, 1024, 3072), mmio]);
        let mut cpu = CpuState::new(model, tlb);
        cpu.apic.set_virtual_wire();
        cpu.segments = [Segment::real(REAL_DATA); 6];
        Program { cpu, memory, bus: Wires::default(), engine: Engine::with_slots(1 << 10) }
    }

    /// Real mode: code at 1000:0000, data at 2000h, stack at 3000:1000.
    pub(crate) fn real() -> Program {
        Program::real_on(Model::Max)
    }

    pub(crate) fn real_on(model: Model) -> Program {
        let mut program = Program::new(model, TlbPolicy::Real);
        program.fill_vector_table();
        program.cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real(REAL_CODE) };
        program.cpu.segments[SegReg::Ss as usize] = Segment::real(REAL_STACK);
        program.cpu.rip = 0;
        program.set_esp(0x1000);
        program
    }

    /// The vector table at 0: offset n of the handlers' segment for vector n.
    fn fill_vector_table(&mut self) {
        for vector in 0..256u32 {
            self.write_word(vector * 4, vector as u16);
            self.write_word(vector * 4 + 2, REAL_HANDLERS);
            self.write(u32::from(REAL_HANDLERS) * 16 + vector, &[0xF4]);
        }
    }

    /// Virtual-8086 mode at IOPL 0 with the segments of [`Program::real`]; the gates of the IDT lead to ring 0, and a
    /// vector table stands at 0.
    pub(crate) fn virtual_8086() -> Program {
        let mut program = Program::protected();
        program.fill_vector_table();
        program.enter_virtual_8086();
        program
    }

    /// [`Program::virtual_8086`] with another stack pointer.
    pub(crate) fn virtual_8086_at(sp: u32) -> Program {
        let mut program = Program::virtual_8086();
        program.set_esp(sp);
        program
    }

    /// Loads what IRET to virtual-8086 mode would: segments, flags, CPL, EIP and SP.
    pub(crate) fn enter_virtual_8086(&mut self) {
        self.cpu.segments = [Segment::virtual_8086(Selector(REAL_DATA)); 6];
        self.cpu.segments[SegReg::Cs as usize] = Segment::virtual_8086(Selector(REAL_CODE));
        self.cpu.segments[SegReg::Ss as usize] = Segment::virtual_8086(Selector(REAL_STACK));
        self.cpu.cpl = 3;
        self.cpu.rip = 0;
        self.set_flags(VM);
        self.set_esp(0x1000);
    }

    /// Protected mode at ring 0 without paging, 32-bit interrupt gates of DPL 0 everywhere, a busy 32-bit TSS.
    pub(crate) fn protected() -> Program {
        Program::protected_on(Model::Max, TlbPolicy::Real)
    }

    pub(crate) fn protected_on(model: Model, tlb: TlbPolicy) -> Program {
        let mut program = Program::new(model, tlb);
        program.cpu.cr0 = (program.cpu.cr0 & !0x6000_0000) | CR0_PE;
        program.cpu.gdtr = TableRegister { base: GDT.into(), limit: 0xFF };
        program.cpu.idtr = TableRegister { base: IDT.into(), limit: 0x7FF };
        program.fill_gdt();
        for vector in 0..256 {
            program.write(HANDLERS + vector, &[0xF4]);
            program.set_gate(vector as u8, gate(CODE_OF[0], HANDLERS + vector, 0x8E, 0));
        }
        for ring in 0..3 {
            program.write_dword(TSS + 4 + 8 * ring, STACKS[ring as usize]);
            program.write_dword(TSS + 8 + 8 * ring, DATA_OF[ring as usize].into());
        }
        // The I/O permission bit map begins beyond the limit.
        program.write_word(TSS + 0x66, 0x68);
        program.enter_ring(0);
        program
    }

    fn fill_gdt(&mut self) {
        for ring in 0..4 {
            let dpl = ring << 5;
            self.set_descriptor(CODE_OF[ring as usize], descriptor(0, 0xF_FFFF, CODE_32 | dpl));
            self.set_descriptor(DATA_OF[ring as usize], descriptor(0, 0xF_FFFF, DATA_32 | dpl));
        }
        self.set_descriptor(TSS_SELECTOR, descriptor(TSS, 0x67, 0x8B));
        self.set_descriptor(LDT_SELECTOR, descriptor(LDT, 0x3F, 0x82));
        self.set_descriptor(CODE_16, descriptor(0, 0xFFFF, 0x9B));
        self.set_descriptor(DATA_16, descriptor(0, 0xFFFF, 0x93));
        self.set_descriptor(CONFORMING, descriptor(0, 0xF_FFFF, CODE_32 | 4));
        self.cpu.tr = Descriptor(descriptor(TSS, 0x67, 0x8B)).segment(Selector(TSS_SELECTOR));
        self.cpu.ldtr = Descriptor(descriptor(LDT, 0x3F, 0x82)).segment(Selector(LDT_SELECTOR));
    }

    /// Protected mode with the whole RAM mapped to itself by 4 KiB pages, user and writable.
    pub(crate) fn paged() -> Program {
        Program::paged_on(Model::Max, TlbPolicy::Real)
    }

    pub(crate) fn paged_on(model: Model, tlb: TlbPolicy) -> Program {
        let mut program = Program::protected_on(model, tlb);
        for table in 0..(PAGES as u32 / 1024) {
            program.write_dword(DIRECTORY + 4 * table, (DIRECTORY + 0x1000 * (table + 1)) | 7);
        }
        for page in 0..PAGES as u32 {
            program.write_dword(pte_of(page << 12), page << 12 | 7);
        }
        program.cpu.cr3 = DIRECTORY.into();
        program.cpu.cr0 |= CR0_PG;
        program
    }

    /// 64-bit code at ring 0: RAM mapped to itself by pages of 2 MiB, user and writable; gates of 16 bytes lead to the
    /// handlers; a 64-bit TSS.
    pub(crate) fn long() -> Program {
        Program::long_with(Model::Max.features())
    }

    pub(crate) fn long_with(features: Features) -> Program {
        let mut program = Program::protected();
        program.cpu.features = features;
        program.write_qword(DIRECTORY, (u64::from(DIRECTORY) + 0x1000) | 7);
        program.write_qword(DIRECTORY + 0x1000, (u64::from(DIRECTORY) + 0x2000) | 7);
        for page in 0..PAGES / 512 {
            program.write_qword(DIRECTORY + 0x2000 + 8 * page as u32, page << 21 | 0x87);
        }
        program.cpu.cr3 = DIRECTORY.into();
        program.cpu.cr4 = CR4_PAE;
        program.cpu.cr0 |= CR0_PG;
        program.cpu.msrs.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
        for vector in 0..256 {
            program.set_long_gate(vector as u8, u64::from(HANDLERS + vector), 0x8E, 0);
        }
        program.cpu.idtr.limit = 0xFFF;
        for (ring, selector) in [(0, LONG_CODE[0]), (3, LONG_CODE[3])] {
            program.set_descriptor(selector, descriptor(0, 0, CODE_64 | ring << 5));
        }
        for stack in 0..3 {
            program.write_qword(LONG_TSS + 4 + 8 * stack, STACKS[stack as usize].into());
        }
        program.write_word(LONG_TSS + 0x66, 0x68);
        let tss = Descriptor(descriptor(LONG_TSS, 0x67, 0x8B));
        program.cpu.tr = tss.segment(Selector(LONG_TSS_SELECTOR));
        program.set_descriptor(LONG_TSS_SELECTOR, tss.0);
        program.set_descriptor(LONG_TSS_SELECTOR + 8, 0);
        program.enter_long(0);
        program
    }

    /// Loads the segments of a ring, CS with 64-bit code, RSP with its stack, RIP with the code.
    pub(crate) fn enter_long(&mut self, ring: u8) {
        self.enter_ring(ring);
        self.load(SegReg::Cs, LONG_CODE[usize::from(ring)]);
    }

    /// An interrupt or trap gate of 16 bytes to 64-bit code of ring 0, with an interrupt stack.
    pub(crate) fn set_long_gate(&mut self, vector: u8, offset: u64, access: u8, stack: u8) {
        let at = IDT + 16 * u32::from(vector);
        let low = gate(LONG_CODE[0], offset as u32, access, stack);
        self.write_qword(at, low);
        self.write_qword(at + 8, offset >> 32);
    }

    pub(crate) fn write_qword(&mut self, at: u32, value: u64) {
        self.write(at, &value.to_le_bytes());
    }

    pub(crate) fn read_qword(&self, at: u32) -> u64 {
        u64::from(self.read_dword(at)) | u64::from(self.read_dword(at + 4)) << 32
    }

    /// Loads CS, SS, DS, ES, FS, GS and CPL with the flat segments of a ring, ESP with its stack, EIP with the code.
    pub(crate) fn enter_ring(&mut self, ring: u8) {
        let at = usize::from(ring);
        let dpl = u32::from(ring) << 5;
        let flat = |selector, rights| Descriptor(descriptor(0, 0xF_FFFF, rights | dpl)).segment(Selector(selector));
        self.cpu.segments = [flat(DATA_OF[at], DATA_32); 6];
        self.cpu.segments[SegReg::Cs as usize] = flat(CODE_OF[at], CODE_32);
        self.cpu.cpl = ring;
        self.cpu.rip = u64::from(CODE);
        self.set_esp(STACKS[at]);
    }

    /// The machine in ring 3.
    pub(crate) fn user() -> Program {
        let mut program = Program::protected();
        program.enter_ring(3);
        program
    }

    /// The machine in ring 3, with paging.
    pub(crate) fn paged_user() -> Program {
        let mut program = Program::paged();
        program.enter_ring(3);
        program
    }

    /// Gives a segment register the descriptor that its table holds, without any check.
    pub(crate) fn load(&mut self, reg: SegReg, selector: u16) {
        let at = GDT + u32::from(selector & !7);
        let raw = u64::from(self.read_dword(at)) | u64::from(self.read_dword(at + 4)) << 32;
        self.cpu.segments[reg as usize] = Descriptor(raw).segment(Selector(selector));
    }

    pub(crate) fn set_descriptor(&mut self, selector: u16, raw: u64) {
        self.write(GDT + u32::from(selector & !7), &raw.to_le_bytes());
    }

    pub(crate) fn set_gate(&mut self, vector: u8, raw: u64) {
        self.write(IDT + 8 * u32::from(vector), &raw.to_le_bytes());
    }

    /// The access byte of a descriptor in the GDT.
    pub(crate) fn access_byte(&self, selector: u16) -> u8 {
        self.read(GDT + u32::from(selector & !7) + 5, 1)[0]
    }

    pub(crate) fn set_esp(&mut self, value: u32) {
        self.cpu.gpr[4] = value.into();
    }

    /// EIP: programs here are no longer than 32 bits.
    pub(crate) fn eip(&self) -> u32 {
        u32::try_from(self.cpu.rip).expect("EIP has 32 bits outside 64-bit code")
    }

    pub(crate) fn esp(&self) -> u32 {
        self.cpu.gpr[4] as u32
    }

    pub(crate) fn reg(&self, number: usize) -> u32 {
        self.cpu.gpr[number] as u32
    }

    pub(crate) fn selector(&self, reg: SegReg) -> u16 {
        self.cpu.seg(reg).selector.0
    }

    pub(crate) fn set_flags(&mut self, bits: u32) {
        self.cpu.flags = Eflags::from_bits(bits);
    }

    /// Places a listing at CS:EIP.
    pub(crate) fn code(&mut self, listing: &str) -> &mut Program {
        let at = self.cpu.linear_rip() as u32;
        let bits = match self.cpu.code_size() {
            CodeSize::Bits16 => 16,
            CodeSize::Bits32 => 32,
            CodeSize::Bits64 => 64,
        };
        self.code_at(at, bits, listing)
    }

    /// Places a listing at a linear address.
    pub(crate) fn code_at(&mut self, at: u32, bits: u32, listing: &str) -> &mut Program {
        self.write(at, &bytes_of(bits, listing));
        self
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            assert!(self.memory.poke(PhysAddr(u64::from(at) + index as u64), *byte), "there is memory at {at:x}");
        }
    }

    pub(crate) fn write_word(&mut self, at: u32, value: u16) {
        self.write(at, &value.to_le_bytes());
    }

    pub(crate) fn write_dword(&mut self, at: u32, value: u32) {
        self.write(at, &value.to_le_bytes());
    }

    pub(crate) fn read(&self, at: u32, bytes: u32) -> Vec<u8> {
        let byte = |index| self.memory.peek(PhysAddr(u64::from(at + index))).expect("there is memory");
        (0..bytes).map(byte).collect()
    }

    pub(crate) fn read_word(&self, at: u32) -> u16 {
        u16::from_le_bytes([self.read(at, 1)[0], self.read(at + 1, 1)[0]])
    }

    pub(crate) fn read_dword(&self, at: u32) -> u32 {
        u32::from(self.read_word(at)) | u32::from(self.read_word(at + 2)) << 16
    }

    /// Runs to the end. Debugging of a test begins with what this panics with.
    pub(crate) fn run(&mut self) -> End {
        let limits = Limits { position: self.cpu.position + 100_000, ..Limits::NONE };
        loop {
            match self.engine.run(&mut self.cpu, &mut self.memory, &mut self.bus, limits) {
                Exit::Signals => self.obey(),
                Exit::DeadHalt => return self.end_of_halt(),
                Exit::Shutdown => return End::Shutdown,
                Exit::Diverged => panic!("{}", self.engine.divergence().expect("it says how")),
                other => panic!("{other:?} at {:x}:{:x}", self.selector(SegReg::Cs), self.cpu.rip),
            }
        }
    }

    /// So many instructions, deliveries or single iterations.
    pub(crate) fn steps(&mut self, count: usize) -> &mut Program {
        for _ in 0..count {
            while self.engine.step(&mut self.cpu, &mut self.memory, &mut self.bus) == Exit::Signals {
                self.obey();
            }
        }
        self
    }

    /// Executes one instruction at CS:EIP: the vector and error code of the fault that it raises.
    pub(crate) fn attempt(&mut self, bytes: &[u8]) -> Result<(), (u8, u16)> {
        let at = self.cpu.linear_rip() as u32;
        self.write(at, bytes);
        self.engine.hot.last_fault = None;
        self.steps(1);
        self.engine.hot.last_fault.map_or(Ok(()), |fault| Err((fault.vector, fault.code)))
    }

    fn obey(&mut self) {
        self.memory.set_a20(self.bus.a20);
        self.engine.forget(&mut self.memory);
    }

    fn end_of_halt(&self) -> End {
        let at = self.cpu.linear_rip() as u32 - 1;
        let base = if self.cpu.protected() { HANDLERS } else { u32::from(REAL_HANDLERS) * 16 };
        match at.checked_sub(base) {
            Some(vector @ 0..=0xFF) => End::Vector(vector as u8),
            _ => End::Halted,
        }
    }

    /// Runs to the handler of a fault, and reads its frame (of a 32-bit gate, in protected mode).
    pub(crate) fn fault(&mut self) -> Fault {
        let end = self.run();
        let End::Vector(vector) = end else {
            panic!("the program should fault, and ended with {end:?} at {:x}", self.cpu.rip)
        };
        self.frame(vector)
    }

    /// The frame that a 32-bit gate has left for the handler of a vector.
    pub(crate) fn frame(&self, vector: u8) -> Fault {
        // INT 13 ends in the same handler as #GP, but pushes no code.
        let raised = self.engine.hot.last_fault.is_some_and(|raised| raised.vector == vector);
        let has_code = raised && ringwalk_cpu::exception::vector_has_code(vector);
        let mut at = self.cpu.seg(SegReg::Ss).base as u32 + self.esp();
        let code = if has_code { self.read_dword(at) } else { 0 };
        at += if has_code { 4 } else { 0 };
        let word = |index: u32| self.read_dword(at + 4 * index);
        let (eip, cs, flags) = (word(0), word(1) as u16, word(2));
        let outer = cs & 3 > u16::from(self.cpu.cpl) || flags & VM != 0;
        let (esp, ss) = if outer {
            (word(3), word(4) as u16)
        } else {
            (self.esp() + 12 + if has_code { 4 } else { 0 }, self.selector(SegReg::Ss))
        };
        Fault { vector, code, eip, cs, flags, esp, ss }
    }

    /// Runs to the handler; vector, error code, and the check that failed.
    pub(crate) fn fault_site(&mut self) -> (u8, u32, Site) {
        let fault = self.fault();
        (fault.vector, fault.code, self.last_site())
    }

    /// The check that failed last.
    pub(crate) fn last_site(&self) -> Site {
        self.engine.hot.last_fault.expect("an exception was raised").site
    }
}

/// Linear and physical address of the page-table entry of an address.
pub(crate) const fn pte_of(linear: u32) -> u32 {
    DIRECTORY + 0x1000 + 4 * (linear >> 12)
}

/// The bytes of a listing, whose text is checked.
pub(crate) fn bytes_of(bits: u32, listing: &str) -> Vec<u8> {
    let line_bytes = |line: &str| {
        let (hex, text) = line.split_once(';').unwrap_or((line, ""));
        let byte = |byte| u8::from_str_radix(byte, 16).unwrap_or_else(|_| panic!("not a listing: {line}"));
        let bytes: Vec<u8> = hex.split_whitespace().map(byte).collect();
        check_text(bits, &bytes, text.trim());
        bytes
    };
    listing.lines().flat_map(line_bytes).collect()
}

/// The mnemonic of a listing's line must be what the bytes mean. Lines without text, labels and `db` are not checked.
pub(crate) fn check_text(bits: u32, bytes: &[u8], text: &str) {
    const PREFIXES: [&str; 8] = ["rep", "repe", "repne", "lock", "o16", "o32", "a16", "a32"];
    let wanted = text.split_whitespace().find(|word| !PREFIXES.contains(word)).unwrap_or("");
    if bytes.is_empty() || wanted.is_empty() || wanted == "db" {
        return;
    }
    let insn = Decoder::with_ip(bits, bytes, 0, DecoderOptions::NONE).decode();
    let mut shown = String::new();
    NasmFormatter::new().format(&insn, &mut shown);
    let means = |word: &str| word == wanted || word.trim_end_matches(['w', 'd']) == wanted.trim_end_matches(['w', 'd']);
    assert!(insn.len() == bytes.len() && shown.split([' ', ',']).any(means), "{bytes:02x?} is {shown} and not {text}");
}

/// A bus without devices: ports and device memory read as all ones. It writes down what it is asked, has an interrupt
/// line, and the A20 gate in bit 1 of port 92h.
pub(crate) struct Wires {
    /// Vectors that wait behind INTR, in order.
    pub pending: Vec<u8>,
    /// Vectors that a timer will raise, with the position.
    pub timer: Vec<(u64, u8)>,
    /// What an I/O APIC would send.
    pub messages: Vec<InterruptMessage>,
    pub nmi: bool,
    pub a20: bool,
    /// FERR#; its edge raises [`FLOATING_POINT_ERROR`].
    pub error: bool,
    /// `r` or `w`, the port or address, the bytes.
    pub log: Vec<String>,
}

impl Default for Wires {
    fn default() -> Wires {
        Wires {
            pending: Vec::new(),
            timer: Vec::new(),
            messages: Vec::new(),
            nmi: false,
            a20: true,
            error: false,
            log: Vec::new(),
        }
    }
}

impl Bus for Wires {
    fn port_read(&mut self, port: Port, size: Size, cx: &mut BusCx<'_>) -> u32 {
        cx.changed = true;
        self.log.push(format!("r {:x} {}", port.0, size.bytes()));
        size.ones() as u32
    }

    fn port_write(&mut self, port: Port, size: Size, value: u32, cx: &mut BusCx<'_>) {
        cx.changed = true;
        match port.0 {
            RAISE_INTR => self.pending.push(value as u8),
            RAISE_NMI => self.nmi = true,
            0x92 => self.a20 = value & 2 != 0,
            _ => self.log.push(format!("w {:x} {} {value:x}", port.0, size.bytes())),
        }
    }

    fn mmio_read(&mut self, addr: PhysAddr, size: Size, _: &mut BusCx<'_>) -> u64 {
        self.log.push(format!("r {:x} {}", addr.0, size.bytes()));
        size.ones()
    }

    fn mmio_write(&mut self, addr: PhysAddr, size: Size, value: u64, _: &mut BusCx<'_>) {
        self.log.push(format!("w {:x} {} {value:x}", addr.0, size.bytes()));
    }

    fn acknowledge_interrupt(&mut self, cx: &mut BusCx<'_>) -> Vector {
        cx.changed = true;
        Vector(self.pending.remove(0))
    }

    fn floating_point_error(&mut self, asserted: bool, cx: &mut BusCx<'_>) {
        if asserted && !self.error {
            self.pending.push(FLOATING_POINT_ERROR);
        }
        self.error = asserted;
        cx.changed = true;
    }

    fn take_nmi(&mut self) {
        self.nmi = false;
    }

    fn deliver_messages(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        self.messages.retain(|message| !accept(*message));
    }

    fn send_message(&mut self, message: InterruptMessage, _: &mut BusCx<'_>) {
        self.log.push(format!("ipi {:x} to {:x?}", message.vector.0, message.destination));
    }

    fn end_of_interrupt(&mut self, vector: Vector, _: &mut BusCx<'_>) {
        self.log.push(format!("eoi {:x}", vector.0));
    }

    fn signals(&self) -> Signals {
        Signals {
            interrupt: !self.pending.is_empty(),
            nmi: self.nmi,
            messages: !self.messages.is_empty(),
            a20: self.a20,
            ..Signals::default()
        }
    }

    fn due(&self) -> Option<Instant> {
        self.timer.iter().map(|(position, _)| Instant(*position)).min()
    }

    fn advance(&mut self, cx: &mut BusCx<'_>) {
        let (due, later): (Vec<_>, Vec<_>) = self.timer.drain(..).partition(|(position, _)| *position <= cx.now.0);
        self.pending.extend(due.into_iter().map(|(_, vector)| vector));
        self.timer = later;
    }
}

/// Linear and physical address of the page-directory entry of an address.
pub(crate) const fn pde_of(linear: u32) -> u32 {
    DIRECTORY + 4 * (linear >> 22)
}
