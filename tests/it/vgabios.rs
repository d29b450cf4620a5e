//! INT 10h as the *IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference* has it, "Interrupt
//! 10H - Video": its table of modes, and every function in every kind of mode. Pixels of the picture show that what is
//! written is displayed.

use crate::vga_caller::{BUFFER, BUFFER_SEGMENT, Caller, Regs};

const CURSOR: u64 = 0x50;

/// Modes as the reference's table lists them for a VGA: mode, characters in a row, rows, lines of a character, pages,
/// CRT controller, and what a graphics mode shows.
const MODES: [(u16, u16, u16, u16, u16, u16, &str); 15] = [
    (0x00, 40, 25, 16, 8, 0x3D4, ""),
    (0x01, 40, 25, 16, 8, 0x3D4, ""),
    (0x02, 80, 25, 16, 8, 0x3D4, ""),
    (0x03, 80, 25, 16, 8, 0x3D4, ""),
    (0x04, 40, 25, 8, 1, 0x3D4, "320 x 200, 4 colours"),
    (0x05, 40, 25, 8, 1, 0x3D4, "320 x 200, 4 colours"),
    (0x06, 80, 25, 8, 1, 0x3D4, "640 x 200, 2 colours"),
    (0x07, 80, 25, 16, 8, 0x3B4, ""),
    (0x0D, 40, 25, 8, 8, 0x3D4, "320 x 200, 16 colours"),
    (0x0E, 80, 25, 8, 4, 0x3D4, "640 x 200, 16 colours"),
    (0x0F, 80, 25, 14, 2, 0x3B4, "640 x 350, 4 colours"),
    (0x10, 80, 25, 14, 2, 0x3D4, "640 x 350, 16 colours"),
    (0x11, 80, 30, 16, 1, 0x3D4, "640 x 480, 16 colours"),
    (0x12, 80, 30, 16, 1, 0x3D4, "640 x 480, 16 colours"),
    (0x13, 40, 25, 8, 1, 0x3D4, "320 x 200, 256 colours"),
];

/// Width of a dot and height of a line in the picture, as the mode's dots and lines are doubled.
fn scale(mode: u16) -> (u32, u32) {
    match mode {
        0x04 | 0x05 | 0x0D | 0x13 => (2, 2),
        0x06 | 0x0E => (1, 2),
        _ => (1, 1),
    }
}

fn in_mode(mode: u16) -> Caller {
    let mut caller = Caller::with_vram(0);
    caller.int10(Regs::ax(mode));
    caller
}

/// AH=02h on page 0.
fn place(caller: &mut Caller, row: u16, column: u16) {
    caller.int10(Regs::ax(0x0200).dx(row << 8 | column));
}

/// Blue component of a dot, counted in the mode's own dots.
fn dot(caller: &Caller, mode: u16, x: u32, y: u32) -> [u8; 3] {
    let (width, height) = scale(mode);
    caller.rgb(x * width, y * height)
}

#[test]
fn every_mode_is_what_the_table_says() {
    let mut caller = Caller::with_vram(0);
    for (mode, columns, rows, lines, pages, crtc, shown) in MODES {
        caller.int10(Regs::ax(mode));
        let got = (caller.peek(0x449).into(), caller.bda(0x4A), u16::from(caller.peek(0x484)) + 1, caller.bda(0x85));
        assert_eq!(got, (mode, columns, rows, lines), "mode {mode:02X}h: mode, columns, rows, character height");
        assert_eq!((caller.bda(0x63), caller.graphics().as_str()), (crtc, shown), "mode {mode:02X}h");
        let answer = caller.int10(Regs::ax(0x0F00));
        assert_eq!([answer.eax as u16, answer.ebx as u16 >> 8], [columns << 8 | mode, 0], "mode {mode:02X}h, AH=0Fh");
        // AH=1Bh: colours at 27h, pages at 29h of the state information.
        caller.int10(Regs::ax(0x1B00));
        assert_eq!(u16::from(caller.peek(BUFFER + 0x29)), pages, "mode {mode:02X}h: pages");
    }
    assert_eq!(caller.int10(Regs::ax(0x0012 | 0x80)).eax & 0xFF00, 0, "bit 7 keeps memory");
    assert_eq!(caller.int10(Regs::ax(0x0F00)).eax as u16, 0x5092, "and shows in AH=0Fh");
}

