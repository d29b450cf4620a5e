//! Power off by APM, ACPI's tables as a system finds them, SMBIOS, the pointing device and the printer. Expected: *APM
//! BIOS Interface Specification* 1.2; *ACPI Specification* 1.0b, 5.2; *SMBIOS Reference Specification* 2.3.1, 2.1;
//! Intel 82371AB datasheet (290562), 7.2; IBM *PS/2 and PC BIOS Interface Technical Reference* (1991).

use ringwalk::machine::Stop;
use ringwalk::script;
use ringwalk_chipset::{BootDevice, Output};
use ringwalk_cpu::model::Model;
use ringwalk_mmu::PhysAddr;

use crate::bios_calls::{Call, Lines, Pc, Ran, Script, ran};

const HDA: usize = 0;

fn disk(script: &Script) -> Vec<u8> {
    [script.program(None), vec![0; 64 << 10]].concat()
}

fn pc(script: &Script) -> Pc {
    Pc::new(&[BootDevice::Disk]).with(HDA, false, disk(script))
}

/// Bytes of physical memory.
fn memory(ran: &Ran, addr: u32, bytes: u32) -> Vec<u8> {
    let byte = |addr: u32| ran.machine.memory.peek(PhysAddr(addr.into())).expect("memory");
    (addr..addr + bytes).map(byte).collect()
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn dword(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().copied().fold(0, u8::wrapping_add) == 0
}

/// Where a structure begins in the BIOS's segment, on 16 bytes.
fn anchor(ran: &Ran, signature: &[u8]) -> u32 {
    let wanted = |addr: &u32| memory(ran, *addr, signature.len() as u32) == signature;
    (0xF_0000..0x10_0000).step_by(16).find(wanted).expect("the structure is there")
}

/// A machine that has said something, with its memory.
fn started() -> Ran {
    let ran = pc(&Script::default().text("up")).run(2_000_000_000);
    assert_eq!(ran.stop, Stop::Exit(0), "{}", ran.screen);
    ran
}

#[test]
fn apm_powers_off() {
    let apm = |al: u16, bx: u16, cx: u16| Call { ax: 0x5300 | al, bx, cx, ..Call::default() };
    // Function, device, value; then AH and carry.
    let rows: [(u16, u16, u16, u8, bool, &str); 12] = [
        (0x00, 1, 0, 0x09, true, "installation check of another device"),
        (0x07, 1, 3, 0x03, true, "off without a connection"),
        (0x01, 0, 0, 0x00, false, "connect"),
        (0x01, 0, 0, 0x02, true, "connect twice"),
        (0x02, 0, 0, 0x02, true, "connect in another way, too"),
        (0x0B, 0, 0, 0x80, true, "no event"),
        (0x05, 0, 0, 0x00, false, "idle"),
        (0x06, 0, 0, 0x00, false, "busy"),
        (0x07, 1, 1, 0x60, true, "no standby"),
        (0x07, 7, 3, 0x09, true, "an unknown device"),
        (0x07, 1, 9, 0x0A, true, "an unknown state"),
        (0x42, 0, 0, 0x0C, true, "an unknown function"),
    ];
    let mut script = Script::default().int(0x15, apm(0x00, 0, 0));
    for (function, device, value, ..) in rows {
        script = script.int(0x15, apm(function, device, value));
    }
    // Version 1.1 is what both know; power status: on line, no battery; off.
    script = script.int(0x15, apm(0x0E, 0, 0x0101)).int(0x15, apm(0x0A, 1, 0)).int(0x15, apm(0x07, 1, 3));
    let ran = pc(&script).run(4_000_000_000);
    assert_eq!(ran.stop, Stop::PowerOff, "{}", ran.said);
    let mut lines = Lines::of(&ran.said);
    let answer = lines.answer();
    assert_eq!((answer.ax, answer.bx, answer.carry), (0x0102, u16::from_be_bytes(*b"PM"), false));
    assert_eq!(answer.cx & 3, 3, "16 and 32-bit interfaces");
    for (.., code, carry, what) in rows {
        assert_eq!(lines.answer().status(), (code, carry), "{what}");
    }
    assert_eq!(lines.answer().ax, 0x0101);
    let answer = lines.answer();
    assert_eq!((answer.bx, answer.cx, answer.carry), (0x01FF, 0x80FF, false));
    lines.end();
}

#[test]
fn acpi_tables_lead_to_the_registers_that_power_off() {
    let ran = started();
    let rsdp = memory(&ran, anchor(&ran, b"RSD PTR "), 20);
    assert!(sums_to_zero(&rsdp));
    let table = |addr: u32, signature: &[u8]| {
        let length = dword(&memory(&ran, addr, 36), 4);
        let table = memory(&ran, addr, length);
        assert!(table.starts_with(signature) && sums_to_zero(&table), "{signature:?}");
        table
    };
    let rsdt = table(dword(&rsdp, 16), b"RSDT");
    let fadt = table(dword(&rsdt, 36), b"FACP");
    assert_eq!((fadt[8], fadt.len()), (3, 244), "ACPI 2.0");
    let facs = memory(&ran, dword(&fadt, 36), 64);
    assert!(facs.starts_with(b"FACS") && dword(&facs, 4) == 64 && dword(&fadt, 36).is_multiple_of(64));
    // PIIX4: events at PMBA, control at PMBA + 4, the timer at PMBA + 8; the SCI is IRQ 9; APMC is port B2h.
    let base = dword(&fadt, 56);
    assert_eq!((dword(&fadt, 64), dword(&fadt, 76)), (base + 4, base + 8));
    assert_eq!((word(&fadt, 46), dword(&fadt, 48)), (9, 0xB2));
    assert_eq!((fadt[88], fadt[89], fadt[91]), (4, 2, 4), "lengths of the blocks");
    // Name (_S5, Package () {0, ..}): the PIIX4's SUS_TYP of soft off is 0.
    let dsdt = table(dword(&fadt, 40), b"DSDT");
    let s5 = dsdt.windows(5).position(|bytes| bytes == b"\x08_S5_").expect("_S5");
    assert_eq!(dsdt[s5 + 5], 0x12, "a package");
    assert_eq!(dsdt[s5 + 8], 0x00, "whose first element is ZeroOp");
    // All tables lie behind what INT 15h AH=88h calls memory: the last 64 KiB of 16 MiB.
    for addr in [dword(&rsdp, 16), dword(&rsdt, 36), dword(&fadt, 36), dword(&fadt, 40)] {
        assert!((0xFF_0000..0x100_0000).contains(&addr), "{addr:X}");
    }
    let mut lines = pc(&Script::default().int(0x15, Call { ax: 0x8800, ..Call::default() })).lines();
    assert_eq!(lines.answer().ax, (15 << 10) - 64);
}

/// The tables of ACPI 2.0, by their signatures, as the XSDT leads to them.
fn acpi_table(ran: &Ran, signature: &[u8]) -> Option<Vec<u8>> {
    let rsdp = memory(ran, anchor(ran, b"RSD PTR "), 36);
    assert!(rsdp[15] == 2 && dword(&rsdp, 20) == 36 && sums_to_zero(&rsdp) && sums_to_zero(&rsdp[..20]));
    let whole = |addr: u32| memory(ran, addr, dword(&memory(ran, addr, 8), 4));
    let (rsdt, xsdt) = (whole(dword(&rsdp, 16)), whole(dword(&rsdp, 24)));
    assert!(sums_to_zero(&xsdt) && xsdt.starts_with(b"XSDT"));
    let entries: Vec<u32> = xsdt[36..].chunks(8).map(|entry| dword(entry, 0)).collect();
    assert_eq!(entries, rsdt[36..].chunks(4).map(|entry| dword(entry, 0)).collect::<Vec<_>>(), "both name the same");
    let tables: Vec<Vec<u8>> = entries.into_iter().map(whole).collect();
    assert!(tables.iter().all(|table| sums_to_zero(table)));
    tables.into_iter().find(|table| table.starts_with(signature))
}

/// *ACPI Specification* 2.0c, 5.2.10.4 "Multiple APIC Description Table"; *IA-PC HPET Specification* 1.0a, 3.2.4.
#[test]
fn acpi_tells_of_the_interrupt_controllers() {
    let ran = started();
    let madt = acpi_table(&ran, b"APIC").expect("a MADT");
    assert_eq!((dword(&madt, 36), dword(&madt, 40)), (0xFEE0_0000, 1), "and two 8259s");
    let (mut rest, mut found) = (&madt[44..], Vec::new());
    while !rest.is_empty() {
        let (entry, more) = rest.split_at(rest[1].into());
        found.push(entry.to_vec());
        rest = more;
    }
    assert!(found.contains(&vec![0, 8, 0, 0, 1, 0, 0, 0]), "processor 0 is local APIC 0, enabled");
    let io_apic = found.iter().find(|entry| entry[0] == 1).expect("an I/O APIC");
    assert_eq!((dword(io_apic, 4), dword(io_apic, 8)), (0xFEC0_0000, 0));
    assert!(found.contains(&vec![2, 10, 0, 0, 2, 0, 0, 0, 0, 0]), "IRQ 0 at input 2");
    assert!(found.contains(&vec![2, 10, 0, 9, 9, 0, 0, 0, 0x0D, 0]), "the SCI: level, active high");
    assert!(found.contains(&vec![4, 6, 0xFF, 0, 0, 1]), "NMI at LINT1");
    let hpet = acpi_table(&ran, b"HPET").expect("an HPET table");
    assert_eq!((hpet.len(), dword(&hpet, 44), hpet[40]), (56, 0xFED0_0000, 0));
    assert_eq!(dword(&hpet, 36), 0x8086_A201, "what its capabilities say");
    // FADT: the reset register is port CF9h, and resets with 06h.
    let fadt = acpi_table(&ran, b"FACP").expect("an FADT");
    assert_eq!((dword(&fadt, 112) >> 10 & 1, fadt[116], dword(&fadt, 120), fadt[128]), (1, 1, 0xCF9, 6));
    assert_eq!(dword(&fadt, 40), dword(&fadt, 140), "one DSDT");
}

/// The routing packages of the DSDT: device, pin, interrupt.
fn routing(dsdt: &[u8], name: &[u8]) -> Vec<(u16, u8, u8)> {
    let at = dsdt.windows(5).position(|bytes| bytes[0] == 8 && bytes[1..] == *name).expect("the name");
    // Name, PackageOp, two bytes of length, the count.
    let (count, first) = (dsdt[at + 8], at + 9);
    let package = |bytes: &[u8]| {
        assert_eq!(
            (bytes[0], &bytes[3..6], bytes[8], bytes[10], bytes[11]),
            (0x12, &[0x0C, 0xFF, 0xFF][..], 0x0A, 0, 0x0A)
        );
        (word(bytes, 6), bytes[9], bytes[12])
    };
    dsdt[first..].chunks(13).take(count.into()).map(package).collect()
}

/// *ACPI Specification* 2.0c, 6.2.8 "_PRT", 5.8.1 "_PIC Method"; *MultiProcessor Specification* 1.4, 4 and D.3.
#[test]
fn both_kinds_of_tables_route_pci_to_the_same_inputs() {
    let ran = started();
    let fadt = acpi_table(&ran, b"FACP").expect("an FADT");
    let dsdt = memory(&ran, dword(&fadt, 40), dword(&memory(&ran, dword(&fadt, 40), 8), 4));
    assert!(dsdt.windows(5).any(|bytes| bytes == b"_PIC\x01"), "a method of one argument");
    let apic = routing(&dsdt, b"PRTA");
    assert_eq!(apic.len(), 128);
    for (index, (device, pin, input)) in apic.iter().enumerate() {
        assert_eq!((usize::from(*device), usize::from(*pin)), (index / 4, index % 4));
        // The board turns the pins by one a slot; slot 1 begins with PIRQA#, input 16.
        assert_eq!(u16::from(*input), 16 + (device + 3 + u16::from(*pin)) % 4);
    }
    for (device, pin, irq) in routing(&dsdt, b"PRTP") {
        assert_eq!(u16::from(irq), 10 + (device + 3 + u16::from(pin)) % 2, "as PIRQRC[A:D] are set");
    }
    let pointer = memory(&ran, anchor(&ran, b"_MP_"), 16);
    assert!(sums_to_zero(&pointer) && pointer[9] == 4 && pointer[11] == 0 && pointer[12] & 0x80 == 0, "no IMCR");
    let table = dword(&pointer, 4);
    let table = memory(&ran, table, word(&memory(&ran, table, 8), 4).into());
    assert!(sums_to_zero(&table) && table.starts_with(b"PCMP"));
    let (mut rest, mut lines, mut entries) = (&table[44..], Vec::new(), 0);
    while !rest.is_empty() {
        let (entry, more) = rest.split_at(if rest[0] == 0 { 20 } else { 8 });
        entries += 1;
        if entry[0] == 3 {
            lines.push((entry[1], entry[4], entry[5], entry[7]));
        }
        rest = more;
    }
    assert_eq!(entries, word(&table, 34));
    assert!(lines.contains(&(3, 1, 0, 0)) && lines.contains(&(0, 1, 0, 2)), "the 8259A at input 0, IRQ 0 at 2");
    for (device, pin, input) in apic {
        assert!(lines.contains(&(0, 0, (device << 2) as u8 | pin, input)), "device {device}, pin {pin}");
    }
}

#[test]
fn a_processor_without_a_local_apic_is_told_of_none() {
    let mut pc = pc(&Script::default().text("up"));
    pc.config.model = Model::I486;
    let ran = pc.run(2_000_000_000);
    assert_eq!(ran.stop, Stop::Exit(0), "{}", ran.screen);
    assert!(acpi_table(&ran, b"APIC").is_none());
    assert!(acpi_table(&ran, b"HPET").is_some());
    assert!((0xF_0000..0x10_0000).step_by(16).all(|addr| memory(&ran, addr, 4) != b"_MP_"));
}

#[test]
fn smbios_describes_the_machine() {
    let ran = started();
    let entry = memory(&ran, anchor(&ran, b"_SM_"), 31);
    assert!(sums_to_zero(&entry) && sums_to_zero(&entry[16..]) && entry[16..21] == *b"_DMI_");
    let table = memory(&ran, dword(&entry, 24), word(&entry, 22).into());
    let mut rest = &table[..];
    let mut types = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(rest[1]);
        let strings = rest[length..].windows(2).position(|pair| pair == [0, 0]).expect("strings end") + 2;
        match rest[0] {
            16 => assert_eq!(dword(rest, 7), 16 << 10, "KiB"),
            17 => assert_eq!(word(rest, 12), 16, "MiB"),
            19 => assert_eq!((dword(rest, 4), dword(rest, 8)), (0, (16 << 10) - 1)),
            _ => {}
        }
        types.push(rest[0]);
        rest = &rest[length + strings..];
    }
    assert_eq!(types.len(), usize::from(word(&entry, 28)));
    for wanted in [0, 1, 3, 4, 16, 17, 19, 32] {
        assert!(types.contains(&wanted), "type {wanted} in {types:?}");
    }
    assert_eq!(types.last(), Some(&127));
}

