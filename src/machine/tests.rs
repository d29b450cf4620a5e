//! The machine without a guest: building, hashing, saving, restoring, input.

use ringwalk_mmu::{Backing, NoBacking, PAGE_BYTES, PhysAddr};
use ringwalk_snapshots::{Snapshot, SnapshotWriter};

use super::save::{BOARD, CPU, DISKS, MACHINE};
use super::*;
use crate::script::parse;
use ringwalk_chipset::DiskConfig;

/// A blank disk of 1 MiB with one byte of its own.
struct Blank(u8);

impl Backing for Blank {
    fn len(&self) -> u64 {
        1 << 20
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        NoBacking(1 << 20).read_at(offset, buf)?;
        if offset == 0 {
            buf[0] = self.0;
        }
        Ok(())
    }
    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
        Ok(())
    }
    fn writes_through(&self) -> bool {
        self.0 == 0xFF
    }
}

fn config() -> MachineConfig {
    let mut config = MachineConfig::default();
    config.board.ram_pages = (4 << 20) / PAGE_BYTES;
    config.board.disks[0] = Some(DiskConfig::with_sectors(2048));
    config
}

fn machine_with(disk: u8) -> Machine {
    let media = Media::with_disk(Box::new(Blank(disk)));
    Machine::new(config(), media, Tuning::default()).expect("a machine")
}

/// A machine in which something of everything has happened.
fn used_machine() -> Machine {
    let mut machine = machine_with(1);
    machine.cpu.gpr[3] = 0x1234;
    machine.cpu.position = 1000;
    machine.write_memory(PhysAddr(0x5000), b"hello");
    machine.write_memory(PhysAddr(0x20_0FFF), &[1, 2]);
    let disk = machine.memory.disks[0].as_mut().expect("a disk");
    disk.write(3, &[7; 512]).expect("the overlay takes it");
    disk.write(64, &[0; 512]).expect("the overlay takes it");
    machine.set_script(parse("at 5000 type \"dir\"\nwhen serial \"x\" : key f1").expect("a script"));
    machine.type_text("hi").expect("typable");
    machine
}

fn saved(machine: &Machine) -> Vec<u8> {
    machine.save().expect("saves").to_bytes()
}

fn restored(bytes: Vec<u8>, media: Media) -> Result<Machine, Error> {
    Saved::new(Snapshot::from_bytes(bytes)?)?.restore(media, Tuning::default())
}

fn media() -> Media {
    Media::with_disk(Box::new(Blank(1)))
}

#[test]
fn a_restored_machine_saves_the_same_bytes_and_has_the_same_hash() {
    let mut machine = used_machine();
    let bytes = saved(&machine);
    let mut again = restored(bytes.clone(), media()).expect("restores");
    assert_eq!(saved(&again), bytes, "R2");
    assert_eq!(again.hash_tree(), machine.hash_tree());
    assert_eq!(again.memory.peek(PhysAddr(0x20_1000)), Some(2));
    assert_eq!(again.feed, machine.feed);
    let mut sector = [9; 512];
    again.memory.disks[0].as_ref().expect("a disk").read(64, &mut sector).expect("reads");
    assert_eq!(sector, [0; 512], "a written page of zeros stays a written page");
    let snapshot = Snapshot::from_bytes(bytes).expect("opens");
    assert_eq!(snapshot.hash_tree().expect("hashes"), machine.hash_tree(), "a file knows its machine's hash");
}

#[test]
fn the_hash_is_kept_by_dirty_pages() {
    let mut machine = machine_with(1);
    let first = machine.hash();
    assert_eq!(machine.hash(), first);
    machine.write_memory(PhysAddr(0x5000), b"x");
    let second = machine.hash();
    assert_ne!(second, first);
    machine.write_memory(PhysAddr(0x5000), &[0]);
    assert_eq!(machine.hash(), first, "the journal is no state, and zeros are zeros");
    machine.memory.disks[0].as_mut().expect("a disk").write(0, &[0; 512]).expect("the overlay takes it");
    assert_ne!(machine.hash(), first);
}

#[test]
fn everything_that_decides_the_future_is_in_the_hash() {
    let mut first = machine_with(1);
    let differs = |change: &dyn Fn(&mut Machine)| {
        let mut machine = machine_with(1);
        change(&mut machine);
        machine.hash()
    };
    let plain = first.hash();
    assert_ne!(plain, machine_with(2).hash(), "the base image");
    assert_ne!(plain, differs(&|machine| machine.config.seed = 1));
    assert_ne!(plain, differs(&|machine| machine.feed(Input::Serial(0, vec![0x1C]))));
    assert_ne!(plain, differs(&|machine| machine.set_script(parse("at 5 key f1").expect("a script"))));
    assert_ne!(plain, differs(&|machine| machine.cpu.position = 1));
    assert_eq!(plain, differs(&|machine| machine.tuning.slice = 1));
}

