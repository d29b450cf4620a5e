//! INT 10h AH=4Fh as the VESA *VBE Core Functions Standard*, version 3.0, has it: offsets and meanings of its tables,
//! statuses, and its list of mode numbers.

use crate::vga_caller::{BUFFER, Caller, Regs};

/// "VBE Mode Numbers": number, width, height, bits of a pixel. Depth 0 is text.
const MODES: [(u16, u16, u16, u8); 28] = [
    (0x100, 640, 400, 8),
    (0x101, 640, 480, 8),
    (0x102, 800, 600, 4),
    (0x103, 800, 600, 8),
    (0x104, 1024, 768, 4),
    (0x105, 1024, 768, 8),
    (0x106, 1280, 1024, 4),
    (0x107, 1280, 1024, 8),
    (0x108, 80, 60, 0),
    (0x109, 132, 25, 0),
    (0x10A, 132, 43, 0),
    (0x10B, 132, 50, 0),
    (0x10C, 132, 60, 0),
    (0x10D, 320, 200, 15),
    (0x10E, 320, 200, 16),
    (0x10F, 320, 200, 24),
    (0x110, 640, 480, 15),
    (0x111, 640, 480, 16),
    (0x112, 640, 480, 24),
    (0x113, 800, 600, 15),
    (0x114, 800, 600, 16),
    (0x115, 800, 600, 24),
    (0x116, 1024, 768, 15),
    (0x117, 1024, 768, 16),
    (0x118, 1024, 768, 24),
    (0x119, 1280, 1024, 15),
    (0x11A, 1280, 1024, 16),
    (0x11B, 1280, 1024, 24),
];

const OK: u16 = 0x004F;
const FAILED: u16 = 0x014F;
const NOT_NOW: u16 = 0x034F;

/// AX of a call.
fn status(caller: &mut Caller, regs: Regs) -> u16 {
    caller.int10(regs).eax as u16
}

/// The linear framebuffer of a mode, from its information block.
fn framebuffer(caller: &mut Caller, mode: u16) -> u64 {
    assert_eq!(status(caller, Regs::ax(0x4F01).cx(mode)), OK);
    caller.dword(BUFFER + 0x28).into()
}

fn set(caller: &mut Caller, mode: u16) {
    assert_eq!(status(caller, Regs::ax(0x4F02).bx(mode)), OK, "mode {mode:X}h");
}

/// The modes that the controller's information lists.
fn listed(caller: &Caller) -> Vec<u16> {
    let pointer = caller.dword(BUFFER + 0x0E);
    let first = u64::from(pointer >> 16) * 16 + u64::from(pointer & 0xFFFF);
    (0..200).map(|index| caller.word(first + 2 * index)).take_while(|mode| *mode != 0xFFFF).collect()
}

#[test]
fn the_controller_tells_what_it_is() {
    let mut caller = Caller::new();
    caller.poke(BUFFER, &[0xEE; 512]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F00)), OK);
    assert_eq!((caller.bytes(BUFFER, 4), caller.word(BUFFER + 4)), (b"VESA".to_vec(), 0x0300));
    assert_eq!(caller.dword(BUFFER + 0x0A) & 7, 1, "8-bit DAC, VGA compatible, no RAMDAC blanking");
    assert_eq!(caller.word(BUFFER + 0x12), 256, "16 MiB in 64 KiB units");
    assert!(!caller.text_at(caller.dword(BUFFER + 6)).is_empty());
    assert_eq!(caller.peek(BUFFER + 256), 0xEE, "256 bytes for who does not ask for more");
    let modes = listed(&caller);
    assert!(MODES.iter().all(|(mode, ..)| modes.contains(mode)), "{modes:X?}");
    caller.poke(BUFFER, b"VBE2");
    assert_eq!(status(&mut caller, Regs::ax(0x4F00)), OK);
    assert_eq!(caller.bytes(BUFFER, 4), b"VESA");
    assert_ne!(caller.word(BUFFER + 0x14), 0, "software revision");
    for pointer in [0x16, 0x1A, 0x1E] {
        assert!(!caller.text_at(caller.dword(BUFFER + pointer)).is_empty(), "vendor, product, revision");
    }
    assert_eq!(listed(&caller), modes);
    // With 256 KiB only what fits is listed.
    let mut small = Caller::with_vram(0);
    assert_eq!(status(&mut small, Regs::ax(0x4F00)), OK);
    let modes = listed(&small);
    assert_eq!((small.word(BUFFER + 0x12), modes.contains(&0x100), modes.contains(&0x101)), (4, true, false));
    assert!(modes.contains(&0x102), "800 x 600 at 4 bits takes 240000 bytes");
    assert_eq!(status(&mut small, Regs::ax(0x4F02).bx(0x101)), FAILED);
}

