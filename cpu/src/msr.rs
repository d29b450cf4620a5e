//! Model-specific registers. SDM Vol.4 Table 2-2 "IA-32 Architectural MSRs".

use serde::{Deserialize, Serialize};

use crate::machine_check::{MachineCheck, is_machine_check};
use crate::model::{Feature, Features, Model};
use crate::msr_amd::{AmdMsrs, is_amd};

/// The model-specific registers that hold state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Msrs {
    /// IA32_SYSENTER_CS.
    pub sysenter_cs: u32,
    /// IA32_SYSENTER_ESP.
    pub sysenter_esp: u64,
    /// IA32_SYSENTER_EIP.
    pub sysenter_eip: u64,
    /// What is added to machine time to give the time-stamp counter.
    pub tsc_adjust: u64,
    /// The same after the last reset: IA32_TSC_ADJUST tells what was added since.
    pub tsc_reset: u64,
    /// IA32_MTRR_DEF_TYPE.
    pub mtrr_def_type: u64,
    /// Fixed-range MTRRs: 64K, 16K twice, 4K eight times.
    pub mtrr_fixed: [u64; 11],
    /// Variable-range MTRRs: base and mask of eight pairs.
    pub mtrr_variable: [u64; 16],
    /// IA32_BIOS_SIGN_ID.
    pub bios_sign_id: u64,
    /// IA32_DEBUGCTL.
    pub debug_control: u64,
    /// IA32_EFER.
    pub efer: u64,
    /// IA32_STAR: selectors of SYSCALL and SYSRET, and SYSCALL's EIP outside long mode.
    pub star: u64,
    /// IA32_LSTAR: SYSCALL's RIP.
    pub lstar: u64,
    /// IA32_CSTAR: SYSCALL's RIP from compatibility mode, where there is such a thing.
    pub cstar: u64,
    /// IA32_FMASK: flags that SYSCALL clears.
    pub fmask: u64,
    /// IA32_KERNEL_GS_BASE: what SWAPGS brings.
    pub kernel_gs_base: u64,
    /// IA32_TSC_AUX: what RDTSCP and RDPID tell.
    pub tsc_aux: u64,
    /// IA32_PAT.
    pub pat: u64,
    /// IA32_MISC_ENABLE.
    pub misc_enable: u64,
    /// MSR_MISC_FEATURES_ENABLES: CPUID faulting.
    pub misc_features: u64,
    /// IA32_SPEC_CTRL. There is no speculation to control.
    pub speculation_control: u64,
    /// Machine checks.
    pub machine_check: MachineCheck,
    /// What AMD's processors have.
    pub amd: AmdMsrs,
}

impl Default for Msrs {
    fn default() -> Self {
        Msrs {
            sysenter_cs: 0,
            sysenter_esp: 0,
            sysenter_eip: 0,
            tsc_adjust: 0,
            tsc_reset: 0,
            mtrr_def_type: 0,
            mtrr_fixed: [0; 11],
            mtrr_variable: [0; 16],
            bios_sign_id: 0,
            debug_control: 0,
            efer: 0,
            star: 0,
            lstar: 0,
            cstar: 0,
            fmask: 0,
            kernel_gs_base: 0,
            tsc_aux: 0,
            pat: 0x0007_0406_0007_0406,
            misc_enable: FAST_STRINGS | MONITOR_ENABLED,
            misc_features: 0,
            speculation_control: 0,
            machine_check: MachineCheck::default(),
            amd: AmdMsrs::default(),
        }
    }
}

