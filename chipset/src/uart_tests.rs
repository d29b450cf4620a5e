//! The serial port driven as drivers do. Expected values from the PC16550D datasheet.

use super::*;
use crate::fake::{CLOCK_HZ, Fake, US, abuse};
use ringwalk_mmu::Rate;

const RBR: u16 = 0x3F8;
const THR: u16 = 0x3F8;
const IER: u16 = 0x3F9;
const IIR: u16 = 0x3FA;
const FCR: u16 = 0x3FA;
const LCR: u16 = 0x3FB;
const MCR: u16 = 0x3FC;
const LSR: u16 = 0x3FD;
const MSR: u16 = 0x3FE;
const SCR: u16 = 0x3FF;

/// Cycles of one 8N1 character at 115200 baud: 86.8 us, rounded up.
const CHAR: u64 = 8681;

/// COM1 at 115200 baud, 8N1, OUT2 on.
fn port() -> (Fake, Uart) {
    let (mut fake, mut uart) = (Fake::new(), Uart::com1());
    for (reg, value) in [(LCR, 0x83), (THR, 1), (IER, 0), (LCR, 0x03), (MCR, 0x0B)] {
        fake.outb(&mut uart, reg, value);
    }
    (fake, uart)
}

fn sent(fake: &Fake) -> Vec<u8> {
    let byte = |output: &Output| match output {
        Output::Serial(0, byte) => *byte,
        other => panic!("not from COM1: {other:?}"),
    };
    fake.output.iter().map(byte).collect()
}

#[test]
fn registers_after_reset() {
    let (mut fake, mut uart) = (Fake::new(), Uart::com1());
    let read = [IER, IIR, LCR, MCR, LSR, MSR].map(|reg| fake.inb(&mut uart, reg));
    assert_eq!(read, [0x00, 0x01, 0x00, 0x00, 0x60, 0xB0]);
    assert_eq!(Uart::com2().ranges().0[0].base, 0x2F8);
}

#[test]
fn the_second_port_has_its_own_place_interrupt_and_line() {
    let (mut fake, mut uart) = (Fake::new(), Uart::com2());
    for (port, value) in [(0x2FB, 0x83), (0x2F8, 1), (0x2F9, 0), (0x2FB, 0x03), (0x2FC, 0x0B), (0x2F9, 0x01)] {
        fake.outb(&mut uart, port, value);
    }
    assert_eq!(uart.receive(b"x"), 1);
    fake.run(&mut uart, 2 * CHAR);
    assert!(fake.irq(3) && !fake.irq(4));
    assert_eq!((fake.inb(&mut uart, 0x2FD) & 1, fake.inb(&mut uart, 0x2F8)), (1, b'x'));
    assert!(!fake.irq(3));
    fake.outb(&mut uart, 0x2F8, b'y');
    fake.run(&mut uart, CHAR);
    assert_eq!(fake.output, [Output::Serial(1, b'y')]);
}

#[test]
fn bits_that_can_be_written() {
    let (mut fake, mut uart) = port();
    for (reg, kept) in [(IER, 0x0F), (LCR, 0xFF), (SCR, 0xFF), (MCR, 0x1F)] {
        fake.outb(&mut uart, reg, 0xFF);
        assert_eq!(fake.inb(&mut uart, reg), kept);
    }
    fake.outb(&mut uart, LCR, 0x80);
    fake.outb(&mut uart, THR, 0x34);
    fake.outb(&mut uart, IER, 0x12);
    assert_eq!((fake.inb(&mut uart, RBR), fake.inb(&mut uart, IER)), (0x34, 0x12), "the divisor latch");
}

#[test]
fn a_byte_takes_the_time_of_its_bits() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, THR, b'A');
    assert_eq!(fake.inb(&mut uart, LSR), 0x00, "in the holding register");
    fake.run(&mut uart, CHAR / 10 + 2);
    assert_eq!(sent(&fake), b"A", "out when the shift register takes it");
    assert_eq!(fake.inb(&mut uart, LSR), 0x20, "THRE, but not empty");
    fake.run(&mut uart, CHAR - 10);
    assert_eq!(fake.inb(&mut uart, LSR), 0x20);
    fake.run(&mut uart, 20);
    assert_eq!(fake.inb(&mut uart, LSR), 0x60);
}

