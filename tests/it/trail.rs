//! A run with marks: what another run of the same machine must equal wherever it is looked at.

use ringwalk::machine::{Machine, NoHost, RunLimits, Stop};
use ringwalk_cpu::watch::{DataWatch, Place};
use ringwalk_snapshots::HashTree;

use crate::guest::{run_to, saved};

/// A moment of the undisturbed run.
pub(crate) struct Mark {
    pub(crate) position: u64,
    pub(crate) hash: HashTree,
    pub(crate) snapshot: Vec<u8>,
}

/// The undisturbed run.
#[derive(Default)]
pub(crate) struct Trail {
    pub(crate) marks: Vec<Mark>,
}

impl Trail {
    /// Lets a machine run, marks it every `step` cycles, and marks where COM1 has sent the text or the run ended.
    pub(crate) fn record(&mut self, run: &mut Machine, step: u64, text: Option<&str>) -> Stop {
        let farthest = run.position() + 200 * step;
        loop {
            let limits = RunLimits {
                position: Some(run.position() + step),
                serial: text.map(str::to_owned),
                ..RunLimits::default()
            };
            let stop = run.run(&limits, &mut NoHost);
            // A run that this position ends must leave the same state, whatever ended this one.
            self.marks.push(Mark { position: run.position(), hash: run.hash_tree(), snapshot: saved(run) });
            if stop != Stop::Position {
                return stop;
            }
            assert!(run.position() < farthest, "the run comes to its end; COM1 sent {:?}", crate::guest::serial(run));
        }
    }

    /// The mark so many before the last.
    pub(crate) fn before_end(&self, back: usize) -> &Mark {
        &self.marks[self.marks.len() - 1 - back]
    }

    /// Brings a machine from mark to mark, by `go`, and compares at each that does not lie behind it.
    pub(crate) fn follow(&self, mut run: Machine, how: &str, mut go: impl FnMut(&mut Machine, u64)) -> Machine {
        for mark in &self.marks {
            if mark.position >= run.position() {
                go(&mut run, mark.position);
                assert_same(&mut run, mark.position, &mark.hash, how);
            }
        }
        run
    }
}

/// Panics unless the machine has this position and this state, and names the parts that differ.
pub(crate) fn assert_same(run: &mut Machine, position: u64, wanted: &HashTree, how: &str) {
    assert_eq!(run.position(), position, "{how}: the position");
    let found = run.hash_tree();
    if found != *wanted {
        let parts: Vec<_> = found.parts().zip(wanted.parts()).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect();
        panic!("{how}: at position {position} these parts of the state differ: {parts:?}");
    }
}

/// The undisturbed way from mark to mark.
pub(crate) fn straight(run: &mut Machine, position: u64) {
    run_to(run, position);
}

/// Steps to a position; answers how many steps it took.
pub(crate) fn step_to(run: &mut Machine, position: u64) -> u64 {
    let mut steps = 0;
    while run.position() < position {
        let before = run.position();
        let stop = run.step();
        assert!(run.position() > before || stop.is_some(), "a step takes time");
        steps += 1;
    }
    steps
}

/// Stops of the debugger.
pub(crate) fn set_watches(run: &mut Machine, code: Vec<(u32, Place)>, data: Vec<DataWatch>) {
    run.engine.hot.watches.replace(code, data);
    run.engine.forget(&mut run.memory);
}

/// Breakpoints and watchpoints that are never hit if nothing touches the 32 bytes at `quiet`.
pub(crate) fn watch_idly(run: &mut Machine, quiet: u64) {
    let code = vec![
        (1, Place::Logical(0x1234, 0x7C00)),
        (2, Place::Linear(0x9FFF0)),
        (3, Place::Physical(quiet)),
        (4, Place::Linear(0x8401)),
    ];
    let watch = |id, physical, first, read| DataWatch { id, physical, first, bytes: 8, read, write: true };
    let data = vec![watch(5, true, quiet, true), watch(6, false, quiet + 8, true), watch(7, true, quiet + 16, false)];
    set_watches(run, code, data);
}
