//! What a system uses around the processor, through 8259A and I/O APIC alike: real-time clock, serial port, disk, keyboard
//! and mouse on their inputs. MultiProcessor Specification 1.4, 5.3 "System Setup"; each device's datasheet as its own
//! file names it.

use ringwalk_mmu::{Bus, BusCx, DeliveryMode, Destination, InterruptMessage, PhysAddr, Size, Trigger, Vector};

use crate::config::DiskConfig;
use crate::ide::FUNCTION;
use crate::io_apic::BASE;
use crate::keys::Key;
use crate::mouse::MouseMove;
use crate::test_pc::{Pc, US};

const MS: u64 = 1000 * US;

/// A board whose 8259As have vectors 20h and 28h with all inputs open, and whose I/O APIC sends 30h plus the input.
fn pc() -> Pc {
    let mut pc = Pc::with_disks([Some(DiskConfig::with_sectors(100)), None, None, None]);
    pc.memory.set_routes(pc.board.physical_map(&pc.memory));
    for (port, values) in [(0x20, [0x11, 0x20, 0x04, 0x01, 0x00]), (0xA0, [0x11, 0x28, 0x02, 0x01, 0x00])] {
        pc.outb(port, values[0]);
        values[1..].iter().for_each(|value| pc.outb(port + 1, *value));
    }
    (1..24).for_each(|input| redirect(&mut pc, input, 0x30 + input));
    pc
}

/// Writes the low half of an entry; the high half stays 0, processor 0.
fn redirect(pc: &mut Pc, input: u32, entry: u32) {
    pc.store(BASE.0, Size::Dword, (0x10 + 2 * input).into());
    pc.store(BASE.0 + 0x10, Size::Dword, entry.into());
}

/// What the I/O APIC sends to a processor that takes everything.
fn sent(pc: &mut Pc) -> Vec<InterruptMessage> {
    let mut messages = Vec::new();
    pc.board.deliver_messages(&mut |message| {
        messages.push(message);
        true
    });
    messages
}

/// The vectors that came since the last call: by the 8259As with EOIs, and by messages.
fn vectors(pc: &mut Pc) -> (Vec<u8>, Vec<u8>) {
    let mut acknowledged = Vec::new();
    while pc.board.signals().interrupt {
        let vector = pc.board.acknowledge_interrupt(&mut BusCx::new(pc.now, &mut pc.memory));
        acknowledged.push(vector.0);
        pc.outb(0xA0, 0x20);
        pc.outb(0x20, 0x20);
    }
    let messages = sent(pc).into_iter().map(|message| message.vector.0).collect();
    (acknowledged, messages)
}

/// The interrupt of a line, once by both ways.
fn once(irq: u8) -> (Vec<u8>, Vec<u8>) {
    let input = if irq == 0 { 2 } else { irq };
    (vec![0x20 + irq], vec![0x30 + input])
}

fn none() -> (Vec<u8>, Vec<u8>) {
    (vec![], vec![])
}

fn cmos(pc: &mut Pc, index: u8, value: u8) {
    pc.outb(0x70, index);
    pc.outb(0x71, value);
}

fn cmos_in(pc: &mut Pc, index: u8) -> u8 {
    pc.outb(0x70, index);
    pc.inb(0x71)
}

#[test]
fn the_timer_is_on_input_2() {
    let mut pc = pc();
    for (port, value) in [(0x43, 0x34), (0x40, 0xA9), (0x40, 0x04)] {
        pc.outb(port, value);
    }
    pc.run(100 * US);
    vectors(&mut pc);
    for _ in 0..3 {
        pc.run(MS);
        assert_eq!(vectors(&mut pc), once(0));
    }
}

