//! Files that keep what differs from another one: they stand for the whole, share what is the same, and find their base
//! by its content.

use std::fs;

use ringwalk_snapshots::{Error, PAGE_SIZE, Snapshot, SnapshotWriter, diff, info, verify};

use crate::model::{Machine, Numbers, Pages, borrowed, take_pages};

fn on(base: &Snapshot, pages: &Pages, page_count: u64) -> Vec<u8> {
    let mut writer = SnapshotWriter::on(base).expect("the base unpacks");
    writer.section("cpu0", 1, &7_u32).expect("encodes");
    writer.pages("ram", page_count, borrowed(pages)).expect("in order");
    writer.to_bytes()
}

fn whole(pages: &Pages, page_count: u64) -> Vec<u8> {
    let mut writer = SnapshotWriter::new();
    writer.section("cpu0", 1, &7_u32).expect("encodes");
    writer.pages("ram", page_count, borrowed(pages)).expect("in order");
    writer.to_bytes()
}

#[test]
fn differences_stand_for_the_whole() {
    let mut numbers = Numbers(5);
    for round in 0..30 {
        let page_count = 1 + numbers.below(300) as u64;
        let mut pages = Pages::new();
        let mut snapshot = Snapshot::from_bytes(whole(&pages, page_count)).expect("opens");
        for step in 0..5 {
            for _ in 0..numbers.below(80) {
                let page = numbers.next() % page_count;
                match numbers.below(4) {
                    0 => drop(pages.remove(&page)),
                    1 => drop(pages.insert(page, numbers.noise())),
                    _ => drop(pages.insert(page, [1 + numbers.below(5) as u8; PAGE_SIZE])),
                }
            }
            let bytes = on(&snapshot, &pages, page_count);
            assert!(bytes == on(&snapshot, &pages, page_count), "R4: the same state gives the same bytes");
            assert!(verify(&bytes).is_empty(), "round {round}, step {step}");
            snapshot = Snapshot::from_bytes_on(bytes, snapshot).expect("opens on its base");
            let plain = Snapshot::from_bytes(whole(&pages, page_count)).expect("opens");
            assert!(take_pages(&mut snapshot, "ram").expect("unpacks") == (page_count, pages.clone()), "round {round}");
            assert_eq!(snapshot.hash_tree().expect("unpacks"), plain.hash_tree().expect("unpacks"));
            assert!(diff(&snapshot, &plain).expect("unpacks").is_empty());
            assert_eq!(info(&snapshot).stores, info(&plain).stores);
        }
    }
}

#[test]
fn only_what_differs_is_kept() {
    let mut numbers = Numbers(6);
    let mut pages: Pages = (0..200).map(|page| (page, numbers.noise())).collect();
    let base = Snapshot::from_bytes(whole(&pages, 1000)).expect("opens");
    assert!(on(&base, &pages, 1000).len() < 500, "nothing differs");
    pages.insert(7, numbers.noise());
    pages.insert(900, numbers.noise());
    pages.remove(&8);
    let bytes = on(&base, &pages, 1000);
    assert!((2 * PAGE_SIZE..2 * PAGE_SIZE + 600).contains(&bytes.len()), "{}", bytes.len());
    // A store of another size stands for itself.
    let grown = on(&base, &pages, 1001);
    assert!(grown.len() > 200 * PAGE_SIZE);
    let mut grown = Snapshot::from_bytes_on(grown, base).expect("opens on its base");
    assert!(take_pages(&mut grown, "ram").expect("unpacks") == (1001, pages));
}

