//! What interrupt vectors are for: exceptions by the manual's names with their error codes, and the PC's own
//! assignments.

use ringwalk_cpu::exception::vector;

/// Exceptions. SDM Vol.3A Table 6-1 "Protected-Mode Exceptions and Interrupts".
const EXCEPTIONS: [&str; 21] = [
    "#DE divide error",
    "#DB debug",
    "NMI",
    "#BP breakpoint",
    "#OF overflow",
    "#BR bound range",
    "#UD invalid opcode",
    "#NM no coprocessor",
    "#DF double fault",
    "coprocessor overrun",
    "#TS invalid TSS",
    "#NP not present",
    "#SS stack fault",
    "#GP general protection",
    "#PF page fault",
    "reserved",
    "#MF FPU error",
    "#AC alignment check",
    "#MC machine check",
    "#XM SIMD error",
    "#VE virtualization",
];

/// Interrupts of the PC in real mode: IBM's assignments, with the interrupt controllers as the BIOS leaves them.
const PC: [(u8, &str); 41] = [
    (0x00, "divide error"),
    (0x01, "debug"),
    (0x02, "NMI"),
    (0x03, "breakpoint"),
    (0x04, "overflow"),
    (0x05, "print screen, bound range"),
    (0x06, "invalid opcode"),
    (0x07, "no coprocessor"),
    (0x08, "IRQ 0 timer"),
    (0x09, "IRQ 1 keyboard"),
    (0x0A, "IRQ 2"),
    (0x0B, "IRQ 3 COM2"),
    (0x0C, "IRQ 4 COM1"),
    (0x0D, "IRQ 5"),
    (0x0E, "IRQ 6 floppy"),
    (0x0F, "IRQ 7"),
    (0x10, "video"),
    (0x11, "equipment"),
    (0x12, "memory size"),
    (0x13, "disk"),
    (0x14, "serial"),
    (0x15, "system"),
    (0x16, "keyboard"),
    (0x17, "printer"),
    (0x18, "nothing to boot"),
    (0x19, "boot"),
    (0x1A, "clock"),
    (0x1B, "Ctrl-Break"),
    (0x1C, "timer tick"),
    (0x1D, "video parameters"),
    (0x1E, "floppy parameters"),
    (0x1F, "graphics font"),
    (0x41, "disk 0 parameters"),
    (0x43, "font"),
    (0x46, "disk 1 parameters"),
    (0x70, "IRQ 8 clock"),
    (0x74, "IRQ 12 mouse"),
    (0x75, "IRQ 13 FPU"),
    (0x76, "IRQ 14 disk"),
    (0x77, "IRQ 15 disk"),
    (0x40, "floppy"),
];

/// The exception with this vector, if it is one.
pub fn exception(vector: u8) -> Option<&'static str> {
    EXCEPTIONS.get(vector as usize).copied()
}

/// What a PC uses the vector for in real mode.
pub fn on_a_pc(vector: u8) -> Option<&'static str> {
    PC.iter().find(|(number, _)| *number == vector).map(|(_, name)| *name)
}

/// An error code in words. SDM Vol.3A 6.13 "Error Code", 4.7 "Page-Fault Exceptions".
pub fn error_code(number: u8, code: u16, cr2: u64) -> String {
    if number == vector::PF {
        return page_fault(code, cr2);
    }
    if code & !1 == 0 {
        return if code == 0 { "no selector" } else { "no selector, during another event" }.to_string();
    }
    let index = code >> 3;
    let what = match (code & 2 != 0, code & 4 != 0) {
        (true, _) => format!("vector {index:02x}h in the IDT"),
        (false, true) => format!("LDT[{index}]"),
        (false, false) => format!("GDT[{index}]"),
    };
    let external = if code & 1 != 0 { ", during another event" } else { "" };
    format!("{what}{external}")
}

fn page_fault(code: u16, cr2: u64) -> String {
    let choose = |bit: u32, set: &'static str, clear: &'static str| if code >> bit & 1 != 0 { set } else { clear };
    let who = choose(2, "user", "supervisor");
    let access = choose(4, "fetch", choose(1, "write", "read"));
    let why = choose(3, "reserved bit set", choose(0, "not permitted", "not present"));
    format!("{who} {access} of lin {cr2:08x}, {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_in_words() {
        assert_eq!(error_code(13, 0x30, 0), "GDT[6]");
        assert_eq!(error_code(13, 0x37, 0), "vector 06h in the IDT, during another event");
        assert_eq!(error_code(11, 0x0C, 0), "LDT[1]");
        assert_eq!(error_code(13, 0, 0), "no selector");
        assert_eq!(error_code(14, 6, 0x40_0000), "user write of lin 00400000, not present");
        assert_eq!(error_code(14, 1, 0x1000), "supervisor read of lin 00001000, not permitted");
        assert_eq!(error_code(14, 9, 0x1000), "supervisor read of lin 00001000, reserved bit set");
    }
}
