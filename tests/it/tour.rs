//! The guided tour: what its disk says, and the stops that the debugger makes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ringwalk::machine::{NoHost, RunLimits, Stop, Tuning};

use crate::guest::{machine, serial, tour};

/// What the disk sends to COM1, as it was recorded on another PC emulator with another BIOS. CR0 alone differs there:
/// that firmware clears CD and NW, ours leaves them as reset does.
const TRANSCRIPT: &str = "\
The ringwalk tour: from real mode to ring 3 and back
Real mode: wrote A5 at 0050:0100, 0060:0000 reads 00A5: both are linear 00600
A20 off: wrote 22 at FFFF:0510, 0000:0500 reads 0022: the address wrapped
A20 on: wrote 44 at FFFF:0510, 0000:0500 reads 0033: two different bytes
GDT at 00001000, 0058 bytes long
Protected mode: CS 0008, CR0 60000011
IDT at 00002000, 0188 bytes long
#GP(0048) at 00008400: execute-only code in DS; EAX repaired
#DE at 00008500: division by zero; ECX repaired
100 / 7 = 0000000E, remainder 0002
Paging on: CR3 00010000
Linear 00400000 reads 474E4952, stored at physical 00013000
#PF(0002) at 00401000: page mapped, back to the instruction
Linear 00401000 wrote 4B4C4157 to physical 00014000
Ring 3: CS 001B, EFLAGS after POPF 00000002: IF did not change, no fault
Ring 3: SGDT leaks the GDT's base 00001000, SMSW leaks CR0 0011
#GP(0000) at 00009200: CLI in ring 3; stepped over
INT 30h: ring 0 prints this for a caller with CS 001B
Call gate: ring 0 again, called from CS 001B, ESP 00016000
back in real mode
";

#[test]
fn the_disk_says_what_it_says_on_any_pc() {
    let mut run = machine(&tour(), Tuning::default());
    let limits = RunLimits { position: Some(100_000_000), ..RunLimits::default() };
    assert_eq!(run.run(&limits, &mut NoHost), Stop::PowerOff);
    assert_eq!(serial(&mut run).replace('\r', ""), TRANSCRIPT);
}

#[test]
fn the_debugger_stops_at_every_stop_in_order() {
    let stops = include_str!("../../roms/tour/stops.txt");
    let titles: Vec<&str> = stops
        .lines()
        .filter(|line| !line.starts_with('#') && line.contains('|'))
        .map(|line| line.split('|').nth(2).expect("a stop has a title").trim())
        .collect();
    assert!(titles.len() >= 12, "the tour has its stops");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringwalk"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let commands = "tour next\n".repeat(titles.len());
    child.stdin.take().expect("it is piped").write_all(commands.as_bytes()).expect("it listens");
    let out = child.wait_with_output().expect("it ends with its input");
    assert!(out.status.success(), "{}", out.status);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut rest = text.as_str();
    for (index, title) in titles.iter().enumerate() {
        let heading = format!("Stop {} of {}: {title}", index + 1, titles.len());
        let at = rest.find(&heading).unwrap_or_else(|| panic!("{heading:?} is missing or out of order in\n{text}"));
        rest = &rest[at..];
    }
}
