; INT 10h AH=00h and 0Fh: set and get the video mode.

; What memory looks like in a mode; also the index of the tables in cells.asm.
KIND_TEXT       equ 0
KIND_CGA        equ 2           ; modes 4-6: two interleaved banks at B8000h
KIND_PLANES     equ 4           ; modes 0Dh-12h: four planes at A0000h
KIND_LINEAR     equ 6           ; mode 13h: a byte a pixel at A0000h
KIND_NONE       equ 8

; Kind of each mode and its rows in the parameter table for 200, 350 and 400 scan lines
modes:
        db KIND_TEXT,   00h, 13h, 17h   ; 0
        db KIND_TEXT,   01h, 14h, 17h
        db KIND_TEXT,   02h, 15h, 18h
        db KIND_TEXT,   03h, 16h, 18h
        db KIND_CGA,    04h, 04h, 04h   ; 4
        db KIND_CGA,    05h, 05h, 05h
        db KIND_CGA,    06h, 06h, 06h
        db KIND_TEXT,   07h, 07h, 19h   ; 7
        times 5 db KIND_NONE, 0, 0, 0   ; 8-0Ch
        db KIND_PLANES, 0Dh, 0Dh, 0Dh   ; 0Dh
        db KIND_PLANES, 0Eh, 0Eh, 0Eh
        db KIND_PLANES, 11h, 11h, 11h
        db KIND_PLANES, 12h, 12h, 12h
        db KIND_PLANES, 1Ah, 1Ah, 1Ah   ; 11h
        db KIND_PLANES, 1Bh, 1Bh, 1Bh
        db KIND_LINEAR, 1Ch, 1Ch, 1Ch   ; 13h
LAST_MODE       equ 13h

; What a CGA's mode select register (3D8h) would hold in modes 0-7; the BIOS data area still shows it.
cga_mode_select:
        db 2Ch, 28h, 2Dh, 29h, 2Ah, 2Eh, 1Eh, 29h

; AH=00h: sets mode AL; with bit 7 the video memory keeps its content. Changes the caller's AL as later BIOSes do:
; 30h after a text mode, 3Fh after mode 6, 20h after other graphics modes.
set_mode:
        mov cl, al                      ; CL = request
        and al, 7Fh
        call find_parameters
        jc .done                        ; no such mode: nothing happens
        call leave_linear_framebuffer
        call set_mode_data              ; the data area first: what follows asks it for the mode
        call program_mode
        call load_mode_palette
        call load_mode_font
        test byte [BDA_INFO], INFO_KEEP
        jnz .kept
        call clear_memory
.kept:
        call apply_cursor_shape
        xor dx, dx
        xor bh, bh
        call place_cursor
        call show_screen
        mov al, [BDA_MODE]
        mov ah, 3Fh
        cmp al, 6
        je .answer
        mov ah, 20h
        ja .above
        cmp al, 4
        jae .answer
.text:
        mov ah, 30h
        jmp .answer
.above:
        cmp al, 7
        je .text
.answer:
        mov [bp + frame.ax], ah
.done:
        ret

; AH=0Fh: AL = mode (bit 7 as it was set), AH = columns, BH = page shown
get_mode:
        mov al, [BDA_INFO]
        and al, INFO_KEEP
        or al, [BDA_MODE]
        mov ah, [BDA_COLUMNS]
        mov [bp + frame.ax], ax
        mov al, [BDA_PAGE]
        mov [bp + frame.bx + 1], al
        ret

; AL = mode -> SI = its row of the parameter table, CF clear; CF set if there is no such mode. Changes BX.
find_parameters:
        cmp al, LAST_MODE
        ja .none
        movzx bx, al
        shl bx, 2
        cmp byte [cs:modes + bx], KIND_NONE
        je .none
        inc bx                          ; 200 lines
        test byte [BDA_FLAGS], FLAGS_200
        jnz .row
        inc bx                          ; 350 lines
        test byte [BDA_FLAGS], FLAGS_400
        jz .row
        inc bx                          ; 400 lines
.row:
        movzx si, [cs:modes + bx]
        shl si, 6
        add si, parameters
        clc
        ret
.none:
        stc
        ret

; The kind of the mode in use -> DI; KIND_NONE for one that is not ours.
mode_kind:
        mov di, KIND_NONE
        cmp byte [BDA_MODE], LAST_MODE
        ja .done
        movzx di, byte [BDA_MODE]
        shl di, 2
        movzx di, byte [cs:modes + di]
.done:
        ret

; The 1234:1111 device shows its linear framebuffer until DISPI is disabled. Keeps AX; changes DX.
leave_linear_framebuffer:
        push ax
        mov dx, DISPI_INDEX
        mov ax, DISPI_ENABLE
        out dx, ax
        inc dx
        xor ax, ax
        out dx, ax
        mov [BDA_VBE_MODE], ax
        pop ax
        ret

