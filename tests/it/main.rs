//! All integration tests in one binary: `cargo test --test it`.

mod decoder;
mod tidy;
