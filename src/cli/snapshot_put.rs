//! `ringwalk snapshot put`: memory and registers into a snapshot, from files that other programs may have made.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ringwalk_snapshots::{PAGE_SIZE, Snapshot, SnapshotWriter, ZERO_PAGE, info};

use super::snapshot::open;
use crate::machine::with_processor;

/// The page store of main memory.
const RAM: &str = "ram";

/// Writes `new`: the snapshot at `file`, with main memory from `raw` and the processor from `registers`.
pub(super) fn put(file: &Path, new: &Path, raw: Option<&Path>, registers: Option<&Path>) -> Result<(), String> {
    let mut snapshot = open(file)?;
    let mut writer = SnapshotWriter::new();
    let trouble = |error: ringwalk_snapshots::Error| format!("{}: {error}", file.display());
    let told = info(&snapshot);
    let processor = registers.map(|path| processor(&snapshot, path)).transpose()?;
    for section in &told.sections {
        let (version, bytes) = snapshot.section(&section.name).ok_or("a section is gone")?;
        let (version, bytes) = match &processor {
            Some((name, version, bytes)) if *name == section.name => (*version, bytes.clone()),
            _ => (version, bytes.to_vec()),
        };
        writer.section_bytes(&section.name, version, bytes).map_err(trouble)?;
    }
    for store in &told.stores {
        match raw.filter(|_| store.name == RAM) {
            Some(raw) => put_memory(&mut writer, store.page_count, raw)?,
            None => copy_pages(&mut writer, &mut snapshot, &store.name).map_err(trouble)?,
        }
    }
    writer.write_to(new).map_err(|error| error.to_string())
}

/// The section of the processor that a file has as JSON: its name, version and bytes.
fn processor(snapshot: &Snapshot, path: &Path) -> Result<(&'static str, u16, Vec<u8>), String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    let value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    with_processor(snapshot, value).map_err(|error| format!("{name}: {error}"))
}

fn copy_pages(
    writer: &mut SnapshotWriter,
    snapshot: &mut Snapshot,
    name: &str,
) -> Result<(), ringwalk_snapshots::Error> {
    let mut pages = snapshot.pages(name)?;
    let mut store = writer.store(name, pages.page_count())?;
    while let Some((number, bytes)) = pages.next_page()? {
        store.page(number, bytes)?;
    }
    Ok(())
}

/// Main memory from a file of just its size.
fn put_memory(writer: &mut SnapshotWriter, page_count: u64, raw: &Path) -> Result<(), String> {
    let trouble = |error: &dyn std::fmt::Display| format!("{}: {error}", raw.display());
    let mut file = File::open(raw).map_err(|error| trouble(&error))?;
    let (wanted, found) = (page_count * PAGE_SIZE as u64, file.metadata().map_err(|error| trouble(&error))?.len());
    if wanted != found {
        return Err(trouble(&format!("{found} bytes, but the machine has {wanted} bytes of main memory")));
    }
    let mut store = writer.store(RAM, page_count).map_err(|error| trouble(&error))?;
    let mut page = ZERO_PAGE;
    for number in 0..page_count {
        file.read_exact(&mut page).map_err(|error| trouble(&error))?;
        store.page(number, &page).map_err(|error| trouble(&error))?;
    }
    Ok(())
}
