//! What the host's processor is and has.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::__cpuid;

use ringwalk_cpu::model::{Feature, Model};

fn vendor() -> [u32; 3] {
    let leaf = __cpuid(0);
    [leaf.ebx, leaf.edx, leaf.ecx]
}

/// AuthenticAMD.
pub(crate) fn is_amd() -> bool {
    vendor() == [0x6874_7541, 0x6974_6E65, 0x444D_4163]
}

/// AMD's family 19h: all differences from it have been looked at. Of another processor they are shown, and fail nothing:
/// each must first be found in a manual.
pub(crate) fn is_known() -> bool {
    let signature = __cpuid(1).eax;
    is_amd() && (signature >> 8 & 0xF) + (signature >> 20 & 0xFF) == 0x19
}

/// Family and model are those whose undefined results ours are.
pub(crate) fn is_measured() -> bool {
    const STEPPING: u32 = 15;
    !is_amd() && __cpuid(1).eax & !STEPPING == Model::Emr.signature() & !STEPPING
}

/// True if the host's processor has a feature.
pub(crate) fn has(feature: Feature) -> bool {
    match feature {
        Feature::Sse3 => is_x86_feature_detected!("sse3"),
        Feature::Ssse3 => is_x86_feature_detected!("ssse3"),
        Feature::Sse41 => is_x86_feature_detected!("sse4.1"),
        Feature::Sse42 => is_x86_feature_detected!("sse4.2"),
        Feature::Popcnt => is_x86_feature_detected!("popcnt"),
        Feature::Aes => is_x86_feature_detected!("aes"),
        Feature::Pclmulqdq => is_x86_feature_detected!("pclmulqdq"),
        Feature::Sha => is_x86_feature_detected!("sha"),
        Feature::Movbe => is_x86_feature_detected!("movbe"),
        Feature::Adx => is_x86_feature_detected!("adx"),
        Feature::Abm => is_x86_feature_detected!("lzcnt"),
        Feature::Sse4a => is_x86_feature_detected!("sse4a"),
        Feature::Bmi1 => is_x86_feature_detected!("bmi1"),
        Feature::Bmi2 => is_x86_feature_detected!("bmi2"),
        Feature::Avx => is_x86_feature_detected!("avx"),
        Feature::Avx2 => is_x86_feature_detected!("avx2"),
        Feature::Fma => is_x86_feature_detected!("fma"),
        Feature::F16c => is_x86_feature_detected!("f16c"),
        Feature::Vaes => is_x86_feature_detected!("vaes"),
        Feature::Vpclmulqdq => is_x86_feature_detected!("vpclmulqdq"),
        Feature::Gfni => is_x86_feature_detected!("gfni"),
        // Leaf 7, EBX.
        Feature::ClflushOpt => __cpuid(7).ebx >> 23 & 1 != 0,
        Feature::Clwb => __cpuid(7).ebx >> 24 & 1 != 0,
        // What every 64-bit processor has.
        _ => true,
    }
}
