//! Mouse, power button, printer and soft off on the whole machine, and the laws of reproducibility over them.

use std::borrow::Cow;

use ringwalk::machine::{Machine, Stop, Tuning};
use ringwalk::script::parse;
use ringwalk_chipset::Output;

use crate::guest::{Image, Random, machine, restored, run_to, saved};
use crate::program::check_text;
use crate::trail::{Trail, straight};

/// A boot sector: places the PIIX4's registers at 600h, switches the mouse on and says R; then sends what comes from
/// the mouse to COM1 and the printer until the power button is pressed, and switches the machine off.
const SECTOR: &str = "\
    fa                  ; cli
    66 b8 40 0b 00 80   ; mov eax, 80000B40h
    ba f8 0c            ; mov dx, 0CF8h
    66 ef               ; out dx, eax
    66 b8 01 06 00 00   ; mov eax, 601h
    ba fc 0c            ; mov dx, 0CFCh
    66 ef               ; out dx, eax
    66 b8 80 0b 00 80   ; mov eax, 80000B80h
    ba f8 0c            ; mov dx, 0CF8h
    66 ef               ; out dx, eax
    b0 01               ; mov al, 1
    ba fc 0c            ; mov dx, 0CFCh
    ee                  ; out dx, al
    b0 a8               ; mov al, 0A8h
    e6 64               ; out 64h, al
    e8 35 00            ; call free
    b0 d4               ; mov al, 0D4h
    e6 64               ; out 64h, al
    e8 2e 00            ; call free
    b0 f4               ; mov al, 0F4h
    e6 60               ; out 60h, al
    e4 64               ; in al, 64h            (ack)
    a8 20               ; test al, 20h
    74 fa               ; je ack
    e4 60               ; in al, 60h
    b0 52               ; mov al, 'R'
    e8 24 00            ; call send
    e4 64               ; in al, 64h            (next)
    a8 20               ; test al, 20h
    74 05               ; je button
    e4 60               ; in al, 60h
    e8 19 00            ; call send
    ba 00 06            ; mov dx, 600h          (button)
    ed                  ; in ax, dx
    f6 c4 01            ; test ah, 1
    74 ec               ; je next
    ba 04 06            ; mov dx, 604h
    b8 00 20            ; mov ax, 2000h
    ef                  ; out dx, ax
    eb fe               ; jmp stop
    e4 64               ; in al, 64h            (free)
    a8 02               ; test al, 2
    75 fa               ; jne free
    c3                  ; ret
    88 c3               ; mov bl, al            (send)
    ba f8 03            ; mov dx, 3F8h
    ee                  ; out dx, al
    ba 78 03            ; mov dx, 378h
    ee                  ; out dx, al
    ba 7a 03            ; mov dx, 37Ah
    b0 0d               ; mov al, 0Dh
    ee                  ; out dx, al
    b0 0c               ; mov al, 0Ch
    ee                  ; out dx, al
    ba fd 03            ; mov dx, 3FDh          (wait)
    ec                  ; in al, dx
    a8 20               ; test al, 20h
    74 f8               ; je wait
    c3                  ; ret";

/// A click while moving right and up, then the button let go; then power.
const SCRIPT: &str = "when serial R : mouse 5 -3 left ; mouse 0 0\nwhen serial \"\\x08\" : power";

/// A disk whose boot sector is a listing.
fn disk(listing: &str) -> Image {
    let mut sector = Vec::new();
    for line in listing.lines() {
        let (hex, text) = line.split_once(';').expect("bytes ; text");
        let digits = hex.split_whitespace();
        let bytes: Vec<u8> = digits.map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal")).collect();
        check_text(16, &bytes, text.trim());
        sector.extend(bytes);
    }
    sector.resize(510, 0);
    sector.extend([0x55, 0xAA]);
    sector.resize(64 * 512, 0);
    Image(Cow::Owned(sector))
}

fn start(tuning: Tuning) -> Machine {
    let mut run = machine(&disk(SECTOR), tuning);
    run.set_script(parse(SCRIPT).expect("the script is right"));
    run
}

#[test]
fn a_script_moves_the_mouse_and_presses_the_power_button() {
    let mut run = start(Tuning::default());
    assert_eq!(run_to(&mut run, 100_000_000), Stop::PowerOff);
    let (mut serial, mut printed) = (Vec::new(), Vec::new());
    for output in run.take_output() {
        match output {
            Output::Serial(0, byte) => serial.push(byte),
            Output::Parallel(byte) => printed.push(byte),
            _ => {}
        }
    }
    // The BIOS says things on the serial line before.
    let from = printed.iter().position(|byte| *byte == b'R').expect("the guest came up");
    let said = &printed[from..];
    assert_eq!(said[..5], [b'R', 0x09, 5, 3, 0x08], "left button, 5 right, 3 up; then the button let go");
    assert!(serial.ends_with(said), "COM1 {serial:X?}, printer {said:X?}");
}

#[test]
fn the_laws_hold_over_the_new_devices() {
    let mut trail = Trail::default();
    assert_eq!(trail.record(&mut start(Tuning::default()), 150_000, None), Stop::PowerOff);
    trail.follow(start(Tuning { slice: 641, ..Tuning::default() }), "R1: slices of 641", straight);
    let mut random = Random(5);
    trail.follow(start(Tuning::default()), "R2, R3: restored", |run, position| {
        for stop in [position - random.below(140_000), position] {
            run_to(run, stop.max(run.position()));
            let bytes = saved(run);
            *run = restored(bytes.clone(), &disk(SECTOR), Tuning::default());
            assert_eq!(saved(run), bytes, "saving what was loaded gives the same bytes");
        }
    });
}
