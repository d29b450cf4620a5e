; Character cells of modes 4-6: segment B800h, even scan lines from offset 0, odd ones from 2000h, 80 bytes a line. A row
; has eight lines; a cell is two bytes wide in modes 4 and 5 (two bits a dot), one in mode 6.

CGA_BANK        equ 2000h
CGA_LINE        equ 80
CGA_LINES       equ 8

; Offset of the first line of the cell at row AL, column CL -> DI. Changes AX.
cga_offset:
        mov ah, CGA_LINE * CGA_LINES / 4        ; half the bytes of a row, to fit a byte; half of them are in each bank
        mul ah
        add ax, ax
        movzx di, cl
        cmp byte [BDA_MODE], 6
        je .narrow
        add di, di
.narrow:
        add di, ax
        ret

; Bytes from column CL to column DL -> CX. Changes DL.
cga_width:
        call row_cells
        cmp byte [BDA_MODE], 6
        je .narrow
        add cx, cx
.narrow:
        ret

; DI to the next scan line: across to the odd bank, or back to the even one and a line down. Changes no other register.
next_cga_line:
        xor di, CGA_BANK
        test di, CGA_BANK
        jnz .done
        add di, CGA_LINE
.done:
        ret

copy_row_cga:
        push ax
        call cga_offset
        mov si, di
        pop ax
        mov al, ah
        call cga_offset
        sub si, di                      ; source - destination: the same in each line
        call cga_width
        call text_segment
        push es
        pop ds
        mov dx, CGA_LINES
.line:
        push cx
        push si
        push di
        add si, di
        rep movsb
        pop di
        pop si
        pop cx
        call next_cga_line
        dec dx
        jnz .line
        ret

; Here the fill is a byte as it goes to memory: four dots in modes 4 and 5, eight in mode 6.
fill_row_cga:
        mov al, ah
        call cga_offset
        call cga_width
        call text_segment
        mov al, bl
        mov dx, CGA_LINES
.line:
        push cx
        push di
        rep stosb
        pop di
        pop cx
        call next_cga_line
        dec dx
        jnz .line
        ret

put_cell_cga:
        push ax
        mov al, dh
        mov cl, dl
        call cga_offset
        call text_segment
        mov dh, [BDA_MODE]
        pop ax
        call glyph_address
.line:
        lodsb
        cmp dh, 6
        je .one_bit
        call double_dots
        push bx
        and bx, 03h
        imul bx, 5555h                  ; the colour in all eight dots
        and ax, bx
        pop bx
        xchg al, ah                     ; the first byte has the left dots
        test bl, XOR_COLOUR
        jz .store
        xor ax, [es:di]
.store:
        mov [es:di], ax
        jmp .next
.one_bit:
        test bl, 01h
        jnz .lit
        mov al, 0
.lit:
        test bl, XOR_COLOUR
        jz .store_one
        xor al, [es:di]
.store_one:
        mov [es:di], al
.next:
        call next_cga_line
        loop .line
        ret

; AL = 8 dots -> AX = 16 bits, two for each dot
double_dots:
        push cx
        push dx
        mov cx, 8
.dot:
        shl dx, 2
        shl al, 1
        jnc .dark
        or dl, 03h
.dark:
        loop .dot
        mov ax, dx
        pop dx
        pop cx
        ret

get_cell_cga:
        mov ax, .read
        jmp match_cell
.read:
        mov si, di
        mov al, dh
        mov cl, dl
        call cga_offset
        call text_segment
        mov dl, [BDA_MODE]
        mov cx, CGA_LINES
.line:
        mov ax, [es:di]
        cmp dl, 6
        je .store
        xchg al, ah
        call halve_dots
.store:
        mov [ss:si], al
        inc si
        call next_cga_line
        loop .line
        ret

; AX = 8 dots of two bits -> AL = a bit for each that is not 0
halve_dots:
        push cx
        push dx
        mov cx, 8
.dot:
        shl dl, 1
        test ax, 0C000h
        jz .dark
        inc dx
.dark:
        shl ax, 2
        loop .dot
        mov al, dl
        pop dx
        pop cx
        ret
