//! What people are told about snapshots: contents, and how two differ.

use ringwalk_snapshots::{PAGE_SIZE, SectionDifference, Snapshot, SnapshotWriter, StateHash, diff, info};

use crate::model::Machine;

fn open(machine: &Machine) -> Snapshot {
    Snapshot::from_bytes(machine.save()).expect("opens")
}

#[test]
fn info_counts_what_is_there() {
    let machine = Machine::sample();
    let file = machine.save();
    let info = info(&Snapshot::from_bytes(file.clone()).expect("opens"));
    assert_eq!((info.format, info.file_len), (1, file.len() as u64));
    assert_eq!(info.root.as_bytes(), &file[file.len() - 32..]);
    let sections: Vec<_> = info.sections.iter().map(|section| (section.name.as_str(), section.version)).collect();
    assert_eq!(sections, [("cpu0", 2), ("pit", 1)]);
    assert!(info.sections.iter().all(|section| section.len > 0 && section.hash != StateHash::default()));
    let stores: Vec<_> =
        info.stores.iter().map(|store| (store.name.as_str(), store.page_count, store.mapped)).collect();
    assert_eq!(stores, [("overlay0", 1 << 40, 2), ("ram", 256, 68)]);
    assert_eq!(info.distinct_pages, 20 + 1 + 1 + 14 + 1);
    assert!(info.page_bytes < info.distinct_pages * PAGE_SIZE as u64);
    assert!(info.ratio() > 5.0, "{}", info.ratio());
}

#[test]
fn equal_machines_do_not_differ() {
    let machine = Machine::sample();
    assert!(diff(&open(&machine), &open(&machine)).expect("unpacks").is_empty());
}

#[test]
fn changed_sections_and_pages_are_named() {
    let left = Machine::sample();
    let mut right = left.clone();
    right.cpu.halted = true;
    right.ram.insert(33, [0xFE; PAGE_SIZE]);
    right.ram.insert(34, [0xFD; PAGE_SIZE]);
    right.ram.remove(&100);
    right.ram.insert(255, [1; PAGE_SIZE]);
    let found = diff(&open(&left), &open(&right)).expect("unpacks");
    let [section] = &found.sections[..] else { panic!("{found:?}") };
    assert_eq!(section.name, "cpu0");
    assert!(matches!(section.difference, SectionDifference::Bytes { first: 5, .. }), "{section:?}");
    let [store] = &found.stores[..] else { panic!("{found:?}") };
    assert_eq!((store.name.as_str(), store.page_total()), ("ram", 4));
    assert_eq!(store.pages, [33..35, 100..101, 255..256]);
    assert_eq!(found, diff(&open(&left), &open(&right)).expect("unpacks"));
}

#[test]
fn parts_of_one_snapshot_alone_are_named() {
    let snapshot = |version: u16, extra: &str, page_count: u64| {
        let mut writer = SnapshotWriter::new();
        writer.section("pit", version, &1_u8).expect("encodes");
        writer.section(extra, 1, &1_u8).expect("encodes");
        writer.pages("ram", page_count, []).expect("in order");
        writer.pages(&format!("vram-{extra}"), 4, [(2, &[1; PAGE_SIZE])]).expect("in order");
        Snapshot::from_bytes(writer.to_bytes()).expect("opens")
    };
    let found = diff(&snapshot(1, "a", 8), &snapshot(2, "b", 16)).expect("unpacks");
    let sections: Vec<_> = found.sections.iter().map(|section| (section.name.as_str(), section.difference)).collect();
    assert_eq!(
        sections,
        [
            ("a", SectionDifference::OnlyLeft),
            ("b", SectionDifference::OnlyRight),
            ("pit", SectionDifference::Versions { left: 1, right: 2 }),
        ]
    );
    let sizes: Vec<_> = found.stores.iter().map(|store| (store.left_page_count, store.right_page_count)).collect();
    assert_eq!(sizes, [(Some(8), Some(16)), (Some(4), None), (None, Some(4))]);
    assert_eq!(found.stores[1].pages.first(), Some(&(2..3)));
}
