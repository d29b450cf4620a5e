//! The display interface through its ports, with values from the Bochs project's *VBE Display API*.

use ringwalk_mmu::{PhysAddr, Size};

use super::{TEXT, grey, in_mode, pc, pixel, text_mode};
use crate::test_pc::Pc;
use crate::vga::{FUNCTION, WINDOW};

/// Registers by index.
const ID: u32 = 0;
const XRES: u32 = 1;
const YRES: u32 = 2;
const BPP: u32 = 3;
const ENABLE: u32 = 4;
const BANK: u32 = 5;
const VIRT_WIDTH: u32 = 6;
const VIRT_HEIGHT: u32 = 7;
const X_OFFSET: u32 = 8;
const Y_OFFSET: u32 = 9;
const MEMORY_64K: u32 = 10;

fn write(pc: &mut Pc, index: u32, value: u32) {
    pc.port_out(0x1CE, Size::Word, index);
    pc.port_out(0x1CF, Size::Word, value);
}

fn read(pc: &mut Pc, index: u32) -> u32 {
    pc.port_out(0x1CE, Size::Word, index);
    pc.port_in(0x1CF, Size::Word)
}

/// A mode of the interface on the 256 KiB of the tests, in VGA text mode underneath.
fn in_linear(width: u32, height: u32, depth: u32) -> Pc {
    let mut pc = text_mode();
    pc.config_out(FUNCTION, 0x10, Size::Dword, 0xE000_0000);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    for (index, value) in [(XRES, width), (YRES, height), (BPP, depth), (ENABLE, 0x41)] {
        write(&mut pc, index, value);
    }
    pc
}

fn poke(pc: &mut Pc, at: u64, bytes: &[u8]) {
    for (address, byte) in (0xE000_0000 + at..).zip(bytes) {
        assert!(pc.memory.poke(PhysAddr(address), *byte));
    }
}

fn rgb(pc: &Pc, x: usize, y: usize) -> [u8; 3] {
    let image = pc.board.render(&pc.memory);
    let at = 3 * (y * image.width as usize + x);
    [image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]]
}

#[test]
fn the_versions_are_b0c0_to_b0c5() {
    let mut pc = pc();
    assert_eq!(read(&mut pc, ID), 0xB0C5);
    for id in 0xB0C0..=0xB0C5 {
        write(&mut pc, ID, id);
        assert_eq!(read(&mut pc, ID), id);
    }
    write(&mut pc, ID, 0xB0C6);
    assert_eq!(read(&mut pc, ID), 0xB0C5, "no such version");
    assert_eq!(read(&mut pc, MEMORY_64K), 4, "256 KiB");
    assert_eq!((pc.port_in(0x1CE, Size::Word), read(&mut pc, 0x77)), (MEMORY_64K, 0));
}

#[test]
fn capabilities_are_told_on_request() {
    let mut pc = pc();
    write(&mut pc, XRES, 320);
    write(&mut pc, ENABLE, 0x02);
    assert_eq!([XRES, YRES, BPP].map(|index| read(&mut pc, index)), [2560, 1600, 32]);
    write(&mut pc, ENABLE, 0x00);
    assert_eq!(read(&mut pc, XRES), 320);
    for (index, refused) in [(XRES, 2561), (YRES, 1601), (BPP, 12)] {
        let before = read(&mut pc, index);
        write(&mut pc, index, refused);
        assert_eq!(read(&mut pc, index), before, "register {index}");
    }
    write(&mut pc, BPP, 0);
    assert_eq!(read(&mut pc, BPP), 8, "0 means 8");
}

