//! The loaders over hand-made files: what each protocol promises, and what is refused.

use super::plan::{Entry, Fill, Found, Piece, Plan};
use super::*;

const MIB: u64 = 1 << 20;

fn kernel<'a>(bytes: &'a [u8], modules: &'a [Module<'a>], command_line: &'a str) -> Kernel<'a> {
    Kernel { bytes, name: "kernel.elf", modules, command_line, ram_bytes: 64 * MIB }
}

fn planned<'a>(kernel: &Kernel<'a>) -> Plan<'a> {
    let planned = plan(kernel).expect("a kernel");
    planned.encode(kernel.ram_end()).expect("fits");
    planned
}

fn refusal(kernel: &Kernel<'_>) -> String {
    boot_image(kernel).expect_err("refused").to_string()
}

fn piece<'a>(plan: &'a Plan<'_>, what: &str) -> &'a Piece<'a> {
    plan.pieces.iter().find(|piece| piece.what == what).expect("is loaded")
}

/// What lies at an address when the pieces are loaded.
fn at<const N: usize>(plan: &Plan<'_>, address: u32) -> [u8; N] {
    let address = u64::from(address);
    let piece = plan.pieces.iter().find(|piece| piece.address <= address && address < piece.end()).expect("a piece");
    bytes_at(&piece.bytes, (address - piece.address) as usize).expect("that long")
}

fn dword(plan: &Plan<'_>, address: u32) -> u32 {
    u32::from_le_bytes(at(plan, address))
}

fn text(plan: &Plan<'_>, address: u32) -> String {
    let byte = |offset: u32| at::<1>(plan, address + offset)[0];
    (0..).map(byte).take_while(|byte| *byte != 0).map(char::from).collect()
}

/// A bzImage of protocol 2.12: four sectors of setup code, three pages of kernel.
fn bz_image() -> Vec<u8> {
    let mut image = vec![0x11; 5 * 512 + 3 * 4096];
    put(&mut image, 0x1F1, &[4]);
    put(&mut image, 0x1F4, &(3_u32 * 256).to_le_bytes());
    put(&mut image, 0x1FE, &[0x55, 0xAA]);
    put(&mut image, 0x202, b"HdrS");
    put(&mut image, 0x206, &0x020C_u16.to_le_bytes());
    put(&mut image, 0x211, &[1]);
    put(&mut image, 0x22C, &0x7FFF_FFFF_u32.to_le_bytes());
    put(&mut image, 0x234, &[1]);
    put(&mut image, 0x238, &2047_u32.to_le_bytes());
    put(&mut image, 0x258, &(16 * MIB).to_le_bytes());
    put(&mut image, 0x260, &(20 * MIB as u32).to_le_bytes());
    image[5 * 512..].fill(0x22);
    image
}

#[test]
fn linux_setup_code_kernel_and_command_line() {
    let image = bz_image();
    let planned = planned(&kernel(&image, &[], "console=ttyS0 vga=0x317"));
    assert_eq!(planned.entry, Entry::Real { data: 0x1000, sp: 0xE000, cs: 0x1020, ip: 0 });
    let setup = piece(&planned, "the setup code");
    assert_eq!((setup.address, setup.bytes.len()), (0x1_0000, 5 * 512));
    assert_eq!(
        (piece(&planned, "the kernel").address, &piece(&planned, "the kernel").bytes[..]),
        (MIB, &image[5 * 512..])
    );
    assert_eq!(at(&planned, 0x1_0210), [0xFF, 0x81], "an unknown loader; loaded high, with a heap");
    assert_eq!(u16::from_le_bytes(at(&planned, 0x1_0224)), 0xDE00, "the end of the heap, less 200h");
    assert_eq!(dword(&planned, 0x1_0228), 0x1_E000);
    assert_eq!(text(&planned, 0x1_E000), "console=ttyS0 vga=0x317");
    assert_eq!(u16::from_le_bytes(at(&planned, 0x1_01FA)), 0x317);
    assert_eq!(dword(&planned, 0x1_0218), 0x1111_1111, "nothing is said of a RAM disk");
}

