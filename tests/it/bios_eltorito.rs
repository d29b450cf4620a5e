//! Booting from CDs: every form that the El Torito specification has, and damaged catalogs. Expected: Phoenix/IBM *El
//! Torito Bootable CD-ROM Format Specification* 1.0 (1995); T13 1572D *BIOS Enhanced Disk Drive Services - 3*.

use ringwalk::machine::Stop;
use ringwalk_chipset::BootDevice;

use crate::bios_calls::{Call, Pc, SECTOR, Script, pattern, sum};

/// Drives in the machine's list.
const HDA: usize = 0;
const CDROM: usize = 2;
const FDA: usize = 4;
const BLOCK: usize = 2048;
const BUFFER: u16 = 0x2000;

/// Where things lie on the disc, in blocks.
const CATALOG: usize = 20;
const IMAGE: usize = 40;
/// Blocks of a disc with a small image.
const BLOCKS: usize = 100;

/// The catalog's validation entry for a platform: figure 2 of the specification.
fn validation(platform: u8) -> Vec<u8> {
    let mut entry = vec![0; 32];
    (entry[0], entry[1], entry[0x1E], entry[0x1F]) = (1, platform, 0x55, 0xAA);
    let words = entry.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).fold(0, u16::wrapping_add);
    entry[0x1C..0x1E].copy_from_slice(&words.wrapping_neg().to_le_bytes());
    entry
}

/// An entry that boots: figures 3 and 5.
fn bootable(media: u8, segment: u16, sectors: u16, block: u32) -> Vec<u8> {
    let mut entry = vec![0x88, media];
    entry.extend(segment.to_le_bytes());
    entry.extend([0, 0]);
    entry.extend(sectors.to_le_bytes());
    entry.extend(block.to_le_bytes());
    entry.resize(32, 0);
    entry
}

/// A section header: figure 4.
fn section(indicator: u8, platform: u8, entries: u16) -> Vec<u8> {
    let mut entry = vec![indicator, platform];
    entry.extend(entries.to_le_bytes());
    entry.resize(32, 0);
    entry
}

/// A disc with this catalog and, at `IMAGE`, this image. Its other blocks hold a pattern.
fn disc(catalog: &[Vec<u8>], image: &[u8]) -> Vec<u8> {
    let blocks = BLOCKS.max(IMAGE + image.len().div_ceil(BLOCK) + 10);
    let mut disc = pattern(blocks * 4);
    disc[16 * BLOCK..(CATALOG + 4) * BLOCK].fill(0);
    disc[16 * BLOCK..][..7].copy_from_slice(b"\x01CD001\x01");
    disc[17 * BLOCK..][..30].copy_from_slice(b"\x00CD001\x01EL TORITO SPECIFICATION");
    disc[17 * BLOCK + 0x47..][..4].copy_from_slice(&(CATALOG as u32).to_le_bytes());
    disc[18 * BLOCK..][..7].copy_from_slice(b"\xFFCD001\x01");
    let catalog = catalog.concat();
    disc[CATALOG * BLOCK..][..catalog.len()].copy_from_slice(&catalog);
    disc[IMAGE * BLOCK..][..image.len()].copy_from_slice(image);
    disc
}

fn boots(disc: Vec<u8>) -> Pc {
    Pc::new(&[BootDevice::Cdrom]).with(CDROM, true, disc)
}

fn call(ax: u16, dx: u16) -> Call {
    Call { ax, dx, es: BUFFER, ..Call::default() }
}

/// An address packet: blocks or sectors from one on, to the buffer.
fn packet(count: u16, first: u64) -> Vec<u8> {
    let mut packet = vec![0x10, 0];
    packet.extend(count.to_le_bytes());
    packet.extend([0, 0]);
    packet.extend(BUFFER.to_le_bytes());
    packet.extend(first.to_le_bytes());
    packet
}

/// The disc's only entry, without emulation, loading the whole program.
fn plain(program: &[u8], segment: u16) -> Vec<Vec<u8>> {
    vec![validation(0), bootable(0, segment, (program.len() / SECTOR) as u16, IMAGE as u32)]
}

/// Where AH=48h and AH=4Bh write what they tell.
const RESULT: u16 = 0x6000;

