//! INT 13h of our BIOS for diskettes of every size. Expected: IBM *PS/2 and PC BIOS Interface Technical Reference*
//! (1991), "Interrupt 13h - Diskette"; Ralf Brown's Interrupt List, INT 13h; formats as ECMA-66, 70, 100, 125 and 147
//! have them.

use ringwalk_chipset::BootDevice;

use crate::bios_calls::{Call, Pc, SECTOR, Script, pattern, sum};

/// Drive A in the machine's list of drives.
const FDA: usize = 4;
const FDB: usize = 5;
/// A buffer that begins with a 64 KiB page.
const BUFFER: u16 = 0x2000;

/// A format, and what AH=08h tells of the drive that takes it: type, highest cylinder, sectors a track.
struct Row {
    kib: usize,
    cylinders: u16,
    heads: u16,
    sectors: u16,
    drive: (u16, u16, u16),
}

const fn row(kib: usize, cylinders: u16, heads: u16, sectors: u16, drive: (u16, u16, u16)) -> Row {
    Row { kib, cylinders, heads, sectors, drive }
}

const FORMATS: [Row; 8] = [
    row(160, 40, 1, 8, (1, 39, 9)),
    row(180, 40, 1, 9, (1, 39, 9)),
    row(320, 40, 2, 8, (1, 39, 9)),
    row(360, 40, 2, 9, (1, 39, 9)),
    row(720, 80, 2, 9, (3, 79, 9)),
    row(1200, 80, 2, 15, (2, 79, 15)),
    row(1440, 80, 2, 18, (4, 79, 18)),
    row(2880, 80, 2, 36, (5, 79, 36)),
];

/// A diskette with the program at its beginning, data behind it.
fn diskette(row: &Row, script: &Script) -> Vec<u8> {
    let mut image = pattern(row.kib * 2);
    let program = script.program(Some((row.sectors, row.heads)));
    image[..program.len()].copy_from_slice(&program);
    image
}

fn boots(row: &Row, script: &Script) -> Pc {
    Pc::new(&[BootDevice::Floppy]).with(FDA, false, diskette(row, script))
}

fn call(ax: u16, cx: u16, dx: u16) -> Call {
    Call { ax, bx: 0, cx, dx, es: BUFFER, ..Call::default() }
}

fn chs(cylinder: u16, sector: u16) -> u16 {
    cylinder << 8 | sector
}

#[test]
fn every_format_is_read_and_its_drive_described() {
    for row in &FORMATS {
        let mut script = Script::default().int(0x13, Call { ax: 0x0800, ..Call::default() });
        script = script.int(0x13, Call { ax: 0x1500, ..Call::default() });
        let cylinders = [0, 1, row.cylinders / 2, row.cylinders - 1];
        for cylinder in cylinders {
            for head in 0..row.heads {
                script = script.int(0x13, call(0x0200 | row.sectors, chs(cylinder, 1), head << 8));
                script = script.sum(BUFFER, 0, row.sectors);
            }
        }
        let image = diskette(row, &script);
        let mut lines = boots(row, &script).lines();
        let kib = row.kib;
        let answer = lines.answer();
        let (kind, last, sectors) = row.drive;
        assert_eq!(answer.status(), (0, false), "{kib}");
        assert_eq!((answer.bx, answer.cx, answer.dx), (kind, chs(last, sectors), 0x0101), "{kib}: AH=08h");
        let change_line = if kind == 1 { 1 } else { 2 };
        let answer = lines.answer();
        assert_eq!(answer.status(), (change_line, false), "{kib}: AH=15h");
        let tracks: Vec<&[u8]> = image.chunks(usize::from(row.sectors) * SECTOR).collect();
        for cylinder in cylinders {
            for head in 0..row.heads {
                let answer = lines.answer();
                assert_eq!((answer.ax, answer.carry), (row.sectors, false), "{kib}: {cylinder}, {head}");
                let track = tracks[usize::from(cylinder * row.heads + head)];
                assert_eq!(lines.number(), sum(track), "{kib}: {cylinder}, {head}");
            }
        }
        assert_eq!(tracks.len(), usize::from(row.cylinders * row.heads), "{kib}");
        lines.end();
    }
}

