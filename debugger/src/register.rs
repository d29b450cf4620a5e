//! Registers by name: the parts of EAX and the like, segment and system registers, EFLAGS and its flags.

use ringwalk_cpu::flags::{self, Eflags};
use ringwalk_cpu::segment::{Descriptor, SegReg, Segment, Selector};
use ringwalk_cpu::state::{CpuState, DR6_FIXED, DR7_FIXED, Mode};
use ringwalk_mmu::{LinAddr, Memory};

use crate::space;

/// A register, or a part of one, that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// A general register by number.
    General(u8),
    /// The low word of a general register.
    Word(u8),
    /// The low byte (AL CL DL BL).
    Low(u8),
    /// The second byte (AH CH DH BH).
    High(u8),
    /// A general register of 64 bits.
    Wide(u8),
    /// RIP.
    Rip,
    /// CR8.
    TaskPriority,
    /// IA32_EFER.
    Efer,
    /// The base of FS or GS.
    Base(SegReg),
    /// EIP.
    Eip,
    /// IP: EIP as 16 bits.
    Ip,
    /// EFLAGS.
    Eflags,
    /// One flag, or IOPL, by mask.
    Flag(u32),
    /// A segment register's selector.
    Segment(SegReg),
    /// CR0, CR2, CR3 or CR4.
    Control(u8),
    /// DR0 to DR3, DR6 or DR7.
    Debug(u8),
    /// LDTR's selector.
    Ldtr,
    /// TR's selector.
    Tr,
    /// GDTR's base.
    GdtBase,
    /// GDTR's limit.
    GdtLimit,
    /// IDTR's base.
    IdtBase,
    /// IDTR's limit.
    IdtLimit,
    /// The privilege level.
    Cpl,
}

/// Every name and what it names.
pub static REGISTERS: &[(&str, Register)] = &[
    ("eax", Register::General(0)),
    ("ebx", Register::General(3)),
    ("ecx", Register::General(1)),
    ("edx", Register::General(2)),
    ("esi", Register::General(6)),
    ("edi", Register::General(7)),
    ("ebp", Register::General(5)),
    ("esp", Register::General(4)),
    ("eip", Register::Eip),
    ("eflags", Register::Eflags),
    ("cs", Register::Segment(SegReg::Cs)),
    ("ss", Register::Segment(SegReg::Ss)),
    ("ds", Register::Segment(SegReg::Ds)),
    ("es", Register::Segment(SegReg::Es)),
    ("fs", Register::Segment(SegReg::Fs)),
    ("gs", Register::Segment(SegReg::Gs)),
    ("cr0", Register::Control(0)),
    ("cr2", Register::Control(2)),
    ("cr3", Register::Control(3)),
    ("cr4", Register::Control(4)),
    ("ax", Register::Word(0)),
    ("bx", Register::Word(3)),
    ("cx", Register::Word(1)),
    ("dx", Register::Word(2)),
    ("si", Register::Word(6)),
    ("di", Register::Word(7)),
    ("bp", Register::Word(5)),
    ("sp", Register::Word(4)),
    ("ip", Register::Ip),
    ("al", Register::Low(0)),
    ("bl", Register::Low(3)),
    ("cl", Register::Low(1)),
    ("dl", Register::Low(2)),
    ("ah", Register::High(0)),
    ("bh", Register::High(3)),
    ("ch", Register::High(1)),
    ("dh", Register::High(2)),
    ("dr0", Register::Debug(0)),
    ("dr1", Register::Debug(1)),
    ("dr2", Register::Debug(2)),
    ("dr3", Register::Debug(3)),
    ("dr6", Register::Debug(6)),
    ("dr7", Register::Debug(7)),
    ("ldtr", Register::Ldtr),
    ("tr", Register::Tr),
    ("gdtr", Register::GdtBase),
    ("gdtl", Register::GdtLimit),
    ("idtr", Register::IdtBase),
    ("idtl", Register::IdtLimit),
    ("cpl", Register::Cpl),
    ("cf", Register::Flag(flags::CF)),
    ("pf", Register::Flag(flags::PF)),
    ("af", Register::Flag(flags::AF)),
    ("zf", Register::Flag(flags::ZF)),
    ("sf", Register::Flag(flags::SF)),
    ("tf", Register::Flag(flags::TF)),
    ("if", Register::Flag(flags::IF)),
    ("df", Register::Flag(flags::DF)),
    ("of", Register::Flag(flags::OF)),
    ("iopl", Register::Flag(flags::IOPL)),
    ("nt", Register::Flag(flags::NT)),
    ("rf", Register::Flag(flags::RF)),
    ("vm", Register::Flag(flags::VM)),
    ("rax", Register::Wide(0)),
    ("rbx", Register::Wide(3)),
    ("rcx", Register::Wide(1)),
    ("rdx", Register::Wide(2)),
    ("rsi", Register::Wide(6)),
    ("rdi", Register::Wide(7)),
    ("rbp", Register::Wide(5)),
    ("rsp", Register::Wide(4)),
    ("r8", Register::Wide(8)),
    ("r9", Register::Wide(9)),
    ("r10", Register::Wide(10)),
    ("r11", Register::Wide(11)),
    ("r12", Register::Wide(12)),
    ("r13", Register::Wide(13)),
    ("r14", Register::Wide(14)),
    ("r15", Register::Wide(15)),
    ("rip", Register::Rip),
    ("cr8", Register::TaskPriority),
    ("efer", Register::Efer),
    ("fsbase", Register::Base(SegReg::Fs)),
    ("gsbase", Register::Base(SegReg::Gs)),
    ("spl", Register::Low(4)),
    ("bpl", Register::Low(5)),
    ("sil", Register::Low(6)),
    ("dil", Register::Low(7)),
    ("r8d", Register::General(8)),
    ("r9d", Register::General(9)),
    ("r10d", Register::General(10)),
    ("r11d", Register::General(11)),
    ("r12d", Register::General(12)),
    ("r13d", Register::General(13)),
    ("r14d", Register::General(14)),
    ("r15d", Register::General(15)),
    ("r8w", Register::Word(8)),
    ("r9w", Register::Word(9)),
    ("r10w", Register::Word(10)),
    ("r11w", Register::Word(11)),
    ("r12w", Register::Word(12)),
    ("r13w", Register::Word(13)),
    ("r14w", Register::Word(14)),
    ("r15w", Register::Word(15)),
    ("r8l", Register::Low(8)),
    ("r9l", Register::Low(9)),
    ("r10l", Register::Low(10)),
    ("r11l", Register::Low(11)),
    ("r12l", Register::Low(12)),
    ("r13l", Register::Low(13)),
    ("r14l", Register::Low(14)),
    ("r15l", Register::Low(15)),
];

