//! The one breakpoint language, on the command line: each kind stops backward where it stops forward, with conditions,
//! counts and actions.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringwalk::machine::{NoHost, RunLimits, Stop, Tuning};
use serde_json::Value;

use crate::cli_process::{PRINT, boot_sector};
use crate::guest::{Image, machine, run_to};

/// The answers to some commands about the built-in disk, or another.
fn answers(image: Option<&Path>, commands: &[String]) -> Vec<Value> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ringwalk"));
    program.args(["debug", "--json", "--mem", "8M"]).args(image);
    let child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    let mut typed = child.stdin.take().expect("piped");
    typed.write_all((commands.join("\n") + "\n").as_bytes()).expect("the program reads");
    drop(typed);
    let output = child.wait_with_output().expect("the program ends");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The position at which a command that ran the machine stopped by a breakpoint.
fn stop(answer: &Value) -> Option<u64> {
    let why = &answer["value"]["why"];
    why["id"].as_u64()?;
    why["position"].as_u64()
}

fn stop_text(answer: &Value) -> &str {
    answer["value"]["why"]["text"].as_str().unwrap_or_default()
}

/// Where the tour is looked at: from its first instruction to its end.
const BEGIN: u64 = 10_900_000;
const END: u64 = 20_200_000;
const MOST: usize = 5;

/// Stops of a breakpoint from [`BEGIN`] on, and, from behind the last of them, backward.
fn both_ways(set: &str) -> (Vec<u64>, Vec<u64>) {
    let word = |text: &str| text.to_owned();
    let mut commands = vec![format!("goto {BEGIN}"), word(set)];
    commands.extend((0..MOST).map(|_| word("continue")));
    let forward: Vec<u64> = answers(None, &commands)[2..].iter().filter_map(stop).filter(|at| *at < END).collect();
    let behind = forward.last().map_or(END, |last| last + 1);
    let mut commands = vec![format!("goto {behind}"), word(set)];
    commands.extend((0..forward.len()).map(|_| word("reverse-continue")));
    let mut backward: Vec<u64> = answers(None, &commands)[2..].iter().filter_map(stop).collect();
    backward.reverse();
    (forward, backward)
}

#[test]
fn every_kind_stops_backward_where_it_stops_forward() {
    let kinds = [
        ("break phys 0x7c00", 1),
        ("watch phys 0x46c 4 w", 1),
        ("watch phys 0x1000 88 r", 3),
        ("break port 0x3f8 w", MOST),
        ("break mmio 0xb8000 4000 w", 1),
        ("break cr 0", 1),
        ("break cr3", 1),
        ("break interrupt", 1),
        ("break int", 3),
        ("break exception", 3),
        ("break mode", 2),
        ("break cpl", 2),
        ("break segment", 3),
        ("break tlb", 3),
        ("break screen", MOST),
        // Not in the tour: nothing is found in either direction.
        ("break msr", 0),
        ("break task", 0),
    ];
    for (set, least) in kinds {
        let (forward, backward) = both_ways(set);
        assert!(forward.len() >= least, "{set}: {forward:?}");
        assert_eq!(forward, backward, "{set}");
    }
}

#[test]
fn conditions_counts_and_actions() {
    let typed = [
        "break port 0x3f8 w ignore 2 do \"print position; print 1 + 1\"",
        "continue",
        "delete",
        "break port 0x3f8 w if al == 0x74 do \"print al; continue\"",
        "commands 2 \"print al; condition 2 al == 0x68; commands 2; continue\"",
        "continue",
    ];
    let found = answers(None, &typed.map(str::to_owned));
    let told: Vec<&str> = found.iter().map(|answer| answer["command"].as_str().expect("a word")).collect();
    let wanted = [
        "break",
        "continue",
        "print",
        "print",
        "delete",
        "break",
        "commands",
        "continue",
        "print",
        "condition",
        "commands",
        "continue",
    ];
    assert_eq!(told, wanted, "{found:?}");
    assert_eq!((found[3]["value"]["value"].as_u64(), found[8]["value"]["value"].as_u64()), (Some(2), Some(0x74)));
    assert!(stop(&found[11]) > stop(&found[7]) && stop(&found[7]) > stop(&found[1]));
    let wrong = answers(None, &["break 0x7c00 do \"prinx al\"".to_owned(), "break 0x7c00 do regs".to_owned()]);
    assert!(wrong.iter().all(|answer| answer["ok"] == false), "{wrong:?}");
}