#[test]
fn without_emulation() {
    let script = Script::default()
        .int(0x13, Call { si: RESULT, ..call(0x4B01, 0xE0) })
        .peek(0, RESULT, 19)
        .int(0x13, Call { bx: 0x55AA, ..call(0x4100, 0xE0) })
        .poke(0, RESULT, &[0x4A, 0])
        .int(0x13, Call { si: RESULT, ..call(0x4800, 0xE0) })
        .peek(0, RESULT, 0x4A)
        .int_with(0x13, call(0x4200, 0xE0), &packet(20, 60))
        .sum(BUFFER, 0, 80)
        .int_with(0x13, call(0x4D00, 0xE0), &[8, 1, 0, 0, BUFFER.to_le_bytes()[0], BUFFER.to_le_bytes()[1], 0, 0])
        .peek(BUFFER, 0, 32)
        // Behind the end, a write, a function of disks; lock, status, eject, unlock.
        .int_with(0x13, call(0x4200, 0xE0), &packet(1, BLOCKS as u64))
        .int_with(0x13, call(0x4300, 0xE0), &packet(1, 60))
        .int(0x13, call(0x0201, 0xE0))
        .int(0x13, call(0x4500, 0xE0))
        .int(0x13, call(0x4502, 0xE0))
        .int(0x13, call(0x4600, 0xE0))
        .int(0x13, call(0x4501, 0xE0))
        .int(0x13, call(0x4900, 0xE0))
        .int(0x13, call(0x4600, 0xE0))
        .int_with(0x13, call(0x4200, 0xE0), &packet(1, 16));
    let program = script.program(None);
    let disc = disc(&plain(&program, 0), &program);
    let blocks = disc.len() / BLOCK;
    let mut lines = boots(disc.clone()).lines();

    assert_eq!(lines.answer().status(), (0, false), "AX=4B01h");
    let told = lines.bytes();
    assert_eq!(told[..4], [0x13, 0, 0xE0, 1], "size, no emulation, drive, secondary channel");
    assert_eq!(told[4..8], (IMAGE as u32).to_le_bytes());
    assert_eq!(told[8..10], [0, 0], "master");
    assert_eq!(
        told[12..16],
        [&0x07C0_u16.to_le_bytes()[..], &((program.len() / SECTOR) as u16).to_le_bytes()].concat()
    );

    let answer = lines.answer();
    assert_eq!((answer.bx, answer.ah(), answer.carry), (0xAA55, 0x30, false), "AH=41h");
    assert_eq!(answer.cx & 0b11, 0b11, "extended access, removable media");
    assert_eq!(lines.answer().status(), (0, false), "AH=48h");
    let told = lines.bytes();
    assert_eq!(told[0..2], [0x4A, 0]);
    assert_eq!(told[2] & 0b0101_0100, 0b0001_0100, "removable, lockable, with a medium");
    assert_eq!(told[16..24], (blocks as u64).to_le_bytes());
    assert_eq!(told[24..26], 2048_u16.to_le_bytes());
    assert_eq!(told[30..32], 0xBEDD_u16.to_le_bytes(), "a device path");
    assert_eq!(&told[36..48], b"PCI ATAPI   ");
    assert_eq!(told[30..0x4A].iter().copied().fold(0, u8::wrapping_add), 0, "its checksum");

    assert_eq!(lines.answer().status(), (0, false), "AH=42h");
    assert_eq!(lines.number(), sum(&disc[60 * BLOCK..80 * BLOCK]));
    assert_eq!(lines.answer().status(), (0, false), "AH=4Dh");
    assert_eq!(lines.bytes(), disc[CATALOG * BLOCK..][..32]);
    let codes = [
        (0x04, true, "no such block"),
        (0x03, true, "write-protected"),
        (0x01, true, "not by cylinder and head"),
        (0x00, false, "locked"),
        (0x00, false, "status"),
        (0xB1, true, "locked in the drive"),
        (0x00, false, "unlocked"),
        (0x00, false, "not changed"),
        (0x00, false, "ejected"),
        (0x31, true, "no medium"),
    ];
    for (code, carry, what) in codes {
        assert_eq!(lines.answer().status(), (code, carry), "{what}");
    }
    lines.end();
}

#[test]
fn to_another_segment() {
    let program = Script::default().text("elsewhere").program(None);
    let mut lines = boots(disc(&plain(&program, 0x1000), &program)).lines();
    assert_eq!(lines.line(), "elsewhere");
}