#[test]
fn linux_initial_ram_disks_are_joined_at_the_top() {
    let image = bz_image();
    let modules = [Module { bytes: &[1; 5], text: "a" }, Module { bytes: &[2; 4096], text: "b" }];
    let planned = planned(&kernel(&image, &modules, ""));
    let initrd = piece(&planned, "the initial RAM disk");
    assert_eq!(initrd.bytes[..9], [1, 1, 1, 1, 1, 0, 0, 0, 2]);
    assert_eq!(initrd.address, 64 * MIB - (256 << 10) - 8192, "a page's multiple below what the firmware keeps");
    assert_eq!((dword(&planned, 0x1_0218), dword(&planned, 0x1_021C)), (initrd.address as u32, 8 + 4096));
    assert_eq!(u16::from_le_bytes(at(&planned, 0x1_01FA)), 0xFFFF);
    let mut image = bz_image();
    put(&mut image, 0x22C, &(40 * MIB as u32 - 1).to_le_bytes());
    let planned = super::plan(&kernel(&image, &modules, "")).expect("a kernel");
    assert_eq!(piece(&planned, "the initial RAM disk").address, 40 * MIB - 8192, "no higher than the kernel says");
}

#[test]
fn old_linux_kernels() {
    let mut image = bz_image();
    put(&mut image, 0x206, &0x0201_u16.to_le_bytes());
    put(&mut image, 0x211, &[0]);
    let planned = planned(&kernel(&image, &[], "root=/dev/hda1"));
    assert_eq!(planned.entry, Entry::Real { data: 0x9000, sp: 0x9800, cs: 0x9020, ip: 0 });
    assert_eq!(piece(&planned, "the kernel").address, 0x1_0000, "a zImage");
    assert_eq!(at(&planned, 0x9_0020), [0x3F, 0xA3, 0x00, 0x98]);
    assert_eq!(text(&planned, 0x9_9800), "root=/dev/hda1");
}

#[test]
fn linux_refusals() {
    let image = bz_image();
    let big = vec![0; 30 << 20];
    let modules = [Module { bytes: &big, text: "initrd" }];
    assert!(refusal(&kernel(&image, &modules, "")).contains("leaves 27 MiB for the initial RAM disk"));
    assert!(refusal(&Kernel { ram_bytes: 32 * MIB, ..kernel(&image, &[], "") }).contains("36 MiB"));
    assert!(refusal(&kernel(&image[..image.len() - 100], &[], "")).contains("cut short"));
    assert!(refusal(&kernel(&image[..600], &[], "")).contains("cut short"));
    assert!(refusal(&kernel(&image, &[], &"x".repeat(2048))).contains("2047 bytes"));
    assert!(refusal(&kernel(&image, &[], "vga=large")).contains("vga=large"));
    assert!(refusal(&kernel(&image, &[], "a\0b")).contains("code 0"));
    assert!(refusal(&kernel(&[], &[], "")).contains("no kernel"));
    assert!(refusal(&kernel(&[0; 1 << 16], &[], "")).contains("no kernel"));
}

/// A 32-bit ELF file with one segment of 0x300 bytes and zeros up to 0x1000, and a note.
fn elf(header: &[u8], note: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 0x1000];
    put(&mut file, 0, b"\x7FELF\x01\x01\x01");
    put(&mut file, 16, &[2, 0, 3, 0, 1, 0, 0, 0]);
    put(&mut file, 24, &0xC010_0020_u32.to_le_bytes());
    put(&mut file, 28, &52_u32.to_le_bytes());
    put(&mut file, 40, &[52, 0, 32, 0, 2, 0]);
    let words = |words: [u32; 8]| words.map(u32::to_le_bytes).concat();
    put(&mut file, 52, &words([1, 0x200, 0xC010_0000, 0x20_0000, 0x300, 0x1000, 7, 4096]));
    put(&mut file, 84, &words([4, 0x800, 0, 0, note.len() as u32, note.len() as u32, 4, 4]));
    put(&mut file, 0x200, header);
    put(&mut file, 0x800, note);
    file
}