/// The BIOS ends its initialisation of the interrupt controllers with their masks: the datasheet (8259A) says that ICW1
/// clears a mask and that a write to the second port is one once all ICWs are there.
#[test]
fn the_last_change_of_a_device_is_the_port_write_that_made_it() {
    let typed = ["goto 100000", "events port 0x21 w", "last change pic.master imr", "last change pic.master"];
    let found = answers(None, &typed.map(str::to_owned));
    let last = found[1]["value"]["events"].as_array().and_then(|events| events.last()).expect("it was initialised");
    assert!(last["text"].as_str().expect("text").starts_with("port 021 written: b8"), "{last}");
    let change = &found[2]["value"];
    assert_eq!(
        (&change["position"], &change["old"], &change["new"]),
        (&last["position"], &"00h".into(), &"B8h".into())
    );
    assert!(change["by"].as_str().expect("text").ends_with("out 0x21, al"), "{change}");
    assert_eq!(found[3]["ok"], false, "more than one field begins so: {}", found[3]);
}

/// A sector that prints a text by the BIOS.
fn printing() -> Vec<u8> {
    boot_sector(&[PRINT], "hello_world")
}

fn shows(run: &ringwalk::machine::Machine) -> bool {
    let screen = run.board.screen(&run.memory).expect("a text screen");
    (0..screen.rows).any(|row| screen.row_text(row).contains("hello_world"))
}

#[test]
fn a_text_on_the_screen_stops_behind_the_instruction_that_completes_it() {
    let image = Image(printing().into());
    let mut run = machine(&image, Tuning::default());
    run.watch_screen(vec![(7, "hello_world".to_owned()), (8, "never".to_owned())]);
    let limits = RunLimits { position: Some(50_000_000), ..RunLimits::default() };
    assert_eq!(run.run(&limits, &mut NoHost), Stop::Shown(7));
    let at = run.position();
    assert!(shows(&run));
    let mut plain = machine(&image, Tuning::default());
    run_to(&mut plain, at - 1);
    assert!(plain.position() < at && !shows(&plain), "not before");
    run_to(&mut plain, at);
    assert_eq!((plain.position(), plain.hash()), (at, run.hash()), "waiting for it changes nothing");
    assert_eq!(run_to(&mut run, at + 1_000_000), Stop::Position, "it came once");
    // The same by single steps, and backward.
    let mut stepped = machine(&image, Tuning::default());
    run_to(&mut stepped, at - 300);
    stepped.watch_screen(vec![(7, "hello_world".to_owned())]);
    let stopped = std::iter::from_fn(|| Some(stepped.step())).find(Option::is_some).flatten();
    assert_eq!((stopped, stepped.position()), (Some(Stop::Shown(7)), at));
    let file: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("printing.img");
    std::fs::write(&file, printing()).expect("the test's folder takes files");
    let typed = ["break screen \"hello_world\"", "continue", "goto +3000000", "reverse-continue", "reverse-continue"];
    let found = answers(Some(&file), &typed.map(str::to_owned));
    assert!(stop_text(&found[1]).contains("\"hello_world\" on the screen"), "{}", found[1]);
    assert!(stop(&found[1]).is_some() && stop(&found[1]) == stop(&found[3]), "{found:?}");
    assert_eq!(stop(&found[4]), None, "nothing before");
    // The same as a change of the screen, told with what else is on the way to it.
    let typed = ["break screen \"hello_world\"", "continue", "events screen most 1", "goto +3000000", "events screen"];
    let told = answers(Some(&file), &typed.map(str::to_owned));
    for events in [&told[2]["value"]["events"], &told[4]["value"]["events"]] {
        let last = events.as_array().and_then(|events| events.last()).expect("a change");
        assert_eq!(last["position"].as_u64(), stop(&found[1]), "{told:?}");
        assert!(last["text"].as_str().expect("text").contains("hello_world"), "{last}");
    }
}
