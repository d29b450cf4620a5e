//! The past of a run: checkpoints in memory to go back to, what came in since, and the branches that changes of the
//! past have opened. Beside the state; of the machine it knows no more than pages and positions.

mod arrivals;
mod branches;
mod file;
mod ring;
mod versions;

pub(crate) use arrivals::{Arrival, Arrivals};
pub(crate) use branches::{Branch, Branches};
pub(crate) use file::HistoryFile;
pub(crate) use ring::{Checkpoint, Held, Ring};
pub(crate) use versions::{Content, Page};

/// Running between two checkpoints of an ordinary run, in nanoseconds of the host.
pub(crate) use ring::NEAR_NS;
