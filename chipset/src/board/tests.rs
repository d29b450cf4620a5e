//! The board as a whole: routing, lines, requests, the A20 gate.

use super::*;
use crate::test_pc::{Pc, US};
use ringwalk_mmu::{PhysAddr, Vector};

#[test]
fn configuration_mechanism_1_reaches_every_function() {
    let mut pc = Pc::new();
    pc.port_out(0xCF8, Size::Dword, 0x8000_0000);
    assert_eq!(pc.port_in(0xCFC, Size::Dword), 0x1237_8086);
    assert_eq!(pc.port_in(0xCFE, Size::Word), 0x1237);
    assert_eq!(pc.port_in(0xCFD, Size::Word), 0x3780, "an unaligned word goes byte by byte");
    pc.port_out(0xCF8, Size::Dword, 0x8000_0800);
    assert_eq!(pc.port_in(0xCFC, Size::Dword), 0x7000_8086);
    pc.port_out(0xCF8, Size::Dword, 0x8000_F800);
    assert_eq!(pc.port_in(0xCFC, Size::Dword), 0xFFFF_FFFF, "no function there");
    pc.port_out(0xCF8, Size::Byte, 0);
    assert_eq!(pc.port_in(0xCF8, Size::Dword), 0x8000_F800, "CONFADD takes dwords only");
}

#[test]
fn shadowing_is_told_to_the_pc() {
    let mut pc = Pc::new();
    assert!(pc.board.take_routes_changed());
    pc.port_out(0xCF8, Size::Dword, 0x8000_0058);
    pc.port_out(0xCFC, Size::Byte, 0);
    assert!(!pc.board.signals().routes_changed);
    pc.port_out(0xCFD, Size::Byte, 0x30);
    assert!(pc.board.signals().routes_changed);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    assert!(pc.memory.poke(PhysAddr(0xF_0000), 0x12), "PAM0: writes go to RAM");
    assert_eq!(pc.memory.peek(PhysAddr(0xF_0000)), Some(0x12), "PAM0: reads come from RAM");
}

#[test]
fn the_a20_gate_has_two_handles() {
    let mut pc = Pc::new();
    assert!(pc.board.signals().a20, "open for the fetch from FFFFFFF0h");
    pc.outb(0x92, 0x00);
    assert!(!pc.board.signals().a20);
    pc.outb(0x64, 0xD1);
    pc.run(10_000);
    pc.outb(0x60, 0xDF);
    pc.run(10_000);
    assert!(pc.board.signals().a20, "the keyboard controller opened it");
    assert_eq!(pc.inb(0x92), 0x02);
}

#[test]
fn init_comes_from_three_places() {
    let mut pc = Pc::new();
    for (port, value) in [(0x64, 0xFE), (0x92, 0x03), (0xCF9, 0x04)] {
        pc.outb(port, value);
        pc.run(100_000);
        assert!(pc.board.signals().init && !pc.board.signals().reset, "port {port:X}h");
        assert!(pc.board.take_init());
        assert!(!pc.board.signals().init);
    }
}

#[test]
fn the_timer_interrupts_through_the_controllers() {
    let mut pc = Pc::new();
    for (port, value) in [(0x43, 0x34), (0x40, 0xE8), (0x40, 0x03)] {
        pc.outb(port, value);
    }
    // ICW1 clears what came before: OUT rose with the control word.
    for (port, value) in [(0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x01), (0x21, 0xFE)] {
        pc.outb(port, value);
    }
    assert!(!pc.board.signals().interrupt);
    // 1000 ticks of 1.193182 MHz are 838 us.
    pc.run(837 * US);
    assert!(!pc.board.signals().interrupt);
    pc.run(3 * US);
    assert!(pc.board.signals().interrupt);
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    assert_eq!(pc.board.acknowledge_interrupt(&mut cx), Vector(8));
    assert!(!pc.board.signals().interrupt);
}

#[test]
fn the_exit_is_told_until_the_output_is_taken() {
    let mut pc = Pc::new();
    for byte in *b"Shutdown" {
        assert!(!pc.board.signals().exit);
        pc.outb(0x8900, byte);
    }
    pc.outb(0xE9, b'x');
    assert!(pc.board.signals().exit);
    assert_eq!(pc.board.take_output(), [Output::PowerOff, Output::Debug(b'x')]);
    assert!(!pc.board.signals().exit);
}

#[test]
fn keys_and_serial_bytes_arrive() {
    let mut pc = Pc::new();
    pc.outb(0x64, 0xAE);
    pc.run(1000 * US);
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    pc.board.key(&[0x1C, 0xF0, 0x1C], &mut cx);
    assert_eq!(pc.board.serial_input(0, b"x", &mut cx), 1);
    pc.run(100_000 * US);
    assert_eq!(pc.inb(0x64) & 1, 1, "output buffer full");
    assert_eq!((pc.inb(0x3FD) & 1, pc.inb(0x3F8)), (1, b'x'));
}

#[test]
fn port_cf9_beside_confadd_resets() {
    let mut pc = Pc::new();
    pc.port_out(0xCF9, Size::Byte, 0x02);
    assert!(!pc.board.signals().reset);
    pc.port_out(0xCF9, Size::Byte, 0x06);
    assert!(pc.board.signals().reset);
    pc.board.reset();
    assert!(!pc.board.signals().reset);
    assert_eq!(pc.port_in(0xCF9, Size::Byte), 0);
}
