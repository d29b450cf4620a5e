//! What pages held at the checkpoints, each content once: how memory and overlays go back in time.
//!
//! A content stands under the last checkpoint at which the page held it. At a checkpoint a page holds the first content
//! that stands at or behind it; where there is none, it holds what it holds now. So a checkpoint costs nothing for the
//! pages that are not written, and for those that are, what they held before.

use std::collections::BTreeMap;

use ringwalk_mmu::PAGE_BYTES;

use super::file::HistoryFile;

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

/// Where a content is kept.
enum Kept {
    Memory(Content),
    /// This place of the file.
    Filed(u64),
}

/// The contents.
#[derive(Default)]
pub(crate) struct Versions {
    contents: BTreeMap<(Page, u64), Kept>,
    /// The pages whose contents stand under a checkpoint.
    under: BTreeMap<u64, Vec<Page>>,
    bytes: usize,
    /// Where contents go that memory has no room for.
    pub(crate) file: Option<HistoryFile>,
}

fn size(kept: &Kept) -> usize {
    PLACE_BYTES + if matches!(kept, Kept::Memory(Some(_))) { PAGE_BYTES as usize } else { 0 }
}

impl Versions {
    /// Memory that all contents take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn kept(&self, page: Page, checkpoint: u64) -> Option<&Kept> {
        self.contents.range((page, checkpoint)..=(page, u64::MAX)).next().map(|(_, kept)| kept)
    }

    /// True if what a page held at a checkpoint is known; else what it holds now is that.
    pub(crate) fn knows(&self, page: Page, checkpoint: u64) -> bool {
        self.kept(page, checkpoint).is_some()
    }

    /// What a page held at a checkpoint; `None` if what it holds now is that. The error is a sentence about the file.
    pub(crate) fn at(&self, page: Page, checkpoint: u64) -> Result<Option<Content>, String> {
        Ok(match self.kept(page, checkpoint) {
            None => None,
            Some(Kept::Memory(content)) => Some(content.clone()),
            Some(Kept::Filed(place)) => {
                let file = self.file.as_ref().ok_or("the history's file is gone")?;
                Some(Some(file.get(*place)?))
            }
        })
    }

    /// Notes what a page held up to a checkpoint.
    pub(crate) fn add(&mut self, page: Page, checkpoint: u64, content: Content) {
        self.put(page, checkpoint, Kept::Memory(content));
    }

    fn put(&mut self, page: Page, checkpoint: u64, kept: Kept) {
        self.bytes += size(&kept);
        match self.contents.insert((page, checkpoint), kept) {
            Some(old) => {
                self.bytes -= size(&old);
                self.drop_filed(&old);
            }
            None => self.under.entry(checkpoint).or_default().push(page),
        }
    }

    fn drop_filed(&mut self, kept: &Kept) {
        if let (Kept::Filed(place), Some(file)) = (kept, &mut self.file) {
            file.free(*place);
        }
    }

    /// Moves contents to the file, those under the oldest checkpoints first, until they take so many bytes of memory or
    /// the file takes no more.
    pub(crate) fn move_to_file(&mut self, most_bytes: usize) {
        let Some(file) = &mut self.file else { return };
        for (checkpoint, pages) in &self.under {
            for page in pages {
                if self.bytes <= most_bytes {
                    return;
                }
                let Some(kept) = self.contents.get_mut(&(*page, *checkpoint)) else { continue };
                let Kept::Memory(Some(content)) = kept else { continue };
                let Some(place) = file.put(content) else { return };
                *kept = Kept::Filed(place);
                self.bytes -= PAGE_BYTES as usize;
            }
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
            } else if let Some(kept) = self.take(page, before) {
                self.put(page, at, kept);
            }
        }
        if !stay.is_empty() {
            self.under.insert(before, stay);
        }
    }

    fn take(&mut self, page: Page, checkpoint: u64) -> Option<Kept> {
        let kept = self.contents.remove(&(page, checkpoint))?;
        self.bytes -= size(&kept);
        Some(kept)
    }

    /// A checkpoint goes; `before` is the one before it.
    pub(crate) fn forget(&mut self, gone: u64, before: Option<u64>) {
        for page in self.under.remove(&gone).unwrap_or_default() {
            let Some(kept) = self.take(page, gone) else { continue };
            // A content that stands under the one before already is the one that holds there.
            match before {
                Some(before) if !self.contents.contains_key(&(page, before)) => self.put(page, before, kept),
                _ => self.drop_filed(&kept),
            }
        }
    }

    /// All from a checkpoint on goes: what pages hold now is what they held there.
    pub(crate) fn cut(&mut self, from: u64) {
        for (checkpoint, pages) in self.under.split_off(&from) {
            for page in pages {
                if let Some(kept) = self.take(page, checkpoint) {
                    self.drop_filed(&kept);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::file::tests::Small;
    use super::*;

    const A: Page = Page::Frame(1);
    const B: Page = Page::Overlay(0, 7);

    fn filled(byte: u8) -> Content {
        Some(Box::new([byte; PAGE_BYTES as usize]))
    }

    fn first(versions: &Versions, page: Page, checkpoint: u64) -> Option<u8> {
        let content = versions.at(page, checkpoint).expect("the file can be read");
        content.map(|content| content.map_or(0, |bytes| bytes[0]))
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

    /// The same answers, whether contents lie in memory or in a file; and what is forgotten makes room there.
    #[test]
    fn contents_in_a_file_are_the_same() {
        let mut versions = some();
        versions.file = Some(HistoryFile::new(Box::new(Small(Rc::default(), 4096))));
        versions.move_to_file(0);
        assert_eq!(versions.bytes(), 4096 + 3 * PLACE_BYTES, "the file takes one page");
        assert_eq!([10, 20, 30, 40].map(|at| first(&versions, A, at)), [Some(1), Some(1), Some(2), None]);
        assert!(!versions.file.as_ref().expect("there").has_room());
        versions.forget(20, Some(10));
        assert_eq!([10, 30].map(|at| first(&versions, A, at)), [Some(1), Some(2)]);
        versions.cut(10);
        assert_eq!((versions.bytes(), versions.file.map(|file| file.bytes())), (0, Some(0)));
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
