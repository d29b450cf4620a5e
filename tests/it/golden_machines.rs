//! R5: machines that earlier versions saved. Each loads and is the machine that it was, or is refused by the section whose
//! version is not known any more. A form that changed without its version shows here.
//!
//! With RINGWALK_NEW_GOLDEN set a file is made for the present versions, if there is none. None is ever replaced.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ringwalk::machine::{Machine, MachineConfig, Media, Saved, Tuning};
use ringwalk_bios::Firmware;
use ringwalk_chipset::DiskConfig;
use ringwalk_snapshots::Snapshot;

use crate::guest::{Image, run_to};

/// Firmware of its own, so that a new BIOS changes nothing here: counts in memory and asks the timer and the keyboard
/// controller, for ever.
fn firmware() -> Firmware {
    let mut bios = vec![0x90; 0x1_0000];
    let code = [
        0xB8, 0x00, 0x10, // mov ax, 1000h
        0x8E, 0xD8, // mov ds, ax
        0xFF, 0x06, 0x00, 0x00, // inc word [0]
        0x01, 0x07, // add [bx], ax
        0x83, 0xC3, 0x11, // add bx, 11h
        0xE4, 0x40, // in al, 40h
        0xE4, 0x64, // in al, 64h
        0xEB, 0xF1, // jmp to the increment
    ];
    bios[..code.len()].copy_from_slice(&code);
    bios[0xFFF0..0xFFF5].copy_from_slice(&[0xEA, 0x00, 0x00, 0x00, 0xF0]);
    Firmware { bios: bios.into(), vga_bios: vec![0; 0x1000].into() }
}

fn media() -> Media {
    let mut disk = vec![0; 64 << 10];
    disk[510] = 0x55;
    Media { firmware: firmware(), ..Media::with_disk(Box::new(Image(disk.into()))) }
}

fn machine() -> Machine {
    let mut config = MachineConfig::default();
    config.board.ram_pages = 256;
    config.board.vram_pages = 64;
    config.board.disks[0] = Some(DiskConfig::with_sectors(128));
    let mut machine = Machine::new(config, media(), Tuning::default()).expect("a machine");
    run_to(&mut machine, 200_000);
    let disk = machine.memory.disks[0].as_mut().expect("a disk");
    disk.write(9, &[7; 512]).expect("the overlay takes it");
    machine.type_text("a").expect("typable");
    run_to(&mut machine, 210_000);
    machine
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The state hash of each file when it was made.
fn hashes() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("machines.txt")).unwrap_or_default();
    let pair = |line: &str| line.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    text.lines().filter_map(pair).collect()
}

fn make_new() {
    let mut machine = machine();
    let writer = machine.save().expect("saves");
    let snapshot = Snapshot::from_bytes(writer.to_bytes()).expect("whole");
    let version = |name: &str| snapshot.section(name).map_or(0, |(version, _)| version);
    let name = format!("machine-cpu{}-board{}.snapshot", version("cpu0"), version("board"));
    if !folder().join(&name).exists() {
        writer.write_to(&folder().join(&name)).expect("writes");
        let mut all = hashes();
        all.insert(name, machine.hash().to_string());
        let lines: Vec<String> = all.iter().map(|(name, hash)| format!("{name} {hash}\n")).collect();
        fs::write(folder().join("machines.txt"), lines.concat()).expect("writes");
    }
}

#[test]
fn machines_of_earlier_versions_load_or_are_refused_by_section() {
    if std::env::var_os("RINGWALK_NEW_GOLDEN").is_some() {
        make_new();
    }
    let all = hashes();
    assert!(!all.is_empty(), "the golden files are committed");
    for (name, hash) in all {
        let saved = Saved::open(&folder().join(&name)).map(|saved| saved.restore(media(), Tuning::default()));
        match saved {
            Ok(Ok(mut again)) => {
                assert_eq!(again.hash().to_string(), hash, "{name} is another machine");
                run_to(&mut again, 250_000);
                let mut straight = machine();
                run_to(&mut straight, 250_000);
                assert_eq!(again.hash(), straight.hash(), "{name} goes on in another way");
            }
            Ok(Err(error)) | Err(error) => {
                let words = error.to_string();
                assert!(words.contains("section \"") && words.contains("has version"), "{name}: {words}");
            }
        }
    }
}
