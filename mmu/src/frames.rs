//! The frames: one arena for all memory that code can run from, with a status for each page.
//!
//! RAM, ROM and video memory share the arena, so that a translation always ends in one number, the [`Frame`].
//! The arena is allocated zeroed and therefore committed by the host only where it is touched.

use crate::PAGE_BYTES;
use crate::absent::{Absent, PageSource};
use crate::ram::{HostPages, LARGE};

#[cfg(test)]
mod tests;

const PAGE: usize = PAGE_BYTES as usize;

/// A page of the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame(pub u32);

/// Frames that are filled in a large page of the host, from where on one is faster than as many small ones: a small page
/// costs 2 microseconds, most of them for the fault, a large one 100 to 200.
const DENSE: u32 = 96;

/// Consecutive frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameRange {
    /// The first frame.
    pub first: Frame,
    /// How many.
    pub count: u32,
}

impl FrameRange {
    /// The frame with this number in the range.
    pub fn frame(self, index: u64) -> Option<Frame> {
        (index < u64::from(self.count)).then(|| Frame(self.first.0 + index as u32))
    }

    /// All frames of the range.
    pub fn iter(self) -> impl Iterator<Item = Frame> {
        (self.first.0..self.first.0 + self.count).map(Frame)
    }
}

impl Frame {
    /// Where the frame begins in the arena, in bytes.
    pub const fn start(self) -> usize {
        self.0 as usize * PAGE
    }
}

/// Written since the status was last taken by [`Frames::take_dirty`].
const DIRTY: u8 = 1;
/// Written at least once since power-on or load: what a snapshot looks at.
const TOUCHED: u8 = 2;
/// Some cache may hold a way to write it. Derived.
const WRITE_CACHED: u8 = 4;
/// Kept as it was before its first write since the last [`Frames::take_before`]. Derived.
const KEPT: u8 = 8;

/// What it holds still lies elsewhere. It counts as touched. Derived.
const ABSENT: u8 = 16;

/// A page's bytes; `None` for zeros of a page that was never written.
pub type PageBefore = Option<Box<[u8; PAGE]>>;

/// Where bytes were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The frame.
    pub frame: Frame,
    /// The first byte in it.
    pub offset: usize,
    /// How many bytes; they stay inside the frame.
    pub bytes: usize,
}

impl Stored {
    /// Takes in a store that continues this one, as a string instruction's do. False if it does not.
    fn take_in(&mut self, next: Stored) -> bool {
        let (above, below) = (self.offset + self.bytes == next.offset, next.offset + next.bytes == self.offset);
        if self.frame != next.frame || !(above || below) {
            return false;
        }
        self.offset = self.offset.min(next.offset);
        self.bytes += next.bytes;
        true
    }
}

/// The arena and what is known of each of its pages.
#[derive(Default)]
pub struct Frames {
    bytes: Vec<u8>,
    status: Vec<u8>,
    /// One bit for each 64 bytes that hold decoded code. Derived.
    code_lines: Vec<u64>,
    /// Frames whose decoded code was written over and not yet dropped, and the lines that were. Derived.
    stale_code: Vec<(Frame, u64)>,
    /// What [`Frames::store`] did, for a reader that follows it. Derived.
    log: Option<Vec<Stored>>,
    /// The first write to a page keeps what it held before.
    keeps: bool,
    /// What pages held before their first write. Derived.
    before: Vec<(Frame, PageBefore)>,
    /// Pages that come at their first touch. Derived.
    absent: Absent,
}

impl Frames {
    /// Adds zeroed frames at the end of the arena. Only while the machine is built.
    pub fn extend(&mut self, pages: u64) -> FrameRange {
        let first = Frame(self.status.len() as u32);
        let count = u32::try_from(pages).expect("the arena holds fewer than 2^32 pages");
        let total = self.status.len() + count as usize;
        // A fresh zeroed allocation is committed lazily; growing one would touch it all.
        let mut bytes = vec![0; total * PAGE];
        crate::ram::prefer(&mut bytes, HostPages::Large);
        for frame in 0..self.status.len() {
            if self.status[frame] & TOUCHED != 0 {
                bytes[frame * PAGE..][..PAGE].copy_from_slice(&self.bytes[frame * PAGE..][..PAGE]);
            }
        }
        self.bytes = bytes;
        self.status.resize(total, 0);
        self.code_lines = vec![0; total];
        FrameRange { first, count }
    }