#[test]
fn the_base_is_found_by_its_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let mut machine = Machine::sample();
    fs::write(at("first"), machine.save()).expect("writes");
    fs::write(at("a note"), b"no snapshot").expect("writes");
    let mut last = "first".to_owned();
    for step in 0..3 {
        machine.ram.insert(step, [77; PAGE_SIZE]);
        let base = Snapshot::open(&at(&last)).expect("opens");
        let mut writer = SnapshotWriter::on(&base).expect("unpacks");
        writer.pages("ram", machine.ram_pages, borrowed(&machine.ram)).expect("in order");
        last = format!("step {step}");
        writer.write_to(&at(&last)).expect("writes");
    }
    fs::rename(at("first"), at("zz")).expect("renames");
    let mut snapshot = Snapshot::open(&at(&last)).expect("the chain is whole");
    assert!(take_pages(&mut snapshot, "ram").expect("unpacks").1 == machine.ram);
    assert!(info(&snapshot).base.is_some());
    fs::remove_file(at("step 1")).expect("removes");
    let told = Snapshot::open(&at(&last)).expect_err("a base is missing").to_string();
    assert!(told.contains("step 2") && told.contains("no such file lies beside it"), "{told}");
    let told = Snapshot::from_bytes(fs::read(at("step 0")).expect("reads")).expect_err("it has a base");
    assert!(matches!(told, Error::MissingBase { .. }), "{told}");
}

#[test]
fn a_chain_has_an_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pages = Pages::from([(0, [1; PAGE_SIZE])]);
    let mut snapshot = Snapshot::from_bytes(whole(&pages, 10)).expect("opens");
    fs::write(folder.path().join("0"), whole(&pages, 10)).expect("writes");
    for step in 1..70_u8 {
        pages.insert(1, [step; PAGE_SIZE]);
        let bytes = on(&snapshot, &pages, 10);
        fs::write(folder.path().join(step.to_string()), &bytes).expect("writes");
        snapshot = Snapshot::from_bytes_on(bytes, snapshot).expect("opens");
    }
    Snapshot::open(&folder.path().join("60")).expect("not too long");
    let told = Snapshot::open(&folder.path().join("69")).expect_err("too long").to_string();
    assert!(told.contains("more than 64 snapshots"), "{told}");
}

#[test]
fn damage_to_differences_is_refused() {
    let machine = Machine::sample();
    let base = Snapshot::from_bytes(machine.save()).expect("opens");
    let mut changed = Machine::sample();
    changed.ram.insert(3, [9; PAGE_SIZE]);
    changed.ram.remove(&40);
    let mut writer = SnapshotWriter::on(&base).expect("unpacks");
    writer.section("cpu0", 2, &changed.cpu).expect("encodes");
    writer.pages("ram", changed.ram_pages, borrowed(&changed.ram)).expect("in order");
    let mut file = writer.to_bytes();
    for len in 0..file.len() {
        assert!(Snapshot::from_bytes_on(file[..len].to_vec(), base.clone()).is_err());
    }
    for bit in 0..8 * file.len() {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::from_bytes_on(file.clone(), base.clone()).is_err(), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
    Snapshot::from_bytes_on(file, base).expect("whole again");
}

/// What differs from the golden file of format 1, spelled as it was when differences came.
#[test]
fn the_golden_file_of_differences_loads() {
    let path = |name: &str| std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(name);
    let base = Snapshot::open(&path("format-1.snapshot")).expect("the golden file is committed");
    let mut changed = Machine::sample();
    changed.cpu.tsc += 1;
    changed.ram.insert(3, [9; PAGE_SIZE]);
    changed.ram.remove(&40);
    let mut writer = SnapshotWriter::on(&base).expect("unpacks");
    writer.section("cpu0", 2, &changed.cpu).expect("encodes");
    writer.pages("ram", changed.ram_pages, borrowed(&changed.ram)).expect("in order");
    let golden = path("format-1-differences.snapshot");
    if !golden.exists() && std::env::var_os("RINGWALK_NEW_GOLDEN").is_some() {
        writer.write_to(&golden).expect("writes");
    }
    let mut golden = Snapshot::open(&path("format-1-differences.snapshot")).expect("its base lies beside it");
    assert!(take_pages(&mut golden, "ram").expect("unpacks").1 == changed.ram);
    let bytes = fs::read(path("format-1-differences.snapshot")).expect("reads");
    assert!(writer.to_bytes() == bytes, "the writer makes other bytes than before, or than on other hosts");
}
