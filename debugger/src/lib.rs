//! The debugger: commands, breakpoints, expressions, and what they show. Owns [`Target`], which the machine implements.

pub mod register;
pub mod space;
pub mod target;

pub use register::Register;
pub use target::{RunUntil, Screen, Stop, Target};