#[test]
fn every_standard_mode_is_described() {
    let mut caller = Caller::new();
    for (mode, width, height, depth) in MODES {
        caller.poke(BUFFER, &[0xEE; 257]);
        assert_eq!(status(&mut caller, Regs::ax(0x4F01).cx(mode)), OK, "mode {mode:X}h");
        let word = |offset| caller.word(BUFFER + offset);
        let byte = |offset| caller.peek(BUFFER + offset);
        assert_eq!((word(0x12), word(0x14), byte(256)), (width, height, 0xEE), "mode {mode:X}h");
        // Attributes: supported, reserved, colour; bit 4 graphics.
        assert_eq!((word(0) & 0x0B, word(0) >> 4 & 1), (0x0B, u16::from(depth > 0)), "mode {mode:X}h");
        // Memory model: 0 text, 3 planar, 4 packed pixel, 6 direct colour.
        let (model, planes, bits, bytes) = match depth {
            0 => (0, 1, 4, 2 * width),
            4 => (3, 4, 4, width / 8),
            8 => (4, 1, 8, width),
            _ => (6, 1, depth, width * u16::from(depth.div_ceil(8))),
        };
        assert_eq!((byte(0x1B), byte(0x18), byte(0x19), word(0x10)), (model, planes, bits, bytes), "mode {mode:X}h");
        assert_eq!((byte(0x1A), byte(0x1E)), (1, 1), "one bank, and 1 in the reserved byte");
        // Window A can be relocated, read and written: 64 KiB at A000h; text has 32 KiB at B800h.
        let window = if depth == 0 { (0x06, 32, 32, 0xB800) } else { (0x07, 64, 64, 0xA000) };
        assert_eq!((byte(2), word(4), word(6), word(8)), window, "mode {mode:X}h");
        assert_eq!((byte(3), word(0x0A)), (0, 0), "no window B");
        let size = u64::from(bytes) * u64::from(height) * u64::from(planes);
        let memory = if depth == 0 { 32 << 10 } else { 16 << 20 };
        assert_eq!(u64::from(byte(0x1D)), (memory / size - 1).min(255), "mode {mode:X}h: further pages");
        let masks: [u8; 8] = match depth {
            15 => [5, 10, 5, 5, 5, 0, 1, 15],
            16 => [5, 11, 6, 5, 5, 0, 0, 0],
            24 => [8, 16, 8, 8, 8, 0, 0, 0],
            _ => [0; 8],
        };
        assert_eq!(caller.bytes(BUFFER + 0x1F, 8), masks, "mode {mode:X}h");
        assert_eq!(caller.bytes(BUFFER + 0x36, 8), masks, "mode {mode:X}h, linear");
        let linear = word(0) & 0x80 != 0;
        assert_eq!((linear, caller.dword(BUFFER + 0x28) != 0), (depth >= 8, depth >= 8), "mode {mode:X}h: framebuffer");
    }
    assert_eq!(status(&mut caller, Regs::ax(0x4F01).cx(0x1FF)), FAILED);
}

