//! What an image is, by its content.

use ringwalk_chipset::FLOPPY_KIB;

/// Bytes from the beginning of an image that decide.
pub(crate) const HEAD: usize = 64 << 10;

/// What an image is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A hard disk.
    Disk,
    /// A floppy disk: of a floppy's size and without partitions.
    Floppy,
    /// A CD, though some are disks, too.
    Cd,
    /// A snapshot of ours.
    Snapshot,
    /// Something that is no raw image; what it is, and what to do with it.
    Other(&'static str),
}

/// The primary volume descriptor of a CD, ECMA-119 8.4, is in sector 16 of 2048 bytes.
const VOLUME: usize = 16 * 2048 + 1;
const PARTITIONS: std::ops::Range<usize> = 446..510;

/// Containers and kernels by how they begin.
const OTHERS: [(usize, &[u8], &str); 10] = [
    (0, b"QFI\xFB", "a qcow2 image; turn it into a raw one first (qemu-img convert -O raw)"),
    (0, b"KDMV", "a VMDK image; turn it into a raw one first"),
    (64, b"\x7F\x10\xDA\xBE", "a VDI image; turn it into a raw one first"),
    (0, b"vhdxfile", "a VHDX image; turn it into a raw one first"),
    (0, b"\x1F\x8B", "compressed (gzip); unpack it first"),
    (0, b"\xFD7zXZ", "compressed (xz); unpack it first"),
    (0, b"\x28\xB5\x2F\xFD", "compressed (zstd); unpack it first"),
    (
        0,
        b"\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0",
        "a raw CD image with 2352 bytes a sector; turn it into one of 2048 first (an ISO image)",
    ),
    (0, b"\x7FELF", "an ELF file; --kernel comes in a later stage"),
    (0x202, b"HdrS", "a Linux kernel; --kernel comes in a later stage"),
];

/// What an image with this beginning and length is.
pub(crate) fn kind(head: &[u8], len: u64) -> Kind {
    let has = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
    if has(0, b"\x8Drwalk\r\n") {
        return Kind::Snapshot;
    }
    if has(VOLUME, b"CD001") {
        return Kind::Cd;
    }
    if let Some((_, _, what)) = OTHERS.into_iter().find(|(offset, bytes, _)| has(*offset, bytes)) {
        return Kind::Other(what);
    }
    let floppy = FLOPPY_KIB.iter().any(|kib| len == u64::from(*kib) * 1024);
    let partitions = has(510, &[0x55, 0xAA]) && head.get(PARTITIONS).is_some_and(|table| has_partitions(table, len));
    if floppy && !partitions { Kind::Floppy } else { Kind::Disk }
}

/// A partition table: entries that are empty, or have a status of 0 or 80h, a type, a size, and a start inside the
/// image. A boot program's text is none.
fn has_partitions(table: &[u8], len: u64) -> bool {
    let empty = |entry: &[u8]| entry.iter().all(|byte| *byte == 0);
    let right = |entry: &[u8]| {
        let number = |at: usize| entry[at..at + 4].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let (start, sectors) = (number(8), number(12));
        entry[0] & 0x7F == 0 && entry[4] != 0 && sectors != 0 && start < len / 512
    };
    let mut entries = table.chunks_exact(16);
    entries.clone().any(right) && entries.all(|entry| empty(entry) || right(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(partition: bool) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        if partition {
            bytes[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x10, 0, 0]);
        }
        bytes
    }

    #[test]
    fn disks_floppies_and_cds() {
        assert_eq!(kind(&sector(true), 10 << 20), Kind::Disk);
        assert_eq!(kind(&sector(false)[..512], 512), Kind::Disk, "a boot sector by itself");
        assert_eq!(kind(&sector(false), 1440 << 10), Kind::Floppy);
        assert_eq!(kind(&sector(true), 1440 << 10), Kind::Disk);
        let mut text = sector(false);
        text[478..494].copy_from_slice(b"\0\0no partitions!");
        assert_eq!(kind(&text, 1440 << 10), Kind::Floppy, "a text where partitions might be");
        assert_eq!(kind(&vec![0xF6; HEAD], 720 << 10), Kind::Floppy);
        let cd = |mut bytes: Vec<u8>| {
            bytes[VOLUME..VOLUME + 5].copy_from_slice(b"CD001");
            kind(&bytes, 5 << 20)
        };
        assert_eq!(cd(vec![0; HEAD]), Kind::Cd);
        assert_eq!(cd(sector(true)), Kind::Cd);
    }

    #[test]
    fn what_is_no_raw_image_is_known() {
        assert!(matches!(kind(b"QFI\xFB\0\0", 1 << 20), Kind::Other(text) if text.contains("qcow2")));
        let mut kernel = sector(false);
        kernel[0x202..0x206].copy_from_slice(b"HdrS");
        assert!(matches!(kind(&kernel, 8 << 20), Kind::Other(text) if text.contains("--kernel")));
        assert_eq!(kind(&[], 0), Kind::Disk);
    }

    #[test]
    fn our_own_snapshots_are_known() {
        let bytes = ringwalk_snapshots::SnapshotWriter::new().to_bytes();
        assert_eq!(kind(&bytes, bytes.len() as u64), Kind::Snapshot);
    }
}
