//! The processor's state: plain data, its own saved form. Everything here can change what the guest sees later.

use ringwalk_mmu::{Class, Instant, Paging, Tlb, TlbPolicy};
use serde::{Deserialize, Serialize};

use crate::apic::{Abilities, Apic, Clock};
use crate::debug::DR6_MATCHES;
use crate::flags::{AC, Eflags, VM};
use crate::fpu::Fpu;
use crate::model::{Feature, Features, Model};
use crate::msr::Msrs;
use crate::segment::{SegReg, Segment, Selector};
use crate::vector::VectorState;

/// CR0.PE: protected mode.
pub const CR0_PE: u64 = 1;
/// CR0.MP: WAIT obeys TS.
pub const CR0_MP: u64 = 1 << 1;
/// CR0.EM: no coprocessor.
pub const CR0_EM: u64 = 1 << 2;
/// CR0.TS: task switched.
pub const CR0_TS: u64 = 1 << 3;
/// CR0.ET: always set.
pub const CR0_ET: u64 = 1 << 4;
/// CR0.NE: floating-point errors by #MF.
pub const CR0_NE: u64 = 1 << 5;
/// CR0.WP: supervisor writes obey read-only pages.
pub const CR0_WP: u64 = 1 << 16;
/// CR0.AM: alignment checks possible.
pub const CR0_AM: u64 = 1 << 18;
/// CR0.NW: not write-through.
pub const CR0_NW: u64 = 1 << 29;
/// CR0.CD: cache disabled.
pub const CR0_CD: u64 = 1 << 30;
/// CR0.PG: paging.
pub const CR0_PG: u64 = 1 << 31;

/// CR4 bits, SDM Vol.3A 2.5 "Control Registers".
pub const CR4_VME: u64 = 1;
/// Protected-mode virtual interrupts.
pub const CR4_PVI: u64 = 1 << 1;
/// RDTSC for CPL 0 only.
pub const CR4_TSD: u64 = 1 << 2;
/// Debugging extensions: I/O breakpoints, no DR4 and DR5.
pub const CR4_DE: u64 = 1 << 3;
/// 4 MiB pages.
pub const CR4_PSE: u64 = 1 << 4;
/// Physical address extension.
pub const CR4_PAE: u64 = 1 << 5;
/// Machine-check enable.
pub const CR4_MCE: u64 = 1 << 6;
/// Global pages.
pub const CR4_PGE: u64 = 1 << 7;
/// RDPMC at any CPL.
pub const CR4_PCE: u64 = 1 << 8;
/// FXSAVE and FXRSTOR supported by the system.
pub const CR4_OSFXSR: u64 = 1 << 9;
/// SIMD floating-point exceptions supported by the system.
pub const CR4_OSXMMEXCPT: u64 = 1 << 10;
/// No SGDT, SIDT, SLDT, SMSW, STR at CPL above 0.
pub const CR4_UMIP: u64 = 1 << 11;
/// Five levels of paging.
pub const CR4_LA57: u64 = 1 << 12;
/// RDFSBASE and its like.
pub const CR4_FSGSBASE: u64 = 1 << 16;
/// Process-context identifiers.
pub const CR4_PCIDE: u64 = 1 << 17;
/// XSAVE and XCR0.
pub const CR4_OSXSAVE: u64 = 1 << 18;
/// No supervisor fetches from user pages.
pub const CR4_SMEP: u64 = 1 << 20;
/// No supervisor accesses to user pages unless EFLAGS.AC is set.
pub const CR4_SMAP: u64 = 1 << 21;
/// Protection keys of user pages.
pub const CR4_PKE: u64 = 1 << 22;

/// IA32_EFER bits, SDM Vol.3A 2.2.1 "Extended Feature Enable Register". SYSCALL and SYSRET.
pub const EFER_SCE: u64 = 1;
/// Long mode as soon as paging is on.
pub const EFER_LME: u64 = 1 << 8;
/// Long mode is active.
pub const EFER_LMA: u64 = 1 << 10;
/// Execute-disable.
pub const EFER_NXE: u64 = 1 << 11;

/// DR7 and DR6 fixed bits. SDM Vol.3B 17.2 "Debug Registers".
pub const DR6_FIXED: u64 = 0xFFFF_0FF0;
/// DR7 bits that can be written: 11, 12, 14 and 15 read as clear.
pub const DR7_WRITABLE: u64 = 0xFFFF_23FF;
/// DR7 bit 10 always reads as set.
pub const DR7_FIXED: u64 = 0x400;

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
    /// In MWAIT, until the next event.
    Waiting {
        /// Interrupts wake it even while IF is clear.
        masked: bool,
    },
}

