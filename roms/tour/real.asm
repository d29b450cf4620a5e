; Real mode: segments, the A20 gate, the GDT, and the switch to protected mode.

        stop 7E00h
; Segment arithmetic. A real-mode address is segment * 16 + offset (SDM Vol.3A 20.1.1 "Address Translation in Real-Address
; Mode"), so each byte has many names.
segments:
        mov ax, 0050h
        mov es, ax
        mov ax, 0060h
        mov fs, ax
        mov byte [es:0100h], 0A5h       ; 0050:0100
        movzx edx, byte [fs:0000h]      ; 0060:0000
        mov esi, text_segments
        call say_16
        jmp a20_wrap

        stop 7F00h
; The A20 gate. FFFF:0510 is linear 100500h. An 8086 had no address line 20 and came out at 000500h; PCs keep a gate that
; can still hold the line at 0.
a20_wrap:
        mov ax, 0FFFFh
        mov es, ax
        mov al, [0500h]
        push ax                         ; the BIOS owns this byte
        call a20_off
        mov byte [0500h], 11h
        mov byte [es:0510h], 22h
        movzx edx, byte [0500h]
        push dx
        call a20_on
        pop dx
        mov esi, text_a20_off
        cmp dl, 22h
        je .wrapped
        mov esi, text_a20_stuck
.wrapped:
        call say_16
        mov byte [0500h], 33h
        mov byte [es:0510h], 44h
        movzx edx, byte [0500h]
        mov esi, text_a20_on
        call say_16
        pop ax
        mov [0500h], al
        jmp build_gdt

        stop 8000h
; The global descriptor table (SDM Vol.3A 3.5.1 "Segment Descriptor Tables") is copied to its place; LGDT tells the
; processor where it is. Until a segment register is loaded in protected mode nothing else changes.
build_gdt:
        xor ax, ax
        mov es, ax
        mov si, gdt_contents
        mov di, GDT
        mov cx, gdt_contents.end - gdt_contents
        rep movsb
        lgdt [gdt_pointer]
        mov edx, gdt_contents.end - gdt_contents
        mov ebx, GDT
        mov esi, text_gdt
        call say_16
        cli                             ; real-mode interrupt handlers cannot run where we go
        mov eax, cr0
        or eax, CR0_PE
        jmp set_pe

        stop 8100h
; CR0.PE turns protected mode on with this very instruction. CS still holds its real-mode descriptor, which says 16-bit
; code; the far jump loads it from the GDT (SDM Vol.3A 9.9.1 "Switching to Protected Mode").
set_pe:
        mov cr0, eax
        jmp dword CODE_0:protected_mode
