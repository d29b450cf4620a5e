; INT 10h AH=11h: fonts. Text modes read the glyphs from plane 2: eight blocks of 256 glyphs, 32 bytes each; graphics
; modes have theirs drawn by us from the table that INT 43h points to.

font_functions:
        mov ah, al
        mov si, .table
        jmp call_subfunction
.table:
        subfunction 00h, load_user_font
        subfunction 01h, load_font_14
        subfunction 02h, load_font_8
        subfunction 03h, select_blocks
        subfunction 04h, load_font_16
        subfunction 10h, load_user_font_and_fit
        subfunction 11h, load_font_14_and_fit
        subfunction 12h, load_font_8_and_fit
        subfunction 14h, load_font_16_and_fit
        subfunction 20h, set_upper_graphics_font
        subfunction 21h, set_user_graphics_font
        subfunction 22h, set_graphics_font_14
        subfunction 23h, set_graphics_font_8
        subfunction 24h, set_graphics_font_16
        subfunction 30h, get_font
        end_of_subfunctions

; The font of our own that has BH lines -> CS:SI
rom_font:
        mov si, font8
        cmp bh, 8
        jbe .done
        mov si, font14
        cmp bh, 14
        jbe .done
        mov si, font16
.done:
        ret

; --- text modes ---

; AL=00h: CX glyphs of BH lines from ES:BP, first character DX, to block BL. AL=10h: fits the screen to them.
load_user_font:
        mov si, [bp + frame.bp]
        jmp load_glyphs
load_user_font_and_fit:
        call load_user_font
        jmp fit_rows

; AL=01h, 02h, 04h: our fonts to block BL. AL=11h, 12h, 14h: fits the screen to them.
load_font_14:
        mov bh, 14
        jmp load_rom_font
load_font_8:
        mov bh, 8
        jmp load_rom_font
load_font_16:
        mov bh, 16
; The font of BH lines to block BL. Keeps BX.
load_rom_font:
        call rom_font
        mov cx, 256
        xor dx, dx
        push cs
        pop es
        jmp load_glyphs

load_font_14_and_fit:
        call load_font_14
        jmp fit_rows
load_font_8_and_fit:
        call load_font_8
        jmp fit_rows
load_font_16_and_fit:
        call load_font_16
        jmp fit_rows

; CX glyphs of BH lines from ES:SI to block BL from character DX on. Does nothing in graphics modes. Keeps BX.
load_glyphs:
        call mode_kind
        test di, di                     ; KIND_TEXT
        jnz .done
        jcxz .done
        mov di, dx
        call open_font_plane
        shl di, 5
        movzx ax, bl                    ; blocks 0-3 start at 0, 4000h, 8000h, C000h, blocks 4-7 2000h above them
        and al, 07h
        shl ax, 14
        add di, ax
        test bl, 04h
        jz .block
        add di, 2000h
.block:
        push ds
        push es
        pop ds
        push SEGMENT_PLANES
        pop es
        mov dx, cx
.glyph:
        movzx cx, bh
        push di
        rep movsb
        pop di
        add di, 32
        dec dx
        jnz .glyph
        pop ds
        call close_font_plane
.done:
        ret

; Lets the CPU write plane 2, and only it, at A0000h. Changes AX, DX.
open_font_plane:
        mov dx, SEQUENCER
        mov ax, 0400h | SEQ_MAP_MASK
        out dx, ax
        mov ax, 0700h | SEQ_MEMORY_MODE         ; no odd/even addressing
        out dx, ax
        mov dx, GRAPHICS
        mov ax, 0000h | GC_MODE                 ; write mode 0, no odd/even addressing
        out dx, ax
        mov ax, 0400h | GC_MISC                 ; 64 KiB at A0000h
        out dx, ax
        ret

; Back to text: planes 0 and 1, odd/even, 32 KiB at B8000h or B0000h. Changes AX, DX.
close_font_plane:
        mov dx, SEQUENCER
        mov ax, 0300h | SEQ_MAP_MASK
        out dx, ax
        mov ax, 0200h | SEQ_MEMORY_MODE
        out dx, ax
        mov dx, GRAPHICS
        mov ax, 1000h | GC_MODE
        out dx, ax
        mov ax, 0E00h | GC_MISC
        cmp word [BDA_CRTC], CRTC_COLOUR
        je .write
        mov ah, 0Ah
.write:
        out dx, ax
        ret

; AL=03h: the character map register = BL: which blocks attribute bit 3 chooses from
select_blocks:
        mov dx, SEQUENCER
        mov ax, 0100h | SEQ_RESET
        out dx, ax
        mov al, SEQ_CHARACTER_MAP
        mov ah, bl
        out dx, ax
        mov ax, 0300h | SEQ_RESET
        out dx, ax
        ret

; Fits the text screen to characters of BH lines: as many rows as its scan lines hold. Changes AX, BX, CX, DX, DI.
fit_rows:
        call mode_kind
        test di, di
        jnz .done
        test bh, bh
        jz .done
        mov [BDA_CELL_HEIGHT], bh
        mov al, CRTC_MAX_LINE
        call read_crtc
        mov bl, ah                      ; BL = maximum scan line register
        and ah, 0E0h
        dec bh
        or ah, bh
        inc bh
        out dx, ax
        call frame_lines
        div bh                          ; AL = rows
        mov cl, al
        dec al
        mov [BDA_LAST_ROW], al
        mov al, cl
        mul bh
        test bl, 80h                    ; each line is shown twice
        jz .end
        add ax, ax
