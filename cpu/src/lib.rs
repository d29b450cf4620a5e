//! The processor: architectural state, decoder, instructions, exceptions, and the run engine.
//!
//! Every instruction has one canonical handler under [`exec`]; a row of [`isa`] leads to it.

pub mod apic;
pub mod cpuid;
pub mod debug;
pub mod decode;
mod deliver;
pub mod event;
pub mod exception;
pub mod exec;
pub mod fast;
pub mod feature;
mod fetch;
pub mod flags;
pub mod float;
pub mod fpu;
pub mod insn;
pub mod isa;
pub mod machine_check;
pub mod model;
pub mod msr;
pub mod msr_amd;
pub mod profile;
pub mod run;
pub mod segment;
pub mod site;
pub mod state;
pub mod timing;
pub mod trace;
pub mod value;
pub mod vector;
pub mod watch;
pub mod width;