impl Register {
    /// The register with this name, in any case; a leading `$` or `%` is allowed.
    pub fn by_name(name: &str) -> Option<Register> {
        let name = name.trim_start_matches(['$', '%']);
        let found = REGISTERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, register)| *register)
    }

    /// Digits that its value is shown with: all of a 64-bit register's, at least eight of another.
    pub fn digits(self) -> usize {
        if matches!(self, Register::Wide(_) | Register::Rip | Register::Base(_)) { 16 } else { 8 }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = REGISTERS.iter().find(|(_, register)| *register == self);
        found.map_or("?", |(name, _)| name)
    }

    /// Its value.
    pub fn read(self, cpu: &CpuState) -> u64 {
        let general = |number: u8| cpu.gpr[number as usize & 15];
        match self {
            Register::General(number) => general(number) & 0xFFFF_FFFF,
            Register::Word(number) => general(number) & 0xFFFF,
            Register::Low(number) => general(number) & 0xFF,
            Register::High(number) => general(number) >> 8 & 0xFF,
            Register::Wide(number) => general(number),
            Register::Rip => cpu.rip,
            Register::TaskPriority => cpu.cr8(),
            Register::Efer => cpu.msrs.efer,
            Register::Base(reg) => cpu.seg(reg).base,
            Register::Eip => cpu.rip & 0xFFFF_FFFF,
            Register::Ip => cpu.rip & 0xFFFF,
            Register::Eflags => u64::from(cpu.flags.bits()),
            Register::Flag(mask) => u64::from((cpu.flags.bits() & mask) >> mask.trailing_zeros()),
            Register::Segment(reg) => u64::from(cpu.seg(reg).selector.0),
            Register::Control(0) => cpu.cr0,
            Register::Control(2) => cpu.cr2,
            Register::Control(3) => cpu.cr3,
            Register::Control(_) => cpu.cr4,
            Register::Debug(6) => cpu.dr6,
            Register::Debug(7) => cpu.dr7,
            Register::Debug(number) => cpu.dr[number as usize & 3],
            Register::Ldtr => u64::from(cpu.ldtr.selector.0),
            Register::Tr => u64::from(cpu.tr.selector.0),
            Register::GdtBase => cpu.gdtr.base,
            Register::GdtLimit => u64::from(cpu.gdtr.limit),
            Register::IdtBase => cpu.idtr.base,
            Register::IdtLimit => u64::from(cpu.idtr.limit),
            Register::Cpl => u64::from(cpu.cpl),
        }
    }

    /// Sets it in a processor that stands still. Values are cut to the register's width. A segment register loads
    /// its descriptor cache as the mode demands, without the checks and without setting the accessed flag.
    /// The caller drops derived data (traces, host TLB); the architectural TLB stays, as after a forgotten INVLPG.
    pub fn write(self, cpu: &mut CpuState, memory: &Memory, value: u64) -> Result<(), String> {
        let low = value as u32; // Truncation: outside long mode registers are 32 bits wide.
        let whole = if cpu.long_mode() { value } else { low.into() };
        let part = |old: u64, mask: u64, shift: u32| (old & !(mask << shift)) | (value & mask) << shift;
        match self {
            Register::General(number) => cpu.gpr[number as usize & 15] = u64::from(low),
            Register::Wide(number) => cpu.gpr[number as usize & 15] = value,
            Register::Rip => set_rip(cpu, value),
            Register::TaskPriority => cpu.set_cr8(value & 15),
            Register::Base(reg) => cpu.segments[reg as usize].base = whole,
            Register::Word(number) => {
                let old = &mut cpu.gpr[number as usize & 15];
                *old = part(*old, 0xFFFF, 0);
            }
            Register::Low(number) => {
                let old = &mut cpu.gpr[number as usize & 15];
                *old = part(*old, 0xFF, 0);
            }
            Register::High(number) => {
                let old = &mut cpu.gpr[number as usize & 15];
                *old = part(*old, 0xFF, 8);
            }
            Register::Eip => set_rip(cpu, low.into()),
            Register::Ip => set_rip(cpu, (low & 0xFFFF).into()),
            Register::Eflags => cpu.flags = Eflags::from_bits(low),
            Register::Flag(mask) => cpu.flags.replace(mask, low << mask.trailing_zeros()),
            Register::Segment(reg) => load_segment(cpu, memory, reg, Selector(value as u16))?,
            Register::Control(0) => cpu.cr0 = low.into(),
            Register::Control(2) => cpu.cr2 = whole,
            Register::Control(3) => cpu.cr3 = whole,
            Register::Control(_) => cpu.cr4 = low.into(),
            Register::Debug(6) => cpu.dr6 = u64::from(low) | DR6_FIXED,
            Register::Debug(7) => cpu.dr7 = u64::from(low) | DR7_FIXED,
            Register::Debug(number) => cpu.dr[number as usize & 3] = whole,
            Register::GdtBase => cpu.gdtr.base = whole,
            Register::GdtLimit => cpu.gdtr.limit = value as u16,
            Register::IdtBase => cpu.idtr.base = whole,
            Register::IdtLimit => cpu.idtr.limit = value as u16,
            Register::Efer => {
                return Err("efer cannot be set: LMA goes with CR0.PG and CS; let the guest write it".to_string());
            }
            Register::Ldtr | Register::Tr | Register::Cpl => {
                let name = self.name();
                return Err(format!("{name} cannot be set alone: it belongs to a descriptor; let the guest load it"));
            }
        }
        Ok(())
    }
}

