//! Lockstep as a fuzz target: random programs, of bytes and of the forms that have fast handlers, over random page
//! tables, with the canonical tier alone behind the fast one.
//!
//! `RINGWALK_LOCKSTEP=100000 cargo test random_forms` runs so many programs instead of a few thousand,
//! `RINGWALK_LOCKSTEP_FIRST=N` beside it those from the Nth on.

use ringwalk::machine::{Machine, Stop, Tuning};

use crate::guest::{Random, run_to};
use crate::random_program::{Program, SPAN};

/// Runs a program in lockstep; now and then ways to memory are lost, as a debugger or a snapshot may cause it,
/// or there are no more epochs to believe pages of code under.
fn run(program: &Program, tuning: Tuning, flushes: bool) -> u64 {
    let mut machine = program.machine(Tuning { verify_fast: true, ..tuning });
    let (start, mut random) = (machine.position(), Random(program.seed ^ 0xF1));
    program.drive(&mut machine, start + SPAN, |machine, end| {
        let left = end.saturating_sub(machine.position());
        let next = if flushes { machine.position() + (100 + random.below(900)).min(left) } else { end };
        let stop = run_to(machine, next);
        if let Stop::Diverged(story) = &stop {
            panic!("program {:#x} ({:?}, TLB {:?}): {story}", program.seed, program.mode, program.tlb);
        }
        if flushes {
            machine.engine.flush_host_tlb();
            if random.below(4) == 0 {
                machine.engine.spend_fetch_epochs();
            }
        }
        Some(stop)
    });
    machine.cpu.retired
}

fn run_many(count: u64, program: impl Fn(u64) -> Program) {
    let wanted = std::env::var("RINGWALK_LOCKSTEP").ok().and_then(|count| count.parse().ok()).unwrap_or(count);
    let first = std::env::var("RINGWALK_LOCKSTEP_FIRST").ok().and_then(|first| first.parse().ok()).unwrap_or(1);
    let retired: u64 = (first..first + wanted)
        .map(|seed| {
            let trace_slots = if seed % 8 == 0 { 100 } else { 1 << 12 };
            run(&program(seed), Tuning { trace_slots, ..Tuning::default() }, seed % 4 == 0)
        })
        .sum();
    assert!(retired / wanted > SPAN / 8, "{} instructions a program are too few", retired / wanted);
}

#[test]
fn random_bytes() {
    run_many(1000, |seed| Program::new(0x100_0000 + seed));
}

#[test]
fn random_forms() {
    run_many(2000, |seed| Program::of_forms(0x200_0000 + seed));
}

/// The TLB came to hold the page of the code otherwise than the latched one, and the HostTlb learned the latched one.
#[test]
fn a_page_of_code_that_is_mapped_elsewhere_while_it_runs() {
    run(&Program::new(0x100_1A61), Tuning { trace_slots: 1 << 12, ..Tuning::default() }, false);
}

/// Loops long enough that links, handed-on values and quiet flags all come into play: what the tour does.
#[test]
fn the_tour() {
    let mut machine = crate::guest::machine(&crate::guest::tour(), Tuning { verify_fast: true, ..Tuning::default() });
    let stop = run_to(&mut machine, 40_000_000);
    assert!(!matches!(stop, Stop::Diverged(_)), "{stop:?}");
    assert!(retired(&machine) > 1_000_000);
}

fn retired(machine: &Machine) -> u64 {
    machine.cpu.retired
}
