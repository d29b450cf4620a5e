//! The adapter through its ports and its window. Expected values from IBM's *PS/2 Video Subsystems* unless said
//! otherwise; the register values of mode 3 are those of its "BIOS video parameter" listing for 720 x 400 text.

use ringwalk_mmu::{Instant, PhysAddr, Size};

use super::{TEXT, get, pc, planar_mode, planes, set, set_all, set_attribute, text_mode};
use crate::test_pc::Pc;
use crate::vga::registers::{ATTRIBUTE, CRTC, GRAPHICS, SEQUENCER};
use crate::vga::{FUNCTION, WINDOW};

#[test]
fn registers_keep_the_bits_that_exist() {
    let mut pc = pc();
    pc.outb(0x3C2, 0xFF);
    assert_eq!(pc.inb(0x3CC), 0xEF, "miscellaneous output");
    let files: [(u16, &[u8]); 3] = [(0x3C4, &SEQUENCER), (0x3CE, &GRAPHICS), (0x3D4, &CRTC)];
    for (port, masks) in files {
        for (index, mask) in (0..).zip(masks) {
            set(&mut pc, port, index, 0xFF);
            // Register 11h of the CRT controller protects the first eight now.
            assert_eq!(get(&mut pc, port, index), *mask, "{port:X}h, {index:X}h");
        }
        // Beyond its 25 registers the CRT controller has two that can only be read, at 22h and 24h.
        let past = masks.len() as u8;
        set(&mut pc, port, past, 0xFF);
        assert_eq!(get(&mut pc, port, past), 0, "{port:X}h has no more");
    }
    for (index, mask) in (0..).zip(ATTRIBUTE) {
        set_attribute(&mut pc, index, 0xFF);
        pc.inb(0x3DA);
        pc.outb(0x3C0, index);
        assert_eq!((pc.inb(0x3C0), pc.inb(0x3C1)), (index, mask), "attribute {index:X}h");
    }
    pc.outb(0x3DA, 0xFF);
    assert_eq!(pc.inb(0x3CA), 0x0B, "feature control");
}

#[test]
fn the_crtc_moves_with_the_colour_bit() {
    let mut pc = pc();
    pc.outb(0x3C2, 0x00);
    set(&mut pc, 0x3B4, 0x0C, 0x12);
    assert_eq!((get(&mut pc, 0x3B4, 0x0C), pc.inb(0x3D5)), (0x12, 0xFF));
    pc.outb(0x3C2, 0x01);
    assert_eq!((get(&mut pc, 0x3D4, 0x0C), pc.inb(0x3B5)), (0x12, 0xFF));
    assert_eq!(pc.inb(0x3BA), 0xFF);
}

#[test]
fn the_first_crtc_registers_are_protected() {
    let mut pc = text_mode();
    set(&mut pc, 0x3D4, 0x00, 0x11);
    assert_eq!(get(&mut pc, 0x3D4, 0x00), 0x5F, "register 11h bit 7 was set");
    set(&mut pc, 0x3D4, 0x07, 0x00);
    assert_eq!(get(&mut pc, 0x3D4, 0x07), 0x0F, "but for line compare bit 8");
    set(&mut pc, 0x3D4, 0x08, 0x05);
    assert_eq!(get(&mut pc, 0x3D4, 0x08), 0x05);
    set(&mut pc, 0x3D4, 0x11, 0x0E);
    set(&mut pc, 0x3D4, 0x00, 0x11);
    assert_eq!(get(&mut pc, 0x3D4, 0x00), 0x11);
}

#[test]
fn the_latch_and_the_attribute_toggle_can_be_read() {
    let mut pc = planar_mode();
    set(&mut pc, 0x3C4, 2, 0b0100);
    pc.store(WINDOW, Size::Byte, 0xA5);
    pc.load(WINDOW, Size::Byte);
    set(&mut pc, 0x3CE, 4, 2);
    assert_eq!(get(&mut pc, 0x3D4, 0x22), 0xA5, "plane 2's latch");
    set(&mut pc, 0x3CE, 4, 1);
    assert_eq!(get(&mut pc, 0x3D4, 0x22), 0x00, "plane 1's");
    pc.inb(0x3DA);
    assert_eq!(get(&mut pc, 0x3D4, 0x24), 0x00, "an index is next");
    pc.outb(0x3C0, 0x20);
    assert_eq!(get(&mut pc, 0x3D4, 0x24), 0x80, "data is next");
}