#[test]
fn dots_are_written_and_read_in_every_graphics_mode() {
    for (mode, width, height, most) in [
        (4, 320, 200, 3),
        (6, 640, 200, 1),
        (0xD, 320, 200, 15),
        (0x10, 640, 350, 15),
        (0x12, 640, 480, 15),
        (0x13, 320, 200, 255),
    ] {
        let mut caller = in_mode(mode);
        let corners =
            [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width / 2 + 3, height / 2 + 1)];
        let background = dot(&caller, mode, 1, 1);
        for (x, y) in corners {
            caller.int10(Regs::ax(0x0C00 | most).cx(x).dx(y));
            assert_eq!(caller.int10(Regs::ax(0x0D00).cx(x).dx(y)).eax as u8, most as u8, "mode {mode:X}h at {x},{y}");
        }
        // Colour 1 is shown as another colour than the background everywhere.
        let (x, y) = corners[4];
        caller.int10(Regs::ax(0x0C01).cx(x).dx(y));
        assert_ne!(dot(&caller, mode, x.into(), y.into()), background, "mode {mode:X}h shows it");
        assert_eq!(dot(&caller, mode, u32::from(x) + 1, y.into()), background, "and nothing beside it");
        if mode != 0x13 {
            caller.int10(Regs::ax(0x0C81).cx(x).dx(y));
            assert_eq!(caller.int10(Regs::ax(0x0D00).cx(x).dx(y)).eax as u8, 0, "bit 7: exclusive or");
        }
    }
}

#[test]
fn text_is_written_read_and_scrolled_in_every_mode() {
    for (mode, columns, rows, ..) in MODES {
        let mut caller = in_mode(mode);
        let colour = if matches!(mode, 7 | 0x0F) { 0x01 } else { 0x03 };
        place(&mut caller, 2, 3);
        caller.int10(Regs::ax(0x0941).bx(colour).cx(2));
        assert_eq!(caller.word(0x400 + CURSOR), 0x0203, "AH=09h leaves the cursor");
        let read = |caller: &mut Caller, row, column| {
            place(caller, row, column);
            caller.int10(Regs::ax(0x0800)).eax as u8
        };
        let found = [(2, 3), (2, 4), (2, 5)].map(|(row, column)| read(&mut caller, row, column));
        let blank = if caller.graphics().is_empty() { b' ' } else { 0 };
        // An empty cell matches the first glyph without dots.
        assert_eq!(found, [b'A', b'A', blank], "mode {mode:X}h");
        // Teletype: the last cell of the last row, then the screen scrolls.
        place(&mut caller, rows - 1, columns - 1);
        caller.int10(Regs::ax(0x0E5A).bx(colour));
        assert_eq!(caller.word(0x400 + CURSOR), (rows - 1) << 8, "mode {mode:X}h: first column of the last row");
        assert_eq!(read(&mut caller, rows - 2, columns - 1), b'Z', "mode {mode:X}h scrolled up");
        assert_eq!(read(&mut caller, 1, 3), b'A', "mode {mode:X}h");
        // AH=07h: rows 1 to 4, columns 3 and 4, two down; what leaves the window is lost.
        caller.int10(Regs::ax(0x0702).bx(0x0000).cx(0x0103).dx(0x0404));
        assert_eq!([read(&mut caller, 1, 3), read(&mut caller, 3, 3)], [blank, b'A'], "mode {mode:X}h down");
        caller.int10(Regs::ax(0x0601).bx(0x0000).cx(0x0303).dx(0x0303));
        assert_eq!([read(&mut caller, 3, 3), read(&mut caller, 3, 4)], [blank, b'A'], "one cell cleared");
    }
}