impl Activity {
    /// True while time passes without instructions.
    pub const fn is_idle(self) -> bool {
        matches!(self, Activity::Halted | Activity::Waiting { .. })
    }
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

/// The default operand and address sizes of code. SDM Vol.1 3.6 "Operand-Size and Address-Size Attributes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSize {
    /// Both are 16 bits.
    Bits16,
    /// Both are 32 bits.
    Bits32,
    /// Operands of 32 bits, addresses of 64.
    Bits64,
}

/// All state of one processor. The general registers stand first: reaching one takes the shortest of instructions then, and
/// the fast tier's code is as large as it is because of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[repr(C)]
pub struct CpuState {
    /// EAX ECX EDX EBX ESP EBP ESI EDI, then R8 to R15; behind them a zero, the base or index of an address that has
    /// none.
    #[serde(with = "registers")]
    pub gpr: [u64; 17],
    /// Instruction pointer: of the next instruction at every boundary. Outside 64-bit code its upper half is zero.
    pub rip: u64,
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
    pub cr0: u64,
    /// CR2: linear address of the last page fault.
    pub cr2: u64,
    /// CR3.
    pub cr3: u64,
    /// CR4.
    pub cr4: u64,
    /// The PDPTE registers of PAE paging.
    pub pdptes: [u64; 4],
    /// PKRU: rights of protection keys.
    pub pkru: u32,
    /// XCR0: the state that is switched on. SDM Vol.3A 2.6 "Extended Control Registers (Including XCR0)".
    pub xcr0: u64,
    /// DR0 to DR3.
    pub dr: [u64; 4],
    /// DR6.
    pub dr6: u64,
    /// DR7.
    pub dr7: u64,
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
    /// Nothing happened since MONITOR.
    pub monitor_armed: bool,
    /// DR6 bits of debug traps that wait for the instruction boundary.
    pub pending_debug: u64,
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
    /// The machine's clock in hertz, as CPUID tells it.
    pub clock_hz: u64,
    /// What RDRAND and RDSEED give next: see [`CpuState::next_random`].
    pub entropy: u64,
    /// What it has: the model's features, with those taken out or added that the configuration names.
    pub features: Features,
    /// The local APIC.
    pub apic: Apic,
}

impl CpuState {
    /// The processor after power-on. SDM Vol.3A 9.1.1 "Processor State After Reset".
    pub fn new(model: Model, tlb: TlbPolicy) -> CpuState {
        let mut state = CpuState {
            gpr: [0; 17],
            rip: 0,
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
            pkru: 0,
            xcr0: 1,
            dr: [0; 4],
            dr6: DR6_FIXED,
            dr7: DR7_FIXED,
            msrs: Msrs::after_reset(model),
            fpu: Fpu::default(),
            vector: VectorState::default(),
            activity: Activity::Active,
            shadow: Shadow::None,
            nmi_blocked: false,
            nmi_pending: false,
            monitor_armed: false,
            pending_debug: 0,
            fetch_page: None,
            tlb: Tlb::new(tlb),
            position: 0,
            retired: 0,
            fruitless_deliveries: 0,
            model,
            clock_hz: 100_000_000,
            entropy: 0,
            features: model.features(),
            apic: Apic::new(Abilities::of(model, model.features()), 0),
        };
        state.reset();
        state
    }

    /// INIT: as reset, but CR0.CD and NW, the floating-point unit and most MSRs keep their state. SDM Vol.3A Table 9-1.
    pub fn init(&mut self) {
        self.gpr = [0; 17];
        self.gpr[2] = u64::from(self.model.signature());
        self.rip = 0xFFF0;
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
        self.msrs.efer = 0;
        self.dr = [0; 4];
        self.dr6 = DR6_FIXED;
        self.dr7 = DR7_FIXED;
        self.activity = Activity::Active;
        self.shadow = Shadow::None;
        self.nmi_blocked = false;
        self.nmi_pending = false;
        self.monitor_armed = false;
        self.pending_debug = 0;
        self.fetch_page = None;
        self.tlb.flush();
        self.apic.init();
    }

    /// Hardware reset: INIT, and caches, MSRs and floating-point unit as after power-on. Time goes on; the time-stamp
    /// counter starts anew.
    pub fn reset(&mut self) {
        self.init();
        self.apic.reset();
        // The 386 has no cache.
        self.cr0 = CR0_ET | if self.features.has(Feature::I486) { CR0_CD | CR0_NW } else { 0 };
        let tsc_reset = self.position.wrapping_neg();
        self.msrs = Msrs { tsc_adjust: tsc_reset, tsc_reset, ..Msrs::after_reset(self.model) };
        self.fpu = Fpu::default();
        self.vector = VectorState::default();
        self.pkru = 0;
        self.xcr0 = 1;
    }

