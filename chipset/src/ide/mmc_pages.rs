//! What MODE SENSE and GET CONFIGURATION of a CD-ROM drive tell. *MMC-3* (T10/1363-D), "Mode parameters for
//! multi-media devices", "Features and profiles"; *SFF-8020i*, "Mode Select / Sense parameters".

use super::{PACKET_BYTES, Packet, set_length};

/// The forms of the mode parameter header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// Of MODE SENSE(6): 4 bytes.
    Six,
    /// Of MODE SENSE(10): 8 bytes.
    Ten,
}

/// The page code that asks for all pages.
const ALL_PAGES: u8 = 0x3F;
/// Speed of the drive, 24 times 176400 bytes a second, in units of 1000 bytes.
const SPEED: u16 = 4234;
/// KiB of buffer.
const BUFFER: u16 = 128;
/// Tray loading, eject, and lock.
const MECHANISM: u8 = 0x29;

/// The pages of a code with their header; `None` if there are none. No value can be changed, which `changeable`
/// asks for.
pub(super) fn mode(code: u8, header: Header, drive: &Packet, changeable: bool) -> Option<Vec<u8>> {
    let mut pages: Vec<Vec<u8>> = vec![
        // Read error recovery: five retries.
        vec![0x01, 6, 0, 5, 0, 0, 0, 0],
        // CD-ROM parameters: 60 seconds a minute, 75 frames a second.
        vec![0x0D, 6, 0, 0x0D, 0, 60, 0, 75],
        // Audio control: stop at the end of a track; no volume.
        vec![0x0E, 14, 0x04, 0, 0, 0, 0, 75, 0, 0, 0, 0, 0, 0, 0, 0],
        capabilities(drive),
    ];
    pages.retain(|page| code == ALL_PAGES || page[0] == code);
    if pages.is_empty() {
        return None;
    }
    if changeable {
        pages.iter_mut().for_each(|page| page[2..].fill(0));
    }
    // Medium type: data disc of 120 mm, no disc, or door open.
    let medium = match (drive.ejected, drive.has_disc()) {
        (true, _) => 0x71,
        (false, true) => 0x01,
        (false, false) => 0x70,
    };
    let (mut data, length) = match header {
        Header::Six => (vec![0, medium, 0, 0], 1),
        Header::Ten => (vec![0, 0, medium, 0, 0, 0, 0, 0], 2),
    };
    pages.iter().for_each(|page| data.extend(page));
    set_length(&mut data, length);
    Some(data)
}

/// Page 2Ah, "C/DVD capabilities and mechanical status".
fn capabilities(drive: &Packet) -> Vec<u8> {
    let mut page = vec![0x2A, 18, 0, 0, 0, 0, MECHANISM | u8::from(drive.locked) << 1, 0];
    // Speed at most; volume levels; buffer; speed now; four bytes that mean nothing here.
    for value in [SPEED, 0, BUFFER, SPEED, 0, 0] {
        page.extend(value.to_be_bytes());
    }
    page
}

/// "GET CONFIGURATION": the features from a number on; all, the current ones, or just that one.
pub(super) fn configuration(cdb: &[u8; PACKET_BYTES], disc: bool) -> Vec<u8> {
    let first = u16::from_be_bytes([cdb[2], cdb[3]]);
    let (persistent, current) = (0b11, u8::from(disc));
    let features: [(u16, u8, &[u8]); 5] = [
        // Profile list: CD-ROM.
        (0x0000, persistent, &[0, 8, current, 0]),
        // Core: ATAPI.
        (0x0001, persistent, &[0, 0, 0, 2]),
        (0x0003, persistent, &[MECHANISM, 0, 0, 0]),
        // Random readable: blocks of 2048 bytes, one at a time.
        (0x0010, current, &[0, 0, 8, 0, 0, 1, 0, 0]),
        // CD read.
        (0x001E, current, &[0, 0, 0, 0]),
    ];
    let mut data = vec![0, 0, 0, 0, 0, 0, 0, if disc { 8 } else { 0 }];
    for (number, flags, bytes) in features {
        let wanted = match cdb[1] & 3 {
            0 => number >= first,
            1 => number >= first && flags & 1 != 0,
            _ => number == first,
        };
        if wanted {
            let [high, low] = number.to_be_bytes();
            // A feature has at most eight bytes.
            data.extend([high, low, flags, bytes.len() as u8]);
            data.extend(bytes);
        }
    }
    set_length(&mut data, 4);
    data
}
