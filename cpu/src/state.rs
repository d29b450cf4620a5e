//! The processor's state: plain data, its own saved form. Everything here can change what the guest sees later.

use ringwalk_mmu::{Paging, Tlb, TlbPolicy};
use serde::{Deserialize, Serialize};

use crate::flags::{Eflags, VM};
use crate::fpu::Fpu;
use crate::model::{Feature, Model};
use crate::msr::Msrs;
use crate::segment::{SegReg, Segment, Selector};
use crate::vector::VectorState;

/// CR0.PE: protected mode.
pub const CR0_PE: u32 = 1;
/// CR0.MP: WAIT obeys TS.
pub const CR0_MP: u32 = 1 << 1;
/// CR0.EM: no coprocessor.
pub const CR0_EM: u32 = 1 << 2;
/// CR0.TS: task switched.
pub const CR0_TS: u32 = 1 << 3;
/// CR0.ET: always set.
pub const CR0_ET: u32 = 1 << 4;
/// CR0.NE: floating-point errors by #MF.
pub const CR0_NE: u32 = 1 << 5;
/// CR0.WP: supervisor writes obey read-only pages.
pub const CR0_WP: u32 = 1 << 16;
/// CR0.AM: alignment checks possible.
pub const CR0_AM: u32 = 1 << 18;
/// CR0.NW: not write-through.
pub const CR0_NW: u32 = 1 << 29;
/// CR0.CD: cache disabled.
pub const CR0_CD: u32 = 1 << 30;
/// CR0.PG: paging.
pub const CR0_PG: u32 = 1 << 31;

/// CR4 bits, SDM Vol.3A 2.5 "Control Registers".
pub const CR4_VME: u32 = 1;
/// Protected-mode virtual interrupts.
pub const CR4_PVI: u32 = 1 << 1;
/// RDTSC for CPL 0 only.
pub const CR4_TSD: u32 = 1 << 2;
/// Debugging extensions: I/O breakpoints, no DR4 and DR5.
pub const CR4_DE: u32 = 1 << 3;
/// 4 MiB pages.
pub const CR4_PSE: u32 = 1 << 4;
/// Physical address extension.
pub const CR4_PAE: u32 = 1 << 5;
/// Machine-check enable.
pub const CR4_MCE: u32 = 1 << 6;
/// Global pages.
pub const CR4_PGE: u32 = 1 << 7;
/// RDPMC at any CPL.
pub const CR4_PCE: u32 = 1 << 8;
/// FXSAVE and FXRSTOR supported by the system.
pub const CR4_OSFXSR: u32 = 1 << 9;
/// SIMD floating-point exceptions supported by the system.
pub const CR4_OSXMMEXCPT: u32 = 1 << 10;
/// No SGDT, SIDT, SLDT, SMSW, STR at CPL above 0.
pub const CR4_UMIP: u32 = 1 << 11;

/// DR7 and DR6 fixed bits. SDM Vol.3B 17.2 "Debug Registers".
pub const DR6_FIXED: u32 = 0xFFFF_0FF0;
/// DR7 bits that can be written: 11, 12, 14 and 15 read as clear.
pub const DR7_WRITABLE: u32 = 0xFFFF_23FF;
/// DR7 bit 10 always reads as set.
pub const DR7_FIXED: u32 = 0x400;

/// GDTR or IDTR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRegister {
    /// Linear address of the table.
    pub base: u64,
    /// Last valid byte.
    pub limit: u16,
}

/// The saved form of the general registers: sixteen of them.
mod registers {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(gpr: &[u64; 17], serializer: S) -> Result<S::Ok, S::Error> {
        let [registers @ .., _] = gpr;
        let registers: &[u64; 16] = registers;
        registers.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u64; 17], D::Error> {
        let registers = <[u64; 16]>::deserialize(deserializer)?;
        let mut gpr = [0; 17];
        gpr[..16].copy_from_slice(&registers);
        Ok(gpr)
    }
}

/// What the processor is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// Executing.
    #[default]
    Active,
    /// In HLT.
    Halted,
    /// Shut down after a triple fault; only a reset leaves it.
    Shutdown,
}

