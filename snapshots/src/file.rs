//! The bytes of a snapshot file: all of them in memory, or those behind the sections still on the host's disk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;
use crate::format::{HASH_LEN, HEADER_LEN, Header};
use crate::reader::Layout;

/// A file that is open for reading.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotFile {
    /// Its beginning, checked.
    begin: Vec<u8>,
    /// Where the rest of it lies, not checked yet.
    rest: Option<Rest>,
}

#[derive(Clone, Debug)]
struct Rest {
    file: Arc<Mutex<File>>,
    path: PathBuf,
    file_len: u64,
}

impl SnapshotFile {
    /// A file that is in memory and checked.
    pub(crate) fn whole(bytes: Vec<u8>) -> SnapshotFile {
        SnapshotFile { begin: bytes, rest: None }
    }

    /// Reads a file up to the end of its sections and checks that much.
    pub(crate) fn lazily(path: &Path) -> Result<(Layout, SnapshotFile), Error> {
        let mut file = File::open(path).map_err(Error::Read)?;
        let mut begin = Vec::new();
        file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut begin).map_err(Error::Read)?;
        let header = Header::decode(&begin)?;
        let file_len = file.metadata().map_err(Error::Read)?.len();
        header.check_lengths(file_len)?;
        file.by_ref().take(header.directory_len).read_to_end(&mut begin).map_err(Error::Read)?;
        let tables = begin.len() as u64;
        let cut = || Error::FileLength { expected: header.file_len, found: tables };
        let payload_len = (file_len - HASH_LEN as u64).checked_sub(tables).ok_or_else(cut)?;
        let mut root = [0; HASH_LEN];
        file.seek(SeekFrom::End(-(HASH_LEN as i64))).map_err(Error::Read)?;
        file.read_exact(&mut root).map_err(Error::Read)?;
        let layout = Layout::of(&header, &begin, payload_len, &root)?;
        file.seek(SeekFrom::Start(tables)).map_err(Error::Read)?;
        let sections = layout.sections_end() as u64 - tables;
        file.by_ref().take(sections).read_to_end(&mut begin).map_err(Error::Read)?;
        layout.check_sections(&begin)?;
        let rest = Rest { file: Arc::new(Mutex::new(file)), path: path.to_owned(), file_len };
        Ok((layout, SnapshotFile { begin, rest: Some(rest) }))
    }

    /// Its bytes up to the end of its sections, if not more.
    pub(crate) fn begin(&self) -> &[u8] {
        &self.begin
    }

    /// Bytes of all of it.
    pub(crate) fn len(&self) -> u64 {
        self.rest.as_ref().map_or(self.begin.len() as u64, |rest| rest.file_len)
    }

    /// True if what [`SnapshotFile::chunk`] gives was checked when the file was opened.
    pub(crate) fn is_checked(&self) -> bool {
        self.rest.is_none()
    }

    /// The bytes of a chunk as they lie in the file; read into `room` unless they are in memory.
    pub(crate) fn chunk<'a>(&'a self, span: Range<usize>, room: &'a mut Vec<u8>) -> Result<&'a [u8], Error> {
        let Some(rest) = &self.rest else { return Ok(&self.begin[span]) };
        room.resize(span.len(), 0);
        // Whoever panicked while reading left nothing behind but a place in the file.
        let mut file = rest.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(span.start as u64)).map_err(Error::Read)?;
        file.read_exact(room).map_err(Error::Read)?;
        Ok(room)
    }

    /// An error, with the name of the file if that is still read from.
    pub(crate) fn named(&self, error: Error) -> Error {
        match &self.rest {
            Some(rest) => error.in_file(&rest.path),
            None => error,
        }
    }
}
