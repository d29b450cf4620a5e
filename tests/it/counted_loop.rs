//! What random 64-bit programs share: a loop around their code, and a run of many of them.

use crate::program::{CODE, End, Program};

/// The loop's head, which sets R15 to the count; gives where its body begins.
pub(crate) fn begin(bytes: &mut Vec<u8>, rounds: u32) -> usize {
    // mov r15d, rounds
    bytes.extend([0x41, 0xBF]);
    bytes.extend(rounds.to_le_bytes());
    bytes.len()
}

/// Closes the loop that began at `from`, and writes all to the program.
pub(crate) fn end(program: &mut Program, mut bytes: Vec<u8>, from: usize) {
    // dec r15d; jne from; hlt
    bytes.extend([0x41, 0xFF, 0xCF, 0x0F, 0x85]);
    let back = from as i32 - (bytes.len() as i32 + 4);
    bytes.extend(back.to_le_bytes());
    bytes.push(0xF4);
    program.write(CODE, &bytes);
}

/// Runs programs of the seeds from 0 on: 800, or as many as `RINGWALK_LOCKSTEP` says. Each follows itself in lockstep.
pub(crate) fn run_many(program: impl Fn(u64) -> Program) {
    let wanted = std::env::var("RINGWALK_LOCKSTEP").ok().and_then(|count| count.parse().ok()).unwrap_or(800u64);
    let ended = (0..wanted).filter(|seed| program(*seed).run() == End::Halted).count() as u64;
    assert!(2 * ended > wanted, "most programs run to their end: {ended} of {wanted}");
}
