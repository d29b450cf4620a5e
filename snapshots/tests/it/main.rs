//! The laws of snapshot files (DESIGN.md 3, R2 and R4 to R7), on a small model of a machine.

mod bases;
mod crash;
mod damage;
mod differences;
mod laws;
mod model;
