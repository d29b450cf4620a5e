//! The history's file: what thinning would lose, in pages that are written once and read when they are gone back to.

use ringwalk_mmu::{Backing, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;

/// A file of pages, each in a place of its own.
pub(crate) struct HistoryFile {
    backing: Box<dyn Backing>,
    free: Vec<u64>,
    end: u64,
    /// Why it takes no more; what it holds can still be read.
    full: Option<String>,
    told: bool,
}

impl HistoryFile {
    /// Nothing of what the backing may hold is kept.
    pub(crate) fn new(backing: Box<dyn Backing>) -> HistoryFile {
        HistoryFile { backing, free: Vec::new(), end: 0, full: None, told: false }
    }

    /// Puts a page somewhere; `None` if the file takes no more.
    pub(crate) fn put(&mut self, page: &[u8; PAGE]) -> Option<u64> {
        if self.full.is_some() {
            return None;
        }
        let place = self.free.last().copied().unwrap_or(self.end);
        if let Err(trouble) = self.backing.write_at(place * PAGE_BYTES, page) {
            self.full = Some(trouble);
            return None;
        }
        if self.free.pop().is_none() {
            self.end += 1;
        }
        Some(place)
    }

    /// Puts bytes into pages of their own.
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) -> Option<Vec<u64>> {
        let mut places = Vec::new();
        for chunk in bytes.chunks(PAGE) {
            let mut page = [0; PAGE];
            page[..chunk.len()].copy_from_slice(chunk);
            match self.put(&page) {
                Some(place) => places.push(place),
                None => {
                    self.free.append(&mut places);
                    return None;
                }
            }
        }
        Some(places)
    }

    /// What a place holds. The error is a sentence about the file.
    pub(crate) fn get(&self, place: u64) -> Result<Box<[u8; PAGE]>, String> {
        let mut page = Box::new([0; PAGE]);
        self.backing.read_at(place * PAGE_BYTES, &mut *page)?;
        Ok(page)
    }

    /// What [`HistoryFile::put_bytes`] put there, filled up with zeros.
    pub(crate) fn get_bytes(&self, places: &[u64]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for place in places {
            bytes.extend_from_slice(&*self.get(*place)?);
        }
        Ok(bytes)
    }

    /// A place holds nothing any more.
    pub(crate) fn free(&mut self, place: u64) {
        self.free.push(place);
    }

    /// False once it takes no more.
    pub(crate) fn has_room(&self) -> bool {
        self.full.is_none()
    }

    /// Why it takes no more, once.
    pub(crate) fn full_now(&mut self) -> Option<String> {
        let told = std::mem::replace(&mut self.told, self.full.is_some());
        self.full.clone().filter(|_| !told)
    }

    /// Bytes that are in use.
    pub(crate) fn bytes(&self) -> u64 {
        (self.end - self.free.len() as u64) * PAGE_BYTES
    }

    /// The backing again.
    pub(crate) fn into_backing(self) -> Box<dyn Backing> {
        self.backing
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// A file in memory that takes so many bytes.
    #[derive(Clone)]
    pub(crate) struct Small(pub(crate) Rc<RefCell<Vec<u8>>>, pub(crate) usize);

    impl Backing for Small {
        fn len(&self) -> u64 {
            self.0.borrow().len() as u64
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
            let bytes = self.0.borrow();
            let bytes = bytes.get(offset as usize..).and_then(|rest| rest.get(..buf.len()));
            buf.copy_from_slice(bytes.ok_or("it ends before")?);
            Ok(())
        }

        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
            let end = offset as usize + bytes.len();
            if end > self.1 {
                return Err("no room is left".to_owned());
            }
            let mut all = self.0.borrow_mut();
            let len = all.len().max(end);
            all.resize(len, 0);
            all[offset as usize..end].copy_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn places_are_used_again_and_a_full_file_is_still_read() {
        let mut file = HistoryFile::new(Box::new(Small(Rc::default(), 3 * PAGE)));
        assert_eq!((file.put(&[1; PAGE]), file.put(&[2; PAGE])), (Some(0), Some(1)));
        file.free(0);
        assert_eq!((file.put_bytes(&[3; PAGE + 1]), file.bytes()), (Some(vec![0, 2]), 3 * PAGE_BYTES));
        assert_eq!(file.put_bytes(&[4; 10]), None);
        assert_eq!((file.has_room(), file.full_now()), (false, Some("no room is left".to_owned())));
        assert_eq!(file.full_now(), None, "it is told once");
        assert_eq!(file.get(1).map(|page| page[9]), Ok(2));
        assert_eq!(file.get_bytes(&[0, 2]).map(|bytes| bytes[PAGE - 1..PAGE + 2].to_vec()), Ok(vec![3, 3, 0]));
    }
}