    /// When the local APIC wants to be brought forward next.
    pub fn due(&self) -> Option<Instant> {
        self.apic.due(self.clock())
    }

    /// The time, as the local APIC sees it at a boundary.
    pub fn clock(&self) -> Clock {
        Clock { now: Instant(self.position), tsc_adjust: self.msrs.tsc_adjust }
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

    /// Rights class of ordinary accesses at this CPL.
    #[inline]
    pub fn class(&self) -> Class {
        if self.cpl == 3 {
            Class::User
        } else if self.cr4 & CR4_SMAP != 0 && self.flags.has(AC) {
            Class::SupervisorOverride
        } else {
            Class::Supervisor
        }
    }

    /// The process context of translations: CR3[11:0] with CR4.PCIDE set.
    #[inline]
    pub fn pcid(&self) -> u16 {
        if self.cr4 & CR4_PCIDE != 0 { self.cr3 as u16 & 0xFFF } else { 0 }
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
            pse36: self.features.has(Feature::Pse36),
            gib_pages: self.features.has(Feature::Pdpe1gb),
            long: self.long_mode(),
            la57: self.cr4 & CR4_LA57 != 0,
            nxe: self.msrs.efer & EFER_NXE != 0 && !self.msrs.disables_nx(),
            smep: self.cr4 & CR4_SMEP != 0,
            smap: self.cr4 & CR4_SMAP != 0,
            pke: self.cr4 & CR4_PKE != 0,
            pkru: self.pkru,
            pcid: self.pcid(),
        }
    }

    /// Long mode is active: IA32_EFER.LMA.
    #[inline]
    pub fn long_mode(&self) -> bool {
        self.msrs.efer & EFER_LMA != 0
    }

    /// 64-bit code: long mode, and CS.L.
    #[inline]
    pub fn code_is_64(&self) -> bool {
        self.long_mode() && self.seg(SegReg::Cs).is_long()
    }

    /// The default sizes of the code that runs.
    #[inline]
    pub fn code_size(&self) -> CodeSize {
        match (self.code_is_64(), self.code_is_32()) {
            (true, _) => CodeSize::Bits64,
            (false, true) => CodeSize::Bits32,
            (false, false) => CodeSize::Bits16,
        }
    }

    /// The bits that RIP has in the code that runs.
    #[inline]
    pub fn rip_mask(&self) -> u64 {
        if self.code_is_64() { u64::MAX } else { 0xFFFF_FFFF }
    }

    /// The next number of RDRAND and RDSEED: a fixed sequence from the machine's seed (SplitMix64).
    pub fn next_random(&mut self) -> u64 {
        self.entropy = self.entropy.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.entropy ^ self.entropy >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// CR8: bits 7:4 of the task-priority register.
    pub fn cr8(&self) -> u64 {
        (self.apic.tpr() >> 4).into()
    }

    /// Writes CR8, 0 to 15.
    pub fn set_cr8(&mut self, value: u64) {
        // Four bits.
        self.apic.set_tpr((value as u8 & 15) << 4);
    }

    /// Linear address of the next instruction.
    pub fn linear_rip(&self) -> u64 {
        if self.code_is_64() { self.rip } else { self.seg(SegReg::Cs).base.wrapping_add(self.rip) & 0xFFFF_FFFF }
    }

    /// What a debug exception reports in DR6: B0 to B3 tell of this exception alone, the other bits stay until software
    /// clears them. SDM Vol.3B 17.2.3 "Debug Status Register (DR6)".
    pub(crate) fn report_debug(&mut self, bits: u64) {
        self.dr6 = (self.dr6 & !DR6_MATCHES) | bits;
    }

    /// Canonical for a register that holds the base of a segment or table, or a target of a fast call: the width is that
    /// of the processor, whatever CR4.LA57 says. 5-Level Paging and 5-Level EPT White Paper (335252), 3.1
    /// "Canonicality Checking".
    pub fn is_canonical_base(&self, addr: u64) -> bool {
        let shift = if self.features.has(Feature::La57) { 7 } else { 16 };
        ((addr << shift) as i64 >> shift) as u64 == addr
    }

    /// Canonical: all bits above the linear-address width repeat its highest one. SDM Vol.1 3.3.7.1 "Canonical
    /// Addressing".
    #[inline]
    pub fn is_canonical(&self, addr: u64) -> bool {
        let shift = if self.cr4 & CR4_LA57 != 0 { 7 } else { 16 };
        ((addr << shift) as i64 >> shift) as u64 == addr
    }
}