/// Linux 0.11's boot sector has its stack at 9000:FF00: what lasts in the extended BIOS data area, at 9FC0h with 640
/// KiB, must lie below it, and no call may write where such a stack is.
#[test]
fn a_boot_sector_may_have_its_stack_at_9000_ff00() {
    const AREA: u16 = 0x9FC0;
    let used = [0xA5, 0x5A].repeat(0x80);
    let script = Script::default()
        .fill(AREA, 0x200, 0x5AA5, 0x100)
        .int(0x13, Call { cx: 0x0203, bx: 0x10, ..call(0x0203, 0x0000) })
        .sum(BUFFER, 0x10, 3)
        .peek(AREA, 0x200, 0x100)
        .int(0x13, Call { cx: 0x0002, ..call(0x0201, 0x0080) })
        .sum(BUFFER, 0, 1)
        .int_with(0x13, call(0x4200, 0xE0), &packet(2, 60))
        .sum(BUFFER, 0, 8)
        .peek(AREA, 0x200, 0x100)
        .int(0x13, Call { si: RESULT, ..call(0x4B01, 0x00) })
        .int(0x15, Call { ax: 0x5300, ..Call::default() });
    let mut image = pattern(1440 * 2);
    let program = script.program(None);
    image[..program.len()].copy_from_slice(&program);
    let disc = disc(&[validation(0), bootable(2, 0, 1, IMAGE as u32)], &image);
    let disk = pattern(1000);
    let mut lines = boots(disc.clone()).with(HDA, false, disk.clone()).lines();
    assert_eq!(lines.answer().status(), (0, false), "the emulated diskette");
    let at = (18 * 4 + 2) * SECTOR;
    assert_eq!(lines.number(), sum(&image[at..at + 3 * SECTOR]));
    assert_eq!(lines.bytes(), used, "below 300h nothing was written");
    assert_eq!(lines.answer().status(), (0, false), "the disk");
    assert_eq!(lines.number(), sum(&disk[SECTOR..2 * SECTOR]));
    assert_eq!(lines.answer().status(), (0, false), "the CD");
    assert_eq!(lines.number(), sum(&disc[60 * BLOCK..62 * BLOCK]));
    assert_eq!(lines.bytes(), used);
    assert_eq!(lines.answer().status(), (0, false), "the emulation is still known");
    assert_eq!(lines.answer().ax, 0x0102, "and so is APM");
    lines.end();
}

#[test]
fn diskette_images() {
    for (media, kib, sectors, kind) in [(1, 1200, 15, 2), (2, 1440, 18, 4), (3, 2880, 36, 5)] {
        let script = Script::default()
            .int(0x13, Call { si: RESULT, ..call(0x4B01, 0x00) })
            .peek(0, RESULT, 19)
            .int(0x13, call(0x0800, 0x00))
            .int(0x13, Call { cx: 0x4F01, ..call(0x0200 | sectors, 0x0100) })
            .sum(BUFFER, 0, sectors)
            .int(0x13, Call { cx: 0x0203, bx: 0x10, ..call(0x0203, 0x0000) })
            .sum(BUFFER, 0x10, 3)
            .int(0x13, Call { cx: 0x0201, ..call(0x0301, 0x0000) })
            // Drive A of the machine is B now: a diskette of 720 KB.
            .int(0x13, call(0x0800, 0x01))
            .int(0x13, Call { cx: 0x0001, ..call(0x0201, 0x01) })
            .int(0x13, Call { cx: 0x0001, ..call(0x0201, 0x01) })
            .sum(BUFFER, 0, 1)
            .int(0x11, Call::default())
            // The emulation ends: drive A is itself again.
            .int(0x13, Call { si: RESULT, ..call(0x4B00, 0x00) })
            .int(0x13, call(0x0800, 0x00))
            .int(0x13, Call { si: RESULT, ..call(0x4B01, 0x00) });
        let mut image = pattern(kib * 2);
        let program = script.program(None);
        image[..program.len()].copy_from_slice(&program);
        let floppy: Vec<u8> = pattern(1440).into_iter().rev().collect();
        let disc = disc(&[validation(0), bootable(media, 0, 1, IMAGE as u32)], &image);
        let mut lines = boots(disc).with(FDA, false, floppy.clone()).lines();
        assert_eq!(lines.answer().status(), (0, false), "AX=4B01h");
        let told = lines.bytes();
        assert_eq!(told[..3], [0x13, media, 0]);
        assert_eq!(told[16..19], [79, sectors as u8, 1], "the last cylinder, sector and head");
        let answer = lines.answer();
        assert_eq!((answer.bx, answer.cx, answer.dx), (kind, 0x4F00 | sectors, 0x0102), "AH=08h of {kib} KB");
        assert_eq!((lines.answer().ax, kib), (sectors, kib));
        assert_eq!(lines.number(), sum(&image[image.len() - usize::from(sectors) * SECTOR..]), "the last track");
        assert_eq!(lines.answer().ax, 3);
        let at = (usize::from(sectors) * 4 + 2) * SECTOR;
        assert_eq!(lines.number(), sum(&image[at..at + 3 * SECTOR]), "within blocks of the disc");
        assert_eq!(lines.answer().status(), (0x03, true), "a CD is not written");
        let answer = lines.answer();
        assert_eq!((answer.bx, answer.cx, answer.dx), (3, 0x4F09, 0x0102), "drive B");
        assert_eq!(lines.answer().status(), (0x06, true), "its disk is new");
        assert_eq!(lines.answer().ax, 1);
        assert_eq!(lines.number(), sum(&floppy[..SECTOR]));
        assert_eq!(lines.answer().ax & 0xC1, 0x41, "INT 11h: two drives");
        assert_eq!(lines.answer().status(), (0, false), "AX=4B00h");
        let answer = lines.answer();
        assert_eq!((answer.bx, answer.cx, answer.dx), (3, 0x4F09, 0x0101), "one drive");
        assert!(lines.answer().carry, "nothing is emulated any more");
        lines.end();
    }
}

