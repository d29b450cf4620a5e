//! Long mode: 64-bit and compatibility mode, their faults, fast system calls, delivery, paging. Expected values are the
//! manual's: SDM Vol.3A 10.8.5 "Initializing IA-32e Mode", 6.14 "Exception and Interrupt Handling in 64-bit Mode", 4.5
//! "4-Level Paging and 5-Level Paging", Vol.2 under each instruction; AMD APM where the vendors differ.

mod calls;
mod delivery;
mod identity;
mod measured;
mod operands;
mod paging;
mod quirks;
pub(crate) mod sites;
mod switching;
mod table;