#[test]
fn the_parameter_table_of_each_drive_names_its_sectors() {
    for row in &FORMATS {
        // ES:DI of AH=08h is in the BIOS; where is told by the first run.
        let script = Script::default().int(0x13, Call { ax: 0x0800, ..Call::default() });
        let told = boots(row, &script).lines().answer();
        assert_eq!(told.es, 0xF000);
        let mut lines = boots(row, &script.peek(told.es, told.di, 11)).lines();
        lines.answer();
        let table = lines.bytes();
        // Bytes 3 and 4: 512-byte sectors, sectors a track; 8: the fill byte of formatting.
        assert_eq!((table[3], u16::from(table[4]), table[8]), (2, row.drive.2, 0xF6), "{}", row.kib);
    }
}

#[test]
fn writing_verifying_and_formatting() {
    let row = &FORMATS[6];
    let script = Script::default()
        // Two sectors from the buffer to cylinder 40, head 1, sector 17; read elsewhere.
        .fill(BUFFER, 0, 0x1234, 512)
        .int(0x13, call(0x0302, chs(40, 17), 0x0100))
        .int(0x13, Call { bx: 0x1000, ..call(0x0202, chs(40, 17), 0x0100) })
        .sum(BUFFER, 0x1000, 2)
        .int(0x13, call(0x0412, chs(40, 1), 0x0100))
        // A transfer that goes on at the second head: the last sector of one, the first of the other.
        .int(0x13, call(0x0202, chs(41, 18), 0x0000))
        .sum(BUFFER, 0, 2)
        // Format cylinder 79, head 0: four bytes for each sector.
        .int(0x13, Call { ax: 0x1800, cx: chs(79, 18), ..Call::default() });
    let ids: Vec<u8> = (1..=18).flat_map(|sector| [79, 0, sector, 2]).collect();
    let script =
        ids.chunks(16).enumerate().fold(script, |script, (number, ids)| script.poke(BUFFER, (number * 16) as u16, ids));
    let script = script
        .int(0x13, call(0x0512, chs(79, 0), 0x0000))
        .int(0x13, call(0x0212, chs(79, 1), 0x0000))
        .sum(BUFFER, 0, 18)
        .int(0x13, call(0x0201, chs(79, 1), 0x0100))
        .sum(BUFFER, 0, 1);
    let image = diskette(row, &script);
    let mut lines = boots(row, &script).lines();
    assert_eq!(lines.answer().ax, 0x0002, "written");
    assert_eq!(lines.answer().ax, 0x0002, "read");
    assert_eq!(lines.number(), 0x1234_1234_u32.wrapping_mul(256));
    assert_eq!(lines.answer().ax, 0x0012, "verified");
    assert_eq!(lines.answer().ax, 0x0002, "over the end of a track");
    let place = |cylinder: usize, head: usize| (cylinder * 2 + head) * 18 * SECTOR;
    let at = place(41, 1) - SECTOR;
    assert_eq!(lines.number(), sum(&image[at..at + 2 * SECTOR]));
    assert_eq!(lines.answer().status(), (0, false), "the media type");
    assert_eq!(lines.answer().status(), (0, false), "formatted");
    assert_eq!(lines.answer().ax, 0x0012);
    assert_eq!(lines.number(), 0xF6F6_F6F6_u32.wrapping_mul(18 * 128));
    assert_eq!(lines.answer().ax, 0x0001);
    assert_eq!(lines.number(), sum(&image[place(79, 1)..place(79, 1) + SECTOR]), "the other side is as before");
    lines.end();
}