fn multiboot1_header(flags: u32) -> Vec<u8> {
    let magic = 0x1BAD_B002_u32;
    [magic, flags, magic.wrapping_add(flags).wrapping_neg()].map(u32::to_le_bytes).concat()
}

#[test]
fn multiboot_1_from_elf() {
    let file = elf(&multiboot1_header(3), &[]);
    let modules = [Module { bytes: &[9; 10], text: "one first" }, Module { bytes: &[8; 4096], text: "two" }];
    let planned = planned(&kernel(&file, &modules, "a b"));
    let Entry::Protected { eip, eax, ebx, tss, .. } = planned.entry else { panic!("protected mode") };
    assert_eq!((eip, eax, tss), (0x20_0020, 0x2BAD_B002, 0), "the entry as a physical address");
    let segment = piece(&planned, "a segment of the kernel");
    assert_eq!((segment.address, segment.bytes.len(), segment.zeros), (0x20_0000, 0x300, 0xD00));
    assert_eq!(dword(&planned, ebx), 0x124D, "memory, command line, modules, map, name, framebuffer");
    assert_eq!(text(&planned, dword(&planned, ebx + 16)), "kernel.elf a b");
    assert_eq!(dword(&planned, ebx + 20), 2);
    let list = dword(&planned, ebx + 24);
    let (first, second) = (dword(&planned, list), dword(&planned, list + 16));
    assert_eq!((first, dword(&planned, list + 4)), (0x20_1000, 0x20_100A));
    assert_eq!((second, dword(&planned, list + 20)), (0x20_2000, 0x20_3000), "at pages");
    assert_eq!((at(&planned, first), at(&planned, second)), ([9; 10], [8; 16]));
    assert_eq!(text(&planned, dword(&planned, list + 8)), "one first");
    assert_eq!(text(&planned, dword(&planned, ebx + 64)), "ringwalk");
    let map = dword(&planned, ebx + 48);
    assert!(planned.fills.contains(&Fill::Map { address: map, most: 128, prefix: Some(20), end_tag: false }));
    assert!(planned.fills.contains(&Fill::Value { address: ebx + 44, found: Found::MapBytes, plus: 0 }));
    assert!(planned.fills.contains(&Fill::Value { address: ebx + 4, found: Found::LowerKib, plus: 0 }));
    assert!(planned.fills.contains(&Fill::Value { address: ebx + 8, found: Found::UpperKib, plus: 0 }));
}

#[test]
fn multiboot_1_by_addresses() {
    let mut file = vec![0x90; 0x400];
    put(&mut file, 0x40, &multiboot1_header(0x1_0000));
    // Header, begin and end of what is loaded, end of bss, entry.
    let fields = [0x10_0020, 0x10_0000, 0x10_0100, 0x10_0180, 0x10_0010_u32];
    put(&mut file, 0x4C, &fields.map(u32::to_le_bytes).concat());
    let planned = planned(&kernel(&file, &[], ""));
    let loaded = piece(&planned, "the kernel");
    assert_eq!((loaded.address, &loaded.bytes[..], loaded.zeros), (0x10_0000, &file[0x20..0x120], 0x80));
    assert!(matches!(planned.entry, Entry::Protected { eip: 0x10_0010, .. }));
    put(&mut file, 0x54, &0x10_0800_u32.to_le_bytes());
    assert!(refusal(&kernel(&file, &[], "")).contains("contradict"));
}

fn multiboot2_header(tags: &[u8]) -> Vec<u8> {
    let (magic, len) = (0xE852_50D6_u32, 16 + tags.len() as u32);
    let sum = magic.wrapping_add(len).wrapping_neg();
    [&[magic, 0, len, sum].map(u32::to_le_bytes).concat(), tags].concat()
}

const END_TAG: [u8; 8] = [0, 0, 0, 0, 8, 0, 0, 0];

