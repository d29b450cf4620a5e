//! Random programs for the fuzz tests: a mode, a processor, page tables, interrupts and code that follow from a seed.

use ringwalk::machine::{Machine, MachineConfig, Media, Stop, Tuning};
use ringwalk_chipset::DiskConfig;
use ringwalk_cpu::flags::{Eflags, VM};
use ringwalk_cpu::model::Model;
use ringwalk_cpu::segment::{Descriptor, SegReg, Segment, Selector};
use ringwalk_cpu::state::{
    CR0_AM, CR0_ET, CR0_PE, CR0_PG, CR0_WP, CR4_OSFXSR, CR4_PAE, CR4_PGE, CR4_PSE, CR4_PVI, CR4_VME, CpuState,
    TableRegister,
};
use ringwalk_mmu::{Bus, BusCx, Instant, NoBacking, PAGE_BYTES, PhysAddr, Port, Size, TlbPolicy};

use crate::form_code::form_code;
use crate::guest::Random;
use crate::program::{CODE_32, CODE_OF, DATA_32, DATA_OF, descriptor, gate};

const DISK_SECTORS: u64 = 64;
/// Positions that a program runs for.
pub(crate) const SPAN: u64 = 3000;

// Where things stand in memory. Page tables map this part to itself.
const GDT: u32 = 0x1000;
const IDT: u32 = 0x1800;
/// With a permission map of 64 Ki ports behind it.
const TSS: u32 = 0x2000;
const HANDLERS: u32 = 0x5000;
const STACK_0: u32 = 0x8000;
const DIRECTORY: u32 = 0x9000;
const TABLE: u32 = 0xA000;
const PDPT: u32 = 0xB000;
const FIXED_PAGES: u32 = 12;
/// Four pages of code; 16-bit segments with this as their base cover them.
pub(crate) const CODE: u32 = 0x1_0000;
pub(crate) const CODE_BYTES: u32 = 0x4000;
/// Handlers stand so far apart.
const HANDLER_BYTES: u32 = 32;

const TSS_SELECTOR: u16 = 0x48;
const CODE_16: u16 = 0x50;
const DATA_16: u16 = 0x58;
const CODE_16_USER: u16 = 0x63;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Real,
    /// Protected mode with paging, in this ring.
    Paged(u8),
    /// The same with PAE.
    Pae(u8),
    /// Virtual-8086 mode with paging.
    Virtual,
}

/// Two of the four lead to the same directory, one to a page table taken for a directory, one nowhere.
const PDPTES: [u64; 4] = [DIRECTORY as u64 | 1, DIRECTORY as u64 | 1, TABLE as u64 | 1, 0];

fn config() -> MachineConfig {
    let mut config = MachineConfig::default();
    config.board.ram_pages = (1 << 20) / PAGE_BYTES;
    config.board.vram_pages = (256 << 10) / PAGE_BYTES;
    config.board.disks[0] = Some(DiskConfig::with_sectors(DISK_SECTORS));
    config
}

pub(crate) fn media() -> Media {
    Media::with_disk(Box::new(NoBacking(DISK_SECTORS * 512)))
}

/// A program: everything about it follows from its seed.
pub(crate) struct Program {
    pub(crate) seed: u64,
    pub(crate) mode: Mode,
    pub(crate) tlb: TlbPolicy,
    model: Model,
    code: Code,
}

/// What the code is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Code {
    /// Bytes, of which most make some instruction.
    Bytes,
    /// Forms of the fast tier, written for code of 16 or 32 bits; segment limits bite.
    Forms { is_32: bool },
}

impl Program {
    pub(crate) fn new(seed: u64) -> Program {
        let mut random = Random(seed);
        let mode = match random.below(10) {
            0..3 => Mode::Real,
            3..5 => Mode::Paged(3),
            5 => Mode::Paged(0),
            6 => Mode::Pae(3),
            7 => Mode::Pae(0),
            _ => Mode::Virtual,
        };
        let model = match mode {
            Mode::Pae(_) => Model::Max,
            _ => *random.one_of(&[Model::Max, Model::Max, Model::I386, Model::I486, Model::Pentium]),
        };
        let tlb = *random.one_of(&[TlbPolicy::Real, TlbPolicy::Real, TlbPolicy::Sticky, TlbPolicy::None]);
        Program { seed, mode, tlb, model, code: Code::Bytes }
    }

