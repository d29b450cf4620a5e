//! Pictures of graphics modes: registers set by hand, dots written to the window, pixels computed by hand from IBM's
//! *PS/2 Video Subsystems*, "Video Memory Organization" and the registers' descriptions.

use ringwalk_mmu::Size;

use super::{MODE_12, Mode, attributes, grey, in_mode, pixel, set, set_attribute};
use crate::test_pc::Pc;
use crate::vga::WINDOW;

const STRAIGHT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Palette of mode 4: colours 1 to 3 are light cyan, magenta and white.
const CGA_4: [u8; 16] =
    [0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17];

/// Mode 4: 320 x 200, 4 colours.
const MODE_4: Mode = Mode {
    misc: 0x63,
    sequencer: [0x09, 0x03, 0x00, 0x02],
    crtc: [
        0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0x00, 0xC1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
        0x8F, 0x14, 0x00, 0x96, 0xB9, 0xA2, 0xFF,
    ],
    attribute: attributes(CGA_4, [0x01, 0x00, 0x03, 0x00]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0F, 0x00, 0xFF],
};

/// Mode 6: 640 x 200, 2 colours.
const MODE_6: Mode = Mode {
    misc: 0x63,
    sequencer: [0x01, 0x01, 0x00, 0x06],
    crtc: [
        0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0xC1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
        0x8F, 0x28, 0x00, 0x96, 0xB9, 0xC2, 0xFF,
    ],
    attribute: attributes(
        [0, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17],
        [0x01, 0x00, 0x01, 0x00],
    ),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0D, 0x00, 0xFF],
};

/// Mode 0Dh: 320 x 200, 16 colours.
const MODE_D: Mode = Mode {
    misc: 0x63,
    sequencer: [0x09, 0x0F, 0x00, 0x06],
    crtc: [
        0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
        0x8F, 0x14, 0x00, 0x96, 0xB9, 0xE3, 0xFF,
    ],
    attribute: attributes(STRAIGHT, [0x01, 0x00, 0x0F, 0x00]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF],
};

/// Mode 0Fh: 640 x 350, monochrome.
const MODE_F: Mode = Mode {
    misc: 0xA2,
    sequencer: [0x01, 0x0F, 0x00, 0x06],
    crtc: [
        0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x83, 0x85,
        0x5D, 0x28, 0x0F, 0x63, 0xBA, 0xE3, 0xFF,
    ],
    attribute: attributes([0, 8, 0, 0, 0x18, 0x18, 0, 0, 0, 8, 0, 0, 0, 0x18, 0, 0], [0x0B, 0x00, 0x05, 0x00]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x05, 0xFF],
};

/// Mode 13h: 320 x 200, 256 colours.
const MODE_13: Mode = Mode {
    misc: 0x63,
    sequencer: [0x01, 0x0F, 0x00, 0x0E],
    crtc: [
        0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
        0x8F, 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF,
    ],
    attribute: attributes(STRAIGHT, [0x41, 0x00, 0x0F, 0x00]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0F, 0xFF],
};

/// Size of the picture, and what the mode is called.
fn size(pc: &Pc) -> (u32, u32, String) {
    let image = pc.board.render(&pc.memory);
    assert_eq!(image.rgb.len(), 3 * (image.width * image.height) as usize);
    let mode = pc.board.graphics_mode().expect("graphics");
    (image.width, image.height, mode.to_string())
}

/// The colours of some pixels of a line.
fn line(pc: &Pc, first: usize, count: usize, y: usize) -> Vec<u8> {
    let image = pc.board.render(&pc.memory);
    (first..first + count).map(|x| image.rgb[3 * (y * image.width as usize + x) + 2]).collect()
}