#[test]
fn the_palette_is_written_while_the_display_does_not_use_it() {
    let mut pc = text_mode();
    set_attribute(&mut pc, 0x25, 0x2A);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x05);
    assert_eq!(pc.inb(0x3C1), 0x05, "address source bit set: no change");
    set_attribute(&mut pc, 0x05, 0x2A);
    set_attribute(&mut pc, 0x31, 0x07);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x05);
    assert_eq!(pc.inb(0x3C1), 0x2A);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x31);
    assert_eq!(pc.inb(0x3C1), 0x07, "the others at any time");
}

#[test]
fn the_attribute_port_alternates() {
    let mut pc = text_mode();
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x25);
    pc.inb(0x3DA);
    pc.outb(0x3C0, 0x31);
    pc.outb(0x3C0, 0x5A);
    assert_eq!(pc.inb(0x3C0), 0x31, "input status 1 made the index next");
    assert_eq!(pc.inb(0x3C1), 0x5A);
    pc.outb(0x3C0, 0x25);
    assert_eq!(pc.inb(0x3C1), 0x05, "without it the turns go on");
}

#[test]
fn the_dac_steps_through_components_and_colours() {
    let mut pc = pc();
    pc.outb(0x3C8, 0xFF);
    for value in [1, 2, 0xC3, 4, 5, 6] {
        pc.outb(0x3C9, value);
    }
    assert_eq!((pc.inb(0x3C8), pc.inb(0x3C7)), (1, 0), "colour 255 is followed by 0; writing");
    pc.outb(0x3C7, 0xFF);
    let colours: Vec<u8> = (0..6).map(|_| pc.inb(0x3C9)).collect();
    assert_eq!(colours, [1, 2, 3, 4, 5, 6], "six bits each");
    assert_eq!(pc.inb(0x3C7), 3, "reading");
    pc.outb(0x3C8, 9);
    pc.outb(0x3C9, 0x3F);
    pc.outb(0x3C7, 9);
    assert_eq!(pc.inb(0x3C9), 0, "a colour changes with its third component");
}

#[test]
fn retrace_follows_the_time_of_the_mode() {
    let mut pc = text_mode();
    // 100 characters of 9 dots, 449 lines at 28.322 MHz: 70.087 Hz. Retrace is in lines 412 and 413.
    let mut at = |line: u64, char: u64| {
        pc.now = Instant((line * 900 + char * 9) * 100_000_000 / 28_322_000 + 1);
        pc.inb(0x3DA)
    };
    assert_eq!([at(0, 0), at(0, 79), at(0, 80), at(0, 99)], [0x00, 0x00, 0x01, 0x01], "80 of 100 characters");
    assert_eq!([at(399, 0), at(400, 0), at(448, 99)], [0x00, 0x01, 0x01], "400 of 449 lines");
    assert_eq!([at(411, 99), at(412, 0), at(413, 99), at(414, 0)], [0x01, 0x09, 0x09, 0x01]);
    assert_eq!([at(449, 0), at(449 * 70 + 412, 5)], [0x00, 0x09], "the next frame, and the 70th");
}

