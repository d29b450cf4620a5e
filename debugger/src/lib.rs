//! The debugger: commands, breakpoints, expressions, and what they show. Owns [`Target`], which the machine implements.
//!
//! A front end makes a [`Session`] with a machine and gives it lines: [`repl`] from the terminal or a pipe, [`batch`]
//! from a text. Looking has no side effect, by type: commands that look get the machine as `&dyn Target`.

pub mod acting;
pub mod asking;
pub mod back;
pub mod breaking;
pub mod breakpoints;
pub mod command_table;
pub mod commands;
pub mod complete;
pub mod context;
pub mod control;
pub mod desk;
pub mod disassembly;
mod editor;
pub mod error;
pub mod event_table;
pub mod events;
pub mod expression;
#[cfg(test)]
mod fake;
pub mod float_registers;
pub mod front;
pub mod help;
pub mod io_map;
pub mod looking;
pub mod memory;
pub mod mode;
pub mod origin;
pub mod outlook;
pub mod page;
pub mod paging;
pub mod register;
pub mod registers;
pub mod reverse;
pub mod running;
pub mod segments;
pub mod session;
pub mod space;
pub mod stack;
pub mod stop;
pub mod tables;
pub mod target;
pub mod timeline;
pub mod token;
pub mod topics;
pub mod tour;
#[cfg(test)]
mod transcript_tests;
pub mod vectors;

pub use error::Error;
pub use front::{batch, lines, repl, wants_colour};
pub use register::Register;
pub use session::{Flow, Options, Session};
pub use target::{Branch, Past, RunUntil, Screen, Stop, Target, Wants};
