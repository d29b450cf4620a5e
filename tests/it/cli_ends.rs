//! How runs end: the guest's ways and the user's, with the statuses that the command line promises.

use crate::cli_process::{Folder, POWER_OFF, PRINT, SAY, boot_sector, filled};

const HALT: &str = "FA ; cli\nF4 ; hlt\n";
/// Sleeps between the timer's interrupts for ever.
const SLEEP: &str = "FB ; sti\nF4 ; hlt\nEB FD ; jmp to HLT\n";
const SPIN: &str = "EB FE ; jmp to itself\n";
/// Interrupt 3 with an empty interrupt table.
const TRIPLE_FAULT: &str = "0F 01 1E F8 7D ; lidt [7DF8h]\nCD 03 ; int 3\n";
/// PIIX3, reset control register: a hard reset.
const RESET: &str = "BA F9 0C ; mov dx, 0CF9h\nB0 06 ; mov al, 6\nEE ; out dx, al\nEB FE ; jmp to itself\n";
/// The keyboard controller's reset line.
const SOFT_RESET: &str = "B0 FE ; mov al, 0FEh\nE6 64 ; out 64h, al\nEB FE ; jmp to itself\n";
/// A handler of invalid opcodes that is one itself. Its stack wraps where nothing else is.
const ENDLESS_FAULTS: &str = "\
B8 00 80          ; mov ax, 8000h
8E D0             ; mov ss, ax
C7 06 18 00 18 7C ; mov word [18h], 7C18h
C7 06 1A 00 00 00 ; mov word [1Ah], 0
0F 0B             ; ud2
";
/// Far into what no memory answers.
const INTO_NOTHING: &str = "EA 00 00 00 C8 ; jmp C800h:0\n";
/// Far into memory that nobody has written: zeros are ADD [BX+SI], AL.
const INTO_ZEROS: &str = "EA 00 00 00 70 ; jmp 7000h:0\n";
const EXIT: &str = "B0 31 ; mov al, 31h\nE6 F4 ; out 0F4h, al\nFA ; cli\nF4 ; hlt\n";
const EXIT_WORD: &str = "B8 00 02 ; mov ax, 200h\nE7 F4 ; out 0F4h, ax\nFA ; cli\nF4 ; hlt\n";
/// Five ticks of the timer.
const WAIT: &str = "FB ; sti\nB9 05 00 ; mov cx, 5\nF4 ; hlt\nE2 FD ; loop to HLT\n";
const OUT_OF_THE_WORD: &str = "\
BA 00 89    ; mov dx, 8900h
B0 53       ; mov al, 'S'
EE          ; out dx, al
B0 68       ; mov al, 'h'
EE          ; out dx, al
FA          ; cli
F4          ; hlt
";

/// The first time the rest is done, the second time the machine is switched off: memory outlives a reset.
const ONCE: &str = "\
B8 00 50          ; mov ax, 5000h
8E D8             ; mov ds, ax
81 3E 00 00 34 12 ; cmp word [0], 1234h
C7 06 00 00 34 12 ; mov word [0], 1234h
75 11             ; jne behind POWER_OFF
";

/// Guest, options, status, what standard error holds.
type End = (&'static str, &'static [&'static str], &'static str, i32, &'static [&'static str]);