#[test]
fn glyphs_in_graphics_have_the_dots_of_their_font() {
    // The capital letter L of an 8x8 font: some dots on the left, none in the upper right corner.
    for mode in [4, 6, 0xD, 0x12, 0x13] {
        let mut caller = in_mode(mode);
        let answer = caller.int10(Regs::ax(0x1130).bx(0x0100));
        let font = u64::from(answer.es) * 16 + u64::from(answer.ebp as u16);
        let lines = u64::from(answer.ecx);
        assert_eq!(lines as u16, caller.bda(0x85), "AX=1130h, INT 43h");
        place(&mut caller, 1, 2);
        caller.int10(Regs::ax(0x094C).bx(0x0001).cx(1));
        let background = dot(&caller, mode, 0, 0);
        for line in 0..lines {
            let glyph = caller.peek(font + u64::from(b'L') * lines + line);
            for x in 0..8 {
                let lit = dot(&caller, mode, 16 + x, (lines + line) as u32) != background;
                assert_eq!(lit, glyph & 0x80 >> x != 0, "mode {mode:X}h, line {line}, dot {x}");
            }
        }
    }
}

#[test]
fn pages_have_cursors_of_their_own() {
    let mut caller = in_mode(3);
    caller.int10(Regs::ax(0x0100).cx(0x0607));
    place(&mut caller, 1, 2);
    caller.int10(Regs::ax(0x0200).bx(0x0100).dx(0x0304));
    let answer = caller.int10(Regs::ax(0x0300).bx(0x0100));
    assert_eq!([answer.ecx as u16, answer.edx as u16], [0x0607, 0x0304]);
    caller.int10(Regs::ax(0x0943).bx(0x0107).cx(1));
    assert_eq!(caller.row(3), "");
    caller.int10(Regs::ax(0x0501));
    assert_eq!((caller.row(3), caller.peek(0x462), caller.bda(0x4E)), ("    C".to_owned(), 1, 0x1000));
    let screen = caller.machine.board.screen(&caller.machine.memory).expect("text");
    assert_eq!(screen.cursor, Some((4, 3)));
    caller.int10(Regs::ax(0x0100).cx(0x2000));
    assert_eq!(caller.machine.board.screen(&caller.machine.memory).and_then(|screen| screen.cursor), None);
}

#[test]
fn strings_with_and_without_attributes() {
    let mut caller = in_mode(3);
    caller.poke(BUFFER, b"one\r\n2");
    let write = |caller: &mut Caller, al: u16, count| {
        caller.int10(Regs { edx: 0x0502, ..Regs::ax(0x1300 | al).bx(0x1E).cx(count) });
        caller.word(0x400 + CURSOR)
    };
    place(&mut caller, 0, 0);
    assert_eq!(write(&mut caller, 0, 6), 0x0000, "AL=0: the cursor stays");
    assert_eq!((caller.row(5), caller.row(6)), ("  one".to_owned(), "2".to_owned()));
    assert_eq!(write(&mut caller, 1, 6), 0x0601, "AL=1: it moves");
    caller.poke(BUFFER, &[b'a', 0x4F, b'b', 0x2A]);
    assert_eq!(write(&mut caller, 3, 2), 0x0504);
    assert_eq!(caller.machine.board.screen(&caller.machine.memory).expect("text").attributes[402..404], [0x4F, 0x2A]);
    caller.int10(Regs::ax(0x0A63).cx(1));
    assert_eq!(caller.row(5), "  abc", "AH=0Ah");
}

