; Character cells of modes 0Dh-12h: segment A000h, four planes, a bit a dot in each, as many bytes in a line as columns.
; Between calls the graphics controller is as the mode set left it: write mode 0, read mode 0, no set/reset, all bits
; of a byte writable, no logical function; the sequencer writes all planes.

ALL_PLANES      equ 0Fh
FUNCTION_XOR    equ 18h

; Segment A000h -> ES, and offset of the first line of the cell at row AL, column CL of page BH -> DI. Changes AX.
plane_offset:
        push dx
        push SEGMENT_PLANES
        pop es
        mul byte [BDA_COLUMNS]          ; bytes in a line
        mul word [BDA_CELL_HEIGHT]
        movzx di, cl
        add di, ax
        movzx ax, bh
        mul word [BDA_PAGE_SIZE]
        add di, ax
        pop dx
        ret

; Writes AH to graphics controller register AL. Changes DX.
write_graphics:
        mov dx, GRAPHICS
        out dx, ax
        ret

; Writes AH to the map mask: the planes to be written. Changes AL, DX.
write_map_mask:
        mov dx, SEQUENCER
        mov al, SEQ_MAP_MASK
        out dx, ax
        ret

; Copies through the latches (write mode 1), all four planes at once.
copy_row_planes:
        push ax
        call plane_offset
        mov si, di
        pop ax
        mov al, ah
        call plane_offset
        call row_cells
        mov ax, 0100h | GC_MODE
        call write_graphics
        mov dx, [BDA_CELL_HEIGHT]
        mov bx, [BDA_COLUMNS]
        sub bx, cx                      ; from the end of a line to the start of the next
        push es
        pop ds
.line:
        push cx
        rep movsb
        pop cx
        add si, bx
        add di, bx
        dec dx
        jnz .line
        mov ax, 0000h | GC_MODE
        jmp write_graphics

fill_row_planes:
        mov al, ah
        call plane_offset
        call row_cells
        call set_fill_colour
        mov dx, [BDA_CELL_HEIGHT]
        mov bx, [BDA_COLUMNS]
        sub bx, cx
.line:
        push cx
        rep stosb                       ; any value: set/reset takes its place
        pop cx
        add di, bx
        dec dx
        jnz .line
        jmp end_fill

; Every dot written gets colour BL, until end_fill. Both change AX, DX.
set_fill_colour:
        mov ah, bl
        mov al, GC_SET_RESET
        call write_graphics
        mov ax, ALL_PLANES << 8 | GC_ENABLE
        jmp write_graphics
end_fill:
        mov ax, 0000h | GC_SET_RESET
        call write_graphics
        mov ax, 0000h | GC_ENABLE
        jmp write_graphics

put_cell_planes:
        push ax
        mov al, dh
        mov cl, dl
        call plane_offset
        test bl, XOR_COLOUR
        jz .plain
        mov ax, FUNCTION_XOR << 8 | GC_FUNCTION
        call write_graphics
.plain:
        pop ax
        mov bp, [BDA_COLUMNS]
        call glyph_address
        mov bh, bl                      ; BH = colour with its XOR bit
        and bl, ALL_PLANES
.line:
        test bh, XOR_COLOUR
        jnz .exclusive
        mov ah, ALL_PLANES              ; clear the line of the cell, then draw in the planes of the colour
        call write_map_mask
        mov byte [es:di], 0
.exclusive:
        mov ah, bl
        call write_map_mask
        lodsb
        xchg al, [es:di]                ; the read fills the latches
        add di, bp
        loop .line
        mov ah, ALL_PLANES
        call write_map_mask
        mov ax, 0000h | GC_FUNCTION
        jmp write_graphics

; Reads with colour compare (read mode 1): a bit for each dot that has colour 0, so the glyph is the complement.
get_cell_planes:
        mov ax, .read
        jmp match_cell
.read:
        mov si, di
        mov al, dh
        mov cl, dl
        call plane_offset
        mov ax, 0800h | GC_MODE
        call write_graphics
        mov cx, [BDA_CELL_HEIGHT]
        mov bx, [BDA_COLUMNS]
.line:
        mov al, [es:di]
        not al
        mov [ss:si], al
        inc si
        add di, bx
        loop .line
        mov ax, 0000h | GC_MODE
        jmp write_graphics
