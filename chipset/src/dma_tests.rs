//! The DMA controllers as a driver sees them. Expected values from the 8237A and PIIX3 datasheets.

use super::*;
use crate::fake::abuse;
use crate::test_pc::Pc;

const UNMASKED_0: u8 = 0x00;
const DEMAND: u8 = 0x00;
const SINGLE: u8 = 0x40;
const BLOCK: u8 = 0x80;
const CASCADED: u8 = 0xC0;
const WRITE: u8 = 0x04;
const READ: u8 = 0x08;
const AUTO: u8 = 0x10;
const DOWN: u8 = 0x20;

/// A board with RAM in its place and the cascade switched on, as the firmware leaves it.
fn pc() -> Pc {
    let mut pc = Pc::new();
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    pc.outb(0xD6, CASCADED);
    pc.outb(0xD4, UNMASKED_0);
    pc
}

/// Programs a channel: mode, address, page, count less one; then unmasks it.
fn program(pc: &mut Pc, channel: u8, mode: u8, address: u32, count: u16) {
    let number = u16::from(channel & 3);
    // Controller 2's registers are two ports apart.
    let port = |register: u16| if channel < 4 { register } else { 0xC0 + 2 * register };
    pc.outb(port(12), 0);
    pc.outb(port(11), mode | channel & 3);
    let [low, high, page, _] = if channel < 4 { address } else { address >> 1 }.to_le_bytes();
    let page = if channel < 4 { page } else { (address >> 16) as u8 };
    for byte in [low, high] {
        pc.outb(port(2 * number), byte);
    }
    for byte in count.to_le_bytes() {
        pc.outb(port(2 * number + 1), byte);
    }
    pc.outb(0x80 + PAGES[usize::from(channel)] as u16, page);
    pc.outb(port(10), channel & 3);
}

/// Carries out up to `most` cycles while these DREQ lines are high; what the devices saw.
fn cycles(pc: &mut Pc, dreq: u8, most: usize, mut device: impl FnMut(&mut DmaCycle)) -> Vec<DmaCycle> {
    let dma = &mut pc.board.devices.dma;
    dma.set_dreq(dreq);
    let mut seen = Vec::new();
    while seen.len() < most
        && let Some(mut cycle) = dma.begin_cycle(&pc.memory)
    {
        device(&mut cycle);
        seen.push(cycle);
        dma.end_cycle(cycle, &mut pc.memory);
    }
    dma.set_dreq(0);
    seen
}

fn word(pc: &mut Pc, port: u16) -> u16 {
    u16::from_le_bytes([pc.inb(port), pc.inb(port)])
}

#[test]
fn a_write_transfer_fills_memory_and_ends_at_the_terminal_count() {
    let mut pc = pc();
    program(&mut pc, 2, SINGLE | WRITE, 0x2_1000, 3);
    let mut next = 0xA0;
    let seen = cycles(&mut pc, 1 << 2, 100, |cycle| {
        cycle.data = next;
        next += 1;
    });
    let counts: Vec<bool> = seen.iter().map(|cycle| cycle.terminal_count).collect();
    assert_eq!(counts, [false, false, false, true], "count + 1 transfers, TC with the last");
    let bytes: Vec<_> = (0x2_1000..0x2_1005).map(|at| pc.memory.peek(PhysAddr(at))).collect();
    assert_eq!(bytes, [0xA0, 0xA1, 0xA2, 0xA3, 0].map(Some));
    assert_eq!((word(&mut pc, 0x04), word(&mut pc, 0x05)), (0x1004, 0xFFFF));
    assert_eq!(pc.inb(0x0F) & 0x0F, 0x0F, "masked by TC");
    assert_eq!((pc.inb(0x08), pc.inb(0x08)), (0x04, 0x00), "status: TC of channel 2, cleared by reading");
    assert!(cycles(&mut pc, 1 << 2, 1, |_| {}).is_empty());
}