#[test]
fn a_hard_disk_image() {
    // 20 cylinders, 4 heads, 17 sectors: one partition from track 1 to the end.
    let (cylinders, heads, sectors) = (20, 4, 17);
    let total = cylinders * heads * sectors;
    let script = Script::default()
        .int(0x13, call(0x0800, 0x80))
        .int(0x13, call(0x1500, 0x80))
        .int(0x13, Call { cx: 0x1301, ..call(0x0211, 0x0380) })
        .sum(BUFFER, 0, 17)
        .int_with(0x13, call(0x4200, 0x80), &packet(33, 601))
        .sum(BUFFER, 0, 33)
        .int_with(0x13, call(0x4200, 0x80), &packet(1, total as u64))
        .int_with(0x13, call(0x4300, 0x80), &packet(1, 600))
        // The machine's own disk is the second.
        .int_with(0x13, call(0x4200, 0x81), &packet(1, 5))
        .sum(BUFFER, 0, 1)
        .peek(0x40, 0x75, 1)
        .int(0x13, Call { si: RESULT, ..call(0x4B00, 0x7F) })
        .peek(0, RESULT, 19)
        .int_with(0x13, call(0x4200, 0x80), &packet(1, 5))
        .sum(BUFFER, 0, 1);
    let program = script.program(None);
    let mut image = pattern(total);
    image[..program.len()].copy_from_slice(&program);
    let mut entry = vec![0x80, 1, 1, 0, 6, (heads - 1) as u8, sectors as u8, (cylinders - 1) as u8];
    entry.extend(17_u32.to_le_bytes());
    entry.extend((total as u32 - 17).to_le_bytes());
    image[446..462].copy_from_slice(&entry);
    let disk: Vec<u8> = pattern(4000).into_iter().rev().collect();
    let disc = disc(&[validation(0), bootable(4, 0, 1, IMAGE as u32)], &image);
    let mut lines = boots(disc).with(HDA, false, disk.clone()).lines();
    let answer = lines.answer();
    assert_eq!((answer.cx, answer.dx, answer.carry), (0x1311, 0x0302, false), "AH=08h, with two disks");
    let answer = lines.answer();
    assert_eq!((answer.ah(), answer.cx, answer.dx), (3, 0, total as u16), "AH=15h");
    assert_eq!(lines.answer().ax, 0x0011);
    assert_eq!(lines.number(), sum(&image[(total - 17) * SECTOR..]), "the last track");
    assert_eq!(lines.answer().status(), (0, false));
    assert_eq!(lines.number(), sum(&image[601 * SECTOR..634 * SECTOR]));
    assert_eq!(lines.answer().status(), (0x04, true), "behind the end");
    assert_eq!(lines.answer().status(), (0x03, true), "a CD is not written");
    assert_eq!(lines.answer().status(), (0, false));
    assert_eq!(lines.number(), sum(&disk[5 * SECTOR..6 * SECTOR]));
    assert_eq!(lines.bytes(), [2]);
    assert_eq!(lines.answer().status(), (0, false), "AX=4B00h of all");
    let told = lines.bytes();
    assert_eq!(told[..3], [0x13, 4, 0x80]);
    assert_eq!(told[16..19], [0x13, 0x11, 3]);
    assert_eq!(lines.answer().status(), (0, false));
    assert_eq!(lines.number(), sum(&disk[5 * SECTOR..6 * SECTOR]), "80h is the machine's disk again");
    lines.end();
}

