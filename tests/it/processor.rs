//! Programs of a few instructions, one test a rule of the manual.

mod apic;
mod debug_registers;
mod delivery;
mod far_transfers;
mod model_registers;
mod models;
mod models_64;
mod monitor;
pub(crate) mod paging;
mod segments;
mod shadows;
mod simd_faults;
mod system;
mod timing;
mod tlb;
mod vex_faults;
mod xsave;