#[test]
fn the_printer_prints() {
    let lpt = |ax: u16, dx: u16| Call { ax, dx, ..Call::default() };
    let script = Script::default()
        .int(0x17, lpt(0x0100, 0))
        .int(0x17, lpt(u16::from(b'H'), 0))
        .int(0x17, lpt(u16::from(b'i'), 0))
        .int(0x17, lpt(0x0200, 0))
        .int(0x17, lpt(0x0200, 1))
        .int(0x11, Call::default())
        .int(0x05, Call::default())
        .peek(0x50, 0, 1);
    let mut machine = pc(&script).machine();
    let limits = ringwalk::machine::RunLimits { position: Some(2_000_000_000), ..Default::default() };
    assert_eq!(machine.run(&limits, &mut ringwalk::machine::NoHost), Stop::Exit(0));
    let output = machine.take_output();
    let printed: Vec<u8> = output
        .iter()
        .filter_map(|output| if let Output::Parallel(byte) = output { Some(*byte) } else { None })
        .collect();
    let (hi, page) = printed.split_at(2);
    assert_eq!(hi, b"Hi");
    let page: Vec<&[u8]> = page.split(|byte| *byte == b'\n').collect();
    assert_eq!(page.len(), 27, "INT 05h: a line end, 25 rows, the end");
    assert!(page[1].starts_with(b"ringwalk BIOS") && page[1..26].iter().all(|row| row.len() == 81));
    let said: Vec<u8> = output
        .iter()
        .filter_map(|output| if let Output::Serial(0, byte) = output { Some(*byte) } else { None })
        .collect();
    let mut lines = Lines::of(&String::from_utf8_lossy(&said));
    // Bits 5, 3 and 0: paper is there, no error, no time-out.
    for _ in 0..4 {
        assert_eq!(lines.answer().ah() & 0x29, 0);
    }
    assert_eq!(lines.answer().ah() & 0x01, 1, "there is no second printer");
    assert_eq!(lines.answer().ax >> 14, 1, "INT 11h: one printer");
    lines.answer();
    assert_eq!(lines.bytes(), [0], "0050:0000: the screen was printed");
}

