//! The memory that code under comparison can reach: both processors have it at the same linear addresses.

use super::numbers;
use crate::random::Random;

pub(crate) const PAGE: u64 = 0x1000;
/// Two pages that can be written, one that can only be read, a hole, one of code that can be written, and a hole.
pub(crate) const ARENA: u64 = 0x1000_0000;
pub(crate) const READ_ONLY: u64 = ARENA + 2 * PAGE;
pub(crate) const CODE: u64 = ARENA + 4 * PAGE;
/// Pages before the last hole.
pub(crate) const PAGES: usize = 5;
/// The pages that are there; all but the third can be written.
pub(crate) const THERE: [usize; 4] = [0, 1, 2, 4];
pub(crate) const WRITABLE: [usize; 3] = [0, 1, 4];
/// Page of code.
pub(crate) const CODE_PAGE: usize = 4;
/// INT3: what the page of code holds but for code.
pub(crate) const FILL: u8 = 0xCC;
/// Where code jumps to when it is done.
pub(crate) const DONE: u64 = 0x3540_0000;
/// Where Linux answers calls in place of a page.
pub(crate) const VSYSCALL: u64 = 0xFFFF_FFFF_FF60_0000;
/// The base of GS in 64-bit code: what else points into the arena still does.
pub(crate) const GS_BASE: u64 = 0x40;

pub(crate) type Page = [u8; PAGE as usize];

/// What the arena holds before code runs.
#[derive(Clone)]
pub(crate) struct Image(pub(crate) Box<[Page; PAGES]>);

impl Image {
    /// Numbers of all formats, which follow from a seed; no code yet.
    pub(crate) fn random(seed: u64) -> Image {
        let mut random = Random(seed ^ 0x0041_5245_4E41);
        let mut pages = Box::new([[0; PAGE as usize]; PAGES]);
        for page in &mut pages[..3] {
            let mut at = 0;
            while at < page.len() {
                let bytes = numbers::memory(&mut random);
                let kept = bytes.len().min(page.len() - at);
                page[at..at + kept].copy_from_slice(&bytes[..kept]);
                at += kept;
            }
        }
        pages[CODE_PAGE].fill(FILL);
        Image(pages)
    }

    /// Puts code at an address; what would lie behind the page is lost.
    pub(crate) fn put_code(&mut self, at: u64, code: &[u8]) {
        let at = (at - CODE) as usize;
        let kept = code.len().min(PAGE as usize - at);
        self.0[CODE_PAGE][at..at + kept].copy_from_slice(&code[..kept]);
    }

    /// No code any more.
    pub(crate) fn clear_code(&mut self) {
        self.0[CODE_PAGE].fill(FILL);
    }
}
