//! The guided tour: the disk that is used when no other is given, and where the tour stops on it.

/// The built-in disk.
pub const DISK: &[u8] = include_bytes!("../roms/tour.img");
/// The stops, as the debugger's tour reads them.
pub const STOPS: &str = include_str!("../roms/tour/stops.txt");