#[test]
fn every_listed_mode_can_be_set_and_shows_its_size() {
    let mut caller = Caller::new();
    assert_eq!(status(&mut caller, Regs::ax(0x4F00)), OK);
    for mode in listed(&caller) {
        assert_eq!(status(&mut caller, Regs::ax(0x4F01).cx(mode)), OK);
        let (width, height, depth) =
            (caller.word(BUFFER + 0x12), caller.word(BUFFER + 0x14), caller.peek(BUFFER + 0x19));
        let text = caller.peek(BUFFER + 0x1B) == 0;
        set(&mut caller, mode);
        assert_eq!(caller.int10(Regs::ax(0x4F03)).words()[..2], [OK, mode]);
        if text {
            let screen = caller.machine.board.screen(&caller.machine.memory).expect("text");
            assert_eq!((screen.columns, screen.rows), (width, height), "mode {mode:X}h");
        } else {
            let shown = caller.machine.board.graphics_mode().expect("graphics");
            assert_eq!(
                (shown.width, shown.height, shown.depth),
                (width.into(), height.into(), depth),
                "mode {mode:X}h"
            );
        }
    }
}

#[test]
fn text_modes_of_132_columns_take_all_of_int_10h() {
    let mut caller = Caller::new();
    set(&mut caller, 0x10C);
    caller.int10(Regs::ax(0x0200).dx(59 << 8 | 130));
    for character in *b"ok" {
        caller.int10(Regs::ax(0x0E00 | u16::from(character)));
    }
    assert!(caller.row(58).ends_with("ok") && caller.row(58).len() == 132);
    assert_eq!(caller.size(), (1056, 480));
    assert_eq!(caller.int10(Regs::ax(0x0F00)).eax as u16, 132 << 8 | 3);
    set(&mut caller, 0x109);
    assert_eq!((caller.size(), caller.row(0)), ((1056, 400), String::new()));
    caller.int10(Regs::ax(0x0003));
    assert_eq!((caller.size(), caller.int10(Regs::ax(0x4F03)).words()[1]), ((720, 400), 3));
}

#[test]
fn pixels_arrive_through_the_framebuffer_and_through_the_window() {
    let mut caller = Caller::new();
    for (mode, bytes, colour) in [
        (0x112, &[0x12, 0x34, 0x56][..], [0x56, 0x34, 0x12]),
        (0x111, &[0xE0, 0x07], [0x00, 0xFF, 0x00]),
        (0x110, &[0x00, 0x7C], [0xFF, 0x00, 0x00]),
        // The first colours of the 256-colour palette are the CGA's: 4 is red, two thirds.
        (0x101, &[0x04], [0xAA, 0x00, 0x00]),
    ] {
        let base = framebuffer(&mut caller, mode);
        set(&mut caller, mode | 0x4000);
        let at = 640 * 470 * bytes.len() as u64;
        caller.poke(base + at, bytes);
        assert_eq!((caller.rgb(0, 470), caller.rgb(1, 470)), (colour, [0; 3]), "mode {mode:X}h");
        assert_eq!(status(&mut caller, Regs::ax(0x4F05)), NOT_NOW, "no window in a linear mode");
        set(&mut caller, mode);
        assert_eq!(caller.rgb(0, 470), [0; 3], "cleared");
        let bank = (at >> 16) as u16;
        assert_eq!(status(&mut caller, Regs::ax(0x4F05).dx(bank)), OK);
        assert_eq!(caller.int10(Regs::ax(0x4F05).bx(0x0100)).words(), [OK, 0x0100, 0, bank]);
        caller.poke(base + at, bytes);
        set(&mut caller, mode | 0x8000);
        assert_ne!(caller.rgb(0, 470), [0; 3], "bit 15 keeps memory");
    }
    set(&mut caller, 0x101);
    // Colours 0 and 1 as seen by AX=1017h, whose buffer is bank 2 of the framebuffer: black and blue.
    assert_eq!(status(&mut caller, Regs::ax(0x4F05).dx(2)), OK);
    caller.int10(Regs { es: 0xA000, edx: 0x10, ..Regs::ax(0x1017).bx(0).cx(2) });
    let base = framebuffer(&mut caller, 0x101);
    assert_eq!(caller.bytes(base + 0x2_0010, 6), [0, 0, 0, 0, 0, 0x2A]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F05).dx(0x100)), FAILED, "16 MiB have 256 banks");
    assert_eq!(status(&mut caller, Regs::ax(0x4F05).bx(0x0001)), FAILED, "no window B");
}

