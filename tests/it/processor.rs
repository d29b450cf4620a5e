//! Programs of a few instructions, one test a rule of the manual.

mod debug_registers;
mod delivery;
mod far_transfers;
mod models;
mod paging;
mod segments;
mod shadows;
mod system;
mod tlb;