/// The same machine with a floppy disk in drive B.
fn with_floppy(mut config: MachineConfig, media: Media, bytes: u64) -> Result<Machine, Error> {
    add_drive(&mut config.board, FIRST_FLOPPY + 1, bytes, false);
    let media = media.with_image(FIRST_FLOPPY + 1, Box::new(NoBacking(bytes)));
    Machine::new(config, media, Tuning::default())
}

#[test]
fn floppies_are_saved_and_hashed_as_disks_are() {
    let mut machine = with_floppy(config(), media(), 720 << 10).expect("a machine");
    let unwritten = machine.hash();
    assert_ne!(unwritten, machine_with(1).hash(), "a drive more");
    machine.memory.floppies[1].as_mut().expect("a floppy").write(1439, &[3; 512]).expect("the overlay takes it");
    assert_ne!(machine.hash(), unwritten);
    let bytes = saved(&machine);
    let floppy = || media().with_image(FIRST_FLOPPY + 1, Box::new(NoBacking(720 << 10)));
    let mut again = restored(bytes.clone(), floppy()).expect("restores");
    assert_eq!(saved(&again), bytes, "R2");
    assert_eq!(again.hash_tree(), machine.hash_tree());
    let refusal = |media| restored(bytes.clone(), media).err().expect("refused").to_string();
    assert!(refusal(media()).contains("has 1440 sectors in fdb, but was given nothing: use --fdb FILE"));
    let other = Media::with_disk(Box::new(Blank(1))).with_image(FIRST_FLOPPY + 1, Box::new(NoBacking(360 << 10)));
    assert!(refusal(other).contains("use --fdb FILE"));
    for bytes in [512, 1500 << 10, 10 << 20, 1 << 42] {
        assert!(with_floppy(config(), media(), bytes).is_err(), "{bytes}");
    }
}

#[test]
fn other_media_are_refused_by_name() {
    let bytes = saved(&used_machine());
    let refusal = |media| restored(bytes.clone(), media).err().expect("refused").to_string();
    assert!(refusal(Media::built_in()).contains("use --hda FILE"));
    assert!(refusal(Media::with_disk(Box::new(Blank(2)))).contains("hda is not the image"));
    assert!(refusal(Media::with_disk(Box::new(NoBacking(1 << 21)))).contains("4096 sectors"));
    let mut other = media();
    other.firmware.bios.to_mut()[0] ^= 1;
    assert!(refusal(other).contains("use --bios FILE"));
}

#[test]
fn a_disk_that_is_written_through_cannot_be_saved() {
    let refusal = machine_with(0xFF).save().expect_err("refused").to_string();
    assert!(refusal.contains("--write"), "{refusal}");
}

/// The snapshot of a used machine with one section replaced.
fn forged<T: Serialize>(section: (&str, u16), value: &T) -> Vec<u8> {
    let mut snapshot = Snapshot::from_bytes(saved(&used_machine())).expect("opens");
    let mut writer = SnapshotWriter::new();
    for (name, version) in [CPU, BOARD, MACHINE, DISKS] {
        let (_, bytes) = snapshot.section(name).expect("is there");
        match name == section.0 {
            true => writer.section(name, version, value).expect("encodes"),
            false => writer.section_bytes(name, version, bytes.to_vec()).expect("is new"),
        }
    }
    for name in ["disk0", "ram", "vram"] {
        let mut pages = snapshot.pages(name).expect("is there");
        let mut store = writer.store(name, pages.page_count()).expect("is new");
        while let Some((page, bytes)) = pages.next_page().expect("unpacks") {
            store.page(page, bytes).expect("ascends");
        }
    }
    writer.to_bytes()
}

#[test]
fn forged_snapshots_are_refused() {
    let machine = used_machine();
    let image = machine.images[0].expect("a disk");
    for written in [vec![(0, u64::MAX)], vec![(5, 1), (5, 1)], vec![(1, 0)], vec![(255, 2)], vec![(200, 1)]] {
        let disks = [Some((image, written)), None, None, None, None, None];
        assert!(restored(forged(DISKS, &disks), media()).is_err(), "{disks:?}");
    }
    let mut config = machine.machine_section();
    assert!(restored(forged(MACHINE, &config), media()).is_ok(), "forging alone changes nothing");
    config.config.board.ram_pages = u64::MAX / 2;
    assert!(restored(forged(MACHINE, &config), media()).is_err());
    let mut cpu = machine.cpu.clone();
    cpu.model = ringwalk_cpu::model::Model::I386;
    assert!(restored(forged(CPU, &cpu), media()).is_err());
    for change in [
        (|cpu| cpu.cpl = 4) as fn(&mut CpuState),
        |cpu| cpu.position = u64::MAX,
        |cpu| cpu.tlb = ringwalk_mmu::Tlb::new(ringwalk_mmu::TlbPolicy::Sticky),
    ] {
        let mut cpu = machine.cpu.clone();
        change(&mut cpu);
        assert!(restored(forged(CPU, &cpu), media()).is_err());
    }
}
