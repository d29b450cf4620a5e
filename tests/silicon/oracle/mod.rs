//! The oracle's parts, and what its command line asks for.

pub(crate) mod arena;
pub(crate) mod case;
pub(crate) mod corners;
pub(crate) mod forms;
pub(crate) mod guest;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod host;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod judge;
pub(crate) mod numbers;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod processor;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod run;
pub(crate) mod state;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod story;
pub(crate) mod undefined;
pub(crate) mod vectors;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) mod vendor;

use ringwalk_cpu::model::{Feature, Features, Model};

use crate::program;

/// All that this build can do for programs.
pub(crate) fn everything() -> Features {
    Model::Max.features().with(Feature::Gfni)
}

/// The same in AMD's ways.
pub(crate) fn of_amd() -> Features {
    let ways = [Feature::AmdNearBranch, Feature::AmdNullBase, Feature::AmdFastCalls, Feature::AmdSysret];
    ways.into_iter().fold(everything(), Features::with)
}
