//! The hash of an address space, kept up to date page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::pool::is_zero;
use crate::{MAX_PAGE_COUNT, Page, StateHash};

/// Children of a node. 512 bytes of child hashes are hashed in one go; binary nodes would be four
/// times as many to look up for the same bytes.
const FAN_OUT: usize = 16;

/// The hash of what is all zero: a page, or everything below a node.
const ABSENT: StateHash = StateHash::from_bytes([0; 32]);

type Node = [StateHash; FAN_OUT];

/// A hash tree over the pages of one store. The leaves are BLAKE3 of the pages, inner nodes BLAKE3
/// of their 16 children; zero pages, and nodes with nothing but zero pages below, are 32 zero
/// bytes. Leaves and nodes cannot be taken for each other, as they hash different lengths.
///
/// The same contents give the same root, whatever was updated before and in which order. Memory
/// and time go by the pages that are not zero, not by `page_count`. The tree is derived data: it is
/// rebuilt from the pages, never saved.
#[derive(Clone, Debug)]
pub struct PageTree {
    page_count: u64,
    /// From the parents of the pages up to the one node at the top.
    levels: Vec<Level>,
    top: StateHash,
}

#[derive(Clone, Debug, Default)]
struct Level {
    nodes: BTreeMap<u64, Box<Node>>,
    /// Nodes whose own hash, one level up, is out of date.
    stale: BTreeSet<u64>,
}

impl PageTree {
    /// The tree of `page_count` zero pages.
    ///
    /// # Panics
    /// If `page_count` is above [`MAX_PAGE_COUNT`].
    pub fn new(page_count: u64) -> Self {
        assert!(page_count <= MAX_PAGE_COUNT, "{page_count} pages are more than 2^64 bytes");
        let mut levels = vec![Level::default()];
        let mut covered = FAN_OUT as u64;
        while covered < page_count {
            levels.push(Level::default());
            covered = covered.saturating_mul(FAN_OUT as u64);
        }
        Self { page_count, levels, top: ABSENT }
    }

    /// The number of pages in the address space.
    pub fn page_count(&self) -> u64 {
        self.page_count
    }

    /// Takes in the new content of page `index`.
    ///
    /// # Panics
    /// If `index` is not below `page_count`.
    pub fn update(&mut self, index: u64, page: &Page) {
        let leaf = if is_zero(page) { ABSENT } else { StateHash::of(page) };
        self.update_hash(index, leaf);
    }

    /// Takes in page `index` by the BLAKE3 of its content, which must not be zero.
    ///
    /// # Panics
    /// If `index` is not below `page_count`.
    pub fn update_hash(&mut self, index: u64, leaf: StateHash) {
        assert!(index < self.page_count, "page {index} of a tree of {} pages", self.page_count);
        self.levels[0].set(index, leaf);
    }

    /// The hash of the address space: BLAKE3 of the page count (u64, little endian) and the top
    /// node's hash. Costs time for what changed since the last call.
    pub fn root(&mut self) -> StateHash {
        for level in 0..self.levels.len() {
            for node in std::mem::take(&mut self.levels[level].stale) {
                let hash = self.levels[level].settle(node);
                match self.levels.get_mut(level + 1) {
                    Some(above) => above.set(node, hash),
                    None => self.top = hash,
                }
            }
        }
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.page_count.to_le_bytes());
        bytes[8..].copy_from_slice(self.top.as_bytes());
        StateHash::of(&bytes)
    }

    /// The hash of page `index`; all zero for a zero page.
    pub fn page_hash(&self, index: u64) -> StateHash {
        self.levels[0].get(index)
    }

    /// The pages in which two address spaces differ, ascending. Costs time for the differences, not
    /// for the pages. Pages beyond the end of the shorter one count as zero.
    pub fn differing_pages(&mut self, other: &mut Self) -> Vec<u64> {
        self.root();
        other.root();
        let height = self.levels.len().max(other.levels.len());
        let mut differing = vec![0];
        for level in (0..height).rev() {
            differing = differing
                .into_iter()
                .flat_map(children)
                .filter(|&child| self.hash_below(level, child) != other.hash_below(level, child))
                .collect();
        }
        differing
    }

    /// The hash of child `index` of `level`, in a tree that may be lower than that.
    fn hash_below(&self, level: usize, index: u64) -> StateHash {
        match self.levels.get(level) {
            Some(level) => level.get(index),
            None if index == 0 => self.hash_of_extended_top(level),
            None => ABSENT,
        }
    }

    /// What the top node's hash would be at a greater height, where it is the first of 16 children.
    fn hash_of_extended_top(&self, level: usize) -> StateHash {
        (self.levels.len()..level).fold(self.top, |below, _| {
            let mut node = [ABSENT; FAN_OUT];
            node[0] = below;
            hash_node(&node)
        })
    }
}

fn children(node: u64) -> Range<u64> {
    let first = node * FAN_OUT as u64;
    first..first + FAN_OUT as u64
}

