//! R6: a truncated, flipped or forged file is refused with a message, never a panic.

use ringwalk_snapshots::{Error, PAGE_SIZE, Part, Snapshot, SnapshotWriter, info, verify};

use crate::model::{Machine, Numbers, take_pages};

const HEADER_LEN: usize = 64;

fn directory_end(file: &[u8]) -> usize {
    let len = u64::from_le_bytes(std::array::from_fn(|at| file[16 + at]));
    HEADER_LEN.saturating_add(len as usize)
}

/// Makes the root hash good again, as a forger would.
fn reseal(file: &mut [u8]) {
    let tables = file[..directory_end(file).clamp(HEADER_LEN, file.len() - 32)].to_vec();
    let end = file.len();
    file[end - 32..].copy_from_slice(blake3::hash(&tables).as_bytes());
}

fn refusal(file: &[u8]) -> Error {
    assert!(!verify(file).is_empty(), "verify finds nothing");
    Snapshot::from_bytes(file.to_vec()).expect_err("must be refused")
}

/// Reads everything in a forged file that opens. Any error will do; a panic will not.
fn read_all(file: Vec<u8>) -> Result<(), Error> {
    verify(&file);
    let mut snapshot = Snapshot::from_bytes(file)?;
    let info = info(&snapshot);
    let small = info.stores.iter().all(|store| store.mapped < 10_000);
    if small {
        snapshot.hash_tree()?;
    }
    for store in info.stores.iter().filter(|_| small) {
        take_pages(&mut snapshot, &store.name)?;
    }
    snapshot.finish()
}

#[test]
fn every_truncation_is_refused() {
    let file = Machine::sample().save();
    for len in 0..file.len() {
        match Snapshot::from_bytes(file[..len].to_vec()).expect_err("must be refused") {
            Error::NotASnapshot => assert_eq!(len, 0),
            Error::FileLength { found, .. } => assert_eq!(found, len as u64),
            other => panic!("{len}: {other}"),
        }
    }
    let longer = [&file[..], &[0]].concat();
    assert!(matches!(refusal(&longer), Error::FileLength { .. }));
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut file = Machine::sample().save();
    let mut numbers = Numbers(11);
    let tables = 8 * directory_end(&file);
    let random: Vec<usize> = (0..12_000).map(|_| numbers.below(8 * file.len())).collect();
    for bit in (0..tables).chain(random) {
        file[bit / 8] ^= 1 << (bit % 8);
        refusal(&file);
        file[bit / 8] ^= 1 << (bit % 8);
    }
    Snapshot::from_bytes(file).expect("the file is whole again");
}

#[test]
fn damage_is_named() {
    let file = Machine::sample().save();
    let damage_at = |at: usize| {
        let mut file = file.clone();
        file[at] ^= 0x10;
        refusal(&file).to_string()
    };
    let sections = directory_end(&file);
    assert_eq!(damage_at(0), "is not a ringwalk snapshot: it does not begin with the snapshot magic");
    assert!(damage_at(8).contains("snapshot format 17, this ringwalk reads format 1"));
    assert!(damage_at(10).contains("features 0x0010"));
    assert!(damage_at(70).starts_with("the directory at byte 64 and the header do not match the root hash"));
    assert_eq!(damage_at(sections), format!("section \"cpu0\" at byte {sections} is damaged; take the snapshot again"));
    let last_chunk = damage_at(file.len() - 33);
    assert!(last_chunk.starts_with("page store \"ram\", pages 0x"), "{last_chunk}");
}

#[test]
fn verify_goes_on_after_the_first_damage() {
    let mut file = Machine::sample().save();
    assert!(verify(&file).is_empty());
    let (sections, last) = (directory_end(&file), file.len() - 33);
    file[sections] ^= 1;
    file[last] ^= 1;
    let parts: Vec<Part> = verify(&file)
        .into_iter()
        .map(|error| match error {
            Error::Damaged { part, .. } => part,
            other => panic!("{other}"),
        })
        .collect();
    assert!(matches!(&parts[..], [Part::Section(name), Part::Pages { store, .. }] if name == "cpu0" && store == "ram"));
}

