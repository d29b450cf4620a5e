//! The quick ways against the long ones: what they answer, what they leave, and when they are closed.

use std::collections::BTreeMap;

use ringwalk_mmu::{Bus, BusCx, Memory, PhysAddr, Port, Size};

use super::*;
use crate::device::Cx;
use crate::fuzz::{self, Random};
use crate::test_pc::{Pc, US};

/// The registers that are reached quickly: ports and how the two ways are told apart.
const PORTS_READ: [u16; 22] = [
    0x21, 0xA1, 0x64, 0x80, 0x87, 0x8F, 0x3F8, 0x3F9, 0x3FA, 0x3FB, 0x3FC, 0x3FD, 0x3FE, 0x3FF, 0x2F8, 0x2FA, 0x2FB,
    0x2FC, 0x2FD, 0x2FE, 0x2FF, 0xED,
];

/// All that an access may leave changed.
fn seen(board: &Board) -> (Vec<u8>, ringwalk_mmu::Signals, Option<Instant>) {
    (fuzz::save(board), board.signals(), board.due())
}

/// Asks in both ways, of equal boards; what is answered quickly must be what the other way answers, and leaves.
fn read_in_both_ways(pc: &mut Pc, port: u16) -> Option<u8> {
    let before = seen(&pc.board);
    let answer = pc.board.read_quickly(Port(port), pc.now);
    assert!(seen(&pc.board) == before, "a quick read of port {port:X}h changed something");
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    let other = pc.board.port_read(Port(port), Size::Byte, &mut cx);
    if let Some(answer) = answer {
        assert_eq!(u32::from(answer), other, "port {port:X}h");
        assert!(!cx.changed, "port {port:X}h: the processor had to look");
        assert!(seen(&pc.board) == before, "the long way of port {port:X}h changes something");
    }
    answer
}

fn write_in_both_ways(pc: &mut Pc, port: u16, value: u8) -> bool {
    let mut other = pc.board.clone();
    let before = seen(&pc.board);
    let done = pc.board.write_quickly(Port(port), value, pc.now);
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    if !done {
        assert!(seen(&pc.board) == before, "a write of port {port:X}h that was refused did something");
        pc.board.port_write(Port(port), Size::Byte, value.into(), &mut cx);
        return false;
    }
    other.port_write(Port(port), Size::Byte, value.into(), &mut cx);
    assert!(!cx.changed, "port {port:X}h: the processor had to look");
    assert!(seen(&pc.board) == seen(&other), "{value:02X}h to port {port:X}h");
    true
}

/// What a driver does to the devices behind the quick ports, at random.
fn disturb(pc: &mut Pc, random: &mut Random) {
    let value = random.next().to_le_bytes()[0];
    let port = match random.below(12) {
        0..4 => 0x3F8 + random.below(8) as u16,
        4 => 0x2F8 + random.below(8) as u16,
        5 => 0x60,
        6 => 0x64,
        7 => [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1][random.below(6) as usize],
        8 => 0x40 + random.below(4) as u16,
        9 => return fuzz::bring_in(pc, random),
        10 => return pc.run(random.below(2000 * US)),
        _ => return pc.now.0 += random.below(20_000 * US),
    };
    if random.below(4) == 0 {
        pc.inb(port);
    } else {
        pc.outb(port, value);
    }
}

/// Both interrupt controllers as firmware leaves them, the timer running.
fn start(pc: &mut Pc) {
    for (port, value) in
        [(0x20, 0x11), (0x21, 8), (0x21, 4), (0x21, 1), (0xA0, 0x11), (0xA1, 0x70), (0xA1, 2), (0xA1, 1)]
    {
        pc.outb(port, value);
    }
    for (port, value) in [(0x43, 0x34), (0x40, 0), (0x40, 8), (0x3FC, 8), (0x3F9, 15), (0x3F8, 0x41)] {
        pc.outb(port, value);
    }
}