#[test]
fn character_times() {
    let mut uart = Uart::com1();
    uart.divisor = 12;
    for (lcr, half_bits) in [(0x00, 14), (0x04, 15), (0x03, 20), (0x07, 22), (0x1B, 22), (0x1F, 24), (0x0A, 20)] {
        uart.lcr = lcr;
        assert_eq!(uart.char_ticks(), half_bits * 8 * 12, "LCR {lcr:02X}h");
    }
    uart.divisor = 0;
    assert_eq!(uart.bit_ticks(), 16 * 65536);
}

#[test]
fn bytes_follow_each_other_without_drift() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, FCR, 0x01);
    for byte in 0..16 {
        fake.outb(&mut uart, THR, byte);
    }
    fake.outb(&mut uart, THR, 99);
    let rate = Rate::new(UART_HZ, CLOCK_HZ);
    let start = rate.ticks_at(fake.now) + 16;
    fake.run_until(&mut uart, Instant(rate.instant_of(start + 15 * 160).0 - 1));
    assert_eq!(sent(&fake).len(), 15);
    fake.run(&mut uart, 1);
    assert_eq!(sent(&fake), (0..16).collect::<Vec<_>>(), "the seventeenth byte found the FIFO full");
    assert_eq!(fake.inb(&mut uart, LSR), 0x20);
    assert_eq!(uart.unsent().count(), 0);
}

#[test]
fn without_fifo_the_holding_register_is_overwritten() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, THR, b'a');
    fake.outb(&mut uart, THR, b'b');
    assert_eq!(uart.unsent().collect::<Vec<_>>(), b"b");
    fake.run(&mut uart, 3 * CHAR);
    assert_eq!(sent(&fake), b"b");
}

#[test]
fn thre_interrupt() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, IER, 0x02);
    assert!(fake.irq(4), "enabling it with the register empty raises it");
    assert_eq!(fake.inb(&mut uart, IIR), 0x02);
    assert!(!fake.irq(4), "reading the IIR that names it clears it");
    assert_eq!(fake.inb(&mut uart, IIR), 0x01);
    fake.outb(&mut uart, THR, b'x');
    assert!(!fake.irq(4));
    fake.run(&mut uart, CHAR);
    assert!(fake.irq(4));
    fake.outb(&mut uart, THR, b'y');
    assert!(!fake.irq(4), "writing clears it too");
}

#[test]
fn out2_gates_the_interrupt() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, MCR, 0x03);
    fake.outb(&mut uart, IER, 0x02);
    assert!(!fake.irq(4));
    fake.outb(&mut uart, MCR, 0x0B);
    assert!(fake.irq(4));
    fake.outb(&mut uart, MCR, 0x1B);
    assert!(!fake.irq(4), "loopback forces the outputs inactive");
}

#[test]
fn received_bytes_come_at_line_speed() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, IER, 0x01);
    assert_eq!(uart.receive(b"hi"), 2);
    assert_eq!(uart.due(), Some(Instant(0)), "at once");
    fake.run(&mut uart, CHAR - 60);
    assert_eq!(fake.inb(&mut uart, LSR) & 1, 0);
    fake.run(&mut uart, 120);
    assert!(fake.irq(4));
    assert_eq!((fake.inb(&mut uart, IIR), fake.inb(&mut uart, LSR)), (0x04, 0x61));
    fake.run(&mut uart, 100 * CHAR);
    assert_eq!(fake.inb(&mut uart, RBR), b'h', "the line waits while the register is full");
    assert!(!fake.irq(4));
    fake.run(&mut uart, CHAR + 60);
    assert_eq!(fake.inb(&mut uart, LSR), 0x61, "no overrun");
    assert_eq!(fake.inb(&mut uart, RBR), b'i');
    assert_eq!((fake.inb(&mut uart, RBR), fake.inb(&mut uart, LSR)), (b'i', 0x60));
}

