//! The silicon oracle: random instructions of user mode with random state run on the host's own processor and in both
//! tiers of ringwalk, in 64-bit and in 32-bit code; everything that they leave behind is compared: registers, flags, MXCSR,
//! the states of x87 and vector units, memory, and of a fault vector, error code and address.
//!
//! `cargo test --release --test silicon -- [INSTRUCTIONS [SEED [GROUP]]]`; a million of all groups by default. What differs
//! is made smaller, shown, and written to the file that `RINGWALK_REPLAY` names (otherwise `silicon-differences.txt` in the
//! temporary directory); `-- --replay FILE` runs what a file holds. Needs an x86-64 Linux host with AVX; elsewhere it says
//! so and ends.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod ask;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[expect(dead_code, reason = "the integration tests record vectors")]
mod oracle;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[expect(dead_code, reason = "the integration tests use all of it")]
#[path = "../it/program.rs"]
mod program;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[path = "../it/random.rs"]
mod random;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() {
    if !std::arch::is_x86_feature_detected!("avx") {
        return println!("skipped: the silicon oracle needs a processor with AVX");
    }
    std::process::exit(ask::main(std::env::args().skip(1)));
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {
    println!("skipped: the silicon oracle needs an x86-64 Linux host");
}