#[test]
fn text_is_what_was_written_to_the_window() {
    let mut pc = text_mode();
    for (index, code) in (0..).zip(*b"ringwalk") {
        pc.store(TEXT + 160 * 3 + 2 * index, Size::Word, 0x1E00 | u64::from(code));
    }
    pc.store(TEXT + 160 * 24 + 158, Size::Byte, 0xDB);
    assert_eq!(pc.load(TEXT + 160 * 3, Size::Qword), 0x1E67_1E6E_1E69_1E72);
    set(&mut pc, 0x3D4, 0x0F, 168);
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!((screen.columns, screen.rows), (80, 25));
    assert_eq!((screen.row_text(3), screen.row_text(4)), ("ringwalk".to_owned(), String::new()));
    assert_eq!(screen.attributes[3 * 80..][..3], [0x1E; 3]);
    assert!(screen.text().ends_with("█\n"));
    assert_eq!(screen.cursor, Some((8, 2)));
    assert_eq!([planes(&pc, 480), planes(&pc, 482)], [*b"r\x1E\0\0", *b"i\x1E\0\0"], "odd/even addressing");
}

#[test]
fn the_screen_follows_start_address_and_cursor() {
    let mut pc = text_mode();
    pc.store(TEXT + 160 * 25, Size::Qword, 0x0700_0700_076B_076F);
    set(&mut pc, 0x3D4, 0x0D, 80);
    set(&mut pc, 0x3D4, 0x0F, 167);
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!(screen.row_text(24), "ok", "row 25 of memory is the last shown");
    assert_eq!(screen.cursor, Some((7, 1)));
    set(&mut pc, 0x3D4, 0x0F, 79);
    assert_eq!(pc.board.screen(&pc.memory).and_then(|screen| screen.cursor), None, "above the screen");
    set(&mut pc, 0x3D4, 0x0F, 80);
    set(&mut pc, 0x3D4, 0x0A, 0x2D);
    assert_eq!(pc.board.screen(&pc.memory).and_then(|screen| screen.cursor), None, "switched off");
    set(&mut pc, 0x3CE, 6, 0x05);
    assert_eq!(pc.board.screen(&pc.memory), None, "graphics");
}

#[test]
fn write_mode_0_rotates_sets_and_masks() {
    let mut pc = planar_mode();
    pc.store(WINDOW, Size::Byte, 0xF0);
    assert_eq!(planes(&pc, 0), [0xF0; 4]);
    set(&mut pc, 0x3C4, 2, 0b0101);
    pc.store(WINDOW, Size::Byte, 0x0F);
    assert_eq!(planes(&pc, 0), [0x0F, 0xF0, 0x0F, 0xF0], "map mask");
    set(&mut pc, 0x3C4, 2, 0x0F);
    set(&mut pc, 0x3CE, 3, 0x04);
    set(&mut pc, 0x3CE, 0, 0b0010);
    set(&mut pc, 0x3CE, 1, 0b0110);
    pc.store(WINDOW + 1, Size::Byte, 0x12);
    assert_eq!(planes(&pc, 1), [0x21, 0xFF, 0x00, 0x21], "rotated by 4; planes 1 and 2 from set/reset");
    set(&mut pc, 0x3CE, 1, 0);
    pc.load(WINDOW + 1, Size::Byte);
    set(&mut pc, 0x3CE, 3, 0x18);
    set(&mut pc, 0x3CE, 8, 0xF0);
    pc.store(WINDOW + 2, Size::Byte, 0xFF);
    assert_eq!(planes(&pc, 2), [0xD1, 0x0F, 0xF0, 0xD1], "XOR with the latches, the low half from them");
}

#[test]
fn write_modes_1_to_3() {
    let mut pc = planar_mode();
    set(&mut pc, 0x3CE, 5, 2);
    pc.store(WINDOW, Size::Byte, 0b1010);
    assert_eq!(planes(&pc, 0), [0, 0xFF, 0, 0xFF], "mode 2: the colour in the data");
    pc.load(WINDOW, Size::Byte);
    set(&mut pc, 0x3CE, 5, 1);
    pc.store(WINDOW + 9, Size::Byte, 0x77);
    assert_eq!(planes(&pc, 9), [0, 0xFF, 0, 0xFF], "mode 1: the latches");
    set(&mut pc, 0x3CE, 5, 3);
    set(&mut pc, 0x3CE, 0, 0b0001);
    set(&mut pc, 0x3CE, 8, 0x3C);
    pc.store(WINDOW + 9, Size::Byte, 0x0F);
    assert_eq!(planes(&pc, 9), [0x0C, 0xF3, 0, 0xF3], "mode 3: set/reset where data and mask are set");
}