#[test]
fn hostile_lengths_anywhere_in_the_tables_do_no_harm() {
    let file = Machine::sample().save();
    let end = directory_end(&file);
    for at in 12..end {
        for value in [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 52, 1 << 63, u64::MAX] {
            for width in [1, 4, 8] {
                let mut forged = file.clone();
                let width = width.min(end - at);
                forged[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
                reseal(&mut forged);
                let _any_error_will_do = read_all(forged);
            }
        }
    }
}

#[test]
fn forged_bytes_anywhere_do_no_harm() {
    let file = Machine::sample().save();
    let end = directory_end(&file);
    let mut numbers = Numbers(13);
    for _ in 0..20_000 {
        let mut forged = file.clone();
        for _ in 0..1 + numbers.below(4) {
            forged[HEADER_LEN + numbers.below(end - HEADER_LEN)] = numbers.next() as u8;
        }
        reseal(&mut forged);
        let _any_error_will_do = read_all(forged);
    }
}

/// Sections with good checks and wrong values: only a forger makes them.
#[test]
fn forged_values_are_refused_or_read_but_do_no_harm() {
    let encoded = ringwalk_snapshots::codec::encode(&Machine::sample().pit).expect("encodes");
    let mut numbers = Numbers(17);
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut forged = encoded.clone();
        for _ in 0..1 + numbers.below(3) {
            let at = numbers.below(forged.len());
            forged[at] = *[0, 1, 250, 251, 252, 253, 254, 255].get(numbers.below(12)).unwrap_or(&(at as u8));
        }
        forged.truncate(1 + numbers.below(2 * encoded.len()));
        let mut writer = SnapshotWriter::new();
        writer.section_bytes("pit", 1, forged).expect("a good name");
        let mut snapshot = Snapshot::from_bytes(writer.to_bytes()).expect("the checks are good");
        refused += u32::from(snapshot.take::<crate::model::Pit>("pit", 1).is_err());
    }
    assert!(refused > 10_000, "{refused}");
}

/// A chunk with a good check that does not unpack: only a forger makes one.
#[test]
fn a_forged_chunk_is_refused_when_it_is_used() {
    let mut writer = SnapshotWriter::new();
    writer.pages("ram", 8, [(3, &[7; PAGE_SIZE])]).expect("in order");
    let mut file = writer.to_bytes();
    let (chunk, end) = (directory_end(&file), file.len() - 32);
    file[chunk..end].fill(0xFF);
    let check = blake3::hash(&file[chunk..end]);
    file[chunk - 32..chunk].copy_from_slice(check.as_bytes());
    reseal(&mut file);
    let told = "page store \"ram\", page 0x3, at byte ";
    assert!(verify(&file)[0].to_string().starts_with(told));
    let mut snapshot = Snapshot::from_bytes(file).expect("the checks are good");
    let refused = take_pages(&mut snapshot, "ram").expect_err("must be refused").to_string();
    assert!(refused.starts_with(told) && refused.contains("does not decompress"), "{refused}");
}

#[test]
fn a_small_file_cannot_ask_for_endless_work() {
    let mut writer = SnapshotWriter::new();
    writer.pages("ram", 1 << 40, [(0, &[7; PAGE_SIZE]), (1, &[7; PAGE_SIZE])]).expect("in order");
    let mut file = writer.to_bytes();
    let run_len = HEADER_LEN + 4 + 4 + 1 + 3 + 8 + 4 + 8;
    assert_eq!(file[run_len..run_len + 4], [2, 0, 0, 0]);
    file[run_len..run_len + 4].fill(0xFF);
    reseal(&mut file);
    assert!(refusal(&file).to_string().contains("has more pages than a snapshot may hold"));
}