#[test]
fn the_pointing_device_is_found_and_calls_its_handler() {
    let mouse = |al: u16, bx: u16| Call { ax: 0xC200 | al, bx, ..Call::default() };
    // A handler at 5000:0000: counts packets and keeps status, X and Y, which lie at SP+10, +8 and +6.
    // PUSH BP; MOV BP,SP; MOV AX,[BP+12]; MOV CS:[40h],AX; MOV AX,[BP+10]; MOV CS:[42h],AX
    let first = [0x55, 0x89, 0xE5, 0x8B, 0x46, 0x0C, 0x2E, 0xA3, 0x40, 0x00, 0x8B, 0x46, 0x0A, 0x2E, 0xA3, 0x42];
    // (42h) ..; MOV AX,[BP+8]; MOV CS:[44h],AX; INC WORD CS:[46h]; POP BP; RETF
    let second = [0x00, 0x8B, 0x46, 0x08, 0x2E, 0xA3, 0x44, 0x00, 0x2E, 0xFF, 0x06, 0x46, 0x00, 0x5D, 0xCB];
    let script = Script::default()
        .int(0x11, Call::default())
        .int(0x15, mouse(0x05, 0x0300))
        .int(0x15, mouse(0x01, 0))
        .int(0x15, mouse(0x04, 0))
        .int(0x15, mouse(0x03, 0x0300))
        .int(0x15, mouse(0x02, 0x0600))
        .int(0x15, mouse(0x06, 0))
        .int(0x15, mouse(0x00, 0x0100))
        .int(0x15, mouse(0x02, 0x0700))
        .int(0x15, mouse(0x09, 0))
        .poke(0x5000, 0, &first)
        .poke(0x5000, 16, &second)
        .fill(0x5000, 0x40, 0, 8)
        .int(0x15, Call { es: 0x5000, ..mouse(0x07, 0) })
        .int(0x15, mouse(0x00, 0x0100))
        .text("move")
        // INT 15h AH=86h: half a second.
        .int(0x15, Call { ax: 0x8600, cx: 0x0007, dx: 0xA120, ..Call::default() })
        .peek(0x5000, 0x40, 8)
        .int(0x15, mouse(0x00, 0x0000));
    let mut machine = pc(&script).machine();
    machine.set_script(script::parse("when serial \"move\" : mouse 5 3\n").expect("the script is right"));
    let ran = ran(machine, 4_000_000_000);
    assert_eq!(ran.stop, Stop::Exit(0), "{}", ran.said);
    let mut lines = Lines::of(&ran.said);
    assert_eq!(lines.answer().ax & 4, 4, "INT 11h: a pointing device");
    assert_eq!(lines.answer().status(), (0, false), "initialize");
    let answer = lines.answer();
    assert_eq!((answer.bx, answer.carry), (0x00AA, false), "reset");
    assert_eq!(lines.answer().bx >> 8, 0, "type");
    assert_eq!(lines.answer().status(), (0, false), "resolution");
    assert_eq!(lines.answer().status(), (0, false), "rate");
    let answer = lines.answer();
    assert_eq!((answer.bx & 0xFF, answer.cx & 0xFF, answer.dx & 0xFF), (0, 3, 200), "status, resolution, rate");
    assert_eq!(lines.answer().status(), (5, true), "no handler yet");
    assert_eq!(lines.answer().status(), (2, true), "no such rate");
    assert_eq!(lines.answer().status(), (1, true), "no such function");
    assert_eq!(lines.answer().status(), (0, false), "handler");
    assert_eq!(lines.answer().status(), (0, false), "enable");
    assert_eq!(lines.line(), "move");
    assert_eq!(lines.answer().status(), (0, false));
    let told = lines.bytes();
    // Five to the right, three down: Y counts upwards, so -3 with its sign in bit 5 of the status.
    assert_eq!(told, [0x28, 0, 5, 0, 0xFD, 0, 1, 0], "status, X, Y, packets");
    assert_eq!(lines.answer().status(), (0, false), "disable");
}