#[test]
fn palette_registers_and_colours() {
    let mut caller = in_mode(3);
    caller.int10(Regs::ax(0x1000).bx(0x2A05));
    assert_eq!(caller.int10(Regs::ax(0x1007).bx(0x0005)).ebx as u16, 0x2A05);
    caller.int10(Regs::ax(0x1001).bx(0x0300));
    assert_eq!(caller.int10(Regs::ax(0x1008)).ebx as u16 >> 8, 3, "border");
    let all: Vec<u8> = (0..17).map(|value| 0x3F - value).collect();
    caller.poke(BUFFER, &all);
    caller.int10(Regs::ax(0x1002));
    caller.poke(BUFFER, &[0; 17]);
    caller.int10(Regs::ax(0x1009));
    assert_eq!(caller.bytes(BUFFER, 17), all);
    caller.int10(Regs { ecx: 0x2233, ..Regs::ax(0x1010).bx(0x55).dx(0x1100) });
    let answer = caller.int10(Regs::ax(0x1015).bx(0x55));
    assert_eq!([answer.edx as u16 >> 8, answer.ecx as u16], [0x11, 0x2233]);
    caller.poke(BUFFER, &[1, 2, 3, 4, 5, 6]);
    caller.int10(Regs::ax(0x1012).bx(0xF0).cx(2));
    caller.poke(BUFFER, &[0; 6]);
    caller.int10(Regs::ax(0x1017).bx(0xF0).cx(2));
    assert_eq!(caller.bytes(BUFFER, 6), [1, 2, 3, 4, 5, 6]);
    caller.int10(Regs::ax(0x1018).bx(0x7F));
    assert_eq!(caller.int10(Regs::ax(0x1019)).ebx as u8, 0x7F, "PEL mask");
    caller.int10(Regs::ax(0x1013).bx(0x0100));
    caller.int10(Regs::ax(0x1013).bx(0x0701));
    assert_eq!(caller.int10(Regs::ax(0x101A)).ebx as u16, 0x0701, "16 pages, page 7");
    // 30 % of red, 59 % of green, 11 % of blue.
    caller.int10(Regs { ecx: 0x0000, ..Regs::ax(0x1010).bx(0x55).dx(0x3F00) });
    caller.int10(Regs::ax(0x101B).bx(0x55).cx(1));
    let grey = caller.int10(Regs::ax(0x1015).bx(0x55));
    assert_eq!([grey.edx as u16 >> 8, grey.ecx as u16], [0x13, 0x1313], "63 * 0.30 = 18.9");
    // AH=0Bh in mode 4: colours 2, 4, 6 or 3, 5, 7, and the background.
    caller.int10(Regs::ax(0x0004));
    caller.int10(Regs::ax(0x0B00).bx(0x0100));
    let palette =
        |caller: &mut Caller| [0, 1, 2, 3].map(|register| caller.int10(Regs::ax(0x1007).bx(register)).ebx >> 8 & 7);
    assert_eq!(palette(&mut caller), [0, 2, 4, 6], "palette 0");
    caller.int10(Regs::ax(0x0B00).bx(0x0101));
    caller.int10(Regs::ax(0x0B00).bx(0x0001));
    assert_eq!(palette(&mut caller), [1, 3, 5, 7], "palette 1 on blue");
}

#[test]
fn fonts_change_the_number_of_rows() {
    let mut caller = in_mode(3);
    for (function, rows, lines) in [(0x1112, 50, 8), (0x1111, 28, 14), (0x1114, 25, 16)] {
        caller.int10(Regs::ax(function));
        let screen = caller.machine.board.screen(&caller.machine.memory).expect("text");
        assert_eq!((screen.rows, caller.peek(0x484) + 1, caller.bda(0x85)), (rows, rows as u8, lines), "{function:X}h");
        let answer = caller.int10(Regs::ax(0x1130));
        assert_eq!([answer.ecx as u16, answer.edx as u16 & 0xFF], [lines, rows - 1], "AX=1130h");
    }
    // A glyph of the test's own: all dots of the first line.
    let glyph: Vec<u8> = (0..16).map(|line| if line == 0 { 0xFF } else { 0 }).collect();
    caller.poke(BUFFER, &glyph);
    caller.int10(Regs::ax(0x1100).bx(0x1000).cx(1).dx(0x42));
    caller.int10(Regs::ax(0x0100).cx(0x2000));
    place(&mut caller, 0, 0);
    caller.int10(Regs::ax(0x0942).bx(0x0F).cx(1));
    assert_eq!([caller.rgb(0, 0), caller.rgb(7, 0), caller.rgb(0, 1)], [[0xFF; 3], [0xFF; 3], [0; 3]]);
    // The same into block 1, shown by block specifier 4 for attributes with bit 3.
    caller.poke(BUFFER, &[0xAA; 16]);
    caller.int10(Regs::ax(0x1100).bx(0x1001).cx(1).dx(0x42));
    caller.int10(Regs::ax(0x1103).bx(0x0004));
    assert_eq!([caller.rgb(0, 5), caller.rgb(1, 5)], [[0xFF; 3], [0; 3]]);
}

