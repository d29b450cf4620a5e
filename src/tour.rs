//! The guided tour: the disk that is used when no other is given, and where the tour stops on it.

/// The built-in disk.
pub const DISK: &[u8] = &[0; 512];
/// Debugger commands that lead through the tour, one stop after the other.
pub const STOPS: &str = "";
