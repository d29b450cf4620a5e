//! Firmware images: the built-in ones, and what an image from outside must look like.
//!
//! The system BIOS ends at FFFFFFFFh and, as far as it reaches down to E0000h, at FFFFFh too. The video BIOS is the
//! display adapter's expansion ROM; the system BIOS finds it through PCI. Where exactly is the board's business.
//!
//! The tables that tell a system of the machine (E820, ACPI, SMBIOS) are built by the ROM in POST, not here: it sets
//! the ports and the interrupt routing that they tell, and a user's BIOS brings its own.

pub mod kernel;

use std::borrow::Cow;

use byteorder::{ByteOrder, LittleEndian};

/// The built-in system BIOS.
pub const BIOS: &[u8] = include_bytes!("../../roms/bios.bin");
/// The built-in video BIOS.
pub const VGA_BIOS: &[u8] = include_bytes!("../../roms/vgabios.bin");

/// The option ROM that starts a kernel without a disk; its checksums are made when it is put into a boot image.
pub const KERNEL_ROM: &[u8] = include_bytes!("../../roms/kernelboot.bin");

/// The least and the most that a system BIOS may be: the ROM area's last segment, and what a PC leaves below 4 GiB.
const BIOS_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=16 << 20;
/// System BIOS images come in whole segments.
const BIOS_GRAIN: usize = 64 << 10;
/// The most that the area for a video BIOS holds below 1 MiB.
const VGA_BIOS_BYTES: usize = 64 << 10;
/// Expansion ROMs begin with 55h AAh. PCI Local Bus Specification 2.1, 6.3.1.1 "PCI Expansion ROM Header Format".
const ROM_SIGNATURE: u16 = 0xAA55;
/// Byte 2 of an expansion ROM counts blocks of this size.
const ROM_BLOCK: usize = 512;

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The two ROM images of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// System BIOS.
    pub bios: Cow<'static, [u8]>,
    /// Video BIOS.
    pub vga_bios: Cow<'static, [u8]>,
}

impl Firmware {
    /// The images that come with the program.
    pub fn built_in() -> Firmware {
        Firmware { bios: Cow::Borrowed(BIOS), vga_bios: Cow::Borrowed(VGA_BIOS) }
    }

    /// With another system BIOS.
    pub fn with_bios(self, image: Vec<u8>) -> Result<Firmware, Error> {
        let len = image.len();
        if !BIOS_BYTES.contains(&len) || !len.is_multiple_of(BIOS_GRAIN) {
            return Err(Error(format!(
                "{len} bytes are no system BIOS: one has 64 KiB, or a multiple of that up to 16 MiB"
            )));
        }
        Ok(Firmware { bios: Cow::Owned(image), ..self })
    }

    /// With another video BIOS.
    pub fn with_vga_bios(self, image: Vec<u8>) -> Result<Firmware, Error> {
        let len = image.len();
        if !(ROM_BLOCK..=VGA_BIOS_BYTES).contains(&len) {
            return Err(Error(format!("{len} bytes are no video BIOS: one has 512 bytes to 64 KiB")));
        }
        if LittleEndian::read_u16(&image) != ROM_SIGNATURE {
            return Err(Error("it does not begin with 55 AA, as an expansion ROM does".to_owned()));
        }
        let claimed = usize::from(image[2]) * ROM_BLOCK;
        if claimed == 0 || claimed > len {
            return Err(Error(format!(
                "its third byte says {claimed} bytes, but the image has {len}: it is cut short"
            )));
        }
        Ok(Firmware { vga_bios: Cow::Owned(image), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_images_would_be_taken_from_outside() {
        let firmware = Firmware::built_in().with_bios(BIOS.to_vec()).expect("a system BIOS");
        let firmware = firmware.with_vga_bios(VGA_BIOS.to_vec()).expect("a video BIOS");
        assert_eq!(firmware, Firmware::built_in());
    }

    #[test]
    fn images_of_the_wrong_size_or_form_are_refused() {
        let bios = |len| Firmware::built_in().with_bios(vec![0; len]).map_err(|error| error.to_string());
        assert!(bios(128 << 10).is_ok());
        for len in [0, 1, 32 << 10, (64 << 10) + 1, 96 << 10, 32 << 20] {
            assert!(bios(len).expect_err("refused").contains("no system BIOS"), "{len}");
        }
        let vga = |image: &[u8]| {
            let taken = Firmware::built_in().with_vga_bios(image.to_vec());
            taken.map(drop).map_err(|error| error.to_string())
        };
        assert!(vga(&[]).expect_err("refused").contains("0 bytes"));
        assert!(vga(&[0; 512]).expect_err("refused").contains("55 AA"));
        let mut image = [0; 512];
        image[..3].copy_from_slice(&[0x55, 0xAA, 2]);
        assert!(vga(&image).expect_err("refused").contains("cut short"));
        image[2] = 1;
        assert!(vga(&image).is_ok());
    }
}