; Fills the video part of the BIOS data area for mode AL, request CL, parameters CS:SI. Changes AX, BX, DI, ES.
set_mode_data:
        mov [BDA_MODE], al
        and byte [BDA_INFO], ~INFO_KEEP & 0FFh
        and cl, INFO_KEEP
        or [BDA_INFO], cl
        movzx ax, [cs:si + parameter.columns]
        mov [BDA_COLUMNS], ax
        mov al, [cs:si + parameter.last_row]
        mov [BDA_LAST_ROW], al
        mov al, [cs:si + parameter.cell_height]         ; AH is still 0
        mov [BDA_CELL_HEIGHT], ax
        mov ax, [cs:si + parameter.page_size]
        mov [BDA_PAGE_SIZE], ax
        mov word [BDA_SHAPE], 0607h
        mov byte [BDA_CGA_PALETTE], 30h
        cmp byte [BDA_MODE], 6
        jne .palette_set
        mov byte [BDA_CGA_PALETTE], 3Fh
.palette_set:
        xor ax, ax
        mov [BDA_START], ax
        mov [BDA_PAGE], al
        push ds
        pop es
        mov di, BDA_CURSORS
        mov cx, 8
        rep stosw
        movzx bx, [BDA_MODE]
        cmp bl, 7
        ja .no_cga
        mov al, [cs:cga_mode_select + bx]
        mov [BDA_MODE_SELECT], al
.no_cga:
        mov word [BDA_CRTC], CRTC_COLOUR
        mov al, 20h                     ; equipment: 80x25 colour
        test byte [cs:si + parameter.misc], MISC_COLOUR
        jnz .colour
        mov word [BDA_CRTC], CRTC_MONO
        mov al, 30h                     ; equipment: monochrome
.colour:
        and byte [BDA_EQUIPMENT], ~EQUIPMENT_VIDEO & 0FFh
        or [BDA_EQUIPMENT], al
        ret

; Loads the register groups from the parameters at CS:SI. Keeps SI. Changes AX, CX, DX, DI.
program_mode:
        push si
        mov dl, [cs:si + parameter.misc]
        add si, parameter.sequencer
        mov dh, dl
        push dx                         ; DH = misc value
        mov dx, SEQUENCER
        mov ax, 0100h | SEQ_RESET       ; the clocks stop while they change
        out dx, ax
        mov al, SEQ_CLOCKING
        mov cx, 4
        call write_indexed
        pop dx
        mov al, dh
        mov dx, MISC_WRITE
        out dx, al
        mov dx, SEQUENCER
        mov ax, 0300h | SEQ_RESET
        out dx, ax
        inc si                          ; past the misc byte: CRT controller
        mov dx, [BDA_CRTC]
        mov ax, CRTC_SYNC_END           ; bit 7 clear: registers 0-7 may be written
        out dx, ax
        mov al, 0
        mov cx, 25
        call write_indexed
        call write_attributes
        mov dx, GRAPHICS
        mov al, 0
        mov cx, 9
        call write_indexed
        pop si
        ret

; Writes CX registers from CS:SI through index port DX, from index AL on; SI ends behind them. Changes AX, CX.
write_indexed:
        mov ah, [cs:si]
        out dx, ax
        inc si
        inc al
        loop write_indexed
        ret

; Writes attribute registers 0-13h from CS:SI and 0 to the colour select register, and leaves the screen dark until
; show_screen. SI ends behind them. Changes AX, DX.
write_attributes:
        call reset_attribute_index
        mov dx, ATTRIBUTE_WRITE
        mov ah, 0
.next:
        mov al, ah
        out dx, al
        mov al, [cs:si]
        out dx, al
        inc si
        inc ah
        cmp ah, ATTR_SELECT
        jb .next
        mov al, ah
        out dx, al
        mov al, 0
        out dx, al
        ret

; Makes the next write to ATTRIBUTE_WRITE an index. No interrupt handler may come between index and data: interrupts
; stay off until the IRET brings the caller's flags back. Changes AL, DX.
reset_attribute_index:
        cli
        mov dx, [BDA_CRTC]
        add dx, CRTC_TO_STATUS_1
        in al, dx
        ret

; Gives the palette back to the screen. Changes AL, DX.
show_screen:
        call reset_attribute_index
        mov dx, ATTRIBUTE_WRITE
        mov al, ATTRIBUTE_SHOW
        out dx, al
        ret

; Loads the font of a text mode into plane 2, or points INT 43h to the font of a graphics mode, as high as its cells.
load_mode_font:
        mov bh, [BDA_CELL_HEIGHT]
        call rom_font
        call mode_kind
        test di, di                     ; KIND_TEXT
        jnz .graphics
        mov bl, 0
        jmp load_rom_font
.graphics:
        jmp set_graphics_font

; Clears what the mode shows: blanks with attribute 07h, or zeros.
clear_memory:
        call mode_kind
        mov ax, 0720h
        mov bx, 4000h                   ; words: the 32 KiB at B0000h or B8000h
        call text_segment
        cmp di, KIND_TEXT
        je .fill
        mov ax, 0
        cmp di, KIND_CGA
        je .fill
        push SEGMENT_PLANES
        pop es
        mov bx, 8000h                   ; words: 64 KiB, all planes at once
.fill:
        mov cx, bx
        xor di, di
        rep stosw
        ret

; The segment of the text buffer -> ES (also right for CGA graphics). Changes nothing else.
text_segment:
        push SEGMENT_COLOUR
        cmp word [BDA_CRTC], CRTC_COLOUR
        je .set
        add sp, 2
        push SEGMENT_MONO
.set:
        pop es
        ret