#[test]
fn the_clock_interrupts_periodically_each_second_and_at_its_alarm() {
    let mut pc = pc();
    // Periodic at 64 Hz: register A rate 10. Each interrupt needs a read of register C.
    cmos(&mut pc, 0x0A, 0x2A);
    cmos(&mut pc, 0x0B, 0x42);
    cmos_in(&mut pc, 0x0C);
    vectors(&mut pc);
    for _ in 0..3 {
        pc.run(1_000_000 * US / 64 + US);
        assert_eq!(vectors(&mut pc), once(8));
        pc.run(1_000_000 * US / 64 + US);
        assert_eq!(vectors(&mut pc), none(), "register C was not read");
        assert_eq!(cmos_in(&mut pc, 0x0C) & 0xC0, 0xC0);
    }
    // The end of the update.
    cmos(&mut pc, 0x0B, 0x12);
    cmos_in(&mut pc, 0x0C);
    pc.run(1_000_000 * US);
    assert_eq!((vectors(&mut pc), cmos_in(&mut pc, 0x0C) & 0xB0), (once(8), 0x90));
    // The alarm, three seconds on, whatever minute and hour.
    let second = cmos_in(&mut pc, 0x00);
    cmos(&mut pc, 0x01, second + 3);
    cmos(&mut pc, 0x03, 0xC0);
    cmos(&mut pc, 0x05, 0xC0);
    cmos(&mut pc, 0x0B, 0x22);
    pc.run(2_000_000 * US);
    assert_eq!(vectors(&mut pc), none());
    pc.run(1_000_000 * US);
    assert_eq!((vectors(&mut pc), cmos_in(&mut pc, 0x0C) & 0xA0), (once(8), 0xA0));
}

#[test]
fn the_serial_port_interrupts_at_its_trigger_at_a_time_out_and_when_it_is_empty() {
    let mut pc = pc();
    // 115200 baud, 8N1, FIFOs with a trigger of 8, OUT2, received data.
    for (port, value) in [(0x3FB, 0x83), (0x3F8, 1), (0x3F9, 0), (0x3FB, 0x03), (0x3FA, 0x87), (0x3FC, 0x0B)] {
        pc.outb(port, value);
    }
    pc.outb(0x3F9, 0x01);
    vectors(&mut pc);
    let feed = |pc: &mut Pc, count: u8| {
        let bytes: Vec<u8> = (0..count).collect();
        pc.board.serial_input(0, &bytes, &mut BusCx::new(pc.now, &mut pc.memory));
    };
    feed(&mut pc, 8);
    // A character takes 86.8 us.
    pc.run(7 * 87 * US);
    assert_eq!(vectors(&mut pc), none(), "seven of eight");
    pc.run(87 * US);
    assert_eq!((vectors(&mut pc), pc.inb(0x3FA)), (once(4), 0xC4));
    (0..8).for_each(|byte| assert_eq!(pc.inb(0x3F8), byte));
    assert_eq!(pc.inb(0x3FA), 0xC1, "nothing is pending");
    feed(&mut pc, 3);
    pc.run(6 * 87 * US);
    assert_eq!(vectors(&mut pc), none(), "fewer than four characters of silence");
    pc.run(2 * 87 * US);
    assert_eq!((vectors(&mut pc), pc.inb(0x3FA)), (once(4), 0xCC), "character time-out");
    (0..3).for_each(|byte| assert_eq!(pc.inb(0x3F8), byte));
    // The transmitter: at once, since it is empty, and again when 16 bytes are gone.
    pc.outb(0x3F9, 0x02);
    assert_eq!((vectors(&mut pc), pc.inb(0x3FA)), (once(4), 0xC2));
    (0..16).for_each(|byte| pc.outb(0x3F8, byte));
    pc.run(10 * 87 * US);
    assert_eq!(vectors(&mut pc), none());
    pc.run(6 * 87 * US);
    assert_eq!((vectors(&mut pc), pc.inb(0x3FA)), (once(4), 0xC2));
}

