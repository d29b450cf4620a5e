//! Text modes: fonts, nine dots, underline, cursor, blinking, panning, 40 columns. Dots by hand from IBM's *PS/2 Video
//! Subsystems*, "Alphanumeric Modes".

use ringwalk_mmu::{Instant, Size};

use super::{MODE_3, Mode, TEXT, grey, in_mode, pixel, set, set_all, set_attribute, text_mode};
use crate::test_pc::Pc;
use crate::vga::WINDOW;
use crate::vga::picture::Phase;

/// Writes a line of a glyph into a font block: blocks 0 to 3 begin at multiples of 16 KiB, 4 to 7 8 KiB behind them.
fn glyph(pc: &mut Pc, block: u64, character: u64, scan: u64, bits: u64) {
    set_all(pc, 0x3C4, &[0x03, 0x00, 0x04]);
    set(pc, 0x3C4, 4, 0x06);
    set_all(pc, 0x3CE, &[0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x04]);
    pc.store(WINDOW + (block & 3) * 0x4000 + (block >> 2) * 0x2000 + character * 32 + scan, Size::Byte, bits);
    set_all(pc, 0x3C4, &[0x03, 0x00, 0x03]);
    set(pc, 0x3C4, 4, 0x02);
    set_all(pc, 0x3CE, &[0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E]);
}

/// The dots of a line of the first cells: true where the colour is not black.
fn dots(pc: &Pc, phase: Phase, line: usize, count: usize) -> String {
    let image = pc.board.devices.vga.picture(&pc.memory, phase);
    let lit = |x: usize| image.rgb[3 * (line * image.width as usize + x)] != 0;
    (0..count).map(|x| if lit(x) { 'X' } else { '.' }).collect()
}

fn without_cursor(mode: &Mode) -> Pc {
    let mut pc = in_mode(mode);
    set(&mut pc, 0x3D4, 0x0A, 0x20);
    pc
}

#[test]
fn attribute_bit_3_chooses_between_two_fonts() {
    let mut pc = without_cursor(&MODE_3);
    for block in 0..8 {
        glyph(&mut pc, block, 0x41, 0, 1 << block);
    }
    pc.store(TEXT, Size::Dword, 0x0F41_0741);
    // Map B in bits 4, 1, 0; map A in bits 5, 3, 2.
    for (select, plain, bright) in [(0x00, 0, 0), (0x01, 1, 0), (0x0D, 1, 3), (0x3A, 6, 6), (0x2C, 0, 7), (0x10, 4, 0)]
    {
        set(&mut pc, 0x3C4, 3, select);
        let expected = |block: usize| format!("{:08b}.", 1_u8 << block).replace('0', ".").replace('1', "X");
        assert_eq!(dots(&pc, Phase::LIT, 0, 18), expected(plain) + &expected(bright), "select {select:02X}");
    }
    set(&mut pc, 0x3C4, 4, 0x00);
    assert_eq!(dots(&pc, Phase::LIT, 0, 9), ".......X.", "without extended memory the first font");
}

#[test]
fn the_ninth_dot_follows_only_in_line_graphics() {
    let mut pc = without_cursor(&MODE_3);
    for character in [0xBF, 0xC0, 0xDF, 0xE0] {
        glyph(&mut pc, 0, character, 3, 0x01);
    }
    pc.store(TEXT, Size::Qword, 0x07E0_07DF_07C0_07BF);
    let cell = |ninth: char| format!(".......X{ninth}");
    assert_eq!(dots(&pc, Phase::LIT, 3, 36), cell('.') + &cell('X') + &cell('X') + &cell('.'));
    set_attribute(&mut pc, 0x30, 0x08);
    assert_eq!(dots(&pc, Phase::LIT, 3, 36), cell('.').repeat(4), "line graphics off");
    set(&mut pc, 0x3C4, 1, 0x01);
    assert_eq!(dots(&pc, Phase::LIT, 3, 16), ".......X.......X", "eight dots");
}

#[test]
fn blue_on_black_is_underlined() {
    let mut pc = without_cursor(&MODE_3);
    set(&mut pc, 0x3D4, 0x14, 0x0D);
    pc.store(TEXT, Size::Qword, 0x0720_1120_8920_0120);
    let line = |number| dots(&pc, Phase::LIT, number, 36);
    assert_eq!(line(13), ["XXXXXXXXX"; 2].concat() + "XXXXXXXXX" + ".........", "the third has a blue background");
    assert_eq!(line(12), [".........", ".........", "XXXXXXXXX", "........."].concat());
}

#[test]
fn the_cursor_has_lines_skew_and_a_beat() {
    let mut pc = text_mode();
    set(&mut pc, 0x3D4, 0x0F, 1);
    pc.store(TEXT, Size::Qword, 0x0720_0720_0720_0720);
    let line = |pc: &Pc, number| dots(pc, Phase::LIT, number, 27);
    let second = ".........XXXXXXXXX.........";
    assert_eq!([12, 13, 14, 15].map(|number| line(&pc, number) == second), [false, true, true, false]);
    set(&mut pc, 0x3D4, 0x0B, 0x2E);
    assert_eq!(line(&pc, 13), "..................XXXXXXXXX", "skewed by one character");
    set(&mut pc, 0x3D4, 0x0B, 0x0C);
    assert!(!line(&pc, 13).contains('X'), "it ends before it starts");
    set(&mut pc, 0x3D4, 0x0B, 0x0E);
    assert!(!dots(&pc, Phase { cursor: false, characters: true }, 13, 27).contains('X'));
    // 8 frames on, 8 off, at 70.087 frames a second.
    let at = |frame: u64| Instant(frame * 900 * 449 * 100_000_000 / 28_322_000 + 1000);
    let shown = |frame| {
        let image = pc.board.render_at(&pc.memory, at(frame));
        image.rgb[3 * (13 * 720 + 9)] != 0
    };
    assert_eq!([0, 7, 8, 15, 16, 24].map(shown), [true, true, false, false, true, false]);
}

