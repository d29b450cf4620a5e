//! R7: killed, failing or out of space at any byte, the old file is whole.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use ringwalk_snapshots::{Error, Snapshot, replace_file};

use crate::model::{Machine, Numbers};

/// Ends the process of the killed child.
const KILLED: i32 = 9;

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries.map(|entry| entry.expect("has a name").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_snapshot_replaces_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.snapshot");
    let mut machine = Machine::sample();
    machine.writer().write_to(&path).expect("writes");
    machine.cpu.rip = 0x7C00;
    machine.writer().write_to(&path).expect("writes");
    assert!(fs::read(&path).expect("reads") == machine.save());
    assert_eq!(names_in(folder.path()), ["run.snapshot"]);
    Snapshot::open(&path).expect("opens");
}

#[test]
fn a_write_that_fails_at_any_byte_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.snapshot");
    fs::write(&path, b"the old file").expect("writes");
    let file = Machine::sample().save();
    for at in (0..=file.len()).step_by(97) {
        let refused = replace_file(&path, |out| {
            out.write_all(&file[..at])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        let message = refused.expect_err("the disk is full").to_string();
        assert!(message.contains("run.snapshot: cannot be written: no storage space"), "{message}");
        assert!(message.contains("what was there before is unchanged"), "{message}");
        assert_eq!(fs::read(&path).expect("reads"), b"the old file");
        assert_eq!(names_in(folder.path()), ["run.snapshot"], "the temporary file stays");
    }
}

#[test]
fn a_name_that_cannot_be_taken_over_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.snapshot");
    fs::create_dir(&path).expect("a folder in the way");
    fs::write(path.join("content"), b"x").expect("writes");
    assert!(replace_file(&path, |out| out.write_all(b"new")).is_err());
    assert_eq!(names_in(folder.path()), ["run.snapshot"]);
    let nowhere = folder.path().join("missing").join("run.snapshot");
    let message = replace_file(&nowhere, |out| out.write_all(b"new")).expect_err("no folder").to_string();
    assert!(message.contains("missing") && message.contains("cannot be written"), "{message}");
}

/// The test runs itself as a child process, which dies while it writes.
#[test]
fn a_process_killed_at_any_byte_leaves_the_old_file() {
    let variable = "RINGWALK_TEST_DIES_AT";
    let file = Machine::sample().save();
    if let Ok(order) = std::env::var(variable) {
        let (at, path) = order.split_once(':').expect("a byte and a path");
        return die_while_writing(&file[..at.parse().expect("a number")], Path::new(path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.snapshot");
    fs::write(&path, b"the old file").expect("writes");
    let mut numbers = Numbers(13);
    let places = [0, 1, file.len() - 1, file.len()];
    let places: Vec<usize> = places.into_iter().chain((0..196).map(|_| numbers.below(file.len()))).collect();
    for at in places {
        let child = Command::new(std::env::current_exe().expect("this test has a path"))
            .args(["crash::a_process_killed_at_any_byte_leaves_the_old_file", "--exact", "--test-threads=1"])
            .env(variable, format!("{at}:{}", path.display()))
            .output()
            .expect("the child starts");
        assert_eq!(child.status.code(), Some(KILLED));
        assert_eq!(fs::read(&path).expect("reads"), b"the old file", "killed at byte {at}");
    }
    assert_eq!(names_in(folder.path()).len(), 201, "every child had begun its temporary file");
    Machine::sample().writer().write_to(&path).expect("what the dead left is not in the way");
    assert!(fs::read(&path).expect("reads") == file);
}

fn die_while_writing(begin: &[u8], path: &Path) {
    let _never_returns = replace_file(path, |out| {
        out.write_all(begin)?;
        out.flush()?;
        std::process::exit(KILLED)
    });
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.snapshot");
    let told = |path: &Path| Snapshot::open(path).expect_err("must be refused").to_string();
    assert!(told(&path).contains("run.snapshot: cannot be read: "), "{}", told(&path));
    fs::write(&path, b"PK\x03\x04").expect("writes");
    assert!(told(&path).contains("run.snapshot: is not a ringwalk snapshot"), "{}", told(&path));
    let Err(Error::File { path: named, .. }) = Snapshot::open(&path) else { panic!("an error about the file") };
    assert_eq!(named, path);
}
