//! All integration tests in one binary: `cargo test --test it`.

mod cli_bad_input;
mod cli_ends;
mod cli_ports;
mod cli_process;
mod decoder;
mod devices_input;
mod fuzz;
mod guest;
mod laws;
mod moo;
mod processor;
mod program;
mod quirks;
mod quirks_b;
mod task_image;
mod tidy;
mod tour;
mod trail;
mod truth;
mod vectors_80286;
mod vga_caller;
mod vgabios;
mod vgabios_vbe;
