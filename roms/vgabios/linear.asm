; Character cells of mode 13h: segment A000h, a byte a dot, 320 bytes in a line.

LINEAR_LINE     equ 320

; Segment A000h -> ES, and offset of the first line of the cell at row AL, column CL -> DI. Changes AX.
linear_offset:
        push dx
        push SEGMENT_PLANES
        pop es
        mul byte [BDA_CELL_HEIGHT]
        mov di, LINEAR_LINE
        mul di
        movzx di, cl
        shl di, 3
        add di, ax
        pop dx
        ret

copy_row_linear:
        push ax
        call linear_offset
        mov si, di
        pop ax
        mov al, ah
        call linear_offset
        call row_cells
        shl cx, 2                       ; words
        mov dx, [BDA_CELL_HEIGHT]
        push es
        pop ds
.line:
        push cx
        push si
        push di
        rep movsw
        pop di
        pop si
        pop cx
        add si, LINEAR_LINE
        add di, LINEAR_LINE
        dec dx
        jnz .line
        ret

fill_row_linear:
        mov al, ah
        call linear_offset
        call row_cells
        shl cx, 2
        mov dx, [BDA_CELL_HEIGHT]
        mov al, bl
        mov ah, bl
.line:
        push cx
        push di
        rep stosw
        pop di
        pop cx
        add di, LINEAR_LINE
        dec dx
        jnz .line
        ret

; All 256 colours are colours here: bit 7 does not mean exclusive-or. The background is 0.
put_cell_linear:
        push ax
        mov al, dh
        mov cl, dl
        call linear_offset
        pop ax
        call glyph_address
.line:
        lodsb
        mov ah, al
        push cx
        mov cx, 8
.dot:
        mov al, 0
        shl ah, 1
        jnc .dark
        mov al, bl
.dark:
        stosb
        loop .dot
        pop cx
        add di, LINEAR_LINE - 8
        loop .line
        ret

get_cell_linear:
        mov ax, .read
        jmp match_cell
.read:
        mov si, di
        mov al, dh
        mov cl, dl
        call linear_offset
        mov cx, [BDA_CELL_HEIGHT]
.line:
        mov ah, 8
.dot:
        shl al, 1
        cmp byte [es:di], 0
        je .dark
        inc ax                          ; AL bit 0 is clear after the shift
.dark:
        inc di
        dec ah
        jnz .dot
        mov [ss:si], al
        inc si
        add di, LINEAR_LINE - 8
        loop .line
        ret