    /// Says what backs pages of the arena that are touched from now on. Without effect on anything but time.
    pub fn prefer(&mut self, pages: HostPages) {
        crate::ram::prefer(&mut self.bytes, pages);
    }

    /// These frames, and how many follow each, are going to be filled at once, ascending: where they lie densely large
    /// pages back them, elsewhere small ones. Without effect on anything but time.
    pub fn expect(&mut self, spans: impl Iterator<Item = (Frame, u32)>) {
        let skipped = self.bytes.as_ptr().align_offset(LARGE).min(self.bytes.len());
        let mut filled = vec![0; (self.bytes.len() - skipped) / LARGE];
        for (first, count) in spans {
            for frame in first.0..first.0 + count {
                let block = Frame(frame).start().checked_sub(skipped).map(|start| start / LARGE);
                if let Some(filled) = block.and_then(|block| filled.get_mut(block)) {
                    *filled += 1;
                }
            }
        }
        self.prefer(HostPages::Small);
        let mut block = 0;
        for dense in filled.chunk_by(|one, next| (*one >= DENSE) == (*next >= DENSE)) {
            if dense[0] >= DENSE {
                let bytes = &mut self.bytes[skipped + block * LARGE..][..dense.len() * LARGE];
                crate::ram::prefer(bytes, HostPages::Large);
            }
            block += dense.len();
        }
    }

    /// Number of frames.
    pub fn count(&self) -> u32 {
        self.status.len() as u32
    }

    /// The bytes of a frame.
    #[inline]
    pub fn page(&self, frame: Frame) -> &[u8; PAGE] {
        if self.absent() != 0 && self.is_absent(frame) {
            return self.absent.look(frame);
        }
        self.bytes[frame.start()..][..PAGE].try_into().expect("a frame is a page long")
    }

    /// Lets pages come from `source` at their first touch; [`Frames::set_absent`] says which. Only while the machine is
    /// made.
    pub fn fetch_from(&mut self, source: Box<dyn PageSource>) {
        self.absent.begin(source, self.status.len());
    }

    /// The page's content is the source's.
    pub fn set_absent(&mut self, frame: Frame) {
        let status = &mut self.status[frame.0 as usize];
        if *status & ABSENT == 0 {
            *status |= ABSENT | TOUCHED | DIRTY;
            self.absent.add();
        }
    }

    /// True if the page's content has not come yet.
    #[inline]
    pub fn is_absent(&self, frame: Frame) -> bool {
        self.status[frame.0 as usize] & ABSENT != 0
    }

    /// How many pages have not come yet.
    #[inline]
    pub fn absent(&self) -> usize {
        self.absent.left()
    }

    /// Makes sure that the page lies in the arena: before an offset into it is cached.
    #[inline]
    pub fn bring(&mut self, frame: Frame) {
        if self.is_absent(frame) {
            self.bring_absent(frame);
        }
    }

    #[cold]
    fn bring_absent(&mut self, frame: Frame) {
        self.status[frame.0 as usize] &= !ABSENT;
        let page = self.absent.take(frame);
        self.bytes[frame.start()..][..PAGE].copy_from_slice(&*page);
    }

    /// Why a page did not come when it was touched. What was made of it since is worth nothing: the run must end, and
    /// neither hash nor snapshot may be believed.
    #[inline]
    pub fn lost(&self) -> Option<&str> {
        self.absent.lost()
    }

    /// As if a page had not come: the state is worth nothing for this reason.
    pub fn lose(&mut self, why: String) {
        self.absent.lose(why);
    }

    /// The whole arena, for a reader that holds an offset.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The whole arena for a writer that has called [`Frames::prepare_write`] on the frame before.
    #[inline(always)]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// True once the frame has been written.
    pub fn is_touched(&self, frame: Frame) -> bool {
        self.status[frame.0 as usize] & TOUCHED != 0
    }