#[test]
fn a_read_transfer_brings_memory_to_the_device() {
    let mut pc = pc();
    for (at, byte) in (0x3_0000..).zip([1, 2, 3, 4]) {
        assert!(pc.memory.poke(PhysAddr(at), byte));
    }
    program(&mut pc, 1, DEMAND | READ | DOWN, 0x3_0003, 3);
    let data: Vec<u16> = cycles(&mut pc, 1 << 1, 9, |_| {}).iter().map(|cycle| cycle.data & 0xFF).collect();
    assert_eq!(data, [4, 3, 2, 1], "downwards");
}

#[test]
fn addresses_wrap_inside_their_page() {
    let mut pc = pc();
    program(&mut pc, 3, SINGLE | WRITE, 0x4_FFFF, 1);
    cycles(&mut pc, 1 << 3, 2, |cycle| cycle.data = 0x77);
    let at = |address| pc.memory.peek(PhysAddr(address));
    assert_eq!((at(0x4_FFFF), at(0x4_0000), at(0x5_0000)), (Some(0x77), Some(0x77), Some(0)));
    program(&mut pc, 5, SINGLE | WRITE, 0x7_FFFE, 1);
    cycles(&mut pc, 1 << 5, 2, |cycle| cycle.data = 0x1234);
    let at = |address| pc.memory.peek(PhysAddr(address));
    assert_eq!((at(0x7_FFFE), at(0x7_FFFF)), (Some(0x34), Some(0x12)), "channel 5 moves words");
    assert_eq!((at(0x6_0000), at(0x8_0000)), (Some(0x34), Some(0)), "inside 128 KiB");
}

#[test]
fn autoinitialise_begins_again() {
    let mut pc = pc();
    program(&mut pc, 6, SINGLE | READ | AUTO, 0x1_0000, 1);
    let seen = cycles(&mut pc, 1 << 6, 5, |_| {});
    let ends: Vec<bool> = seen.iter().map(|cycle| cycle.terminal_count).collect();
    assert_eq!(ends, [false, true, false, true, false]);
    assert_eq!((word(&mut pc, 0xC8), word(&mut pc, 0xCA)), (0x8001, 0));
    assert_eq!(pc.inb(0xDE) & 4, 0, "not masked");
}

#[test]
fn verify_counts_and_moves_nothing() {
    let mut pc = pc();
    program(&mut pc, 2, SINGLE, 0x2_0000, 1);
    let seen = cycles(&mut pc, 1 << 2, 9, |cycle| cycle.data = 0x55);
    assert_eq!((seen.len(), seen[0].kind), (2, DmaKind::Verify));
    assert_eq!(pc.memory.peek(PhysAddr(0x2_0000)), Some(0));
}

#[test]
fn block_mode_goes_on_without_a_request_and_demand_mode_does_not() {
    let mut pc = pc();
    program(&mut pc, 1, BLOCK | READ, 0x1_0000, 4);
    assert_eq!(cycles(&mut pc, 1 << 1, 1, |_| {}).len(), 1);
    assert_eq!(cycles(&mut pc, 0, 9, |_| {}).len(), 4, "DREQ is needed for the first cycle only");
    program(&mut pc, 1, DEMAND | READ, 0x1_0000, 4);
    assert_eq!(cycles(&mut pc, 1 << 1, 1, |_| {}).len(), 1);
    assert_eq!(cycles(&mut pc, 0, 9, |_| {}).len(), 0);
    pc.outb(0x0B, BLOCK | READ | 1);
    assert_eq!(cycles(&mut pc, 0, 9, |_| {}).len(), 0, "a new mode is no request");
    assert_eq!(cycles(&mut pc, 1 << 1, 9, |_| {}).len(), 4);
}

