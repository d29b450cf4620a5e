//! Hosts whose terminals we do not switch to raw mode: COM1 stays on standard input and output.

/// True if a terminal is at both ends and can be used as one.
pub(super) fn is_there() -> bool {
    false
}

/// Rows and columns of the terminal.
pub(super) fn size() -> (u16, u16) {
    (25, 80)
}

/// Never entered here.
pub(super) struct RawMode;

impl RawMode {
    /// `None`.
    pub(super) fn enter() -> Option<RawMode> {
        None
    }
}