#[test]
fn the_line_is_bounded() {
    let (mut fake, mut uart) = port();
    assert_eq!(uart.receive(&[0; 5000]), 4096);
    assert_eq!((uart.receive(&[1]), uart.waiting()), (0, 4096));
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!(uart.receive(&[1]), 1);
}

#[test]
fn fifo_trigger_levels() {
    for (bits, level) in [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)] {
        let (mut fake, mut uart) = port();
        fake.outb(&mut uart, FCR, bits);
        fake.outb(&mut uart, IER, 0x01);
        uart.receive(&[7; 16]);
        fake.run(&mut uart, level * CHAR - 60);
        assert_eq!(fake.inb(&mut uart, IIR), 0xC1);
        fake.run(&mut uart, 120);
        assert_eq!(fake.inb(&mut uart, IIR), 0xC4, "trigger {level}");
        fake.inb(&mut uart, RBR);
        assert_eq!(fake.inb(&mut uart, IIR), 0xC1, "below the trigger again");
    }
}

#[test]
fn character_time_out() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, FCR, 0xC1);
    fake.outb(&mut uart, IER, 0x01);
    uart.receive(b"abc");
    fake.run(&mut uart, 3 * CHAR + 4 * CHAR - 60);
    assert!(!fake.irq(4), "four characters from the last one");
    fake.run(&mut uart, 120);
    assert_eq!(fake.inb(&mut uart, IIR), 0xCC);
    assert_eq!(fake.inb(&mut uart, RBR), b'a');
    assert_eq!(fake.inb(&mut uart, IIR), 0xC1, "a read clears it and starts the timer anew");
    fake.run(&mut uart, 4 * CHAR - 60);
    assert!(!fake.irq(4));
    fake.run(&mut uart, 120);
    assert_eq!(fake.inb(&mut uart, IIR), 0xCC);
    fake.inb(&mut uart, RBR);
    fake.inb(&mut uart, RBR);
    fake.run(&mut uart, 10 * CHAR);
    assert_eq!(fake.inb(&mut uart, IIR), 0xC1, "an empty FIFO has no time-out");
}

#[test]
fn fifo_control() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, FCR, 0xC0);
    assert_eq!(fake.inb(&mut uart, IIR), 0x01, "without bit 0 nothing is programmed");
    fake.outb(&mut uart, FCR, 0x01);
    uart.receive(b"ab");
    fake.outb(&mut uart, THR, b'1');
    fake.outb(&mut uart, THR, b'2');
    fake.run(&mut uart, CHAR / 2);
    fake.outb(&mut uart, FCR, 0x05);
    assert_eq!(fake.inb(&mut uart, LSR), 0x20, "only the shift register still holds a byte");
    fake.run(&mut uart, 3 * CHAR);
    assert_eq!(sent(&fake), b"1");
    assert_eq!(fake.inb(&mut uart, LSR), 0x61);
    fake.outb(&mut uart, FCR, 0x03);
    assert_eq!(fake.inb(&mut uart, LSR), 0x60);
    uart.receive(b"z");
    fake.run(&mut uart, 2 * CHAR);
    fake.outb(&mut uart, FCR, 0x00);
    assert_eq!(fake.inb(&mut uart, LSR), 0x60, "a change of the mode clears both");
}

#[test]
fn loopback_data_and_overrun() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, MCR, 0x1B);
    fake.outb(&mut uart, IER, 0x05);
    fake.outb(&mut uart, THR, 0xAE);
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!((fake.inb(&mut uart, LSR), fake.output.len()), (0x61, 0), "back in, and not out");
    fake.outb(&mut uart, THR, 0x55);
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!(fake.inb(&mut uart, IIR), 0x06, "line status comes first");
    assert_eq!(fake.inb(&mut uart, LSR), 0x63);
    assert_eq!(fake.inb(&mut uart, IIR), 0x04, "reading the LSR cleared it");
    assert_eq!(fake.inb(&mut uart, RBR), 0x55, "the register was overwritten");
    fake.outb(&mut uart, LCR, 0x00);
    fake.outb(&mut uart, THR, 0xFF);
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!(fake.inb(&mut uart, RBR), 0x1F, "words of five bits");
}