#[test]
fn serial_ports_are_set_up_and_asked() {
    let com2 = |ax: u16, bx: u16, cx: u16| Call { ax, bx, cx, dx: 1, ..Call::default() };
    let script = Script::default()
        .int(0x14, com2(0x00E3, 0, 0))
        .int(0x14, com2(0x0300, 0, 0))
        // Even parity, two stop bits, seven bits, 19200 baud; DTR, RTS and the loop: what is sent comes back.
        .int(0x14, com2(0x0400, 0x0201, 0x0208))
        .int(0x14, com2(0x0501, 0x0013, 0))
        .int(0x14, com2(0x0500, 0, 0))
        .int(0x14, Call { dx: 3, ..com2(0x0300, 0, 0) })
        .int(0x11, Call::default());
    let mut lines = pc(&script).lines();
    // AH: line status, 60h: the transmitter is empty.
    for _ in 0..3 {
        let answer = lines.answer();
        assert_eq!(answer.ah() & 0xE0, 0x60);
    }
    // In the loop the four modem outputs are the inputs: RTS is CTS (bit 4), DTR is DSR (bit 5). PC16550D, "MCR".
    let answer = lines.answer();
    assert_eq!((answer.ax & 0xF0, answer.bx & 0xFF), (0x30, 0x13));
    assert_eq!(lines.answer().bx & 0xFF, 0x13);
    assert_eq!(lines.answer().ah() & 0x80, 0x80, "there is no COM4");
    assert_eq!(lines.answer().ax >> 9 & 7, 2, "INT 11h: two ports");
    lines.end();
}