#[test]
fn multiboot_2_tags() {
    let file = elf(&multiboot2_header(&END_TAG), &[]);
    let modules = [Module { bytes: &[9; 10], text: "one first" }];
    let planned = planned(&kernel(&file, &modules, ""));
    let Entry::Protected { eip, eax, ebx, .. } = planned.entry else { panic!("protected mode") };
    assert_eq!((eip, eax, ebx % 8), (0x20_0020, 0x36D7_6289, 0));
    let (mut at, mut seen) = (ebx + 8, Vec::new());
    loop {
        let (kind, size) = (dword(&planned, at), dword(&planned, at + 4));
        seen.push(kind);
        match kind {
            1 => assert_eq!(text(&planned, at + 8), "kernel.elf"),
            3 => {
                assert_eq!((dword(&planned, at + 8), dword(&planned, at + 12)), (0x20_1000, 0x20_100A));
                assert_eq!(text(&planned, at + 16), "one first");
            }
            4 => {
                let fill = |found, address| Fill::Value { address, found, plus: 0 };
                assert!(planned.fills.contains(&fill(Found::LowerKib, at + 8)));
                assert!(planned.fills.contains(&fill(Found::UpperKib, at + 12)));
            }
            6 => {
                assert_eq!(
                    (dword(&planned, at + 8), dword(&planned, at + 12)),
                    (24, 0),
                    "entries of 24 bytes, version 0"
                );
                let map = at + 16;
                assert!(planned.fills.contains(&Fill::Map { address: map, most: 128, prefix: None, end_tag: true }));
                let (found, plus) = (Found::MapBytes, 16);
                assert!(planned.fills.contains(&Fill::Value { address: at + 4, found, plus }));
                let plus = map + 8 - ebx;
                assert!(planned.fills.contains(&Fill::Value { address: ebx, found, plus }), "with the end tag");
                break;
            }
            _ => {}
        }
        at += size.next_multiple_of(8);
    }
    assert_eq!(seen, [4, 1, 2, 3, 8, 6]);
}

#[test]
fn multiboot_2_header_tags() {
    let entry = [&[3, 0, 0, 0, 12, 0, 0, 0, 0x34, 0x12, 0x20, 0, 0, 0, 0, 0][..], &END_TAG].concat();
    let file = elf(&multiboot2_header(&entry), &[]);
    assert!(matches!(planned(&kernel(&file, &[], "")).entry, Entry::Protected { eip: 0x20_1234, .. }));
    let tag = |kind: u8, flags: u8, value: u8| {
        [&[kind, 0, flags, 0, 12, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0][..], &END_TAG].concat()
    };
    let refused = |kind, flags, value| {
        let file = elf(&multiboot2_header(&tag(kind, flags, value)), &[]);
        boot_image(&kernel(&file, &[], "")).map(drop).map_err(|error| error.to_string())
    };
    assert!(refused(11, 0, 0).expect_err("refused").contains("unknown header tag (11)"));
    assert_eq!(refused(11, 1, 0), Ok(()), "an optional one");
    assert!(refused(1, 0, 99).expect_err("refused").contains("type 99"));
    assert_eq!((refused(1, 1, 99), refused(1, 0, 6)), (Ok(()), Ok(())));
}

