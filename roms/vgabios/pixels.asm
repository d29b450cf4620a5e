; INT 10h AH=0Ch and 0Dh: write and read one dot, at column CX and line DX of page BH. Text modes have no dots: there
; nothing happens, and a read answers 0.

; AH=0Ch: AL = colour; bit 7 exclusive-or with what is there, but in mode 13h
write_pixel:
        call mode_kind
        jmp [cs:.routines + di]
.routines:
        dw no_function, write_pixel_cga, write_pixel_planes, write_pixel_linear, no_function

; AH=0Dh: AL = colour
read_pixel:
        mov al, 0
        call mode_kind
        call [cs:.routines + di]
        mov [bp + frame.ax], al
        ret
.routines:
        dw no_function, read_pixel_cga, read_pixel_planes, read_pixel_linear, no_function

; The byte that has the dot -> ES:DI, its mask -> BL, how far the mask is shifted from bit 0 -> CL. Changes CX, DX.
find_pixel_cga:
        push ax
        call text_segment
        mov ax, CGA_LINE
        mov di, dx
        shr dx, 1
        mul dl
        test di, 1
        mov di, ax
        jz .even
        add di, CGA_BANK
.even:
        mov ax, cx
        not cl
        cmp byte [BDA_MODE], 6
        je .mode_6
        shr ax, 2
        add di, ax
        and cl, 3                       ; the leftmost dot has the highest bits
        add cl, cl
        mov bl, 03h
        jmp .mask
.mode_6:
        shr ax, 3
        add di, ax
        and cl, 7
        mov bl, 01h
.mask:
        shl bl, cl
        pop ax
        ret

write_pixel_cga:
        call find_pixel_cga
        mov ah, al
        shl al, cl
        and al, bl
        test ah, XOR_COLOUR
        jnz .exclusive
        not bl
        and [es:di], bl
.exclusive:
        xor [es:di], al
        ret

read_pixel_cga:
        call find_pixel_cga
        mov al, [es:di]
        and al, bl
        shr al, cl
        ret

; The byte that has the dot -> ES:DI, its mask -> BL. Changes CX, DX.
find_pixel_planes:
        push ax
        push SEGMENT_PLANES
        pop es
        mov ax, dx
        mul word [BDA_COLUMNS]          ; bytes in a line
        mov di, ax
        movzx ax, bh
        mul word [BDA_PAGE_SIZE]
        add di, ax
        mov ax, cx
        shr ax, 3
        add di, ax
        and cl, 7
        mov bl, 80h
        shr bl, cl
        pop ax
        ret

write_pixel_planes:
        call find_pixel_planes
        mov cl, al
        mov ah, bl
        mov al, GC_BIT_MASK
        call write_graphics
        test cl, XOR_COLOUR
        jz .plain
        mov ax, FUNCTION_XOR << 8 | GC_FUNCTION
        call write_graphics
.plain:
        mov bl, cl
        call set_fill_colour
        xchg al, [es:di]                ; the read fills the latches
        call end_fill
        mov ax, 0000h | GC_FUNCTION
        call write_graphics
        mov ax, 0FF00h | GC_BIT_MASK
        jmp write_graphics

read_pixel_planes:
        call find_pixel_planes
        mov cl, 0                       ; colour so far
        mov ax, 0300h | GC_READ_MAP
.plane:
        call write_graphics
        add cl, cl
        test [es:di], bl
        jz .dark
        inc cl
.dark:
        dec ah
        jns .plane
        mov ax, 0000h | GC_READ_MAP
        call write_graphics
        mov al, cl
        ret

write_pixel_linear:
        call find_pixel_linear
        stosb
        ret

read_pixel_linear:
        call find_pixel_linear
        mov al, [es:di]
        ret

; The byte of the dot -> ES:DI. Changes DX.
find_pixel_linear:
        push ax
        push SEGMENT_PLANES
        pop es
        mov ax, LINEAR_LINE
        mul dx
        mov di, ax
        add di, cx
        pop ax
        ret