#[test]
fn mode_12h_has_a_bit_of_each_plane_for_a_dot() {
    let mut pc = in_mode(&MODE_12);
    assert_eq!(size(&pc), (640, 480, "640 x 480, 16 colours".to_owned()));
    // Line 2, byte 3: colours 1, 2, 4, 8, 15, 0, 6, 9 from left to right.
    for (plane, bits) in [(0, 0b1000_1001), (1, 0b0100_1010), (2, 0b0010_1010), (3, 0b0001_1001)] {
        set(&mut pc, 0x3C4, 2, 1 << plane);
        pc.store(WINDOW + 2 * 80 + 3, Size::Byte, bits);
    }
    // The palette of this mode: 1, 2, 4, 38h, 3Fh, 0, 14h, 39h.
    let expected = [0x01, 0x02, 0x04, 0x38, 0x3F, 0x00, 0x14, 0x39].map(grey);
    assert_eq!(line(&pc, 24, 8, 2), expected);
    assert_eq!(line(&pc, 32, 8, 2), [0; 8]);
    // Planes 1 and 2 only: colours 0, 2, 4, 0, 6, 0, 6, 0.
    set_attribute(&mut pc, 0x12, 0x06);
    pc.outb(0x3C0, 0x20);
    assert_eq!(line(&pc, 24, 8, 2), [0x00, 0x02, 0x04, 0x00, 0x14, 0x00, 0x14, 0x00].map(grey));
}

#[test]
fn mode_13h_has_a_byte_for_a_pixel_of_two_dots() {
    let mut pc = in_mode(&MODE_13);
    assert_eq!(size(&pc), (640, 400, "320 x 200, 256 colours".to_owned()));
    for (at, colour) in [(0, 1), (1, 2), (319, 3), (320, 4), (63_999, 5), (32_000, 0x2F)] {
        pc.store(WINDOW + at, Size::Byte, colour);
    }
    assert_eq!(line(&pc, 0, 6, 0), [1, 1, 2, 2, 0, 0].map(grey));
    assert_eq!(line(&pc, 0, 2, 1), [1, 1].map(grey), "each line twice");
    assert_eq!(line(&pc, 638, 2, 1), [3, 3].map(grey));
    assert_eq!([pixel(&pc, 0, 1), pixel(&pc, 0, 2), pixel(&pc, 0, 3)], [1, 4, 4].map(grey));
    assert_eq!([pixel(&pc, 0, 200), pixel(&pc, 639, 399)], [0x2F, 5].map(grey));
    // The PEL mask is behind everything.
    pc.outb(0x3C6, 0x0F);
    assert_eq!(pixel(&pc, 0, 200), grey(0x0F));
}

#[test]
fn mode_13h_reaches_all_of_64_kib() {
    let mut pc = in_mode(&MODE_13);
    for y in 0..200 {
        pc.store(WINDOW + 320 * y + y, Size::Byte, y & 0x3F);
    }
    let image = pc.board.render(&pc.memory);
    for y in 0..200 {
        let at = 3 * (2 * y * 640 + 2 * y);
        assert_eq!(image.rgb[at], grey(y as u8), "pixel {y} of line {y}");
    }
}

/// An unchained mode of 320 pixels with the given changes to mode 13h's CRT controller.
fn unchained(changes: &[(u8, u8)]) -> Pc {
    let mut pc = in_mode(&MODE_13);
    set(&mut pc, 0x3C4, 4, 0x06);
    set(&mut pc, 0x3D4, 0x11, 0x0E);
    for (index, value) in [(0x14, 0x00), (0x17, 0xE3)].iter().chain(changes) {
        set(&mut pc, 0x3D4, *index, *value);
    }
    pc
}

#[test]
fn mode_x_takes_pixels_from_the_planes_by_turns() {
    // 320 x 240: 480 of 525 lines, each twice.
    let mut pc = unchained(&[
        (0x06, 0x0D),
        (0x07, 0x3E),
        (0x09, 0x41),
        (0x10, 0xEA),
        (0x11, 0xAC),
        (0x12, 0xDF),
        (0x15, 0xE7),
        (0x16, 0x06),
    ]);
    assert_eq!(size(&pc), (640, 480, "320 x 240, 256 colours".to_owned()));
    for plane in 0..4 {
        set(&mut pc, 0x3C4, 2, 1 << plane);
        pc.store(WINDOW + 239 * 80 + 79, Size::Byte, 0x10 + plane as u64);
        pc.store(WINDOW + 0xE000, Size::Byte, 0x20 + plane as u64);
    }
    assert_eq!(line(&pc, 632, 8, 479), [0x10, 0x10, 0x11, 0x11, 0x12, 0x12, 0x13, 0x13].map(grey));
    // A page flip.
    set(&mut pc, 0x3D4, 0x0C, 0xE0);
    assert_eq!(line(&pc, 0, 8, 0), [0x20, 0x20, 0x21, 0x21, 0x22, 0x22, 0x23, 0x23].map(grey));
    // Panning by two dots moves by a pixel.
    set_attribute(&mut pc, 0x13, 2);
    pc.outb(0x3C0, 0x20);
    assert_eq!(line(&pc, 0, 6, 0), [0x21, 0x21, 0x22, 0x22, 0x23, 0x23].map(grey));
    // Twice the offset: the second row of pixels is what the third was.
    set(&mut pc, 0x3D4, 0x13, 0x50);
    pc.store(WINDOW + 0xE000 + 160, Size::Byte, 0x3F);
    assert_eq!(pixel(&pc, 4, 2), grey(0x3F), "plane 3 is the last that was written");
}