    /// Marks a frame as written. A writer with a cached offset calls this once, when it fills its cache.
    #[inline]
    pub fn prepare_write(&mut self, frame: Frame) {
        self.bring(frame);
        if self.keeps && self.status[frame.0 as usize] & KEPT == 0 {
            self.keep(frame);
        }
        self.status[frame.0 as usize] |= DIRTY | TOUCHED;
    }

    #[cold]
    fn keep(&mut self, frame: Frame) {
        let bytes = self.is_touched(frame).then(|| Box::new(*self.page(frame)));
        self.before.push((frame, bytes));
        self.status[frame.0 as usize] |= KEPT;
    }

    /// From now on the first write to a page keeps what it held before, or no longer. Cached ways to write must be
    /// dropped by the caller.
    pub fn keep_before(&mut self, keeps: bool) {
        self.take_before();
        self.keeps = keeps;
    }

    /// The pages written since the last call, each with what it held then. Cached ways to write must be dropped by the
    /// caller.
    pub fn take_before(&mut self) -> Vec<(Frame, PageBefore)> {
        for (frame, _) in &self.before {
            self.status[frame.0 as usize] &= !KEPT;
        }
        std::mem::take(&mut self.before)
    }

    /// Pages that wait for [`Frames::take_before`].
    pub fn kept_before(&self) -> usize {
        self.before.len()
    }

    /// Gives a page other content from outside of time: nothing of it is kept. Of code only the lines that change
    /// become stale. Cached ways to memory must be dropped by the caller.
    pub fn replace(&mut self, frame: Frame, bytes: Option<&[u8; PAGE]>) {
        let bytes = bytes.unwrap_or(&[0; PAGE]);
        self.status[frame.0 as usize] |= DIRTY | TOUCHED;
        if self.is_absent(frame) {
            self.status[frame.0 as usize] &= !ABSENT;
            self.absent.forget(frame);
        }
        if self.code_lines[frame.0 as usize] != 0 {
            for (number, line) in bytes.chunks_exact(LINE).enumerate() {
                if self.bytes[frame.start() + number * LINE..][..LINE] != *line {
                    self.note_store_near_code(frame, number * LINE, LINE);
                }
            }
        }
        self.bytes[frame.start()..][..PAGE].copy_from_slice(bytes);
    }

    /// Notes that a cache holds a way to write the frame.
    #[inline]
    pub fn note_write_cached(&mut self, frame: Frame) {
        self.status[frame.0 as usize] |= WRITE_CACHED;
    }

    /// True if a cache may hold a way to write the frame; the caller drops it.
    pub fn take_write_cached(&mut self, frame: Frame) -> bool {
        let status = &mut self.status[frame.0 as usize];
        let cached = *status & WRITE_CACHED != 0;
        *status &= !WRITE_CACHED;
        cached
    }

