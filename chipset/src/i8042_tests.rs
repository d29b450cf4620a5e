//! Controller and keyboard driven as drivers do. Expected values from the IBM technical references.

use super::*;
use crate::fake::{Fake, US, abuse};

const DATA: u16 = 0x60;
const COMMAND: u16 = 0x64;
const STATUS: u16 = 0x64;

/// A controller with this command byte.
fn board(mode: u8) -> (Fake, I8042) {
    let (mut fake, mut kbc) = (Fake::new(), I8042::default());
    command(&mut fake, &mut kbc, 0x60);
    write(&mut fake, &mut kbc, mode);
    (fake, kbc)
}

/// Waits for the input buffer as software should, and writes a command.
fn command(fake: &mut Fake, kbc: &mut I8042, value: u8) {
    while fake.inb(kbc, STATUS) & 2 != 0 {
        fake.run(kbc, US);
    }
    fake.outb(kbc, COMMAND, value);
}

fn write(fake: &mut Fake, kbc: &mut I8042, value: u8) {
    while fake.inb(kbc, STATUS) & 2 != 0 {
        fake.run(kbc, US);
    }
    fake.outb(kbc, DATA, value);
}

/// The next byte, if one comes within 50 ms.
fn next(fake: &mut Fake, kbc: &mut I8042) -> Option<u8> {
    for _ in 0..5000 {
        if fake.inb(kbc, STATUS) & 1 != 0 {
            return Some(fake.inb(kbc, DATA));
        }
        fake.run(kbc, 10 * US);
    }
    None
}

/// Everything that comes.
fn all(fake: &mut Fake, kbc: &mut I8042) -> Vec<u8> {
    std::iter::from_fn(|| next(fake, kbc)).collect()
}

fn ask(fake: &mut Fake, kbc: &mut I8042, value: u8) -> Option<u8> {
    command(fake, kbc, value);
    next(fake, kbc)
}

/// A byte for the keyboard, and its answers.
fn tell(fake: &mut Fake, kbc: &mut I8042, value: u8) -> Vec<u8> {
    write(fake, kbc, value);
    all(fake, kbc)
}

#[test]
fn status_bits() {
    let (mut fake, mut kbc) = (Fake::new(), I8042::default());
    assert_eq!(fake.inb(&mut kbc, STATUS), 0x10);
    fake.outb(&mut kbc, COMMAND, 0xAA);
    assert_eq!(fake.inb(&mut kbc, STATUS), 0x1E, "input full, system flag, command");
    fake.run(&mut kbc, 6 * US);
    assert_eq!(fake.inb(&mut kbc, STATUS), 0x1C);
    fake.run(&mut kbc, 20 * US);
    assert_eq!(fake.inb(&mut kbc, STATUS), 0x1D);
    assert_eq!(fake.inb(&mut kbc, DATA), 0x55);
    assert_eq!((fake.inb(&mut kbc, STATUS), fake.inb(&mut kbc, DATA)), (0x1C, 0x55), "empty, the byte still there");
    fake.outb(&mut kbc, DATA, 0xEE);
    assert_eq!(fake.inb(&mut kbc, STATUS) & 0x08, 0, "data, not a command");
}

#[test]
fn controller_answers() {
    let (mut fake, mut kbc) = board(0x65);
    for (value, answer) in [(0x20, 0x65), (0xAA, 0x55), (0xAB, 0), (0xA9, 0), (0xA4, 0xF1), (0xC0, 0xB0), (0xE0, 3)] {
        assert_eq!(ask(&mut fake, &mut kbc, value), Some(answer), "command {value:02X}h");
    }
    assert_eq!(ask(&mut fake, &mut kbc, 0xD0), Some(0xCF));
    command(&mut fake, &mut kbc, 0x6A);
    write(&mut fake, &mut kbc, 0x77);
    assert_eq!(ask(&mut fake, &mut kbc, 0x2A), Some(0x77), "the controller's RAM");
    for (value, mode) in [(0xAD, 0x75), (0xAE, 0x65), (0xA7, 0x65), (0xA8, 0x45), (0xA7, 0x65)] {
        command(&mut fake, &mut kbc, value);
        assert_eq!(ask(&mut fake, &mut kbc, 0x20), Some(mode), "command {value:02X}h");
    }
    command(&mut fake, &mut kbc, 0xAD);
    assert_eq!(ask(&mut fake, &mut kbc, 0xE0), Some(2), "the keyboard's clock is held low");
}

