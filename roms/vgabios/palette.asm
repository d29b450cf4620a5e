; INT 10h AH=10h and 0Bh: attribute controller palette and DAC colours.

palette_functions:
        mov ah, al
        mov si, .table
        jmp call_subfunction
.table:
        subfunction 00h, set_palette_register
        subfunction 01h, set_overscan
        subfunction 02h, set_palette
        subfunction 03h, set_blink
        subfunction 07h, get_palette_register
        subfunction 08h, get_overscan
        subfunction 09h, get_palette
        subfunction 10h, set_colour
        subfunction 12h, set_colours
        subfunction 13h, set_colour_page
        subfunction 15h, get_colour
        subfunction 17h, get_colours
        subfunction 18h, set_dac_mask
        subfunction 19h, get_dac_mask
        subfunction 1Ah, get_colour_page
        subfunction 1Bh, grey_colours
        end_of_subfunctions

; Writes AH to attribute register AL and leaves the screen on. Changes AX, DX.
write_attribute:
        push ax
        call reset_attribute_index
        pop ax
        mov dx, ATTRIBUTE_WRITE
        out dx, al
        mov al, ah
        out dx, al
        mov al, ATTRIBUTE_SHOW
        out dx, al
        ret

; Attribute register AL -> AH. Leaves the screen on. Changes AL, DX.
read_attribute:
        mov ah, al
        call reset_attribute_index
        mov dx, ATTRIBUTE_WRITE
        mov al, ah
        out dx, al
        inc dx                          ; ATTRIBUTE_READ
        in al, dx
        mov ah, al
        jmp show_screen

; AL=00h: palette register BL = BH. BL may name any attribute register, as on an EGA.
set_palette_register:
        cmp bl, ATTR_SELECT
        ja .done
        mov al, bl
        mov ah, bh
        jmp write_attribute
.done:
        ret

; AL=01h: border colour = BH
set_overscan:
        mov al, ATTR_OVERSCAN
        mov ah, bh
        jmp write_attribute

; AL=02h: 16 palette registers and the border from ES:DX
set_palette:
        mov si, dx
        mov cx, 16
        mov bl, 0
.next:
        mov al, bl
        mov ah, [es:si]
        call write_attribute
        inc si
        inc bl
        loop .next
        mov al, ATTR_OVERSCAN
        mov ah, [es:si]
        jmp write_attribute

; AL=03h: attribute bit 7 means background intensity (BL = 0) or blinking (BL = 1)
set_blink:
        mov al, ATTR_MODE
        call read_attribute
        and ah, ~ATTR_MODE_BLINK & 0FFh
        and byte [BDA_MODE_SELECT], ~20h & 0FFh
        test bl, 01h
        jz .write
        or ah, ATTR_MODE_BLINK
        or byte [BDA_MODE_SELECT], 20h
.write:
        mov al, ATTR_MODE
        jmp write_attribute

; AL=07h: BH = palette register BL
get_palette_register:
        cmp bl, ATTR_SELECT
        ja .done
        mov al, bl
        call read_attribute
        mov [bp + frame.bx + 1], ah
.done:
        ret

; AL=08h: BH = border colour
get_overscan:
        mov al, ATTR_OVERSCAN
        call read_attribute
        mov [bp + frame.bx + 1], ah
        ret

; AL=09h: 16 palette registers and the border to ES:DX
get_palette:
        mov di, dx
        mov cx, 16
        mov bl, 0
.next:
        mov al, bl
        call read_attribute
        mov al, ah
        stosb
        inc bl
        loop .next
        mov al, ATTR_OVERSCAN
        call read_attribute
        mov [es:di], ah
        ret

; AL=10h: colour BX = DH red, CH green, CL blue
set_colour:
        mov ah, dh
        mov dx, DAC_WRITE_INDEX
        mov al, bl
        out dx, al
        inc dx
        mov al, ah
        out dx, al
        mov al, ch
        out dx, al
        mov al, cl
        out dx, al
        mov cx, 1
        jmp grey_if_wanted

; AL=12h: CX colours from BX on, red, green and blue bytes at ES:DX
set_colours:
        jcxz .done
        mov si, dx
        mov dx, DAC_WRITE_INDEX
        mov al, bl
        out dx, al
        inc dx
        mov di, cx