/// IA32_P5_MC_ADDR, IA32_P5_MC_TYPE: the bus cycle of a machine check.
const P5_MC_ADDR: u32 = 0;
const P5_MC_TYPE: u32 = 1;
const TSC: u32 = 0x10;
const TSC_ADJUST: u32 = 0x3B;
const SPEC_CTRL: u32 = 0x48;
const PRED_CMD: u32 = 0x49;
const BIOS_UPDATE: u32 = 0x79;
const BIOS_SIGN_ID: u32 = 0x8B;
const MTRR_CAP: u32 = 0xFE;
const SYSENTER_CS: u32 = 0x174;
const SYSENTER_ESP: u32 = 0x175;
const SYSENTER_EIP: u32 = 0x176;
const DEBUG_CONTROL: u32 = 0x1D9;
const MTRR_VARIABLE_FIRST: u32 = 0x200;
const MTRR_VARIABLE_LAST: u32 = 0x20F;
const MTRR_FIXED: [u32; 11] = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F];
const PAT: u32 = 0x277;
const MTRR_DEF_TYPE: u32 = 0x2FF;
/// IA32_XSS: no component is the supervisor's, so that it stays 0.
const XSS: u32 = 0xDA0;
const PLATFORM_ID: u32 = 0x17;
const PLATFORM_INFO: u32 = 0xCE;
const ARCH_CAPABILITIES: u32 = 0x10A;
const MISC_FEATURES_ENABLES: u32 = 0x140;
/// IA32_MISC_ENABLE.
pub(crate) const MISC_ENABLE: u32 = 0x1A0;
/// IA32_EFER.
pub(crate) const EFER: u32 = 0xC000_0080;
const STAR: u32 = 0xC000_0081;
const LSTAR: u32 = 0xC000_0082;
const CSTAR: u32 = 0xC000_0083;
const FMASK: u32 = 0xC000_0084;
/// IA32_FS_BASE: the base of FS.
pub(crate) const FS_BASE: u32 = 0xC000_0100;
/// IA32_GS_BASE: the base of GS.
pub(crate) const GS_BASE: u32 = 0xC000_0101;
const KERNEL_GS_BASE: u32 = 0xC000_0102;
const TSC_AUX: u32 = 0xC000_0103;

/// MSR_PLATFORM_INFO bit 31: CPUID faulting. SDM Vol.4 Table 2-2.
const CPUID_FAULTING: u64 = 1 << 31;
/// Bits of IA32_MISC_ENABLE: fast strings, MONITOR, limited CPUID leaves, XD Bit Disable. SDM Vol.4 Table 2-2.
const FAST_STRINGS: u64 = 1;
const MONITOR_ENABLED: u64 = 1 << 18;
const LIMITED_LEAVES: u64 = 1 << 22;
const XD_DISABLED: u64 = 1 << 34;
const MISC_ENABLE_BITS: u64 = FAST_STRINGS | MONITOR_ENABLED | LIMITED_LEAVES | XD_DISABLED;
/// There is no branch-trace store, and no sampling by processor events.
const NO_BTS_NO_PEBS: u64 = 1 << 11 | 1 << 12;
/// What speculation does here, which is nothing: RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO,
/// SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO. SDM Vol.4 Table 2-2 "IA32_ARCH_CAPABILITIES".
const NO_SPECULATION: u64 = 1
    | 1 << 3
    | 1 << 4
    | 1 << 5
    | 1 << 6
    | 1 << 8
    | 1 << 13
    | 1 << 14
    | 1 << 15
    | 1 << 20
    | 1 << 24
    | 1 << 26
    | 1 << 27;
/// IBRS_ALL: one write of IA32_SPEC_CTRL holds for ever.
const ENHANCED_IBRS: u64 = 1 << 1;

/// IA32_DEBUGCTL.LBR and BTF. SDM Vol.3B 17.4.1 "IA32_DEBUGCTL MSR".
const LAST_BRANCH_RECORDS: u64 = 1;
const BRANCH_TRAP: u64 = 2;

/// Eight variable pairs, fixed ranges, write-combining.
const MTRR_CAPABILITIES: u64 = 0x508;

/// True unless the register came with a later processor. SDM Vol.4 2.22 "MSRs in the P6 Family Processors", 2.23 "MSRs
/// in Pentium Processors".
pub(crate) fn exists(number: u32, features: Features) -> bool {
    let any: &[Feature] = match number {
        TSC => &[Feature::Tsc],
        P5_MC_ADDR | P5_MC_TYPE => &[Feature::Mce],
        TSC_ADJUST => &[Feature::TscAdjust],
        SPEC_CTRL => &[Feature::Ibrs, Feature::Stibp, Feature::Ssbd],
        PRED_CMD => &[Feature::Ibrs],
        _ if is_machine_check(number) => &[Feature::Mca],
        _ if is_amd(number) => &[Feature::AmdIdentity],
        MISC_ENABLE if features.has(Feature::AmdIdentity) => &[],
        SYSENTER_CS..=SYSENTER_EIP => &[Feature::Sep],
        PAT => &[Feature::Pat],
        PLATFORM_INFO | MISC_FEATURES_ENABLES => &[Feature::CpuidFault],
        ARCH_CAPABILITIES => &[Feature::ArchCapabilities],
        EFER => &[Feature::Syscall, Feature::Nx, Feature::Lm],
        STAR => &[Feature::Syscall],
        XSS => &[Feature::Xsaves],
        MISC_ENABLE | LSTAR | CSTAR | FMASK | FS_BASE | GS_BASE | KERNEL_GS_BASE => &[Feature::Lm],
        TSC_AUX => &[Feature::Rdtscp, Feature::Rdpid],
        _ => &[Feature::P6],
    };
    any.iter().any(|feature| features.has(*feature))
}