#[test]
fn a_password_is_swallowed() {
    let (mut fake, mut kbc) = board(0x65);
    command(&mut fake, &mut kbc, 0xA5);
    for byte in [0x1E, 0x30, 0xEE, 0x00] {
        assert_eq!(tell(&mut fake, &mut kbc, byte), []);
    }
    assert_eq!(tell(&mut fake, &mut kbc, 0xEE), [0xEE]);
}

#[test]
fn the_a20_gate() {
    let (mut fake, mut kbc) = board(0x65);
    assert!(kbc.a20(), "open after power-on");
    for (port, open) in [(0xDD, false), (0xDF, true)] {
        command(&mut fake, &mut kbc, 0xD1);
        write(&mut fake, &mut kbc, port);
        assert_eq!(kbc.a20(), open);
        assert_eq!(ask(&mut fake, &mut kbc, 0xD0).map(|value| value & 2 != 0), Some(open));
    }
    command(&mut fake, &mut kbc, 0xDD);
    assert!(!kbc.a20());
    command(&mut fake, &mut kbc, 0xDF);
    assert!(kbc.a20());
    kbc.set_a20(false);
    assert!(!kbc.a20());
    // Software that does not wait for the input buffer gets its way too.
    fake.outb(&mut kbc, COMMAND, 0xD1);
    fake.outb(&mut kbc, DATA, 0xDF);
    assert!(kbc.a20() && !kbc.take_init());
}

#[test]
fn processor_reset() {
    let (mut fake, mut kbc) = board(0x65);
    command(&mut fake, &mut kbc, 0xFF);
    assert!(!kbc.take_init(), "no pulse");
    command(&mut fake, &mut kbc, 0xFE);
    assert!(kbc.take_init());
    assert!(!kbc.take_init());
    command(&mut fake, &mut kbc, 0xD1);
    write(&mut fake, &mut kbc, 0xDE);
    assert!(kbc.take_init());
}

#[test]
fn bytes_as_if_from_the_devices() {
    let (mut fake, mut kbc) = board(0x47);
    // The loop that finds out whether there is an auxiliary port at all.
    command(&mut fake, &mut kbc, 0xD3);
    write(&mut fake, &mut kbc, 0x5A);
    fake.run(&mut kbc, 100 * US);
    assert_eq!((fake.inb(&mut kbc, STATUS) & 0x61, fake.inb(&mut kbc, DATA)), (0x21, 0x5A));
    command(&mut fake, &mut kbc, 0xD2);
    write(&mut fake, &mut kbc, 0xA5);
    fake.run(&mut kbc, 100 * US);
    assert!(fake.irq(1));
    assert_eq!((fake.inb(&mut kbc, STATUS) & 0x61, fake.inb(&mut kbc, DATA)), (0x01, 0xA5), "untranslated");
}

#[test]
fn a_key_interrupts_and_is_translated() {
    let (mut fake, mut kbc) = board(0x65);
    kbc.key(Key::A, true);
    assert_eq!(kbc.due(), Some(Instant(0)));
    fake.run(&mut kbc, 690 * US);
    assert!(!fake.irq(1));
    fake.run(&mut kbc, 20 * US);
    assert!(fake.irq(1));
    assert_eq!(fake.inb(&mut kbc, DATA), 0x1E);
    assert!(!fake.irq(1));
    kbc.key(Key::A, false);
    assert_eq!(all(&mut fake, &mut kbc), [0x9E]);
    kbc.key(Key::Left, true);
    kbc.key(Key::Left, false);
    kbc.key(Key::F7, true);
    kbc.key(Key::F7, false);
    assert_eq!(all(&mut fake, &mut kbc), [0xE0, 0x4B, 0xE0, 0xCB, 0x41, 0xC1]);
}

