//! Processor models: one table row each. What a model lacks is undefined for its guests.
//! SDM Vol.2A "CPUID", and the processors' own manuals.

use serde::{Deserialize, Serialize};

use crate::flags::{AC, DEFINED, ID, VIF, VIP};

use crate::feature::ON_REQUEST;
pub use crate::feature::{FEATURES, Feature, FeatureInfo, Features, Word};

/// What the 386 has.
const SINCE_386: [Feature; 4] = [Feature::I8086, Feature::I186, Feature::I286, Feature::I386];
/// What the 486 DX4 brought. The 386's floating-point unit is a 387, which no flag tells of.
const SINCE_486: [Feature; 3] = [Feature::I486, Feature::Cpuid, Feature::Fpu];
/// What the Pentium brought.
const SINCE_PENTIUM: [Feature; 8] =
    [Feature::Vme, Feature::De, Feature::Pse, Feature::Tsc, Feature::Msr, Feature::Mce, Feature::Cx8, Feature::Apic];
/// What the Pentium Pro and the Pentium II brought.
const SINCE_P6: [Feature; 11] = [
    Feature::P6,
    Feature::Pae,
    Feature::Sep,
    Feature::Mtrr,
    Feature::Pge,
    Feature::Mca,
    Feature::Cmov,
    Feature::Pat,
    Feature::Pse36,
    Feature::Mmx,
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
const VECTORS: [Feature; 24] = [
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
    Feature::Avx,
    Feature::Avx2,
    Feature::Fma,
    Feature::F16c,
    Feature::Bmi1,
    Feature::Bmi2,
    Feature::Vaes,
    Feature::Vpclmulqdq,
];

/// What 64-bit processors of both vendors have.
const SINCE_64_BIT: [Feature; 11] = [
    Feature::Pat,
    Feature::Clflush,
    Feature::Mmx,
    Feature::Sse,
    Feature::Sse2,
    Feature::Sse3,
    Feature::Cx16,
    Feature::Syscall,
    Feature::Nx,
    Feature::Lm,
    Feature::LahfLm,
];
/// What the Athlon 64 of revision F has beside that, and how AMD differs. AMD 32559 "BIOS and Kernel Developer's Guide for
/// AMD NPT Family 0Fh Processors".
const OF_K8_F: [Feature; 8] = [
    Feature::Rdtscp,
    Feature::Cr8Legacy,
    Feature::Svm,
    Feature::AmdIdentity,
    Feature::AmdSysret,
    Feature::AmdNullBase,
    Feature::AmdNearBranch,
    Feature::AmdFastCalls,
];
/// What family 10h brought. AMD 31116 "BKDG for AMD Family 10h Processors".
const SINCE_FAM10H: [Feature; 6] =
    [Feature::Monitor, Feature::Popcnt, Feature::Abm, Feature::Sse4a, Feature::Prefetchw, Feature::Pdpe1gb];
/// What family 15h, models 00h-0Fh brought. AMD 42301 "BKDG for AMD Family 15h Models 00h-0Fh Processors".
const SINCE_BULLDOZER: [Feature; 7] =
    [Feature::Ssse3, Feature::Sse41, Feature::Sse42, Feature::Pclmulqdq, Feature::Aes, Feature::Xsave, Feature::Avx];
/// What family 17h, models 00h-0Fh brought. AMD 54945 "PPR for AMD Family 17h Model 01h, Revision B1".
const SINCE_ZEN: [Feature; 18] = [
    Feature::Fma,
    Feature::Movbe,
    Feature::F16c,
    Feature::Rdrand,
    Feature::FsGsBase,
    Feature::Bmi1,
    Feature::Avx2,
    Feature::Smep,
    Feature::Bmi2,
    Feature::Rdseed,
    Feature::Adx,
    Feature::Smap,
    Feature::ClflushOpt,
    Feature::Sha,
    Feature::Xsaveopt,
    Feature::Xsavec,
    Feature::Xgetbv1,
    Feature::Xsaves,
];
/// What the Core 2 has beside 64-bit code.
const OF_CORE2: [Feature; 2] = [Feature::Monitor, Feature::Ssse3];
/// What the first Core i7 brought.
const SINCE_NEHALEM: [Feature; 4] = [Feature::Sse41, Feature::Sse42, Feature::Popcnt, Feature::Rdtscp];
/// What came up to the fourth generation of Core.
const SINCE_HASWELL: [Feature; 23] = [
    Feature::Pclmulqdq,
    Feature::Fma,
    Feature::Pcid,
    Feature::X2apic,
    Feature::Movbe,
    Feature::TscDeadline,
    Feature::Aes,
    Feature::Xsave,
    Feature::Avx,
    Feature::F16c,
    Feature::Rdrand,
    Feature::FsGsBase,
    Feature::TscAdjust,
    Feature::Bmi1,
    Feature::Avx2,
    Feature::Smep,
    Feature::Bmi2,
    Feature::Erms,
    Feature::Invpcid,
    Feature::Abm,
    Feature::Pdpe1gb,
    Feature::Xsaveopt,
    Feature::CpuidFault,
];
/// What came up to the fifth generation of Xeon Scalable.
const SINCE_EMR: [Feature; 23] = [
    Feature::Rdseed,
    Feature::Adx,
    Feature::Smap,
    Feature::ClflushOpt,
    Feature::Clwb,
    Feature::Sha,
    Feature::Umip,
    Feature::Pku,
    Feature::La57,
    Feature::Rdpid,
    Feature::Fsrm,
    Feature::Ibrs,
    Feature::Stibp,
    Feature::ArchCapabilities,
    Feature::Ssbd,
    Feature::Prefetchw,
    Feature::Xsavec,
    Feature::Xgetbv1,
    Feature::Xsaves,
    Feature::Vmx,
    Feature::Vaes,
    Feature::Vpclmulqdq,
    Feature::Gfni,
];

/// What the models' chips have.
const I386: Features = Features::of(&SINCE_386);
const I486: Features = I386.and(Features::of(&SINCE_486));
const PENTIUM: Features = I486.and(Features::of(&SINCE_PENTIUM));
const P6: Features = PENTIUM.and(Features::of(&SINCE_P6));
const K8_F: Features = P6.and(Features::of(&SINCE_64_BIT)).and(Features::of(&OF_K8_F));
const FAM10H: Features = K8_F.and(Features::of(&SINCE_FAM10H));
const BULLDOZER: Features = FAM10H.and(Features::of(&SINCE_BULLDOZER));
const ZEN: Features = BULLDOZER.and(Features::of(&SINCE_ZEN));
const CORE2: Features = P6.and(Features::of(&SINCE_64_BIT)).and(Features::of(&OF_CORE2));
const NEHALEM: Features = CORE2.and(Features::of(&SINCE_NEHALEM));
const HASWELL: Features = NEHALEM.and(Features::of(&SINCE_HASWELL));
const EMR: Features = HASWELL.and(Features::of(&SINCE_EMR));
const MAX: Features = P6.and(Features::of(&SINCE_THEN)).and(Features::of(&VECTORS));

/// A processor model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// Intel 386 DX.
    I386,
    /// Intel 486 DX4, with CPUID.
    I486,
    /// Intel Pentium, without MMX.
    Pentium,
    /// Intel Pentium II.
    P6,
    /// Everything that this build can do.
    #[default]
    Max,
    /// AMD Athlon 64, revision F.
    K8F,
    /// AMD family 10h.
    Fam10h,
    /// AMD family 15h, models 00h-0Fh.
    Bulldozer,
    /// Intel Core 2.
    Core2,
    /// Intel Core i7, first generation.
    Nehalem,
    /// Intel Core, fourth generation.
    Haswell,
    /// Intel Xeon Scalable, fifth generation.
    Emr,
    /// AMD family 17h, models 00h-0Fh.
    Zen,
}

