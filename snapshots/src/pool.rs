//! The page pool: every distinct page content once, in chunks, compressed when that pays.

use std::collections::BTreeMap;

use crate::Page;
use crate::format::{CHUNK_PAGES, ChunkEntry};
use crate::{PAGE_SIZE, ZERO_PAGE, lz4};

/// Collects page contents and hands out their slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagePool {
    slots: BTreeMap<[u8; 32], u32>,
    /// Contents of the slots that do not fill a chunk yet.
    open: Vec<u8>,
    entries: Vec<ChunkEntry>,
    bytes: Vec<u8>,
}

impl PagePool {
    /// The slot of this content; a new one if it was not seen before. `None` if all 2^32 - 1 slots
    /// are in use. Zero pages have no slot: see [`is_zero`]. `identity`: the content's BLAKE3.
    pub(crate) fn slot(&mut self, identity: [u8; 32], page: &Page) -> Option<u32> {
        if let Some(&slot) = self.slots.get(&identity) {
            return Some(slot);
        }
        let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot < u32::MAX)?;
        self.slots.insert(identity, slot);
        self.open.extend_from_slice(page);
        if self.open.len() == CHUNK_PAGES * PAGE_SIZE {
            let (entry, stored) = seal(&self.open);
            self.entries.push(entry);
            self.bytes.extend(stored);
            self.open.clear();
        }
        Some(slot)
    }

    /// The number of slots in use.
    pub(crate) fn slot_count(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The table of all chunks, the bytes of the full ones, and the bytes of the last, open one.
    pub(crate) fn chunks(&self) -> (Vec<ChunkEntry>, &[u8], Vec<u8>) {
        let mut entries = self.entries.clone();
        let mut tail = Vec::new();
        if !self.open.is_empty() {
            let (entry, stored) = seal(&self.open);
            entries.push(entry);
            tail = stored;
        }
        (entries, &self.bytes, tail)
    }
}

/// Whether `page` is all zero.
pub(crate) fn is_zero(page: &Page) -> bool {
    *page == ZERO_PAGE
}

fn seal(content: &[u8]) -> (ChunkEntry, Vec<u8>) {
    let compressed = lz4::compress(content);
    let stored = if compressed.len() < content.len() { compressed } else { content.to_vec() };
    let entry = ChunkEntry { len: stored.len() as u32, check: blake3::hash(&stored) };
    (entry, stored)
}

/// Fills `content` with the pages of a chunk whose check was good. `None` if they do not come out at its length: whoever
/// made the file broke the format.
pub(crate) fn unseal(stored: &[u8], content: &mut [u8]) -> Option<()> {
    if stored.len() == content.len() {
        content.copy_from_slice(stored);
        return Some(());
    }
    let written = lz4_flex::block::decompress_into(stored, content).ok()?;
    (written == content.len()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsealed(stored: &[u8], content_len: usize) -> Option<Vec<u8>> {
        let mut content = vec![0xEE; content_len];
        unseal(stored, &mut content).map(|()| content)
    }

    fn page(seed: u64) -> Page {
        let mut state = seed;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
    }

    fn slot(pool: &mut PagePool, page: &Page) -> Option<u32> {
        pool.slot(*blake3::hash(page).as_bytes(), page)
    }

    #[test]
    fn equal_contents_share_a_slot() {
        let mut pool = PagePool::default();
        assert_eq!(slot(&mut pool, &page(1)), Some(0));
        assert_eq!(slot(&mut pool, &page(2)), Some(1));
        assert_eq!(slot(&mut pool, &page(1)), Some(0));
        assert_eq!(pool.slot_count(), 2);
    }

    #[test]
    fn chunks_fill_up_and_come_back() {
        let mut pool = PagePool::default();
        let pages: Vec<Page> = (0..CHUNK_PAGES as u64 + 1).map(page).collect();
        for page in &pages {
            slot(&mut pool, page);
        }
        let (entries, full, tail) = pool.chunks();
        assert_eq!(entries.len(), 2);
        let content = unsealed(full, CHUNK_PAGES * PAGE_SIZE).expect("whole");
        assert_eq!(content, pages[..CHUNK_PAGES].concat());
        assert_eq!(unsealed(&tail, PAGE_SIZE).expect("whole"), pages[CHUNK_PAGES]);
    }

    #[test]
    fn compression_is_kept_only_when_it_pays() {
        let (noise, _) = seal(&page(1));
        assert_eq!(noise.len as usize, PAGE_SIZE);
        let (pattern, stored) = seal(&[0xAA; PAGE_SIZE]);
        assert!(pattern.len < 64);
        assert_eq!(unsealed(&stored, PAGE_SIZE).expect("whole"), [0xAA; PAGE_SIZE]);
    }

    #[test]
    fn hostile_chunks_are_refused() {
        assert_eq!(unsealed(&[], PAGE_SIZE), None);
        assert_eq!(unsealed(&[0xFF; 100], PAGE_SIZE), None);
        let (_, stored) = seal(&[0xAA; 2 * PAGE_SIZE]);
        assert_eq!(unsealed(&stored, PAGE_SIZE), None);
        assert_eq!(unsealed(&stored, 3 * PAGE_SIZE), None);
    }
}
