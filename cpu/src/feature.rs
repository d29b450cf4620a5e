//! What processors may have: one bit a feature, with its name, its place in CPUID, and what it cannot be without.
//! SDM Vol.2A "CPUID"; AMD APM Vol.3 Appendix E "Obtaining Processor Information Via the CPUID Instruction".

use serde::{Deserialize, Serialize};

use crate::model::Model;

/// A register of a leaf that holds feature flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Leaf 1, EDX.
    Edx1,
    /// Leaf 1, ECX.
    Ecx1,
    /// Leaf 7, subleaf 0, EBX.
    Ebx7,
    /// Leaf 7, subleaf 0, ECX.
    Ecx7,
    /// Leaf 7, subleaf 0, EDX.
    Edx7,
    /// Leaf 8000_0001h, EDX.
    Edx8,
    /// Leaf 8000_0001h, ECX.
    Ecx8,
    /// Leaf 0Dh, subleaf 1, EAX.
    EaxD,
    /// Not told by a flag.
    None,
}

/// What the table says of a feature.
#[derive(Clone, Copy, Debug)]
pub struct FeatureInfo {
    /// The feature.
    pub feature: Feature,
    /// Its name on the command line.
    pub name: &'static str,
    /// Where CPUID tells of it.
    pub word: Word,
    /// The bit there.
    pub bit: u8,
    /// What it cannot be without.
    pub needs: &'static [Feature],
}

macro_rules! features {
    ($($feature:ident $name:literal $word:ident $bit:literal [$($needs:ident)*];)*) => {
        /// An instruction-set step, a feature of CPUID, or a way in which the vendors differ.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are the manuals', and the table says where")]
        pub enum Feature { $($feature),* }
        /// All features in the order of [`Feature`].
        pub static FEATURES: &[FeatureInfo] = &[$(FeatureInfo {
            feature: Feature::$feature, name: $name, word: Word::$word, bit: $bit, needs: &[$(Feature::$needs),*],
        }),*];
    };
}