#[test]
fn what_cannot_be_done_has_its_status_code() {
    let row = &FORMATS[6];
    // AX, CX, DX, AH of the answer.
    let rows: [(u16, u16, u16, u8, &str); 12] = [
        (0x0201, chs(0, 19), 0, 0x04, "a sector that is not there"),
        (0x0200, chs(0, 1), 0, 0x01, "no sectors"),
        (0x0A01, chs(0, 1), 0, 0x01, "no such function"),
        (0x4200, chs(0, 1), 0, 0x01, "no extended functions"),
        (0x0201, chs(0, 1), 1, 0x80, "no drive B"),
        (0x0000, chs(0, 1), 1, 0x80, "no drive B to reset"),
        (0x1600, chs(0, 1), 1, 0x80, "no drive B to be changed"),
        (0x1800, chs(79, 15), 0, 0x0C, "1.2 MB in a drive of 1.44 MB"),
        (0x1800, chs(79, 36), 0, 0x0C, "2.88 MB in a drive of 1.44 MB"),
        (0x1700, chs(0, 1), 0, 0x01, "no such type"),
        (0x1703, chs(0, 1), 0, 0x01, "the type of 1.2 MB"),
        (0x0281, chs(0, 1), 0, 0x09, "more than 64 KiB"),
    ];
    let mut script = Script::default();
    for (ax, cx, dx, ..) in rows {
        script = script.int(0x13, call(ax, cx, dx)).peek(0x40, 0x41, 1);
    }
    script = script
        .int(0x13, Call { bx: 0xFF00, ..call(0x0201, chs(0, 1), 0) })
        .int(0x13, Call { bx: 0xFF00, ..call(0x0401, chs(0, 1), 0) })
        .int(0x13, call(0x1500, 0, 1))
        .int(0x13, call(0x0800, 0, 1))
        .int(0x13, call(0x1600, 0, 0));
    let mut lines = boots(row, &script).lines();
    for (.., code, what) in rows {
        let answer = lines.answer();
        assert_eq!(answer.status(), (code, true), "{what}");
        assert_eq!(lines.bytes(), [code], "40:41 after {what}");
    }
    assert_eq!(lines.answer().status(), (0x09, true), "DMA does not cross 64 KiB");
    assert_eq!(lines.answer().status(), (0x00, false), "verifying moves nothing");
    assert_eq!(lines.answer().status(), (0x00, false), "AH=15h: no drive");
    let answer = lines.answer();
    assert_eq!((answer.ax, answer.bx, answer.cx, answer.dx), (0, 0, 0, 1), "AH=08h: one drive, not this");
    assert_eq!(lines.answer().status(), (0x00, false), "the disk was not changed");
    lines.end();
}

#[test]
fn write_protected_diskettes_and_a_second_drive() {
    let script = Script::default()
        .int(0x13, call(0x0301, chs(3, 1), 0x0001))
        .int(0x13, call(0x0301, chs(3, 1), 0x0001))
        .int(0x13, call(0x0201, chs(3, 1), 0x0001))
        .sum(BUFFER, 0, 1)
        .int(0x13, call(0x0800, 0, 0x0001))
        .int(0x11, Call::default());
    let second = pattern(1440);
    let mut pc = boots(&FORMATS[6], &script).with(FDB, false, second.clone());
    pc.config.board.floppies[1].as_mut().expect("drive B").write_protected = true;
    let mut lines = pc.lines();
    assert_eq!(lines.answer().status(), (0x06, true), "the disk is new to the BIOS");
    assert_eq!(lines.answer().status(), (0x03, true), "write-protected");
    assert_eq!(lines.answer().ax, 0x0001);
    let at = 3 * 2 * 9 * SECTOR;
    assert_eq!(lines.number(), sum(&second[at..at + SECTOR]));
    let answer = lines.answer();
    assert_eq!((answer.bx, answer.cx, answer.dx), (3, chs(79, 9), 0x0102), "720 KB, the second of two");
    assert_eq!(lines.answer().ax & 0xC1, 0x41, "INT 11h: two diskette drives");
    lines.end();
}

#[test]
fn an_empty_drive_and_a_diskette_without_a_program_are_told() {
    let mut pc = Pc::new(&[BootDevice::Floppy]);
    pc.config.board.floppies[0] = Some(Default::default());
    let ran = pc.run(2_000_000_000);
    assert_eq!(ran.stop, ringwalk::machine::Stop::DeadHalt);
    assert!(ran.screen.contains("diskette: the drive is empty"), "{}", ran.screen);
    for (fill, why) in [(0, "no boot program"), (0xF6, "no boot program")] {
        let ran = Pc::new(&[BootDevice::Floppy]).with(FDA, false, vec![fill; 1440 << 10]).run(2_000_000_000);
        assert_eq!(ran.stop, ringwalk::machine::Stop::DeadHalt);
        assert!(ran.screen.contains(why), "{}", ran.screen);
    }
}
