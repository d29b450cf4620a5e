//! The laws of reproducibility for machines that count by a processor's clock tables, over a boot of the built-in
//! disk.

use ringwalk::machine::{Machine, MachineConfig, Stop, Tuning};
use ringwalk_cpu::timing::Timing;

use crate::guest::{config_for, machine_of, restored, run_to, saved, tour, try_restore};

fn start(timing: Timing, tuning: Tuning) -> Machine {
    let config = MachineConfig { timing, ..config_for(&tour()) };
    machine_of(config, &tour(), tuning)
}

#[test]
fn every_way_of_running_gives_one_hash() {
    for timing in [Timing::I486, Timing::Pentium] {
        let mut straight = start(timing, Tuning::default());
        assert_eq!(run_to(&mut straight, u64::MAX), Stop::PowerOff, "{timing:?}");
        let hash = straight.hash();
        let small = Tuning { slice: 997, trace_slots: 3000, ..Tuning::default() };
        let mut sliced = start(timing, small);
        assert_eq!(run_to(&mut sliced, u64::MAX), Stop::PowerOff);
        assert_eq!((sliced.position(), sliced.hash()), (straight.position(), hash), "{timing:?}");

        // Saved on the way and gone on with: the model is the snapshot's.
        let mut half = start(timing, Tuning::default());
        run_to(&mut half, straight.position() / 2);
        let bytes = saved(&half);
        let mut gone_on = restored(bytes.clone(), &tour(), Tuning::default());
        assert_eq!(gone_on.config().timing, timing);
        assert_eq!(saved(&gone_on), bytes, "R2");
        assert_eq!(run_to(&mut gone_on, u64::MAX), Stop::PowerOff);
        assert_eq!(gone_on.hash(), hash, "R3 {timing:?}");
    }
}

#[test]
fn the_model_is_part_of_the_hash_and_of_the_file() {
    let mut machines = Timing::ALL.map(|(_, timing)| start(timing, Tuning::default()));
    let hashes = machines.each_mut().map(Machine::hash);
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
    let bytes = saved(&machines[1]);
    let mut damaged = bytes.clone();
    let at = bytes.windows(6).position(|part| part == b"timing").expect("the section is named");
    damaged[at] ^= 1;
    assert!(try_restore(damaged, &tour(), Tuning::default()).is_err());
}

#[test]
fn the_486_takes_more_cycles_than_the_pentium() {
    let cycles = |timing| {
        let mut machine = start(timing, Tuning::default());
        assert_eq!(run_to(&mut machine, u64::MAX), Stop::PowerOff);
        machine.position()
    };
    let [flat, i486, pentium] = Timing::ALL.map(|(_, timing)| cycles(timing));
    assert!(flat < pentium && pentium < i486, "{flat} {pentium} {i486}");
}