#[test]
fn a_320_x_400_mode_shows_every_line_once() {
    let pc = unchained(&[(0x09, 0x40)]);
    assert_eq!(size(&pc), (640, 400, "320 x 400, 256 colours".to_owned()));
}

#[test]
fn mode_4_interleaves_bits_and_banks() {
    let mut pc = in_mode(&MODE_4);
    assert_eq!(size(&pc), (640, 400, "320 x 200, 4 colours".to_owned()));
    let window = 0xB_8000;
    pc.store(window, Size::Byte, 0b00_01_10_11);
    pc.store(window + 1, Size::Byte, 0b11_00_00_00);
    pc.store(window + 0x2000, Size::Byte, 0b10_00_00_00);
    pc.store(window + 80, Size::Byte, 0b01_00_00_00);
    let colours = [0x00, 0x00, 0x13, 0x13, 0x15, 0x15, 0x17, 0x17, 0x17, 0x17, 0x00];
    assert_eq!(line(&pc, 0, 11, 0), colours.map(grey));
    let column: Vec<u8> = (0..6).map(|y| pixel(&pc, 0, y)).collect();
    assert_eq!(column, [0x00, 0x00, 0x15, 0x15, 0x13, 0x13].map(grey), "odd lines come from offset 2000h");
}

#[test]
fn mode_6_has_a_bit_for_a_dot_in_banks() {
    let mut pc = in_mode(&MODE_6);
    assert_eq!(size(&pc), (640, 400, "640 x 200, 2 colours".to_owned()));
    let window = 0xB_8000;
    pc.store(window, Size::Byte, 0b1010_0001);
    pc.store(window + 0x2000 + 79, Size::Byte, 0b0000_0001);
    assert_eq!(line(&pc, 0, 9, 1), [0x17, 0, 0x17, 0, 0, 0, 0, 0x17, 0].map(grey));
    assert_eq!(line(&pc, 637, 3, 2), [0, 0, 0x17].map(grey));
}

#[test]
fn mode_0dh_doubles_dots_and_lines() {
    let mut pc = in_mode(&MODE_D);
    assert_eq!(size(&pc), (640, 400, "320 x 200, 16 colours".to_owned()));
    set(&mut pc, 0x3C4, 2, 0b1001);
    pc.store(WINDOW + 40, Size::Byte, 0b0100_0000);
    assert_eq!(line(&pc, 0, 5, 2), [0, 0, 9, 9, 0].map(grey));
    assert_eq!([pixel(&pc, 2, 1), pixel(&pc, 2, 3), pixel(&pc, 2, 4)], [0, 9, 0].map(grey));
    // The second of four pages of 8 KiB.
    pc.store(WINDOW + 0x2000, Size::Byte, 0xFF);
    set(&mut pc, 0x3D4, 0x0C, 0x20);
    assert_eq!(line(&pc, 14, 3, 0), [9, 9, 0].map(grey));
}

#[test]
fn mode_0fh_blinks_colour_4() {
    let mut pc = pc_in_mono();
    // Video, blinking, intensified: planes 0; 2; 0 and 2.
    set(&mut pc, 0x3C4, 2, 0b0001);
    pc.store(WINDOW, Size::Byte, 0b1010_0000);
    set(&mut pc, 0x3C4, 2, 0b0100);
    pc.store(WINDOW, Size::Byte, 0b0110_0000);
    assert_eq!(line(&pc, 0, 4, 0), [0x08, 0x18, 0x18, 0x00].map(grey));
    let image =
        pc.board.devices.vga.picture(&pc.memory, crate::vga::picture::Phase { cursor: true, characters: false });
    let dark: Vec<u8> = (0..4).map(|x| image.rgb[3 * x]).collect();
    assert_eq!(dark, [0x08, 0x00, 0x18, 0x00].map(grey), "only colour 4 goes dark");
}