.end:
        dec ax                          ; bits 8 and 9 stay as they are: the loss is less than a row
        mov ah, al
        mov al, CRTC_DISPLAY_END
        mov dx, [BDA_CRTC]
        out dx, ax
        mov al, cl
        mul byte [BDA_COLUMNS]
        add ax, ax
        add ax, 07FFh                   ; pages start at multiples of 2 KiB
        and ax, 0F800h
        mov [BDA_PAGE_SIZE], ax
        cmp byte [BDA_MODE], 7
        jne .shape
        mov al, CRTC_UNDERLINE
        mov ah, bh
        dec ah
        out dx, ax
.shape:
        call apply_cursor_shape
.done:
        ret

; CRT controller register AL -> AH. DX = its index port. Keeps AL.
read_crtc:
        mov dx, [BDA_CRTC]
        out dx, al
        inc dx
        mov ah, al
        in al, dx
        xchg al, ah
        dec dx
        ret

; Scan lines of the frame, 200 where each is shown twice -> AX. Changes CX, DX.
scan_lines:
        mov al, CRTC_OVERFLOW
        call read_crtc
        mov cl, ah
        mov al, CRTC_DISPLAY_END
        call read_crtc
        mov al, ah
        mov ah, 0
        test cl, 02h                    ; bit 8 of the display end
        jz .bit_9
        or ah, 01h
.bit_9:
        test cl, 40h
        jz .whole
        or ah, 02h
.whole:
        inc ax
        push ax
        mov al, CRTC_MAX_LINE
        call read_crtc
        mov cl, ah
        pop ax
        test cl, 80h
        jz .done
        shr ax, 1
.done:
        ret

; Scan lines of the frame of a text mode: an earlier fit_rows may have cut some off the display end. -> AX.
; Changes CX, DX.
frame_lines:
        call scan_lines
        mov cx, ax
        mov ax, 200
        cmp cx, ax
        jbe .done
        mov ax, 350
        cmp cx, ax
        jbe .done
        mov ax, 400
.done:
        ret

; --- graphics modes ---

; AL=20h: INT 1Fh = ES:BP, the glyphs 80h-FFh of CGA graphics
set_upper_graphics_font:
        mov bx, VECTOR_1F
        mov ax, [bp + frame.bp]
        jmp set_vector

; AL=21h: INT 43h = ES:BP, glyphs of CX bytes. AL=22h, 23h, 24h: ours. BL = rows: 1, 2, 3 for 14, 25, 43; 0 = DL.
set_user_graphics_font:
        mov [BDA_CELL_HEIGHT], cx
        call set_graphics_rows
        mov ax, [bp + frame.bp]
set_vector_43:
        mov bx, VECTOR_43
; The interrupt vector at 0:BX = ES:AX. Keeps BX.
set_vector:
        push ds
        push 0
        pop ds
        mov [bx], ax
        mov [bx + 2], es
        pop ds
        ret
set_graphics_font_14:
        mov bh, 14
        jmp set_graphics_font_and_rows
set_graphics_font_8:
        mov bh, 8
        jmp set_graphics_font_and_rows
set_graphics_font_16:
        mov bh, 16
set_graphics_font_and_rows:
        call set_graphics_rows
        call rom_font
; INT 43h = CS:SI, a font of BH lines
set_graphics_font:
        movzx ax, bh
        mov [BDA_CELL_HEIGHT], ax
        push cs
        pop es
        mov ax, si
        jmp set_vector_43

; Rows told by BL, or DL -> BDA_LAST_ROW. Keeps BX, CX.
set_graphics_rows:
        movzx di, bl
        cmp di, 3
        ja .given
        test di, di
        jz .given
        mov dl, [cs:.rows + di - 1]
.given:
        dec dl
        mov [BDA_LAST_ROW], dl
        ret
.rows:
        db 14, 25, 43

; AL=30h: ES:BP = font BH, CX = lines of a character, DL = last row
get_font:
        cmp bh, 7
        ja .done
        movzx di, bh
        mov ax, [BDA_CELL_HEIGHT]
        mov [bp + frame.cx], ax
        mov al, [BDA_LAST_ROW]
        mov [bp + frame.dx], al
        mov bx, VECTOR_1F
        cmp di, 1
        jb .vector
        mov bx, VECTOR_43
        je .vector
        add di, di
        mov ax, [cs:.fonts + di - 4]
        mov [bp + frame.bp], ax
        mov [bp + frame.es], cs
.done:
        ret
.vector:
        push 0
        pop ds
        les ax, [bx]
        mov [bp + frame.bp], ax
        mov [bp + frame.es], es
        push BDA_SEGMENT
        pop ds
        ret
.fonts:
        dw font14, font8, font8.upper, no_alternates, font16, no_alternates

; Glyphs that a 9-dot cell wants drawn otherwise, as (character, lines) rows up to a 0: ours serve both widths.
no_alternates:
        db 0