#[test]
fn the_quick_way_is_the_long_way() {
    let (mut pc, mut random) = (Pc::new(), Random(0x1357_9BDF_0246_8ACE));
    start(&mut pc);
    let (mut reads, mut writes) = (BTreeMap::new(), BTreeMap::new());
    for round in 0..30_000 {
        disturb(&mut pc, &mut random);
        if round % 500 == 0 {
            start(&mut pc);
        }
        for _ in 0..3 {
            let port = PORTS_READ[random.below(PORTS_READ.len() as u64) as usize];
            *reads.entry(port).or_insert(0) += u32::from(read_in_both_ways(&mut pc, port).is_some());
        }
        let port = [0x21, 0xA1, 0x80, 0x8F, 0xED][random.below(5) as usize];
        let value = random.next().to_le_bytes()[0];
        *writes.entry(port).or_insert(0) += u32::from(write_in_both_ways(&mut pc, port, value));
        if pc.board.has_output() && random.below(2) == 0 {
            pc.board.take_output();
        }
        if pc.board.signals().interrupt && random.below(3) == 0 {
            pc.access(|board, cx| board.acknowledge_interrupt(cx));
        }
    }
    let always_long = [0x3F8, 0x3F9, 0x3FA, 0x2F8, 0x2FA];
    for (port, count) in reads.iter().filter(|(port, _)| !always_long.contains(port)) {
        assert!(*count > 200, "port {port:X}h was read quickly {count} times");
    }
    for (port, count) in &writes {
        assert!(*count > 200, "port {port:X}h was written quickly {count} times");
    }
}

/// A transmitter that works shows its end at the same moment whichever way it is asked.
#[test]
fn the_line_status_changes_when_it_is_due() {
    let mut pc = Pc::new();
    for (port, value) in [(0x3FB, 0x83), (0x3F8, 1), (0x3F9, 0), (0x3FB, 3), (0x3F8, 0x41)] {
        pc.outb(port, value);
    }
    pc.run(1);
    // 115200 baud: one bit to the shift register, ten bits of the character: 95.5 microseconds.
    let mut ends = Vec::new();
    let mut last = pc.inb(0x3FD);
    while pc.now.0 < 200 * US {
        let answer = read_in_both_ways(&mut pc, 0x3FD);
        let status = answer.unwrap_or_else(|| pc.inb(0x3FD));
        if status != last {
            ends.push((pc.now.0, status));
            last = status;
        }
        if pc.board.has_output() {
            pc.board.take_output();
        }
        pc.now.0 += 1;
    }
    let begin = 0;
    let bit = |bits: u64| begin + (bits * 16 * 100_000_000_u64).div_ceil(1_843_200);
    assert_eq!(ends, [(bit(1), 0x20), (bit(11), 0x60)]);
}

/// LSR's error is taken back by the read that shows it: that read is no glance.
#[test]
fn an_overrun_is_shown_once() {
    let mut pc = Pc::new();
    for (port, value) in [(0x3FB, 0x83), (0x3F8, 1), (0x3F9, 0), (0x3FB, 3), (0x3FC, 0x10)] {
        pc.outb(port, value);
    }
    for byte in *b"ab" {
        pc.outb(0x3F8, byte);
        pc.run(200 * US);
    }
    assert_eq!(pc.board.read_quickly(Port(0x3FD), pc.now), None);
    assert_eq!(pc.inb(0x3FD), 0x63, "a byte, an overrun, and the transmitter is empty");
    assert_eq!(pc.board.read_quickly(Port(0x3FD), pc.now), Some(0x61));
}

/// In special mask mode a masked level in service holds no other back: INT depends on the mask without a request of its own.
#[test]
fn special_mask_mode_has_no_quiet_masks() {
    let mut pc = Pc::new();
    start(&mut pc);
    // IRQ 0 is in service, IRQ 4 requests.
    for line in [0, 4] {
        pc.board.devices.pic.set_level(line, true);
        if line == 0 {
            pc.access(|board, cx| board.acknowledge_interrupt(cx));
        }
    }
    pc.outb(0x20, 0x68);
    assert!(!pc.board.signals().interrupt);
    pc.inb(0x61);
    assert!(!write_in_both_ways(&mut pc, 0x21, 0x01));
    assert!(pc.board.signals().interrupt, "level 0 is masked, so level 4 comes");
}

