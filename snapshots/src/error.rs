//! Why a snapshot was refused, or could not be written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::StateHash;

/// Any failure of this crate. The message says what, where, and what can be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A failure while working with the file at `path`.
    #[error("{}: {source}", path.display())]
    File {
        /// The file as the caller named it.
        path: PathBuf,
        /// What went wrong with it.
        source: Box<Error>,
    },
    /// The host could not read the file.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The host could not write the file. What was there before is whole.
    #[error("cannot be written: {0}; what was there before is unchanged")]
    Write(#[source] io::Error),
    /// The file is in place and whole, but the host could not promise that its name survives a
    /// power failure.
    #[error("was written, but its folder could not be synced: {0}; save again to be sure")]
    FolderSync(#[source] io::Error),

    /// The file does not begin like a snapshot.
    #[error("is not a ringwalk snapshot: it does not begin with the snapshot magic")]
    NotASnapshot,
    /// The file's format version is not known here.
    #[error(
        "has snapshot format {found}, this ringwalk reads format {known}: use a ringwalk that knows format {found}"
    )]
    FormatVersion {
        /// The version in the file.
        found: u16,
        /// The version this crate reads and writes.
        known: u16,
    },
    /// The header asks for a feature that is not known here.
    #[error("needs features {flags:#06x} that this ringwalk does not know: use a newer ringwalk")]
    Features {
        /// The header's flags.
        flags: u16,
    },
    /// The file is shorter or longer than its header says.
    #[error(
        "is {found} bytes long instead of {expected}: it was cut short, appended to or damaged; take the snapshot again"
    )]
    FileLength {
        /// The length the header promises, in bytes; the shortest possible file if even the
        /// header is cut.
        expected: u64,
        /// The length found, in bytes.
        found: u64,
    },
    /// A part of the file fails its check, or breaks a rule of the format.
    #[error("{part} at byte {offset} {problem}; take the snapshot again")]
    Damaged {
        /// Which part.
        part: Part,
        /// Where it begins in the file, in bytes.
        offset: u64,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// The file keeps only what differs from another one, which is not there.
    #[error(
        "keeps what differs from the snapshot whose root hash is {root}, and no such file lies beside it: put that file into the same folder"
    )]
    MissingBase {
        /// The root hash of the base.
        root: StateHash,
    },
    /// The file's base has a base, and so on, too often.
    #[error("is the last of more than {most} snapshots that each keep what differs from the one before: save it whole")]
    Chain {
        /// The most files that are read for one snapshot.
        most: usize,
    },

    /// A section that the machine needs is not in the file.
    #[error("has no section \"{name}\" (needed here in version {version})")]
    MissingSection {
        /// The section's name.
        name: String,
        /// The version known here.
        version: u16,
    },
    /// A page store that the machine needs is not in the file.
    #[error("has no page store \"{name}\"")]
    MissingStore {
        /// The store's name.
        name: String,
    },
    /// A section has a version that is not known here.
    #[error(
        "section \"{name}\" has version {found}, this ringwalk has version {known}: use a ringwalk that knows version {found}"
    )]
    SectionVersion {
        /// The section's name.
        name: String,
        /// The version in the file.
        found: u16,
        /// The version known here.
        known: u16,
    },
    /// The file has parts that nothing in the machine takes.
    #[error("has parts that are not known here: {}; use the ringwalk that wrote it", .0.join(", "))]
    Unknown(
        /// Sections with their versions, and page stores.
        Vec<String>,
    ),
    /// A section's bytes do not decode.
    #[error("section \"{name}\" version {version}: {source}")]
    Section {
        /// The section's name.
        name: String,
        /// The version in the file.
        version: u16,
        /// What went wrong with it.
        source: Box<Error>,
    },
    /// A value does not encode, or bytes do not decode.
    #[error("{0}")]
    Codec(String),

    /// The caller gave a name that is empty, too long, not printable ASCII, or out of order.
    #[error("\"{name}\" cannot be the next name: {problem}")]
    Name {
        /// The refused name.
        name: String,
        /// The rule it breaks.
        problem: &'static str,
    },
    /// The caller gave a page that is out of range or out of order, or too many of them.
    #[error("page store \"{store}\", page {index:#x}: {problem}")]
    PageIndex {
        /// The store's name.
        store: String,
        /// The refused page index.
        index: u64,
        /// The rule it breaks.
        problem: &'static str,
    },
}

impl Error {
    /// This error with the file it is about.
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        Self::File { path: path.to_path_buf(), source: Box::new(self) }
    }

    /// This error with the section it is about.
    pub(crate) fn in_section(self, name: &str, version: u16) -> Self {
        Self::Section { name: name.to_owned(), version, source: Box::new(self) }
    }
}

/// A part of a snapshot file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// The first 64 bytes.
    Header,
    /// The tables of sections, page stores and chunks.
    Directory,
    /// The encoded value of the named section.
    Section(String),
    /// The chunk that holds these pages, and perhaps others with the same content.
    Pages {
        /// The first store that uses the chunk.
        store: String,
        /// The first page index of that store inside the chunk.
        first: u64,
        /// The last page index of that store inside the chunk.
        last: u64,
    },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => write!(f, "the header"),
            Self::Directory => write!(f, "the directory"),
            Self::Section(name) => write!(f, "section \"{name}\""),
            Self::Pages { store, first, last } if first == last => {
                write!(f, "page store \"{store}\", page {first:#x},")
            }
            Self::Pages { store, first, last } => {
                write!(f, "page store \"{store}\", pages {first:#x}-{last:#x},")
            }
        }
    }
}
