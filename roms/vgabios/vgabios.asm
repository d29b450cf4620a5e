; The VGA BIOS of ringwalk: an option ROM for the PCI VGA 1234:1111.
;
; Assembled by one call:  nasm -f bin -I roms/vgabios/ -o roms/vgabios.bin roms/vgabios/vgabios.asm
;
; Interface: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "Interrupt 10H - Video".
; Registers: IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem".
; Container: PCI Firmware Specification 3.0, section 5.1 "PCI Expansion ROM Contents".
;
; The image runs read-only at C000:0000, in real or virtual-8086 mode, on any CPU from the 386 up. Outside of the VESA
; extension it uses no 32-bit register, so their upper halves survive without being saved, and it keeps all its state in
; the BIOS data area.

        cpu 386
        bits 16
        org 0

%include "bda.inc"
%include "registers.inc"
%include "checksum.inc"

ROM_SEGMENT     equ 0C000h              ; where a VGA BIOS always lies
ROM_BYTES       equ 6000h               ; 24 KiB

; --- expansion ROM header (PCI Firmware Specification 3.0, table 5-1) ---
        db 55h, 0AAh
        db ROM_BYTES / 512
        jmp near initialize             ; +3: called far, AX = bus, device and function
        times 18h - ($ - $$) db 0
        dw pci_data                     ; +18h: PCI data structure
        dw 0                            ; +1Ah: no Plug and Play header
        times 1Eh - ($ - $$) db 0
        db "IBM VGA compatible BIOS", 0 ; +1Eh: programs look here for "IBM" to tell a VGA from an EGA
        db "ringwalk VGA BIOS", 0

        align 4, db 0
pci_data:                               ; PCI Firmware Specification 3.0, table 5-2
        db "PCIR"
        dw 1234h, 1111h                 ; vendor, device
        dw 0                            ; no device list
        dw pci_data.end - pci_data      ; length of this structure
        db 0                            ; revision of this structure
        db 00h, 00h, 03h                ; class 030000h: VGA-compatible controller
        dw ROM_BYTES / 512
        dw 1                            ; revision of the code
        db 0                            ; code type: x86, PC-AT compatible
        db 80h                          ; last image
        dw 0
.end:

%include "init.asm"
%include "int10.asm"
%include "mode.asm"
%include "parameters.asm"
%include "dac.asm"
%include "cursor.asm"
%include "cells.asm"
%include "text.asm"
%include "graphics.asm"
%include "cga.asm"
%include "planes.asm"
%include "linear.asm"
%include "pixels.asm"
%include "teletype.asm"
%include "palette.asm"
%include "charset.asm"
%include "select.asm"
%include "state.asm"
%include "saverestore.asm"
%include "vbe.asm"
%include "vbemodes.asm"
%include "vbeset.asm"
%include "vbescreen.asm"
%include "vbestate.asm"
%include "vbeprotected.asm"
%include "fonts.asm"

        times ROM_BYTES - 1 - ($ - $$) db 0FFh
        db CHECKSUM                     ; makes the sum of all bytes 0 modulo 256
