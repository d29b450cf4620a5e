//! Kernels that start without a disk, by the built-in BIOS: small ones made here stop at once or after a service call,
//! and what they find is compared with what their protocol promises. Expected: Linux, *Documentation/arch/x86/boot.rst*;
//! *Multiboot Specification* 0.6.96, 3.2 and 3.3; *Multiboot2 Specification* 2.0, 3.2 and 3.6; Xen,
//! *docs/misc/pvh.pandoc* and *start_info.h*.

use ringwalk::machine::{Machine, MachineConfig, Media, NoHost, RunLimits, Saved, Stop, Tuning};
use ringwalk_bios::kernel::{Kernel, Module, boot_image};
use ringwalk_chipset::BootDevice;
use ringwalk_cpu::segment::SegReg;
use ringwalk_mmu::{PAGE_BYTES, PhysAddr};
use ringwalk_snapshots::Snapshot;

use crate::guest::{run_to, saved};
use crate::program::bytes_of;

const RAM: u32 = 16 << 20;
/// Far more than POST takes.
const LONG: u64 = 4_000_000_000;
/// Where the ELF kernels here are loaded, and their entry.
const BASE: u32 = 0x20_0000;
const ENTRY: u32 = BASE + 0x80;
/// General registers by their numbers.
const EAX: usize = 0;
const EBX: usize = 3;
const ESP: usize = 4;