/// What the last instruction holds off until after the next one. SDM Vol.3A 6.8.3 "Masking Exceptions and Interrupts
/// When Switching Stacks", Vol.2B "STI".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shadow {
    /// Nothing.
    #[default]
    None,
    /// STI: maskable interrupts.
    Sti,
    /// MOV SS or POP SS: interrupts, NMI and debug traps.
    MovSs,
}

/// The page that code is being fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchPage {
    /// Linear page number.
    pub linear: u64,
    /// Physical page number, before the A20 gate.
    pub physical: u64,
    /// It was translated for CPL 3.
    pub user: bool,
}

/// Operating mode as far as it decides how things work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// CR0.PE clear.
    Real,
    /// Protected, EFLAGS.VM set.
    Virtual8086,
    /// Protected.
    Protected,
}

/// All state of one processor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuState {
    /// EAX ECX EDX EBX ESP EBP ESI EDI, then R8 to R15; behind them a zero, the base or index of an address that has
    /// none.
    #[serde(with = "registers")]
    pub gpr: [u64; 17],
    /// Instruction pointer: of the next instruction at every boundary.
    pub eip: u32,
    /// EFLAGS.
    pub flags: Eflags,
    /// Segment registers in encoding order.
    pub segments: [Segment; 6],
    /// LDTR with its cache.
    pub ldtr: Segment,
    /// TR with its cache.
    pub tr: Segment,
    /// GDTR.
    pub gdtr: TableRegister,
    /// IDTR.
    pub idtr: TableRegister,
    /// Current privilege level.
    pub cpl: u8,
    /// CR0.
    pub cr0: u32,
    /// CR2: linear address of the last page fault.
    pub cr2: u64,
    /// CR3.
    pub cr3: u64,
    /// CR4.
    pub cr4: u32,
    /// The PDPTE registers of PAE paging.
    pub pdptes: [u64; 4],
    /// DR0 to DR3.
    pub dr: [u32; 4],
    /// DR6.
    pub dr6: u32,
    /// DR7.
    pub dr7: u32,
    /// Model-specific registers.
    pub msrs: Msrs,
    /// The floating-point unit, with the MMX registers.
    pub fpu: Fpu,
    /// XMM and wider registers, MXCSR.
    pub vector: VectorState,
    /// Executing, halted or shut down.
    pub activity: Activity,
    /// What the last instruction holds off.
    pub shadow: Shadow,
    /// Between the delivery of an NMI and the next IRET.
    pub nmi_blocked: bool,
    /// An NMI that waits.
    pub nmi_pending: bool,
    /// DR6 bits of debug traps that wait for the instruction boundary.
    pub pending_debug: u32,
    /// The page that code comes from.
    pub fetch_page: Option<FetchPage>,
    /// The architectural TLB.
    pub tlb: Tlb,
    /// Cycles since power-on.
    pub position: u64,
    /// Instructions retired since power-on.
    pub retired: u64,
    /// Event deliveries since an instruction retired.
    pub fruitless_deliveries: u32,
    /// The processor model.
    pub model: Model,
}

impl CpuState {
    /// The processor after power-on. SDM Vol.3A 9.1.1 "Processor State After Reset".
    pub fn new(model: Model, tlb: TlbPolicy) -> CpuState {
        let mut state = CpuState {
            gpr: [0; 17],
            eip: 0,
            flags: Eflags::default(),
            segments: [Segment::real(0); 6],
            ldtr: Segment { selector: Selector(0), base: 0, limit: 0xFFFF, rights: 0x82 },
            tr: Segment { selector: Selector(0), base: 0, limit: 0xFFFF, rights: 0x8B },
            gdtr: TableRegister::default(),
            idtr: TableRegister::default(),
            cpl: 0,
            cr0: 0,
            cr2: 0,
            cr3: 0,
            cr4: 0,
            pdptes: [0; 4],
            dr: [0; 4],
            dr6: DR6_FIXED,
            dr7: DR7_FIXED,
            msrs: Msrs::default(),
            fpu: Fpu::default(),
            vector: VectorState::default(),
            activity: Activity::Active,
            shadow: Shadow::None,
            nmi_blocked: false,
            nmi_pending: false,
            pending_debug: 0,
            fetch_page: None,
            tlb: Tlb::new(tlb),
            position: 0,
            retired: 0,
            fruitless_deliveries: 0,
            model,
        };
        state.reset();
        state
    }