fn hash_node(node: &Node) -> StateHash {
    if *node == [ABSENT; FAN_OUT] {
        return ABSENT;
    }
    let mut bytes = [0; FAN_OUT * 32];
    for (place, child) in bytes.chunks_exact_mut(32).zip(node) {
        place.copy_from_slice(child.as_bytes());
    }
    StateHash::of(&bytes)
}

impl Level {
    fn get(&self, child: u64) -> StateHash {
        let (node, place) = (child / FAN_OUT as u64, (child % FAN_OUT as u64) as usize);
        self.nodes.get(&node).map_or(ABSENT, |node| node[place])
    }

    fn set(&mut self, child: u64, hash: StateHash) {
        if self.get(child) == hash {
            return;
        }
        let (node, place) = (child / FAN_OUT as u64, (child % FAN_OUT as u64) as usize);
        self.nodes.entry(node).or_insert_with(|| Box::new([ABSENT; FAN_OUT]))[place] = hash;
        self.stale.insert(node);
    }

    /// The hash of a node; a node that became all zero is dropped.
    fn settle(&mut self, index: u64) -> StateHash {
        let hash = self.nodes.get(&index).map_or(ABSENT, |node| hash_node(node));
        if hash == ABSENT {
            self.nodes.remove(&index);
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PAGE_SIZE, ZERO_PAGE};

    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) % limit
        }
    }

    fn page(seed: u8) -> Page {
        [seed; PAGE_SIZE]
    }

    /// The definition, without levels or updates: the hash of `len` pages from `first`.
    fn naive(pages: &BTreeMap<u64, u8>, first: u64, len: u128) -> StateHash {
        if pages.range(first..).next().is_none_or(|(&page, _)| u128::from(page) >= u128::from(first) + len) {
            return ABSENT;
        }
        if len == 1 {
            return StateHash::of(&page(pages[&first]));
        }
        let part = len / FAN_OUT as u128;
        let children = (0..FAN_OUT as u64).map(|child| naive(pages, first + child * part as u64, part));
        StateHash::of(&children.flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>())
    }

    fn naive_root(pages: &BTreeMap<u64, u8>, page_count: u64) -> StateHash {
        let mut width = FAN_OUT as u128;
        while width < u128::from(page_count) {
            width *= FAN_OUT as u128;
        }
        let top = naive(pages, 0, width);
        StateHash::of(&[&page_count.to_le_bytes()[..], top.as_bytes()].concat())
    }

    #[test]
    fn any_updates_give_the_hash_of_the_final_contents() {
        let mut numbers = Numbers(1);
        for page_count in [1, 2, 16, 17, 256, 1000, 4097, 1 << 20, 1 << 52] {
            let (mut tree, mut pages) = (PageTree::new(page_count), BTreeMap::new());
            for _ in 0..300 {
                let (index, seed) = (numbers.below(page_count.min(5000)), numbers.below(4) as u8);
                let index = if numbers.below(8) == 0 { page_count - 1 - index } else { index };
                tree.update(index, &page(seed));
                pages.insert(index, seed);
                pages.retain(|_, &mut seed| seed != 0);
                if numbers.below(10) == 0 {
                    assert_eq!(tree.root(), naive_root(&pages, page_count), "{page_count} pages");
                }
            }
            assert_eq!(tree.root(), naive_root(&pages, page_count), "{page_count} pages");
            pages.keys().for_each(|&index| tree.update(index, &ZERO_PAGE));
            assert_eq!(tree.root(), PageTree::new(page_count).root());
            assert!(tree.levels.iter().all(|level| level.nodes.is_empty()), "zero pages cost memory");
        }
    }

    #[test]
    fn the_size_of_the_space_counts() {
        assert_ne!(PageTree::new(16).root(), PageTree::new(17).root());
        assert_ne!(PageTree::new(0).root(), PageTree::new(1).root());
    }

    #[test]
    fn differing_pages_are_found_at_any_heights() {
        let mut numbers = Numbers(2);
        for (left_count, right_count) in [(1000, 1000), (20, 70_000), (1 << 30, 16)] {
            let (mut left, mut right) = (PageTree::new(left_count), PageTree::new(right_count));
            let mut expected = BTreeSet::new();
            for _ in 0..60 {
                let index = numbers.below(left_count.min(right_count));
                let (old, new) = (numbers.below(3) as u8, numbers.below(3) as u8);
                left.update(index, &page(old));
                right.update(index, &page(new));
                match old == new {
                    true => expected.remove(&index),
                    false => expected.insert(index),
                };
            }
            let far = left_count.max(right_count) - 1;
            let higher = if left_count >= right_count { &mut left } else { &mut right };
            higher.update(far, &page(9));
            expected.insert(far);
            assert_eq!(left.differing_pages(&mut right), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "page 8 of a tree of 8 pages")]
    fn a_page_outside_is_our_fault() {
        PageTree::new(8).update(8, &ZERO_PAGE);
    }
}
