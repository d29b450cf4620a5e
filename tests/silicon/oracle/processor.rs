//! What the host's processor is and has.

use std::arch::x86_64::__cpuid;

use ringwalk_cpu::model::{Feature, Model};

use crate::features::detected;

fn vendor() -> [u32; 3] {
    let leaf = __cpuid(0);
    [leaf.ebx, leaf.edx, leaf.ecx]
}

/// AuthenticAMD.
pub(crate) fn is_amd() -> bool {
    vendor() == [0x6874_7541, 0x6974_6E65, 0x444D_4163]
}

/// Family and model are those whose undefined results ours are.
pub(crate) fn is_measured() -> bool {
    const STEPPING: u32 = 15;
    !is_amd() && __cpuid(1).eax & !STEPPING == Model::Emr.signature() & !STEPPING
}

/// True if the host's processor has a feature.
pub(crate) fn has(feature: Feature) -> bool {
    match feature {
        // Leaf 7, EBX.
        Feature::ClflushOpt => __cpuid(7).ebx >> 23 & 1 != 0,
        Feature::Clwb => __cpuid(7).ebx >> 24 & 1 != 0,
        // Otherwise what every 64-bit processor has.
        _ => detected(feature).unwrap_or(true),
    }
}
