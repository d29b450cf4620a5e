//! What can happen, as breakpoints wait for it and as it is told: deliveries, ports, control registers, modes and rings.

use ringwalk_cpu::event::{Event, EventHit, Wanted};
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::Mode;
use ringwalk_mmu::{PAGE_BYTES, PhysAddr};

use crate::error::Error;
use crate::expression::Parser;
use crate::stop::instruction_at;
use crate::target::Target;
use crate::vectors;

/// The names of the exceptions' mnemonics.
const EXCEPTIONS: [(&str, u8); 18] = [
    ("de", 0),
    ("db", 1),
    ("nmi", 2),
    ("bp", 3),
    ("of", 4),
    ("br", 5),
    ("ud", 6),
    ("nm", 7),
    ("df", 8),
    ("ts", 10),
    ("np", 11),
    ("ss", 12),
    ("gp", 13),
    ("pf", 14),
    ("mf", 16),
    ("ac", 17),
    ("mc", 18),
    ("xm", 19),
];

/// Words that begin a breakpoint of this kind.
pub const WORDS: [&str; 13] =
    ["interrupt", "int", "exception", "port", "mmio", "cr", "cr3", "msr", "cpl", "mode", "task", "segment", "tlb"];

/// Reads what a breakpoint waits for, if the next word begins such; else nothing is taken.
pub fn read_wanted(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Option<Wanted>, Error> {
    let Some(word) = parser.word().map(str::to_lowercase) else { return Ok(None) };
    if !WORDS.contains(&word.as_str()) {
        return Ok(None);
    }
    parser.take_word(&word);
    let wanted = match word.as_str() {
        "interrupt" => Wanted::Interrupt(small(target, parser)?),
        "int" => Wanted::SoftwareInterrupt(small(target, parser)?),
        "exception" => Wanted::Exception(exception(target, parser)?),
        "port" => {
            let first = number(target, parser)?.ok_or_else(|| parser.trouble("the number of a port is missing"))?;
            let count = number(target, parser)?.unwrap_or(1);
            let (read, write) = direction(parser);
            let first = u16::try_from(first).map_err(|_| parser.trouble("ports go up to 0xffff"))?;
            let count = u32::try_from(count).ok().filter(|count| (1..=0x1_0000).contains(count));
            Wanted::Port(first, count.ok_or_else(|| parser.trouble("1 to 65536 ports"))?, read, write)
        }
        "mmio" => {
            let first = number(target, parser)?.ok_or_else(|| parser.trouble("a physical address is missing"))?;
            let bytes = number(target, parser)?.unwrap_or(1).max(1);
            let (read, write) = direction(parser);
            Wanted::Device(PhysAddr(first), bytes, read, write)
        }
        "cr" => Wanted::Control(small(target, parser)?),
        "cr3" => Wanted::Control(Some(3)),
        "msr" => {
            let number = number(target, parser)?.map(u32::try_from).transpose();
            Wanted::Msr(number.map_err(|_| parser.trouble("the number of an MSR has 32 bits"))?)
        }
        "cpl" => Wanted::Privilege(small(target, parser)?),
        "mode" => Wanted::Mode,
        "task" => Wanted::Task,
        "segment" => {
            let selector = number(target, parser)?.map(u16::try_from).transpose();
            Wanted::Segment(selector.map_err(|_| parser.trouble("a selector has 16 bits"))?)
        }
        _ => Wanted::TlbFill(number(target, parser)?.map(|address| address / PAGE_BYTES)),
    };
    Ok(Some(wanted))
}

/// A number, unless the text ends or goes on with something else.
fn number(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Option<u64>, Error> {
    const OTHERS: [&str; 7] = ["if", "ignore", "do", "r", "w", "rw", "screen"];
    let other = parser.word().is_some_and(|word| OTHERS.contains(&word) || WORDS.contains(&word));
    if parser.at_end() || other {
        return Ok(None);
    }
    parser.unary()?.value(target).map(Some)
}

fn small(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Option<u8>, Error> {
    let number = number(target, parser)?.map(u8::try_from).transpose();
    number.map_err(|_| parser.trouble("a number up to 255 was meant"))
}

fn exception(target: &dyn Target, parser: &mut Parser<'_>) -> Result<Option<u8>, Error> {
    let word = parser.word().map(str::to_lowercase).unwrap_or_default();
    if let Some((name, vector)) = EXCEPTIONS.iter().find(|(name, _)| *name == word) {
        parser.take_word(name);
        return Ok(Some(*vector));
    }
    small(target, parser)
}

/// `r`, `w` or `rw`; without any of them both.
fn direction(parser: &mut Parser<'_>) -> (bool, bool) {
    for (word, both) in [("rw", (true, true)), ("r", (true, false)), ("w", (false, true))] {
        if parser.take_word(word) {
            return both;
        }
    }
    (true, true)
}

/// What a breakpoint waits for, in words.
pub fn wanted_text(wanted: Wanted) -> String {
    let of = |kind: &str, number: Option<u64>| match number {
        Some(number) => format!("{kind} {number:#x}"),
        None => format!("any {kind}"),
    };
    match wanted {
        Wanted::Interrupt(vector) => of("interrupt", vector.map(u64::from)),
        Wanted::SoftwareInterrupt(vector) => of("software interrupt", vector.map(u64::from)),
        Wanted::Exception(vector) => match vector.and_then(vectors::exception) {
            Some(name) => format!("exception {name}"),
            None => of("exception", vector.map(u64::from)),
        },
        Wanted::Port(first, 1, read, write) => format!("port {first:#x} {}", directions(read, write)),
        Wanted::Port(first, count, read, write) => {
            format!("port {first:#x}, {count} of them {}", directions(read, write))
        }
        Wanted::Device(first, bytes, read, write) => {
            format!("device memory {:08x}, {bytes} bytes {}", first.0, directions(read, write))
        }
        Wanted::Control(Some(number)) => format!("change of CR{number}"),
        Wanted::Control(None) => "change of a control register".to_owned(),
        Wanted::Msr(number) => of("write of MSR", number.map(u64::from)),
        Wanted::Privilege(Some(cpl)) => format!("change to CPL {cpl}"),
        Wanted::Privilege(None) => "change of CPL".to_owned(),
        Wanted::Mode => "change of mode".to_owned(),
        Wanted::Task => "task switch".to_owned(),
        Wanted::Segment(selector) => of("load of selector", selector.map(u64::from)),
        Wanted::TlbFill(page) => of("TLB fill", page.map(|page| page * PAGE_BYTES)),
    }
}

const fn directions(read: bool, write: bool) -> &'static str {
    match (read, write) {
        (true, false) => "read",
        (false, true) => "written",
        _ => "read or written",
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Real => "real",
        Mode::Virtual8086 => "virtual-8086",
        Mode::Protected => "protected",
    }
}

/// What happened, in words.
pub fn event_text(event: &Event) -> String {
    let width = |bytes: u8| 2 * usize::from(bytes);
    match *event {
        Event::Interrupt(vector) => {
            let name = vectors::on_a_pc(vector).map_or_else(String::new, |name| format!(" ({name})"));
            format!("interrupt {vector:02x}h{name}")
        }
        Event::SoftwareInterrupt(vector) => format!("software interrupt {vector:02x}h"),
        Event::Exception(vector, code) => {
            let name = vectors::exception(vector).map_or_else(|| format!("{vector:02x}h"), str::to_owned);
            let code = code.map_or_else(String::new, |code| format!(", error code {code:04x}"));
            format!("exception {name}{code}")
        }
        Event::PortRead(port, bytes, value) => format!("port {port:03x} read: {value:0w$x}", w = width(bytes)),
        Event::PortWrite(port, bytes, value) => format!("port {port:03x} written: {value:0w$x}", w = width(bytes)),
        Event::DeviceRead(at, bytes, value) => format!("device {:08x} read: {value:0w$x}", at.0, w = width(bytes)),
        Event::DeviceWrite(at, bytes, value) => format!("device {:08x} written: {value:0w$x}", at.0, w = width(bytes)),
        Event::Control(number, old, new) => format!("CR{number} {old:08x} -> {new:08x}"),
        Event::Msr(number, value) => format!("MSR {number:08x} written: {value:x}"),
        Event::Privilege(old, new) => format!("CPL {old} -> {new}"),
        Event::Mode(old, new) => format!("{} mode -> {} mode", mode_name(old), mode_name(new)),
        Event::Task(old, new) => format!("task {old:04x} -> {new:04x}"),
        Event::Segment(number, selector) => {
            let name = SegReg::from_number(number).map_or("segment", SegReg::name);
            format!("{name} <- {selector:04x}")
        }
        Event::TlbFill(at, physical) => format!("TLB takes in {:08x}: {:08x}", at.0, physical.0),
    }
}

/// What happened and where.
pub fn hit_text(target: &dyn Target, hit: &EventHit) -> String {
    format!("{} at {}", event_text(&hit.event), instruction_at(target, hit.selector, hit.rip))
}
