//! The mouse behind the controller's second port, driven as drivers do. Expected values from the IBM PS/2 Hardware
//! Interface Technical Reference: Mouse, and from Microsoft's description of the wheel mouse.

use super::*;
use crate::fake::{Fake, US};

const MS: u64 = 1000 * US;

/// A controller with both interrupts and no translation, as drivers leave it.
fn board() -> (Fake, I8042) {
    let (mut fake, mut kbc) = (Fake::new(), I8042::default());
    command(&mut fake, &mut kbc, 0x60);
    write(&mut fake, &mut kbc, MODE_KEYBOARD_INTERRUPT | MODE_AUX_INTERRUPT | MODE_SYSTEM);
    (fake, kbc)
}

fn command(fake: &mut Fake, kbc: &mut I8042, value: u8) {
    fake.outb(kbc, 0x64, value);
    fake.run(kbc, 10 * US);
}

fn write(fake: &mut Fake, kbc: &mut I8042, value: u8) {
    fake.outb(kbc, 0x60, value);
    fake.run(kbc, 10 * US);
}

/// Everything that comes from the mouse until 50 ms bring nothing.
fn all(fake: &mut Fake, kbc: &mut I8042) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut quiet = 0;
    while quiet < 500 {
        match fake.inb(kbc, 0x64) & 0x21 {
            0x21 => {
                assert!(fake.irq(12) && !fake.irq(1), "IRQ 12 stands for a byte of the mouse");
                bytes.push(fake.inb(kbc, 0x60));
                assert!(!fake.irq(12));
                quiet = 0;
            }
            0x01 => panic!("a byte of the keyboard"),
            _ => quiet += 1,
        }
        fake.run(kbc, MS / 10);
    }
    bytes
}

/// A byte for the mouse, and its answers.
fn tell(fake: &mut Fake, kbc: &mut I8042, value: u8) -> Vec<u8> {
    command(fake, kbc, 0xD4);
    write(fake, kbc, value);
    all(fake, kbc)
}

fn told(fake: &mut Fake, kbc: &mut I8042, values: &[u8]) {
    for value in values {
        assert_eq!(tell(fake, kbc, *value), [0xFA], "{value:02X}h");
    }
}

/// What a move brings.
fn moved(fake: &mut Fake, kbc: &mut I8042, next: MouseMove) -> Vec<u8> {
    assert_eq!(kbc.move_mouse(&[next]), 1);
    all(fake, kbc)
}

fn by(dx: i16, dy: i16) -> MouseMove {
    MouseMove { dx, dy, ..MouseMove::default() }
}

#[test]
fn reset_and_identity() {
    let (mut fake, mut kbc) = board();
    assert_eq!(tell(&mut fake, &mut kbc, 0xFF), [0xFA, 0xAA, 0x00]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0x00]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xE9), [0xFA, 0x00, 0x02, 100], "defaults");
}

#[test]
fn the_controller_switches_its_second_port() {
    let (mut fake, mut kbc) = board();
    command(&mut fake, &mut kbc, 0xA7);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [], "the clock is held low");
    command(&mut fake, &mut kbc, 0xA8);
    assert_eq!(all(&mut fake, &mut kbc), [0xFA, 0x00]);
    command(&mut fake, &mut kbc, 0xD3);
    write(&mut fake, &mut kbc, 0x5A);
    assert_eq!(all(&mut fake, &mut kbc), [0x5A], "as if the mouse had sent it");
    command(&mut fake, &mut kbc, 0x60);
    write(&mut fake, &mut kbc, 0x00);
    command(&mut fake, &mut kbc, 0xD4);
    write(&mut fake, &mut kbc, 0xF2);
    fake.run(&mut kbc, 10 * MS);
    assert_eq!((fake.inb(&mut kbc, 0x64) & 0x21, fake.irq(12)), (0x21, false), "its interrupt is off");
}

#[test]
fn moves_are_reported_in_stream_mode_once_enabled() {
    let (mut fake, mut kbc) = board();
    assert_eq!(moved(&mut fake, &mut kbc, by(5, 5)), [], "disabled");
    told(&mut fake, &mut kbc, &[0xF4]);
    assert_eq!(all(&mut fake, &mut kbc), [], "counters begin at zero");
    assert_eq!(moved(&mut fake, &mut kbc, by(5, -3)), [0x08, 5, 3], "up is positive");
    assert_eq!(moved(&mut fake, &mut kbc, by(-1, 2)), [0x38, 0xFF, 0xFE], "both signs");
    let left = MouseMove { buttons: 1, ..by(0, 0) };
    assert_eq!(moved(&mut fake, &mut kbc, left), [0x09, 0, 0]);
    assert_eq!(moved(&mut fake, &mut kbc, left), [], "nothing new");
    let others = MouseMove { buttons: 6, ..by(1, 0) };
    assert_eq!(moved(&mut fake, &mut kbc, others), [0x0E, 1, 0], "middle and right");
    assert_eq!(tell(&mut fake, &mut kbc, 0xE9), [0xFA, 0x23, 2, 100], "enabled; bit 1 middle, bit 0 right");
    told(&mut fake, &mut kbc, &[0xF5]);
    assert_eq!(moved(&mut fake, &mut kbc, by(9, 9)), []);
}

#[test]
fn nothing_is_lost_between_two_reports() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xF4]);
    assert_eq!(moved(&mut fake, &mut kbc, by(600, 0)), [8, 255, 0, 8, 255, 0, 8, 90, 0]);
    let click = [MouseMove { buttons: 1, ..by(0, 0) }, by(0, 0)];
    assert_eq!(kbc.move_mouse(&click), 2);
    assert_eq!(all(&mut fake, &mut kbc), [9, 0, 0, 8, 0, 0], "pressed, then released");
    let begin = fake.now.0;
    kbc.move_mouse(&[by(300, 0)]);
    while fake.lines.irq & 1 << 12 == 0 {
        fake.run(&mut kbc, US);
    }
    assert!(fake.now.0 - begin < 2 * MS, "the first packet comes at once");
}