const ENDS: &[End] = &[
    ("power-off", &[POWER_OFF], "", 0, &["the guest switched the machine off"]),
    ("power-off instead of a text", &[POWER_OFF], "--until-serial never", 10, &["switched the machine off"]),
    ("an unfinished word", &[OUT_OF_THE_WORD], "", 10, &["halted"]),
    ("a text on COM1", &[SAY, SPIN], "--until-serial lo_wor", 0, &["--until-serial met"]),
    ("a text on the screen", &[PRINT], "--until-screen hello_world", 0, &["--until-screen met"]),
    ("no such text on the screen", &[PRINT], "--until-screen goodbye --max-insns 9000000", 4, &["--max-insns"]),
    ("halted with interrupts off", &[HALT], "", 10, &["halted, and nothing can wake the processor at 0000:7C09"]),
    ("the exit device", &[EXIT], "--exit-device", 0x63, &["the guest ended the run with 0x31"]),
    ("a status whose low bits are clear", &[EXIT_WORD], "--exit-device", 1, &["with 0x200"]),
    ("no exit device", &[EXIT], "", 10, &["halted"]),
    ("a triple fault", &[TRIPLE_FAULT], "", 6, &["triple fault", "--reset-on-shutdown"]),
    ("a reset after a triple fault", &[ONCE, POWER_OFF, TRIPLE_FAULT], "--reset-on-shutdown", 0, &["switched"]),
    ("no reset", &[ONCE, POWER_OFF, TRIPLE_FAULT], "--reset-on-shutdown --no-reboot", 10, &["--no-reboot"]),
    ("a reset", &[ONCE, POWER_OFF, RESET], "", 0, &["switched the machine off"]),
    ("a reset that ends the run", &[ONCE, POWER_OFF, RESET], "--no-reboot", 10, &["the guest reset the machine"]),
    ("a reset by the keyboard", &[SOFT_RESET], "--no-reboot", 10, &["the guest reset the machine"]),
    ("a limit of instructions", &[SPIN], "--max-insns 5000000", 4, &["--max-insns reached", "5000000 instructions"]),
    ("a limit of time", &[SPIN], "--timeout 0.3", 4, &["--timeout is over"]),
    ("a limit of time while asleep", &[SLEEP], "--timeout 0.3", 4, &["--timeout is over"]),
    ("endless faults", &[ENDLESS_FAULTS], "", 4, &["a million", "0000:7C18"]),
    ("into nothing", &[INTO_NOTHING], "--max-insns 2000000", 4, &["--max-insns"]),
    ("into zeros", &[INTO_ZEROS], "--max-insns 2000000", 4, &["--max-insns"]),
    ("the end of standard input", &[WAIT, POWER_OFF], "", 0, &["switched the machine off"]),
];

#[test]
fn every_end_has_its_status() {
    let folder = Folder::new();
    for (name, listings, options, status, said) in ENDS {
        let disk = filled(boot_sector(listings, "hello world"), 64 << 10);
        folder.put("disk.img", &disk);
        folder.ringwalk(&format!("run disk.img {options}")).must(name, *status, said);
        assert!(folder.get("disk.img") == disk, "{name}: the image changed");
    }
}

#[test]
fn figures_are_the_last_line() {
    let folder = Folder::new();
    folder.put("disk.img", &filled(boot_sector(&[POWER_OFF], ""), 64 << 10));
    let outcome = folder.ringwalk("run disk.img --stats json");
    outcome.must("stats", 0, &[]);
    let last = outcome.err.lines().last().expect("a line");
    let stats: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(stats["stop"], "power-off");
    for number in ["instructions", "cycles", "position", "host_seconds", "mips"] {
        assert!(stats[number].is_number(), "{number} in {last}");
    }
    assert_eq!(stats["state_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn a_medium_without_a_boot_sector_is_told_as_a_pc_tells_it() {
    let folder = Folder::new();
    folder.put("disk.img", &vec![0; 1 << 20]);
    let outcome = folder.ringwalk("run disk.img");
    let why = ["on the screen: ", "Nothing to boot from", "no boot program in the first sector", "nothing can wake"];
    outcome.must("no signature", 10, &why);
}

#[test]
fn the_debugger_ends_with_its_input() {
    let folder = Folder::new();
    folder.put("disk.img", &filled(boot_sector(&[HALT], ""), 64 << 10));
    folder.ringwalk("debug disk.img").must("at once", 0, &[]);
    folder.ringwalk_fed("debug disk.img", b"continue\nregs\n").must("after a halt", 0, &[]);
    let told = folder.ringwalk("debug disk.img -e continue;regs");
    told.must("batch", 0, &[]);
    assert!(told.out.contains("7c09") || told.out.contains("7C09"), "{told:?}");
}
