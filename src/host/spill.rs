//! A temporary file for what the machine has no memory for: written sectors, the input journal.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ringwalk_mmu::Backing;

/// A file that goes away with the program: without a name, made when the first byte is written, or with one.
#[derive(Default)]
pub struct SpillFile {
    file: RefCell<Option<File>>,
    len: u64,
    /// The name that the user gave it.
    path: Option<PathBuf>,
}

impl SpillFile {
    /// A new file by this name. What is there already is not touched.
    pub fn named(path: &Path) -> Result<SpillFile, String> {
        let made = File::options().read(true).write(true).create_new(true).open(path);
        let file = made.map_err(|error| {
            let name = path.display();
            format!("{name}: the history's file cannot be made: {error}; name a file that is not there yet")
        })?;
        Ok(SpillFile { file: RefCell::new(Some(file)), len: 0, path: Some(path.to_owned()) })
    }

    fn trouble(&self, verb: &str, error: &std::io::Error) -> String {
        match &self.path {
            Some(path) => format!("{}: the history's file cannot be {verb}: {error}", path.display()),
            None => trouble(verb, error),
        }
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Whether it can be removed or not, nothing more depends on it.
            std::fs::remove_file(path).ok();
        }
    }
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
                read.map_err(|error| self.trouble("read", &error))
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
        written.map_err(|error| self.trouble("written", &error))?;
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
    fn a_named_file_is_new_and_goes_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("past");
        let mut spill = SpillFile::named(&path).expect("nothing is there");
        spill.write_at(0, b"ab").expect("takes bytes");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"ab");
        assert!(SpillFile::named(&path).is_err_and(|words| words.contains("not there yet")));
        drop(spill);
        assert!(!path.exists());
    }

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
