//! Everything of the host: image files, terminals, sockets, Ctrl-C, the wall clock. Nothing else in the machine
//! knows any of it; what comes in passes through the machine's inbox.

mod front;
mod image;
mod keeper;
mod mirror;
mod pace;
mod png;
mod progress;
mod sink;
mod source;
mod spill;
mod term_keys;
#[cfg(unix)]
#[path = "host/terminal_unix.rs"]
mod terminal;
#[cfg(not(unix))]
#[path = "host/terminal_other.rs"]
mod terminal;

pub use front::{Display, Front, FrontOptions, Ports};
pub use image::{BuiltInImage, FileImage};
pub use keeper::{Keeper, Keeping};
pub use png::write as write_png;
pub use sink::{Place, Sink};
pub use spill::SpillFile;