#[test]
fn each_depth_has_its_pixels() {
    let mut pc = in_linear(320, 200, 8);
    poke(&mut pc, 320 * 3 + 5, &[0x2A]);
    assert_eq!((pixel(&pc, 5, 3), pixel(&pc, 6, 3)), (grey(0x2A), 0));
    assert_eq!(pc.board.graphics_mode().map(|mode| mode.to_string()).as_deref(), Some("320 x 200, 256 colours"));
    assert_eq!(pc.board.screen(&pc.memory), None, "no text");
    let cases: [(u32, &[u8], [u8; 3]); 6] = [
        (15, &[0xE0, 0x03], [0x00, 0xFF, 0x00]),
        (15, &[0x01, 0x42], [0x84, 0x84, 0x08]),
        (16, &[0x00, 0xF8], [0xFF, 0x00, 0x00]),
        (16, &[0x20, 0x04], [0x00, 0x86, 0x00]),
        (24, &[0x12, 0x34, 0x56], [0x56, 0x34, 0x12]),
        (32, &[0x12, 0x34, 0x56, 0xFF], [0x56, 0x34, 0x12]),
    ];
    for (depth, bytes, colour) in cases {
        let mut pc = in_linear(320, 200, depth);
        let size = u64::from(depth).div_ceil(8);
        poke(&mut pc, (320 * 199 + 319) * size, bytes);
        assert_eq!((rgb(&pc, 319, 199), rgb(&pc, 318, 199)), (colour, [0; 3]), "{depth} bits");
    }
}

#[test]
fn four_bits_are_planes() {
    let mut pc = in_linear(800, 600, 4);
    // Write mode 0 of the VGA, all planes one address.
    for (port, index, value) in [(0x3C4, 2, 0b1010), (0x3C4, 4, 6), (0x3CE, 5, 0), (0x3CE, 6, 5)] {
        super::set(&mut pc, port, index, value);
    }
    pc.store(WINDOW + 100 * 2 + 1, Size::Byte, 0x40);
    // Colour 10 is 3Ah in this palette.
    assert_eq!((pixel(&pc, 8, 2), pixel(&pc, 9, 2), pixel(&pc, 10, 2)), (0, grey(0x3A), 0));
    write(&mut pc, X_OFFSET, 9);
    assert_eq!(pixel(&pc, 0, 2), 0, "no room to the right");
    write(&mut pc, VIRT_WIDTH, 848);
    assert_eq!((read(&mut pc, VIRT_WIDTH), read(&mut pc, VIRT_HEIGHT)), (848, 65_536 / 106));
    write(&mut pc, X_OFFSET, 9);
    // Byte 201 is byte 95 of line 1 now.
    assert_eq!(pixel(&pc, 95 * 8 + 1 - 9, 1), grey(0x3A));
}

#[test]
fn the_window_shows_a_bank() {
    let mut pc = in_linear(320, 200, 32);
    write(&mut pc, BANK, 3);
    pc.store(WINDOW + 0x10, Size::Dword, 0x0012_3456);
    assert_eq!(pc.memory.peek(PhysAddr(0xE003_0010)), Some(0x56));
    assert_eq!(pc.load(WINDOW + 0x11, Size::Word), 0x1234);
    pc.store(WINDOW + 0x21, Size::Qword, 0x8877_6655_4433_2211);
    assert_eq!(pc.load(WINDOW + 0x20, Size::Qword), 0x7766_5544_3322_1100);
    assert_eq!(pc.load(TEXT, Size::Word), 0xFFFF, "the window has 64 KiB");
    write(&mut pc, BANK, 4);
    assert_eq!(read(&mut pc, BANK), 3, "there are four");
    write(&mut pc, ENABLE, 0);
    write(&mut pc, ENABLE, 0x81);
    assert_eq!((read(&mut pc, BANK), pc.load(WINDOW + 0x10, Size::Byte)), (0, 0), "a mode starts with bank 0");
}

#[test]
fn memory_is_cleared_unless_asked_not_to() {
    let mut pc = in_linear(320, 200, 8);
    poke(&mut pc, 1000, &[7]);
    write(&mut pc, ENABLE, 0);
    write(&mut pc, ENABLE, 0xC1);
    assert_eq!((pixel(&pc, 40, 3), read(&mut pc, ENABLE)), (grey(7), 0xC1), "NOCLEARMEM");
    write(&mut pc, ENABLE, 0x41);
    assert_eq!(pixel(&pc, 40, 3), grey(7), "it was on already");
    write(&mut pc, ENABLE, 0);
    write(&mut pc, ENABLE, 0x41);
    assert_eq!(pixel(&pc, 40, 3), 0);
}