    /// A program of the forms that have fast handlers.
    pub(crate) fn of_forms(seed: u64) -> Program {
        let program = Program::new(seed);
        let is_32 = matches!(program.mode, Mode::Paged(_) | Mode::Pae(_)) && !seed.is_multiple_of(3);
        Program { code: Code::Forms { is_32 }, ..program }
    }

    /// The machine with the program in its memory, interrupts on their way, and its first registers.
    pub(crate) fn machine(&self, tuning: Tuning) -> Machine {
        let mut random = Random(self.seed ^ 0x5EED);
        let config = MachineConfig { model: self.model, tlb: self.tlb, ..config() };
        let mut machine = Machine::new(config, media(), tuning).expect("a machine can be made of this");
        machine.cpu.position = 1000;
        start_timer(&mut machine, &mut random);
        let bytes = match self.code {
            Code::Bytes => code(&mut random),
            Code::Forms { is_32 } => {
                let origin = if is_32 { CODE } else { 0 };
                form_code(&mut random, is_32, origin, CODE_BYTES as usize)
            }
        };
        put(&mut machine, CODE, &bytes);
        match self.mode {
            Mode::Real => lay_out_real(&mut machine, &mut random),
            Mode::Virtual => lay_out_protected(&mut machine, &mut random, 0),
            Mode::Paged(_) | Mode::Pae(_) => lay_out_protected(&mut machine, &mut random, CODE),
        }
        match self.mode {
            Mode::Real => {}
            Mode::Paged(_) | Mode::Virtual => lay_out_tables(&mut machine, &mut random),
            Mode::Pae(_) => lay_out_pae_tables(&mut machine, &mut random),
        }
        self.begin(&mut machine);
        machine
    }

    /// Gives the processor registers to go on with; again whenever the program has come to its end.
    fn begin(&self, machine: &mut Machine) {
        let mut random = Random(self.seed ^ machine.position());
        let old = &machine.cpu;
        let mut cpu = CpuState::new(old.model, self.tlb);
        (cpu.position, cpu.retired) = (old.position, old.retired);
        for register in &mut cpu.gpr[..8] {
            *register = pointer(&mut random).into();
        }
        cpu.flags = Eflags::from_bits(random.next() as u32 & 0x0024_0AD5 | 0x202);
        let is_16 = match self.code {
            Code::Bytes => random.once_in(4),
            Code::Forms { is_32 } => !is_32,
        };
        match self.mode {
            Mode::Real => begin_real(&mut cpu, &mut random),
            Mode::Paged(ring) => begin_protected(&mut cpu, &mut random, ring, is_16),
            Mode::Virtual => {
                begin_protected(&mut cpu, &mut random, 3, false);
                begin_virtual(&mut cpu, &mut random);
            }
            Mode::Pae(ring) => {
                begin_protected(&mut cpu, &mut random, ring, is_16);
                cpu.cr4 |= CR4_PAE;
                cpu.cr3 = PDPT.into();
                cpu.pdptes = PDPTES;
            }
        }
        if self.code != Code::Bytes {
            bite(&mut cpu, &mut random);
        }
        machine.cpu = cpu;
        machine.wire();
    }

    /// Runs to a position by `go`, beginning anew whenever the program ends.
    pub(crate) fn drive(&self, machine: &mut Machine, end: u64, mut go: impl FnMut(&mut Machine, u64) -> Option<Stop>) {
        for _ in 0..10_000 {
            match go(machine, end) {
                None | Some(Stop::Position) if machine.position() >= end => return,
                None | Some(Stop::Position) => {}
                Some(_) => {
                    // So that a program which ends at once does not do so for ever.
                    machine.cpu.position += 16;
                    self.begin(machine);
                }
            }
        }
        panic!("{:x}: the program does not get on at {}", self.seed, machine.position());
    }
}