#[test]
fn scan_code_sets() {
    let (mut fake, mut kbc) = board(0x24);
    kbc.key(Key::Left, true);
    kbc.key(Key::Left, false);
    assert_eq!(all(&mut fake, &mut kbc), [0xE0, 0x6B, 0xE0, 0xF0, 0x6B], "set 2 as it comes");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF0), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x00), [0xFA, 0x02]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF0), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x01), [0xFA]);
    kbc.key(Key::Left, true);
    kbc.key(Key::Left, false);
    assert_eq!(all(&mut fake, &mut kbc), [0xE0, 0x4B, 0xE0, 0xCB], "set 1 from the keyboard itself");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF0), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x03), [0xFA]);
    for key in [Key::Left, Key::LeftShift, Key::F1] {
        kbc.key(key, true);
        kbc.key(key, false);
    }
    assert_eq!(all(&mut fake, &mut kbc), [0x61, 0x12, 0xF0, 0x12, 0x07], "only some keys break in set 3");
    assert_eq!(tell(&mut fake, &mut kbc, 0xFC), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x07), [0xFA]);
    kbc.key(Key::F1, true);
    kbc.key(Key::F1, false);
    assert_eq!(all(&mut fake, &mut kbc), [0x07, 0xF0, 0x07]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF9), [0xFA]);
    kbc.key(Key::LeftShift, true);
    kbc.key(Key::LeftShift, false);
    assert_eq!(all(&mut fake, &mut kbc), [0x12], "all keys make only");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF0), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x04), [0xFE], "there is no set 4");
}

#[test]
fn keys_with_long_codes() {
    let (mut fake, mut kbc) = board(0x65);
    kbc.key(Key::PrintScreen, true);
    kbc.key(Key::PrintScreen, false);
    assert_eq!(all(&mut fake, &mut kbc), [0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA]);
    kbc.key(Key::Pause, true);
    kbc.key(Key::Pause, false);
    assert_eq!(all(&mut fake, &mut kbc), [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5]);
    kbc.key(Key::LeftCtrl, true);
    kbc.key(Key::Pause, true);
    assert_eq!(all(&mut fake, &mut kbc), [0x1D, 0xE0, 0x46, 0xE0, 0xC6], "Break");
    kbc.key(Key::LeftCtrl, false);
    kbc.key(Key::LeftAlt, true);
    kbc.key(Key::PrintScreen, true);
    kbc.key(Key::PrintScreen, false);
    assert_eq!(all(&mut fake, &mut kbc), [0x9D, 0x38, 0x54, 0xD4], "System Request");
}

#[test]
fn keyboard_commands() {
    let (mut fake, mut kbc) = board(0x24);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEE), [0xEE]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0xAB, 0x83]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xED), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x07), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF3), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0x00), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEF), [0xFE], "unknown");
    assert_eq!(tell(&mut fake, &mut kbc, 0x12), [0xFE]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xED), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEE), [0xEE], "a command in place of a parameter");
    assert_eq!(tell(&mut fake, &mut kbc, 0xFE), [0xEE], "resend");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF5), [0xFA]);
    kbc.key(Key::B, true);
    kbc.key(Key::B, false);
    assert_eq!(all(&mut fake, &mut kbc), [], "disabled");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF4), [0xFA]);
    kbc.key(Key::B, true);
    assert_eq!(next(&mut fake, &mut kbc), Some(0x32));
    assert_eq!(tell(&mut fake, &mut kbc, 0xFF), [0xFA, 0xAA]);
}

#[test]
fn the_id_is_translated_like_any_byte() {
    let (mut fake, mut kbc) = board(0x65);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0xAB, 0x41]);
}

