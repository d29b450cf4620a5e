//! R2, R4, R5: what is saved comes back, one state has one spelling, older files load.

use std::fs;
use std::path::PathBuf;

use ringwalk_snapshots::{Error, PAGE_SIZE, Snapshot, SnapshotWriter, ZERO_PAGE};

use crate::model::{Cpu, CpuV1, Machine, Numbers, Pages, borrowed, take_pages};

#[test]
fn what_is_saved_comes_back() {
    let machine = Machine::sample();
    let file = machine.save();
    let loaded = Machine::load(file.clone()).expect("loads");
    assert_eq!(loaded, machine);
    assert!(loaded.save() == file, "save(load(save(m))) differs from save(m)");
}

#[test]
fn an_empty_snapshot_is_a_snapshot() {
    let file = SnapshotWriter::new().to_bytes();
    Snapshot::from_bytes(file).expect("opens").finish().expect("holds nothing");
}

#[test]
fn stores_of_any_shape_come_back() {
    let mut numbers = Numbers(3);
    for round in 0..40 {
        let page_count = 1 + numbers.below(400) as u64;
        let mut pages = Pages::new();
        for _ in 0..numbers.below(300) {
            let content = match numbers.below(4) {
                0 => numbers.noise(),
                _ => [1 + numbers.below(6) as u8; PAGE_SIZE],
            };
            pages.insert(numbers.next() % page_count, content);
        }
        let mut writer = SnapshotWriter::new();
        writer.pages("ram", page_count, borrowed(&pages)).expect("in order");
        let mut snapshot = Snapshot::from_bytes(writer.to_bytes()).expect("opens");
        assert!(take_pages(&mut snapshot, "ram").expect("unpacks") == (page_count, pages), "round {round}");
    }
}

#[test]
fn one_state_has_one_spelling() {
    let machine = Machine::sample();
    let mut writer = SnapshotWriter::new();
    writer.section("pit", 1, &machine.pit).expect("encodes");
    let mut overlay = writer.store("overlay0", crate::model::OVERLAY_PAGES).expect("in order");
    for (index, page) in borrowed(&machine.overlay) {
        overlay.page(index, page).expect("in order");
    }
    let with_zero_pages = (0..256).map(|index| (index, machine.ram.get(&index).unwrap_or(&ZERO_PAGE)));
    writer.pages("ram", 256, with_zero_pages).expect("in order");
    writer.section("cpu0", 2, &machine.cpu).expect("encodes");
    assert!(writer.to_bytes() == machine.save(), "order of sections and zero pages shows in the file");
    assert!(writer.to_bytes() == writer.to_bytes(), "writing twice differs");
}

#[test]
fn the_file_hashes_like_the_machine() {
    let machine = Machine::sample();
    let snapshot = Snapshot::from_bytes(machine.save()).expect("opens");
    assert_eq!(snapshot.hash_tree().expect("unpacks"), machine.hash_tree());
}

/// How a section's type moves on: the field is added, the version counted up, the old struct kept
/// as `V1` with `From`, and `take` told what to do with version 1.
#[test]
fn an_older_section_is_upgraded() {
    let mut machine = Machine::sample();
    let mut writer = SnapshotWriter::new();
    writer.section("cpu0", 1, &CpuV1 { rip: 0x7C00, halted: true }).expect("encodes");
    writer.section("pit", 1, &machine.pit).expect("encodes");
    writer.pages("overlay0", crate::model::OVERLAY_PAGES, borrowed(&machine.overlay)).expect("in order");
    writer.pages("ram", machine.ram_pages, borrowed(&machine.ram)).expect("in order");
    machine.cpu = Cpu { rip: 0x7C00, halted: true, tsc: 0 };
    assert_eq!(Machine::load(writer.to_bytes()).expect("loads"), machine);
}