#[test]
fn the_disk_interrupts_behind_dma_and_behind_each_sector() {
    let mut pc = pc();
    pc.config_out(FUNCTION, 0x20, Size::Dword, 0xC000);
    pc.config_out(FUNCTION, 0x40, Size::Dword, 0x8000_8000);
    pc.config_out(FUNCTION, 0x04, Size::Word, 0x0005);
    for (at, byte) in (0x1000..).zip([0x2_0000_u32.to_le_bytes(), 0x8000_0200_u32.to_le_bytes()].concat()) {
        assert!(pc.memory.poke(PhysAddr(at), byte));
    }
    pc.port_out(0xC004, Size::Dword, 0x1000);
    pc.outb(0xC002, 6);
    for (register, value) in [(2, 1), (3, 5), (4, 0), (5, 0), (6, 0xE0), (7, 0xC8)] {
        pc.outb(0x1F0 + register, value);
    }
    vectors(&mut pc);
    pc.outb(0xC000, 9);
    pc.run(10 * MS);
    assert_eq!((vectors(&mut pc), pc.inb(0xC002) & 7), (once(14), 4), "READ DMA");
    pc.outb(0xC000, 0);
    pc.outb(0xC002, 4);
    assert_eq!(pc.inb(0x1F7), 0x50, "which takes the interrupt back");
    for (register, value) in [(2, 2), (3, 5), (7, 0x20)] {
        pc.outb(0x1F0 + register, value);
    }
    for _ in 0..2 {
        pc.run(10 * MS);
        assert_eq!((vectors(&mut pc), pc.inb(0x1F7)), (once(14), 0x58), "READ SECTORS");
        (0..128).for_each(|_| {
            pc.port_in(0x1F0, Size::Dword);
        });
    }
    pc.run(10 * MS);
    assert_eq!(vectors(&mut pc), none());
}

#[test]
fn keyboard_and_mouse_interrupt_for_each_byte() {
    let mut pc = pc();
    // Both interrupts, translation; the mouse sends.
    for (port, value) in [(0x64, 0x60), (0x60, 0x47), (0x64, 0xA8), (0x64, 0xD4), (0x60, 0xF4)] {
        pc.outb(port, value);
        pc.run(MS);
    }
    pc.run(10 * MS);
    assert_eq!((vectors(&mut pc), pc.inb(0x60)), (once(12), 0xFA), "the mouse acknowledges");
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    pc.board.type_keys(&[(Key::A, true), (Key::A, false)], &mut cx);
    for byte in [0x1E, 0x9E] {
        pc.run(10 * MS);
        assert_eq!(vectors(&mut pc), once(1));
        pc.run(10 * MS);
        assert_eq!((vectors(&mut pc), pc.inb(0x60)), (none(), byte), "one for each byte that is read");
    }
    let step = MouseMove { dx: 1, ..MouseMove::default() };
    pc.board.move_mouse(&[step], &mut BusCx::new(pc.now, &mut pc.memory));
    for byte in [0x08, 1, 0] {
        pc.run(20 * MS);
        assert_eq!((vectors(&mut pc), pc.inb(0x60)), (once(12), byte));
    }
}

#[test]
fn the_8259a_reaches_input_0() {
    let mut pc = pc();
    vectors(&mut pc);
    redirect(&mut pc, 0, 0x0700);
    redirect(&mut pc, 2, 0x1_0000);
    for (port, value) in [(0x43, 0x34), (0x40, 0xA9), (0x40, 0x04)] {
        pc.outb(port, value);
    }
    pc.run(100 * US);
    vectors(&mut pc);
    pc.run(MS);
    let ext_int = InterruptMessage {
        destination: Destination::Physical(0),
        mode: DeliveryMode::ExtInt,
        vector: Vector(0),
        trigger: Trigger::Edge,
    };
    assert_eq!(sent(&mut pc), [ext_int]);
    pc.run(MS / 2);
    assert_eq!(sent(&mut pc), [], "INT is still high");
    assert_eq!(pc.board.acknowledge_interrupt(&mut BusCx::new(pc.now, &mut pc.memory)), Vector(0x20));
    pc.outb(0x20, 0x20);
    pc.run(MS);
    assert_eq!(sent(&mut pc), [ext_int], "the next edge");
}

#[test]
fn a_reset_masks_the_inputs() {
    let mut pc = pc();
    pc.board.reset();
    pc.store(BASE.0, Size::Dword, 0x14);
    assert_eq!(pc.load(BASE.0 + 0x10, Size::Dword), 0x1_0000);
    assert!(!pc.board.signals().messages);
}