#[test]
fn pvh_start_information() {
    let note = [&[4, 0, 0, 0, 4, 0, 0, 0, 18, 0, 0, 0][..], b"Xen\0", &[0x40, 0, 0x20, 0]].concat();
    let other = [&[4, 0, 0, 0, 1, 0, 0, 0, 18, 0, 0, 0][..], b"GNU\0", &[1, 0, 0, 0]].concat();
    let file = elf(&[], &[other, note].concat());
    let modules = [Module { bytes: &[9; 10], text: "one first" }];
    let planned = planned(&kernel(&file, &modules, "root=/dev/sda"));
    let Entry::Protected { eip, ebx, gdt, tss, .. } = planned.entry else { panic!("protected mode") };
    assert_eq!((eip, tss), (0x20_0040, 0x20));
    assert_eq!(at(&planned, gdt + 0x20), [0x67, 0, 0, 0, 0, 0x89, 0, 0], "an available 32-bit TSS, at 0, limit 67h");
    assert_eq!([0, 4, 8, 12].map(|offset| dword(&planned, ebx + offset)), [0x336E_C578, 1, 0, 1]);
    let list = dword(&planned, ebx + 16);
    assert_eq!([0, 4, 8, 12].map(|offset| dword(&planned, list + offset)), [0x20_1000, 0, 10, 0]);
    assert_eq!(text(&planned, dword(&planned, list + 16)), "first");
    assert_eq!(text(&planned, dword(&planned, ebx + 24)), "root=/dev/sda");
    let map = dword(&planned, ebx + 40);
    assert!(planned.fills.contains(&Fill::Map { address: map, most: 128, prefix: None, end_tag: false }));
    assert!(planned.fills.contains(&Fill::Value { address: ebx + 48, found: Found::MapCount, plus: 0 }));
    assert!(planned.fills.contains(&Fill::Value { address: ebx + 32, found: Found::Rsdp, plus: 0 }));
}

#[test]
fn elf_refusals() {
    let good = elf(&multiboot1_header(0), &[]);
    let changed = |at: usize, value: u32| {
        let mut file = good.clone();
        put(&mut file, at, &value.to_le_bytes());
        refusal(&kernel(&file, &[], ""))
    };
    assert!(changed(52 + 20, 0x100).contains("longer in the file than in memory"));
    assert!(changed(52 + 4, 0xFFF0).contains("behind its end"));
    assert!(changed(52 + 12, 0x7000).contains("cannot be loaded"));
    assert!(changed(52 + 12, 0xF000_0000).contains("--mem"));
    assert!(changed(52 + 20, 0x7FFF_FFFF).contains("--mem"), "no such bss");
    assert!(changed(24, 0x1000).contains("in no segment"));
    assert!(changed(52, 6).contains("without anything to load"));
    assert!(changed(18, 40).contains("another processor"));
    assert!(changed(28, 0xFFFF_FFF0).contains("cut short in its headers"));
    assert!(refusal(&kernel(&elf(&[], &[]), &[], "")).contains("without a PVH entry"));
    assert!(refusal(&kernel(&elf(&multiboot1_header(8), &[]), &[], "")).contains("header flags 8h"));
    let many = [Module { bytes: &[0; 1], text: "x" }; 20_000];
    assert!(refusal(&kernel(&good, &many, "")).contains("base memory"));
}

/// Files that were right, with bytes changed at random and cut: refused or planned, never a panic, never an image
/// larger than what memory holds.
#[test]
fn damaged_files_are_survived() {
    let note = [&[4, 0, 0, 0, 4, 0, 0, 0, 18, 0, 0, 0][..], b"Xen\0", &[0x40, 0, 0x20, 0]].concat();
    let entry =
        [&[2, 0, 0, 0, 24, 0, 0, 0][..], &[0x20; 16], &[3, 0, 0, 0, 12, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0], &END_TAG];
    let mut wide = elf(&[], &[]);
    put(&mut wide, 4, &[2]);
    put(&mut wide, 18, &[62, 0]);
    put(&mut wide, 32, &64_u64.to_le_bytes());
    put(&mut wide, 54, &[56, 0, 2, 0]);
    let files = [
        bz_image(),
        elf(&multiboot1_header(3), &note),
        elf(&[], &note),
        elf(&multiboot2_header(&entry.concat()), &[]),
        wide,
    ];
    let modules = [Module { bytes: &[9; 10], text: "one first" }];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..40_000 {
        let mut file = files[round % files.len()].clone();
        for _ in 0..1 + random(3) {
            // Headers lie in these places.
            let place = [random(0x80), 0x1F0 + random(0x80), 0x800 + random(0x20)][random(3)];
            file[place] = [0, 1, 0x7F, 0x80, 0xFF, random(256) as u8][random(6)];
        }
        if random(8) == 0 {
            file.truncate(random(0x1000));
        }
        if let Ok(image) = boot_image(&kernel(&file, &modules, "text")) {
            assert!(image.len() < 1 << 20);
        }
    }
}
