//! Snapshot files, and the hash that names a machine's state.
//!
//! A snapshot holds named *sections* (serde values, each with its own version) and named *page
//! stores* (sparse address spaces of 4096-byte pages). The same state gives the same bytes: no
//! time, host, path or map order is inside. Every byte of a file is covered by a check, and every
//! file is treated as hostile: it is read whole and right, or refused by [`Error`].
//!
//! ```
//! use ringwalk_snapshots::{PAGE_SIZE, Snapshot, SnapshotWriter};
//!
//! let page = [7; PAGE_SIZE];
//! let mut writer = SnapshotWriter::new();
//! writer.section("cpu0", 1, &(0xFFF0_u64, true))?;
//! writer.pages("ram", 1024, [(3, &page)])?;
//! let bytes = writer.to_bytes();
//!
//! let mut snapshot = Snapshot::from_bytes(bytes)?;
//! let cpu: (u64, bool) = snapshot.take("cpu0", 1)?;
//! let mut ram = snapshot.pages("ram")?;
//! while let Some((index, content)) = ram.next_page()? {
//!     assert_eq!((index, content), (3, &page));
//! }
//! snapshot.finish()?;
//! # assert_eq!(cpu, (0xFFF0, true));
//! # Ok::<(), ringwalk_snapshots::Error>(())
//! ```

pub mod codec;

mod diff;
mod error;
mod file;
mod format;
mod hash;
mod lz4;
mod page_map;
mod page_tree;
mod pages;
mod pool;
mod reader;
mod replace_file;
mod report;
mod writer;

pub use diff::{Diff, SectionDiff, SectionDifference, StoreDiff, diff};
pub use error::{Error, Part};
pub use format::{FORMAT_VERSION, MAX_NAME_LEN, MAX_PAGE_COUNT};
pub use hash::{HashTree, ParseStateHashError, StateHash};
pub use page_tree::PageTree;
pub use pages::{LazyPages, Pages};
pub use reader::{OldSection, Snapshot};
pub use replace_file::replace_file;
pub use report::{Info, SectionInfo, StoreInfo, info, verify};
pub use writer::{SnapshotWriter, StoreWriter};

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// The content of one page.
pub type Page = [u8; PAGE_SIZE];

/// The content of every page that a store does not hold.
pub const ZERO_PAGE: Page = [0; PAGE_SIZE];