#[test]
fn blinking_characters_or_bright_backgrounds() {
    let mut pc = without_cursor(&MODE_3);
    glyph(&mut pc, 0, 0x58, 0, 0xF0);
    pc.store(TEXT, Size::Word, 0x8758);
    let dark = Phase { cursor: true, characters: false };
    assert_eq!(dots(&pc, Phase::LIT, 0, 9), "XXXX.....");
    assert_eq!(dots(&pc, dark, 0, 9), ".........", "the foreground goes");
    set_attribute(&mut pc, 0x30, 0x04);
    assert_eq!(dots(&pc, dark, 0, 9), "XXXXXXXXX", "bit 7 is a bright background");
    assert_eq!([pixel(&pc, 0, 0), pixel(&pc, 8, 0)], [0x07, 0x38].map(grey));
    assert_eq!(Phase::of_frame(16), Phase { cursor: true, characters: false });
    assert_eq!(Phase::of_frame(47), Phase { cursor: false, characters: true });
}

#[test]
fn forty_columns_have_dots_twice_as_wide() {
    let mode = Mode {
        sequencer: [0x08, 0x03, 0x00, 0x02],
        crtc: [
            0x2D, 0x27, 0x28, 0x90, 0x2B, 0xA0, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
            0x8F, 0x14, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
        ],
        ..MODE_3
    };
    let mut pc = without_cursor(&mode);
    glyph(&mut pc, 0, 0x41, 0, 0x81);
    set(&mut pc, 0x3C4, 1, 0x08);
    pc.store(TEXT, Size::Word, 0x0741);
    pc.store(TEXT + 80, Size::Word, 0x0742);
    let image = pc.board.render(&pc.memory);
    assert_eq!((image.width, image.height), (720, 400));
    assert_eq!(dots(&pc, Phase::LIT, 0, 18), "XX............XX..");
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!((screen.columns, screen.rows, screen.row_text(1)), (40, 25, "B".to_owned()));
}

#[test]
fn panning_byte_panning_and_preset_row_scan() {
    let mut pc = without_cursor(&MODE_3);
    for scan in 0..16 {
        glyph(&mut pc, 0, 0x41, scan, 1 << (scan & 7));
    }
    pc.store(TEXT, Size::Qword, 0x0720_0741_0720_0720);
    assert_eq!(dots(&pc, Phase::LIT, 0, 27), format!("{}.......X.", ".".repeat(18)));
    set_attribute(&mut pc, 0x33, 0);
    assert_eq!(dots(&pc, Phase::LIT, 0, 27), format!("{}.......X..", ".".repeat(17)), "0 pans nine dots by one");
    set_attribute(&mut pc, 0x33, 8);
    set(&mut pc, 0x3D4, 0x08, 0x40);
    assert_eq!(dots(&pc, Phase::LIT, 0, 9), ".......X.", "two characters");
    set(&mut pc, 0x3D4, 0x08, 0x42);
    assert_eq!(dots(&pc, Phase::LIT, 0, 9), ".....X...", "scan line 2 first");
    assert_eq!(dots(&pc, Phase::LIT, 13, 9), "X........", "and 15 in line 13");
    assert_eq!(dots(&pc, Phase::LIT, 14, 9), ".........", "the next row");
}

#[test]
fn a_preset_past_the_row_counts_round() {
    let mut pc = without_cursor(&MODE_3);
    for scan in 0..32 {
        glyph(&mut pc, 0, 0x41, scan, if scan < 16 { 0x80 } else { 0x01 });
    }
    pc.store(TEXT, Size::Word, 0x0741);
    set(&mut pc, 0x3D4, 0x08, 30);
    let lines: Vec<String> = [0, 1, 2, 17, 18].map(|line| dots(&pc, Phase::LIT, line, 9)).into();
    assert_eq!(lines, [".......X.", ".......X.", "X........", "X........", "........."]);
}

#[test]
fn the_screen_below_a_split_is_what_is_shown() {
    let mut pc = text_mode();
    pc.store(TEXT, Size::Word, 0x0753);
    pc.store(TEXT + 0x2000, Size::Word, 0x0755);
    set(&mut pc, 0x3D4, 0x0C, 0x10);
    // Line compare 383: the last row begins again at address 0.
    set(&mut pc, 0x3D4, 0x18, 0x7F);
    set(&mut pc, 0x3D4, 0x09, 0x0F);
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!([screen.row_text(0), screen.row_text(23), screen.row_text(24)], ["U", "", "S"]);
}

#[test]
fn fifty_rows_of_eight_lines() {
    let mut pc = text_mode();
    set(&mut pc, 0x3D4, 0x09, 0x47);
    pc.store(TEXT + 160 * 49, Size::Word, 0x0741);
    let screen = pc.board.screen(&pc.memory).expect("text");
    assert_eq!((screen.columns, screen.rows, screen.row_text(49)), (80, 50, "A".to_owned()));
}