/// True for registers that take canonical addresses only. SDM Vol.2D "WRMSR".
pub(crate) const fn holds_address(number: u32) -> bool {
    matches!(number, SYSENTER_ESP | SYSENTER_EIP | LSTAR | CSTAR | FS_BASE | GS_BASE | KERNEL_GS_BASE)
}

/// False for a value with reserved bits or a memory type that does not exist. SDM Vol.3A 12.11 "Memory Type Range
/// Registers (MTRRs)".
fn is_allowed(number: u32, value: u64, features: Features, physical_bits: u8) -> bool {
    let beyond = u64::MAX << physical_bits;
    match number {
        // The capabilities are read-only.
        MTRR_CAP | PLATFORM_ID | PLATFORM_INFO | ARCH_CAPABILITIES => false,
        SPEC_CTRL => value & !speculation_controls(features) == 0,
        // IBPB.
        PRED_CMD => value & !1 == 0,
        PAT => value.to_le_bytes().into_iter().all(|code| is_memory_type(code) || code == 7),
        MISC_FEATURES_ENABLES => value & !1 == 0,
        TSC_AUX => value >> 32 == 0,
        MISC_ENABLE => value & XD_DISABLED == 0 || features.has(Feature::Nx),
        XSS => value == 0,
        MTRR_DEF_TYPE => value & !0xCFF == 0 && is_memory_type(value as u8),
        MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST if number & 1 == 0 => {
            value & (beyond | 0xF00) == 0 && is_memory_type(value as u8)
        }
        MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => value & (beyond | 0x7FF) == 0,
        _ if MTRR_FIXED.contains(&number) => value.to_le_bytes().into_iter().all(is_memory_type),
        _ => true,
    }
}

/// Bits of IA32_SPEC_CTRL: IBRS, STIBP, SSBD. SDM Vol.4 Table 2-2.
fn speculation_controls(features: Features) -> u64 {
    let bits = [(Feature::Ibrs, 1), (Feature::Stibp, 2), (Feature::Ssbd, 4)];
    bits.into_iter().filter(|(feature, _)| features.has(*feature)).fold(0, |all, (_, bit)| all | bit)
}

/// UC, WC, WT, WP, WB. SDM Vol.3A Table 12-8 "Memory Types That Can Be Encoded in MTRRs".
const fn is_memory_type(code: u8) -> bool {
    matches!(code, 0 | 1 | 4 | 5 | 6)
}

impl Msrs {
    /// The registers of the model after a reset.
    pub fn after_reset(model: Model) -> Msrs {
        Msrs { amd: AmdMsrs::after_reset(model), ..Msrs::default() }
    }

    /// TF traps behind taken branches only. SDM Vol.3B 17.4.3 "Single-Stepping on Branches".
    pub fn steps_on_branches(&self) -> bool {
        self.debug_control & BRANCH_TRAP != 0
    }

    /// What a debug exception clears before its handler runs. SDM Vol.3B 17.4.2 "Monitoring Branches, Exceptions, and
    /// Interrupts", 17.4.3.
    pub fn leave_debug_control(&mut self) {
        self.debug_control &= !(LAST_BRANCH_RECORDS | BRANCH_TRAP);
    }

    /// IA32_MISC_ENABLE: MONITOR and MWAIT are there.
    pub fn monitor_enabled(&self) -> bool {
        self.misc_enable & MONITOR_ENABLED != 0
    }

    /// IA32_MISC_ENABLE: CPUID has no leaves above 2, for systems that know none.
    pub fn limits_leaves(&self) -> bool {
        self.misc_enable & LIMITED_LEAVES != 0
    }

    /// IA32_MISC_ENABLE: no page is kept from being executed, and CPUID says that none can be.
    pub fn disables_nx(&self) -> bool {
        self.misc_enable & XD_DISABLED != 0
    }

