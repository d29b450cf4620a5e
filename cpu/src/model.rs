//! Processor models: one table row each. What a model lacks is undefined for its guests.
//! SDM Vol.2A "CPUID", and the processors' own manuals.

use serde::{Deserialize, Serialize};

use crate::flags::{AC, DEFINED, ID, VIF, VIP};

/// An instruction-set step or CPUID feature that rows of the instruction table ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Feature {
    /// In every model.
    I8086,
    /// Since the 80186.
    I186,
    /// Since the 80286.
    I286,
    /// Since the 386.
    I386,
    /// Since the 486.
    I486,
    /// The CPUID instruction.
    Cpuid,
    /// RDTSC.
    Tsc,
    /// RDMSR and WRMSR.
    Msr,
    /// CMPXCHG8B.
    Cx8,
    /// Since the Pentium Pro.
    P6,
    /// Conditional moves.
    Cmov,
    /// SYSENTER and SYSEXIT.
    Sep,
    /// FXSAVE and FXRSTOR.
    Fxsr,
}

/// A processor model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// Intel 386 DX.
    I386,
    /// Intel 486 DX4, with CPUID.
    I486,
    /// Intel Pentium.
    Pentium,
    /// Intel Pentium II.
    P6,
    /// Everything that this build can do.
    #[default]
    Max,
}

impl Model {
    /// All models with their names on the command line.
    pub const ALL: [(&'static str, Model); 5] = [
        ("386", Model::I386),
        ("486", Model::I486),
        ("pentium", Model::Pentium),
        ("p6", Model::P6),
        ("max", Model::Max),
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Model::ALL.iter().find(|(_, model)| *model == self).map_or("max", |(name, _)| name)
    }

    /// True if the model has the feature.
    pub const fn has(self, feature: Feature) -> bool {
        let newest = match self {
            Model::I386 => Feature::I386,
            Model::I486 => Feature::Cpuid,
            Model::Pentium => Feature::Cx8,
            Model::P6 | Model::Max => Feature::Fxsr,
        };
        feature as u8 <= newest as u8
    }

    /// Family, model and stepping as EDX holds them after reset and CPUID leaf 1 in EAX.
    pub const fn signature(self) -> u32 {
        match self {
            Model::I386 => 0x0308,
            Model::I486 => 0x0480,
            Model::Pentium => 0x0543,
            Model::P6 | Model::Max => 0x0653,
        }
    }

    /// The bits of EFLAGS that can be set at all. SDM Vol.3B 22.8 "New Flags in the EFLAGS Register".
    pub const fn flags(self) -> u32 {
        match self {
            Model::I386 => DEFINED & !(AC | VIF | VIP | ID),
            Model::I486 => DEFINED & !(VIF | VIP),
            Model::Pentium | Model::P6 | Model::Max => DEFINED,
        }
    }

    /// MAXPHYADDR.
    pub const fn physical_bits(self) -> u8 {
        match self {
            Model::P6 | Model::Max => 36,
            _ => 32,
        }
    }

    /// 4 MiB pages above 4 GiB.
    pub const fn has_pse36(self) -> bool {
        matches!(self, Model::P6 | Model::Max)
    }

    /// Feature flags of CPUID leaf 1 in EDX: bit numbers of SDM Vol.2A Table 3-11.
    pub const fn feature_flags(self) -> u32 {
        const VME: u32 = 1 << 1;
        const DE: u32 = 1 << 2;
        const PSE: u32 = 1 << 3;
        const TSC: u32 = 1 << 4;
        const MSR: u32 = 1 << 5;
        const PAE: u32 = 1 << 6;
        const CX8: u32 = 1 << 8;
        const SEP: u32 = 1 << 11;
        const MTRR: u32 = 1 << 12;
        const PGE: u32 = 1 << 13;
        const CMOV: u32 = 1 << 15;
        const PSE36: u32 = 1 << 17;
        const FXSR: u32 = 1 << 24;
        match self {
            Model::I386 | Model::I486 => 0,
            Model::Pentium => VME | DE | PSE | TSC | MSR | CX8,
            Model::P6 | Model::Max => VME | DE | PSE | TSC | MSR | PAE | CX8 | SEP | MTRR | PGE | CMOV | PSE36 | FXSR,
        }
    }
}

impl Model {
    /// CPUID for a leaf in EAX: EAX, EBX, ECX, EDX. Leaves beyond the last basic one give the last one's data.
    /// SDM Vol.2A "CPUID".
    pub fn cpuid(self, leaf: u32) -> (u32, u32, u32, u32) {
        let last = match self {
            Model::P6 | Model::Max => 2,
            _ => 1,
        };
        let word = |text: &[u8; 4]| u32::from_le_bytes(*text);
        match leaf.min(last) {
            0 => (last, word(b"Genu"), word(b"ntel"), word(b"ineI")),
            1 => (self.signature(), 0, 0, self.feature_flags()),
            // Descriptor bytes of a Pentium II: 4 KiB and 4 MiB TLBs, 16 KiB caches, 512 KiB second level.
            _ => (0x0302_0101, 0, 0, 0x0C04_0843),
        }
    }
}
