//! In which sections and pages two snapshots differ.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::ops::Range;

use serde::Serialize;

use crate::page_map::PageMap;
use crate::{Error, Snapshot, StateHash};

/// The differences of two snapshots, called left and right.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Diff {
    /// Sections that differ, by name.
    pub sections: Vec<SectionDiff>,
    /// Page stores that differ, by name.
    pub stores: Vec<StoreDiff>,
}

impl Diff {
    /// Whether both snapshots hold the same state.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.stores.is_empty()
    }
}

/// A section that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SectionDiff {
    /// Its name.
    pub name: String,
    /// How it differs.
    pub difference: SectionDifference,
}

/// How a section differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum SectionDifference {
    /// Only the left snapshot has it.
    OnlyLeft,
    /// Only the right snapshot has it.
    OnlyRight,
    /// Its type has other versions, so that its bytes cannot be compared.
    Versions {
        /// The left version.
        left: u16,
        /// The right version.
        right: u16,
    },
    /// Its encoded values differ.
    Bytes {
        /// The left length in bytes.
        left_len: u64,
        /// The right length in bytes.
        right_len: u64,
        /// The offset of the first byte that differs, or at which one of them ends.
        first: u64,
    },
}

/// A page store that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StoreDiff {
    /// Its name.
    pub name: String,
    /// The left size in pages, if the left snapshot has it.
    pub left_page_count: Option<u64>,
    /// The right size in pages, if the right snapshot has it.
    pub right_page_count: Option<u64>,
    /// The page indexes that differ, as ascending ranges. A page that one of them does not have
    /// counts as zero.
    pub pages: Vec<Range<u64>>,
}

impl StoreDiff {
    /// How many pages differ.
    pub fn page_total(&self) -> u64 {
        self.pages.iter().map(|range| range.end - range.start).sum()
    }
}

/// Compares two snapshots. Fails only on pages that do not unpack.
pub fn diff(left: &Snapshot, right: &Snapshot) -> Result<Diff, Error> {
    Ok(Diff { sections: diff_sections(left, right), stores: diff_stores(left, right)? })
}

fn diff_sections(left: &Snapshot, right: &Snapshot) -> Vec<SectionDiff> {
    let both = left.layout.directory.sections.iter().chain(&right.layout.directory.sections);
    let names: BTreeSet<&str> = both.map(|section| section.name.as_str()).collect();
    let differing = names.into_iter().filter_map(|name| {
        let difference = compare_section(left.section(name), right.section(name))?;
        Some(SectionDiff { name: name.to_owned(), difference })
    });
    differing.collect()
}

fn compare_section(left: Option<(u16, &[u8])>, right: Option<(u16, &[u8])>) -> Option<SectionDifference> {
    match (left, right) {
        (Some(_), None) => Some(SectionDifference::OnlyLeft),
        (None, Some(_)) => Some(SectionDifference::OnlyRight),
        (Some((left, _)), Some((right, _))) if left != right => Some(SectionDifference::Versions { left, right }),
        (Some((_, left)), Some((_, right))) if left != right => {
            let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
            Some(SectionDifference::Bytes {
                left_len: left.len() as u64,
                right_len: right.len() as u64,
                first: same as u64,
            })
        }
        _ => None,
    }
}

fn diff_stores(left: &Snapshot, right: &Snapshot) -> Result<Vec<StoreDiff>, Error> {
    let (left_hashes, right_hashes) = (left.slot_hashes()?, right.slot_hashes()?);
    let both = left.layout.directory.stores.iter().chain(&right.layout.directory.stores);
    let names: BTreeSet<&str> = both.map(|store| store.name.as_str()).collect();
    let differing = names.into_iter().filter_map(|name| {
        let (left, right) = (left.page_map(name), right.page_map(name));
        let pages = differing_pages(contents(left, &left_hashes), contents(right, &right_hashes));
        let (left_page_count, right_page_count) = (left.map(|map| map.page_count), right.map(|map| map.page_count));
        let same = left_page_count == right_page_count && pages.is_empty();
        (!same).then(|| StoreDiff { name: name.to_owned(), left_page_count, right_page_count, pages })
    });
    Ok(differing.collect())
}

/// Each page that is not zero, with the hash of its content, ascending.
fn contents(map: Option<&PageMap>, hashes: &[StateHash]) -> impl Iterator<Item = (u64, StateHash)> {
    map.into_iter().flat_map(PageMap::iter).map(|(page, slot)| (page, hashes[slot as usize]))
}

fn differing_pages(
    left: impl Iterator<Item = (u64, StateHash)>,
    right: impl Iterator<Item = (u64, StateHash)>,
) -> Vec<Range<u64>> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    let mut ranges: Vec<Range<u64>> = Vec::new();
    while let Some(page) = lowest(&mut left, &mut right) {
        let of_page = |next: &(u64, StateHash)| next.0 == page;
        if left.next_if(of_page) == right.next_if(of_page) {
            continue;
        }
        match ranges.last_mut().filter(|range| range.end == page) {
            Some(range) => range.end = page + 1,
            None => ranges.push(page..page + 1),
        }
    }
    ranges
}

fn lowest<I: Iterator<Item = (u64, StateHash)>, J: Iterator<Item = (u64, StateHash)>>(
    left: &mut Peekable<I>,
    right: &mut Peekable<J>,
) -> Option<u64> {
    let (left, right) = (left.peek().map(|next| next.0), right.peek().map(|next| next.0));
    left.into_iter().chain(right).min()
}
