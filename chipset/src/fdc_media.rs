//! Formats of floppy disks, by the size of their images. ECMA-66, ECMA-70, ECMA-100, ECMA-125 and ECMA-147 in the
//! layouts of the IBM PC; data rates from the *82077AA* datasheet (order number 290166), "Data Rate Select Register".

use serde::{Deserialize, Serialize};

use crate::config::FloppyConfig;

/// Data rates, as DSR and CCR select them.
const KBPS_500: u8 = 0;
const KBPS_300: u8 = 1;
const KBPS_250: u8 = 2;
const KBPS_1000: u8 = 3;

/// The layout of a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Format {
    /// Cylinders with data.
    pub(super) cylinders: u8,
    /// Sides.
    pub(super) heads: u8,
    /// Sectors of 512 bytes a track.
    pub(super) sectors: u8,
    /// The rates at which it can be read; double density at 300 kbit/s turns in a drive of 360 rpm.
    rates: [u8; 2],
}

const fn format(cylinders: u8, heads: u8, sectors: u8, rates: [u8; 2]) -> Format {
    Format { cylinders, heads, sectors, rates }
}

const DOUBLE: [u8; 2] = [KBPS_250, KBPS_300];
const HIGH: [u8; 2] = [KBPS_500; 2];
const EXTRA: [u8; 2] = [KBPS_1000; 2];

/// 160K, 180K, 320K, 360K, 720K, 1.2M, 1.44M, 1.68M, 2.88M.
const FORMATS: [Format; 9] = [
    format(40, 1, 8, DOUBLE),
    format(40, 1, 9, DOUBLE),
    format(40, 2, 8, DOUBLE),
    format(40, 2, 9, DOUBLE),
    format(80, 2, 9, DOUBLE),
    format(80, 2, 15, HIGH),
    format(80, 2, 18, HIGH),
    format(80, 2, 21, HIGH),
    format(80, 2, 36, EXTRA),
];

impl Format {
    /// The smallest format that holds the image; `None` without a disk, or if the image is larger than any.
    pub(super) fn of(config: &FloppyConfig) -> Option<Format> {
        let holds = |format: &&Format| format.total() >= u64::from(config.sectors);
        FORMATS.iter().filter(|_| config.sectors > 0).find(holds).copied()
    }

    fn total(&self) -> u64 {
        u64::from(self.cylinders) * u64::from(self.heads) * u64::from(self.sectors)
    }

    /// True if the head sees data at this rate.
    pub(super) fn has_rate(&self, rate: u8) -> bool {
        self.rates.contains(&rate)
    }

    /// The place in the image of a sector, numbered from 1.
    pub(super) fn place(&self, cylinder: u8, head: u8, sector: u8) -> Option<u64> {
        let exists = cylinder < self.cylinders && head < self.heads && (1..=self.sectors).contains(&sector);
        let track = u64::from(cylinder) * u64::from(self.heads) + u64::from(head);
        exists.then(|| track * u64::from(self.sectors) + u64::from(sector) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_are_those_that_the_board_takes() {
        assert_eq!(FORMATS.map(|format| format.total()), crate::FLOPPY_KIB.map(|kib| u64::from(kib) * 2));
    }

    #[test]
    fn the_size_tells_the_format() {
        let of = |kib: u32| {
            let format = Format::of(&FloppyConfig { sectors: kib * 2, write_protected: false })?;
            Some((format.cylinders, format.heads, format.sectors))
        };
        assert_eq!([of(160), of(360), of(720)], [Some((40, 1, 8)), Some((40, 2, 9)), Some((80, 2, 9))]);
        assert_eq!([of(1200), of(1440), of(2880)], [Some((80, 2, 15)), Some((80, 2, 18)), Some((80, 2, 36))]);
        assert_eq!([of(0), of(4000), of(1)], [None, None, Some((40, 1, 8))]);
    }

    #[test]
    fn sectors_lie_head_by_head() {
        let format = Format::of(&FloppyConfig { sectors: 2880, write_protected: false }).expect("1.44M");
        assert_eq!(format.place(0, 0, 1), Some(0));
        assert_eq!(format.place(1, 1, 18), Some(71));
        assert_eq!([format.place(80, 0, 1), format.place(0, 0, 0), format.place(0, 0, 19)], [None; 3]);
    }
}
