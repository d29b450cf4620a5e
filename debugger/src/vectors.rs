//! What interrupt vectors are for: exceptions by the manual's names, and the PC's own assignments.

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