fn set_rip(cpu: &mut CpuState, rip: u64) {
    cpu.rip = rip;
    cpu.fetch_page = None;
}

fn load_segment(cpu: &mut CpuState, memory: &Memory, reg: SegReg, selector: Selector) -> Result<(), String> {
    let segment = match cpu.mode() {
        // SDM Vol.3B 20.1.1 "Address Translation in Real-Address Mode": only the base follows the selector.
        Mode::Real => Segment { selector, base: u64::from(selector.0) << 4, ..*cpu.seg(reg) },
        Mode::Virtual8086 => Segment { rights: 0xF3, ..Segment::real(selector.0) },
        Mode::Protected if selector.is_null() && reg != SegReg::Cs && reg != SegReg::Ss => Segment::null(selector),
        Mode::Protected => {
            let descriptor = descriptor_of(cpu, memory, selector).ok_or_else(|| {
                let name = reg.name();
                format!("{name} cannot be {:04x}: no descriptor can be read there; see `info gdt`", selector.0)
            })?;
            descriptor.segment(selector)
        }
    };
    cpu.segments[reg as usize] = segment;
    if reg == SegReg::Cs {
        cpu.fetch_page = None;
    }
    Ok(())
}

/// The descriptor that a selector names, read without side effects.
pub fn descriptor_of(cpu: &CpuState, memory: &Memory, selector: Selector) -> Option<Descriptor> {
    let (base, limit) = if selector.is_local() {
        if cpu.ldtr.is_unusable() {
            return None;
        }
        (cpu.ldtr.base, cpu.ldtr.limit)
    } else {
        (cpu.gdtr.base, u32::from(cpu.gdtr.limit))
    };
    if selector.offset() + 7 > limit {
        return None;
    }
    let mut raw = [0; 8];
    for (index, byte) in raw.iter_mut().enumerate() {
        let at = LinAddr((base + u64::from(selector.offset()) + index as u64) & 0xFFFF_FFFF);
        *byte = space::peek_linear(cpu, memory, at)?;
    }
    Some(Descriptor(u64::from_le_bytes(raw)))
}
