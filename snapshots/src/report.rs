//! What is in a snapshot, and whether it is whole: for people and scripts.

use serde::Serialize;

use crate::reader::Layout;
use crate::{Error, FORMAT_VERSION, PAGE_SIZE, Snapshot, StateHash};

/// What a snapshot holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Info {
    /// The file's format version.
    pub format: u16,
    /// The file's length in bytes.
    pub file_len: u64,
    /// The root hash, which names this file.
    pub root: StateHash,
    /// The root hash of the base, if the file keeps only what differs from that.
    pub base: Option<StateHash>,
    /// The sections, by name.
    pub sections: Vec<SectionInfo>,
    /// The page stores, by name.
    pub stores: Vec<StoreInfo>,
    /// Distinct page contents in the file itself.
    pub distinct_pages: u64,
    /// Bytes that these take in the file.
    pub page_bytes: u64,
}

/// One section.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SectionInfo {
    /// Its name.
    pub name: String,
    /// The version of its type.
    pub version: u16,
    /// The length of its encoded value in bytes.
    pub len: u64,
    /// The hash of its encoded value.
    pub hash: StateHash,
}

/// One page store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StoreInfo {
    /// Its name.
    pub name: String,
    /// The size of its address space in pages.
    pub page_count: u64,
    /// How many of them are not zero.
    pub mapped: u64,
}

impl Info {
    /// How many times smaller the file is than the pages it stands for, zero pages left out.
    pub fn ratio(&self) -> f64 {
        let mapped: u64 = self.stores.iter().map(|store| store.mapped).sum();
        (mapped * PAGE_SIZE as u64) as f64 / self.file_len as f64
    }
}

/// What `snapshot` holds.
pub fn info(snapshot: &Snapshot) -> Info {
    let Layout { directory, root, base, .. } = &snapshot.layout;
    let sections = directory.sections.iter().map(|section| SectionInfo {
        name: section.name.clone(),
        version: section.version,
        len: section.len,
        hash: StateHash::from_bytes(*section.check.as_bytes()),
    });
    let stores = directory.stores.iter().map(|store| StoreInfo {
        name: store.name.clone(),
        page_count: store.map.page_count,
        mapped: store.map.mapped(),
    });
    Info {
        format: FORMAT_VERSION,
        file_len: snapshot.file_len(),
        root: *root,
        base: *base,
        sections: sections.collect(),
        stores: stores.collect(),
        distinct_pages: snapshot.own_chunks().map(|chunk| chunk.pages() as u64).sum(),
        page_bytes: snapshot.own_chunks().map(|chunk| chunk.len() as u64).sum(),
    }
}

/// Everything that is wrong with a file, in file order; empty if it is whole. Unlike
/// [`Snapshot::from_bytes`] it goes on after the first damage, and unpacks every page.
///
/// What the sections mean is for the machine that takes them.
pub fn verify(file: &[u8]) -> Vec<Error> {
    let layout = match Layout::parse(file) {
        Ok(layout) => layout,
        Err(error) => return vec![error],
    };
    let sections = (0..layout.directory.sections.len()).map(|index| layout.section(file, index).map(drop));
    let chunks = (0..layout.chunks.len()).map(|index| {
        layout.chunk(file, index)?;
        layout.chunk_content(file, index).map(drop)
    });
    sections.chain(chunks).filter_map(Result::err).collect()
}
