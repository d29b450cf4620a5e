//! The program: see [`ringwalk::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ringwalk::cli::main()
}
