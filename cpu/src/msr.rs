//! Model-specific registers. SDM Vol.4 Table 2-2 "IA-32 Architectural MSRs".

use serde::{Deserialize, Serialize};

use crate::model::{Feature, Model};

/// The model-specific registers that hold state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Msrs {
    /// IA32_SYSENTER_CS.
    pub sysenter_cs: u32,
    /// IA32_SYSENTER_ESP.
    pub sysenter_esp: u32,
    /// IA32_SYSENTER_EIP.
    pub sysenter_eip: u32,
    /// What is added to machine time to give the time-stamp counter.
    pub tsc_adjust: u64,
    /// IA32_APIC_BASE.
    pub apic_base: u64,
    /// IA32_MTRR_DEF_TYPE.
    pub mtrr_def_type: u64,
    /// Fixed-range MTRRs: 64K, 16K twice, 4K eight times.
    pub mtrr_fixed: [u64; 11],
    /// Variable-range MTRRs: base and mask of eight pairs.
    pub mtrr_variable: [u64; 16],
    /// IA32_BIOS_SIGN_ID.
    pub bios_sign_id: u64,
    /// IA32_MCG_STATUS and IA32_DEBUGCTL.
    pub debug_control: u64,
}

impl Default for Msrs {
    fn default() -> Self {
        Msrs {
            sysenter_cs: 0,
            sysenter_esp: 0,
            sysenter_eip: 0,
            tsc_adjust: 0,
            apic_base: 0xFEE0_0100,
            mtrr_def_type: 0,
            mtrr_fixed: [0; 11],
            mtrr_variable: [0; 16],
            bios_sign_id: 0,
            debug_control: 0,
        }
    }
}

const TSC: u32 = 0x10;
const APIC_BASE: u32 = 0x1B;
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
const MTRR_DEF_TYPE: u32 = 0x2FF;

/// IA32_DEBUGCTL.LBR and BTF. SDM Vol.3B 17.4.1 "IA32_DEBUGCTL MSR".
const LAST_BRANCH_RECORDS: u64 = 1;
const BRANCH_TRAP: u64 = 2;

/// Eight variable pairs, fixed ranges, write-combining.
const MTRR_CAPABILITIES: u64 = 0x508;

/// True unless the register came with a later processor. SDM Vol.4 2.22 "MSRs in the P6 Family Processors", 2.23 "MSRs
/// in Pentium Processors".
fn exists(number: u32, model: Model) -> bool {
    let since = match number {
        TSC => Feature::Tsc,
        SYSENTER_CS..=SYSENTER_EIP => Feature::Sep,
        _ => Feature::P6,
    };
    model.has(since)
}

/// False for a value with reserved bits or a memory type that does not exist. SDM Vol.3A 12.11 "Memory Type Range
/// Registers (MTRRs)".
fn is_allowed(number: u32, value: u64, model: Model) -> bool {
    let beyond = u64::MAX << model.physical_bits();
    match number {
        // The capabilities are read-only.
        MTRR_CAP => false,
        MTRR_DEF_TYPE => value & !0xCFF == 0 && is_memory_type(value as u8),
        MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST if number & 1 == 0 => {
            value & (beyond | 0xF00) == 0 && is_memory_type(value as u8)
        }
        MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => value & (beyond | 0x7FF) == 0,
        _ if MTRR_FIXED.contains(&number) => value.to_le_bytes().into_iter().all(is_memory_type),
        _ => true,
    }
}

/// UC, WC, WT, WP, WB. SDM Vol.3A Table 12-8 "Memory Types That Can Be Encoded in MTRRs".
const fn is_memory_type(code: u8) -> bool {
    matches!(code, 0 | 1 | 4 | 5 | 6)
}

impl Msrs {
    /// TF traps behind taken branches only. SDM Vol.3B 17.4.3 "Single-Stepping on Branches".
    pub fn steps_on_branches(&self) -> bool {
        self.debug_control & BRANCH_TRAP != 0
    }

    /// What a debug exception clears before its handler runs. SDM Vol.3B 17.4.2 "Monitoring Branches, Exceptions, and
    /// Interrupts", 17.4.3.
    pub fn leave_debug_control(&mut self) {
        self.debug_control &= !(LAST_BRANCH_RECORDS | BRANCH_TRAP);
    }

    /// Reads a register; `tsc` is machine time before adjustment. `None` if it does not exist.
    pub fn read(&self, number: u32, tsc: u64, model: Model) -> Option<u64> {
        if !exists(number, model) {
            return None;
        }
        Some(match number {
            TSC => tsc.wrapping_add(self.tsc_adjust),
            APIC_BASE => self.apic_base,
            BIOS_SIGN_ID => self.bios_sign_id,
            MTRR_CAP => MTRR_CAPABILITIES,
            SYSENTER_CS => u64::from(self.sysenter_cs),
            SYSENTER_ESP => u64::from(self.sysenter_esp),
            SYSENTER_EIP => u64::from(self.sysenter_eip),
            DEBUG_CONTROL => self.debug_control,
            MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => self.mtrr_variable[(number - MTRR_VARIABLE_FIRST) as usize],
            MTRR_DEF_TYPE => self.mtrr_def_type,
            _ => self.mtrr_fixed[MTRR_FIXED.iter().position(|fixed| *fixed == number)?],
        })
    }

    /// Writes a register. `None` if it does not exist, `Some(false)` if the value is not allowed.
    pub fn write(&mut self, number: u32, value: u64, tsc: u64, model: Model) -> Option<bool> {
        if !exists(number, model) {
            return None;
        }
        if !is_allowed(number, value, model) {
            return Some(false);
        }
        match number {
            TSC => self.tsc_adjust = value.wrapping_sub(tsc),
            APIC_BASE => self.apic_base = value & 0xF_FFFF_F900,
            BIOS_UPDATE => (),
            BIOS_SIGN_ID => self.bios_sign_id = value,
            SYSENTER_CS => self.sysenter_cs = value as u32,
            SYSENTER_ESP => self.sysenter_esp = value as u32,
            SYSENTER_EIP => self.sysenter_eip = value as u32,
            DEBUG_CONTROL => self.debug_control = value & 0x3,
            MTRR_VARIABLE_FIRST..=MTRR_VARIABLE_LAST => {
                self.mtrr_variable[(number - MTRR_VARIABLE_FIRST) as usize] = value;
            }
            MTRR_DEF_TYPE => self.mtrr_def_type = value,
            _ => {
                let index = MTRR_FIXED.iter().position(|fixed| *fixed == number)?;
                self.mtrr_fixed[index] = value;
            }
        }
        Some(true)
    }
}