#[test]
fn sections_behind_a_default_entry_that_is_not_for_a_pc() {
    let program = Script::default().text("section").program(None);
    let count = (program.len() / SECTOR) as u16;
    let wanted = || bootable(0, 0, count, IMAGE as u32);
    let other = || bootable(0, 0, 1, 3);
    let not_bootable = || [vec![0], other()[1..].to_vec()].concat();
    let with_criteria = || {
        let mut entry = other();
        (entry[0], entry[1]) = (0x00, 0x20);
        entry
    };
    let extension = |more: u8| [vec![0x44, more], vec![0x88; 30]].concat();
    let catalogs: [(&str, Vec<Vec<u8>>); 5] = [
        ("a default entry that is not bootable", vec![validation(0), not_bootable(), section(0x91, 0, 1), wanted()]),
        ("a default entry for a PowerPC", vec![validation(1), other(), section(0x91, 0, 1), wanted()]),
        (
            "sections of other platforms first",
            vec![
                validation(2),
                other(),
                section(0x90, 0xEF, 2),
                other(),
                other(),
                section(0x90, 0, 1),
                not_bootable(),
                section(0x91, 0, 2),
                not_bootable(),
                wanted(),
            ],
        ),
        (
            "selection criteria that go on in extensions",
            vec![
                validation(1),
                other(),
                section(0x91, 0, 2),
                with_criteria(),
                extension(0x20),
                extension(0x00),
                wanted(),
            ],
        ),
        ("a catalog of two blocks", {
            let mut catalog = vec![validation(1), other(), section(0x91, 0, 80)];
            catalog.extend((0..79).map(|_| not_bootable()));
            catalog.push(wanted());
            catalog
        }),
    ];
    for (what, catalog) in catalogs {
        let ran = boots(disc(&catalog, &program)).run(2_000_000_000);
        assert_eq!((ran.stop, ran.said.lines().next()), (Stop::Exit(0), Some("section")), "{what}\n{}", ran.screen);
    }
}

#[test]
fn damaged_discs_are_told_and_the_next_device_boots() {
    let program = Script::default().text("wrong").program(None);
    let count = (program.len() / SECTOR) as u16;
    let right = || vec![validation(0), bootable(0, 0, count, IMAGE as u32)];
    let changed = |place: usize, value: u8| {
        let mut disc = disc(&right(), &program);
        disc[place] = value;
        disc
    };
    let entry = |entry: Vec<u8>| disc(&[validation(0), entry], &program);
    let catalog = CATALOG * BLOCK;
    let far = |block: u32| {
        let mut disc = disc(&right(), &program);
        disc[17 * BLOCK + 0x47..][..4].copy_from_slice(&block.to_le_bytes());
        disc
    };
    let not_bootable = [vec![0], bootable(0, 0, 1, 40)[1..].to_vec()].concat();
    let endless = {
        let mut entries = vec![validation(0), not_bootable.clone()];
        entries.extend((0..200).map(|_| section(0x90, 0, 0xFFFF)));
        disc(&entries[..64 * 3], &program)
    };
    let rows: [(&str, Vec<u8>, &str); 22] = [
        ("no identifier", changed(17 * BLOCK + 1, b'X'), "no boot record"),
        ("another boot system", changed(17 * BLOCK + 7, b'X'), "no boot record"),
        ("a catalog behind the end", far(1 << 20), "catalog cannot be read"),
        ("a catalog at FFFFFFFFh", far(u32::MAX), "catalog cannot be read"),
        ("no validation entry", changed(catalog, 2), "does not begin with a validation entry"),
        ("a catalog in an empty block", far(19), "does not begin with a validation entry"),
        ("key byte 55h", changed(catalog + 0x1E, 0), "key bytes"),
        ("key byte AAh", changed(catalog + 0x1F, 0x55), "key bytes"),
        ("checksum", changed(catalog + 0x1C, 0x77), "checksum of the boot catalog is wrong"),
        ("checksum of the identifier", changed(catalog + 8, b'x'), "checksum of the boot catalog is wrong"),
        ("an unknown boot indicator", changed(catalog + 32, 0x89), "nothing for a PC"),
        ("nothing to boot", disc(&[validation(0), not_bootable], &program), "nothing for a PC"),
        ("sections without end", endless, "nothing for a PC"),
        ("kind of image", entry(bootable(5, 0, count, IMAGE as u32)), "unknown kind of image"),
        ("no sectors", entry(bootable(0, 0, 0, IMAGE as u32)), "does not fit"),
        ("32 MiB", entry(bootable(0, 0, 0xFFFF, IMAGE as u32)), "does not fit"),
        ("over the interrupt vectors", entry(bootable(0, 0x0001, 4, IMAGE as u32)), "does not fit"),
        ("into the video memory", entry(bootable(0, 0x9FFF, 4, IMAGE as u32)), "does not fit"),
        ("an image behind the end", entry(bootable(0, 0, 4, 1 << 24)), "outside the disc"),
        ("an image at FFFFFFFFh", entry(bootable(0, 0, 4, u32::MAX)), "outside the disc"),
        ("an image over the end", entry(bootable(0, 0, 400, IMAGE as u32)), "outside the disc"),
        ("a hard disk without a partition", entry(bootable(4, 0, 1, IMAGE as u32)), "has no partition"),
    ];
    let next = Script::default().text("next").program(None);
    for (what, disc, why) in rows {
        let disk = [next.clone(), vec![0; 64 << 10]].concat();
        let pc = Pc::new(&[BootDevice::Cdrom, BootDevice::Disk]).with(CDROM, true, disc).with(HDA, false, disk);
        let ran = pc.run(4_000_000_000);
        assert_eq!((ran.stop, ran.said.lines().next()), (Stop::Exit(0), Some("next")), "{what}\n{}", ran.screen);
        assert!(ran.screen.contains("CD-ROM:") && ran.screen.contains(why), "{what}\n{}", ran.screen);
    }
}

