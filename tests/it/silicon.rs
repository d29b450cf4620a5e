//! Vector instructions against silicon: random operands on the host's own processor and in ringwalk, and recorded
//! results for hosts that are not x86-64.
//!
//! `RINGWALK_SILICON=20000 cargo test --release --test it silicon -- --nocapture` tries every form so many times and
//! prints how many cases each instruction had. `RINGWALK_RECORD=1` writes the recorded vectors anew, from silicon.

mod corners;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod features;
mod forms;
mod guest;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod host;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod live;
mod recorded;
mod state;

use forms::Form;
use ringwalk_cpu::state::CodeSize;
use state::State;

use crate::guest::Random;

/// The instruction and the state that a seed gives a form.
fn case(form: &Form, size: CodeSize, seed: u64) -> (Vec<u8>, State) {
    let code = form.encode(&mut Random(!seed), size);
    let mut state = State::random(seed, size);
    if form.is_gather() {
        state.tame_numbers();
    }
    if matches!(form.row.name, "ldmxcsr" | "vldmxcsr") {
        // A reserved bit faults, which is a table test.
        state.memory[2..4].fill(0);
        state.memory[0] |= 0x80;
        state.memory[1] |= 0x1F;
    }
    (code, state)
}
