//! Processor models: one table row each. What a model lacks is undefined for its guests.
//! SDM Vol.2A "CPUID", and the processors' own manuals.

use serde::{Deserialize, Serialize};

use crate::flags::{AC, DEFINED, ID, VIF, VIP};

pub use crate::feature::{FEATURES, Feature, FeatureInfo, Features, Word};

/// What the 386 has.
const SINCE_386: [Feature; 4] = [Feature::I8086, Feature::I186, Feature::I286, Feature::I386];
/// What the 486 DX4 brought. The 386's floating-point unit is a 387, which no flag tells of.
const SINCE_486: [Feature; 3] = [Feature::I486, Feature::Cpuid, Feature::Fpu];
/// What the Pentium brought.
const SINCE_PENTIUM: [Feature; 8] =
    [Feature::Vme, Feature::De, Feature::Pse, Feature::Tsc, Feature::Msr, Feature::Mce, Feature::Cx8, Feature::Apic];
/// What the Pentium Pro and the Pentium II brought.
const SINCE_P6: [Feature; 9] = [
    Feature::P6,
    Feature::Pae,
    Feature::Sep,
    Feature::Mtrr,
    Feature::Pge,
    Feature::Mca,
    Feature::Cmov,
    Feature::Pse36,
    Feature::Fxsr,
];
/// What else this build can do.
const SINCE_THEN: [Feature; 35] = [
    Feature::Monitor,
    Feature::X2apic,
    Feature::TscDeadline,
    Feature::Pat,
    Feature::Cx16,
    Feature::Pcid,
    Feature::Rdrand,
    Feature::FsGsBase,
    Feature::TscAdjust,
    Feature::Smep,
    Feature::Erms,
    Feature::Invpcid,
    Feature::Rdseed,
    Feature::Smap,
    Feature::Umip,
    Feature::Pku,
    Feature::Rdpid,
    Feature::Fsrm,
    Feature::Ibrs,
    Feature::Stibp,
    Feature::ArchCapabilities,
    Feature::Ssbd,
    Feature::Syscall,
    Feature::Nx,
    Feature::Pdpe1gb,
    Feature::Rdtscp,
    Feature::Lm,
    Feature::LahfLm,
    Feature::CpuidFault,
    Feature::Prefetchw,
    Feature::Xsave,
    Feature::Xsaveopt,
    Feature::Xsavec,
    Feature::Xgetbv1,
    Feature::Xsaves,
];
/// Instructions on vector registers, and what came with them.
const VECTORS: [Feature; 16] = [
    Feature::Mmx,
    Feature::Clflush,
    Feature::Sse,
    Feature::Sse2,
    Feature::Sse3,
    Feature::Ssse3,
    Feature::Sse41,
    Feature::Sse42,
    Feature::Popcnt,
    Feature::Aes,
    Feature::Pclmulqdq,
    Feature::Sha,
    Feature::Movbe,
    Feature::Adx,
    Feature::Abm,
    Feature::Sse4a,
];

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

    /// What it has, as far as this build can do it.
    pub const fn features(self) -> Features {
        match self {
            Model::I386 => Features::of(&SINCE_386),
            Model::I486 => Model::I386.features().and(Features::of(&SINCE_486)),
            Model::Pentium => Model::I486.features().and(Features::of(&SINCE_PENTIUM)),
            Model::P6 => Model::Pentium.features().and(Features::of(&SINCE_P6)),
            Model::Max => Model::P6.features().and(Features::of(&SINCE_THEN)).and(Features::of(&VECTORS)),
        }
    }

    /// True if the model has the feature.
    pub const fn has(self, feature: Feature) -> bool {
        self.features().has(feature)
    }

    /// Family, model and stepping as EDX holds them after reset and CPUID leaf 1 in EAX.
    pub const fn signature(self) -> u32 {
        match self {
            Model::I386 => 0x0308,
            Model::I486 => 0x0480,
            Model::Pentium => 0x0543,
            Model::P6 => 0x0653,
            // That of the processor whose undefined results are ours, an Emerald Rapids Xeon.
            Model::Max => 0xC06F2,
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
            Model::P6 => 36,
            Model::Max => 46,
            _ => 32,
        }
    }
}