#[test]
fn packets_keep_to_the_sample_rate() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xF3, 10, 0xF4]);
    kbc.move_mouse(&[by(510, 0)]);
    let mut times = Vec::new();
    for _ in 0..30_000 {
        fake.run(&mut kbc, 10 * US);
        if fake.irq(12) {
            fake.inb(&mut kbc, 0x60);
            times.push(fake.now.0);
        }
    }
    assert_eq!(times.len(), 6);
    let apart = times[3] - times[0];
    assert!((100 * MS..102 * MS).contains(&apart), "ten reports a second: {apart}");
}

#[test]
fn remote_mode_reports_when_asked() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xF4, 0xF0]);
    assert_eq!(moved(&mut fake, &mut kbc, by(7, 0)), []);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEB), [0xFA, 0x08, 7, 0]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xEB), [0xFA, 0x08, 0, 0]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xE9), [0xFA, 0x60, 2, 100]);
    told(&mut fake, &mut kbc, &[0xEA]);
    assert_eq!(moved(&mut fake, &mut kbc, by(1, 0)), [0x08, 1, 0]);
}

#[test]
fn wrap_mode_echoes() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xEE]);
    for byte in [0x00, 0xF4, 0xEB, 0xF3, 0x55] {
        assert_eq!(tell(&mut fake, &mut kbc, byte), [byte]);
    }
    assert_eq!(tell(&mut fake, &mut kbc, 0xEC), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0x00]);
    told(&mut fake, &mut kbc, &[0xEE]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xFF), [0xFA, 0xAA, 0x00], "reset works in wrap mode too");
}

#[test]
fn scaling_2_to_1_is_for_stream_mode() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xE8, 3, 0xE7, 0xF4]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xE9), [0xFA, 0x30, 3, 100]);
    // "Set Scaling 2:1", the table of input and output counts.
    for (count, scaled) in [(1, 1), (2, 1), (3, 3), (4, 6), (5, 9), (6, 12), (100, 200)] {
        assert_eq!(moved(&mut fake, &mut kbc, by(count, 0)), [0x08, scaled, 0]);
        let negative = (-i16::from(scaled)) as u8;
        assert_eq!(moved(&mut fake, &mut kbc, by(-count, 0)), [0x18, negative, 0]);
    }
    told(&mut fake, &mut kbc, &[0xF0]);
    moved(&mut fake, &mut kbc, by(5, 0));
    assert_eq!(tell(&mut fake, &mut kbc, 0xEB), [0xFA, 0x08, 5, 0], "not for what is asked for");
    told(&mut fake, &mut kbc, &[0xEA, 0xE6]);
    assert_eq!(moved(&mut fake, &mut kbc, by(5, 0)), [0x08, 5, 0]);
}

#[test]
fn knocking_turns_on_the_wheel_and_five_buttons() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xF3, 200, 0xF3, 100, 0xF3, 80]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0x03]);
    told(&mut fake, &mut kbc, &[0xF3, 100, 0xF4]);
    let wheel = |wheel, buttons| MouseMove { wheel, buttons, ..MouseMove::default() };
    assert_eq!(moved(&mut fake, &mut kbc, wheel(1, 0)), [0x08, 0, 0, 0x01]);
    assert_eq!(moved(&mut fake, &mut kbc, wheel(-1, 8)), [0x08, 0, 0, 0xFF], "the fourth button is not seen");
    told(&mut fake, &mut kbc, &[0xF3, 200, 0xF3, 200, 0xF3, 80]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0x04]);
    assert_eq!(moved(&mut fake, &mut kbc, wheel(-2, 0x18)), [0x08, 0, 0, 0x3E], "buttons 4 and 5, wheel -2");
    assert_eq!(moved(&mut fake, &mut kbc, wheel(0, 0)), [0x08, 0, 0, 0x00]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xFF), [0xFA, 0xAA, 0x00]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xF2), [0xFA, 0x00], "a plain mouse again");
}

#[test]
fn what_is_not_understood_is_asked_for_again() {
    let (mut fake, mut kbc) = board();
    assert_eq!(tell(&mut fake, &mut kbc, 0xE0), [0xFE]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xE0), [0xFC], "again");
    assert_eq!(tell(&mut fake, &mut kbc, 0xF3), [0xFA]);
    assert_eq!(tell(&mut fake, &mut kbc, 99), [0xFE], "no such rate");
    assert_eq!(tell(&mut fake, &mut kbc, 40), [0xFA], "still waiting for it");
    assert_eq!(tell(&mut fake, &mut kbc, 0xE9), [0xFA, 0, 2, 40]);
    assert_eq!(tell(&mut fake, &mut kbc, 0xFE), [0xFA, 0, 2, 40], "all of it once more");
}

#[test]
fn both_ports_share_the_output_buffer() {
    let (mut fake, mut kbc) = board();
    told(&mut fake, &mut kbc, &[0xF4]);
    kbc.type_text("abcdefgh");
    kbc.move_mouse(&[by(255, 0), by(255, 0)]);
    let (mut keys, mut packets) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        fake.run(&mut kbc, 10 * US);
        match fake.inb(&mut kbc, 0x64) & 0x21 {
            0x21 => packets.push(fake.inb(&mut kbc, 0x60)),
            0x01 => keys.push(fake.inb(&mut kbc, 0x60)),
            _ => {}
        }
    }
    assert_eq!(packets, [8, 255, 0, 8, 255, 0]);
    assert_eq!(keys.len(), 24, "make and break of eight keys in set 2");
}