#[test]
fn software_requests_need_block_mode_and_ignore_the_mask() {
    let mut pc = pc();
    program(&mut pc, 3, SINGLE | WRITE, 0x5_0000, 9);
    pc.outb(0x09, 0x07);
    assert_eq!(pc.inb(0x08), 0x80, "asks, but not in single mode");
    pc.outb(0x0A, 0x07);
    pc.outb(0x0B, BLOCK | WRITE | 3);
    assert_eq!(pc.inb(0x08), 0x08, "ran to TC, which clears the request");
    assert_eq!(pc.memory.peek(PhysAddr(0x5_0009)), Some(0xFF), "nobody drives the bus");
    assert_eq!(pc.memory.peek(PhysAddr(0x5_000A)), Some(0));
}

#[test]
fn priority_is_fixed_or_rotates() {
    let mut pc = pc();
    let order = |pc: &mut Pc, most| -> Vec<u8> {
        cycles(pc, 0b0110_1110, most, |_| {}).iter().map(|cycle| cycle.channel).collect()
    };
    for channel in [1, 2, 3, 5, 6] {
        program(&mut pc, channel, SINGLE | READ, 0x1_0000, 1);
    }
    assert_eq!(order(&mut pc, 20), [1, 1, 2, 2, 3, 3, 5, 5, 6, 6], "the lowest number first");
    for channel in [1, 2, 3] {
        program(&mut pc, channel, SINGLE | READ, 0x1_0000, 1);
    }
    pc.outb(0x08, 0x10);
    assert_eq!(order(&mut pc, 20), [1, 2, 3, 1, 2, 3], "after channel 3 the next is 0");
}

#[test]
fn masks_and_the_disable_bit_hold_requests_back() {
    let mut pc = pc();
    program(&mut pc, 2, SINGLE | READ, 0x1_0000, 99);
    pc.outb(0x08, 0x04);
    assert!(cycles(&mut pc, 1 << 2, 1, |_| {}).is_empty(), "controller disabled");
    pc.outb(0x08, 0x00);
    pc.outb(0x0F, 0x04);
    assert_eq!(pc.inb(0x0F), 0xF4);
    assert!(cycles(&mut pc, 1 << 2, 1, |_| {}).is_empty(), "masked");
    pc.outb(0x0E, 0);
    assert_eq!(cycles(&mut pc, 1 << 2, 1, |_| {}).len(), 1, "all masks cleared");
    pc.outb(0xD4, 0x04);
    assert!(cycles(&mut pc, 1 << 2, 1, |_| {}).is_empty(), "channel 4 carries the first controller");
    pc.outb(0xD4, 0x00);
    pc.outb(0x0D, 0);
    assert_eq!((pc.inb(0x0F), pc.inb(0x0D)), (0xFF, 0), "master clear masks all; the temporary register is zero");
    pc.outb(0x0A, 0x02);
    assert_eq!(cycles(&mut pc, 1 << 2, 1, |_| {}).len(), 1, "address, count and mode have stayed");
}

#[test]
fn the_flip_flop_orders_bytes_and_ports_have_aliases() {
    let mut pc = pc();
    pc.outb(0x0C, 0);
    for byte in [0x34, 0x12] {
        pc.outb(0x00, byte);
    }
    assert_eq!(pc.inb(0x00), 0x34);
    pc.outb(0x0C, 0);
    assert_eq!((pc.inb(0x10), pc.inb(0x10)), (0x34, 0x12), "address bit 4 is not decoded");
    pc.outb(0xC1, 0x78);
    pc.outb(0xC0, 0x56);
    assert_eq!(word(&mut pc, 0xC0), 0x5678);
    pc.outb(0x80, 0x99);
    pc.outb(0x8C, 0x66);
    assert_eq!((pc.inb(0x80), pc.inb(0x8C)), (0x99, 0x66), "page registers without a channel keep their byte");
    assert_eq!(pc.inb(0x0B), 0xFF, "write only");
}

#[test]
fn nothing_panics() {
    abuse(&mut Dma::default());
}
