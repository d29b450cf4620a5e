//! Our BIOS as a whole: the disk that checks its services from inside, the boot order, the boot menu, INT 18h.

use ringwalk::machine::{NoHost, Stop};
use ringwalk::script;
use ringwalk_chipset::BootDevice;

use crate::bios_calls::{Call, Pc, Script, ran};

const HDA: usize = 0;
const FDA: usize = 4;

/// Checks of services that need a disk of their own and the i440FX: `roms/bioscheck/`.
const BIOSCHECK: &[u8] = include_bytes!("../../roms/bioscheck.img");

/// A disk that says this.
fn says(text: &str) -> Vec<u8> {
    [Script::default().text(text).program(None), vec![0; 64 << 10]].concat()
}

/// A diskette that says this.
fn diskette(text: &str) -> Vec<u8> {
    let mut image = says(text);
    image.resize(1440 << 10, 0);
    image
}

#[test]
fn the_services_answer_as_the_manuals_say() {
    let mut disk = BIOSCHECK.to_vec();
    disk.resize(1 << 20, 0);
    let ran = Pc::new(&[BootDevice::Disk]).with(HDA, false, disk).run(20_000_000_000);
    assert_eq!(ran.stop, Stop::Exit(0), "{}", ran.said);
    for topic in ["data", "memory", "timer", "clock", "disk", "edd", "keyboard", "serial", "pci", "pci32", "unreal"] {
        assert!(ran.said.contains(&format!("ok {topic}\r")), "{topic} in {}", ran.said);
    }
    assert!(ran.said.contains("bioscheck passed"));
}

#[test]
fn the_boot_order_is_kept() {
    let pc = |boot: &[BootDevice]| Pc::new(boot).with(HDA, false, says("disk")).with(FDA, false, diskette("diskette"));
    let first = |boot: &[BootDevice]| pc(boot).lines().line();
    assert_eq!(first(&[BootDevice::Disk, BootDevice::Floppy]), "disk");
    assert_eq!(first(&[BootDevice::Floppy, BootDevice::Disk]), "diskette");
    assert_eq!(first(&[BootDevice::Cdrom, BootDevice::Floppy]), "diskette");
    assert_eq!(first(&[]), "disk", "without an order: the disk");
}

#[test]
fn int_18h_goes_on_with_the_next_device() {
    let mut gives_up = Script::default().text("first").int(0x18, Call::default()).program(None);
    gives_up.resize(1440 << 10, 0);
    let pc = Pc::new(&[BootDevice::Floppy, BootDevice::Disk]);
    let ran = pc.with(FDA, false, gives_up.clone()).with(HDA, false, says("second")).run(2_000_000_000);
    assert_eq!((ran.stop, ran.said.as_str()), (Stop::Exit(0), "first\nsecond\n\n"));
    let ran = Pc::new(&[BootDevice::Floppy]).with(FDA, false, gives_up).run(2_000_000_000);
    assert_eq!(ran.stop, Stop::DeadHalt);
    assert!(ran.screen.contains("diskette: its boot program gave up (INT 18h)"), "{}", ran.screen);
}

#[test]
fn the_menu_shows_the_devices_and_boots_the_chosen_one() {
    for (choice, said) in [("1", "diskette"), ("2", "disk"), ("x4", "disk")] {
        let pc = Pc::new(&[BootDevice::Disk, BootDevice::Floppy]);
        let mut machine = pc.with(HDA, false, says("disk")).with(FDA, false, diskette("diskette")).machine();
        let text = format!("when screen \"F12\" : key f12\nwhen screen \"Esc\" : type \"{choice}\"\n");
        machine.set_script(script::parse(&text).expect("the script is right"));
        let ran = ran(machine, 2_000_000_000);
        assert_eq!((ran.stop, ran.said.lines().next()), (Stop::Exit(0), Some(said)), "{choice}\n{}", ran.screen);
        for line in ["1  diskette   1440 KB drive", "2  disk       80h: 65 KiB", "3  CD-ROM     none"] {
            assert!(ran.screen.contains(line), "{line}\n{}", ran.screen);
        }
    }
}

