//! The debugger over the real machine: two ways to ask who wrote something agree.

use ringwalk_debugger::{Flow, Options, Session as Debugger};

use super::*;
use crate::cli::options::MachineArgs;
use crate::host::FrontOptions;
use crate::machine::MachineConfig;

/// Cases of every day; RINGWALK_CASES asks for more.
const CASES: u64 = 60;
/// The tour's run is looked at up to here.
const END: u64 = 3_000_000;

fn session() -> Session {
    let plan = MediaPlan::new(&MachineArgs::default(), None).expect("the built-in disk");
    let media = plan.open().expect("it opens");
    let mut config = MachineConfig::default();
    config.board.ram_pages = (8 << 20) / 4096;
    plan.describe(&media, &mut config.board, None).expect("a disk");
    let machine = Machine::new(config, media, Tuning { slice: 20_000, ..Tuning::default() }).expect("a machine");
    let front = Front::open(FrontOptions::default()).expect("it needs nothing");
    let mut session = Session::new(machine, front, plan, StandingStops::default());
    session.keep_history(64 << 20).expect("an overlay can go back");
    session
}

fn answer(debugger: &mut Debugger<'_>, line: &str) -> serde_json::Value {
    let mut out = Vec::new();
    let flow = debugger.exec(line, &mut out).expect("a Vec takes every write");
    assert_eq!(flow, Flow::On, "{line}");
    let text = String::from_utf8(out).expect("JSON is text");
    serde_json::from_str(text.lines().last().expect("an answer")).expect("JSON")
}

#[test]
fn the_last_write_is_where_reverse_continue_stops() {
    let cases = std::env::var("RINGWALK_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let mut target = session();
    let mut debugger = Debugger::new(&mut target, Options { json: true, ..Options::default() }).expect("no tour");
    answer(&mut debugger, &format!("goto {END}"));
    let mut state = 7_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % bound
    };
    let (mut found, mut none) = (0, 0);
    for case in 0..cases {
        let place = match case % 4 {
            // What the BIOS keeps, the stacks, and anywhere.
            0 => 0x400 + below(0x100),
            1 => 0x7B00 + below(0x100),
            2 => 0x8000 + below(0x2000),
            _ => below(0xA_0000),
        };
        let moment = 1 + below(END);
        answer(&mut debugger, &format!("goto {moment}"));
        let here = answer(&mut debugger, "hash")["value"]["position"].as_u64().expect("a position");
        let last = answer(&mut debugger, &format!("last write phys {place:#x}"));
        let write = last["value"]["writes"][0]["position"].as_u64();
        assert_eq!(answer(&mut debugger, "hash")["value"]["position"].as_u64(), Some(here), "asking moves nothing");
        answer(&mut debugger, &format!("watch phys {place:#x}"));
        // What was written by the last instruction is no stop before this moment.
        if write == Some(here) {
            answer(&mut debugger, "delete");
            continue;
        }
        let back = answer(&mut debugger, "reverse-continue");
        let why = &back["value"]["why"];
        match write {
            Some(position) => {
                assert_eq!(why["kind"], "watch", "{place:#x} from {here}: {back}");
                assert_eq!(why["position"].as_u64(), Some(position), "{place:#x} from {here}");
                assert_eq!(why["access"]["new"], last["value"]["writes"][0]["new"], "{place:#x} from {here}");
                found += 1;
            }
            None => {
                assert_eq!(why["kind"], "beginning", "{place:#x} from {here}");
                none += 1;
            }
        }
        answer(&mut debugger, "delete");
    }
    assert!(found >= cases / 5 && none > 0, "{found} of {cases} places were written");
}
