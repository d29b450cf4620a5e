//! `origin`: where a byte came from. Its last write is looked for, and the instruction there read for what it copied, then
//! that, and so on, until it was no copy.

use iced_x86::{Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};
use ringwalk_cpu::watch::{DataWatch, WatchHit};
use ringwalk_mmu::PhysAddr;
use serde::Serialize;

use crate::back;
use crate::breakpoints::{Breakpoint, Breakpoints, Kind};
use crate::commands::Arguments;
use crate::desk::Desk;
use crate::disassembly::next_instruction;
use crate::error::Error;
use crate::io_map::port_access;
use crate::outlook::place;
use crate::page::{Answered, Page, Show, answer};
use crate::reverse::stops_between;
use crate::running::disarm;
use crate::space::{Address, owner};
use crate::stack::stack_at;
use crate::target::{Stop, Target};

/// Copies that are followed.
const MOST_HOPS: usize = 64;
/// Steps that a register is looked for over.
const MOST_STEPS: usize = 20_000;

/// Where a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// In memory, by its physical address.
    Memory(PhysAddr),
    /// In a register, by the name of the whole of it and the number of the byte in that.
    Register(Register, u32),
}

/// What an instruction made the byte of.
enum Source {
    /// A copy of this.
    Copy(Held),
    /// It came from here, in words.
    End(String),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Origin {
    /// Where the byte is now.
    place: String,
    /// The copies, the last first.
    copies: Vec<Copied>,
    /// What it came from.
    origin: String,
}

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Copied {
    /// Right behind the instruction.
    position: u64,
    /// What it wrote.
    to: String,
    /// The instruction with its place.
    by: String,
}

impl Show for Origin {
    fn show(&self, page: &mut Page) {
        for copy in &self.copies {
            page.line(format!("{:>12}  {}  by {}", copy.position, copy.to, copy.by));
        }
        page.line(format!("{} came from {}", self.place, self.origin));
    }
}

impl Held {
    fn text(self) -> String {
        match self {
            Held::Memory(at) => format!("phys {:08x}", at.0),
            Held::Register(register, byte) => format!("{} byte {byte}", name_of(register)),
        }
    }
}

fn name_of(register: Register) -> String {
    format!("{register:?}").to_lowercase()
}

/// `origin ADDR`.
pub fn origin(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    if parser.at_end() {
        return Err(arguments.usage("an address is missing"));
    }
    let address = parser.place()?.address(target)?;
    parser.end()?;
    let first = address.physical(target.cpu(), target.memory());
    let first = first.ok_or_else(|| Error::Value(format!("{} is not mapped", address.text())))?;
    if target.past().is_none() {
        return Err(Error::Target(target.travel(0).err().unwrap_or_default()));
    }
    let here = target.position();
    let led = follow(target, desk, Held::Memory(first));
    disarm(target, desk);
    target.travel(here).map_err(Error::Target)?;
    match led {
        Ok((copies, origin)) => answer(Origin { place: Held::Memory(first).text(), copies, origin }),
        Err(Stop::Interrupted) => Err(Error::Target("interrupted: nothing was found so far".to_owned())),
        Err(stop) => Err(Error::Target(format!("the search ended early: {stop:?}"))),
    }
}

fn follow(target: &mut dyn Target, desk: &mut Desk, first: Held) -> Result<(Vec<Copied>, String), Stop> {
    let mut copies = Vec::new();
    let (mut held, mut at) = (first, target.position());
    while copies.len() < MOST_HOPS {
        let found = match held {
            Held::Memory(place) => written(target, desk, place, at)?,
            Held::Register(register, byte) => loaded(target, desk, register, byte, at)?,
        };
        let (before, behind, source) = match found {
            Found::Step { before, behind, source } => (before, behind, source),
            Found::Nothing(words) => return Ok((copies, words)),
        };
        go(target, before)?;
        let decoded = next_instruction(target);
        let by = format!("{} {}", decoded.at.text(), decoded.text());
        copies.push(Copied { position: behind, to: held.text(), by });
        match source {
            Source::Copy(from) => (held, at) = (from, before),
            Source::End(words) => return Ok((copies, words)),
        }
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    Ok((copies, format!("{}, over {MOST_HOPS} copies: ask for that to go on", held.text())))
}

/// The step that gave a byte its value.
enum Found {
    Step { before: u64, behind: u64, source: Source },
    Nothing(String),
}

fn go(target: &mut dyn Target, position: u64) -> Result<(), Stop> {
    match target.travel(position) {
        Ok(Stop::Position) => Ok(()),
        Ok(stop) => Err(stop),
        Err(trouble) => Err(Stop::Host(trouble)),
    }
}

/// The last write to a byte of memory up to a position.
fn written(target: &mut dyn Target, desk: &mut Desk, place: PhysAddr, at: u64) -> Result<Found, Stop> {
    go(target, at)?;
    if owner(target.memory(), place) == "device" {
        return Ok(Found::Nothing(format!("the device at {:08x}", place.0)));
    }
    let now = target.memory().peek(place);
    let Some((behind, hit)) = last_write(target, place, at)? else { return untouched(target, place, at, now) };
    go(target, behind)?;
    // What no instruction wrote, a bus master did.
    if target.memory().peek(place) != now {
        return by_device(target, place, behind, at);
    }
    let retired = target.cpu().retired;
    disarm(target, desk);
    let Some(before) = back::previous(target, desk, behind) else {
        return Ok(Found::Nothing("the first step of the history".to_owned()));
    };
    go(target, before)?;
    let byte = (place.0.wrapping_sub(hit.linear.0) & 0xFFF) as u32;
    let next = next_instruction(target);
    let repeats = next.insn.as_ref().is_some_and(crate::disassembly::repeats);
    let source = match next.insn {
        _ if target.cpu().retired == retired && !repeats => {
            Source::End("the delivery of an interrupt or exception, which pushed it".to_owned())
        }
        Some(insn) => stored(target, &insn, byte),
        None => Source::End("an instruction that cannot be read".to_owned()),
    };
    Ok(Found::Step { before, behind, source })
}

fn last_write(target: &mut dyn Target, place: PhysAddr, at: u64) -> Result<Option<(u64, WatchHit)>, Stop> {
    let mut asked = Breakpoints::default();
    let watch = DataWatch { id: 0, physical: true, first: place.0, bytes: 1, read: false, write: true };
    asked.add(Breakpoint::new(Kind::Data(watch)));
    target.set_watches(asked.watches(std::iter::empty()));
    let mut end = at;
    let starts: Vec<u64> = target.checkpoints().into_iter().filter(|start| *start < at).collect();
    for start in starts.into_iter().rev() {
        if target.may_have_written(place, 1, start, end) {
            for found in stops_between(target, &asked, start, end)?.into_iter().rev() {
                if let Stop::Watch(hit) = found.stop
                    && found.position <= at
                {
                    return Ok(Some((found.position, hit)));
                }
            }
        }
        end = start;
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    Ok(None)
}

/// No instruction wrote it.
fn untouched(target: &mut dyn Target, place: PhysAddr, at: u64, now: Option<u8>) -> Result<Found, Stop> {
    let oldest = target.past().map_or(0, |past| past.oldest);
    go(target, oldest)?;
    if target.memory().peek(place) != now {
        return by_device(target, place, oldest, at);
    }
    let owner = owner(target.memory(), place);
    Ok(Found::Nothing(format!("before the history, which begins at {oldest}: it was in {owner} then")))
}

/// Where a byte changed without an instruction: halved until the moment is known.
fn by_device(target: &mut dyn Target, place: PhysAddr, mut low: u64, mut high: u64) -> Result<Found, Stop> {
    go(target, high)?;
    let last = target.memory().peek(place);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        go(target, middle)?;
        let found = target.position();
        if target.memory().peek(place) == last {
            high = middle;
        } else if found >= high {
            break;
        } else {
            low = middle;
        }
    }
    go(target, low)?;
    let who = transfers(target).unwrap_or_else(|| "a device that is a bus master".to_owned());
    Ok(Found::Nothing(format!("{who}, written at position {high}")))
}

/// What disks are in the middle of handing over.
fn transfers(target: &dyn Target) -> Option<String> {
    for name in target.device_names() {
        let rows = target.device(&name).unwrap_or_default();
        let busy = |row: &&(String, String)| row.1.contains("data in") || row.1.contains("DMA ToMemory");
        if let Some((row, text)) = rows.iter().find(busy) {
            let last = text.rsplit(", ").next().unwrap_or(text);
            return Some(format!("{name}, {row}: {last}"));
        }
    }
    None
}

fn computed(insn: &Instruction) -> Source {
    Source::End(format!("a calculation: {}", format!("{:?}", insn.mnemonic()).to_lowercase()))
}

/// What an instruction stored as the byte of this number.
fn stored(target: &dyn Target, insn: &Instruction, byte: u32) -> Source {
    match insn.mnemonic() {
        Mnemonic::Mov | Mnemonic::Movnti | Mnemonic::Xchg => {
            let other = if insn.op0_kind() == OpKind::Register { 0 } else { 1 };
            operand(target, insn, other, byte)
        }
        Mnemonic::Push => operand(target, insn, 0, byte),
        Mnemonic::Stosb | Mnemonic::Stosw | Mnemonic::Stosd | Mnemonic::Stosq => {
            Source::Copy(Held::Register(Register::RAX, byte))
        }
        Mnemonic::Movsb | Mnemonic::Movsw | Mnemonic::Movsd | Mnemonic::Movsq
            if insn.op1_kind() != OpKind::Register && insn.op0_kind() != OpKind::Register =>
        {
            operand(target, insn, 1, byte)
        }
        Mnemonic::Insb | Mnemonic::Insw | Mnemonic::Insd => port(target, insn),
        Mnemonic::Call => Source::End("the return address of a call".to_owned()),
        Mnemonic::Pushf | Mnemonic::Pushfd | Mnemonic::Pushfq => Source::End("the flags".to_owned()),
        _ => computed(insn),
    }
}

/// An operand that is copied.
fn operand(target: &dyn Target, insn: &Instruction, index: u32, byte: u32) -> Source {
    match insn.op_kind(index) {
        OpKind::Register => {
            let register = insn.op_register(index);
            if register.is_gpr() { in_register(register, byte) } else { Source::End(name_of(register)) }
        }
        OpKind::Immediate8
        | OpKind::Immediate16
        | OpKind::Immediate32
        | OpKind::Immediate64
        | OpKind::Immediate8to16
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64 => {
            let value = insn.immediate(index);
            Source::End(format!("the immediate operand {value:#x}, byte {byte}"))
        }
        _ => match place(target, insn, index) {
            Some((_, address)) => in_memory(target, address.plus(byte)),
            None => computed(insn),
        },
    }
}

fn in_register(register: Register, byte: u32) -> Source {
    let high = matches!(register, Register::AH | Register::BH | Register::CH | Register::DH);
    Source::Copy(Held::Register(register.full_register(), byte + u32::from(high)))
}

fn in_memory(target: &dyn Target, address: Address) -> Source {
    match address.physical(target.cpu(), target.memory()) {
        Some(at) if owner(target.memory(), at) == "device" => Source::End(format!("the device at {:08x}", at.0)),
        Some(at) => Source::Copy(Held::Memory(at)),
        None => Source::End(format!("{}, which is not mapped", address.text())),
    }
}

fn port(target: &dyn Target, insn: &Instruction) -> Source {
    let number = port_access(target.cpu(), insn).map_or(0, |(port, _)| port);
    let disk = if matches!(number, 0x1F0 | 0x170) { transfers(target) } else { None };
    let disk = disk.map_or_else(String::new, |disk| format!(" ({disk})"));
    Source::End(format!("port {number:#x}{disk}"))
}

/// The last instruction up to a position that wrote a byte of a register.
fn loaded(target: &mut dyn Target, desk: &mut Desk, register: Register, byte: u32, at: u64) -> Result<Found, Stop> {
    disarm(target, desk);
    let mut factory = InstructionInfoFactory::new();
    let mut behind = at;
    for _ in 0..MOST_STEPS {
        go(target, behind)?;
        let retired = target.cpu().retired;
        let Some(before) = back::previous(target, desk, behind) else {
            return Ok(Found::Nothing(format!("{} before the history", name_of(register))));
        };
        go(target, before)?;
        let insn = next_instruction(target).insn;
        // A delivery changes none of them; an iteration of REP does, as its instruction.
        let ran = insn.filter(|insn| target.cpu().retired != retired || crate::disassembly::repeats(insn));
        if let Some(insn) = ran
            && writes(&mut factory, &insn, register, byte)
        {
            let source = read_into(target, &insn, register, byte);
            return Ok(Found::Step { before, behind, source });
        }
        behind = before;
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    Ok(Found::Nothing(format!("{}, which {MOST_STEPS} steps before did not write", name_of(register))))
}

/// True if the instruction writes the byte of the register.
fn writes(factory: &mut InstructionInfoFactory, insn: &Instruction, register: Register, byte: u32) -> bool {
    let info = factory.info(insn);
    info.used_registers().iter().any(|used| {
        let write = matches!(
            used.access(),
            OpAccess::Write | OpAccess::ReadWrite | OpAccess::CondWrite | OpAccess::ReadCondWrite
        );
        let (part, size) = (used.register(), used.register().size() as u32);
        let high = matches!(part, Register::AH | Register::BH | Register::CH | Register::DH);
        let covers = match (high, size) {
            (true, _) => byte == 1,
            // The upper half is zeroed with the lower one.
            (_, 4..) => true,
            _ => byte < size,
        };
        write && part.is_gpr() && part.full_register() == register && covers
    })
}

/// What an instruction put into the byte of a register.
fn read_into(target: &dyn Target, insn: &Instruction, register: Register, byte: u32) -> Source {
    let to = if insn.op0_kind() == OpKind::Register { insn.op0_register() } else { Register::None };
    let high = matches!(to, Register::AH | Register::BH | Register::CH | Register::DH);
    let byte = byte - u32::from(high && byte > 0);
    match insn.mnemonic() {
        Mnemonic::Mov if to.full_register() == register => operand(target, insn, 1, byte),
        Mnemonic::Movzx | Mnemonic::Movsx | Mnemonic::Movsxd if to.full_register() == register => {
            let size = match insn.op1_kind() {
                OpKind::Register => insn.op1_register().size(),
                _ => insn.memory_size().size(),
            } as u32;
            match insn.mnemonic() {
                _ if byte < size => operand(target, insn, 1, byte),
                Mnemonic::Movzx => Source::End("the zeros of movzx".to_owned()),
                _ => operand(target, insn, 1, size - 1),
            }
        }
        Mnemonic::Xchg => {
            let other = if to.full_register() == register { 1 } else { 0 };
            operand(target, insn, other, byte)
        }
        Mnemonic::Pop if to.full_register() == register => in_memory(target, stack_at(target.cpu(), 0).plus(byte)),
        Mnemonic::Lodsb | Mnemonic::Lodsw | Mnemonic::Lodsd | Mnemonic::Lodsq if register == Register::RAX => {
            operand(target, insn, 1, byte)
        }
        Mnemonic::In => port(target, insn),
        Mnemonic::Xor | Mnemonic::Sub
            if insn.op1_kind() == OpKind::Register && insn.op0_register() == insn.op1_register() =>
        {
            Source::End("zero: a register with itself".to_owned())
        }
        _ => computed(insn),
    }
}

#[cfg(test)]
mod tests {
    use ringwalk_cpu::segment::SegReg;

    use super::*;
    use crate::fake::Fake;

    #[test]
    fn instructions_tell_what_they_copy() {
        let copied = |code: &[u8], byte: u32| {
            let mut fake = Fake::with_code(code);
            fake.cpu.segments[SegReg::Ds as usize].base = 0x500;
            fake.cpu.gpr[6] = 0x10;
            let insn = next_instruction(&fake).insn.expect("an instruction");
            match stored(&fake, &insn, byte) {
                Source::Copy(held) => held.text(),
                Source::End(words) => words,
            }
        };
        assert_eq!(copied(&[0x88, 0x27], 0), "rax byte 1", "mov [bx], ah");
        assert_eq!(copied(&[0x89, 0x0F], 1), "rcx byte 1", "mov [bx], cx");
        assert_eq!(copied(&[0xC6, 0x07, 0x12], 0), "the immediate operand 0x12, byte 0", "mov byte [bx], 12h");
        assert_eq!(copied(&[0xA5], 1), "phys 00000511", "movsw");
        assert_eq!(copied(&[0xAB], 1), "rax byte 1", "stosw");
        assert_eq!(copied(&[0x53], 0), "rbx byte 0", "push bx");
        assert_eq!(copied(&[0x00, 0x07], 0), "a calculation: add");
        assert_eq!(copied(&[0x1E], 0), "ds", "push ds");
    }

    #[test]
    fn loads_tell_what_they_read() {
        let read = |code: &[u8], register: Register, byte: u32| {
            let mut fake = Fake::with_code(code);
            fake.cpu.gpr[3] = 0x700;
            let insn = next_instruction(&fake).insn.expect("an instruction");
            let mut factory = InstructionInfoFactory::new();
            if !writes(&mut factory, &insn, register, byte) {
                return "not written".to_owned();
            }
            match read_into(&fake, &insn, register, byte) {
                Source::Copy(held) => held.text(),
                Source::End(words) => words,
            }
        };
        assert_eq!(read(&[0x8A, 0x27], Register::RAX, 1), "phys 00000700", "mov ah, [bx]");
        assert_eq!(read(&[0x8A, 0x27], Register::RAX, 0), "not written", "mov ah, [bx]");
        assert_eq!(read(&[0x8B, 0x07], Register::RAX, 1), "phys 00000701", "mov ax, [bx]");
        assert_eq!(read(&[0x89, 0xD8], Register::RAX, 1), "rbx byte 1", "mov ax, bx");
        assert_eq!(read(&[0xB8, 0x34, 0x12], Register::RAX, 1), "the immediate operand 0x1234, byte 1");
        assert_eq!(read(&[0x31, 0xC0], Register::RAX, 0), "zero: a register with itself");
        assert_eq!(read(&[0x0F, 0xB6, 0xC3], Register::RAX, 1), "the zeros of movzx", "movzx ax, bl");
        assert_eq!(read(&[0x01, 0xD8], Register::RAX, 0), "a calculation: add");
        assert_eq!(read(&[0x01, 0xD8], Register::RBX, 0), "not written");
        assert_eq!(read(&[0xE4, 0x60], Register::RAX, 0), "port 0x60");
    }
}
