//! What a machine is given from outside when it is built: ROM images and disk images. Never saved; named by hashes.

use ringwalk_bios::Firmware;
use ringwalk_mmu::Backing;
use ringwalk_snapshots::StateHash;
use serde::{Deserialize, Serialize};

use super::Error;

/// The disks' names, in the order of the machine's disks.
pub const DISK_NAMES: [&str; 4] = ["hda", "hdb", "hdc", "hdd"];

/// ROM and disk images.
pub struct Media {
    /// The two ROM images.
    pub firmware: Firmware,
    /// Disk images: primary master and slave, secondary master and slave.
    pub disks: [Option<Box<dyn Backing>>; 4],
}

impl Media {
    /// The built-in firmware and no disk.
    pub fn built_in() -> Media {
        Media { firmware: Firmware::built_in(), disks: [None, None, None, None] }
    }

    /// The same with one disk, as primary master.
    pub fn with_disk(disk: Box<dyn Backing>) -> Media {
        Media { disks: [Some(disk), None, None, None], ..Media::built_in() }
    }
}

/// What tells a base image from others: its size, and a hash over all of it, or over samples of a large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageName {
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the whole image up to 16 MiB, else of 16 spans of 1 MiB: the first, the last, and evenly between.
    pub hash: StateHash,
}

const SPAN: u64 = 1 << 20;
const SPANS: u64 = 16;

impl ImageName {
    /// Reads the image as far as its name goes.
    pub fn of(image: &dyn Backing) -> Result<ImageName, Error> {
        let bytes = image.len();
        let mut hasher = blake3::Hasher::new();
        let mut span = vec![0; SPAN as usize];
        for number in 0..SPANS {
            let offset = if bytes > SPAN * SPANS {
                // Below `bytes`, so it fits.
                (u128::from(number) * u128::from(bytes - SPAN) / u128::from(SPANS - 1)) as u64
            } else {
                number * SPAN
            };
            if offset >= bytes {
                break;
            }
            let part = &mut span[..SPAN.min(bytes - offset) as usize];
            image.read_at(offset, part).map_err(Error::Image)?;
            hasher.update(part);
        }
        let hash = StateHash::from_bytes(*hasher.finalize().as_bytes());
        Ok(ImageName { bytes, hash })
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, BLAKE3 {:.12}", self.bytes, self.hash.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl Backing for Bytes {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
            buf.copy_from_slice(&self.0[offset as usize..][..buf.len()]);
            Ok(())
        }
        fn write_at(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), String> {
            Err("no".into())
        }
    }

    fn name(bytes: &[u8]) -> ImageName {
        ImageName::of(&Bytes(bytes.to_vec())).expect("reads")
    }

    #[test]
    fn small_images_are_hashed_whole() {
        let bytes = vec![7; 3 << 20];
        assert_eq!(name(&bytes).hash, StateHash::of(&bytes));
        assert_eq!(name(&[]).hash, StateHash::of(&[]));
        assert_ne!(name(&[0; 512]), name(&[0; 1024]));
    }

    #[test]
    fn the_ends_of_large_images_count() {
        let mut bytes = vec![0; (40 << 20) + 512];
        let before = name(&bytes);
        *bytes.last_mut().expect("not empty") = 1;
        let last = name(&bytes);
        assert_ne!(before, last);
        bytes[0] = 1;
        assert_ne!(last, name(&bytes));
    }
}
