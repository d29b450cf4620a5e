//! Tail dispatch keeps its promise in this build: however long the fast tier runs, the host's stack does not grow.

use ringwalk::machine::{NoHost, RunLimits, Stop, Tuning};

use crate::guest::{Image, machine};

/// A stack that a handler which returns to its caller, for each instruction, would use up within one slice.
const STACK_BYTES: usize = 1 << 20;
/// Where the run ends.
const POSITION: u64 = 60_000_000;

/// xor ax,ax | mov ds,ax | l: inc ax | add bx,ax | mov [0600h],bx | mov dx,[0600h] | shl dx,1 | push dx | pop dx | call f
/// | jmp l | f: ret
const LOOP: [u8; 25] = [
    0x31, 0xC0, 0x8E, 0xD8, 0x40, 0x01, 0xC3, 0x89, 0x1E, 0x00, 0x06, 0x8B, 0x16, 0x00, 0x06, 0xD1, 0xE2, 0x52, 0x5A,
    0xE8, 0x02, 0x00, 0xEB, 0xEC, 0xC3,
];

#[test]
fn the_stack_does_not_grow_with_the_instructions_run() {
    let run = || {
        let mut sector = vec![0; 64 << 10];
        sector[..LOOP.len()].copy_from_slice(&LOOP);
        sector[510..512].copy_from_slice(&[0x55, 0xAA]);
        let mut machine = machine(&Image(sector.into()), Tuning::default());
        let limits = RunLimits { position: Some(POSITION), ..RunLimits::default() };
        let stop = machine.run(&limits, &mut NoHost);
        (stop, machine.cpu.retired)
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("a thread starts");
    let (stop, retired) = thread.join().expect("the run does not panic");
    assert_eq!(stop, Stop::Position);
    assert!(retired > POSITION / 2, "the loop ran: {retired} instructions");
}