#[test]
fn an_empty_cd_drive_and_none_are_told() {
    let mut pc = Pc::new(&[BootDevice::Cdrom, BootDevice::Floppy, BootDevice::Disk]);
    pc.config.board.disks[CDROM] = Some(ringwalk_chipset::DiskConfig::cdrom(0));
    let ran = pc.run(4_000_000_000);
    assert_eq!(ran.stop, Stop::DeadHalt);
    for line in
        ["Nothing to boot from.", "CD-ROM:   the drive is empty", "diskette: there is none", "disk 80h: there is none"]
    {
        assert!(ran.screen.contains(line), "{}", ran.screen);
    }
}

#[test]
fn emulation_is_started_and_booted_by_a_program() {
    // A diskette image on the same disc, behind the program's.
    let block = IMAGE + 20;
    let booted = Script::default().text("booted").int(0x13, call(0x0800, 0x00)).program(Some((18, 2)));
    let mut diskette = pattern(2880);
    diskette[..booted.len()].copy_from_slice(&booted);
    // The specification packet: size, 1.44 MB, drive, controller, block, device; no buffer, segment, one sector, CHS.
    let mut packet = vec![0x13, 2, 0, 0];
    packet.extend((block as u32).to_le_bytes());
    packet.extend([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    let bad = [0x12, 2, 0, 0];
    let script = Script::default()
        .poke(0, RESULT, &bad)
        .int(0x13, Call { si: RESULT, ..call(0x4A00, 0xE0) })
        .poke(0, RESULT, &packet[..16])
        .poke(0, RESULT + 16, &packet[16..])
        .int(0x13, Call { si: RESULT, ..call(0x4A00, 0xE0) })
        .int(0x13, Call { cx: 0x0503, ..call(0x0204, 0x0100) })
        .sum(BUFFER, 0, 4)
        .int(0x13, Call { si: RESULT, ..call(0x4C00, 0xE0) });
    let program = script.program(None);
    let image = [program.clone(), vec![0; (block - IMAGE) * BLOCK - program.len()], diskette.clone()].concat();
    let mut lines = boots(disc(&plain(&program, 0), &image)).lines();
    assert_eq!(lines.answer().status(), (0x01, true), "the packet is too short");
    assert_eq!(lines.answer().status(), (0x00, false), "AH=4Ah");
    assert_eq!(lines.answer().ax, 4);
    let at = ((5 * 2 + 1) * 18 + 2) * SECTOR;
    assert_eq!(lines.number(), sum(&diskette[at..at + 4 * SECTOR]));
    assert_eq!(lines.line(), "booted", "AH=4Ch");
    let answer = lines.answer();
    assert_eq!((answer.bx, answer.cx), (4, 0x4F12), "it is drive A now");
    lines.end();
}