#[test]
fn nothing_to_boot_ends_the_machine() {
    let mut machine = Pc::new(&[BootDevice::Floppy, BootDevice::Cdrom, BootDevice::Disk]).machine();
    let limits = ringwalk::machine::RunLimits { position: Some(2_000_000_000), ..Default::default() };
    assert_eq!(machine.run(&limits, &mut NoHost), Stop::DeadHalt);
}

/// An option ROM of 512 bytes with a Plug and Play header, 16 bytes a row from the offset on. "Plug and Play BIOS
/// Specification" 1.0A, 3.2; what it does is print a letter on COM1: I (i without "$PnP" at ES:DI) when it is
/// initialized, C when it is connected, B when it boots, which ends the machine.
const OPTION_ROM: [(usize, &[u8]); 9] = [
    // 55 AA; one block; JMP 40h
    (0x00, &[0x55, 0xAA, 0x01, 0xEB, 0x3B]),
    // 1Ah: the header is at 20h
    (0x1A, &[0x20, 0x00]),
    // "$PnP", revision, 2 * 16 bytes, no further header, 0, checksum
    (0x20, &[0x24, 0x50, 0x6E, 0x50, 0x01, 0x02, 0x00, 0x00, 0x00, 0x7E]),
    // 36h: BCV 60h; 38h: no DCV; 3Ah: BEV 70h
    (0x36, &[0x60, 0x00, 0x00, 0x00, 0x70, 0x00]),
    // MOV DX,3F8h; CMP dword [ES:DI],"$PnP"
    (0x40, &[0xBA, 0xF8, 0x03, 0x66, 0x26, 0x81, 0x3D, 0x24, 0x50, 0x6E, 0x50]),
    // MOV AL,'i'; JNE +2; MOV AL,'I'; OUT DX,AL; RETF
    (0x4B, &[0xB0, 0x69, 0x75, 0x02, 0xB0, 0x49, 0xEE, 0xCB]),
    // MOV DX,3FDh; IN AL,DX; TEST AL,20h; JZ to IN; MOV DX,3F8h; MOV AL,'C'; OUT DX,AL; RETF
    (0x60, &[0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x20, 0x74, 0xFB, 0xBA, 0xF8, 0x03, 0xB0, 0x43, 0xEE, 0xCB]),
    // MOV DX,3F8h; MOV AL,'B'; OUT DX,AL; MOV AL,0
    (0x70, &[0xBA, 0xF8, 0x03, 0xB0, 0x42, 0xEE, 0xB0, 0x00]),
    // MOV DX,F4h; OUT DX,AL; HLT
    (0x78, &[0xBA, 0xF4, 0x00, 0xEE, 0xF4]),
];

/// What is said when the ROM lies at D8000h, in RAM that the host bridge shows, and the machine starts again.
fn with_option_rom(change: impl Fn(&mut [u8])) -> String {
    let mut rom = vec![0; 512];
    for (at, bytes) in OPTION_ROM {
        rom[at..at + bytes.len()].copy_from_slice(bytes);
    }
    let sum = |bytes: &[u8]| bytes.iter().copied().fold(0, u8::wrapping_add);
    rom[0x29] = 0;
    rom[0x29] = sum(&rom[0x20..0x40]).wrapping_neg();
    rom[511] = sum(&rom).wrapping_neg();
    change(&mut rom);
    // PCI BIOS, write configuration byte: PAM4, D8000h-DBFFFh read and write RAM (Intel 82441FX datasheet, "PAM").
    let script = Script::default().int(0x1A, Call { ax: 0xB10B, cx: 0x33, di: 0x5D, ..Call::default() });
    let script = rom
        .chunks(16)
        .enumerate()
        .fold(script, |script, (number, bytes)| script.poke(0xD800, number as u16 * 16, bytes));
    let script = script
        // The diskette loses its program; INT 60h becomes the reset vector.
        .fill(0x2000, 0, 0, 256)
        .int(0x13, Call { ax: 0x0301, cx: 1, es: 0x2000, ..Call::default() })
        .poke(0, 0x60 * 4, &[0xF0, 0xFF, 0x00, 0xF0])
        .text("again")
        .int(0x60, Call::default());
    let mut image = script.program(None);
    image.resize(1440 << 10, 0);
    let ran = Pc::new(&[BootDevice::Floppy]).with(FDA, false, image).run(4_000_000_000);
    let (_, said) = ran.said.split_once("again\n").unwrap_or_else(|| panic!("{}\n{}", ran.said, ran.screen));
    said.to_owned()
}

