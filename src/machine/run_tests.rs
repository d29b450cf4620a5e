//! The run loop under small guests that stand where the BIOS does: stops, scripts, resets, and the laws that a run
//! gives the same machine however it is cut.

use ringwalk_mmu::{PAGE_BYTES, PhysAddr};
use ringwalk_snapshots::Snapshot;

use super::*;
use crate::journal::Event;
use crate::script::parse;

/// ```text
///         mov si, text            listen: mov dx, 3FDh            send:   mov bl, al
/// next:   cs lodsb                        in al, dx               wait:   mov dx, 3FDh
///         test al, al                     test al, 1                      in al, dx
///         jz listen                       jz listen                       test al, 20h
///         call send                       mov dx, 3F8h                    jz wait
///         jmp next                        in al, dx                       mov al, bl
///                                         cmp al, '!'                     mov dx, 3F8h
///                                         je leave                        out dx, al
///                                         call send                       inc word [500h]
///                                         jmp listen                      ret
///                                 leave:  mov al, 31h             text:   db "hello", 0
///                                         out 0F4h, al
///                                         cli
///                                         hlt
/// ```
const TALK: &str = "be3e002eac84c07405e81d00ebf5bafd03eca80174f8baf803ec3c217405e80800ebebb031e6f4faf4\
                    88c3bafd03eca82074f888d8baf803eeff060005c368656c6c6f00";

/// ```text
///         inc word [500h]
///         cmp word [500h], 3
///         je done
///         mov dx, 0CF9h           done:   cli
///         mov al, 2                       hlt
///         out dx, al
///         mov al, 6
///         out dx, al
/// spin:   jmp spin
/// ```
const RESET: &str = "ff060005833e000503740bbaf90cb002eeb006eeebfefaf4";

/// ```text
///         inc word [500h]
///         cmp word [500h], 3
///         je done                 done:   cli
///         lidt [cs:idt]                   hlt
///         int3                    idt:    dw 0
///                                         dd 0
/// ```
const TRIPLE: &str = "ff060005833e00050374072e0f011e1400ccfaf4000000000000";

/// Firmware with the code at F000:0000.
fn firmware(code: &str) -> Firmware {
    let digits: Vec<u8> = code.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).expect("hexadecimal")
    };
    let mut image = vec![0xF4; 64 << 10];
    for (place, pair) in image.iter_mut().zip(digits.chunks(2)) {
        *place = byte(pair);
    }
    image[0xFFF0..0xFFF5].copy_from_slice(&[0xEA, 0, 0, 0, 0xF0]);
    Firmware::built_in().with_bios(image).expect("64 KiB")
}

fn media(code: &str) -> Media {
    Media { firmware: firmware(code), ..Media::built_in() }
}

fn guest_with(code: &str, slice: u64, change: impl FnOnce(&mut MachineConfig)) -> Machine {
    let mut config = MachineConfig::default();
    config.board.ram_pages = (1 << 20) / PAGE_BYTES;
    config.board.exit_port = true;
    change(&mut config);
    let tuning = Tuning { slice, ..Tuning::default() };
    Machine::new(config, media(code), tuning).expect("a machine")
}

fn guest(code: &str) -> Machine {
    guest_with(code, Tuning::default().slice, |_| {})
}

fn run(machine: &mut Machine, limits: &RunLimits) -> Stop {
    machine.run(limits, &mut NoHost)
}

fn serial(text: &str) -> RunLimits {
    RunLimits { serial: Some(text.to_owned()), ..RunLimits::default() }
}

fn journal_of(machine: &Machine) -> Vec<Event> {
    let mut events = Vec::new();
    machine.journal.for_each(|event| events.push(event.clone())).expect("it is in memory");
    events
}

fn until(position: u64) -> RunLimits {
    RunLimits { position: Some(position), ..RunLimits::default() }
}

fn said(machine: &mut Machine) -> String {
    let character = |output| match output {
        Output::Serial(0, byte) => Some(char::from(byte)),
        _ => None,
    };
    machine.take_output().into_iter().filter_map(character).collect()
}

/// Times that the guest has counted.
fn counted(machine: &Machine) -> u8 {
    machine.memory.peek(PhysAddr(0x500)).expect("RAM")
}

#[test]
fn a_text_stops_the_run_at_its_byte_whatever_the_slices() {
    let ends = [1, 7, 1000, u64::MAX].map(|slice| {
        let mut machine = guest_with(TALK, slice, |_| {});
        assert_eq!(run(&mut machine, &serial("ell")), Stop::Serial);
        assert_eq!(said(&mut machine), "hell");
        (machine.position(), machine.cpu.retired, machine.hash())
    });
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[test]
fn a_script_talks_to_the_guest_and_the_exit_device_ends_the_run() {
    let ends = [3, u64::MAX].map(|slice| {
        let mut machine = guest_with(TALK, slice, |_| {});
        machine.set_script(parse("when serial hello : serial \"abc\"\nwhen serial c : serial !").expect("a script"));
        assert_eq!(run(&mut machine, &RunLimits::default()), Stop::Exit(0x31));
        assert_eq!(said(&mut machine), "helloabc");
        assert_eq!(run(&mut machine, &RunLimits::default()), Stop::DeadHalt);
        (machine.position(), machine.hash(), journal_of(&machine))
    });
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].2.len(), 2);
}

