//! The truth tables of EFLAGS, T-1 to T-6, as vectors: every place where an instruction can execute, with every flag
//! flipped from both polarities, in both operand sizes.
//!
//! `table` holds what must come out, written from the manual's tables and never from the interpreter; `bench` makes one
//! vector a machine, executes one instruction and looks at everything that it left; the others are the tables' tests.
//! Each prints how many vectors it ran.

mod bench;
mod events;
mod instructions;
mod interrupts;
mod long;
mod table;
