//! Disk images: files, and what is built into the program.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ringwalk_mmu::{Backing, SECTOR_BYTES};

/// A disk image in a file.
pub struct FileImage {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    there: u64,
    /// Bytes of the image: zeros are behind the file.
    len: u64,
    written: bool,
}

impl FileImage {
    /// Opens an image: read-only, or for writing through. The error says what, where, what to do.
    pub fn open(path: &Path, write: bool) -> Result<FileImage, String> {
        let name = path.display();
        let opened = OpenOptions::new().read(true).write(write).open(path);
        let mut file = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("{name}: there is no such file; a disk image is wanted here"),
            ErrorKind::PermissionDenied if write => {
                format!("{name}: cannot be opened for writing; leave out --write to use an overlay")
            }
            _ => format!("{name}: cannot be opened: {error}"),
        })?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(format!("{name}: is a folder; a disk image is wanted here"));
        }
        let len = file.seek(SeekFrom::End(0)).map_err(|error| format!("{name}: has no size: {error}"))?;
        check_len(len, write).map_err(|problem| format!("{name}: {problem}"))?;
        Ok(FileImage { path: path.to_owned(), file, there: len, len, written: write })
    }

    /// The same image with zeros behind its file, up to this length.
    pub fn filled_up_to(self, len: u64) -> FileImage {
        FileImage { len: self.len.max(len), ..self }
    }

    /// The first bytes of the image, as many as there are up to `most`.
    pub fn head(&self, most: usize) -> Result<Vec<u8>, String> {
        let mut head = vec![0; most.min(usize::try_from(self.len).unwrap_or(most))];
        self.read_at(0, &mut head)?;
        Ok(head)
    }

    fn trouble(&self, verb: &str, offset: u64, error: std::io::Error) -> String {
        format!("{}: cannot be {verb} at byte {offset}: {error}", self.path.display())
    }
}

fn check_len(len: u64, write: bool) -> Result<(), String> {
    let sector = SECTOR_BYTES as u64;
    match len {
        0 => Err("is empty; a disk image has at least one sector of 512 bytes".to_owned()),
        _ if len < sector => Err(format!(
            "has {len} bytes, less than a sector; a boot sector is padded to 512 bytes and ends with 55 AA"
        )),
        _ if write && !len.is_multiple_of(sector) => {
            Err(format!("has {len} bytes, not a whole number of sectors; pad it to 512, or leave out --write"))
        }
        _ => Ok(()),
    }
}

impl Backing for FileImage {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        let there = self.there.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (inside, behind) = buf.split_at_mut(there);
        behind.fill(0);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(inside))
            .map_err(|error| self.trouble("read", offset, error))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), String> {
        let file = &mut self.file;
        let written = file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
        written.map_err(|error| self.trouble("written", offset, error))
    }

    fn writes_through(&self) -> bool {
        self.written
    }
}

/// An image that comes with the program.
pub struct BuiltInImage(pub &'static [u8]);

impl Backing for BuiltInImage {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        let there = rest.len().min(buf.len());
        buf[..there].copy_from_slice(&rest[..there]);
        buf[there..].fill(0);
        Ok(())
    }

    fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
        Err("the built-in disk cannot be written".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(bytes: &[u8]) -> (tempfile::NamedTempFile, PathBuf) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("takes bytes");
        let path = file.path().to_owned();
        (file, path)
    }

    fn refusal(path: &Path, write: bool) -> String {
        FileImage::open(path, write).err().expect("refused")
    }

    #[test]
    fn what_is_no_image_is_named() {
        assert!(refusal(Path::new("/nowhere/x.img"), false).starts_with("/nowhere/x.img: there is no such file"));
        assert!(refusal(&std::env::temp_dir(), false).contains("is a folder"));
        let (_empty, path) = image(b"");
        assert!(refusal(&path, false).contains("is empty"));
        let (_short, path) = image(&[0; 100]);
        assert!(refusal(&path, false).contains("has 100 bytes"));
        let (_odd, path) = image(&[0; 700]);
        assert!(refusal(&path, true).contains("has 700 bytes"));
        assert!(FileImage::open(&path, false).is_ok(), "an overlay pads it");
    }

    #[test]
    fn an_odd_end_reads_as_zeros() {
        let (_file, path) = image(&[7; 700]);
        let image = FileImage::open(&path, false).expect("opens");
        let mut sector = [1; 512];
        image.read_at(512, &mut sector).expect("reads");
        assert_eq!((sector[187], sector[188], sector[511]), (7, 0, 0));
        image.read_at(5000, &mut sector).expect("reads");
        assert_eq!(sector, [0; 512]);
        let image = image.filled_up_to(4096);
        image.read_at(512, &mut sector).expect("reads");
        assert_eq!((image.len(), sector[187], sector[188]), (4096, 7, 0));
        let mut sector = [1; 8];
        BuiltInImage(&[5; 4]).read_at(2, &mut sector).expect("reads");
        assert_eq!(sector, [5, 5, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn writes_go_through_where_asked_for() {
        let (file, path) = image(&[0; 1024]);
        let mut image = FileImage::open(&path, true).expect("opens");
        image.write_at(512, &[9; 512]).expect("writes");
        assert!(image.writes_through());
        assert_eq!(std::fs::read(file.path()).expect("reads")[512..], [9; 512]);
    }
}