#[test]
fn a_replayed_journal_gives_the_same_machine() {
    let mut first = guest(TALK);
    first.set_script(parse("when serial hello : serial \"abc\"").expect("a script"));
    assert_eq!(run(&mut first, &serial("helloabc")), Stop::Serial);
    let mut second = guest(TALK);
    for event in journal_of(&first) {
        second.feed.inbox.add(event.position, event.input.clone());
    }
    assert_eq!(run(&mut second, &until(first.position())), Stop::Position);
    assert_eq!(second.hash(), first.hash());
}

#[test]
fn stepping_and_running_are_the_same() {
    let mut stepped = guest(TALK);
    stepped.set_script(parse("at 200 serial x").expect("a script"));
    let mut positions = Vec::new();
    for _ in 0..600 {
        assert_eq!(stepped.step(), None);
        positions.push(stepped.position());
    }
    let mut ran = guest(TALK);
    ran.set_script(parse("at 200 serial x").expect("a script"));
    assert_eq!(run(&mut ran, &until(stepped.position())), Stop::Position);
    assert_eq!(ran.hash(), stepped.hash());
    assert!(positions.is_sorted_by(|a, b| a < b), "time grows with every step");
    assert!(positions.contains(&200));
}

#[test]
fn a_restored_machine_goes_on_as_if_nothing_had_been() {
    for position in [1, 200, 100_000, 300_000] {
        let mut whole = guest(TALK);
        whole.set_script(parse("at 150000 serial abc").expect("a script"));
        run(&mut whole, &until(position));
        let bytes = whole.save().expect("saves").to_bytes();
        let saved = Saved::new(Snapshot::from_bytes(bytes).expect("opens")).expect("a machine");
        let mut again = saved.restore(media(TALK), Tuning::default()).expect("restores");
        assert_eq!(again.hash(), whole.hash());
        run(&mut whole, &until(900_000));
        run(&mut again, &until(900_000));
        assert_eq!(again.hash(), whole.hash(), "R3 from {position}");
    }
}

#[test]
fn instructions_are_counted_to_the_last() {
    let mut machine = guest(TALK);
    let limits = RunLimits { retired: Some(1234), ..RunLimits::default() };
    assert_eq!(run(&mut machine, &limits), Stop::Retired);
    assert_eq!(machine.cpu.retired, 1234);
    assert_eq!(run(&mut machine, &limits), Stop::Retired);
}

#[test]
fn a_reset_keeps_memory_and_time_or_ends_the_run() {
    let mut machine = guest(RESET);
    assert_eq!(run(&mut machine, &RunLimits::default()), Stop::DeadHalt);
    assert_eq!(counted(&machine), 3);
    let (end, hash) = (machine.position(), machine.hash());
    let mut stopping = guest(RESET);
    let limits = RunLimits { reset: true, ..RunLimits::default() };
    assert_eq!(run(&mut stopping, &limits), Stop::Reset);
    assert_eq!(counted(&stopping), 1);
    assert_eq!(run(&mut stopping, &limits), Stop::Reset);
    assert_eq!(run(&mut stopping, &limits), Stop::DeadHalt);
    assert_eq!((stopping.position(), stopping.hash()), (end, hash));
}

#[test]
fn a_triple_fault_shuts_down_or_resets() {
    let mut machine = guest(TRIPLE);
    assert_eq!(run(&mut machine, &RunLimits::default()), Stop::Shutdown);
    assert_eq!(run(&mut machine, &RunLimits::default()), Stop::Shutdown, "only a reset leaves it");
    assert_eq!(counted(&machine), 1);
    machine.press_reset();
    assert_eq!(run(&mut machine, &RunLimits::default()), Stop::Shutdown);
    assert_eq!(counted(&machine), 2);
    let mut resetting = guest_with(TRIPLE, 100, |config| config.on_shutdown = OnShutdown::Reset);
    assert_eq!(run(&mut resetting, &RunLimits::default()), Stop::DeadHalt);
    assert_eq!(counted(&resetting), 3);
}

#[test]
fn a_dead_halt_waits_for_what_will_come() {
    let mut machine = guest("faf4");
    machine.set_script(parse("at 5000 serial x").expect("a script"));
    assert_eq!(run(&mut machine, &until(1000)), Stop::Position);
    assert_eq!(machine.position(), 1000);
    assert_eq!(run(&mut machine, &RunLimits::default()), Stop::DeadHalt);
    assert_eq!(machine.position(), 5000);
    assert_eq!(journal_of(&machine).len(), 1);
}

/// Ends the run at the third look, and sees every look.
struct Impatient(u32);

impl Host for Impatient {
    fn attend(&mut self, _machine: &mut Machine) -> Option<Stop> {
        self.0 += 1;
        (self.0 == 3).then_some(Stop::Interrupted)
    }
    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
    }
}

#[test]
fn the_host_is_looked_at_between_slices() {
    let mut machine = guest_with(TALK, 500, |_| {});
    let mut host = Impatient(0);
    assert_eq!(machine.run(&RunLimits::default(), &mut host), Stop::Interrupted);
    assert!((1000..1100).contains(&machine.position()), "{}", machine.position());
    assert_eq!(host.0, 4, "and once more at the end");
}
