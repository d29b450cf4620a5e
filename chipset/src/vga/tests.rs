//! The adapter in its tests: on a board whose firmware has switched it on, in modes set by hand through its ports.
//! Register values of the modes are those of the "BIOS video parameter" listing of IBM's *PS/2 Video Subsystems*.

use ringwalk_mmu::Size;

use super::FUNCTION;
use crate::test_pc::Pc;

mod adapter_tests;
mod dispi_tests;
mod picture_tests;
mod reference_tests;
mod text_tests;

/// The text window.
const TEXT: u64 = 0xB_8000;

/// A board whose firmware has switched the adapter on.
fn pc() -> Pc {
    let mut pc = Pc::new();
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0003);
    pc
}

/// Writes an index and its data, as one word.
fn set(pc: &mut Pc, port: u16, index: u8, value: u8) {
    pc.port_out(port, Size::Word, u32::from(index) | u32::from(value) << 8);
}

fn get(pc: &mut Pc, port: u16, index: u8) -> u8 {
    pc.outb(port, index);
    pc.inb(port + 1)
}

fn set_attribute(pc: &mut Pc, index: u8, value: u8) {
    pc.inb(0x3DA);
    pc.outb(0x3C0, index);
    pc.outb(0x3C0, value);
}

fn set_all(pc: &mut Pc, port: u16, values: &[u8]) {
    for (index, value) in (0..).zip(values) {
        set(pc, port, index, *value);
    }
}

/// A mode's registers: miscellaneous output, sequencer 1 to 4, CRT controller 0 to 18h, attribute controller 0 to 13h,
/// graphics controller 0 to 8.
struct Mode {
    misc: u8,
    sequencer: [u8; 4],
    crtc: [u8; 25],
    attribute: [u8; 20],
    graphics: [u8; 9],
}

/// The palette of 16-colour modes with 350 lines or more.
const EGA_COLOURS: [u8; 16] =
    [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F];

const fn attributes(palette: [u8; 16], rest: [u8; 4]) -> [u8; 20] {
    let mut all = [0; 20];
    let mut at = 0;
    while at < 20 {
        all[at] = if at < 16 { palette[at] } else { rest[at - 16] };
        at += 1;
    }
    all
}

/// Mode 3: 80 x 25 characters of 9 x 16 dots.
const MODE_3: Mode = Mode {
    misc: 0x67,
    sequencer: [0x00, 0x03, 0x00, 0x02],
    crtc: [
        0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
        0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
    ],
    attribute: attributes(EGA_COLOURS, [0x0C, 0x00, 0x0F, 0x08]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF],
};

/// Mode 12h: 640 x 480, 16 colours.
const MODE_12: Mode = Mode {
    misc: 0xE3,
    sequencer: [0x01, 0x0F, 0x00, 0x06],
    crtc: [
        0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xEA, 0x8C,
        0xDF, 0x28, 0x00, 0xE7, 0x04, 0xE3, 0xFF,
    ],
    attribute: attributes(EGA_COLOURS, [0x01, 0x00, 0x0F, 0x00]),
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF],
};

/// Sets a mode and a grey palette: colour n has n in every component, as far as six bits go.
fn in_mode(mode: &Mode) -> Pc {
    let mut pc = pc();
    pc.outb(0x3C2, mode.misc);
    set(&mut pc, 0x3C4, 0, 0x03);
    for (index, value) in (1..).zip(mode.sequencer) {
        set(&mut pc, 0x3C4, index, value);
    }
    set(&mut pc, 0x3D4, 0x11, 0);
    set_all(&mut pc, 0x3D4, &mode.crtc);
    set_all(&mut pc, 0x3CE, &mode.graphics);
    for (index, value) in (0..).zip(mode.attribute) {
        set_attribute(&mut pc, index, value);
    }
    set_attribute(&mut pc, 0x14, 0);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x20);
    pc.outb(0x3C8, 0);
    for colour in 0..=255u8 {
        (0..3).for_each(|_| pc.outb(0x3C9, colour));
    }
    pc
}

fn text_mode() -> Pc {
    in_mode(&MODE_3)
}

/// Graphics: all planes at A0000h, one offset an address; the rest as in mode 3.
fn planar_mode() -> Pc {
    let mut pc = text_mode();
    set_all(&mut pc, 0x3C4, &[0x03, 0x01, 0x0F, 0x00, 0x06]);
    set_all(&mut pc, 0x3CE, &[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF]);
    pc
}

/// The four planes' bytes at an offset.
fn planes(pc: &Pc, offset: u16) -> [u8; 4] {
    super::planes::load(&pc.memory, offset.into()).expect("inside video memory").to_le_bytes()
}

/// The blue of a pixel, which the grey palette makes its colour: six bits as eight.
fn pixel(pc: &Pc, x: usize, y: usize) -> u8 {
    let image = pc.board.render(&pc.memory);
    image.rgb[3 * (y * image.width as usize + x) + 2]
}

/// What `pixel` answers for a DAC entry of the grey palette.
fn grey(colour: u8) -> u8 {
    let six = colour & 0x3F;
    six << 2 | six >> 4
}
