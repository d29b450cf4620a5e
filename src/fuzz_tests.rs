//! Files from outside, changed at random: each is taken or refused with words, and nothing panics.
//!
//! `RINGWALK_FUZZ=1000000 cargo test --lib fuzz` makes so many changed files of each kind instead of a few thousand.

use std::path::Path;

use ringwalk_chipset::MouseMove;
use ringwalk_mmu::PhysAddr;
use ringwalk_snapshots::{Snapshot, SnapshotWriter, codec, verify};

use crate::journal::Input;
use crate::keyboard::strokes_of_text;
use crate::machine::{Machine, MachineConfig, Media, NoHost, RunLimits, Saved, Tuning};
use crate::recipe::{Expect, Recipe, StopAt};
use crate::{config, script};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Pieces that parsers look for.
const PIECES: [&[u8]; 20] = [
    b"\n",
    b"\"",
    b"\\",
    b" ",
    b"=",
    b"[",
    b"]",
    b"'''",
    b":",
    b";",
    b"#",
    b"0",
    b"18446744073709551616",
    b"-1",
    b"\xFF\xFF\xFF\xFF",
    b"\0",
    b"\xC3\xA4",
    b"when screen \"",
    b"1e99",
    b"nan",
];

/// A file with one to four changes: bits, bytes, pieces left out, doubled, taken from elsewhere.
fn changed(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() + 1);
        let len = random.below(32).min(bytes.len() - at);
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + len)),
            4 => {
                let piece = bytes[at..at + len].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let piece = other[from..(from + random.below(64)).min(other.len())].to_vec();
                drop(bytes.splice(at..at + len, piece));
            }
            _ => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
        }
    }
    bytes
}

/// Runs a parser over changed files; answers how many it took.
fn fuzz(name: &str, usual: u64, seeds: &[Vec<u8>], mut parse: impl FnMut(&[u8]) -> Result<(), String>) -> u64 {
    let mut random = Random(name.bytes().map(u64::from).sum());
    let wanted = std::env::var("RINGWALK_FUZZ").ok().and_then(|count| count.parse().ok());
    let (count, mut taken) = (wanted.unwrap_or(usual), 0);
    for number in 0..count {
        match parse(&changed(seeds, &mut random)) {
            Ok(()) => taken += 1,
            Err(words) => assert!(words.len() > 10, "{name} {number}: {words:?} says too little"),
        }
    }
    println!("{name}: {count} changed files, {taken} of them taken");
    taken
}

fn text_of(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("byte {} is no text", error.valid_up_to()))
}

fn small_machine() -> Machine {
    let mut config = MachineConfig::default();
    config.board.ram_pages = 256;
    config.board.vram_pages = 64;
    Machine::new(config, Media::built_in(), Tuning::default()).expect("a machine")
}

fn run_on(machine: &mut Machine, cycles: u64) {
    let position = Some(machine.position().saturating_add(cycles));
    machine.run(&RunLimits { position, ..RunLimits::default() }, &mut NoHost);
}

const SCRIPTS: [&str; 3] = [
    "at 1_000 : type \"dir\\n\"\nat 5000 : key ctrl-c\n# a remark\nat 20 : serial \"x\\ty\"\n",
    "when serial \"login:\" : serial \"root\\n\"\nwhen screen \"grub>\" : type \"ls\"\n",
    "at 0 : power\nwhen screen \"boot\" : key f12\n",
];

#[test]
fn scripts() {
    let seeds: Vec<Vec<u8>> = SCRIPTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    let mut ran = 0;
    let taken = fuzz("script", 20_000, &seeds, |bytes| {
        let parsed = script::parse(text_of(bytes)?);
        if let Err(error) = &parsed {
            assert!(error.to_string().contains("line "), "{error} names no place");
        }
        let script = parsed.map_err(|error| error.to_string())?;
        ran += 1;
        if ran % 400 == 0 {
            let mut machine = small_machine();
            machine.set_script(script);
            run_on(&mut machine, 30_000);
        }
        Ok(())
    });
    assert!(taken > 100, "the seeds are scripts");
}

#[test]
fn configurations() {
    let seeds = [
        "mem = \"64M\"\nserial = [\"stdio\", \"null\"]\nwrite = true\nclock = 33_000_000\n".as_bytes().to_vec(),
        "cpu = \"p6,-cmov\"\nhda = \"disk.img\"\ninitrd = \"a,b\"\nsmp = 1\n".as_bytes().to_vec(),
    ];
    let taken = fuzz("configuration", 20_000, &seeds, |bytes| {
        config::parse(text_of(bytes)?, Path::new("folder/file.toml")).map(drop)
    });
    assert!(taken > 100, "the seeds are configurations");
}

