//! A temporary file for what the machine has no memory for: written sectors, the input journal.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use ringwalk_mmu::Backing;

/// A file without a name that goes away with the program. It is made when the first byte is written.
#[derive(Default)]
pub struct SpillFile {
    file: RefCell<Option<File>>,
    len: u64,
}

impl Backing for SpillFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        let there = self.len.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (inside, behind) = buf.split_at_mut(there);
        behind.fill(0);
        match &mut *self.file.borrow_mut() {
            Some(file) => {
                let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(inside));
                read.map_err(|error| trouble("read", &error))
            }
            None => Ok(()),
        }
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
        let file = match self.file.get_mut() {
            Some(file) => file,
            none => none.insert(tempfile::tempfile().map_err(|error| trouble("made", &error))?),
        };
        let written = file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
        written.map_err(|error| trouble("written", &error))?;
        self.len = self.len.max(offset + bytes.len() as u64);
        Ok(())
    }
}

fn trouble(verb: &str, error: &std::io::Error) -> String {
    let folder = std::env::temp_dir();
    let folder = folder.display();
    format!(
        "the temporary file for what memory has no room for cannot be {verb}: {error}; make room in {folder}, or name \
         another folder by TMPDIR"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_as_it_is_written() {
        let mut spill = SpillFile::default();
        let mut bytes = [1; 4];
        spill.read_at(100, &mut bytes).expect("nothing is there");
        assert_eq!((bytes, spill.is_empty()), ([0; 4], true));
        spill.write_at(4096, b"ab").expect("takes bytes");
        spill.read_at(4095, &mut bytes).expect("reads");
        assert_eq!((bytes, spill.len()), ([0, b'a', b'b', 0], 4098));
    }
}
