//! Older and newer files, and files that are damaged, as laws R5 and R6 have it, for snapshots of any machine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ringwalk::machine::{Machine, Stop};
use ringwalk_snapshots::StateHash;

use crate::guest::{Random, run_to};

/// Bytes of a snapshot's header, and of the hash over header and directory at its end (`snapshots/src/format.rs`).
const HEADER: usize = 64;
const HASH: usize = 32;

/// Sections of a snapshot: their names, and where their versions lie.
fn versions(bytes: &[u8]) -> Vec<(String, usize)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes")) as usize;
    let mut at = HEADER + 4;
    let mut found = Vec::new();
    for _ in 0..word(HEADER) {
        let name = usize::from(bytes[at]);
        let text = String::from_utf8(bytes[at + 1..at + 1 + name].to_vec()).expect("names are ASCII");
        found.push((text, at + 1 + name));
        // Version, length, check.
        at += 1 + name + 2 + 8 + HASH;
    }
    found
}

/// R5: a file whose section has another version, older or newer, is refused by the section's name and both versions.
pub(crate) fn other_versions_are_refused(whole: &[u8], restore: impl Fn(Vec<u8>) -> Result<Machine, String>) {
    let directory = u64::from_le_bytes(whole[16..24].try_into().expect("8 bytes")) as usize;
    let sections = versions(whole);
    assert!(sections.len() >= 4, "{sections:?}");
    for (name, at) in sections {
        let version = u16::from_le_bytes([whole[at], whole[at + 1]]);
        for other in [version - 1, version + 1, 0, u16::MAX] {
            let mut bytes = whole.to_vec();
            bytes[at..at + 2].copy_from_slice(&other.to_le_bytes());
            let root = StateHash::of(&bytes[..HEADER + directory]);
            let end = bytes.len() - HASH;
            bytes[end..].copy_from_slice(root.as_bytes());
            let words = restore(bytes).err().unwrap_or_else(|| panic!("section {name} of version {other} is taken"));
            let names = [name.clone(), other.to_string(), version.to_string()];
            assert!(other == version || names.iter().all(|part| words.contains(part)), "{name} {other}: {words}");
        }
    }
}

/// R6: cut anywhere, or with any bit changed, a file is refused in words.
pub(crate) fn damage_is_refused(whole: &[u8], count: u64, restore: impl Fn(Vec<u8>) -> Result<Machine, String>) {
    let mut random = Random(66);
    for round in 0..count {
        let mut bytes = whole.to_vec();
        let place = match round % 4 {
            // Tables and sections are a small part of a file.
            0 => random.below(4096.min(whole.len() as u64)),
            _ => random.below(whole.len() as u64),
        } as usize;
        match round % 2 {
            0 => bytes.truncate(place),
            _ => bytes[place] ^= 1 << random.below(8),
        }
        let answer = catch_unwind(AssertUnwindSafe(|| restore(bytes).err()));
        let words = answer.unwrap_or_else(|_| panic!("round {round}: a panic at {place}"));
        assert!(words.is_some_and(|words| !words.is_empty()), "round {round}: what was changed at {place} is taken");
    }
}

/// R6, restored lazily: a damaged page ends the run before the guest sees it, or was not needed, and then hash and
/// snapshot refuse. `open` restores these bytes lazily, `end` is where `whole` comes to with the hash `wanted`.
pub(crate) fn damage_ends_a_lazy_run(
    whole: &[u8],
    count: u64,
    open: impl Fn(&[u8]) -> Result<Machine, String>,
    end: u64,
    wanted: StateHash,
) {
    let mut random = Random(67);
    let (mut stopped, mut unneeded) = (0, 0);
    for round in 0..count {
        let mut bytes = whole.to_vec();
        // In the pages, which are nearly all of it.
        let place = whole.len() / 10 + random.below(whole.len() as u64 * 9 / 10 - HASH as u64) as usize;
        bytes[place] ^= 1 << random.below(8);
        let mut lazy = open(&bytes).unwrap_or_else(|words| panic!("round {round}: {words}"));
        match run_to(&mut lazy, end) {
            Stop::Host(words) => {
                stopped += 1;
                assert!(words.contains("damaged; take") && lazy.position() <= end, "round {round}: {words}");
            }
            Stop::Position => {
                unneeded += 1;
                assert_ne!(lazy.hash(), wanted, "round {round}: a hash without a page is none");
                let trouble = lazy.memory.host_trouble.take();
                assert!(trouble.is_some_and(|words| words.contains("damaged; take")), "round {round}");
            }
            stop => panic!("round {round}: {stop:?}"),
        }
        assert!(lazy.save().is_err(), "round {round}: what is lost is not saved");
    }
    println!("{count} damaged pages: {stopped} ended the run, {unneeded} were not needed");
    let mut whole = open(whole).expect("whole");
    assert_eq!((run_to(&mut whole, end), whole.hash()), (Stop::Position, wanted), "lazily, the same");
}