fn put(machine: &mut Machine, at: u32, bytes: &[u8]) {
    for (offset, byte) in bytes.iter().enumerate() {
        assert!(machine.memory.poke(PhysAddr(u64::from(at) + offset as u64), *byte), "there is RAM");
    }
}

/// Interrupts every 400 to 4000 cycles, at vectors 20h to 2Fh, that need no end-of-interrupt command.
fn start_timer(machine: &mut Machine, random: &mut Random) {
    const SETUP: [(u16, u8); 9] = [
        (0x20, 0x11),
        (0x21, 0x20),
        (0x21, 0x04),
        (0x21, 0x03),
        (0xA0, 0x11),
        (0xA1, 0x28),
        (0xA1, 2),
        (0xA1, 3),
        (0x43, 0x34),
    ];
    let divisor = 5 + random.below(45) as u8;
    let writes = SETUP.into_iter().chain([(0x40, divisor), (0x40, 0), (0x21, 0xFE)]);
    let now = Instant(machine.cpu.position);
    for (port, value) in writes {
        let mut cx = BusCx::new(now, &mut machine.memory);
        machine.board.port_write(Port(port), Size::Byte, value.into(), &mut cx);
    }
}

/// An address that is often good.
pub(crate) fn pointer(random: &mut Random) -> u32 {
    let value = random.next() as u32;
    match random.below(8) {
        0 => value,
        1 => value & 0xF_FFFF,
        2 => 0xA_0000 + (value & 0x1_FFFF),
        3 => CODE + value % CODE_BYTES,
        4 => 0x40_0000 + (value & 0x3F_FFFF),
        _ => 0x2_0000 + (value & 0xFFFF),
    }
}

/// Opcodes that change what comes after: flags and segments loaded, far and indirect transfers, strings, ports.
const TELLING: [&[u8]; 36] = [
    &[0xF3, 0xA4],
    &[0xF3, 0xA5],
    &[0xF3, 0xAB],
    &[0xF2, 0xAE],
    &[0xF3, 0xA6],
    &[0xA4],
    &[0xAB],
    &[0xF3, 0x6C],
    &[0xF3, 0x6F],
    &[0xE4],
    &[0xE6],
    &[0xEC],
    &[0xEE],
    &[0xED],
    &[0xEF],
    &[0x9C],
    &[0x9D],
    &[0xFB],
    &[0xFA],
    &[0x0F, 0x01],
    &[0x0F, 0x22, 0xD8],
    &[0x0F, 0x20, 0xC0],
    &[0x0F, 0xA2],
    &[0x0F, 0x31],
    &[0x8E],
    &[0x17],
    &[0xCD],
    &[0xCF],
    &[0xC8],
    &[0xC9],
    &[0x0F, 0xB1],
    &[0x0F, 0xC7],
    &[0xF7],
    &[0xFF],
    &[0x0F, 0x32],
    &[0xF0],
];

/// Random bytes, of which most make instructions that reach memory which is there.
fn code(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < CODE_BYTES as usize {
        if random.once_in(8) {
            bytes.push(*random.one_of(&[0x66, 0x67, 0x2E, 0x36, 0x26, 0x64, 0xF0, 0xF3]));
        }
        match random.below(8) {
            0 => bytes.extend(*random.one_of(&TELLING)),
            1 => bytes.extend([0x0F, random.next() as u8]),
            // A load or store whose address is a whole displacement.
            2 => bytes.extend([random.below(64) as u8, 0x05 | (random.below(8) as u8) << 3]),
            _ => bytes.push(random.next() as u8),
        }
        let tail = match random.below(3) {
            0 => pointer(random),
            1 => random.next() as u32,
            _ => random.next() as u32 & 0x0000_3F7F,
        };
        bytes.extend(&tail.to_le_bytes()[..random.below(5) as usize]);
    }
    bytes.truncate(CODE_BYTES as usize);
    bytes
}