/// Mode 0Fh; its CRT controller is at 3B4h, so that its registers are written before the switch.
fn pc_in_mono() -> Pc {
    let mut pc = in_mode(&Mode { misc: MODE_F.misc | 1, ..MODE_F });
    pc.outb(0x3C2, MODE_F.misc);
    pc
}

#[test]
fn the_split_screen_starts_again_at_address_0() {
    let mut pc = in_mode(&MODE_12);
    pc.store(WINDOW, Size::Byte, 0x80);
    pc.store(WINDOW + 0x8000, Size::Byte, 0xC0);
    set(&mut pc, 0x3D4, 0x0C, 0x80);
    // Line compare 200: bit 8 in the overflow register and bit 9 in maximum scan line are clear.
    set(&mut pc, 0x3D4, 0x18, 200);
    set(&mut pc, 0x3D4, 0x11, 0x0C);
    set(&mut pc, 0x3D4, 0x07, 0x2E);
    set(&mut pc, 0x3D4, 0x09, 0x00);
    let white = grey(0x3F);
    assert_eq!(line(&pc, 0, 3, 0), [white, white, 0]);
    assert_eq!([pixel(&pc, 0, 200), pixel(&pc, 0, 201), pixel(&pc, 1, 201)], [0, white, 0]);
    // Panning by one dot moves both parts, unless the mode control says otherwise.
    set_attribute(&mut pc, 0x33, 1);
    assert_eq!([pixel(&pc, 0, 0), pixel(&pc, 1, 0), pixel(&pc, 0, 201)], [white, 0, 0]);
    set_attribute(&mut pc, 0x30, 0x21);
    assert_eq!([pixel(&pc, 0, 0), pixel(&pc, 1, 0), pixel(&pc, 0, 201)], [white, 0, white]);
}

#[test]
fn colour_select_and_overscan() {
    let mut pc = in_mode(&MODE_12);
    set(&mut pc, 0x3C4, 2, 0b0010);
    pc.store(WINDOW, Size::Byte, 0xFF);
    let colour = |pc: &Pc| pixel(pc, 0, 0);
    assert_eq!(colour(&pc), grey(0x02));
    set_attribute(&mut pc, 0x34, 0x05);
    assert_eq!(colour(&pc), grey(0x42), "bits 7 and 6 from colour select; the grey palette has six bits");
    set_attribute(&mut pc, 0x30, 0x81);
    assert_eq!(colour(&pc), grey(0x52), "and bits 5 and 4");
    set_attribute(&mut pc, 0x31, 0x2B);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x00);
    assert_eq!([colour(&pc), pixel(&pc, 639, 479)], [grey(0x2B); 2], "no palette: the border's colour");
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x20);
    set(&mut pc, 0x3C4, 1, 0x21);
    assert_eq!(colour(&pc), 0, "screen off");
}

#[test]
fn the_row_scan_counter_can_choose_a_quarter_of_memory() {
    let mut pc = in_mode(&MODE_6);
    // As on a Hercules adapter: row scan bits 0 and 1 are address bits 13 and 14, four lines a row.
    set(&mut pc, 0x3D4, 0x09, 0x43);
    set(&mut pc, 0x3D4, 0x17, 0xC0);
    set(&mut pc, 0x3CE, 6, 0x05);
    for bank in 0..4 {
        pc.store(WINDOW + 0x2000 * bank, Size::Byte, 0x80 >> bank);
    }
    let diagonal: Vec<u8> = (0..4).map(|at| pixel(&pc, at, at)).collect();
    assert_eq!(diagonal, [grey(0x17); 4]);
    assert_eq!([pixel(&pc, 1, 0), pixel(&pc, 0, 4)], [0; 2]);
}

#[test]
fn no_registers_make_an_endless_picture() {
    let mut pc = in_mode(&MODE_12);
    set(&mut pc, 0x3D4, 0x11, 0);
    for index in 0..0x19 {
        set(&mut pc, 0x3D4, index, if index == 0x11 { 0 } else { 0xFF });
    }
    set(&mut pc, 0x3C4, 1, 0x08);
    set(&mut pc, 0x3CE, 6, 0x04);
    let image = pc.board.render(&pc.memory);
    // 256 characters of 9 dots at half the dot clock; 1024 lines, counted by twos.
    assert_eq!((image.width, image.height), (256 * 18, 2048));
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!((screen.columns, screen.rows), (256, 2048 / 64));
}
