//! Where the machine's ports, screen and media lead: serial ports, port E9h, the text screen, drives.

use crate::cli_process::{Folder, POWER_OFF, PRINT, SAY, boot_sector, filled};

/// The same as [`SAY`] for COM2.
const SAY_COM2: &str = "\
BE 00 7D    ; mov si, 7D00h
AC          ; lodsb
84 C0       ; test al, al
74 11       ; je behind
88 C4       ; mov ah, al
BA FD 02    ; mov dx, 2FDh
EC          ; in al, dx
A8 20       ; test al, 20h
74 FB       ; je back to IN
B2 F8       ; mov dl, 0F8h
88 E0       ; mov al, ah
EE          ; out dx, al
EB EA       ; jmp back to LODSB
";

/// Takes a byte from COM2 and sends the next one back.
const ECHO_COM2: &str = "\
BA FD 02    ; mov dx, 2FDh
EC          ; in al, dx
A8 01       ; test al, 1
74 FB       ; je back to IN
B2 F8       ; mov dl, 0F8h
EC          ; in al, dx
FE C0       ; inc al
EE          ; out dx, al
";

/// Sends the text to port E9h.
const DEBUG_PORT: &str = "\
BE 00 7D    ; mov si, 7D00h
B9 05 00    ; mov cx, 5
BA E9 00    ; mov dx, 0E9h
F3 6E       ; rep outsb
";

fn folder_with(listings: &[&str], text: &str) -> Folder {
    let folder = Folder::new();
    folder.put("disk.img", &filled(boot_sector(listings, text), 64 << 10));
    folder
}

#[test]
fn ports_lead_where_they_are_told_to() {
    let folder = folder_with(&[SAY, SAY_COM2, DEBUG_PORT, POWER_OFF], "hello");
    let run = folder.ringwalk("run disk.img");
    run.must("COM1 is standard output", 0, &[]);
    assert_eq!(run.out.matches("hello").count(), 1, "{run:?}");
    let run = folder.ringwalk("run disk.img --serial file:com1 --serial file:com2 --debugcon file:e9");
    run.must("files", 0, &[]);
    assert_eq!(run.out, "");
    assert_eq!(folder.get("com2"), b"hello");
    assert!(folder.get("com1").ends_with(b"hello"));
    assert!(folder.get("e9").ends_with(b"hello"));
    let run = folder.ringwalk("run disk.img --serial null --serial stdio");
    run.must("COM2 is standard output", 0, &[]);
    assert_eq!(run.out, "hello");
}

#[test]
fn standard_input_is_the_port_on_stdio() {
    let folder = folder_with(&[ECHO_COM2, ECHO_COM2, POWER_OFF], "");
    let run = folder.ringwalk_fed("run disk.img --serial null --serial stdio", b"HK");
    run.must("two bytes", 0, &[]);
    assert_eq!(run.out, "IL");
}

/// Writes the boot sector to the sector behind it: INT 13h, AH = 03h.
const WRITE_SECTOR: &str = "\
B8 01 03    ; mov ax, 301h
BB 00 7C    ; mov bx, 7C00h
B9 02 00    ; mov cx, 2
BA 80 00    ; mov dx, 80h
CD 13       ; int 13h
";

#[test]
fn writes_reach_the_image_only_where_that_is_asked_for() {
    let folder = folder_with(&[WRITE_SECTOR, POWER_OFF], "");
    let before = folder.get("disk.img");
    folder.ringwalk("run disk.img --save written.snap").must("an overlay", 0, &[]);
    assert!(folder.get("disk.img") == before, "the image changed");
    let told = folder.ringwalk("snapshot info written.snap");
    assert!(told.out.lines().any(|line| line.contains("disk0") && line.contains("1 of 16 not zero")), "{told:?}");
    folder.ringwalk("run disk.img --write --save x.snap").must("no snapshot", 2, &["written through", "--write"]);
    let after = folder.get("disk.img");
    assert!(after[..512] == before[..512] && after[512..1024] == before[..512] && after[1024..] == before[1024..]);
}

/// A text mode, the calls that set it, and the rows and columns that it must have.
const MODES: [(&str, &str, usize); 6] = [
    ("mode 0", "B8 00 00 ; mov ax, 0\nCD 10 ; int 10h\n", 40),
    ("mode 1", "B8 01 00 ; mov ax, 1\nCD 10 ; int 10h\n", 40),
    ("mode 2", "B8 02 00 ; mov ax, 2\nCD 10 ; int 10h\n", 80),
    ("mode 3", "B8 03 00 ; mov ax, 3\nCD 10 ; int 10h\n", 80),
    ("mode 7", "B8 07 00 ; mov ax, 7\nCD 10 ; int 10h\n", 80),
    (
        "mode 3 with 50 rows",
        "B8 03 00 ; mov ax, 3\nCD 10 ; int 10h\nB8 12 11 ; mov ax, 1112h\n30 DB ; xor bl, bl\nCD 10 ; int 10h\n",
        80,
    ),
];