/// Every vector's handler skips a few bytes of the program, so that it gets on.
fn lay_out_real(machine: &mut Machine, random: &mut Random) {
    for vector in 0..256u32 {
        let at = HANDLERS + vector * HANDLER_BYTES;
        let segment = (HANDLERS >> 4) as u16;
        let entry = [((at - HANDLERS) as u16).to_le_bytes(), segment.to_le_bytes()].concat();
        put(machine, vector * 4, &entry);
        // push bp; mov bp, sp; add word [bp+2], skip; and byte [bp+3], 3Fh; pop bp; iret
        let skip = 1 + random.below(6) as u8;
        let handler = [0x55, 0x89, 0xE5, 0x83, 0x46, 0x02, skip, 0x80, 0x66, 0x03, 0x3F, 0x5D, 0xCF];
        put(machine, at, &handler);
    }
}

fn begin_real(cpu: &mut CpuState, random: &mut Random) {
    cpu.segments =
        std::array::from_fn(|_| Segment::real(*random.one_of(&[0x1000, 0x2000, 0x2345, 0xA000, 0xB800, 0xFFFF])));
    cpu.segments[SegReg::Cs as usize] = Segment { rights: 0x9B, ..Segment::real((CODE >> 4) as u16) };
    cpu.segments[SegReg::Ss as usize] = Segment::real(0x2800);
    cpu.rip = random.below(CODE_BYTES.into());
    cpu.cr0 = CR0_ET;
}

/// `origin` is where EIP counts from: that of the code, or 0 where its segment begins there.
fn lay_out_protected(machine: &mut Machine, random: &mut Random, origin: u32) {
    let mut entries = vec![(TSS_SELECTOR, descriptor(TSS, 0x2067, 0x89))];
    for ring in 0..4u32 {
        entries.push((CODE_OF[ring as usize], descriptor(0, 0xF_FFFF, CODE_32 | ring << 5)));
        entries.push((DATA_OF[ring as usize], descriptor(0, 0xF_FFFF, DATA_32 | ring << 5)));
    }
    entries.push((CODE_16, descriptor(CODE, 0xFFFF, 0x9B)));
    entries.push((DATA_16, descriptor(CODE, 0xFFFF, 0x93)));
    entries.push((CODE_16_USER, descriptor(CODE, 0xFFFF, 0xFB)));
    for (selector, raw) in entries {
        put(machine, GDT + u32::from(selector & !7), &raw.to_le_bytes());
    }
    for selector in (0x68..0x100).step_by(8) {
        put(machine, GDT + selector, &random.next().to_le_bytes());
    }
    let stack = [STACK_0.to_le_bytes(), u32::from(DATA_OF[0]).to_le_bytes()].concat();
    put(machine, TSS + 4, &stack);
    put(machine, TSS + 0x66, &0x68u16.to_le_bytes());
    // Of the ports that the permission map covers, most are allowed.
    for byte in 0..0x2000 {
        let denied = if random.once_in(16) { random.next() as u8 } else { 0 };
        put(machine, TSS + 0x68 + byte, &[denied]);
    }
    for vector in 0..256u32 {
        lay_out_handler(machine, random, vector, origin);
    }
}

/// A handler sees to DS and ES, now and then, and skips a few bytes of the program.
fn lay_out_handler(machine: &mut Machine, random: &mut Random, vector: u32, origin: u32) {
    let at = HANDLERS + vector * HANDLER_BYTES;
    let mut handler = Vec::new();
    if random.once_in(2) {
        // push eax; mov ax, 23h; mov ds, ax; mov es, ax; pop eax
        handler.extend([0x50, 0x66, 0xB8, DATA_OF[3] as u8, 0, 0x8E, 0xD8, 0x8E, 0xC0, 0x58]);
    }
    if ringwalk_cpu::exception::vector_has_code(vector as u8) {
        handler.extend([0x83, 0xC4, 0x04]);
    }
    let skip = 1 + random.below(6) as u8;
    // add dword [esp], skip; and dword [esp], 3FFFh; or dword [esp], origin; iretd
    handler.extend([0x83, 0x04, 0x24, skip, 0x81, 0x24, 0x24, 0xFF, 0x3F, 0x00, 0x00, 0x81, 0x0C, 0x24]);
    handler.extend(origin.to_le_bytes());
    handler.push(0xCF);
    put(machine, at, &handler);
    let access = *random.one_of(&[0xEE, 0xEE, 0xEF, 0x8E]);
    put(machine, IDT + vector * 8, &gate(CODE_OF[0], at, access, 0).to_le_bytes());
}