#[test]
fn reads_select_a_plane_or_compare_colours() {
    let mut pc = planar_mode();
    for plane in 0..4 {
        set(&mut pc, 0x3C4, 2, 1 << plane);
        pc.store(WINDOW + 5, Size::Byte, 0x11 << plane);
    }
    for plane in 0..4 {
        set(&mut pc, 0x3CE, 4, plane);
        assert_eq!(pc.load(WINDOW + 5, Size::Byte), 0x11 << plane);
    }
    set(&mut pc, 0x3CE, 5, 0x08);
    set(&mut pc, 0x3CE, 2, 0b0010);
    assert_eq!(pc.load(WINDOW + 5, Size::Byte), 0x22, "dots of colour 2");
    set(&mut pc, 0x3CE, 7, 0b0000);
    assert_eq!(pc.load(WINDOW + 5, Size::Byte), 0xFF, "no plane counts");
}

#[test]
fn chain_4_takes_the_planes_by_turns() {
    let mut pc = planar_mode();
    pc.config_out(FUNCTION, 0x10, Size::Dword, 0xE000_0000);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    set(&mut pc, 0x3C4, 4, 0x0E);
    pc.store(WINDOW + 0x1234, Size::Dword, 0x4433_2211);
    assert_eq!(planes(&pc, 0x1234), [0x11, 0x22, 0x33, 0x44]);
    let linear: Vec<_> = (0..4).map(|plane| pc.memory.peek(PhysAddr(0xE000_0000 + 4 * 0x1234 + plane))).collect();
    assert_eq!(linear, [Some(0x11), Some(0x22), Some(0x33), Some(0x44)], "the framebuffer has the planes side by side");
    assert!(pc.memory.poke(PhysAddr(0xE000_0000 + 4 * 0x1234 + 1), 0x99));
    assert_eq!(pc.load(WINDOW + 0x1234, Size::Word), 0x9911);
    pc.store(WINDOW + 0xC001, Size::Byte, 0x77);
    assert_eq!(planes(&pc, 0xC003), [0, 0x77, 0, 0], "address bits 15 and 14 are the lowest of a plane's");
}

#[test]
fn the_window_is_where_the_memory_map_select_says() {
    let mut pc = planar_mode();
    for (select, open) in [(0x01, [true; 4]), (0x05, [true, true, false, false]), (0x09, [false, false, true, false])] {
        set(&mut pc, 0x3CE, 6, select);
        for (addr, open) in [0xA_0000, 0xA_FFFF, 0xB_0000, 0xB_8000].into_iter().zip(open) {
            pc.store(addr, Size::Byte, 0x5A);
            let expected = if open { 0x5A } else { 0xFF };
            assert_eq!(pc.load(addr, Size::Byte), expected, "select {select:02X}, {addr:X}h");
        }
    }
    pc.outb(0x3C2, 0x65);
    set(&mut pc, 0x3CE, 6, 0x01);
    assert_eq!(pc.load(0xA_0000, Size::Byte), 0xFF, "miscellaneous output bit 1 shuts it");
}

#[test]
fn the_picture_is_drawn_from_the_font_in_plane_2() {
    let mut pc = text_mode();
    set_all(&mut pc, 0x3C4, &[0x03, 0x00, 0x04, 0x00, 0x06]);
    set_all(&mut pc, 0x3CE, &[0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x04]);
    pc.store(WINDOW + 0xC4 * 32 + 7, Size::Byte, 0xFF);
    pc.store(WINDOW + 0x41 * 32 + 7, Size::Byte, 0x81);
    set_all(&mut pc, 0x3C4, &[0x03, 0x00, 0x03, 0x00, 0x02]);
    set_all(&mut pc, 0x3CE, &[0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E]);
    pc.store(TEXT, Size::Dword, 0x1FC4_1F41);
    let image = pc.board.render(&pc.memory);
    assert_eq!((image.width, image.height, image.rgb.len()), (720, 400, 720 * 400 * 3));
    let line: Vec<u8> = (0..18).map(|x| image.rgb[3 * (7 * 720 + x)]).collect();
    // Colour 15 is palette 3Fh, colour 1 palette 01h; 6 bits become 8.
    let (lit, dark) = (0xFF, 0x04);
    let letter = [lit, dark, dark, dark, dark, dark, dark, lit, dark];
    assert_eq!(line[..9], letter, "the ninth dot is background");
    assert_eq!(line[9..], [lit; 9], "but of line graphics");
    assert_eq!(image.rgb[3 * (6 * 720)], dark);
    let cursor_line = 13 * 720;
    assert_eq!(image.rgb[3 * cursor_line], lit, "the cursor is at the first cell");
}