/// A disk as a driver reads and writes it by ports, with other things between, both ways side by side.
#[test]
fn blocks_go_the_quick_way_but_for_their_ends() {
    let (mut pc, mut random) = (fuzz::pc(), Random(0x0123_4567_89AB_CDEF));
    let (mut quick, mut others, mut polls, mut in_blocks) = (0, 0, 0, 0);
    for round in 0..60_000_u64 {
        let channel = if random.below(4) == 0 { 0x170 } else { 0x1F0 };
        match random.below(100) {
            0 => {
                let drive = 0xE0 | random.next().to_le_bytes()[0] & 0x10;
                for (register, value) in [(6, drive), (2, 1 + round as u8 % 3), (3, round as u8), (4, 0), (5, 0)] {
                    pc.outb(channel + register, value);
                }
                let commands = [0x20, 0x30, 0xEC, 0xA0, 0xC8, 0xC4, 0x40, 0xA1];
                pc.outb(channel + 7, commands[random.below(8) as usize]);
            }
            1 => pc.outb(channel + 0x206, random.next().to_le_bytes()[0] & 6),
            2 => drop(pc.inb(channel + 7)),
            3 => fuzz::bring_in(&mut pc, &mut random),
            4..10 => pc.run(random.below(400 * US)),
            10..20 => pc.now.0 += random.below(100 * US),
            20..25 => {
                let size = [Size::Byte, Size::Word, Size::Dword][random.below(3) as usize];
                in_blocks += block_in_both_ways(&mut pc, channel, size, random.below(40) as usize);
            }
            25..60 => {
                let port = channel + [7, 0x206][random.below(2) as usize];
                polls += u32::from(read_in_both_ways(&mut pc, port).is_some());
            }
            _ => {
                let (size, value) =
                    ([Size::Byte, Size::Word, Size::Dword][random.below(3) as usize], random.next() as u32);
                let is_quick = data_in_both_ways(&mut pc, channel, size, (round % 2 == 0).then_some(value));
                *(if is_quick { &mut quick } else { &mut others }) += 1;
            }
        }
        if pc.board.has_output() {
            pc.board.take_output();
        }
    }
    assert!(quick > 600 && others > 2000 && polls > 2000, "{quick} quick, {others} others, {polls} polls");
    assert!(in_blocks > 600, "{in_blocks} in blocks");
}

/// Reads a data register again and again, a cycle apart, in both ways; how often the quick one did it.
fn block_in_both_ways(pc: &mut Pc, port: u16, size: Size, count: usize) -> usize {
    let last = Instant(pc.now.0 + count.max(1) as u64 - 1);
    if pc.board.due().is_some_and(|due| due <= last) {
        return 0;
    }
    let mut other = pc.board.clone();
    other.beside.quick = QuickPorts::default();
    let bytes = size.bytes() as usize;
    let mut block = vec![0x5A; count * bytes];
    let read = pc.board.read_block(Port(port), size, last, &mut block);
    for element in block[..read * bytes].chunks_exact(bytes) {
        let mut cx = BusCx::new(pc.now, &mut pc.memory);
        let value = other.port_read(Port(port), size, &mut cx);
        assert_eq!(*element, value.to_le_bytes()[..bytes]);
        assert!(!cx.changed, "the processor had to look");
        pc.now.0 += 1;
    }
    assert!(block[read * bytes..].iter().all(|byte| *byte == 0x5A), "what was not read is not written");
    assert!(seen(&pc.board) == seen(&other), "port {port:X}h: what is left");
    read
}

/// Reads or writes a data register in both ways; true if the quick one did it.
fn data_in_both_ways(pc: &mut Pc, port: u16, size: Size, value: Option<u32>) -> bool {
    let mut other = pc.board.clone();
    // The long way of words goes by the bytes' table, which the clone forgets.
    other.beside.quick = QuickPorts::default();
    let (mut answer, mut done) = (None, false);
    match value {
        Some(value) => done = pc.board.write_block_quickly(port, size, value, pc.now),
        None => answer = pc.board.read_block_quickly(port, size, pc.now),
    }
    if !done && answer.is_none() {
        match value {
            Some(value) => pc.port_out(port, size, value),
            None => drop(pc.port_in(port, size)),
        }
        return false;
    }
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    match value {
        Some(value) => other.port_write(Port(port), size, value, &mut cx),
        None => assert_eq!(answer, Some(other.port_read(Port(port), size, &mut cx))),
    }
    assert!(!cx.changed, "the processor had to look");
    assert!(seen(&pc.board) == seen(&other), "port {port:X}h: what is left");
    true
}