fn begin_protected(cpu: &mut CpuState, random: &mut Random, ring: u8, is_16: bool) {
    let at = usize::from(ring);
    let dpl = u32::from(ring) << 5;
    let flat = |selector, rights| Descriptor(descriptor(0, 0xF_FFFF, rights | dpl)).segment(Selector(selector));
    cpu.segments = [flat(DATA_OF[at], DATA_32); 6];
    cpu.segments[SegReg::Cs as usize] = flat(CODE_OF[at], CODE_32);
    cpu.rip = u64::from(CODE) + random.below(CODE_BYTES.into());
    if is_16 {
        let selector = if ring == 3 { CODE_16_USER } else { CODE_16 };
        cpu.segments[SegReg::Cs as usize] =
            Descriptor(descriptor(CODE, 0xFFFF, 0x9B | dpl)).segment(Selector(selector));
        cpu.rip -= u64::from(CODE);
    }
    cpu.cpl = ring;
    cpu.tr = Descriptor(descriptor(TSS, 0x2067, 0x8B)).segment(Selector(TSS_SELECTOR));
    cpu.gdtr = TableRegister { base: GDT.into(), limit: 0xFF };
    cpu.idtr = TableRegister { base: IDT.into(), limit: 0x7FF };
    cpu.cr3 = DIRECTORY.into();
    let bits = random.next();
    if !matches!(cpu.model, Model::I386 | Model::I486) {
        cpu.cr4 = bits & (CR4_OSFXSR | CR4_PSE | CR4_PGE | CR4_VME | CR4_PVI);
    }
    cpu.cr0 = CR0_ET | CR0_PE | CR0_PG | (bits & (CR0_WP | CR0_AM));
    cpu.gpr[4] = u64::from(if ring == 0 { STACK_0 } else { 0x3_0000 });
}

/// Segments whose limits, bases and types get into the way; alignment checks and data breakpoints of the guest.
fn bite(cpu: &mut CpuState, random: &mut Random) {
    for reg in [SegReg::Ds, SegReg::Es, SegReg::Ss, SegReg::Fs] {
        if cpu.virtual_8086() || !random.once_in(3) {
            continue;
        }
        let protected = cpu.protected();
        let segment = &mut cpu.segments[reg as usize];
        match random.below(8) {
            0 => segment.limit = 0x2_0000 + random.below(0x1_0000) as u32,
            1 => segment.limit = random.below(0x1_0000) as u32,
            2 => segment.limit = u32::MAX,
            3 => segment.base = random.below(0x1_0000) & !15,
            4 => segment.base = random.below(0x10_0000),
            // Read-only, or with the stack's size switched.
            5 if protected && reg != SegReg::Ss => segment.rights &= !2,
            5 => segment.rights ^= 0x4000,
            // Expand-down.
            6 if protected => {
                segment.rights |= 4;
                segment.limit = random.below(0x3_0000) as u32;
            }
            _ if reg != SegReg::Ss && protected => *segment = Segment::null(Selector(0)),
            _ => segment.limit = 0xFFF,
        }
    }
    if random.once_in(8) {
        cpu.segments[SegReg::Cs as usize].limit = if cpu.rip < u64::from(CODE_BYTES) {
            0x2000 + random.below(0x2000) as u32
        } else {
            0x1_2000 + random.below(0x2000) as u32
        };
    }
    if random.once_in(12) {
        cpu.dr7 |= 0x000F_0001 | (random.next() & 0x00F0_0004);
        cpu.dr = [pointer(random), pointer(random), 0, 0].map(u64::from);
    }
}

