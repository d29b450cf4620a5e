//! All integration tests in one binary: `cargo test --test it`.

mod decoder;
mod guest;
mod laws;
mod moo;
mod tidy;
mod vectors_80286;