.next:
        mov al, [es:si]
        out dx, al
        mov al, [es:si + 1]
        out dx, al
        mov al, [es:si + 2]
        out dx, al
        add si, 3
        loop .next
        mov cx, di
grey_if_wanted:
        test byte [BDA_FLAGS], FLAGS_GREY
        jnz sum_to_grey
set_colours.done:
        ret

; AL=13h: BL=00h: BH = 0: 4 pages of 64 colours, 1: 16 pages of 16. BL=01h: shows page BH.
set_colour_page:
        mov al, ATTR_MODE
        call read_attribute
        cmp bl, 1
        je .page
        and ah, ~ATTR_MODE_P5_P4 & 0FFh
        shl bh, 7
        or ah, bh
        mov al, ATTR_MODE
        jmp write_attribute
.page:
        test ah, ATTR_MODE_P5_P4
        jnz .small
        shl bh, 2                       ; a page of 64 is told by the upper two bits
.small:
        mov ah, bh
        and ah, 0Fh
        mov al, ATTR_SELECT
        jmp write_attribute

; AL=1Ah: BL = page size as above, BH = page shown
get_colour_page:
        mov al, ATTR_MODE
        call read_attribute
        mov bl, ah
        shr bl, 7
        mov al, ATTR_SELECT
        call read_attribute
        mov bh, ah
        test bl, bl
        jnz .small
        shr bh, 2
.small:
        mov [bp + frame.bx], bx
        ret

; AL=15h: colour BX -> DH red, CH green, CL blue
get_colour:
        mov dx, DAC_READ_INDEX
        mov al, bl
        out dx, al
        mov dx, DAC_DATA
        in al, dx
        mov [bp + frame.dx + 1], al
        in al, dx
        mov ah, al
        in al, dx
        mov [bp + frame.cx], ax
        ret

; AL=17h: CX colours from BX on to ES:DX
get_colours:
        jcxz .done
        mov di, dx
        mov dx, DAC_READ_INDEX
        mov al, bl
        out dx, al
        mov dx, DAC_DATA
.next:
        in al, dx
        stosb
        in al, dx
        stosb
        in al, dx
        stosb
        loop .next
.done:
        ret

; AL=18h: DAC mask = BL. AL=19h: BL = DAC mask.
set_dac_mask:
        mov dx, DAC_MASK
        mov al, bl
        out dx, al
        ret
get_dac_mask:
        mov dx, DAC_MASK
        in al, dx
        mov [bp + frame.bx], al
        ret

; AL=1Bh: CX colours from BX on become greys
grey_colours:
        jmp sum_to_grey

; AH=0Bh: the two things a CGA's palette register could do. BH = 0: BL = border, background of modes 4 and 5, or
; foreground of mode 6, bit 4 = bright colours; BH = 1: BL bit 0 = palette of modes 4 and 5.
set_cga_palette:
        mov cl, [BDA_CGA_PALETTE]
        test bh, bh
        jnz .choose
        and cl, 0E0h
        and bl, 1Fh
        or cl, bl
        jmp .store
.choose:
        and cl, ~20h & 0FFh
        test bl, 01h
        jz .store
        or cl, 20h
.store:
        mov [BDA_CGA_PALETTE], cl
        mov bl, cl
        and bl, 0Fh
        test bl, 08h                    ; bit 3 is intensity, which the palette wants in bit 4
        jz .dark
        xor bl, 18h
.dark:
        mov al, ATTR_OVERSCAN
        mov ah, bl
        call write_attribute
        cmp byte [BDA_MODE], 3
        jbe .done                       ; text: the border only
        mov al, 0
        mov ah, bl
        call write_attribute            ; background
        cmp byte [BDA_MODE], 5
        ja .done
        mov ah, cl                      ; colours 1-3: green, red, brown or cyan, magenta, white
        and ah, 10h                     ; bright
        or ah, 02h
        test cl, 20h
        jz .three
        or ah, 01h
.three:
        mov bx, 3
        mov al, 1
.colour:
        push ax
        call write_attribute
        pop ax
        inc al
        add ah, 2
        dec bx
        jnz .colour
.done:
        ret