    /// INIT: as reset, but CR0.CD and NW, the floating-point unit and most MSRs keep their state. SDM Vol.3A Table 9-1.
    pub fn init(&mut self) {
        self.gpr = [0; 17];
        self.gpr[2] = u64::from(self.model.signature());
        self.eip = 0xFFF0;
        self.flags = Eflags::default();
        self.segments = [Segment::real(0); 6];
        self.segments[SegReg::Cs as usize] =
            Segment { selector: Selector(0xF000), base: 0xFFFF_0000, limit: 0xFFFF, rights: 0x9B };
        self.ldtr = Segment { selector: Selector(0), base: 0, limit: 0xFFFF, rights: 0x82 };
        self.tr = Segment { selector: Selector(0), base: 0, limit: 0xFFFF, rights: 0x8B };
        self.gdtr = TableRegister { base: 0, limit: 0xFFFF };
        self.idtr = TableRegister { base: 0, limit: 0xFFFF };
        self.cpl = 0;
        self.cr0 = (self.cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
        self.cr2 = 0;
        self.cr3 = 0;
        self.cr4 = 0;
        self.pdptes = [0; 4];
        self.dr = [0; 4];
        self.dr6 = DR6_FIXED;
        self.dr7 = DR7_FIXED;
        self.activity = Activity::Active;
        self.shadow = Shadow::None;
        self.nmi_blocked = false;
        self.nmi_pending = false;
        self.pending_debug = 0;
        self.fetch_page = None;
        self.tlb.flush();
    }

    /// Hardware reset: INIT, and caches, MSRs and floating-point unit as after power-on. Time goes on; the time-stamp
    /// counter starts anew.
    pub fn reset(&mut self) {
        self.init();
        // The 386 has no cache.
        self.cr0 = CR0_ET | if self.model.has(Feature::I486) { CR0_CD | CR0_NW } else { 0 };
        self.msrs = Msrs { tsc_adjust: self.position.wrapping_neg(), ..Msrs::default() };
        self.fpu = Fpu::default();
        self.vector = VectorState::default();
    }

    /// A segment register.
    #[inline]
    pub fn seg(&self, reg: SegReg) -> &Segment {
        &self.segments[reg as usize]
    }

    /// CR0.PE.
    #[inline]
    pub fn protected(&self) -> bool {
        self.cr0 & CR0_PE != 0
    }

    /// EFLAGS.VM in protected mode.
    #[inline]
    pub fn virtual_8086(&self) -> bool {
        self.flags.has(VM)
    }

    /// The operating mode.
    #[inline]
    pub fn mode(&self) -> Mode {
        if !self.protected() {
            Mode::Real
        } else if self.virtual_8086() {
            Mode::Virtual8086
        } else {
            Mode::Protected
        }
    }

    /// Code with 32-bit operands and addresses by default.
    #[inline]
    pub fn code_is_32(&self) -> bool {
        self.seg(SegReg::Cs).is_big()
    }

    /// The register bits that decide translation.
    pub fn paging(&self) -> Paging {
        Paging {
            enabled: self.cr0 & CR0_PG != 0,
            write_protect: self.cr0 & CR0_WP != 0,
            pse: self.cr4 & CR4_PSE != 0,
            pae: self.cr4 & CR4_PAE != 0,
            pge: self.cr4 & CR4_PGE != 0,
            cr3: self.cr3,
            pdptes: self.pdptes,
            physical_bits: self.model.physical_bits(),
            pse36: self.model.has_pse36(),
        }
    }

    /// Linear address of the next instruction.
    pub fn linear_eip(&self) -> u64 {
        self.seg(SegReg::Cs).base.wrapping_add(u64::from(self.eip)) & 0xFFFF_FFFF
    }
}