#[test]
fn what_the_adapter_tells_about_itself() {
    let mut caller = in_mode(3);
    let ega = caller.int10(Regs::ax(0x1200).bx(0x0010));
    assert_eq!([ega.ebx as u16, ega.ecx as u16 & 0xF], [0x0003, 0x9], "colour, 256 KiB, switches");
    assert_eq!(caller.int10(Regs::ax(0x1A00)).words()[..2], [0x1A1A, 0x0008], "VGA with a colour display");
    for (lines, rows, height) in [(0, 25, 8), (1, 25, 14), (2, 25, 16)] {
        assert_eq!(caller.int10(Regs::ax(0x1200 | lines).bx(0x0030)).eax as u8, 0x12);
        caller.int10(Regs::ax(0x0003));
        assert_eq!((u16::from(caller.peek(0x484)) + 1, caller.bda(0x85)), (rows, height), "200, 350, 400 lines");
    }
    caller.int10(Regs::ax(0x1201).bx(0x0036));
    place(&mut caller, 0, 0);
    assert_eq!(caller.size(), (720, 400));
    assert_eq!(caller.int10(Regs::ax(0x1200).bx(0x0036)).eax as u8, 0x12);
    // State information: static table, mode, columns, rows, character height, display, colours, pages, lines.
    assert_eq!(caller.int10(Regs::ax(0x1B00)).eax as u8, 0x1B);
    let table = u64::from(caller.word(BUFFER + 2)) * 16 + u64::from(caller.word(BUFFER));
    assert_eq!(caller.bytes(table, 3), [0xFF, 0xE0, 0x0F], "modes 0 to 7 and 0Dh to 13h");
    assert_eq!((caller.peek(BUFFER + 4), caller.word(BUFFER + 5)), (3, 80));
    assert_eq!(caller.bytes(BUFFER + 0x22, 9), [25, 16, 0, 8, 0, 16, 0, 8, 2]);
    assert_eq!(caller.peek(BUFFER + 0x31), 3, "256 KiB");
}

#[test]
fn state_is_saved_and_restored() {
    let mut caller = in_mode(0x12);
    caller.int10(Regs::ax(0x1000).bx(0x2A05));
    caller.int10(Regs { ecx: 0x2233, ..Regs::ax(0x1010).bx(0x55).dx(0x1100) });
    let size = caller.int10(Regs::ax(0x1C00).cx(7));
    assert_eq!(size.eax as u8, 0x1C);
    assert!((1..=64).contains(&size.words()[1]), "{} blocks of 64 bytes", size.words()[1]);
    assert_eq!(caller.int10(Regs::ax(0x1C01).cx(7)).eax as u8, 0x1C);
    caller.int10(Regs::ax(0x0003));
    assert_eq!(caller.int10(Regs::ax(0x1C02).cx(7)).eax as u8, 0x1C);
    assert_eq!((caller.graphics().as_str(), caller.peek(0x449)), ("640 x 480, 16 colours", 0x12));
    assert_eq!(caller.int10(Regs::ax(0x1007).bx(0x0005)).ebx as u16, 0x2A05);
    assert_eq!(caller.int10(Regs::ax(0x1015).bx(0x55)).ecx as u16, 0x2233);
}

#[test]
fn unknown_functions_change_nothing() {
    let mut caller = in_mode(3);
    let before = caller.bytes(0x449, 0x1E);
    for function in [0x1400, 0x1900, 0x1D00, 0x3000, 0x0014, 0x00FF, 0x10FF, 0x11FF, 0x12FF, 0xFE00] {
        let regs = Regs { ebp: 0x4444, esi: 0x5555, edi: 0x6666, ..Regs::ax(function).bx(0x77).cx(0x2222).dx(0x3333) };
        let after = caller.int10(regs);
        assert_eq!(after, Regs { es: BUFFER_SEGMENT, ..regs }, "AX={function:04X}h");
    }
    assert_eq!(caller.bytes(0x449, 0x1E), before);
    // The upper halves of all registers survive a function.
    let full = Regs { ebp: 0xBBBB_0000, ..Regs::ax(0x0300) };
    let full = Regs { eax: 0xAAAA_0300, ebx: 0x1111_0000, ecx: 0x2222_0000, edx: 0x3333_0000, ..full };
    let after = caller.int10(full);
    assert_eq!(
        [after.eax, after.ebx, after.ecx, after.edx, after.ebp].map(|register| register >> 16),
        [0xAAAA, 0x1111, 0x2222, 0x3333, 0xBBBB]
    );
}
