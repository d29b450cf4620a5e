; VBE: set and get the mode. VBE Core Functions Standard 3.0, "Function 02h - Set VBE Mode", "Function 03h - Return
; current VBE Mode".

VBE_MODE_NUMBER equ 7Fh                 ; what INT 10h AH=0Fh tells in graphics modes of this extension: none of a VGA's

; AL=02h: BX = mode, with bit 14 for the linear framebuffer, bit 15 to keep the memory. Bit 11, a refresh rate of the
; caller's, changes nothing here.
vbe_set_mode:
        mov cx, bx
        and cx, 37FFh
        cmp cx, 100h
        jae .extended
        test bh, VBE_LINEAR
        jnz vbe_failed
        push bx
        mov al, cl
        call find_parameters
        pop bx
        jc vbe_failed
        mov al, cl
        and bh, VBE_KEEP
        or al, bh
        call set_mode
        mov ax, VBE_OK
        ret
.extended:
        call find_vbe_mode
        jc vbe_failed
        cmp byte [cs:si + vbe_mode.depth], 4
        ja .graphics
        test bh, VBE_LINEAR             ; planes and text are not linear
        jnz vbe_failed
        cmp byte [cs:si + vbe_mode.depth], 0
        je set_vbe_text
.graphics:
        push bx
        push si
        mov al, 12h                     ; below, a VGA's mode of 480 lines
        call begin_vbe_mode
        pop si
        cmp byte [cs:si + vbe_mode.depth], 8
        jb .planes
        mov byte [BDA_MODE], 13h        ; the palette of 256 colours
.planes:
        push si
        mov si, parameters + 1Bh * parameter_size
        call load_mode_palette
        pop si
        call set_vbe_data
        pop bx
        call start_dispi
        jz vbe_failed
        and bh, ~08h & 0FFh             ; bit 11
        mov [BDA_VBE_MODE], bx
        call show_screen
        mov ax, VBE_OK
        ret

; Sets VGA mode AL, registers and data area, as BH asks about memory; the screen stays dark, memory untouched. -> SI =
; parameters. Changes AX, BX, CX, DX, DI, ES.
begin_vbe_mode:
        call leave_linear_framebuffer
        push bx
        push ax
        call find_parameters
        pop ax
        pop bx
        mov cl, bh
        call set_mode_data
        jmp program_mode

; The data area for the mode at CS:SI. Changes AX, BX, CX.
set_vbe_data:
        mov byte [BDA_MODE], VBE_MODE_NUMBER
        mov ax, [cs:si + vbe_mode.width]
        shr ax, 3
        mov [BDA_COLUMNS], ax
        mov ax, [cs:si + vbe_mode.height]
        shr ax, 4
        dec ax
        mov [BDA_LAST_ROW], al
        mov word [BDA_CELL_HEIGHT], 16
        ret

; Switches the display interface to the mode at CS:SI, BH bit 7 = memory stays. ZF set if it does not take it. Changes
; AX, CX, DX.
start_dispi:
        mov cx, [cs:si + vbe_mode.width]
        mov al, DISPI_XRES
        call dispi_write
        mov cx, [cs:si + vbe_mode.height]
        mov al, DISPI_YRES
        call dispi_write
        movzx cx, [cs:si + vbe_mode.depth]
        mov al, DISPI_BPP
        call dispi_write
        mov cl, bh
        and cx, DISPI_NO_CLEAR          ; the bit is the same
        or cl, DISPI_ENABLED | DISPI_LINEAR
        mov al, DISPI_ENABLE
        call dispi_write
        jmp dispi_is_on

; AL=03h: BX = mode, with bits 14 and 15 as it was set
vbe_get_mode:
        mov bx, [BDA_VBE_MODE]
        test bx, bx
        jnz .answer
        mov bl, [BDA_MODE]
        mov bh, [BDA_INFO]
        and bh, INFO_KEEP
.answer:
        mov [bp + frame.bx], bx
        mov ax, VBE_OK
        ret

; --- text modes: mode 3 with other timing; characters are eight dots wide ---

; What differs from mode 3 of 400 lines: lines of a character, miscellaneous output, then CRT controller registers and
; values up to a number 0FFh.
struc text_change
.cell_height:   resb 1
.misc:          resb 1
.crtc:
endstruc

