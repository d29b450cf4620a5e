//! Pages whose content is still elsewhere: a machine that is restored lazily fetches each at its first touch.

use std::cell::OnceCell;

use crate::{Frame, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;

/// Where the contents of absent pages come from.
pub trait PageSource {
    /// Fills a page, checked. The error is a sentence for the user.
    fn page(&self, frame: Frame, page: &mut [u8; PAGE]) -> Result<(), String>;
}

/// The pages that are still elsewhere. Derived: what they hold is settled, wherever it lies.
#[derive(Default)]
pub(crate) struct Absent {
    source: Option<Box<dyn PageSource>>,
    /// By frame, what has been looked at without being written.
    seen: Vec<OnceCell<Box<[u8; PAGE]>>>,
    /// How many are absent.
    left: usize,
    /// The first page that did not come: nothing that was made of it may be believed.
    lost: OnceCell<String>,
}

impl Absent {
    /// So many frames' pages may be absent from now on.
    pub(crate) fn begin(&mut self, source: Box<dyn PageSource>, frames: usize) {
        self.source = Some(source);
        self.seen.resize_with(frames, OnceCell::new);
    }

    /// One more is absent.
    pub(crate) fn add(&mut self) {
        self.left += 1;
    }

    /// How many are absent.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// What an absent page holds; zeros if it cannot be had.
    pub(crate) fn look(&self, frame: Frame) -> &[u8; PAGE] {
        match self.seen.get(frame.0 as usize) {
            Some(seen) => seen.get_or_init(|| self.fetch(frame)),
            None => &[0; PAGE],
        }
    }

    /// What an absent page holds, which will lie in the arena from now on; zeros if it cannot be had.
    pub(crate) fn take(&mut self, frame: Frame) -> Box<[u8; PAGE]> {
        let seen = self.seen.get_mut(frame.0 as usize).and_then(OnceCell::take);
        let page = seen.unwrap_or_else(|| self.fetch(frame));
        self.forget(frame);
        page
    }

    /// An absent page gets another content before anybody asked for its own.
    pub(crate) fn forget(&mut self, frame: Frame) {
        if let Some(seen) = self.seen.get_mut(frame.0 as usize) {
            seen.take();
        }
        self.left -= 1;
        if self.left == 0 {
            self.source = None;
            self.seen = Vec::new();
        }
    }

    fn fetch(&self, frame: Frame) -> Box<[u8; PAGE]> {
        let mut page = Box::new([0; PAGE]);
        let fetched = match &self.source {
            Some(source) => source.page(frame, &mut page),
            None => Err("a page of memory is nowhere".to_owned()),
        };
        if let Err(trouble) = fetched {
            self.lost.get_or_init(|| trouble);
            page.fill(0);
        }
        page
    }

    /// The state is worth nothing for this reason.
    pub(crate) fn lose(&mut self, why: String) {
        self.lost.get_or_init(|| why);
    }

    /// Why a page did not come.
    #[inline]
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }
}