/// Ports that move, or are switched off, are looked up anew.
#[test]
fn routes_that_change_change_the_table() {
    let mut pc = Pc::new();
    start(&mut pc);
    let table = |pc: &Pc| pc.board.beside.quick.0[0xC008];
    assert_eq!(table(&pc), OPEN);
    assert_eq!(pc.board.read_quickly(Port(0xC008), pc.now), Some(0xFF));
    // The IDE controller's bus master, and I/O switched on.
    let ide = crate::pci::Function::on_bus_0(1, 1);
    pc.config_out(ide, 0x20, Size::Dword, 0xC001);
    pc.config_out(ide, 0x04, Size::Word, 0x0005);
    assert_eq!(table(&pc), OTHER);
    assert_eq!(read_in_both_ways(&mut pc, 0xC008), None);
    pc.config_out(ide, 0x04, Size::Word, 0);
    assert_eq!(table(&pc), OPEN);
}

/// Whatever is accessed alone, over and over, is reached quickly from the second time on.
#[test]
fn one_long_way_opens_the_quick_one() {
    for port in [0x21, 0xA1, 0x64, 0x80, 0x3FB, 0x3FD, 0x1F7, 0x3F6, 0xED] {
        let mut pc = fuzz::pc();
        pc.board.wire();
        assert_eq!(pc.board.read_quickly(Port(port), pc.now), None, "the tables are new");
        let answer = pc.inb(port);
        assert_eq!(pc.board.read_quickly(Port(port), pc.now), Some(answer), "port {port:X}h");
    }
    for port in [0x21, 0x80, 0xED] {
        let mut pc = fuzz::pc();
        start(&mut pc);
        pc.board.wire();
        assert!(!pc.board.write_quickly(Port(port), 0xFF, pc.now));
        pc.outb(port, 0xFF);
        assert!(pc.board.write_quickly(Port(port), 0xFF, pc.now), "port {port:X}h");
    }
}

/// What waits to be taken, or to be told, keeps accesses on the long way.
#[test]
fn nothing_is_quick_while_something_waits() {
    let mut pc = Pc::new();
    pc.outb(0x80, 1);
    pc.board.wire();
    assert_eq!(pc.board.read_quickly(Port(0x80), pc.now), None, "the processor was not told of the tables yet");
    pc.inb(0x61);
    assert_eq!(pc.board.read_quickly(Port(0x80), pc.now), Some(1));
    pc.outb(0xE9, b'x');
    assert_eq!(pc.board.read_quickly(Port(0x80), pc.now), None, "a byte was sent");
    assert!(!pc.board.write_quickly(Port(0x80), 2, pc.now));
    pc.board.take_output();
    pc.inb(0x61);
    pc.board.beside.dma_wanted = true;
    assert_eq!(pc.board.read_quickly(Port(0x80), pc.now), None, "a DMA cycle may be due");
}

/// Text mode 3, as far as the window minds.
fn text_mode(pc: &mut Pc) {
    pc.config_out(crate::pci::Function::on_bus_0(2, 0), 0x04, Size::Word, 0x0003);
    let graphics =
        [0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0xFF].into_iter().zip(0..).map(|(value, index)| (0x3CE, index, value));
    for (port, index, value) in [(0x3C4, 2, 3), (0x3C4, 4, 2)].into_iter().chain(graphics) {
        pc.outb(port, index);
        pc.outb(port + 1, value);
    }
    pc.outb(0x3C2, 0x67);
}

/// All of video memory and the adapter.
fn screen(pc: &Pc) -> (Vec<u8>, Vec<u8>) {
    let frames = pc.memory.vram.iter().take(16);
    let bytes = frames.flat_map(|frame| *pc.memory.frames.page(frame)).collect();
    (bytes, fuzz::save(&pc.board))
}

fn load_in_both_ways(pc: &mut Pc, addr: u64, size: Size) -> Option<u64> {
    let mut other = pc.board.clone();
    let quick = pc.board.load_quickly(PhysAddr(addr), size, &pc.memory);
    let after = screen(pc);
    std::mem::swap(&mut other, &mut pc.board);
    let long = pc.load(addr, size);
    if let Some(quick) = quick {
        assert_eq!(quick, long, "{addr:X}h");
        assert!(screen(pc) == after, "{addr:X}h: what the quick load leaves");
    }
    quick
}

