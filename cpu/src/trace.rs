//! Decoded code.

/// The frame of the page that code is being fetched from. Derived from the latched page and the physical map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchFrame {
    /// To be asked again.
    Unknown,
}