fn recipe() -> Recipe {
    let mut recipe = Recipe::new(
        "mem = \"4M\"\nserial = [\"null\"]".parse().expect("TOML"),
        [("bios".to_owned(), "12".to_owned()), ("hda".to_owned(), "1024 77".to_owned())].into(),
        StopAt { position: 77, why: "position".to_owned() },
        Expect { hash: "ab".to_owned(), retired: 70 },
    );
    recipe.script = Some(SCRIPTS[0].to_owned());
    recipe.set_arrivals(&arrivals());
    recipe
}

/// One of each kind of input, encoded as a journal has it.
fn arrivals() -> Vec<(u64, Vec<u8>)> {
    let inputs = [
        Input::Serial(0, b"hello".to_vec()),
        Input::Keys(strokes_of_text("a\n").expect("typable")),
        Input::Memory(PhysAddr(0x7C00), vec![1, 2, 3]),
        Input::Register("eax".to_owned(), 7),
        Input::Reset,
        Input::Mouse(vec![MouseMove::default()]),
        Input::PowerButton,
    ];
    let encode =
        |(number, input): (u64, Input)| (number * 1000, codec::encode(&(number % 2 == 0, &input)).expect("encodes"));
    (0..).zip(inputs).map(encode).collect()
}

#[test]
fn recipes() {
    let seeds = [recipe().to_text().expect("writes").into_bytes()];
    let taken = fuzz("recipe", 10_000, &seeds, |bytes| {
        let file = Path::new("folder/run.toml");
        let recipe = Recipe::parse(text_of(bytes)?)?;
        recipe.arrivals()?;
        recipe.options(file)?;
        recipe.image(file);
        Ok(())
    });
    assert!(taken > 100, "small changes leave a recipe");
}

/// What a journal holds comes into a machine and is carried out there.
#[test]
fn journals() {
    let seeds: Vec<Vec<u8>> = arrivals().into_iter().map(|(_, bytes)| bytes).collect();
    let mut machine = None;
    let mut random = Random(5);
    let mut number = 0;
    let taken = fuzz("journal", 6_000, &seeds, |bytes| {
        codec::decode::<(bool, Input)>(bytes).map_err(|error| error.to_string())?;
        // A few in one machine, so that they meet.
        number += 1;
        if number % 16 == 1 {
            let mut fresh = small_machine();
            fresh.keep_history(4 << 20).map_err(|error| error.to_string())?;
            machine = Some(fresh);
        }
        let Some(machine) = &mut machine else { return Ok(()) };
        let here = machine.position();
        machine.expect_arrivals(&[(here + random.below(300) as u64, bytes.to_vec())], here + 300)?;
        machine.go_to(here + 400, &mut NoHost);
        machine.take_arrivals_here();
        Ok(())
    });
    assert!(taken > 100, "small changes leave an input");
}

/// Snapshots of a machine: as they come, and with a good root hash over bad tables, as a forger makes them.
#[test]
fn snapshots() {
    let mut machine = small_machine();
    run_on(&mut machine, 20_000);
    let whole = machine.save().expect("saves").to_bytes();
    let base = Snapshot::from_bytes(whole.clone()).expect("opens");
    run_on(&mut machine, 20_000);
    let mut writer = SnapshotWriter::on(&base).expect("unpacks");
    writer.section("cpu0", 1, &5_u8).expect("encodes");
    writer.pages("ram", 256, [(5, &[3; 4096])]).expect("in order");
    let seeds = [whole, machine.save().expect("saves").to_bytes(), writer.to_bytes()];
    let mut number = 0;
    fuzz("snapshot", 2_000, &seeds, |bytes| {
        number += 1;
        let mut bytes = bytes.to_vec();
        if number % 2 == 0 {
            reseal(&mut bytes);
        }
        verify(&bytes);
        let opened = Snapshot::from_bytes_on(bytes, base.clone());
        let opened = opened.and_then(|snapshot| snapshot.hash_tree().map(|_| snapshot));
        let saved = Saved::new(opened.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        let mut machine = saved.restore(Media::built_in(), Tuning::default()).map_err(|error| error.to_string())?;
        run_on(&mut machine, 500);
        Ok(())
    });
}

/// Makes the root hash good again.
fn reseal(bytes: &mut [u8]) {
    let Some(len) = bytes.get(16..24) else { return };
    let len = u64::from_le_bytes(std::array::from_fn(|at| len[at]));
    let Some(end) = bytes.len().checked_sub(32) else { return };
    let tables = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(64).min(end);
    let root = blake3::hash(&bytes[..tables]);
    bytes[end..].copy_from_slice(root.as_bytes());
}