    /// Stores bytes; they must not leave the frame. Decoded code below them becomes stale.
    #[inline]
    pub fn store(&mut self, frame: Frame, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= PAGE, "a store stays inside its frame");
        self.prepare_write(frame);
        self.bytes[frame.start() + offset..][..bytes.len()].copy_from_slice(bytes);
        if self.code_lines[frame.0 as usize] != 0 && !bytes.is_empty() {
            self.note_store_near_code(frame, offset, bytes.len());
        }
        if let Some(log) = &mut self.log {
            let stored = Stored { frame, offset, bytes: bytes.len() };
            if !log.last_mut().is_some_and(|last| last.take_in(stored)) {
                log.push(stored);
            }
        }
    }

    /// As [`Frames::store`], of few bytes, if nothing is to be noted of it. False, and nothing is done, if there is.
    #[inline]
    pub fn store_if_ready<const N: usize>(&mut self, frame: Frame, offset: usize, bytes: [u8; N]) -> bool {
        let ready = DIRTY | TOUCHED | if self.keeps { KEPT } else { 0 };
        let is_ready = self.status[frame.0 as usize] & (ready | ABSENT) == ready;
        let is_plain = is_ready && self.code_lines[frame.0 as usize] == 0 && self.log.is_none();
        if !is_plain || offset > PAGE - N {
            return false;
        }
        let start = frame.start() + offset;
        self.bytes[start..start + N].copy_from_slice(&bytes);
        true
    }

    /// The dword at an offset of a frame, unless the page is absent.
    #[inline]
    pub fn dword_if_present(&self, frame: Frame, offset: usize) -> Option<u32> {
        let start = frame.start() + offset;
        let bytes = self.bytes.get(start..start + 4).filter(|_| !self.is_absent(frame))?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Keeps a log of stores from now on. True if there was one already.
    pub fn log_stores(&mut self) -> bool {
        let logged = self.log.is_some();
        self.log.get_or_insert_default();
        logged
    }

    /// Moves what was logged since the last call behind `into`.
    pub fn take_stores(&mut self, into: &mut Vec<Stored>) {
        if let Some(log) = &mut self.log {
            into.append(log);
        }
    }

    fn note_store_near_code(&mut self, frame: Frame, offset: usize, len: usize) {
        let hit = self.code_lines[frame.0 as usize] & lines(offset, len);
        if hit == 0 {
            return;
        }
        match self.stale_code.iter_mut().find(|(stale, _)| *stale == frame) {
            Some((_, hits)) => *hits |= hit,
            None => self.stale_code.push((frame, hit)),
        }
    }

    /// Remembers that code was decoded from these bytes.
    pub fn mark_code(&mut self, frame: Frame, offset: usize, len: usize) {
        self.code_lines[frame.0 as usize] |= lines(offset, len);
    }

    /// True if code was decoded from the frame; such a frame must not be written through a cached offset.
    #[inline]
    pub fn holds_code(&self, frame: Frame) -> bool {
        self.code_lines[frame.0 as usize] != 0
    }

    /// True if code was decoded from the lines that a span inside a frame touches.
    #[inline]
    pub fn holds_code_in(&self, frame: Frame, offset: usize, len: usize) -> bool {
        self.code_lines[frame.0 as usize] & lines(offset, len) != 0
    }

    /// The lines of 64 bytes in a frame that code was decoded from, one bit each: see [`touches`].
    #[inline(always)]
    pub fn code_lines(&self, frame: Frame) -> u64 {
        self.code_lines[frame.0 as usize]
    }

    /// True if a store hit decoded code since the last [`Frames::take_stale_code`].
    #[inline]
    pub fn has_stale_code(&self) -> bool {
        !self.stale_code.is_empty()
    }

    /// A frame, and the lines of 64 bytes in it, whose decoded code must be dropped: all that touches one of the lines.
    /// Their marks are gone with this call. To be called until there is none.
    pub fn take_stale_code(&mut self) -> Option<(Frame, u64)> {
        let (frame, lines) = self.stale_code.pop()?;
        self.code_lines[frame.0 as usize] &= !lines;
        Some((frame, lines))
    }

    /// Forgets all code marks: the caller has dropped all decoded code.
    pub fn forget_code(&mut self) {
        self.code_lines.fill(0);
        self.stale_code.clear();
    }

    /// The frames of a range written since the last call. Cached write offsets must be dropped by the caller.
    pub fn take_dirty(&mut self, range: FrameRange) -> Vec<Frame> {
        let mut dirty = Vec::new();
        for frame in range.iter() {
            let status = &mut self.status[frame.0 as usize];
            if *status & DIRTY != 0 {
                *status &= !DIRTY;
                dirty.push(frame);
            }
        }
        dirty
    }
}

/// Bytes that share a mark of decoded code.
const LINE: usize = 64;

/// The 64-byte lines that a span inside a page touches, one bit each.
pub fn lines(offset: usize, len: usize) -> u64 {
    let first = offset / LINE;
    let last = (offset + len - 1) / LINE;
    (u64::MAX >> (63 - last)) & (u64::MAX << first)
}

/// True if 1 to 64 bytes inside a page touch any of these lines: a shorter way than by [`lines`].
#[inline(always)]
pub fn touches(of_code: u64, offset: u64, len: u64) -> bool {
    const BYTES: u64 = LINE as u64;
    let touched = |line: u64| of_code >> (line % 64) & 1 != 0;
    let line = offset / BYTES;
    touched(line) || offset % BYTES > BYTES - len && touched(line + 1)
}
