; What the three kinds of graphics memory have in common: glyphs, and telling which character is on the screen.
; The kinds themselves are in cga.asm, planes.asm and linear.asm.

XOR_COLOUR      equ 80h                 ; colour bit 7: exclusive-or with what is there
MOST_LINES      equ 32                  ; of a glyph

; AL = character -> DS:SI = its glyph, CX = its lines. The glyphs come from the table that INT 43h points to; in modes
; 4-6 the characters 80h-FFh come from the one of INT 1Fh. Changes AX.
glyph_address:
        mov cx, [BDA_CELL_HEIGHT]
        mov si, VECTOR_43
        cmp byte [BDA_MODE], 6
        ja .whole
        test al, 80h
        jz .whole
        and al, 7Fh
        mov si, VECTOR_1F
.whole:
        mul cl
        push 0
        pop ds
        lds si, [si]
        add si, ax
        ret

; Finds the character whose glyph is on the screen at DH, DL of page BH. -> AL = the first that matches, 0 if none does;
; AH = 0. In: AX = routine that reads the cell as a glyph to SS:DI, with a bit for every dot that is not background.
; Changes all registers.
match_cell:
        push bp
        sub sp, MOST_LINES
        mov bp, sp
        mov di, sp
        push ds
        call ax
        pop ds
        mov dl, 0
.next:
        push ds
        mov al, dl
        call glyph_address
        mov di, bp
        push ss
        pop es
        repe cmpsb
        pop ds
        je .found
        inc dl
        jnz .next
.found:                                 ; DL = 0 also when nothing matched
        mov al, dl
        mov ah, 0
        add sp, MOST_LINES
        pop bp
        ret