#[test]
fn modes_that_are_not_there_change_nothing() {
    let mut caller = Caller::new();
    for mode in [0x0014, 0x0008, 0x4003, 0x1FF, 0x3FFF, 0x4102, 0x4109] {
        assert_eq!(status(&mut caller, Regs::ax(0x4F02).bx(mode)), FAILED, "mode {mode:X}h");
    }
    assert_eq!((caller.int10(Regs::ax(0x4F03)).words()[1], caller.size()), (3, (720, 400)));
    assert_eq!(status(&mut caller, Regs::ax(0x4F02).bx(0x0013)), OK, "a VGA's mode");
    assert_eq!(
        (caller.graphics().as_str(), caller.int10(Regs::ax(0x4F03)).words()[1]),
        ("320 x 200, 256 colours", 0x13)
    );
    for function in [0x4F05, 0x4F06, 0x4F07] {
        assert_eq!(status(&mut caller, Regs::ax(function)), NOT_NOW, "AX={function:X}h in a VGA's mode");
    }
    for function in [0x4F0B, 0x4F10, 0x4F15, 0x4FFF] {
        assert_ne!(
            status(&mut caller, Regs::ax(function)) & 0xFF,
            0x4F,
            "AX={function:X}h: AL tells that it is not there"
        );
    }
}

#[test]
fn lines_can_be_longer_than_the_screen() {
    let mut caller = Caller::new();
    set(&mut caller, 0x101);
    // 640 bytes a line: 16 MiB have 26214.
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(1)).words(), [OK, 640, 640, 26_214]);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(0).cx(1000)).words(), [OK, 1000, 1000, 16_777]);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(2).cx(2048)).words(), [OK, 2048, 2048, 8192]);
    // The most, and nothing changes: 480 lines must fit.
    let most = caller.int10(Regs::ax(0x4F06).bx(3)).words();
    assert_eq!(most, [OK, 34_952, 34_952, 480]);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(1)).words()[2], 2048);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(0).cx(40_000)).words()[0], 0x024F, "not with this memory");
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(1)).words()[2], 2048);
    set(&mut caller, 0x112);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(2).cx(2399)).words(), [OK, 2400, 800, 6990], "whole pixels");
    assert_eq!(status(&mut caller, Regs::ax(0x4F06).bx(4)), FAILED);
    set(&mut caller, 0x102);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(1)).words(), [OK, 100, 800, 41_943], "four planes of 4 MiB");
}