#[test]
fn what_is_unknown_or_missing_is_refused_by_name() {
    let mut writer = SnapshotWriter::new();
    writer.section("hpet", 3, &7_u32).expect("encodes");
    writer.pages("vram", 16, [(1, &[1; PAGE_SIZE])]).expect("in order");
    let snapshot = Snapshot::from_bytes(writer.to_bytes()).expect("opens");
    let refusal = |result: Result<u32, Error>| result.expect_err("must be refused").to_string();

    let newer = snapshot.clone().take("hpet", 2);
    assert_eq!(
        refusal(newer),
        "section \"hpet\" has version 3, this ringwalk has version 2: use a ringwalk that knows version 3"
    );
    let older = snapshot.clone().take("hpet", 5);
    assert!(refusal(older).contains("has version 3, this ringwalk has version 5"));
    let missing = snapshot.clone().take("rtc", 2);
    assert_eq!(refusal(missing), "has no section \"rtc\" (needed here in version 2)");
    let no_store = snapshot.clone().pages("ram").map(|store| store.page_count() as u32);
    assert_eq!(refusal(no_store), "has no page store \"ram\"");
    let longer_type = snapshot.clone().take::<(u32, u8)>("hpet", 3).map(|value| value.0);
    assert_eq!(
        refusal(longer_type),
        "section \"hpet\" version 3: the value cannot be decoded: the bytes end inside the value"
    );
    let left = snapshot.finish().map(|()| 0);
    assert_eq!(
        refusal(left),
        "has parts that are not known here: section \"hpet\" version 3, page store \"vram\"; use the ringwalk that wrote it"
    );
}

#[test]
fn callers_that_break_the_rules_are_refused() {
    let page = [1; PAGE_SIZE];
    let mut writer = SnapshotWriter::new();
    writer.section("cpu0", 1, &1_u8).expect("encodes");
    let long = "x".repeat(65);
    for name in ["", "two words", "naïve", &long, "cpu0"] {
        assert!(matches!(writer.section(name, 1, &1_u8), Err(Error::Name { .. })), "{name:?}");
    }
    writer.pages("ram", 8, [(1, &page), (3, &page)]).expect("in order");
    for name in ["overlay0", "ram", ""] {
        assert!(matches!(writer.pages(name, 8, []), Err(Error::Name { .. })), "{name:?}");
    }
    assert!(matches!(writer.pages("vast", u64::MAX, []), Err(Error::Name { .. })));
    let mut vram = writer.store("vram", 8).expect("in order");
    vram.page(4, &page).expect("in order");
    for index in [3, 4, 8] {
        let refusal = vram.page(index, &page).expect_err("must be refused");
        assert!(refusal.to_string().starts_with("page store \"vram\", page 0x"), "{refusal}");
    }
    let mut snapshot = Snapshot::from_bytes(writer.to_bytes()).expect("a refused call leaves the writer whole");
    assert_eq!(take_pages(&mut snapshot, "vram").expect("unpacks").1, Pages::from([(4, page)]));
}

/// Files that this crate wrote: when format 1 was new, and when it compressed with a longer search. They must load for
/// ever. That the writer still makes the bytes of the last is promised only while that search lasts.
/// A missing file is made anew with RINGWALK_NEW_GOLDEN set; one that is there is never replaced.
#[test]
fn the_golden_files_of_format_1_load() {
    let golden = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(name);
    let machine = Machine::sample();
    let first = fs::read(golden("format-1.snapshot")).expect("the golden file is committed");
    assert_eq!(Machine::load(first).expect("loads"), machine);
    let path = golden("format-1-search.snapshot");
    if !path.exists() && std::env::var_os("RINGWALK_NEW_GOLDEN").is_some() {
        machine.writer().write_to(&path).expect("writes");
    }
    let golden = fs::read(&path).expect("the golden file is committed");
    assert_eq!(Machine::load(golden.clone()).expect("loads"), machine);
    assert!(machine.save() == golden, "the writer makes other bytes than before, or than on other hosts");
    assert_eq!(
        machine.hash_tree().root().to_string(),
        "740e7589f5c3974672449b2cd93b278e350e6f861ed644a8075f313f3f2627d3",
        "the state hash differs from other hosts"
    );
}
