; The system BIOS of ringwalk: one 64 KiB image for F0000h-FFFFFh and the top of
; the 4 GiB space. This file only orders the parts; each part says what it is.
;
;   nasm -f bin -I roms/bios/ -o roms/bios.bin roms/bios/bios.asm
;
; The BIOS runs on an 80386; what later CPUs have (apic.asm, mtrr.asm) is asked for first.

        cpu     386
        bits    16
        org     0

%include "layout.inc"
%include "apic.inc"

; --- F000:0000: code, grouped by the hardware or the interrupt it serves ---------
%include "post.asm"
%include "console.asm"
%include "chips.asm"
%include "apic.asm"
%include "rtc.asm"
%include "memory.asm"
%include "mtrr.asm"
%include "pci.asm"
%include "pcibios.asm"
%include "optionrom.asm"
%include "interrupts.asm"
%include "kbc.asm"
%include "mouse.asm"
%include "keyboard.asm"
%include "int16.asm"
%include "serial.asm"
%include "printer.asm"
%include "system.asm"
%include "apm.asm"
%include "fdc.asm"
%include "diskette.asm"
%include "ata.asm"
%include "atapi.asm"
%include "drives.asm"
%include "disk.asm"
%include "edd.asm"
%include "cdrom.asm"
%include "eltorito.asm"
%include "boot.asm"
%include "bootmenu.asm"
%include "acpi.asm"
%include "mp.asm"
%include "smbios.asm"

; --- F000:D000: 4 KiB left empty for tables that the machine may put here ---------
        AT      0D000h

; --- F000:E05B to the end: the addresses that software knows by heart -------------
%include "entries.asm"