#[test]
fn the_start_of_the_display_moves() {
    let mut caller = Caller::new();
    let base = framebuffer(&mut caller, 0x111);
    set(&mut caller, 0x4111);
    assert_eq!(status(&mut caller, Regs::ax(0x4F06).cx(800)), OK);
    caller.poke(base + (600 * 800 + 160) * 2, &[0x1F, 0x00]);
    for subfunction in [0x00, 0x80] {
        assert_eq!(status(&mut caller, Regs::ax(0x4F07).bx(subfunction).cx(160).dx(600)), OK);
        assert_eq!(caller.rgb(0, 0), [0, 0, 0xFF]);
        let [ax, bx, cx, dx] = caller.int10(Regs::ax(0x4F07).bx(1)).words();
        assert_eq!((ax, bx >> 8, cx, dx), (OK, 0, 160, 600));
        assert_eq!(status(&mut caller, Regs::ax(0x4F07)), OK);
        assert_eq!(caller.rgb(0, 0), [0; 3]);
    }
    // The byte, in ECX; then no change is pending.
    let byte = (600 * 800 + 160) * 2;
    assert_eq!(status(&mut caller, Regs { ecx: byte, ..Regs::ax(0x4F07).bx(2) }), OK);
    assert_eq!(caller.rgb(0, 0), [0, 0, 0xFF]);
    assert_eq!(caller.int10(Regs::ax(0x4F07).bx(4)).words()[2], 1);
    assert_eq!(status(&mut caller, Regs::ax(0x4F07).cx(161).dx(0)), FAILED, "nothing to the right");
    assert_eq!(caller.int10(Regs::ax(0x4F07).bx(1)).words()[2..], [160, 600], "as before");
}

#[test]
fn palette_and_width_of_the_dac() {
    let mut caller = Caller::new();
    let base = framebuffer(&mut caller, 0x101);
    set(&mut caller, 0x4101);
    caller.poke(base, &[0xFE, 0xFF]);
    caller.poke(BUFFER, &[0x01, 0x20, 0x3F, 0, 0x3F, 0x3F, 0x3F, 0]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).cx(2).dx(0xFE)), OK);
    assert_eq!((caller.rgb(0, 0), caller.rgb(1, 0)), ([0xFF, 0x82, 0x04], [0xFF; 3]), "blue, green, red");
    assert_eq!(caller.int10(Regs::ax(0x4F08).bx(1)).words()[..2], [OK, 0x0601]);
    assert_eq!(caller.int10(Regs::ax(0x4F08).bx(0x0800)).words()[..2], [OK, 0x0800]);
    caller.poke(BUFFER, &[0x01, 0x82, 0xFE, 0]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).bx(0x80).cx(1).dx(0xFE)), OK, "in a retrace");
    assert_eq!(caller.rgb(0, 0), [0xFE, 0x82, 0x01]);
    caller.poke(BUFFER, &[0xEE; 8]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).bx(1).cx(1).dx(0xFE)), OK);
    assert_eq!(caller.bytes(BUFFER, 5), [0x01, 0x82, 0xFE, 0, 0xEE]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).cx(2).dx(0xFF)), FAILED, "past the last");
    assert_eq!(caller.int10(Regs::ax(0x4F08).bx(0x0600)).words()[1], 0x0600);
    set(&mut caller, 0x111);
    for function in [0x4F08, 0x4F09] {
        assert_eq!(status(&mut caller, Regs::ax(function).bx(1)), NOT_NOW, "direct colour");
    }
}

