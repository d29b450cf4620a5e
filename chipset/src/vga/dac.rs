//! The colour palette of the VGA: 256 colours of three times six bits, or eight where the display interface asks for it.
//! IBM *PS/2 Video Subsystems*, "Video Digital-to-Analog Converter"; for the width the Bochs project's *VBE Display
//! API*, "VBE_DISPI_8BIT_DAC".

use serde::{Deserialize, Serialize};

/// Bytes of the palette: red, green and blue of each colour.
const BYTES: usize = 768;

/// The DAC.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Dac {
    /// PEL mask, 3C6h.
    pub(crate) mask: u8,
    /// The colour that the next write begins, 3C8h.
    write_index: u8,
    /// The colour that the next read begins, 3C7h.
    read_index: u8,
    /// Reading was the last thing asked for.
    reading: bool,
    /// 0 to 2: red, green, blue is next.
    component: u8,
    /// What was written of the current colour.
    pending: [u8; 2],
    /// Components have eight bits, else six.
    wide: bool,
    colours: Vec<u8>,
}

impl Dac {
    /// All black.
    pub(crate) fn new() -> Dac {
        Dac {
            mask: 0xFF,
            write_index: 0,
            read_index: 0,
            reading: false,
            component: 0,
            pending: [0; 2],
            wide: false,
            colours: vec![0; BYTES],
        }
    }

    /// Port 3C7h written: reading begins at this colour.
    pub(crate) fn begin_reading(&mut self, index: u8) {
        (self.read_index, self.reading, self.component) = (index, true, 0);
    }

    /// Port 3C8h written: writing begins at this colour.
    pub(crate) fn begin_writing(&mut self, index: u8) {
        (self.write_index, self.reading, self.component) = (index, false, 0);
    }

    /// Port 3C7h read: 3 while reading, 0 while writing.
    pub(crate) fn state(&self) -> u8 {
        if self.reading { 3 } else { 0 }
    }

    /// Port 3C8h read.
    pub(crate) fn write_index(&self) -> u8 {
        self.write_index
    }

    /// Port 3C9h read: the next component.
    pub(crate) fn read(&mut self) -> u8 {
        let value = self.component_of(self.read_index, self.component);
        if self.step() {
            self.read_index = self.read_index.wrapping_add(1);
        }
        value
    }

    /// Port 3C9h written: a colour changes with its third component.
    pub(crate) fn write(&mut self, value: u8) {
        let value = if self.wide { value } else { value & 0x3F };
        match self.pending.get_mut(usize::from(self.component)) {
            Some(pending) => *pending = value,
            None => {
                let at = 3 * usize::from(self.write_index);
                if let Some(colour) = self.colours.get_mut(at..at + 3) {
                    colour.copy_from_slice(&[self.pending[0], self.pending[1], value]);
                }
            }
        }
        if self.step() {
            self.write_index = self.write_index.wrapping_add(1);
        }
    }

    /// Gives components eight bits or six. The colours stay what they are, as far as six bits can tell them.
    pub(crate) fn set_wide(&mut self, wide: bool) {
        if wide == std::mem::replace(&mut self.wide, wide) {
            return;
        }
        for component in &mut self.colours {
            *component = if wide { six_to_eight(*component) } else { *component >> 2 };
        }
    }

    /// True while components have eight bits.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide
    }

    /// The colour of a pixel as 8-bit red, green and blue, behind the PEL mask.
    pub(crate) fn rgb(&self, pixel: u8) -> [u8; 3] {
        let pixel = pixel & self.mask;
        [0, 1, 2].map(|component| {
            let value = self.component_of(pixel, component);
            if self.wide { value } else { six_to_eight(value) }
        })
    }

    /// The colours of all pixels.
    pub(crate) fn table(&self) -> [[u8; 3]; 256] {
        // There are 256.
        std::array::from_fn(|pixel| self.rgb(pixel as u8))
    }

    fn component_of(&self, colour: u8, component: u8) -> u8 {
        let at = 3 * usize::from(colour) + usize::from(component);
        self.colours.get(at).copied().unwrap_or(0)
    }

    /// The next component; true after blue.
    fn step(&mut self) -> bool {
        self.component = if self.component >= 2 { 0 } else { self.component + 1 };
        self.component == 0
    }
}

/// Six bits as eight: all ones stay all ones.
fn six_to_eight(value: u8) -> u8 {
    value << 2 | (value >> 4 & 3)
}
