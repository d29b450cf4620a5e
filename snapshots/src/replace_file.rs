//! Replacing a file so that a crash, a kill or a full disk leaves either the old or the new one.
//!
//! The bytes go to a temporary file in the same folder, are synced, and take over the name in one
//! step; then the folder is synced, because the name lives there. All that differs between hosts
//! is in this file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Error;

/// Replaces the file at `path` by what `write` puts out, or leaves it as it was.
///
/// After [`Error::Write`] the old file is whole, whatever failed. [`Error::FolderSync`] means that
/// the new one is in place. A symbolic link at `path` is replaced, not followed.
pub fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    write_and_rename(path, folder, write).map_err(|error| Error::Write(error).in_file(path))?;
    sync_folder(folder).map_err(|error| Error::FolderSync(error).in_file(path))
}

/// Until `persist` every way out drops, and so removes, the temporary file.
fn write_and_rename(
    path: &Path,
    folder: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(new_temporary(folder)?);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Readable by whoever the host's defaults let read a new file, not by the owner alone.
#[cfg(unix)]
fn new_temporary(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let by_umask = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().permissions(by_umask).tempfile_in(folder)
}

#[cfg(not(unix))]
fn new_temporary(folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Some file systems (network ones, mostly) know no sync of folders: there is nothing to wait for.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match std::fs::File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Other hosts do not open folders as files.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