#[test]
fn the_state_comes_back() {
    let mut caller = Caller::new();
    set(&mut caller, 0x4101);
    assert_eq!(status(&mut caller, Regs::ax(0x4F06).cx(1024)), OK);
    assert_eq!(status(&mut caller, Regs::ax(0x4F07).cx(30).dx(40)), OK);
    assert_eq!(status(&mut caller, Regs::ax(0x4F08).bx(0x0800)), OK);
    caller.poke(BUFFER, &[0x01, 0x82, 0xFE, 0]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).cx(1).dx(0xFE)), OK);
    let blocks = caller.int10(Regs::ax(0x4F04).cx(0x0F)).words()[1];
    assert!((4..=64).contains(&blocks), "{blocks} blocks of 64 bytes");
    let end = BUFFER + 64 * u64::from(blocks);
    caller.poke(end, &[0xEE]);
    let base = framebuffer(&mut caller, 0x101);
    caller.poke(base + 1024 * 40 + 30, &[0x0F]);
    assert_eq!(status(&mut caller, Regs { edx: 1, ..Regs::ax(0x4F04).cx(0x0F) }), OK);
    assert_eq!(caller.peek(end), 0xEE, "no more than was told");
    caller.int10(Regs::ax(0x0083));
    assert_eq!(caller.graphics(), "");
    assert_eq!(status(&mut caller, Regs { edx: 2, ..Regs::ax(0x4F04).cx(0x0F) }), OK);
    assert_eq!(caller.graphics(), "640 x 480, 256 colours");
    assert_eq!(caller.int10(Regs::ax(0x4F03)).words()[1], 0x4101);
    assert_eq!(caller.int10(Regs::ax(0x4F06).bx(1)).words()[2], 1024);
    assert_eq!(caller.int10(Regs::ax(0x4F07).bx(1)).words()[2..], [30, 40]);
    assert_eq!(caller.int10(Regs::ax(0x4F08).bx(1)).words()[1], 0x0801);
    assert_eq!(caller.rgb(0, 0), [0xFF; 3], "memory and palette too");
    assert_eq!(status(&mut caller, Regs::ax(0x4F09).bx(1).cx(1).dx(0xFE)), OK);
    assert_eq!(caller.bytes(BUFFER, 3), [0x01, 0x82, 0xFE], "all eight bits");
    assert_eq!(status(&mut caller, Regs { edx: 3, ..Regs::ax(0x4F04).cx(0x0F) }), FAILED);
}

#[test]
fn the_protected_mode_interface_does_the_same() {
    let mut caller = Caller::new();
    let base = framebuffer(&mut caller, 0x111);
    set(&mut caller, 0x111);
    let answer = caller.int10(Regs::ax(0x4F0A));
    let (table, length) = (u32::from(answer.es) * 16 + (answer.edi & 0xFFFF), answer.ecx & 0xFFFF);
    assert_eq!(answer.eax as u16, OK);
    // It may be copied anywhere.
    let code = caller.bytes(table.into(), length.into());
    let home = 0x3_0000;
    caller.poke(home, &code);
    let entry = |index: usize| u16::from_le_bytes([code[2 * index], code[2 * index + 1]]);
    let ports = &code[usize::from(entry(3))..];
    assert!(ports.chunks(2).take_while(|word| *word != [0xFF, 0xFF]).any(|word| word == [0xCE, 0x01]));
    let call = |caller: &mut Caller, index, regs: Regs| caller.call_32(home as u32 + u32::from(entry(index)), regs);
    // Function 05h: window.
    assert_eq!(call(&mut caller, 0, Regs::ax(0x4F05).dx(3)).eax as u16, OK);
    assert_eq!(caller.int10(Regs::ax(0x4F05).bx(0x0100)).words()[3], 3);
    assert_eq!(call(&mut caller, 0, Regs::ax(0x4F05).bx(0x0100)).words()[3], 3);
    // Function 07h: the first byte, in units of four, in DX:CX.
    let first = 500 * 640 * 2 / 4;
    caller.poke(base + 4 * first, &[0x00, 0xF8]);
    let regs = Regs::ax(0x4F07).bx(0x80).cx(first as u16).dx((first >> 16) as u16);
    assert_eq!(call(&mut caller, 1, regs).eax as u16, OK);
    assert_eq!(caller.int10(Regs::ax(0x4F07).bx(1)).words()[2..], [0, 500]);
    assert_eq!(caller.rgb(0, 0), [0xFF, 0, 0]);
    // Function 09h: palette.
    set(&mut caller, 0x4101);
    caller.poke(base, &[7]);
    caller.poke(BUFFER, &[0x3F, 0x00, 0x3F, 0]);
    let regs = Regs { edi: BUFFER as u32, ..Regs::ax(0x4F09).cx(1).dx(7) };
    assert_eq!(call(&mut caller, 2, regs).eax as u16, OK);
    assert_eq!(caller.rgb(0, 0), [0xFF, 0, 0xFF]);
    assert_eq!(status(&mut caller, Regs::ax(0x4F0A).bx(1)), FAILED);
}
