//! What pages held at the checkpoints, each content once: how memory and overlays go back in time.
//!
//! A content stands under the last checkpoint at which the page held it. At a checkpoint a page holds the first content
//! that stands at or behind it; where there is none, it holds what it holds now. So a checkpoint costs nothing for the
//! pages that are not written, and for those that are, what they held before.

use std::collections::BTreeMap;

use ringwalk_mmu::PAGE_BYTES;

/// What a page held; `None` for zeros of a page never written, and for a page that an overlay does not have.
pub(crate) type Content = Option<Box<[u8; PAGE_BYTES as usize]>>;

/// Where a page is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Page {
    /// A frame of the arena, by its number.
    Frame(u32),
    /// A page of the overlay in a drive.
    Overlay(u8, u64),
}

/// Bytes that the place of a content takes, about.
const PLACE_BYTES: usize = 64;

/// The contents.
#[derive(Default)]
pub(crate) struct Versions {
    contents: BTreeMap<(Page, u64), Content>,
    /// The pages whose contents stand under a checkpoint.
    under: BTreeMap<u64, Vec<Page>>,
    bytes: usize,
}

fn size(content: &Content) -> usize {
    PLACE_BYTES + content.as_ref().map_or(0, |_| PAGE_BYTES as usize)
}

impl Versions {
    /// Memory that all contents take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What a page held at a checkpoint; `None` if what it holds now is that.
    pub(crate) fn at(&self, page: Page, checkpoint: u64) -> Option<&Content> {
        self.contents.range((page, checkpoint)..=(page, u64::MAX)).next().map(|(_, content)| content)
    }

    /// Notes what a page held up to a checkpoint.
    pub(crate) fn add(&mut self, page: Page, checkpoint: u64, content: Content) {
        self.bytes += size(&content);
        if let Some(old) = self.contents.insert((page, checkpoint), content) {
            self.bytes -= size(&old);
        } else {
            self.under.entry(checkpoint).or_default().push(page);
        }
    }

    /// The pages that may have changed between two checkpoints, some perhaps more than once.
    pub(crate) fn changed(&self, from: u64, to: u64) -> impl Iterator<Item = Page> {
        self.under.range(from..to).flat_map(|(_, pages)| pages.iter().copied())
    }

    /// A checkpoint `at` comes behind `before`. What pages held there, they hold at the new one too, but for those that
    /// were written on the way: `written` answers what they hold now.
    pub(crate) fn insert_behind(&mut self, before: u64, at: u64, written: impl Fn(Page) -> Option<Content>) {
        let mut stay = Vec::new();
        for page in self.under.remove(&before).unwrap_or_default() {
            if let Some(now) = written(page) {
                self.add(page, at, now);
                stay.push(page);
            } else if let Some(content) = self.take(page, before) {
                self.add(page, at, content);
            }
        }
        if !stay.is_empty() {
            self.under.insert(before, stay);
        }
    }

    fn take(&mut self, page: Page, checkpoint: u64) -> Option<Content> {
        let content = self.contents.remove(&(page, checkpoint))?;
        self.bytes -= size(&content);
        Some(content)
    }

    /// A checkpoint goes; `before` is the one before it.
    pub(crate) fn forget(&mut self, gone: u64, before: Option<u64>) {
        for page in self.under.remove(&gone).unwrap_or_default() {
            let Some(content) = self.take(page, gone) else { continue };
            let Some(before) = before else { continue };
            // A content that stands under the one before already is the one that holds there.
            if !self.contents.contains_key(&(page, before)) {
                self.add(page, before, content);
            }
        }
    }

    /// All from a checkpoint on goes: what pages hold now is what they held there.
    pub(crate) fn cut(&mut self, from: u64) {
        for (checkpoint, pages) in self.under.split_off(&from) {
            for page in pages {
                self.take(page, checkpoint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Page = Page::Frame(1);
    const B: Page = Page::Overlay(0, 7);

    fn filled(byte: u8) -> Content {
        Some(Box::new([byte; PAGE_BYTES as usize]))
    }

    fn first(versions: &Versions, page: Page, checkpoint: u64) -> Option<u8> {
        versions.at(page, checkpoint).map(|content| content.as_ref().map_or(0, |bytes| bytes[0]))
    }

    /// A held 1 up to 20, 2 up to 30; B nothing up to 10; checkpoints are 10, 20, 30.
    fn some() -> Versions {
        let mut versions = Versions::default();
        versions.add(A, 20, filled(1));
        versions.add(A, 30, filled(2));
        versions.add(B, 10, None);
        versions
    }

    #[test]
    fn a_content_holds_from_the_one_before_on() {
        let versions = some();
        assert_eq!([10, 20, 30, 40].map(|at| first(&versions, A, at)), [Some(1), Some(1), Some(2), None]);
        assert_eq!([10, 20].map(|at| first(&versions, B, at)), [Some(0), None]);
        assert_eq!(versions.changed(10, 30).collect::<Vec<_>>(), [B, A]);
        assert_eq!(versions.bytes(), 2 * 4096 + 3 * PLACE_BYTES);
    }

    #[test]
    fn a_checkpoint_that_goes_leaves_what_others_need() {
        let mut versions = some();
        versions.forget(20, Some(10));
        assert_eq!([10, 30].map(|at| first(&versions, A, at)), [Some(1), Some(2)]);
        versions.forget(30, Some(10));
        assert_eq!([10, 40].map(|at| first(&versions, A, at)), [Some(1), None]);
        versions.forget(10, None);
        assert_eq!((versions.bytes(), versions.contents.len()), (0, 0));
    }

    #[test]
    fn a_cut_leaves_what_holds_now() {
        let mut versions = some();
        versions.cut(20);
        assert_eq!([10, 20].map(|at| first(&versions, A, at)), [None, None]);
        assert_eq!(first(&versions, B, 10), Some(0));
    }

    #[test]
    fn a_checkpoint_in_between_holds_what_was_not_written_on_the_way() {
        let mut versions = some();
        versions.add(A, 10, filled(9));
        versions.insert_behind(10, 15, |page| (page == A).then(|| filled(8)));
        assert_eq!([10, 15, 20].map(|at| first(&versions, A, at)), [Some(9), Some(8), Some(1)]);
        assert_eq!([10, 15, 16].map(|at| first(&versions, B, at)), [Some(0), Some(0), None]);
        assert_eq!(versions.changed(10, 15).collect::<Vec<_>>(), [A]);
    }
}
