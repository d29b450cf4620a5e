//! A picture as the host takes it.

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Red, green and blue of each pixel, line by line.
    pub rgb: Vec<u8>,
}

impl Image {
    /// A picture of one colour.
    pub(crate) fn filled(width: u32, height: u32, colour: [u8; 3]) -> Image {
        Image { width, height, rgb: colour.repeat(width as usize * height as usize) }
    }

    /// The pixels of a line, three bytes each; none below the last line.
    pub(crate) fn line_mut(&mut self, line: u32) -> &mut [u8] {
        let bytes = 3 * self.width as usize;
        self.rgb.get_mut(line as usize * bytes..).and_then(|rest| rest.get_mut(..bytes)).unwrap_or_default()
    }
}

/// What a graphics mode shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphicsMode {
    /// Pixels in a line.
    pub width: u32,
    /// Lines of pixels.
    pub height: u32,
    /// Bits of a pixel that make its colour.
    pub depth: u8,
}

impl std::fmt::Display for GraphicsMode {
    /// For example `320 x 200, 256 colours` or `1024 x 768, 32 bits`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let GraphicsMode { width, height, depth } = self;
        match depth {
            0..=8 => write!(f, "{width} x {height}, {} colours", 1_u32 << depth),
            _ => write!(f, "{width} x {height}, {depth} bits"),
        }
    }
}
