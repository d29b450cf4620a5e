//! Instructions against independent truth: random cases on the host's own processor where it can be asked, recorded results
//! of silicon everywhere, and the manual's word for what no comparison can reach. `tests/silicon` has the oracle itself and
//! runs it at length.
//!
//! `RINGWALK_SILICON=1000000 cargo test --release --test it silicon` tries so many instructions; `RINGWALK_RECORD=1 cargo
//! test --test it silicon` writes the recorded vectors anew, from silicon.

#[expect(dead_code, reason = "the long suite uses the rest")]
#[path = "../silicon/oracle/mod.rs"]
mod oracle;

mod coverage;
mod listings;
mod listings_system;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod live;
mod programs;
mod recorded;
