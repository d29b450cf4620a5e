//! The rules that emulators get wrong, a test each, named by their number: Q10 to Q27, Q36, Q39, Q40 as far as they
//! concern 16- and 32-bit code. Those of segments, far transfers, delivery and system instructions that stand in
//! `processor` bear the same numbers.

mod gates;
mod limits;
mod real_mode;
mod stack;
mod task_faults;
mod tasks;
mod virtual_8086;
