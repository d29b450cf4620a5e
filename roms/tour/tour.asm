; The guided tour: a boot disk that walks from real mode to ring 3 and back, one step a line on the screen and on COM1.
;
; Assembled by one call:  nasm -f bin -I roms/tour/ -o roms/tour.img roms/tour/tour.asm
;
; The boot sector loads the rest of the code right behind itself, so an address in this source is the linear address in
; the machine. Every step of interest starts at a fixed address, set by the macro "stop": the debugger's guided script,
; stops.txt beside this file, names them. Its lines are
;       address (hexadecimal, linear) | mode | title | explanation
; in the order of the walk, and its addresses are those of "stop" lines here. A step that outgrows its place does not
; assemble ("TIMES value is negative").
;
;       7C00h-81FFh     real mode
;       8200h-8BFFh     protected mode, ring 0
;       8C00h-8FFFh     real mode again
;       9000h-9FFFh     ring 3: the only page of code that ring 3 may touch
;       A000h-AFFFh     routines, exception handlers, tables and texts
;
; References: Intel 64 and IA-32 Architectures Software Developer's Manual, Volume 3A: chapter 3 "Protected-Mode Memory
; Management", 4 "Paging", 5 "Protection", 6 "Interrupt and Exception Handling", 9.8 "Software Initialization for
; Protected-Mode Operation", 9.9 "Mode Switching".

        cpu 386
%include "memory.inc"
        org ORIGIN

; A step that starts at linear address %1
%macro stop 1
        times (%1) - ORIGIN - ($ - $$) db 0
%endmacro

        bits 16
%include "boot.asm"
%include "real.asm"
        bits 32
%include "protected.asm"
%include "leave.asm"
%include "ring3.asm"

        stop 0A000h
        bits 16
%include "lines16.asm"
%include "a20.asm"
        bits 32
%include "handlers.asm"
%include "tables.asm"

        times LOADED_END - ORIGIN - ($ - $$) db 0       ; end of what the boot sector loads
        times DISK_BYTES - ($ - $$) db 0
