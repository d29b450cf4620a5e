; Start of the ROM: the system BIOS calls offset 3 once, far, before it looks for other option ROMs.

; In: AX = PCI bus, device and function of the VGA (not needed: it answers at the legacy ports). Keeps all registers.
initialize:
        pushf
        pusha
        push ds
        push es
        cld
        cli
        call enable_adapter
        call set_vectors
        call set_data_area
        mov ax, 0003h
        int 10h
        pop es
        pop ds
        popa
        popf
        retf

; Wakes the VGA, its memory and its colour ports, so that the mode set finds them at 3Dxh.
enable_adapter:
        mov dx, SUBSYSTEM
        mov al, 1
        out dx, al
        mov dx, MISC_READ
        in al, dx
        or al, MISC_COLOUR | MISC_RAM
        mov dx, MISC_WRITE
        out dx, al
        ret

; INT 42h gets the video services of the system BIOS, INT 10h ours; the font vectors get their defaults.
set_vectors:
        xor ax, ax
        mov ds, ax
        mov ax, [VECTOR_10]
        mov [VECTOR_42], ax
        mov ax, [VECTOR_10 + 2]
        mov [VECTOR_42 + 2], ax
        mov word [VECTOR_10], int10
        mov [VECTOR_10 + 2], cs
        mov word [VECTOR_1F], font8.upper
        mov [VECTOR_1F + 2], cs
        mov word [VECTOR_43], font16
        mov [VECTOR_43 + 2], cs
        ret

set_data_area:
        mov ax, BDA_SEGMENT
        mov ds, ax
        mov word [BDA_CRTC], CRTC_COLOUR
        mov byte [BDA_INFO], INFO_256K
        mov byte [BDA_SWITCHES], 0F9h           ; switches 1001b: colour display, enhanced resolution
        mov byte [BDA_FLAGS], FLAGS_400 | FLAGS_SWITCHING | FLAGS_VGA
        mov byte [BDA_DCC], DCC_VGA_COLOUR
        mov word [BDA_SAVE_TABLE], save_pointer_table
        mov [BDA_SAVE_TABLE + 2], cs
        ret

; Save pointer table: where a mode set may find other parameters. We point to ours and to no overrides.
        align 4, db 0
save_pointer_table:
        dw parameters, ROM_SEGMENT      ; video parameter table
        dd 0                            ; dynamic parameter save area
        dd 0                            ; text font override
        dd 0                            ; graphics font override
        dw secondary_table, ROM_SEGMENT
        dd 0, 0

secondary_table:
        dw .end - secondary_table
        dw display_combinations, ROM_SEGMENT
        dd 0                            ; second text font
        dd 0                            ; user palette
        dd 0, 0, 0
.end:
