//! Which features of vector and integer instructions the host's processor has.

use std::arch::is_x86_feature_detected;

use ringwalk_cpu::model::Feature;

/// `None` for a feature that is not asked about here.
pub(crate) fn detected(feature: Feature) -> Option<bool> {
    Some(match feature {
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
        _ => return None,
    })
}