fn machine(kernel: &[u8], modules: &[Module<'_>], command_line: &str) -> Machine {
    let mut config = MachineConfig::default();
    config.board.ram_pages = u64::from(RAM) / PAGE_BYTES;
    config.board.boot.insert(0, BootDevice::Kernel);
    let kernel = Kernel { bytes: kernel, name: "test.elf", modules, command_line, ram_bytes: RAM.into() };
    let image = boot_image(&kernel).expect("a kernel");
    Machine::new(config, Media { boot_image: Some(image), ..Media::built_in() }, Tuning::default()).expect("a machine")
}

/// The machine when the kernel has halted.
fn halted(kernel: &[u8], modules: &[Module<'_>], command_line: &str) -> Machine {
    let mut machine = machine(kernel, modules, command_line);
    assert_eq!(run_to(&mut machine, LONG), Stop::DeadHalt);
    machine
}

fn bytes(machine: &Machine, address: u32, len: u32) -> Vec<u8> {
    (address..address + len).map(|at| machine.memory.peek(PhysAddr(at.into())).expect("memory")).collect()
}

fn dword(machine: &Machine, address: u32) -> u32 {
    u32::from_le_bytes(bytes(machine, address, 4).try_into().expect("four bytes"))
}

fn text(machine: &Machine, address: u32) -> String {
    let byte = |at: u32| machine.memory.peek(PhysAddr(at.into())).expect("memory");
    (address..).map(byte).take_while(|byte| *byte != 0).map(char::from).collect()
}

/// Base, length and type of a range of memory.
type Range = (u64, u64, u32);

/// The map of an E820 kind: ranges of 20 bytes each so many apart.
fn map(machine: &Machine, address: u32, stride: u32, count: u32) -> Vec<Range> {
    let range = |number: u32| {
        let raw = bytes(machine, address + number * stride, 20);
        let long = |at: usize| u64::from_le_bytes(raw[at..at + 8].try_into().expect("eight bytes"));
        (long(0), long(8), u32::from_le_bytes(raw[16..].try_into().expect("four bytes")))
    };
    (0..count).map(range).collect()
}

/// What a PC of 16 MiB must tell: base memory up to the extended data area; memory from 1 MiB on, of which firmware
/// keeps less than 1 MiB; nothing twice, in order.
fn check_map(map: &[Range], lower_kib: u32, upper_kib: u32) {
    assert_eq!(map[0], (0, u64::from(lower_kib) << 10, 1), "base memory");
    let high = (1 << 20, u64::from(upper_kib) << 10, 1);
    assert!(map.contains(&high), "{map:X?} lacks {high:X?}");
    assert!(lower_kib == 639 && ((14 << 10)..(15 << 10)).contains(&upper_kib), "{lower_kib} and {upper_kib} KiB");
    assert!(map.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{map:X?}");
    assert!(map.iter().any(|range| range.2 != 1 && range.0 <= 0xF_0000 && range.0 + range.1 == 1 << 20), "the BIOS");
}

/// Flat segments of 4 GiB, protected mode without paging, interrupts off, A20 open: what all three protocols promise.
fn check_protected(machine: &Machine) {
    let cpu = &machine.cpu;
    assert_eq!((cpu.cr0 & 0x8000_0001, cpu.flags.bits() & 0x2_0300), (1, 0), "PE without PG; VM, IF and TF clear");
    for register in SegReg::ALL {
        let cache = cpu.seg(register);
        assert_eq!((cache.base, cache.limit), (0, u32::MAX), "{}", register.name());
        let code = register == SegReg::Cs;
        assert_eq!((cache.is_code(), cache.is_big()), (code, true), "{}", register.name());
    }
    assert!(machine.memory.a20_open());
}

/// A bzImage of protocol 2.12 with this setup code at its entry, 1000:0280.
fn bz_image(code: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 2 * 512 + 4096];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1F1, &[1]);
    put(0x1F4, &256_u32.to_le_bytes());
    put(0x1FE, &[0x55, 0xAA, 0xEB, 0x7E]);
    put(0x202, b"HdrS\x0C\x02");
    put(0x211, &[1]);
    put(0x22C, &0x7FFF_FFFF_u32.to_le_bytes());
    put(0x238, &2047_u32.to_le_bytes());
    put(0x258, &0x10_0000_u64.to_le_bytes());
    put(0x260, &0x20_0000_u32.to_le_bytes());
    put(0x280, code);
    image[1024..].fill(0x5A);
    image
}

#[test]
fn linux_is_entered_in_real_mode_with_the_services_of_the_bios() {
    let code = bytes_of(
        16,
        "9C           ; pushf
         CD 12        ; int 12h
         89 C3        ; mov bx, ax
         B8 01 E8     ; mov ax, 0E801h
         53           ; push bx
         CD 15        ; int 15h
         5B           ; pop bx
         F4           ; hlt",
    );
    let machine = halted(&bz_image(&code), &[Module { bytes: b"the disk", text: "initrd" }], "quiet");
    let cpu = &machine.cpu;
    assert_eq!(cpu.seg(SegReg::Cs).selector.0, 0x1020);
    for register in [SegReg::Ds, SegReg::Es, SegReg::Fs, SegReg::Gs, SegReg::Ss] {
        assert_eq!(cpu.seg(register).selector.0, 0x1000, "{}", register.name());
    }
    let flags = bytes(&machine, 0x1_DFFE, 2);
    assert_eq!((cpu.gpr[ESP], flags[1] & 2), (0xDFFE, 0), "IF was clear");
    assert_eq!((cpu.cr0 & 1, cpu.gpr[EBX] & 0xFFFF), (0, 639), "the BIOS's services work");
    let kib = cpu.gpr[EAX] & 0xFFFF;
    assert!((14 << 10..=15 << 10).contains(&kib), "{kib} KiB from 1 MiB to what the firmware keeps below 16 MiB");
    assert_eq!((bytes(&machine, 0x10_0000, 4096), dword(&machine, 0x1_0228)), (vec![0x5A; 4096], 0x1_E000));
    assert_eq!(text(&machine, 0x1_E000), "quiet");
    let initrd = (dword(&machine, 0x1_0218), dword(&machine, 0x1_021C));
    assert_eq!(bytes(&machine, initrd.0, initrd.1), b"the disk");
}

/// An ELF file of 32 or 64 bits with this at BASE, code at ENTRY, and a note.
fn elf(wide: bool, header: &[u8], code: &[u8], note: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    // Linked high, loaded low.
    let linked = 0xC000_0000_u32;
    let segment = [0x200, linked, BASE, 0x180, 0x1000];
    let notes = [0x380, 0, 0, note.len() as u32, note.len() as u32];
    let long = |words: &[u32]| words.iter().flat_map(|word| u64::from(*word).to_le_bytes()).collect::<Vec<u8>>();
    let short = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let entry = linked + ENTRY - BASE;
    if wide {
        put(0, b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3E\0\x01\0\0\0");
        put(24, &long(&[entry, 64, 0]));
        put(52, &[64, 0, 56, 0, 2, 0]);
        for (at, kind, words) in [(64, 1_u32, segment), (120, 4, notes)] {
            put(at, &[kind, 7].map(u32::to_le_bytes).concat());
            put(at + 8, &long(&[&words[..], &[4]].concat()));
        }
    } else {
        put(0, b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0\x01\0\0\0");
        put(24, &short(&[entry, 52, 0]));
        put(40, &[52, 0, 32, 0, 2, 0]);
        for (at, kind, words) in [(52, 1_u32, segment), (84, 4, notes)] {
            put(at, &short(&[&[kind], &words[..], &[7, 4]].concat()));
        }
    }
    put(0x200, header);
    put(0x280, code);
    put(0x380, note);
    file
}

fn multiboot1() -> Vec<u8> {
    [0x1BAD_B002, 3, 0x1BAD_B005_u32.wrapping_neg()].map(u32::to_le_bytes).concat()
}

/// A Multiboot kernel that does nothing for ever.
pub(crate) fn endless() -> Vec<u8> {
    elf(false, &multiboot1(), &[0xEB, 0xFE], &[])
}

const HALT: &[u8] = &[0xF4];
const MODULES: [Module<'_>; 2] =
    [Module { bytes: b"first module", text: "one with arguments" }, Module { bytes: b"second", text: "two" }];

#[test]
fn multiboot_1_machine_and_information() {
    for wide in [false, true] {
        let machine = halted(&elf(wide, &multiboot1(), HALT, &[]), &MODULES, "word word");
        check_protected(&machine);
        let cpu = &machine.cpu;
        assert_eq!((cpu.rip, cpu.gpr[EAX]), (u64::from(ENTRY) + 1, 0x2BAD_B002));
        // Below 1 MiB.
        let info = cpu.gpr[EBX] as u32;
        let field = |at: u32| dword(&machine, info + at);
        assert_eq!(field(0) & 0x4D, 0x4D, "memory, command line, modules and map");
        assert_eq!(text(&machine, field(16)), "test.elf word word");
        assert_eq!(field(20), 2);
        for (number, module) in MODULES.iter().enumerate() {
            let [start, end, name] = [0, 4, 8].map(|at| dword(&machine, field(24) + 16 * number as u32 + at));
            assert_eq!((start % 4096, bytes(&machine, start, end - start)), (0, module.bytes.to_vec()));
            assert_eq!(text(&machine, name), module.text);
        }
        let count = field(44) / 24;
        let entries = map(&machine, field(48) + 4, 24, count);
        assert!((0..count).all(|number| dword(&machine, field(48) + 24 * number) == 20), "sizes");
        check_map(&entries, field(4), field(8));
        assert_eq!((field(88), field(96), field(100), field(104)), (0xB8000, 160, 80, 25), "the text screen");
        assert_eq!(bytes(&machine, info + 108, 2), [16, 2]);
        assert_eq!(bytes(&machine, BASE + 0x180, 0xE80), vec![0; 0xE80], "bss");
    }
}

#[test]
fn multiboot_2_machine_and_information() {
    let header = [0xE852_50D6, 0, 24, (0xE852_50D6_u32 + 24).wrapping_neg(), 0, 8].map(u32::to_le_bytes).concat();
    let machine = halted(&elf(false, &header, HALT, &[]), &MODULES, "");
    check_protected(&machine);
    let cpu = &machine.cpu;
    assert_eq!((cpu.rip, cpu.gpr[EAX]), (u64::from(ENTRY) + 1, 0x36D7_6289));
    let info = cpu.gpr[EBX] as u32;
    assert_eq!((info % 8, dword(&machine, info + 4)), (0, 0));
    let (end, mut at) = (info + dword(&machine, info), info + 8);
    let (mut modules, mut memory, mut ranges, mut kinds) = (Vec::new(), (0, 0), Vec::new(), Vec::new());
    while at < end {
        let (kind, size) = (dword(&machine, at), dword(&machine, at + 4));
        match kind {
            1 => assert_eq!(text(&machine, at + 8), "test.elf"),
            3 => modules.push((dword(&machine, at + 8), dword(&machine, at + 12), text(&machine, at + 16))),
            4 => memory = (dword(&machine, at + 8), dword(&machine, at + 12)),
            6 => ranges = map(&machine, at + 16, dword(&machine, at + 8), (size - 16) / 24),
            _ => {}
        }
        kinds.push(kind);
        at += size.next_multiple_of(8);
    }
    assert_eq!((at, kinds.last(), size_of_last(&machine, end)), (end, Some(&0), 8), "the end tag ends it");
    check_map(&ranges, memory.0, memory.1);
    for ((start, end, name), module) in modules.iter().zip(&MODULES) {
        assert_eq!((bytes(&machine, *start, end - start), &name[..]), (module.bytes.to_vec(), module.text));
    }
    assert_eq!(modules.len(), 2);
}

fn size_of_last(machine: &Machine, end: u32) -> u32 {
    dword(machine, end - 4)
}

#[test]
fn pvh_machine_and_information() {
    let note = [&[4, 0, 0, 0, 4, 0, 0, 0, 18, 0, 0, 0][..], b"Xen\0", &ENTRY.to_le_bytes()].concat();
    for wide in [false, true] {
        let machine = halted(&elf(wide, &[], HALT, &note), &MODULES, "console=hvc0");
        check_protected(&machine);
        let cpu = &machine.cpu;
        assert_eq!(cpu.rip, u64::from(ENTRY) + 1);
        let task = &cpu.tr;
        assert_eq!(
            (task.base, task.limit, bytes(&machine, cpu.gdtr.base as u32 + 0x25, 1)),
            (0, 0x67, vec![0x8B]),
            "busy"
        );
        let info = cpu.gpr[EBX] as u32;
        let field = |at: u32| dword(&machine, info + at);
        assert_eq!((field(0), field(4), field(12)), (0x336E_C578, 1, 2));
        let module = |number: u32| [0, 8, 16].map(|at| dword(&machine, field(16) + 32 * number + at));
        let [start, len, name] = module(0);
        assert_eq!(
            (bytes(&machine, start, len), text(&machine, name)),
            (b"first module".to_vec(), "with arguments".into())
        );
        let [start, len, name] = module(1);
        assert_eq!((bytes(&machine, start, len), text(&machine, name)), (b"second".to_vec(), String::new()));
        assert_eq!(text(&machine, field(24)), "console=hvc0");
        assert_eq!(bytes(&machine, field(32), 8), b"RSD PTR ", "ACPI's pointer");
        let entries = map(&machine, field(40), 24, field(48));
        let upper = entries.iter().find(|range| range.0 == 1 << 20).expect("memory from 1 MiB on");
        check_map(&entries, 639, (upper.1 >> 10) as u32);
    }
}

/// Counts its starts at 3 MiB, resets the machine twice, then halts.
fn restless() -> Vec<u8> {
    let code = bytes_of(
        32,
        "FF 05 00 00 30 00       ; inc dword [300000h]
         83 3D 00 00 30 00 03    ; cmp dword [300000h], 3
         74 07                   ; je +7
         66 BA F9 0C             ; mov dx, 0CF9h
         B0 06                   ; mov al, 6
         EE                      ; out dx, al
         F4                      ; hlt",
    );
    elf(false, &multiboot1(), &code, &[])
}

#[test]
fn a_reset_starts_the_kernel_again() {
    let machine = halted(&restless(), &MODULES, "");
    assert_eq!(dword(&machine, 0x30_0000), 3);
    assert_eq!(bytes(&machine, BASE + 0x180, 0xE80), vec![0; 0xE80]);
}

#[test]
fn snapshots_bring_their_kernel_with_them() {
    let mut machine = machine(&restless(), &MODULES, "");
    let limits = RunLimits { reset: true, ..RunLimits::default() };
    assert_eq!(machine.run(&limits, &mut NoHost), Stop::Reset);
    let file = saved(&machine);
    let snapshot = Snapshot::from_bytes(file.clone()).expect("opens");
    assert_eq!(snapshot.hash_tree().expect("hashes"), machine.hash_tree());
    let mut again =
        Saved::new(snapshot).expect("is whole").restore(Media::built_in(), Tuning::default()).expect("restores");
    assert_eq!(saved(&again), file, "R2");
    assert_eq!((run_to(&mut machine, LONG), run_to(&mut again, LONG)), (Stop::DeadHalt, Stop::DeadHalt));
    assert_eq!(dword(&again, 0x30_0000), 3, "what firmware reads after a reset was in the file");
    assert_eq!(again.hash_tree(), machine.hash_tree(), "R3");
}

#[test]
fn the_hash_names_the_kernel() {
    let mut one = machine(&restless(), &[], "one");
    let hash = one.hash();
    assert_ne!(hash, machine(&restless(), &[], "two").hash());
    assert_eq!(hash, machine(&restless(), &[], "one").hash(), "R1");
}