fn store_in_both_ways(pc: &mut Pc, addr: u64, size: Size, value: u64) -> bool {
    let before = screen(pc);
    let vram: Vec<_> = pc.memory.vram.iter().take(16).collect();
    let done = pc.board.store_quickly(PhysAddr(addr), size, value, &mut pc.memory);
    let after = screen(pc);
    assert!(done || after == before, "{addr:X}h: a store that was refused did something");
    // Back, and the long way.
    for (frame, page) in vram.into_iter().zip(before.0.chunks_exact(4096)) {
        pc.memory.frames.store(frame, 0, page);
    }
    pc.store(addr, size, value);
    assert!(!done || screen(pc) == after, "{addr:X}h: {value:X}h");
    done
}

#[test]
fn the_quick_way_into_the_window_is_the_long_way() {
    let (mut pc, mut random) = (Pc::new(), Random(0x0FED_CBA9_8765_4321));
    text_mode(&mut pc);
    let (mut loads, mut stores) = (0, 0);
    for round in 0..4000 {
        match random.below(40) {
            0..6 => text_mode(&mut pc),
            6 => {
                let [port, index, value, ..] = random.next().to_le_bytes();
                let port = if port & 1 == 0 { 0x3C4 } else { 0x3CE };
                pc.outb(port, index & 7);
                pc.outb(port + 1, value);
            }
            7 => pc.outb(0x3C2, 0x43 | random.next().to_le_bytes()[0] & 0x22),
            _ => {}
        }
        // Some addresses lie in front of the text and behind it.
        let addr = 0xB_7FF0 + random.below(0x8020);
        let size = [Size::Byte, Size::Word, Size::Dword][random.below(3) as usize];
        let addr = if random.below(4) == 0 { addr } else { addr & !(size.bytes() - 1) };
        if round % 2 == 0 {
            loads += u32::from(load_in_both_ways(&mut pc, addr, size).is_some());
        } else {
            stores += u32::from(store_in_both_ways(&mut pc, addr, size, random.next()));
        }
    }
    assert!(loads > 300 && stores > 300, "{loads} loads and {stores} stores were quick");
}

#[test]
fn a_window_that_is_switched_off_is_not_reached() {
    let mut pc = Pc::new();
    text_mode(&mut pc);
    pc.store(0xB_8000, Size::Word, 0x0741);
    // The first access finds the way.
    assert_eq!(load_in_both_ways(&mut pc, 0xB_8000, Size::Word), Some(0x0741));
    pc.config_out(crate::pci::Function::on_bus_0(2, 0), 0x04, Size::Word, 0);
    assert_eq!(load_in_both_ways(&mut pc, 0xB_8000, Size::Word), None);
    assert!(!pc.board.store_quickly(PhysAddr(0xB_8000), Size::Word, 0, &mut pc.memory));
}

/// What [`Devices::SLEEPERS`] says: until it is due such a device does nothing when it is brought forward.
#[test]
fn sleepers_sleep_until_they_are_due() {
    let (mut pc, mut random) = (fuzz::pc(), Random(0xFEED_5EED_0BAD_F00D));
    let declared = fuzz::ranges(&pc.board);
    let mut memory = Memory::new(1, 0, &[], &[]);
    for _ in 0..100_000 {
        fuzz::step(&mut pc, &declared, &mut random);
        let number = random.below(crate::devices::COUNT as u64) as u8;
        let due = pc.board.devices.get(number).and_then(crate::Device::due);
        if Devices::SLEEPERS >> number & 1 == 0 || due.is_some_and(|due| due <= pc.now) {
            continue;
        }
        let mut devices = pc.board.devices.clone();
        let (mut lines, mut output) = (pc.board.lines[usize::from(number)], Vec::new());
        let before = lines;
        let clock_hz = pc.board.config.clock_hz;
        let mut cx = Cx { now: pc.now, clock_hz, lines: &mut lines, memory: &mut memory, output: &mut output };
        if let Some(device) = devices.get_mut(number) {
            device.advance(&mut cx);
        }
        assert!(devices == pc.board.devices, "{}", Devices::NAMES[usize::from(number)]);
        assert!(lines == before && output.is_empty(), "{}", Devices::NAMES[usize::from(number)]);
    }
}