    /// Reads a register; `tsc` is machine time before adjustment. `None` if it does not exist.
    pub fn read(&self, number: u32, tsc: u64, features: Features) -> Option<u64> {
        if !exists(number, features) {
            return None;
        }
        Some(match number {
            TSC => tsc.wrapping_add(self.tsc_adjust),
            TSC_ADJUST => self.tsc_adjust.wrapping_sub(self.tsc_reset),
            P5_MC_ADDR | P5_MC_TYPE => 0,
            SPEC_CTRL => self.speculation_control,
            // A command, not a register.
            PRED_CMD => return None,
            _ if is_machine_check(number) => self.machine_check.read(number),
            _ if is_amd(number) => self.amd.read(number),
            BIOS_SIGN_ID => self.bios_sign_id,
            MTRR_CAP => MTRR_CAPABILITIES,
            SYSENTER_CS => u64::from(self.sysenter_cs),
            SYSENTER_ESP => self.sysenter_esp,
            SYSENTER_EIP => self.sysenter_eip,
            DEBUG_CONTROL => self.debug_control,
            MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => self.mtrr_variable[(number - MTRR_VARIABLE_FIRST) as usize],
            MTRR_DEF_TYPE => self.mtrr_def_type,
            PLATFORM_ID | XSS => 0,
            PLATFORM_INFO => CPUID_FAULTING,
            ARCH_CAPABILITIES if features.has(Feature::Ibrs) => NO_SPECULATION | ENHANCED_IBRS,
            ARCH_CAPABILITIES => NO_SPECULATION,
            MISC_FEATURES_ENABLES => self.misc_features,
            MISC_ENABLE => self.misc_enable | NO_BTS_NO_PEBS,
            PAT => self.pat,
            EFER => self.efer,
            STAR => self.star,
            LSTAR => self.lstar,
            CSTAR => self.cstar,
            FMASK => self.fmask,
            KERNEL_GS_BASE => self.kernel_gs_base,
            TSC_AUX => self.tsc_aux,
            _ => self.mtrr_fixed[MTRR_FIXED.iter().position(|fixed| *fixed == number)?],
        })
    }

    /// Writes a register. `None` if it does not exist, `Some(false)` if the value is not allowed.
    pub fn write(&mut self, number: u32, value: u64, tsc: u64, (features, model): (Features, Model)) -> Option<bool> {
        if !exists(number, features) {
            return None;
        }
        if !is_allowed(number, value, features, model.physical_bits()) {
            return Some(false);
        }
        match number {
            TSC => self.tsc_adjust = value.wrapping_sub(tsc),
            TSC_ADJUST => self.tsc_adjust = self.tsc_reset.wrapping_add(value),
            BIOS_UPDATE | P5_MC_ADDR | P5_MC_TYPE | PRED_CMD | XSS => (),
            SPEC_CTRL => self.speculation_control = value,
            _ if is_machine_check(number) => return Some(self.machine_check.write(number, value)),
            _ if is_amd(number) => return Some(self.amd.write(number, value, model)),
            BIOS_SIGN_ID => self.bios_sign_id = value,
            SYSENTER_CS => self.sysenter_cs = value as u32,
            SYSENTER_ESP => self.sysenter_esp = value,
            SYSENTER_EIP => self.sysenter_eip = value,
            DEBUG_CONTROL => self.debug_control = value & 0x3,
            MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => {
                self.mtrr_variable[(number - MTRR_VARIABLE_FIRST) as usize] = value;
            }
            MTRR_DEF_TYPE => self.mtrr_def_type = value,
            MISC_FEATURES_ENABLES => self.misc_features = value,
            MISC_ENABLE => self.misc_enable = value & MISC_ENABLE_BITS,
            PAT => self.pat = value,
            STAR => self.star = value,
            LSTAR => self.lstar = value,
            CSTAR => self.cstar = value,
            FMASK => self.fmask = value & 0xFFFF_FFFF,
            KERNEL_GS_BASE => self.kernel_gs_base = value,
            TSC_AUX => self.tsc_aux = value,
            _ => {
                let index = MTRR_FIXED.iter().position(|fixed| *fixed == number)?;
                self.mtrr_fixed[index] = value;
            }
        }
        Some(true)
    }
}