// One row gives the variant `Feature::Cx8` and its line in `FEATURES`. New rows go to the end: a saved set is bits.
features! {
    // Steps of the instruction set that no flag tells of.
    I8086 "" None 0 [];
    I186 "" None 0 [];
    I286 "" None 0 [];
    I386 "" None 0 [];
    I486 "" None 0 [];
    Cpuid "" None 0 [];
    P6 "" None 0 [];
    // Leaf 1, EDX.
    Fpu "fpu" Edx1 0 [];
    Vme "vme" Edx1 1 [];
    De "de" Edx1 2 [];
    Pse "pse" Edx1 3 [];
    Tsc "tsc" Edx1 4 [];
    Msr "msr" Edx1 5 [];
    Pae "pae" Edx1 6 [];
    Mce "mce" Edx1 7 [];
    Cx8 "cx8" Edx1 8 [];
    Apic "apic" Edx1 9 [];
    Sep "sep" Edx1 11 [];
    Mtrr "mtrr" Edx1 12 [];
    Pge "pge" Edx1 13 [];
    Mca "mca" Edx1 14 [Mce];
    Cmov "cmov" Edx1 15 [];
    Pat "pat" Edx1 16 [];
    Pse36 "pse36" Edx1 17 [Pse];
    Clflush "clflush" Edx1 19 [];
    Mmx "mmx" Edx1 23 [Fpu];
    Fxsr "fxsr" Edx1 24 [];
    Sse "sse" Edx1 25 [Fxsr Mmx];
    Sse2 "sse2" Edx1 26 [Sse Clflush];
    // Leaf 1, ECX.
    Sse3 "sse3" Ecx1 0 [Sse2];
    Pclmulqdq "pclmulqdq" Ecx1 1 [Sse2];
    Monitor "monitor" Ecx1 3 [];
    Vmx "vmx" Ecx1 5 [];
    Ssse3 "ssse3" Ecx1 9 [Sse3];
    Fma "fma" Ecx1 12 [Avx];
    Cx16 "cx16" Ecx1 13 [Lm];
    Pcid "pcid" Ecx1 17 [Lm];
    Sse41 "sse4.1" Ecx1 19 [Ssse3];
    Sse42 "sse4.2" Ecx1 20 [Sse41];
    X2apic "x2apic" Ecx1 21 [Apic];
    Movbe "movbe" Ecx1 22 [];
    Popcnt "popcnt" Ecx1 23 [];
    TscDeadline "tsc-deadline" Ecx1 24 [Apic];
    Aes "aes" Ecx1 25 [Sse2];
    Xsave "xsave" Ecx1 26 [Fxsr];
    Avx "avx" Ecx1 28 [Xsave Sse42];
    F16c "f16c" Ecx1 29 [Avx];
    Rdrand "rdrand" Ecx1 30 [];
    // Leaf 7.
    FsGsBase "fsgsbase" Ebx7 0 [Lm];
    TscAdjust "tsc-adjust" Ebx7 1 [Tsc];
    Bmi1 "bmi1" Ebx7 3 [];
    Avx2 "avx2" Ebx7 5 [Avx];
    Smep "smep" Ebx7 7 [];
    Bmi2 "bmi2" Ebx7 8 [];
    Erms "erms" Ebx7 9 [];
    Invpcid "invpcid" Ebx7 10 [];
    Rdseed "rdseed" Ebx7 18 [];
    Adx "adx" Ebx7 19 [];
    Smap "smap" Ebx7 20 [];
    ClflushOpt "clflushopt" Ebx7 23 [Clflush];
    Clwb "clwb" Ebx7 24 [Clflush];
    Sha "sha" Ebx7 29 [Sse2];
    Umip "umip" Ecx7 2 [];
    Pku "pku" Ecx7 3 [Lm Pae];
    La57 "la57" Ecx7 16 [Lm];
    Rdpid "rdpid" Ecx7 22 [Rdtscp];
    Fsrm "fsrm" Edx7 4 [];
    ArchCapabilities "arch-capabilities" Edx7 29 [];
    // Leaf 8000_0001h.
    Syscall "syscall" Edx8 11 [Msr];
    Nx "nx" Edx8 20 [Pae Msr];
    Pdpe1gb "pdpe1gb" Edx8 26 [Lm];
    Rdtscp "rdtscp" Edx8 27 [Tsc Msr];
    Lm "lm" Edx8 29 [Pae Msr Syscall Nx Fxsr];
    LahfLm "lahf-lm" Ecx8 0 [];
    Svm "svm" Ecx8 2 [];
    Cr8Legacy "cr8-legacy" Ecx8 4 [];
    Abm "abm" Ecx8 5 [Popcnt];
    Sse4a "sse4a" Ecx8 6 [Sse3];
    Prefetchw "3dnowprefetch" Ecx8 8 [];
    // Leaf 0Dh.
    Xsaveopt "xsaveopt" EaxD 0 [Xsave];
    Xsavec "xsavec" EaxD 1 [Xsave];
    Xgetbv1 "xgetbv1" EaxD 2 [Xsave];
    Xsaves "xsaves" EaxD 3 [Xsavec];
    // Told elsewhere.
    /* MSR_PLATFORM_INFO bit 31. */
    CpuidFault "cpuid-fault" None 0 [Msr];
    // How the other vendor does it; see `amd`.
    /* CPUID says AuthenticAMD, and leaf 8000_0001h repeats flags of leaf 1. */
    AmdIdentity "amd-identity" None 0 [];
    /* SYSRET takes any RCX: a return to a non-canonical address faults at CPL 3. */
    AmdSysret "amd-sysret" None 0 [];
    /* A null selector leaves base and limit of the register alone. */
    AmdNullBase "amd-null-base" None 0 [];
    /* 66h makes near branches 16 bits wide in 64-bit mode. */
    AmdNearBranch "amd-near-branch" None 0 [];
    /* SYSENTER and SYSEXIT are undefined in long mode; SYSCALL and SYSRET exist in compatibility mode. */
    AmdFastCalls "amd-fast-calls" None 0 [];
    // Leaf 7, EDX: what controls speculation.
    Ibrs "ibrs" Edx7 26 [Msr];
    Stibp "stibp" Edx7 27 [Msr];
    Ssbd "ssbd" Edx7 31 [Msr];
    // Leaf 7, more.
    Vaes "vaes" Ecx7 9 [Avx Aes];
    Vpclmulqdq "vpclmulqdq" Ecx7 10 [Avx Pclmulqdq];
    Gfni "gfni" Ecx7 8 [Sse2];
}