#[test]
fn a_virtual_screen_is_larger_than_what_is_shown() {
    let mut pc = in_linear(320, 200, 8);
    write(&mut pc, XRES, 640);
    assert_eq!(read(&mut pc, XRES), 320, "fixed while the mode is on");
    assert_eq!((read(&mut pc, VIRT_WIDTH), read(&mut pc, VIRT_HEIGHT)), (320, 262_144 / 320));
    write(&mut pc, VIRT_WIDTH, 512);
    assert_eq!((read(&mut pc, VIRT_WIDTH), read(&mut pc, VIRT_HEIGHT)), (512, 512));
    poke(&mut pc, 512 * 300 + 192, &[9]);
    write(&mut pc, X_OFFSET, 192);
    write(&mut pc, Y_OFFSET, 300);
    assert_eq!(pixel(&pc, 0, 0), grey(9));
    write(&mut pc, X_OFFSET, 500);
    write(&mut pc, Y_OFFSET, 500);
    assert_eq!((read(&mut pc, X_OFFSET), read(&mut pc, Y_OFFSET)), (192, 312), "as far as there is something to show");
    write(&mut pc, VIRT_WIDTH, 100);
    assert_eq!((read(&mut pc, VIRT_WIDTH), read(&mut pc, X_OFFSET)), (320, 0), "not narrower than what is shown");
    write(&mut pc, VIRT_WIDTH, 0xFFFF);
    assert_eq!(read(&mut pc, VIRT_WIDTH), 262_144 / 200, "200 lines must fit");
}

#[test]
fn what_does_not_fit_is_cut() {
    let mut pc = in_linear(2560, 1600, 32);
    assert_eq!((read(&mut pc, YRES), read(&mut pc, ENABLE) & 1), (25, 1), "25 lines of 10240 bytes in 256 KiB");
    let image = pc.board.render(&pc.memory);
    assert_eq!((image.width, image.height), (2560, 25));
}

#[test]
fn the_dac_can_have_eight_bits() {
    let mut pc = in_linear(320, 200, 8);
    write(&mut pc, ENABLE, 0x61);
    pc.outb(0x3C8, 5);
    for value in [0x81, 0xFF, 0x7E] {
        pc.outb(0x3C9, value);
    }
    poke(&mut pc, 0, &[5]);
    assert_eq!(rgb(&pc, 0, 0), [0x81, 0xFF, 0x7E]);
    pc.outb(0x3C7, 5);
    assert_eq!([pc.inb(0x3C9), pc.inb(0x3C9), pc.inb(0x3C9)], [0x81, 0xFF, 0x7E]);
    pc.outb(0x3C7, 0x3F);
    assert_eq!(pc.inb(0x3C9), 0xFF, "white stays white");
    write(&mut pc, ENABLE, 0x41);
    pc.outb(0x3C7, 5);
    assert_eq!([pc.inb(0x3C9), pc.inb(0x3C9), pc.inb(0x3C9)], [0x20, 0x3F, 0x1F], "six bits again");
}

#[test]
fn the_registers_are_in_memory_too() {
    let mut pc = in_mode(&super::MODE_12);
    pc.config_out(FUNCTION, 0x18, Size::Dword, 0xE100_0000);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    let at = |index: u32| 0xE100_0500 + 2 * u64::from(index);
    assert_eq!(pc.load(at(ID), Size::Word), 0xB0C5);
    for (index, value) in [(XRES, 400), (YRES, 300), (BPP, 16), (ENABLE, 0x41)] {
        pc.store(at(index), Size::Word, value);
    }
    assert_eq!((read(&mut pc, XRES), read(&mut pc, BPP), pc.load(at(YRES), Size::Word)), (400, 16, 300));
    let image = pc.board.render(&pc.memory);
    assert_eq!((image.width, image.height), (400, 300));
    assert_eq!(pc.load(at(MEMORY_64K) + 2, Size::Word), 0, "no more");
}

#[test]
fn bytes_of_the_data_port_and_its_second_place() {
    let mut pc = pc();
    pc.port_out(0x1CE, Size::Word, XRES);
    pc.port_out(0x1D0, Size::Word, 0x0140);
    assert_eq!((pc.port_in(0x1CF, Size::Word), pc.port_in(0x1D0, Size::Word)), (0x140, 0x140));
    assert_eq!(pc.port_in(0x1CF, Size::Byte), 0x40);
}