#[test]
fn the_text_screen_is_read_and_printed_in_every_text_mode() {
    let digits = "0123456789".repeat(5);
    for (name, set, columns) in MODES {
        let folder = folder_with(&[set, PRINT], &(digits.clone() + "\r\n\r\n\n\n\n\n\n\n\nend"));
        let options = "--until-screen end --max-insns 50000000 --display text --serial null";
        let run = folder.ringwalk(&format!("run disk.img {options}"));
        run.must(name, 0, &["--until-screen met"]);
        let rows: Vec<&str> = run.out.lines().filter(|row| !row.is_empty()).collect();
        let (first, rest) = digits.split_at(digits.len().min(columns));
        let wanted: Vec<&str> = [first, rest, "end"].into_iter().filter(|row| !row.is_empty()).collect();
        assert_eq!(rows, wanted, "{name}");
        assert!(!folder.ringwalk(&format!("run disk.img {options} --display none")).out.contains("end"), "{name}");
    }
}

#[test]
fn a_guest_in_graphics_is_told() {
    // Graphics Controller, Miscellaneous register (index 6), bit 0: graphics.
    let graphics = "BA CE 03 ; mov dx, 3CEh\nB8 06 05 ; mov ax, 506h\nEF ; out dx, ax\n";
    let folder = folder_with(&[graphics, POWER_OFF], "");
    let run = folder.ringwalk("run disk.img --display text --serial null");
    run.must("graphics", 0, &[]);
    assert!(run.out.starts_with("the guest is in graphics"), "{run:?}");
    assert!(run.out.contains("--screenshot FILE.png"), "{run:?}");
}

/// An ISO 9660 image as far as its kind needs it: ECMA-119 8.4 "Primary Volume Descriptor" in sector 16.
fn disc() -> Vec<u8> {
    let mut disc = vec![0; 64 << 10];
    disc[16 * 2048..][..7].copy_from_slice(b"\x01CD001\x01");
    disc
}

/// A boot sector with one entry in its partition table.
fn partitioned() -> Vec<u8> {
    let mut disk = filled(boot_sector(&[POWER_OFF], ""), 1440 << 10);
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 6, 1, 1, 0, 1, 0, 0, 0, 16, 0, 0, 0]);
    disk
}

#[test]
fn an_image_goes_into_the_drive_that_its_content_asks_for() {
    let folder = Folder::new();
    folder
        .put("floppy.img", &filled(boot_sector(&[POWER_OFF], ""), 720 << 10))
        .put("data.img", &vec![0xF6; 1440 << 10])
        .put("small.img", &boot_sector(&[POWER_OFF], ""))
        .put("disk.img", &partitioned())
        .put("cd.iso", &disc())
        .put("both.iso", &[&partitioned()[..512], &disc()[512..]].concat());
    for (arguments, drives) in [
        ("floppy.img", &[("fda", "floppy.img, under an overlay")][..]),
        ("data.img", &[("fda", "data.img, under an overlay")]),
        ("small.img", &[("hda", "small.img, under an overlay")]),
        ("--fda small.img", &[("fda", "small.img, under an overlay")]),
        ("disk.img", &[("hda", "disk.img, under an overlay")]),
        ("disk.img --write", &[("hda", "disk.img, written through")]),
        ("cd.iso", &[("hdc", "cd.iso, a CD")]),
        ("both.iso", &[("hdc", "both.iso, a CD")]),
        ("--hda both.iso", &[("hda", "both.iso, under an overlay")]),
        ("--hda disk.img cd.iso", &[("hda", "disk.img, under an overlay"), ("hdc", "cd.iso, a CD")]),
        (
            "--fdb floppy.img disk.img",
            &[("hda", "disk.img, under an overlay"), ("fdb", "floppy.img, under an overlay")],
        ),
        ("--hdd disk.img --cdrom cd.iso", &[("hdc", "cd.iso, a CD"), ("hdd", "disk.img, under an overlay")]),
        ("", &[("hda", "built-in disk, under an overlay")]),
    ] {
        let told = folder.ringwalk(&format!("debug {arguments} -e info_machine"));
        told.must(arguments, 0, &[]);
        let is_drive = |line: &&str| ["hd", "fd"].iter().any(|drive| line.trim_start().starts_with(drive));
        let rows: Vec<(&str, &str)> =
            told.out.lines().filter(is_drive).filter_map(|line| line.trim().split_once(char::is_whitespace)).collect();
        let rows: Vec<(&str, &str)> = rows.into_iter().map(|(name, place)| (name, place.trim())).collect();
        assert_eq!(rows, drives, "{arguments}: {told:?}");
    }
}

#[test]
fn images_of_odd_size_are_filled_up_and_told() {
    let folder = Folder::new();
    folder.put("odd.img", &filled(boot_sector(&[POWER_OFF], ""), 700)).put("odd.iso", &disc()[..60_001]);
    for (arguments, said) in [
        ("--hda odd.img", "odd.img: 700 bytes are not a whole number of sectors of 512 bytes"),
        ("--fda odd.img", "odd.img: 700 bytes are no size of a floppy disk; zeros fill it up to 1440 KiB"),
        ("--cdrom odd.iso", "odd.iso: 60001 bytes are not a whole number of blocks of 2048 bytes"),
    ] {
        folder.ringwalk(&format!("debug {arguments} -e regs")).must(arguments, 0, &[said]);
    }
}