#[test]
fn option_roms_are_initialized_connected_and_booted() {
    assert_eq!(with_option_rom(|_| {}), "ICB");
    assert_eq!(with_option_rom(|rom| rom[511] ^= 1), "", "its checksum is wrong");
    assert_eq!(with_option_rom(|rom| rom[0] = 0x54), "", "its signature is wrong");
    let bad_header = |rom: &mut [u8]| {
        rom[0x29] = rom[0x29].wrapping_add(1);
        rom[511] = rom[511].wrapping_sub(1);
    };
    assert_eq!(with_option_rom(bad_header), "I", "the header's checksum is wrong");
}

/// INT 15h AH=89h. IBM PC/AT Technical Reference (6183310), section 5, "Processor to virtual mode".
#[test]
fn a_program_is_switched_to_protected_mode() {
    // At 5000:0000: the call with ES:SI at the table; then the selectors and MSW.PE added up go to port F4h.
    let code: [&[u8]; 3] = [
        // MOV AH,89h; MOV BX,0870h; PUSH CS; POP ES; MOV SI,0100h; INT 15h; JC to the last row; SMSW AX (2 of 3 bytes)
        &[0xB4, 0x89, 0xBB, 0x70, 0x08, 0x0E, 0x07, 0xBE, 0x00, 0x01, 0xCD, 0x15, 0x72, 0x18, 0x0F, 0x01],
        // .. ; AND AL,1; MOV BX,CS; ADD AL,BL; MOV BX,DS; ADD AL,BL; MOV BX,ES; ADD AL,BL (1 of 2 bytes)
        &[0xE0, 0x24, 0x01, 0x8C, 0xCB, 0x00, 0xD8, 0x8C, 0xDB, 0x00, 0xD8, 0x8C, 0xC3, 0x00],
        // .. ; MOV BX,SS; ADD AL,BL; OUT F4h,AL; HLT; MOV AL,EEh; OUT F4h,AL; HLT
        &[0xD8, 0x8C, 0xD3, 0x00, 0xD8, 0xE6, 0xF4, 0xF4, 0xB0, 0xEE, 0xE6, 0xF4, 0xF4],
    ];
    let code = code.concat();
    let descriptor = |limit: u16, base: u32, rights: u8| {
        let [low, middle, high, _] = base.to_le_bytes();
        [limit.to_le_bytes()[0], limit.to_le_bytes()[1], low, middle, high, rights, 0, 0]
    };
    let table = [
        [0; 8],
        descriptor(0x3F, 0x5_0100, 0x93),
        descriptor(0x7FF, 0x5_0200, 0x93),
        descriptor(0xFFFF, 0xB_8000, 0x93),
        descriptor(0xFFFF, 0x5_0000, 0x93),
        descriptor(0xFFFF, 0, 0x93),
        descriptor(0xFFFF, 0x5_0000, 0x9B),
        [0; 8],
    ];
    let poked = |script: Script, at: u16, bytes: &[u8]| {
        bytes
            .chunks(16)
            .enumerate()
            .fold(script, |script, (number, bytes)| script.poke(0x5000, at + number as u16 * 16, bytes))
    };
    let script = poked(poked(Script::default(), 0, &code), 0x100, &table.concat());
    let script = script.poke(0, 0x60 * 4, &[0, 0, 0, 0x50]).int(0x60, Call::default());
    let image = [script.program(None), vec![0; 64 << 10]].concat();
    let ran = Pc::new(&[BootDevice::Disk]).with(HDA, false, image).run(2_000_000_000);
    // CS 30h, DS 18h, ES 20h, SS 28h, PE 1.
    assert_eq!(ran.stop, Stop::Exit(0x30 + 0x18 + 0x20 + 0x28 + 1), "{}", ran.screen);
}