#[test]
fn a_full_fifo_keeps_its_bytes() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, FCR, 0x01);
    fake.outb(&mut uart, MCR, 0x1B);
    for byte in 0..18 {
        fake.outb(&mut uart, THR, byte);
        fake.run(&mut uart, 2 * CHAR);
    }
    assert_eq!(fake.inb(&mut uart, LSR), 0x63);
    let bytes: Vec<_> = (0..16).map(|_| fake.inb(&mut uart, RBR)).collect();
    assert_eq!(bytes, (0..16).collect::<Vec<_>>());
    assert_eq!(fake.inb(&mut uart, LSR), 0x60);
}

#[test]
fn loopback_modem_lines() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, MCR, 0x10);
    assert_eq!(fake.inb(&mut uart, MSR), 0x0B, "CTS, DSR and DCD went away");
    assert_eq!(fake.inb(&mut uart, MSR), 0x00, "a read clears the deltas");
    for (mcr, msr) in [(0x11, 0x22), (0x12, 0x13), (0x14, 0x41), (0x18, 0x8C), (0x10, 0x08)] {
        fake.outb(&mut uart, MCR, mcr);
        let expected = if mcr == 0x12 { msr | 0x02 } else { msr };
        assert_eq!(fake.inb(&mut uart, MSR), expected, "MCR {mcr:02X}h");
    }
    fake.outb(&mut uart, IER, 0x08);
    fake.outb(&mut uart, MCR, 0x11);
    assert_eq!(fake.inb(&mut uart, IIR), 0x00, "modem status");
}

#[test]
fn the_host_line_waits_out_a_loopback() {
    let (mut fake, mut uart) = port();
    uart.receive(b"q");
    fake.run(&mut uart, CHAR / 2);
    fake.outb(&mut uart, MCR, 0x1B);
    fake.run(&mut uart, 10 * CHAR);
    assert_eq!(fake.inb(&mut uart, LSR), 0x60);
    fake.outb(&mut uart, MCR, 0x0B);
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!(fake.inb(&mut uart, RBR), b'q');
}

#[test]
fn a_break_sends_nothing() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, LCR, 0x43);
    fake.outb(&mut uart, THR, b'n');
    assert_eq!(uart.unsent().count(), 0);
    fake.run(&mut uart, 2 * CHAR);
    assert_eq!((sent(&fake).len(), fake.inb(&mut uart, LSR)), (0, 0x60));
}

#[test]
fn one_long_step_equals_many_short_ones() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, FCR, 0x01);
    for byte in *b"hello, world" {
        fake.outb(&mut uart, THR, byte);
    }
    uart.receive(b"abcdefgh");
    uart.advance(&mut fake.cx());
    let mut other = uart.clone();
    fake.run(&mut uart, 40 * CHAR);
    let sent_in_steps = std::mem::take(&mut fake.output);
    other.advance(&mut fake.cx());
    assert_eq!(other, uart);
    assert_eq!(fake.output, sent_in_steps);
}

#[test]
fn reset_keeps_divisor_scratch_and_line() {
    let (mut fake, mut uart) = port();
    fake.outb(&mut uart, SCR, 0x5A);
    uart.receive(b"k");
    uart.reset();
    assert_eq!((fake.inb(&mut uart, SCR), fake.inb(&mut uart, LCR)), (0x5A, 0));
    fake.run(&mut uart, 200 * US);
    assert_eq!(fake.inb(&mut uart, RBR), b'k');
}

#[test]
fn any_access_is_survived() {
    abuse(&mut Uart::com1());
}
