//! `ringwalk repro`: a recorded run is made again, and what is no recipe is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn ringwalk(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringwalk")).args(arguments).output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("repro-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

#[test]
fn a_recorded_run_is_made_again() {
    let folder = folder("again");
    let (script, recipe) = (folder.join("typed.script"), folder.join("run.toml"));
    std::fs::write(&script, "at 3900000 type \"x\\n\"\n").expect("writes");
    let file = recipe.to_str().expect("a name");
    let script = script.to_str().expect("a name");
    let recorded = ringwalk(&["repro", "record", file, "--mem", "8M", "--input", script, "--max-insns", "3000000"]);
    assert_eq!(recorded.status.code(), Some(4), "{}", said(&recorded));
    let checked = ringwalk(&["repro", "check", file]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    assert!(said(&checked).contains("the same machine"), "{}", said(&checked));

    let text = std::fs::read_to_string(&recipe).expect("reads");
    let other = folder.join("other.toml");
    let other_name = other.to_str().expect("a name");
    for (from, to, status, words) in [
        ("type \"x", "type \"y", Some(8), "ANOTHER machine"),
        ("mem = \"8M\"", "mem = \"9M\"", Some(8), "ANOTHER machine"),
        ("bios = \"", "bios = \"0", Some(8), "is not what the recipe was made with"),
        ("mem = \"8M\"", "mom = \"8M\"", Some(2), "mom"),
        ("version = 1", "version = 7", Some(2), "version 7"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(&other, text.replace(from, to)).expect("writes");
        let checked = ringwalk(&["repro", "check", other_name]);
        assert_eq!(checked.status.code(), status, "{from} -> {to}: {}", said(&checked));
        assert!(said(&checked).contains(words), "{from} -> {to}: {}", said(&checked));
    }
    std::fs::write(&other, [0xFF, 0xFE, 0]).expect("writes");
    let checked = ringwalk(&["repro", "check", other_name]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(said(&checked).contains("byte 0 is no text"), "{}", said(&checked));
}

#[test]
fn the_debugger_goes_back() {
    let debug = |commands: &str| ringwalk(&["debug", "--mem", "8M", "-e", commands]);
    let there = debug("goto 1000000; hash; goto 1234; hash; goto 2000000; hash");
    let again = debug("goto 2000000; goto 1000000; hash; goto 1234; hash; goto end; hash");
    assert_eq!((there.status.code(), again.status.code()), (Some(0), Some(0)), "{} {}", said(&there), said(&again));
    let hashes = |output: &Output| {
        let text = said(output);
        text.lines().filter(|line| line.len() == 64 && !line.contains(' ')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(hashes(&there).len(), 3, "{}", said(&there));
    assert_eq!(hashes(&there), hashes(&again));
    let refused = ringwalk(&["debug", "--history", "0", "-e", "goto 1000; reverse-step"]);
    assert!(said(&refused).contains("--history"), "{}", said(&refused));
}

#[test]
fn snapshots_are_told_in_words_and_go_out_as_files() {
    let folder = folder("snapshots");
    let name = |file: &str| folder.join(file).to_str().expect("a name").to_owned();
    let (left, right) = (name("left.snap"), name("right.snap"));
    let commands = format!("goto 1000000; save {left}; goto +5000; set ecx = 0x1234; save {right}");
    let saved = ringwalk(&["debug", "--mem", "8M", "-e", &commands]);
    assert_eq!(saved.status.code(), Some(0), "{}", said(&saved));
    let diff = ringwalk(&["snapshot", "diff", &left, &right]);
    assert_eq!(diff.status.code(), Some(8), "{}", said(&diff));
    let words = said(&diff);
    assert!(words.contains("cpu0.gpr[1] ") && words.contains("-> 1234"), "{words}");
    assert!(words.contains("cpu0.position f4240 -> "), "{words}");
    let shown = ringwalk(&["snapshot", "show", &right, "cpu0"]);
    let cpu: serde_json::Value = serde_json::from_str(&said(&shown)).expect("JSON");
    assert_eq!(cpu["gpr"][1], 0x1234);
    let missing = ringwalk(&["snapshot", "show", &right, "cpu1"]);
    assert!(said(&missing).contains("only board, cpu0"), "{}", said(&missing));
    let (core, raw) = (name("memory.core"), name("memory.raw"));
    assert_eq!(ringwalk(&["snapshot", "core", &right, &core]).status.code(), Some(0));
    assert_eq!(ringwalk(&["snapshot", "raw", &right, &raw]).status.code(), Some(0));
    let (core, raw) = (std::fs::read(&core).expect("reads"), std::fs::read(&raw).expect("reads"));
    assert_eq!(raw.len(), 8 << 20);
    assert_eq!(core[..4], *b"\x7fELF");
    // Memory and registers go in again: as they were, the same machine; changed, the changed one.
    let (json, put) = (name("cpu0.json"), name("put.snap"));
    let state = |file: &str| said(&ringwalk(&["debug", "--restore", file, "-e", "hash"]));
    std::fs::write(&json, said(&shown)).expect("writes");
    let from_files = ["snapshot", "put", &left, &put, "--raw", &name("memory.raw"), "--registers", &json];
    assert_eq!(ringwalk(&from_files).status.code(), Some(0));
    let same = ringwalk(&["snapshot", "diff", &right, &put]);
    assert!(!said(&same).contains("cpu0") && !said(&same).contains(" ram "), "{}", said(&same));
    let onto_itself = ["snapshot", "put", &right, &put, "--raw", &name("memory.raw"), "--registers", &json];
    assert_eq!(ringwalk(&onto_itself).status.code(), Some(0));
    assert_eq!(state(&put), state(&right));
    let mut changed = cpu.clone();
    changed["gpr"][1] = 0x77.into();
    std::fs::write(&json, changed.to_string()).expect("writes");
    assert_eq!(ringwalk(&["snapshot", "put", &right, &put, "--registers", &json]).status.code(), Some(0));
    let asked = said(&ringwalk(&["debug", "--restore", &put, "-e", "print ecx"]));
    assert!(asked.contains("0x77"), "{asked}");
    for bad in ["{}", "nothing", "[1]"] {
        std::fs::write(&json, bad).expect("writes");
        let refused = ringwalk(&["snapshot", "put", &right, &put, "--registers", &json]);
        assert!(refused.status.code() == Some(2) && said(&refused).contains("cpu0.json"), "{}", said(&refused));
    }
    let short = ringwalk(&["snapshot", "put", &right, &put, "--raw", &json]);
    assert!(said(&short).contains("8388608 bytes of main memory"), "{}", said(&short));
    // The BIOS data area's first page is in both.
    let page = &raw[..4096];
    assert!(page.iter().any(|byte| *byte != 0) && core.windows(4096).any(|window| window == page));
}

#[test]
fn bisect_finds_the_first_step_that_differs() {
    let folder = folder("bisect");
    let name = |file: &str| folder.join(file).to_str().expect("a name").to_owned();
    let record = |file: &str, typed: &str| {
        let script = name(&format!("{file}.script"));
        std::fs::write(&script, format!("at 3900000 : type \"{typed}\"\n")).expect("writes");
        let file = name(file);
        let recorded =
            ringwalk(&["repro", "record", &file, "--mem", "8M", "--input", &script, "--max-insns", "4500000"]);
        assert_eq!(recorded.status.code(), Some(4), "{}", said(&recorded));
    };
    record("x.toml", "x");
    record("y.toml", "y");
    let same = ringwalk(&["bisect", &name("x.toml"), &name("x.toml")]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(said(&same).contains("no difference"), "{}", said(&same));
    let found = ringwalk(&["bisect", &name("x.toml"), &name("y.toml")]);
    assert_eq!(found.status.code(), Some(8), "{}", said(&found));
    // What is typed lies in the script from the start; the keyboard gets it at that position.
    let words = said(&found);
    assert!(words.contains("not compared: machine"), "{words}");
    assert!(words.contains("the same at position 3900000;"), "{words}");
    assert!(words.contains("board.") && words.contains("differ: board"), "{words}");
    let wrong = ringwalk(&["bisect", &name("x.toml"), &name("nothing.toml")]);
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    assert!(said(&wrong).contains("nothing.toml"), "{}", said(&wrong));
}

#[test]
fn a_byte_is_followed_to_the_disk_that_it_came_from() {
    // The boot sector's last two bytes and its first, read by the BIOS.
    let asked = ringwalk(&["debug", "--mem", "8M", "-e", "until 0000:7c00; origin phys 0x7dfe; origin phys 0x7c00"]);
    assert_eq!(asked.status.code(), Some(0), "{}", said(&asked));
    let words = said(&asked);
    let ends: Vec<&str> = words.lines().filter(|line| line.contains(" came from ")).collect();
    assert_eq!(ends.len(), 2, "{words}");
    for end in ends {
        assert!(end.contains("primary master") && end.ends_with("sector 0)"), "{end}");
    }
}