/// What this build can do and the default model has not: what one vendor does in another way, five levels of paging, which
/// kernels that find them use for every walk, and what came last.
pub(crate) const ON_REQUEST: Features = Features::of(&[
    Feature::La57,
    Feature::AmdIdentity,
    Feature::AmdSysret,
    Feature::AmdNullBase,
    Feature::AmdNearBranch,
    Feature::AmdFastCalls,
    Feature::Gfni,
]);

impl Feature {
    /// Its row.
    pub fn info(self) -> &'static FeatureInfo {
        &FEATURES[self as usize]
    }

    /// True if this build can do it: no model has what it cannot do.
    pub fn is_built(self) -> bool {
        Model::Max.has(self) || ON_REQUEST.has(self)
    }
}

/// A set of features. Saved as its bits, the lower half first: what shows sections as JSON knows no wider numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 2]", into = "[u64; 2]")]
pub struct Features(u128);

impl From<[u64; 2]> for Features {
    fn from([low, high]: [u64; 2]) -> Features {
        Features(u128::from(low) | u128::from(high) << 64)
    }
}

impl From<Features> for [u64; 2] {
    fn from(Features(bits): Features) -> [u64; 2] {
        [bits as u64, (bits >> 64) as u64]
    }
}

impl Features {
    /// The set of these.
    pub const fn of(list: &[Feature]) -> Features {
        let mut bits = 0;
        let mut index = 0;
        while index < list.len() {
            bits |= 1 << list[index] as u8;
            index += 1;
        }
        Features(bits)
    }

    /// True if the feature is in it.
    #[inline]
    pub const fn has(self, feature: Feature) -> bool {
        self.0 >> feature as u8 & 1 != 0
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Features {
        Features(self.0 | 1 << feature as u8)
    }

    /// The set with one less.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Features {
        Features(self.0 & !(1 << feature as u8))
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, more: Features) -> Features {
        Features(self.0 | more.0)
    }

    /// What both sets have.
    #[must_use]
    pub const fn only(self, these: Features) -> Features {
        Features(self.0 & these.0)
    }

    /// The features in it.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        FEATURES.iter().map(|info| info.feature).filter(move |feature| self.has(*feature))
    }

    /// A feature and the one that it lacks here, if there is such a pair.
    pub fn lacking(self) -> Option<(Feature, Feature)> {
        self.iter().find_map(|feature| {
            let missing = feature.info().needs.iter().find(|needed| !self.has(**needed))?;
            Some((feature, *missing))
        })
    }

    /// The flags of a register of CPUID.
    pub fn word(self, word: Word) -> u32 {
        let told = FEATURES.iter().filter(|info| info.word == word && self.has(info.feature));
        told.fold(0, |flags, info| flags | 1 << info.bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_own_index_and_names_and_places_are_unique() {
        for (index, info) in FEATURES.iter().enumerate() {
            assert_eq!(info.feature as usize, index);
            let twin = |other: &&FeatureInfo| {
                let named = !info.name.is_empty() && other.name == info.name;
                let placed = info.word != Word::None && (other.word, other.bit) == (info.word, info.bit);
                other.feature != info.feature && (named || placed)
            };
            assert!(FEATURES.iter().find(twin).is_none(), "{}", info.name);
        }
        assert!(FEATURES.len() <= 128, "they fit into the set");
    }
}