; 160 character clocks in a line, 132 of them shown; retrace in 138 to 149
%define WIDE_132        00h, 9Bh, 01h, 83h, 02h, 84h, 03h, 9Eh, 04h, 8Ah, 05h, 16h, 13h, 42h
; 525 lines, 480 of them shown, and 449 with 350
%define LINES_480       06h, 0Bh, 07h, 3Eh, 10h, 0EAh, 11h, 8Ch, 12h, 0DFh, 15h, 0E7h, 16h, 04h
%define LINES_350       10h, 83h, 11h, 85h, 12h, 57h, 15h, 63h, 16h, 0BAh
; Characters of eight lines with the cursor in the last two
%define CELL_8          09h, 47h, 0Ah, 06h, 0Bh, 07h

text_changes:
        dw .mode_108, .mode_109, .mode_10a, .mode_10b, .mode_10c
.mode_108:
        db 8, 0E7h, CELL_8, LINES_480, 0FFh
.mode_109:
        db 16, 67h, WIDE_132, 0FFh
.mode_10a:
        db 8, 0A7h, WIDE_132, CELL_8, LINES_350, 0FFh
.mode_10b:
        db 8, 67h, WIDE_132, CELL_8, 0FFh
.mode_10c:
        db 8, 0E7h, WIDE_132, CELL_8, LINES_480, 0FFh

; CS:SI = row of a text mode -> CS:DI = what it changes. Keeps all other registers.
find_text_change:
        mov di, [cs:si + vbe_mode.number]
        sub di, 108h
        add di, di
        mov di, [cs:text_changes + di]
        ret

; CS:SI = row of a text mode -> AL = lines of a character. Keeps all other registers.
vbe_text_height:
        push di
        call find_text_change
        mov al, [cs:di + text_change.cell_height]
        pop di
        ret

; BX = mode as the caller gave it, CS:SI = its row
set_vbe_text:
        push bx
        push si
        mov cl, [BDA_FLAGS]             ; whatever text modes shall have, here it is 400 lines to begin with
        push cx
        and byte [BDA_FLAGS], ~FLAGS_200 & 0FFh
        or byte [BDA_FLAGS], FLAGS_400
        mov al, 03h
        call begin_vbe_mode
        call load_mode_palette
        pop cx
        mov [BDA_FLAGS], cl
        pop si
        push si
        call find_text_change
        mov si, di
        call change_text_mode
        pop si
        call set_vbe_text_data
        mov bh, [BDA_CELL_HEIGHT]
        mov bl, 0
        call load_rom_font
        pop bx
        test bh, VBE_KEEP
        jnz .kept
        push bx
        call clear_memory
        pop bx
.kept:
        and bh, ~08h & 0FFh             ; bit 11
        mov [BDA_VBE_MODE], bx
        call apply_cursor_shape
        xor dx, dx
        xor bh, bh
        call place_cursor
        call show_screen
        mov ax, VBE_OK
        ret

; Makes the changes at CS:SI. Changes AX, DX, SI.
change_text_mode:
        mov dx, SEQUENCER
        mov ax, 0100h | SEQ_RESET       ; the clocks stop while they change
        out dx, ax
        mov ax, 0100h | SEQ_CLOCKING    ; eight dots
        out dx, ax
        mov dx, MISC_WRITE
        mov al, [cs:si + text_change.misc]
        out dx, al
        mov dx, SEQUENCER
        mov ax, 0300h | SEQ_RESET
        out dx, ax
        mov dx, CRTC_COLOUR
        mov ax, 0E00h | CRTC_SYNC_END   ; bit 7 clear: registers 0-7 may be written
        out dx, ax
        mov al, [cs:si + text_change.cell_height]
        mov ah, 0
        mov [BDA_CELL_HEIGHT], ax
        add si, text_change.crtc
.next:
        mov ax, [cs:si]
        cmp al, 0FFh
        je .done
        out dx, ax
        add si, 2
        jmp .next
.done:
        ret

; The data area for the text mode at CS:SI. Changes AX.
set_vbe_text_data:
        mov ax, [cs:si + vbe_mode.width]
        mov [BDA_COLUMNS], ax
        mov ah, [cs:si + vbe_mode.height]
        dec ah
        mov [BDA_LAST_ROW], ah
        inc ah
        mul ah                          ; columns times rows
        add ax, ax
        add ax, 07FFh                   ; pages start at multiples of 2 KiB
        and ax, 0F800h
        mov [BDA_PAGE_SIZE], ax
        ret