fn begin_virtual(cpu: &mut CpuState, random: &mut Random) {
    for reg in 0..6 {
        let selector = *random.one_of(&[0x1000, 0x2000, 0x2345, 0xA000, 0xB800, 0xFFFF]);
        cpu.segments[reg] = Segment { rights: 0xF3, ..Segment::real(selector) };
    }
    cpu.segments[SegReg::Cs as usize] = Segment { rights: 0xF3, ..Segment::real((CODE >> 4) as u16) };
    cpu.rip = random.below(CODE_BYTES.into());
    cpu.gpr[4] = 0x1000;
    cpu.flags.set(VM, true);
}

/// An entry that maps a page somewhere, with rights and marks as they come.
fn entry(random: &mut Random, frame: u32) -> u32 {
    let bits = random.next() as u32;
    // Absent once in eight; the rest may be written by anyone once in two.
    let rights = if bits & 0x100 != 0 { 7 } else { bits & 7 };
    let present = u32::from(!random.once_in(8));
    frame << 12 | bits & 0x160 | rights & !1 | present
}

/// A frame that is often RAM, sometimes video memory or ROM, and sometimes nothing at all.
fn frame(random: &mut Random) -> u32 {
    let value = random.next() as u32;
    match random.below(16) {
        0 => value & 0xF_FFFF,
        1 => 0xA0 + (value & 0x1F),
        2 => 0xF0 + (value & 0xF),
        3 => CODE / 0x1000 + value % (CODE_BYTES / 0x1000),
        4 => DIRECTORY / 0x1000 + value % 3,
        _ => value & 0x9F,
    }
}

/// The first 4 MiB: what the program needs, and the rest anyhow. Other directory entries: 4 MiB pages, the same table
/// again, the directory taken for a table, anything.
fn lay_out_tables(machine: &mut Machine, random: &mut Random) {
    for page in 0..1024 {
        let value = match page {
            _ if page < FIXED_PAGES => page << 12 | 7,
            _ if (CODE / 0x1000..(CODE + CODE_BYTES) / 0x1000).contains(&page) => page << 12 | 7,
            0..256 if random.once_in(2) => page << 12 | 7,
            _ => {
                let frame = frame(random);
                entry(random, frame)
            }
        };
        put(machine, TABLE + page * 4, &value.to_le_bytes());
    }
    put(machine, DIRECTORY, &(TABLE | 7).to_le_bytes());
    for index in 1..1024 {
        let value = match random.below(4) {
            0 => entry(random, 0) & 0x1FF | 0x80,
            1 => TABLE | 7,
            2 => DIRECTORY | 7,
            _ => random.next() as u32,
        };
        put(machine, DIRECTORY + index * 4, &value.to_le_bytes());
    }
}

/// The same with entries of eight bytes: the first 2 MiB.
fn lay_out_pae_tables(machine: &mut Machine, random: &mut Random) {
    for page in 0..512 {
        let value = match page {
            _ if page < FIXED_PAGES || (0x10..0x14).contains(&page) => page << 12 | 7,
            0..256 if random.once_in(2) => page << 12 | 7,
            _ => {
                let frame = frame(random);
                entry(random, frame)
            }
        };
        // Above 36 bits an entry must be zero; once in a while it is not.
        let high = if random.once_in(32) { random.next() as u32 } else { 0 };
        put(machine, TABLE + page * 8, &[value.to_le_bytes(), high.to_le_bytes()].concat());
    }
    put(machine, DIRECTORY, &u64::from(TABLE | 7).to_le_bytes());
    for index in 1..512 {
        let value = match random.below(4) {
            0 => u64::from(entry(random, 0) & 0x1FF | 0x80),
            1 => u64::from(TABLE | 7),
            2 => u64::from(DIRECTORY | 7),
            _ => random.next(),
        };
        put(machine, DIRECTORY + index * 8, &value.to_le_bytes());
    }
    for (index, value) in PDPTES.into_iter().enumerate() {
        put(machine, PDPT + 8 * index as u32, &value.to_le_bytes());
    }
}
