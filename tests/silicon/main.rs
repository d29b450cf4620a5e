//! The silicon oracle: random instructions with nasty operands run on the host's own x87 and on ours, and everything
//! that they leave behind is compared: registers, status word with C0 to C3, tags, memory, EFLAGS, AX.
//!
//! `cargo test --release --test silicon -- [OPERATIONS [SEED]]`; a million operations by default. Runs on x86-64 Linux
//! hosts; elsewhere it says so and ends. `RECORD=FILE` writes vectors for
//! `tests/it/x87_silicon.rs` in place of comparing.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod forms;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod host;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod image;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod operands;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod ours;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod x87;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() {
    x87::run();
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {
    println!("skipped: the silicon oracle needs an x86-64 Linux host");
}
