//! A deterministic full-system emulator of the x86 PC.
//!
//! This package puts the parts together: [`machine`] is the PC and its run loop, [`cli`] the command line. What
//! comes in from outside goes through [`journal`] and [`script`]; everything of the host is under [`host`].

pub mod cli;
pub(crate) mod config;
#[cfg(test)]
mod fuzz_tests;
pub(crate) mod history;
pub mod host;
pub mod journal;
pub mod keyboard;
pub mod machine;
pub mod nearest;
pub(crate) mod recipe;
pub mod screen;
pub mod script;
pub(crate) mod target;
pub mod text_match;
pub mod tour;