#[test]
fn a_disabled_keyboard_waits_and_a_byte_for_it_turns_it_on() {
    let (mut fake, mut kbc) = board(0x75);
    kbc.key(Key::C, true);
    kbc.key(Key::C, false);
    assert_eq!(all(&mut fake, &mut kbc), []);
    command(&mut fake, &mut kbc, 0xAE);
    assert_eq!(all(&mut fake, &mut kbc), [0x2E, 0xAE]);
    command(&mut fake, &mut kbc, 0xAD);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEE), [0xEE]);
    assert_eq!(ask(&mut fake, &mut kbc, 0x20), Some(0x65));
}

#[test]
fn a_full_buffer_overruns() {
    let (mut fake, mut kbc) = board(0x24);
    for key in [Key::A, Key::B, Key::C, Key::D, Key::E, Key::F, Key::G] {
        kbc.key(key, true);
        kbc.key(key, false);
    }
    let read = all(&mut fake, &mut kbc);
    assert_eq!(read.len(), 17);
    assert_eq!(read[12..], [0x24, 0xF0, 0x24, 0x2B, 0x00], "the overrun code stands for what did not fit");
}

#[test]
fn typematic() {
    let (mut fake, mut kbc) = board(0x24);
    tell(&mut fake, &mut kbc, 0xF3);
    tell(&mut fake, &mut kbc, 0x20);
    kbc.key(Key::X, true);
    assert_eq!(next(&mut fake, &mut kbc), Some(0x22));
    fake.run(&mut kbc, 490_000 * US);
    assert_eq!(fake.inb(&mut kbc, STATUS) & 1, 0, "500 ms of delay");
    fake.run(&mut kbc, 20_000 * US);
    assert_eq!(fake.inb(&mut kbc, DATA), 0x22);
    let repeated = (0..1000).filter(|_| {
        fake.run(&mut kbc, 1000 * US);
        fake.inb(&mut kbc, STATUS) & 1 != 0 && fake.inb(&mut kbc, DATA) == 0x22
    });
    assert_eq!(repeated.count(), 30, "30 characters a second");
    kbc.key(Key::X, false);
    let rest = all(&mut fake, &mut kbc);
    assert!(rest.ends_with(&[0xF0, 0x22]), "{rest:02X?}");
    assert_eq!(kbc.due(), None);
}

#[test]
fn text_is_typed_as_it_is_taken() {
    let (mut fake, mut kbc) = board(0x65);
    let text = "Hello, world! This is longer than any buffer.\n";
    assert_eq!(kbc.type_text(text), text.len());
    let mut read = Vec::new();
    while kbc.typing() > 0 || kbc.due().is_some() {
        read.extend(next(&mut fake, &mut kbc));
    }
    let expected: Vec<u8> = text.chars().flat_map(keys_for_char).map(stroke).collect();
    assert_eq!(read, expected);

    fn stroke((key, pressed): (Key, bool)) -> u8 {
        translate(key.set2().0) | if pressed { 0 } else { 0x80 }
    }
}

#[test]
fn typed_text_waits_for_a_keyboard_that_is_off() {
    let (mut fake, mut kbc) = (Fake::new(), I8042::default());
    kbc.type_text("x");
    fake.run(&mut kbc, 1_000_000 * US);
    assert_eq!(kbc.typing(), 2);
    kbc.start();
    assert_eq!(all(&mut fake, &mut kbc), [0x2D, 0xAD]);
    assert_eq!(kbc.type_text(&"y".repeat(20_000)), 8192);
}

#[test]
fn one_long_step_equals_many_short_ones() {
    let (mut fake, mut kbc) = board(0x65);
    kbc.type_text("ab");
    kbc.key(Key::Z, true);
    kbc.advance(&mut fake.cx());
    let mut other = kbc.clone();
    fake.run(&mut kbc, 10_000_000 * US);
    other.advance(&mut fake.cx());
    assert_eq!(other, kbc);
}

#[test]
fn any_access_is_survived() {
    abuse(&mut I8042::default());
    let mut kbc = I8042::default();
    kbc.key(Key::Q, true);
    abuse(&mut kbc);
}
