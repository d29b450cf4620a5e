//! Saving by the command line: on another snapshot, while the program is killed, where the disk is full.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ringwalk_snapshots::Snapshot;

use crate::guest::Random;

fn ringwalk(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringwalk")).args(arguments).output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("saving-{name}"));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn hash(output: &Output) -> String {
    said(output).lines().find(|line| line.len() == 64).unwrap_or_else(|| panic!("{}", said(output))).to_owned()
}

#[test]
fn a_snapshot_on_another_keeps_what_differs() {
    let folder = folder("on");
    let name = |file: &str| folder.join(file).to_str().expect("a name").to_owned();
    let (first, next, last) = (name("first.snap"), name("next.snap"), name("last.snap"));
    let commands = format!("goto 4000000; save {first}; goto +20000; save {next} on {first}; hash");
    let saved = ringwalk(&["debug", "--mem", "8M", "-e", &commands]);
    assert_eq!(saved.status.code(), Some(0), "{}", said(&saved));
    let size = |file: &str| std::fs::metadata(file).expect("is there").len();
    assert!(size(&next) < size(&first), "{} {}", size(&next), size(&first));
    let wanted = hash(&saved);
    assert_eq!(hash(&ringwalk(&["debug", "--restore", &next, "-e", "hash"])), wanted);
    let gone_on = ringwalk(&["run", "--restore", &next, "--max-insns", "1000", "--save", &last, "--save-on", &next]);
    assert_eq!(gone_on.status.code(), Some(4), "{}", said(&gone_on));
    let told = said(&ringwalk(&["snapshot", "info", &last]));
    assert!(told.contains("which has the pages that are not in this file"), "{told}");
    assert_eq!(ringwalk(&["snapshot", "verify", &last]).status.code(), Some(0));
    std::fs::rename(&first, name("elsewhere")).expect("renames");
    assert_eq!(hash(&ringwalk(&["debug", "--restore", &next, "-e", "hash"])), wanted, "by content, not by name");
    std::fs::remove_file(name("elsewhere")).expect("removes");
    let alone = ringwalk(&["debug", "--restore", &next, "-e", "hash"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(said(&alone).contains("put that file into the same folder"), "{}", said(&alone));
}

#[test]
fn a_base_is_another_file_beside_the_new_one() {
    let folder = folder("base");
    let base = folder.join("base.snap").to_str().expect("a name").to_owned();
    let saved = ringwalk(&["run", "--mem", "8M", "--max-insns", "10", "--save", &base]);
    assert_eq!(saved.status.code(), Some(4), "{}", said(&saved));
    for (path, words) in [(base.as_str(), "its own base"), ("elsewhere.snap", "does not lie in the folder")] {
        let arguments = ["run", "--mem", "8M", "--max-insns", "10", "--save", path, "--save-on", &base];
        let refused = ringwalk(&arguments);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(words), "{}", said(&refused));
    }
}

/// Killed while it saves, the file is a whole snapshot, the old one or a newer one. `RINGWALK_KILLS` says how often.
#[test]
fn a_program_killed_while_it_saves_leaves_a_whole_file() {
    let folder = folder("killed");
    let file = folder.join("run.snap");
    let name = file.to_str().expect("a name");
    let commands: String = (0..2000).map(|_| format!("goto +1000; save {name}\n")).collect();
    let script = folder.join("saves");
    std::fs::write(&script, commands).expect("writes");
    let script = script.to_str().expect("a name");
    let wanted = std::env::var("RINGWALK_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10);
    let mut random = Random(3);
    let mut seen = BTreeSet::new();
    for round in 0..wanted {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringwalk"))
            .args(["debug", "--mem", "8M", "-x", script])
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_micros(50_000 + random.below(200_000)));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        if file.exists() {
            let snapshot = Snapshot::open(&file).unwrap_or_else(|error| panic!("{round}: {error}"));
            seen.insert(snapshot.hash_tree().expect("whole").root());
        }
    }
    println!("{wanted} kills, {} different snapshots found", seen.len());
    assert!(!seen.is_empty(), "it was killed before it saved anything");
    std::fs::remove_dir_all(&folder).expect("what the killed left goes with the folder");
}

/// The host takes no more bytes: the message says so, and the old file stays.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file_and_is_told() {
    let folder = folder("full");
    let file = folder.join("run.snap");
    std::fs::write(&file, b"the old file").expect("writes");
    let program = env!("CARGO_BIN_EXE_ringwalk");
    // A limit on the size of files, whose signal is ignored, fails writes as a full disk does.
    let (name, commands) = (file.display(), "goto 4000000; save");
    let shell = format!("trap '' XFSZ; ulimit -f 4; exec {program} debug --mem 8M -e '{commands} {name}; hash'");
    let output = Command::new("sh").args(["-c", &shell]).output().expect("a shell");
    let words = said(&output);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("cannot be written") && words.contains("what was there before is unchanged"), "{words}");
    assert_eq!(std::fs::read(&file).expect("reads"), b"the old file");
    assert_eq!(std::fs::read_dir(&folder).expect("reads").count(), 1, "no temporary file stays");
}

/// Restored lazily, the run needs few pages, and its hash all of them.
#[test]
fn a_hash_that_lacks_a_page_is_none() {
    let file = folder("lacking").join("damaged.snap");
    let name = file.to_str().expect("a name");
    let saved = ringwalk(&["debug", "--mem", "8M", "-e", &format!("goto 4000000; save {name}")]);
    assert_eq!(saved.status.code(), Some(0), "{}", said(&saved));
    let mut bytes = std::fs::read(&file).expect("reads");
    let place = bytes.len() * 2 / 3;
    bytes[place] ^= 1;
    std::fs::write(&file, bytes).expect("writes");
    let run = ringwalk(&["run", "--restore", name, "--lazy", "--max-insns", "10", "--stats", "json"]);
    let told = said(&run);
    let stats: serde_json::Value = serde_json::from_str(told.lines().last().expect("a line")).expect("JSON");
    assert_eq!(run.status.code(), Some(2), "{told}");
    assert!(stats["state_hash"].is_null() && told.contains("is damaged"), "{told}");
}