#[test]
fn panning_and_split_screen_move_the_picture() {
    let mut pc = text_mode();
    set(&mut pc, 0x3D4, 0x0A, 0x20);
    pc.store(TEXT, Size::Word, 0x7000);
    pc.store(TEXT + 160, Size::Word, 0x1000);
    let pixel = |pc: &Pc, x: usize, y: usize| pc.board.render(&pc.memory).rgb[3 * (y * 720 + x)];
    let (white, blue, black) = (0x1C, 0x04, 0x00);
    assert_eq!([pixel(&pc, 8, 0), pixel(&pc, 9, 0), pixel(&pc, 0, 16)], [white, black, blue]);
    set_attribute(&mut pc, 0x33, 3);
    assert_eq!([pixel(&pc, 4, 0), pixel(&pc, 5, 0)], [white, black], "four dots are shifted out");
    set_attribute(&mut pc, 0x33, 8);
    set(&mut pc, 0x3D4, 0x08, 15);
    assert_eq!([pixel(&pc, 0, 0), pixel(&pc, 0, 1)], [white, blue], "preset row scan");
    set(&mut pc, 0x3D4, 0x11, 0x0E);
    set(&mut pc, 0x3D4, 0x07, 0x0F);
    set(&mut pc, 0x3D4, 0x09, 0x0F);
    set(&mut pc, 0x3D4, 0x18, 99);
    assert_eq!([pixel(&pc, 0, 99), pixel(&pc, 0, 100)], [black, white], "line compare starts again at the top");
}

#[test]
fn the_pci_side_has_framebuffer_registers_and_rom() {
    let mut pc = pc();
    assert_eq!(pc.config_in(FUNCTION, 0x00, Size::Dword), 0x1111_1234);
    assert_eq!(pc.config_in(FUNCTION, 0x08, Size::Dword) >> 8, 0x03_0000);
    for (bar, sized) in [(0x10, 0xFFFC_0008), (0x14, 0), (0x18, 0xFFFF_F000), (0x30, 0xFFFF_0001)] {
        pc.config_out(FUNCTION, bar, Size::Dword, 0xFFFF_FFFF);
        assert_eq!(pc.config_in(FUNCTION, bar, Size::Dword), sized, "256 KiB, none, 4 KiB, 64 KiB");
    }
    pc.config_out(FUNCTION, 0x10, Size::Dword, 0);
    pc.config_out(FUNCTION, 0x18, Size::Dword, 0xE100_0000);
    pc.config_out(FUNCTION, 0x30, Size::Dword, 0xE200_0001);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    assert_eq!(pc.memory.peek(PhysAddr(0xE200_0000)), Some(0x55), "the VGA BIOS");
    assert_eq!(pc.memory.peek(PhysAddr(0xE200_1000)), None, "only as much as the image has");
    pc.store(0xE100_0402, Size::Byte, 0x67);
    assert_eq!((pc.inb(0x3CC), pc.load(0xE100_040C, Size::Byte)), (0x67, 0x67), "400h is port 3C0h");
    pc.config_out(FUNCTION, 0x04, Size::Word, 0);
    assert_eq!((pc.inb(0x3CC), pc.load(TEXT, Size::Byte)), (0xFF, 0xFF), "off");
}