/// A row of the table of models.
#[derive(Clone, Copy, Debug)]
pub struct ModelInfo {
    /// Its name on the command line.
    pub name: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// The model that it is described by, with what it has more or less.
    pub before: Option<Model>,
    /// Family, model and stepping: EDX after reset, EAX of CPUID leaf 1.
    pub signature: u32,
    /// The highest basic leaf of CPUID.
    pub highest_leaf: u32,
    /// MAXPHYADDR.
    pub physical_bits: u8,
    /// What the chip has, whether this build can do it or not.
    pub chip_has: Features,
}

impl Model {
    /// All models with their names on the command line.
    pub const ALL: [(&'static str, Model); 13] = [
        ("386", Model::I386),
        ("486", Model::I486),
        ("pentium", Model::Pentium),
        ("p6", Model::P6),
        ("k8-f", Model::K8F),
        ("fam10h", Model::Fam10h),
        ("bulldozer", Model::Bulldozer),
        ("core2", Model::Core2),
        ("nehalem", Model::Nehalem),
        ("haswell", Model::Haswell),
        ("emr", Model::Emr),
        ("zen", Model::Zen),
        ("max", Model::Max),
    ];

    /// Its row. Signatures: Intel's specification updates and AMD's revision guides (33610, 41322, 48063, 55449).
    #[rustfmt::skip]
    pub const fn info(self) -> ModelInfo {
        const fn row(
            (name, chip, before): (&'static str, &'static str, Option<Model>),
            (signature, highest_leaf, physical_bits): (u32, u32, u8),
            chip_has: Features,
        ) -> ModelInfo {
            ModelInfo { name, chip, before, signature, highest_leaf, physical_bits, chip_has }
        }
        match self {
            Model::I386 => row(("386", "Intel 386 DX", None), (0x0308, 0, 32), I386),
            Model::I486 => row(("486", "Intel 486 DX4", Some(Model::I386)), (0x0480, 1, 32), I486),
            Model::Pentium => row(("pentium", "Intel Pentium", Some(Model::I486)), (0x052C, 1, 32), PENTIUM),
            Model::P6 => row(("p6", "Intel Pentium II", Some(Model::Pentium)), (0x0653, 2, 36), P6),
            Model::K8F => row(("k8-f", "AMD Athlon 64, DH-F2", Some(Model::P6)), (0x0004_0FF2, 1, 40), K8_F),
            Model::Fam10h => row(("fam10h", "AMD Phenom II, RB-C3", Some(Model::K8F)), (0x0010_0F43, 5, 48), FAM10H),
            Model::Bulldozer => row(("bulldozer", "AMD FX, OR-B2", Some(Model::Fam10h)), (0x0060_0F12, 0xD, 48), BULLDOZER),
            Model::Core2 => row(("core2", "Intel Core 2 Duo, B2", Some(Model::P6)), (0x06F6, 0xA, 36), CORE2),
            Model::Nehalem => row(("nehalem", "Intel Core i7-900, D0", Some(Model::Core2)), (0x0001_06A5, 0xB, 36), NEHALEM),
            Model::Haswell => row(("haswell", "Intel Core i7-4000, C0", Some(Model::Nehalem)), (0x0003_06C3, 0xD, 39), HASWELL),
            // The processor whose undefined results are ours.
            Model::Emr => row(("emr", "Intel Xeon Scalable, 5th", Some(Model::Haswell)), (0x000C_06F2, 0x16, 46), EMR),
            Model::Zen => row(("zen", "AMD Ryzen, ZP-B1", Some(Model::Bulldozer)), (0x0080_0F11, 0xD, 48), ZEN),
            Model::Max => row(("max", "all that this build can do", Some(Model::Emr)), (0x000C_06F2, 0x16, 46), MAX),
        }
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// What it has, as far as this build can do it.
    pub const fn features(self) -> Features {
        self.info().chip_has.only(MAX.and(ON_REQUEST))
    }

    /// True if the model has the feature.
    pub const fn has(self, feature: Feature) -> bool {
        self.features().has(feature)
    }

    /// Family, model and stepping as EDX holds them after reset and CPUID leaf 1 in EAX.
    pub const fn signature(self) -> u32 {
        self.info().signature
    }

    /// The bits of EFLAGS that can be set at all. SDM Vol.3B 22.8 "New Flags in the EFLAGS Register".
    pub const fn flags(self) -> u32 {
        match self {
            Model::I386 => DEFINED & !(AC | VIF | VIP | ID),
            Model::I486 => DEFINED & !(VIF | VIP),
            _ => DEFINED,
        }
    }

    /// MAXPHYADDR.
    pub const fn physical_bits(self) -> u8 {
        self.info().physical_bits
    }

    /// The time-stamp counter goes on at one rate in every state.
    pub const fn has_invariant_tsc(self) -> bool {
        !matches!(self, Model::K8F | Model::Core2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_under_their_names_and_features_have_what_they_need() {
        for (name, model) in Model::ALL {
            assert_eq!(model.name(), name);
            assert_eq!(model.features().lacking(), None, "{name}");
            assert!(model.features().iter().all(Feature::is_built), "{name}");
        }
    }
}
